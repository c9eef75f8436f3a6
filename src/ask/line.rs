//! Owns one line that is typed: its editing, and one row on the screen however long it is.
//!
//! Refuses to show what must not be seen, and to hand a control character to the screen.

use std::io;
use std::time::Duration;

use crossterm::cursor::{MoveToColumn, Show};
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType};
use zeroize::Zeroizing;

use super::keys::{Keys, Press};
use crate::console::{one_row, unfinished_line};
use crate::diagnosis::Failure;
use crate::text::unsafe_to_show;

/// A person does not type faster.
const AT_ONCE: Duration = Duration::from_millis(8);
/// More is no answer to any question (characters).
const LONGEST: usize = 8192;

/// A line while it is typed.
pub(super) struct Line {
    text: Zeroizing<Vec<char>>,
    at: usize,
}

impl Default for Line {
    /// With room for all that it takes, so that growing leaves no copy behind.
    fn default() -> Self {
        Self { text: Zeroizing::new(Vec::with_capacity(LONGEST)), at: 0 }
    }
}

impl Line {
    /// Edits until enter. `shown` says what stands on the screen for a text.
    pub(super) fn edit(mut self, shown: &dyn Fn(&str) -> Option<String>) -> Result<Zeroizing<String>, Failure> {
        let mut keys = Keys::take()?;
        loop {
            self.draw(shown);
            let mut next = keys.press(Duration::from_secs(3600))?;
            // What comes at once is drawn at once: a secret is not shown as long as it could still be something else.
            while let Some(press) = next {
                match press {
                    Press::Enter => {
                        self.draw(shown);
                        return Ok(self.whole());
                    }
                    Press::Escape => return Err(Failure::cancelled()),
                    Press::Control('d') if self.text.is_empty() => return Err(Failure::cancelled()),
                    press => self.press(&press),
                }
                next = keys.press(AT_ONCE)?;
            }
        }
    }

    fn whole(&self) -> Zeroizing<String> {
        let mut whole = Zeroizing::new(String::with_capacity(self.text.iter().map(|c| c.len_utf8()).sum()));
        whole.extend(self.text.iter());
        whole
    }

    fn press(&mut self, press: &Press) {
        match press {
            Press::Char(c) => self.insert(&c.to_string()),
            Press::Pasted(text) => self.insert(text.trim()),
            Press::Left | Press::Control('b') => self.at = self.at.saturating_sub(1),
            Press::Right | Press::Control('f') => self.at = (self.at + 1).min(self.text.len()),
            Press::Home | Press::Control('a') => self.at = 0,
            Press::End | Press::Control('e') => self.at = self.text.len(),
            Press::Backspace | Press::Control('h') if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.at);
            }
            Press::Delete | Press::Control('d') if self.at < self.text.len() => drop(self.text.remove(self.at)),
            Press::Control('u') => {
                self.text.drain(..self.at);
                self.at = 0;
            }
            Press::Control('k') => self.text.truncate(self.at),
            Press::Control('w') => {
                let before = self.text.get(..self.at).unwrap_or_default();
                let spaces = before.iter().rev().take_while(|c| c.is_whitespace()).count();
                let word = before.iter().rev().skip(spaces).take_while(|c| !c.is_whitespace()).count();
                let from = self.at - spaces - word;
                self.text.drain(from..self.at);
                self.at = from;
            }
            _ => {}
        }
    }

    /// What no value has becomes a mark that no value has: it is refused with a reason instead of vanishing.
    fn insert(&mut self, text: &str) {
        for c in text.chars() {
            if self.text.len() >= LONGEST {
                return;
            }
            let c = match c {
                '\n' | '\r' | '\t' => ' ',
                c if unsafe_to_show(c) => '\u{fffd}',
                c => c,
            };
            self.text.insert(self.at, c);
            self.at += 1;
        }
    }

    fn draw(&self, shown: &dyn Fn(&str) -> Option<String>) {
        let text = self.whole();
        let (row, column) = match shown(&text) {
            Some(instead) => one_row(&instead, instead.len()),
            None => {
                let before: usize = self.text.iter().take(self.at).map(|c| c.len_utf8()).sum();
                one_row(&text, before)
            }
        };
        let mut screen = io::stderr();
        let _ = queue!(screen, MoveToColumn(0), Clear(ClearType::UntilNewLine));
        unfinished_line(&format!("> {row}"));
        let _ = crossterm::execute!(screen, MoveToColumn(column.saturating_add(2)), Show);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(presses: &[Press]) -> (String, usize) {
        let mut line = Line::default();
        line.insert("one two");
        presses.iter().for_each(|press| line.press(press));
        (line.whole().to_string(), line.at)
    }

    #[test]
    fn a_line_is_edited_as_in_a_shell() {
        use Press::{Backspace, Char, Control, Delete, End, Home, Left, Pasted};
        for (presses, text, at) in [
            (&[Char('!')][..], "one two!", 8),
            (&[Control('u'), Pasted(" new\n ".into())], "new", 3),
            (&[Control('w'), Control('w')], "", 0),
            (&[Control('a'), Control('k')], "", 0),
            (&[Home, Delete, Delete], "e two", 0),
            (&[Left, Backspace, End], "one to", 6),
            (&[Pasted("a\u{1b}[2Jb\nc".into())], "one twoa\u{fffd}[2Jb c", 15),
            (&[Control('z'), Control('l'), Press::Other], "one two", 7),
        ] {
            assert_eq!(after(presses), (text.to_owned(), at), "{presses:?}");
        }
    }
}
