//! Owns which words of foreign text may be repeated: those of the protocols, and what looks like one of them.
//!
//! Refuses what may be a name: a word that is known to be one is not shown, wherever it stands.

use std::collections::BTreeSet;

/// The longest word of a protocol, and the longest name of a member (characters).
const LONGEST: usize = 40;
const LONGEST_MEMBER: usize = 60;

/// Segments of paths that are the services' own.
const SEGMENTS: &[&str] = &[
    // Auth0
    "authorize",
    "oauth",
    "token",
    "revoke",
    "userinfo",
    "api",
    "v2",
    "clients",
    "connections",
    "users",
    "custom-domains",
    "logs",
    ".well-known",
    "openid-configuration",
    "jwks.json",
    "login",
    "logout",
    "callback",
    "error",
    "u",
    "lo",
    "identifier",
    "password",
    "consent",
    "signup",
    "continue",
    "dashboard",
    // Google
    "o",
    "oauth2",
    "auth",
    "v1",
    "v3",
    "v4",
    "signin",
    "challenge",
    "rejected",
    "warning",
    "disabled",
    "legacy",
    "firstparty",
    "nativeapp",
    "consentsummary",
    "ServiceLogin",
    "AccountChooser",
    "InteractiveLogin",
    "accounts",
    "me",
    "identity",
    "sorry",
    "index",
    // Fitbit
    "1",
    "user",
    "-",
    "profile.json",
    "introspect",
    "sign-in",
    "transferpage",
    // Anybody
    "index.html",
    "maintenance",
    "blocked",
    "denied",
    "captive",
    "portal",
    "status",
    "404",
    "410",
    "500",
    "503",
];

/// Words of pages and sentences that tell something and belong to nobody.
const TELLING: &[&str] = &[
    "access_denied",
    "account",
    "authorized",
    "blocked",
    "browser",
    "callback",
    "captcha",
    "client",
    "connection",
    "consent",
    "cookie",
    "deprecated",
    "disabled",
    "expired",
    "forbidden",
    "gateway",
    "grant",
    "javascript",
    "maintenance",
    "mismatch",
    "network",
    "not found",
    "permission",
    "proxy",
    "quota",
    "rate limit",
    "redirect_uri",
    "required",
    "scope",
    "shut down",
    "sign in",
    "sunset",
    "suspended",
    "tenant",
    "too many",
    "unavailable",
    "unknown",
    "unusual traffic",
    "verification",
    "wi-fi",
];

/// Words that are no name even where somebody bears one: members of the documented answers, and this report's own words.
const NO_NAMES: &[&str] = &[
    "access_token",
    "bool",
    "callbacks",
    "characters",
    "client_id",
    "clients",
    "code",
    "connections",
    "display_name",
    "email",
    "error",
    "errors",
    "field",
    "form",
    "html",
    "id",
    "identities",
    "json",
    "like",
    "message",
    "name",
    "null",
    "number",
    "of",
    "options",
    "reason",
    "scope",
    "state",
    "status",
    "strategy",
    "string",
    "sub",
    "text",
    "title",
    "token_type",
    "user",
    "words",
];

/// Members that gateways and proxies write like names.
const CAPITALISED: [&str; 7] = ["Code", "Error", "Fault", "Message", "Reason", "RequestId", "Status"];

/// Whether a text looks like a word of a protocol.
pub fn is_word(text: &str) -> bool {
    text.len() <= LONGEST && has_letters_alone(text)
}

fn has_letters_alone(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
}

/// Whether a text looks like the name of a member or of a parameter: a capital and small letters may be somebody's name.
pub(super) fn is_member(text: &str) -> bool {
    let mut bytes = text.bytes();
    let named =
        bytes.next().is_some_and(|b| b.is_ascii_uppercase()) && bytes.next().is_none_or(|b| b.is_ascii_lowercase());
    text.len() <= LONGEST_MEMBER && has_letters_alone(text) && (!named || CAPITALISED.contains(&text))
}

/// Whether a segment of a path is one of the services' own.
pub(super) fn is_segment(text: &str) -> bool {
    SEGMENTS.contains(&text)
}

/// The telling words of a text, at most eight.
pub(super) fn telling(text: &str) -> Vec<&'static str> {
    let lower = text.to_ascii_lowercase();
    TELLING.iter().copied().filter(|word| lower.contains(word)).take(8).collect()
}

/// What stands in place of a name.
pub const HIDDEN: &str = "{..}";

/// Words that are known to be somebody's.
#[derive(Default)]
pub struct Private(BTreeSet<String>);

impl Private {
    /// From whole values: a name, an address, an id. Their parts count as well.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words = BTreeSet::new();
        for value in values {
            let parts = value.split(|c: char| !in_word(c)).filter(|part| part.len() > 2);
            words.extend(parts.map(str::to_ascii_lowercase));
        }
        words.retain(|word| !NO_NAMES.contains(&word.as_str()));
        Self(words)
    }

    /// A text in which none of them stands any more.
    pub fn clear(&self, text: &str) -> String {
        let mut clear = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
            let word = &rest[..end];
            let known = self.0.contains(&word.to_ascii_lowercase());
            clear.push_str(if known { HIDDEN } else { word });
            let next = rest[end..].find(in_word).map_or(rest.len(), |found| end + found);
            clear.push_str(&rest[end..next]);
            rest = &rest[next..];
        }
        clear
    }
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_hidden_wherever_it_stands_and_the_services_own_words_stay() {
        let private = Private::new(["acme.eu.auth0.com", "Ada Example", "My string", ""]);
        assert_eq!(
            private.clear("{ACME: string, Adam: {ada: number}}, acme?"),
            "{{..}: string, Adam: {{..}: number}}, {..}?"
        );
        assert_eq!(Private::default().clear("a b"), "a b");
    }

    #[test]
    fn a_word_of_a_protocol_has_letters_alone() {
        for word in ["invalid_client", "PERMISSION_DENIED", "Bearer"] {
            assert!(is_word(word), "{word}");
        }
        for other in ["", "A1B2C3", "ada@example.com", "two words", "a-b", &"a".repeat(41), "\u{430}"] {
            assert!(!is_word(other), "{other}");
        }
        for (text, member) in [("flowName", true), ("URL", true), ("Message", true), ("Ada", false), ("A", false)] {
            assert_eq!(is_member(text), member, "{text}");
        }
    }
}
