//! Owns a small HTTP client for the tests of the loopback listener: bytes out, text back.
//!
//! Refuses to be polite: it sends whatever it is given.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use fitbit_connect::loopback::{Answer, Listener, Outcome, Page, Waiting};
use fitbit_connect::secret::Secret;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// The one right state.
pub const STATE: &str = "Zm9vYmFyLXN0YXRlLTEyMzQ1Ng";

pub fn state() -> Secret {
    Secret::new(STATE.into())
}

pub fn listener() -> Listener {
    Listener::bind(0).unwrap()
}

pub fn waiting() -> (Waiting, u16) {
    let listener = listener();
    let port = listener.port();
    (listener.expect(state()), port)
}

/// The target of a right callback.
pub fn good(code: &str) -> String {
    format!("/callback?code={code}&state={STATE}")
}

pub fn request(port: u16, method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n\r\n")
}

pub fn raw(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends bytes and reads to the end; what came before an error counts.
pub fn ask(port: u16, bytes: &str) -> String {
    let mut stream = raw(port);
    let _ = stream.write_all(bytes.as_bytes());
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8(reply).unwrap()
}

pub fn get(port: u16, target: &str) -> String {
    ask(port, &request(port, "GET", target))
}

/// The status of a reply; 0 if there was none.
pub fn status(reply: &str) -> u16 {
    reply.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// The answer, which must come within ten seconds.
pub fn answer(waiting: &Waiting) -> Answer {
    match waiting.wait(Instant::now() + Duration::from_secs(10)) {
        Outcome::Answer(answer) => answer,
        other => panic!("no answer: {other:?}"),
    }
}

/// Sends the right callback now; how long it took to arrive and to be answered.
pub fn soon(waiting: &Waiting, port: u16) -> Duration {
    let started = Instant::now();
    let browser = thread::spawn(move || get(port, &good("good")));
    let answer = answer(waiting);
    let page = Page::Success { name: None, connection: "fitbit".into(), next: vec![] };
    answer.page.unwrap().finish(&page);
    assert_eq!(status(&browser.join().unwrap()), 200);
    started.elapsed()
}
