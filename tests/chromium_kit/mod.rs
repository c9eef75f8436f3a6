//! Owns a real browser without a window, driven over WebDriver: where it goes, what it is told to prefer, what it shows.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use crate::outside::{Home, available, http};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

const ADVICE: &str = "the tests of the pages need a real browser: apt-get install chromium chromium-driver";
/// Chrome's names of the key under which an element is passed (WebDriver, 11.3).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser without a window, driven over WebDriver; ends with the value.
pub struct Chromium {
    driver: Child,
    session: String,
    _home: Home,
}

impl Chromium {
    /// `None` where there is no browser and none is required.
    pub fn start() -> Option<Self> {
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

    pub fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = http("POST", &format!("{}{path}", self.session), &[], Some(body));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer["value"].clone()
    }

    pub fn open(&self, address: &url::Url) {
        self.post("/url", &json!({ "url": address }));
    }

    /// Waits until the page has it.
    pub fn find(&self, xpath: &str) -> String {
        let found = self.post("/element", &json!({ "using": "xpath", "value": xpath }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    pub fn click(&self, xpath: &str) {
        self.post(&format!("/element/{}/click", self.find(xpath)), &json!({}));
    }

    pub fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": format!("return {script}"), "args": [] }))
    }

    pub fn text(&self, script: &str) -> String {
        self.script(script).as_str().unwrap_or_else(|| panic!("{script}")).to_owned()
    }

    pub fn command(&self, name: &str, parameters: Value) {
        self.post("/goog/cdp/execute", &json!({ "cmd": name, "params": parameters }));
    }

    pub fn width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.command("Emulation.setDeviceMetricsOverride", metrics);
    }

    pub fn picture(&self, name: &str) {
        let (_, answer) = http("GET", &format!("{}/screenshot", self.session), &[], None);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let picture = STANDARD.decode(answer["value"].as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    pub fn log(&self, kind: &str) -> Vec<Value> {
        self.post("/se/log", &json!({ "type": kind })).as_array().unwrap().clone()
    }

    /// What the person's system is set to, for example `prefers-color-scheme` and `dark`.
    pub fn prefer(&self, features: &[(&str, &str)]) {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.command("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Nothing that was loaded since the last look came from elsewhere, and the console has no complaint but the expected.
    pub fn assert_nothing_left_this_machine(&self, expected: &str) {
        let bad: Vec<Value> = self
            .log("browser")
            .into_iter()
            .filter(|entry| {
                let is_expected = !expected.is_empty() && entry["message"].as_str().unwrap().contains(expected);
                entry["level"] != "INFO" && !is_expected
            })
            .collect();
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
