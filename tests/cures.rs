//! Cures hold when they are pasted: the command that is printed means the same set-up and puts right what it says, and what is
//! told of a failure is no more than what was seen.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::stage::Stage;
use common::{Environment, Output, login_address};
use fitbit_connect::diagnosis::Code;
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{Call, Http};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::{Reply, Request};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Mutex;
use url::Url;

const HEADLESS: [&str; 3] = ["test", "--headless", "--json"];

/// The hint of the check that failed.
#[track_caller]
fn cure(output: &Output, check: &str) -> String {
    let found = output.checks(check);
    let failed = found.iter().find(|check| check["state"] == "fail").unwrap_or_else(|| panic!("{check}: {output}"));
    failed["hint"].as_str().unwrap().to_owned()
}

/// The words of the first command of ours in a cure, without the program's name.
fn command(cure: &str) -> Vec<String> {
    let command = cure.split('`').find(|part| part.starts_with("fitbit-connect ")).unwrap_or_else(|| panic!("{cure}"));
    command.split(' ').skip(1).map(str::to_owned).collect()
}

fn run(environment: &Environment, command: &[String], more: &[&str]) -> Output {
    let words: Vec<&str> = command.iter().map(String::as_str).chain(more.iter().copied()).collect();
    environment.run(&words)
}

#[test]
fn the_cure_of_one_application_keeps_the_others_of_the_profile() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationNotEnabled]);
    let environment = stage.environment();
    let output = environment.run(&HEADLESS).exits(3);
    run(&environment, &command(&cure(&output, "applications.enabled")), &["--yes", "--skip-login"]).exits(0);
    let both: Vec<String> = facts::APPLICATIONS[..2].iter().map(|app| app.client_id.to_owned()).collect();
    assert_eq!(stage.enabled("google-health"), both.iter().cloned().collect());
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    assert!(both.iter().all(|id| settings.contains(&format!("\"{id}\""))), "{settings}");
    environment.run(&HEADLESS).exits(0);
}

#[test]
fn flags_that_are_not_saved_stand_in_the_command_again() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ConnectionMissing]);
    let environment = stage.environment();
    // Another connection's name and more scopes than the tenant has: the command creates and writes exactly these.
    let scopes = "profile.readonly,sleep.readonly";
    let args = [&HEADLESS[..], &["--connection", "health-two", "--scopes", scopes]].concat();
    let output = environment.run(&args).exits(3);
    let pasted = command(&Environment::new().run(&["explain", "connection_not_found"]).stdout);
    assert_eq!(pasted, ["setup"], "without a profile it is bare");
    let shown = cure(&output, "connection.exists");
    assert!(
        shown.contains("`fitbit-connect setup --connection health-two --scopes profile.readonly,sleep.readonly"),
        "{shown}"
    );
    let output = environment.run(&["test", "--direct", "--headless", "--json", "--port", "25555"]).exits(3);
    let again = cure(&output, "provider.callback");
    assert!(again.contains("`fitbit-connect test --port 25555 --direct --headless --watch`"), "{again}");
    assert!(again.contains("http://127.0.0.1:25555/callback"), "{again}");
}

#[test]
fn a_connection_that_was_renamed_is_found_by_its_client_id() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let output = environment.run(&[&HEADLESS[..], &["--connection", "health-two"]].concat()).exits(3);
    assert_eq!(output.error_code(), "connection_not_found");
    assert!(cure(&output, "connection.exists").contains("`--connection google-health`"), "{output}");
}

/// Comes back to the listener with this error, as a tenant does.
fn come_back(line: &str, error: &str, description: &str) {
    let Some(address) = login_address(line) else { return };
    let value = |name: &str| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let mut callback = Url::parse(&value("redirect_uri")).unwrap();
    callback.query_pairs_mut().extend_pairs([
        ("error", error),
        ("error_description", description),
        ("state", &value("state")),
    ]);
    drop(Http::new(Endpoints::default()).send(&Call::get(callback)));
}

#[test]
fn only_a_denial_is_taken_for_one() {
    for (error, description, code) in [
        ("access_denied", "The user has denied your application access", "access_denied"),
        ("access_denied", "", "access_denied"),
        ("access_denied", "user is blocked", "login_blocked"),
        ("access_denied", "Sorry, only staff may come in", "login_blocked"),
        ("unauthorized", "user is blocked", "login_blocked"),
        ("login_required", "Login required", "login_required"),
        ("mfa_required", "another factor", "unrecognised_answer"),
    ] {
        let stage = Stage::configured(GoogleHealth, &[Fault::NoLogScope]);
        let watch = move |line: &str| come_back(line, error, description);
        let output = stage.environment().run_watched(&["test", "--no-browser", "--json"], watch);
        assert_eq!(output.error_code(), code, "{error} {description}: {output}");
    }
}

