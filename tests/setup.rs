//! `setup` through the users' door: the six steps, the plan, convergence, what is written and what is not.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use common::stage::Stage;
use common::{Environment, Output};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts::{self, APPLICATIONS};
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use reqwest::Method;
use serde_json::{Value, json};

const HEALTH_PROFILE: &str = "https://www.googleapis.com/auth/googlehealth.profile.readonly";
const SETUP: [&str; 5] = ["setup", "--yes", "--json", "--all-apps", "--skip-login"];

fn people() -> BTreeSet<String> {
    APPLICATIONS.iter().filter(|app| app.callback.is_some()).map(|app| app.client_id.to_owned()).collect()
}

/// The states of all steps, in order.
fn steps(output: &Output) -> Vec<(String, String)> {
    let document = output.document();
    let text = |step: &Value, member: &str| step[member].as_str().unwrap().to_owned();
    document["steps"].as_array().unwrap().iter().map(|step| (text(step, "step"), text(step, "state"))).collect()
}

fn names(steps: &[(String, String)]) -> Vec<&str> {
    steps.iter().map(|(step, _)| step.as_str()).collect()
}

#[test]
fn in_the_sandbox_setup_works_without_any_account_and_says_who_signed_in() {
    let environment = Environment::new();
    for (args, who) in [
        (&["setup", "--sandbox", "--yes"][..], "It works: Ada Example signed in."),
        (&["setup", "--sandbox", "--yes", "--provider", "fitbit"], "It works: Ada signed in."),
    ] {
        let output = environment.run(args).exits(0).says(who);
        assert_eq!(output.stdout, "", "prose belongs on stderr");
        for heading in [
            "1 of 6  Register an app",
            "2 of 6  Enter the callback URL",
            "3 of 6  Copy the client ID and secret",
            "4 of 6  Enter them in Auth0",
            "5 of 6  Enable the connection",
            "6 of 6  Test the connection",
        ] {
            assert!(output.stderr.contains(heading), "{heading}\n{output}");
        }
    }
    assert_eq!(environment.files(), [], "the sandbox writes nothing");
}

#[test]
fn the_document_of_a_setup_has_the_promised_shape() {
    let environment = Environment::new();
    let output = environment.run(&["setup", "--sandbox", "--yes", "--json"]).exits(0);
    let document = output.document();
    for (member, value) in
        [("command", "setup"), ("profile", "default"), ("provider", "google-health"), ("tenant", facts::DOMAIN)]
    {
        assert_eq!(document[member], value, "{member}");
    }
    let connection = &document["connection"];
    assert!(connection["id"].as_str().unwrap().starts_with("con_"));
    assert_eq!(connection["name"], "google-health");
    assert_eq!(connection["strategy"], "oauth2");
    assert_eq!(connection["action"], "created");
    let steps = steps(&output);
    assert_eq!(names(&steps), ["register", "callback", "credentials", "connection", "applications", "login"]);
    let states: Vec<&str> = steps.iter().map(|(_, state)| state.as_str()).collect();
    assert_eq!(states, ["done", "done", "changed", "changed", "changed", "done"]);
    for step in document["steps"].as_array().unwrap() {
        let members: BTreeSet<&str> = step.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, BTreeSet::from(["step", "state", "detail", "code", "hint"]));
    }
    for check in document["checks"].as_array().unwrap() {
        for member in ["check", "state", "detail", "code", "hint"] {
            assert!(check.get(member).is_some(), "{member} in {check}");
        }
        assert_eq!(check["state"], "pass", "{check}");
    }
    for (check, count) in [
        ("provider.alive", 1),
        ("provider.callback", 1),
        ("credentials.stored", 1),
        ("credentials.accepted", 1),
        ("tenant.reachable", 1),
        ("management.access", 1),
        ("connection.exists", 1),
        ("connection.settings", 1),
        ("connection.secret", 1),
        ("applications.enabled", 2),
        ("authorize.redirect", 2),
        ("login.live", 1),
        ("identity.read", 1),
    ] {
        assert_eq!(output.checks(check).len(), count, "{check}");
    }
    for check in ["applications.enabled", "authorize.redirect"] {
        let about: Vec<Value> = output.checks(check);
        assert_eq!(about[0]["application"], APPLICATIONS[0].client_id);
        assert_eq!(about[0]["application_name"], APPLICATIONS[0].name);
    }
    assert_eq!(
        document["identity"],
        json!({
            "subject": "oauth2|google-health|1234567890123456789", "name": "Ada Example", "legacy_user_id": "A1B2C3"
        })
    );
    assert!(document["error"].is_null());
}

#[test]
fn the_first_run_creates_a_google_connection_with_everything_a_login_needs() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let output = stage.environment().run(&SETUP).exits(0);
    assert_eq!(output.document()["connection"]["action"], "created");
    let connection = stage.connection("google-health").unwrap();
    assert_eq!(connection["strategy"], "oauth2");
    let options = &connection["options"];
    for (member, value) in [
        ("client_id", json!(facts::GOOGLE_CLIENT_ID)),
        ("client_secret", json!(facts::GOOGLE_CLIENT_SECRET)),
        ("authorizationURL", json!("https://accounts.google.com/o/oauth2/v2/auth")),
        ("tokenURL", json!("https://oauth2.googleapis.com/token")),
        ("pkce_enabled", json!(true)),
        ("scope", json!(["openid", "email", "profile", HEALTH_PROFILE])),
        ("authParams", json!({ "access_type": "offline", "prompt": "consent" })),
    ] {
        assert_eq!(options[member], value, "{member}");
    }
    let script = options["scripts"]["fetchUserProfile"].as_str().unwrap();
    assert!(script.contains("legacyUserId") && script.contains("healthUserId"), "{script}");
    assert_eq!(stage.enabled("google-health"), people());
}

