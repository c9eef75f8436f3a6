//! Owns what of the inputs is known to be wrong, so that no command repeats it: a cure for one thing must not end at another that
//! was named already.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::World;

/// What others said of the inputs.
#[derive(Default)]
pub(in crate::world) struct Refused {
    /// The client ID that the provider does not have.
    client_id: RefCell<Option<String>>,
    /// Whether the provider refuses the client secret at hand.
    secret: Cell<bool>,
    /// The client IDs of the applications that are named or saved; without one what the tenant does not have.
    applications: RefCell<BTreeMap<String, Option<String>>>,
}

impl Refused {
    /// Whether the client ID or the secret is refused.
    pub(super) fn is_client(&self) -> bool {
        self.client_id.borrow().is_some() || self.secret.get()
    }

    /// Those of the applications that the tenant has, as far as that is known, by their client IDs.
    pub(super) fn there(&self, names: &[String]) -> Vec<String> {
        let known = self.applications.borrow();
        let id = |name: &String| known.get(name).cloned().unwrap_or_else(|| Some(name.clone()));
        let mut there: Vec<String> = Vec::new();
        names.iter().filter_map(id).for_each(|id| {
            if !there.contains(&id) {
                there.push(id)
            }
        });
        there
    }

    /// Whether the tenant is known to lack one of them.
    pub(super) fn lacks(&self, names: &[String]) -> bool {
        let known = self.applications.borrow();
        names.iter().any(|name| known.get(name) == Some(&None))
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

    /// What the tenant has of the applications that are named or saved: no command is to repeat one that it does not have.
    pub fn applications_are(&self, client_ids: BTreeMap<String, Option<String>>) {
        self.refused.applications.replace(client_ids);
    }

    /// Whether the provider is known not to have this client ID.
    pub fn is_refused(&self, client_id: &str) -> bool {
        self.refused.client_id.borrow().as_deref() == Some(client_id)
    }
}