#[test]
fn a_list_that_is_not_there_says_nothing_about_a_connection() {
    for body in
        [json!({ "statusCode": 404 }), json!({ "statusCode": 404, "error": "Not Found", "message": "Not Found" })]
    {
        let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
            if request.path == "/api/v2/connections" { Reply::json(404, &body) } else { pass() }
        }));
        let output = stage.environment().run(&HEADLESS);
        let said = output.checks("connection.exists")[0].clone();
        assert_eq!((&said["state"], &said["code"]), (&json!("unknown"), &json!("unrecognised_answer")), "{output}");
        assert!(!said["detail"].as_str().unwrap().contains('{'), "{said}");
    }
}

#[test]
fn a_pair_that_is_refused_in_unknown_words_does_not_blame_the_secret_alone() {
    let stage =
        Stage::configured(GoogleHealth, &[]).all_behind(Box::new(|request, pass| match request.path.as_str() {
            "/token" => Reply::json(401, &json!({ "error": "invalid_client", "error_description": "Something new" })),
            _ => pass(),
        }));
    let output = stage.environment().run(&HEADLESS).exits(4);
    let detail = output.checks("credentials.accepted")[0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("together with its secret") && detail.contains("Something new"), "{detail}");
}

#[test]
fn a_wildcard_is_no_missing_callback() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let id = facts::APPLICATIONS[0].client_id;
    let body = json!({ "callbacks": ["https://*.acme.example/callback"] });
    stage.api(reqwest::Method::PATCH, &format!("clients/{id}"), Some(body));
    let output = stage.environment().run(&HEADLESS).exits(0);
    let said: Vec<Value> = output.checks("authorize.redirect");
    let detail = said.iter().find(|check| check["application"] == id).unwrap()["detail"].as_str().unwrap();
    assert!(detail.contains("only callback URLs with a wildcard"), "{detail}");
}

#[test]
fn a_secret_of_the_other_provider_is_answered_with_all_that_the_move_needs() {
    let stage = Stage::configured(Fitbit, &[]);
    let output = stage.environment().run(&["setup", "--provider", "google-health", "--yes", "--json"]).exits(2);
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    for part in ["google-health", "--client-id", "FITBIT_CONNECT_CLIENT_SECRET"] {
        assert!(hint.contains(part), "{part}: {hint}");
    }
    output.hides(facts::FITBIT_CLIENT_SECRET);
    // The other way round nobody is sent back to what is shut down.
    let environment = stage.environment().with("FITBIT_CONNECT_CLIENT_SECRET", facts::GOOGLE_CLIENT_SECRET);
    let output = environment.run(&HEADLESS).exits(2);
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(
        hint.contains("shut down on 2 Nov 2026") && hint.contains("`fitbit-connect setup --provider google-health"),
        "{hint}"
    );
}

#[test]
fn the_cure_stands_at_the_end_again_when_it_has_scrolled_away() {
    let stage = Stage::configured(GoogleHealth, &[Fault::RedirectMismatch]);
    let output = stage.environment().run(&["test", "--headless"]).exits(3);
    let end: Vec<&str> = output.stderr.lines().rev().take(4).collect();
    assert!(end.iter().any(|line| line.contains("/login/callback") && line.contains("hint:")), "{output}");
    // Google's page for Google's trouble.
    assert!(end.iter().any(|line| line.contains("see: https://developers.google.com/")), "{output}");
}

#[test]
fn a_text_about_another_client_is_not_answered_with_this_profiles_values() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let other = "999999999999-zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz.apps.googleusercontent.com";
    let text = format!("Error 401: deleted_client https://accounts.google.com/o?client_id={other}&x=y");
    let output = environment.run(&["explain", &text]).exits(0);
    assert!(output.stdout.contains(other) && output.stdout.contains("project=999999999999"), "{output}");
    assert!(!output.stdout.contains("123456789012"), "{output}");
    let output =
        environment.run(&["explain", "Developer information: unauthorized_client - Invalid client_id"]).exits(0);
    assert!(
        output.stdout.contains("https://dev.fitbit.com/apps") && !output.stdout.contains("123456789012"),
        "{output}"
    );
}

