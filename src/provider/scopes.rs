//! Owns scope names: the short ones people type, the full ones on the wire, and which Google Health scopes replace
//! Fitbit's. Refuses names that the provider does not document, with the nearest one that it does.

use std::collections::BTreeSet;

use super::google_health::{OPENID_SCOPES, SCOPE_PREFIX};
use super::{Provider, fitbit, google_health};
use crate::text::{excerpt, nearest};

const USERINFO_PREFIX: &str = "https://www.googleapis.com/auth/userinfo.";

/// Reads a list separated by commas or white space; short names come back, each once, in the order given.
pub fn parse(provider: Provider, list: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for word in list.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
        let name = short(provider, word)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err("the list of scopes is empty".to_owned());
    }
    Ok(names)
}

/// The short name of one scope given by its short or full name, or why there is none.
pub fn short(provider: Provider, name: &str) -> Result<String, String> {
    let plain = abbreviated(provider, name.trim());
    if known(provider).any(|known| known == plain) {
        return Ok(plain);
    }
    Err(match provider {
        Provider::GoogleHealth => why_not_google(name, &plain),
        Provider::Fitbit => why_not_fitbit(name, &plain),
    })
}

/// The names that a request carries, in the order given; unknown names pass unchanged.
pub fn to_wire<S: AsRef<str>>(provider: Provider, names: &[S]) -> Vec<String> {
    names.iter().map(AsRef::as_ref).map(|name| wire_name(provider, name)).collect()
}

/// A set of scopes in which spelling and order no longer matter: short names, `userinfo.email` as `email`.
pub fn normalised<'a>(provider: Provider, names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().flat_map(str::split_whitespace).map(|name| abbreviated(provider, name)).collect()
}

/// Whether a scope stands as the provider knows it; one that is not known may.
pub fn is_on_the_wire(provider: Provider, name: &str) -> bool {
    let plain = abbreviated(provider, name);
    plain == name && wire_name(provider, name) == name || plain != name && !name.starts_with("googlehealth.")
}

/// Short names of what was asked for and not granted, whatever the spelling of either.
pub fn missing<'a>(
    provider: Provider,
    asked: impl IntoIterator<Item = &'a str>,
    granted: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let granted = normalised(provider, granted);
    normalised(provider, asked).difference(&granted).cloned().collect()
}

/// Whether the granted scopes let the identity be read.
pub fn identity_readable<'a>(provider: Provider, granted: impl IntoIterator<Item = &'a str>) -> bool {
    let granted = normalised(provider, granted);
    provider.identity_scopes().iter().any(|scope| granted.contains(*scope))
}

/// What Fitbit scopes become at Google Health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Short names: OpenID's, what the identity needs, and the readonly scope of each area.
    pub scopes: Vec<String>,
    /// Fitbit scopes that have no counterpart.
    pub dropped: Vec<String>,
}

/// The Google Health scopes that stand in for Fitbit's (developers.google.com/health/migration/api-specifications).
pub fn migrate<S: AsRef<str>>(fitbit_scopes: &[S]) -> Migrated {
    let mut scopes: Vec<String> =
        Provider::GoogleHealth.default_scopes().iter().map(|scope| (*scope).to_owned()).collect();
    let mut dropped = Vec::new();
    for name in fitbit_scopes.iter().map(AsRef::as_ref) {
        match area(name).map(|area| format!("{area}.readonly")) {
            Some(scope) if scopes.contains(&scope) => {}
            Some(scope) => scopes.push(scope),
            None => dropped.push(name.to_owned()),
        }
    }
    Migrated { scopes, dropped }
}

/// The Google Health area of a Fitbit scope.
fn area(fitbit_scope: &str) -> Option<&'static str> {
    Some(match fitbit_scope {
        "activity" | "cardio_fitness" => "activity_and_fitness",
        "blood_glucose" | "heartrate" | "oxygen_saturation" | "respiratory_rate" | "temperature" | "weight" => {
            "health_metrics_and_measurements"
        }
        "electrocardiogram" => "ecg",
        "irregular_rhythm_notifications" => "irn",
        "location" => "location",
        "nutrition" => "nutrition",
        "profile" => "profile",
        "settings" => "settings",
        "sleep" => "sleep",
        _ => return None,
    })
}

