//! Owns what is done to text that others wrote before a person may see it: mark-up and secrets out, control characters
//! escaped, cut to length; and how else a secret may be spelled in it. Also finds the nearest of a few words. Refuses to know any provider.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;
use zeroize::Zeroizing;

/// What stands in place of something that looks like a credential.
pub const REDACTED: &str = "[redacted]";

/// Words after which the next word is a credential, whatever it looks like: both providers echo tokens in such
/// sentences.
const ECHOES: [&str; 6] = [
    "token invalid:",
    "token expired:",
    "code invalid:",
    "code expired:",
    "authorization: bearer",
    "authorization: basic",
];

/// Beginnings of Google's and JSON Web Tokens and of Google's client secrets.
const PREFIXES: [&str; 5] = ["ya29.", "1//", "4/0", "eyJ", GOOGLES];

/// Those of them that are nothing else inside a word either.
const UNMISTAKABLE: [&str; 5] = ["ya29.", "1//0", "4/0A", "eyJ", GOOGLES];
/// How a client secret of Google's begins, and none of Auth0's.
pub const GOOGLES: &str = "GOCSPX-";

/// One line of at most `max` characters: redacted, white space joined, control characters escaped.
pub fn excerpt(text: &str, max: usize) -> String {
    let line = redact(text).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut safe = String::new();
    for c in line.chars() {
        if unsafe_to_show(c) { safe.extend(c.escape_unicode()) } else { safe.push(c) }
    }
    match safe.char_indices().nth(max) {
        None => safe,
        Some(_) => safe.chars().take(max.saturating_sub(3)).chain("...".chars()).collect(),
    }
}

/// [`excerpt`] of the length that fits into a sentence of ours.
pub fn said(text: &str) -> String {
    excerpt(text, 500)
}

/// Control characters and those that change the direction of text or cannot be seen.
pub fn unsafe_to_show(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Replaces what looks like a token, code or secret; addresses, sentences and client IDs stay.
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if !in_run(first) {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let end = rest.find(|c| !in_run(c)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        rest = tail;
        let before = out.trim_end().as_bytes();
        let echoed = ECHOES.iter().any(|echo| {
            before.len().checked_sub(echo.len()).is_some_and(|at| before[at..].eq_ignore_ascii_case(echo.as_bytes()))
        });
        if echoed || (!run.starts_with("//") && looks_secret(run)) {
            out.push_str(REDACTED);
        } else if run.starts_with("//") {
            let parts: Vec<&str> =
                run.split('/').map(|part| if looks_secret(part) { REDACTED } else { part }).collect();
            out.push_str(&parts.join("/"));
        } else {
            out.push_str(run);
        }
    }
    out
}

fn in_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | '~' | '%')
}

/// A name as hosts have it: labels of small letters, digits and dashes, the last one of letters alone.
fn is_host(run: &str) -> bool {
    let labels: Vec<&str> = run.trim_end_matches('.').split('.').collect();
    let is_label = |label: &&str| {
        (1..=24).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    labels.len() > 1
        && labels.iter().all(is_label)
        && labels
            .last()
            .is_some_and(|last| (2..=12).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_lowercase()))
}

