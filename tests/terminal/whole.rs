//! The dialogue from the first question to the end, for both providers, and what is refused on the way.

use crate::outside::{Handover, Home, free_port};
use crate::stage::{
    ACCESS, APPLICATIONS, BY_HAND, GOOGLE_ID, MANAGEMENT_ID, PLAN, PLAN_BY_HAND, SECRET, Stage, TENANT, TOKEN,
    applications, assert_in_order, visit, walk,
};
use crate::terminal_kit::{CTRL_C, Do, Left, Terminal};
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
    assert_counts_are_right(left);
    assert_plan(stage, left);
    assert_says_how_to_go_on(stage, provider, left);
}

/// The tenant answers before step 1; below a heading stands what was verified, and never more questions follow than it says.
fn assert_counts_are_right(left: &Left) {
    let parts = ["> Auth0 tenant domain:", "ok      tenant.reachable", "1 of 6  Register"];
    assert_in_order(&left.seen, &parts);
    let counted = assert_no_more_questions_than_said(left);
    assert!(counted >= 3, "{counted} headings say how many\n{}", left.seen);
    let lines: Vec<&str> = left.seen.lines().collect();
    let verified = |step: &str| lines[lines.iter().position(|line| line.starts_with(step)).unwrap() + 1];
    assert!(verified("1 of 6").starts_with("at most "), "nothing is verified yet: {}", verified("1 of 6"));
    assert!(verified("4 of 6").starts_with("ok: 1, 2, 3; at most "), "{}", verified("4 of 6"));
    assert!(verified("5 of 6").starts_with("ok: 1, 2, 3; at most "), "{}", verified("5 of 6"));
}

/// How many headings say it.
fn assert_no_more_questions_than_said(left: &Left) -> usize {
    let lines: Vec<&str> = left.seen.lines().collect();
    let mut counted = 0;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.ends_with("left")) {
        let Some(n) = line.split("at most ").nth(1).and_then(|rest| rest.split(' ').next()) else { continue };
        let follow = lines[at..].iter().filter(|line| line.starts_with("> ")).count();
        assert!(follow <= n.parse().unwrap(), "{line:?}, but {follow} questions follow\n{}", left.seen);
        counted += 1;
    }
    counted
}

/// The tenant first, then this machine; that a login follows, and where a secret is kept in plain text, is said.
fn assert_plan(stage: &Stage, left: &Left) {
    let plan = left.seen.split("Plan for tenant acme.sandbox.test, profile default\n").nth(1).unwrap();
    let plan: String = plan.split("> Do this").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    let temporary = "= for the test login: a temporary application, removed afterwards";
    let parts = [
        "In the tenant acme.sandbox.test",
        "+ create the connection",
        "~ enable it for Acme Web",
        temporary,
        "On this machine",
        "+ keep the client secret in",
        "(plain text, for you alone)",
        "+ write profile default in",
    ];
    assert_in_order(&plan, &parts);
    assert!(!plan.contains("provider:") && plan.matches("profile default").count() == 1, "one line: {plan}");
    assert!(stage.home.path("mine.toml").exists());
}

/// What is copied at the end stands alone on its line, and does what it says.
fn assert_says_how_to_go_on(stage: &Stage, provider: &str, left: &Left) {
    let lines: Vec<&str> = left.text.lines().collect();
    let below = |heading: &str, n: usize| {
        let at = lines.iter().position(|line| line.starts_with(heading));
        lines[at.unwrap_or_else(|| panic!("{heading}: {}", left.text)) + n]
    };
    let code = [1, 2, 3].map(|n| below("Log in with it, from a web page", n));
    assert!(code[0].starts_with("const url = new URL('https://acme.sandbox.test/authorize?"), "{code:#?}");
    assert!(code[1].contains("client_id: \"SandboxWeb0000000000000000000000\""), "{code:#?}");
    assert!(code[1].contains(&format!("connection: \"{provider}\"")), "{code:#?}");
    assert!(code[2].contains("location.assign(url);"), "{code:#?}");
    let settings = format!(" --config {}", stage.settings.display());
    // Strictly only where the Management API's credentials were kept.
    let strict = if provider == "fitbit" { " --strict" } else { "" };
    assert_eq!(below("Verify it at any time", 1), format!("fitbit-connect test --headless{strict}{settings}"));
    let undo = lines.iter().position(|line| *line == "To undo it").unwrap();
    let undo: Vec<&str> = lines[undo..].iter().filter(|line| line.starts_with("fitbit-connect")).copied().collect();
    let commands = ["fitbit-connect remove --delete-connection", "fitbit-connect remove"];
    assert_eq!(undo, commands.map(|command| format!("{command}{settings}")), "{}", left.text);
    // The command for CI needs no profile: only where the simulator is has to be said.
    let ci = below("In CI, with ", 1);
    let ci = if ci.starts_with("fitbit-connect test") { ci } else { below("In CI, with ", 2) };
    let words: Vec<&str> = ci.split(' ').skip(1).collect();
    let addresses = stage.home.path("addresses.toml");
    stage.sandbox.write_addresses(&addresses);
    let ran = stage
        .home
        .program(&words)
        .arg("--config")
        .arg(&addresses)
        .envs(stage.sandbox.variables(provider).into_iter().skip(1))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ci}\n{}", String::from_utf8_lossy(&ran.stderr));
}

