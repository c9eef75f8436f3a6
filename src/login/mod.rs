//! Owns the live login, the part that needs a person: bind, open the browser, hear the callback, check everything, answer the
//! browser with what is true.
//!
//! Refuses to call a login good before the tokens were checked and the profile was read.

pub mod after;
pub mod direct;
mod mark;
pub mod session;
pub mod temporary;
pub mod through_auth0;
mod waiting;

use std::time::Duration;

use url::Url;
pub use waiting::{wait, what_is_shown};

use crate::ask::Question;
use crate::checks::id;
use crate::console::IdentityDoc;
use crate::diagnosis::{Code, Failure, is_denial, is_trouble, recognise, recognise_returned};
use crate::finding::Finding;
use crate::http::{Answer, Call};
use crate::ids::Domain;
use crate::loopback::{BindError, HeldPage, Listener, Page};
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
    /// Whether the provider said, before the login, that it knows it.
    pub callback_accepted: bool,
    /// The client secret at hand, to be compared when a login fails.
    pub secret: Option<&'a Secret>,
    /// Which one that is, to stand in a sentence: `the one in the keychain`.
    pub secret_is: String,
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

/// Runs a login, and in a dialogue again as long as the person wants to.
///
/// # Errors
/// The last attempt's own.
pub fn again<T>(
    world: &World,
    login: &Login,
    may_ask: bool,
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    loop {
        let failure = match attempt() {
            Err(failure) if failure.code != Code::Cancelled => failure,
            result => return result,
        };
        let Some(person) = world.dialogue.as_ref().filter(|_| may_ask) else { return Err(failure) };
        let failure = what_is_shown(world, login, failure);
        if failure.code == Code::Cancelled {
            return Err(failure);
        }
        world.console.failure(&failure);
        let ways = ["Try the login again", "Leave it at that: everything else is set up"].map(str::to_owned);
        let question = Question { text: "How to go on?", ..Question::default() };
        match person.choose(&question, &ways, 0) {
            Ok(0) => {}
            Ok(_) => return Err(failure),
            Err(stop) => return Err(stop.into()),
        }
    }
}

/// Ends a login whose person pressed Ctrl-C while something else was under way.
///
/// # Errors
/// `cancelled`.
pub fn cancelled(world: &World) -> Result<(), Failure> {
    if world.cancel.is_asked() { Err(Failure::new(Code::Cancelled, "cancelled during the login")) } else { Ok(()) }
}

/// Names the error of a callback; the description is the tenant's or the provider's text.
pub fn refused(error: &str, description: &str) -> Failure {
    let words = said(if description.is_empty() { error } else { description });
    let known = recognise_returned(description);
    let code = match (error, known) {
        // What comes back from a login is a code, and no refresh token is in play.
        (_, Some(Code::RefreshTokenRejected)) => Code::CodeRejected,
        // The network of the service that sent it, not this machine's.
        (_, Some(Code::NetworkUnreachable | Code::TlsFailed)) => Code::ServiceUnavailable,
        (_, Some(code)) => code,
        ("access_denied", None) if is_denial(description) => Code::AccessDenied,
        // An Action's words, or the tenant's: what somebody who pressed Deny sends is known.
        ("access_denied", None) => Code::LoginBlocked,
        ("login_required" | "consent_required" | "interaction_required", None) => Code::LoginRequired,
        ("invalid_grant", None) => Code::CodeRejected,
        ("unauthorized", None) => Code::LoginBlocked,
        ("server_error", None) if !is_trouble(description) => Code::UnrecognisedAnswer,
        ("server_error" | "temporarily_unavailable", None) => Code::ServiceUnavailable,
        ("invalid_scope", None) => Code::InvalidScope,
        ("invalid_request", None) if description.to_lowercase().contains("connection") => {
            Code::AuthorizeConnectionNotUsable
        }
        // A code of Google's own, such as org_internal.
        _ => recognise(error).into_iter().next().unwrap_or(Code::UnrecognisedAnswer),
    };
    let message = match code {
        Code::AccessDenied => format!("the access was denied: {words}"),
        _ => format!("the login came back with {}: {words}", said(error)),
    };
    Failure::new(code, message)
}

