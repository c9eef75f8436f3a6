//! Owns the system's secret store: Keychain, Credential Manager, Secret Service. This file and the one below know the keyring
//! crate, and no other does.
//!
//! Refuses to wait for ever (a frozen daemon never answers) and to let an error of that crate out: some carry the secret.
//! What cannot be wiped: the copies inside the crate, its transport and the store itself.

mod one;

use super::{Deleted, Place, Vault, VaultError};
use crate::console::Console;
use crate::secret::Secret;
use keyring::{Entry, Error};
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// The service all accounts are filed under.
pub const SERVICE: &str = "fitbit-connect";

/// What the Windows Credential Manager keeps of one secret (UTF-16 units; CRED_MAX_CREDENTIAL_BLOB_SIZE is 2560 bytes).
const WINDOWS_LIMIT: usize = 1280;

/// The longest text of the system that is passed on (characters).
const WHY_LIMIT: usize = 200;

/// How macOS words that its dialogue was closed (errSecUserCanceled).
const USER_CANCELED: [&str; 2] = ["user canceled", "user cancelled"];

/// How systems word that there is no room, in lower case: ENOSPC, EDQUOT, EFBIG, macOS (errSecDiskFull), Windows
/// (ERROR_DISK_FULL, ERROR_NOT_ENOUGH_QUOTA), D-Bus (`...Error.LimitsExceeded`), and GNOME Keyring for whatever keeps it from
/// writing its file.
const FULL: [&str; 9] = [
    "no space left",
    "nospace",
    "limitsexceeded",
    "quota exceeded",
    "file too large",
    "disk is full",
    "not enough space",
    "not enough quota",
    "an error occurred on the device",
];

/// The keychain of the person who runs the program.
#[derive(Clone)]
pub struct Keychain {
    limit: Duration,
    /// Whether it can ask in a dialogue of its own.
    has_display: bool,
    /// The folders that all runs of a person take their turn at.
    folders: Vec<PathBuf>,
    /// Where a person sees that it is waited for: it may ask for its password in another window.
    console: Option<Arc<Console>>,
}

impl Keychain {
    /// Each call gives up after this time: a few seconds where nobody can be asked to unlock it, longer at a display.
    pub fn new(limit: Duration) -> Self {
        Self { limit, has_display: false, folders: Vec::new(), console: None }
    }

    /// It can ask in a dialogue of its own, which a person may close without an answer.
    pub fn at_a_display(mut self, has_display: bool) -> Self {
        self.has_display = has_display;
        self
    }

    /// One run at a time changes an entry; they meet at these folders, which are the person's own (`HOME`, `XDG_RUNTIME_DIR`): more
    /// than one, since a run of cron or sudo may not know each.
    pub fn in_turn_at(mut self, folders: Vec<PathBuf>) -> Self {
        self.folders = folders;
        self
    }

    /// Shows that it is waited for, while no answer comes.
    pub fn shown_on(mut self, console: &Arc<Console>) -> Self {
        self.console = Some(Arc::clone(console));
        self
    }

    /// Does the work in a thread. One that never comes back is left behind, with what it holds.
    fn within<T: Send + 'static>(
        &self,
        account: &str,
        work: impl FnOnce(&Entry) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let _waiting = self.console.as_ref().map(|console| console.awaiting("waiting for the keychain"));
        let account = account.to_owned();
        let named = account.clone();
        let (sender, done) = mpsc::channel();
        let worker = move || {
            let _ = sender.send(entry(&account).and_then(|entry| work(&entry)));
        };
        let refused = |why: &str| VaultError::Refused { why: why.to_owned() };
        thread::Builder::new()
            .name("keychain".into())
            .spawn(worker)
            .map_err(|_| refused("no thread to ask it from"))?;
        match done.recv_timeout(self.limit) {
            // A dialogue that nobody can have seen was closed by nobody.
            Ok(Err(VaultError::Dismissed)) if !self.has_display => Err(VaultError::Locked),
            Ok(Err(VaultError::Ambiguous { .. })) => Err(VaultError::Ambiguous { account: named }),
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(VaultError::TimedOut { after: self.limit }),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(refused("its library stopped")),
        }
    }
}