#[test]
fn the_first_run_creates_a_fitbit_connection_with_its_permission_flags() {
    let stage = Stage::empty(Fitbit, &[]);
    let environment = stage.environment();
    environment.run(&[&SETUP[..], &["--scopes", "profile,sleep"]].concat()).exits(0);
    let connection = stage.connection("fitbit").unwrap();
    assert_eq!(connection["strategy"], "fitbit");
    let options = &connection["options"];
    assert_eq!(options["client_id"], facts::FITBIT_CLIENT_ID);
    assert_eq!(options["client_secret"], facts::FITBIT_CLIENT_SECRET);
    assert_eq!((&options["profile"], &options["sleep"]), (&json!(true), &json!(true)));
    assert_ne!(options["weight"], true);
    assert_eq!(options["scope"], json!(["profile", "sleep"]));
    assert_eq!(stage.enabled("fitbit"), people());
}

#[test]
fn a_fresh_setup_of_two_applications_makes_at_most_sixteen_management_calls() {
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::empty(provider, &[]);
        let port = stage.port().to_string();
        let args = ["setup", "--yes", "--json", "--all-apps", "--port", &port];
        stage.environment().run_with_robot(&args).exits(0);
        let calls = stage.calls_since(0);
        assert!(calls.len() <= 16, "{} calls: {calls:#?}", calls.len());
    }
}

#[test]
fn a_second_run_changes_nothing() {
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::empty(provider, &[]);
        let environment = stage.environment();
        environment.run(&SETUP).exits(0);
        let (mark, files) = (stage.mark(), environment.files());
        let modified = fs::metadata(environment.settings()).unwrap().modified().unwrap();
        // Neither the applications nor the confirmation have to be given again: there is nothing to confirm.
        let output = environment.run(&["setup", "--yes", "--json", "--skip-login"]).exits(0);
        assert_eq!(output.document()["connection"]["action"], "unchanged");
        for step in ["register", "callback", "connection", "applications"] {
            assert_eq!(output.step(step), "done", "{step}");
        }
        assert_eq!(output.step("login"), "skipped");
        assert_eq!(stage.writes_since(mark), [""; 0]);
        assert_eq!(environment.files(), files);
        assert_eq!(fs::metadata(environment.settings()).unwrap().modified().unwrap(), modified);
    }
}

#[test]
fn a_kept_secret_is_done_the_second_time() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    assert_eq!(environment.run(&SETUP).exits(0).step("credentials"), "changed");
    let environment = environment.without("FITBIT_CONNECT_CLIENT_SECRET");
    let (mark, files) = (stage.mark(), environment.files());
    let output = environment.run(&SETUP).exits(0);
    assert_eq!(output.step("credentials"), "done");
    assert_eq!(stage.writes_since(mark), [""; 0]);
    assert_eq!(environment.files(), files);
}

#[test]
fn a_login_leaves_nothing_behind_in_the_tenant() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let (before, on) = (stage.applications(), stage.enabled("google-health"));
    let mark = stage.mark();
    stage.environment().run_with_robot(&["setup", "--yes", "--json"]).exits(0);
    let writes = stage.writes_since(mark);
    assert_eq!(writes.len(), 3, "{writes:#?}");
    assert!(writes[0].starts_with("POST /api/v2/clients ") && writes[0].ends_with("201"), "{writes:#?}");
    assert!(writes[1].starts_with("PATCH /api/v2/connections/con_"), "{writes:#?}");
    assert!(writes[2].starts_with("DELETE /api/v2/clients/") && writes[2].ends_with("204"), "{writes:#?}");
    assert_eq!((stage.applications(), stage.enabled("google-health")), (before, on));
}

#[test]
fn the_temporary_application_is_removed_after_a_login_that_failed() {
    for fault in [Fault::Denied, Fault::ScriptFails, Fault::BadNonce] {
        let stage = Stage::configured(GoogleHealth, &[fault]);
        let before = stage.applications();
        let output = stage.environment().run_with_robot(&["setup", "--yes", "--json"]);
        assert_ne!(output.code(), 0, "{output}");
        assert_eq!(output.step("login"), "failed");
        assert_eq!(output.state("login.live"), "fail");
        assert_eq!(stage.applications(), before, "{output}");
    }
}

#[test]
fn a_temporary_application_that_a_killed_run_left_is_reused() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let before = stage.applications();
    let output = {
        let environment = stage.environment();
        let mut child = environment.command(&["setup", "--yes", "--no-browser"]).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
        assert!(lines.any(|line| common::login_address(&line.unwrap()).is_some()), "the login never began");
        child.kill().unwrap();
        child.wait().unwrap();
        let left = stage.applications();
        assert_eq!(left.len(), before.len() + 1);
        let mark = stage.mark();
        let output = environment.run_with_robot(&["setup", "--yes", "--json"]).exits(0);
        let writes = stage.writes_since(mark);
        let (id, _) = left.iter().find(|application| !before.contains(application)).unwrap();
        assert!(!writes.iter().any(|write| write.starts_with("POST /api/v2/clients")), "{writes:#?}");
        assert!(writes.iter().any(|write| write.starts_with(&format!("PATCH /api/v2/clients/{id}"))), "{writes:#?}");
        output
    };
    assert_eq!(stage.applications(), before, "{output}");
    // What a killed run left is no application of the person's.
    assert_eq!(output.checks("applications.enabled").len(), 2, "{output}");
}

