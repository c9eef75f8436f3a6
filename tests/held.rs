//! Owns the tests of what was once found not to hold: each is a promise of the interface that a person, a script or an
//! attacker had shown to be untrue.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::sync::{Arc, Mutex, mpsc};

use common::stage::Stage;
use common::{Environment, login_address};
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{Call, Http};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::{Door, Reply, Request};
use serde_json::json;
use url::Url;

#[test]
fn the_sandbox_never_asks_another_machine() {
    let output =
        Environment::new().run(&["setup", "--sandbox", "--yes", "--json", "--domain", "acme.invalid"]).exits(2);
    assert!(output.document()["error"]["message"].as_str().unwrap().contains("not part of the sandbox"), "{output}");
}

#[test]
fn no_value_of_the_request_is_on_the_final_page() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let (pages, page) = mpsc::channel();
    let watch = move |line: &str| {
        let Some(address) = login_address(line) else { return };
        let value = |name: &str| address.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        let mut callback = Url::parse(&value("redirect_uri")).unwrap();
        callback.query_pairs_mut().extend_pairs([
            ("error", "CANARYERROR"),
            ("error_description", "<b>CANARYTEXT</b>"),
            ("state", &value("state")),
        ]);
        pages.send(Http::new(Endpoints::default()).send(&Call::get(callback)).unwrap().text()).unwrap();
    };
    let output = stage.environment().run_watched(&["test", "--no-browser", "--timeout", "30s"], watch);
    let page = page.recv().unwrap();
    assert!(page.contains("That did not work") && !page.contains("CANARY"), "{page}");
    output.says("CANARYTEXT");
}

#[test]
fn scopes_that_nobody_chose_are_not_taken_back_from_the_dashboard() {
    for (provider, name, more) in [
        (GoogleHealth, "google-health", json!("https://www.googleapis.com/auth/googlehealth.sleep.readonly")),
        (Fitbit, "fitbit", json!("sleep")),
    ] {
        let stage = Stage::empty(provider, &[]);
        let environment = stage.environment();
        let setup = ["setup", "--all-apps", "--yes", "--skip-login", "--json"];
        environment.run(&setup).exits(0);
        let mut scope = stage.connection(name).unwrap()["options"]["scope"].as_array().unwrap().clone();
        scope.push(more);
        stage.change_options(name, &json!({ "scope": scope, "sleep": true }));
        environment.run(&["test", "--headless"]).exits(0);
        let mark = stage.mark();
        let output = environment.run(&setup).exits(0);
        assert_eq!(output.document()["connection"]["action"], "unchanged", "{output}");
        assert_eq!(stage.writes_since(mark), [""; 0]);
    }
}

#[test]
fn scopes_that_cannot_read_the_identity_are_refused_before_anything_is_sent() {
    let environment = Environment::new();
    for args in [&["--provider", "fitbit", "--scopes", "sleep"][..], &["--scopes", "openid,email,profile"]] {
        let mut all = vec!["setup", "--sandbox", "--yes"];
        all.extend(args);
        environment.run(&all).exits(2).says("lets the identity be read");
    }
}

#[test]
fn a_login_without_the_scope_openid_works_and_has_no_name() {
    let environment = Environment::new();
    let args = ["setup", "--sandbox", "--yes", "--json", "--scopes", "profile.readonly,sleep.readonly"];
    let output = environment.run(&args).exits(0);
    assert_eq!(output.document()["identity"]["legacy_user_id"], "A1B2C3", "{output}");
}

#[test]
fn a_list_of_nothing_is_as_good_as_none() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment().with("FITBIT_CONNECT_APPS", " ,, ");
    environment.run(&["setup", "--yes", "--skip-login"]).exits(2).says("--all-apps");
    assert_eq!(stage.writes_since(0), [""; 0]);
}

