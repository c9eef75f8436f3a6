//! Owns what the other profiles of the same settings share with this one.

use super::World;
use crate::ids::{ConnectionName, Domain};

impl World {
    /// The other profiles of these settings that lead to the same connection.
    pub fn others_with(&self, domain: Option<&Domain>, connection: &str) -> Vec<String> {
        let settings = self.settings.borrow();
        let uses = |name: &String| {
            let other = name.parse().ok().and_then(|name| settings.profile(&name).ok()?).unwrap_or_default();
            let default = other.provider.map(|provider| provider.default_connection());
            let named = other.connection.as_ref().map(ConnectionName::as_str).or(default);
            other.domain.as_ref() == domain && named == Some(connection)
        };
        settings.profiles().into_iter().filter(|name| name != self.profile.as_str() && uses(name)).collect()
    }
}
