//! Owns the calls under `/api/v2/connections`, apart from the applications a connection is enabled for. Refuses what the
//! real service refuses: members it does not know, a partial change of `options`, a name taken.

use serde_json::{Value, json};

use super::api::Call;
use super::check::{self, Kind, Object, Rule};
use super::options;
use super::problem::{Answer, Problem};
use super::query::{Query, Takes, paging, text_reply};
use super::seed::complete;
use super::spoil;
use super::state::{Connection, State, now};
use crate::sandbox::faults::Fault;
use crate::sandbox::web::Reply;

const STRATEGIES: [&str; 55] = [
    "ad",
    "adfs",
    "amazon",
    "apple",
    "dropbox",
    "bitbucket",
    "auth0-oidc",
    "auth0",
    "baidu",
    "bitly",
    "box",
    "custom",
    "daccount",
    "dwolla",
    "email",
    "evernote-sandbox",
    "evernote",
    "exact",
    "facebook",
    "fitbit",
    "github",
    "google-apps",
    "google-oauth2",
    "instagram",
    "ip",
    "line",
    "linkedin",
    "oauth1",
    "oauth2",
    "office365",
    "oidc",
    "okta",
    "paypal",
    "paypal-sandbox",
    "pingfederate",
    "planningcenter",
    "salesforce-community",
    "salesforce-sandbox",
    "salesforce",
    "samlp",
    "sharepoint",
    "shopify",
    "shop",
    "sms",
    "soundcloud",
    "thirtysevensignals",
    "twitter",
    "untappd",
    "vkontakte",
    "waad",
    "weibo",
    "windowslive",
    "wordpress",
    "yahoo",
    "yandex",
];

/// What `fields` may name.
const FIELDS: [&str; 14] = [
    "name",
    "display_name",
    "strategy",
    "options",
    "id",
    "provisioning_ticket_url",
    "metadata",
    "show_as_button",
    "clients",
    "authentication",
    "connected_accounts",
    "cross_app_access_requesting_app",
    "cross_app_access_resource_app",
    "enabled_clients",
];

/// What a reply has whatever `fields` says.
const ALWAYS: [&str; 4] = ["id", "is_domain_connection", "authentication", "connected_accounts"];

/// The order of members in the reply to a POST, and in all others.
const ORDER_CREATED: [&str; 11] = [
    "name",
    "strategy",
    "display_name",
    "options",
    "metadata",
    "show_as_button",
    "is_domain_connection",
    "authentication",
    "connected_accounts",
    "realms",
    "id",
];
const ORDER_READ: [&str; 11] = [
    "id",
    "options",
    "strategy",
    "name",
    "display_name",
    "is_domain_connection",
    "show_as_button",
    "authentication",
    "connected_accounts",
    "realms",
    "metadata",
];

/// What both a new connection and a changed one may have.
const SHARED: [Rule; 7] = [
    ("display_name", Kind::Text(1, 128)),
    ("is_domain_connection", Kind::Flag),
    ("show_as_button", Kind::Flag),
    ("realms", Kind::Texts(10, 255)),
    ("metadata", Kind::Object),
    ("authentication", Kind::Object),
    ("connected_accounts", Kind::Object),
];

/// GET /connections
pub(super) fn list(state: &State, call: &Call) -> Answer {
    call.need(&["read:connections"])?;
    let own = [
        ("strategy", Takes::Repeated(&STRATEGIES)),
        ("name", Takes::Text),
        ("fields", Takes::ListOf(&FIELDS)),
        ("include_fields", Takes::Flag),
    ];
    let query = Query::read(call.request, &[&own, &paging(1)])?;
    let strategies = query.all("strategy");
    let found = state.connections.iter().filter(|connection| {
        (strategies.is_empty() || strategies.contains(&connection.get("strategy")))
            && query.text("name").is_none_or(|name| name == connection.get("name"))
    });
    let entries: Vec<String> = found.map(|connection| view(connection, call, Some(&query), &ORDER_READ)).collect();
    query.page(&entries, "connections")
}

/// GET /connections/{id}
pub(super) fn get(state: &State, call: &Call, id: &str) -> Answer {
    call.need(&["read:connections"])?;
    let query = Query::read(call.request, &[&[("fields", Takes::ListOf(&FIELDS)), ("include_fields", Takes::Flag)]])?;
    let connection = state.connection(id).ok_or_else(Problem::no_connection)?;
    Ok(text_reply(200, view(connection, call, Some(&query), &ORDER_READ)))
}

