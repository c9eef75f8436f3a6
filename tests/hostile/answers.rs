//! What services answer: to the checks, to the Management API's calls, and what a report tells of it.

use std::sync::{Arc, Mutex};

use fitbit_connect::auth0::connection::{Wanted, holds_secret};
use fitbit_connect::auth0::logs::Entry;
use fitbit_connect::auth0::wire::{Application, Connection, CustomDomain, EnabledClient, Page, TokenAnswer};
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::trace::{Hosts, Private};
use fitbit_connect::http::{Call, Http};
use fitbit_connect::provider::Provider;
use fitbit_connect::provider::authorize_page::{self, Verdict};
use fitbit_connect::provider::token_answer::{PairVerdict, health_error, judge_pair};
use fitbit_connect::sandbox::web::{Door, Reply};
use fitbit_connect::secret::Secret;
use proptest::prelude::any;
use proptest::sample::select;
use serde_json::Value;
use url::Url;

use super::mutate::{bytes, every, text};
use super::values::is_a_sentence;

const CALLBACK: &str = "http://127.0.0.1:18917/callback";

#[test]
fn the_answer_of_an_authorize_page_is_judged_in_a_sentence() {
    every(text("authorize-page"), |input| {
        let mut parts = input.splitn(3, '\n');
        let status = parts.next().and_then(|text| text.trim().parse().ok()).unwrap_or(200);
        let location = parts.next().filter(|location| !location.is_empty());
        let body = parts.next().unwrap_or_default();
        for provider in Provider::ALL {
            let endpoints = Endpoints::default();
            let same = |seen: &str, real: &str| endpoints.begins_with(seen, real);
            let verdict = authorize_page::judge(provider, CALLBACK, status, location, body, same);
            if let Verdict::Refused { said, .. } | Verdict::Unknown { said } = &verdict {
                assert!(said.chars().count() <= 500);
                is_a_sentence(said);
            }
            // A code is only accepted at the very address, and a page of another host never.
            let elsewhere = location.is_some_and(|location| location.starts_with("https://evil.example"));
            assert!(!elsewhere || !(300..400).contains(&status) || verdict != Verdict::Accepted);
        }
    });
}

#[test]
fn the_answers_of_a_provider_are_judged_in_a_sentence() {
    every((bytes("answer"), 100..600u16), |(body, status)| {
        for provider in Provider::ALL {
            match judge_pair(provider, status, &body) {
                PairVerdict::Unknown { said } => is_a_sentence(&said),
                PairVerdict::Accepted => assert!((400..500).contains(&status), "only a refusal of the code accepts"),
                _ => {}
            }
        }
        if let Some(detail) = health_error(status, &body).and_then(|error| error.detail) {
            is_a_sentence(&detail);
        }
    });
}

#[test]
fn the_answers_of_the_management_api_are_read_or_not() {
    let secret = Secret::new(concat!("GOC", "SPX-canary-canary-canary").to_owned());
    let scopes = ["openid", "profile.readonly"].map(str::to_owned);
    every((bytes("management"), any::<bool>()), |(body, chosen)| {
        let Ok(value) = serde_json::from_slice::<Value>(&body) else { return };
        let entries = |member: &str| Page::read(value.clone(), member).map(|page| page.entries).unwrap_or_default();
        for entry in entries("connections").into_iter().chain([value.clone()]) {
            let said = Entry::read(&entry);
            is_a_sentence(&said.said());
            is_a_sentence(&said.date);
            let _ = (said.code(), said.is_failure(), said.is_success());
            let Ok(connection) = serde_json::from_value::<Connection>(entry) else { continue };
            for provider in Provider::ALL {
                let wanted = Wanted {
                    provider,
                    name: "google-health",
                    client_id: "1234567890-abc.apps.googleusercontent.com",
                    secret: Some(&secret),
                    scopes: &scopes,
                    scopes_chosen: chosen,
                };
                let _ = holds_secret(&connection, &secret);
                let Ok(differences) = wanted.differences(&connection) else { continue };
                // A secret is compared and never named, not even where the client ID should be.
                assert!(differences.iter().all(|found| !found.now.contains(secret.expose())), "{differences:?}");
                let body = wanted.update_body(&connection).unwrap_or_else(|failure| panic!("{}", failure.message));
                let mut changed = connection.clone();
                changed.options = body["options"].as_object().cloned();
                let left = wanted.differences(&changed).unwrap_or_else(|failure| panic!("{}", failure.message));
                let left: Vec<_> = left.iter().filter(|found| found.field != "authentication.active").collect();
                assert!(left.is_empty(), "what was written is what is wanted: {left:?}");
            }
        }
        for entry in entries("clients").into_iter().chain(entries("logs")) {
            is_a_sentence(&Entry::read(&entry).said());
            let _ = serde_json::from_value::<Application>(entry.clone()).map(|found| found.logs_people_in());
            let _ = serde_json::from_value::<EnabledClient>(entry.clone());
            let _ = serde_json::from_value::<CustomDomain>(entry);
        }
        let _ = serde_json::from_value::<TokenAnswer>(value);
    });
}

#[test]
fn a_report_tells_the_shape_of_any_answer_and_no_value() {
    const CANARY: &str = "canary4value";
    let reply = Arc::new(Mutex::new(Reply::empty(200)));
    let door = Door::open(0).unwrap();
    let origin = door.origin();
    let answer = Arc::clone(&reply);
    let _served = door.serve(Arc::new(move |_| answer.lock().unwrap().clone())).unwrap();
    let http = Http::new(Endpoints::default());
    let kinds = ["application/json", "text/html; charset=utf-8", "text/plain", "canary4value/x", ""];
    // Not 429 and no server error: they are repeated, with pauses.
    let statuses = [200, 201, 302, 307, 400, 401, 403, 404, 418, 500];
    let inputs = (bytes("answer"), select(kinds.to_vec()), select(statuses.to_vec()), text("text"));
    every(inputs, |(body, kind, status, header)| {
        let body = String::from_utf8_lossy(&body).replace("canary", CANARY).into_bytes();
        let header: String = header.chars().filter(|c| c.is_ascii_graphic()).take(60).collect();
        *reply.lock().unwrap() = Reply { body, ..Reply::empty(status) }
            .with("content-type", kind)
            .with("location", &format!("https://{CANARY}.example/{CANARY}/{header}?{CANARY}={CANARY}&error={header}"))
            .with("retry-after", &header)
            .with("x-ratelimit-reset", &header);
        let http = Http::new(http.endpoints().clone());
        let _ = http.trace();
        let url = Url::parse(&format!("{origin}/{CANARY}/callback?code={CANARY}")).unwrap();
        let answer = http.send(&Call { repeatable: false, ..Call::get(url) }).unwrap();
        let _ = (answer.pause(), answer.json());
        for said in [answer.page_says(), answer.trouble("it").map(|failure| failure.message)].into_iter().flatten() {
            is_a_sentence(&said);
        }
        let told = http.trace().lines(&Hosts::default(), &Private::default()).join("\n");
        assert!(!told.contains(CANARY) && told.len() < 6000, "{told}");
        is_a_sentence(&told);
    });
}
