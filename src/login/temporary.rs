//! Owns the tool's temporary application: created for one live login, removed afterwards whatever happened.
//!
//! Refuses to leave it behind silently (what could not be removed is named), and to touch the one of another run that goes on,
//! here or elsewhere.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::mark::Mark;
use crate::auth0::management::{Management, may_be_done};
use crate::auth0::wire::Application;
use crate::checks::applications::{TEMPORARY_NAME, is_ours};
use crate::diagnosis::{Code, Failure};
use crate::loopback::{HeldPort, Listener, is_waited_on, port_of};

/// What the Management API token needs for it.
pub const SCOPES: [&str; 3] = ["create:clients", TO_REMOVE, "update:connections"];
/// What it needs to remove one.
const TO_REMOVE: &str = "delete:clients";

/// The warning of a run that ends before it knows whether the application was created.
pub fn may_exist() -> Failure {
    let message = format!(
        "the temporary application {TEMPORARY_NAME} may exist: its creation was asked for, and what came of it is not known"
    );
    Failure::new(Code::TemporaryApplicationLeft, message)
        .with_hint("The next run takes it over and removes it, if it is there: `{test}`")
}

/// Why there is no application to log in with.
pub struct NotMade {
    /// What went wrong.
    pub failure: Failure,
    /// The warning of what is, or may be, in the tenant all the same.
    pub left: Option<Failure>,
}

impl From<Failure> for NotMade {
    fn from(failure: Failure) -> Self {
        Self { failure, left: None }
    }
}

/// The application, as long as it exists.
pub struct Temporary {
    /// Its client ID.
    pub client_id: String,
    /// Whether it was there before this login.
    pub taken_over: bool,
    /// The warning of those that are not touched, since a login with them may go on.
    pub in_use: Option<Failure>,
    /// More of them that killed runs left.
    others: Vec<String>,
    /// What it was made with, when that was asked for twice: the first request may be carried out late, and is another one then.
    asked_twice: Option<Made>,
    /// The applications that were there before.
    known: Vec<String>,
    /// The ports of their callbacks: as long as they are in hand, no run on this machine takes them for left behind.
    _ports: Vec<HeldPort>,
}

