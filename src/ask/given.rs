//! Owns finding inputs without asking: flag, then variable, then saved profile. Everything wrong is reported at once, before
//! anything is sent anywhere.
//!
//! Refuses a secret as a flag value, and to repeat a secret in a message.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::Field;
use crate::auth0::management::Login;
use crate::cli;
use crate::diagnosis::{Code, Failure};
use crate::ids::{self, ConnectionName, DEFAULT_PORT, Domain, Store, refuse_control};
use crate::provider::{Provider, scopes};
use crate::secret::Secret;
use crate::settings::Profile;

/// Files with a secret or a client JSON are read up to this size (bytes).
const MAX_FILE: u64 = 64 * 1024;
/// The live login waits this long unless told otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

/// A snapshot of the environment; an empty variable counts as unset.
#[derive(Debug, Clone, Default)]
pub struct Variables(HashMap<String, String>);

impl Variables {
    /// From pairs.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The first variable of a field that is set, with its name.
    pub fn of(&self, field: &Field) -> Option<(&str, &'static str)> {
        field.variables.iter().find_map(|name| {
            let value = self.get(name)?.trim();
            (!value.is_empty()).then_some((value, *name))
        })
    }
}

/// Which applications may log people in through the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applications {
    /// Every one that logs people in.
    All,
    /// Named now, by name or client ID: one that does not exist is an input error.
    Named(Vec<String>),
    /// Saved earlier, by client ID: one that is gone is a misconfiguration.
    Saved(Vec<String>),
    /// Not given.
    Unknown,
}

/// All inputs that are known without asking anybody.
pub struct Inputs {
    /// The provider.
    pub provider: Option<Provider>,
    /// Its client ID.
    pub client_id: Option<String>,
    /// Its client secret, when given for this run.
    pub secret: Option<Secret>,
    /// Whether the saved profile's provider-specific values (secret in the store) belong to this provider and client ID.
    pub saved_secret_applies: bool,
    /// The tenant.
    pub domain: Option<Domain>,
    /// Custom login domains, given or saved.
    pub login_domains: Vec<Domain>,
    /// How to get at the Management API, when everything for it is given.
    pub management: Option<Login>,
    /// The Management API client's ID, when its secret may be in the store.
    pub management_id: Option<String>,
    /// The connection.
    pub connection: Option<ConnectionName>,
    /// The applications.
    pub applications: Applications,
    /// Scopes, short names.
    pub scopes: Option<Vec<String>>,
    /// The loopback port.
    pub port: u16,
    /// Whether the port was chosen rather than taken as the default.
    pub port_given: bool,
    /// Time limit of the live login.
    pub timeout: Duration,
}

/// Where secrets go: flag, variable, saved, keychain.
///
/// # Errors
/// `input_invalid`.
pub fn store(flags: &cli::Inputs, variables: &Variables, saved: &Profile) -> Result<Store, Failure> {
    match pick(flags.store.as_deref(), variables, &super::STORE) {
        Some((text, from)) => text.parse().map_err(|why: String| invalid(&super::STORE, from, &text, &why)),
        None => Ok(saved.store.unwrap_or(Store::Keychain)),
    }
}

/// Refuses a secret as a flag value, without repeating it.
///
/// # Errors
/// `secret_on_command_line`.
pub fn refuse_secrets_on_the_command_line(flags: &cli::Inputs) -> Result<(), Failure> {
    for (given, flag, field) in [
        (flags.client_secret.is_some(), "--client-secret", &super::CLIENT_SECRET),
        (flags.management_client_secret.is_some(), "--management-client-secret", &super::MANAGEMENT_SECRET),
        (flags.token.is_some(), "--token", &super::TOKEN),
    ] {
        if given {
            let message = format!("{flag} is refused: everybody on this machine can read a command line");
            let hint = format!("Use {} (- reads stdin) or the variable {}", field.flag, field.variables.join(" or "));
            return Err(Failure::new(Code::SecretOnCommandLine, message).with_hint(hint));
        }
    }
    Ok(())
}

