//! Owns the tests of the dialogue with a real keychain: it keeps there what the same answers as flags keep, and where there
//! is none the person is asked for another place.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod outside;
mod terminal_kit;

use fitbit_connect::vault::{Keychain, Vault};
use outside::{Home, Sandbox, available, free_port};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use terminal_kit::{Do, Terminal};

const ADVICE: &str = "the keychain tests need a real Secret Service: apt-get install dbus dbus-bin gnome-keyring";
const SECRET: &str = "Client secret:";
const MANAGEMENT_SECRET: &str = "Secret of the Management API client:";
const KEEP: &str = "Keep the Management API client's secret";
const PLAN: &str = "Do this in acme.sandbox.test?";

/// A home with a sandbox, and settings in which two profiles know where it is.
struct Stage {
    home: Home,
    sandbox: Sandbox,
    settings: PathBuf,
}

impl Stage {
    fn new() -> Self {
        let home = Home::new();
        let sandbox = Sandbox::start(&home, &[]);
        let settings = home.path("mine.toml");
        sandbox.write_addresses(&settings);
        let addresses = fs::read_to_string(&settings).unwrap();
        let both = ["spoken", "given"].map(|profile| addresses.replace("default", profile)).concat();
        fs::write(&settings, both).unwrap();
        Self { home, sandbox, settings }
    }

    /// Everything but the secrets is given.
    fn setup(&self, profile: &str) -> Command {
        let of = |whose: &str| self.sandbox.credential(whose, "client_id").to_owned();
        let mut command = self.home.program(&["setup", "--skip-login", "--domain", "acme.sandbox.test"]);
        command.args(["--app", "Acme Web", "--profile", profile, "--client-id", &of("google-health")]);
        command.args(["--management-client-id", &of("management"), "--port", &free_port().to_string(), "--config"]);
        command.arg(&self.settings);
        for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }
}

#[test]
fn a_dialogue_keeps_in_the_keychain_what_flags_keep() {
    if !available(&["dbus-run-session", "gnome-keyring-daemon"], ADVICE) {
        return;
    }
    let home = Home::new();
    let runtime = home.path("run");
    fs::create_dir(&runtime).unwrap();
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let script = "printf pass | gnome-keyring-daemon --unlock --components=secrets >\"$HOME/daemon.log\" 2>&1\n\
                  \"$TEST_BINARY\" --ignored --exact --nocapture inside_both_ways";
    let mut command = home.command("dbus-run-session");
    command.args(["--", "sh", "-ec", script]).env("XDG_RUNTIME_DIR", runtime);
    let output = command.env("TEST_BINARY", std::env::current_exe().unwrap()).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_both_ways() {
    // Run by hand, it would reach the keychain of a person.
    if std::env::var_os("TEST_BINARY").is_none() {
        return;
    }
    let stage = Stage::new();
    let secret = |whose: &str| stage.sandbox.credential(whose, "client_secret").to_owned();
    let mut terminal = Terminal::open(&stage.setup("spoken"), "");
    terminal.answer(SECRET, &secret("google-health"));
    terminal.answer(MANAGEMENT_SECRET, &secret("management"));
    terminal.answer(KEEP, "y");
    terminal.choose(PLAN, "Yes, do this");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);

    let mut given = stage.setup("given");
    given.args(["--yes", "--save-management"]);
    given.env("FITBIT_CONNECT_CLIENT_SECRET", secret("google-health"));
    let given = given.env("AUTH0_CLIENT_SECRET", secret("management")).output().unwrap();
    assert!(given.status.success(), "{}", String::from_utf8_lossy(&given.stderr));

    let keychain = Keychain::new(Duration::from_secs(10));
    for name in ["client-secret", "management-client-secret"] {
        let kept = |profile: &str| keychain.get(&format!("{profile}/{name}")).unwrap().unwrap();
        assert!(kept("spoken").same_as(&kept("given")), "{name}");
    }

    let settings = fs::read_to_string(&stage.settings).unwrap();
    let of = |profile: &str| -> Vec<String> {
        let (_, rest) = settings.split_once(&format!("[profiles.{profile}]\n")).unwrap();
        rest.lines()
            .take_while(|line| !line.starts_with('['))
            .filter(|line| !line.starts_with("port"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(of("spoken"), of("given"), "{settings}");

    // What happens to the secret while the plan is read is seen when it is made true.
    let entry = keyring::Entry::new("fitbit-connect", "given/client-secret").unwrap();
    let meanwhile = |act: &dyn Fn()| {
        let mut terminal = Terminal::open(&stage.setup("given"), "");
        let go = Do::Choose(PLAN, "Yes, do this".to_owned());
        terminal.reach(&go);
        act();
        terminal.does_here(&go);
        terminal
    };
    let left = meanwhile(&|| entry.delete_credential().unwrap()).end();
    assert_eq!(left.code, 0, "{}", left.text);
    let kept = || keychain.get("given/client-secret").unwrap().unwrap();
    assert_eq!(kept().expose(), secret("google-health"), "it was put back");
    let mut terminal = meanwhile(&|| entry.set_password("somebody else's secret").unwrap());
    terminal.sees("was changed meanwhile [secret_not_kept]");
    terminal.press("\u{3}");
    assert_eq!(terminal.end().code, 130);
    assert_eq!(kept().expose(), "somebody else's secret", "it was left alone");
}

#[test]
fn where_there_is_no_keychain_a_person_names_another_place_and_a_script_is_told() {
    let stage = Stage::new();
    let without = |mut command: Command| {
        command.env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("XDG_RUNTIME_DIR");
        command
    };
    let mut terminal = Terminal::open(&without(stage.setup("spoken")), "");
    terminal.expect("[secret_store_missing]");
    terminal.choose("Where should the client secret be kept?", "a file beside the settings");
    terminal.answer(SECRET, stage.sandbox.credential("google-health", "client_secret"));
    terminal.answer(MANAGEMENT_SECRET, stage.sandbox.credential("management", "client_secret"));
    terminal.answer(KEEP, "n");
    terminal.choose(PLAN, "Yes, do this");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    let kept = fs::read_to_string(stage.home.path("mine.secrets.toml")).unwrap();
    assert!(kept.contains(stage.sandbox.credential("google-health", "client_secret")));
    assert!(fs::read_to_string(&stage.settings).unwrap().contains("store = \"file\""));

    let script = without(stage.setup("given")).arg("--yes").envs(stage.sandbox.variables("google-health")).output();
    let script = script.unwrap();
    assert_eq!(script.status.code(), Some(7), "{}", String::from_utf8_lossy(&script.stderr));
}
