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

/// The applications of the tenant without one.
fn without_application(stage: Stage, id: &'static str) -> Stage {
    stage.behind(Box::new(move |request, pass| match request.path.as_str() {
        "/api/v2/clients" => {
            let mut answer: Value = serde_json::from_slice(&pass().body).unwrap();
            let list = if answer.is_array() { &mut answer } else { &mut answer["clients"] };
            list.as_array_mut().unwrap().retain(|one| one["client_id"] != id);
            Reply::json(200, &answer)
        }
        path if path == format!("/api/v2/clients/{id}") => Reply::json(
            404,
            &json!({ "statusCode": 404, "error": "Not Found", "message": "The client does not exist", "errorCode": "inexistent_client" }),
        ),
        _ => pass(),
    }))
}

#[test]
fn a_saved_application_that_is_gone_is_in_no_cure_about_another() {
    let (web, mobile) = (facts::APPLICATIONS[0].client_id, facts::APPLICATIONS[1].client_id);
    for fault in [Fault::ScopesMissingInTenant, Fault::ConnectionMissing, Fault::WrongSecretInTenant] {
        for named in [true, false] {
            let stage = without_application(Stage::configured(GoogleHealth, &[fault]), web);
            let environment = stage.environment();
            let args = if named { with(&HEADLESS, &["--app", "Acme Mobile"]) } else { HEADLESS.to_vec() };
            let output = environment.run(&args);
            let checks = output.document()["checks"].as_array().unwrap().clone();
            let told = checks.iter().filter(|check| check["check"] != "applications.enabled");
            let mut hints =
                told.filter_map(|check| check["hint"].as_str()).filter(|hint| hint.contains("`fitbit-connect setup"));
            let hint = hints.next().unwrap_or_else(|| panic!("{output}"));
            assert!(!hint.contains(web) && hint.contains(mobile), "{hint}");
            paste(&environment, hint, &["--yes", "--skip-login"]).exits(0);
        }
    }
}

#[test]
fn an_application_that_a_list_does_not_have_is_looked_for_before_it_is_called_gone() {
    let mobile = facts::APPLICATIONS[1].client_id;
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        if request.path != "/api/v2/clients" {
            return pass();
        }
        // What stands in between gives a first page of its own.
        let answer: Value = serde_json::from_slice(&pass().body).unwrap();
        let list = if answer.is_array() { answer } else { answer["clients"].clone() };
        let first: Vec<&Value> = list.as_array().unwrap().iter().filter(|one| one["client_id"] != mobile).collect();
        Reply::json(200, &json!(first))
    }));
    let environment = stage.environment();
    environment.run(&HEADLESS).exits(0).hides("application_gone");
    environment.run(&SETUP).exits(0);
}

#[test]
fn a_list_that_is_told_to_be_longer_is_not_taken_for_whole() {
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| {
        if request.path != "/api/v2/clients" {
            return pass();
        }
        Reply::json(200, &json!({ "start": 0, "limit": 50, "length": 0, "total": 120, "clients": [] }))
    }));
    let output = stage.environment().run(&HEADLESS).exits(6);
    output.says("0 of 120 clients").hides("application_gone");
}

#[test]
fn a_connection_that_is_gone_is_not_replaced_by_that_of_another_profile() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let tables: Vec<&str> = settings.split("[profiles.default").collect();
    let own = tables[1].split("\n[").next().unwrap();
    let endpoints = settings.split("[profiles.default.endpoints]").nth(1).unwrap();
    environment.write_settings(&format!(
        "[profiles.default{own}\n[profiles.default.endpoints]{endpoints}\n[profiles.staging{own}\nconnection = \"gh-staging\"\n\
         [profiles.staging.endpoints]{endpoints}"
    ));
    let staging = ["--profile", "staging"];
    environment.run(&with(&with(&SETUP, &staging), &["--connection", "gh-staging"])).exits(0);
    let gone = stage.connection("google-health").unwrap()["id"].as_str().unwrap().to_owned();
    stage.api(reqwest::Method::DELETE, &format!("connections/{gone}"), None);
    let said = cure(&environment.run(&HEADLESS).exits(3), "connection.exists");
    assert!(said.contains("makes it again") && said.contains("belongs to the profile staging"), "{said}");
    paste(&environment, &said, &["--yes", "--skip-login"]).exits(0);
    assert!(stage.connection("google-health").is_some() && stage.connection("gh-staging").is_some());
}

#[test]
fn a_missing_keychain_is_answered_in_the_words_of_each_command() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::Keychain));
    let output = environment.run(&["status", "--json"]).exits(7);
    let said = hint(&output);
    assert!(said.contains("`fitbit-connect setup --store file` keeps"), "{said}");
    let output = environment.run(&["remove", "--yes", "--json"]).exits(7);
    let said = hint(&output);
    assert!(said.contains("pass them over with `fitbit-connect remove --yes --store none`"), "{said}");
    paste(&environment, &said, &[]).exits(0);
}

