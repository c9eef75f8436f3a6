//! Something else answers where the tenant should: it is named, nobody is sent there, and nothing is said to be right.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::sync::Arc;

use common::stage::Stage;
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::{Door, Reply, Request, Served};
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
        // With no application to look at it shows with the temporary one, which is removed.
        let nobodys = stage.settings(Store::Nothing).replace("applications = ", "# ");
        let environment = stage.environment();
        environment.write_settings(&nobodys);
        let output = environment.run(&["test", "--json", "--no-browser"]).exits(6);
        assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
        output.hides("Open this address");
        let output = stage.environment().run(&["test", "--json"]).exits(6);
        assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
        let login = output.checks("login.live")[0].clone();
        assert_eq!(
            (&login["state"], login["detail"].to_string().contains("/authorize of acme.sandbox.test")),
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

/// What the tenant's login domain shows in place of `/authorize`, where it describes itself as it should.
fn login_domain_without_authorize(reply: &Reply) -> (Served, String) {
    let door = Door::open(0).unwrap();
    let (origin, reply) = (door.origin(), reply.clone());
    let discovery = json!({ "issuer": format!("https://{}/", facts::CUSTOM_DOMAIN) });
    let answer = move |request: &Request| {
        if request.path.starts_with("/.well-known/") { Reply::json(200, &discovery) } else { reply.clone() }
    };
    (door.serve(Arc::new(answer)).unwrap(), origin)
}

/// Settings of the stage with these login domains, of which the tenant's own one is somewhere else.
fn settings(stage: &Stage, login_domains: &[&str], at: &str) -> String {
    let line = format!("\"https://{}\" = ", facts::CUSTOM_DOMAIN);
    let settings = stage.settings(Store::Nothing);
    let settings =
        settings.lines().map(|one| if one.starts_with(&line) { format!("{line}\"{at}\"") } else { one.into() });
    let settings = settings.collect::<Vec<_>>().join("\n") + "\n";
    settings.replace("\nport = ", &format!("\nlogin_domains = {login_domains:?}\nport = "))
}

#[test]
fn another_login_domain_that_is_right_does_not_make_up_for_the_one_that_people_log_in_at() {
    let stage = Stage::configured(GoogleHealth, &[Fault::CustomDomain]);
    let blocked = Reply::html(403, "<title>Attention Required!</title>Sorry, you have been blocked");
    let (_served, at) = login_domain_without_authorize(&blocked);
    let environment = stage.environment();
    let without = stage.environment().without("AUTH0_CLIENT_ID").without("AUTH0_CLIENT_SECRET");
    let setup = ["setup", "--yes", "--all-apps", "--skip-login"];

    let both = [facts::CUSTOM_DOMAIN, facts::DOMAIN];
    environment.write_settings(&settings(&stage, &both, &at));
    let output = environment.run(&["test", "--json", "--no-browser"]).exits(6);
    assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
    output.hides("Open this address");
    environment.run(&setup).exits(0).says("Not verified").hides("is set up in");

    // The other way round people do get in, and what is not known of the second one is said.
    let both = [facts::DOMAIN, facts::CUSTOM_DOMAIN];
    environment.write_settings(&settings(&stage, &both, &at));
    let output = environment.run(&setup).exits(0).says("is set up in").says("Done, but not all of it is verified");
    assert!(output.stderr.contains("Not verified: login.acme.sandbox.test answered 403"), "{output}");
    // It is asked without the Management API as well.
    without.write_settings(&settings(&stage, &both, &at));
    let output = without.run(&HEADLESS).exits(0);
    let asked = output.checks("authorize.redirect");
    assert!(
        asked.iter().any(|found| found["state"] == "unknown" && found["detail"].to_string().contains("answered 403")),
        "{output}"
    );
    let manual = ["setup", "--manual", "--yes", "--skip-login", "--app", facts::APPLICATIONS[0].client_id];
    without.run(&manual).exits(0).says("Not verified: login.acme.sandbox.test answered 403");
}

#[test]
fn no_login_is_started_with_an_application_of_ones_own_where_authorize_is_not_understood() {
    for reply in [
        Reply::html(403, "<title>Attention Required!</title>Sorry, you have been blocked"),
        Reply::redirect("https://www.example.com/welcome"),
    ] {
        let stage = Stage::configured(GoogleHealth, &[])
            .behind(Box::new(move |request, pass| if request.path == "/authorize" { reply.clone() } else { pass() }));
        let environment = stage.environment().without("AUTH0_CLIENT_ID").without("AUTH0_CLIENT_SECRET");
        let login = ["--test-app", facts::APPLICATIONS[0].client_id, "--no-browser", "--json"];
        let manual = ["setup", "--manual", "--yes", "--app", facts::APPLICATIONS[0].client_id];
        for args in [&["test"][..], &manual] {
            let output = environment.run(&[args, &login].concat()).exits(6);
            assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
            output.hides("Open this address");
        }
    }
}

#[test]
fn the_address_of_somebody_elses_domain_is_not_to_be_registered_at_the_provider() {
    for reply in [
        Reply::html(404, "<h1>This domain is for sale</h1>"),
        Reply::html(200, "<h1>Welcome</h1>"),
        Reply::redirect("https://www.example.com/"),
    ] {
        let stage = Stage::configured(GoogleHealth, &[]);
        let door = Door::open(0).unwrap();
        let environment = stage.environment().without("AUTH0_CLIENT_ID").without("AUTH0_CLIENT_SECRET");
        let endpoint = format!("[profiles.default.endpoints]\n\"https://login.acme.test\" = \"{}\"\n", door.origin());
        let settings = stage.settings(Store::Nothing).replace("[profiles.default.endpoints]\n", &endpoint);
        environment.write_settings(&settings);
        let _served = door.serve(Arc::new(move |_: &Request| reply.clone())).unwrap();
        let manual =
            ["setup", "--manual", "--yes", "--skip-login", "--json", "--app", facts::APPLICATIONS[0].client_id];
        for args in [&HEADLESS[..], &manual] {
            let output = environment.run(&[args, &["--login-domain", "login.acme.test"]].concat()).exits(3);
            assert_eq!(output.error_code(), "login_domain_of_other_tenant", "{output}");
            assert!(!output.document()["error"]["hint"].to_string().contains("login.acme.test"), "{output}");
            let failed = output.document()["checks"].as_array().unwrap().clone();
            assert_eq!(failed.iter().filter(|found| found["state"] == "fail").count(), 1, "{output}");
        }
    }
}
