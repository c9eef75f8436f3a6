//! `status`: what is configured and where each secret lives. No network, and no secret is read where the store can tell
//! without.

use serde_json::json;

use crate::diagnosis::{Code, Failure};
use crate::ids::{SecretOf, Store};
use crate::provider::Provider;
use crate::world::{Another, World, store_failure};

/// Runs it.
///
/// # Errors
/// `input_missing` when nothing is configured; `secret_store_*` when the store cannot be asked.
pub fn run(world: &World) -> Result<(), Failure> {
    world.know_saved();
    let saved = &world.saved;
    let path = world.settings.borrow().path().map(|path| path.display().to_string()).unwrap_or_default();
    let names = world.settings.borrow().profiles();
    world.console.about(
        world.profile.as_str(),
        saved.provider.map(|provider| provider.to_string()),
        saved.domain.as_ref().map(|domain| domain.to_string()),
    );
    world.console.member("settings_file", json!(path));
    world.console.member("profiles", json!(names));
    if !world.profile_exists {
        world.console.member("configured", json!(false));
        let there_are = if names.is_empty() { String::new() } else { format!(", profiles: {}", names.join(", ")) };
        world.console.result(&format!("Nothing is configured for the profile {} ({path}{there_are}).", world.profile));
        world.console.result(&format!("Set it up: fitbit-connect setup{}", world.again));
        return Ok(());
    }
    let mut lines = vec![format!("Profile       {}", world.profile), format!("Settings      {path}")];
    let mut line = |label: &str, value: Option<String>| {
        lines.push(format!("{label:<13} {}", value.unwrap_or_else(|| "not set".to_owned())));
    };
    line(
        "Provider",
        saved.provider.map(|provider| format!("{} ({provider}): {}", provider.title(), provider.state_today())),
    );
    line("Client ID", saved.client_id.clone());
    line("Tenant", saved.domain.as_ref().map(ToString::to_string));
    if !saved.login_domains.is_empty() {
        let domains: Vec<&str> = saved.login_domains.iter().map(|domain| domain.as_str()).collect();
        line("Login domains", Some(domains.join(", ")));
    }
    line("Connection", saved.connection.as_ref().map(ToString::to_string));
    line("Applications", Some(saved.applications.join(", ")).filter(|list| !list.is_empty()));
    line("Scopes", Some(saved.scopes.join(" ")).filter(|list| !list.is_empty()));
    line("Callback", saved.port.map(|port| format!("http://127.0.0.1:{port}/callback (for a direct test)")));

    let mut secrets = Vec::new();
    let mut broken = None;
    for (name, of, used) in [
        ("client secret", SecretOf::Provider, true),
        ("management client secret", SecretOf::Management, saved.management_client_id.is_some()),
    ] {
        if !used {
            continue;
        }
        let account = world.profile.account(of);
        let mut instead = None;
        let state = match (world.store(), look(world, of)) {
            (Store::Nothing, _) => "not_kept",
            (_, Ok(There::Ours)) => "stored",
            (_, Ok(There::Nothing)) => "missing",
            (_, Ok(There::Anothers(secret))) => {
                instead = Some(secret.to_string());
                "missing"
            }
            (_, Err(failure)) => {
                broken = broken.or(Some(failure));
                "unreadable"
            }
        };
        let place = world.place();
        line(
            &capital(name),
            Some(match state {
                "stored" => format!("in {place} ({account})"),
                "missing" => match instead {
                    Some(instead) => format!("missing: {instead}"),
                    None => format!("missing in {place} ({account})"),
                },
                "not_kept" => "not kept (store = none)".to_owned(),
                _ => format!("{place} cannot be asked"),
            }),
        );
        secrets.push(
            json!({ "name": name, "account": account, "store": world.store().as_str(), "place": place, "state": state }),
        );
    }
    let left = world.left_places().join(" and ");
    if !left.is_empty() && (saved.moving_from.is_some() || world.left_store().is_none()) {
        line("Moving from", Some(format!("{left}, which may still have secrets: setup empties it")));
        world.console.member("moving_from", json!(world.left_places()));
    }
    let winning = world.variables_that_win();
    if !winning.is_empty() {
        line("Variables", Some(format!("{} win over what is saved", winning.join(", "))));
    }
    world.console.member("variables", json!(winning));
    if !saved.endpoints.is_empty() {
        line("Endpoints", Some(format!("{} origins are rewritten", saved.endpoints.iter().count())));
    }
    lines.iter().for_each(|line| world.console.result(&world.console.safe(line)));
    world.console.member("configured", json!(true));
    world.console.member("secrets", json!(secrets));
    world.console.member(
        "settings",
        json!({
            "client_id": saved.client_id,
            "login_domains": saved.login_domains.iter().map(|d| d.as_str()).collect::<Vec<_>>(),
            "connection": saved.connection.as_ref().map(|c| c.as_str()),
            "applications": saved.applications,
            "scopes": saved.scopes,
            "port": saved.port,
            "store": world.store().as_str(),
            "management_client_id": saved.management_client_id,
        }),
    );
    if saved.provider == Some(Provider::Fitbit) {
        let failure =
            Failure::new(Code::ProviderShutDown, "the profile is set up for the Fitbit Web API, which was shut down");
        world.console.warn(&failure.message);
        world.console.hint(&failure.hint());
    }
    broken.map_or(Ok(()), |failure| Err(told_here(failure)))
}

/// The cure for a place that is not there, in words of this command, which changes nothing.
fn told_here(failure: Failure) -> Failure {
    match failure.code {
        Code::SecretStoreMissing => failure.with_hint(
            "From now on `{setup} --store file` keeps the secrets in a file of mode 0600, and `{setup} --store none` keeps none: then \
             they are given each time, by `FITBIT_CONNECT_CLIENT_SECRET`",
        ),
        _ => failure,
    }
}

/// What is kept in the place of a secret.
enum There {
    Ours,
    Anothers(Another),
    Nothing,
}

fn look(world: &World, of: SecretOf) -> Result<There, Failure> {
    let vault = world.vault();
    if !vault.holds(&world.profile.account(of)).map_err(store_failure)? {
        return vault.shows_all().map(|()| There::Nothing).map_err(store_failure);
    }
    Ok(world.kept_for_another(of)?.map_or(There::Ours, There::Anothers))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
