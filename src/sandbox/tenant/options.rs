//! Owns what each strategy accepts as `options` and what it makes of them before they are kept. Refuses to know where
//! they come from.

use serde_json::Value;

use super::check::{self, Kind, Object, Rule};
use super::problem::Problem;
use super::state::scope_list;

/// The scopes that the built-in Fitbit strategy knows; each is a flag of the same name too.
const FITBIT_SCOPES: [&str; 9] =
    ["activity", "heartrate", "location", "nutrition", "profile", "settings", "sleep", "social", "weight"];

/// What every strategy of the OAuth 2 family has.
const COMMON: [Rule; 3] = [
    ("set_user_root_attributes", Kind::OneOf(&["on_each_login", "on_first_login", "never_on_login"])),
    ("upstream_params", Kind::ObjectOrNull),
    ("non_persistent_attrs", Kind::Texts(96, 189)),
];

const BUILT_IN: [Rule; 2] = [("client_id", Kind::Text(0, 255)), ("client_secret", Kind::Text(0, 1024))];

const CUSTOM: [Rule; 12] = [
    ("client_id", Kind::Text(1, 128)),
    ("client_secret", Kind::Text(0, 1024)),
    ("authorizationURL", Kind::Text(1, 2048)),
    ("tokenURL", Kind::Text(1, 2048)),
    ("scripts", Kind::Object),
    ("authParams", Kind::Object),
    ("authParamsMap", Kind::Object),
    ("customHeaders", Kind::Object),
    ("fieldsMap", Kind::Object),
    ("icon_url", Kind::Text(0, 255)),
    ("pkce_enabled", Kind::Flag),
    ("useOauthSpecScope", Kind::Flag),
];

/// Members of `options` that hold so many members at most.
const CROWDED: [(&str, usize); 3] = [("authParams", 30), ("customHeaders", 30), ("authParamsMap", 21)];

/// The options as they are kept.
pub(super) fn accept(strategy: &str, options: &Object) -> Result<Object, Problem> {
    match strategy {
        "fitbit" => {
            check::open(options, &COMMON, "options.")?;
            check::open(options, &BUILT_IN, "options.")?;
            check::open(options, &FITBIT_SCOPES.map(|flag| (flag, Kind::Flag)), "options.")?;
            scope(options)?;
            Ok(two_views(options))
        }
        "oauth2" => {
            check::open(options, &COMMON, "options.")?;
            check::open(options, &CUSTOM, "options.")?;
            scope(options)?;
            custom(options)?;
            Ok(options.clone())
        }
        _ => Ok(options.clone()),
    }
}

fn scope(options: &Object) -> Result<(), Problem> {
    let kind = match options.get("scope") {
        Some(Value::String(_)) => Kind::Text(0, 4096),
        _ => Kind::Texts(20, 189),
    };
    check::open(options, &[("scope", kind)], "options.")
}

fn custom(options: &Object) -> Result<(), Problem> {
    for name in ["authorizationURL", "tokenURL", "icon_url"] {
        let address = check::text(options, name);
        let https = url::Url::parse(address).is_ok_and(|url| url.scheme() == "https" && url.has_host());
        if !address.is_empty() && !https {
            let what = format!("Object didn't pass validation for format absolute-https-uri-or-empty: {address}");
            return Err(Problem::body(&what, Some(&format!("options.{name}"))));
        }
    }
    for (name, most) in CROWDED {
        let count = options.get(name).and_then(Value::as_object).map_or(0, Object::len);
        if count > most {
            let what = format!("Too many properties defined ({count}), maximum {most}");
            return Err(Problem::body(&what, Some(&format!("options.{name}"))));
        }
    }
    if let Some(scripts) = options.get("scripts").and_then(Value::as_object) {
        let rules = [("fetchUserProfile", Kind::Text(0, 51_200)), ("getLogoutUrl", Kind::Text(0, 51_200))];
        check::open(scripts, &rules, "options.scripts.")?;
    }
    if options.contains_key("response_mode") {
        return Err(Problem::body("Additional properties not allowed: response_mode", Some("options")));
    }
    Ok(())
}

/// Flags and `scope` are two views of one thing: a flag wins over the list, a scope that is unknown is dropped without a
/// word, and both come back agreeing.
fn two_views(options: &Object) -> Object {
    let mut kept = options.clone();
    let listed = scope_list(options.get("scope"));
    let mut scope = Vec::new();
    for name in FITBIT_SCOPES {
        let wanted = match options.get(name).and_then(Value::as_bool) {
            Some(flag) => flag,
            None => listed.iter().any(|scope| scope == name),
        };
        if wanted {
            kept.insert(name.to_owned(), true.into());
            scope.push(Value::from(name));
        }
    }
    kept.insert("scope".to_owned(), Value::Array(scope));
    kept
}
