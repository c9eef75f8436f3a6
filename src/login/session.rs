//! Owns one live login through Auth0 from start to end: bind, find or create the application, log in, clean up, report.

use super::temporary::{self, NotMade, Temporary};
use super::through_auth0::Way;
use super::{LoggedIn, Login, bind, bind_near, through_auth0};
use crate::auth0::authorize::{PageError, Reading, ask};
use crate::auth0::management::Management;
use crate::auth0::wire::Application;
use crate::checks::applications::{can_log_in_with, not_enabled_as_others, not_found};
use crate::checks::authorize::is_request;
use crate::checks::connection::why_refused;
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
    /// Whether `/authorize` has led another application to the provider through the connection.
    pub leads_others: bool,
}

/// What an application has to be that a person logs in with from here.
pub fn test_app_to_be(port: u16) -> String {
    format!(
        "a native application that has http://127.0.0.1:{port}/callback among its Allowed Callback URLs and is switched on for the \
         connection"
    )
}

/// Runs it and reports the findings and who signed in.
///
/// # Errors
/// What went wrong, named, after everything was cleaned up.
pub fn run(world: &World, login: &Login, host: &Domain, through: &Through) -> Result<Vec<Finding>, Failure> {
    report_unless_cancelled(world, log_in(world, login, host, through))
}

/// Prints and keeps what a login came to; one that did not go through is the wish of who pressed Ctrl-C.
///
/// # Errors
/// The login's own, and `cancelled`.
pub fn report_unless_cancelled(world: &World, result: Result<LoggedIn, Failure>) -> Result<Vec<Finding>, Failure> {
    report(world, if result.is_ok() { result } else { super::cancelled(world).and(result) })
}

/// Ends the run of who pressed Ctrl-C when the login itself had succeeded, and was said to.
///
/// # Errors
/// `cancelled`.
pub fn out_after_it(world: &World) -> Result<(), Failure> {
    super::cancelled(world).map_err(|_| Failure::new(Code::Cancelled, "cancelled, after the login had gone through"))
}

fn log_in(world: &World, login: &Login, host: &Domain, through: &Through) -> Result<LoggedIn, Failure> {
    match (through.test_app, through.management) {
        (Some(application), management) => {
            let listener = bind(login.port)?;
            preflight(world, login, host, application, &listener.redirect_uri(), through)?;
            // Nothing to clean up, but Ctrl-C must still reach the wait.
            let _hold = world.cancel.hold();
            let connection_id = through.connection_id;
            let is_public = |known: &Application| known.client_id == application && known.is_public();
            let may_be_confidential = !through.all.iter().any(is_public);
            let way = Way { host, application, management, connection_id, shared: true, may_be_confidential };
            through_auth0::run(world, login, &way, listener)
        }
        (None, Some(management)) => {
            let listener = bind_near(login.port)?;
            let _hold = world.cancel.hold();
            let to_clean_up = |what: Option<Failure>| {
                world.console.has_to_clean_up(what.map(|what| Finding::warn(id::LOGIN_LIVE, what)));
            };
            let warn = |left: Failure| world.console.finding(&Finding::warn(id::LOGIN_LIVE, left));
            to_clean_up(Some(temporary::may_exist()));
            let created = Temporary::create(management, through.all, &listener, login.timeout, through.connection_id);
            to_clean_up(created.as_ref().ok().map(Temporary::if_ended_now));
            let mut temporary = created.map_err(|NotMade { failure, left }| {
                left.into_iter().for_each(warn);
                failure
            })?;
            temporary.in_use.take().into_iter().for_each(warn);
            let way = Way {
                host,
                application: &temporary.client_id,
                management: Some(management),
                connection_id: through.connection_id,
                shared: temporary.taken_over,
                may_be_confidential: false,
            };
            let mut result = leads_somewhere(world, login, &way, &listener.redirect_uri())
                .and_then(|()| through_auth0::run(world, login, &way, listener));
            let left = temporary.remove(management);
            to_clean_up(None);
            if let Some(left) = left {
                match &mut result {
                    Ok(done) => done.notes.push(left),
                    Err(_) => warn(left),
                }
            }
            result
        }
        (None, None) => {
            let message = "a live login through Auth0 needs the Management API for a temporary application";
            Err(Failure::new(Code::InputMissing, message)
                .with_hint("Give Management API credentials, or an existing application with --test-app ID"))
        }
    }
}

/// Asks `/authorize` for the temporary application: what is not understood there is nothing to send a person to. Anything else may be
/// the answer of a change that has yet to act.
fn leads_somewhere(world: &World, login: &Login, way: &Way, redirect_uri: &str) -> Result<(), Failure> {
    let host = way.host;
    match ask(&world.http, host, way.application, Some(redirect_uri), login.connection) {
        Ok(Reading::Upstream(upstream)) => is_request(&upstream, host),
        Ok(Reading::Page { status, said, error: None }) => {
            Err(nothing_to_log_in_at(host, way.application, status, &said))
        }
        _ => Ok(()),
    }
}

