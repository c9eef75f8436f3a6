//! `status`, `remove`, `explain` and `sandbox`, through the users' door.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;

use common::stage::Stage;
use common::{Environment, free_port};
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{Call, Http};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

/// Somebody who ran `setup --store file --save-management`.
fn kept(stage: &Stage) -> Environment {
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    environment.run(&["setup", "--yes", "--skip-login", "--save-management", "--all-apps"]).exits(0);
    environment.without("FITBIT_CONNECT_CLIENT_SECRET").without("AUTH0_CLIENT_SECRET")
}

#[test]
fn status_says_what_is_configured_and_where_each_secret_lives_without_the_network() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = kept(&stage);
    let mark = stage.mark();
    let output = environment.run(&["status"]).exits(0);
    let secrets = environment.secrets();
    for told in [
        "default",
        "google-health",
        facts::GOOGLE_CLIENT_ID,
        facts::DOMAIN,
        facts::APPLICATIONS[0].client_id,
        environment.settings().to_str().unwrap(),
        secrets.to_str().unwrap(),
        "default/client-secret",
        "default/management-client-secret",
    ] {
        assert!(output.stdout.contains(told), "{told}\n{output}");
    }
    output.hides(facts::GOOGLE_CLIENT_SECRET);
    let output = environment.run(&["status", "--json"]).exits(0);
    let document = output.document();
    assert_eq!(document["configured"], true);
    let states: Vec<&str> =
        document["secrets"].as_array().unwrap().iter().map(|s| s["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["stored", "stored"]);
    assert_eq!(stage.since(mark), [], "status asked the tenant");
}

#[test]
fn status_needs_nothing_that_answers() {
    let environment = Environment::new();
    let closed = "http://127.0.0.1:1";
    environment.write_settings(&format!(
        "[profiles.default]\nprovider = \"fitbit\"\ndomain = \"acme.eu.auth0.com\"\nstore = \"none\"\n\n\
         [profiles.default.endpoints]\n\"https://acme.eu.auth0.com\" = \"{closed}\"\n\"https://api.fitbit.com\" = \"{closed}\"\n"
    ));
    let output = environment.run(&["status"]).exits(0);
    assert!(output.stdout.contains("not kept"), "{output}");
    // Whoever is set up for what was shut down is told so.
    assert!(output.stderr.contains("shut down") && output.stderr.contains("hint:"), "{output}");
}

#[test]
fn status_names_the_variables_that_win_over_what_is_saved_and_never_a_value() {
    let environment = Environment::new()
        .with("FITBIT_CONNECT_STORE", "none")
        .with("AUTH0_DOMAIN", "other.eu.auth0.com")
        .with("AUTH0_CLIENT_SECRET", "hush");
    environment.write_settings("[profiles.default]\nprovider = \"google-health\"\ndomian = \"acme.eu.auth0.com\"\n");
    let output = environment.run(&["status"]).exits(0);
    assert!(output.stdout.contains("AUTH0_DOMAIN") && output.stdout.contains("win over"), "{}", output.stdout);
    assert!(!output.stdout.contains("hush") && !output.stdout.contains("other.eu"), "{}", output.stdout);
    assert!(output.stderr.contains("profiles.default.domian; did you mean domain?"), "{}", output.stderr);
}

#[test]
fn status_of_nothing_says_how_to_begin() {
    let environment = Environment::new();
    let output = environment.run(&["status"]).exits(0);
    assert!(output.stdout.contains("fitbit-connect setup"), "{output}");
    let document = environment.run(&["status", "--json"]).exits(0).document();
    assert_eq!(document["configured"], false);
    assert_eq!(environment.files(), []);
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_others_can_read_is_a_store_problem() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = kept(&stage);
    fs::set_permissions(environment.secrets(), fs::Permissions::from_mode(0o644)).unwrap();
    for args in [&["status", "--json"][..], &["test", "--headless", "--json"], &["setup", "--yes", "--json"]] {
        let output = environment.run(args).exits(7);
        assert_eq!(output.error_code(), "secret_file_loose", "{output}");
        assert!(output.stderr.contains(environment.secrets().to_str().unwrap()), "{output}");
    }
}

#[test]
fn remove_forgets_one_profile_and_its_secrets_and_nothing_else() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = kept(&stage);
    let text = fs::read_to_string(environment.settings()).unwrap();
    environment.write_settings(&format!(
        "# mine\nfavourite = 7\n{text}\n[profiles.other]\nprovider = \"fitbit\" # old\nstore = \"none\"\n"
    ));
    let (files, mark) = (environment.files(), stage.mark());
    let output = environment.run(&["remove", "--json"]).exits(2);
    assert_eq!(output.error_code(), "confirmation_missing");
    assert_eq!(environment.files(), files);
    environment.run(&["remove", "--yes"]).exits(0).says("stays");
    let text = fs::read_to_string(environment.settings()).unwrap();
    for stays in ["# mine", "favourite = 7", "[profiles.other]", "provider = \"fitbit\" # old"] {
        assert!(text.contains(stays), "{stays} in {text}");
    }
    assert!(!text.contains("profiles.default") && !text.contains(facts::GOOGLE_CLIENT_ID), "{text}");
    assert!(!environment.secrets().exists());
    assert_eq!(stage.since(mark), [], "the tenant is left alone");
    environment.run(&["remove", "--yes", "--json"]).exits(2);
    environment.run(&["remove", "--yes", "--profile", "other"]).exits(0);
    assert_eq!(environment.run(&["status", "--json"]).exits(0).document()["configured"], false);
}

