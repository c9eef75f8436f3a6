//! Owns everything that is printed: prose for people on stderr, results and the one JSON document on stdout.
//!
//! Refuses to let foreign text move the cursor or turn a line around, and a broken pipe to be an error.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::diagnosis::{Exit, Failure};
use crate::finding::{Finding, State, StepReport};
use crate::text::unsafe_to_show;

/// The JSON document of `setup`, `test`, `status` and `remove`; members that do not apply are left out.
#[derive(Debug, Default, Serialize)]
pub struct Document {
    schema: u32,
    command: String,
    ok: bool,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionDoc>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<StepReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityDoc>,
    #[serde(flatten)]
    more: serde_json::Map<String, serde_json::Value>,
    error: Option<ErrorDoc>,
}

/// The connection as the document shows it.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionDoc {
    /// Auth0's id; none when it does not exist yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its strategy.
    pub strategy: String,
    /// created, updated, unchanged, would_create, would_update; none for a command that changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<&'static str>,
}

/// Who signed in.
#[derive(Debug, Clone, Serialize)]
pub struct IdentityDoc {
    /// `sub` of the ID token, or the provider's user id.
    pub subject: String,
    /// Display name, when one came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The old Fitbit user id, when it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_user_id: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
struct ErrorDoc {
    code: &'static str,
    message: String,
    hint: String,
}

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
    colour: ColorChoice,
    document: Mutex<Document>,
    /// The hint printed last, so that the end of a command does not repeat it.
    last_hint: Mutex<String>,
    /// Whether the last word was said: Ctrl-C at a question reaches both the question and the signal handler.
    finished: Mutex<bool>,
    /// Whether a result could not be written, for another reason than a reader that went away.
    unwritten: AtomicBool,
}

impl Console {
    /// A console for one command.
    pub fn new(json: bool, colour: Colour, command: &str) -> Self {
        let colour = match colour {
            Colour::Auto => ColorChoice::Auto,
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        };
        let document = Document { schema: 1, command: command.to_owned(), ..Document::default() };
        Self {
            json,
            colour,
            document: Mutex::new(document),
            last_hint: Mutex::default(),
            finished: Mutex::default(),
            unwritten: AtomicBool::new(false),
        }
    }

    /// Whether the caller asked for JSON.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// A line for people.
    pub fn say(&self, line: &str) {
        self.err(&clean(line));
    }

    /// An empty line for people.
    pub fn gap(&self) {
        self.err("");
    }

    /// A line that somebody copies: alone, unwrapped, without decoration.
    pub fn copyable(&self, value: &str) {
        self.err(&clean(value));
    }

    /// Puts a value on the clipboard of the terminal, also over SSH (OSC 52); a terminal that does not know it ignores it.
    pub fn to_clipboard(&self, value: &str) {
        if self.is_terminal() {
            let _ = write!(std::io::stderr(), "\x1b]52;c;{}\x07", STANDARD.encode(value));
        }
    }

    /// The heading of a step: `3 of 6  Copy the client ID and secret`.
    pub fn heading(&self, number: u8, title: &str) {
        self.gap();
        self.err(&format!("{}{number} of 6  {title}{}", BOLD.render(), BOLD.render_reset()));
    }

    /// A heading that belongs to no step.
    pub fn title(&self, title: &str) {
        self.gap();
        self.err(&format!("{}{}{}", BOLD.render(), clean(title), BOLD.render_reset()));
    }

    /// A warning for people.
    pub fn warn(&self, line: &str) {
        self.err(&format!("{}warning:{} {}", YELLOW.render(), YELLOW.render_reset(), clean(line)));
    }

    /// What to do about the line before.
    pub fn hint(&self, hint: &str) {
        hint.clone_into(&mut self.last_hint.lock().unwrap_or_else(PoisonError::into_inner));
        self.err(&format!("  {}hint:{} {}", DIM.render(), DIM.render_reset(), clean(hint)));
    }

    /// A line of a plan behind its mark: `+` new, `~` changed, `=` left alone.
    pub fn plan_line(&self, mark: char, what: &str) {
        let style = match mark {
            '+' => GREEN,
            '~' => YELLOW,
            _ => DIM,
        };
        self.err(&format!("    {}{mark}{} {}", style.render(), style.render_reset(), clean(what)));
    }

    /// A failure that can be mended, unless its finding stands there already.
    pub fn failure(&self, failure: &Failure) {
        let shown = self.with(|document| {
            document.checks.last().is_some_and(|check| check.failure.as_ref() == Some(failure))
        });
        if !shown {
            self.err(&format!(
                "  {}{:<7}{} {} [{}]",
                RED.render(),
                State::Fail.word(),
                RED.render_reset(),
                clean(&failure.message),
                failure.code.name()
            ));
            self.hint(&failure.hint());
        }
    }

