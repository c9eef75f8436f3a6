//! Owns the tests of the loopback listener over real sockets: what counts as the answer, and what does not.
//!
//! Refuses to look inside: every test speaks HTTP to the port, or pastes.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod wire;

use fitbit_connect::loopback::{BindError, Outcome, Page, PasteRefused};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};
use wire::{STATE, answer, ask, get, good, listener, raw, request, soon, status, waiting};

fn success() -> Page {
    Page::Success { name: Some("Ada Lovelace".into()), connection: "fitbit".into(), next: vec![] }
}

#[test]
fn the_right_callback_ends_the_wait_and_its_page_says_what_is_true() {
    let (waiting, port) = waiting();
    let browser = thread::spawn(move || get(port, &good("the-code")));
    let answer = answer(&waiting);
    assert_eq!(answer.params.code.unwrap().expose(), "the-code");
    thread::sleep(Duration::from_millis(100));
    assert!(!browser.is_finished(), "the browser waits until it is known what to say");
    drop(waiting);
    answer.page.unwrap().finish(&success());
    let page = browser.join().unwrap();
    assert_eq!(status(&page), 200);
    assert!(page.contains("It works!") && page.contains("Ada Lovelace"));
}

#[test]
fn a_denial_with_the_right_state_is_an_answer_too() {
    let (waiting, port) = waiting();
    let browser = thread::spawn(move || get(port, &format!("/callback?error=access_denied&state={STATE}")));
    let answer = answer(&waiting);
    assert_eq!(answer.params.error.as_deref(), Some("access_denied"));
    let [what, seen] = ["Consent was denied", "Somebody pressed Deny"].map(str::to_owned);
    let page = Page::Failure { what, seen, code: "consent_denied".into(), next: vec![] };
    answer.page.unwrap().finish(&page);
    let page = browser.join().unwrap();
    assert!(page.contains("That did not work") && page.contains("consent_denied"));
}

#[test]
fn a_page_nobody_finishes_sends_people_back_to_the_terminal() {
    let (waiting, port) = waiting();
    let browser = thread::spawn(move || get(port, &good("c")));
    drop(answer(&waiting));
    let page = browser.join().unwrap();
    assert!(page.contains("Go back to the terminal") && !page.contains("It works"));
}

#[test]
fn everything_else_is_refused_and_the_wait_goes_on() {
    let (waiting, port) = waiting();
    let line = good("c");
    for (target, expected) in [
        ("/", 404),
        ("/favicon.ico", 404),
        ("/callback/", 404),
        ("/Callback", 404),
        ("/callback%3Fcode", 404),
        ("/%63allback", 404),
        ("//callback", 404),
        ("/cancel", 404),
        ("*", 404),
        (&*format!("http://127.0.0.1:{port}{line}"), 404),
        ("/callback", 400),
        ("/callback?code=a", 400),
        ("/callback?code=a&state=", 400),
        ("/callback?code=a&state=wrong", 400),
        ("/callback?error=access_denied", 400),
        ("/callback?error=access_denied&state=wrong", 400),
        (&*format!("/callback?code=a&state={STATE}&state={STATE}"), 400),
        (&*format!("/callback?code=a&state={STATE}&state=wrong"), 400),
        (&*format!("/callback?code=a&code=b&state={STATE}"), 400),
        (&*format!("/callback?error=a&error=a&state={STATE}"), 400),
        (&*format!("/callback?code=a&error=b&state={STATE}"), 400),
        (&*format!("/callback?state={STATE}"), 400),
        (&*format!("{line}&pad={}", "x".repeat(8 * 1024)), 400),
    ] {
        assert_eq!(status(&get(port, target)), expected, "{target}");
    }
    for method in ["POST", "PUT", "HEAD", "OPTIONS", "DELETE", "get", "PROPFIND"] {
        let reply = ask(port, &request(port, method, &line));
        assert_eq!(status(&reply), 405, "{method}");
        assert!(reply.contains("\r\nAllow: GET\r\n"));
    }
    for hosts in [
        String::new(),
        format!("Host: localhost:{port}\r\n"),
        "Host: 127.0.0.1\r\n".into(),
        format!("Host: 127.0.0.1:{}\r\n", port ^ 1),
        format!("Host: evil.example:{port}\r\n"),
        format!("Host: 127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}\r\n"),
        format!("Host: 127.0.0.1:{port}.evil.example\r\n"),
        format!("Host: [::1]:{port}\r\n"),
        "Host:\r\n".into(),
    ] {
        assert_eq!(status(&ask(port, &format!("GET {line} HTTP/1.1\r\n{hosts}\r\n"))), 400, "{hosts}");
    }
    for broken in ["nonsense\r\n\r\n", "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\r\n\r\n"] {
        assert_eq!(status(&ask(port, broken)), 400, "{broken:?}");
    }
    soon(&waiting, port);
}

