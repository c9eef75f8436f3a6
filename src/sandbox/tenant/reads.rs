//! Owns the Management API calls that only read: custom domains, tenant settings, users, logs. Refuses to show providers'
//! tokens without the scope for them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::api::Call;
use super::check::{Object, text};
use super::problem::{Answer, Problem};
use super::query::{Query, Takes, paging, text_reply};
use super::state::{State, moment};
use crate::sandbox::facts::CUSTOM_DOMAIN;
use crate::sandbox::faults::Fault;
use crate::sandbox::web::Reply;

/// What `fields` of a user may name.
const USER_FIELDS: [&str; 19] = [
    "phone_number",
    "email",
    "email_verified",
    "picture",
    "username",
    "user_id",
    "name",
    "nickname",
    "created_at",
    "identities",
    "app_metadata",
    "user_metadata",
    "last_ip",
    "last_login",
    "logins_count",
    "updated_at",
    "blocked",
    "family_name",
    "given_name",
];

/// What an identity of a user holds that only `read:user_idp_tokens` shows.
const TOKENS: [&str; 4] = ["access_token", "access_token_secret", "refresh_token", "expires_in"];

const LOG_FIELDS: [&str; 13] = [
    "date",
    "connection",
    "client_id",
    "client_name",
    "ip",
    "user_id",
    "user_name",
    "description",
    "user_agent",
    "type",
    "details",
    "strategy",
    "strategy_type",
];

/// How late entries of the log are with a fault.
const LATE: SignedDuration = SignedDuration::from_secs(2);

/// GET /custom-domains
pub(super) fn custom_domains(call: &Call) -> Answer {
    call.need(&["read:custom_domains"])?;
    let known = [
        ("take", Takes::Whole(1, 100)),
        ("from", Takes::Text),
        ("q", Takes::Text),
        ("fields", Takes::Text),
        ("include_fields", Takes::Flag),
        ("sort", Takes::ListOf(&["domain:1"])),
    ];
    let query = Query::read(call.request, &[&known])?;
    let mut domains = Vec::new();
    if call.setup.has_login_domain() {
        let domain = json!({
            "custom_domain_id": "cd_0000000000000001",
            "domain": CUSTOM_DOMAIN,
            "primary": true,
            "is_default": true,
            "status": "ready",
            "type": "auth0_managed_certs",
            "origin_domain_name": "acme-cd-0000000000000001.edge.tenants.sandbox.test",
            "verification": {"methods": []},
            "tls_policy": "recommended",
        });
        domains.push(domain.to_string());
    }
    query.page(&domains, "custom_domains")
}

/// GET /tenants/settings
pub(super) fn settings(call: &Call) -> Answer {
    call.need(&["read:tenant_settings"])?;
    let known = [("fields", Takes::Text), ("include_fields", Takes::Flag)];
    let query = Query::read(call.request, &[&known])?;
    let all = json!({
        "friendly_name": "Acme (sandbox)",
        "picture_url": "",
        "support_email": "",
        "support_url": "",
        "default_audience": "",
        "default_directory": "",
        "enabled_locales": ["en"],
        "session_lifetime": 168,
        "idle_session_lifetime": 72,
        "sandbox_version": "22",
        "flags": {
            "enable_client_connections": true,
            "enable_pipeline2": true,
            "enable_apis_section": false,
            "disable_impersonation": true,
            "enable_dynamic_client_registration": false,
        },
    });
    Ok(Reply::json(200, &chosen(all.as_object(), &query)))
}

/// GET /users/{id}
pub(super) fn user(state: &State, call: &Call, id: &str) -> Answer {
    call.need(&["read:users"])?;
    let known = [("fields", Takes::ListOf(&USER_FIELDS)), ("include_fields", Takes::Flag)];
    let query = Query::read(call.request, &[&known])?;
    if !id.split_once('|').is_some_and(|(provider, rest)| !provider.is_empty() && !rest.is_empty()) {
        let what = format!("String does not match pattern ^.+\\|.+$: {id}");
        return Err(Problem::path(&what, "id (The user_id of the user to retrieve)"));
    }
    let user = state.user(id);
    let user = user.ok_or_else(|| Problem::new(404, Some("inexistent_user"), "The user does not exist."))?;
    let mut shown = chosen(Some(user), &query);
    if !call.has("read:user_idp_tokens") {
        for identity in shown.get_mut("identities").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(identity) = identity.as_object_mut() {
                identity.retain(|member, _| !TOKENS.contains(&member.as_str()));
            }
        }
    }
    Ok(Reply::json(200, &shown))
}

/// GET /logs
pub(super) fn logs(state: &State, call: &Call) -> Answer {
    call.need(&["read:logs", "read:logs_users"])?;
    let own = [
        ("q", Takes::Text),
        ("search", Takes::Text),
        ("sort", Takes::Text),
        ("fields", Takes::ListOf(&LOG_FIELDS)),
        ("include_fields", Takes::Flag),
    ];
    let query = Query::read(call.request, &[&own, &paging(0)])?;
    let search = query.text("q").or(query.text("search")).unwrap_or_default();
    let late = call.setup.has(Fault::LogsLate);
    let until = moment(if late { Timestamp::now() - LATE } else { Timestamp::MAX });
    let mut found: Vec<&Object> = state
        .logs
        .iter()
        .filter_map(Value::as_object)
        .filter(|entry| text(entry, "date") <= until.as_str() && matches(entry, search))
        .collect();
    let (by, order) = query.text("sort").unwrap_or("date:-1").split_once(':').unwrap_or_default();
    if !LOG_FIELDS.contains(&by) || !["1", "-1"].contains(&order) {
        return Err(Problem::query("String does not match pattern", Some("sort")));
    }
    // Entries of the same moment keep their order, newest first where the newest comes first.
    found.sort_by(|one, other| (text(one, by), text(one, "log_id")).cmp(&(text(other, by), text(other, "log_id"))));
    if order == "-1" {
        found.reverse();
    }
    let entries: Vec<String> = found.into_iter().map(|entry| chosen(Some(entry), &query).to_string()).collect();
    if query.text("from").is_none() && query.text("take").is_none() {
        return query.page(&entries, "logs");
    }
    checkpoint(&entries, &query)
}

/// Logs by checkpoint come as a bare array: `from` is the identifier of the last entry seen.
fn checkpoint(entries: &[String], query: &Query) -> Answer {
    let after = format!(r#""log_id":"{}""#, query.text("from").unwrap_or_default());
    let take = query.text("take").and_then(|take| take.parse().ok()).unwrap_or(50);
    let skip = entries.iter().position(|entry| entry.contains(&after)).map_or(0, |seen| seen + 1);
    let page: Vec<&str> = entries.iter().skip(skip).take(take).map(String::as_str).collect();
    Ok(text_reply(200, format!("[{}]", page.join(","))))
}

/// The members asked for.
fn chosen(all: Option<&Object>, query: &Query) -> Value {
    let members = all.into_iter().flatten().filter(|(name, _)| query.wants(name));
    Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// `field:value` terms joined by AND, values in quotes or not; case matters, as it does there.
fn matches(entry: &Object, search: &str) -> bool {
    search.split(" AND ").map(str::trim).filter(|term| !term.is_empty()).all(|term| match term.split_once(':') {
        Some((field, wanted)) => {
            let wanted = wanted.trim().trim_matches('"');
            let one_of = wanted.trim_matches(['(', ')']).split(" OR ");
            wanted == "*" || one_of.map(|one| one.trim().trim_matches('"')).any(|one| text(entry, field) == one)
        }
        None => text(entry, "description").contains(term.trim_matches('"')),
    })
}
