//! Owns the tests of the pages in a real browser: Chromium clicks through the sandbox and shows the listener's last page.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod outside;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fitbit_connect::sandbox as simulator;
use outside::{Handover, Home, Sandbox, available, free_port, http};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;

const ADVICE: &str = "the tests of the pages need a real browser: apt-get install chromium chromium-driver";
/// Chrome's names of the key under which an element is passed (WebDriver, 11.3).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser without a window, driven over WebDriver; ends with the value.
struct Chromium {
    driver: Child,
    session: String,
    _home: Home,
}

impl Chromium {
    /// `None` where there is no browser and none is required.
    fn start() -> Option<Self> {
        if !available(&["chromedriver"], ADVICE) {
            return None;
        }
        let browser = ["chromium", "google-chrome", "chromium-browser"].into_iter().find_map(|name| {
            std::env::split_paths(&std::env::var_os("PATH")?)
                .map(|folder| folder.join(name))
                .find(|file| file.is_file())
        });
        if browser.is_none() {
            available(&["chromium"], ADVICE);
        }
        let browser = browser?;
        let home = Home::new();
        // The driver takes a free port for one address family and ends when the other has it in use: then another try.
        let started = (0..10).find_map(|_| {
            let mut command = home.command("chromedriver");
            let mut driver = command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
            let told = |line: std::io::Result<String>| {
                Some(line.ok()?.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned())
            };
            match lines.find_map(told) {
                Some(port) => Some((driver, lines, port)),
                None => {
                    driver.wait().unwrap();
                    None
                }
            }
        });
        let (driver, lines, port) = started.unwrap();
        // Read to the end, so that the driver never waits for somebody to read.
        std::thread::spawn(move || lines.for_each(drop));
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=en",
        ];
        let data = format!("--user-data-dir={}", home.path("data").display());
        let mut all: Vec<&str> = arguments.to_vec();
        all.push(&data);
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "timeouts": { "implicit": 60_000, "pageLoad": 80_000 },
            "goog:chromeOptions": { "binary": browser, "args": all },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let mut chromium = Self { driver, session: format!("http://127.0.0.1:{port}"), _home: home };
        let id = chromium.post("/session", &capabilities)["sessionId"].as_str().unwrap().to_owned();
        chromium.session += &format!("/session/{id}");
        Some(chromium)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = http("POST", &format!("{}{path}", self.session), &[], Some(body));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer["value"].clone()
    }

    fn open(&self, address: &url::Url) {
        self.post("/url", &json!({ "url": address }));
    }

    /// Waits until the page has it.
    fn find(&self, xpath: &str) -> String {
        let found = self.post("/element", &json!({ "using": "xpath", "value": xpath }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    fn click(&self, xpath: &str) {
        self.post(&format!("/element/{}/click", self.find(xpath)), &json!({}));
    }

    fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": format!("return {script}"), "args": [] }))
    }

    fn text(&self, script: &str) -> String {
        self.script(script).as_str().unwrap_or_else(|| panic!("{script}")).to_owned()
    }

    fn command(&self, name: &str, parameters: Value) {
        self.post("/goog/cdp/execute", &json!({ "cmd": name, "params": parameters }));
    }

    fn width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.command("Emulation.setDeviceMetricsOverride", metrics);
    }

    fn picture(&self, name: &str) {
        let (_, answer) = http("GET", &format!("{}/screenshot", self.session), &[], None);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let picture = STANDARD.decode(answer["value"].as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        self.post("/se/log", &json!({ "type": kind })).as_array().unwrap().clone()
    }

    /// What every page owes to everybody, at several widths; a picture of each.
    fn examine(&self, heading: &str, name: &str) {
        self.find(&format!("//h1[normalize-space()='{heading}']"));
        assert_eq!(self.script("document.querySelectorAll('h1').length"), 1);
        assert_eq!(self.text("document.documentElement.lang"), "en");
        assert_ne!(self.text("document.title"), "");
        assert_eq!(self.script("performance.getEntriesByType('resource').map(entry => entry.name)"), json!([]));
        for width in [1280, 390, 320] {
            self.width(width);
            let (wanted, shown) = (self.script("document.documentElement.scrollWidth"), self.script("innerWidth"));
            assert!(wanted.as_u64() <= shown.as_u64(), "{heading} at {width}: {wanted} > {shown}");
            assert_eq!(shown, width, "the browser has another width than it was told");
            self.picture(&format!("{name}-{width}"));
        }
        self.command(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] }),
        );
        self.width(1280);
        self.picture(&format!("{name}-dark"));
        self.command("Emulation.setEmulatedMedia", json!({ "features": [] }));
    }

    /// What the listener's last page owes on top: nothing of the answer is left in sight.
    fn examine_last(&self, heading: &str, name: &str) {
        self.examine(heading, name);
        assert_eq!(self.text("document.querySelector('[role=status] h1').textContent"), heading);
        assert_eq!(self.text("document.title"), format!("{heading} - fitbit-connect"));
        let address: url::Url = self.text("location.href").parse().unwrap();
        assert_eq!(address.host_str(), Some("127.0.0.1"));
        assert_eq!((address.path(), address.query(), address.fragment()), ("/callback", None, None));
        let arrived: url::Url = self.text("performance.getEntriesByType('navigation')[0].name").parse().unwrap();
        let page = self.text("document.documentElement.outerHTML");
        for (key, value) in arrived.query_pairs().filter(|(key, _)| key == "code" || key == "state") {
            assert!(!page.contains(&*value), "the {key} is in the page");
        }
        assert_eq!(self.text("document.referrer"), "");
        assert_eq!(self.script("document.cookie"), "");

        let bad: Vec<Value> = self.log("browser").into_iter().filter(|entry| entry["level"] != "INFO").collect();
        assert!(bad.is_empty(), "the console has complaints: {bad:#?}");
        for entry in self.log("performance") {
            let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            if message["message"]["method"] == "Network.requestWillBeSent" {
                let address = message["message"]["params"]["request"]["url"].as_str().unwrap().to_owned();
                let here = ["http://127.0.0.1:", "data:", "chrome:", "about:"];
                assert!(here.iter().any(|start| address.starts_with(start)), "a request left this machine: {address}");
            }
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let session = self.session.clone();
        // A driver that is in trouble is ended all the same.
        let _ = std::thread::spawn(move || http("DELETE", &session, &[], None)).join();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A run of the program that opened an address.
struct Run {
    program: JoinHandle<Output>,
    address: url::Url,
    _home: Home,
    _simulator: Box<dyn std::any::Any>,
}

impl Run {
    fn start(home: Home, simulator: Box<dyn std::any::Any>, mut command: Command) -> Self {
        let browser = Handover::new(&home);
        command.env("BROWSER", browser.variable());
        let program = std::thread::spawn(move || command.output().unwrap());
        Self { address: browser.address(), program, _home: home, _simulator: simulator }
    }

    /// `setup` with a sandbox of its own, through Auth0.
    fn setup(provider: &str, faults: &[&str]) -> Self {
        let home = Home::new();
        let sandbox = Sandbox::start(&home, faults);
        let settings = home.path("mine.toml");
        sandbox.write_addresses(&settings);
        let mut command = home.program(&["setup", "--json", "--yes", "--all-apps", "--store", "none"]);
        command.args(["--provider", provider, "--domain", "acme.sandbox.test", "--port", &free_port().to_string()]);
        command.arg("--config").arg(settings).envs(sandbox.variables(provider));
        Self::start(home, Box::new(sandbox), command)
    }

    /// `test --direct`. The simulator is in this process, since it then can be told a port that nobody else uses.
    fn direct(provider: &str) -> Self {
        let home = Home::new();
        let port = free_port();
        let options = simulator::Options { direct_port: port, ..simulator::Options::default() };
        let sandbox = simulator::Sandbox::start(&options).unwrap();
        let mut text = String::from("[profiles.default.endpoints]\n");
        sandbox.endpoints().iter().for_each(|(origin, target)| text += &format!("{origin:?} = {target:?}\n"));
        let settings = home.path("mine.toml");
        std::fs::write(&settings, text).unwrap();
        let (id, secret) = match provider {
            "fitbit" => (simulator::facts::FITBIT_CLIENT_ID, simulator::facts::FITBIT_CLIENT_SECRET),
            _ => (simulator::facts::GOOGLE_CLIENT_ID, simulator::facts::GOOGLE_CLIENT_SECRET),
        };
        let mut command = home.program(&["test", "--direct", "--json", "--store", "none", "--client-id", id]);
        command.args(["--port", &port.to_string()]).arg("--config").arg(settings);
        command.env("FITBIT_CONNECT_CLIENT_SECRET", secret);
        Self::start(home, Box::new(sandbox), command)
    }

    fn end(self) -> Value {
        let output = self.program.join().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{said}"));
        assert_eq!(document["exit_code"].as_i64(), output.status.code().map(i64::from), "{document}");
        document
    }
}

fn account(name: &str) -> String {
    format!("//button[contains(., '{name}')]")
}

const ALLOW: &str = "//button[@value='allow']";
const CANCEL: &str = "//button[@value='cancel']";

fn it_works(run: Run, name: &str, connection: &str, person: &str) {
    let Some(chromium) = Chromium::start() else { return };
    chromium.open(&run.address);
    chromium.examine("Choose an account", &format!("{name}-account"));
    chromium.click(&account("Ada Example"));
    chromium.find(ALLOW);
    let consent = chromium.text("document.querySelector('h1').textContent");
    chromium.examine(&consent, &format!("{name}-consent"));
    chromium.click(ALLOW);
    chromium.examine_last("It works!", &format!("{name}-works"));
    let main = chromium.text("document.querySelector('main').innerText");
    assert_eq!(chromium.text("document.querySelector('.who b').textContent"), person, "{main}");
    assert!(main.contains(connection), "{main}");
    assert!(main.contains("You can close this tab"), "{main}");
    let document = run.end();
    assert_eq!(document["exit_code"], 0, "{document}");
    assert_eq!(document["identity"]["name"], person);
}

fn it_does_not_work(run: Run, name: &str, person: &str, button: &str) -> Value {
    let Some(chromium) = Chromium::start() else { return json!(null) };
    chromium.open(&run.address);
    chromium.click(&account(person));
    chromium.click(button);
    chromium.examine_last("That did not work", name);
    let main = chromium.text("document.querySelector('main').innerText");
    let code = chromium.text("document.querySelector('main code').textContent");
    assert!(!main.contains("It works!") && main.contains("Go back to the terminal."), "{main}");
    let document = run.end();
    assert_eq!(document["error"]["code"], code, "the page and the program say the same");
    assert_eq!(document["ok"], false);
    document
}

#[test]
fn google_health_through_auth0_in_a_real_browser() {
    it_works(Run::setup("google-health", &[]), "google-auth0", "google-health", "Ada Example");
}

// Fitbit's display name is the given name.
#[test]
fn fitbit_through_auth0_in_a_real_browser() {
    it_works(Run::setup("fitbit", &[]), "fitbit-auth0", "fitbit", "Ada");
}

#[test]
fn google_health_without_auth0_in_a_real_browser() {
    it_works(Run::direct("google-health"), "google-direct", "Google Health API", "Ada Example");
}

#[test]
fn fitbit_without_auth0_in_a_real_browser() {
    it_works(Run::direct("fitbit"), "fitbit-direct", "Fitbit Web API", "Ada");
}

#[test]
fn a_token_that_is_wrong_is_never_called_a_success_in_the_browser() {
    let run = Run::setup("google-health", &["--fault", "bad-nonce"]);
    let document = it_does_not_work(run, "bad-nonce", "Ada Example", ALLOW);
    assert!(document.is_null() || document["error"]["code"] == "id_token_invalid", "{document}");
}

#[test]
fn a_person_who_cancels_is_told_so() {
    let document = it_does_not_work(Run::setup("google-health", &[]), "cancelled", "Ada Example", CANCEL);
    assert!(document.is_null() || document["exit_code"] == 5, "{document}");
    let document = it_does_not_work(Run::setup("fitbit", &[]), "denied", "Ada Example", CANCEL);
    assert!(document.is_null() || document["exit_code"] == 5, "{document}");
}

#[test]
fn an_account_without_google_health_is_told_so() {
    let document = it_does_not_work(Run::direct("google-health"), "not-linked", "Ben Example", ALLOW);
    assert!(document.is_null() || document["exit_code"] == 5, "{document}");
}
