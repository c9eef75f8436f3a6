//! Owns the part of `test` that looks at each application: is the connection enabled for it, and does `/authorize` lead it to the
//! provider. One cause for all of them is one failure.

use std::collections::BTreeSet;

use super::{ASKED_APPLICATIONS, Run};
use crate::ask::given::{Applications, Inputs};
use crate::auth0::management::Management;
use crate::auth0::wire::{Application, Connection};
use crate::checks::applications::{Chosen, WayOn, enabled, not_enabled_as_others, resolve, setup_for};
use crate::checks::authorize::{Answers, Expected, redirect, to_ask_further};
use crate::checks::{id, met};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, State};
use crate::steps::manual::by_hand;

/// What `/authorize` said of the applications.
#[derive(Default)]
pub(super) struct Asked {
    /// Every application of the tenant.
    pub(super) all: Vec<Application>,
    /// One to ask further login domains about.
    pub(super) one: Option<Chosen>,
    /// What the answers of `/authorize` come to.
    pub(super) answers: Answers,
    /// What failed there.
    pub(super) failed: BTreeSet<Code>,
}

impl Run<'_> {
    /// `applications.enabled` and `authorize.redirect` for each application.
    pub(super) fn application_checks(
        &self,
        inputs: &Inputs,
        management: Option<&Management>,
        listed: Option<Result<Vec<Application>, Failure>>,
        connection: Option<&Connection>,
        usable: bool,
        expected: &Expected,
    ) -> Result<Asked, Failure> {
        let (all, known) = match listed.filter(|_| management.is_some()) {
            Some(Ok(all)) => (all, true),
            Some(Err(failure)) => {
                self.note(met(id::APPLICATIONS_ENABLED, failure));
                (Vec::new(), false)
            }
            None => (Vec::new(), false),
        };
        let by_id = |id: &String| Chosen::saved(id, &self.world.saved.callbacks);
        let mut names: Vec<&String> = Vec::new();
        let chosen: Vec<Chosen> = match &inputs.applications {
            choice if known => resolve(choice, &all).map_err(|failure| self.world.unshadowed(failure))?,
            Applications::Named(given) => {
                let ids: Vec<&String>;
                // No client ID has a space.
                (names, ids) = given.iter().partition(|given| given.contains(char::is_whitespace));
                ids.into_iter().map(by_id).collect()
            }
            Applications::Saved(ids) => ids.iter().map(by_id).collect(),
            Applications::All | Applications::Unknown => Vec::new(),
        };
        for name in &names {
            let why = format!(
                "{name} is looked up only with the Management API (read:clients): give its client ID with --app"
            );
            self.skip(&[id::APPLICATIONS_ENABLED, id::AUTHORIZE_REDIRECT], &why);
        }
        if chosen.is_empty() && names.is_empty() {
            let why = match inputs.applications {
                Applications::All => "which applications there are is not known without the Management API",
                _ => "no application is saved or named (--app)",
            };
            self.skip(&[id::APPLICATIONS_ENABLED, id::AUTHORIZE_REDIRECT], why);
            return Ok(Asked { all, ..Asked::default() });
        }
        let on: Option<Result<BTreeSet<String>, Failure>> = match (management, connection) {
            (Some(management), Some(connection)) => Some(management.enabled_clients(&connection.id)),
            _ => None,
        };
        let way_on = WayOn::of(&chosen, &all);
        let (mut off, mut unread) = (BTreeSet::new(), false);
        let about =
            |finding: Finding, application: &Chosen| finding.about(&application.client_id, application.name.as_deref());
        self.note_each(chosen.iter().map(|application| {
            let finding = match &on {
                Some(Ok(on)) => enabled(application, expected.connection, on, &way_on),
                Some(Err(failure)) if unread => {
                    Finding::skip(id::APPLICATIONS_ENABLED, format!("not read, as above [{}]", failure.code))
                }
                Some(Err(failure)) => {
                    let met = met(id::APPLICATIONS_ENABLED, failure.clone());
                    unread = met.is_fail();
                    met
                }
                None => Finding::skip(id::APPLICATIONS_ENABLED, "not read, since the connection was not read"),
            };
            if finding.is_fail() {
                off.insert(&application.client_id);
            }
            about(finding, application)
        }));
        let limit = if self.args.check_all { usize::MAX } else { ASKED_APPLICATIONS };
        let mut asked: Vec<Finding> = Vec::new();
        for (n, application) in chosen.iter().enumerate() {
            let no_answer = |found: &Finding| found.code.filter(|code| found.is_fail() && code.is_no_answer());
            asked.push(if let Some(code) = asked.iter().find_map(no_answer) {
                // Each of them would cost the whole time limit again.
                Finding::skip(id::AUTHORIZE_REDIRECT, format!("not asked, as above [{code}]"))
            } else if !usable {
                Finding::skip(id::AUTHORIZE_REDIRECT, "not asked: see the check that failed above")
            } else if off.contains(&application.client_id) {
                Finding::skip(id::AUTHORIZE_REDIRECT, "not asked, since applications.enabled failed for it")
            } else if n >= limit {
                Finding::left_out(
                    id::AUTHORIZE_REDIRECT,
                    "not asked: only the first 20 applications are, unless --check-all",
                )
            } else {
                let found = redirect(&self.world.http, application, expected);
                let found = if management.is_some() { found } else { for_the_dashboard(found, application, expected) };
                self.unless_it_follows(found, expected.host)
            });
        }
        let mut answers = Answers::default();
        asked.iter().for_each(|found| answers.add(found));
        let failed = asked.iter().filter(|found| found.is_fail()).filter_map(|found| found.code).collect();
        let led: Vec<&Chosen> =
            chosen.iter().zip(&asked).filter(|(_, found)| found.state == State::Pass).map(|(one, _)| one).collect();
        let mut named = BTreeSet::<Code>::new();
        self.note_each(chosen.iter().zip(&asked).map(|(application, found)| {
            let found = beside_others(found.clone(), application, expected, &led);
            about(once(&mut named, found, expected.confirmed), application)
        }));
        let on = chosen.iter().zip(&asked).filter(|(one, _)| !off.contains(&one.client_id));
        let one = to_ask_further(on.map(|(one, found)| (one, found.state == State::Pass))).cloned();
        Ok(Asked { all, one, answers, failed })
    }
}

