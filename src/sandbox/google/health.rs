//! Owns the simulated Health API: identity, profile, settings. Refuses in `google.rpc.Status` shape, in this order: token,
//! project, scope, person.

use serde_json::{Value, json};

use super::{Google, Grant, scopes};
use crate::sandbox::facts::GOOGLE_CLIENT_ID;
use crate::sandbox::faults::Fault;
use crate::sandbox::web::{Reply, Request};

pub(super) const DOMAIN: &str = "health.googleapis.com";
const TITLE: &str = "Google Health API";
const CREDENTIALS: &str = "Expected OAuth 2 access token, login cookie or other valid authentication credential. See \
                           https://developers.google.com/identity/sign-in/web/devconsole-project.";

/// Whether the path is one of this API's.
pub fn serves(path: &str) -> bool {
    matches!(path, "/v4/users/me/identity" | "/v4/users/me/profile" | "/v4/users/me/settings")
}

impl Google {
    /// GET of one of the paths that [`serves`] names.
    pub(super) fn health(&self, request: &Request) -> Reply {
        let grant = match self.accepted(request.bearer()) {
            Some(grant) => grant,
            None => return unauthenticated(request.bearer().is_some()),
        };
        if self.setup.has(Fault::ApiDisabled) {
            return disabled();
        }
        let enough = match request.path.as_str() {
            "/v4/users/me/identity" => grant.scopes.iter().any(|scope| scopes::reads_identity(scope)),
            "/v4/users/me/profile" => grant.has(scopes::HEALTH_PROFILE),
            _ => grant.has(scopes::HEALTH_SETTINGS),
        };
        if !enough {
            return insufficient();
        }
        if self.setup.has(Fault::CallerNotPermitted) {
            return status(403, "PERMISSION_DENIED", "The caller does not have permission", &json!([]));
        }
        let health_user_id = match grant.person().health_user_id {
            Some(id) if !self.setup.has(Fault::NotLinked) => id,
            _ => return not_linked(),
        };
        Reply::json(
            200,
            &match request.path.as_str() {
                "/v4/users/me/identity" => json!({
                    "name": "users/me/identity",
                    "legacyUserId": grant.person().legacy_user_id,
                    "healthUserId": health_user_id,
                }),
                "/v4/users/me/profile" => profile(&grant),
                _ => settings(),
            },
        )
    }
}

/// No name, no address, no picture: the Health profile has none.
fn profile(grant: &Grant) -> Value {
    let mut profile = json!({
        "name": "users/me/profile",
        "age": 36,
        "membershipStartDate": { "year": 2019, "month": 3, "day": 14 },
    });
    if grant.has(scopes::HEALTH_ACTIVITY) {
        profile["autoWalkingStrideLengthMm"] = json!(702);
        profile["autoRunningStrideLengthMm"] = json!(1014);
    }
    profile
}

fn settings() -> Value {
    json!({
        "name": "users/me/settings",
        "timeZone": "Europe/London",
        "utcOffset": "0s",
        "languageLocale": "en_GB",
        "distanceUnit": "DISTANCE_UNIT_KILOMETERS",
        "weightUnit": "WEIGHT_UNIT_KILOGRAMS",
        "autoStrideEnabled": true,
    })
}

fn unauthenticated(sent: bool) -> Reply {
    let (start, reason) = if sent {
        ("Request had invalid authentication credentials.", "ACCESS_TOKEN_TYPE_UNSUPPORTED")
    } else {
        ("Request is missing required authentication credential.", "CREDENTIALS_MISSING")
    };
    let details = json!([info(reason, "googleapis.com", &json!({ "service": DOMAIN }))]);
    let error = if sent { ", error=\"invalid_token\"" } else { "" };
    status(401, "UNAUTHENTICATED", &format!("{start} {CREDENTIALS}"), &details)
        .with("www-authenticate", &format!("Bearer realm=\"https://accounts.google.com/\"{error}"))
}

fn disabled() -> Reply {
    let project = GOOGLE_CLIENT_ID.split('-').next().unwrap_or_default();
    let address = format!("https://console.developers.google.com/apis/api/{DOMAIN}/overview?project={project}");
    let message = format!(
        "{TITLE} has not been used in project {project} before or it is disabled. Enable it by visiting {address} then retry. \
         If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry."
    );
    let metadata = json!({
        "service": DOMAIN,
        "serviceTitle": TITLE,
        "consumer": format!("projects/{project}"),
        "containerInfo": project,
        "activationUrl": address,
    });
    let links = json!([{ "description": "Google developers console API activation", "url": address }]);
    let details = json!([
        info("SERVICE_DISABLED", "googleapis.com", &metadata),
        { "@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message },
        { "@type": "type.googleapis.com/google.rpc.Help", "links": links },
    ]);
    status(403, "PERMISSION_DENIED", &message, &details)
}

fn insufficient() -> Reply {
    let details = json!([info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "googleapis.com", &json!({ "service": DOMAIN }))]);
    status(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.", &details)
        .with("www-authenticate", "Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\"")
}

fn not_linked() -> Reply {
    let metadata = json!({ "redirect_uri": "https://fitbit.google.com/auth/signup" });
    let details = json!([info("ACCOUNT_NOT_LINKED", DOMAIN, &metadata)]);
    status(400, "FAILED_PRECONDITION", "The account is not linked to Google Health.", &details)
}

/// What an error is about, for a program.
pub(super) fn info(reason: &str, domain: &str, metadata: &Value) -> Value {
    json!({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": domain, "metadata": metadata })
}

/// An error in `google.rpc.Status` shape.
pub(super) fn status(code: u16, status: &str, message: &str, details: &Value) -> Reply {
    let mut error = json!({ "code": code, "message": message, "status": status });
    if details.as_array().is_some_and(|list| !list.is_empty()) {
        error["details"] = details.clone();
    }
    Reply::json(code, &json!({ "error": error }))
}
