//! Owns the command that goes on where a dialogue was left.
//!
//! Refuses to name a secret, and what the next run finds in the saved profile anyway.

use super::draft::Draft;
use crate::ask::given::{Applications, DEFAULT_TIMEOUT};
use crate::auth0::management::Login;
use crate::ids::{DEFAULT_PORT, Store};
use crate::text::shell_word;

impl Draft<'_> {
    /// The command that goes on from here: every answer that is no secret as its flag.
    pub fn way_on(&self) -> String {
        let (inputs, saved) = (&self.inputs, &self.world.saved);
        let mut command = "fitbit-connect setup".to_owned();
        let mut flag = |name: &str, value: String| {
            command.push_str(&format!(" --{name} {}", shell_word(&value)));
        };
        if let Some(provider) = inputs.provider.filter(|_| inputs.provider != saved.provider) {
            flag("provider", provider.to_string());
        }
        if let Some(domain) = inputs.domain.as_ref().filter(|_| inputs.domain != saved.domain) {
            flag("domain", domain.to_string());
        }
        let is_new = |id: &&String| inputs.client_id != saved.client_id && !self.world.is_refused(id);
        if let Some(id) = inputs.client_id.as_ref().filter(is_new) {
            flag("client-id", id.clone());
        }
        if let Some(name) = inputs.connection.as_ref().filter(|_| inputs.connection != saved.connection) {
            flag("connection", name.to_string());
        }
        if let Some(scopes) = inputs.scopes.as_ref().filter(|scopes| **scopes != saved.scopes) {
            flag("scopes", scopes.join(","));
        }
        if let Applications::Named(names) = &inputs.applications {
            names.iter().for_each(|name| flag("app", name.clone()));
        }
        let known = match &self.login {
            Some(Login::Client { id, .. }) => Some(id),
            _ => inputs.management_id.as_ref(),
        };
        if let Some(id) = known.filter(|id| Some(*id) != saved.management_client_id.as_ref()) {
            flag("management-client-id", id.clone());
        }
        if inputs.timeout != DEFAULT_TIMEOUT {
            flag("timeout", humantime::format_duration(inputs.timeout).to_string().replace(' ', ""));
        }
        if let Some(application) = &inputs.test_app {
            flag("test-app", application.clone());
        }
        if inputs.port != saved.port.unwrap_or(DEFAULT_PORT) {
            flag("port", inputs.port.to_string());
        }
        let store = self.world.store();
        if store != saved.store.unwrap_or(Store::Keychain) && self.world.sandbox.is_none() {
            flag("store", store.as_str().to_owned());
        }
        for (given, name) in [
            (inputs.applications == Applications::All, " --all-apps"),
            (self.manual, " --manual"),
            (self.args.dry_run, " --dry-run"),
            (self.args.inputs.no_browser, " --no-browser"),
            (self.world.sandbox.is_some(), " --sandbox"),
        ] {
            if given {
                command.push_str(name);
            }
        }
        command + &self.args.repeated() + &self.world.again
    }
}