#[test]
fn a_profile_that_does_not_exist_is_named_with_those_that_do() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let output = stage.environment().run(&["remove", "--yes", "--json", "--profile", "staging"]).exits(2);
    let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("staging") && message.contains("default"), "{message}");
}

#[test]
fn remove_deletes_the_connection_only_when_told_so() {
    for (provider, name) in [(GoogleHealth, "google-health"), (Fitbit, "fitbit")] {
        let stage = Stage::configured(provider, &[]);
        let environment = stage.environment();
        let id = stage.connection(name).unwrap()["id"].clone();
        let output = environment.run(&["remove", "--delete-connection", "--json"]).exits(2);
        assert_eq!(output.error_code(), "confirmation_missing");
        assert!(stage.connection(name).is_some());
        let output = environment.run(&["remove", "--delete-connection", "--yes", "--json"]).exits(0);
        assert_eq!(output.document()["connection"]["id"], id);
        assert!(stage.connection(name).is_none(), "{output}");
        assert!(!fs::read_to_string(environment.settings()).unwrap_or_default().contains("client_id"));
    }
}

#[test]
fn the_comment_at_the_head_of_the_settings_stays_also_above_the_default_profile() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = kept(&stage);
    let text = fs::read_to_string(environment.settings()).unwrap();
    let head = "# the team file, see wiki/42\n";
    environment.write_settings(&format!(
        "{head}default_profile = \"default\"\n{}",
        text.replace("default_profile = \"default\"\n", "")
    ));
    environment.run(&["remove", "--yes"]).exits(0);
    let left = fs::read_to_string(environment.settings()).unwrap();
    assert!(left.starts_with(head) && !left.contains("default_profile"), "{left}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_a_failure_with_a_code() {
    for args in [&["explain"][..], &["explain", "--json"], &["completions", "bash"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = Environment::new().command(args).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(6), "{args:?}: {said}");
        assert!(said.contains("[file_not_writable]"), "{args:?}: {said}");
    }
}

#[test]
fn who_removes_everything_has_the_applications_removed_that_killed_runs_left() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let body = json!({
        "name": "fitbit-connect test (temporary)", "app_type": "native", "oidc_conformant": true,
        "grant_types": ["authorization_code"], "token_endpoint_auth_method": "none",
        "callbacks": [format!("http://127.0.0.1:{}/callback", free_port())],
    });
    let left = stage.api(Method::POST, "clients", Some(body))["client_id"].as_str().unwrap().to_owned();
    let before = stage.applications().len();
    let output = stage.environment().run(&["remove", "--delete-connection", "--yes"]).exits(0);
    assert!(output.stderr.contains(&left), "the plan names it: {output}");
    let now = stage.applications();
    assert!(now.len() == before - 1 && now.iter().all(|(id, _)| *id != left), "{output}");
}

#[test]
fn a_connection_that_is_gone_already_is_no_reason_to_keep_the_profile() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ConnectionMissing]);
    let environment = stage.environment();
    environment.run(&["remove", "--delete-connection", "--yes"]).exits(0);
    assert_eq!(environment.run(&["status", "--json"]).exits(0).document()["configured"], false);
}

