//! Owns the checks of step 4: does the connection exist, does it hold what it has to, and the right secret.

use super::applications::not_enabled;
use super::{id, met};
use crate::auth0::connection::{Difference, Wanted, hides_secret, options_hidden, shows_none};
use crate::auth0::management::Management;
use crate::auth0::wire::Connection;
use crate::diagnosis::{Code, Failure, followed_by};
use crate::finding::Finding;
use crate::ids::ConnectionName;
use crate::provider::Provider;
use crate::secret::Secret;
use crate::text::REDACTED;

/// Finds the connection: by its name when one was chosen, else by what the provider's connection is called.
///
/// # Errors
/// `connection_wrong_strategy`, `connection_ambiguous`, or as the Management API answers.
pub fn find(
    management: &Management,
    provider: Provider,
    chosen: Option<&ConnectionName>,
) -> Result<Option<Connection>, Failure> {
    // The built-in strategy has one connection as a rule, whatever its name is; custom ones share theirs with everybody.
    if chosen.is_none() && provider == Provider::Fitbit {
        let mut all = management.connections("strategy", provider.strategy())?;
        if all.len() > 1 {
            let names: Vec<&str> = all.iter().map(|connection| connection.name.as_str()).collect();
            let message = format!("the tenant has {} fitbit connections: {}", all.len(), names.join(", "));
            let ways: Vec<String> = names.iter().map(|name| format!("`--connection {name}`")).collect();
            let hint = format!("Choose one: {} (in a script also FITBIT_CONNECT_CONNECTION)", ways.join(" or "));
            return Err(Failure::new(Code::ConnectionAmbiguous, message).with_hint(hint));
        }
        // None of that strategy: then the name may be taken by another one.
        return match all.pop() {
            Some(only) => Ok(Some(only)),
            None => by_name(management, provider, provider.default_connection()),
        };
    }
    let name = chosen.map_or(provider.default_connection(), ConnectionName::as_str);
    by_name(management, provider, name)
}

fn by_name(management: &Management, provider: Provider, name: &str) -> Result<Option<Connection>, Failure> {
    // The filter is the tenant's; the name is compared again, since a proxy or an old tenant may ignore it.
    let found = management.connections("name", name)?.into_iter().find(|connection| connection.name == name);
    match found {
        Some(connection) if connection.strategy != provider.strategy() => {
            let message = format!(
                "the connection {name} has the strategy {}, but {} needs {}",
                connection.strategy,
                provider.title(),
                provider.strategy()
            );
            Err(Failure::new(Code::ConnectionWrongStrategy, message))
        }
        other => Ok(other),
    }
}

/// The name of a connection of the provider's strategy that holds the client ID and has another name than this: one that was
/// renamed. None as well when the tenant does not tell.
pub fn twin(management: &Management, provider: Provider, name: &str, client_id: &str) -> Option<String> {
    let holds = |connection: &Connection| {
        let options = connection.options.as_ref();
        options.and_then(|options| options.get("client_id")).and_then(|id| id.as_str()) == Some(client_id)
    };
    let all = management.connections("strategy", provider.strategy()).unwrap_or_default();
    // One of this name was made in the meantime, by another run.
    all.into_iter().filter(|connection| connection.name != name).find(holds).map(|connection| connection.name)
}

/// The failure of a connection that is not there, naming another one of the strategy that holds the same client ID; `users` are the
/// other profiles of these settings that use that one.
pub fn missing(name: &str, twin: Option<String>, users: &[String]) -> Failure {
    let failure = Failure::new(Code::ConnectionNotFound, format!("the tenant has no connection {name}"));
    let Some(twin) = twin else { return failure };
    let anew = format!("`{{setup}} --connection {name}`");
    failure.with_hint(match users {
        [] => format!(
            "The connection {twin} holds this client ID. If it is the one that is meant, run the command again with `--connection {twin}` \
             or have it kept by `{{setup}} --connection {twin}` and if not, {anew} makes one of the old name again"
        ),
        users => format!(
            "{anew} makes it again. The connection {twin} holds this client ID too, and belongs to the profile {} of these settings",
            users.join(", ")
        ),
    })
}

/// `connection.exists`.
pub fn exists(found: &Result<Option<Connection>, Failure>, name: &str) -> Finding {
    match found {
        Ok(Some(connection)) => Finding::pass(
            id::CONNECTION_EXISTS,
            format!("{} ({}, {})", connection.name, connection.strategy, connection.id),
        ),
        Ok(None) => {
            let message = format!("the tenant has no connection {name}");
            Finding::fail(id::CONNECTION_EXISTS, Failure::new(Code::ConnectionNotFound, message))
        }
        Err(failure) => met(id::CONNECTION_EXISTS, failure.clone()),
    }
}

/// Why `/authorize` of the tenant does not take a connection for an application: asked of the Management API, where that
/// can be. `said` is what `/authorize` answered.
pub fn why_refused(management: Option<&Management>, name: &str, application: &str, said: String) -> Failure {
    let not_usable = |said: String| Failure::new(Code::AuthorizeConnectionNotUsable, said);
    let Some(management) = management else { return not_usable(said) };
    let look = || -> Result<Failure, Failure> {
        let found = management.connections("name", name)?.into_iter().find(|connection| connection.name == name);
        let Some(connection) = found else {
            return Ok(Failure::new(Code::ConnectionNotFound, format!("{said}; the tenant has no connection {name}")));
        };
        if !connection.is_active() {
            return Ok(Failure::new(Code::ConnectionInactive, format!("{said}; {name} is switched off")));
        }
        if !management.enabled_clients(&connection.id)?.contains(application) {
            return Ok(not_enabled(name, application, application, None));
        }
        let message = format!("{said}; the Management API says that it exists, is active and is enabled");
        Ok(Failure::new(Code::AuthorizeChangePending, message))
    };
    look().unwrap_or_else(|_| not_usable(said.clone()))
}

