//! Owns the runs: each row against a sandbox of its own, with the real program, some of them at the same time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use reqwest::Method;
use serde_json::json;

use super::common::Output;
use super::common::stage::Stage;
use super::row::{Blanks, Deed, Row, Way};

/// So many rows run at the same time: most of them wait for most of their time.
const AT_ONCE: usize = 16;

/// What a run left.
pub struct Ran {
    pub output: Output,
    pub blanks: Blanks,
    /// What was written to the tenant: method, path, status.
    pub writes: Vec<String>,
}

/// Runs one row.
pub fn run(row: &Row, way: Way, provider: Provider) -> Ran {
    let mut faults = row.faults.to_vec();
    if way == Way::SecretHidden {
        faults.push(Fault::OptionsHidden);
    }
    let stage = match way {
        Way::SetupAnew => Stage::empty(provider, &faults),
        _ => Stage::configured(provider, &faults),
    };
    let (stage, interference) = match row.deed {
        Some(deed @ (Deed::SecretReplaced | Deed::SwitchedOff)) => {
            let (stage, interference) = Interference::at(stage);
            (stage, Some((interference, deed)))
        }
        Some(Deed::RequestRefused) => (refusing(stage), None),
        _ => (stage, None),
    };
    let test_app = if way == Way::TestApp { application(&stage, row.deed) } else { String::new() };
    let before = stage.mark();
    let environment = match way {
        Way::WithoutManagement => stage.environment_without_management(),
        _ => stage.environment(),
    };
    let mut args = match way {
        Way::Headless | Way::WithoutManagement => vec!["test", "--headless"],
        Way::Login | Way::SecretHidden => vec!["test"],
        Way::TestApp => vec!["test", "--test-app", &test_app],
        Way::Direct => vec!["test", "--direct"],
        Way::SetupAnew => vec!["setup", "--yes", "--all-apps"],
        Way::SetupAgain => vec!["setup", "--yes"],
    };
    args.extend(["--json", "--timeout", row.timeout]);
    if row.deed == Some(Deed::ScopeNotKept) {
        args.extend(["--scopes", "profile,temperature"]);
    }
    if row.more_scopes {
        let scopes = match provider {
            GoogleHealth => "openid,email,profile,profile.readonly,sleep.readonly",
            Fitbit => "profile,sleep",
        };
        args.extend(["--scopes", scopes]);
    }
    let program = || environment.run_with_robot(&args);
    let output = match interference {
        Some((interference, deed)) => interference.during(&stage, deed, program),
        None => program(),
    };
    let blanks = Blanks { provider, port: stage.port().to_string(), test_app: test_app.clone() };
    Ran { output, blanks, writes: stage.writes_since(before) }
}

/// An application that allows the loopback callback, as somebody has who uses `--test-app`; unless that was undone.
fn application(stage: &Stage, deed: Option<Deed>) -> String {
    let callback = match deed {
        Some(Deed::CallbackNotListed) => "http://127.0.0.1:9/callback".to_owned(),
        _ => format!("http://127.0.0.1:{}/callback", stage.port()),
    };
    let method = if deed == Some(Deed::Confidential) { "client_secret_post" } else { "none" };
    let body = json!({
        "name": "Acme Test", "app_type": "native", "oidc_conformant": true, "token_endpoint_auth_method": method,
        "grant_types": ["authorization_code"], "callbacks": [callback],
    });
    let id = stage.api(Method::POST, "clients", Some(body))["client_id"].as_str().unwrap().to_owned();
    stage.switch(stage.provider().default_connection(), &id, deed != Some(Deed::NotEnabledForIt));
    if deed == Some(Deed::Deleted) {
        stage.api(Method::DELETE, &format!("clients/{id}"), None);
    }
    id
}

/// A tenant that is of another age than this program.
fn refusing(stage: Stage) -> Stage {
    stage.behind(Box::new(|request, pass| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/api/v2/clients") => Reply::json(
            400,
            &json!({
                "statusCode": 400, "error": "Bad Request", "errorCode": "invalid_body",
                "message": "Payload validation error: 'Additional properties not allowed: app_type'.",
            }),
        ),
        _ => pass(),
    }))
}

/// Somebody changes the connection at the moment when the temporary application is made: the request waits for them.
struct Interference {
    begin: Sender<bool>,
    asked: Receiver<bool>,
    done: Sender<()>,
}

impl Interference {
    /// A stage whose gate asks for the change, once.
    fn at(stage: Stage) -> (Stage, Self) {
        let ((begin, asked), (done, finished)) = (channel(), channel());
        let (once, finished, begins) = (AtomicBool::new(false), Mutex::new(finished), begin.clone());
        let stage = stage.behind(Box::new(move |request, pass| {
            if request.method == "POST" && request.path == "/api/v2/clients" && !once.swap(true, Ordering::Relaxed) {
                let _ = begins.send(true);
                let _ = finished.lock().unwrap().recv();
            }
            pass()
        }));
        (stage, Self { begin, asked, done })
    }

    /// Runs the program, and changes what is to be changed when it is asked for.
    fn during(self, stage: &Stage, deed: Deed, program: impl FnOnce() -> Output) -> Output {
        let Self { begin, asked, done } = self;
        thread::scope(|scope| {
            scope.spawn(move || {
                if asked.recv().unwrap() {
                    change(stage, deed);
                    let _ = done.send(());
                }
            });
            let output = program();
            let _ = begin.send(false);
            output
        })
    }
}

fn change(stage: &Stage, deed: Deed) {
    let name = stage.provider().default_connection();
    if deed == Deed::SwitchedOff {
        let id = stage.connection(name).unwrap()["id"].as_str().unwrap().to_owned();
        let off = json!({ "authentication": { "active": false } });
        stage.api(Method::PATCH, &format!("connections/{id}"), Some(off));
        return;
    }
    let older = match stage.provider() {
        GoogleHealth => "an-older-secret-worth-nothing",
        Fitbit => "0123456789abcdef0123456789abcdef",
    };
    stage.change_options(name, &json!({ "client_secret": older }));
}

/// Runs every case, and gives what `judge` finds wrong with it, in the order of the cases.
pub fn all<'c, C: Sync, R: Send>(cases: &'c [C], judge: impl Fn(&'c C) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let nth = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(nth) else { return };
                    let result = judge(case);
                    done.lock().unwrap().push((nth, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(nth, _)| *nth);
    done.into_iter().map(|(_, result)| result).collect()
}
