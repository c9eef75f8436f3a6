//! Owns the places where a secret can be kept between runs: the system's keychain, a file of last resort, memory, nowhere.
//!
//! Refuses to choose between them (the caller names the place), to fall back silently from one to another, and to let any
//! error carry a secret. An account is `PROFILE/client-secret` or `PROFILE/management-client-secret`.

mod file;
mod keychain;
mod memory;

pub use file::File;
pub use keychain::{Keychain, SERVICE};
pub use memory::{Memory, Nowhere};

use crate::secret::Secret;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Where secrets are, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Keychain, Credential Manager or Secret Service.
    Keychain,
    /// This file.
    File(PathBuf),
    /// They are not kept (`--store none`).
    Nowhere,
    /// In this process, until it ends (`--sandbox`).
    Memory,
}

/// A place that keeps secrets under account names.
pub trait Vault: Send + Sync {
    /// Where that is.
    fn place(&self) -> Place;
    /// The secret of an account, if there is one.
    fn get(&self, account: &str) -> Result<Option<Secret>, VaultError>;
    /// Keeps a secret, in place of an earlier one, and notes beside it which client it is of; when it returns, the secret has been
    /// read back. Where several settings share the place, a secret of another client makes room only when that is among those
    /// that it `replaces`.
    fn set(&self, account: &str, secret: &Secret, client: &str, replaces: &[String]) -> Result<(), VaultError>;
    /// The client that the secret of an account is of, where that was noted, with [`BROKEN_OFF`] behind it when the run that wrote it
    /// died and nobody can tell: Apple's keychain has no room for it, and what was put
    /// there by hand says nothing. Nothing has to be unlocked for this.
    fn client(&self, account: &str) -> Result<Option<String>, VaultError> {
        let _ = account;
        Ok(None)
    }
    /// Whether that is noted here at all.
    fn takes_notes(&self) -> bool {
        false
    }
    /// Forgets the secret of an account; where several settings share the place, only one of this client or of none.
    fn delete(&self, account: &str, client: &str) -> Result<Deleted, VaultError>;
    /// Whether there is a secret, without reading it where the place allows that.
    fn holds(&self, account: &str) -> Result<bool, VaultError>;
    /// Whether nothing found means that nothing is there.
    ///
    /// # Errors
    /// Why it does not: a store may show none of its entries while it is locked.
    fn shows_all(&self) -> Result<(), VaultError> {
        Ok(())
    }
}

/// What became of a secret that was to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone.
    Removed,
    /// There was none.
    Nothing,
    /// It is this other client's, and stays.
    Anothers(String),
}

/// What stands behind the client in the note of a secret, as long as that is written.
pub const BROKEN_OFF: &str = ", not written to the end";

/// A note as it may be shown: who edits it by hand may have put the secret there.
fn without_secrets(note: &str) -> String {
    let is_one = note.split_whitespace().any(crate::ids::is_secret);
    if is_one { "another client".to_owned() } else { note.to_owned() }
}

/// The client in a note.
pub fn whose(note: &str) -> &str {
    note.strip_suffix(BROKEN_OFF).unwrap_or(note)
}

/// Whether a place has what was just put there; somebody else may have changed it meanwhile.
fn read_back(found: Option<Secret>, written: &Secret) -> Result<(), VaultError> {
    match found {
        Some(found) if found.same_as(written) => Ok(()),
        _ => Err(VaultError::ReadBackDiffers),
    }
}

/// Why a place did not do what it was asked. No text in here comes from a secret or from the content of a file.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no such place on this machine.
    #[error("this machine has no secret store that answers ({why})")]
    Missing {
        /// What the system said.
        why: String,
    },
    /// It is there, locked, and nobody unlocked it.
    #[error("the secret store is locked")]
    Locked,
    /// It asked in a dialogue of its own, which was closed without an answer.
    #[error("the dialogue of the secret store was closed without an answer")]
    Dismissed,
    /// It has no room left.
    #[error("the secret store is full ({why})")]
    Full {
        /// What the system said.
        why: String,
    },
    /// It is there and said no.
    #[error("the secret store refused ({why})")]
    Refused {
        /// What the system said.
        why: String,
    },
    /// It did not answer in time.
    #[error("the secret store did not answer within {} s", after.as_secs_f32())]
    TimedOut {
        /// The time limit.
        after: Duration,
    },
    /// The secret is longer than the place can keep.
    #[error("the secret is longer than the {limit} characters the secret store can keep")]
    TooLong {
        /// The limit, in UTF-16 units.
        limit: usize,
    },
    /// Another client's secret is there, which nobody said would be replaced.
    #[error("the secret of {client} was put there meanwhile")]
    Anothers {
        /// That client.
        client: String,
    },
    /// There is more than one entry of the account.
    #[error("the secret store has more than one entry {account}")]
    Ambiguous {
        /// The account.
        account: String,
    },
    /// What was written is not what is read.
    #[error("the secret store gave back something else than what was written")]
    ReadBackDiffers,
    /// Others can read the file.
    #[error("{} can be read by others (mode {mode:04o})", path.display())]
    LooseFile {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is somebody else's, who can read it and write what is taken for our own.
    #[error("{} belongs to another user (user id {owner})", path.display())]
    ForeignFile {
        /// The file.
        path: PathBuf,
        /// The owner's user id.
        owner: u32,
    },
    /// A symbolic link or something else that is not a plain file.
    #[error("{} is not a plain file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is there and is not what this program writes.
    #[error("{} is not a file of secrets that can be read", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// A verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_holds_a_secret_is_not_shown() {
        assert_eq!(
            without_secrets("23SBOX at fitbit, not written to the end"),
            "23SBOX at fitbit, not written to the end"
        );
        assert_eq!(without_secrets("GOCSPX-abcdefghijklmnopqrstuvwxyz12 at google-health"), "another client");
    }

    #[test]
    fn a_value_that_was_changed_behind_our_back_is_no_success() {
        let secret = |text: &str| Secret::new(text.to_owned());
        assert!(read_back(Some(secret("mine")), &secret("mine")).is_ok());
        for found in [None, Some(secret("")), Some(secret("mine ")), Some(secret("theirs"))] {
            assert!(matches!(read_back(found, &secret("mine")), Err(VaultError::ReadBackDiffers)));
        }
    }
}
