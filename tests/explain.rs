//! `explain` and the table behind it: a code or any pasted text gives the diagnosis, with this set-up's values, and the documents
//! say the same.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use common::stage::Stage;
use common::{Environment, generated};
use fitbit_connect::diagnosis::Code;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use serde_json::Value;

/// The codes that `explain --json` answers for a text.
fn codes(text: &str) -> Vec<String> {
    let output = Environment::new().run_with_stdin(&["explain", "--json", "-"], text);
    let document = output.document();
    let found = document["diagnoses"].as_array().into_iter().flatten();
    found.map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_of_powershell_is_read_and_so_is_one_that_marks_its_utf_8() {
    let text = "Error 400: redirect_uri_mismatch";
    let marked = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
    };
    let utf_8: Vec<u8> = b"\xef\xbb\xbfcallback_not_allowed".to_vec();
    for (bytes, code) in [
        (marked([0xff, 0xfe], u16::to_le_bytes), "redirect_uri_mismatch"),
        (marked([0xfe, 0xff], u16::to_be_bytes), "redirect_uri_mismatch"),
        (utf_8, "callback_not_allowed"),
    ] {
        let output = Environment::new().run_with_stdin(&["explain", "-", "--json"], bytes).exits(0);
        assert_eq!(output.document()["diagnoses"][0]["code"], code, "{output}");
    }
}

#[test]
fn the_readme_lists_the_table_as_it_is() {
    let mut text = String::new();
    let areas = [
        ("provider", "The app at the provider"),
        ("login", "One login by one person"),
        ("tenant", "The tenant and its Management API"),
        ("connection", "The connection"),
        ("application", "Applications and `/authorize`"),
        ("input", "What was given"),
        ("machine", "This machine, the network, the secret store"),
    ];
    assert!(Code::ALL.iter().all(|code| areas.iter().any(|(area, _)| code.area() == *area)));
    for (area, title) in areas {
        text.push_str(&format!(
            "\n<details><summary>{title}</summary>\n\n| code | exit | seen as | how sure |\n|---|---|---|---|\n"
        ));
        for code in Code::ALL.iter().filter(|code| code.area() == area) {
            let row = code.diagnosis();
            let symptom = row.symptom.replace('|', "\\|");
            text.push_str(&format!("| `{code}` | {} | {symptom} | {} |\n", row.exit.code(), row.sure.word()));
        }
        text.push_str("\n</details>\n");
    }
    text.push('\n');
    generated::part("README.md", "diagnoses", &text);
}

#[test]
fn a_saved_profile_fills_the_cures_with_its_own_values() {
    let stage = Stage::configured(GoogleHealth, &[]);
    let environment = stage.environment();
    for (code, exact) in [
        ("redirect_uri_mismatch", format!("`https://{}/login/callback`", facts::DOMAIN)),
        ("client_secret_rejected", facts::GOOGLE_CLIENT_ID.to_owned()),
        ("not_a_test_user", "https://console.cloud.google.com/auth/audience?project=123456789012 ".to_owned()),
        ("google_health_api_disabled", "overview?project=123456789012 ".to_owned()),
    ] {
        let output = environment.run(&["explain", code]).exits(0);
        assert!(output.stdout.contains(&exact), "{exact}: {output}");
        let document = environment.run(&["explain", "--json", code]).document();
        assert!(document["diagnoses"][0]["cure"].as_str().unwrap().contains(&exact), "{document}");
    }
    let other = environment.run(&["explain", "redirect_uri_mismatch", "--profile", "nobody"]).exits(0);
    assert!(other.stdout.contains("https://YOUR_TENANT_DOMAIN/login/callback"), "{other}");
}