impl Vault for Keychain {
    fn place(&self) -> Place {
        Place::Keychain
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, VaultError> {
        self.within(account, one::read)
    }

    fn set(&self, account: &str, secret: &Secret, client: &str, replaces: &[String]) -> Result<(), VaultError> {
        if cfg!(windows) && too_long_for_windows(secret) {
            return Err(VaultError::TooLong { limit: WINDOWS_LIMIT });
        }
        let (secret, client) = (Secret::new(secret.expose().to_owned()), client.to_owned());
        let (replaces, folders) = (replaces.to_vec(), self.folders.clone());
        self.within(account, move |entry| {
            let _turns = turns(&folders);
            one::write(entry, &secret, &client, &replaces)
        })
    }

    fn takes_notes(&self) -> bool {
        one::IS_NOTED
    }

    fn client(&self, account: &str) -> Result<Option<String>, VaultError> {
        self.within(account, one::noted)
    }

    fn delete(&self, account: &str, client: &str) -> Result<Deleted, VaultError> {
        let (client, folders) = (client.to_owned(), self.folders.clone());
        self.within(account, move |entry| {
            let _turns = turns(&folders);
            one::remove(entry, &client)
        })
    }

    /// The Secret Service and Windows answer from the attributes; macOS has the value in its answer, and it is dropped.
    fn holds(&self, account: &str) -> Result<bool, VaultError> {
        self.within(account, |entry| Ok(one::present(entry.inner.get_credential())?.is_some()))
    }

    fn shows_all(&self) -> Result<(), VaultError> {
        self.within(SERVICE, |_| default_collection_is_open())
    }
}

/// Waits for other runs that change an entry; whoever dies is waited for no longer. Where no turns can be taken, none are.
fn turns(folders: &[PathBuf]) -> Vec<File> {
    let turn = |folder: &PathBuf| {
        let folder = File::open(folder).ok()?;
        #[cfg(unix)]
        rustix::fs::flock(&folder, rustix::fs::FlockOperation::LockExclusive).ok()?;
        Some(folder)
    };
    folders.iter().filter_map(turn).collect()
}

/// A Secret Service may list nothing of what is in a locked collection (KeePassXC, reported).
#[cfg(all(unix, not(target_vendor = "apple")))]
fn default_collection_is_open() -> Result<(), VaultError> {
    use secret_service::EncryptionType;
    use secret_service::blocking::SecretService;

    let missing = |error: secret_service::Error| VaultError::Missing { why: plain(&error.to_string()) };
    // Nothing secret goes through this session.
    let service = SecretService::connect(EncryptionType::Plain).map_err(missing)?;
    let collection = service.get_default_collection().map_err(missing)?;
    if collection.is_locked().map_err(missing)? { Err(VaultError::Locked) } else { Ok(()) }
}

/// Keychain and Credential Manager tell an entry from none whether they are locked or not.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn default_collection_is_open() -> Result<(), VaultError> {
    Ok(())
}

/// The entry of an account. That there is no store is told here: later, "no store" and "no entry" look the same.
fn entry(account: &str) -> Result<Entry, VaultError> {
    if let Err(error) = Entry::store_status() {
        return Err(VaultError::Missing { why: plain(&error.to_string()) });
    }
    Entry::new(SERVICE, account).map_err(at_the_door)
}

