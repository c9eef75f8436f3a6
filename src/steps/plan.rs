//! Owns the plan: what will be created, changed and left alone, and where, shown before the first write.

use crate::console::Console;

/// One line of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Where the lines that follow take effect.
    Section(String),
    /// Something new.
    Create(String),
    /// Something changes.
    Change(String),
    /// A detail of the line before.
    Detail(String),
    /// What is there now, and goes.
    Before(String),
    /// What takes its place.
    After(String),
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

    /// Says where what follows takes effect.
    pub fn section(&mut self, place: String) {
        self.add(Item::Section(place));
    }

    /// Adds what a value is now and what it becomes.
    pub fn differs(&mut self, name: &str, now: Option<&str>, wanted: Option<&str>) {
        self.0.extend(now.map(|now| Item::Before(format!("{name}: {now}"))));
        self.0.extend(wanted.map(|wanted| Item::After(format!("{name}: {wanted}"))));
    }

    /// Whether nothing would be written.
    pub fn is_empty(&self) -> bool {
        !self.0.iter().any(|item| matches!(item, Item::Create(_) | Item::Change(_)))
    }

    /// Shows it.
    pub fn show(&self, console: &Console, title: &str) {
        console.title(title);
        for item in &self.0 {
            match item {
                Item::Section(place) => console.say(&format!("  {place}")),
                Item::Create(what) => console.plan_line('+', what),
                Item::Change(what) => console.plan_line('~', what),
                Item::Keep(what) => console.plan_line('=', what),
                Item::Detail(what) => console.say(&format!("        {what}")),
                Item::Before(what) => console.say(&format!("      - {what}")),
                Item::After(what) => console.say(&format!("      + {what}")),
            }
        }
    }
}
