//! The dialogue without redrawing: numbered lines, words for keys, and not one escape sequence.

use crate::leave::way_on;
use crate::stage::{
    ACCESS, APPLICATIONS, BY_HAND, GOOGLE_ID, KEEP, MANAGEMENT_ID, MANAGEMENT_SECRET, PLAN, PLAN_BY_HAND, PROVIDER,
    REGISTERED_GOOGLE, SECRET, Stage, TENANT, applications, visit,
};
use crate::terminal_kit::{CTRL_C, Left, Terminal};
use std::collections::BTreeSet;
use std::fs;

/// What the way asks, and what is answered: a line each.
fn route(stage: &Stage) -> Vec<(&'static str, String, bool)> {
    let line = |question, answer: &str| (question, answer.to_owned(), false);
    let hidden = |question, answer: String| (question, answer, true);
    vec![
        line(PROVIDER, "1"),
        line(TENANT, "acme.sandbox.test"),
        line(REGISTERED_GOOGLE, "2"),
        line("enter: entered, go on", ""),
        line(GOOGLE_ID, &stage.of("google-health", "client_id")),
        hidden(SECRET, stage.of("google-health", "client_secret")),
        line(ACCESS, "1"),
        line(MANAGEMENT_ID, &stage.of("management", "client_id")),
        hidden(MANAGEMENT_SECRET, stage.of("management", "client_secret")),
        line(APPLICATIONS, "1"),
        line(KEEP, "n"),
        line(PLAN, "1"),
    ]
}

/// Waits until a line is to be typed: the help comes first, and the question itself right above the answer.
fn reach(terminal: &mut Terminal, question: &str, hidden: bool) {
    let asks = match question {
        PROVIDER | REGISTERED_GOOGLE | ACCESS | PLAN | PLAN_BY_HAND | BY_HAND => "Number:",
        APPLICATIONS => "Numbers, for example 1 3:",
        "enter: entered, go on" => "What next?",
        _ => "",
    };
    if !asks.is_empty() {
        terminal.sees(question);
    }
    terminal.sees("Ctrl-C leaves");
    terminal.expect("\n");
    terminal.sees(if asks.is_empty() { question } else { asks });
    terminal.expect("\n");
    if hidden {
        terminal.wait_for_hidden_keys();
    } else {
        terminal.wait_until_shown();
    }
}

fn walk(terminal: &mut Terminal, route: &[(&str, String, bool)]) {
    for (question, answer, hidden) in route {
        reach(terminal, question, *hidden);
        terminal.line(answer);
    }
}

fn assert_plain(stage: &Stage, left: &Left) {
    assert!(!left.raw.contains('\u{1b}'), "{:?}", left.raw);
    left.assert_in_order("plain");
    for secret in stage.sandbox.secrets() {
        assert!(!left.raw.contains(secret), "a secret is on the screen\n{}", left.text);
    }
}

#[test]
fn the_complete_dialogue_line_by_line() {
    for (args, variables) in [(&["--plain"][..], &[][..]), (&[], &[("TERM", "dumb")])] {
        let stage = Stage::new();
        let mut command = stage.setup(args);
        command.envs(variables.iter().copied());
        let mut terminal = Terminal::open(&command, "");
        walk(&mut terminal, &route(&stage));
        visit(&stage.browser.address());
        terminal.expect("It works: Ada Example signed in.");
        let left = terminal.end();
        assert_eq!(left.code, 0, "{}", left.text);
        assert_plain(&stage, &left);
        assert_eq!(stage.sandbox.connections(), BTreeSet::from(["google-health".to_owned()]));
        assert_eq!(stage.sandbox.applications(), applications());
        assert!(fs::read_to_string(&stage.settings).unwrap().contains("SandboxWeb"));
    }
}

#[test]
fn back_works_line_by_line() {
    let stage = Stage::new();
    let route = route(&stage);
    let mut terminal = Terminal::open(&stage.setup(&["--plain", "--skip-login"]), "");
    walk(&mut terminal, &route[..5]);
    // From the secret to the client ID, to the question before it, to the tenant.
    walk(&mut terminal, &[(SECRET, "back".into(), true), (GOOGLE_ID, "back".into(), false)]);
    walk(&mut terminal, &[(REGISTERED_GOOGLE, "back".into(), false)]);
    reach(&mut terminal, &format!("{TENANT} [acme.sandbox.test]"), false);
    terminal.line("");
    walk(&mut terminal, &route[2..10]);
    walk(&mut terminal, &[(KEEP, "back".into(), false)]);
    walk(&mut terminal, &route[9..]);
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert_plain(&stage, &left);
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["google-health".to_owned()]));
}

