//! Owns the opening of an address in a browser.
//!
//! Refuses everything but https, and http to this machine; a shell; and handing secrets to the child. It reads no
//! variable: what it must know comes in as values. The caller prints the address, before and whatever happens here.

use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use url::{Host, Url};

/// Variables of ours that hold secrets, and that no child may see.
pub const SECRET_VARIABLES: [&str; 4] =
    ["AUTH0_API_TOKEN", "AUTH0_ACCESS_TOKEN", "AUTH0_CLIENT_SECRET", "FITBIT_CONNECT_CLIENT_SECRET"];

/// A launcher that fails does so within this time; one that still runs has taken the address over.
const EARLY: Duration = Duration::from_millis(250);

/// Whether something was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// A browser, or a launcher, took the address.
    Yes,
    /// The sandbox's robot walks through the pages in place of a person.
    ByRobot,
    /// Nothing was started, for this reason.
    No(&'static str),
}

/// Why an address could not be opened. The address itself is in none of the texts.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither https nor http to this machine, or with a user name in it.
    #[error("only https addresses, and http addresses of this machine, are opened")]
    Address,
    /// The command could not be started.
    #[error("cannot start {program:?}")]
    Start {
        /// The program's name.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The command ended at once, without success.
    #[error("{program:?} ended at once ({status})")]
    Ended {
        /// The program's name.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The system offers no way to open an address.
    #[error("this system has no program that opens an address")]
    NoLauncher,
}

/// Opens an address for a person to look at.
pub trait Browser: Send + Sync {
    /// Starts the browser, without the variables of the environment that are named as `private`, and returns at once, at the
    /// latest after a quarter of a second for each program tried.
    fn open(&self, url: &Url, private: &[String]) -> Result<Opened, OpenError>;
}

/// The browser of this system.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// The value of `BROWSER`: a command and its arguments, `%s` for the address.
    pub browser_variable: Option<String>,
    /// Whether a window can appear: on Linux a display or WSL, elsewhere always.
    pub display: bool,
}

/// Opens nothing: the address was printed, and that is all (`--no-browser`).
#[derive(Debug, Clone, Copy, Default)]
pub struct Printed;

impl Browser for Printed {
    fn open(&self, url: &Url, _private: &[String]) -> Result<Opened, OpenError> {
        check(url)?;
        Ok(Opened::No("--no-browser"))
    }
}

impl Browser for System {
    fn open(&self, url: &Url, private: &[String]) -> Result<Opened, OpenError> {
        check(url)?;
        if let Some(command) = self.browser_variable.as_deref().and_then(|variable| named_by(variable, url)) {
            return start(command, private).map(|()| Opened::Yes);
        }
        if !self.display {
            return Ok(Opened::No("there is no display"));
        }
        start_first(open::commands(url.as_str()), private)
    }
}

fn check(url: &Url) -> Result<(), OpenError> {
    let this_machine = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && this_machine);
    if scheme && url.has_host() && url.username().is_empty() && url.password().is_none() {
        Ok(())
    } else {
        Err(OpenError::Address)
    }
}

/// The command of a `BROWSER` value; `None` if there is no word in it.
fn named_by(variable: &str, url: &Url) -> Option<Command> {
    let mut words = variable.split_whitespace();
    let mut command = Command::new(words.next()?);
    let mut placed = false;
    for word in words {
        placed |= word.contains("%s");
        command.arg(word.replace("%s", url.as_str()));
    }
    if !placed {
        command.arg(url.as_str());
    }
    Some(command)
}

