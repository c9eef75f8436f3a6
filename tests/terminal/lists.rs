//! The list of applications: what is in it, what is ticked, how one among a thousand is found, and names that mean harm.

use crate::crowd::crowd;
use crate::stage::{APPLICATIONS, KEEP, PLAN, Stage};
use crate::terminal_kit::{CTRL_C, Do, Terminal};
use serde_json::Value;

/// A dialogue that stands at the list.
fn at_the_list(stage: &Stage, rows: u16, columns: u16) -> Terminal {
    let mut command = stage.setup(&["--domain", "acme.sandbox.test", "--skip-login"]);
    command.envs(stage.sandbox.variables("google-health"));
    let mut terminal = Terminal::open_sized(&command, "", rows, columns);
    terminal.asked(APPLICATIONS);
    terminal
}

#[test]
fn one_application_among_a_thousand_is_found_by_typing() {
    let stage = Stage::new();
    crowd(&stage, (0..1000).map(|n| format!("Application number {n:04}")).collect());
    let mut terminal = at_the_list(&stage, 24, 80);
    let shown = terminal.window().iter().filter(|line| line.contains("[ ]")).count();
    assert!((3..=12).contains(&shown), "the list fills the window: {:#?}", terminal.window());
    terminal.press("0777");
    terminal.sees("Application number 0777");
    terminal.waits_for_pointer("Application number 0777");
    terminal.switch();
    terminal.press("\r");
    terminal.sees(&format!("> {APPLICATIONS} Application number 0777"));
    terminal.answer(KEEP, "n");
    terminal.asked(PLAN);
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert!(left.seen.contains("enable it for Application number 0777"), "{}", left.seen);
    assert_eq!(left.seen.matches("enable it for").count(), 1, "{}", left.seen);
}

#[test]
fn machines_are_not_in_the_list_and_what_is_enabled_now_is_ticked() {
    let stage = Stage::with(&["--configured", "google-health"]);
    let mut terminal = at_the_list(&stage, 24, 80);
    let window = terminal.window();
    let line = |name: &str| window.iter().find(|line| line.contains(name)).cloned();
    let enabled: Value = stage.sandbox.ask("/api/v2/connections");
    let id = enabled[0]["id"].as_str().unwrap();
    let on = stage.sandbox.ask(&format!("/api/v2/connections/{id}/clients")).to_string();
    for (name, client_id) in [("Acme Web", "SandboxWeb"), ("Acme Mobile", "SandboxMobile")] {
        let ticked = line(name).unwrap().contains("[x]");
        assert_eq!(ticked, on.contains(client_id), "{name}: {window:#?}");
    }
    assert!(on.contains("Sandbox"), "nothing is enabled, so nothing is seen: {on}");
    assert!(line("Management (machine to machine)").is_none() && line("All Applications").is_none(), "{window:#?}");
    assert!(terminal.text().contains("One machine-to-machine application is not listed"), "{window:#?}");
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().code, 130);
}

#[test]
fn nothing_ticked_is_asked_for_again_and_not_taken_for_an_answer() {
    let stage = Stage::new();
    let mut terminal = at_the_list(&stage, 24, 80);
    terminal.press("\r");
    terminal.sees("not accepted: nothing is selected");
    terminal.tick(APPLICATIONS, &["Acme Web", "Acme Mobile"]);
    terminal.answer(KEEP, "n");
    terminal.asked(PLAN);
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert!(left.seen.contains("enable it for Acme Web") && left.seen.contains("enable it for Acme Mobile"));
}

#[test]
fn a_name_that_means_harm_cannot_move_the_cursor() {
    let stage = Stage::new();
    let names = ["Evil\u{1b}[2J\u{1b}[1;1Hpwned", "Right\u{202e}to left", "Bell\u{7}\u{9b}31m", "Two\u{2028}lines"];
    crowd(&stage, names.map(str::to_owned).into());
    for columns in [80, 40] {
        let mut terminal = at_the_list(&stage, 24, columns);
        let before = terminal.raw();
        for harm in ["\u{1b}[2J", "\u{1b}[1;1H", "\u{202e}", "\u{7}\u{9b}", "\u{9b}31m", "\u{2028}"] {
            assert!(!before.contains(harm), "{harm:?} reached the terminal: {before:?}");
        }
        let window = terminal.window();
        let question = window.iter().position(|line| line.starts_with("? Which applications")).unwrap();
        assert!(question > 0, "the list is not where it was: {window:#?}");
        assert!(window.iter().any(|line| line.contains("Evil\\u{1b}[2J")), "{window:#?}");
        terminal.does_here(&Do::Tick(APPLICATIONS, vec!["Evil".into()]));
        terminal.answer(KEEP, "n");
        terminal.asked(PLAN);
        terminal.press(CTRL_C);
        let left = terminal.end();
        assert!(!left.raw.contains("\u{1b}[2J") && !left.raw.contains('\u{202e}'), "{:?}", left.raw);
        assert!(left.seen.contains("Log in with Fitbit"), "it was erased\n{}", left.seen);
    }
}

#[test]
fn a_list_leaves_one_line_in_a_window_of_any_size() {
    let stage = Stage::new();
    crowd(
        &stage,
        (0..40).map(|n| format!("An application with a name as long as names sometimes are {n:02}")).collect(),
    );
    for (rows, columns) in [(24, 80), (20, 50), (20, 40), (12, 40)] {
        let mut terminal = at_the_list(&stage, rows, columns);
        let question = |line: &&String| line.starts_with("? Which applications");
        assert_eq!(terminal.window().iter().filter(question).count(), 1, "{columns}: {:#?}", terminal.window());
        terminal.point_at("An application with");
        for _ in 0..30 {
            terminal.down();
        }
        assert_eq!(terminal.window().iter().filter(question).count(), 1, "{columns}: {:#?}", terminal.window());
        terminal.switch();
        terminal.press("\r");
        terminal.sees(&format!("> {APPLICATIONS}"));
        terminal.reach(&Do::Line(KEEP, String::new()));
        terminal.press(CTRL_C);
        let left = terminal.end();
        let asked = left.seen.lines().filter(|line| line.contains("Which applications may")).count();
        assert_eq!(asked, 1, "{rows}x{columns}: the list is drawn over and over\n{}", left.seen);
        assert!(!left.seen.contains("[ ]") && !left.seen.contains("[x]"), "{rows}x{columns}\n{}", left.seen);
    }
}
