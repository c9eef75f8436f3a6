//! Owns what every row has to hold: its own code in its own place, the string to copy, the promised exit code, one cause, and
//! nothing on either stream that does not belong there.

use fitbit_connect::provider::Provider;
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use serde_json::Value;

use super::common::login_address;
use super::row::{Row, Way, filled};
use super::run::{Ran, run};

/// When a check fails, what could only repeat it is left out.
const CONSEQUENCES: &[(&str, &[&str])] = &[
    ("provider.alive", &["provider.callback", "credentials.accepted"]),
    ("tenant.reachable", &["management.access", "connection.exists", "applications.enabled", "authorize.redirect"]),
    ("management.access", &["connection.exists", "connection.settings", "connection.secret", "applications.enabled"]),
    ("connection.exists", &["connection.settings", "connection.secret", "applications.enabled", "authorize.redirect"]),
];

/// With these, one thing is known to be wrong and another one is not known: two facts that do not follow from each other.
const NOT_KNOWN_TOO: &[Fault] = &[
    // A page in place of the discovery document proves nothing; that the same host gives no token stops the run.
    Fault::TenantGarbage,
    // A page in place of the provider's proves nothing either; nobody is sent there to log in.
    Fault::ProviderGarbage,
];

/// What no stream may hold: both providers' secrets and the Management API client's, and how codes and tokens begin.
const SECRETS: [&str; 3] = [facts::GOOGLE_CLIENT_SECRET, facts::FITBIT_CLIENT_SECRET, facts::MANAGEMENT_CLIENT_SECRET];
const TOKENS: [&str; 4] = ["ya29.", "1//0", "4/0A", "eyJ"];

/// Runs a row and says what is not as promised, with what was printed.
pub fn judge(row: &Row, way: Way, provider: Provider) -> Option<String> {
    let ran = run(row, way, provider);
    let wrong = wrong(row, way, &ran)?;
    let faults: Vec<&str> = row.faults.iter().map(|fault| fault.name()).collect();
    Some(format!("{} ({provider}, {way:?}): {wrong}\n{}", faults.join(" + "), ran.output))
}

fn wrong(row: &Row, way: Way, ran: &Ran) -> Option<String> {
    if ran.output.code() != row.exit {
        return Some(format!("exit code {}, not {}", ran.output.code(), row.exit));
    }
    let document = ran.output.document();
    let error = &document["error"];
    if row.exit != 0 && error["code"] != row.code {
        return Some(format!("error.code is {}, not {}", error["code"], row.code));
    }
    let copy = filled(row.copy, &ran.blanks);
    named(row, way, &document, &copy)
        .or_else(|| one_cause(row, &document))
        .or_else(|| if way.sets_up() { None } else { consequences(row, way, &document) })
        .or_else(|| streams(ran))
        .or_else(|| texts(&document))
        .or_else(|| if way.sets_up() { None } else { what_stays(row, &ran.writes) })
}

/// The code stands in its place, and so does the cure with what has to be copied.
fn named(row: &Row, way: Way, document: &Value, copy: &str) -> Option<String> {
    let (list, member, state) = match way.sets_up() {
        true => ("steps", "step", "failed"),
        false => ("checks", "check", row.state),
    };
    let all = document[list].as_array().into_iter().flatten();
    let here: Vec<&Value> = all.filter(|entry| entry[member] == row.check).collect();
    let fits = |entry: &&&Value| entry["state"] == state && entry["code"] == row.code;
    let Some(entry) = here.iter().find(fits) else {
        return Some(format!("{} is not {state} with {}: {here:?}", row.check, row.code));
    };
    let (cure, what) = match way.sets_up() {
        true => (&document["error"]["hint"], &document["error"]["message"]),
        false => (&entry["hint"], &entry["detail"]),
    };
    let (cure, what) = (cure.as_str().unwrap_or_default(), what.as_str().unwrap_or_default());
    if cure.is_empty() {
        return Some("there is no cure".to_owned());
    }
    let is_there = stands_in(cure, copy) || stands_in(what, copy);
    (!is_there).then(|| format!("{copy} is neither in the cure nor in what happened:\n{cure}\n{what}"))
}

/// Whether it stands there by itself, not as a part of a longer word or address.
fn stands_in(text: &str, copy: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
    text.match_indices(copy).any(|(at, _)| {
        let (before, mut after) = (text[..at].chars().next_back(), text[at + copy.len()..].chars());
        let next = after.next();
        let goes_on = match next {
            Some('.' | ':') => after.next().is_some_and(part),
            Some(c) => part(c),
            None => false,
        };
        !before.is_some_and(|c| part(c) || matches!(c, '.' | ':')) && !goes_on
    })
}

