//! `kill -9` at every request of a `setup`, for each provider, on an empty tenant and on one where everything has drifted;
//! then one more run.

use std::fs;
use std::sync::Arc;

use fitbit_connect::checks::applications::TEMPORARY_NAME;
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts::APPLICATIONS;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::Environment;
use crate::common::stage::Stage;
use crate::kit::{Executioner, Moment, SETUP, State, in_parallel};

/// What a run finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// A tenant without a connection, a machine without secrets.
    Empty,
    /// A connection that somebody changed and added to, an application it is switched off for, an older secret in the file,
    /// the temporary application of an earlier run.
    Drifted,
}

/// What is somebody else's in the connection, and survives.
fn foreign(provider: Provider) -> Value {
    match provider {
        GoogleHealth => json!({
            "icon_url": "https://acme.sandbox.test/icon.png",
            "customHeaders": { "X-Acme": "1" },
            "set_user_root_attributes": "on_first_login",
            "authParams": { "hd": "example.com" },
        }),
        Fitbit => json!({
            "icon_url": "https://acme.sandbox.test/icon.png",
            "set_user_root_attributes": "on_first_login",
            "non_persistent_attrs": ["nickname"],
        }),
    }
}

fn drift(stage: &Stage) {
    let name = stage.provider().default_connection();
    let mut options = foreign(stage.provider());
    options["client_secret"] = json!("an-older-secret");
    stage.change_options(name, &options);
    let id = stage.connection(name).unwrap()["id"].as_str().unwrap().to_owned();
    let mine = json!({ "display_name": "Mine", "show_as_button": true, "metadata": { "team": "blue" } });
    stage.api(Method::PATCH, &format!("connections/{id}"), Some(mine));
    stage.switch(name, APPLICATIONS[0].client_id, false);
    let left = json!({
        "name": TEMPORARY_NAME, "app_type": "native", "token_endpoint_auth_method": "none", "oidc_conformant": true,
        "grant_types": ["authorization_code"], "callbacks": [format!("http://127.0.0.1:{}/callback", stage.port())],
        "jwt_configuration": { "alg": "RS256" },
    });
    stage.api(Method::POST, "clients", Some(left));
}

/// A stage in its first state with the executioner in front, and a machine for it.
fn scene(provider: Provider, start: Start, executioner: &Arc<Executioner>) -> (Stage, Environment) {
    let stage = match start {
        Start::Empty => Stage::empty(provider, &[]),
        Start::Drifted => Stage::configured(provider, &[]),
    };
    if start == Start::Drifted {
        drift(&stage);
    }
    let stage = stage.all_behind(executioner.gate());
    let environment = stage.environment();
    environment.write_settings(&format!("# mine\nfavourite = 7\n{}", stage.settings(Store::File)));
    if start == Start::Drifted {
        let older =
            "[secrets]\n# mine\n\"default/client-secret\" = \"an-older-secret\"\n\"other/client-secret\" = 'x'\n";
        fs::write(environment.secrets(), older).unwrap();
        private(&environment);
    }
    (stage, environment)
}

fn private(environment: &Environment) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(environment.secrets(), fs::Permissions::from_mode(0o600)).unwrap();
}

/// How many requests an undisturbed run makes, and what it ends in.
fn undisturbed(provider: Provider, start: Start) -> (usize, State) {
    let executioner = Executioner::new(None);
    let (stage, environment) = scene(provider, start, &executioner);
    assert!(!executioner.watches(environment.command(&SETUP)));
    let state = State::of(&stage, &environment);
    assert_eq!(state.files(), ["config.toml", "secrets.toml"]);
    assert_eq!(stage.applications().len(), APPLICATIONS.len(), "no temporary application is left");
    let options = &stage.connection(provider.default_connection()).unwrap()["options"];
    if start == Start::Drifted {
        for (name, value) in foreign(provider).as_object().unwrap() {
            let kept = match value {
                Value::Object(members) => members.iter().all(|(member, value)| options[name][member] == *value),
                value => options[name] == *value,
            };
            assert!(kept, "{name}: {options}");
        }
    }
    (executioner.seen(), state)
}

/// Kills at every request of a run, before and after it was done, and runs again; the number of kills.
fn killed_everywhere(provider: Provider, start: Start) -> usize {
    let (requests, expected) = undisturbed(provider, start);
    let outcomes = in_parallel(requests * 2, |job| {
        let (nth, moment) = (job / 2 + 1, [Moment::Before, Moment::After][job % 2]);
        let executioner = Executioner::new(Some((nth, moment)));
        let (stage, environment) = scene(provider, start, &executioner);
        let killed = executioner.watches(environment.command(&SETUP));
        if !killed {
            return Err(format!("request {nth} {moment:?}: it came to an end before"));
        }
        let again = environment.run_with_robot(&SETUP);
        let state = State::of(&stage, &environment);
        if again.code() != 0 || state != expected {
            return Err(format!("request {nth} {moment:?}: {state:#?}\nis not\n{expected:#?}\n{again}"));
        }
        Ok(())
    });
    let failed: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    let kills = requests * 2;
    println!("{provider}, {start:?}: {requests} requests, {kills} kills, {} converged", kills - failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    kills
}

#[test]
fn a_setup_of_google_health_killed_at_any_request_is_finished_by_the_next() {
    assert!(killed_everywhere(GoogleHealth, Start::Empty) >= 50);
}

#[test]
fn a_setup_of_google_health_that_mends_is_finished_by_the_next_and_keeps_what_is_foreign() {
    assert!(killed_everywhere(GoogleHealth, Start::Drifted) >= 50);
}

#[test]
fn a_setup_of_fitbit_killed_at_any_request_is_finished_by_the_next() {
    assert!(killed_everywhere(Fitbit, Start::Empty) >= 50);
}

#[test]
fn a_setup_of_fitbit_that_mends_is_finished_by_the_next_and_keeps_what_is_foreign() {
    assert!(killed_everywhere(Fitbit, Start::Drifted) >= 50);
}

#[test]
fn a_removal_killed_at_any_request_is_finished_by_the_next() {
    const REMOVE: [&str; 3] = ["remove", "--yes", "--delete-connection"];
    let scene = |executioner: &Arc<Executioner>| {
        let stage = Stage::configured(GoogleHealth, &[]).all_behind(executioner.gate());
        let environment = stage.environment();
        let settings = stage.settings(Store::File);
        environment.write_settings(&format!("favourite = 7\n{settings}\n[profiles.other]\nport = 20000\n"));
        fs::write(environment.secrets(), "[secrets]\n\"default/client-secret\" = 'x'\n\"other/client-secret\" = 'y'\n")
            .unwrap();
        private(&environment);
        (stage, environment)
    };
    let executioner = Executioner::new(None);
    let (stage, environment) = scene(&executioner);
    assert!(!executioner.watches(environment.command(&REMOVE)));
    let expected = State::of(&stage, &environment);
    let requests = executioner.seen();
    let converged = in_parallel(requests * 2, |job| {
        let executioner = Executioner::new(Some((job / 2 + 1, [Moment::Before, Moment::After][job % 2])));
        let (stage, environment) = scene(&executioner);
        assert!(executioner.watches(environment.command(&REMOVE)));
        environment.run(&REMOVE).exits(0);
        assert_eq!(State::of(&stage, &environment), expected, "{job}");
    });
    println!("remove: {requests} requests, {} kills, all converged", converged.len());
}
