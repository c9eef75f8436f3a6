//! `explain`: what a diagnosis code means, or which diagnoses a pasted text fits.

use std::io::Read as _;

use serde_json::{Value, json};

use crate::cli;
use crate::console::Console;
use crate::diagnosis::{Code, Failure, recognise};

/// A pasted text is read up to this size (bytes).
const MAX_TEXT: u64 = 1024 * 1024;

/// Runs it.
///
/// # Errors
/// `unknown_code`.
pub fn run(console: &Console, args: &cli::Explain) -> Result<(), Failure> {
    let codes = match args.code.as_deref() {
        None => return list(console),
        Some("-") => {
            let mut text = String::new();
            let read = std::io::stdin().lock().take(MAX_TEXT).read_to_string(&mut text);
            read.map_err(|error| Failure::new(Code::InputInvalid, format!("stdin cannot be read: {error}")))?;
            find(text.trim())?
        }
        Some(text) => find(text.trim())?,
    };
    console.member("diagnoses", codes.iter().map(|code| as_json(*code)).collect());
    for (n, code) in codes.iter().enumerate() {
        if n > 0 {
            console.result("");
        }
        console.result(&as_text(*code));
    }
    Ok(())
}

fn find(text: &str) -> Result<Vec<Code>, Failure> {
    let not_a_code = match text.parse::<Code>() {
        Ok(code) => return Ok(vec![code]),
        Err(why) => why,
    };
    let codes = recognise(text);
    if codes.is_empty() {
        let shown: String = text.chars().take(60).collect();
        let is_word = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let message =
            if is_word { not_a_code } else { format!("no diagnosis fits the text \"{}\"", crate::text::said(&shown)) };
        return Err(Failure::new(Code::UnknownCode, message).with_hint("List all codes: fitbit-connect explain"));
    }
    Ok(codes)
}

fn list(console: &Console) -> Result<(), Failure> {
    console.member("diagnoses", Code::ALL.iter().map(|code| as_json(*code)).collect());
    for code in Code::ALL {
        console.result(&format!("{:<36} {}", code.name(), code.diagnosis().symptom));
    }
    Ok(())
}

fn as_json(code: Code) -> Value {
    let row = code.diagnosis();
    json!({
        "code": row.code,
        "symptom": row.symptom,
        "cause": row.cause,
        "cure": row.cure,
        "exit_code": row.exit.code(),
        "links": row.links,
    })
}

fn as_text(code: Code) -> String {
    let row = code.diagnosis();
    let mut text =
        format!("{}\n  symptom: {}\n  cause:   {}\n  cure:    {}", row.code, row.symptom, row.cause, row.cure);
    text.push_str(&format!("\n  exit:    {}", row.exit.code()));
    for link in row.links {
        text.push_str(&format!("\n  link:    {link}"));
    }
    text
}
