//! The lock between two runs that write: who comes second is told at once, and it is let go of however the first one ends.

use std::path::PathBuf;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use fitbit_connect::ids::Store;
use fitbit_connect::lock::Lock;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::web::{Reply, Request};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::Environment;
use crate::common::stage::Stage;

const SETUP: [&str; 5] = ["setup", "--yes", "--json", "--all-apps", "--skip-login"];

/// A stage at whose door the first request waits until the sender is used or dropped.
fn held_up() -> (Stage, Environment, Receiver<()>, Sender<()>) {
    let (arrives, arrived) = channel();
    let (lets_on, go) = channel::<()>();
    let first = Mutex::new(Some((arrives, go)));
    let stage = Stage::empty(GoogleHealth, &[]).all_behind(Box::new(move |_, pass| {
        let taken = first.lock().unwrap().take();
        if let Some((arrives, go)) = taken {
            arrives.send(()).unwrap();
            let _ = go.recv();
            return Reply::empty(503);
        }
        pass()
    }));
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    (stage, environment, arrived, lets_on)
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn names(environment: &Environment) -> Vec<PathBuf> {
    environment.files().into_iter().map(|(path, _)| path).collect()
}

#[test]
fn who_comes_second_is_told_which_process_it_is_and_writes_nothing_until_that_is_killed() {
    let (stage, environment, arrived, _lets_on) = held_up();
    let mut first = environment.command(&SETUP).spawn().unwrap();
    arrived.recv().unwrap();
    let (files, mark) = (environment.files(), stage.mark());
    for args in [&SETUP[..], &["remove", "--yes", "--json"]] {
        let second = environment.run(args).exits(6);
        assert_eq!(second.error_code(), "another_run", "{second}");
        let message = second.document()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&format!("(process {})", first.id())), "{message}");
        assert!(message.contains(environment.settings().to_str().unwrap()), "{message}");
    }
    assert_eq!(environment.files(), files);
    assert_eq!(stage.mark(), mark, "the tenant was not asked either");
    // Who only looks is not kept out.
    environment.run(&["status"]).exits(0);
    environment.run(&["setup", "--dry-run", "--all-apps"]).exits(0);

    first.kill().unwrap();
    first.wait().unwrap();
    environment.run(&SETUP).exits(0);
    assert!(!names(&environment).iter().any(|path| path.extension().is_some_and(|end| end == "lock")));
}