#[test]
fn http_1_0_and_other_spellings_of_headers_are_understood() {
    for text in ["GET {} HTTP/1.0\r\nhost: {H}\r\n\r\n", "GET {} HTTP/1.1\nHOST:{H}\n\n"] {
        let (waiting, port) = waiting();
        let text = text.replace("{}", &good("c")).replace("{H}", &format!("127.0.0.1:{port}"));
        let browser = thread::spawn(move || ask(port, &text));
        answer(&waiting).page.unwrap().finish(&success());
        assert_eq!(status(&browser.join().unwrap()), 200);
    }
}

#[test]
fn only_the_first_of_many_right_answers_counts() {
    let (waiting, port) = waiting();
    let browsers: Vec<_> = (0..40).map(|n| thread::spawn(move || get(port, &good(&format!("code-{n}"))))).collect();
    let first = answer(&waiting);
    assert!(matches!(waiting.paste(&format!("code=x&state={STATE}")), Err(PasteRefused::Over)));
    assert!(matches!(waiting.wait(Instant::now() + Duration::from_millis(300)), Outcome::TimedOut));
    first.page.unwrap().finish(&success());
    let replies: Vec<_> = browsers.into_iter().map(|browser| browser.join().unwrap()).collect();
    assert_eq!(replies.iter().filter(|reply| status(reply) == 200).count(), 1);
    assert_eq!(replies.iter().filter(|reply| status(reply) == 400 && reply.contains("Already answered")).count(), 39);
}

#[test]
fn the_deadline_and_a_cancel_end_the_wait() {
    let (waiting, port) = waiting();
    let started = Instant::now();
    assert!(matches!(waiting.wait(started + Duration::from_millis(200)), Outcome::TimedOut));
    assert!(started.elapsed() < Duration::from_millis(700));
    let canceller = waiting.canceller();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        canceller.clone().cancel();
        Instant::now()
    });
    assert!(matches!(waiting.wait(Instant::now() + Duration::from_secs(30)), Outcome::Cancelled));
    assert!(other.join().unwrap().elapsed() < Duration::from_millis(100));
    assert_eq!(status(&get(port, &good("late"))), 400, "after a cancel nothing is taken");
}

#[test]
fn an_answer_can_be_pasted_while_the_port_listens() {
    let (waiting, port) = waiting();
    let paster = waiting.paster();
    let person = thread::spawn(move || {
        assert_eq!(paster.paste("4/0Aabc"), Err(PasteRefused::BareCode));
        assert_eq!(paster.paste("code=a&state=wrong"), Err(PasteRefused::WrongState));
        let localhost = format!("http://localhost:{port}/callback?code=a&state={STATE}");
        assert_eq!(paster.paste(&localhost), Err(PasteRefused::OtherAddress));
        paster.clone().paste(&format!("  http://127.0.0.1:{port}/callback?code=pasted&state={STATE}#\n"))
    });
    let answer = answer(&waiting);
    assert!(answer.page.is_none());
    assert_eq!(answer.params.code.unwrap().expose(), "pasted");
    assert_eq!(person.join().unwrap(), Ok(()));
    assert_eq!(status(&get(port, &good("late"))), 400);
}

