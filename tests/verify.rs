//! `test` through the users' door: a right set-up passes, and each thing that can be wrong is named by its own check.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::thread;

use common::stage::Stage;
use common::{Environment, Output, free_port};
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use serde_json::{Value, json};

const HEADLESS: [&str; 3] = ["test", "--headless", "--json"];
const BOTH: &[Provider] = &[GoogleHealth, Fitbit];
const GOOGLE: &[Provider] = &[GoogleHealth];

/// A fault, what `test` has to say about it, and where.
struct Row {
    fault: Fault,
    providers: &'static [Provider],
    check: &'static str,
    state: &'static str,
    code: &'static str,
    exit: i32,
}

const fn row(
    fault: Fault,
    providers: &'static [Provider],
    check: &'static str,
    state: &'static str,
    code: &'static str,
    exit: i32,
) -> Row {
    Row { fault, providers, check, state, code, exit }
}

/// What is seen without a login, with Management API credentials.
const SEEN_HEADLESS: &[Row] = &[
    row(Fault::ShutDown, BOTH, "provider.alive", "fail", "provider_shut_down", 3),
    row(Fault::ProviderDown, BOTH, "provider.alive", "fail", "service_unavailable", 6),
    row(Fault::RedirectMismatch, BOTH, "provider.callback", "fail", "redirect_uri_mismatch", 3),
    row(Fault::UnknownClient, BOTH, "provider.callback", "fail", "client_id_unknown", 4),
    row(Fault::DeletedClient, GOOGLE, "provider.callback", "fail", "client_deleted", 3),
    row(Fault::InvalidScope, GOOGLE, "provider.callback", "fail", "invalid_scope", 3),
    row(Fault::WrongSecret, BOTH, "credentials.accepted", "fail", "client_secret_rejected", 4),
    row(Fault::TenantDown, BOTH, "tenant.reachable", "fail", "service_unavailable", 6),
    row(Fault::ManagementClientUnknown, BOTH, "management.access", "fail", "management_credentials_rejected", 4),
    row(Fault::NoClientGrant, BOTH, "management.access", "fail", "management_client_not_authorized", 4),
    row(Fault::ExpiredToken, BOTH, "management.access", "fail", "management_token_expired", 4),
    row(Fault::OptionsHidden, BOTH, "connection.settings", "skip", "connection_options_hidden", 0),
    row(Fault::ConnectionMissing, BOTH, "connection.exists", "fail", "connection_not_found", 3),
    row(Fault::WrongStrategy, GOOGLE, "connection.exists", "fail", "connection_wrong_strategy", 3),
    row(Fault::ConnectionInactive, BOTH, "connection.settings", "fail", "connection_inactive", 3),
    row(Fault::WrongClientIdInTenant, BOTH, "connection.settings", "fail", "connection_client_id_differs", 3),
    row(Fault::DeveloperKeys, BOTH, "connection.settings", "fail", "connection_uses_developer_keys", 3),
    row(Fault::ScopesMissingInTenant, BOTH, "connection.settings", "fail", "connection_scopes_differ", 3),
    row(Fault::SettingsDrifted, GOOGLE, "connection.settings", "fail", "connection_settings_differ", 3),
    row(Fault::WrongSecretInTenant, BOTH, "connection.secret", "fail", "connection_secret_differs", 4),
    row(Fault::ApplicationNotEnabled, BOTH, "applications.enabled", "fail", "application_not_enabled", 3),
    row(Fault::ApplicationGone, BOTH, "applications.enabled", "fail", "application_gone", 3),
    row(Fault::NoCallback, BOTH, "authorize.redirect", "unknown", "application_without_callback", 0),
    row(Fault::WrongCallbackSent, BOTH, "authorize.redirect", "fail", "authorize_wrong_callback", 3),
];

