//! Something else answers where the tenant should: it is named, nobody is sent there, and nothing is said to be right.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::sync::Arc;

use common::stage::Stage;
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::{Door, Reply, Request};
use serde_json::json;

const HEADLESS: [&str; 3] = ["test", "--headless", "--json"];

#[test]
fn a_login_domain_where_something_else_answers_is_named_and_nobody_is_sent_there() {
    for (reply, status) in [
        (Reply::html(404, "<title>Domain parked</title><h1>This domain is for sale</h1>"), "404"),
        (Reply::html(403, "error code: 1014"), "403"),
    ] {
        // A door of its own for the custom domain that the tenant lists.
        let door = Door::open(0).unwrap();
        let origin = door.origin();
        let _parked = door.serve(Arc::new(move |_: &Request| reply.clone())).unwrap();
        let stage = Stage::configured(GoogleHealth, &[Fault::CustomDomain]);
        let settings = stage.settings(Store::Nothing);
        let line = format!("\"https://{}\" = ", facts::CUSTOM_DOMAIN);
        let settings: String = settings
            .lines()
            .map(|one| if one.starts_with(&line) { format!("{line}\"{origin}\"\n") } else { format!("{one}\n") })
            .collect();
        let environment = stage.environment();
        environment.write_settings(&settings);
        let without = ["test", "--headless", "--json", "--login-domain", facts::CUSTOM_DOMAIN];
        for args in [&HEADLESS[..], &["test", "--json"], &["setup", "--yes", "--all-apps", "--json"]] {
            let output = environment.run(args).exits(3);
            assert_eq!(output.error_code(), "login_domain_of_other_tenant", "{output}");
            let document = output.document();
            let hint = document["error"]["hint"].as_str().unwrap();
            assert!(hint.contains("`--login-domain acme.sandbox.test`"), "{hint}");
            assert!(document["error"]["message"].as_str().unwrap().contains(status), "{output}");
            output.hides("is set up");
        }
        // Nor does the Management API have to be there for it.
        let environment = environment.without("AUTH0_CLIENT_ID").without("AUTH0_CLIENT_SECRET");
        let output = environment.run(&without).exits(3);
        assert_eq!(output.error_code(), "login_domain_of_other_tenant", "{output}");
    }
}

#[test]
fn where_authorize_is_not_understood_no_login_is_started_and_nothing_is_said_to_be_set_up() {
    for reply in [Reply::html(403, "<h1>Request blocked</h1>"), Reply::json(404, &json!({ "message": "no route" }))] {
        let stage = Stage::configured(GoogleHealth, &[])
            .behind(Box::new(move |request, pass| if request.path == "/authorize" { reply.clone() } else { pass() }));
        let output = stage.environment().run(&["test", "--json"]).exits(6);
        assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
        let login = output.checks("login.live")[0].clone();
        assert_eq!(
            (&login["state"], login["detail"].to_string().contains("/authorize of the tenant")),
            (&json!("skip"), true),
            "{output}"
        );
        let setup = ["setup", "--yes", "--all-apps", "--json"];
        let output = stage.environment().run(&setup).exits(6);
        assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
        let output = stage.environment().run(&[&setup[..], &["--skip-login"]].concat()).exits(0);
        output.hides("is set up in");
        output.says("Not verified");
    }
}

#[test]
fn a_page_that_says_what_an_application_lacks_is_read_without_the_management_api() {
    let stage = Stage::configured(GoogleHealth, &[Fault::NoCallback]);
    let environment = stage.environment().without("AUTH0_CLIENT_ID").without("AUTH0_CLIENT_SECRET");
    let output = environment.run(&HEADLESS);
    let found = output.checks("authorize.redirect");
    let without = found.iter().find(|check| check["detail"].as_str().unwrap().contains("has no callback URL"));
    assert_eq!(without.unwrap_or_else(|| panic!("{output}"))["code"], "application_without_callback", "{output}");
}
