//! Owns the killing of a run at one of its requests, and the state that runs are compared by.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use fitbit_connect::browser::Browser as _;
use fitbit_connect::sandbox::robot::Robot;
use fitbit_connect::sandbox::web::Reply;
use reqwest::Method;
use serde_json::Value;

use crate::common::stage::{Gate, Stage};
use crate::common::{Environment, login_address};

/// The whole of it, with the login.
pub const SETUP: [&str; 5] = ["setup", "--yes", "--all-apps", "--save-management", "--no-browser"];

/// Where the n-th request is when its sender dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It never arrived.
    Before,
    /// It was done, and nobody hears the answer.
    After,
}

/// Counts the requests of a run, and kills it at one of them.
#[derive(Default)]
pub struct Executioner {
    child: Mutex<Option<Child>>,
    seen: AtomicUsize,
    strikes: Option<(usize, Moment)>,
}

impl Executioner {
    /// One who kills at the n-th request (from 1), or never.
    pub fn new(strikes: Option<(usize, Moment)>) -> Arc<Self> {
        Arc::new(Self { strikes, ..Self::default() })
    }

    /// How many requests there were.
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }

    /// The gate at which he stands, in front of every service.
    pub fn gate(self: &Arc<Self>) -> Gate {
        let this = Arc::clone(self);
        Box::new(move |_, pass| this.meets(pass).unwrap_or_else(|| Reply::empty(503)))
    }

    /// The next request is at hand: what comes of it, unless its sender died.
    pub fn meets<T>(&self, pass: impl FnOnce() -> T) -> Option<T> {
        let nth = self.seen.fetch_add(1, Ordering::SeqCst) + 1;
        let Some((_, moment)) = self.strikes.filter(|(at, _)| *at == nth) else { return Some(pass()) };
        if moment == Moment::After {
            pass();
        }
        let mut child = self.child.lock().unwrap();
        let child = child.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        None
    }

    /// Runs a command under his eyes, a robot in place of the person; whether it was killed.
    pub fn watches(&self, mut command: Command) -> bool {
        let (mut out, err) = {
            // The first request must not come before there is somebody to kill.
            let mut slot = self.child.lock().unwrap();
            let child = slot.insert(command.spawn().unwrap());
            (child.stdout.take().unwrap(), child.stderr.take().unwrap())
        };
        let mut said = String::new();
        for line in BufReader::new(err).lines().map_while(Result::ok) {
            if let Some(url) = login_address(&line) {
                Robot::new(Default::default()).open(&url, &[]).unwrap();
            }
            said.push_str(&line);
            said.push('\n');
        }
        out.read_to_string(&mut said).unwrap();
        let status = self.child.lock().unwrap().as_mut().unwrap().wait().unwrap();
        let killed = status.signal() == Some(9);
        assert!(killed || status.success(), "neither killed nor done: {status}\n{said}");
        killed
    }
}

/// All that there is after a run, in the tenant and on the machine, without what differs from run to run.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    connections: Value,
    enabled: BTreeMap<String, Vec<String>>,
    applications: Vec<(String, String)>,
    /// Name, mode, content.
    files: Vec<(String, u32, String)>,
}

impl State {
    /// Looks.
    pub fn of(stage: &Stage, environment: &Environment) -> Self {
        let mut connections = stage.api(Method::GET, "connections", None);
        let mut enabled = BTreeMap::new();
        for connection in connections.as_array_mut().unwrap() {
            let name = connection["name"].as_str().unwrap().to_owned();
            let on = stage.enabled(&name).into_iter().collect();
            enabled.insert(name, on);
            connection["id"] = Value::Null;
        }
        let home = environment.settings().parent().unwrap().to_owned();
        let files = environment.files().into_iter().map(|(path, content)| {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
            let name = path.strip_prefix(&home).unwrap().to_str().unwrap().to_owned();
            (name, mode, without_ports(&String::from_utf8(content).unwrap()))
        });
        Self { connections, enabled, applications: stage.applications(), files: files.collect() }
    }

    /// The same of a profile with another name.
    pub fn of_profile(mut self, name: &str, other: &str) -> Self {
        self.files.iter_mut().for_each(|(_, _, text)| *text = text.replace(name, other));
        self
    }

    /// The names of the files.
    pub fn files(&self) -> Vec<&str> {
        self.files.iter().map(|(name, _, _)| name.as_str()).collect()
    }
}

/// Every stage has ports of its own.
fn without_ports(text: &str) -> String {
    let mut result = String::new();
    for line in text.lines() {
        let cut = ["127.0.0.1:", "port = "].iter().find_map(|before| Some(line.find(before)? + before.len()));
        let (start, rest) = line.split_at(cut.unwrap_or(line.len()));
        result.push_str(start);
        result.push_str(rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        result.push('\n');
    }
    result
}

/// Does the work on as many threads as are worth it, and hands the results back in order.
pub fn in_parallel<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get()) * 2;
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::SeqCst);
                    if nth >= count {
                        return;
                    }
                    let result = work(nth);
                    done.lock().unwrap().insert(nth, result);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}
