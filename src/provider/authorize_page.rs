//! Owns how the answer of a provider's authorize page is read when it is asked with nobody signed in: does it take this
//! client ID and this callback? Refuses to send the request, and to turn an answer it does not know into a yes or a no.

use url::Url;

use super::Provider;
use crate::diagnosis::{Code, NOT_ABOUT_THE_ID, auth_error, is_about_testing, numbered, recognise};
use crate::text::{excerpt, is_talked_about, plain_text};

/// Characters of foreign text that are repeated at most.
const SAID: usize = 500;

/// What the authorize page thinks of a client ID and a callback URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on to sign the person in.
    Accepted,
    /// It shows an error page.
    Refused {
        /// Why, as far as it is known.
        code: Code,
        /// The provider's own words, safe to show.
        said: String,
    },
    /// The service is gone for good (HTTP 410).
    ShutDown,
    /// Anything else: neither a yes nor a no.
    Unknown {
        /// What was seen, safe to show.
        said: String,
    },
}

/// Judges one answer, asked for with redirects off. `same_place(seen, real)` tells whether an address that was seen
/// begins with a real address, whose origin a gateway may have rewritten.
pub fn judge(
    provider: Provider,
    redirect_uri: &str,
    status: u16,
    location: Option<&str>,
    body: &str,
    same_place: impl Fn(&str, &str) -> bool,
) -> Verdict {
    if status == 410 {
        return Verdict::ShutDown;
    }
    let verdict = match (status, location) {
        (300..=399, Some(location)) => redirected(provider, redirect_uri, location, &same_place),
        (300..=399, None) => None,
        _ => page(provider, status, &plain_text(body), body),
    };
    verdict.unwrap_or_else(|| Verdict::Unknown { said: describe(status, location, body) })
}

fn redirected(
    provider: Provider,
    redirect_uri: &str,
    location: &str,
    same_place: &impl Fn(&str, &str) -> bool,
) -> Option<Verdict> {
    let seen = Url::parse(provider.authorize_url()).ok()?.join(location).ok()?;
    if same_place(seen.as_str(), redirect_uri) && Url::parse(redirect_uri).is_ok_and(|uri| uri.path() == seen.path()) {
        let has_code = seen.query_pairs().any(|(name, value)| name == "code" && !value.is_empty());
        return has_code.then_some(Verdict::Accepted);
    }
    let at = |origin: &str| same_place(seen.as_str(), origin);
    let (path, google) = (seen.path(), at("https://accounts.google.com/"));
    let accepted = match provider {
        Provider::GoogleHealth if google => {
            let told = seen.query_pairs().find(|(name, _)| name == "authError");
            if told.is_some() || path.contains("/signin/oauth/error") {
                return Some(google_refusal(told.map(|(_, value)| value.into_owned())));
            }
            google_sign_in(path)
        }
        Provider::Fitbit if google => google_sign_in(path),
        Provider::Fitbit if at("https://www.fitbit.com/") || at("https://accounts.fitbit.com/") => fitbit_sign_in(path),
        _ => false,
    };
    accepted.then_some(Verdict::Accepted)
}

fn google_sign_in(path: &str) -> bool {
    let starts = ["/v3/signin/", "/signin/", "/ServiceLogin", "/AccountChooser", "/InteractiveLogin", "/o/oauth2/"];
    // The authorize page that leads to itself has not decided anything.
    starts.iter().any(|start| path.starts_with(start))
        && !["/o/oauth2/v2/auth", "/o/oauth2/auth"].contains(&path)
        && !["error", "rejected", "denied"].iter().any(|word| path.contains(word))
}

fn fitbit_sign_in(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    !["error", "shutdown", "sunset", "closed"].iter().any(|word| path.contains(word))
        && ["login", "signin", "sign-in", "consent", "oauth2/authorize/"].iter().any(|part| path.contains(part))
}

/// The refusal that `authError` spells out; one that cannot be read proves nothing.
fn google_refusal(told: Option<String>) -> Verdict {
    let Some(error) = told.and_then(|value| auth_error::decode(&value)) else {
        return Verdict::Unknown { said: "an error page whose reason cannot be read".to_owned() };
    };
    let number = error.number.map(|number| format!("Error {number}: ")).unwrap_or_default();
    let sentence = error.sentence.as_ref().map(|sentence| format!(", {sentence}")).unwrap_or_default();
    let said = excerpt(&format!("{number}{}{sentence}", error.code), SAID);
    Verdict::Refused { code: google_code(&error.code, error.sentence.as_deref().unwrap_or_default()), said }
}

/// Google knows the client, and what people would be shown of its project is not complete, or the client is of another type
/// (reported).
fn is_about_consent_screen(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    NOT_ABOUT_THE_ID.iter().any(|words| lower.contains(words))
}