#[test]
fn a_temporary_application_that_cannot_be_removed_is_a_warning_that_names_it() {
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| match request.method.as_str() {
        "DELETE" => Reply::json(500, &json!({ "statusCode": 500, "error": "Internal Server Error" })),
        _ => pass(),
    }));
    let output = stage.environment().run_with_robot(&["setup", "--yes", "--json"]).exits(0);
    let warned: Vec<Value> = output.checks("login.live").into_iter().filter(|c| c["state"] == "warn").collect();
    assert_eq!(warned[0]["code"], "temporary_application_left");
    let left = stage.applications();
    let (id, _) = left.iter().find(|(id, _)| !APPLICATIONS.iter().any(|known| known.client_id == id)).unwrap();
    assert!(warned[0]["detail"].as_str().unwrap().contains(id), "{output}");
}

#[test]
fn what_somebody_else_put_into_the_connection_survives() {
    let stage = Stage::configured(GoogleHealth, &[]);
    stage.change_options(
        "google-health",
        &json!({
            "client_secret": "an-older-secret",
            "icon_url": "https://acme.sandbox.test/icon.png",
            "customHeaders": { "X-Acme": "1" },
            "authParams": { "access_type": "online", "hd": "example.com" },
        }),
    );
    let id = stage.connection("google-health").unwrap()["id"].clone();
    stage.api(
        Method::PATCH,
        &format!("connections/{}", id.as_str().unwrap()),
        Some(json!({ "display_name": "Mine", "show_as_button": true, "metadata": { "team": "blue" } })),
    );
    let output = stage.environment().run(&SETUP).exits(0);
    assert_eq!(output.document()["connection"]["action"], "updated");
    let connection = stage.connection("google-health").unwrap();
    assert_eq!(connection["display_name"], "Mine");
    assert_eq!(connection["show_as_button"], true);
    assert_eq!(connection["metadata"], json!({ "team": "blue" }));
    let options = &connection["options"];
    assert_eq!(options["icon_url"], "https://acme.sandbox.test/icon.png");
    assert_eq!(options["customHeaders"], json!({ "X-Acme": "1" }));
    let parameters = json!({ "access_type": "offline", "prompt": "consent", "hd": "example.com" });
    assert_eq!(options["authParams"], parameters);
    assert_eq!(options["client_secret"], facts::GOOGLE_CLIENT_SECRET);
}

#[test]
fn whatever_was_changed_in_the_dashboard_is_shown_and_repaired() {
    let rows = [
        (Fault::WrongClientIdInTenant, "options.client_id"),
        (Fault::WrongSecretInTenant, "options.client_secret"),
        (Fault::DeveloperKeys, "options.client_id"),
        (Fault::ScopesMissingInTenant, "options.scope"),
        (Fault::SettingsDrifted, "options.authParams"),
        (Fault::ConnectionInactive, "authentication.active"),
        (Fault::ApplicationNotEnabled, "enable it for Acme Web"),
    ];
    std::thread::scope(|scope| {
        for (fault, field) in rows {
            scope.spawn(move || is_shown_and_repaired(GoogleHealth, fault, field));
            if fault != Fault::SettingsDrifted {
                scope.spawn(move || is_shown_and_repaired(Fitbit, fault, field));
            }
        }
    });
}

fn is_shown_and_repaired(provider: Provider, fault: Fault, field: &str) {
    let stage = Stage::configured(provider, &[fault]);
    let environment = stage.environment();
    let run = ["setup", "--yes", "--json", "--skip-login"];
    let planned = environment.run(&["setup", "--dry-run"]).exits(0);
    assert!(planned.stderr.contains(field), "{field} in the plan\n{planned}");
    environment.run(&run).exits(0);
    let mark = stage.mark();
    let again = environment.run(&run).exits(0);
    assert_eq!(again.document()["connection"]["action"], "unchanged", "{}", fault.name());
    assert_eq!(stage.writes_since(mark), [""; 0], "{}", fault.name());
}

#[test]
fn a_new_scope_and_a_new_application_are_the_only_things_that_change() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let id = stage.create_application("Acme Late");
    stage.switch("google-health", &id, false);
    let environment = stage.environment();
    let scopes = format!("openid,email,profile,{HEALTH_PROFILE},sleep.readonly");
    let mark = stage.mark();
    let args = ["setup", "--yes", "--json", "--skip-login", "--app", "Acme Late", "--scopes", &scopes];
    let output = environment.run(&args).exits(0);
    assert_eq!(stage.writes_since(mark).len(), 2, "{:#?}\n{output}", stage.calls_since(mark));
    let options = stage.connection("google-health").unwrap()["options"].clone();
    let sleep = "https://www.googleapis.com/auth/googlehealth.sleep.readonly";
    assert_eq!(options["scope"], json!(["openid", "email", "profile", HEALTH_PROFILE, sleep]));
    let mut expected = people();
    expected.insert(id.clone());
    assert_eq!(stage.enabled("google-health"), expected, "nothing is switched off");
    let saved = fs::read_to_string(environment.settings()).unwrap();
    assert!(saved.contains(&format!("applications = [\"{id}\"]")), "{saved}");
    assert!(saved.contains("\"profile.readonly\", \"sleep.readonly\"]"), "{saved}");
}