#[test]
fn how_a_secret_is_handed_over_stands_in_the_cure_that_asks_for_one() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongSecret]);
    let said = cure(&stage.environment().run(&HEADLESS).exits(4), "credentials.accepted");
    for way in ["asked for in a terminal", "--client-secret-file PATH", "FITBIT_CONNECT_CLIENT_SECRET"] {
        assert!(said.contains(way), "{said}");
    }
}

#[test]
fn the_way_over_from_fitbit_is_the_same_in_status_as_in_test() {
    let stage = Stage::configured(Fitbit, &[]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    environment.write_settings(
        &settings.replace("[profiles.default]\n", "[profiles.default]\nscopes = [\"profile\", \"sleep\"]\n"),
    );
    let output = environment.run(&["status"]).exits(0);
    output.says("setup --provider google-health --scopes openid,email,profile,profile.readonly,sleep.readonly");
}

#[test]
fn a_removal_that_is_to_be_repeated_keeps_its_switches() {
    let stage = Stage::configured(GoogleHealth, &[]);
    stage.change_options(
        "google-health",
        &json!({ "client_id": "987654321098-another0another0another0another0.apps.googleusercontent.com" }),
    );
    let output = stage.environment().run(&["remove", "--delete-connection", "--yes", "--json"]).exits(3);
    assert_eq!(output.error_code(), "connection_client_id_differs", "{output}");
    let said = hint(&output);
    assert!(said.contains("remove --delete-connection --yes --connection google-health`"), "{said}");
}

#[test]
fn a_login_domain_that_is_gone_from_the_settings_is_taken_out_by_one_command() {
    let stage = Stage::configured(GoogleHealth, &[Fault::LoginDomainGone]);
    let environment = stage.environment();
    let output = environment.run(&HEADLESS).exits(3);
    let said = cure(&output, "authorize.redirect");
    assert!(said.starts_with("Run `fitbit-connect setup` which takes it out of the settings."), "{said}");
}

#[test]
fn a_refusal_of_a_write_is_not_sent_to_a_report_that_has_nothing_of_it() {
    let refused = Reply::json(403, &json!({ "message": "Custom social connections are not on offer here" }));
    let stage = Stage::configured(GoogleHealth, &[Fault::ConnectionMissing]).behind(Box::new(move |request, pass| {
        if request.method == "POST" && request.path == "/api/v2/connections" { refused.clone() } else { pass() }
    }));
    let output = stage.environment().run(&SETUP).exits(6);
    let said = hint(&output);
    assert!(!said.contains("--report") && said.contains("it is all that came back"), "{said}");
    output.says("answered 403 to POST connections: Custom social connections are not on offer here");
}

#[test]
fn a_secret_that_the_tenant_masks_is_not_called_another_one() {
    for mask in ["****hing", "GOCSPX-****hing", "[REDACTED]", "********", "GOCSPX-\u{2026}hing"] {
        let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
            let reply = pass();
            if request.method != "GET"
                || !request.path.starts_with("/api/v2/connections")
                || request.path.ends_with("/clients")
            {
                return reply;
            }
            let mut answer: Value = serde_json::from_slice(&reply.body).unwrap();
            let mask_it = |connection: &mut Value| connection["options"]["client_secret"] = json!(mask);
            match &mut answer {
                Value::Array(all) => all.iter_mut().for_each(mask_it),
                answer if answer["connections"].is_array() => {
                    answer["connections"].as_array_mut().unwrap().iter_mut().for_each(mask_it);
                }
                one => mask_it(one),
            }
            Reply::json(200, &answer)
        }));
        let environment = stage.environment();
        let output = environment.run(&HEADLESS).exits(0);
        assert_eq!(output.state("connection.secret"), "skip", "{mask}: {output}");
        // It is written to be sure, and what cannot be read back is not called changed.
        environment.run(&SETUP).exits(0);
    }
}

#[test]
fn the_connection_of_another_profile_is_not_deleted_by_a_cure_that_does_not_name_it() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongClientIdInTenant]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let (head, own) = settings.split_once("[profiles.default]").unwrap();
    let (own, endpoints) = own.split_once("[profiles.default.endpoints]").unwrap();
    environment.write_settings(&format!(
        "{head}[profiles.default]{own}[profiles.default.endpoints]{endpoints}\n[profiles.staging]{own}[profiles.staging.endpoints]{endpoints}"
    ));
    let output =
        environment.run(&["remove", "--profile", "staging", "--delete-connection", "--yes", "--json"]).exits(3);
    let said = hint(&output);
    output.says("the profile default of these settings uses it");
    assert!(said.contains("`fitbit-connect remove --profile staging` forgets the profile alone"), "{said}");
    assert!(
        said.contains("`fitbit-connect remove --delete-connection --profile staging --connection google-health`"),
        "{said}"
    );
}

#[test]
fn the_first_set_up_of_a_machine_without_a_keychain_warns_of_nothing() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let (_, endpoints) = settings.split_once(".endpoints]").unwrap();
    environment.write_settings(&format!("[profiles.other]\n[profiles.other.endpoints]{endpoints}"));
    let output =
        environment.run(&["setup", "--profile", "fresh", "--store", "file", "--yes", "--skip-login", "--all-apps"]);
    output.hides("may still be in the keychain");
}

