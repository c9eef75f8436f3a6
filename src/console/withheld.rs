//! Owns the last door before the screen: what was sent or given as a secret is printed nowhere, whoever repeats it.
//!
//! Refuses short words, which would be found in any text.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::{Console, clean};
use crate::text::{REDACTED, spellings, unsafe_to_show};

/// No secret of a service is shorter (bytes).
const SHORTEST: usize = 12;

/// What is not to be printed.
#[derive(Default)]
pub(super) struct Withheld(Mutex<Vec<One>>);

struct One {
    secret: Zeroizing<String>,
    spellings: Vec<Zeroizing<String>>,
}

impl Withheld {
    fn add(&self, secret: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if secret.len() >= SHORTEST && !all.iter().any(|known| known.secret.as_str() == secret) {
            all.push(One { secret: Zeroizing::new(secret.to_owned()), spellings: spellings(secret) });
        }
    }

    fn without<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = all
            .iter()
            .flat_map(|one| &one.spellings)
            .filter(|spelling| text.contains(spelling.as_str()))
            .fold(Cow::from(text), |text, spelling| text.replace(spelling.as_str(), REDACTED).into());
        all.iter().fold(whole, |text, one| without_broken(&text, &one.secret).map_or(text, Cow::from))
    }
}

/// A text without a secret that somebody broke, in two lines for instance; none where there is no such.
fn without_broken(text: &str, secret: &str) -> Option<String> {
    let kept = || text.char_indices().filter(|(_, c)| !c.is_whitespace() && !unsafe_to_show(*c));
    let joined = Zeroizing::new(kept().map(|(_, c)| c).collect::<String>());
    if !joined.contains(secret) {
        return None;
    }
    // Where each byte of the joined text stands in the other one.
    let places: Vec<usize> = kept().flat_map(|(at, c)| at..at + c.len_utf8()).collect();
    let (mut clean, mut from) = (String::with_capacity(text.len()), 0);
    for (at, _) in joined.match_indices(secret) {
        let (Some(first), Some(last)) = (places.get(at), places.get(at + secret.len() - 1)) else { continue };
        clean.extend([&text[from..*first], REDACTED]);
        from = last + 1;
    }
    clean.push_str(&text[from..]);
    Some(clean)
}

impl Console {
    /// From now on this is printed nowhere.
    pub fn withhold(&self, secret: &str) {
        self.withheld.add(secret);
    }

    /// Whether something that is withheld stands in a text.
    pub fn withholds_of(&self, text: &str) -> bool {
        self.withheld.without(text) != text
    }

    /// A result or a document without what is withheld.
    pub(super) fn open_part<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.withheld.without(text)
    }

    /// Text that may be shown: without what is withheld, and unable to harm a terminal.
    pub fn safe(&self, text: &str) -> String {
        clean(&self.withheld.without(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_withheld_is_replaced_wherever_it_stands_and_a_short_word_is_not() {
        let withheld = Withheld::default();
        assert!(matches!(withheld.without("GOCSPX-abcdefgh"), Cow::Borrowed(_)));
        for secret in ["GOCSPX-abcdefgh", "GOCSPX-abcdefgh", "secret", ""] {
            withheld.add(secret);
        }
        for spelling in ["R09DU1BYLWFiY2RlZmdo", "474f435350582d6162636465666768", "474F435350582D6162636465666768"] {
            assert_eq!(withheld.without(spelling), "[redacted]");
        }
        for text in ["ä GOCSPX-ab cdefgh.", "ä GOCSPX-abcd\nefgh.", "ä G\u{200b}OCSPX-abcdefg\u{200b} h."] {
            assert_eq!(withheld.without(text), "ä [redacted].");
        }
        assert_eq!(withheld.without("a GOCSPX-abcdefgh,GOCSPX-abcdefgh secret"), "a [redacted],[redacted] secret");
    }
}
