//! Owns the one place where the program is put together: settings, secret store, client, browser, person, simulator.
//!
//! Refuses to read the environment itself: it is given a [`Process`], and gives everything below what it needs.

mod along;
mod beside;
mod forget;
mod kept;
mod known;
mod shadow;
mod variables;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use etcetera::BaseStrategy as _;

use crate::ask::given::{self, Inputs, Variables};
use crate::ask::plain::Plain;
use crate::ask::prompt::Person;
use crate::ask::{self, Ask};
use crate::browser::{Browser, Printed, System};
use crate::cancel::Cancel;
use crate::cli;
use crate::console::Console;
use crate::diagnosis::{Code, Failure};
use crate::http::{Authorities, Http};
use crate::ids::{DEFAULT_PORT, Domain, ProfileName, SecretOf, Store, shown_path};
use crate::lock::Lock;
use crate::process::{Process, Surroundings};
use crate::provider::Provider;
use crate::sandbox::facts::Configured;
use crate::sandbox::robot::Robot;
use crate::sandbox::{self, Sandbox};
use crate::secret::Secret;
use crate::settings::{Profile, Settings};
use crate::simulated;
use crate::vault::{self, Vault};
pub use forget::InKeychain;
pub use kept::{Another, store_failure};
use kept::{alone, keychain, secrets_beside};
use known::{Flags, Refused, again};
pub use known::{Testing, values_for};
use variables::refuse_wrong_proxies;

/// Everything a command can touch.
pub struct World {
    /// What is printed.
    pub console: Arc<Console>,
    /// A person to ask, when there is one.
    pub dialogue: Option<Box<dyn Ask>>,
    /// Why there is none.
    pub asks_nobody: &'static str,
    /// What opens addresses.
    browser: Box<dyn Browser>,
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
    /// Where this runs, as far as a browser has to reach the listener.
    pub surroundings: Surroundings,
    /// ` --config FILE --profile NAME`, as far as a command has to repeat them to mean the same.
    pub again: String,
    /// The flags that a command has to repeat, since nothing saves them.
    flags: Flags,
    /// The simulator, under `--sandbox`.
    pub sandbox: Option<Sandbox>,
    /// What of the inputs is known to be wrong.
    refused: Refused,
    /// Variables that win over what is saved.
    shadows: RefCell<shadow::Shadows>,
    /// Whether the Management API is used with a secret that is kept here.
    uses_kept_access: Cell<bool>,
    variables: Variables,
    /// Where secrets are kept, and how that place was chosen; a person may choose another one.
    kept: RefCell<(Store, Rc<dyn Vault>)>,
    /// The file that takes secrets under `--store file`.
    secrets_file: Option<PathBuf>,
    keychain: vault::Keychain,
    /// Nobody else writes these settings meanwhile.
    _alone: Option<Lock>,
}

/// The variable that names a file of authorities.
const AUTHORITIES: &str = "SSL_CERT_FILE";
/// The Auth0 CLI's settings are not larger (bytes).
const MAX_CLI_SETTINGS: u64 = 1024 * 1024;

/// What is read of the Auth0 CLI's settings.
#[derive(serde::Deserialize)]
struct DefaultTenant {
    default_tenant: String,
}

