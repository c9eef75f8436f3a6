//! `test` through the users' door: a right set-up passes, what is not known is no pass, and a login ends as it should. What is
//! said of each thing that can be wrong stands in the matrix (`tests/matrix`).

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::{fs, thread};

use common::stage::Stage;
use common::{Environment, Output, free_port};
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use serde_json::{Value, json};

const HEADLESS: [&str; 3] = ["test", "--headless", "--json"];

#[test]
fn a_right_set_up_passes_without_a_login_and_nothing_is_written() {
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::configured(provider, &[]);
        let environment = stage.environment();
        let files = environment.files();
        // The login is left out at the person's wish, so that even --strict does not mind.
        let output = environment.run(&[&HEADLESS[..], &["--strict"]].concat()).exits(0);
        for check in [
            "provider.alive",
            "provider.callback",
            "credentials.accepted",
            "tenant.reachable",
            "management.access",
            "connection.exists",
            "connection.settings",
            "connection.secret",
            "applications.enabled",
            "authorize.redirect",
        ] {
            assert_eq!(output.state(check), "pass", "{check}");
        }
        for check in ["login.live", "identity.read"] {
            assert_eq!(output.state(check), "skip", "{check}");
        }
        assert_eq!(stage.writes_since(0), [""; 0]);
        assert_eq!(environment.files(), files);
        let document = output.document();
        assert_eq!(document["command"], "test");
        assert!(document["connection"].get("action").is_none(), "test takes no action: {document}");
        assert!(document.get("steps").is_none() && document.get("identity").is_none(), "{document}");
    }
}

#[test]
fn a_login_through_auth0_and_one_at_the_provider_name_the_same_person() {
    for (provider, through, direct) in [
        (GoogleHealth, "oauth2|google-health|1234567890123456789", "1234567890123456789"),
        (Fitbit, "fitbit|A1B2C3", "A1B2C3"),
    ] {
        let stage = Stage::configured(provider, &[]);
        let environment = stage.environment();
        let before = (stage.applications(), stage.connection(provider.default_connection()));
        let output = environment.run_with_robot(&["test", "--json", "--strict"]).exits(0);
        assert_eq!(output.document()["identity"]["subject"], through);
        assert_eq!(output.document()["identity"]["legacy_user_id"], "A1B2C3");
        assert_eq!((stage.applications(), stage.connection(provider.default_connection())), before);
        let mark = stage.mark();
        let output = environment.run_with_robot(&["test", "--direct", "--json", "--strict"]).exits(0);
        assert_eq!(output.document()["identity"]["subject"], direct);
        assert_eq!(output.document()["identity"]["legacy_user_id"], "A1B2C3");
        assert_eq!(stage.since(mark), [], "a direct login does not touch the tenant");
    }
}

#[test]
fn in_the_sandbox_test_passes_and_writes_nothing() {
    let environment = Environment::new();
    let port = free_port().to_string();
    for args in [
        &["test", "--sandbox"][..],
        &["test", "--sandbox", "--provider", "fitbit"],
        &["test", "--sandbox", "--direct", "--port", &port],
        &["test", "--sandbox", "--headless"],
    ] {
        let output = environment.run(args).exits(0).says(" checks passed");
        assert_eq!(output.stdout, "");
    }
    assert_eq!(environment.files(), []);
}

#[test]
fn a_custom_login_domain_is_the_one_that_is_verified() {
    let stage = Stage::configured(GoogleHealth, &[Fault::CustomDomain]);
    let output = stage.environment().run_with_robot(&["test", "--json", "--strict"]).exits(0);
    let callbacks: Vec<String> =
        output.checks("provider.callback").iter().map(|check| check["detail"].to_string()).collect();
    assert!(callbacks.iter().any(|detail| detail.contains(facts::CUSTOM_DOMAIN)), "{callbacks:?}");
    assert_eq!(output.state("login.live"), "pass");
}

