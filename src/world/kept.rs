//! Owns where secrets are kept: the place that was named, and the change to another one that a person names; and that nobody
//! else writes there at the same time.
//!
//! Refuses to go from one place to another by itself.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::World;
use crate::console::Console;
use crate::diagnosis::{Code, Failure};
use crate::files;
use crate::ids::{SecretOf, Store};
use crate::lock::{Lock, NoLock};
use crate::process::Process;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::text::shell_word;
use crate::vault::{self, Vault, VaultError};

/// A secret of another client.
pub struct Another {
    /// That client.
    pub client: String,
    account: String,
    place: String,
}

impl fmt::Display for Another {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {} is the secret of {}", self.account, self.place, self.client)
    }
}

impl World {
    /// Whether the settings file says something else than when it was read, and has this profile.
    ///
    /// # Errors
    /// Why what stands there now cannot be used: an editor may have half of it written.
    pub fn settings_changed(&self) -> Result<bool, Failure> {
        let settings = self.settings.borrow();
        let Some(path) = settings.path() else { return Ok(false) };
        let now = Settings::read(path)?;
        if now.text() == settings.text() {
            return Ok(false);
        }
        let gone = || format!("{} has no profile {} any more", path.display(), self.profile);
        let profile = now.profile(&self.profile)?;
        profile.map(|_| true).ok_or_else(|| Failure::new(Code::SettingsFileInvalid, gone()))
    }

    /// Where secrets are kept.
    pub fn vault(&self) -> Rc<dyn Vault> {
        Rc::clone(&self.kept.borrow().1)
    }

    /// A secret that this profile has kept; that there is none is said only when the place shows all that it has. One of
    /// another client is none: it would be sent where it does not belong.
    ///
    /// # Errors
    /// `secret_store_*`.
    pub fn kept_secret(&self, of: SecretOf) -> Result<Option<Secret>, Failure> {
        let vault = self.vault();
        if self.others_client(&*vault, of).map_err(store_failure)?.is_some() {
            return Ok(None);
        }
        let found = vault.get(&self.profile.account(of)).map_err(store_failure)?;
        if found.is_none() && self.profile_exists {
            vault.shows_all().map_err(store_failure)?;
        }
        Ok(found)
    }

    /// The client that is noted beside a secret, whoever's it is.
    ///
    /// # Errors
    /// `secret_store_*`.
    pub fn noted(&self, of: SecretOf) -> Result<Option<String>, Failure> {
        self.vault().client(&self.profile.account(of)).map_err(store_failure)
    }

    /// The client that is noted beside a secret, when it is not this profile's: another settings file has a profile of the same
    /// name, or this one was edited since.
    pub(super) fn others_client(&self, vault: &dyn Vault, of: SecretOf) -> Result<Option<String>, VaultError> {
        let noted = vault.client(&self.profile.account(of))?;
        Ok(noted.filter(|noted| self.saved.client_of(of).is_none_or(|ours| ours != *noted)))
    }

    /// The secret of another client in the place of this profile's.
    ///
    /// # Errors
    /// `secret_store_*`.
    pub fn kept_for_another(&self, of: SecretOf) -> Result<Option<Another>, Failure> {
        let client = self.others_client(&*self.vault(), of).map_err(store_failure)?;
        Ok(client.map(|client| Another { client, account: self.profile.account(of), place: self.place() }))
    }

