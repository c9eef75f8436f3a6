//! Owns the way back from the provider: `/login/callback`, `/authorize/resume`, the user it creates or updates. Refuses an
//! answer that belongs to no login under way.

use std::time::Instant;

use serde_json::{Value, json};

use super::keys::random;
use super::pages::{self, refuse_login};
use super::seed::object;
use super::state::{AT_PROVIDER, Code, Login, State, error_details, now};
use super::upstream::Profile;
use super::{Tenant, ending};
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
            return self.fail(&login, error, description, error_details(error, description, AT_PROVIDER));
        }
        let Some(code) = request.param("code").filter(|code| !code.is_empty()) else {
            return self.invalid(&login, "missing code");
        };
        let connection = self.lock().connection(&login.connection_id).cloned();
        let Some(connection) = connection else {
            return self.invalid(&login, "the connection was not found");
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
        if let Some((error, what, kind)) = ending::refusal(&self.setup) {
            state.note("f", &login, what, Some(&user_id), error_details(error, what, kind));
            return refuse_login(&login, error, what);
        }
        state.note("s", &login, "Successful login", Some(&user_id), Value::Null);
        let code = random(43);
        let back = ending::redirect(&self.setup, &login, &code);
        state.codes.insert(code, Code { login, user_id, issued: Instant::now() });
        back
    }

    fn invalid(&self, login: &Login, description: &str) -> Reply {
        let error = "invalid_request";
        self.fail(login, error, description, error_details(error, description, AT_PROVIDER))
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
