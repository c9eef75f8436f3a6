//! No secret leaves the program but to the service it is for: not to a stream, a file, an argument list or a child.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::stage::Stage;
use common::{Environment, Output};
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;

/// A secret that is right in form and that no service knows.
const UNKNOWN_GOOGLE: &str = concat!("GOC", "SPX-canary-0123456789-canary");
const UNKNOWN_FITBIT: &str = "ca1abca1abca1abca1abca1abca1abca";
const UNKNOWN_MACHINE: &str = "canary-machine-secret-0123456789012345678901234567890123456789";

/// Every secret of a run, and every form in which one travels.
fn secrets(provider: Provider, token: &str) -> Vec<String> {
    let (id, secret, unknown) = match provider {
        GoogleHealth => (facts::GOOGLE_CLIENT_ID, facts::GOOGLE_CLIENT_SECRET, UNKNOWN_GOOGLE),
        Fitbit => (facts::FITBIT_CLIENT_ID, facts::FITBIT_CLIENT_SECRET, UNKNOWN_FITBIT),
    };
    let mut all = vec![token.to_owned()];
    for secret in [secret, unknown, facts::MANAGEMENT_CLIENT_SECRET, UNKNOWN_MACHINE] {
        all.push(secret.to_owned());
        all.push(STANDARD.encode(secret));
        all.push(URL_SAFE_NO_PAD.encode(secret));
        all.push(STANDARD.encode(format!("{id}:{secret}")));
        all.push(format!("{:?}", secret.as_bytes()));
    }
    all
}

/// How codes, tokens and verifiers look where a service gives them out.
const GIVEN_OUT: [&str; 10] = [
    "\"access_token\"",
    "\"refresh_token\"",
    "\"id_token\"",
    "code_verifier",
    "access_token=",
    "client_secret=",
    "4/0A",
    "eyJhbGci",
    "eyJ0eXAi",
    "Bearer ",
];

#[track_caller]
fn nothing_leaks(environment: &Environment, output: &Output, secrets: &[String]) {
    for secret in secrets.iter().map(String::as_str).chain(GIVEN_OUT) {
        output.hides(secret);
    }
    for (path, content) in environment.files() {
        if path == environment.secrets() {
            continue;
        }
        let text = String::from_utf8_lossy(&content);
        for secret in secrets {
            assert!(!text.contains(secret.as_str()), "{secret} in {}", path.display());
        }
    }
}

/// One environment that keeps secrets in a file and gets them from variables.
fn environment(stage: &Stage) -> Environment {
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    environment
}

#[test]
fn no_secret_is_shown_or_kept_in_the_settings_when_everything_goes_well() {
    for provider in [GoogleHealth, Fitbit] {
        let stage = Stage::empty(provider, &[]);
        let environment = environment(&stage);
        let secrets = secrets(provider, "no token");
        for args in [
            &["setup", "--dry-run", "--all-apps"][..],
            &["setup", "--yes", "--all-apps", "--save-management"],
            &["setup", "--yes", "--json"],
            &["test"],
            &["test", "--json"],
            &["test", "--direct"],
            &["test", "--direct", "--json"],
            &["status"],
            &["status", "--json"],
            &["remove", "--yes", "--delete-connection"],
        ] {
            let output = environment.run_with_robot(args).exits(0);
            nothing_leaks(&environment, &output, &secrets);
        }
        assert!(!environment.secrets().exists());
    }
}

#[test]
fn no_secret_is_shown_when_something_goes_wrong() {
    let faults = [
        Fault::ShutDown,
        Fault::RedirectMismatch,
        Fault::WrongSecret,
        Fault::ManagementClientUnknown,
        Fault::NoClientGrant,
        Fault::ReadOnlyToken,
        Fault::OptionsHidden,
        Fault::ExpiredToken,
        Fault::WrongSecretInTenant,
        Fault::SettingsDrifted,
        Fault::DeveloperKeys,
        Fault::Denied,
        Fault::UntickedIdentity,
        Fault::NotLinked,
        Fault::LoginBlocked,
        Fault::ScriptFails,
        Fault::BadNonce,
        Fault::BadAudience,
        Fault::WrongIssuer,
        Fault::Testing,
    ];
    thread::scope(|scope| {
        for fault in faults {
            scope.spawn(move || {
                let stage = Stage::configured(GoogleHealth, &[fault]);
                let environment = environment(&stage);
                let secrets = secrets(GoogleHealth, "no token");
                for args in [
                    &["setup", "--yes"][..],
                    &["test", "--json"],
                    &["test", "--direct", "--json"],
                    &["remove", "--yes", "--delete-connection"],
                ] {
                    nothing_leaks(&environment, &environment.run_with_robot(args), &secrets);
                }
            });
        }
    });
}

