//! Owns the constants of the Fitbit Web API, shut down on 2 Nov 2026: kept so that old set-ups are recognised and can
//! be looked at. Refuses anything that is Google's.

use super::{ClientAuth, ConsolePage, Facts, FormField, FormValues};

pub(super) static FACTS: Facts = Facts {
    name: "fitbit",
    title: "Fitbit Web API",
    state_today: "shut down: Google announced that it answers HTTP 410 from 2 Nov 2026, and new registrations are \
                  reported as refused since May 2026 (documentation read on 22 Nov 2026)",
    alive: "shut down since 2 Nov 2026",
    registrar: "Fitbit",
    apps_url: "https://dev.fitbit.com/apps",
    client_id_example: "23ABCD",
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

/// The one form at dev.fitbit.com (dev.fitbit.com, getting started); it serves only to compare an app that exists.
pub(super) fn console_pages(values: &FormValues) -> Vec<ConsolePage> {
    let mut fields = vec![
        FormField::own("Application Name", "your app's name"),
        FormField::own("Description", "what your app does"),
        FormField::own("Application Website URL", "your app's website"),
        FormField::own("Organization", "your name or your organisation's"),
        FormField::own("Organization Website URL", "your organisation's website"),
        FormField::own("Terms of Service URL", "your terms"),
        FormField::own("Privacy Policy URL", "your privacy policy"),
        FormField::choose("OAuth 2.0 Application Type", "Server"),
    ];
    fields.extend(values.callbacks.iter().map(|url| FormField::copy("Redirect URL for Auth0", url)));
    fields.push(FormField::copy("Redirect URL for direct test", values.loopback));
    fields.push(FormField::choose("Default Access Type", "Read Only"));
    vec![ConsolePage {
        title: "Register an application",
        url: "https://dev.fitbit.com/apps/new",
        command: None,
        fields,
        trap: Some(
            "Registration is reported closed since May 2026; shutdown was announced for 2 Nov 2026. In an app you \
             have, a changed access type ends its tokens.",
        ),
    }]
}
