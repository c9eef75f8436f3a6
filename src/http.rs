//! Owns every request the program sends: time limits, size limit, no redirects, retries where repeating is harmless,
//! proxies, and the rewriting of origins that a profile asks for.
//!
//! Refuses plain http to anything but loopback, and to follow a redirect.

use std::io::Read as _;
use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::blocking::Client;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use url::{Host, Url};

use crate::diagnosis::{Code, Failure};
use crate::secret::Secret;

/// An answer larger than this is refused (bytes).
const MAX_ANSWER: u64 = 4 * 1024 * 1024;
/// Time limit for a connection to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// Time limit for one whole call.
const WHOLE: Duration = Duration::from_secs(30);
/// The longest that a service may make us wait before a repeat.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Origins that are really elsewhere: `https://acme.eu.auth0.com` = `http://127.0.0.1:4400`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints(Vec<(String, String)>);

impl Endpoints {
    /// Adds one pair.
    ///
    /// # Errors
    /// When either side is no origin, or the target is neither https nor http on loopback.
    pub fn add(&mut self, origin: &str, target: &str) -> Result<(), String> {
        let origin = origin_of(origin).ok_or_else(|| format!("\"{origin}\" is not an origin such as https://host"))?;
        let refused = || format!("\"{target}\" must be https://HOST or http://127.0.0.1:PORT, without a path");
        let target = origin_of(target).ok_or_else(refused)?;
        let parsed = Url::parse(&target).map_err(|_| refused())?;
        if parsed.scheme() != "https" && !is_loopback(&parsed) {
            return Err(refused());
        }
        self.0.push((origin, target));
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs, origin first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(origin, target)| (origin.as_str(), target.as_str()))
    }

    /// Where a request for this address really goes.
    pub fn rewrite(&self, address: &Url) -> Url {
        let origin = address.origin().ascii_serialization();
        let Some((_, target)) = self.0.iter().find(|(from, _)| *from == origin) else { return address.clone() };
        let whole = address.as_str();
        let rest = whole.get(origin_length(whole)..).unwrap_or_default();
        Url::parse(&format!("{target}{rest}")).unwrap_or_else(|_| address.clone())
    }

    /// [`Self::rewrite`] for an address held as text; what is no address stays as it is.
    pub fn rewrite_text(&self, address: &str) -> String {
        match Url::parse(address) {
            Ok(url) if self.0.iter().any(|(from, _)| *from == url.origin().ascii_serialization()) => {
                let target = self.rewrite(&url);
                format!("{}{}", target.origin().ascii_serialization(), &address[origin_length(address)..])
            }
            _ => address.to_owned(),
        }
    }

    /// Whether two addresses are the same once both are rewritten: an address in an answer that starts with a target counts
    /// as the original.
    pub fn same(&self, seen: &str, real: &str) -> bool {
        self.rewrite_text(seen) == self.rewrite_text(real)
    }

    /// Whether an address begins with another, both rewritten, up to a boundary (`/`, `?`, `#` or the end).
    pub fn begins_with(&self, seen: &str, real: &str) -> bool {
        let (seen, real) = (self.rewrite_text(seen), self.rewrite_text(real));
        seen.strip_prefix(real.as_str())
            .is_some_and(|rest| rest.is_empty() || real.ends_with(['/', '?']) || rest.starts_with(['/', '?', '#']))
    }
}

fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok()?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let plain = url.username().is_empty() && url.password().is_none() && matches!(url.scheme(), "http" | "https");
    (bare && plain && url.host().is_some()).then(|| url.origin().ascii_serialization())
}

fn origin_length(address: &str) -> usize {
    let start = address.find("://").map_or(0, |at| at + 3);
    address[start..].find(['/', '?', '#']).map_or(address.len(), |at| start + at)
}

/// Whether an address points at this machine: a loopback IP or the name `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

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

    /// Adds a bearer token.
    pub fn bearer(mut self, token: &'a Secret) -> Self {
        self.authorization = Authorization::Bearer(token);
        self
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text, broken bytes replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long the service asks to wait, by `Retry-After` or `x-ratelimit-reset` (Unix seconds).
    pub fn pause(&self) -> Option<Duration> {
        if let Some(seconds) = self.header("retry-after").and_then(|v| v.trim().parse::<u64>().ok()) {
            return Some(Duration::from_secs(seconds));
        }
        let reset = self.header("x-ratelimit-reset")?.trim().parse::<u64>().ok()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(Duration::from_secs(reset).saturating_sub(now).max(Duration::from_millis(50)))
    }
}

