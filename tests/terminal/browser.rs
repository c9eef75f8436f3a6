//! The wait for the person at the browser: keys, a pasted address, and every way to end it.

use crate::outside::PATIENCE;
use crate::stage::{Stage, applications};
use crate::terminal_kit::{CTRL_C, Terminal};
use fitbit_connect::browser::Browser as _;
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::sandbox::robot::Robot;
use rexpect::process::Signal;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc;
use std::thread;

#[test]
fn control_c_while_the_browser_is_open_cleans_up() {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.given(&[]), "");
    terminal.expect("Waiting up to 5m for the answer on http://127.0.0.1:");
    let address = stage.browser.address();
    assert!(stage.sandbox.applications().len() > applications().len(), "there is no temporary application");
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.text);
    left.assert_in_order("the browser");
    assert_eq!(left.text.matches("[cancelled]").count(), 1, "{}", left.text);
    assert_eq!(stage.sandbox.applications(), applications(), "the temporary application is still there");

    // What is there now is taken up by the next run.
    let mut terminal = Terminal::open(&stage.given(&["--skip-login"]), "");
    terminal.expect("Done");
    let again = terminal.end();
    assert_eq!(again.code, 0, "{}", again.text);
    assert!(!again.text.contains("  + ") && !again.text.contains("  ~ "), "nothing is left to do\n{}", again.text);
    assert!(address.as_str().starts_with("http://127.0.0.1:"));
}

#[test]
fn a_terminal_that_is_closed_while_the_browser_is_open_leaves_nothing_behind() {
    let stage = Stage::new();
    for signal in [Signal::SIGHUP, Signal::SIGTERM] {
        let mut terminal = Terminal::open(&stage.given(&[]), "");
        terminal.expect("Waiting up to 5m for the answer on http://127.0.0.1:");
        stage.browser.address();
        assert!(stage.sandbox.applications().len() > applications().len(), "there is no temporary application");
        terminal.signal(signal);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{signal}\n{}", left.text);
        assert_eq!(stage.sandbox.applications(), applications(), "{signal}: the temporary application is still there");
    }
}

#[test]
fn the_final_address_can_be_pasted_while_the_listener_waits() {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.given(&["--no-browser"]), "");
    terminal.expect("Open this address in a browser");
    terminal.expect("for the answer on http://127.0.0.1:");
    assert!(stage.browser.is_unused(), "--no-browser opens nothing");
    let text = terminal.text();
    let address = text.lines().find(|line| line.starts_with("http://127.0.0.1:") && line.contains("/authorize?"));
    let address: url::Url = address.unwrap().parse().unwrap();
    let last = last_address(&address);

    terminal.line("4/0AbCdEf");
    terminal.expect("not accepted");
    terminal.line(&last.replace("state=", "state=x"));
    terminal.expect("not accepted");
    terminal.line(&last);
    terminal.expect("It works: Ada Example signed in.");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert_eq!(stage.sandbox.applications(), applications());
}

/// Walks as far as the last redirect, which goes to a stand-in for the listener: the address that a person would copy.
fn last_address(start: &url::Url) -> String {
    let (_, callback) = start.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap();
    let listener = callback.strip_suffix("/callback").unwrap().to_owned();
    let stand_in = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut endpoints = Endpoints::default();
    endpoints.add(&listener, &format!("http://{}", stand_in.local_addr().unwrap())).unwrap();
    Robot::new(endpoints).open(start).unwrap();
    let (sender, request) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        BufReader::new(stand_in.accept().unwrap().0).read_line(&mut line).unwrap();
        let _ = sender.send(line);
    });
    let request = request.recv_timeout(PATIENCE).unwrap();
    format!("{listener}{}", request.split(' ').nth(1).unwrap())
}
