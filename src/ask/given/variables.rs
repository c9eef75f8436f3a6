//! Owns the environment as this program sees it: a snapshot, wiped when it goes.
//!
//! Refuses to be printed: it may hold secrets.

use std::collections::HashMap;

use crate::ask::{self, Field};

/// A snapshot of the environment, which may hold secrets and so is not printable, and is wiped; an empty variable counts as
/// unset.
#[derive(Clone, Default)]
pub struct Variables(HashMap<String, String>);

impl Drop for Variables {
    fn drop(&mut self) {
        self.0.values_mut().for_each(zeroize::Zeroize::zeroize);
    }
}

impl Variables {
    /// From pairs.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a variable is set to nothing, for a library that takes this for a value.
    pub fn is_blank(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(String::is_empty)
    }

    /// The names of those whose value is like this.
    pub fn names_where(&self, is_one: impl Fn(&str) -> bool) -> Vec<String> {
        self.0.iter().filter(|(_, value)| is_one(value)).map(|(name, _)| name.clone()).collect()
    }

    /// Those of some fields alone.
    pub fn among(&self, fields: &[Field]) -> Self {
        let of = |name: &str| fields.iter().any(|field| field.variables.contains(&name));
        Self::new(self.0.iter().filter(|(name, _)| of(name)).map(|(name, value)| (name.clone(), value.clone())))
    }

    /// The values that are secrets.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        [&ask::CLIENT_SECRET, &ask::MANAGEMENT_SECRET, &ask::TOKEN]
            .into_iter()
            .filter_map(|field| self.of(field))
            .map(|(text, _)| text)
    }

    /// The first variable of a field that is set, with its name.
    pub fn of(&self, field: &Field) -> Option<(&str, &'static str)> {
        field.variables.iter().find_map(|name| {
            let value = self.get(name)?.trim();
            (!value.is_empty()).then_some((value, *name))
        })
    }
}
