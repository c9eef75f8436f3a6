//! Owns what the browser is shown, and the headers every answer carries.
//!
//! Refuses values from a request: what can be filled in comes from the caller ([`Page`]) or is written here ([`Notice`]),
//! and is escaped either way. The page loads nothing; its script and style are allowed by their hashes alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use std::sync::LazyLock;

use crate::diagnosis::own_output;

/// The one template, with the line ends a browser hashes, whatever the checkout did to them.
static TEMPLATE: LazyLock<String> = LazyLock::new(|| include_str!("page.html").replace('\r', ""));

/// The policy for that template.
pub(super) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let (script, style) = (hash_of("<script>", "</script>"), hash_of("<style>", "</style>"));
    format!(
        "default-src 'none'; script-src '{script}'; style-src '{style}'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// A shown value is cut here (characters): it is somebody's name, not a page.
const VALUE_LIMIT: usize = 200;
/// Prose is cut here (characters): longer than any text of the table of diagnoses.
const PROSE_LIMIT: usize = 600;

const CLOSE_TAB: &str = "You can close this tab and go back to the terminal.";
const GO_BACK: &str = "Go back to the terminal.";
const TICK: &str = r#"<path d="M5 12.5l4.6 4.6L19 7.6"/>"#;
const CROSS: &str = r#"<path d="M7 7l10 10M17 7L7 17"/>"#;
const PROMPT: &str = r#"<path d="M6 7l5 5-5 5M13 17h5"/>"#;

/// What the person is told when the login has been checked. The values are ours or the profile's, never the request's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// "It works!"
    Success {
        /// Who signed in, as the profile names them.
        name: Option<String>,
        /// The connection that was used, or what took its place.
        connection: String,
        /// Lines above "You can close this tab ...".
        next: Vec<String>,
    },
    /// The login did not work.
    Failure {
        /// What went wrong, in a sentence. Between backticks is code, here and in the other texts.
        what: String,
        /// How it shows; an empty text is left out.
        seen: String,
        /// The diagnosis code.
        code: String,
        /// Lines above "Go back to the terminal."
        next: Vec<String>,
    },
}

/// The pages that say the same to everybody.
#[derive(Debug, Clone, Copy)]
pub(super) enum Notice {
    /// A request that is not the answer waited for.
    NotTheAnswer,
    /// A right answer after the first.
    Answered,
    /// The right answer, when the program could not say how it went on.
    GoBack,
}

/// The status lines in use.
#[derive(Debug, Clone, Copy)]
pub(super) enum Status {
    Ok,
    BadRequest,
    NotFound,
    NotAllowed,
}

impl Page {
    /// The whole document.
    pub(super) fn render(&self) -> String {
        match self {
            Self::Success { name, connection, next } => {
                let lead = "The login went through from start to end, and what came back was checked.";
                let who = name.as_deref().map(shown).filter(|name| !name.is_empty());
                let mut facts = who.map(|name| signed_in(&name)).unwrap_or_default();
                facts += &rows(&[("Connection", escape(&shown(connection)))]);
                fill("ok", TICK, "It works!", lead, &facts, next, CLOSE_TAB)
            }
            Self::Failure { what, seen, code, next } => {
                let code = format!("<code>{}</code>", escape(&shown(code)));
                let facts = rows(&[("Seen as", prose(seen)), (own_output::PAGE_CODE, code)]);
                fill("bad", CROSS, own_output::PAGE, what, &facts, next, GO_BACK)
            }
        }
    }
}

impl Notice {
    /// The whole document.
    pub(super) fn render(self) -> String {
        let (heading, lead) = match self {
            Self::NotTheAnswer => {
                ("This is not the page", "The request was not the answer of a login, and it changed nothing.")
            }
            Self::Answered => ("Already answered", "This login has had its answer, and it counts only once."),
            Self::GoBack => ("The answer arrived", "How it went on is said in the terminal, not here."),
        };
        fill("calm", PROMPT, heading, lead, "", &[], GO_BACK)
    }
}

