//! Two live logins in one tenant at once: each has its own temporary application, and none is left.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::Child;

use fitbit_connect::browser::Browser as _;
use fitbit_connect::checks::applications::TEMPORARY_NAME;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::robot::Robot;
use reqwest::Method;
use serde_json::json;
use url::Url;

use crate::common::stage::Stage;
use crate::common::{Environment, Output, free_port, login_address};

/// Runs up to the login, and stays there.
#[expect(clippy::zombie_processes, reason = "a test that panics ends the whole process")]
fn at_the_login(environment: &Environment, args: &[&str]) -> (Child, BufReader<std::process::ChildStderr>, Url) {
    let mut child = environment.command(args).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the login never began");
        if let Some(address) = login_address(line.trim_end()) {
            return (child, said, address);
        }
    }
}

/// A temporary application with this callback.
fn left_behind(stage: &Stage, port: u16) -> String {
    let body = json!({
        "name": TEMPORARY_NAME, "app_type": "native", "token_endpoint_auth_method": "none", "oidc_conformant": true,
        "grant_types": ["authorization_code"], "callbacks": [format!("http://127.0.0.1:{port}/callback")],
        "jwt_configuration": { "alg": "RS256" },
    });
    stage.api(Method::POST, "clients", Some(body))["client_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_test_beside_a_setup_that_waits_for_its_login_harms_neither() {
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::configured(provider, &[]);
        let environment = stage.environment();
        let before = stage.applications();
        let (mut setup, mut said, address) = at_the_login(&environment, &["setup", "--yes", "--no-browser"]);
        let beside = environment.run_with_robot(&["test", "--json"]).exits(0);
        assert_eq!(beside.state("login.live"), "pass");
        assert_eq!(beside.checks("login.live").len(), 1, "a login that goes on is no reason for a warning: {beside}");
        assert_eq!(stage.applications().len(), before.len() + 1, "the one of the setup is still there");
        Robot::new(Default::default()).open(&address, &[]).unwrap();
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
        assert!(setup.wait().unwrap().success(), "{rest}");
        assert!(rest.contains("It works: "), "{rest}");
        assert_eq!(stage.applications(), before);
    }
}

#[test]
fn what_killed_runs_left_goes_all_at_once_and_what_may_be_held_by_a_run_stays_and_is_named() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let before = stage.applications();
    let held = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let somebodys = left_behind(&stage, held.local_addr().unwrap().port());
    for port in [stage.port(), free_port(), free_port()] {
        left_behind(&stage, port);
    }
    let is_named = |output: &Output| {
        let warned = output.checks("login.live").into_iter().find(|check| check["state"] == "warn").unwrap();
        assert_eq!(warned["code"], "temporary_application_left", "{output}");
        assert!(warned["hint"].as_str().unwrap().contains(&format!("auth0 apps delete {somebodys}")), "{output}");
    };
    let mark = stage.mark();
    is_named(&environment.run_with_robot(&["test", "--json"]).exits(0));
    is_named(&environment.run(&["test", "--json", "--headless"]).exits(0));
    let writes = stage.writes_since(mark);
    assert!(!writes.iter().any(|write| write.contains(&somebodys)), "{writes:#?}");
    assert!(!writes.iter().any(|write| write.starts_with("POST /api/v2/clients")), "one is reused: {writes:#?}");
    let mut and_somebodys = before.clone();
    and_somebodys.push((somebodys.clone(), TEMPORARY_NAME.to_owned()));
    let sorted = |mut applications: Vec<(String, String)>| {
        applications.sort();
        applications
    };
    assert_eq!(sorted(stage.applications()), sorted(and_somebodys));
    drop(held);
    environment.run_with_robot(&["test", "--json"]).exits(0);
    assert_eq!(stage.applications(), before);
}