/// The short names of every scope that is known, in the order of the documentation.
pub fn known(provider: Provider) -> impl Iterator<Item = &'static str> {
    let (first, second): (&'static [&'static str], &'static [&'static str]) = match provider {
        Provider::GoogleHealth => (&OPENID_SCOPES, &google_health::SCOPES),
        Provider::Fitbit => (&fitbit::SCOPES, &[]),
    };
    first.iter().chain(second).copied()
}

fn wire_name(provider: Provider, name: &str) -> String {
    if provider == Provider::GoogleHealth && google_health::SCOPES.contains(&name) {
        format!("{SCOPE_PREFIX}{name}")
    } else {
        name.to_owned()
    }
}

/// The short form of a name, without judging it.
fn abbreviated(provider: Provider, name: &str) -> String {
    if provider == Provider::GoogleHealth {
        if let Some(rest) = name.strip_prefix(SCOPE_PREFIX).or_else(|| name.strip_prefix("googlehealth.")) {
            // One that is not known keeps its address: nobody could put it back. `googlehealth.profile` is none, and would turn
            // into OpenID's `profile`.
            return if google_health::SCOPES.contains(&rest) { rest.to_owned() } else { name.to_owned() };
        }
        if let Some(rest) = name.strip_prefix(USERINFO_PREFIX).filter(|rest| matches!(*rest, "email" | "profile")) {
            return rest.to_owned();
        }
    }
    name.to_owned()
}

fn why_not_google(given: &str, plain: &str) -> String {
    let given = excerpt(given, 120);
    let bare = plain.strip_prefix(SCOPE_PREFIX).or_else(|| plain.strip_prefix("googlehealth.")).unwrap_or(plain);
    let both: Vec<&str> = google_health::SCOPES
        .into_iter()
        .filter(|scope| scope.strip_prefix(bare).is_some_and(|suffix| suffix == ".readonly" || suffix == ".writeonly"))
        .collect();
    if !both.is_empty() {
        return format!(
            "{given} was split on 26 May 2026 into names that end in .readonly and .writeonly; use {}",
            both.join(" or ")
        );
    }
    if let Some(area) = area(bare) {
        return format!("{given} is a scope of the Fitbit Web API; its successor is {area}.readonly");
    }
    if fitbit::SCOPES.contains(&bare) {
        return format!("{given} is a scope of the Fitbit Web API and has no successor at Google Health");
    }
    unknown(Provider::GoogleHealth, &given, bare)
}

fn why_not_fitbit(given: &str, plain: &str) -> String {
    let given = excerpt(given, 120);
    if short(Provider::GoogleHealth, plain).is_ok() {
        return format!("{given} is a scope of google-health, but the provider is fitbit");
    }
    unknown(Provider::Fitbit, &given, plain)
}

