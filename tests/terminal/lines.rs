//! A line that is typed: its editing, what is pasted into it, and what stands there after enter.

use crate::door::door;
use crate::stage::{
    ACCESS, GOOGLE_ID, PLAN, PROVIDER, REGISTERED_GOOGLE, SECRET, Stage, TENANT, assert_in_order, walk,
};
use crate::terminal_kit::{CTRL_C, Do, Terminal};
use std::fs;
use std::sync::Mutex;
use std::sync::mpsc;

const CTRL_A: &str = "\u{1}";
const CTRL_E: &str = "\u{5}";
const CTRL_K: &str = "\u{b}";
const CTRL_U: &str = "\u{15}";
const CTRL_W: &str = "\u{17}";
const LEFT: &str = "\u{1b}[D";
const DELETE: &str = "\u{1b}[3~";

/// As a terminal marks what is pasted.
fn pasted(text: &str) -> String {
    format!("\u{1b}[200~{text}\u{1b}[201~")
}

/// A dialogue that stands at the question for the tenant.
fn at_the_tenant(stage: &Stage, rows: u16, columns: u16) -> Terminal {
    let mut terminal = Terminal::open_sized(&stage.setup(&[]), "", rows, columns);
    let route = stage.route("google-health", false);
    walk(&mut terminal, &route[..1]);
    terminal.reach(&route[1]);
    terminal
}

#[test]
fn a_line_is_edited_as_in_a_shell() {
    let stage = Stage::new();
    let right = "acme.sandbox.test";
    for (keys, what) in [
        (format!("something else{CTRL_U}{right}"), "Ctrl-U"),
        (format!("{right} and more{CTRL_W}{CTRL_W}"), "Ctrl-W"),
        (format!("sandbox.test{CTRL_A}acme."), "Ctrl-A"),
        (format!("me.sandbox{CTRL_A}ac{CTRL_E}.test"), "Ctrl-E"),
        (format!("{right}.example{}{CTRL_K}", LEFT.repeat(8)), "Ctrl-K"),
        (format!("acme.sandbox..test{}{DELETE}", LEFT.repeat(5)), "arrows and delete"),
        ("acme.sandbox.tex\u{7f}st".to_owned(), "backspace"),
        (pasted(&format!(" {right}\n")), "a paste with what a page puts around it"),
    ] {
        let mut terminal = at_the_tenant(&stage, 24, 80);
        terminal.line(&keys);
        terminal.sees(&format!("> {TENANT} {right}"));
        terminal.sees("ok tenant.reachable acme.sandbox.test answers as an Auth0 tenant");
        terminal.asked(REGISTERED_GOOGLE);
        terminal.press(CTRL_C);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{what}\n{}", left.seen);
        left.assert_in_order(what);
        assert!(left.seen.contains(&format!("\n> {TENANT} {right}\n")), "{what}\n{}", left.seen);
    }
}

#[test]
fn after_enter_one_line_with_the_answer_stands_in_place_of_the_question() {
    let stage = Stage::new();
    for (rows, columns) in [(24, 80), (24, 40), (30, 33)] {
        let mut terminal = Terminal::open_sized(&stage.setup(&[]), "", rows, columns);
        let route = stage.route("google-health", false);
        let id = stage.of("google-health", "client_id");
        walk(&mut terminal, &route[..Stage::at(&route, SECRET)]);
        // An empty secret, one that is refused, and back: then the ID of before, by enter alone.
        terminal.refused(SECRET, "", "it is empty");
        terminal.refused(SECRET, "two words", "the client secret holds a space");
        terminal.answer(SECRET, "back");
        terminal.answer(GOOGLE_ID, "");
        terminal.refused(SECRET, "****abcd", "it is masked");
        terminal.reach(&Do::Line(SECRET, String::new()));
        terminal.press(CTRL_C);
        let left = terminal.end();
        let seen: String = left.seen.split_whitespace().collect();
        let squeezed = |text: &str| text.split_whitespace().collect::<String>();
        let answered = |question: &str, answer: &str| squeezed(&format!("> {question} {answer}"));
        let parts = [
            answered(PROVIDER, "Google Health API"),
            answered(TENANT, "https://Acme.sandbox.test/ ok tenant.reachable"),
            answered(REGISTERED_GOOGLE, "Yes, I have its client ID and"),
            answered(GOOGLE_ID, &format!("{id} ok provider.alive")),
            answered(SECRET, "not accepted: it is empty"),
            answered(SECRET, "******** not accepted:"),
            answered(SECRET, "back 3 of 6 Copy"),
            answered(GOOGLE_ID, &id),
            answered(SECRET, "******** not accepted:"),
        ];
        assert_in_order(&seen, &parts.iter().map(String::as_str).collect::<Vec<_>>());
        // Only the question that was left is still open, and only its help is still there.
        assert_eq!(seen.matches("Escleaves]").count(), 1, "{columns}\n{}", left.seen);
        let open = left.seen.lines().filter(|line| line.starts_with("? ")).count();
        assert_eq!(open, 1, "{columns}\n{}", left.seen);
        // What stood above a question is still there, once.
        for heading in ["1 of 6", "2 of 6", "testfromthismachine", "Googleshowsitonce", "Enterthem,onebyone"] {
            assert_eq!(seen.matches(&squeezed(heading)).count(), 1, "{heading} in {columns}\n{}", left.seen);
        }
        assert!(!left.raw.contains("two words") && !left.raw.contains("abcd"), "{:?}", left.raw);
    }
}