/// What `/authorize` alone tells, with no Management API credentials.
const SEEN_THROUGH_AUTHORIZE: &[Row] = &[
    row(Fault::ConnectionMissing, BOTH, "authorize.redirect", "fail", "authorize_connection_not_usable", 3),
    row(Fault::ConnectionInactive, BOTH, "authorize.redirect", "fail", "authorize_connection_not_usable", 3),
    row(Fault::ApplicationNotEnabled, BOTH, "authorize.redirect", "fail", "authorize_connection_not_usable", 3),
    row(Fault::WrongClientIdInTenant, BOTH, "authorize.redirect", "fail", "authorize_wrong_client_id", 3),
    row(Fault::DeveloperKeys, BOTH, "authorize.redirect", "fail", "authorize_wrong_client_id", 3),
    row(Fault::ScopesMissingInTenant, BOTH, "authorize.redirect", "fail", "authorize_scopes_missing", 3),
    row(Fault::WrongCallbackSent, BOTH, "authorize.redirect", "fail", "authorize_wrong_callback", 3),
];

/// What only a login through Auth0 shows.
const SEEN_BY_A_LOGIN: &[Row] = &[
    row(Fault::Denied, BOTH, "login.live", "fail", "access_denied", 5),
    row(Fault::LoginBlocked, BOTH, "login.live", "fail", "login_blocked", 5),
    row(Fault::UntickedIdentity, BOTH, "login.live", "fail", "identity_scope_not_granted", 5),
    row(Fault::NotLinked, GOOGLE, "login.live", "fail", "account_not_linked", 5),
    row(Fault::CallerNotPermitted, GOOGLE, "login.live", "fail", "caller_not_permitted", 5),
    row(Fault::ApiDisabled, GOOGLE, "login.live", "fail", "google_health_api_disabled", 3),
    row(Fault::ScriptFails, GOOGLE, "login.live", "fail", "profile_script_failed", 3),
    row(Fault::WrongIssuer, BOTH, "login.live", "fail", "issuer_mismatch", 3),
    row(Fault::BadNonce, BOTH, "login.live", "fail", "id_token_invalid", 3),
    row(Fault::BadAudience, BOTH, "login.live", "fail", "id_token_invalid", 3),
    row(Fault::ReadOnlyToken, BOTH, "management.access", "warn", "missing_scope", 0),
];

/// What a login at the provider itself shows.
const SEEN_DIRECTLY: &[Row] = &[
    row(Fault::Denied, BOTH, "login.live", "fail", "access_denied", 5),
    row(Fault::UntickedIdentity, BOTH, "login.live", "fail", "identity_scope_not_granted", 5),
    row(Fault::UntickedScopes, BOTH, "login.live", "warn", "some_scopes_not_granted", 0),
    row(Fault::NotLinked, GOOGLE, "login.live", "fail", "account_not_linked", 5),
    row(Fault::CallerNotPermitted, GOOGLE, "login.live", "fail", "caller_not_permitted", 5),
    row(Fault::ApiDisabled, GOOGLE, "login.live", "fail", "google_health_api_disabled", 3),
    row(Fault::Testing, GOOGLE, "login.live", "warn", "refresh_token_expires_in_7_days", 0),
    row(Fault::NoRefreshToken, GOOGLE, "login.live", "warn", "refresh_token_missing", 0),
    row(Fault::WrongIssuer, GOOGLE, "login.live", "fail", "issuer_mismatch", 3),
    row(Fault::BadNonce, GOOGLE, "login.live", "fail", "id_token_invalid", 3),
    row(Fault::BadAudience, GOOGLE, "login.live", "fail", "id_token_invalid", 3),
    row(Fault::WrongSecret, BOTH, "credentials.accepted", "fail", "client_secret_rejected", 4),
    row(Fault::RedirectMismatch, BOTH, "provider.callback", "fail", "redirect_uri_mismatch", 3),
];

/// Faults after which no answer ever comes: the browser shows a page of the provider.
const NO_ANSWER: &[Fault] = &[Fault::NotATestUser, Fault::OrgInternal];
/// Faults that only a run of `setup` can meet, and those with which everything is right.
const NOTHING_WRONG: &[Fault] = &[Fault::EntityLimit, Fault::FreePlan, Fault::CustomDomain];

