//! Owns the small values a person types: domain, connection name, profile name, port, time limit. Parsed once, then trusted.
//!
//! Refuses everything that cannot be right, with the reason and the right shape, before anything is sent anywhere.

mod unfit;

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use crate::text::{GOOGLES, REDACTED, unsafe_to_show};
pub use unfit::{masked, unfinished, wrapping};

/// The loopback port registered when none is chosen: below 49152, so that no dynamic range reserves it.
pub const DEFAULT_PORT: u16 = 18917;

/// A host name of a tenant or of its custom login domain, in lower case, without scheme, port or path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

impl Domain {
    /// The host name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `https://DOMAIN`.
    pub fn origin(&self) -> String {
        format!("https://{}", self.0)
    }

    /// `https://DOMAIN/login/callback`, where Auth0 waits for the provider's answer.
    pub fn callback(&self) -> String {
        format!("https://{}/login/callback", self.0)
    }

    /// The issuer of this host's ID tokens, trailing slash included.
    pub fn issuer(&self) -> String {
        format!("https://{}/", self.0)
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Domain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "give the host name alone, for example acme.eu.auth0.com";
        let text = text.trim();
        if text.is_empty() {
            return Err(format!("it is empty; {SHAPE}"));
        }
        refuse_control(text)?;
        let lower = text.to_lowercase();
        let host = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
        let host = host.strip_suffix('/').unwrap_or(host);
        let refuse = |what: &str| Err(format!("it has {what}; {SHAPE}"));
        if host.contains('@') {
            return refuse("a user part");
        }
        if let Some(path) = host.strip_prefix("manage.auth0.com") {
            let tenant = path.trim_start_matches("/dashboard/").split('/').collect::<Vec<_>>();
            let meant = match tenant.as_slice() {
                ["us", tenant, ..] => format!("; yours may be {tenant}.us.auth0.com or {tenant}.auth0.com"),
                [region, tenant, ..] if path.starts_with("/dashboard/") => {
                    format!("; yours may be {tenant}.{region}.auth0.com")
                }
                _ => String::new(),
            };
            return Err(format!("it is the address of the dashboard, not of a tenant; {SHAPE}{meant}"));
        }
        if host.contains(['/', '?', '#', '\\']) {
            return refuse("a path");
        }
        if host.contains(':') {
            return refuse("a port");
        }
        if let Some(odd) =
            host.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.')))
        {
            let odd = if odd == ' ' { "a space".to_owned() } else { format!("the character {}", odd.escape_debug()) };
            return refuse(&format!("{odd} in it"));
        }
        let labels: Vec<&str> = host.split('.').collect();
        let label_is_bad = |l: &&str| l.is_empty() || l.len() > 63 || l.starts_with('-') || l.ends_with('-');
        if labels.len() < 2 || host.len() > 253 || labels.iter().any(label_is_bad) {
            return Err(format!("it is not a full host name; {SHAPE}"));
        }
        if labels.last().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
            return Err(format!("it is an IP address; {SHAPE}"));
        }
        // What begins with `xn--` has to stand for something.
        if !matches!(url::Host::parse(host), Ok(url::Host::Domain(name)) if name == host) {
            return Err(format!("it is no host name; {SHAPE}"));
        }
        Ok(Self(host.to_owned()))
    }
}

/// The name of an Auth0 connection (Auth0 Management API, `name` of a connection: letters, digits, single inner hyphens).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionName(String);

impl ConnectionName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a name is rather a secret that was given in the wrong place, or has one in it, in quotes or behind its name: Google's, a
/// token, 32 and more hexadecimal digits, or a word of letters and digits as long as Auth0's secrets and longer than its client IDs.
pub fn is_secret(text: &str) -> bool {
    words(text).any(|word| {
        let hex = word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
        let long = word.len() >= 43 && !word.contains('.') && word.bytes().any(|b| b.is_ascii_digit());
        word.contains(GOOGLES) || ["eyJ", "ya29."].iter().any(|begin| word.starts_with(begin)) || hex || long
    })
}

/// The runs of a text that can be a secret or a client ID: of letters, digits, dashes, underscores and dots.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'))
}

/// A path that was given, as it may be shown: a part of it that is rather a secret stays hidden.
pub fn shown_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    let shown = |part| if is_secret(part) { REDACTED } else { part };
    text.split('/').map(shown).collect::<Vec<_>>().join("/")
}

const IS_SECRET: &str = "this looks like a secret, not like a name";

impl FromStr for ConnectionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if is_secret(text) {
            return Err(IS_SECRET.to_owned());
        }
        let bytes = text.as_bytes();
        let right = !bytes.is_empty()
            && bytes.len() <= 128
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--");
        if right {
            Ok(Self(text.to_owned()))
        } else if text.starts_with("con_") {
            Err("this is the id of a connection; give its name, which stands at the top of its page in the dashboard"
                .to_owned())
        } else {
            Err("Auth0 allows letters, digits and single hyphens between them, 128 characters at most, \
                 for example google-health"
                .to_owned())
        }
    }
}

/// Whose client a secret of a profile authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretOf {
    /// The client at the provider.
    Provider,
    /// The Management API client of the tenant.
    Management,
}

