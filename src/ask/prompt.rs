//! Owns the questions on a terminal (dialoguer lives here alone). Refuses to decide what is asked.

use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, Input, MultiSelect, Password, Select};

use super::Ask;
use crate::console::clean;
use crate::diagnosis::{Code, Failure};
use crate::secret::Secret;

/// A person at a terminal.
pub struct Person {
    colour: bool,
}

impl Person {
    /// `colour`: whether the terminal wants it.
    pub fn new(colour: bool) -> Self {
        Self { colour }
    }

    fn theme(&self) -> Box<dyn Theme> {
        if self.colour { Box::new(ColorfulTheme::default()) } else { Box::new(SimpleTheme) }
    }
}

fn gone(error: dialoguer::Error) -> Failure {
    let dialoguer::Error::IO(error) = error;
    if error.kind() == std::io::ErrorKind::Interrupted {
        cancelled()
    } else {
        Failure::new(Code::InputMissing, format!("the terminal cannot be asked: {error}"))
    }
}

fn cancelled() -> Failure {
    Failure::new(Code::Cancelled, "cancelled; nothing more was changed")
}

impl Ask for Person {
    fn text(&self, question: &str, check: &dyn Fn(&str) -> Result<(), String>) -> Result<String, Failure> {
        let theme = self.theme();
        let input = Input::<String>::with_theme(&*theme)
            .with_prompt(question)
            .validate_with(|text: &String| check(text.trim()));
        input.interact_text().map(|text| text.trim().to_owned()).map_err(gone)
    }

    fn secret(&self, question: &str, check: &dyn Fn(&str) -> Result<(), String>) -> Result<Secret, Failure> {
        let theme = self.theme();
        let mut empty = 0;
        loop {
            // An empty line is also what Ctrl-D gives: asking for ever would be a trap.
            let text = Password::with_theme(&*theme)
                .with_prompt(question)
                .allow_empty_password(true)
                .report(false)
                .interact()
                .map_err(gone)?;
            let secret = Secret::new(text.trim().to_owned());
            drop(Secret::new(text));
            if secret.is_empty() {
                empty += 1;
                if empty == 3 {
                    return Err(cancelled());
                }
                crate::console::terminal_line("  It is needed here; Ctrl-C ends without it");
                continue;
            }
            match check(secret.expose()) {
                Ok(()) => return Ok(secret),
                Err(why) => crate::console::terminal_line(&format!("  {why}")),
            }
        }
    }

    fn choose(&self, question: &str, items: &[String], default: usize) -> Result<usize, Failure> {
        let items: Vec<String> = items.iter().map(|item| clean(item)).collect();
        Select::with_theme(&*self.theme())
            .with_prompt(question)
            .items(&items)
            .default(default)
            .interact_opt()
            .map_err(gone)?
            .ok_or_else(cancelled)
    }

    fn choose_many(&self, question: &str, items: &[String], selected: &[bool]) -> Result<Vec<usize>, Failure> {
        let items: Vec<String> = items.iter().map(|item| clean(item)).collect();
        loop {
            let chosen = MultiSelect::with_theme(&*self.theme())
                .with_prompt(question)
                .items(&items)
                .defaults(selected)
                .max_length(12)
                .interact_opt()
                .map_err(gone)?
                .ok_or_else(cancelled)?;
            if !chosen.is_empty() {
                return Ok(chosen);
            }
            crate::console::terminal_line("  Select at least one with the space bar");
        }
    }

    fn confirm(&self, question: &str, default: bool) -> Result<bool, Failure> {
        Confirm::with_theme(&*self.theme())
            .with_prompt(question)
            .default(default)
            .interact_opt()
            .map_err(gone)?
            .ok_or_else(cancelled)
    }
}
