//! `fitbit-connect`: set up "log in with Fitbit" on an Auth0 tenant, and verify the whole chain.
//!
//! # The idea
//!
//! `setup` gathers a few values, shows a plan, and makes the plan true. `test` looks at the same things without changing any.
//! So the program is six steps, and most of a step is a read-only check; a step that can change something also applies.
//! `setup` = check, apply where it differs, check again. Convergence replaces resume files, rollback and clean-up.
//!
//! A dialogue converges too: a pass over the steps asks for what is open and verifies what is there, and does neither twice.
//! Going back, changing an answer at the plan and mending a failure all take an answer away and make another pass
//! ([`commands::setup`]); a script makes the same pass, with nobody to ask.
//!
//! # The floors, top to bottom; every arrow points down
//!
//! | floor | rooms |
//! |---|---|
//! | the door | `main`, this file |
//! | what a user runs | [`commands`], [`report`] |
//! | what it is made of | [`steps`] (what `setup` does), [`login`] (the part that needs a person), [`checks`] (what both verify) |
//! | put together once | [`world`], [`process`], [`simulated`] (how a client is pointed at the sandbox) |
//! | what is given | [`ask`] (the inputs), [`cli`] (the words of the command line, as data) |
//! | the other side | [`auth0`], [`oauth`], [`loopback`], [`sandbox`] |
//! | effects | [`vault`], [`http`], [`browser`], [`settings`], [`cancel`], [`lock`], [`files`] (written whole or not at all) |
//! | facts and words | [`provider`], [`console`], [`diagnosis`], [`finding`] |
//! | values | [`ids`], [`endpoints`], [`secret`], [`jwt`], [`text`] |
//!
//! # Rules that carry weight
//!
//! - The [`sandbox`] uses no shape of the client: it reads and writes JSON by the documented names on its own. What a
//!   client is told about it stands in [`simulated`]; its robot is a browser and uses the client's HTTP.
//! - [`auth0`], [`oauth`] and [`provider`] never print and never ask: values in, values out.
//! - Three traits of consequence, because three things hurt in tests: [`ask::Ask`], [`browser::Browser`], [`vault::Vault`].
//!   HTTP is tested against the sandbox over loopback.
//! - One door per effect: variables in [`process`], printing in [`console`], sockets in [`loopback`] and [`sandbox`], the HTTP
//!   client in [`http`], the keychain in [`vault`], the terminal's questions in [`ask::prompt`], [`ask::plain`] and [`ask::keys`].
//! - The program never asks whether it is being tested.
//!
//! # Where a change goes
//!
//! A new input: a field in [`ask`], a flag in [`cli`]. A new thing that can go wrong: a row in [`diagnosis`].
//! What is looked at after a login that failed: [`login::after`]. A new fact that
//! is verified: a function in [`checks`]. A new fault of the simulator: a line in [`sandbox::faults`].
//! A variable that may be behind a failure: a line in `world/shadow.rs`. What a command in a cure says again, or must not:
//! `world/known.rs`. What has to stand in the settings before a secret
//! is kept: [`steps::local`]. What somebody is told who has the dashboard and no Management API: [`steps::manual`].

#![warn(clippy::disallowed_methods)]

pub mod ask;
pub mod auth0;
pub mod browser;
pub mod cancel;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod console;
pub mod diagnosis;
pub mod endpoints;
pub mod files;
pub mod finding;
pub mod http;
pub mod ids;
pub mod jwt;
pub mod lock;
pub mod login;
pub mod loopback;
pub mod oauth;
pub mod process;
pub mod provider;
pub mod report;
pub mod sandbox;
pub mod secret;
pub mod settings;
pub mod simulated;
pub mod steps;
pub mod text;
pub mod vault;
pub mod world;

use std::ffi::OsString;
use std::sync::Arc;

use clap::Parser as _;

use cli::{Cli, Command};
use console::{Colour, Console};
use diagnosis::{Code, Exit, Failure};
use process::Process;
use world::{Needs, World};

