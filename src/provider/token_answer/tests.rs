//! What each answer of the token endpoints and of the Health API means (sections 1.15 and 2.8 of the collected facts).

use super::*;
use Provider::{Fitbit, GoogleHealth};

fn fitbit(status: u16, error: &str, message: &str) -> PairVerdict {
    let body = serde_json::json!({"errors": [{"errorType": error, "message": format!(
        "{message} Visit https://dev.fitbit.com/docs/oauth2 for more information on the Fitbit Web API authorization \
         process."
    )}], "success": false});
    judge_pair(Fitbit, status, body.to_string().as_bytes())
}

fn google(status: u16, error: &str, description: &str) -> PairVerdict {
    let body = serde_json::json!({"error": error, "error_description": description});
    judge_pair(GoogleHealth, status, body.to_string().as_bytes())
}

#[test]
fn a_wrong_code_means_that_fitbit_accepted_the_pair() {
    assert_eq!(fitbit(400, "invalid_grant", "Authorization code invalid: 0a0a0a"), PairVerdict::Accepted);
    assert_eq!(fitbit(400, "invalid_grant", "Authorization code expired: 0a0a0a"), PairVerdict::Accepted);
}

#[test]
fn fitbit_tells_a_wrong_secret_from_a_wrong_client_id() {
    let secret = "Invalid authorization header. Client secret invalid.";
    assert_eq!(fitbit(401, "invalid_client", secret), PairVerdict::SecretRejected);
    assert_eq!(
        fitbit(401, "invalid_client", "Invalid authorization header. Client id invalid."),
        PairVerdict::IdUnknown
    );
    let garbled = "Invalid authorization header format. The header was not recognized to be a valid header for any of \
                   known implementations or a client_id was not specified in case of a public \
                   client Received header = null";
    assert_eq!(fitbit(401, "invalid_client", garbled), PairVerdict::SecretRejected);
}

#[test]
fn a_wrong_code_means_that_google_accepted_the_pair() {
    for description in
        ["Malformed auth code.", "Bad Request", "Missing code verifier.", "code_verifier or verifier is not needed."]
    {
        assert_eq!(google(400, "invalid_grant", description), PairVerdict::Accepted);
    }
}

#[test]
fn google_tells_a_wrong_secret_from_a_client_id_that_is_not_there() {
    assert_eq!(google(401, "invalid_client", "The OAuth client was not found."), PairVerdict::IdUnknown);
    assert_eq!(google(401, "invalid_client", "Unauthorized"), PairVerdict::SecretRejected);
    assert_eq!(google(401, "invalid_client", "The provided client secret is invalid."), PairVerdict::SecretRejected);
    assert_eq!(google(401, "deleted_client", "The OAuth client was deleted."), PairVerdict::ClientDeleted);
    assert_eq!(google(401, "invalid_client", "The OAuth client was deleted."), PairVerdict::ClientDeleted);
}