#[test]
fn every_answer_is_guarded_and_repeats_nothing_of_the_request() {
    let (waiting, port) = waiting();
    let tag = "canary%3Cscript%3E";
    let noise = format!("GET /{tag}?{tag}={tag} HTTP/1.1\r\nHost: canary\r\nX: canary\r\n\r\n");
    let mut replies = vec![
        get(port, &format!("/callback?code={tag}&state={tag}&error_description={tag}")),
        get(port, &format!("/{tag}?{tag}")),
        ask(port, &request(port, "POST", &format!("/callback?{tag}"))),
        ask(port, &noise),
    ];
    let browser = thread::spawn(move || get(port, &format!("{}&iss={tag}&scope={tag}&canary={tag}", good(tag))));
    answer(&waiting).page.unwrap().finish(&success());
    replies.push(browser.join().unwrap());
    for reply in &replies {
        assert!(!reply.contains("canary") && !reply.contains(STATE), "{reply}");
        let head = reply.split_once("\r\n\r\n").unwrap().0.to_lowercase();
        for header in [
            "content-type: text/html; charset=utf-8",
            "x-content-type-options: nosniff",
            "content-security-policy: default-src 'none'; script-src 'sha256-",
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "connection: close",
        ] {
            assert!(head.contains(header), "{header}\n{head}");
        }
        assert!(!head.contains("access-control") && !head.contains("set-cookie") && !head.contains("location:"));
        assert!(reply.contains("history.replaceState(null, \"\", \"/callback\")"));
    }
}

#[test]
fn the_address_is_the_literal_one_and_only_that_is_bound() {
    let listener = listener();
    let port = listener.port();
    assert_eq!(listener.redirect_uri(), format!("http://127.0.0.1:{port}/callback"));
    let waiting = listener.expect(fitbit_connect::secret::Secret::new(STATE.into()));
    if cfg!(target_os = "linux") {
        assert!(TcpStream::connect((Ipv4Addr::new(127, 0, 0, 2), port)).is_err());
    }
    assert!(TcpStream::connect((std::net::Ipv6Addr::LOCALHOST, port)).is_err());
    soon(&waiting, port);
}

#[test]
fn a_busy_port_is_said_and_the_next_free_one_is_taken() {
    let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = busy.local_addr().unwrap().port();
    assert!(matches!(fitbit_connect::loopback::Listener::bind(port), Err(BindError::InUse { port: p }) if p == port));
    let free = listener().port();
    let taken = fitbit_connect::loopback::Listener::bind_first([port, free].into_iter()).unwrap();
    assert_eq!(taken.port(), free);
    let none = fitbit_connect::loopback::Listener::bind_first([port, free].into_iter());
    assert!(matches!(none, Err(BindError::NoneFree { tried }) if tried == [port, free]));
    let wildcard = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap().local_addr().unwrap().port();
    assert!(fitbit_connect::loopback::Listener::bind(wildcard).is_ok(), "free again once its owner is gone");
}

#[test]
fn the_port_is_free_at_once_after_every_end() {
    let port = listener().port();
    for round in 0..12 {
        let waiting = fitbit_connect::loopback::Listener::bind(port).unwrap().expect(wire::state());
        let mut open: Vec<_> = (0..round).map(|_| raw(port)).collect();
        match round % 3 {
            0 => assert!(matches!(waiting.wait(Instant::now()), Outcome::TimedOut)),
            1 => waiting.canceller().cancel(),
            _ => {
                let browser = thread::spawn(move || get(port, &good("c")));
                answer(&waiting).page.unwrap().finish(&success());
                assert_eq!(status(&browser.join().unwrap()), 200);
            }
        }
        let started = Instant::now();
        drop(waiting);
        assert!(started.elapsed() < Duration::from_millis(500));
        open.clear();
    }
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "nobody listens any more");
}
