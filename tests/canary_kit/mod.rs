//! Owns the canaries: every secret of a run, how it may be spelt, where it is looked for; and the gates that learn them.
//!
//! Refuses to excuse a place: what may be where is said here alone.

#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fitbit_connect::provider::Provider::{self, Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::web::{Reply, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use url::Url;

use super::common::stage::Gate;
use super::common::{Environment, Output, files_below, login_address};

/// Secrets that are right in form and that no service knows.
pub const UNKNOWN_GOOGLE: &str = concat!("GOC", "SPX-canary-0123456789-canary");
pub const UNKNOWN_FITBIT: &str = "ca1abca1abca1abca1abca1abca1abca";
pub const UNKNOWN_MACHINE: &str = "canary-machine-secret-0123456789012345678901234567890123456789";

/// Members of forms, queries and answers whose value is secret.
const SECRET: [&str; 9] = [
    "client_secret",
    "code",
    "code_verifier",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "session_token",
    "device_code",
];
/// Those that belong to one login and stand in its address.
const OF_A_LOGIN: [&str; 2] = ["state", "nonce"];
/// Shorter values are words of the protocols (`code` of an error, for one).
const SHORTEST: usize = 12;

#[derive(Default)]
struct Known {
    /// Seen nowhere.
    secrets: BTreeSet<String>,
    /// Seen in the address of the login alone.
    of_logins: BTreeSet<String>,
}

/// Everything that must not be seen in a run.
pub struct Aviary {
    known: Arc<Mutex<Known>>,
    looked: AtomicUsize,
    echoed: Arc<AtomicUsize>,
}

/// In what kind of answer everything comes back that was sent.
#[derive(Debug, Clone, Copy)]
pub enum Echo {
    Page,
    RefusedPage,
    Oauth,
    Problem,
    Status,
    Fitbit,
    Redirect,
    Text,
    Answer,
}

impl Echo {
    pub const ALL: [Echo; 9] = [
        Self::Page,
        Self::RefusedPage,
        Self::Oauth,
        Self::Problem,
        Self::Status,
        Self::Fitbit,
        Self::Redirect,
        Self::Text,
        Self::Answer,
    ];

    fn reply(self, sent: &str) -> Reply {
        let escaped = sent.replace('&', "&amp;").replace('<', "&lt;");
        match self {
            Self::Page => Reply::html(200, format!("<title>{escaped}</title><p>{sent}</p>")),
            Self::RefusedPage => Reply::html(400, format!("<p>{escaped}</p>")),
            Self::Oauth => Reply::json(400, &json!({ "error": sent, "error_description": sent, "error_uri": sent })),
            Self::Problem => {
                Reply::json(403, &json!({ "statusCode": 403, "error": sent, "errorCode": sent, "message": sent }))
            }
            Self::Status => Reply::json(
                401,
                &json!({ "error": { "code": 401, "status": sent, "message": sent, "details": [{ "reason": sent, "metadata": { "redirect_uri": format!("https://{sent}") } }] } }),
            ),
            Self::Fitbit => {
                Reply::json(400, &json!({ "success": false, "errors": [{ "errorType": sent, "message": sent }] }))
            }
            Self::Redirect => {
                let sent = utf8_percent_encode(sent, NON_ALPHANUMERIC);
                Reply::redirect(format!("https://other.example/{sent}?error={sent}&error_description={sent}#{sent}"))
            }
            Self::Answer => {
                // A success in which each member is what was sent, where it may be a text.
                let mut answer = json!({ "token_type": "Bearer", "expires_in": 60, "user": { "encodedId": sent, "displayName": sent } });
                for name in [
                    "access_token",
                    "refresh_token",
                    "id_token",
                    "scope",
                    "user_id",
                    "sub",
                    "name",
                    "email",
                    "nickname",
                    "id",
                    "strategy",
                    "display_name",
                    "client_id",
                    "healthUserId",
                    "legacyUserId",
                    "legacy_user_id",
                    "issuer",
                    "message",
                ] {
                    answer[name] = json!(sent);
                }
                Reply::json(200, &answer)
            }
            Self::Text => {
                Reply { body: sent.as_bytes().to_vec(), ..Reply::empty(418).with("content-type", "text/plain") }
            }
        }
    }
}