#[test]
fn every_410_is_the_end_and_every_5xx_and_429_is_trouble() {
    for body in
        ["", "<html>", r#"{"errors":[{"errorType":"invalid_grant"}]}"#, r#"{"error":{"code":410,"status":"GONE"}}"#]
    {
        assert_eq!(judge_pair(Fitbit, 410, body.as_bytes()), PairVerdict::ShutDown);
        for status in [429, 500, 502, 503] {
            let verdict = judge_pair(Fitbit, status, body.as_bytes());
            assert!(matches!(verdict, PairVerdict::Unknown { .. }), "the caller names trouble: {verdict:?}");
        }
    }
}

#[test]
fn what_is_not_in_the_tables_is_neither_yes_nor_no() {
    for verdict in [
        google(400, "invalid_request", "client_secret is missing."),
        google(400, "redirect_uri_mismatch", "Bad Request"),
        google(400, "unsupported_grant_type", "Invalid grant_type: x"),
        google(200, "invalid_grant", ""),
        fitbit(400, "invalid_request", "Missing parameters: code"),
        judge_pair(
            Fitbit,
            403,
            br#"{"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}}"#,
        ),
        judge_pair(GoogleHealth, 200, br#"{"access_token":"ya29.x"}"#),
        judge_pair(GoogleHealth, 404, b"<html>"),
        judge_pair(GoogleHealth, 400, b""),
        judge_pair(GoogleHealth, 400, b"\xff\xfe[[[["),
        judge_pair(GoogleHealth, 400, br#"{"error":7,"errors":{"a":1}}"#),
    ] {
        assert!(matches!(verdict, PairVerdict::Unknown { .. }), "{verdict:?}");
    }
}

#[test]
fn a_message_that_echoes_a_token_is_repeated_without_it() {
    let token = "0123456789abcdef".repeat(4);
    for message in [format!("Refresh token invalid: {token}."), "Access token expired: abc.def.ghi.".to_owned()] {
        let PairVerdict::Unknown { said } = fitbit(401, "expired_token", &message) else { panic!("known") };
        assert!(said.contains("[redacted]") && !said.contains(&token) && !said.contains("abc.def"), "{said}");
    }
    let PairVerdict::Unknown { said } = judge_pair(GoogleHealth, 200, br#"{"access_token":"short"}"#) else { panic!() };
    assert_eq!(said, "HTTP 200 with a body that is no error of a known form");
}

#[test]
fn a_made_up_code_has_the_form_of_a_real_one() {
    let fitbit = made_up_code(Fitbit, "0A1b");
    assert!(fitbit.len() == 40 && fitbit.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f')));
    let google = made_up_code(GoogleHealth, "0a1b");
    assert!(google.starts_with("4/0A") && google.len() == 73);
    assert_ne!(google, made_up_code(GoogleHealth, "0a1c"));
    assert_eq!(made_up_code(Fitbit, "xyz"), "0".repeat(40));
}

fn health(status: u16, code_status: &str, message: &str, reason: Option<&str>, metadata: Value) -> Option<HealthError> {
    let details = reason.map(|reason| {
        serde_json::json!([
            {"@type": "type.googleapis.com/google.rpc.Help"},
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason,
                "domain": "googleapis.com", "metadata": metadata
            }
        ])
    });
    let body =
        serde_json::json!({"error": {"code": status, "message": message, "status": code_status, "details": details}});
    health_error(status, body.to_string().as_bytes())
}

#[test]
fn the_health_api_says_what_is_wrong_by_its_reason() {
    let nothing = serde_json::json!({});
    for (status, reason, code) in [
        (400, "ACCOUNT_NOT_LINKED", Code::AccountNotLinked),
        (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", Code::IdentityScopeNotGranted),
        (403, "MISSING_OAUTH_SCOPE", Code::IdentityScopeNotGranted),
        (403, "SERVICE_DISABLED", Code::GoogleHealthApiDisabled),
        (429, "RATE_LIMIT_EXCEEDED", Code::RateLimited),
    ] {
        let found = health(status, "X", "Some words.", Some(reason), nothing.clone());
        assert_eq!(found, Some(HealthError { code, detail: None }), "{reason}");
    }
}

#[test]
fn the_health_api_says_what_is_wrong_by_its_message_where_no_reason_is_given() {
    for (status, message, code) in [
        (400, "The account is not linked to Google Health.", Code::AccountNotLinked),
        (
            401,
            "Request had invalid authentication credentials. Expected OAuth 2 access token",
            Code::AccessTokenRejected,
        ),
        (403, "Request had insufficient authentication scopes.", Code::IdentityScopeNotGranted),
        (403, "The caller does not have permission", Code::CallerNotPermitted),
        (403, "Could not mint UberMint from GaiaMint", Code::CallerNotPermitted),
    ] {
        let found = health(status, "X", message, None, Value::Null);
        assert_eq!(found.map(|error| error.code), Some(code), "{message}");
    }
}

#[test]
fn a_disabled_api_names_its_project_and_an_unlinked_account_where_to_go() {
    let disabled = "Google Health API has not been used in project 123456789012 before or it is disabled.";
    let consumer = serde_json::json!({"consumer": "projects/210987654321", "service": "health.googleapis.com"});
    let detail = |error: Option<HealthError>| error.and_then(|error| error.detail);
    assert_eq!(detail(health(403, "X", disabled, Some("SERVICE_DISABLED"), consumer)), Some("210987654321".into()));
    assert_eq!(detail(health(403, "X", disabled, None, Value::Null)), Some("123456789012".into()));
    let sign_up = serde_json::json!({"redirect_uri": "https://fitbit.google.com/auth/signup"});
    assert_eq!(
        detail(health(400, "X", "", Some("ACCOUNT_NOT_LINKED"), sign_up)),
        Some("https://fitbit.google.com/auth/signup".into())
    );
    let odd = serde_json::json!({"redirect_uri": "javascript:alert(1)"});
    assert_eq!(detail(health(400, "X", "", Some("ACCOUNT_NOT_LINKED"), odd)), None);
}

#[test]
fn what_the_health_api_never_documented_is_nothing_known() {
    assert_eq!(health(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", None, Value::Null), None);
    assert_eq!(
        health(
            403,
            "PERMISSION_DENIED",
            "The caller does not have permission",
            Some("RESOURCE_PERMISSION_DENIED"),
            Value::Null
        ),
        None
    );
    for (status, body) in [(200, "{}"), (404, "<html>"), (400, ""), (403, "[]"), (302, "")] {
        assert_eq!(health_error(status, body.as_bytes()), None, "{status}");
    }
    assert_eq!(health_error(503, b"").map(|error| error.code), Some(Code::ServiceUnavailable));
    assert_eq!(health_error(410, b""), None, "Google's API is not known to end");
}
