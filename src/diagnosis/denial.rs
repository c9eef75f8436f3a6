//! Owns what tells a person who pressed Deny from a tenant that refused: both come back as `error=access_denied`, and only the
//! words differ; and a service in trouble from one that says what stopped it. Refuses to take words of a tenant, an Action or a
//! rule for a person's.

/// Words in which providers and Auth0 say that the person did not want.
const OF_THE_PERSON: [&str; 14] = [
    "owner refused",
    "user denied",
    "user has denied",
    "user cancel",
    "user has cancel",
    "user did not",
    "user declined",
    "user has declined",
    "user rejected",
    "denied by the user",
    "denied by user",
    "owner denied",
    "consent denied",
    "consent was denied",
];

/// What Google says to somebody who is no test user of an app in Testing.
const OF_TESTING: [&str; 4] = ["verif", "tester", "developer", "access to this app"];

/// Whether the sentence of Google's `access_denied` is about test users: its `authError` is never a person who pressed Cancel.
pub fn is_about_testing(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    lower.trim().is_empty() || OF_TESTING.iter().any(|words| lower.contains(words))
}

/// Words that tell of somebody else who refuses, or of what only a tenant asks for.
const OF_THE_TENANT: [&str; 7] = ["terms", "blocked", "disabled", " action", " rule", "administrator", "policy"];

/// Whether the description of an `access_denied` tells of a person who pressed Deny: none at all (Google), or words of it.
pub fn is_denial(description: &str) -> bool {
    let lower = description.trim().trim_end_matches('.').to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    lower.is_empty()
        || matches!(lower.as_str(), "access denied" | "access_denied")
        || says(&OF_THE_PERSON) && !says(&OF_THE_TENANT)
}

/// Words in which a service says no more than that it is in trouble.
const OF_TROUBLE: [&str; 7] = ["internal", "server error", "bad gateway", "unavailable", "again", "retry", "later"];

/// Whether the description of a `server_error` says no more than that; further words, as of a script that stopped, say what it
/// was.
pub fn is_trouble(description: &str) -> bool {
    let lower = description.trim().to_lowercase();
    lower.is_empty() || OF_TROUBLE.iter().any(|words| lower.contains(words))
}

/// The words that an error comes with in a pasted text: its `error_description` (address, JSON, a line of its own), or what
/// stands behind it after a colon, a dash or a bracket; empty when it comes with none, `None` where there is no such error.
pub fn words_of(error: &str, text: &str) -> Option<String> {
    // In a callback or an answer, and in an entry of Auth0's log.
    const DESCRIPTIONS: [&str; 2] = ["error_description", "\"description\""];
    let at = text.find(error)?;
    let described = DESCRIPTIONS.iter().find_map(|name| Some(text.find(name)? + name.len()));
    if let Some(behind) = described {
        let rest = &text[behind..];
        let value = rest.trim_start_matches(['"', '\'', '=', ':', ' ']);
        let before = &rest[..rest.len() - value.len()];
        let in_address = before.contains('=');
        let ends = |c: char| c == '\n' || in_address && "&#<>\"'".contains(c) || c == '"' && before.contains('"');
        let value = value.split(ends).next().unwrap_or_default();
        // A line of a log goes on after the address.
        let encoded = in_address && value.contains(['%', '+']);
        return Some(plain(if encoded { value.split_whitespace().next().unwrap_or_default() } else { value }));
    }
    let line = text[at + error.len()..].lines().next().unwrap_or_default().trim_start_matches(['"', '`', '\'', ' ']);
    let said = line.strip_prefix([':', '-', '–', '(']);
    Some(plain(said.unwrap_or_default()))
}

/// A value without what an address encodes in it.
fn plain(value: &str) -> String {
    let value = if value.contains(' ') { value.to_owned() } else { value.replace('+', " ") };
    let value = percent_encoding::percent_decode_str(&value).decode_utf8_lossy();
    value.trim_matches(|c: char| c.is_whitespace() || "\"'`()}{[],".contains(c)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_the_person_are_a_denial() {
        for words in [
            "",
            "Access denied",
            "The user has denied your application access",
            "The user denied the request.",
            "User did not authorize the request",
            "The user cancelled the login",
            "User cancelled",
            "User did not authorize",
        ] {
            assert!(is_denial(words), "{words}");
        }
        for words in [
            "user is blocked",
            "signup is disabled",
            "Access to the user was denied by an Action",
            "The user was denied access",
            "user denied by rule",
            "Sorry, only staff may come in",
            "The user denied the terms",
            "You may not use this app.",
            "no",
        ] {
            assert!(!is_denial(words), "{words}");
        }
    }

    #[test]
    fn the_words_are_found_in_an_address_in_json_and_in_a_line() {
        for (text, words) in [
            ("?error=access_denied&error_description=user%20is%20blocked&state=x", "user is blocked"),
            ("?error_description=user+is+blocked&error=access_denied", "user is blocked"),
            (r#"{"error":"access_denied","error_description":"user is blocked"}"#, "user is blocked"),
            (r#"{"error": "access_denied", "error_description": "user is blocked", "x": 1}"#, "user is blocked"),
            ("GET /callback?error=access_denied&error_description=no%21 HTTP/1.1", "no!"),
            ("error: access_denied\nerror_description: user is blocked\nstate: x", "user is blocked"),
            ("access_denied: user is blocked", "user is blocked"),
            ("access_denied (user is blocked)", "user is blocked"),
            ("?error=access_denied&state=x", ""),
            (r#"{"error":"access_denied"}"#, ""),
            (r#"{"error":"access_denied","state":"x"}"#, ""),
            ("the browser came back with access_denied", ""),
        ] {
            assert_eq!(words_of("access_denied", text).as_deref(), Some(words), "{text}");
        }
        assert_eq!(words_of("access_denied", "everything works"), None);
    }
}
