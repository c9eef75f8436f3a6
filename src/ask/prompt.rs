//! Owns the questions on a terminal that can redraw (inquire lives here alone). Refuses to decide what is asked, to show a
//! secret that was pasted where something else belongs, and to leave the terminal changed.

use std::sync::Arc;
use std::time::Duration;

use crossterm::{cursor, queue, terminal};
use inquire::ui::{RenderConfig, Styled};
use inquire::{InquireError, MultiSelect, Select};

use super::given::looks_secret;
use super::keys::{Keys, show_what_is_typed};
use super::line::Line;
use super::{Ask, Check, Key, Keyboard, Question, Stop, Typed, is_back};
use crate::console::{Console, columns, cut};
use crate::diagnosis::Failure;
use crate::secret::Secret;

/// Stands for what was typed in the wrong place.
const UNSHOWN: &str = "(it looks like a secret and is not shown)";
/// The item of a list that goes back.
const BACK: &str = "Back to the question before";

/// A person at a terminal.
pub struct Person {
    console: Arc<Console>,
    colour: bool,
}

impl Person {
    /// `colour`: whether the terminal wants it.
    pub fn new(console: Arc<Console>, colour: bool) -> Self {
        Self { console, colour }
    }

    /// A question is drawn now: the end has to put the terminal in order.
    fn draws(&self) {
        self.console.draws();
        self.begin();
    }

    fn look(&self) -> RenderConfig<'static> {
        self.draws();
        // Without colour the mark alone tells an answered question from an open one.
        if self.colour {
            RenderConfig::default_colored()
        } else {
            RenderConfig::empty().with_answered_prompt_prefix(Styled::new(">"))
        }
    }

    /// Items of a list that are shown at once: what the window has room for beside the question and its help, since lines
    /// that scrolled away cannot be drawn anew.
    fn rows(&self, question: &str, help: &str, items: &[String]) -> usize {
        let (width, height) = terminal::size().unwrap_or((80, 24));
        let (width, height) = (usize::from(width).max(1), usize::from(height));
        let lines = |text: &str, more: usize| (columns(text) + more).div_ceil(width).max(1);
        // The mark, the box, and for the question what is typed to search.
        let per_item = items.iter().map(|item| lines(item, 6)).max().unwrap_or(1);
        let around = lines(question, 20) + lines(help, 2) + 1;
        (height.saturating_sub(around) / per_item).clamp(1, 12)
    }
}

fn gone(error: InquireError) -> Stop {
    Stop::Failed(match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => Failure::cancelled(),
        InquireError::IO(error) => super::keys::gone(error),
        other => super::keys::gone(std::io::Error::other(other.to_string())),
    })
}

/// An answer behind its question, cut to one row where that leaves enough of it.
fn fit(answer: &str, question: &str) -> String {
    let width = terminal::size().map_or(80, |(width, _)| usize::from(width));
    let room = width.saturating_sub(columns(question) + 5);
    if room < 16 || columns(answer) <= room { answer.to_owned() } else { format!("{}...", cut(answer, room - 3)) }
}

/// Whether something that is no right answer could be a secret: any word of it, or a long word without the marks of an
/// address.
fn could_be_secret(text: &str) -> bool {
    text.split_whitespace().any(|word| looks_secret(word) || (word.len() >= 20 && !word.contains(['.', '/'])))
}

fn help(question: &Question, first: &str) -> String {
    // In a narrow window what is told there would break inside a word.
    let narrow = terminal::size().is_ok_and(|(width, _)| width < 70);
    let own = if narrow && !question.back { "" } else { question.help };
    let parts = [own, first, if question.back { "\"back\" goes back" } else { "" }, "Esc leaves"];
    parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("; ")
}

impl Ask for Person {
    fn begin(&self) {
        show_what_is_typed(false);
    }

