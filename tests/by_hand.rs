//! Who has the dashboard and no Management API is told what to do there, by `setup --manual` and by `test`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::Output;
use common::stage::Stage;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::simulated;
use reqwest::Method;
use serde_json::{Value, json};

const WEB: &str = facts::APPLICATIONS[0].client_id;
const MANUAL: [&str; 6] = ["setup", "--manual", "--yes", "--json", "--app", WEB];
const HEADLESS: [&str; 3] = ["test", "--headless", "--json"];

fn hint(output: &Output) -> String {
    output.document()["error"]["hint"].as_str().unwrap_or_else(|| panic!("{output}")).to_owned()
}

/// A native application for a login from this machine; who made it has not switched it on for the connection.
fn native(stage: &Stage) -> String {
    let callback = format!("http://127.0.0.1:{}/callback", stage.port());
    let body = json!({ "name": "For logins", "app_type": "native", "token_endpoint_auth_method": "none",
        "oidc_conformant": true, "grant_types": ["authorization_code"], "callbacks": [callback] });
    let id = stage.api(Method::POST, "clients", Some(body))["client_id"].as_str().unwrap().to_owned();
    switch(stage, &id, false);
    id
}

fn switch(stage: &Stage, application: &str, on: bool) {
    let connection = stage.connection("google-health").unwrap();
    let path = format!("connections/{}/clients", connection["id"].as_str().unwrap());
    stage.api(Method::PATCH, &path, Some(json!([{ "client_id": application, "status": on }])));
}

#[test]
fn the_application_of_the_test_login_is_to_be_switched_on_as_well() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let native = native(&stage);
    let environment = stage.environment_without_management();
    let login = ["--test-app", &native];
    for args in [&MANUAL[..], &["test", "--json"]] {
        let output = environment.run_with_robot(&[args, &login].concat()).exits(3);
        assert_eq!(output.error_code(), "application_not_enabled", "{output}");
        assert!(hint(&output).starts_with(&format!("Switch {native} on under Applications")), "{output}");
    }
    let output = environment.run_with_robot(&[&MANUAL[..3], &["--app", WEB], &login].concat());
    output.says(&format!("{native} (for the test login)"));
    switch(&stage, &native, true);
    environment.run_with_robot(&[&MANUAL[..], &login].concat()).exits(0).says("It works");
}

#[test]
fn what_an_application_for_the_test_login_has_to_be_is_said_before_one_is_named() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment_without_management();
    let wanted = format!("a native application that has http://127.0.0.1:{}/callback among its", stage.port());
    environment.run(&MANUAL).exits(0).says(&wanted);
    environment.run(&["test", "--json"]).exits(0).says(&wanted);
    // A web application has not the callback at first, and then a secret.
    let web = ["test", "--test-app", WEB, "--json"];
    assert!(hint(&environment.run_with_robot(&web).exits(3)).starts_with("Where it is a native application"));
    let callback = format!("http://127.0.0.1:{}/callback", stage.port());
    stage.api(Method::PATCH, &format!("clients/{WEB}"), Some(json!({ "callbacks": [callback] })));
    let output = environment.run_with_robot(&web).exits(3);
    assert_eq!(output.error_code(), "application_confidential", "{output}");
    assert!(hint(&output).starts_with("Name a native application"), "{output}");
}

#[test]
fn the_cures_of_a_test_without_the_management_api_are_in_the_dashboard() {
    for (fault, code, exact) in [
        (Fault::ScopesMissingInTenant, "authorize_scopes_missing", "Scope `openid email profile https://"),
        (Fault::WrongClientIdInTenant, "authorize_wrong_client_id", "with its Client Secret and save"),
        (Fault::NotConfigured, "connection_not_configured", "Authorization URL `https://accounts.google.com/"),
    ] {
        let environment = Stage::configured(GoogleHealth, &[fault]);
        let environment = environment.environment_without_management();
        for args in [&HEADLESS[..], &[&MANUAL[..], &["--skip-login"]].concat()] {
            let output = environment.run(args).exits(3);
            assert_eq!(output.error_code(), code, "{output}");
            let hint = hint(&output);
            assert!(hint.starts_with("In the dashboard enter into the connection `google-health`"), "{hint}");
            assert!(hint.contains(exact), "{hint}");
        }
    }
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongClientIdInTenant]);
    let hint = hint(&stage.environment_without_management().run(&HEADLESS).exits(3));
    assert!(hint.contains("Where the client ID in the tenant is the right one, give that one instead"), "{hint}");
}

#[test]
fn a_secret_that_is_right_leaves_the_token_url() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let native = native(&stage);
    switch(&stage, &native, true);
    let mut connection = stage.connection("google-health").unwrap();
    let path = format!("connections/{}", connection["id"].as_str().unwrap());
    connection["options"]["tokenURL"] = json!("https://oauth2.googleapis.com/tokens");
    stage.api(Method::PATCH, &path, Some(json!({ "options": connection["options"] })));
    let environment = stage.environment_without_management();
    let output = environment.run_with_robot(&["test", "--test-app", &native, "--json"]).exits(4);
    assert!(hint(&output).ends_with("its Token URL has to be `https://oauth2.googleapis.com/token`"), "{output}");
}

#[test]
fn what_a_connection_of_ones_own_hand_asks_for_beyond_the_profile_is_not_denied() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment_without_management();
    environment.run(&[&MANUAL[..], &["--skip-login"]].concat()).exits(0).says("Asked for at least: openid");
    let output = stage.environment().run(&["setup", "--yes", "--all-apps", "--skip-login"]).exits(0);
    assert!(output.stderr.contains("Asked for: openid"), "{output}");
}

#[test]
fn a_removal_of_a_connection_whose_profile_is_gone_says_that_there_is_none() {
    let environment = common::Environment::new();
    let output = environment.run(&["remove", "--yes", "--delete-connection", "--json"]).exits(2);
    assert_eq!(output.error_code(), "input_missing", "{output}");
    assert!(hint(&output).contains("there is no profile default (profiles: none)"), "{output}");
    let document: Value = output.document();
    assert!(document["error"]["message"].as_str().unwrap().contains("2 inputs are missing"), "{output}");
}

#[test]
fn a_connection_of_another_provider_is_left_as_it_is() {
    let google = ["--provider", "google-health", "--client-id", facts::GOOGLE_CLIENT_ID, "--connection", "fitbit"];
    let fitbit = ["--provider", "fitbit", "--client-id", facts::FITBIT_CLIENT_ID, "--connection", "google-health"];
    for (there, given, cure) in [
        (
            Fitbit,
            google,
            "Where the connection `fitbit` is not a Custom one, it is another provider's: leave it as it is",
        ),
        (GoogleHealth, fitbit, "The connection `google-health` is not Auth0's own one for Fitbit"),
    ] {
        let stage = Stage::configured(there, &[]);
        let secret = simulated::client_secret(given[1].parse().unwrap());
        let environment = stage.environment_without_management().with("FITBIT_CONNECT_CLIENT_SECRET", secret);
        for args in [&HEADLESS[..], &[&MANUAL[..], &["--skip-login"]].concat()] {
            let output = environment.run(&[args, &given].concat()).exits(3);
            assert_eq!(output.error_code(), "authorize_wrong_provider", "{output}");
            assert!(hint(&output).starts_with(cure), "{output}");
        }
    }
}
