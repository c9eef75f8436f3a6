//! What each answer of the authorize pages means (sections 1.3 and 2.8 of the collected facts, row by row).

use base64::Engine as _;

use super::*;
use Provider::{Fitbit, GoogleHealth};

const CALLBACK: &str = "https://acme.eu.auth0.com/login/callback";

fn same(seen: &str, real: &str) -> bool {
    seen.starts_with(real)
}

fn told(code: &str, sentence: &str, number: u16) -> String {
    let mut bytes = vec![0x0a, code.len() as u8];
    bytes.extend(code.bytes());
    bytes.extend([0x12, sentence.len() as u8]);
    bytes.extend(sentence.bytes());
    bytes.extend([0x20, (number & 0x7f) as u8 | 0x80, (number >> 7) as u8]);
    let value = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    format!("https://accounts.google.com/signin/oauth/error?authError={value}&flowName=GeneralOAuthFlow&client_id=x")
}

fn google(location: &str) -> Verdict {
    judge(GoogleHealth, CALLBACK, 302, Some(location), "", same)
}

fn fitbit_page(status: u16, words: &str) -> Verdict {
    let html = format!(
        "<html><head><style>form {{}}</style></head><body><p>The app you&#39;re trying to connect did not provide \
         valid information to Fitbit. Please report this issue to them.</p>\
         <p>Developer information: <code>{words}</code></p>"
    );
    judge(Fitbit, CALLBACK, status, None, &html, same)
}

#[test]
fn google_goes_on_to_a_sign_in_page_when_it_accepts() {
    for path in [
        "/v3/signin/identifier?continue=https%3A%2F%2Faccounts.google.com%2Fsignin%2Foauth%2Ferror&flowName=x",
        "/signin/v2/identifier?x=y",
        "/ServiceLogin?passive=1",
        "/AccountChooser?continue=x",
        "/InteractiveLogin?x",
        "/o/oauth2/v2/auth/oauthchooseaccount?x",
    ] {
        assert_eq!(google(&format!("https://accounts.google.com{path}")), Verdict::Accepted, "{path}");
        assert_eq!(google(path), Verdict::Accepted, "relative {path}");
    }
}

#[test]
fn a_code_at_the_callback_is_acceptance_and_an_error_there_is_not_known() {
    assert_eq!(google(&format!("{CALLBACK}?state=x&code=4%2F0A")), Verdict::Accepted);
    for other in ["?error=access_denied&state=x", "?code=", "/elsewhere?code=x", ".evil?code=x"] {
        assert!(matches!(google(&format!("{CALLBACK}{other}")), Verdict::Unknown { .. }), "{other}");
    }
    let said = "HTTP 302 leads to https://acme.eu.auth0.com/login/callback with error=access_denied".to_owned();
    assert_eq!(google(&format!("{CALLBACK}?error=access_denied&state=x")), Verdict::Unknown { said });
}

#[test]
fn google_says_in_auth_error_why_it_refuses() {
    for (code, number, expected) in [
        ("redirect_uri_mismatch", 400, Code::RedirectUriMismatch),
        ("invalid_client", 401, Code::ClientIdUnknown),
        ("deleted_client", 401, Code::ClientDeleted),
        ("invalid_scope", 400, Code::InvalidScope),
        ("access_denied", 403, Code::ProviderRefusedRequest),
        ("org_internal", 403, Code::OrgInternal),
        ("admin_policy_enforced", 400, Code::AdminPolicyEnforced),
        ("disallowed_useragent", 403, Code::DisallowedUseragent),
        ("restricted_client", 403, Code::ProviderRefusedRequest),
        ("invalid_request", 400, Code::ProviderRefusedRequest),
        ("something_new", 400, Code::ProviderRefusedRequest),
    ] {
        let said = format!("Error {number}: {code}, A sentence.");
        assert_eq!(google(&told(code, "A sentence.", number)), Verdict::Refused { code: expected, said }, "{code}");
    }
}

#[test]
fn a_denial_of_googles_own_is_about_test_users_where_it_says_so_or_nothing() {
    for (sentence, expected) in [
        ("Acme has not completed the Google verification process.", Code::NotATestUser),
        ("The app can only be accessed by developer-approved testers.", Code::NotATestUser),
        ("The developer hasn't given you access to this app.", Code::NotATestUser),
        ("", Code::NotATestUser),
        ("Access blocked by parental controls.", Code::ProviderRefusedRequest),
    ] {
        let verdict = google(&told("access_denied", sentence, 403));
        assert!(matches!(verdict, Verdict::Refused { code, .. } if code == expected), "{sentence}: {verdict:?}");
    }
}

#[test]
fn the_public_sample_is_a_client_id_that_is_not_known() {
    let sample = "https://accounts.google.com/signin/oauth/error?authError=\
                  Cg5pbnZhbGlkX2NsaWVudBIfVGhlIE9BdXRoIGNsaWVudCB3YXMgbm90IGZvdW5kLiCRAw%3D%3D&client_id=x";
    let said = "Error 401: invalid_client, The OAuth client was not found.".to_owned();
    assert_eq!(google(sample), Verdict::Refused { code: Code::ClientIdUnknown, said });
}

