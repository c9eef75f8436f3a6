//! Owns the keyboard of a Windows console, by crossterm's events.

use std::io;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use super::Press;

/// The console.
pub struct Source;

impl Source {
    pub fn open() -> io::Result<Self> {
        crossterm::terminal::enable_raw_mode()?;
        Ok(Self)
    }

    pub fn press(&mut self, limit: Duration) -> io::Result<Option<Press>> {
        if !event::poll(limit)? {
            return Ok(None);
        }
        Ok(Some(match event::read()? {
            Event::Paste(text) => Press::Pasted(text),
            Event::Key(key) if key.kind == KeyEventKind::Press => match key.code {
                KeyCode::Char(c) if key.modifiers == KeyModifiers::CONTROL => Press::Control(c.to_ascii_lowercase()),
                KeyCode::Char(c) => Press::Char(c),
                KeyCode::Enter => Press::Enter,
                KeyCode::Esc => Press::Escape,
                KeyCode::Left => Press::Left,
                KeyCode::Right => Press::Right,
                KeyCode::Home => Press::Home,
                KeyCode::End => Press::End,
                KeyCode::Backspace => Press::Backspace,
                KeyCode::Delete => Press::Delete,
                _ => Press::Other,
            },
            _ => Press::Other,
        }))
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        let _ = crossterm::terminal::disable_raw_mode();
    }
}
