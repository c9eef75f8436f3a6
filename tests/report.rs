//! `test --report`: a file that helps a stranger to understand a run and tells nothing of anybody.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::stage::Stage;
use common::{Environment, Output};
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use serde_json::{Value, json};

const MARK: &str = "fitbit-connect test report\n";

/// Runs `test` with these flags and `--report`; the robot is there for whoever needs it.
fn report(environment: &Environment, args: &[&str], exit: i32) -> (String, Output) {
    let file = environment.desk("report.txt");
    let all = [&["test", "--report", file.to_str().unwrap()], args].concat();
    let output = environment.run_with_robot(&all).exits(exit);
    let text = fs::read_to_string(file).unwrap_or_else(|why| panic!("{why}\n{output}"));
    check(&text, environment, &output);
    (text, output)
}

/// What holds for every report: small, clean, and nothing of anybody in it.
#[track_caller]
fn check(text: &str, environment: &Environment, output: &Output) {
    assert!(text.starts_with(MARK), "{text}");
    assert!(text.len() < 200 * 1024, "{} bytes", text.len());
    let odd = |c: char| c != '\n' && fitbit_connect::text::unsafe_to_show(c);
    assert!(!text.contains(odd), "{text:?}");
    let home = environment.settings();
    let home = home.ancestors().nth(3).unwrap().to_str().unwrap().to_owned();
    let desk = environment.desk("").to_str().unwrap().trim_end_matches('/').to_owned();
    let mut private: Vec<String> = vec![home, desk];
    private.extend(PRIVATE.iter().map(|word| (*word).to_owned()));
    for person in facts::PEOPLE {
        private.extend([person.name, person.given_name, person.email, person.google_sub].map(str::to_owned));
        private.extend(person.health_user_id.map(str::to_owned));
    }
    private.push(facts::PEOPLE[0].legacy_user_id.to_owned());
    for application in facts::APPLICATIONS {
        private.extend([application.client_id.to_owned(), application.name.to_owned()]);
        private.extend(application.callback.map(str::to_owned));
    }
    // What this very run made up: state, nonce, the temporary application.
    if let Some(url) = output.stderr.lines().find_map(common::login_address) {
        private.extend(url.query_pairs().map(|(_, value)| value.into_owned()).filter(|value| value.len() > 20));
    }
    let connections = output.stderr.match_indices("con_").map(|(at, _)| output.stderr[at..].chars().take(12).collect());
    private.extend(connections);
    for word in private {
        assert!(!text.contains(&word), "{word:?} in the report:\n{text}");
    }
}

/// Whatever is somebody's, besides the people and the applications of the sandbox.
const PRIVATE: &[&str] = &[
    facts::DOMAIN,
    "acme",
    "Acme",
    facts::MANAGEMENT_CLIENT_ID,
    facts::MANAGEMENT_CLIENT_SECRET,
    facts::GOOGLE_CLIENT_ID,
    facts::GOOGLE_CLIENT_SECRET,
    facts::FITBIT_CLIENT_ID,
    facts::FITBIT_CLIENT_SECRET,
    "123456789012",
    "127.0.0.1:",
    "con_",
    "4/0",
    "ya29",
    "eyJ",
    "canary",
    "CANARY",
    "@",
];

#[test]
fn the_report_of_a_right_set_up_says_what_was_asked_and_what_came_back() {
    for (provider, hosts) in [
        (GoogleHealth, ["GET accounts.google.com/o/oauth2/v2/auth?", "POST oauth2.googleapis.com/token  400"]),
        (Fitbit, ["GET www.fitbit.com/oauth2/authorize?", "POST api.fitbit.com/oauth2/token  400"]),
    ] {
        let stage = Stage::configured(provider, &[]);
        let environment = stage.environment();
        let (text, output) = report(&environment, &[], 0);
        let connection = stage.connection(provider.default_connection()).unwrap();
        assert!(!text.contains(connection["id"].as_str().unwrap()), "{text}");
        for part in hosts.iter().chain(&[
            concat!("version            ", env!("CARGO_PKG_VERSION"), "\n"),
            &format!("provider           {provider}\n"),
            "secrets kept in    none\n",
            "strict             no\n",
            "  pass    provider.alive\n",
            "  pass    authorize.redirect    APP-",
            "  pass    identity.read\n",
            "  exit code 0, no error\n",
            "GET TENANT/.well-known/openid-configuration  200 application/json, ",
            "GET TENANT/api/v2/connections/CON/clients?take  200",
            "DELETE TENANT/api/v2/clients/APP-1  204",
            "token_type: \"Bearer\"}",
            "{clients: [2 x {client_id: string}]}",
        ]) {
            assert!(text.contains(part), "{part:?} is missing\n{text}");
        }
        let user = text.contains("GET TENANT/api/v2/users/USER  200");
        assert_eq!(user, provider == GoogleHealth, "{text}");
        let path = environment.desk("report.txt");
        output.says(&format!(
            "Report written to {}: it holds no secret, name or address; look at it before you send it.",
            path.display()
        ));
    }
}

