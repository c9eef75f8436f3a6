//! Owns the words for what was found out: a check's finding, a step's report, and the ids of both.
//!
//! Refuses to decide anything: values only.

use serde::{Serialize, Serializer};

use crate::diagnosis::{Code, Failure};

/// The six steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Register an app.
    Register,
    /// Enter the callback URL.
    Callback,
    /// Copy the client ID and secret.
    Credentials,
    /// Enter them in Auth0.
    Connection,
    /// Enable the connection.
    Applications,
    /// Test the connection.
    Login,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Step; 6] =
        [Self::Register, Self::Callback, Self::Credentials, Self::Connection, Self::Applications, Self::Login];

    /// The stable id.
    pub fn id(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Callback => "callback",
            Self::Credentials => "credentials",
            Self::Connection => "connection",
            Self::Applications => "applications",
            Self::Login => "login",
        }
    }

    /// The title, as in the Auth0 guide.
    pub fn title(self) -> &'static str {
        match self {
            Self::Register => "Register an app",
            Self::Callback => "Enter the callback URL",
            Self::Credentials => "Copy the client ID and secret",
            Self::Connection => "Enter them in Auth0",
            Self::Applications => "Enable the connection",
            Self::Login => "Test the connection",
        }
    }

    /// 1 to 6.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// How a step of `setup` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// It was right already.
    Done,
    /// Something was written.
    Changed,
    /// Something would be written.
    Planned,
    /// It was left out.
    Skipped,
    /// It did not succeed.
    Failed,
}

/// One step in the document.
#[derive(Debug, Clone, Serialize)]
pub struct StepReport {
    /// Which.
    pub step: Step,
    /// How it ended.
    pub state: StepState,
    /// What was done or found, in a sentence.
    pub detail: String,
    /// The diagnosis, when it failed.
    pub code: Option<Code>,
    /// What to do.
    pub hint: Option<String>,
}

impl StepReport {
    /// A step that did not fail.
    pub fn new(step: Step, state: StepState, detail: impl Into<String>) -> Self {
        Self { step, state, detail: detail.into(), code: None, hint: None }
    }

    /// A step that failed.
    pub fn failed(step: Step, failure: &Failure) -> Self {
        Self {
            step,
            state: StepState::Failed,
            detail: failure.message.clone(),
            code: Some(failure.code),
            hint: Some(failure.hint()),
        }
    }
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Verified.
    Pass,
    /// Verified to be wrong.
    Fail,
    /// Right, with something to know.
    Warn,
    /// Not asked.
    Skip,
    /// Asked, and the answer tells neither way.
    Unknown,
}

impl State {
    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "ok",
            Self::Fail => "FAILED",
            Self::Warn => "warning",
            Self::Skip => "skipped",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a hint is worth a line.
    pub fn wants_cure(self) -> bool {
        matches!(self, Self::Fail | Self::Warn | Self::Unknown)
    }
}

/// One verified fact.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The stable id.
    pub check: &'static str,
    /// What it came to.
    pub state: State,
    /// In a sentence.
    pub detail: String,
    /// The diagnosis, when there is one.
    pub code: Option<Code>,
    /// What to do.
    pub hint: Option<String>,
    /// Client ID of the application it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// Whether the person asked for it to be left out (`--headless`), so that `--strict` does not mind.
    #[serde(skip)]
    pub expected: bool,
    /// The failure it stands for, with its own exit code.
    #[serde(skip)]
    pub failure: Option<Failure>,
}

impl Finding {
    fn new(check: &'static str, state: State, detail: impl Into<String>) -> Self {
        Self {
            check,
            state,
            detail: detail.into(),
            code: None,
            hint: None,
            application: None,
            application_name: None,
            expected: false,
            failure: None,
        }
    }

    /// Verified.
    pub fn pass(check: &'static str, detail: impl Into<String>) -> Self {
        Self::new(check, State::Pass, detail)
    }

    /// Not asked, and not at the person's wish.
    pub fn skip(check: &'static str, detail: impl Into<String>) -> Self {
        Self::new(check, State::Skip, detail)
    }

    /// Left out at the person's wish.
    pub fn left_out(check: &'static str, detail: impl Into<String>) -> Self {
        Self { expected: true, ..Self::new(check, State::Skip, detail) }
    }

    /// Asked, and the answer tells neither way.
    pub fn unknown(check: &'static str, code: Code, detail: impl Into<String>) -> Self {
        let failure = Failure::new(code, detail);
        Self { state: State::Unknown, ..Self::fail(check, failure) }
    }

    /// Right, with something to know.
    pub fn warn(check: &'static str, failure: Failure) -> Self {
        Self { state: State::Warn, ..Self::fail(check, failure) }
    }

    /// Verified to be wrong.
    pub fn fail(check: &'static str, failure: Failure) -> Self {
        Self {
            code: Some(failure.code),
            hint: Some(failure.hint()),
            failure: Some(failure.clone()),
            ..Self::new(check, State::Fail, failure.message)
        }
    }

    /// Says which application it is about.
    pub fn about(mut self, client_id: &str, name: Option<&str>) -> Self {
        self.application = Some(client_id.to_owned());
        self.application_name = name.map(str::to_owned);
        self
    }

    /// Whether it failed.
    pub fn is_fail(&self) -> bool {
        self.state == State::Fail
    }
}
