//! Owns how a profile's secrets leave the places where they are kept.
//!
//! Refuses to remove what is another client's, and to leave anything without naming it.

use std::path::PathBuf;
use std::time::Duration;

use super::World;
use super::kept::secrets_beside;
use crate::diagnosis::{Code, Failure};
use crate::files;
use crate::ids::{SecretOf, Store};
use crate::settings::Profile;
use crate::vault::{self, Deleted, Vault, VaultError, whose};
use crate::world::store_failure;

/// What is left in a keychain that should be empty.
pub enum InKeychain {
    /// Nothing.
    Nothing,
    /// What has no other place.
    WhatHasTo,
    /// What could not be removed, with the reason, where the settings name the keychain at all.
    What(Failure),
}

impl World {
    /// Forgets a secret of this profile, for certain; another client's stays, and is named.
    ///
    /// # Errors
    /// `secret_store_*`.
    pub fn forget_secret(&self, of: SecretOf) -> Result<(), Failure> {
        let vault = self.vault();
        if !self.forgets(&*vault, of).map_err(store_failure)? {
            vault.shows_all().map_err(store_failure)?;
        }
        Ok(())
    }

    /// Whether a note names a client whose secret a change of this profile may have left.
    pub(super) fn was_ours(&self, note: &str) -> bool {
        self.saved.moving_clients.iter().any(|client| client == whose(note))
    }

    /// Removes a secret of this profile from a place; whether there was something to remove or to leave.
    fn forgets(&self, vault: &dyn Vault, of: SecretOf) -> Result<bool, VaultError> {
        let account = self.profile.account(of);
        let mut deleted = vault.delete(&account, &self.saved.client_of(of).unwrap_or_default())?;
        if let Deleted::Anothers(other) = &deleted
            && self.was_ours(other)
        {
            deleted = vault.delete(&account, whose(other))?;
        }
        if let Deleted::Anothers(other) = &deleted {
            self.console.warn(&format!(
                "{account} in the keychain is the secret of {other}, which these settings do not name: it was left there"
            ));
        }
        Ok(deleted != Deleted::Nothing)
    }

    /// Whether a secret in a place that is left has to stay there: the profile, as it is from now on, names the same client still,
    /// and the new place has no secret of it.
    fn has_to_stay(&self, of: SecretOf, from_now_on: Option<&Profile>) -> Result<bool, Failure> {
        let client = from_now_on.filter(|_| self.store() != Store::Nothing).and_then(|profile| profile.client_of(of));
        if client.is_none() || client != self.saved.client_of(of) {
            return Ok(false);
        }
        self.vault().holds(&self.profile.account(of)).map(|holds| !holds).map_err(store_failure)
    }

    /// Takes this profile's secrets out of the file beside the settings, when they are kept elsewhere now: nothing of ours would
    /// name them any more. What has to stay is said; of a profile that goes, nothing has to.
    ///
    /// # Errors
    /// The file's own, or the new place's.
    pub fn forget_in_file(&self, from_now_on: Option<&Profile>) -> Result<(), Failure> {
        let left = self.secrets_file.as_ref().filter(|file| self.store() != Store::File && file.exists());
        let Some(file) = left else { return Ok(()) };
        let vault = vault::File::new(file.clone());
        for of in SecretOf::ALL {
            let account = self.profile.account(of);
            if !self.has_to_stay(of, from_now_on)? {
                self.forgets(&vault, of).map_err(store_failure)?;
            } else if vault.holds(&account).map_err(store_failure)? {
                self.console.warn(&format!("{account} stays in {} (has no other place)", file.display()));
            }
        }
        Ok(())
    }

    /// The file of secrets beside the settings that a link leads to, when this profile has some in it: whoever named those settings
    /// by their own name kept them there.
    pub fn secrets_behind_link(&self) -> Option<PathBuf> {
        let settings = self.settings.borrow();
        let real = files::behind_links(settings.path()?);
        let file = secrets_beside(&real).ok().filter(|file| Some(file) != self.secrets_file.as_ref())?;
        let vault = vault::File::new(file.clone());
        SecretOf::ALL.iter().any(|of| vault.holds(&self.profile.account(*of)).unwrap_or(true)).then_some(file)
    }

    /// Takes this profile's secrets out of that file too: the profile goes from the settings whose secrets they are.
    ///
    /// # Errors
    /// The file's own.
    pub fn forget_behind_link(&self) -> Result<(), Failure> {
        let Some(file) = self.secrets_behind_link() else { return Ok(()) };
        let vault = vault::File::new(file);
        SecretOf::ALL.iter().try_for_each(|of| self.forgets(&vault, *of).map(drop).map_err(store_failure))
    }

    /// Says what is in the keychain under this profile's name although its settings do not say so: it may be another settings
    /// file's, and is left alone.
    pub fn name_what_is_in_keychain(&self) {
        if self.store() == Store::Keychain || self.leaves_keychain() {
            return;
        }
        // Nothing has to be unlocked for this.
        let keychain = vault::Keychain::new(Duration::from_secs(5));
        for account in SecretOf::ALL.map(|of| self.profile.account(of)) {
            if keychain.holds(&account).unwrap_or_default() {
                let service = vault::SERVICE;
                self.console.warn(&format!(
                    "the keychain has {account} too, under the service {service}: these settings do not say so, and it was left there"
                ));
            }
        }
    }

    /// Takes this profile's secrets out of the keychain, when they were kept there so far and are not from now on. What has to stay
    /// is said.
    ///
    /// # Errors
    /// The new place's own.
    pub fn forget_in_keychain(&self, from_now_on: Option<&Profile>) -> Result<InKeychain, Failure> {
        if !self.leaves_keychain() {
            return Ok(InKeychain::Nothing);
        }
        let (mut stay, mut refused, mut has_to_stay) = (Vec::new(), None, false);
        for of in SecretOf::ALL {
            let account = self.profile.account(of);
            if !self.has_to_stay(of, from_now_on)? {
                if let Some(error) = self.not_removed_from_keychain(of) {
                    stay.push(account);
                    refused = Some(store_failure(error));
                }
            } else if self.keychain.holds(&account).unwrap_or(true) {
                has_to_stay = true;
                self.console.warn(&format!("{account} stays in the keychain (has no other place)"));
            }
        }
        let Some(refused) = refused else {
            return Ok(if has_to_stay { InKeychain::WhatHasTo } else { InKeychain::Nothing });
        };
        let (stay, service, why) = (stay.join(" and "), vault::SERVICE, &refused.message);
        let message = format!("{stay} may still be in the keychain, under the service {service}, where {why}");
        if self.saved.store.or(self.saved.moving_from).is_some() {
            return Ok(InKeychain::What(Failure::new(refused.code, message)));
        }
        // A set-up says where it keeps its secrets: none has ended here, and none can have kept one in what is not there.
        if refused.code != Code::SecretStoreMissing {
            self.console.warn(&message);
        }
        Ok(InKeychain::Nothing)
    }

    /// Removes an entry; why it may still be there.
    fn not_removed_from_keychain(&self, of: SecretOf) -> Option<VaultError> {
        match self.forgets(&self.keychain, of) {
            Ok(true) => None,
            Ok(false) => self.keychain.shows_all().err(),
            Err(why) => Some(why),
        }
    }
}
