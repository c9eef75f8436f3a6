//! Owns the tests of the dialogue: the real program in a real terminal, with a sandbox in a process of its own.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod outside;
mod terminal_kit;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fitbit_connect::browser::Browser as _;
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::sandbox::robot::Robot;
use outside::{Handover, Home, PATIENCE, Sandbox, free_port};
use rexpect::process::Signal;
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use terminal_kit::{Left, Terminal};

const CTRL_C: &str = "\u{3}";

/// Walks through the sandbox's pages like a person in a hurry, up to the last address.
fn visit(address: &url::Url) {
    Robot::new(Default::default()).open(address).unwrap();
}

/// What a question is answered with.
#[derive(Clone)]
enum Reply {
    Keys(&'static str),
    Line(String),
    Hidden(String),
}

/// A home with a sandbox, and settings that only say where it is.
struct Stage {
    home: Home,
    sandbox: Sandbox,
    browser: Handover,
    settings: PathBuf,
    port: String,
}

impl Stage {
    fn new() -> Self {
        let home = Home::new();
        let sandbox = Sandbox::start(&home, &[]);
        let browser = Handover::new(&home);
        let settings = home.path("mine.toml");
        sandbox.write_addresses(&settings);
        Self { home, sandbox, browser, settings, port: free_port().to_string() }
    }

    /// `setup` with nothing preset, secrets in a file.
    fn setup(&self, more: &[&str]) -> Command {
        let mut command = self.home.program(&["setup", "--store", "file", "--port", &self.port, "--config"]);
        command.arg(&self.settings).args(more).env("BROWSER", self.browser.variable());
        command
    }

    /// The same with every value given and only the live login left for the person.
    fn given(&self, more: &[&str]) -> Command {
        let mut command = self.setup(&["--yes", "--all-apps", "--domain", "acme.sandbox.test"]);
        command.args(more).envs(self.sandbox.variables("google-health"));
        command
    }

    /// The whole dialogue up to the browser, question by question.
    fn dialogue(&self, provider: &str) -> Vec<(&'static str, Reply)> {
        let of = |whose: &str, which: &str| self.sandbox.credential(whose, which).to_owned();
        let fitbit = provider == "fitbit";
        vec![
            ("Which provider do people log in with", Reply::Keys(if fitbit { "j\r" } else { "\r" })),
            ("Auth0 tenant domain, for example acme.eu.auth0.com ›", Reply::Line("https://Acme.sandbox.test/".into())),
            (
                if fitbit { "Open https://dev.fitbit.com/" } else { "Open https://console" },
                Reply::Keys(consent(fitbit)),
            ),
            ("Copy https://acme.sandbox.test/login/callback to the clipboard", Reply::Keys("y")),
            ("Client ID ›", Reply::Line(of(provider, "client_id"))),
            ("Client secret (not shown)", Reply::Hidden(of(provider, "client_secret"))),
            ("How may this program use the Management API", Reply::Keys("\r")),
            ("Client ID of the Management API client ›", Reply::Line(of("management", "client_id"))),
            ("Secret of the Management API client (not shown)", Reply::Hidden(of("management", "client_secret"))),
            ("Which applications may log people in", Reply::Keys(" j \r")),
            ("Keep the Management API client's secret too", Reply::Keys(consent(fitbit))),
            ("Do this in acme.sandbox.test", Reply::Keys("y")),
        ]
    }

    fn assert_nothing_was_done(&self, before: &BTreeSet<(PathBuf, Vec<u8>)>, what: &str) {
        assert_eq!(self.home.files(), *before, "{what}");
        assert!(self.sandbox.connections().is_empty(), "{what}");
        assert_eq!(self.sandbox.applications(), applications(), "{what}");
        assert!(self.browser.is_unused(), "{what}");
    }
}

fn consent(yes: bool) -> &'static str {
    if yes { "y" } else { "n" }
}

/// The applications of the sandbox's tenant before anybody does anything.
fn applications() -> BTreeSet<String> {
    ["Acme Mobile", "Acme Web", "All Applications", "Management (machine to machine)"].map(str::to_owned).into()
}

fn answer(terminal: &mut Terminal, reply: &Reply) {
    match reply {
        Reply::Keys(keys) => terminal.press(keys),
        Reply::Line(text) => terminal.line(text),
        Reply::Hidden(text) => {
            terminal.wait_until_hidden();
            terminal.line(text);
        }
    }
}

