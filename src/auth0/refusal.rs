//! Owns the meaning of what the Management API answers when it does not do what it was asked.
//!
//! Refuses to guess: what is not known is passed on, safe to print, under `unrecognised_answer`.

use serde_json::Value;

use crate::diagnosis::{Code, Failure};
use crate::http::Answer;
use crate::text::{excerpt, plain_text, said};

/// `errorCode` of a request that the API does not take as it stands.
const REQUEST_REFUSED: [&str; 4] = ["invalid_body", "invalid_uri", "invalid_query_string", "operation_not_supported"];

/// A test sends no such request, so that its report would have nothing of it.
const OF_A_WRITE: &str = "Look at what the message repeats: it is all that came back, without secrets. Where it says what the tenant \
     does not allow, change that in the Auth0 dashboard of `{domain}` and run `{setup}` again. If it is the service's own and says \
     nothing, report the message.";

/// Names a refusal of the Management API.
pub(super) fn refusal(answer: &Answer, method: &str, path: &str) -> Failure {
    let body = answer.json().unwrap_or(Value::Null);
    let code = body["errorCode"].as_str().unwrap_or_default();
    let message = words(answer, &body);
    let lower = message.to_lowercase();
    let about = |what: &str| format!("{what}: {message}");
    if let Some(trouble) = answer.trouble("the Management API") {
        return trouble;
    }
    match answer.status {
        401 if lower.contains("expired") => {
            Failure::new(Code::ManagementTokenExpired, about("the Management API token has expired"))
        }
        // What is no JSON Web Token is refused before it is looked at.
        400 if lower.contains("bad http authentication header") => {
            Failure::new(Code::ManagementTokenRejected, about("the Management API refused the token"))
        }
        // Without Auth0's own form it may be a gateway that wants something else.
        401 if body["statusCode"].is_number() || body["error"] == "Unauthorized" => {
            Failure::new(Code::ManagementTokenRejected, about("the Management API refused the token"))
        }
        403 if code == "insufficient_scope" || lower.contains("insufficient scope") => {
            missing_scope(message.split_once(':').map_or("", |(_, scopes)| scopes.trim()))
        }
        403 if matches!(code, "insufficient_entitlement" | "feature_not_enabled") => {
            Failure::new(Code::PlanFeatureMissing, about("the tenant's plan does not have this"))
        }
        403 if lower.contains("limit") || lower.contains("can only create") => {
            Failure::new(Code::EntityLimitReached, about("the tenant's plan allows no more"))
        }
        // Without a code of Auth0's it may be a gateway's answer, and says nothing about the tenant.
        404 if code == "inexistent_connection" => {
            Failure::new(Code::ConnectionNotFound, about("the connection does not exist any more"))
        }
        404 if code == "inexistent_client" => {
            Failure::new(Code::ApplicationGone, about("the application does not exist"))
        }
        409 if path.starts_with("connections") && lower.contains("client_id") => Failure::new(
            Code::ConnectionNameTaken,
            about("another connection of the tenant has this client ID"),
        )
        .with_hint(
            "Use that connection with `--connection NAME`, or remove it at {connections_page} and run `{setup}` again",
        ),
        409 if path == "connections" && (code == "connection_conflict" || is_about_a_name(&lower)) => {
            Failure::new(Code::ConnectionNameTaken, about("the tenant refused the connection's name"))
        }
        404 if code == "inexistent_user" => Failure::new(Code::UserNotFound, about("the tenant has no such user")),
        400 if REQUEST_REFUSED.contains(&code) => {
            Failure::new(Code::ManagementRequestRefused, about("the Management API does not take the request"))
        }
        status => {
            let what = path.split('/').next().unwrap_or(path);
            let message = format!("the Management API answered {status} to {method} {what}: {message}");
            let failure = Failure::new(Code::UnrecognisedAnswer, message);
            if method == "GET" { failure } else { failure.with_hint(OF_A_WRITE) }
        }
    }
}

/// Whether a conflict is one of the name: taken, or of a connection that is still being deleted (the texts of Auth0's OpenAPI).
fn is_about_a_name(said: &str) -> bool {
    said.contains("name") || said.contains("delet")
}

/// What the API says, and never its body: a page's words, or that there are none.
fn words(answer: &Answer, body: &Value) -> String {
    let told = [&body["message"], &body["error_description"], &body["error"]].into_iter().find_map(Value::as_str);
    match (told, body.is_null()) {
        (Some(told), _) => said(told),
        (None, true) => match (answer.points_to(), excerpt(&plain_text(&answer.text()), 200)) {
            (Some(place), _) => format!("a redirect to {place} which is not followed"),
            (None, words) if words.trim().is_empty() => "with an empty body".to_owned(),
            (None, words) => words,
        },
        (None, false) => "without a message".to_owned(),
    }
}

pub(super) fn missing_scope(scopes: &str) -> Failure {
    let list = if scopes.is_empty() { "a scope".to_owned() } else { scopes.to_owned() };
    Failure::new(Code::MissingScope, format!("the Management API token lacks {list}")).with_hint(allow(&list))
}

/// How to give a token more permissions.
pub fn allow(permissions: &str) -> String {
    format!(
        "In the Auth0 dashboard, at Applications, APIs, Auth0 Management API, allow the application that the token is made with \
         these permissions, and make a new token where one was given: {permissions}"
    )
}

/// The failure for an answer that is not the Management API's.
pub(super) fn shape(what: &str) -> Failure {
    // Not a service that says something new, but something else in its place: a portal, a proxy, an outage.
    let message = format!("the Management API answered in a shape that is not its own ({what})");
    Failure::new(Code::ServiceUnavailable, message)
}

/// Whether what was asked for may have been done, although this came of it: the answer was lost on the way, or is no answer.
/// Then it is looked up before it is asked for again.
pub fn may_be_done(failure: &Failure) -> bool {
    matches!(
        failure.code,
        Code::TimedOut
            | Code::NetworkUnreachable
            | Code::ServiceUnavailable
            | Code::UnrecognisedAnswer
            | Code::Cancelled
    )
}
