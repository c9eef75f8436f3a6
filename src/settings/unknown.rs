//! Owns the look at keys that mean nothing: a misspelt one would otherwise be passed over in silence.
//!
//! Refuses to change them: what the person wrote stays.

use toml_edit::{Item, TableLike};

use super::Settings;
use crate::text::nearest;

/// The keys of a profile.
const KEYS: &[&str] = &[
    "provider",
    "domain",
    "login_domains",
    "client_id",
    "connection",
    "applications",
    "callbacks",
    "scopes",
    "port",
    "store",
    "moving_from",
    "moving_clients",
    "management_client_id",
    "endpoints",
];

impl Settings {
    /// Keys that mean nothing here, each with its path and the key that was probably meant. They are kept as they are.
    pub fn unknown_keys(&self) -> Vec<(String, Option<&'static str>)> {
        let mut unknown = Vec::new();
        let mut look = |table: &dyn TableLike, at: &str, known: &'static [&'static str]| {
            let keys = table.iter().map(|(key, _)| key).filter(|key| !known.contains(key));
            unknown.extend(keys.map(|key| (format!("{at}{key}"), nearest(key, known.iter().copied()))));
        };
        look(self.document.as_table(), "", &["default_profile", "profiles"]);
        for (name, profile) in
            self.document.get("profiles").and_then(Item::as_table_like).into_iter().flat_map(|t| t.iter())
        {
            if let Some(profile) = profile.as_table_like() {
                look(profile, &format!("profiles.{name}."), KEYS);
            }
        }
        unknown
    }
}
