//! Answers that belong to another login, another client, another person or another service: each is refused, under its own
//! code, and what came with it is neither shown nor left behind.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;
mod left;
mod tokens;

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::stage::{Gate, Stage};
use common::{Output, login_address};
use fitbit_connect::browser::Browser as _;
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{Call, Http};
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::robot::Robot;
use fitbit_connect::sandbox::web::{Door, Reply, Request};
use serde_json::{Value, json};
use url::Url;

const THROUGH: &[&str] = &["test", "--json", "--timeout", "3s"];
const DIRECT: &[&str] = &["test", "--direct", "--json", "--timeout", "3s"];

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn is_exchange(request: &Request) -> bool {
    request.path.ends_with("/token") && request.form().iter().any(|(_, value)| value == "authorization_code")
}

/// The answer with another body.
fn with(mut reply: Reply, body: &Value) -> Reply {
    reply.body = body.to_string().into_bytes();
    reply
}

/// A gate that changes the answer to the exchange.
fn exchanging(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Gate {
    Box::new(move |request, pass| {
        let reply = pass();
        if !is_exchange(request) || reply.status != 200 {
            return reply;
        }
        let mut body: Value = serde_json::from_slice(&reply.body).unwrap();
        change(&mut body);
        with(reply, &body)
    })
}

/// A gate that changes the last redirect, to the listener.
fn returning(change: impl Fn(&mut Vec<(String, String)>) + Send + Sync + 'static) -> Gate {
    Box::new(move |_, pass| {
        let mut reply = pass();
        for (_, location) in reply.headers.iter_mut().filter(|(name, _)| name == "location") {
            let Ok(mut url) = Url::parse(location) else { continue };
            if url.path() == "/callback" {
                let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
                change(&mut pairs);
                url.query_pairs_mut().clear().extend_pairs(pairs);
                *location = url.into();
            }
        }
        reply
    })
}

fn set(pairs: &mut Vec<(String, String)>, name: &str, value: Option<&str>) {
    pairs.retain(|(key, _)| key != name);
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}

/// One wrong answer, and the code under which it has to be refused.
struct Case {
    name: &'static str,
    provider: Provider,
    args: &'static [&'static str],
    gate: Gate,
    code: &'static str,
}