#[test]
fn what_is_not_known_of_the_login_domains_is_said() {
    let stage = Stage::configured(GoogleHealth, &[Fault::CustomDomain]);
    let environment = stage.environment();
    let access = |output: &Output| output.checks("management.access")[0]["detail"].as_str().unwrap().to_owned();
    let said = access(&environment.run(&HEADLESS).exits(0));
    assert_eq!(said, "the Management API accepts the credentials");
    // The tenant got another one since the set-up.
    let settings = fs::read_to_string(environment.settings()).unwrap();
    environment.write_settings(&settings.replace("\nport = ", "\nlogin_domains = [\"acme.sandbox.test\"]\nport = "));
    for args in [&HEADLESS[..], &["setup", "--yes", "--skip-login", "--json"]] {
        let said = access(&environment.run(args).exits(0));
        assert!(said.contains(facts::CUSTOM_DOMAIN) && said.contains("--login-domain"), "{said}");
    }
    environment.write_settings(&settings);
    let refused = json!({ "statusCode": 403, "error": "Forbidden", "errorCode": "insufficient_scope",
        "message": "Insufficient scope, expected any of: read:custom_domains" });
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        if request.path.starts_with("/api/v2/custom-domains") { Reply::json(403, &refused) } else { pass() }
    }));
    for args in [&HEADLESS[..], &["setup", "--yes", "--all-apps", "--skip-login", "--json"]] {
        let said = access(&stage.environment().run(args).exits(0));
        assert!(said.contains("whether the tenant has a custom login domain could not be read"), "{said}");
    }
}

#[test]
fn a_login_domain_that_cannot_be_reached_is_asked_once_and_not_for_each_application() {
    let stage = Stage::configured(GoogleHealth, &[Fault::CustomDomain]);
    let environment = stage.environment();
    let at = |place: &str| format!("\"https://{}\" = \"{place}\"", facts::CUSTOM_DOMAIN);
    let settings = fs::read_to_string(environment.settings()).unwrap();
    assert!(settings.contains(&at(&stage.login_domain())), "{settings}");
    environment.write_settings(
        &settings.replace(&at(&stage.login_domain()), &at(&format!("http://127.0.0.1:{}", free_port()))),
    );
    let output = environment.run(&HEADLESS).exits(6);
    let asked: Vec<_> = output.checks("authorize.redirect").iter().map(|check| check["state"].clone()).collect();
    assert_eq!(asked, ["fail", "skip"], "{output}");
    assert!(output.checks("authorize.redirect")[1]["detail"].to_string().contains("not asked"), "{output}");
}

#[test]
fn a_login_that_never_comes_back_ends_with_the_time_limit_and_is_cleaned_up() {
    thread::scope(|scope| {
        for fault in [None, Some(Fault::NotATestUser)] {
            scope.spawn(move || {
                let stage = Stage::configured(GoogleHealth, fault.as_slice());
                let before = stage.applications();
                let environment = stage.environment();
                let output = match fault {
                    Some(_) => environment.run_with_robot(&["test", "--json", "--timeout", "1s"]),
                    None => environment.run(&["test", "--json", "--timeout", "1s", "--no-browser"]),
                };
                let output = output.exits(5);
                assert_eq!(output.error_code(), "login_timed_out");
                assert_eq!(output.state("login.live"), "fail");
                assert_eq!(stage.applications(), before, "{output}");
            });
        }
    });
}

#[test]
fn without_management_credentials_the_checks_that_need_them_are_skipped_and_authorize_is_asked() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment_without_management();
    let output = environment.run(&HEADLESS).exits(0);
    for check in
        ["management.access", "connection.exists", "connection.settings", "connection.secret", "applications.enabled"]
    {
        assert_eq!(output.state(check), "skip", "{check}");
    }
    assert_eq!(output.state("authorize.redirect"), "pass");
    assert_eq!(output.checks("authorize.redirect").len(), 2);
    assert_eq!(stage.calls_since(0), []);
    let output = environment.run(&[&HEADLESS[..], &["--strict"]].concat()).exits(3);
    assert_eq!(output.error_code(), "not_verified");
    let output = environment.run(&["test", "--json"]).exits(0);
    assert_eq!(output.state("login.live"), "skip");
}

