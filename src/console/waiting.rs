//! Owns the one line that is drawn anew: what is being waited for, and for how long, on a terminal that can erase it.
//!
//! Refuses to hide the cursor (so nothing has to bring it back, however the process ends), to show itself for what is quick,
//! and to say more than one line where nothing can be erased.

use std::io::Write as _;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossterm::cursor::MoveToColumn;
use crossterm::queue;
use crossterm::style::Print;
use crossterm::terminal::{Clear, ClearType};

use super::wrap::{columns, cut, room_for_one_line};

/// What takes less is not worth a line that appears and goes away.
const QUICK: Duration = Duration::from_millis(400);
/// The same where the line stays.
const QUICK_PLAIN: Duration = Duration::from_secs(2);
/// How often it is drawn anew.
const TICK: Duration = Duration::from_millis(100);
/// What turns, in characters that every console has.
const TURNS: [char; 4] = ['|', '/', '-', '\\'];

/// The terminal as far as a drawn line is concerned; whoever prints asks it first.
#[derive(Default)]
pub(super) struct Screen(Mutex<Line>);

#[derive(Default)]
struct Line {
    drawn: bool,
    closed: bool,
}

impl Screen {
    /// Erases the line, and lets nothing draw it as long as the value lives: what is printed meanwhile stands above it.
    pub(super) fn to_print(&self) -> impl Drop + use<'_> {
        let mut line = self.lock();
        line.erase();
        line
    }

    /// Erases the line for good: after the last word of a command nothing is drawn.
    pub(super) fn close(&self) {
        let mut line = self.lock();
        line.erase();
        line.closed = true;
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    fn draw(&mut self, text: &str) {
        let mut err = std::io::stderr();
        // A terminal that went away is no failure of ours.
        let _ = queue!(err, MoveToColumn(0), Print(text), Clear(ClearType::UntilNewLine)).and_then(|()| err.flush());
        self.drawn = true;
    }

    fn erase(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let mut err = std::io::stderr();
            let _ = queue!(err, MoveToColumn(0), Clear(ClearType::UntilNewLine)).and_then(|()| err.flush());
        }
    }
}

/// While it lives, something is being waited for.
#[must_use = "what is waited for is shown as long as this lives"]
pub struct Waiting(Option<Shown>);

struct Shown {
    what: Arc<Mutex<String>>,
    screen: Arc<Screen>,
    over: Arc<(Mutex<bool>, Condvar)>,
}

impl Waiting {
    /// Nobody looks.
    pub(super) fn unseen() -> Self {
        Self(None)
    }

    /// A line that is drawn anew, and erased in the end.
    pub(super) fn drawn(screen: &Arc<Screen>, what: String) -> Self {
        Self::drawn_with(screen, what, true)
    }

    /// The same, where the text says itself how long.
    pub(super) fn counted(screen: &Arc<Screen>, what: String) -> Self {
        Self::drawn_with(screen, what, false)
    }

    fn drawn_with(screen: &Arc<Screen>, what: String, with_time: bool) -> Self {
        let shared = Arc::new(Mutex::new(what));
        let what = Arc::clone(&shared);
        let mut waiting = Self::start(screen, move |line, waited| {
            if let Some(waited) = waited {
                let what = what.lock().unwrap_or_else(PoisonError::into_inner);
                line.draw(&frame(&what, waited, with_time, room_for_one_line()));
            }
            Some(if waited.is_none() && with_time { QUICK } else { TICK })
        });
        if let Some(shown) = &mut waiting.0 {
            shown.what = shared;
        }
        waiting
    }

