//! Owns the tests of a login: `/authorize`, the way back from the provider, the code, who it was.

use std::sync::{Mutex, Weak};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use Configured::{Fitbit, GoogleHealth};

/// A well-formed request of Acme Mobile, with some parameters replaced; an empty value leaves one out.
pub(super) fn authorize(tenant: &Tenant, connection: &str, replaced: &[(&str, &str)]) -> Reply {
    authorize_at(tenant, DOMAIN, connection, replaced)
}

fn authorize_at(tenant: &Tenant, host: &str, connection: &str, replaced: &[(&str, &str)]) -> Reply {
    let mut pairs = vec![
        ("client_id", MOBILE),
        ("response_type", "code"),
        ("redirect_uri", MOBILE_CALLBACK),
        ("scope", "openid profile email"),
        ("state", "our state"),
        ("nonce", "our-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("connection", connection),
    ];
    pairs.retain(|(name, _)| replaced.iter().all(|(other, _)| other != name));
    pairs.extend(replaced.iter().filter(|(_, value)| !value.is_empty()));
    let mut asked = request("GET", "/authorize", "", &Value::Null);
    asked.query = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    tenant.handle_at(host, &asked)
}

/// The provider says yes: the redirect that the callback ends in.
pub(super) fn come_back(tenant: &Tenant, to_provider: &Reply, answer: &str) -> Reply {
    let state = param(&location(to_provider), "state").unwrap();
    let target = format!("/login/callback?{answer}&state={state}");
    let reply = tenant.handle(&request("GET", &target, "", &Value::Null));
    let resume = header(&reply, "location").unwrap_or_default().to_owned();
    if !resume.starts_with("/authorize/resume") {
        return reply;
    }
    tenant.handle(&request("GET", &resume, "", &Value::Null))
}

pub(super) fn log_in(tenant: &Tenant, connection: &str) -> Url {
    location(&come_back(tenant, &authorize(tenant, connection, &[]), "code=4%2F0A"))
}

pub(super) fn exchange(code: &str) -> Value {
    json!({"grant_type": "authorization_code", "client_id": MOBILE, "code": code, "redirect_uri": MOBILE_CALLBACK,
        "code_verifier": VERIFIER})
}

fn claims(body: &Value) -> Value {
    let payload = body["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

pub(super) fn refusal(reply: &Reply) -> (String, String) {
    let url = location(reply);
    assert!(url.as_str().starts_with(MOBILE_CALLBACK), "{url}");
    assert_eq!(param(&url, "state").as_deref(), Some("our state"));
    (param(&url, "error").unwrap(), param(&url, "error_description").unwrap())
}

#[test]
fn authorize_leads_to_the_provider_with_what_the_connection_holds() {
    let tenant = tenant(Some(GoogleHealth), &[]);
    let reply = authorize(&tenant, "google-health", &[]);
    let url = location(&reply);
    assert!(url.as_str().starts_with("http://127.0.0.1:2/o/oauth2/v2/auth?"), "{url}");
    assert!(!url.query().unwrap().contains('+'), "spaces are %20");
    let value = |name: &str| param(&url, name).unwrap_or_default();
    assert_eq!(value("client_id"), crate::sandbox::facts::GOOGLE_CLIENT_ID);
    assert_eq!(value("redirect_uri"), format!("https://{DOMAIN}/login/callback"));
    assert_eq!(value("scope"), "openid email profile https://www.googleapis.com/auth/googlehealth.profile.readonly");
    assert_eq!((value("access_type"), value("prompt")), ("offline".to_owned(), "consent".to_owned()));
    assert_eq!((value("code_challenge").len(), value("code_challenge_method")), (43, "S256".to_owned()));
    assert_ne!(value("state"), "our state");
    let cookies = reply.headers.iter().filter(|(name, _)| name == "set-cookie").count();
    assert_eq!(cookies, 4);
    let fitbit = super::tenant(Some(Fitbit), &[]);
    let url = location(&authorize(&fitbit, "fitbit", &[]));
    assert!(url.as_str().starts_with("http://127.0.0.1:3/oauth2/authorize?"), "{url}");
    assert_eq!((param(&url, "scope").as_deref(), param(&url, "code_challenge")), (Some("profile"), None));
}

#[test]
fn the_callback_sent_to_the_provider_is_of_the_login_domain() {
    let sent = |fault: Fault, host: &str| {
        let tenant = tenant(Some(GoogleHealth), &[fault]);
        param(&location(&authorize_at(&tenant, host, "google-health", &[])), "redirect_uri").unwrap()
    };
    for host in [DOMAIN, CUSTOM_DOMAIN] {
        assert_eq!(sent(Fault::CustomDomain, host), format!("https://{host}/login/callback"));
    }
    assert_eq!(sent(Fault::WrongCallbackSent, DOMAIN), format!("https://{DOMAIN}/callback"));
}

#[test]
fn an_unknown_client_or_callback_gets_a_page_and_no_redirect() {
    let tenant = tenant(Some(Fitbit), &[]);
    let unknown = authorize(&tenant, "fitbit", &[("client_id", "<nobody>")]);
    assert_eq!((unknown.status, header(&unknown, "location")), (400, None));
    assert!(!String::from_utf8_lossy(&unknown.body).contains("<nobody>"));
    let slash = authorize(&tenant, "fitbit", &[("redirect_uri", &format!("{MOBILE_CALLBACK}/"))]);
    assert_eq!((slash.status, header(&slash, "location")), (403, None));
    assert!(String::from_utf8_lossy(&slash.body).contains("Callback URL mismatch."));
    assert_eq!(authorize(&tenant, "fitbit", &[("redirect_uri", "")]).status, 302);
    let bare = super::tenant(Some(Fitbit), &[Fault::NoCallback]);
    assert_eq!(authorize(&bare, "fitbit", &[("client_id", WEB), ("redirect_uri", "")]).status, 400);
}

#[test]
fn authorize_refuses_towards_the_application_what_is_wrong_with_the_rest() {
    let tenant = tenant(Some(Fitbit), &[]);
    let error = |replaced: &[(&str, &str)]| refusal(&authorize(&tenant, "fitbit", replaced)).0;
    assert_eq!(error(&[("response_type", "")]), "invalid_request");
    assert_eq!(error(&[("response_type", "token")]), "unsupported_response_type");
    assert_eq!(error(&[("code_challenge_method", "plain")]), "invalid_request");
    assert_eq!(error(&[("code_challenge_method", "")]), "invalid_request");
    assert_eq!(error(&[("prompt", "none")]), "login_required");
    assert_eq!(error(&[("audience", "https://api.example/")]), "access_denied");
    let (error, description) = refusal(&authorize(&tenant, "another", &[]));
    assert_eq!((error.as_str(), description.as_str()), ("invalid_request", "the connection was not found"));
    let page = authorize(&tenant, "", &[("connection", "")]);
    assert!(header(&page, "location").unwrap().starts_with("/u/login?state="));
}

#[test]
fn a_connection_must_be_active_and_enabled_for_the_application() {
    let described = |fault: Fault| refusal(&authorize(&tenant(Some(Fitbit), &[fault]), "fitbit", &[])).1;
    assert_eq!(described(Fault::ApplicationNotEnabled), "the connection was not found");
    assert_eq!(described(Fault::ConnectionInactive), "the connection was disabled");
}

#[test]
fn a_google_health_login_ends_in_tokens_and_a_user_that_keeps_the_old_id() {
    let tenant = tenant(Some(GoogleHealth), &[]);
    let back = log_in(&tenant, "google-health");
    assert_eq!((param(&back, "state").as_deref(), param(&back, "iss")), (Some("our state"), None));
    let (status, body) = token_request(&tenant, &exchange(&param(&back, "code").unwrap()));
    assert_eq!((status, &body["token_type"], &body["scope"]), (200, &json!("Bearer"), &json!("openid profile email")));
    let claims = claims(&body);
    assert_eq!(claims["iss"], format!("https://{DOMAIN}/"));
    assert_eq!((&claims["aud"], &claims["nonce"]), (&json!(MOBILE), &json!("our-nonce")));
    assert_eq!(claims["sub"], "oauth2|google-health|1234567890123456789");
    assert_eq!((&claims["name"], &claims["email"]), (&json!("Ada Example"), &json!("ada@example.com")));
    let access_token = body["access_token"].as_str().unwrap();
    let (status, who) = read(&tenant.handle(&request("GET", "/userinfo", access_token, &Value::Null)));
    assert_eq!((status, &who["sub"], &who["nickname"]), (200, &claims["sub"], &json!("ada")));
    assert_eq!(tenant.handle(&request("GET", "/userinfo", "another", &Value::Null)).status, 401);
    let (status, user) = get(&tenant, "/users/oauth2%7Cgoogle-health%7C1234567890123456789");
    assert_eq!((status, &user["legacy_user_id"]), (200, &json!("A1B2C3")));
    let identity = json!([{"provider": "oauth2", "user_id": "google-health|1234567890123456789",
        "connection": "google-health", "isSocial": true}]);
    assert_eq!(user["identities"], identity, "tokens are hidden");
}

#[test]
fn a_fitbit_login_has_the_encoded_id_and_no_email() {
    let tenant = tenant(Some(Fitbit), &[Fault::CustomDomain]);
    let to_provider = authorize_at(&tenant, CUSTOM_DOMAIN, "fitbit", &[]);
    let code = param(&location(&come_back(&tenant, &to_provider, "code=4%2F0A")), "code").unwrap();
    let (_, body) = token_request(&tenant, &exchange(&code));
    let claims = claims(&body);
    assert_eq!(
        (&claims["sub"], &claims["name"], claims.get("email")),
        (&json!("fitbit|A1B2C3"), &json!("Ada E."), None)
    );
    assert_eq!(claims["iss"], "https://login.acme.sandbox.test/");
    let (_, user) = get(&tenant, "/users/fitbit%7CA1B2C3?fields=user_id,identities");
    assert_eq!(user.as_object().unwrap().len(), 2);
    assert_eq!(get(&tenant, "/users/fitbit%7CZZZZZZ").1["errorCode"], "inexistent_user");
    assert_eq!(get(&tenant, "/users/fitbit").1["errorCode"], "invalid_uri");
}

#[test]
fn a_code_is_good_once_for_its_client_its_callback_and_its_verifier() {
    let tenant = tenant(Some(GoogleHealth), &[]);
    let fresh = || exchange(&param(&log_in(&tenant, "google-health"), "code").unwrap());
    let error = |body: &Value| {
        let (status, body) = token_request(&tenant, body);
        (status, body["error"].as_str().unwrap_or_default().to_owned())
    };
    let used = fresh();
    assert_eq!(error(&used), (200, String::new()));
    assert_eq!(error(&used), (403, "invalid_grant".to_owned()));
    let mut other = fresh();
    other["code_verifier"] = "a".repeat(43).into();
    assert_eq!(token_request(&tenant, &other).1["error_description"], "Failed to verify code verifier");
    other["code_verifier"] = VERIFIER.into();
    assert_eq!(error(&other), (403, "invalid_grant".to_owned()), "an attempt spends the code");
    let mut moved = fresh();
    moved["redirect_uri"] = WEB_CALLBACK.into();
    assert_eq!(error(&moved), (403, "unauthorized_client".to_owned()));
    let mut foreign = fresh();
    foreign["client_id"] = WEB.into();
    assert_eq!(error(&foreign), (401, "access_denied".to_owned()), "a confidential client needs its secret");
    let (_, logs) = get(&tenant, "/logs?q=type:feacft");
    assert_eq!(logs.as_array().map(Vec::len), Some(2));
}

#[test]
fn a_wrong_secret_in_the_connection_shows_only_after_consent_and_in_the_log() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::WrongSecretInTenant]);
    let back = come_back(&tenant, &authorize(&tenant, "google-health", &[]), "code=4%2F0A");
    let expected = ("invalid_request".to_owned(), "failed to obtain access token".to_owned());
    assert_eq!(refusal(&back), expected);
    let query =
        format!("/logs?q=type:f%20AND%20connection:%22google-health%22%20AND%20client_id:{MOBILE}&sort=date:-1");
    let (_, logs) = get(&tenant, &query);
    assert_eq!(logs[0]["details"]["error"]["payload"]["status"], 401);
    assert_eq!(get(&tenant, "/logs?q=type:s").1, json!([]));
}

