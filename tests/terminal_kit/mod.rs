//! Owns a terminal to run the program in: what is on the screen, what is typed, how the terminal was left.

#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[cfg(target_os = "linux")]
mod closing;
mod seen;
mod talk;

#[cfg(target_os = "linux")]
pub use closing::Closing;
pub use seen::Seen;
pub use talk::{BACK, CTRL_C, Do, ESCAPE};

use crate::outside::PATIENCE;
use rexpect::process::{PtyProcess, Signal, WaitStatus};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A terminal, usually of 24 lines and 80 columns, with one program in it.
pub struct Terminal {
    process: PtyProcess,
    keyboard: File,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    /// How much of the text was waited for already.
    seen: usize,
}

struct Screen {
    bytes: Vec<u8>,
    seen: Seen,
    ended: bool,
}

/// A look at the echo that goes on until it is asked for its result.
pub struct EchoWatch {
    end: Arc<AtomicBool>,
    watch: thread::JoinHandle<bool>,
}

impl EchoWatch {
    /// Whether the echo was on at any time.
    pub fn was_on(self) -> bool {
        self.end.store(true, Ordering::SeqCst);
        self.watch.join().unwrap()
    }
}

/// What a program left behind.
pub struct Left {
    /// Its exit code.
    pub code: i32,
    /// Everything that was ever on the screen, with what moves the cursor.
    pub raw: String,
    /// The same without.
    pub text: String,
    /// Whether typed characters are shown and lines are edited, as before.
    pub terminal_is_as_before: bool,
    /// What a person sees in the end, lines that scrolled away included.
    pub seen: String,
    /// Whether the cursor is to be seen.
    cursor_is_shown: bool,
    /// Whether pastes are still marked.
    pub marks_pastes: bool,
}

impl Terminal {
    /// Runs a command with its environment. `redirect` is a shell's redirection, such as `</dev/null`.
    pub fn open(command: &Command, redirect: &str) -> Self {
        Self::open_sized(command, redirect, 24, 80)
    }

