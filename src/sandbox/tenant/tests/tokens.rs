//! Owns the tests of machine tokens, of the Management API's door and of the published key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

fn scopes(tenant: &Tenant) -> String {
    let (status, body) = token_request(tenant, &machine());
    assert_eq!(status, 200, "{body}");
    body["scope"].as_str().unwrap().to_owned()
}

#[test]
fn a_machine_token_says_who_it_is_for_and_what_it_may_do() {
    let tenant = tenant(None, &[]);
    let (status, body) = token_request(&tenant, &machine());
    assert_eq!((status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(86400)));
    let payload = body["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!(claims["iss"], format!("https://{DOMAIN}/"));
    assert_eq!(claims["aud"], format!("https://{DOMAIN}/api/v2/"));
    assert_eq!(claims["sub"], format!("{MANAGEMENT_CLIENT_ID}@clients"));
    assert_eq!(claims["gty"], "client-credentials");
    assert_eq!(claims["scope"], body["scope"]);
    for scope in ["create:connections", "update:connections_options", "read:client_summary", "delete:clients"] {
        assert!(scopes(&tenant).split(' ').any(|held| held == scope), "{scope}");
    }
    assert!(!scopes(&tenant).contains("read:client_keys"));
    assert!(!scopes(&tenant).contains("read:user_idp_tokens"));
}

#[test]
fn faults_of_the_machine_client_show_at_the_token_endpoint() {
    let refusal = |fault: Fault| {
        let (status, body) = token_request(&tenant(None, &[fault]), &machine());
        (status, body["error"].as_str().unwrap().to_owned())
    };
    assert_eq!(refusal(Fault::ManagementClientUnknown), (401, "access_denied".to_owned()));
    assert_eq!(refusal(Fault::NoClientGrant), (403, "access_denied".to_owned()));
    let read_only = scopes(&tenant(None, &[Fault::ReadOnlyToken]));
    assert!(read_only.split(' ').all(|scope| scope.starts_with("read:")));
    assert!(!scopes(&tenant(None, &[Fault::OptionsHidden])).contains("connections_options"));
}

#[test]
fn a_wrong_secret_client_audience_or_grant_is_refused_with_its_own_error() {
    let tenant = tenant(None, &[]);
    let with = |name: &str, value: &str| {
        let mut body = machine();
        body[name] = value.into();
        let (status, body) = token_request(&tenant, &body);
        (status, body["error"].clone(), body["error_description"].clone())
    };
    assert_eq!(with("client_secret", "another"), (401, json!("access_denied"), json!("Unauthorized")));
    assert_eq!(with("client_id", "nobody"), (401, json!("access_denied"), json!("Unauthorized")));
    let without_slash = format!("https://{DOMAIN}/api/v2");
    let expected = format!("Service not found: {without_slash}");
    assert_eq!(with("audience", &without_slash), (403, json!("access_denied"), json!(expected)));
    assert_eq!(with("grant_type", "password").1, "unauthorized_client");
    assert_eq!(with("grant_type", "nonsense").1, "unsupported_grant_type");
}

#[test]
fn the_token_endpoint_reads_forms_and_believes_the_content_type() {
    let tenant = tenant(None, &[]);
    let mut form = request("POST", "/oauth/token", "", &Value::Null);
    let pairs = machine();
    let pairs = pairs.as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap()));
    form.body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes();
    assert_eq!(tenant.handle(&form).status, 400);
    form.headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    assert_eq!(tenant.handle(&form).status, 200);
}

#[test]
fn the_management_api_takes_only_a_token_that_this_tenant_signed_for_it() {
    let tenant = tenant(None, &[]);
    let ask = |bearer: &str| read(&tenant.handle(&request("GET", "/api/v2/connections", bearer, &Value::Null)));
    assert_eq!(ask("").1["message"], "Missing authentication");
    assert_eq!(ask("opaque").1["errorCode"], "Bearer");
    let mut forged = bearer(&tenant);
    forged.truncate(forged.len() - 8);
    assert_eq!(ask(&forged).1["message"], "Invalid signature received for JSON Web Token validation");
    let foreign = tenant.keys.sign(&json!({"aud": "https://elsewhere/", "exp": i64::MAX, "scope": "read:connections"}));
    assert_eq!((ask(&foreign).0, &ask(&foreign).1["message"]), (401, &json!("Bad audience: https://elsewhere/")));
    let old = tenant.keys.sign(&json!({"aud": super::super::audience(), "exp": 1, "scope": "read:connections"}));
    let message = "Expired token received for JSON Web Token validation";
    assert_eq!(ask(&old).1["attributes"]["error"], message);
    let expired = super::tenant(None, &[Fault::ExpiredToken]);
    assert_eq!(get(&expired, "/connections"), (401, ask(&old).1));
}

