//! Owns what stands at the end of each help page: examples to paste, and in the long page variables, exit codes, promises.
//!
//! Refuses lines of more than 80 columns: an example that is wrapped cannot be pasted.

/// Exit codes and promises, the same for every command.
const END: &str = "\
Exit codes:
  0 done         3 misconfigured        6 network or service
  1 unexpected   4 credentials refused  7 secret store
  2 input        5 no consent         130 cancelled

Every error carries a code: fitbit-connect explain CODE says what to do.
There is no telemetry and no update check.";

/// The end of `-h`: the examples alone.
pub(super) fn short(command: &str) -> String {
    let lines: Vec<String> = examples(command).iter().map(|example| format!("  {example}")).collect();
    format!("Examples:\n{}", lines.join("\n"))
}

/// The end of `--help`: the examples, what is particular to the command, exit codes.
pub(super) fn long(command: &str) -> String {
    let more = match command {
        "" => {
            "Variables:\n  [env: NAME] stands at each flag that has one; an empty one counts as unset.\n  \
             NO_COLOR, CLICOLOR_FORCE, BROWSER, HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and\n  \
             XDG_CONFIG_HOME mean what they mean elsewhere.\n\n"
                .to_owned()
        }
        "status" => {
            "Secrets are looked for where the profile says [env: FITBIT_CONNECT_STORE].\nNo value of a secret is shown.\n\n"
                .to_owned()
        }
        "sandbox" => faults(),
        _ => String::new(),
    };
    format!("{}\n\n{more}{END}", short(command))
}

fn examples(command: &str) -> &'static [&'static str] {
    match command {
        "" => &["fitbit-connect setup --sandbox --yes", "fitbit-connect setup", "fitbit-connect test"],
        "setup" => &[
            "fitbit-connect setup",
            "fitbit-connect setup --sandbox --yes",
            "fitbit-connect setup --domain acme.eu.auth0.com --client-json client.json",
        ],
        "test" => &[
            "fitbit-connect test",
            "fitbit-connect test --headless --strict --json",
            "fitbit-connect test --watch --report report.txt",
        ],
        "status" => &["fitbit-connect status", "fitbit-connect status --profile staging --json"],
        "remove" => &["fitbit-connect remove --profile staging", "fitbit-connect remove --delete-connection --yes"],
        "explain" => &[
            "fitbit-connect explain redirect_uri_mismatch",
            "fitbit-connect explain \"Error 403: access_denied\"",
            "fitbit-connect explain - < page.txt",
        ],
        "sandbox" => &[
            "fitbit-connect sandbox --write-config sandbox.toml",
            "fitbit-connect sandbox --configured google-health --fault wrong-secret",
        ],
        "completions" => &[
            "source <(fitbit-connect completions bash)",
            "fitbit-connect completions zsh > ~/.zfunc/_fitbit-connect",
            "fitbit-connect completions fish | source",
        ],
        "man" => &["fitbit-connect man | man -l -", "fitbit-connect man ~/.local/share/man/man1"],
        _ => &[],
    }
}

fn faults() -> String {
    let mut text = String::from("Faults:\n");
    for fault in crate::sandbox::faults::Fault::ALL {
        text.push_str(&format!("  {:<26} {}\n", fault.name(), fault.what()));
    }
    text.push('\n');
    text
}
