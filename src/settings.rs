//! Owns the settings file: one TOML document with profiles. Refuses secrets, half-written files and the loss of anything
//! that the person wrote there (unknown keys, comments).

mod removal;
mod unknown;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use toml_edit::{Array, DocumentMut, Item, Table, TableLike, value};

use crate::diagnosis::{Code, Failure};
use crate::endpoints::Endpoints;
use crate::files;
use crate::ids::{ConnectionName, Domain, ProfileName, SecretOf, Store, port};
use crate::provider::Provider;

/// One profile as it stands in the file; every member may be missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    /// Which provider the client ID, connection and scopes belong to.
    pub provider: Option<Provider>,
    /// The tenant's canonical domain.
    pub domain: Option<Domain>,
    /// Custom login domains.
    pub login_domains: Vec<Domain>,
    /// The provider's client ID.
    pub client_id: Option<String>,
    /// The Auth0 connection.
    pub connection: Option<ConnectionName>,
    /// Client IDs of the applications.
    pub applications: Vec<String>,
    /// One callback URL of each application, by client ID, as it was when it was last read: `test` can ask `/authorize` with
    /// it when the Management API is out of reach.
    pub callbacks: BTreeMap<String, String>,
    /// Scopes, in short names.
    pub scopes: Vec<String>,
    /// The registered loopback port.
    pub port: Option<u16>,
    /// Where secrets are kept.
    pub store: Option<Store>,
    /// Where some may be as well, as long as a change to or from there is not done: a run that dies on the way leaves this behind.
    pub moving_from: Option<Store>,
    /// The clients whose secrets those may be, as noted beside them, where the profile names others.
    pub moving_clients: Vec<String>,
    /// Client ID of the Management API client.
    pub management_client_id: Option<String>,
    /// Origins that are really elsewhere (simulators, gateways).
    pub endpoints: Endpoints,
}

impl Profile {
    /// The client that a secret of this profile is kept for, as it is noted beside the secret; none where the profile does not
    /// say which that is. Another client's secret may be filed under the same account: by another settings file with a profile
    /// of the same name, or since this one was edited.
    pub fn client_of(&self, secret: SecretOf) -> Option<String> {
        match secret {
            SecretOf::Provider => {
                let id = self.client_id.as_ref()?;
                // As everywhere, it follows from the client ID where it does not stand there.
                Some(format!("{id} at {}", self.provider.or_else(|| Provider::of_client_id(id))?))
            }
            SecretOf::Management => {
                Some(format!("{} at {}", self.management_client_id.as_ref()?, self.domain.as_ref()?))
            }
        }
    }
}

/// The settings, read once; held in memory alone when there is no file behind them.
pub struct Settings {
    path: Option<PathBuf>,
    document: DocumentMut,
    /// As an editor on Windows writes them; the library reads both and writes one.
    ends_in_crlf: bool,
}

impl Settings {
    /// Settings that live in memory and are never written (the sandbox).
    pub fn in_memory() -> Self {
        Self { path: None, document: DocumentMut::new(), ends_in_crlf: false }
    }