#[test]
fn another_settings_file_has_a_lock_of_its_own() {
    let (stage, environment, arrived, _lets_on) = held_up();
    let mut first = environment.command(&SETUP).spawn().unwrap();
    arrived.recv().unwrap();
    let other = environment.file("other.toml", stage.settings(Store::Nothing));
    environment.run(&[&SETUP[..], &["--config", &other]].concat()).exits(0);
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn a_run_that_is_told_to_end_leaves_no_lock_behind() {
    for told in [Signal::INT, Signal::TERM, Signal::HUP] {
        let (_stage, environment, arrived, _lets_on) = held_up();
        let before = names(&environment);
        let mut run = environment.command(&SETUP).spawn().unwrap();
        arrived.recv().unwrap();
        assert_ne!(names(&environment), before, "it has a lock");
        signal(&run, told);
        assert_eq!(run.wait().unwrap().code(), Some(130), "{told:?}");
        assert_eq!(names(&environment), before, "{told:?}");
    }
}

#[test]
fn a_run_that_writes_nothing_leaves_neither_file_nor_folder() {
    let home = Environment::new();
    let output = home.run(&["setup", "--yes", "--json", "--sandbox", "--store", "none"]).exits(0);
    assert_eq!(home.files(), [], "{output}");
    let output = home.run(&["setup", "--yes", "--json"]).exits(2);
    assert_eq!(output.error_code(), "input_missing");
    home.run(&["remove", "--yes"]).exits(2);
    let config = home.settings().parent().unwrap().parent().unwrap().to_owned();
    assert!(!config.exists(), "not even the folder");
}

#[test]
fn what_is_told_to_a_person_names_the_way_on() {
    let (_stage, environment, ..) = held_up();
    let _held = Lock::take(&environment.settings()).unwrap();
    let output = environment.run(&["setup"]).exits(6).says("another run of fitbit-connect").says("[another_run]");
    output.says("Wait until it has ended").says(&format!("(process {})", std::process::id()));
}

#[test]
fn what_stands_in_the_place_of_the_lock_is_named_and_stays_and_nothing_is_written() {
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment();
    let place = environment.settings().with_file_name(".config.toml.lock");
    std::fs::create_dir(&place).unwrap();
    let (files, mark) = (environment.files(), stage.mark());
    let output = environment.run(&SETUP).exits(6);
    assert_eq!(output.error_code(), "file_not_writable", "{output}");
    assert!(output.document()["error"]["hint"].as_str().unwrap().contains(place.to_str().unwrap()), "{output}");
    assert!(place.is_dir() && environment.files() == files && stage.mark() == mark, "{output}");
    std::fs::remove_dir(&place).unwrap();
    std::os::unix::fs::symlink("/nonexistent", &place).unwrap();
    environment.run(&["remove", "--yes"]).exits(6).says("/.config.toml.lock is no file that this could lock");
}

#[test]
fn of_eight_setups_at_once_one_sets_up_and_the_others_say_so() {
    // The one whose request arrives goes on when all the others have ended.
    let (ended, others) = channel::<()>();
    let others = Mutex::new(Some(others));
    let stage = Arc::new(Stage::empty(GoogleHealth, &[]).all_behind(Box::new(move |_, pass| {
        if let Some(others) = others.lock().unwrap().take() {
            for _ in 0..7 {
                others.recv().unwrap();
            }
        }
        pass()
    })));
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    let outputs = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|_| {
                let (environment, ended) = (&environment, ended.clone());
                scope.spawn(move || {
                    let output = environment.run_with_robot(&["setup", "--yes", "--json", "--all-apps"]);
                    // Nobody counts the one who went on.
                    let _ = ended.send(());
                    output
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect::<Vec<_>>()
    });
    let (done, refused): (Vec<_>, Vec<_>) = outputs.into_iter().partition(|output| output.code() == 0);
    assert_eq!((done.len(), refused.len()), (1, 7));
    for output in refused {
        assert_eq!((output.code(), output.error_code().as_str()), (6, "another_run"), "{output}");
    }
    assert_eq!(done[0].document()["connection"]["action"], "created");
    let created = stage.writes_since(0).into_iter().filter(|write| write.starts_with("POST /api/v2/connections"));
    assert_eq!(created.count(), 1);
    let left: Vec<_> = names(&environment).into_iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(left, ["config.toml", "secrets.toml"]);
    let text = std::fs::read_to_string(environment.settings()).unwrap();
    assert!(text.parse::<toml_edit::DocumentMut>().is_ok(), "{text}");
}

#[test]
fn of_two_first_setups_with_settings_of_their_own_one_creates_the_connection_and_both_are_right() {
    // The first that found none waits until the other is done: before it looks for one of another name, and before it writes.
    type Where = fn(&Request) -> bool;
    let looks: Where =
        |request| request.path == "/api/v2/connections" && request.query.iter().any(|(name, _)| name == "strategy");
    let creates: Where = |request| request.method == "POST" && request.path == "/api/v2/connections";
    for waits_at in [looks, creates] {
        let (arrives, arrived) = channel();
        let (lets_on, go) = channel::<()>();
        let first = Mutex::new(Some((arrives, go)));
        let stage = Stage::empty(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
            let taken = if waits_at(request) { first.lock().unwrap().take() } else { None };
            if let Some((arrives, go)) = taken {
                arrives.send(()).unwrap();
                let _ = go.recv();
            }
            pass()
        }));
        let (slow, fast) = (stage.environment(), stage.environment());
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| slow.run(&SETUP));
            arrived.recv().unwrap();
            let fast = fast.run(&SETUP).exits(0);
            drop(lets_on);
            let slow = slow.join().unwrap().exits(0);
            assert_eq!(fast.document()["connection"]["action"], "created", "{fast}");
            assert_eq!(slow.document()["connection"]["action"], "unchanged", "{slow}");
            assert_eq!(fast.document()["connection"]["id"], slow.document()["connection"]["id"]);
        });
    }
}
