//! Owns the mark that a temporary application carries in its description: on which machine somebody waits for its login, and
//! how long.
//!
//! Whether a login goes on is seen on the machine itself, where its port is taken. A run elsewhere sees nothing, and leaves
//! the application alone until that time has passed.

use std::fmt;
use std::time::Duration;

use jiff::{Timestamp, Unit};

use crate::auth0::wire::Application;
use crate::loopback::machine;

/// What the login takes at most beside the wait for the person: it is made before, and tidied up after.
const BESIDE_THE_WAIT: Duration = Duration::from_secs(120);

/// No login goes on for longer: the longest wait that can be asked for, and some slack.
const LONGEST: Duration = Duration::from_secs(3600 + 600);

/// Who waits, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    machine: String,
    until: Timestamp,
}

impl Mark {
    /// That of a login that begins now, by the clock of the tenant, and waits as long as this.
    pub fn new(now: Timestamp, wait: Duration) -> Self {
        let until = now.checked_add(wait + BESIDE_THE_WAIT).unwrap_or(Timestamp::MAX);
        Self { machine: machine(), until: until.round(Unit::Second).unwrap_or(until) }
    }

    /// That of an application, where it has one.
    pub fn of(application: &Application) -> Option<Self> {
        let (_, mark) = application.description.as_deref()?.split_once("(machine ")?;
        let (machine, until) = mark.split_once(')')?.0.split_once(", until ")?;
        Some(Self { machine: machine.to_owned(), until: until.parse().ok()? })
    }

    /// Until when another machine's login may go on; none for one of this machine, and one that cannot go on any more.
    pub fn elsewhere_until(&self, now: Timestamp) -> Option<Timestamp> {
        let is_credible = now.checked_add(LONGEST).is_ok_and(|last| self.until <= last);
        (self.machine != machine() && now < self.until && is_credible).then_some(self.until)
    }
}

/// The description of the application; Auth0 takes 140 characters.
impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, until } = self;
        write!(
            f,
            "Created by fitbit-connect for one test login and removed afterwards (machine {machine}, until {until})"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(description: &str) -> Option<Mark> {
        let application = serde_json::json!({ "client_id": "a", "description": description });
        Mark::of(&serde_json::from_value(application).unwrap())
    }

    #[test]
    fn what_is_written_is_read_and_fits() {
        let mark = Mark::new(Timestamp::now(), Duration::from_secs(300));
        let description = mark.to_string();
        assert!(description.len() <= 140, "{description}");
        assert_eq!(described(&description), Some(mark.clone()));
        assert_eq!(mark.elsewhere_until(Timestamp::UNIX_EPOCH), None, "it is of this machine");
        for other in ["", "Created by fitbit-connect for one test login and removed afterwards", "(machine a, until b)"]
        {
            assert_eq!(described(other), None, "{other}");
        }
    }

    #[test]
    fn a_login_elsewhere_goes_on_until_its_time_has_passed() {
        let other = |until: &str| described(&format!("x (machine 00000000, until {until})")).unwrap();
        let now: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        assert!(other("2026-11-28T10:05:00Z").elsewhere_until(now).is_some());
        assert_eq!(other("2036-11-28T10:05:00Z").elsewhere_until(now), None, "a clock that is wrong");
        assert_eq!(other("2026-01-01T00:00:00Z").elsewhere_until(Timestamp::now()), None);
    }
}
