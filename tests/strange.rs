//! Answers that nobody foresaw, at every request of `test`: what is not understood is said to be so, and never turned into a
//! claim about the set-up.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::Output;
use common::stage::{Gate, Stage};
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::{Reply, Request};
use reqwest::Method;
use serde_json::{Value, json};

/// One request of the program: how it is known, and what the run is that makes it.
struct Place {
    provider: Provider,
    method: &'static str,
    /// The path, or its beginning where it ends with `*`.
    path: &'static str,
    /// What tells it from another request to the same address.
    body_has: &'static str,
    /// Without it the request is not made.
    fault: Option<Fault>,
    args: &'static [&'static str],
}

const HEADLESS: &[&str] = &["test", "--headless", "--json"];
const LOGIN: &[&str] = &["test", "--json", "--timeout", "2s"];
const SETUP: &[&str] = &["setup", "--all-apps", "--skip-login", "--yes", "--json"];
const DIRECT: &[&str] = &["test", "--direct", "--json", "--timeout", "2s"];

const fn place(provider: Provider, method: &'static str, path: &'static str, args: &'static [&'static str]) -> Place {
    Place { provider, method, path, body_has: "", fault: None, args }
}

const fn sent(body_has: &'static str, place: Place) -> Place {
    Place { body_has, ..place }
}

const fn with(fault: Fault, place: Place) -> Place {
    Place { fault: Some(fault), ..place }
}

const PLACES: &[Place] = &[
    place(GoogleHealth, "GET", "/o/oauth2/v2/auth", HEADLESS),
    place(GoogleHealth, "POST", "/token", HEADLESS),
    place(Fitbit, "GET", "/oauth2/authorize", HEADLESS),
    place(Fitbit, "POST", "/oauth2/token", HEADLESS),
    place(GoogleHealth, "GET", "/.well-known/openid-configuration", HEADLESS),
    sent("client_credentials", place(GoogleHealth, "POST", "/oauth/token", HEADLESS)),
    place(GoogleHealth, "GET", "/api/v2/custom-domains", HEADLESS),
    place(GoogleHealth, "GET", "/api/v2/connections", HEADLESS),
    place(Fitbit, "GET", "/api/v2/connections", HEADLESS),
    place(GoogleHealth, "GET", "/api/v2/clients", HEADLESS),
    place(GoogleHealth, "GET", "/api/v2/connections/*", HEADLESS),
    place(GoogleHealth, "GET", "/authorize", HEADLESS),
    place(GoogleHealth, "POST", "/api/v2/clients", LOGIN),
    place(GoogleHealth, "PATCH", "/api/v2/connections/*", LOGIN),
    place(GoogleHealth, "DELETE", "/api/v2/clients/*", LOGIN),
    sent("authorization_code", place(GoogleHealth, "POST", "/oauth/token", LOGIN)),
    place(GoogleHealth, "GET", "/userinfo", LOGIN),
    place(GoogleHealth, "GET", "/api/v2/users/*", LOGIN),
    with(Fault::LoginBlocked, place(GoogleHealth, "GET", "/api/v2/logs", LOGIN)),
    place(GoogleHealth, "POST", "/api/v2/connections", SETUP),
    place(Fitbit, "POST", "/api/v2/connections", SETUP),
    place(GoogleHealth, "PATCH", "/api/v2/connections/*", SETUP),
    place(GoogleHealth, "GET", "/v1/userinfo", DIRECT),
    place(GoogleHealth, "GET", "/v4/users/me/identity", DIRECT),
    place(GoogleHealth, "POST", "/revoke", DIRECT),
    place(Fitbit, "GET", "/1/user/-/profile.json", DIRECT),
    place(Fitbit, "POST", "/oauth2/revoke", DIRECT),
];

/// What stands in the answers and must be seen nowhere.
const CANARY: &str = "CANARY-value-that-nobody-asked-for";