fn looks_secret(run: &str) -> bool {
    let is_known = PREFIXES.iter().any(|prefix| run.starts_with(prefix));
    if run.trim_end_matches('.').ends_with(".apps.googleusercontent.com") || !is_known && is_host(run) {
        return false;
    }
    let has = |what: fn(&u8) -> bool| run.as_bytes().iter().any(what);
    let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    let begins = |prefix: &str| run.starts_with(prefix) && run.len() > prefix.len() + 3;
    // Behind dashes, dots and the like too: `--GOCSPX-...`; Google's is no part of a word behind letters either.
    let inside = |prefix: &str| {
        run.match_indices(prefix).any(|(at, _)| {
            let begins = prefix == GOOGLES || !run[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            begins && run.len() > at + prefix.len() + 3
        })
    };
    PREFIXES.iter().any(|prefix| begins(prefix))
        || UNMISTAKABLE.iter().any(|prefix| inside(prefix))
        || (run.len() >= 20 && mixed)
        || (run.len() >= 48 && !run.contains(['/', '.', '_', '-']))
}

/// The text of a page: without tags, scripts and styles, with the common entities read; a title that the page says again
/// is there once.
pub fn plain_text(html: &str) -> String {
    // Only ASCII letters change, so places in one are places in the other.
    let lower = html.to_ascii_lowercase();
    let (mut title, mut text) = (String::new(), String::with_capacity(html.len()));
    let mut at = 0;
    while let Some(open) = html[at..].find('<').map(|found| at + found) {
        text.push_str(&html[at..open]);
        text.push(' ');
        let closing = ["script", "style", "title"].into_iter().find(|name| lower[open + 1..].starts_with(name));
        let tag = closing.map_or(Some(open), |name| lower[open..].find(&format!("</{name}")).map(|found| open + found));
        if let (Some("title"), Some(tag)) = (closing, tag) {
            let inside = html[open..tag].split_once('>').map_or("", |(_, inside)| inside);
            title = readable(inside);
        }
        let end = tag.and_then(|tag| html[tag..].find('>').map(|found| tag + found + 1));
        at = end.unwrap_or(html.len());
    }
    text.push_str(&html[at..]);
    let text = readable(&text);
    if title.is_empty() || text.contains(&title) { text } else { format!("{title} {text}").trim_end().to_owned() }
}

fn readable(text: &str) -> String {
    let text = ENTITIES.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const ENTITIES: [(&str, &str); 8] = [
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&nbsp;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&amp;", "&"),
];

/// Whether what stands after some words makes them part of a sentence about them: `... mean?`, `... detection was updated`. What
/// a service says itself ends there, or goes on with a sentence or a name and its value.
pub fn is_talked_about(rest: &str) -> bool {
    let word = rest.trim_start().split(char::is_whitespace).next().unwrap_or_default();
    let letters = word.trim_end_matches(['.', ',', ';', '?', '!', ')', '"', '\'']);
    rest.starts_with('?')
        || rest.starts_with(' ') && !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// How a text looks in what a service or a gateway may write: as sent, percent-encoded in each way, as a JSON text, in a page,
/// in base64, in hexadecimal digits.
pub fn spellings(secret: &str) -> Vec<Zeroizing<String>> {
    let lower = |text: &str| {
        // The digits after each `%` in lower case, as some write them.
        let mut parts = text.split('%');
        let mut all = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (digits, rest) = part.split_at_checked(2).unwrap_or(("", part));
            all.extend(["%", &digits.to_ascii_lowercase(), rest]);
        }
        all
    };
    let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let all = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.get(1..json.len().saturating_sub(1)).unwrap_or_default().to_owned();
    let page = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let each: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let base64 = STANDARD.encode(secret);
    let mut found = vec![
        secret.to_owned(),
        lower(&form),
        lower(&all),
        form,
        all,
        page.replace('\'', "&#39;"),
        page,
        json,
        base64.trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(secret),
        hex.to_uppercase(),
        hex,
        lower(&each),
        each,
    ];
    // The longest first: a shorter spelling may be a part of it.
    found.sort_by_key(|text| std::cmp::Reverse(text.len()));
    found.dedup();
    found.into_iter().map(Zeroizing::new).collect()
}

/// A word as a shell takes it.
pub fn shell_word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b',' | b':' | b'/');
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A longer word is not compared with others (bytes).
const LONGEST_WORD: usize = 100;

/// The candidate that is nearest to a word, when one is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is this long is no slip of the finger, and comparing it would take its length times theirs.
    if word.len() > LONGEST_WORD {
        return None;
    }
    let allowed = (word.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(far, _)| *far <= allowed)
        .min_by_key(|(far, _)| *far)
        .map(|(_, candidate)| candidate)
}

