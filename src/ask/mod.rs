//! Owns the inputs: one record per input with its flag, variable and question, so that a dialogue and a script cannot drift.
//!
//! [`given`] finds values without asking; [`prompt`] asks a person at a terminal that can redraw, [`plain`] one line after
//! the other, [`keys`] reads single keys.

pub mod given;
pub mod keys;
mod line;
pub mod plain;
pub mod prompt;

use std::time::Duration;

use crate::diagnosis::Failure;
use crate::secret::Secret;

/// One input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// Its flag with the value's name.
    pub flag: &'static str,
    /// Its environment variables, the preferred first.
    pub variables: &'static [&'static str],
    /// The question in a dialogue.
    pub question: &'static str,
}

macro_rules! fields {
    ($($ident:ident: $name:literal, $flag:literal, [$($variable:literal),*], $question:literal;)*) => {
        $(#[doc = $name] pub const $ident: Field =
            Field { name: $name, flag: $flag, variables: &[$($variable),*], question: $question };)*
        /// Every input.
        pub const FIELDS: &[Field] = &[$($ident),*];
    };
}

fields! {
    PROFILE: "profile", "--profile NAME", ["FITBIT_CONNECT_PROFILE"], "";
    CONFIG: "settings file", "--config FILE", ["FITBIT_CONNECT_CONFIG"], "";
    PROVIDER: "provider", "--provider fitbit|google-health", ["FITBIT_CONNECT_PROVIDER"], "Which provider do people log in with?";
    CLIENT_ID: "client ID", "--client-id ID", ["FITBIT_CONNECT_CLIENT_ID"], "Client ID:";
    CLIENT_SECRET: "client secret", "--client-secret-file PATH", ["FITBIT_CONNECT_CLIENT_SECRET"], "Client secret:";
    CLIENT_JSON: "client JSON", "--client-json PATH", [], "";
    DOMAIN: "tenant domain", "--domain DOMAIN", ["AUTH0_DOMAIN"], "Auth0 tenant domain:";
    LOGIN_DOMAIN: "login domain", "--login-domain DOMAIN", ["FITBIT_CONNECT_LOGIN_DOMAIN"], "";
    TOKEN: "Management API token", "--token-file PATH", ["AUTH0_API_TOKEN", "AUTH0_ACCESS_TOKEN"], "Management API token:";
    MANAGEMENT_ID: "Management API client ID", "--management-client-id ID", ["AUTH0_CLIENT_ID"], "Client ID of the Management API client:";
    MANAGEMENT_SECRET: "Management API client secret", "--management-client-secret-file PATH", ["AUTH0_CLIENT_SECRET"], "Secret of the Management API client:";
    CONNECTION: "connection name", "--connection NAME", ["FITBIT_CONNECT_CONNECTION"], "";
    APPS: "applications", "--app NAME_OR_ID or --all-apps", ["FITBIT_CONNECT_APPS"], "Which applications may log people in?";
    TEST_APP: "test application", "--test-app ID", [], "";
    SCOPES: "scopes", "--scopes A,B", ["FITBIT_CONNECT_SCOPES"], "";
    STORE: "secret store", "--store keychain|file|none", ["FITBIT_CONNECT_STORE"], "";
    PORT: "port", "--port N", ["FITBIT_CONNECT_PORT"], "";
    TIMEOUT: "time limit", "--timeout TIME", ["FITBIT_CONNECT_TIMEOUT"], "";
}

impl Field {
    /// `client ID: --client-id ID or FITBIT_CONNECT_CLIENT_ID`.
    pub fn how_to_give(&self) -> String {
        let mut ways = format!("{}: {}", self.name, self.flag);
        for variable in self.variables {
            ways.push_str(" or ");
            ways.push_str(variable);
        }
        ways
    }
}

/// So often an empty answer to a question for a secret is taken for a slip: Ctrl-D reads as one on some terminals.
const EMPTY_ANSWERS: usize = 3;

/// A question as it is put to a person.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'a> {
    /// The question itself.
    pub text: &'a str,
    /// What helps to answer it: an example, the flag that answers it in a script.
    pub help: &'a str,
    /// What an empty answer means.
    pub default: Option<&'a str>,
    /// Whether there is a question before it to go back to.
    pub back: bool,
}

/// Why a question was not answered.
#[derive(Debug)]
pub enum Stop {
    /// The person wants the question before.
    Back,
    /// The person left, or the terminal went away.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Stop> for Failure {
    /// Where there is nothing to go back to, going back is leaving.
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Back => Failure::cancelled(),
            Stop::Failed(failure) => failure,
        }
    }
}