fn assert_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is missing, or not in its place, in\n{text}"));
        rest = &rest[at + part.len()..];
    }
}

fn assert_left_in_order(left: &Left, what: &str) {
    assert!(left.terminal_is_as_before, "{what}: the echo is off\n{}", left.text);
    assert!(left.cursor_is_shown(), "{what}: the cursor is hidden\n{}", left.text);
}

#[test]
fn the_sandbox_dialogue_goes_from_the_first_question_to_the_end() {
    let home = Home::new();
    let browser = Handover::new(&home);
    let before = home.files();
    let mut command = home.program(&["setup", "--sandbox", "--port", &free_port().to_string()]);
    command.env("BROWSER", browser.variable());
    let mut terminal = Terminal::open(&command, "");
    terminal.expect("Which applications may log people in");
    terminal.press(" \r");
    terminal.expect("Do this in acme.sandbox.test");
    terminal.press("\r");
    terminal.expect("Open this address in a browser");
    let address = browser.address();
    visit(&address);
    terminal.expect("It works: Ada Example signed in.");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    let steps = [
        "1 of 6  Register an app",
        "2 of 6  Enter the callback URL",
        "3 of 6  Copy the client ID and secret",
        "4 of 6  Enter them in Auth0",
        "5 of 6  Enable the connection",
        "Plan for",
        "6 of 6  Test the connection",
        "Done",
    ];
    assert_in_order(&left.text, &steps);
    // The address is alone on its line, however long it is.
    assert!(left.text.lines().any(|line| line == address.as_str()), "{}", left.text);
    assert_left_in_order(&left, "the end");
    assert_eq!(home.files(), before, "--sandbox writes nothing");
}

fn the_complete_dialogue(provider: &str) {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    for (question, reply) in stage.dialogue(provider) {
        terminal.expect(question);
        answer(&mut terminal, &reply);
    }
    if provider == "fitbit" {
        assert_eq!(stage.browser.address().host_str(), Some("dev.fitbit.com"), "the page of step 1");
    }
    visit(&stage.browser.address());
    // Fitbit's display name is the given name.
    terminal.expect(if provider == "fitbit" { "It works: Ada signed in." } else { "It works: Ada Example signed in." });
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert_left_in_order(&left, "the end");
    let copied = STANDARD.encode("https://acme.sandbox.test/login/callback");
    assert!(left.raw.contains(&format!("\u{1b}]52;c;{copied}\u{7}")), "nothing is on the clipboard");
    assert_in_order(
        &left.text,
        &["Which provider", "1 of 6", "2 of 6", "3 of 6", "4 of 6", "5 of 6", "6 of 6", "Done"],
    );

    let settings = fs::read_to_string(&stage.settings).unwrap();
    let store = stage.home.path("mine.secrets.toml");
    let kept = fs::read_to_string(&store).unwrap();
    for secret in stage.sandbox.secrets() {
        assert!(!left.raw.contains(secret), "a secret is on the screen\n{}", left.text);
        assert!(!settings.contains(secret), "{settings}");
    }
    assert!(kept.contains(stage.sandbox.credential(provider, "client_secret")));
    let agreed = provider == "fitbit";
    assert_eq!(kept.contains(stage.sandbox.credential("management", "client_secret")), agreed, "as the person said");
    assert_eq!(settings.contains("management_client_id"), agreed, "{settings}");
    for file in [&stage.settings, &store] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    assert!(settings.contains(&format!("provider = \"{provider}\"")), "{settings}");
    assert!(settings.contains("domain = \"acme.sandbox.test\""), "{settings}");
    assert_eq!(stage.sandbox.connections(), BTreeSet::from([provider.to_owned()]));
    assert_eq!(stage.sandbox.applications(), applications(), "the temporary application is still there");
}

#[test]
fn the_complete_dialogue_for_google_health() {
    the_complete_dialogue("google-health");
}

#[test]
fn the_complete_dialogue_for_fitbit() {
    the_complete_dialogue("fitbit");
}

