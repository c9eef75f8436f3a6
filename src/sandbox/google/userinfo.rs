//! Owns what OpenID Connect says about a person at the simulated Google, and its discovery document. Refuses names and
//! addresses whose scope was not granted.

use serde_json::{Value, json};

use super::{Google, Grant, ISSUER, scopes};
use crate::sandbox::faults::Fault;
use crate::sandbox::web::{Reply, Request};

impl Google {
    /// GET `/v1/userinfo`.
    pub(super) fn user_info(&self, request: &Request) -> Reply {
        let identified =
            |grant: &Grant| [scopes::OPENID, scopes::EMAIL, scopes::PROFILE].iter().any(|scope| grant.has(scope));
        match self.accepted(request.bearer().or_else(|| request.param("access_token"))) {
            Some(grant) if identified(&grant) => {
                let mut about = about(&grant);
                if self.setup.has(Fault::UserMismatch) {
                    about["sub"] = json!("109000000000000000009");
                }
                Reply::json(200, &about)
            }
            _ => Reply::json(401, &json!({ "error": "invalid_request", "error_description": "Invalid Credentials" }))
                .with("www-authenticate", "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_request\""),
        }
    }
}

/// `sub`, and whatever the granted scopes add to it.
pub fn about(grant: &Grant) -> Value {
    let person = grant.person();
    let mut about = json!({ "sub": person.google_sub });
    if grant.has(scopes::PROFILE) {
        let family = person.name.strip_prefix(person.given_name).unwrap_or_default().trim_start();
        about["name"] = json!(person.name);
        about["given_name"] = json!(person.given_name);
        about["family_name"] = json!(family);
        about["picture"] = json!("https://pictures.sandbox.test/person.png");
    }
    if grant.has(scopes::EMAIL) {
        about["email"] = json!(person.email);
        about["email_verified"] = json!(true);
    }
    about
}

/// The discovery document, with the real addresses.
pub fn discovery() -> Reply {
    let document = json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
        "token_endpoint": "https://oauth2.googleapis.com/token",
        "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
        "revocation_endpoint": "https://oauth2.googleapis.com/revoke",
        "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name",
            "picture", "sub"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
    });
    Reply::json(200, &document)
}
