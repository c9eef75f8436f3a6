//! Owns the one place where the program is put together: settings, secret store, client, browser, person, simulator.
//!
//! Environment variables are read here alone; everything below is given what it needs.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use etcetera::BaseStrategy as _;

use crate::ask::given::{self, Inputs, Variables};
use crate::ask::prompt::Person;
use crate::ask::{self, Ask};
use crate::browser::{Browser, Printed, System};
use crate::cancel::Cancel;
use crate::cli;
use crate::console::Console;
use crate::diagnosis::{Code, Failure};
use crate::http::Http;
use crate::ids::{DEFAULT_PORT, ProfileName, Store};
use crate::provider::Provider;
use crate::sandbox::facts::Configured;
use crate::sandbox::robot::Robot;
use crate::sandbox::{self, Sandbox};
use crate::secret::Secret;
use crate::settings::{Profile, Settings};
use crate::simulated;
use crate::vault::{self, Vault, VaultError};

/// What a process is given from outside; the same program runs in a test with other facts.
pub struct Process {
    /// The environment.
    pub variables: Variables,
    /// Whether stdin is a terminal.
    pub stdin_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// Ctrl-C.
    pub cancel: Cancel,
}

impl Process {
    /// The real one.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn real(cancel: Cancel) -> Self {
        let pairs =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self {
            variables: Variables::new(pairs),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            cancel,
        }
    }

    /// Whether a person can be asked: stdin and stderr are terminals, and nothing forbids it.
    pub fn is_dialogue(&self, global: &cli::Global) -> bool {
        self.stdin_is_terminal
            && self.stderr_is_terminal
            && !global.no_input
            && !global.json
            && self.variables.get("CI").is_none()
    }

    fn is_wsl(&self) -> bool {
        self.variables.get("WSL_DISTRO_NAME").is_some() || self.variables.get("WSL_INTEROP").is_some()
    }

    fn has_display(&self) -> bool {
        !cfg!(target_os = "linux")
            || self.is_wsl()
            || self.variables.get("DISPLAY").is_some()
            || self.variables.get("WAYLAND_DISPLAY").is_some()
    }
}

/// Everything a command can touch.
pub struct World {
    /// What is printed.
    pub console: Arc<Console>,
    /// A person to ask, when there is one.
    pub dialogue: Option<Box<dyn Ask>>,
    /// What opens addresses.
    pub browser: Box<dyn Browser>,
    /// Where secrets are kept.
    pub vault: Box<dyn Vault>,
    /// How that place was chosen.
    pub store: Store,
    /// The HTTP client.
    pub http: Http,
    /// The settings file.
    pub settings: RefCell<Settings>,
    /// The profile in use.
    pub profile: ProfileName,
    /// What is saved for it.
    pub saved: Profile,
    /// Whether the settings have it.
    pub profile_exists: bool,
    /// Ctrl-C.
    pub cancel: Cancel,
    /// Whether lines on stdin may be the pasted final address of a login.
    pub reads_pasted_answers: bool,
    /// `user@host` for an `ssh -L` line, when this is a remote session.
    pub ssh: Option<String>,
    /// The simulator, under `--sandbox`.
    pub sandbox: Option<Sandbox>,
    variables: Variables,
}

/// What a command needs of the world beyond the global options.
#[derive(Default)]
pub struct Needs<'a> {
    /// The inputs it takes, when it takes any.
    pub inputs: Option<&'a cli::Inputs>,
    /// Whether the sandbox starts with a connection that is set up (`test`).
    pub configured: bool,
    /// Whether a settings file named with `--config` has to exist.
    pub settings_must_exist: bool,
}

