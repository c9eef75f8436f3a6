//! Inputs through the users' door: what cannot be right is refused before anything is sent or written, and what is given in
//! several places is taken from the right one.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::stage::Stage;
use common::{Environment, Output};
use fitbit_connect::ask::FIELDS;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::facts;
use serde_json::Value;

const GOOGLE_ID: &str = facts::GOOGLE_CLIENT_ID;
/// Every origin that the tool knows.
const ORIGINS: [&str; 7] = [
    "https://acme.eu.auth0.com",
    "https://www.fitbit.com",
    "https://api.fitbit.com",
    "https://accounts.google.com",
    "https://oauth2.googleapis.com",
    "https://openidconnect.googleapis.com",
    "https://health.googleapis.com",
];

/// A port in place of the whole internet that counts who comes.
struct Trap {
    visits: Arc<AtomicUsize>,
    origin: String,
}

impl Trap {
    fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let visits = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&visits);
        // It ends with the process.
        thread::spawn(move || {
            for _ in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { visits, origin }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }

    /// Somebody who has everything right, were it not for what the test adds.
    fn environment(&self) -> Environment {
        let environment = Environment::new()
            .with("FITBIT_CONNECT_CLIENT_SECRET", facts::GOOGLE_CLIENT_SECRET)
            .with("AUTH0_CLIENT_ID", "machine")
            .with("AUTH0_CLIENT_SECRET", "machine-secret-0000000000");
        let origins: String = ORIGINS.iter().map(|origin| format!("\"{origin}\" = \"{}\"\n", self.origin)).collect();
        environment.write_settings(&format!(
            "[profiles.default]\nprovider = \"google-health\"\ndomain = \"acme.eu.auth0.com\"\nclient_id = \"{GOOGLE_ID}\"\n\
             applications = [\"SandboxWeb0000000000000000000000\"]\nstore = \"none\"\n\n[profiles.default.endpoints]\n{origins}"
        ));
        environment
    }
}

/// Runs `setup` and `test` with wrong arguments: exit code 2, one document, nothing sent, nothing written.
#[track_caller]
fn refused(environment: &Environment, trap: &Trap, args: &[&str]) -> Vec<Output> {
    let files = environment.files();
    let each = |command: &[&str]| {
        let output = environment.run(&[command, args].concat()).exits(2);
        assert_eq!(trap.visits(), 0, "something was sent\n{output}");
        assert_eq!(environment.files(), files, "something was written\n{output}");
        assert!(!output.document()["error"]["hint"].as_str().unwrap().is_empty(), "no hint\n{output}");
        output
    };
    vec![each(&["setup", "--yes", "--json"]), each(&["test", "--json"])]
}

#[test]
fn with_nothing_wrong_the_trap_is_visited() {
    let trap = Trap::set();
    let output = trap.environment().run(&["setup", "--yes", "--json"]).exits(6);
    assert_eq!(output.error_code(), "network_unreachable");
    assert!(trap.visits() > 1, "a read that failed is tried again: {} visits", trap.visits());
}

