//! Owns the choice of applications and the check of step 5: is the connection enabled for each of them.

use std::collections::{BTreeMap, BTreeSet};

use super::id;
use crate::ask::given::Applications;
use crate::auth0::wire::Application;
use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;
use crate::ids::Domain;
use crate::loopback::port_of;
use crate::text::shell_word;

/// An application that may log people in through the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its client ID.
    pub client_id: String,
    /// Its name; none when the tenant could not be asked.
    pub name: Option<String>,
    /// Its callback URLs; none when they could not be read.
    pub callbacks: Option<Vec<String>>,
    /// Whether those come from the settings, and may be out of date.
    pub from_settings: bool,
    /// Whether people cannot log in with it at all (machine to machine).
    pub for_machines: bool,
    /// Whether the tenant does not have it any more.
    pub gone: bool,
}

impl Chosen {
    /// An application known by its client ID alone.
    pub fn by_id(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            name: None,
            callbacks: None,
            from_settings: false,
            for_machines: false,
            gone: false,
        }
    }

    /// An application known by its client ID and what the settings say of it.
    pub fn saved(client_id: &str, callbacks: &BTreeMap<String, String>) -> Self {
        let callbacks = callbacks.get(client_id).map(|url| vec![url.clone()]);
        Self { from_settings: callbacks.is_some(), callbacks, ..Self::by_id(client_id) }
    }

    /// The first callback that can be sent as it is: one with a wildcard stands for others.
    pub fn callback(&self) -> Option<&str> {
        let callbacks = self.callbacks.iter().flatten().map(String::as_str);
        callbacks.into_iter().find(|callback| !callback.is_empty() && !callback.contains('*'))
    }

    /// What people see.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.client_id),
            None => self.client_id.clone(),
        }
    }
}

impl From<&Application> for Chosen {
    fn from(application: &Application) -> Self {
        Self {
            client_id: application.client_id.clone(),
            name: Some(application.name.clone()).filter(|name| !name.is_empty()),
            callbacks: application.callbacks.clone(),
            from_settings: false,
            for_machines: !application.logs_people_in(),
            gone: false,
        }
    }
}

/// Turns the choice into applications of the tenant.
///
/// # Errors
/// `application_not_found` for a name or ID given now that the tenant does not have or has twice.
pub fn resolve(choice: &Applications, all: &[Application]) -> Result<Vec<Chosen>, Failure> {
    match choice {
        Applications::All => {
            let chosen: Vec<Chosen> =
                all.iter().filter(|a| a.logs_people_in() && !is_ours(a)).map(Chosen::from).collect();
            if chosen.is_empty() {
                let message = "the tenant has no application that logs people in";
                return Err(Failure::new(Code::ApplicationNotFound, message));
            }
            Ok(chosen)
        }
        Applications::Saved(ids) => Ok(ids
            .iter()
            .map(|id| {
                // Whoever wrote the settings by hand may have written a name.
                let named: Vec<&Application> = all.iter().filter(|a| a.name == *id).collect();
                match (all.iter().find(|a| a.client_id == *id), named.as_slice()) {
                    (Some(application), _) => Chosen::from(application),
                    (None, [application]) => Chosen::from(*application),
                    _ => Chosen { gone: true, ..Chosen::by_id(id) },
                }
            })
            .collect()),
        Applications::Named(names) => {
            let mut chosen: Vec<Chosen> = Vec::new();
            let (mut wrong, mut twice) = (Vec::new(), Vec::new());
            for name in names {
                let matches: Vec<&Application> = match all.iter().find(|a| a.client_id == *name) {
                    Some(exact) => vec![exact],
                    None => all.iter().filter(|a| a.name == *name).collect(),
                };
                match matches.as_slice() {
                    [one] => {
                        if !chosen.iter().any(|c| c.client_id == one.client_id) {
                            chosen.push(Chosen::from(*one));
                        }
                    }
                    [] => {
                        let parts = name.split([',', ';']).map(str::trim);
                        let is_list = parts.clone().count() > 1
                            && parts
                                .clone()
                                .all(|part| all.iter().any(|a| [&a.name, &a.client_id].iter().any(|is| *is == part)));
                        let list = if is_list { "; one flag names one: give --app once for each" } else { "" };
                        wrong.push(format!("the tenant has no application {name}{list}"));
                    }
                    many => {
                        let ids: Vec<&str> = many.iter().map(|a| a.client_id.as_str()).collect();
                        twice.push(ids.iter().map(|id| format!("`--app {id}`")).collect::<Vec<_>>().join(" or "));
                        wrong.push(format!(
                            "the tenant has {} applications named {name}: {}",
                            many.len(),
                            ids.join(", ")
                        ));
                    }
                }
            }
            match (wrong.len(), twice.len()) {
                (0, _) => Ok(chosen),
                // None is missing.
                (wrongs, twices) if wrongs == twices => {
                    let hint = format!("Name the one that is meant by its client ID: {}", twice.join(", "));
                    Err(Failure::new(Code::ApplicationNotFound, wrong.join("\n")).with_hint(hint))
                }
                _ => Err(not_found(wrong.join("\n"), all)),
            }
        }
        Applications::Unknown => Ok(Vec::new()),
    }
}

