//! Owns what is answered in place of Google when it is down, shut, over its limit or somebody else. Refuses to look at what
//! was asked any further than its path.

use serde_json::json;

use super::health::{DOMAIN, info, status};
use super::{Google, PAGES};
use crate::sandbox::facts::GOOGLE_CLIENT_ID;
use crate::sandbox::faults::Fault;
use crate::sandbox::strangers;
use crate::sandbox::web::{Reply, Request};

/// How long a limit lasts that is reached by a fault (seconds).
const HOUR: &str = "3600";

impl Google {
    /// The answer of whoever is there instead; none when Google answers itself.
    pub(super) fn outage(&self, request: &Request) -> Option<Reply> {
        if self.setup.has(Fault::ProviderDown) {
            return Some(PAGES.message(503, "Service unavailable", &["Error 503: the service is unavailable."]));
        }
        if self.setup.has(Fault::ShutDown) {
            return Some(shut_down(&request.path));
        }
        if self.setup.has(Fault::ProviderRateLimited) {
            return Some(too_many(&request.path).with("retry-after", HOUR));
        }
        self.setup.has(Fault::ProviderGarbage).then(strangers::captive_portal)
    }
}

/// What an endpoint for programs answers while it is unavailable.
pub(super) fn unavailable() -> Reply {
    status(503, "UNAVAILABLE", "The service is currently unavailable.", &json!([]))
}

/// Whether a person sees the path, rather than a program.
fn is_page(path: &str) -> bool {
    path.starts_with("/o/") || path.contains("/signin/")
}

fn shut_down(path: &str) -> Reply {
    if is_page(path) {
        return PAGES.message(410, "Gone", &["Error 410: this service is no longer available."]);
    }
    status(410, "NOT_FOUND", "This service is no longer available.", &json!([]))
}

fn too_many(path: &str) -> Reply {
    if is_page(path) {
        let line =
            "Error 429: we're sorry, but you have sent too many requests to us recently. Please try again later.";
        return PAGES.message(429, "Too many requests", &[line]);
    }
    let project = GOOGLE_CLIENT_ID.split('-').next().unwrap_or_default();
    let message = format!(
        "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute per user' of service '{DOMAIN}' for \
         consumer 'project_number:{project}'."
    );
    let metadata = json!({ "service": DOMAIN, "consumer": format!("projects/{project}"), "quota_limit_value": "300" });
    let details = json!([info("RATE_LIMIT_EXCEEDED", "googleapis.com", &metadata)]);
    status(429, "RESOURCE_EXHAUSTED", &message, &details)
}