#[test]
fn the_way_from_fitbit_to_google_health_carries_the_saved_scopes() {
    let stage = Stage::configured(Fitbit, &[]);
    let environment = stage.environment();
    let settings = std::fs::read_to_string(environment.settings()).unwrap();
    let settings: Vec<&str> = settings.lines().filter(|line| !line.starts_with("scopes")).collect();
    let with_scopes = settings.join("\n").replacen(
        "[profiles.default]\n",
        "[profiles.default]\nscopes = [\"profile\", \"sleep\", \"social\"]\n",
        1,
    );
    environment.write_settings(&with_scopes);
    let output = environment.run(&["explain", "provider_shut_down"]).exits(0);
    let command =
        "`fitbit-connect setup --provider google-health --scopes openid,email,profile,profile.readonly,sleep.readonly`";
    assert!(output.stdout.contains(command), "{output}");
    assert!(
        output.stdout.contains("2 Nov 2026") && output.stdout.contains("https://developers.google.com/health/setup")
    );
}

#[test]
fn what_a_text_says_itself_goes_before_what_is_saved() {
    let environment = Stage::configured(GoogleHealth, &[]).environment();
    for (text, exact) in [
        (
            "Error 400: redirect_uri_mismatch redirect_uri=https%3A%2F%2Fother.eu.auth0.com%2Flogin%2Fcallback&x=1",
            "`https://other.eu.auth0.com/login/callback`",
        ),
        (
            "Error 400: redirect_uri_mismatch {\"redirect_uri\": \"https://other.example/login/callback?key=s3cr3t\"}",
            "`https://other.example/login/callback`",
        ),
        (
            "Google Health API has not been used in project 987654321098 before or it is disabled.",
            "overview?project=987654321098 ",
        ),
    ] {
        let told = environment.run_with_stdin(&["explain", "-"], text).exits(0);
        assert!(told.stdout.replace('\n', " ").contains(exact), "{exact}: {told}");
        assert!(!told.stdout.contains("s3cr3t"), "{told}");
    }
}

#[test]
fn a_set_up_of_fitbits_is_sent_to_no_page_of_googles_apis() {
    let environment = Stage::configured(Fitbit, &[]).environment();
    for (code, own) in [
        ("invalid_scope", "Ask for scopes of Fitbit's alone."),
        ("refresh_token_rejected", "can be used only once"),
        ("redirect_uri_mismatch", "https://dev.fitbit.com/apps"),
        ("identity_scope_not_granted", "`profile` is enough"),
        ("access_token_rejected", "dev.fitbit.com"),
        ("code_rejected", "dev.fitbit.com"),
    ] {
        let told = environment.run(&["explain", code]).exits(0);
        assert!(told.stdout.replace('\n', " ").contains(own), "{own}: {told}");
        let links: Vec<&str> = told.stdout.lines().filter(|line| line.contains("link:")).collect();
        assert!(
            !links.is_empty() && links.iter().all(|line| !line.contains("google") || line.contains("/health/")),
            "{told}"
        );
    }
}

#[test]
fn settings_that_cannot_be_read_do_not_keep_it_from_explaining() {
    let environment = Environment::new();
    environment.write_settings("this is no TOML");
    environment.run(&["explain", "access_denied"]).exits(0);
    environment.run(&["explain", "access_denied", "--config", "/nowhere/at/all.toml"]).exits(0);
}

