//! Owns the way into the tenant: does it answer, the Management API session, and the custom login domains it knows of.

use super::login_domains::LoginDomains;
use super::{demand, tenant, within};
use crate::auth0::management::{Login, Management};
use crate::checks::{id, tenant as checks};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step};
use crate::ids::Domain;
use crate::world::World;

/// A session, and what was asked for with it.
pub struct Session<'a> {
    /// The Management API.
    pub management: Management<'a>,
    /// The custom login domains.
    pub domains: LoginDomains,
}

/// Whether the domain answers as a tenant.
///
/// # Errors
/// `tenant_not_found`, or a network failure.
pub fn reach(world: &World, domain: &Domain) -> Result<(), Failure> {
    demand(world, checks::reachable(&world.http, domain)).map(drop)
}

/// Signs in, and on request asks for the custom login domains that are ready.
///
/// # Errors
/// `tenant_not_found`, `management_*`, or a network failure.
pub fn run<'a>(
    world: &'a World,
    domain: &Domain,
    login: &Login,
    is_reached: bool,
    (named, by_flag): (&[Domain], bool),
    needed: &[&'static str],
) -> Result<Session<'a>, Failure> {
    within(world, Step::Connection, || {
        world.console.title(&format!("Auth0 tenant {domain}"));
        if !is_reached {
            reach(world, domain)?;
        }
        let opened = || {
            let management = Management::sign_in(&world.http, domain, login)?;
            // Named from the token, before the first call.
            management.require(needed).map_err(name_all_permissions)?;
            let domains = LoginDomains::look(world, &management, domain, named, by_flag)?;
            match domains.gone.first() {
                // What was given is for whoever gave it to correct; in a dialogue it is left out, and the plan shows that.
                Some((_, failure)) if named != world.saved.login_domains && world.dialogue.is_none() => {
                    Err(failure.clone())
                }
                _ => Ok((management, domains)),
            }
        };
        let (management, domains) = opened().inspect_err(|failure: &Failure| {
            let is_domain = failure.code == Code::LoginDomainGone;
            let check = if is_domain { id::AUTHORIZE_REDIRECT } else { id::MANAGEMENT_ACCESS };
            let failed = Finding::fail(check, failure.clone());
            world.console.finding(&world.finding_unshadowed(failed));
        })?;
        let answered = domains.told.is_some();
        world.console.finding(&checks::access(&management, &[], answered, domains.about.as_deref()));
        for (_, failure) in &domains.gone {
            world.console.warn(&format!("{}: it is left out", failure.message));
        }
        Ok(Session { management, domains })
    })
}

/// Whether a failure of one call means that no call can succeed.
pub fn no_session(failure: &Failure) -> bool {
    matches!(
        failure.code,
        Code::ManagementTokenRejected
            | Code::ManagementTokenExpired
            | Code::ServiceUnavailable
            | Code::NetworkUnreachable
            | Code::TlsFailed
            | Code::TimedOut
            | Code::RateLimited
    )
}

/// One way to the dashboard instead of two: what is missing now, and all that a first run needs.
fn name_all_permissions(failure: Failure) -> Failure {
    if failure.code != Code::MissingScope {
        return failure;
    }
    let hint = format!("{}; a first run needs in all: {}", failure.hint(), tenant::permissions());
    failure.with_hint(hint)
}
