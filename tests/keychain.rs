//! Owns the tests of the keychain against a real Secret Service, in a session bus and a home of their own.
//!
//! Refuses to touch the keychain of the person who runs them: each test starts this binary again, inside
//! `dbus-run-session`, with an empty home, and there runs one of the ignored tests below.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

mod vault_suite;

use fitbit_connect::secret::Secret;
use fitbit_connect::vault::{BROKEN_OFF, Deleted, Keychain, Place, Vault, VaultError};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use vault_suite::behaves_like_a_vault;

const ACCOUNT: &str = "default/client-secret";
const UNLOCKED: &str = r#"printf pass | gnome-keyring-daemon --unlock --components=secrets >"$HOME/daemon.log" 2>&1"#;
const NOT_UNLOCKED: &str = r#"gnome-keyring-daemon --start --components=secrets >"$HOME/daemon.log" 2>&1 </dev/null"#;
const TEST: &str = r#""$TEST_BINARY" --ignored --exact --nocapture --test-threads=1"#;

fn keychain() -> Keychain {
    Keychain::new(Duration::from_secs(5))
}

fn secret() -> Secret {
    Secret::new("canary-secret".into())
}

fn installed(program: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}

/// Whether the real thing can be started here. Where it must be, its absence is a failure.
fn available() -> bool {
    if ["dbus-run-session", "dbus-send", "gnome-keyring-daemon"].into_iter().all(installed) {
        return true;
    }
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let advice = "the keychain tests need a real Secret Service: apt-get install dbus dbus-bin gnome-keyring";
    assert!(!set("CI") && !set("FITBIT_CONNECT_REQUIRE_ALL"), "{advice}");
    eprintln!("left out: {advice}");
    false
}

/// A command that sees this home and nothing of the person's own session.
fn isolated(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    for name in ["DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "GNOME_KEYRING_CONTROL", "SSH_AUTH_SOCK"] {
        command.env_remove(name);
    }
    for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
        command.env(name, home.join(name));
    }
    let runtime = home.join("run");
    std::fs::create_dir_all(&runtime).unwrap();
    std::fs::set_permissions(&runtime, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    command.env("HOME", home).env("XDG_RUNTIME_DIR", runtime).env("TEST_BINARY", std::env::current_exe().unwrap());
    command
}

/// Runs a script in a session bus of its own.
fn session(home: &Path, script: &str) {
    let output = isolated("dbus-run-session", home).args(["--", "sh", "-ec", script]).output().unwrap();
    check(&output);
}

/// Whether another test started this one; run by hand, it would reach the keychain of a person.
fn inside() -> bool {
    std::env::var_os("TEST_BINARY").is_some()
}

fn check(output: &Output) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("1 passed") && !text.contains("0 passed"), "{text}");
}