/// `connection.settings`: everything but the secret.
pub fn settings(connection: &Connection, wanted: &Wanted) -> Finding {
    let differences = match wanted.differences(connection) {
        Ok(differences) => differences,
        // Whether it is on is no option, and stays readable.
        Err(_) if !connection.is_active() => {
            let message = format!("{} is switched off (authentication.active)", connection.name);
            return Finding::fail(id::CONNECTION_SETTINGS, Failure::new(Code::ConnectionInactive, message));
        }
        Err(failure) => return met(id::CONNECTION_SETTINGS, failure),
    };
    let others: Vec<&Difference> = differences.iter().filter(|d| d.code != Code::ConnectionSecretDiffers).collect();
    match others.first() {
        None if connection.is_in_token_vault() => {
            let message = "everything is as it should be; the provider's tokens go to Token Vault";
            Finding::warn(id::CONNECTION_SETTINGS, Failure::new(Code::TokenVaultOn, message))
        }
        None => Finding::pass(id::CONNECTION_SETTINGS, "client ID, scopes and every other field are as they should be"),
        Some(only) if others.len() == 1 && only.field == "options.pkce_enabled" => {
            let failure = Failure::new(only.code, "the connection works without PKCE (options.pkce_enabled)")
                .with_hint("Switch it on: {setup}");
            Finding::warn(id::CONNECTION_SETTINGS, failure)
        }
        Some(first) => {
            let all: Vec<String> =
                others.iter().map(|d| format!("{} is {}, should be {}", d.field, d.now, d.wanted)).collect();
            let failure = Failure::new(first.code, all.join("; "));
            let behind: String = others.iter().filter_map(|difference| what_it_costs(difference)).collect();
            let hint = followed_by(&failure.hint(), &behind);
            Finding::fail(id::CONNECTION_SETTINGS, failure.with_hint(hint))
        }
    }
}

/// What somebody has to know who puts this right.
fn what_it_costs(difference: &Difference) -> Option<String> {
    match difference.field {
        "options.scope" => {
            let wanted: Vec<&str> = difference.wanted.split_whitespace().collect();
            let now: Vec<&str> = difference.now.split_whitespace().collect();
            let (kept, gone): (Vec<&str>, Vec<&str>) = now.into_iter().partition(|name| wanted.contains(name));
            (kept.len() == wanted.len() && !gone.is_empty()).then(|| {
                format!(
                    " (It takes {} out of the connection: where somebody else needs that, save all of them with `--scopes {},{}` )",
                    gone.join(" "),
                    wanted.join(","),
                    gone.join(",")
                )
            })
        }
        "options.client_id" if difference.now.contains(REDACTED) => Some(
            " What stands there looks like a secret, and was in the address of every login: make a new one, and give that."
                .to_owned(),
        ),
        _ => None,
    }
}

/// The client secret that a connection holds for this client, as far as the tenant shows it.
pub fn held_secret(connection: &Connection, client_id: &str) -> Option<Secret> {
    let option = |name: &str| connection.options.as_ref()?.get(name)?.as_str().filter(|text| !text.is_empty());
    let is_this = option("client_id") == Some(client_id) && !hides_secret(connection);
    option("client_secret").filter(|_| is_this).map(|text| Secret::new(text.to_owned()))
}

/// `connection.secret`: the secret in the tenant against the one at hand.
pub fn secret(connection: &Connection, wanted: &Wanted) -> Finding {
    if connection.options.is_none() {
        return met(id::CONNECTION_SECRET, options_hidden(&connection.name));
    }
    if wanted.secret.is_none() {
        return Finding::skip(id::CONNECTION_SECRET, "not compared: the client secret is not at hand");
    }
    if shows_none(connection) {
        let message = "the tenant shows no client secret for the connection: it holds none, or keeps it to itself";
        let hint = "Run `{setup}` which writes the one at hand into the connection `{connection}` and log in once with `{test}` which \
                    shows whether it is there";
        let failure = Failure::new(Code::ConnectionSecretDiffers, message).with_hint(hint);
        return Finding::warn(id::CONNECTION_SECRET, failure);
    }
    if hides_secret(connection) {
        return Finding::skip(
            id::CONNECTION_SECRET,
            "not compared: the tenant does not show the client secret that it holds, so that only a login tells",
        );
    }
    let other_client =
        |d: &Difference| matches!(d.code, Code::ConnectionClientIdDiffers | Code::ConnectionUsesDeveloperKeys);
    match wanted.differences(connection) {
        Ok(differences) if differences.iter().any(other_client) => {
            Finding::skip(id::CONNECTION_SECRET, "not compared, since the connection does not hold this client ID")
        }
        Ok(differences) if differences.iter().any(|d| d.code == Code::ConnectionSecretDiffers) => {
            let message = "the client secret in the tenant is not the one at hand";
            Finding::fail(id::CONNECTION_SECRET, Failure::new(Code::ConnectionSecretDiffers, message))
        }
        Ok(_) => Finding::pass(id::CONNECTION_SECRET, "the tenant holds the same client secret"),
        Err(failure) => met(id::CONNECTION_SECRET, failure),
    }
}
