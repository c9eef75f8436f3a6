//! Others cannot look into the process: no core dump, no debugger, and a panic shows no value.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::panic;
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// Somebody without privileges.
const NOBODY: u32 = 65534;

/// Runs as somebody without privileges, also where the tests do not.
fn unprivileged(mut command: Command) -> Command {
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// What another process of the same user can read of this one; empty when it may not.
fn can_read(process: u32, what: &str) -> Vec<u8> {
    let mut command = Command::new("cat");
    command.arg(format!("/proc/{process}/{what}"));
    unprivileged(command).output().unwrap().stdout
}

#[test]
fn another_process_of_the_same_user_cannot_look_into_it() {
    // A copy, since the one that cargo made may be where nobody else may go.
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("fitbit-connect");
    fs::copy(common::PROGRAM, &program).unwrap();
    let mut command = Command::new(&program);
    command.args(["sandbox", "--json"]).env_clear().env("AUTH0_CLIENT_SECRET", "canary");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).current_dir("/");
    let mut child = unprivileged(command).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "{\n", "it is ready");

    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    let seen = can_read(child.id(), "environ");
    let shown: Vec<bool> = ["auxv", "maps", "mem"].map(|what| can_read(child.id(), what).is_empty()).to_vec();
    let names = can_read(child.id(), "comm");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(seen.is_empty(), "{}", String::from_utf8_lossy(&seen));
    assert_eq!(shown, [true; 3]);
    assert_eq!(names, b"fitbit-connect\n", "what everybody may know is still there");

    // The same question about a process that is not closed has an answer.
    let mut command = Command::new("sleep");
    command.arg("60").env_clear().env("AUTH0_CLIENT_SECRET", "canary");
    let mut other = unprivileged(command).spawn().unwrap();
    let seen = can_read(other.id(), "environ");
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(String::from_utf8_lossy(&seen).contains("canary"));
}

#[test]
fn a_panic_shows_where_and_no_value() {
    let (sender, words) = mpsc::channel();
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| sender.send(fitbit_connect::process::panic_words(panic)).unwrap()));
    let secret = "\u{e4}canary-secret".to_owned();
    let panics: [&(dyn Fn() + std::panic::RefUnwindSafe); 4] = [
        &|| drop(secret[1..].to_owned()),
        &|| panic!("called on an Err value: {:?}", &secret),
        &|| panic!("the secret is {secret}"),
        &|| panic!("a constant"),
    ];
    for panics in panics {
        assert!(panic::catch_unwind(panics).is_err());
    }
    panic::set_hook(before);
    let words: Vec<String> = words.try_iter().collect();
    assert_eq!(words.len(), 4);
    for words in &words {
        assert!(words.starts_with("fitbit-connect panicked at ") && !words.contains("canary"), "{words}");
    }
    assert!(words[0].contains("tests/closed.rs:") && words[0].contains("is not shown"), "{}", words[0]);
    assert!(words[3].ends_with(": a constant"), "{}", words[3]);
}
