//! Owns what is known about the two providers, as data: addresses, scopes, console pages, formats of credentials, and
//! how their answers read. Refuses to send anything, to print and to ask.

pub mod authorize_page;
mod fitbit;
mod google_health;
mod pages;
pub mod scopes;
pub mod token_answer;

use std::fmt;
use std::str::FromStr;

use crate::ids::wrapping;

pub use google_health::{FETCH_USER_PROFILE, GOOGLE_AUTH_PARAMS, is_auth_param};
pub use pages::{ConsolePage, FieldValue, FormField, FormValues};

/// Who holds the data: the Fitbit Web API, or the Google Health API that replaced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// The Fitbit Web API, shut down on 2 Nov 2026.
    Fitbit,
    /// The Google Health API.
    GoogleHealth,
}

/// How a client shows its secret at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `Authorization: Basic`.
    Basic,
    /// `client_id` and `client_secret` in the form body.
    Body,
}

/// The constants of one provider.
struct Facts {
    name: &'static str,
    title: &'static str,
    state_today: &'static str,
    alive: &'static str,
    registrar: &'static str,
    apps_url: &'static str,
    client_id_example: &'static str,
    strategy: &'static str,
    default_connection: &'static str,
    display_name: &'static str,
    authorize_url: &'static str,
    former_authorize_url: Option<&'static str>,
    token_url: &'static str,
    revoke_url: &'static str,
    identity_url: &'static str,
    userinfo_url: Option<&'static str>,
    origins: &'static [&'static str],
    default_scopes: &'static [&'static str],
    identity_scopes: &'static [&'static str],
    client_auth: ClientAuth,
}

impl Provider {
    /// Both, the living one first.
    pub const ALL: [Provider; 2] = [Provider::GoogleHealth, Provider::Fitbit];