    /// The same where it may be in use: the keychain is one for all settings files, a file of secrets is beside its own.
    ///
    /// # Errors
    /// `secret_store_*`.
    pub fn used_by_another(&self, of: SecretOf) -> Result<Option<Another>, Failure> {
        let other = if self.store() == Store::Keychain { self.kept_for_another(of)? } else { None };
        Ok(other.filter(|other| !self.was_ours(&other.client)))
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
            (Store::Keychain, _) => Rc::new(self.keychain.clone()),
            (Store::File, Some(file)) => Rc::new(vault::File::new(file.clone())),
            (Store::File, None) => {
                return Err(Failure::new(Code::InputContradictory, "there is no place for a file of secrets"));
            }
            (Store::Nothing, _) => Rc::new(vault::Nowhere),
        };
        *self.kept.borrow_mut() = (store, vault);
        Ok(())
    }

    /// Where this profile kept its secrets so far, when they are kept elsewhere from now on.
    pub fn left_store(&self) -> Option<Store> {
        let before = self.saved.store.unwrap_or(Store::Keychain);
        (self.profile_exists && before != self.store()).then_some(before)
    }

    /// Whether the keychain may have secrets of this profile that are not kept there from now on: it was the place so far, or a
    /// change from or to it was broken off.
    pub fn leaves_keychain(&self) -> bool {
        let broken_off = self.profile_exists && self.saved.moving_from == Some(Store::Keychain);
        self.store() != Store::Keychain && (broken_off || self.left_store() == Some(Store::Keychain))
    }

    /// The places that are left, in words: the keychain where the settings name it, and the file beside them where it has secrets of
    /// this profile, which a change that was broken off leaves there.
    pub fn left_places(&self) -> Vec<String> {
        let is_named = self.saved.store.or(self.saved.moving_from).is_some();
        let keychain = (self.leaves_keychain() && is_named).then(|| "the keychain".to_owned());
        let has_some = |file: &&PathBuf| {
            let vault = vault::File::new((*file).clone());
            file.exists() && SecretOf::ALL.iter().any(|of| vault.holds(&self.profile.account(*of)).unwrap_or(true))
        };
        let leaves_file = self.profile_exists && self.store() != Store::File;
        let file = self.secrets_file.as_ref().filter(|_| leaves_file).filter(has_some);
        keychain.into_iter().chain(file.map(|file| file.display().to_string())).collect()
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

/// The file of secrets beside a settings file: `secrets.toml` beside `config.toml`, `NAME.secrets.toml` beside `NAME.toml`,
/// `NAME.secrets` beside any other name, so that no two settings files share one.
///
/// # Errors
/// `input_contradictory` for a name that is one of those.
pub(super) fn secrets_beside(settings: &Path) -> Result<PathBuf, Failure> {
    let file = settings.file_name().unwrap_or_default().to_string_lossy();
    if file == "secrets.toml" || file.ends_with(".secrets.toml") || file.ends_with(".secrets") {
        let message = format!("{} is the name of a file for secrets; settings need another", settings.display());
        return Err(Failure::new(Code::InputContradictory, message));
    }
    Ok(settings.with_file_name(match file.strip_suffix(".toml") {
        Some("config") => "secrets.toml".to_owned(),
        Some(name) => format!("{name}.secrets.toml"),
        None => format!("{file}.secrets"),
    }))
}

/// Takes the lock of the settings, for as long as the process lives, and clears away what killed runs left beside them. Where
/// none can be made it is said, and goes on: what only reads the settings has nothing to lose but the tenant's state.
///
/// # Errors
/// `another_run`, or `file_not_writable` when something stands in the lock's place.
pub(super) fn alone(settings: &Path, process: &Process, console: &Console) -> Result<Option<Lock>, Failure> {
    let lock = match Lock::take(settings) {
        Ok(lock) => lock,
        Err(NoLock::Taken(by)) => return Err(another_run(settings, by)),
        Err(NoLock::Blocked(path)) => {
            let message = format!("{} is no file that this could lock, to be the only run at work", path.display());
            let hint = format!("Move {} away, and run the command again", path.display());
            return Err(Failure::new(Code::FileNotWritable, message).with_hint(hint));
        }
        Err(NoLock::Impossible(why)) => {
            let in_its_place = Lock::place(settings);
            let of_whom = if in_its_place.exists() {
                format!("; {} is another user's: it can be deleted when nothing is at work", in_its_place.display())
            } else {
                String::new()
            };
            console.warn(&format!(
                "no lock can be made beside {} ({why}): see to it that no other setup or remove is at work on it{of_whom}",
                settings.display()
            ));
            return Ok(None);
        }
    };
    let release = lock.release();
    process.cancel.at_the_end(move || release.now());
    files::sweep(&files::behind_links(settings));
    if let Ok(secrets) = secrets_beside(settings) {
        files::sweep(&secrets);
    }
    Ok(Some(lock))
}

fn another_run(settings: &Path, by: Option<u32>) -> Failure {
    let process = by.map(|number| format!(" (process {number})")).unwrap_or_default();
    let message = format!(
        "another run of fitbit-connect{process} is at work on the settings in {}; nothing was written",
        settings.display()
    );
    Failure::new(Code::AnotherRun, message)
}

/// The system's keychain. A person needs time to unlock it; a machine without a display has nobody who could.
pub(super) fn keychain(process: &Process, console: &Arc<Console>) -> vault::Keychain {
    let has_display = process.has_display();
    let limit = Duration::from_secs(if has_display { 120 } else { 5 });
    let folders = ["HOME", "XDG_RUNTIME_DIR"].into_iter().filter_map(|name| process.variables.get(name));
    let folders = folders.map(PathBuf::from).collect();
    vault::Keychain::new(limit).at_a_display(has_display).in_turn_at(folders).shown_on(console)
}

/// Names what the secret store said.
pub fn store_failure(error: VaultError) -> Failure {
    let code = match &error {
        VaultError::Missing { .. } => Code::SecretStoreMissing,
        VaultError::Locked => Code::SecretStoreLocked,
        VaultError::Dismissed => Code::SecretStoreDismissed,
        VaultError::Full { .. } => Code::SecretStoreFull,
        VaultError::Io { source, .. } if is_full(source) => Code::SecretStoreFull,
        VaultError::TimedOut { .. } => Code::SecretStoreTimedOut,
        VaultError::TooLong { .. } => Code::SecretTooLong,
        VaultError::LooseFile { .. } | VaultError::ForeignFile { .. } => Code::SecretFileLoose,
        VaultError::ReadBackDiffers | VaultError::Anothers { .. } => Code::SecretNotKept,
        VaultError::Refused { .. }
        | VaultError::Ambiguous { .. }
        | VaultError::NotAFile { .. }
        | VaultError::Malformed { .. }
        | VaultError::Io { .. } => Code::SecretStoreRefused,
    };
    let failure = Failure::new(code, error.to_string());
    match of_one(&error).filter(|_| code != Code::SecretStoreFull) {
        Some(cure) => failure.with_hint(cure),
        None => failure,
    }
}

/// What to do about one file of secrets or one entry, where the row of the table speaks of all kinds of stores.
fn of_one(error: &VaultError) -> Option<String> {
    let word = |path: &Path| shell_word(&path.display().to_string());
    Some(match error {
        VaultError::Anothers { .. } => {
            "Run the command again: its plan says what is replaced. With another `--profile NAME` both are kept."
                .to_owned()
        }
        VaultError::Ambiguous { account } => format!(
            "Delete all of them with `secret-tool clear service {} username {account}` or all but one in the program that \
             shows the keychain, and run `{{setup}}` again.",
            vault::SERVICE
        ),
        VaultError::LooseFile { path, .. } => {
            format!("Run `chmod 600 {}` and replace the secret at the provider if others may have read it.", word(path))
        }
        VaultError::ForeignFile { path, .. } => format!(
            "Where its content is yours, run `sudo chown \"$(id -u)\" {0} && chmod 600 {0}` and elsewhere have it removed, or \
             keep the settings in another folder with `--config PATH`",
            word(path)
        ),
        VaultError::NotAFile { path } | VaultError::Malformed { path } => {
            format!("Move it away with `mv {0} {0}.old` and run the command again with the secrets.", word(path))
        }
        VaultError::Io { .. } => {
            "Put right what the message names and run the command again, or choose `--store keychain` or `--store none`"
                .to_owned()
        }
        _ => return None,
    })
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Exit;

    #[test]
    fn no_two_settings_files_share_a_file_of_secrets_and_none_is_one() {
        let names = ["config.toml", "config", "config.conf", "a.toml", "a.conf", "a", "a.b.toml", ".toml"];
        let all: Vec<PathBuf> = names.iter().map(|name| secrets_beside(&Path::new("/x").join(name)).unwrap()).collect();
        assert_eq!(all[0], Path::new("/x/secrets.toml"));
        assert_eq!(all[3], Path::new("/x/a.secrets.toml"));
        let apart: std::collections::BTreeSet<&PathBuf> = all.iter().collect();
        assert_eq!(apart.len(), names.len(), "{all:?}");
        for secrets in &all {
            let refused = secrets_beside(secrets).unwrap_err();
            assert!(refused.message.contains(&secrets.display().to_string()), "{}", refused.message);
        }
    }

    #[test]
    fn every_trouble_of_a_secret_store_has_its_own_code_and_cure_and_ends_with_seven() {
        let (why, path) = (|| "why".to_owned(), || PathBuf::from("/a/secrets.toml"));
        let io = |kind: io::ErrorKind| VaultError::Io { doing: "write", path: path(), source: kind.into() };
        let rows = [
            (VaultError::Missing { why: why() }, Code::SecretStoreMissing),
            (VaultError::Locked, Code::SecretStoreLocked),
            (VaultError::Dismissed, Code::SecretStoreDismissed),
            (VaultError::TimedOut { after: Duration::from_secs(5) }, Code::SecretStoreTimedOut),
            (VaultError::Full { why: why() }, Code::SecretStoreFull),
            (VaultError::TooLong { limit: 1280 }, Code::SecretTooLong),
            (VaultError::ReadBackDiffers, Code::SecretNotKept),
            (VaultError::LooseFile { path: path(), mode: 0o644 }, Code::SecretFileLoose),
            (VaultError::ForeignFile { path: path(), owner: 1 }, Code::SecretFileLoose),
            (VaultError::Malformed { path: path() }, Code::SecretStoreRefused),
            (io(io::ErrorKind::ReadOnlyFilesystem), Code::SecretStoreRefused),
            (VaultError::Refused { why: why() }, Code::SecretStoreRefused),
        ];
        let mut cures = std::collections::BTreeSet::new();
        for (error, code) in rows {
            let failure = store_failure(error);
            assert_eq!((failure.code, failure.exit()), (code, Exit::Store));
            let hint = failure.hint();
            assert!(!hint.contains("--store file") || !failure.message.contains("/a/secrets.toml"), "{hint}");
            assert!(cures.insert(hint.clone()), "{hint}");
        }
        assert_eq!(store_failure(io(io::ErrorKind::StorageFull)).code, Code::SecretStoreFull);
        let refused = store_failure(io(io::ErrorKind::ReadOnlyFilesystem));
        assert_eq!(refused.code, Code::SecretStoreRefused);
        assert!(refused.message.contains("/a/secrets.toml: "), "{}", refused.message);
    }
}
