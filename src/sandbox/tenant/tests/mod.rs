//! Owns what the tenant's tests share: a tenant with stub providers, and requests as a client would send them.

mod endings;
mod faults;
mod login;
mod management;
mod tokens;

use std::sync::Arc;

use serde_json::{Value, json};
use url::Url;

use super::{Tenant, another};
use crate::sandbox::facts::{CUSTOM_DOMAIN, Configured, DOMAIN, MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET, Setup};
use crate::sandbox::faults::Fault;
use crate::sandbox::web::{Handler, Reply, Request, find};

const WEB: &str = "SandboxWeb0000000000000000000000";
const MOBILE: &str = "SandboxMobile0000000000000000000";
const WEB_CALLBACK: &str = "https://app.acme.sandbox.test/callback";
const MOBILE_CALLBACK: &str = "com.acme.mobile://acme.sandbox.test/callback";
/// The verifier and challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn setup(configured: Option<Configured>, faults: &[Fault]) -> Arc<Setup> {
    Arc::new(Setup {
        tenant_origin: "http://127.0.0.1:1".to_owned(),
        login_origin: "http://127.0.0.1:1".to_owned(),
        nowhere: "http://127.0.0.1:9".to_owned(),
        google_origin: "http://127.0.0.1:2".to_owned(),
        fitbit_origin: "http://127.0.0.1:3".to_owned(),
        direct_port: 18917,
        configured,
        faults: faults.iter().copied().collect(),
    })
}

/// A tenant whose providers accept everything that is well-formed.
fn tenant(configured: Option<Configured>, faults: &[Fault]) -> Tenant {
    Tenant::new(setup(configured, faults), Arc::new(google), Arc::new(fitbit))
}

fn tenant_with(configured: Configured, google: Handler, faults: &[Fault]) -> Tenant {
    Tenant::new(setup(Some(configured), faults), google, Arc::new(fitbit))
}

fn google(request: &Request) -> Reply {
    match request.path.as_str() {
        "/token" => {
            let form = request.form();
            let secret = crate::sandbox::facts::GOOGLE_CLIENT_SECRET;
            let verifier = find(&form, "code_verifier").unwrap_or_default();
            if find(&form, "client_secret") != Some(secret) || verifier.len() < 43 {
                return Reply::json(401, &json!({"error": "invalid_client"}));
            }
            let tokens = json!({"access_token": "ya29.a", "refresh_token": "1//r", "expires_in": 3599});
            Reply::json(200, &tokens)
        }
        "/v1/userinfo" if request.bearer() == Some("ya29.a") => Reply::json(
            200,
            &json!({"sub": "108", "name": "Ada Example", "email": "ada@example.com", "email_verified": true,
                "picture": "https://example.com/ada.png"}),
        ),
        "/v4/users/me/identity" if request.bearer() == Some("ya29.a") => Reply::json(
            200,
            &json!({"name": "users/me/identity", "legacyUserId": "A1B2C3", "healthUserId": "1234567890123456789"}),
        ),
        _ => Reply::empty(404),
    }
}

fn fitbit(request: &Request) -> Reply {
    match request.path.as_str() {
        "/oauth2/token" if request.header("authorization").is_some_and(|it| it.starts_with("Basic ")) => {
            Reply::json(200, &json!({"access_token": "fitbit-token", "user_id": "A1B2C3"}))
        }
        "/1/user/-/profile.json" if request.bearer() == Some("fitbit-token") => {
            let user = json!({"encodedId": "A1B2C3", "displayName": "Ada E.", "avatar": "https://example.com/a.png"});
            Reply::json(200, &json!({"user": user}))
        }
        _ => Reply::empty(401),
    }
}

/// `METHOD /path?query`, with a JSON body unless it is null.
fn request(method: &str, target: &str, bearer: &str, body: &Value) -> Request {
    let url = Url::parse(&format!("https://{DOMAIN}{target}")).unwrap();
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    if !bearer.is_empty() {
        headers.push(("authorization".to_owned(), format!("Bearer {bearer}")));
    }
    Request {
        method: method.to_owned(),
        path: percent_encoding::percent_decode_str(url.path()).decode_utf8_lossy().into_owned(),
        raw_path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        headers,
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
    }
}

fn machine() -> Value {
    json!({
        "grant_type": "client_credentials",
        "client_id": MANAGEMENT_CLIENT_ID,
        "client_secret": MANAGEMENT_CLIENT_SECRET,
        "audience": format!("https://{DOMAIN}/api/v2/"),
    })
}

fn token_request(tenant: &Tenant, body: &Value) -> (u16, Value) {
    read(&tenant.handle(&request("POST", "/oauth/token", "", body)))
}

fn bearer(tenant: &Tenant) -> String {
    let (status, body) = token_request(tenant, &machine());
    assert_eq!(status, 200, "{body}");
    body["access_token"].as_str().unwrap().to_owned()
}

/// A Management API token with these scopes and no others.
fn signed(tenant: &Tenant, scope: &str) -> String {
    tenant.keys.sign(&json!({"aud": super::audience(), "exp": super::unix_now() + 60, "scope": scope}))
}

/// One Management API call with a fresh token.
fn call(tenant: &Tenant, method: &str, target: &str, body: Value) -> (u16, Value) {
    let token = bearer(tenant);
    read(&tenant.handle(&request(method, &format!("/api/v2{target}"), &token, &body)))
}

fn get(tenant: &Tenant, target: &str) -> (u16, Value) {
    call(tenant, "GET", target, Value::Null)
}

fn read(reply: &Reply) -> (u16, Value) {
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    find(&reply.headers, name)
}

fn location(reply: &Reply) -> Url {
    let location = header(reply, "location").unwrap_or_else(|| panic!("no redirect but {}", reply.status));
    Url::parse(&format!("https://{DOMAIN}")).unwrap().join(location).unwrap()
}

fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The identifier of the one connection.
fn connection_id(tenant: &Tenant) -> String {
    get(tenant, "/connections").1[0]["id"].as_str().unwrap().to_owned()
}
