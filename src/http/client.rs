//! Owns how the two clients are made (limits, TLS, certificates, proxies), and what an error on the way is called.
//!
//! Refuses TLS below 1.2, to follow a redirect, to repeat on its own, and to pass loopback through a proxy.

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

use reqwest::blocking::{Client, ClientBuilder};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, redirect, retry, tls};

use crate::diagnosis::{Code, Failure};

/// Time limit for a connection to come about: name, way, proxy and TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// Time limit for silence: until the answer begins, and within it. An Auth0 Action may take 20 s.
const SILENCE: Duration = Duration::from_secs(20);
/// A file of authorities is not larger (bytes).
const MAX_AUTHORITIES: u64 = 8 * 1024 * 1024;

/// The client for this machine, or for all others; `authorities` is the file that `SSL_CERT_FILE` names.
pub(super) fn build(local: bool, authorities: Option<&Path>) -> Result<Client, String> {
    // Installed once per process; a second call finds the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if local {
        // Plain http on this machine: no proxy, and no reason to read the system's certificates.
        return builder().no_proxy().tls_certs_only([]).build().map_err(|error| error.to_string());
    }
    let mut builder = builder();
    if let Some(file) = authorities.filter(|_| cfg!(any(target_vendor = "apple", windows))) {
        // Elsewhere it is read in place of the system's; here the system verifies, and knows nothing of the variable.
        builder = builder.tls_certs_merge(read(file)?);
    }
    builder.build().map_err(|error| {
        let why = chain(&error).last().map_or_else(|| error.to_string(), ToString::to_string);
        match authorities {
            Some(file) => format!("{why} (SSL_CERT_FILE is {})", file.display()),
            None => why,
        }
    })
}

fn builder() -> ClientBuilder {
    let mut headers = HeaderMap::new();
    headers.insert(
        HeaderName::from_static("accept"),
        HeaderValue::from_static("application/json, text/html;q=0.9, */*;q=0.5"),
    );
    #[expect(clippy::disallowed_methods, reason = "the one client")]
    let builder = Client::builder();
    builder
        .user_agent(concat!("fitbit-connect/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .tls_version_min(tls::Version::TLS_1_2)
        .connect_timeout(CONNECT)
        // The blocking client applies it to the wait for the head and to each read, not to the whole.
        .timeout(SILENCE)
}

fn read(file: &Path) -> Result<Vec<Certificate>, String> {
    let refused = |why: String| format!("SSL_CERT_FILE is {}: {why}", file.display());
    let about = std::fs::metadata(file).map_err(|error| refused(error.to_string()))?;
    if !about.is_file() || about.len() > MAX_AUTHORITIES {
        return Err(refused("it is no file of certificates".to_owned()));
    }
    let text = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    Certificate::from_pem_bundle(&text).map_err(|error| refused(error.to_string()))
}

/// Names a transport error by host; the address itself may carry values that nobody should see.
pub(super) fn name(error: &reqwest::Error, host: &str) -> Failure {
    let causes = chain(error);
    let said = causes.last().map_or_else(|| "no reason given".to_owned(), ToString::to_string);
    if error.is_timeout() {
        let (what, limit) =
            if error.is_connect() { ("could not be connected to", CONNECT) } else { ("did not answer", SILENCE) };
        return Failure::new(Code::TimedOut, format!("{host} {what} within {} s", limit.as_secs()));
    }
    if said.contains("proxy auth") {
        let message = format!("{host} could not be reached: the proxy wants a name and a password");
        return Failure::new(Code::NetworkUnreachable, message)
            .with_hint("Give them with the proxy's address: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT");
    }
    let is_tls = causes.iter().any(|cause| cause.is::<rustls::Error>());
    if is_tls || said.contains("certificate") || said.contains("handshake") {
        return Failure::new(Code::TlsFailed, format!("no secure connection to {host}: {said}"));
    }
    Failure::new(Code::NetworkUnreachable, format!("{host} could not be reached: {said}"))
}

/// What lies below an error, the deepest last. An [`io::Error`] leaves the error that it was made of out of its sources.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut all = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        all.push(cause);
        let inside = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inside.map(|inside| inside as &(dyn Error + 'static)).or_else(|| cause.source());
    }
    all
}
