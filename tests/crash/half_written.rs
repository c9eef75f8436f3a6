//! Local writes that end in the middle: the system kills the writer, or has no room for what it writes. Under the name that is
//! read there is the old file or the new one.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::facts;

use crate::common::Environment;
use crate::common::stage::Stage;
use crate::kit::State;

const SETUP: [&str; 6] = ["setup", "--yes", "--json", "--all-apps", "--skip-login", "--save-management"];

/// SIGXFSZ: a file grows beyond what is allowed.
const TOO_LARGE: i32 = 25;

/// More than the limits below leave room for.
fn comment() -> String {
    "# a comment that is long enough to reach the limit of a file\n".repeat(200)
}

fn scene() -> (Stage, Environment) {
    let stage = Stage::empty(GoogleHealth, &[]);
    let environment = stage.environment();
    environment.write_settings(&stage.settings(Store::File));
    (stage, environment)
}

/// The program under a limit for the size of files: beyond it a write comes to an end in the middle, and the next one ends the
/// process, or fails when that signal is ignored.
fn limited(environment: &Environment, and: &str) -> Command {
    let program = environment.command(&SETUP);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -c 0; ulimit -f 8; {and} exec \"$@\""), "sh"]);
    command.arg(program.get_program()).args(program.get_args()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null());
    command
}

fn secrets(environment: &Environment, text: &str) {
    fs::write(environment.secrets(), text).unwrap();
    fs::set_permissions(environment.secrets(), fs::Permissions::from_mode(0o600)).unwrap();
}

/// The files in the folder of the settings whose names begin like this.
fn beside(environment: &Environment, beginning: &str) -> Vec<fs::DirEntry> {
    let entries = fs::read_dir(environment.settings().parent().unwrap()).unwrap().map(Result::unwrap);
    entries.filter(|entry| entry.file_name().to_str().unwrap().starts_with(beginning)).collect()
}

#[test]
fn a_run_that_is_killed_in_the_middle_of_a_write_leaves_the_file_as_it_was_and_the_next_run_clears_up() {
    for of_secrets in [true, false] {
        let (stage, environment) = scene();
        let file = if of_secrets {
            secrets(&environment, &format!("{}[secrets]\n\"other/client-secret\" = 'x'\n", comment()));
            environment.secrets()
        } else {
            environment.write_settings(&format!("{}{}", comment(), stage.settings(Store::File)));
            environment.settings()
        };
        let before = fs::read(&file).unwrap();
        let output = limited(&environment, "").output().unwrap();
        assert_eq!(output.status.signal(), Some(TOO_LARGE), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(fs::read(&file).unwrap(), before);
        let name = file.file_name().unwrap().to_str().unwrap();
        let halves = beside(&environment, &format!(".{name}.fitbit-connect-"));
        assert_eq!(halves.len(), 1, "half a file is left");
        let facts = halves[0].metadata().unwrap();
        assert!(facts.len() > 0 && facts.len() < before.len() as u64, "{} bytes of it", facts.len());
        assert_eq!(facts.mode() & 0o7777, 0o600, "and it is for its owner alone");

        environment.run(&SETUP).exits(0);
        assert_eq!(State::of(&stage, &environment).files(), ["config.toml", "secrets.toml"]);
        assert!(fs::read_to_string(&file).unwrap().starts_with(&comment()));
    }
}

#[test]
fn a_disk_without_room_leaves_the_files_as_they_were_and_nothing_beside_them() {
    let (stage, environment) = scene();
    environment.write_settings(&format!("{}{}", comment(), stage.settings(Store::File)));
    let before = fs::read(environment.settings()).unwrap();
    let output = limited(&environment, "trap '' XFSZ;").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("\"file_not_writable\""), "{said}");
    assert_eq!(fs::read(environment.settings()).unwrap(), before);
    assert_eq!(State::of(&stage, &environment).files(), ["config.toml", "secrets.toml"]);

    for is_new in [false, true] {
        let (stage, environment) = scene();
        let environment = environment.with("FITBIT_CONNECT_CLIENT_ID", facts::GOOGLE_CLIENT_ID);
        if is_new {
            environment.write_settings(&of_nobody(&stage));
        }
        secrets(&environment, &format!("{}[secrets]\n", comment()));
        let before = environment.files();
        let output = limited(&environment, "trap '' XFSZ;").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(7), "{said}");
        assert!(said.contains("\"secret_store_full\""), "{said}");
        assert_eq!(environment.files(), before);
        assert!(stage.writes_since(0).is_empty(), "this machine comes before the tenant");
    }
}

/// Settings that name no client yet.
fn of_nobody(stage: &Stage) -> String {
    let settings = stage.settings(Store::File);
    settings.lines().filter(|line| !line.starts_with("client_id")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn no_secret_is_kept_that_no_settings_name() {
    let (stage, environment) = scene();
    let environment = environment.with("FITBIT_CONNECT_CLIENT_ID", facts::GOOGLE_CLIENT_ID);
    environment.write_settings(&format!("{}{}", comment(), of_nobody(&stage)));
    let output = limited(&environment, "trap '' XFSZ;").output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    assert_eq!(State::of(&stage, &environment).files(), ["config.toml"]);
}

#[test]
fn settings_behind_a_link_are_replaced_there_and_the_link_stays() {
    let (stage, environment) = scene();
    let (settings, dotfiles) = (environment.settings(), environment.desk("dotfiles"));
    fs::create_dir(&dotfiles).unwrap();
    let real = dotfiles.join("mine.toml");
    fs::rename(&settings, &real).unwrap();
    symlink(&real, &settings).unwrap();
    environment.run(&SETUP).exits(0);
    assert!(settings.is_symlink());
    let names = |folder: &Path| -> Vec<_> { fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect() };
    assert_eq!(names(&dotfiles), ["mine.toml"]);
    assert!(fs::read_to_string(&real).unwrap().contains("applications = ["));
    assert_eq!(fs::metadata(&real).unwrap().mode() & 0o7777, 0o600);
    drop(stage);
}
