//! Owns the tokens that the simulated Google has issued: making, inspecting, revoking. Refuses tokens that are unknown, expired
//! or revoked.

use serde_json::json;

use super::token::TESTING_TTL;
use super::{Access, Google, Grant, Refresh, id_token, outage, scopes};
use crate::sandbox::facts::GOOGLE_CLIENT_ID;
use crate::sandbox::faults::Fault;
use crate::sandbox::provider::{form, lock, now, random_text};
use crate::sandbox::web::{Reply, Request, find};

/// How long an access token lives (seconds).
const ACCESS_TTL: i64 = 3599;

impl Google {
    /// The token endpoint's answer for a grant.
    pub(super) fn issue(&self, grant: &Grant, with_refresh: bool) -> Reply {
        let access_token = format!("ya29.{}", random_text::<150>());
        let mut answer = json!({
            "access_token": access_token,
            "expires_in": ACCESS_TTL,
            "scope": grant.scopes.join(" "),
            "token_type": "Bearer",
        });
        if grant.has(scopes::OPENID)
            && let Some(token) = id_token::sign(&id_token::claims(grant, &access_token, &self.setup))
        {
            answer["id_token"] = json!(token);
        }
        let mut state = lock(&self.state);
        if with_refresh {
            let token = format!("1//0{}", random_text::<75>());
            answer["refresh_token"] = json!(token);
            if self.setup.has(Fault::Testing) {
                answer["refresh_token_expires_in"] = json!(TESTING_TTL - 1);
            }
            state.refresh.insert(token, Refresh { grant: grant.clone(), issued: now(), revoked: false });
        }
        state.access.insert(access_token, Access { grant: grant.clone(), expires: now() + ACCESS_TTL });
        Reply::json(200, &answer)
    }

    /// The grant behind a live access token, and the seconds that it has left.
    pub(super) fn live(&self, token: Option<&str>) -> Option<(Grant, i64)> {
        let state = lock(&self.state);
        let access = state.access.get(token?)?;
        let left = access.expires - now();
        (left > 0).then(|| (access.grant.clone(), left))
    }

    /// The grant behind an access token that Google's APIs take.
    pub(super) fn accepted(&self, token: Option<&str>) -> Option<Grant> {
        let (grant, _) = self.live(token)?;
        (!self.setup.has(Fault::AccessTokenRefused)).then_some(grant)
    }

    /// GET `/tokeninfo`; every value is a string.
    pub(super) fn token_info(&self, request: &Request) -> Reply {
        let Some((grant, left)) = self.live(request.param("access_token")) else {
            return invalid("Invalid Value");
        };
        let mut info = json!({
            "azp": GOOGLE_CLIENT_ID,
            "aud": GOOGLE_CLIENT_ID,
            "scope": grant.scopes.join(" "),
            "exp": (now() + left).to_string(),
            "expires_in": left.to_string(),
            "access_type": if grant.offline { "offline" } else { "online" },
        });
        if grant.has(scopes::OPENID) {
            info["sub"] = json!(grant.person().google_sub);
        }
        if grant.has(scopes::EMAIL) {
            info["email"] = json!(grant.person().email);
            info["email_verified"] = json!("true");
        }
        Reply::json(200, &info)
    }

    /// POST `/revoke`: everything that the person granted to the app ends, so that the next consent is a first one again.
    pub(super) fn revoke(&self, request: &Request) -> Reply {
        if self.setup.has(Fault::NotRevoked) {
            return outage::unavailable();
        }
        let fields = form(request);
        let token = find(&fields, "token").or_else(|| request.param("token")).unwrap_or_default();
        let mut state = lock(&self.state);
        let by_access =
            state.access.get(token).filter(|access| access.expires > now()).map(|access| access.grant.person);
        let by_refresh =
            state.refresh.get(token).filter(|refresh| !refresh.revoked).map(|refresh| refresh.grant.person);
        let Some(person) = by_access.or(by_refresh) else {
            return invalid("Token expired or revoked");
        };
        state.access.retain(|_, access| access.grant.person != person);
        for refresh in state.refresh.values_mut().filter(|refresh| refresh.grant.person == person) {
            refresh.revoked = true;
        }
        state.consented.remove(&person);
        Reply::json(200, &json!({}))
    }
}

fn invalid(description: &str) -> Reply {
    Reply::json(400, &json!({ "error": "invalid_token", "error_description": description }))
}
