//! Owns the token endpoint: who the client is, then whether the code or the refresh token is good. Refuses in Google's own
//! words, in Google's order: client first, code second.

use super::{Code, Google, Grant};
use crate::sandbox::facts::GOOGLE_CLIENT_ID;
use crate::sandbox::faults::Fault;
use crate::sandbox::provider::{CODE_TTL, basic, form, lock, now, repeated};
use crate::sandbox::web::{Reply, Request, find};
use serde_json::json;

/// How long a refresh token lives while the app's publishing status is Testing (seconds).
pub const TESTING_TTL: i64 = 604_800;

type Fields = Vec<(String, String)>;
type Refusal = (u16, &'static str, String);

impl Google {
    /// POST `/token`.
    pub(super) fn token(&self, request: &Request) -> Reply {
        let fields = form(request);
        let answer = self.check_client_of(request, &fields).and_then(|()| match param(&fields, "grant_type") {
            Some("authorization_code") => self.exchange(&fields),
            Some("refresh_token") => self.refresh(&fields),
            other => {
                refuse(400, "unsupported_grant_type", &format!("Invalid grant_type: {}", other.unwrap_or_default()))
            }
        });
        answer.unwrap_or_else(|(status, error, description)| {
            no_store(Reply::json(status, &json!({ "error": error, "error_description": description })))
        })
    }

    fn check_client_of(&self, request: &Request, fields: &Fields) -> Result<(), Refusal> {
        if let Some(name) = repeated(fields) {
            return refuse(400, "invalid_request", &format!("OAuth 2 parameters can only have a single value: {name}"));
        }
        let (id, secret) = match basic(request) {
            Some((id, secret)) => (Some(id), Some(secret)),
            None => (param(fields, "client_id").map(str::to_owned), param(fields, "client_secret").map(str::to_owned)),
        };
        let Some(id) = id else {
            return refuse(400, "invalid_request", "Could not determine client ID from request.");
        };
        if id != GOOGLE_CLIENT_ID || self.setup.has(Fault::UnknownClient) {
            return refuse(401, "invalid_client", "The OAuth client was not found.");
        }
        if self.setup.has(Fault::DeletedClient) {
            return refuse(401, "deleted_client", "The OAuth client was deleted.");
        }
        match secret {
            None => refuse(400, "invalid_request", "client_secret is missing."),
            Some(secret) if secret != self.secret() => refuse(401, "invalid_client", "Unauthorized"),
            Some(_) => Ok(()),
        }
    }

    fn exchange(&self, fields: &Fields) -> Result<Reply, Refusal> {
        let code = required(fields, "code")?;
        let redirect_uri = required(fields, "redirect_uri")?;
        if !well_formed(code) {
            return refuse(400, "invalid_grant", "Malformed auth code.");
        }
        let refused = self.setup.has(Fault::CodeRefused);
        let (grant, refreshable) = {
            let mut state = lock(&self.state);
            let entry = match state.codes.get_mut(code) {
                Some(entry) if !entry.used && now() - entry.issued < CODE_TTL && !refused => entry,
                _ => return refuse(400, "invalid_grant", "Bad Request"),
            };
            if entry.redirect_uri != redirect_uri {
                return refuse(400, "redirect_uri_mismatch", "Bad Request");
            }
            check_verifier(entry, param(fields, "code_verifier"))?;
            entry.used = true;
            (entry.grant.clone(), entry.refreshable)
        };
        Ok(no_store(self.issue(&grant, refreshable && !self.setup.has(Fault::NoRefreshToken))))
    }

    /// No rotation: the refresh token stays, and the reply has none.
    fn refresh(&self, fields: &Fields) -> Result<Reply, Refusal> {
        let token = required(fields, "refresh_token")?;
        let found = lock(&self.state).refresh.get(token).map(|entry| {
            let expired = self.setup.has(Fault::Testing) && now() - entry.issued >= TESTING_TTL;
            (entry.revoked || expired || self.setup.has(Fault::RefreshTokenDead), entry.grant.clone())
        });
        match found {
            None => refuse(400, "invalid_grant", "Bad Request"),
            Some((true, _)) => refuse(400, "invalid_grant", "Token has been expired or revoked."),
            Some((false, grant)) => Ok(no_store(self.issue(&Grant { nonce: None, ..grant }, false))),
        }
    }
}

fn check_verifier(code: &Code, verifier: Option<&str>) -> Result<(), Refusal> {
    match (&code.challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => refuse(400, "invalid_grant", "code_verifier or verifier is not needed."),
        (Some(_), None) => refuse(400, "invalid_grant", "Missing code verifier."),
        (Some(challenge), Some(verifier)) if challenge.matches(verifier) => Ok(()),
        (Some(_), Some(_)) => refuse(400, "invalid_grant", "Invalid code verifier."),
    }
}

/// Whether it could be a code: `4/`, then enough characters that are in one. A code that was percent-encoded twice, or cut, is
/// not.
fn well_formed(code: &str) -> bool {
    let body = code.strip_prefix("4/").unwrap_or_default();
    body.len() >= 20 && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn param<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    find(fields, name).filter(|value| !value.is_empty())
}

fn required<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, Refusal> {
    param(fields, name)
        .map_or_else(|| refuse(400, "invalid_request", &format!("Missing required parameter: {name}")), Ok)
}

fn refuse<T>(status: u16, error: &'static str, description: &str) -> Result<T, Refusal> {
    Err((status, error, description.to_owned()))
}

fn no_store(reply: Reply) -> Reply {
    reply.with("cache-control", "no-cache, no-store, max-age=0, must-revalidate").with("pragma", "no-cache")
}
