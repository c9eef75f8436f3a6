//! Owns the one place where an answer is left and picked up: by the browser, by a paste, by the deadline or by a cancel.
//!
//! Refuses a second answer, whoever brings it. It reads no request and writes no page.

use super::answer::{self, Callback, PasteRefused, Refusal};
use super::patience::{self, Waker};
use super::server::{self, HeldPage};
use crate::secret::Secret;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The one right answer.
#[derive(Debug)]
pub struct Answer {
    /// What the answer says.
    pub params: Callback,
    /// The browser that waits for a page; `None` when the answer was pasted.
    pub page: Option<HeldPage>,
}

/// How a wait ended.
#[derive(Debug)]
pub enum Outcome {
    /// The one right answer came.
    Answer(Answer),
    /// The deadline passed.
    TimedOut,
    /// Somebody called [`Canceller::cancel`].
    Cancelled,
}

/// How many answers came and were refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TurnedAway {
    /// With the `state` of another login.
    pub of_another: usize,
    /// With the right `state`, and not exactly one of a code and an error, or a parameter more than once.
    pub unclear: usize,
}

/// A served port that waits for one answer. Dropping it closes the port before the drop returns.
#[derive(Debug)]
pub struct Waiting {
    desk: Arc<Desk>,
    waker: Option<Waker>,
    server: Option<JoinHandle<()>>,
}

/// Ends a wait from another thread.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<Desk>);

/// Brings a pasted answer from another thread.
#[derive(Debug, Clone)]
pub struct Paster(Arc<Desk>);

/// What the server threads and the caller share.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) port: u16,
    expected: Secret,
    /// Answers for another login, which were refused.
    strangers: AtomicUsize,
    /// Answers of this login that could not be read as one, which were refused.
    unclear: AtomicUsize,
    tray: Mutex<Tray>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Tray {
    answer: Option<Answer>,
    answered: bool,
    cancelled: bool,
    closed: bool,
}

impl Waiting {
    pub(super) fn start(socket: TcpListener, port: u16, expected: Secret) -> Self {
        let desk = Arc::new(Desk {
            port,
            expected,
            strangers: AtomicUsize::new(0),
            unclear: AtomicUsize::new(0),
            tray: Mutex::default(),
            bell: Condvar::new(),
        });
        let shared = Arc::clone(&desk);
        // Without a thread the port closes here and the answer can still be pasted.
        let (waker, patience) = patience::pair();
        let work = move || server::serve(&socket, &shared, &patience);
        let server = thread::Builder::new().name("loopback".into()).spawn(work).ok();
        Self { desk, waker: Some(waker), server }
    }

    /// Blocks until the one right answer, the deadline or a cancel, whichever is first.
    pub fn wait(&self, deadline: Instant) -> Outcome {
        let mut tray = self.desk.tray();
        loop {
            if tray.cancelled {
                return Outcome::Cancelled;
            }
            if let Some(answer) = tray.answer.take() {
                return Outcome::Answer(answer);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Outcome::TimedOut;
            }
            tray = self.desk.bell.wait_timeout(tray, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The answers that came and were refused; they changed nothing.
    pub fn turned_away(&self) -> TurnedAway {
        let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
        TurnedAway { of_another: count(&self.desk.strangers), unclear: count(&self.desk.unclear) }
    }

    /// A handle that ends the wait.
    pub fn canceller(&self) -> Canceller {
        Canceller(Arc::clone(&self.desk))
    }

    /// A handle that brings a pasted answer.
    pub fn paster(&self) -> Paster {
        Paster(Arc::clone(&self.desk))
    }

    /// Judges a pasted address or query as the listener would; when right, the wait ends with it.
    pub fn paste(&self, text: &str) -> Result<(), PasteRefused> {
        self.desk.paste(text)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let left_over = {
            let mut tray = self.desk.tray();
            tray.closed = true;
            tray.answer.take()
        };
        self.desk.bell.notify_all();
        drop(self.waker.take());
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
        // Last, and with no lock held: it tells its browser to go back to the terminal.
        drop(left_over);
    }
}

impl Canceller {
    /// Ends the wait at once; harmless when it is over.
    pub fn cancel(&self) {
        self.0.tray().cancelled = true;
        self.0.bell.notify_all();
    }
}

impl Paster {
    /// The same as [`Waiting::paste`].
    pub fn paste(&self, text: &str) -> Result<(), PasteRefused> {
        self.0.paste(text)
    }
}

impl Desk {
    /// Judges the query of a request.
    pub(super) fn judge(&self, query: &str) -> Result<Callback, Refusal> {
        let judged = answer::read_query(query, &self.expected);
        match judged {
            Err(Refusal::WrongState) => _ = self.strangers.fetch_add(1, Ordering::SeqCst),
            Err(Refusal::Both | Refusal::Neither) => _ = self.unclear.fetch_add(1, Ordering::SeqCst),
            Err(Refusal::Repeated) if answer::has_state(query, &self.expected) => {
                self.unclear.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
        judged
    }

    /// Leaves the one answer; a later one comes back.
    pub(super) fn deliver(&self, answer: Answer) -> Result<(), Box<Answer>> {
        let mut tray = self.tray();
        if tray.answered || tray.cancelled || tray.closed {
            return Err(Box::new(answer));
        }
        tray.answered = true;
        tray.answer = Some(answer);
        self.bell.notify_all();
        Ok(())
    }

    /// Whether the port is to be closed; waits that long for it.
    pub(super) fn closed_within(&self, pause: Duration) -> bool {
        let tray = self.tray();
        if tray.closed || pause.is_zero() {
            return tray.closed;
        }
        self.bell.wait_timeout(tray, pause).unwrap_or_else(PoisonError::into_inner).0.closed
    }

    fn paste(&self, text: &str) -> Result<(), PasteRefused> {
        let params = answer::read_paste(text, self.port, &self.expected)?;
        self.deliver(Answer { params, page: None }).map_err(|_| PasteRefused::Over)
    }

    fn tray(&self) -> MutexGuard<'_, Tray> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