#[test]
fn the_report_of_a_failure_names_it_and_shows_the_answer() {
    type Case = (Provider, Fault, &'static [&'static str], i32, &'static [&'static str]);
    let cases: &[Case] = &[
        (
            GoogleHealth,
            Fault::RedirectMismatch,
            &["--headless", "--strict"],
            3,
            &[
                "  fail    provider.callback     redirect_uri_mismatch\n",
                "  exit code 3, redirect_uri_mismatch\n",
                "authError is redirect_uri_mismatch\n",
                "strict             yes\n",
                "left out (--headless)",
            ],
        ),
        (
            GoogleHealth,
            Fault::WrongSecret,
            &["--headless"],
            4,
            &["  fail    credentials.accepted  client_secret_rejected\n", "{error: \"invalid_client\""],
        ),
        (
            Fitbit,
            Fault::WrongSecret,
            &["--headless"],
            4,
            &["{errors: [1 x {errorType: \"invalid_client\", message: string like client_secret_rejected"],
        ),
        (
            GoogleHealth,
            Fault::ApiDisabled,
            &["--direct"],
            3,
            &["directly at the provider", "reason: \"SERVICE_DISABLED\"", "status: \"PERMISSION_DENIED\""],
        ),
        (
            GoogleHealth,
            Fault::Denied,
            &[],
            5,
            &["  fail    login.live            access_denied\n", "  exit code 5, access_denied\n"],
        ),
        (
            GoogleHealth,
            Fault::NotATestUser,
            &["--timeout", "1s"],
            5,
            &["  fail    login.live            login_timed_out\n", "time limit         1s\n"],
        ),
        (
            GoogleHealth,
            Fault::ShutDown,
            &["--headless"],
            3,
            &["  410 ", "  fail    provider.alive        provider_shut_down\n"],
        ),
    ];
    std::thread::scope(|scope| {
        for (provider, fault, args, exit, parts) in cases {
            scope.spawn(move || {
                let stage = Stage::configured(*provider, &[*fault]);
                let (text, _) = report(&stage.environment(), args, *exit);
                for part in *parts {
                    assert!(text.contains(part), "{}: {part:?} is missing\n{text}", fault.name());
                }
            });
        }
    });
}

#[test]
fn custom_login_domains_and_names_of_ones_own_are_not_in_it() {
    let stage = Stage::configured(GoogleHealth, &[Fault::CustomDomain]);
    let environment = stage.environment();
    let settings = fs::read_to_string(environment.settings()).unwrap();
    let settings = settings.replace("profiles.default", "profiles.canary-profile");
    environment.write_settings(&settings.replace("\"default\"", "\"canary-profile\""));
    let (text, _) = report(&environment, &[], 0);
    assert!(text.contains("GET LOGIN-DOMAIN-1/authorize?") && text.contains("login domains      1\n"), "{text}");
    let (text, _) = report(&environment, &["--headless", "--connection", "canary-connection"], 3);
    assert!(text.contains("connection         of another name\n"), "{text}");
}

#[test]
fn with_json_there_is_one_document_and_the_report_beside_it() {
    let stage = Stage::configured(GoogleHealth, &[Fault::WrongSecret]);
    let environment = stage.environment();
    let (text, output) = report(&environment, &["--headless", "--json"], 4);
    assert_eq!(output.error_code(), "client_secret_rejected");
    assert!(text.contains("questions          none: --json is given\n"), "{text}");
    // The document is the same without a report.
    let without = environment.run(&["test", "--headless", "--json"]).exits(4);
    assert_eq!(without.document(), output.document());
    output.says("Report written to ");
}

#[test]
fn a_report_goes_to_stdout_where_that_is_free() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let output = environment.run(&["test", "--headless", "--report", "-"]).exits(0);
    check(&output.stdout, &environment, &output);
    let mark = stage.mark();
    let output = environment.run(&["test", "--headless", "--report", "-", "--json"]).exits(2);
    assert_eq!(output.error_code(), "input_contradictory");
    assert_eq!(stage.since(mark), []);
}