    fn facts(self) -> &'static Facts {
        match self {
            Self::Fitbit => &fitbit::FACTS,
            Self::GoogleHealth => &google_health::FACTS,
        }
    }

    /// The name on the command line and in files.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The name in headings.
    pub fn title(self) -> &'static str {
        self.facts().title
    }

    /// What is known about it today, on one line, with the date.
    pub fn state_today(self) -> &'static str {
        self.facts().state_today
    }

    /// The same in a few words, for a list to choose from.
    pub fn alive(self) -> &'static str {
        self.facts().alive
    }

    /// Whose console an app is registered in.
    pub fn registrar(self) -> &'static str {
        self.facts().registrar
    }

    /// Where the apps are that were registered.
    pub fn apps_url(self) -> &'static str {
        self.facts().apps_url
    }

    /// What a client ID looks like.
    pub fn client_id_example(self) -> &'static str {
        self.facts().client_id_example
    }

    /// The strategy of the Auth0 connection.
    pub fn strategy(self) -> &'static str {
        self.facts().strategy
    }

    /// The name of the Auth0 connection unless another is given.
    pub fn default_connection(self) -> &'static str {
        self.facts().default_connection
    }

    /// The connection's `display_name`, as on the login button.
    pub fn display_name(self) -> &'static str {
        self.facts().display_name
    }

    /// The authorization endpoint.
    pub fn authorize_url(self) -> &'static str {
        self.facts().authorize_url
    }

    /// Every address of the authorization endpoint that still leads there, today's first.
    pub fn authorize_urls(self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.facts().authorize_url).chain(self.facts().former_authorize_url)
    }

    /// The token endpoint.
    pub fn token_url(self) -> &'static str {
        self.facts().token_url
    }

    /// The revocation endpoint.
    pub fn revoke_url(self) -> &'static str {
        self.facts().revoke_url
    }

    /// Where a token holder's own identity is read: the Health identity, or Fitbit's profile.
    pub fn identity_url(self) -> &'static str {
        self.facts().identity_url
    }

    /// The OpenID userinfo endpoint, where there is one.
    pub fn userinfo_url(self) -> Option<&'static str> {
        self.facts().userinfo_url
    }

    /// Every origin (scheme, host) of this provider that the tool may send to or open.
    pub fn origins(self) -> &'static [&'static str] {
        self.facts().origins
    }

    /// Short names of the least that lets a person log in.
    pub fn default_scopes(self) -> &'static [&'static str] {
        self.facts().default_scopes
    }

    /// Short names of the scopes any one of which lets the identity be read.
    pub fn identity_scopes(self) -> &'static [&'static str] {
        self.facts().identity_scopes
    }

    /// How the client authenticates at the token endpoint.
    pub fn client_auth(self) -> ClientAuth {
        self.facts().client_auth
    }

    /// The provider whose client IDs have this form, if it tells.
    pub fn of_client_id(client_id: &str) -> Option<Provider> {
        if google_health::is_client_id(client_id) {
            Some(Self::GoogleHealth)
        } else if fitbit::is_client_id(client_id) {
            Some(Self::Fitbit)
        } else {
            None
        }
    }

    /// Refuses a client ID that cannot be right, with the reason; a form that is merely unknown passes.
    pub fn check_client_id(self, client_id: &str) -> Result<(), String> {
        one_word("client ID", client_id)?;
        if looks_masked(client_id) {
            return Err("the client ID is masked or abbreviated; copy it in full from the provider's page".to_owned());
        }
        if looks_like_address(client_id) {
            return Err("this is an address, not a client ID".to_owned());
        }
        if google_health::is_secret(client_id) || fitbit::is_secret(client_id) {
            return Err("this looks like a client secret, not a client ID; the two may be swapped".to_owned());
        }
        match (self, Self::of_client_id(client_id)) {
            (wanted, Some(other)) if wanted != other => {
                Err(format!("this is a client ID of {}, but the provider is {}", other.title(), wanted.name()))
            }
            (_, Some(_)) => Ok(()),
            (Self::Fitbit, None) => fitbit::check_client_id(client_id),
            (Self::GoogleHealth, None) => google_health::check_client_id(client_id),
        }
    }

    /// Refuses a client secret that cannot be right, with the reason and never with the value.
    pub fn check_secret(self, secret: &str) -> Result<(), String> {
        if let Some(why) = wrapping(secret) {
            return Err(why.to_owned());
        }
        one_word("client secret", secret)?;
        if looks_masked(secret) {
            return Err("it is masked: this is not the secret but what the page shows in its place; \
                        copy it when it is made, or add a new one"
                .to_owned());
        }
        if looks_like_address(secret) {
            return Err("this is an address, not a client secret".to_owned());
        }
        if Self::of_client_id(secret).is_some() {
            return Err("this is a client ID, not a client secret; the two may be swapped".to_owned());
        }
        if ["ya29.", "1//", "4/0", "eyJ"].iter().any(|start| secret.starts_with(start)) {
            return Err("this is a token or a code, not a client secret".to_owned());
        }
        let (ours, theirs) = match self {
            Self::Fitbit => (fitbit::is_secret(secret), google_health::is_secret(secret)),
            Self::GoogleHealth => (google_health::is_secret(secret), fitbit::is_secret(secret)),
        };
        if theirs && !ours {
            // What Fitbit's look like is not Fitbit's alone.
            let whose = if self == Self::Fitbit { "Google's" } else { "another provider" };
            return Err(format!("this is a client secret of {whose}; the provider is {}", self.name()));
        }
        if secret.len() > LONGEST_SECRET {
            return Err(format!("the client secret is longer than the {LONGEST_SECRET} characters that Auth0 takes"));
        }
        if secret.len() < SHORTEST_SECRET {
            return Err("the client secret is too short to be whole; copy it again in full".to_owned());
        }
        Ok(())
    }
}

/// Auth0's limit for a connection's `client_secret` (OpenAPI description of the Management API).
const LONGEST_SECRET: usize = 1024;

/// Every form of secret known has at least 24 characters; what is far shorter was cut.
const SHORTEST_SECRET: usize = 16;

/// Refuses what is not one printable ASCII word.
fn one_word(what: &str, value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err(format!("the {what} is empty"));
    }
    if value.chars().any(char::is_control) {
        return Err(format!("the {what} holds a line break or another control character"));
    }
    if value.chars().any(char::is_whitespace) {
        return Err(format!("the {what} holds a space; copy it again without anything around it"));
    }
    if !looks_masked(value) && !value.is_ascii() {
        return Err(format!("the {what} holds a character that such values never have; copy it again"));
    }
    Ok(())
}

fn looks_masked(value: &str) -> bool {
    value.starts_with("..") || value.ends_with("...") || value.contains(['*', '•', '●', '…', '·'])
}

fn looks_like_address(value: &str) -> bool {
    value.contains("://")
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Provider {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|provider| provider.name() == name).ok_or_else(|| {
            let meant = crate::text::did_you_mean(name, Self::ALL.map(Self::name));
            format!("there is no provider {}{meant}; it is fitbit or google-health", crate::text::excerpt(name, 40))
        })
    }
}

#[cfg(test)]
mod tests;
