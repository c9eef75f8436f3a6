//! What a suggested command may not lose, what a failure may not claim, and what no run does without saying so: each of these
//! went wrong once.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use common::stage::{Gate, Stage};
use common::{Environment, Output, free_port, login_address};
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use reqwest::Method;
use serde_json::{Value, json};

const HEADLESS: [&str; 3] = ["test", "--headless", "--json"];
const SETUP: [&str; 4] = ["setup", "--yes", "--skip-login", "--json"];
const OTHER_ID: &str = "987654321098-mistyped0mistyped0mistyped00000.apps.googleusercontent.com";

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

/// Member of the one check of this id that is not skipped.
#[track_caller]
fn found(output: &Output, check: &str) -> Value {
    let all = output.checks(check);
    all.iter().find(|one| one["state"] != "skip").unwrap_or_else(|| panic!("{check}: {output}")).clone()
}

#[track_caller]
fn cure(output: &Output, check: &str) -> String {
    found(output, check)["hint"].as_str().unwrap().to_owned()
}

/// The commands of ours in a cure.
fn commands(cure: &str) -> Vec<&str> {
    cure.split('`').filter(|part| part.starts_with("fitbit-connect ")).collect()
}

/// Pastes a command of ours.
fn paste(environment: &Environment, command: &str, more: &[&str]) -> Output {
    let mut words: Vec<&str> = command.split(' ').skip(1).collect();
    for flag in more {
        if !words.contains(flag) {
            words.push(flag);
        }
    }
    environment.run(&words)
}

/// The connection, as it is called by now.
fn saved_as(environment: &Environment, name: &str) {
    let settings = fs::read_to_string(environment.settings()).unwrap();
    let named = settings.replace("[profiles.default]\n", &format!("[profiles.default]\nconnection = \"{name}\"\n"));
    environment.write_settings(&named);
}

#[test]
fn the_cure_of_a_test_of_one_application_keeps_the_others_of_the_profile() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationNotEnabled]);
    let environment = stage.environment();
    let [web, mobile] = [facts::APPLICATIONS[0].client_id, facts::APPLICATIONS[1].client_id];
    let output = environment.run(&with(&HEADLESS, &["--app", mobile])).exits(3);
    assert_eq!(commands(&cure(&output, "applications.enabled")), ["fitbit-connect setup"], "{output}");

    // One that the profile does not have comes to the others.
    let new = stage.create_application("New");
    stage.switch("google-health", &new, false);
    let output = environment.run(&with(&HEADLESS, &["--app", &new])).exits(3);
    let cure = cure(&output, "applications.enabled");
    assert_eq!(commands(&cure), [format!("fitbit-connect setup --app {web} --app {mobile} --app {new}")], "{output}");
    paste(&environment, commands(&cure)[0], &["--yes", "--skip-login"]).exits(0);
    let settings = fs::read_to_string(environment.settings()).unwrap();
    assert!([web, mobile, &new].iter().all(|id| settings.contains(&format!("\"{id}\""))), "{settings}");
}

#[test]
fn a_client_id_that_the_provider_does_not_have_is_one_failure_and_is_written_nowhere() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let output = environment.run(&with(&HEADLESS, &["--client-id", OTHER_ID])).exits(4);
    let document = output.document();
    let failed: Vec<&Value> =
        document["checks"].as_array().unwrap().iter().filter(|check| check["state"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{output}");
    assert_eq!((&failed[0]["check"], &failed[0]["code"]), (&json!("provider.callback"), &json!("client_id_unknown")));
    assert_eq!(output.state("connection.settings"), "skip");
    assert_eq!(output.state("authorize.redirect"), "skip");
    output.hides(&format!("--client-id {OTHER_ID}"));
    output.hides(&format!("should be {OTHER_ID}"));

    // What is wrong besides is still said.
    stage.change_options("google-health", &json!({ "pkce_enabled": false }));
    let output = environment.run(&with(&HEADLESS, &["--client-id", OTHER_ID])).exits(4);
    assert_eq!(output.state("connection.settings"), "warn", "{output}");

    let output = environment.run(&with(&SETUP, &["--client-id", OTHER_ID])).exits(4);
    assert_eq!(output.error_code(), "client_id_unknown");
    output.hides("--client-id 9");
}

#[test]
fn a_saved_application_that_is_gone_is_not_answered_with_the_same_command() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationGone]);
    let environment = stage.environment();
    let output = environment.run(&SETUP).exits(3);
    assert_eq!(output.error_code(), "application_gone");
    let document = output.document();
    let hint = document["error"]["hint"].as_str().unwrap();
    let mobile = facts::APPLICATIONS[1].client_id;
    assert_eq!(
        commands(hint),
        [
            &format!("fitbit-connect setup --yes --skip-login --app {mobile}"),
            "fitbit-connect setup --yes --skip-login --app NAME_OR_ID",
            "fitbit-connect setup --yes --skip-login --all-apps"
        ]
    );
    paste(&environment, commands(hint)[0], &[]).exits(0);
    environment.run(&HEADLESS).exits(0);
}

