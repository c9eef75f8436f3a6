//! Owns one entry of the keychain: the value, and the note beside it of whose it is.
//!
//! Refuses to let them be apart: two calls of the system change them, and a run may die between. So the note says that the
//! entry is not written to the end before the value changes, and whose it is after that.

use std::collections::HashMap;

use keyring::{Entry, Error};

use super::at_the_door;
use crate::secret::Secret;
use crate::vault::{BROKEN_OFF, Deleted, VaultError, read_back, whose, without_secrets};

/// The attribute of an entry that names the client; the Credential Manager has but one that is free.
const CLIENT: &str = if cfg!(windows) { "comment" } else { "client" };
/// Whether there is one.
pub(super) const IS_NOTED: bool = !cfg!(target_vendor = "apple");

/// Writes a value with its note; a secret of another client makes room when that was announced.
///
/// # Errors
/// `Anothers`, or the store's own.
pub(super) fn write(entry: &Entry, secret: &Secret, client: &str, replaces: &[String]) -> Result<(), VaultError> {
    let before = noted(entry)?;
    if let Some(other) = before.as_deref().map(whose).filter(|other| *other != client)
        && !replaces.iter().any(|replaced| whose(replaced) == other)
    {
        return Err(VaultError::Anothers { client: other.to_owned() });
    }
    if IS_NOTED && before.as_deref() != Some(client) {
        // What is not there has no note; a value of nothing is nobody's secret.
        if present(entry.inner.get_credential())?.is_none() {
            put(entry, &Secret::new(String::new()))?;
        }
        note(entry, &format!("{client}{BROKEN_OFF}"))?;
    }
    let old = read(entry).ok().flatten();
    if let Err(error) = keep(entry, secret, old.as_ref(), client) {
        let is_old = || matches!((read(entry), &old), (Ok(Some(now)), Some(old)) if now.same_as(old));
        if let Some(before) = before.filter(|_| is_old()) {
            // The old value is there still, and is whose it was.
            let _ = note(entry, &before);
        }
        return Err(error);
    }
    note(entry, client)
}

/// Writes a value in place of another one and reads it back.
fn keep(entry: &Entry, secret: &Secret, old: Option<&Secret>, client: &str) -> Result<(), VaultError> {
    put(entry, secret)?;
    let found = read(entry)?;
    let is_new = found.as_ref().is_some_and(|found| old.is_none_or(|old| !old.same_as(found)));
    read_back(found, secret).inspect_err(|_| {
        // Neither the one before nor this one: the next run would take it for a secret. Another run's is not ours to remove.
        let is_ours = || matches!(noted(entry), Ok(Some(noted)) if whose(&noted) == client) || !IS_NOTED;
        if is_new && is_ours() {
            let _ = entry.delete_credential();
        }
    })
}

fn put(entry: &Entry, secret: &Secret) -> Result<(), VaultError> {
    entry.set_password(secret.expose()).map_err(|error| without(secret, at_the_door(error)))
}

/// Removes it, when it is this client's or nobody's; should there be more than one, each.
///
/// # Errors
/// The store's own, or that the entry is still there.
pub(super) fn remove(entry: &Entry, client: &str) -> Result<Deleted, VaultError> {
    let mut found = Deleted::Nothing;
    let several = match entry.inner.get_credential() {
        Err(Error::Ambiguous(all)) => all,
        _ => Vec::new(),
    };
    let all = if several.is_empty() { std::slice::from_ref(&entry.inner) } else { several.as_slice() };
    for one in all {
        match in_attributes(present(one.get_attributes())?) {
            Some(other) if whose(&other) != client => found = Deleted::Anothers(whose(&other).to_owned()),
            _ if present(one.delete_credential())?.is_some() && found == Deleted::Nothing => found = Deleted::Removed,
            _ => {}
        }
    }
    match found == Deleted::Removed && present(entry.inner.get_credential())?.is_some() {
        true => Err(VaultError::Refused { why: "the entry is still there after it was removed".to_owned() }),
        false => Ok(found),
    }
}

/// Its value.
pub(super) fn read(entry: &Entry) -> Result<Option<Secret>, VaultError> {
    // An empty entry is none: nothing of ours is.
    Ok(present(entry.get_password())?.filter(|text| !text.is_empty()).map(Secret::new))
}

/// The client that is noted beside a secret.
pub(super) fn noted(entry: &Entry) -> Result<Option<String>, VaultError> {
    match entry.inner.get_attributes() {
        Err(Error::PlatformFailure(cause)) if has_no_notes(&cause.to_string()) => Ok(None),
        attributes => Ok(in_attributes(present(attributes)?)),
    }
}

/// Whether a store says that it does not know what an attribute is; the specification has them (Secret Service API, Item).
fn has_no_notes(why: &str) -> bool {
    let why = why.to_lowercase();
    ["unknownproperty", "unknownmethod", "unknowninterface", "no such property"].iter().any(|word| why.contains(word))
}

fn in_attributes(all: Option<HashMap<String, String>>) -> Option<String> {
    all?.get(CLIENT).filter(|client| !client.is_empty()).map(|client| without_secrets(client))
}

/// Notes it. A store that takes no note is none to fail at, unless what it has noted is wrong from now on.
fn note(entry: &Entry, client: &str) -> Result<(), VaultError> {
    let Err(error) = entry.inner.update_attributes(&HashMap::from([(CLIENT, client)])) else { return Ok(()) };
    match noted(entry)? {
        Some(other) if other != client => Err(at_the_door(error)),
        _ => Ok(()),
    }
}

/// That there is none is no error.
pub(super) fn present<T>(result: Result<T, Error>) -> Result<Option<T>, VaultError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(at_the_door(error)),
    }
}

/// Drops a text that, against all expectation, repeats the secret that was being written.
pub(super) fn without(secret: &Secret, error: VaultError) -> VaultError {
    let says = |why: &str| !secret.is_empty() && why.contains(secret.expose());
    match error {
        VaultError::Refused { why } if says(&why) => VaultError::Refused { why: "the reason was withheld".to_owned() },
        VaultError::Full { why } if says(&why) => VaultError::Full { why: "the reason was withheld".to_owned() },
        VaultError::Missing { why } if says(&why) => VaultError::Missing { why: "the reason was withheld".to_owned() },
        other => other,
    }
}
