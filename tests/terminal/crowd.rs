//! Owns a tenant with as many applications as a test likes: creating them one by one would take a minute of the Management
//! API's rate limit.

use crate::door::door;
use crate::stage::Stage;
use serde_json::json;

/// The client ID of one of them, as long as Auth0's are.
fn client_id(n: usize) -> String {
    format!("CrowdedClientOfTheTenant{n:08}")
}

/// From now on the tenant has these applications, and no others.
pub fn crowd(stage: &Stage, names: Vec<String>) {
    door(stage, "https://acme.sandbox.test", move |request| {
        let query = request.strip_prefix("GET /api/v2/clients?")?;
        let from = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "from");
        let from: usize = from.map_or(0, |(_, from)| from.parse().unwrap());
        let page = names.iter().enumerate().skip(from).take(100);
        let clients: Vec<_> = page
            .map(|(n, name)| {
                json!({"name": name, "client_id": client_id(n), "app_type": "regular_web",
                       "callbacks": ["https://one.example/callback"]})
            })
            .collect();
        let mut answer = json!({"clients": clients});
        if from + 100 < names.len() {
            answer["next"] = json!((from + 100).to_string());
        }
        Some((200, answer))
    });
}
