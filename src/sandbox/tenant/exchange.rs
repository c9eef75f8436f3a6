//! Owns the end of a login at the tenant: a code becomes an access token and an ID token, and the access token answers
//! `/userinfo`. Refuses a code that was used, is too old, or is another application's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::check::{Object, text};
use super::keys::{challenge, random, sign_with_secret};
use super::state::{Code, State, UserToken, error_details};
use super::token::{TOKEN_LIFE, allows, knows_secret, not_allowed, refused, success, unauthorized};
use super::{Tenant, unix_now};
use crate::sandbox::facts::DOMAIN;
use crate::sandbox::faults::Fault;
use crate::sandbox::web::{Reply, Request, find};

/// What the log calls an error of the exchange.
const AT_EXCHANGE: &str = "invalid-request";
/// How long an ID token lives (seconds).
const ID_TOKEN_LIFE: i64 = 36_000;

/// Claims of each scope.
const CLAIMS: [(&str, &[&str]); 2] = [
    ("profile", &["name", "given_name", "family_name", "nickname", "picture", "updated_at"]),
    ("email", &["email", "email_verified"]),
];

impl Tenant {
    pub(super) fn authorization_code(&self, sent: &[(String, String)]) -> Reply {
        let id = find(sent, "client_id").unwrap_or_default();
        let mut state = self.lock();
        let Some(client) = state.client(id).cloned() else { return unauthorized() };
        let public = text(&client, "token_endpoint_auth_method") == "none";
        let known = public || knows_secret(&client, sent);
        if !known {
            note_failure(&mut state, sent, id, "Unauthorized");
            return unauthorized();
        }
        if !allows(&client, "authorization_code") {
            return not_allowed("authorization_code");
        }
        let Some(given) = find(sent, "code") else {
            return refused(400, "invalid_request", "Missing required parameter: code");
        };
        let Some(code) = state.take_code(given, id) else {
            return refused(403, "invalid_grant", "Invalid authorization code");
        };
        let refused_anyway = || ("invalid_grant", "Invalid authorization code".to_owned());
        let fault = self.setup.has(Fault::TenantCodeRefused).then(refused_anyway);
        if let Some((error, what)) = fault.or_else(|| objection(&code, sent, public)) {
            let details = error_details(error, &what, AT_EXCHANGE);
            state.note("feacft", &code.login, &what, Some(&code.user_id), details);
            return refused(403, error, &what);
        }
        let Some(user) = state.user(&code.user_id).cloned() else {
            return refused(403, "invalid_grant", "Invalid authorization code");
        };
        let access_token = opaque();
        let scope = code.login.scope.clone();
        let mut body = json!({
            "access_token": access_token,
            "scope": scope,
            "expires_in": TOKEN_LIFE,
            "token_type": "Bearer",
        });
        if scope.split(' ').any(|scope| scope == "openid") && !self.setup.has(Fault::NoIdToken) {
            body["id_token"] = self.id_token(&client, &code, &user).into();
        }
        state.note("seacft", &code.login, "Authorization Code for Access Token", Some(&code.user_id), Value::Null);
        state.tokens.insert(access_token, UserToken { user_id: code.user_id, scope });
        success(&body)
    }

    fn id_token(&self, client: &Object, code: &Code, user: &Object) -> String {
        let audience = if self.setup.has(Fault::BadAudience) {
            "SandboxAnotherApplication0000000"
        } else {
            code.login.client_id.as_str()
        };
        let issued = unix_now();
        let mut claims = json!({
            "iss": format!("https://{}/", code.login.host),
            "sub": code.user_id,
            "aud": audience,
            "iat": issued,
            "exp": issued + ID_TOKEN_LIFE,
            "sid": random(32),
        });
        if self.setup.has(Fault::BadNonce) {
            claims["nonce"] = "another-nonce".into();
        } else if let Some(nonce) = &code.login.nonce {
            claims["nonce"] = nonce.as_str().into();
        }
        add_claims(&mut claims, user, &code.login.scope);
        match client.get("jwt_configuration").and_then(|jwt| jwt["alg"].as_str()) {
            Some("HS256") => sign_with_secret(text(client, "client_secret"), &claims),
            _ => self.keys.sign(&claims),
        }
    }

    /// GET /userinfo
    pub(super) fn userinfo(&self, request: &Request) -> Reply {
        let state = self.lock();
        let token = request.bearer().and_then(|token| state.tokens.get(token));
        let user = token.and_then(|token| Some((token, state.user(&token.user_id)?)));
        let Some((token, user)) = user else {
            let mut reply = Reply::empty(401).with("www-authenticate", "Bearer error=\"invalid_token\"");
            reply.body = b"Unauthorized".to_vec();
            return reply;
        };
        let other = self.setup.has(Fault::UserMismatch);
        let mut claims = json!({"sub": if other { "auth0|another-user-of-the-sandbox" } else { &token.user_id }});
        add_claims(&mut claims, user, &token.scope);
        Reply::json(200, &claims).with("cache-control", "no-store")
    }
}

/// What is wrong with the exchange, apart from the code itself.
fn objection(code: &Code, sent: &[(String, String)], public: bool) -> Option<(&'static str, String)> {
    let expected = &code.login.redirect_uri;
    let given = find(sent, "redirect_uri");
    if given != Some(expected) {
        let given = given.unwrap_or("null");
        let what = format!("The redirect URI is wrong. You sent {given}, and we expected {expected}");
        return Some(("unauthorized_client", what));
    }
    let verified = match (&code.login.challenge, find(sent, "code_verifier")) {
        (Some(expected), Some(verifier)) => is_verifier(verifier) && challenge(verifier) == *expected,
        (None, None) => !public,
        _ => false,
    };
    (!verified).then(|| ("invalid_grant", "Failed to verify code verifier".to_owned()))
}

fn is_verifier(verifier: &str) -> bool {
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// A wrong secret is logged with the login that the code is of, if there is one.
fn note_failure(state: &mut State, sent: &[(String, String)], client_id: &str, what: &str) {
    let code = find(sent, "code").and_then(|code| state.codes.get(code));
    let login = code.map(|code| code.login.clone()).filter(|login| login.client_id == client_id);
    if let Some(login) = login {
        state.note("feacft", &login, what, None, error_details("access_denied", what, AT_EXCHANGE));
    }
}

fn add_claims(claims: &mut Value, user: &Object, scope: &str) {
    for (name, members) in CLAIMS {
        if !scope.split(' ').any(|scope| scope == name) {
            continue;
        }
        for member in members {
            if let Some(value) = user.get(*member) {
                claims[*member] = value.clone();
            }
        }
    }
}

/// A token that only the tenant can read: the outside of an encrypted JWT.
fn opaque() -> String {
    let header = json!({"alg": "dir", "enc": "A256GCM", "iss": format!("https://{DOMAIN}/")});
    format!("{}..{}.{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), random(16), random(120), random(22))
}