impl World {
    /// Puts it together. Nothing is sent and nothing is written.
    ///
    /// # Errors
    /// Input errors and unreadable settings.
    pub fn build(
        process: &Process,
        global: &cli::Global,
        console: &Arc<Console>,
        needs: &Needs,
    ) -> Result<Self, Failure> {
        let flags = needs.inputs.cloned().unwrap_or_default();
        if flags.sandbox {
            return Self::simulated(process, global, console, &flags, needs.configured);
        }
        let variables = process.variables.clone();
        let path = settings_path(global, &variables)?;
        if needs.settings_must_exist && named_settings(global, &variables).is_some() && !path.exists() {
            let message = format!("the settings file {} does not exist", path.display());
            return Err(Failure::new(Code::FileNotReadable, message));
        }
        let settings = Settings::read(&path)?;
        let profile = profile_name(global, &variables, &settings)?;
        let saved = settings.profile(&profile)?;
        let known = saved.clone().unwrap_or_default();
        let tenant = known.domain.map(|domain| domain.to_string());
        console.about(profile.as_str(), known.provider.map(|provider| provider.to_string()), tenant);
        let profile_exists = saved.is_some();
        let saved = saved.unwrap_or_default();
        let store = given::store(&flags, &variables, &saved)?;
        let vault: Box<dyn Vault> = match store {
            Store::Keychain => Box::new(vault::Keychain::new(keychain_limit(process))),
            Store::File => Box::new(vault::File::new(path.with_file_name("secrets.toml"))),
            Store::Nothing => Box::new(vault::Nowhere),
        };
        let browser: Box<dyn Browser> = if flags.no_browser {
            Box::new(Printed)
        } else {
            Box::new(System {
                browser_variable: variables.get("BROWSER").map(str::to_owned),
                display: process.has_display(),
            })
        };
        Ok(Self {
            console: Arc::clone(console),
            dialogue: dialogue(process, global),
            browser,
            vault,
            store,
            http: Http::new(saved.endpoints.clone()),
            settings: RefCell::new(settings),
            profile,
            saved,
            profile_exists,
            cancel: process.cancel.clone(),
            reads_pasted_answers: process.stdin_is_terminal || flags.no_browser,
            ssh: ssh_target(&variables),
            sandbox: None,
            variables,
        })
    }

    /// The world of `--sandbox`: settings and secrets in memory, the simulator inside the process, and outside a dialogue a
    /// robot in place of the person. Variables for real accounts are not looked at.
    fn simulated(
        process: &Process,
        global: &cli::Global,
        console: &Arc<Console>,
        flags: &cli::Inputs,
        configured: bool,
    ) -> Result<Self, Failure> {
        let mut variables = Variables::default();
        if let Some((provider, name)) = process.variables.of(&ask::PROVIDER) {
            variables = Variables::new([(name.to_owned(), provider.to_owned())]);
        }
        let wanted = Profile { provider: Some(Provider::GoogleHealth), port: Some(DEFAULT_PORT), ..Profile::default() };
        let (provider, port) = given::provider_and_port(flags, &variables, &wanted)?;
        let sandbox = Sandbox::start(&sandbox::Options {
            port: 0,
            direct_port: port,
            configured: configured.then_some(match provider {
                Provider::GoogleHealth => Configured::GoogleHealth,
                Provider::Fitbit => Configured::Fitbit,
            }),
            faults: Default::default(),
        })
        .map_err(|error| Failure::new(Code::PortInUse, format!("the simulator could not start: {error}")))?;
        let saved = simulated::profile(&sandbox, provider, configured)?;
        let dialogue = dialogue(process, global);
        let browser: Box<dyn Browser> = match (&dialogue, flags.no_browser) {
            (_, true) => Box::new(Printed),
            (Some(_), false) => Box::new(System {
                browser_variable: process.variables.get("BROWSER").map(str::to_owned),
                display: process.has_display(),
            }),
            (None, false) => Box::new(Robot::new(saved.endpoints.clone())),
        };
        let vault = vault::Memory::default();
        let profile = ProfileName::default();
        if configured {
            let secret = Secret::new(simulated::client_secret(provider).to_owned());
            vault.set(&profile.client_secret_account(), &secret).map_err(store_failure)?;
        }
        Ok(Self {
            console: Arc::clone(console),
            dialogue,
            browser,
            vault: Box::new(vault),
            store: Store::Nothing,
            http: Http::new(saved.endpoints.clone()),
            settings: RefCell::new(Settings::in_memory()),
            profile,
            profile_exists: configured,
            saved,
            cancel: process.cancel.clone(),
            reads_pasted_answers: process.stdin_is_terminal || flags.no_browser,
            ssh: ssh_target(&process.variables),
            sandbox: Some(sandbox),
            variables,
        })
    }