    /// Reads a file; a missing one is an empty one.
    ///
    /// # Errors
    /// `settings_file_invalid` when it cannot be read or is no TOML.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let invalid = |why: String| Failure::new(Code::SettingsFileInvalid, format!("{}: {why}", path.display()));
        let read = match read_bounded(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                let hint = "Check whose the file is and what it is, or choose another with `--config FILE`";
                return Err(invalid(format!("it cannot be read: {error}")).with_hint(hint));
            }
        };
        // Both kinds at once, the library would write what it cannot read.
        let text = read.replace("\r\n", "\n");
        let ends_in_crlf = (read.len() - text.len()) * 2 > text.matches('\n').count();
        let document = text.parse::<DocumentMut>().map_err(|error| {
            // The message alone: the excerpt that TOML errors show could hold a value pasted into the wrong file.
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            invalid(format!("line {line}: {}", error.message()))
        })?;
        Ok(Self { path: Some(path.to_owned()), document, ends_in_crlf })
    }

    /// The file behind the settings.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The profile used when none is named.
    ///
    /// # Errors
    /// `settings_file_invalid` when the name cannot be one.
    pub fn default_profile(&self) -> Result<Option<ProfileName>, Failure> {
        match self.document.get("default_profile") {
            None => Ok(None),
            Some(item) => parsed(item).map(Some).map_err(|why| self.invalid("default_profile", &why)),
        }
    }

    /// The names of all profiles.
    pub fn profiles(&self) -> Vec<String> {
        self.document
            .get("profiles")
            .and_then(Item::as_table_like)
            .map(|table| table.iter().map(|(name, _)| name.to_owned()).collect())
            .unwrap_or_default()
    }

    /// Reads one profile; `None` when the file has none of that name.
    ///
    /// # Errors
    /// `settings_file_invalid`, naming the key and what it should be.
    pub fn profile(&self, name: &ProfileName) -> Result<Option<Profile>, Failure> {
        let Some(profiles) = self.document.get("profiles") else { return Ok(None) };
        let profiles = profiles.as_table_like().ok_or_else(|| self.invalid("profiles", "it is a table"))?;
        let Some(item) = profiles.get(name.as_str()) else { return Ok(None) };
        let at = format!("profiles.{name}");
        let table = item.as_table_like().ok_or_else(|| self.invalid(&at, "it is a table"))?;
        let wrong = |key: &str, why: String| self.invalid(&format!("{at}.{key}"), &why);
        for secret in ["client_secret", "management_client_secret", "token", "management_token", "api_token"] {
            if table.contains_key(secret) {
                return Err(wrong(
                    secret,
                    "a secret has no place in this file; delete the line, then run setup".to_owned(),
                ));
            }
        }
        Ok(Some(Profile {
            provider: one(table, "provider").map_err(|why| wrong("provider", why))?,
            domain: one(table, "domain").map_err(|why| wrong("domain", why))?,
            login_domains: many(table, "login_domains").map_err(|why| wrong("login_domains", why))?,
            client_id: one(table, "client_id").map_err(|why| wrong("client_id", why))?,
            connection: one(table, "connection").map_err(|why| wrong("connection", why))?,
            applications: many(table, "applications").map_err(|why| wrong("applications", why))?,
            callbacks: callbacks(table).map_err(|why| wrong("callbacks", why))?,
            scopes: many(table, "scopes").map_err(|why| wrong("scopes", why))?,
            port: table
                .get("port")
                .map(|item| item.as_integer().map(|n| n.to_string()).ok_or_else(|| "it is a number".to_owned()))
                .map(|number| number.and_then(|n| port(&n)))
                .transpose()
                .map_err(|why| wrong("port", why))?,
            store: one(table, "store").map_err(|why| wrong("store", why))?,
            moving_from: one(table, "moving_from").map_err(|why| wrong("moving_from", why))?,
            moving_clients: many(table, "moving_clients").map_err(|why| wrong("moving_clients", why))?,
            management_client_id: one(table, "management_client_id")
                .map_err(|why| wrong("management_client_id", why))?,
            endpoints: endpoints(table).map_err(|why| wrong("endpoints", why))?,
        }))
    }

    /// Puts a profile into the document; what it does not know of stays. Nothing is written yet.
    pub fn put(&mut self, name: &ProfileName, profile: &Profile) {
        if self.document.get("profiles").and_then(Item::as_table_like).is_none() {
            let mut table = Table::new();
            table.set_implicit(true);
            if name.as_str() == "default" && self.document.get("default_profile").is_none() {
                self.document.insert("default_profile", value("default"));
            }
            self.document.insert("profiles", Item::Table(table));
        }
        let Some(profiles) = self.document.get_mut("profiles").and_then(Item::as_table_like_mut) else { return };
        if profiles.get(name.as_str()).and_then(Item::as_table_like).is_none() {
            profiles.insert(name.as_str(), Item::Table(Table::new()));
        }
        let Some(table) = profiles.get_mut(name.as_str()).and_then(Item::as_table_like_mut) else { return };
        set(table, "provider", profile.provider.map(|p| value(p.to_string())));
        set(table, "domain", profile.domain.as_ref().map(|d| value(d.as_str())));
        set(table, "login_domains", list(profile.login_domains.iter().map(Domain::as_str)));
        set(table, "client_id", profile.client_id.as_ref().map(value));
        set(table, "connection", profile.connection.as_ref().map(|c| value(c.as_str())));
        set(table, "applications", list(profile.applications.iter().map(String::as_str)));
        set(table, "scopes", list(profile.scopes.iter().map(String::as_str)));
        set(table, "port", profile.port.map(|p| value(i64::from(p))));
        set(table, "store", profile.store.map(|s| value(s.as_str())));
        set(table, "moving_from", profile.moving_from.map(|s| value(s.as_str())));
        set(table, "moving_clients", list(profile.moving_clients.iter().map(String::as_str)));
        set(table, "management_client_id", profile.management_client_id.as_ref().map(value));
        if profile.callbacks.is_empty() {
            table.remove("callbacks");
        } else if callbacks(table).ok().as_ref() != Some(&profile.callbacks) {
            let urls = profile.callbacks.iter().map(|(client_id, url)| (client_id.as_str(), value(url)));
            table.insert("callbacks", Item::Table(urls.collect()));
        }
        if !profile.endpoints.is_empty() {
            let mut endpoints = Table::new();
            for (origin, target) in profile.endpoints.iter() {
                endpoints.insert(origin, value(target));
            }
            if table.get("endpoints").is_none() {
                table.insert("endpoints", Item::Table(endpoints));
            }
        }
    }

    /// The text as it would be written, with the line ends that most of its lines were read with.
    pub fn text(&self) -> String {
        let text = self.document.to_string();
        if self.ends_in_crlf { text.replace('\n', "\r\n") } else { text }
    }

    /// Writes the file whole or not at all; mode 0600, in a folder of 0700 where it had to be made.
    /// Returns whether anything changed on disk.
    ///
    /// # Errors
    /// `file_not_writable` with the system's own reason.
    pub fn write(&self) -> Result<bool, Failure> {
        let Some(path) = &self.path else { return Ok(false) };
        let text = self.text();
        if fs::read_to_string(path).is_ok_and(|now| now == text) {
            return Ok(false);
        }
        files::write_whole(path, text.as_bytes()).map(|()| true).map_err(|error| {
            Failure::new(Code::FileNotWritable, format!("{} could not be written: {error}", path.display()))
        })
    }

    fn invalid(&self, key: &str, why: &str) -> Failure {
        let path = self.path.as_ref().map_or_else(|| "settings".to_owned(), |path| path.display().to_string());
        Failure::new(Code::SettingsFileInvalid, format!("{path}: {key}: {why}"))
    }
}

