//! Owns the one error that carries a diagnosis: a code from the table, what happened in this very run, and the cure.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Code, Exit};

/// Something that did not work, named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The diagnosis.
    pub code: Code,
    /// What happened, with this run's values; never a secret.
    pub message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure whose cure is the table's.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// Ctrl-C was pressed, or the person left.
    pub fn cancelled() -> Self {
        Self::new(Code::Cancelled, "cancelled; nothing more is written")
    }

    /// A failure with a cure that names this run's exact strings.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to do.
    pub fn hint(&self) -> String {
        self.hint.clone().unwrap_or_else(|| self.code.diagnosis().cure.to_owned())
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.code.diagnosis().exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
