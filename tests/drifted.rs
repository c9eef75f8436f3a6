//! A connection that somebody changed in the dashboard: what differs is told, and the cure repairs it.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::stage::Stage;
use common::{Environment, Output};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use reqwest::Method;
use serde_json::{Value, json};

const HEADLESS: [&str; 4] = ["test", "--headless", "--json", "--all-apps"];
const SETUP: [&str; 5] = ["setup", "--yes", "--skip-login", "--all-apps", "--json"];

fn cure(output: &Output, check: &str) -> String {
    output.checks(check)[0]["hint"].as_str().unwrap().to_owned()
}

/// The options of the connection `google-health`, changed by somebody in the dashboard.
fn drifted(change: &Value) -> Stage {
    let stage = Stage::configured(GoogleHealth, &[]);
    stage.change_options("google-health", change);
    stage
}

/// Everything is saved, the secret in a file.
fn set_up(stage: &Stage) -> Environment {
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    environment.run(&SETUP).exits(0);
    environment
}

#[test]
fn short_names_of_scopes_in_the_tenant_are_told_and_written_as_google_knows_them() {
    let stage = drifted(&json!({ "scope": ["openid", "email", "profile", "profile.readonly"] }));
    let output = stage.environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "connection_scopes_differ", "{output}");
    let detail = output.checks("connection.settings")[0]["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("is email openid profile profile.readonly, should be") && detail.contains("https://"),
        "{detail}"
    );
    stage.environment().run(&SETUP).exits(0);
    stage.environment().run(&HEADLESS).exits(0);
    // Without the Management API the tenant's request says it.
    let stage = drifted(&json!({ "scope": ["openid", "email", "profile", "profile.readonly"] }));
    let output = stage.environment_without_management().run(&HEADLESS[..3]).exits(3);
    assert_eq!(output.error_code(), "invalid_scope", "{output}");
    assert!(output.checks("authorize.redirect")[0]["detail"].to_string().contains("profile.readonly"), "{output}");
    let exact =
        "In the dashboard enter into the connection `google-health` exactly Scope `openid email profile https://";
    assert!(cure(&output, "authorize.redirect").starts_with(exact), "{output}");
    // The second application says nothing new.
    let states: Vec<_> = output.checks("authorize.redirect").iter().map(|found| found["state"].clone()).collect();
    assert_eq!(states, ["fail", "skip"], "{output}");
}

#[test]
fn a_scope_that_google_does_not_have_is_named_with_the_command_that_takes_it_out() {
    let foreign = "https://www.googleapis.com/auth/googlehealth.profil.readonly";
    let own = "https://www.googleapis.com/auth/googlehealth.profile.readonly";
    let stage = drifted(&json!({ "scope": ["openid", "email", "profile", own, foreign] }));
    let output = stage.environment().run(&HEADLESS).exits(3);
    let cure = cure(&output, "authorize.redirect");
    assert!(cure.contains(foreign), "{cure}");
    let command = cure.split('`').find(|part| part.starts_with("fitbit-connect setup")).unwrap().to_owned();
    let mut args: Vec<&str> = command.split(' ').skip(1).collect();
    args.extend(["--yes", "--skip-login"]);
    stage.environment().run(&args).exits(0);
    stage.environment().run(&HEADLESS).exits(0);
}

#[test]
fn a_scope_that_is_newer_than_this_program_is_kept_as_it_is() {
    let new = "https://www.googleapis.com/auth/googlehealth.brandnew.readonly";
    let own = "https://www.googleapis.com/auth/googlehealth.profile.readonly";
    let stage = drifted(&json!({ "scope": ["openid", "email", "profile", own, new], "pkce_enabled": false }));
    stage.environment().run(&SETUP);
    let options = stage.connection("google-health").unwrap()["options"].clone();
    assert_eq!(options["pkce_enabled"], true);
    assert!(options["scope"].as_array().unwrap().contains(&json!(new)), "{options}");
}

#[test]
fn parameters_that_stand_in_the_address_as_well_are_told_and_mended() {
    let twice = json!({ "authorizationURL": "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent" });
    let stage = drifted(&twice);
    let by_hand = ["setup", "--manual", "--yes", "--skip-login", "--json"];
    let output = stage.environment_without_management().run(&by_hand).exits(3);
    assert_eq!(output.error_code(), "connection_settings_differ", "{output}");
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("Authorization URL `https://accounts.google.com/o/oauth2/v2/auth` and save"), "{hint}");
    let output = stage.environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "connection_settings_differ", "{output}");
    stage.environment().run(&SETUP).exits(0);
    stage.environment().run(&HEADLESS).exits(0);
    // Nowhere at all: the access of people would end after an hour.
    let output = drifted(&json!({ "authParams": {} })).environment_without_management().run(&by_hand).exits(3);
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("v2/auth?access_type=offline&prompt=consent` and save"), "{hint}");
}

