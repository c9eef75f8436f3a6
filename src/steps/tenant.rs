//! Owns steps 4 and 5, the tenant: the connection and the applications it is enabled for. Looks, says what differs, applies,
//! and looks again.

use std::collections::BTreeSet;
use std::time::Duration;

use super::plan::{Item, Plan};
use super::{demand, within};
use crate::ask::given::Applications;
use crate::ask::{self, Question, Stop};
use crate::auth0::connection::{Difference, Wanted};
use crate::auth0::management::{Management, may_be_done};
use crate::auth0::wire::{Application, Connection};
use crate::checks::applications::{
    self, Chosen, WayOn, enabled, is_ours, resolve, there_are, without_the_gone, without_the_wrong,
};
use crate::checks::connection as connection_checks;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step, StepReport, StepState};
use crate::ids::Domain;
use crate::login::temporary;
use crate::world::World;

/// What setup needs on every run; creating and changing is asked for only when there is something to create or change.
pub const LOOK: [&str; 2] = ["read:connections", "read:connections_options"];

/// What a first run needs in all.
pub fn permissions() -> String {
    let more = ["read:clients", "create:connections", "update:connections_options", "read:custom_domains"];
    [&LOOK[..], &more, &temporary::SCOPES].concat().join(" ")
}

/// What steps 4 and 5 will do.
pub struct Change {
    /// The connection as it is now.
    pub now: Option<Connection>,
    /// The name of another connection that holds the same client ID, when this one is not there yet.
    pub twin: Option<String>,
    /// What differs in it.
    pub differences: Vec<Difference>,
    /// The applications it is for.
    pub selection: Selection,
}

/// The applications that may log people in through the connection.
pub struct Selection {
    /// The chosen ones.
    pub applications: Vec<Chosen>,
    /// Those of them that it is not enabled for yet.
    pub to_enable: Vec<String>,
    /// Every application of the tenant.
    pub all: Vec<Application>,
}

impl Change {
    /// Whether the connection itself would be written.
    pub fn touches_connection(&self) -> bool {
        self.now.is_none() || !self.differences.is_empty()
    }

    /// created, updated, ... (interface, section 5).
    pub fn action(&self, dry_run: bool) -> &'static str {
        match (&self.now, self.differences.is_empty(), dry_run) {
            (None, _, false) => "created",
            (None, _, true) => "would_create",
            (Some(_), false, false) => "updated",
            (Some(_), false, true) => "would_update",
            (Some(_), true, _) => "unchanged",
        }
    }
}

/// What the tenant has: every application, and those that the connection is enabled for.
pub struct Listed {
    /// Every application of the tenant.
    pub all: Vec<Application>,
    /// Client IDs of those that the connection is enabled for.
    pub on: BTreeSet<String>,
}

/// Step 5, looking; `expected` are the applications that are named or saved.
///
/// # Errors
/// As the Management API answers.
pub fn list(management: &Management, now: Option<&Connection>, expected: &[String]) -> Result<Listed, Failure> {
    let all = management.applications(expected)?;
    let on = match now {
        Some(connection) => management.enabled_clients(&connection.id)?,
        None => BTreeSet::new(),
    };
    Ok(Listed { all, on })
}

/// Asks for the applications: machine to machine ones are left out, those that are enabled now are selected. Client IDs.
///
/// # Errors
/// `application_not_found` when there is none to choose from; `Back` or `cancelled`.
pub fn ask_applications(world: &World, listed: &Listed, before: &[String], back: bool) -> Result<Vec<String>, Stop> {
    let person = world.person(&ask::APPS)?;
    let candidates: Vec<&Application> =
        listed.all.iter().filter(|application| application.logs_people_in() && !is_ours(application)).collect();
    if candidates.is_empty() {
        let message = "the tenant has no application that logs people in";
        let hint = "Create one in the dashboard: Applications > Create Application";
        return Err(Failure::new(Code::ApplicationNotFound, message).with_hint(hint).into());
    }
    let left_out = listed.all.iter().filter(|application| !application.logs_people_in()).count();
    if left_out > 0 {
        let ones = if left_out == 1 {
            "One machine-to-machine application is".to_owned()
        } else {
            format!("{left_out} machine-to-machine applications are")
        };
        world.console.say(&format!("  {ones} not listed: nobody logs in there"));
    }
    let items: Vec<String> = candidates.iter().map(|application| Chosen::from(*application).label()).collect();
    let selected: Vec<bool> = candidates
        .iter()
        .map(|application| listed.on.contains(&application.client_id) || before.contains(&application.client_id))
        .collect();
    let question = Question { text: ask::APPS.question, help: "--app", default: None, back };
    let chosen = person.choose_many(&question, &items, &selected)?;
    Ok(chosen.into_iter().filter_map(|n| candidates.get(n)).map(|application| application.client_id.clone()).collect())
}

