//! `test --watch`: the checks again and again until nothing fails, and then the login, once.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
#[cfg(unix)]
mod outside;
#[cfg(unix)]
mod terminal_kit;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::Output;
use common::stage::Stage;
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use fitbit_connect::secret::Secret;
use fitbit_connect::vault::{File, Vault as _};
use serde_json::{Value, json};

/// Asked once in each round.
const ONCE: &str = "/api/v2/connections";

/// A tenant whose connection is missing in the first rounds; how many rounds there were.
fn heals_after(rounds: usize) -> (Stage, Arc<AtomicUsize>) {
    failing_first(rounds, Reply::json(200, &json!([])))
}

/// A tenant that answers the question for the connection in this way in the first rounds.
fn failing_first(rounds: usize, reply: Reply) -> (Stage, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        let once = request.path == ONCE && request.param("name").is_some();
        if once && counted.fetch_add(1, Ordering::SeqCst) < rounds { reply.clone() } else { pass() }
    }));
    (stage, count)
}

/// How often the tenant was asked for this.
fn asked(stage: &Stage, method: &str, path: &str) -> usize {
    let same = |(m, p, _): &&(String, String, u16)| m == method && p.split('?').next() == Some(path);
    stage.since(0).iter().filter(same).count()
}

/// Each check of each application stands in the document once.
#[track_caller]
fn one_round(output: &Output) -> Value {
    let document = output.document();
    let checks = document["checks"].as_array().unwrap();
    for (n, check) in checks.iter().enumerate() {
        let same = |other: &Value| other["check"] == check["check"] && other["application"] == check["application"];
        assert!(!checks[..n].iter().any(same), "{} stands there twice\n{output}", check["check"]);
    }
    document
}

#[test]
fn the_checks_are_repeated_until_nothing_fails_and_only_what_changes_is_shown() {
    let (stage, rounds) = heals_after(2);
    let output = stage.environment().run(&["test", "--headless", "--json", "--watch", "--every", "1s"]).exits(0);
    assert_eq!(rounds.load(Ordering::SeqCst), 3);
    let document = one_round(&output);
    assert_eq!(output.state("connection.exists"), "pass");
    assert_eq!(output.state("connection.settings"), "pass");
    assert_eq!(output.state("login.live"), "skip");
    assert_eq!(document["connection"]["name"], "google-health");
    // Credentials are read and a session is made once.
    assert_eq!(asked(&stage, "POST", "/oauth/token"), 1);
    assert_eq!(asked(&stage, "GET", "/api/v2/custom-domains"), 1);

    let output = output.says("Asked again every 1s, for at most 3h, until nothing fails; Ctrl-C ends it.");
    let count = |text: &str| output.stderr.matches(text).count();
    assert_eq!(count("tenant.reachable"), 1, "what stays as it is is shown once\n{output}");
    assert_eq!(count("connection.exists"), 2, "{output}");
    assert_eq!(count("Auth0 tenant "), 1, "{output}");
    assert_eq!(count("  1 check fails\n"), 1, "{output}");
    assert_eq!(count("  no check fails\n"), 1, "{output}");
    let line = output.stderr.lines().find(|line| line.ends_with("  1 check fails")).unwrap();
    let time: Vec<&str> = line.split(' ').next().unwrap().split(':').collect();
    assert!(time.len() == 3 && time.iter().all(|part| part.len() == 2 && part.parse::<u8>().is_ok()), "{line}");
}

#[test]
fn when_nothing_fails_any_more_there_is_one_login() {
    let (stage, rounds) = heals_after(1);
    let output = stage.environment().run_with_robot(&["test", "--json", "--watch=10m", "--every=1s"]).exits(0);
    assert_eq!(rounds.load(Ordering::SeqCst), 2);
    one_round(&output);
    assert_eq!(output.state("login.live"), "pass");
    assert_eq!(asked(&stage, "POST", "/api/v2/clients"), 1);
    assert_eq!(output.document()["identity"]["legacy_user_id"], "A1B2C3");
}

#[test]
fn a_login_that_fails_is_not_repeated() {
    let stage = Stage::configured(GoogleHealth, &[Fault::Denied]);
    let output = stage.environment().run_with_robot(&["test", "--json", "--watch", "--every", "1s"]).exits(5);
    assert_eq!(output.error_code(), "access_denied");
    assert_eq!(asked(&stage, "GET", ONCE), 1);
    assert!(!output.stderr.contains("Asked again"), "{output}");
}

