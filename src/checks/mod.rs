//! Owns what `test` and `setup` both verify: one function per check id, each returning a finding.
//!
//! Refuses to change anything, and to call a thing right that the answer does not prove.

pub mod applications;
pub mod authorize;
pub mod connection;
pub mod credentials;
pub mod provider;
pub mod tenant;

use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;

/// Check ids (interface, section 5).
pub mod id {
    #![allow(missing_docs, reason = "each constant is its own documentation")]
    pub const PROVIDER_ALIVE: &str = "provider.alive";
    pub const PROVIDER_CALLBACK: &str = "provider.callback";
    pub const CREDENTIALS_STORED: &str = "credentials.stored";
    pub const CREDENTIALS_ACCEPTED: &str = "credentials.accepted";
    pub const TENANT_REACHABLE: &str = "tenant.reachable";
    pub const MANAGEMENT_ACCESS: &str = "management.access";
    pub const CONNECTION_EXISTS: &str = "connection.exists";
    pub const CONNECTION_SETTINGS: &str = "connection.settings";
    pub const CONNECTION_SECRET: &str = "connection.secret";
    pub const APPLICATIONS_ENABLED: &str = "applications.enabled";
    pub const AUTHORIZE_REDIRECT: &str = "authorize.redirect";
    pub const LOGIN_LIVE: &str = "login.live";
    pub const IDENTITY_READ: &str = "identity.read";
}

/// A check that met a failure: what the service refused is a fail, what could not be asked is unknown only when the answer was
/// not understood, and a missing scope leaves the check out.
pub fn met(check: &'static str, failure: Failure) -> Finding {
    match failure.code {
        Code::MissingScope | Code::ConnectionOptionsHidden => {
            Finding { hint: Some(failure.hint()), code: Some(failure.code), ..Finding::skip(check, failure.message) }
        }
        Code::UnrecognisedAnswer => Finding::unknown(check, failure.code, failure.message),
        _ => Finding::fail(check, failure),
    }
}
