//! Owns the door that every value comes through: flag or variable, trimmed, parsed, and refused with the reason.
//!
//! Refuses to repeat a value that could be a secret.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use serde_json::Value;
use zeroize::Zeroize as _;

use super::Variables;
use crate::ask::Field;
use crate::auth0::management::Login;
use crate::cli;
use crate::diagnosis::{Code, Failure};
use crate::ids::{is_secret, masked, refuse_control, shown_path, unfinished, words, wrapping};
use crate::oauth::LONGEST_SECRET;
use crate::provider::Provider;
use crate::secret::Secret;

/// Files with a secret or a client JSON are read up to this size (bytes).
const MAX_FILE: u64 = 64 * 1024;

/// The text of a flag, else of a variable, trimmed, with the variable's name.
pub(super) fn pick(flag: Option<&str>, variables: &Variables, field: &Field) -> Option<(String, &'static str)> {
    match flag {
        Some(text) => Some((text.trim().to_owned(), "")),
        None => variables.of(field).map(|(text, name)| (text.to_owned(), name)),
    }
}

/// Stands for a value that is never shown.
pub(super) const HIDDEN: &str = "\u{0}";

/// The failure for a value that is not right; the value is shown unless it could be a secret.
pub(super) fn invalid(field: &Field, from: &str, text: &str, why: &str) -> Failure {
    let from = if from.is_empty() { field.flag } else { from };
    // A value that is long or odd may be a secret pasted in the wrong place: then only the reason is shown.
    let short = (text.len() <= 48 || text.contains('.'))
        && text.len() <= 80
        && !text.contains('@')
        && refuse_control(text).is_ok()
        && !looks_secret(text);
    let why = unfinished(text).unwrap_or(why);
    let shown = if short && text != HIDDEN { format!(" \"{text}\"") } else { String::new() };
    Failure::new(Code::InputInvalid, format!("{}{shown} (from {from}) is not right: {why}", field.name))
}

/// Whether a text could be a secret: what no name can be ([`is_secret`]), or a run of mixed letters and digits without the
/// dots and spaces that names and addresses have.
pub fn looks_secret(text: &str) -> bool {
    let dense = |word: &str| {
        let has = |what: fn(&u8) -> bool| word.as_bytes().iter().any(what);
        word.len() >= 24 && !word.contains('.') && has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase)
    };
    is_secret(text) || words(text).any(dense)
}

/// The values of one run, and everything that is wrong with them so far.
pub(super) struct Door<'a> {
    variables: &'a Variables,
    /// What was refused.
    pub(super) wrong: Vec<Failure>,
    stdin_taken: Option<&'static str>,
}

impl<'a> Door<'a> {
    pub(super) fn new(variables: &'a Variables) -> Self {
        Self { variables, wrong: Vec::new(), stdin_taken: None }
    }

    pub(super) fn parse<T>(
        &mut self,
        field: &Field,
        from: &str,
        text: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(text.trim()).map_err(|why| self.wrong.push(invalid(field, from, text.trim(), &why))).ok()
    }

    pub(super) fn parsed<T>(
        &mut self,
        flag: Option<&str>,
        field: &Field,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (text, from) = pick(flag, self.variables, field)?;
        if text.is_empty() {
            self.wrong.push(invalid(field, from, "", "it is empty"));
            return None;
        }
        self.parse(field, from, &text, parse)
    }