#[test]
fn an_account_without_google_health_is_refused_as_the_script_says() {
    let unlinked = |request: &Request| match request.path.as_str() {
        "/v4/users/me/identity" => Reply::json(
            400,
            &json!({"error": {"code": 400, "message": "The account is not linked to Google Health.",
                "status": "FAILED_PRECONDITION", "details": [{"reason": "ACCOUNT_NOT_LINKED"}]}}),
        ),
        _ => google(request),
    };
    let tenant = tenant_with(GoogleHealth, Arc::new(unlinked), &[]);
    let back = come_back(&tenant, &authorize(&tenant, "google-health", &[]), "code=4%2F0A");
    let (error, description) = refusal(&back);
    assert_eq!(error, "access_denied");
    assert!(description.starts_with("fetchUserProfile: ACCOUNT_NOT_LINKED: "), "{description}");
}

#[test]
fn a_connection_without_a_script_logs_nobody_in() {
    let tenant = tenant(Some(GoogleHealth), &[]);
    let path = format!("/connections/{}", connection_id(&tenant));
    let mut options = get(&tenant, &path).1["options"].clone();
    options["scripts"] = json!({});
    assert_eq!(call(&tenant, "PATCH", &path, json!({"options": options})).0, 200);
    let back = come_back(&tenant, &authorize(&tenant, "google-health", &[]), "code=4%2F0A");
    assert_eq!(refusal(&back).0, "invalid_request");
}

