//! Owns `test --watch`: the checks again and again until none fails, for the hours that an edit may need to act at Google.
//!
//! Refuses to wait for what no waiting mends, to ask more than a small plan allows, and to flood a terminal.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::tenant::TenantState;
use super::{Kept, Known, Run};
use crate::ask::given::Inputs;
use crate::auth0::management::Login;
use crate::cli;
use crate::diagnosis::{Code, Exit, Failure, led_by};
use crate::finding::{Finding, State};
use crate::ids::SecretOf;

/// The pause between two rounds unless told otherwise.
const EVERY: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long to go on, how often to ask, and how far that is.
pub(super) struct Watch {
    limit: Duration,
    every: Duration,
    began: Instant,
    /// The rounds begun.
    count: u32,
    /// What the round before said.
    before: Option<Rows>,
    /// What was last said of settings that cannot be used.
    broken: Option<String>,
}

/// How the rounds end when nothing fails.
pub(super) enum Watched<'w> {
    /// What the last one found out of the tenant, for the login.
    Over(Option<Box<TenantState<'w>>>),
    /// The settings were changed: whatever was known has to be found out again.
    Anew,
}

impl Watch {
    /// What was asked for.
    ///
    /// # Errors
    /// `input_invalid`, naming the flag and the form of its value.
    pub(super) fn asked(args: &cli::Test) -> Result<Option<Self>, Failure> {
        let Some(limit) = &args.watch else { return Ok(None) };
        let limit = time(limit, "--watch", "1s to 24h, for example --watch=3h")?;
        let every = args.every.as_deref().map(|text| time(text, "--every", "1s to 24h, for example --every 30s"));
        let every = every.transpose()?.unwrap_or(EVERY);
        Ok(Some(Self { limit, every, began: Instant::now(), count: 0, before: None, broken: None }))
    }
}

fn time(text: &str, flag: &str, shape: &str) -> Result<Duration, Failure> {
    let time = humantime::parse_duration(text.trim()).ok().filter(|time| (SECOND..=DAY).contains(time));
    time.ok_or_else(|| {
        let text = crate::text::excerpt(text, 40);
        let message = format!("\"{text}\" (from {flag}) is not right: it is a time from {shape}");
        Failure::new(Code::InputInvalid, message).with_hint(format!("Give a time from {shape}"))
    })
}