/// Asks every row, each against a sandbox of its own, and reports all that is not as promised.
fn verify(rows: &'static [Row], run: impl Fn(&Stage) -> Output + Sync) {
    let run = &run;
    let wrong: Vec<String> = thread::scope(|scope| {
        let each = |row: &'static Row, provider: Provider| {
            scope.spawn(move || {
                let stage = Stage::configured(provider, &[row.fault]);
                let before = stage.mark();
                let output = run(&stage);
                judge(row, &output)
                    .or_else(|| what_stays(&stage, before))
                    .map(|why| format!("{} ({provider}): {why}\n{output}", row.fault.name()))
            })
        };
        let all: Vec<_> = rows.iter().flat_map(|row| row.providers.iter().map(move |p| each(row, *p))).collect();
        all.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of the rows:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

fn judge(row: &Row, output: &Output) -> Option<String> {
    if output.code() != row.exit {
        return Some(format!("exit code {}, not {}", output.code(), row.exit));
    }
    let found = output.checks(row.check);
    if !found.iter().any(|check| check["state"] == row.state && check["code"] == row.code) {
        return Some(format!("{} is not {} with {}: {found:?}", row.check, row.state, row.code));
    }
    let hint = found.iter().find(|check| check["code"] == row.code).and_then(|check| check["hint"].as_str());
    if hint.is_none_or(str::is_empty) {
        return Some("no hint".to_owned());
    }
    let error = output.document()["error"]["code"].clone();
    (row.exit != 0 && error != row.code).then(|| format!("error.code is {error}"))
}

/// Whatever `test` writes belongs to its temporary application, which is gone afterwards.
fn what_stays(stage: &Stage, before: usize) -> Option<String> {
    let writes = stage.writes_since(before);
    let created = writes.iter().filter(|write| write.starts_with("POST /api/v2/clients ")).count();
    let removed = writes.iter().filter(|write| write.starts_with("DELETE /api/v2/clients/")).count();
    let others = writes.len() - created - removed;
    (created > 1 || removed != created || others > created).then(|| format!("something stays: {writes:?}"))
}

#[test]
fn a_right_set_up_passes_without_a_login_and_nothing_is_written() {
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::configured(provider, &[]);
        let environment = stage.environment();
        let files = environment.files();
        // The login is left out at the person's wish, so that even --strict does not mind.
        let output = environment.run(&[&HEADLESS[..], &["--strict"]].concat()).exits(0);
        for check in [
            "provider.alive",
            "provider.callback",
            "credentials.accepted",
            "tenant.reachable",
            "management.access",
            "connection.exists",
            "connection.settings",
            "connection.secret",
            "applications.enabled",
            "authorize.redirect",
        ] {
            assert_eq!(output.state(check), "pass", "{check}");
        }
        for check in ["login.live", "identity.read"] {
            assert_eq!(output.state(check), "skip", "{check}");
        }
        assert_eq!(stage.writes_since(0), [""; 0]);
        assert_eq!(environment.files(), files);
        let document = output.document();
        assert_eq!(document["command"], "test");
        assert!(document["connection"].get("action").is_none(), "test takes no action: {document}");
        assert!(document.get("steps").is_none() && document.get("identity").is_none(), "{document}");
    }
}

#[test]
fn a_login_through_auth0_and_one_at_the_provider_name_the_same_person() {
    for (provider, through, direct) in [
        (GoogleHealth, "oauth2|google-health|1234567890123456789", "1234567890123456789"),
        (Fitbit, "fitbit|A1B2C3", "A1B2C3"),
    ] {
        let stage = Stage::configured(provider, &[]);
        let environment = stage.environment();
        let before = (stage.applications(), stage.connection(provider.default_connection()));
        let output = environment.run_with_robot(&["test", "--json", "--strict"]).exits(0);
        assert_eq!(output.document()["identity"]["subject"], through);
        assert_eq!(output.document()["identity"]["legacy_user_id"], "A1B2C3");
        assert_eq!((stage.applications(), stage.connection(provider.default_connection())), before);
        let mark = stage.mark();
        let output = environment.run_with_robot(&["test", "--direct", "--json", "--strict"]).exits(0);
        assert_eq!(output.document()["identity"]["subject"], direct);
        assert_eq!(output.document()["identity"]["legacy_user_id"], "A1B2C3");
        assert_eq!(stage.since(mark), [], "a direct login does not touch the tenant");
    }
}

#[test]
fn in_the_sandbox_test_passes_and_writes_nothing() {
    let environment = Environment::new();
    let port = free_port().to_string();
    for args in [
        &["test", "--sandbox"][..],
        &["test", "--sandbox", "--provider", "fitbit"],
        &["test", "--sandbox", "--direct", "--port", &port],
        &["test", "--sandbox", "--headless"],
    ] {
        let output = environment.run(args).exits(0).says(" checks passed");
        assert_eq!(output.stdout, "");
    }
    assert_eq!(environment.files(), []);
}

#[test]
fn what_is_misconfigured_is_named_without_a_login() {
    verify(SEEN_HEADLESS, |stage| stage.environment().run(&HEADLESS));
}

#[test]
fn without_management_credentials_authorize_still_tells() {
    verify(SEEN_THROUGH_AUTHORIZE, |stage| stage.environment_without_management().run(&HEADLESS));
}

#[test]
fn what_goes_wrong_in_a_login_through_auth0_is_named() {
    verify(SEEN_BY_A_LOGIN, |stage| stage.environment().run_with_robot(&["test", "--json"]));
}

#[test]
fn what_goes_wrong_in_a_login_at_the_provider_is_named() {
    verify(SEEN_DIRECTLY, |stage| {
        // With a second area there is one that can be left unticked while the identity stays readable.
        let scopes = match stage.provider() {
            GoogleHealth => "openid,email,profile,profile.readonly,sleep.readonly",
            Fitbit => "profile,sleep",
        };
        stage.environment().run_with_robot(&["test", "--direct", "--json", "--scopes", scopes])
    });
}

#[test]
fn every_fault_of_the_sandbox_has_a_row() {
    let tables = [SEEN_HEADLESS, SEEN_THROUGH_AUTHORIZE, SEEN_BY_A_LOGIN, SEEN_DIRECTLY];
    let mut covered: BTreeSet<Fault> = tables.iter().flat_map(|rows| rows.iter().map(|row| row.fault)).collect();
    covered.extend(NO_ANSWER.iter().chain(NOTHING_WRONG));
    let missing: Vec<&str> = Fault::ALL.iter().filter(|fault| !covered.contains(*fault)).map(|f| f.name()).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn where_nothing_is_wrong_nothing_is_reported() {
    for fault in NOTHING_WRONG {
        let stage = Stage::configured(GoogleHealth, &[*fault]);
        stage.environment().run(&HEADLESS).exits(0);
    }
}

#[test]
fn a_custom_login_domain_is_the_one_that_is_verified() {
    let stage = Stage::configured(GoogleHealth, &[Fault::CustomDomain]);
    let output = stage.environment().run_with_robot(&["test", "--json", "--strict"]).exits(0);
    let callbacks: Vec<String> =
        output.checks("provider.callback").iter().map(|check| check["detail"].to_string()).collect();
    assert!(callbacks.iter().any(|detail| detail.contains(facts::CUSTOM_DOMAIN)), "{callbacks:?}");
    assert_eq!(output.state("login.live"), "pass");
}

#[test]
fn a_login_that_never_comes_back_ends_with_the_time_limit_and_is_cleaned_up() {
    thread::scope(|scope| {
        for fault in [None, Some(NO_ANSWER[0]), Some(NO_ANSWER[1])] {
            scope.spawn(move || {
                let stage = Stage::configured(GoogleHealth, fault.as_slice());
                let before = stage.applications();
                let environment = stage.environment();
                let output = match fault {
                    Some(_) => environment.run_with_robot(&["test", "--json", "--timeout", "1s"]),
                    None => environment.run(&["test", "--json", "--timeout", "1s", "--no-browser"]),
                };
                let output = output.exits(5);
                assert_eq!(output.error_code(), "login_timed_out");
                assert_eq!(output.state("login.live"), "fail");
                assert_eq!(stage.applications(), before, "{output}");
            });
        }
    });
}

#[test]
fn without_management_credentials_the_checks_that_need_them_are_skipped_and_authorize_is_asked() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment_without_management();
    let output = environment.run(&HEADLESS).exits(0);
    for check in
        ["management.access", "connection.exists", "connection.settings", "connection.secret", "applications.enabled"]
    {
        assert_eq!(output.state(check), "skip", "{check}");
    }
    assert_eq!(output.state("authorize.redirect"), "pass");
    assert_eq!(output.checks("authorize.redirect").len(), 2);
    assert_eq!(stage.calls_since(0), []);
    let output = environment.run(&[&HEADLESS[..], &["--strict"]].concat()).exits(3);
    assert_eq!(output.error_code(), "not_verified");
    let output = environment.run(&["test", "--json"]).exits(0);
    assert_eq!(output.state("login.live"), "skip");
}

#[test]
fn strict_minds_what_is_unknown_and_what_is_only_a_warning() {
    for (fault, args) in [
        (Fault::NoCallback, &["test", "--headless", "--json", "--strict"][..]),
        (Fault::OptionsHidden, &["test", "--headless", "--json", "--strict"]),
        (Fault::Testing, &["test", "--direct", "--json", "--strict"]),
    ] {
        let stage = Stage::configured(GoogleHealth, &[fault]);
        let output = stage.environment().run_with_robot(args).exits(3);
        assert_eq!(output.error_code(), "not_verified", "{}", fault.name());
    }
}

#[test]
fn unknown_is_never_counted_as_passed_in_prose() {
    let stage = Stage::configured(GoogleHealth, &[Fault::NoCallback]);
    let output = stage.environment().run(&["test", "--headless"]).exits(0).says("unknown");
    let document = stage.environment().run(&HEADLESS);
    let passed = document.document()["checks"].as_array().unwrap().iter().filter(|c| c["state"] == "pass").count();
    assert!(output.stderr.contains(&format!("{passed} checks passed,")), "{output}");
}

#[test]
fn with_no_tenant_configured_the_login_is_at_the_provider() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let without_domain: String =
        settings.lines().filter(|l| !l.starts_with("domain")).map(|l| format!("{l}\n")).collect();
    environment.write_settings(&without_domain);
    let output = environment.run_with_robot(&["test", "--json"]).exits(0);
    assert_eq!(output.state("login.live"), "pass");
    assert!(output.document().get("tenant").is_none(), "{output}");
    assert_eq!(stage.since(0), []);
}