/// Turns the choice into applications of the tenant, and says which of them still have to be enabled.
///
/// # Errors
/// `application_not_found`, `application_gone`.
pub fn select(world: &World, choice: &Applications, listed: &Listed) -> Result<Selection, Failure> {
    let applications = resolve(choice, &listed.all).map_err(|wrong| without_the_wrong(wrong, choice, &listed.all))?;
    let (gone, left): (Vec<&Chosen>, Vec<&Chosen>) = applications.iter().partition(|application| application.gone);
    if !gone.is_empty() {
        return Err(saved_but_gone(&gone, &left, &listed.all));
    }
    for application in applications.iter().filter(|application| application.for_machines) {
        world.console.warn(&format!("{} is machine to machine: nobody logs in with it", application.label()));
    }
    let to_enable: Vec<String> =
        applications.iter().map(|a| a.client_id.clone()).filter(|client_id| !listed.on.contains(client_id)).collect();
    Ok(Selection { applications, to_enable, all: listed.all.clone() })
}

/// The same command would only come to this again: named are the applications to go on with.
fn saved_but_gone(gone: &[&Chosen], left: &[&Chosen], all: &[Application]) -> Failure {
    let ids: Vec<&str> = gone.iter().map(|application| application.client_id.as_str()).collect();
    let does = if ids.len() == 1 { "application does" } else { "applications do" };
    let of_these = ids.join(", ");
    let message = format!("the saved {does} not exist in the tenant any more: {of_these}");
    Failure::new(Code::ApplicationGone, message).with_hint(without_the_gone(left, all))
}

/// That the tenant is another one than the profile was set up for, when there is no connection either. The same command would
/// only come to this again: named are both ways on.
pub fn other_tenant(choice: &Applications, listed: &Listed, domain: &Domain, connection: &str) -> Option<Failure> {
    let failure = applications::other_tenant(choice, &listed.all, domain, connection)?;
    let hint = format!(
        "Give the right tenant with `--domain DOMAIN`, or set this one up as well and name its applications: `{{setup}} --app \
         NAME_OR_ID` or `{{setup}} --all-apps`. {}",
        there_are(&listed.all)
    );
    Some(failure.with_hint(hint))
}

/// Refuses to begin what is known not to come to an end.
///
/// # Errors
/// `missing_scope`, naming every scope that is missing.
pub fn require_for(management: &Management, change: &Change, login: bool) -> Result<(), Failure> {
    let mut wanted = Vec::new();
    match &change.now {
        None => wanted.push("create:connections"),
        Some(_) if !change.differences.is_empty() => {
            wanted.extend(["update:connections", "update:connections_options"])
        }
        Some(_) => {}
    }
    if !change.selection.to_enable.is_empty() {
        wanted.push("update:connections");
    }
    if login {
        wanted.extend(temporary::SCOPES);
    }
    wanted.sort_unstable();
    wanted.dedup();
    management.require(&wanted)
}