/// What a row says, by the check, its application and its place among those of the same name.
type Rows = BTreeMap<Key, (State, Option<Code>, String)>;
type Key = (&'static str, Option<String>, usize);

fn keys(findings: &[Finding]) -> Vec<Key> {
    let mut seen: BTreeMap<(&'static str, Option<String>), usize> = BTreeMap::new();
    let mut key = |finding: &Finding| {
        let nth = seen.entry((finding.check, finding.application.clone())).or_default();
        *nth += 1;
        (finding.check, finding.application.clone(), *nth)
    };
    findings.iter().map(&mut key).collect()
}

fn rows(findings: &[Finding]) -> Rows {
    let says = findings.iter().map(|finding| (finding.state, finding.code, finding.detail.clone()));
    keys(findings).into_iter().zip(says).collect()
}

/// Whether all that was given in files can be read once more: a pipe is empty by then.
fn can_be_read_again(flags: &cli::Inputs) -> bool {
    let files =
        [&flags.client_secret_file, &flags.client_json, &flags.token_file, &flags.management_client_secret_file];
    files.into_iter().flatten().all(|file| file.is_file())
}

/// The end of a watch whose settings are not those it began with, and whose inputs are gone.
fn of_changed_settings(last: Option<Failure>) -> Failure {
    let failure = last.unwrap_or_else(|| Failure::new(Code::NotVerified, "not every answer is understood"));
    let message =
        format!("the settings were changed meanwhile; with those of the beginning it is: {}", failure.message);
    Failure::new(failure.code, message).with_hint("Watch with the settings of now: `{test} --watch`")
}

impl Run<'_> {
    /// Rounds until none fails, or the settings change.
    ///
    /// # Errors
    /// The failure of the last round, when the time is over or no waiting helps; `cancelled`.
    pub(super) fn rounds<'w>(
        &'w self,
        watch: &mut Watch,
        inputs: &mut Inputs,
        known: &mut Known<'w>,
    ) -> Result<Watched<'w>, Failure> {
        loop {
            watch.count += 1;
            self.is_later.set(watch.before.is_some());
            let round = self.checks(inputs, known);
            self.is_later.set(false);
            let mut state = round?;
            let judged = self.judge();
            if let Some(before) = &watch.before {
                self.world.console.checks_are(&self.seen.borrow());
                self.say_what_changed(before, judged.is_ok());
            }
            let left = watch.limit.saturating_sub(watch.began.elapsed());
            let end = match judged {
                // What was not understood is not green, and no failure either.
                Ok(()) if self.is_any_not_understood() && !left.is_zero() => None,
                Ok(()) => {
                    if self.is_any_not_understood() {
                        self.world.console.say("The time is over, and an answer is still not understood.");
                    }
                    return Ok(Watched::Over(state.map(Box::new)));
                }
                Err(failure) => match self.beyond_waiting(&failure, known) {
                    None if left.is_zero() => Some(over(failure, watch.began.elapsed(), watch.count)),
                    other => other,
                },
            };
            if let Some(failure) = end {
                self.leave_login_out(state.as_ref());
                return Err(failure);
            }
            if watch.count == 1 {
                self.world.console.gap();
                self.world.console.say(&format!(
                    "Asked again every {}, for at most {}, until nothing fails; Ctrl-C ends it.",
                    humantime::format_duration(watch.every),
                    humantime::format_duration(watch.limit)
                ));
            }
            // A session that was refused, or lacks what somebody may grant meanwhile, is made anew.
            let session = state.as_mut().and_then(|state| state.management.take());
            known.session = session.filter(|_| !self.seen.borrow().iter().any(is_about_the_session));
            self.pause(watch.every.max(self.world.http.asked_pause()).min(left))?;
            let is_changed = self.world.settings_changed().unwrap_or_else(|broken| {
                if watch.broken.as_ref() != Some(&broken.message) {
                    let line = format!("{}  on with the settings of before: {}", time_of_day(), broken.message);
                    self.world.console.say(&line);
                    watch.broken = Some(broken.message);
                }
                false
            });
            if is_changed && !can_be_read_again(&self.args.inputs) {
                self.leave_login_out(state.as_ref());
                return Err(of_changed_settings(self.judge().err()));
            }
            if let Kept::Stored(_) = known.secret {
                // Another one may have been kept meanwhile; one that cannot be read now says nothing.
                let kept = self.world.kept_secret(SecretOf::Provider);
                known.secret = match (kept, std::mem::replace(&mut known.secret, Kept::Nothing)) {
                    (Ok(Some(secret)), _) => Kept::Stored(secret),
                    (_, before) => before,
                };
            }
            watch.before = Some(rows(&self.seen.take()));
            self.world.console.another_round();
            if is_changed {
                self.world.console.say(&format!("{}  the settings were changed: on with those of now", time_of_day()));
                return Ok(Watched::Anew);
            }
        }
    }

    fn is_any_not_understood(&self) -> bool {
        self.seen
            .borrow()
            .iter()
            .any(|finding| finding.state == State::Unknown && finding.code == Some(Code::UnrecognisedAnswer))
    }

    /// The failure that no waiting mends, if there is one.
    fn beyond_waiting(&self, verdict: &Failure, known: &Known) -> Option<Failure> {
        // A token that was given stays the one it is.
        let is_given = matches!(known.login, Some(Some(Login::Token(_))));
        let is_refused_token =
            |code| is_given && matches!(code, Code::ManagementTokenExpired | Code::ManagementTokenRejected);
        let is_worth_waiting = |failure: &Failure| is_worth_waiting(failure) && !is_refused_token(failure.code);
        let seen = self.seen.borrow();
        let mut failures =
            seen.iter().filter(|finding| finding.is_fail()).filter_map(|finding| finding.failure.as_ref());
        if let Some(failure) = failures.find(|failure| !is_worth_waiting(failure)) {
            return Some(failure.clone());
        }
        // Under --strict: what is left out for want of an input stays left out.
        let may_change = |finding: &Finding| match finding.state {
            State::Warn | State::Unknown | State::Fail => true,
            State::Skip => finding.code.is_some(),
            State::Pass => false,
        };
        (!is_worth_waiting(verdict) || !seen.iter().any(may_change)).then(|| verdict.clone())
    }

    /// One line with the time, and the rows that are not as they were.
    fn say_what_changed(&self, before: &Rows, is_green: bool) {
        let seen = self.seen.borrow();
        let how_many = match (seen.iter().filter(|finding| finding.is_fail()).count(), is_green) {
            (0, true) if self.is_any_not_understood() => "no check fails, but an answer is not understood".to_owned(),
            (0, true) => "no check fails".to_owned(),
            (0, false) => "no check fails, but not all pass (--strict)".to_owned(),
            (1, _) => "1 check fails".to_owned(),
            (many, _) => format!("{many} checks fail"),
        };
        self.world.console.say(&format!("{}  {how_many}", time_of_day()));
        let now = rows(&seen);
        for (key, finding) in keys(&seen).iter().zip(seen.iter()) {
            if before.get(key) != now.get(key) {
                self.world.console.row(finding);
            }
        }
    }

    /// Waits, in sight; Ctrl-C ends it at once.
    fn pause(&self, time: Duration) -> Result<(), Failure> {
        let cancel = &self.world.cancel;
        let _hold = cancel.hold();
        let (wake, woken) = mpsc::channel();
        let _sleeper = cancel.wakes(move || {
            // Should nobody listen any more, the pause is over anyway.
            let _ = wake.send(());
        });
        let until = Instant::now() + time;
        let status = self.world.console.counting("waiting for the next round");
        loop {
            let left = until.saturating_duration_since(Instant::now());
            status.shows(&format!("asked again in {:.0} s; Ctrl-C ends it", left.as_secs_f64().ceil()));
            match woken.recv_timeout(left.min(SECOND)) {
                Err(RecvTimeoutError::Timeout) if left > SECOND => {}
                _ => break,
            }
        }
        if cancel.is_asked() {
            return Err(Failure::new(Code::Cancelled, "cancelled before the next round"));
        }
        Ok(())
    }
}

