//! Owns what is wrong with a text before it is read as anything: nobody filled it in, a page shows it in place of a secret, or
//! something stands around it.

/// What stands around a secret that was given with more than itself: a whole JSON document, its name, or quotes.
pub fn wrapping(text: &str) -> Option<&'static str> {
    let is_name = |name: &str| name.to_ascii_lowercase().ends_with("secret");
    if let Some(why) = unfinished(text).or_else(|| masked(text)) {
        Some(why)
    } else if text.starts_with(['{', '[']) {
        Some("this is JSON; give the secret or token in it alone, or Google's download with --client-json PATH")
    } else if text.split_once('=').is_some_and(|(name, value)| is_name(name) && value.len() > 7) {
        Some("it begins with a name and an equals sign; give what stands behind that")
    } else {
        None
    }
}

/// Why a text is what a page or a log shows in place of a secret.
pub fn masked(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let is_word = ["(hidden)", "[hidden]", "[redacted]", "<redacted>", "redacted"].contains(&lower.as_str());
    let is_cut = ["***", "\u{2022}\u{2022}\u{2022}", "...", "\u{2026}"].iter().any(|mask| text.contains(mask));
    (is_word || is_cut)
        .then_some("it is masked: this is not the secret but what a page shows in its place; give the whole secret")
}

/// Why a text is no value yet, whatever it is for: nobody filled it in, or it stands in quotes (a `docker --env-file` keeps
/// them).
pub fn unfinished(text: &str) -> Option<&'static str> {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}');
    // As shells, Windows, PowerShell, Azure, GitHub, Octopus and templates write a reference, and as manuals leave a gap.
    let is_reference = ["${", "$(", "{{", "#{"].iter().any(|begin| text.contains(begin))
        || text.strip_prefix('$').is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
        || (text.len() > 2 && text.starts_with('%') && text.ends_with('%'))
        || text.starts_with("arn:aws");
    let lower = text.get(..5).unwrap_or_default().to_ascii_lowercase();
    if is_reference || ["your_", "your-"].contains(&lower.as_str()) || text.starts_with('<') {
        Some("it is a placeholder that nobody has filled in")
    } else if text.starts_with(is_quote) || text.ends_with(is_quote) {
        Some("it stands in quotes; give it without them")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_that_nobody_has_filled_in_is_no_value() {
        for text in [
            "${NAME}",
            "${{ secrets.NAME }}",
            "$(NAME)",
            "$NAME",
            "$env:NAME",
            "%NAME%",
            "#{NAME}#",
            "{{ name }}",
            "<secret>",
            "YOUR_CLIENT_SECRET",
            "your-client-secret-goes-here",
            "arn:aws:secretsmanager:eu-west-1:1:secret:x",
        ] {
            assert!(
                unfinished(text).is_some() && wrapping(text).is_some_and(|why| why.contains("placeholder")),
                "{text}"
            );
        }
    }

    #[test]
    fn what_a_page_or_a_log_shows_in_place_of_a_secret_is_none() {
        for text in [
            "***",
            "abc***",
            "GOCSPX-ab...yz",
            "GOCSPX-ab\u{2026}yz",
            "\u{2022}\u{2022}\u{2022}\u{2022}",
            "[REDACTED]",
            "(hidden)",
        ] {
            assert!(wrapping(text).is_some_and(|why| why.contains("masked")), "{text}");
        }
    }

    #[test]
    fn secrets_and_tokens_as_services_give_them_are_taken() {
        for text in [
            "GOCSPX-abcdefghijklmnopqrstuvwxyz01",
            "5a4db05a4db05a4db05a4db05a4db05a",
            "yourSecretBeginsLikeThat_-0123456789",
            "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.c2ln",
        ] {
            assert_eq!((unfinished(text), masked(text), wrapping(text)), (None, None, None), "{text}");
        }
    }
}
