//! Owns another tenant, the one that a custom login domain leads to when it leads elsewhere. Refuses everybody: it has no
//! applications that this sandbox knows.

use super::token::unauthorized;
use super::{DISCOVERY, authorize, keys, pages};
use crate::sandbox::facts::CUSTOM_DOMAIN;
use crate::sandbox::web::{Reply, Request};

/// Answers one request.
pub fn another(request: &Request) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/authorize") => authorize::unknown_client(request.param("client_id").unwrap_or_default()),
        ("POST", "/oauth/token") => unauthorized(),
        ("GET", DISCOVERY) => Reply::json(200, &keys::discovery(CUSTOM_DOMAIN, CUSTOM_DOMAIN)),
        _ => pages::error(404, "Not found", "There is nothing at this address."),
    }
}

/// Answers at a domain that was removed from its tenant, as the network in front of it does: with the number of an error.
pub fn nobodys(_request: &Request) -> Reply {
    Reply { status: 403, ..Reply::html(403, "error code: 1014") }
}
