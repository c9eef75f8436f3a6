//! Owns everything that is printed: prose for people on stderr, results and the one JSON document on stdout.
//!
//! Refuses to let foreign text move the cursor or turn a line around, and a broken pipe to be an error. On a terminal, prose
//! breaks between words; elsewhere a line is a line.

mod dialogue;
mod document;
mod findings;
mod waiting;
mod withheld;
mod wrap;

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::diagnosis::{Code, Exit, Failure, Values};
use crate::finding::Finding;
use crate::text::unsafe_to_show;

pub use dialogue::{Asked, unfinished_line};
use document::Document;
pub use document::{ConnectionDoc, IdentityDoc};
use waiting::Screen;
pub use waiting::Waiting;
use withheld::Withheld;
pub use wrap::{columns, cut, one_row};
use wrap::{margin, wrap, wrap_behind};

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// When the stream is a terminal that wants it.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The two streams and the document.
pub struct Console {
    json: bool,
    plain: bool,
    colour: ColorChoice,
    document: Mutex<Document>,
    /// Where something may be drawn that has to go before anything is printed.
    screen: Arc<Screen>,
    /// What stands in the blanks of cures.
    values: Mutex<Values>,
    /// Lines printed since.
    since_hint: AtomicUsize,
    /// The hint printed last, so that the end of a command does not repeat it.
    last_hint: Mutex<String>,
    /// How to go on after a cancelled command.
    way_on: Mutex<Option<String>>,
    /// Whether the last word was said: Ctrl-C at a question reaches both the question and the signal handler.
    finished: Mutex<bool>,
    /// The command that undoes what was written so far.
    undo: Mutex<Option<String>>,
    /// What is there that has to be cleaned up, should the process end at once.
    left: Mutex<Option<Finding>>,
    /// What is printed nowhere.
    withheld: Withheld,
    /// Whether a question was drawn, which may have hidden the cursor.
    drew: AtomicBool,
    /// Whether a result could not be written, for another reason than a reader that went away.
    unwritten: AtomicBool,
}

impl Console {
    /// A console for one command; `plain` is for screen readers and simple terminals: no colour, nothing drawn anew.
    pub fn new(json: bool, colour: Colour, plain: bool, command: &str) -> Self {
        let colour = match colour {
            _ if plain => ColorChoice::Never,
            Colour::Auto => ColorChoice::Auto,
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        };
        let document = Document { schema: 1, command: command.to_owned(), ..Document::default() };
        Self {
            json,
            plain,
            colour,
            document: Mutex::new(document),
            screen: Arc::default(),
            values: Mutex::default(),
            since_hint: AtomicUsize::new(0),
            last_hint: Mutex::default(),
            way_on: Mutex::default(),
            finished: Mutex::default(),
            undo: Mutex::default(),
            left: Mutex::default(),
            withheld: Withheld::default(),
            drew: AtomicBool::new(false),
            unwritten: AtomicBool::new(false),
        }
    }

