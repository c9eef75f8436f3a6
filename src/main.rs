//! Arguments in, exit code out. Owns the signal handler and the terminal's state, so that Ctrl-C leaves no mess.

#![warn(clippy::disallowed_methods)]

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use fitbit_connect::cancel::Cancel;
use fitbit_connect::console::Console;
use fitbit_connect::process::Process;

fn main() -> ExitCode {
    let cancel = Cancel::default();
    let console: Arc<OnceLock<Arc<Console>>> = Arc::default();
    let terminal = Arc::new(terminal::State::save());
    let (on_signal, to_print, to_restore) = (cancel.clone(), Arc::clone(&console), Arc::clone(&terminal));
    let installed = ctrlc::set_handler(move || {
        if on_signal.interrupt() {
            to_restore.restore();
            let exit = to_print.get().map_or(130, |console| fitbit_connect::cancelled(console).code());
            // Again: a question that was about to be asked changes the terminal after that; then it waits for a key.
            std::thread::sleep(std::time::Duration::from_millis(50));
            to_restore.restore();
            #[expect(clippy::disallowed_methods, reason = "a signal handler cannot return from main")]
            std::process::exit(i32::from(exit));
        }
    });
    // Without a handler Ctrl-C still ends the process, only less politely.
    drop(installed);
    let exit = fitbit_connect::run(std::env::args_os().collect(), &Process::real(cancel), |current| {
        // Set once: this process runs one command.
        let _ = console.set(current);
    });
    if exit == fitbit_connect::diagnosis::Exit::Cancelled {
        terminal.restore();
    }
    ExitCode::from(exit.code())
}

mod terminal {
    //! The terminal as it was: a question that Ctrl-C interrupts leaves the echo off and the cursor hidden.

    /// The saved state; nothing when stdin is no terminal.
    pub struct State {
        #[cfg(unix)]
        attributes: Option<rustix::termios::Termios>,
    }

    impl State {
        pub fn save() -> Self {
            Self {
                #[cfg(unix)]
                attributes: rustix::termios::tcgetattr(std::io::stdin()).ok(),
            }
        }

        pub fn restore(&self) {
            #[cfg(unix)]
            if let Some(attributes) = &self.attributes
                && fitbit_connect::process::is_foreground()
            {
                // The process ends next: what cannot be restored stays as it is.
                let _ = rustix::termios::tcsetattr(std::io::stdin(), rustix::termios::OptionalActions::Now, attributes);
            }
            let screen = console::Term::stderr();
            if screen.is_term() {
                let _ = screen.show_cursor();
            }
        }
    }
}