#[test]
fn strict_minds_what_is_unknown_and_what_is_only_a_warning() {
    for (fault, args) in [
        (Fault::NoCallback, &["test", "--headless", "--json", "--strict"][..]),
        (Fault::OptionsHidden, &["test", "--headless", "--json", "--strict"]),
        (Fault::Testing, &["test", "--direct", "--json", "--strict"]),
    ] {
        let stage = Stage::configured(GoogleHealth, &[fault]);
        let output = stage.environment().run_with_robot(args).exits(3);
        assert_eq!(output.error_code(), "not_verified", "{}", fault.name());
    }
}

#[test]
fn unknown_is_never_counted_as_passed_in_prose() {
    let stage = Stage::configured(GoogleHealth, &[Fault::NoCallback]);
    let output = stage.environment().run(&["test", "--headless"]).exits(0).says("unknown");
    let document = stage.environment().run(&HEADLESS);
    let passed = document.document()["checks"].as_array().unwrap().iter().filter(|c| c["state"] == "pass").count();
    assert!(output.stderr.contains(&format!("{passed} checks passed,")), "{output}");
}

#[test]
fn with_no_tenant_configured_the_login_is_at_the_provider() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let without_domain: String =
        settings.lines().filter(|l| !l.starts_with("domain")).map(|l| format!("{l}\n")).collect();
    environment.write_settings(&without_domain);
    let output = environment.run_with_robot(&["test", "--json"]).exits(0);
    assert_eq!(output.state("login.live"), "pass");
    assert!(output.document().get("tenant").is_none(), "{output}");
    assert_eq!(stage.since(0), []);
}

#[test]
fn a_direct_login_says_who_holds_its_port_and_does_not_take_another() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let is_told = || {
        let output = stage.environment().run_with_robot(&["test", "--direct", "--json"]).exits(6);
        assert_eq!(output.error_code(), "port_in_use");
        let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&stage.port().to_string()), "{message}");
        if cfg!(target_os = "linux") {
            assert!(message.contains(&std::process::id().to_string()), "who holds it: {message}");
        }
    };
    // Of all addresses of both families, as servers of Node hold it, where the machine has IPv6.
    if let Ok(everywhere) = std::net::TcpListener::bind(("::", stage.port())) {
        is_told();
        drop(everywhere);
    }
    let held = std::net::TcpListener::bind(("127.0.0.1", stage.port())).unwrap();
    is_told();
    // Through Auth0 the next free one is registered instead.
    let output = stage.environment().run_with_robot(&["test", "--json"]).exits(0);
    assert_eq!(output.state("login.live"), "pass");
    drop(held);
}

#[test]
fn only_the_first_twenty_applications_are_asked_unless_all_are_wanted() {
    let stage = Stage::configured(GoogleHealth, &[]);
    (0..19).for_each(|n| drop(stage.create_application(&format!("Acme {n}"))));
    let environment = stage.environment();
    let asked = |output: &Output| {
        let checks = output.checks("authorize.redirect");
        let count = |state: &str| checks.iter().filter(|check| check["state"] == state).count();
        (count("pass"), count("skip"))
    };
    let output = environment.run(&[&HEADLESS[..], &["--all-apps"]].concat()).exits(0);
    assert_eq!(asked(&output), (20, 1));
    let output = environment.run(&[&HEADLESS[..], &["--all-apps", "--check-all"]].concat()).exits(0);
    assert_eq!(asked(&output), (21, 0));
}

