//! Owns the two places that write nothing: memory, for the sandbox, and nowhere, for `--store none`.
//!
//! Refuses to touch anything outside this process.

use super::{Deleted, Place, Vault, VaultError};
use crate::secret::Secret;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps secrets until the process ends.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<String, (Secret, String)>>);

/// Keeps nothing: what is set is forgotten, and that is no error.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl Memory {
    fn map(&self) -> MutexGuard<'_, HashMap<String, (Secret, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vault for Memory {
    fn place(&self) -> Place {
        Place::Memory
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, VaultError> {
        Ok(self.map().get(account).map(|(secret, _)| Secret::new(secret.expose().to_owned())))
    }

    fn set(&self, account: &str, secret: &Secret, client: &str, _replaces: &[String]) -> Result<(), VaultError> {
        let kept = (Secret::new(secret.expose().to_owned()), client.to_owned());
        self.map().insert(account.to_owned(), kept);
        Ok(())
    }

    fn takes_notes(&self) -> bool {
        true
    }

    fn client(&self, account: &str) -> Result<Option<String>, VaultError> {
        Ok(self.map().get(account).map(|(_, client)| client.clone()).filter(|client| !client.is_empty()))
    }

    fn delete(&self, account: &str, _client: &str) -> Result<Deleted, VaultError> {
        Ok(self.map().remove(account).map_or(Deleted::Nothing, |_| Deleted::Removed))
    }

    fn holds(&self, account: &str) -> Result<bool, VaultError> {
        Ok(self.map().contains_key(account))
    }
}

impl Vault for Nowhere {
    fn place(&self) -> Place {
        Place::Nowhere
    }

    fn get(&self, _account: &str) -> Result<Option<Secret>, VaultError> {
        Ok(None)
    }

    fn set(&self, _account: &str, _secret: &Secret, _client: &str, _replaces: &[String]) -> Result<(), VaultError> {
        Ok(())
    }

    fn delete(&self, _account: &str, _client: &str) -> Result<Deleted, VaultError> {
        Ok(Deleted::Nothing)
    }

    fn holds(&self, _account: &str) -> Result<bool, VaultError> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nowhere_takes_everything_and_keeps_nothing() {
        assert!(Nowhere.set("a/client-secret", &Secret::new("x".into()), "id at fitbit", &[]).is_ok());
        assert!(Nowhere.get("a/client-secret").unwrap().is_none());
        assert!(!Nowhere.holds("a/client-secret").unwrap());
        assert_eq!(Nowhere.delete("a/client-secret", "id at fitbit").unwrap(), Deleted::Nothing);
        assert_eq!(Nowhere.place(), Place::Nowhere);
    }
}
