//! Owns the decisions of `setup` at the plan and at a failure: write, change an answer, look again, leave.
//!
//! Refuses to end a dialogue where something can still be mended, and to ask a script anything.

use super::draft::{Answer, Draft};
use crate::ask::{self, Ask, Question, Stop};
use crate::diagnosis::{Code, Exit, Failure};
use crate::ids::{ConnectionName, Store};
use crate::provider::scopes;
use crate::steps::credentials;
use crate::world::World;

/// What a person wants done with the plan.
pub enum Decision {
    /// Do it.
    Go,
    /// Do it, and leave the login out.
    GoWithoutLogin,
    /// Look at it again, with another answer.
    Again,
}

/// Confirms the plan: nothing is written before.
///
/// # Errors
/// `cancelled`, or `confirmation_missing` when nobody can be asked.
pub fn confirm(draft: &mut Draft, is_empty: bool, question: &str) -> Result<Decision, Failure> {
    let world = draft.world;
    if draft.args.yes {
        return Ok(Decision::Go);
    }
    let Some(person) = &world.dialogue else {
        if is_empty {
            return Ok(Decision::Go);
        }
        return Err(Failure::new(Code::ConfirmationMissing, "nobody confirmed the plan; nothing was written"));
    };
    // By hand there is no login, unless an application is named for it.
    let logs_in = !draft.args.skip_login && (!draft.manual || draft.inputs.test_app.is_some());
    if is_empty && !logs_in {
        return Ok(Decision::Go);
    }
    world.console.gap();
    let (go, leave) = if is_empty {
        ("Log in once to test it", "Leave it at that, without a login")
    } else {
        ("Yes, do this", "Leave, and write nothing")
    };
    let items = [go, "Change an answer", leave].map(str::to_owned);
    let question = Question { text: question, help: "--yes", default: None, back: !draft.asked.is_empty() };
    match person.choose(&question, &items, 0) {
        Ok(0) => Ok(Decision::Go),
        Ok(1) => {
            change_one(draft, &**person)?;
            Ok(Decision::Again)
        }
        Ok(_) if is_empty => Ok(Decision::GoWithoutLogin),
        Ok(_) if draft.wrote => Err(Failure::new(Code::Cancelled, "nothing more was written")),
        Ok(_) => Err(Failure::new(Code::Cancelled, "nothing was written")),
        Err(Stop::Back) => {
            draft.back();
            Ok(Decision::Again)
        }
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// After a failure: a person mends it and goes on from there; a script ends with it.
///
/// # Errors
/// The failure itself when there is nobody to ask, or the person leaves it at that.
pub fn mend(draft: &mut Draft, failure: Failure) -> Result<(), Failure> {
    let world = draft.world;
    let Some(person) = world.dialogue.as_ref().filter(|_| !draft.args.yes && failure.code != Code::Cancelled) else {
        return Err(failure);
    };
    world.console.failure(&failure);
    if failure.code == Code::RedirectUriMismatch {
        // On lines of their own: they are compared to the character.
        draft.callbacks().iter().for_each(|(url, _)| world.console.copyable(url));
    }
    // A name that leads nowhere is as a rule a mistyped one.
    let nowhere = matches!(failure.code, Code::NetworkUnreachable | Code::TlsFailed);
    let wrong = if nowhere && !draft.reached && draft.asked.contains(&Answer::Tenant) {
        answer_behind(Code::TenantNotFound)
    } else {
        answer_behind(failure.code)
    };
    let mut ways = Vec::new();
    if let Some((_, words)) = wrong {
        ways.push(words.to_owned());
    }
    ways.extend(["Look again, it is mended now", "Change an answer", "Leave it at that"].map(str::to_owned));
    let question = Question { text: "How to go on?", help: "", default: None, back: false };
    let chosen = person.choose(&question, &ways, 0)?;
    match (wrong, chosen) {
        (Some((Answer::Connection, _)), 0) => {
            let is_refused = matches!(failure.code, Code::ConnectionWrongStrategy | Code::ConnectionNameTaken);
            draft.refuses_name = is_refused;
            match change(draft, &**person, Answer::Connection) {
                Ok(()) | Err(Stop::Back) => {}
                Err(Stop::Failed(failure)) => return Err(failure),
            }
        }
        (Some((answer, _)), 0) => {
            draft.forget(answer);
            draft.before.provider_is_gone = failure.code == Code::ProviderShutDown;
        }
        (Some(_), 1) | (None, 0) => draft.look_again(),
        (Some(_), 2) | (None, 1) => change_one(draft, &**person)?,
        _ => {
            world.console.go_on();
            return Err(failure);
        }
    }
    Ok(())
}

/// The answer that a failure is about, and the words that offer to give it again.
fn answer_behind(code: Code) -> Option<(Answer, &'static str)> {
    Some(match code {
        Code::ClientSecretRejected => (Answer::Secret, "Enter the client secret again"),
        Code::ClientIdUnknown | Code::ClientDeleted => (Answer::ClientId, "Enter another client ID"),
        // The audience of the Management API is made of the domain; a custom login domain has none.
        Code::TenantNotFound | Code::ManagementAudienceUnknown => (Answer::Tenant, "Enter another tenant domain"),
        Code::ManagementCredentialsRejected
        | Code::ManagementTokenRejected
        | Code::ManagementTokenExpired
        | Code::ManagementClientNotAuthorized
        | Code::ManagementGrantNotAllowed
        | Code::MissingScope => (Answer::Access, "Enter other Management API credentials"),
        Code::ApplicationNotFound | Code::ApplicationGone | Code::OtherTenant => {
            (Answer::Applications, "Choose other applications")
        }
        Code::ConnectionNameTaken | Code::ConnectionWrongStrategy | Code::ConnectionAmbiguous => {
            (Answer::Connection, "Use another connection name")
        }
        Code::ProviderShutDown => (Answer::Provider, "Choose another provider"),
        _ => return None,
    })
}

/// One line of what was answered, to change.
fn change_one(draft: &mut Draft, person: &dyn Ask) -> Result<(), Failure> {
    let lines = lines(draft);
    let items: Vec<String> = lines.iter().map(|(_, line)| line.clone()).collect();
    let question = Question { text: "Which one?", help: "", default: None, back: true };
    let answer = match person.choose(&question, &items, 0) {
        Ok(n) => lines.get(n).map(|(answer, _)| *answer),
        Err(Stop::Back) => None,
        Err(Stop::Failed(failure)) => return Err(failure),
    };
    let Some(answer) = answer else { return Ok(()) };
    match change(draft, person, answer) {
        Ok(()) | Err(Stop::Back) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

fn lines(draft: &Draft) -> Vec<(Answer, String)> {
    let inputs = &draft.inputs;
    let mut lines = Vec::new();
    let mut line = |answer, name: &str, value: String| lines.push((answer, format!("{name}: {value}")));
    if let Some(provider) = inputs.provider {
        line(Answer::Provider, "provider", provider.title().to_owned());
    }
    if let Some(domain) = &inputs.domain {
        line(Answer::Tenant, "tenant", domain.to_string());
    }
    if let Some(id) = &inputs.client_id {
        line(Answer::ClientId, "client ID", id.clone());
        if draft.app.is_some() || draft.inputs.secret.is_some() || draft.stored.is_some() {
            line(Answer::Secret, "client secret", "********".to_owned());
        }
    }
    if let (Some(provider), Some(domain)) = (inputs.provider, &inputs.domain) {
        line(Answer::Connection, "connection", draft.place(provider, domain).connection);
        let scopes = draft.app.as_ref().map_or_else(|| draft.scopes(provider), |app| app.scopes.clone());
        line(Answer::Scopes, "scopes", scopes.join(" "));
    }
    if draft.session.is_some() {
        line(Answer::Access, "Management API", "credentials".to_owned());
    }
    if let Some(keep) = draft.keep.filter(|_| draft.world.sandbox.is_none()) {
        let words = if keep { "kept for the next run" } else { "not kept" };
        line(Answer::Keep, "Management API secret", words.to_owned());
    }
    if let Some(change) = &draft.change {
        let names: Vec<String> = change.selection.applications.iter().map(|one| one.label()).collect();
        line(Answer::Applications, "applications", names.join(", "));
    }
    if draft.world.sandbox.is_none() {
        line(Answer::Store, "secrets", format!("kept in {}", draft.world.place()));
    }
    lines
}

/// Takes the answer back, so that the next pass asks for it; what a pass never asks is asked here.
fn change(draft: &mut Draft, person: &dyn Ask, answer: Answer) -> Result<(), Stop> {
    let world = draft.world;
    let Some(provider) = draft.inputs.provider else { return Ok(()) };
    match answer {
        Answer::Connection => {
            let now = draft.inputs.domain.as_ref().map(|domain| draft.place(provider, domain).connection);
            let now = draft.twin.clone().or(now);
            // A name that was just refused is none to be taken again.
            let is_refused = std::mem::take(&mut draft.refuses_name);
            let now = if is_refused { now.map(|name| format!("{name}-2")) } else { now };
            let question = Question {
                text: "Name of the connection in Auth0:",
                help: ask::CONNECTION.flag,
                default: now.as_deref(),
                back: true,
            };
            let name = person.text(&question, &|text| text.parse::<ConnectionName>().map(drop))?;
            draft.inputs.connection = name.parse().ok();
            draft.names_connection = true;
            draft.forget(answer);
        }
        Answer::Scopes => {
            let names: Vec<String> = scopes::known(provider).map(str::to_owned).collect();
            let now = draft.app.as_ref().map_or_else(|| draft.scopes(provider), |app| app.scopes.clone());
            let selected: Vec<bool> = names.iter().map(|name| now.contains(name)).collect();
            let question = Question {
                text: "Which scopes are people asked for?",
                help: ask::SCOPES.flag,
                default: None,
                back: true,
            };
            let chosen = person.choose_many(&question, &names, &selected)?;
            let chosen: Vec<String> = chosen.into_iter().filter_map(|n| names.get(n).cloned()).collect();
            if !scopes::identity_readable(provider, chosen.iter().map(String::as_str)) {
                let enough = provider.identity_scopes().join(", ");
                world.console.problem(&format!("none of them lets the identity be read; add one of {enough}"));
                return Ok(());
            }
            draft.inputs.scopes = Some(chosen);
            draft.forget(answer);
        }
        Answer::Store => {
            choose_store(world, person, true)?;
            let kept = credentials::stored(world)?;
            draft.was_stored = kept.is_some();
            if let Some(app) = &mut draft.app {
                app.to_store = !kept.is_some_and(|kept| kept.same_as(&app.secret));
                app.replaces = draft.was_stored;
            }
            draft.forget(answer);
            // It was about the place before.
            draft.forget(Answer::Keep);
        }
        _ => {
            draft.forget(answer);
            draft.changing = Some(answer);
        }
    }
    Ok(())
}

/// Where secrets go, when the keychain is no place for them.
///
/// # Errors
/// `Back`, `cancelled`.
pub fn choose_store(world: &World, person: &dyn Ask, back: bool) -> Result<(), Stop> {
    let stores = [Store::Keychain, Store::File, Store::Nothing];
    let items = [
        "the keychain of this system",
        "a file beside the settings that only you can read (plain text)",
        "nowhere: it is asked for each time",
    ];
    let question =
        Question { text: "Where should the client secret be kept?", help: ask::STORE.flag, default: None, back };
    // Without a way back the place in use has just failed.
    let now = if back { stores.iter().position(|store| *store == world.store()).unwrap_or(0) } else { 1 };
    let chosen = person.choose(&question, &items.map(str::to_owned), now)?;
    if let Some(store) = stores.get(chosen) {
        world.keep_in(*store)?;
    }
    Ok(())
}

/// A secret store that does not answer: a person may name another one, and only a person.
///
/// # Errors
/// The failure itself when there is nobody to ask, or the person leaves.
pub fn other_store(world: &World, failure: Failure, yes: bool) -> Result<(), Failure> {
    let Some(person) = world.dialogue.as_ref().filter(|_| !yes && failure.exit() == Exit::Store) else {
        return Err(failure);
    };
    world.console.failure(&failure);
    match choose_store(world, &**person, false) {
        Ok(()) => Ok(()),
        Err(Stop::Back) => Err(Failure::cancelled()),
        Err(Stop::Failed(stopped)) => Err(stopped),
    }
}
