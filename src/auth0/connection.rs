//! Owns what a connection has to hold for each provider: the body to create it, the comparison field by field, the merge.
//!
//! Refuses to merge into options that could not be read: a PATCH replaces them whole, and what is not sent is lost
//! (Auth0 Management API, PATCH /api/v2/connections/{id}).

mod parameters;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::refusal::allow;
use super::wire::Connection;
use crate::diagnosis::{Code, Failure};
use crate::ids::masked;
use crate::provider::{self, Provider, scopes};
use crate::secret::Secret;
use crate::text::excerpt;
pub use parameters::AUTH0S_OWN;

/// The scopes for which the built-in strategy `fitbit` has a flag; the nine of the original guide.
const FITBIT_FLAGS: [&str; 9] =
    ["profile", "activity", "heartrate", "location", "nutrition", "settings", "sleep", "social", "weight"];
/// Auth0 allows at most this many scopes in a list; a single text may hold more (OpenAPI, common OAuth2 options).
const LONGEST_SCOPE_LIST: usize = 20;

/// A value of the tenant is shown up to here (characters): longer than the names of all scopes together.
const LONGEST_SHOWN: usize = 1000;

/// What is told of a secret that the tenant does not show.
const HIDDEN: &str = "not shown by the tenant";

/// What the connection has to be.
pub struct Wanted<'a> {
    /// The provider behind it.
    pub provider: Provider,
    /// Its name.
    pub name: &'a str,
    /// The provider's client ID.
    pub client_id: &'a str,
    /// The provider's client secret; `None` when it is not known and so not compared.
    pub secret: Option<&'a Secret>,
    /// Scopes, in short names.
    pub scopes: &'a [String],
    /// Whether somebody chose them. The default is the least; a connection that asks for more keeps asking.
    pub scopes_chosen: bool,
}

/// One field that is not as wanted. Secret values never appear in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, as in the Management API.
    pub field: &'static str,
    /// What is there.
    pub now: String,
    /// What has to be there.
    pub wanted: String,
    /// The diagnosis.
    pub code: Code,
}

impl Difference {
    /// Whether it is none that was seen: the tenant does not show its secret, so that it is written to be sure.
    pub fn is_hidden(&self) -> bool {
        self.now == HIDDEN
    }
}

/// Whether the tenant keeps the client secret to itself: of a connection that has a client ID, nothing or a mask is shown.
pub fn hides_secret(connection: &Connection) -> bool {
    let option = |name: &str| connection.options.as_ref().and_then(|options| options.get(name)).and_then(Value::as_str);
    option("client_id").is_some_and(|id| !id.is_empty())
        && option("client_secret").is_none_or(|text| masked(text).is_some())
}

/// Whether a connection with a client ID shows no secret at all, not even in another's place: a write that left it out wipes it.
pub fn shows_none(connection: &Connection) -> bool {
    let options = connection.options.as_ref();
    hides_secret(connection)
        && options.is_some_and(|options| !options.get("client_secret").is_some_and(Value::is_string))
}

/// Whether a connection holds this client secret; none when its options could not be read, or do not show it.
pub fn holds_secret(connection: &Connection, secret: &Secret) -> Option<bool> {
    if hides_secret(connection) {
        return None;
    }
    let held = connection.options.as_ref()?.get("client_secret").and_then(Value::as_str).unwrap_or_default();
    Some(secret.same_as(&Secret::new(held.to_owned())))
}