/// Answers in shapes that no documentation has.
fn strange(request: &Request) -> Vec<(&'static str, Reply)> {
    let text = |status, kind: &str, body: String| Reply {
        body: body.into_bytes(),
        ..Reply::empty(status).with("content-type", kind)
    };
    let html = |status, body: &str| text(status, "text/html", body.to_owned());
    let json_text = |status, body: &str| text(status, "application/json", body.to_owned());
    let echoed = format!(
        "{} {} {}",
        String::from_utf8_lossy(&request.body),
        request.header("authorization").unwrap_or_default(),
        facts::GOOGLE_CLIENT_SECRET
    );
    vec![
        (
            "a portal",
            html(200, "<html><body><h1>Welcome to the hotel network</h1><form action=/pay></form></body></html>"),
        ),
        ("nothing", Reply::empty(200)),
        ("an empty object", json_text(200, "{}")),
        ("an empty list", json_text(200, "[]")),
        ("null", json_text(200, "null")),
        ("a number", json_text(200, "7")),
        ("a list of numbers", json_text(200, "[1,2,3]")),
        ("a deep list", json_text(200, &format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)))),
        ("half of an object", json_text(200, "{\"access_token\": \"ey")),
        ("five megabytes", text(200, "text/plain", "lorem ipsum ".repeat(450_000))),
        ("control characters", html(400, "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}txet desrever\u{200f}\u{0}<b>\u{9b}31m")),
        ("a teapot", html(418, "I'm a teapot")),
        (
            "an error of its own",
            json_text(
                400,
                r#"{"error":"no_such_thing","error_description":"the moon is in the wrong place","errorCode":"lunar"}"#,
            ),
        ),
        ("a door that is shut", html(403, "<html><title>Forbidden</title><p>by the management</p></html>")),
        ("another place", Reply::redirect(format!("https://elsewhere.example/?x={CANARY}"))),
        ("what was sent", json_text(400, &json!({ "message": echoed }).to_string())),
    ]
}

/// What may be said of an answer that is not understood.
const HONEST: &[&str] = &["unrecognised_answer", "service_unavailable"];

/// What is true all the same: an empty list is the tenant's own way to say that there is nothing, a redirect elsewhere leads
/// elsewhere, and what was not understood to be removed is not known to be gone.
fn is_true(place: &Place, what: &str) -> &'static [&'static str] {
    match (place.method, place.path, what) {
        ("GET", "/api/v2/connections", "an empty list") => &["connection_not_found"],
        ("GET", "/api/v2/clients", "an empty list") => &["application_gone"],
        ("GET", "/api/v2/connections/*", "an empty list") => &["application_not_enabled"],
        // It said that it did, and did not, which the next look shows.
        ("PATCH", ..) if place.args == SETUP => &["application_not_enabled"],
        ("GET", "/authorize", "another place") => &["authorize_wrong_provider"],
        ("GET", "/api/v2/logs", _) => &["login_blocked"],
        // What it came to is not known.
        ("DELETE", ..) | ("POST", "/api/v2/clients", _) => &["temporary_application_left"],
        ("POST", "/token" | "/oauth2/token" | "/revoke" | "/oauth2/revoke", _) => &["token_not_revoked"],
        _ => &[],
    }
}

fn is_there(place: &Place, request: &Request) -> bool {
    let path = match place.path.strip_suffix('*') {
        Some(start) => request.path.starts_with(start) && request.path.len() > start.len(),
        None => request.path == place.path,
    };
    path && request.method == place.method && String::from_utf8_lossy(&request.body).contains(place.body_has)
}

fn run(place: &'static Place, which: usize) -> (Output, bool, &'static str) {
    let hits = std::sync::Arc::new(AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&hits);
    let gate: Gate = Box::new(move |request, pass| {
        if !is_there(place, request) {
            return pass();
        }
        seen.fetch_add(1, Ordering::SeqCst);
        strange(request).swap_remove(which).1
    });
    let faults = place.fault.as_slice();
    let stage = match place.args {
        SETUP => Stage::empty(place.provider, faults),
        _ => Stage::configured(place.provider, faults),
    };
    let stage = stage.all_behind(gate);
    let output = stage.environment().run_with_robot(place.args);
    (output, hits.load(Ordering::SeqCst) > 0, strange(&Request::default())[which].0)
}

