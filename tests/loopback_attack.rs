//! Owns the attacks on the listener of the real program, all of them in one wait: the right callback still gets through, and
//! memory and threads stay bounded.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;
mod wire;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::stage::Stage;
use common::{Environment, login_address};
use fitbit_connect::browser::Browser as _;
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::robot::Robot;
use url::Url;
use wire::{ask, get, good, raw, request, soon, status};

/// The program while it waits for a browser.
struct Login {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    address: Url,
    port: u16,
}

impl Login {
    fn begin(environment: &Environment) -> Self {
        let args = ["test", "--direct", "--no-browser", "--timeout", "2m"];
        let mut child = environment.command(&args).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut address = None;
        let mut line = String::new();
        while !line.starts_with("Waiting up to") {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it never waited");
            if let Some(found) = login_address(line.trim_end()) {
                // Whoever opens the address at once finds the listener there.
                let redirect = found.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
                let port = Url::parse(&redirect).unwrap().port().unwrap();
                assert_eq!(redirect, format!("http://127.0.0.1:{port}/callback"));
                assert!(
                    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok(),
                    "the port is bound before the address is shown"
                );
                address = Some(found);
            }
        }
        let address = address.unwrap();
        let redirect = address.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
        Self { child, stderr, port: Url::parse(&redirect).unwrap().port().unwrap(), address }
    }

    /// A number from what the system says of the process: `VmHWM` (kB), `Threads`.
    fn measure(&self, what: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':')).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// The person logs in now; how long that took, from there to the end of the program.
    fn ends_well(mut self) -> Duration {
        let began = Instant::now();
        Robot::new(Endpoints::default()).open(&self.address, &[]).unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success() && said.contains("It works: "), "{said}");
        began.elapsed()
    }
}

fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.map_or(4096, |maximum| maximum.min(4096));
    if now.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum }).unwrap();
    }
}

/// A thousand connections at once, all open at the same time, each with these bytes.
fn a_thousand(port: u16, bytes: &[u8]) -> Vec<TcpStream> {
    let open = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { continue };
                    let _ = stream.write_all(bytes);
                    open.lock().unwrap().push(stream);
                }
            });
        }
    });
    open.into_inner().unwrap()
}

#[test]
fn everything_at_once_in_one_wait_and_the_right_callback_gets_through() {
    allow_many_files();
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let login = Login::begin(&environment);
    let port = login.port;
    let (memory, threads) = (login.measure("VmHWM"), login.measure("Threads"));
    let mut most_threads = threads;
    let half = format!("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX: ", good("never"));
    let huge = format!("{half}{}", "h".repeat(1024 * 1024));
    for bytes in [&b""[..], half.as_bytes(), &huge.as_bytes()[..64 * 1024], b"GET /favicon.ico HTTP/1.1\r\n\r\n"] {
        let open = a_thousand(port, bytes);
        assert!(open.len() > 900, "{} of 1,000 connections came about", open.len());
        most_threads = most_threads.max(login.measure("Threads"));
    }
    // A megabyte of header, whole.
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| drop(raw(port).write_all(huge.as_bytes())));
        }
    });
    // A page in another tab that guesses: as many answers as it can.
    let (refused, next) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= 10_000 {
                        break;
                    }
                    let what = if n % 2 == 0 { "code=guess" } else { "error=access_denied" };
                    let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { continue };
                    let guess = request(port, "GET", &format!("/callback?{what}&state=guess-{n}"));
                    let _ = stream.write_all(guess.as_bytes());
                    let mut reply = String::new();
                    let _ = stream.read_to_string(&mut reply);
                    refused.fetch_add(usize::from(status(&reply) == 400), Ordering::Relaxed);
                }
            });
        }
    });
    let refused = refused.into_inner();
    assert!(refused > 9_900, "{refused} of 10,000 guesses were refused");
    let grown = login.measure("VmHWM") - memory;
    println!("after all of it {grown} kB more, at most {most_threads} threads, {threads} before");
    assert!(grown < 32 * 1024, "{grown} kB more");
    // Those that have ended are counted by the system a moment longer.
    assert!(most_threads <= threads + 2 * 96, "{most_threads} threads");
    let took = login.ends_well();
    println!("the right login took {took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn the_port_cannot_be_taken_over_while_it_is_waited_on() {
    use rustix::net::sockopt::set_socket_reuseport;
    use rustix::net::{AddressFamily, SocketType, bind, socket};

    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let login = Login::begin(&environment);
    let port = login.port;
    for address in ["127.0.0.1", "0.0.0.0"] {
        let address = SocketAddr::from((address.parse::<Ipv4Addr>().unwrap(), port));
        assert!(TcpListener::bind(address).is_err(), "{address}");
        // What a thief of the same user would do: share the port.
        let thief = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        set_socket_reuseport(&thief, true).unwrap();
        assert!(bind(&thief, &address).is_err(), "{address} is shared");
    }
    // The other family and the other addresses of this machine are not what the browser is sent to.
    let others =
        [TcpListener::bind((Ipv6Addr::LOCALHOST, port)), TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port))];
    // A second run says who holds the port, and takes no other.
    let second = environment.run(&["test", "--direct", "--json", "--no-browser"]).exits(6);
    assert_eq!(second.error_code(), "port_in_use");
    second.says("is held by fitbit-connect (process ");
    login.ends_well();
    for other in others.into_iter().flatten() {
        other.set_nonblocking(true).unwrap();
        assert!(other.accept().is_err(), "nobody was sent there");
    }
}