#[test]
fn an_error_403_in_any_language_is_no_denial() {
    for text in ["Fehler 403: access_denied", "Erreur 403 : access_denied", "Error 403: access_denied"] {
        let output = Environment::new().run(&["explain", "--json", text]).exits(0);
        let document = output.document();
        let found = document["diagnoses"].as_array().unwrap().iter();
        let codes: Vec<&str> = found.map(|row| row["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["not_a_test_user"], "{text}");
    }
}

/// A tenant whose log has these entries, each for the application that is asked about unless it says otherwise.
fn with_log(stage: Stage, entries: Value) -> Stage {
    stage.behind(Box::new(move |request, pass| {
        if request.path != "/api/v2/logs" {
            return pass();
        }
        let asked = request.query.iter().find(|(name, _)| name == "q").unwrap().1.clone();
        let application = asked.split('"').nth(1).unwrap().to_owned();
        let entries: Vec<Value> = entries
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let mut entry = entry.clone();
                let whose = entry["client_id"].as_str().unwrap_or(&application).to_owned();
                entry["client_id"] = whose.into();
                entry["date"] = "2026-11-25T10:00:00.000Z".into();
                entry
            })
            .collect();
        Reply::json(200, &json!(entries))
    }))
}

#[test]
fn the_tenants_log_says_who_refused_a_login_that_never_came_back() {
    let error =
        |oauth_error: &str, message: &str| json!({ "error": { "oauthError": oauth_error, "message": message } });
    for (description, details, code) in [
        ("user is blocked", error("unauthorized", "user is blocked"), "login_blocked"),
        ("Access has been denied by an Action", error("access_denied", "only staff"), "login_blocked"),
        ("user denied by rule", json!({}), "login_blocked"),
        ("The user has denied your application access", error("access_denied", ""), "access_denied"),
        ("Internal Server Error", error("server_error", ""), "service_unavailable"),
        ("something never seen", json!({}), "unrecognised_answer"),
    ] {
        let entry = json!({ "type": "f", "description": description, "details": details });
        let stage = with_log(Stage::configured(GoogleHealth, &[]), json!([entry]));
        let output = stage.environment().run(&["test", "--no-browser", "--timeout", "1s", "--json"]);
        assert_eq!(output.error_code(), code, "{description}: {output}");
        let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(description), "{message}");
    }
}

#[test]
fn an_entry_of_another_application_says_nothing_about_this_login() {
    for (whose, of) in [("client_id", "somebody-elses"), ("connection", "google-oauth2")] {
        let entry = json!({ "type": "f", "description": "user is blocked", whose: of });
        let stage = with_log(Stage::configured(GoogleHealth, &[]), json!([entry]));
        let output = stage.environment().run(&["test", "--no-browser", "--timeout", "1s", "--json"]);
        assert_eq!(output.error_code(), "login_timed_out", "{whose}: {output}");
    }
}

#[test]
fn a_late_entry_of_an_earlier_login_says_nothing_about_this_one() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let public = facts::APPLICATIONS[1].client_id;
    let callback = format!("http://127.0.0.1:{}/callback", stage.port());
    stage.api(Method::PATCH, &format!("clients/{public}"), Some(json!({ "callbacks": [callback] })));
    let asked = Mutex::new(false);
    let stage = stage.behind(Box::new(move |request, pass| {
        if request.path != "/api/v2/logs" {
            return pass();
        }
        let is_late = std::mem::replace(&mut *asked.lock().unwrap(), true);
        let entry = json!({ "date": "2026-11-25T10:00:00.000Z", "type": "s", "client_id": public });
        Reply::json(200, &if is_late { json!([entry]) } else { json!([]) })
    }));
    let output = stage.environment().run(&["test", "--no-browser", "--timeout=1s", "--json", "--test-app", public]);
    assert_eq!(output.error_code(), "login_timed_out", "{output}");
}

#[test]
fn an_answer_without_words_is_told_by_the_tenants_log() {
    for (error, description, code) in [
        ("access_denied", "Only staff may log in (Action)", "login_blocked"),
        ("access_denied", "The user has denied your application access", "access_denied"),
        ("server_error", "Script execution did not complete within 20 seconds.", "unrecognised_answer"),
        ("server_error", "Internal Server Error", "service_unavailable"),
    ] {
        let entry = json!({ "type": "f", "description": description });
        let stage = with_log(Stage::configured(GoogleHealth, &[]), json!([entry]));
        let output = stage.environment().run_watched(&["test", "--no-browser", "--json"], move |line| {
            let Some(address) = login_address(line) else { return };
            let value = |name: &str| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
            let mut callback = Url::parse(&value("redirect_uri")).unwrap();
            callback.query_pairs_mut().extend_pairs([("error", error), ("state", &value("state"))]);
            Http::new(Endpoints::default()).send(&Call::get(callback)).unwrap();
        });
        assert_eq!(output.error_code(), code, "{error} {description}: {output}");
    }
}

