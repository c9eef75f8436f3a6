//! Owns the flags that a suggested command repeats as they were given, since nothing saves them: files, and how a person logs in.
//!
//! Refuses to repeat what came from stdin.

use std::path::PathBuf;

use crate::cli;
use crate::ids::{is_secret, shown_path};
use crate::text::shell_word;

/// The flags that commands have to repeat; what came from stdin cannot come again.
#[derive(Default)]
pub struct Flags {
    /// ` --client-json FILE`
    pub client: String,
    /// ` --management-client-id ID --management-client-secret-file FILE`
    pub management: String,
    /// ` --no-browser`
    pub login: &'static str,
}

impl Flags {
    /// As they were given.
    pub fn of(flags: &cli::Inputs) -> Self {
        let flag = |name: &str, path: &Option<PathBuf>| match path {
            Some(path) if path.as_os_str() != "-" => format!(" {name} {}", shell_word(&shown_path(path))),
            _ => String::new(),
        };
        let client =
            flag("--client-secret-file", &flags.client_secret_file) + &flag("--client-json", &flags.client_json);
        let id = flags.management_client_id.as_ref().filter(|id| !is_secret(id));
        let id = id.map(|id| format!(" --management-client-id {}", shell_word(id))).unwrap_or_default();
        let secret = flag("--management-client-secret-file", &flags.management_client_secret_file);
        let login = if flags.no_browser { " --no-browser" } else { "" };
        Self { client, management: flag("--token-file", &flags.token_file) + &id + &secret, login }
    }
}

/// The flags of every command that a suggested one repeats: which settings, and which profile in them.
pub(in crate::world) fn again(global: &cli::Global) -> String {
    let mut again = String::new();
    if let Some(config) = &global.config {
        again.push_str(&format!(" --config {}", shell_word(&config.display().to_string())));
    }
    if let Some(profile) = &global.profile {
        again.push_str(&format!(" --profile {}", shell_word(profile)));
    }
    again
}
