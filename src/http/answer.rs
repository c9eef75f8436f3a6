//! Owns what came back: within the limits of size and time, and wiped when it is not needed any more.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::HeaderMap;
use zeroize::{Zeroize as _, Zeroizing};

use super::WHOLE;
use crate::diagnosis::{Code, Failure};
use crate::text::{excerpt, plain_text, said};

/// An answer larger than this is refused (bytes).
pub(super) const MAX_ANSWER: u64 = 4 * 1024 * 1024;

/// Room for the answers that hold tokens (bytes).
const ROOM: usize = 64 * 1024;

/// So much of a page is looked at for what it says (bytes).
const PAGE_HEAD: usize = 32 * 1024;
/// So much of a foreign text is repeated (characters).
const SHOWN: usize = 200;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What came back; it may hold tokens, so it is not printable, and its body is wiped when it is dropped.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    pub(super) headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.body.zeroize();
    }
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
        let kind = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let is_page = kind.starts_with("text/html") || self.body.trim_ascii_start().starts_with(b"<");
        let head = &self.body[..self.body.len().min(PAGE_HEAD)];
        let words = excerpt(&plain_text(&String::from_utf8_lossy(head)), 120);
        (is_page && !words.is_empty()).then_some(words)
    }

    /// The beginning of what the body says: of a page its text, without mark-up; redacted and safe to show.
    pub fn says(&self) -> String {
        let head = String::from_utf8_lossy(&self.body[..self.body.len().min(PAGE_HEAD)]);
        if head.trim_start().starts_with('<') { said(&plain_text(&head)) } else { said(&head) }
    }

    /// What came in place of the answer that was expected: of a redirect where it points to, of a page its text, of a refusal the
    /// body. Of a success that is no page nothing is repeated: it may hold a token, or say who somebody is. Safe to show.
    pub fn instead(&self) -> String {
        if let Some(place) = self.points_to() {
            return format!("a redirect to {place}");
        }
        if let Some(page) = self.page_says() {
            return format!("a page: {page}");
        }
        let words = excerpt(&self.says(), SHOWN);
        match (self.body.is_empty(), self.is_success()) {
            (true, _) => "an empty body".to_owned(),
            (_, true) => format!("a body of another form, {} bytes", self.body.len()),
            _ if words.is_empty() => "a body that is no text".to_owned(),
            _ => words,
        }
    }

    /// Where a redirect points to, without what a query or a user part may hold: redacted and safe to show.
    pub fn points_to(&self) -> Option<String> {
        let location = self.header("location").filter(|_| (300..400).contains(&self.status))?;
        let place = location.split(['?', '#']).next().unwrap_or_default();
        let place = match place.split_once("://").map(|(scheme, rest)| (scheme, rest.rsplit_once('@'))) {
            Some((scheme, Some((_, rest)))) => format!("{scheme}://{rest}"),
            _ => place.to_owned(),
        };
        let shown = excerpt(&place, 200);
        (!shown.is_empty()).then_some(shown)
    }

    /// When the service answered, by its own clock.
    pub fn date(&self) -> Option<Timestamp> {
        self.header("date").and_then(date)
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
        let wait = if self.status == 429 { self.pause() } else { self.retry_after() };
        let wait = match wait.map(|wait| Duration::from_secs(wait.as_secs().max(1))) {
            None => String::new(),
            Some(wait) if wait > DAY => " and asks to wait for more than a day".to_owned(),
            Some(wait) => format!(" and asks to wait {}", humantime::format_duration(wait)),
        };
        match self.status {
            429 => Some(Failure::new(Code::RateLimited, format!("{who} refuses further requests for now (429){wait}"))),
            status @ 500.. => Some(Failure::new(Code::ServiceUnavailable, format!("{who} answered {status}{wait}"))),
            _ => None,
        }
    }

    /// How long the service asks to wait, by `Retry-After` or `x-ratelimit-reset` (Unix seconds).
    pub fn pause(&self) -> Option<Duration> {
        self.retry_after().or_else(|| {
            let reset = self.header("x-ratelimit-reset")?.trim().parse::<i64>().ok()?;
            Some(self.until(reset).max(Duration::from_millis(50)))
        })
    }

    /// How long the service asks to wait, by `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        let said = self.header("retry-after")?.trim();
        let seconds = said.parse::<u64>().ok().map(Duration::from_secs);
        seconds.or_else(|| date(said).map(|date| self.until(date.as_second())))
    }

    /// The time until then, by the clock of the service where it tells: the one of this machine may be wrong.
    fn until(&self, then: i64) -> Duration {
        let now = self.date().unwrap_or_else(Timestamp::now).as_second();
        Duration::from_secs(u64::try_from(then.saturating_sub(now)).unwrap_or_default())
    }
}

