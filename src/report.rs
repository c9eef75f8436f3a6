//! Owns the turning of any error into a diagnosis: the only place that looks inside an error.

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::Cli;
use crate::diagnosis::{Code, Failure};

/// The failure inside an error, or `unexpected` with the whole chain.
pub fn name(error: &anyhow::Error) -> Failure {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.clone(),
        None => Failure::new(Code::Unexpected, crate::text::said(&format!("{error:#}"))),
    }
}

/// The failure for what clap refused: its own words, with nothing that could be a secret; `command` is the one that was meant.
///
/// The hint is what was probably meant, then the usage.
pub fn usage(error: &clap::Error, command: &str) -> Failure {
    let rendered = error.render().to_string();
    let lines: Vec<&str> = rendered.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut message = lines.first().copied().unwrap_or_default().trim_start_matches("error: ").to_owned();
    for more in lines.iter().filter(|line| line.starts_with(['<', '[', '-'])) {
        message.push(' ');
        message.push_str(more);
    }
    let help =
        ["fitbit-connect", command, "--help"].iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>();
    let tips = lines.iter().filter_map(|line| line.strip_prefix("tip: "));
    // Clap's usage names the flag that it took for the nearest, which is not the one that an answer of ours names.
    let (mut hint, usage) = match meant(error, command) {
        Some(answer) => (vec![answer], usage_of(command)),
        None => {
            let usage = lines.iter().find_map(|line| line.strip_prefix("Usage: "));
            (tips.map(crate::text::said).collect(), usage.map(crate::text::said))
        }
    };
    hint.push(match usage {
        Some(usage) => format!("usage: {usage} ({})", help.join(" ")),
        None => help.join(" "),
    });
    Failure::new(Code::InputInvalid, crate::text::said(&message)).with_hint(hint.join("; "))
}

/// Words of other programs: what was typed, the flag that a command must have for the answer to be right, the answer.
const ELSEWHERE: [(&[&str], &str, &str); 11] = [
    (&["--tenant"], "domain", "here it is --domain DOMAIN"),
    (&["--connection-name"], "connection", "here it is --connection NAME"),
    (&["--application", "--client"], "app", "here it is --app NAME_OR_ID"),
    (&["--force"], "yes", "here it is --yes"),
    (&["--insecure-storage"], "store", "here it is --store file"),
    (&["--cacert"], "", "the system's certificates are used; on Linux SSL_CERT_FILE names others"),
    (&["--verbose", "-v", "--debug"], "", "everything that is looked at is shown already, --json has it for programs"),
    (&["--quiet", "-q"], "", "what is said goes to stderr, results and --json to stdout"),
    (&["login", "init", "configure"], "", "fitbit-connect setup sets everything up"),
    (&["verify", "check", "doctor"], "", "fitbit-connect test verifies everything"),
    (&["delete", "logout", "uninstall"], "", "fitbit-connect remove forgets a profile"),
];

/// What an unknown word means in another program or in another command of this one.
fn meant(error: &clap::Error, command: &str) -> Option<String> {
    let kind = match error.kind() {
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        _ => return None,
    };
    let Some(ContextValue::String(word)) = error.get(kind) else { return None };
    let cli = Cli::command();
    let having = |flag: &str| -> Vec<&str> {
        let has = |of: &clap::Command| of.get_arguments().any(|argument| argument.get_long() == Some(flag));
        cli.get_subcommands().filter(|of| has(of)).map(clap::Command::get_name).collect()
    };
    for (words, flag, answer) in ELSEWHERE {
        if words.contains(&word.as_str()) && (flag.is_empty() || having(flag).contains(&command)) {
            return Some(answer.to_owned());
        }
    }
    if command == "test" && humantime::parse_duration(word).is_ok() {
        return Some(format!("a time stands behind an equals sign: --watch={word}"));
    }
    // Before the command clap itself says where the flag belongs.
    let owners = having(word.strip_prefix("--")?);
    let elsewhere = !owners.is_empty() && !owners.contains(&command) && !command.is_empty();
    elsewhere.then(|| format!("{word} belongs to {}", owners.join(", ")))
}

fn usage_of(command: &str) -> Option<String> {
    let mut cli = Cli::command();
    cli.build();
    let named = if command.is_empty() { &mut cli } else { cli.find_subcommand_mut(command)? };
    Some(named.render_usage().to_string().trim_start_matches("Usage: ").to_owned())
}
