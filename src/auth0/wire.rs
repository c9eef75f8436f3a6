//! Owns the shapes of the Management API's answers (Auth0's OpenAPI description, August 2026), read leniently: unknown members
//! are ignored, both paging shapes are understood.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::refusal::shape;
use crate::diagnosis::Failure;
use crate::oauth::can_be_sent;

/// A connection as Auth0 answers it. Its options hold the client secret, so it is not printable.
#[derive(Clone, Deserialize)]
pub struct Connection {
    /// `con_...`
    #[serde(deserialize_with = "identifier")]
    pub id: String,
    /// Its name, unique in the tenant.
    pub name: String,
    /// `fitbit`, `oauth2`, ...
    pub strategy: String,
    /// The name people see on the login page.
    pub display_name: Option<String>,
    /// Missing when the token lacks `read:connections_options`.
    pub options: Option<Map<String, Value>>,
    /// Whether it may log people in.
    pub authentication: Option<Purpose>,
    /// Whether the provider's tokens go to Token Vault.
    pub connected_accounts: Option<Purpose>,
}

/// A purpose of a connection.
#[derive(Clone, Deserialize)]
pub struct Purpose {
    /// Switched on; none when the tenant does not say.
    pub active: Option<bool>,
}

impl Connection {
    /// Whether it may log people in; Auth0's default is yes.
    pub fn is_active(&self) -> bool {
        self.authentication.as_ref().is_none_or(|purpose| purpose.active != Some(false))
    }

    /// Whether the provider's tokens go to Token Vault instead of the user's identity; Auth0's default is no.
    pub fn is_in_token_vault(&self) -> bool {
        self.connected_accounts.as_ref().is_some_and(|purpose| purpose.active == Some(true))
    }
}

/// An application (Auth0 calls it a client).
#[derive(Debug, Clone, Deserialize)]
pub struct Application {
    /// 32 letters and digits, as a rule.
    #[serde(deserialize_with = "identifier")]
    pub client_id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What somebody wrote about it.
    pub description: Option<String>,
    /// `native`, `spa`, `regular_web`, `non_interactive`, ...
    pub app_type: Option<String>,
    /// The allowed callback URLs; missing when the token may not read them.
    pub callbacks: Option<Vec<String>>,
    /// How it proves itself at the token endpoint: `none` for a public client; missing likewise.
    pub token_endpoint_auth_method: Option<String>,
    /// The tenant's "All Applications".
    #[serde(default)]
    pub global: bool,
}

impl Application {
    /// Whether it is known to need none.
    pub fn is_public(&self) -> bool {
        self.token_endpoint_auth_method.as_deref() == Some("none")
    }

    /// Whether it is known to need a secret, or a key, at the token endpoint.
    pub fn is_confidential(&self) -> bool {
        self.token_endpoint_auth_method.as_deref().is_some_and(|method| method != "none")
    }

    /// Whether people log in with it: not the global one, not machine to machine.
    pub fn logs_people_in(&self) -> bool {
        !self.global && !matches!(self.app_type.as_deref(), Some("non_interactive" | "resource_server"))
    }
}

/// A custom domain.
#[derive(Debug, Deserialize)]
pub struct CustomDomain {
    /// Its host name.
    pub domain: String,
    /// `pending_verification`, `ready`, `failed`.
    pub status: String,
}

/// One entry of a connection's enabled clients.
#[derive(Debug, Deserialize)]
pub struct EnabledClient {
    /// The application.
    pub client_id: String,
    /// Some tenants list disabled ones with `false`; they count as absent.
    pub status: Option<bool>,
}

/// Whether a text can be the client ID of an application: Auth0's have 32 letters and digits.
pub fn is_client_id(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The answer of the token endpoint to client credentials.
#[derive(Deserialize)]
pub struct TokenAnswer {
    /// The token.
    #[serde(deserialize_with = "token")]
    pub access_token: String,
    /// Granted scopes, space separated.
    pub scope: Option<String>,
}

/// The longest identifier that is one (bytes); Auth0's have at most 32, and one that is an address is longer.
const LONGEST_ID: usize = 1024;

/// What can stand in an address and in a command: without one, a path would name all things of its kind.
fn identifier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    // Dots alone are no name in a path, however they are written.
    let is_dots = id.bytes().all(|byte| byte == b'.');
    let is_one = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) && !is_dots;
    if is_one { Ok(id) } else { Err(D::Error::custom("no identifier")) }
}

/// What can stand in a header (RFC 6750, 2.1).
fn token<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let token = String::deserialize(deserializer)?;
    if can_be_sent(&token) { Ok(token) } else { Err(D::Error::custom("no token")) }
}

/// A list that comes as a bare array or in an object with `next` (checkpoint paging).
#[derive(Debug)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Value>,
    /// Where the next page starts.
    pub next: Option<String>,
    /// How many there are in all, where that is told (paging by number).
    pub total: Option<u64>,
}

impl Page {
    /// Reads either shape; `member` is the object's name for the list.
    pub fn read(value: Value, member: &str) -> Option<Self> {
        match value {
            Value::Array(entries) => Some(Self { entries, next: None, total: None }),
            Value::Object(mut object) => {
                let next = object.get("next").and_then(Value::as_str).filter(|n| !n.is_empty()).map(str::to_owned);
                let total = object.get("total").and_then(Value::as_u64);
                match object.remove(member)? {
                    Value::Array(entries) => Some(Self { entries, next, total }),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// The list in an answer.
pub(super) fn page(answer: &Value, member: &str) -> Result<Page, Failure> {
    Page::read(answer.clone(), member).ok_or_else(|| shape(member))
}

/// One thing in an answer.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|_| shape("one object"))
}

/// All things of a list.
pub(super) fn read_all<T: DeserializeOwned>(values: Vec<Value>) -> Result<Vec<T>, Failure> {
    values.into_iter().map(read).collect()
}