#[test]
fn an_answer_that_is_not_understood_is_no_acceptance() {
    for args in [&SETUP[..], &["setup", "--manual", "--yes", "--skip-login", "--json"]] {
        let stage = Stage::configured(GoogleHealth, &[Fault::ProviderGarbage]);
        let environment =
            if args.contains(&"--manual") { stage.environment_without_management() } else { stage.environment() };
        let output = environment.run(args).exits(0);
        output.hides("accepted by");
        output.says("Not verified: whether the provider takes");
    }
}

#[test]
fn a_saved_callback_that_the_tenant_does_not_allow_any_more_is_told_for_that() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = set_up(&stage);
    let public = facts::APPLICATIONS[0].client_id;
    stage.api(Method::PATCH, &format!("clients/{public}"), Some(json!({ "callbacks": ["https://new.example/cb"] })));
    let without = environment.without("AUTH0_CLIENT_ID").without("AUTH0_CLIENT_SECRET");
    let output = without.run(&HEADLESS[..3]);
    let found = output.checks("authorize.redirect")[0].clone();
    assert_eq!((&found["state"], &found["code"]), (&json!("unknown"), &json!("callback_not_allowed")), "{output}");
    assert!(found["hint"].as_str().unwrap().contains(facts::APPLICATIONS[0].callback.unwrap()), "{found}");
}

#[test]
fn a_login_domain_that_does_not_answer_is_the_cause_of_its_callback() {
    // Where the tenant's list of custom domains cannot be read, since none of them is there then.
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| {
        if request.path.starts_with("/api/v2/custom-domains") { Reply::empty(403) } else { pass() }
    }));
    for args in [&HEADLESS[..3], &SETUP] {
        let output = stage.environment().run(&[args, &["--login-domain", "login.acme.invalid"]].concat()).exits(6);
        let found = output.checks("provider.callback")[0].clone();
        assert_eq!(found["code"], "network_unreachable", "{output}");
        assert!(found["hint"].as_str().unwrap().starts_with("Compare login.acme.invalid with"), "{found}");
    }
}

#[test]
fn the_provider_of_a_saved_secret_follows_from_its_client_id() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = set_up(&stage);
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let settings: String =
        settings.lines().filter(|line| !line.starts_with("provider")).map(|line| format!("{line}\n")).collect();
    environment.write_settings(&settings);
    let output = environment.without("FITBIT_CONNECT_CLIENT_SECRET").run(&HEADLESS[..3]).exits(0);
    assert_eq!(output.state("credentials.stored"), "pass", "{output}");
}

#[test]
fn parameters_that_are_missing_are_told_also_where_the_token_may_not_see_them_and_by_hand_as_what_a_person_does() {
    let stage = Stage::configured(GoogleHealth, &[Fault::SettingsDrifted, Fault::OptionsHidden]);
    let output = stage.environment().run(&HEADLESS[..3]).exits(3);
    assert_eq!(output.checks("authorize.redirect")[0]["code"], "connection_settings_differ", "{output}");
    let manual = ["setup", "--manual", "--yes", "--skip-login", "--json"];
    let output = stage.environment().run(&manual).exits(3);
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("In the dashboard, in the connection") && !hint.contains("does all of it"), "{hint}");
}

#[test]
fn two_profiles_that_want_one_connection_otherwise_are_told_of_each_other() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let second = settings.replace("default_profile", "# ").replace("profiles.default", "profiles.production");
    environment.write_settings(&format!("{settings}\n{second}"));
    let scopes = ["--profile", "production", "--scopes", "profile.readonly,sleep.readonly"];
    let output = environment.run(&[&SETUP[..], &scopes].concat()).exits(0);
    assert!(output.stderr.contains("profile default of these settings uses it too"), "{output}");
    let output = environment.run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "connection_scopes_differ", "{output}");
    let hint = cure(&output, "connection.settings");
    assert!(hint.contains("Profile production of these settings uses this connection too"), "{hint}");
}

