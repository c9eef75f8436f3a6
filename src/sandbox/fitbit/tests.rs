//! Owns the tests that walk through the simulated Fitbit as an app, a browser and a person do. Refuses the network.

mod faults;

use serde_json::Value;

use super::*;
use crate::sandbox::facts::{DOMAIN, FITBIT_CLIENT_ID};
use crate::sandbox::provider::testing::*;
use crate::sandbox::web::find;

fn fitbit(faults: &[Fault]) -> Fitbit {
    Fitbit::new(setup(faults))
}

/// A good authorization request, with some parameters changed; an empty value leaves the parameter out.
fn authorize(fitbit: &Fitbit, changes: &[(&str, &str)]) -> Reply {
    let challenge = challenge();
    let mut query = vec![
        ("client_id", FITBIT_CLIENT_ID),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "profile sleep"),
        ("state", "s+1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    query.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    query.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    fitbit.handle(&get("/oauth2/authorize", &query))
}

fn sign_in(fitbit: &Fitbit, changes: &[(&str, &str)]) -> Reply {
    let location = location(&authorize(fitbit, changes));
    assert!(location.starts_with("http://127.0.0.1:4402/login?"), "{location}");
    fitbit.handle(&follow(&location))
}

/// Where the robot ends up: the first account, every ticked box, Allow.
fn walk(fitbit: &Fitbit, changes: &[(&str, &str)]) -> String {
    let consent = fitbit.handle(&submit_first(&sign_in(fitbit, changes)));
    location(&fitbit.handle(&submit_first(&consent)))
}

fn code(fitbit: &Fitbit) -> String {
    param(&walk(fitbit, &[]), "code").unwrap()
}

fn ask(fitbit: &Fitbit, path: &str, fields: &[(&str, &str)]) -> Reply {
    fitbit.handle(&with_basic(post(path, fields), FITBIT_CLIENT_ID, FITBIT_CLIENT_SECRET))
}

/// A good exchange of the code, with some fields changed.
fn exchange(fitbit: &Fitbit, code: &str, changes: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("code", code),
    ];
    fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    ask(fitbit, "/oauth2/token", &fields)
}

fn tokens(fitbit: &Fitbit) -> Value {
    let reply = exchange(fitbit, &code(fitbit), &[]);
    assert_eq!(reply.status, 200, "{}", text(&reply));
    json(&reply)
}

fn with_bearer(request: Request, token: &str) -> Request {
    with_header(request, "authorization", &format!("Bearer {token}"))
}

fn profile(fitbit: &Fitbit, token: &str) -> Reply {
    fitbit.handle(&with_bearer(get("/1/user/-/profile.json", &[]), token))
}

/// Checks an error's status, type and message in front of the tail.
fn refused(reply: &Reply, status: u16, kind: &str, message: &str) {
    let body = json(reply);
    assert_eq!((reply.status, &body["errors"][0]["errorType"]), (status, &json!(kind)), "{body}");
    assert_eq!(body["errors"][0]["message"], format!("{message} {TAIL}"));
    assert_eq!(body["success"], false);
}

#[test]
fn every_bad_parameter_is_refused_on_a_page_and_never_redirected() {
    let fitbit = fitbit(&[]);
    let method = "unauthorized_client - The client is not authorized to request an access token using this method";
    for (name, value, information) in [
        ("client_id", "ABCDEF", "unauthorized_client - Invalid client_id"),
        ("client_id", "", "invalid_request - Missing parameters: client_id"),
        ("redirect_uri", "http://127.0.0.1:18917/callback/", "invalid_request - Invalid redirect_uri parameter value"),
        ("redirect_uri", "", "invalid_request - Missing redirect_uri parameter value"),
        ("response_type", "", "invalid_request - Missing response_type parameter value"),
        ("response_type", "x", "unsupported_response_type - Invalid response_type parameter value"),
        ("response_type", "token", method),
        ("code_challenge", "x", "invalid_request - The code_challenge parameter length must be between 43 and 128"),
        ("code_challenge", "", "invalid_request - The code_challenge parameter is invalid"),
        ("code_challenge_method", "S512", "invalid_request - Unsupported code_challenge_method"),
        ("scope", "", "invalid_request - Missing parameters: scope"),
        ("scope", "profile <b>", "invalid_scope - Invalid scope: &lt;b&gt;"),
    ] {
        let page = authorize(&fitbit, &[(name, value)]);
        assert_eq!(page.status, 400, "{name}={value}");
        let html = text(&page);
        assert!(html.contains(&format!("Developer information: {information}")), "{name}={value}: {html}");
    }
}

#[test]
fn a_fault_of_the_registration_is_refused_on_a_page() {
    assert!(
        text(&authorize(&fitbit(&[Fault::UnknownClient]), &[])).contains("unauthorized_client - Invalid client_id")
    );
    let mismatch = fitbit(&[Fault::RedirectMismatch]);
    assert!(text(&authorize(&mismatch, &[])).contains("invalid_request - Invalid redirect_uri parameter value"));
    assert_eq!(authorize(&mismatch, &[("redirect_uri", "")]).status, 302, "one is registered, so it may be left out");
}

