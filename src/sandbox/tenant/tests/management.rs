//! Owns the tests of connections, enabled applications, applications and the calls that only read.

use super::*;
use Configured::{Fitbit, GoogleHealth};

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["errorCode"].as_str().unwrap_or_default())
}

#[test]
fn a_created_connection_is_read_back_with_its_defaults_and_without_enabled_clients() {
    let tenant = tenant(None, &[]);
    let sent = json!({"name": "google-health", "strategy": "oauth2", "display_name": "Google Health",
        "options": {"client_id": "1", "client_secret": "s", "scope": ["openid", "anything"], "pkce_enabled": true}});
    let (status, created) = call(&tenant, "POST", "/connections", sent.clone());
    assert_eq!(status, 201, "{created}");
    let id = created["id"].as_str().unwrap();
    assert_eq!((id.len(), id.starts_with("con_")), (20, true));
    assert_eq!(created["options"], sent["options"]);
    assert_eq!(created["authentication"], json!({"active": true}));
    assert_eq!(created["connected_accounts"], json!({"active": false}));
    assert_eq!(created.get("enabled_clients"), None);
    assert_eq!(get(&tenant, &format!("/connections/{id}")), (200, created.clone()));
    assert_eq!(get(&tenant, &format!("/connections/{id}/clients")), (200, json!({"clients": []})));
}