impl Temporary {
    /// Creates it, or takes over what a killed run left, with exactly one callback, that of `listener`, and the mark of a login
    /// that waits as long as `wait`; then enables the connection for it. `known` are the tenant's applications as they were
    /// listed before.
    ///
    /// # Errors
    /// As the Management API answers; what was created by then has been removed again where that was possible, and what could
    /// not be removed is named.
    pub fn create(
        management: &Management,
        known: &[Application],
        listener: &Listener,
        wait: Duration,
        connection_id: &str,
    ) -> Result<Self, NotMade> {
        let made =
            Made { redirect_uri: listener.redirect_uri(), mark: Mark::new(now(Some(management)), wait).to_string() };
        let Made { redirect_uri, mark } = &made;
        // Without it another run could take over this application while it is still in use, and nothing worse.
        let ports: Vec<HeldPort> = listener.hold().into_iter().collect();
        let mut found = LeftBehind::beside(ports, &leftovers(management, known), now(Some(management)));
        let mut others = std::mem::take(&mut found.ids);
        let ports = std::mem::take(&mut found.ports);
        let mut taken_over = None;
        if let Some(leftover) = others.first() {
            let change = json!({ "callbacks": [redirect_uri], "description": mark });
            match management.update_application(leftover, change) {
                Ok(()) => taken_over = Some(others.remove(0)),
                Err(failure) if failure.code == Code::ApplicationGone => drop(others.remove(0)),
                Err(failure) if failure.code == Code::MissingScope => {
                    // It cannot be changed, but it can be replaced.
                    management.delete_application(&others.remove(0))?;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        let is_leftover = taken_over.is_some();
        let (client_id, asked_twice) = match taken_over {
            Some(client_id) => (client_id, false),
            None => create(management, &made, known)?,
        };
        let temporary = Self {
            client_id,
            taken_over: is_leftover,
            in_use: found.warning(),
            others,
            asked_twice: asked_twice.then_some(made),
            known: known.iter().map(|known| known.client_id.clone()).collect(),
            _ports: ports,
        };
        if let Err(failure) = management.enable(connection_id, std::slice::from_ref(&temporary.client_id)) {
            return Err(NotMade { failure, left: temporary.remove(management) });
        }
        Ok(temporary)
    }

    /// Removes it, and what killed runs left; a warning that names what could not be removed.
    pub fn remove(self, management: &Management) -> Option<Failure> {
        let Self { client_id, others, asked_twice, known, .. } = &self;
        let is_second = |application: &Application| {
            let is_known = known.iter().chain([client_id]).any(|known| *known == application.client_id);
            let is_it = asked_twice.as_ref().is_some_and(|made| made.has_come_to(application));
            !is_known && is_it && application.callbacks.is_some()
        };
        let second = match asked_twice {
            Some(_) => management.find_application(is_second),
            None => Ok(None),
        };
        let second_id = second.iter().flatten().map(|second| &second.client_id);
        let left = remove_all(management, std::iter::once(client_id).chain(others).chain(second_id));
        left.or_else(|| second.is_err().then(may_exist))
    }

    /// The warning of a run that ends before it has removed it.
    pub fn if_ended_now(&self) -> Failure {
        is_left(&[&self.client_id], "the run was ended")
    }
}

/// The temporary applications that a tenant has.
#[derive(Default)]
pub struct LeftBehind {
    /// The client IDs of those that killed runs left.
    ids: Vec<String>,
    /// Those whose port somebody listens on.
    in_use: Vec<(String, u16)>,
    /// Those that another machine may wait with, and until when.
    elsewhere: Vec<(String, Timestamp)>,
    /// As long as these are in hand, no run on this machine begins to use one of them.
    ports: Vec<HeldPort>,
}

impl LeftBehind {
    /// Those among these, for a run without a login of its own.
    pub fn of(all: &[Application], management: Option<&Management>) -> Self {
        Self::beside(Vec::new(), all, now(management))
    }

    /// The same for a run that has these ports in hand.
    fn beside(ports: Vec<HeldPort>, all: &[Application], now: Timestamp) -> Self {
        let mut found = Self { ports, ..Self::default() };
        for application in all.iter().filter(|application| is_ours(application)) {
            let id = application.client_id.clone();
            match whose(application, &found.ports, now) {
                Whose::Nobodys(port) => {
                    found.ids.push(id);
                    found.ports.extend(port);
                }
                Whose::Running => {}
                Whose::Unknown(port) => found.in_use.push((id, port)),
                Whose::Elsewhere(until) => found.elsewhere.push((id, until)),
            }
        }
        found
    }

    /// What is said of those of another machine, which are no trouble.
    pub fn elsewhere(&self) -> Option<String> {
        let (_, until) = self.elsewhere.iter().max_by_key(|(_, until)| *until)?;
        let ids: Vec<&str> = self.elsewhere.iter().map(|(id, _)| id.as_str()).collect();
        Some(format!(
            "a login on another machine has its {TEMPORARY_NAME} ({}) until {until} at most; a later run removes what is left of it",
            ids.join(", ")
        ))
    }

    /// What a plan says of those that [`Self::clean_up`] will remove.
    pub fn plan(&self, management: &Management) -> Vec<String> {
        let ids = if management.may(TO_REMOVE) { self.ids.as_slice() } else { &[] };
        ids.iter().map(|id| format!("delete {TEMPORARY_NAME} ({id}), which an earlier login left there")).collect()
    }

    /// The warning of a run that removes none of them.
    pub fn warning(&self) -> Option<Failure> {
        if self.ids.is_empty() {
            return is_in_use(&self.in_use);
        }
        let message = format!(
            "an earlier login, or one that goes on elsewhere, has its temporary application in the tenant: {TEMPORARY_NAME} ({})",
            self.ids.join(", ")
        );
        let hint = format!(
            "`{{test}}` takes it over and removes it; or delete it: `auth0 apps delete {}`",
            self.ids.join(" ")
        );
        Some(Failure::new(Code::TemporaryApplicationLeft, message).with_hint(hint))
    }

    /// Removes them where there is a token that may do that; a warning that names what is still there.
    pub fn clean_up(self, management: Option<&Management>) -> Option<Failure> {
        match management.filter(|management| management.may(TO_REMOVE)) {
            Some(management) => remove_all(management, self.ids.iter()).or_else(|| is_in_use(&self.in_use)),
            None => self.warning(),
        }
    }
}

/// Removes these applications; a warning that names what could not be removed.
fn remove_all<'a>(management: &Management, client_ids: impl Iterator<Item = &'a String>) -> Option<Failure> {
    let mut left = Vec::new();
    let mut why = String::new();
    for client_id in client_ids {
        if let Err(failure) = management.delete_application(client_id) {
            left.push(client_id.as_str());
            why = failure.message;
        }
    }
    (!left.is_empty()).then(|| is_left(&left, &why))
}

/// The warning about applications whose port somebody listens on: nobody can tell whether that is the login they belong to.
fn is_in_use(all: &[(String, u16)]) -> Option<Failure> {
    let (_, port) = all.first()?;
    let ids: Vec<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
    let message = format!(
        "the tenant has {TEMPORARY_NAME} ({}), which belongs to a login that goes on here, or was left by one: somebody listens on \
         its port {port}",
        ids.join(", ")
    );
    let hint = format!("If no other login goes on: `auth0 apps delete {}`", ids.join(" "));
    Some(Failure::new(Code::TemporaryApplicationLeft, message).with_hint(hint))
}

/// The warning about applications that are left in the tenant.
fn is_left(client_ids: &[&str], why: &str) -> Failure {
    let hint = format!("The next run takes it over and removes it, or: auth0 apps delete {}", client_ids.join(" "));
    let ids = client_ids.join(", ");
    let message = format!("the temporary application {TEMPORARY_NAME} ({ids}) could not be removed: {why}");
    Failure::new(Code::TemporaryApplicationLeft, message).with_hint(hint)
}

/// The temporary applications that are there: listed again, since the list is from before the plan was confirmed.
fn leftovers(management: &Management, known: &[Application]) -> Vec<Application> {
    if !known.iter().any(is_ours) {
        return Vec::new();
    }
    let now = management.applications(&[]);
    now.as_deref().unwrap_or(known).iter().filter(|application| is_ours(application)).cloned().collect()
}

/// The time of the tenant, which every machine can know, as far as it has told it.
fn now(management: Option<&Management>) -> Timestamp {
    management.and_then(Management::now).unwrap_or_else(Timestamp::now)
}

/// Whose a temporary application is.
enum Whose {
    /// A run's that goes on.
    Running,
    /// Another machine's, where it may go on until then.
    Elsewhere(Timestamp),
    /// Somebody listens on this port, which is the one of the callback: a run that is about to wait or to end, or another program.
    Unknown(u16),
    /// A killed run's; its port, unless that is in hand already.
    Nobodys(Option<HeldPort>),
}

/// Every run listens on the port of its callback from before it makes the application until that is removed; of another machine
/// only the mark tells.
fn whose(leftover: &Application, in_hand: &[HeldPort], now: Timestamp) -> Whose {
    if let Some(until) = Mark::of(leftover).and_then(|mark| mark.elsewhere_until(now)) {
        return Whose::Elsewhere(until);
    }
    let callbacks = leftover.callbacks.as_deref().unwrap_or_default();
    let is_in_hand = |port: &u16| in_hand.iter().any(|held| held.port() == *port);
    let mut ports = callbacks.iter().filter_map(|callback| port_of(callback)).filter(|port| !is_in_hand(port));
    // It is in hand, or there is none to be seen.
    let Some(port) = ports.next() else { return Whose::Nobodys(None) };
    match HeldPort::take(port) {
        Some(port) => Whose::Nobodys(Some(port)),
        None if is_waited_on(port) => Whose::Running,
        None => Whose::Unknown(port),
    }
}

/// What tells one temporary application from another.
struct Made {
    redirect_uri: String,
    mark: String,
}

impl Made {
    /// Whether an application may be the one that was made with this; where the token may not read a member, that does not tell.
    fn has_come_to(&self, application: &Application) -> bool {
        is_ours(application)
            && application.callbacks.as_ref().is_none_or(|callbacks| *callbacks == [self.redirect_uri.as_str()])
            && application.description.as_ref().is_none_or(|description| *description == self.mark)
    }
}

/// Creates the application; whether it was asked for twice. When the answer was lost on the way it may exist all the same: it is
/// looked for before it is asked for once more, and after Ctrl-C it is removed.
fn create(management: &Management, made: &Made, known: &[Application]) -> Result<(String, bool), NotMade> {
    let is_it = |application: &Application| {
        !known.iter().any(|known| known.client_id == application.client_id) && made.has_come_to(application)
    };
    let mut again = true;
    loop {
        let failure = match management.create_application(body(made)) {
            // What was there before is nobody's to remove, whatever an answer says.
            Ok(created) if known.iter().any(|known| known.client_id == created.client_id) => {
                let message =
                    "the tenant answered the creation of the temporary application with one that it has already";
                let failure = Failure::new(Code::UnrecognisedAnswer, message);
                return Err(NotMade { failure, left: Some(may_exist()) });
            }
            Ok(created) => return Ok((created.client_id, !again)),
            Err(failure) if may_be_done(&failure) => failure,
            Err(failure) => return Err(name_the_way_out(failure).into()),
        };
        // What a gateway gave up may still be done.
        let is_lost = matches!(failure.code, Code::NetworkUnreachable | Code::ServiceUnavailable);
        let rested = if is_lost { management.rest_before_again() } else { Ok(false) };
        let may_ask_again = *rested.as_ref().unwrap_or(&false);
        let failure = rested.err().unwrap_or(failure);
        let left = match management.find_application(is_it) {
            Ok(Some(Application { callbacks: None, .. })) | Err(_) => Some(may_exist()),
            Ok(Some(created)) if failure.code != Code::Cancelled => return Ok((created.client_id, !again)),
            Ok(Some(created)) => {
                let why = management.delete_application(&created.client_id).err();
                why.map(|why| is_left(&[&created.client_id], &why.message))
            }
            // Who did not answer in time is not asked again, and may do it later.
            Ok(None) if again && may_ask_again => {
                again = false;
                continue;
            }
            Ok(None) => (is_lost || matches!(failure.code, Code::Cancelled | Code::TimedOut)).then(may_exist),
        };
        return Err(NotMade { failure, left });
    }
}

/// Where no further application can be made there is still a way to log in.
fn name_the_way_out(failure: Failure) -> Failure {
    if !matches!(failure.code, Code::EntityLimitReached | Code::PlanFeatureMissing) {
        return failure;
    }
    failure.with_hint(
        "Log in with an existing application: --test-app ID, or leave the login out: --skip-login (test: --headless)",
    )
}

/// A public native client with PKCE and one exact callback; it asks for nothing but a code.
fn body(Made { redirect_uri, mark }: &Made) -> serde_json::Value {
    json!({
        "name": TEMPORARY_NAME,
        "description": mark,
        "app_type": "native",
        "token_endpoint_auth_method": "none",
        "oidc_conformant": true,
        "grant_types": ["authorization_code"],
        "callbacks": [redirect_uri],
        "jwt_configuration": { "alg": "RS256" },
        "skip_non_verifiable_callback_uri_confirmation_prompt": true,
    })
}
