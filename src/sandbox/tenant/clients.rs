//! Owns the calls under `/api/v2/clients` and what an application has by default. Refuses members the schema does not
//! have, and fields the caller's scopes do not show.

use serde_json::{Value, json};

use super::api::Call;
use super::check::{self, Kind, Object, Rule, text};
use super::keys::random;
use super::problem::{Answer, Problem};
use super::query::{Query, Takes, paging, text_reply};
use super::seed::object;
use super::state::State;
use crate::sandbox::facts::APPLICATIONS;
use crate::sandbox::faults::Fault;
use crate::sandbox::web::Reply;

/// The scopes that show everything but keys.
const READ: [&str; 2] = ["read:clients", "read:client_keys"];
/// What somebody with only `read:client_summary` sees.
const SUMMARY: [&str; 5] = ["client_id", "tenant", "app_type", "name", "description"];
/// What only somebody with `read:client_keys` sees.
const KEYS: [&str; 3] = ["client_secret", "signing_keys", "encryption_key"];

const APP_TYPES: [&str; 25] = [
    "native",
    "spa",
    "regular_web",
    "non_interactive",
    "resource_server",
    "express_configuration",
    "rms",
    "box",
    "cloudbees",
    "concur",
    "dropbox",
    "mscrm",
    "echosign",
    "egnyte",
    "newrelic",
    "office365",
    "salesforce",
    "sentry",
    "sharepoint",
    "slack",
    "springcm",
    "zendesk",
    "zoom",
    "sso_integration",
    "oag",
];

/// What `fields` may name; nested names are left out, since nothing here is nested.
const FIELDS: [&str; 57] = [
    "name",
    "description",
    "callbacks",
    "oidc_backchannel_logout",
    "oidc_logout",
    "session_transfer",
    "allowed_origins",
    "web_origins",
    "client_id",
    "tenant",
    "global",
    "config_route",
    "callback_url_template",
    "jwt_configuration",
    "api_type",
    "logo_uri",
    "allowed_clients",
    "owners",
    "custom_login_page",
    "custom_login_page_on",
    "sso",
    "addons",
    "form_template",
    "custom_login_page_preview",
    "encryption_key",
    "client_secret",
    "signing_keys",
    "mobile",
    "token_endpoint_auth_method",
    "allowed_logout_urls",
    "app_type",
    "is_first_party",
    "oidc_conformant",
    "client_metadata",
    "is_token_endpoint_ip_header_trusted",
    "initiate_login_uri",
    "grant_types",
    "refresh_token",
    "default_organization",
    "organization_usage",
    "organization_require_behavior",
    "organization_discovery_methods",
    "client_authentication_methods",
    "require_pushed_authorization_requests",
    "require_proof_of_possession",
    "id_token",
    "signed_request_object",
    "compliance_level",
    "skip_non_verifiable_callback_uri_confirmation_prompt",
    "token_exchange",
    "token_quota",
    "third_party_security_mode",
    "resource_server_identifier",
    "express_configuration",
    "my_organization_configuration",
    "registration_type",
    "redirection_policy",
];

/// What both a new application and a changed one may have.
const SHARED: [Rule; 49] = [
    ("name", Kind::Text(1, 1024)),
    ("description", Kind::Text(0, 140)),
    ("callbacks", Kind::Texts(100, 1024)),
    ("grant_types", Kind::Texts(100, 256)),
    ("app_type", Kind::OneOf(&APP_TYPES)),
    ("token_endpoint_auth_method", Kind::OneOf(&["none", "client_secret_post", "client_secret_basic"])),
    ("is_first_party", Kind::Flag),
    ("oidc_conformant", Kind::Flag),
    ("jwt_configuration", Kind::Object),
    ("allowed_origins", Kind::Texts(100, 1024)),
    ("web_origins", Kind::Texts(100, 1024)),
    ("client_aliases", Kind::Texts(100, 1024)),
    ("allowed_clients", Kind::Texts(100, 1024)),
    ("allowed_logout_urls", Kind::Texts(100, 1024)),
    ("logo_uri", Kind::Text(0, 1024)),
    ("initiate_login_uri", Kind::Text(0, 1024)),
    ("is_token_endpoint_ip_header_trusted", Kind::Flag),
    ("sso", Kind::Flag),
    ("sso_disabled", Kind::Flag),
    ("cross_origin_authentication", Kind::Flag),
    ("custom_login_page_on", Kind::Flag),
    ("require_pushed_authorization_requests", Kind::Flag),
    ("require_proof_of_possession", Kind::Flag),
    ("client_metadata", Kind::Object),
    ("skip_non_verifiable_callback_uri_confirmation_prompt", Kind::FlagOrNull),
    ("addons", Kind::Any),
    ("async_approval_notification_channels", Kind::Any),
    ("client_authentication_methods", Kind::Any),
    ("compliance_level", Kind::Any),
    ("cross_origin_loc", Kind::Any),
    ("custom_login_page", Kind::Any),
    ("custom_login_page_preview", Kind::Any),
    ("default_organization", Kind::Any),
    ("encryption_key", Kind::Any),
    ("express_configuration", Kind::Any),
    ("form_template", Kind::Any),
    ("mobile", Kind::Any),
    ("my_organization_configuration", Kind::Any),
    ("native_social_login", Kind::Any),
    ("oidc_backchannel_logout", Kind::Any),
    ("oidc_logout", Kind::Any),
    ("organization_discovery_methods", Kind::Any),
    ("organization_require_behavior", Kind::Any),
    ("organization_usage", Kind::Any),
    ("par_request_expiry", Kind::Any),
    ("refresh_token", Kind::Any),
    ("session_transfer", Kind::Any),
    ("signed_request_object", Kind::Any),
    ("token_exchange", Kind::Any),
];
/// More of both; the simulation uses none of them.
const SHARED_TOO: [Rule; 3] =
    [("token_quota", Kind::Any), ("third_party_security_mode", Kind::Any), ("redirection_policy", Kind::Any)];

