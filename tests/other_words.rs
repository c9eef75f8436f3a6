//! Answers in other words and shapes than the simulator's own, as others found them: each is told for what it is, once, and with
//! a cure for what has a part in it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::stage::{Gate, Stage};
use common::{Output, login_address};
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{Call, Http};
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::{Reply, Request};
use serde_json::json;
use url::Url;

const HEADLESS: [&str; 3] = ["test", "--headless", "--json"];
const DIRECT: [&str; 4] = ["test", "--direct", "--json", "--no-browser"];
const THROUGH: [&str; 4] = ["test", "--json", "--no-browser", "--timeout=20s"];
const NAMED: [&str; 5] = ["test", "--headless", "--json", "--app", "Acme Web"];

fn answering(is_it: impl Fn(&Request) -> bool + Send + Sync + 'static, reply: Reply) -> Gate {
    Box::new(move |request, pass| if is_it(request) { reply.clone() } else { pass() })
}

fn states(output: &Output, check: &str) -> Vec<String> {
    output.checks(check).iter().map(|found| found["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_application_that_is_given_by_name_is_not_taken_for_a_client_id_where_it_cannot_be_looked_up() {
    let refused = json!({ "statusCode": 403, "error": "Forbidden", "errorCode": "insufficient_scope",
        "message": "Insufficient scope, expected any of: read:clients" });
    let lists = |request: &Request| request.method == "GET" && request.path == "/api/v2/clients";
    let unread = Stage::configured(GoogleHealth, &[]).behind(answering(lists, Reply::json(403, &refused)));
    let page = Stage::configured(GoogleHealth, &[]).behind(answering(lists, Reply::html(200, "<h1>Welcome</h1>")));
    let nobody = Stage::configured(GoogleHealth, &[]);
    for environment in [nobody.environment_without_management(), unread.environment(), page.environment()] {
        let output = environment.run(&NAMED);
        let asked = output.checks("authorize.redirect");
        assert_eq!(asked.len(), 1, "{output}");
        assert_eq!(asked[0]["state"], "skip", "{output}");
        assert!(asked[0]["detail"].as_str().unwrap().contains("Acme Web"), "{output}");
        assert!(
            !states(&output, "applications.enabled").contains(&"fail".to_owned()) || output.code() == 6,
            "{output}"
        );
        for wrong in ["application_not_enabled", "application_unknown_to_tenant", "application_gone"] {
            output.hides(wrong);
        }
    }
}

#[test]
fn a_list_that_does_not_end_is_not_taken_for_a_short_one() {
    let lists = |request: &Request| request.method == "GET" && request.path == "/api/v2/clients";
    let endless = Reply::json(200, &json!({ "clients": [], "next": "abc" }));
    let stage = Stage::configured(GoogleHealth, &[]).behind(answering(lists, endless));
    let output = stage.environment().run(&HEADLESS).exits(6);
    assert_eq!(output.error_code(), "service_unavailable", "{output}");
    output.hides("application_gone");
}

#[test]
fn a_list_that_grows_and_grows_is_given_up_before_it_fills_the_memory() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&asked);
    let padding = "x".repeat(3_000_000);
    let lists: Gate = Box::new(move |request, pass| {
        if !(request.path.starts_with("/api/v2/connections/") && request.path.ends_with("/clients")) {
            return pass();
        }
        let next = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let one = json!({ "client_id": next.to_string(), "padding": padding });
        Reply::json(200, &json!({ "clients": [one], "next": next.to_string() }))
    });
    let stage = Stage::configured(GoogleHealth, &[]).behind(lists);
    let output = stage.environment().run(&HEADLESS).exits(6);
    assert_eq!(output.error_code(), "service_unavailable", "{output}");
    let asked = asked.load(std::sync::atomic::Ordering::SeqCst);
    assert!((5..20).contains(&asked), "{asked} pages of 3 MB");
}

#[test]
fn a_list_that_begins_anew_each_time_is_soon_given_up() {
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&asked);
    let lists: Gate = Box::new(move |request, pass| {
        if !(request.path.starts_with("/api/v2/connections/") && request.path.ends_with("/clients")) {
            return pass();
        }
        let next = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Reply::json(200, &json!({ "clients": [{ "client_id": "a" }], "next": next.to_string() }))
    });
    let stage = Stage::configured(GoogleHealth, &[]).behind(lists);
    let output = stage.environment().run(&HEADLESS).exits(6);
    assert_eq!(output.error_code(), "service_unavailable", "{output}");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 2);
}

/// A login that comes back with the right `state` and these parameters.
fn comes_back(stage: &Stage, args: &[&str], with: &[(&'static str, &'static str)]) -> Output {
    let with = with.to_owned();
    stage.environment().run_watched(args, move |line| {
        let Some(address) = login_address(line) else { return };
        let value = |name: &str| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        let mut callback = Url::parse(&value("redirect_uri")).unwrap();
        callback.query_pairs_mut().extend_pairs(&with).append_pair("state", &value("state"));
        drop(Http::new(Endpoints::default()).send(&Call::get(callback)));
    })
}

/// A login that comes back with `access_denied` and these words.
fn denied(stage: &Stage, args: &[&str], description: &'static str) -> Output {
    comes_back(stage, args, &[("error", "access_denied"), ("error_description", description)])
}

/// A tenant whose log has one entry, a failed login in these words.
fn logging(words: &'static str) -> Stage {
    let entry = json!([{ "type": "f", "date": "2099-01-01T00:00:00.000Z", "description": words }]);
    let reads = |request: &Request| request.path == "/api/v2/logs";
    Stage::configured(GoogleHealth, &[]).behind(answering(reads, Reply::json(200, &entry)))
}

#[test]
fn a_secret_that_the_same_run_has_proved_right_is_not_said_to_be_refused() {
    for (words, log) in [
        ("Unauthorized", "failed to obtain access token"),
        ("failed to obtain access token", "failed to obtain access token"),
        ("Bad Request", "invalid_client"),
        ("invalid_client", "invalid_client"),
    ] {
        let output = denied(&logging(log), &THROUGH, words);
        assert_eq!(output.error_code(), "unrecognised_answer", "{words}, {log}: {output}");
        assert!(output.stderr.contains("the tenant holds the same secret, so that this is not the reason"), "{output}");
    }
}

