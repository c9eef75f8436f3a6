//! Owns the runs whose requests are disturbed: what is run, what is asked in it, and what is true when it ends well.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use fitbit_connect::browser::Browser as _;
use fitbit_connect::checks::applications::TEMPORARY_NAME;
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::robot::Robot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::stage::Stage;
use crate::common::{Environment, Output, login_address};
use crate::front::{self, Asked, Plan, Server};

/// One command on a sandbox of its own.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    pub provider: Provider,
    args: &'static [&'static str],
    start: Start,
    /// Scenarios that ask some of the same.
    pub leaves_to: &'static [&'static str],
    /// How it ends when nothing is disturbed, and what is said then.
    pub exit: i32,
    pub says: &'static str,
}

/// What the tenant is like before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Empty,
    Configured,
    /// Another secret in the connection, and what a killed run left.
    Drifted,
    /// Nobody may log in, so that the log is looked at.
    Blocked,
}

const SETUP: &[&str] = &["setup", "--all-apps", "--yes", "--json", "--timeout", "30s"];
const TEST: &[&str] = &["test", "--json", "--timeout", "30s"];
const HEADLESS: &[&str] = &["test", "--headless", "--json"];
const DIRECT: &[&str] = &["test", "--direct", "--json", "--timeout", "30s"];

const fn run(
    name: &'static str,
    provider: Provider,
    args: &'static [&'static str],
    start: Start,
    leaves_to: &'static [&'static str],
) -> Scenario {
    Scenario { name, provider, args, start, leaves_to, exit: 0, says: "" }
}

/// Everything that asks a service.
pub const SCENARIOS: &[Scenario] = &[
    run("setup", GoogleHealth, SETUP, Start::Empty, &[]),
    run("setup", Fitbit, SETUP, Start::Empty, &["setup"]),
    run("setup of what drifted", GoogleHealth, SETUP, Start::Drifted, &["setup"]),
    run("test --headless", GoogleHealth, HEADLESS, Start::Configured, &[]),
    run("test --headless", Fitbit, HEADLESS, Start::Configured, &["test --headless"]),
    run("test", GoogleHealth, TEST, Start::Configured, &["test --headless"]),
    run("test", Fitbit, TEST, Start::Configured, &["test --headless", "test"]),
    run("test --direct", GoogleHealth, DIRECT, Start::Configured, &[]),
    run("test --direct", Fitbit, DIRECT, Start::Configured, &[]),
    Scenario {
        exit: 5,
        says: "login_blocked",
        ..run("test of a blocked login", GoogleHealth, TEST, Start::Blocked, &["test --headless", "test"])
    },
];

impl Scenario {
    /// A sandbox whose services are behind fronts with this plan, and somebody who uses it.
    pub fn open(&self, plan: &Plan) -> Set {
        let stage = match self.start {
            Start::Empty => Stage::empty(self.provider, &[]),
            Start::Blocked => Stage::configured(self.provider, &[Fault::LoginBlocked]),
            Start::Configured | Start::Drifted => Stage::configured(self.provider, &[]),
        };
        if self.start == Start::Drifted {
            let other = concat!("GOC", "SPX-other-0123456789-other0");
            stage.change_options(self.provider.default_connection(), &json!({ "client_secret": other }));
            let callback = format!("http://127.0.0.1:{}/callback", stage.port());
            let left = json!({ "name": TEMPORARY_NAME, "app_type": "native", "callbacks": [callback] });
            stage.api(Method::POST, "clients", Some(left));
        }
        let fronts = front::before(stage.targets(), plan);
        let mut around = Endpoints::default();
        for (target, front) in &fronts {
            around.add(&front.origin(), target).unwrap();
        }
        let stage = stage.through(fronts.iter().map(|(target, front)| (target.clone(), front.origin())).collect());
        let environment = stage.environment();
        Set { stage, environment, around, args: self.args, _fronts: fronts }
    }

    /// Every request of an undisturbed run, in order, and what is true after it.
    pub fn undisturbed(&self) -> (Vec<Kind>, State) {
        let seen: Arc<Mutex<Vec<Kind>>> = Arc::default();
        let sees = Arc::clone(&seen);
        let plan: Plan = Arc::new(move |asked: &Asked| {
            sees.lock().unwrap().push(Kind::of(asked));
            None
        });
        let set = self.open(&plan);
        set.run().exits(self.exit);
        (std::mem::take(&mut *seen.lock().unwrap()), set.state())
    }
}

/// What a request is for: requests that differ in ids alone are of the same kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind(pub String);

impl Kind {
    pub fn of(asked: &Asked) -> Self {
        let is_id = |part: &str| part.starts_with("con_") || part.contains('%') || part.len() >= 30;
        let parts: Vec<&str> = asked.path().split('/').map(|part| if is_id(part) { "ID" } else { part }).collect();
        let body = asked.body_text();
        let grants = ["grant_type=client_credentials", "grant_type=authorization_code"];
        let grant = grants.into_iter().find(|grant| body.contains(grant)).unwrap_or_default();
        Self(format!("{} {} {grant}", asked.method, parts.join("/")).trim_end().to_owned())
    }

    pub fn begins(&self, text: &str) -> bool {
        self.0.starts_with(text)
    }
}

/// A sandbox, its fronts, and somebody who uses both.
pub struct Set {
    pub stage: Stage,
    pub environment: Environment,
    /// The way around the fronts, for the robot: it is the person's browser that goes it.
    around: Endpoints,
    args: &'static [&'static str],
    _fronts: Vec<(String, Server)>,
}

impl State {
    /// What would be, had the program's own been removed.
    pub fn without_ours(&self) -> Self {
        let mut without = self.clone();
        without.on.retain(|id| !self.ours.iter().any(|(ours, _)| ours == id));
        without.ours.clear();
        without
    }
}

impl Set {
    /// Runs the command, with a robot for the login.
    pub fn run(&self) -> Output {
        let around = self.around.clone();
        self.environment.run_watched(self.args, move |line| {
            if let Some(url) = login_address(line) {
                Robot::new(around.clone()).open(&url, &[]).unwrap();
            }
        })
    }

    /// What is true now, as far as it is the same for every sandbox.
    pub fn state(&self) -> State {
        let name = self.stage.provider().default_connection();
        let mut connection = self.stage.connection(name);
        let on = connection.as_ref().map(|_| self.stage.enabled(name)).unwrap_or_default();
        if let Some(connection) = connection.as_mut().and_then(Value::as_object_mut) {
            connection.remove("id");
        }
        let settings = std::fs::read_to_string(self.environment.settings()).unwrap();
        let is_same = |line: &&str| !line.starts_with("\"https://") && !line.starts_with("port = ");
        let settings = settings.lines().filter(is_same).map(str::to_owned).collect();
        let (ours, applications) =
            self.stage.applications().into_iter().partition(|(_, name): &(String, String)| name == TEMPORARY_NAME);
        State { connection, on, applications, ours, settings }
    }
}

/// What a run leaves in the tenant and in the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    connection: Option<Value>,
    on: BTreeSet<String>,
    applications: Vec<(String, String)>,
    /// The program's own, which it has to remove.
    pub ours: Vec<(String, String)>,
    settings: Vec<String>,
}