#[test]
fn a_malformed_client_id_is_named_and_not_a_missing_provider() {
    let stage = Stage::empty(GoogleHealth, &[]);
    for wrong in ["23abc", "GOCSPX-abcdefghijklmnopqrstuvwx1234"] {
        let output = stage.environment().run(&["test", "--headless", "--json", "--client-id", wrong]).exits(2);
        assert_eq!(output.error_code(), "input_invalid", "{output}");
        assert!(output.document()["error"]["message"].as_str().unwrap().contains("client ID"), "{output}");
    }
}

#[test]
fn a_named_test_application_is_looked_at_before_anything_is_written() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let output =
        stage.environment().run(&["setup", "--all-apps", "--yes", "--json", "--test-app", "Nobody000000000000"]);
    assert_eq!(output.exits(2).error_code(), "application_not_found");
    let web = fitbit_connect::sandbox::facts::APPLICATIONS[0].client_id;
    let output = stage.environment().run(&["setup", "--all-apps", "--yes", "--json", "--test-app", web]).exits(3);
    assert_eq!(output.error_code(), "application_confidential");
    assert!(output.document()["error"]["message"].as_str().unwrap().contains(web), "{output}");
    assert_eq!(stage.writes_since(0), [""; 0]);
    for wrong in ["", "two words", "a\u{1b}[2J"] {
        stage
            .environment()
            .run(&["setup", "--all-apps", "--yes", "--test-app", wrong])
            .exits(2)
            .says("test application");
    }
    assert_eq!(stage.writes_since(0), [""; 0]);
}

#[test]
fn settings_that_are_equal_stay_as_the_person_wrote_them() {
    let stage = Stage::empty(Fitbit, &[]);
    let environment = stage.environment();
    environment.run(&["setup", "--all-apps", "--yes", "--skip-login"]).exits(0);
    let written = std::fs::read_to_string(environment.settings()).unwrap();
    let mine = written.replace("applications = [", "applications = [ # mine\n  ");
    environment.write_settings(&mine);
    environment.run(&["setup", "--yes", "--skip-login"]).exits(0);
    assert_eq!(std::fs::read_to_string(environment.settings()).unwrap(), mine);
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    for args in [&["explain", "--json"][..], &["completions", "bash"], &["explain"]] {
        let full = std::fs::File::create("/dev/full").unwrap();
        let status = Environment::new().command(args).stdout(full).status().unwrap();
        assert_eq!(status.code(), Some(6), "{args:?}");
    }
}

#[test]
fn a_settings_file_that_is_none_is_refused_and_not_read_for_ever() {
    let environment = Environment::new();
    let huge = environment.file("huge.toml", vec![b'#'; 2 * 1024 * 1024]);
    environment.run(&["status", "--config", &huge]).exits(2).says("larger than 1 MiB");
    if cfg!(unix) {
        environment.run(&["status", "--config", "/dev/zero"]).exits(2).says("no regular file");
    }
}

#[test]
fn a_proxy_that_is_none_is_refused_and_not_passed_by() {
    for wrong in ["not a url", "http://"] {
        let stage = Stage::empty(GoogleHealth, &[]);
        let environment = stage.environment().with("HTTPS_PROXY", wrong);
        environment.run(&["test", "--headless"]).exits(2).says("HTTPS_PROXY");
        assert!(stage.since(0).is_empty());
    }
}

#[test]
fn scopes_that_are_missing_are_named_before_the_first_call() {
    let stage = Stage::empty(GoogleHealth, &[Fault::ReadOnlyToken]);
    let output = stage.environment().run(&["setup", "--all-apps", "--yes", "--json"]).exits(4);
    assert_eq!((output.error_code().as_str(), output.state("management.access").as_str()), ("missing_scope", "fail"));
    assert!(stage.calls_since(0).is_empty(), "{:?}", stage.calls_since(0));
}

