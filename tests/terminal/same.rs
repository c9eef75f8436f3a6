//! The same result: what a person answers, given as flags, leaves the same tenant, settings and secrets.

use crate::leave::way_on;
use crate::outside::Sandbox;
use crate::stage::{APPLICATIONS, Stage, walk};
use crate::terminal_kit::{Do, Terminal};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// What is in the tenant: every connection with its options and the applications it is enabled for.
fn tenant(sandbox: &Sandbox) -> Value {
    let mut connections = sandbox.ask("/api/v2/connections");
    for connection in connections.as_array_mut().unwrap() {
        let id = connection["id"].as_str().unwrap().to_owned();
        let mut enabled = sandbox.ask(&format!("/api/v2/connections/{id}/clients"));
        let clients = enabled["clients"].as_array_mut().unwrap();
        clients.sort_by_key(Value::to_string);
        connection["enabled"] = enabled;
        connection["id"] = "con".into();
    }
    let applications = sandbox.applications();
    serde_json::json!({ "connections": connections, "applications": applications.into_iter().collect::<Vec<_>>() })
}

/// A file without what is another one in each sandbox: where it listens, and the port of the callback.
fn file(path: &Path, stage: &Stage) -> String {
    let mut text = fs::read_to_string(path).unwrap();
    for (origin, target) in stage.sandbox.document["endpoints"].as_object().unwrap() {
        text = text.replace(target.as_str().unwrap(), &format!("TARGET OF {origin}"));
    }
    text.replace(&format!("port = {}", stage.port), "port = PORT")
}

fn both_ways(provider: &str) {
    let spoken = Stage::new();
    let mut route = spoken.route(provider, false);
    // Both applications, so that their order shows too.
    let applications = Stage::at(&route, APPLICATIONS);
    route[applications] = Do::Tick(APPLICATIONS, vec!["Acme Mobile".into(), "Acme Web".into()]);
    let mut terminal = Terminal::open(&spoken.setup(&["--skip-login"]), "");
    walk(&mut terminal, &route);
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);

    let given = Stage::new();
    let secret = |whose: &str| {
        let path = given.home.path(&format!("{whose}.secret"));
        fs::write(&path, given.of(whose, "client_secret")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (app_secret, management_secret) = (secret(provider), secret("management"));
    let (app_id, management_id) = (given.of(provider, "client_id"), given.of("management", "client_id"));
    let mut flags = vec![
        "--skip-login",
        "--yes",
        "--provider",
        provider,
        "--domain",
        "https://Acme.sandbox.test/",
        "--client-id",
        &app_id,
        "--client-secret-file",
        &app_secret,
        "--management-client-id",
        &management_id,
        "--management-client-secret-file",
        &management_secret,
        "--app",
        "Acme Web",
        "--app",
        "Acme Mobile",
    ];
    if provider == "fitbit" {
        // The person said yes to this question.
        flags.push("--save-management");
    }
    let ran = given.setup(&flags).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));

    assert_eq!(tenant(&spoken.sandbox), tenant(&given.sandbox), "{provider}");
    for name in ["mine.toml", "mine.secrets.toml"] {
        let (one, other) = (file(&spoken.home.path(name), &spoken), file(&given.home.path(name), &given));
        assert_eq!(one, other, "{provider}: {name}");
        assert!(!one.is_empty());
    }
}

#[test]
fn the_answers_of_a_dialogue_given_as_flags_give_the_same_result_for_google_health() {
    both_ways("google-health");
}

#[test]
fn the_answers_of_a_dialogue_given_as_flags_give_the_same_result_for_fitbit() {
    both_ways("fitbit");
}

#[test]
fn the_command_that_a_left_dialogue_names_goes_on_from_there() {
    let stage = Stage::new();
    let route = stage.route("google-health", false);
    let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
    let plan = route.len() - 1;
    walk(&mut terminal, &route[..plan]);
    terminal.reach(&route[plan]);
    terminal.press("\u{3}");
    let left = terminal.end();
    let command = way_on(&left, "cancelled; nothing more is written", "the plan");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    // The secrets alone are asked for again, since they are never in a command.
    let again = stage.home.program(&words);
    let mut terminal = Terminal::open(&again, "");
    let secrets = ["Client secret:", "Secret of the M", "Keep the M", "Do this"];
    let rest = route.iter().filter(|step| secrets.iter().any(|secret| step.question().starts_with(secret)));
    let rest: Vec<Do> = rest.cloned().collect();
    assert_eq!(rest.len(), secrets.len());
    walk(&mut terminal, &rest);
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.seen);
    assert!(!left.text.contains("Which applications") && !left.text.contains("tenant domain:"), "{}", left.seen);
}
