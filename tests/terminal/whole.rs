//! The dialogue from the first question to the end, for both providers, and what is refused on the way.

use crate::outside::{Handover, Home, free_port};
use crate::stage::{
    ACCESS, APPLICATIONS, GOOGLE_ID, MANAGEMENT_ID, PLAN, SECRET, Stage, TENANT, applications, assert_in_order, visit,
    walk,
};
use crate::terminal_kit::{CTRL_C, Do, Left, Terminal, instead};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const STEPS: [&str; 8] = [
    "1 of 6  Register an app",
    "2 of 6  Enter the callback URL",
    "3 of 6  Copy the client ID and secret",
    "4 of 6  Enter them in Auth0",
    "5 of 6  Enable the connection",
    "Plan for",
    "6 of 6  Test the connection",
    "Done",
];

fn copies(left: &Left, value: &str) -> bool {
    left.raw.contains(&format!("\u{1b}]52;c;{}\u{7}", STANDARD.encode(value)))
}

#[test]
fn the_sandbox_dialogue_goes_from_the_first_question_to_the_end() {
    let home = Home::new();
    let browser = Handover::new(&home);
    let before = home.files();
    let mut command = home.program(&["setup", "--sandbox", "--port", &free_port().to_string()]);
    command.env("BROWSER", browser.variable());
    let mut terminal = Terminal::open(&command, "");
    terminal.choose("Which provider", "Google Health API");
    terminal.tick(APPLICATIONS, &["Acme Web"]);
    terminal.choose(PLAN, "Yes, do this");
    terminal.expect("Open this address in a browser");
    let address = browser.address();
    visit(&address);
    terminal.expect("It works: Ada Example signed in.");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert_in_order(&left.seen, &STEPS);
    // The address is alone on its line, however long it is.
    assert!(left.text.lines().any(|line| line == address.as_str()), "{}", left.text);
    left.assert_in_order("the end");
    assert_eq!(home.files(), before, "--sandbox writes nothing");
}

/// What is true after a dialogue that went well.
fn assert_is_set_up(stage: &Stage, provider: &str, left: &Left) {
    assert_eq!(left.code, 0, "{}", left.seen);
    left.assert_in_order("the end");
    assert_in_order(&left.seen, &STEPS);
    let settings = fs::read_to_string(&stage.settings).unwrap();
    let store = stage.home.path("mine.secrets.toml");
    let kept = stage.kept();
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
    assert!(!left.seen.lines().any(|line| line.starts_with("? ")), "a question is left over\n{}", left.seen);
    assert!(!left.seen.contains("[enter]"), "keys are left over\n{}", left.seen);
}

fn logs_in(stage: &Stage, mut terminal: Terminal, provider: &str) -> Left {
    visit(&stage.browser.address());
    // Fitbit's display name is the given name.
    terminal.expect(if provider == "fitbit" { "It works: Ada signed in." } else { "It works: Ada Example signed in." });
    terminal.end()
}

