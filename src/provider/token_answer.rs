//! Owns how answers of the token endpoint (asked with a made-up code) and of the Health API are read. Refuses to repeat
//! a provider's message before what looks like a token is taken out of it.

use serde_json::Value;

use super::Provider;
use crate::diagnosis::Code;
use crate::text::excerpt;

const SAID: usize = 500;

/// What the token endpoint thinks of a client ID and its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PairVerdict {
    /// It knows the pair; only the made-up code is wrong.
    Accepted,
    /// It does not know the client ID.
    IdUnknown,
    /// It knows the client ID and refuses the secret.
    SecretRejected,
    /// It refuses the two together, in words that do not tell which is wrong.
    PairRefused {
        /// Its words, safe to show.
        said: String,
    },
    /// The client was deleted.
    ClientDeleted,
    /// The service is gone for good (HTTP 410).
    ShutDown,
    /// Anything else: neither a yes nor a no.
    Unknown {
        /// What was seen, safe to show.
        said: String,
    },
}

/// What the Health API has against a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthError {
    /// Why.
    pub code: Code,
    /// The project number of a disabled API, or the address that helps, when the answer names one; safe to show.
    pub detail: Option<String>,
}

/// An error in any of the shapes that the two providers use.
struct Said {
    code: String,
    message: String,
}

/// A code of the right form that no provider ever issued. `random_hex` makes it different each time.
pub fn made_up_code(provider: Provider, random_hex: &str) -> String {
    let digits: String = random_hex.chars().filter(char::is_ascii_hexdigit).collect();
    let digits = if digits.is_empty() { "0".to_owned() } else { digits.to_ascii_lowercase() };
    let endless = digits.chars().cycle();
    match provider {
        Provider::Fitbit => endless.take(40).collect(),
        Provider::GoogleHealth => "4/0A".chars().chain(endless.take(69)).collect(),
    }
}

/// Judges the answer to a made-up code: `invalid_grant` means that the pair was accepted. That the pair is looked at
/// before the code is concluded from both providers' error tables, not documented.
pub fn judge_pair(provider: Provider, status: u16, body: &[u8]) -> PairVerdict {
    if status == 410 {
        return PairVerdict::ShutDown;
    }
    let unknown = || PairVerdict::Unknown { said: describe(status, body) };
    let Some(said) = error_in(body).filter(|_| (400..=499).contains(&status) && status != 429) else {
        return unknown();
    };
    let message = said.message.to_lowercase();
    match said.code.as_str() {
        "invalid_grant" => PairVerdict::Accepted,
        "deleted_client" => PairVerdict::ClientDeleted,
        "invalid_client" if message.contains("deleted") => PairVerdict::ClientDeleted,
        "invalid_client" => match provider {
            Provider::GoogleHealth if message.contains("client was not found") => PairVerdict::IdUnknown,
            Provider::Fitbit if message.contains("client id invalid") || message.contains("invalid client_id") => {
                PairVerdict::IdUnknown
            }
            Provider::GoogleHealth if message == "unauthorized" || message.contains("secret") => {
                PairVerdict::SecretRejected
            }
            Provider::Fitbit if message.contains("secret") || message.contains("header") => PairVerdict::SecretRejected,
            _ => PairVerdict::PairRefused { said: excerpt(&said.message, SAID) },
        },
        _ => unknown(),
    }
}

/// What an answer of `health.googleapis.com` means when it is a known refusal; `None` for a success or an unknown one.
pub fn health_error(status: u16, body: &[u8]) -> Option<HealthError> {
    let plain = |code| Some(HealthError { code, detail: None });
    match status {
        429 => return plain(Code::RateLimited),
        500..=599 => return plain(Code::ServiceUnavailable),
        400..=499 => {}
        _ => return None,
    }
    // A page is a gateway's or a proxy's.
    let document: Value = serde_json::from_slice(body).ok()?;
    let error = &document["error"];
    let message = error["message"].as_str().unwrap_or_default().to_lowercase();
    let infos = || error["details"].as_array().into_iter().flatten();
    let reason = infos().find_map(|info| info["reason"].as_str()).unwrap_or_default();
    let metadata = |key: &str| infos().find_map(|info| info["metadata"][key].as_str());
    match (status, reason) {
        (_, "ACCOUNT_NOT_LINKED") => {
            let detail =
                metadata("redirect_uri").filter(|uri| uri.starts_with("https://")).map(|uri| excerpt(uri, SAID));
            Some(HealthError { code: Code::AccountNotLinked, detail })
        }
        // Another API of Google's, which nobody here asked for.
        (_, "SERVICE_DISABLED") if metadata("service").is_some_and(|service| service != "health.googleapis.com") => {
            None
        }
        (_, "SERVICE_DISABLED") => {
            let detail = metadata("consumer").and_then(|consumer| digits_after(consumer, "projects/"));
            let detail = detail.or_else(|| digits_after(&message, "in project "));
            Some(HealthError { code: Code::GoogleHealthApiDisabled, detail })
        }
        (_, "ACCESS_TOKEN_SCOPE_INSUFFICIENT" | "MISSING_OAUTH_SCOPE") => plain(Code::IdentityScopeNotGranted),
        (_, "RATE_LIMIT_EXCEEDED") => plain(Code::RateLimited),
        _ if message.contains("not linked to google health") => plain(Code::AccountNotLinked),
        _ if message.contains("has not been used in project") => {
            Some(HealthError { code: Code::GoogleHealthApiDisabled, detail: digits_after(&message, "in project ") })
        }
        _ if message.contains("insufficient authentication scopes") => plain(Code::IdentityScopeNotGranted),
        (403, "") if message.contains("the caller does not have permission") || message.contains("ubermint") => {
            plain(Code::CallerNotPermitted)
        }
        (401, _) => plain(Code::AccessTokenRejected),
        _ => None,
    }
}

/// Reads Fitbit's list first, then OAuth's `error`, then Google's status object.
fn error_in(body: &[u8]) -> Option<Said> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let said =
        |code: &Value, message: &Value| Some(Said { code: text(code)?, message: text(message).unwrap_or_default() });
    let first = &document["errors"][0];
    let error = &document["error"];
    said(&first["errorType"], &first["message"])
        .or_else(|| said(error, &document["error_description"]))
        .or_else(|| said(&error["status"], &error["message"]))
}

/// The code and the words of a refusal in any of the known shapes, safe to show; a body in another shape is not repeated.
pub fn refusal_words(body: &[u8]) -> Option<String> {
    let said = error_in(body)?;
    Some(excerpt(format!("{} {}", said.code, said.message).trim(), SAID))
}

fn digits_after(text: &str, label: &str) -> Option<String> {
    let digits: String = text.split_once(label)?.1.chars().take_while(char::is_ascii_digit).take(20).collect();
    (!digits.is_empty()).then_some(digits)
}

fn describe(status: u16, body: &[u8]) -> String {
    let what = match refusal_words(body) {
        Some(words) => words,
        None if body.is_empty() => "with an empty body".to_owned(),
        None => "with a body that is no error of a known form".to_owned(),
    };
    excerpt(&format!("HTTP {status} {what}"), SAID)
}

#[cfg(test)]
mod tests;
