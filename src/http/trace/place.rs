//! Owns how a host and a path are called in a report: by what they are, not by their name.
//!
//! Refuses a segment, a parameter or a host that is not known.

use percent_encoding::percent_decode_str;
use url::Url;

use super::protocol::{is_parameter, is_value, other};
use super::words::{HIDDEN, Private, is_segment, is_word};
use crate::diagnosis::auth_error;
use crate::endpoints::{Endpoints, is_loopback};
use crate::provider::Provider;

/// Hosts beyond the providers' own that belong to nobody who uses this program.
const PUBLIC: [&str; 4] = ["accounts.fitbit.com", "dev.fitbit.com", "manage.auth0.com", "www.google.com"];
/// Segments of a path, and parameters of an address, that are shown at most.
const MOST: usize = 30;

/// The hosts that have a part in the run.
#[derive(Debug, Default)]
pub struct Hosts {
    /// The tenant's canonical domain.
    pub tenant: Option<String>,
    /// Its custom login domains.
    pub login: Vec<String>,
}

impl Hosts {
    fn name(&self, host: &str) -> String {
        if self.tenant.as_deref() == Some(host) {
            return "TENANT".to_owned();
        }
        if let Some(n) = self.login.iter().position(|login| login == host) {
            return format!("LOGIN-DOMAIN-{}", n + 1);
        }
        let of_a_provider = |origin: &&str| origin.strip_prefix("https://") == Some(host);
        let known = Provider::ALL.iter().any(|provider| provider.origins().iter().any(of_a_provider));
        if known || PUBLIC.contains(&host) { host.to_owned() } else { "OTHER-HOST".to_owned() }
    }
}

/// Where a request went. The host is named when the report is written, since a login domain may become known later.
pub(super) struct Place {
    host: Host,
    path: String,
    parameters: Vec<String>,
}

enum Host {
    Named(String),
    ThisMachine,
    OtherScheme,
}

impl Place {
    pub(super) fn of(url: &Url, applications: &mut Vec<String>) -> Self {
        let host = match url.scheme() {
            "http" | "https" if is_loopback(url) => Host::ThisMachine,
            "http" | "https" => Host::Named(url.host_str().unwrap_or_default().to_owned()),
            _ => Host::OtherScheme,
        };
        let parameter = |(name, _): (std::borrow::Cow<str>, _)| {
            if is_parameter(&name) { name.into_owned() } else { HIDDEN.to_owned() }
        };
        let parameters = url.query_pairs().take(MOST).map(parameter).collect();
        Self { host, path: path(url.path(), applications), parameters }
    }

    pub(super) fn text(&self, hosts: &Hosts, private: &Private) -> String {
        let host = match &self.host {
            Host::Named(host) => hosts.name(host),
            Host::ThisMachine => "THIS-MACHINE".to_owned(),
            Host::OtherScheme => "OTHER-SCHEME".to_owned(),
        };
        let mark = if self.parameters.is_empty() { "" } else { "?" };
        format!("{host}{}{mark}{}", self.path, private.clear(&self.parameters.join("&")))
    }
}

/// Where an answer leads.
pub(super) struct Target {
    place: Option<Place>,
    error: Option<String>,
    auth_error: Option<String>,
}

impl Target {
    /// An address on this machine that stands for a real one counts as that.
    pub(super) fn read(location: &str, asked: &Url, endpoints: &Endpoints, applications: &mut Vec<String>) -> Self {
        let Ok(mut url) = asked.join(location) else { return Self { place: None, error: None, auth_error: None } };
        let target = url.origin().ascii_serialization();
        let asked = asked.origin().ascii_serialization();
        let real = || endpoints.iter().filter(|(_, to)| *to == target).map(|(from, _)| from);
        if let Some(real) = real().find(|from| *from == asked).or_else(|| real().next())
            && let Ok(real) = Url::parse(&url.as_str().replacen(&target, real, 1))
        {
            url = real;
        }
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        Self {
            error: value("error").map(|error| shown(&error)),
            auth_error: value("authError")
                .map(|told| auth_error::decode(&told).map_or(HIDDEN.to_owned(), |error| shown(&error.code))),
            place: Some(Place::of(&url, applications)),
        }
    }

    pub(super) fn text(&self, hosts: &Hosts, private: &Private) -> String {
        let Some(place) = &self.place else { return "what is no address".to_owned() };
        let mut text = place.text(hosts, private);
        for (name, value) in [("error", &self.error), ("authError", &self.auth_error)] {
            if let Some(value) = value {
                text.push_str(&format!(", {name} is {}", private.clear(value)));
            }
        }
        text
    }
}

