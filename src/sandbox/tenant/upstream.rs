//! Owns what the tenant asks a provider after consent: the token, then who the person is, as the built-in strategies and
//! the connection's `fetchUserProfile` script do. Refuses to keep anything: it answers with a profile or a reason.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use super::state::{AT_PROVIDER, Connection, Login, error_details};
use super::{Tenant, check};
use crate::sandbox::faults::Fault;
use crate::sandbox::web::{Handler, Request};

/// Why a login ends at the provider.
pub(super) struct Refusal {
    pub(super) error: &'static str,
    pub(super) description: String,
    /// What the tenant log says besides.
    pub(super) details: Value,
}

impl Refusal {
    fn new(error: &'static str, description: impl Into<String>, details: Value) -> Self {
        Self { error, description: description.into(), details }
    }
}

/// Who logged in: the user's root attributes, and the identity with the provider's tokens.
pub(super) struct Profile {
    pub(super) user_id: String,
    pub(super) attributes: Value,
    pub(super) identity: Value,
}

const GOOGLE_HOSTS: [&str; 4] =
    ["oauth2.googleapis.com", "accounts.google.com", "openidconnect.googleapis.com", "health.googleapis.com"];

impl Tenant {
    /// Exchanges the provider's code and reads the profile. The state must not be locked: a provider may be slow.
    pub(super) fn ask_provider(&self, connection: &Connection, login: &Login, code: &str) -> Result<Profile, Refusal> {
        let tokens = self.tokens(connection, login, code)?;
        let access_token = tokens["access_token"].as_str().unwrap_or_default();
        let name = connection.get("name");
        let strategy = connection.get("strategy");
        let (id, attributes) = match strategy {
            "oauth2" => self.script(connection, access_token)?,
            "fitbit" => self.fitbit_profile(access_token)?,
            _ => self.google_profile(access_token)?,
        };
        // An `oauth2` connection puts its own name between the strategy and what the script calls `user_id`.
        let id = if strategy == "oauth2" { format!("{name}|{id}") } else { id };
        let mut identity = json!({
            "provider": strategy,
            "user_id": id,
            "connection": name,
            "isSocial": true,
            "access_token": access_token,
        });
        for member in ["refresh_token", "expires_in"] {
            if let Some(value) = tokens.get(member) {
                identity[member] = value.clone();
            }
        }
        Ok(Profile { user_id: format!("{strategy}|{id}"), attributes, identity })
    }

    fn tokens(&self, connection: &Connection, login: &Login, code: &str) -> Result<Value, Refusal> {
        let address = match connection.get("strategy") {
            "oauth2" => connection.option_text("tokenURL"),
            "fitbit" => "https://api.fitbit.com/oauth2/token",
            _ => "https://oauth2.googleapis.com/token",
        };
        let (id, secret) = (connection.option_text("client_id"), connection.option_text("client_secret"));
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code").append_pair("code", code);
        form.append_pair("redirect_uri", &login.upstream_redirect);
        if let Some(verifier) = &login.upstream_verifier {
            form.append_pair("code_verifier", verifier);
        }
        let mut headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
        if connection.get("strategy") == "fitbit" {
            let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
            headers.push(("authorization".to_owned(), basic));
        } else {
            form.append_pair("client_id", id).append_pair("client_secret", secret);
        }
        for (name, value) in connection.option("customHeaders").and_then(Value::as_object).into_iter().flatten() {
            headers.push((name.to_ascii_lowercase(), value.as_str().unwrap_or_default().to_owned()));
        }
        let (status, body) = self.call("POST", address, headers, form.finish().into_bytes());
        if status == 200 && body["access_token"].as_str().is_some_and(|token| !token.is_empty()) {
            return Ok(body);
        }
        Err(failed("failed to obtain access token", status, &body))
    }

    /// What the connection's script comes to. The sandbox has no JavaScript: it does what the script of this program does.
    fn script(&self, connection: &Connection, access_token: &str) -> Result<(String, Value), Refusal> {
        let script = connection.option("scripts").and_then(|scripts| scripts.get("fetchUserProfile"));
        if script.and_then(Value::as_str).is_none_or(|source| source.trim().is_empty()) {
            let what = "the connection is not yet configured: it has no fetchUserProfile script";
            return Err(refused("invalid_request", what));
        }
        if self.setup.has(Fault::ScriptFails) {
            return Err(refused("invalid_request", "fetchUserProfile: ReferenceError: healthUserId is not defined"));
        }
        if self.provider(connection.option_text("tokenURL")).is_some_and(|(_, google)| !google) {
            return self.fitbit_profile(access_token);
        }
        let (status, identity) = self.read("https://health.googleapis.com/v4/users/me/identity", access_token);
        let health_user_id = identity["healthUserId"].as_str().unwrap_or_default();
        if status != 200 || health_user_id.is_empty() {
            let what = match status {
                200 => "Google Health answered without a user id.".to_owned(),
                _ => said_by_script("Google Health", status, &identity),
            };
            return Err(refused("access_denied", &format!("fetchUserProfile: {what}")));
        }
        let (status, who) = self.read("https://openidconnect.googleapis.com/v1/userinfo", access_token);
        let mut attributes = match status {
            200 => person(&who),
            // The scope openid was not asked for: the person has an id and no name.
            401 | 403 => json!({}),
            _ => {
                let what = said_by_script("Google userinfo", status, &who);
                return Err(refused("access_denied", &format!("fetchUserProfile: {what}")));
            }
        };
        attributes["health_user_id"] = health_user_id.into();
        attributes["legacy_user_id"] = identity["legacyUserId"].as_str().unwrap_or_default().into();
        Ok((health_user_id.to_owned(), attributes))
    }

