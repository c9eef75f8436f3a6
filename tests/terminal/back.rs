//! Going back: from every question to the one before it, with the answer of before, and on to the end from there.

use crate::stage::{
    ACCESS, APPLICATIONS, GOOGLE_ID, KEEP, MANAGEMENT_ID, MANAGEMENT_SECRET, PLAN, PROVIDER, REGISTERED, SECRET, Stage,
    TENANT, TOKEN, walk,
};
use crate::terminal_kit::{CTRL_C, Do, Terminal};
use std::collections::BTreeSet;
use std::fs;

/// An answer that stands there already.
const AS_BEFORE: &str = "";

/// What the question before is answered with the second time: what was said before is kept where it is offered.
fn again(step: &Do) -> Do {
    match step {
        Do::Line(question @ (TENANT | GOOGLE_ID | MANAGEMENT_ID), _) => Do::Line(question, AS_BEFORE.into()),
        Do::Tick(question, _) => Do::Tick(question, Vec::new()),
        step => step.clone(),
    }
}

/// Goes back at one place, finds the question before, answers it again, and goes on to the end.
fn back_leads(place: &str, before: &str, pages: bool) {
    let stage = Stage::new();
    let mut route = stage.route("google-health", pages);
    route.insert(Stage::at(&route, KEEP) + 1, Do::Choose(PLAN, "Yes, do this".into()));
    route.pop();
    let at = Stage::at(&route, place);
    let to = route[..at].iter().rposition(|step| step.question().contains(before)).unwrap();
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..at]);
    terminal.back_from(&route[at]);
    terminal.does(&again(&route[to]));
    walk(&mut terminal, &route[to + 1..]);
    let left = terminal.end();
    let what = format!("back from {place} to {before}");
    assert_eq!(left.code, 0, "{what}\n{}", left.seen);
    left.assert_in_order(&what);
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["google-health".to_owned()]), "{what}");
    assert!(stage.kept().contains(&stage.of("google-health", "client_secret")), "{what}");
    let settings = fs::read_to_string(&stage.settings).unwrap();
    assert!(settings.contains("domain = \"acme.sandbox.test\""), "{what}: {settings}");
    assert!(settings.contains(&stage.of("google-health", "client_id")), "{what}: {settings}");
    assert!(!left.seen.lines().any(|line| line.starts_with("? ")), "a question is left over\n{}", left.seen);
}

#[test]
fn back_from_each_of_the_first_questions_leads_to_the_one_before() {
    for (place, before) in [(TENANT, PROVIDER), (REGISTERED, TENANT), ("entered, go on", REGISTERED)] {
        back_leads(place, before, false);
    }
}

#[test]
fn back_from_a_page_leads_to_the_page_before_and_from_the_first_to_the_question() {
    for (place, before) in [("next page", REGISTERED), ("done, go on", "next page")] {
        back_leads(place, before, true);
    }
}

#[test]
fn back_from_the_apps_values_leads_to_the_one_before() {
    for (place, before) in [(GOOGLE_ID, REGISTERED), (SECRET, GOOGLE_ID), (ACCESS, SECRET)] {
        back_leads(place, before, false);
    }
}

#[test]
fn back_on_the_way_into_the_tenant_leads_to_the_one_before() {
    for (place, before) in [(MANAGEMENT_ID, ACCESS), (MANAGEMENT_SECRET, MANAGEMENT_ID), (APPLICATIONS, ACCESS)] {
        back_leads(place, before, false);
    }
}

#[test]
fn back_from_the_last_questions_leads_to_the_one_before() {
    for (place, before) in [(KEEP, APPLICATIONS), (PLAN, KEEP)] {
        back_leads(place, before, false);
    }
}

#[test]
fn from_the_plan_the_whole_way_back_and_forth_again() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    let plan = Stage::at(&route, PLAN);
    walk(&mut terminal, &route[..plan]);
    let before = stage.home.files();
    for question in [PLAN, KEEP, APPLICATIONS, ACCESS, SECRET, GOOGLE_ID, REGISTERED, TENANT] {
        terminal.back_from(&route[Stage::at(&route, question)]);
    }
    // The first question has none before it.
    terminal.asked(PROVIDER);
    let offered = terminal.window().iter().rev().take(4).any(|line| line.contains("Back to the question"));
    assert!(!offered, "{:#?}", terminal.window());
    assert_eq!(stage.home.files(), before, "nothing is written on the way back");
    terminal.does_here(&route[0]);
    walk(&mut terminal, &route[1..]);
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["google-health".to_owned()]));
}

#[test]
fn another_answer_after_going_back_is_the_one_that_holds() {
    let stage = Stage::new();
    let google = stage.route("google-health", false);
    let fitbit = stage.route("fitbit", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    // As far as the secret, and then it is the other provider after all.
    let secret = Stage::at(&google, SECRET);
    walk(&mut terminal, &google[..secret]);
    for question in [SECRET, GOOGLE_ID, REGISTERED, TENANT] {
        terminal.back_from(&google[Stage::at(&google, question)]);
    }
    walk(&mut terminal, &fitbit);
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["fitbit".to_owned()]));
    let settings = fs::read_to_string(&stage.settings).unwrap();
    assert!(settings.contains("provider = \"fitbit\"") && !settings.contains("googleusercontent"), "{settings}");
}

#[test]
fn what_was_said_before_is_offered_again() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    walk(&mut terminal, &route[..Stage::at(&route, SECRET)]);
    let id = stage.of("google-health", "client_id");
    let offers = |terminal: &Terminal, value: &str| {
        let window: String = terminal.window().concat().split_whitespace().collect();
        assert!(window.contains(&format!("entertakes{value};")), "{value} is not offered: {window}");
    };
    terminal.back_from(&route[Stage::at(&route, SECRET)]);
    terminal.asked(GOOGLE_ID);
    offers(&terminal, &id);
    terminal.does_here(&Do::Line(GOOGLE_ID, "back".into()));
    terminal.back_from(&route[Stage::at(&route, REGISTERED)]);
    terminal.asked(TENANT);
    offers(&terminal, "acme.sandbox.test");
    terminal.does_here(&Do::Line(TENANT, "back".into()));
    terminal.asked(PROVIDER);
    assert!(terminal.pointed_at().starts_with("> Google Health API"));
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().code, 130);
}

#[test]
fn back_from_a_token_leads_to_the_choice() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    walk(&mut terminal, &route[..Stage::at(&route, ACCESS)]);
    terminal.choose(ACCESS, "A Management API token");
    terminal.back_from(&Do::Line(TOKEN, String::new()));
    terminal.asked(ACCESS);
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().code, 130);
}