#[test]
fn a_value_that_cannot_be_right_is_asked_for_again_with_the_reason() {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&["--provider", "google-health"]), "");
    terminal.expect("Auth0 tenant domain, for example acme.eu.auth0.com ›");
    terminal.line("acme.sandbox.test:443");
    terminal.expect("Auth0 tenant domain, for example acme.eu.auth0.com ›");
    terminal.line("acme.sandbox.test");
    terminal.expect("Open https://console");
    terminal.press("n");
    terminal.expect("to the clipboard");
    terminal.press("n");
    terminal.expect("Client ID ›");
    terminal.line(stage.sandbox.credential("fitbit", "client_id"));
    terminal.expect("Client ID ›");
    terminal.line(stage.sandbox.credential("google-health", "client_id"));
    for wrong in ["****abcd", "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ut"] {
        terminal.expect("Client secret (not shown)");
        terminal.wait_until_hidden();
        terminal.line(wrong);
    }
    terminal.expect("FAILED  credentials.accepted");
    terminal.expect("Client secret (not shown)");
    terminal.wait_until_hidden();
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.text);
    assert!(!left.text.contains("not-the-one-that-was-given-out"), "{}", left.text);
    assert_left_in_order(&left, "after refusals");
}

#[test]
fn control_c_at_any_question_leaves_everything_as_it_was() {
    let stage = Stage::new();
    let before = stage.home.files();
    let dialogue = stage.dialogue("google-health");
    for at in 0..dialogue.len() {
        let mut terminal = Terminal::open(&stage.setup(&[]), "");
        for (question, reply) in &dialogue[..at] {
            terminal.expect(question);
            answer(&mut terminal, reply);
        }
        let (question, reply) = &dialogue[at];
        terminal.expect(question);
        if matches!(reply, Reply::Hidden(_)) {
            terminal.wait_until_hidden();
        }
        terminal.press(CTRL_C);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{question}\n{}", left.text);
        assert_left_in_order(&left, question);
        assert_eq!(left.text.matches("[cancelled]").count(), 1, "said once: {question}\n{}", left.text);
        stage.assert_nothing_was_done(&before, question);
    }
}

#[test]
fn control_c_is_the_same_however_the_threads_run() {
    // A question sees the key, and so does the handler of the signal: whoever is first, the person sees one ending.
    let stage = Stage::new();
    for _ in 0..12 {
        let mut terminal = Terminal::open(&stage.setup(&[]), "");
        terminal.expect("Which provider do people log in with");
        terminal.press(CTRL_C);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{}", left.text);
        assert_left_in_order(&left, "the first question");
        assert_eq!(left.text.matches("[cancelled]").count(), 1, "{}", left.text);
    }
}

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
    assert_left_in_order(&left, "the browser");
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
fn escape_and_a_secret_left_empty_three_times_leave_like_control_c() {
    let stage = Stage::new();
    let before = stage.home.files();
    for (args, question, keys) in [
        (&[][..], "Which provider do people log in with", "\u{1b}"),
        (&["--provider", "google-health", "--domain", "acme.sandbox.test", "--client-id"][..], "(not shown)", "\r"),
    ] {
        let mut command = stage.setup(args);
        if args.len() > 2 {
            command.arg(stage.sandbox.credential("google-health", "client_id"));
        }
        let mut terminal = Terminal::open(&command, "");
        terminal.expect(question);
        if args.len() > 2 {
            terminal.wait_until_hidden();
        }
        terminal.press(keys);
        if args.len() > 2 {
            // Asked for again, and not for ever.
            for _ in 0..2 {
                terminal.expect("It is needed here; Ctrl-C ends without it");
                terminal.expect(question);
                terminal.wait_until_hidden();
                terminal.press(keys);
            }
        }
        let left = terminal.end();
        assert_eq!(left.code, 130, "{}", left.text);
        assert_left_in_order(&left, question);
        stage.assert_nothing_was_done(&before, question);
    }
}

#[test]
fn without_both_a_keyboard_and_a_screen_nobody_is_asked() {
    let stage = Stage::new();
    let before = stage.home.files();
    let missing = stage.home.path("stderr");
    let to_file = format!("2>'{}'", missing.display());
    let cases: [(&str, &str, &[&str]); 4] =
        [("", "</dev/null", &[]), ("", &to_file, &[]), ("true", "", &[]), ("", "", &["--no-input"])];
    for (ci, redirect, args) in cases {
        let mut command = stage.setup(args);
        command.env("CI", ci);
        let left = Terminal::open(&command, redirect).end();
        let said = format!("{}{}", left.text, fs::read_to_string(&missing).unwrap_or_default());
        assert_eq!(left.code, 2, "{redirect} {said}");
        for flag in
            ["--provider", "--client-id", "--client-secret-file", "--domain", "--token-file", "--all-apps", "--yes"]
        {
            assert!(said.contains(flag), "{flag} is not named: {said}");
        }
        assert!(!said.contains('›') && !said.contains("Which provider"), "somebody was asked: {said}");
        let _ = fs::remove_file(&missing);
        stage.assert_nothing_was_done(&before, redirect);
    }
}