#[test]
fn a_wrong_value_of_every_flag_is_refused_with_the_reason() {
    let trap = Trap::set();
    let environment = trap.environment();
    for (args, reason) in [
        (&["--profile", "a b"][..], "profile"),
        (&["--profile", ""], "profile"),
        (&["--provider", "garmin"], "provider"),
        (&["--client-id", "23ABCD", "--provider", "google-health"], "a client ID of Fitbit"),
        (&["--client-id", GOOGLE_ID, "--provider", "fitbit"], "a client ID of Google"),
        (&["--client-id", "nonsense", "--provider", "fitbit"], "client ID"),
        (&["--client-id", "23ABCD\u{7}"], "control character"),
        (&["--client-id", ""], "client ID"),
        (&["--domain", "acme.eu.auth0.com/path"], "path"),
        (&["--domain", "acme.eu.auth0.com:443"], "port"),
        (&["--domain", "https://me@acme.eu.auth0.com"], "user part"),
        (&["--domain", "acme"], "host name"),
        (&["--domain", "127.0.0.1"], "IP address"),
        (&["--domain", ""], "empty"),
        (&["--domain", "acme\u{1b}[2J.auth0.com"], "control character"),
        (&["--login-domain", "login.acme.com/path"], "path"),
        (&["--connection", "a_b"], "connection name"),
        (&["--connection", "a-"], "connection name"),
        (&["--app", ""], "empty"),
        (&["--app", "Acme\u{202e}"], "control character"),
        (&["--scopes", "slep.readonly"], "did you mean sleep.readonly"),
        (&["--scopes", "sleep"], "sleep.readonly or sleep.writeonly"),
        (&["--scopes", "heartrate"], "health_metrics_and_measurements.readonly"),
        (&["--scopes", ","], "empty"),
        (&["--store", "cloud"], "keychain"),
        (&["--port", "0"], "port"),
        (&["--port", "80"], "port"),
        (&["--port", "65536"], "port"),
        (&["--port", "x"], "port"),
        (&["--timeout", "0s"], "time"),
        (&["--timeout", "2h"], "time"),
        (&["--timeout", "five"], "time"),
        (&["--client-secret-file", "no-such-file"], "no-such-file"),
        (&["--token-file", "no-such-file"], "no-such-file"),
        (&["--management-client-secret-file", "no-such-file"], "no-such-file"),
        (&["--client-json", "no-such-file"], "no-such-file"),
    ] {
        for output in refused(&environment, &trap, args) {
            let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
            assert!(message.to_lowercase().contains(&reason.to_lowercase()), "{reason}\n{output}");
        }
    }
}

#[test]
fn a_wrong_value_of_every_variable_is_refused_and_the_variable_is_named() {
    let trap = Trap::set();
    let mut wrong = Vec::new();
    for (variable, value) in [
        ("FITBIT_CONNECT_PROFILE", "a/b"),
        ("FITBIT_CONNECT_PROVIDER", "garmin"),
        ("FITBIT_CONNECT_CLIENT_ID", "a\u{7}b"),
        ("FITBIT_CONNECT_CLIENT_ID", "****abc"),
        ("FITBIT_CONNECT_CLIENT_SECRET", "****abcd"),
        ("AUTH0_DOMAIN", "acme.eu.auth0.com/path"),
        ("FITBIT_CONNECT_LOGIN_DOMAIN", "login.acme.com,b:1"),
        ("FITBIT_CONNECT_CONNECTION", "a_b"),
        ("FITBIT_CONNECT_SCOPES", "slep.readonly"),
        ("FITBIT_CONNECT_STORE", "cloud"),
        ("FITBIT_CONNECT_PORT", "80"),
        ("FITBIT_CONNECT_TIMEOUT", "five"),
    ] {
        let environment = trap.environment().with(variable, value);
        let unnamed = |output: &Output| !output.stderr.contains(variable);
        wrong.extend(refused(&environment, &trap, &[]).into_iter().filter(unnamed).map(|o| format!("{variable}\n{o}")));
    }
    assert!(wrong.is_empty(), "the hint promises that the variable is named:\n{}", wrong.join("\n"));
}

#[test]
fn what_cannot_be_a_secret_is_refused_without_showing_it() {
    let trap = Trap::set();
    let environment = trap.environment();
    for (name, content) in [
        ("masked", &b"****abcd"[..]),
        ("dots", "\u{2022}\u{2022}\u{2022}\u{2022}abcd".as_bytes()),
        ("empty", b" \n"),
        ("two", b"GOCSPX-canary-one GOCSPX-canary-two"),
        ("control", b"GOCSPX-canary\x07-abcdefghijklmnop"),
        ("bytes", b"GOCSPX-canary\xff\xfe"),
    ] {
        let file = environment.file(name, content);
        for output in refused(&environment, &trap, &["--client-secret-file", &file]) {
            output.hides("canary");
            output.hides("abcd");
        }
    }
    for (name, content) in [("empty", &b""[..]), ("two", b"canary one"), ("control", b"canary\x1b[2J")] {
        let file = environment.file(name, content);
        for flag in ["--token-file", "--management-client-secret-file"] {
            refused(&environment, &trap, &[flag, &file]).iter().for_each(|output| output.hides("canary"));
        }
    }
}

