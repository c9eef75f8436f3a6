//! Owns what the tests of the real program share: a home of its own with nothing of the caller's environment, a sandbox in a
//! process of its own, a look at its tenant, and a "browser" that hands the address over to the test.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest that anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A home without anything in it.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("fitbit-connect-test").tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A program that sees this home and nothing else: no CI, no proxy, no display, no keychain of a person.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.0.path()).env("PATH", path()).current_dir(self.0.path());
        command
    }

    /// The program under test.
    pub fn program(&self, args: &[&str]) -> Command {
        let mut command = self.command(PROGRAM);
        command.args(args).stdin(Stdio::null());
        command
    }

    /// Every file below the home, so that a test can say that nothing was written.
    pub fn files(&self) -> BTreeSet<(PathBuf, Vec<u8>)> {
        fn below(folder: &Path, all: &mut BTreeSet<(PathBuf, Vec<u8>)>) {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    below(&entry.path(), all);
                } else if kind.is_file() {
                    all.insert((entry.path(), fs::read(entry.path()).unwrap()));
                }
            }
        }
        let mut all = BTreeSet::new();
        below(self.0.path(), &mut all);
        all
    }
}

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_fitbit-connect");

fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// Whether all of these can be started here. Where they must be, their absence is a failure.
pub fn available(programs: &[&str], advice: &str) -> bool {
    let installed = |program: &&str| std::env::split_paths(&path()).any(|folder| folder.join(program).is_file());
    if programs.iter().all(installed) {
        return true;
    }
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    assert!(!set("CI") && !set("FITBIT_CONNECT_REQUIRE_ALL"), "{advice}");
    eprintln!("left out: {advice}");
    false
}

/// A port that nobody listens on, away from the usual one, so that tests that run at the same time do not meet there.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// `fitbit-connect sandbox` in a process of its own; ends with the value.
pub struct Sandbox {
    child: Child,
    /// What it printed when it was ready.
    pub document: Value,
    /// The settings file it wrote.
    pub settings: PathBuf,
}

impl Sandbox {
    pub fn start(home: &Home, args: &[&str]) -> Self {
        let settings = home.path("sandbox.toml");
        let mut command = home.program(&["sandbox", "--json", "--write-config"]);
        let mut child = command.arg(&settings).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut text = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            text += &line.unwrap();
            text.push('\n');
            if text.ends_with("\n}\n") {
                break;
            }
        }
        let document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        Self { child, document, settings }
    }

    /// A settings file that says where everything is and nothing else.
    pub fn write_addresses(&self, file: &Path) {
        let mut text = String::from("[profiles.default.endpoints]\n");
        for (origin, target) in self.document["endpoints"].as_object().unwrap() {
            text += &format!("{origin:?} = {target}\n");
        }
        fs::write(file, text).unwrap();
    }

    /// A client ID or secret of `google-health`, `fitbit` or `management`.
    pub fn credential(&self, whose: &str, which: &str) -> &str {
        self.document["credentials"][whose][which].as_str().unwrap()
    }

    /// Every secret that it printed.
    pub fn secrets(&self) -> Vec<&str> {
        ["google-health", "fitbit", "management"].map(|whose| self.credential(whose, "client_secret")).to_vec()
    }

    /// The variables of a script that uses it.
    pub fn variables(&self, provider: &str) -> [(&'static str, String); 4] {
        [
            ("FITBIT_CONNECT_CLIENT_ID", self.credential(provider, "client_id").to_owned()),
            ("FITBIT_CONNECT_CLIENT_SECRET", self.credential(provider, "client_secret").to_owned()),
            ("AUTH0_CLIENT_ID", self.credential("management", "client_id").to_owned()),
            ("AUTH0_CLIENT_SECRET", self.credential("management", "client_secret").to_owned()),
        ]
    }

    fn tenant(&self) -> &str {
        let domain = self.document["domain"].as_str().unwrap();
        self.document["endpoints"][format!("https://{domain}")].as_str().unwrap()
    }

    /// The tenant's address, and what the Management API wants to see.
    pub fn bearer(&self) -> (String, (&'static str, String)) {
        let domain = self.document["domain"].as_str().unwrap();
        let body = serde_json::json!({
            "grant_type": "client_credentials",
            "client_id": self.credential("management", "client_id"),
            "client_secret": self.credential("management", "client_secret"),
            "audience": format!("https://{domain}/api/v2/"),
        });
        let (status, token) = http("POST", &format!("{}/oauth/token", self.tenant()), &[], Some(&body));
        assert_eq!(status, 200, "{token}");
        let token: Value = serde_json::from_str(&token).unwrap();
        let bearer = ("Authorization", format!("Bearer {}", token["access_token"].as_str().unwrap()));
        (self.tenant().to_owned(), bearer)
    }

    /// What the Management API says at that path.
    pub fn ask(&self, path: &str) -> Value {
        let (tenant, bearer) = self.bearer();
        let (status, answer) = http("GET", &format!("{tenant}{path}"), &[bearer], None);
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    fn names(&self, path: &str) -> BTreeSet<String> {
        let all = self.ask(path);
        all.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The names of the tenant's connections.
    pub fn connections(&self) -> BTreeSet<String> {
        self.names("/api/v2/connections")
    }

    /// The names of the tenant's applications.
    pub fn applications(&self) -> BTreeSet<String> {
        self.names("/api/v2/clients")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request to this machine; status and body.
pub fn http(method: &str, url: &str, headers: &[(&str, String)], body: Option<&Value>) -> (u16, String) {
    let url = url::Url::parse(url).unwrap();
    let at = (url.host_str().unwrap(), url.port().unwrap());
    let body = body.map(Value::to_string).unwrap_or_default();
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n", at.0, at.1);
    request += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| request += &format!("{name}: {value}\r\n"));
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while lines.read_line(&mut head).unwrap() > 2 {}
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or_else(|| panic!("an answer without a length: {head}"))];
    lines.read_exact(&mut body).unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), String::from_utf8(body).unwrap())
}

/// A value for `BROWSER`: the address goes through a pipe to the test.
pub struct Handover {
    script: PathBuf,
    addresses: mpsc::Receiver<url::Url>,
}

impl Handover {
    pub fn new(home: &Home) -> Self {
        let (pipe, script) = (home.path("address"), home.path("browser.sh"));
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        fs::write(&script, format!("printf '%s\\n' \"$1\" > '{}'\n", pipe.display())).unwrap();
        let (sender, addresses) = mpsc::channel();
        // Opening blocks until the script writes; a test that ends before leaves the thread to the process's end.
        thread::spawn(move || {
            while let Ok(pipe) = File::open(&pipe) {
                BufReader::new(pipe).lines().for_each(|line| {
                    let _ = sender.send(line.unwrap().parse().unwrap());
                });
            }
        });
        Self { script, addresses }
    }

    pub fn variable(&self) -> String {
        format!("sh {}", self.script.display())
    }

    /// The address that the program opened.
    pub fn address(&self) -> url::Url {
        self.addresses.recv_timeout(PATIENCE).unwrap()
    }

    /// Whether anything was opened so far.
    pub fn is_unused(&self) -> bool {
        self.addresses.try_recv().is_err()
    }
}