/// A value of an error as it may be shown.
fn shown(value: &str) -> String {
    match value {
        known if is_value(known) => known.to_owned(),
        word if is_word(word) => other(word),
        _ => HIDDEN.to_owned(),
    }
}

/// `APP-n` for the nth application that appeared.
pub(super) fn alias(client_id: &str, applications: &mut Vec<String>) -> String {
    let known = applications.iter().position(|known| known == client_id);
    let n = known.unwrap_or_else(|| {
        applications.push(client_id.to_owned());
        applications.len() - 1
    });
    format!("APP-{}", n + 1)
}

fn path(path: &str, applications: &mut Vec<String>) -> String {
    let mut shape = String::new();
    let mut before = "";
    for (n, segment) in path.split('/').skip(1).enumerate() {
        if n == MOST {
            shape.push_str("/...");
            break;
        }
        shape.push('/');
        match before {
            _ if segment.is_empty() || is_segment(segment) => shape.push_str(segment),
            "clients" => shape.push_str(&alias(&percent_decode_str(segment).decode_utf8_lossy(), applications)),
            "users" | "user" => shape.push_str("USER"),
            _ if segment.starts_with("con_") => shape.push_str("CON"),
            _ => shape.push_str(HIDDEN),
        }
        before = segment;
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts { tenant: Some("acme.eu.auth0.com".to_owned()), login: vec!["login.acme.com".to_owned()] }
    }

    fn of(url: &str) -> String {
        Place::of(&Url::parse(url).unwrap(), &mut Vec::new()).text(&hosts(), &Private::default())
    }

    #[test]
    fn an_address_is_called_by_what_it_is() {
        for (url, text) in [
            (
                "https://acme.eu.auth0.com/api/v2/connections/con_Ab12/clients?take=1000",
                "TENANT/api/v2/connections/CON/clients?take",
            ),
            ("https://acme.eu.auth0.com/api/v2/users/oauth2%7Cx%7C1", "TENANT/api/v2/users/USER"),
            ("https://acme.eu.auth0.com/api/v2/clients/AaBb?fields=a", "TENANT/api/v2/clients/APP-1?fields"),
            ("https://login.acme.com/authorize?state=x&a%40b=1", "LOGIN-DOMAIN-1/authorize?state&{..}"),
            ("https://health.googleapis.com/v4/users/me/identity", "health.googleapis.com/v4/users/me/identity"),
            ("https://api.fitbit.com/1/user/-/profile.json", "api.fitbit.com/1/user/-/profile.json"),
            ("https://api.fitbit.com/1/user/A1B2C3/profile.json", "api.fitbit.com/1/user/USER/profile.json"),
            ("https://ada:secret@intranet.acme.com/ada/login#x", "OTHER-HOST/{..}/login"),
            ("http://127.0.0.1:18917/callback?code=x", "THIS-MACHINE/callback?code"),
            ("com.acme.mobile://acme.eu.auth0.com/callback", "OTHER-SCHEME/callback"),
        ] {
            assert_eq!(of(url), text);
        }
    }

    #[test]
    fn a_redirect_shows_where_it_leads_and_its_errors_but_no_value() {
        let mut endpoints = Endpoints::default();
        endpoints.add("https://accounts.google.com", "http://127.0.0.1:4401").unwrap();
        let asked = Url::parse("https://acme.eu.auth0.com/authorize").unwrap();
        let read = |location: &str| {
            Target::read(location, &asked, &endpoints, &mut Vec::new()).text(&hosts(), &Private::default())
        };
        let sample = "Cg5pbnZhbGlkX2NsaWVudBIfVGhlIE9BdXRoIGNsaWVudCB3YXMgbm90IGZvdW5kLiCRAw%3D%3D";
        assert_eq!(
            read(&format!("http://127.0.0.1:4401/signin/oauth/error?authError={sample}&client_id=x")),
            "accounts.google.com/signin/oauth/error?authError&client_id, authError is invalid_client"
        );
        assert_eq!(read("/u/login?state=canary"), "TENANT/u/login?state");
        assert_eq!(read("https://app.acme.com/?error=access_denied"), "OTHER-HOST/?error, error is access_denied");
        assert_eq!(
            read("https://app.acme.com/?error=ada_lovelace&ada_lovelace=1"),
            "OTHER-HOST/?error&{..}, error is (other, 12 letters)"
        );
        assert_eq!(read("https://app.acme.com/?error=a+b&code=1"), "OTHER-HOST/?error&code, error is {..}");
        assert_eq!(read("https://[broken"), "what is no address");
    }
}