/// POST /connections
pub(super) fn create(state: &mut State, call: &Call) -> Answer {
    call.need(&["create:connections"])?;
    call.plan_allows()?;
    Query::read(call.request, &[])?;
    let body = call.body()?;
    let mut rules = SHARED.to_vec();
    rules.extend([
        ("name", Kind::Text(1, 128)),
        ("strategy", Kind::OneOf(&STRATEGIES)),
        ("options", Kind::Object),
        ("enabled_clients", Kind::Texts(1000, 64)),
    ]);
    let sent = check::closed(&body, &rules, &["name", "strategy"])?;
    members(sent)?;
    let name = check::text(sent, "name");
    if !is_name(name) {
        let what = format!("String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$: {name}");
        return Err(Problem::body(&what, Some("name (The name of the connection)")));
    }
    let options = match sent.get("options").and_then(Value::as_object) {
        Some(options) => options::accept(check::text(sent, "strategy"), options)?,
        None => Object::new(),
    };
    let taken = state.connections.iter().any(|connection| connection.get("name") == name);
    if taken || call.setup.has(Fault::NameTaken) {
        return Err(Problem::name_taken());
    }
    if call.setup.has(Fault::EntityLimit) {
        return Err(Problem::entity_limit());
    }
    let enabled = sent.get("enabled_clients").and_then(Value::as_array).into_iter().flatten();
    let clients: Vec<String> = enabled.filter_map(Value::as_str).map(str::to_owned).collect();
    if clients.iter().any(|id| state.client(id).is_none()) {
        return Err(Problem::no_client());
    }
    let mut kept = sent.clone();
    kept.remove("enabled_clients");
    kept.insert("options".to_owned(), Value::Object(options));
    let mut connection = Connection { body: complete(kept), clients };
    let reply = text_reply(201, view(&connection, call, None, &ORDER_CREATED));
    if call.setup.has(Fault::ChangedMeanwhile) {
        spoil::other_client_id(&mut connection);
    }
    state.connections.push(connection);
    Ok(reply)
}

/// PATCH /connections/{id}
pub(super) fn update(state: &mut State, call: &Call, id: &str) -> Answer {
    call.need(&["update:connections"])?;
    call.plan_allows()?;
    Query::read(call.request, &[])?;
    let body = call.body()?;
    let mut rules = SHARED.to_vec();
    rules.push(("options", Kind::ObjectOrNull));
    let sent = check::closed(&body, &rules, &[])?;
    if sent.is_empty() {
        return Err(Problem::body("Too few properties defined (0), minimum 1", None));
    }
    members(sent)?;
    if sent.contains_key("options") {
        call.need(&["update:connections_options"])?;
    }
    let connection = state.connection_mut(id).ok_or_else(Problem::no_connection)?;
    let options = match sent.get("options") {
        Some(Value::Object(options)) => Some(options::accept(connection.get("strategy"), options)?),
        Some(_) => Some(Object::new()),
        None => None,
    };
    // A display name that is left out falls back to the name; every other member left out stays.
    let name = connection.get("name").to_owned();
    connection.body.insert("display_name".to_owned(), name.into());
    for (member, value) in sent {
        connection.body.insert(member.clone(), value.clone());
    }
    if let Some(options) = options {
        connection.body.insert("options".to_owned(), Value::Object(options));
    }
    let reply = text_reply(200, view(connection, call, None, &ORDER_READ));
    if call.setup.has(Fault::ChangedMeanwhile) {
        spoil::other_client_id(connection);
    }
    Ok(reply)
}

/// DELETE /connections/{id}
pub(super) fn delete(state: &mut State, call: &Call, id: &str) -> Answer {
    call.need(&["delete:connections"])?;
    let before = state.connections.len();
    state.connections.retain(|connection| connection.get("id") != id);
    if state.connections.len() == before {
        return Ok(Reply::empty(204));
    }
    Ok(Reply::json(202, &json!({"deleted_at": now()})))
}

/// The connection as this caller may see it, in the order given.
fn view(connection: &Connection, call: &Call, query: Option<&Query>, order: &[&str]) -> String {
    let members: Vec<String> = order
        .iter()
        .filter(|member| **member != "options" || call.has("read:connections_options"))
        .filter(|member| ALWAYS.contains(*member) || query.is_none_or(|query| query.wants(member)))
        .filter_map(|member| connection.body.get(*member).map(|value| format!(r#""{member}":{value}"#)))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// The rules inside the members that are objects.
fn members(sent: &Object) -> Result<(), Problem> {
    let purposes: [(&str, &[Rule]); 2] = [
        ("authentication", &[("active", Kind::Flag)]),
        ("connected_accounts", &[("active", Kind::Flag), ("cross_app_access", Kind::Flag)]),
    ];
    for (name, rules) in purposes {
        if let Some(purpose) = sent.get(name) {
            check::closed(purpose, rules, &["active"])?;
        }
    }
    let Some(metadata) = sent.get("metadata").and_then(Value::as_object) else { return Ok(()) };
    if metadata.len() > 10 {
        let what = format!("Too many properties defined ({}), maximum 10", metadata.len());
        return Err(Problem::body(&what, Some("metadata")));
    }
    for (name, value) in metadata.iter().filter(|(_, value)| !value.is_null()) {
        check::one(value, Kind::Text(0, 255), &format!("metadata.{name}"))?;
    }
    Ok(())
}

/// Letters and digits, with single hyphens between them.
fn is_name(name: &str) -> bool {
    name.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
