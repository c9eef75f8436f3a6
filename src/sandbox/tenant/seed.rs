//! Owns what the tenant holds when the sandbox starts: its applications and the connection it may have. Refuses to know what
//! is wrong with any of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::check::Object;
use super::clients;
use super::keys::random;
use super::limit::Bucket;
use super::spoil::spoil;
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
    let mut state = State {
        connections: setup.configured.map(configured).into_iter().collect(),
        clients,
        users: Vec::new(),
        logs: Vec::new(),
        away: BTreeMap::new(),
        back: BTreeMap::new(),
        codes: BTreeMap::new(),
        tokens: BTreeMap::new(),
        bucket: Bucket::new(setup.has(Fault::FreePlan)),
        requests: Vec::new(),
    };
    spoil(&mut state, setup);
    state
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
