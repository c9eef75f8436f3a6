//! Owns what a pasted text itself tells of the set-up it is about: provider, client ID, project, the address of the return.
//!
//! Refuses to take from it what could be a secret, or a page of the services for an address of the person's.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::diagnosis::{auth_error, numbered};
use crate::provider::Provider;
use crate::text::redact;

/// What stands in a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Whose text it is, where only one of the two is named.
    pub provider: Option<Provider>,
    /// The first client ID of Google's.
    pub client_id: Option<String>,
    /// The number of a Google Cloud project.
    pub project: Option<String>,
    /// The scopes that were refused, as they were sent.
    pub scopes: Option<String>,
    /// The scopes of the Management API that a refusal asks for, each in backticks.
    pub missing_scopes: Option<String>,
    /// Where the login was to return to.
    pub redirect_uri: Option<String>,
    /// The application, by its client ID, where Auth0 links to its settings.
    pub application: Option<String>,
}

/// What only Fitbit says, besides its name.
const WORDS_OF_FITBIT: [&str; 8] = [
    "fitbit",
    "unauthorized_client - ",
    "invalid_request - ",
    "invalid authorization header",
    "authorization code expired",
    "access token expired",
    "refresh token invalid",
    "\"errortype\"",
];

/// Reads it.
pub(super) fn read(text: &str) -> Told {
    let text = &text.replace("\\/", "/");
    let lower = text.to_lowercase();
    let of_fitbit = WORDS_OF_FITBIT.iter().any(|words| lower.contains(words));
    let of_google = lower.contains("google") || numbered::find(text).is_some();
    let client_id = client_in(text).map(str::to_owned);
    let has_google_id = client_id.as_deref().and_then(Provider::of_client_id) == Some(Provider::GoogleHealth);
    let provider = match (has_google_id, of_fitbit, of_google) {
        (true, ..) | (_, false, true) => Some(Provider::GoogleHealth),
        (_, true, false) => Some(Provider::Fitbit),
        _ => None,
    };
    Told {
        provider,
        client_id,
        project: project_in(&lower),
        scopes: refused_scopes(text),
        missing_scopes: missing_scopes(text),
        redirect_uri: parameter(text)
            .or_else(|| address(&auth_error::find(text)?.redirect_uri?))
            .or_else(|| in_the_request(text))
            .or_else(|| not_allowed(text, &lower)),
        application: application_in(text),
    }
}

/// The first client ID of Google's in a text, or one of Fitbit's form that is a parameter.
fn client_in(text: &str) -> Option<&str> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let google =
        text.split(|c| !word(c)).find(|word| word.ends_with(".apps.googleusercontent.com") && word.len() < 200);
    google.or_else(|| {
        let value = text.split_once("client_id=")?.1.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        (Provider::of_client_id(value) == Some(Provider::Fitbit)).then_some(value)
    })
}

/// The scopes that Google names as invalid: `{valid=[openid], invalid=[https://www.googleapis.com/auth/x]}`.
fn refused_scopes(text: &str) -> Option<String> {
    let list = text.split_once("invalid=[").filter(|_| text.contains("scope"))?.1.split_once(']')?.0;
    let plain = list.len() <= 2_000 && list.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:, ".contains(&b));
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    (plain && !names.is_empty()).then(|| names.join(" "))
}

/// `has not been used in project 123456789012`, `overview?project=123456789012`, `projects/123456789012`.
fn project_in(lower: &str) -> Option<String> {
    lower.match_indices("project").find_map(|(at, word)| {
        let rest = lower[at + word.len()..].trim_start_matches(['s', '=', '/', ' ', ':', '#']);
        let rest = rest.strip_prefix("%3d").unwrap_or(rest);
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (6..=20).contains(&number.len()).then_some(number)
    })
}

