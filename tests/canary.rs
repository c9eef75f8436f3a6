//! The canary test: through every command, fault and output, no secret, token, code or verifier is seen where it does not
//! belong, in any spelling. What the services give out is learnt at gates in front of them.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod canary_kit;
mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use canary_kit::{Aviary, Echo, UNKNOWN_FITBIT, UNKNOWN_GOOGLE, UNKNOWN_MACHINE};
use common::stage::{Gate, Stage};
use common::{Environment, login_address};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use serde_json::{Value, json};

/// A stage behind gates that learn what is secret, and an environment whose secrets are in variables.
fn stage(provider: Provider, configured: bool, faults: &[Fault]) -> (Aviary, Stage, Environment) {
    let aviary = Aviary::new(provider);
    let stage = if configured { Stage::configured(provider, faults) } else { Stage::empty(provider, faults) };
    let stage = stage.all_behind(aviary.gate());
    let environment = stage.environment();
    let temporary = environment.desk("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let environment = environment.with("TMPDIR", temporary.to_str().unwrap()).with("RUST_LOG", "trace");
    environment.write_settings(&stage.settings(Store::File));
    (aviary, stage, environment.with("RUST_BACKTRACE", "full"))
}

/// Runs all of them, a few at a time.
fn all<T: Send>(jobs: Vec<T>, run: impl Fn(T) + Sync) {
    let jobs = Mutex::new(jobs);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(job) = { jobs.lock().unwrap().pop() } {
                    run(job);
                }
            });
        }
    });
}

#[test]
fn nothing_is_seen_when_everything_goes_well() {
    for provider in [GoogleHealth, Fitbit] {
        let (aviary, _stage, environment) = stage(provider, false, &[]);
        let report = environment.desk("report.txt");
        let man = environment.desk("man");
        for args in [
            &["--help"][..],
            &["setup", "--help"],
            &["help", "test"],
            &["setup", "--dry-run", "--all-apps"],
            &["setup", "--dry-run", "--all-apps", "--json"],
            &["setup", "--yes", "--all-apps", "--save-management"],
            &["setup", "--yes", "--json"],
            &["setup", "--manual", "--yes", "--skip-login"],
            &["test"],
            &["test", "--json"],
            &["test", "--headless", "--strict", "--json"],
            &["test", "--report", report.to_str().unwrap()],
            &["test", "--direct"],
            &["test", "--direct", "--json"],
            &["test", "--watch=5s", "--every", "1s", "--json"],
            &["status"],
            &["status", "--json"],
            &["explain", "client_secret_rejected"],
            &["explain", "--json"],
            &["completions", "bash"],
            &["man", man.to_str().unwrap()],
            &["test", "--sandbox", "--json"],
            &["remove", "--yes", "--delete-connection", "--json"],
        ] {
            let output = environment.run_with_robot(args);
            aviary.look(&environment, &output);
        }
        assert!(aviary.learnt() >= 30, "{} secrets were given out", aviary.learnt());
        println!("{provider}: {} secrets, {} places", aviary.learnt(), aviary.looked());
    }
}