fn finishes(stage: &Stage, mut terminal: Terminal, provider: &str) -> Left {
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
    let left = finishes(&stage, terminal, "google-health");
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
    let left = finishes(&stage, terminal, "fitbit");
    assert_is_set_up(&stage, "fitbit", &left);
}

#[test]
fn by_hand_the_second_time_it_is_only_verified() {
    let stage = Stage::with(&["--configured", "google-health"]);
    let route = stage.route("google-health", false);
    for again in [false, true] {
        let mut terminal = Terminal::open(&stage.setup(&["--manual"]), "");
        if !again {
            walk(&mut terminal, &route[..Stage::at(&route, ACCESS)]);
        }
        terminal.key("entered, go on", "\r");
        if !again {
            let ids = "Client IDs of the applications, separated by commas:";
            terminal.answer(ids, "SandboxWeb0000000000000000000000");
            terminal.choose(PLAN_BY_HAND, "Yes, do this");
        }
        terminal.choose(BY_HAND, "It is done: verify it");
        let left = terminal.end();
        assert_eq!(left.code, 0, "{}", left.seen);
        // No login is offered that there is none of.
        assert!(!left.text.contains("Log in once to test it"), "{}", left.text);
        assert!(left.seen.contains("needs an existing application: --test-app ID"), "{}", left.seen);
        let counted = assert_no_more_questions_than_said(&left);
        assert!(again || counted > 2, "{}", left.seen);
    }
}

#[test]
fn what_is_not_entered_in_the_dashboard_is_verified_again_or_left() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    walk(&mut terminal, &route[..Stage::at(&route, ACCESS)]);
    terminal.choose(ACCESS, "Not at all");
    terminal.key("entered, go on", "\r");
    terminal.answer("Client IDs of the applications, separated by commas:", "SandboxWeb0000000000000000000000");
    terminal.choose(PLAN_BY_HAND, "Yes, do this");
    for _ in 0..2 {
        terminal.choose(BY_HAND, "It is done: verify it");
        terminal.sees("FAILED authorize.redirect");
        terminal.sees("then verify it again");
    }
    terminal.choose(BY_HAND, "Leave it at that");
    let left = terminal.end();
    assert_eq!(left.code, 3, "{}", left.seen);
    left.assert_in_order("not entered");
    assert!(left.seen.contains("[authorize_connection_not_usable]"), "{}", left.seen);
}

#[test]
fn with_nothing_to_change_there_is_a_login_or_the_end() {
    let stage = Stage::new();
    let mut command = stage.setup(&["--yes", "--app", "Acme Web", "--domain", "acme.sandbox.test", "--skip-login"]);
    command.arg("--save-management").envs(stage.sandbox.variables("google-health"));
    assert!(command.output().unwrap().status.success());
    let written = stage.home.files();
    for logs_in in [false, true] {
        let mut terminal = Terminal::open(&stage.setup(&[]), "");
        terminal.asked("Nothing has to be changed. What now?");
        assert!(terminal.pointed_at().starts_with("> Log in once to test it"), "{:#?}", terminal.window());
        let item = if logs_in { "Log in once to test it" } else { "Leave it at that, without a login" };
        terminal.does_here(&Do::Choose("Nothing has to be changed. What now?", item.into()));
        let left = if logs_in { finishes(&stage, terminal, "google-health") } else { terminal.end() };
        assert_eq!(left.code, 0, "{}", left.seen);
        left.assert_in_order(item);
        assert_eq!(left.seen.contains("ok      login.live"), logs_in, "{}", left.seen);
        assert!(stage.browser.is_unused(), "{item}");
        assert_in_order(&left.seen, &["Looked at again", "6 of 6", "Done"]);
        assert!(!left.seen.contains("  + ") && !left.seen.contains("  ~ "), "{}", left.seen);
        assert_eq!(stage.home.files(), written, "{item}");
        assert_eq!(stage.sandbox.applications(), applications(), "{item}");
    }
}