/// One key that does something, and what it does.
#[derive(Debug, Clone)]
pub struct Key {
    /// The key; `'\n'` is enter.
    pub key: char,
    /// What it does, in a few words.
    pub does: String,
}

/// What came from the keyboard while something else was waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// A single key, in lower case.
    Key(char),
    /// Several characters at once.
    Pasted(String),
    /// Escape: the person wants out.
    Escape,
}

/// The keyboard while nothing is asked. Dropping it gives the terminal back as it was.
pub trait Keyboard {
    /// What was typed within that time, if anything was.
    ///
    /// # Errors
    /// That the terminal went away.
    fn next(&mut self, limit: Duration) -> Result<Option<Typed>, Failure>;
}

/// Refuses a value with the reason, and accepts everything else.
pub type Check<'a> = &'a dyn Fn(&str) -> Result<(), String>;

/// Asking a person. Every question can be answered with `back` and left with Escape or Ctrl-C.
pub trait Ask {
    /// Called before anything is waited for or asked: from here on nothing that is typed is shown by itself.
    fn begin(&self);
    /// A line of text, trimmed; asked again until `check` accepts it.
    ///
    /// # Errors
    /// `Back`, `cancelled`, or a terminal that went away.
    fn text(&self, question: &Question, check: Check) -> Result<String, Stop>;
    /// A line that is not shown, trimmed, whatever it is.
    ///
    /// # Errors
    /// `cancelled`, or a terminal that went away.
    fn hidden(&self, question: &Question) -> Result<Secret, Stop>;
    /// Says why an answer is not accepted.
    fn refuses(&self, why: &str);
    /// A line that is not shown; asked again until `check` accepts it. Left empty time and again, it is left.
    ///
    /// # Errors
    /// As for `text`.
    fn secret(&self, question: &Question, check: Check) -> Result<Secret, Stop> {
        for _ in 0..EMPTY_ANSWERS {
            loop {
                let secret = self.hidden(question)?;
                if question.back && is_back(secret.expose()) {
                    return Err(Stop::Back);
                }
                if secret.is_empty() {
                    self.refuses("it is empty");
                    break;
                }
                match check(secret.expose()) {
                    Ok(()) => return Ok(secret),
                    Err(why) => self.refuses(&why),
                }
            }
        }
        Err(Failure::cancelled().into())
    }
    /// One of several.
    ///
    /// # Errors
    /// As for `text`.
    fn choose(&self, question: &Question, items: &[String], default: usize) -> Result<usize, Stop>;
    /// Any of several, at least one.
    ///
    /// # Errors
    /// As for `text`.
    fn choose_many(&self, question: &Question, items: &[String], selected: &[bool]) -> Result<Vec<usize>, Stop>;
    /// One of a few keys; returns its place in the list. `b` goes back where the question says so.
    ///
    /// # Errors
    /// As for `text`.
    fn key(&self, keys: &[Key], back: bool) -> Result<usize, Stop>;
    /// Text of several lines, pasted; empty when there is none, or nothing was typed within the limit.
    ///
    /// # Errors
    /// As for `text`.
    fn pasted(&self, question: &Question, limit: Duration) -> Result<String, Stop>;
    /// The keyboard, for as long as something is waited for.
    ///
    /// # Errors
    /// That the terminal cannot be used so.
    fn keyboard(&self) -> Result<Box<dyn Keyboard + '_>, Failure>;
    /// Yes or no.
    ///
    /// # Errors
    /// As for `text`.
    fn confirm(&self, question: &Question, default: bool) -> Result<bool, Stop> {
        let text = format!("{} ({})", question.text, if default { "Y/n" } else { "y/N" });
        let question = Question { text: &text, ..*question };
        let answer = self.text(&question, &|answer| yes_or_no(answer, default).map(drop))?;
        Ok(yes_or_no(&answer, default).unwrap_or(default))
    }
}

fn yes_or_no(answer: &str, default: bool) -> Result<bool, String> {
    match answer.to_lowercase().as_str() {
        "" => Ok(default),
        "y" | "yes" => Ok(true),
        "n" | "no" => Ok(false),
        _ => Err("answer y or n".to_owned()),
    }
}

/// Whether an answer asks for the question before.
fn is_back(answer: &str) -> bool {
    answer.trim().eq_ignore_ascii_case("back")
}
