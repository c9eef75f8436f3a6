//! Owns the tests of what becomes of a login by a fault of the tenant: at `/authorize`, on the last redirect, at the exchange,
//! in the log.

use super::login::{authorize, come_back, exchange, log_in, refusal};
use super::*;
use Configured::GoogleHealth;

fn end(faults: &[Fault]) -> (Tenant, Reply) {
    let tenant = tenant(Some(GoogleHealth), faults);
    let back = come_back(&tenant, &authorize(&tenant, "google-health", &[]), "code=4%2F0A");
    (tenant, back)
}

fn entries(tenant: &Tenant, kind: &str) -> Vec<Value> {
    let query = format!(
        "/logs?q=type:{kind}%20AND%20connection:%22google-health%22%20AND%20client_id:%22{MOBILE}%22&sort=date:-1&per_page=5"
    );
    get(tenant, &query).1.as_array().unwrap().clone()
}

#[test]
fn authorize_tells_what_keeps_a_connection_from_being_used() {
    let told = |faults: &[Fault], replaced: &[(&str, &str)]| {
        refusal(&authorize(&tenant(Some(GoogleHealth), faults), "google-health", replaced))
    };
    let invalid = |description: &str| ("invalid_request".to_owned(), description.to_owned());
    let not_enabled = [Fault::ConnectionDisabledAnswer, Fault::ApplicationNotEnabled];
    assert_eq!(told(&not_enabled[..1], &[]), invalid("the connection was disabled"));
    assert_eq!(told(&not_enabled, &[]), invalid("the connection was disabled"));
    assert_eq!(told(&[Fault::FreshChange], &[]), invalid("no connections enabled for the client"));
    let (error, description) = told(&[Fault::NotConfigured], &[]);
    assert_eq!(error, "invalid_request");
    assert!(description.starts_with("the connection is not yet configured"), "{description}");
}

#[test]
fn without_the_code_grant_the_first_application_is_refused_and_the_second_is_not() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::WithoutCodeGrant]);
    let first = authorize(&tenant, "google-health", &[("client_id", WEB), ("redirect_uri", WEB_CALLBACK)]);
    let url = location(&first);
    assert_eq!(param(&url, "error").as_deref(), Some("unauthorized_client"));
    let said = "Grant type 'authorization_code' not allowed for the client.";
    assert_eq!(param(&url, "error_description").as_deref(), Some(said));
    assert!(location(&authorize(&tenant, "google-health", &[])).as_str().starts_with("http://127.0.0.1:2/"));
}

#[test]
fn a_wrong_provider_is_led_to_as_the_connection_says() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::WrongProviderInTenant]);
    let url = location(&authorize(&tenant, "google-health", &[]));
    assert!(url.as_str().starts_with("https://provider.example/authorize?"), "{url}");
}

#[test]
fn the_last_redirect_can_be_lost_on_another_machine() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::CallbackLost]);
    let loopback = "http://127.0.0.1:18917/callback";
    let callbacks = json!({"callbacks": [loopback]});
    assert_eq!(call(&tenant, "PATCH", &format!("/clients/{MOBILE}"), callbacks).0, 200);
    let sent = authorize(&tenant, "google-health", &[("redirect_uri", loopback)]);
    let url = location(&come_back(&tenant, &sent, "code=4%2F0A"));
    assert!(url.as_str().starts_with("http://127.0.0.1:9/callback?code="), "{url}");
    assert_eq!(param(&url, "state").as_deref(), Some("our state"));
    assert_eq!(entries(&tenant, "s").len(), 1);
}

#[test]
fn the_last_redirect_can_carry_another_state_or_an_error() {
    let (_, changed) = end(&[Fault::StateChanged]);
    let url = location(&changed);
    assert!(param(&url, "code").is_some());
    assert_ne!(param(&url, "state").as_deref(), Some("our state"));
    let (tenant, failed) = end(&[Fault::ServerError]);
    assert_eq!(refusal(&failed).0, "server_error");
    assert_eq!(entries(&tenant, "f")[0]["details"]["error"]["oauthError"], "server_error");
    let (tenant, unknown) = end(&[Fault::UnknownLoginError]);
    let (error, description) = refusal(&unknown);
    assert!(error == "invalid_request" && description.contains('\u{1b}') && description.contains('\u{202e}'));
    assert_eq!(entries(&tenant, "f")[0]["details"]["error"]["message"], description);
}

