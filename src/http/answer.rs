//! Owns what came back: within the limits of size and time, and without the secrets that were sent.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderMap;

use super::WHOLE;
use crate::diagnosis::{Code, Failure};
use crate::text::{excerpt, plain_text};

/// An answer larger than this is refused (bytes).
pub(super) const MAX_ANSWER: u64 = 4 * 1024 * 1024;

/// So much of a page is looked at for what it says (bytes).
const PAGE_HEAD: usize = 32 * 1024;

/// What came back; it may hold tokens, so it is not printable.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    pub(super) headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text, broken bytes replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The beginning of what a page says, where the answer is one: redacted and safe to show. An API that answers with a page
    /// was not the one to answer.
    pub fn page_says(&self) -> Option<String> {
        let is_page =
            self.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
        let head = &self.body[..self.body.len().min(PAGE_HEAD)];
        let said = excerpt(&plain_text(&String::from_utf8_lossy(head)), 120);
        (is_page && !said.is_empty()).then_some(said)
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The failure of a service that is out of order (5xx) or asks for fewer requests (429), saying how long it asks to wait;
    /// `who` is the service.
    pub fn trouble(&self, who: &str) -> Option<Failure> {
        let wait = self.pause().map(|pause| Duration::from_secs(pause.as_secs().max(1)));
        let wait =
            wait.map(|wait| format!(" and asks to wait {}", humantime::format_duration(wait))).unwrap_or_default();
        match self.status {
            429 => Some(Failure::new(Code::RateLimited, format!("{who} refuses further requests for now (429){wait}"))),
            status @ 500.. => Some(Failure::new(Code::ServiceUnavailable, format!("{who} answered {status}"))),
            _ => None,
        }
    }

    /// How long the service asks to wait, by `Retry-After` or `x-ratelimit-reset` (Unix seconds).
    pub fn pause(&self) -> Option<Duration> {
        if let Some(seconds) = self.header("retry-after").and_then(|v| v.trim().parse::<u64>().ok()) {
            return Some(Duration::from_secs(seconds));
        }
        let reset = self.header("x-ratelimit-reset")?.trim().parse::<u64>().ok()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(Duration::from_secs(reset).saturating_sub(now).max(Duration::from_millis(50)))
    }
}

/// Reads a body within the limits of size and of time for the whole call: each read may be quick and all of them endless.
pub(super) fn read_all(mut response: impl std::io::Read, started: Instant) -> Result<Vec<u8>, Code> {
    let mut body = Vec::new();
    let mut part = [0; 16 * 1024];
    while body.len() as u64 <= MAX_ANSWER {
        if started.elapsed() > WHOLE {
            return Err(Code::TimedOut);
        }
        match response.read(&mut part) {
            Ok(0) => break,
            Ok(length) => body.extend_from_slice(&part[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => return Err(Code::TimedOut),
            Err(_) => return Err(Code::NetworkUnreachable),
        }
    }
    Ok(body)
}

/// The body with every spelling of the given secrets replaced: as sent, percent-encoded, as a JSON text.
pub(super) fn without_secrets(body: Vec<u8>, secrets: &[&str]) -> Vec<u8> {
    let Ok(mut text) = String::from_utf8(body) else { return Vec::new() };
    for secret in secrets.iter().filter(|secret| secret.len() >= 6) {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::to_string(secret).unwrap_or_default();
        for spelling in [*secret, encoded.as_str(), json.trim_matches('"')] {
            if !spelling.is_empty() && text.contains(spelling) {
                text = text.replace(spelling, crate::text::REDACTED);
            }
        }
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_repeats_a_secret_is_cleaned_of_every_spelling() {
        let secret = r#"a+b"c~CANARY"#;
        let body = format!("{secret} {} {}", serde_json::to_string(secret).unwrap(), "a%2Bb%22c%7ECANARY");
        let left = String::from_utf8(without_secrets(body.into_bytes(), &[secret])).unwrap();
        assert!(!left.contains("CANARY"), "{left}");
    }

    #[test]
    fn a_body_that_never_ends_is_given_up() {
        struct Drip;
        impl std::io::Read for Drip {
            fn read(&mut self, part: &mut [u8]) -> std::io::Result<usize> {
                part[0] = b'x';
                Ok(1)
            }
        }
        let long_ago = Instant::now().checked_sub(WHOLE + Duration::from_secs(1)).unwrap();
        assert_eq!(read_all(Drip, long_ago), Err(Code::TimedOut));
        assert_eq!(read_all(Drip, Instant::now()).unwrap().len() as u64, MAX_ANSWER + 1, "and a fast one is cut");
    }
}
