//! Failures are no dead ends: what went wrong is said, and the person mends it and goes on from there.

use crate::door::door;
use crate::leave::way_on;
use crate::outside::Sandbox;
use crate::stage::{
    ACCESS, APPLICATIONS, FITBIT_ID, GOOGLE_ID, MANAGEMENT_SECRET, MEND, PLAN, PROVIDER, REGISTERED, REGISTERED_GOOGLE,
    SECRET, Stage, TENANT, assert_in_order, visit, walk,
};
use crate::terminal_kit::{Do, Left, Terminal};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

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
fn a_tenant_that_leads_nowhere_is_named_anew_at_once() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..1]);
    terminal.answer(TENANT, "wrong.sandbox.test");
    terminal.sees("FAILED tenant.reachable wrong.sandbox.test could not be reached");
    terminal.asked(MEND);
    assert!(terminal.pointed_at().starts_with("> Enter another tenant domain"), "{:#?}", terminal.window());
    // Looking again is no dead end either.
    terminal.does_here(&Do::Choose(MEND, "Look again".into()));
    terminal.sees("FAILED tenant.reachable wrong.sandbox.test could not be reached");
    terminal.choose(MEND, "Enter another tenant domain");
    goes_on(&mut terminal, &route, TENANT);
    let left = terminal.end();
    assert_is_set_up(&stage, &left, "google-health");
    // Nothing was shown that a person would have entered at the provider with the wrong name in it.
    assert!(!left.text.contains("https://wrong.sandbox.test/"), "{}", left.seen);
    let answers = ["FAILED  tenant.reachable", "ok      tenant.reachable", "1 of 6  Register an app", "2 of 6"];
    assert_in_order(&left.seen, &answers);
    assert_eq!(left.seen.matches("1 of 6").count(), 1, "{}", left.seen);
    assert_eq!(left.seen.matches("  tenant.reachable").count(), 3, "it is asked once for each look\n{}", left.seen);
}

#[test]
fn a_wrong_tenant_is_named_anew_where_it_is_found_out() {
    let stage = Stage::new();
    // Another one that answers, but whose callback URL nobody has registered.
    let settings = fs::read_to_string(&stage.settings).unwrap();
    let acme = settings.lines().find(|line| line.starts_with("\"https://acme.sandbox.test\"")).unwrap().to_owned();
    fs::write(&stage.settings, format!("{settings}{}\n", acme.replace("acme", "wrong"))).unwrap();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..1]);
    terminal.answer(TENANT, "wrong.sandbox.test");
    walk(&mut terminal, &route[2..=Stage::at(&route, GOOGLE_ID)]);
    // The app has the callback URL of the right one.
    terminal.sees("https://wrong.sandbox.test/login/callback");
    terminal.choose(MEND, "Change an answer");
    terminal.choose("Which one?", "tenant");
    terminal.answer(TENANT, "acme.sandbox.test");
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
    fs::write(&google.settings, text).unwrap();
    let route = google.route("google-health", false);
    let mut terminal = Terminal::open(&google.setup(&["--skip-login"]), "");
    terminal.choose(PROVIDER, "Fitbit Web API");
    terminal.does(&route[1]);
    terminal.sees("provider_shut_down");
    terminal.choose(MEND, "Choose another provider");
    // The list begins with another one than the one that is gone.
    terminal.waits_for_pointer("Google Health API");
    terminal.does(&route[0]);
    walk(&mut terminal, &route[2..]);
    let left = terminal.end();
    assert_is_set_up(&google, &left, "google-health");
    assert!(!left.text.contains(FITBIT_ID) || left.text.contains(REGISTERED_GOOGLE));
}

#[test]
fn what_is_wrong_with_no_answer_is_looked_at_again_or_left() {
    for (fault, code, exit) in [
        ("tenant-down", "service_unavailable", 6),
        ("entity-limit", "entity_limit_reached", 3),
        ("no-client-grant", "management_client_not_authorized", 4),
    ] {
        let stage = Stage::with(&["--fault", fault]);
        let route = stage.route("google-health", false);
        let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
        let last = match fault {
            "tenant-down" => TENANT,
            // Known only when it is written.
            "entity-limit" => PLAN,
            _ => MANAGEMENT_SECRET,
        };
        walk(&mut terminal, &route[..=Stage::at(&route, last)]);
        terminal.choose(MEND, "Look again");
        if last == PLAN {
            // The plan is made anew, and asked about again.
            terminal.choose(PLAN, "Yes, do this");
        }
        terminal.choose(MEND, "Leave it at that");
        let left = terminal.end();
        assert_eq!(left.seen.matches(&format!("> {MEND}")).count(), 2, "{fault}\n{}", left.seen);
        assert_eq!(left.code, exit, "{fault}\n{}", left.seen);
        assert!(left.text.contains(&format!("[{code}]")), "{fault}\n{}", left.seen);
        left.assert_in_order(fault);
    }
}