#[test]
fn a_listener_that_was_not_reached_is_no_reason_to_keep_a_program_that_has_ended() {
    let stage = with_log(Stage::configured(GoogleHealth, &[]), json!([{ "type": "s", "description": "" }]));
    let output = stage.environment().run(&["test", "--no-browser", "--timeout", "1s", "--json"]);
    assert_eq!(output.error_code(), "loopback_unreachable", "{output}");
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("Run `fitbit-connect test") && !hint.contains("Keep the command"), "{hint}");
}

#[test]
fn a_login_at_fitbit_that_nobody_finished_may_be_one_of_a_personal_app() {
    let stage = Stage::configured(Fitbit, &[]);
    let output = stage.environment().run(&["test", "--no-browser", "--timeout", "1s", "--json"]).exits(5);
    let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("type at Fitbit is Personal lets only its owner log in"), "{message}");
    let google = Stage::configured(GoogleHealth, &[]);
    let output = google.environment().run(&["test", "--no-browser", "--timeout", "1s", "--json"]).exits(5);
    assert!(!output.stdout.contains("Personal"), "{output}");
}

#[test]
fn a_403_of_the_token_endpoint_in_unknown_words_claims_nothing() {
    let secret = "GOCSPX-abcdefghijklmnopqrstuvwxyz01";
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        let words = format!("Something new {secret}");
        match request.path.as_str() {
            "/oauth/token" => Reply::json(403, &json!({ "error": "access_denied", "error_description": words })),
            _ => pass(),
        }
    }));
    let output = stage.environment().run(&HEADLESS);
    output.hides(secret);
    let said = output.checks("management.access")[0].clone();
    assert_eq!(said["code"], "unrecognised_answer", "{output}");
    assert!(said["detail"].as_str().unwrap().contains("403 to /oauth/token: access_denied Something new"), "{said}");
}

#[test]
fn a_callback_of_another_domain_is_answered_with_the_flag_that_names_it() {
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        let mut reply = pass();
        if request.path == "/authorize" {
            for (_, value) in reply.headers.iter_mut().filter(|(name, _)| name == "location") {
                *value = value.replace(facts::DOMAIN, "login.other.example");
            }
        }
        reply
    }));
    let output = stage.environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "authorize_wrong_callback", "{output}");
    let hint = cure(&output, "authorize.redirect");
    assert!(hint.contains("run `fitbit-connect setup --login-domain login.other.example`"), "{hint}");
    assert!(hint.contains("Register https://login.other.example/login/callback at"), "{hint}");
}

#[test]
fn a_code_that_the_tenant_refuses_is_sent_to_no_page_of_a_provider() {
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::configured(provider, &[Fault::NoLogScope]);
        let watch = move |line: &str| {
            let Some(address) = login_address(line) else { return };
            let value = |name: &str| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
            let mut callback = Url::parse(&value("redirect_uri")).unwrap();
            callback.query_pairs_mut().extend_pairs([("code", "made-up"), ("state", &value("state"))]);
            drop(Http::new(Endpoints::default()).send(&Call::get(callback)));
        };
        let output = stage.environment().run_watched(&["test", "--no-browser"], watch).exits(3);
        assert!(output.stderr.contains("[code_rejected]"), "{output}");
        assert!(output.stderr.contains("see: https://auth0.com/docs/"), "{output}");
    }
}

#[test]
fn the_cure_names_the_application_that_it_is_about() {
    let stage = Stage::configured(GoogleHealth, &[Fault::NoCallback]);
    let output = stage.environment().run(&HEADLESS);
    let found = output.checks("authorize.redirect");
    let said = found.iter().find(|check| check["code"] == "application_without_callback").unwrap();
    let (name, hint) = (said["application_name"].as_str().unwrap(), said["hint"].as_str().unwrap());
    assert!(hint.contains(&format!("Allowed Callback URLs of {name} (")), "{hint}");
}

#[test]
fn a_time_that_cannot_be_is_answered_with_one_that_can() {
    for args in [["test", "--watch=0s"], ["test", "--watch=2d"]] {
        let output =
            Stage::configured(GoogleHealth, &[]).environment().run(&[&args[..], &["--json"]].concat()).exits(2);
        let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
        assert!(hint.contains("--watch=3h") && !hint.to_lowercase().contains("copy"), "{hint}");
    }
}