#[test]
fn a_report_replaces_a_report_and_nothing_else_and_before_anything_is_sent() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    report(&environment, &["--headless"], 0);
    fs::write(environment.desk("report.txt"), format!("{MARK}an older one")).unwrap();
    let (text, _) = report(&environment, &["--headless"], 0);
    assert!(!text.contains("an older one"));
    fs::write(environment.desk("report.txt"), "").unwrap();
    report(&environment, &["--headless"], 0);

    let mark = stage.mark();
    let notes = environment.file("notes.txt", "fitbit-connect test report, my notes");
    let folder = environment.desk("folder");
    fs::create_dir(&folder).unwrap();
    let missing = environment.desk("missing/report.txt");
    for file in [notes.as_str(), folder.to_str().unwrap(), missing.to_str().unwrap(), "/dev/null"] {
        if !cfg!(unix) && file == "/dev/null" {
            continue;
        }
        let output = environment.run(&["test", "--headless", "--json", "--report", file]).exits(2);
        assert_eq!(output.error_code(), "input_invalid");
        let document = output.document();
        let message = document["error"]["message"].as_str().unwrap();
        assert!(message.contains(file.trim_end_matches("/report.txt")), "{message}");
        assert!(document["error"]["hint"].as_str().unwrap().contains("--report FILE"), "{document}");
        assert!(document.get("checks").is_none(), "{document}");
    }
    assert_eq!(stage.since(mark), [], "nothing was sent");
    assert_eq!(fs::read_to_string(notes).unwrap(), "fitbit-connect test report, my notes");
    assert!(!missing.parent().unwrap().exists());
    // An input that is wrong ends the run before there is anything to report.
    let file = environment.desk("early.txt");
    environment.run(&["test", "--port", "1", "--report", file.to_str().unwrap()]).exits(2);
    assert!(!file.exists());
}

/// Bodies that a service should not send, each with what the report says of it.
fn hostile() -> Vec<(Reply, &'static str)> {
    let people = format!("{} {} {}", facts::PEOPLE[0].name, facts::PEOPLE[0].email, facts::GOOGLE_CLIENT_SECRET);
    let json = |text: String| Reply { body: text.into_bytes(), ..Reply::json(200, &json!(null)) };
    let location = format!(
        "https://ada:canary@canary.acme.com/{}/login?{}=1&code=canary&error={}",
        facts::PEOPLE[0].email,
        facts::MANAGEMENT_CLIENT_SECRET,
        facts::FITBIT_CLIENT_ID
    );
    vec![
        (
            Reply::json(
                403,
                &json!({
                    "error": people, "error_description": people, "message": facts::MANAGEMENT_CLIENT_SECRET,
                    facts::GOOGLE_CLIENT_SECRET: { facts::PEOPLE[0].email: facts::PEOPLE[0].email },
                    "Ada": 1, "errors": [{ "errorType": facts::FITBIT_CLIENT_SECRET, "message": people }],
                    "statusCode": 123_456_789_012u64,
                }),
            ),
            "statusCode: number",
        ),
        (Reply::json(200, &json!({ "\u{1b}[2J\u{202e}canary": "\u{1b}[2J\u{202e}\u{7}" })), "{..}: string}"),
        (json(format!("[{}1]", "1,".repeat(2_000_000))), "[2000001 x number]"),
        (json(format!("\"{}\"", "canary ".repeat(700_000))), "more than 4 MiB came [unrecognised_answer]"),
        (json(format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))), "no JSON that can be read"),
        (json("{\"a\":".repeat(100) + "1" + &"}".repeat(100)), "{a: {1 members}}"),
        (
            Reply::html(
                200,
                format!("<title>{people}</title><form>Error 400: {} <input name=canary>", facts::GOOGLE_CLIENT_SECRET),
            ),
            ", form",
        ),
        (Reply::html(404, "<script".repeat(100_000)), "html, no title, script"),
        (Reply { body: b"\xff\xfe\x00\x1b canary".to_vec(), ..Reply::empty(404) }, "no content type"),
        (Reply { status: 403, ..Reply::redirect(location.clone()) }, "403 no content type, 0 bytes"),
        (Reply::redirect(location), "leads to OTHER-HOST/{..}/login?{..}&code&error, error is {..}"),
        (Reply::json(200, &json!(null)).with("retry-after", "canary"), "null"),
    ]
}

