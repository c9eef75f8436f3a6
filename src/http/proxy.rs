//! Owns what is said of the proxy that a request went through: the one that the client found in the environment or the system.
//!
//! Refuses to know its name and password.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// A proxy, without the credentials for it.
pub(super) struct Proxy {
    address: String,
    /// Of the service behind it.
    host: String,
}

/// Why a proxy was no help.
pub(super) struct Trouble {
    pub(super) why: String,
    /// What to change.
    pub(super) cure: String,
    /// Whether it is the same the next time; a password that is tried again and again locks people out.
    pub(super) stays: bool,
}

impl Proxy {
    /// The one on the way to an address, by the rules that the client goes by.
    pub(super) fn to(url: &Url) -> Option<Self> {
        let found = Matcher::from_system().intercept(&url.as_str().parse().ok()?)?;
        // Put together anew, so that no part of a password with an @ in it is taken for a part of the host.
        let (scheme, host) = (found.uri().scheme_str()?, found.uri().host()?);
        let port = found.uri().port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self { address: format!("{scheme}://{host}{port}"), host: url.host_str()?.to_owned() })
    }

    /// What an error on the way through it means.
    pub(super) fn trouble(&self, said: &str) -> Trouble {
        let trouble = |why: &str, cure: String, stays| Trouble { why: why.to_owned(), cure, stays };
        if self.address.starts_with("socks") {
            let cure = "Set HTTPS_PROXY to a proxy that speaks HTTP: HTTPS_PROXY=http://HOST:PORT";
            return trouble("SOCKS is not spoken here", cure.to_owned(), true);
        }
        match said.strip_prefix("tunnel error: ") {
            Some(wants) if wants.starts_with("proxy auth") => {
                let cure = "Give them with the proxy's address: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT";
                trouble("it wants a name and a password, or other ones (407)", cure.to_owned(), true)
            }
            Some("unsuccessful" | "proxy response headers too long") => {
                let cure = format!(
                    "Have {}:443 allowed there, or see whether the proxy itself reaches it. {}",
                    self.host,
                    self.cure()
                );
                trouble("it does not open the way", cure, false)
            }
            _ => trouble(said, self.cure(), false),
        }
    }

    /// What to change when nothing more is known.
    pub(super) fn cure(&self) -> String {
        format!(
            "Check that HTTPS_PROXY (or ALL_PROXY) is the address of a proxy that works; where {} is reached without one, \
             name it in NO_PROXY",
            self.host
        )
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// Whether the client can read the address of a proxy; one that it cannot read it would pass by in silence, and so it would a
/// port that is none.
pub fn is_proxy(address: &str) -> bool {
    let matcher = Matcher::builder().https(address.to_owned()).build();
    let whole = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    Url::parse(&whole).is_ok()
        && "https://example.com/".parse().is_ok_and(|anywhere| matcher.intercept(&anywhere).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_a_host_and_a_port_that_is_one() {
        for right in [
            "http://proxy.example:3128",
            "proxy.example:3128",
            "proxy.example",
            "http://u:p%40w@127.0.0.1:80",
            "https://[::1]:8443/",
        ] {
            assert!(is_proxy(right), "{right}");
        }
        for wrong in
            ["", "http://", "http://u:p@127.0.0.1:99999", "http://127.0.0.1:abc", "127.0.0.1:abc", "http://a b"]
        {
            assert!(!is_proxy(wrong), "{wrong}");
        }
    }
}