#[test]
fn a_secret_on_the_command_line_is_refused_without_repeating_it() {
    let trap = Trap::set();
    let environment = trap.environment();
    for (flag, instead) in [
        ("--client-secret", "--client-secret-file"),
        ("--management-client-secret", "--management-client-secret-file"),
        ("--token", "--token-file"),
    ] {
        let joined = format!("{flag}=GOCSPX-canary");
        let empty = format!("{flag}=");
        for args in [&[flag, "GOCSPX-canary"][..], &[&joined], &[&empty], &[flag, "-canary"], &[flag]] {
            for output in refused(&environment, &trap, args) {
                assert_eq!(output.error_code(), "secret_on_command_line", "{output}");
                assert!(output.stderr.contains(instead), "{output}");
                output.hides("canary");
            }
        }
    }
}

#[test]
fn a_secret_pasted_in_a_wrong_place_is_not_repeated() {
    let trap = Trap::set();
    let environment = trap.environment();
    let google = "GOCSPX-canarycanarycanarycanary1";
    let fitbit = "0123456789abcdef0123456789abcdef";
    let token = &format!("eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOjF9.{}", "c2lnbmF0dXJl".repeat(28));
    let mut shown = Vec::new();
    for secret in [google, fitbit, token] {
        for args in [
            &["--client-secert", secret][..],
            &[&format!("--client-secert={secret}")],
            &[secret],
            &["--domain", secret],
            &["--login-domain", secret],
            &["--store", secret],
            &["--port", secret],
            &["--timeout", secret],
            &["--provider", secret],
            &["--provider", "google-health", "--client-id", secret],
            &["--provider", "fitbit", "--client-id", secret],
            &["--scopes", secret],
            &["--profile", &format!("{secret}=")],
            &["--client-secret-file", secret],
            &["--token-file", secret],
            &["--client-json", secret],
            &["--management-client-id", secret],
        ] {
            let repeats = |output: &Output| output.stdout.contains(secret) || output.stderr.contains(secret);
            shown.extend(
                refused(&environment, &trap, args).into_iter().filter(repeats).map(|output| output.to_string()),
            );
        }
    }
    for secret in [google, fitbit, token] {
        for args in [
            &["status", "--config", secret][..],
            &["test", "--report", &format!("{secret}/report.txt")],
            &["setup", "--client-json", &format!("/tmp/{secret}/client.json")],
            &["sandbox", "--fault", secret],
            &["explain", secret],
        ] {
            let output = environment.run(args).exits(2);
            if output.stdout.contains(secret) || output.stderr.contains(secret) {
                shown.push(output.to_string());
            }
        }
    }
    assert!(shown.is_empty(), "{} times:\n{}", shown.len(), shown.join("\n"));
}

#[test]
fn inputs_that_contradict_each_other_are_refused() {
    let trap = Trap::set();
    let environment = trap.environment();
    let json = environment.file("client.json", client_json("web", GOOGLE_ID));
    let secret = environment.file("secret", facts::GOOGLE_CLIENT_SECRET);
    let other = "1-another.apps.googleusercontent.com";
    for args in [
        &["--app", "Acme Web", "--all-apps"][..],
        &["--token-file", &secret, "--management-client-id", "machine"],
        &["--client-json", &json, "--client-id", other],
        &["--client-json", &json, "--client-secret-file", &secret],
        &["--client-json", &json, "--provider", "fitbit"],
        &["--client-secret-file", "-", "--token-file", "-"],
    ] {
        refused(&environment, &trap, args);
    }
    for args in [
        &["setup", "--skip-login", "--test-app", "x"][..],
        &["setup", "--manual", "--all-apps"],
        &["setup", "--manual", "--save-management"],
        &["test", "--direct", "--test-app", "x"],
    ] {
        let output = environment.run(&[args, &["--json"]].concat()).exits(2);
        output.document();
    }
    assert_eq!(trap.visits(), 0);
}