#[test]
fn a_missing_connection_with_ten_applications_is_one_line_for_people_and_ten_for_programs() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ConnectionMissing]);
    (0..8).for_each(|n| drop(stage.create_application(&format!("Acme {n}"))));
    let environment = stage.environment();
    let args = ["test", "--headless", "--all-apps"];
    let output = environment.run(&args).exits(3).says("connection.exists");
    for check in ["applications.enabled", "authorize.redirect"] {
        let lines: Vec<&str> = output.stderr.lines().filter(|line| line.contains(check)).collect();
        assert!(matches!(lines[..], [line] if line.contains("(10 applications)")), "{lines:?}\n{output}");
    }
    assert_eq!(output.stderr.matches("FAILED").count(), 1, "{output}");
    let output = environment.run(&[&args[..], &["--json"]].concat()).exits(3);
    for check in ["applications.enabled", "authorize.redirect"] {
        let checks = output.checks(check);
        let applications: BTreeSet<String> = checks.iter().map(|check| check["application"].to_string()).collect();
        assert_eq!((checks.len(), applications.len()), (10, 10), "{output}");
        assert!(checks.iter().all(|check| check["state"] == "skip"), "{output}");
    }
}

#[test]
fn an_application_that_does_not_exist_is_an_input_error_here_too() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let output = stage.environment().run(&[&HEADLESS[..], &["--app", "Nobody"]].concat()).exits(2);
    assert_eq!(output.error_code(), "application_not_found");
}

#[test]
fn a_secret_that_is_not_there_is_named_with_the_ways_to_give_it() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().without("FITBIT_CONNECT_CLIENT_SECRET");
    let output = environment.run(&HEADLESS).exits(2);
    assert_eq!(output.error_code(), "client_secret_missing");
    assert_eq!(output.state("credentials.stored"), "fail");
    assert_eq!(output.state("credentials.accepted"), "skip");
    assert!(output.stderr.contains("FITBIT_CONNECT_CLIENT_SECRET"), "{output}");
}

#[test]
fn a_tenant_that_stumbles_is_asked_again() {
    let stumbled = std::sync::atomic::AtomicBool::new(false);
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        let first = request.path == "/api/v2/connections" && !stumbled.swap(true, std::sync::atomic::Ordering::Relaxed);
        if first { Reply::json(503, &json!({ "statusCode": 503 })) } else { pass() }
    }));
    stage.environment().run(&[&HEADLESS[..], &["--strict"]].concat()).exits(0);
}

#[test]
fn an_answer_that_is_not_understood_is_unknown_and_never_a_pass() {
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| match request.path.as_str() {
        "/authorize" => Reply::html(200, "<h1>Welcome to the hotel network</h1>"),
        "/api/v2/clients" => Reply::html(200, "<h1>Welcome to the hotel network</h1>"),
        _ => pass(),
    }));
    let output = stage.environment().run(&HEADLESS);
    let states: BTreeSet<String> =
        output.checks("authorize.redirect").iter().map(|check: &Value| check["state"].to_string()).collect();
    assert!(!states.contains("\"pass\""), "{output}");
    assert_ne!(output.code(), 1, "{output}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_waiting_for_the_person_ends_with_130_and_cleans_up() {
    use std::io::{BufRead as _, BufReader, Read as _};
    for args in [&["test", "--no-browser", "--json"][..], &["test", "--no-browser", "--direct", "--json"]] {
        let stage = Stage::configured(GoogleHealth, &[]);
        let before = stage.applications();
        let environment = stage.environment();
        let mut child = environment.command(args).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(stderr.any(|line| line.unwrap().starts_with("Waiting up to")), "it never waited");
        let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        let mut stdout = String::new();
        child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["error"]["code"], "cancelled");
        assert_eq!(stage.applications(), before);
    }
}

#[cfg(unix)]
#[test]
fn the_final_address_can_be_pasted_back() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let mut command = environment.command(&["test", "--no-browser", "--json"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let url = stderr.by_ref().find_map(|line| common::login_address(&line)).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let mut stdin = child.stdin.take().unwrap();
    // A bare code and an answer with another state are refused, and the wait goes on.
    for wrong in ["0123456789abcdef", "code=x&state=another"] {
        writeln!(stdin, "{wrong}").unwrap();
        assert!(stderr.any(|line| line.contains("not accepted")), "{wrong}");
    }
    writeln!(stdin, "error=access_denied&error_description=The+user+denied+the+request.&state={state}").unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["error"]["code"], "access_denied");
    assert_eq!(child.wait().unwrap().code(), Some(5));
}