/// A date of HTTP. Of the three forms only the one that is not obsolete: what is not read is not waited for.
fn date(text: &str) -> Option<Timestamp> {
    Some(rfc2822::parse(text).ok()?.timestamp())
}

/// Reads a body within the limits of size and of time for the whole call: each read may be quick and all of them endless.
pub(super) fn read_all(mut response: impl std::io::Read, started: Instant) -> Result<Vec<u8>, Code> {
    let mut body = Zeroizing::new(Vec::with_capacity(ROOM));
    let mut part = Zeroizing::new([0; 16 * 1024]);
    while body.len() as u64 <= MAX_ANSWER {
        if started.elapsed() > WHOLE {
            return Err(Code::TimedOut);
        }
        match response.read(&mut *part) {
            Ok(0) => break,
            Ok(length) => {
                if body.capacity() - body.len() < length {
                    // Grown by hand, so that no copy is left behind.
                    let mut larger = Zeroizing::new(Vec::with_capacity(body.capacity() * 2));
                    larger.extend_from_slice(&body);
                    body = larger;
                }
                body.extend_from_slice(&part[..length]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if is_timeout(&error) => return Err(Code::TimedOut),
            Err(_) => return Err(Code::NetworkUnreachable),
        }
    }
    Ok(std::mem::take(&mut *body))
}

/// The blocking client tells a time limit in its own words.
fn is_timeout(error: &std::io::Error) -> bool {
    let of_the_client = error.get_ref().and_then(|inside| inside.downcast_ref::<reqwest::Error>());
    error.kind() == std::io::ErrorKind::TimedOut || of_the_client.is_some_and(reqwest::Error::is_timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_read_as_seconds_as_a_date_and_as_a_reset_by_the_clock_of_the_service() {
        let pause = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            Answer { status: 429, headers: headers.collect::<HeaderMap>(), body: Default::default() }.pause()
        };
        let date = ("date", "Wed, 25 Nov 2026 10:00:00 GMT");
        assert_eq!(pause(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        let in_a_minute = ("retry-after", "Wed, 25 Nov 2026 10:01:00 GMT");
        assert_eq!(pause(&[date, in_a_minute]), Some(Duration::from_secs(60)));
        assert_eq!(pause(&[date, ("retry-after", "Wed, 25 Nov 2026 09:00:00 GMT")]), Some(Duration::ZERO));
        assert_eq!(pause(&[date, ("x-ratelimit-reset", "1795600803")]), Some(Duration::from_secs(3)));
        for nothing in ["soon", "", "-1", "Wednesday"] {
            assert_eq!(pause(&[("retry-after", nothing)]), None, "{nothing}");
        }
    }

    fn answer(headers: &[(&'static str, &str)]) -> Answer {
        let pairs = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Answer { status: 429, headers: pairs.collect(), body: Vec::new() }
    }

    #[test]
    fn the_pause_that_a_service_asks_for_is_read_in_every_form() {
        let seconds = Duration::from_secs;
        let date = ("date", "Sun, 22 Nov 2026 10:00:00 GMT");
        for (headers, pause) in [
            (&[("retry-after", "7")][..], Some(seconds(7))),
            (&[("retry-after", " 0 ")], Some(Duration::ZERO)),
            (&[date, ("retry-after", "Sun, 22 Nov 2026 10:00:09 GMT")], Some(seconds(9))),
            (&[date, ("retry-after", "Sun, 22 Nov 2026 09:00:00 GMT")], Some(Duration::ZERO)),
            (&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")], Some(Duration::ZERO)),
            (&[("retry-after", "18446744073709551615")], Some(seconds(u64::MAX))),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "Sun, 99 Nov 2026 10:00:09 GMT")], None),
            (&[date, ("x-ratelimit-reset", "1795341603")], Some(seconds(3))),
            (&[date, ("x-ratelimit-reset", "1")], Some(Duration::from_millis(50))),
            (&[("x-ratelimit-reset", "-9223372036854775808")], Some(Duration::from_millis(50))),
            (&[date, ("retry-after", "2"), ("x-ratelimit-reset", "1795341603")], Some(seconds(2))),
            (&[date, ("retry-after", "soon"), ("x-ratelimit-reset", "1795341603")], Some(seconds(3))),
            (&[], None),
        ] {
            assert_eq!(answer(headers).pause(), pause, "{headers:?}");
        }
        assert_eq!(
            answer(&[date, ("x-ratelimit-reset", "1795341603")]).retry_after(),
            None,
            "it stands on every answer"
        );
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
