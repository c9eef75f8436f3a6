//! Owns how the two clients are made (limits, TLS, certificates, proxies), and what an error on the way is called.
//!
//! Refuses TLS below 1.2, to follow a redirect, to repeat on its own, and to pass loopback through a proxy.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::blocking::{Client, ClientBuilder};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, redirect, retry, tls};
use url::Url;

use super::attempt::Lost;
use super::proxy::{Proxy, Trouble};
use crate::diagnosis::{Code, Failure};
use crate::endpoints::is_loopback;

/// Time limit for a connection to come about: name, way, proxy and TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// Time limit for silence: until the answer begins, and within it. An Auth0 Action may take 20 s.
const SILENCE: Duration = Duration::from_secs(20);
/// A file of authorities is not larger (bytes).
const MAX_AUTHORITIES: u64 = 8 * 1024 * 1024;

/// Where a request goes, as far as the client differs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To this machine, unencrypted.
    Plain,
    /// To this machine with TLS: a gateway.
    Gateway,
    /// To another machine.
    Outside,
}

impl Way {
    /// How many there are.
    pub(super) const COUNT: usize = 3;

    /// The one to an address.
    pub(super) fn to(url: &Url) -> Self {
        match (is_loopback(url), url.scheme()) {
            (true, "https") => Self::Gateway,
            (true, _) => Self::Plain,
            (false, _) => Self::Outside,
        }
    }
}

/// Whose certificates are trusted, by `SSL_CERT_FILE`.
#[derive(Default)]
pub enum Authorities {
    /// The system's: the variable is not set.
    #[default]
    System,
    /// The system's as well: the variable is set to nothing.
    Blank,
    /// Those in this file.
    Named(PathBuf),
}

impl Authorities {
    /// From the value of the variable, and whether it is set to nothing.
    pub fn new(file: Option<&str>, blank: bool) -> Self {
        match file {
            Some(file) => Self::Named(PathBuf::from(file)),
            None if blank => Self::Blank,
            None => Self::System,
        }
    }
}

/// The client for a way.
pub(super) fn build(way: Way, authorities: &Authorities) -> Result<Client, String> {
    // Installed once per process; a second call finds the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = builder();
    if way != Way::Outside {
        // `localhost` is this machine whatever a resolver says of it (RFC 6761, 6.3), on whichever family somebody listens.
        let here = [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
        builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
    }
    if way == Way::Plain {
        // No reason to read certificates.
        builder = builder.tls_certs_only([]);
    } else if let Authorities::Named(file) = authorities {
        // Read here too where the system reads it in place of its own: it passes by in silence what is no certificate.
        let certificates = read(file)?;
        if cfg!(any(target_vendor = "apple", windows)) {
            // The system verifies, and knows nothing of the variable.
            builder = builder.tls_certs_merge(certificates);
        }
    } else if let (Authorities::Blank, Some(file)) = (authorities, of_the_system()) {
        builder = builder.tls_certs_only(read(&file)?);
    }
    builder.build().map_err(|error| chain(&error).last().map_or_else(|| error.to_string(), ToString::to_string))
}

/// The system's own authorities as a file, where the library would look for a file without a name.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn of_the_system() -> Option<PathBuf> {
    openssl_probe::probe().cert_file
}

/// The system verifies, and knows nothing of the variable.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn of_the_system() -> Option<PathBuf> {
    None
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
    let refused = |why: &str| format!("SSL_CERT_FILE is {}: {why}", file.display());
    let about = std::fs::metadata(file).map_err(|error| refused(&error.to_string()))?;
    if !about.is_file() || about.len() > MAX_AUTHORITIES {
        return Err(refused("it is no file of certificates"));
    }
    let text = std::fs::read(file).map_err(|error| refused(&error.to_string()))?;
    match Certificate::from_pem_bundle(&text) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(refused("it holds no certificate (PEM)")),
    }
}

