//! What differs is named, what is foreign survives, and what is written mends it.

use super::*;

fn connection(options: Value) -> Connection {
    serde_json::from_value(json!({
        "id": "con_1", "name": "google-health", "strategy": "oauth2", "display_name": "Mine", "options": options
    }))
    .unwrap()
}

fn scopes(of: Provider) -> Vec<String> {
    of.default_scopes().iter().map(|s| (*s).to_owned()).collect()
}

fn wanted<'a>(provider: Provider, secret: &'a Secret, scopes: &'a [String], scopes_chosen: bool) -> Wanted<'a> {
    Wanted { provider, name: "n", client_id: "id", secret: Some(secret), scopes, scopes_chosen }
}

#[test]
fn what_is_created_has_no_difference() {
    for provider in [Provider::Fitbit, Provider::GoogleHealth] {
        let (secret, scopes) = (Secret::new("s".into()), scopes(provider));
        let wanted = wanted(provider, &secret, &scopes, true);
        let body = wanted.create_body();
        assert_eq!(wanted.differences(&connection(body["options"].clone())).unwrap(), []);
    }
}

#[test]
fn each_field_that_differs_is_named_with_its_own_code() {
    let (secret, scopes) = (Secret::new("s".into()), scopes(Provider::GoogleHealth));
    let wanted = wanted(Provider::GoogleHealth, &secret, &scopes, true);
    let right = wanted.create_body()["options"].clone();
    for (pointer, value, field, code) in [
        ("/client_id", json!("other"), "options.client_id", Code::ConnectionClientIdDiffers),
        ("/client_id", json!(""), "options.client_id", Code::ConnectionUsesDeveloperKeys),
        ("/client_secret", json!("old"), "options.client_secret", Code::ConnectionSecretDiffers),
        ("/scope", json!(["openid"]), "options.scope", Code::ConnectionScopesDiffer),
        ("/tokenURL", json!("https://x"), "options.tokenURL", Code::ConnectionSettingsDiffer),
        ("/authParams", json!({}), "options.authParams", Code::ConnectionSettingsDiffer),
        ("/pkce_enabled", json!(false), "options.pkce_enabled", Code::ConnectionSettingsDiffer),
        ("/scripts", json!(null), "options.scripts.fetchUserProfile", Code::ConnectionSettingsDiffer),
    ] {
        let mut options = right.clone();
        *options.pointer_mut(pointer).unwrap() = value;
        let found = wanted.differences(&connection(options.clone())).unwrap();
        assert_eq!((found[0].field, found[0].code), (field, code), "{pointer}");
        let merged = wanted.update_body(&connection(options)).unwrap();
        assert_eq!(wanted.differences(&connection(merged["options"].clone())).unwrap(), [], "{pointer} is mended");
    }
    let mut options = right;
    options["authorizationURL"] = json!("");
    options["client_id"] = json!("");
    options["scope"] = json!([]);
    let found = wanted.differences(&connection(options)).unwrap();
    assert_eq!(found[0].field, "options.authorizationURL", "the way to the provider comes first");
}

#[test]
fn foreign_options_survive_a_merge() {
    let (secret, scopes) = (Secret::new("s".into()), scopes(Provider::GoogleHealth));
    let wanted = wanted(Provider::GoogleHealth, &secret, &scopes, true);
    let now = connection(json!({
        "icon_url": "https://i", "authParams": { "hd": "acme.com" }, "scripts": { "getLogoutUrl": "x" }
    }));
    let body = wanted.update_body(&now).unwrap();
    assert_eq!(body["options"]["icon_url"], "https://i");
    assert_eq!(body["options"]["authParams"]["hd"], "acme.com");
    assert_eq!(body["options"]["scripts"]["getLogoutUrl"], "x");
    assert_eq!(body["display_name"], "Mine");
}

#[test]
fn scopes_that_nobody_chose_are_added_to_and_never_taken_away() {
    let (secret, scopes) = (Secret::new("s".into()), scopes(Provider::Fitbit));
    let wanted = |scopes_chosen| wanted(Provider::Fitbit, &secret, &scopes, scopes_chosen);
    let more = connection(json!({
        "client_id": "id", "client_secret": "s", "scope": ["profile", "sleep"], "profile": true, "sleep": true
    }));
    assert_eq!(wanted(false).differences(&more).unwrap(), []);
    assert_eq!(wanted(false).resulting_scopes(Some(&more)), ["profile", "sleep"]);
    assert_eq!(wanted(true).differences(&more).unwrap()[0].code, Code::ConnectionScopesDiffer);
    let other = connection(json!({ "client_id": "id", "client_secret": "s", "scope": ["sleep"], "sleep": true }));
    let body = wanted(false).update_body(&other).unwrap();
    assert_eq!(body["options"]["scope"], json!(["profile", "sleep"]));
    assert_eq!(body["options"]["sleep"], true);
}

#[test]
fn options_that_cannot_be_read_are_never_merged() {
    let scopes = scopes(Provider::Fitbit);
    let wanted = Wanted {
        provider: Provider::Fitbit,
        name: "n",
        client_id: "id",
        secret: None,
        scopes: &scopes,
        scopes_chosen: true,
    };
    let hidden: Connection =
        serde_json::from_value(json!({ "id": "con_1", "name": "fitbit", "strategy": "fitbit" })).unwrap();
    assert_eq!(wanted.update_body(&hidden).unwrap_err().code, Code::ConnectionOptionsHidden);
}
