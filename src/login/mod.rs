//! Owns the live login, the part that needs a person: bind, open the browser, hear the callback, check everything, answer the
//! browser with what is true.
//!
//! Refuses to call a login good before the tokens were checked and the profile was read.

pub mod direct;
pub mod session;
pub mod temporary;
pub mod through_auth0;

use std::io::BufRead as _;
use std::time::{Duration, Instant};

use url::Url;

use crate::browser::Opened;
use crate::checks::id;
use crate::console::IdentityDoc;
use crate::diagnosis::{Code, Failure, recognise};
use crate::finding::Finding;
use crate::ids::Domain;
use crate::loopback::{Answer, BindError, HeldPage, Listener, Outcome, Page, Paster};
use crate::oauth::Proof;
use crate::provider::Provider;
use crate::secret::Secret;
use crate::text::said;
use crate::world::World;

/// A login that worked.
pub struct LoggedIn {
    /// Who.
    pub identity: IdentityDoc,
    /// How they signed in, in a sentence.
    pub how: String,
    /// Who they are, in a sentence.
    pub who: String,
    /// What is worth a warning although it worked.
    pub notes: Vec<Failure>,
}

impl LoggedIn {
    /// `login.live` and `identity.read`, each once.
    pub fn findings(&self) -> [Finding; 2] {
        let mut live = Finding::pass(id::LOGIN_LIVE, &self.how);
        if let Some(first) = self.notes.first() {
            let notes: Vec<&str> = self.notes.iter().map(|note| note.message.as_str()).collect();
            let hint = first.hint();
            let failure = Failure::new(first.code, format!("{}; {}", self.how, notes.join("; "))).with_hint(hint);
            live = Finding::warn(id::LOGIN_LIVE, failure);
        }
        [live, Finding::pass(id::IDENTITY_READ, &self.who)]
    }
}

/// What both kinds of login are told.
pub struct Login<'a> {
    /// The provider.
    pub provider: Provider,
    /// Its client ID.
    pub client_id: &'a str,
    /// Scopes, short names.
    pub scopes: &'a [String],
    /// The connection's name, or what stands for it on the page.
    pub connection: &'a str,
    /// The exact callback URL that the provider has to know.
    pub provider_callback: String,
    /// The loopback port.
    pub port: u16,
    /// How long to wait for the person.
    pub timeout: Duration,
}

/// Binds the one port that is registered elsewhere.
///
/// # Errors
/// `port_in_use`, saying what to do.
pub fn bind(port: u16) -> Result<Listener, Failure> {
    Listener::bind(port).map_err(|error| not_bound(&error, port))
}

/// Binds the port or one of the nine after it: whichever is free is registered at the tenant.
///
/// # Errors
/// `port_in_use`.
pub fn bind_near(port: u16) -> Result<Listener, Failure> {
    Listener::bind_first((0..10).filter_map(|n| port.checked_add(n))).map_err(|error| not_bound(&error, port))
}

fn not_bound(error: &BindError, port: u16) -> Failure {
    let who = if cfg!(windows) {
        format!("netstat -ano | findstr :{port}")
    } else {
        format!("lsof -nP -iTCP:{port} -sTCP:LISTEN")
    };
    let message = match holder::of(port) {
        Some(holder) => format!("{error}; it is held by {holder}"),
        None => error.to_string(),
    };
    Failure::new(Code::PortInUse, message).with_hint(format!(
        "End the program that holds it (`{who}` names it), or choose another port with --port and register \
         http://127.0.0.1:PORT/callback for it"
    ))
}