/// Takes an error of the keyring crate apart. Only texts of the system pass, never data.
fn at_the_door(error: Error) -> VaultError {
    let refused = |why: &str| VaultError::Refused { why: why.to_owned() };
    match error {
        Error::NoDefaultStore => VaultError::Missing { why: "no store could be opened".to_owned() },
        Error::NoStorageAccess(cause) => {
            let why = plain(&cause.to_string());
            match why.as_str() {
                // The Secret Service answered, and has no collection to keep anything in.
                text if text.contains("result not returned") => VaultError::Missing { why },
                text if text.contains("prompt dismissed") => VaultError::Dismissed,
                text if text.contains("locked") => VaultError::Locked,
                _ if cfg!(any(windows, target_os = "macos")) => VaultError::Missing { why },
                _ => VaultError::Locked,
            }
        }
        Error::PlatformFailure(cause) => {
            let why = plain(&cause.to_string());
            // errSecInteractionNotAllowed: a locked keychain in a session without a screen.
            let says = |words: &[&str]| words.iter().any(|word| why.to_lowercase().contains(word));
            if says(&["interaction is not allowed", "islocked"]) {
                VaultError::Locked
            } else if says(&USER_CANCELED) {
                VaultError::Dismissed
            } else if says(&FULL) {
                VaultError::Full { why }
            } else {
                VaultError::Refused { why }
            }
        }
        Error::TooLong(_, limit) => VaultError::TooLong { limit: usize::try_from(limit).unwrap_or(usize::MAX) },
        Error::BadEncoding(_) => refused("what is stored there is not text"),
        Error::BadDataFormat(..) | Error::BadStoreFormat(_) => refused("what is stored there is damaged"),
        Error::Ambiguous(_) => VaultError::Ambiguous { account: String::new() },
        Error::NoEntry => refused("the entry is gone"),
        Error::Invalid(..) | Error::NotSupportedByStore(_) => refused("it does not keep such an entry"),
        _ => refused("for a reason it does not name"),
    }
}

/// A text of the system on one line, not too long.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WHY_LIMIT).collect()
}

fn too_long_for_windows(secret: &Secret) -> bool {
    secret.expose().encode_utf16().count() > WINDOWS_LIMIT
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn cause(text: &str) -> Box<dyn std::error::Error + Send + Sync> {
        text.to_owned().into()
    }

    #[test]
    fn errors_that_carry_the_secret_lose_it_at_the_door() {
        let bytes = b"canary-secret".to_vec();
        for error in [Error::BadEncoding(bytes.clone()), Error::BadDataFormat(bytes.clone(), cause("canary-secret"))] {
            let ours = at_the_door(error);
            let text = format!("{ours} {ours:?}");
            assert!(!text.contains("canary") && !text.contains("99, 97"), "{text}");
        }
        let echo = at_the_door(Error::PlatformFailure(cause("bad value canary-secret")));
        let text = format!("{:?}", one::without(&Secret::new("canary-secret".into()), echo));
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn a_locked_store_a_missing_one_a_full_one_and_a_closed_dialogue_are_told_apart() {
        let door = |error| at_the_door(error);
        assert!(matches!(door(Error::NoStorageAccess(cause("SS error: prompt dismissed"))), VaultError::Dismissed));
        let canceled = door(Error::PlatformFailure(cause("User canceled the operation.")));
        assert!(matches!(canceled, VaultError::Dismissed));
        let full = door(Error::PlatformFailure(cause("zbus error: No space left on device")));
        assert!(matches!(full, VaultError::Full { .. }));
        assert!(matches!(door(Error::NoStorageAccess(cause("SS Error: object locked"))), VaultError::Locked));
        let nothing = door(Error::NoStorageAccess(cause("SS error: result not returned from SS API")));
        assert!(matches!(nothing, VaultError::Missing { .. }));
        assert!(matches!(door(Error::NoDefaultStore), VaultError::Missing { .. }));
        let no_screen = door(Error::PlatformFailure(cause("User interaction is not allowed.")));
        assert!(matches!(no_screen, VaultError::Locked));
        assert!(matches!(door(Error::PlatformFailure(cause("x\ny"))), VaultError::Refused { why } if why == "x y"));
    }

    #[test]
    fn a_store_that_never_answers_ends_at_the_time_limit() {
        let keychain = Keychain::new(Duration::from_millis(50));
        let started = Instant::now();
        let (release, held) = mpsc::channel::<()>();
        let result = keychain.within("x/client-secret", move |_| {
            let _ = held.recv();
            Ok(())
        });
        // Without any store the work is never reached; both answers are in time.
        assert!(matches!(result, Err(VaultError::TimedOut { .. } | VaultError::Missing { .. })));
        assert!(started.elapsed() < Duration::from_secs(2));
        drop(release);
    }

    #[test]
    fn the_windows_limit_counts_utf16_units() {
        assert!(!too_long_for_windows(&Secret::new("a".repeat(1280))));
        assert!(too_long_for_windows(&Secret::new("a".repeat(1281))));
        assert!(too_long_for_windows(&Secret::new("😀".repeat(641))));
    }
}