impl Aviary {
    /// Knows the secrets of the sandbox and those that nobody knows.
    pub fn new(provider: Provider) -> Self {
        let aviary = Self { known: Arc::default(), looked: AtomicUsize::new(0), echoed: Arc::default() };
        let (id, secret, unknown) = match provider {
            GoogleHealth => (facts::GOOGLE_CLIENT_ID, facts::GOOGLE_CLIENT_SECRET, UNKNOWN_GOOGLE),
            Fitbit => (facts::FITBIT_CLIENT_ID, facts::FITBIT_CLIENT_SECRET, UNKNOWN_FITBIT),
        };
        for secret in [secret, unknown] {
            aviary.plant(secret);
            aviary.plant(&STANDARD.encode(format!("{id}:{secret}")));
        }
        aviary.plant(facts::MANAGEMENT_CLIENT_SECRET);
        aviary.plant(UNKNOWN_MACHINE);
        aviary
    }

    /// Adds a secret.
    pub fn plant(&self, secret: &str) {
        self.known.lock().unwrap().secrets.insert(secret.to_owned());
    }

    /// How many there are.
    pub fn learnt(&self) -> usize {
        self.known.lock().unwrap().secrets.len()
    }

    /// In how many places they were looked for.
    pub fn looked(&self) -> usize {
        self.looked.load(Ordering::SeqCst)
    }

    /// A gate that learns what is sent and what is answered.
    pub fn gate(&self) -> Gate {
        let known = Arc::clone(&self.known);
        Box::new(move |request, pass| {
            let reply = pass();
            known.lock().unwrap().learn(request, &reply);
            reply
        })
    }

    /// The same, and the nth request is answered with all that was sent in it.
    pub fn echoing(&self, nth: usize, echo: Echo) -> Gate {
        let (known, count, echoed) = (Arc::clone(&self.known), AtomicUsize::new(0), Arc::clone(&self.echoed));
        Box::new(move |request, pass| {
            // Through the pages of a provider only the person's browser comes.
            let is_ours = request.header("user-agent").is_some_and(|agent| agent.starts_with("fitbit-connect/"));
            if !is_ours || count.fetch_add(1, Ordering::SeqCst) != nth {
                let reply = pass();
                known.lock().unwrap().learn(request, &reply);
                return reply;
            }
            known.lock().unwrap().learn(request, &Reply::empty(200));
            echoed.fetch_add(1, Ordering::SeqCst);
            echo.reply(&sent(request))
        })
    }

    /// Whether a gate repeated something.
    pub fn echoed(&self) -> bool {
        self.echoed.load(Ordering::SeqCst) > 0
    }

    /// Runs, with the robot in place of a person, and looks.
    #[track_caller]
    pub fn runs(&self, environment: &Environment, args: &[&str], code: i32) {
        let output = environment.run_with_robot(args).exits(code);
        self.look(environment, &output);
    }

    /// Looks for every secret in both streams, the document's texts, every file of the home and the folder for temporary ones.
    #[track_caller]
    pub fn look(&self, environment: &Environment, output: &Output) {
        // The address that a person opens is a line of its own; what OAuth puts there is looked at elsewhere.
        let (addresses, said): (Vec<&str>, Vec<&str>) =
            output.stderr.lines().partition(|line| login_address(line).is_some());
        self.search("an address", &addresses.join("\n"), false);
        self.search("stderr", &said.join("\n"), true);
        self.search("stdout", &output.stdout, true);
        if let Ok(document) = serde_json::from_str::<Value>(&output.stdout) {
            self.search("the document", &texts(&document), true);
        }
        for (path, content) in environment.files() {
            let text = String::from_utf8_lossy(&content);
            if path == environment.secrets() {
                // It is for the two client secrets and nothing else.
                let mut text = text.into_owned();
                for secret in
                    [facts::GOOGLE_CLIENT_SECRET, facts::FITBIT_CLIENT_SECRET, facts::MANAGEMENT_CLIENT_SECRET]
                {
                    text = text.replace(secret, "");
                }
                self.search("secrets.toml", &text, true);
            } else {
                self.search(&path.display().to_string(), &text, true);
            }
        }
        let temporary = environment.desk("temporary");
        if temporary.exists() {
            assert_eq!(files_below(&temporary), [], "a temporary file is left");
        }
    }