/// Finds every input.
///
/// # Errors
/// All that is wrong, in one failure; what is merely missing is no error here.
pub fn gather(flags: &cli::Inputs, variables: &Variables, saved: &Profile) -> Result<Inputs, Failure> {
    refuse_secrets_on_the_command_line(flags)?;
    let mut door = Door { variables, wrong: Vec::new(), stdin_taken: None };

    let json = flags.client_json.as_deref().and_then(|path| door.client_json(path));
    let given_provider = door.parsed(flags.provider.as_deref(), &super::PROVIDER, |text| text.parse::<Provider>());
    let mut given_id = door
        .parsed(flags.client_id.as_deref(), &super::CLIENT_ID, |text| refuse_control(text).map(|()| text.to_owned()));
    if let Some((id, _)) = &json {
        if flags.client_id.is_some() && given_id.as_ref().is_some_and(|given| given != id) {
            door.wrong.push(Failure::new(
                Code::InputContradictory,
                "--client-id and --client-json name different client IDs",
            ));
        }
        given_id = Some(id.clone());
    }
    let inferred = given_id.as_deref().and_then(Provider::of_client_id);
    let provider = given_provider
        .or(inferred)
        .or(saved.provider.filter(|_| given_id.is_none()))
        .or_else(|| saved.client_id.as_deref().filter(|_| given_id.is_none()).and_then(Provider::of_client_id));
    let saved_provider = saved.provider.or_else(|| saved.client_id.as_deref().and_then(Provider::of_client_id));
    let same_provider = provider.is_some() && provider == saved_provider;

    if let (Some(provider), Some(id)) = (provider, &given_id)
        && let Err(why) = provider.check_client_id(id)
    {
        door.wrong.push(invalid(&super::CLIENT_ID, "", id, &why));
    }
    let client_id = given_id.clone().or_else(|| saved.client_id.clone().filter(|_| same_provider));
    let saved_secret_applies = same_provider && client_id == saved.client_id;

    let mut secret = door.secret(flags.client_secret_file.as_deref(), &super::CLIENT_SECRET);
    if let Some((_, from_json)) = json {
        if secret.is_some() && flags.client_secret_file.is_some() {
            let message = "--client-json holds the client secret, so --client-secret-file cannot be given with it";
            door.wrong.push(Failure::new(Code::InputContradictory, message));
        }
        secret = Some(from_json);
    }
    if let (Some(provider), Some(secret)) = (provider, &secret)
        && let Err(why) = provider.check_secret(secret.expose())
    {
        door.wrong.push(Failure::new(Code::InputInvalid, format!("{} is not right: {why}", super::CLIENT_SECRET.name)));
    }

    let chosen_scopes = door
        .parsed(flags.scopes.as_deref(), &super::SCOPES, |text| match provider {
            Some(provider) => scopes::parse(provider, text),
            None => Ok(text.split([',', ' ']).filter(|s| !s.is_empty()).map(str::to_owned).collect()),
        })
        .or_else(|| Some(saved.scopes.clone()).filter(|scopes| same_provider && !scopes.is_empty()));
    if let (Some(provider), true) = (provider, same_provider && !saved.scopes.is_empty())
        && let Err(why) = scopes::parse(provider, &saved.scopes.join(","))
    {
        door.wrong.push(Failure::new(Code::SettingsFileInvalid, format!("the saved scopes are not right: {why}")));
    }

    let domain =
        door.parsed(flags.domain.as_deref(), &super::DOMAIN, |text| text.parse::<Domain>()).or(saved.domain.clone());
    let login_domains = door
        .listed(&flags.login_domain, &super::LOGIN_DOMAIN)
        .map(|texts| {
            texts
                .iter()
                .filter_map(|text| door.parse(&super::LOGIN_DOMAIN, "", text, |t| t.parse::<Domain>()))
                .collect()
        })
        .unwrap_or_else(|| saved.login_domains.clone());
    let applications = match door.listed(&flags.app, &super::APPS) {
        Some(_) if flags.all_apps && !flags.app.is_empty() => {
            door.wrong.push(Failure::new(Code::InputContradictory, "--app and --all-apps cannot be given together"));
            Applications::Unknown
        }
        _ if flags.all_apps => Applications::All,
        Some(named) => Applications::Named(named),
        None if !saved.applications.is_empty() => Applications::Saved(saved.applications.clone()),
        None => Applications::Unknown,
    };
    let port = door.parsed(flags.port.as_deref(), &super::PORT, ids::port);
    let timeout = door.parsed(flags.timeout.as_deref(), &super::TIMEOUT, ids::time_limit);
    let connection = door
        .parsed(flags.connection.as_deref(), &super::CONNECTION, |text| text.parse::<ConnectionName>())
        .or_else(|| saved.connection.clone().filter(|_| same_provider));
    let (management, management_id) = door.management(flags, saved);

    door.verdict()?;
    Ok(Inputs {
        provider,
        client_id,
        secret,
        saved_secret_applies,
        domain,
        login_domains,
        management,
        management_id,
        connection,
        applications,
        scopes: chosen_scopes,
        port: port.or(saved.port).unwrap_or(DEFAULT_PORT),
        port_given: port.is_some(),
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
    })
}