#[test]
fn a_410_of_google_is_told_without_the_end_of_fitbit() {
    let output = Stage::configured(GoogleHealth, &[Fault::ShutDown]).environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "provider_shut_down", "{output}");
    let said = output.checks("provider.alive")[0].clone();
    assert!(said["detail"].as_str().unwrap().contains("410 (Gone), as a service does"), "{said}");
    assert!(said["hint"].as_str().unwrap().contains("https://developers.google.com/health/release-notes"), "{said}");
    assert!(!output.stdout.contains("2 Nov 2026"), "{output}");
}

#[test]
fn a_redirect_of_the_tenants_apis_is_told_whole_but_for_what_a_query_may_hold() {
    for path in ["/api/v2/connections", "/oauth/token"] {
        let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
            let to = "https://somebody:canary@portal.example/sign-in?token=canary#canary";
            if request.path == path { Reply::empty(301).with("location", to) } else { pass() }
        }));
        let output = stage.environment().run(&HEADLESS);
        let told = " a redirect to https://portal.example/sign-in which is not followed";
        assert!(output.stdout.contains(" answered 301 to ") && output.stdout.contains(told), "{output}");
        output.hides("canary");
    }
}

#[test]
fn the_row_about_tls_speaks_of_more_than_certificates() {
    let row = Code::TlsFailed.diagnosis();
    for text in [row.symptom, row.cure] {
        assert!(text.contains("certificate") && text.contains("TLS 1.2"), "{text}");
    }
}

#[test]
fn a_page_of_google_is_read_in_every_language() {
    for (page, code) in [
        ("<h1>Zugriff blockiert</h1><p>Fehler 400: redirect_uri_mismatch</p>", "redirect_uri_mismatch"),
        ("<p>Erreur 401&nbsp;: invalid_client</p>", "client_id_unknown"),
        ("<p>\u{30a8}\u{30e9}\u{30fc} 403: org_internal</p>", "org_internal"),
    ] {
        let stage = Stage::configured(GoogleHealth, &[]).all_behind(Box::new(move |request, pass| {
            if request.path == "/o/oauth2/v2/auth" { Reply::html(400, page) } else { pass() }
        }));
        let output = stage.environment().run(&HEADLESS);
        assert_eq!(output.checks("provider.callback")[0]["code"], code, "{output}");
    }
}

#[test]
fn a_callback_of_another_login_domain_is_answered_with_the_flag_that_names_it() {
    let stage = sending("https://id.acme.example/login/callback");
    let output = stage.environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "authorize_wrong_callback");
    let hint = cure(&output, "authorize.redirect");
    assert!(hint.contains("`fitbit-connect setup --login-domain id.acme.example`"), "{hint}");
    assert!(hint.contains("Register https://id.acme.example/login/callback at"), "{hint}");
    let elsewhere = sending("https://id.acme.example/else").environment().run(&HEADLESS).exits(3);
    let hint = cure(&elsewhere, "authorize.redirect");
    assert!(!hint.contains("--login-domain") && hint.contains("https://id.acme.example/else"), "{hint}");
}

/// The tenant sends this callback URL to the provider.
fn sending(callback: &'static str) -> Stage {
    Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| with_callback(callback, request, pass())))
}

fn with_callback(callback: &str, request: &Request, mut reply: Reply) -> Reply {
    for (name, value) in reply.headers.iter_mut().filter(|_| request.path == "/authorize") {
        if name.eq_ignore_ascii_case("location") {
            let mut url = Url::parse(value).unwrap();
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            let sent = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), if name == "redirect_uri" { callback } else { value.as_str() }));
            url.query_pairs_mut().clear().extend_pairs(sent);
            *value = url.into();
        }
    }
    reply
}

#[test]
fn another_callback_that_the_provider_accepts_is_no_failure() {
    let callback = "https://id.acme.example/else";
    let accepted: Mutex<Option<Reply>> = Mutex::default();
    let stage = Stage::configured(GoogleHealth, &[]).all_behind(Box::new(move |request, pass| {
        if request.path != "/o/oauth2/v2/auth" {
            return with_callback(callback, request, pass());
        }
        let mut accepted = accepted.lock().unwrap();
        if request.query.iter().any(|(name, value)| name == "redirect_uri" && value == callback) {
            return accepted.clone().unwrap();
        }
        accepted.insert(pass()).clone()
    }));
    let output = stage.environment().run(&HEADLESS).exits(0);
    let found = output.checks("authorize.redirect")[0].clone();
    assert_eq!((&found["state"], &found["code"]), (&"warn".into(), &"authorize_wrong_callback".into()), "{output}");
    assert!(found["detail"].as_str().unwrap().contains(&format!("{callback}, not https://")), "{found}");
    assert!(found["detail"].as_str().unwrap().ends_with("and Google Health API accepts it"), "{found}");
}

