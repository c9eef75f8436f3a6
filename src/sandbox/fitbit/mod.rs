//! Owns the simulated Fitbit: which path means what, the state, the `errors[]` shape. Stands in for www and api
//! on one origin, for an app of type Server. Refuses whatever the real service refused.

mod api;
mod authorize;
mod outage;
mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ring::hmac;
use serde_json::json;

use super::facts::{FITBIT_CLIENT_SECRET, PEOPLE, Person, Setup};
use super::faults::Fault;
use super::pages::Pages;
use super::provider::{Challenge, Log, lock, random};
use super::web::{Reply, Request};

const PAGES: Pages = Pages { provider: "Fitbit" };
const TAIL: &str =
    "Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization process.";

/// The simulated Fitbit.
pub struct Fitbit {
    setup: Arc<Setup>,
    /// Signs the access tokens; made anew at every start.
    key: hmac::Key,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Authorization requests that were accepted, by the id that the pages carry.
    flows: HashMap<String, Flow>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    /// Calls in the hour that the first number names, by person.
    calls: HashMap<usize, (i64, i64)>,
    log: Log,
}

/// An authorization request under way.
#[derive(Debug, Clone)]
struct Flow {
    /// The address as it was sent; none when it was left out.
    sent_uri: Option<String>,
    redirect_uri: String,
    scopes: Vec<&'static str>,
    state: Option<String>,
    challenge: Option<Challenge>,
    /// Index in [`PEOPLE`], once somebody is signed in.
    person: Option<usize>,
}

/// What a person granted.
#[derive(Debug, Clone)]
struct Grant {
    person: usize,
    scopes: Vec<&'static str>,
}

struct Code {
    grant: Grant,
    sent_uri: Option<String>,
    challenge: Option<Challenge>,
    issued: i64,
    used: bool,
}

struct Access {
    grant: Grant,
    issued: i64,
    expires: i64,
}

struct Refresh {
    grant: Grant,
    /// When it was spent, and what the answer was.
    spent: Option<(i64, serde_json::Value)>,
}

/// An error in Fitbit's own shape, which no generic OAuth library reads.
#[derive(Debug)]
struct Refusal {
    status: u16,
    kind: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into() }
    }

    fn reply(&self) -> Reply {
        let message = format!("{} {TAIL}", self.message);
        Reply::json(self.status, &errors(self.kind, &message))
    }
}

impl Grant {
    fn person(&self) -> &'static Person {
        &PEOPLE[self.person]
    }
}

impl Fitbit {
    /// A Fitbit with nobody signed in and nothing granted.
    pub fn new(setup: Arc<Setup>) -> Self {
        Self { setup, key: hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()), state: Mutex::default() }
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
            ("GET", "/oauth2/authorize") => self.authorize(request),
            ("GET", "/login") => self.login_page(request),
            ("POST", "/login") => self.signed_in(request),
            ("POST", "/oauth2/consent") => self.decided(request),
            ("POST", "/oauth2/token") => self.token(request),
            ("POST", "/1.1/oauth2/introspect") => self.introspect(request),
            ("POST", "/oauth2/revoke") => self.revoke(request),
            ("GET", "/1/user/-/profile.json") => self.profile(request),
            (_, path) => no_such(request, allowed(path)),
        }
    }

    /// The secret that is valid now; with [`Fault::WrongSecret`] it is newer than the one in use.
    fn secret(&self) -> String {
        let rotated: String = FITBIT_CLIENT_SECRET.chars().rev().collect();
        if self.setup.has(Fault::WrongSecret) { rotated } else { FITBIT_CLIENT_SECRET.to_owned() }
    }
}

fn errors(kind: &str, message: &str) -> serde_json::Value {
    json!({ "errors": [{ "errorType": kind, "message": message }], "success": false })
}

/// The method that a path answers; none for a path that does not exist.
fn allowed(path: &str) -> Option<&'static str> {
    match path {
        "/login" => Some("GET, POST"),
        "/oauth2/authorize" | "/1/user/-/profile.json" => Some("GET"),
        "/oauth2/consent" | "/oauth2/token" | "/oauth2/revoke" | "/1.1/oauth2/introspect" => Some("POST"),
        _ => None,
    }
}

/// Whether a person sees the path, rather than a program.
fn is_page(path: &str) -> bool {
    !["/oauth2/token", "/oauth2/revoke", "/1/", "/1.1/", "/1.2/"].iter().any(|start| path.starts_with(start))
}

fn no_such(request: &Request, allowed: Option<&str>) -> Reply {
    let (status, title, text) = match allowed {
        Some(_) => (405, "Method not allowed", format!("The method {} is not allowed here.", request.method)),
        None => (404, "Not found", "The API you are requesting could not be found.".to_owned()),
    };
    let reply = if is_page(&request.path) {
        PAGES.message(status, title, &[&format!("Error {status}: {title}")])
    } else {
        Reply::json(status, &errors(if status == 404 { "not_found" } else { "request" }, &text))
    };
    match allowed {
        Some(methods) => reply.with("allow", methods),
        None => reply,
    }
}

#[cfg(test)]
mod tests;
