//! Owns how a person answers the questions: waits until one is there and the keyboard is its own, then moves, types, chooses.

use super::Terminal;
use crate::outside::PATIENCE;
use std::time::{Duration, Instant};

pub const CTRL_C: &str = "\u{3}";
pub const ESCAPE: &str = "\u{1b}";
const DOWN: &str = "\u{1b}[B";

/// What is done at one place of the dialogue.
#[derive(Clone, Debug, PartialEq)]
pub enum Do {
    /// An item of a list.
    Choose(&'static str, String),
    /// Items of a list that takes several: each is ticked, unless it is already.
    Tick(&'static str, Vec<String>),
    /// A line, shown or not.
    Line(&'static str, String),
    /// A page or a value to copy, which this key leaves.
    Key(String, &'static str),
}

impl Do {
    /// The question, or what the keys are offered for.
    pub fn question(&self) -> &str {
        match self {
            Self::Choose(question, _) | Self::Tick(question, _) | Self::Line(question, _) => question,
            Self::Key(what, _) => what,
        }
    }
}

impl Terminal {
    /// Waits until the question is drawn as a whole and keys belong to it.
    pub fn asked(&mut self, question: &str) {
        self.sees(&format!("? {question}"));
        self.sees("Esc leaves]");
        self.wait_until_hidden();
    }

    /// Waits until the keys are offered, the first of which does this.
    pub fn offers(&mut self, what: &str) {
        self.sees(&format!("[enter] {what}"));
        self.sees("[esc] leave");
        self.wait_until_hidden();
    }

    /// Waits until it is this question's turn.
    pub fn reach(&mut self, what: &Do) {
        match what {
            Do::Key(does, _) => self.offers(does),
            Do::Line(question, _) => {
                self.asked(question);
                // The row that is typed in.
                self.sees(">");
            }
            _ => self.asked(what.question()),
        }
    }

    /// Waits for a question and answers it.
    pub fn does(&mut self, what: &Do) {
        self.reach(what);
        self.does_here(what);
    }

    /// Answers a question that was waited for.
    pub fn does_here(&mut self, what: &Do) {
        match what {
            Do::Choose(_, item) => {
                self.point_at(item);
                self.press("\r");
            }
            Do::Tick(_, items) => {
                for item in items {
                    self.point_at(item);
                    if !self.pointed_at().starts_with("> [x]") {
                        self.switch();
                    }
                }
                self.press("\r");
            }
            Do::Line(_, text) => self.line(text),
            Do::Key(_, key) => return self.press(key),
        }
        // In a narrow window the rest of a long question stands there from before and is not drawn anew.
        self.sees(&format!("> {}", what.question().chars().take(24).collect::<String>()));
    }

    /// A line, shown or not.
    pub fn answer(&mut self, question: &'static str, text: &str) {
        self.does(&Do::Line(question, text.to_owned()));
    }

    /// A line that is not accepted, with the reason.
    pub fn refused(&mut self, question: &'static str, text: &str, why: &str) {
        self.answer(question, text);
        self.sees(&format!("not accepted: {why}"));
    }

    /// An item of a list, by the arrow keys.
    pub fn choose(&mut self, question: &'static str, item: &str) {
        self.does(&Do::Choose(question, item.to_owned()));
    }

    /// Switches the item at the pointer on or off.
    pub fn switch(&mut self) {
        let before = self.pointed_at();
        self.press(" ");
        self.wait_until("the item is switched", |pointed| pointed != before);
    }

    /// Waits until the pointer stands at an item, as when a search has left it alone.
    pub fn waits_for_pointer(&self, item: &str) {
        self.wait_until("the item is found", |pointed| pointed.contains(item));
    }

    /// One item further.
    pub fn down(&mut self) {
        let before = self.pointed_at();
        self.press(DOWN);
        self.wait_until("the pointer moves", |now| now != before);
    }

    /// Ticks each of these, by arrow keys and the space bar.
    pub fn tick(&mut self, question: &'static str, items: &[&str]) {
        self.does(&Do::Tick(question, items.iter().map(|item| (*item).to_owned()).collect()));
    }

    /// Presses one of the keys that are offered.
    pub fn key(&mut self, does: &str, key: &str) {
        self.offers(does);
        self.press(key);
    }

    /// Goes one question back, whatever kind it is of.
    pub fn back_from(&mut self, what: &Do) {
        self.does(&match what {
            Do::Choose(question, _) => Do::Choose(question, BACK.into()),
            Do::Tick(question, _) => Do::Tick(question, vec![BACK.into()]),
            Do::Line(question, _) => Do::Line(question, "back".into()),
            Do::Key(does, _) => Do::Key(does.clone(), "b"),
        });
    }

    /// Moves the pointer of a list to an item.
    pub fn point_at(&mut self, item: &str) {
        let mut passed = Vec::new();
        loop {
            let pointed = self.pointed_at();
            let words = pointed.trim_start_matches("> ").trim_start_matches("[ ] ").trim_start_matches("[x] ");
            if words.starts_with(item) {
                return;
            }
            assert!(!passed.contains(&pointed), "{item:?} is not in the list: {passed:#?}");
            self.down();
            passed.push(pointed);
        }
    }

    /// The line of the list that the pointer stands at, with the one that it may break into.
    pub fn pointed_at(&self) -> String {
        let window = self.window();
        let question = window.iter().rposition(|line| line.starts_with("? ")).unwrap_or(0);
        let pointer = window.iter().skip(question + 1).rposition(|line| line.starts_with("> "));
        pointer.map(|at| window[question + 1 + at..].iter().take(2).map(String::as_str).collect()).unwrap_or_default()
    }

    /// Waits until the line at the pointer is as it should be, drawn as a whole.
    fn wait_until(&self, what: &str, right: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let pointed = self.pointed_at();
            if !pointed.is_empty() && right(&pointed) && self.cursor_is_shown() {
                return;
            }
            assert!(Instant::now() < deadline, "{what}: {pointed:?} in\n{}", self.window().join("\n"));
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The item of a list that goes back.
pub const BACK: &str = "Back to the question before";
