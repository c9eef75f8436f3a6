//! Owns the question to `/authorize` that needs nobody's consent, and the reading of its answer.
//!
//! Refuses to follow the redirect: its address alone tells which provider would be asked for what.

use url::Url;

use super::management::address;
use crate::diagnosis::Failure;
use crate::http::{Call, Http};
use crate::ids::Domain;
use crate::oauth;
use crate::text::{is_talked_about, plain_text, said};

/// What `/authorize` answered.
#[derive(Debug)]
pub enum Reading {
    /// A redirect to somewhere that is neither the tenant nor the application: the provider.
    Upstream(Upstream),
    /// A redirect back to the application with an error.
    Refused {
        /// RFC 6749 `error`.
        error: String,
        /// Its description, safe to print.
        description: String,
    },
    /// A redirect to the tenant's own login page: the connection was not taken.
    LoginPage,
    /// A page without a redirect.
    Page {
        /// The HTTP status.
        status: u16,
        /// What it is about, in Auth0's own words.
        error: Option<PageError>,
        /// An excerpt of it, safe to print.
        said: String,
    },
}

/// An error that a tenant shows to the person, since it has nowhere to send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageError {
    /// The application does not allow the callback URL.
    CallbackMismatch,
    /// The tenant has no such application.
    UnknownClient,
}

impl PageError {
    /// Reads the words of a page, asked for with this client ID. A page that only talks about such errors has none.
    fn read(text: &str, client_id: &str) -> Option<Self> {
        // Only ASCII letters change, so places in one are places in the other.
        let lower = text.to_ascii_lowercase();
        let after = |words: &str| {
            let ends: Vec<usize> = lower.match_indices(words).map(|(at, _)| at + words.len()).collect();
            ends.into_iter().map(|end| &text[end..])
        };
        let is_this = |rest: &str| {
            rest.split_whitespace().next().is_none_or(|named| named.trim_matches(['.', ',', '"', '\'']) == client_id)
        };
        if after("callback url mismatch").any(|rest| !is_talked_about(rest)) {
            return Some(Self::CallbackMismatch);
        }
        let is_unknown = |rest: &str| rest.strip_prefix(':').map_or(!is_talked_about(rest), is_this);
        after("unknown client").any(is_unknown).then_some(Self::UnknownClient)
    }
}

/// Where the tenant would send a browser.
#[derive(Debug)]
pub struct Upstream {
    /// The whole address.
    pub url: Url,
    /// The address without its query.
    pub endpoint: String,
    /// The decoded query.
    pub query: Vec<(String, String)>,
}

impl Upstream {
    /// The one value of a parameter; none when it is missing or repeated (RFC 6749, 3.1 forbids repeats).
    pub fn param(&self, name: &str) -> Option<&str> {
        let mut values = self.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }
}

/// Asks `/authorize` of a login domain, as an application would, without following anything.
///
/// `redirect_uri` is one of the application's own; left out when none is known, so that the tenant takes the registered one.
///
/// # Errors
/// Network failures, and a service that is out of order or asks for fewer requests.
pub fn ask(
    http: &Http,
    host: &Domain,
    client_id: &str,
    redirect_uri: Option<&str>,
    connection: &str,
) -> Result<Reading, Failure> {
    let proof = oauth::Proof::new();
    let mut url = address(host, "/authorize")?;
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("response_type", "code").append_pair("client_id", client_id);
        if let Some(redirect_uri) = redirect_uri {
            query.append_pair("redirect_uri", redirect_uri);
        }
        query
            .append_pair("scope", "openid profile")
            .append_pair("state", proof.state.expose())
            .append_pair("nonce", proof.nonce.expose())
            .append_pair("code_challenge", proof.challenge())
            .append_pair("code_challenge_method", "S256")
            .append_pair("connection", connection);
    }
    let answer = http.send(&Call::get(url.clone()))?;
    if let Some(trouble) = answer.trouble(host.as_str()) {
        return Err(trouble);
    }
    let status = answer.status;
    let Some(location) = answer.header("location").filter(|_| (300..400).contains(&status)) else {
        let text = plain_text(&answer.text());
        return Ok(Reading::Page { status, error: PageError::read(&text, client_id), said: said(&text) });
    };
    Ok(match read(http, host, &url, location) {
        // Words of a page that never goes back to the application: a tenant with an error page of its own sends them there
        // (auth0.com/docs/customize/login-pages/custom-error-pages).
        Some(Reading::Refused { error, description }) => match PageError::read(&description, client_id) {
            Some(error) => Reading::Page { status, error: Some(error), said: said(&description) },
            None => Reading::Refused { error: said(&error), description: said(&description) },
        },
        Some(reading) => reading,
        None => Reading::Page { status, error: None, said: said(location) },
    })
}

fn read(http: &Http, host: &Domain, asked: &Url, location: &str) -> Option<Reading> {
    let target = http.endpoints().rewrite(asked).join(location).ok()?;
    let query: Vec<(String, String)> = target.query_pairs().into_owned().collect();
    let param = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let mut bare = target.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    // To the application, or to the tenant's own error page, wherever that is: a provider is never sent an `error`.
    if let Some(error) = param("error") {
        let description = param("error_description").unwrap_or_default();
        return Some(Reading::Refused { error, description });
    }
    if http.endpoints().begins_with(bare.as_str(), &host.origin()) {
        let login = ["login", "/u/", "/lo/"].iter().any(|part| bare.path().contains(part));
        return login.then_some(Reading::LoginPage);
    }
    Some(Reading::Upstream(Upstream { url: target, endpoint: bare.to_string(), query }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_page_is_told_from_a_page_about_errors() {
        const ID: &str = "SandboxWeb0000000000000000000000";
        let unknown = format!("Unknown client: {ID}");
        for (text, error) in [
            ("Callback URL mismatch. The provided redirect_uri is not in the list", Some(PageError::CallbackMismatch)),
            ("Oops! Callback URL mismatch", Some(PageError::CallbackMismatch)),
            ("The callback url mismatch detection was updated", None),
            ("What is a callback URL mismatch?", None),
            (unknown.as_str(), Some(PageError::UnknownClient)),
            ("Unknown client", Some(PageError::UnknownClient)),
            ("Incident: Unknown client: foo was seen by some", None),
            ("Unknown client errors are being investigated", None),
            ("The client sent a request with a callback", None),
        ] {
            assert_eq!(PageError::read(text, ID), error, "{text}");
        }
    }
}
