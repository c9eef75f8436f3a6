//! Owns the meaning of Ctrl-C: at once, unless something has to be cleaned up first; a second one is always at once.
//!
//! Refuses to end the process itself: `main` does.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

/// Shared between the signal handler and the one place that has something to clean up.
#[derive(Clone, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Default)]
struct Inner {
    asked: AtomicBool,
    holders: AtomicUsize,
    wake: Mutex<Option<Box<dyn Fn() + Send>>>,
    last: Mutex<Option<Box<dyn Fn() + Send>>>,
}

/// While it lives, Ctrl-C asks instead of ending the process.
pub struct Hold(Cancel);

impl Cancel {
    /// Called by the signal handler; whether the process has to end now.
    pub fn interrupt(&self) -> bool {
        // Looked at first: who is woken may be done before this goes on.
        let held = self.0.holders.load(Ordering::SeqCst) > 0;
        let first = !self.0.asked.swap(true, Ordering::SeqCst);
        if let Some(wake) = self.0.wake.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            wake();
        }
        !(first && held)
    }

    /// Whether Ctrl-C was pressed.
    pub fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
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
        self.wakes(Some(Box::new(move || {
            let _ = wake.send(());
        })));
        // Woken, or the time is over.
        let _ = woken.recv_timeout(time);
        self.wakes(None);
        self.is_asked()
    }

    /// What to wake when Ctrl-C comes; `None` when nobody waits any more. Woken at once when it has come already.
    pub fn wakes(&self, wake: Option<Box<dyn Fn() + Send>>) {
        let mut slot = self.0.wake.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = wake;
        // Looked at under the lock that `interrupt` takes after it has asked: one of the two sees the other.
        if self.is_asked()
            && let Some(wake) = slot.as_ref()
        {
            wake();
        }
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
}