/// The value of `redirect_uri` in an address, or behind it in a text.
fn parameter(text: &str) -> Option<String> {
    const NAME: &str = "redirect_uri";
    text.match_indices(NAME).find_map(|(at, _)| {
        let rest = text[at + NAME.len()..].strip_prefix('"').unwrap_or(&text[at + NAME.len()..]);
        let rest = rest.strip_prefix("%3D").or_else(|| rest.strip_prefix(['=', ':']))?.trim_start_matches([' ', '"']);
        let value = rest.split(|c: char| c.is_whitespace() || "&\"'`<>”“".contains(c)).next()?;
        let once = percent_decode_str(value).decode_utf8().ok()?;
        if once.contains("://") {
            return address(&once);
        }
        // An address inside the query of another is encoded twice; what follows there is not part of it.
        let twice = percent_decode_str(once.split('&').next()?).decode_utf8().ok()?;
        address(&twice)
    })
}

/// The address in Google's sentence of before: `The redirect URI in the request, URL, does not match ...`.
fn in_the_request(text: &str) -> Option<String> {
    let (_, behind) = text.split_once("redirect URI in the request")?;
    address(behind.trim_start_matches([',', ':', ' ']).split_whitespace().next()?)
}

/// The address that Auth0 says is not in the list of allowed callback URLs: the first that is the person's own.
fn not_allowed(text: &str, lower: &str) -> Option<String> {
    if !lower.contains("allowed callback url") && !lower.contains("callback url mismatch") {
        return None;
    }
    let words = text.split(|c: char| c.is_whitespace() || "\"'`<>()[],”“".contains(c));
    words.filter_map(address).find(|address| {
        let url = Url::parse(address).ok();
        let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
        let of_auth0 = ["manage.auth0.com", "auth0.com", "community.auth0.com"].contains(&host);
        !of_auth0 && url.is_some_and(|url| url.path() != "/authorize")
    })
}

/// A web address that can be repeated as it is; without its query, which could be somebody's and which nobody registers.
fn address(word: &str) -> Option<String> {
    let word = word.split(['?', '#']).next()?;
    let word = word.trim_end_matches(['.', ',', ';', ')']);
    let scheme = ["https://", "http://"].iter().any(|scheme| word.starts_with(scheme));
    let plain = word.len() <= 300 && word.bytes().all(|b| b.is_ascii_graphic() && !b"`{}|\\".contains(&b));
    let url = Url::parse(word).ok().filter(|_| scheme && plain)?;
    // Part by part: a port and the path behind it look like a token.
    let shown = url.path().split('/').all(|part| redact(part) == part);
    (url.host_str().is_some_and(|host| redact(host) == host) && url.username().is_empty() && shown)
        .then(|| word.to_owned())
}

/// The client ID in `https://manage.auth0.com/#/applications/CLIENT_ID/settings`.
fn application_in(text: &str) -> Option<String> {
    let rest = text.split_once("manage.auth0.com/").filter(|(_, rest)| rest.contains("applications/"))?.1;
    let id = rest.split_once("applications/")?.1.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    (id.len() == 32).then(|| id.to_owned())
}

