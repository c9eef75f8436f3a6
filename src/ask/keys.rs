//! Owns single keys: read without enter and without being shown, while Ctrl-C stays what it is.
//!
//! Refuses to leave the terminal changed: what it changes is changed back when the value is dropped.

use std::io;
use std::time::Duration;

use crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyEventKind, KeyModifiers};

use super::{Keyboard, Typed, cancelled};
use crate::diagnosis::{Code, Failure};

/// Characters that follow one another faster than this were pasted: nobody types so.
const BURST: Duration = Duration::from_millis(15);

/// Turns the echo off until the program ends: what is typed or pasted before its question is there could be a secret.
pub fn hide_what_is_typed() {
    #[cfg(unix)]
    if let Ok(mut now) = rustix::termios::tcgetattr(io::stdin())
        && now.local_modes.contains(rustix::termios::LocalModes::ECHO)
    {
        now.local_modes.remove(rustix::termios::LocalModes::ECHO);
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &now);
    }
}

/// The keyboard of the terminal; lines are not edited and nothing is echoed while it lives.
pub struct Keys {
    #[cfg(unix)]
    before: rustix::termios::Termios,
}

impl Keys {
    /// Takes it.
    ///
    /// # Errors
    /// That stdin is no terminal.
    pub fn take() -> Result<Self, Failure> {
        Self::open().map_err(gone)
    }

    #[cfg(unix)]
    fn open() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut now = before.clone();
        // Signals stay on, so that Ctrl-C is the same here as everywhere.
        now.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &now)?;
        let _ = crossterm::execute!(io::stderr(), EnableBracketedPaste);
        Ok(Self { before })
    }

    #[cfg(not(unix))]
    fn open() -> io::Result<Self> {
        crossterm::terminal::enable_raw_mode()?;
        Ok(Self {})
    }

    fn read(&mut self, limit: Duration) -> io::Result<Option<Read>> {
        if !event::poll(limit)? {
            return Ok(None);
        }
        Ok(Some(match event::read()? {
            Event::Paste(text) => Read::Text(text),
            Event::Key(key) if key.kind == KeyEventKind::Press => match key.code {
                KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => Read::Interrupt,
                KeyCode::Char(c) => Read::Char(c),
                KeyCode::Enter => Read::Char('\n'),
                KeyCode::Esc => Read::Escape,
                _ => Read::Nothing,
            },
            _ => Read::Nothing,
        }))
    }
}

enum Read {
    Char(char),
    Text(String),
    Escape,
    Interrupt,
    Nothing,
}

impl Keyboard for Keys {
    fn next(&mut self, limit: Duration) -> Result<Option<Typed>, Failure> {
        let first = match self.read(limit).map_err(gone)? {
            None | Some(Read::Nothing) => return Ok(None),
            Some(Read::Interrupt) => return Err(cancelled()),
            Some(Read::Escape) => return Ok(Some(Typed::Escape)),
            Some(Read::Text(text)) => return Ok(Some(Typed::Pasted(text))),
            Some(Read::Char(first)) => first,
        };
        // A terminal that does not mark a paste sends it as keys, all at once.
        let mut text = String::from(first);
        while let Some(more) = self.read(BURST).map_err(gone)? {
            match more {
                Read::Char(c) => text.push(c),
                Read::Text(pasted) => text.push_str(&pasted),
                Read::Interrupt => return Err(cancelled()),
                Read::Escape | Read::Nothing => break,
            }
        }
        let mut keys = text.chars();
        Ok(Some(match (keys.next(), keys.next()) {
            (Some(only), None) => Typed::Key(only.to_ascii_lowercase()),
            _ => Typed::Pasted(text),
        }))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        #[cfg(unix)]
        {
            let _ = crossterm::execute!(io::stderr(), DisableBracketedPaste);
            let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, &self.before);
        }
        #[cfg(not(unix))]
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

pub(super) fn gone(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => cancelled(),
        _ => Failure::new(Code::InputMissing, format!("the terminal cannot be asked: {error}")),
    }
}
