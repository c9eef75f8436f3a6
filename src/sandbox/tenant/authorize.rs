//! Owns `GET /authorize`: what it checks, in which order, and the address at the provider it leads to. Refuses to
//! redirect to an address that the application did not register.

use std::time::Instant;

use serde_json::Value;

use super::check::{Object, text};
use super::keys::{challenge, random};
use super::pages::{self, pair, refusal, with_query};
use super::state::{Connection, Login, State, scope_list};
use super::userinfo_audience;
use crate::sandbox::facts::Setup;
use crate::sandbox::faults::Fault;
use crate::sandbox::web::{Reply, Request};

/// What Auth0's shared keys send in place of a client ID of one's own.
const DEVELOPER_CLIENT_ID: &str = "100000000000-auth0developerkeys0000000000000.apps.googleusercontent.com";
/// Where a provider answers when the shared keys are used.
const DEVELOPER_CALLBACK: &str = "https://login.auth0.com/login/callback";

const NO_CONNECTION: &str = "the connection was not found";
const DISABLED: &str = "the connection was disabled";

/// Where the browser is known to come back to, whatever else is wrong.
struct Return<'a> {
    uri: String,
    state: Option<&'a str>,
}

impl Return<'_> {
    fn with(&self, error: &str, description: &str) -> Reply {
        refusal(&self.uri, self.state, error, description)
    }

    fn invalid(&self, description: &str) -> Reply {
        self.with("invalid_request", description)
    }
}

pub(super) fn answer(state: &mut State, setup: &Setup, host: &str, request: &Request) -> Reply {
    begin(state, setup, host, request).unwrap_or_else(|refused| *refused)
}

/// A redirect to the provider, or the reply that refuses it.
fn begin(state: &mut State, setup: &Setup, host: &str, request: &Request) -> Result<Reply, Box<Reply>> {
    let client_id = request.param("client_id").unwrap_or_default();
    let Some(client) = state.client(client_id) else {
        return Err(Box::new(unknown_client(client_id)));
    };
    let back = Return { uri: redirect_uri(client, request)?, state: request.param("state") };
    protocol(client, host, request, &back)?;
    let Some(name) = request.param("connection") else {
        return Ok(Reply::redirect(format!("/u/login?state={}", random(43))));
    };
    let found = state.connections.iter().find(|connection| connection.get("name") == name);
    let connection = found.ok_or_else(|| back.invalid(NO_CONNECTION))?;
    if !connection.clients.iter().any(|id| id == client_id) {
        // Most tenants tell an application that a connection is not enabled for the same as for a name that does not exist.
        let told = if setup.has(Fault::ConnectionDisabledAnswer) { DISABLED } else { NO_CONNECTION };
        return Err(Box::new(back.invalid(told)));
    }
    if !connection.is_active() {
        return Err(Box::new(back.invalid(DISABLED)));
    }
    if setup.has(Fault::FreshChange) {
        return Err(Box::new(back.invalid("no connections enabled for the client")));
    }
    let (endpoint, verifier) = endpoint(connection)
        .ok_or_else(|| back.invalid(&format!("the connection is not yet configured: {}", connection.get("name"))))?;
    let developer_keys = connection.option_text("client_id").is_empty();
    let login = Login {
        client_id: client_id.to_owned(),
        redirect_uri: back.uri,
        state: request.param("state").map(str::to_owned),
        nonce: request.param("nonce").map(str::to_owned),
        scope: granted(request.param("scope").unwrap_or_default()),
        challenge: request.param("code_challenge").map(str::to_owned),
        connection_id: connection.get("id").to_owned(),
        host: host.to_owned(),
        upstream_redirect: if developer_keys {
            DEVELOPER_CALLBACK.to_owned()
        } else if setup.has(Fault::WrongCallbackSent) {
            format!("https://{host}/callback")
        } else {
            format!("https://{host}/login/callback")
        },
        upstream_verifier: verifier,
        begun: Instant::now(),
    };
    let away = random(32);
    let address = with_query(&endpoint, &upstream_query(connection, &login, &away, request));
    state.away.insert(away, login);
    let mut reply = Reply::redirect(setup.reachable(&address)).with("cache-control", "no-store");
    for cookie in ["did", "auth0", "did_compat", "auth0_compat"] {
        let rest = if cookie.ends_with("_compat") { "" } else { "; SameSite=None" };
        reply = reply.with("set-cookie", &format!("{cookie}=s%3A{}; Path=/; HttpOnly; Secure{rest}", random(32)));
    }
    Ok(reply)
}

/// The page for an application that does not exist.
pub(super) fn unknown_client(client_id: &str) -> Reply {
    pages::error(400, "Oops!, something went wrong", &format!("Unknown client: {client_id}"))
}

