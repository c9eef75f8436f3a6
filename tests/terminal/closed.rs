//! A terminal that is closed for real: the program ends by itself, soon, and leaves nothing behind.

use crate::stage::{PROVIDER, Stage, TENANT, applications};
use crate::terminal_kit::Closing;
use std::time::Duration;

/// Long enough for one answer of the tenant on a busy machine, and much shorter than any limit of a wait.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn while_the_browser_is_waited_for_it_ends_and_the_temporary_application_goes() {
    let stage = Stage::new();
    for more in [&[][..], &["--plain"]] {
        let mut terminal = Closing::open(&stage.given(more));
        terminal.expect("Waiting up to 5m for the answer on http://127.0.0.1:");
        stage.browser.address();
        terminal.expect(if more.is_empty() { "waiting for the browser, 4:" } else { "Type open" });
        assert!(stage.sandbox.applications().len() > applications().len(), "there is no temporary application");
        let (code, within) = terminal.close();
        assert_eq!(code, Some(130), "{more:?}");
        assert!(within < SOON, "{more:?}: {within:?}");
        assert_eq!(stage.sandbox.applications(), applications(), "{more:?}: the temporary application is still there");
    }
}

#[test]
fn at_any_kind_of_question_it_ends_and_nothing_was_done() {
    let stage = Stage::new();
    let before = stage.home.files();
    // A list, a line, a secret, keys, and the first two without redrawing.
    let id = stage.of("google-health", "client_id");
    let known = ["--provider", "google-health", "--domain", "acme.sandbox.test", "--client-id", id.as_str()];
    let cases: [(&[&str], &str, &str); 6] = [
        (&[], "", PROVIDER),
        (&known[..2], "", TENANT),
        (&known, "", "Client secret:"),
        (&known[..4], "\r", "[enter] next page"),
        (&["--plain"], "", "Number: [1]"),
        (&[&known[..], &["--plain"]].concat(), "", "Client secret:"),
    ];
    for (args, keys, place) in cases {
        let mut terminal = Closing::open(&stage.setup(args));
        if !keys.is_empty() {
            terminal.expect("arrows, enter");
            terminal.press(keys);
        }
        terminal.expect(place);
        if !args.contains(&"--plain") {
            terminal.expect(if keys.is_empty() { "Esc leaves]" } else { "[esc] leave" });
        }
        let (code, within) = terminal.close();
        assert_eq!(code, Some(130), "{args:?} at {place}");
        assert!(within < SOON, "{args:?} at {place}: {within:?}");
        stage.assert_nothing_was_done(&before, place);
    }
}