    fn text(&self, question: &Question, check: Check) -> Result<String, Stop> {
        let help =
            help(question, &question.default.map(|default| format!("enter takes {default}")).unwrap_or_default());
        let hides = |text: &str| !text.is_empty() && check(text).is_err() && could_be_secret(text);
        // While it is typed it may still become something else.
        let surely = |word: &str| looks_secret(word) || (word.len() > 36 && !word.contains(['.', '/']));
        let shown = |text: &str| {
            (text.split_whitespace().any(surely) && check(text.trim()).is_err()).then(|| UNSHOWN.to_owned())
        };
        loop {
            self.draws();
            let asked = self.console.question(question.text, &help);
            let typed = Line::default().edit(&shown).inspect_err(|_| self.console.gap())?;
            let answer = match (typed.trim(), question.default) {
                ("", Some(default)) => default.to_owned(),
                (answer, _) => answer.to_owned(),
            };
            let hidden = hides(&answer);
            self.console.answered(&asked, question.text, if hidden { UNSHOWN } else { &answer });
            if question.back && is_back(&answer) {
                return Err(Stop::Back);
            }
            match check(&answer) {
                Ok(()) => return Ok(answer),
                Err(why) if hidden && !why.contains("secret") => {
                    self.refuses(&format!("{why}; it looks like a secret, which has a question of its own"));
                }
                Err(why) => self.refuses(&why),
            }
        }
    }

    fn hidden(&self, question: &Question) -> Result<Secret, Stop> {
        let help = help(question, "what you type or paste is not shown");
        let shown = |text: &str| Some(if text.is_empty() { "" } else { "(not shown)" }.to_owned());
        self.draws();
        let asked = self.console.question(question.text, &help);
        let typed = Line::default().edit(&shown).inspect_err(|_| self.console.gap())?;
        let secret = Secret::new(typed.trim().to_owned());
        let word = match secret.expose() {
            "" => "",
            answer if question.back && is_back(answer) => "back",
            _ => "********",
        };
        self.console.answered(&asked, question.text, word);
        Ok(secret)
    }

    fn refuses(&self, why: &str) {
        self.console.problem(why);
    }

    fn choose(&self, question: &Question, items: &[String], default: usize) -> Result<usize, Stop> {
        let help = help(&Question { back: false, ..*question }, "arrows, enter");
        let mut options: Vec<String> = items.iter().map(|item| self.console.safe(item)).collect();
        if question.back {
            options.push(BACK.to_owned());
        }
        let rows = self.rows(question.text, &help, &options);
        let chosen = Select::new(question.text, options)
            // What is typed or pasted here by mistake is not shown.
            .without_filtering()
            .with_formatter(&|chosen| fit(chosen.value, question.text))
            .with_starting_cursor(default)
            .with_page_size(rows)
            .with_help_message(&help)
            .with_render_config(self.look())
            .raw_prompt()
            .map_err(gone)?;
        if chosen.index == items.len() { Err(Stop::Back) } else { Ok(chosen.index) }
    }

    fn choose_many(&self, question: &Question, items: &[String], selected: &[bool]) -> Result<Vec<usize>, Stop> {
        let help = help(&Question { back: false, ..*question }, "type to search, space, enter");
        let mut options: Vec<String> = items.iter().map(|item| self.console.safe(item)).collect();
        if question.back {
            options.push(BACK.to_owned());
        }
        let count = items.len();
        let rows = self.rows(question.text, &help, &options);
        loop {
            let selected: Vec<usize> = (0..count).filter(|n| selected.get(*n) == Some(&true)).collect();
            let chosen = MultiSelect::new(question.text, options.clone())
                .with_default(&selected)
                .with_page_size(rows)
                .with_keep_filter(false)
                .with_help_message(&help)
                .with_formatter(&|chosen| match chosen {
                    few if few.len() <= 4 => {
                        fit(&few.iter().map(|item| item.value.as_str()).collect::<Vec<_>>().join(", "), question.text)
                    }
                    many => format!("{} of {count}", many.len()),
                })
                .with_render_config(self.look())
                .raw_prompt()
                .map_err(gone)?;
            if chosen.iter().any(|item| item.index == count) {
                return Err(Stop::Back);
            }
            if !chosen.is_empty() {
                return Ok(chosen.iter().map(|item| item.index).collect());
            }
            self.console.problem("nothing is selected: the space bar selects, enter confirms");
        }
    }