#[test]
fn what_enables_one_application_works_although_another_is_gone() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationGone, Fault::ApplicationNotEnabled]);
    let environment = stage.environment();
    let output = environment.run(&HEADLESS).exits(3);
    let checks = output.checks("applications.enabled");
    assert_eq!(
        checks.iter().map(|check| check["code"].as_str().unwrap()).collect::<Vec<_>>(),
        ["application_gone", "application_not_enabled"]
    );
    let hint = checks[1]["hint"].as_str().unwrap();
    paste(&environment, commands(hint)[0], &["--yes", "--skip-login"]).exits(0);
    environment.run(&HEADLESS).exits(0);
}

#[test]
fn another_tenant_is_named_by_setup_as_by_test() {
    let stage = Stage::configured(GoogleHealth, &[Fault::OtherTenant]);
    let environment = stage.environment();
    let before = stage.mark();
    let output = environment.run(&SETUP).exits(3);
    assert_eq!(output.error_code(), "other_tenant", "{output}");
    let document = output.document();
    let hint = document["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("--domain DOMAIN") && hint.contains("Somebody else's app"), "{hint}");
    let anew = "fitbit-connect setup --yes --skip-login";
    assert_eq!(commands(hint), [&format!("{anew} --app NAME_OR_ID"), &format!("{anew} --all-apps")]);
    assert!(stage.writes_since(before).is_empty());
    paste(&environment, commands(hint)[1], &[]).exits(0);
}

#[test]
fn a_second_connection_of_the_same_client_is_made_by_nobody_who_did_not_ask_for_it() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    saved_as(&environment, "health-two");
    let planned = environment.run(&["setup", "--dry-run"]).exits(0);
    planned.says("google-health stays as it is").says("--connection google-health");

    let before = stage.mark();
    let output = environment.run(&SETUP).exits(2);
    assert_eq!(output.error_code(), "connection_ambiguous");
    let document = output.document();
    let hint = document["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("`--connection google-health`") && hint.contains("`--connection health-two`"), "{hint}");
    assert!(stage.writes_since(before).is_empty() && stage.connection("health-two").is_none());
    assert!(output.stderr.contains("google-health stays as it is"), "the plan comes first: {output}");

    environment.run(&with(&SETUP, &["--connection", "health-two"])).exits(0);
    assert!(stage.connection("health-two").is_some(), "who names a second one gets it");

    let environment = stage.environment();
    saved_as(&environment, "health-three");
    let output = environment.run(&with(&SETUP, &["--connection", "google-health"])).exits(0);
    assert_eq!(output.document()["connection"]["action"], "unchanged");
}

#[test]
fn a_report_shows_no_word_that_is_not_a_protocols_own() {
    let gate: Gate = Box::new(|request, pass| match request.path.as_str() {
        "/token" => Reply::json(400, &json!({ "error": "ada_lovelace", "error_description": "no" })),
        "/authorize" => Reply::empty(302)
            .with("location", "https://app.example/?error=ada_lovelace_london&ada_lovelace_phone=1&state=x"),
        _ => pass(),
    });
    let stage = Stage::configured(GoogleHealth, &[]).all_behind(gate);
    let environment = stage.environment();
    let file = environment.desk("report.txt");
    environment.run(&["test", "--headless", "--report", file.to_str().unwrap()]);
    let text = fs::read_to_string(file).unwrap();
    assert!(!text.contains("lovelace"), "{text}");
    for shape in ["error: (other, 12 letters)", "error is (other, 19 letters)", "OTHER-HOST/?error&{..}&state"] {
        assert!(text.contains(shape), "{shape}:\n{text}");
    }
}

#[test]
fn a_404_without_a_code_of_auth0s_says_nothing_about_the_connection() {
    let answering = |body: Value| -> Output {
        let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
            let is_it = request.path.starts_with("/api/v2/connections/") && request.path.ends_with("/clients");
            if is_it { Reply::json(404, &body) } else { pass() }
        }));
        stage.environment().run(&HEADLESS)
    };
    for message in ["Not Found", "no such client here", "The connection is gone"] {
        let output = answering(json!({ "statusCode": 404, "error": "Not Found", "message": message })).exits(0);
        for check in output.checks("applications.enabled") {
            let told = (&check["state"], &check["code"]);
            assert_eq!(told, (&json!("unknown"), &json!("unrecognised_answer")), "{output}");
        }
    }
    let output =
        answering(json!({ "statusCode": 404, "errorCode": "inexistent_connection", "message": "gone" })).exits(3);
    assert_eq!(output.error_code(), "connection_not_found");
}

