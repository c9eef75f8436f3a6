//! Owns the command line: its words, its help. Refuses logic: what a value means is decided where it is used.

mod help;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::console::Colour;

/// Set up "log in with Fitbit" (Google Health) on an Auth0 tenant, and verify it.
///
/// Walks you through all six steps: register an app at the provider, enter the callback URL, copy the client ID and secret,
/// enter them in Auth0, enable the connection for applications, test it. Almost every mistake is found and named before
/// anybody is sent to a browser.
#[derive(Debug, Parser)]
#[command(name = "fitbit-connect", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = help::short(""), after_long_help = help::long(""))]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Headings of the long help.
const EVERY_COMMAND: &str = "Every command";
const PROVIDER: &str = "The provider";
const TENANT: &str = "The tenant";
const MACHINE: &str = "This machine";

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Named set of settings and secrets [env: FITBIT_CONNECT_PROFILE]
    #[arg(long, global = true, help_heading = EVERY_COMMAND, hide_short_help = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Settings file [env: FITBIT_CONNECT_CONFIG]
    #[arg(long, global = true, help_heading = EVERY_COMMAND, hide_short_help = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one JSON document on stdout, ask nothing
    #[arg(long, global = true, help_heading = EVERY_COMMAND, hide_short_help = true)]
    pub json: bool,
    /// Ask nothing; report everything that is missing at once [env: CI]
    #[arg(long, global = true, help_heading = EVERY_COMMAND, hide_short_help = true)]
    pub no_input: bool,
    /// When to use colour: auto, always or never [default: auto]
    #[arg(long, global = true, help_heading = EVERY_COMMAND, hide_short_help = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN", hide_possible_values = true, hide_default_value = true)]
    pub color: Colour,
    /// No colour, no redrawing, numbered questions: for screen readers and simple terminals [env: FITBIT_CONNECT_PLAIN]
    #[arg(long, global = true, help_heading = EVERY_COMMAND, hide_short_help = true)]
    pub plain: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk through the six steps; change only what differs
    #[command(after_help = help::short("setup"), after_long_help = help::long("setup"))]
    Setup(Box<Setup>),
    /// Verify a connection; change nothing that stays
    #[command(after_help = help::short("test"), after_long_help = help::long("test"))]
    Test(Box<Test>),
    /// Show what is configured and where each secret lives; no network
    #[command(after_help = help::short("status"), after_long_help = help::long("status"))]
    Status,
    /// Forget a profile: its settings and secrets
    #[command(after_help = help::short("remove"), after_long_help = help::long("remove"))]
    Remove(Box<Remove>),
    /// Say what a diagnosis code means, or list them
    #[command(after_help = help::short("explain"), after_long_help = help::long("explain"))]
    Explain(Explain),
    /// Run the simulator: a tenant, Google, Fitbit on loopback
    #[command(after_help = help::short("sandbox"), after_long_help = help::long("sandbox"))]
    Sandbox(Sandbox),
    /// Print shell completions
    #[command(after_help = help::short("completions"), after_long_help = help::long("completions"))]
    Completions {
        /// The shell to print them for
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write all of them into a folder
    #[command(after_help = help::short("man"), after_long_help = help::long("man"))]
    Man {
        /// Folder that takes one page per command
        dir: Option<PathBuf>,
    },
}

/// The inputs that `setup` and `test` share; [`Remove`] has those of them that mean something there.
#[derive(Debug, Clone, Default, Args)]
pub struct Inputs {
    /// fitbit or google-health [env: FITBIT_CONNECT_PROVIDER]
    #[arg(long, value_name = "PROVIDER", help_heading = PROVIDER, hide_short_help = true)]
    pub provider: Option<String>,
    /// Client ID of the app at the provider [env: FITBIT_CONNECT_CLIENT_ID]
    #[arg(long, value_name = "ID", help_heading = PROVIDER, hide_short_help = true)]
    pub client_id: Option<String>,
    /// File with its client secret, - is stdin [env: FITBIT_CONNECT_CLIENT_SECRET]
    #[arg(long, value_name = "PATH", help_heading = PROVIDER, hide_short_help = true)]
    pub client_secret_file: Option<PathBuf>,
    /// Google's download with client ID and secret
    #[arg(long, value_name = "PATH", help_heading = PROVIDER)]
    pub client_json: Option<PathBuf>,
    /// Scopes, comma separated, short names [env: FITBIT_CONNECT_SCOPES]
    #[arg(long, value_name = "A,B", help_heading = PROVIDER, hide_short_help = true)]
    pub scopes: Option<String>,