    fn key(&self, keys: &[Key], back: bool) -> Result<usize, Stop> {
        let mut words: Vec<String> = keys.iter().map(|key| format!("[{}] {}", name(key.key), key.does)).collect();
        if back {
            words.push("[b] back".to_owned());
        }
        words.push("[esc] leave".to_owned());
        self.draws();
        let _line = KeyLine::show(&words);
        let mut keyboard = Keys::take()?;
        loop {
            match keyboard.next(Duration::from_secs(3600))? {
                Some(Typed::Escape) => return Err(Failure::cancelled().into()),
                Some(Typed::Key('b')) if back => return Err(Stop::Back),
                Some(Typed::Key(pressed)) => {
                    let pressed = if pressed == '\r' { '\n' } else { pressed };
                    if let Some(n) = keys.iter().position(|key| key.key == pressed) {
                        return Ok(n);
                    }
                }
                Some(Typed::Pasted(text)) if back && is_back(&text) => return Err(Stop::Back),
                Some(Typed::Pasted(_)) | None => {}
            }
        }
    }

    fn pasted(&self, question: &Question, limit: Duration) -> Result<String, Stop> {
        let help = help(question, "paste it, or press enter to skip");
        self.console.say(&format!("{} ({help})", question.text));
        self.draws();
        let mut keyboard = Keys::take()?;
        let mut text = String::new();
        loop {
            // Once somebody is there, there is no hurry.
            let limit = if text.is_empty() { limit } else { Duration::from_secs(3600) };
            match keyboard.next(limit)? {
                None => return Ok(text),
                Some(Typed::Escape) => return Err(Failure::cancelled().into()),
                Some(Typed::Key('\n' | '\r')) => return Ok(text),
                Some(Typed::Key('\u{7f}' | '\u{8}')) => {
                    if text.pop().is_some() {
                        crate::console::unfinished_line("\u{8} \u{8}");
                    }
                }
                Some(Typed::Key(c)) => {
                    text.push(c);
                    crate::console::unfinished_line(&self.console.safe(&c.to_string()));
                }
                Some(Typed::Pasted(more)) => {
                    text.push_str(&more);
                    if more.ends_with(['\n', '\r']) {
                        return Ok(text);
                    }
                    self.console.say("  (pasted; enter ends it)");
                }
            }
        }
    }

    fn keyboard(&self) -> Result<Box<dyn Keyboard + '_>, Failure> {
        self.draws();
        Ok(Box::new(Keys::take()?))
    }
}

fn name(key: char) -> String {
    if key == '\n' { "enter".to_owned() } else { key.to_string() }
}

/// A line that goes away when its question is answered.
struct KeyLine {
    rows: u16,
}

impl KeyLine {
    /// The words of a line never break inside.
    fn show(words: &[String]) -> Self {
        let width = terminal::size().map_or(80, |(width, _)| usize::from(width));
        let mut rows = vec![String::new()];
        for word in words {
            match rows.last_mut() {
                Some(row) if row.is_empty() || row.chars().count() + word.chars().count() + 3 <= width => {
                    row.push_str("  ");
                    row.push_str(word);
                }
                _ => rows.push(format!("  {word}")),
            }
        }
        let _ = queue!(std::io::stderr(), cursor::Hide);
        crate::console::unfinished_line(&rows.join("\r\n"));
        Self { rows: u16::try_from(rows.len()).unwrap_or(1) - 1 }
    }
}

impl Drop for KeyLine {
    fn drop(&mut self) {
        let mut screen = std::io::stderr();
        let _ = queue!(screen, cursor::MoveToColumn(0));
        if self.rows > 0 {
            let _ = queue!(screen, cursor::MoveUp(self.rows));
        }
        let _ = crossterm::execute!(screen, terminal::Clear(terminal::ClearType::FromCursorDown), cursor::Show);
    }
}
