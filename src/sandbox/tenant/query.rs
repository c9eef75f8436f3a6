//! Owns the Management API's query parameters: which are known, what they may hold, and the two ways of paging. Refuses
//! an unknown or repeated parameter.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::problem::Problem;
use crate::sandbox::web::{Reply, Request, find};

/// Entries of a page when nothing is said.
const PAGE: usize = 50;

/// What a query parameter may hold.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number of at least and at most.
    Whole(usize, usize),
    /// A comma list of these.
    ListOf(&'static [&'static str]),
    /// One of these, and the parameter may be repeated.
    Repeated(&'static [&'static str]),
}

/// The offset and the checkpoint parameters, for pages of at least `least` entries and at most 100.
pub(super) const fn paging(least: usize) -> [(&'static str, Takes); 5] {
    [
        ("page", Takes::Whole(0, usize::MAX)),
        ("per_page", Takes::Whole(least, 100)),
        ("include_totals", Takes::Flag),
        ("from", Takes::Text),
        ("take", Takes::Whole(1, 100)),
    ]
}

/// A query in which every parameter is known and well-formed.
pub(super) struct Query<'a> {
    pairs: &'a [(String, String)],
}

impl<'a> Query<'a> {
    pub(super) fn read(request: &'a Request, known: &[&[(&str, Takes)]]) -> Result<Self, Problem> {
        let pairs = &request.query;
        for (index, (name, value)) in pairs.iter().enumerate() {
            let Some((_, takes)) = known.iter().copied().flatten().find(|(known, _)| known == name) else {
                return Err(Problem::query(&format!("Additional properties not allowed: {name}"), None));
            };
            let first = pairs.iter().position(|(other, _)| other == name) == Some(index);
            if !first && !matches!(takes, Takes::Repeated(_)) {
                return Err(Problem::query("Expected type string but found type array", Some(name)));
            }
            accept(name, value, *takes)?;
        }
        Ok(Self { pairs })
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        find(self.pairs, name)
    }

    pub(super) fn all(&self, name: &str) -> Vec<&'a str> {
        self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.text(name).map(|value| value == "true")
    }

    fn whole(&self, name: &str) -> Option<usize> {
        self.text(name)?.parse().ok()
    }

    /// Whether a member is asked for, by `fields` and `include_fields`.
    pub(super) fn wants(&self, member: &str) -> bool {
        let Some(fields) = self.text("fields").filter(|fields| !fields.is_empty()) else { return true };
        fields.split(',').any(|field| field == member) == self.flag("include_fields").unwrap_or(true)
    }

    /// The page asked for, of entries that are JSON texts already, under `member` where the answer is an object.
    pub(super) fn page(&self, entries: &[String], member: &str) -> Result<Reply, Problem> {
        if self.text("from").is_some() || self.text("take").is_some() {
            return self.checkpoint(entries, member);
        }
        let limit = self.whole("per_page").unwrap_or(PAGE);
        let start = self.whole("page").unwrap_or(0).saturating_mul(limit);
        let page: Vec<&str> = entries.iter().skip(start).take(limit).map(String::as_str).collect();
        let list = format!("[{}]", page.join(","));
        if self.flag("include_totals") != Some(true) {
            return Ok(text_reply(200, list));
        }
        let (length, total) = (page.len(), entries.len());
        let head = format!(r#""start":{start},"limit":{limit},"length":{length},"total":{total}"#);
        Ok(text_reply(200, format!(r#"{{{head},"{member}":{list}}}"#)))
    }

    /// The page asked for by `from` and `take`, always an object.
    pub(super) fn checkpoint(&self, entries: &[String], member: &str) -> Result<Reply, Problem> {
        let start = match self.text("from") {
            Some(from) => position(from).ok_or_else(|| Problem::query("Invalid checkpoint", Some("from")))?,
            None => 0,
        };
        let take = self.whole("take").unwrap_or(PAGE);
        let page: Vec<&str> = entries.iter().skip(start).take(take).map(String::as_str).collect();
        let list = page.join(",");
        let next = start.saturating_add(take);
        if next >= entries.len() {
            return Ok(text_reply(200, format!(r#"{{"{member}":[{list}]}}"#)));
        }
        let next = URL_SAFE_NO_PAD.encode(format!("after:{next}"));
        Ok(text_reply(200, format!(r#"{{"{member}":[{list}],"next":"{next}"}}"#)))
    }
}

fn position(from: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(from).ok()?).ok()?;
    text.strip_prefix("after:")?.parse().ok()
}

fn accept(name: &str, value: &str, takes: Takes) -> Result<(), Problem> {
    let refuse = |what: String| Err(Problem::query(&what, Some(name)));
    match takes {
        Takes::Text => Ok(()),
        Takes::Flag if value == "true" || value == "false" => Ok(()),
        Takes::Flag => refuse("Expected type boolean but found type string".to_owned()),
        Takes::Whole(least, most) => match value.parse::<usize>() {
            Err(_) => refuse("Expected type integer but found type string".to_owned()),
            Ok(number) if number < least => refuse(format!("Value {number} is less than minimum {least}")),
            Ok(number) if number > most => refuse(format!("Value {number} is greater than maximum {most}")),
            Ok(_) => Ok(()),
        },
        Takes::ListOf(allowed) if value.split(',').all(|item| allowed.contains(&item)) => Ok(()),
        Takes::ListOf(allowed) => refuse(format!(
            "String '{value}' does not match pattern. Must be a comma separated list of the following values: {}",
            allowed.join(",")
        )),
        Takes::Repeated(allowed) if allowed.contains(&value) => Ok(()),
        Takes::Repeated(_) => refuse(format!("No enum match for: {value}")),
    }
}

/// A JSON reply whose text is made already, so that the order of its members is ours.
pub(super) fn text_reply(status: u16, text: String) -> Reply {
    let mut reply = Reply::empty(status).with("content-type", "application/json; charset=utf-8");
    reply.body = text.into_bytes();
    reply
}