/// The code and the tokens would come from there as well.
fn nothing_to_log_in_at(host: &Domain, application: &str, status: u16, said: &str) -> Failure {
    let message = format!("no login is started: {host} answered {status} for {application}: {said}");
    Failure::new(Code::UnrecognisedAnswer, message)
}

/// Asks `/authorize` for a named application before a person is sent there: an application that does not exist, does not allow
/// the callback, or is not enabled shows a page that never comes back.
fn preflight(
    world: &World,
    login: &Login,
    host: &Domain,
    application: &str,
    redirect_uri: &str,
    through: &Through,
) -> Result<(), Failure> {
    let missing = || {
        let message = format!("the tenant has no application with the client ID {application}");
        // A list that was not read says nothing of the others.
        Err(match through.all {
            [] => Failure::new(Code::ApplicationNotFound, message)
                .with_hint("Compare it with the client ID on the application's Settings page in the Auth0 dashboard"),
            all => not_found(message, all),
        })
    };
    let not_taken = |said: String| match through.management {
        None if through.leads_others => not_enabled_as_others(login.connection, application, application, &said),
        management => why_refused(management, login.connection, application, said),
    };
    if !through.all.is_empty() {
        can_log_in_with(application, through.all)?;
    }
    match ask(&world.http, host, application, Some(redirect_uri), login.connection)? {
        Reading::Upstream(upstream) => is_request(&upstream, host),
        Reading::Page { error: Some(PageError::CallbackMismatch), .. } => {
            Err(callback_not_allowed(application, redirect_uri, through.all))
        }
        Reading::Page { error: Some(PageError::UnknownClient), .. } => missing(),
        Reading::Page { status, said, error: None } => Err(nothing_to_log_in_at(host, application, status, &said)),
        Reading::Refused { error, description } if description.to_lowercase().contains("connection") => {
            Err(not_taken(format!("{host} refuses the login with {application}: {error}, {description}")))
        }
        Reading::Refused { error, description } => Err(super::refused(&error, &description)),
        Reading::LoginPage => {
            Err(not_taken(format!("{host} does not take {} for the application {application}", login.connection)))
        }
    }
}

fn callback_not_allowed(application: &str, redirect_uri: &str, all: &[Application]) -> Failure {
    let message = format!("the application {application} does not allow the callback URL {redirect_uri}");
    let hint = match all {
        // What kind it is nobody could look at.
        [] => format!(
            "Where it is a native application, whose logins need no secret, add exactly this to its Allowed Callback URLs: \
             {redirect_uri}"
        ),
        _ => format!("Add exactly this to its Allowed Callback URLs: {redirect_uri}"),
    };
    Failure::new(Code::CallbackNotAllowed, message).with_hint(hint)
}

/// Whether a person can log in with a named application, as far as that can be told before the connection is what it is to be;
/// `place` are the login domain and the connection's name, `port` is the listener's, 0 for one that is not known yet.
///
/// # Errors
/// `application_not_found`, `application_confidential`, `callback_not_allowed`.
pub fn can_log_in(
    world: &World,
    place: (&Domain, &str),
    application: &str,
    port: u16,
    all: &[Application],
) -> Result<(), Failure> {
    let (host, connection) = place;
    can_log_in_with(application, all)?;
    let redirect_uri = format!("http://127.0.0.1:{port}/callback");
    if port == 0 {
        return Ok(());
    }
    match ask(&world.http, host, application, Some(&redirect_uri), connection) {
        Ok(Reading::Page { error: Some(PageError::CallbackMismatch), .. }) => {
            Err(callback_not_allowed(application, &redirect_uri, all))
        }
        // The rest is the login's to find out.
        _ => Ok(()),
    }
}

/// Prints and keeps what a login came to.
///
/// # Errors
/// The login's own.
pub fn report(world: &World, result: Result<LoggedIn, Failure>) -> Result<Vec<Finding>, Failure> {
    let done = result.inspect_err(|failure| world.console.finding(&Finding::fail(id::LOGIN_LIVE, failure.clone())))?;
    let findings = done.findings();
    findings.iter().for_each(|finding| world.console.finding(finding));
    let who = done.identity.name.clone().unwrap_or_else(|| done.identity.subject.clone());
    world.console.step(StepReport::new(Step::Login, StepState::Done, format!("{who} signed in")));
    world.console.gap();
    world.console.say(&format!("It works: {who} signed in."));
    world.console.identity(done.identity);
    Ok(findings.into())
}
