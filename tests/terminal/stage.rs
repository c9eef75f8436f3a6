//! Owns what the tests of the dialogue share: a home with a sandbox, and the way through the questions.

use crate::outside::{Handover, Home, Sandbox, free_port};
use crate::terminal_kit::{Do, Terminal};
use fitbit_connect::browser::Browser as _;
use fitbit_connect::sandbox::robot::Robot;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

pub const PROVIDER: &str = "Which provider do people log in with?";
pub const TENANT: &str = "Auth0 tenant domain:";
/// Part of the two that follow.
pub const REGISTERED: &str = "already?";
pub const REGISTERED_GOOGLE: &str = "Is your app registered at Google already?";
pub const REGISTERED_FITBIT: &str = "Is your app registered at Fitbit already?";
pub const GOOGLE_ID: &str = "Client ID, or drag Google's client JSON in here:";
pub const FITBIT_ID: &str = "Client ID:";
pub const SECRET: &str = "Client secret:";
pub const ACCESS: &str = "How may this program use the Management API?";
pub const MANAGEMENT_ID: &str = "Client ID of the Management API client:";
pub const MANAGEMENT_SECRET: &str = "Secret of the Management API client:";
pub const TOKEN: &str = "Management API token:";
pub const APPLICATIONS: &str = "Which applications may log people in?";
pub const KEEP: &str = "Keep the Management API client's secret";
pub const PLAN: &str = "Do this in acme.sandbox.test?";
pub const PLAN_BY_HAND: &str = "Do this?";
pub const BY_HAND: &str = "Is it entered in the dashboard?";
pub const MEND: &str = "How to go on?";

/// Walks through the sandbox's pages like a person in a hurry, up to the last address.
pub fn visit(address: &url::Url) {
    Robot::new(Default::default()).open(address, &[]).unwrap();
}

/// The applications of the sandbox's tenant before anybody does anything.
pub fn applications() -> BTreeSet<String> {
    ["Acme Mobile", "Acme Web", "All Applications", "Management (machine to machine)"].map(str::to_owned).into()
}

pub fn assert_in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part:?} is missing, or not in its place, in\n{text}"));
        rest = &rest[at + part.len()..];
    }
}

/// A home with a sandbox, and settings that only say where it is.
pub struct Stage {
    pub home: Home,
    pub sandbox: Sandbox,
    pub browser: Handover,
    pub settings: PathBuf,
    pub port: String,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With these arguments for the sandbox.
    pub fn with(args: &[&str]) -> Self {
        let home = Home::new();
        let sandbox = Sandbox::start(&home, args);
        let browser = Handover::new(&home);
        let settings = home.path("mine.toml");
        sandbox.write_addresses(&settings);
        Self { home, sandbox, browser, settings, port: free_port().to_string() }
    }

    /// `setup` with nothing preset, secrets in a file.
    pub fn setup(&self, more: &[&str]) -> Command {
        let mut command = self.home.program(&["setup", "--store", "file", "--port", &self.port, "--config"]);
        command.arg(&self.settings).args(more).env("BROWSER", self.browser.variable());
        command
    }

    /// The same with every value given and only the live login left for the person.
    pub fn given(&self, more: &[&str]) -> Command {
        let mut command = self.setup(&["--yes", "--all-apps", "--domain", "acme.sandbox.test"]);
        command.args(more).envs(self.sandbox.variables("google-health"));
        command
    }

    /// The same, and the plan is shown and asked about: its questions are the only ones.
    pub fn planned(&self, more: &[&str]) -> Command {
        let mut command = self.setup(&["--app", "Acme Web", "--domain", "acme.sandbox.test", "--skip-login"]);
        command.args(more).envs(self.sandbox.variables("google-health"));
        command
    }

    pub fn of(&self, whose: &str, which: &str) -> String {
        self.sandbox.credential(whose, which).to_owned()
    }

    /// From the first question to the confirmed plan. `pages`: led through the pages of the provider's console.
    pub fn route(&self, provider: &str, pages: bool) -> Vec<Do> {
        let fitbit = provider == "fitbit";
        let line = Do::Line;
        let mut route = vec![
            Do::Choose(PROVIDER, if fitbit { "Fitbit Web API" } else { "Google Health API" }.into()),
            line(TENANT, "https://Acme.sandbox.test/".into()),
        ];
        let registered = if fitbit { REGISTERED_FITBIT } else { REGISTERED_GOOGLE };
        if pages {
            route.push(Do::Choose(registered, "No, show me every page".into()));
            let others = if fitbit { 0 } else { 5 };
            route.extend((0..others).map(|_| Do::Key("next page".into(), "\r")));
            route.push(Do::Key("done, go on".into(), "\r"));
        } else {
            route.push(Do::Choose(registered, "Yes, I have its client ID".into()));
            route.push(Do::Key("entered, go on".into(), "\r"));
        }
        route.extend([
            line(if fitbit { FITBIT_ID } else { GOOGLE_ID }, self.of(provider, "client_id")),
            line(SECRET, self.of(provider, "client_secret")),
            Do::Choose(ACCESS, "A machine-to-machine application".into()),
            line(MANAGEMENT_ID, self.of("management", "client_id")),
            line(MANAGEMENT_SECRET, self.of("management", "client_secret")),
            Do::Tick(APPLICATIONS, vec!["Acme Web".into()]),
            line(KEEP, if fitbit { "y" } else { "n" }.into()),
            Do::Choose(PLAN, "Yes, do this".into()),
        ]);
        route
    }

    /// The place of a question in a way.
    pub fn at(route: &[Do], question: &str) -> usize {
        route.iter().position(|step| step.question().contains(question)).unwrap()
    }

    pub fn kept(&self) -> String {
        fs::read_to_string(self.home.path("mine.secrets.toml")).unwrap()
    }

    pub fn assert_nothing_was_done(&self, before: &BTreeSet<(PathBuf, Vec<u8>)>, what: &str) {
        assert_eq!(self.home.files(), *before, "{what}");
        assert!(self.sandbox.connections().is_empty(), "{what}");
        assert_eq!(self.sandbox.applications(), applications(), "{what}");
        assert!(self.browser.is_unused(), "{what}");
    }
}

/// Answers one question after the other.
pub fn walk(terminal: &mut Terminal, route: &[Do]) {
    route.iter().for_each(|step| terminal.does(step));
}
