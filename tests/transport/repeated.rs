//! Repeats: how often a service is asked, how long is waited in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fitbit_connect::diagnosis::{Code, Failure};
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{Answer, Body, Call, Http};
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::web::{Door, Reply, Request};
use url::Url;

use crate::common::stage::Stage;
use crate::kit::{TEST, door, request, serve};

/// Asks a service that answers the n-th request (from 0) like this: the answer, the number of requests, and the time it took.
fn ask(call: impl Fn(Url) -> Call<'static>, answer: fn(usize) -> Reply) -> (Answer, usize, Duration) {
    let (door, count) = (Door::open(0).unwrap(), Arc::new(AtomicUsize::new(0)));
    let (url, counts) = (Url::parse(&door.origin()).unwrap(), Arc::clone(&count));
    let _served = door.serve(Arc::new(move |_: &Request| answer(counts.fetch_add(1, Ordering::SeqCst)))).unwrap();
    let began = Instant::now();
    let last = Http::new(Endpoints::default()).send(&call(url)).unwrap();
    (last, count.load(Ordering::SeqCst), began.elapsed())
}

fn post(url: Url) -> Call<'static> {
    Call::post(url, Body::Json(serde_json::json!({})))
}

/// A refusal unread, then success.
fn limited_once(nth: usize, name: &str, value: &str) -> Reply {
    if nth == 0 { Reply::empty(429).with(name, value) } else { Reply::empty(200) }
}

#[test]
fn a_read_that_meets_trouble_is_repeated_three_times_with_growing_pauses() {
    for status in [500, 502, 503, 504] {
        let answer = match status {
            500 => |_| Reply::empty(500),
            502 => |_| Reply::empty(502),
            503 => |_| Reply::empty(503),
            _ => |_| Reply::empty(504),
        };
        let (last, count, took) = ask(Call::get, answer);
        assert_eq!((last.status, count), (status, 4));
        // 0.2, 0.4 and 0.8 s, each with as much again of chance.
        assert!((Duration::from_millis(1400)..Duration::from_secs(6)).contains(&took), "{took:?}");
    }
}

#[test]
fn a_read_is_repeated_only_as_long_as_it_has_to() {
    let (last, count, _) = ask(Call::get, |nth| Reply::empty(if nth == 0 { 503 } else { 200 }));
    assert_eq!((last.status, count), (200, 2));
    for status in [400u16, 401, 403, 404, 410, 501] {
        let answer = match status {
            400 => |_| Reply::empty(400),
            401 => |_| Reply::empty(401),
            403 => |_| Reply::empty(403),
            404 => |_| Reply::empty(404),
            410 => |_| Reply::empty(410),
            _ => |_| Reply::empty(501),
        };
        let (last, count, _) = ask(Call::get, answer);
        assert_eq!((last.status, count), (status, 1));
    }
}

#[test]
fn a_write_that_may_have_been_done_is_not_repeated() {
    let (last, count, _) = ask(post, |_| Reply::empty(503));
    assert_eq!((last.status, count), (503, 1));
    // Lost on the way back.
    for (call, expected) in [(post as fn(Url) -> Call<'static>, 1), (Call::get, 4)] {
        let count = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&count);
        let address = serve(door(), move |mut client| {
            if request(&mut client).is_ok() {
                counts.fetch_add(1, Ordering::SeqCst);
            }
        });
        let url = Url::parse(&format!("http://{address}/")).unwrap();
        let failure = Http::new(Endpoints::default()).send(&call(url)).err().unwrap();
        assert_eq!((failure.code, count.load(Ordering::SeqCst)), (Code::NetworkUnreachable, expected), "{failure:?}");
    }
}

#[test]
fn a_write_that_was_refused_unread_is_repeated() {
    let (last, count, _) = ask(post, |nth| limited_once(nth, "x-anything", "1"));
    assert_eq!((last.status, count), (200, 2));
}

#[test]
fn what_a_service_asks_to_wait_is_waited() {
    for status in [429, 503] {
        let answer = match status {
            429 => |nth| limited_once(nth, "retry-after", "1"),
            _ => |nth| if nth == 0 { Reply::empty(503).with("retry-after", "1") } else { Reply::empty(200) },
        };
        let (last, count, took) = ask(Call::get, answer);
        assert_eq!((last.status, count), (200, 2));
        assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&took), "{status}: {took:?}");
    }
}

#[test]
fn the_reset_of_a_rate_limit_is_waited_for() {
    let (last, count, took) = ask(post, |nth| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        limited_once(nth, "x-ratelimit-reset", &(now + 2).to_string())
    });
    assert_eq!((last.status, count), (200, 2));
    assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&took), "{took:?}");
}

#[test]
fn what_would_take_too_long_is_not_waited_for_and_said() {
    let (last, count, took) = ask(Call::get, |_| Reply::empty(429).with("retry-after", "3600"));
    assert_eq!((last.status, count), (429, 1));
    assert!(took < Duration::from_secs(1), "{took:?}");
    let Failure { code, message, .. } = last.trouble("acme.example").unwrap();
    assert_eq!(code, Code::RateLimited);
    assert!(message.contains("asks to wait 1h"), "{message}");
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| {
        if request.path == "/oauth/token" { Reply::empty(429).with("retry-after", "3600") } else { pass() }
    }));
    let output = stage.environment().run(&TEST).exits(6);
    assert_eq!(output.error_code(), "rate_limited", "{output}");
    assert!(output.document()["error"]["message"].as_str().unwrap().contains("asks to wait 1h"), "{output}");
}