/// Runs the program once; a test can call it twice.
///
/// `interrupted` is told where to print should Ctrl-C end the process.
pub fn run(args: Vec<OsString>, process: &Process, interrupted: impl FnOnce(Arc<Console>)) -> Exit {
    if let Err(failure) = ask::given::refuse_secrets_on_the_command_line(&args) {
        bare_console(&args, process).finish(failure.exit(), Some(&failure));
        return failure.exit();
    }
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return refused(&args, process, &error),
    };
    let (global, plain) = (&cli.global, process.is_plain(&cli.global));
    let console = Arc::new(Console::new(global.json, global.color, plain, command_name(&cli.command)));
    interrupted(Arc::clone(&console));
    let (exit, failure) = match dispatch(&cli, process, &console) {
        Ok(()) => (Exit::Done, None),
        Err(error) => {
            let failure = report::name(&error);
            (failure.exit(), Some(failure))
        }
    };
    // A warning's code ends with 0 in the table; as an error it is still a failure.
    let exit = if failure.is_some() && exit == Exit::Done { Exit::Unexpected } else { exit };
    let prints_document =
        !matches!(cli.command, Command::Sandbox(_) | Command::Completions { .. } | Command::Man { .. });
    if prints_document || failure.is_some() {
        console.finish(exit, failure.as_ref());
    }
    // A full disk behind stdout: the result did not arrive.
    if console.is_written() || exit != Exit::Done {
        return exit;
    }
    let message = "stdout cannot be written: the result is not there, or not whole";
    console.failure(&Failure::new(Code::FileNotWritable, message).with_hint("Send it to a file with room for it"));
    Exit::Service
}

fn dispatch(cli: &Cli, process: &Process, console: &Arc<Console>) -> anyhow::Result<()> {
    let build = |needs: &Needs| World::build(process, &cli.global, console, needs);
    match &cli.command {
        Command::Setup(args) => {
            let (inputs, writes) = (Some(&args.inputs), !args.dry_run);
            let world = build(&Needs { inputs, confirmed: args.yes, writes, ..Needs::default() })?;
            commands::setup::run(&world, args)?;
        }
        Command::Test(args) => {
            let needs =
                Needs { inputs: Some(&args.inputs), configured: true, settings_must_exist: true, ..Needs::default() };
            commands::test::run(&|| build(&needs), args)?;
        }
        Command::Status => commands::status::run(&build(&Needs { settings_must_exist: true, ..Needs::default() })?)?,
        Command::Remove(args) => {
            let inputs = args.inputs();
            let inputs = Some(&inputs);
            let needs = Needs { inputs, settings_must_exist: true, writes: true, ..Needs::default() };
            commands::remove::run(&build(&needs)?, args)?;
        }
        Command::Explain(args) => commands::explain::run(
            console,
            &|text| world::values_for(&process.variables, &cli.global, text, console),
            args,
        )?,
        Command::Sandbox(args) => commands::sandbox::run(console, &process.cancel, args)?,
        Command::Completions { shell } => commands::help_files::completions(console, *shell),
        Command::Man { dir } => commands::help_files::man(console, dir.as_deref())?,
    }
    Ok(())
}

fn command_name(command: &Command) -> &'static str {
    match command {
        Command::Setup(_) => "setup",
        Command::Test(_) => "test",
        Command::Status => "status",
        Command::Remove(_) => "remove",
        Command::Explain(_) => "explain",
        Command::Sandbox(_) => "sandbox",
        Command::Completions { .. } => "completions",
        Command::Man { .. } => "man",
    }
}

/// What clap did not take: help and version are results, everything else is an input error, as JSON when JSON was asked for.
fn refused(args: &[OsString], process: &Process, error: &clap::Error) -> Exit {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A closed pipe is no failure of ours.
            let _ = error.print();
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Exit::Input
        }
        _ => {
            bare_console(args, process).finish(Exit::Input, Some(&report::usage(error, command_in(args))));
            Exit::Input
        }
    }
}

/// A console for arguments that were not parsed.
fn bare_console(args: &[OsString], process: &Process) -> Console {
    let given = |flag: &str| args.iter().any(|arg| arg == flag);
    Console::new(given("--json"), Colour::Auto, process.is_plain_with(given("--plain")), command_in(args))
}

/// The command that was probably meant.
fn command_in(args: &[OsString]) -> &str {
    let names = ["setup", "test", "status", "remove", "explain", "sandbox", "completions", "man"];
    args.iter().filter_map(|arg| arg.to_str()).find(|arg| names.contains(arg)).unwrap_or_default()
}

/// The exit code of a process that Ctrl-C ends at once, after its last word.
pub fn cancelled(console: &Console) -> Exit {
    let failure = diagnosis::Failure::cancelled();
    console.leaves_behind();
    console.finish(Exit::Cancelled, Some(&failure));
    console.falls_silent();
    Exit::Cancelled
}