impl Wanted<'_> {
    /// The body that creates the connection.
    pub fn create_body(&self) -> Value {
        json!({
            "name": self.name,
            "strategy": self.provider.strategy(),
            "display_name": self.provider.display_name(),
            "options": self.merged(Map::new()),
        })
    }

    /// The body that changes an existing connection: everything foreign in `options` kept, `display_name` sent back.
    ///
    /// # Errors
    /// `connection_options_hidden` when the options could not be read.
    pub fn update_body(&self, now: &Connection) -> Result<Value, Failure> {
        let options = now.options.clone().ok_or_else(|| options_hidden(&now.name))?;
        let mut body = json!({
            "display_name": now.display_name.as_deref().unwrap_or(&now.name),
            "options": self.merged(options),
        });
        if !now.is_active() {
            body["authentication"] = json!({ "active": true });
        }
        Ok(body)
    }

    /// What is not as wanted, most telling first; empty when all is right.
    ///
    /// # Errors
    /// `connection_options_hidden` when the options could not be read.
    pub fn differences(&self, now: &Connection) -> Result<Vec<Difference>, Failure> {
        let is_hidden = hides_secret(now);
        let options = now.options.as_ref().ok_or_else(|| options_hidden(&now.name))?;
        let mut found = Vec::new();
        // Foreign text: ID and secret may have been swapped in the dashboard.
        let mut differ = |field, code, now: String, wanted: String| {
            // What is joined on the screen is not the same for a service.
            let odd = if now != wanted && now.split_whitespace().eq(wanted.split_whitespace()) {
                " (with white space)"
            } else {
                ""
            };
            found.push(Difference { field, now: excerpt(&now, LONGEST_SHOWN) + odd, wanted, code });
        };
        let text = |key: &str| options.get(key).and_then(Value::as_str).unwrap_or_default();

        if !now.is_active() {
            differ("authentication.active", Code::ConnectionInactive, "false".to_owned(), "true".to_owned());
        }
        let leads_to = |key: &str| parameters::without_query(text(key));
        // Nobody gets to the provider there, whatever client ID and scopes the connection holds.
        let (authorize, token) = (self.provider.authorize_url(), self.provider.token_url());
        if self.provider == Provider::GoogleHealth && leads_to("authorizationURL") != authorize {
            let now = or_empty(text("authorizationURL"));
            differ("options.authorizationURL", Code::ConnectionSettingsDiffer, now, authorize.to_owned());
        }
        let client_id = text("client_id");
        if client_id.is_empty() {
            let keys = "empty (Auth0's developer keys)".to_owned();
            differ("options.client_id", Code::ConnectionUsesDeveloperKeys, keys, self.client_id.to_owned());
        } else if client_id != self.client_id {
            differ(
                "options.client_id",
                Code::ConnectionClientIdDiffers,
                client_id.to_owned(),
                self.client_id.to_owned(),
            );
        }
        if let Some(secret) = self.secret
            && !secret.same_as(&Secret::new(text("client_secret").to_owned()))
        {
            let state = match text("client_secret") {
                _ if is_hidden => HIDDEN,
                "" => "empty",
                _ => "another one",
            };
            differ(
                "options.client_secret",
                Code::ConnectionSecretDiffers,
                state.to_owned(),
                "the given one".to_owned(),
            );
        }
        let has = self.stored_scopes(options);
        let wants = scopes::normalised(self.provider, self.scopes.iter().map(String::as_str));
        let stored = self.stored_names(options);
        if has != wants && (self.scopes_chosen || !has.is_superset(&wants)) {
            differ("options.scope", Code::ConnectionScopesDiffer, join(&has), join(&wants));
        } else if is_joined(self.provider, options)
            || stored.iter().any(|name| !scopes::is_on_the_wire(self.provider, name))
        {
            // The short names are this program's; the provider takes them for scopes that it does not have.
            let now = if is_joined(self.provider, options) { options["scope"].to_string() } else { join(&stored) };
            let wanted = scopes::to_wire(self.provider, &has.iter().collect::<Vec<_>>()).join(" ");
            differ("options.scope", Code::ConnectionScopesDiffer, now, wanted);
        }
        if self.provider == Provider::GoogleHealth {
            if leads_to("tokenURL") != token {
                let now = or_empty(text("tokenURL"));
                differ("options.tokenURL", Code::ConnectionSettingsDiffer, now, token.to_owned());
            }
            if options.get("pkce_enabled").and_then(Value::as_bool) != Some(true) {
                differ("options.pkce_enabled", Code::ConnectionSettingsDiffer, "false".to_owned(), "true".to_owned());
            }
            let script = options.get("scripts").and_then(|s| s.get("fetchUserProfile")).and_then(Value::as_str);
            if script.map(str::trim) != Some(provider::FETCH_USER_PROFILE.trim()) {
                let now =
                    script.map_or_else(|| "empty".to_owned(), |s| format!("another script ({} characters)", s.len()));
                let wanted =
                    format!("this version's script ({} characters)", provider::FETCH_USER_PROFILE.trim().len());
                differ("options.scripts.fetchUserProfile", Code::ConnectionSettingsDiffer, now, wanted);
            }
        }
        for (now, wanted) in parameters::wrong(self.provider, options) {
            differ("options.authParams", Code::ConnectionSettingsDiffer, now, wanted);
        }
        Ok(found)
    }

    /// The scopes that the connection will ask for, in short names: the given ones, and what is there when nobody chose.
    pub fn resulting_scopes(&self, now: Option<&Connection>) -> Vec<String> {
        let mut all = self.scopes.to_vec();
        if let (false, Some(options)) = (self.scopes_chosen, now.and_then(|now| now.options.as_ref())) {
            all.extend(self.stored_scopes(options).into_iter().filter(|scope| !self.scopes.contains(scope)));
        }
        all
    }

    /// The stored scopes in short names: a list, a text, or for `fitbit` the flags when there is neither.
    fn stored_scopes(&self, options: &Map<String, Value>) -> BTreeSet<String> {
        scopes::normalised(self.provider, self.stored_names(options).iter().map(String::as_str))
    }

    /// The same as they stand there.
    fn stored_names(&self, options: &Map<String, Value>) -> BTreeSet<String> {
        match options.get("scope") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).flat_map(names).collect(),
            Some(Value::String(text)) => names(text).collect(),
            _ if self.provider == Provider::Fitbit => FITBIT_FLAGS
                .iter()
                .filter(|flag| options.get(**flag).and_then(Value::as_bool) == Some(true))
                .map(|flag| (*flag).to_owned())
                .collect(),
            _ => BTreeSet::new(),
        }
    }

    fn merged(&self, mut options: Map<String, Value>) -> Map<String, Value> {
        options.insert("client_id".into(), json!(self.client_id));
        if let Some(secret) = self.secret {
            options.insert("client_secret".into(), json!(secret.expose()));
        }
        let mut names = self.scopes.to_vec();
        if !self.scopes_chosen {
            names.extend(self.stored_scopes(&options).into_iter().filter(|scope| !self.scopes.contains(scope)));
        }
        let scopes = scopes::to_wire(self.provider, &names);
        let scope = if scopes.len() > LONGEST_SCOPE_LIST { json!(scopes.join(" ")) } else { json!(scopes) };
        options.insert("scope".into(), scope);
        if self.provider == Provider::GoogleHealth
            && parameters::without_query(parameters::address(&options).0) != self.provider.authorize_url()
        {
            options.insert("authorizationURL".into(), json!(self.provider.authorize_url()));
        }
        // What says the same in another way stays as somebody wrote it.
        if !parameters::wrong(self.provider, &options).is_empty() {
            parameters::put(self.provider, &mut options);
        }
        match self.provider {
            Provider::Fitbit => {
                for flag in FITBIT_FLAGS {
                    if scopes.iter().any(|scope| scope == flag) {
                        options.insert(flag.into(), json!(true));
                    } else if options.contains_key(flag) {
                        options.insert(flag.into(), json!(false));
                    }
                }
            }
            Provider::GoogleHealth => {
                options.insert("tokenURL".into(), json!(self.provider.token_url()));
                options.insert("pkce_enabled".into(), json!(true));
                let script = json!(provider::FETCH_USER_PROFILE.trim());
                put_in(&mut options, "scripts", "fetchUserProfile", script);
            }
        }
        options
    }
}