    /// The entries of a repeatable flag, else of a comma list in a variable, with the variable's name.
    pub(super) fn listed(&mut self, flags: &[String], field: &Field) -> Option<(Vec<String>, &'static str)> {
        let (mut entries, from): (Vec<String>, _) = if flags.is_empty() {
            let (list, from) = self.variables.of(field)?;
            let entries =
                list.split([',', '\n']).map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty());
            (entries.collect(), from)
        } else {
            (flags.iter().map(|entry| entry.trim().to_owned()).collect(), "")
        };
        for entry in &entries {
            // Persian names and composed emoji have joiners in them, which cannot be seen and harm nobody.
            if let Err(why) = refuse_control(&entry.replace(['\u{200c}', '\u{200d}'], "")) {
                self.wrong.push(invalid(field, from, entry, &why));
            } else if is_secret(entry) {
                self.wrong.push(invalid(field, from, HIDDEN, "it looks like a secret"));
            } else if entry.is_empty() {
                self.wrong.push(invalid(field, from, "", "it is empty"));
            }
        }
        let mut once = BTreeSet::new();
        entries.retain(|entry| once.insert(entry.clone()));
        // A list of nothing but commas is as good as none.
        if entries.is_empty() { None } else { Some((entries, from)) }
    }

    pub(super) fn secret(&mut self, file: Option<&Path>, field: &Field) -> Option<Secret> {
        let (text, from) = match file {
            Some(path) => (self.read(path, field)?, ""),
            None => self.variables.of(field).map(|(text, from)| (text.to_owned(), from))?,
        };
        let secret = Secret::new(text.trim().trim_start_matches('\u{feff}').trim().to_owned());
        drop(Secret::new(text));
        let wrong = if secret.is_empty() {
            Some("it is empty".to_owned())
        } else if secret.expose().len() > LONGEST_SECRET {
            Some(format!("it is longer than {LONGEST_SECRET} bytes, as no secret and no token is"))
        } else if let Some(why) = wrapping(secret.expose()) {
            Some(why.to_owned())
        } else if secret.expose().contains(char::is_whitespace) {
            Some("it has white space inside; give the secret alone".to_owned())
        } else {
            refuse_control(secret.expose()).err()
        };
        match wrong {
            Some(why) => {
                self.wrong.push(invalid(field, from, HIDDEN, &why));
                None
            }
            None => Some(secret),
        }
    }

    fn read(&mut self, path: &Path, field: &Field) -> Option<String> {
        // A secret given where its file belongs is not repeated as a path.
        let shown = match path.to_string_lossy() {
            path if looks_secret(&path) || path.len() > 200 => {
                "(not shown: it looks like the secret itself)".to_owned()
            }
            _ => shown_path(path),
        };
        // With room for all of it, so that growing leaves no copy behind.
        let mut bytes = Vec::with_capacity(MAX_FILE as usize + 1);
        let result = if path.as_os_str() == "-" {
            if let Some(first) = self.stdin_taken.replace(field.name) {
                let message = format!("{first} and {} cannot both be read from stdin", field.name);
                self.wrong.push(Failure::new(Code::InputContradictory, message));
                return None;
            }
            if io::stdin().is_terminal() {
                let message = format!("the {} cannot be read from stdin: a terminal shows what is typed", field.name);
                self.wrong.push(Failure::new(Code::InputInvalid, message).with_hint(format!(
                    "Pipe it in, as in `{} - < FILE`, or leave the flag out, and the terminal asks for what is needed without \
                     showing it",
                    field.flag.trim_end_matches(" PATH")
                )));
                return None;
            }
            io::stdin().lock().take(MAX_FILE + 1).read_to_end(&mut bytes)
        } else {
            File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        };
        let cannot = |why: &str| {
            Failure::new(
                Code::FileNotReadable,
                format!("the file with the {}, {shown}, cannot be read: {why}", field.name),
            )
        };
        let read = match result {
            Ok(read) if read as u64 > MAX_FILE => {
                let message = format!("the file with the {}, {shown}, is larger than 64 KiB", field.name);
                Err(Failure::new(Code::FileNotReadable, message))
            }
            Ok(_) => str::from_utf8(&bytes).map(str::to_owned).map_err(|_| match bytes.get(..2) {
                Some([0xff, 0xfe] | [0xfe, 0xff]) => cannot("it is UTF-16")
                    .with_hint("Save it as UTF-8; what `>` of Windows PowerShell 5 writes is UTF-16"),
                _ => cannot("it is no text"),
            }),
            Err(error) => Err(cannot(&error.to_string())),
        };
        bytes.zeroize();
        read.map_err(|failure| self.wrong.push(failure)).ok()
    }

    /// Google's download: `{"web": {"client_id": ..., "client_secret": ...}}`.
    pub(super) fn client_json(&mut self, path: &Path) -> Option<(String, Secret)> {
        let text = Secret::new(self.read(path, &crate::ask::CLIENT_JSON)?);
        let shape = |why: &str| {
            let message = format!("{} is not Google's client JSON of a Web application: {why}", path.display());
            Failure::new(Code::InputInvalid, message)
                .with_hint("Google Auth Platform > Clients > the Web application client > Download JSON")
        };
        let read = || {
            // An editor on Windows puts a byte order mark in front.
            let text = text.expose().trim_start_matches('\u{feff}');
            let value: Value = serde_json::from_str(text).map_err(|_| shape("it is no JSON"))?;
            if value.get("installed").is_some() {
                let message =
                    format!("{} belongs to a Desktop client, which cannot carry Auth0's callback URL", path.display());
                return Err(Failure::new(Code::DesktopClient, message));
            }
            let web = value.get("web").ok_or_else(|| shape("there is no \"web\" in it"))?;
            let member = |name: &str| {
                let text = web.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
                text.ok_or_else(|| shape(&format!("there is no \"{name}\" in it")))
            };
            let id = member("client_id")?;
            Provider::GoogleHealth.check_client_id(id).map_err(|why| shape(&why))?;
            let made = |failure: Failure| {
                let (id, secret) = (crate::ask::CLIENT_ID.how_to_give(), crate::ask::CLIENT_SECRET.how_to_give());
                failure.with_hint(format!(
                    "Google shows a secret only when it is made: add a new one on the client's page (Google Auth Platform > Clients) and \
                     download the JSON then, or give both without it: {id}; {secret}"
                ))
            };
            let secret = member("client_secret").map_err(made)?;
            Provider::GoogleHealth.check_secret(secret).map_err(|why| made(shape(&why)))?;
            Ok((id.to_owned(), Secret::new(secret.to_owned())))
        };
        read().map_err(|failure| self.wrong.push(failure)).ok()
    }

    /// A token or a client, flags before variables; a saved client ID waits for its secret from the store.
    pub(super) fn management(
        &mut self,
        flags: &cli::Inputs,
        saved_id: Option<&String>,
    ) -> (Option<Login>, Option<String>) {
        let by_client_flag = flags.management_client_id.is_some() || flags.management_client_secret_file.is_some();
        if flags.token_file.is_some() && by_client_flag {
            let message = "--token-file and --management-client-id are two ways to the same thing; give one";
            self.wrong.push(Failure::new(Code::InputContradictory, message));
            return (None, None);
        }
        if !by_client_flag && let Some(token) = self.secret(flags.token_file.as_deref(), &crate::ask::TOKEN) {
            return (Some(Login::Token(token)), None);
        }
        if flags.token_file.is_some() {
            return (None, None);
        }
        let id = self
            .parsed(flags.management_client_id.as_deref(), &crate::ask::MANAGEMENT_ID, |text| {
                refuse_control(text)?;
                if is_secret(text) {
                    return Err("it looks like a secret, not like a client ID".to_owned());
                }
                if let Some(why) = unfinished(text).or_else(|| masked(text)) {
                    return Err(why.to_owned());
                }
                // Auth0's client IDs have 32 characters, its secrets 64.
                if text.len() > 48 { Err("it is too long for a client ID".to_owned()) } else { Ok(text.to_owned()) }
            })
            .or_else(|| saved_id.cloned());
        let secret = self.secret(flags.management_client_secret_file.as_deref(), &crate::ask::MANAGEMENT_SECRET);
        match (id, secret) {
            (Some(id), Some(secret)) => (Some(Login::Client { id: id.clone(), secret }), Some(id)),
            (id, _) => (None, id),
        }
    }

    pub(super) fn verdict(self) -> Result<(), Failure> {
        let mut wrong = self.wrong.into_iter();
        let Some(first) = wrong.next() else { return Ok(()) };
        let rest: Vec<String> = wrong.map(|failure| failure.message).collect();
        if rest.is_empty() {
            return Err(first);
        }
        let hint = first.hint();
        Err(Failure::new(first.code, format!("{}\n{}", first.message, rest.join("\n"))).with_hint(hint))
    }
}
