//! Owns the Management API's error bodies. Refuses to decide when one is due.

use serde_json::{Value, json};

use crate::sandbox::web::Reply;

/// What a Management API call comes to.
pub(super) type Answer = Result<Reply, Problem>;

/// A refusal of the Management API.
#[derive(Debug)]
pub(super) struct Problem {
    status: u16,
    code: Option<&'static str>,
    message: String,
}

impl Problem {
    pub(super) fn new(status: u16, code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// A body that does not fit the schema: as a whole, or at a property.
    pub(super) fn body(what: &str, property: Option<&str>) -> Self {
        Self::new(400, Some("invalid_body"), sentence("Payload", what, property))
    }

    /// A query that does not fit the schema.
    pub(super) fn query(what: &str, property: Option<&str>) -> Self {
        Self::new(400, Some("invalid_query_string"), sentence("Query", what, property))
    }

    /// A path segment that does not fit the schema.
    pub(super) fn path(what: &str, property: &str) -> Self {
        Self::new(400, Some("invalid_uri"), sentence("Path", what, Some(property)))
    }

    /// The token has none of the scopes that would do.
    pub(super) fn scope(any_of: &[&str]) -> Self {
        Self::new(
            403,
            Some("insufficient_scope"),
            format!("Insufficient scope, expected any of: {}", any_of.join(", ")),
        )
    }

    pub(super) fn entity_limit() -> Self {
        let message = "You reached the limit of entities of this type for this tenant.";
        Self::new(403, Some("too_many_entities"), message)
    }

    pub(super) fn name_taken() -> Self {
        Self::new(409, Some("connection_conflict"), "A connection with the same name already exists")
    }

    pub(super) fn unavailable() -> Self {
        Self::new(503, None, "Service Unavailable")
    }

    pub(super) fn no_connection() -> Self {
        Self::new(404, Some("inexistent_connection"), "The connection does not exist")
    }

    pub(super) fn no_client() -> Self {
        Self::new(404, Some("inexistent_client"), "The client does not exist")
    }
}

fn sentence(part: &str, what: &str, property: Option<&str>) -> String {
    match property {
        Some(property) => format!("{part} validation error: '{what}' on property {property}."),
        None => format!("{part} validation error: '{what}'."),
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let error = match problem.status {
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            409 => "Conflict",
            415 => "Unsupported Media Type",
            429 => "Too Many Requests",
            503 => "Service Unavailable",
            _ => "Error",
        };
        let mut body = json!({"statusCode": problem.status, "error": error, "message": problem.message});
        if let Some(code) = problem.code {
            body["errorCode"] = Value::from(code);
        }
        if problem.status == 401 && problem.message.contains("JSON Web Token") {
            body["attributes"] = json!({"error": problem.message});
        }
        Reply::json(problem.status, &body)
    }
}
