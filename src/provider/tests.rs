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
        (Fitbit, GOOGLE_SECRET, "another provider"),
        (Fitbit, GOOGLE_ID, "client ID"),
        (GoogleHealth, "ya29.a0AfB_byCdefghijklmnop", "token"),
        (GoogleHealth, "1//0gabcdefghijklmnop", "token"),
        (GoogleHealth, "{\"web\":{\"client_id\":\"x\"}}", "--client-json"),
        (GoogleHealth, "https://example.com/secret", "address"),
    ] {
        let why = provider.check_secret(secret).unwrap_err();
        assert!(why.contains(reason), "{secret}: {why}");
        assert!(secret.is_empty() || !why.contains(secret), "{why}");
    }
}

#[test]
fn the_forms_hold_every_callback_and_scope_with_the_exact_value() {
    let callbacks =
        ["https://acme.eu.auth0.com/login/callback".to_owned(), "https://id.acme.com/login/callback".to_owned()];
    let loopback = "http://127.0.0.1:18917/callback";
    for provider in Provider::ALL {
        let scopes: Vec<String> = provider.default_scopes().iter().map(|scope| (*scope).to_owned()).collect();
        let values = FormValues { callbacks: &callbacks, loopback, scopes: &scopes };
        let fields = provider.form_fields(&values);
        let typed: Vec<&str> = fields.iter().map(|field| field.value.as_str()).collect();
        for url in callbacks.iter().map(String::as_str).chain([loopback]) {
            assert_eq!(typed.iter().filter(|value| **value == url).count(), 1, "{provider}: {url}");
        }
        for field in &fields {
            assert!(!field.page.is_empty() && !field.label.is_empty() && !field.value.is_empty());
            assert!(field.note.is_none_or(|note| !note.contains("  ")), "{:?}", field.note);
        }
        if provider == GoogleHealth {
            assert!(typed.contains(&"gcloud services enable health.googleapis.com"));
            assert!(typed.contains(&"https://www.googleapis.com/auth/googlehealth.profile.readonly"));
            assert!(typed.contains(&"Web application") && typed.contains(&"External"));
        } else {
            assert!(fields.iter().any(|field| field.note.is_some_and(|note| note.contains("refused since May 2026"))));
        }
    }
}

#[test]
fn the_profile_script_fits_into_auth0_and_reads_the_addresses_of_the_table() {
    assert!(FETCH_USER_PROFILE.starts_with("function fetchUserProfile(accessToken, context, callback) {"));
    assert!(FETCH_USER_PROFILE.trim_end().ends_with('}') && FETCH_USER_PROFILE.len() <= 51_200);
    let addresses = [Some(GoogleHealth.identity_url()), GoogleHealth.userinfo_url()];
    assert!(addresses.into_iter().flatten().all(|address| FETCH_USER_PROFILE.contains(address)));
}