#[test]
fn when_the_time_is_over_the_last_round_decides_and_the_hint_says_how_long_it_was() {
    let (stage, rounds) = heals_after(usize::MAX);
    let environment = stage.environment();
    let report = environment.desk("report.txt");
    let args = ["test", "--json", "--watch=1s", "--every=1s", "--report", report.to_str().unwrap()];
    let output = environment.run(&args).exits(3);
    let document = one_round(&output);
    assert_eq!(document["error"]["code"], "connection_not_found");
    // A round that takes the whole second on a busy machine is the only one.
    let rounds = rounds.load(Ordering::SeqCst);
    assert!((1..=2).contains(&rounds), "{rounds}");
    let hint = document["error"]["hint"].as_str().unwrap();
    let times = if rounds == 2 { "Asked 2 times within " } else { "Asked once within " };
    assert!(hint.starts_with(times) && hint.contains(", and it still fails. "), "{hint}");
    assert!(hint.len() > 60, "what to do stays: {hint}");
    assert_eq!(output.state("login.live"), "skip");
    let report = std::fs::read_to_string(report).unwrap();
    assert_eq!(report.matches("GET TENANT/api/v2/connections?name  200 ").count(), rounds, "{report}");
    assert_eq!(report.matches("  fail    connection.exists ").count(), 1, "{report}");
}

#[test]
fn what_no_waiting_mends_ends_it_at_once() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ShutDown]);
    let output = stage.environment().run(&["test", "--json", "--watch"]).exits(3);
    assert_eq!(output.error_code(), "provider_shut_down");
    assert_eq!(asked(&stage, "GET", ONCE), 1);
    assert_eq!(output.state("login.live"), "skip");

    // The secret is read once: it will not be there later. That the connection is missing as well changes nothing.
    let (stage, rounds) = heals_after(usize::MAX);
    let environment = stage.environment().without("FITBIT_CONNECT_CLIENT_SECRET");
    let output = environment.run(&["test", "--json", "--watch"]).exits(2);
    assert_eq!(output.error_code(), "client_secret_missing");
    assert_eq!(rounds.load(Ordering::SeqCst), 1);

    // Without Management credentials --strict can never be content.
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment_without_management();
    let output = environment.run(&["test", "--json", "--headless", "--strict", "--watch"]).exits(3);
    assert_eq!(output.error_code(), "not_verified");
}

#[test]
fn an_input_that_is_wrong_is_refused_before_anything_is_sent() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    for (args, near) in [
        (&["--watch=0s"][..], "--watch=3h"),
        (&["--watch=2d"], "--watch=3h"),
        (&["--watch=soon"], "--watch=3h"),
        (&["--watch", "--every", "0s"], "--every 30s"),
        (&["--every", "1s"], "--watch"),
        (&["--watch", "3h"], "--watch=3h"),
    ] {
        let output = environment.run(&[&["test", "--json"], args].concat()).exits(2);
        assert_eq!(output.error_code(), "input_invalid", "{args:?}");
        assert!(output.document()["error"].to_string().contains(near), "{output}");
    }
    assert_eq!(stage.since(0), []);
}

#[test]
fn a_session_that_was_refused_is_made_anew() {
    let refusal = json!({ "statusCode": 401, "error": "Unauthorized", "message": "Expired token received" });
    let (stage, rounds) = failing_first(1, Reply::json(401, &refusal));
    let output = stage.environment().run(&["test", "--headless", "--json", "--watch", "--every", "1s"]).exits(0);
    assert_eq!(rounds.load(Ordering::SeqCst), 2);
    assert_eq!(asked(&stage, "POST", "/oauth/token"), 2);
    assert_eq!(output.state("management.access"), "pass");
}

#[test]
fn strict_waits_for_what_is_unknown_as_well() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        let early = request.path == "/authorize" && counted.fetch_add(1, Ordering::SeqCst) < 2;
        if early { Reply::html(200, "<h1>Welcome to the hotel network</h1>") } else { pass() }
    }));
    let output = stage.environment().run(&["test", "--headless", "--json", "--strict", "--watch", "--every=1s"]);
    let output = output.exits(0);
    assert_eq!(count.load(Ordering::SeqCst), 4, "two applications in two rounds");
    assert_eq!(output.state("authorize.redirect"), "pass");
}

#[cfg(unix)]
#[test]
fn ctrl_c_before_the_next_round_ends_it_at_once_with_the_round_before() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let (stage, rounds) = heals_after(usize::MAX);
    let environment = stage.environment();
    let mut child = environment.command(&["test", "--json", "--watch", "--every", "1h"]).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap().starts_with("Asked again every 1h")), "it never waited");
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["error"]["code"], "cancelled");
    let checks = document["checks"].as_array().unwrap();
    assert!(checks.iter().any(|check| check["code"] == "connection_not_found"), "{document}");
    assert_eq!(rounds.load(Ordering::SeqCst), 1);
}