fn unknown(provider: Provider, given: &str, plain: &str) -> String {
    match nearest(&plain.to_lowercase(), known(provider)) {
        Some(near) => format!("{provider} has no scope {given}; did you mean {near}?"),
        None => format!("{provider} has no scope {given}; there are {}", known(provider).collect::<Vec<_>>().join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Provider::{Fitbit, GoogleHealth};

    #[test]
    fn a_list_may_be_separated_by_commas_or_spaces_and_hold_full_names() {
        let full =
            format!("openid, email profile,sleep.readonly {SCOPE_PREFIX}sleep.readonly,{SCOPE_PREFIX}ecg.readonly");
        assert_eq!(
            parse(GoogleHealth, &full).unwrap(),
            ["openid", "email", "profile", "sleep.readonly", "ecg.readonly"]
        );
        assert_eq!(parse(Fitbit, "profile, sleep\tweight").unwrap(), ["profile", "sleep", "weight"]);
        assert!(parse(Fitbit, " , ").is_err());
    }

    #[test]
    fn short_names_become_full_ones_on_the_wire_and_openid_keeps_its_own() {
        assert_eq!(
            to_wire(GoogleHealth, GoogleHealth.default_scopes()),
            ["openid", "email", "profile", "https://www.googleapis.com/auth/googlehealth.profile.readonly"]
        );
        assert_eq!(to_wire(Fitbit, &["profile", "sleep"]), ["profile", "sleep"]);
    }

    #[test]
    fn every_scope_survives_the_way_to_the_wire_and_back() {
        for provider in Provider::ALL {
            for name in known(provider) {
                assert_eq!(parse(provider, &to_wire(provider, &[name]).join(" ")).unwrap(), [name]);
            }
        }
    }

    #[test]
    fn an_old_name_without_suffix_is_refused_with_the_split() {
        for old in ["sleep", "googlehealth.sleep", "https://www.googleapis.com/auth/googlehealth.sleep"] {
            let why = short(GoogleHealth, old).unwrap_err();
            assert!(why.contains("26 May 2026") && why.contains("sleep.readonly or sleep.writeonly"), "{why}");
        }
        let why = short(GoogleHealth, "https://www.googleapis.com/auth/googlehealth.profile").unwrap_err();
        assert!(why.contains("profile.readonly or profile.writeonly"), "{why}");
    }

    #[test]
    fn a_name_of_the_other_provider_is_refused_with_its_counterpart() {
        assert!(short(GoogleHealth, "heartrate").unwrap_err().contains("health_metrics_and_measurements.readonly"));
        assert!(short(GoogleHealth, "social").unwrap_err().contains("no successor"));
        assert!(short(Fitbit, "sleep.readonly").unwrap_err().contains("scope of google-health"));
        assert!(short(Fitbit, "openid").unwrap_err().contains("scope of google-health"));
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest_and_a_strange_one_with_the_list() {
        assert!(short(GoogleHealth, "slep.readonly").unwrap_err().ends_with("did you mean sleep.readonly?"));
        assert!(short(Fitbit, "heart_rate").unwrap_err().ends_with("did you mean heartrate?"));
        assert!(short(GoogleHealth, "calendar.events").unwrap_err().contains("openid email profile"));
        assert!(short(GoogleHealth, "https://www.googleapis.com/auth/fitness.sleep.read").is_err());
    }

    #[test]
    fn granted_scopes_are_compared_as_sets_whatever_their_spelling() {
        let granted = "https://www.googleapis.com/auth/userinfo.profile openid \
                       https://www.googleapis.com/auth/userinfo.email \
                       https://www.googleapis.com/auth/googlehealth.profile.readonly";
        let asked = GoogleHealth.default_scopes().iter().copied();
        assert_eq!(missing(GoogleHealth, asked, [granted]), Vec::<String>::new());
        assert_eq!(missing(GoogleHealth, ["openid", "sleep.readonly"], ["openid"]), ["sleep.readonly"]);
    }

    #[test]
    fn the_identity_needs_one_of_the_listed_scopes() {
        assert!(identity_readable(
            GoogleHealth,
            ["openid https://www.googleapis.com/auth/googlehealth.sleep.readonly"]
        ));
        assert!(!identity_readable(GoogleHealth, ["openid", "nutrition.readonly", "location.readonly"]));
        assert!(!identity_readable(GoogleHealth, ["openid email profile"]));
        assert!(identity_readable(Fitbit, ["profile sleep"]));
    }

    #[test]
    fn every_fitbit_scope_has_a_known_successor_but_social() {
        let all = migrate(&fitbit::SCOPES);
        assert_eq!(all.dropped, ["social"]);
        for scope in &all.scopes {
            assert_eq!(short(GoogleHealth, scope).as_ref(), Ok(scope));
        }
        assert_eq!(
            migrate(&["profile", "heartrate", "weight"]).scopes,
            ["openid", "email", "profile", "profile.readonly", "health_metrics_and_measurements.readonly"]
        );
    }
}
