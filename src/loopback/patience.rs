//! Owns how the accept loop waits for the next connection, or for its end, which must never hang on one more connection.
//!
//! On Unix the system wakes it: for a connection, or because the other half of a pair of sockets was dropped. Elsewhere,
//! and if there is no such pair, it looks again after a short pause. Refuses to accept anything itself.

use super::waiting::Desk;
use std::net::TcpListener;
use std::time::Duration;

/// How often a loop that cannot be woken looks again.
const PAUSE: Duration = Duration::from_millis(10);

#[cfg(unix)]
type Line = std::os::unix::net::UnixStream;
#[cfg(not(unix))]
type Line = ();

/// The loop's half.
#[derive(Debug)]
pub(super) struct Patience(Option<Line>);

/// The caller's half: dropping it wakes the loop.
#[derive(Debug)]
pub(super) struct Waker {
    _line: Option<Line>,
}

/// Both halves.
pub(super) fn pair() -> (Waker, Patience) {
    let (ours, theirs) = line().unzip();
    (Waker { _line: ours }, Patience(theirs))
}

#[cfg(unix)]
fn line() -> Option<(Line, Line)> {
    Line::pair().ok()
}

#[cfg(not(unix))]
fn line() -> Option<(Line, Line)> {
    None
}

impl Patience {
    /// Returns when a connection waits, when the other half is gone, or after a pause for any other reason.
    pub(super) fn wait(&self, socket: &TcpListener, desk: &Desk) {
        #[cfg(unix)]
        if let Some(line) = &self.0 {
            use rustix::event::{PollFd, PollFlags, poll};
            let mut doors = [PollFd::new(socket, PollFlags::IN), PollFd::new(line, PollFlags::IN)];
            if poll(&mut doors, None).is_ok() {
                return;
            }
        }
        #[cfg(not(unix))]
        let _ = (&self.0, socket);
        desk.closed_within(PAUSE);
    }
}
