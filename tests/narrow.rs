//! Owns the tests of what a terminal makes of the program's words: narrow and wide windows, plain mode, and the line that says
//! what is being waited for.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod outside;
mod terminal_kit;

use outside::{Home, Sandbox, free_port};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use terminal_kit::{Left, Terminal};

const ESCAPE: char = '\u{1b}';
const CTRL_C: &str = "\u{3}";

/// The whole of `setup` without a person, in a window of this width.
fn sandbox_in(columns: u16, variables: &[(&str, &str)], args: &[&str], redirect: &str) -> Left {
    let home = Home::new();
    let mut command = home.program(&["setup", "--sandbox", "--yes", "--no-input", "--port", &free_port().to_string()]);
    command.args(args).envs(variables.iter().copied());
    let left = Terminal::open_sized(&command, redirect, 24, columns).end();
    assert_eq!(left.code, 0, "{}", left.text);
    left
}

/// Whether this is no prose: a command of ours that stands alone, or a line of the code after `Log in with it`, which begins at
/// the first column or below another one. Such a line is whole however long it is.
fn is_copied(text: &str, line: &str) -> bool {
    let code = text.split_once("Log in with it").map_or("", |(_, end)| end);
    let code = code.split_once("\n\n").map_or(code, |(code, _)| code);
    let is_code = code.lines().skip_while(|line| !line.starts_with("const ")).any(|code| code == line);
    is_code || (line.starts_with("fitbit-connect ") && !line.ends_with('.'))
}

/// The words of a text, without those that are others in each run.
fn words(text: &str) -> Vec<String> {
    let other = |word: &&str| !word.contains("127.0.0.1") && !word.contains("con_");
    text.split_whitespace().filter(other).map(str::to_owned).collect()
}

#[test]
fn in_a_window_of_any_width_every_word_is_whole_and_no_line_is_too_long() {
    // As it stands in the end: on a slow machine it was said in between who is asked.
    let said = |left: &Left| words(&screen(&left.raw.replace("\u{1b}[?25h", "")));
    let wide = said(&sandbox_in(200, &[], &[], ""));
    for columns in [40, 60, 80, 120] {
        let left = sandbox_in(columns, &[], &[], "");
        assert_eq!(said(&left), wide, "in {columns} columns");
        let widest = usize::from(columns).min(100);
        for line in left.text.lines().filter(|line| line.chars().count() > widest) {
            let one_piece = !line.trim().contains(' ') || line.trim().starts_with('`');
            assert!(one_piece || is_copied(&left.text, line), "{line:?} in {columns} columns");
        }
        // What is copied stands alone, however long it is.
        assert!(left.text.lines().any(|line| line.starts_with("http://127.0.0.1:") && line.contains("&nonce=")));
        assert!(left.text.lines().any(|line| line == "https://acme.sandbox.test/login/callback"));
    }
    let unknown = sandbox_in(0, &[], &[], "").text;
    assert_eq!(words(&unknown), wide);
    assert!(unknown.lines().any(|line| line.starts_with("  Google Health API: ") && line.len() > 60), "{unknown}");
}

#[test]
fn a_file_gets_each_line_as_one_without_colour() {
    let home = Home::new();
    let out = home.path("said");
    sandbox_in(40, &[], &[], &format!("2>'{}'", out.display()));
    let said = fs::read_to_string(out).unwrap();
    assert!(!said.contains(ESCAPE), "{said}");
    let line = "  ok      connection.settings    client ID, scopes and every other field are as they should be";
    assert!(said.lines().any(|found| found == line), "{said}");
    let line = "A robot signs in and allows the access, in place of a person.";
    assert!(said.lines().any(|found| found == line), "{said}");
}

#[test]
fn plain_mode_prints_text_and_nothing_else() {
    for (variables, args) in [
        (&[("TERM", "dumb")][..], &[][..]),
        (&[("FITBIT_CONNECT_PLAIN", "1")], &[]),
        (&[], &["--plain"]),
        (&[], &["--plain", "--color", "always"]),
        (&[("CLICOLOR_FORCE", "1")], &["--plain"]),
    ] {
        let left = sandbox_in(80, variables, args, "");
        assert!(!left.raw.contains(ESCAPE), "{variables:?} {args:?} {:?}", left.raw);
        assert!(left.text.contains("Done"), "{}", left.text);
    }
    let left = sandbox_in(80, &[("NO_COLOR", "1")], &[], "");
    assert!(!colours(&left.raw), "{:?}", left.raw);
    assert!(colours(&sandbox_in(80, &[("FITBIT_CONNECT_PLAIN", "")], &[], "").raw), "an empty variable is none");
}