#[test]
fn a_connection_that_cannot_be_deleted_keeps_the_profile_for_another_try() {
    for (fault, code) in
        [(Fault::ManagementClientUnknown, "management_credentials_rejected"), (Fault::ReadOnlyToken, "missing_scope")]
    {
        let stage = Stage::configured(GoogleHealth, &[fault]);
        let environment = stage.environment();
        let files = environment.files();
        let output = environment.run(&["remove", "--delete-connection", "--yes", "--json"]).exits(4);
        assert_eq!(output.error_code(), code);
        assert_eq!(environment.files(), files);
        assert_eq!(stage.writes_since(0), [""; 0]);
    }
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment_without_management();
    let output = environment.run(&["remove", "--delete-connection", "--yes", "--json"]).exits(2);
    assert!(output.stderr.contains("AUTH0_CLIENT_SECRET"), "{output}");
}

#[test]
fn a_deletion_is_believed_where_the_answer_says_it() {
    for (reply, exit, said) in [
        (Reply::empty(204), 0, "is deleted."),
        (Reply::json(202, &json!({ "deleted_at": "2026-11-28T10:00:00.000Z" })), 0, "is being deleted"),
        (Reply::json(200, &json!({})), 6, "service_unavailable"),
        (Reply::html(200, "<h1>Welcome</h1>"), 6, "service_unavailable"),
    ] {
        let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
            let deletes = request.method == "DELETE" && request.path.starts_with("/api/v2/connections/");
            if deletes { reply.clone() } else { pass() }
        }));
        let environment = stage.environment();
        let files = environment.files();
        let output = environment.run(&["remove", "--delete-connection", "--yes"]).exits(exit).says(said);
        assert_eq!(environment.files() == files, exit != 0, "what could not be deleted keeps its profile: {output}");
    }
}

#[test]
fn explain_lists_every_code_and_each_is_explained() {
    let environment = Environment::new();
    let output = environment.run(&["explain", "--json"]).exits(0);
    let document = output.document();
    let diagnoses = document["diagnoses"].as_array().unwrap();
    let codes: BTreeSet<&str> = diagnoses.iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), diagnoses.len(), "a code is there twice");
    for code in [
        "redirect_uri_mismatch",
        "client_secret_rejected",
        "provider_shut_down",
        "not_a_test_user",
        "refresh_token_expires_in_7_days",
    ] {
        assert!(codes.contains(code), "{code}");
    }
    for row in diagnoses {
        for member in ["code", "symptom", "cause", "cure"] {
            assert!(row[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {row}");
        }
        assert!(row["links"].is_array());
        assert!([0, 1, 2, 3, 4, 5, 6, 7, 130].contains(&row["exit_code"].as_i64().unwrap()), "{row}");
    }
    let output = environment.run(&["explain"]).exits(0);
    let listed: BTreeSet<&str> = output.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed, codes);
    assert_eq!(output.stderr, "");
}

#[test]
fn explain_takes_a_code_a_pasted_text_and_stdin() {
    let environment = Environment::new();
    let output = environment.run(&["explain", "redirect_uri_mismatch"]).exits(0);
    for part in ["redirect_uri_mismatch", "symptom:", "cause:", "cure:", "exit:    3"] {
        assert!(output.stdout.contains(part), "{part}\n{output}");
    }
    let page = "Access blocked: This app's request is invalid\nError 400: redirect_uri_mismatch";
    let first = |output: &common::Output| output.document()["diagnoses"][0]["code"].as_str().unwrap().to_owned();
    for (text, code) in [
        (page, "redirect_uri_mismatch"),
        ("Error 403: access_denied", "not_a_test_user"),
        ("Error 401: invalid_client The OAuth client was not found.", "client_id_unknown"),
        ("https://app.acme.test/callback?error=access_denied", "access_denied"),
        (
            "https://app/cb?error=invalid_request&error_description=the+connection+was+not+found",
            "authorize_connection_not_usable",
        ),
    ] {
        assert_eq!(first(&environment.run(&["explain", "--json", text]).exits(0)), code, "{text}");
        assert_eq!(first(&environment.run_with_stdin(&["explain", "--json", "-"], text).exits(0)), code, "{text}");
    }
}

