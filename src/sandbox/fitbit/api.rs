//! Owns what an access token opens: introspection, revocation, the profile with its rate limit. Refuses tokens that are unknown
//! or expired, and repeats them in the message as Fitbit did.

use serde_json::json;

use super::token::required;
use super::{Fitbit, Grant, Refusal, errors};
use crate::sandbox::facts::FITBIT_CLIENT_ID;
use crate::sandbox::faults::Fault;
use crate::sandbox::provider::{form, lock, now};
use crate::sandbox::web::{Reply, Request};

/// Calls a person's data may be asked for in an hour.
const CALLS_PER_HOUR: i64 = 150;

impl Fitbit {
    /// The grant behind the request's access token, with its times of issue and expiry.
    fn bearer(&self, request: &Request) -> Result<(Grant, i64, i64), Refusal> {
        let Some(token) = request.bearer() else {
            let message =
                "No Authorization header provided in the request. Each call to Fitbit API should be OAuth signed.";
            return Err(Refusal::new(401, "oauth", message));
        };
        match lock(&self.state).access.get(token) {
            Some(access) if access.expires > now() => Ok((access.grant.clone(), access.issued, access.expires)),
            Some(_) => Err(Refusal::new(401, "expired_token", format!("Access token expired: {token}."))),
            None => Err(invalid_token(token)),
        }
    }

    /// POST `/1.1/oauth2/introspect`; `scope` is a map in text, unlike OAuth's.
    pub(super) fn introspect(&self, request: &Request) -> Reply {
        if let Err(refusal) = self.bearer(request) {
            return refusal.reply();
        }
        let fields = form(request);
        let token = match required(&fields, "token") {
            Ok(token) => token,
            Err(refusal) => return refusal.reply(),
        };
        let state = lock(&self.state);
        let Some(access) = state.access.get(token).filter(|access| access.expires > now()) else {
            return Reply::json(200, &json!({ "active": false }));
        };
        let scopes: Vec<String> =
            access.grant.scopes.iter().map(|scope| format!("{}=READ", scope.to_uppercase())).collect();
        Reply::json(
            200,
            &json!({
                "active": true,
                "scope": format!("{{{}}}", scopes.join(", ")),
                "client_id": FITBIT_CLIENT_ID,
                "user_id": access.grant.person().legacy_user_id,
                "token_type": "access_token",
                "exp": access.expires * 1000,
                "iat": access.issued * 1000,
            }),
        )
    }

    /// POST `/oauth2/revoke`: every token of the person ends. An unknown token is no error.
    pub(super) fn revoke(&self, request: &Request) -> Reply {
        if self.setup.has(Fault::NotRevoked) {
            return Refusal::new(503, "system", "The service is unavailable.").reply();
        }
        let fields = form(request);
        let checked = self.check_client(request, &fields).and_then(|()| required(&fields, "token"));
        let token = match checked {
            Ok(token) => token,
            Err(refusal) => return refusal.reply(),
        };
        let mut state = lock(&self.state);
        let by_access = state.access.get(token).map(|access| access.grant.person);
        let by_refresh = state.refresh.get(token).map(|refresh| refresh.grant.person);
        if let Some(person) = by_access.or(by_refresh) {
            state.access.retain(|_, access| access.grant.person != person);
            state.refresh.retain(|_, refresh| refresh.grant.person != person);
        }
        Reply::empty(200)
    }

    /// GET `/1/user/-/profile.json`; there is never an e-mail address in it.
    pub(super) fn profile(&self, request: &Request) -> Reply {
        let grant = match self.bearer(request) {
            Ok(_) if self.setup.has(Fault::AccessTokenRefused) => {
                return invalid_token(request.bearer().unwrap_or_default()).reply();
            }
            Ok((grant, ..)) => grant,
            Err(refusal) => return refusal.reply(),
        };
        let (left, reset) = self.count(&grant);
        let limited = |reply: Reply| {
            reply
                .with("fitbit-rate-limit-limit", &CALLS_PER_HOUR.to_string())
                .with("fitbit-rate-limit-remaining", &left.max(0).to_string())
                .with("fitbit-rate-limit-reset", &reset.to_string())
        };
        if left < 0 {
            let reply = Reply::json(429, &errors("system", "Too Many Requests"));
            return limited(reply.with("retry-after", &reset.to_string()));
        }
        if !grant.scopes.contains(&"profile") {
            let message = "This application does not have permission to access profile data.";
            return limited(Refusal::new(403, "insufficient_scope", message).reply());
        }
        let person = grant.person();
        let last_name = person.name.strip_prefix(person.given_name).unwrap_or_default().trim_start();
        limited(Reply::json(
            200,
            &json!({ "user": {
            "age": 36,
            "ambassador": false,
            "avatar": "https://pictures.sandbox.test/100.png",
            "avatar150": "https://pictures.sandbox.test/150.png",
            "avatar640": "https://pictures.sandbox.test/640.png",
            "averageDailySteps": 8123,
            "corporate": false,
            "dateOfBirth": "1990-01-01",
            "displayName": person.given_name,
            "displayNameSetting": "name",
            "distanceUnit": "METRIC",
            "encodedId": if self.setup.has(Fault::UserMismatch) { "Z9Y8X7" } else { person.legacy_user_id },
            "features": { "exerciseGoal": true },
            "firstName": person.given_name,
            "fullName": person.name,
            "gender": "NA",
            "languageLocale": "en_GB",
            "lastName": last_name,
            "locale": "en_GB",
            "memberSince": "2019-03-14",
            "mfaEnabled": false,
            "offsetFromUTCMillis": 0,
            "startDayOfWeek": "MONDAY",
            "timezone": "Europe/London",
            "topBadges": [],
        } }),
        ))
    }

    /// Counts a call: how many are left (negative when there were too many), and the seconds until the hour is over.
    fn count(&self, grant: &Grant) -> (i64, i64) {
        let (hour, reset) = (now() / 3600, 3600 - now() % 3600);
        let mut state = lock(&self.state);
        let calls = state.calls.entry(grant.person).or_default();
        if calls.0 != hour {
            *calls = (hour, 0);
        }
        calls.1 += 1;
        (CALLS_PER_HOUR - calls.1, reset)
    }
}

fn invalid_token(token: &str) -> Refusal {
    Refusal::new(401, "invalid_token", format!("Access token invalid: {token}."))
}