#[test]
fn faults_of_a_login_show_where_they_would() {
    let end = |fault: Fault| {
        let tenant = tenant(Some(GoogleHealth), &[fault]);
        let back = come_back(&tenant, &authorize(&tenant, "google-health", &[]), "code=4%2F0A");
        (tenant, back)
    };
    assert_eq!(refusal(&end(Fault::LoginBlocked).1).0, "unauthorized");
    assert_eq!(refusal(&end(Fault::ScriptFails).1).0, "invalid_request");
    let issuer = param(&location(&end(Fault::WrongIssuer).1), "iss");
    assert_eq!(issuer.as_deref(), Some("https://other.example/"));
    let spoilt = |fault: Fault| {
        let (tenant, back) = end(fault);
        claims(&token_request(&tenant, &exchange(&param(&location(&back), "code").unwrap())).1)
    };
    assert_ne!(spoilt(Fault::BadNonce)["nonce"], "our-nonce");
    assert_ne!(spoilt(Fault::BadAudience)["aud"], MOBILE);
}

#[test]
fn a_denial_is_handed_on_and_an_unknown_state_is_not() {
    let tenant = tenant(Some(GoogleHealth), &[]);
    let sent = authorize(&tenant, "google-health", &[]);
    assert_eq!(refusal(&come_back(&tenant, &sent, "error=access_denied")).0, "access_denied");
    let state = param(&location(&sent), "state").unwrap();
    let target = format!("/login/callback?code=x&state={state}");
    let again = tenant.handle(&request("GET", &target, "", &Value::Null));
    assert_eq!((again.status, header(&again, "location")), (400, None));
}

