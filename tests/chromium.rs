//! Owns the tests of the pages in a real browser: Chromium clicks through the sandbox and shows the listener's last page.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod chromium_kit;
mod outside;
mod wire;

use chromium_kit::Chromium;
use fitbit_connect::loopback::{Page, Waiting};
use fitbit_connect::sandbox as simulator;
use outside::{Handover, Home, Sandbox, free_port};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::thread::JoinHandle;

impl Chromium {
    /// What every page owes to everybody, at several widths; a picture of each.
    fn examine(&self, heading: &str, name: &str) {
        self.find(&format!("//h1[normalize-space()='{heading}']"));
        assert_eq!(self.script("document.querySelectorAll('h1').length"), 1);
        assert_eq!(self.text("document.documentElement.lang"), "en");
        assert_ne!(self.text("document.title"), "");
        assert_eq!(self.script("performance.getEntriesByType('resource').map(entry => entry.name)"), json!([]));
        for width in [1280, 375, 320] {
            self.width(width);
            let (wanted, shown) = (self.script("document.documentElement.scrollWidth"), self.script("innerWidth"));
            assert!(wanted.as_u64() <= shown.as_u64(), "{heading} at {width}: {wanted} > {shown}");
            assert_eq!(shown, width, "the browser has another width than it was told");
            self.picture(&format!("{name}-{width}"));
        }
        self.prefer(&[("prefers-color-scheme", "dark")]);
        self.width(1280);
        self.picture(&format!("{name}-dark"));
        self.prefer(&[]);
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

        self.assert_nothing_left_this_machine("");
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
    let code = chromium.text("document.querySelector('dl div:last-child code').textContent");
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

/// Every text of the page with its contrast against what is behind it (WCAG 2.2, 1.4.3), least first.
const CONTRASTS: &str = "(() => {
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => parts(colour).slice(0, 3).map(part => part / 255)
        .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
        .reduce((sum, part, at) => sum + part * [.2126, .7152, .0722][at], 0);
    const behind = element => {
        const colour = getComputedStyle(element).backgroundColor;
        return parts(colour)[3] === 0 ? behind(element.parentElement) : colour;
    };
    const has_text = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim() !== '');
    const seen = [...document.querySelectorAll('body *')].filter(element => has_text(element) || element.matches('svg'));
    return seen.map(element => {
        const [less, more] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => a - b);
        return [(more + .05) / (less + .05), element.textContent || 'the mark'];
    }).sort((a, b) => a[0] - b[0]);
})()";

/// Whether it is dark or light behind everything, from 0 to 255.
const PAPER: &str = "Math.max(...getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number))";

impl Chromium {
    /// What the listener's pages owe to every eye and ear: contrast in both schemes and in forced colours, no motion, nothing
    /// wider than a phone, and the outcome in the title, in one heading and in the status.
    fn examine_for_everybody(&self, heading: &str, name: &str) {
        assert_eq!(self.text("document.title"), format!("{heading} - fitbit-connect"));
        assert_eq!(self.text("document.querySelector('[role=status] h1').textContent"), heading);
        assert_eq!(self.script("document.querySelectorAll('h1, [role=status], main').length"), 3);
        assert_eq!(
            self.script("[...document.querySelectorAll('svg')].every(svg => svg.closest('[aria-hidden=true]'))"),
            true
        );
        let rows =
            "[...document.querySelectorAll('dl > *')].map(row => [...row.children].map(part => part.localName).join())";
        let rows = self.script(rows);
        assert!(rows.as_array().unwrap().iter().all(|row| row == "dt,dd"), "{heading}: {rows}");
        for (scheme, papers) in [("light", 200..=255), ("dark", 0..=50)] {
            self.prefer(&[("prefers-color-scheme", scheme), ("prefers-reduced-motion", "no-preference")]);
            let paper = self.script(PAPER).as_u64().unwrap();
            assert!(papers.contains(&paper), "{heading} {scheme}: {paper}");
            let contrasts = self.script(CONTRASTS);
            let least = &contrasts[0];
            assert!(least[0].as_f64().unwrap() >= 4.5, "{heading} {scheme}: {least}");
            assert_eq!(self.script("document.getAnimations().length"), 0);
            for width in [1280, 375, 320] {
                self.width(width);
                let wanted = self.script("document.documentElement.scrollWidth");
                assert_eq!(wanted, width, "{heading} at {width}");
            }
            self.picture(&format!("{name}-{scheme}-320"));
        }
        self.width(1280);
        self.prefer(&[("forced-colors", "active")]);
        assert_eq!(self.script("matchMedia('(forced-colors: active)').matches"), true);
        for shape in ["main", ".mark", ".initials"] {
            let border = format!(
                "[...document.querySelectorAll('{shape}')].every(e => getComputedStyle(e).borderTopWidth === '1px')"
            );
            assert_eq!(self.script(&border), true, "{heading}: without colours {shape} has no edge");
        }
        self.picture(&format!("{name}-forced"));
        self.prefer(&[]);
    }
}

