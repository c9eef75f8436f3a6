//! Where nobody is asked, and what a terminal changes besides the questions: colour, `CI`, a closed keyboard.

use crate::outside::Home;
use crate::stage::Stage;
use crate::terminal_kit::{CTRL_C, Terminal};
use std::fs;

#[test]
fn without_both_a_keyboard_and_a_screen_nobody_is_asked() {
    let stage = Stage::new();
    let before = stage.home.files();
    let missing = stage.home.path("stderr");
    let to_file = format!("2>'{}'", missing.display());
    let cases: [(&str, &str, &[&str]); 5] = [
        ("", "</dev/null", &[]),
        ("", "</dev/null", &["--plain"]),
        ("", &to_file, &[]),
        ("true", "", &[]),
        ("", "", &["--no-input"]),
    ];
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
        assert!(!said.contains("Which provider"), "somebody was asked: {said}");
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
fn a_secret_is_not_typed_where_the_terminal_shows_it() {
    let stage = Stage::new();
    for flag in ["--client-secret-file", "--token-file"] {
        let left = Terminal::open(&stage.setup(&[flag, "-"]), "").end();
        assert_eq!(left.code, 2, "{}", left.text);
        let said = left.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.contains("a terminal shows what is typed") && said.contains(&format!("{flag} - < FILE")),
            "{said}"
        );
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