/// Adds steps 4 and 5 to the plan; `others` are the profiles of the same settings that use the connection too.
pub fn plan(plan: &mut Plan, change: &Change, wanted: &Wanted, domain: &Domain, others: &[String]) {
    plan.section(format!("In the tenant {domain}"));
    match (&change.now, change.differences.as_slice()) {
        (None, _) => {
            plan.add(Item::Create(format!("create the connection {} ({})", wanted.name, wanted.provider.strategy())));
            plan.add(Item::Detail(format!("client ID {}", wanted.client_id)));
            plan.add(Item::Detail("client secret ********".to_owned()));
            plan.add(Item::Detail(format!("scopes {}", wanted.scopes.join(" "))));
            if let Some(twin) = &change.twin {
                let other =
                    format!("{twin} stays as it is, with the same client ID; to use that one: --connection {twin}");
                plan.add(Item::Detail(other));
            }
        }
        (Some(now), []) => plan.add(Item::Keep(format!("the connection {} is as it should be", now.name))),
        (Some(now), differences) => {
            plan.add(Item::Change(format!("change the connection {} ({})", now.name, now.id)));
            for difference in differences {
                plan.differs(difference.field, Some(&difference.now), Some(&difference.wanted));
            }
            for profile in others {
                plan.add(Item::Detail(format!("profile {profile} of these settings uses it too")));
            }
        }
    }
    for application in &change.selection.applications {
        if change.selection.to_enable.contains(&application.client_id) {
            plan.add(Item::Change(format!("enable it for {}", application.label())));
        } else {
            plan.add(Item::Keep(format!("it is enabled for {}", application.label())));
        }
    }
}

/// Step 4, writing: create or merge, then read back and compare field by field. The connection, and what was done
/// ([`Change::action`]): another run may have been faster.
///
/// # Errors
/// `connection_changed_meanwhile` when what is read back is not what was written, or as the Management API answers.
pub fn apply_connection(
    world: &World,
    management: &Management,
    wanted: &Wanted,
    change: &Change,
) -> Result<(Connection, &'static str), Failure> {
    let mut action = change.action(false);
    let written = within(world, Step::Connection, || {
        let mut lost = None;
        let name = change.now.as_ref().map_or(wanted.name, |now| &now.name);
        let read = |id: &str| management.connection_named(id, name, wanted.provider.strategy());
        let id = match &change.now {
            None => {
                let (id, by_this_run) = create(management, wanted)?;
                action = if by_this_run { "created" } else { "unchanged" };
                Some(id)
            }
            Some(_) if change.differences.is_empty() => None,
            Some(now) => {
                // Read again right before the write: what somebody changed since the plan is kept.
                let latest = read(&now.id)?;
                if let Some(other) = unplanned(&wanted.differences(&latest)?, &change.differences) {
                    return Err(other);
                }
                lost = unless_lost(management.update_connection(&now.id, wanted.update_body(&latest)?))?;
                Some(now.id.clone())
            }
        };
        match (id, &change.now) {
            // It was looked at already; what is enabled next is enabled for that one.
            (None, Some(now)) if change.selection.to_enable.is_empty() => Ok(now.clone()),
            (None, Some(now)) => read(&now.id),
            (Some(id), _) => {
                let open = |stored: &Connection| {
                    let found = wanted.differences(stored);
                    found.map(|found| found.into_iter().find(|difference| !difference.is_hidden()))
                };
                let stored = settled(world, || read(&id), |stored| open(stored).is_ok_and(|open| open.is_none()))?;
                match open(&stored)? {
                    None => Ok(stored),
                    Some(_) if lost.is_some() => lost.map_or(Ok(stored), Err),
                    Some(d) if d.code == Code::ConnectionScopesDiffer => {
                        let message = format!("the tenant was given the scopes {}, and keeps {}", d.wanted, d.now);
                        Err(Failure::new(Code::ConnectionScopesDropped, message))
                    }
                    Some(d) => {
                        let message = format!("{} was written as {}, but reads {}", d.field, d.wanted, d.now);
                        Err(Failure::new(Code::ConnectionChangedMeanwhile, message))
                    }
                }
            }
            (None, None) => Err(Failure::new(Code::Unexpected, "there is no connection to look at")),
        }
    })?;
    let state = if action == "unchanged" { StepState::Done } else { StepState::Changed };
    let what = match action {
        "created" => "created, read back and compared",
        "updated" => "changed, read back and compared",
        _ => "as it should be",
    };
    world.console.step(StepReport::new(
        Step::Connection,
        state,
        format!("{} ({}) is {what}", written.name, written.id),
    ));
    within(world, Step::Connection, || {
        demand(world, connection_checks::exists(&Ok(Some(written.clone())), wanted.name))?;
        demand(world, connection_checks::settings(&written, wanted))?;
        demand(world, connection_checks::secret(&written, wanted))
    })?;
    Ok((written, action))
}

