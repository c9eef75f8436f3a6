//! What the providers' data must agree on, and which credentials are refused at the door.

use super::Provider::{Fitbit, GoogleHealth};
use super::*;

const GOOGLE_ID: &str = "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com";
const GOOGLE_SECRET: &str = concat!("GOC", "SPX-abcdefghijklmnopqrstuvwxyz12");
const FITBIT_SECRET: &str = concat!("0123456789abcdef", "0123456789abcdef");

#[test]
fn every_provider_is_found_by_its_name() {
    for provider in Provider::ALL {
        assert_eq!(provider.to_string().parse(), Ok(provider));
    }
    assert!("google".parse::<Provider>().unwrap_err().contains("fitbit or google-health"));
}

#[test]
fn every_address_that_is_called_lies_in_a_listed_origin() {
    for provider in Provider::ALL {
        let called = [
            Some(provider.authorize_url()),
            Some(provider.token_url()),
            Some(provider.revoke_url()),
            Some(provider.identity_url()),
            provider.userinfo_url(),
        ];
        for address in called.into_iter().flatten() {
            let known = provider.origins().iter().any(|origin| address.starts_with(&format!("{origin}/")));
            assert!(known, "{address}");
        }
    }
}

#[test]
fn default_and_identity_scopes_are_known_ones_and_the_default_lets_the_identity_be_read() {
    for provider in Provider::ALL {
        for scope in provider.default_scopes().iter().chain(provider.identity_scopes()) {
            assert_eq!(scopes::short(provider, scope).as_deref(), Ok(*scope));
        }
        assert!(scopes::identity_readable(provider, provider.default_scopes().iter().copied()));
    }
}

#[test]
fn state_today_is_one_line_with_a_date() {
    for provider in Provider::ALL {
        let line = provider.state_today();
        assert!(line.contains("2026") && !line.contains('\n') && !line.contains("  "), "{line}");
    }
}

#[test]
fn a_client_id_tells_its_provider() {
    assert_eq!(Provider::of_client_id(GOOGLE_ID), Some(GoogleHealth));
    assert_eq!(Provider::of_client_id("1234567890.apps.googleusercontent.com"), Some(GoogleHealth));
    assert_eq!(Provider::of_client_id("23ABCD"), Some(Fitbit));
    for other in ["", "23abcd", "23ABCDE", ".apps.googleusercontent.com", "a b.apps.googleusercontent.com", "x/y"] {
        assert_eq!(Provider::of_client_id(other), None, "{other}");
    }
}

#[test]
fn client_ids_that_may_be_right_pass() {
    for (provider, id) in [
        (GoogleHealth, GOOGLE_ID),
        (GoogleHealth, "1234567890.apps.googleusercontent.com"),
        (Fitbit, "23ABCD"),
        (Fitbit, "227KX"),
    ] {
        assert_eq!(provider.check_client_id(id), Ok(()), "{id}");
    }
}

#[test]
fn client_ids_that_cannot_be_right_are_refused_with_the_reason() {
    for (provider, id, reason) in [
        (Fitbit, GOOGLE_ID, "client ID of Google Health API"),
        (GoogleHealth, "23ABCD", "client ID of Fitbit Web API"),
        (GoogleHealth, "", "empty"),
        (GoogleHealth, "12 34.apps.googleusercontent.com", "space"),
        (GoogleHealth, "1234\n.apps.googleusercontent.com", "line break"),
        (GoogleHealth, "1234-ab…com", "masked"),
        (GoogleHealth, "1234-abc.apps.googleusercontent.con", ".apps.googleusercontent.com"),
        (GoogleHealth, "https://1234-abc.apps.googleusercontent.com", "address"),
        (GoogleHealth, GOOGLE_SECRET, "swapped"),
        (Fitbit, FITBIT_SECRET, "swapped"),
        (Fitbit, "23abcd", "six upper-case"),
        (Fitbit, "my-app", "six upper-case"),
        (Fitbit, "23ÄBCD", "never have"),
    ] {
        let why = provider.check_client_id(id).unwrap_err();
        assert!(why.contains(reason), "{id}: {why}");
    }
}

#[test]
fn secrets_that_may_be_right_pass() {
    for (provider, secret) in [
        (GoogleHealth, GOOGLE_SECRET),
        (GoogleHealth, "abcdefghijklmnopqrstuvwx"),
        (GoogleHealth, "a-form-that-nobody-has-seen-yet_2027"),
        (Fitbit, FITBIT_SECRET),
        (Fitbit, "0123456789ABCDEF0123456789ABCDEF"),
    ] {
        assert_eq!(provider.check_secret(secret), Ok(()));
    }
}

