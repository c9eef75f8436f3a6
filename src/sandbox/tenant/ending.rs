//! Owns the last redirect of a login, to the application with a code, and what can become of it on the way. Refuses to write
//! the log or to issue the code.

use url::Url;

use super::pages::{pair, with_query};
use super::state::Login;
use crate::sandbox::facts::Setup;
use crate::sandbox::faults::Fault;
use crate::sandbox::web::Reply;

/// Words that no table of errors has, with what would colour them and turn them around on a careless terminal.
const UNHEARD_OF: &str = "the \u{1b}[31mflux capacitor\u{1b}[0m is out of \u{202e}esahp\u{202c} today";

/// Why a login that the provider agreed to ends without a code: error, description, and what kind of error the log calls it.
pub(super) fn refusal(setup: &Setup) -> Option<(&'static str, &'static str, &'static str)> {
    if setup.has(Fault::LoginBlocked) {
        let what = "Access denied: an Action of this tenant refused the login.";
        return Some(("unauthorized", what, "access-denied"));
    }
    if setup.has(Fault::ServerError) {
        return Some(("server_error", "Internal error", "server-error"));
    }
    setup.has(Fault::UnknownLoginError).then_some(("invalid_request", UNHEARD_OF, "oauth-authorization"))
}

/// The redirect that carries the code.
pub(super) fn redirect(setup: &Setup, login: &Login, code: &str) -> Reply {
    let mut pairs = vec![pair("code", code)];
    if setup.has(Fault::StateChanged) {
        pairs.push(pair("state", "a-state-that-nobody-sent"));
    } else {
        pairs.extend(login.state.as_deref().map(|state| pair("state", state)));
    }
    if setup.has(Fault::WrongIssuer) {
        pairs.push(pair("iss", "https://other.example/"));
    }
    let lost = if setup.has(Fault::CallbackLost) { lost(setup, &login.redirect_uri) } else { None };
    let address = with_query(lost.as_deref().unwrap_or(&login.redirect_uri), &pairs);
    Reply::redirect(address).with("cache-control", "no-store")
}

/// A loopback address with a port where nobody listens, as the browser of another machine finds it.
fn lost(setup: &Setup, redirect_uri: &str) -> Option<String> {
    let (mut url, nowhere) = (Url::parse(redirect_uri).ok()?, Url::parse(&setup.nowhere).ok()?);
    if url.scheme() != "http" {
        return None;
    }
    url.set_port(nowhere.port()).ok()?;
    Some(url.into())
}
