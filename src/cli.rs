//! Owns the command line: its words, its help. Refuses logic: what a value means is decided where it is used.

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
#[command(after_help = "Try it without any account:  fitbit-connect setup --sandbox --yes

Exit codes: 0 done, 1 unexpected, 2 input, 3 misconfigured, 4 credentials refused, 5 no consent,
6 network or service, 7 secret store, 130 cancelled")]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Named set of settings and secrets [env: FITBIT_CONNECT_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Settings file [env: FITBIT_CONNECT_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print one JSON document on stdout, ask nothing
    #[arg(long, global = true)]
    pub json: bool,
    /// Ask nothing; report everything that is missing at once [env: CI]
    #[arg(long, global = true)]
    pub no_input: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN", hide_possible_values = true)]
    pub color: Colour,
    /// No colour, no redrawing, numbered questions: for screen readers and simple terminals [env: FITBIT_CONNECT_PLAIN]
    #[arg(long, global = true)]
    pub plain: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk through the six steps; change only what differs
    #[command(after_help = "Examples:
  fitbit-connect setup
  fitbit-connect setup --sandbox --yes
  fitbit-connect setup --domain acme.eu.auth0.com --client-json client_secret.json --all-apps --yes")]
    Setup(Box<Setup>),
    /// Verify a connection; change nothing that stays
    #[command(after_help = "Examples:
  fitbit-connect test --headless --json
  fitbit-connect test --direct")]
    Test(Box<Test>),
    /// Show what is configured and where each secret lives, without the network
    Status,
    /// Forget a profile: its settings and secrets
    #[command(after_help = "Examples:
  fitbit-connect remove --profile staging
  fitbit-connect remove --delete-connection --yes")]
    Remove(Box<Remove>),
    /// Say what a diagnosis code means, or list them
    #[command(after_help = "Examples:
  fitbit-connect explain redirect_uri_mismatch
  fitbit-connect explain \"Error 403: access_denied\"")]
    Explain(Explain),
    /// Run the simulator: a tenant, Google, Fitbit on loopback
    #[command(after_help = sandbox_help())]
    Sandbox(Sandbox),
    /// Print shell completions
    #[command(after_help = "Example:
  fitbit-connect completions bash > ~/.local/share/bash-completion/completions/fitbit-connect")]
    Completions {
        /// bash, zsh, fish, powershell or elvish
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write all of them into a folder
    Man {
        /// Folder that takes one page per command
        dir: Option<PathBuf>,
    },
}

fn sandbox_help() -> String {
    let mut help = String::from(
        "Examples:\n  fitbit-connect sandbox --write-config sandbox.toml\n  fitbit-connect setup --config sandbox.toml\n\nFaults:\n",
    );
    for fault in crate::sandbox::faults::Fault::ALL {
        help.push_str(&format!("  {:<26} {}\n", fault.name(), fault.what()));
    }
    help
}

/// The inputs that `setup`, `test` and `remove` share.
#[derive(Debug, Clone, Default, Args)]
pub struct Inputs {
    /// fitbit or google-health [env: FITBIT_CONNECT_PROVIDER]
    #[arg(long, value_name = "PROVIDER", help_heading = "The provider")]
    pub provider: Option<String>,
    /// Client ID of the app at the provider [env: FITBIT_CONNECT_CLIENT_ID]
    #[arg(long, value_name = "ID", help_heading = "The provider")]
    pub client_id: Option<String>,
    /// File with its client secret, - is stdin [env: FITBIT_CONNECT_CLIENT_SECRET]
    #[arg(long, value_name = "PATH", help_heading = "The provider")]
    pub client_secret_file: Option<PathBuf>,
    /// Google's download with both
    #[arg(long, value_name = "PATH", help_heading = "The provider")]
    pub client_json: Option<PathBuf>,
    /// Scopes, comma separated, short names [env: FITBIT_CONNECT_SCOPES]
    #[arg(long, value_name = "A,B", help_heading = "The provider")]
    pub scopes: Option<String>,

    /// Domain of the Auth0 tenant [env: AUTH0_DOMAIN]
    #[arg(long, value_name = "DOMAIN", help_heading = "The tenant")]
    pub domain: Option<String>,
    /// Custom login domain, repeatable [env: FITBIT_CONNECT_LOGIN_DOMAIN]
    #[arg(long, value_name = "DOMAIN", help_heading = "The tenant")]
    pub login_domain: Vec<String>,
    /// File with a Management API token [env: AUTH0_API_TOKEN, AUTH0_ACCESS_TOKEN]
    #[arg(long, value_name = "PATH", help_heading = "The tenant")]
    pub token_file: Option<PathBuf>,
    /// Client ID of a Management API client [env: AUTH0_CLIENT_ID]
    #[arg(long, value_name = "ID", help_heading = "The tenant")]
    pub management_client_id: Option<String>,
    /// File with its secret, - is stdin [env: AUTH0_CLIENT_SECRET]
    #[arg(long, value_name = "PATH", help_heading = "The tenant")]
    pub management_client_secret_file: Option<PathBuf>,
    /// Name of the connection [env: FITBIT_CONNECT_CONNECTION]
    #[arg(long, value_name = "NAME", help_heading = "The tenant")]
    pub connection: Option<String>,
    /// Application, name or client ID, repeatable [env: FITBIT_CONNECT_APPS]
    #[arg(long, value_name = "NAME_OR_ID", help_heading = "The tenant")]
    pub app: Vec<String>,
    /// Every application that logs people in
    #[arg(long, help_heading = "The tenant")]
    pub all_apps: bool,

    /// keychain, file or none [env: FITBIT_CONNECT_STORE]
    #[arg(long, value_name = "STORE", help_heading = "This machine")]
    pub store: Option<String>,
    /// Loopback port of the callback [env: FITBIT_CONNECT_PORT] [default: 18917]
    #[arg(long, value_name = "N", help_heading = "This machine")]
    pub port: Option<String>,
    /// Time limit of the live login [env: FITBIT_CONNECT_TIMEOUT] [default: 5m]
    #[arg(long, value_name = "TIME", help_heading = "This machine")]
    pub timeout: Option<String>,
    /// Open no browser, print the URL alone
    #[arg(long, help_heading = "This machine")]
    pub no_browser: bool,
    /// Use an existing application for the live login; change nothing there
    #[arg(long, value_name = "ID", help_heading = "The tenant")]
    pub test_app: Option<String>,
    /// Use the built-in simulator; write nothing
    #[arg(long, help_heading = "This machine")]
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
    /// No Management API: say what to type in the dashboard, then verify
    #[arg(long)]
    pub manual: bool,
    /// Keep the Management API client's secret in the store
    #[arg(long)]
    pub save_management: bool,
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
    /// Make warnings, unknown and unexpectedly skipped checks a failure (exit code 3)
    #[arg(long)]
    pub strict: bool,
    /// Ask /authorize for every application, not just the first 20
    #[arg(long)]
    pub check_all: bool,
}

/// `remove`.
#[derive(Debug, Args)]
pub struct Remove {
    /// Inputs.
    #[command(flatten)]
    pub inputs: Inputs,
    /// Also delete the connection in Auth0
    #[arg(long)]
    pub delete_connection: bool,
    /// Confirm
    #[arg(long)]
    pub yes: bool,
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
    /// Switch a fault on, repeatable
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