fn client_json(kind: &str, id: &str) -> String {
    format!(r#"{{"{kind}":{{"client_id":"{id}","client_secret":"{}","project_id":"p"}}}}"#, facts::GOOGLE_CLIENT_SECRET)
}

#[test]
fn googles_download_of_the_wrong_kind_is_refused_with_the_right_kind_named() {
    let trap = Trap::set();
    let environment = trap.environment();
    for (content, code) in [
        (client_json("installed", GOOGLE_ID), "desktop_client"),
        (client_json("web", "23ABCD"), "input_invalid"),
        (r#"{"type":"service_account","private_key":"canary"}"#.to_owned(), "input_invalid"),
        (r#"{"web":{"client_id":"canary"}}"#.to_owned(), "input_invalid"),
        ("[]".to_owned(), "input_invalid"),
        ("not JSON: canary".to_owned(), "input_invalid"),
        (String::new(), "input_invalid"),
    ] {
        let file = environment.file("client.json", content);
        for output in refused(&environment, &trap, &["--client-json", &file]) {
            assert_eq!(output.error_code(), code, "{output}");
            assert!(output.stderr.contains("Web application"), "{output}");
            output.hides("canary");
            output.hides(facts::GOOGLE_CLIENT_SECRET);
        }
    }
}

#[test]
fn everything_wrong_is_said_at_once() {
    let trap = Trap::set();
    let environment = trap.environment().with("FITBIT_CONNECT_CLIENT_SECRET", "****abcd");
    let args = ["--domain", "a/b", "--port", "x", "--connection", "a_b", "--scopes", "nonsense", "--timeout", "five"];
    for output in refused(&environment, &trap, &args) {
        for part in ["client secret", "tenant domain", "port", "connection name", "scopes", "time limit"] {
            assert!(output.document()["error"]["message"].as_str().unwrap().contains(part), "{part}\n{output}");
        }
    }
}

#[test]
fn what_is_longer_than_any_secret_is_refused_at_once() {
    let trap = Trap::set();
    let long = "GOCSPX-".to_owned() + &"canary0123%".repeat(8_000);
    for variable in ["FITBIT_CONNECT_CLIENT_SECRET", "AUTH0_API_TOKEN", "AUTH0_CLIENT_SECRET"] {
        let environment = trap.environment().with(variable, &long);
        for output in refused(&environment, &trap, &[]) {
            assert!(output.stderr.contains("longer than 16384 bytes"), "{variable}: {output}");
            output.hides("canary");
        }
    }
}

#[test]
fn one_value_for_both_secrets_is_a_contradiction() {
    let trap = Trap::set();
    let secret = "GOCSPX-canary-0000000000000000";
    let environment =
        trap.environment().with("FITBIT_CONNECT_CLIENT_SECRET", secret).with("AUTH0_CLIENT_ID", "AbCdEf0123456789");
    let environment = environment.with("AUTH0_CLIENT_SECRET", secret);
    for output in refused(&environment, &trap, &[]) {
        assert_eq!(output.error_code(), "input_contradictory", "{output}");
        output.hides(secret);
    }
}

#[test]
fn a_broken_settings_file_is_named_with_the_key_and_left_alone() {
    let trap = Trap::set();
    for (text, key) in [
        ("nonsense", "line 1"),
        ("[profiles.default]\nport = \"x\"", "profiles.default.port"),
        ("[profiles.default]\nport = 99999", "profiles.default.port"),
        ("[profiles.default]\nprovider = \"garmin\"", "profiles.default.provider"),
        ("[profiles.default]\ndomain = 7", "profiles.default.domain"),
        ("[profiles.default]\nscopes = \"a\"", "profiles.default.scopes"),
        ("[profiles.default]\nstore = \"cloud\"", "profiles.default.store"),
        ("[profiles.default]\nclient_secret = \"canary\"", "profiles.default.client_secret"),
        ("[profiles.default.endpoints]\n\"https://a.example\" = \"http://example.com\"", "endpoints"),
        ("[profiles.default.endpoints]\n\"https://a.example\" = \"http://127.0.0.1:1/path\"", "endpoints"),
        ("profiles = 7", "profiles"),
        ("default_profile = \"a/b\"", "default_profile"),
    ] {
        let environment = trap.environment();
        environment.write_settings(text);
        for output in refused(&environment, &trap, &[]) {
            assert_eq!(output.error_code(), "settings_file_invalid", "{output}");
            assert!(output.stderr.contains(key), "{key}\n{output}");
            assert!(output.stderr.contains("config.toml"), "{output}");
            output.hides("canary");
        }
    }
    let environment = trap.environment();
    fs::remove_file(environment.settings()).unwrap();
    fs::create_dir(environment.settings()).unwrap();
    refused(&environment, &trap, &[]);
}

#[test]
fn a_settings_file_that_does_not_exist_is_an_error_for_every_command_but_setup() {
    let environment = Environment::new();
    for args in [&["test"][..], &["status"], &["remove", "--yes"]] {
        let output = environment.run(&[args, &["--json", "--config", "no-such-file.toml"]].concat()).exits(2);
        assert!(output.stderr.contains("no-such-file.toml"), "{output}");
    }
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let text = fs::read_to_string(environment.settings()).unwrap();
    let moved = environment.desk("new/mine.toml");
    fs::create_dir(moved.parent().unwrap()).unwrap();
    fs::write(&moved, text).unwrap();
    fs::remove_file(environment.settings()).unwrap();
    let environment = environment.with("FITBIT_CONNECT_CONFIG", moved.to_str().unwrap());
    environment.run(&["setup", "--yes", "--skip-login"]).exits(0);
    assert_eq!(environment.files(), []);
}

#[test]
fn a_usage_error_is_one_document_too() {
    let environment = Environment::new();
    for args in [
        &["setup", "--json", "--nonsense"][..],
        &["--json", "setup", "--nonsense"],
        &["--json", "nonsense"],
        &["--json"],
        &["test", "--json", "--headless", "--headless"],
        &["test", "--json", "--port"],
        &["explain", "--json", "a", "b"],
        &["sandbox", "--json", "--port", "x"],
        &["completions", "--json", "tcsh"],
        &["status", "--json", "--color", "blue"],
    ] {
        let output = environment.run(args).exits(2);
        let document = output.document();
        assert!(!document["error"]["message"].as_str().unwrap().is_empty(), "{output}");
        assert!(!document["error"]["hint"].as_str().unwrap().is_empty(), "{output}");
    }
    for args in [&["setup", "--nonsense"][..], &["nonsense"], &["test", "--port"]] {
        let output = environment.run(args).exits(2);
        assert_eq!(output.stdout, "", "prose belongs on stderr\n{output}");
    }
}

#[test]
fn a_domain_pasted_as_an_address_is_understood() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    for domain in [
        "https://Acme.Sandbox.Test/",
        "http://acme.sandbox.test",
        " ACME.SANDBOX.TEST ",
        "acme.sandbox.test/",
        "\tacme.sandbox.test\n",
    ] {
        let output = environment.run(&["test", "--headless", "--json", "--domain", domain]).exits(0);
        assert_eq!(output.document()["tenant"], facts::DOMAIN, "{domain:?}");
    }
}

#[test]
fn white_space_around_a_pasted_value_is_dropped() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let secret = environment.file("secret", format!("\u{feff}  {}\r\n", facts::GOOGLE_CLIENT_SECRET));
    let id = format!("  {GOOGLE_ID}\n");
    let args = ["test", "--headless", "--json", "--client-secret-file", &secret, "--client-id", &id];
    assert_eq!(environment.run(&args).exits(0).state("credentials.accepted"), "pass");
    let args = ["test", "--headless", "--json", "--client-secret-file", "-"];
    let output = environment.run_with_stdin(&args, format!("{}\n", facts::GOOGLE_CLIENT_SECRET)).exits(0);
    assert_eq!(output.state("credentials.accepted"), "pass");
    let json = environment.file("client.json", client_json("web", GOOGLE_ID));
    let output = environment.run(&["test", "--headless", "--json", "--client-json", &json]).exits(0);
    // As an editor on Windows saves it again.
    let marked = environment.file("marked.json", format!("\u{feff}{}", std::fs::read_to_string(&json).unwrap()));
    environment.run(&["test", "--headless", "--json", "--client-json", &marked]).exits(0);
    assert_eq!(output.state("credentials.accepted"), "pass");
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_what_is_saved() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let tenant = stage.tenant();
    let settings = |environment: &Environment| {
        let mut text = stage.settings(fitbit_connect::ids::Store::Nothing);
        for domain in ["variable.example", "flag.example"] {
            text.push_str(&format!("\"https://{domain}\" = \"{tenant}\"\n"));
        }
        let named = |name: &str| text.replace("default_profile = \"default\"\n", "").replace("profiles.default", name);
        let others = [named("profiles.variable"), named("profiles.flag")];
        environment.write_settings(&[text, others.concat()].concat());
    };
    let member =
        |name: &'static str| move |output: &Output| output.document()[name].as_str().unwrap_or_default().to_owned();
    let detail = |check: &'static str| {
        move |output: &Output| {
            output.checks(check).iter().map(|found: &Value| found["detail"].to_string()).collect::<String>()
        }
    };
    let about = |output: &Output| {
        output.checks("authorize.redirect").iter().map(|found| found["application"].to_string()).collect::<String>()
    };
    type Seen<'a> = &'a dyn Fn(&Output) -> String;
    let rows: [(&str, &str, [&str; 3], Seen); 6] = [
        ("--domain", "AUTH0_DOMAIN", ["acme.sandbox.test", "variable.example", "flag.example"], &member("tenant")),
        ("--provider", "FITBIT_CONNECT_PROVIDER", ["google-health", "fitbit", "google-health"], &member("provider")),
        ("--profile", "FITBIT_CONNECT_PROFILE", ["default", "variable", "flag"], &member("profile")),
        (
            "--connection",
            "FITBIT_CONNECT_CONNECTION",
            ["google-health", "from-variable", "from-flag"],
            &detail("connection.exists"),
        ),
        ("--app", "FITBIT_CONNECT_APPS", ["SandboxWeb", "SandboxMobile", "SandboxWeb"], &about),
        (
            "--scopes",
            "FITBIT_CONNECT_SCOPES",
            ["as they should be", "sleep.readonly", "ecg.readonly"],
            &detail("connection.settings"),
        ),
    ];
    for (flag, variable, [saved, from_variable, from_flag], seen) in rows {
        let value = |text: &str| match flag {
            "--app" => format!("{text}{}", "0".repeat(32 - text.len())),
            _ => text.to_owned(),
        };
        let check = |environment: &Environment, args: &[&str], expected: &str| {
            settings(environment);
            // The provider's client ID belongs to it and is given anew.
            let id: &[&str] = if expected == "fitbit" { &["--client-id", facts::FITBIT_CLIENT_ID] } else { &[] };
            let output = environment.run(&[&["test", "--headless", "--json"], args, id].concat());
            assert!(seen(&output).contains(expected), "{flag}: {} is not {expected}\n{output}", seen(&output));
        };
        let environment = stage.environment();
        check(&environment, &[], saved);
        let fitbit = from_variable == "fitbit";
        let secret = if fitbit { facts::FITBIT_CLIENT_SECRET } else { facts::GOOGLE_CLIENT_SECRET };
        let environment =
            environment.with(variable, &value(from_variable)).with("FITBIT_CONNECT_CLIENT_SECRET", secret);
        check(&environment, &[], from_variable);
        let environment = environment.with("FITBIT_CONNECT_CLIENT_SECRET", facts::GOOGLE_CLIENT_SECRET);
        check(&environment, &[flag, &value(from_flag)], from_flag);
    }
}

