//! Owns the turning of any error into a diagnosis: the only place that looks inside an error.

use crate::diagnosis::{Code, Failure};

/// The failure inside an error, or `unexpected` with the whole chain.
pub fn name(error: &anyhow::Error) -> Failure {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.clone(),
        None => Failure::new(Code::Unexpected, crate::text::said(&format!("{error:#}"))),
    }
}

/// The failure for what clap refused: its own words without the usage, and no value that could be a secret.
pub fn usage(error: &clap::Error) -> Failure {
    let rendered = error.render().to_string();
    let mut lines = rendered.lines();
    let first = lines.next().unwrap_or_default().trim_start_matches("error: ");
    let tips: Vec<&str> = lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Usage:")).collect();
    let hint = tips
        .iter()
        .find_map(|line| line.strip_prefix("tip: "))
        .map_or_else(|| "Look at: fitbit-connect --help".to_owned(), crate::text::said);
    let missing: Vec<&str> = tips.iter().copied().filter(|line| line.starts_with(['<', '-'])).collect();
    let message = if missing.is_empty() { first.to_owned() } else { format!("{first} {}", missing.join(" ")) };
    Failure::new(Code::InputInvalid, crate::text::said(&message)).with_hint(hint)
}