#[test]
fn the_words_of_an_action_that_mention_a_page_of_googles_are_a_refusal_of_the_tenant() {
    for words in ["Personal accounts only, not org_internal", "see redirect_uri_mismatch in our manual"] {
        for (came, log) in [(words, "x"), ("no", words)] {
            let output = denied(&logging(log), &THROUGH, came).exits(5);
            assert_eq!(output.error_code(), "login_blocked", "{came}, {log}: {output}");
        }
    }
}

#[test]
fn a_410_that_the_script_of_google_health_met_is_answered_without_the_way_over_to_google_health() {
    for (words, log) in [
        ("fetchUserProfile: Google Health answered with HTTP 410.", "x"),
        ("x", "Google Health answered with HTTP 410."),
    ] {
        let output = denied(&logging(log), &THROUGH, words).exits(3);
        assert_eq!(output.error_code(), "provider_shut_down", "{output}");
        let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
        assert!(hint.contains("Nothing is known here of an end") && !hint.contains("Register an app"), "{hint}");
    }
}

#[test]
fn an_answer_of_this_login_that_cannot_be_read_is_not_said_to_be_missing() {
    let both = [("code", "abc"), ("error", "access_denied")];
    for args in [
        &["test", "--json", "--no-browser", "--timeout=2s"][..],
        &["test", "--direct", "--json", "--no-browser", "--timeout=2s"],
    ] {
        for with in [&both[..], &[("foo", "1")], &[("error", "")], &[("code", "abc"), ("code", "abc")]] {
            let output = comes_back(&Stage::configured(GoogleHealth, &[]), args, with);
            assert_eq!(output.error_code(), "unrecognised_answer", "{with:?}: {output}");
            let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.contains("one answer came of this login"), "{message}");
        }
    }
}

#[test]
fn at_the_provider_itself_a_denial_in_whatever_words_is_one_and_no_tenants() {
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::configured(provider, &[]);
        for words in ["The resource owner refused the request", "Nein danke", "blocked by me"] {
            let output = denied(&stage, &DIRECT, words).exits(5);
            assert_eq!(output.error_code(), "access_denied", "{output}");
            output.hides("manage.auth0.com");
        }
    }
}

#[test]
fn that_the_management_api_accepts_a_token_is_said_where_it_has() {
    let refused = json!({ "statusCode": 403, "error": "Forbidden", "message": "Access denied from this IP address" });
    let api = |request: &Request| request.path.starts_with("/api/v2/");
    let stage = Stage::configured(GoogleHealth, &[]).behind(answering(api, Reply::json(403, &refused)));
    let said = |output: &Output| output.checks("management.access")[0]["detail"].as_str().unwrap().to_owned();
    let output = stage.environment().run(&HEADLESS);
    assert!(said(&output).starts_with("signed in to the Management API; "), "{output}");
    let stage = Stage::configured(GoogleHealth, &[]);
    assert_eq!(said(&stage.environment().run(&HEADLESS)), "the Management API accepts the credentials");
}

#[test]
fn an_answer_of_another_issuer_at_the_provider_is_not_answered_with_the_domains_of_a_tenant() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongIssuer]);
    let output = stage.environment().run_with_robot(&["test", "--direct", "--json"]).exits(3);
    assert_eq!(output.error_code(), "issuer_mismatch", "{output}");
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("`fitbit-connect test --direct`") && !hint.contains("--domain"), "{hint}");
}

#[test]
fn a_secret_that_is_out_of_date_is_one_failure() {
    for (provider, stale) in
        [(GoogleHealth, "GOCSPX-zzzzzzzzzzzzzzzzzzzzzzzzzzzz"), (Fitbit, "00000000000000000000000000000000")]
    {
        let stage = Stage::configured(provider, &[]);
        let environment = stage.environment().with("FITBIT_CONNECT_CLIENT_SECRET", stale);
        let hint = |output: &Output| output.document()["error"]["hint"].as_str().unwrap().to_owned();
        let about = |output: &Output| output.checks("connection.secret")[0]["detail"].as_str().unwrap().to_owned();
        let output = environment.run(&HEADLESS).exits(4);
        assert_eq!(states(&output, "credentials.accepted"), ["fail"], "{output}");
        // The tenant's is tried, so that nobody makes a new one or writes the wrong one over it.
        assert_eq!(states(&output, "connection.secret"), ["pass"], "{output}");
        assert!(about(&output).contains("accepts it"), "{output}");
        assert!(hint(&output).contains("holds another client secret, which"), "{output}");
        assert!(!hint(&output).contains("new secret") && !output.stderr.contains("a new secret"), "{output}");
        // Neither of them is right.
        let other = stale.replace(['z', '0'], "1");
        stage.change_options(provider.default_connection(), &json!({ "client_secret": other }));
        let output = environment.run(&HEADLESS).exits(4);
        assert_eq!(states(&output, "connection.secret"), ["skip"], "{output}");
        assert!(about(&output).contains("refuses it too") && !hint(&output).contains("holds another"), "{output}");
        output.hides(&other);
        let output = environment.run(&["test", "--headless"]).exits(4);
        output.hides(&other);
    }
}

#[test]
fn what_a_tenants_own_error_page_is_told_is_understood() {
    for (words, code) in [
        ("Callback URL mismatch. The provided redirect_uri is not in the list", "callback_not_allowed"),
        ("Unknown client: SandboxWeb0000000000000000000000", "application_unknown_to_tenant"),
    ] {
        let mut page = Url::parse("https://errors.acme.example/?error=unauthorized_client").unwrap();
        page.query_pairs_mut().append_pair("error_description", words);
        let reply = Reply::empty(302).with("location", page.as_str());
        let stage = Stage::configured(GoogleHealth, &[]);
        let stage = stage.behind(answering(|request| request.path == "/authorize", reply));
        let output = stage.environment().run(&HEADLESS).exits(3);
        assert_eq!(output.error_code(), code, "{output}");
    }
}

