//! Ctrl-C while a service hangs or asks to wait: the end comes at once, and what has to be removed is removed or named.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use fitbit_connect::browser::Browser as _;
use fitbit_connect::checks::applications::TEMPORARY_NAME;
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{TO_CLEAN_UP, TO_FINISH};
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::robot::Robot;
use fitbit_connect::sandbox::web::{Reply, Request};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::common::stage::{Gate, Stage};
use crate::common::{Environment, login_address};
use crate::kit::TEST;
use crate::outside::PATIENCE;
use crate::terminal_kit::{CTRL_C, Terminal};

/// At once, on a machine that has other things to do as well.
const AT_ONCE: Duration = Duration::from_secs(1);
const LOGIN: [&str; 4] = ["test", "--no-browser", "--json", "--timeout=60s"];

/// Services that hang at some requests until this is dropped.
struct Hanging {
    stage: Stage,
    /// A request hangs now.
    hangs: Receiver<()>,
    _let_go: Sender<()>,
}

impl Hanging {
    /// Hangs where it is asked for; `heeds` requests are carried out before.
    fn at(which: fn(&Request) -> bool, heeds: bool) -> Self {
        let ((arrived, hangs), (_let_go, wait)) = (mpsc::channel(), mpsc::channel::<()>());
        let (arrived, wait) = (Mutex::new(arrived), Mutex::new(wait));
        let gate: Gate = Box::new(move |request, pass| {
            if which(request) {
                let reply = if heeds { pass() } else { Reply::empty(503) };
                let _ = arrived.lock().unwrap().send(());
                let _ = wait.lock().unwrap().recv();
                return reply;
            }
            pass()
        });
        Self { stage: Stage::configured(GoogleHealth, &[]).all_behind(gate), hangs, _let_go }
    }

    fn until_it_hangs(&self) {
        self.hangs.recv_timeout(PATIENCE).unwrap();
    }
}

/// A run whose output is read as it comes.
struct Run {
    child: Child,
    lines: Receiver<String>,
    _environment: Environment,
}

impl Run {
    fn start(stage: &Stage, args: &[&str]) -> Self {
        let environment = stage.environment();
        let mut child = environment.command(args).spawn().unwrap();
        let (said, lines) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| said.send(line)));
        Self { child, lines, _environment: environment }
    }

    /// Waits for a line that begins like this.
    fn says(&self, start: &str) {
        assert!(self.lines.iter().any(|line| line.starts_with(start)), "never said: {start}");
    }

    fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
    }

    /// Interrupts it; it is cancelled, within this time. The document and the rest of stderr.
    #[track_caller]
    fn ends_within(mut self, limit: Duration) -> (Value, String) {
        let began = Instant::now();
        self.interrupt();
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let code = self.child.wait().unwrap().code();
        let (took, stderr) = (began.elapsed(), self.lines.iter().collect::<Vec<_>>().join("\n"));
        assert_eq!(code, Some(130), "{stdout}\n{stderr}");
        assert!(took < limit, "{took:?}\n{stdout}\n{stderr}");
        let document: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(document["error"]["code"], "cancelled", "{stdout}");
        (document, stderr)
    }
}

#[test]
fn a_call_that_hangs_is_left_at_once() {
    for which in [
        (|request| request.path == "/oauth/token") as fn(&Request) -> bool,
        |request| request.path == "/api/v2/connections",
        |request| request.path == "/authorize",
    ] {
        let hanging = Hanging::at(which, false);
        let run = Run::start(&hanging.stage, &TEST);
        hanging.until_it_hangs();
        run.ends_within(AT_ONCE);
    }
}

#[test]
fn a_pause_that_a_service_asks_for_is_left_at_once() {
    let (asked, asks) = mpsc::channel();
    let asked = Mutex::new(asked);
    let stage = Stage::configured(GoogleHealth, &[]).behind(Box::new(move |request, pass| {
        if request.path != "/oauth/token" {
            return pass();
        }
        let _ = asked.lock().unwrap().send(());
        Reply::empty(429).with("retry-after", "14")
    }));
    let run = Run::start(&stage, &TEST);
    asks.recv_timeout(PATIENCE).unwrap();
    run.ends_within(AT_ONCE);
    // The same in front of a person, who sees the pause.
    let environment = stage.environment();
    let mut terminal = Terminal::open(&environment.command(&["test", "--headless"]), "");
    terminal.expect("acme.sandbox.test asks to wait 14 s");
    let began = Instant::now();
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.seen);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert!(left.terminal_is_as_before && left.cursor_is_shown(), "{}", left.seen);
    assert_eq!(asks.try_iter().count(), 1, "asked once by each run");
}

fn deletes(request: &Request) -> bool {
    request.method == "DELETE"
}