#[test]
fn nobody_is_sent_to_log_in_at_what_answers_in_the_providers_place() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ProviderGarbage]);
    let environment = stage.environment();
    let before = stage.mark();
    for args in [&["test", "--json"][..], &["test", "--direct", "--json"]] {
        let output = environment.run(args).exits(6);
        assert_eq!(output.error_code(), "unrecognised_answer");
        assert_eq!((output.state("login.live"), output.state("identity.read")), ("skip".into(), "skip".into()));
        assert!(output.stderr.lines().all(|line| login_address(line).is_none()), "{output}");
    }
    environment.run(&HEADLESS).exits(0);
    assert!(stage.writes_since(before).is_empty());

    let stage = Stage::empty(GoogleHealth, &[Fault::ProviderGarbage]);
    let output = stage.environment().run(&["setup", "--yes", "--all-apps", "--json"]).exits(6);
    assert_eq!((output.error_code(), output.step("login")), ("unrecognised_answer".into(), "failed".into()));
    assert!(output.stderr.lines().all(|line| login_address(line).is_none()), "{output}");
}

#[test]
fn what_was_given_and_is_not_saved_stands_in_the_command_again() {
    let stage = Stage::configured(GoogleHealth, &[Fault::RedirectMismatch]);
    let given = ["--strict", "--check-all", "--store", "file"];
    let environment = stage.environment();
    let output = environment.run(&with(&HEADLESS, &given)).exits(3);
    let again = cure(&output, "provider.callback");
    assert_eq!(
        commands(&again),
        ["fitbit-connect test --store file --strict --check-all --headless --watch"],
        "no flag twice: {again}"
    );

    let stage = Stage::configured(GoogleHealth, &[Fault::ProviderGarbage]);
    let output = stage.environment().run(&with(&HEADLESS, &given)).exits(3);
    let report = "fitbit-connect test --store file --strict --check-all --headless --report FILE";
    assert_eq!(commands(&cure(&output, "provider.callback")), [report]);
    assert!(output.document()["error"]["hint"].as_str().unwrap().contains(report), "{output}");

    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationNotEnabled]);
    let output = stage.environment().run(&with(&HEADLESS, &["--store", "file"])).exits(3);
    assert_eq!(commands(&cure(&output, "applications.enabled")), ["fitbit-connect setup --store file"]);
}

#[test]
fn a_test_without_a_login_names_a_temporary_application_that_was_left_and_leaves_it() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let port = free_port();
    let body = json!({
        "name": "fitbit-connect test (temporary)", "app_type": "native",
        "callbacks": [format!("http://127.0.0.1:{port}/callback")],
    });
    let created = stage.api(Method::POST, "clients", Some(body));
    let id = created["client_id"].as_str().unwrap();
    let (environment, before) = (stage.environment(), stage.mark());
    let output = environment.run(&HEADLESS).exits(0);
    let told = found(&output, "login.live");
    assert_eq!((&told["state"], &told["code"]), (&json!("warn"), &json!("temporary_application_left")), "{output}");
    assert!(told["hint"].as_str().unwrap().contains(&format!("`auth0 apps delete {id}`")), "{told}");
    assert_eq!(output.state("identity.read"), "skip");
    assert!(stage.writes_since(before).is_empty());
    {
        // Another program's, or that of a login that has not begun to wait.
        let _held = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        let told = found(&environment.run(&HEADLESS).exits(0), "login.live")["hint"].to_string();
        assert!(told.contains("If no other login goes on"), "{told}");
    }
    environment.run_with_robot(&["test", "--json"]).exits(0);
    assert!(stage.applications().iter().all(|(client_id, _)| client_id != id), "a login takes it over");
}

#[test]
fn a_setup_without_a_login_removes_a_temporary_application_that_was_left_and_plans_it() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let body = json!({
        "name": "fitbit-connect test (temporary)", "app_type": "native",
        "callbacks": [format!("http://127.0.0.1:{}/callback", free_port())],
    });
    let created = stage.api(Method::POST, "clients", Some(body));
    let id = created["client_id"].as_str().unwrap();
    let (environment, before) = (stage.environment(), stage.mark());
    let planned = format!("delete fitbit-connect test (temporary) ({id})");
    let output = environment.run(&[&SETUP[..], &["--dry-run"]].concat()).exits(0);
    assert!(output.stderr.contains(&planned) && stage.writes_since(before).is_empty(), "{output}");
    let output = environment.run(&SETUP).exits(0);
    assert!(output.stderr.contains(&planned), "{output}");
    assert_eq!(stage.writes_since(before), [format!("DELETE /api/v2/clients/{id} 204")], "{output}");
}