#[test]
fn nothing_is_seen_however_the_secrets_are_given() {
    let (aviary, stage, environment) = stage(GoogleHealth, true, &[]);
    let (secret, machine) = (facts::GOOGLE_CLIENT_SECRET, facts::MANAGEMENT_CLIENT_SECRET);
    let token = stage.token();
    aviary.plant(&token);
    let environment = environment.without("FITBIT_CONNECT_CLIENT_SECRET").without("AUTH0_CLIENT_SECRET");
    let environment = environment.without("AUTH0_CLIENT_ID");
    // On the desk, which is not looked at: they are the test's own.
    let file = |name: &str, content: &str| environment.file(name, content);
    let json = json!({ "web": { "client_id": facts::GOOGLE_CLIENT_ID, "client_secret": secret } }).to_string();
    let paths = [file("secret", secret), file("machine", machine), file("token", &token), file("client.json", &json)];
    let [secret_file, machine_file, token_file, json_file] = paths.each_ref().map(String::as_str);
    let client =
        ["--management-client-id", facts::MANAGEMENT_CLIENT_ID, "--management-client-secret-file", machine_file];
    let test = ["test", "--json"];
    aviary.runs(&environment, &[&test[..], &["--client-secret-file", secret_file], &client].concat(), 0);
    aviary.runs(&environment, &[&test[..], &["--client-json", json_file], &client].concat(), 0);
    aviary.runs(&environment, &[&test[..], &["--client-json", json_file, "--token-file", token_file]].concat(), 0);
    let args = [&["test", "--headless", "--json", "--client-secret-file", "-"][..], &client].concat();
    let output = environment.run_with_stdin(&args, format!("{secret}\n")).exits(0);
    aviary.look(&environment, &output);
    let environment = environment.with("AUTH0_ACCESS_TOKEN", &token);
    aviary.runs(&environment, &["test", "--headless", "--client-secret-file", secret_file], 0);
    // Each of the two where the other belongs, and where a name or a path belongs.
    for flag in [
        "--client-id",
        "--domain",
        "--login-domain",
        "--connection",
        "--app",
        "--scopes",
        "--store",
        "--port",
        "--timeout",
    ] {
        for value in [secret, machine, &token] {
            aviary.runs(&environment, &["test", "--headless", flag, value], 2);
        }
    }
    for value in [secret, machine, &token] {
        let list = format!("profile,{value},openid");
        for flag in ["--scopes", "--app", "--login-domain"] {
            aviary.runs(&environment, &["test", "--headless", flag, &list], 2);
        }
        for args in [
            &["test", "--client-secret", value][..],
            &["setup", &format!("--client-secret={value}")],
            &["test", "--token", value],
            &["test", "--headless", "--client-secret-file", value],
            &["test", "--headless", "--client-json", value],
            &["test", "--profile", value],
            &["test", "--management-client-id", value],
            &["test", "--test-app", value, "--headless"],
            &["explain", value],
            &["explain", "--json", value],
            &["test", value],
            &["test", &format!("--{value}")],
            &[value],
        ] {
            let output = environment.run(args);
            aviary.look(&environment, &output);
        }
        for variable in [
            "FITBIT_CONNECT_CLIENT_ID",
            "AUTH0_DOMAIN",
            "FITBIT_CONNECT_CONNECTION",
            "FITBIT_CONNECT_PORT",
            "HTTPS_PROXY",
            "FITBIT_CONNECT_SCOPES",
        ] {
            let mut command = environment.command(&["test", "--headless"]);
            let output = command.env(variable, value).output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            aviary.search(variable, &String::from_utf8_lossy(&text), true);
        }
    }
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    for key in ["client_id", "domain", "connection", "store", "client_secret", "token", "provider"] {
        for value in [secret, &token] {
            let lines =
                settings.lines().filter(|line| !line.starts_with(&format!("{key} = "))).map(|line| match line {
                    "[profiles.default]" => format!("{line}\n{key} = \"{value}\""),
                    _ => line.to_owned(),
                });
            let settings = environment.file("wrong.toml", lines.collect::<Vec<_>>().join("\n"));
            let output = environment.run(&["test", "--headless", "--config", &settings]).exits(2);
            aviary.look(&environment, &output);
        }
        let settings = environment.file("wrong.toml", format!("{settings}\n{secret} {token}"));
        let output = environment.run(&["test", "--headless", "--config", &settings]).exits(2);
        aviary.look(&environment, &output);
    }
}

#[test]
fn nothing_is_seen_with_any_fault() {
    let count = AtomicUsize::new(0);
    let jobs: Vec<(usize, Fault)> = Fault::ALL.iter().copied().enumerate().collect();
    all(jobs, |(n, fault)| {
        // A tenant that never answers is waited for with the patience of a network; one look at it is enough.
        let silent = matches!(fault, Fault::TenantSilent);
        let direct = if n % 2 == 0 { GoogleHealth } else { Fitbit };
        for (provider, args) in [
            (GoogleHealth, &["test", "--timeout", "2s", "--report", "report.txt"][..]),
            (direct, &["test", "--direct", "--json", "--timeout", "2s"]),
            (Fitbit, &["setup", "--yes", "--all-apps", "--timeout", "2s"]),
        ] {
            if (silent || n % 3 != 0) && args[0] == "setup" {
                continue;
            }
            if silent && args.contains(&"--direct") {
                continue;
            }
            let (aviary, _stage, environment) = stage(provider, args[0] == "test", &[fault]);
            let args = if silent { &["test", "--headless", "--json", "--token-file", "-"] } else { args };
            let output = environment.run_with_robot(args);
            aviary.look(&environment, &output);
            let report = environment.desk("report.txt");
            if report.exists() {
                aviary.search("report", &std::fs::read_to_string(report).unwrap(), false);
            }
            count.fetch_add(aviary.looked(), Ordering::Relaxed);
        }
    });
    println!("{} faults, {} places", Fault::ALL.len(), count.into_inner());
}

#[test]
fn a_secret_that_a_service_refuses_is_not_seen() {
    for (provider, unknown) in [(GoogleHealth, UNKNOWN_GOOGLE), (Fitbit, UNKNOWN_FITBIT)] {
        let (aviary, _stage, environment) = stage(provider, true, &[]);
        let wrong = environment.with("FITBIT_CONNECT_CLIENT_SECRET", unknown);
        for args in [&["setup", "--yes"][..], &["test", "--headless", "--json"], &["test", "--direct"]] {
            aviary.runs(&wrong, args, 4);
        }
        let wrong = wrong.with("AUTH0_CLIENT_SECRET", UNKNOWN_MACHINE);
        aviary.runs(&wrong, &["test", "--headless", "--json"], 4);
    }
}