/// Whether something is coloured: such a sequence ends with `m` (ECMA-48, SGR).
fn colours(raw: &str) -> bool {
    let last = |rest: &str| rest.chars().find(char::is_ascii_alphabetic);
    raw.split("\u{1b}[").skip(1).any(|rest| last(rest) == Some('m'))
}

/// What the first connection to the tenant meets.
enum First {
    /// Nobody answers until the test says so.
    Silence(mpsc::Receiver<()>),
    /// Come back in two seconds.
    TooMany,
}

/// A door in front of the sandbox's tenant.
fn door(target: String, first: First) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let mut first = Some(first);
        for visitor in listener.incoming() {
            let mut visitor = visitor.unwrap();
            match first.take() {
                Some(First::Silence(go_on)) => go_on.recv().unwrap_or_default(),
                Some(First::TooMany) => {
                    visitor.read(&mut [0; 4096]).map(drop).unwrap();
                    let answer = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 0\r\n\
                                  Connection: close\r\n\r\n";
                    visitor.write_all(answer.as_bytes()).unwrap();
                    continue;
                }
                None => {}
            }
            // The test may be over, and its services gone.
            let Ok(server) = TcpStream::connect(&target) else { return };
            for (mut from, mut to) in [(visitor.try_clone().unwrap(), server.try_clone().unwrap()), (server, visitor)] {
                thread::spawn(move || {
                    let _ = io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
            }
        }
    });
    address
}

/// A home, a sandbox, and a plan to look at behind a door.
fn behind(first: First, args: &[&str]) -> (Home, Sandbox, Command) {
    let home = Home::new();
    let sandbox = Sandbox::start(&home, &[]);
    let settings = home.path("mine.toml");
    sandbox.write_addresses(&settings);
    let tenant = sandbox.document["endpoints"]["https://acme.sandbox.test"].as_str().unwrap();
    let door = door(tenant.trim_start_matches("http://").trim_end_matches('/').to_owned(), first);
    let text = fs::read_to_string(&settings).unwrap().replace(tenant, &door);
    fs::write(&settings, text).unwrap();
    let mut command = home.program(&["setup", "--dry-run", "--yes", "--no-input", "--all-apps", "--store", "none"]);
    command.args(["--domain", "acme.sandbox.test", "--config"]).arg(settings).args(args);
    command.envs(sandbox.variables("google-health"));
    (home, sandbox, command)
}

