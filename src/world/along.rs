//! Owns what goes along when secrets are kept somewhere else from now on: it is read in the place that is left.
//!
//! Refuses what is another client's there.

use super::World;
use crate::ask;
use crate::diagnosis::Failure;
use crate::ids::{SecretOf, Store};
use crate::secret::Secret;
use crate::vault::{self, Vault, VaultError};
use crate::world::store_failure;

impl World {
    /// A secret that is kept where this profile kept them so far, when they are to be kept elsewhere from now on. That it cannot be
    /// read there is said, and may be why it goes elsewhere.
    pub fn kept_so_far(&self, of: SecretOf) -> Option<Secret> {
        self.taken_along(of).unwrap_or_else(|failure| {
            self.console.warn(&failure.message);
            None
        })
    }

    /// The same, or why it cannot be read there. What a change that was broken off left behind counts where the place in use has
    /// none.
    ///
    /// # Errors
    /// `secret_store_*`.
    pub fn taken_along(&self, of: SecretOf) -> Result<Option<Secret>, Failure> {
        let lacks = || self.profile_exists && !self.vault().holds(&self.profile.account(of)).unwrap_or(true);
        let read = || match self.left_store() {
            Some(left) => match self.read_in(left, of)? {
                None if left != Store::Keychain && self.leaves_keychain() => self.read_in(Store::Keychain, of),
                found => Ok(found),
            },
            None if self.leaves_keychain() && lacks() => self.read_in(Store::Keychain, of),
            None if self.store() == Store::Keychain && lacks() => self.read_in(Store::File, of),
            None => Ok(None),
        };
        read().map_err(|error| {
            let message = format!("what is kept in its place so far cannot be taken over ({error})");
            let secret = match of {
                SecretOf::Provider => ask::CLIENT_SECRET,
                SecretOf::Management => ask::MANAGEMENT_SECRET,
            };
            let hint = format!("Make that place answer, or give the secret: {}", secret.how_to_give());
            Failure::new(store_failure(error).code, message).with_hint(hint)
        })
    }

    fn read_in(&self, place: Store, of: SecretOf) -> Result<Option<Secret>, VaultError> {
        let read = |vault: &dyn Vault| match self.others_client(vault, of)? {
            Some(_) => Ok(None),
            None => vault.get(&self.profile.account(of)),
        };
        match (place, &self.secrets_file) {
            (Store::Keychain, _) => read(&self.keychain).and_then(|found| match found {
                None => self.keychain.shows_all().map(|()| None),
                found => Ok(found),
            }),
            (Store::File, Some(file)) if file.exists() => read(&vault::File::new(file.clone())),
            (Store::File | Store::Nothing, _) => Ok(None),
        }
    }

    /// The saved Management API client, while the settings go on naming it, when its secret has to go along to the place where
    /// secrets are kept from now on.
    pub fn carried_management(&self, client_id: Option<&str>) -> Option<(String, Secret)> {
        let client_id = client_id.filter(|id| self.saved.management_client_id.as_deref() == Some(*id))?;
        let account = self.profile.account(SecretOf::Management);
        let is_wanted = self.store() != Store::Nothing && !self.vault().holds(&account).unwrap_or(true);
        let secret = if is_wanted { self.kept_so_far(SecretOf::Management) } else { None };
        Some((client_id.to_owned(), secret?))
    }
}
