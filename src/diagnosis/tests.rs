//! Tests of the table: unique codes, calm and copyable texts, official links, promised exit codes.

use super::*;
use std::collections::BTreeSet;

fn snake_case(variant: &str) -> String {
    let mut name = String::new();
    for c in variant.chars() {
        if (c.is_ascii_uppercase() || c.is_ascii_digit()) && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

#[test]
fn every_code_is_unique_and_named_like_its_variant() {
    let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        assert_eq!(code.name(), snake_case(&format!("{code:?}")));
    }
}

#[test]
fn every_code_is_found_by_its_name_and_a_misspelt_one_is_answered_with_the_nearest() {
    for code in Code::ALL {
        assert_eq!(code.name().parse(), Ok(*code));
    }
    assert_eq!(" Redirect-URI-Mismatch ".parse(), Ok(Code::RedirectUriMismatch));
    let refusal = "redirect_uri_missmatch".parse::<Code>().unwrap_err();
    assert!(refusal.contains("redirect_uri_mismatch"), "{refusal}");
}

#[test]
fn every_row_has_calm_texts_and_official_links() {
    for code in Code::ALL {
        let row = code.diagnosis();
        for text in [row.symptom, row.cause, row.cure] {
            assert!(text.len() > 10, "{code}: {text:?}");
            assert!(!text.contains('!') && !text.contains("  ") && text.trim() == text, "{code}: {text:?}");
        }
        for link in row.links {
            let ours = ["google.com", "fitbit.com", "auth0.com"];
            let host = link.strip_prefix("https://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
            assert!(ours.iter().any(|site| host.ends_with(site)), "{code}: {link}");
        }
    }
}

#[test]
fn no_punctuation_touches_what_a_person_copies() {
    for code in Code::ALL {
        let row = code.diagnosis();
        let cure = Values::default().fill(row.cure);
        for text in [row.symptom, row.cause, row.cure, &cure] {
            let outside = text.split('`').skip(2).step_by(2);
            assert!(outside.into_iter().all(|after| !after.starts_with('.')), "{code}: {text:?}");
            assert!(text.matches('`').count() % 2 == 0, "{code}: {text:?}");
            for word in text.split_whitespace().filter(|word| word.contains("://")) {
                assert!(!word.ends_with(['.', ',', ';', ')']), "{code}: {word}");
            }
        }
    }
}

#[test]
fn a_failure_is_sent_to_a_page_of_the_service_that_it_is_about() {
    let link = |code: Code, fitbit: bool, message: &str| code.diagnosis().link(fitbit, message);
    let at = |link: Option<&str>, host: &str| link.is_some_and(|link| link.contains(host));
    let mismatch = Code::RedirectUriMismatch;
    assert!(at(link(mismatch, false, "Google Health API does not accept"), "google.com"));
    assert!(at(link(mismatch, true, "Fitbit Web API does not accept"), "dev.fitbit.com"));
    assert!(at(link(Code::RateLimited, false, "Google Health API refuses"), "google.com"));
    assert!(at(link(Code::RateLimited, false, "the Management API refuses"), "auth0.com"));
    assert!(at(link(Code::ProviderShutDown, true, "Fitbit Web API answered HTTP 410"), "developers.google.com/health"));
    assert_eq!(link(Code::OrgInternal, true, "x"), None, "Google's audience page says nothing about Fitbit");
    assert_eq!(link(Code::Cancelled, false, "x"), None);
    let refused = "acme.eu.auth0.com did not take the code (403): Invalid authorization code";
    for fitbit in [true, false] {
        assert!(at(link(Code::CodeRejected, fitbit, refused), "//auth0.com/"), "the code is the tenant's own");
        let enabled = link(Code::ApplicationNotEnabled, fitbit, "not enabled").unwrap_or_default();
        assert_eq!(enabled.contains("integrations/fitbit"), fitbit, "{enabled}");
    }
    for code in [Code::InvalidScope, Code::RefreshTokenRejected, Code::CodeRejected, Code::AccessTokenRejected] {
        assert!(at(link(code, true, "Fitbit Web API refuses"), "dev.fitbit.com"), "{code}");
        assert!(at(link(code, false, "Google Health API refuses"), "google.com"), "{code}");
    }
}

#[test]
fn exit_codes_are_the_promised_ones() {
    let of = |name: &str| name.parse::<Code>().map(|code| code.diagnosis().exit.code());
    for (name, exit) in [
        ("input_missing", 2),
        ("redirect_uri_mismatch", 3),
        ("client_secret_rejected", 4),
        ("connection_secret_differs", 4),
        ("access_denied", 5),
        ("account_not_linked", 5),
        ("identity_scope_not_granted", 5),
        ("port_in_use", 6),
        ("secret_store_locked", 7),
        ("some_scopes_not_granted", 0),
        ("temporary_application_left", 0),
        ("application_gone", 3),
        ("application_not_found", 2),
        ("cancelled", 130),
        ("unexpected", 1),
    ] {
        assert_eq!(of(name), Ok(exit), "{name}");
    }
}
