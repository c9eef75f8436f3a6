//! Owns what the tenant remembers: connections, applications, users, logins under way, log entries. Refuses to answer any
//! request itself.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::check::{Object, text};
use super::limit::Bucket;

/// How long a login may stay at the provider.
const LOGIN_LIFE: Duration = Duration::from_secs(3600);
/// How long a code is good for.
const CODE_LIFE: Duration = Duration::from_secs(600);

/// Everything that changes.
pub(super) struct State {
    pub(super) connections: Vec<Connection>,
    /// Applications, as the Management API shows them to somebody who may see everything.
    pub(super) clients: Vec<Object>,
    /// Users, likewise.
    pub(super) users: Vec<Object>,
    pub(super) logs: Vec<Value>,
    /// Logins at the provider, by the `state` that was sent there.
    pub(super) away: BTreeMap<String, Login>,
    /// Logins back from the provider, by the `state` of the resume address.
    pub(super) back: BTreeMap<String, (Login, String)>,
    /// Codes not yet exchanged.
    pub(super) codes: BTreeMap<String, Code>,
    /// Access tokens of users.
    pub(super) tokens: BTreeMap<String, UserToken>,
    pub(super) bucket: Bucket,
    pub(super) requests: Vec<(String, String, u16)>,
}

/// A connection.
#[derive(Clone)]
pub(super) struct Connection {
    /// Its members, as the Management API shows them to somebody who may see everything.
    pub(super) body: Object,
    /// Client IDs of the applications it is enabled for.
    pub(super) clients: Vec<String>,
}

impl Connection {
    pub(super) fn get(&self, name: &str) -> &str {
        text(&self.body, name)
    }

    /// A member of `options`.
    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.body.get("options")?.get(name)
    }

    /// A string member of `options`; empty when there is none.
    pub(super) fn option_text(&self, name: &str) -> &str {
        self.option(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether it may be used to log in.
    pub(super) fn is_active(&self) -> bool {
        self.body.get("authentication").is_none_or(|purpose| purpose["active"] != false)
    }

    /// The scopes configured, one by one, however they are kept.
    pub(super) fn scopes(&self) -> Vec<String> {
        scope_list(self.option("scope"))
    }
}

/// A `scope` option as a list: an array, or a string with spaces or commas.
pub(super) fn scope_list(scope: Option<&Value>) -> Vec<String> {
    match scope {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(joined)) => {
            joined.split([' ', ',']).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// A login that began at `/authorize`.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) scope: String,
    pub(super) challenge: Option<String>,
    pub(super) connection_id: String,
    /// The login domain it came through.
    pub(super) host: String,
    /// The redirect URI that the provider was given.
    pub(super) upstream_redirect: String,
    /// The PKCE verifier towards the provider.
    pub(super) upstream_verifier: Option<String>,
    pub(super) begun: Instant,
}

/// A code and what it stands for.
pub(super) struct Code {
    pub(super) login: Login,
    pub(super) user_id: String,
    pub(super) issued: Instant,
}

/// An access token of a user.
pub(super) struct UserToken {
    pub(super) user_id: String,
    pub(super) scope: String,
}

impl State {
    pub(super) fn client(&self, id: &str) -> Option<&Object> {
        self.clients.iter().find(|client| text(client, "client_id") == id)
    }

    pub(super) fn connection(&self, id: &str) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.get("id") == id)
    }

    pub(super) fn connection_mut(&mut self, id: &str) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.get("id") == id)
    }

    pub(super) fn user(&self, id: &str) -> Option<&Object> {
        self.users.iter().find(|user| text(user, "user_id") == id)
    }

    /// Takes the login that the provider's answer belongs to; each is good for one answer.
    pub(super) fn take_away(&mut self, state: &str) -> Option<Login> {
        self.away.remove(state).filter(|login| login.begun.elapsed() < LOGIN_LIFE)
    }

    /// Takes a code if it is this application's; each is good for one attempt.
    pub(super) fn take_code(&mut self, code: &str, client_id: &str) -> Option<Code> {
        if self.codes.get(code)?.login.client_id != client_id {
            return None;
        }
        self.codes.remove(code).filter(|code| code.issued.elapsed() < CODE_LIFE)
    }

    /// Adds an entry to the tenant log. `details` is what the entry has in the member of that name.
    pub(super) fn note(&mut self, kind: &str, login: &Login, description: &str, user_id: Option<&str>, details: Value) {
        let name_of = |object: Option<&Object>| object.map(|found| text(found, "name").to_owned()).unwrap_or_default();
        let mut entry = json!({
            "_id": null,
            "log_id": format!("9002026{:024}", self.logs.len() + 1),
            "date": now(),
            "type": kind,
            "description": description,
            "client_id": login.client_id,
            "client_name": name_of(self.client(&login.client_id)),
            "ip": "127.0.0.1",
            "user_agent": "Sandbox",
            "hostname": login.host,
            "details": details,
        });
        entry["_id"] = entry["log_id"].clone();
        if let Some(connection) = self.connection(&login.connection_id) {
            entry["connection"] = connection.get("name").into();
            entry["connection_id"] = connection.get("id").into();
            entry["strategy"] = connection.get("strategy").into();
            entry["strategy_type"] = "social".into();
        }
        if let Some(user_id) = user_id {
            entry["user_id"] = user_id.into();
            entry["user_name"] = name_of(self.user(user_id)).into();
        }
        self.logs.push(entry);
    }
}

/// What the log calls an error that the provider or the connection made.
pub(super) const AT_PROVIDER: &str = "oauth-authorization";

/// What an entry about a failure has as `details`.
pub(super) fn error_details(error: &str, message: &str, kind: &str) -> Value {
    json!({"error": {"message": message, "oauthError": error, "type": kind}})
}

/// This moment as the Management API writes it.
pub(super) fn now() -> String {
    moment(Timestamp::now())
}

/// A moment as the Management API writes it; texts of two moments sort as the moments do.
pub(super) fn moment(moment: Timestamp) -> String {
    format!("{moment:.3}")
}
