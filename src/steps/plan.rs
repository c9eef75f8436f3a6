//! Owns the plan: what will be created, changed and left alone, shown before the first write.

use crate::console::Console;

/// One line of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Something new.
    Create(String),
    /// Something changes.
    Change(String),
    /// A detail of the line before.
    Detail(String),
    /// Something is right already.
    Keep(String),
}

/// Everything that `setup` is about to do.
#[derive(Debug, Default)]
pub struct Plan(Vec<Item>);

impl Plan {
    /// Adds a line.
    pub fn add(&mut self, item: Item) {
        self.0.push(item);
    }

    /// Whether nothing would be written.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|item| matches!(item, Item::Keep(_) | Item::Detail(_)))
    }

    /// Shows it; `where_to` names the tenant.
    pub fn show(&self, console: &Console, where_to: &str) {
        console.title(&format!("Plan for {where_to}"));
        for item in &self.0 {
            console.say(&match item {
                Item::Create(what) => format!("  + {what}"),
                Item::Change(what) => format!("  ~ {what}"),
                Item::Detail(what) => format!("      {what}"),
                Item::Keep(what) => format!("  = {what}"),
            });
        }
    }
}