#[test]
fn a_login_on_another_machine_keeps_its_application_until_its_time_has_passed() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let made = |until: &str| {
        let body = json!({
            "name": "fitbit-connect test (temporary)", "app_type": "native",
            "description": format!("Created by fitbit-connect (machine 00000000, until {until})"),
            "callbacks": [format!("http://127.0.0.1:{}/callback", free_port())],
        });
        stage.api(Method::POST, "clients", Some(body))["client_id"].as_str().unwrap().to_owned()
    };
    let soon = (jiff::Timestamp::now() + Duration::from_secs(300)).to_string();
    let (over, goes_on) = (made("2026-01-01T00:00:00Z"), made(&soon));
    let environment = stage.environment();
    let output = environment.run(&SETUP).exits(0);
    assert!(output.stderr.contains(&format!("({over}), which an earlier login left")), "{output}");
    assert!(!output.stderr.contains(&format!("delete fitbit-connect test (temporary) ({goes_on})")), "{output}");
    assert!(output.stderr.contains("a login on another machine has its"), "{output}");
    // It is no trouble, so that no script is red because of it.
    let headless = environment.run(&["test", "--headless", "--strict", "--json"]).exits(0);
    assert!(headless.checks("login.live")[0]["detail"].as_str().unwrap().contains(&goes_on), "{headless}");
    environment.run_with_robot(&["test", "--json"]).exits(0);
    let ids: Vec<String> = stage.applications().into_iter().map(|(client_id, _)| client_id).collect();
    assert!(ids.contains(&goes_on) && !ids.contains(&over), "{ids:?}");
}

#[test]
fn several_applications_of_killed_runs_are_removed_at_once() {
    for args in [&SETUP[..], &["remove", "--delete-connection", "--yes", "--json"], &["test", "--json"]] {
        let stage = Stage::configured(GoogleHealth, &[]);
        let before = stage.applications();
        let port = free_port();
        for _ in 0..3 {
            let body = json!({
                "name": "fitbit-connect test (temporary)", "app_type": "native",
                "callbacks": [format!("http://127.0.0.1:{port}/callback")],
            });
            stage.api(Method::POST, "clients", Some(body));
        }
        let output = stage.environment().run_with_robot(args).exits(0);
        assert_eq!(stage.applications(), before, "{output}");
        output.hides("temporary_application_left");
    }
}

#[test]
fn what_may_not_be_repeated_at_once_is_asked_again_after_what_the_service_asks_for() {
    for path in ["/api/v2/connections", "/api/v2/clients"] {
        let refused = Mutex::new(None);
        let stage = match path {
            "/api/v2/connections" => Stage::empty(GoogleHealth, &[]),
            _ => Stage::configured(GoogleHealth, &[]),
        };
        let stage = stage.behind(Box::new(move |request, pass| {
            let mut refused = refused.lock().unwrap();
            let until: &mut Option<Instant> = &mut refused;
            let is_it = request.method == "POST" && request.path == path;
            if is_it && Instant::now() < *until.get_or_insert_with(|| Instant::now() + Duration::from_secs(1)) {
                return Reply::empty(503).with("retry-after", "1");
            }
            pass()
        }));
        stage.environment().run_with_robot(&["setup", "--yes", "--all-apps", "--json"]).exits(0);
    }
}

#[test]
fn an_application_that_somebody_deletes_while_the_login_waits_is_named() {
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| {
        let value =
            |name: &str| request.query.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        if request.path == "/authorize" && value("redirect_uri").starts_with("http://127.0.0.1") {
            return Reply::html(400, format!("<p>Unknown client: {}</p>", value("client_id")));
        }
        pass()
    }));
    let output = stage.environment().run(&["test", "--json", "--no-browser", "--timeout", "1s"]);
    assert_eq!(output.error_code(), "application_unknown_to_tenant", "{output}");
    assert!(
        output.document()["error"]["message"].to_string().contains("deleted it while the login waited"),
        "{output}"
    );
}

