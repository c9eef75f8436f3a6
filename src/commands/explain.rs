//! `explain`: what a diagnosis code means, or which diagnoses a pasted text fits.
//!
//! The cures name the values of the saved profile, where there is one. Nothing of the pasted text is repeated that could be a
//! secret.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Read as _};

use serde_json::{Value, json};

use crate::auth0::logs::Entry;
use crate::cli;
use crate::console::Console;
use crate::diagnosis::{Blank, Code, Diagnosis, Failure, Values, auth_error, own_output, recognise};
use crate::provider::Provider;
use crate::text::said;

/// A pasted text is read up to this size (bytes).
const MAX_TEXT: u64 = 1024 * 1024;

/// Runs it.
///
/// # Errors
/// `unknown_code`.
pub fn run(console: &Console, values_for: &dyn Fn(&str) -> Values, args: &cli::Explain) -> Result<(), Failure> {
    let text = match args.code.as_deref() {
        None => return list(console, &values_for("")),
        Some("-") => pasted(console)?,
        Some(text) => text.trim().to_owned(),
    };
    if let Some(error) = auth_error::find(&text) {
        let number = error.number.map(|number| format!("Error {number}: ")).unwrap_or_default();
        let sentence = error.sentence.map(|sentence| format!(", {}", said(&sentence))).unwrap_or_default();
        console.say(&format!("Google's authError says: {number}{}{sentence}", said(&error.code)));
    }
    let codes = find(&text)?;
    let values = &values_for(&text);
    // Who asks for a code is told of that one.
    let codes = if text.parse::<Code>().is_ok() { codes } else { told_apart(codes, values) };
    console.member("diagnoses", codes.iter().map(|code| as_json(*code, values)).collect());
    for (n, code) in codes.iter().enumerate() {
        if n > 0 {
            console.result("");
        }
        show(console, code.diagnosis(), values);
    }
    Ok(())
}

/// An ID that the one provider does not know and that has the other's form is no slip of the pen.
fn told_apart(codes: Vec<Code>, values: &Values) -> Vec<Code> {
    let is_of = values.value(Blank::ClientId).and_then(Provider::of_client_id);
    let better = match (values.for_fitbit(), is_of) {
        (Some(false), Some(Provider::Fitbit)) => Code::FitbitIdAtGoogle,
        (Some(true), Some(Provider::GoogleHealth)) => Code::GoogleIdAtFitbit,
        _ => return codes,
    };
    let told = |code| if code == Code::ClientIdUnknown { better } else { code };
    let mut codes: Vec<Code> = codes.into_iter().map(told).collect();
    codes.dedup();
    codes
}

/// Everything on stdin; what is no text is read as far as it is one.
fn pasted(console: &Console) -> Result<String, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        console.say("Paste the text, then press Ctrl-D on a line of its own.");
    }
    let mut bytes = Vec::new();
    let read = stdin.lock().take(MAX_TEXT).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(Code::InputInvalid, format!("stdin cannot be read: {error}")))?;
    Ok(decoded(&bytes).trim().to_owned())
}

/// UTF-8, or the UTF-16 of a file that PowerShell wrote, which says so with a byte order mark.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let units = |of: fn([u8; 2]) -> u16, rest: &[u8]| {
        String::from_utf16_lossy(&rest.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect::<Vec<_>>())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest).into(),
        [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest).into(),
        _ => String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
    }
}

fn find(text: &str) -> Result<Vec<Code>, Failure> {
    let not_a_code = match text.parse::<Code>() {
        Ok(code) => return Ok(vec![code]),
        Err(why) => why,
    };
    let of_ours = own_output::find(text);
    if of_ours.as_ref().is_some_and(Vec::is_empty) {
        let message = "this is the output of a run in which nothing failed, so that there is nothing to explain";
        return Err(Failure::new(Code::UnknownCode, message));
    }
    let codes = of_ours.or_else(|| logged(text)).unwrap_or_else(|| recognise(text));
    if codes.is_empty() {
        let shown: String = text.chars().take(60).collect();
        let is_word = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let message = match (is_word, text.is_empty()) {
            (true, _) => not_a_code,
            (_, true) => "there is no text to explain".to_owned(),
            _ => format!("no diagnosis fits the text \"{}\"", crate::text::said(&shown)),
        };
        return Err(Failure::new(Code::UnknownCode, message));
    }
    Ok(codes)
}

/// What failed logins and exchanges in the tenant's log say, read as after a login of this program; `None` where the text is no such
/// entry, or they say no more than that they failed.
fn logged(text: &str) -> Option<Vec<Code>> {
    let document: Value = serde_json::from_str(text).ok()?;
    let entries = document.as_array().map_or(std::slice::from_ref(&document), Vec::as_slice);
    let mut codes: Vec<Code> = entries.iter().flat_map(|entry| Entry::read(entry).codes()).collect();
    codes.sort_unstable();
    codes.dedup();
    (!codes.is_empty()).then_some(codes)
}

fn list(console: &Console, values: &Values) -> Result<(), Failure> {
    console.member("diagnoses", Code::ALL.iter().map(|code| as_json(*code, values)).collect());
    for code in Code::ALL {
        console.result_behind(&format!("{:<36} ", code.name()), code.diagnosis().symptom);
    }
    Ok(())
}

fn as_json(code: Code, values: &Values) -> Value {
    let row = code.diagnosis();
    json!({
        "code": row.code,
        "symptom": row.symptom,
        "cause": values.fill(row.cause),
        "cure": values.fill(row.cure),
        "exit_code": row.exit.code(),
        "links": row.links_for(values.for_fitbit()),
        "sure": row.sure.word(),
    })
}

fn show(console: &Console, row: &Diagnosis, values: &Values) {
    console.result(row.code);
    let exit = row.exit.code().to_string();
    for (label, text) in [
        ("symptom", row.symptom),
        ("cause", &values.fill(row.cause)),
        ("cure", &values.fill(row.cure)),
        ("exit", &exit),
        ("sure", row.sure.says()),
    ] {
        console.result_behind(&format!("  {:<9}", format!("{label}:")), text);
    }
    for link in row.links_for(values.for_fitbit()) {
        console.result(&format!("  link:    {link}"));
    }
}