#[test]
fn a_repeatable_flag_and_a_comma_list_name_the_same_applications() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let count = |output: Output| output.exits(0).checks("applications.enabled").len();
    let base = ["test", "--headless", "--json"];
    assert_eq!(count(environment.run(&[&base[..], &["--app", "Acme Web", "--app", "Acme Mobile"]].concat())), 2);
    assert_eq!(count(environment.run(&[&base[..], &["--app", "Acme Web", "--app", "Acme Web"]].concat())), 1);
    let environment = environment.with("FITBIT_CONNECT_APPS", "Acme Web, Acme Mobile,");
    assert_eq!(count(environment.run(&base)), 2);
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let mut environment = stage.environment_without_management();
    let secret = environment.file("secret", facts::GOOGLE_CLIENT_SECRET);
    for (n, variable) in FIELDS.iter().flat_map(|field| field.variables).enumerate() {
        environment = environment.with(variable, if n % 2 == 0 { "" } else { "  " });
    }
    let environment = environment.with("CI", "").with("BROWSER", "").with("NO_COLOR", "");
    let output = environment.run(&["test", "--headless", "--json", "--client-secret-file", &secret]).exits(0);
    assert_eq!(output.state("authorize.redirect"), "pass");
    assert_eq!(output.state("management.access"), "skip");
}