#[test]
fn a_page_that_talks_about_an_error_is_not_taken_for_the_error() {
    let asks = |request: &Request| request.path.ends_with("/authorize") || request.path == "/o/oauth2/v2/auth";
    for (provider, words) in [
        (GoogleHealth, "<h1>Help</h1><p>What does Error 400: redirect_uri_mismatch mean?</p>"),
        (GoogleHealth, "<h1>Status</h1><p>Error 401: invalid_client was seen by some</p>"),
        (
            Fitbit,
            "<h1>Help</h1><p>What to do about an Invalid redirect_uri parameter value or an Invalid client_id</p>",
        ),
    ] {
        let stage = Stage::configured(provider, &[]).all_behind(answering(asks, Reply::html(400, words)));
        let output = stage.environment().run(&HEADLESS);
        assert_eq!(states(&output, "provider.callback"), ["unknown"], "{output}");
        for check in output.checks("provider.callback") {
            assert_eq!(check["code"], "unrecognised_answer", "{output}");
        }
    }
    for words in [
        "Status: a change of the callback url mismatch detection was rolled back",
        "Incident: Unknown client: foo is shown to some of our customers",
        "The client sent a request that this gateway does not take",
    ] {
        let reply = Reply::html(403, format!("<p>{words}</p>"));
        let stage = Stage::configured(GoogleHealth, &[]);
        let stage = stage.behind(answering(|request| request.path == "/authorize", reply));
        let output = stage.environment().run(&HEADLESS);
        for check in output.checks("authorize.redirect") {
            assert_eq!(
                (&check["state"], &check["code"]),
                (&json!("unknown"), &json!("unrecognised_answer")),
                "{output}"
            );
        }
    }
}

#[test]
fn a_connection_that_is_not_there_is_one_failure_where_nobody_can_tell_why() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ConnectionMissing]);
    let output = stage.environment_without_management().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "authorize_connection_not_usable", "{output}");
    assert_eq!(states(&output, "authorize.redirect"), ["fail", "skip"], "{output}");
}

#[test]
fn a_redirect_uri_that_the_token_endpoint_does_not_take_is_named() {
    let exchanges = |request: &Request| {
        request.path == "/token" && request.form().iter().any(|(name, value)| name == "code" && value.len() > 40)
    };
    let body = json!({ "error": "redirect_uri_mismatch", "error_description": "Bad Request" });
    let stage = Stage::configured(GoogleHealth, &[]).all_behind(answering(exchanges, Reply::json(400, &body)));
    let output = stage.environment().run_with_robot(&["test", "--direct", "--json"]);
    assert_eq!(output.error_code(), "redirect_uri_mismatch", "{output}");
}

#[test]
fn a_page_in_the_providers_place_is_no_provider_that_answers() {
    for provider in [GoogleHealth, Fitbit] {
        let output = Stage::configured(provider, &[Fault::ProviderGarbage]).environment().run(&HEADLESS).exits(0);
        let alive = output.checks("provider.alive")[0].clone();
        assert_eq!((&alive["state"], &alive["code"]), (&json!("unknown"), &json!("unrecognised_answer")), "{output}");
    }
}

#[test]
fn no_mark_up_of_a_page_is_repeated() {
    let page = "<!doctype html><html><head><style>p{}</style></head><body><p>Out of order</p></body></html>";
    for (path, args) in [
        ("/oauth/token", &HEADLESS[..]),
        ("/token", &HEADLESS),
        ("/v4/users/me/identity", &["test", "--direct", "--json"]),
    ] {
        let stage = Stage::configured(GoogleHealth, &[]);
        let reply = Reply { headers: Vec::new(), ..Reply::html(401, page) };
        let stage = stage.all_behind(answering(move |request| request.path == path, reply));
        let output = stage.environment().run_with_robot(args);
        assert!(output.stdout.contains("Out of order"), "{output}");
        output.hides("<p>");
        output.hides("doctype");
    }
}

#[test]
fn the_scopes_are_told_as_the_providers_page_wants_them() {
    let output = Stage::configured(GoogleHealth, &[Fault::InvalidScope]).environment().run(&HEADLESS).exits(3);
    let hint = output.checks("provider.callback")[0]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("https://www.googleapis.com/auth/googlehealth.profile.readonly"), "{hint}");
}

#[test]
fn a_gateway_that_wants_a_sign_in_is_no_refused_token() {
    let gateway = Reply::json(401, &json!({ "error": "proxy", "message": "Please sign in to the gateway" }));
    for reply in [gateway, Reply::html(401, "<h1>Sign in to the proxy</h1>")] {
        let asks = |request: &Request| request.path.starts_with("/api/v2/");
        let stage = Stage::configured(GoogleHealth, &[]).behind(answering(asks, reply.clone()));
        let output = stage.environment().run(&HEADLESS).exits(0);
        assert_eq!(states(&output, "connection.exists"), ["unknown"], "{output}");
        output.hides("management_token_rejected");
    }
    let proxy = || Reply::html(401, "<h1>Sign in to the proxy</h1>");
    let exchanges = |request: &Request| {
        request.path == "/oauth/token" && request.form().iter().any(|(_, value)| value == "authorization_code")
    };
    let stage = Stage::configured(GoogleHealth, &[]).behind(answering(exchanges, proxy()));
    let output = stage.environment().run_with_robot(&["test", "--json", "--timeout", "60s"]).exits(6);
    assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
    let identity = |request: &Request| request.path == "/v4/users/me/identity";
    let stage = Stage::configured(GoogleHealth, &[]).all_behind(answering(identity, proxy()));
    let output = stage.environment().run_with_robot(&["test", "--direct", "--json"]).exits(6);
    assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
}

#[test]
fn a_time_that_is_written_as_a_text_costs_nobody_the_token() {
    let stage = Stage::configured(GoogleHealth, &[]).all_behind(Box::new(|request, pass| {
        let mut reply = pass();
        let body = serde_json::from_slice::<serde_json::Value>(&reply.body).ok();
        if let Some(mut body) = body.filter(|body| request.path == "/token" && body["access_token"].is_string()) {
            body["refresh_token_expires_in"] = json!("604799");
            reply.body = body.to_string().into_bytes();
        }
        reply
    }));
    let output = stage.environment().run_with_robot(&["test", "--direct", "--json"]).exits(0);
    assert!(output.stdout.contains("refresh_token_expires_in_7_days"), "{output}");
}

#[test]
fn what_is_wrong_with_an_input_is_answered_with_the_profile_in_use() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let file = environment.settings();
    let file = file.to_str().unwrap();
    let args = ["test", "--headless", "--json", "--provider", "fitbit", "--config", file];
    let output = environment.run(&[&args[..], &["--client-id", facts::GOOGLE_CLIENT_ID]].concat()).exits(2);
    assert_eq!(output.error_code(), "google_id_at_fitbit", "{output}");
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains(&format!("--provider google-health --config {file}")), "{hint}");
}

