//! Owns the tests of what can be wrong with the tenant as a whole, with its tokens and with what it holds.

use super::*;
use Configured::{Fitbit, GoogleHealth};

const DISCOVERY: &str = "/.well-known/openid-configuration";
const OAUTH2: &str = "oauth2";

fn plain(tenant: &Tenant, method: &str, target: &str) -> Reply {
    tenant.handle(&request(method, target, "", &Value::Null))
}

fn page(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

fn the_connection(fault: Fault) -> Value {
    get(&tenant(Some(GoogleHealth), &[fault]), "/connections").1[0].clone()
}

#[test]
fn a_web_shop_answers_every_address_with_its_own_404() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::NotATenant]);
    for (method, target) in [
        ("GET", DISCOVERY),
        ("POST", "/oauth/token"),
        ("GET", "/authorize?client_id=x"),
        ("GET", "/api/v2/connections"),
    ] {
        let reply = plain(&tenant, method, target);
        assert_eq!((reply.status, header(&reply, "content-type")), (404, Some("text/html; charset=utf-8")), "{target}");
        assert!(page(&reply).contains("yarns"));
    }
}

#[test]
fn a_captive_portal_answers_for_the_apis_and_not_for_the_pages() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::TenantGarbage]);
    for (method, target) in [("GET", DISCOVERY), ("POST", "/oauth/token"), ("GET", "/api/v2/connections")] {
        let reply = plain(&tenant, method, target);
        assert!(reply.status == 200 && page(&reply).contains("Grand Hotel"), "{target}");
    }
    assert_eq!(plain(&tenant, "GET", "/authorize?client_id=x").status, 400);
}

#[test]
fn a_silent_tenant_answers_when_the_sandbox_ends() {
    let tenant = Arc::new(tenant(None, &[Fault::TenantSilent]));
    let asked = Arc::clone(&tenant);
    let waiting = std::thread::spawn(move || plain(&asked, "GET", DISCOVERY).status);
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert!(!waiting.is_finished());
    tenant.end();
    assert_eq!(waiting.join().unwrap(), 503);
    assert_eq!(plain(&tenant, "GET", "/api/v2/connections").status, 503, "nobody waits any more");
}

#[test]
fn discovery_can_name_another_issuer() {
    let discovery = |faults: &[Fault]| read(&plain(&tenant(None, faults), "GET", DISCOVERY)).1;
    assert_eq!(discovery(&[])["issuer"], format!("https://{DOMAIN}/"));
    assert_eq!(discovery(&[Fault::OtherIssuer])["issuer"], "https://other.example/");
}

#[test]
fn another_tenant_has_the_management_client_and_nothing_of_ours() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::OtherTenant]);
    assert_eq!(get(&tenant, "/connections").1, json!([]));
    let (_, clients) = get(&tenant, "/clients?is_global=false&fields=name,client_id");
    let names: Vec<&Value> = clients.as_array().unwrap().iter().map(|client| &client["name"]).collect();
    assert_eq!(names, ["Management (machine to machine)", "Somebody else's app"]);
    let refused = plain(&tenant, "GET", &format!("/authorize?client_id={WEB}"));
    assert!(page(&refused).contains(&format!("Unknown client: {WEB}")));
}

#[test]
fn a_login_domain_that_leads_elsewhere_knows_no_application() {
    let domain = crate::sandbox::facts::CUSTOM_DOMAIN;
    let refused = another(&request("GET", &format!("/authorize?client_id={MOBILE}"), "", &Value::Null));
    assert_eq!((refused.status, header(&refused, "location")), (400, None));
    assert!(page(&refused).contains(&format!("Unknown client: {MOBILE}")));
    let (_, discovery) = read(&another(&request("GET", DISCOVERY, "", &Value::Null)));
    assert_eq!(discovery["issuer"], format!("https://{domain}/"));
    assert_eq!(discovery["token_endpoint"], format!("https://{domain}/oauth/token"));
    let body = json!({"grant_type": "authorization_code"});
    assert_eq!(read(&another(&request("POST", "/oauth/token", "", &body))).0, 401);
    let (_, listed) = get(&tenant(None, &[Fault::LoginDomainElsewhere]), "/custom-domains");
    assert_eq!((&listed[0]["domain"], &listed[0]["status"]), (&json!(domain), &json!("ready")));
}

#[test]
fn the_machine_client_is_refused_in_the_words_of_each_cause() {
    let refusal = |fault: Fault| token_request(&tenant(None, &[fault]), &machine());
    let expected = json!({"error": "unauthorized_client",
        "error_description": "Grant type 'client_credentials' not allowed for the client."});
    assert_eq!(refusal(Fault::GrantNotAllowed), (403, expected));
    let expected = json!({"error": "access_denied",
        "error_description": format!("Service not found: https://{DOMAIN}/api/v2/")});
    assert_eq!(refusal(Fault::AudienceUnknown), (403, expected));
    let (_, body) = refusal(Fault::NoLogScope);
    assert!(!body["scope"].as_str().unwrap().split(' ').any(|scope| scope == "read:logs"));
    let (status, body) = get(&tenant(None, &[Fault::NoLogScope]), "/logs");
    assert_eq!((status, &body["errorCode"]), (403, &json!("insufficient_scope")));
}