/// The finding with the cure of who has the dashboard alone.
fn for_the_dashboard(found: Finding, application: &Chosen, expected: &Expected) -> Finding {
    let with = match found.code {
        Some(Code::AuthorizeScopesMissing | Code::InvalidScope) => "`{setup} --scopes {scopes}` does it",
        Some(Code::AuthorizeConnectionNotUsable) => "`{test}` tells which it is, and `{setup}` puts it right",
        _ => "`{setup}` does it",
    };
    let then = format!("run the same command again; with Management API credentials {with}");
    match found.failure.clone().filter(|_| found.is_fail()) {
        Some(failure) => Finding::fail(found.check, by_hand(failure, application, expected, &then)),
        None => found,
    }
}

/// What a failure of one application comes to where others are led to the provider: the tenant is the right one, the connection
/// exists and is on.
fn beside_others(found: Finding, application: &Chosen, expected: &Expected, led: &[&Chosen]) -> Finding {
    let failure = match found.code.filter(|_| found.is_fail() && !led.is_empty()) {
        Some(Code::AuthorizeConnectionNotUsable) if !expected.confirmed => {
            not_enabled_as_others(expected.connection, &application.client_id, &application.label(), &found.detail)
        }
        Some(Code::ApplicationUnknownToTenant) => {
            let hint = format!(
                "{} knows the others, so that this one was deleted there, or its client ID is another one. Go on with the others: `{}`",
                expected.host,
                setup_for(led)
            );
            match found.failure {
                Some(failure) => failure.with_hint(hint),
                None => return found,
            }
        }
        _ => return found,
    };
    Finding::fail(found.check, failure)
}

/// What is one application's own. All else is the same for every one of them (the login domain, the connection, the service), and
/// fails once.
const OF_ONE: [Code; 4] = [
    Code::CallbackNotAllowed,
    Code::ApplicationGrantMissing,
    Code::ApplicationUnknownToTenant,
    Code::AuthorizeConnectionNotUsable,
];

/// The first failure of a kind speaks for the others. Where the Management API was not asked, nobody can tell the applications
/// apart that a connection is not to be used for.
fn once(named: &mut BTreeSet<Code>, finding: Finding, confirmed: bool) -> Finding {
    let is_of_all = |code: &Code| !OF_ONE.contains(code) || !confirmed && *code == Code::AuthorizeConnectionNotUsable;
    match finding.code.filter(|code| matches!(finding.state, State::Fail | State::Warn) && is_of_all(code)) {
        Some(code) if !named.insert(code) => Finding::skip(finding.check, format!("the same as above [{code}]")),
        _ => finding,
    }
}