/// The scopes that the Management API asks for in its refusal: `Insufficient scope, expected any of: read:clients, ...`.
fn missing_scopes(text: &str) -> Option<String> {
    let (_, listed) = text.split_once("Insufficient scope, expected any of:")?;
    let is_scope = |word: &&str| {
        let is_name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        word.split_once(':').is_some_and(|(action, what)| is_name(action) && is_name(what))
    };
    let words = listed.split([',', ' ']).map(|word| word.trim_end_matches(['"', '.', '}']));
    let scopes: Vec<String> =
        words.filter(|word| !word.is_empty()).map_while(|word| is_scope(&word).then(|| format!("`{word}`"))).collect();
    (!scopes.is_empty()).then(|| scopes.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_return_is_found_however_it_is_written() {
        for (text, address) in [
            (
                "https://accounts.google.com/o/oauth2/v2/auth?redirect_uri=https%3A%2F%2Flogin.acme.com%2Flogin%2Fcallback&scope=x",
                "https://login.acme.com/login/callback",
            ),
            (
                "Request details: redirect_uri=http://localhost:3000/api/auth/callback/google flowName=x",
                "http://localhost:3000/api/auth/callback/google",
            ),
            (
                "Request details: redirect_uri=http://127.0.0.1:4711/callback flowName=x",
                "http://127.0.0.1:4711/callback",
            ),
            (r#"{"redirect_uri": "https:\/\/app.acme.com\/cb?key=x"}"#, "https://app.acme.com/cb"),
            (
                "The redirect URI in the request, https://login.acme.com/login/callback, does not match the ones authorized",
                "https://login.acme.com/login/callback",
            ),
            (
                "continue=https%3A%2F%2Fx.example%2Fa%3Fredirect_uri%3Dhttps%253A%252F%252Flogin.acme.com%252Fcb%26x%3Dy",
                "https://login.acme.com/cb",
            ),
            (
                "The url \"https://app.acme.com/cb\" is not in the list of allowed callback URLs: https://old.acme.com/cb",
                "https://app.acme.com/cb",
            ),
            (
                "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs. \
                 [settings](https://manage.auth0.com/#/applications/x/settings) https://app.acme.com/cb.",
                "https://app.acme.com/cb",
            ),
        ] {
            assert_eq!(read(text).redirect_uri.as_deref(), Some(address), "{text}");
        }
        for text in [
            "redirect_uri=storagerelay://x",
            "redirect_uri=https%3A%2F%2Facme.com%2F%60rm%60",
            "redirect_uri=https://user@acme.com/",
            "redirect_uri=https://acme.com/GOCSPX-0123456789abcdefghij",
            "Error 400: redirect_uri_mismatch https://acme.com/",
            "",
        ] {
            assert_eq!(read(text).redirect_uri, None, "{text}");
        }
    }

    #[test]
    fn a_client_id_of_either_form_and_the_scopes_that_were_refused_are_found() {
        let told = read("Error 401: invalid_client Request details: client_id=23ABCD");
        assert_eq!((told.client_id.as_deref(), told.provider), (Some("23ABCD"), Some(Provider::GoogleHealth)));
        let text = "invalid_scope {valid=[openid], invalid=[https://www.googleapis.com/auth/googlehealth.sleep, x]}";
        assert_eq!(read(text).scopes.as_deref(), Some("https://www.googleapis.com/auth/googlehealth.sleep x"));
        for text in ["invalid=[a]", "scope invalid=[`rm`]", "scope invalid=[]", "client_id=hello"] {
            assert_eq!((read(text).scopes, read(text).client_id), (None, None), "{text}");
        }
    }

    #[test]
    fn the_number_of_a_project_is_found() {
        for text in [
            "Google Health API has not been used in project 210987654321 before or it is disabled.",
            "https://console.developers.google.com/apis/api/health.googleapis.com/overview?project=210987654321",
            r#""consumer":"projects/210987654321""#,
        ] {
            assert_eq!(read(text).project.as_deref(), Some("210987654321"), "{text}");
        }
        for text in ["project N", "this project has 12 members", "project=my-project-123456"] {
            assert_eq!(read(text).project, None, "{text}");
        }
    }

    #[test]
    fn one_provider_is_named_or_none() {
        let provider = |text| read(text).provider;
        for text in ["Refresh token invalid: 0a0a.", r#"{"errors":[{"errorType":"insufficient_scope"}]}"#] {
            assert_eq!(provider(text), Some(Provider::Fitbit), "{text}");
        }
        for text in ["Error 400: redirect_uri_mismatch", "Fehler 401: deleted_client"] {
            assert_eq!(provider(text), Some(Provider::GoogleHealth), "{text}");
        }
        assert_eq!(provider("Fitbit says: insufficient_scope"), Some(Provider::Fitbit));
        assert_eq!(provider("unauthorized_client - Invalid client_id"), Some(Provider::Fitbit));
        assert_eq!(provider("Google hasn't verified this app"), Some(Provider::GoogleHealth));
        assert_eq!(provider("from Fitbit to Google"), None);
        assert_eq!(provider("invalid_scope"), None);
        let of = |link: &str| read(link).application;
        assert_eq!(
            of("https://manage.auth0.com/#/applications/NlllqwmYLlEsvtk0BFiNqM2BbAJCN5E7/settings").as_deref(),
            Some("NlllqwmYLlEsvtk0BFiNqM2BbAJCN5E7")
        );
    }
}