/// A tenant in which the first attempt to create a connection fails.
fn refuses_the_first_connection(stage: &Stage) {
    let attempts = AtomicUsize::new(0);
    door(stage, "https://acme.sandbox.test", move |request| {
        let first = request == "POST /api/v2/connections" && attempts.fetch_add(1, Ordering::SeqCst) == 0;
        let refusal = json!({"statusCode": 403, "error": "Forbidden", "errorCode": "too_many_entities",
                             "message": "You reached the limit of entities of this type for this tenant."});
        first.then_some((403, refusal))
    });
}

#[test]
fn what_fails_while_it_is_written_is_mended_and_goes_on_to_the_end() {
    let stage = Stage::new();
    refuses_the_first_connection(&stage);
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    walk(&mut terminal, &route);
    terminal.asked(MEND);
    assert!(stage.sandbox.connections().is_empty());
    // What was written before the failure stays.
    assert!(stage.kept().contains(&stage.of("google-health", "client_secret")));
    let before = terminal.text().len();
    terminal.does_here(&Do::Choose(MEND, "Look again".into()));
    terminal.asked(PLAN);
    let plan = terminal.text()[before..].to_owned();
    assert!(plan.contains("+ create the connection google-health"), "{plan}");
    terminal.does_here(&Do::Choose(PLAN, "Yes, do this".into()));
    visit(&stage.browser.address());
    terminal.sees("It works: Ada Example signed in.");
    assert_is_set_up(&stage, &terminal.end(), "google-health");
}

#[test]
fn leaving_after_a_failed_write_does_not_say_that_nothing_was_written() {
    let stage = Stage::new();
    refuses_the_first_connection(&stage);
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route);
    terminal.choose(MEND, "Look again");
    terminal.choose(PLAN, "Leave, and write nothing");
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.seen);
    way_on(&left, "nothing more was written", "the second plan");
    assert!(stage.kept().contains(&stage.of("google-health", "client_secret")));
    assert!(stage.sandbox.connections().is_empty());
}

#[test]
fn after_a_failed_write_another_answer_can_be_given() {
    let stage = Stage::new();
    refuses_the_first_connection(&stage);
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route);
    terminal.choose(MEND, "Change an answer");
    terminal.choose("Which one?", "connection");
    terminal.answer("Name of the connection in Auth0:", "health-of-acme");
    terminal.choose(PLAN, "Yes, do this");
    assert_is_set_up(&stage, &terminal.end(), "health-of-acme");
    let settings = fs::read_to_string(&stage.settings).unwrap();
    assert!(settings.contains("connection = \"health-of-acme\""), "{settings}");
}

#[test]
fn going_back_after_a_tenant_was_mended_leads_to_its_question() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..1]);
    terminal.answer(TENANT, "wrong.sandbox.test");
    terminal.choose(MEND, "Enter another tenant domain");
    terminal.does(&route[1]);
    terminal.back_from(&route[Stage::at(&route, REGISTERED)]);
    terminal.asked(TENANT);
    terminal.sees(">");
    assert!(terminal.window().concat().contains("enter takes acme.sandbox.test"), "{:#?}", terminal.window());
    terminal.does_here(&Do::Line(TENANT, String::new()));
    goes_on(&mut terminal, &route, REGISTERED);
    assert_is_set_up(&stage, &terminal.end(), "google-health");
}

#[test]
fn a_name_that_was_refused_is_not_offered_to_be_taken_again() {
    let stage = Stage::with(&["--configured", "google-health", "--fault", "wrong-strategy"]);
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route[..Stage::at(&route, APPLICATIONS)]);
    terminal.choose(MEND, "Use another connection name");
    terminal.answer("Name of the connection in Auth0:", "");
    goes_on(&mut terminal, &route, APPLICATIONS);
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);
    assert!(stage.sandbox.connections().contains("google-health-2"), "{}", left.seen);
}