#[test]
fn the_way_over_from_fitbit_keeps_the_place_of_secrets_that_was_chosen() {
    let stage = Stage::configured(Fitbit, &[Fault::ShutDown]);
    let environment = stage.environment().with("FITBIT_CONNECT_CLIENT_SECRET", facts::FITBIT_CLIENT_SECRET);
    let output = environment.run(&[&HEADLESS[..], &["--store", "file"]].concat()).exits(3);
    let hint = cure(&output, "provider.alive");
    assert!(hint.contains("`fitbit-connect setup --provider google-health --store file`"), "{hint}");
}

#[test]
fn a_command_that_is_suggested_repeats_the_files_that_were_named() {
    let stage = Stage::configured(GoogleHealth, &[Fault::RedirectMismatch]);
    let environment = stage.environment_without_management().without("FITBIT_CONNECT_CLIENT_SECRET");
    let secret = environment.file("client secret.txt", facts::GOOGLE_CLIENT_SECRET);
    let management = environment.file("management.txt", facts::MANAGEMENT_CLIENT_SECRET);
    let given = [
        "--client-secret-file",
        &secret,
        "--management-client-id",
        facts::MANAGEMENT_CLIENT_ID,
        "--management-client-secret-file",
        &management,
    ];
    let output = environment.run(&[&HEADLESS[..], &given].concat()).exits(3);
    let hint = cure(&output, "provider.callback");
    let suggested = hint.split('`').find(|part| part.starts_with("fitbit-connect test")).unwrap();
    for part in [
        format!("--client-secret-file '{secret}'"),
        format!("--management-client-id {}", facts::MANAGEMENT_CLIENT_ID),
        format!("--management-client-secret-file {management}"),
    ] {
        assert!(suggested.contains(&part), "{part} is not in {suggested}");
    }
}

#[test]
fn no_set_up_is_named_as_the_cure_of_a_fitbit_connection_while_the_provider_is_shut_down() {
    for fault in [Fault::ConnectionMissing, Fault::ApplicationNotEnabled, Fault::WrongSecretInTenant] {
        let stage = Stage::configured(Fitbit, &[Fault::ShutDown, fault]);
        let output = stage.environment().run(&HEADLESS).exits(3);
        let failed: Vec<Value> = output.document()["checks"].as_array().unwrap().clone();
        let hints = failed.iter().filter(|check| check["state"] == "fail").map(|check| check["hint"].as_str().unwrap());
        let hints: Vec<&str> = hints.collect();
        assert!(hints.len() > 1, "{fault:?}: {output}");
        for hint in hints {
            let words = command(hint);
            assert_eq!(words[..3], ["setup", "--provider", "google-health"], "{fault:?}: {hint}");
        }
    }
}

#[test]
fn a_cure_names_what_the_token_lacks_for_it() {
    let stage = Stage::configured(GoogleHealth, &[Fault::OptionsHidden, Fault::ScopesMissingInTenant]);
    let output = stage.environment().run(&HEADLESS).exits(3);
    let cure = cure(&output, "authorize.redirect");
    assert!(cure.contains("read:connections_options update:connections_options"), "{cure}");
}

#[test]
fn the_secret_that_the_provider_accepts_is_the_one_to_write() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongSecretInTenant]);
    let environment = stage.environment();
    let output = environment.run(&HEADLESS).exits(4);
    let cure = cure(&output, "connection.secret");
    assert!(cure.contains("(which Google Health API accepts)"), "{cure}");
    run(&environment, &command(&cure), &["--yes", "--skip-login", "--all-apps"]).exits(0);
    environment.run(&HEADLESS).exits(0);
}

#[test]
fn a_secret_that_is_kept_nowhere_is_to_be_given_and_not_set_up_again() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().without("FITBIT_CONNECT_CLIENT_SECRET");
    let cure = cure(&environment.run(&HEADLESS).exits(2), "credentials.stored");
    assert!(cure.starts_with("Give it: client secret: --client-secret-file"), "{cure}");
}