impl SecretOf {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Provider, Self::Management];
}

/// The name of a profile: it becomes part of a keychain account and a TOML key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileName(String);

impl ProfileName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The account that a secret of the profile is filed under, in the keychain and in the file of secrets.
    pub fn account(&self, of: SecretOf) -> String {
        match of {
            SecretOf::Provider => format!("{}/client-secret", self.0),
            SecretOf::Management => format!("{}/management-client-secret", self.0),
        }
    }
}

impl Default for ProfileName {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProfileName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if is_secret(text) {
            return Err(IS_SECRET.to_owned());
        }
        let right = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if right {
            Ok(Self(text.to_owned()))
        } else {
            Err("use letters, digits, hyphen, underscore and dot, 64 characters at most, for example staging"
                .to_owned())
        }
    }
}

/// Where secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// The operating system's keychain.
    Keychain,
    /// A file beside the settings.
    File,
    /// Nowhere: they are given anew for each run.
    Nothing,
}

impl Store {
    /// The word used on the command line and in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::File => "file",
            Self::Nothing => "none",
        }
    }
}

impl FromStr for Store {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "keychain" => Ok(Self::Keychain),
            "file" => Ok(Self::File),
            "none" => Ok(Self::Nothing),
            other => {
                let meant = crate::text::did_you_mean(other, ["keychain", "file", "none"]);
                Err(format!("it is one of keychain, file, none{meant}"))
            }
        }
    }
}

/// Reads a loopback port.
///
/// # Errors
/// What is wrong, when it is not a number from 1024 to 65535.
pub fn port(text: &str) -> Result<u16, String> {
    match text.trim().parse::<u16>() {
        Ok(port) if port >= 1024 => Ok(port),
        _ => Err(format!("it is a number from 1024 to 65535, for example {DEFAULT_PORT}")),
    }
}

/// Reads a time limit such as `5m` or `90s`, from one second to one hour.
///
/// # Errors
/// What is wrong.
pub fn time_limit(text: &str) -> Result<Duration, String> {
    const SHAPE: &str = "it is a time from 1s to 1h, for example 5m or 90s";
    let limit = humantime::parse_duration(text.trim()).map_err(|_| SHAPE.to_owned())?;
    if (Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&limit) {
        Ok(limit)
    } else {
        Err(SHAPE.to_owned())
    }
}

/// Refuses control characters, which no identifier has and which could rewrite a terminal.
///
/// # Errors
/// The position and the escaped character.
pub fn refuse_control(text: &str) -> Result<(), String> {
    match text.chars().position(unsafe_to_show) {
        Some(at) => Err(format!("it has a control character at position {}; copy it again", at + 1)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_pasted_as_an_address_is_understood() {
        for text in
            ["acme.eu.auth0.com", "https://Acme.eu.auth0.com/", " ACME.EU.AUTH0.COM ", "http://acme.eu.auth0.com"]
        {
            assert_eq!(text.parse::<Domain>().unwrap().as_str(), "acme.eu.auth0.com", "{text}");
        }
    }

    #[test]
    fn a_domain_that_cannot_be_right_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("acme.eu.auth0.com/path", "path"),
            ("https://acme.eu.auth0.com/login?x=1", "path"),
            ("acme.eu.auth0.com:443", "port"),
            ("me@acme.eu.auth0.com", "user part"),
            ("acme", "full host name"),
            ("-acme.auth0.com", "full host name"),
            ("acme..auth0.com", "full host name"),
            ("acme.auth0.com;rm", "character"),
            ("ac me.auth0.com", "space"),
            ("аcme.auth0.com", "character"),
            ("acme\n.auth0.com", "control"),
            ("127.0.0.1", "IP address"),
            ("$(x).auth0.com", "character"),
            ("xn--xn--bcher-kva.example", "no host name"),
            ("acme.0x7f", "no host name"),
        ] {
            let said = text.parse::<Domain>().unwrap_err();
            assert!(said.contains(reason), "{text:?}: {said}");
        }
    }

    #[test]
    fn a_connection_name_follows_auth0s_rule() {
        for right in ["fitbit", "google-health", "a", "A1-b2"] {
            assert!(right.parse::<ConnectionName>().is_ok(), "{right}");
        }
        for wrong in ["", "-a", "a-", "a--b", "a_b", "a b", &"a".repeat(129)] {
            assert!(wrong.parse::<ConnectionName>().is_err(), "{wrong}");
        }
        assert!("con_AbCdEf0123456789".parse::<ConnectionName>().unwrap_err().contains("give its name"));
    }

    #[test]
    fn a_time_limit_is_between_a_second_and_an_hour() {
        assert_eq!(time_limit("5m"), Ok(Duration::from_secs(300)));
        for wrong in ["0s", "2h", "five", "", "-1s"] {
            assert!(time_limit(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_port_below_1024_is_refused() {
        assert_eq!(port("18917"), Ok(18917));
        for wrong in ["0", "80", "65536", "x", ""] {
            assert!(port(wrong).is_err(), "{wrong}");
        }
    }
}