#[test]
fn an_error_page_of_google_that_cannot_be_read_stays_unknown() {
    for query in ["", "?authError=", "?authError=%FF%00garbage", "?authError=CgA"] {
        let verdict = google(&format!("https://accounts.google.com/signin/oauth/error{query}"));
        assert!(matches!(verdict, Verdict::Unknown { .. }), "{query}");
    }
}

#[test]
fn google_pages_with_a_numbered_error_are_refusals_at_any_client_status() {
    for status in [200, 400, 403] {
        let html =
            "<script>Error 401: deleted_client</script><h1>Access blocked</h1><b>Error 400: redirect_uri_mismatch</b>";
        let said = "Error 400: redirect_uri_mismatch".to_owned();
        let expected = Verdict::Refused { code: Code::RedirectUriMismatch, said };
        assert_eq!(judge(GoogleHealth, CALLBACK, status, None, html, same), expected);
    }
}

#[test]
fn what_google_never_documented_is_neither_yes_nor_no() {
    for (status, location, body) in [
        (200, None, "<form>Sign in</form>"),
        (200, None, ""),
        (404, None, "Error 404 (Not Found)"),
        (302, None, ""),
        (302, Some("https://example.com/v3/signin/identifier"), ""),
        (302, Some("https://accounts.google.com.example.com/v3/signin/"), ""),
        (302, Some("https://accounts.google.com/unsupported"), ""),
        (302, Some("//example.com/signin/"), ""),
        (302, Some("http://["), ""),
    ] {
        let verdict = judge(GoogleHealth, CALLBACK, status, location, body, same);
        assert!(matches!(verdict, Verdict::Unknown { .. }), "{status} {location:?}: {verdict:?}");
    }
}

#[test]
fn fitbit_tells_developers_what_is_wrong_on_its_page() {
    for (words, code) in [
        ("unauthorized_client - Invalid client_id", Code::ClientIdUnknown),
        ("invalid_request - Missing parameters: client_id", Code::ProviderRefusedRequest),
        ("invalid_request - The code_challenge parameter is invalid", Code::ProviderRefusedRequest),
        (
            "invalid_request - The code_challenge parameter length must be between 43 and 128",
            Code::ProviderRefusedRequest,
        ),
        ("invalid_request - Unsupported code_challenge_method", Code::ProviderRefusedRequest),
        ("invalid_request - Invalid redirect_uri parameter value", Code::RedirectUriMismatch),
        ("invalid_request - Missing redirect_uri parameter value", Code::ProviderRefusedRequest),
        ("unsupported_response_type - Invalid response_type parameter value", Code::ProviderRefusedRequest),
        ("invalid_request - Missing response_type parameter value", Code::ProviderRefusedRequest),
        (
            "unauthorized_client - The client is not authorized to request an access token using this method",
            Code::ProviderRefusedRequest,
        ),
        (
            "unauthorized_client - A &quot;Personal&quot; application is only authorized to request access tokens from \
             the owner of the application",
            Code::PersonalApplication,
        ),
        ("something_new - Never seen before", Code::ProviderRefusedRequest),
    ] {
        for status in [200, 400] {
            let said = words.replace("&quot;", "\"");
            assert_eq!(fitbit_page(status, words), Verdict::Refused { code, said }, "{words}");
        }
    }
}

#[test]
fn fitbit_accepts_with_a_login_page_a_form_or_a_code() {
    for location in [
        "https://www.fitbit.com/login?redirect=x",
        "https://accounts.fitbit.com/login?targetUrl=x",
        "https://accounts.google.com/v3/signin/identifier?x",
        "https://www.fitbit.com/oauth2/consent?x",
        "/oauth2/authorize/login",
        "https://acme.eu.auth0.com/login/callback?code=0a&state=x#_=_",
    ] {
        assert_eq!(judge(Fitbit, CALLBACK, 302, Some(location), "", same), Verdict::Accepted, "{location}");
    }
    let page = "<html><FORM action=/login><input name=email></FORM>";
    assert_eq!(judge(Fitbit, CALLBACK, 200, None, page, same), Verdict::Accepted);
}

#[test]
fn fitbit_pages_that_say_nothing_and_moves_elsewhere_are_not_known() {
    for (status, location, body) in [
        (200, None, "<p>Welcome"),
        (404, None, "<form>"),
        (301, Some("https://developers.google.com/health"), ""),
        (302, Some("https://www.fitbit.com/?next=/login"), ""),
        (302, Some("/oauth2/authorize?client_id=23SBOX"), ""),
        (302, Some("https://www.fitbit.com/oauth2/authorize/shutdown"), ""),
        (302, Some("https://www.fitbit.com/login/error"), ""),
        (302, Some("https://accounts.google.com/signin/oauth/error?authError=x"), ""),
        (302, Some("https://www.fitbit.com.example.com/login"), ""),
    ] {
        let verdict = judge(Fitbit, CALLBACK, status, location, body, same);
        assert!(matches!(verdict, Verdict::Unknown { .. }), "{status} {location:?}: {verdict:?}");
    }
}

