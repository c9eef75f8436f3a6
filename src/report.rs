//! Owns the turning of any error into a diagnosis: the only place that looks inside an error.

use crate::diagnosis::{Code, Failure};

/// The failure inside an error, or `unexpected` with the whole chain.
pub fn name(error: &anyhow::Error) -> Failure {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.clone(),
        None => Failure::new(Code::Unexpected, crate::text::said(&format!("{error:#}"))),
    }
}

/// The failure for what clap refused: its own words, with nothing that could be a secret; `command` is the one that was meant.
pub fn usage(error: &clap::Error, command: &str) -> Failure {
    let rendered = error.render().to_string();
    let lines: Vec<&str> = rendered.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut message = lines.first().copied().unwrap_or_default().trim_start_matches("error: ").to_owned();
    for more in lines.iter().filter(|line| line.starts_with(['<', '[', '-'])) {
        message.push(' ');
        message.push_str(more);
    }
    let tip = lines.iter().find_map(|line| line.strip_prefix("tip: "));
    let usage = lines.iter().find(|line| line.starts_with("Usage:"));
    let help =
        ["fitbit-connect", command, "--help"].iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>();
    let hint = match (tip, usage) {
        (Some(tip), _) => crate::text::said(tip),
        (None, Some(usage)) => format!("{} ({})", crate::text::said(usage), help.join(" ")),
        (None, None) => help.join(" "),
    };
    Failure::new(Code::InputInvalid, crate::text::said(&message)).with_hint(hint)
}