/// Tries launchers in order. Where a failure says that nothing was opened (Unix), the next one gets its turn.
fn start_first(commands: Vec<Command>, private: &[String]) -> Result<Opened, OpenError> {
    let mut failure = OpenError::NoLauncher;
    for command in commands {
        match start(command, private) {
            Ok(()) => return Ok(Opened::Yes),
            Err(error @ OpenError::Ended { .. }) if !cfg!(unix) => return Err(error),
            // A program that failed says more than a later one that is not there.
            Err(OpenError::Start { .. }) if matches!(failure, OpenError::Ended { .. }) => {}
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn start(mut command: Command, private: &[String]) -> Result<(), OpenError> {
    let program = command.get_program().to_string_lossy().into_owned();
    detach(&mut command, private);
    match command.spawn() {
        Err(source) => Err(OpenError::Start { program, source }),
        Ok(child) => match early_end(child) {
            Some(status) if !status.success() => Err(OpenError::Ended { program, status }),
            _ => Ok(()),
        },
    }
}

/// No terminal, no secrets, and a process group of its own, so that Ctrl-C here does not close the browser.
fn detach(command: &mut Command, private: &[String]) {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for name in SECRET_VARIABLES.into_iter().chain(private.iter().map(String::as_str)) {
        command.env_remove(name);
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(windows)]
    {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        std::os::windows::process::CommandExt::creation_flags(command, CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
    }
}

/// How the child ended, if it did so early. A thread waits on, so that the child never becomes a zombie.
fn early_end(mut child: Child) -> Option<ExitStatus> {
    let (sender, ended) = mpsc::channel();
    thread::Builder::new()
        .name("browser".into())
        .spawn(move || {
            let _ = sender.send(child.wait());
        })
        .ok()?;
    ended.recv_timeout(EARLY).ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn words(command: &Command) -> Vec<String> {
        let program = std::iter::once(command.get_program());
        program.chain(command.get_args()).map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn only_https_and_http_to_this_machine_are_opened() {
        for good in [
            "https://acme.eu.auth0.com/authorize?a=b",
            "http://127.0.0.1:4400/",
            "http://[::1]:1/",
            "http://localhost:1/",
        ] {
            assert!(check(&url(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://acme.eu.auth0.com/",
            "http://127.0.0.1.evil.test/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:,x",
            "https://user@acme.eu.auth0.com/",
            "https://:pass@acme.eu.auth0.com/",
            "mailto:a@b",
            "ftp://127.0.0.1/",
        ] {
            assert!(matches!(Printed.open(&url(bad), &[]), Err(OpenError::Address)), "{bad}");
            let system = System { browser_variable: Some("true".into()), display: true };
            assert!(matches!(system.open(&url(bad), &[]), Err(OpenError::Address)), "{bad}");
        }
    }

    #[test]
    fn the_variable_is_split_at_white_space_and_the_address_has_its_place() {
        let address = url("https://a.example/?x=$(id);y&z='q'");
        let text = address.as_str();
        let named = |variable| named_by(variable, &address).map(|command| words(&command));
        assert_eq!(named("firefox").unwrap(), ["firefox", text]);
        assert_eq!(named("  firefox  -P\twork ").unwrap(), ["firefox", "-P", "work", text]);
        assert_eq!(
            named("chromium --app=%s --new").unwrap(),
            ["chromium".into(), format!("--app={text}"), "--new".into()]
        );
        assert_eq!(named("sh -c %s;id").unwrap(), ["sh".into(), "-c".into(), format!("{text};id")]);
        assert_eq!(named(" "), None);
    }

    #[test]
    fn without_a_display_nothing_is_started() {
        let system = System { browser_variable: Some(" ".into()), display: false };
        assert_eq!(system.open(&url("https://a.example/"), &[]).unwrap(), Opened::No("there is no display"));
        assert!(matches!(Printed.open(&url("https://a.example/"), &[]), Ok(Opened::No(_))));
    }

    #[test]
    fn no_child_inherits_a_secret() {
        for mut command in
            open::commands("https://a.example/").into_iter().chain(named_by("x", &url("https://a.example/")))
        {
            detach(&mut command, &["PIPELINE_SECRET".to_owned()]);
            for name in SECRET_VARIABLES.into_iter().chain(["PIPELINE_SECRET"]) {
                assert!(command.get_envs().any(|(key, value)| key == name && value.is_none()), "{name}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_fails_at_once_is_reported_and_one_that_runs_on_is_not() {
        let open = |command: &str| {
            System { browser_variable: Some(command.into()), display: false }
                .open(&url("https://a.example/secret"), &[])
        };
        assert!(matches!(open("true"), Ok(Opened::Yes)));
        // On a busy machine even `false` may take longer than the time it is watched for.
        let ended = (0..20).find_map(|_| open("false").err()).unwrap();
        assert!(matches!(&ended, OpenError::Ended { program, .. } if program == "false"));
        assert!(!ended.to_string().contains("secret"));
        assert!(matches!(open("/no/such/program"), Err(OpenError::Start { .. })));
        let before = std::time::Instant::now();
        assert!(matches!(open("sh -c sleep${IFS}3"), Ok(Opened::Yes)));
        assert!(before.elapsed() < Duration::from_secs(2));
    }

    #[cfg(unix)]
    #[test]
    fn a_launcher_that_fails_gives_the_next_one_its_turn() {
        let commands = |names: &[&str]| names.iter().map(Command::new).collect::<Vec<_>>();
        assert!(matches!(start_first(commands(&["/no/such/program", "false", "true"]), &[]), Ok(Opened::Yes)));
        let failure = (0..20).find_map(|_| start_first(commands(&["false", "/no/such/program"]), &[]).err());
        assert!(matches!(failure, Some(OpenError::Ended { .. })));
        assert!(matches!(start_first(vec![], &[]), Err(OpenError::NoLauncher)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_child_is_reaped_gets_the_address_whole_and_no_terminal() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (script, out) = (folder.path().join("browser"), folder.path().join("out"));
        let text = format!(
            "#!/bin/sh\n{{ echo $$; readlink /proc/$$/fd/0; ps -o pgid= -p $$ 2>/dev/null || echo $$; printf '%s\\n' \"$@\"; }} > {}.new\nmv {0}.new {0}\nsleep 0.4\n",
            out.display()
        );
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
        let system = System { browser_variable: Some(format!("sh {} one", script.display())), display: false };
        assert_eq!(system.open(&url("https://a.example/?a=1&b='$(id)'"), &[]).unwrap(), Opened::Yes);
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let wait = |done: &dyn Fn() -> bool| {
            while !done() {
                assert!(std::time::Instant::now() < deadline);
                thread::sleep(Duration::from_millis(20));
            }
        };
        wait(&|| out.exists());
        let seen = std::fs::read_to_string(&out).unwrap();
        let lines: Vec<&str> = seen.lines().map(str::trim).collect();
        assert_eq!(lines[1..], ["/dev/null", lines[0], "one", "https://a.example/?a=1&b=%27$(id)%27"]);
        wait(&|| !std::path::Path::new("/proc").join(lines[0]).exists());
    }
}
