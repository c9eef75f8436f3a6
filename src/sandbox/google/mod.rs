//! Owns the simulated Google: which path means what, the state. Stands in for the
//! accounts, oauth2, openidconnect and health hosts on one origin. Refuses whatever the real services refuse.

mod auth_error;
mod authorize;
mod consent;
mod health;
mod id_token;
mod issue;
mod outage;
mod scopes;
mod token;
mod userinfo;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::facts::{GOOGLE_CLIENT_SECRET, PEOPLE, Person, Setup};
use super::faults::Fault;
use super::pages::Pages;
use super::provider::{Challenge, Log, lock};
use super::web::{Reply, Request};

const PAGES: Pages = Pages { provider: "Google" };
const ISSUER: &str = "https://accounts.google.com";

/// The simulated Google.
pub struct Google {
    setup: Arc<Setup>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Authorization requests that were accepted, by the id that the pages carry.
    flows: HashMap<String, Flow>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    /// What each person has granted so far, by their index in [`PEOPLE`].
    consented: HashMap<usize, BTreeSet<String>>,
    log: Log,
}

/// An authorization request under way.
#[derive(Debug, Clone)]
struct Flow {
    redirect_uri: String,
    scopes: Vec<String>,
    state: Option<String>,
    nonce: Option<String>,
    challenge: Option<Challenge>,
    offline: bool,
    prompt: String,
    include_granted: bool,
    /// Index in [`PEOPLE`], once an account is chosen.
    person: Option<usize>,
}

/// What a person granted.
#[derive(Debug, Clone)]
struct Grant {
    person: usize,
    scopes: Vec<String>,
    offline: bool,
    nonce: Option<String>,
}

struct Code {
    grant: Grant,
    redirect_uri: String,
    challenge: Option<Challenge>,
    /// Whether the exchange may bring a refresh token.
    refreshable: bool,
    issued: i64,
    used: bool,
}

struct Access {
    grant: Grant,
    expires: i64,
}

struct Refresh {
    grant: Grant,
    issued: i64,
    revoked: bool,
}

impl Grant {
    fn person(&self) -> &'static Person {
        &PEOPLE[self.person]
    }

    fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

impl Google {
    /// A Google with nobody signed in and nothing granted.
    pub fn new(setup: Arc<Setup>) -> Self {
        Self { setup, state: Mutex::default() }
    }

    /// Answers one request.
    pub fn handle(&self, request: &Request) -> Reply {
        let reply = self.answer(request);
        lock(&self.state).log.push((request.method.clone(), request.path.clone(), reply.status));
        reply
    }

    /// Method, path without query, and status of every request so far.
    pub fn requests(&self) -> Log {
        lock(&self.state).log.clone()
    }

    fn answer(&self, request: &Request) -> Reply {
        if let Some(reply) = self.outage(request) {
            return reply;
        }
        let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
        match (method, request.path.as_str()) {
            ("GET", "/o/oauth2/v2/auth" | "/o/oauth2/auth") => self.authorize(request),
            ("GET", "/signin/oauth/error") => auth_error::page(request),
            ("GET", "/v3/signin/identifier") => self.account_page(request),
            ("POST", "/v3/signin/identifier") => self.account_chosen(request),
            ("POST", "/signin/oauth/warning") => self.warned(request),
            ("POST", "/signin/oauth/consent") => self.decided(request),
            ("POST", "/token") => self.token(request),
            ("GET", "/tokeninfo") => self.token_info(request),
            ("POST", "/revoke") => self.revoke(request),
            ("GET", "/v1/userinfo" | "/oauth2/v3/userinfo") => self.user_info(request),
            ("GET", "/.well-known/openid-configuration") => userinfo::discovery(),
            ("GET", "/oauth2/v3/certs") => Reply::json(200, &id_token::certs()),
            ("GET", path) if health::serves(path) => self.health(request),
            (_, path) => no_such(request, allowed(path)),
        }
    }

    /// The secret that is valid now; with [`Fault::WrongSecret`] it is newer than the one in use.
    fn secret(&self) -> String {
        let newer = if self.setup.has(Fault::WrongSecret) { "-rotated" } else { "" };
        format!("{GOOGLE_CLIENT_SECRET}{newer}")
    }
}

/// The method that a path answers; none for a path that does not exist.
fn allowed(path: &str) -> Option<&'static str> {
    match path {
        "/v3/signin/identifier" => Some("GET, POST"),
        "/signin/oauth/warning" | "/signin/oauth/consent" | "/token" | "/revoke" => Some("POST"),
        "/o/oauth2/v2/auth" | "/o/oauth2/auth" | "/signin/oauth/error" | "/tokeninfo" | "/v1/userinfo" => Some("GET"),
        "/oauth2/v3/userinfo" | "/oauth2/v3/certs" | "/.well-known/openid-configuration" => Some("GET"),
        path if health::serves(path) => Some("GET"),
        _ => None,
    }
}

fn no_such(request: &Request, allowed: Option<&str>) -> Reply {
    if let Some(allowed) = allowed {
        let line = format!("Error 405: the method {} is not allowed for {}.", request.method, request.path);
        return PAGES.message(405, "Method not allowed", &[&line]).with("allow", allowed);
    }
    if request.path.starts_with("/v4/") {
        let error = json!({ "error": { "code": 404, "message": "Method not found.", "status": "NOT_FOUND" } });
        return Reply::json(404, &error);
    }
    let line = format!("Error 404: the requested URL {} was not found on this server.", request.path);
    PAGES.message(404, "Not found", &[&line])
}

#[cfg(test)]
mod tests;