    /// Looks for every secret in a text; for state and nonce only where `all` says so.
    #[track_caller]
    pub fn search(&self, place: &str, text: &str, all: bool) {
        self.looked.fetch_add(1, Ordering::SeqCst);
        let known = self.known.lock().unwrap();
        let of_logins = known.of_logins.iter().filter(|_| all);
        for secret in known.secrets.iter().chain(of_logins) {
            for spelling in spellings(secret) {
                assert!(!text.contains(&spelling), "{secret} (as {spelling}) in {place}:\n{text}");
            }
        }
        for mark in ["eyJhbGci", "eyJ0eXAi"] {
            assert!(!text.contains(mark), "a token in {place}:\n{text}");
        }
    }
}

impl Known {
    fn learn(&mut self, request: &Request, reply: &Reply) {
        let mut pairs = [request.query.clone(), request.form()].concat();
        if let Some(location) = reply.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value)
            && let Ok(url) = Url::parse("http://here/").unwrap().join(location)
        {
            pairs.extend(url.query_pairs().into_owned());
        }
        for document in [request.json(), serde_json::from_slice(&reply.body).ok()].into_iter().flatten() {
            members(&document, &mut pairs);
        }
        if let Some(header) = request.header("authorization").and_then(|value| value.split_once(' ')) {
            pairs.push(("token".to_owned(), header.1.to_owned()));
        }
        for (name, value) in pairs.into_iter().filter(|(_, value)| value.len() >= SHORTEST) {
            if SECRET.contains(&name.as_str()) {
                self.secrets.insert(value);
            } else if OF_A_LOGIN.contains(&name.as_str()) {
                self.of_logins.insert(value);
            }
        }
        // The codes of diagnoses and of errors are no codes of a login.
        self.secrets.retain(|secret| !secret.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    }
}

fn members(value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::String(text) => pairs.push((name.clone(), text.clone())),
                    other => members(other, pairs),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| members(value, pairs)),
        _ => {}
    }
}

/// Every text of a document, unescaped.
fn texts(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        Value::Array(list) => list.iter().map(texts).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| format!("{name}\n{}", texts(value))).collect(),
        _ => String::new(),
    }
}

/// All that came with a request, as a debugging proxy writes it down.
fn sent(request: &Request) -> String {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let form: Vec<String> = request.form().into_iter().map(|(name, value)| format!("{name} {value}")).collect();
    let authorization = request.header("authorization").unwrap_or_default();
    let basic = authorization.strip_prefix("Basic ").and_then(|pair| STANDARD.decode(pair).ok()).unwrap_or_default();
    // Short ones first: what is shown is cut.
    let mut parts = [vec![authorization.to_owned(), String::from_utf8_lossy(&basic).into_owned(), body], form].concat();
    parts.sort_by_key(String::len);
    parts.join(" ; ")
}

/// In which forms a secret travels.
fn spellings(secret: &str) -> BTreeSet<String> {
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let json = serde_json::to_string(secret).unwrap();
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    [
        secret.to_owned(),
        percent,
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        json[1..json.len() - 1].to_owned(),
        STANDARD.encode(secret).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(secret),
        hex.to_uppercase(),
        hex,
        format!("{:?}", secret.as_bytes()),
        secret.chars().rev().collect(),
    ]
    .into()
}
