//! Owns the wait for the person at the browser: the address, the countdown, the keys, and what is asked when nothing came.
//!
//! Refuses to wait for ever, and to guess why nothing came: the browser shows it, and the person can paste it.

use std::io::BufRead as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::after::Trail;
use super::{Login, cancelled};
use crate::ask::{Ask, Question, Typed};
use crate::browser::Opened;
use crate::console::Console;
use crate::diagnosis::{Code, Failure, recognise};
use crate::loopback::PasteRefused::{self, OtherAddress};
use crate::loopback::{Answer, Listener, Outcome, Paster, TurnedAway, Waiting};
use crate::oauth::Proof;
use crate::process::Surroundings;
use crate::provider::Provider;
use crate::secret::Secret;
use crate::text::said;
use crate::world::World;

/// So long the keyboard is looked at before the listener is.
const TICK: Duration = Duration::from_millis(100);
/// Nobody there: then the question what the browser shows ends by itself.
const NOBODY: Duration = Duration::from_secs(60);

/// Opens the browser, waits, and returns the one right answer, with the listener: it goes on refusing whatever else comes, until
/// the browser has its page.
///
/// # Errors
/// `login_timed_out` or what the person says the browser shows, or `cancelled`.
pub fn wait(
    world: &World,
    listener: Listener,
    proof: &Proof,
    url: &Url,
    login: &Login,
    trail: &Trail,
) -> Result<(Answer, Waiting), Failure> {
    let redirect_uri = listener.redirect_uri();
    let port = listener.port();
    let waiting = listener.expect(Secret::new(proof.state.expose().to_owned()));
    let canceller = waiting.canceller();
    let sleeper = world.cancel.wakes(move || canceller.cancel());
    cancelled(world)?;
    let address = world.http.endpoints().rewrite(url);

    world.console.say("Open this address in a browser, sign in, and allow the access:");
    world.console.copyable(address.as_str());
    // Where the browser is on another machine, the way to the listener has to be there before the page is opened.
    let remote = matches!(world.surroundings, Surroundings::Ssh(_) | Surroundings::Codespace);
    let simulated = world.sandbox.is_some() && world.dialogue.is_none();
    if remote && !simulated {
        elsewhere(world, port);
    }
    let opened = open(world, &address);
    if opened.is_none() && !remote {
        elsewhere(world, port);
    }
    world
        .console
        .say(&format!("Waiting up to {} for the answer on {redirect_uri}", humantime::format_duration(login.timeout)));
    let deadline = Instant::now() + login.timeout;
    let outcome = match &world.dialogue {
        Some(person) => attend(world, &**person, &waiting, &address, deadline),
        None => {
            if world.reads_pasted_answers {
                listen_to_stdin(waiting.paster(), &world.console);
            }
            Ok(waiting.wait(deadline))
        }
    };
    drop(sleeper);
    let turned_away = waiting.turned_away();
    match outcome? {
        Outcome::Answer(answer) => Ok((answer, waiting)),
        Outcome::Cancelled => Err(Failure::new(Code::Cancelled, "cancelled while waiting for the browser")),
        Outcome::TimedOut => {
            drop(waiting);
            Err(nothing_came(trail, turned_away, opened.is_some() && !remote))
        }
    }
}

/// Who took the address, if anybody did.
fn open(world: &World, address: &Url) -> Option<Opened> {
    let opened = world.open(address);
    world.console.say(&match &opened {
        Ok(Opened::Yes) => "It was opened in your browser.".to_owned(),
        Ok(Opened::ByRobot) => "A robot signs in and allows the access, in place of a person.".to_owned(),
        Ok(Opened::No(why)) => format!("No browser was opened ({why})."),
        Err(error) => format!("No browser was opened ({error})."),
    });
    opened.ok().filter(|opened| !matches!(opened, Opened::No(_)))
}