#[test]
fn a_tenant_that_hangs_while_the_temporary_application_is_removed_is_left_and_what_is_left_there_is_named() {
    let hanging = Hanging::at(deletes, false);
    let before = hanging.stage.applications();
    let run = Run::start(&hanging.stage, &LOGIN);
    run.says("Waiting up to");
    let (_, stderr) = run.ends_within(TO_CLEAN_UP + AT_ONCE);
    let after = hanging.stage.applications();
    let (id, name) = after.iter().find(|application| !before.contains(application)).unwrap();
    for word in [id.as_str(), name, "could not be removed", &format!("auth0 apps delete {id}")] {
        assert!(stderr.contains(word), "not said: {word}\n{stderr}");
    }
}

#[test]
fn the_second_ctrl_c_waits_for_nothing() {
    let hanging = Hanging::at(deletes, false);
    let run = Run::start(&hanging.stage, &LOGIN);
    run.says("Waiting up to");
    run.interrupt();
    hanging.until_it_hangs();
    let (_, stderr) = run.ends_within(AT_ONCE);
    let left = hanging.stage.applications();
    let (id, _) = left.iter().find(|(_, name)| name == TEMPORARY_NAME).unwrap();
    assert!(stderr.contains(&format!("auth0 apps delete {id}")), "{stderr}");
}

#[test]
fn who_wants_out_after_the_login_went_through_is_told_that_it_did() {
    for args in [&LOGIN[..], &["setup", "--yes", "--no-browser", "--json"]] {
        let hanging = Hanging::at(deletes, true);
        let run = Run::start(&hanging.stage, args);
        let address = run.lines.iter().find_map(|line| login_address(&line)).unwrap();
        Robot::new(Endpoints::default()).open(&address, &[]).unwrap();
        hanging.until_it_hangs();
        let (document, stderr) = run.ends_within(TO_CLEAN_UP + AT_ONCE);
        assert!(stderr.contains("It works: "), "{stderr}");
        assert_eq!(document["error"]["message"], "cancelled, after the login had gone through");
        assert!(!document["steps"].to_string().contains("failed"), "{document}");
        assert!(!hanging.stage.applications().iter().any(|(_, name)| name == TEMPORARY_NAME));
    }
}

#[test]
fn a_token_whose_revocation_hangs_is_named_and_the_login_as_well() {
    for twice in [false, true] {
        let hanging = Hanging::at(|request| request.path == "/revoke", false);
        let run = Run::start(&hanging.stage, &["test", "--direct", "--no-browser", "--json"]);
        let address = run.lines.iter().find_map(|line| login_address(&line)).unwrap();
        Robot::new(Endpoints::default()).open(&address, &[]).unwrap();
        hanging.until_it_hangs();
        if twice {
            run.interrupt();
        }
        let (document, stderr) = run.ends_within(TO_CLEAN_UP + AT_ONCE);
        assert!(document["checks"].to_string().contains("token_not_revoked"), "{document}");
        assert!(stderr.contains("could not be revoked"), "{stderr}");
        if !twice {
            assert!(stderr.contains("It works: "), "{stderr}");
            assert_eq!(document["error"]["message"], "cancelled, after the login had gone through");
        }
    }
}

fn creates(request: &Request) -> bool {
    request.method == "POST" && request.path == "/api/v2/clients"
}

#[test]
fn a_temporary_application_that_may_be_created_after_the_end_is_named() {
    for args in [&LOGIN[..], &["setup", "--yes", "--no-browser", "--json"]] {
        let hanging = Hanging::at(creates, false);
        let run = Run::start(&hanging.stage, args);
        hanging.until_it_hangs();
        let (document, stderr) = run.ends_within(TO_FINISH + TO_CLEAN_UP + AT_ONCE);
        let warned = document["checks"].as_array().unwrap().iter().find(|check| check["state"] == "warn");
        assert_eq!(warned.unwrap()["code"], "temporary_application_left", "{document}");
        assert!(stderr.contains(&format!("{TEMPORARY_NAME} may exist")), "{stderr}");
    }
}

#[test]
fn a_temporary_application_whose_creation_is_never_answered_is_found_and_removed() {
    let hanging = Hanging::at(creates, true);
    let before = hanging.stage.applications();
    let run = Run::start(&hanging.stage, &LOGIN);
    hanging.until_it_hangs();
    run.ends_within(TO_FINISH + TO_CLEAN_UP + AT_ONCE);
    assert_eq!(hanging.stage.applications(), before);
}

#[test]
fn who_does_not_read_what_is_written_keeps_nothing_alive() {
    // More than a pipe holds.
    let mut child = Environment::new().command(&["explain", "--json"]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(child.wait().unwrap()).unwrap());
    assert_eq!(end.recv_timeout(PATIENCE).unwrap().code(), Some(130));
    drop(stdout);
}

#[test]
fn a_whole_file_that_is_pasted_holds_up_neither_ctrl_c_nor_the_end() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    let mut terminal = Terminal::open(&environment.command(&["test", "--no-browser"]), "");
    terminal.expect("[q] cancel; the final address can be");
    terminal.press(&format!("\u{1b}[200~{}\u{1b}[201~{CTRL_C}", "a".repeat(1_000_000)));
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.text);
    assert!(left.text.contains("[cancelled]"), "{}", left.text);
    assert!(!stage.applications().iter().any(|(_, name)| name == TEMPORARY_NAME));
}
