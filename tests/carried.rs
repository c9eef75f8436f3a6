//! What a cure carries along and what it leaves out: followed as it is printed it ends well, and takes nothing away that it does
//! not name.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::stage::Stage;
use common::{Environment, Output};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use serde_json::{Value, json};

const HEADLESS: [&str; 3] = ["test", "--headless", "--json"];
const SETUP: [&str; 4] = ["setup", "--yes", "--skip-login", "--json"];

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

fn hint(output: &Output) -> String {
    output.document()["error"]["hint"].as_str().unwrap().to_owned()
}

/// The hint of a check that is not as it should be.
fn cure(output: &Output, check: &str) -> String {
    let of = |found: &Value| found["hint"].as_str().map(str::to_owned);
    output.checks(check).iter().find_map(of).unwrap_or_else(|| panic!("{check}: {output}"))
}

/// Runs the first command of ours in a cure as it is printed, with what a job adds.
fn paste(environment: &Environment, cure: &str, more: &[&str]) -> Output {
    let command = cure.split('`').find(|part| part.starts_with("fitbit-connect ")).unwrap_or_else(|| panic!("{cure}"));
    let words: Vec<&str> = command.split(' ').skip(1).chain(more.iter().copied()).collect();
    environment.run(&words)
}

#[test]
fn an_application_that_the_tenant_does_not_have_is_in_no_cure_of_something_else() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongSecretInTenant]);
    let environment = stage.environment();
    let output = environment.run(&with(&HEADLESS, &["--app", "Acme Wbe"])).exits(2);
    assert_eq!(output.error_code(), "application_not_found", "{output}");
    let cure = cure(&output, "connection.secret");
    assert!(!cure.contains("Wbe"), "{cure}");
    paste(&environment, &cure, &["--yes", "--skip-login"]).exits(0);

    // In a variable it would win over what is saved.
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongSecretInTenant]);
    let environment = stage.environment().with("FITBIT_CONNECT_APPS", "Acme Wbe,Acme Mobile");
    let output = environment.run(&HEADLESS).exits(2);
    paste(&environment, &self::cure(&output, "connection.secret"), &["--yes", "--skip-login"]).exits(0);
}

#[test]
fn a_tenant_that_has_what_is_saved_or_holds_the_client_id_is_not_said_to_be_another() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ConnectionMissing]);
    let environment = stage.environment();
    let output = environment.run(&with(&HEADLESS, &["--app", "Acme Wbe"])).exits(2);
    let said = cure(&output, "connection.exists");
    assert!(!said.contains("compare the domain"), "{said}");
    paste(&environment, &said, &["--yes", "--skip-login"]).exits(0);

    let stage = Stage::configured(GoogleHealth, &[]);
    let output =
        stage.environment().run(&with(&HEADLESS, &["--connection", "google-helth", "--app", "Acme Wbe"])).exits(2);
    let said = cure(&output, "connection.exists");
    assert!(said.starts_with("The connection google-health holds this client ID"), "{said}");

    // A job that has neither, and names nothing that is there.
    let stage = Stage::configured(GoogleHealth, &[Fault::ConnectionMissing]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let without: Vec<&str> = settings.lines().filter(|line| !line.starts_with("applications = ")).collect();
    environment.write_settings(&without.join("\n"));
    let output = environment.run(&with(&HEADLESS, &["--app", "Acme Wbe"])).exits(2);
    let said = cure(&output, "connection.exists");
    assert!(said.contains("compare the domain") && said.contains("setup --app NAME_OR_ID` creates"), "{said}");
}

#[test]
fn a_setup_is_named_with_how_it_was_to_confirm_log_in_and_open_pages() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let native = facts::APPLICATIONS[1].client_id;
    let login = ["--no-browser", "--test-app", native];
    let output = stage.environment().run(&with(&["setup", "--yes", "--json", "--app", native], &login)).exits(3);
    assert_eq!(output.error_code(), "callback_not_allowed", "{output}");
    // The callback URL is looked at before anything is written.
    assert_eq!(stage.writes_since(0), [""; 0]);

    let stage = Stage::configured(GoogleHealth, &[Fault::UnknownClient]);
    let output = stage.environment().run(&["setup", "--yes", "--no-browser", "--save-management", "--json"]).exits(4);
    let said = hint(&output);
    let (way, more) = said.split_once("fitbit-connect setup").unwrap_or_else(|| panic!("{output}"));
    for flag in ["--yes", "--no-browser", "--save-management"] {
        assert!(more.split('`').next().unwrap().contains(flag), "{way}{more}");
    }
}

