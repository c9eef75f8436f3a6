//! Owns the shape of an answer: members and types, and of the values the machine words alone.
//!
//! Refuses to repeat a sentence, and to grow with what a service sends.

use serde_json::Value;

use super::protocol::{is_value, other};
use super::words::{HIDDEN, is_member, is_word, telling};
use crate::diagnosis::recognise;
use crate::http::answer::Answer;
use crate::text::plain_text;

/// Objects in objects are shown so deep.
const DEPTH: usize = 6;
/// Members of one object, and elements of one list, that are looked at.
const MEMBERS: usize = 40;
const ELEMENTS: usize = 20;
/// Kinds of elements of one list that are shown.
const KINDS: usize = 3;
/// Values that are looked at in one answer.
const VALUES: usize = 2000;
/// The longest shape (bytes).
const LONGEST: usize = 1500;
/// So much of a page or a sentence is looked at (bytes).
const LOOKED_AT: usize = 64 * 1024;

/// Members whose value is a word of a protocol.
const MACHINE: [&str; 6] = ["error", "errorCode", "reason", "errorType", "statusCode", "token_type"];
/// Members whose value is a sentence, of which is said what it reads like.
const SENTENCES: [&str; 4] = ["error_description", "message", "description", "detail"];
/// Members whose value is the name or the id of somebody or something.
const NAMING: [&str; 18] = [
    "name",
    "given_name",
    "family_name",
    "nickname",
    "display_name",
    "displayName",
    "fullName",
    "email",
    "sub",
    "user_id",
    "client_id",
    "client_name",
    "user_name",
    "hostname",
    "domain",
    "healthUserId",
    "legacyUserId",
    "encodedId",
];

/// The shape in words, and the names that must not be shown.
pub(super) struct Shape {
    pub(super) text: String,
    pub(super) names: Vec<String>,
}

/// The shape of an answer.
pub(super) fn of(answer: &Answer) -> Shape {
    let body = &answer.body;
    let names = Vec::new();
    if body.is_empty() {
        return Shape { text: "empty".to_owned(), names };
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(LOOKED_AT)]);
    let kind = kind(answer.header("content-type"));
    let first = start.trim_start_matches('\u{feff}').trim_start().chars().next().unwrap_or_default();
    if kind.contains("json") || matches!(first, '{' | '[') {
        let Some(value) = answer.json() else {
            return Shape { text: format!("no JSON that can be read{}", tells(&start)), names };
        };
        let mut look = Look { names, left: VALUES };
        let text = look.at(&value, "", "", 0);
        return Shape { text: cut(text), names: look.names };
    }
    if kind.contains("html") || first == '<' {
        return Shape { text: cut(page(&start)), names };
    }
    let text = match std::str::from_utf8(body) {
        Ok(text) => format!("text of {} characters{}", text.chars().count(), tells(&start)),
        Err(_) => "bytes that are no text".to_owned(),
    };
    Shape { text, names }
}

/// The media type without its parameters; what is none is `other`.
/// Kinds of content that everybody has; others may be named after somebody.
const CONTENTS: [&str; 14] = [
    "json",
    "problem+json",
    "html",
    "plain",
    "xml",
    "xhtml+xml",
    "javascript",
    "css",
    "png",
    "jpeg",
    "octet-stream",
    "x-www-form-urlencoded",
    "form-data",
    "grpc",
];

pub(super) fn kind(content_type: Option<&str>) -> String {
    let Some(value) = content_type else { return "no content type".to_owned() };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.split_once('/') {
        Some(("application" | "text" | "image" | "multipart", name)) if CONTENTS.contains(&name) => essence,
        _ => "other".to_owned(),
    }
}

struct Look {
    names: Vec<String>,
    left: usize,
}

impl Look {
    fn at(&mut self, value: &Value, member: &str, parent: &str, depth: usize) -> String {
        if self.left == 0 {
            return "...".to_owned();
        }
        self.left -= 1;
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            Value::Number(number) => match number.as_u64().filter(|n| is_machine(member, parent) && *n < 1000) {
                Some(small) => small.to_string(),
                None => "number".to_owned(),
            },
            Value::String(text) => self.text(text, member, parent),
            Value::Array(list) if list.is_empty() => "[]".to_owned(),
            Value::Array(list) if depth >= DEPTH => format!("[{} x ...]", list.len()),
            Value::Array(list) => {
                let mut kinds: Vec<String> = Vec::new();
                for element in list.iter().take(ELEMENTS) {
                    let kind = self.at(element, "", member, depth + 1);
                    if !kinds.contains(&kind) {
                        kinds.push(kind);
                    }
                }
                if kinds.len() > KINDS {
                    kinds.truncate(KINDS);
                    kinds.push("...".to_owned());
                }
                format!("[{} x {}]", list.len(), kinds.join(" or "))
            }
            Value::Object(members) if members.is_empty() => "{}".to_owned(),
            Value::Object(members) if depth >= DEPTH => format!("{{{} members}}", members.len()),
            Value::Object(members) => {
                let mut shown: Vec<String> = Vec::new();
                for (name, value) in members.iter().take(MEMBERS) {
                    let kind = self.at(value, name, member, depth + 1);
                    let shape = format!("{}: {kind}", if is_member(name) { name } else { HIDDEN });
                    if !shown.contains(&shape) {
                        shown.push(shape);
                    }
                }
                if members.len() > MEMBERS {
                    shown.push("...".to_owned());
                }
                format!("{{{}}}", shown.join(", "))
            }
        }
    }

    fn text(&mut self, text: &str, member: &str, parent: &str) -> String {
        if is_machine(member, parent) && is_word(text) {
            return if is_value(text) { format!("\"{text}\"") } else { other(text) };
        }
        if NAMING.contains(&member) {
            self.names.push(text.chars().take(200).collect());
        }
        let sentence = SENTENCES.contains(&member) || is_machine(member, parent);
        if sentence { format!("string{}", tells(up_to(text, LOOKED_AT))) } else { "string".to_owned() }
    }
}

