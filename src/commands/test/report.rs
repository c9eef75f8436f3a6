//! Owns the file of `test --report`: what a stranger needs to know about a run, fit for a public issue.
//!
//! Refuses whatever belongs to somebody: sentences of findings are not copied, since they hold names; and to overwrite a file
//! that is no report.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Run;
use crate::ask::given::{Applications, Inputs};
use crate::cli;
use crate::console::Console;
use crate::diagnosis::{Code, Exit, Failure};
use crate::finding::{Finding, State};
use crate::http::trace::words::{HIDDEN, is_word};
use crate::http::trace::{Hosts, Private};
use crate::ids::{Domain, shown_path};
use crate::process::Surroundings;
use crate::text::unsafe_to_show;
use crate::world::World;

/// The first line, by which a file is known as one of these.
const MARK: &str = crate::diagnosis::own_output::REPORT;

const PREFACE: &str = "\
Secrets, names, addresses and ids are not in it: hosts and applications have general
names, and of each answer there is the shape alone. Look at it before you send it.";

/// Variables that change how the network is used or who is asked; their values are nobody's business.
const VARIABLES: [&str; 9] =
    ["CI", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "BROWSER"];

/// Where the report goes.
pub(super) enum Destination {
    File(PathBuf),
    Stdout,
}

impl Destination {
    /// The one that was asked for. Nothing is written yet, and nothing has been sent.
    ///
    /// # Errors
    /// `input_invalid` for a folder, a folder that does not exist, or a file that is no report; `file_not_writable`.
    pub(super) fn asked(args: &cli::Test, console: &Console) -> Result<Option<Self>, Failure> {
        let Some(path) = &args.report else { return Ok(None) };
        if path.as_os_str() == "-" {
            if console.is_json() {
                let message = "--report - and --json both want stdout";
                return Err(Failure::new(Code::InputContradictory, message).with_hint("Name a file: --report FILE"));
            }
            return Ok(Some(Self::Stdout));
        }
        refuse_other_files(path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let message = format!("the folder {} of --report does not exist", shown_path(folder));
            let hint = "Create it, or name another file with --report FILE";
            return Err(Failure::new(Code::InputInvalid, message).with_hint(hint));
        }
        // Found out now rather than after a login.
        tempfile::tempfile_in(folder).map_err(|error| not_written(path, &error))?;
        Ok(Some(Self::File(path.clone())))
    }

    fn write(&self, console: &Console, text: &str) -> Result<(), Failure> {
        let Self::File(path) = self else {
            console.result(text);
            return Ok(());
        };
        refuse_other_files(path)?;
        crate::files::write_whole(path, text.as_bytes()).map_err(|error| not_written(path, &error))?;
        console.say(&format!(
            "Report written to {}: it holds no secret, name or address; look at it before you send it.",
            path.display()
        ));
        Ok(())
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Code::FileNotWritable, format!("the report {} cannot be written: {error}", shown_path(path)))
        .with_hint("Name another file with --report FILE")
}

fn refuse_other_files(path: &Path) -> Result<(), Failure> {
    let refused = |what: &str| {
        let message = format!("{} {what}; it was left alone", shown_path(path));
        Err(Failure::new(Code::InputInvalid, message).with_hint("Name another file with --report FILE"))
    };
    let Ok(about) = fs::metadata(path) else { return Ok(()) };
    if about.is_dir() {
        return refused("is a folder");
    }
    if !about.is_file() {
        return refused("is no regular file");
    }
    let mut start = Vec::new();
    let first = MARK.len() + 1;
    let read = fs::File::open(path).and_then(|file| file.take(first as u64).read_to_end(&mut start));
    match read {
        Err(error) => refused(&format!("cannot be read ({error})")),
        // An empty file holds nothing to lose.
        Ok(0) => Ok(()),
        Ok(_) if start == format!("{MARK}\n").as_bytes() => Ok(()),
        Ok(_) => refused("exists and is no report"),
    }
}

