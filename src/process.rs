//! Owns what a process is given from outside: the environment, its terminal, Ctrl-C, its limits. Environment variables are
//! read here alone.

use std::io::IsTerminal as _;

use crate::ask::given::Variables;
use crate::cancel::Cancel;
use crate::cli;

/// What a process is given from outside; the same program runs in a test with other facts.
pub struct Process {
    /// The environment.
    pub variables: Variables,
    /// Whether stdin is a terminal.
    pub stdin_is_terminal: bool,
    /// Whether this process may read from it: in the background a read stops the whole process.
    pub stdin_is_foreground: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
    /// Whether this is a container: the two usual engines leave a file that says so.
    pub is_container: bool,
    /// Ctrl-C.
    pub cancel: Cancel,
}

impl Process {
    /// The real one.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn real(cancel: Cancel) -> Self {
        // What is no text is kept as a text that no input accepts, rather than silently left out.
        let pairs = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        Self {
            variables: Variables::new(pairs),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdin_is_foreground: is_foreground(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            is_container: ["/.dockerenv", "/run/.containerenv"].iter().any(|file| std::path::Path::new(file).exists()),
            cancel,
        }
    }

    /// Whether a person can be asked: stdin and stderr are terminals, and nothing forbids it.
    pub fn is_dialogue(&self, global: &cli::Global) -> bool {
        self.asks_nobody(global).is_none()
    }

    /// Why nobody can be asked.
    pub fn asks_nobody(&self, global: &cli::Global) -> Option<&'static str> {
        let reasons = [
            (global.no_input, "--no-input is given"),
            (global.json, "--json is given"),
            (self.variables.get("CI").is_some(), "CI is set"),
            (!self.stdin_is_terminal, "stdin is not a terminal"),
            (!self.stderr_is_terminal, "stderr is not a terminal"),
            (!self.stdin_is_foreground, "the command runs in the background"),
        ];
        reasons.into_iter().find_map(|(holds, why)| holds.then_some(why))
    }

    /// Whether nothing may be coloured or drawn anew, and lists to choose from are numbered.
    pub fn is_plain(&self, global: &cli::Global) -> bool {
        self.is_plain_with(global.plain)
    }

    /// The same for a command line that was not parsed.
    pub fn is_plain_with(&self, flag: bool) -> bool {
        plain(flag, self.variables.get(PLAIN), self.variables.get("TERM"))
    }

    fn is_wsl(&self) -> bool {
        self.variables.get("WSL_DISTRO_NAME").is_some() || self.variables.get("WSL_INTEROP").is_some()
    }

    /// Where this process runs.
    pub fn surroundings(&self) -> Surroundings {
        // A codespace is a container that one may also reach by SSH: the most particular comes first.
        if self.variables.get("CODESPACES") == Some("true") {
            return Surroundings::Codespace;
        }
        if let Some(target) = self.ssh_target() {
            return Surroundings::Ssh(target);
        }
        if self.is_wsl() {
            return Surroundings::Wsl;
        }
        if self.is_container { Surroundings::Container } else { Surroundings::Here }
    }

    fn ssh_target(&self) -> Option<String> {
        let address = self.variables.get("SSH_CONNECTION")?.split_whitespace().nth(2)?;
        let user = self.variables.get("USER").map_or_else(String::new, |user| format!("{user}@"));
        Some(format!("{user}{address}"))
    }

    /// Whether a window can appear: on Linux a display or WSL, elsewhere always.
    pub fn has_display(&self) -> bool {
        !cfg!(target_os = "linux")
            || self.is_wsl()
            || self.variables.get("DISPLAY").is_some()
            || self.variables.get("WAYLAND_DISPLAY").is_some()
    }
}

/// The variable of `--plain`.
const PLAIN: &str = "FITBIT_CONNECT_PLAIN";

/// Asked for by the flag or the variable, or a terminal that can do no more.
fn plain(flag: bool, variable: Option<&str>, term: Option<&str>) -> bool {
    flag || variable.is_some_and(|value| !value.is_empty()) || term == Some("dumb")
}

/// Where this process runs, as far as it matters to a browser that has to reach its listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surroundings {
    /// On the machine in front of the person, as far as can be seen.
    Here,
    /// In a remote session of `user@host`.
    Ssh(String),
    /// In a GitHub codespace.
    Codespace,
    /// In a container.
    Container,
    /// In the Windows Subsystem for Linux.
    Wsl,
}

/// Whether this process may read the terminal on its stdin: a process in the background of its own terminal is stopped by a
/// read. A terminal that does not control this process, or none at all, stops nobody.
pub fn is_foreground() -> bool {
    #[cfg(unix)]
    if std::io::stdin().is_terminal() {
        return rustix::termios::tcgetpgrp(std::io::stdin()).map_or(true, |group| group == rustix::process::getpgrp());
    }
    true
}

/// Leaves nothing of this process for others to look at: no core dump, and on Linux no debugger, no `/proc/PID/environ` and
/// no `/proc/PID/mem` for other processes of the same user (root may still). What is started from here is not concerned but
/// by the soft limit of core dumps. Best effort: a system that refuses does not end the run.
///
/// macOS and Windows offer nothing that safe code can call against a debugger of the same user.
pub fn close_to_others() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        // The hard limit stays, so that a browser that is started may dump what it likes.
        let maximum = getrlimit(Resource::Core).maximum;
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    }
}

/// What may be said of a panic: where, and the message when it is a constant. One that was put together may hold a value:
/// an index into a text that does not fit shows the text.
pub fn panic_words(panic: &std::panic::PanicHookInfo) -> String {
    let place = panic.location().map_or_else(|| "nowhere".to_owned(), ToString::to_string);
    let message = panic.payload().downcast_ref::<&'static str>().copied();
    let message = message.unwrap_or("the message is not shown, since it may hold a value");
    format!("fitbit-connect panicked at {place}: {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_is_asked_for_or_all_that_the_terminal_can_do() {
        for (flag, variable, term, expected) in [
            (false, None, None, false),
            (false, None, Some("xterm-256color"), false),
            (false, None, Some(""), false),
            (false, None, Some("dumb"), true),
            (false, Some(""), None, false),
            (false, Some(""), Some("xterm"), false),
            (false, Some("1"), None, true),
            (false, Some("0"), Some("xterm"), true),
            (false, Some("1"), Some("dumb"), true),
            (true, None, None, true),
            (true, Some(""), Some("xterm"), true),
            (true, Some("1"), Some("dumb"), true),
        ] {
            assert_eq!(plain(flag, variable, term), expected, "{flag} {variable:?} {term:?}");
        }
    }
}
