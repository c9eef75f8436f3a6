//! Owns the tests that walk through the simulated Google as an app, a browser and a person do. Refuses the network.

mod faults;

use serde_json::Value;

use super::*;
use crate::sandbox::facts::{DOMAIN, GOOGLE_CLIENT_ID};
use crate::sandbox::provider::testing::*;

const SCOPES: &str = "openid email profile https://www.googleapis.com/auth/googlehealth.profile.readonly \
                      https://www.googleapis.com/auth/googlehealth.sleep.readonly";

fn google(faults: &[Fault]) -> Google {
    Google::new(setup(faults))
}

/// A good authorization request, with some parameters changed; an empty value leaves the parameter out.
fn authorize(google: &Google, changes: &[(&str, &str)]) -> Reply {
    let challenge = challenge();
    let mut query = vec![
        ("client_id", GOOGLE_CLIENT_ID),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", SCOPES),
        ("state", "s+1"),
        ("nonce", "n1"),
        ("access_type", "offline"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    query.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    query.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    google.handle(&get("/o/oauth2/v2/auth", &query))
}

/// The page that an accepted request leads to.
fn sign_in(google: &Google, changes: &[(&str, &str)]) -> Reply {
    let location = location(&authorize(google, changes));
    assert!(location.starts_with("http://127.0.0.1:4401/v3/signin/identifier?"), "{location}");
    google.handle(&follow(&location))
}

/// Where the robot ends up: the first account, every ticked box, Allow.
fn walk(google: &Google, changes: &[(&str, &str)]) -> String {
    let consent = google.handle(&submit_first(&sign_in(google, changes)));
    location(&google.handle(&submit_first(&consent)))
}

fn code(google: &Google) -> String {
    param(&walk(google, &[]), "code").unwrap()
}

/// A good exchange of the code, with some fields changed.
fn exchange(google: &Google, code: &str, changes: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", GOOGLE_CLIENT_ID),
        ("client_secret", GOOGLE_CLIENT_SECRET),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("code", code),
    ];
    fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    google.handle(&post("/token", &fields))
}

fn tokens(google: &Google) -> Value {
    let reply = exchange(google, &code(google), &[]);
    assert_eq!(reply.status, 200, "{}", text(&reply));
    json(&reply)
}

fn call(google: &Google, path: &str, token: &str) -> Reply {
    google.handle(&with_header(get(path, &[]), "authorization", &format!("Bearer {token}")))
}

fn claims(tokens: &Value) -> Value {
    use base64::Engine as _;
    let part = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Checks that a request is refused on the error page with this headline.
fn refused(google: &Google, changes: &[(&str, &str)], headline: &str) {
    let location = location(&authorize(google, changes));
    assert!(location.starts_with("http://127.0.0.1:4401/signin/oauth/error?authError="), "{location}");
    assert_eq!(param(&location, "flowName").as_deref(), Some("GeneralOAuthFlow"));
    let page = google.handle(&follow(&location));
    assert!(text(&page).contains(headline) && text(&page).contains("Access blocked: "), "{}", text(&page));
    assert!(headline.contains(&page.status.to_string()), "{} {headline}", page.status);
}

#[test]
fn every_bad_parameter_is_refused_on_the_error_page() {
    let google = google(&[]);
    refused(&google, &[("client_id", "23SBOX")], "Error 401: invalid_client");
    refused(&google, &[("client_id", "")], "Error 400: invalid_request");
    refused(&google, &[("redirect_uri", "http://127.0.0.1:18917/callback/")], "Error 400: redirect_uri_mismatch");
    refused(&google, &[("redirect_uri", "http://localhost:18917/callback")], "Error 400: redirect_uri_mismatch");
    refused(&google, &[("response_type", "")], "Error 400: invalid_request");
    refused(&google, &[("response_type", "token")], "Error 400: unsupported_response_type");
    refused(
        &google,
        &[("scope", "openid https://www.googleapis.com/auth/googlehealth.sleep")],
        "Error 400: invalid_scope",
    );
    refused(&google, &[("code_challenge", "short")], "Error 400: invalid_request");
    refused(&google, &[("code_challenge_method", "S512")], "Error 400: invalid_request");
    refused(&google, &[("prompt", "none consent")], "Error 400: invalid_request");
    refused(&google, &[("access_type", "forever")], "Error 400: invalid_request");
    refused(&google, &[("state", "a"), ("state", "b")], "Error 400: invalid_request");
}

#[test]
fn a_fault_of_the_registration_is_refused_on_the_error_page() {
    refused(&google(&[Fault::UnknownClient]), &[], "Error 401: invalid_client");
    refused(&google(&[Fault::DeletedClient]), &[], "Error 401: deleted_client");
    refused(&google(&[Fault::RedirectMismatch]), &[], "Error 400: redirect_uri_mismatch");
    refused(&google(&[Fault::InvalidScope]), &[], "Error 400: invalid_scope");
}

#[test]
fn an_account_that_may_not_use_the_app_never_gets_back_to_it() {
    let testing = google(&[Fault::NotATestUser]);
    let page = testing.handle(&submit_first(&sign_in(&testing, &[])));
    assert_eq!(page.status, 403);
    assert!(text(&page).contains("Error 403: access_denied") && text(&page).contains("developer-approved testers"));
    let internal = google(&[Fault::OrgInternal]);
    let location = location(&internal.handle(&submit_first(&sign_in(&internal, &[]))));
    assert!(text(&internal.handle(&follow(&location))).contains("Error 403: org_internal"));
}

#[test]
fn consent_leads_back_with_state_issuer_code_and_what_was_granted() {
    let location = walk(&google(&[]), &[]);
    assert!(location.starts_with("http://127.0.0.1:18917/callback?state=s%2B1&iss="), "{location}");
    assert!(location.contains("&code=4%2F0A"), "{location}");
    assert_eq!(param(&location, "state").as_deref(), Some("s+1"));
    assert_eq!(param(&location, "iss").as_deref(), Some(ISSUER));
    assert_eq!(param(&location, "authuser").as_deref(), Some("0"));
    let granted = param(&location, "scope").unwrap();
    assert!(
        granted.contains(scopes::EMAIL) && granted.contains(scopes::PROFILE) && granted.ends_with(" openid"),
        "{granted}"
    );
}

#[test]
fn a_callback_of_the_tenant_is_reached_on_this_machine() {
    let callback = format!("https://{DOMAIN}/login/callback");
    let google = google(&[]);
    let location = walk(&google, &[("redirect_uri", &callback)]);
    assert!(location.starts_with("http://127.0.0.1:4400/login/callback?"), "{location}");
    let code = param(&location, "code").unwrap();
    assert_eq!(exchange(&google, &code, &[("redirect_uri", &callback)]).status, 200);
}

#[test]
fn a_code_is_exchanged_once_and_only_with_its_verifier() {
    let google = google(&[]);
    let code = code(&google);
    let refusal = |changes: &[(&str, &str)]| {
        let reply = exchange(&google, &code, changes);
        let body = json(&reply);
        (
            reply.status,
            body["error"].as_str().unwrap().to_owned(),
            body["error_description"].as_str().unwrap().to_owned(),
        )
    };
    let expect = |status: u16, error: &str, text: &str| (status, error.to_owned(), text.to_owned());
    assert_eq!(refusal(&[("client_id", "x")]), expect(401, "invalid_client", "The OAuth client was not found."));
    assert_eq!(refusal(&[("client_secret", "x")]), expect(401, "invalid_client", "Unauthorized"));
    assert_eq!(refusal(&[("client_secret", "")]), expect(400, "invalid_request", "client_secret is missing."));
    assert_eq!(refusal(&[("code", "4%2F0A")]), expect(400, "invalid_grant", "Malformed auth code."));
    let made_up = format!("4/0A{}", "x".repeat(40));
    assert_eq!(refusal(&[("code", &made_up)]), expect(400, "invalid_grant", "Bad Request"));
    assert_eq!(refusal(&[("redirect_uri", "https://x.test/")]), expect(400, "redirect_uri_mismatch", "Bad Request"));
    assert_eq!(refusal(&[("code_verifier", "")]), expect(400, "invalid_grant", "Missing code verifier."));
    assert_eq!(refusal(&[("code_verifier", "x")]), expect(400, "invalid_grant", "Invalid code verifier."));
    assert_eq!(
        refusal(&[("grant_type", "password")]),
        expect(400, "unsupported_grant_type", "Invalid grant_type: password")
    );
    assert_eq!(exchange(&google, &code, &[]).status, 200);
    assert_eq!(refusal(&[]), expect(400, "invalid_grant", "Bad Request"));
}

#[test]
fn a_code_dies_after_ten_minutes() {
    let google = google(&[]);
    let code = code(&google);
    lock(&google.state).codes.get_mut(&code).unwrap().issued -= 600;
    assert_eq!(json(&exchange(&google, &code, &[]))["error_description"], "Bad Request");
}

#[test]
fn a_verifier_without_a_challenge_is_refused() {
    let google = google(&[]);
    let location = walk(&google, &[("code_challenge", ""), ("code_challenge_method", "")]);
    let code = param(&location, "code").unwrap();
    assert_eq!(json(&exchange(&google, &code, &[]))["error_description"], "code_verifier or verifier is not needed.");
    assert_eq!(exchange(&google, &code, &[("code_verifier", "")]).status, 200);
}

#[test]
fn basic_credentials_are_as_good_as_those_in_the_body() {
    let google = google(&[]);
    let fields = [
        ("grant_type", "authorization_code"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("code", &code(&google)),
    ];
    let request = with_basic(post("/token", &fields), GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET);
    assert_eq!(google.handle(&request).status, 200);
}

#[test]
fn the_usual_secret_is_refused_after_a_rotation() {
    let google = google(&[Fault::WrongSecret]);
    let reply = exchange(&google, "4/0Axxxxxxxxxxxxxxxxxxxxxx", &[]);
    assert_eq!((reply.status, json(&reply)["error"].as_str()), (401, Some("invalid_client")));
}

#[test]
fn the_token_reply_has_what_google_sends() {
    let tokens = tokens(&google(&[]));
    assert!(tokens["access_token"].as_str().unwrap().starts_with("ya29."));
    assert!(tokens["refresh_token"].as_str().unwrap().starts_with("1//"));
    assert_eq!((&tokens["expires_in"], &tokens["token_type"]), (&json!(3599), &json!("Bearer")));
    assert!(tokens.get("refresh_token_expires_in").is_none());
    let claims = claims(&tokens);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(GOOGLE_CLIENT_ID)));
    assert_eq!((&claims["nonce"], &claims["email"]), (&json!("n1"), &json!("ada@example.com")));
}

#[test]
fn a_refresh_token_comes_with_the_first_consent_or_an_asked_one() {
    let google = google(&[]);
    assert!(tokens(&google).get("refresh_token").is_some());
    assert!(tokens(&google).get("refresh_token").is_none());
    let code = param(&walk(&google, &[("prompt", "consent")]), "code").unwrap();
    assert!(json(&exchange(&google, &code, &[])).get("refresh_token").is_some());
    let code = param(&walk(&google, &[("prompt", "consent"), ("access_type", "")]), "code").unwrap();
    assert!(json(&exchange(&google, &code, &[])).get("refresh_token").is_none());
}

#[test]
fn faults_show_in_the_tokens() {
    assert_eq!(tokens(&google(&[Fault::Testing]))["refresh_token_expires_in"], 604_799);
    assert!(tokens(&google(&[Fault::NoRefreshToken])).get("refresh_token").is_none());
    assert_ne!(claims(&tokens(&google(&[Fault::BadNonce])))["nonce"], "n1");
    assert_ne!(claims(&tokens(&google(&[Fault::BadAudience])))["aud"], GOOGLE_CLIENT_ID);
    let location = walk(&google(&[Fault::WrongIssuer]), &[]);
    assert_eq!(param(&location, "iss").as_deref(), Some("https://other.example"));
}

#[test]
fn a_refresh_token_is_kept_until_it_is_revoked_or_a_week_old() {
    let google = google(&[Fault::Testing]);
    let first = tokens(&google);
    let refresh = first["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", GOOGLE_CLIENT_ID),
        ("client_secret", GOOGLE_CLIENT_SECRET),
        ("refresh_token", refresh),
    ];
    let renewed = google.handle(&post("/token", &fields));
    assert!(renewed.status == 200 && json(&renewed).get("refresh_token").is_none());
    lock(&google.state).refresh.get_mut(refresh).unwrap().issued -= 604_800;
    assert_eq!(
        json(&google.handle(&post("/token", &fields)))["error_description"],
        "Token has been expired or revoked."
    );
    let token = first["access_token"].as_str().unwrap();
    assert_eq!(text(&google.handle(&post("/revoke", &[("token", token)]))), "{}");
    assert_eq!(json(&google.handle(&post("/revoke", &[("token", token)])))["error"], "invalid_token");
    assert_eq!(call(&google, "/v1/userinfo", token).status, 401);
}

