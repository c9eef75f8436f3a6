//! The wait for the person at the browser: keys, a pasted address, and every way to end it.

use crate::leave::way_on;
use crate::outside::PATIENCE;
use crate::stage::{KEEP, MEND, PLAN, Stage, applications, visit};
use crate::terminal_kit::{CTRL_C, ESCAPE, Terminal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fitbit_connect::browser::Browser as _;
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::sandbox::robot::Robot;
use rexpect::process::Signal;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc;
use std::thread;

/// The last words after a login that was cancelled.
const LOGIN_LEFT: &str = "the login was cancelled; everything else is set up";

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
    way_on(&left, LOGIN_LEFT, "the browser");
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
        way_on(&left, LOGIN_LEFT, signal.as_str());
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

    // A code, words, and the addresses of other pages end nothing.
    for no_address in ["4/0AbCdEf", "it says that it is done"] {
        terminal.line(no_address);
        terminal.sees("not an address: one of the keys above, or the address of the final page");
    }
    for wrong in [last.replace("state=", "state=x"), "https://accounts.google.com/signin".to_owned()] {
        terminal.line(&wrong);
        terminal.sees("not accepted:");
    }
    // Of a page that refuses, what to mend.
    terminal.line("https://acme.sandbox.test/login/callback?error=access_denied&error_description=user%20is%20blocked");
    terminal.sees("when it is refused [login_blocked]; this waits on");
    terminal.line("Error 400: redirect_uri_mismatch");
    terminal.sees("when it is refused [redirect_uri_mismatch]; this waits on");
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
    Robot::new(endpoints).open(start, &[]).unwrap();
    let (sender, request) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        BufReader::new(stand_in.accept().unwrap().0).read_line(&mut line).unwrap();
        let _ = sender.send(line);
    });
    let request = request.recv_timeout(PATIENCE).unwrap();
    format!("{listener}{}", request.split(' ').nth(1).unwrap())
}

/// A dialogue whose plan was confirmed: it waits for the browser.
fn waiting(stage: &Stage, more: &[&str]) -> Terminal {
    let mut command = stage.setup(&["--domain", "acme.sandbox.test", "--app", "Acme Web"]);
    command.args(more).envs(stage.sandbox.variables("google-health"));
    let mut terminal = Terminal::open(&command, "");
    terminal.answer(KEEP, "n");
    terminal.choose(PLAN, "Yes, do this");
    terminal.sees("[o] open again [c] copy the address [q] cancel");
    terminal.sees("waiting for the browser");
    terminal.wait_until_hidden();
    terminal
}

#[test]
fn while_the_browser_is_open_keys_open_again_and_copy() {
    let stage = Stage::new();
    let mut terminal = waiting(&stage, &[]);
    let address = stage.browser.address();
    terminal.press("o");
    assert_eq!(stage.browser.address(), address, "the same once more");
    terminal.sees("It was opened in your browser.");
    terminal.press("c");
    terminal.sees("sent to the clipboard of the terminal: the address");
    // Any other key does nothing.
    terminal.press("x");
    visit(&address);
    terminal.sees("It works: Ada Example signed in.");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);
    left.assert_in_order("keys");
    assert!(left.raw.contains(&format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(address.as_str()))), "{:?}", left.raw);
    assert!(!left.seen.contains("waiting for the browser,"), "the countdown is left over\n{}", left.seen);
}

#[test]
fn while_the_browser_is_open_a_key_cancels_and_cleans_up() {
    for key in ["q", ESCAPE, CTRL_C] {
        let stage = Stage::new();
        let mut terminal = waiting(&stage, &[]);
        stage.browser.address();
        assert!(stage.sandbox.applications().len() > applications().len(), "there is no temporary application");
        terminal.press(key);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{key:?}\n{}", left.seen);
        left.assert_in_order(key);
        way_on(&left, LOGIN_LEFT, key);
        assert!(!left.seen.contains("waiting for the browser,"), "the countdown is left over\n{}", left.seen);
        assert_eq!(stage.sandbox.applications(), applications(), "{key:?}: the temporary application is still there");
    }
}

/// The dialogue after the time ran out, with the question what the browser shows.
fn timed_out(stage: &Stage) -> Terminal {
    let mut terminal = waiting(stage, &["--timeout", "1s"]);
    terminal.sees("No answer came within 1s. As a rule it is one of these:");
    terminal.sees("What does the browser show?");
    terminal.sees("ends by itself in 60 s if nothing is typed");
    terminal.sees("press enter to skip");
    terminal.wait_until_hidden();
    terminal
}

#[test]
fn when_nothing_came_the_text_of_the_page_gives_the_diagnosis() {
    for (page, code, exit) in [
        ("Access blocked: This app's request is invalid. Error 400: redirect_uri_mismatch", "redirect_uri_mismatch", 3),
        ("Access blocked: has not completed the Google verification process. Error 403: access_denied", "", 0),
        ("a page about cats", "login_timed_out", 5),
        ("", "login_timed_out", 5),
    ] {
        let stage = Stage::new();
        let mut terminal = timed_out(&stage);
        // The provider took the callback URL a moment ago: that is not likely.
        let causes = terminal.text().split("As a rule it is").nth(1).unwrap().to_owned();
        assert!(causes.contains("Error 403: access_denied") && causes.contains("press Allow"), "{causes}");
        assert!(!causes.contains("redirect_uri_mismatch"), "{causes}");
        // A terminal marks what is pasted, since it was asked to.
        terminal.press(&format!("\u{1b}[200~{page}\u{1b}[201~"));
        if !page.is_empty() {
            terminal.sees("(pasted; enter ends it)");
            terminal.wait_until_hidden();
        }
        terminal.press("\r");
        terminal.choose(MEND, "Leave it at that");
        let left = terminal.end();
        if exit > 0 {
            assert_eq!(left.code, exit, "{page:?}\n{}", left.seen);
        }
        assert!(left.seen.contains(code), "{page:?}\n{}", left.seen);
        left.assert_in_order(page);
        assert_eq!(stage.sandbox.applications(), applications(), "the temporary application is still there");
    }
}

#[test]
fn leaving_at_the_question_what_the_browser_shows_is_clean_and_says_how_to_undo() {
    for keys in [CTRL_C, ESCAPE] {
        let stage = Stage::new();
        let mut terminal = timed_out(&stage);
        // It was removed before the question.
        assert_eq!(stage.sandbox.applications(), applications(), "the temporary application is still there");
        terminal.press(keys);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{}", left.seen);
        left.assert_in_order("the question what the browser shows");
        let command = format!("fitbit-connect remove --delete-connection --config {}", stage.settings.display());
        assert!(left.text.contains(&format!("To undo what was written:\n{command}\n")), "{}", left.seen);
        assert!(left.text.contains("Go on from here with:\nfitbit-connect setup "), "{}", left.seen);
        assert!(!left.text.contains("How to go on?"), "nothing is asked any more\n{}", left.seen);
    }
}