#[test]
fn the_real_keychain_behaves_like_a_vault() {
    if available() {
        let home = tempfile::tempdir().unwrap();
        session(home.path(), &format!("{UNLOCKED}\n{TEST} inside_an_open_keychain"));
    }
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_an_open_keychain() {
    if !inside() {
        return;
    }
    behaves_like_a_vault(&keychain());
    assert_eq!(keychain().place(), Place::Keychain);
}

#[test]
fn a_locked_keychain_says_that_it_is_locked() {
    if available() {
        let home = tempfile::tempdir().unwrap();
        session(home.path(), &format!("{UNLOCKED}\n{TEST} inside_a_keychain_to_be_locked"));
        session(home.path(), &format!("{NOT_UNLOCKED}\n{TEST} inside_a_locked_keychain"));
    }
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_keychain_to_be_locked() {
    if !inside() {
        return;
    }
    keychain().set(ACCOUNT, &secret(), "id at fitbit", &[]).unwrap();
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_locked_keychain() {
    if !inside() {
        return;
    }
    let started = Instant::now();
    assert!(matches!(keychain().get(ACCOUNT), Err(VaultError::Locked)));
    assert!(matches!(keychain().set(ACCOUNT, &secret(), "id at fitbit", &[]), Err(VaultError::Locked)));
    assert!(matches!(keychain().delete(ACCOUNT, "id at fitbit"), Err(VaultError::Locked)));
    // Where there is a display the keychain could have asked, and what it hears is that its dialogue was closed.
    let asked = keychain().at_a_display(true);
    assert!(matches!(asked.get(ACCOUNT), Err(VaultError::Dismissed)));
    assert!(matches!(asked.set(ACCOUNT, &secret(), "id at fitbit", &[]), Err(VaultError::Dismissed)));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn clients_that_share_an_account_do_not_take_each_others_secret() {
    if available() {
        let home = tempfile::tempdir().unwrap();
        session(home.path(), &format!("{UNLOCKED}\n{TEST} inside_a_shared_account"));
    }
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_shared_account() {
    if !inside() {
        return;
    }
    let (mine, theirs) = ("123-a.apps.googleusercontent.com at google-health", "23SBOX at fitbit");
    let other = || Secret::new("their secret".to_owned());
    let is = |secret: &Secret, client: &str| {
        let kept = keychain().get(ACCOUNT).unwrap().unwrap();
        kept.same_as(secret) && keychain().client(ACCOUNT).unwrap().as_deref() == Some(client)
    };
    keychain().set(ACCOUNT, &secret(), mine, &[]).unwrap();
    let refused = keychain().set(ACCOUNT, &other(), theirs, &[]);
    assert!(matches!(&refused, Err(VaultError::Anothers { client }) if client == mine), "{refused:?}");
    assert_eq!(keychain().delete(ACCOUNT, theirs).unwrap(), Deleted::Anothers(mine.to_owned()));
    assert!(is(&secret(), mine), "it is as it was");
    // Announced, it makes room.
    keychain().set(ACCOUNT, &other(), theirs, &[mine.to_owned()]).unwrap();
    assert!(is(&other(), theirs));

    // A run that died while it wrote: nobody can tell whose the value is, and either may write it anew.
    let entry = keyring::Entry::new("fitbit-connect", ACCOUNT).unwrap();
    let died = |client: &str| {
        let note = format!("{client}{BROKEN_OFF}");
        entry.inner.update_attributes(&[("client", note.as_str())].into()).unwrap();
        assert_eq!(keychain().client(ACCOUNT).unwrap(), Some(note));
    };
    died(mine);
    keychain().set(ACCOUNT, &secret(), mine, &[]).unwrap();
    assert!(is(&secret(), mine));
    died(theirs);
    assert!(keychain().set(ACCOUNT, &secret(), mine, &[]).is_err());
    keychain().set(ACCOUNT, &secret(), mine, &[format!("{theirs}{BROKEN_OFF}")]).unwrap();
    assert!(is(&secret(), mine));
    assert_eq!(keychain().delete(ACCOUNT, mine).unwrap(), Deleted::Removed);

    // Two at once: one of them is in time, and the other one is told.
    let folders: Vec<_> = std::env::var_os("HOME").map(std::path::PathBuf::from).into_iter().collect();
    for _ in 0..10 {
        let both = std::thread::scope(|scope| {
            let set = |client: &'static str, secret: Secret| {
                let keychain = keychain().in_turn_at(folders.clone());
                scope.spawn(move || keychain.set(ACCOUNT, &secret, client, &[]))
            };
            let (mine, theirs) =
                (set("123-a.apps.googleusercontent.com at google-health", secret()), set("23SBOX at fitbit", other()));
            [mine.join().unwrap(), theirs.join().unwrap()]
        });
        match both {
            [Ok(()), Err(VaultError::Anothers { .. })] => assert!(is(&secret(), mine)),
            [Err(VaultError::Anothers { .. }), Ok(())] => assert!(is(&other(), theirs)),
            both => panic!("{both:?}"),
        }
        entry.delete_credential().unwrap();
    }
}

#[test]
fn a_keychain_without_room_says_that_it_is_full_and_keeps_what_it_had() {
    if available() {
        let home = tempfile::tempdir().unwrap();
        session(home.path(), &format!("{UNLOCKED}\n{TEST} inside_a_keychain_to_be_locked"));
        // No file of the daemon may grow: what it writes fails as on a full disk.
        let full = format!("(ulimit -f 0; trap '' XFSZ; {UNLOCKED})\n{TEST} inside_a_full_keychain");
        session(home.path(), &full);
        session(home.path(), &format!("{UNLOCKED}\n{TEST} inside_a_keychain_that_was_full"));
    }
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_full_keychain() {
    if !inside() {
        return;
    }
    let refused = keychain().set("other/client-secret", &secret(), "id at fitbit", &[]);
    assert!(matches!(refused, Err(VaultError::Full { .. })), "{refused:?}");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_keychain_that_was_full() {
    if !inside() {
        return;
    }
    assert!(keychain().get(ACCOUNT).unwrap().unwrap().same_as(&secret()));
    assert!(!keychain().holds("other/client-secret").unwrap());
}

#[test]
fn a_keychain_that_is_frozen_ends_at_the_time_limit() {
    if available() {
        let home = tempfile::tempdir().unwrap();
        let ask = "dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / \
                   org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets";
        let script = format!(
            "{UNLOCKED}\n{TEST} inside_a_keychain_to_be_locked\npid=$({ask} | tr -dc '0-9 ' | awk '{{print $NF}}')\nkill -STOP \"$pid\"\n\
             trap 'kill -CONT \"$pid\"' EXIT\n{TEST} inside_a_frozen_keychain"
        );
        session(home.path(), &script);
    }
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_frozen_keychain() {
    if !inside() {
        return;
    }
    let started = Instant::now();
    let keychain = Keychain::new(Duration::from_secs(1));
    assert!(matches!(keychain.get(ACCOUNT), Err(VaultError::TimedOut { after }) if after == Duration::from_secs(1)));
    assert!(matches!(keychain.set(ACCOUNT, &secret(), "id at fitbit", &[]), Err(VaultError::TimedOut { .. })));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[test]
fn without_a_session_bus_the_keychain_is_missing() {
    for address in [None, Some("unix:path=/nonexistent/bus"), Some("disabled:")] {
        let home = tempfile::tempdir().unwrap();
        let mut command = isolated(std::env::current_exe().unwrap().to_str().unwrap(), home.path());
        if let Some(address) = address {
            command.env("DBUS_SESSION_BUS_ADDRESS", address);
        }
        let inside = "inside_a_session_without_a_bus";
        check(&command.args(["--ignored", "--exact", "--nocapture", inside]).output().unwrap());
    }
}

#[test]
#[ignore = "runs without a session bus, started by another test"]
fn inside_a_session_without_a_bus() {
    if !inside() {
        return;
    }
    let started = Instant::now();
    let missing =
        |result: Result<(), VaultError>| matches!(result, Err(VaultError::Missing { why }) if !why.is_empty());
    assert!(missing(keychain().get(ACCOUNT).map(drop)));
    assert!(missing(keychain().set(ACCOUNT, &secret(), "id at fitbit", &[])));
    assert!(missing(keychain().delete(ACCOUNT, "id at fitbit").map(drop)));
    assert!(missing(keychain().holds(ACCOUNT).map(drop)));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn a_bus_without_a_secret_service_has_no_keychain() {
    if available() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("bus.conf");
        // A bus that starts nothing on its own.
        let text = "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>\
                    <policy context=\"default\"><allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/></policy></busconfig>";
        std::fs::write(&config, text).unwrap();
        let inside = ["--", "sh", "-ec", &format!("{TEST} inside_a_session_without_a_bus")].map(str::to_owned);
        let file = format!("--config-file={}", config.display());
        check(&isolated("dbus-run-session", home.path()).arg(file).args(inside).output().unwrap());
    }
}

/// A secret service that is locked and then lists nothing of what it has, as some password managers do.
mod reticent {
    use std::collections::HashMap;
    use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
    use zbus::{blocking::connection::Builder, fdo, interface};

    const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";

    const ITEM: &str = "/org/freedesktop/secrets/collection/login/1";
    /// The account of the one entry that it shows; what an attribute is it does not know.
    pub const BARE: &str = "bare/client-secret";

    struct Service;
    struct Collection;
    struct Item;

    fn path(text: &str) -> OwnedObjectPath {
        ObjectPath::try_from(text).unwrap().into()
    }

    #[interface(name = "org.freedesktop.Secret.Service")]
    impl Service {
        // Nothing is ever encrypted with it.
        fn open_session(&self, _algorithm: &str, _input: Value<'_>) -> fdo::Result<(OwnedValue, OwnedObjectPath)> {
            let public =
                Value::from(vec![2_u8; 128]).try_into().map_err(|_| fdo::Error::Failed("no key".to_owned()))?;
            Ok((public, path("/org/freedesktop/secrets/session/1")))
        }

        fn search_items(&self, attributes: HashMap<String, String>) -> (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) {
            let is_bare = attributes.get("username").is_some_and(|name| name == BARE);
            (if is_bare { vec![path(ITEM)] } else { Vec::new() }, Vec::new())
        }

        fn read_alias(&self, _name: &str) -> OwnedObjectPath {
            path(COLLECTION)
        }

        #[zbus(property)]
        fn collections(&self) -> Vec<OwnedObjectPath> {
            vec![path(COLLECTION)]
        }
    }

    #[interface(name = "org.freedesktop.Secret.Collection")]
    impl Collection {
        fn search_items(&self, _attributes: HashMap<String, String>) -> Vec<OwnedObjectPath> {
            Vec::new()
        }

        #[zbus(property)]
        fn locked(&self) -> bool {
            true
        }
    }

    #[interface(name = "org.freedesktop.Secret.Item")]
    impl Item {
        #[zbus(property)]
        fn locked(&self) -> bool {
            false
        }
    }

    /// Serves it until the result is dropped.
    pub fn serve() -> zbus::blocking::Connection {
        let builder = Builder::session().unwrap().name("org.freedesktop.secrets").unwrap();
        let builder = builder.serve_at("/org/freedesktop/secrets", Service).unwrap();
        builder.serve_at(COLLECTION, Collection).unwrap().serve_at(ITEM, Item).unwrap().build().unwrap()
    }
}

#[test]
fn a_keychain_that_shows_nothing_while_it_is_locked_is_locked_and_not_empty() {
    if available() {
        let home = tempfile::tempdir().unwrap();
        session(home.path(), &format!("{TEST} inside_a_reticent_keychain"));
    }
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_reticent_keychain() {
    if !inside() {
        return;
    }
    let _service = reticent::serve();
    assert!(keychain().get(ACCOUNT).unwrap().is_none());
    assert!(matches!(keychain().shows_all(), Err(VaultError::Locked)));
    assert_eq!(keychain().client(reticent::BARE).unwrap(), None, "a store without attributes has no notes");
    let settings = Path::new(&std::env::var_os("HOME").unwrap()).join("config.toml");
    std::fs::write(&settings, "[profiles.default]\nprovider = \"google-health\"\ndomain = \"acme.eu.auth0.com\"\nstore = \"keychain\"\nclient_id = \"123456789012-sandbox0sandbox0sandbox0sandbox0.apps.googleusercontent.com\"\n").unwrap();
    let before = std::fs::read(&settings).unwrap();
    for (args, code) in
        [(&["remove", "--yes", "--json"][..], "secret_store_locked"), (&["status", "--json"], "secret_store_locked")]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_fitbit-connect"))
            .args(args)
            .args(["--config", settings.to_str().unwrap()])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(7), "{args:?}: {said}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains(code), "{args:?}: {said}");
        assert_eq!(std::fs::read(&settings).unwrap(), before, "{args:?}");
    }
    // Another place is named: what stays in the keychain is said.
    let output = Command::new(env!("CARGO_BIN_EXE_fitbit-connect"))
        .args(["remove", "--yes", "--store", "none", "--config", settings.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("forget the secrets of default in the keychain"), "{said}");
    assert!(
        said.contains("default/client-secret and default/management-client-secret may still be in the keychain"),
        "{said}"
    );
}
