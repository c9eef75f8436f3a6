//! Owns the rewriting of origins that a profile asks for: where an address really goes, and which addresses count as the same.
//!
//! Refuses a target that is neither https nor http on this machine.

use std::net::IpAddr;

use url::{Host, Url};

use crate::text::said;

/// Origins that are really elsewhere: `https://acme.eu.auth0.com` = `http://127.0.0.1:4400`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints(Vec<(String, String)>);

impl Endpoints {
    /// Adds one pair.
    ///
    /// # Errors
    /// When either side is no origin, or the target is neither https nor http on loopback.
    pub fn add(&mut self, origin: &str, target: &str) -> Result<(), String> {
        let origin =
            origin_of(origin).ok_or_else(|| format!("{} is not an origin such as https://host", shown(origin)))?;
        let refused =
            || format!("{} must be https://HOST or http://127.0.0.1:PORT, without a user or a path", shown(target));
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

    /// Whether an address in an answer is the real one, character for character; one that starts with a target counts as the
    /// original, of which several may lead there.
    pub fn same(&self, seen: &str, real: &str) -> bool {
        // Reading an origin forgives other letters and a port that goes without saying; an issuer does not (RFC 9207, 2.4).
        let is_plain = |text: &str| origin_of_address(text).is_some_and(|origin| text.starts_with(&origin));
        seen == real || (is_plain(seen) && self.rewrite_text(seen) == self.rewrite_text(real))
    }

    /// Whether an address begins with another, both rewritten, up to a boundary (`/`, `?`, `#` or the end).
    pub fn begins_with(&self, seen: &str, real: &str) -> bool {
        let (seen, real) = (self.rewrite_text(seen), self.rewrite_text(real));
        seen.strip_prefix(real.as_str())
            .is_some_and(|rest| rest.is_empty() || real.ends_with(['/', '?']) || rest.starts_with(['/', '?', '#']))
    }
}

fn origin_of_address(text: &str) -> Option<String> {
    Some(Url::parse(text).ok()?.origin().ascii_serialization())
}

/// As it may be shown: what stands before an `@` may be a password.
fn shown(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("the address with a user at {}", said(host)),
        None => format!("\"{}\"", said(text)),
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
        assert!(!table.same("HTTPS://ACME.EU.AUTH0.COM/login/callback", "https://acme.eu.auth0.com/login/callback"));
        assert!(
            table.begins_with("http://127.0.0.1:4401/v3/signin/identifier?x", "https://accounts.google.com/v3/signin/")
        );
        assert!(!table.begins_with("https://accounts.google.com.evil/", "https://accounts.google.com"));
    }
}