#[test]
fn a_profile_that_is_not_there_is_told_with_where_its_name_stands() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    assert!(settings.contains("default_profile = \"default\""), "{settings}");
    environment.write_settings(&settings.replace("default_profile = \"default\"", "default_profile = \"prod\""));
    let hint = |output: Output| output.document()["error"]["hint"].as_str().unwrap().to_owned();
    let said = hint(environment.run(&HEADLESS).exits(2));
    assert!(said.contains("the profile prod (from default_profile in the settings) (profiles: default)"), "{said}");
    let said = hint(environment.with("FITBIT_CONNECT_PROFILE", "staging").run(&HEADLESS).exits(2));
    assert!(said.contains("the profile staging (from FITBIT_CONNECT_PROFILE)"), "{said}");
}

#[test]
fn where_the_provider_accepts_both_secrets_neither_is_called_the_right_one() {
    // Somebody rotates: the new one stands in the tenant, and the provider takes the former one still.
    let accepts = json!({ "error": "invalid_grant", "error_description": "Malformed auth code." });
    let stage =
        Stage::configured(GoogleHealth, &[Fault::WrongSecretInTenant]).all_behind(Box::new(move |request, pass| {
            if request.path == "/token" { Reply::json(400, &accepts) } else { pass() }
        }));
    let output = stage.environment().run(&HEADLESS).exits(4);
    let cure = cure(&output, "connection.secret");
    assert!(cure.starts_with("Google Health API accepts both, "), "{cure}");
}

#[test]
fn a_login_domain_that_is_given_and_not_there_is_to_be_left_out_and_those_that_are_there_are_named() {
    let stage = Stage::configured(GoogleHealth, &[Fault::CustomDomain]);
    let flag = ["--login-domain", "login.acme.invalid"];
    for args in [&HEADLESS[..], &["setup", "--yes", "--skip-login", "--json"]] {
        let given = [args, &flag].concat();
        let variable = stage.environment().with("FITBIT_CONNECT_LOGIN_DOMAIN", flag[1]);
        for (output, from) in [
            (stage.environment().run(&given).exits(3), "--login-domain"),
            (variable.run(args).exits(3), "FITBIT_CONNECT_LOGIN_DOMAIN"),
        ] {
            assert_eq!(output.error_code(), "login_domain_gone", "{output}");
            let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
            assert!(hint.starts_with(&format!("Leave login.acme.invalid out of `{from}`. ")), "{hint}");
            assert!(hint.contains(&format!("`--login-domain {}`", facts::CUSTOM_DOMAIN)), "{hint}");
            assert!(!hint.contains("settings"), "{hint}");
        }
    }
}

#[test]
fn an_application_that_never_had_a_callback_is_told_for_that() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let body = json!({ "name": "New App", "app_type": "spa", "token_endpoint_auth_method": "none" });
    stage.api(Method::POST, "clients", Some(body));
    let setup = ["setup", "--yes", "--skip-login", "--json", "--app", "New App"];
    let output = stage.environment().run(&setup).exits(0);
    assert_eq!(output.checks("authorize.redirect")[0]["code"], "application_without_callback", "{output}");
    let said = "The redirect_uri parameter is missing and the application has no callback URL.";
    let output = Environment::new().run(&["explain", "--json", said]).exits(0);
    assert_eq!(output.document()["diagnoses"][0]["code"], "application_without_callback", "{output}");
}

#[test]
fn every_callback_that_the_provider_does_not_have_is_named_at_once() {
    let stage = Stage::configured(GoogleHealth, &[Fault::CustomDomain]).behind(Box::new(|request, pass| {
        let mut reply = pass();
        if request.path.starts_with("/api/v2/custom-domains") {
            let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
            for name in ["id.acme.test", "sso.acme.test"] {
                let mut another = body[0].clone();
                another["domain"] = json!(name);
                body.as_array_mut().unwrap().push(another);
            }
            reply.body = body.to_string().into_bytes();
        }
        reply
    }));
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let more: String =
        ["id", "sso"].iter().map(|name| format!("\"https://{name}.acme.test\" = \"{}\"\n", stage.tenant())).collect();
    environment.write_settings(
        &settings.replace("[profiles.default.endpoints]\n", &format!("[profiles.default.endpoints]\n{more}")),
    );
    let output = environment.run(&["setup", "--yes", "--all-apps", "--skip-login", "--json"]).exits(3);
    assert_eq!(output.error_code(), "redirect_uri_mismatch", "{output}");
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    for name in ["id.acme.test", "sso.acme.test"] {
        assert!(hint.contains(&format!("https://{name}/login/callback")), "{hint}");
    }
}

