//! Owns every request the program sends: time limits, size limit, no redirects, retries where repeating is harmless,
//! proxies, and the rewriting of origins that a profile asks for.
//!
//! Refuses plain http to anything but loopback, and to follow a redirect.

mod answer;
pub mod trace;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::blocking::Client;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::console::{Console, Waiting};
use crate::diagnosis::{Code, Failure};
use crate::endpoints::{Endpoints, is_loopback};
use crate::secret::Secret;

pub use answer::Answer;
use answer::{MAX_ANSWER, read_all, without_secrets};
use trace::Trace;

/// Time limit for a connection to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// Time limit for one whole call.
const WHOLE: Duration = Duration::from_secs(30);
/// The longest that a service may make us wait before a repeat.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What a call carries in its body.
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

    /// What in it is secret: form values that are not plain words of the protocol, tokens, a connection's client secret.
    fn secrets(&self) -> Vec<&str> {
        let mut secrets = Vec::new();
        match &self.authorization {
            Authorization::None => {}
            Authorization::Bearer(token) => secrets.push(token.expose()),
            Authorization::Header(header) => {
                secrets.push(header.expose().split_once(' ').map_or(header.expose(), |(_, value)| value));
            }
        }
        match &self.body {
            Body::Form(pairs) => {
                let secret = |name: &str| matches!(name, "client_secret" | "code" | "code_verifier" | "token");
                secrets.extend(pairs.iter().filter(|(name, _)| secret(name)).map(|(_, value)| value.expose()));
            }
            Body::Json(value) => {
                secrets.extend(value.pointer("/options/client_secret").and_then(serde_json::Value::as_str))
            }
            Body::None | Body::Raw(..) => {}
        }
        secrets
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
    outside: OnceLock<Result<Client, String>>,
    loopback: OnceLock<Result<Client, String>>,
    /// What is remembered of the requests, when that was asked for.
    trace: OnceLock<Trace>,
}

impl Http {
    /// A client that rewrites the given origins. Nothing is opened before the first call.
    pub fn new(endpoints: Endpoints) -> Self {
        Self {
            endpoints,
            confined: false,
            console: None,
            outside: OnceLock::new(),
            loopback: OnceLock::new(),
            trace: OnceLock::new(),
        }
    }

    /// A client of the sandbox: what is not rewritten to this machine is refused.
    pub fn confined(endpoints: Endpoints) -> Self {
        Self { confined: true, ..Self::new(endpoints) }
    }

    /// Shows who is asked, while no answer comes.
    pub fn shown_on(mut self, console: &Arc<Console>) -> Self {
        self.console = Some(Arc::clone(console));
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
    /// # Errors
    /// `network_unreachable`, `tls_failed`, `timed_out` or `unrecognised_answer` (too large); never an HTTP status.
    pub fn send(&self, call: &Call) -> Result<Answer, Failure> {
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_times(3)
            .with_jitter()
            .build();
        let host = call.url.host_str().unwrap_or_default();
        let mut again = false;
        loop {
            let asking = self.waiting(&format!("asking {host}"));
            let began = Instant::now();
            let result = self.once(call);
            if let Some(trace) = self.trace.get() {
                trace.record(call, &result, began, again, &self.endpoints);
            }
            again = true;
            let wait = match &result {
                Ok(answer) if answer.status == 429 => {
                    pauses.next().map(|pause| answer.pause().map_or(pause, |asked| asked.max(pause)))
                }
                Ok(answer) if call.repeatable && matches!(answer.status, 502..=504) => {
                    pauses.next().map(|pause| answer.pause().unwrap_or(pause))
                }
                Err(failure) if call.repeatable && failure.code == Code::NetworkUnreachable => pauses.next(),
                _ => None,
            };
            match wait {
                Some(wait) if wait <= LONGEST_PAUSE => {
                    let limited = result.is_ok_and(|answer| answer.status == 429);
                    let _waiting = if limited {
                        drop(asking);
                        self.waiting(&format!("{host} asks to wait"))
                    } else {
                        asking
                    };
                    std::thread::sleep(wait);
                }
                _ => return result,
            }
        }
    }

    fn once(&self, call: &Call) -> Result<Answer, Failure> {
        let url = self.endpoints.rewrite(&call.url);
        let mut host = call.url.host_str().unwrap_or_default().to_owned();
        if url.origin() != call.url.origin() {
            host = format!("{host} (at {})", url.origin().ascii_serialization());
        }
        let local = is_loopback(&url);
        if self.confined && !local {
            return Err(Failure::new(
                Code::InputInvalid,
                format!("{host} is not part of the sandbox; nothing was sent"),
            ));
        }
        if url.scheme() != "https" && !local {
            return Err(Failure::new(
                Code::TlsFailed,
                format!("{host} would be asked without encryption; nothing was sent"),
            ));
        }
        let cell = if local { &self.loopback } else { &self.outside };
        let client = cell
            .get_or_init(|| build(local))
            .as_ref()
            .map_err(|why| Failure::new(Code::TlsFailed, format!("no secure connection can be made: {why}")))?;
        let started = Instant::now();
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
        let response = request.send().map_err(|error| name(&error, &host))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read_all(response, started)
            .map_err(|code| Failure::new(code, format!("the answer of {host} broke off or took too long")))?;
        if body.len() as u64 > MAX_ANSWER {
            return Err(Failure::new(Code::UnrecognisedAnswer, format!("{host} answered with more than 4 MiB")));
        }
        let status = StatusCode::as_u16(&status);
        // A refusal may repeat what was sent; nothing downstream has a use for that.
        let body = if (200..300).contains(&status) { body } else { without_secrets(body, &call.secrets()) };
        Ok(Answer { status, headers, body })
    }
}

fn sensitive(value: &str) -> Result<HeaderValue, Failure> {
    let mut header = HeaderValue::from_str(value)
        .map_err(|_| Failure::new(Code::InputInvalid, "a token or secret has a character that no header can carry"))?;
    header.set_sensitive(true);
    Ok(header)
}

fn build(local: bool) -> Result<Client, String> {
    // Installed once per process; a second call finds the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = HeaderMap::new();
    headers.insert(
        HeaderName::from_static("accept"),
        HeaderValue::from_static("application/json, text/html;q=0.9, */*;q=0.5"),
    );
    #[expect(clippy::disallowed_methods, reason = "the one client")]
    let builder = || {
        Client::builder()
            .user_agent(concat!("fitbit-connect/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers.clone())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
    };
    if local {
        // Plain http on this machine: no proxy, and no reason to read the system's certificates.
        return builder().no_proxy().tls_certs_only([]).build().map_err(|error| error.to_string());
    }
    builder().build().map_err(|error| error.without_url().to_string())
}

/// Names a transport error by host; the address itself may carry values that nobody should see.
fn name(error: &reqwest::Error, host: &str) -> Failure {
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    let said = causes.last().cloned().unwrap_or_else(|| "no reason given".to_owned());
    if error.is_timeout() {
        return Failure::new(Code::TimedOut, format!("{host} did not answer in time"));
    }
    let all = causes.join(" ").to_lowercase();
    if all.contains("certificate") || all.contains("tls") || all.contains("handshake") {
        return Failure::new(Code::TlsFailed, format!("no secure connection to {host}: {said}"));
    }
    Failure::new(Code::NetworkUnreachable, format!("{host} could not be reached: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