#[test]
fn what_is_wrong_is_said_line_by_line() {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&["--plain"]), "");
    reach(&mut terminal, PROVIDER, false);
    terminal.line("7");
    terminal.expect("not accepted: answer with a number from 1 to 2\nNumber:");
    terminal.line("1");
    reach(&mut terminal, TENANT, false);
    terminal.line("acme.sandbox.test:1");
    terminal.sees("not accepted: it has a port");
    // The question stands right above the next attempt again.
    terminal.expect(&format!("\n{TENANT}\n"));
    terminal.line("acme.sandbox.test");
    walk(&mut terminal, &route(&stage)[2..5]);
    reach(&mut terminal, SECRET, true);
    terminal.line("two words");
    terminal.sees("not accepted: the client secret holds a space");
    terminal.expect(&format!("\n{SECRET}\n"));
    terminal.line("");
    terminal.expect("not accepted: it is empty\n");
    terminal.expect(&format!("\n{SECRET}\n"));
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.text);
    assert_plain(&stage, &left);
    assert!(!left.raw.contains("two words"), "{:?}", left.raw);
}

#[test]
fn by_hand_and_what_is_selected_line_by_line() {
    let stage = Stage::with(&["--configured", "google-health"]);
    let route = route(&stage);
    let mut terminal = Terminal::open(&stage.setup(&["--plain", "--skip-login"]), "");
    walk(&mut terminal, &route[..9]);
    reach(&mut terminal, APPLICATIONS, false);
    let text = terminal.text();
    assert!(text.contains("(selected) Acme Web (SandboxWeb"), "{text}");
    assert!(text.contains("Numbers, for example 1 3: [1"), "{text}");
    terminal.press(CTRL_C);
    assert_plain(&stage, &terminal.end());

    let mut terminal = Terminal::open(&stage.setup(&["--plain"]), "");
    walk(&mut terminal, &route[..6]);
    walk(&mut terminal, &[(ACCESS, "3".into(), false), ("enter: entered, go on", String::new(), false)]);
    let ids = "Client IDs of the applications, separated by commas:";
    walk(&mut terminal, &[(ids, "SandboxWeb0000000000000000000000".into(), false), (PLAN_BY_HAND, "1".into(), false)]);
    walk(&mut terminal, &[(BY_HAND, "1".into(), false)]);
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert!(left.text.contains("authorize.redirect"), "{}", left.text);
    assert_plain(&stage, &left);
}

#[test]
fn control_d_ends_a_line_and_a_secret_and_asks_for_neither_again() {
    let stage = Stage::new();
    let before = stage.home.files();
    let route = route(&stage);
    for at in [1, 5] {
        let (question, _, hidden) = &route[at];
        let mut terminal = Terminal::open(&stage.setup(&["--plain"]), "");
        walk(&mut terminal, &route[..at]);
        reach(&mut terminal, question, *hidden);
        terminal.press("\u{4}");
        let left = terminal.end();
        assert_eq!(left.code, 130, "{question}\n{}", left.text);
        assert_plain(&stage, &left);
        stage.assert_nothing_was_done(&before, question);
    }
}

#[test]
fn control_c_at_any_line_leaves_everything_as_it_was() {
    let stage = Stage::new();
    let before = stage.home.files();
    let route = route(&stage);
    for (at, (question, _, hidden)) in route.iter().enumerate() {
        let mut terminal = Terminal::open(&stage.setup(&["--plain"]), "");
        walk(&mut terminal, &route[..at]);
        reach(&mut terminal, question, *hidden);
        terminal.press(CTRL_C);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{question}\n{}", left.text);
        way_on(&left, "cancelled; nothing more is written", question);
        assert_plain(&stage, &left);
        stage.assert_nothing_was_done(&before, question);
    }
}
