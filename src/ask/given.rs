//! Owns finding inputs without asking: flag, then variable, then saved profile. Everything wrong is reported at once, before
//! anything is sent anywhere.
//!
//! Refuses a secret as a flag value, and to repeat a secret in a message.

mod door;
pub mod id;
mod variables;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use door::looks_secret;
use door::{Door, HIDDEN, invalid, pick};
use url::Url;
pub use variables::Variables;

use crate::auth0::management::Login;
use crate::cli;
use crate::diagnosis::{Code, Failure, led_by};
use crate::ids::{self, ConnectionName, DEFAULT_PORT, Domain, Store, refuse_control, shown_path};
use crate::provider::{Provider, scopes};
use crate::secret::Secret;
use crate::settings::Profile;
use crate::text::GOOGLES;

/// The live login waits this long unless told otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(300);

/// The path of a file that was dragged into the terminal: quotes, escaped spaces and `file://` are understood. None when the
/// text is no path.
pub fn dragged_path(text: &str) -> Option<PathBuf> {
    let text = text.trim();
    let quoted = ['\'', '"'].iter().find_map(|q| text.strip_prefix(*q)?.strip_suffix(*q));
    let inner = quoted.unwrap_or(text);
    if let Some(path) =
        Url::parse(inner).ok().filter(|url| url.scheme() == "file").and_then(|url| url.to_file_path().ok())
    {
        return Some(path);
    }
    let is_path = inner.to_lowercase().ends_with(".json") || inner.starts_with(['/', '~', '.']);
    if !is_path || inner.contains("://") {
        return None;
    }
    // A terminal escapes what a shell would split.
    let path = if quoted.is_none() && cfg!(unix) { inner.replace("\\", "") } else { inner.to_owned() };
    match path.strip_prefix("~/") {
        Some(rest) => Some(etcetera::home_dir().ok()?.join(rest)),
        None => Some(PathBuf::from(path)),
    }
}

