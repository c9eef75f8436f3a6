//! Owns where secrets are kept: the place that was named, and the change to another one that a person names; and that nobody
//! else writes there at the same time.
//!
//! Refuses to go from one place to another by itself.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use super::World;
use crate::diagnosis::{Code, Failure};
use crate::files;
use crate::ids::Store;
use crate::lock::{Lock, Taken};
use crate::process::Process;
use crate::vault::{self, Vault, VaultError};

impl World {
    /// Where secrets are kept.
    pub fn vault(&self) -> Rc<dyn Vault> {
        Rc::clone(&self.kept.borrow().1)
    }

    /// How that place was chosen.
    pub fn store(&self) -> Store {
        self.kept.borrow().0
    }

    /// Which secret is at hand, to stand in a sentence.
    pub fn secret_is(&self, is_stored: bool) -> String {
        if is_stored { format!("the one in {}", self.place()) } else { "the one that was given".to_owned() }
    }

    /// Keeps secrets somewhere else from now on: a file, or nowhere.
    ///
    /// # Errors
    /// `input_contradictory` when the settings file has the name of the file for secrets.
    pub fn keep_in(&self, store: Store) -> Result<(), Failure> {
        let vault: Rc<dyn Vault> = match (store, &self.secrets_file) {
            (Store::Keychain, _) => Rc::new(vault::Keychain::new(self.keychain_limit).shown_on(&self.console)),
            (Store::File, Some(file)) => Rc::new(vault::File::new(file.clone())),
            (Store::File, None) => {
                return Err(Failure::new(Code::InputContradictory, "there is no place for a file of secrets"));
            }
            (Store::Nothing, _) => Rc::new(vault::Nowhere),
        };
        *self.kept.borrow_mut() = (store, vault);
        Ok(())
    }

    /// The place of secrets in words.
    pub fn place(&self) -> String {
        match self.vault().place() {
            vault::Place::Keychain => "the keychain".to_owned(),
            vault::Place::File(path) => path.display().to_string(),
            vault::Place::Nowhere => "nowhere".to_owned(),
            vault::Place::Memory => "memory, for this run".to_owned(),
        }
    }
}

/// The file of secrets beside a settings file: `secrets.toml` beside `config.toml`, `NAME.secrets.toml` beside `NAME.toml`.
pub(super) fn secrets_beside(settings: &Path) -> Result<PathBuf, Failure> {
    let stem = settings.file_stem().unwrap_or_default().to_string_lossy();
    let name = if stem == "config" { "secrets.toml".to_owned() } else { format!("{stem}.secrets.toml") };
    let secrets = settings.with_file_name(name);
    if secrets == settings {
        let message = format!("{} is the name of the file for secrets; settings need another", settings.display());
        return Err(Failure::new(Code::InputContradictory, message));
    }
    Ok(secrets)
}

/// Takes the lock of the settings, for as long as the process lives, and clears away what killed runs left beside them.
///
/// # Errors
/// `another_run`.
pub(super) fn alone(settings: &Path, process: &Process) -> Result<Option<Lock>, Failure> {
    let Some(lock) = Lock::take(settings).map_err(|taken| another_run(settings, taken))? else { return Ok(None) };
    let release = lock.release();
    process.cancel.at_the_end(move || release.now());
    files::sweep(&files::behind_links(settings));
    if let Ok(secrets) = secrets_beside(settings) {
        files::sweep(&secrets);
    }
    Ok(Some(lock))
}

fn another_run(settings: &Path, taken: Taken) -> Failure {
    let process = taken.by.map(|number| format!(" (process {number})")).unwrap_or_default();
    let message = format!(
        "another run of fitbit-connect{process} is at work on the settings in {}; nothing was written",
        settings.display()
    );
    Failure::new(Code::AnotherRun, message)
}

/// A person needs time to unlock a keychain; a machine without a display has nobody who could.
pub(super) fn keychain_limit(process: &Process) -> Duration {
    if process.has_display() { Duration::from_secs(120) } else { Duration::from_secs(5) }
}

/// Names what the secret store said.
pub fn store_failure(error: VaultError) -> Failure {
    let code = match &error {
        VaultError::Missing { .. } => Code::SecretStoreMissing,
        VaultError::Locked => Code::SecretStoreLocked,
        VaultError::TimedOut { .. } => Code::SecretStoreTimedOut,
        VaultError::TooLong { .. } => Code::SecretTooLong,
        VaultError::LooseFile { .. } => Code::SecretFileLoose,
        VaultError::ReadBackDiffers => Code::SecretNotKept,
        _ => Code::SecretStoreRefused,
    };
    Failure::new(code, error.to_string())
}