fn whoever_has_an_app_sees_no_page(provider: &str) {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    let route = stage.route(provider, false);
    let urls = Stage::at(&route, "entered, go on");
    walk(&mut terminal, &route[..urls]);
    terminal.key("entered, go on", "c");
    terminal.sees("sent to the clipboard of the terminal: https://acme.sandbox.test/login/callback");
    // The page to enter them at is shown, and opened.
    let page = match provider {
        "fitbit" => "https://dev.fitbit.com/apps",
        _ => "https://console.cloud.google.com/auth/clients",
    };
    assert!(terminal.text().lines().any(|line| line == page), "{}", terminal.text());
    terminal.key("entered, go on", "o");
    terminal.sees("It was opened in your browser.");
    let opened = stage.browser.address();
    let sandboxed = stage.sandbox.document["endpoints"].as_object().unwrap().values();
    let mut sandboxed = sandboxed.filter_map(serde_json::Value::as_str);
    assert!(opened.as_str() == page || sandboxed.any(|target| opened.as_str().starts_with(target)), "{opened}");
    walk(&mut terminal, &route[urls..]);
    let left = finishes(&stage, terminal, provider);
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
    terminal.refused(TENANT, "acme", "");
    // What was refused does not stand there again.
    terminal.answer(TENANT, "acme.sandbox.test");
    let at = Stage::at(&route, GOOGLE_ID);
    walk(&mut terminal, &route[2..at]);
    terminal.refused(GOOGLE_ID, stage.sandbox.credential("fitbit", "client_id"), "");
    terminal.answer(GOOGLE_ID, &stage.of("google-health", "client_id"));
    terminal.refused(SECRET, "****abcd", "");
    terminal.refused(SECRET, "two words", "");
    walk(&mut terminal, &route[at + 1..at + 3]);
    let secret = stage.of("management", "client_secret");
    terminal.refused(MANAGEMENT_ID, &"x".repeat(64), "it is too long for a client ID; it may be the secret");
    terminal.refused(MANAGEMENT_ID, &secret, "");
    terminal.refused(MANAGEMENT_ID, "Acme Management", "an Auth0 client ID has 32 letters and digits");
    terminal.refused(MANAGEMENT_ID, "SandboxManageme", "an Auth0 client ID has 32 letters and digits");
    terminal.refused(MANAGEMENT_ID, "", "it is empty");
    terminal.answer(MANAGEMENT_ID, "back");
    terminal.choose(ACCESS, "A Management API token");
    for no_token in ["0123456789abcdef0123456789abcdef", "eyJhbGciOiJub25lIn0.e30", "eyJ..x", &secret] {
        terminal.refused(TOKEN, no_token, "a Management API token begins with eyJ and has two dots in it");
    }
    terminal.asked(TOKEN);
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.text);
    left.assert_in_order("after refusals");
    assert!(!left.raw.contains(&secret) && !left.seen.contains(&secret[..20]), "{}", left.seen);
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
    terminal.answer(ids, "SandboxWeb0000000000000000000000");
    terminal.sees("In the tenant acme.sandbox.test: yours to change in the dashboard");
    terminal.asked(PLAN_BY_HAND);
    assert!(!terminal.text().contains("a temporary application"), "{}", terminal.text());
    terminal.does_here(&Do::Choose(PLAN_BY_HAND, "Yes, do this".into()));
    terminal.sees("On the connection's Applications tab, switch it on for: SandboxWeb0000000000000000000000");
    // The values are shown once, unless somebody asks for them.
    terminal.asked(BY_HAND);
    assert_eq!(terminal.text().matches("Connection Name:").count(), 1, "{}", terminal.text());
    terminal.does_here(&Do::Choose(BY_HAND, "Show the values again".into()));
    terminal.sees("Connection Name:");
    terminal.key("entered, go on", "\r");
    terminal.choose(BY_HAND, "It is done: verify it");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);
    left.assert_in_order("by hand");
    assert_in_order(&left.seen, &["ok      authorize.redirect", "6 of 6", "Done"]);
    assert!(!left.raw.contains(&stage.of("google-health", "client_secret")));
}