#[test]
fn members_come_in_another_order_after_a_post_than_after_a_get() {
    let tenant = tenant(None, &[]);
    let token = bearer(&tenant);
    let body = json!({"name": "fitbit", "strategy": "fitbit"});
    let created = tenant.handle(&request("POST", "/api/v2/connections", &token, &body));
    let id = read(&created).1["id"].as_str().unwrap().to_owned();
    let read_back = tenant.handle(&request("GET", &format!("/api/v2/connections/{id}"), &token, &Value::Null));
    assert!(created.body.starts_with(br#"{"name""#));
    assert!(read_back.body.starts_with(br#"{"id""#));
}

#[test]
fn names_strategies_and_members_are_checked_as_the_schema_says() {
    let tenant = tenant(None, &[]);
    let post = |body: Value| call(&tenant, "POST", "/connections", body);
    let long = "a".repeat(129);
    for name in ["a_b", "-a", "a-", "a--b", "", long.as_str()] {
        assert_eq!(code(&post(json!({"name": name, "strategy": "fitbit"}))), (400, "invalid_body"), "{name}");
    }
    assert_eq!(code(&post(json!({"name": "fitbit", "strategy": "google-health"}))), (400, "invalid_body"));
    assert_eq!(code(&post(json!({"name": "fitbit"}))), (400, "invalid_body"));
    let unknown = post(json!({"name": "fitbit", "strategy": "fitbit", "displayName": "x"}));
    let message = "Payload validation error: 'Additional properties not allowed: displayName'.";
    assert_eq!((unknown.0, &unknown.1["message"]), (400, &json!(message)));
    let options = |options: Value| post(json!({"name": "x", "strategy": "oauth2", "options": options})).0;
    assert_eq!(options(json!({"authorizationURL": "http://accounts.google.com/"})), 400);
    assert_eq!(options(json!({"client_id": ""})), 400);
    assert_eq!(options(json!({"pkce_enabled": "true"})), 400);
    assert_eq!(options(json!({"authParams": "access_type=offline"})), 400);
    assert_eq!(options(json!({"scripts": {"fetchUserProfile": "x".repeat(51_201)}})), 400);
    assert_eq!(options(json!({"scripts": {"fetchUserProfile": "x".repeat(51_200)}})), 201);
}

#[test]
fn a_name_that_is_taken_conflicts() {
    let tenant = tenant(Some(Fitbit), &[]);
    let answer = call(&tenant, "POST", "/connections", json!({"name": "fitbit", "strategy": "fitbit"}));
    assert_eq!(code(&answer), (409, "connection_conflict"));
    assert_eq!(answer.1["message"], "A connection with the same name already exists");
}

#[test]
fn the_plan_may_allow_no_further_connection() {
    let tenant = tenant(None, &[Fault::EntityLimit]);
    let answer = call(&tenant, "POST", "/connections", json!({"name": "fitbit", "strategy": "fitbit"}));
    assert_eq!(answer.0, 403);
    assert_ne!(answer.1["errorCode"], "insufficient_scope");
}

#[test]
fn a_change_of_options_replaces_them_whole_and_the_display_name_falls_back() {
    let tenant = tenant(Some(GoogleHealth), &[]);
    let path = format!("/connections/{}", connection_id(&tenant));
    let (status, changed) = call(&tenant, "PATCH", &path, json!({"options": {"client_id": "9"}}));
    assert_eq!((status, &changed["options"]), (200, &json!({"client_id": "9"})));
    assert_eq!(changed["display_name"], "google-health");
    let (_, changed) = call(&tenant, "PATCH", &path, json!({"display_name": "Health"}));
    assert_eq!((&changed["options"], &changed["display_name"]), (&json!({"client_id": "9"}), &json!("Health")));
}

#[test]
fn a_change_refuses_name_strategy_and_enabled_clients() {
    let tenant = tenant(Some(Fitbit), &[]);
    let path = format!("/connections/{}", connection_id(&tenant));
    for (name, value) in [("name", json!("x")), ("strategy", json!("oauth2")), ("enabled_clients", json!([]))] {
        let answer = call(&tenant, "PATCH", &path, json!({name: value}));
        assert_eq!(code(&answer), (400, "invalid_body"));
        let expected = format!("Payload validation error: 'Additional properties not allowed: {name}'.");
        assert_eq!(answer.1["message"], expected);
    }
    assert_eq!(code(&call(&tenant, "PATCH", &path, json!({}))), (400, "invalid_body"));
    let missing = call(&tenant, "PATCH", "/connections/con_0000000000000000", json!({"display_name": "x"}));
    assert_eq!(code(&missing), (404, "inexistent_connection"));
}

#[test]
fn without_the_options_scopes_options_are_neither_shown_nor_taken() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::OptionsHidden]);
    let (_, list) = get(&tenant, "/connections");
    assert_eq!(list[0].get("options"), None);
    let path = format!("/connections/{}", connection_id(&tenant));
    assert_eq!(get(&tenant, &path).1.get("options"), None);
    let refused = call(&tenant, "PATCH", &path, json!({"options": {}}));
    assert_eq!(code(&refused), (403, "insufficient_scope"));
    let (status, changed) = call(&tenant, "PATCH", &path, json!({"display_name": "x"}));
    assert_eq!((status, changed.get("options")), (200, None));
    let (status, created) = call(
        &tenant,
        "POST",
        "/connections",
        json!({"name": "fitbit", "strategy": "fitbit", "options": {"client_id": "23ABCD"}}),
    );
    assert_eq!((status, created.get("options")), (201, None));
}

#[test]
fn fitbit_flags_and_scope_are_two_views_of_one_thing() {
    let tenant = tenant(Some(Fitbit), &[]);
    let path = format!("/connections/{}", connection_id(&tenant));
    let kept = |options: Value| call(&tenant, "PATCH", &path, json!({"options": options})).1["options"].clone();
    let from_scope = kept(json!({"scope": ["sleep", "profile", "oxygen_saturation"]}));
    assert_eq!(from_scope, json!({"profile": true, "sleep": true, "scope": ["profile", "sleep"]}));
    let from_flags = kept(json!({"activity": true, "profile": true}));
    assert_eq!(from_flags["scope"], json!(["activity", "profile"]));
    let flags_win = kept(json!({"sleep": false, "scope": "profile sleep"}));
    assert_eq!(flags_win, json!({"profile": true, "sleep": false, "scope": ["profile"]}));
}

#[test]
fn a_deleted_connection_is_gone_and_deleting_it_again_is_no_error() {
    let tenant = tenant(Some(Fitbit), &[]);
    let path = format!("/connections/{}", connection_id(&tenant));
    let (status, body) = call(&tenant, "DELETE", &path, Value::Null);
    assert_eq!((status, body["deleted_at"].is_string()), (202, true));
    assert_eq!(code(&get(&tenant, &path)), (404, "inexistent_connection"));
    assert_eq!(call(&tenant, "DELETE", &path, Value::Null).0, 204);
}

#[test]
fn connections_are_found_by_strategy_and_name_and_unknown_parameters_are_refused() {
    let tenant = tenant(Some(Fitbit), &[]);
    let _ = call(&tenant, "POST", "/connections", json!({"name": "another", "strategy": "oauth2"}));
    let count = |query: &str| get(&tenant, &format!("/connections{query}")).1.as_array().map(Vec::len);
    assert_eq!(
        (count(""), count("?strategy=fitbit"), count("?strategy=fitbit&strategy=oauth2")),
        (Some(2), Some(1), Some(2))
    );
    assert_eq!((count("?name=another"), count("?name=other")), (Some(1), Some(0)));
    let (_, fields) = get(&tenant, "/connections?name=fitbit&fields=name");
    let members: Vec<&String> = fields[0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["authentication", "connected_accounts", "id", "is_domain_connection", "name"]);
    for query in
        ["?page_size=1", "?per_page=0", "?per_page=101", "?fields=secret", "?strategy=nonsense", "?name=a&name=b"]
    {
        assert_eq!(code(&get(&tenant, &format!("/connections{query}"))), (400, "invalid_query_string"), "{query}");
    }
}

#[test]
fn connections_come_by_page_or_by_checkpoint() {
    let tenant = tenant(Some(Fitbit), &[]);
    let _ = call(&tenant, "POST", "/connections", json!({"name": "another", "strategy": "oauth2"}));
    let (_, totals) = get(&tenant, "/connections?per_page=1&page=1&include_totals=true");
    assert_eq!(
        (&totals["start"], &totals["total"], &totals["connections"][0]["name"]),
        (&json!(1), &json!(2), &json!("another"))
    );
    let (_, first) = get(&tenant, "/connections?take=1");
    let next = first["next"].as_str().unwrap();
    let (_, last) = get(&tenant, &format!("/connections?take=1&from={next}"));
    assert_eq!((&last["connections"][0]["name"], last.get("next")), (&json!("another"), None));
}

#[test]
fn applications_are_enabled_and_disabled_one_by_one() {
    let tenant = tenant(Some(Fitbit), &[Fault::ApplicationNotEnabled]);
    let path = format!("/connections/{}/clients", connection_id(&tenant));
    let patch = |body: Value| call(&tenant, "PATCH", &path, body);
    assert_eq!(get(&tenant, &path).1, json!({"clients": []}));
    assert_eq!(patch(json!([{"client_id": WEB, "status": true}])), (204, Value::Null));
    assert_eq!(patch(json!([{"client_id": MOBILE, "status": true}])).0, 204);
    let (_, first) = get(&tenant, &format!("{path}?take=1"));
    assert_eq!(first["clients"], json!([{"client_id": WEB}]));
    let (_, second) = get(&tenant, &format!("{path}?take=1&from={}", first["next"].as_str().unwrap()));
    assert_eq!(second, json!({"clients": [{"client_id": MOBILE}]}));
    assert_eq!(patch(json!([{"client_id": WEB, "status": false}])).0, 204);
    assert_eq!(get(&tenant, &path).1, json!({"clients": [{"client_id": MOBILE}]}));
}

#[test]
fn a_change_of_enabled_applications_is_checked_and_applied_whole_or_not_at_all() {
    let tenant = tenant(Some(Fitbit), &[Fault::ApplicationNotEnabled]);
    let path = format!("/connections/{}/clients", connection_id(&tenant));
    let patch = |body: Value| call(&tenant, "PATCH", &path, body);
    let item = |id: &str| json!({"client_id": id, "status": true});
    assert_eq!(code(&patch(json!([item(WEB), item("nobody")]))), (404, "inexistent_client"));
    assert_eq!(get(&tenant, &path).1, json!({"clients": []}));
    for body in [json!([]), json!({}), json!([{"client_id": WEB}]), json!([{"client_id": WEB, "status": "true"}])] {
        assert_eq!(code(&patch(body)), (400, "invalid_body"));
    }
    assert_eq!(code(&patch(Value::Array(vec![item(WEB); 51]))), (400, "invalid_body"));
    assert_eq!(patch(Value::Array(vec![item(WEB); 50])).0, 204);
    let nowhere = call(&tenant, "PATCH", "/connections/con_0/clients", json!([item(WEB)]));
    assert_eq!(code(&nowhere), (404, "inexistent_connection"));
}

#[test]
fn a_new_application_is_enabled_on_every_connection_and_its_secret_is_shown_once() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::ApplicationNotEnabled]);
    let sent = json!({"name": "fitbit-connect test", "app_type": "native", "token_endpoint_auth_method": "none",
        "callbacks": ["http://127.0.0.1:18917/callback"]});
    let (status, public) = call(&tenant, "POST", "/clients", sent);
    assert_eq!((status, public.get("client_secret")), (201, None), "{public}");
    assert_eq!(public["grant_types"], json!(["authorization_code", "implicit", "refresh_token", "client_credentials"]));
    assert_eq!((&public["oidc_conformant"], &public["is_first_party"]), (&json!(false), &json!(true)));
    let id = public["client_id"].as_str().unwrap();
    let enabled = format!("/connections/{}/clients", connection_id(&tenant));
    assert_eq!(get(&tenant, &enabled).1, json!({"clients": [{"client_id": id}]}));
    assert_eq!(call(&tenant, "DELETE", &format!("/clients/{id}"), Value::Null).0, 204);
    assert_eq!(get(&tenant, &enabled).1, json!({"clients": []}));
    assert_eq!(code(&get(&tenant, &format!("/clients/{id}"))), (404, "inexistent_client"));
    let (_, confidential) = call(&tenant, "POST", "/clients", json!({"name": "web", "app_type": "regular_web"}));
    assert_eq!(confidential["client_secret"].as_str().map(str::len), Some(64));
    let path = format!("/clients/{}", confidential["client_id"].as_str().unwrap());
    assert_eq!(get(&tenant, &path).1.get("client_secret"), None);
    let asked = get(&tenant, &format!("{path}?fields=client_secret"));
    assert_eq!(code(&asked), (403, "insufficient_scope"));
    for refused in
        [json!({"name": "<b>"}), json!({"name": "x", "callback": []}), json!({"name": "x", "callbacks": ["a,b"]})]
    {
        assert_eq!(code(&call(&tenant, "POST", "/clients", refused)), (400, "invalid_body"));
    }
}