#[test]
fn a_domain_that_is_not_the_one_that_is_meant_is_named_and_not_the_callback_that_nobody_registered_for_it() {
    let nowhere = format!("http://127.0.0.1:{}", common::free_port());
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    environment.write_settings(&format!("{settings}\"https://dev.sandbox.test\" = \"{nowhere}\"\n"));
    let output = environment.run(&["test", "--headless", "--json", "--domain", "dev.sandbox.test"]).exits(6);
    assert_eq!(output.error_code(), "network_unreachable", "{output}");
    assert_eq!(states(&output, "provider.callback"), ["skip"], "{output}");
    assert!(output.checks("provider.callback")[0]["detail"].as_str().unwrap().contains("tenant.reachable"), "{output}");

    let stage = Stage::configured(GoogleHealth, &[Fault::OtherTenant, Fault::RedirectMismatch]);
    let output = stage.environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "other_tenant", "{output}");
    assert_eq!(states(&output, "provider.callback"), ["skip"], "{output}");
}

#[test]
fn a_request_of_the_tenants_that_the_provider_refuses_is_named_before_anybody_is_sent_there() {
    let with_commas: fn() -> Gate = || {
        Box::new(|request, pass| {
            let mut reply = pass();
            if request.path == "/authorize"
                && let Some((_, location)) = reply.headers.iter_mut().find(|(name, _)| name == "location")
            {
                let mut address = Url::parse(location).unwrap();
                let query: Vec<_> = address.query_pairs().into_owned().collect();
                let joined = query.iter().map(|(name, value)| match name.as_str() {
                    "scope" => (name.clone(), value.replace(' ', ",")),
                    _ => (name.clone(), value.clone()),
                });
                address.query_pairs_mut().clear().extend_pairs(joined);
                *location = address.into();
            }
            reply
        })
    };
    let exact = "exactly Scope `openid email profile https://www.googleapis.com/auth/googlehealth.profile.readonly`";
    let output = Stage::configured(GoogleHealth, &[]).behind(with_commas()).environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "authorize_scopes_missing", "{output}");
    assert!(output.document()["error"]["hint"].as_str().unwrap().contains(exact), "{output}");
    assert_eq!(states(&output, "authorize.redirect")[0], "fail", "{output}");
    let stage = Stage::empty(GoogleHealth, &[]).behind(with_commas());
    let output = stage.environment().run(&["setup", "--yes", "--json", "--all-apps"]).exits(3);
    assert_eq!(output.error_code(), "authorize_scopes_missing", "{output}");
}