/// The failure for what was changed since the plan was shown, and would be written over without a word in it.
fn unplanned(found: &[Difference], planned: &[Difference]) -> Option<Failure> {
    let other = found.iter().find(|found| planned.iter().all(|planned| planned.field != found.field))?;
    let message = format!("{} was changed since the plan was made, and is {} now", other.field, other.now);
    Some(Failure::new(Code::ConnectionChangedMeanwhile, message))
}

/// What is read back after a write; once more after a moment where it does not show yet, since a service may answer from a copy.
fn settled<T>(
    world: &World,
    read: impl Fn() -> Result<T, Failure>,
    is_right: impl Fn(&T) -> bool,
) -> Result<T, Failure> {
    const MOMENT: Duration = Duration::from_millis(1500);
    let first = read()?;
    if is_right(&first) || world.cancel.pause(MOMENT) { Ok(first) } else { read() }
}

/// What was written may have arrived although the answer is lost: the next look shows. The failure, should it have not.
fn unless_lost(written: Result<(), Failure>) -> Result<Option<Failure>, Failure> {
    match written {
        Ok(()) => Ok(None),
        Err(failure) if may_be_done(&failure) => Ok(Some(failure)),
        Err(failure) => Err(failure),
    }
}

/// Creates the connection. When the answer was lost on the way, or another run was faster, it is looked for before it is asked
/// for once more. Its id, and whether it was this run that made it.
fn create(management: &Management, wanted: &Wanted) -> Result<(String, bool), Failure> {
    let mut again = true;
    loop {
        let failure = match management.create_connection(wanted.create_body()) {
            Ok(created) => return Ok((created.id, true)),
            Err(failure) if may_be_done(&failure) || failure.code == Code::ConnectionNameTaken => failure,
            Err(failure) => return Err(failure),
        };
        let is_taken = failure.code == Code::ConnectionNameTaken;
        let is_lost = matches!(failure.code, Code::NetworkUnreachable | Code::ServiceUnavailable);
        let may_ask_again = is_lost && management.rest_before_again()?;
        // Should it not be found out, the first failure is the one to be told.
        let Ok(found) = management.connections("name", wanted.name) else { return Err(failure) };
        let is_it = |c: &&Connection| c.name == wanted.name && c.strategy == wanted.provider.strategy();
        match found.iter().find(is_it) {
            Some(connection) => return Ok((connection.id.clone(), !is_taken || !again)),
            // Who did not answer in time is not asked again.
            None if again && may_ask_again => again = false,
            None => return Err(failure),
        }
    }
}

/// Step 5, writing: enable, then read back.
///
/// # Errors
/// `application_not_enabled` when the read-back does not show it, or as the Management API answers.
pub fn apply_applications(
    world: &World,
    management: &Management,
    connection: &Connection,
    change: &Change,
) -> Result<(), Failure> {
    within(world, Step::Applications, || {
        let lost = unless_lost(management.enable(&connection.id, &change.selection.to_enable))?;
        let are_on = |on: &BTreeSet<String>| change.selection.to_enable.iter().all(|id| on.contains(id));
        let on = settled(world, || management.enabled_clients(&connection.id), are_on)?;
        if let Some(failure) = lost.filter(|_| !are_on(&on)) {
            return Err(failure);
        }
        let way_on = WayOn::of(&change.selection.applications, &change.selection.all);
        for application in &change.selection.applications {
            let mut found = enabled(application, &connection.name, &on, &way_on);
            // The same command would do the same again.
            if let Some(failure) =
                found.failure.take_if(|_| change.selection.to_enable.contains(&application.client_id))
            {
                let message = format!("{}, although the tenant took the change", failure.message);
                let hint = format!(
                    "It was switched on just now, and reads off: look again with `{{test}}` in a minute; if it stays, switch {} on under \
                     Applications of the connection `{{connection}}` at {{connections_page}}",
                    application.client_id
                );
                found = Finding::fail(found.check, Failure::new(failure.code, message).with_hint(hint));
            }
            demand(world, found)?;
        }
        let state = if change.selection.to_enable.is_empty() { StepState::Done } else { StepState::Changed };
        let names: Vec<String> = change.selection.applications.iter().map(Chosen::label).collect();
        world.console.step(StepReport::new(Step::Applications, state, format!("enabled for {}", names.join(", "))));
        Ok(())
    })
}
