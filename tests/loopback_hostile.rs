//! Owns the tests of the loopback listener against clients that are slow, silent, huge, broken or many.
//!
//! Each ends with a right callback that must get through soon.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod wire;

use fitbit_connect::loopback::Page;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wire::{answer, ask, get, good, raw, request, soon, status, waiting};

/// The longest a right callback may take.
const SOON: Duration = Duration::from_secs(2);

/// The tests hold many sockets themselves, more than many systems allow at first.
#[cfg(unix)]
fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.map_or(4096, |maximum| maximum.min(4096));
    if now.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum }).unwrap();
    }
}

#[cfg(not(unix))]
fn allow_many_files() {}

#[test]
fn a_thousand_idle_connections_do_not_hold_up_the_right_one() {
    allow_many_files();
    let (waiting, port) = waiting();
    let started = Instant::now();
    let idle: Vec<_> = (0..1000).map(|_| raw(port)).collect();
    let opened = started.elapsed();
    let took = soon(&waiting, port);
    println!("1,000 idle connections opened in {opened:?}, the right callback took {took:?}");
    assert!(took < SOON);
    drop(idle);
}

#[test]
fn half_requests_and_slow_ones_do_not_hold_up_the_right_one() {
    allow_many_files();
    let (waiting, port) = waiting();
    let done = Arc::new(AtomicBool::new(false));
    let line = request(port, "GET", &good("never"));
    let slow: Vec<_> = (0..70)
        .map(|n| {
            let (done, line) = (Arc::clone(&done), line.clone());
            thread::spawn(move || {
                let mut stream = raw(port);
                for byte in line.as_bytes().iter().take(20 + n) {
                    if done.load(Ordering::Relaxed) || stream.write_all(&[*byte]).is_err() {
                        return;
                    }
                    thread::sleep(Duration::from_millis(25));
                }
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(200));
    assert!(soon(&waiting, port) < SOON);
    done.store(true, Ordering::Relaxed);
    slow.into_iter().for_each(|slow| slow.join().unwrap());
}

#[test]
fn a_silent_client_is_shown_out_after_five_seconds() {
    let (waiting, port) = waiting();
    let mut silent = raw(port);
    let mut dripping = raw(port);
    let started = Instant::now();
    let drip = thread::spawn(move || {
        while dripping.write_all(b"G").is_ok() && started.elapsed() < Duration::from_secs(12) {
            thread::sleep(Duration::from_millis(100));
        }
        started.elapsed()
    });
    let _ = silent.read(&mut [0; 1]);
    assert!((4..8).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    assert!(drip.join().unwrap() < Duration::from_secs(8), "dripping bytes buys no time");
    soon(&waiting, port);
}

#[test]
fn huge_and_broken_requests_cost_little_and_change_nothing() {
    let (waiting, port) = waiting();
    let line = good("x");
    let cookie = format!("GET {line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {}\r\n\r\n", "c".repeat(1 << 20));
    assert!(matches!(status(&ask(port, &cookie)), 400 | 0));
    let target = format!("GET {line}&{} HTTP/1.1\r\n\r\n", "c".repeat(1 << 20));
    assert!(matches!(status(&ask(port, &target)), 400 | 0));
    let many: String = (0..2000).map(|n| format!("X{n}: y\r\n")).collect();
    assert!(matches!(status(&ask(port, &format!("GET {line} HTTP/1.1\r\n{many}\r\n"))), 400 | 0));
    let below: String = (0..200).map(|n| format!("X{n}: y\r\n")).collect();
    let below = format!("GET {line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{below}\r\n");
    assert_eq!(status(&ask(port, &below)), 400, "more headers than any browser sends");
    let mut endless = raw(port);
    let flood = thread::spawn(move || {
        let mut sent = 0;
        while sent < 64 << 20 && endless.write_all(&[b'a'; 65536]).is_ok() {
            sent += 65536;
        }
        sent
    });
    for _ in 0..20 {
        drop(raw(port));
        raw(port).write_all(&[0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]).unwrap();
    }
    assert!(soon(&waiting, port) < SOON);
    assert!(flood.join().unwrap() < 64 << 20, "an endless head is cut off");
}

#[test]
fn a_browser_that_reads_nothing_cannot_hold_up_the_end() {
    let (waiting, port) = waiting();
    let mut browser = raw(port);
    browser.write_all(request(port, "GET", &good("c")).as_bytes()).unwrap();
    let held = answer(&waiting).page.unwrap();
    let started = Instant::now();
    let next = vec!["x".repeat(150); 20_000];
    held.finish(&Page::Success { name: None, connection: "fitbit".into(), next });
    drop(waiting);
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());

    let (waiting, port) = wire::waiting();
    raw(port).write_all(request(port, "GET", &good("c")).as_bytes()).unwrap();
    let held = answer(&waiting).page.unwrap();
    thread::sleep(Duration::from_millis(50));
    held.finish(&Page::Success { name: None, connection: "fitbit".into(), next: vec![] });
}

#[test]
fn a_flood_does_not_hold_up_the_right_one() {
    allow_many_files();
    let (waiting, port) = waiting();
    let (done, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let flood: Vec<_> = (0..3)
        .map(|n| {
            let (done, count) = (Arc::clone(&done), Arc::clone(&count));
            thread::spawn(move || {
                let mut open = std::collections::VecDeque::new();
                while !done.load(Ordering::Relaxed) {
                    if n == 0 {
                        get(port, "/callback?error=x");
                    } else if let Ok(stream) = std::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port)) {
                        open.push_back(stream);
                        if open.len() > 100 {
                            open.pop_front();
                        }
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(500));
    let took = soon(&waiting, port);
    done.store(true, Ordering::Relaxed);
    flood.into_iter().for_each(|flood| flood.join().unwrap());
    println!("the right callback took {took:?} among {} others", count.load(Ordering::Relaxed));
    assert!(took < SOON);
}
