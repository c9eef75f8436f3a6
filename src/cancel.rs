//! Owns the meaning of Ctrl-C: at once, unless something has to be cleaned up first; a second one is always at once.
//!
//! Refuses to end the process itself: `main` does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// Shared between the signal handler and the one place that has something to clean up.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// When it was asked for.
    asked: OnceLock<Instant>,
    holders: AtomicUsize,
    last: Mutex<Option<Box<dyn Fn() + Send>>>,
    /// Who is woken, each under a number of its own.
    sleepers: Mutex<Sleepers>,
}

#[derive(Default)]
struct Sleepers {
    count: usize,
    all: Vec<(usize, Box<dyn Fn() + Send>)>,
}

/// While it lives, Ctrl-C asks instead of ending the process.
pub struct Hold(Cancel);

/// While it lives, somebody is woken when Ctrl-C comes.
#[must_use = "nobody is woken once this is dropped"]
pub struct Sleeper(Cancel, usize);

impl Cancel {
    /// Called by the signal handler; whether the process has to end now.
    pub fn interrupt(&self) -> bool {
        // Looked at first: who is woken may be done before this goes on.
        let held = self.0.holders.load(Ordering::SeqCst) > 0;
        let first = self.0.asked.set(Instant::now()).is_ok();
        for (_, wake) in &self.sleepers().all {
            wake();
        }
        !(first && held)
    }

    /// Whether Ctrl-C was pressed.
    pub fn is_asked(&self) -> bool {
        self.asked_at().is_some()
    }

    /// When Ctrl-C was pressed for the first time.
    pub fn asked_at(&self) -> Option<Instant> {
        self.0.asked.get().copied()
    }

    /// From now on until the value is dropped, there is something to clean up.
    pub fn hold(&self) -> Hold {
        self.0.holders.fetch_add(1, Ordering::SeqCst);
        Hold(self.clone())
    }

    /// What has to be done before the process ends without returning from `main`; it may have been done already.
    pub fn at_the_end(&self, last: impl Fn() + Send + 'static) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(last));
    }

    /// Does it: the process ends now.
    pub fn ends(&self) {
        if let Some(last) = self.0.last.lock().unwrap_or_else(PoisonError::into_inner).take() {
            last();
        }
    }

    /// Pauses, and ends the pause when Ctrl-C comes; whether it was asked for by then.
    pub fn pause(&self, time: Duration) -> bool {
        let (wake, woken) = mpsc::channel();
        let _sleeper = self.wakes(move || {
            let _ = wake.send(());
        });
        // Woken, or the time is over.
        let _ = woken.recv_timeout(time);
        self.is_asked()
    }

    /// What to wake when Ctrl-C comes, as long as the value lives. Woken at once when it has come already.
    pub fn wakes(&self, wake: impl Fn() + Send + 'static) -> Sleeper {
        let mut sleepers = self.sleepers();
        // Looked at under the lock that `interrupt` takes after it has asked: one of the two sees the other.
        if self.is_asked() {
            wake();
        }
        sleepers.count += 1;
        let number = sleepers.count;
        sleepers.all.push((number, Box::new(wake)));
        Sleeper(self.clone(), number)
    }

    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.0.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.sleepers().all.retain(|(number, _)| *number != self.1);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.0.holders.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_interrupt_waits_for_a_holder_and_the_second_does_not() {
        let cancel = Cancel::default();
        let hold = cancel.hold();
        assert!(!cancel.interrupt());
        assert!(cancel.is_asked());
        assert!(cancel.interrupt());
        drop(hold);
        assert!(Cancel::default().interrupt());
    }

    #[test]
    fn a_pause_ends_when_it_is_interrupted() {
        let cancel = Cancel::default();
        assert!(!cancel.pause(Duration::from_millis(1)));
        let _hold = cancel.hold();
        let other = cancel.clone();
        let interrupts = std::thread::spawn(move || other.interrupt());
        assert!(cancel.pause(Duration::from_secs(3600)));
        interrupts.join().unwrap();
    }

    #[test]
    fn everybody_who_sleeps_is_woken_and_nobody_who_has_got_up() {
        let cancel = Cancel::default();
        let _hold = cancel.hold();
        let (wake, woken) = mpsc::channel();
        let wakes = |name: &'static str| {
            let wake = wake.clone();
            cancel.wakes(move || wake.send(name).unwrap())
        };
        let (_first, second, _third) = (wakes("first"), wakes("second"), wakes("third"));
        drop(second);
        cancel.interrupt();
        let _late = wakes("late");
        assert_eq!(woken.try_iter().collect::<Vec<_>>(), ["first", "third", "late"]);
    }
}
