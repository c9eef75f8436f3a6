//! Owns `POST /oauth/token` for machines and what both grants share: the parameters, the application's secret, the error
//! body. Refuses every grant but `client_credentials` and `authorization_code`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::check::{Object, text};
use super::{Tenant, audience, unix_now};
use crate::sandbox::facts::{DOMAIN, MANAGEMENT_CLIENT_ID};
use crate::sandbox::faults::Fault;
use crate::sandbox::web::{Reply, Request, find};

/// How long an access token lives (seconds).
pub(super) const TOKEN_LIFE: i64 = 86_400;

/// What the Management API client's grant allows.
const SCOPES: [&str; 15] = [
    "read:connections",
    "read:connections_options",
    "create:connections",
    "update:connections",
    "update:connections_options",
    "delete:connections",
    "read:client_summary",
    "read:clients",
    "create:clients",
    "update:clients",
    "delete:clients",
    "read:users",
    "read:logs",
    "read:custom_domains",
    "read:tenant_settings",
];

/// Grants that exist but that the simulation has no use for.
const OTHER_GRANTS: [&str; 6] = [
    "refresh_token",
    "password",
    "http://auth0.com/oauth/grant-type/password-realm",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
];

impl Tenant {
    /// POST /oauth/token
    pub(super) fn token(&self, request: &Request) -> Reply {
        let sent = parameters(request);
        match find(&sent, "grant_type").unwrap_or_default() {
            "" => refused(400, "invalid_request", "Missing required parameter: grant_type"),
            "client_credentials" => self.client_credentials(&sent),
            "authorization_code" => self.authorization_code(&sent),
            other if OTHER_GRANTS.contains(&other) => not_allowed(other),
            other => refused(403, "unsupported_grant_type", &format!("Unsupported grant type: {other}")),
        }
    }

    fn client_credentials(&self, sent: &[(String, String)]) -> Reply {
        let id = find(sent, "client_id").unwrap_or_default();
        if id.is_empty() {
            return refused(401, "invalid_client", "Missing required parameter: client_id");
        }
        let Some(client) = self.lock().client(id).cloned() else { return unauthorized() };
        let machine = id == MANAGEMENT_CLIENT_ID;
        if !knows_secret(&client, sent) || (machine && self.setup.has(Fault::ManagementClientUnknown)) {
            return unauthorized();
        }
        if !allows(&client, "client_credentials") {
            return not_allowed("client_credentials");
        }
        let Some(asked) = find(sent, "audience").filter(|audience| !audience.is_empty()) else {
            let what = "No audience parameter was provided, and no default audience has been configured";
            return refused(403, "access_denied", what);
        };
        if asked != audience() || self.setup.has(Fault::AudienceUnknown) {
            return refused(403, "access_denied", &format!("Service not found: {asked}"));
        }
        if !machine || self.setup.has(Fault::NoClientGrant) {
            let what = format!(
                "Client is not authorized to access \"{asked}\". You need to create a \"client-grant\" associated to \
                 this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
            );
            return refused(403, "access_denied", &what);
        }
        let scope = self.management_scopes().join(" ");
        let issued = unix_now();
        let claims = json!({
            "iss": format!("https://{DOMAIN}/"),
            "sub": format!("{id}@clients"),
            "aud": asked,
            "iat": issued,
            "exp": issued + TOKEN_LIFE,
            "scope": scope,
            "gty": "client-credentials",
            "azp": id,
        });
        success(&json!({
            "access_token": self.keys.sign(&claims),
            "scope": scope,
            "expires_in": TOKEN_LIFE,
            "token_type": "Bearer",
        }))
    }

    fn management_scopes(&self) -> Vec<&'static str> {
        let lacks = |fault, matches: bool| matches && self.setup.has(fault);
        let allowed = |scope: &&str| {
            !(lacks(Fault::OptionsHidden, scope.ends_with(":connections_options"))
                || lacks(Fault::NoLogScope, *scope == "read:logs")
                || lacks(Fault::ReadOnlyToken, !scope.starts_with("read:")))
        };
        SCOPES.into_iter().filter(allowed).collect()
    }
}

/// The parameters of the body, JSON or form by what the header says, and those of a Basic header.
fn parameters(request: &Request) -> Vec<(String, String)> {
    let kind = request.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let mut sent = match kind {
        "application/x-www-form-urlencoded" => request.form(),
        "application/json" => {
            let members = request.json().and_then(|body| body.as_object().cloned()).unwrap_or_default();
            let texts = members.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
            texts.collect()
        }
        _ => Vec::new(),
    };
    if let Some((id, secret)) = basic(request) {
        sent.retain(|(name, _)| name != "client_id" && name != "client_secret");
        sent.extend([("client_id".to_owned(), id), ("client_secret".to_owned(), secret)]);
    }
    sent
}

/// Client ID and secret of a Basic header, each form-encoded as RFC 6749, 2.3.1 says.
fn basic(request: &Request) -> Option<(String, String)> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    Some((decode(id), decode(secret)))
}

/// Whether the application's secret was sent.
pub(super) fn knows_secret(client: &Object, sent: &[(String, String)]) -> bool {
    let held = text(client, "client_secret");
    let hash = |secret: &str| digest(&SHA256, secret.as_bytes()).as_ref().to_vec();
    !held.is_empty() && find(sent, "client_secret").is_some_and(|secret| hash(secret) == hash(held))
}

/// Whether the application may use a grant.
pub(super) fn allows(client: &Object, grant: &str) -> bool {
    client.get("grant_types").and_then(Value::as_array).into_iter().flatten().any(|allowed| allowed == grant)
}

pub(super) fn not_allowed(grant: &str) -> Reply {
    refused(403, "unauthorized_client", &format!("Grant type '{grant}' not allowed for the client."))
}

pub(super) fn unauthorized() -> Reply {
    refused(401, "access_denied", "Unauthorized")
}

/// The Authentication API's error body.
pub(super) fn refused(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, &json!({"error": error, "error_description": description})).with("cache-control", "no-store")
}

pub(super) fn success(body: &Value) -> Reply {
    Reply::json(200, body).with("cache-control", "no-store").with("pragma", "no-cache")
}