/// The redirect URI asked for, if the application registered exactly that; else the first it registered.
fn redirect_uri(client: &Object, request: &Request) -> Result<String, Box<Reply>> {
    let callbacks = client.get("callbacks").and_then(Value::as_array);
    let registered: Vec<&str> = callbacks.into_iter().flatten().filter_map(Value::as_str).collect();
    match request.param("redirect_uri") {
        Some(asked) if registered.contains(&asked) => Ok(asked.to_owned()),
        Some(asked) => {
            let what = format!(
                "The provided redirect_uri is not in the list of allowed callback URLs: {asked}. \
                 Please go to the Application Settings page and make sure you are sending a valid callback url."
            );
            Err(Box::new(pages::error(403, "Callback URL mismatch.", &what)))
        }
        None => registered.first().map(|first| (*first).to_owned()).ok_or_else(|| {
            let what = "The redirect_uri parameter is missing and the application has no callback URL.";
            Box::new(pages::error(400, "Oops!, something went wrong", what))
        }),
    }
}

/// What OAuth says about the request, apart from the connection.
fn protocol(client: &Object, host: &str, request: &Request, back: &Return) -> Result<(), Box<Reply>> {
    let refused = match request.param("response_type") {
        None => Some(back.invalid("Missing required parameter: response_type")),
        Some("code") => None,
        Some(other) => Some(back.with("unsupported_response_type", &format!("Unsupported response type: {other}"))),
    };
    if let Some(refused) = refused {
        return Err(Box::new(refused));
    }
    let grants = client.get("grant_types").and_then(Value::as_array);
    if !grants.into_iter().flatten().any(|grant| grant == "authorization_code") {
        let what = "Grant type 'authorization_code' not allowed for the client.";
        return Err(Box::new(back.with("unauthorized_client", what)));
    }
    if request.param("response_mode").is_some_and(|mode| mode != "query") {
        return Err(Box::new(back.invalid("Unsupported response_mode")));
    }
    let plain = request.param("code_challenge_method") != Some("S256");
    match request.param("code_challenge") {
        Some(_) if plain => return Err(Box::new(back.invalid("code_challenge_method must be S256"))),
        Some(challenge) if !is_challenge(challenge) => {
            return Err(Box::new(back.invalid("Parameter 'code_challenge' must be 43 characters of base64url")));
        }
        Some(_) => {}
        None if request.param("code_challenge_method").is_some() => {
            return Err(Box::new(back.invalid("Missing required parameter: code_challenge")));
        }
        None => {}
    }
    if let Some(audience) = request.param("audience").filter(|audience| *audience != userinfo_audience(host)) {
        return Err(Box::new(back.with("access_denied", &format!("Service not found: {audience}"))));
    }
    if request.param("prompt") == Some("none") {
        return Err(Box::new(back.with("login_required", "Login required")));
    }
    Ok(())
}

fn is_challenge(challenge: &str) -> bool {
    challenge.len() == 43 && challenge.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The scopes of OpenID Connect among those asked for.
fn granted(scope: &str) -> String {
    let known = |scope: &&str| ["openid", "profile", "email"].contains(scope);
    scope.split(' ').filter(known).collect::<Vec<_>>().join(" ")
}

/// The provider's authorization address, and a PKCE verifier if the connection wants one.
fn endpoint(connection: &Connection) -> Option<(String, Option<String>)> {
    match connection.get("strategy") {
        "fitbit" => Some(("https://www.fitbit.com/oauth2/authorize".to_owned(), None)),
        "google-oauth2" => Some(("https://accounts.google.com/o/oauth2/v2/auth".to_owned(), None)),
        "oauth2" => {
            let address = connection.option_text("authorizationURL");
            let pkce = connection.option("pkce_enabled") == Some(&Value::Bool(true));
            let configured = !address.is_empty() && !connection.option_text("tokenURL").is_empty();
            configured.then(|| (address.to_owned(), pkce.then(|| random(64))))
        }
        _ => None,
    }
}

fn upstream_query(connection: &Connection, login: &Login, away: &str, request: &Request) -> Vec<(String, String)> {
    let mut scopes = connection.scopes();
    scopes.extend(scope_list(request.param("connection_scope").map(Value::from).as_ref()));
    let client_id = match connection.option_text("client_id") {
        "" => DEVELOPER_CLIENT_ID,
        own => own,
    };
    let mut pairs = vec![
        pair("response_type", "code"),
        pair("redirect_uri", &login.upstream_redirect),
        pair("scope", &scopes.join(" ")),
        pair("state", away),
        pair("client_id", client_id),
    ];
    pairs.retain(|(name, value)| name != "scope" || !value.is_empty());
    if let Some(verifier) = &login.upstream_verifier {
        pairs.extend([pair("code_challenge", &challenge(verifier)), pair("code_challenge_method", "S256")]);
    }
    let none = Object::new();
    let members = |option: &str| connection.option(option).and_then(Value::as_object).unwrap_or(&none);
    for (name, value) in members("authParams") {
        if let Some(value) = value.as_str() {
            pairs.push(pair(name, value));
        }
    }
    for (name, incoming) in members("authParamsMap") {
        if let Some(value) = incoming.as_str().and_then(|incoming| request.param(incoming)) {
            pairs.push(pair(name, value));
        }
    }
    for (name, source) in members("upstream_params") {
        let Some(source) = source.as_object() else { continue };
        let value = match text(source, "value") {
            "" => request.param(text(source, "alias")),
            fixed => Some(fixed),
        };
        pairs.extend(value.map(|value| pair(name, value)));
    }
    pairs
}