#[test]
fn explain_of_something_unknown_says_so_and_suggests_the_nearest() {
    let environment = Environment::new();
    let output = environment.run(&["explain", "redirect_uri_missmatch", "--json"]).exits(2);
    assert_eq!(output.error_code(), "unknown_code");
    assert!(output.stderr.contains("redirect_uri_mismatch"), "{output}");
    for text in ["nothing like it", "", "\u{1b}[2J"] {
        let output = environment.run(&["explain", text, "--json"]).exits(2);
        assert_eq!(output.error_code(), "unknown_code");
        assert!(!output.stderr.contains('\u{1b}'), "{output}");
    }
}

#[test]
fn every_code_that_a_command_can_end_with_is_one_that_explain_knows() {
    let environment = Environment::new();
    for (args, stdin) in [
        (&["setup", "--json"][..], ""),
        (&["test", "--json"], ""),
        (&["remove", "--json"], ""),
        (&["setup", "--json", "--client-secret", "x"], ""),
        (&["explain", "--json", "nonsense"], ""),
        (&["nonsense", "--json"], ""),
    ] {
        let code = environment.run_with_stdin(args, stdin).error_code();
        environment.run(&["explain", &code]).exits(0);
    }
}

#[test]
fn the_sandbox_prints_one_document_when_it_is_ready_and_then_serves() {
    let environment = Environment::new();
    let mut sandbox = environment.sandbox(&["--configured", "fitbit", "--fault", "denied", "--fault", "free-plan"]);
    let ready = &sandbox.ready;
    assert_eq!((&ready["schema"], &ready["command"], &ready["ok"]), (&1.into(), &"sandbox".into(), &true.into()));
    assert_eq!(ready["domain"], facts::DOMAIN);
    assert_eq!(ready["settings_file"], sandbox.config.to_str().unwrap());
    for of in ["google-health", "fitbit", "management"] {
        assert!(!sandbox.credential(of, "client_id").is_empty() && !sandbox.credential(of, "client_secret").is_empty());
    }
    let endpoints = ready["endpoints"].as_object().unwrap();
    for origin in ["https://acme.sandbox.test", "https://www.fitbit.com", "https://accounts.google.com"] {
        assert!(endpoints[origin].as_str().unwrap().starts_with("http://127.0.0.1:"), "{origin}");
    }
    let tenant = endpoints["https://acme.sandbox.test"].as_str().unwrap();
    let url = Url::parse(&format!("{tenant}/.well-known/openid-configuration")).unwrap();
    let answer = Http::new(Endpoints::default()).send(&Call::get(url)).unwrap();
    assert_eq!(answer.json().unwrap()["issuer"], "https://acme.sandbox.test/");
    let written = fs::read_to_string(&sandbox.config).unwrap();
    for of in ["google-health", "fitbit", "management"] {
        assert!(!written.contains(sandbox.credential(of, "client_secret")), "a secret in {written}");
    }
    assert!(written.contains("provider = \"fitbit\"") && written.contains(tenant), "{written}");
    assert!(sandbox.is_running());
    assert_eq!(environment.files(), []);
}

#[cfg(unix)]
#[test]
fn the_sandbox_ends_with_ctrl_c_and_says_nothing_more_to_programs() {
    use std::io::Read as _;
    let environment = Environment::new();
    let mut child = environment.command(&["sandbox", "--json"]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut documents = serde_json::Deserializer::from_reader(&mut stdout).into_iter::<Value>();
    assert_eq!(documents.next().unwrap().unwrap()["ok"], true);
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.trim(), "");
    assert!([Some(0), Some(130)].contains(&child.wait().unwrap().code()));
}

#[test]
fn the_sandbox_takes_the_port_it_is_told_and_the_two_after_it() {
    let environment = Environment::new();
    let port = free_port();
    let sandbox = environment.sandbox(&["--port", &port.to_string()]);
    let endpoints = sandbox.ready["endpoints"].as_object().unwrap();
    for (origin, n) in
        [("https://acme.sandbox.test", 0), ("https://accounts.google.com", 1), ("https://api.fitbit.com", 2)]
    {
        assert_eq!(endpoints[origin], format!("http://127.0.0.1:{}", port + n));
    }
    let output = environment.run(&["sandbox", "--json", "--port", &port.to_string()]).exits(6);
    assert_eq!(output.error_code(), "port_in_use");
    assert!(output.stderr.contains(&port.to_string()), "{output}");
}