    fn google_profile(&self, access_token: &str) -> Result<(String, Value), Refusal> {
        let (status, who) = self.read("https://openidconnect.googleapis.com/v1/userinfo", access_token);
        match who["sub"].as_str() {
            Some(sub) if status == 200 => Ok((sub.to_owned(), person(&who))),
            _ => Err(failed("failed to fetch user profile", status, &who)),
        }
    }

    fn fitbit_profile(&self, access_token: &str) -> Result<(String, Value), Refusal> {
        let (status, body) = self.read("https://api.fitbit.com/1/user/-/profile.json", access_token);
        let user = &body["user"];
        let Some(id) = user["encodedId"].as_str().filter(|_| status == 200) else {
            return Err(failed("failed to fetch user profile", status, &body));
        };
        let name = user["displayName"].as_str().or(user["fullName"].as_str()).unwrap_or(id);
        let mut attributes = json!({"name": name, "nickname": name});
        if let Some(picture) = user["avatar"].as_str() {
            attributes["picture"] = picture.into();
        }
        Ok((id.to_owned(), attributes))
    }

    fn read(&self, address: &str, access_token: &str) -> (u16, Value) {
        self.call("GET", address, vec![("authorization".to_owned(), format!("Bearer {access_token}"))], Vec::new())
    }

    /// One request to a simulated provider; an address of nobody is answered 502, as a failed look-up would end.
    fn call(&self, method: &str, address: &str, mut headers: Vec<(String, String)>, body: Vec<u8>) -> (u16, Value) {
        let Some((handler, _)) = self.provider(address) else { return (502, Value::Null) };
        let Ok(url) = Url::parse(address) else { return (502, Value::Null) };
        headers.push(("host".to_owned(), url.host_str().unwrap_or_default().to_owned()));
        headers.push(("accept".to_owned(), "application/json".to_owned()));
        let request = Request {
            method: method.to_owned(),
            path: url.path().to_owned(),
            raw_path: url.path().to_owned(),
            query: url.query_pairs().into_owned().collect(),
            headers,
            body,
        };
        let reply = handler(&request);
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    /// Who answers at an address, and whether that is Google.
    fn provider(&self, address: &str) -> Option<(&Handler, bool)> {
        let url = Url::parse(address).ok()?;
        match url.host_str()? {
            host if GOOGLE_HOSTS.contains(&host) => Some((&self.google, true)),
            "api.fitbit.com" | "www.fitbit.com" => Some((&self.fitbit, false)),
            _ => None,
        }
    }
}

/// What a strategy says when the provider's answer is not the one it needs; only the log knows what that answer was.
fn failed(what: &str, status: u16, body: &Value) -> Refusal {
    let mut details = error_details("invalid_request", what, AT_PROVIDER);
    let code = body["error"].as_str().or(body["error"]["status"].as_str()).or(body["errors"][0]["errorType"].as_str());
    details["error"]["payload"] =
        json!({"name": "InternalOAuthError", "message": what, "status": status, "code": code});
    Refusal::new("invalid_request", what, details)
}

fn refused(error: &'static str, what: &str) -> Refusal {
    Refusal::new(error, what, error_details(error, what, AT_PROVIDER))
}

/// The root attributes that Google's userinfo gives.
fn person(who: &Value) -> Value {
    let mut attributes = check::Object::new();
    for member in ["name", "given_name", "family_name", "email", "email_verified", "picture"] {
        if let Some(value) = who.get(member) {
            attributes.insert(member.to_owned(), value.clone());
        }
    }
    let address = who["email"].as_str().and_then(|address| address.split_once('@'));
    if let Some(nickname) = address.map(|(local, _)| local).or(who["name"].as_str()) {
        attributes.insert("nickname".to_owned(), nickname.into());
    }
    Value::Object(attributes)
}

/// What the script of this program says of a refusal, word for word (`src/provider/fetch_user_profile.js`, `explain`).
fn said_by_script(what: &str, status: u16, body: &Value) -> String {
    let details = || body["error"]["details"].as_array().into_iter().flatten();
    let message = body["error"]["message"].as_str().unwrap_or_default();
    match details().find_map(|detail| detail["reason"].as_str()) {
        Some("ACCOUNT_NOT_LINKED") => "ACCOUNT_NOT_LINKED: this Google account has no Google Health profile. Open the Google \
                                       Health app with it, finish its set-up, and log in again."
            .to_owned(),
        Some("SERVICE_DISABLED") => {
            let consumer = details().find_map(|detail| detail["metadata"]["consumer"].as_str()).unwrap_or_default();
            let project = consumer.split(['/', ' ']).next_back().unwrap_or_default();
            format!("SERVICE_DISABLED: the Google Health API is not enabled in the Cloud project {project} of this connection.")
        }
        Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT" | "MISSING_OAUTH_SCOPE") => format!(
            "ACCESS_TOKEN_SCOPE_INSUFFICIENT: {what} needs a scope that was not granted. Log in again and tick every box."
        ),
        _ if status == 403 && message.contains("The caller does not have permission") => {
            "The caller does not have permission: this person may still have a Fitbit account that was not moved to Google, or \
             chose another account."
                .to_owned()
        }
        _ if status == 401 => format!("{what} refused the access token (401)."),
        _ => format!("{what} answered with HTTP {status}."),
    }
}
