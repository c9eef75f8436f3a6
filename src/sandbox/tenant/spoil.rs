//! Owns the faults that are a state of the tenant: what they take away from what it holds, and what they add. Refuses faults
//! that are a behaviour: those are looked up where they show.

use serde_json::{Value, json};

use super::check::{Object, text};
use super::clients;
use super::seed::{complete, object};
use super::state::{Connection, State};
use crate::sandbox::facts::{APPLICATIONS, MANAGEMENT_CLIENT_ID, Setup};
use crate::sandbox::faults::Fault;

/// What another tenant has in place of our applications.
const SOMEBODY_ELSES: &str = "SandboxSomebodyElse0000000000000";

/// Brings about every such fault that is switched on.
pub(super) fn spoil(state: &mut State, setup: &Setup) {
    if [Fault::ConnectionMissing, Fault::NameTaken, Fault::OtherTenant].iter().any(|fault| setup.has(*fault)) {
        state.connections.clear();
    }
    if setup.has(Fault::WrongStrategy) {
        let name = state.connections.first().map_or("google-health", |connection| connection.get("name")).to_owned();
        state.connections = vec![foreign(&name)];
    }
    for connection in &mut state.connections {
        purposes(connection, setup);
        keys(connection, setup);
        settings(connection, setup);
    }
    if setup.has(Fault::TwoConnections) {
        let twin = state.connections.iter().find(|connection| connection.get("strategy") == "fitbit").map(twin);
        state.connections.extend(twin);
    }
    applications(state, setup);
}

/// Makes the connection somebody else's by one option.
pub(super) fn other_client_id(connection: &mut Connection) {
    let google = connection.get("strategy") != "fitbit";
    let other =
        if google { "987654321098-another0another0another0another.apps.googleusercontent.com" } else { "23OTHR" };
    set(connection, "client_id", other);
}

/// A connection of that name which is not ours.
fn foreign(name: &str) -> Connection {
    let body = json!({
        "name": name,
        "strategy": "google-oauth2",
        "options": {"client_id": "", "client_secret": "", "email": true, "profile": true, "scope": ["email", "profile"]},
    });
    Connection { body: complete(object(body)), clients: Vec::new() }
}

/// The same connection a second time, under another name.
fn twin(connection: &Connection) -> Connection {
    let mut body = connection.body.clone();
    body.retain(|member, _| !["id", "name", "realms"].contains(&member.as_str()));
    body.insert("name".to_owned(), format!("{}-old", connection.get("name")).into());
    Connection { body: complete(body), clients: connection.clients.clone() }
}

/// What the connection may be used for, and by whom.
fn purposes(connection: &mut Connection, setup: &Setup) {
    if setup.has(Fault::ConnectionInactive) {
        connection.body.insert("authentication".to_owned(), json!({"active": false}));
    }
    if setup.has(Fault::TokenVault) {
        connection.body.insert("connected_accounts".to_owned(), json!({"active": true}));
    }
    if setup.has(Fault::ApplicationNotEnabled) || setup.has(Fault::ConnectionDisabledAnswer) {
        connection.clients.clear();
    }
}

fn keys(connection: &mut Connection, setup: &Setup) {
    let google = connection.get("strategy") == "oauth2";
    if setup.has(Fault::WrongClientIdInTenant) {
        other_client_id(connection);
    }
    if setup.has(Fault::WrongSecretInTenant) {
        let older = if google { "an-older-secret-worth-nothing" } else { "0123456789abcdef0123456789abcdef" };
        set(connection, "client_secret", older);
    }
    if setup.has(Fault::DeveloperKeys) {
        set(connection, "client_id", "");
        set(connection, "client_secret", "");
    }
}

fn settings(connection: &mut Connection, setup: &Setup) {
    let google = connection.get("strategy") == "oauth2";
    if google && setup.has(Fault::WrongProviderInTenant) {
        set(connection, "authorizationURL", "https://provider.example/authorize");
    }
    let Some(options) = options(connection) else { return };
    if setup.has(Fault::ScopesMissingInTenant) {
        if google {
            options.insert("scope".to_owned(), json!(["openid", "email", "profile"]));
        } else {
            options.insert("scope".to_owned(), json!([]));
            options.insert("profile".to_owned(), false.into());
        }
    }
    if setup.has(Fault::SettingsDrifted) {
        options.remove("authParams");
    }
    if setup.has(Fault::NotConfigured) {
        options.remove("authorizationURL");
        options.remove("tokenURL");
    }
}

fn applications(state: &mut State, setup: &Setup) {
    let first = APPLICATIONS[0].client_id;
    if setup.has(Fault::ApplicationGone) {
        state.clients.retain(|client| text(client, "client_id") != first);
        for connection in &mut state.connections {
            connection.clients.retain(|id| id != first);
        }
    }
    if setup.has(Fault::OtherTenant) {
        let ours = |id: &str| id != MANAGEMENT_CLIENT_ID && APPLICATIONS.iter().any(|known| known.client_id == id);
        state.clients.retain(|client| !ours(text(client, "client_id")));
        state.clients.push(somebody_elses());
    }
    if setup.has(Fault::NoCallback) {
        change(state, first, "callbacks", json!([]));
    }
    if setup.has(Fault::WithoutCodeGrant) {
        change(state, first, "grant_types", json!(["implicit", "refresh_token"]));
    }
    if setup.has(Fault::GrantNotAllowed) {
        change(state, MANAGEMENT_CLIENT_ID, "grant_types", json!(["authorization_code"]));
    }
}

fn somebody_elses() -> Object {
    let mut client = clients::with_defaults(object(json!({
        "name": "Somebody else's app",
        "app_type": "regular_web",
        "callbacks": ["https://app.example/callback"],
    })));
    client.insert("client_id".to_owned(), SOMEBODY_ELSES.into());
    client
}

fn change(state: &mut State, client_id: &str, member: &str, value: Value) {
    if let Some(client) = state.clients.iter_mut().find(|client| text(client, "client_id") == client_id) {
        client.insert(member.to_owned(), value);
    }
}

fn options(connection: &mut Connection) -> Option<&mut Object> {
    connection.body.get_mut("options").and_then(Value::as_object_mut)
}

fn set(connection: &mut Connection, option: &str, value: &str) {
    if let Some(options) = options(connection) {
        options.insert(option.to_owned(), value.into());
    }
}