#[test]
fn a_secret_that_the_tenant_does_not_show_is_neither_right_nor_wrong() {
    for (mask, state) in [(json!(null), "warn"), (json!("********"), "skip")] {
        let gate: Gate = Box::new(move |request, pass| {
            let mut reply = pass();
            if request.method == "GET" && request.path.starts_with("/api/v2/connections") {
                let text = String::from_utf8_lossy(&reply.body);
                let shown = format!("\"client_secret\":{}", json!(facts::GOOGLE_CLIENT_SECRET));
                reply.body = text.replace(&shown, &format!("\"client_secret\":{mask}")).into();
            }
            reply
        });
        let output = Stage::configured(GoogleHealth, &[]).behind(gate).environment().run(&HEADLESS).exits(0);
        assert_eq!(states(&output, "connection.secret"), [state], "{output}");
        let detail = output.checks("connection.secret")[0]["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("does not show") || detail.contains("keeps it to itself"), "{output}");
    }
}

#[test]
fn a_profile_that_the_tenant_could_not_fetch_is_told_by_what_the_provider_answered() {
    for (provider, words, code) in [
        (Fitbit, "failed to fetch user profile (status: 410 data: )", "provider_shut_down"),
        (Fitbit, "failed to fetch user profile (status: 503 data: )", "service_unavailable"),
        (Fitbit, "failed to fetch user profile", "unrecognised_answer"),
        (GoogleHealth, "failed to fetch user profile (status: 503 data: )", "service_unavailable"),
    ] {
        let output = denied(&Stage::configured(provider, &[]), &THROUGH, words);
        assert_eq!(output.error_code(), code, "{words}: {output}");
    }
}

#[test]
fn a_token_for_another_audience_is_no_token_that_lacks_permissions() {
    use base64::Engine as _;
    let claims = json!({ "aud": "https://acme.sandbox.test/userinfo", "scope": "openid", "exp": 4_000_000_000_u64 });
    let base64 = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let token = format!("{}.{}.c2ln", base64(r#"{"alg":"RS256"}"#), base64(&claims.to_string()));
    let stage = Stage::configured(GoogleHealth, &[]);
    let output = stage.environment_without_management().with("AUTH0_API_TOKEN", &token).run(&HEADLESS).exits(4);
    assert_eq!(states(&output, "management.access"), ["fail"], "{output}");
    assert_eq!(output.error_code(), "management_token_rejected", "{output}");
}

#[test]
fn a_profile_that_does_not_exist_is_said_to_the_person_who_mistyped_it() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let proxy = format!("http://127.0.0.1:{}", common::free_port());
    let environment = stage.environment().with("HTTPS_PROXY", &proxy);
    let environment = environment.with("FITBIT_CONNECT_CLIENT_ID", facts::GOOGLE_CLIENT_ID);
    let environment = environment.with("FITBIT_CONNECT_CLIENT_SECRET", facts::GOOGLE_CLIENT_SECRET);
    let output = environment.run(&["test", "--headless", "--profile", "prdo"]).exits(6);
    assert!(output.stderr.contains("there is no profile prdo (profiles: default)"), "{output}");
    let output = environment.run(&["status", "--profile", "prdo"]).exits(0);
    assert!(output.stdout.contains("fitbit-connect setup --profile prdo"), "{output}");
}

#[test]
fn the_words_of_this_programs_own_script_are_told_for_what_they_name() {
    for (words, exit, code) in [
        ("Google Health refused the access token (401).", 4, "access_token_rejected"),
        ("Google Health answered with HTTP 503.", 6, "service_unavailable"),
        ("Google userinfo answered with HTTP 429.", 6, "rate_limited"),
        ("Google Health could not be reached (ETIMEDOUT).", 6, "service_unavailable"),
        ("Google Health could not be reached.", 6, "service_unavailable"),
        ("Google Health answered with HTTP 404.", 3, "profile_script_failed"),
        ("Google Health answered without a user id.", 3, "profile_script_failed"),
    ] {
        let words: &'static str = format!("fetchUserProfile: {words}").leak();
        let output = denied(&Stage::configured(GoogleHealth, &[Fault::NoLogScope]), &THROUGH, words).exits(exit);
        assert_eq!(output.error_code(), code, "{words}: {output}");
        let found = explained(words);
        assert_eq!(found, [code], "{words}");
    }
}

/// The codes that `explain` gives to a text.
fn explained(text: &str) -> Vec<String> {
    let output = common::Environment::new().run_with_stdin(&["explain", "-", "--json"], text).exits(0);
    let diagnoses = output.document()["diagnoses"].as_array().unwrap().clone();
    diagnoses.iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_bare_unauthorized_is_compared_with_the_secret_in_the_tenant_where_that_can_be_read() {
    for (faults, exit, code, says) in [
        (&[Fault::NoLogScope][..], 5, "login_blocked", "the tenant holds the same client secret"),
        (&[Fault::NoLogScope, Fault::OptionsHidden], 5, "login_blocked", "could not be compared"),
    ] {
        let output = denied(&Stage::configured(GoogleHealth, faults), &THROUGH, "Unauthorized").exits(exit);
        assert_eq!(output.error_code(), code, "{output}");
        assert!(output.document()["error"]["message"].as_str().unwrap().contains(says), "{output}");
    }
}

#[test]
fn fitbits_own_word_for_a_box_that_was_left_open_is_known_in_a_direct_login() {
    let refused = json!({ "success": false, "errors": [{ "errorType": "insufficient_scope",
        "message": "This application does not have permission to access profile data." }] });
    let profile = |request: &Request| request.path == "/1/user/-/profile.json";
    let stage = Stage::configured(Fitbit, &[]).all_behind(answering(profile, Reply::json(403, &refused)));
    let output = stage.environment().run_with_robot(&["test", "--direct", "--json"]).exits(5);
    assert_eq!(output.error_code(), "identity_scope_not_granted", "{output}");
    assert!(output.stderr.contains("insufficient_scope"), "{output}");
}

#[test]
fn a_tenant_whose_token_endpoint_is_not_found_is_still_a_tenant() {
    let token = |request: &Request| request.path == "/oauth/token";
    let stage = Stage::configured(GoogleHealth, &[]).behind(answering(token, Reply::html(404, "<h1>Not Found</h1>")));
    let output = stage.environment().run(&HEADLESS);
    assert_eq!(states(&output, "tenant.reachable"), ["pass"], "{output}");
    output.hides("tenant_not_found");
    assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
}

#[test]
fn an_entry_of_the_tenants_log_and_an_address_are_explained_as_a_login_is() {
    let entry = |error: serde_json::Value| {
        json!({ "type": "f", "connection": "google-health", "description": error["message"],
        "details": { "error": error } })
    };
    let failed =
        |payload: serde_json::Value| entry(json!({ "message": "failed to obtain access token", "payload": payload }));
    let blocked = json!({ "message": "Access denied: an Action of this tenant refused the login.",
        "oauthError": "unauthorized", "type": "access-denied" });
    for (text, codes) in [
        (failed(json!({ "status": 503 })).to_string(), &["service_unavailable"][..]),
        (failed(json!({ "status": 429 })).to_string(), &["rate_limited"]),
        (failed(json!({ "status": 410 })).to_string(), &["provider_shut_down"]),
        (failed(json!({ "status": 400, "code": "invalid_grant" })).to_string(), &["code_rejected"]),
        (failed(json!({ "status": 401, "code": "deleted_client" })).to_string(), &["client_deleted"]),
        (json!([entry(blocked)]).to_string(), &["login_blocked"]),
        (
            "https://app.example.com/callback?error=access_denied&error_description=Unauthorized&state=x".to_owned(),
            &["client_secret_rejected", "login_blocked"],
        ),
        (
            r#"{"error":"access_denied","error_description":"Unauthorized"}"#.to_owned(),
            &["management_credentials_rejected"],
        ),
    ] {
        assert_eq!(explained(&text), codes, "{text}");
    }
}

#[test]
fn a_redirect_that_is_no_authorization_request_is_not_told_as_another_provider() {
    let authorize = |request: &Request| request.path == "/authorize";
    let away = Reply::empty(302).with("location", "https://www.acme.example/");
    let stage = Stage::configured(GoogleHealth, &[]).behind(answering(authorize, away));
    for environment in [stage.environment(), stage.environment_without_management()] {
        let output = environment.run(&HEADLESS);
        assert!(states(&output, "authorize.redirect").iter().all(|state| state == "unknown"), "{output}");
        assert!(output.stderr.contains("which is no authorization request"), "{output}");
        output.hides("authorize_wrong_provider");
    }
}

#[test]
fn an_application_for_the_test_that_is_not_there_says_nothing_of_a_list_that_was_not_read() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let args = ["test", "--json", "--no-browser", "--timeout=2s", "--test-app", "SandboxMobile000000000000000000X"];
    let output = stage.environment_without_management().run(&args).exits(2);
    assert_eq!(output.error_code(), "application_not_found", "{output}");
    output.hides("has no application that logs people in");
}

#[test]
fn an_application_of_its_own_is_not_said_to_need_a_secret() {
    let exchange =
        |request: &Request| request.path == "/oauth/token" && request.form().iter().any(|(n, _)| n == "code");
    let refused = |status: u16, error: &str, words: &str| {
        let reply = Reply::json(status, &json!({ "error": error, "error_description": words }));
        Stage::configured(GoogleHealth, &[]).behind(answering(exchange, reply))
    };
    let public = facts::APPLICATIONS[1].client_id;
    for (words, args) in [
        ("Unauthorized", &["test", "--json"][..]),
        ("Too many attempts from this address", &["test", "--json"]),
        ("Unauthorized", &["setup", "--yes", "--json"]),
    ] {
        let stage = refused(401, "access_denied", words);
        let output = stage.environment().run_with_robot(args).exits(6);
        assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
        assert!(output.document()["error"]["message"].as_str().unwrap().contains(words), "{output}");
    }
    // The tenant's list says that this one is public.
    let stage = refused(401, "access_denied", "Unauthorized");
    let callback = format!("http://127.0.0.1:{}/callback", stage.port());
    stage.api(reqwest::Method::PATCH, &format!("clients/{public}"), Some(json!({ "callbacks": [callback] })));
    let named = ["test", "--json", "--test-app", public];
    assert_eq!(stage.environment().run_with_robot(&named).exits(6).error_code(), "unrecognised_answer");
    // Nobody can tell, so that the documented words do.
    let output = stage.environment_without_management().run_with_robot(&named).exits(3);
    assert_eq!(output.error_code(), "application_confidential", "{output}");
    let stage = refused(403, "unauthorized_client", "Grant type 'authorization_code' not allowed for the client.");
    let output = stage.environment().run_with_robot(&["test", "--json"]).exits(3);
    assert_eq!(output.error_code(), "application_grant_missing", "{output}");
}

#[test]
fn what_comes_in_place_of_an_answer_is_shown_at_every_step_of_a_login() {
    let exchange =
        |request: &Request| request.path == "/oauth/token" && request.form().iter().any(|(n, _)| n == "code");
    let profile = |request: &Request| request.path == "/userinfo";
    let page = || Reply::html(403, "<h1>Attention Required</h1><script>var token = 'abc';</script>");
    let through = ["test", "--json"];
    let shows = |stage: Stage, args: &[&str], code: i32, what: &str| {
        let output = stage.environment().run_with_robot(args).exits(code);
        let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(what) && !message.contains("var token"), "{message}");
    };
    let tenant = |is_it: fn(&Request) -> bool, reply: Reply| {
        Stage::configured(GoogleHealth, &[]).behind(answering(is_it, reply))
    };
    shows(tenant(exchange, page()), &through, 6, "a page: Attention Required");
    shows(tenant(exchange, Reply::json(200, &json!({}))), &through, 6, "(200): a body of another form, 2 bytes");
    shows(
        tenant(exchange, Reply::redirect("https://wifi.example/login?u=1")),
        &through,
        6,
        "a redirect to https://wifi.example/login",
    );
    shows(tenant(profile, page()), &through, 6, "without a profile: a page: Attention Required");
    shows(tenant(profile, Reply::empty(403)), &through, 6, "without a profile: an empty body");
    let words = Reply::json(400, &json!({ "error": "x", "error_description": "Etwas ist schiefgelaufen" }));
    shows(tenant(profile, words), &through, 6, "Etwas ist schiefgelaufen");

    // A success that is none may hold a token, of which nothing is repeated.
    let token = Reply::json(200, &json!({ "token": "opaque-4711-opaque-4711" }));
    let output = tenant(exchange, token).environment().run_with_robot(&through).exits(6);
    output.hides("opaque-4711");

    let provider = |path: &'static str, reply: Reply| {
        let is_it = move |request: &Request| request.path.ends_with(path);
        Stage::configured(GoogleHealth, &[]).all_behind(answering(is_it, reply))
    };
    let direct = ["test", "--direct", "--json"];
    shows(provider("/identity", page()), &direct, 6, "a page: Attention Required");
    shows(
        provider("/identity", Reply::redirect("https://wifi.example/login")),
        &direct,
        6,
        "a redirect to https://wifi.example/login",
    );
}

