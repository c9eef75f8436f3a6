//! Owns the one JSON document: its members, and how it is written so that a terminal that shows it is not harmed.

use serde::Serialize;

use super::{Console, clean};
use crate::diagnosis::{Exit, Failure};
use crate::finding::{Finding, StepReport};
use crate::text::unsafe_to_show;

/// The JSON document of `setup`, `test`, `status` and `remove`; members that do not apply are left out.
#[derive(Debug, Default, Serialize)]
pub struct Document {
    pub(super) schema: u32,
    pub(super) command: String,
    pub(super) ok: bool,
    pub(super) exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connection: Option<ConnectionDoc>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) steps: Vec<StepReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checks: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identity: Option<IdentityDoc>,
    #[serde(flatten)]
    pub(super) more: serde_json::Map<String, serde_json::Value>,
    pub(super) error: Option<ErrorDoc>,
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

/// Why it did not work.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ErrorDoc {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: String,
}

impl Document {
    /// Whether the finding that was kept last is this failure's.
    pub(super) fn shows_last(&self, failure: &Failure) -> bool {
        self.checks.last().is_some_and(|check| check.failure.as_ref() == Some(failure))
    }

    /// The text of the document, as the command ends now.
    pub(super) fn text(&mut self, exit: Exit, failure: Option<(&Failure, String)>) -> String {
        self.exit_code = exit as u8;
        self.ok = exit == Exit::Done && failure.is_none();
        self.error = failure.map(|(failure, hint)| ErrorDoc {
            code: failure.code.name(),
            message: clean(&one_line(&failure.message)),
            hint: clean(&hint),
        });
        ascii_safe(&serde_json::to_string_pretty(self).unwrap_or_default())
    }
}

impl Console {
    /// How a step ended: kept for the document, the last word for each step.
    pub fn step(&self, report: StepReport) {
        let hint = report.hint.as_deref().map(|hint| self.filled(hint));
        let report = StepReport { hint, ..report };
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

    /// The checks so far, as the document has them.
    pub fn checks(&self) -> Vec<Finding> {
        self.with(|document| document.checks.clone())
    }

    /// What is true of the connection is found out anew.
    pub fn another_round(&self) {
        self.with(|document| document.connection = None);
    }

    /// A member of its own, for the document.
    pub fn member(&self, name: &str, value: serde_json::Value) {
        self.with(|document| document.more.insert(name.to_owned(), value));
    }
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
