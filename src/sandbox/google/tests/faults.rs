//! Owns the tests of the faults that the simulated Google can have besides those of its usual refusals. Refuses the network.

use super::*;
use crate::sandbox::web::find;

/// What the first account gets to see after it is chosen.
fn after_sign_in(google: &Google) -> Reply {
    google.handle(&submit_first(&sign_in(google, &[])))
}

fn headline(google: &Google, address: &str) -> String {
    text(&google.handle(&follow(address)))
}

#[test]
fn a_refused_request_shows_the_policy_on_the_error_page() {
    let google = google(&[Fault::RequestRefused]);
    refused(&google, &[], "Error 400: invalid_request");
    refused(&google, &[("redirect_uri", "http://localhost/")], "Error 400: redirect_uri_mismatch");
    let page = headline(&google, &location(&authorize(&google, &[])));
    assert!(page.contains("comply with Google&#39;s OAuth 2.0 policy"), "{page}");
}

#[test]
fn over_its_limit_every_address_answers_429_in_its_own_shape() {
    let google = google(&[Fault::ProviderRateLimited]);
    for path in ["/o/oauth2/v2/auth", "/v3/signin/identifier", "/token", "/v4/users/me/identity", "/v1/userinfo"] {
        let reply = google.handle(&get(path, &[]));
        assert_eq!((reply.status, find(&reply.headers, "retry-after")), (429, Some("3600")), "{path}");
        let page = path.contains("auth") || path.contains("signin");
        assert_eq!(text(&reply).contains("<h1>"), page, "{path}");
        if !page {
            assert_eq!(json(&reply)["error"]["status"], "RESOURCE_EXHAUSTED");
            assert_eq!(json(&reply)["error"]["details"][0]["reason"], "RATE_LIMIT_EXCEEDED");
        }
    }
}

#[test]
fn a_captive_portal_answers_everything_with_200() {
    let google = google(&[Fault::ProviderGarbage]);
    for request in [get("/o/oauth2/v2/auth", &[]), post("/token", &[]), get("/v4/users/me/identity", &[])] {
        let reply = google.handle(&request);
        assert_eq!(reply.status, 200);
        assert!(text(&reply).contains("Grand Hotel"));
    }
}

#[test]
fn what_only_a_person_sees_comes_after_a_request_that_was_accepted() {
    let embedded = google(&[Fault::DisallowedUseragent]);
    let page = headline(&embedded, &location(&sign_in(&embedded, &[])));
    assert!(page.contains("Error 403: disallowed_useragent"), "{page}");
    let managed = google(&[Fault::AdminPolicy]);
    let page = headline(&managed, &location(&after_sign_in(&managed)));
    assert!(page.contains("Error 400: admin_policy_enforced"), "{page}");
    let page = after_sign_in(&google(&[Fault::NobodyConsents]));
    assert_eq!(page.status, 200);
    assert!(text(&page).contains("waits for somebody") && !text(&page).contains("<form"), "{}", text(&page));
}

#[test]
fn an_unverified_app_warns_and_lets_the_person_go_on_or_back() {
    let google = google(&[Fault::UnverifiedApp]);
    let warning = after_sign_in(&google);
    assert!(text(&warning).contains("Google hasn&#39;t verified this app"), "{}", text(&warning));
    let consent = google.handle(&submit_first(&warning));
    assert!(param(&location(&google.handle(&submit_first(&consent))), "code").is_some());
    let back = location(&google.handle(&submit(&after_sign_in(&google), "back")));
    assert_eq!(param(&back, "error").as_deref(), Some("access_denied"));
}

#[test]
fn a_real_code_is_refused_and_a_made_up_one_as_ever() {
    let google = google(&[Fault::CodeRefused]);
    for code in [code(&google), format!("4/{}", "a".repeat(40))] {
        let reply = exchange(&google, &code, &[]);
        assert_eq!(reply.status, 400);
        assert_eq!(json(&reply), serde_json::json!({"error": "invalid_grant", "error_description": "Bad Request"}));
    }
    assert_eq!(json(&exchange(&google, "cut", &[]))["error_description"], "Malformed auth code.");
    assert_eq!(json(&exchange(&google, "cut", &[("client_secret", "x")]))["error"], "invalid_client");
}

#[test]
fn fresh_tokens_can_be_refused_and_stay_unrevoked() {
    let google = google(&[Fault::AccessTokenRefused, Fault::RefreshTokenDead, Fault::NotRevoked]);
    let tokens = tokens(&google);
    let access = tokens["access_token"].as_str().unwrap();
    let health = call(&google, "/v4/users/me/identity", access);
    assert_eq!((health.status, &json(&health)["error"]["status"]), (401, &Value::from("UNAUTHENTICATED")));
    assert_eq!(call(&google, "/v1/userinfo", access).status, 401);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", GOOGLE_CLIENT_ID),
        ("client_secret", GOOGLE_CLIENT_SECRET),
        ("refresh_token", refresh),
    ];
    let dead = google.handle(&post("/token", &fields));
    assert_eq!(json(&dead)["error_description"], "Token has been expired or revoked.");
    let revoked = google.handle(&post("/revoke", &[("token", refresh)]));
    assert_eq!((revoked.status, &json(&revoked)["error"]["status"]), (503, &Value::from("UNAVAILABLE")));
}

#[test]
fn userinfo_can_name_another_person_than_the_id_token() {
    let google = google(&[Fault::UserMismatch]);
    let tokens = tokens(&google);
    let who = json(&call(&google, "/v1/userinfo", tokens["access_token"].as_str().unwrap()));
    assert_ne!(who["sub"], claims(&tokens)["sub"]);
    assert_eq!(who["email"], claims(&tokens)["email"]);
}
