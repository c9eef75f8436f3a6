//! Owns the test environment: a home of its own, cleared variables, the real binary, and a sandbox to point it at.
//!
//! Refuses to sleep: whatever has to be waited for is read as an event.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

pub mod generated;
pub mod stage;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;

use fitbit_connect::browser::Browser;
use fitbit_connect::sandbox::robot::Robot;
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_fitbit-connect");

/// A machine of its own for one test: an empty home, and a desk for files that are the test's and not the program's.
pub struct Environment {
    home: TempDir,
    desk: TempDir,
    variables: Vec<(String, String)>,
}

impl Environment {
    /// An empty home and no variables but `PATH`, `HOME` and `XDG_CONFIG_HOME`.
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), desk: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// Sets a variable for every run.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Forgets a variable.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// Where the settings are unless told otherwise.
    pub fn settings(&self) -> PathBuf {
        self.home.path().join("config/fitbit-connect/config.toml")
    }

    /// Where `--store file` keeps secrets for these settings.
    pub fn secrets(&self) -> PathBuf {
        self.settings().with_file_name("secrets.toml")
    }

    /// Writes the settings.
    pub fn write_settings(&self, text: &str) {
        fs::create_dir_all(self.settings().parent().unwrap()).unwrap();
        fs::write(self.settings(), text).unwrap();
    }

    /// Writes a file on the desk.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.desk(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A path on the desk.
    pub fn desk(&self, name: &str) -> PathBuf {
        self.desk.path().join(name)
    }

    /// Every file below the home, with its content.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files_below(self.home.path())
    }

    /// The program with these arguments, in this environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).env_clear().current_dir(self.desk.path());
        // Without the second one no program on Windows can open a socket.
        for name in ["PATH", "SYSTEMROOT"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("HOME", self.home.path()).env("XDG_CONFIG_HOME", self.home.path().join("config"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs to the end.
    pub fn run(&self, args: &[&str]) -> Output {
        finish(self.command(args).spawn().unwrap(), args, |_| {})
    }

    /// Runs to the end with this on stdin.
    pub fn run_with_stdin(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Output {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // A program that refuses its arguments never reads it.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
        finish(child, args, |_| {})
    }

    /// Runs to the end; a robot walks through the address that is printed for the person.
    pub fn run_with_robot(&self, args: &[&str]) -> Output {
        self.run_watched(args, |line| {
            if let Some(url) = login_address(line) {
                Robot::new(Default::default()).open(&url, &[]).unwrap();
            }
        })
    }

    /// Runs to the end and shows every line of stderr to `watch` when it is printed.
    pub fn run_watched(&self, args: &[&str], watch: impl Fn(&str) + Send + 'static) -> Output {
        finish(self.command(args).spawn().unwrap(), args, watch)
    }

    /// Starts `fitbit-connect sandbox` and waits until it says that it is ready.
    pub fn sandbox(&self, args: &[&str]) -> SandboxChild {
        let config = self.desk("sandbox.toml");
        let all = [&["sandbox", "--json", "--write-config", config.to_str().unwrap()], args].concat();
        let mut child = self.command(&all).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut documents = serde_json::Deserializer::from_reader(stdout).into_iter::<Value>();
        let ready = documents.next().and_then(Result::ok).unwrap_or_else(|| panic!("no document from {all:?}"));
        SandboxChild { child, ready, config }
    }
}

/// The address that a person is to open: the one line with an authorization request.
pub fn login_address(line: &str) -> Option<Url> {
    (line.starts_with("http") && line.contains("response_type=code")).then(|| Url::parse(line).ok())?
}

fn finish(mut child: Child, args: &[&str], watch: impl Fn(&str) + Send + 'static) -> Output {
    let (mut out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let stderr = thread::spawn(move || {
        let mut seen = String::new();
        for line in BufReader::new(err).lines().map_while(Result::ok) {
            watch(&line);
            seen.push_str(&line);
            seen.push('\n');
        }
        seen
    });
    let mut stdout = String::new();
    out.read_to_string(&mut stdout).unwrap();
    let status = child.wait().unwrap();
    Output { args: args.join(" "), status, stdout, stderr: stderr.join().unwrap() }
}

/// What a run left.
#[derive(Debug)]
pub struct Output {
    args: String,
    status: ExitStatus,
    /// For programs.
    pub stdout: String,
    /// For people.
    pub stderr: String,
}

impl Output {
    /// The exit code.
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// Demands an exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{self}");
        self
    }

    /// Demands that something is said to people.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "not said: {text}\n{self}");
        self
    }

    /// The one JSON document, which agrees with the exit code.
    #[track_caller]
    pub fn document(&self) -> Value {
        let document: Value = serde_json::from_str(&self.stdout).unwrap_or_else(|why| panic!("{why}\n{self}"));
        assert_eq!(document["schema"], 1, "{self}");
        assert_eq!(document["exit_code"], self.code(), "{self}");
        assert_eq!(document["ok"], self.code() == 0, "{self}");
        assert_eq!(document["error"].is_null(), self.code() == 0, "{self}");
        document
    }

    /// `error.code` of the document.
    #[track_caller]
    pub fn error_code(&self) -> String {
        self.document()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The checks of this id in the document.
    #[track_caller]
    pub fn checks(&self, id: &str) -> Vec<Value> {
        let document = self.document();
        document["checks"].as_array().into_iter().flatten().filter(|check| check["check"] == id).cloned().collect()
    }

    /// The state of the one check of this id.
    #[track_caller]
    pub fn state(&self, id: &str) -> String {
        let checks = self.checks(id);
        let states: Vec<&str> = checks.iter().filter_map(|check| check["state"].as_str()).collect();
        assert!(!states.is_empty(), "no check {id}\n{self}");
        assert!(states.iter().all(|state| *state == states[0]), "{id} is {states:?}\n{self}");
        states[0].to_owned()
    }

    /// State of a step in the document.
    #[track_caller]
    pub fn step(&self, id: &str) -> String {
        let document = self.document();
        let step = document["steps"].as_array().into_iter().flatten().find(|step| step["step"] == id).cloned();
        step.unwrap_or_else(|| panic!("no step {id}\n{self}"))["state"].as_str().unwrap_or_default().to_owned()
    }

    /// Demands that a text is in neither stream.
    #[track_caller]
    pub fn hides(&self, text: &str) {
        assert!(!self.stdout.contains(text) && !self.stderr.contains(text), "shown: {text}\n{self}");
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { args, status, stdout, stderr } = self;
        write!(f, "$ fitbit-connect {args}\n{status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// A running `fitbit-connect sandbox`; dropping it ends it.
pub struct SandboxChild {
    child: Child,
    /// The document it printed when it was ready.
    pub ready: Value,
    /// The settings file it wrote.
    pub config: PathBuf,
}

impl SandboxChild {
    /// A credential from the document.
    pub fn credential(&self, of: &str, member: &str) -> &str {
        self.ready["credentials"][of][member].as_str().unwrap()
    }

    /// Whether it still serves.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for SandboxChild {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every file below a folder, with its content, in order.
pub fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// A loopback port that nobody holds, below the range that the system gives out by itself, and room for nine after it.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let start = u16::try_from(std::process::id() % 997).unwrap();
        let port = 10_000 + (start * 20 + nth * 10) % 20_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