fn is_machine(member: &str, parent: &str) -> bool {
    MACHINE.contains(&member) || (member == "status" && parent == "error")
}

/// What a text reads like: codes of our table, and telling words.
fn tells(text: &str) -> String {
    let codes: Vec<&str> = recognise(text).into_iter().take(3).map(|code| code.name()).collect();
    let words = telling(text);
    let mut said = String::new();
    for (label, found) in [(" like ", codes), (" with the words ", words)] {
        if !found.is_empty() {
            said.push_str(&format!("{label}{}", found.join("/")));
        }
    }
    said
}

fn page(html: &str) -> String {
    let lower = html.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|open| {
        let start = open + lower[open..].find('>')? + 1;
        Some(html[start..start + lower[start..].find("</title")?].trim().chars().count())
    });
    let mut said = match title {
        Some(title) => format!("html, title of {title} characters"),
        None => "html, no title".to_owned(),
    };
    for (mark, what) in [("<form", ", form"), ("type=\"password\"", ", password field"), ("<script", ", script")] {
        if lower.contains(mark) {
            said.push_str(what);
        }
    }
    let text = plain_text(html);
    if let Some((number, code)) = numbered_error(&text) {
        let code = if is_value(code) { code.to_owned() } else { other(code) };
        said.push_str(&format!(", \"Error {number}: {code}\""));
    }
    said.push_str(&tells(&text));
    said
}

/// `Error NNN: code`, when both look like it.
fn numbered_error(text: &str) -> Option<(&str, &str)> {
    text.match_indices("Error ").find_map(|(at, found)| {
        let (number, rest) = text[at + found.len()..].split_at_checked(3)?;
        let rest = rest.strip_prefix(": ")?;
        let code = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        (number.bytes().all(|b| b.is_ascii_digit()) && is_word(code)).then_some((number, code))
    })
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(up_to(&text, LONGEST).len());
        text.push_str(" ...");
    }
    text
}

fn up_to(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shape(value: &Value) -> String {
        Look { names: Vec::new(), left: VALUES }.at(value, "", "", 0)
    }

    #[test]
    fn machine_words_are_shown_and_sentences_are_not() {
        for (value, expected) in [
            (
                json!({ "error": "invalid_client", "error_description": "The OAuth client was not found." }),
                "{error: \"invalid_client\", error_description: string like client_id_unknown with the words client/not found}",
            ),
            (
                json!({ "error": { "code": 403, "status": "PERMISSION_DENIED", "details": [{ "reason": "SERVICE_DISABLED" }] } }),
                "{error: {code: number, details: [1 x {reason: \"SERVICE_DISABLED\"}], status: \"PERMISSION_DENIED\"}}",
            ),
            (
                json!({ "errors": [{ "errorType": "invalid_grant", "message": "canary" }], "success": false }),
                "{errors: [1 x {errorType: \"invalid_grant\", message: string}], success: bool}",
            ),
            (
                json!({ "statusCode": 401, "error": "Ada 1", "status": "Ada", "ada@example.com": 1 }),
                "{{..}: number, error: string, status: string, statusCode: 401}",
            ),
            (json!({ "error": "ada_lovelace" }), "{error: (other, 12 letters)}"),
            (json!([1, "a", [], {}, null]), "[5 x number or string or [] or ...]"),
            (
                json!({ "expires_in": 12, "token_type": "Bearer", "access_token": "x" }),
                "{access_token: string, expires_in: number, token_type: \"Bearer\"}",
            ),
        ] {
            assert_eq!(shape(&value), expected);
        }
    }

    #[test]
    fn a_shape_does_not_grow_with_the_answer() {
        let wide: serde_json::Map<String, Value> = (0..5000u32)
            .map(|n| (n.to_string().bytes().map(|b| char::from(b + 49)).collect(), json!([n, n])))
            .collect();
        let wide = Value::Object(wide);
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!([deep.clone(), { "a": deep }]);
            if deep.to_string().len() > 100_000 {
                break;
            }
        }
        for value in [wide, deep] {
            let text = cut(shape(&value));
            assert!(text.len() < LONGEST + 10, "{}", text.len());
        }
    }

    #[test]
    fn of_a_page_is_said_what_it_is_and_not_what_it_says() {
        let html = "<html><head><TITLE>Ada &amp; me</TITLE></head><body><form><input type=\"password\"></form>\
                    <p>Error 400: redirect_uri_mismatch</p> ada@example.com</body>";
        assert_eq!(
            page(html),
            "html, title of 12 characters, form, password field, \"Error 400: redirect_uri_mismatch\" \
             like redirect_uri_mismatch with the words mismatch/redirect_uri"
        );
        assert_eq!(page("<h1>Welcome</h1>"), "html, no title");
        assert_eq!(page("<title>ä"), "html, no title");
        assert_eq!(
            numbered_error("Error 400: A1B2 Error 4: x Error 403: access_denied."),
            Some(("403", "access_denied"))
        );
    }

    #[test]
    fn a_media_type_is_a_media_type() {
        assert_eq!(kind(Some("application/problem+json; charset=utf-8")), "application/problem+json");
        assert_eq!(kind(Some("ada@example.com")), "other");
        assert_eq!(kind(Some("text/A1")), "other");
        assert_eq!(kind(None), "no content type");
    }
}