#[test]
fn secrets_that_cannot_be_right_are_refused_with_the_reason_and_without_the_value() {
    for (provider, secret, reason) in [
        (GoogleHealth, "", "empty"),
        (GoogleHealth, "****abcd", "masked"),
        (GoogleHealth, "••••••••abcd", "masked"),
        (GoogleHealth, "...abcd", "masked"),
        (GoogleHealth, "…abcd", "masked"),
        (GoogleHealth, "GOCSPX-...", "masked"),
        (GoogleHealth, "abcd", "too short"),
        (GoogleHealth, "abcdefghijkl mnopqrstuvwx", "space"),
        (GoogleHealth, "abcdefghijkl\nmnopqrstuvwx", "line break"),
        (GoogleHealth, "abcdefghijklmnopqrst\u{0}uvwx", "control"),
        (GoogleHealth, "abcdefghijklmnöpqrstuvwx", "never have"),
        (GoogleHealth, GOOGLE_ID, "client ID"),
        (GoogleHealth, "23ABCD", "client ID"),
        (GoogleHealth, FITBIT_SECRET, "another provider"),
        (Fitbit, GOOGLE_SECRET, "Google's"),
        (Fitbit, GOOGLE_ID, "client ID"),
        (GoogleHealth, "ya29.a0AfB_byCdefghijklmnop", "token"),
        (GoogleHealth, "1//0gabcdefghijklmnop", "token"),
        (GoogleHealth, "{\"web\":{\"client_id\":\"x\"}}", "--client-json"),
        (GoogleHealth, "\"GOCSPX-abcdefghijklmnopqrstuvwxyz01\"", "quotes"),
        (GoogleHealth, "'GOCSPX-abcdefghijklmnopqrstuvwxyz01'", "quotes"),
        (GoogleHealth, "client_secret=GOCSPX-abcdefghijklmnopqrstuvwxyz01", "equals sign"),
        (GoogleHealth, "${GOOGLE_SECRET}", "placeholder"),
        (GoogleHealth, "YOUR_CLIENT_SECRET", "placeholder"),
        (GoogleHealth, "https://example.com/secret", "address"),
    ] {
        let why = provider.check_secret(secret).unwrap_err();
        assert!(why.contains(reason), "{secret}: {why}");
        assert!(secret.is_empty() || !why.contains(secret), "{why}");
    }
}

const LOOPBACK: &str = "http://127.0.0.1:18917/callback";
const CALLBACKS: [&str; 2] = ["https://acme.eu.auth0.com/login/callback", "https://id.acme.com/login/callback"];

/// The pages of a provider for two login domains and the scopes it has by default.
fn pages(provider: Provider) -> Vec<ConsolePage> {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let (callbacks, scopes) = (owned(&CALLBACKS), owned(provider.default_scopes()));
    provider.console_pages(&FormValues { callbacks: &callbacks, loopback: LOOPBACK, scopes: &scopes })
}

fn page(provider: Provider, title: &str) -> ConsolePage {
    pages(provider).into_iter().find(|page| page.title == title).expect(title)
}

/// What is to be copied from a page: label and text.
fn copied(page: &ConsolePage) -> Vec<(&'static str, &str)> {
    let text = page.fields.iter().filter_map(|field| match &field.value {
        FieldValue::Copy(text) => Some((field.label, text.as_str())),
        FieldValue::Choose(_) | FieldValue::Own(_) => None,
    });
    text.collect()
}