#[test]
fn a_run_that_died_anywhere_is_repaired_by_the_next() {
    // A fresh setup with a login makes five writes: connection, applications, temporary application, its enabling, its
    // removal. Each is refused once, or done with the answer lost on the way.
    std::thread::scope(|scope| {
        for nth in 0..5 {
            scope.spawn(move || dies_once_and_is_repaired(nth, false));
            scope.spawn(move || dies_once_and_is_repaired(nth, true));
        }
    });
}

fn dies_once_and_is_repaired(nth: usize, lost: bool) {
    let writes = AtomicUsize::new(0);
    let stage = Stage::empty(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        let write = request.method != "GET" && request.path.starts_with("/api/v2/");
        if write && writes.fetch_add(1, Ordering::Relaxed) == nth {
            if lost {
                pass();
            }
            return Reply::json(500, &json!({ "statusCode": 500, "error": "Internal Server Error" }));
        }
        pass()
    }));
    let environment = stage.environment();
    let args = ["setup", "--yes", "--json", "--all-apps"];
    let first = environment.run_with_robot(&args);
    let second = environment.run_with_robot(&args).exits(0);
    let about = format!("write {nth}, lost {lost}\n{first}\n{second}");
    assert_eq!(stage.enabled("google-health"), people(), "{about}");
    assert_eq!(stage.applications().len(), APPLICATIONS.len(), "{about}");
    let mark = stage.mark();
    let third = environment.run(&SETUP).exits(0);
    assert_eq!(third.document()["connection"]["action"], "unchanged", "{about}");
    assert_eq!(stage.writes_since(mark), [""; 0], "{about}");
}

#[test]
fn a_dry_run_writes_nothing_anywhere_and_says_what_it_would_do() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    let files = environment.files();
    let output = environment.run(&["setup", "--dry-run", "--json", "--all-apps"]).exits(0);
    assert_eq!(output.document()["connection"]["action"], "would_create");
    let expected = [
        ("register", "done"),
        ("callback", "done"),
        ("credentials", "planned"),
        ("connection", "planned"),
        ("applications", "planned"),
        ("login", "skipped"),
    ];
    let expected: Vec<(String, String)> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    assert_eq!(steps(&output), expected);
    assert_eq!(stage.writes_since(0), [""; 0]);
    assert_eq!(environment.files(), files);

    let stage = Stage::configured(GoogleHealth, &[Fault::WrongSecretInTenant]);
    let output = stage.environment().run(&["setup", "--dry-run", "--json"]).exits(0);
    assert_eq!(output.document()["connection"]["action"], "would_update");
    assert_eq!(stage.writes_since(0), [""; 0]);

    let stage = Stage::configured(GoogleHealth, &[]);
    let output = stage.environment().run(&["setup", "--dry-run", "--json"]).exits(0);
    assert_eq!(output.document()["connection"]["action"], "unchanged");
}

#[test]
fn a_dry_run_needs_no_scope_to_write() {
    // Nothing will be written, so a token that may only read can say what would be.
    let stage = Stage::configured(GoogleHealth, &[Fault::ReadOnlyToken, Fault::ScopesMissingInTenant]);
    let output = stage.environment().run(&["setup", "--dry-run", "--json"]).exits(0);
    assert_eq!(output.document()["connection"]["action"], "would_update");
}

#[test]
fn everything_that_is_missing_is_named_at_once_with_flag_and_variable() {
    let environment = Environment::new();
    let output = environment.run(&["setup", "--json"]).exits(2);
    assert_eq!(output.error_code(), "input_missing");
    let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
    for way in [
        "--provider fitbit|google-health",
        "FITBIT_CONNECT_PROVIDER",
        "--client-id ID",
        "FITBIT_CONNECT_CLIENT_ID",
        "--client-secret-file PATH",
        "FITBIT_CONNECT_CLIENT_SECRET",
        "--domain DOMAIN",
        "AUTH0_DOMAIN",
        "--token-file PATH",
        "AUTH0_API_TOKEN",
        "AUTH0_ACCESS_TOKEN",
        "--management-client-id ID",
        "AUTH0_CLIENT_ID",
        "--management-client-secret-file PATH",
        "AUTH0_CLIENT_SECRET",
        "--app NAME_OR_ID",
        "--all-apps",
        "FITBIT_CONNECT_APPS",
        "--yes",
    ] {
        assert!(message.contains(way), "{way} in {message}");
    }
    assert_eq!(environment.files(), []);
}

#[test]
fn without_confirmation_nothing_is_written() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment();
    let files = environment.files();
    for args in
        [&["setup", "--all-apps"][..], &["setup", "--all-apps", "--json"], &["setup", "--all-apps", "--no-input"]]
    {
        let output = environment.run(args).exits(2).says("[confirmation_missing]");
        assert!(output.stderr.contains("--yes"), "{output}");
    }
    assert_eq!(environment.files(), files);
    assert_eq!(stage.writes_since(0), [""; 0]);
}

