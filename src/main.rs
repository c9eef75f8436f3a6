//! Arguments in, exit code out. Owns the signal handler, the panic hook and the terminal's state, so that Ctrl-C leaves no
//! mess and a panic shows no value.

#![warn(clippy::disallowed_methods)]

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fitbit_connect::cancel::Cancel;
use fitbit_connect::console::Console;
use fitbit_connect::diagnosis::Exit;
use fitbit_connect::process::{Process, close_to_others, panic_words};

/// So long the last word of a cancelled run may take.
const LAST_WORDS: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    // Before anything is read: variables may be secrets.
    close_to_others();
    std::panic::set_hook(Box::new(|panic| {
        // Not `eprintln!`: it would panic again where stderr is closed.
        let _ = writeln!(std::io::stderr(), "{}", panic_words(panic));
    }));
    let cancel = Cancel::default();
    let console: Arc<OnceLock<Arc<Console>>> = Arc::default();
    let terminal = Arc::new(terminal::State::save());
    let (on_signal, to_print, to_restore) = (cancel.clone(), Arc::clone(&console), Arc::clone(&terminal));
    let installed = ctrlc::set_handler(move || {
        if on_signal.interrupt() {
            // Whoever is stuck with the terminal in hand, since nobody reads what is written, keeps nothing alive.
            let at_last = on_signal.clone();
            let _ = std::thread::Builder::new().name("end".into()).spawn(move || {
                std::thread::sleep(LAST_WORDS);
                at_last.ends();
                end(Exit::Cancelled);
            });
            let draws = || to_print.get().is_some_and(|console| console.has_drawn());
            // What is about to be drawn is drawn before the last word, not below it.
            std::thread::sleep(std::time::Duration::from_millis(30));
            to_restore.restore(draws());
            let exit = to_print.get().map_or(Exit::Cancelled, |console| fitbit_connect::cancelled(console));
            // Again: a question that was about to be asked changes the terminal after that; then it waits for a key.
            std::thread::sleep(std::time::Duration::from_millis(50));
            to_restore.restore(draws());
            on_signal.ends();
            end(exit);
        }
    });
    // Without a handler Ctrl-C still ends the process, only less politely.
    drop(installed);
    let _in_order = terminal::Guard(Arc::clone(&terminal), Arc::clone(&console));
    let (seen, process) = (Arc::clone(&console), Process::real(cancel));
    let exit = fitbit_connect::run(std::env::args_os().collect(), &process, |current| {
        // Set once: this process runs one command.
        let _ = seen.set(current);
    });
    ExitCode::from(exit.code())
}

/// The process ends now.
fn end(exit: Exit) {
    #[expect(clippy::disallowed_methods, reason = "a signal handler cannot return from main")]
    std::process::exit(i32::from(exit.code()));
}

mod terminal {
    //! The terminal as it was: a question that Ctrl-C interrupts leaves the echo off and the cursor hidden.

    use std::io::IsTerminal as _;
    use std::sync::{Arc, OnceLock};

    use crossterm::cursor::Show;
    use crossterm::event::DisableBracketedPaste;
    use fitbit_connect::console::Console;

    /// The saved state; nothing when stdin is no terminal.
    pub struct State {
        #[cfg(unix)]
        attributes: Option<rustix::termios::Termios>,
    }

    /// Puts the terminal in order at the end, also of a panic.
    pub struct Guard(pub Arc<State>, pub Arc<OnceLock<Arc<Console>>>);

    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.restore(self.1.get().is_some_and(|console| console.has_drawn()));
        }
    }

    impl State {
        pub fn save() -> Self {
            Self {
                #[cfg(unix)]
                attributes: rustix::termios::tcgetattr(std::io::stdin()).ok(),
            }
        }

        /// `draws`: whether the program may have hidden the cursor, or asked for pastes to be marked.
        pub fn restore(&self, draws: bool) {
            #[cfg(unix)]
            if let Some(attributes) = &self.attributes
                && fitbit_connect::process::is_foreground()
            {
                // The process ends next: what cannot be restored stays as it is.
                let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, attributes);
            }
            if draws && std::io::stderr().is_terminal() {
                let _ = crossterm::execute!(std::io::stderr(), Show, DisableBracketedPaste);
            }
        }
    }
}
