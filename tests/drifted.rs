//! A connection that somebody changed in the dashboard: what differs is told, and the cure repairs it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::Output;
use common::stage::Stage;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::faults::Fault;
use serde_json::{Value, json};

const HEADLESS: [&str; 4] = ["test", "--headless", "--json", "--all-apps"];
const SETUP: [&str; 5] = ["setup", "--yes", "--skip-login", "--all-apps", "--json"];

fn cure(output: &Output, check: &str) -> String {
    output.checks(check)[0]["hint"].as_str().unwrap().to_owned()
}

/// The options of the connection `google-health`, changed by somebody in the dashboard.
fn drifted(change: &Value) -> Stage {
    let stage = Stage::configured(GoogleHealth, &[]);
    stage.change_options("google-health", change);
    stage
}

#[test]
fn short_names_of_scopes_in_the_tenant_are_told_and_written_as_google_knows_them() {
    let stage = drifted(&json!({ "scope": ["openid", "email", "profile", "profile.readonly"] }));
    let output = stage.environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "connection_scopes_differ", "{output}");
    let detail = output.checks("connection.settings")[0]["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("is email openid profile profile.readonly, should be") && detail.contains("https://"),
        "{detail}"
    );
    stage.environment().run(&SETUP).exits(0);
    stage.environment().run(&HEADLESS).exits(0);
    // Without the Management API the tenant's request says it.
    let stage = drifted(&json!({ "scope": ["openid", "email", "profile", "profile.readonly"] }));
    let output = stage.environment_without_management().run(&HEADLESS[..3]).exits(3);
    assert_eq!(output.error_code(), "invalid_scope", "{output}");
    assert!(
        cure(&output, "authorize.redirect").starts_with("The connection asks for profile.readonly as well"),
        "{output}"
    );
    // The second application says nothing new.
    let states: Vec<_> = output.checks("authorize.redirect").iter().map(|found| found["state"].clone()).collect();
    assert_eq!(states, ["fail", "skip"], "{output}");
}

#[test]
fn a_scope_that_google_does_not_have_is_named_with_the_command_that_takes_it_out() {
    let foreign = "https://www.googleapis.com/auth/googlehealth.profil.readonly";
    let own = "https://www.googleapis.com/auth/googlehealth.profile.readonly";
    let stage = drifted(&json!({ "scope": ["openid", "email", "profile", own, foreign] }));
    let output = stage.environment().run(&HEADLESS).exits(3);
    let cure = cure(&output, "authorize.redirect");
    assert!(cure.contains(foreign), "{cure}");
    let command = cure.split('`').find(|part| part.starts_with("fitbit-connect setup")).unwrap().to_owned();
    let mut args: Vec<&str> = command.split(' ').skip(1).collect();
    args.extend(["--yes", "--skip-login"]);
    stage.environment().run(&args).exits(0);
    stage.environment().run(&HEADLESS).exits(0);
}

#[test]
fn a_scope_that_is_newer_than_this_program_is_kept_as_it_is() {
    let new = "https://www.googleapis.com/auth/googlehealth.brandnew.readonly";
    let own = "https://www.googleapis.com/auth/googlehealth.profile.readonly";
    let stage = drifted(&json!({ "scope": ["openid", "email", "profile", own, new], "pkce_enabled": false }));
    stage.environment().run(&SETUP);
    let options = stage.connection("google-health").unwrap()["options"].clone();
    assert_eq!(options["pkce_enabled"], true);
    assert!(options["scope"].as_array().unwrap().contains(&json!(new)), "{options}");
}

#[test]
fn parameters_that_stand_in_the_address_as_well_are_told_and_mended() {
    let twice = json!({ "authorizationURL": "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent" });
    let stage = drifted(&twice);
    let by_hand = ["setup", "--manual", "--yes", "--skip-login", "--json"];
    let output = stage.environment_without_management().run(&by_hand).exits(3);
    assert_eq!(output.error_code(), "connection_settings_differ", "{output}");
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("Authorization URL `https://accounts.google.com/o/oauth2/v2/auth` and save"), "{hint}");
    let output = stage.environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "connection_settings_differ", "{output}");
    stage.environment().run(&SETUP).exits(0);
    stage.environment().run(&HEADLESS).exits(0);
    // Nowhere at all: the access of people would end after an hour.
    let output = drifted(&json!({ "authParams": {} })).environment_without_management().run(&by_hand).exits(3);
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("v2/auth?access_type=offline&prompt=consent` and save"), "{hint}");
}

#[test]
fn an_answer_that_is_not_understood_is_no_acceptance() {
    for args in [&SETUP[..], &["setup", "--manual", "--yes", "--skip-login", "--json"]] {
        let stage = Stage::configured(GoogleHealth, &[Fault::ProviderGarbage]);
        let environment =
            if args.contains(&"--manual") { stage.environment_without_management() } else { stage.environment() };
        let output = environment.run(args).exits(0);
        output.hides("accepted by");
        output.says("Not verified: whether the provider takes");
    }
}
