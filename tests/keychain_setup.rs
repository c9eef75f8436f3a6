//! Owns the tests of the whole program with a real keychain: what `setup` keeps there, `test` reads, `status` names and
//! `remove` deletes.
//!
//! Refuses to touch the keychain of the person who runs them: each test starts this binary again, inside
//! `dbus-run-session`, with an empty home, and there runs one of the ignored tests below.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod outside;

use fitbit_connect::secret::Secret;
use fitbit_connect::vault::{BROKEN_OFF, Keychain, Vault};
use outside::{Handover, Home, Sandbox, available, free_port};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};
use std::time::Duration;

const ACCOUNTS: [&str; 2] = ["default/client-secret", "default/management-client-secret"];
const ADVICE: &str = "the keychain tests need a real Secret Service: apt-get install dbus dbus-bin gnome-keyring";

/// A session bus with an unlocked keychain in a home of its own, and in it one of the ignored tests.
fn inside_a_session(test: &str) {
    if !available(&["dbus-run-session", "gnome-keyring-daemon"], ADVICE) {
        return;
    }
    let home = Home::new();
    let runtime = home.path("run");
    fs::create_dir(&runtime).unwrap();
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let script = format!(
        "printf pass | gnome-keyring-daemon --unlock --components=secrets >\"$HOME/daemon.log\" 2>&1\n\
         \"$TEST_BINARY\" --ignored --exact --nocapture {test}"
    );
    let mut command = home.command("dbus-run-session");
    command.args(["--", "sh", "-ec", &script]).env("XDG_RUNTIME_DIR", runtime);
    let output = command.env("TEST_BINARY", std::env::current_exe().unwrap()).output().unwrap();
    let text = said(&output);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Whether another test started this one; run by hand, it would reach the keychain of a person.
fn inside() -> bool {
    std::env::var_os("TEST_BINARY").is_some()
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

fn held() -> [bool; 2] {
    let keychain = Keychain::new(Duration::from_secs(10));
    ACCOUNTS.map(|account| keychain.holds(account).unwrap())
}

/// The person in the browser.
fn walk(browser: &Handover) {
    use fitbit_connect::browser::Browser as _;
    fitbit_connect::sandbox::robot::Robot::new(Default::default()).open(&browser.address(), &[]).unwrap();
}

struct Stage {
    home: Home,
    sandbox: Sandbox,
}

impl Stage {
    fn new(provider: &str) -> Self {
        let home = Home::new();
        let sandbox = Sandbox::start(&home, &[]);
        let settings = home.path("XDG/fitbit-connect/config.toml");
        fs::create_dir_all(settings.parent().unwrap()).unwrap();
        sandbox.write_addresses(&settings);
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(&settings, format!("[profiles.default]\nprovider = \"{provider}\"\n{text}")).unwrap();
        Self { home, sandbox }
    }

    /// The program with this session's bus and no variable of its own.
    fn program(&self, args: &[&str]) -> Command {
        let mut command = self.home.program(args);
        command.env("XDG_CONFIG_HOME", self.home.path("XDG"));
        for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// One on which `setup` was run, without the login and with these arguments.
    fn set_up(args: &[&str]) -> Self {
        let stage = Self::new("google-health");
        let output = stage.setup("google-health").arg("--skip-login").args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        stage
    }

    fn setup(&self, provider: &str) -> Command {
        let mut command = self.program(&["setup", "--json", "--yes", "--all-apps", "--domain", "acme.sandbox.test"]);
        command.args(["--save-management", "--port", &free_port().to_string()]);
        command.envs(self.sandbox.variables(provider));
        command
    }
}

fn a_life_in_the_keychain(provider: &str) {
    let stage = Stage::new(provider);
    let browser = Handover::new(&stage.home);
    let mut setup = stage.setup(provider);
    setup.env("BROWSER", browser.variable());
    let setup = std::thread::spawn(move || setup.output().unwrap());
    walk(&browser);
    let setup = setup.join().unwrap();
    let done = document(&setup);
    assert_eq!((done["ok"].as_bool(), done["exit_code"].as_u64()), (Some(true), Some(0)), "{}", said(&setup));
    assert_eq!(done["identity"]["legacy_user_id"], "A1B2C3", "{done}");
    assert_eq!(held(), [true, true]);

    // Nothing but the keychain has a secret, neither file nor output.
    for (file, bytes) in stage.home.files() {
        for secret in stage.sandbox.secrets() {
            assert!(!String::from_utf8_lossy(&bytes).contains(secret), "{}", file.display());
            assert!(!said(&setup).contains(secret));
        }
    }

    // No secret and no ID is given again.
    let test = stage.program(&["test", "--headless", "--strict", "--json"]).output().unwrap();
    let checks = document(&test);
    assert_eq!(test.status.code(), Some(0), "{}", said(&test));
    let state = |id: &str| {
        let all = checks["checks"].as_array().unwrap();
        all.iter().find(|check| check["check"] == id).unwrap_or_else(|| panic!("{id}: {checks}"))["state"].clone()
    };
    for id in ["credentials.stored", "credentials.accepted", "management.access", "connection.secret"] {
        assert_eq!(state(id), "pass", "{id}");
    }

    let status = stage.program(&["status"]).output().unwrap();
    assert_eq!(status.status.code(), Some(0), "{}", said(&status));
    let text = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(text.contains("keychain") && text.contains(ACCOUNTS[0]) && text.contains(ACCOUNTS[1]), "{text}");
    let status = document(&stage.program(&["status", "--json"]).output().unwrap());
    let secrets = status["secrets"].as_array().unwrap();
    assert_eq!(secrets.len(), 2, "{status}");
    assert!(secrets.iter().all(|one| one["store"] == "keychain" && one["state"] == "stored"), "{status}");

    let remove = stage.program(&["remove", "--yes", "--json"]).output().unwrap();
    assert_eq!(remove.status.code(), Some(0), "{}", said(&remove));
    assert_eq!(held(), [false, false]);
    if available(&["secret-tool"], "libsecret-tools looks into the keychain a second way") {
        let search =
            Command::new("secret-tool").args(["search", "--all", "service", "fitbit-connect"]).output().unwrap();
        assert!(!said(&search).contains("default/"), "{}", said(&search));
    }
    assert_eq!(stage.sandbox.connections(), BTreeSet::from([provider.to_owned()]), "the connection stays");
}

#[test]
fn google_health_lives_in_the_keychain() {
    inside_a_session("inside_google_health");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_google_health() {
    if inside() {
        a_life_in_the_keychain("google-health");
    }
}

#[test]
fn fitbit_lives_in_the_keychain() {
    inside_a_session("inside_fitbit");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_fitbit() {
    if inside() {
        a_life_in_the_keychain("fitbit");
    }
}

#[test]
fn two_profiles_and_the_removal_of_one() {
    inside_a_session("inside_two_profiles");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_two_profiles() {
    if !inside() {
        return;
    }
    let stage = Stage::new("google-health");
    let settings = stage.home.path("XDG/fitbit-connect/config.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{text}\n{}", text.replace("default", "staging"))).unwrap();
    for profile in ["default", "staging"] {
        let output = stage.setup("google-health").args(["--skip-login", "--profile", profile]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
    let output = stage.program(&["remove", "--yes", "--profile", "staging"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(held(), [true, true], "the other profile keeps its own");
    let keychain = Keychain::new(Duration::from_secs(10));
    assert!(!keychain.holds("staging/client-secret").unwrap());
    assert!(!keychain.holds("staging/management-client-secret").unwrap());
    let output = stage.program(&["test", "--headless"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn two_settings_files_with_a_profile_of_one_name_do_not_take_each_others_secrets() {
    inside_a_session("inside_two_settings_files");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_two_settings_files() {
    if !inside() {
        return;
    }
    let google = Stage::set_up(&[]);
    let fitbit = Stage::new("fitbit");
    let args = ["--skip-login", "--connection", "fitbit"];
    let output = fitbit.setup("fitbit").args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let client_id = google.sandbox.credential("google-health", "client_id");
    let whose = format!("default/client-secret in the keychain is the secret of {client_id} at google-health");
    assert!(said(&output).contains(&whose) && said(&output).contains("--profile"), "{}", said(&output));

    // The secret of the one is never sent for the other.
    let output = google.program(&["test", "--headless", "--json"]).output().unwrap();
    let failed = document(&output);
    assert_eq!(failed["error"]["code"], "client_secret_missing", "{failed}");
    let message = failed["error"]["message"].as_str().unwrap();
    assert!(message.contains("at fitbit") && message.contains(client_id), "{message}");
    let all = failed["checks"].as_array().unwrap();
    let accepted = all.iter().find(|check| check["check"] == "credentials.accepted").unwrap();
    assert_eq!(accepted["state"], "skip", "{failed}");
    let status = document(&google.program(&["status", "--json"]).output().unwrap());
    assert_eq!(status["secrets"][0]["state"], "missing", "{status}");

    // Nor does it go with the other's profile; the Management API client is one and the same.
    let output = google.program(&["remove", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("it was left there"), "{}", said(&output));
    assert_eq!(held(), [true, false]);
    let secret = Keychain::new(Duration::from_secs(10)).get(ACCOUNTS[0]).unwrap().unwrap();
    assert_eq!(secret.expose(), fitbit.sandbox.credential("fitbit", "client_secret"));
    let output = fitbit.program(&["remove", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(held(), [false, false]);
}

#[test]
fn a_note_that_is_not_written_to_the_end_is_mended_by_the_next_setup_and_nothing_is_sent_until_then() {
    inside_a_session("inside_notes");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_notes() {
    if !inside() {
        return;
    }
    let stage = Stage::set_up(&[]);
    let keychain = Keychain::new(Duration::from_secs(10));
    let notes = || ACCOUNTS.map(|account| keychain.client(account).unwrap().unwrap_or_default());
    let right = notes();
    assert!(right[0].ends_with(" at google-health") && right[1].ends_with(" at acme.sandbox.test"), "{right:?}");
    let note = |account: &str, text: &str| {
        let entry = keyring::Entry::new("fitbit-connect", account).unwrap();
        entry.inner.update_attributes(&[("client", text)].into()).unwrap();
    };
    let setup = |code: i32| {
        let output = stage.setup("google-health").arg("--skip-login").output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        output
    };
    // As an older version left it: it is used, and noted when it is looked at.
    ACCOUNTS.iter().for_each(|account| note(account, ""));
    let output = stage.program(&["test", "--headless"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = stage.program(&["setup", "--yes", "--skip-login"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(notes(), right);

    // As a run leaves it that died while it wrote.
    note(ACCOUNTS[0], &format!("{}{BROKEN_OFF}", right[0]));
    let output = stage.program(&["test", "--headless", "--json"]).output().unwrap();
    assert_eq!(document(&output)["error"]["code"], "client_secret_missing", "{}", said(&output));
    assert!(!said(&setup(0)).contains("replace:"), "it is this profile's own");
    assert_eq!(notes(), right);

    // Two entries of one account: told with what to do, and a removal removes both.
    let second = Command::new("secret-tool")
        .args(["store", "--label=x", "service", "fitbit-connect", "username", ACCOUNTS[0], "second", "1"])
        .stdin(std::process::Stdio::null())
        .status();
    if second.is_ok_and(|status| status.success()) {
        let refused = document(&setup(7));
        let hint = refused["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("secret-tool clear service fitbit-connect username default/client-secret"), "{refused}");
    }
    let output = stage.program(&["remove", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(held(), [false, false]);
}

#[test]
fn who_keeps_secrets_elsewhere_from_now_on_leaves_none_in_the_keychain() {
    inside_a_session("inside_a_change_of_place");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_change_of_place() {
    if !inside() {
        return;
    }
    for store in ["file", "none"] {
        let stage = Stage::new("google-health");
        let run = |args: &[&str]| {
            let output = stage.setup("google-health").arg("--skip-login").args(args).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            output
        };
        run(&[]);
        assert_eq!(held(), [true, true]);
        let output = run(&["--store", store]);
        assert_eq!(held(), [false, false], "{}", said(&output));
        assert_eq!(document(&output)["ok"], true);
        // Who names another place at the removal has both emptied.
        run(&["--store", "keychain"]);
        assert_eq!(held(), [true, true]);
        let output = stage.program(&["remove", "--yes", "--store", store]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(held(), [false, false], "{}", said(&output));
    }
}

#[test]
fn both_secrets_go_along_when_the_place_changes_and_neither_is_given_again() {
    inside_a_session("inside_a_move_of_both_secrets");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_move_of_both_secrets() {
    if !inside() {
        return;
    }
    let stage = Stage::set_up(&[]);
    assert_eq!(held(), [true, true]);
    let in_file = || {
        let text = fs::read_to_string(stage.home.path("XDG/fitbit-connect/secrets.toml")).unwrap_or_default();
        ACCOUNTS.map(|account| text.contains(account))
    };
    for (store, keychain) in [("file", false), ("keychain", true), ("file", false)] {
        // The second time it changes nothing.
        for _ in 0..2 {
            let output =
                stage.program(&["setup", "--json", "--yes", "--skip-login", "--store", store]).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            assert_eq!((held(), in_file()), ([keychain; 2], [!keychain; 2]), "{}", said(&output));
        }
        let status = document(&stage.program(&["status", "--json"]).output().unwrap());
        let secrets = status["secrets"].as_array().unwrap();
        assert!(secrets.iter().all(|one| one["store"] == store && one["state"] == "stored"), "{status}");
    }
    let output = stage.program(&["remove", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!((held(), in_file()), ([false; 2], [false; 2]));
}

#[test]
fn a_change_of_place_that_cannot_be_written_down_leaves_the_keychain_as_it_was() {
    inside_a_session("inside_a_change_that_is_not_written_down");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_change_that_is_not_written_down() {
    if !inside() {
        return;
    }
    let stage = Stage::set_up(&[]);
    let settings = stage.home.path("XDG/fitbit-connect/config.toml");
    let text = fs::read_to_string(&settings).unwrap();
    let real = for_reading_alone(&settings, &stage.home);
    let output = stage.program(&["setup", "--json", "--yes", "--skip-login", "--store", "file"]).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert_eq!(held(), [true, true], "{}", said(&output));
    assert_eq!(fs::read_to_string(&real).unwrap(), text);
    // What was kept is still there for the next run, and both go along once it can be written.
    let again = stage.program(&["setup", "--json", "--yes", "--skip-login"]).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert_eq!(held(), [true, true]);
    fs::remove_file(&settings).unwrap();
    fs::rename(&real, &settings).unwrap();
    let moved = stage.program(&["setup", "--json", "--yes", "--skip-login", "--store", "file"]).output().unwrap();
    assert_eq!(moved.status.code(), Some(0), "{}", said(&moved));
    assert_eq!(held(), [false, false]);
    let written = fs::read_to_string(&settings).unwrap();
    assert!(written.contains("store = \"file\"") && !written.contains("moving_from"), "{written}");
    // A run that died before the old place was empty is made good by the next one.
    let secret = Secret::new("left behind by a killed run".to_owned());
    Keychain::new(Duration::from_secs(10)).set(ACCOUNTS[0], &secret, "", &[]).unwrap();
    fs::write(&settings, written.replace("store = ", "moving_from = \"keychain\"\nstore = ")).unwrap();
    let again = stage.program(&["setup", "--json", "--yes", "--skip-login"]).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert_eq!(held(), [false, false]);
    assert!(!fs::read_to_string(&settings).unwrap().contains("moving_from"));
}

#[test]
fn a_keychain_that_does_not_answer_is_emptied_by_the_next_run_that_reaches_it() {
    inside_a_session("inside_a_move_away_from_a_keychain_out_of_reach");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_move_away_from_a_keychain_out_of_reach() {
    if !inside() {
        return;
    }
    // The change of place alone, and together with that of the provider, whose former secret is another client's.
    for (by, provider) in
        [("setup", "google-health"), ("remove", "google-health"), ("setup", "fitbit"), ("remove", "fitbit")]
    {
        let stage = Stage::set_up(&[]);
        let settings = stage.home.path("XDG/fitbit-connect/config.toml");
        let says_so = || fs::read_to_string(&settings).unwrap().contains("moving_from = \"keychain\"");
        let away = |command: &mut Command| {
            let output = command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").output().unwrap();
            assert!(!said(&output).contains("means nothing"), "{}", said(&output));
            output
        };
        // Nothing was given, and what is kept is out of reach: that is what has to be put right.
        let bare = ["setup", "--json", "--yes", "--skip-login", "--store", "file"];
        let mut command = stage.program(&bare);
        command.envs(stage.sandbox.variables("google-health")).env_remove("FITBIT_CONNECT_CLIENT_SECRET");
        let output = away(&mut command);
        assert_eq!(output.status.code(), Some(7), "{}", said(&output));
        assert_eq!(document(&output)["error"]["code"], "secret_store_missing", "{}", said(&output));

        command.env_remove("AUTH0_CLIENT_ID").env_remove("AUTH0_CLIENT_SECRET");
        let output = away(&mut command);
        assert_eq!(output.status.code(), Some(7), "the Management secret is out of reach as well: {}", said(&output));

        // A variable of CI is nobody who knows that secrets stay; the flag is, and the document says so.
        let output = away(stage.program(&["remove", "--yes", "--json"]).env("FITBIT_CONNECT_STORE", "none"));
        assert_eq!(output.status.code(), Some(7), "{}", said(&output));

        let output = away(stage.setup(provider).args(["--skip-login", "--store", "file", "--provider", provider]));
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let told = document(&output)["checks"].to_string();
        assert!(told.contains("may still be in the keychain") && says_so(), "{}", said(&output));
        assert_eq!(held(), [true, true]);
        let status = said(&stage.program(&["status"]).output().unwrap());
        assert!(status.contains("Moving from   the keychain"), "{status}");
        if by == "remove" {
            // It would be the last that knows of them.
            let output = away(&mut stage.program(&["remove", "--yes"]));
            assert_eq!((output.status.code(), says_so()), (Some(7), true), "{}", said(&output));
            let before = fs::read_to_string(&settings).unwrap();
            let output = away(&mut stage.program(&["remove", "--yes", "--json", "--store", "file"]));
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            assert_eq!(document(&output)["checks"][0]["code"], "secret_store_missing", "{}", said(&output));
            fs::write(&settings, before).unwrap();
        }
        let output = match by {
            "setup" => stage.program(&["setup", "--json", "--yes", "--skip-login"]).output().unwrap(),
            _ => stage.program(&["remove", "--yes"]).output().unwrap(),
        };
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!((held(), says_so()), ([false, false], false), "{by}: {}", said(&output));
    }
}

/// Puts settings behind a link to a name so long that no temporary file fits beside it: they are read, and written by nobody, root
/// included. Where they are now.
fn for_reading_alone(settings: &std::path::Path, home: &Home) -> std::path::PathBuf {
    let real = home.path(&format!("{}.toml", "managed-elsewhere-".repeat(13)));
    fs::rename(settings, &real).unwrap();
    std::os::unix::fs::symlink(&real, settings).unwrap();
    real
}

#[test]
fn of_two_changes_at_once_none_leaves_a_secret_that_no_settings_name() {
    inside_a_session("inside_two_changes_at_once");
}

/// The simulated tenant under a second name, which is as long as its own.
const OTHER: &str = "beta.sandbox.test";

/// Stands in front of the tenant, and gives it the second name; its port.
fn under_another_name(tenant: &str) -> u16 {
    fn passes(mut from: TcpStream, mut to: TcpStream, name: &str, other: &str) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            let mut part = bytes[..length].to_vec();
            // In addresses of the tenant; those of the applications stay as they are.
            for begin in ["https://", "https%3A%2F%2F"] {
                let (name, other) = (format!("{begin}{name}"), format!("{begin}{other}"));
                while let Some(at) = part.windows(name.len()).position(|window| window == name.as_bytes()) {
                    part[at..at + name.len()].copy_from_slice(other.as_bytes());
                }
            }
            if to.write_all(&part).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    }
    let (tenant, front) = (tenant.to_owned(), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = front.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for near in front.incoming().flatten() {
            let far = TcpStream::connect(&tenant).unwrap();
            let (near_again, far_again) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || passes(near, far, OTHER, "acme.sandbox.test"));
            std::thread::spawn(move || passes(far_again, near_again, "acme.sandbox.test", OTHER));
        }
    });
    port
}

/// A stage whose tenant has two names, set up with these arguments.
fn with_two_names(args: &[&str]) -> (Stage, std::path::PathBuf) {
    let stage = Stage::set_up(args);
    let settings = stage.home.path("XDG/fitbit-connect/config.toml");
    let text = fs::read_to_string(&settings).unwrap();
    let line = text.lines().find(|line| line.starts_with("\"https://acme.sandbox.test\" = ")).unwrap();
    let tenant = line.rsplit("http://").next().unwrap().trim_end_matches('"');
    let port = under_another_name(tenant);
    let both =
        format!("{line}\n{}", line.replace("acme.sandbox.test", OTHER).replace(tenant, &format!("127.0.0.1:{port}")));
    fs::write(&settings, text.replace(line, &both)).unwrap();
    (stage, settings)
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_two_changes_at_once() {
    if !inside() {
        return;
    }
    let bare = ["setup", "--json", "--yes", "--skip-login", "--all-apps"];
    for (from, to) in [("keychain", "file"), ("file", "keychain")] {
        let (stage, settings) = with_two_names(&["--store", from]);
        let secrets = || fs::read_to_string(settings.with_file_name("secrets.toml")).unwrap_or_default();
        let mut change = stage.program(&bare);
        change
            .args(["--store", to, "--domain", OTHER, "--login-domain", "acme.sandbox.test"])
            .envs(stage.sandbox.variables("google-health"));
        let output = change.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let written = fs::read_to_string(&settings).unwrap();
        assert!(written.contains(OTHER) && !written.contains("moving_"), "{written}");
        assert_eq!(held(), [to == "keychain", false], "{from}: {}", said(&output));
        assert!(!secrets().contains("management"), "{from}: {}", said(&output));
        let output = stage.program(&["remove", "--yes"]).output().unwrap();
        assert_eq!((output.status.code(), held()), (Some(0), [false, false]), "{}", said(&output));
    }

    // Where the keychain is out of reach, what is given goes to the new place, and what is kept stays noted.
    let (stage, settings) = with_two_names(&[]);
    let mut change = stage.program(&bare);
    change.args(["--store", "file"]).envs(stage.sandbox.variables("google-health"));
    let output = change.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus").output().unwrap();
    assert_eq!((output.status.code(), held()), (Some(0), [true, true]), "{}", said(&output));
    let secrets = fs::read_to_string(settings.with_file_name("secrets.toml")).unwrap();
    assert!(secrets.contains("management-client-secret"), "{}", said(&output));
    // As an older version left it: with the client secret alone in the new place.
    let (head, _) = secrets.split_once("\"default/management-client-secret\"").unwrap();
    fs::write(settings.with_file_name("secrets.toml"), head).unwrap();
    let output = stage.program(&bare).output().unwrap();
    assert_eq!((output.status.code(), held()), (Some(0), [false, false]), "{}", said(&output));
    let secrets = fs::read_to_string(settings.with_file_name("secrets.toml")).unwrap();
    assert!(secrets.contains("management-client-secret"), "{}", said(&output));
    assert!(!fs::read_to_string(&settings).unwrap().contains("moving_"));
    assert_eq!(stage.program(&["remove", "--yes"]).output().unwrap().status.code(), Some(0));

    // A change of both that was killed on its way, and taken back.
    let (stage, settings) = with_two_names(&[]);
    let mut change = stage.program(&bare);
    change
        .args(["--store", "file", "--domain", OTHER, "--login-domain", "acme.sandbox.test"])
        .envs(stage.sandbox.variables("google-health"));
    let before = fs::read_to_string(&settings).unwrap();
    let client =
        before.lines().find_map(|line| line.strip_prefix("management_client_id = ")).unwrap().trim_matches('"');
    change.arg("--save-management").env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    let output = change.output().unwrap();
    assert_eq!((output.status.code(), held()), (Some(0), [true, true]), "{}", said(&output));
    let now = fs::read_to_string(&settings).unwrap();
    assert!(now.contains(&format!("moving_clients = [\"{client} at acme.sandbox.test\"]")), "{now}");
    let mut back = stage.program(&bare);
    back.args(["--store", "keychain", "--domain", "acme.sandbox.test"]);
    let output = back.envs(stage.sandbox.variables("google-health")).output().unwrap();
    assert_eq!((output.status.code(), held()), (Some(0), [true, false]), "{}", said(&output));
    let output = stage.program(&["remove", "--yes"]).output().unwrap();
    assert_eq!((output.status.code(), held()), (Some(0), [false, false]), "{}", said(&output));
}

#[test]
fn a_change_of_client_that_cannot_be_written_down_loses_no_secret() {
    inside_a_session("inside_a_change_of_client_that_is_not_written_down");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_change_of_client_that_is_not_written_down() {
    if !inside() {
        return;
    }
    let stage = Stage::set_up(&[]);
    let settings = stage.home.path("XDG/fitbit-connect/config.toml");
    for_reading_alone(&settings, &stage.home);
    let output = stage.setup("fitbit").args(["--skip-login", "--provider", "fitbit"]).output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    let output = stage.program(&["test", "--headless", "--json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "what was kept is there, and of the same client: {}", said(&output));
}

#[test]
fn a_removal_names_what_the_keychain_has_and_the_settings_do_not_say() {
    inside_a_session("inside_a_removal_with_something_left");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_removal_with_something_left() {
    if !inside() {
        return;
    }
    let stage = Stage::set_up(&["--store", "file"]);
    let secret = Secret::new("of another settings file".to_owned());
    Keychain::new(Duration::from_secs(10)).set(ACCOUNTS[0], &secret, "", &[]).unwrap();
    let output = stage.program(&["remove", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains(&format!("the keychain has {} too", ACCOUNTS[0])), "{}", said(&output));
    assert_eq!(held(), [true, false], "it may be another settings file's");
}

#[test]
fn without_any_keychain_setup_says_so_before_it_writes_anything() {
    for provider in ["google-health", "fitbit"] {
        let stage = Stage::new(provider);
        let before = stage.home.files();
        let mut command = stage.setup(provider);
        // No session of the person who runs the tests, and none that could be found by itself.
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("XDG_RUNTIME_DIR");
        let output = command.output().unwrap();
        let done = document(&output);
        assert_eq!(output.status.code(), Some(7), "{}", said(&output));
        assert_eq!(done["error"]["code"], "secret_store_missing", "{done}");
        assert_eq!(done["exit_code"], 7);
        let hint = done["error"]["hint"].as_str().unwrap();
        assert!(hint.contains("--store file"), "{hint}");
        assert_eq!(stage.home.files(), before);
        assert!(stage.sandbox.connections().is_empty());
        assert_eq!(stage.sandbox.applications().len(), 4);
    }
}

#[test]
fn without_any_keychain_the_sandbox_and_store_none_still_work() {
    let stage = Stage::new("google-health");
    for args in [&["--sandbox"][..], &["--store", "none", "--skip-login"]] {
        let mut command = stage.setup("google-health");
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("XDG_RUNTIME_DIR");
        let output = command.args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
}
