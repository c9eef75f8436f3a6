//! Owns what is answered in place of Fitbit when it is down, shut, over its limit or somebody else. Refuses to look at what
//! was asked any further than its path.

use serde_json::json;

use super::{Fitbit, PAGES, errors, is_page};
use crate::sandbox::faults::Fault;
use crate::sandbox::provider::raw;
use crate::sandbox::strangers;
use crate::sandbox::web::{Reply, Request};

/// How long a limit lasts that is reached by a fault (seconds).
const HOUR: &str = "3600";

impl Fitbit {
    /// The answer of whoever is there instead; none when Fitbit answers itself.
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

/// Nobody has published what the real 410 looks like, so each path answers with another body.
fn shut_down(path: &str) -> Reply {
    let gone = "The Fitbit Web API has been shut down.";
    match path {
        "/oauth2/revoke" => Reply::empty(410),
        "/oauth2/token" => Reply::json(410, &errors("gone", gone)),
        path if is_page(path) => {
            raw(410, "text/html; charset=utf-8", "<html><title>410 Gone</title><h1>Gone</h1></html>")
        }
        _ => Reply::json(410, &json!({ "error": { "code": 410, "message": gone, "status": "NOT_FOUND" } })),
    }
}

fn too_many(path: &str) -> Reply {
    if is_page(path) {
        return PAGES.message(429, "Too Many Requests", &["Error 429: Too Many Requests"]);
    }
    Reply::json(429, &errors("system", "Too Many Requests"))
}