#[test]
fn a_secret_that_a_service_refuses_is_not_shown() {
    for (provider, unknown) in [(GoogleHealth, UNKNOWN_GOOGLE), (Fitbit, UNKNOWN_FITBIT)] {
        let stage = Stage::configured(provider, &[]);
        let secrets = secrets(provider, "no token");
        let wrong = environment(&stage).with("FITBIT_CONNECT_CLIENT_SECRET", unknown);
        for args in [&["setup", "--yes"][..], &["test", "--headless", "--json"], &["test", "--direct"]] {
            nothing_leaks(&wrong, &wrong.run_with_robot(args).exits(4), &secrets);
        }
        assert!(!wrong.secrets().exists(), "a secret that was refused is not kept");
        let wrong = environment(&stage).with("AUTH0_CLIENT_SECRET", UNKNOWN_MACHINE);
        for args in [&["setup", "--yes"][..], &["test", "--headless", "--json"]] {
            nothing_leaks(&wrong, &wrong.run(args).exits(4), &secrets);
        }
    }
}

#[test]
fn a_management_token_is_used_and_kept_nowhere() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let token = stage.token();
    let environment = environment(&stage).without("AUTH0_CLIENT_SECRET").with("AUTH0_API_TOKEN", &token);
    let secrets = secrets(GoogleHealth, &token);
    for args in [&["setup", "--yes", "--all-apps", "--save-management"][..], &["test", "--json"], &["status"]] {
        let output = environment.run_with_robot(args).exits(0);
        nothing_leaks(&environment, &output, &secrets);
    }
    assert!(!fs::read_to_string(environment.secrets()).unwrap().contains(&token));
    let file = environment.file("token", format!("{token}\n"));
    let environment = environment.without("AUTH0_API_TOKEN");
    let output = environment.run(&["test", "--headless", "--json", "--token-file", &file]).exits(0);
    assert_eq!(output.state("management.access"), "pass");
    // One that was changed on the way is refused, and not shown either.
    let broken = environment.file("broken", format!("{}x", &token[..token.len() - 4]));
    let output = environment.run(&["test", "--headless", "--json", "--token-file", &broken]).exits(4);
    assert_eq!(output.error_code(), "management_token_rejected");
    output.hides(&token[..40]);
}

#[test]
fn the_management_secret_of_a_tenant_that_is_left_goes_with_it() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = environment(&stage);
    environment.run(&["setup", "--yes", "--all-apps", "--skip-login", "--save-management"]).exits(0);
    let kept = || fs::read_to_string(environment.secrets()).unwrap();
    assert!(kept().contains("management-client-secret"));
    let text = fs::read_to_string(environment.settings()).unwrap();
    let domain = |domain: &str| format!("\ndomain = \"{domain}\"\n");
    environment.write_settings(&text.replace(&domain(facts::DOMAIN), &domain("old.sandbox.test")));
    let app = facts::APPLICATIONS[0].client_id;
    let args = ["setup", "--manual", "--yes", "--skip-login", "--domain", facts::DOMAIN, "--app", app];
    let output = environment.run(&args).exits(0);
    assert!(output.stderr.contains("forget the Management API client's secret"), "{output}");
    assert!(!kept().contains("management-client-secret") && kept().contains("/client-secret"), "{output}");
}

