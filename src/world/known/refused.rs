//! Owns what of the inputs is known to be wrong, so that no command repeats it: a cure for one thing must not end at another that
//! was named already.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::World;
use crate::ask::given::Applications;

/// What others said of the inputs.
#[derive(Default)]
pub(in crate::world) struct Refused {
    /// The client ID that the provider does not have.
    client_id: RefCell<Option<String>>,
    /// Whether the provider refuses the client secret at hand.
    secret: Cell<bool>,
    /// The client IDs of the applications that were named; without one what the tenant does not have.
    applications: RefCell<BTreeMap<String, Option<String>>>,
}

impl Refused {
    /// Whether the client ID or the secret is refused.
    pub(super) fn is_client(&self) -> bool {
        self.client_id.borrow().is_some() || self.secret.get()
    }

    /// Whether the tenant lacks one of the applications that were named.
    pub(super) fn is_missing_any(&self) -> bool {
        self.applications.borrow().values().any(Option::is_none)
    }

    /// The choice without what the tenant does not have, by client IDs where they are known.
    pub(super) fn without_missing(&self, choice: &Applications) -> Applications {
        let known = self.applications.borrow();
        let id = |name: &String| known.get(name).cloned().unwrap_or_else(|| Some(name.clone()));
        match choice {
            Applications::Named(names) => Applications::Named(names.iter().filter_map(id).collect()),
            other => other.clone(),
        }
    }
}

impl World {
    /// The provider does not have this client ID: no command is to repeat it.
    pub fn client_id_is_refused(&self, client_id: &str) {
        *self.refused.client_id.borrow_mut() = Some(client_id.to_owned());
    }

    /// The provider refuses the client secret at hand: no command is to repeat the file that it is in, which would win over the next.
    pub fn client_secret_is_refused(&self) {
        self.refused.secret.set(true);
    }

    /// What the tenant has under the names of applications: no command is to repeat one that it does not have.
    pub fn applications_are(&self, client_ids: BTreeMap<String, Option<String>>) {
        self.refused.applications.replace(client_ids);
    }

    /// Whether the provider is known not to have this client ID.
    pub fn is_refused(&self, client_id: &str) -> bool {
        self.refused.client_id.borrow().as_deref() == Some(client_id)
    }
}