impl Run<'_> {
    /// Writes the report and returns how the run ended; a report that could not be written is a failure of its own, unless the
    /// run has one.
    pub(super) fn reported(
        &self,
        destination: Option<&Destination>,
        inputs: &Inputs,
        result: Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Some(destination) = destination else { return result };
        let console = &self.world.console;
        console.gap();
        match (destination.write(console, &self.text(inputs, result.as_ref().err())), result) {
            (Err(failure), Ok(())) => Err(failure),
            (Err(failure), result) => {
                console.warn(&failure.message);
                result
            }
            (Ok(()), result) => result,
        }
    }

    fn text(&self, inputs: &Inputs, failure: Option<&Failure>) -> String {
        let trace = self.world.http.trace();
        let login_domains = self.login_domains.borrow();
        let hosts = Hosts {
            tenant: inputs.domain.as_ref().map(Domain::to_string),
            login: login_domains.iter().map(Domain::to_string).collect(),
        };
        // With those that a login printed itself.
        let seen = self.world.console.checks();
        let names = self.names(inputs, &hosts, &seen);
        let private = Private::new(names.iter().map(String::as_str));

        let mut text = format!("{MARK}\n\n{PREFACE}\n");
        section(&mut text, "Program", &program(self.world));
        section(&mut text, "Command", &self.command(inputs, &hosts));
        let checks: Vec<String> = seen.iter().map(|finding| self.check(finding)).collect();
        section(&mut text, "Checks", if checks.is_empty() { &[] } else { &checks });
        let exit = match failure.map(Failure::exit) {
            None => Exit::Done,
            Some(Exit::Done) => Exit::Unexpected,
            Some(exit) => exit,
        };
        let code = failure.map_or("no error", |failure| failure.code.name());
        section(&mut text, "End", &[format!("exit code {}, {code}", exit.code())]);
        let codes: BTreeSet<Code> =
            seen.iter().filter_map(|finding| finding.code).chain(failure.map(|failure| failure.code)).collect();
        let meanings: Vec<String> =
            codes.iter().map(|code| format!("{}: {}", code.name(), code.diagnosis().symptom)).collect();
        section(&mut text, "What the codes mean", &meanings);
        let title = "Requests (time since the first; method and address; status, type, size, duration; then the shape)";
        section(&mut text, title, &trace.lines(&hosts, &private));
        // Nothing of this can stand there, by what was kept; should it ever, it does not stay.
        for name in names.iter().filter(|name| name.len() >= 6 && !is_word(name)) {
            if text.contains(name.as_str()) {
                text = text.replace(name.as_str(), HIDDEN);
            }
        }
        text.retain(|c| c == '\n' || !unsafe_to_show(c));
        text
    }

    /// Everything that is known to be somebody's.
    fn names(&self, inputs: &Inputs, hosts: &Hosts, seen: &[Finding]) -> BTreeSet<String> {
        let mut names = self.world.http.trace().names();
        names.insert(self.client_id.clone());
        names.extend(hosts.tenant.iter().chain(&hosts.login).cloned());
        names.extend(inputs.test_app.iter().chain(&inputs.management_id).cloned());
        let findings = seen.iter().flat_map(|finding| [&finding.application, &finding.application_name]);
        names.extend(findings.flatten().cloned());
        if let Applications::Named(named) | Applications::Saved(named) = &inputs.applications {
            names.extend(named.iter().cloned());
        }
        names.extend(inputs.connection.as_ref().map(|name| name.as_str().to_owned()));
        names.extend([self.world.profile.as_str().to_owned()]);
        // The names that everybody has are none.
        for usual in [self.provider.default_connection(), self.provider.name(), "default"] {
            names.remove(usual);
        }
        names
    }

    fn command(&self, inputs: &Inputs, hosts: &Hosts) -> Vec<String> {
        let yes = |is: bool| if is { "yes" } else { "no" };
        let args = self.args;
        let login = match (args.headless, self.is_direct(), inputs.test_app.is_some()) {
            (true, true, _) => "left out (--headless), directly at the provider otherwise",
            (true, false, _) => "left out (--headless)",
            (_, true, _) => "directly at the provider",
            (_, _, true) => "through Auth0, with an application of the tenant (--test-app)",
            _ => "through Auth0, with a temporary application",
        };
        let applications = match &inputs.applications {
            Applications::All => "all".to_owned(),
            Applications::Named(named) => format!("{} named", named.len()),
            Applications::Saved(saved) => format!("{} saved", saved.len()),
            Applications::Unknown => "none given".to_owned(),
        };
        let connection = match &inputs.connection {
            Some(name) if name.as_str() != self.provider.default_connection() => "of another name",
            _ => "of the default name",
        };
        let scopes = if self.scopes_chosen { format!("{} chosen", self.scopes.len()) } else { "default".to_owned() };
        [
            ("provider", self.provider.name().to_owned()),
            ("login", login.to_owned()),
            ("time limit", humantime::format_duration(inputs.timeout).to_string()),
            ("strict", yes(args.strict).to_owned()),
            ("sandbox", yes(self.world.sandbox.is_some()).to_owned()),
            ("origins rewritten", yes(!self.world.http.endpoints().is_empty()).to_owned()),
            ("tenant", yes(hosts.tenant.is_some() && !self.is_direct()).to_owned()),
            ("login domains", hosts.login.len().to_string()),
            ("connection", connection.to_owned()),
            ("applications", applications),
            ("scopes", scopes),
            ("secrets kept in", self.world.store().as_str().to_owned()),
        ]
        .map(|(name, value)| format!("{name:<19}{value}"))
        .to_vec()
    }

    fn check(&self, finding: &Finding) -> String {
        let state = match finding.state {
            State::Pass => "pass",
            State::Fail => "fail",
            State::Warn => "warn",
            State::Skip => "skip",
            State::Unknown => "unknown",
        };
        let application = finding.application.as_ref().map(|id| self.world.http.trace().application(id));
        let code = finding.code.map(Code::name);
        let rest: Vec<&str> = application.as_deref().into_iter().chain(code).collect();
        format!("{state:<8}{:<22}{}", finding.check, rest.join("  ")).trim_end().to_owned()
    }
}

fn program(world: &World) -> Vec<String> {
    let surroundings = match world.surroundings {
        Surroundings::Here => "nothing particular",
        Surroundings::Ssh(_) => "a session over SSH",
        Surroundings::Codespace => "a codespace",
        Surroundings::Container => "a container",
        Surroundings::Wsl => "WSL",
    };
    let questions = match world.dialogue {
        Some(_) => "possible".to_owned(),
        None => format!("none: {}", world.asks_nobody),
    };
    let variables = world.set_variables(&VARIABLES);
    [
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("platform", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("surroundings", surroundings.to_owned()),
        ("stderr", if world.console.is_terminal() { "a terminal" } else { "no terminal" }.to_owned()),
        ("questions", questions),
        ("variables set", if variables.is_empty() { "none".to_owned() } else { variables.join(" ") }),
    ]
    .map(|(name, value)| format!("{name:<19}{value}"))
    .to_vec()
}

fn section(text: &mut String, title: &str, lines: &[String]) {
    text.push_str(&format!("\n{title}\n"));
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
    if lines.is_empty() {
        text.push_str("  none\n");
    }
}