/// Whether the `iss` of the callback is the right one (RFC 9207, 2.4): exactly the issuer where there is one, nothing where
/// the service has none, and missing only where the service does not announce that it always sends one.
///
/// # Errors
/// `issuer_mismatch`.
pub fn check_issuer(world: &World, seen: Option<&str>, issuer: Option<&str>) -> Result<(), Failure> {
    let message = match (seen, issuer) {
        (Some(seen), Some(issuer)) if world.http.endpoints().same(seen, issuer) => return Ok(()),
        (Some(seen), Some(issuer)) => format!("the answer comes from {}, not from {issuer}", said(seen)),
        (Some(seen), None) => {
            format!("the answer comes from {}, and the service that was asked names none", said(seen))
        }
        (None, Some(issuer)) if announces_issuer(world, issuer) => {
            format!("the answer does not say that it comes from {issuer}, which announces that it always does")
        }
        (None, _) => return Ok(()),
    };
    Err(Failure::new(Code::IssuerMismatch, message))
}

/// Whether an issuer's discovery document says that each of its answers names it; one that cannot be read says nothing.
fn announces_issuer(world: &World, issuer: &str) -> bool {
    let document = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let answer = Url::parse(&document).ok().and_then(|url| world.http.send(&Call::get(url)).ok());
    let document = answer.filter(Answer::is_success).and_then(|answer| answer.json()).unwrap_or_default();
    document["authorization_response_iss_parameter_supported"] == true
}

/// Tells the browser how it ended.
pub fn tell(world: &World, page: Option<HeldPage>, result: &Result<LoggedIn, Failure>, connection: &str) {
    let Some(page) = page else { return };
    page.finish(&match result {
        Ok(done) => {
            Page::Success { name: done.identity.name.clone(), connection: connection.to_owned(), next: Vec::new() }
        }
        Err(failure) => Page::Failure {
            // The table's words and this set-up's values: a message may hold what the callback said, and nothing of a
            // request is shown.
            what: sentence(&world.console.filled(failure.code.diagnosis().cause)),
            seen: sentence(failure.code.diagnosis().symptom),
            code: failure.code.name().to_owned(),
            next: vec![sentence(&world.console.filled(failure.code.diagnosis().cure))],
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
        // Those of IPv6 hold it as well, where they take both.
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
        // This address or all of them, in the byte order of either kind of machine; in IPv6 what stands before is nothing, or
        // that it is an address of IPv4.
        let wanted = ["0100007F", "7F000001", "00000000"].map(|address| format!("{address}:{port:04X}"));
        let inode = tables.iter().flat_map(|table| table.lines().skip(1)).find_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let listening = columns.get(3) == Some(&"0A");
            let local = columns.get(1)?;
            let (before, address) = local.split_at(local.len().checked_sub("0100007F:FFFF".len())?);
            let is_this = matches!(before.trim_start_matches('0'), "" | "FFFF0000");
            (listening && is_this && wanted.iter().any(|wanted| address == wanted))
                .then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
        })?;
        let target = format!("socket:[{inode}]");
        let own = fs::read_to_string("/proc/self/comm").unwrap_or_default();
        let mut closed = None;
        for process in fs::read_dir("/proc").ok()?.flatten() {
            let id = process.file_name().to_string_lossy().into_owned();
            let name = || fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            let Ok(files) = fs::read_dir(process.path().join("fd")) else {
                // This program is closed to others, itself included: it is known by its name alone.
                if id.bytes().all(|b| b.is_ascii_digit()) && name() == own {
                    closed = Some(format!("{} (process {id}), as it seems", own.trim()));
                }
                continue;
            };
            let holds =
                files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy() == target));
            if holds {
                return Some(format!("{} (process {id})", name().trim()));
            }
        }
        closed
    }
}
