//! Owns the questions without redrawing: numbered lines, one after the other, for a screen reader or a simple terminal.
//!
//! Refuses to move the cursor, and to show a secret.

use std::io::{self, BufRead as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::keys::{gone, show_what_is_typed};
use super::{Ask, Check, Key, Keyboard, Question, Stop, Typed, is_back};
use crate::console::Console;
use crate::diagnosis::Failure;
use crate::secret::Secret;

/// A list is shown in parts of this many lines.
const PAGE: usize = 20;

/// A person at a terminal that is written to from top to bottom.
pub struct Plain {
    console: Arc<Console>,
    lines: Mutex<Lines>,
}

/// One reader of stdin, which reads when it is asked to: a read that nobody waits for any more answers the next question.
struct Lines {
    wanted: Sender<()>,
    read: Receiver<io::Result<String>>,
    under_way: bool,
}

impl Lines {
    fn new() -> Self {
        let (wanted, asked) = mpsc::channel::<()>();
        let (sender, read) = mpsc::channel();
        // The thread ends with the process: a blocked read of a terminal cannot be taken back.
        let _ = std::thread::Builder::new().name("answers".into()).spawn(move || {
            while asked.recv().is_ok() {
                let mut line = String::new();
                let answer = io::stdin().lock().read_line(&mut line).and_then(|n| match n {
                    0 => Err(io::ErrorKind::UnexpectedEof.into()),
                    _ => Ok(line),
                });
                if sender.send(answer).is_err() {
                    return;
                }
            }
        });
        Self { wanted, read, under_way: false }
    }

    fn next(&mut self, limit: Duration) -> Result<Option<String>, Failure> {
        if !self.under_way {
            self.under_way = true;
            let _ = self.wanted.send(());
        }
        let answer = match self.read.recv_timeout(limit) {
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => return Err(Failure::cancelled()),
            Ok(answer) => answer,
        };
        self.under_way = false;
        let line = answer.map_err(gone)?;
        // Escape reaches a line as a character.
        if line.contains('\u{1b}') && line.trim() == "\u{1b}" { Err(Failure::cancelled()) } else { Ok(Some(line)) }
    }
}

impl Plain {
    /// With a console that does not redraw either.
    pub fn new(console: Arc<Console>) -> Self {
        Self { console, lines: Mutex::new(Lines::new()) }
    }

    fn line(&self) -> Result<String, Stop> {
        let _shown = Shown::now();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(line) = lines.next(Duration::from_secs(3600))? {
                return Ok(line.trim().to_owned());
            }
        }
    }

    fn put(&self, question: &Question, more: &str) {
        let back = if question.back { "\"back\" goes back" } else { "" };
        let parts: Vec<&str> =
            [question.help, more, back, "Ctrl-C leaves"].into_iter().filter(|part| !part.is_empty()).collect();
        self.console.say(&format!("  {}", parts.join("; ")));
        let default = question.default.map(|default| format!(" [{default}]")).unwrap_or_default();
        self.console.say(&format!("{}{default}", question.text));
    }

    fn list(&self, items: &[String], mark: impl Fn(usize) -> &'static str) {
        for (n, item) in items.iter().enumerate() {
            self.console.say(&format!("  {}. {}{}", n + 1, mark(n), self.console.safe(item)));
        }
    }
}

/// While a line is typed that may be seen.
struct Shown;

impl Shown {
    fn now() -> Self {
        show_what_is_typed(true);
        Self
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        show_what_is_typed(false);
    }
}

impl Ask for Plain {
    fn begin(&self) {
        show_what_is_typed(false);
    }

    fn text(&self, question: &Question, check: Check) -> Result<String, Stop> {
        self.put(question, "");
        loop {
            let mut answer = self.line()?;
            if question.back && is_back(&answer) {
                return Err(Stop::Back);
            }
            if let (true, Some(default)) = (answer.is_empty(), question.default) {
                default.clone_into(&mut answer);
            }
            match check(&answer) {
                Ok(()) => return Ok(answer),
                Err(why) => {
                    self.refuses(&why);
                    self.console.say(question.text);
                }
            }
        }
    }

    fn hidden(&self, question: &Question) -> Result<Secret, Stop> {
        self.put(question, "what you type is not shown");
        let text = rpassword::read_password().map_err(gone)?;
        let secret = Secret::new(text.trim().to_owned());
        drop(Secret::new(text));
        Ok(secret)
    }

    fn refuses(&self, why: &str) {
        self.console.problem(why);
    }

