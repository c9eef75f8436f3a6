//! Requests to the listener: whatever is sent, the right callback still gets through, and nothing else ends the wait.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use fitbit_connect::loopback::{Listener, Outcome};
use fitbit_connect::secret::Secret;

use super::mutate::{bytes, every};

const STATE: &str = "Zm9vYmFyLXN0YXRlLTEyMzQ1Ng";

#[test]
fn whatever_is_sent_nothing_but_the_right_state_is_taken() {
    let listening = || {
        let listener = Listener::bind(0).unwrap();
        let port = listener.port();
        (listener.expect(Secret::new(STATE.to_owned())), port)
    };
    let waiting = std::cell::RefCell::new(listening());
    every(bytes("request"), |input| {
        let (_, port) = *waiting.borrow();
        // The corpus has the usual port.
        let input = String::from_utf8_lossy(&input).replace("18917", &port.to_string()).into_bytes();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let _ = stream.write_all(&input);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let (mut reply, mut part, mut taken) = (Vec::new(), [0; 4096], None);
        let began = Instant::now();
        // A connection that is held is an answer that was taken.
        while taken.is_none() && began.elapsed() < Duration::from_secs(10) {
            match stream.read(&mut part) {
                Ok(0) => break,
                Ok(length) => reply.extend_from_slice(&part[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(_) => {
                    if let Outcome::Answer(answer) = waiting.borrow().0.wait(Instant::now()) {
                        taken = Some(answer);
                    }
                }
            }
        }
        assert!(began.elapsed() < Duration::from_secs(10), "neither taken nor refused");
        let reply = String::from_utf8(reply).unwrap();
        assert!(!reply.contains(STATE) && (reply.is_empty() || reply.starts_with("HTTP/1.1 ")), "{reply}");
        if let Some(answer) = taken {
            let sent = percent_encoding::percent_decode(&input).decode_utf8_lossy();
            assert!(sent.contains(STATE) && sent.contains(&format!("127.0.0.1:{port}")), "{sent}");
            drop(answer);
            waiting.replace(listening());
        }
    });
    let (waiting, port) = waiting.into_inner();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let right = format!("GET /callback?code=c&state={STATE} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    stream.write_all(right.as_bytes()).unwrap();
    assert!(matches!(waiting.wait(Instant::now() + Duration::from_secs(5)), Outcome::Answer(_)));
}