/// The failure that names every missing input with its flag and variable.
pub fn missing(fields: &[String]) -> Failure {
    let count = if fields.len() == 1 { "an input is".to_owned() } else { format!("{} inputs are", fields.len()) };
    Failure::new(Code::InputMissing, format!("{count} missing\n{}", fields.join("\n")))
}

fn pick(flag: Option<&str>, variables: &Variables, field: &Field) -> Option<(String, &'static str)> {
    match flag {
        Some(text) => Some((text.trim().to_owned(), "")),
        None => variables.of(field).map(|(text, name)| (text.to_owned(), name)),
    }
}

fn invalid(field: &Field, from: &str, text: &str, why: &str) -> Failure {
    let from = if from.is_empty() { String::new() } else { format!(" (from {from})") };
    // A value that is long or odd may be a secret pasted in the wrong place: then only the reason is shown.
    let short = text.len() <= 80 && refuse_control(text).is_ok() && !looks_secret(text);
    let shown = if short { format!(" \"{text}\"") } else { String::new() };
    Failure::new(Code::InputInvalid, format!("{}{shown}{from} is not right: {why}", field.name))
}

/// Whether a text could be a secret: Google's prefix, a long hexadecimal run, a JSON Web Token, or a long run of mixed
/// letters and digits without the dots and spaces that names and addresses have.
fn looks_secret(text: &str) -> bool {
    let hex = text.len() >= 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let dense = text.len() >= 24
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_uppercase());
    text.starts_with("GOCSPX-") || text.starts_with("eyJ") || hex || dense
}

struct Door<'a> {
    variables: &'a Variables,
    wrong: Vec<Failure>,
    stdin_taken: Option<&'static str>,
}

