//! Owns every request the program sends: time limits, size limit, no redirects, retries where repeating is harmless,
//! proxies, and the rewriting of origins that a profile asks for.
//!
//! Refuses plain http to anything but loopback, to follow a redirect, and to begin anything new after Ctrl-C.

mod answer;
mod attempt;
mod client;
mod proxy;
mod sent;
pub mod trace;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::Method;
use reqwest::blocking::Client;
use url::Url;
use zeroize::Zeroizing;

use crate::cancel::Cancel;
use crate::console::{Console, Waiting};
use crate::diagnosis::Failure;
use crate::endpoints::Endpoints;
use crate::secret::Secret;

pub use answer::Answer;
use answer::MAX_ANSWER;
use attempt::{Lost, end_of_one, left};
pub use client::Authorities;
use client::Way;
pub use proxy::is_proxy;
use trace::Trace;

/// Time limit for one whole attempt.
const WHOLE: Duration = Duration::from_secs(30);
/// Time limit for all attempts at one call, with the pauses between them.
const ALTOGETHER: Duration = Duration::from_secs(60);
/// The longest that a service may make us wait before a repeat.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// After Ctrl-C: what creates something has this long to come to an end, so that it is known what has to be removed.
pub const TO_FINISH: Duration = Duration::from_secs(2);
/// After Ctrl-C: cleaning up has this long.
pub const TO_CLEAN_UP: Duration = Duration::from_secs(5);

/// What a call carries in its body; wiped when dropped.
pub enum Body {
    /// Nothing.
    None,
    /// `application/x-www-form-urlencoded` pairs; the values may be secret.
    Form(Vec<(&'static str, Secret)>),
    /// Bytes that are already encoded, with their content type.
    Raw(&'static str, Vec<u8>),
    /// A JSON document.
    Json(serde_json::Value),
}

/// How the caller proves who it is.
pub enum Authorization<'a> {
    /// Not at all.
    None,
    /// `Authorization: Bearer`.
    Bearer(&'a Secret),
    /// A header that is already made, value secret.
    Header(Secret),
}

/// One request. The address is the real one; the client rewrites it.
pub struct Call<'a> {
    /// The method.
    pub method: Method,
    /// The real address.
    pub url: Url,
    /// Who asks.
    pub authorization: Authorization<'a>,
    /// The body.
    pub body: Body,
    /// Whether sending it twice does no harm.
    pub repeatable: bool,
}

impl<'a> Call<'a> {
    /// A GET, which may be repeated.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, authorization: Authorization::None, body: Body::None, repeatable: true }
    }

    /// A POST, which may not be repeated unless the service refused it unread (429).
    pub fn post(url: Url, body: Body) -> Self {
        Self { method: Method::POST, url, authorization: Authorization::None, body, repeatable: false }
    }

    /// Adds a bearer token.
    pub fn bearer(mut self, token: &'a Secret) -> Self {
        self.authorization = Authorization::Bearer(token);
        self
    }
}

/// The client. Loopback never goes through a proxy.
pub struct Http {
    endpoints: Endpoints,
    /// Whether nothing but this machine may be asked (the sandbox).
    confined: bool,
    /// Where a person sees who is asked.
    console: Option<Arc<Console>>,
    cancel: Cancel,
    /// How long after Ctrl-C a call may still be under way (milliseconds).
    grace: AtomicU64,
    /// Whose certificates are trusted.
    authorities: Authorities,
    /// One for each [`Way`], made when it is first needed.
    clients: [OnceLock<Result<Client, String>>; Way::COUNT],
    /// What is remembered of the requests, when that was asked for.
    trace: OnceLock<Trace>,
    /// What was sent so far, or given by a service, and is secret.
    sent: Mutex<Vec<Zeroizing<String>>>,
    /// Before this the services do not want to be asked again; it was too long to wait in one call.
    asked_not_before: Mutex<Option<Instant>>,
}

/// A look-up of a name that was given up goes on until the system ends it, and a client waits for it when it goes: nobody else
/// has to.
impl Drop for Http {
    fn drop(&mut self) {
        let clients = std::mem::take(&mut self.clients);
        if clients.iter().any(|client| client.get().is_some()) {
            // Where there is no thread, it is waited for after all.
            let _ = std::thread::Builder::new().name("closing".into()).spawn(move || drop(clients));
        }
    }
}

impl Http {
    /// A client that rewrites the given origins. Nothing is opened before the first call.
    pub fn new(endpoints: Endpoints) -> Self {
        Self {
            endpoints,
            confined: false,
            console: None,
            cancel: Cancel::default(),
            grace: AtomicU64::new(0),
            authorities: Authorities::default(),
            clients: Default::default(),
            trace: OnceLock::new(),
            sent: Mutex::default(),
            asked_not_before: Mutex::default(),
        }
    }