    fn choose(&self, question: &Question, items: &[String], default: usize) -> Result<usize, Stop> {
        self.console.say(question.text);
        self.list(items, |_| "");
        let usual = (default + 1).to_string();
        let number = Question { text: "Number:", default: Some(&usual), ..*question };
        let answer = self.text(&number, &|answer| {
            let right = answer.parse().is_ok_and(|n: usize| (1..=items.len()).contains(&n));
            if right { Ok(()) } else { Err(format!("answer with a number from 1 to {}", items.len())) }
        })?;
        Ok(answer.parse().unwrap_or(1) - 1)
    }

    fn choose_many(&self, question: &Question, items: &[String], selected: &[bool]) -> Result<Vec<usize>, Stop> {
        self.console.say(question.text);
        let mut shown: Vec<usize> = (0..items.len()).collect();
        loop {
            for n in shown.iter().take(PAGE) {
                let mark = if selected.get(*n) == Some(&true) { "(selected) " } else { "" };
                self.console.say(&format!(
                    "  {}. {mark}{}",
                    n + 1,
                    self.console.safe(items.get(*n).map_or("", String::as_str))
                ));
            }
            if shown.len() > PAGE {
                self.console.say(&format!("  and {} more; type part of a name to search", shown.len() - PAGE));
            }
            let now: Vec<String> =
                (0..items.len()).filter(|n| selected.get(*n) == Some(&true)).map(|n| (n + 1).to_string()).collect();
            let now = now.join(" ");
            let numbers = Question {
                text: "Numbers, for example 1 3:",
                default: (!now.is_empty()).then_some(now.as_str()),
                ..*question
            };
            let answer = self.text(&numbers, &|answer| {
                if answer.is_empty() { Err("answer with numbers, for example 1 3".to_owned()) } else { Ok(()) }
            })?;
            let words: Vec<&str> = answer.split([',', ' ']).filter(|word| !word.is_empty()).collect();
            let numbers: Option<Vec<usize>> = words.iter().map(|word| word.parse().ok()).collect();
            match numbers {
                Some(numbers) if numbers.iter().all(|n| (1..=items.len()).contains(n)) => {
                    let mut chosen: Vec<usize> = numbers.iter().map(|n| n - 1).collect();
                    chosen.sort_unstable();
                    chosen.dedup();
                    return Ok(chosen);
                }
                Some(_) => self.console.problem(&format!("the numbers go from 1 to {}", items.len())),
                None => {
                    let wanted = answer.to_lowercase();
                    shown = (0..items.len())
                        .filter(|n| items.get(*n).is_some_and(|item| item.to_lowercase().contains(&wanted)))
                        .collect();
                    if shown.is_empty() {
                        self.console.problem(&format!("no item has \"{}\" in its name", self.console.safe(&answer)));
                        shown = (0..items.len()).collect();
                    }
                }
            }
        }
    }

    fn key(&self, keys: &[Key], back: bool) -> Result<usize, Stop> {
        let words: Vec<String> = keys
            .iter()
            .map(|key| match key.key {
                '\n' => format!("enter: {}", key.does),
                c => format!("{c}: {}", key.does),
            })
            .collect();
        let question = Question { text: "What next?", help: "a letter, then enter", default: None, back };
        self.console.say(&format!("  {}", words.join(", ")));
        let place = |answer: &str| {
            let wanted = if answer.is_empty() { Some('\n') } else { answer.to_lowercase().chars().next() };
            keys.iter().position(|key| Some(key.key) == wanted).filter(|_| answer.chars().count() <= 1)
        };
        let answer = self.text(&question, &|answer| match place(answer) {
            Some(_) => Ok(()),
            None => Err("answer with one of the letters".to_owned()),
        })?;
        Ok(place(&answer).unwrap_or(0))
    }

    fn pasted(&self, question: &Question, limit: Duration) -> Result<String, Stop> {
        self.put(question, "an empty line ends it");
        let _shown = Shown::now();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        loop {
            let limit = if text.is_empty() { limit } else { Duration::from_secs(3600) };
            match lines.next(limit)? {
                Some(line) if !line.trim().is_empty() => text.push_str(&line),
                _ => return Ok(text),
            }
        }
    }

    fn keyboard(&self) -> Result<Box<dyn Keyboard + '_>, Failure> {
        Ok(Box::new(Words(self, Shown::now())))
    }
}

/// Words in place of keys: `open`, `copy`, `cancel`, or a pasted address.
struct Words<'a>(&'a Plain, Shown);

impl Keyboard for Words<'_> {
    fn next(&mut self, limit: Duration) -> Result<Option<Typed>, Failure> {
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(line) = lines.next(limit)? else { return Ok(None) };
        Ok(match line.trim() {
            "" => None,
            word @ ("open" | "copy" | "cancel" | "quit" | "o" | "c" | "q") => {
                word.chars().next().map(|first| Typed::Key(if word == "cancel" { 'q' } else { first }))
            }
            text => Some(Typed::Pasted(text.to_owned())),
        })
    }
}
