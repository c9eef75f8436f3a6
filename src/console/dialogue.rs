//! Owns what is printed around questions: where the way stands, why an answer is not accepted, what is waited for.
//!
//! Refuses to ask: that is done elsewhere.

use std::io::Write as _;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::document::Document;
use super::waiting::Waiting;
use super::wrap::{columns, cut, margin, room, wrap};
use super::{BOLD, Console, DIM, GREEN, RED, YELLOW};
use crate::diagnosis::Failure;
use crate::finding::State;
use crossterm::cursor::{MoveToColumn, MoveUp};
use crossterm::terminal::{Clear, ClearType};

/// More of an answer would push away what stands above it (columns).
const LONGEST_SHOWN: usize = 500;

/// A question on the screen, which its answer takes away again.
pub struct Asked {
    rows: u16,
    window: Option<(u16, u16)>,
}

impl Console {
    /// A question, and below it what helps to answer it; the answer is typed in the row that follows.
    pub fn question(&self, text: &str, help: &str) -> Asked {
        let text = wrap(&self.safe(text), room(), 2);
        let help = wrap(&self.safe(help), room(), 3);
        let (text, help) = (text.join("\n"), format!("[{}]", help.join("\n")));
        self.err(&format!(
            "{}?{} {}{text}{}",
            GREEN.render(),
            GREEN.render_reset(),
            BOLD.render(),
            BOLD.render_reset()
        ));
        self.err(&format!("  {}{help}{}", DIM.render(), DIM.render_reset()));
        let window = crossterm::terminal::size().ok();
        let width = window.map_or(80, |(width, _)| usize::from(width)).max(1);
        // What does not break, such as a path, takes several rows.
        let rows = |text: &str| text.lines().map(|line| columns(line).div_ceil(width).max(1)).sum::<usize>();
        let rows = rows(&format!("? {text}")) + rows(&format!("  {help}"));
        Asked { rows: u16::try_from(rows).unwrap_or(u16::MAX), window }
    }

    /// The question with its answer, in its place.
    pub fn answered(&self, asked: &Asked, text: &str, answer: &str) {
        let mut screen = std::io::stderr();
        let _ = crossterm::queue!(screen, MoveToColumn(0));
        // In a window of another size the question is on other rows than it was: then it stays.
        let same = asked.window.is_some_and(|(_, height)| asked.rows < height);
        if same && asked.window == crossterm::terminal::size().ok() {
            let _ = crossterm::queue!(screen, MoveUp(asked.rows));
        }
        let _ = crossterm::execute!(screen, Clear(ClearType::FromCursorDown));
        let shown = cut(answer, LONGEST_SHOWN);
        let more = if shown.len() < answer.len() { "..." } else { "" };
        self.labelled("", GREEN, ">", &self.safe(&format!("{text} {shown}{more}")));
    }

    /// A question is drawn from here on: the end has to put the terminal in order.
    pub fn draws(&self) {
        drop(self.screen.to_print());
        self.drew.store(true, Ordering::SeqCst);
    }

    /// The last word was said while other threads go on: from here on whoever prints or asks waits for the process's end.
    pub fn falls_silent(&self) {
        std::mem::forget(self.screen.to_print());
    }

    /// Whether a question was drawn.
    pub fn has_drawn(&self) -> bool {
        self.drew.load(Ordering::SeqCst)
    }

    /// Puts a value on the clipboard of the terminal, also over SSH (OSC 52); a terminal that does not know it ignores it.
    pub fn to_clipboard(&self, value: &str) {
        if self.has_clipboard() {
            let _alone = self.screen.to_print();
            let _ = write!(std::io::stderr(), "\x1b]52;c;{}\x07", STANDARD.encode(value));
        }
    }

    /// Whether that is worth offering: in plain mode nothing is sent that is not text.
    pub fn has_clipboard(&self) -> bool {
        self.is_terminal() && !self.plain
    }

    /// What is known about the way so far, in words, below a heading.
    pub fn progress(&self, line: &str) {
        let line = self.safe(line);
        let (head, text) = margin(&line);
        self.styled(DIM, head, text);
    }

    /// How to go on, should the command be cancelled: one line, usually a command.
    pub fn way_on(&self, line: &str) {
        *self.way_on.lock().unwrap_or_else(PoisonError::into_inner) = Some(line.to_owned());
    }

    /// A line of a plan behind its mark: `+` new, `~` changed, `=` left alone.
    pub fn plan_line(&self, mark: char, what: &str) {
        let style = match mark {
            '+' => GREEN,
            '~' => YELLOW,
            _ => DIM,
        };
        self.labelled("    ", style, &mark.to_string(), &self.safe(what));
    }

    /// A failure that can be mended, unless its finding stands there already.
    pub fn failure(&self, failure: &Failure) {
        let is_shown = |document: &mut Document| document.shows_last(failure);
        if !self.with(is_shown) {
            self.labelled(
                "  ",
                RED,
                State::Fail.word(),
                &format!("{} [{}]", self.safe(&failure.message), failure.code.name()),
            );
            self.hint(&failure.hint());
        }
    }

    /// Why an answer was not accepted.
    pub fn problem(&self, why: &str) {
        self.labelled("  ", YELLOW, "not accepted:", &self.safe(why));
    }

    /// What to watch out for at this place.
    pub fn beware(&self, line: &str) {
        self.labelled("  ", YELLOW, "note:", &self.safe(line));
    }

    /// From here on something is written, which this command undoes.
    pub fn undone_by(&self, command: &str) {
        *self.undo.lock().unwrap_or_else(PoisonError::into_inner) = Some(command.to_owned());
    }

    /// The command that goes on from here, when one is known.
    pub fn go_on(&self) {
        let known = self.way_on.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(command) = known {
            self.say("Go on from here with:");
            self.copyable(&command);
        }
    }

    /// Shows what is being waited for, and for how long, until the value is dropped; what is quick is not shown. Nothing where
    /// nobody looks, one line that stays in plain mode.
    pub fn waiting(&self, what: &str) -> Waiting {
        match (self.is_terminal() && !self.json, self.plain) {
            (false, _) => Waiting::unseen(),
            (true, false) => Waiting::drawn(&self.screen, self.safe(what)),
            (true, true) => Waiting::said(&self.screen, self.safe(what)),
        }
    }

    /// The same for what only a person can end: one line on stderr also where no terminal is, and with JSON on stdout.
    pub fn awaiting(&self, what: &str) -> Waiting {
        if self.is_terminal() && !self.json {
            self.waiting(what)
        } else {
            Waiting::said(&self.screen, format!("{} ...", self.safe(what)))
        }
    }

    /// The same as [`Self::waiting`] for a text that says itself how long, from the first moment on; nothing in plain mode.
    pub fn counting(&self, what: &str) -> Waiting {
        if self.is_terminal() && !self.json && !self.plain {
            Waiting::counted(&self.screen, self.safe(what))
        } else {
            Waiting::unseen()
        }
    }
}

/// Text of ours on the terminal that a question takes away again; nothing ends its last line.
pub fn unfinished_line(text: &str) {
    let mut screen = std::io::stderr();
    let _ = write!(screen, "{text}").and_then(|()| screen.flush());
}
