//! Owns what the tenant holds when the sandbox starts: its applications, the connection it may have, and the faults that
//! are a state of the tenant. Refuses faults that are a behaviour: those are looked up where they show.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::check::{Object, text};
use super::clients;
use super::keys::random;
use super::limit::Bucket;
use super::state::{Connection, State};
use crate::sandbox::facts::{
    APPLICATIONS, Application, Configured, FITBIT_CLIENT_ID, FITBIT_CLIENT_SECRET, GOOGLE_CLIENT_ID,
    GOOGLE_CLIENT_SECRET, MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET, Setup,
};
use crate::sandbox::faults::Fault;

/// The application that stands for all of them; every tenant has one.
const GLOBAL_CLIENT_ID: &str = "SandboxGlobal0000000000000000000";

pub(super) fn state(setup: &Setup) -> State {
    let mut clients = vec![global()];
    clients.extend(APPLICATIONS.iter().map(application));
    let mut connections: Vec<Connection> = setup.configured.map(configured).into_iter().collect();
    if setup.has(Fault::ConnectionMissing) {
        connections.clear();
    }
    if setup.has(Fault::WrongStrategy) {
        let name = connections.first().map_or("google-health", |connection| connection.get("name")).to_owned();
        connections = vec![foreign(&name)];
    }
    for connection in &mut connections {
        spoil(connection, setup);
    }
    let first = APPLICATIONS[0].client_id;
    if setup.has(Fault::ApplicationGone) {
        clients.retain(|client| text(client, "client_id") != first);
        for connection in &mut connections {
            connection.clients.retain(|id| id != first);
        }
    }
    if setup.has(Fault::NoCallback) {
        for client in clients.iter_mut().filter(|client| text(client, "client_id") == first) {
            client.insert("callbacks".to_owned(), json!([]));
        }
    }
    State {
        connections,
        clients,
        users: Vec::new(),
        logs: Vec::new(),
        away: BTreeMap::new(),
        back: BTreeMap::new(),
        codes: BTreeMap::new(),
        tokens: BTreeMap::new(),
        bucket: Bucket::new(setup.has(Fault::FreePlan)),
        requests: Vec::new(),
    }
}

/// A JSON object from a literal that is one.
pub(super) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn global() -> Object {
    let mut client = clients::with_defaults(object(json!({"name": "All Applications", "callbacks": []})));
    client.insert("client_id".to_owned(), GLOBAL_CLIENT_ID.into());
    client.insert("global".to_owned(), true.into());
    client
}

fn application(application: &Application) -> Object {
    let machine = application.app_type == "non_interactive";
    let native = application.app_type == "native";
    let mut client = clients::with_defaults(object(json!({
        "name": application.name,
        "app_type": application.app_type,
        "oidc_conformant": true,
        "token_endpoint_auth_method": if native { "none" } else { "client_secret_post" },
        "grant_types": if machine { json!(["client_credentials"]) } else { json!(["authorization_code", "refresh_token"]) },
        "jwt_configuration": {"alg": "RS256"},
    })));
    if let Some(callback) = application.callback {
        client.insert("callbacks".to_owned(), json!([callback]));
    }
    client.insert("client_id".to_owned(), application.client_id.into());
    if application.client_id == MANAGEMENT_CLIENT_ID {
        client.insert("client_secret".to_owned(), MANAGEMENT_CLIENT_SECRET.into());
    }
    client
}

fn configured(which: Configured) -> Connection {
    let body = match which {
        Configured::GoogleHealth => json!({
            "name": "google-health",
            "strategy": "oauth2",
            "display_name": "Google Health",
            "options": {
                "client_id": GOOGLE_CLIENT_ID,
                "client_secret": GOOGLE_CLIENT_SECRET,
                "authorizationURL": "https://accounts.google.com/o/oauth2/v2/auth",
                "tokenURL": "https://oauth2.googleapis.com/token",
                "scope": ["openid", "email", "profile", "https://www.googleapis.com/auth/googlehealth.profile.readonly"],
                "authParams": {"access_type": "offline", "prompt": "consent"},
                "pkce_enabled": true,
                "scripts": {"fetchUserProfile": include_str!("../../provider/fetch_user_profile.js")},
            },
        }),
        Configured::Fitbit => json!({
            "name": "fitbit",
            "strategy": "fitbit",
            "display_name": "Fitbit",
            "options": {
                "client_id": FITBIT_CLIENT_ID,
                "client_secret": FITBIT_CLIENT_SECRET,
                "profile": true,
                "scope": ["profile"],
            },
        }),
    };
    let people = APPLICATIONS.iter().filter(|application| application.app_type != "non_interactive");
    Connection { body: complete(object(body)), clients: people.map(|it| it.client_id.to_owned()).collect() }
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

/// The members that a connection has whether or not they were sent.
pub(super) fn complete(mut body: Object) -> Object {
    let name = body.get("name").cloned().unwrap_or_default();
    let defaults = json!({
        "id": format!("con_{}", random(16)),
        "options": {},
        "is_domain_connection": false,
        "authentication": {"active": true},
        "connected_accounts": {"active": false},
        "realms": [name],
    });
    for (member, value) in object(defaults) {
        body.entry(member).or_insert(value);
    }
    body
}

fn spoil(connection: &mut Connection, setup: &Setup) {
    let google = connection.get("strategy") == "oauth2";
    if setup.has(Fault::ConnectionInactive) {
        connection.body.insert("authentication".to_owned(), json!({"active": false}));
    }
    if setup.has(Fault::ApplicationNotEnabled) {
        connection.clients.clear();
    }
    let Some(options) = connection.body.get_mut("options").and_then(Value::as_object_mut) else { return };
    let mut set = |name: &str, value: &str| options.insert(name.to_owned(), value.into());
    if setup.has(Fault::WrongClientIdInTenant) {
        set(
            "client_id",
            if google { "987654321098-another0another0another0another.apps.googleusercontent.com" } else { "23OTHR" },
        );
    }
    if setup.has(Fault::WrongSecretInTenant) {
        set("client_secret", if google { "an-older-secret-worth-nothing" } else { "0123456789abcdef0123456789abcdef" });
    }
    if setup.has(Fault::DeveloperKeys) {
        set("client_id", "");
        set("client_secret", "");
    }
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
}
