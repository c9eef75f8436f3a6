//! Owns a terminal that is closed for real: nobody holds its other end any more, as when its window is gone or a connection broke.

use super::plain;
use crate::outside::PATIENCE;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use rustix::time::Timespec;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

/// A program in a terminal whose other end this value alone holds.
pub struct Closing {
    /// Not even a thread may have another one: so the screen is read only while something is waited for.
    end: File,
    program: Child,
    seen: Vec<u8>,
}

impl Closing {
    /// Runs a command with its environment, with this terminal as the one that controls its session.
    pub fn open(command: &Command) -> Self {
        let end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&end).unwrap();
        unlockpt(&end).unwrap();
        let name = ptsname(&end, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let program = File::from(rustix::fs::open(name, flags, rustix::fs::Mode::empty()).unwrap());
        tcsetwinsize(&program, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args());
        session.env_clear().env("TERM", "xterm");
        session.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        session.current_dir(command.get_current_dir().unwrap());
        session.stdin(program.try_clone().unwrap()).stdout(program.try_clone().unwrap()).stderr(program);
        // The command holds the program's end for as long as it lives: nobody may but the program.
        let program = session.spawn().unwrap();
        drop(session);
        Self { end: File::from(end), program, seen: Vec::new() }
    }

    /// Waits until a text is on the screen.
    pub fn expect(&mut self, wanted: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !plain(&self.seen).contains(wanted) {
            assert!(Instant::now() < deadline, "{wanted:?} does not come: {}", plain(&self.seen));
            let limit = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
            if poll(&mut [PollFd::new(&self.end, PollFlags::IN)], Some(&limit)).unwrap() > 0 {
                let mut some = [0; 4096];
                let n = self.end.read(&mut some).unwrap();
                self.seen.extend_from_slice(&some[..n]);
            }
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.end.write_all(keys.as_bytes()).unwrap();
    }

    /// Closes it. What the program ended with, and within what time.
    pub fn close(self) -> (Option<i32>, Duration) {
        let Self { end, mut program, seen } = self;
        drop(end);
        let closed = Instant::now();
        loop {
            if let Some(status) = program.try_wait().unwrap() {
                assert!(status.signal().is_none(), "{status}\n{}", plain(&seen));
                return (status.code(), closed.elapsed());
            }
            if closed.elapsed() > PATIENCE {
                let _ = program.kill();
                let _ = program.wait();
                panic!("the program does not end\n{}", plain(&seen));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}
