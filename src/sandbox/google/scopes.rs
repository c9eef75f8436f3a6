//! Owns the list of scopes that the simulated Google knows and how each is spelled in an answer. Refuses the unsuffixed names
//! of before 26 May 2026, as Google does.

const HEALTH: &str = "https://www.googleapis.com/auth/googlehealth.";
const USERINFO: &str = "https://www.googleapis.com/auth/userinfo.";
pub const EMAIL: &str = "https://www.googleapis.com/auth/userinfo.email";
pub const PROFILE: &str = "https://www.googleapis.com/auth/userinfo.profile";
pub const OPENID: &str = "openid";
/// The one scope that a connection test asks for.
pub const HEALTH_PROFILE: &str = "https://www.googleapis.com/auth/googlehealth.profile.readonly";
/// Needed for the settings.
pub const HEALTH_SETTINGS: &str = "https://www.googleapis.com/auth/googlehealth.settings.readonly";
/// Needed for the stride fields of the profile.
pub const HEALTH_ACTIVITY: &str = "https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly";

/// Area of the Health API, what a person calls it, whether it can be read, whether it can be written, and whether reading it
/// also lets the identity be read.
const AREAS: [(&str, &str, bool, bool, bool); 12] = [
    ("activity_and_fitness", "activity and fitness", true, true, true),
    ("ecg", "ECG recordings", true, false, true),
    ("health_metrics_and_measurements", "health metrics and measurements", true, true, true),
    ("irn", "irregular rhythm notifications", true, false, true),
    ("location", "location of exercises", true, true, false),
    ("logged_symptoms", "logged symptoms", true, true, false),
    ("mindfulness", "mindfulness sessions", true, true, false),
    ("nutrition", "nutrition", true, true, false),
    ("profile", "health profile", true, true, true),
    ("reproductive_health", "reproductive health", true, true, false),
    ("settings", "health settings", true, true, true),
    ("sleep", "sleep", true, true, true),
];

/// The spelling used in answers; none for a scope that Google does not know.
pub fn canonical(scope: &str) -> Option<String> {
    match scope {
        "openid" | EMAIL | PROFILE => Some(scope.to_owned()),
        "email" | "profile" => Some(format!("{USERINFO}{scope}")),
        _ => label(scope).map(|_| scope.to_owned()),
    }
}

/// What a Health scope means in words; none for any other scope.
pub fn label(scope: &str) -> Option<String> {
    let (area, access) = scope.strip_prefix(HEALTH)?.split_once('.')?;
    let (_, words, read, write, _) = AREAS.iter().find(|(name, ..)| *name == area)?;
    match access {
        "readonly" if *read => Some(format!("See your {words}")),
        "writeonly" if *write => Some(format!("Add and change your {words}")),
        _ => None,
    }
}

/// Whether this is a scope of the Health API, so that a person can leave it out.
pub fn is_health(scope: &str) -> bool {
    label(scope).is_some()
}

/// Whether this scope alone lets the Health identity be read.
pub fn reads_identity(scope: &str) -> bool {
    let area = scope.strip_prefix(HEALTH).and_then(|rest| rest.strip_suffix(".readonly"));
    AREAS.iter().any(|(name, .., identity)| *identity && Some(*name) == area)
}

/// The scope that a person leaves out without making the identity unreadable: the last Health scope that is not needed for
/// it, else the address.
pub fn optional(scopes: &[String]) -> Option<&String> {
    let spare = |scope: &&String| {
        is_health(scope)
            && *scope != HEALTH_PROFILE
            && scopes.iter().any(|other| other != *scope && reads_identity(other))
    };
    scopes.iter().rev().find(spare).or_else(|| scopes.iter().find(|scope| *scope == EMAIL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(suffixes: &[&str]) -> Vec<String> {
        suffixes.iter().map(|suffix| format!("{HEALTH}{suffix}")).collect()
    }

    #[test]
    fn there_are_twenty_two_health_scopes() {
        let count: usize = AREAS.iter().map(|(.., read, write, _)| usize::from(*read) + usize::from(*write)).sum();
        assert_eq!(count, 22);
    }

    #[test]
    fn an_unsuffixed_or_foreign_scope_is_unknown() {
        for scope in
            ["https://www.googleapis.com/auth/googlehealth.sleep", "sleep", "", "https://www.googleapis.com/auth/drive"]
        {
            assert_eq!(canonical(scope), None, "{scope}");
        }
        assert_eq!(canonical("email").as_deref(), Some(EMAIL));
    }

    #[test]
    fn the_optional_scope_never_takes_the_identity_away() {
        assert!(optional(&health(&["profile.readonly", "sleep.readonly"])).unwrap().ends_with("sleep.readonly"));
        assert!(optional(&health(&["sleep.readonly", "nutrition.readonly"])).unwrap().ends_with("nutrition.readonly"));
        assert_eq!(optional(&health(&["sleep.readonly"])), None);
        let with_email = [health(&["profile.readonly"]), vec![EMAIL.to_owned()]].concat();
        assert_eq!(optional(&with_email).unwrap(), EMAIL);
    }
}