/// The failure for options that the token may not see.
pub fn options_hidden(name: &str) -> Failure {
    Failure::new(
        Code::ConnectionOptionsHidden,
        format!("the settings of the connection {name} cannot be read, so they cannot be compared or merged"),
    )
    .with_hint(allow("read:connections_options update:connections_options"))
}

/// The names in a text of scopes, those too that were copied out of an address, where a space is `+` or `%20`.
fn names(text: &str) -> impl Iterator<Item = String> {
    let text = text.replace("%20", " ").replace('+', " ");
    let split = text.split(|c: char| c.is_whitespace() || c == ',').map(str::to_owned);
    split.filter(|name| !name.is_empty()).collect::<Vec<_>>().into_iter()
}

/// Whether the scopes stand there as in an address, or with commas between them, which are one name at Google (RFC 6749, 3.3).
fn is_joined(provider: Provider, options: &Map<String, Value>) -> bool {
    let is = |text: &str| {
        text.contains('+') || text.contains("%20") || text.contains(',') && provider == Provider::GoogleHealth
    };
    match options.get("scope") {
        Some(Value::String(text)) => is(text),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(is),
        _ => false,
    }
}

/// Puts a value into the object under a key, which is made when it is missing or no object.
fn put_in(options: &mut Map<String, Value>, key: &str, name: &str, value: Value) {
    let mut object = match options.remove(key) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    object.insert(name.to_owned(), value);
    options.insert(key.to_owned(), Value::Object(object));
}

fn join(scopes: &BTreeSet<String>) -> String {
    or_empty(&scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" "))
}

fn or_empty(text: &str) -> String {
    if text.is_empty() { "empty".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests;
