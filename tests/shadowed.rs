//! A variable that wins over what is saved, and is wrong: it is named in the cure, and unsetting it is enough.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::stage::Stage;
use common::{Environment, Output};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::simulated;
use serde_json::Value;

const HEADLESS: [&str; 3] = ["test", "--headless", "--json"];
const STALE_SECRET: &str = "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";
const STALE_ID: &str = "987654321098-mistyped0mistyped0mistyped00000.apps.googleusercontent.com";

/// Everything is saved, and nothing is in variables.
fn saved(stage: &Stage) -> Environment {
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    environment.run(&["setup", "--yes", "--skip-login", "--all-apps", "--save-management"]).exits(0);
    let without =
        ["FITBIT_CONNECT_CLIENT_ID", "FITBIT_CONNECT_CLIENT_SECRET", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"];
    let environment = without.into_iter().fold(environment, |environment, name| environment.without(name));
    environment.run(&HEADLESS).exits(0);
    environment
}

#[track_caller]
fn begins_with_unset(output: &Output, code: &str, variable: &str) {
    assert_eq!(output.error_code(), code, "{output}");
    let document: Value = output.document();
    let hint = document["error"]["hint"].as_str().unwrap();
    assert!(hint.starts_with(&format!("Unset `{variable}`, which wins over ")), "{hint}");
    assert_eq!(hint.matches("Unset ").count(), 1, "{hint}");
}

#[test]
fn a_stale_secret_in_a_variable_is_told_from_a_wrong_one() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = saved(&stage).with("FITBIT_CONNECT_CLIENT_SECRET", STALE_SECRET);
    let test = environment.run(&HEADLESS).exits(4);
    begins_with_unset(&test, "client_secret_rejected", "FITBIT_CONNECT_CLIENT_SECRET");
    let setup = environment.run(&["setup", "--yes", "--skip-login", "--json"]).exits(4);
    begins_with_unset(&setup, "client_secret_rejected", "FITBIT_CONNECT_CLIENT_SECRET");
    // A file that is given is no variable's business.
    let file = environment.file("secret", STALE_SECRET);
    let output = environment.run(&[&HEADLESS[..], &["--client-secret-file", &file]].concat()).exits(4);
    assert!(!output.document()["error"]["hint"].as_str().unwrap().contains("Unset"), "{output}");
}

#[test]
fn a_client_id_in_a_variable_that_is_not_the_saved_one_is_named() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = saved(&stage).with("FITBIT_CONNECT_CLIENT_ID", STALE_ID);
    let output = environment.run(&HEADLESS).exits(4);
    begins_with_unset(&output, "client_id_unknown", "FITBIT_CONNECT_CLIENT_ID");
    let stored = output.checks("credentials.stored")[0].clone();
    assert!(stored["detail"].as_str().unwrap().contains("belongs to another client ID"), "{output}");
}

#[test]
fn nothing_is_said_of_a_secret_that_is_not_kept() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().without("FITBIT_CONNECT_CLIENT_SECRET");
    environment.write_settings(&stage.settings(Store::File));
    let output = environment.with("FITBIT_CONNECT_CLIENT_ID", STALE_ID).run(&HEADLESS);
    let stored = output.checks("credentials.stored")[0].clone();
    assert_eq!(stored["detail"], format!("the client secret of {STALE_ID} is not given"), "{output}");
}

#[test]
fn a_stale_token_is_told_from_the_client_that_would_work() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let stale = "eyJhbGciOiJub25lIn0.eyJleHAiOjF9.c2ln";
    let environment = saved(&stage).with("AUTH0_API_TOKEN", stale);
    begins_with_unset(&environment.run(&HEADLESS).exits(4), "management_token_expired", "AUTH0_API_TOKEN");
    let environment = stage.environment().with("AUTH0_CLIENT_ID", facts::MANAGEMENT_CLIENT_ID);
    let environment =
        environment.with("AUTH0_CLIENT_SECRET", facts::MANAGEMENT_CLIENT_SECRET).with("AUTH0_API_TOKEN", stale);
    let output = environment.run(&HEADLESS).exits(4);
    begins_with_unset(&output, "management_token_expired", "AUTH0_API_TOKEN");
}