#[test]
fn cancel_goes_back_with_access_denied_and_so_does_allow_when_the_person_denies() {
    let open = google(&[]);
    let consent = open.handle(&submit_first(&sign_in(&open, &[])));
    let cancelled = location(&open.handle(&submit(&consent, "cancel")));
    let denied = walk(&google(&[Fault::Denied]), &[]);
    for location in [cancelled, denied] {
        assert_eq!(param(&location, "error").as_deref(), Some("access_denied"));
        assert_eq!((param(&location, "state").as_deref(), param(&location, "code")), (Some("s+1"), None));
    }
}

#[test]
fn only_ticked_scopes_are_granted() {
    let unticked = walk(&google(&[Fault::UntickedScopes]), &[]);
    let granted = param(&unticked, "scope").unwrap();
    assert!(granted.contains("profile.readonly") && !granted.contains("sleep.readonly"), "{granted}");
    let identity = google(&[Fault::UntickedIdentity]);
    let tokens = tokens(&identity);
    assert!(!tokens["scope"].as_str().unwrap().contains("googlehealth"));
    let reply = call(&identity, "/v4/users/me/identity", tokens["access_token"].as_str().unwrap());
    assert_eq!(json(&reply)["error"]["details"][0]["reason"], "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
}

#[test]
fn the_health_api_knows_the_person_and_says_why_when_it_does_not() {
    let ask = |faults: &[Fault]| {
        let google = google(faults);
        let reply = call(&google, "/v4/users/me/identity", tokens(&google)["access_token"].as_str().unwrap());
        (reply.status, json(&reply))
    };
    let (status, identity) = ask(&[]);
    assert_eq!((status, &identity["legacyUserId"]), (200, &json!("A1B2C3")));
    let (status, error) = ask(&[Fault::NotLinked]);
    assert_eq!((status, &error["error"]["status"]), (400, &json!("FAILED_PRECONDITION")));
    assert_eq!(error["error"]["details"][0]["reason"], "ACCOUNT_NOT_LINKED");
    let (status, error) = ask(&[Fault::ApiDisabled]);
    assert_eq!((status, &error["error"]["details"][0]["metadata"]["consumer"]), (403, &json!("projects/123456789012")));
    let (status, error) = ask(&[Fault::CallerNotPermitted]);
    assert_eq!((status, &error["error"]["message"]), (403, &json!("The caller does not have permission")));
    assert_eq!(call(&google(&[]), "/v4/users/me/identity", "made-up").status, 401);
}

#[test]
fn a_person_who_never_used_health_is_not_linked() {
    let google = google(&[]);
    let consent = google.handle(&submit(&sign_in(&google, &[]), "ben@example.com"));
    let code = param(&location(&google.handle(&submit_first(&consent))), "code").unwrap();
    let token = json(&exchange(&google, &code, &[]))["access_token"].as_str().unwrap().to_owned();
    assert_eq!(json(&call(&google, "/v1/userinfo", &token))["email"], "ben@example.com");
    assert_eq!(call(&google, "/v4/users/me/identity", &token).status, 400);
}

#[test]
fn the_health_profile_needs_its_own_scope_and_so_do_the_settings() {
    let google = google(&[]);
    let tokens = tokens(&google);
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(call(&google, "/v4/users/me/profile", token).status, 200);
    assert_eq!(call(&google, "/v4/users/me/settings", token).status, 403);
    let info = json(&google.handle(&get("/tokeninfo", &[("access_token", token)])));
    assert_eq!((&info["access_type"], &info["sub"]), (&json!("offline"), &json!("108000000000000000001")));
    assert_eq!(google.handle(&get("/tokeninfo", &[("access_token", "x")])).status, 400);
}

#[test]
fn a_service_that_is_down_or_gone_says_so_everywhere() {
    for path in ["/o/oauth2/v2/auth", "/token", "/v4/users/me/identity", "/anything"] {
        assert_eq!(google(&[Fault::ShutDown]).handle(&get(path, &[])).status, 410);
        assert_eq!(google(&[Fault::ProviderDown]).handle(&get(path, &[])).status, 503);
    }
}

#[test]
fn unknown_paths_and_methods_are_refused_and_every_request_is_logged_without_its_query() {
    let google = google(&[]);
    assert_eq!(google.handle(&get("/nothing", &[("secret", "x")])).status, 404);
    assert_eq!(json(&google.handle(&get("/v4/users/me/nothing", &[])))["error"]["status"], "NOT_FOUND");
    assert_eq!(google.handle(&get("/token", &[])).status, 405);
    assert_eq!(google.handle(&post("/v1/userinfo", &[])).status, 405);
    assert_eq!(google.requests()[0], ("GET".to_owned(), "/nothing".to_owned(), 404));
}

#[test]
fn pages_of_no_flow_ask_to_start_again() {
    let google = google(&[]);
    assert_eq!(google.handle(&get("/v3/signin/identifier", &[("dsh", "x")])).status, 400);
    assert_eq!(google.handle(&post("/v3/signin/identifier", &[("flow", "x")])).status, 400);
    assert_eq!(google.handle(&post("/signin/oauth/consent", &[("decision", "allow")])).status, 400);
}