#[test]
fn what_was_saved_for_one_tenant_is_not_given_to_another() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let door = Door::open(0).unwrap();
    let other = door.origin();
    let seen = Arc::clone(&asked);
    let _served = door.serve(Arc::new(move |request: &Request| {
        seen.lock().unwrap().push(format!("{} {}", request.path, String::from_utf8_lossy(&request.body)));
        Reply::empty(404)
    }));
    let environment = stage.environment();
    environment.run(&["setup", "--all-apps", "--yes", "--skip-login", "--store", "file", "--save-management"]).exits(0);
    let saved = std::fs::read_to_string(environment.settings()).unwrap();
    let table = "[profiles.default.endpoints]\n";
    let mine = saved.replace(table, &format!("{table}\"https://other.auth0.example\" = \"{other}\"\n"));
    environment.write_settings(&mine);
    let environment = environment.without("AUTH0_CLIENT_SECRET").without("AUTH0_CLIENT_ID");
    let test = ["test", "--headless", "--json", "--store", "file"];
    assert_eq!(environment.run(&test).exits(0).state("management.access"), "pass", "the saved client is used");
    let mut elsewhere = test.to_vec();
    elsewhere.extend(["--domain", "other.auth0.example"]);
    let output = environment.run(&elsewhere);
    assert_eq!(output.state("management.access"), "skip", "{output}");
    let asked = asked.lock().unwrap();
    assert!(!asked.is_empty() && asked.iter().all(|request| !request.contains("/oauth/token")), "{asked:?}");
}

#[cfg(unix)]
#[test]
fn where_the_settings_cannot_be_written_no_secret_is_kept_that_they_would_not_name() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let without_client = |store: Store| -> String {
        let settings = stage.settings(store);
        settings
            .lines()
            .filter(|line| !line.starts_with("management_client_id"))
            .map(|line| format!("{line}\n"))
            .collect()
    };
    let environment = stage.environment().with("AUTH0_CLIENT_ID", facts::MANAGEMENT_CLIENT_ID);
    let setup = ["setup", "--yes", "--all-apps", "--skip-login", "--json"];
    let cannot_be_written = || {
        // A name so long that no temporary file fits beside it: read, and written by nobody, root included.
        let real = environment.desk(&format!("{}.toml", "managed-elsewhere-".repeat(13)));
        std::fs::rename(environment.settings(), &real).unwrap();
        std::os::unix::fs::symlink(&real, environment.settings()).unwrap();
    };
    // The first Management client of a profile.
    environment.write_settings(&without_client(Store::File));
    environment.run(&setup).exits(0);
    cannot_be_written();
    let output = environment.run(&[&setup[..], &["--save-management"]].concat()).exits(6);
    let kept = std::fs::read_to_string(environment.secrets()).unwrap();
    assert!(kept.contains("client-secret") && !kept.contains("management"), "{output}");
    // From nowhere into a file.
    std::fs::remove_file(environment.settings()).unwrap();
    std::fs::remove_file(environment.secrets()).unwrap();
    environment.write_settings(&without_client(Store::Nothing));
    environment.run(&setup).exits(0);
    cannot_be_written();
    let output = environment.run(&[&setup[..], &["--store", "file"]].concat()).exits(6);
    assert!(!environment.secrets().exists(), "{output}");
}

#[test]
fn what_a_broken_change_left_in_the_file_is_told_by_status_and_taken_out_by_the_next_setup_and_removal() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    let setup = ["setup", "--yes", "--all-apps", "--skip-login", "--json"];
    environment.run(&setup).exits(0);
    let left = std::fs::read(environment.secrets()).unwrap();
    for command in [&[&setup[..], &["--store", "none"]].concat()[..], &["remove", "--yes"]] {
        environment.write_settings(&stage.settings(Store::Nothing));
        std::fs::write(environment.secrets(), &left).unwrap();
        std::fs::set_permissions(environment.secrets(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let place = environment.secrets().display().to_string();
        let status = environment.run(&["status"]).exits(0);
        assert!(status.stdout.contains(&format!("Moving from   {place}")), "{status}");
        assert_eq!(environment.run(&["status", "--json"]).exits(0).document()["moving_from"], json!([place]));
        let output = environment.run(command).exits(0);
        assert!(output.stderr.contains(&format!("in {place}")), "the plan names it: {output}");
        assert!(!environment.secrets().exists(), "{output}");
    }
}