#[cfg(unix)]
#[test]
fn on_a_terminal_the_pause_is_counted_in_sight_and_nothing_of_it_stays() {
    let (stage, rounds) = heals_after(usize::MAX);
    let environment = stage.environment();
    let command = environment.command(&["test", "--headless", "--watch", "--every", "2s"]);
    let mut terminal = terminal_kit::Terminal::open(&command, "");
    terminal.expect("asked again in 2 s; Ctrl-C ends it");
    terminal.expect("asked again in 1 s; Ctrl-C ends it");
    terminal.expect("  1 check fails");
    terminal.expect("asked again in 2 s; Ctrl-C ends it");
    terminal.press("\u{3}");
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.text);
    assert_eq!(rounds.load(Ordering::SeqCst), 2);
    assert!(!left.seen.contains("asked again in"), "{}", left.seen);
    assert!(left.terminal_is_as_before && left.cursor_is_shown());
}

#[test]
fn a_service_that_asks_to_wait_longer_than_a_round_is_not_asked_meanwhile() {
    let stage = Stage::configured(GoogleHealth, &[Fault::RateLimited]);
    let output = stage.environment().run(&["test", "--headless", "--json", "--watch=4s", "--every=1s"]).exits(6);
    assert_eq!(output.error_code(), "rate_limited", "{output}");
    // At the beginning and at the end.
    assert_eq!(asked(&stage, "GET", "/api/v2/custom-domains"), 2, "{output}");
}

#[test]
fn a_token_that_was_given_and_is_refused_is_not_waited_for() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ExpiredToken]);
    let environment = stage.environment_without_management().with("AUTH0_API_TOKEN", &stage.token());
    let output = environment.run(&["test", "--headless", "--json", "--watch=1h"]).exits(4);
    assert_eq!(output.error_code(), "management_token_expired", "{output}");
    assert_eq!(asked(&stage, "GET", "/api/v2/custom-domains"), 1, "{output}");
}

#[test]
fn settings_that_are_mended_meanwhile_are_taken_up_and_half_of_them_is_not() {
    let watch = ["test", "--headless", "--json", "--watch=60s", "--every=1s"];
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let settings = environment.settings();
    let right = std::fs::read_to_string(&settings).unwrap();
    let wrong = right.replace("\napplications = [", "\nconnection = \"google-helth\"\napplications = [");
    environment.write_settings(&wrong);
    let output = environment.run_watched(&watch, move |line| {
        // What an editor leaves in between: nothing, a part, then all of it.
        if line.starts_with("Asked again every") {
            std::fs::write(&settings, "").unwrap();
        } else if line.ends_with("check fails") && std::fs::read_to_string(&settings).unwrap().is_empty() {
            std::fs::write(&settings, &wrong[..wrong.find("connection").unwrap() + 14]).unwrap();
        } else if line.ends_with("check fails") {
            std::fs::write(&settings, &right).unwrap();
        }
    });
    assert_eq!(output.code(), 0, "{output}");
    assert_eq!(output.state("connection.exists"), "pass");
    let said = |what: &str| output.stderr.lines().filter(|line| line.contains(what)).count();
    assert_eq!(said("on with the settings of before"), 2, "{output}");
    assert_eq!((said("Asked again every"), said("the settings were changed")), (1, 1), "{output}");
    assert_eq!(said("provider.alive"), 1, "rows that did not change are not said again: {output}");
}

#[test]
fn settings_that_change_end_a_watch_whose_secret_cannot_be_read_once_more() {
    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationGone]);
    let environment = stage.environment();
    let settings = environment.settings();
    let secret = environment.file("secret", fitbit_connect::simulated::client_secret(GoogleHealth));
    let watch = ["test", "--headless", "--json", "--watch=60s", "--every=1s", "--client-secret-file", &secret];
    let file = secret.clone();
    let output = environment.run_watched(&watch, move |line| {
        if line.starts_with("Asked again every") {
            // As a pipe is empty after it was read.
            std::fs::remove_file(&file).unwrap();
            let text = std::fs::read_to_string(&settings).unwrap();
            std::fs::write(&settings, text + "# mended\n").unwrap();
        }
    });
    assert_eq!(output.error_code(), "application_gone", "{output}");
    let error = &output.document()["error"];
    assert!(error["message"].as_str().unwrap().contains("the settings were changed meanwhile"), "{output}");
    assert!(error["hint"].as_str().unwrap().contains("--watch"), "{output}");
}

#[test]
fn a_secret_that_is_kept_anew_meanwhile_is_taken_up() {
    let watch = ["test", "--headless", "--json", "--watch=60s", "--every=1s"];
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().without("FITBIT_CONNECT_CLIENT_SECRET");
    environment.write_settings(&stage.settings(Store::File));
    let right = fitbit_connect::simulated::client_secret(GoogleHealth);
    let secrets = environment.secrets();
    let keep = move |secret: &str| {
        let secret = Secret::new(secret.to_owned());
        File::new(secrets.clone()).set("default/client-secret", &secret, "", &[]).unwrap();
    };
    keep("GOCSPX-another-secret-0000000000");
    let output = environment.run_watched(&watch, move |line| {
        if line.starts_with("Asked again every") {
            keep(right);
        }
    });
    assert_eq!(output.code(), 0, "{output}");
}