/// A whole HTTP response; an empty page stays without a body.
pub(super) fn response(status: Status, page: &str) -> Vec<u8> {
    let line = match status {
        Status::Ok => "200 OK",
        Status::BadRequest => "400 Bad Request",
        Status::NotFound => "404 Not Found",
        Status::NotAllowed => "405 Method Not Allowed\r\nAllow: GET",
    };
    let (length, policy) = (page.len(), POLICY.as_str());
    format!(
        "HTTP/1.1 {line}\r\n\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Content-Security-Policy: {policy}\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Referrer-Policy: no-referrer\r\n\
         Cache-Control: no-store\r\n\
         Cross-Origin-Opener-Policy: same-origin\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\n\
         Connection: close\r\n\r\n{page}"
    )
    .into_bytes()
}

/// Fills the template in one pass, so that a value with braces in it stays a value.
fn fill(tone: &str, mark: &str, heading: &str, lead: &str, facts: &str, next: &[String], last: &str) -> String {
    let mut lines: String = next.iter().map(|line| format!("<p>{}</p>\n", prose(line))).collect();
    lines += &format!("<p class=\"last\">{last}</p>\n");
    let mut pieces = TEMPLATE.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or(("", piece));
        match name {
            "title" => page += &format!("{} - fitbit-connect", escape(heading)),
            "tone" => page += tone,
            "mark" => page += mark,
            "heading" => page += &escape(heading),
            "lead" => page += &prose(lead),
            "facts" => page += facts,
            "next" => page += &lines,
            _ => {}
        }
        page += rest;
    }
    page
}

fn signed_in(name: &str) -> String {
    format!(
        "<div class=\"who\"><span class=\"initials\" aria-hidden=\"true\">{}</span>\
         <p><span class=\"as\">Signed in as</span><b dir=\"auto\">{}</b></p></div>\n",
        escape(&initials(name)),
        escape(name)
    )
}

fn rows(rows: &[(&str, String)]) -> String {
    let rows = rows.iter().filter(|(_, html)| !html.is_empty());
    let rows: String = rows.map(|(term, html)| format!("<div><dt>{term}</dt><dd>{html}</dd></div>")).collect();
    format!("<dl>{rows}</dl>")
}

/// The first letters of the first and the last word: a picture that needs no network.
fn initials(name: &str) -> String {
    let letters: Vec<char> = name.split_whitespace().filter_map(|w| w.chars().find(|c| c.is_alphanumeric())).collect();
    match letters.as_slice() {
        [] => "?".to_owned(),
        [only] => only.to_uppercase().collect(),
        [first, .., last] => first.to_uppercase().chain(last.to_uppercase()).collect(),
    }
}

/// A foreign value made fit to show.
fn shown(value: &str) -> String {
    clean(value, VALUE_LIMIT)
}

/// A text of ours as HTML; what stands between backticks is code. A backtick without its twin stays what it is.
fn prose(text: &str) -> String {
    let text = escape(&clean(text, PROSE_LIMIT));
    let mut html = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, (code, after))) =
        rest.split_once('`').and_then(|(before, rest)| Some((before, rest.split_once('`')?)))
    {
        html += &format!("{before}<code>{code}</code>");
        rest = after;
    }
    html + rest
}

/// No control characters, nothing that turns the writing direction, not too long.
fn clean(value: &str, limit: usize) -> String {
    let turns =
        |c| matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean: String = value.trim().chars().filter(|&c| !c.is_control() && !turns(c)).take(limit + 1).collect();
    match clean.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", clean.get(..end).unwrap_or_default()),
        None => clean,
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            _ => out.push(c),
        }
    }
    out
}

