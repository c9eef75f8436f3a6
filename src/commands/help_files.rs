//! `completions` and `man`: what a package ships beside the binary.

use std::path::Path;

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::console::Console;
use crate::diagnosis::{Code, Failure};

/// Prints a completion script.
pub fn completions(console: &Console, shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "fitbit-connect", &mut script);
    console.raw(&script);
}

/// Prints the man page, or writes one for each command into a folder.
///
/// # Errors
/// `file_not_writable`.
pub fn man(console: &Console, folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(complete(Cli::command()))
            .render(&mut page)
            .map_err(|error| Failure::new(Code::Unexpected, format!("the man page could not be made: {error}")))?;
        console.raw(&page);
        return Ok(());
    };
    let written =
        std::fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(complete(Cli::command()), folder));
    written.map_err(|error| {
        Failure::new(
            Code::FileNotWritable,
            format!("the man pages could not be written to {}: {error}", folder.display()),
        )
    })
}

/// A page has room for everything: without this it would name what `-h` leaves out and say nothing about it.
fn complete(command: clap::Command) -> clap::Command {
    command.mut_args(|argument| argument.hide_short_help(false)).mut_subcommands(complete)
}