/// The client. Loopback never goes through a proxy.
pub struct Http {
    endpoints: Endpoints,
    outside: OnceLock<Result<Client, String>>,
    loopback: OnceLock<Result<Client, String>>,
}

impl Http {
    /// A client that rewrites the given origins. Nothing is opened before the first call.
    pub fn new(endpoints: Endpoints) -> Self {
        Self { endpoints, outside: OnceLock::new(), loopback: OnceLock::new() }
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
        loop {
            let result = self.once(call);
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
                Some(wait) if wait <= LONGEST_PAUSE => std::thread::sleep(wait),
                _ => return result,
            }
        }
    }

    fn once(&self, call: &Call) -> Result<Answer, Failure> {
        let url = self.endpoints.rewrite(&call.url);
        let host = url.host_str().unwrap_or_default().to_owned();
        let local = is_loopback(&url);
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
        let mut body = Vec::new();
        response.take(MAX_ANSWER + 1).read_to_end(&mut body).map_err(|error| {
            let code =
                if error.kind() == std::io::ErrorKind::TimedOut { Code::TimedOut } else { Code::NetworkUnreachable };
            Failure::new(code, format!("the answer of {host} broke off"))
        })?;
        if body.len() as u64 > MAX_ANSWER {
            return Err(Failure::new(Code::UnrecognisedAnswer, format!("{host} answered with more than 4 MiB")));
        }
        Ok(Answer { status: StatusCode::as_u16(&status), headers, body })
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

    fn endpoints() -> Endpoints {
        let mut endpoints = Endpoints::default();
        endpoints.add("https://acme.eu.auth0.com", "http://127.0.0.1:4400").unwrap();
        endpoints.add("https://accounts.google.com/", "http://127.0.0.1:4401/").unwrap();
        endpoints
    }

    #[test]
    fn only_the_origin_of_an_address_is_rewritten() {
        let url = Url::parse("https://acme.eu.auth0.com/a/b%7Cc?x=https://acme.eu.auth0.com#f").unwrap();
        assert_eq!(endpoints().rewrite(&url).as_str(), "http://127.0.0.1:4400/a/b%7Cc?x=https://acme.eu.auth0.com#f");
        let other = Url::parse("https://acme.eu.auth0.com.evil.example/").unwrap();
        assert_eq!(endpoints().rewrite(&other), other);
    }

    #[test]
    fn an_address_that_starts_with_a_target_counts_as_the_original() {
        let table = endpoints();
        assert!(table.same("http://127.0.0.1:4400/login/callback", "https://acme.eu.auth0.com/login/callback"));
        assert!(table.same("https://acme.eu.auth0.com/login/callback", "https://acme.eu.auth0.com/login/callback"));
        assert!(!table.same("http://127.0.0.1:4400/login/callback/", "https://acme.eu.auth0.com/login/callback"));
        assert!(
            table.begins_with("http://127.0.0.1:4401/v3/signin/identifier?x", "https://accounts.google.com/v3/signin/")
        );
        assert!(!table.begins_with("https://accounts.google.com.evil/", "https://accounts.google.com"));
    }

    #[test]
    fn plain_http_to_another_machine_is_never_sent() {
        let call = Call::get(Url::parse("http://example.com/").unwrap());
        assert_eq!(Http::new(Endpoints::default()).send(&call).unwrap_err().code, Code::TlsFailed);
    }

    #[test]
    fn a_closed_port_is_named_without_the_query() {
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        drop(door);
        let mut call = Call::get(Url::parse(&format!("http://127.0.0.1:{port}/?code=canary")).unwrap());
        call.repeatable = false;
        let failure = Http::new(Endpoints::default()).send(&call).unwrap_err();
        assert_eq!(failure.code, Code::NetworkUnreachable);
        assert!(!failure.message.contains("canary"), "{}", failure.message);
    }
}