    /// Domain of the Auth0 tenant [env: AUTH0_DOMAIN]
    #[arg(long, value_name = "DOMAIN", help_heading = TENANT)]
    pub domain: Option<String>,
    /// Custom login domain, repeatable [env: FITBIT_CONNECT_LOGIN_DOMAIN]
    #[arg(long, value_name = "DOMAIN", help_heading = TENANT, hide_short_help = true)]
    pub login_domain: Vec<String>,
    /// File with a Management API token [env: AUTH0_API_TOKEN, AUTH0_ACCESS_TOKEN]
    #[arg(long, value_name = "PATH", help_heading = TENANT, hide_short_help = true)]
    pub token_file: Option<PathBuf>,
    /// Client ID of a Management API client [env: AUTH0_CLIENT_ID]
    #[arg(long, value_name = "ID", help_heading = TENANT, hide_short_help = true)]
    pub management_client_id: Option<String>,
    /// File with its secret, - is stdin [env: AUTH0_CLIENT_SECRET]
    #[arg(long, value_name = "PATH", help_heading = TENANT, hide_short_help = true)]
    pub management_client_secret_file: Option<PathBuf>,
    /// Name of the connection [env: FITBIT_CONNECT_CONNECTION]
    #[arg(long, value_name = "NAME", help_heading = TENANT, hide_short_help = true)]
    pub connection: Option<String>,
    /// Application, name or client ID, repeatable [env: FITBIT_CONNECT_APPS]
    #[arg(long, value_name = "NAME_OR_ID", help_heading = TENANT, hide_short_help = true)]
    pub app: Vec<String>,
    /// Every application that logs people in
    #[arg(long, help_heading = TENANT)]
    pub all_apps: bool,
    /// Use an existing application for the live login; change nothing there
    #[arg(long, value_name = "ID", help_heading = TENANT, hide_short_help = true)]
    pub test_app: Option<String>,

    /// keychain, file or none [env: FITBIT_CONNECT_STORE]
    #[arg(long, value_name = "STORE", help_heading = MACHINE, hide_short_help = true)]
    pub store: Option<String>,
    /// Loopback port of the callback [env: FITBIT_CONNECT_PORT] [default: 18917]
    #[arg(long, value_name = "N", help_heading = MACHINE, hide_short_help = true)]
    pub port: Option<String>,
    /// Time limit of the live login [env: FITBIT_CONNECT_TIMEOUT] [default: 5m]
    #[arg(long, value_name = "TIME", help_heading = MACHINE, hide_short_help = true)]
    pub timeout: Option<String>,
    /// Open no browser, print the URL alone
    #[arg(long, help_heading = MACHINE, hide_short_help = true)]
    pub no_browser: bool,
    /// Use the built-in simulator; write nothing
    #[arg(long)]
    pub sandbox: bool,
}

/// `setup`.
#[derive(Debug, Args)]
pub struct Setup {
    /// Inputs.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Confirm the plan
    #[arg(long)]
    pub yes: bool,
    /// Stop after the plan; write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Leave out the live login, and nothing else
    #[arg(long)]
    pub skip_login: bool,
    /// No Management API: say what to type in the dashboard
    #[arg(long)]
    pub manual: bool,
    /// Keep the Management API client's secret in the store
    #[arg(long, hide_short_help = true)]
    pub save_management: bool,
}

impl Setup {
    /// The switches that a command which goes on with the same work repeats, ` --yes --skip-login`.
    pub fn repeated(&self) -> String {
        let switches =
            [(self.yes, " --yes"), (self.skip_login, " --skip-login"), (self.save_management, " --save-management")];
        switches.into_iter().filter(|(is_given, _)| *is_given).map(|(_, switch)| switch).collect()
    }
}