#[test]
fn whatever_a_service_answers_the_report_stays_small_clean_and_without_a_name() {
    for (number, (reply, part)) in hostile().into_iter().enumerate() {
        let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |_, _| reply.clone()));
        let environment = stage.environment();
        let file = environment.desk("report.txt");
        let output = environment.run(&["test", "--headless", "--report", file.to_str().unwrap()]);
        assert!(![0, 1, 101].contains(&output.code()), "answer {number}: {output}");
        let text = fs::read_to_string(&file).unwrap_or_else(|why| panic!("answer {number}: {why}\n{output}"));
        check(&text, &environment, &output);
        assert!(text.contains(part), "answer {number}: {part:?} is missing\n{text}");
    }
}

#[test]
fn whatever_goes_wrong_nothing_of_anybody_is_in_the_report() {
    std::thread::scope(|scope| {
        for some in Fault::ALL.chunks(Fault::ALL.len().div_ceil(8)) {
            scope.spawn(move || {
                // A silent tenant takes the 30 seconds of a whole call, and shows nothing.
                for fault in some.iter().filter(|fault| **fault != Fault::TenantSilent) {
                    let stage = Stage::configured(GoogleHealth, &[*fault]);
                    let environment = stage.environment();
                    let file = environment.desk("report.txt");
                    let args = ["test", "--timeout", "1s", "--report", file.to_str().unwrap()];
                    let output = environment.run_with_robot(&args);
                    let text =
                        fs::read_to_string(&file).unwrap_or_else(|why| panic!("{}: {why}\n{output}", fault.name()));
                    check(&text, &environment, &output);
                    let end = format!("exit code {}, ", output.code());
                    assert!(text.contains(&end), "{}: {end}\n{text}", fault.name());
                }
            });
        }
    });
}

#[test]
fn an_answer_that_is_not_understood_is_described() {
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| match request.path.as_str() {
        "/authorize" => Reply::html(403, "<html><title>Access blocked</title><p>Unusual traffic from your network</p>"),
        _ => pass(),
    }));
    let (text, _) = report(&stage.environment(), &["--headless"], 0);
    for part in [
        "  unknown authorize.redirect    APP-1  unrecognised_answer\n",
        "  403 text/html, ",
        "html, title of 14 characters with the words blocked/network/unusual traffic\n",
        "as in request ",
        "  unrecognised_answer: ",
    ] {
        assert!(text.contains(part), "{part:?} is missing\n{text}");
    }
}

#[test]
fn requests_that_are_sent_again_and_those_without_an_answer_are_in_it() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        let first = request.path == "/api/v2/connections" && counted.fetch_add(1, Ordering::SeqCst) == 0;
        if first { Reply::json(503, &json!({ "statusCode": 503 })) } else { pass() }
    }));
    let environment = stage.environment();
    let (text, _) = report(&environment, &["--headless"], 0);
    assert!(text.contains("GET TENANT/api/v2/connections?name  503 application/json"), "{text}");
    assert!(text.contains("again GET TENANT/api/v2/connections?name  200 "), "{text}");
    assert!(text.contains("{statusCode: 503}"), "{text}");

    let settings = fs::read_to_string(environment.settings()).unwrap();
    let (before, after) = settings.split_once("\"https://oauth2.googleapis.com\" = \"").unwrap();
    let rest = after.split_once('"').unwrap().1;
    let closed = common::free_port();
    let settings = format!("{before}\"https://oauth2.googleapis.com\" = \"http://127.0.0.1:{closed}\"{rest}");
    environment.write_settings(&settings);
    let (text, _) = report(&environment, &["--headless"], 6);
    assert!(text.contains("POST oauth2.googleapis.com/token  no answer [network_unreachable] after "), "{text}");
    assert!(text.contains("  exit code 6, network_unreachable\n"), "{text}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_in_the_login_leaves_a_report() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let file = environment.desk("report.txt");
    let args = ["test", "--no-browser", "--json", "--report", file.to_str().unwrap()];
    let mut child = environment.command(&args).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap().starts_with("Waiting up to")), "it never waited");
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["error"]["code"], "cancelled");
    let text = fs::read_to_string(file).unwrap();
    assert!(
        text.contains("  exit code 130, cancelled\n") && text.contains("DELETE TENANT/api/v2/clients/APP-"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn the_report_is_for_its_owner_until_it_is_sent() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    report(&environment, &["--headless"], 0);
    let mode = fs::metadata(environment.desk("report.txt")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[cfg(unix)]
#[test]
fn a_file_is_its_owners_to_read_whatever_the_umask_takes_away() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.txt");
    let program = env!("CARGO_BIN_EXE_fitbit-connect");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "umask 0777; exec \"$0\" \"$@\"", program, "test", "--sandbox", "--headless", "--report"]);
    assert!(shell.arg(&file).output().unwrap().status.success());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}