#[test]
fn applications_are_listed_with_the_global_one_unless_it_is_left_out() {
    let tenant = tenant(None, &[]);
    let names = |query: &str| {
        let list = get(&tenant, &format!("/clients{query}")).1;
        list.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("")[0], "All Applications");
    assert_eq!(names("?is_global=false").len(), 3);
    assert_eq!(names("?app_type=native,spa"), ["Acme Mobile"]);
    let (_, fields) = get(&tenant, "/clients?fields=name&app_type=native");
    assert_eq!(fields, json!([{"name": "Acme Mobile"}]));
}

#[test]
fn somebody_who_may_only_see_summaries_sees_no_callbacks() {
    let tenant = tenant(None, &[]);
    let token = signed(&tenant, "read:client_summary");
    let ask = |query: &str| {
        read(&tenant.handle(&request("GET", &format!("/api/v2/clients/{WEB}{query}"), &token, &Value::Null)))
    };
    let summary = json!({"client_id": WEB, "name": "Acme Web", "app_type": "regular_web", "tenant": "acme"});
    assert_eq!(ask(""), (200, summary));
    assert_eq!(ask("?fields=name"), (200, json!({"name": "Acme Web"})));
    let refused = ask("?fields=name,callbacks");
    assert_eq!(code(&refused), (403, "insufficient_scope"));
    assert_eq!(refused.1["message"], "Insufficient scope, expected any of: read:clients, read:client_keys");
}