/// Everything a page says in words.
fn words(page: &ConsolePage) -> String {
    let said = page.fields.iter().map(|field| match &field.value {
        FieldValue::Copy(_) => field.label.to_owned(),
        FieldValue::Choose(words) | FieldValue::Own(words) => format!("{}: {words}", field.label),
    });
    said.chain(page.trap.map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_pages_come_in_the_order_of_the_set_up_guide() {
    let titles = |provider| pages(provider).iter().map(|page| page.title).collect::<Vec<_>>();
    assert_eq!(
        titles(GoogleHealth),
        ["Cloud project", "API library", "Branding", "Audience", "Data Access", "Clients"]
    );
    assert_eq!(titles(Fitbit), ["Register an application"]);
}

#[test]
fn every_page_is_https_on_a_host_of_the_provider() {
    let hosts = |provider| match provider {
        GoogleHealth => &["console.cloud.google.com", "console.developers.google.com", "developers.google.com"][..],
        Fitbit => &["dev.fitbit.com"],
    };
    for provider in Provider::ALL {
        for page in pages(provider) {
            let url = url::Url::parse(page.url).unwrap();
            assert_eq!(url.scheme(), "https", "{url}");
            assert!(hosts(provider).contains(&url.host_str().unwrap()), "{url}");
        }
    }
}

#[test]
fn what_is_to_be_copied_is_one_line_without_spaces_around_it() {
    for provider in Provider::ALL {
        for page in pages(provider) {
            for text in copied(&page).into_iter().map(|(_, text)| text).chain(page.command).chain([page.url]) {
                assert!(!text.is_empty() && text.trim() == text && !text.contains(char::is_control), "{text:?}");
            }
        }
    }
}

#[test]
fn every_callback_appears_once_and_says_what_it_is_for() {
    for (provider, title) in [(GoogleHealth, "Clients"), (Fitbit, "Register an application")] {
        let everywhere = pages(provider);
        let everywhere: Vec<&str> = everywhere.iter().flat_map(copied).map(|(_, text)| text).collect();
        let page = page(provider, title);
        for (url, purpose) in [(CALLBACKS[0], "Auth0"), (CALLBACKS[1], "Auth0"), (LOOPBACK, "direct test")] {
            assert_eq!(everywhere.iter().filter(|text| **text == url).count(), 1, "{provider}: {url}");
            let (label, _) = *copied(&page).iter().find(|(_, text)| *text == url).unwrap();
            assert!(label.contains(purpose), "{label}: {url}");
        }
    }
}

#[test]
fn every_scope_appears_once_on_data_access_by_the_name_the_console_lists() {
    let page = page(GoogleHealth, "Data Access");
    let scopes: Vec<&str> = copied(&page).into_iter().map(|(_, text)| text).collect();
    assert_eq!(
        scopes,
        [
            "openid",
            "https://www.googleapis.com/auth/userinfo.email",
            "https://www.googleapis.com/auth/userinfo.profile",
            "https://www.googleapis.com/auth/googlehealth.profile.readonly",
        ]
    );
    for other in pages(GoogleHealth).iter().filter(|other| other.title != page.title) {
        assert!(copied(other).iter().all(|(_, text)| !scopes.contains(text)), "{}", other.title);
    }
}

#[test]
fn each_trap_is_said_on_the_page_where_it_happens() {
    for (provider, title, said) in [
        (GoogleHealth, "Cloud project", "project at the top"),
        (GoogleHealth, "API library", "new projects may have to wait"),
        (GoogleHealth, "Branding", "Internal shuts out"),
        (GoogleHealth, "Audience", "Not Internal"),
        (GoogleHealth, "Audience", "only test users"),
        (GoogleHealth, "Audience", "7 days"),
        (GoogleHealth, "Data Access", "Without Save"),
        (GoogleHealth, "Clients", "Application type: Web application"),
        (GoogleHealth, "Clients", "Not Desktop app"),
        (GoogleHealth, "Clients", "shown once"),
        (GoogleHealth, "Clients", "character for character"),
        (GoogleHealth, "Clients", "5 minutes to a few hours"),
        (Fitbit, "Register an application", "reported closed since May 2026"),
        (Fitbit, "Register an application", "2 Nov 2026"),
        (Fitbit, "Register an application", "access type ends its tokens"),
    ] {
        let text = words(&page(provider, title));
        assert!(text.contains(said), "{title}: {said}\n{text}");
    }
}

#[test]
fn labels_words_and_traps_fit_a_narrow_terminal() {
    for page in Provider::ALL.into_iter().flat_map(pages) {
        assert!(page.command.is_none_or(|command| command.len() <= 50), "{:?}", page.command);
        if let Some(trap) = page.trap {
            assert!(trap.len() <= 160 && !trap.contains("  "), "{} characters: {trap}", trap.len());
            // Somebody copies an address together with the full stop that touches it.
            assert!(!trap.contains("https://") || !trap.ends_with('.'), "{trap}");
        }
        for field in &page.fields {
            assert!(!field.label.is_empty() && field.label.len() <= 30, "{}", field.label);
            if let FieldValue::Choose(words) | FieldValue::Own(words) = field.value {
                assert!(!words.is_empty() && words.len() <= 42, "{}: {words}", field.label);
            }
        }
    }
}

#[test]
fn only_a_command_has_something_to_fill_in_and_its_page_says_what() {
    let project = page(GoogleHealth, "Cloud project");
    assert!(project.command.is_some_and(|command| command.contains("PROJECT_ID")));
    assert!(words(&project).contains("PROJECT_ID, for gcloud"));
    assert_eq!(page(GoogleHealth, "API library").command, Some("gcloud services enable health.googleapis.com"));
}

#[test]
fn the_profile_script_fits_into_auth0_and_reads_the_addresses_of_the_table() {
    assert!(FETCH_USER_PROFILE.starts_with("function fetchUserProfile(accessToken, context, callback) {"));
    assert!(FETCH_USER_PROFILE.trim_end().ends_with('}') && FETCH_USER_PROFILE.len() <= 51_200);
    let addresses = [Some(GoogleHealth.identity_url()), GoogleHealth.userinfo_url()];
    assert!(addresses.into_iter().flatten().all(|address| FETCH_USER_PROFILE.contains(address)));
}