#[test]
fn a_service_that_repeats_what_it_was_sent_is_not_repeated() {
    let count = AtomicUsize::new(0);
    let runs: [(Provider, &[&str]); 4] = [
        (GoogleHealth, &["setup", "--yes", "--all-apps", "--timeout", "2s"]),
        (GoogleHealth, &["test", "--json", "--timeout", "2s"]),
        (GoogleHealth, &["test", "--direct", "--timeout", "2s", "--report", "report.txt"]),
        (Fitbit, &["test", "--direct", "--json", "--timeout", "2s"]),
    ];
    // Each request in a quarter of the ways, or in all of them where there is time.
    let step = if std::env::var_os("FITBIT_CONNECT_CANARY_ALL").is_some() { 1 } else { 4 };
    let jobs =
        runs.iter().flat_map(|run| Echo::ALL.iter().enumerate().map(move |(n, echo)| (*run, n, *echo))).collect();
    all(jobs, |((provider, args), n, echo)| {
        // One request after the other is answered so; until a run has no further request.
        for nth in (n % step..40).step_by(step) {
            let aviary = Aviary::new(provider);
            let empty = args[0] == "setup";
            let stage = if empty { Stage::empty(provider, &[]) } else { Stage::configured(provider, &[]) };
            let stage = stage.all_behind(aviary.echoing(nth, echo));
            let environment = stage.environment();
            let output = environment.run_with_robot(args);
            if !aviary.echoed() {
                break;
            }
            aviary.look(&environment, &output);
            let report = environment.desk("report.txt");
            if report.exists() {
                aviary.search("report", &std::fs::read_to_string(report).unwrap(), false);
            }
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    println!("{} answers that repeat what was sent", count.into_inner());
}

/// Names and addresses are shown, kept and sent on: none of them may be a secret that was sent to somebody else before.
#[test]
fn a_secret_that_comes_back_as_a_name_is_not_seen() {
    let both = format!("{} {}", facts::GOOGLE_CLIENT_SECRET, facts::MANAGEMENT_CLIENT_SECRET);
    let in_place = |name: &'static str, both: String| -> Gate {
        Box::new(move |request, pass| {
            let mut reply = pass();
            if request.method == "GET" && !request.raw_path.contains("/connections") {
                reply.body = String::from_utf8_lossy(&reply.body).replace(name, &both).into_bytes();
            }
            reply
        })
    };
    for name in ["Acme Web", "Ada", "https://app.acme.sandbox.test/callback", "A1B2C3"] {
        let stage = Stage::empty(GoogleHealth, &[]).all_behind(in_place(name, both.clone()));
        let environment = stage.environment();
        for args in [&["setup", "--yes", "--all-apps", "--json"][..], &["test", "--timeout", "9s"]] {
            let output = environment.run_with_robot(args);
            let settings = std::fs::read_to_string(environment.settings()).unwrap();
            for secret in both.split(' ') {
                let seen = [&output.stdout, &output.stderr, &settings].iter().any(|text| text.contains(secret));
                assert!(!seen, "{name}: {output}");
            }
            assert!(output.stderr.contains("[redacted]") || output.stdout.contains("[redacted]"), "{name}: {output}");
        }
    }
}

/// ID and secret swapped in the dashboard: the secret stands where IDs are shown, and in the tenant's own redirect.
#[test]
fn a_secret_where_the_tenant_has_its_client_id_is_not_seen() {
    for (provider, name, unknown) in
        [(GoogleHealth, "google-health", UNKNOWN_GOOGLE), (Fitbit, "fitbit", UNKNOWN_FITBIT)]
    {
        let (aviary, stage, environment) = stage(provider, true, &[]);
        stage.change_options(name, &json!({ "client_id": unknown, "client_secret": "swapped" }));
        for args in [
            &["test", "--headless", "--json"][..],
            &["test", "--headless", "--report", "report.txt"],
            &["setup", "--dry-run", "--all-apps"],
            &["setup", "--dry-run", "--all-apps", "--json"],
        ] {
            let output = environment.run(args);
            aviary.look(&environment, &output);
        }
        aviary.search("report", &std::fs::read_to_string(environment.desk("report.txt")).unwrap(), true);
        let without = environment.without("AUTH0_CLIENT_SECRET");
        let output = without.run(&["test", "--headless", "--json"]);
        aviary.look(&without, &output);
    }
}

/// Pasted into the box for scopes in the dashboard, where what the tenant has is shown and asked for again.
#[test]
fn a_secret_among_the_scopes_of_the_connection_is_not_seen() {
    for (name, secret) in [("client", facts::GOOGLE_CLIENT_SECRET), ("machine", facts::MANAGEMENT_CLIENT_SECRET)] {
        let (aviary, stage, environment) = stage(GoogleHealth, true, &[]);
        stage.change_options("google-health", &json!({ "scope": format!("openid {secret}") }));
        for args in [
            &["test", "--headless", "--json"][..],
            &["setup", "--dry-run", "--all-apps"],
            &["setup", "--dry-run", "--all-apps", "--json"],
            &["setup", "--yes", "--all-apps", "--skip-login", "--json"],
            &["setup", "--yes", "--all-apps", "--skip-login"],
            &["status"],
        ] {
            let output = environment.run(args);
            aviary.look(&environment, &output);
            assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret), "{name}: {output}");
        }
    }
}