/// Reads a regular file of a size that settings have; a missing one is `NotFound`.
fn read_bounded(path: &Path) -> io::Result<String> {
    const MOST: u64 = 1024 * 1024;
    let about = fs::metadata(path)?;
    if !about.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if about.len() > MOST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    fs::read_to_string(path)
}

fn parsed<T: FromStr<Err = String>>(item: &Item) -> Result<T, String> {
    item.as_str().ok_or_else(|| "it is a text in quotes".to_owned())?.parse()
}

fn one<T: FromText>(table: &dyn TableLike, key: &str) -> Result<Option<T>, String> {
    table
        .get(key)
        .map(|item| item.as_str().ok_or_else(|| "it is a text in quotes".to_owned()).and_then(T::from_text))
        .transpose()
}

fn many<T: FromText>(table: &dyn TableLike, key: &str) -> Result<Vec<T>, String> {
    const SHAPE: &str = "it is a list of texts, for example [\"a\", \"b\"]";
    let Some(item) = table.get(key) else { return Ok(Vec::new()) };
    let array = item.as_array().ok_or(SHAPE)?;
    array.iter().map(|entry| entry.as_str().ok_or_else(|| SHAPE.to_owned()).and_then(T::from_text)).collect()
}

/// What a text in the file can become.
trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self, String>;
}

impl FromText for String {
    fn from_text(text: &str) -> Result<Self, String> {
        crate::ids::refuse_control(text)?;
        if crate::ids::is_secret(text) {
            return Err("it looks like a secret, which has no place in this file; take it out".to_owned());
        }
        if text.trim().is_empty() {
            return Err("it is empty".to_owned());
        }
        if let Some(why) = crate::ids::unfinished(text) {
            return Err(why.to_owned());
        }
        Ok(text.to_owned())
    }
}

macro_rules! from_text {
    ($($type:ty),*) => {$(
        impl FromText for $type {
            fn from_text(text: &str) -> Result<Self, String> {
                text.parse()
            }
        }
    )*};
}
from_text!(Provider, Domain, ConnectionName, Store);

fn callbacks(table: &dyn TableLike) -> Result<BTreeMap<String, String>, String> {
    const SHAPE: &str = "it is a table of client ID = \"callback URL\"";
    let Some(item) = table.get("callbacks") else { return Ok(BTreeMap::new()) };
    let table = item.as_table_like().ok_or(SHAPE)?;
    table
        .iter()
        .map(|(client_id, url)| {
            let url = url.as_str().ok_or_else(|| SHAPE.to_owned())?;
            crate::ids::refuse_control(url).map(|()| (client_id.to_owned(), url.to_owned()))
        })
        .collect()
}

fn endpoints(table: &dyn TableLike) -> Result<Endpoints, String> {
    let Some(item) = table.get("endpoints") else { return Ok(Endpoints::default()) };
    let table = item.as_table_like().ok_or("it is a table of origin = origin")?;
    let mut endpoints = Endpoints::default();
    for (origin, target) in table.iter() {
        let target = target.as_str().ok_or_else(|| format!("\"{origin}\" names no address"))?;
        endpoints.add(origin, target)?;
    }
    Ok(endpoints)
}

fn list<'a>(values: impl Iterator<Item = &'a str>) -> Option<Item> {
    let array: Array = values.collect();
    if array.is_empty() { None } else { Some(value(array)) }
}

/// Sets or removes a key; an equal value is left as the person wrote it, and comments beside a changed one stay.
fn set(table: &mut dyn TableLike, key: &str, item: Option<Item>) {
    match (table.get_mut(key), item) {
        (Some(old), Some(new)) => {
            if !same(old, &new) {
                let decor = old.as_value().map(|value| value.decor().clone());
                *old = new;
                if let (Some(value), Some(decor)) = (old.as_value_mut(), decor) {
                    *value.decor_mut() = decor;
                }
            }
        }
        (None, Some(new)) => {
            table.insert(key, new);
        }
        (Some(_), None) => {
            table.remove(key);
        }
        (None, None) => {}
    }
}

/// Whether two items say the same, however they are written.
fn same(a: &Item, b: &Item) -> bool {
    let texts = |item: &Item| {
        item.as_array().map(|list| list.iter().map(|v| v.as_str().map(str::to_owned)).collect::<Vec<_>>())
    };
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a == b,
        _ => match (a.as_integer(), b.as_integer()) {
            (Some(a), Some(b)) => a == b,
            _ => texts(a).is_some_and(|a| Some(a) == texts(b)),
        },
    }
}

#[cfg(test)]
mod tests;
