//! Answers that belong to another login, another client, another person or another service: each is refused, under its own
//! code, and what came with it is neither shown nor left behind.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

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

/// The ID token of an answer with other claims, and another header where one is given.
fn forge(answer: &mut Value, header: Option<&Value>, signed: bool, change: &dyn Fn(&mut Value)) {
    let token = answer["id_token"].as_str().unwrap().to_owned();
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    change(&mut claims);
    let header = header.map_or_else(|| parts[0].to_owned(), |header| URL_SAFE_NO_PAD.encode(header.to_string()));
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    answer["id_token"] = json!(format!("{header}.{claims}.{}", if signed { parts[2] } else { "" }));
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

type Change = fn(&mut Value);

/// Claims that belong to another login, client or moment.
const CLAIMS: &[(&str, Change, &str)] = &[
    ("another issuer", |claims| claims["iss"] = json!("https://other.example/"), "issuer_mismatch"),
    ("no issuer", |claims| claims["iss"] = json!(null), "issuer_mismatch"),
    ("another client", |claims| claims["aud"] = json!("another-client"), "id_token_invalid"),
    (
        "two clients",
        |claims| {
            claims["aud"] = json!([claims["aud"], "another-client"]);
            claims["azp"] = json!("another-client");
        },
        "id_token_invalid",
    ),
    ("made for another client", |claims| claims["azp"] = json!("another-client"), "id_token_invalid"),
    ("another login", |claims| claims["nonce"] = json!("the nonce of another login"), "id_token_invalid"),
    ("no login", |claims| drop(claims.as_object_mut().unwrap().remove("nonce")), "id_token_invalid"),
    ("an hour ago", |claims| claims["exp"] = json!(now() - 3600), "id_token_invalid"),
    ("two minutes ago", |claims| claims["exp"] = json!(now() - 120), "id_token_invalid"),
    ("no end", |claims| claims["exp"] = json!(null), "id_token_invalid"),
    ("tomorrow", |claims| claims["iat"] = json!(now() + 86_400), "id_token_invalid"),
    ("nobody", |claims| claims["sub"] = json!(""), "id_token_invalid"),
];

#[test]
fn an_id_token_of_another_login_is_refused() {
    let mut cases = Vec::new();
    for args in [THROUGH, DIRECT] {
        for (name, change, code) in CLAIMS {
            let gate = exchanging(move |answer| forge(answer, None, true, change));
            cases.push(Case { name, provider: GoogleHealth, args, gate, code });
        }
        for (name, header, signed) in [
            ("alg none", json!({ "alg": "none" }), false),
            ("alg none with a signature", json!({ "alg": "none" }), true),
            ("no signature", json!({ "alg": "RS256" }), false),
            ("no algorithm", json!({ "typ": "JWT" }), true),
        ] {
            let gate = exchanging(move |answer| forge(answer, Some(&header), signed, &|_| {}));
            cases.push(Case { name, provider: GoogleHealth, args, gate, code: "id_token_invalid" });
        }
    }
    refused(cases);
}

#[test]
fn a_token_answer_for_another_client_or_person_is_refused() {
    fn changed(
        name: &'static str,
        provider: Provider,
        args: &'static [&'static str],
        code: &'static str,
        change: Change,
    ) -> Case {
        Case { name, provider, args, gate: exchanging(change), code }
    }
    let mut cases = Vec::new();
    for args in [THROUGH, DIRECT] {
        cases.extend([
            changed("another type of token", GoogleHealth, args, "unrecognised_answer", |answer| {
                answer["token_type"] = json!("mac");
            }),
            changed("no type of token", GoogleHealth, args, "unrecognised_answer", |answer| {
                answer.as_object_mut().unwrap().remove("token_type");
            }),
            changed("no access token", GoogleHealth, args, "unrecognised_answer", |answer| {
                answer.as_object_mut().unwrap().remove("access_token");
            }),
            changed("no ID token", GoogleHealth, args, "id_token_invalid", |answer| {
                answer.as_object_mut().unwrap().remove("id_token");
            }),
            changed("an ID token that is none", GoogleHealth, args, "id_token_invalid", |answer| {
                answer["id_token"] = json!("a.b.c");
            }),
        ]);
    }
    cases.extend([
        changed("the access token of another login", GoogleHealth, DIRECT, "id_token_invalid", |answer| {
            answer["access_token"] = json!("ya29.another");
        }),
        changed("another person", Fitbit, DIRECT, "user_mismatch", |answer| answer["user_id"] = json!("ZZZZZZ")),
        changed("another type of token at Fitbit", Fitbit, DIRECT, "unrecognised_answer", |answer| {
            answer["token_type"] = json!("N_A");
        }),
    ]);
    let userinfo = |status: u16, body: Value| -> Gate {
        Box::new(move |request, pass| match request.path.as_str() {
            "/userinfo" | "/v1/userinfo" => Reply::json(status, &body),
            _ => pass(),
        })
    };
    for args in [THROUGH, DIRECT] {
        let gate = userinfo(200, json!({ "sub": "somebody else", "name": "Mallory" }));
        cases.push(Case { name: "somebody else", provider: GoogleHealth, args, gate, code: "user_mismatch" });
        let gate = userinfo(401, json!({ "error": "invalid_token" }));
        cases.push(Case { name: "nobody says whose", provider: GoogleHealth, args, gate, code: "unrecognised_answer" });
    }
    refused(cases);
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
            Robot::new(Endpoints::default()).open(&address).unwrap();
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
