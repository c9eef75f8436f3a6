//! The same with a real keychain: killed anywhere, then run again, and there is one client secret in it, the right one.
//!
//! Refuses to touch the keychain of the person who runs it: the test starts this binary again, inside `dbus-run-session`, with
//! an empty home.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::secret::Secret;
use fitbit_connect::simulated;
use fitbit_connect::vault::{Keychain, Vault as _};

use crate::common::Environment;
use crate::common::stage::Stage;
use crate::kit::{Executioner, Moment, SETUP, State, in_parallel};
use crate::outside::{Home, available};

const ADVICE: &str = "the keychain tests need a real Secret Service: apt-get install dbus dbus-bin gnome-keyring";

#[test]
fn a_setup_with_a_keychain_killed_at_any_request_leaves_one_secret_in_the_end() {
    passes_in_a_session("inside_a_keychain");
}

#[test]
fn a_setup_killed_at_any_message_to_the_keychain_leaves_no_secret_under_another_clients_name() {
    passes_in_a_session("inside_a_change_of_client");
}

/// Runs one of the tests below in a session with an open keychain.
///
/// GNOME Keyring itself may end under so many clients that are killed; the bus then starts another one, which is locked. What
/// was seen with two of them says nothing about this program, so that it is looked at again.
fn passes_in_a_session(test: &str) {
    if !available(&["dbus-run-session", "dbus-send", "gnome-keyring-daemon"], ADVICE) {
        return;
    }
    for _ in 0..5 {
        let (said, one_keychain) = a_session(test);
        if !one_keychain {
            println!("the keychain's own service died; once more");
            continue;
        }
        assert!(said.contains("1 passed"), "{said}");
        said.lines().filter(|line| line.contains(" kills")).for_each(|line| println!("{line}"));
        return;
    }
    panic!("the keychain's own service died five times");
}

/// Whether another test started this one; run by hand, it would reach the keychain of a person.
fn inside() -> bool {
    std::env::var_os("TEST_BINARY").is_some()
}

/// What a test says in a session, and whether the same service kept the keychain from the beginning to the end.
fn a_session(test: &str) -> (String, bool) {
    let home = Home::new();
    let runtime = home.path("run");
    fs::create_dir(&runtime).unwrap();
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let script = format!(
        "keeper() {{ dbus-send --print-reply=literal --dest=org.freedesktop.DBus / \\\n\
             org.freedesktop.DBus.GetNameOwner string:org.freedesktop.secrets; }}\n\
         printf pass | gnome-keyring-daemon --unlock --components=secrets >\"$HOME/daemon.log\" 2>&1\n\
         dbus-send --print-reply --dest=org.freedesktop.secrets / org.freedesktop.DBus.Peer.Ping >/dev/null\n\
         keeper >\"$HOME/first\"\n\
         \"$TEST_BINARY\" --ignored --exact --nocapture keychain::{test} || true\n\
         keeper >\"$HOME/last\" || true"
    );
    let mut command = home.command("dbus-run-session");
    command.args(["--", "sh", "-ec", &script]).env("XDG_RUNTIME_DIR", runtime);
    let output = command.env("TEST_BINARY", std::env::current_exe().unwrap()).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let [first, last] = ["first", "last"].map(|name| fs::read_to_string(home.path(name)).unwrap_or_default());
    assert!(!first.trim().is_empty(), "no keychain at all: {said}");
    (said, first == last)
}

/// A machine whose profile has this name, so that all of them can use the one keychain.
fn scene(provider: Provider, profile: &str, executioner: &Arc<Executioner>) -> (Stage, Environment) {
    let stage = Stage::empty(provider, &[]).all_behind(executioner.gate());
    // With a display the keychain is waited for longer, which a busy machine may need.
    let mut environment = stage.environment().with("FITBIT_CONNECT_PROFILE", profile).with("DISPLAY", ":0");
    for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
        environment = environment.with(name, &std::env::var(name).unwrap());
    }
    let settings = stage.settings(Store::Keychain).replace("profiles.default", &format!("profiles.{profile}"));
    environment.write_settings(&settings);
    (stage, environment)
}

/// Whether the keychain has these secrets for a profile, each once.
fn is_kept(profile: &str, provider: Provider) -> bool {
    let keychain = Keychain::new(Duration::from_secs(30));
    let secrets = [
        ("client-secret", simulated::client_secret(provider)),
        ("management-client-secret", facts::MANAGEMENT_CLIENT_SECRET),
    ];
    // Two of the same name would be an error.
    secrets.iter().all(|(name, secret)| {
        let kept = keychain.get(&format!("{profile}/{name}")).unwrap();
        kept.is_some_and(|kept| kept.same_as(&Secret::new((*secret).to_owned())))
    })
}