#[test]
fn a_conflict_of_another_kind_is_no_name_that_is_taken() {
    let locked = Reply::json(
        409,
        &json!({ "statusCode": 409, "error": "Conflict", "errorCode": "resource_locked",
            "message": "The resource is being modified by another request" }),
    );
    for (method, tail, fault, args) in [
        ("PATCH", "", Some(Fault::WrongSecretInTenant), &SETUP[..]),
        ("PATCH", "/clients", Some(Fault::ApplicationNotEnabled), &SETUP[..]),
        ("GET", "/clients", None, &HEADLESS[..]),
        ("POST", "connections", Some(Fault::ConnectionMissing), &SETUP[..]),
        ("GET", "connections", None, &HEADLESS[..]),
    ] {
        let locked = locked.clone();
        let stage = Stage::configured(GoogleHealth, fault.as_slice()).behind(Box::new(move |request, pass| {
            let of_one =
                request.path.strip_prefix("/api/v2/connections/").map(|rest| rest.find('/').map(|at| &rest[at..]));
            let is_it = match tail {
                "connections" => request.path == "/api/v2/connections",
                tail => of_one == Some(Some(tail)) || (tail.is_empty() && of_one == Some(None)),
            };
            if is_it && request.method == method { locked.clone() } else { pass() }
        }));
        let output = stage.environment().run(args);
        output.hides("connection_name_taken");
        output.hides("google-health-2");
        assert!(output.document().to_string().contains("unrecognised_answer"), "{method} {tail}: {output}");
    }
}

#[test]
fn a_client_json_without_its_secret_is_not_answered_with_the_same_download() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let id = facts::GOOGLE_CLIENT_ID;
    for web in [json!({ "client_id": id }), json!({ "client_id": id, "client_secret": "****abcd" })] {
        let file = environment.file("client.json", json!({ "web": web }).to_string());
        let output = environment.run(&with(&HEADLESS, &["--client-json", &file])).exits(2);
        assert_eq!(output.error_code(), "input_invalid", "{output}");
        let said = hint(&output);
        for way in ["add a new one", "--client-id", "--client-secret-file", "FITBIT_CONNECT_CLIENT_SECRET"] {
            assert!(said.contains(way), "{said}");
        }
    }
}

#[test]
fn a_file_in_the_encoding_of_an_old_powershell_is_told_for_that() {
    let environment = Environment::new();
    let text: Vec<u8> = "\u{feff}secret".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let file = environment.file("secret", text);
    let output = environment.run(&with(&HEADLESS, &["--client-secret-file", &file])).exits(2);
    assert_eq!(output.error_code(), "file_not_readable", "{output}");
    assert!(hint(&output).contains("Save it as UTF-8"), "{output}");
}

#[test]
fn secrets_that_are_exchanged_are_told_before_anything_is_asked() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let before = stage.mark();
    let environment = stage.environment().with("AUTH0_CLIENT_SECRET", facts::GOOGLE_CLIENT_SECRET);
    let output =
        environment.with("FITBIT_CONNECT_CLIENT_SECRET", facts::MANAGEMENT_CLIENT_SECRET).run(&HEADLESS).exits(2);
    output.says("(from AUTH0_CLIENT_SECRET) is not right: it is a client secret of Google's");
    assert!(stage.since(before).is_empty());
}

#[test]
fn the_source_of_a_secret_is_named_as_it_was_given() {
    let environment = Environment::new();
    let web = json!({ "client_id": facts::GOOGLE_CLIENT_ID, "client_secret": facts::GOOGLE_CLIENT_SECRET });
    let file = environment.file("client.json", json!({ "web": web }).to_string());
    let output = environment.run(&with(&HEADLESS, &["--client-json", &file, "--provider", "fitbit"])).exits(2);
    output.says("client secret (from --client-json) is not right").hides("--client-secret-file PATH) is not right");
}