#[test]
fn what_the_other_applications_show_is_used_for_the_one_that_fails() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let ids: Vec<String> = facts::APPLICATIONS[..2].iter().map(|app| app.client_id.to_owned()).collect();
    let environment = stage.environment();
    environment.run(&["setup", "--yes", "--all-apps", "--skip-login"]).exits(0);
    let environment = environment.without("AUTH0_CLIENT_ID").without("AUTH0_CLIENT_SECRET");
    let failed = |output: &Output| {
        let checks = output.checks("authorize.redirect");
        checks.into_iter().find(|check| check["state"] == "fail").unwrap_or_else(|| panic!("{output}"))
    };
    stage.switch("google-health", &ids[1], false);
    let output = environment.run(&HEADLESS).exits(3);
    let found = failed(&output);
    assert_eq!(
        (&found["code"], &found["application"]),
        (&json!("application_not_enabled"), &json!(ids[1])),
        "{output}"
    );
    assert!(found["detail"].as_str().unwrap().contains("others are led through it"), "{output}");
    stage.api(Method::DELETE, &format!("clients/{}", ids[1]), None);
    let output = environment.run(&HEADLESS).exits(3);
    let found = failed(&output);
    assert_eq!(found["code"], "application_unknown_to_tenant", "{output}");
    let cure = command(found["hint"].as_str().unwrap());
    assert!(cure.contains(&ids[0]) && !cure.contains(&ids[1]), "{cure:?}");
}

#[test]
fn of_two_applications_of_one_name_each_is_named_by_its_client_id() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let ids = [stage.create_application("Twin"), stage.create_application("Twin")];
    let output = stage.environment().run(&["setup", "--yes", "--skip-login", "--json", "--app", "Twin"]).exits(2);
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(ids.iter().all(|id| hint.contains(&format!("`--app {id}`"))) && !hint.contains("missing"), "{hint}");
}

#[test]
fn the_file_of_a_refused_secret_is_in_no_cure_since_it_would_win_over_the_next_one() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().without("FITBIT_CONNECT_CLIENT_SECRET");
    let stale = "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";
    let plain = environment.file("old.txt", stale);
    let download = json!({ "web": { "client_id": facts::GOOGLE_CLIENT_ID, "client_secret": stale } });
    let download = environment.file("client.json", download.to_string());
    let setup = ["setup", "--yes", "--all-apps", "--skip-login", "--json"];
    for given in [["--client-secret-file", &plain], ["--client-json", &download]] {
        for args in [&HEADLESS[..], &setup] {
            let output = environment.run(&[args, &given].concat()).exits(4);
            assert_eq!(output.error_code(), "client_secret_rejected", "{output}");
            let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
            assert!(hint.contains("`fitbit-connect setup") && !hint.contains(given[1]), "{hint}");
        }
    }
    // Another failure goes on naming it.
    let wrong = ["--client-json", &download, "--connection", "no-such-one"];
    let accepted =
        json!({ "web": { "client_id": facts::GOOGLE_CLIENT_ID, "client_secret": facts::GOOGLE_CLIENT_SECRET } });
    std::fs::write(&download, accepted.to_string()).unwrap();
    let output = environment.run(&[&HEADLESS[..], &wrong].concat()).exits(3);
    assert!(output.document()["checks"].to_string().contains("--client-json"), "{output}");
}

#[test]
fn the_secret_that_is_missing_is_named_where_the_place_of_before_does_not_answer() {
    // A settings file that was carried over from a machine with a keychain.
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().with("FITBIT_CONNECT_STORE", "none");
    environment.write_settings(&stage.settings(Store::Keychain));
    let setup = ["setup", "--yes", "--all-apps", "--skip-login", "--json"];
    environment.run(&setup).exits(0);
    let hint = |environment: &Environment| {
        let output = environment.run(&setup).exits(7);
        output.document()["error"]["hint"].as_str().unwrap().to_owned()
    };
    let environment = environment.with("AUTH0_CLIENT_SECRET", "");
    environment.write_settings(&stage.settings(Store::Keychain));
    let said = hint(&environment);
    assert!(said.contains("AUTH0_CLIENT_SECRET") && !said.contains("FITBIT_CONNECT_CLIENT_SECRET"), "{said}");
    let said = hint(&environment.without("FITBIT_CONNECT_CLIENT_SECRET"));
    assert!(said.contains("AUTH0_CLIENT_SECRET") && said.contains("FITBIT_CONNECT_CLIENT_SECRET"), "{said}");
}
