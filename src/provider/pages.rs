//! Owns the shape of a walk through a provider's console: pages, fields, and what goes into each. Refuses to know a
//! provider (each names its own pages) and to say how a page is shown.

use super::{Provider, fitbit, google_health};

/// What the provider's registration form is filled in with.
#[derive(Clone, Copy, Debug)]
pub struct FormValues<'a> {
    /// The callback URL of each login domain.
    pub callbacks: &'a [String],
    /// The loopback URL for a direct test.
    pub loopback: &'a str,
    /// Short scope names.
    pub scopes: &'a [String],
}

/// One page of a provider's console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsolePage {
    /// As the console calls it, for example `Branding`.
    pub title: &'static str,
    /// The page to open: https, on a host of the provider, and an address that its documentation gives.
    pub url: &'static str,
    /// The gcloud line that does the same, where one exists; what the person fills in is in capitals.
    pub command: Option<&'static str>,
    /// What the page asks for, in its order.
    pub fields: Vec<FormField>,
    /// The usual mistake at this place, in one or two short sentences.
    pub trap: Option<&'static str>,
}

/// One field of a registration form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// The field's own label, or what its value is for where several values go into one field.
    pub label: &'static str,
    /// What goes into it.
    pub value: FieldValue,
}

/// What goes into a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// Exactly this text, to copy.
    Copy(String),
    /// What to choose, tick or press in the form: a fixed label such as "Web application".
    Choose(&'static str),
    /// The person's own choice, in words.
    Own(&'static str),
}

impl FormField {
    pub(super) fn copy(label: &'static str, value: impl Into<String>) -> Self {
        Self { label, value: FieldValue::Copy(value.into()) }
    }

    /// The text to copy, when the field has one.
    pub fn to_copy(&self) -> Option<&str> {
        match &self.value {
            FieldValue::Copy(value) => Some(value),
            FieldValue::Choose(_) | FieldValue::Own(_) => None,
        }
    }

    pub(super) fn choose(label: &'static str, value: &'static str) -> Self {
        Self { label, value: FieldValue::Choose(value) }
    }

    pub(super) fn own(label: &'static str, words: &'static str) -> Self {
        Self { label, value: FieldValue::Own(words) }
    }
}

impl Provider {
    /// Every page of the provider's console that a registration goes through, in the order in which they are met.
    pub fn console_pages(self, values: &FormValues) -> Vec<ConsolePage> {
        match self {
            Self::Fitbit => fitbit::console_pages(values),
            Self::GoogleHealth => google_health::console_pages(values),
        }
    }
}