    /// The inputs that are known without asking; in the sandbox its own credentials stand in for what is not given.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn inputs(&self, flags: &cli::Inputs) -> Result<Inputs, Failure> {
        let mut inputs = given::gather(flags, &self.variables, &self.saved)?;
        if self.sandbox.is_some() {
            if let Some(provider) = inputs.provider
                && inputs.secret.is_none()
                && inputs.client_id.as_deref() == Some(simulated::client_id(provider))
            {
                inputs.secret = Some(Secret::new(simulated::client_secret(provider).to_owned()));
            }
            if inputs.management.is_none() {
                inputs.management = Some(simulated::management());
            }
            if self.dialogue.is_none() && inputs.applications == given::Applications::Unknown {
                inputs.applications = given::Applications::All;
            }
        }
        Ok(inputs)
    }

    /// The place of secrets in words.
    pub fn place(&self) -> String {
        match self.vault.place() {
            vault::Place::Keychain => "the keychain".to_owned(),
            vault::Place::File(path) => path.display().to_string(),
            vault::Place::Nowhere => "nowhere".to_owned(),
            vault::Place::Memory => "memory, for this run".to_owned(),
        }
    }
}

/// Where the settings are: flag, variable, the platform's usual place.
///
/// # Errors
/// `settings_file_invalid` when the platform names no home.
fn settings_path(global: &cli::Global, variables: &Variables) -> Result<PathBuf, Failure> {
    if let Some(named) = named_settings(global, variables) {
        return Ok(named);
    }
    if let Some(base) = variables.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|base| base.is_absolute()) {
        return Ok(base.join("fitbit-connect").join("config.toml"));
    }
    let strategy = etcetera::choose_base_strategy()
        .map_err(|error| Failure::new(Code::SettingsFileInvalid, format!("there is no place for settings: {error}")))?;
    Ok(strategy.config_dir().join("fitbit-connect").join("config.toml"))
}

fn named_settings(global: &cli::Global, variables: &Variables) -> Option<PathBuf> {
    global.config.clone().or_else(|| variables.of(&ask::CONFIG).map(|(path, _)| PathBuf::from(path)))
}

fn profile_name(global: &cli::Global, variables: &Variables, settings: &Settings) -> Result<ProfileName, Failure> {
    let given = match &global.profile {
        Some(name) => Some((name.as_str(), "--profile")),
        None => variables.of(&ask::PROFILE),
    };
    match given {
        Some((name, from)) => name.parse().map_err(|why| {
            Failure::new(Code::InputInvalid, format!("the profile name (from {from}) is not right: {why}"))
        }),
        None => Ok(settings.default_profile()?.unwrap_or_default()),
    }
}

fn dialogue(process: &Process, global: &cli::Global) -> Option<Box<dyn Ask>> {
    let colour = global.color != crate::console::Colour::Never
        && process.variables.get("NO_COLOR").is_none()
        && process.variables.get("TERM") != Some("dumb");
    process.is_dialogue(global).then(|| Box::new(Person::new(colour)) as Box<dyn Ask>)
}

/// A person needs time to unlock a keychain; a machine without a display has nobody who could.
fn keychain_limit(process: &Process) -> Duration {
    if process.has_display() { Duration::from_secs(120) } else { Duration::from_secs(5) }
}

fn ssh_target(variables: &Variables) -> Option<String> {
    let connection = variables.get("SSH_CONNECTION")?;
    let address = connection.split_whitespace().nth(2)?;
    let user = variables.get("USER").map_or_else(String::new, |user| format!("{user}@"));
    Some(format!("{user}{address}"))
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
