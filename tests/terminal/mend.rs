//! Failures are no dead ends: what went wrong is said, and the person mends it and goes on from there.

use crate::outside::Sandbox;
use crate::stage::{
    ACCESS, FITBIT_ID, GOOGLE_ID, MANAGEMENT_ID, MANAGEMENT_SECRET, MEND, PROVIDER, REGISTERED_GOOGLE, SECRET, Stage,
    TENANT, walk,
};
use crate::terminal_kit::{Do, Left, Terminal, instead};
use std::collections::BTreeSet;

/// The rest of the way from here on.
fn goes_on(terminal: &mut Terminal, route: &[Do], from: &str) {
    walk(terminal, &route[Stage::at(route, from)..]);
}

fn assert_is_set_up(stage: &Stage, left: &Left, connection: &str) {
    assert_eq!(left.code, 0, "{}", left.seen);
    left.assert_in_order("a mended failure");
    assert_eq!(stage.sandbox.connections(), BTreeSet::from([connection.to_owned()]));
    for secret in stage.sandbox.secrets() {
        assert!(!left.raw.contains(secret), "a secret is on the screen\n{}", left.text);
    }
}

#[test]
fn after_a_wrong_secret_the_right_one_goes_on() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..Stage::at(&route, SECRET)]);
    let wrong = "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ut";
    for _ in 0..2 {
        terminal.answer(SECRET, wrong);
        terminal.sees("FAILED credentials.accepted");
        terminal.choose(MEND, "Enter the client secret again");
    }
    goes_on(&mut terminal, &route, SECRET);
    let left = terminal.end();
    assert!(!left.raw.contains(wrong));
    assert_is_set_up(&stage, &left, "google-health");
    assert_eq!(left.seen.matches("2 of 6").count(), 1, "what was right is not done again\n{}", left.seen);
}

#[test]
fn after_an_unknown_client_id_another_one_goes_on() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..Stage::at(&route, GOOGLE_ID)]);
    terminal.answer(GOOGLE_ID, "123456789012-nobodyhasthisone.apps.googleusercontent.com");
    terminal.choose(MEND, "Enter another client ID");
    goes_on(&mut terminal, &route, GOOGLE_ID);
    assert_is_set_up(&stage, &terminal.end(), "google-health");
}

#[test]
fn a_wrong_tenant_is_named_anew_where_it_is_found_out() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..1]);
    terminal.answer(TENANT, "wrong.sandbox.test");
    walk(&mut terminal, &route[2..=Stage::at(&route, GOOGLE_ID)]);
    // The app has the callback URL of the right one.
    terminal.sees("https://wrong.sandbox.test/login/callback");
    terminal.choose(MEND, "Change an answer");
    terminal.choose("Which one?", "tenant");
    terminal.answer(TENANT, &instead("acme.sandbox.test"));
    goes_on(&mut terminal, &route, SECRET);
    assert_is_set_up(&stage, &terminal.end(), "google-health");
}

#[test]
fn after_a_wrong_management_secret_the_right_one_goes_on() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..Stage::at(&route, MANAGEMENT_SECRET)]);
    terminal.answer(MANAGEMENT_SECRET, "not-the-secret-of-this-client");
    terminal.choose(MEND, "Enter other Management API credentials");
    goes_on(&mut terminal, &route, ACCESS);
    let left = terminal.end();
    assert!(!left.raw.contains("not-the-secret-of-this-client"));
    assert_is_set_up(&stage, &left, "google-health");
}

#[test]
fn a_callback_that_is_not_registered_is_looked_at_again_after_it_was_entered() {
    let stage = Stage::with(&["--fault", "redirect-mismatch"]);
    let mended = Sandbox::start(&stage.home, &[]);
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..=Stage::at(&route, GOOGLE_ID)]);
    terminal.sees("redirect_uri_mismatch");
    // Nobody has entered it yet: it says the same again, and is asked about again.
    terminal.choose(MEND, "Look again");
    terminal.sees("redirect_uri_mismatch");
    terminal.choose(MEND, "Leave it at that");
    let left = terminal.end();
    assert_eq!(left.code, 3, "{}", left.seen);
    left.assert_in_order("a callback that is not registered");
    assert!(left.seen.contains("https://acme.sandbox.test/login/callback"), "{}", left.seen);
    drop(mended);
}

#[test]
fn where_a_provider_is_shut_down_the_other_one_is_chosen() {
    let stage = Stage::with(&["--fault", "shut-down"]);
    let google = Stage::new();
    // One provider that is shut down, everything else of a simulator without a fault.
    let mut text = String::from("[profiles.default.endpoints]\n");
    let endpoints = |stage: &Stage| stage.sandbox.document["endpoints"].as_object().unwrap().clone();
    let (shut, alive) = (endpoints(&stage), endpoints(&google));
    for (origin, target) in &alive {
        let target = if origin.contains("fitbit.com") { &shut[origin] } else { target };
        text += &format!("{origin:?} = {target}\n");
    }
    std::fs::write(&google.settings, text).unwrap();
    let route = google.route("google-health", false);
    let mut terminal = Terminal::open(&google.setup(&["--skip-login"]), "");
    terminal.choose(PROVIDER, "Fitbit Web API");
    terminal.does(&route[1]);
    terminal.sees("provider_shut_down");
    terminal.choose(MEND, "Choose another provider");
    terminal.does(&route[0]);
    walk(&mut terminal, &route[2..]);
    let left = terminal.end();
    assert_is_set_up(&google, &left, "google-health");
    assert!(!left.text.contains(FITBIT_ID) || left.text.contains(REGISTERED_GOOGLE));
}

#[test]
fn what_is_wrong_with_no_answer_is_looked_at_again_or_left() {
    for (fault, code, exit) in [("tenant-down", "", 6), ("entity-limit", "", 3), ("no-client-grant", "", 4)] {
        let stage = Stage::with(&["--fault", fault]);
        let route = stage.route("google-health", false);
        let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
        let last = Stage::at(&route, MANAGEMENT_ID) + 1;
        if fault == "entity-limit" {
            // Known only when it is written: that is the end of the dialogue.
            walk(&mut terminal, &route);
        } else {
            walk(&mut terminal, &route[..=last]);
            terminal.choose(MEND, "Leave it at that");
        }
        let left = terminal.end();
        assert_eq!(left.code, exit, "{fault}\n{}", left.seen);
        assert!(left.text.contains(code), "{fault}");
        left.assert_in_order(fault);
    }
}
