//! Redirects: none is followed, so that nobody else is asked, with credentials in hand or without.

use std::sync::Arc;

use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{Authorization, Body, Call, Http};
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::web::{Door, Reply, Request};
use fitbit_connect::secret::Secret;
use url::Url;

use crate::common::stage::Stage;
use crate::kit::{Heard, TEST};

/// A server that answers every request well, and notes it.
fn elsewhere() -> (String, Heard, impl Drop) {
    let (door, heard) = (Door::open(0).unwrap(), Heard::default());
    let (origin, hears) = (door.origin(), heard.clone());
    let served = door.serve(Arc::new(move |request: &Request| {
        hears.note(format!("{request:?}\n").as_bytes());
        Reply::json(200, &serde_json::json!({ "access_token": "x", "token_type": "Bearer", "expires_in": 60 }))
    }));
    (origin, heard, served.unwrap())
}

fn redirect(status: u16, to: &str) -> Reply {
    Reply::empty(status).with("location", &format!("{to}/elsewhere"))
}

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

#[test]
fn no_call_follows_a_redirect_whatever_it_carries() {
    let (other, heard, _served) = elsewhere();
    let token = Secret::new("canary".into());
    for status in STATUSES {
        let (door, to) = (Door::open(0).unwrap(), other.clone());
        let url = Url::parse(&door.origin()).unwrap();
        let _served = door.serve(Arc::new(move |_: &Request| redirect(status, &to))).unwrap();
        let form = || Body::Form(vec![("client_secret", Secret::new("canary".into()))]);
        let header = Authorization::Header(Secret::new("Basic canary".into()));
        for call in [
            Call::get(url.clone()),
            Call::get(url.clone()).bearer(&token),
            Call::post(url.clone(), form()),
            Call { authorization: header, ..Call::post(url.clone(), form()) },
        ] {
            let answer = Http::new(Endpoints::default()).send(&call).unwrap();
            assert_eq!(answer.status, status);
        }
    }
    assert!(heard.is_empty(), "{}", heard.text());
}

#[test]
fn a_token_endpoint_that_redirects_gets_no_secret_carried_on_and_is_named() {
    for (status, at) in STATUSES.into_iter().flat_map(|status| [(status, "/oauth/token"), (status, "/api/v2/")]) {
        let (other, heard, _served) = elsewhere();
        let to = other.clone();
        let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
            if request.path.starts_with(at) { redirect(status, &to) } else { pass() }
        }));
        let output = stage.environment().run(&[&TEST[..], &["--strict"]].concat());
        assert_ne!(output.code(), 0, "{output}");
        assert!(output.stderr.contains(&format!(" {status}")), "{status} at {at}\n{output}");
        assert!(heard.is_empty(), "{status} at {at}: {}", heard.text());
    }
}