/// Whether somebody may mend it, or time does, while this runs: inputs and secrets are read once.
fn is_worth_waiting(failure: &Failure) -> bool {
    failure.code != Code::ProviderShutDown
        && match failure.exit() {
            Exit::Misconfigured | Exit::Refused | Exit::NoConsent | Exit::Service => true,
            Exit::Done | Exit::Unexpected | Exit::Input | Exit::Store | Exit::Cancelled => false,
        }
}

/// Whether a finding says that the session is no good, or not good for everything.
fn is_about_the_session(finding: &Finding) -> bool {
    finding.code.is_some_and(|code| {
        matches!(
            code,
            Code::ManagementTokenRejected
                | Code::ManagementTokenExpired
                | Code::MissingScope
                | Code::ConnectionOptionsHidden
        )
    })
}

/// The failure of the last round, when the time is over.
fn over(failure: Failure, took: Duration, rounds: u32) -> Failure {
    let took = humantime::format_duration(Duration::from_secs(took.as_secs()));
    let times = if rounds == 1 { "once".to_owned() } else { format!("{rounds} times") };
    let hint = led_by(&format!("Asked {times} within {took}, and it still fails. "), &failure.hint());
    failure.with_hint(hint)
}

/// What the clock on the wall shows; where the machine does not tell its time zone, UTC.
fn time_of_day() -> String {
    let now = Timestamp::now();
    match TimeZone::try_system() {
        Ok(zone) => now.to_zoned(zone).strftime("%H:%M:%S").to_string(),
        Err(_) => now.strftime("%H:%M:%S UTC").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(watch: &str, every: Option<&str>) -> Result<(Duration, Duration), String> {
        use clap::Parser as _;
        let mut args = vec!["fitbit-connect".to_owned(), "test".to_owned(), watch.to_owned()];
        args.extend(every.map(|every| format!("--every={every}")));
        let cli = cli::Cli::try_parse_from(args).map_err(|error| error.to_string())?;
        let cli::Command::Test(args) = cli.command else { return Err("another command".to_owned()) };
        let plan = Watch::asked(&args).map_err(|failure| failure.message)?;
        plan.map(|plan| (plan.limit, plan.every)).ok_or_else(|| "no plan".to_owned())
    }

    #[test]
    fn the_usual_plan_is_three_hours_and_half_a_minute() {
        let seconds = Duration::from_secs;
        assert_eq!(plan("--watch", None), Ok((seconds(3 * 3600), seconds(30))));
        assert_eq!(plan("--watch=10m", Some("1s")), Ok((seconds(600), seconds(1))));
        assert_eq!(plan("--headless", None), Err("no plan".to_owned()));
        assert!(plan("--headless", Some("1s")).unwrap_err().contains("--watch"), "a pause between rounds needs rounds");
        for (watch, every) in
            [("--watch=0s", None), ("--watch=2d", None), ("--watch=soon", None), ("--watch", Some("500ms"))]
        {
            assert!(plan(watch, every).unwrap_err().contains("is not right"), "{watch} {every:?}");
        }
    }

    #[test]
    fn a_row_is_known_again_by_its_check_its_application_and_its_place() {
        let one = Finding::pass("provider.callback", "a");
        let other = Finding::pass("provider.callback", "b");
        let about = |id: &str| Finding::pass("authorize.redirect", "c").about(id, None);
        let before = rows(&[one.clone(), other.clone(), about("1"), about("2")]);
        assert_eq!(before.len(), 4);
        assert_eq!(before, rows(&[about("2"), one.clone(), other, about("1")]));
        assert_ne!(before, rows(&[one.clone(), one, about("1"), about("2")]));
    }

    #[test]
    fn what_no_waiting_mends_is_not_waited_for() {
        for (code, waits) in [
            (Code::RedirectUriMismatch, true),
            (Code::ClientSecretRejected, true),
            (Code::NetworkUnreachable, true),
            (Code::NotVerified, true),
            (Code::ProviderShutDown, false),
            (Code::ClientSecretMissing, false),
            (Code::SecretStoreLocked, false),
            (Code::Cancelled, false),
            (Code::Unexpected, false),
        ] {
            assert_eq!(is_worth_waiting(&Failure::new(code, "x")), waits, "{code}");
        }
    }
}
