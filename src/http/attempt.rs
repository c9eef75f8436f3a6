//! Owns one attempt at a call: where it really goes, what is sent, and the wait for the answer, which Ctrl-C and the time limit
//! end whatever the network does.
//!
//! Refuses plain http to anything but loopback.

use std::sync::PoisonError;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Request};
use reqwest::header::HeaderValue;
use reqwest::{Method, StatusCode};

use super::answer::{Answer, MAX_ANSWER, read_all};
use super::client::{Way, build, lost};
use super::sent::without_secrets;
use super::{Authorization, Body, Call, Http, WHOLE};
use crate::diagnosis::{Code, Failure};

/// Why no answer came.
pub(super) struct Lost {
    pub(super) failure: Failure,
    /// Whether the service cannot have seen the request.
    pub(super) unsent: bool,
    /// Whether the next attempt may come through.
    pub(super) passes: bool,
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Self {
        let passes = failure.code == Code::NetworkUnreachable;
        Self { failure, unsent: false, passes }
    }
}

enum Event {
    Ended(Result<Answer, Lost>),
    Interrupted,
}

impl Http {
    /// Makes a call once, within the time.
    pub(super) fn once(&self, call: &Call, until: Instant) -> Result<Answer, Lost> {
        self.go_on()?;
        let url = self.endpoints.rewrite(&call.url);
        let mut host = call.url.host_str().unwrap_or_default().to_owned();
        if url.origin() != call.url.origin() {
            host = format!("{host} (at {})", url.origin().ascii_serialization());
        }
        let way = Way::to(&url);
        if self.confined && way == Way::Outside {
            let message = format!("{host} is not part of the sandbox; nothing was sent");
            return Err(Failure::new(Code::InputInvalid, message).into());
        }
        if url.scheme() != "https" && way == Way::Outside {
            let message = format!("{host} would be asked without encryption; nothing was sent");
            return Err(Failure::new(Code::TlsFailed, message).into());
        }
        let client = self.clients[way as usize]
            .get_or_init(|| build(way, &self.authorities))
            .as_ref()
            .map_err(|why| Failure::new(Code::TlsFailed, format!("no secure connection can be made: {why}")))?;
        let request = assemble(client, call, url)?;
        let mut answer = self.exchange(client, request, &host, until)?;
        // What is answered may repeat what was sent, a refusal or a page most of all; nothing downstream has a use for that.
        let is_answer = answer.is_success() && matches!(answer.body.trim_ascii_start().first(), Some(b'{' | b'['));
        let mut secrets = if is_answer { call.never_read_back() } else { call.secrets() };
        // Nor has a name or an address a use for what was sent before; a connection's secret is read back, to be compared.
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if call.method == Method::GET && !call.url.path().contains("/connections") {
            secrets.extend(sent.iter().cloned());
        }
        for secret in call.secrets() {
            self.keep_secret(&mut sent, secret);
        }
        answer.body = without_secrets(std::mem::take(&mut answer.body), &secrets);
        Ok(answer)
    }

    /// Sends in a thread of its own, so that the wait can end: at the time, or on Ctrl-C.
    fn exchange(&self, client: &Client, request: Request, host: &str, until: Instant) -> Result<Answer, Lost> {
        let (report, events) = mpsc::channel();
        let wake = report.clone();
        let _sleeper = self.cancel.wakes(move || {
            let _ = wake.send(Event::Interrupted);
        });
        let (client, name) = (client.clone(), host.to_owned());
        let work = move || {
            // Nobody may listen any more: then it ends by the client's own limits.
            let _ = report.send(Event::Ended(ask(&client, request, &name)));
        };
        thread::Builder::new().name("call".into()).spawn(work).map_err(|error| Lost {
            failure: Failure::new(Code::NetworkUnreachable, format!("{host} could not be asked: {error}")),
            unsent: true,
            passes: true,
        })?;
        let began = Instant::now();
        loop {
            let last = self.last_moment();
            let end = last.map_or(until, |last| last.min(until));
            match events.recv_timeout(left(end)) {
                Ok(Event::Ended(result)) => return result,
                Ok(Event::Interrupted) if self.go_on().is_ok() => {}
                Err(RecvTimeoutError::Timeout) if last.is_none_or(|last| last > until) => {
                    let took = began.elapsed().as_secs_f64().round();
                    let message = format!("the answer of {host} was not complete within {took} s");
                    return Err(Failure::new(Code::TimedOut, message).into());
                }
                _ => return Err(Failure::cancelled().into()),
            }
        }
    }
}

/// Sends, and reads the answer whole.
fn ask(client: &Client, request: Request, host: &str) -> Result<Answer, Lost> {
    let started = Instant::now();
    let response = client.execute(request).map_err(|error| lost(&error, host))?;
    let (status, headers) = (StatusCode::as_u16(&response.status()), response.headers().clone());
    let body = read_all(response, started).map_err(|code| {
        let what = if code == Code::TimedOut { "took too long" } else { "broke off" };
        Failure::new(code, format!("the answer of {host} {what}"))
    })?;
    let answer = Answer { status, headers, body };
    if answer.body.len() as u64 > MAX_ANSWER {
        return Err(Failure::new(Code::UnrecognisedAnswer, format!("{host} answered with more than 4 MiB")).into());
    }
    Ok(answer)
}

fn assemble(client: &Client, call: &Call, url: url::Url) -> Result<Request, Failure> {
    let mut request = client.request(call.method.clone(), url);
    request = match &call.authorization {
        Authorization::None => request,
        Authorization::Bearer(token) => {
            request.header("authorization", sensitive(&format!("Bearer {}", token.expose()))?)
        }
        Authorization::Header(header) => request.header("authorization", sensitive(header.expose())?),
    };
    request = match &call.body {
        Body::None => request,
        Body::Form(pairs) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in pairs {
                form.append_pair(name, value.expose());
            }
            request.header("content-type", "application/x-www-form-urlencoded").body(form.finish())
        }
        Body::Raw(content_type, bytes) => request.header("content-type", *content_type).body(bytes.clone()),
        Body::Json(value) => request.header("content-type", "application/json").body(value.to_string()),
    };
    request.build().map_err(|error| {
        Failure::new(Code::Unexpected, format!("the request could not be made: {}", error.without_url()))
    })
}

fn sensitive(value: &str) -> Result<HeaderValue, Failure> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| Failure::new(Code::InputInvalid, "a token or secret has a character that no header can carry"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The end of an attempt that begins now, within the time for all of them.
pub(super) fn end_of_one(altogether: Instant) -> Instant {
    altogether.min(Instant::now() + WHOLE)
}

/// What is left of a time.
pub(super) fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