/// Client ID and secret of Google's client JSON.
///
/// # Errors
/// `input_invalid`, `desktop_client`, `file_not_readable`.
pub fn read_client_json(path: &Path) -> Result<(String, Secret), Failure> {
    if !std::fs::metadata(path).is_ok_and(|about| about.is_file()) {
        return Err(Failure::new(Code::FileNotReadable, format!("there is no file {}", shown_path(path))));
    }
    let variables = Variables::default();
    let mut door = Door::new(&variables);
    let read = door.client_json(path);
    door.verdict()?;
    read.ok_or_else(|| Failure::new(Code::FileNotReadable, format!("{} cannot be read", shown_path(path))))
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

impl Applications {
    /// Those that are named or saved: names and client IDs.
    pub fn listed(&self) -> &[String] {
        match self {
            Self::Named(names) => names,
            Self::Saved(ids) => ids,
            Self::All | Self::Unknown => &[],
        }
    }
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
    /// Whether it is the one that the saved profile's values belong to.
    pub same_tenant: bool,
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
    /// Time limit of the live login.
    pub timeout: Duration,
    /// An existing application for the live login.
    pub test_app: Option<String>,
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

/// Refuses a secret as a flag value, without repeating it. Such flags do not exist; this is why.
///
/// # Errors
/// `secret_on_command_line`.
pub fn refuse_secrets_on_the_command_line(args: &[OsString]) -> Result<(), Failure> {
    let options = args.iter().map(|arg| arg.to_string_lossy()).take_while(|arg| arg != "--");
    for arg in options {
        let flag = arg.split('=').next().unwrap_or_default();
        let field = match flag {
            "--client-secret" => super::CLIENT_SECRET,
            "--management-client-secret" => super::MANAGEMENT_SECRET,
            "--token" | "--api-token" | "--access-token" => super::TOKEN,
            _ => continue,
        };
        let message = format!("{flag} is refused: everybody on this machine can read a command line");
        let hint = format!("Use {} (- reads stdin) or the variable {}", field.flag, field.variables.join(" or "));
        return Err(Failure::new(Code::SecretOnCommandLine, message).with_hint(hint));
    }
    Ok(())
}

/// The provider and the loopback port alone, which the sandbox has to know before it starts.
///
/// # Errors
/// `input_invalid`.
pub fn provider_and_port(
    flags: &cli::Inputs,
    variables: &Variables,
    otherwise: &Profile,
) -> Result<(Provider, u16), Failure> {
    let mut door = Door::new(variables);
    let given = door.parsed(flags.provider.as_deref(), &super::PROVIDER, |text| text.parse::<Provider>());
    let port = door.parsed(flags.port.as_deref(), &super::PORT, ids::port);
    door.verdict()?;
    let inferred = flags.client_id.as_deref().and_then(Provider::of_client_id);
    let provider = given.or(inferred).or(otherwise.provider).unwrap_or(Provider::GoogleHealth);
    Ok((provider, port.or(otherwise.port).unwrap_or(DEFAULT_PORT)))
}

/// Finds every input.
///
/// # Errors
/// All that is wrong, in one failure; what is merely missing is no error here.
pub fn gather(flags: &cli::Inputs, variables: &Variables, saved: &Profile) -> Result<Inputs, Failure> {
    let mut door = Door::new(variables);

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
        .or(saved.provider)
        .or_else(|| saved.client_id.as_deref().filter(|_| given_id.is_none()).and_then(Provider::of_client_id));
    let saved_provider = saved.provider.or_else(|| saved.client_id.as_deref().and_then(Provider::of_client_id));
    let same_provider = provider.is_some() && provider == saved_provider;

    if let Some(id) = &given_id {
        let why = match provider {
            Some(provider) => provider.check_client_id(id).err(),
            // Neither family's form: what is wrong with it, if anything, Google's rules say better than a missing provider.
            None => Provider::GoogleHealth.check_client_id(id).err(),
        };
        if let Some(why) = why {
            let from = match (&json, &flags.client_id) {
                (Some(_), _) => "--client-json",
                (None, Some(_)) => "",
                (None, None) => variables.of(&super::CLIENT_ID).map_or("", |(_, name)| name),
            };
            let refused = invalid(&super::CLIENT_ID, from, id, &why);
            door.wrong.push(match id::of_the_other(provider, id) {
                Some(code) => {
                    let failure = Failure::new(code, refused.message);
                    let kept =
                        saved.client_id.as_ref().filter(|id| same_provider && Provider::of_client_id(id) == provider);
                    match kept.filter(|_| flags.client_id.is_some()) {
                        Some(kept) => {
                            let hint =
                                led_by(&format!("Leave it out, and {kept} is used, which is saved. "), &failure.hint());
                            failure.with_hint(hint)
                        }
                        None => failure,
                    }
                }
                None => refused,
            });
        }
    }
    let client_id = given_id.clone().or_else(|| saved.client_id.clone().filter(|_| same_provider));
    let saved_secret_applies = same_provider && client_id == saved.client_id;

    let mut secret = door.secret(flags.client_secret_file.as_deref(), &super::CLIENT_SECRET);
    let has_json = json.is_some();
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
        let from = match flags.client_secret_file {
            _ if has_json => "--client-json",
            Some(_) => "",
            None => variables.of(&super::CLIENT_SECRET).map_or("", |(_, name)| name),
        };
        let refused = invalid(&super::CLIENT_SECRET, from, HIDDEN, &why);
        let is_others =
            Provider::ALL.iter().any(|other| *other != provider && other.check_secret(secret.expose()).is_ok());
        let (id, given) = (super::CLIENT_ID.how_to_give(), super::CLIENT_SECRET.how_to_give());
        door.wrong.push(match (is_others, provider) {
            (true, Provider::Fitbit) => {
                let kept = saved.client_id.as_ref().filter(|_| given_id.is_some() && saved_provider != Some(provider));
                let kept = kept.map(|kept| format!("Leave the client ID out, and {kept} is used, which is saved. "));
                refused.with_hint(format!(
                    "{}Fitbit was shut down on 2 Nov 2026, and Google's secret belongs to google-health: `{{move}}` goes over, with all else \
                     that you gave and Google's client ID ({id}). Should the app at Fitbit be meant, give its own secret: {given}",
                    kept.unwrap_or_default()
                ))
            }
            (true, Provider::GoogleHealth) => refused.with_hint(format!(
                "Give the client ID and secret of {}: {id}, {given}",
                provider.name()
            )),
            (false, _) => refused,
        });
    }

    let given_scopes = pick(flags.scopes.as_deref(), variables, &super::SCOPES);
    let (chosen_scopes, scopes_from) = match (given_scopes, provider) {
        (Some((_, from)), _) => {
            let parse = |text: &str| match provider {
                Some(provider) => scopes::parse(provider, text),
                None if text.split([',', ' ']).any(ids::is_secret) => Err("it looks like a secret".to_owned()),
                None => Ok(text.split([',', ' ']).filter(|s| !s.is_empty()).map(str::to_owned).collect()),
            };
            let chosen = door.parsed(flags.scopes.as_deref(), &super::SCOPES, parse);
            (chosen, if from.is_empty() { super::SCOPES.flag } else { from })
        }
        (None, _) if same_provider && !saved.scopes.is_empty() => {
            let wrong = provider.and_then(|provider| scopes::parse(provider, &saved.scopes.join(",")).err());
            let refused = |why| Failure::new(Code::SettingsFileInvalid, format!("scopes in the settings: {why}"));
            let chosen = wrong.is_none().then(|| saved.scopes.clone());
            door.wrong.extend(wrong.map(refused));
            (chosen, "the settings")
        }
        (None, _) => (None, ""),
    };
    if let (Some(provider), Some(names)) = (provider, &chosen_scopes)
        && !scopes::identity_readable(provider, names.iter().map(String::as_str))
    {
        let names = names.join(",");
        let message = format!("scopes {names} (from {scopes_from}) are not right: none lets the identity be read");
        let enough = provider.identity_scopes().join(", ");
        door.wrong.push(Failure::new(Code::InputInvalid, message).with_hint(format!("Add one of these: {enough}")));
    }

    let given_domain = door.parsed(flags.domain.as_deref(), &super::DOMAIN, |text| text.parse::<Domain>());
    // What was saved for one tenant is neither right for another nor its business.
    let same_tenant = given_domain.is_none() || given_domain == saved.domain;
    let domain = given_domain.or(saved.domain.clone());
    let login_domains = door
        .listed(&flags.login_domain, &super::LOGIN_DOMAIN)
        .map(|(texts, from)| {
            let parse = |text: &String| door.parse(&super::LOGIN_DOMAIN, from, text, |t| t.parse::<Domain>());
            texts.iter().filter_map(parse).collect()
        })
        .unwrap_or_else(|| if same_tenant { saved.login_domains.clone() } else { Vec::new() });
    let applications = match door.listed(&flags.app, &super::APPS) {
        Some(_) if flags.all_apps && !flags.app.is_empty() => {
            door.wrong.push(Failure::new(Code::InputContradictory, "--app and --all-apps cannot be given together"));
            Applications::Unknown
        }
        _ if flags.all_apps => Applications::All,
        Some((named, _)) => Applications::Named(named),
        None if same_tenant && !saved.applications.is_empty() => Applications::Saved(saved.applications.clone()),
        None => Applications::Unknown,
    };
    let port = door.parsed(flags.port.as_deref(), &super::PORT, ids::port);
    let timeout = door.parsed(flags.timeout.as_deref(), &super::TIMEOUT, ids::time_limit);
    let connection = door
        .parsed(flags.connection.as_deref(), &super::CONNECTION, |text| text.parse::<ConnectionName>())
        .or_else(|| saved.connection.clone().filter(|_| same_provider));
    let test_app = door.parsed(flags.test_app.as_deref(), &super::TEST_APP, |text| {
        refuse_control(text)?;
        if ids::is_secret(text) {
            return Err("it looks like a secret, not like a client ID".to_owned());
        }
        let word = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if word { Ok(text.to_owned()) } else { Err("it is a client ID: letters and digits without spaces".to_owned()) }
    });
    let (management, management_id) =
        door.management(flags, saved.management_client_id.as_ref().filter(|_| same_tenant));
    if let Some(Login::Client { secret: other, .. }) = &management {
        let is_one_value = secret.as_ref().is_some_and(|secret| secret.same_as(other));
        if is_one_value {
            let message = "the client secret and the Management API client's secret are the same value: one belongs to the app at \
                           the provider, the other to an application of the tenant";
            door.wrong.push(Failure::new(Code::InputContradictory, message));
        } else if other.expose().starts_with(GOOGLES) {
            let why =
                "it is a client secret of Google's, and belongs to the app at the provider; the two may be exchanged";
            let from = match flags.management_client_secret_file {
                Some(_) => "",
                None => variables.of(&super::MANAGEMENT_SECRET).map_or("", |(_, name)| name),
            };
            door.wrong.push(invalid(&super::MANAGEMENT_SECRET, from, HIDDEN, why));
        }
    }

    door.verdict()?;
    Ok(Inputs {
        provider,
        client_id,
        secret,
        saved_secret_applies,
        domain,
        same_tenant,
        login_domains,
        management,
        management_id,
        connection,
        applications,
        scopes: chosen_scopes,
        port: port.or(saved.port).unwrap_or(DEFAULT_PORT),
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        test_app,
    })
}

/// The failure that names every missing input with its flag and variable.
pub fn missing(fields: &[String]) -> Failure {
    let count = if fields.len() == 1 { "an input is".to_owned() } else { format!("{} inputs are", fields.len()) };
    Failure::new(Code::InputMissing, format!("{count} missing\n{}", fields.join("\n")))
}

#[cfg(test)]
mod tests;