/// What is wrong with how an answer was taken; nothing when it was taken honestly.
fn judge(output: &Output, is_true: &[&str]) -> Option<String> {
    let document = output.document();
    let mut codes = BTreeSet::new();
    for check in document["checks"].as_array().into_iter().flatten() {
        if let ("fail" | "unknown" | "warn", Some(code)) = (check["state"].as_str().unwrap(), check["code"].as_str()) {
            codes.insert(code.to_owned());
        }
    }
    codes.extend(document["error"]["code"].as_str().map(str::to_owned));
    codes.retain(|code| !is_true.contains(&code.as_str()));
    let wrong: Vec<&String> = codes.iter().filter(|code| !HONEST.contains(&code.as_str())).collect();
    if !wrong.is_empty() {
        return Some(format!("claims {wrong:?}"));
    }
    if is_true.is_empty() && ![0, 6].contains(&output.code()) {
        return Some(format!("exit code {}", output.code()));
    }
    let all = format!("{}{}", output.stdout, output.stderr);
    for secret in [
        facts::GOOGLE_CLIENT_SECRET,
        facts::FITBIT_CLIENT_SECRET,
        facts::MANAGEMENT_CLIENT_SECRET,
        CANARY,
        "ya29.",
        // How tokens begin; three letters may stand in a random value of the address.
        "eyJhbGci",
        "eyJ0eXAi",
    ] {
        if all.contains(secret) {
            return Some(format!("shows {secret}"));
        }
    }
    if all.contains(|c: char| c.is_control() && c != '\n') || all.contains(['\u{202e}', '\u{200f}']) {
        return Some("shows control characters".to_owned());
    }
    if all.contains("panicked") || all.len() > 20_000 {
        return Some("panics, or says too much".to_owned());
    }
    None
}