#[test]
fn what_the_dashboard_cannot_show_is_said_to_be_there_and_no_two_cures_undo_each_other() {
    let plain = "https://accounts.google.com/o/oauth2/v2/auth";
    let both = json!({ "access_type": "offline", "prompt": "consent" });
    let typed = format!("{plain}?access_type=offline&prompt=consent");
    // What is there, what the cure says, and what a person types then, where the dashboard reaches it.
    for (there, said, then) in [
        (json!({ "authParams": {} }), format!("exactly Authorization URL `{typed}` and save"), Some(typed.clone())),
        (
            json!({ "authParams": { "access_type": "offline" } }),
            format!("exactly `{plain}?prompt=consent` where it has none"),
            Some(format!("{plain}?prompt=consent")),
        ),
        (
            json!({ "authParams": {}, "authorizationURL": format!("{plain}?prompt=consent") }),
            format!("exactly Authorization URL `{typed}` where it has parameters"),
            Some(typed.clone()),
        ),
        (
            json!({ "authorizationURL": typed }),
            format!("exactly Authorization URL `{plain}` and save"),
            Some(plain.to_owned()),
        ),
        (
            json!({ "authParams": { "access_type": "online", "prompt": "consent" } }),
            "where it has none, it stands in authParams or upstream_params".to_owned(),
            None,
        ),
        (
            json!({ "upstream_params": { "prompt": { "value": "select_account" } } }),
            "where it does not stand there, it stands in authParams or upstream_params".to_owned(),
            None,
        ),
    ] {
        let stage = drifted(&there);
        let environment = stage.environment_without_management();
        let output = environment.run(&HEADLESS[..3]).exits(3);
        assert_eq!(output.error_code(), "connection_settings_differ", "{there}: {output}");
        let found = cure(&output, "authorize.redirect");
        assert!(found.contains(&said), "{there}: {found}");
        match then {
            Some(address) => stage.change_options("google-health", &json!({ "authorizationURL": address })),
            None => drop(stage.environment().run(&SETUP).exits(0)),
        }
        environment.run(&HEADLESS[..3]).exits(0);
        // The Management API shows all three places.
        let stage = drifted(&there);
        let output = stage.environment().run(&HEADLESS).exits(3);
        assert_ne!(output.state("authorize.redirect"), "fail", "{there}: {output}");
        let fields = output.checks("connection.settings")[0]["detail"].to_string();
        assert!(fields.contains("options.authParams is "), "{fields}");
        stage.environment().run(&SETUP).exits(0);
        let options = stage.connection("google-health").unwrap()["options"].clone();
        assert!(options["authParams"] == both && options["authorizationURL"] == plain, "{options}");
        stage.environment().run(&HEADLESS).exits(0);
    }
    // A list that has what is wanted is right.
    let stage = drifted(&json!({ "authParams": { "access_type": "offline", "prompt": "select_account consent" } }));
    stage.environment().run(&HEADLESS).exits(0);
    stage.environment_without_management().run(&HEADLESS[..3]).exits(0);
}

#[test]
fn a_parameter_that_the_tenant_sends_twice_is_named() {
    let apart = json!({ "access_type": "offline", "prompt": "consent", "hd": "a.example" });
    let stage = drifted(&json!({ "authParams": apart, "upstream_params": { "hd": { "value": "b.example" } } }));
    let output = stage.environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "connection_settings_differ", "{output}");
    let said = cure(&output, "authorize.redirect");
    assert!(said.contains("upstream_params are put together: hd"), "{said}");
    let pasted = "Error 400: invalid_request OAuth 2 parameters can only have a single value: prompt";
    let explained = stage.environment().run(&["explain", pasted]).exits(0);
    assert!(explained.stdout.starts_with("connection_settings_differ\n"), "{explained}");
    explained.hides("provider_refused_request");
}

#[test]
fn a_parameter_of_auth0s_own_that_the_connection_fixes_is_the_cause_of_what_the_redirect_shows() {
    let plain = "https://accounts.google.com/o/oauth2/v2/auth";
    let both = |name: &str, value: &str| json!({ "access_type": "offline", "prompt": "consent", name: value });
    for (there, named) in [
        (json!({ "authParams": both("scope", "openid") }), "with scope in authParams"),
        (json!({ "upstream_params": { "scope": { "value": "openid" } } }), "with scope in upstream_params"),
        (json!({ "authorizationURL": format!("{plain}?scope=openid") }), "with scope in the address"),
        (json!({ "authParams": both("client_id", "99-x.apps.googleusercontent.com") }), "with client_id in authParams"),
        (json!({ "authParams": both("response_type", "token") }), "with response_type in authParams"),
        (json!({ "authParams": both("redirect_uri", "https://x.example/login/callback") }), "with redirect_uri in"),
    ] {
        let stage = drifted(&there);
        let output = stage.environment().run(&HEADLESS).exits(3);
        assert_eq!(output.error_code(), "connection_settings_differ", "{there}: {output}");
        let found = &output.checks("connection.settings")[0];
        assert!(found["detail"].as_str().unwrap().contains(named), "{there}: {found}");
        assert_ne!(output.state("authorize.redirect"), "fail", "{there}: {output}");
        stage.environment().run(&SETUP).exits(0);
        let options = stage.connection("google-health").unwrap()["options"].clone();
        assert_eq!(
            (&options["authorizationURL"], &options["authParams"]),
            (&json!(plain), &json!({ "access_type": "offline", "prompt": "consent" }))
        );
        stage.environment().run(&HEADLESS).exits(0);
    }
}

