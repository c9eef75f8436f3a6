//! Owns what the environment decides beside the inputs: which variables win, which a browser may inherit, which proxies cannot
//! be one.
//!
//! Refuses to hand a secret to a child under whatever name it stands.

use url::Url;

use super::World;
use crate::ask;
use crate::ask::given::Variables;
use crate::browser::{OpenError, Opened};
use crate::diagnosis::{Code, Failure};
use crate::http;

impl World {
    /// Opens an address in the browser, which inherits no variable with a secret of this run in it.
    ///
    /// # Errors
    /// As the browser says: [`OpenError`].
    pub fn open(&self, url: &Url) -> Result<Opened, OpenError> {
        self.browser.open(url, &self.variables.names_where(|value| self.console.withholds_of(value)))
    }

    /// Names of the variables that are set, and win over what the profile says.
    pub fn variables_that_win(&self) -> Vec<&'static str> {
        ask::FIELDS.iter().filter_map(|field| self.variables.of(field)).map(|(_, name)| name).collect()
    }

    /// Where the name of the profile stands, unless it was given or is the usual one.
    pub fn whence_profile(&self) -> Option<&'static str> {
        let name = self.profile.as_str();
        let by_variable = self.variables.of(&ask::PROFILE).filter(|(value, _)| *value == name);
        let saved = self.settings.borrow().default_profile().ok().flatten();
        let in_settings = saved.filter(|saved| saved.as_str() == name).map(|_| "default_profile in the settings");
        by_variable.map(|(_, variable)| variable).or(in_settings)
    }

    /// Which of these variables are set.
    pub fn set_variables<'n>(&self, names: &[&'n str]) -> Vec<&'n str> {
        names.iter().copied().filter(|name| self.variables.get(name).is_some()).collect()
    }
}

/// A proxy that cannot be one would be passed by in silence, and the connection made directly.
pub(super) fn refuse_wrong_proxies(variables: &Variables) -> Result<(), Failure> {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let Some(value) = variables.get(name) else { continue };
        if !http::is_proxy(value) {
            let message = format!("{name} is not the address of a proxy");
            return Err(Failure::new(Code::InputInvalid, message).with_hint("It looks like http://proxy.example:3128"));
        }
    }
    Ok(())
}