#[test]
fn scopes_that_were_copied_out_of_an_address_are_read_as_what_they_are() {
    let own = "https://www.googleapis.com/auth/googlehealth.profile.readonly";
    for scope in [
        json!(format!("openid+email+profile+{own}")),
        json!(format!("openid%20email%20profile%20{own}")),
        json!([format!("openid+email+profile+{own}")]),
    ] {
        let stage = Stage::configured(GoogleHealth, &[]);
        stage.change_options("google-health", &json!({ "scope": scope }));
        let output = stage.environment().run(&HEADLESS).exits(3);
        assert_eq!(output.error_code(), "connection_scopes_differ", "{output}");
        paste(&stage.environment(), &cure(&output, "connection.settings"), &["--yes", "--skip-login"]).exits(0);
        let held = stage.connection("google-health").unwrap()["options"]["scope"].clone();
        assert!(!held.to_string().contains('+') && !held.to_string().contains('%'), "{held}");
        stage.environment().run(&HEADLESS).exits(0);
    }
}

#[test]
fn what_a_cure_takes_out_of_the_connection_is_named_with_the_list_that_keeps_it() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let own = "https://www.googleapis.com/auth/googlehealth.profile.readonly";
    stage.change_options("google-health", &json!({ "scope": ["openid", "email", "profile", own] }));
    let chosen = ["--scopes", "openid,profile,profile.readonly"];
    let output = stage.environment().run(&with(&HEADLESS, &chosen)).exits(3);
    let said = cure(&output, "connection.settings");
    let both = "openid,profile,profile.readonly,email";
    assert!(said.contains("It takes email out of the connection") && said.contains(both), "{said}");
    // With that list nobody undoes the other.
    stage.environment().run(&with(&SETUP, &["--scopes", both])).exits(0);
    stage.environment().run(&with(&HEADLESS, &["--scopes", both])).exits(0);
}

#[test]
fn a_field_that_says_the_same_in_another_way_stays_as_somebody_wrote_it() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let address = "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent";
    stage.change_options(
        "google-health",
        &json!({ "authorizationURL": address, "authParams": {}, "pkce_enabled": false }),
    );
    let output = stage.environment().run(&SETUP).exits(0);
    output.says("pkce_enabled");
    let options = stage.connection("google-health").unwrap()["options"].clone();
    let held = (&options["authorizationURL"], &options["authParams"], &options["pkce_enabled"]);
    assert_eq!(held, (&json!(address), &json!({}), &json!(true)));
    stage.environment().run(&HEADLESS).exits(0);
}

#[test]
fn a_secret_that_stands_in_the_place_of_the_client_id_is_named_and_never_shown() {
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::configured(provider, &[]);
        let (id, secret) = match provider {
            GoogleHealth => (facts::GOOGLE_CLIENT_ID, facts::GOOGLE_CLIENT_SECRET),
            Fitbit => (facts::FITBIT_CLIENT_ID, facts::FITBIT_CLIENT_SECRET),
        };
        stage.change_options(provider.default_connection(), &json!({ "client_id": secret, "client_secret": id }));
        let output = stage.environment().run(&HEADLESS).exits(3);
        let said = cure(&output, "connection.settings");
        assert!(said.contains("looks like a secret") && said.contains("make a new one"), "{said}");
        output.hides(secret);
    }
}

#[test]
fn a_code_that_is_explained_is_about_the_settings_that_were_named() {
    let environment = Environment::new();
    let settings = environment.file("c.toml", "");
    let output =
        environment.run(&["explain", "client_secret_missing", "--config", &settings, "--profile", "staging"]).exits(0);
    assert!(output.stdout.contains(&format!("setup --config {settings} --profile staging`")), "{output}");
}

#[test]
fn a_secret_that_the_token_may_not_see_is_entered_by_hand_or_after_the_permission() {
    let faults = [Fault::WrongSecretInTenant, Fault::OptionsHidden];
    let output = Stage::configured(GoogleHealth, &faults).environment().run_with_robot(&["test", "--json"]).exits(4);
    let said = hint(&output);
    assert!(said.contains("in the dashboard enter the one at hand into the connection `google-health`"), "{said}");
    assert!(
        said.contains(
            "or allow the token read:connections_options update:connections_options and run `fitbit-connect setup`"
        ),
        "{said}"
    );
}

#[test]
fn two_secrets_that_are_missing_in_a_place_that_does_not_answer_are_two_sentences() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    environment.run(&with(&SETUP, &["--save-management"])).exits(0);
    std::fs::write(environment.secrets(), "torn = [").unwrap();
    let names = ["FITBIT_CONNECT_CLIENT_SECRET", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"];
    let environment = names.into_iter().fold(environment, |environment, name| environment.without(name));
    let output = environment.run(&SETUP);
    let said = hint(&output);
    assert!(!said.contains(".;") && said.contains(". The other secret can be given: "), "{said}");
}