#[test]
fn by_hand_the_values_to_type_are_shown_and_the_result_is_verified_through_authorize() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment_without_management();
    let output = environment.run(&["setup", "--manual", "--yes", "--skip-login"]).exits(0);
    for value in [
        "google-health",
        facts::GOOGLE_CLIENT_ID,
        "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent",
        "https://oauth2.googleapis.com/token",
        HEALTH_PROFILE,
        "https://acme.sandbox.test/login/callback",
    ] {
        assert!(output.stderr.lines().any(|line| line.contains(value)), "{value}\n{output}");
    }
    output.hides(facts::GOOGLE_CLIENT_SECRET);
    // The secret and the script that were typed show in a login alone.
    let output = output.says("Done, but for the proof of a login").says("Not verified: whether the client secret");
    output.hides("is set up in");
    assert_eq!(stage.calls_since(0), [], "by hand means that the Management API is left alone");
    let output = environment.run(&["setup", "--manual", "--yes", "--skip-login", "--json"]).exits(0);
    assert_eq!(output.state("authorize.redirect"), "pass");
    assert_eq!(output.step("connection"), "done");
    assert_eq!(output.step("applications"), "done");
    assert_eq!(output.step("login"), "skipped");
    for check in ["connection.settings", "connection.secret"] {
        assert_eq!(output.state(check), "skip");
    }

    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationNotEnabled]);
    let output = stage.environment_without_management().run(&["setup", "--manual", "--yes", "--json"]).exits(3);
    assert_eq!(output.error_code(), "authorize_connection_not_usable");
}

#[test]
fn by_hand_each_failure_has_its_own_cure_with_the_exact_value() {
    for (fault, exit, code, cure) in [
        (Fault::ApplicationNotEnabled, 3, "authorize_connection_not_usable", "on its Applications tab"),
        (Fault::WithoutCodeGrant, 3, "application_grant_missing", "Authorization Code"),
        (Fault::ApplicationGone, 3, "application_unknown_to_tenant", "Compare the client ID"),
        (Fault::WrongClientIdInTenant, 3, "authorize_wrong_client_id", facts::GOOGLE_CLIENT_ID),
        (Fault::ScopesMissingInTenant, 3, "authorize_scopes_missing", HEALTH_PROFILE),
        (Fault::WrongProviderInTenant, 3, "authorize_wrong_provider", "https://accounts.google.com/o/oauth2/v2/auth?"),
        (Fault::NotConfigured, 3, "connection_not_configured", "https://oauth2.googleapis.com/token"),
        (Fault::WrongCallbackSent, 3, "authorize_wrong_callback", "Register what the tenant sends"),
        (Fault::TenantDown, 6, "service_unavailable", "later"),
    ] {
        let stage = Stage::configured(GoogleHealth, &[fault]);
        let setup = ["setup", "--manual", "--yes", "--skip-login", "--json"];
        let output = stage.environment_without_management().run(&setup).exits(exit);
        assert_eq!(output.error_code(), code, "{fault:?}: {output}");
        let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
        assert!(hint.contains(cure) && !hint.contains("values above"), "{fault:?}: {hint}");
    }
}

#[test]
fn by_hand_missing_scopes_are_boxes_to_tick_at_fitbits_own_connection() {
    let stage = Stage::configured(Fitbit, &[Fault::ScopesMissingInTenant]);
    let setup = ["setup", "--manual", "--yes", "--skip-login", "--json"];
    let output = stage.environment_without_management().run(&setup).exits(3);
    assert_eq!(output.error_code(), "authorize_scopes_missing", "{output}");
    assert!(output.document()["error"]["hint"].as_str().unwrap().contains("exactly Permissions profile"), "{output}");
}

#[test]
fn more_than_fifty_applications_are_enabled_in_chunks() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let mut expected = people();
    // Two exist already; 51 is the first number that needs a second call.
    expected.extend((0..49).map(|n| stage.create_application(&format!("Acme {n}"))));
    let mark = stage.mark();
    let output = stage.environment().run(&SETUP).exits(0);
    assert_eq!(stage.enabled("google-health"), expected);
    let chunks = stage.writes_since(mark).iter().filter(|write| write.starts_with("PATCH")).count();
    assert_eq!(chunks, 2, "{:#?}", stage.writes_since(mark));
    let asked = output.checks("authorize.redirect");
    assert_eq!(asked.len(), 51);
    assert_eq!(asked.iter().filter(|check| check["state"] == "pass").count(), 20);
    assert_eq!(asked.iter().filter(|check| check["state"] == "skip").count(), 31);
}