#[test]
fn an_application_that_is_made_late_is_removed_with_the_one_that_was_used() {
    let late: Mutex<Option<Reply>> = Mutex::default();
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        let mut late = late.lock().unwrap();
        match (request.method.as_str(), request.path.as_str()) {
            // The first list after it is from before: the tenant goes on with what the gateway gave up.
            ("POST", "/api/v2/clients") if late.is_none() => {
                *late = Some(pass());
                Reply::empty(504)
            }
            ("GET", "/api/v2/clients") if late.as_ref().is_some_and(|reply| reply.status == 201) => {
                late.as_mut().unwrap().status = 0;
                Reply::json(200, &json!({ "clients": [] }))
            }
            _ => pass(),
        }
    }));
    let before = stage.applications();
    stage.environment().run_with_robot(&["test", "--json"]).exits(0);
    assert_eq!(stage.applications(), before);
}

#[test]
fn who_removes_everything_is_told_of_a_temporary_application_that_the_token_may_not_remove() {
    let gate: Gate = Box::new(|request, pass| {
        let mut reply = pass();
        if request.path == "/oauth/token" {
            reply.body = String::from_utf8(reply.body).unwrap().replace("delete:clients", "").into_bytes();
        }
        reply
    });
    let stage = Stage::configured(GoogleHealth, &[]).behind(gate);
    let body = json!({
        "name": "fitbit-connect test (temporary)", "app_type": "native",
        "callbacks": [format!("http://127.0.0.1:{}/callback", free_port())],
    });
    let created = stage.api(Method::POST, "clients", Some(body));
    let output = stage.environment().run(&["remove", "--delete-connection", "--yes", "--json"]).exits(0);
    let told = found(&output, "login.live");
    assert_eq!(told["code"], "temporary_application_left", "{output}");
    assert!(told["hint"].as_str().unwrap().contains(created["client_id"].as_str().unwrap()), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_script_is_told_that_the_keychain_is_waited_for() {
    let environment = Environment::new();
    let bus = environment.desk("bus");
    // Connections wait in its queue, and nobody ever answers.
    let _silence = std::os::unix::net::UnixListener::bind(&bus).unwrap();
    let environment = environment.with("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", bus.display()));
    environment.write_settings(
        "[profiles.default]\nprovider = \"google-health\"\nclient_id = \"1-a.apps.googleusercontent.com\"\nstore = \"keychain\"\n",
    );
    for args in [&["test", "--direct", "--headless"][..], &["test", "--direct", "--headless", "--json"]] {
        let mut environment_of_run = environment.command(args);
        // The provider is not what is waited for.
        environment_of_run.env("HTTPS_PROXY", "http://127.0.0.1:9");
        let output = environment_of_run.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.matches("waiting for the keychain ...").count(), 1, "{said}");
        assert!(!String::from_utf8(output.stdout).unwrap().contains("waiting"));
    }
}

#[test]
fn a_secret_moves_to_the_new_place_without_being_given_again() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment();
    let setup = ["setup", "--yes", "--all-apps", "--skip-login", "--save-management", "--store"];
    environment.run(&with(&setup, &["file"])).exits(0);
    let names = ["FITBIT_CONNECT_CLIENT_SECRET", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"];
    let environment = names.into_iter().fold(environment, |environment, name| environment.without(name));
    let secrets = environment.settings().with_file_name("secrets.toml");
    assert!(secrets.exists());
    let plan = environment.run(&with(&setup, &["none", "--dry-run"])).exits(0);
    assert!(plan.stderr.contains(&format!("forget the secrets of profile default in {}", secrets.display())), "{plan}");
    environment.run(&with(&setup, &["none"])).exits(0);
    assert!(!secrets.exists(), "it is kept nowhere from now on");
    environment.run(&["setup", "--yes", "--skip-login", "--json"]).exits(2);
}

#[test]
fn secrets_do_not_stay_in_the_file_when_they_are_kept_elsewhere() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment();
    let secrets = environment.settings().with_file_name("secrets.toml");
    let setup = |store: &str| {
        let args = ["setup", "--yes", "--all-apps", "--skip-login", "--save-management", "--store", store];
        environment.run(&args).exits(0)
    };
    setup("file");
    let kept = std::fs::read_to_string(&secrets).unwrap();
    assert!(kept.contains(facts::GOOGLE_CLIENT_SECRET) && kept.contains(facts::MANAGEMENT_CLIENT_SECRET), "{kept}");
    setup("none");
    assert!(!secrets.exists(), "{}", std::fs::read_to_string(&secrets).unwrap());
    // What an older version left there goes with the profile.
    std::fs::write(&secrets, &kept).unwrap();
    std::fs::set_permissions(&secrets, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    environment.run(&["remove", "--yes"]).exits(0);
    assert!(!secrets.exists());
}