#[test]
fn a_change_of_an_application_replaces_its_callbacks() {
    let tenant = tenant(None, &[]);
    let path = format!("/clients/{WEB}");
    let (status, changed) = call(&tenant, "PATCH", &path, json!({"callbacks": ["http://127.0.0.1:1/callback"]}));
    assert_eq!((status, &changed["callbacks"]), (200, &json!(["http://127.0.0.1:1/callback"])));
    assert_eq!(code(&call(&tenant, "PATCH", &path, json!({"client_id": "x"}))), (400, "invalid_body"));
}

#[test]
fn faults_of_the_tenants_state_are_there_from_the_start() {
    let list = |fault: Fault| get(&tenant(Some(GoogleHealth), &[fault]), "/connections").1;
    assert_eq!(list(Fault::ConnectionMissing), json!([]));
    assert_eq!(list(Fault::WrongStrategy)[0]["strategy"], "google-oauth2");
    assert_eq!(list(Fault::ConnectionInactive)[0]["authentication"]["active"], false);
    assert_eq!(list(Fault::DeveloperKeys)[0]["options"]["client_id"], "");
    assert_eq!(list(Fault::SettingsDrifted)[0]["options"].get("authParams"), None);
    assert_eq!(list(Fault::ScopesMissingInTenant)[0]["options"]["scope"], json!(["openid", "email", "profile"]));
    let unset = tenant(None, &[Fault::WrongStrategy]);
    assert_eq!(get(&unset, "/connections").1[0]["name"], "google-health");
    let gone = tenant(None, &[Fault::ApplicationGone]);
    assert_eq!(get(&gone, &format!("/clients/{WEB}")).0, 404);
    let bare = tenant(None, &[Fault::NoCallback]);
    assert_eq!(get(&bare, &format!("/clients/{WEB}")).1["callbacks"], json!([]));
}

#[test]
fn custom_domains_and_settings_are_as_the_sandbox_says() {
    assert_eq!(get(&tenant(None, &[]), "/custom-domains"), (200, json!([])));
    let (_, domains) = get(&tenant(None, &[Fault::CustomDomain]), "/custom-domains");
    assert_eq!((&domains[0]["domain"], &domains[0]["status"]), (&json!("login.acme.sandbox.test"), &json!("ready")));
    let (_, settings) = get(&tenant(None, &[]), "/tenants/settings?fields=flags");
    assert_eq!(settings["flags"]["enable_client_connections"], true);
    assert_eq!(settings.as_object().unwrap().len(), 1);
}