/// GET /clients
pub(super) fn list(state: &State, call: &Call) -> Answer {
    call.need(&["read:clients", "read:client_keys", "read:client_summary"])?;
    let own = [
        ("fields", Takes::ListOf(&FIELDS)),
        ("include_fields", Takes::Flag),
        ("is_global", Takes::Flag),
        ("is_first_party", Takes::Flag),
        ("app_type", Takes::ListOf(&APP_TYPES)),
        ("external_client_id", Takes::Text),
        ("q", Takes::Text),
    ];
    let query = Query::read(call.request, &[&own, &paging(0)])?;
    may_see(call, &query)?;
    let types: Option<Vec<&str>> = query.text("app_type").map(|types| types.split(',').collect());
    let found = state.clients.iter().filter(|client| {
        let is = |name: &str| client.get(name) == Some(&Value::Bool(true));
        query.flag("is_global").is_none_or(|wanted| wanted == is("global"))
            && query.flag("is_first_party").is_none_or(|wanted| wanted == is("is_first_party"))
            && types.as_ref().is_none_or(|types| types.contains(&text(client, "app_type")))
            && query.text("external_client_id").is_none()
            && query.text("q").is_none_or(|q| matches(client, q))
    });
    let entries: Vec<String> = found.map(|client| view(client, call, Some(&query))).collect();
    query.page(&entries, "clients")
}

/// GET /clients/{id}
pub(super) fn get(state: &State, call: &Call, id: &str) -> Answer {
    call.need(&["read:clients", "read:client_keys", "read:client_credentials", "read:client_summary"])?;
    let query = Query::read(call.request, &[&[("fields", Takes::ListOf(&FIELDS)), ("include_fields", Takes::Flag)]])?;
    may_see(call, &query)?;
    let client = state.client(id).ok_or_else(Problem::no_client)?;
    Ok(text_reply(200, view(client, call, Some(&query))))
}

/// POST /clients
pub(super) fn create(state: &mut State, call: &Call) -> Answer {
    call.need(&["create:clients"])?;
    call.plan_allows()?;
    Query::read(call.request, &[])?;
    let body = call.body()?;
    let rules = [SHARED.as_slice(), &SHARED_TOO, &[("resource_server_identifier", Kind::Text(1, 600))]].concat();
    let sent = check::closed(&body, &rules, &["name"])?;
    formats(sent)?;
    if call.setup.has(Fault::ClientLimit) {
        return Err(Problem::entity_limit());
    }
    let client = with_defaults(sent.clone());
    let id = text(&client, "client_id").to_owned();
    let mut shown = client.clone();
    if text(&client, "token_endpoint_auth_method") == "none" {
        shown.remove("client_secret");
    }
    state.clients.push(client);
    // The tenant's flag `enable_client_connections` is on, as it is by default.
    for connection in &mut state.connections {
        connection.clients.push(id.clone());
    }
    Ok(Reply::json(201, &Value::Object(shown)))
}

/// PATCH /clients/{id}
pub(super) fn update(state: &mut State, call: &Call, id: &str) -> Answer {
    call.need(&["update:clients", "update:client_keys"])?;
    call.plan_allows()?;
    Query::read(call.request, &[])?;
    let body = call.body()?;
    let rules = [SHARED.as_slice(), &SHARED_TOO, &[("client_secret", Kind::Text(1, 1024))]].concat();
    let sent = check::closed(&body, &rules, &[])?;
    if sent.is_empty() {
        return Err(Problem::body("Too few properties defined (0), minimum 1", None));
    }
    formats(sent)?;
    if sent.contains_key("client_secret") {
        call.need(&["update:client_keys"])?;
    }
    let found = state.clients.iter_mut().find(|client| text(client, "client_id") == id);
    let client = found.ok_or_else(Problem::no_client)?;
    for (member, value) in sent {
        if value.is_null() {
            client.remove(member);
        } else {
            client.insert(member.clone(), value.clone());
        }
    }
    Ok(text_reply(200, view(client, call, None)))
}