#[test]
fn an_empty_ci_variable_counts_as_unset() {
    let stage = Stage::new();
    let mut command = stage.setup(&[]);
    command.env("CI", "");
    let mut terminal = Terminal::open(&command, "");
    terminal.expect("Which provider do people log in with");
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().code, 130);
}

#[test]
fn nothing_typed_shows_the_help_and_asks_nobody() {
    let left = Terminal::open(&Home::new().program(&[]), "").end();
    assert_eq!(left.code, 2, "{}", left.text);
    assert!(left.text.contains("Usage: fitbit-connect") && left.text.contains("Examples:"), "{}", left.text);
    assert!(left.text.lines().count() <= 24, "it scrolls away: {}", left.text);
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

#[test]
fn colour_is_used_when_it_is_wanted_and_only_then() {
    let escape = '\u{1b}';
    let run = |args: &[&str], variables: &[(&str, &str)], redirect: &str| {
        let stage = Stage::new();
        let out = stage.home.path("stderr");
        let mut command = stage.given(&["--dry-run"]);
        command.args(args).envs(variables.iter().copied());
        let left = Terminal::open(&command, &redirect.replace("FILE", out.to_str().unwrap())).end();
        assert_eq!(left.code, 0, "{}", left.text);
        left.raw + &fs::read_to_string(&out).unwrap_or_default()
    };
    assert!(run(&[], &[], "").contains("\u{1b}[1m"), "a terminal gets colour");
    for (args, variables, redirect) in [
        (&[][..], &[("NO_COLOR", "1")][..], ""),
        (&["--color", "never"], &[], ""),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], ""),
        (&[], &[("TERM", "dumb")], ""),
        (&[], &[], "2>FILE"),
        (&[], &[("NO_COLOR", "1")], "2>FILE"),
    ] {
        let said = run(args, variables, redirect);
        assert!(!said.is_empty() && !said.contains(escape), "{args:?} {variables:?} {redirect}: {said:?}");
    }
    for (args, variables) in [
        (&["--color", "always"][..], &[][..]),
        (&["--color", "always"], &[("NO_COLOR", "1")]),
        (&[], &[("CLICOLOR_FORCE", "1")]),
    ] {
        let said = run(args, variables, "2>FILE");
        assert!(said.contains("\u{1b}[1m"), "{args:?} {variables:?}: {said:?}");
    }
}

#[test]
fn no_color_holds_for_questions_too() {
    let stage = Stage::new();
    let mut command = stage.setup(&[]);
    command.env("NO_COLOR", "1");
    let mut terminal = Terminal::open(&command, "");
    terminal.expect("Which provider do people log in with");
    terminal.press("\r");
    terminal.expect("Auth0 tenant domain");
    terminal.press(CTRL_C);
    let left = terminal.end();
    // What moves the cursor ends with another letter than what colours (ECMA-48, SGR is `m`).
    let colours = left
        .raw
        .split("\u{1b}[")
        .skip(1)
        .filter(|rest| rest.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).starts_with('m'));
    assert_eq!(colours.count(), 0, "{:?}", left.raw);
}

#[test]
fn a_list_to_choose_from_is_not_wider_than_a_usual_terminal() {
    // Lines are taken back one by one when the list is drawn anew: the first half of a line that wraps is left over.
    let stage = Stage::new();
    for (args, question) in [(&[][..], "Which provider do people"), (&["--sandbox"], "Which applications may log")] {
        let mut terminal = Terminal::open(&stage.setup(args), "");
        terminal.expect(question);
        terminal.press("jjj");
        terminal.press(CTRL_C);
        let left = terminal.end();
        let asked = left.text.split("\nerror").next().unwrap();
        let wide: Vec<&str> =
            asked[asked.find(question).unwrap() - 2..].lines().filter(|l| l.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

#[test]
fn ctrl_c_ends_the_sandbox_like_a_person_would_expect() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home.program(&["sandbox"]), "");
    terminal.expect("Ready. Ctrl-C ends it.");
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert!([0, 130].contains(&left.code), "{}", left.text);
    assert!(!left.text.contains("error"), "{}", left.text);
    assert!(left.text.contains("The sandbox has ended."), "{}", left.text);
}