#[test]
fn an_authorize_page_that_nobody_knows_is_the_reason_of_a_login_that_does_not_come_back() {
    let asks = |request: &Request| request.path.ends_with("/o/oauth2/v2/auth");
    let page = Reply::html(403, "<h1>Attention Required!</h1>");
    let stage = Stage::configured(GoogleHealth, &[]).all_behind(answering(asks, page));
    let output = stage.environment().run(&["test", "--json", "--no-browser", "--timeout=1s"]).exits(6);
    assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
    assert!(output.document()["error"]["message"].as_str().unwrap().contains("Attention Required!"), "{output}");
}

#[test]
fn an_error_page_of_googles_is_known_in_any_language_and_without_its_number() {
    let asks = |request: &Request| request.path.ends_with("/o/oauth2/v2/auth");
    for (page, code) in [
        ("错误 400：redirect_uri_mismatch", "redirect_uri_mismatch"),
        ("錯誤 400：redirect_uri_mismatch", "redirect_uri_mismatch"),
        ("400 오류: org_internal", "org_internal"),
        ("That\u{2019}s an error. Error: redirect_uri_mismatch", "redirect_uri_mismatch"),
        ("401. Das ist ein Fehler. Fehler: deleted_client", "client_deleted"),
    ] {
        let reply = Reply::html(400, format!("<p>{page}</p>"));
        let stage = Stage::configured(GoogleHealth, &[]).all_behind(answering(asks, reply));
        let output = stage.environment().run(&HEADLESS);
        assert_eq!(output.error_code(), code, "{page}: {output}");
    }
}

#[test]
fn a_token_that_a_page_says_to_be_revoked_is_not() {
    let revokes = |request: &Request| request.path.ends_with("/revoke");
    for reply in
        [Reply::html(200, "<h1>Welcome to our hotel</h1>"), Reply::json(200, &json!({ "error": "invalid_client" }))]
    {
        let stage = Stage::configured(GoogleHealth, &[]).all_behind(answering(revokes, reply));
        let output = stage.environment().run_with_robot(&["test", "--direct", "--json"]).exits(0);
        let all = output.document()["checks"].to_string();
        assert!(all.contains("token_not_revoked"), "{output}");
    }
}

#[test]
fn an_entry_of_the_log_is_told_by_its_words_and_not_by_its_type_alone() {
    for (kind, words, codes) in [
        (
            "feccft",
            "Client is not authorized to access \"https://acme.eu.auth0.com/api/v2/\".",
            &["management_client_not_authorized"][..],
        ),
        ("feccft", "Service not found: https://x.auth0.com/api/v2/", &["management_audience_unknown"]),
        ("feccft", "Too many requests", &["rate_limited"]),
        ("feccft", "", &["management_credentials_rejected"]),
        ("feacft", "Too many requests", &["rate_limited"]),
        ("feacft", "", &["code_rejected"]),
    ] {
        let text = json!({ "type": kind, "description": words }).to_string();
        assert_eq!(explained(&text), codes, "{text}");
    }
    let entry = |payload: serde_json::Value| {
        let error = json!({ "message": "Failed to obtain access token", "payload": payload });
        json!({ "type": "f", "description": "failed to obtain access token", "details": { "error": error } })
            .to_string()
    };
    assert_eq!(explained(&entry(json!({ "status": 404 }))), ["unrecognised_answer"]);
    assert_eq!(explained(&entry(json!({ "status": 0, "code": "ENOTFOUND" }))), ["service_unavailable"]);
    assert_eq!(explained(&entry(json!({ "status": 401 }))), ["client_secret_rejected"]);
}

