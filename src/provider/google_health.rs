//! Owns the constants of the Google Health API. Refuses anything that is Fitbit's, and what is only known by hearsay is
//! said as such.

use super::{ClientAuth, ConsolePage, Facts, FormField, FormValues};
use crate::text::GOOGLES;

/// The profile script of the custom social connection, as stored in Auth0 (`options.scripts.fetchUserProfile`).
pub const FETCH_USER_PROFILE: &str = include_str!("fetch_user_profile.js");

pub(super) static FACTS: Facts = Facts {
    name: "google-health",
    title: "Google Health API",
    state_today: "alive (documentation read on 22 Nov 2026); new projects may have to wait, see \
                  https://developers.google.com/health/setup",
    alive: "alive, the successor of the Fitbit Web API",
    registrar: "Google",
    apps_url: "https://console.cloud.google.com/auth/clients",
    client_id_example: "1234567890-abc.apps.googleusercontent.com",
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

/// Whether the value of such a parameter has what is wanted: `prompt` is a list, separated by spaces (the same page).
pub fn is_auth_param(value: &str, wanted: &str) -> bool {
    value.split(' ').any(|word| word == wanted)
}

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
    value.starts_with(GOOGLES)
}

/// Judges a client ID that is not of the usual form: there is no other.
pub(super) fn check_client_id(_: &str) -> Result<(), String> {
    Err(format!("a Google client ID ends in {CLIENT_ID_SUFFIX}"))
}

/// The pages of the Google console, in the order of Google's set-up guide. Addresses are those that Google's own pages
/// link to (developers.google.com/health/setup, /workspace/guides, /identity/protocols/oauth2/web-server).
pub(super) fn console_pages(values: &FormValues) -> Vec<ConsolePage> {
    vec![project(), library(), branding(), audience(), data_access(values), clients(values)]
}

fn project() -> ConsolePage {
    ConsolePage {
        title: "Cloud project",
        url: "https://console.cloud.google.com/projectcreate",
        // As the default it is the project in which the next page's command acts.
        command: Some("gcloud projects create PROJECT_ID --set-as-default"),
        fields: vec![
            FormField::own("Project name", "any name; or keep a project you have"),
            FormField::own("PROJECT_ID, for gcloud", "6 to 30 of a-z, 0-9 and -, unused so far"),
        ],
        trap: Some("Every page that follows shows a project at the top. It has to be this one on all of them."),
    }
}

fn library() -> ConsolePage {
    ConsolePage {
        title: "API library",
        url: "https://console.developers.google.com/apis/library/health.googleapis.com",
        command: Some("gcloud services enable health.googleapis.com"),
        fields: vec![FormField::choose("Google Health API", "Enable")],
        trap: Some(
            "gcloud enables it in its own current project. If Enable is refused, new projects may have to wait: see \
             https://developers.google.com/health/setup",
        ),
    }
}

fn branding() -> ConsolePage {
    ConsolePage {
        title: "Branding",
        url: "https://console.cloud.google.com/auth/branding",
        command: None,
        fields: vec![
            FormField::choose("If not configured yet", "Get started"),
            FormField::own("App name", "your app's name, not one of Google's"),
            FormField::own("User support email", "an address of yours"),
            FormField::choose("Audience, if asked here", "External"),
            FormField::own("Contact email", "an address of yours"),
            FormField::own("User data policy", "read it, and agree if you do"),
        ],
        trap: Some("A new project asks for the audience here. Internal shuts out everybody outside your organisation."),
    }
}

fn audience() -> ConsolePage {
    ConsolePage {
        title: "Audience",
        url: "https://console.cloud.google.com/auth/audience",
        command: None,
        fields: vec![
            FormField::choose("User type", "External"),
            FormField::own("Test users", "each account that will log in, up to 100"),
            FormField::own("Publishing status", "Testing, or In production by Publish app"),
        ],
        trap: Some(
            "Not Internal. In Testing only test users can log in, and refresh tokens live 7 days; Publish app ends \
             both, for consents given after it.",
        ),
    }
}

fn data_access(values: &FormValues) -> ConsolePage {
    let mut fields = vec![FormField::choose("First press", "Add or remove scopes")];
    fields.extend(values.scopes.iter().map(|scope| FormField::copy("Scope to tick", console_scope(scope))));
    fields.push(FormField::choose("Then press", "Update, then Save"));
    ConsolePage {
        title: "Data Access",
        url: "https://console.cloud.google.com/auth/scopes",
        command: None,
        fields,
        trap: Some("Update only closes the list. Without Save on the page itself, the scopes are lost."),
    }
}

fn clients(values: &FormValues) -> ConsolePage {
    let mut fields = vec![
        FormField::choose("First press", "Create client"),
        FormField::choose("Application type", "Web application"),
        FormField::own("Name", "any name"),
        FormField::choose("Authorized JavaScript origins", "leave empty"),
        FormField::choose("Authorized redirect URIs", "Add URI, once for each that follows"),
    ];
    fields.extend(values.callbacks.iter().map(|url| FormField::copy("Redirect URI for Auth0", url)));
    fields.push(FormField::copy("Redirect URI for direct test", values.loopback));
    fields.push(FormField::choose("Then press", "Create"));
    fields.push(FormField::own("Client secret", "shown once: copy it or download JSON now"));
    ConsolePage {
        title: "Clients",
        url: "https://console.cloud.google.com/auth/clients",
        command: None,
        fields,
        trap: Some(
            "Not Desktop app: it takes no redirect URIs. They are compared character for character; an edit takes 5 \
             minutes to a few hours to act.",
        ),
    }
}

/// A scope as the console lists it.
fn console_scope(short: &str) -> String {
    match short {
        "openid" => short.to_owned(),
        "email" | "profile" => format!("https://www.googleapis.com/auth/userinfo.{short}"),
        _ => format!("{SCOPE_PREFIX}{short}"),
    }
}