#[test]
fn scopes_with_commas_between_them_are_one_name_at_google() {
    let own = "https://www.googleapis.com/auth/googlehealth.profile.readonly";
    let joined = format!("openid,email,profile,{own}");
    let stage = drifted(&json!({ "scope": joined }));
    let output = stage.environment().run(&HEADLESS).exits(3);
    assert_eq!(output.error_code(), "connection_scopes_differ", "{output}");
    stage.environment().run(&SETUP).exits(0);
    stage.environment().run(&HEADLESS).exits(0);
    // What the tenant sends on as it stands there.
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| {
        let mut reply = pass();
        if request.path == "/authorize" {
            for (name, value) in &mut reply.headers {
                if name.eq_ignore_ascii_case("location") {
                    *value = value.replace("openid+email+profile+", "openid%2Cemail%2Cprofile%2C");
                    *value = value.replace("openid%20email%20profile%20", "openid%2Cemail%2Cprofile%2C");
                }
            }
        }
        reply
    }));
    let output = stage.environment_without_management().run(&HEADLESS[..3]).exits(3);
    let found = &output.checks("authorize.redirect")[0];
    assert_eq!(found["code"], "authorize_scopes_missing", "{output}");
    assert!(found["detail"].as_str().unwrap().contains("with commas between them"), "{found}");
}

#[test]
fn a_secret_that_was_wiped_is_not_said_to_be_there() {
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| {
        let reply = pass();
        if request.method != "GET"
            || !request.path.starts_with("/api/v2/connections")
            || request.path.ends_with("/clients")
        {
            return reply;
        }
        let text = String::from_utf8(reply.body.clone()).unwrap();
        let mut answer: Value = serde_json::from_str(&text).unwrap();
        let wipe =
            |connection: &mut Value| drop(connection["options"].as_object_mut().unwrap().remove("client_secret"));
        match &mut answer {
            Value::Array(all) => all.iter_mut().for_each(wipe),
            answer if answer["connections"].is_array() => {
                answer["connections"].as_array_mut().unwrap().iter_mut().for_each(wipe)
            }
            one => wipe(one),
        }
        Reply::json(200, &answer)
    }));
    let output = stage.environment().run(&HEADLESS).exits(0);
    let found = &output.checks("connection.secret")[0];
    assert_eq!((&found["state"], &found["code"]), (&json!("warn"), &json!("connection_secret_differs")), "{output}");
    assert!(found["detail"].as_str().unwrap().contains("it holds none, or keeps it to itself"), "{found}");
    stage.environment().run(&SETUP).exits(0);
}

#[test]
fn what_a_connection_for_fitbit_fixes_is_named_and_taken_out_as_well() {
    for (there, named) in [
        (json!({ "upstream_params": { "scope": { "value": "sleep" } } }), "with scope in upstream_params"),
        (json!({ "authParams": { "client_id": "23OTHR" } }), "with client_id in authParams"),
        (
            json!({ "upstream_params": { "response_type": { "value": "token" } } }),
            "with response_type in upstream_params",
        ),
        (json!({ "upstream_params": { "prompt": { "value": "none" } } }), "with prompt=none in upstream_params"),
    ] {
        let stage = Stage::configured(Fitbit, &[]);
        stage.change_options("fitbit", &there);
        let output = stage.environment().run(&HEADLESS).exits(3);
        assert_eq!(output.error_code(), "connection_settings_differ", "{there}: {output}");
        let detail = output.checks("connection.settings")[0]["detail"].to_string();
        assert!(detail.contains(named), "{there}: {detail}");
        // Without the Management API nobody is sent to a field that is right already.
        let by_hand = stage.environment_without_management().run(&HEADLESS[..3]);
        if !named.contains("prompt") {
            let found = cure(&by_hand, "authorize.redirect");
            assert!(found.contains("The dashboard has no field for the last two"), "{there}: {found}");
        }
        by_hand.hides("none, or several");
        stage.environment().run(&SETUP).exits(0);
        stage.environment().run(&HEADLESS).exits(0);
    }
}

#[test]
fn no_command_of_a_guide_through_the_dashboard_is_named_for_what_it_does_not_do() {
    let stage = drifted(&json!({ "upstream_params": { "prompt": { "value": "none" } } }));
    let manual = ["setup", "--manual", "--yes", "--skip-login", "--json"];
    let output = stage.environment_without_management().run(&manual).exits(3);
    let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("a set-up with Management API credentials (without `--manual` )"), "{hint}");
    assert!(!hint.contains("fitbit-connect setup --manual"), "{hint}");
}
