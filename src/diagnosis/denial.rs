//! Owns what an `access_denied` tells: a person who pressed Deny, or a tenant that refused for a reason of its own. Refuses to
//! take words that are nobody's pressing of Deny for one.

/// What says that the tenant refuses, and no person did.
const OF_THE_TENANT: &[&str] = &["terms", "blocked", "disabled"];

/// Whether a description of `access_denied` tells of a person who pressed Deny: none at all (Google), or words of it.
pub fn is_denial(description: &str) -> bool {
    let lower = description.to_lowercase();
    let says = |words: &[&str]| words.iter().all(|word| lower.contains(word));
    let of_a_person = lower.is_empty()
        || lower == "access denied"
        || says(&["user", "denied"])
        || says(&["user", "cancel"])
        || says(&["user did not"])
        || says(&["consent", "denied"]);
    of_a_person && !OF_THE_TENANT.iter().any(|word| lower.contains(word))
}

/// The `error_description` in a text: of an address or a form (RFC 6749, 4.1.2.1), or of a JSON document.
pub(super) fn description_in(text: &str) -> Option<String> {
    let at = text.find("error_description")? + "error_description".len();
    let rest = &text[at..];
    if let Some(value) = rest.strip_prefix('=') {
        let value = value.split(['&', '#', '"', '\'', '<', '>']).next().unwrap_or_default();
        // A line of a log goes on after the address.
        let value =
            if value.contains(['%', '+']) { value.split_whitespace().next().unwrap_or_default() } else { value };
        let spaced = value.replace('+', " ");
        return Some(percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().trim().to_owned());
    }
    let value = rest.strip_prefix('"')?.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some(value.split('"').next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_person_who_pressed_deny_is_one() {
        for words in ["", "Access denied", "The user denied the request.", "User cancelled", "User did not authorize"] {
            assert!(is_denial(words), "{words}");
        }
        for words in
            ["user is blocked", "The user denied the terms", "signup is disabled", "You may not use this app.", "no"]
        {
            assert!(!is_denial(words), "{words}");
        }
    }

    #[test]
    fn a_description_is_read_from_an_address_a_form_and_a_document() {
        for (text, words) in [
            (
                "http://127.0.0.1/callback?error=access_denied&error_description=user%20is+blocked&state=x",
                "user is blocked",
            ),
            ("error_description=user is blocked", "user is blocked"),
            (r#"{"error":"access_denied", "error_description" : "user is blocked"}"#, "user is blocked"),
            ("GET /callback?error_description=no%21 HTTP/1.1", "no!"),
        ] {
            assert_eq!(description_in(text).as_deref(), Some(words), "{text}");
        }
        for text in ["", "error_description", "error_description\"", "error_descriptions=1"] {
            assert_eq!(description_in(text), None, "{text}");
        }
    }
}