fn refused(cases: Vec<Case>) {
    let (cases, wrong) = (Mutex::new(cases), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(case) = { cases.lock().unwrap().pop() } {
                    let stage = Stage::configured(case.provider, &[]).all_behind(case.gate);
                    let before = stage.applications();
                    let output = stage.environment().run_with_robot(case.args);
                    let left = stage.applications() != before;
                    let shown = [&output.stdout, &output.stderr]
                        .iter()
                        .any(|text| text.contains("eyJhbGci") || text.contains("eyJ0eXAi"));
                    if output.error_code() != case.code || left || shown || output.stderr.contains("It works") {
                        let how = format!("left behind: {left}, shown: {shown}, not {}", case.code);
                        wrong.lock().unwrap().push(format!("{}: {how}\n{output}", case.name));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_answer_of_another_service_is_refused() {
    let case = |name, provider, args, change: fn(&mut Vec<(String, String)>)| Case {
        name,
        provider,
        args,
        gate: returning(change),
        code: "issuer_mismatch",
    };
    let mut cases = vec![case("an issuer where there is none", Fitbit, DIRECT, |pairs| {
        set(pairs, "iss", Some("https://accounts.google.com"));
    })];
    for args in [THROUGH, DIRECT] {
        cases.extend([
            case("another issuer", GoogleHealth, args, |pairs| set(pairs, "iss", Some("https://other.example/"))),
            case("an error of another issuer", GoogleHealth, args, |pairs| {
                set(pairs, "iss", Some("https://other.example/"));
                set(pairs, "code", None);
                set(pairs, "error", Some("access_denied"));
            }),
        ]);
    }
    cases.push(case("Google's without its scheme", GoogleHealth, DIRECT, |pairs| {
        set(pairs, "iss", Some("accounts.google.com"));
    }));
    cases.push(case("the tenant's without its slash", GoogleHealth, THROUGH, |pairs| {
        set(pairs, "iss", Some("https://acme.sandbox.test"));
    }));
    refused(cases);
}

#[test]
fn an_issuer_that_is_announced_may_not_be_missing() {
    let announcing = |announced: Value| -> Gate {
        let without = returning(|pairs| set(pairs, "iss", None));
        Box::new(move |request, pass| {
            let mut reply = without(request, pass);
            if request.path == "/.well-known/openid-configuration" {
                let mut document: Value = serde_json::from_slice(&reply.body).unwrap();
                document["authorization_response_iss_parameter_supported"] = announced.clone();
                reply = with(reply, &document);
            }
            reply
        })
    };
    let case = |args| {
        let (gate, code) = (announcing(json!(true)), "issuer_mismatch");
        Case { name: "announced and missing", provider: GoogleHealth, args, gate, code }
    };
    refused(vec![case(THROUGH), case(DIRECT)]);
    for announced in [json!(false), json!("true"), json!(null)] {
        let stage = Stage::configured(GoogleHealth, &[]).all_behind(announcing(announced));
        stage.environment().run_with_robot(DIRECT).exits(0);
    }
}

#[test]
fn the_code_of_another_login_is_refused() {
    for provider in [GoogleHealth, Fitbit] {
        let kept: Arc<Mutex<Vec<String>>> = Arc::default();
        let codes = Arc::clone(&kept);
        // The first login's code is kept back; the second one is given it, with the right state.
        let gate = returning(move |pairs| {
            let mut codes = codes.lock().unwrap();
            let code = pairs.iter_mut().find(|(name, _)| name == "code").unwrap();
            let other = codes.first().cloned().unwrap_or_else(|| "4/0Anothing-that-anybody-issued".to_owned());
            codes.push(std::mem::replace(&mut code.1, other));
        });
        let stage = Stage::configured(provider, &[]).all_behind(gate);
        let environment = stage.environment();
        for _ in 0..2 {
            let output = environment.run_with_robot(DIRECT).exits(3);
            assert_eq!(output.error_code(), "code_rejected", "{output}");
            kept.lock().unwrap().iter().for_each(|code| output.hides(code));
        }
    }
}

/// A whole callback to the listener of a login; the status it is answered with.
fn send(address: &Url, pairs: &[(&str, &str)]) -> u16 {
    let redirect = address.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    let mut callback = Url::parse(&redirect).unwrap();
    callback.query_pairs_mut().extend_pairs(pairs);
    Http::new(Endpoints::default()).send(&Call::get(callback)).unwrap().status
}

#[test]
fn a_whole_callback_of_another_login_changes_nothing() {
    for (provider, args) in [
        (GoogleHealth, &["test", "--json", "--timeout", "60s"][..]),
        (Fitbit, &["test", "--direct", "--json", "--timeout", "60s"]),
    ] {
        let stage = Stage::configured(provider, &[]);
        let (sender, statuses) = std::sync::mpsc::channel();
        let output = stage.environment().run_watched(args, move |line| {
            let Some(address) = login_address(line) else { return };
            let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
            for pairs in [
                &[("code", "4/0Acode-of-another-login"), ("state", other), ("iss", "https://accounts.google.com")][..],
                &[("error", "access_denied"), ("state", other)],
                &[("error", "access_denied")],
                &[("code", "4/0Acode-of-another-login")],
            ] {
                sender.send(send(&address, pairs)).unwrap();
            }
            Robot::new(Endpoints::default()).open(&address, &[]).unwrap();
        });
        let output: Output = output.exits(0);
        assert_eq!(statuses.iter().collect::<Vec<u16>>(), [400; 4], "{output}");
        output.hides("code-of-another-login");
    }
}

#[test]
fn the_redirect_uri_is_the_same_in_both_requests_and_the_literal_address() {
    for (provider, args) in [(GoogleHealth, THROUGH), (GoogleHealth, DIRECT), (Fitbit, DIRECT)] {
        let sent: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&sent);
        let stage = Stage::configured(provider, &[]).all_behind(Box::new(move |request, pass| {
            let ours = request.query.iter().any(|(name, _)| name == "code_challenge");
            let pairs = if is_exchange(request) { request.form() } else { request.query.clone() };
            let redirect = pairs.into_iter().find(|(name, _)| name == "redirect_uri").map(|(_, value)| value);
            if (ours || is_exchange(request)) && redirect.as_ref().is_some_and(|uri| uri.starts_with("http://")) {
                seen.lock().unwrap().extend(redirect);
            }
            pass()
        }));
        let output = stage.environment().run_with_robot(args).exits(0);
        let sent = sent.lock().unwrap();
        let address = output.stderr.lines().find_map(login_address).unwrap();
        let shown = address.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
        let right = |uri: &String| *uri == shown && uri.starts_with("http://127.0.0.1:") && uri.ends_with("/callback");
        // At the authorize endpoint and at the token endpoint; with a made-up code the provider is asked with Auth0's.
        assert!(sent.len() >= 2 && sent.iter().all(right), "{sent:?} {shown}");
        output.hides("localhost");
    }
}

/// Everything that carries a secret is answered with a redirect elsewhere; addresses in a discovery document are not taken.
#[test]
fn no_secret_follows_a_redirect_or_a_document() {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let door = Door::open(0).unwrap();
    let elsewhere = door.origin();
    let seen = Arc::clone(&asked);
    let _served = door.serve(Arc::new(move |request: &Request| {
        seen.lock().unwrap().push(request.path.clone());
        Reply::json(200, &json!({ "access_token": "x", "token_type": "Bearer" }))
    }));
    let places =
        ["/oauth/token", "/token", "/oauth2/token", "/userinfo", "/v1/userinfo", "/api/v2/connections", "/revoke"];
    for status in [301, 302, 303, 307, 308] {
        for (provider, args) in [(GoogleHealth, THROUGH), (GoogleHealth, DIRECT), (Fitbit, DIRECT)] {
            let other = elsewhere.clone();
            let stage = Stage::configured(provider, &[]).all_behind(Box::new(move |request, pass| {
                if places.contains(&request.path.as_str()) {
                    return Reply::empty(status).with("location", &format!("{other}{}", request.path));
                }
                pass()
            }));
            assert_ne!(stage.environment().run_with_robot(args).code(), 0);
        }
    }
    let other = elsewhere.clone();
    let stage = Stage::configured(GoogleHealth, &[]).all_behind(Box::new(move |request, pass| {
        let reply = pass();
        if request.path != "/.well-known/openid-configuration" {
            return reply;
        }
        let mut document: Value = serde_json::from_slice(&reply.body).unwrap();
        for name in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"] {
            document[name] = json!(format!("{other}/{name}"));
        }
        with(reply, &document)
    }));
    stage.environment().run_with_robot(THROUGH).exits(0);
    assert_eq!(*asked.lock().unwrap(), [""; 0]);
}
