//! Owns the checks of a JSON body against the few kinds of member that the Management API knows, with its wording.
//! Refuses to know any member by name.

use serde_json::{Map, Value};

use super::problem::Problem;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// What a member may hold.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A string of so many characters at least and at most.
    Text(usize, usize),
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A boolean.
    Flag,
    /// A boolean or null.
    FlagOrNull,
    /// An array of at most so many strings, each of at most so many characters.
    Texts(usize, usize),
    /// An object.
    Object,
    /// An object or null.
    ObjectOrNull,
    /// Anything; the simulation does not use the member.
    Any,
}

/// A member and what it may hold.
pub(super) type Rule = (&'static str, Kind);

/// The body as an object in which every member has a rule, and obeys it.
pub(super) fn closed<'a>(body: &'a Value, rules: &[Rule], required: &[&str]) -> Result<&'a Object, Problem> {
    let object = as_object(body, None)?;
    let unknown: Vec<&str> =
        object.keys().map(String::as_str).filter(|name| rules.iter().all(|(known, _)| known != name)).collect();
    if !unknown.is_empty() {
        return Err(Problem::body(&format!("Additional properties not allowed: {}", unknown.join(",")), None));
    }
    if let Some(missing) = required.iter().find(|name| !object.contains_key(**name)) {
        return Err(Problem::body(&format!("Missing required property: {missing}"), None));
    }
    open(object, rules, "")?;
    Ok(object)
}

/// The members that have a rule obey it; others are let through.
pub(super) fn open(object: &Object, rules: &[Rule], inside: &str) -> Result<(), Problem> {
    for (name, kind) in rules {
        if let Some(value) = object.get(*name) {
            one(value, *kind, &format!("{inside}{name}"))?;
        }
    }
    Ok(())
}

/// The value as an object.
pub(super) fn as_object<'a>(value: &'a Value, property: Option<&str>) -> Result<&'a Object, Problem> {
    value.as_object().ok_or_else(|| wrong_type("object", value, property))
}

/// One value obeys its rule.
pub(super) fn one(value: &Value, kind: Kind, property: &str) -> Result<(), Problem> {
    let at = Some(property);
    match kind {
        Kind::Text(least, most) => {
            let length = value.as_str().ok_or_else(|| wrong_type("string", value, at))?.chars().count();
            if length < least {
                return Err(Problem::body(&format!("String is too short ({length} chars), minimum {least}"), at));
            }
            if length > most {
                return Err(Problem::body(&format!("String is too long ({length} chars), maximum {most}"), at));
            }
        }
        Kind::OneOf(values) => {
            let text = value.as_str().ok_or_else(|| wrong_type("string", value, at))?;
            if !values.contains(&text) {
                return Err(Problem::body(&format!("No enum match for: {text}"), at));
            }
        }
        Kind::Flag if !value.is_boolean() => return Err(wrong_type("boolean", value, at)),
        Kind::Texts(items, characters) => {
            let list = value.as_array().ok_or_else(|| wrong_type("array", value, at))?;
            if list.len() > items {
                return Err(Problem::body(&format!("Array is too long ({}), maximum {items}", list.len()), at));
            }
            for (index, item) in list.iter().enumerate() {
                one(item, Kind::Text(0, characters), &format!("{property}[{index}]"))?;
            }
        }
        Kind::Object if !value.is_object() => return Err(wrong_type("object", value, at)),
        Kind::ObjectOrNull if !value.is_object() && !value.is_null() => return Err(wrong_type("object", value, at)),
        Kind::FlagOrNull if !value.is_boolean() && !value.is_null() => return Err(wrong_type("boolean", value, at)),
        Kind::Flag | Kind::FlagOrNull | Kind::Object | Kind::ObjectOrNull | Kind::Any => {}
    }
    Ok(())
}

/// The refusal of a value of another type.
pub(super) fn wrong_type(expected: &str, found: &Value, property: Option<&str>) -> Problem {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Problem::body(&format!("Expected type {expected} but found type {found}"), property)
}

/// A string member of an object; empty when there is none.
pub(super) fn text<'a>(object: &'a Object, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