    /// The same in a window of another size.
    pub fn open_sized(command: &Command, redirect: &str, rows: u16, columns: u16) -> Self {
        // The pty comes with its echo off and without a size: a real terminal has both. `noflsh`, since otherwise the system
        // drops with Ctrl-C what is not read yet, sometimes the program's last word.
        let script = format!("stty sane noflsh rows {rows} cols {columns}; exec \"$@\" {redirect}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, "sh"]).arg(command.get_program()).args(command.get_args());
        shell.env_clear().env("TERM", "xterm");
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        let process = PtyProcess::new(shell).unwrap();
        let keyboard = process.get_file_handle().unwrap();
        let mut output = process.get_file_handle().unwrap();
        let screen = Screen { bytes: Vec::new(), seen: Seen::new(rows, columns), ended: false };
        let screen = Arc::new((Mutex::new(screen), Condvar::new()));
        let shared = Arc::clone(&screen);
        thread::spawn(move || {
            let mut some = [0; 4096];
            loop {
                // A terminal that nobody has open any more reads as an error.
                let n = output.read(&mut some).unwrap_or(0);
                let Ok(mut screen) = shared.0.lock() else { return };
                screen.bytes.extend_from_slice(&some[..n]);
                screen.seen.show(&some[..n]);
                screen.ended = n == 0;
                shared.1.notify_all();
                if n == 0 {
                    return;
                }
            }
        });
        Self { process, keyboard, screen, seen: 0 }
    }

    /// Waits until a text is on the screen, after what was waited for before.
    pub fn expect(&mut self, wanted: &str) {
        self.wait_for(wanted, |text| text.find(wanted).map(|at| at + wanted.len()));
    }

    /// The same for words, however the lines break.
    pub fn sees(&mut self, words: &str) {
        let words: Vec<char> = words.chars().filter(|c| !c.is_whitespace()).collect();
        let name: String = words.iter().collect();
        self.wait_for(&name, |text| end_of(text, &words));
    }

    fn wait_for(&mut self, wanted: &str, end: impl Fn(&str) -> Option<usize>) {
        let deadline = Instant::now() + PATIENCE;
        let mut screen = self.screen.0.lock().unwrap();
        loop {
            let text = plain(&screen.bytes);
            if let Some(end) = end(&text[self.seen..]) {
                self.seen += end;
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !screen.ended && !left.is_zero(),
                "{wanted:?} does not come after ...{:?}, but {:?}\n{}",
                text[..self.seen].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect::<String>(),
                &text[self.seen..],
                screen.seen.whole()
            );
            screen = self.screen.1.wait_timeout(screen, left).unwrap().0;
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    pub fn line(&mut self, text: &str) {
        self.press(&format!("{text}\r"));
    }

    /// What a terminal that is closed, or a system that shuts down, sends.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal).unwrap();
    }

    /// Somebody else, a shell for example, brings the echo and the editing of lines back.
    pub fn echo_on(&self) {
        let mut now = tcgetattr(&self.keyboard).unwrap();
        now.local_modes.insert(LocalModes::ECHO | LocalModes::ICANON);
        tcsetattr(&self.keyboard, OptionalActions::Now, &now).unwrap();
    }

    /// Waits until typed characters are hidden. Nobody announces it, so it is asked again and again.
    pub fn wait_until_hidden(&self) {
        self.wait_for_modes("the echo is left on", |modes| !modes.contains(LocalModes::ECHO));
    }

    /// Waits until keys are read one by one and unseen. The echo goes off before that: a Ctrl-D in between would end a line of
    /// the terminal, and be no key of the program.
    pub fn wait_for_hidden_keys(&self) {
        let hidden = LocalModes::ECHO | LocalModes::ICANON;
        self.wait_for_modes("the keys are still read in lines", |modes| !modes.intersects(hidden));
    }

    /// Waits until typed characters are shown again.
    pub fn wait_until_shown(&self) {
        self.wait_for_modes("the echo is still off", |modes| modes.contains(LocalModes::ECHO));
    }

    fn wait_for_modes(&self, why: &str, is_so: impl Fn(LocalModes) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(tcgetattr(&self.keyboard).unwrap().local_modes) {
            assert!(Instant::now() < deadline, "{why}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Looks at the echo all the time, from now on.
    pub fn watch_echo(&self) -> EchoWatch {
        let (keyboard, ends) = (self.keyboard.try_clone().unwrap(), Arc::new(AtomicBool::new(false)));
        let end = Arc::clone(&ends);
        let watch = thread::spawn(move || {
            let mut was_on = false;
            while !ends.load(Ordering::SeqCst) {
                was_on |= tcgetattr(&keyboard).unwrap().local_modes.contains(LocalModes::ECHO);
                thread::sleep(Duration::from_micros(200));
            }
            was_on
        });
        EchoWatch { end, watch }
    }

    /// Everything so far, without what moves the cursor.
    pub fn text(&self) -> String {
        plain(&self.screen.0.lock().unwrap().bytes)
    }

    /// Everything so far, byte by byte.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.screen.0.lock().unwrap().bytes).into_owned()
    }

    /// The lines of the window as it is now.
    pub fn window(&self) -> Vec<String> {
        self.screen.0.lock().unwrap().seen.window()
    }

    /// Whether the cursor is to be seen now: it is hidden while a question is drawn.
    pub fn cursor_is_shown(&self) -> bool {
        self.screen.0.lock().unwrap().seen.cursor_is_shown()
    }

    /// Waits for the program's end.
    pub fn end(self) -> Left {
        let deadline = Instant::now() + PATIENCE;
        let mut screen = self.screen.0.lock().unwrap();
        while !screen.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the program does not end\n{}", plain(&screen.bytes));
            screen = self.screen.1.wait_timeout(screen, left).unwrap().0;
        }
        let raw = String::from_utf8_lossy(&screen.bytes).into_owned();
        let text = plain(&screen.bytes);
        let seen = screen.seen.whole();
        let (cursor_is_shown, marks_pastes) = (screen.seen.cursor_is_shown(), screen.seen.marks_pastes());
        drop(screen);
        let modes = tcgetattr(&self.keyboard).unwrap().local_modes;
        let code = match self.process.wait().unwrap() {
            WaitStatus::Exited(_, code) => code,
            other => panic!("{other:?}\n{text}"),
        };
        let usual = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        Left { code, raw, text, terminal_is_as_before: modes.contains(usual), seen, cursor_is_shown, marks_pastes }
    }
}

impl Left {
    /// Whether the cursor, if it was ever hidden, is shown again.
    pub fn cursor_is_shown(&self) -> bool {
        self.cursor_is_shown
    }

    /// Typed characters are shown, lines are edited, the cursor is there, pastes are what they were.
    pub fn assert_in_order(&self, what: &str) {
        assert!(self.terminal_is_as_before, "{what}: the echo is off\n{}", self.seen);
        assert!(self.cursor_is_shown, "{what}: the cursor is hidden\n{}", self.seen);
        assert!(!self.marks_pastes, "{what}: pastes are still marked\n{}", self.seen);
    }
}

/// Text without escape sequences and carriage returns.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.as_str().starts_with('[') => {
                rest.next();
                let _ = rest.by_ref().find(|c| ('@'..='~').contains(c));
            }
            '\u{1b}' if rest.as_str().starts_with(']') => {
                let _ = rest.by_ref().find(|c| *c == '\u{7}');
            }
            '\r' => {}
            c => out.push(c),
        }
    }
    out
}

/// Where these words end in a text, whatever white space stands between.
fn end_of(text: &str, words: &[char]) -> Option<usize> {
    let letters: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !c.is_whitespace()).collect();
    let found = letters.windows(words.len()).find(|at| at.iter().map(|(_, c)| c).eq(words))?;
    found.last().map(|(at, c)| at + c.len_utf8())
}
