//! Owns the way back from the provider: `/login/callback`, `/authorize/resume`, the user it creates or updates. Refuses an
//! answer that belongs to no login under way.

use std::time::Instant;

use serde_json::{Value, json};

use super::Tenant;
use super::keys::random;
use super::pages::{self, pair, refuse_login, with_query};
use super::seed::object;
use super::state::{Code, Login, State, now};
use super::upstream::Profile;
use crate::sandbox::faults::Fault;
use crate::sandbox::web::{Reply, Request};

impl Tenant {
    /// GET /login/callback
    pub(super) fn callback(&self, request: &Request) -> Reply {
        let taken = request.param("state").and_then(|state| self.lock().take_away(state));
        let Some(login) = taken else {
            return pages::error(400, "Oops!, something went wrong", "Invalid state: no login is under way here.");
        };
        if let Some(error) = request.param("error") {
            let said = request.param("error_description");
            let description = said.unwrap_or("The user has denied your application access");
            return self.fail(
                &login,
                error,
                description,
                json!({"error": {"message": description, "oauthError": error}}),
            );
        }
        let Some(code) = request.param("code").filter(|code| !code.is_empty()) else {
            return self.fail(&login, "invalid_request", "missing code", Value::Null);
        };
        let connection = self.lock().connection(&login.connection_id).cloned();
        let Some(connection) = connection else {
            return self.fail(&login, "invalid_request", "the connection was not found", Value::Null);
        };
        let profile = match self.ask_provider(&connection, &login, code) {
            Ok(profile) => profile,
            Err(refusal) => return self.fail(&login, refusal.error, &refusal.description, refusal.details),
        };
        let user_id = profile.user_id.clone();
        let mut state = self.lock();
        keep(&mut state, profile);
        let resume = random(32);
        state.back.insert(resume.clone(), (login, user_id));
        Reply::redirect(format!("/authorize/resume?state={resume}")).with("cache-control", "no-store")
    }

    /// GET /authorize/resume
    pub(super) fn resume(&self, request: &Request) -> Reply {
        let mut state = self.lock();
        let Some((login, user_id)) = request.param("state").and_then(|key| state.back.remove(key)) else {
            return pages::error(400, "Oops!, something went wrong", "Invalid state: no login is under way here.");
        };
        if self.setup.has(Fault::LoginBlocked) {
            let what = "Access denied: an Action of this tenant refused the login.";
            let details = json!({"error": {"message": what, "oauthError": "unauthorized", "type": "access-denied"}});
            state.note("f", &login, what, Some(&user_id), details);
            return refuse_login(&login, "unauthorized", what);
        }
        state.note("s", &login, "Successful login", Some(&user_id), Value::Null);
        let code = random(43);
        let mut pairs = vec![pair("code", &code)];
        pairs.extend(login.state.as_deref().map(|state| pair("state", state)));
        if self.setup.has(Fault::WrongIssuer) {
            pairs.push(pair("iss", "https://other.example/"));
        }
        let address = with_query(&login.redirect_uri, &pairs);
        state.codes.insert(code, Code { login, user_id, issued: Instant::now() });
        Reply::redirect(address).with("cache-control", "no-store")
    }

    fn fail(&self, login: &Login, error: &str, description: &str, details: Value) -> Reply {
        self.lock().note("f", login, description, None, details);
        refuse_login(login, error, description)
    }
}

/// Creates the user, or updates the one of that identity.
fn keep(state: &mut State, profile: Profile) {
    let moment = now();
    let known = state.users.iter().position(|user| user.get("user_id") == Some(&profile.user_id.as_str().into()));
    let mut user = known.map(|index| state.users.remove(index)).unwrap_or_default();
    let logins = user.get("logins_count").and_then(Value::as_u64).unwrap_or_default();
    user.entry("created_at").or_insert_with(|| moment.clone().into());
    user.extend(object(profile.attributes));
    user.extend(object(json!({
        "user_id": profile.user_id,
        "identities": [profile.identity],
        "updated_at": moment,
        "last_login": moment,
        "last_ip": "127.0.0.1",
        "logins_count": logins + 1,
    })));
    state.users.push(user);
}