/// The failure for an application that the tenant does not have, with the ones that it has.
pub fn not_found(message: String, all: &[Application]) -> Failure {
    let hint = format!(
        "{}. Where yours is missing, compare the tenant domain `{{domain}}` with that of your application.",
        there_are(all)
    );
    Failure::new(Code::ApplicationNotFound, message).with_hint(hint)
}

/// Whether this program can log in with an application, as far as the tenant's list tells.
///
/// # Errors
/// `application_not_found`, `application_confidential`.
pub fn can_log_in_with(client_id: &str, all: &[Application]) -> Result<(), Failure> {
    let Some(application) = all.iter().find(|application| application.client_id == client_id) else {
        return Err(not_found(format!("the tenant has no application with the client ID {client_id}"), all));
    };
    if application.is_confidential() {
        let label = Chosen::from(application).label();
        let method = application.token_endpoint_auth_method.as_deref().unwrap_or_default();
        let message =
            format!("{label} proves itself with a secret ({method}), which a login from this machine does not have");
        return Err(Failure::new(Code::ApplicationConfidential, message));
    }
    Ok(())
}

/// What to do where some of the saved applications are gone, and these are left.
pub fn without_the_gone(left: &[&Chosen], all: &[Application]) -> String {
    let others =
        if left.is_empty() { String::new() } else { format!("Go on with the others: `{}`. ", setup_for(left)) };
    format!(
        "{others}Name the applications anew: `{{setup}} --app NAME_OR_ID` for some, or `{{setup}} --all-apps`. {}",
        there_are(all)
    )
}

/// The failure of a set-up in which some names are wrong, with the command for the others; a test has nothing to set up.
pub fn without_the_wrong(failure: Failure, choice: &Applications, all: &[Application]) -> Failure {
    let known = client_ids(choice.listed(), all);
    let there: String = known.values().flatten().map(|id| format!(" --app {}", shell_word(id))).collect();
    if there.is_empty() || known.values().all(Option::is_some) {
        return failure;
    }
    let hint = format!("{} For those alone that are there: `{{setup}}{there}`", failure.hint());
    failure.with_hint(hint)
}

/// The applications of the tenant that log people in, in a sentence.
pub fn there_are(all: &[Application]) -> String {
    let mut names: Vec<String> =
        all.iter().filter(|a| a.logs_people_in() && !is_ours(a)).map(|a| Chosen::from(a).label()).collect();
    let more = names.len().saturating_sub(20);
    names.truncate(20);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    match names.as_slice() {
        [] => "The tenant has no application that logs people in: create one first".to_owned(),
        names => format!("The tenant has: {}{more}", names.join(", ")),
    }
}

/// `setup` for these applications alone.
pub fn setup_for(left: &[&Chosen]) -> String {
    let flags: String = left.iter().map(|application| format!(" --app {}", application.client_id)).collect();
    format!("{{setup}}{flags}")
}

/// What to do about applications that are not as they should be: a cure for one has to work in spite of the others.
pub struct WayOn {
    /// For one that is gone.
    gone: String,
    /// The command that enables the connection for those that are there.
    enable: String,
}

