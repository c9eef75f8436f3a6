//! Help and discovery: what `-h`, `--help`, `completions` and `man` show, and what somebody reads who mistyped a word.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};

use clap::{CommandFactory as _, Parser as _};
use common::{Environment, Output, files_below};
use fitbit_connect::ask::FIELDS;
use fitbit_connect::cli::Cli;
use fitbit_connect::diagnosis::Code;

const COMMANDS: [&str; 8] = ["setup", "test", "status", "remove", "explain", "sandbox", "completions", "man"];

/// A page of help in a terminal of 80 columns; no command is the program itself.
fn help(command: &str, flag: &str) -> Output {
    let args: Vec<&str> = [command, flag].into_iter().filter(|arg| !arg.is_empty()).collect();
    let output = Environment::new().with("COLUMNS", "80").run(&args).exits(0);
    assert_eq!(output.stderr, "", "help is a result");
    output
}

fn program_and_commands() -> impl Iterator<Item = &'static str> {
    [""].into_iter().chain(COMMANDS)
}

/// The lines below `Examples:`.
fn examples(help: &str) -> Vec<&str> {
    let (_, below) = help.split_once("\nExamples:\n").unwrap();
    below.lines().take_while(|line| line.starts_with("  ")).map(str::trim).collect()
}

/// The words of one call of this program in a line of shell: quoted ones as one, and nothing of what stands around it.
fn words(line: &str) -> Vec<String> {
    let call = &line[line.find("fitbit-connect").unwrap()..];
    let call = call.split(['<', '>', '|', ')']).next().unwrap();
    let mut words = Vec::new();
    for (n, part) in call.split('"').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[test]
fn the_short_help_of_every_command_fits_a_screen_and_points_to_the_long_one() {
    for command in program_and_commands() {
        let output = help(command, "-h");
        assert!(output.stdout.lines().count() <= 24, "{} lines\n{output}", output.stdout.lines().count());
        assert!(output.stdout.lines().all(|line| line.chars().count() <= 80), "{output}");
        assert!(output.stdout.contains("see more with '--help'"), "{output}");
    }
}

#[test]
fn every_page_of_help_has_two_examples_that_can_be_pasted() {
    for command in program_and_commands() {
        for flag in ["-h", "--help"] {
            let output = help(command, flag);
            let examples = examples(&output.stdout);
            assert!(examples.len() >= 2, "{output}");
            for example in examples {
                let words = words(example);
                let parsed = Cli::try_parse_from(&words);
                assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
                assert!(command.is_empty() || words[1] == command, "{example} stands in the help of {command}");
            }
        }
    }
}

#[test]
fn the_long_help_says_every_exit_code_and_that_nothing_is_reported_home() {
    for command in program_and_commands() {
        let output = help(command, "--help");
        let (_, end) = output.stdout.split_once("Exit codes:").unwrap();
        let numbers: BTreeSet<u8> = end.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        for code in Code::ALL {
            assert!(numbers.contains(&code.diagnosis().exit.code()), "{code}\n{output}");
        }
        assert!(end.contains("no telemetry") && end.contains("no update check"), "{output}");
        assert!(output.stdout.lines().all(|line| line.chars().count() <= 80), "{output}");
    }
}

#[test]
fn remove_takes_what_means_something_there_and_says_the_same_about_it() {
    let cli = Cli::command();
    let arguments = |name: &str| cli.find_subcommand(name).unwrap().get_arguments().cloned().collect::<Vec<_>>();
    let setup = arguments("setup");
    let mut own = Vec::new();
    for argument in arguments("remove") {
        let Some(same) = setup.iter().find(|other| other.get_id() == argument.get_id()) else {
            own.push(argument.get_long().unwrap().to_owned());
            continue;
        };
        let names = argument.get_value_names();
        assert_eq!(argument.get_help_heading(), same.get_help_heading(), "{argument}");
        assert!(argument.get_id() == "yes" || argument.get_help() == same.get_help(), "{argument}");
        assert_eq!(names, same.get_value_names(), "{argument}");
    }
    assert_eq!(own, ["delete-connection"]);
    // Taken and passed over, it would remove what is real.
    let output = Environment::new().run(&["remove", "--yes", "--sandbox"]).exits(2);
    assert!(output.stderr.contains("--sandbox belongs to setup, test"), "{output}");
}

#[test]
fn a_mistyped_flag_or_command_is_answered_with_the_right_one_and_the_usage() {
    let environment = Environment::new();
    for (args, right) in [
        (&["setup", "--domian", "x"][..], "--domain"),
        (&["test", "--headles"], "--headless"),
        (&["test", "--no-brower"], "--no-browser"),
        (&["remove", "--delete-conection"], "--delete-connection"),
        (&["status", "--profil", "x"], "--profile"),
        (&["sandbox", "--falt", "denied"], "--fault"),
        (&["setup", "--timeot=5m"], "--timeout"),
        (&["--yes", "setup"], "setup --yes"),
        (&["stup"], "setup"),
        (&["tset"], "test"),
        (&["explian"], "explain"),
        // A flag of another command.
        (&["setup", "--headless"], "belongs to test"),
        (&["status", "--yes"], "belongs to setup, remove"),
        // What it is called elsewhere.
        (&["setup", "--tenant", "x"], "--domain DOMAIN"),
        (&["remove", "--tenant=x"], "--domain DOMAIN"),
        (&["test", "--connection-name", "x"], "--connection NAME"),
        (&["setup", "--application", "x"], "--app NAME_OR_ID"),
        (&["remove", "--force"], "--yes"),
        (&["setup", "--insecure-storage"], "--store file"),
        (&["test", "--cacert", "x"], "SSL_CERT_FILE"),
        (&["test", "--verbose"], "--json"),
        (&["test", "-q"], "--json"),
        (&["login"], "fitbit-connect setup"),
        (&["verify"], "fitbit-connect test"),
        (&["logout"], "fitbit-connect remove"),
    ] {
        let output = environment.run(args).exits(2);
        assert_eq!(output.stdout, "", "prose belongs on stderr\n{output}");
        let hint = output.stderr.split_once("hint: ").unwrap().1;
        assert!(hint.contains(right), "{right}\n{output}");
        assert!(hint.contains("usage: fitbit-connect ") && hint.contains("--help"), "{output}");
        let output = environment.run(&[args, &["--json"]].concat()).exits(2);
        assert!(output.document()["error"]["hint"].as_str().unwrap().contains(right), "{right}\n{output}");
    }
    // A flag that the command does not have is not named as the right one.
    let output = environment.run(&["status", "--tenant", "x"]).exits(2);
    assert!(!output.stderr.contains("--domain"), "{output}");
}

#[test]
fn a_mistyped_value_is_answered_with_the_nearest_one() {
    let environment = Environment::new();
    for (args, near) in [
        (&["test", "--provider", "gogle-health"][..], "did you mean google-health"),
        (&["setup", "--provider", "fitbti"], "did you mean fitbit"),
        (&["status", "--profile", "default", "--color", "alway"], "'always'"),
        (&["remove", "--yes", "--store", "keychian"], "did you mean keychain"),
        (&["sandbox", "--fault", "deneid"], "did you mean denied"),
        (&["sandbox", "--configured", "fitbt"], "'fitbit'"),
        (&["completions", "bsh"], "'bash'"),
    ] {
        let output = environment.run(&[args, &["--json"]].concat()).exits(2).says(near);
        let error = output.document()["error"].to_string();
        assert!(error.contains(near), "{near}\n{output}");
    }
    let output = environment.run(&["test", "--provider", "garmin"]).exits(2);
    assert!(!output.stderr.contains("did you mean"), "{output}");
}

#[test]
fn a_value_may_stand_after_an_equals_sign_begin_with_a_hyphen_and_follow_two() {
    let environment = Environment::new();
    for args in [
        &["explain", "--json", "--", "redirect_uri_mismatch"][..],
        &["explain", "--color=never", "--json", "redirect_uri_mismatch"],
    ] {
        assert_eq!(environment.run(args).exits(0).document()["diagnoses"][0]["code"], "redirect_uri_mismatch");
    }
    // Read as a value, refused for what it is.
    let output = environment.run(&["test", "--connection=-x"]).exits(2);
    assert!(output.stderr.contains("connection name"), "{output}");
    let output = environment.run(&["explain", "--", "--json"]).exits(2);
    assert_eq!(output.stdout, "");
}

#[test]
fn a_reader_that_takes_one_line_and_leaves_is_no_crash() {
    let environment = Environment::new();
    for args in [&["explain"][..], &["explain", "--json"], &["setup", "--help"], &["completions", "zsh"], &["man"]] {
        let mut child = environment.command(args).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::with_capacity(1, child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert!(!line.is_empty());
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn every_shell_gets_its_completions_without_what_exists_only_to_be_refused() {
    let environment = Environment::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = environment.run(&["completions", shell]).exits(0);
        assert!(output.stdout.contains("fitbit-connect") && output.stdout.contains("headless"), "{output}");
        assert_eq!(output.stderr, "");
        let offers = output
            .stdout
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .filter(|word| *word == "--client-secret" || *word == "--management-client-secret")
            .count();
        assert_eq!(offers, 0, "{shell} offers a flag that is always refused");
    }
    environment.run(&["completions", "tcsh"]).exits(2);
    environment.run(&["completions"]).exits(2);
    assert_eq!(environment.files(), []);
}

#[test]
fn the_man_page_goes_to_stdout_and_all_of_them_into_a_folder() {
    let environment = Environment::new();
    let output = environment.run(&["man"]).exits(0);
    assert!(output.stdout.contains(".TH") && output.stdout.contains("fitbit"), "{output}");
    let folder = environment.desk("man/man1");
    environment.run(&["man", folder.to_str().unwrap()]).exits(0);
    let pages = files_below(&folder);
    let names: Vec<String> =
        pages.iter().map(|(path, _)| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert!(names.contains(&"fitbit-connect.1".to_owned()), "{names:?}");
    for command in COMMANDS {
        assert!(names.contains(&format!("fitbit-connect-{command}.1")), "{command} in {names:?}");
    }
    for (path, page) in &pages {
        let page = String::from_utf8_lossy(page);
        assert!(!page.contains("\\-\\-client\\-secret\\fR"), "{} shows a flag that is always refused", path.display());
    }
    for command in Cli::command().get_subcommands() {
        let (_, page) = pages.iter().find(|(path, _)| path.ends_with(format!("fitbit-connect-{command}.1"))).unwrap();
        let page = String::from_utf8_lossy(page).replace("\\-", "-");
        for argument in command.get_arguments() {
            let said = argument.get_help().unwrap().to_string();
            assert!(page.contains(said.split('\'').next().unwrap()), "{said} is not in the page of {command}");
        }
    }
    let file = environment.file("taken", "");
    environment.run(&["man", &file]).exits(6).says("file_not_writable");
}

#[test]
fn the_help_of_every_command_shows_names_and_never_values() {
    let mut environment = Environment::new();
    for variable in FIELDS.iter().flat_map(|field| field.variables) {
        environment = environment.with(variable, "canary-0123456789");
    }
    let mut helps = vec![environment.run(&["--help"]), environment.run(&["-h"]), environment.run(&["help"])];
    for command in COMMANDS {
        helps.push(environment.run(&[command, "--help"]));
        helps.push(environment.run(&[command, "-h"]));
        helps.push(environment.run(&["help", command]));
    }
    for help in helps {
        let help = help.exits(0);
        help.hides("canary");
        assert_eq!(help.stderr, "", "help is a result");
        assert!(help.stdout.contains("Usage: fitbit-connect"), "{help}");
        assert!(!help.stdout.contains("--client-secret <") && !help.stdout.contains("--client-secret ["), "{help}");
    }
    let setup = environment.run(&["setup", "--help"]).stdout;
    for variable in FIELDS.iter().flat_map(|field| field.variables) {
        assert!(setup.contains(variable), "{variable} is not in the help");
    }
    environment.run(&["setup", "--json", "--help"]).exits(0);
    // What is generated is for everybody: nothing of this machine is in it.
    let folder = environment.desk("man1");
    environment.run(&["man", folder.to_str().unwrap()]).exits(0);
    assert!(files_below(&folder).iter().all(|(_, page)| !String::from_utf8_lossy(page).contains("canary")));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        environment.run(&["completions", shell]).exits(0).hides("canary");
    }
}

#[test]
fn the_version_is_the_name_and_the_number() {
    for flag in ["--version", "-V"] {
        let output = Environment::new().run(&[flag]).exits(0);
        assert_eq!(output.stdout, concat!("fitbit-connect ", env!("CARGO_PKG_VERSION"), "\n"));
        assert_eq!(output.stderr, "");
    }
}

#[test]
fn nothing_typed_shows_the_short_help_as_an_error() {
    let output = Environment::new().with("COLUMNS", "80").run(&[]).exits(2);
    assert_eq!(output.stderr, help("", "-h").stdout);
    assert_eq!(output.stdout, "");
}
