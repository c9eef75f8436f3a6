//! Owns the judgement of one answer: a query, or a pasted address, against the one expected `state`.
//!
//! The listener and the paste go through [`read_query`]. Refuses to act on anything before `state` is right, and to carry
//! any of the text it was given in a refusal. It opens no socket.

use super::redirect_uri;
use crate::secret::Secret;
use url::form_urlencoded;

/// A pasted text longer than this is not looked at (bytes); the listener has the same limit for its request target.
pub(super) const QUERY_LIMIT: usize = 8 * 1024;

/// The parameters of the right answer, decoded. Apart from `code` they are foreign text: escape before showing.
#[derive(Debug)]
pub struct Callback {
    /// The authorization code; exactly one of `code` and `error` is there.
    pub code: Option<Secret>,
    /// The error code (RFC 6749, 4.1.2.1).
    pub error: Option<String>,
    /// What the server says about the error.
    pub error_description: Option<String>,
    /// The issuer (RFC 9207); the caller compares it.
    pub iss: Option<String>,
    /// The scopes granted, as Google sends them.
    pub scope: Option<String>,
}

/// Why a query is not the answer waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    MissingState,
    WrongState,
    Repeated,
    Both,
    Neither,
}

/// Why a pasted text was not taken; the wait goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasteRefused {
    /// Nothing but white space.
    #[error("nothing was pasted")]
    Nothing,
    /// A code alone: without `state` nobody can tell whose login it belongs to.
    #[error("that is a code alone: paste the whole address of the page, from http to the end")]
    BareCode,
    /// An address, but not the one the browser is sent back to.
    #[error("that is not the address that this login comes back to")]
    OtherAddress,
    /// No `state` in it.
    #[error("the address has no state in it: paste all of it")]
    MissingState,
    /// The `state` of another login.
    #[error("the address belongs to another login")]
    WrongState,
    /// A parameter is there twice.
    #[error("a parameter is in the address more than once")]
    Repeated,
    /// Both a code and an error.
    #[error("the address has both a code and an error in it")]
    Both,
    /// Neither a code nor an error.
    #[error("the address has neither a code nor an error in it")]
    Neither,
    /// Longer than any real answer.
    #[error("the text is too long to be the address")]
    TooLong,
    /// The one answer is already there, or nobody waits any more.
    #[error("this login has already been answered")]
    Over,
}

impl From<Refusal> for PasteRefused {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::MissingState => Self::MissingState,
            Refusal::WrongState => Self::WrongState,
            Refusal::Repeated => Self::Repeated,
            Refusal::Both => Self::Both,
            Refusal::Neither => Self::Neither,
        }
    }
}

/// Reads the query of a callback. `state` is judged before anything else is looked at.
pub(super) fn read_query(query: &str, expected: &Secret) -> Result<Callback, Refusal> {
    let state = single(query, "state")?.ok_or(Refusal::MissingState)?;
    if expected.is_empty() || !Secret::new(state).same_as(expected) {
        return Err(Refusal::WrongState);
    }
    let found = Callback {
        code: single(query, "code")?.map(Secret::new),
        error: single(query, "error")?,
        error_description: single(query, "error_description")?,
        iss: single(query, "iss")?,
        scope: single(query, "scope")?,
    };
    match (&found.code, &found.error) {
        (Some(_), Some(_)) => Err(Refusal::Both),
        (None, None) => Err(Refusal::Neither),
        _ => Ok(found),
    }
}

/// Whether the right `state` is among those of a query.
pub(super) fn has_state(query: &str, expected: &Secret) -> bool {
    let mut states = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "state");
    !expected.is_empty() && states.any(|(_, value)| Secret::new(value.into_owned()).same_as(expected))
}

/// Reads what a person pasted: the address of the final page, or its query. A bare code is refused.
pub(super) fn read_paste(text: &str, port: u16, expected: &Secret) -> Result<Callback, PasteRefused> {
    let text = unwrapped(text);
    if text.is_empty() {
        return Err(PasteRefused::Nothing);
    }
    if text.len() > QUERY_LIMIT {
        return Err(PasteRefused::TooLong);
    }
    let text = text.split_once('#').map_or(text, |(before, _)| before);
    let query = if has_scheme(text) {
        // Compared as text: an address that merely means the same place was not written by our browser.
        match text.strip_prefix(redirect_uri(port).as_str()) {
            Some("") => "",
            Some(rest) => rest.strip_prefix('?').ok_or(PasteRefused::OtherAddress)?,
            None => return Err(PasteRefused::OtherAddress),
        }
    } else {
        let query = text.strip_prefix('?').unwrap_or(text);
        let names = ["code", "state", "error"];
        if !form_urlencoded::parse(query.as_bytes()).any(|(name, value)| names.contains(&&*name) && !value.is_empty()) {
            return Err(PasteRefused::BareCode);
        }
        query
    };
    Ok(read_query(query, expected)?)
}

/// The one value of a parameter; without a value it counts as left out (RFC 6749, 3.1), twice is refused.
fn single(query: &str, name: &str) -> Result<Option<String>, Refusal> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name).map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() {
        return Err(Refusal::Repeated);
    }
    Ok(first.filter(|value| !value.is_empty()).map(|value| value.into_owned()))
}