#[test]
fn a_stale_secret_of_the_management_client_is_named() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = saved(&stage)
        .with("AUTH0_CLIENT_ID", facts::MANAGEMENT_CLIENT_ID)
        .with("AUTH0_CLIENT_SECRET", "stale-stale-stale-stale-stale-stale-stale-stale-stale-stale-0000");
    let output = environment.run(&HEADLESS).exits(4);
    begins_with_unset(&output, "management_credentials_rejected", "AUTH0_CLIENT_SECRET");
}

#[test]
fn a_stale_variable_of_any_value_is_named_with_what_it_wins_over() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = saved(&stage);
    for (variable, value, over) in [
        ("AUTH0_DOMAIN", "old-project.acme.invalid", "the saved tenant domain acme.sandbox.test"),
        ("FITBIT_CONNECT_PROVIDER", "fitbit", "the saved provider google-health"),
        ("FITBIT_CONNECT_CONNECTION", "other", "the saved connection name google-health"),
        ("FITBIT_CONNECT_SCOPES", "openid,sleep.readonly", "the usual scopes openid,email,profile,profile.readonly"),
        ("FITBIT_CONNECT_APPS", "Acme Old", "the saved applications "),
        ("FITBIT_CONNECT_STORE", "none", "the saved secret store file"),
    ] {
        let command = environment.command(&HEADLESS).env(variable, value).output().unwrap();
        let document: Value = serde_json::from_slice(&command.stdout).unwrap();
        let said = document["error"]["hint"].as_str().unwrap();
        assert!(said.starts_with(&format!("Unset `{variable}`, which wins over {over}")), "{variable}: {document}");
    }
    environment.run(&HEADLESS).exits(0);
}

#[test]
fn the_credentials_of_another_application_in_the_shell_are_told_from_a_wrong_management_client() {
    // An SDK's `.env` has the same names: AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET.
    let stage = Stage::configured(GoogleHealth, &[]);
    let web = stage.create_application("Web");
    let environment =
        saved(&stage).with("AUTH0_CLIENT_ID", &web).with("AUTH0_CLIENT_SECRET", "web-app-secret-0000000000");
    for args in [&HEADLESS[..], &["setup", "--yes", "--skip-login", "--json"]] {
        let output = environment.run(args);
        let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
        let both =
            "Unset `AUTH0_CLIENT_ID` and `AUTH0_CLIENT_SECRET`, which win over the saved Management API client ID ";
        assert!(hint.starts_with(both) && hint.contains(facts::MANAGEMENT_CLIENT_ID), "{output}");
        assert_eq!(output.stderr.matches("hint: ").count(), output.stderr.matches("hint: Unset").count(), "{output}");
    }
    for (fault, code) in [
        (Fault::NoClientGrant, "management_client_not_authorized"),
        (Fault::GrantNotAllowed, "management_grant_not_allowed"),
        (Fault::ReadOnlyToken, "missing_scope"),
    ] {
        let stage = Stage::configured(GoogleHealth, &[fault]);
        let text =
            stage.settings(Store::Nothing).replace(facts::MANAGEMENT_CLIENT_ID, "SavedManagement0000000000000000");
        let environment = stage.environment().with("AUTH0_CLIENT_ID", facts::MANAGEMENT_CLIENT_ID);
        environment.write_settings(&text);
        let output =
            environment.run(&["setup", "--yes", "--all-apps", "--skip-login", "--connection", "new", "--json"]);
        begins_with_unset(&output, code, "AUTH0_CLIENT_ID");
    }
}