/// Goes to the listener with the right answer, and answers the browser with a page, or with nothing.
fn end_with(chromium: &Chromium, waiting: &Waiting, port: u16, page: Option<&Page>) {
    std::thread::scope(|scope| {
        scope.spawn(|| chromium.open(&format!("http://127.0.0.1:{port}{}", wire::good("the-code")).parse().unwrap()));
        let held = wire::answer(waiting).page.unwrap();
        match page {
            Some(page) => held.finish(page),
            None => drop(held),
        }
    });
}

#[test]
fn the_last_page_is_for_every_eye_and_every_width() {
    let Some(chromium) = Chromium::start() else { return };
    let connection = "custom-connection-".repeat(7);
    let name = "Hubert Blaine Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschaferswessenschafe";
    let success = |name: Option<&str>| Page::Success {
        name: name.map(str::to_owned),
        connection: connection.clone(),
        next: vec![],
    };
    let failure = Page::Failure {
        what: "The service shows `Error 400: redirect_uri_mismatch`".into(),
        seen: "The callback URL is not, character for character, one that is registered.".into(),
        code: "a_code_that_is_longer_than_a_phone_is_wide_and_has_no_place_to_break".into(),
        next: vec![format!("Add `https://{}.eu.auth0.com/login/callback` to the list.", "tenant".repeat(12))],
    };
    let cases = [
        ("It works!", "long", Some(success(Some(name)))),
        ("It works!", "nameless", Some(success(None))),
        ("That did not work", "failure", Some(failure)),
        ("The answer arrived", "go-back", None),
    ];
    for (heading, picture, page) in cases {
        let (waiting, port) = wire::waiting();
        end_with(&chromium, &waiting, port, page.as_ref());
        chromium.examine_for_everybody(heading, picture);
        assert_eq!(chromium.text("location.pathname + location.search"), "/callback");
        if picture == "go-back" {
            chromium.open(&format!("http://127.0.0.1:{port}{}", wire::good("again")).parse().unwrap());
            chromium.examine_for_everybody("Already answered", "answered");
        }
    }
    let (_waiting, port) = wire::waiting();
    chromium.open(&format!("http://127.0.0.1:{port}/callback?code=a&state=wrong").parse().unwrap());
    chromium.examine_for_everybody("This is not the page", "not-the-answer");
    chromium.assert_nothing_left_this_machine("400 (Bad Request)");
}

#[test]
fn the_last_page_needs_no_script() {
    let Some(chromium) = Chromium::start() else { return };
    chromium.command("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    let (waiting, port) = wire::waiting();
    let page = Page::Success { name: Some("Ada Example".into()), connection: "fitbit".into(), next: vec![] };
    end_with(&chromium, &waiting, port, Some(&page));
    assert!(chromium.text("location.search").contains("code="), "a script ran");
    assert_eq!(chromium.text("document.title"), "It works! - fitbit-connect");
    let main = chromium.text("document.querySelector('main').innerText");
    for part in ["It works!", "Ada Example", "You can close this tab and go back to the terminal."] {
        assert!(main.contains(part), "{main}");
    }
}
