//! The README tells the truth: its transcript is what a run prints, and no flag, variable or exit code is missing from it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::Command;

use clap::CommandFactory as _;
use fitbit_connect::ask::FIELDS;
use fitbit_connect::cli::Cli;

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// What differs from run to run: addresses on loopback and the connection's id.
fn masked(text: &str) -> Vec<String> {
    let mask = |line: &str| {
        if line.starts_with("http://127.0.0.1:") && line.contains("/authorize?") {
            return "ADDRESS".to_owned();
        }
        let mut line = line.trim_end().to_owned();
        for mark in ["con_", "http://127.0.0.1:"] {
            if let Some(at) = line.find(mark) {
                let start = at + mark.len();
                let end = line[start..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(line.len(), |n| start + n);
                line.replace_range(start..end, "X");
            }
        }
        line
    };
    text.trim().lines().map(mask).collect()
}

#[test]
fn the_transcript_is_what_a_run_prints() {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fitbit-connect"))
        .args(["setup", "--sandbox", "--yes"])
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8(output.stderr).unwrap();
    let readme = readme();
    let shown = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(
        masked(shown),
        masked(&printed),
        "the README's transcript is out of date; what a run prints:\n{printed}"
    );
}

#[test]
fn every_flag_and_variable_is_in_it() {
    let readme = readme();
    for command in Cli::command().get_subcommands() {
        assert!(readme.contains(&format!("`{}", command.get_name())), "{}", command.get_name());
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            if let Some(flag) = argument.get_long() {
                assert!(readme.contains(&format!("--{flag}")), "--{flag} of {}", command.get_name());
            }
        }
    }
    for variable in FIELDS.iter().flat_map(|field| field.variables) {
        assert!(readme.contains(&format!("`{variable}`")), "{variable}");
    }
}

#[test]
fn every_exit_code_of_the_table_is_in_it() {
    let readme = readme();
    for code in fitbit_connect::diagnosis::Code::ALL {
        let exit = code.diagnosis().exit.code();
        assert!(readme.contains(&format!("| {exit} | ")), "{exit} of {code}");
    }
}

#[test]
fn the_example_settings_are_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/settings.toml");
    let settings = fitbit_connect::settings::Settings::read(path.as_ref()).unwrap();
    for name in settings.profiles() {
        assert!(settings.profile(&name.parse().unwrap()).unwrap().is_some(), "{name}");
    }
}
