//! Owns how programs print the HTTP status of an answer: `HTTP/2 503`, `"statusCode":503`, `status code 503`. One sign knows it then.
//!
//! Refuses a number that nothing calls a status.

use std::collections::BTreeSet;

/// What stands before the number, in lower case and with single spaces.
const LABELS: [&str; 12] = [
    "http/1.0 ",
    "http/1.1 ",
    "http/2 ",
    "http/3 ",
    "http error ",
    "http status ",
    "answered with http ",
    "status code ",
    "response code ",
    "returned error: ",
    "(status: ",
    "\"statuscode\":",
];

/// The refusals among them, 400 to 599, in a text in lower case.
pub(super) fn find(text: &str) -> BTreeSet<u16> {
    let behind =
        |label: &'static str| text.match_indices(label).filter_map(move |(at, _)| number(&text[at + label.len()..]));
    LABELS.into_iter().flat_map(behind).collect()
}

/// A number of three digits at the beginning of a text.
fn number(text: &str) -> Option<u16> {
    let text = text.trim_start_matches(' ');
    let digits = text.get(..3).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let ends = !text[3..].starts_with(|c: char| c.is_alphanumeric());
    digits.parse().ok().filter(|status| ends && (400..600).contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_in_every_form_and_no_other_number_is() {
        for (text, status) in [
            ("http/2 503", 503),
            ("http/1.1 429 too many requests", 429),
            ("axioserror: request failed with status code 410", 410),
            ("curl: (22) the requested url returned error: 503", 503),
            ("{\"statuscode\":502,\"error\":\"x\"}", 502),
            ("{\"statuscode\": 502}", 502),
            ("failed to fetch user profile (status: 504 data: )", 504),
        ] {
            assert_eq!(find(text), BTreeSet::from([status]), "{text}");
        }
        for text in ["http/2 200", "http/2 5030", "503", "code 503", "http/1.1", "http/2 50", "http/2 5\u{e9}3"] {
            assert!(find(text).is_empty(), "{text}");
        }
    }
}