/// What a command needs of the world beyond the global options.
#[derive(Default)]
pub struct Needs<'a> {
    /// The inputs it takes, when it takes any.
    pub inputs: Option<&'a cli::Inputs>,
    /// Whether the sandbox starts with a connection that is set up (`test`).
    pub configured: bool,
    /// Whether the plan is confirmed already.
    pub confirmed: bool,
    /// Whether a settings file named with `--config` has to exist.
    pub settings_must_exist: bool,
    /// Whether it may write: then it is the only one that does, until it ends.
    pub writes: bool,
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
            return Self::simulated(process, global, console, &flags, needs);
        }
        let variables = process.variables.clone();
        refuse_wrong_proxies(&variables)?;
        let path = settings_path(global, &variables)?;
        if needs.settings_must_exist && named_settings(global, &variables).is_some() && !path.exists() {
            let message = format!("the settings file {} does not exist", shown_path(&path));
            return Err(Failure::new(Code::FileNotReadable, message));
        }
        // Before the settings are read: what is read stays true.
        let alone = if needs.writes { alone(&path, process, console)? } else { None };
        let settings = Settings::read(&path)?;
        let profile = profile_name(global, &variables, &settings)?;
        let saved = settings.profile(&profile)?;
        for (key, meant) in settings.unknown_keys() {
            let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
            console.warn(&format!("{} has a key that means nothing: {key}{meant}", path.display()));
        }
        let known = saved.clone().unwrap_or_default();
        let tenant = known.domain.map(|domain| domain.to_string());
        console.about(profile.as_str(), known.provider.map(|provider| provider.to_string()), tenant);
        let profile_exists = saved.is_some();
        let saved = saved.unwrap_or_default();
        let store = given::store(&flags, &variables, &saved)?;
        let secrets_file = secrets_beside(&path);
        let vault: Rc<dyn Vault> = match store {
            Store::Keychain => Rc::new(keychain(process, console)),
            Store::File => Rc::new(vault::File::new(secrets_file.clone()?)),
            Store::Nothing => Rc::new(vault::Nowhere),
        };
        variables.secrets().for_each(|secret| console.withhold(secret));
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
            dialogue: dialogue(process, global, console),
            asks_nobody: process.asks_nobody(global).unwrap_or_default(),
            browser,
            kept: RefCell::new((store, vault)),
            secrets_file: secrets_file.ok(),
            keychain: keychain(process, console),
            http: Http::new(saved.endpoints.clone())
                .shown_on(console)
                .cancelled_by(&process.cancel)
                .trusting(Authorities::new(variables.get(AUTHORITIES), variables.is_blank(AUTHORITIES))),
            settings: RefCell::new(settings),
            profile,
            saved,
            profile_exists,
            cancel: process.cancel.clone(),
            reads_pasted_answers: process.stdin_is_foreground && (process.stdin_is_terminal || flags.no_browser),
            surroundings: process.surroundings(),
            again: again(global),
            flags: Flags::of(&flags),
            sandbox: None,
            refused: Refused::default(),
            shadows: RefCell::default(),
            uses_kept_access: Cell::default(),
            variables,
            _alone: alone,
        })
    }

    /// The world of `--sandbox`: settings and secrets in memory, the simulator inside the process, and outside a dialogue a
    /// robot in place of the person. Variables for real accounts are not looked at.
    fn simulated(
        process: &Process,
        global: &cli::Global,
        console: &Arc<Console>,
        flags: &cli::Inputs,
        needs: &Needs,
    ) -> Result<Self, Failure> {
        let configured = needs.configured;
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
        let mut saved = simulated::profile(&sandbox, provider, configured)?;
        // `--yes` says that nothing has to be asked: then the robot shows everything.
        let dialogue = if needs.confirmed { None } else { dialogue(process, global, console) };
        if dialogue.is_some() && !configured && flags.provider.is_none() && flags.client_id.is_none() {
            (saved.provider, saved.client_id) = (None, None);
        }
        let browser: Box<dyn Browser> = match (&dialogue, flags.no_browser) {
            (_, true) => Box::new(Printed),
            (Some(_), false) => Box::new(System {
                browser_variable: process.variables.get("BROWSER").map(str::to_owned),
                display: process.has_display(),
            }),
            (None, false) => Box::new(Robot::new(saved.endpoints.clone())),
        };
        let vault = vault::Memory::default();
        let profile = profile_name(global, &variables, &Settings::in_memory())?;
        if configured {
            let secret = Secret::new(simulated::client_secret(provider).to_owned());
            vault.set(&profile.account(SecretOf::Provider), &secret, "", &[]).map_err(store_failure)?;
        }
        Ok(Self {
            console: Arc::clone(console),
            dialogue,
            asks_nobody: process.asks_nobody(global).unwrap_or("--yes is given"),
            browser,
            kept: RefCell::new((Store::Nothing, Rc::new(vault))),
            secrets_file: None,
            keychain: keychain(process, console),
            http: Http::confined(saved.endpoints.clone()).shown_on(console).cancelled_by(&process.cancel),
            settings: RefCell::new(Settings::in_memory()),
            profile,
            profile_exists: configured,
            saved,
            cancel: process.cancel.clone(),
            reads_pasted_answers: process.stdin_is_foreground && (process.stdin_is_terminal || flags.no_browser),
            surroundings: process.surroundings(),
            again: String::new(),
            flags: Flags::default(),
            sandbox: Some(sandbox),
            refused: Refused::default(),
            shadows: RefCell::default(),
            uses_kept_access: Cell::default(),
            variables,
            _alone: None,
        })
    }

    /// The inputs that are known without asking; in the sandbox its own credentials stand in for what is not given.
    ///
    /// # Errors
    /// All that is wrong, at once.
    pub fn inputs(&self, flags: &cli::Inputs) -> Result<Inputs, Failure> {
        self.inputs_among(ask::FIELDS, flags)
    }

    /// The same where only some inputs mean anything: no variable of another one is looked at.
    ///
    /// # Errors
    /// As [`Self::inputs`].
    pub fn inputs_among(&self, fields: &[ask::Field], flags: &cli::Inputs) -> Result<Inputs, Failure> {
        let variables = &self.variables.among(fields);
        // What is wrong with an input is told for the saved profile.
        self.know_saved();
        self.notice_variables(flags, variables);
        let mut inputs = given::gather(flags, variables, &self.saved).map_err(|failure| self.unshadowed(failure))?;
        if self.sandbox.is_some() {
            if let Some(provider) = inputs.provider
                && !self.profile_exists
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

    /// In the sandbox its own credentials stand in for those of the provider that a person chose.
    pub fn stand_in(&self, inputs: &mut Inputs) {
        if self.sandbox.is_some()
            && let (Some(provider), None) = (inputs.provider, &inputs.client_id)
        {
            inputs.client_id = Some(simulated::client_id(provider).to_owned());
            inputs.secret = Some(Secret::new(simulated::client_secret(provider).to_owned()));
        }
    }

    /// The person to ask for an input.
    ///
    /// # Errors
    /// `input_missing`, naming its flag and variable, when there is nobody.
    pub fn person(&self, field: &ask::Field) -> Result<&dyn Ask, Failure> {
        self.dialogue.as_deref().ok_or_else(|| given::missing(&[field.how_to_give()]))
    }

    /// The tenant that the Auth0 CLI uses, when its settings name one; nothing else is read from them.
    pub fn auth0_cli_tenant(&self) -> Option<Domain> {
        if self.sandbox.is_some() {
            return None;
        }
        let file = PathBuf::from(self.variables.get("HOME")?).join(".config/auth0/config.json");
        let usual = std::fs::metadata(&file).is_ok_and(|about| about.is_file() && about.len() < MAX_CLI_SETTINGS);
        let text = Secret::new(usual.then(|| std::fs::read_to_string(&file).ok())??);
        serde_json::from_str::<DefaultTenant>(text.expose()).ok()?.default_tenant.parse().ok()
    }
}

/// Where the settings are: flag, variable, the platform's usual place.
///
/// # Errors
/// `settings_file_invalid` when the platform names no home.
fn settings_path(global: &cli::Global, variables: &Variables) -> Result<PathBuf, Failure> {
    if let Some(named) = named_settings(global, variables) {
        // The environment may hold what is no text: then a file of another name would be taken.
        if named.to_string_lossy().contains('\u{fffd}') && global.config.is_none() {
            return Err(Failure::new(
                Code::InputInvalid,
                "the settings file in FITBIT_CONNECT_CONFIG has a name that is no text",
            ));
        }
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

fn dialogue(process: &Process, global: &cli::Global, console: &Arc<Console>) -> Option<Box<dyn Ask>> {
    if !process.is_dialogue(global) {
        return None;
    }
    if process.is_plain(global) {
        return Some(Box::new(Plain::new(Arc::clone(console))));
    }
    let colour = global.color != crate::console::Colour::Never && process.variables.get("NO_COLOR").is_none();
    Some(Box::new(Person::new(Arc::clone(console), colour)))
}