impl Door<'_> {
    fn parse<T>(
        &mut self,
        field: &Field,
        from: &str,
        text: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(text.trim()).map_err(|why| self.wrong.push(invalid(field, from, text.trim(), &why))).ok()
    }

    fn parsed<T>(&mut self, flag: Option<&str>, field: &Field, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let (text, from) = pick(flag, self.variables, field)?;
        if text.is_empty() {
            self.wrong.push(invalid(field, from, "", "it is empty"));
            return None;
        }
        self.parse(field, from, &text, parse)
    }

    fn listed(&mut self, flags: &[String], field: &Field) -> Option<Vec<String>> {
        let entries: Vec<String> = if flags.is_empty() {
            let (list, _) = self.variables.of(field)?;
            list.split(',').map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
        } else {
            flags.iter().map(|entry| entry.trim().to_owned()).collect()
        };
        for entry in &entries {
            if let Err(why) = refuse_control(entry) {
                self.wrong.push(invalid(field, "", entry, &why));
            } else if entry.is_empty() {
                self.wrong.push(invalid(field, "", "", "it is empty"));
            }
        }
        Some(entries)
    }

    fn secret(&mut self, file: Option<&Path>, field: &Field) -> Option<Secret> {
        let text = match file {
            Some(path) => self.read(path, field)?,
            None => self.variables.of(field).map(|(text, _)| text.to_owned())?,
        };
        let secret = Secret::new(text.trim().trim_start_matches('\u{feff}').trim().to_owned());
        drop(Secret::new(text));
        let wrong = if secret.is_empty() {
            Some("it is empty".to_owned())
        } else if secret.expose().contains(char::is_whitespace) {
            Some("it has white space inside; give the secret alone".to_owned())
        } else {
            refuse_control(secret.expose()).err()
        };
        match wrong {
            Some(why) => {
                self.wrong.push(Failure::new(Code::InputInvalid, format!("{} is not right: {why}", field.name)));
                None
            }
            None => Some(secret),
        }
    }

    fn read(&mut self, path: &Path, field: &Field) -> Option<String> {
        let mut text = String::new();
        let result = if path.as_os_str() == "-" {
            if let Some(first) = self.stdin_taken.replace(field.name) {
                let message = format!("{first} and {} cannot both be read from stdin", field.name);
                self.wrong.push(Failure::new(Code::InputContradictory, message));
                return None;
            }
            io::stdin().lock().take(MAX_FILE).read_to_string(&mut text)
        } else {
            File::open(path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
        };
        match result {
            Ok(_) => Some(text),
            Err(error) => {
                let why = if error.kind() == io::ErrorKind::InvalidData {
                    "it is no text".to_owned()
                } else {
                    error.to_string()
                };
                let message = format!("the file with the {}, {}, cannot be read: {why}", field.name, path.display());
                self.wrong.push(Failure::new(Code::FileNotReadable, message));
                None
            }
        }
    }

    /// Google's download: `{"web": {"client_id": ..., "client_secret": ...}}`.
    fn client_json(&mut self, path: &Path) -> Option<(String, Secret)> {
        let text = Secret::new(self.read(path, &super::CLIENT_JSON)?);
        let shape = |why: &str| {
            let message = format!("{} is not Google's client JSON of a Web application: {why}", path.display());
            Failure::new(Code::InputInvalid, message)
                .with_hint("Google Auth Platform > Clients > the Web application client > Download JSON")
        };
        let read = || {
            let value: Value = serde_json::from_str(text.expose()).map_err(|_| shape("it is no JSON"))?;
            if value.get("installed").is_some() {
                let message =
                    format!("{} belongs to a Desktop client, which cannot carry Auth0's callback URL", path.display());
                return Err(Failure::new(Code::DesktopClient, message));
            }
            let web = value.get("web").ok_or_else(|| shape("there is no \"web\" in it"))?;
            let member = |name: &str| {
                let text = web.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
                text.ok_or_else(|| shape(&format!("there is no \"{name}\" in it")))
            };
            let id = member("client_id")?;
            Provider::GoogleHealth.check_client_id(id).map_err(|why| shape(&why))?;
            let secret = member("client_secret")?;
            Provider::GoogleHealth.check_secret(secret).map_err(|why| shape(&why))?;
            Ok((id.to_owned(), Secret::new(secret.to_owned())))
        };
        read().map_err(|failure| self.wrong.push(failure)).ok()
    }

    /// A token or a client, flags before variables; a saved client ID waits for its secret from the store.
    fn management(&mut self, flags: &cli::Inputs, saved: &Profile) -> (Option<Login>, Option<String>) {
        let by_client_flag = flags.management_client_id.is_some() || flags.management_client_secret_file.is_some();
        if flags.token_file.is_some() && by_client_flag {
            let message = "--token-file and --management-client-id are two ways to the same thing; give one";
            self.wrong.push(Failure::new(Code::InputContradictory, message));
            return (None, None);
        }
        if !by_client_flag && let Some(token) = self.secret(flags.token_file.as_deref(), &super::TOKEN) {
            return (Some(Login::Token(token)), None);
        }
        if flags.token_file.is_some() {
            return (None, None);
        }
        let id = self
            .parsed(flags.management_client_id.as_deref(), &super::MANAGEMENT_ID, |text| {
                refuse_control(text).map(|()| text.to_owned())
            })
            .or_else(|| saved.management_client_id.clone());
        let secret = self.secret(flags.management_client_secret_file.as_deref(), &super::MANAGEMENT_SECRET);
        match (id, secret) {
            (Some(id), Some(secret)) => (Some(Login::Client { id: id.clone(), secret }), Some(id)),
            (id, _) => (None, id),
        }
    }

    fn verdict(self) -> Result<(), Failure> {
        let mut wrong = self.wrong.into_iter();
        let Some(first) = wrong.next() else { return Ok(()) };
        let rest: Vec<String> = wrong.map(|failure| failure.message).collect();
        if rest.is_empty() {
            return Err(first);
        }
        let hint = first.hint();
        Err(Failure::new(first.code, format!("{}\n{}", first.message, rest.join("\n"))).with_hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOGLE_ID: &str = "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com";

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        Variables::new(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn a_flag_wins_over_a_variable_and_a_variable_over_the_saved_profile() {
        let saved = Profile { domain: Some("saved.auth0.com".parse().unwrap()), ..Profile::default() };
        let flags = cli::Inputs { domain: Some("https://Flag.auth0.com/".into()), ..cli::Inputs::default() };
        let set = variables(&[("AUTH0_DOMAIN", "variable.auth0.com")]);
        let domain =
            |flags: &cli::Inputs, set: &Variables| gather(flags, set, &saved).unwrap().domain.unwrap().to_string();
        assert_eq!(domain(&flags, &set), "flag.auth0.com");
        assert_eq!(domain(&cli::Inputs::default(), &set), "variable.auth0.com");
        assert_eq!(domain(&cli::Inputs::default(), &variables(&[("AUTH0_DOMAIN", "")])), "saved.auth0.com");
    }

    #[test]
    fn the_provider_follows_from_the_client_id() {
        for (id, provider) in [(GOOGLE_ID, Provider::GoogleHealth), ("23ABCD", Provider::Fitbit)] {
            let flags = cli::Inputs { client_id: Some(format!(" {id} ")), ..cli::Inputs::default() };
            let inputs = gather(&flags, &Variables::default(), &Profile::default()).unwrap();
            assert_eq!((inputs.provider, inputs.client_id.as_deref()), (Some(provider), Some(id)));
        }
    }

    #[test]
    fn saved_values_of_another_provider_are_not_used() {
        let saved = Profile {
            provider: Some(Provider::Fitbit),
            client_id: Some("23ABCD".into()),
            connection: Some("fitbit".parse().unwrap()),
            scopes: vec!["profile".into()],
            ..Profile::default()
        };
        let flags = cli::Inputs { provider: Some("google-health".into()), ..cli::Inputs::default() };
        let inputs = gather(&flags, &Variables::default(), &saved).unwrap();
        assert_eq!(inputs.client_id, None);
        assert_eq!(inputs.connection, None);
        assert_eq!(inputs.scopes, None);
        assert!(!inputs.saved_secret_applies);
    }

    #[test]
    fn everything_wrong_is_reported_at_once_and_no_secret_is_repeated() {
        let flags = cli::Inputs {
            provider: Some("google-health".into()),
            client_id: Some("23ABCD".into()),
            domain: Some("acme/path".into()),
            port: Some("x".into()),
            connection: Some("a_b".into()),
            ..cli::Inputs::default()
        };
        let set = variables(&[("FITBIT_CONNECT_CLIENT_SECRET", "****abcd")]);
        let failure = gather(&flags, &set, &Profile::default()).err().unwrap();
        assert_eq!(failure.exit() as u8, 2);
        for part in ["client ID", "client secret", "tenant domain", "port", "connection name"] {
            assert!(failure.message.contains(part), "{part} in {}", failure.message);
        }
        assert!(!failure.message.contains("abcd"));
    }

    #[test]
    fn a_secret_pasted_where_another_value_belongs_is_not_repeated() {
        let secret = "GOCSPX-canarycanarycanarycanary12";
        for flags in [
            cli::Inputs { domain: Some(secret.into()), ..cli::Inputs::default() },
            cli::Inputs {
                client_id: Some(secret.into()),
                provider: Some("google-health".into()),
                ..cli::Inputs::default()
            },
            cli::Inputs { port: Some(secret.into()), ..cli::Inputs::default() },
        ] {
            let failure = gather(&flags, &Variables::default(), &Profile::default()).err().unwrap();
            assert!(!failure.message.contains("canary"), "{}", failure.message);
        }
    }

    #[test]
    fn a_secret_on_the_command_line_is_refused_without_repeating_it() {
        let flags = cli::Inputs { client_secret: Some(Some("canary".into())), ..cli::Inputs::default() };
        let failure = gather(&flags, &Variables::default(), &Profile::default()).err().unwrap();
        assert_eq!(failure.code, Code::SecretOnCommandLine);
        assert!(!format!("{} {}", failure.message, failure.hint()).contains("canary"));
    }

    #[test]
    fn googles_client_json_gives_both_and_a_desktop_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.json");
        let flags = cli::Inputs { client_json: Some(path.clone()), ..cli::Inputs::default() };
        let gather = || gather(&flags, &Variables::default(), &Profile::default());
        let secret = format!("GOCSPX-{}", "a".repeat(28));
        std::fs::write(&path, format!(r#"{{"web":{{"client_id":"{GOOGLE_ID}","client_secret":"{secret}"}}}}"#))
            .unwrap();
        let inputs = gather().unwrap();
        assert_eq!(inputs.client_id.as_deref(), Some(GOOGLE_ID));
        assert_eq!(inputs.secret.unwrap().expose(), secret);
        std::fs::write(&path, format!(r#"{{"installed":{{"client_id":"{GOOGLE_ID}","client_secret":"{secret}"}}}}"#))
            .unwrap();
        assert_eq!(gather().err().unwrap().code, Code::DesktopClient);
        std::fs::write(&path, format!("nonsense {secret}")).unwrap();
        let failure = gather().err().unwrap();
        assert!(!failure.message.contains(&secret));
    }

    #[test]
    fn a_token_wins_over_a_client_from_the_environment_and_two_flags_contradict() {
        let set = variables(&[("AUTH0_API_TOKEN", "t"), ("AUTH0_CLIENT_ID", "i"), ("AUTH0_CLIENT_SECRET", "s")]);
        let inputs = gather(&cli::Inputs::default(), &set, &Profile::default()).unwrap();
        assert!(matches!(inputs.management, Some(Login::Token(_))));
        let flags = cli::Inputs {
            token_file: Some("x".into()),
            management_client_id: Some("i".into()),
            ..cli::Inputs::default()
        };
        let failure = gather(&flags, &Variables::default(), &Profile::default()).err().unwrap();
        assert_eq!(failure.code, Code::InputContradictory);
    }
}