    /// A client of the sandbox: what is not rewritten to this machine is refused.
    pub fn confined(endpoints: Endpoints) -> Self {
        let mut http = Self::new(endpoints);
        http.confined = true;
        http
    }

    /// Shows who is asked, while no answer comes.
    pub fn shown_on(mut self, console: &Arc<Console>) -> Self {
        self.console = Some(Arc::clone(console));
        self
    }

    /// Ctrl-C ends what is under way, as long as somebody holds it.
    pub fn cancelled_by(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Trusts these authorities, as far as the system does not read their file by itself.
    pub fn trusting(mut self, authorities: Authorities) -> Self {
        self.authorities = authorities;
        self
    }

    fn waiting(&self, what: &str) -> Option<Waiting> {
        self.console.as_ref().map(|console| console.waiting(what))
    }

    /// The trace, which begins with the first call of this.
    pub fn trace(&self) -> &Trace {
        self.trace.get_or_init(Trace::new)
    }

    /// The origins it rewrites.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Sends a call, repeats it where that is harmless and likely to help, and returns whatever HTTP answer came.
    ///
    /// One attempt ends after 30 s, of which 10 s are for the connection and 20 s for silence. It is repeated at most three
    /// times, after 0.2 to 1.6 s or what the service asks for (at most 15 s, else it is not repeated): what may be repeated
    /// after a lost connection and 5xx, everything after 429, and after a connection that did not come about. What took too
    /// long is not repeated. Altogether it takes at most 60 s. Ctrl-C ends it at once, see [`Self::also_after_ctrl_c`].
    ///
    /// # Errors
    /// `network_unreachable`, `tls_failed`, `timed_out`, `unrecognised_answer` (too large, or no HTTP) or `cancelled`; never an HTTP status.
    pub fn send(&self, call: &Call) -> Result<Answer, Failure> {
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_times(3)
            .with_jitter()
            .build();
        let host = call.url.host_str().unwrap_or_default();
        let altogether = Instant::now() + ALTOGETHER;
        let mut waiting = self.waiting(&format!("asking {host}"));
        let mut again = false;
        loop {
            let began = Instant::now();
            let result = self.once(call, end_of_one(altogether));
            if let Some(trace) = self.trace.get() {
                trace.record(call, result.as_ref().map_err(|lost| lost.failure.code), began, again, &self.endpoints);
            }
            again = true;
            let pause = before_repeat(call, &result, &mut pauses).filter(|pause| *pause < left(altogether));
            let Some(pause) = pause else {
                let asked = result.as_ref().ok().filter(|answer| answer.status == 429).and_then(Answer::pause);
                self.asked_to_wait(asked);
                return result.map_err(|lost| lost.failure);
            };
            let limited = result.is_ok_and(|answer| answer.status == 429);
            if limited {
                drop(waiting.take());
                // Said also where nobody looks at a terminal: a log that stands still has a reason.
                let what = format!("{host} asks to wait {} s", pause.as_secs().max(1));
                waiting = self.console.as_ref().map(|console| console.awaiting(&what));
            }
            self.rest(pause)?;
            if limited {
                drop(waiting.take());
                waiting = self.waiting(&format!("asking {host}"));
            }
        }
    }

    fn asked_to_wait(&self, time: Option<Duration>) {
        let mut latest = self.asked_not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = (*latest).max(time.and_then(|time| Instant::now().checked_add(time)));
    }

    /// How long services have asked for no further request, for who asks the same again and again.
    pub fn asked_pause(&self) -> Duration {
        let latest = *self.asked_not_before.lock().unwrap_or_else(PoisonError::into_inner);
        latest.map_or(Duration::ZERO, left)
    }

    /// Lets a moment pass before what may have been done is looked up and asked for once more: half a second to one, or what the
    /// service asked for, at most 15 s; whether it may be asked for then.
    ///
    /// # Errors
    /// `cancelled`.
    pub fn rest_before_again(&self, asked: Option<Duration>) -> Result<bool, Failure> {
        let mut own = ExponentialBuilder::default().with_min_delay(Duration::from_millis(500)).with_jitter().build();
        let pause = asked.unwrap_or_default().max(own.next().unwrap_or_default());
        if pause > LONGEST_PAUSE {
            return Ok(false);
        }
        let _shown = self.waiting("asking again in a moment");
        self.rest(pause).map(|()| true)
    }

    /// Lets time pass; Ctrl-C ends that.
    ///
    /// # Errors
    /// `cancelled`.
    pub fn rest(&self, time: Duration) -> Result<(), Failure> {
        let until = Instant::now() + time;
        if self.cancel.pause(time) {
            self.go_on()?;
            // Cleaning up: what is asked too early is refused.
            std::thread::sleep(left(self.last_moment().map_or(until, |last| last.min(until))));
        }
        Ok(())
    }

    /// Calls that `work` makes are made also after Ctrl-C, up to this long after it: what was begun is finished, or cleaned up.
    pub fn also_after_ctrl_c<T>(&self, grace: Duration, work: impl FnOnce() -> T) -> T {
        let before = self.grace.swap(u64::try_from(grace.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        let done = work();
        self.grace.store(before, Ordering::SeqCst);
        done
    }

    /// What a service gave that is secret: from now on it is treated like what was sent.
    pub fn withhold(&self, secret: &str) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        self.keep_secret(&mut sent, Zeroizing::new(secret.to_owned()));
    }

    fn keep_secret(&self, sent: &mut Vec<Zeroizing<String>>, secret: Zeroizing<String>) {
        if let Some(console) = &self.console {
            console.withhold(&secret);
        }
        if !sent.contains(&secret) {
            sent.push(secret);
        }
    }

    /// Refuses to begin anything new after Ctrl-C.
    ///
    /// # Errors
    /// `cancelled`.
    pub fn go_on(&self) -> Result<(), Failure> {
        match self.last_moment() {
            Some(last) if last <= Instant::now() => Err(Failure::cancelled()),
            _ => Ok(()),
        }
    }

    /// When the last call has to be over, once Ctrl-C was pressed.
    fn last_moment(&self) -> Option<Instant> {
        Some(self.cancel.asked_at()? + Duration::from_millis(self.grace.load(Ordering::SeqCst)))
    }
}

/// Whether a status speaks of a state that passes: the service's own trouble, a gateway's, or Cloudflare's in front of it.
fn is_passing(status: u16) -> bool {
    matches!(status, 500 | 502..=504 | 520..=524)
}

/// How long to wait before the call is made again; none when it is not, since that could do harm or would not help.
fn before_repeat(
    call: &Call,
    result: &Result<Answer, Lost>,
    own: &mut impl Iterator<Item = Duration>,
) -> Option<Duration> {
    let asked = match result {
        Ok(answer) if answer.status == 429 => answer.pause(),
        Ok(answer) if call.repeatable && is_passing(answer.status) => answer.retry_after(),
        Err(lost) if lost.passes && (call.repeatable || lost.unsent) => None,
        _ => return None,
    };
    // Added to what the service asks for, so that not all its clients come back in the same instant.
    let own = own.next()?;
    let asked = asked.unwrap_or_default();
    (asked <= LONGEST_PAUSE).then_some(asked + own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Code;

    #[test]
    fn plain_http_to_another_machine_is_never_sent() {
        let call = Call::get(Url::parse("http://example.com/").unwrap());
        assert_eq!(Http::new(Endpoints::default()).send(&call).err().unwrap().code, Code::TlsFailed);
    }

    #[test]
    fn a_closed_port_is_named_without_the_query() {
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        drop(door);
        let mut call = Call::get(Url::parse(&format!("http://127.0.0.1:{port}/?code=canary")).unwrap());
        call.repeatable = false;
        let failure = Http::new(Endpoints::default()).send(&call).err().unwrap();
        assert_eq!(failure.code, Code::NetworkUnreachable);
        assert!(!failure.message.contains("canary"), "{}", failure.message);
    }
}
