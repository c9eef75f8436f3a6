//! Owns the two places that write nothing: memory, for the sandbox, and nowhere, for `--store none`.
//!
//! Refuses to touch anything outside this process.

use super::{Place, Vault, VaultError};
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

    fn set(&self, account: &str, secret: &Secret, client: &str) -> Result<(), VaultError> {
        let kept = (Secret::new(secret.expose().to_owned()), client.to_owned());
        self.map().insert(account.to_owned(), kept);
        Ok(())
    }

    fn client(&self, account: &str) -> Result<Option<String>, VaultError> {
        Ok(self.map().get(account).map(|(_, client)| client.clone()).filter(|client| !client.is_empty()))
    }

    fn delete(&self, account: &str) -> Result<bool, VaultError> {
        Ok(self.map().remove(account).is_some())
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

    fn set(&self, _account: &str, _secret: &Secret, _client: &str) -> Result<(), VaultError> {
        Ok(())
    }

    fn delete(&self, _account: &str) -> Result<bool, VaultError> {
        Ok(false)
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
        assert!(Nowhere.set("a/client-secret", &Secret::new("x".into()), "id at fitbit").is_ok());
        assert!(Nowhere.get("a/client-secret").unwrap().is_none());
        assert!(!Nowhere.holds("a/client-secret").unwrap());
        assert!(!Nowhere.delete("a/client-secret").unwrap());
        assert_eq!(Nowhere.place(), Place::Nowhere);
    }
}