    /// Why an answer was not accepted.
    pub fn problem(&self, why: &str) {
        self.err(&format!("  {}not accepted:{} {}", YELLOW.render(), YELLOW.render_reset(), clean(why)));
    }

    /// What to watch out for at this place.
    pub fn beware(&self, line: &str) {
        self.err(&format!("  {}note:{} {}", YELLOW.render(), YELLOW.render_reset(), clean(line)));
    }

    /// A verified fact: printed, and kept for the document.
    pub fn finding(&self, finding: &Finding) {
        let style = match finding.state {
            State::Pass => GREEN,
            State::Fail => RED,
            State::Warn | State::Unknown => YELLOW,
            State::Skip => DIM,
        };
        let subject = match (&finding.application_name, &finding.application) {
            (Some(name), _) => format!("{} ({name})", finding.check),
            (None, Some(id)) => format!("{} ({id})", finding.check),
            _ => finding.check.to_owned(),
        };
        let code = finding.code.map(|code| format!(" [{}]", code.name())).unwrap_or_default();
        self.err(&format!(
            "  {}{:<7}{} {:<22} {}{code}",
            style.render(),
            finding.state.word(),
            style.render_reset(),
            clean(&subject),
            clean(&finding.detail)
        ));
        if let Some(hint) = finding.hint.as_ref().filter(|_| finding.state.wants_cure()) {
            self.hint(hint);
        }
        self.with(|document| document.checks.push(finding.clone()));
    }

    /// How a step ended: kept for the document, the last word for each step.
    pub fn step(&self, report: StepReport) {
        self.with(|document| {
            document.steps.retain(|step| step.step != report.step);
            document.steps.push(report);
        });
    }

    /// What is configured: profile, provider, tenant.
    pub fn about(&self, profile: &str, provider: Option<String>, tenant: Option<String>) {
        self.with(|document| {
            document.profile = Some(profile.to_owned());
            document.provider = provider;
            document.tenant = tenant;
        });
    }

    /// The connection, for the document.
    pub fn connection(&self, connection: ConnectionDoc) {
        self.with(|document| document.connection = Some(connection));
    }

    /// Who signed in, for the document.
    pub fn identity(&self, identity: IdentityDoc) {
        self.with(|document| document.identity = Some(identity));
    }

    /// A member of its own, for the document.
    pub fn member(&self, name: &str, value: serde_json::Value) {
        self.with(|document| document.more.insert(name.to_owned(), value));
    }

    /// A result that a person asked for, on stdout; nothing under `--json`.
    pub fn result(&self, text: &str) {
        if !self.json {
            let mut out = AutoStream::new(std::io::stdout(), self.colour);
            let written = writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush());
            self.note(written);
        }
    }

    /// Bytes for another program, on stdout.
    pub fn raw(&self, bytes: &[u8]) {
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
        if let Some(failure) = failure {
            self.gap();
            let mut lines = failure.message.lines();
            let first = clean(lines.next().unwrap_or_default());
            self.err(&format!("{}error:{} {first} [{}]", RED.render(), RED.render_reset(), failure.code.name()));
            for line in lines {
                self.err(&format!("  {}", clean(line)));
            }
            let hint = failure.hint();
            if *self.last_hint.lock().unwrap_or_else(PoisonError::into_inner) != hint {
                self.hint(&hint);
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
        let text = self.with(|document| {
            document.exit_code = exit as u8;
            document.ok = exit == Exit::Done && failure.is_none();
            document.error = failure.map(|failure| ErrorDoc {
                code: failure.code.name(),
                message: clean(&one_line(&failure.message)),
                hint: clean(&failure.hint()),
            });
            ascii_safe(&serde_json::to_string_pretty(document).unwrap_or_default())
        });
        self.raw(format!("{text}\n").as_bytes());
    }

    /// Whether stderr is a terminal.
    pub fn is_terminal(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    fn err(&self, line: &str) {
        let _ = writeln!(AutoStream::new(std::io::stderr(), self.colour), "{line}");
    }

    fn with<T>(&self, act: impl FnOnce(&mut Document) -> T) -> T {
        act(&mut self.document.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Text on the terminal that a question takes away again; nothing ends its line.
pub fn unfinished_line(text: &str) {
    let mut screen = std::io::stderr();
    let _ = write!(screen, "{}", clean(text)).and_then(|()| screen.flush());
}

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

/// A list of lines as one: `2 inputs are missing: a; b`.
fn one_line(message: &str) -> String {
    match message.split_once('\n') {
        Some((first, rest)) => format!("{first}: {}", rest.lines().collect::<Vec<_>>().join("; ")),
        None => message.to_owned(),
    }
}

/// JSON in which nothing can move a cursor or reverse a line, should it be shown on a terminal: still the same document.
fn ascii_safe(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c != '\n' && unsafe_to_show(c) {
            c.encode_utf16(&mut units).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
        } else {
            safe.push(c);
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
}