#[test]
fn the_complete_dialogue_for_google_health_page_by_page() {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    let route = stage.route("google-health", true);
    let (first, last) = (Stage::at(&route, "next page"), Stage::at(&route, "done, go on"));
    walk(&mut terminal, &route[..first]);
    let pages = ["Cloud project", "API library", "Branding", "Audience", "Data Access", "Clients"];
    for (n, title) in pages.iter().enumerate() {
        terminal.sees(&format!("Page {} of 6: {title}", n + 1));
        let on = if n == 5 { "done, go on" } else { "next page" };
        if n == 0 {
            terminal.key(on, "o");
            terminal.sees("It was opened in your browser.");
            assert_eq!(stage.browser.address().as_str(), "https://console.cloud.google.com/projectcreate");
        }
        if n == 5 {
            for value in
                ["https://acme.sandbox.test/login/callback", &format!("http://127.0.0.1:{}/callback", stage.port)]
            {
                terminal.key(on, "c");
                terminal.sees(&format!("sent to the clipboard of the terminal: {value}"));
            }
        }
        terminal.key(on, "\r");
    }
    walk(&mut terminal, &route[last + 1..]);
    let left = logs_in(&stage, terminal, "google-health");
    assert_is_set_up(&stage, "google-health", &left);
    assert!(copies(&left, "https://acme.sandbox.test/login/callback"), "nothing is on the clipboard");
    let pages: Vec<String> = (1..=6).map(|n| format!("Page {n} of 6: {}", pages[n - 1])).collect();
    assert_in_order(&left.seen, &pages.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn the_complete_dialogue_for_fitbit_page_by_page() {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    let route = stage.route("fitbit", true);
    let page = Stage::at(&route, "done, go on");
    walk(&mut terminal, &route[..page]);
    terminal.sees("Page 1 of 1: Register an application");
    terminal.key("done, go on", "o");
    assert_eq!(stage.browser.address().host_str(), Some("dev.fitbit.com"), "the page of step 1");
    walk(&mut terminal, &route[page..]);
    let left = logs_in(&stage, terminal, "fitbit");
    assert_is_set_up(&stage, "fitbit", &left);
}

fn whoever_has_an_app_sees_no_page(provider: &str) {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    let route = stage.route(provider, false);
    let urls = Stage::at(&route, "entered, go on");
    walk(&mut terminal, &route[..urls]);
    terminal.key("entered, go on", "c");
    terminal.sees("sent to the clipboard of the terminal: https://acme.sandbox.test/login/callback");
    walk(&mut terminal, &route[urls..]);
    let left = logs_in(&stage, terminal, provider);
    assert_is_set_up(&stage, provider, &left);
    assert!(copies(&left, "https://acme.sandbox.test/login/callback"));
    assert!(!left.text.contains("Page 1 of"), "{}", left.seen);
}

#[test]
fn whoever_has_an_app_at_google_sees_no_page() {
    whoever_has_an_app_sees_no_page("google-health");
}

#[test]
fn whoever_has_an_app_at_fitbit_sees_no_page() {
    whoever_has_an_app_sees_no_page("fitbit");
}

/// A dialogue that stands at the question for Google's client ID.
fn at_the_client_id(stage: &Stage) -> Terminal {
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    let route = stage.route("google-health", false);
    walk(&mut terminal, &route[..Stage::at(&route, GOOGLE_ID)]);
    terminal
}

#[test]
fn a_value_that_cannot_be_right_is_asked_for_again_with_the_reason() {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    let route = stage.route("google-health", false);
    walk(&mut terminal, &route[..1]);
    terminal.refused(TENANT, "acme.sandbox.test:443", "");
    terminal.refused(TENANT, &instead("acme"), "");
    terminal.answer(TENANT, &instead("acme.sandbox.test"));
    let at = Stage::at(&route, GOOGLE_ID);
    walk(&mut terminal, &route[2..at]);
    terminal.refused(GOOGLE_ID, stage.sandbox.credential("fitbit", "client_id"), "");
    terminal.answer(GOOGLE_ID, &instead(&stage.of("google-health", "client_id")));
    terminal.refused(SECRET, "****abcd", "");
    terminal.refused(SECRET, "two words", "");
    walk(&mut terminal, &route[at + 1..at + 3]);
    terminal.refused(MANAGEMENT_ID, &"x".repeat(64), "it is too long for a client ID; is it the secret");
    terminal.asked(MANAGEMENT_ID);
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.text);
    left.assert_in_order("after refusals");
}

#[test]
fn a_secret_where_the_client_id_belongs_does_not_stay_on_the_screen() {
    let stage = Stage::new();
    for secret in [stage.of("google-health", "client_secret"), "GOCSPX-0123456789abcdefghijklmnopqr".to_owned()] {
        let mut terminal = at_the_client_id(&stage);
        terminal.refused(GOOGLE_ID, &secret, "");
        terminal.asked(GOOGLE_ID);
        terminal.press(CTRL_C);
        let left = terminal.end();
        assert!(!left.seen.contains(&secret[..12]), "{}", left.seen);
        let said: String = left.seen.split_whitespace().collect();
        assert!(said.contains("(itlookslikeasecretandisnotshown)"), "{}", left.seen);
    }
}

#[test]
fn googles_client_json_is_taken_however_a_terminal_writes_its_path() {
    let stage = Stage::new();
    let file = stage.home.path("client secret (1).json");
    let (id, secret) = (stage.of("google-health", "client_id"), stage.of("google-health", "client_secret"));
    let json = serde_json::json!({"web": {"client_id": id, "client_secret": secret}});
    fs::write(&file, json.to_string()).unwrap();
    let path = file.to_str().unwrap();
    let url = url::Url::from_file_path(&file).unwrap();
    assert!(url.as_str().contains("%20"));
    let escaped = path.replace(' ', "\\ ").replace('(', "\\(").replace(')', "\\)");
    for written in [format!("'{path}'"), format!("\"{path}\""), url.to_string(), escaped, path.to_owned()] {
        let mut terminal = at_the_client_id(&stage);
        terminal.answer(GOOGLE_ID, &written);
        // It holds the secret too: that is not asked for.
        terminal.reach(&Do::Choose("How may this program use the Management API?", String::new()));
        terminal.press(CTRL_C);
        let left = terminal.end();
        assert!(!left.text.contains("? Client secret"), "{written}\n{}", left.seen);
        assert!(left.seen.contains("credentials.accepted"), "{written}\n{}", left.seen);
        assert!(!left.raw.contains(&secret), "{written}");
    }
    let mut terminal = at_the_client_id(&stage);
    terminal.refused(GOOGLE_ID, "/nowhere/client.json", "");
    terminal.asked(GOOGLE_ID);
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().code, 130);
}

#[test]
fn whoever_enters_everything_in_the_dashboard_is_led_through_it() {
    let stage = Stage::with(&["--configured", "google-health"]);
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    walk(&mut terminal, &route[..Stage::at(&route, ACCESS)]);
    terminal.choose(ACCESS, "Not at all");
    terminal.sees("Connection Name:");
    terminal.key("entered, go on", "p");
    terminal.sees("function");
    terminal.key("entered, go on", "c");
    terminal.sees("sent to the clipboard of the terminal: google-health");
    terminal.key("entered, go on", "\r");
    let ids = "Client IDs of the applications, separated by commas:";
    terminal.refused(ids, "Acme Web", "");
    terminal.answer(ids, &instead("SandboxWeb0000000000000000000000"));
    terminal.choose("Do this?", "Yes, do this");
    terminal.answer("Is it done?", "y");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);
    left.assert_in_order("by hand");
    assert!(left.seen.contains("authorize.redirect"), "{}", left.seen);
    assert!(!left.raw.contains(&stage.of("google-health", "client_secret")));
}