#[test]
fn the_state_is_free_while_a_provider_is_asked() {
    let free = Arc::new(Mutex::new(Vec::new()));
    let tenant = Arc::new_cyclic(|own: &Weak<Tenant>| {
        let (own, seen) = (own.clone(), Arc::clone(&free));
        let watched = move |request: &Request| {
            let tenant = own.upgrade().unwrap();
            seen.lock().unwrap().push(tenant.state.try_lock().is_ok());
            google(request)
        };
        tenant_with(GoogleHealth, Arc::new(watched), &[])
    });
    assert!(param(&log_in(&tenant, "google-health"), "code").is_some());
    assert_eq!(*free.lock().unwrap(), [true, true, true]);
}

#[test]
fn the_providers_tokens_are_shown_only_to_who_may_see_them() {
    let tenant = tenant(Some(GoogleHealth), &[]);
    let _ = log_in(&tenant, "google-health");
    let identity = |scope: &str| {
        let token = signed(&tenant, scope);
        let target = "/api/v2/users/oauth2%7Cgoogle-health%7C1234567890123456789?fields=identities";
        read(&tenant.handle(&request("GET", target, &token, &Value::Null))).1["identities"][0].clone()
    };
    assert_eq!(identity("read:users").get("access_token"), None);
    let shown = identity("read:users read:user_idp_tokens");
    assert_eq!((&shown["access_token"], &shown["refresh_token"]), (&json!("ya29.a"), &json!("1//r")));
}