#[test]
fn a_flag_that_says_what_is_saved_stands_in_a_cure_where_a_variable_says_else() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let saved = "openid,email,profile,profile.readonly,sleep.readonly";
    let mut environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    let web = facts::APPLICATIONS[0].client_id;
    environment.run(&with(&SETUP, &["--scopes", saved, "--app", web])).exits(0);
    stage.switch("google-health", web, false);
    for (name, value, flags) in [
        ("FITBIT_CONNECT_STORE", "none", ["--store", "file"]),
        ("FITBIT_CONNECT_SCOPES", "profile.readonly", ["--scopes", saved]),
        ("FITBIT_CONNECT_APPS", "Acme Mobile", ["--app", web]),
        ("FITBIT_CONNECT_LOGIN_DOMAIN", facts::CUSTOM_DOMAIN, ["--login-domain", facts::DOMAIN]),
    ] {
        let secrets = std::fs::read(environment.secrets()).unwrap();
        environment = environment.with(name, value);
        let output = environment.run(&with(&HEADLESS, &flags)).exits(3);
        let said = cure(&output, "applications.enabled");
        assert!(said.contains(&flags.join(" ")), "{name}: {said}");
        paste(&environment, &said, &["--yes", "--skip-login"]).exits(0);
        assert!(std::fs::read(environment.secrets()).unwrap() == secrets, "{name}");
        environment.run(&with(&HEADLESS, &flags)).exits(0);
        environment = environment.without(name);
        stage.switch("google-health", web, false);
    }
}

#[test]
fn an_application_of_the_test_login_that_is_gone_is_in_no_cure() {
    let mobile = facts::APPLICATIONS[1].client_id;
    let stage = without_application(Stage::configured(GoogleHealth, &[]), mobile);
    let output = stage.environment().run(&with(&HEADLESS, &["--test-app", mobile])).exits(3);
    let said = cure(&output, "applications.enabled");
    assert!(!said.contains("--test-app"), "{said}");
    paste(&stage.environment(), &said, &["--yes", "--skip-login"]).exits(0);
}

#[test]
fn a_run_that_has_just_switched_an_application_on_does_not_propose_itself() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationNotEnabled]).behind(Box::new(|request, pass| {
        let is_write = request.method == "PATCH" && request.path.ends_with("/clients");
        if is_write { Reply::json(200, &json!({})) } else { pass() }
    }));
    let output = stage.environment().run(&SETUP).exits(3);
    assert_eq!(output.error_code(), "application_not_enabled", "{output}");
    let said = hint(&output);
    assert!(said.starts_with("It was switched on just now, and reads off") && !said.contains("setup"), "{said}");
}

#[test]
fn an_id_of_fitbits_in_a_flag_is_to_be_left_out_where_the_right_one_is_saved() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let wrong = ["--client-id", "23BCDF"];
    let inferred = stage.environment().run(&with(&HEADLESS, &wrong)).exits(2);
    assert!(hint(&inferred).starts_with("Leave the client ID out, and "), "{inferred}");
    let output = stage.environment().run(&with(&with(&HEADLESS, &wrong), &["--provider", "google-health"])).exits(2);
    assert_eq!(output.error_code(), "fitbit_id_at_google", "{output}");
    let said = hint(&output);
    assert!(
        said.starts_with(&format!("Leave it out, and {} is used, which is saved. ", facts::GOOGLE_CLIENT_ID)),
        "{said}"
    );
    assert!(said.contains("and all else that you gave"), "{said}");
}

#[test]
fn a_list_of_applications_in_one_flag_is_told_for_what_it_is() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let output = stage.environment().run(&with(&HEADLESS, &["--app", "Acme Web,Acme Mobile"])).exits(2);
    output.says("no application Acme Web,Acme Mobile; one flag names one: give --app once for each");
}

#[test]
fn the_way_over_from_fitbit_minds_the_variables_that_the_next_command_reads() {
    let stage = Stage::configured(Fitbit, &[Fault::ShutDown]);
    let variables = [("FITBIT_CONNECT_SCOPES", "profile,heartrate"), ("FITBIT_CONNECT_CONNECTION", "fitbit")];
    let environment = variables.iter().fold(stage.environment(), |all, (name, value)| all.with(name, value));
    let way = "setup --provider google-health --connection google-health --scopes openid,email,profile,profile.readonly,health_metrics";
    assert!(environment.run(&["explain", "provider_shut_down"]).exits(0).stdout.contains(way));
    environment.run(&["status"]).exits(0).says(way);
    environment.run(&HEADLESS).exits(3).says(way);
}

#[test]
fn a_set_up_is_told_how_to_go_on_without_a_name_that_is_wrong_and_a_test_of_none() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let named = ["--app", "Acme Wbe", "--app", "Acme Web"];
    let output = stage.environment().run(&with(&SETUP, &named)).exits(2);
    let said = hint(&output);
    assert!(said.contains("For those alone that are there: "), "{said}");
    paste(&stage.environment(), &said, &[]).exits(0);
    // It would take the other applications out of the profile.
    let output = stage.environment().run(&with(&HEADLESS, &named)).exits(2);
    assert!(!hint(&output).contains("setup"), "{output}");
}
