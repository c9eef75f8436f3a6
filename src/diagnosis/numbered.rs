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

/// The first of them: `Error 400: invalid_scope`, `Fehler 400: invalid_scope`, `Erreur 400 : invalid_scope`,
/// `错误 400：invalid_scope`, `400 오류: invalid_scope`.
pub fn find(text: &str) -> Option<Numbered<'_>> {
    text.match_indices([':', '\u{ff1a}']).find_map(|(colon, sign)| {
        let after = text[colon + sign.len()..].trim_start();
        let code = after.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        let (at, word, number) = labelled(text[..colon].trim_end())?;
        // In English any word is a code; elsewhere a code is told by its underscore from a word of the language.
        let is_code = word == "Error" && !code.is_empty() || is_snake_case(code);
        let is_number = number.bytes().all(|b| b.is_ascii_digit()) && number.starts_with(['4', '5']);
        if !is_code || !is_number {
            return None;
        }
        let is_talked_about = is_talked_about(after.strip_prefix(code)?);
        Some(Numbered { at, number, code, is_talked_about })
    })
}

/// The word for error and the number at the end of a text, in either order, and where they begin.
fn labelled(text: &str) -> Option<(usize, &str, &str)> {
    // No label is longer, and a text without spaces is not to be searched from each colon to its beginning.
    let from = (text.len().saturating_sub(LABEL)..text.len()).find(|at| text.is_char_boundary(*at))?;
    let tail = &text[from..];
    let end = tail.rsplit([' ', '\u{a0}']).next()?;
    let before = tail[..tail.len() - end.len()].trim_end_matches([' ', '\u{a0}']);
    if end.len() == 3 && end.is_ascii() {
        let word = before.rsplit(|c: char| !c.is_alphabetic()).next().filter(|word| !word.is_empty())?;
        return Some((from + before.len() - word.len(), word, end));
    }
    let number = before.get(before.len().checked_sub(3)?..)?;
    let stands_alone = !before[..before.len() - 3].ends_with(|c: char| c.is_alphanumeric() || c == '.' || c == ':');
    let is_word = !end.is_empty() && end.chars().all(char::is_alphabetic);
    (is_word && stands_alone).then_some((from + before.len() - 3, end, number))
}

/// The longest label (bytes).
const LABEL: usize = 64;

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
            ("错误 400：redirect_uri_mismatch", "400", "redirect_uri_mismatch"),
            ("400 오류: redirect_uri_mismatch", "400", "redirect_uri_mismatch"),
            ("접근이 차단됨. 403\u{a0}오류: org_internal", "403", "org_internal"),
        ] {
            let found = find(text).unwrap();
            assert_eq!((found.number, found.code), (number, code), "{text}");
        }
        assert_eq!(find("Ein Fehler 400: invalid_scope").unwrap().at, 4);
        for text in [
            "at 10:400: x_y",
            "line 1400 of: x_y",
            "10:400 word: x_y",
            "12.400 Leute: x_y",
            "Fehler 400: nicht gefunden",
            "Zeile 123: foo_bar",
            "400: x_y",
            ":",
            "ä4: a_b",
            "",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