/// The source expression for the element between two tags (CSP Level 3, 2.3.1).
fn hash_of(open: &str, close: &str) -> String {
    let content =
        TEMPLATE.split_once(open).and_then(|(_, rest)| rest.split_once(close)).map_or("", |(inside, _)| inside);
    format!("sha256-{}", STANDARD.encode(digest::digest(&digest::SHA256, content.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn success(name: &str) -> String {
        Page::Success { name: Some(name.into()), connection: "google-health".into(), next: vec!["Next <b>".into()] }
            .render()
    }

    fn failure(what: &str, seen: &str, code: &str) -> String {
        Page::Failure { what: what.into(), seen: seen.into(), code: code.into(), next: vec![] }.render()
    }

    #[test]
    fn the_success_page_says_who_and_what_next() {
        let page = success("Ada Lovelace");
        for part in ["It works!", "Ada Lovelace", ">AL<", "google-health", "Next &lt;b&gt;", CLOSE_TAB] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("{{") && !page.contains("}}"));
    }

    #[test]
    fn the_failure_page_names_the_diagnosis() {
        let page = failure("Consent was <i>denied</i>", "Somebody pressed `<Deny>`", "consent_denied");
        for part in [
            "That did not work",
            "Consent was &lt;i&gt;denied&lt;/i&gt;",
            "<dt>Seen as</dt><dd>Somebody pressed <code>&lt;Deny&gt;</code></dd>",
            "<dt>Diagnosis</dt><dd><code>consent_denied</code></dd>",
            GO_BACK,
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("It works"));
        assert!(!failure("x", "", "x").contains("Seen as"), "no row without a text");
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        for (text, html) in [
            ("plain", "plain"),
            ("`a`", "<code>a</code>"),
            ("use `a` or `b<`.", "use <code>a</code> or <code>b&lt;</code>."),
            ("a ` b", "a ` b"),
            ("`a` ` b", "<code>a</code> ` b"),
        ] {
            assert_eq!(prose(text), html);
        }
    }

    #[test]
    fn no_text_of_the_table_of_diagnoses_is_cut() {
        for row in crate::diagnosis::Code::ALL.iter().map(|code| code.diagnosis()) {
            // Of several wordings a page shows one.
            for text in [row.symptom, row.cause, row.cure].into_iter().flat_map(|text| text.split(" | ")) {
                assert!(!prose(text).contains(['…', '`']), "{text}");
            }
        }
    }

    #[test]
    fn values_are_escaped_and_never_filled_in_twice() {
        let page = success("</b><script>alert('1')</script> {{facts}} \"&\u{202e}\u{7}");
        assert!(page.contains("&lt;/b&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; {{facts}} &quot;&amp;</b>"));
        assert_eq!(page.matches("<script>").count(), 1);
        assert!(success(&"x".repeat(5000)).len() < success("x").len() + 1000);
    }

    #[test]
    fn initials_stand_for_a_picture() {
        for (name, letters) in [
            ("Ada Lovelace", "AL"),
            ("ada", "A"),
            ("Jean  van der Berg", "JB"),
            ("(x) 7up", "X7"),
            ("--", "?"),
            ("ß é", "SSÉ"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }

    #[test]
    fn every_page_has_one_heading_and_loads_nothing() {
        let notices = [Notice::NotTheAnswer, Notice::Answered, Notice::GoBack].map(Notice::render);
        for page in notices.into_iter().chain([success("A"), failure("a", "b", "c")]) {
            assert_eq!(page.matches("<h1>").count(), 1);
            assert_eq!(page.matches("role=\"status\"").count(), 1);
            assert!(page.contains("<html lang=\"en\">") && page.contains("name=\"viewport\""));
            for outside in ["http:", "https:", "src=", "href=", "url(", "@import", "style=", "onload"] {
                assert!(!page.contains(outside), "{outside}");
            }
            // Who asked for less motion gets none, and so does everybody else.
            for motion in ["animation", "transition", "@keyframes", "scroll-behavior", "<marquee"] {
                assert!(!page.contains(motion), "{motion}");
            }
        }
    }

    #[test]
    fn the_policy_allows_exactly_the_script_and_the_style_of_the_page() {
        let response = String::from_utf8(response(Status::Ok, &success("A"))).unwrap();
        assert_eq!(response.matches("<script").count(), 1);
        assert_eq!(response.matches("<style").count(), 1);
        for (open, close) in [("<script>", "</script>"), ("<style>", "</style>")] {
            let inside = response.split_once(open).unwrap().1.split_once(close).unwrap().0;
            let hash = STANDARD.encode(digest::digest(&digest::SHA256, inside.as_bytes()));
            assert!(response.contains(&format!("-src 'sha256-{hash}'")), "{open}");
        }
        assert!(!response.contains("unsafe-inline") && !response.to_lowercase().contains("access-control"));
    }
}