#[test]
fn an_application_beyond_the_first_thousand_is_found() {
    // Auth0 gives at most 1,000 entries by page number; only checkpoint paging (`take`, `from`) reaches the rest.
    let stage = Stage::empty(GoogleHealth, &[]).behind(Box::new(|request, pass| {
        if request.method != "GET" || request.path != "/api/v2/clients" {
            return pass();
        }
        let number = |name: &str| request.param(name).and_then(|text| text.parse::<usize>().ok());
        let (from, take) = match (number("take"), number("page"), number("per_page")) {
            (Some(take), None, _) => (number("from").unwrap_or(0), take.min(100)),
            (None, page, size) => {
                let size = size.unwrap_or(50).min(100);
                let from = page.unwrap_or(0) * size;
                if from >= 1000 {
                    return Reply::json(400, &json!({ "statusCode": 400, "message": "at most 1000 results" }));
                }
                (from, size)
            }
            _ => return Reply::json(400, &json!({ "statusCode": 400, "message": "page and take together" })),
        };
        let entry =
            |n: usize| json!({ "client_id": format!("{n:032}"), "name": format!("App {n}"), "app_type": "spa" });
        let clients: Vec<Value> = (from..(from + take).min(1050)).map(entry).collect();
        let next = (from + take < 1050).then(|| (from + take).to_string());
        match request.param("take") {
            Some(_) => Reply::json(200, &json!({ "clients": clients, "next": next })),
            None => Reply::json(200, &json!(clients)),
        }
    }));
    let output = stage.environment().run(&["setup", "--dry-run", "--app", "App 1049"]).exits(0);
    assert!(output.stderr.contains(&format!("enable it for App 1049 ({:032})", 1049)), "{output}");
}

#[test]
fn an_application_that_does_not_exist_is_an_input_error_and_a_saved_one_that_is_gone_is_not() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationGone]);
    let environment = stage.environment();
    let output = environment.run(&["setup", "--yes", "--json", "--skip-login", "--app", "Nobody"]).exits(2);
    assert_eq!(output.error_code(), "application_not_found");
    let output = environment.run(&["setup", "--yes", "--json", "--skip-login"]).exits(3);
    assert_eq!(output.error_code(), "application_gone");
    assert_eq!(output.step("applications"), "failed");
    assert_eq!(stage.writes_since(0), [""; 0]);
}

#[test]
fn a_tenant_that_will_not_take_the_connection_stops_setup_with_the_reason() {
    for (fault, configured, code, exit) in [
        (Fault::EntityLimit, false, "entity_limit_reached", 3),
        (Fault::WrongStrategy, true, "connection_wrong_strategy", 3),
        (Fault::ReadOnlyToken, false, "missing_scope", 4),
        (Fault::OptionsHidden, true, "missing_scope", 4),
        (Fault::ManagementClientUnknown, true, "management_credentials_rejected", 4),
        (Fault::NoClientGrant, true, "management_client_not_authorized", 4),
        (Fault::ExpiredToken, true, "management_token_expired", 4),
    ] {
        let stage =
            if configured { Stage::configured(GoogleHealth, &[fault]) } else { Stage::empty(GoogleHealth, &[fault]) };
        let output = stage.environment().run(&SETUP).exits(exit);
        assert_eq!(output.error_code(), code, "{}\n{output}", fault.name());
        assert_eq!(output.step("connection"), "failed", "{}\n{output}", fault.name());
        // A refused POST is no change.
        assert!(stage.writes_since(0).iter().all(|write| write.ends_with(" 403")), "{:#?}", stage.writes_since(0));
    }
}

#[test]
fn a_fitbit_connection_whose_name_is_taken_by_another_strategy_stops_setup() {
    let stage = Stage::configured(Fitbit, &[Fault::WrongStrategy]);
    let output = stage.environment().run(&SETUP).exits(3);
    let code = output.error_code();
    assert!(["connection_wrong_strategy", "connection_name_taken"].contains(&code.as_str()), "{output}");
}

#[test]
fn a_read_back_that_is_one_answer_old_is_no_failure() {
    for (fault, write, read) in
        [(Fault::ScopesMissingInTenant, "PATCH", ""), (Fault::ApplicationNotEnabled, "PATCH", "/clients")]
    {
        let old: Mutex<(Option<Reply>, bool)> = Mutex::default();
        let stage = Stage::configured(GoogleHealth, &[fault]).behind(Box::new(move |request, pass| {
            let mut old = old.lock().unwrap();
            let is_it = request.path.starts_with("/api/v2/connections/") && request.path.ends_with(read);
            let reply = pass();
            match request.method.as_str() {
                method if is_it && method == write => old.1 = true,
                // The first answer after the write is the last one from before.
                "GET" if is_it && std::mem::take(&mut old.1) => return old.0.clone().unwrap(),
                "GET" if is_it => old.0 = Some(reply.clone()),
                _ => {}
            }
            reply
        }));
        stage.environment().run(&SETUP).exits(0);
        stage.environment().run(&["test", "--headless", "--all-apps"]).exits(0);
    }
}

#[test]
fn another_name_for_the_connection_takes_the_place_of_the_one_that_was_given() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongStrategy]);
    for args in [&["test", "--headless", "--json"][..], &SETUP] {
        let output = stage.environment().run(&[args, &["--connection", "google-health"]].concat()).exits(3);
        let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
        let cure = hint.split('`').find(|part| part.contains("google-health-2")).unwrap();
        assert_eq!(cure.matches("--connection").count(), 1, "{cure}");
    }
}