#[test]
fn the_client_id_of_the_provider_that_was_left_is_named_before_the_end_of_fitbit() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ShutDown]);
    let environment = stage
        .environment()
        .with("FITBIT_CONNECT_CLIENT_ID", facts::FITBIT_CLIENT_ID)
        .with("FITBIT_CONNECT_CLIENT_SECRET", simulated::client_secret(Fitbit));
    for args in [&HEADLESS[..], &["setup", "--yes", "--skip-login", "--json"]] {
        begins_with_unset(&environment.run(args), "provider_shut_down", "FITBIT_CONNECT_CLIENT_ID");
    }
    let setup = ["setup", "--yes", "--skip-login", "--provider", "google-health", "--json"];
    begins_with_unset(&environment.run(&setup).exits(2), "fitbit_id_at_google", "FITBIT_CONNECT_CLIENT_ID");
}

#[test]
fn another_client_id_of_the_same_provider_is_no_reason_to_write_it_into_the_connection() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongClientIdInTenant]);
    let text = stage.settings(Store::Nothing).replace(facts::GOOGLE_CLIENT_ID, STALE_ID);
    let environment = stage.environment().with("FITBIT_CONNECT_CLIENT_ID", facts::GOOGLE_CLIENT_ID);
    environment.write_settings(&text);
    begins_with_unset(&environment.run(&HEADLESS).exits(3), "connection_client_id_differs", "FITBIT_CONNECT_CLIENT_ID");
}

#[test]
fn the_id_of_another_application_without_its_secret_is_told_from_what_is_saved() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = saved(&stage).with("AUTH0_CLIENT_ID", &stage.create_application("Web"));
    for args in
        [&["setup", "--yes", "--skip-login", "--json"][..], &["remove", "--delete-connection", "--yes", "--json"]]
    {
        begins_with_unset(&environment.run(args).exits(2), "input_missing", "AUTH0_CLIENT_ID");
    }
    environment.without("AUTH0_CLIENT_ID").run(&["setup", "--yes", "--skip-login"]).exits(0);
}

/// What is kept for the Management API client is replaced by another secret, as after a rotation in the dashboard.
fn rotated(environment: &Environment) -> (String, String) {
    let right = std::fs::read_to_string(environment.secrets()).unwrap();
    let stale = right.replace(facts::MANAGEMENT_CLIENT_SECRET, &"former-secret-".repeat(5));
    assert_ne!(stale, right);
    std::fs::write(environment.secrets(), &stale).unwrap();
    (right, stale)
}

#[test]
fn a_kept_secret_of_the_management_client_that_was_replaced_is_named_and_the_new_one_takes_its_place() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = saved(&stage);
    rotated(&environment);
    for args in [
        &HEADLESS[..],
        &["setup", "--yes", "--skip-login", "--json"],
        &["remove", "--delete-connection", "--yes", "--json"],
    ] {
        let output = environment.run(args).exits(4);
        assert_eq!(output.error_code(), "management_credentials_rejected", "{output}");
        let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
        let named = ["secrets.toml", "AUTH0_CLIENT_SECRET", "`fitbit-connect setup", "--save-management`"];
        assert!(named.iter().all(|name| hint.contains(name)), "{hint}");
    }
    // Given for one run, and accepted: what is kept is of no use any more.
    let given = environment.with("AUTH0_CLIENT_SECRET", facts::MANAGEMENT_CLIENT_SECRET);
    given.run(&["setup", "--yes", "--skip-login"]).exits(0).says("replace the Management API client's secret in ");
    let environment = given.without("AUTH0_CLIENT_SECRET");
    environment.run(&HEADLESS).exits(0);
    let again = environment.run(&["setup", "--yes", "--skip-login"]).exits(0);
    assert!(!again.stderr.contains("replace the Management"), "{again}");
}

#[test]
fn a_watch_takes_up_the_secret_of_the_management_client_that_a_setup_elsewhere_keeps() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = saved(&stage);
    let (right, _) = rotated(&environment);
    let place = environment.secrets();
    let mend = move |line: &str| {
        if line.contains("Asked again every") {
            std::fs::write(&place, &right).unwrap();
        }
    };
    environment.run_watched(&["test", "--headless", "--watch=60s", "--every=1s"], mend).exits(0);
}