#[test]
fn another_provider_is_asked_for_anew() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().without("FITBIT_CONNECT_CLIENT_SECRET");
    let output = environment.run(&["setup", "--yes", "--json", "--provider", "fitbit"]).exits(2);
    let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("--client-id ID") && message.contains("--client-secret-file PATH"), "{message}");
    assert!(!message.contains("--domain"), "the tenant stays: {message}");
}

#[test]
fn the_provider_follows_from_the_client_id() {
    let trap = Trap::set();
    for (id, secret) in [(GOOGLE_ID, facts::GOOGLE_CLIENT_SECRET), ("23ABCD", facts::FITBIT_CLIENT_SECRET)] {
        let environment = trap.environment();
        let settings =
            fs::read_to_string(environment.settings()).unwrap().replace("provider = \"google-health\"\n", "");
        environment.write_settings(&settings);
        let environment = environment.with("FITBIT_CONNECT_CLIENT_SECRET", secret);
        // Nothing but the confirmation is missing, so nothing is sent.
        let output = environment.run(&["setup", "--json", "--client-id", id]).exits(2);
        assert_eq!(output.error_code(), "confirmation_missing", "{output}");
    }
    assert_eq!(trap.visits(), 0);
}

#[test]
fn a_secret_among_the_scopes_is_refused_and_not_repeated_whatever_is_known() {
    for secret in [facts::GOOGLE_CLIENT_SECRET, "ya29.a0AfB_byC-token", facts::FITBIT_CLIENT_SECRET] {
        let environment = Environment::new().with("FITBIT_CONNECT_SCOPES", &format!("profile,{secret}"));
        for args in [&["test", "--headless", "--json"][..], &["setup", "--yes", "--json"]] {
            let output = environment.run(args).exits(2);
            output.hides(secret);
            assert_eq!(output.error_code(), "input_invalid", "{output}");
        }
        let output = Environment::new().run(&["test", "--token-file", &format!("/tmp/{secret}"), "--json"]).exits(2);
        output.hides(secret);
    }
}