/// One check fails, for one reason; it may do so for several applications, each of which is a fact of its own.
fn one_cause(row: &Row, document: &Value) -> Option<String> {
    let checks = document["checks"].as_array().into_iter().flatten();
    let mut failed: Vec<(&Value, &Value)> = checks
        .clone()
        .filter(|check| check["state"] == "fail")
        .map(|check| (&check["check"], &check["code"]))
        .collect();
    failed.dedup();
    if failed.len() > 1 || (row.exit == 0 && !failed.is_empty()) {
        return Some(format!("more than one cause: {failed:?}"));
    }
    let unknown: Vec<&Value> = checks.filter(|check| check["state"] == "unknown").collect();
    let may = row.exit == 0 || NOT_KNOWN_TOO.iter().any(|fault| row.faults.contains(fault));
    (!may && !unknown.is_empty()).then(|| format!("something is unknown as well: {unknown:?}"))
}

fn consequences(row: &Row, way: Way, document: &Value) -> Option<String> {
    if row.exit == 0 {
        return None;
    }
    let follow = CONSEQUENCES.iter().filter(|(cause, _)| *cause == row.check).flat_map(|(_, follow)| follow.iter());
    // With no login asked for there is none; else it is not tried on a set-up that cannot work.
    let login = (row.check != "login.live").then_some("login.live");
    for check in follow.copied().chain(login) {
        let mut states = document["checks"].as_array().into_iter().flatten().filter(|found| found["check"] == check);
        if states.any(|found| found["state"] != "skip") {
            return Some(format!("{check} is not left out, although {} failed ({way:?})", row.check));
        }
    }
    None
}

fn streams(ran: &Ran) -> Option<String> {
    let address = |line: &str| login_address(line).is_some();
    // The address to open holds a state and a challenge made of random letters.
    let stderr: String =
        ran.output.stderr.lines().filter(|line| !address(line)).map(|line| format!("{line}\n")).collect();
    for text in [&ran.output.stdout, &stderr] {
        if let Some(secret) = SECRETS.iter().find(|secret| text.contains(**secret)) {
            return Some(format!("a secret is shown: {secret}"));
        }
        if let Some(token) = TOKENS.iter().find(|token| begins_a_word(text, token)) {
            return Some(format!("a code or token is shown: {token}"));
        }
        if text.contains("panicked") || text.contains("RUST_BACKTRACE") {
            return Some("it panicked".to_owned());
        }
        if let Some(c) = text.chars().find(|c| *c != '\n' && moves_a_terminal(*c)) {
            return Some(format!("a character that moves a terminal is shown: {c:?}"));
        }
    }
    None
}

fn begins_a_word(text: &str, token: &str) -> bool {
    text.match_indices(token).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric()))
}

/// Control characters, and those that turn the direction of a line around (Unicode, Bidi_Control).
fn moves_a_terminal(c: char) -> bool {
    let turns = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}

/// No text is an answer's body as it came.
fn texts(document: &Value) -> Option<String> {
    let entries = ["checks", "steps"].iter().flat_map(|list| document[*list].as_array().into_iter().flatten());
    let texts = entries.chain([&document["error"]]).flat_map(|entry| {
        ["detail", "message", "hint"].iter().filter_map(|member| entry[*member].as_str()).collect::<Vec<_>>()
    });
    for text in texts {
        let lower = text.to_lowercase();
        if ["<html", "<!doctype", "{\""].iter().any(|mark| lower.contains(mark)) {
            return Some(format!("a raw body: {text}"));
        }
        if text.chars().any(moves_a_terminal) {
            return Some(format!("a text of the document moves a terminal: {text:?}"));
        }
        if text.contains(['{', '}']) && !lower.contains("{valid=") && !lower.contains("\\u{") {
            return Some(format!("a blank was left open: {text}"));
        }
    }
    None
}

/// Whatever `test` writes belongs to its temporary application, which is gone afterwards.
fn what_stays(row: &Row, writes: &[String]) -> Option<String> {
    let count = |start: &str, status: &str| {
        writes.iter().filter(|write| write.starts_with(start) && write.ends_with(status)).count()
    };
    let (created, removed) = (count("POST /api/v2/clients ", " 201"), count("DELETE /api/v2/clients/", " 204"));
    let refused = writes.iter().filter(|write| [" 400", " 403", " 503"].iter().any(|s| write.ends_with(s))).count();
    let enabled = count("PATCH /api/v2/connections/", "");
    // Somebody else's hand in the middle of the run, and the application that the sandbox does not let go.
    let (others, left) = (usize::from(row.deed.is_some()), usize::from(row.faults.contains(&Fault::ApplicationStays)));
    let known = created + removed + refused + enabled;
    let stays = created > 1 || removed + left != created || enabled > created + others || known < writes.len();
    stays.then(|| format!("something stays: {writes:?}"))
}
