//! Owns the tests of what stands in the blanks of cures.

use super::*;

fn fill(known: &Known, text: &str) -> String {
    known.values().fill(text)
}

#[test]
fn a_google_set_up_fills_its_own_pages_and_commands() {
    let domain: Domain = "acme.eu.auth0.com".parse().unwrap();
    let known = Known {
        provider: Some(Provider::GoogleHealth),
        client_id: Some("123456789012-abc.apps.googleusercontent.com"),
        domain: Some(&domain),
        port: 4711,
        again: " --profile work",
        ..Known::default()
    };
    assert_eq!(fill(&known, "{callback}"), "https://acme.eu.auth0.com/login/callback");
    assert_eq!(fill(&known, "{loopback}"), "http://127.0.0.1:4711/callback");
    assert_eq!(fill(&known, "{audience_page}"), "https://console.cloud.google.com/auth/audience?project=123456789012");
    assert_eq!(fill(&known, "{logs_page}"), "https://manage.auth0.com/dashboard/eu/acme/logs");
    assert_eq!(fill(&known, "{setup}"), "fitbit-connect setup --profile work");
    assert_eq!(fill(&known, "{scopes}"), "openid,email,profile,profile.readonly");
}

#[test]
fn the_way_over_to_google_health_carries_the_scopes_that_there_are_and_the_tenant_that_was_given() {
    let domain: Domain = "acme.auth0.com".parse().unwrap();
    let scopes = ["sleep".to_owned(), "heartrate".to_owned(), "social".to_owned()];
    let known = Known {
        provider: Some(Provider::Fitbit),
        client_id: Some("23ABCD"),
        domain: Some(&domain),
        names_domain: true,
        scopes: &scopes,
        given: " --client-id 23ABCD".to_owned(),
        further: " --port 4711".to_owned(),
        run: Run { of_setup: " --app 'Acme Web'", ..Run::default() },
        ..Known::default()
    };
    assert_eq!(
        fill(&known, "{move}"),
        "fitbit-connect setup --provider google-health --domain acme.auth0.com --scopes \
         openid,email,profile,profile.readonly,sleep.readonly,health_metrics_and_measurements.readonly --port 4711 \
         --app 'Acme Web'"
    );
    assert_eq!(fill(&known, "{project}"), "whose number begins the client ID");
    assert_eq!(fill(&known, "{redirect_list}"), "Redirect URL of the app at https://dev.fitbit.com/apps");
    assert_eq!(fill(&known, "{connections_page}"), "https://manage.auth0.com/dashboard/us/acme/connections/social");
}

#[test]
fn an_edit_at_the_provider_is_waited_for_where_there_is_something_to_test() {
    let set_up = Run { is_set_up: true, of_test: " --direct", ..Run::default() };
    let text = "{until_then}";
    assert_eq!(
        fill(&Known { run: set_up, ..Known::default() }, text),
        "`fitbit-connect test --direct --headless --watch` repeats until then"
    );
    let run = Run { of_setup: " --all-apps", ..Run::default() };
    assert_eq!(fill(&Known { run, ..Known::default() }, text), "run `fitbit-connect setup --all-apps` again then");
}

#[test]
fn of_login_domains_each_has_its_callback() {
    let domains: Vec<Domain> = ["login.acme.com", "id.acme.com"].iter().map(|d| d.parse().unwrap()).collect();
    let known = Known { login_domains: &domains, ..Known::default() };
    assert_eq!(fill(&known, "{callback}"), "https://login.acme.com/login/callback https://id.acme.com/login/callback");
}