#[test]
fn a_call_without_its_scope_names_the_scope() {
    let tenant = tenant(None, &[Fault::ReadOnlyToken]);
    let (status, body) = call(&tenant, "POST", "/connections", json!({"name": "fitbit", "strategy": "fitbit"}));
    assert_eq!((status, &body["errorCode"]), (403, &json!("insufficient_scope")));
    assert_eq!(body["message"], "Insufficient scope, expected any of: create:connections");
}

#[test]
fn every_reply_of_the_management_api_has_the_rate_limit_headers() {
    let tenant = tenant(None, &[]);
    for bearer in [String::new(), bearer(&tenant)] {
        for path in ["/api/v2/connections", "/api/v2/nothing"] {
            let reply = tenant.handle(&request("GET", path, &bearer, &Value::Null));
            assert_eq!(header(&reply, "x-ratelimit-limit"), Some("50"));
            assert!(header(&reply, "x-ratelimit-remaining").is_some());
            assert!(header(&reply, "x-ratelimit-reset").is_some());
        }
    }
}

#[test]
fn the_free_plan_answers_the_third_call_of_a_burst_with_429() {
    let tenant = tenant(None, &[Fault::FreePlan]);
    let token = bearer(&tenant);
    let ask = || tenant.handle(&request("GET", "/api/v2/connections", &token, &Value::Null));
    assert_eq!((ask().status, ask().status), (200, 200));
    let refused = ask();
    assert_eq!(header(&refused, "x-ratelimit-remaining"), Some("0"));
    let expected = json!({"statusCode": 429, "error": "Too Many Requests", "message": "Global limit has been reached",
        "errorCode": "too_many_requests"});
    assert_eq!(read(&refused), (429, expected));
}

#[test]
fn a_tenant_that_is_down_answers_503_to_everything() {
    let tenant = tenant(Some(Configured::Fitbit), &[Fault::TenantDown]);
    for target in ["/api/v2/connections", "/authorize", "/.well-known/jwks.json"] {
        assert_eq!(tenant.handle(&request("GET", target, "", &Value::Null)).status, 503, "{target}");
    }
}

#[test]
fn the_published_key_and_the_discovery_document_agree_with_the_tokens() {
    let tenant = tenant(None, &[]);
    let (_, discovery) = read(&tenant.handle(&request("GET", "/.well-known/openid-configuration", "", &Value::Null)));
    assert_eq!(discovery["issuer"], format!("https://{DOMAIN}/"));
    let (_, keys) = read(&tenant.handle(&request("GET", "/.well-known/jwks.json", "", &Value::Null)));
    let token = bearer(&tenant);
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    assert_eq!(header["kid"], keys["keys"][0]["kid"]);
    assert_eq!(keys["keys"][0]["e"], "AQAB");
}

#[test]
fn what_was_asked_can_be_counted() {
    let tenant = tenant(None, &[]);
    let _ = get(&tenant, "/connections?strategy=fitbit&take=2");
    let asked = tenant.requests();
    assert_eq!(asked[0], ("POST".to_owned(), "/oauth/token".to_owned(), 200));
    assert_eq!(asked[1], ("GET".to_owned(), "/api/v2/connections?strategy=fitbit&take=2".to_owned(), 200));
}

#[test]
fn an_unknown_address_is_json_for_the_management_api_and_a_page_elsewhere() {
    let tenant = tenant(None, &[]);
    assert_eq!(get(&tenant, "/nothing").1["error"], "Not Found");
    let page = tenant.handle(&request("GET", "/nothing", "", &Value::Null));
    assert_eq!((page.status, header(&page, "content-type")), (404, Some("text/html; charset=utf-8")));
    assert_eq!(tenant.handle(&request("GET", "/oauth/token", "", &Value::Null)).status, 405);
}
