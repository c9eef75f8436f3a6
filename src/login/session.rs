//! Owns one live login through Auth0 from start to end: bind, find or create the application, log in, clean up, report.

use super::temporary::Temporary;
use super::{LoggedIn, Login, bind, bind_near, through_auth0};
use crate::auth0::management::Management;
use crate::auth0::wire::Application;
use crate::checks::id;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step, StepReport, StepState};
use crate::ids::Domain;
use crate::world::World;

/// Which application the person logs in with.
pub struct Through<'a> {
    /// The Management API; needed for a temporary application.
    pub management: Option<&'a Management<'a>>,
    /// Every application of the tenant, so that a leftover is found without asking again.
    pub all: &'a [Application],
    /// The connection's id.
    pub connection_id: &'a str,
    /// An existing application instead of a temporary one.
    pub test_app: Option<&'a str>,
}

/// Runs it and reports the findings and who signed in.
///
/// # Errors
/// What went wrong, named, after everything was cleaned up.
pub fn run(world: &World, login: &Login, host: &Domain, through: &Through) -> Result<Vec<Finding>, Failure> {
    let mut left = None;
    let result = match (through.test_app, through.management) {
        (Some(application), management) => {
            let listener = bind(login.port)?;
            // Nothing to clean up, but Ctrl-C must still reach the wait.
            let _hold = world.cancel.hold();
            through_auth0::run(world, login, host, application, listener, management)
        }
        (None, Some(management)) => {
            let listener = bind_near(login.port)?;
            let _hold = world.cancel.hold();
            let redirect_uri = listener.redirect_uri();
            let temporary = Temporary::create(management, through.all, &redirect_uri, through.connection_id)?;
            let result = through_auth0::run(world, login, host, &temporary.client_id, listener, Some(management));
            left = temporary.remove(management);
            result
        }
        (None, None) => {
            let message = "a live login through Auth0 needs the Management API for a temporary application";
            return Err(Failure::new(Code::InputMissing, message)
                .with_hint("Give Management API credentials, or an existing application with --test-app ID"));
        }
    };
    if let Some(left) = &left {
        world.console.finding(left);
    }
    let mut findings = report(world, result)?;
    findings.extend(left);
    Ok(findings)
}

/// Prints and keeps what a login came to.
///
/// # Errors
/// The login's own.
pub fn report(world: &World, result: Result<LoggedIn, Failure>) -> Result<Vec<Finding>, Failure> {
    match result {
        Ok(done) => {
            done.findings.iter().for_each(|finding| world.console.finding(finding));
            let who = done.identity.name.clone().unwrap_or_else(|| done.identity.subject.clone());
            world.console.step(StepReport::new(Step::Login, StepState::Done, format!("{who} signed in")));
            world.console.gap();
            world.console.say(&format!("It works: {who} signed in."));
            world.console.identity(done.identity);
            Ok(done.findings)
        }
        Err(failure) => {
            if failure.code != Code::Cancelled {
                world.console.finding(&Finding::fail(id::LOGIN_LIVE, failure.clone()));
            }
            Err(failure)
        }
    }
}