    /// What is waited for is something else now.
    pub fn shows(&self, what: &str) {
        if let Some(shown) = &self.0 {
            what.clone_into(&mut shown.what.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// A line that is printed once.
    pub(super) fn said(screen: &Arc<Screen>, what: String) -> Self {
        Self::start(screen, move |_, waited| {
            if waited.is_some() {
                let _ = writeln!(std::io::stderr(), "  {what}");
                return None;
            }
            Some(QUICK_PLAIN)
        })
    }

    /// Asks `show` in a thread of its own, at first without a time, when to come again; each time the terminal is its own.
    fn start(
        screen: &Arc<Screen>,
        mut show: impl FnMut(&mut Line, Option<Duration>) -> Option<Duration> + Send + 'static,
    ) -> Self {
        let shown = Shown { what: Arc::default(), screen: Arc::clone(screen), over: Arc::default() };
        let (screen, over) = (Arc::clone(screen), Arc::clone(&shown.over));
        let began = Instant::now();
        let Some(mut pause) = show(&mut Line::default(), None) else { return Self(Some(shown)) };
        let ticks = move || {
            loop {
                let (asked, woken) = &*over;
                let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                let waited = woken.wait_timeout_while(asked, pause, |is_over| !*is_over);
                if *waited.unwrap_or_else(PoisonError::into_inner).0 {
                    return;
                }
                let mut line = screen.lock();
                // Again, now that nobody else prints: the end erases the line and then nobody would.
                if line.closed || *over.0.lock().unwrap_or_else(PoisonError::into_inner) {
                    return;
                }
                match show(&mut line, Some(began.elapsed())) {
                    Some(next) => pause = next,
                    None => return,
                }
            }
        };
        // Without a thread nothing is shown, and that is all.
        let _ = std::thread::Builder::new().name("waiting".into()).spawn(ticks);
        Self(Some(shown))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(shown) = &self.0 {
            *shown.over.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            shown.over.1.notify_all();
            shown.screen.lock().erase();
        }
    }
}

/// The line after some time: cut to the width, the time kept as long as there is room for it.
fn frame(what: &str, waited: Duration, with_time: bool, width: usize) -> String {
    let turn = TURNS[usize::try_from(waited.as_millis() / TICK.as_millis()).unwrap_or_default() % TURNS.len()];
    let seconds = if waited.as_secs() == 0 || !with_time { String::new() } else { format!("  {} s", waited.as_secs()) };
    let room = width.saturating_sub(4 + seconds.len());
    let what = if columns(what) > room { format!("{}...", cut(what, room.saturating_sub(3))) } else { what.to_owned() };
    cut(&format!("  {turn} {what}{seconds}"), width).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_and_how_long_and_is_never_wider_than_the_terminal() {
        let seconds = Duration::from_secs;
        assert_eq!(frame("asking a.example", Duration::from_millis(400), true, 79), "  | asking a.example");
        assert_eq!(frame("asking a.example", Duration::from_millis(3100), true, 79), "  \\ asking a.example  3 s");
        assert_eq!(frame("asking accounts.google.com", seconds(12), true, 24), "  | asking acco...  12 s");
        assert_eq!(frame("健康健康健康健康健康", seconds(4), true, 20), "  | 健康健康...  4 s");
        for width in 0..60 {
            let line = frame("asking a-tenant-with-a-long-name.eu.auth0.com", seconds(100), true, width);
            assert!(columns(&line) <= width, "{line:?} in {width}");
        }
    }

    #[test]
    fn what_is_printed_meanwhile_waits_for_nobody_and_the_end_is_the_end() {
        let screen = Arc::new(Screen::default());
        let waiting = Waiting::start(&screen, |line, _| {
            line.drawn = true;
            Some(Duration::from_millis(1))
        });
        while !screen.lock().drawn {
            std::thread::yield_now();
        }
        drop(screen.to_print());
        while !screen.lock().drawn {
            std::thread::yield_now();
        }
        drop(waiting);
        assert!(!screen.lock().drawn);
        std::thread::sleep(Duration::from_millis(20));
        assert!(!screen.lock().drawn, "nothing is drawn after the end");
        let closed = Waiting::start(&screen, |line, _| {
            line.drawn = true;
            Some(Duration::from_millis(1))
        });
        screen.close();
        std::thread::sleep(Duration::from_millis(20));
        assert!(!screen.lock().drawn, "nothing is drawn after the last word");
        drop(closed);
    }
}