/// Names a transport error by host; the address itself may carry values that nobody should see.
pub(super) fn lost(error: &reqwest::Error, host: &str) -> Lost {
    let causes = chain(error);
    let said = causes.last().map_or_else(|| "no reason given".to_owned(), ToString::to_string);
    let proxy = error.url().filter(|url| Way::to(url) == Way::Outside).and_then(Proxy::to);
    let unsent = error.is_connect();
    let through = proxy.as_ref().map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
    if error.is_timeout() {
        let (what, limit) = if unsent { ("could not be connected to", CONNECT) } else { ("did not answer", SILENCE) };
        let mut failure = Failure::new(Code::TimedOut, format!("{host} {what}{through} within {} s", limit.as_secs()));
        if let Some(proxy) = proxy.filter(|_| unsent) {
            failure = failure.with_hint(proxy.cure());
        }
        return Lost { failure, unsent, passes: false };
    }
    if let Some(why) = insecurity(&causes, &said) {
        let failure = Failure::new(Code::TlsFailed, format!("no secure connection to {host}{through}: {why}"));
        let failure = match cure_of(&why, host) {
            Some(cure) => failure.with_hint(cure),
            None => failure,
        };
        return Lost { failure, unsent, passes: false };
    }
    if causes.iter().find_map(|cause| cause.downcast_ref::<hyper::Error>()).is_some_and(hyper::Error::is_parse) {
        let message = format!("{host} answered something{through} that is not HTTP or too long for it ({said})");
        return Lost { failure: Failure::new(Code::UnrecognisedAnswer, message), unsent, passes: true };
    }
    let unreachable =
        |why: &str| Failure::new(Code::NetworkUnreachable, format!("{host} could not be reached{through}: {why}"));
    let Some(proxy) = proxy.filter(|_| unsent) else {
        return Lost { failure: unreachable(&said), unsent, passes: true };
    };
    let Trouble { why, cure, stays } = proxy.trouble(&said);
    Lost { failure: unreachable(&why).with_hint(cure), unsent, passes: !stays }
}

/// No certificate and no clock mends this.
const TOO_OLD: &str = "it offers nothing of TLS 1.2 or newer that is safe";

/// Somebody signed it whom nobody here vouches for, or it was signed with itself.
const UNKNOWN: &str = "its certificate is from an authority that this machine does not know";
/// As those are that sign themselves, unless they say otherwise.
const FOR_SIGNING: &str = "its certificate is one that an authority signs others with, not a service's";
/// The certificate of somebody else.
const OTHER_NAME: &str = "its certificate is for another name";

/// What to do about it, where the row of the table speaks of more than this.
fn cure_of(why: &str, host: &str) -> Option<String> {
    if why.starts_with(TOO_OLD) {
        Some(format!(
            "Have TLS 1.2 or newer switched on where {host} is answered, or at the proxy or gateway in between"
        ))
    } else if why.starts_with(UNKNOWN) {
        Some(
            "Behind a company proxy set `SSL_CERT_FILE` to a file with the certificate of its authority (PEM); without such a \
             proxy somebody else answers there"
                .to_owned(),
        )
    } else if why.starts_with(FOR_SIGNING) {
        Some(format!("Give {host} a certificate that an authority signed, or one of its own with `CA:FALSE` in it"))
    } else if why.starts_with(OTHER_NAME) {
        Some(format!(
            "Compare the name {host} with the service's; what answers there is somebody else, or a proxy in between"
        ))
    } else {
        None
    }
}

/// What was wrong with TLS, if that was it: in words a person knows, and in those of the library.
fn insecurity(causes: &[&(dyn Error + 'static)], said: &str) -> Option<String> {
    use rustls::{AlertDescription, CertificateError as Wrong, Error as Tls};
    let Some(cause) = causes.iter().find_map(|cause| cause.downcast_ref::<Tls>()) else {
        return (said.contains("certificate") || said.contains("handshake")).then(|| said.to_owned());
    };
    let words = match cause {
        Tls::InvalidCertificate(Wrong::UnknownIssuer) => UNKNOWN,
        // webpki's word for a certificate that says of itself that it is an authority's.
        Tls::InvalidCertificate(_) if said.contains("CaUsedAsEndEntity") => FOR_SIGNING,
        Tls::InvalidCertificate(Wrong::Expired | Wrong::ExpiredContext { .. }) => {
            "its certificate has expired, by the clock of this machine"
        }
        Tls::InvalidCertificate(Wrong::NotValidYet | Wrong::NotValidYetContext { .. }) => {
            "its certificate is not valid yet, by the clock of this machine"
        }
        Tls::InvalidCertificate(Wrong::NotValidForName | Wrong::NotValidForNameContext { .. }) => OTHER_NAME,
        Tls::InvalidCertificate(_) => "its certificate is not right",
        Tls::PeerIncompatible(_) | Tls::AlertReceived(AlertDescription::ProtocolVersion) => TOO_OLD,
        _ => return Some(said.to_owned()),
    };
    Some(format!("{words} ({said})"))
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
