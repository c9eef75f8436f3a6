//! Owns how a profile goes out of the settings: with what is about it, and without what stands there on its own.

use toml_edit::{Item, Table};

use super::Settings;
use crate::ids::ProfileName;

impl Settings {
    /// Takes a profile out of the document; whether it was there. Comments that an empty line parts from the profile below them
    /// are not about it, and stay. Nothing is written yet.
    pub fn take_out(&mut self, name: &ProfileName) -> bool {
        let before = self.document.to_string();
        let profiles = self.document.get_mut("profiles").and_then(Item::as_table_like_mut);
        let removed = profiles.and_then(|profiles| profiles.remove(name.as_str()));
        if let Some(Item::Table(table)) = &removed {
            self.keep_comments(table);
        }
        let names_default = self.document.get("default_profile").and_then(Item::as_str) == Some(name.as_str());
        if names_default {
            self.document.remove("default_profile");
        }
        // What stands above `default_profile` at the head of the file is about the file.
        let (head, after) = (head_of(&before, names_default), self.document.to_string());
        if !after.starts_with(head)
            && let Ok(with_head) = format!("{head}{after}").parse()
        {
            self.document = with_head;
        }
        removed.is_some()
    }

    /// Puts what stands above a table that was removed above the next one, or at the end.
    fn keep_comments(&mut self, removed: &Table) {
        let above =
            |table: &Table| table.decor().prefix().and_then(|text| text.as_str()).unwrap_or_default().to_owned();
        let prefix = above(removed);
        let kept = head_of(&prefix, false);
        if !kept.contains('#') {
            return;
        }
        let tables = self.document.get_mut("profiles").and_then(Item::as_table_mut).into_iter();
        let next = tables
            .flat_map(|profiles| profiles.iter_mut())
            .filter_map(|(_, item)| item.as_table_mut())
            .filter(|table| table.position() > removed.position())
            .min_by_key(|table| table.position());
        match next {
            Some(table) => {
                let below = above(table);
                table.decor_mut().set_prefix(format!("{kept}{below}"));
            }
            None => {
                let end = self.document.trailing().as_str().unwrap_or_default().to_owned();
                self.document.set_trailing(format!("{kept}{end}"));
            }
        }
    }
}

/// The comments at the head of a text, up to the empty line that parts them from what follows; or up to what follows.
fn head_of(text: &str, whole: bool) -> &str {
    let (mut at, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        let words = line.trim();
        if !words.is_empty() && !words.starts_with('#') {
            break;
        }
        at += line.len();
        if words.is_empty() || whole {
            end = at;
        }
    }
    &text[..end]
}