#[test]
fn the_sandbox_leaves_a_foreign_file_alone_and_replaces_its_own() {
    let environment = Environment::new();
    for (name, content) in [("mine.toml", "[profiles.default]\nprovider = \"fitbit\"\n"), ("photo.jpg", "not ours")] {
        let file = environment.file(name, content);
        let output = environment.run(&["sandbox", "--json", "--write-config", &file]).exits(2);
        assert!(output.stderr.contains(&file), "{output}");
        assert_eq!(fs::read_to_string(&file).unwrap(), content);
    }
    // What is no file is no settings file either; as root it would be replaced for every program.
    let folder = environment.desk("folder");
    fs::create_dir(&folder).unwrap();
    let null = if cfg!(unix) { "/dev/null" } else { folder.to_str().unwrap() };
    for there in [null, folder.to_str().unwrap()] {
        let output = environment.run(&["sandbox", "--json", "--write-config", there]).exits(2);
        assert!(output.stderr.contains(there), "{output}");
    }
    assert!(!fs::metadata(null).unwrap().is_file() && folder.is_dir());
    let first = environment.sandbox(&[]).ready["settings"].clone();
    let second = environment.sandbox(&[]);
    assert_ne!(second.ready["settings"], first, "other ports");
    assert!(fs::read_to_string(&second.config).unwrap().ends_with(second.ready["settings"].as_str().unwrap()));
    let below_a_file = format!("{}/sandbox.toml", environment.file("file", ""));
    let output = environment.run(&["sandbox", "--json", "--write-config", &below_a_file]).exits(6);
    assert_eq!(output.error_code(), "file_not_writable");
}

#[test]
fn an_unknown_fault_is_refused_and_the_list_is_in_the_help() {
    let environment = Environment::new();
    let output = environment.run(&["sandbox", "--json", "--fault", "gremlins"]).exits(2);
    assert!(output.stderr.contains("gremlins") && output.stderr.contains("sandbox --help"), "{output}");
    let help = environment.run(&["sandbox", "--help"]).exits(0);
    for fault in Fault::ALL {
        assert!(help.stdout.contains(fault.name()), "{}", fault.name());
    }
}

#[test]
fn colour_is_for_terminals_unless_told_otherwise() {
    let run = |environment: Environment, args: &[&str]| {
        let output = environment.run(&[&["test", "--sandbox", "--headless"], args].concat()).exits(0);
        (output.stderr.contains('\u{1b}'), output.stdout.contains('\u{1b}'))
    };
    assert_eq!(run(Environment::new(), &[]), (false, false));
    assert_eq!(run(Environment::new(), &["--color", "always"]), (true, false));
    assert_eq!(run(Environment::new().with("CLICOLOR_FORCE", "1"), &[]), (true, false));
    assert_eq!(run(Environment::new().with("CLICOLOR_FORCE", "1"), &["--color", "never"]), (false, false));
    assert_eq!(run(Environment::new().with("NO_COLOR", "1"), &["--json"]), (false, false));
}

#[test]
fn foreign_text_cannot_move_the_cursor() {
    let stage = Stage::configured(GoogleHealth, &[]);
    stage.create_application("Evil\u{1b}[2J\u{202e}\u{7}");
    let output = stage.environment().run(&["test", "--headless", "--all-apps"]).exits(0);
    assert!(output.stderr.contains("Evil"), "{output}");
    assert!(!output.stderr.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{output}");
    let output = stage.environment().run(&["test", "--headless", "--all-apps", "--json"]).exits(0);
    assert!(!output.stdout.contains(['\u{1b}', '\u{7}']), "{output}");
}

#[test]
fn a_reader_that_went_away_is_no_crash() {
    let environment = Environment::new();
    for args in [&["explain"][..], &["completions", "bash"], &["test", "--sandbox", "--headless", "--json"]] {
        let mut child = environment.command(args).spawn().unwrap();
        drop(child.stdout.take());
        drop(child.stderr.take());
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(0), "{args:?}");
    }
}

#[test]
fn a_port_that_is_taken_does_not_stop_a_login_through_auth0() {
    let taken = TcpListener::bind(("127.0.0.1", free_port())).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    Environment::new().run(&["test", "--sandbox", "--port", &port]).exits(0).says("It works");
}
