//! Owns what is answered in place of the tenant when it is down, somebody else, or silent. Refuses to look at what was asked
//! any further than its path.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::problem::Problem;
use super::{DISCOVERY, Tenant, is_management, pages};
use crate::sandbox::faults::Fault;
use crate::sandbox::strangers;
use crate::sandbox::web::{Reply, Request};

/// How long a silent tenant keeps a connection; longer than any client waits.
const SILENCE: Duration = Duration::from_secs(60);

/// The wait for nothing, which the end of the sandbox ends.
#[derive(Default)]
pub(super) struct Silence {
    over: Mutex<bool>,
    ended: Condvar,
}

impl Silence {
    fn keep(&self) {
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.ended.wait_timeout_while(over, SILENCE, |over| !*over));
    }

    pub(super) fn end(&self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.notify_all();
    }
}

impl Tenant {
    /// The answer of whoever is there instead of the tenant; none when the tenant answers itself.
    pub(super) fn outage(&self, request: &Request) -> Option<Reply> {
        let management = is_management(request);
        if self.setup.has(Fault::TenantSilent) {
            self.silence.keep();
            return Some(unavailable(management));
        }
        if self.setup.has(Fault::TenantDown) {
            return Some(unavailable(management));
        }
        if self.setup.has(Fault::NotATenant) {
            return Some(strangers::web_shop());
        }
        let api = management || ["/oauth/token", DISCOVERY].contains(&request.path.as_str());
        (self.setup.has(Fault::TenantGarbage) && api).then(strangers::captive_portal)
    }
}

fn unavailable(management: bool) -> Reply {
    if management {
        Problem::unavailable().into()
    } else {
        pages::error(503, "Service unavailable", "Please try again later.")
    }
}