#[test]
fn what_nobody_foresaw_is_never_turned_into_a_claim() {
    let count = strange(&Request::default()).len();
    let jobs: Vec<(usize, usize)> = (0..PLACES.len()).flat_map(|p| (0..count).map(move |s| (p, s))).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some((p, s)) = jobs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let place = &PLACES[*p];
                    let (output, was_there, name) = run(place, *s);
                    let why = if was_there {
                        judge(&output, is_true(place, name))
                    } else {
                        Some("was never asked".to_owned())
                    };
                    if let Some(why) = why {
                        let what = format!("{} {} ({}): {name}: {why}", place.method, place.path, place.provider);
                        wrong.lock().unwrap().push(format!("{what}\n{output}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    println!("{} answers at {} places", jobs.len(), PLACES.len());
    let heads: Vec<&str> = wrong.iter().filter_map(|text| text.lines().next()).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}\n\n{}", wrong.len(), jobs.len(), heads.join("\n"), wrong[0]);
}

/// What the services answer with another value for a member of it.
fn answering(path: &'static str, member: &'static str, value: &Value) -> Gate {
    let value = value.clone();
    Box::new(move |request, pass| {
        let mut reply = pass();
        let parsed = serde_json::from_slice::<Value>(&reply.body).ok().filter(|body| body.get(member).is_some());
        if let Some(mut body) = parsed.filter(|_| request.method == "POST" && request.path == path) {
            body[member] = value.clone();
            reply.body = body.to_string().into_bytes();
        }
        reply
    })
}

#[test]
fn an_identifier_that_is_none_names_nothing_that_is_then_changed_or_deleted() {
    for id in [String::new(), "x".repeat(5_000), "a b".to_owned(), "a\nb".to_owned()] {
        let stage = Stage::configured(GoogleHealth, &[]).behind(answering("/api/v2/clients", "client_id", &json!(id)));
        let (before, mark) = (stage.applications(), stage.mark());
        // What came of it is looked up, as after an answer that was lost.
        let output = stage.environment().run_with_robot(LOGIN).exits(0);
        let writes = stage.writes_since(mark);
        assert!(!writes.iter().any(|write| write.ends_with("/clients/")), "{writes:?}");
        assert_eq!(stage.applications(), before, "{output}");
    }
}

#[test]
fn a_token_that_no_request_can_carry_is_the_services_fault() {
    let endless = "a".repeat(900_000);
    for token in ["", "a\r\nX-Evil: 1", "a b", "\u{e4}", "\0", &endless] {
        for (args, path) in [(HEADLESS, "/oauth/token"), (DIRECT, "/token")] {
            let stage = Stage::configured(GoogleHealth, &[]).all_behind(answering(path, "access_token", &json!(token)));
            let output = stage.environment().run_with_robot(args).exits(6);
            assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
            output.hides("X-Evil");
        }
    }
}

#[test]
fn an_application_that_was_there_before_is_never_the_temporary_one_to_be_removed() {
    // An answer that names another application, and one of a person's own that has only the name.
    let web = facts::APPLICATIONS[0].client_id;
    let gate: Gate = Box::new(move |request, pass| {
        let mut reply = pass();
        if request.method == "POST" && request.path == "/api/v2/clients" {
            let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
            body["client_id"] = json!(web);
            reply.body = body.to_string().into_bytes();
        }
        reply
    });
    let stage = Stage::configured(GoogleHealth, &[]).behind(gate);
    let output = stage.environment().run(&["test", "--json", "--no-browser", "--timeout=2s"]).exits(6);
    assert_eq!(output.error_code(), "unrecognised_answer", "{output}");
    assert!(output.stderr.contains("may exist"), "{output}");
    assert!(stage.applications().iter().any(|(client_id, _)| client_id == web), "it is still there");

    let stage = Stage::configured(GoogleHealth, &[]);
    let body = json!({
        "name": "fitbit-connect test (temporary)", "app_type": "spa", "callbacks": ["https://prod.example/cb"],
    });
    let own = stage.api(Method::POST, "clients", Some(body))["client_id"].as_str().unwrap().to_owned();
    stage.environment().run_with_robot(&["test", "--json"]).exits(0);
    assert!(stage.applications().iter().any(|(client_id, _)| *client_id == own), "it is still there");
}

#[test]
fn a_connection_under_the_id_of_another_one_is_neither_changed_nor_removed() {
    // The list has the connection under the id of one that is somebody else's.
    let setup: &[&str] = &["setup", "--all-apps", "--skip-login", "--yes", "--json"];
    let scopes: &[&str] =
        &["setup", "--all-apps", "--skip-login", "--yes", "--json", "--scopes", "profile,sleep.readonly"];
    let remove: &[&str] = &["remove", "--delete-connection", "--yes", "--json"];
    for (args, enabled) in [(setup, false), (scopes, true), (remove, true)] {
        let stage = Stage::configured(GoogleHealth, &[]);
        let body = json!({ "name": "fitbit", "strategy": "fitbit", "options": { "client_id": "23SBOX", "client_secret": "x" } });
        let others = stage.api(Method::POST, "connections", Some(body))["id"].as_str().unwrap().to_owned();
        let own = stage.connection("google-health").unwrap()["id"].as_str().unwrap().to_owned();
        for application in facts::APPLICATIONS.iter().filter(|application| application.callback.is_some()) {
            stage.switch("google-health", application.client_id, enabled);
            stage.switch("fitbit", application.client_id, enabled);
        }
        let gate: Gate = Box::new(move |request, pass| {
            let mut reply = pass();
            if request.method == "GET" && request.path == "/api/v2/connections" {
                reply.body = String::from_utf8(reply.body).unwrap().replace(&own, &others).into_bytes();
            }
            reply
        });
        let stage = stage.behind(gate);
        let (environment, mark) = (stage.environment(), stage.mark());
        let output = environment.run(args);
        assert_eq!(output.error_code(), "unrecognised_answer", "{args:?}: {output}");
        assert_eq!(stage.writes_since(mark), [""; 0], "{args:?}: {output}");
        assert!(environment.settings().exists(), "{args:?}");
    }
}