/// `test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Inputs.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Leave out the live login
    #[arg(long)]
    pub headless: bool,
    /// Log in at the provider itself instead of through Auth0
    #[arg(long, conflicts_with = "test_app")]
    pub direct: bool,
    /// Let warnings, unknown and unexpected skips fail (exit code 3)
    #[arg(long)]
    pub strict: bool,
    /// Ask /authorize for every application, not just the first 20
    #[arg(long, hide_short_help = true)]
    pub check_all: bool,
    /// Write a redacted report for a public issue
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Repeat the checks until nothing fails, then log in [default TIME: 3h]
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "3h", hide_short_help = true)]
    pub watch: Option<String>,
    /// Pause between two rounds of --watch [default: 30s]
    #[arg(long, value_name = "TIME", requires = "watch", hide_short_help = true)]
    pub every: Option<String>,
}

/// `remove`; the inputs as in [`Inputs`].
#[derive(Debug, Args)]
pub struct Remove {
    /// Also delete the connection in Auth0
    #[arg(long)]
    pub delete_connection: bool,
    /// Confirm
    #[arg(long)]
    pub yes: bool,
    /// fitbit or google-health [env: FITBIT_CONNECT_PROVIDER]
    #[arg(long, value_name = "PROVIDER", help_heading = PROVIDER, hide_short_help = true)]
    pub provider: Option<String>,
    /// Domain of the Auth0 tenant [env: AUTH0_DOMAIN]
    #[arg(long, value_name = "DOMAIN", help_heading = TENANT)]
    pub domain: Option<String>,
    /// File with a Management API token [env: AUTH0_API_TOKEN, AUTH0_ACCESS_TOKEN]
    #[arg(long, value_name = "PATH", help_heading = TENANT, hide_short_help = true)]
    pub token_file: Option<PathBuf>,
    /// Client ID of a Management API client [env: AUTH0_CLIENT_ID]
    #[arg(long, value_name = "ID", help_heading = TENANT, hide_short_help = true)]
    pub management_client_id: Option<String>,
    /// File with its secret, - is stdin [env: AUTH0_CLIENT_SECRET]
    #[arg(long, value_name = "PATH", help_heading = TENANT, hide_short_help = true)]
    pub management_client_secret_file: Option<PathBuf>,
    /// Name of the connection [env: FITBIT_CONNECT_CONNECTION]
    #[arg(long, value_name = "NAME", help_heading = TENANT, hide_short_help = true)]
    pub connection: Option<String>,
    /// keychain, file or none [env: FITBIT_CONNECT_STORE]
    #[arg(long, value_name = "STORE", help_heading = MACHINE, hide_short_help = true)]
    pub store: Option<String>,
}

impl Remove {
    /// The inputs it was given.
    pub fn inputs(&self) -> Inputs {
        Inputs {
            provider: self.provider.clone(),
            domain: self.domain.clone(),
            token_file: self.token_file.clone(),
            management_client_id: self.management_client_id.clone(),
            management_client_secret_file: self.management_client_secret_file.clone(),
            connection: self.connection.clone(),
            store: self.store.clone(),
            ..Inputs::default()
        }
    }
}

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A diagnosis code, or the text of an error page; - reads it from stdin
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Port of the tenant; Google and Fitbit take the next two [default: any free ones]
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Write a ready settings file
    #[arg(long, value_name = "FILE")]
    pub write_config: Option<PathBuf>,
    /// Switch a fault on, repeatable; --help lists them
    #[arg(long, value_name = "NAME")]
    pub fault: Vec<String>,
    /// Start with a connection that is set up already
    #[arg(long, value_enum, value_name = "PROVIDER")]
    pub configured: Option<ConfiguredProvider>,
}

/// The connection the sandbox starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfiguredProvider {
    /// The built-in strategy.
    Fitbit,
    /// The custom social connection.
    GoogleHealth,
}