#[test]
fn a_direct_login_says_who_holds_its_port_and_does_not_take_another() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let held = std::net::TcpListener::bind(("127.0.0.1", stage.port())).unwrap();
    let output = stage.environment().run_with_robot(&["test", "--direct", "--json"]).exits(6);
    assert_eq!(output.error_code(), "port_in_use");
    let message = output.document()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains(&stage.port().to_string()), "{message}");
    if cfg!(target_os = "linux") {
        assert!(message.contains(&std::process::id().to_string()), "who holds it: {message}");
    }
    // Through Auth0 the next free one is registered instead.
    let output = stage.environment().run_with_robot(&["test", "--json"]).exits(0);
    assert_eq!(output.state("login.live"), "pass");
    drop(held);
}

#[test]
fn only_the_first_twenty_applications_are_asked_unless_all_are_wanted() {
    let stage = Stage::configured(GoogleHealth, &[]);
    (0..19).for_each(|n| drop(stage.create_application(&format!("Acme {n}"))));
    let environment = stage.environment();
    let asked = |output: &Output| {
        let checks = output.checks("authorize.redirect");
        let count = |state: &str| checks.iter().filter(|check| check["state"] == state).count();
        (count("pass"), count("skip"))
    };
    let output = environment.run(&[&HEADLESS[..], &["--all-apps"]].concat()).exits(0);
    assert_eq!(asked(&output), (20, 1));
    let output = environment.run(&[&HEADLESS[..], &["--all-apps", "--check-all"]].concat()).exits(0);
    assert_eq!(asked(&output), (21, 0));
}