#[test]
fn a_secret_is_sent_for_the_client_that_it_was_kept_for_and_for_no_other() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = environment(&stage);
    environment.run(&["setup", "--yes", "--all-apps", "--skip-login", "--save-management"]).exits(0);
    let environment = environment
        .without("FITBIT_CONNECT_CLIENT_SECRET")
        .without("FITBIT_CONNECT_CLIENT_ID")
        .without("AUTH0_CLIENT_ID")
        .without("AUTH0_CLIENT_SECRET");
    environment.run(&["test", "--headless", "--strict"]).exits(0);
    let text = fs::read_to_string(environment.settings()).unwrap();
    let (google, fitbit) = (facts::GOOGLE_CLIENT_ID, facts::FITBIT_CLIENT_ID);
    assert!(text.contains(google) && text.contains("\"google-health\"\ndomain"), "{text}");
    let edited = text.replace(google, fitbit).replace("provider = \"google-health\"", "provider = \"fitbit\"");
    environment.write_settings(&edited);
    let mark = stage.mark();
    let output = environment.run(&["test", "--headless", "--json"]).exits(2);
    assert_eq!(output.error_code(), "client_secret_missing");
    assert!(output.document()["error"]["message"].as_str().unwrap().contains(google), "{output}");
    let output = environment.run(&["setup", "--yes", "--all-apps", "--skip-login"]).exits(2);
    assert!(
        output.stderr.contains(&format!("is the secret of {google} at google-health, and is not used")),
        "{output}"
    );
    let of_a_provider = |(method, path, _): &(String, String, u16)| method == "POST" && !path.starts_with("/oauth/");
    let sent: Vec<_> = stage.since(mark).into_iter().filter(of_a_provider).collect();
    assert_eq!(sent, [], "{output}");

    // The same for the client of the Management API.
    let id = text.lines().find_map(|line| line.strip_prefix("management_client_id = ")).unwrap();
    environment.write_settings(&text.replace(id, "\"AnotherClient0000000000000000000\""));
    let mark = stage.mark();
    let output = environment.run(&["test", "--headless", "--json"]).exits(0);
    let whose = format!("is the secret of {} at {}, and is not used", id.trim_matches('"'), facts::DOMAIN);
    assert!(output.stderr.contains(&whose), "{output}");
    assert_eq!(output.state("management.access"), "skip");
    assert!(!stage.since(mark).iter().any(|(_, path, _)| path.contains("/oauth/token")), "{output}");
    // Whoever has edited it back is where they were.
    environment.write_settings(&text);
    environment.run(&["test", "--headless", "--strict"]).exits(0);
}

#[cfg(unix)]
#[test]
fn what_is_written_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment();
    let settings = environment.file("start.toml", stage.settings(Store::File));
    fs::remove_dir_all(environment.settings().parent().unwrap()).unwrap();
    let own = environment.desk("own/config.toml");
    fs::create_dir(own.parent().unwrap()).unwrap();
    fs::copy(settings, &own).unwrap();
    environment.run(&["setup", "--config", own.to_str().unwrap(), "--yes", "--all-apps", "--skip-login"]).exits(0);
    for file in ["own/config.toml", "own/secrets.toml"] {
        let mode = fs::metadata(environment.desk(file)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file} has mode {mode:o}");
    }
    let kept = fs::read_to_string(environment.desk("own/secrets.toml")).unwrap();
    assert!(kept.contains(facts::GOOGLE_CLIENT_SECRET) && !kept.contains(facts::MANAGEMENT_CLIENT_SECRET), "{kept}");
    assert_eq!(common::files_below(own.parent().unwrap()).len(), 2, "no temporary file is left");
}

#[cfg(unix)]
#[test]
fn who_removes_a_profile_through_a_link_leaves_no_secret_of_it_beside_the_real_settings() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = environment(&stage);
    let setup = ["setup", "--yes", "--all-apps", "--skip-login", "--save-management"];
    environment.run(&setup).exits(0);
    let link = environment.desk("mine.toml");
    std::os::unix::fs::symlink(environment.settings(), &link).unwrap();
    environment.run(&[&setup[..], &["--config", link.to_str().unwrap()]].concat()).exits(0);
    let beside_link = environment.desk("mine.secrets.toml");
    assert!(beside_link.exists() && environment.secrets().exists());
    let output = environment.run(&["remove", "--yes", "--config", link.to_str().unwrap()]).exits(0);
    assert!(output.stderr.contains(environment.secrets().to_str().unwrap()), "{output}");
    assert!(!beside_link.exists() && !environment.secrets().exists(), "{output}");
    assert!(!fs::read_to_string(environment.settings()).unwrap().contains("[profiles"), "{output}");
}