#[test]
fn only_people_with_a_fitbit_account_can_sign_in() {
    let page = text(&sign_in(&fitbit(&[]), &[]));
    assert!(page.contains("Ada Example") && !page.contains("Ben Example"));
}

#[test]
fn consent_leads_back_with_code_state_and_the_fragment() {
    let location = walk(&fitbit(&[]), &[]);
    assert!(location.starts_with("http://127.0.0.1:18917/callback?code="), "{location}");
    assert!(location.ends_with("#_=_"), "{location}");
    assert_eq!(param(&location, "state").as_deref(), Some("s+1"));
    let code = param(&location, "code").unwrap();
    assert!(code.len() == 40 && code.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{code}");
    let tenant = walk(&fitbit(&[]), &[("redirect_uri", &format!("https://{DOMAIN}/login/callback"))]);
    assert!(tenant.starts_with("http://127.0.0.1:4400/login/callback?code="), "{tenant}");
}

#[test]
fn deny_goes_back_with_access_denied_and_so_does_allow_when_the_person_denies() {
    let open = fitbit(&[]);
    let consent = open.handle(&submit_first(&sign_in(&open, &[])));
    let denied = location(&open.handle(&submit(&consent, "cancel")));
    for location in [denied, walk(&fitbit(&[Fault::Denied]), &[])] {
        assert_eq!(param(&location, "error").as_deref(), Some("access_denied"));
        assert!(
            param(&location, "error_description").is_some() && location.ends_with("&state=s%2B1#_=_"),
            "{location}"
        );
    }
}

#[test]
fn the_token_endpoint_wants_basic_credentials() {
    let fitbit = fitbit(&[]);
    let form = || post("/oauth2/token", &[("grant_type", "authorization_code"), ("client_id", FITBIT_CLIENT_ID)]);
    let format = "Invalid authorization header format. The header was not recognized to be a valid header for any of known \
                  implementations or a client_id was not specified in case of a public client Received header = null";
    refused(&fitbit.handle(&form()), 401, "invalid_client", format);
    let wrong = |id, secret| fitbit.handle(&with_basic(form(), id, secret));
    let (bad_id, bad_secret) = ("Client id invalid.", "Client secret invalid.");
    let start = "Invalid authorization header.";
    refused(&wrong("ABCDEF", FITBIT_CLIENT_SECRET), 401, "invalid_client", &format!("{start} {bad_id}"));
    refused(&wrong(FITBIT_CLIENT_ID, "x"), 401, "invalid_client", &format!("{start} {bad_secret}"));
    refused(&wrong(FITBIT_CLIENT_ID, FITBIT_CLIENT_SECRET), 400, "invalid_request", "Missing parameters: code");
    let rotated = exchange(&super::tests::fitbit(&[Fault::WrongSecret]), "x", &[]);
    refused(&rotated, 401, "invalid_client", &format!("{start} {bad_secret}"));
}

#[test]
fn a_code_is_exchanged_once_and_only_with_its_verifier() {
    let fitbit = fitbit(&[]);
    let code = code(&fitbit);
    let grant = "invalid_grant";
    refused(&exchange(&fitbit, "made-up", &[]), 400, grant, "Authorization code invalid: made-up");
    refused(&exchange(&fitbit, &code, &[("redirect_uri", "https://x.test/")]), 400, grant, "Redirect_uri mismatch");
    refused(
        &exchange(&fitbit, &code, &[("redirect_uri", "")]),
        400,
        "invalid_request",
        "Missing parameters: redirect_uri",
    );
    refused(&exchange(&fitbit, &code, &[("code_verifier", "")]), 400, grant, "Code verifier invalid");
    refused(&exchange(&fitbit, &code, &[("code_verifier", "x")]), 400, grant, "Code verifier invalid");
    let unsupported = exchange(&fitbit, &code, &[("grant_type", "password")]);
    refused(&unsupported, 400, "unsupported_grant_type", "Unsupported grant_type password.");
    assert_eq!(exchange(&fitbit, &code, &[]).status, 200);
    refused(&exchange(&fitbit, &code, &[]), 400, grant, &format!("Authorization code invalid: {code}"));
}

#[test]
fn a_code_dies_after_ten_minutes() {
    let fitbit = fitbit(&[]);
    let code = code(&fitbit);
    lock(&fitbit.state).codes.get_mut(&code).unwrap().issued -= 600;
    refused(&exchange(&fitbit, &code, &[]), 400, "invalid_grant", &format!("Authorization code expired: {code}"));
}

#[test]
fn a_challenge_without_a_method_is_a_plain_one() {
    let fitbit = fitbit(&[]);
    let location = walk(&fitbit, &[("code_challenge", VERIFIER), ("code_challenge_method", "")]);
    assert_eq!(exchange(&fitbit, &param(&location, "code").unwrap(), &[]).status, 200);
}

#[test]
fn the_token_reply_has_what_fitbit_sends() {
    let tokens = tokens(&fitbit(&[]));
    assert_eq!((&tokens["user_id"], &tokens["scope"]), (&json!("A1B2C3"), &json!("profile sleep")));
    assert_eq!((&tokens["expires_in"], &tokens["token_type"]), (&json!(28_800), &json!("Bearer")));
    assert_eq!(tokens["refresh_token"].as_str().unwrap().len(), 64);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(access.split('.').count(), 3);
    assert!(access.len() <= 1024, "{}", access.len());
}

#[test]
fn a_refresh_rotates_both_tokens_and_repeats_its_answer_for_two_minutes() {
    let fitbit = fitbit(&[]);
    let first = tokens(&fitbit);
    let refresh = first["refresh_token"].as_str().unwrap();
    let again = || ask(&fitbit, "/oauth2/token", &[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    let second = json(&again());
    assert!(second["refresh_token"] != first["refresh_token"] && second["access_token"] != first["access_token"]);
    assert_eq!(json(&again()), second);
    lock(&fitbit.state).refresh.get_mut(refresh).unwrap().spent.as_mut().unwrap().0 -= 120;
    refused(&again(), 400, "invalid_grant", &format!("Refresh token invalid: {refresh}."));
}

#[test]
fn the_profile_names_the_person_and_the_rate_limit() {
    let fitbit = fitbit(&[]);
    let tokens = tokens(&fitbit);
    let token = tokens["access_token"].as_str().unwrap();
    let reply = profile(&fitbit, token);
    assert_eq!(json(&reply)["user"]["encodedId"], tokens["user_id"]);
    assert_eq!(find(&reply.headers, "fitbit-rate-limit-remaining"), Some("149"));
    refused(&profile(&fitbit, "made-up"), 401, "invalid_token", "Access token invalid: made-up.");
    lock(&fitbit.state).calls.values_mut().for_each(|calls| calls.1 = 150);
    let limited = profile(&fitbit, token);
    assert!(limited.status == 429 && find(&limited.headers, "retry-after").is_some());
    lock(&fitbit.state).access.get_mut(token).unwrap().expires = 0;
    refused(&profile(&fitbit, token), 401, "expired_token", &format!("Access token expired: {token}."));
}

#[test]
fn a_token_can_be_looked_at_and_revoked() {
    let fitbit = fitbit(&[]);
    let tokens = tokens(&fitbit);
    let token = tokens["access_token"].as_str().unwrap();
    let look = |seen: &str| fitbit.handle(&with_bearer(post("/1.1/oauth2/introspect", &[("token", seen)]), token));
    let seen = json(&look(token));
    assert_eq!((&seen["active"], &seen["scope"]), (&json!(true), &json!("{PROFILE=READ, SLEEP=READ}")));
    assert_eq!(json(&look("made-up")), json!({ "active": false }));
    let revoked = ask(&fitbit, "/oauth2/revoke", &[("token", token)]);
    assert!(revoked.status == 200 && revoked.body.is_empty());
    assert_eq!(look(token).status, 401);
}

#[test]
fn only_ticked_scopes_are_granted() {
    assert_eq!(tokens(&fitbit(&[Fault::UntickedScopes]))["scope"], "profile");
    let identity = fitbit(&[Fault::UntickedIdentity]);
    let tokens = tokens(&identity);
    assert_eq!(tokens["scope"], "sleep");
    let reply = profile(&identity, tokens["access_token"].as_str().unwrap());
    refused(&reply, 403, "insufficient_scope", "This application does not have permission to access profile data.");
}

#[test]
fn a_service_that_is_gone_says_410_with_a_different_body_on_each_path() {
    let gone = fitbit(&[Fault::ShutDown]);
    let body = |path: &str| {
        let reply = gone.handle(&get(path, &[]));
        assert_eq!(reply.status, 410, "{path}");
        text(&reply)
    };
    assert!(body("/oauth2/authorize").contains("<html>"));
    assert!(body("/oauth2/token").contains("\"errors\""));
    assert!(body("/1/user/-/profile.json").contains("\"status\""));
    assert_eq!(body("/oauth2/revoke"), "");
    assert_eq!(fitbit(&[Fault::ProviderDown]).handle(&get("/oauth2/authorize", &[])).status, 503);
}

#[test]
fn unknown_paths_and_methods_are_refused_and_every_request_is_logged_without_its_query() {
    let fitbit = fitbit(&[]);
    assert_eq!(fitbit.handle(&get("/nothing", &[("secret", "x")])).status, 404);
    assert_eq!(json(&fitbit.handle(&get("/1/user/-/nothing.json", &[])))["errors"][0]["errorType"], "not_found");
    assert_eq!(fitbit.handle(&get("/oauth2/token", &[])).status, 405);
    assert_eq!(fitbit.requests()[0], ("GET".to_owned(), "/nothing".to_owned(), 404));
    assert_eq!(fitbit.handle(&post("/login", &[("flow", "x")])).status, 400);
    assert_eq!(fitbit.handle(&post("/oauth2/consent", &[("decision", "allow")])).status, 400);
}