/// What works where the browser is on another machine than the listener.
fn elsewhere(world: &World, port: u16) {
    let console = &world.console;
    let tunnel = |target: &str| console.copyable(&format!("ssh -L {port}:127.0.0.1:{port} {target}"));
    match &world.surroundings {
        Surroundings::Here => {
            console.say("A browser on another machine reaches the listener through a tunnel made there:");
            tunnel("THIS_MACHINE");
        }
        Surroundings::Ssh(target) => {
            console.say("This is an SSH session. A browser on your own machine needs a tunnel made there first:");
            tunnel(target);
        }
        Surroundings::Codespace => {
            console.say("This is a codespace. A browser on your own machine needs the port forwarded there first:");
            console.copyable(&format!("gh codespace ports forward {port}:{port}"));
        }
        Surroundings::Container => {
            console.say("This is a container: a browser outside cannot reach its 127.0.0.1, unless it shares the host's network.");
        }
        Surroundings::Wsl => {
            console.say("This is WSL: a browser on Windows reaches the listener while localhost forwarding is on, which is usual.");
        }
    }
    if world.reads_pasted_answers {
        console.say("Without that: paste the address of the page that the browser ends on here, while this waits.");
    }
}

/// Waits with a person at the keyboard: a countdown, and keys to open again, copy and cancel.
fn attend(
    world: &World,
    person: &dyn Ask,
    waiting: &Waiting,
    address: &Url,
    deadline: Instant,
) -> Result<Outcome, Failure> {
    let paster = waiting.paster();
    let copies = world.console.has_clipboard();
    world.console.say(match (world.console.is_plain(), copies) {
        (true, _) => "Type open to open it again or cancel to leave, then enter; or paste the final address.",
        (false, true) => "[o] open again  [c] copy the address  [q] cancel; the final address can be pasted here",
        (false, false) => "[o] open again  [q] cancel; the final address can be pasted here",
    });
    let mut keyboard = person.keyboard()?;
    let status = world.console.counting("waiting for the browser");
    let mut minutes = deadline.saturating_duration_since(Instant::now()).as_secs() / 60;
    loop {
        match waiting.wait(Instant::now()) {
            Outcome::TimedOut if Instant::now() < deadline => {}
            outcome => return Ok(outcome),
        }
        let left = deadline.saturating_duration_since(Instant::now()).as_secs();
        status.shows(&format!("waiting for the browser, {}:{:02} left", left / 60, left % 60));
        if world.console.is_plain() && left / 60 < minutes {
            minutes = left / 60;
            world.console.say(&format!("{} left", humantime::format_duration(Duration::from_secs(left))));
        }
        match keyboard.next(TICK)? {
            None => {}
            Some(Typed::Escape | Typed::Key('q')) => return Ok(Outcome::Cancelled),
            Some(Typed::Key('o')) => {
                open(world, address);
            }
            Some(Typed::Key('c')) if copies => {
                world.console.to_clipboard(address.as_str());
                world.console.say("  sent to the clipboard of the terminal: the address");
            }
            Some(Typed::Key(_)) => {}
            Some(Typed::Pasted(text)) => {
                let text = Secret::new(text);
                let is_address = text.expose().contains("://") || text.expose().contains("state=");
                let refused = if is_address { paster.paste(text.expose().trim()).err() } else { Some(OtherAddress) };
                if let Some(refused) = refused {
                    let not_one = "not an address: one of the keys above, or the address of the final page";
                    let why = if is_address { format!("not accepted: {refused}") } else { not_one.to_owned() };
                    not_taken(&world.console, &refused, &why, text.expose());
                }
            }
        }
    }
}

/// Reads lines that come through a pipe while the listener waits; the same validation, the same single answer.
fn listen_to_stdin(paster: Paster, console: &Arc<Console>) {
    let console = Arc::clone(console);
    // The thread ends with the process: a blocked read cannot be taken back.
    let _ = std::thread::Builder::new().name("pasted answer".into()).spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            let line = Secret::new(line);
            if line.expose().trim().is_empty() {
                continue;
            }
            match paster.paste(line.expose()) {
                Ok(()) => return,
                Err(refused) => not_taken(&console, &refused, &format!("not accepted: {refused}"), line.expose()),
            }
        }
    });
}

/// What was pasted is no answer of this login, and why; of a page that shows an error it is said what to mend, as `explain` does.
fn not_taken(console: &Console, refused: &PasteRefused, why: &str, pasted: &str) {
    match recognise(pasted).into_iter().next().filter(|_| matches!(refused, OtherAddress)) {
        None => console.say(&format!("  {why}")),
        Some(code) => {
            console.say(&format!(
                "  not the answer, but what a page shows when it is refused [{code}]; this waits on meanwhile"
            ));
            console.hint(code.diagnosis().cure);
        }
    }
}

