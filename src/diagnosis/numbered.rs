//! Owns the reading of `Error 400: redirect_uri_mismatch`, the line of Google's error pages, in whatever language the page is.
//! Refuses a number in front of a word that is no error code.

use crate::text::is_talked_about;

/// One such line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbered<'a> {
    /// Where the line begins, at the word for error.
    pub at: usize,
    /// The HTTP number.
    pub number: &'a str,
    /// The OAuth code.
    pub code: &'a str,
    /// Whether the line is an error, or a sentence is about one: `What does Error 400: invalid_scope mean?`
    pub is_talked_about: bool,
}

/// The first of them: `Error 400: invalid_scope`, `Fehler 400: invalid_scope`, `Erreur 400 : invalid_scope`.
pub fn find(text: &str) -> Option<Numbered<'_>> {
    text.match_indices(':').find_map(|(colon, _)| {
        let before = text[..colon].trim_end();
        let number = before.get(before.len().checked_sub(3)?..)?;
        let label = before[..before.len() - 3].strip_suffix([' ', '\u{a0}'])?;
        let code = text[colon + 1..].trim_start().split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        let word = label.rsplit(|c: char| !c.is_alphabetic()).next()?;
        // In English any word is a code; elsewhere a code is told by its underscore from a word of the language.
        let is_code = word == "Error" && !code.is_empty() || !word.is_empty() && is_snake_case(code);
        let is_number = number.bytes().all(|b| b.is_ascii_digit()) && number.starts_with(['4', '5']);
        let is_talked_about = is_talked_about(text[colon + 1..].trim_start().strip_prefix(code)?);
        (is_code && is_number).then(|| Numbered { at: label.len() - word.len(), number, code, is_talked_about })
    })
}

fn is_snake_case(code: &str) -> bool {
    code.contains('_') && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_read_in_any_language_and_no_other_number_is() {
        for (text, number, code) in [
            ("Access blocked Error 400: redirect_uri_mismatch x", "400", "redirect_uri_mismatch"),
            ("Zugriff blockiert Fehler 400: redirect_uri_mismatch", "400", "redirect_uri_mismatch"),
            ("Erreur 401\u{a0}: invalid_client", "401", "invalid_client"),
            ("エラー 403: org_internal", "403", "org_internal"),
            ("Error 403: policy", "403", "policy"),
        ] {
            let found = find(text).unwrap();
            assert_eq!((found.number, found.code), (number, code), "{text}");
        }
        assert_eq!(find("Ein Fehler 400: invalid_scope").unwrap().at, 4);
        for text in
            ["at 10:400: x_y", "Fehler 400: nicht gefunden", "Zeile 123: foo_bar", "400: x_y", ":", "ä4: a_b", ""]
        {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