#[test]
fn a_question_with_a_default_says_what_enter_takes() {
    let stage = Stage::new();
    let folder = stage.home.path(".config/auth0");
    fs::create_dir_all(&folder).unwrap();
    let settings = r#"{"install_id": "a-secret-that-is-nobodys-business", "default_tenant": "acme.sandbox.test",
                       "tenants": {"acme.sandbox.test": {"access_token": "eyJnobodys.business.either"}}}"#;
    fs::write(folder.join("config.json"), settings).unwrap();
    let mut terminal = at_the_tenant(&stage, 24, 80);
    let window: String = terminal.window().concat().split_whitespace().collect();
    assert!(window.contains("thedefaultistheAuth0CLI'stenant;entertakesacme.sandbox.test;"), "{window}");
    terminal.does_here(&Do::Line(TENANT, String::new()));
    terminal.sees("ok tenant.reachable acme.sandbox.test answers as an Auth0 tenant");
    // Another answer goes before it.
    terminal.back_from(&Do::Choose(REGISTERED_GOOGLE, String::new()));
    terminal.answer(TENANT, "wrong.sandbox.test");
    terminal.sees("FAILED tenant.reachable wrong.sandbox.test");
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.seen);
    assert!(left.seen.contains(&format!("\n> {TENANT} acme.sandbox.test\n")), "{}", left.seen);
    assert!(!left.raw.contains("business"), "{:?}", left.raw);

    // What is no tenant's name is no default.
    fs::write(folder.join("config.json"), r#"{"default_tenant": "not\u001b[2Ja name"}"#).unwrap();
    let mut terminal = at_the_tenant(&stage, 24, 80);
    assert!(!terminal.text().contains("enter takes"), "{}", terminal.text());
    terminal.press(CTRL_C);
    assert!(!terminal.end().raw.contains("\u{1b}[2J"));
}

#[test]
fn whatever_is_pasted_takes_one_row_and_moves_nothing() {
    let stage = Stage::new();
    let harm = "evil\u{1b}[2J \u{1b}[1;1H\u{7}\r\nlines\n\u{9b}31m\u{202e}\t";
    let long = "many words and ".repeat(334);
    assert!(long.len() > 5000);
    for (rows, columns) in [(24, 80), (20, 40)] {
        let mut terminal = at_the_tenant(&stage, rows, columns);
        let before = terminal.window();
        let row = before.iter().rposition(|line| line == ">").unwrap();
        let said = terminal.raw().len();
        terminal.press(&pasted(&format!("{harm}{long}END")));
        // The end of the line is where the cursor is.
        terminal.expect("END");
        let after = terminal.window();
        for (n, (one, other)) in before.iter().zip(&after).enumerate() {
            assert!(n == row || one == other, "row {n} in {columns}: {one:?} became {other:?}\n{after:#?}");
        }
        assert!(after[row].starts_with("> ") && after[row].ends_with("END"), "{after:#?}");
        // At its beginning there are marks in place of what would have moved the cursor.
        terminal.press(CTRL_A);
        terminal.expect("> evil\u{fffd}[2J \u{fffd}[1;1H\u{fffd}");
        let after = terminal.window();
        assert!(before.iter().zip(&after).enumerate().all(|(n, (one, other))| n == row || one == other), "{after:#?}");
        let raw = terminal.raw()[said..].to_owned();
        for harm in ["\u{1b}[2J", "\u{1b}[1;1H", "\u{7}", "\u{9b}", "\u{202e}"] {
            assert!(!raw.contains(harm), "{harm:?} reached the terminal: {raw:?}");
        }
        // All of it goes with two keys, and the question is answered as if nothing had been.
        terminal.press(CTRL_E);
        terminal.line(&format!("{CTRL_U}acme.sandbox.test"));
        terminal.sees("ok tenant.reachable acme.sandbox.test answers as an Auth0 tenant");
        terminal.asked(REGISTERED_GOOGLE);
        terminal.press(CTRL_C);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{}", left.seen);
        left.assert_in_order("a paste");
        assert!(!left.seen.contains("evil") && !left.seen.contains("many words"), "{}", left.seen);
        assert_eq!(left.seen.matches("? Auth0 tenant").count(), 0, "{}", left.seen);
    }
}