#[test]
fn an_application_that_does_not_exist_is_an_input_error_here_too() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let output = stage.environment().run(&[&HEADLESS[..], &["--app", "Nobody"]].concat()).exits(2);
    assert_eq!(output.error_code(), "application_not_found");
}

#[test]
fn a_secret_that_is_not_there_is_named_with_the_ways_to_give_it() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().without("FITBIT_CONNECT_CLIENT_SECRET");
    let output = environment.run(&HEADLESS).exits(2);
    assert_eq!(output.error_code(), "client_secret_missing");
    assert_eq!(output.state("credentials.stored"), "fail");
    assert_eq!(output.state("credentials.accepted"), "skip");
    assert!(output.stderr.contains("FITBIT_CONNECT_CLIENT_SECRET"), "{output}");
}

#[test]
fn a_tenant_that_stumbles_is_asked_again() {
    let stumbled = std::sync::atomic::AtomicBool::new(false);
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        let first = request.path == "/api/v2/connections" && !stumbled.swap(true, std::sync::atomic::Ordering::Relaxed);
        if first { Reply::json(503, &json!({ "statusCode": 503 })) } else { pass() }
    }));
    stage.environment().run(&[&HEADLESS[..], &["--strict"]].concat()).exits(0);
}

#[test]
fn an_answer_that_is_not_understood_is_unknown_and_never_a_pass() {
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(|request, pass| match request.path.as_str() {
        "/authorize" => Reply::html(200, "<h1>Welcome to the hotel network</h1>"),
        "/api/v2/clients" => Reply::html(200, "<h1>Welcome to the hotel network</h1>"),
        _ => pass(),
    }));
    let output = stage.environment().run(&HEADLESS);
    let states: BTreeSet<String> =
        output.checks("authorize.redirect").iter().map(|check: &Value| check["state"].to_string()).collect();
    assert!(!states.contains("\"pass\""), "{output}");
    assert_ne!(output.code(), 1, "{output}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_waiting_for_the_person_ends_with_130_and_cleans_up() {
    use std::io::{BufRead as _, BufReader, Read as _};
    for args in [&["test", "--no-browser", "--json"][..], &["test", "--no-browser", "--direct", "--json"]] {
        let stage = Stage::configured(GoogleHealth, &[]);
        let before = stage.applications();
        let environment = stage.environment();
        let mut child = environment.command(args).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(stderr.any(|line| line.unwrap().starts_with("Waiting up to")), "it never waited");
        let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        let mut stdout = String::new();
        child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["error"]["code"], "cancelled");
        assert_eq!(stage.applications(), before);
    }
}

#[cfg(unix)]
#[test]
fn the_final_address_can_be_pasted_back() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let mut command = environment.command(&["test", "--no-browser", "--json"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let url = stderr.by_ref().find_map(|line| common::login_address(&line)).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let mut stdin = child.stdin.take().unwrap();
    // A bare code and an answer with another state are refused, and the wait goes on.
    for wrong in ["0123456789abcdef", "code=x&state=another"] {
        writeln!(stdin, "{wrong}").unwrap();
        assert!(stderr.any(|line| line.contains("not accepted")), "{wrong}");
    }
    writeln!(stdin, "error=access_denied&error_description=no&state={state}").unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["error"]["code"], "access_denied");
    assert_eq!(child.wait().unwrap().code(), Some(5));
}