/// What a service gives away is kept from the screen like what was sent to it.
#[test]
fn a_token_that_comes_again_as_a_name_or_a_number_is_not_seen() {
    for (given, args) in [
        ("id_token", &["test", "--json"][..]),
        ("id_token", &["test", "--direct", "--json"]),
        ("refresh_token", &["test", "--direct", "--json"]),
        ("access_token", &["test", "--direct"]),
    ] {
        let token = Arc::new(Mutex::new(String::new()));
        let learnt = Arc::clone(&token);
        let gate: Gate = Box::new(move |request, pass| {
            let mut reply = pass();
            let mut token = learnt.lock().unwrap();
            if request.path.ends_with("/token") {
                let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
                answer[given].as_str().unwrap_or_default().clone_into(&mut token);
            } else if request.method == "GET" && !token.is_empty() {
                let body = String::from_utf8_lossy(&reply.body);
                reply.body =
                    ["A1B2C3", "Ada"].iter().fold(body.into_owned(), |body, name| body.replace(name, &token)).into();
            }
            reply
        });
        let stage = Stage::configured(GoogleHealth, &[]).all_behind(gate);
        let output = stage.environment().run_with_robot(args);
        let token = token.lock().unwrap();
        assert!(token.len() > 20, "{given} was never given: {output}");
        assert!(!output.stdout.contains(&**token) && !output.stderr.contains(&**token), "{given}: {output}");
        assert!(output.stdout.contains("[redacted]") || output.stderr.contains("[redacted]"), "{given}: {output}");
    }
}

/// The address that is opened: what OAuth puts there, each once, and nothing else; the verifier and the secrets never.
#[cfg(unix)]
#[test]
fn the_browser_is_given_what_oauth_puts_there() {
    use fitbit_connect::browser::Browser as _;
    use fitbit_connect::sandbox::robot::Robot;

    const OAUTH: [&str; 8] = [
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "nonce",
    ];
    for (provider, args, more) in [
        (GoogleHealth, &["test", "--json"][..], &["connection"][..]),
        (GoogleHealth, &["test", "--direct", "--json"], &["access_type", "prompt"]),
        (Fitbit, &["test", "--direct", "--json"], &[]),
    ] {
        let (aviary, stage, environment) = stage(provider, true, &[]);
        let token = stage.token();
        aviary.plant(&token);
        let pipe = environment.desk("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let script = "{ env; printf 'ADDRESS %s\\n' \"$@\"; ps -ww -o args= -p $PPID; } > \"$1\" 2>/dev/null\n";
        let script = environment.file("browser.sh", script);
        let environment = environment.with("BROWSER", &format!("sh {script} {}", pipe.display()));
        let environment = environment.with("AUTH0_API_TOKEN", &token).with("AUTH0_ACCESS_TOKEN", &token);
        // Under another name, among other words.
        let environment = environment.with("PIPELINE_LOGIN", &format!("robot:{token}@ci"));
        let (output, said) = thread::scope(|scope| {
            let child = scope.spawn(|| {
                let said = std::fs::read_to_string(&pipe).unwrap();
                let url = said.lines().filter_map(|line| line.strip_prefix("ADDRESS ")).find_map(login_address);
                if let Some(url) = &url {
                    Robot::new(Default::default()).open(url, &[]).unwrap();
                }
                (said, url)
            });
            let output = environment.run(args);
            // Should the browser never have been started, this ends the reading.
            drop(std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap());
            (output.exits(0), child.join().unwrap())
        });
        let (said, url) = said;
        let url = url.unwrap();
        let mut names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        let mut expected: Vec<String> = OAUTH.iter().chain(more).map(|name| (*name).to_owned()).collect();
        expected.retain(|name| provider == GoogleHealth || name != "nonce");
        names.sort();
        expected.sort();
        assert_eq!(names, expected, "{url}");
        aviary.search("address", url.as_str(), false);
        // State and nonce stand in the address that the browser is given, and only there.
        let without: String = said.lines().filter(|line| !line.contains(url.as_str())).collect();
        aviary.search("browser", &without, true);
        aviary.look(&environment, &output);
    }
}