#[test]
fn the_exchange_can_refuse_a_good_code_or_leave_the_id_token_out() {
    let (tenant, back) = end(&[Fault::TenantCodeRefused]);
    let answer = token_request(&tenant, &exchange(&param(&location(&back), "code").unwrap()));
    let expected = json!({"error": "invalid_grant", "error_description": "Invalid authorization code"});
    assert_eq!(answer, (403, expected));
    assert_eq!(entries(&tenant, "feacft")[0]["details"]["error"]["message"], "Invalid authorization code");
    let (tenant, back) = end(&[Fault::NoIdToken]);
    let (status, body) = token_request(&tenant, &exchange(&param(&location(&back), "code").unwrap()));
    assert!(status == 200 && body["access_token"].is_string() && body.get("id_token").is_none(), "{body}");
}

#[test]
fn userinfo_can_name_another_user_than_the_id_token() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::UserMismatch]);
    let code = param(&log_in(&tenant, "google-health"), "code").unwrap();
    let (_, body) = token_request(&tenant, &exchange(&code));
    let token = body["access_token"].as_str().unwrap();
    let (status, who) = read(&tenant.handle(&request("GET", "/userinfo", token, &Value::Null)));
    assert_eq!(status, 200);
    assert_ne!(who["sub"], "oauth2|google-health|1234567890123456789");
}

#[test]
fn a_code_that_the_provider_refuses_is_in_the_log_with_the_providers_answer() {
    let refuses = |request: &Request| match request.path.as_str() {
        "/token" => Reply::json(400, &json!({"error": "invalid_grant", "error_description": "Bad Request"})),
        _ => google(request),
    };
    let tenant = tenant_with(GoogleHealth, Arc::new(refuses), &[]);
    let back = come_back(&tenant, &authorize(&tenant, "google-health", &[]), "code=4%2F0A");
    assert_eq!(refusal(&back).1, "failed to obtain access token");
    let error = &entries(&tenant, "f")[0]["details"]["error"];
    assert_eq!((&error["payload"]["status"], &error["payload"]["code"]), (&json!(400), &json!("invalid_grant")));
}

#[test]
fn a_profile_that_the_provider_refuses_is_in_the_log_with_the_providers_answer() {
    let refuses = |request: &Request| match request.path.as_str() {
        "/1/user/-/profile.json" => Reply::json(
            401,
            &json!({"errors": [{"errorType": "invalid_token", "message": "Access token invalid: fitbit-token."}]}),
        ),
        _ => fitbit(request),
    };
    let tenant = Tenant::new(setup(Some(Configured::Fitbit), &[]), Arc::new(google), Arc::new(refuses));
    let back = come_back(&tenant, &authorize(&tenant, "fitbit", &[]), "code=x");
    assert_eq!(refusal(&back).1, "failed to fetch user profile");
    let (_, logs) = get(&tenant, "/logs?q=type:f");
    let payload = &logs[0]["details"]["error"]["payload"];
    assert_eq!((&payload["status"], &payload["code"]), (&json!(401), &json!("invalid_token")));
    assert!(!logs.to_string().contains("fitbit-token"), "{logs}");
}

#[test]
fn every_failed_login_is_in_the_log_with_its_error_and_without_a_secret() {
    let denied = |tenant: &Tenant| come_back(tenant, &authorize(tenant, "google-health", &[]), "error=access_denied");
    let usual = |tenant: &Tenant| come_back(tenant, &authorize(tenant, "google-health", &[]), "code=4%2F0A");
    for (faults, denies, message) in [
        (&[][..], true, "The user has denied your application access"),
        (&[Fault::WrongSecretInTenant], false, "failed to obtain access token"),
        (&[Fault::LoginBlocked], false, "Access denied: an Action of this tenant refused the login."),
        (&[Fault::ScriptFails], false, "fetchUserProfile: ReferenceError: healthUserId is not defined"),
    ] {
        let tenant = tenant(Some(GoogleHealth), faults);
        let (error, description) = refusal(&if denies { denied(&tenant) } else { usual(&tenant) });
        let entry = entries(&tenant, "f")[0].clone();
        assert_eq!((description.as_str(), entry["description"].as_str().unwrap()), (message, message));
        let said = &entry["details"]["error"];
        assert_eq!((&said["message"], &said["oauthError"]), (&json!(message), &json!(error)));
        assert!(said["type"].is_string(), "{entry}");
        for secret in ["ya29", "1//r", "4/0A", "worth-nothing", "our state", "our-nonce"] {
            assert!(!entry.to_string().contains(secret), "{entry}");
        }
    }
}

#[test]
fn entries_of_the_log_can_be_late() {
    let (tenant, _) = end(&[Fault::LogsLate]);
    assert_eq!(entries(&tenant, "s"), [json!(null); 0]);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(entries(&tenant, "s").len(), 1);
}