/// What is on the screen in the end: lines that are written over and erased, like a terminal does.
fn screen(raw: &str) -> String {
    let (mut lines, mut column) = (vec![Vec::new()], 0);
    let mut rest = raw.chars();
    while let Some(c) = rest.next() {
        let line: &mut Vec<char> = lines.last_mut().unwrap();
        match c {
            '\r' => column = 0,
            '\n' => lines.push(Vec::new()),
            ESCAPE => {
                let mut number = String::new();
                for c in rest.by_ref().skip(1) {
                    match c {
                        '0'..='9' | ';' => number.push(c),
                        'G' => column = number.parse::<usize>().unwrap_or(1) - 1,
                        'K' => line.truncate(column),
                        'm' => {}
                        other => panic!("a terminal is asked for {number}{other}: {raw:?}"),
                    }
                    if c.is_ascii_alphabetic() {
                        break;
                    }
                }
            }
            c => {
                line.resize(line.len().max(column), ' ');
                if column < line.len() {
                    line[column] = c
                } else {
                    line.push(c)
                }
                column += 1;
            }
        }
    }
    let text = lines.into_iter().map(|line| line.into_iter().collect::<String>());
    text.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_slow_answer_is_waited_for_in_sight_and_the_line_is_erased() {
    for columns in [80, 40, 24] {
        let (go_on, held) = mpsc::channel();
        let (_home, _sandbox, command) = behind(First::Silence(held), &[]);
        let mut terminal = Terminal::open_sized(&command, "", 24, columns);
        terminal.expect(if columns < 30 { "asking acme...  1 s" } else { "asking acme.sandbox.test  1 s" });
        go_on.send(()).unwrap();
        let left = terminal.end();
        assert_eq!(left.code, 0, "{}", left.text);
        let seen = screen(&left.raw);
        assert!(seen.contains("This was a dry run"), "{seen}");
        assert!(!seen.contains("asking"), "the line is still there\n{seen}");
        assert!(!left.raw.contains("\u{1b}[?25l"), "the cursor was hidden");
        for line in left.raw.split(['\r', '\n']).flat_map(|line| line.split("\u{1b}[1G")) {
            let line = line.split(ESCAPE).next().unwrap();
            assert!(!line.contains("asking") || line.chars().count() < usize::from(columns), "{line:?} in {columns}");
        }
    }
}

#[test]
fn a_service_that_asks_to_wait_is_named() {
    let (_home, _sandbox, command) = behind(First::TooMany, &[]);
    let mut terminal = Terminal::open(&command, "");
    terminal.expect("acme.sandbox.test asks to wait");
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert!(!screen(&left.raw).contains("asks to wait"), "{}", left.raw);
}

#[test]
fn ctrl_c_while_an_answer_is_waited_for_leaves_a_clean_screen() {
    let (_go_on, held) = mpsc::channel();
    let (_home, _sandbox, command) = behind(First::Silence(held), &[]);
    let mut terminal = Terminal::open(&command, "");
    terminal.expect("asking acme.sandbox.test");
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.text);
    let seen = screen(&left.raw.replace("\u{1b}[?25h", ""));
    assert!(
        seen.contains(
            "left: cancelled; nothing more is written [cancelled]\nGo on from here with:\nfitbit-connect setup "
        ) && !seen.contains("asking"),
        "{seen}"
    );
    assert!(left.terminal_is_as_before && left.cursor_is_shown());
}

#[test]
fn in_plain_mode_it_is_said_once_and_to_a_program_only_that_a_service_asks_to_wait() {
    let (go_on, held) = mpsc::channel();
    let (_home, _sandbox, command) = behind(First::Silence(held), &["--plain"]);
    let mut terminal = Terminal::open(&command, "");
    terminal.expect("\n  asking acme.sandbox.test\n");
    go_on.send(()).unwrap();
    let left = terminal.end();
    assert_eq!(left.code, 0, "{}", left.text);
    assert_eq!(left.text.matches("asking acme.sandbox.test").count(), 1, "{}", left.text);
    assert!(!left.raw.contains(ESCAPE), "{:?}", left.raw);

    for (args, redirect) in [(&["--json"][..], ""), (&[], "2>said")] {
        let (home, _sandbox, command) = behind(First::TooMany, args);
        let left = Terminal::open(&command, redirect).end();
        assert_eq!(left.code, 0, "{}", left.text);
        let said = left.text + &fs::read_to_string(home.path("said")).unwrap_or_default();
        assert!(said.contains("Plan for") && !said.contains("asking"), "{said}");
        assert_eq!(said.matches("acme.sandbox.test asks to wait").count(), 1, "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_keychain_that_does_not_answer_is_waited_for_in_sight() {
    let home = Home::new();
    let bus = home.path("bus");
    // Connections wait in its queue, and nobody ever answers.
    let _silence = std::os::unix::net::UnixListener::bind(&bus).unwrap();
    let settings = home.path("mine.toml");
    let saved = "[profiles.default]\nprovider = \"google-health\"\nclient_id = \"1-a.apps.googleusercontent.com\"\n\
                 store = \"keychain\"\n";
    fs::write(&settings, saved).unwrap();
    let mut command = home.program(&["status", "--config"]);
    command.arg(settings).env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", bus.display()));
    let mut terminal = Terminal::open(&command, "");
    terminal.expect("waiting for the keychain");
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.text);
    assert!(!screen(&left.raw.replace("\u{1b}[?25h", "")).contains("waiting"), "{:?}", left.raw);
}
