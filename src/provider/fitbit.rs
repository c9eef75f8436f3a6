//! Owns the constants of the Fitbit Web API, shut down on 2 Nov 2026: kept so that old set-ups are recognised and can
//! be looked at. Refuses anything that is Google's.

use super::{ClientAuth, Facts, FormField, FormValues};

pub(super) static FACTS: Facts = Facts {
    name: "fitbit",
    title: "Fitbit Web API",
    state_today: "shut down: Google announced that it answers HTTP 410 from 2 Nov 2026, and new registrations are \
                  reported as refused since May 2026 (documentation read on 22 Nov 2026)",
    alive: "shut down since 2 Nov 2026",
    console_url: "https://dev.fitbit.com/apps/new",
    strategy: "fitbit",
    default_connection: "fitbit",
    display_name: "Fitbit",
    authorize_url: "https://www.fitbit.com/oauth2/authorize",
    former_authorize_url: None,
    token_url: "https://api.fitbit.com/oauth2/token",
    revoke_url: "https://api.fitbit.com/oauth2/revoke",
    identity_url: "https://api.fitbit.com/1/user/-/profile.json",
    userinfo_url: None,
    origins: &["https://www.fitbit.com", "https://api.fitbit.com"],
    default_scopes: &["profile"],
    identity_scopes: &["profile"],
    client_auth: ClientAuth::Basic,
};

/// The 15 scopes (dev.fitbit.com, application design).
pub(super) const SCOPES: [&str; 15] = [
    "activity",
    "cardio_fitness",
    "electrocardiogram",
    "heartrate",
    "irregular_rhythm_notifications",
    "location",
    "nutrition",
    "oxygen_saturation",
    "profile",
    "respiratory_rate",
    "settings",
    "sleep",
    "social",
    "temperature",
    "weight",
];

/// Six upper-case letters and digits.
pub(super) fn is_client_id(value: &str) -> bool {
    value.len() == 6 && value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// 32 lower-case hexadecimal digits.
pub(super) fn is_secret(value: &str) -> bool {
    value.len() == 32 && value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

/// Judges a client ID that is not of the usual form; older ones are reported with five characters.
pub(super) fn check_client_id(value: &str) -> Result<(), String> {
    let plain = value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if plain && (5..=8).contains(&value.len()) {
        return Ok(());
    }
    Err("a Fitbit client ID is six upper-case letters and digits, for example 23ABCD".to_owned())
}

/// The one form at dev.fitbit.com.
pub(super) fn form_fields(values: &FormValues) -> Vec<FormField> {
    const PAGE: &str = "Register an application";
    let field = |label, value: &str, note| FormField { page: PAGE, label, value: value.to_owned(), note };
    let mut fields = vec![
        field(
            "Application Name",
            "(your app's name)",
            Some(
                "New registrations are reported as refused since May 2026, so this form serves only to compare an \
                 app that exists.",
            ),
        ),
        field("Description", "(what your app does)", None),
        field("Application Website URL", "(your app's website)", None),
        field("Organization", "(your name or your organisation's)", None),
        field("Organization Website URL", "(your organisation's website)", None),
        field("Terms of Service URL", "(your terms)", None),
        field("Privacy Policy URL", "(your privacy policy)", None),
        field(
            "OAuth 2.0 Application Type",
            "Server",
            Some("Auth0 needs a client secret; a Personal app lets only its owner log in."),
        ),
    ];
    let urls = values.callbacks.iter().map(String::as_str).chain([values.loopback]);
    fields.extend(urls.map(|url| field("Redirect URL", url, Some("Compared character for character."))));
    fields.push(field(
        "Default Access Type",
        "Read Only",
        Some("Changing it later ends the tokens that were issued before."),
    ));
    fields
}
