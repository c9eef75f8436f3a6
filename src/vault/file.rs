//! Owns the file of secrets, for machines without a keychain: one TOML table, mode 0600, in a folder made with mode 0700.
//!
//! Refuses a file that others can read, that belongs to somebody else, or that is a symbolic link; and to say anything of
//! its content in an error. What is wiped: the text read and written. What is not: the copies inside the TOML library.

use super::{Deleted, Place, Vault, VaultError};
use crate::files;
use crate::secret::Secret;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use toml_edit::{DocumentMut, Item, Table, TableLike, value};
use zeroize::Zeroizing;

/// The table of secrets, by account.
const TABLE: &str = "secrets";
/// The table of the clients that they are of, by account.
const CLIENTS: &str = "clients";
/// A file of secrets is never larger (bytes).
const SIZE_LIMIT: u64 = 1024 * 1024;
const HEADER: &str = "# Written by fitbit-connect (--store file). Keep this file to yourself.\n";

/// Secrets in a file, unencrypted.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    /// Two threads of one process must not lose each other's change.
    turn: Mutex<()>,
}

impl File {
    /// Uses this path; nothing is read or made before it is needed.
    pub fn new(path: PathBuf) -> Self {
        Self { path, turn: Mutex::new(()) }
    }

    fn io(&self, doing: &'static str) -> impl Fn(io::Error) -> VaultError {
        move |source| VaultError::Io { doing, path: self.path.clone(), source }
    }

    fn malformed(&self) -> VaultError {
        VaultError::Malformed { path: self.path.clone() }
    }

    /// The document; an empty one if there is no file.
    fn read(&self) -> Result<DocumentMut, VaultError> {
        let file = match open_no_link(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DocumentMut::new()),
            Err(_) if is_link(&self.path) => return Err(VaultError::NotAFile { path: self.path.clone() }),
            Err(error) => return Err(self.io("open")(error)),
        };
        let facts = file.metadata().map_err(self.io("look at"))?;
        if !facts.is_file() {
            return Err(VaultError::NotAFile { path: self.path.clone() });
        }
        self.refuse_loose(&facts)?;
        if facts.len() > SIZE_LIMIT {
            return Err(self.malformed());
        }
        // With room for all of it, so that growing leaves no copy behind.
        let room = usize::try_from(facts.len()).unwrap_or_default().saturating_add(1);
        let mut text = Zeroizing::new(String::with_capacity(room));
        match file.take(SIZE_LIMIT).read_to_string(&mut text) {
            Ok(_) => text.parse().map_err(|_| self.malformed()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(self.malformed()),
            Err(error) => Err(self.io("read")(error)),
        }
    }

    /// The table of secrets, if there is one.
    fn table<'a>(&self, document: &'a DocumentMut) -> Result<Option<&'a dyn TableLike>, VaultError> {
        match document.get(TABLE) {
            None => Ok(None),
            Some(item) => item.as_table_like().map(Some).ok_or_else(|| self.malformed()),
        }
    }

    /// Replaces the file in one step: at no moment is there half of it, or one that others can read.
    fn write(&self, document: &DocumentMut) -> Result<(), VaultError> {
        let text = Zeroizing::new(document.to_string());
        files::replace(&self.path, text.as_bytes()).map_err(self.io("write"))
    }

    #[cfg(unix)]
    fn refuse_loose(&self, facts: &fs::Metadata) -> Result<(), VaultError> {
        use std::os::unix::fs::MetadataExt as _;
        let (owner, mode) = (facts.uid(), facts.mode() & 0o7777);
        if owner != rustix::process::geteuid().as_raw() && owner != 0 {
            return Err(VaultError::ForeignFile { path: self.path.clone(), owner });
        }
        if mode & 0o077 != 0 {
            return Err(VaultError::LooseFile { path: self.path.clone(), mode });
        }
        Ok(())
    }

    /// Elsewhere the folder of the person's own settings is what protects the file.
    #[cfg(not(unix))]
    fn refuse_loose(&self, _facts: &fs::Metadata) -> Result<(), VaultError> {
        Ok(())
    }
}

impl Vault for File {
    fn place(&self) -> Place {
        Place::File(self.path.clone())
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, VaultError> {
        let document = self.read()?;
        match self.table(&document)?.and_then(|table| table.get(account)) {
            None => Ok(None),
            Some(item) => item.as_str().map(|text| Some(Secret::new(text.to_owned()))).ok_or_else(|| self.malformed()),
        }
    }

    fn set(&self, account: &str, secret: &Secret, client: &str, _replaces: &[String]) -> Result<(), VaultError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut document = self.read()?;
        if document.is_empty() {
            document.decor_mut().set_prefix(HEADER);
        }
        for (name, text) in [(TABLE, secret.expose()), (CLIENTS, client)] {
            let table = document.entry(name).or_insert_with(|| Item::Table(Table::new()));
            table.as_table_like_mut().ok_or_else(|| self.malformed())?.insert(account, value(text));
        }
        self.write(&document)?;
        super::read_back(self.get(account)?, secret)
    }

    fn takes_notes(&self) -> bool {
        true
    }

    fn client(&self, account: &str) -> Result<Option<String>, VaultError> {
        let document = self.read()?;
        let client = document.get(CLIENTS).and_then(Item::as_table_like).and_then(|table| table.get(account));
        Ok(client.and_then(Item::as_str).filter(|client| !client.is_empty()).map(super::without_secrets))
    }

    fn delete(&self, account: &str, _client: &str) -> Result<Deleted, VaultError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut document = self.read()?;
        if self.table(&document)?.is_none_or(|table| !table.contains_key(account)) {
            return Ok(Deleted::Nothing);
        }
        for name in [TABLE, CLIENTS] {
            if let Some(table) = document.get_mut(name).and_then(Item::as_table_like_mut) {
                table.remove(account);
                if table.is_empty() {
                    document.remove(name);
                }
            }
        }
        if document.is_empty() {
            files::remove(&self.path).map_err(self.io("remove"))?;
        } else {
            self.write(&document)?;
        }
        Ok(Deleted::Removed)
    }

    fn holds(&self, account: &str) -> Result<bool, VaultError> {
        let document = self.read()?;
        Ok(self.table(&document)?.is_some_and(|table| table.contains_key(account)))
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|facts| facts.is_symlink())
}

/// Opens without following a link, and without waiting at a pipe.
#[cfg(unix)]
fn open_no_link(path: &Path) -> io::Result<fs::File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(fs::File::from(open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open_no_link(path: &Path) -> io::Result<fs::File> {
    if is_link(path) {
        return Err(io::Error::other("a symbolic link"));
    }
    fs::File::open(path)
}