/// ` (did you mean NEAR)`, to stand inside a sentence; nothing when no candidate is near.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |near| format!(" (did you mean {near})"))
}

/// The number of single-character edits between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let cost = (diagonal + usize::from(from != *to)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_host_stays_and_what_only_looks_like_one_goes() {
        for name in [
            "https://oauth2.googleapi.com/token",
            "getaddrinfo ENOTFOUND oauth2.googleapi.com",
            "dev-x1y2z3a4b5.eu.auth0.com",
        ] {
            assert_eq!(redact(name), name);
        }
        for token in ["ya29.a0abcdefghijklmnopqr", "a1B2c3D4e5F6g7H8i9J0.k1", "0123456789abcdef0123456789abcdef.com"] {
            assert_eq!(redact(token), REDACTED, "{token}");
        }
    }

    #[test]
    fn tokens_codes_and_secrets_are_redacted_wherever_they_stand() {
        let hex = "0123456789abcdef".repeat(4);
        for (text, kept) in [
            (
                format!("Refresh token invalid: {hex}. Visit https://dev.fitbit.com/docs/oauth2"),
                "Refresh token invalid: ",
            ),
            ("Access token expired: eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2lnbg.".to_owned(), "Access token expired: "),
            ("Authorization code invalid: short".to_owned(), "Authorization code invalid: "),
            ("Bearer ya29.a0AfB_byC".to_owned(), "Bearer "),
            ("{\"refresh_token\":\"1//0gabcdef\"}".to_owned(), "{\"refresh_token\":\""),
            ("?code=4/0AX4XfWh&state=x".to_owned(), "?code="),
            ("?code=4%2F0AX4XfWhabcdefghijk&state=x".to_owned(), "?code="),
            (format!("secret {}", concat!("GOC", "SPX-abcdefghijklmnopqrstuvwxyz12")), "secret "),
            (format!("provider {}", concat!("proGOC", "SPX-abcdefgh")), "provider "),
            (format!("https://example.com/{hex}/end"), "https://example.com/"),
        ] {
            let clean = redact(&text);
            assert!(clean.starts_with(&format!("{kept}{REDACTED}")), "{clean}");
        }
    }

    #[test]
    fn sentences_addresses_and_client_ids_stay() {
        for text in [
            "Error 400: redirect_uri_mismatch",
            "Visit https://developers.google.com/identity/protocols/oauth2/web-server#uri-validation for more",
            "https://support.google.com/cloud/answer/15549257",
            "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com",
            "Google Health API has not been used in project 123456789012 before or it is disabled.",
            "https://www.googleapis.com/auth/googlehealth.health_metrics_and_measurements.readonly",
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn an_excerpt_is_one_short_line_without_control_characters() {
        assert_eq!(excerpt(" a\r\n\tb \u{1b}[31mred\u{202e} ", 200), "a b \\u{1b}[31mred\\u{202e}");
        let long = excerpt(&"ä ".repeat(300), 200);
        assert_eq!(long.chars().count(), 200);
        assert!(long.ends_with("..."));
        assert_eq!(excerpt(&"a ".repeat(100), 199).chars().count(), 199);
    }

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        assert_eq!(nearest("slep.readonly", ["sleep.readonly", "ecg.readonly"]), Some("sleep.readonly"));
        assert_eq!(nearest("banana", ["sleep.readonly", "ecg.readonly"]), None);
        assert_eq!(nearest("", ["a"]), Some("a"));
    }

    #[test]
    fn a_word_of_a_command_is_safe_to_paste() {
        assert_eq!(shell_word("acme.eu.auth0.com"), "acme.eu.auth0.com");
        assert_eq!(shell_word("my file; rm -rf ~"), "'my file; rm -rf ~'");
        assert_eq!(shell_word("it's $(id)"), "'it'\\''s $(id)'");
        assert_eq!(shell_word(""), "''");
    }
}