/// Drops white space and one pair of quotes or angle brackets around the text.
fn unwrapped(text: &str) -> &str {
    let text = text.trim();
    [('"', '"'), ('\'', '\''), ('<', '>')]
        .iter()
        .find_map(|&(open, close)| text.strip_prefix(open)?.strip_suffix(close))
        .map_or(text, str::trim)
}

fn has_scheme(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &str = "right-state";
    const PORT: u16 = 18917;

    fn query(text: &str) -> Result<Callback, Refusal> {
        read_query(text, &Secret::new(STATE.into()))
    }

    fn paste(text: &str) -> Result<Callback, PasteRefused> {
        read_paste(text, PORT, &Secret::new(STATE.into()))
    }

    #[test]
    fn the_right_answer_is_read_and_decoded() {
        let found = query("code=4%2F0A+b&state=right-state&iss=https%3A%2F%2Fa.example%2F&scope=openid+email").unwrap();
        assert_eq!(found.code.unwrap().expose(), "4/0A b");
        assert_eq!(found.iss.as_deref(), Some("https://a.example/"));
        assert_eq!(found.scope.as_deref(), Some("openid email"));
        let denied = query("error=access_denied&error_description=No&state=right-state").unwrap();
        assert_eq!((denied.error.as_deref(), denied.error_description.as_deref()), (Some("access_denied"), Some("No")));
    }

    #[test]
    fn state_is_judged_before_everything_else() {
        for (text, reason) in [
            ("", Refusal::MissingState),
            ("code=a", Refusal::MissingState),
            ("code=a&state=", Refusal::MissingState),
            ("error=access_denied", Refusal::MissingState),
            ("code=a&code=b&state=no", Refusal::WrongState),
            ("error=access_denied&state=right-stat", Refusal::WrongState),
            ("code=a&state=Right-state", Refusal::WrongState),
            ("code=a&state=right-state&state=right-state", Refusal::Repeated),
            ("code=a&state=right-state&state=", Refusal::Repeated),
            ("code=a&code=a&state=right-state", Refusal::Repeated),
            ("error=a&error=a&state=right-state", Refusal::Repeated),
            ("code=a&iss=a&iss=b&state=right-state", Refusal::Repeated),
            ("code=a&error=b&state=right-state", Refusal::Both),
            ("state=right-state", Refusal::Neither),
            ("code=&state=right-state", Refusal::Neither),
        ] {
            assert_eq!(query(text).unwrap_err(), reason, "{text}");
        }
    }

    #[test]
    fn an_empty_expectation_never_matches() {
        assert_eq!(read_query("code=a&state=", &Secret::new(String::new())).unwrap_err(), Refusal::MissingState);
        assert_eq!(read_query("code=a&state=x", &Secret::new(String::new())).unwrap_err(), Refusal::WrongState);
    }

    #[test]
    fn the_address_or_its_query_can_be_pasted() {
        for text in [
            "http://127.0.0.1:18917/callback?code=abc&state=right-state",
            "  \"http://127.0.0.1:18917/callback?code=abc&state=right-state\" \r\n",
            "'http://127.0.0.1:18917/callback?state=right-state&code=abc'",
            "<http://127.0.0.1:18917/callback?state=right-state&code=abc#_=_>",
            "?code=abc&state=right-state",
            "code=abc&state=right-state&iss=https://a.example/#_=_",
        ] {
            assert_eq!(paste(text).unwrap().code.unwrap().expose(), "abc", "{text}");
        }
    }

    #[test]
    fn other_pastes_are_refused_with_the_reason() {
        for (text, reason) in [
            ("", PasteRefused::Nothing),
            (" \" \" ", PasteRefused::Nothing),
            ("4/0AeanS0b-code", PasteRefused::BareCode),
            ("YWJj==", PasteRefused::BareCode),
            ("?", PasteRefused::BareCode),
            ("https://127.0.0.1:18917/callback?code=a&state=right-state", PasteRefused::OtherAddress),
            ("http://localhost:18917/callback?code=a&state=right-state", PasteRefused::OtherAddress),
            ("http://127.1:18917/callback?code=a&state=right-state", PasteRefused::OtherAddress),
            ("http://127.0.0.1:18918/callback?code=a&state=right-state", PasteRefused::OtherAddress),
            ("http://127.0.0.1:18917/callback/?code=a&state=right-state", PasteRefused::OtherAddress),
            ("http://127.0.0.1:18917/callbackx?code=a&state=right-state", PasteRefused::OtherAddress),
            ("http://u@127.0.0.1:18917/callback?code=a&state=right-state", PasteRefused::OtherAddress),
            ("http://127.0.0.1:18917/callback", PasteRefused::MissingState),
            ("code=abc", PasteRefused::MissingState),
            ("code=abc&state=other", PasteRefused::WrongState),
            ("error=access_denied&state=other", PasteRefused::WrongState),
            ("code=a&code=b&state=right-state", PasteRefused::Repeated),
            ("code=a&error=b&state=right-state", PasteRefused::Both),
            ("?state=right-state", PasteRefused::Neither),
        ] {
            assert_eq!(paste(text).unwrap_err(), reason, "{text}");
        }
        assert_eq!(paste(&"a".repeat(QUERY_LIMIT + 1)).unwrap_err(), PasteRefused::TooLong);
    }
}