/// DELETE /clients/{id}
pub(super) fn delete(state: &mut State, call: &Call, id: &str) -> Answer {
    call.need(&["delete:clients"])?;
    if state.client(id).is_some_and(|client| client.get("global") == Some(&Value::Bool(true))) {
        return Err(Problem::new(400, Some("operation_not_supported"), "The global client cannot be deleted"));
    }
    if call.setup.has(Fault::ApplicationStays) && APPLICATIONS.iter().all(|known| known.client_id != id) {
        return Err(Problem::unavailable());
    }
    state.clients.retain(|client| text(client, "client_id") != id);
    for connection in &mut state.connections {
        connection.clients.retain(|client| client != id);
    }
    Ok(Reply::empty(204))
}

/// An application with everything that was not said about it.
pub(super) fn with_defaults(mut sent: Object) -> Object {
    let public = matches!(text(&sent, "app_type"), "native" | "spa");
    let mut jwt = object(json!({"lifetime_in_seconds": 36000, "secret_encoded": false, "alg": "HS256"}));
    if let Some(Value::Object(asked)) = sent.remove("jwt_configuration") {
        jwt.extend(asked);
    }
    let defaults = json!({
        "tenant": "acme",
        "global": false,
        "client_id": random(32),
        "client_secret": random(64),
        "is_first_party": true,
        "oidc_conformant": false,
        "sso_disabled": false,
        "cross_origin_authentication": false,
        "custom_login_page_on": true,
        "is_token_endpoint_ip_header_trusted": false,
        "token_endpoint_auth_method": if public { "none" } else { "client_secret_post" },
        "grant_types": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
        "jwt_configuration": jwt,
        "refresh_token": {"rotation_type": "non-rotating", "expiration_type": "non-expiring"},
    });
    for (member, value) in object(defaults) {
        sent.entry(member).or_insert(value);
    }
    sent
}

fn formats(sent: &Object) -> Result<(), Problem> {
    let name = text(sent, "name");
    if name.contains(['<', '>']) {
        let what = format!("String does not match pattern ^[^<>]+$: {name}");
        return Err(Problem::body(&what, Some("name (The name of the client)")));
    }
    for (index, callback) in sent.get("callbacks").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let callback = callback.as_str().unwrap_or_default();
        if url::Url::parse(callback).is_err() || callback.contains([',', '#', ' ']) {
            let what = format!("Object didn't pass validation for format callback-url: {callback}");
            return Err(Problem::body(&what, Some(&format!("callbacks[{index}]"))));
        }
    }
    let algorithm = sent.get("jwt_configuration").and_then(|jwt| jwt.get("alg"));
    if let Some(algorithm) = algorithm {
        let rule = Kind::OneOf(&["HS256", "RS256", "RS512", "PS256"]);
        check::one(algorithm, rule, "jwt_configuration.alg")?;
    }
    Ok(())
}

/// Refuses a `fields` that names something the caller's scopes do not show.
fn may_see(call: &Call, query: &Query) -> Result<(), Problem> {
    if query.flag("include_fields") == Some(false) {
        return Ok(());
    }
    for field in query.text("fields").into_iter().flat_map(|fields| fields.split(',')) {
        if KEYS.contains(&field) {
            call.need(&["read:client_keys"])?;
        } else if !SUMMARY.contains(&field) {
            call.need(&READ)?;
        }
    }
    Ok(())
}

/// The application as this caller may see it.
fn view(client: &Object, call: &Call, query: Option<&Query>) -> String {
    let sees_all = READ.iter().any(|scope| call.has(scope)) || query.is_none();
    let shown: Object = client
        .iter()
        .filter(|(name, _)| sees_all || SUMMARY.contains(&name.as_str()))
        .filter(|(name, _)| !KEYS.contains(&name.as_str()) || call.has("read:client_keys"))
        .filter(|(name, _)| query.is_none_or(|query| query.wants(name)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Value::Object(shown).to_string()
}

/// `q` as far as it is simulated: `member:value` terms joined by AND.
fn matches(client: &Object, q: &str) -> bool {
    q.split(" AND ").filter_map(|term| term.split_once(':')).all(|(name, wanted)| {
        let wanted = wanted.trim_matches('"');
        client.get(name.trim()).is_some_and(|value| match value {
            Value::String(text) => text == wanted,
            Value::Bool(flag) => wanted.parse() == Ok(*flag),
            _ => false,
        })
    })
}