#[test]
fn a_dead_service_and_one_in_trouble_are_told_apart_whatever_they_send() {
    for provider in Provider::ALL {
        for body in ["", "<html>Error 400: redirect_uri_mismatch", "{\"errors\":[]}", "{\"error\":{\"code\":410}}"] {
            assert_eq!(judge(provider, CALLBACK, 410, None, body, same), Verdict::ShutDown);
            for status in [429, 500, 502, 503] {
                let verdict = judge(provider, CALLBACK, status, None, body, same);
                assert!(matches!(verdict, Verdict::Unknown { .. }), "the caller names trouble: {verdict:?}");
            }
        }
    }
}

#[test]
fn rewritten_addresses_count_as_the_real_ones() {
    let rewritten = |seen: &str, real: &str| {
        seen.replacen("http://127.0.0.1:4401", "https://accounts.google.com", 1).starts_with(real)
    };
    let ask = |location: &str| judge(GoogleHealth, CALLBACK, 302, Some(location), "", rewritten);
    assert_eq!(ask("http://127.0.0.1:4401/v3/signin/identifier?x"), Verdict::Accepted);
    let refused =
        ask(&told("redirect_uri_mismatch", "No.", 400).replace("https://accounts.google.com", "http://127.0.0.1:4401"));
    assert!(matches!(refused, Verdict::Refused { code: Code::RedirectUriMismatch, .. }));
}

#[test]
fn what_is_repeated_is_short_and_holds_no_token_and_no_control_character() {
    let hex = "0a".repeat(32);
    let words = format!("odd - \u{1b}[31m token {hex} {}", "word ".repeat(200));
    let Verdict::Refused { said, .. } = fitbit_page(400, &words) else { panic!("not refused") };
    assert!(said.chars().count() <= 500 && !said.contains(&hex) && !said.chars().any(char::is_control), "{said}");
    let Verdict::Unknown { said } = google(&format!("https://example.com/x?token={hex}")) else { panic!("known") };
    assert_eq!(said, "HTTP 302 leads to https://example.com/x");
}

#[test]
fn pages_that_end_in_the_middle_are_read_without_trouble() {
    for html in
        ["<", "<script", "<script>Error 400: x", "a<b", "&", "<style></STYLE", "ä<ö>ü", "Error 4", "Error 400: "]
    {
        for provider in Provider::ALL {
            drop(judge(provider, CALLBACK, 200, None, html, same));
        }
    }
}

#[test]
fn googles_page_is_read_in_any_language() {
    for line in ["Fehler 400: redirect_uri_mismatch", "Erreur 400\u{a0}: redirect_uri_mismatch"] {
        let body = format!("<h1>Zugriff blockiert</h1><p>{line}</p>");
        match judge(GoogleHealth, CALLBACK, 400, None, &body, same) {
            Verdict::Refused { code, said } => {
                assert_eq!(code, Code::RedirectUriMismatch);
                assert!(said.ends_with("redirect_uri_mismatch"), "{said}");
            }
            other => panic!("{line}: {other:?}"),
        }
    }
    let body = "<p>HTTP 400: Anfrage ungültig</p>";
    assert!(matches!(judge(GoogleHealth, CALLBACK, 400, None, body, same), Verdict::Unknown { .. }));
}

#[test]
fn fitbits_messages_are_known_without_the_label_where_they_are_answered_as_an_error() {
    const SENTENCE: &str = "The app you're trying to connect did not provide valid information to Fitbit.";
    for (status, body, expected) in [
        (
            400,
            "<h1>invalid_request - Invalid redirect_uri parameter value</h1>".to_owned(),
            Some(Code::RedirectUriMismatch),
        ),
        (400, format!("<p>{SENTENCE}</p>unauthorized_client - Invalid client_id"), Some(Code::ClientIdUnknown)),
        (
            400,
            r#"{"errors":[{"errorType":"invalid_request","message":"Invalid redirect_uri parameter value"}]}"#
                .to_owned(),
            Some(Code::RedirectUriMismatch),
        ),
        (200, "<p>What does invalid_request - Invalid redirect_uri parameter value mean?".to_owned(), None),
        (404, format!("Invalid redirect_uri parameter value {}", "and much more ".repeat(200)), None),
    ] {
        match (judge(Fitbit, CALLBACK, status, None, &body, same), expected) {
            (Verdict::Refused { code, .. }, Some(expected)) => assert_eq!(code, expected, "{body}"),
            (Verdict::Unknown { .. }, None) => {}
            (verdict, expected) => panic!("{body}: {verdict:?}, not {expected:?}"),
        }
    }
}