impl WayOn {
    /// Of the applications of a profile, in a tenant that has these.
    pub fn of(chosen: &[Chosen], all: &[Application]) -> Self {
        let left: Vec<&Chosen> = chosen.iter().filter(|application| !application.gone).collect();
        let enable = if left.len() < chosen.len() { setup_for(&left) } else { "{setup}".to_owned() };
        Self { gone: without_the_gone(&left, all), enable }
    }
}

/// That the tenant is another one than the profile was set up for: it has none of the applications that are saved, and neither
/// the connection. None when it has one of them.
pub fn other_tenant(saved: &Applications, all: &[Application], domain: &Domain, connection: &str) -> Option<Failure> {
    let Applications::Saved(ids) = saved else { return None };
    let is_here = |id: &String| all.iter().any(|application| application.client_id == *id);
    (!ids.is_empty() && !ids.iter().any(is_here)).then(|| {
        let message = format!("{domain} has neither the connection {connection} nor any application of this profile");
        Failure::new(Code::OtherTenant, message)
    })
}

/// Applications with their client IDs; without one what the tenant does not have. A name that it has twice stays.
pub fn client_ids(named: &[String], all: &[Application]) -> BTreeMap<String, Option<String>> {
    let id = |named: &String| {
        let mut of_it = all.iter().filter(|one| [&one.client_id, &one.name].contains(&named));
        match (of_it.next(), of_it.next()) {
            (Some(one), None) => Some(one.client_id.clone()),
            (Some(_), Some(_)) => Some(named.clone()),
            (None, _) => None,
        }
    };
    named.iter().map(|named| (named.clone(), id(named))).collect()
}

/// Whether an application is the temporary one of a live login: by its name and, where they may be read, by its callbacks, of
/// which it has one, a listener's.
pub fn is_ours(application: &Application) -> bool {
    let is_listeners = |callbacks: &Vec<String>| matches!(callbacks.as_slice(), [only] if port_of(only).is_some());
    application.name == TEMPORARY_NAME && application.callbacks.as_ref().is_none_or(is_listeners)
}

/// The name of the temporary application of a live login.
pub const TEMPORARY_NAME: &str = "fitbit-connect test (temporary)";

/// The failure of an application that the connection is not enabled for; `setup` puts it right for those of the profile.
pub fn not_enabled(connection: &str, client_id: &str, label: &str, enable: Option<&str>) -> Failure {
    let message = format!("{connection} is not enabled for {label}");
    let by_hand = format!("{client_id} on under Applications of the connection `{connection}` at {{connections_page}}");
    let hint = match enable {
        Some("{setup}") => {
            format!("Run `{{setup}}` which enables it for every application of the profile, or switch {by_hand}")
        }
        Some(setup) => {
            format!("Run `{setup}` which enables it for every application that is there, or switch {by_hand}")
        }
        None => format!("Switch {by_hand}"),
    };
    Failure::new(Code::ApplicationNotEnabled, message).with_hint(hint)
}

/// The same, known without the Management API: others are led through the connection, which `said` refuses this one.
pub fn not_enabled_as_others(connection: &str, client_id: &str, label: &str, said: &str) -> Failure {
    let failure = not_enabled(connection, client_id, label, None);
    let message = format!("{}: others are led through it ({said})", failure.message);
    Failure::new(failure.code, message).with_hint(failure.hint())
}

/// `applications.enabled` for one application.
pub fn enabled(application: &Chosen, connection: &str, enabled: &BTreeSet<String>, way_on: &WayOn) -> Finding {
    let finding = if application.for_machines {
        Finding::skip(id::APPLICATIONS_ENABLED, "not looked at: it is machine to machine, and nobody logs in with it")
    } else if application.gone {
        let message = format!("the application {} does not exist in the tenant any more", application.client_id);
        Finding::fail(id::APPLICATIONS_ENABLED, Failure::new(Code::ApplicationGone, message).with_hint(&way_on.gone))
    } else if enabled.contains(&application.client_id) {
        Finding::pass(id::APPLICATIONS_ENABLED, format!("{connection} is enabled"))
    } else {
        Finding::fail(
            id::APPLICATIONS_ENABLED,
            not_enabled(connection, &application.client_id, &application.label(), Some(&way_on.enable)),
        )
    };
    finding.about(&application.client_id, application.name.as_deref())
}