#[test]
fn a_mistake_at_the_provider_is_found_before_anything_is_written() {
    for (fault, step, code, exit) in [
        (Fault::ShutDown, "register", "provider_shut_down", 3),
        (Fault::RedirectMismatch, "callback", "redirect_uri_mismatch", 3),
        (Fault::UnknownClient, "callback", "client_id_unknown", 4),
        (Fault::WrongSecret, "credentials", "client_secret_rejected", 4),
    ] {
        for provider in [GoogleHealth, Fitbit] {
            let stage = Stage::empty(provider, &[fault]);
            let environment = stage.environment();
            let files = environment.files();
            let output = environment.run(&SETUP).exits(exit);
            assert_eq!(output.error_code(), code, "{output}");
            assert_eq!(output.step(step), "failed", "{output}");
            assert_eq!(stage.writes_since(0), [""; 0], "{output}");
            assert_eq!(environment.files(), files, "{output}");
        }
    }
}

#[test]
fn a_custom_login_domain_is_found_verified_and_saved() {
    let stage = Stage::empty(GoogleHealth, &[Fault::CustomDomain]);
    let environment = stage.environment();
    let output = environment.run_with_robot(&["setup", "--yes", "--all-apps"]).exits(0);
    for url in ["https://login.acme.sandbox.test/login/callback", "https://acme.sandbox.test/login/callback"] {
        assert!(output.stderr.lines().any(|line| line == url), "{url} on a line of its own\n{output}");
    }
    let saved = fs::read_to_string(environment.settings()).unwrap();
    assert!(saved.contains("login_domains = [\"login.acme.sandbox.test\"]"), "{saved}");
}

#[test]
fn a_test_application_is_used_and_left_alone() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let callback = format!("http://127.0.0.1:{}/callback", stage.port());
    let body = json!({
        "name": "Mine", "app_type": "native", "token_endpoint_auth_method": "none", "oidc_conformant": true,
        "grant_types": ["authorization_code"], "callbacks": [callback], "jwt_configuration": { "alg": "RS256" },
    });
    let id = stage.api(Method::POST, "clients", Some(body))["client_id"].as_str().unwrap().to_owned();
    stage.switch("google-health", &id, true);
    let mark = stage.mark();
    let output = stage.environment().run_with_robot(&["setup", "--yes", "--json", "--test-app", &id]).exits(0);
    assert_eq!(output.state("login.live"), "pass");
    assert_eq!(stage.writes_since(mark), [""; 0]);
}

#[test]
fn what_the_person_wrote_into_the_settings_stays() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let mine = format!(
        "# mine\nfavourite = 7\n{}\n[profiles.other]\nprovider = \"fitbit\" # old\n",
        stage.settings(Store::Nothing)
    );
    environment.write_settings(&mine);
    environment.run(&SETUP).exits(0);
    let text = fs::read_to_string(environment.settings()).unwrap();
    for kept in ["# mine", "favourite = 7", "[profiles.other]", "provider = \"fitbit\" # old"] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert!(text.contains("connection = \"google-health\""), "{text}");
}

#[test]
fn the_management_client_is_kept_only_when_told_so() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment =
        stage.environment().with("AUTH0_CLIENT_ID", facts::MANAGEMENT_CLIENT_ID).with("FITBIT_CONNECT_STORE", "file");
    let settings = stage.settings(Store::File);
    let without_id: String =
        settings.lines().filter(|l| !l.starts_with("management_client_id")).map(|l| format!("{l}\n")).collect();
    environment.write_settings(&without_id);
    environment.run(&SETUP).exits(0);
    let kept = || fs::read_to_string(environment.secrets()).unwrap();
    assert!(!kept().contains(facts::MANAGEMENT_CLIENT_SECRET));
    environment.run(&[&SETUP[..], &["--save-management"]].concat()).exits(0);
    assert!(kept().contains(facts::MANAGEMENT_CLIENT_SECRET));
    let environment = environment.without("AUTH0_CLIENT_ID").without("AUTH0_CLIENT_SECRET");
    environment.run(&SETUP).exits(0);
}

#[test]
fn the_free_plans_rate_limit_slows_setup_down_and_does_not_stop_it() {
    let stage = Stage::configured(GoogleHealth, &[Fault::FreePlan]);
    stage.environment().run(&["setup", "--yes", "--json", "--skip-login"]).exits(0);
    assert!(stage.calls_since(0).iter().filter(|(_, _, status)| *status == 429).count() <= 2, "it paces itself");
}

#[test]
fn the_sandbox_command_serves_a_setup_and_a_test_from_outside() {
    let environment = Environment::new();
    let sandbox = environment.sandbox(&[]);
    let config = sandbox.config.to_str().unwrap();
    let environment = environment
        .with("FITBIT_CONNECT_CLIENT_SECRET", sandbox.credential("google-health", "client_secret"))
        .with("AUTH0_CLIENT_SECRET", sandbox.credential("management", "client_secret"));
    let args = ["setup", "--config", config, "--store", "none", "--all-apps", "--yes", "--json"];
    let output = environment.run_with_robot(&args).exits(0);
    assert_eq!(output.document()["connection"]["action"], "created");
    let output = environment.run_with_robot(&["test", "--config", config, "--json"]).exits(0);
    assert_eq!(output.state("login.live"), "pass");
    assert_eq!(environment.files(), [], "the settings are where --config says");
}