#[test]
fn a_paste_that_is_entered_is_refused_with_the_reason_and_harms_nothing() {
    let stage = Stage::new();
    let mut terminal = at_the_tenant(&stage, 24, 80);
    terminal.line(&pasted("acme\u{1b}[2J.sandbox.test\u{7}\nand more"));
    terminal.sees("not accepted:");
    // However long it is: what stands above does not leave the window.
    terminal.reach(&Do::Line(TENANT, String::new()));
    terminal.line(&pasted(&"many words and ".repeat(334)));
    terminal.sees("not accepted: it has a space in it");
    let window = terminal.window();
    assert!(window.iter().any(|line| line.starts_with("> Which provider")), "{window:#?}");
    assert!(window.iter().any(|line| line.ends_with("...")), "{window:#?}");
    terminal.answer(TENANT, "acme.sandbox.test");
    terminal.asked(REGISTERED_GOOGLE);
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert!(!left.raw.contains("\u{1b}[2J") && left.seen.contains("Log in with Fitbit"), "{:?}", left.raw);
}

#[test]
fn a_secret_that_is_typed_before_its_question_is_there_is_not_shown() {
    let stage = Stage::new();
    let (go_on, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let client_id = stage.of("google-health", "client_id");
    // The authorize page lets itself be waited for, as soon as it is about this client.
    door(&stage, "https://accounts.google.com", move |request| {
        if request.contains("client_id=") {
            let _ = held.lock().unwrap().recv();
        }
        None
    });
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    terminal.asked(PROVIDER);
    let at = Stage::at(&route, GOOGLE_ID);
    terminal.does_here(&route[0]);
    walk(&mut terminal, &route[1..at]);
    terminal.answer(GOOGLE_ID, &client_id);
    terminal.sees("asking accounts.google.com");
    // Nobody asks now, and still nothing that is typed is shown.
    terminal.wait_until_hidden();
    let secret = stage.of("google-health", "client_secret");
    terminal.line(&secret);
    terminal.sees("asking accounts.google.com 2 s");
    assert!(!terminal.raw().contains(&secret[..8]), "{:?}", terminal.raw());
    drop(go_on);
    // It is the answer to the question that comes then.
    terminal.sees(&format!("> {SECRET} ********"));
    terminal.sees("ok credentials.accepted");
    terminal.asked(ACCESS);
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.seen);
    left.assert_in_order("typed too early");
    assert!(!left.raw.contains(&secret[..8]), "{:?}", left.raw);
}

#[test]
fn from_the_first_question_on_the_echo_is_off_and_stays_so() {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    let route = stage.route("google-health", true);
    let plan = Stage::at(&route, PLAN);
    terminal.reach(&route[0]);
    let watch = terminal.watch_echo();
    terminal.does_here(&route[0]);
    walk(&mut terminal, &route[1..plan]);
    terminal.reach(&route[plan]);
    assert!(!watch.was_on(), "it was on between two questions\n{}", terminal.text());
    terminal.does_here(&route[plan]);
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);
    left.assert_in_order("the end");
}

#[test]
fn whoever_brings_the_echo_back_at_a_hidden_question_shows_no_secret() {
    let stage = Stage::new();
    let id = stage.of("google-health", "client_id");
    let mut terminal = Terminal::open(&stage.setup(&["--domain", "acme.sandbox.test", "--client-id", &id]), "");
    terminal.asked(SECRET);
    // What a shell does with a program that was stopped and goes on.
    terminal.echo_on();
    terminal.wait_until_hidden();
    terminal.line(&stage.of("google-health", "client_secret"));
    terminal.sees("> Client secret: ********");
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert!(!left.raw.contains(&stage.of("google-health", "client_secret")), "{:?}", left.raw);
    left.assert_in_order("after the echo was brought back");
}