#[test]
fn a_cure_that_is_about_something_else_names_the_variable_too_that_decides_what_it_does() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongSecret]);
    let environment = stage.environment();
    for (variable, value) in [
        ("FITBIT_CONNECT_CONNECTION", "google"),
        ("FITBIT_CONNECT_APPS", "Their Web"),
        ("AUTH0_DOMAIN", "other.acme.invalid"),
    ] {
        let settings = std::fs::read_to_string(environment.settings()).unwrap();
        assert!(settings.contains("applications"), "{settings}");
        let command = environment.command(&HEADLESS).env(variable, value).output().unwrap();
        let document: Value = serde_json::from_slice(&command.stdout).unwrap();
        let checks = document["checks"].as_array().unwrap().clone();
        let refused = checks.iter().find(|check| check["check"] == "credentials.accepted").unwrap();
        assert_eq!(refused["code"], "client_secret_rejected", "{document}");
        let hint = refused["hint"].as_str().unwrap();
        assert!(hint.starts_with(&format!("`{variable}` wins over the ")), "{variable}: {hint}");
        assert_eq!(hint.matches(" wins over ").count(), 1, "{hint}");
    }
}

#[test]
fn a_variable_behind_a_missing_or_a_wrong_input_is_named() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = saved(&stage).with("AUTH0_DOMAIN", "other.eu.auth0.com");
    let setup = ["setup", "--yes", "--skip-login", "--json"];
    begins_with_unset(&environment.run(&setup).exits(2), "input_missing", "AUTH0_DOMAIN");
    let environment = stage.environment().with("FITBIT_CONNECT_PROVIDER", "fitbit");
    begins_with_unset(&environment.run(&HEADLESS).exits(2), "input_invalid", "FITBIT_CONNECT_PROVIDER");
    let environment = stage.environment().with("FITBIT_CONNECT_SCOPES", "profile,heartrate");
    begins_with_unset(&environment.run(&HEADLESS).exits(2), "input_invalid", "FITBIT_CONNECT_SCOPES");
}

#[test]
fn a_kept_management_client_tells_of_the_login_domains_before_their_callbacks_are_asked_for() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = saved(&stage);
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    environment.write_settings(&settings.replace("\nport = ", "\nlogin_domains = [\"login.old.invalid\"]\nport = "));
    assert_eq!(environment.run(&HEADLESS).exits(3).error_code(), "login_domain_gone");
    environment.run(&["setup", "--yes", "--skip-login"]).exits(0).says("it is left out");
    environment.run(&HEADLESS).exits(0);
}

#[test]
fn what_is_refused_at_the_door_names_the_variable_that_wins_over_what_is_kept() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let (id, secret) = (facts::FITBIT_CLIENT_ID, simulated::client_secret(Fitbit));
    let setup = &["setup", "--yes", "--skip-login", "--json"][..];
    for (variable, value, more, args, code, named) in [
        ("FITBIT_CONNECT_CLIENT_SECRET", secret, None, &HEADLESS[..], "input_invalid", "FITBIT_CONNECT_CLIENT_SECRET"),
        (
            "FITBIT_CONNECT_CLIENT_SECRET",
            "$GOOGLE_SECRET",
            None,
            &HEADLESS,
            "input_invalid",
            "FITBIT_CONNECT_CLIENT_SECRET",
        ),
        ("FITBIT_CONNECT_CLIENT_ID", id, None, setup, "input_missing", "FITBIT_CONNECT_CLIENT_ID"),
        (
            "FITBIT_CONNECT_CLIENT_ID",
            id,
            Some(facts::GOOGLE_CLIENT_SECRET),
            setup,
            "input_invalid",
            "FITBIT_CONNECT_CLIENT_ID",
        ),
        ("AUTH0_DOMAIN", "not a domain", None, &HEADLESS, "input_invalid", "AUTH0_DOMAIN"),
    ] {
        let mut environment = saved(&stage).with(variable, value);
        if let Some(secret) = more {
            environment = environment.with("FITBIT_CONNECT_CLIENT_SECRET", secret);
        }
        let output = environment.run(args).exits(2);
        assert_eq!(output.error_code(), code, "{output}");
        let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
        assert!(hint.starts_with(&format!("Unset `{named}`, which wins over ")), "{variable}={value}: {hint}");
    }
    // Of the provider that was left, over nothing: it has to go all the same.
    let environment = Environment::new().with("FITBIT_CONNECT_CLIENT_ID", id);
    let output = environment.run(&["setup", "--provider", "google-health", "--yes", "--json"]).exits(2);
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("Unset `FITBIT_CONNECT_CLIENT_ID`, which is of the other provider"), "{hint}");
}