#[test]
fn what_a_person_pastes_is_named() {
    for (text, code) in [
        ("Access blocked: This app's request is invalid\nError 400: redirect_uri_mismatch\n", "redirect_uri_mismatch"),
        ("Error 401: invalid_client\nThe OAuth client was not found.", "client_id_unknown"),
        (
            "https://www.fitbit.com/oauth2/authorize?client_id=123456789012-abc.apps.googleusercontent.com&response_type=code",
            "google_id_at_fitbit",
        ),
        (
            "Developer information: unauthorized_client - Invalid client_id (12345678-abc.apps.googleusercontent.com)",
            "google_id_at_fitbit",
        ),
        ("https://dev.fitbit.com/apps/new", "registration_closed"),
        (
            "http://127.0.0.1:18917/callback?error=invalid_request&error_description=the%20connection%20was%20not%20found&state=x",
            "authorize_connection_not_usable",
        ),
        (
            "https://app.example/cb?error=unauthorized_client&error_description=Grant%20type%20'authorization_code'%20not%20allowed%20for%20the%20client.",
            "application_grant_missing",
        ),
        ("?error=login_required&error_description=Login%20required", "login_required"),
        ("?error=server_error&error_description=Internal%20server%20error", "service_unavailable"),
        ("?error=server_error&state=x", "service_unavailable"),
        (
            "?error=server_error&error_description=Script%20generated%20an%20unhandled%20exception.",
            "unrecognised_answer",
        ),
        ("server_error: Cannot read properties of undefined", "unrecognised_answer"),
        (
            r#"{"statusCode":400,"error":"Bad Request","message":"Payload validation error: 'Additional properties not allowed: enabled_clients'.","errorCode":"invalid_body"}"#,
            "management_request_refused",
        ),
        (r#"{"statusCode":404,"errorCode":"inexistent_user"}"#, "user_not_found"),
        (r#"{"date":"2026-11-25","type":"feacft","description":"Invalid authorization code"}"#, "code_rejected"),
        ("Missing access token parameter.", "error_hidden_by_library"),
        ("The operation couldn't be completed. (WebKitErrorDomain error 305.)", "browser_refuses_http"),
        ("127.0.0.1 refused to connect. ERR_CONNECTION_REFUSED", "loopback_unreachable"),
        ("An attempt was made to access a socket in a way forbidden by its access permissions.", "port_in_use"),
        ("invalid peer certificate: UnknownIssuer", "tls_failed"),
        ("The name org.freedesktop.secrets was not provided by any .service files", "secret_store_missing"),
        ("It works for the developer, fails for others", "not_a_test_user"),
        ("Works in the tool, fails in Auth0", "works_only_directly"),
        (
            r#"api.fitbit.com {"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}}"#,
            "provider_shut_down",
        ),
        ("the connection is not yet configured", "connection_not_configured"),
    ] {
        assert!(codes(text).iter().any(|found| found == code), "{text}: {:?}", codes(text));
    }
}

#[test]
fn text_that_is_no_text_and_text_without_end_are_answered_and_not_repeated() {
    use std::io::Write as _;
    let environment = Environment::new();
    let mut child =
        environment.command(&["explain", "-", "--json"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut bytes = b"\xfe\xfd\x00Error 400: redirect_uri_mismatch \x1b[2J".to_vec();
    bytes.extend(std::iter::repeat_n(b'x', 5_000_000));
    // What is beyond the limit is not read.
    let _ = child.stdin.take().unwrap().write_all(&bytes);
    let output = child.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["diagnoses"][0]["code"], "redirect_uri_mismatch");
    assert!(output.stdout.len() < 10_000 && !output.stderr.contains(&0x1b));
    for nothing in ["", " \n\t ", "\u{1b}[31m\u{202e}hello", "{\"error\":{}}", &"[".repeat(100_000)] {
        let output = environment.run_with_stdin(&["explain", "-"], nothing).exits(2);
        assert!(!output.stderr.contains('\u{202e}') && output.stderr.len() < 2_000, "{output}");
    }
}

#[test]
fn a_secret_in_a_pasted_text_is_not_repeated() {
    let secret = facts::GOOGLE_CLIENT_SECRET;
    for text in [format!("what is {secret} ?"), secret.to_owned(), format!("Error 400: redirect_uri_mismatch {secret}")]
    {
        Environment::new().run_with_stdin(&["explain", "-"], &text).hides(secret);
        Environment::new().run(&["explain", &text]).hides(secret);
    }
}

#[test]
fn the_page_that_a_person_sees_at_the_provider_is_named_when_it_is_pasted() {
    use std::sync::mpsc;

    use common::login_address;
    use fitbit_connect::sandbox::faults::Fault;
    use fitbit_connect::sandbox::robot::Robot;
    for (provider, fault, code) in [
        (GoogleHealth, Fault::NotATestUser, "not_a_test_user"),
        (GoogleHealth, Fault::OrgInternal, "org_internal"),
        (GoogleHealth, Fault::AdminPolicy, "admin_policy_enforced"),
        (GoogleHealth, Fault::DisallowedUseragent, "disallowed_useragent"),
        (Fitbit, Fault::PersonalApp, "personal_application"),
    ] {
        let stage = Stage::configured(provider, &[fault]);
        let (pages, page) = mpsc::channel();
        let watch = move |line: &str| {
            if let Some(address) = login_address(line) {
                pages.send(Robot::new(Default::default()).last_page(&address).unwrap()).unwrap();
            }
        };
        stage.environment().run_watched(&["test", "--no-browser", "--timeout", "1s"], watch).exits(5);
        let page = page.recv().unwrap();
        // As its source, and as what is copied from the screen.
        for text in [page.as_str(), &fitbit_connect::text::plain_text(&page)] {
            assert!(codes(text).iter().any(|found| found == code), "{code}: {text}");
        }
    }
}

#[test]
fn the_unverified_app_is_no_failure() {
    let output = Environment::new().run(&["explain", "Google hasn’t verified this app"]).exits(0);
    assert!(
        output.stdout.starts_with("google_unverified_app\n") && output.stdout.contains("This is no error"),
        "{output}"
    );
}

#[test]
fn a_client_id_of_the_other_provider_is_named_at_the_door_with_the_way_over() {
    let google = "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com";
    for (provider, id, code, way) in [
        ("fitbit", google, "google_id_at_fitbit", "`fitbit-connect setup --provider google-health`"),
        ("google-health", "23ABCD", "fitbit_id_at_google", "https://console.cloud.google.com/auth/clients"),
    ] {
        let args =
            ["setup", "--provider", provider, "--client-id", id, "--yes", "--json", "--domain", "acme.eu.auth0.com"];
        let output = Environment::new().run(&args).exits(2);
        assert_eq!(output.error_code(), code, "{output}");
        let hint = output.document()["error"]["hint"].as_str().unwrap().to_owned();
        assert!(hint.contains(way), "{hint}");
    }
}

#[test]
fn the_scopes_that_a_refusal_asks_for_are_in_the_cure() {
    for (text, scopes) in [
        (
            "403: Insufficient scope, expected any of: read:clients, read:client_keys",
            "`read:clients` or `read:client_keys`",
        ),
        (
            r#"{"statusCode":403,"message":"Insufficient scope, expected any of: read:logs","errorCode":"insufficient_scope"}"#,
            "`read:logs`",
        ),
        ("Insufficient scope, expected any of: <b>", "the scopes that the message lists"),
    ] {
        let found = only(&Environment::new(), text);
        assert_eq!(found["code"], "missing_scope", "{text}");
        let cure = found["cure"].as_str().unwrap();
        assert!(cure.starts_with(&format!("Add {scopes} to the application's grant")), "{cure}");
    }
}

/// The one diagnosis that `explain --json` has for a text, in this environment.
fn only(environment: &Environment, text: &str) -> Value {
    let document = environment.run_with_stdin(&["explain", "--json", "-"], text).document();
    let found = document["diagnoses"].as_array().unwrap_or_else(|| panic!("{text}: {document}"));
    assert_eq!(found.len(), 1, "{text}: {document}");
    found[0].clone()
}

#[test]
fn an_access_denied_is_a_denial_only_without_words_or_with_words_of_the_person() {
    let callback = "http://127.0.0.1:18917/callback?error=access_denied";
    for (text, code) in [
        (callback.to_owned() + "&state=x", "access_denied"),
        (
            callback.to_owned() + "&error_description=The%20user%20has%20denied%20your%20application%20access",
            "access_denied",
        ),
        (callback.to_owned() + "&error_description=user%20denied%20the%20terms&state=x", "login_blocked"),
        ("The user denied the terms".to_owned(), "login_blocked"),
        ("The user has denied your application access".to_owned(), "access_denied"),
        (callback.to_owned() + "&error_description=user+is+blocked&state=x", "login_blocked"),
        (callback.to_owned() + "&error_description=Only%20staff%20may%20come%20in&state=x", "login_blocked"),
        (r#"{"error":"access_denied","error_description":"user is blocked"}"#.to_owned(), "login_blocked"),
        (r#"{"error": "access_denied", "error_description": "Unauthorized country"}"#.to_owned(), "login_blocked"),
        ("access_denied: signup is disabled".to_owned(), "login_blocked"),
        ("error: access_denied\nerror_description: Sorry, not today".to_owned(), "login_blocked"),
        (
            r#"{"error":"access_denied","error_description":"Unauthorized"}"#.to_owned(),
            "management_credentials_rejected",
        ),
        (
            r#"POST /oauth/token 403 {"error":"access_denied","error_description":"Something new"}"#.to_owned(),
            "unrecognised_answer",
        ),
        ("Error 403: access_denied".to_owned(), "not_a_test_user"),
    ] {
        assert_eq!(codes(&text), [code], "{text}");
    }
}

#[test]
fn a_text_that_names_its_own_address_or_project_has_these_in_its_cure() {
    let stage = Stage::configured(GoogleHealth, &[]);
    for environment in [stage.environment(), Environment::new()] {
        let text =
            "Error 400: redirect_uri_mismatch redirect_uri=https%3A%2F%2Flogin.other.example%2Flogin%2Fcallback&x=y";
        let cure = only(&environment, text)["cure"].to_string();
        assert!(cure.contains("`https://login.other.example/login/callback`"), "{cure}");
        for text in [
            "Google Health API has not been used in project 210987654321 before or it is disabled.",
            "SERVICE_DISABLED https://console.developers.google.com/apis/api/health.googleapis.com/overview?project=210987654321",
        ] {
            let cure = only(&environment, text)["cure"].to_string();
            assert!(
                cure.contains("the project 210987654321 at ") && cure.contains("overview?project=210987654321 "),
                "{cure}"
            );
        }
        let text = "Error 403: access_denied project=210987654321";
        let cure = only(&environment, text)["cure"].to_string();
        assert!(cure.contains("https://console.cloud.google.com/auth/audience?project=210987654321 "), "{cure}");
        let id = "NlllqwmYLlEsvtk0BFiNqM2BbAJCN5E7";
        let text = format!(
            "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs. Please go to the \
             Application Settings page https://manage.auth0.com/#/applications/{id}/settings https://app.acme.example/cb"
        );
        let cure = only(&environment, &text)["cure"].to_string();
        assert!(cure.contains("Add `https://app.acme.example/cb` to") && cure.contains(id), "{cure}");
    }
    let cure = only(&Environment::new(), "Callback URL mismatch")["cure"].to_string();
    assert!(cure.contains("Add the exact address") && cure.contains("of the application, and save"), "{cure}");
}

#[test]
fn a_fitbit_set_up_is_given_fitbits_cures_and_pages_and_a_google_one_googles() {
    let (fitbit, google) = (Stage::configured(Fitbit, &[]), Stage::configured(GoogleHealth, &[]));
    let (fitbit, google) = (fitbit.environment(), google.environment());
    for code in [
        "invalid_scope",
        "refresh_token_rejected",
        "redirect_uri_mismatch",
        "code_rejected",
        "access_token_rejected",
        "client_secret_rejected",
        "identity_scope_not_granted",
        "connection_wrong_strategy",
        "application_not_enabled",
    ] {
        let row = |environment: &Environment| only(environment, code);
        let text = |row: &Value| format!("{} {}", row["cause"].as_str().unwrap(), row["cure"].as_str().unwrap());
        let links = |row: &Value| {
            row["links"].as_array().unwrap().iter().map(|l| l.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (at_fitbit, at_google) = (row(&fitbit), row(&google));
        let (said, pages) = (text(&at_fitbit), links(&at_fitbit));
        for word in ["Google", "google", "audience", "Publish app", "profile.readonly", "Data Access"] {
            assert!(!said.contains(word), "{code} says {word}: {said}");
        }
        assert!(pages[0].contains("fitbit") || pages[0].contains("auth0.com"), "{code}: {pages:?}");
        let of_google = |page: &String| page.contains("identity-providers/oauth2") || page.contains("google.com");
        assert!(!pages.iter().any(of_google), "{code}: {pages:?}");
        assert!(!text(&at_google).contains("Fitbit:"), "{}", text(&at_google));
        assert!(!links(&at_google).iter().any(|page| page.contains("fitbit")), "{code}: {:?}", links(&at_google));
        // The same where the text alone tells that it is Fitbit's.
        let told = Environment::new().run(&["explain", &format!("Fitbit says: {code}")]).exits(0);
        assert!(!told.stdout.contains("console.cloud.google.com"), "{told}");
    }
    let scope = |environment: &Environment| only(environment, "identity_scope_not_granted")["cure"].to_string();
    assert!(scope(&fitbit).contains("and `profile` is") && scope(&google).contains("and `profile.readonly` is"));
    for code in ["connection_wrong_strategy", "application_not_enabled"] {
        let links = only(&fitbit, code)["links"].to_string();
        assert!(links.contains("https://auth0.com/ai/docs/integrations/fitbit"), "{links}");
    }
}

#[test]
fn a_browser_that_cannot_reach_the_listener_is_told_from_one_that_cannot_reach_another_host() {
    for (text, code) in [
        ("Safari Can’t Connect to the Server", "loopback_unreachable"),
        (
            "Safari Can’t Connect to the Server\nSafari can’t open the page “127.0.0.1:18917/callback?code=x” because Safari \
             can’t connect to the server “127.0.0.1”.",
            "loopback_unreachable",
        ),
        (
            "Die Website ist nicht erreichbar\n127.0.0.1 hat die Verbindung abgelehnt.\nERR_CONNECTION_REFUSED",
            "loopback_unreachable",
        ),
        ("127.0.0.1 didn’t send any data. ERR_EMPTY_RESPONSE", "loopback_unreachable"),
        ("127.0.0.1 took too long to respond. ERR_CONNECTION_TIMED_OUT", "loopback_unreachable"),
        (
            "Safari can’t open the page because Safari can’t connect to the server “acme.eu.auth0.com”.",
            "network_unreachable",
        ),
        (
            "This site can’t be reached. acme.eu.auth0.com refused to connect. ERR_CONNECTION_REFUSED",
            "network_unreachable",
        ),
        (
            "https://login.acme.com/authorize?redirect_uri=http://127.0.0.1:18917/callback ERR_CONNECTION_REFUSED",
            "network_unreachable",
        ),
    ] {
        assert_eq!(codes(text), [code], "{text}");
    }
    for text in ["acme.eu.auth0.com took too long to respond. ERR_CONNECTION_TIMED_OUT", "acme.com ERR_EMPTY_RESPONSE"]
    {
        assert!(!codes(text).contains(&"loopback_unreachable".to_owned()), "{text}");
    }
    let cure = only(&Environment::new(), "loopback_unreachable")["cure"].to_string();
    assert!(cure.contains("`fitbit-connect test`") && !cure.contains("Keep"), "the program may have ended: {cure}");
}

#[test]
fn the_server_errors_of_google_of_browsers_and_of_gateways_are_named() {
    for text in [
        "Error 502 (Server Error)!!1 That’s an error. The server encountered a temporary error",
        "This page isn’t working. HTTP ERROR 503",
        "<html><head><title>504 Gateway Time-out</title></head><center><h1>504 Gateway Time-out</h1></center>",
        "503 Service Temporarily Unavailable nginx",
        "500 Internal Server Error",
    ] {
        assert_eq!(codes(text), ["service_unavailable"], "{text}");
    }
}

#[test]
fn a_410_is_the_shut_down_of_fitbit_and_of_google_it_is_not_known() {
    assert_eq!(codes("api.fitbit.com answered HTTP 410 Gone"), ["provider_shut_down"]);
    for text in ["HTTP 410 from https://health.googleapis.com/v4/users/me/identity", "accounts.google.com: 410 Gone"] {
        assert_eq!(codes(text), ["unrecognised_answer"], "{text}");
    }
}

#[test]
fn the_error_line_of_google_is_read_in_any_language() {
    for (text, code) in [
        ("Zugriff blockiert\nFehler 400: redirect_uri_mismatch", "redirect_uri_mismatch"),
        ("Fehler 400: invalid_request", "provider_refused_request"),
        ("Erreur 401\u{a0}: invalid_client", "client_id_unknown"),
        ("Errore 403: restricted_client", "provider_refused_request"),
    ] {
        assert_eq!(codes(text), [code], "{text}");
    }
}

#[test]
fn a_text_in_the_words_of_one_provider_is_answered_for_that_one() {
    let nobody = Environment::new();
    for text in [
        "Refresh token invalid: 0a0a.",
        "Authorization code expired: 0a0a",
        "Access token expired: eyJ",
        "invalid_request - Invalid redirect_uri parameter value",
        "Invalid authorization header. Client secret invalid.",
        r#"{"errors":[{"errorType":"insufficient_scope","message":"This application does not have permission"}]}"#,
    ] {
        let links = only(&nobody, text)["links"].to_string();
        assert!(links.contains("//dev.fitbit.com/") && !links.contains("google.com"), "{text}: {links}");
    }
    let stage = Stage::configured(Fitbit, &[]);
    for environment in [&nobody, &stage.environment()] {
        let links = only(environment, "Error 400: redirect_uri_mismatch")["links"].to_string();
        assert!(links.contains("//developers.google.com/") && !links.contains("dev.fitbit.com"), "{links}");
    }
}

#[test]
fn settings_that_were_named_and_cannot_be_read_are_said_and_the_rest_is_told() {
    let environment = Environment::new();
    let broken = environment.file("broken.toml", "[profiles");
    for (file, why) in [(broken.as_str(), "broken.toml"), ("/nonexistent/config.toml", "does not exist")] {
        let output = environment.run(&["explain", "redirect_uri_mismatch", "--config", file]).exits(0);
        assert!(output.stderr.contains("warning:") && output.stderr.contains(why), "{output}");
        assert!(output.stdout.contains("YOUR_TENANT_DOMAIN"), "{output}");
    }
    Environment::new().run(&["explain", "redirect_uri_mismatch"]).exits(0).hides("warning:");
}

#[test]
fn what_this_program_printed_is_explained_by_what_it_came_to() {
    let nothing = |text: &str| {
        let output = Environment::new().run_with_stdin(&["explain", "-", "--json"], text).exits(2);
        assert!(output.stderr.contains("nothing failed"), "{output}");
    };
    let codes = |text: &str| {
        let output = Environment::new().run_with_stdin(&["explain", "-", "--json"], text).exits(0);
        let diagnoses = output.document()["diagnoses"].as_array().unwrap().clone();
        diagnoses.iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (fault, code) in [(None, None), (Some(Fault::ManagementClientUnknown), Some("management_credentials_rejected"))]
    {
        let stage = Stage::configured(GoogleHealth, fault.as_slice());
        let environment = stage.environment();
        let file = environment.desk("report.txt");
        let printed = environment.run(&["test", "--headless", "--report", file.to_str().unwrap()]);
        let json = environment.run(&["test", "--headless", "--json"]);
        let texts = [std::fs::read_to_string(&file).unwrap(), json.stdout, printed.stderr];
        match code {
            Some(code) => texts.iter().for_each(|text| assert_eq!(codes(text), [code], "{text}")),
            None => texts[..2].iter().for_each(|text| nothing(text)),
        }
    }
    // The script that a person pastes into the dashboard is in it.
    let stage = Stage::configured(GoogleHealth, &[Fault::ApplicationGone]);
    let output = stage.environment_without_management().run(&["setup", "--manual", "--yes", "--skip-login"]).exits(3);
    assert_eq!(codes(&output.stderr), ["application_unknown_to_tenant"], "{output}");
}

#[test]
fn who_moves_from_fitbit_is_sent_to_googles_console() {
    let stage = Stage::configured(Fitbit, &[]);
    let environment = stage.environment();
    let google = "https://console.cloud.google.com/auth/clients";
    let door = ["setup", "--yes", "--skip-login", "--json", "--provider", "google-health", "--client-id", "23SBOX"];
    let refused = environment.run(&door).exits(2).document()["error"]["hint"].as_str().unwrap().to_owned();
    let explained = environment.run(&["explain", "fitbit_id_at_google"]).exits(0).stdout;
    for text in [refused, explained] {
        assert!(text.contains(google) && !text.contains("dev.fitbit.com"), "{text}");
    }
    // Auth0's own connection has no script.
    let text = environment.run(&["explain", "failed to fetch user profile"]).exits(0).stdout;
    assert!(text.contains("box") && !text.contains("puts it back"), "{text}");
}

#[test]
fn further_words_of_services_are_known() {
    for (text, code) in [
        ("The OAuth client was deleted.", "client_deleted"),
        (r#"{"error":"invalid_client","error_description":"The OAuth client was deleted."}"#, "client_deleted"),
        (
            "TypeError: Cannot read property 'user' of undefined at fetchUserProfile (/data/io/1:12)",
            "profile_script_failed",
        ),
        ("Script execution time-out: extension: fetchUserProfile", "profile_script_failed"),
        (
            "Request is missing required authentication credential. Expected OAuth 2 access token",
            "access_token_rejected",
        ),
        (
            "The developer hasn\u{2019}t given you access to this app. It\u{2019}s currently being tested",
            "not_a_test_user",
        ),
        (
            r#"{"statusCode":401,"message":"Expired token received for JSON Web Token validation","errorCode":"invalid_token"}"#,
            "management_token_expired",
        ),
    ] {
        let output = Environment::new().run(&["explain", "--json", text]).exits(0);
        assert_eq!(output.document()["diagnoses"][0]["code"], code, "{text}: {output}");
    }
}

#[test]
fn a_fitbit_id_at_google_is_told_from_one_that_google_has_lost() {
    let page = "Access blocked: Authorization Error\nThe OAuth client was not found.\nError 401: invalid_client";
    let environment = Environment::new();
    let with_id = format!("{page}\nRequest details: client_id=23BCDF flowName=GeneralOAuthFlow");
    let output = environment.run(&["explain", &with_id]).exits(0);
    assert!(output.stdout.starts_with("fitbit_id_at_google\n"), "{output}");
    assert!(
        !output.stdout.contains("client_id_unknown") && output.stdout.contains("setup --provider google-health"),
        "{output}"
    );
    // The page alone, and a profile that has such an ID.
    environment.write_settings("[profiles.default]\nprovider = \"google-health\"\nclient_id = \"23BCDF\"\n");
    assert!(environment.run(&["explain", page]).exits(0).stdout.starts_with("fitbit_id_at_google\n"));
    assert!(environment.run(&["explain", "client_id_unknown"]).exits(0).stdout.starts_with("client_id_unknown\n"));
}
