//! Owns the parameters of the provider's authorize page that a connection fixes, in its Authorization URL, in `authParams` and in
//! `upstream_params`: those that Google has to get, and those that are Auth0's to send.

use serde_json::{Map, Value, json};

use super::put_in;
use crate::provider::{GOOGLE_AUTH_PARAMS, Provider, is_auth_param};

/// Typed into the dashboard, the parameters stand in the address itself.
pub(super) fn without_query(address: &str) -> &str {
    address.split('?').next().unwrap_or_default()
}

/// The authorization URL of options, and what its query has.
pub(super) fn address(options: &Map<String, Value>) -> (&str, Vec<(String, String)>) {
    let address = options.get("authorizationURL").and_then(Value::as_str).unwrap_or_default();
    let query = address.split_once('?').map_or("", |(_, query)| query);
    (address, url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

/// The parameters that Google's authorize page has to get and does not, or not so, and those of Auth0's own: what is there, and what
/// has to be. They come from three places, which a request holds one after the other.
pub(super) fn wrong(provider: Provider, options: &Map<String, Value>) -> Vec<(String, String)> {
    let (_, query) = address(options);
    let places = |name: &str| -> Vec<(&str, &str)> {
        let typed = query.iter().filter(|(key, _)| key == name).map(|(_, value)| ("the address", value.as_str()));
        let apart = options.get("authParams").and_then(|all| all.get(name)).and_then(Value::as_str);
        let upstream =
            options.get("upstream_params").and_then(|all| all.get(name)?.get("value")).and_then(Value::as_str);
        let further = [("authParams", apart), ("upstream_params", upstream)];
        typed.chain(further.into_iter().filter_map(|(place, value)| Some((place, value?)))).collect()
    };
    let named = |at: &[(&str, &str)]| at.iter().map(|(place, _)| *place).collect::<Vec<_>>().join(" and ");
    let fixed = |name: &str| {
        let at = places(name);
        let wanted = format!("without {name}, which Auth0 sends itself");
        (!at.is_empty()).then(|| (format!("with {name} in {}", named(&at)), wanted))
    };
    let other = |(name, wanted): (&str, &str)| {
        let now = match places(name).as_slice() {
            [] => format!("without {name}"),
            [(_, value)] if is_auth_param(value, wanted) => return None,
            [(_, value)] => format!("{name}={value}"),
            // No parameter may come twice (RFC 6749, 3.1).
            several => format!("{name} {} times, in {}", several.len(), named(several)),
        };
        Some((now, format!("{name}={wanted}")))
    };
    let of_auth0 = AUTH0S_OWN.into_iter().filter_map(fixed);
    match provider {
        Provider::GoogleHealth => of_auth0.chain(GOOGLE_AUTH_PARAMS.into_iter().filter_map(other)).collect(),
        Provider::Fitbit => of_auth0.chain(silent(&places("prompt"))).collect(),
    }
}

/// A `prompt` with which nobody can log in who is not logged in already (OpenID Connect Core 1.0, 3.1.2.1).
fn silent(prompts: &[(&str, &str)]) -> Option<(String, String)> {
    let (place, _) = prompts.iter().find(|(_, value)| value.split(' ').any(|word| word == "none"))?;
    Some((format!("with prompt=none in {place}"), "without prompt=none".to_owned()))
}

/// The parameters of OAuth that Auth0 sends itself (RFC 6749, 4.1.1; RFC 7636, 4.3): fixed in the connection, they stand beside or
/// in place of its own, whatever its other fields hold.
pub const AUTH0S_OWN: [&str; 7] =
    ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"];

/// Puts the parameters where this program keeps them, and takes them out of the two other places.
pub(super) fn put(provider: Provider, options: &mut Map<String, Value>) {
    let is_ours = |name: &str| AUTH0S_OWN.contains(&name) || GOOGLE_AUTH_PARAMS.iter().any(|(ours, _)| *ours == name);
    if provider == Provider::GoogleHealth {
        let (now, query) = address(options);
        let foreign: Vec<&(String, String)> = query.iter().filter(|(name, _)| !is_ours(name)).collect();
        let mut typed = without_query(now).to_owned();
        if !foreign.is_empty() {
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(foreign).finish();
            typed = format!("{typed}?{query}");
        }
        options.insert("authorizationURL".into(), json!(typed));
    }
    for apart in ["authParams", "upstream_params"] {
        if let Some(Value::Object(parameters)) = options.get_mut(apart) {
            // What an application passes on itself (an alias) is no value of the connection's.
            parameters.retain(|name, source| !is_ours(name) || source.get("alias").is_some());
        }
    }
    for (name, value) in GOOGLE_AUTH_PARAMS.into_iter().filter(|_| provider == Provider::GoogleHealth) {
        put_in(options, "authParams", name, json!(value));
    }
}
