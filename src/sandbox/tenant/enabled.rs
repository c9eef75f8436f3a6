//! Owns which applications a connection is enabled for. Refuses a change of more than fifty, and applies none of a change
//! that names an application that does not exist.

use serde_json::{Value, json};

use super::api::Call;
use super::check::{self, Kind};
use super::problem::{Answer, Problem};
use super::query::{Query, Takes};
use super::state::State;
use crate::sandbox::web::Reply;

/// Changes in one call.
const MOST: usize = 50;

/// GET /connections/{id}/clients
pub(super) fn list(state: &State, call: &Call, id: &str) -> Answer {
    call.need(&["read:connections"])?;
    let query = Query::read(call.request, &[&[("take", Takes::Whole(1, 1000)), ("from", Takes::Text)]])?;
    let connection = state.connection(id).ok_or_else(Problem::no_connection)?;
    let entries: Vec<String> =
        connection.clients.iter().map(|client| json!({"client_id": client}).to_string()).collect();
    query.checkpoint(&entries, "clients")
}

/// PATCH /connections/{id}/clients
pub(super) fn update(state: &mut State, call: &Call, id: &str) -> Answer {
    call.need(&["update:connections"])?;
    Query::read(call.request, &[])?;
    let body = call.body()?;
    let Value::Array(items) = &body else { return Err(check::wrong_type("array", &body, None)) };
    if items.is_empty() {
        return Err(Problem::body("Array is too short (0), minimum 1", None));
    }
    if items.len() > MOST {
        return Err(Problem::body(&format!("Array is too long ({}), maximum {MOST}", items.len()), None));
    }
    let mut changes = Vec::new();
    for item in items {
        let rules = [("client_id", Kind::Text(1, 64)), ("status", Kind::Flag)];
        let item = check::closed(item, &rules, &["client_id", "status"])?;
        changes.push((check::text(item, "client_id"), item["status"] == true));
    }
    if state.connection(id).is_none() {
        return Err(Problem::no_connection());
    }
    if changes.iter().any(|(client, _)| state.client(client).is_none()) {
        return Err(Problem::no_client());
    }
    if let Some(connection) = state.connection_mut(id) {
        for (client, enabled) in changes {
            connection.clients.retain(|known| known != client);
            if enabled {
                connection.clients.push(client.to_owned());
            }
        }
    }
    Ok(Reply::empty(204))
}