#[test]
fn a_setup_with_a_refused_secret_is_told_of_the_right_one_in_the_tenant() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().with("FITBIT_CONNECT_CLIENT_SECRET", "GOCSPX-zzzzzzzzzzzzzzzzzzzzzzzzzzzz");
    let output = environment.run(&["setup", "--yes", "--json"]).exits(4);
    assert_eq!(output.error_code(), "client_secret_rejected");
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("holds another client secret, which Google Health API accepts"), "{hint}");
    assert!(stage.writes_since(0).iter().all(|write| !write.contains("connections")), "{output}");
}

#[test]
fn what_is_entered_by_hand_at_a_domain_that_is_no_tenants_is_not_said_to_be_set_up() {
    let by_hand = ["setup", "--manual", "--yes", "--skip-login"];
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::configured(provider, &[Fault::NotATenant]);
        let output = stage.environment_without_management().run(&by_hand).exits(3);
        assert!(output.stderr.contains("[tenant_not_found]") && !output.stderr.contains("is set up in"), "{output}");
    }
    // A tenant, and a firewall in front of its page.
    let page = Reply::html(403, "<h1>Attention Required</h1>");
    let stage = Stage::configured(GoogleHealth, &[]).behind(answering(|request| request.path == "/authorize", page));
    let output = stage.environment_without_management().run(&by_hand).exits(0).says("is not known");
    assert!(output.stderr.contains("Not verified") && !output.stderr.contains("is set up in"), "{output}");
}

/// The failure of a login whose tenant got no token for the provider's code, with this entry in its log.
fn without_a_token(faults: &[Fault], error: serde_json::Value, management: bool) -> Output {
    let logs: Gate = Box::new(move |request, pass| {
        let reply = pass();
        if request.path != "/api/v2/logs" {
            return reply;
        }
        let mut entries: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        for entry in entries.as_array_mut().unwrap() {
            entry["description"] = error["message"].clone();
            entry["details"] = json!({ "error": error });
        }
        Reply::json(200, &entries)
    });
    let stage = Stage::configured(GoogleHealth, faults).behind(logs);
    let environment = if management { stage.environment() } else { stage.environment_without_management() };
    if management {
        return environment.run_with_robot(&["test", "--json"]);
    }
    let callback = format!("http://127.0.0.1:{}/callback", stage.port());
    let public = facts::APPLICATIONS[1].client_id;
    stage.api(reqwest::Method::PATCH, &format!("clients/{public}"), Some(json!({ "callbacks": [callback] })));
    environment.run_with_robot(&["test", "--json", "--test-app", public])
}

#[test]
fn googles_own_word_for_a_refused_secret_in_the_log_is_no_refusal_of_an_action() {
    let wrong = [Fault::WrongSecretInTenant, Fault::OptionsHidden];
    for error in [
        json!({ "message": "Unauthorized", "oauthError": "invalid_client", "type": "oauth-authorization" }),
        json!({ "message": "Unauthorized" }),
        json!({ "message": "Unauthorized", "oauthError": "access_denied" }),
        json!({ "message": "Unauthorized", "payload": { "status": 401 } }),
    ] {
        let output = without_a_token(&wrong, error.clone(), true).exits(4);
        assert_eq!(output.error_code(), "client_secret_rejected", "{error} {output}");
        let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
        assert!(hint.contains("fitbit-connect setup"), "{hint}");
        // The right secret is not said to be wrong.
        let output = without_a_token(&[Fault::CodeRefused], error, true).exits(6);
        assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
    }
    // Words that name something else are no word about the secret.
    let unread = [Fault::CodeRefused, Fault::OptionsHidden];
    for (error, code) in [
        (json!({ "message": "redirect_uri_mismatch", "oauthError": "redirect_uri_mismatch" }), "redirect_uri_mismatch"),
        (json!({ "message": "The OAuth client was deleted.", "oauthError": "deleted_client" }), "client_deleted"),
        (
            json!({ "message": "The OAuth client was disabled.", "oauthError": "disabled_client" }),
            "unrecognised_answer",
        ),
        (json!({ "message": "Invalid grant_type: ", "oauthError": "unsupported_grant_type" }), "unrecognised_answer"),
        (json!({ "message": "unable to verify the first certificate" }), "service_unavailable"),
        (json!({ "message": "Forbidden" }), "unrecognised_answer"),
    ] {
        let output = without_a_token(&unread, error.clone(), true);
        assert_eq!(output.error_code(), code, "{error} {output}");
    }
    // Without the Management API the cure is the dashboard, and every cure of a login keeps its application.
    let output = without_a_token(&[Fault::WrongSecretInTenant], json!({}), false).exits(4);
    let error = output.document()["error"].clone();
    let (message, hint) = (error["message"].as_str().unwrap(), error["hint"].as_str().unwrap());
    assert!(message.contains("that needs the Management API") && hint.contains("in the dashboard enter"), "{error}");
    let output = without_a_token(&[Fault::Denied], json!({}), false).exits(5);
    let again = format!("--test-app {}", facts::APPLICATIONS[1].client_id);
    assert!(output.document()["error"]["hint"].as_str().unwrap().contains(&again), "{output}");
}

#[test]
fn an_application_for_machines_and_one_that_is_saved_by_its_name_are_told_for_what_they_are() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let saved = |application: &str| {
        let line = format!("applications = [\"{application}\"]");
        let text = stage.settings(fitbit_connect::ids::Store::Nothing);
        let before = text.lines().find(|line| line.starts_with("applications = ")).unwrap().to_owned();
        environment.write_settings(&text.replace(&before, &line));
        environment.run(&HEADLESS)
    };
    let output = saved(facts::MANAGEMENT_CLIENT_ID);
    let asked = &output.checks("authorize.redirect")[0];
    assert_eq!(asked["code"], "application_without_callback", "{output}");
    assert!(asked["detail"].as_str().unwrap().contains("machine to machine"), "{output}");
    let output = saved("Acme Web").exits(0);
    assert_eq!(states(&output, "authorize.redirect"), ["pass"], "{output}");
}

