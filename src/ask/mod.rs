//! Owns the inputs: one record per input with its flag, variable and question, so that a dialogue and a script cannot drift.
//!
//! [`given`] finds values without asking, [`prompt`] asks a person.

pub mod given;
pub mod prompt;

use crate::diagnosis::Failure;
use crate::secret::Secret;

/// One input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: &'static str,
    /// Its flag with the value's name.
    pub flag: &'static str,
    /// Its environment variables, the preferred first.
    pub variables: &'static [&'static str],
    /// The question in a dialogue.
    pub question: &'static str,
}

macro_rules! fields {
    ($($ident:ident: $name:literal, $flag:literal, [$($variable:literal),*], $question:literal;)*) => {
        $(#[doc = $name] pub const $ident: Field =
            Field { name: $name, flag: $flag, variables: &[$($variable),*], question: $question };)*
        /// Every input.
        pub const FIELDS: &[Field] = &[$($ident),*];
    };
}

fields! {
    PROFILE: "profile", "--profile NAME", ["FITBIT_CONNECT_PROFILE"], "";
    CONFIG: "settings file", "--config FILE", ["FITBIT_CONNECT_CONFIG"], "";
    PROVIDER: "provider", "--provider fitbit|google-health", ["FITBIT_CONNECT_PROVIDER"], "Which provider do people log in with";
    CLIENT_ID: "client ID", "--client-id ID", ["FITBIT_CONNECT_CLIENT_ID"], "Client ID";
    CLIENT_SECRET: "client secret", "--client-secret-file PATH", ["FITBIT_CONNECT_CLIENT_SECRET"], "Client secret (not shown)";
    CLIENT_JSON: "client JSON", "--client-json PATH", [], "";
    DOMAIN: "tenant domain", "--domain DOMAIN", ["AUTH0_DOMAIN"], "Auth0 tenant domain, for example acme.eu.auth0.com";
    LOGIN_DOMAIN: "login domain", "--login-domain DOMAIN", ["FITBIT_CONNECT_LOGIN_DOMAIN"], "";
    TOKEN: "Management API token", "--token-file PATH", ["AUTH0_API_TOKEN", "AUTH0_ACCESS_TOKEN"], "Management API token (not shown)";
    MANAGEMENT_ID: "Management API client ID", "--management-client-id ID", ["AUTH0_CLIENT_ID"], "Client ID of the Management API client";
    MANAGEMENT_SECRET: "Management API client secret", "--management-client-secret-file PATH", ["AUTH0_CLIENT_SECRET"], "Secret of the Management API client (not shown)";
    CONNECTION: "connection name", "--connection NAME", ["FITBIT_CONNECT_CONNECTION"], "";
    APPS: "applications", "--app NAME_OR_ID or --all-apps", ["FITBIT_CONNECT_APPS"], "Which applications may log people in (space selects, enter confirms)";
    TEST_APP: "test application", "--test-app ID", [], "";
    SCOPES: "scopes", "--scopes A,B", ["FITBIT_CONNECT_SCOPES"], "";
    STORE: "secret store", "--store keychain|file|none", ["FITBIT_CONNECT_STORE"], "";
    PORT: "port", "--port N", ["FITBIT_CONNECT_PORT"], "";
    TIMEOUT: "time limit", "--timeout 5m", ["FITBIT_CONNECT_TIMEOUT"], "";
}

impl Field {
    /// `client ID: --client-id ID or FITBIT_CONNECT_CLIENT_ID`.
    pub fn how_to_give(&self) -> String {
        let mut ways = format!("{}: {}", self.name, self.flag);
        for variable in self.variables {
            ways.push_str(" or ");
            ways.push_str(variable);
        }
        ways
    }
}

/// Asking a person. Every method fails with `cancelled` when the person leaves.
pub trait Ask {
    /// A line of text; asked again until `check` accepts it.
    ///
    /// # Errors
    /// `cancelled`, or a terminal that went away.
    fn text(&self, question: &str, check: &dyn Fn(&str) -> Result<(), String>) -> Result<String, Failure>;
    /// A line that is not shown; asked again until `check` accepts it.
    ///
    /// # Errors
    /// As for `text`.
    fn secret(&self, question: &str, check: &dyn Fn(&str) -> Result<(), String>) -> Result<Secret, Failure>;
    /// One of several.
    ///
    /// # Errors
    /// As for `text`.
    fn choose(&self, question: &str, items: &[String], default: usize) -> Result<usize, Failure>;
    /// Any of several, at least one.
    ///
    /// # Errors
    /// As for `text`.
    fn choose_many(&self, question: &str, items: &[String], selected: &[bool]) -> Result<Vec<usize>, Failure>;
    /// Yes or no.
    ///
    /// # Errors
    /// As for `text`.
    fn confirm(&self, question: &str, default: bool) -> Result<bool, Failure>;
}
