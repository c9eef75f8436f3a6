//! Owns the constants of the Google Health API. Refuses anything that is Fitbit's, and what is only known by hearsay is
//! said as such.

use super::{ClientAuth, Facts, FormField, FormValues};

/// The profile script of the custom social connection, as stored in Auth0 (`options.scripts.fetchUserProfile`).
pub const FETCH_USER_PROFILE: &str = include_str!("fetch_user_profile.js");

pub(super) static FACTS: Facts = Facts {
    name: "google-health",
    title: "Google Health API",
    state_today: "alive (documentation read on 22 Nov 2026); new projects may have to wait, see \
                  https://developers.google.com/health/setup",
    alive: "alive, the successor of the Fitbit Web API",
    console_url: "https://console.cloud.google.com",
    strategy: "oauth2",
    default_connection: "google-health",
    display_name: "Google Health",
    authorize_url: "https://accounts.google.com/o/oauth2/v2/auth",
    former_authorize_url: Some("https://accounts.google.com/o/oauth2/auth"),
    token_url: "https://oauth2.googleapis.com/token",
    revoke_url: "https://oauth2.googleapis.com/revoke",
    identity_url: "https://health.googleapis.com/v4/users/me/identity",
    userinfo_url: Some("https://openidconnect.googleapis.com/v1/userinfo"),
    origins: &[
        "https://accounts.google.com",
        "https://oauth2.googleapis.com",
        "https://openidconnect.googleapis.com",
        "https://health.googleapis.com",
    ],
    default_scopes: &["openid", "email", "profile", "profile.readonly"],
    identity_scopes: &[
        "profile.readonly",
        "activity_and_fitness.readonly",
        "ecg.readonly",
        "health_metrics_and_measurements.readonly",
        "irn.readonly",
        "settings.readonly",
        "sleep.readonly",
    ],
    client_auth: ClientAuth::Body,
};

/// What Google wants on the authorize address to give a refresh token, and to give it again
/// (developers.google.com/identity/protocols/oauth2/web-server).
pub const GOOGLE_AUTH_PARAMS: [(&str, &str); 2] = [("access_type", "offline"), ("prompt", "consent")];

/// What stands before `AREA.readonly` and `AREA.writeonly` in the full name of a scope.
pub(super) const SCOPE_PREFIX: &str = "https://www.googleapis.com/auth/googlehealth.";

/// OpenID's scopes, which keep their own names.
pub(super) const OPENID_SCOPES: [&str; 3] = ["openid", "email", "profile"];

/// Short names of the Health scopes: documented, or seen in clients (`location.writeonly`, and reading of the last
/// three).
pub(super) const SCOPES: [&str; 22] = [
    "activity_and_fitness.readonly",
    "activity_and_fitness.writeonly",
    "ecg.readonly",
    "health_metrics_and_measurements.readonly",
    "health_metrics_and_measurements.writeonly",
    "irn.readonly",
    "location.readonly",
    "location.writeonly",
    "nutrition.readonly",
    "nutrition.writeonly",
    "profile.readonly",
    "profile.writeonly",
    "settings.readonly",
    "settings.writeonly",
    "sleep.readonly",
    "sleep.writeonly",
    "logged_symptoms.readonly",
    "logged_symptoms.writeonly",
    "mindfulness.readonly",
    "mindfulness.writeonly",
    "reproductive_health.readonly",
    "reproductive_health.writeonly",
];

const CLIENT_ID_SUFFIX: &str = ".apps.googleusercontent.com";

/// Anything that ends in `.apps.googleusercontent.com`.
pub(super) fn is_client_id(value: &str) -> bool {
    value.strip_suffix(CLIENT_ID_SUFFIX).is_some_and(|start| {
        !start.is_empty() && start.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    })
}

/// `GOCSPX-` and more; secrets made before 2021 have no prefix and cannot be told.
pub(super) fn is_secret(value: &str) -> bool {
    value.starts_with("GOCSPX-")
}

/// Judges a client ID that is not of the usual form: there is no other.
pub(super) fn check_client_id(_: &str) -> Result<(), String> {
    Err(format!("a Google client ID ends in {CLIENT_ID_SUFFIX}"))
}

/// The pages of the Google console, in the order of Google's set-up guide.
pub(super) fn form_fields(values: &FormValues) -> Vec<FormField> {
    let field = |page, label, value: &str, note| FormField { page, label, value: value.to_owned(), note };
    let mut fields = vec![
        field("Cloud project", "Project", "(a new project, or the one your app is in)", None),
        field(
            "API library",
            "Enable Google Health API",
            "gcloud services enable health.googleapis.com",
            Some("Or press Enable at https://console.developers.google.com/apis/library/health.googleapis.com"),
        ),
        field("Branding", "App name", "(what people see on the consent page)", None),
        field("Branding", "User support email", "(an address of yours)", None),
        field("Branding", "Contact email", "(an address of yours)", None),
        field("Audience", "User type", "External", Some("Internal shuts out everybody outside your organisation.")),
        field(
            "Audience",
            "Test users",
            "(the Google accounts that will log in)",
            Some(
                "At most 100. While the status is Testing, nobody else can log in and refresh tokens live 7 days; \
                 Publish app ends both.",
            ),
        ),
    ];
    fields.extend(values.scopes.iter().map(|scope| {
        let note = Some("Tick it under Add or remove scopes, then Update, then Save.");
        FormField { page: "Data Access", label: "Scope", value: console_scope(scope), note }
    }));
    fields.push(field(
        "Clients",
        "Application type",
        "Web application",
        Some("A Desktop app cannot hold the callback of Auth0."),
    ));
    fields.push(field("Clients", "Name", "(any name)", None));
    let urls = values.callbacks.iter().map(String::as_str).chain([values.loopback]);
    fields.extend(urls.map(|url| {
        field(
            "Clients",
            "Authorized redirect URIs",
            url,
            Some("Compared character for character; an edit takes 5 minutes to a few hours to act."),
        )
    }));
    fields
}

/// A scope as the console lists it.
fn console_scope(short: &str) -> String {
    match short {
        "openid" => short.to_owned(),
        "email" | "profile" => format!("https://www.googleapis.com/auth/userinfo.{short}"),
        _ => format!("{SCOPE_PREFIX}{short}"),
    }
}