/// Opens the browser, waits, and returns the one right answer.
///
/// # Errors
/// `login_timed_out` with the likely causes, or `cancelled`.
pub fn wait(world: &World, listener: Listener, proof: &Proof, url: &Url, login: &Login) -> Result<Answer, Failure> {
    let redirect_uri = listener.redirect_uri();
    let port = listener.port();
    let waiting = listener.expect(Secret::new(proof.state.expose().to_owned()));
    let canceller = waiting.canceller();
    world.cancel.wakes(Some(Box::new(move || canceller.cancel())));
    cancelled(world)?;
    let address = world.http.endpoints().rewrite(url);

    world.console.say("Open this address in a browser, sign in, and allow the access:");
    world.console.copyable(address.as_str());
    let not_opened = match world.browser.open(&address) {
        Ok(Opened::Yes) => {
            world.console.say("It was opened in your browser.");
            None
        }
        Ok(Opened::ByRobot) => {
            world.console.say("A robot signs in and allows the access, in place of a person.");
            None
        }
        Ok(Opened::No(why)) => Some(why.to_owned()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(why) = not_opened {
        world.console.say(&format!("No browser was opened ({why})."));
        if world.reads_pasted_answers {
            world
                .console
                .say("The address of the page that the browser ends on can be pasted here while the listener waits.");
        }
        let there = world.ssh.as_deref().unwrap_or("THIS_MACHINE");
        world.console.say("A browser on another machine reaches the listener through a tunnel made there:");
        world.console.copyable(&format!("ssh -L {port}:127.0.0.1:{port} {there}"));
    }
    world
        .console
        .say(&format!("Waiting up to {} for the answer on {redirect_uri}", humantime::format_duration(login.timeout)));
    if world.reads_pasted_answers {
        listen_to_the_terminal(waiting.paster(), world);
    }
    let outcome = waiting.wait(Instant::now() + login.timeout);
    world.cancel.wakes(None);
    match outcome {
        Outcome::Answer(answer) => Ok(answer),
        Outcome::Cancelled => Err(Failure::new(Code::Cancelled, "cancelled while waiting for the browser")),
        Outcome::TimedOut => Err(timed_out(login)),
    }
}

/// Ends a login whose person pressed Ctrl-C while something else was under way.
///
/// # Errors
/// `cancelled`.
pub fn cancelled(world: &World) -> Result<(), Failure> {
    if world.cancel.is_asked() { Err(Failure::new(Code::Cancelled, "cancelled during the login")) } else { Ok(()) }
}

fn timed_out(login: &Login) -> Failure {
    let limit = humantime::format_duration(login.timeout);
    let message = format!("no answer came from the browser within {limit}");
    let (page, rest) = match login.provider {
        Provider::GoogleHealth => (
            "\"Error 400: redirect_uri_mismatch\"",
            "; \"Error 403: access_denied\" means that the account is not among the app's test users",
        ),
        Provider::Fitbit => ("\"Invalid redirect_uri parameter value\"", ""),
    };
    let likely = format!(
        "What does the browser show? Paste its text: fitbit-connect explain \"TEXT OF THE PAGE\" (as a rule: {page} means that the \
         provider does not have exactly this callback URL{rest}) {}",
        login.provider_callback
    );
    Failure::new(Code::LoginTimedOut, message).with_hint(likely)
}

/// Reads lines that a person pastes while the listener waits; the same validation, the same single answer.
fn listen_to_the_terminal(paster: Paster, world: &World) {
    let console = std::sync::Arc::clone(&world.console);
    // The thread ends with the process: a blocked read of a terminal cannot be taken back.
    let _ = std::thread::Builder::new().name("pasted answer".into()).spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            let line = Secret::new(line);
            if line.expose().trim().is_empty() {
                continue;
            }
            match paster.paste(line.expose()) {
                Ok(()) => return,
                Err(refused) => console.say(&format!("  not accepted: {refused}")),
            }
        }
    });
}

/// Names the error of a callback; the description is the tenant's or the provider's text.
pub fn refused(error: &str, description: &str) -> Failure {
    let words = said(if description.is_empty() { error } else { description });
    let known = recognise(description).into_iter().next();
    let code = match (error, known) {
        (_, Some(code)) => code,
        ("access_denied", None) => Code::AccessDenied,
        ("unauthorized", None) => Code::LoginBlocked,
        ("server_error" | "temporarily_unavailable", None) => Code::ServiceUnavailable,
        ("invalid_scope", None) => Code::InvalidScope,
        ("invalid_request", None) if description.to_lowercase().contains("connection") => {
            Code::AuthorizeConnectionNotUsable
        }
        _ => Code::UnrecognisedAnswer,
    };
    let message = match code {
        Code::AccessDenied => format!("the access was denied: {words}"),
        _ => format!("the login came back with {}: {words}", said(error)),
    };
    Failure::new(code, message)
}

/// Whether an `iss` of the callback, when there is one, is the right one (RFC 9207, 2.4).
///
/// # Errors
/// `issuer_mismatch`.
pub fn check_issuer(world: &World, seen: Option<&str>, issuer: &str) -> Result<(), Failure> {
    match seen {
        Some(seen) if !world.http.endpoints().same(seen, issuer) => {
            Err(Failure::new(Code::IssuerMismatch, format!("the answer comes from {}, not from {issuer}", said(seen))))
        }
        _ => Ok(()),
    }
}

/// Tells the browser how it ended.
pub fn tell(page: Option<HeldPage>, result: &Result<LoggedIn, Failure>, connection: &str) {
    let Some(page) = page else { return };
    page.finish(&match result {
        Ok(done) => {
            Page::Success { name: done.identity.name.clone(), connection: connection.to_owned(), next: Vec::new() }
        }
        Err(failure) => Page::Failure {
            // The table's words: a message may hold what the callback said, and nothing of a request is shown.
            what: sentence(failure.code.diagnosis().symptom),
            why: sentence(failure.code.diagnosis().cause),
            code: failure.code.name().to_owned(),
            next: vec![sentence(failure.code.diagnosis().cure)],
        },
    });
}

/// A message as a page shows it: begun with a capital.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The domain people log in through: the first custom login domain, else the tenant's own.
pub fn host<'a>(domain: &'a Domain, login_domains: &'a [Domain]) -> &'a Domain {
    login_domains.first().unwrap_or(domain)
}

mod holder {
    //! Who holds a port, where the system tells without privileges (Linux).

    use std::fs;

    /// `NAME (process PID)`.
    pub fn of(port: u16) -> Option<String> {
        let table = fs::read_to_string("/proc/net/tcp").ok()?;
        let wanted = format!(":{port:04X}");
        let inode = table.lines().skip(1).find_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let listening = columns.get(3) == Some(&"0A");
            (listening && columns.get(1)?.ends_with(&wanted))
                .then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
        })?;
        let target = format!("socket:[{inode}]");
        for process in fs::read_dir("/proc").ok()?.flatten() {
            let Ok(files) = fs::read_dir(process.path().join("fd")) else { continue };
            let holds =
                files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy() == target));
            if holds {
                let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
                return Some(format!("{} (process {})", name.trim(), process.file_name().to_string_lossy()));
            }
        }
        None
    }
}
