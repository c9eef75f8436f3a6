//! Owns the door of the Management API: rate limit, bearer token, scopes, and which call a path is. Refuses every token
//! that the tenant did not sign for this API.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::keys::Keys;
use super::problem::{Answer, Problem};
use super::state::State;
use super::{audience, clients, connections, enabled, limit, reads, unix_now};
use crate::sandbox::facts::Setup;
use crate::sandbox::faults::Fault;
use crate::sandbox::web::{Reply, Request};

/// One call of the Management API by somebody who may make it.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) setup: &'a Setup,
    scopes: Vec<String>,
}

impl Call<'_> {
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }

    /// Refuses a caller who has none of the scopes.
    pub(super) fn need(&self, any_of: &[&str]) -> Result<(), Problem> {
        if any_of.iter().any(|scope| self.has(scope)) { Ok(()) } else { Err(Problem::scope(any_of)) }
    }

    /// Refuses a change that the tenant's plan does not have.
    pub(super) fn plan_allows(&self) -> Result<(), Problem> {
        if self.setup.has(Fault::PlanFeature) {
            return Err(Problem::new(403, Some("feature_not_enabled"), "This feature is not enabled for your tenant."));
        }
        Ok(())
    }

    /// The JSON body.
    pub(super) fn body(&self) -> Result<Value, Problem> {
        let kind = self.request.header("content-type").unwrap_or("application/json");
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(415, None, "Unsupported Media Type"));
        }
        self.request.json().ok_or_else(|| Problem::new(400, None, "Invalid request payload JSON format"))
    }
}

/// Answers a request under `/api/v2`.
pub(super) fn answer(state: &mut State, keys: &Keys, setup: &Setup, request: &Request) -> Reply {
    if setup.has(Fault::RateLimited) {
        let refused = Reply::from(limit::too_many()).with("retry-after", &limit::HOUR.to_string());
        return state.bucket.spent().on(refused);
    }
    let taken = state.bucket.take();
    let answer = if taken.granted {
        enter(keys, setup, request).and_then(|call| route(state, &call))
    } else {
        Err(limit::too_many())
    };
    taken.on(answer.unwrap_or_else(Reply::from))
}

/// The path as sent, so that a segment may hold an encoded slash.
pub(super) fn path_of(request: &Request) -> &str {
    if request.raw_path.is_empty() { &request.path } else { &request.raw_path }
}

fn enter<'a>(keys: &Keys, setup: &'a Setup, request: &'a Request) -> Result<Call<'a>, Problem> {
    let unauthorized = |message: &str| Problem::new(401, None, message);
    let header = request.header("authorization").ok_or_else(|| unauthorized("Missing authentication"))?;
    let words: Vec<&str> = header.split_whitespace().collect();
    let token = match words.as_slice() {
        [scheme, token] if scheme.eq_ignore_ascii_case("bearer") && token.split('.').count() == 3 => *token,
        _ => return Err(Problem::new(400, Some("Bearer"), "Bad HTTP authentication header format")),
    };
    if setup.has(Fault::TokenRejected) {
        return Err(unauthorized("Invalid token"));
    }
    let claims =
        keys.open(token).ok_or_else(|| unauthorized("Invalid signature received for JSON Web Token validation"))?;
    if setup.has(Fault::ExpiredToken) || claims["exp"].as_i64().unwrap_or_default() <= unix_now() {
        return Err(unauthorized("Expired token received for JSON Web Token validation"));
    }
    if claims["aud"] != audience() {
        return Err(unauthorized(&format!("Bad audience: {}", claims["aud"].as_str().unwrap_or_default())));
    }
    let scopes = claims["scope"].as_str().unwrap_or_default().split(' ').map(str::to_owned).collect();
    Ok(Call { request, setup, scopes })
}

fn route(state: &mut State, call: &Call) -> Answer {
    let rest = path_of(call.request).strip_prefix("/api/v2/").unwrap_or_default();
    let decoded: Vec<String> =
        rest.split('/').map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    match (call.request.method.as_str(), parts.as_slice()) {
        ("GET", ["connections"]) => connections::list(state, call),
        ("POST", ["connections"]) => connections::create(state, call),
        ("GET", ["connections", id]) => connections::get(state, call, id),
        ("PATCH", ["connections", id]) => connections::update(state, call, id),
        ("DELETE", ["connections", id]) => connections::delete(state, call, id),
        ("GET", ["connections", id, "clients"]) => enabled::list(state, call, id),
        ("PATCH", ["connections", id, "clients"]) => enabled::update(state, call, id),
        ("GET", ["clients"]) => clients::list(state, call),
        ("POST", ["clients"]) => clients::create(state, call),
        ("GET", ["clients", id]) => clients::get(state, call, id),
        ("PATCH", ["clients", id]) => clients::update(state, call, id),
        ("DELETE", ["clients", id]) => clients::delete(state, call, id),
        ("GET", ["custom-domains"]) => reads::custom_domains(call),
        ("GET", ["tenants", "settings"]) => reads::settings(call),
        ("GET", ["users", id]) => reads::user(state, call, id),
        ("GET", ["logs"]) => reads::logs(state, call),
        _ => Err(Problem::new(404, None, "Not Found")),
    }
}
