//! What `remove` takes for the profile that is named: no variable of another set-up decides, and no connection of another one goes.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::stage::Stage;
use common::{Environment, Output};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::simulated;
use oauth2::http::Method;
use serde_json::{Value, json};

const REMOVE: [&str; 4] = ["remove", "--delete-connection", "--yes", "--json"];

/// A tenant with both providers' connections, the profile `default` of Google Health, and `old` of Fitbit.
fn moved() -> (Stage, Environment) {
    let stage = Stage::configured(GoogleHealth, &[]);
    let options = json!({
        "client_id": facts::FITBIT_CLIENT_ID, "client_secret": simulated::client_secret(Fitbit), "scope": ["profile"],
    });
    let body = json!({ "name": "fitbit", "strategy": "fitbit", "options": options });
    stage.api(Method::POST, "connections", Some(body));
    let environment = stage.environment();
    environment.write_settings(&(profile(&stage, "default", GoogleHealth) + &profile(&stage, "old", Fitbit)));
    (stage, environment)
}

/// A profile of the stage's tenant.
fn profile(stage: &Stage, name: &str, provider: Provider) -> String {
    let google = stage.settings(Store::Nothing).replace("[profiles.default", &format!("[profiles.{name}"));
    let google = google.split_once("[profiles").map(|(_, rest)| format!("[profiles{rest}\n")).unwrap();
    match provider {
        GoogleHealth => google,
        Fitbit => google
            .replacen("google-health", "fitbit", 2)
            .replace(facts::GOOGLE_CLIENT_ID, facts::FITBIT_CLIENT_ID)
            .lines()
            .filter(|line| !line.starts_with("applications") && !line.starts_with("callbacks"))
            .map(|line| format!("{line}\n"))
            .collect(),
    }
}

fn both(stage: &Stage) -> [bool; 2] {
    ["google-health", "fitbit"].map(|name| stage.connection(name).is_some())
}

fn of_old(environment: &Environment, more: &[&str]) -> Output {
    environment.run(&[&REMOVE[..], &["--profile", "old"], more].concat())
}

#[test]
fn the_variables_of_the_set_up_that_stays_do_not_remove_it() {
    let (stage, environment) = moved();
    // Those of the new set-up, as the README gives them to scripts.
    let environment = environment
        .with("FITBIT_CONNECT_CLIENT_ID", facts::GOOGLE_CLIENT_ID)
        .with("FITBIT_CONNECT_CLIENT_SECRET", simulated::client_secret(GoogleHealth))
        .with("FITBIT_CONNECT_SCOPES", "openid,email,profile,sleep.readonly")
        .with("FITBIT_CONNECT_APPS", "***")
        .with("FITBIT_CONNECT_PORT", "not a number");
    let output = of_old(&environment, &[]).exits(0);
    assert_eq!(output.document()["connection"]["name"], "fitbit", "{output}");
    assert_eq!(both(&stage), [true, false], "{output}");
    let left = std::fs::read_to_string(environment.settings()).unwrap();
    assert!(left.contains("[profiles.default]") && !left.contains("profiles.old"), "{left}");
}

#[test]
fn a_variable_that_leads_elsewhere_is_refused_before_anything_is_asked_and_a_flag_is_believed() {
    for (variable, value, flags) in [
        ("FITBIT_CONNECT_PROVIDER", "google-health", &["--provider", "fitbit"]),
        ("AUTH0_DOMAIN", "other.eu.auth0.com", &["--domain", "acme.sandbox.test"]),
        ("FITBIT_CONNECT_CONNECTION", "google-health", &["--connection", "fitbit"]),
    ] {
        let (stage, environment) = moved();
        let environment = environment.with(variable, value);
        let (files, mark) = (environment.files(), stage.mark());
        let output = of_old(&environment, &[]).exits(2);
        assert_eq!(output.error_code(), "input_contradictory", "{output}");
        assert!(output.document()["error"]["hint"].as_str().unwrap().contains(&format!("`{variable}`")), "{output}");
        assert_eq!((environment.files(), stage.since(mark).len()), (files, 0), "{output}");
        of_old(&environment, flags).exits(0);
        assert_eq!(both(&stage), [true, false], "{variable}");
    }
}

#[test]
fn a_variable_that_says_the_same_in_another_way_leads_nowhere_else() {
    for domain in ["https://acme.sandbox.test/", "ACME.sandbox.test", " acme.sandbox.test"] {
        let (stage, environment) = moved();
        let environment = environment.with("AUTH0_DOMAIN", domain).with("FITBIT_CONNECT_PROVIDER", "fitbit");
        of_old(&environment, &[]).exits(0);
        assert_eq!(both(&stage), [true, false], "{domain}");
    }
}

#[test]
fn a_connection_of_another_client_is_deleted_only_by_its_name() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongClientIdInTenant]);
    let environment = stage.environment();
    let files = environment.files();
    let output = environment.run(&REMOVE).exits(3);
    assert_eq!(output.error_code(), "connection_client_id_differs", "{output}");
    assert!(stage.connection("google-health").is_some() && environment.files() == files, "{output}");
    let document: Value = output.document();
    let hint = document["error"]["hint"].as_str().unwrap();
    // The first one leaves the connection alone.
    assert!(hint.contains("`fitbit-connect remove` forgets the profile alone"), "{hint}");
    let command = hint.split('`').nth(3).unwrap().strip_prefix("fitbit-connect ").unwrap();
    let output = environment.run(&command.split(' ').collect::<Vec<_>>()).exits(0);
    assert!(output.stderr.contains("and not "), "the plan says whose it is: {output}");
    assert!(stage.connection("google-health").is_none(), "{output}");
}

#[test]
fn the_plan_names_the_profiles_that_use_the_same_connection() {
    let (stage, environment) = moved();
    let text = std::fs::read_to_string(environment.settings()).unwrap();
    environment.write_settings(&(text + &profile(&stage, "third", Fitbit)));
    let output = of_old(&environment, &[]).exits(0);
    assert!(output.stderr.contains("profile third of these settings uses it too"), "{output}");
    assert!(!output.stderr.contains("profile default of"), "{output}");
    assert_eq!(both(&stage), [true, false], "{output}");
}