fn google_code(code: &str, sentence: &str) -> Code {
    match code {
        "redirect_uri_mismatch" => Code::RedirectUriMismatch,
        "invalid_client" if !is_about_consent_screen(sentence) => Code::ClientIdUnknown,
        "deleted_client" => Code::ClientDeleted,
        "invalid_scope" => Code::InvalidScope,
        "org_internal" => Code::OrgInternal,
        "access_denied" if is_about_testing(sentence) => Code::NotATestUser,
        "admin_policy_enforced" | "access_not_configured" => Code::AdminPolicyEnforced,
        "disallowed_useragent" => Code::DisallowedUseragent,
        "server_error" | "backend_error" | "internal_failure" => Code::ServiceUnavailable,
        "rate_limit_exceeded" | "quota_exceeded" => Code::RateLimited,
        _ => Code::ProviderRefusedRequest,
    }
}

/// `Error: redirect_uri_mismatch` on a page that is an error by its status: a code that is known, behind a colon.
fn unnumbered(status: u16, text: &str) -> Option<Verdict> {
    if !(400..500).contains(&status) {
        return None;
    }
    text.match_indices([':', '\u{ff1a}']).find_map(|(colon, sign)| {
        let after = text[colon + sign.len()..].trim_start();
        let code = after.split(|c: char| !c.is_ascii_lowercase() && c != '_').next()?;
        let is_known = code.contains('_') && google_code(code, "") != Code::ProviderRefusedRequest;
        (is_known && !is_talked_about(after.strip_prefix(code)?))
            .then(|| Verdict::Refused { code: google_code(code, ""), said: excerpt(after, SAID) })
    })
}

fn page(provider: Provider, status: u16, text: &str, body: &str) -> Option<Verdict> {
    if !matches!(status, 200..=299 | 400..=428 | 430..=499) {
        return None;
    }
    match provider {
        Provider::GoogleHealth => {
            let Some(error) = numbered::find(text) else { return unnumbered(status, text) };
            if error.is_talked_about {
                return None;
            }
            let sentence = if is_about_consent_screen(text) { text } else { "" };
            Some(Verdict::Refused { code: google_code(error.code, sentence), said: excerpt(&text[error.at..], SAID) })
        }
        Provider::Fitbit => {
            if let Some((code, said)) = fitbit_error(status, text) {
                return Some(Verdict::Refused { code, said });
            }
            (status == 200 && body.to_ascii_lowercase().contains("<form")).then_some(Verdict::Accepted)
        }
    }
}

/// A page of Fitbit's that is longer says more than an error (bytes, without mark-up).
const LONGEST_PAGE: usize = 1000;

/// Reads Fitbit's page `Developer information: <error> - <message>`. A page without the label says nothing of it, unless it was
/// answered as an error and is little more than one of the documented messages.
fn fitbit_error(status: u16, text: &str) -> Option<(Code, String)> {
    const LABEL: &str = "developer information:";
    let known = |told: &str| {
        recognise(told).into_iter().find(|code| {
            use Code::{ClientIdUnknown, InvalidScope, PersonalApplication, RedirectUriMismatch};
            matches!(code, RedirectUriMismatch | ClientIdUnknown | PersonalApplication | InvalidScope)
        })
    };
    // Both have the same length: only ASCII letters change.
    let lower = text.to_ascii_lowercase();
    let Some(at) = lower.find(LABEL) else {
        // A page of help has the message alone.
        let names_error = ["invalid_request", "unauthorized_client", "invalid_client", "invalid_scope"];
        let is_error =
            status >= 400 && text.len() <= LONGEST_PAGE && names_error.iter().any(|code| lower.contains(code));
        return known(text).filter(|_| is_error).map(|code| (code, excerpt(text, SAID)));
    };
    let told = text[at + LABEL.len()..].trim_start();
    Some((known(told).unwrap_or(Code::ProviderRefusedRequest), excerpt(told, SAID)))
}

fn describe(status: u16, location: Option<&str>, body: &str) -> String {
    let what = match location {
        // The query may hold what belongs to nobody else; where it leads and its error are enough.
        Some(location) => {
            let (place, query) = location.split_once('?').unwrap_or((location, ""));
            let query = query.split('#').next().unwrap_or_default();
            let error = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "error");
            let error = error.map(|(_, value)| format!(" with error={value}")).unwrap_or_default();
            format!("leads to {}{error}", place.split('#').next().unwrap_or_default())
        }
        None => plain_text(body),
    };
    excerpt(format!("HTTP {status} {what}").trim_end(), SAID)
}

#[cfg(test)]
mod tests;
