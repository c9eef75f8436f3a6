//! Owns single keys: read without enter and without being shown, while Ctrl-C stays what it is.
//!
//! Refuses to leave the terminal changed: what it changes is changed back when the value is dropped. On Unix the bytes are read
//! here: a library that waits for an event in a terminal that went away waits for ever.

#[cfg(unix)]
mod bytes;
#[cfg(not(unix))]
mod events;

use std::io;
use std::time::Duration;

#[cfg(unix)]
use bytes::Source;
#[cfg(not(unix))]
use events::Source;

use super::{Keyboard, Typed};
use crate::diagnosis::{Code, Failure};

/// Characters that follow one another faster than this were pasted: nobody types so.
const BURST: Duration = Duration::from_millis(15);

/// One thing that the keyboard did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Press {
    Char(char),
    Pasted(String),
    Enter,
    Escape,
    Left,
    Right,
    Home,
    End,
    Backspace,
    Delete,
    /// With the control key, in lower case.
    Control(char),
    /// A key that means nothing here.
    Other,
}

/// The keyboard of the terminal; lines are not edited and nothing is echoed while it lives.
pub struct Keys(Source);

/// Turns the echo on or off. Off is for the whole of a dialogue, but while a line is asked for that may be seen: what is typed
/// or pasted before its question is there could be a secret.
pub fn show_what_is_typed(shown: bool) {
    #[cfg(unix)]
    bytes::echo(shown);
    #[cfg(not(unix))]
    let _ = shown;
}

impl Keys {
    /// Takes it.
    ///
    /// # Errors
    /// That stdin is no terminal.
    pub fn take() -> Result<Self, Failure> {
        Source::open().map(Self).map_err(gone)
    }

    /// What came within that time.
    ///
    /// # Errors
    /// `cancelled`, also when the terminal went away.
    pub(super) fn press(&mut self, limit: Duration) -> Result<Option<Press>, Failure> {
        match self.0.press(limit).map_err(gone)? {
            Some(Press::Control('c')) => Err(Failure::cancelled()),
            press => Ok(press),
        }
    }
}

impl Keyboard for Keys {
    fn next(&mut self, limit: Duration) -> Result<Option<Typed>, Failure> {
        let first = match self.press(limit)? {
            Some(Press::Char(c)) => c,
            Some(Press::Enter) => '\n',
            Some(Press::Backspace) => '\u{8}',
            Some(Press::Escape) => return Ok(Some(Typed::Escape)),
            Some(Press::Control('d')) => return Err(Failure::cancelled()),
            // A paste that is marked as one does not press enter.
            Some(Press::Pasted(text)) => return Ok(Some(Typed::Pasted(text.trim_end().to_owned()))),
            _ => return Ok(None),
        };
        // A terminal that does not mark a paste sends it as keys, all at once.
        let mut text = String::from(first);
        loop {
            match self.press(BURST)? {
                Some(Press::Char(c)) => text.push(c),
                Some(Press::Enter) => text.push('\n'),
                Some(Press::Pasted(pasted)) => text.push_str(&pasted),
                _ => break,
            }
        }
        let mut keys = text.chars();
        Ok(Some(match (keys.next(), keys.next()) {
            (Some(only), None) => Typed::Key(only.to_ascii_lowercase()),
            _ => Typed::Pasted(text),
        }))
    }
}

/// Names what the terminal said.
pub(super) fn gone(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => Failure::cancelled(),
        // EIO: the terminal was closed.
        _ if error.raw_os_error() == Some(5) && cfg!(unix) => Failure::cancelled(),
        _ => Failure::new(Code::InputMissing, format!("the terminal cannot be asked: {error}")),
    }
}