#[test]
fn what_auth0_itself_says_in_its_log_is_known_whatever_it_calls_the_error() {
    let entry = |kind: &str, words: &str, oauth: &str| {
        let error = json!({ "message": words, "oauthError": oauth, "type": "request-error" });
        json!({ "type": kind, "description": words, "details": { "error": error } }).to_string()
    };
    for (words, oauth, code) in [
        ("the connection was not found", "invalid_request", "authorize_connection_not_usable"),
        (
            "Callback URL mismatch. https://a.example/ is not in the list of allowed callback URLs",
            "unauthorized_client",
            "callback_not_allowed",
        ),
        ("Unknown client: SandboxWeb0000000000000000000000", "invalid_request", "application_unknown_to_tenant"),
        (
            "Grant type 'authorization_code' not allowed for the client.",
            "unauthorized_client",
            "application_grant_missing",
        ),
        ("Login required", "login_required", "login_required"),
    ] {
        assert_eq!(explained(&entry("f", words, oauth)), [code], "{words}");
    }
    assert_eq!(explained(&entry("feacft", "Unauthorized", "access_denied")), ["application_confidential"]);
    assert_eq!(
        explained(
            r#"{"error":"access_denied","error_description":"Service not found: https://acme.eu.auth0.com/api/v2"}"#
        ),
        ["management_audience_unknown"]
    );
    let back =
        |words: &str| explained(&format!("https://a.example/callback?error=access_denied&error_description={words}"));
    assert_eq!(back("Service%20not%20found%3A%20https%3A%2F%2Fapi.acme.com"), ["unrecognised_answer"]);
    assert_eq!(back("getaddrinfo%20ENOTFOUND%20oauth2.googleapis.com"), ["service_unavailable"]);
}

#[test]
fn a_login_that_comes_back_with_words_of_a_token_endpoint_or_a_network_is_told_for_what_it_is() {
    for (error, words, code, exit) in [
        ("invalid_grant", "Bad Request", "code_rejected", 3),
        ("access_denied", "getaddrinfo ENOTFOUND oauth2.googleapis.com", "service_unavailable", 6),
        ("access_denied", "connect ECONNREFUSED 10.0.0.1:443", "service_unavailable", 6),
        ("access_denied", "socket hang up", "service_unavailable", 6),
        ("access_denied", "certificate has expired", "service_unavailable", 6),
    ] {
        let stage = Stage::configured(GoogleHealth, &[]);
        let output = comes_back(&stage, &THROUGH, &[("error", error), ("error_description", words)]).exits(exit);
        assert_eq!(output.error_code(), code, "{words}: {output}");
    }
}

#[test]
fn a_client_id_of_the_other_provider_in_the_settings_is_refused_before_anything_is_sent() {
    for (provider, id, code) in [
        (GoogleHealth, facts::FITBIT_CLIENT_ID, "fitbit_id_at_google"),
        (Fitbit, facts::GOOGLE_CLIENT_ID, "google_id_at_fitbit"),
    ] {
        let stage = Stage::configured(provider, &[]);
        let environment = stage.environment();
        let text = stage.settings(fitbit_connect::ids::Store::Nothing);
        let own = if provider == Fitbit { facts::FITBIT_CLIENT_ID } else { facts::GOOGLE_CLIENT_ID };
        environment.write_settings(&text.replace(own, id));
        for args in [&HEADLESS[..], &["setup", "--yes", "--json"]] {
            let mark = stage.mark();
            let output = environment.run(args).exits(2);
            assert_eq!(output.error_code(), code, "{output}");
            assert_eq!(stage.since(mark), [], "{output}");
        }
        environment.run(&["status", "--json"]).exits(0);
        environment.run(&["remove", "--yes"]).exits(0);
    }
}

#[test]
fn every_login_domain_is_asked_and_one_that_is_not_the_tenants_is_named() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let text = stage.settings(fitbit_connect::ids::Store::Nothing);
    let tenant = format!("\"https://{}\" = ", facts::DOMAIN);
    let address = text.lines().find_map(|line| line.strip_prefix(&tenant)).unwrap();
    let fitbit = text.lines().find_map(|line| line.strip_prefix("\"https://www.fitbit.com\" = ")).unwrap();
    let with = |domains: &str, more: &str| {
        let text = text.replace("\nport = ", &format!("\nlogin_domains = [{domains}]\nport = "));
        environment.write_settings(&format!("{text}\n{more}\n"));
        environment.run(&HEADLESS)
    };
    let own = format!("\"https://second.acme.example\" = {address}");
    let output = with("\"acme.sandbox.test\", \"second.acme.example\"", &own);
    let through = |output: &Output| {
        let all = output.checks("authorize.redirect");
        all.into_iter()
            .filter(|one| one["detail"].as_str().unwrap().contains("second.acme.example"))
            .collect::<Vec<_>>()
    };
    assert_eq!((through(&output).len(), &through(&output)[0]["state"]), (1, &json!("pass")), "{output}");
    // Somebody else's web server.
    let other = format!("\"https://second.acme.example\" = {fitbit}");
    let output = with("\"acme.sandbox.test\", \"second.acme.example\"", &other);
    assert_ne!(through(&output)[0]["state"], "pass", "{output}");
}

#[test]
fn statuses_and_errors_as_other_programs_print_them_are_known() {
    for (text, code) in [
        ("HTTP/2 503", "service_unavailable"),
        ("HTTP/2 429", "rate_limited"),
        ("AxiosError: Request failed with status code 410", "provider_shut_down"),
        ("curl: (22) The requested URL returned error: 503", "service_unavailable"),
        (
            r#"{"error":{"code":500,"message":"Internal error encountered.","status":"INTERNAL"}}"#,
            "service_unavailable",
        ),
        (r#"{"statusCode":503,"error":"Service Unavailable"}"#, "service_unavailable"),
        ("dial tcp: lookup acme.eu.auth0.com: no such host", "network_unreachable"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "tls_failed"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "network_unreachable"),
    ] {
        assert_eq!(explained(text), [code], "{text}");
    }
    let page = explained("Oops!, something went wrong\naccess_denied: Unauthorized");
    assert!(!page.contains(&"management_credentials_rejected".to_owned()), "{page:?}");
}

#[test]
fn what_firefox_says_of_the_listener_is_known() {
    for text in [
        "Firefox can\u{2019}t establish a connection to the server at 127.0.0.1:18917.",
        "Firefox can't establish a connection to the server at localhost:18917.",
        "Firefox kann keine Verbindung zu dem Server unter 127.0.0.1:18917 aufbauen.",
        "Firefox ne peut \u{e9}tablir de connexion avec le serveur \u{e0} l\u{2019}adresse 127.0.0.1:18917.",
    ] {
        assert_eq!(explained(text), ["loopback_unreachable"], "{text}");
    }
    assert_eq!(
        explained("Firefox can't establish a connection to the server at acme.eu.auth0.com."),
        ["network_unreachable"]
    );
}
