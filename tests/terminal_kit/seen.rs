//! Owns what a person sees: the bytes of a program as a terminal of that size shows them, lines that scrolled away included.

use std::num::NonZeroU16;

/// More lines than any dialogue has.
const SCROLLBACK: usize = 5000;

/// A terminal that is only looked at.
pub struct Seen {
    parser: vt100::Parser,
    columns: u16,
}

impl Seen {
    pub fn new(rows: u16, columns: u16) -> Self {
        let size = |n| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
        // A program that is told of no size writes as if there was room.
        let (rows, columns) = (if rows == 0 { 24 } else { rows }, if columns == 0 { 80 } else { columns });
        Self { parser: vt100::Parser::new(size(rows), size(columns), SCROLLBACK), columns }
    }

    /// Shows more.
    pub fn show(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
    }

    /// The lines of the window, each without the white space at its end.
    pub fn window(&mut self) -> Vec<String> {
        self.parser.screen_mut().set_scrollback(0);
        self.parser.screen().rows(0, self.columns).map(|row| row.trim_end().to_owned()).collect()
    }

    /// Every line from the first on, as somebody who scrolls up reads them.
    pub fn whole(&mut self) -> String {
        let above = self.parser.screen().scrollback_len();
        let mut lines = Vec::new();
        for back in (1..=above).rev() {
            self.parser.screen_mut().set_scrollback(back);
            lines.extend(self.parser.screen().rows(0, self.columns).next().map(|row| row.trim_end().to_owned()));
        }
        lines.extend(self.window());
        lines.join("\n").trim_end().to_owned()
    }

    pub fn cursor_is_shown(&self) -> bool {
        !self.parser.screen().hide_cursor()
    }

    /// Whether the terminal marks what is pasted: the shell after the program did not ask for that.
    pub fn marks_pastes(&self) -> bool {
        self.parser.screen().bracketed_paste()
    }
}