/// The value of an account and the note beside it, when both are there.
fn kept_and_noted(account: &str) -> (Option<Secret>, Option<String>) {
    let keychain = Keychain::new(Duration::from_secs(30));
    (keychain.get(account).unwrap(), keychain.client(account).unwrap())
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_change_of_client() {
    if !inside() {
        return;
    }
    const CHANGE: [&str; 6] = ["setup", "--yes", "--all-apps", "--save-management", "--skip-login", "--json"];
    let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
    let notes =
        [format!("{} at google-health", facts::GOOGLE_CLIENT_ID), format!("{} at fitbit", facts::FITBIT_CLIENT_ID)];
    let secrets = [GoogleHealth, Fitbit].map(|one| Secret::new(simulated::client_secret(one).to_owned()));
    // From nothing to the one client, and from that to the other.
    for (from, to) in [(None, 0), (Some(0), 1)] {
        let run = |profile: &str, strikes: Option<(usize, Moment)>| {
            let idle = Executioner::new(None);
            let (_stage, environment) = scene(Fitbit, profile, &idle);
            let account = format!("{profile}/client-secret");
            let with = |of: usize, environment: Environment| {
                let (provider, id) =
                    [("google-health", facts::GOOGLE_CLIENT_ID), ("fitbit", facts::FITBIT_CLIENT_ID)][of];
                let secret = simulated::client_secret([GoogleHealth, Fitbit][of]);
                environment
                    .with("FITBIT_CONNECT_PROVIDER", provider)
                    .with("FITBIT_CONNECT_CLIENT_ID", id)
                    .with("FITBIT_CONNECT_CLIENT_SECRET", secret)
            };
            let mut environment = with(from.unwrap_or(to), environment);
            if from.is_some() {
                environment.run(&CHANGE).exits(0);
            }
            let executioner = Executioner::new(strikes);
            let folder = environment.desk("bus");
            fs::create_dir(&folder).unwrap();
            let front = crate::bus::in_front_of(&bus, &folder, &executioner);
            environment = with(to, environment).with("DBUS_SESSION_BUS_ADDRESS", &front);
            let killed = executioner.watches(environment.command(&CHANGE));
            let (kept, noted) = kept_and_noted(&account);
            if let (Some(kept), Some(noted)) = (&kept, &noted) {
                let of = notes.iter().position(|note| note == noted);
                assert!(of.is_none_or(|of| kept.same_as(&secrets[of])), "{strikes:?}: another client's, as {noted}");
            } else {
                assert!(kept.is_none(), "{strikes:?}: nobody knows whose it is");
            }
            environment = environment.with("DBUS_SESSION_BUS_ADDRESS", &bus);
            // The person goes on with it, or has enough.
            if killed && strikes.is_some_and(|(nth, _)| nth % 2 == 0) {
                environment.run(&["remove", "--yes"]).exits(0);
                assert_eq!(kept_and_noted(&account).1, None, "{strikes:?}");
                return (killed, executioner.seen());
            }
            environment.run(&CHANGE).exits(0);
            let (kept, noted) = kept_and_noted(&account);
            assert!(kept.is_some_and(|kept| kept.same_as(&secrets[to])), "{strikes:?}");
            assert_eq!(noted.as_ref(), Some(&notes[to]), "{strikes:?}");
            environment.run(&["remove", "--yes"]).exits(0);
            assert_eq!(kept_and_noted(&account).1, None);
            (killed, executioner.seen())
        };
        let (killed, messages) = run("whole", None);
        assert!(!killed && messages > 10, "{messages}");
        let moments = [Moment::Before, Moment::After];
        let kills =
            in_parallel(messages * 2, |job| run(&format!("p{to}-{job}"), Some((job / 2 + 1, moments[job % 2]))).0);
        println!(
            "to {}: {} kills at a message to the keychain",
            notes[to],
            kills.iter().filter(|killed| **killed).count()
        );
    }
}

#[test]
fn a_change_of_client_whose_keychain_dies_at_any_message_is_put_back_or_noted() {
    passes_in_a_session("inside_a_change_whose_keychain_dies");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_change_whose_keychain_dies() {
    if !inside() {
        return;
    }
    const SETUP: [&str; 5] = ["setup", "--yes", "--all-apps", "--skip-login", "--json"];
    const SOMEBODYS: &str = "[profiles.mine]\nport = 20000\n";
    let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
    let run = |profile: &str, dies_after: usize, goes_on: bool| {
        let idle = Executioner::new(None);
        let (_stage, environment) = scene(GoogleHealth, profile, &idle);
        environment.run(&SETUP).exits(0);
        let account = format!("{profile}/client-secret");
        let folder = environment.desk("bus");
        fs::create_dir(&folder).unwrap();
        let settings = environment.settings();
        let path = settings.clone();
        // Somebody else writes there in the same moment.
        let edits = move || fs::write(&path, fs::read_to_string(&path).unwrap() + SOMEBODYS).unwrap();
        let front = crate::bus::that_dies(&bus, &folder, dies_after, edits);
        let change = |environment: &Environment| {
            let mut command = environment.command(&SETUP);
            command.args(["--provider", "fitbit", "--client-id", facts::FITBIT_CLIENT_ID]);
            command.env("FITBIT_CONNECT_CLIENT_SECRET", simulated::client_secret(Fitbit));
            command
        };
        let output = change(&environment).env("DBUS_SESSION_BUS_ADDRESS", front).output().unwrap();
        let environment = environment.without("FITBIT_CONNECT_CLIENT_SECRET");
        let text = fs::read_to_string(&settings).unwrap();
        let died = text.contains(SOMEBODYS);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(died || output.status.success(), "{dies_after}: {said}");
        let (kept, noted) = kept_and_noted(&account);
        if !text.contains("moving_clients") && text.contains("provider = \"google-health\"") {
            // Put back: what was kept is there, under its own client's name.
            let is_google = kept.is_some_and(|kept| kept.same_as(&Secret::new(facts::GOOGLE_CLIENT_SECRET.to_owned())));
            assert!(
                is_google && noted.is_some_and(|noted| noted.ends_with(" at google-health")),
                "{dies_after}: {said}"
            );
        }
        if goes_on {
            assert!(!idle.watches(change(&environment)));
            let now = kept_and_noted(&account).0.unwrap();
            assert!(now.same_as(&Secret::new(simulated::client_secret(Fitbit).to_owned())), "{dies_after}");
            assert!(!fs::read_to_string(&settings).unwrap().contains("moving_"), "{dies_after}");
        }
        environment.run(&["remove", "--yes"]).exits(0);
        assert_eq!(kept_and_noted(&account).1, None, "{dies_after}");
        died
    };
    // As many as it takes until it lives to the end.
    let whole = (1..).step_by(10).find(|after| !run(&format!("d{after}"), *after, false)).unwrap();
    let died = in_parallel(whole * 2, |job| run(&format!("d{job}-{}", job / 2), job / 2, job % 2 == 0));
    println!("a dying keychain: {} kills of it", died.iter().filter(|died| **died).count());
}

#[test]
fn a_keychain_that_answers_too_late_leaves_nothing_that_the_settings_do_not_name() {
    passes_in_a_session("inside_a_late_keychain");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_late_keychain() {
    if !inside() {
        return;
    }
    const SETUP: [&str; 5] = ["setup", "--yes", "--all-apps", "--skip-login", "--json"];
    let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
    // Whether it came too late, and whether it was done after all.
    let run = |nth: usize| {
        let (_stage, environment) = scene(GoogleHealth, &format!("late{nth}"), &Executioner::new(None));
        // Without a display it is waited for 5 s, and nobody waits for the turn of whoever hangs.
        let runtime = environment.desk("run");
        fs::create_dir(&runtime).unwrap();
        let environment = environment.without("DISPLAY").with("XDG_RUNTIME_DIR", &runtime.display().to_string());
        environment.run(&SETUP).exits(0);
        let account = format!("late{nth}/client-secret");
        let before = kept_and_noted(&account).1;
        let folder = environment.desk("bus");
        fs::create_dir(&folder).unwrap();
        let settings = environment.settings();
        let path = settings.clone();
        let names_the_new_one = move || fs::read_to_string(&path).unwrap().contains("moving_clients");
        let late = Duration::from_secs(7);
        let front = crate::bus::that_is_slow(&bus, &folder, nth, late, names_the_new_one);
        let change = environment
            .with("FITBIT_CONNECT_CLIENT_SECRET", simulated::client_secret(Fitbit))
            .with("DBUS_SESSION_BUS_ADDRESS", &front);
        let output =
            change.run(&[&SETUP[..], &["--provider", "fitbit", "--client-id", facts::FITBIT_CLIENT_ID]].concat());
        let environment = change.without("FITBIT_CONNECT_CLIENT_SECRET").with("DBUS_SESSION_BUS_ADDRESS", &bus);
        let too_late = output.code() != 0;
        let mut is_late = false;
        if too_late {
            assert_eq!(output.error_code(), "secret_store_timed_out", "{nth}: {output}");
            assert!(fs::read_to_string(&settings).unwrap().contains("moving_clients"), "{nth}: {output}");
            is_late = kept_and_noted(&account).1 != before;
        }
        environment.run(&["remove", "--yes"]).exits(0);
        assert_eq!(kept_and_noted(&account).1, None, "{nth}");
        (too_late, is_late)
    };
    let too_late = in_parallel(12, |job| run(job * 3));
    let count = |of: fn(&(bool, bool)) -> bool| too_late.iter().filter(|one| of(one)).count();
    let (too_late, late) = (count(|(too_late, _)| *too_late), count(|(_, late)| *late));
    println!("a late keychain: {too_late} answers too late, {late} of them done after all");
    assert!(too_late > 5 && late > 0, "{too_late} {late}");
}

#[test]
fn a_change_to_the_keychain_killed_at_any_message_to_it_leaves_nothing_there_that_the_settings_do_not_say() {
    passes_in_a_session("inside_a_change_of_place");
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_change_of_place() {
    if !inside() {
        return;
    }
    const SETUP: [&str; 8] =
        ["setup", "--yes", "--all-apps", "--save-management", "--skip-login", "--json", "--store", "file"];
    let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap();
    let run = |profile: &str, strikes: Option<(usize, Moment)>, gives_up: bool, changes_client: bool| {
        let idle = Executioner::new(None);
        let (_stage, environment) = scene(GoogleHealth, profile, &idle);
        environment.run(&SETUP).exits(0);
        let accounts = ["client-secret", "management-client-secret"].map(|name| format!("{profile}/{name}"));
        let left = || accounts.iter().filter(|account| kept_and_noted(account).0.is_some()).count();
        let executioner = Executioner::new(strikes);
        let folder = environment.desk("bus");
        fs::create_dir(&folder).unwrap();
        let change = |environment: &Environment| {
            let mut command = environment.command(&[&SETUP[..7], &["keychain"]].concat());
            if changes_client {
                command.args(["--provider", "fitbit", "--client-id", facts::FITBIT_CLIENT_ID]);
                command.env("FITBIT_CONNECT_CLIENT_SECRET", simulated::client_secret(Fitbit));
            }
            command
        };
        let mut command = change(&environment);
        command.env("DBUS_SESSION_BUS_ADDRESS", crate::bus::in_front_of(&bus, &folder, &executioner));
        let killed = executioner.watches(command);
        let environment = environment.without("FITBIT_CONNECT_CLIENT_SECRET");
        // The person stays with the file, removes it all, or goes on with the change.
        let settings = || fs::read_to_string(environment.settings()).unwrap();
        if killed && gives_up {
            let output = environment.run(&["setup", "--yes", "--skip-login", "--json"]).exits(0);
            if settings().contains("store = \"file\"") {
                assert_eq!(left(), 0, "{strikes:?}: {output}");
            }
        } else {
            assert!(!idle.watches(change(&environment)));
            assert_eq!(left(), 2, "{strikes:?}");
            assert!(!environment.secrets().exists(), "{strikes:?}");
        }
        assert!(!settings().contains("moving_"), "{strikes:?}: {}", settings());
        environment.run(&["remove", "--yes"]).exits(0);
        assert_eq!(left(), 0, "{strikes:?}");
        (killed, executioner.seen())
    };
    let (killed, messages) = run("whole", None, false, true);
    assert!(!killed && messages > 10, "{messages}");
    let kills = in_parallel(messages * 2, |job| {
        run(&format!("m{job}"), Some((job / 2 + 1, Moment::After)), job % 2 == 0, job % 3 == 0).0
    });
    println!("to the keychain: {} kills at a message to it", kills.iter().filter(|killed| **killed).count());
}

#[test]
#[ignore = "runs inside a session bus that another test starts"]
fn inside_a_keychain() {
    if !inside() {
        return;
    }
    for provider in [GoogleHealth, Fitbit] {
        let executioner = Executioner::new(None);
        let (stage, environment) = scene(provider, "whole", &executioner);
        assert!(!executioner.watches(environment.command(&SETUP)));
        let expected = State::of(&stage, &environment);
        assert_eq!(expected.files(), ["config.toml"]);
        assert!(is_kept("whole", provider));

        let kills = executioner.seen();
        let converged = in_parallel(kills, |nth| {
            let executioner = Executioner::new(Some((nth + 1, Moment::After)));
            let profile = format!("{provider}-{nth}");
            let (stage, environment) = scene(provider, &profile, &executioner);
            assert!(executioner.watches(environment.command(&SETUP)), "request {nth} never came");
            let again = environment.run_with_robot(&SETUP).exits(0);
            let state = State::of(&stage, &environment).of_profile(&profile, "whole");
            assert_eq!(state, expected, "request {nth}\n{again}");
            is_kept(&profile, provider)
        });
        let converged = converged.into_iter().filter(|kept| *kept).count();
        println!("{provider}, in a keychain: {kills} kills, {converged} converged");
        assert_eq!(converged, kills);
    }
}