    /// Says what there is to be cleaned up from now on, which a process that ends at once leaves behind.
    pub fn has_to_clean_up(&self, what: Option<Finding>) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    /// The process ends at once: what it leaves behind is named.
    pub fn leaves_behind(&self) {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner).take();
        left.iter().for_each(|left| self.finding(left));
    }

    /// Whether the caller asked for JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether nothing may be coloured or drawn anew, and lists to choose from are numbered.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// A line for people; what stands before its text (margin, mark of a list) stays clear of the lines it breaks into.
    pub fn say(&self, line: &str) {
        let line = self.safe(line);
        let (head, text) = margin(&line);
        self.prose(head, text, columns(head), columns(head));
    }

    /// An empty line for people.
    pub fn gap(&self) {
        self.err("");
    }

    /// A line that somebody copies: alone, unwrapped, without decoration.
    pub fn copyable(&self, value: &str) {
        self.err(&self.safe(value));
    }

    /// The heading of a step: `3 of 6  Copy the client ID and secret`.
    pub fn heading(&self, number: u8, title: &str) {
        self.gap();
        self.styled(BOLD, &format!("{number} of 6  "), &self.safe(title));
    }

    /// A heading that belongs to no step.
    pub fn title(&self, title: &str) {
        self.gap();
        self.styled(BOLD, "", &self.safe(title));
    }

    /// A warning for people.
    pub fn warn(&self, line: &str) {
        self.labelled("", YELLOW, "warning:", &self.safe(line));
    }

    /// What to do about the line before.
    pub fn hint(&self, hint: &str) {
        let hint = &self.filled(hint);
        hint.clone_into(&mut self.last_hint.lock().unwrap_or_else(PoisonError::into_inner));
        self.labelled("  ", DIM, "hint:", &self.safe(hint));
        self.since_hint.store(0, Ordering::SeqCst);
    }

    /// From now on, what stands in the blanks of cures.
    pub fn knows(&self, values: Values) {
        *self.values.lock().unwrap_or_else(PoisonError::into_inner) = values;
    }

    /// A cure with its blanks filled.
    pub fn filled(&self, cure: &str) -> String {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).fill(cure)
    }

    /// A result that a person asked for, on stdout; nothing under `--json`.
    pub fn result(&self, text: &str) {
        if !self.json {
            let _alone = self.screen.to_print();
            let mut out = AutoStream::new(std::io::stdout(), self.colour);
            let written = writeln!(out, "{}", self.open_part(text.trim_end())).and_then(|()| out.flush());
            self.note(written);
        }
    }

    /// A result behind its label; on a terminal further lines begin below its text.
    pub fn result_behind(&self, label: &str, text: &str) {
        let indent = columns(label);
        let text = match std::io::stdout().is_terminal() {
            true => wrap(text, wrap::room(), indent).join("\n"),
            false => text.to_owned(),
        };
        self.result(&format!("{label}{text}"));
    }

    /// Bytes for another program, on stdout.
    pub fn raw(&self, bytes: &[u8]) {
        let _alone = self.screen.to_print();
        let mut out = std::io::stdout();
        self.note(out.write_all(bytes).and_then(|()| out.flush()));
    }

    /// Whether every result so far was written.
    pub fn is_written(&self) -> bool {
        !self.unwritten.load(Ordering::SeqCst)
    }

    fn note(&self, written: std::io::Result<()>) {
        if written.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe) {
            self.unwritten.store(true, Ordering::SeqCst);
        }
    }

    /// The end of a command: the error for people, or the document for programs.
    pub fn finish(&self, exit: Exit, failure: Option<&Failure>) {
        // Held while printing, so that whoever comes second neither repeats it nor ends the process in the middle of it.
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *finished, true) {
            return;
        }
        self.screen.close();
        if let Some(failure) = failure {
            // A cure that stands right above is not said again; one that has scrolled away is.
            let is_near = self.since_hint.load(Ordering::SeqCst) <= NEAR;
            self.gap();
            let mut lines = failure.message.lines();
            let first = self.safe(lines.next().unwrap_or_default());
            let left = failure.code == Code::Cancelled;
            let (style, label) = if left { (YELLOW, "left:") } else { (RED, "error:") };
            self.labelled("", style, label, &format!("{first} [{}]", failure.code.name()));
            for line in lines {
                self.say(&format!("  {line}"));
            }
            let undo = self.undo.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(undo) = undo {
                self.say("To undo what was written:");
                self.copyable(&undo);
            }
            let hint = self.hint_of(failure);
            if left && hint.starts_with("fitbit-connect ") {
                self.say("Go on from here with:");
                self.copyable(&hint);
            } else if !is_near || *self.last_hint.lock().unwrap_or_else(PoisonError::into_inner) != hint {
                self.hint(&hint);
            }
            let provider = self.with(|document| document.provider.clone());
            let link = failure.code.diagnosis().link(provider.as_deref() == Some("fitbit"), &failure.message);
            if let Some(link) = link {
                self.labelled("  ", DIM, "see:", link);
            }
        }
        if self.json {
            self.write_document(exit, failure);
        }
    }

    /// Prints the document without ending the command (`sandbox --json`, when it is ready).
    pub fn print_document(&self, exit: Exit, failure: Option<&Failure>) {
        let finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        if !*finished {
            self.write_document(exit, failure);
        }
    }

    fn write_document(&self, exit: Exit, failure: Option<&Failure>) {
        let failure = failure.map(|failure| (failure, self.hint_of(failure)));
        let text = self.with(|document| document.text(exit, failure));
        self.raw(format!("{}\n", self.open_part(&text)).as_bytes());
    }

    /// Whether stderr is a terminal.
    pub fn is_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// What to do about a failure: after a cancelled command, how to go on.
    fn hint_of(&self, failure: &Failure) -> String {
        let way_on = self.way_on.lock().unwrap_or_else(PoisonError::into_inner).clone();
        way_on.filter(|_| failure.code == Code::Cancelled).unwrap_or_else(|| self.filled(&failure.hint()))
    }

    /// The columns that prose may take; none where a line is a line.
    fn width(&self) -> Option<usize> {
        self.is_terminal().then(wrap::room)
    }

    /// Prose behind its head, which takes `at` columns; further lines begin at `indent`.
    fn prose(&self, head: &str, text: &str, at: usize, indent: usize) {
        match self.width() {
            Some(width) => self.err(&format!("{head}{}", wrap_behind(text, width, at, indent).join("\n"))),
            None => self.err(&format!("{head}{text}")),
        }
    }

    /// Prose behind a word in colour.
    fn labelled(&self, margin: &str, style: Style, label: &str, text: &str) {
        let at = margin.len() + label.len() + 1;
        self.prose(&format!("{margin}{}{label}{} ", style.render(), style.render_reset()), text, at, at);
    }

    /// Prose that is coloured as a whole.
    fn styled(&self, style: Style, head: &str, text: &str) {
        let text = match self.width() {
            Some(width) => wrap(text, width, columns(head)).join("\n"),
            None => text.to_owned(),
        };
        self.err(&format!("{}{head}{text}{}", style.render(), style.render_reset()));
    }

    fn err(&self, line: &str) {
        self.since_hint.fetch_add(1, Ordering::SeqCst);
        let _alone = self.screen.to_print();
        let _ = writeln!(AutoStream::new(std::io::stderr(), self.colour), "{line}");
    }

    fn with<T>(&self, act: impl FnOnce(&mut Document) -> T) -> T {
        act(&mut self.document.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// So few lines below a cure it is still in sight.
const NEAR: usize = 4;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Foreign text made harmless: control and direction characters are shown as escapes, line breaks become spaces.
pub fn clean(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => safe.push(' '),
            c if unsafe_to_show(c) => safe.extend(c.escape_unicode()),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_move_the_cursor_or_reverse_a_line() {
        let said = clean("a\u{1b}[2Jb\u{202e}c\nd\u{7}");
        assert_eq!(said, "a\\u{1b}[2Jb\\u{202e}c d\\u{7}");
    }

    #[test]
    fn foreign_text_breaks_like_ours_after_it_was_made_harmless() {
        let text = clean(&"one\u{1b}[2Jtwo\nthree\u{85} four ".repeat(9));
        for width in [40, 80, 200] {
            let lines = wrap(&text, width, 2);
            assert!(lines.iter().all(|line| columns(line) <= width && !line.contains(unsafe_to_show)), "{lines:#?}");
        }
    }

    #[test]
    fn after_ctrl_c_the_hint_says_how_to_go_on_and_only_then() {
        let console = Console::new(true, Colour::Never, false, "setup");
        let cancelled = Failure::new(Code::Cancelled, "cancelled");
        assert_eq!(console.hint_of(&cancelled), cancelled.hint());
        console.way_on("fitbit-connect setup");
        console.way_on("fitbit-connect setup --domain acme.eu.auth0.com");
        assert_eq!(console.hint_of(&cancelled), "fitbit-connect setup --domain acme.eu.auth0.com");
        let other = Failure::new(Code::NetworkUnreachable, "no");
        assert_eq!(console.hint_of(&other), other.hint());
        let mut values = Values::default();
        values.set(crate::diagnosis::Blank::ClientId, "23ABCD");
        console.knows(values);
        assert!(console.hint_of(&Failure::new(Code::ClientDeleted, "gone")).contains("`23ABCD`"));
    }
}
