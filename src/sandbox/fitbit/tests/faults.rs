//! Owns the tests of the faults that the simulated Fitbit can have besides those of its usual refusals. Refuses the network.

use super::*;

fn after_sign_in(fitbit: &Fitbit) -> Reply {
    fitbit.handle(&submit_first(&sign_in(fitbit, &[])))
}

#[test]
fn a_refused_request_is_about_neither_the_client_nor_the_callback() {
    let page = authorize(&fitbit(&[Fault::RequestRefused]), &[]);
    assert_eq!(page.status, 400);
    let said = "Developer information: unsupported_response_type - Invalid response_type parameter value";
    assert!(text(&page).contains(said), "{}", text(&page));
}

#[test]
fn over_its_limit_every_address_answers_429_in_its_own_shape() {
    let fitbit = fitbit(&[Fault::ProviderRateLimited]);
    for path in ["/oauth2/authorize", "/oauth2/token", "/oauth2/revoke", "/1/user/-/profile.json"] {
        let reply = fitbit.handle(&get(path, &[]));
        assert_eq!((reply.status, find(&reply.headers, "retry-after")), (429, Some("3600")), "{path}");
        if path == "/oauth2/authorize" {
            assert!(text(&reply).contains("<h1>Too Many Requests</h1>"));
        } else {
            assert_eq!(json(&reply)["errors"][0]["errorType"], "system");
            assert_eq!(json(&reply)["errors"][0]["message"], "Too Many Requests");
        }
    }
}

#[test]
fn a_captive_portal_answers_everything_with_200() {
    let fitbit = fitbit(&[Fault::ProviderGarbage]);
    for request in [get("/oauth2/authorize", &[]), post("/oauth2/token", &[]), get("/1/user/-/profile.json", &[])] {
        let reply = fitbit.handle(&request);
        assert_eq!(reply.status, 200);
        assert!(text(&reply).contains("Grand Hotel"));
    }
}

#[test]
fn what_only_a_person_sees_comes_after_a_request_that_was_accepted() {
    let page = after_sign_in(&fitbit(&[Fault::PersonalApp]));
    assert_eq!(page.status, 400);
    let said = "unauthorized_client - A &quot;Personal&quot; application is only authorized to request access tokens";
    assert!(text(&page).contains(said), "{}", text(&page));
    let page = after_sign_in(&fitbit(&[Fault::NobodyConsents]));
    assert!(page.status == 200 && !text(&page).contains("<form"), "{}", text(&page));
}

#[test]
fn a_real_code_is_refused_as_a_made_up_one_is() {
    let fitbit = fitbit(&[Fault::CodeRefused]);
    for code in [code(&fitbit), "made-up".to_owned()] {
        let reply = exchange(&fitbit, &code, &[]);
        refused(&reply, 400, "invalid_grant", &format!("Authorization code invalid: {code}"));
    }
}

#[test]
fn fresh_tokens_can_be_refused_and_stay_unrevoked() {
    let fitbit = fitbit(&[Fault::AccessTokenRefused, Fault::RefreshTokenDead, Fault::NotRevoked]);
    let tokens = tokens(&fitbit);
    let access = tokens["access_token"].as_str().unwrap();
    refused(&profile(&fitbit, access), 401, "invalid_token", &format!("Access token invalid: {access}."));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let dead = ask(&fitbit, "/oauth2/token", &[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    refused(&dead, 400, "invalid_grant", &format!("Refresh token invalid: {refresh}."));
    assert_eq!(ask(&fitbit, "/oauth2/revoke", &[("token", access)]).status, 503);
}

#[test]
fn the_profile_can_name_another_person_than_the_token_answer() {
    let fitbit = fitbit(&[Fault::UserMismatch]);
    let tokens = tokens(&fitbit);
    let who = json(&profile(&fitbit, tokens["access_token"].as_str().unwrap()));
    assert_ne!(who["user"]["encodedId"], tokens["user_id"]);
}
