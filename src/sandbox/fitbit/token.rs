//! Owns the token endpoint: Basic credentials, then the code or the refresh token. Refuses in Fitbit's `errors[]` shape, and
//! repeats the refused code or token in the message as Fitbit did.

use ring::hmac;
use serde_json::{Value, json};

use super::authorize::SCOPES;
use super::{Access, Code, Fitbit, Grant, Refresh, Refusal};
use crate::sandbox::facts::FITBIT_CLIENT_ID;
use crate::sandbox::faults::Fault;
use crate::sandbox::provider::{CODE_TTL, base64url, basic, form, jwt_part, lock, now, random_hex};
use crate::sandbox::web::{Reply, Request, find};

/// How long an access token lives (seconds).
const ACCESS_TTL: i64 = 28_800;
/// How long a spent refresh token still gets the same answer (seconds).
const REPEAT: i64 = 120;

type Fields = Vec<(String, String)>;

impl Fitbit {
    /// POST `/oauth2/token`.
    pub(super) fn token(&self, request: &Request) -> Reply {
        let fields = form(request);
        let answer = self.check_client(request, &fields).and_then(|()| match required(&fields, "grant_type")? {
            "authorization_code" => self.exchange(&fields),
            "refresh_token" => self.refresh(&fields),
            other => Err(Refusal::new(400, "unsupported_grant_type", format!("Unsupported grant_type {other}."))),
        });
        match answer {
            Ok(tokens) => Reply::json(200, &tokens).with("cache-control", "no-store"),
            Err(refusal) => refusal.reply(),
        }
    }

    /// Basic credentials, which an app of type Server must send; a `client_id` in the body may repeat the same ID.
    pub(super) fn check_client(&self, request: &Request, fields: &Fields) -> Result<(), Refusal> {
        let Some((id, secret)) = basic(request) else {
            let header = request.header("authorization").unwrap_or("null");
            let message = format!(
                "Invalid authorization header format. The header was not recognized to be a valid header for any of known \
                 implementations or a client_id was not specified in case of a public client Received header = {header}"
            );
            return Err(Refusal::new(401, "invalid_client", message));
        };
        let body_id = find(fields, "client_id").unwrap_or(&id);
        if id != FITBIT_CLIENT_ID || body_id != id || self.setup.has(Fault::UnknownClient) {
            return Err(Refusal::new(401, "invalid_client", "Invalid authorization header. Client id invalid."));
        }
        if secret != self.secret() {
            return Err(Refusal::new(401, "invalid_client", "Invalid authorization header. Client secret invalid."));
        }
        Ok(())
    }

    fn exchange(&self, fields: &Fields) -> Result<Value, Refusal> {
        let code = required(fields, "code")?;
        let one_registered = self.setup.registered_redirects().len() == 1;
        let grant = {
            let mut state = lock(&self.state);
            let entry = match state.codes.get_mut(code) {
                Some(entry) if !entry.used && !self.setup.has(Fault::CodeRefused) => entry,
                _ => return Err(grant_refused(format!("Authorization code invalid: {code}"))),
            };
            if now() - entry.issued >= CODE_TTL {
                return Err(grant_refused(format!("Authorization code expired: {code}")));
            }
            match (entry.sent_uri.as_deref(), param(fields, "redirect_uri")) {
                (Some(sent), Some(now)) if sent != now => {
                    return Err(grant_refused("Redirect_uri mismatch".to_owned()));
                }
                (Some(_), None) if !one_registered => return Err(missing("redirect_uri")),
                _ => {}
            }
            check_verifier(entry, param(fields, "code_verifier"))?;
            entry.used = true;
            entry.grant.clone()
        };
        Ok(self.issue(&grant))
    }

    /// Rotation: both tokens are new. The same request within two minutes gets the same answer, so that a lost one is no harm.
    fn refresh(&self, fields: &Fields) -> Result<Value, Refusal> {
        let token = required(fields, "refresh_token")?;
        let invalid = || grant_refused(format!("Refresh token invalid: {token}."));
        if self.setup.has(Fault::RefreshTokenDead) {
            return Err(invalid());
        }
        let grant = match lock(&self.state).refresh.get(token) {
            None => return Err(invalid()),
            Some(Refresh { spent: Some((at, answer)), .. }) if now() - at < REPEAT => return Ok(answer.clone()),
            Some(Refresh { spent: Some(_), .. }) => return Err(invalid()),
            Some(Refresh { spent: None, grant }) => grant.clone(),
        };
        let answer = self.issue(&grant);
        if let Some(entry) = lock(&self.state).refresh.get_mut(token) {
            entry.spent = Some((now(), answer.clone()));
        }
        Ok(answer)
    }

    fn issue(&self, grant: &Grant) -> Value {
        let issued = now();
        let expires = issued + ACCESS_TTL;
        let (access_token, refresh_token) = (self.access_token(grant, issued, expires), random_hex::<32>());
        let mut answer = json!({
            "access_token": access_token,
            "expires_in": ACCESS_TTL,
            "scope": grant.scopes.join(" "),
            "token_type": "Bearer",
            "user_id": grant.person().legacy_user_id,
        });
        let mut state = lock(&self.state);
        if !self.setup.has(Fault::NoRefreshToken) {
            answer["refresh_token"] = json!(refresh_token);
            state.refresh.insert(refresh_token, Refresh { grant: grant.clone(), spent: None });
        }
        state.access.insert(access_token, Access { grant: grant.clone(), issued, expires });
        answer
    }

    /// A JWT, HS256, with the short codes of the scopes: `r` is for read.
    fn access_token(&self, grant: &Grant, issued: i64, expires: i64) -> String {
        let short =
            |scope: &&str| SCOPES.iter().find(|(name, ..)| name == scope).map(|(_, short, _)| format!("r{short}"));
        let scopes: Vec<String> = grant.scopes.iter().filter_map(short).collect();
        let claims = json!({
            "aud": FITBIT_CLIENT_ID,
            "sub": grant.person().legacy_user_id,
            "iss": "Fitbit",
            "typ": "access_token",
            "scopes": scopes.join(" "),
            "exp": expires,
            "iat": issued,
            // Two tokens of one second would be the same without it.
            "jti": random_hex::<8>(),
        });
        let signed = format!("{}.{}", jwt_part(&json!({ "alg": "HS256" })), jwt_part(&claims));
        let signature = base64url(hmac::sign(&self.key, signed.as_bytes()).as_ref());
        format!("{signed}.{signature}")
    }
}

fn check_verifier(code: &Code, verifier: Option<&str>) -> Result<(), Refusal> {
    match (&code.challenge, verifier) {
        (Some(challenge), Some(verifier)) if challenge.matches(verifier) => Ok(()),
        (Some(_), _) => Err(grant_refused("Code verifier invalid".to_owned())),
        (None, _) => Ok(()),
    }
}

fn grant_refused(message: String) -> Refusal {
    Refusal::new(400, "invalid_grant", message)
}

fn missing(name: &str) -> Refusal {
    Refusal::new(400, "invalid_request", format!("Missing parameters: {name}"))
}

fn param<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    find(fields, name).filter(|value| !value.is_empty())
}

pub(super) fn required<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, Refusal> {
    param(fields, name).ok_or_else(|| missing(name))
}
