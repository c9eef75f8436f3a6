//! Owns the last door before the screen: what was sent or given as a secret is printed nowhere, whoever repeats it.
//!
//! Refuses short words, which would be found in any text.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::{Console, clean};
use crate::text::{REDACTED, spellings};

/// No secret of a service is shorter (bytes).
const SHORTEST: usize = 12;

/// What is not to be printed.
#[derive(Default)]
pub(super) struct Withheld(Mutex<Vec<Zeroizing<String>>>);

impl Withheld {
    fn add(&self, secret: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if secret.len() >= SHORTEST && !all.iter().any(|known| known.as_str() == secret) {
            all.extend(spellings(secret));
        }
    }

    fn without<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter(|secret| text.contains(secret.as_str()))
            .fold(text.into(), |text, secret| text.replace(secret.as_str(), REDACTED).into())
    }
}

impl Console {
    /// From now on this is printed nowhere.
    pub fn withhold(&self, secret: &str) {
        self.withheld.add(secret);
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
        assert_eq!(withheld.without("a GOCSPX-abcdefgh,GOCSPX-abcdefgh secret"), "a [redacted],[redacted] secret");
    }
}
