//! The complete dialogue in narrow windows and without colour: nothing is left over on the screen, and it works.

use crate::stage::{PLAN, Stage, visit, walk};
use crate::terminal_kit::{Left, Terminal};
use std::collections::BTreeSet;

/// The whole way in a window of that size.
fn whole(stage: &Stage, rows: u16, columns: u16, variables: &[(&str, &str)], pages: bool) -> Left {
    let mut command = stage.setup(&[]);
    command.envs(variables.iter().copied());
    let mut terminal = Terminal::open_sized(&command, "", rows, columns);
    walk(&mut terminal, &stage.route("google-health", pages));
    visit(&stage.browser.address());
    terminal.sees("It works: Ada Example signed in.");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);
    left.assert_in_order("a narrow window");
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["google-health".to_owned()]));
    left
}

/// Every question stands there once, answered; what helped to answer it is gone.
fn assert_nothing_is_left_over(left: &Left, what: &str) {
    let seen: String = left.seen.split_whitespace().collect();
    assert!(!left.seen.lines().any(|line| line.starts_with("? ")), "{what}: a question is left over\n{}", left.seen);
    for stale in ["Escleaves]", "[enter]", "[esc]leave", "[]", "[x]", "left)", "arrowsmove"] {
        assert!(!seen.contains(stale), "{what}: {stale} is left over\n{}", left.seen);
    }
    for question in
        ["Whichproviderdopeople", "ClientID,ordrag", "Clientsecret:", "Howmaythisprogram", "Whichapplicationsmay"]
    {
        assert_eq!(seen.matches(&format!(">{question}")).count(), 1, "{what}: {question}\n{}", left.seen);
    }
    assert_eq!(seen.matches(&format!(">{}", PLAN.replace(' ', ""))).count(), 1, "{what}\n{}", left.seen);
    assert!(!seen.contains("waitingforthebrowser,"), "{what}: the countdown is left over\n{}", left.seen);
}

#[test]
fn in_a_window_of_80_columns_nothing_is_left_over() {
    let stage = Stage::new();
    assert_nothing_is_left_over(&whole(&stage, 24, 80, &[], true), "80x24");
}

#[test]
fn in_a_window_of_50_columns_nothing_is_left_over() {
    let stage = Stage::new();
    assert_nothing_is_left_over(&whole(&stage, 20, 50, &[], true), "50x20");
}

#[test]
fn in_a_window_of_40_columns_nothing_is_left_over() {
    let stage = Stage::new();
    assert_nothing_is_left_over(&whole(&stage, 20, 40, &[], false), "40x20");
}

#[test]
fn without_colour_the_whole_dialogue_is_the_same() {
    let colours = |raw: &str| {
        // What colours ends with `m` (ECMA-48, SGR); what moves the cursor with another letter.
        let last = |rest: &str| rest.chars().find(char::is_ascii_alphabetic);
        raw.split("\u{1b}[").skip(1).filter(|rest| last(rest) == Some('m')).count()
    };
    let (plain, coloured) = (Stage::new(), Stage::new());
    let without = whole(&plain, 24, 80, &[("NO_COLOR", "1")], false);
    let with = whole(&coloured, 24, 80, &[], false);
    assert_eq!(colours(&without.raw), 0, "{:?}", without.raw);
    assert!(colours(&with.raw) > 0, "there is a difference to see");
    assert_nothing_is_left_over(&without, "NO_COLOR");
}