/// The deadline passed: the cause, when it can be found out, or the likely ones.
fn nothing_came(trail: &Trail, turned_away: TurnedAway, reachable: bool) -> Failure {
    let (world, login) = (trail.world, trail.login);
    let limit = humantime::format_duration(login.timeout);
    let failure = Failure::new(Code::LoginTimedOut, format!("no answer came from the browser within {limit}"));
    let failure = trail.look(failure, turned_away);
    if failure.code != Code::LoginTimedOut || cancelled(world).is_err() {
        return failure;
    }
    let causes = likely(world, login, reachable || trail.ended_before.get());
    let as_a_rule = if causes.len() == 1 { "As a rule it is this:" } else { "As a rule it is one of these:" };
    if world.dialogue.is_none() {
        let causes: Vec<String> =
            causes.iter().map(|(cause, copy)| format!("{cause} {}", copy.as_deref().unwrap_or_default())).collect();
        return failure.with_hint(format!(
            "What does the browser show? Paste its text: `fitbit-connect explain \"TEXT OF THE PAGE\"` {as_a_rule} {}",
            causes.join(" | ").trim()
        ));
    }
    let console = &world.console;
    console.say(&format!("No answer came within {limit}. {as_a_rule}"));
    for (cause, copy) in causes {
        console.say(&format!("  - {cause}"));
        copy.iter().for_each(|value| console.copyable(value));
    }
    failure.with_hint("The page in the browser says why; its text can be pasted: `fitbit-connect explain \"TEXT\"`")
}

/// When nothing came, asks what the browser shows, and names that. Everything has been cleaned up by then.
///
/// # Errors
/// The failure itself, or what it turned out to be; `cancelled`.
pub fn what_is_shown(world: &World, login: &Login, failure: Failure) -> Failure {
    let Some(person) = world.dialogue.as_ref().filter(|_| failure.code == Code::LoginTimedOut) else { return failure };
    let help = format!("ends by itself in {} s if nothing is typed", NOBODY.as_secs());
    let question = Question { text: "What does the browser show?", help: &help, ..Question::default() };
    let shown = match person.pasted(&question, NOBODY) {
        Ok(shown) => shown,
        Err(stop) => return stop.into(),
    };
    match recognise(&shown).into_iter().next() {
        _ if shown.trim().is_empty() => failure,
        None => {
            world.console.say("  No diagnosis fits this text.");
            failure.with_hint("Mend what the page says, then log in again: everything else has been verified")
        }
        Some(code) => {
            let named = Failure::new(code, format!("{}; the browser shows: {}", failure.message, said(&shown)));
            match code {
                Code::RedirectUriMismatch => named.with_hint(format!(
                    "Enter exactly this callback URL at the provider, save, and wait for it to act: {}",
                    login.provider_callback
                )),
                _ => named,
            }
        }
    }
}

/// The two likeliest causes, each with the exact string to compare where there is one.
fn likely(world: &World, login: &Login, reachable: bool) -> Vec<(&'static str, Option<String>)> {
    let mut causes = Vec::new();
    if !reachable {
        causes.push((
            "the browser is on another machine and could not reach the listener: see the way shown above",
            None,
        ));
    }
    let mismatch = match login.provider {
        Provider::GoogleHealth => {
            "\"Error 400: redirect_uri_mismatch\": the provider does not have exactly this callback URL:"
        }
        Provider::Fitbit => {
            "\"Invalid redirect_uri parameter value\": the provider does not have exactly this callback URL:"
        }
    };
    // What was verified a moment ago is not likely.
    if !login.callback_accepted {
        causes.push((mismatch, Some(login.provider_callback.clone())));
    }
    if login.provider == Provider::GoogleHealth {
        causes.push((
            "\"Error 403: access_denied\": the account is not among the app's test users:",
            Some(world.console.filled("{audience_page}")),
        ));
    }
    causes.push(("a page still waits for somebody to sign in or to press Allow", None));
    causes.truncate(2);
    causes
}