#[test]
fn a_token_can_be_invalid_and_the_limit_reached_for_an_hour() {
    let rejected = tenant(None, &[Fault::TokenRejected]);
    assert_eq!(
        get(&rejected, "/connections"),
        (401, json!({"statusCode": 401, "error": "Unauthorized", "message": "Invalid token"}))
    );
    let limited = tenant(None, &[Fault::RateLimited]);
    let token = bearer(&limited);
    let reply = limited.handle(&request("GET", "/api/v2/connections", &token, &Value::Null));
    assert_eq!((reply.status, header(&reply, "retry-after")), (429, Some("3600")));
    assert_eq!(header(&reply, "x-ratelimit-remaining"), Some("0"));
    let reset: i64 = header(&reply, "x-ratelimit-reset").unwrap().parse().unwrap();
    assert!((3590..=3610).contains(&(reset - super::super::unix_now())));
}

#[test]
fn a_plan_refuses_changes_and_new_applications() {
    let code = |answer: (u16, Value)| (answer.0, answer.1["errorCode"].clone());
    let plan = tenant(Some(GoogleHealth), &[Fault::PlanFeature]);
    let connection = format!("/connections/{}", connection_id(&plan));
    for (method, target) in [
        ("POST", "/connections"),
        ("PATCH", connection.as_str()),
        ("POST", "/clients"),
        ("PATCH", "/clients/SandboxWeb0000000000000000000000"),
    ] {
        let answer = code(call(&plan, method, target, json!({"name": "x"})));
        assert_eq!(answer, (403, json!("feature_not_enabled")), "{method} {target}");
    }
    let full = tenant(Some(GoogleHealth), &[Fault::ClientLimit]);
    assert_eq!(code(call(&full, "POST", "/clients", json!({"name": "x"}))), (403, json!("too_many_entities")));
    assert_eq!(call(&full, "POST", "/connections", json!({"name": "x", "strategy": OAUTH2})).0, 201);
}

#[test]
fn a_name_can_be_taken_by_a_connection_that_is_not_found() {
    let tenant = tenant(Some(GoogleHealth), &[Fault::NameTaken]);
    assert_eq!(get(&tenant, "/connections?name=google-health").1, json!([]));
    let (status, body) = call(&tenant, "POST", "/connections", json!({"name": "google-health", "strategy": OAUTH2}));
    assert_eq!((status, &body["errorCode"]), (409, &json!("connection_conflict")));
}

#[test]
fn an_application_made_since_the_start_can_stay() {
    let tenant = tenant(None, &[Fault::ApplicationStays]);
    let (_, made) = call(&tenant, "POST", "/clients", json!({"name": "x"}));
    let path = format!("/clients/{}", made["client_id"].as_str().unwrap());
    assert_eq!(call(&tenant, "DELETE", &path, Value::Null).0, 503);
    assert_eq!(get(&tenant, &path).0, 200);
    assert_eq!(call(&tenant, "DELETE", &format!("/clients/{WEB}"), Value::Null).0, 204);
}

#[test]
fn what_was_stored_can_differ_from_what_was_answered() {
    let tenant = tenant(None, &[Fault::ChangedMeanwhile]);
    let options = json!({"client_id": "1", "client_secret": "s"});
    let (_, made) = call(&tenant, "POST", "/connections", json!({"name": "x", "strategy": OAUTH2, "options": options}));
    assert_eq!(made["options"], options);
    let path = format!("/connections/{}", made["id"].as_str().unwrap());
    let stored = || get(&tenant, &path).1["options"].clone();
    let differs = |stored: &Value| stored["client_id"] != "1" && stored["client_secret"] == "s";
    assert!(differs(&stored()), "{}", stored());
    let (_, changed) = call(&tenant, "PATCH", &path, json!({"options": options}));
    assert_eq!(changed["options"], options);
    assert!(differs(&stored()), "{}", stored());
}

#[test]
fn connections_hold_what_their_faults_say() {
    assert_eq!(the_connection(Fault::TokenVault)["connected_accounts"], json!({"active": true}));
    let wrong = the_connection(Fault::WrongProviderInTenant);
    assert_eq!(wrong["options"]["authorizationURL"], "https://provider.example/authorize");
    let bare = the_connection(Fault::NotConfigured);
    assert!(bare["options"].get("authorizationURL").is_none() && bare["options"].get("tokenURL").is_none());
    let (_, two) = get(&tenant(Some(Fitbit), &[Fault::TwoConnections]), "/connections?strategy=fitbit");
    assert_eq!((&two[0]["name"], &two[1]["name"]), (&json!("fitbit"), &json!("fitbit-old")));
    assert_ne!(two[0]["id"], two[1]["id"]);
    let built_in = tenant(Some(Fitbit), &[Fault::WrongProviderInTenant]);
    assert_eq!(get(&built_in, "/connections").1[0]["options"].get("authorizationURL"), None);
}