#[test]
fn the_file_store_warns_that_it_is_plain_text() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let output = environment.run(&["setup", "--yes", "--skip-login", "--store", "file"]).exits(0).says("warning:");
    assert!(output.stderr.contains(environment.secrets().to_str().unwrap()), "{output}");
    output.hides("chmod");
}

#[cfg(unix)]
#[test]
fn a_file_of_secrets_in_a_folder_of_everybodys_is_warned_of_unless_each_can_take_away_only_their_own() {
    use std::os::unix::fs::PermissionsExt as _;
    for (mode, warned) in [(0o777, true), (0o1777, false), (0o755, false)] {
        let stage = Stage::configured(GoogleHealth, &[]);
        let environment = stage.environment();
        let folder = environment.settings().parent().unwrap().to_owned();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
        let output = environment.run(&["setup", "--yes", "--skip-login", "--store", "file"]).exits(0);
        let advice = format!("`chmod o-w {}`", folder.display());
        assert_eq!(output.stderr.contains(&advice), warned, "{mode:o} {output}");
    }
}

#[test]
fn store_none_keeps_nothing() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    environment.run(&["setup", "--yes", "--skip-login", "--store", "none"]).exits(0);
    assert!(!environment.secrets().exists());
    let environment = environment.without("FITBIT_CONNECT_CLIENT_SECRET");
    let output = environment.run(&["setup", "--yes", "--json"]).exits(2);
    assert!(output.stderr.contains("FITBIT_CONNECT_CLIENT_SECRET"), "{output}");
}

#[cfg(unix)]
#[test]
fn the_browser_gets_the_address_and_no_secret() {
    use std::process::Command;

    use fitbit_connect::browser::Browser as _;
    use fitbit_connect::sandbox::robot::Robot;

    let stage = Stage::configured(GoogleHealth, &[]);
    let token = stage.token();
    let environment = stage.environment();
    let pipe = environment.desk("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let script = environment.file("browser.sh", "{ env; printf 'ADDRESS %s\\n' \"$@\"; } > \"$1\"\n");
    let browser = format!("sh {script} {} --new %s --end", pipe.display());
    let environment = environment.with("BROWSER", &browser).with("AUTH0_ACCESS_TOKEN", &token);
    let output = thread::scope(|scope| {
        let child = scope.spawn(|| {
            // Whatever the browser says goes through the pipe; the login goes on when it has said it.
            let said = fs::read_to_string(&pipe).unwrap();
            let url = said.lines().filter_map(|line| line.strip_prefix("ADDRESS ")).find_map(common::login_address);
            if let Some(url) = &url {
                Robot::new(Default::default()).open(url, &[]).unwrap();
            }
            said
        });
        let output = environment.run(&["test", "--json"]);
        // Should the browser never have been started, this ends the reading.
        drop(fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap());
        (output, child.join().unwrap())
    });
    let (output, said) = output;
    let output = output.exits(0);
    assert!(said.contains("ADDRESS --new\n") && said.contains("ADDRESS --end\n"), "{said}");
    for secret in secrets(GoogleHealth, &token) {
        assert!(!said.contains(&secret), "{secret} in the browser's environment or arguments\n{said}");
    }
    nothing_leaks(&environment, &output, &secrets(GoogleHealth, &token));
}

#[cfg(target_os = "linux")]
#[test]
fn no_secret_is_in_the_argument_list_while_it_runs() {
    use std::io::{BufRead as _, BufReader};
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment().without("FITBIT_CONNECT_CLIENT_SECRET");
    let file = environment.file("secret", facts::GOOGLE_CLIENT_SECRET);
    let mut command = environment.command(&["test", "--no-browser", "--client-secret-file", &file]);
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap().starts_with("Waiting up to")), "it never waited");
    let arguments = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    let arguments = String::from_utf8_lossy(&arguments);
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap_or_default();
    child.kill().unwrap();
    child.wait().unwrap();
    for secret in secrets(GoogleHealth, "no token") {
        assert!(!arguments.contains(&secret), "{arguments}");
    }
    assert_eq!(children.trim(), "", "it needs no other program");
}
