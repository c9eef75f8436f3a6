//! Owns how a verified fact stands on the screen: its state as a word, what it is about, a sentence, and below it the cure.
//!
//! Refuses to decide what is a failure.

use super::wrap::columns;
use super::{Console, DIM, GREEN, RED, YELLOW};
use crate::diagnosis::Code;
use crate::finding::{Finding, State};

/// Where the subject of a finding begins, and its detail: columns.
const STATE: usize = 10;
const DETAIL_AT: usize = 33;
/// The room from which the detail of a finding stands beside its subject: a terminal of 70 columns.
const ROOM_FOR_DETAIL: usize = 69;

impl Console {
    /// A verified fact: printed, and kept for the document.
    pub fn finding(&self, finding: &Finding) {
        self.row(finding);
        self.keep(finding);
    }

    /// Findings of one check about several applications that say the same: one line for people, each of them in the document.
    pub fn alike(&self, findings: &[Finding]) {
        match findings {
            [] => {}
            [only] => self.row(only),
            [first, ..] => self.row(&Finding {
                application: None,
                application_name: Some(format!("{} applications", findings.len())),
                ..first.clone()
            }),
        }
        findings.iter().for_each(|finding| self.keep(finding));
    }

    /// The checks of another round, in the document in place of those before; printed are none.
    pub fn checks_are(&self, findings: &[Finding]) {
        self.with(|document| document.checks.clear());
        findings.iter().for_each(|finding| self.keep(finding));
    }

    fn keep(&self, finding: &Finding) {
        if is_cancelled(finding) {
            return;
        }
        let hint = finding.hint.as_deref().map(|hint| self.filled(hint));
        self.with(|document| document.checks.push(Finding { hint, ..finding.clone() }));
    }

    /// Whether the finding right above, about something else, has the same cure.
    fn stands_above(&self, finding: &Finding, hint: &str) -> bool {
        self.with(|document| {
            document.checks.last().is_some_and(|above| {
                let same = above.check == finding.check && above.application == finding.application;
                !same && above.state.wants_cure() && above.hint.as_deref() == Some(hint)
            })
        })
    }

    /// A verified fact: printed alone.
    pub fn row(&self, finding: &Finding) {
        if is_cancelled(finding) {
            return;
        }
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
        let (subject, detail) = (self.safe(&subject), format!("{}{code}", self.safe(&finding.detail)));
        let state = format!("{:<7}", finding.state.word());
        let gap = " ".repeat(DETAIL_AT.saturating_sub(STATE + columns(&subject)).max(1));
        let detail_at = STATE + columns(&subject) + gap.len();
        if self.width().is_some_and(|width| width < ROOM_FOR_DETAIL || width < detail_at + 20) {
            self.prose(&format!("  {}{state}{} ", style.render(), style.render_reset()), &subject, STATE, STATE);
            self.prose("    ", &detail, 4, 4);
        } else {
            let head = format!("  {}{state}{} {subject}{gap}", style.render(), style.render_reset());
            self.prose(&head, &detail, detail_at, DETAIL_AT);
        }
        // A cure that stands right above is not said again.
        let hint = finding.hint.as_ref().filter(|_| finding.state.wants_cure()).map(|hint| self.filled(hint));
        if let Some(hint) = hint.filter(|hint| !self.stands_above(finding, hint)) {
            self.hint(&hint);
        }
    }
}

/// Whether Ctrl-C came before the fact was known: it is said at the end, and is no fact about a service.
fn is_cancelled(finding: &Finding) -> bool {
    finding.code == Some(Code::Cancelled)
}