#[test]
fn a_variable_that_this_run_has_saved_is_said_to_be_saved_and_what_was_there_can_be_given_again() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment_without_management();
    let settings = stage.settings(Store::Nothing);
    environment.write_settings(&settings.replace("\nport = ", "\nconnection = \"google-health\"\nport = "));
    let setup = ["setup", "--manual", "--yes", "--skip-login", "--json"];
    let environment = environment.with("FITBIT_CONNECT_CONNECTION", "nope");
    let output = environment.run(&setup).exits(3);
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    let told =
        "Unset `FITBIT_CONNECT_CONNECTION`, which this run has saved in place of the connection name google-health, ";
    assert!(hint.starts_with(told), "{hint}");
    let environment = environment.without("FITBIT_CONNECT_CONNECTION");
    environment.run(&[&setup[..], &["--connection", "google-health"]].concat()).exits(0);
    environment.run(&HEADLESS).exits(0);
}

#[test]
fn the_applications_of_another_project_are_named_without_the_management_api_too() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment_without_management();
    let output = environment.with("FITBIT_CONNECT_APPS", "AnothersAppAnothersAppAnothersApp").run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "application_unknown_to_tenant", "{output}");
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("Unset `FITBIT_CONNECT_APPS`, which wins over the saved applications "), "{hint}");
}

#[test]
fn a_provider_that_was_left_in_a_variable_is_named_beside_the_client_id_and_a_flag_wins_in_every_cure() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongSecret]);
    // As in a job of variables alone: nothing is saved but where the simulator is.
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let at = settings.find("[profiles.default.endpoints]").unwrap();
    environment.write_settings(&settings[at..]);
    let environment = environment
        .with("AUTH0_DOMAIN", facts::DOMAIN)
        .with("AUTH0_CLIENT_ID", facts::MANAGEMENT_CLIENT_ID)
        .with("FITBIT_CONNECT_STORE", "none")
        .with("FITBIT_CONNECT_CLIENT_ID", facts::GOOGLE_CLIENT_ID)
        .with("FITBIT_CONNECT_PROVIDER", "fitbit");
    let setup = ["setup", "--yes", "--all-apps", "--skip-login", "--json"];
    let hint = |output: &Output| output.document()["error"]["hint"].as_str().unwrap().to_owned();
    for args in [&HEADLESS[..], &setup] {
        let output = environment.run(args).exits(2);
        assert_eq!(output.error_code(), "google_id_at_fitbit", "{output}");
        let told = "Unset `FITBIT_CONNECT_PROVIDER` where the client ID in `FITBIT_CONNECT_CLIENT_ID` is meant, or ";
        assert!(hint(&output).starts_with(told), "{output}");
        let output = environment.run(&[args, &["--provider", "google-health"]].concat()).exits(4);
        assert_eq!(output.error_code(), "client_secret_rejected", "{output}");
        assert!(hint(&output).contains("`fitbit-connect setup --provider google-health"), "{output}");
    }
}

#[test]
fn the_way_over_from_fitbit_wins_over_the_connection_in_a_variable() {
    let stage = Stage::configured(Fitbit, &[Fault::ShutDown]);
    let environment = stage.environment().with("FITBIT_CONNECT_CONNECTION", "fitbit");
    let output = environment.run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "provider_shut_down", "{output}");
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("setup --provider google-health --connection google-health"), "{hint}");
}
