//! Owns the simulated Auth0 tenant: the Management API, `/authorize`, the way back from the provider, `/oauth/token`.
//! Refuses what the real service refuses, with its words; knows JSON by its documented names only, so that a misspelt
//! member of ours fails a test instead of agreeing with itself.

mod another;
mod api;
mod authorize;
mod callback;
mod check;
mod clients;
mod connections;
mod enabled;
mod ending;
mod exchange;
mod keys;
mod limit;
mod options;
mod outage;
mod pages;
mod problem;
mod query;
mod reads;
mod seed;
mod spoil;
mod state;
#[cfg(test)]
mod tests;
mod token;
mod upstream;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use url::form_urlencoded::Serializer;

pub use self::another::{another, nobodys};
use self::keys::Keys;
use self::outage::Silence;
use self::state::State;
use super::facts::{DOMAIN, Setup};
use super::faults::Fault;
use super::web::{Handler, Reply, Request};

/// A simulated Auth0 tenant.
pub struct Tenant {
    setup: Arc<Setup>,
    google: Handler,
    fitbit: Handler,
    keys: Keys,
    state: Mutex<State>,
    silence: Silence,
}

impl Tenant {
    /// A tenant as `setup` says. `google` and `fitbit` answer what the tenant asks the providers: token, userinfo,
    /// identity, profile.
    pub fn new(setup: Arc<Setup>, google: Handler, fitbit: Handler) -> Self {
        let state = Mutex::new(seed::state(&setup));
        Self { setup, google, fitbit, keys: Keys::new(), state, silence: Silence::default() }
    }

    /// Answers one request at the tenant's own domain.
    pub fn handle(&self, request: &Request) -> Reply {
        self.handle_at(DOMAIN, request)
    }

    /// Answers one request at one of its domains. The `Host` header cannot tell which: on loopback it names none.
    pub fn handle_at(&self, host: &str, request: &Request) -> Reply {
        let reply = self.answer(host, request);
        let asked = (request.method.clone(), target(request), reply.status);
        self.lock().requests.push(asked);
        reply
    }

    /// Lets go of whoever waits for a silent tenant, now and from now on.
    pub fn end(&self) {
        self.silence.end();
    }

    /// Everything asked so far: method, path with query, status of the answer.
    pub fn requests(&self) -> Vec<(String, String, u16)> {
        self.lock().requests.clone()
    }

    /// The state; nothing that a provider answers is waited for while it is held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, host: &str, request: &Request) -> Reply {
        if let Some(reply) = self.outage(request) {
            return reply;
        }
        if is_management(request) {
            return api::answer(&mut self.lock(), &self.keys, &self.setup, request);
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/oauth/token") => self.token(request),
            ("GET", "/authorize") => authorize::answer(&mut self.lock(), &self.setup, host, request),
            ("GET", "/authorize/resume") => self.resume(request),
            ("GET", "/login/callback") => self.callback(request),
            ("GET", "/u/login") => pages::login(),
            ("GET" | "POST", "/userinfo") => self.userinfo(request),
            ("GET", "/.well-known/jwks.json") => Reply::json(200, &self.keys.jwks()),
            ("GET", DISCOVERY) => Reply::json(200, &keys::discovery(self.issuer(host), host)),
            (_, path) if PATHS.contains(&path) => {
                pages::error(405, "Method not allowed", "This address takes another.")
            }
            _ => pages::error(404, "Not found", "There is nothing at this address."),
        }
    }

    /// The domain that the discovery document names as issuer.
    fn issuer<'h>(&self, host: &'h str) -> &'h str {
        if self.setup.has(Fault::OtherIssuer) { "other.example" } else { host }
    }
}

/// Where a tenant describes itself.
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Every address outside the Management API.
const PATHS: [&str; 8] = [
    "/oauth/token",
    "/authorize",
    "/authorize/resume",
    "/login/callback",
    "/u/login",
    "/userinfo",
    "/.well-known/jwks.json",
    DISCOVERY,
];

fn is_management(request: &Request) -> bool {
    request.path == "/api/v2" || request.path.starts_with("/api/v2/")
}

/// The Management API's identifier: always the canonical domain, always with the slash.
fn audience() -> String {
    format!("https://{DOMAIN}/api/v2/")
}

/// The audience that every login has anyway.
fn userinfo_audience(host: &str) -> String {
    format!("https://{host}/userinfo")
}

/// Seconds since 1970.
fn unix_now() -> i64 {
    Timestamp::now().as_second()
}

fn target(request: &Request) -> String {
    let path = api::path_of(request);
    if request.query.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", Serializer::new(String::new()).extend_pairs(&request.query).finish())
}