#[test]
fn requests_that_no_browser_sends_are_refused_and_change_nothing() {
    let (waiting, port) = wire::waiting();
    let line = good("c");
    let host = format!("Host: 127.0.0.1:{port}");
    let cases = [
        ("absolute form", format!("GET http://127.0.0.1:{port}{line} HTTP/1.1\r\n{host}\r\n\r\n"), 404),
        ("authority form", format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n{host}\r\n\r\n"), 404),
        ("asterisk form", format!("OPTIONS * HTTP/1.1\r\n{host}\r\n\r\n"), 404),
        ("HTTP/0.9", format!("GET {line}\r\n\r\n"), 400),
        ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u{12}\u{4}\0\0\0\0\0".to_owned(), 400),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n".to_owned(), 400),
        ("chunked", format!("GET {line} HTTP/1.1\r\n{host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400),
        ("a body", format!("GET {line} HTTP/1.1\r\n{host}\r\nContent-Length: 5\r\n\r\nhello"), 400),
        (
            "two lengths",
            format!("GET {line} HTTP/1.1\r\n{host}\r\nContent-Length: 0\r\ncontent-length: 9\r\n\r\n"),
            400,
        ),
        ("POST", format!("POST {line} HTTP/1.1\r\n{host}\r\nContent-Length: 0\r\n\r\n"), 405),
        ("a form", format!("POST {line} HTTP/1.1\r\n{host}\r\nContent-Length: 6\r\n\r\ncode=x"), 405),
        ("two hosts", format!("GET {line} HTTP/1.1\r\n{host}\r\nhost: evil.example\r\n\r\n"), 400),
        ("a folded header", format!("GET {line} HTTP/1.1\r\n{host}\r\nX: a\r\n b\r\n\r\n"), 400),
        ("a folded host", format!("GET {line} HTTP/1.1\r\nHost:\r\n 127.0.0.1:{port}\r\n\r\n"), 400),
        ("a space before the colon", format!("GET {line} HTTP/1.1\r\nHost : 127.0.0.1:{port}\r\n\r\n"), 400),
        ("NUL in a header", format!("GET {line} HTTP/1.1\r\n{host}\r\nX: \0\r\n\r\n"), 400),
        ("NUL in the target", format!("GET {line}\0 HTTP/1.1\r\n{host}\r\n\r\n"), 400),
        ("NUL in the host", format!("GET {line} HTTP/1.1\r\n{host}\0\r\n\r\n"), 400),
        ("a space in the target", format!("GET {line} x HTTP/1.1\r\n{host}\r\n\r\n"), 400),
        ("a fragment in the target", format!("GET /callback#{line} HTTP/1.1\r\n{host}\r\n\r\n"), 404),
        ("a host with a user", format!("GET {line} HTTP/1.1\r\nHost: u@127.0.0.1:{port}\r\n\r\n"), 400),
        ("a host that is rebound", format!("GET {line} HTTP/1.1\r\nHost: rebound.example:{port}\r\n\r\n"), 400),
        ("a host of another form", format!("GET {line} HTTP/1.1\r\nHost: 2130706433:{port}\r\n\r\n"), 400),
        ("a host in hexadecimal", format!("GET {line} HTTP/1.1\r\nHost: 0x7f.1:{port}\r\n\r\n"), 400),
    ];
    for (name, bytes, expected) in cases {
        let reply = ask(port, &bytes);
        assert_eq!(status(&reply), expected, "{name}: {reply}");
        assert!(!reply.contains(wire::STATE), "{name}");
    }
    // Of several requests on one connection the first alone is looked at.
    let pipelined = format!("{}{}", request(port, "GET", "/favicon.ico"), request(port, "GET", &line));
    let reply = ask(port, &pipelined);
    assert_eq!((status(&reply), reply.matches("HTTP/1.1 ").count()), (404, 1), "{reply}");
    assert_eq!(status(&get(port, "/callback?code=c&state=")), 400);
    soon(&waiting, port);
}

#[test]
fn while_the_right_callback_is_exchanged_whatever_else_comes_is_refused_at_once() {
    for (path, args) in [("/oauth/token", &["test"][..]), ("/token", &["test", "--direct"])] {
        let statuses: Arc<Mutex<Vec<u16>>> = Arc::default();
        let seen = Arc::clone(&statuses);
        let stage = Stage::configured(GoogleHealth, &[]).all_behind(Box::new(move |request, pass| {
            let form = request.form();
            let of = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            let port = of("redirect_uri").and_then(|uri| Url::parse(uri).ok()?.port());
            // Before the login it is asked with a made-up code whether the secret is right, and nobody listens.
            let is_heard =
                |port: &u16| request.path == path && TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok();
            if let Some(port) = port.filter(is_heard) {
                let callback = format!("/callback?code={}&state=guessed", of("code").unwrap());
                let form = format!("POST /callback HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\r\n");
                let replies = [get(port, &callback), get(port, "/favicon.ico"), ask(port, &form)];
                seen.lock().unwrap().extend(replies.iter().map(|reply| status(reply)));
            }
            pass()
        }));
        stage.environment().run_with_robot(&[args, &["--no-browser"]].concat()).exits(0).says("It works: ");
        assert_eq!(*statuses.lock().unwrap(), [400, 404, 405], "{path}");
    }
}

#[test]
fn the_port_is_bound_before_the_address_is_shown() {
    let stage = Stage::configured(GoogleHealth, &[]);
    // Looked at where the address is read.
    Login::begin(&stage.environment()).ends_well();
}

#[test]
fn with_every_port_taken_it_ends_at_once_and_says_which() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let held: Vec<_> = (0..10).map(|n| TcpListener::bind((Ipv4Addr::LOCALHOST, stage.port() + n))).collect();
    let environment = stage.environment();
    let output = environment.run(&["test", "--json"]).exits(6);
    assert_eq!(output.error_code(), "port_in_use");
    let document = output.document();
    let (message, hint) = (&document["error"]["message"], &document["error"]["hint"]);
    assert!(message.as_str().unwrap().contains(&stage.port().to_string()), "{message}");
    assert!(hint.as_str().unwrap().contains("--port"), "{hint}");
    // The search alone, without the checks before it.
    let began = Instant::now();
    let ports = (0..10).map(|n| stage.port() + n);
    assert!(fitbit_connect::loopback::Listener::bind_first(ports).is_err());
    assert!(began.elapsed() < Duration::from_secs(1));
    drop(held);
}

#[test]
fn the_deadline_holds_whatever_clients_do() {
    let (waiting, port) = wire::waiting();
    let done = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        for n in 0..4 {
            let done = &done;
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    if n == 0 {
                        get(port, "/callback?error=x&state=guess");
                    } else if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                        let _ = stream.write_all(b"GET /callback");
                    }
                }
            });
        }
        let began = Instant::now();
        let outcome = waiting.wait(began + Duration::from_secs(1));
        let took = began.elapsed();
        done.store(true, Ordering::Relaxed);
        assert!(matches!(outcome, fitbit_connect::loopback::Outcome::TimedOut));
        assert!(took < Duration::from_secs(2), "{took:?}");
    });
}