#[test]
fn a_plan_names_what_the_run_itself_will_lack_and_refuses_what_it_will_refuse() {
    let stage = Stage::empty(GoogleHealth, &[Fault::ReadOnlyToken]);
    let dry = ["setup", "--yes", "--all-apps", "--dry-run", "--json"];
    let output = stage.environment().run(&dry).exits(0);
    let told = output.checks("management.access");
    let lacks = told.iter().find(|check| check["code"] == "missing_scope").unwrap_or_else(|| panic!("{output}"));
    assert_eq!(lacks["state"], "warn");
    assert!(lacks["detail"].as_str().unwrap().contains("create:connections"), "{output}");
    let stage = Stage::empty(GoogleHealth, &[]);
    for (application, exit, code) in
        [("Nobody", 2, "application_not_found"), (facts::APPLICATIONS[0].client_id, 3, "application_confidential")]
    {
        for more in [&["--dry-run"][..], &[]] {
            let args = [&["setup", "--yes", "--all-apps", "--json", "--test-app", application][..], more].concat();
            let output = stage.environment().run(&args).exits(exit);
            assert_eq!(output.error_code(), code, "{output}");
        }
    }
    assert_eq!(stage.writes_since(0), [""; 0]);
}

#[test]
fn where_nothing_is_kept_the_credentials_change_nothing() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    for _ in 0..2 {
        let output = environment.run(&["setup", "--yes", "--all-apps", "--skip-login", "--json"]).exits(0);
        assert_eq!(output.step("credentials"), "done", "{output}");
        assert!(output.stderr.contains("with FITBIT_CONNECT_CLIENT_SECRET set"), "{output}");
    }
    let stage = Stage::configured(GoogleHealth, &[Fault::ProviderGarbage]);
    let output = stage.environment().run(&["setup", "--yes", "--all-apps", "--skip-login", "--json"]).exits(0);
    assert_eq!(output.step("credentials"), "skipped", "{output}");
}

#[test]
fn a_login_domain_that_the_tenant_does_not_have_any_more_is_taken_out_and_one_that_is_given_is_refused() {
    let stage = Stage::configured(GoogleHealth, &[Fault::LoginDomainGone]);
    let environment = stage.environment();
    assert!(fs::read_to_string(environment.settings()).unwrap().contains(facts::CUSTOM_DOMAIN));
    let test = ["test", "--headless", "--json"];
    let output = environment.run(&test).exits(3);
    assert_eq!(output.error_code(), "login_domain_gone", "{output}");
    let failed: Vec<Value> = output.document()["checks"].as_array().unwrap().clone();
    assert_eq!(failed.iter().filter(|check| check["state"] == "fail").count(), 1, "and nothing else: {output}");
    let output = environment.run(&["setup", "--yes", "--skip-login", "--json"]).exits(0);
    assert!(output.stderr.contains("it is left out"), "{output}");
    let written = fs::read_to_string(environment.settings()).unwrap();
    assert!(!written.contains("login_domains"), "{written}");
    environment.run(&test).exits(0);
    let given = ["setup", "--yes", "--skip-login", "--json", "--login-domain", facts::CUSTOM_DOMAIN];
    assert_eq!(environment.run(&given).exits(3).error_code(), "login_domain_gone");
}

#[test]
fn what_somebody_changes_after_the_plan_is_not_written_over() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ScopesMissingInTenant]);
    let reads = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&reads);
    // The connection is read for the plan, and once more right before the write.
    let stage = stage.behind(Box::new(move |request, pass| {
        let mut reply = pass();
        let is_one = request.method == "GET" && request.path.starts_with("/api/v2/connections/con_");
        if is_one && !request.path.ends_with("/clients") && seen.fetch_add(1, Ordering::SeqCst) == 0 {
            let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
            body["options"]["client_secret"] = json!("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r");
            reply.body = body.to_string().into_bytes();
        }
        reply
    }));
    let output = stage.environment().run(&["setup", "--yes", "--all-apps", "--skip-login", "--json"]).exits(3);
    assert_eq!(reads.load(Ordering::SeqCst), 1, "{output}");
    assert_eq!(output.error_code(), "connection_changed_meanwhile", "{output}");
    let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("options.client_secret") && !message.contains("GOCSPX"), "{message}");
    assert_eq!(stage.writes_since(0), [""; 0]);
}

#[test]
fn the_settings_of_the_sandbox_lead_to_no_keychain_that_has_to_be_emptied() {
    // As on a machine that has none.
    let environment = Environment::new();
    let sandbox = environment.sandbox(&[]);
    let config = &sandbox.config.display().to_string();
    let environment = environment
        .with("FITBIT_CONNECT_CLIENT_SECRET", sandbox.credential("google-health", "client_secret"))
        .with("AUTH0_CLIENT_SECRET", sandbox.credential("management", "client_secret"));
    let setup = ["setup", "--config", config, "--store", "file", "--all-apps", "--yes", "--skip-login", "--json"];
    environment.run(&setup).exits(0);
    let written = fs::read_to_string(config).unwrap();
    assert!(written.contains("store = \"file\"") && !written.contains("moving_"), "{written}");
    // Started again it has other ports, and the secrets are where they were.
    drop(sandbox);
    let sandbox = environment.sandbox(&["--configured", "google-health"]);
    assert!(sandbox.ready["settings"].as_str().unwrap().contains("store = \"file\""));
    let environment = environment.without("FITBIT_CONNECT_CLIENT_SECRET");
    environment.run(&["test", "--config", config, "--headless", "--json"]).exits(0);
    environment.run(&["remove", "--config", config, "--delete-connection", "--yes", "--json"]).exits(0);
}
