//! Owns the way into the tenant: does it answer, the Management API session, and the custom login domains it knows of.

use super::{demand, tenant, within};
use crate::auth0::management::{Login, Management};
use crate::checks::{id, tenant as checks};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step};
use crate::ids::Domain;
use crate::world::World;

/// The permission to read the custom login domains, without which most set-ups do.
pub const READ_CUSTOM_DOMAINS: &str = "read:custom_domains";

/// A session, and what was asked for with it.
pub struct Session<'a> {
    /// The Management API.
    pub management: Management<'a>,
    /// The custom login domains that the tenant named, when it was asked.
    pub custom_domains: Vec<Domain>,
    /// Those of the set-up that the tenant does not have any more.
    pub gone: Vec<Domain>,
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
    (login_domains, login_domains_by_flag): (&[Domain], bool),
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
            let told = custom_domains(&management, domain)?;
            let gone = told.as_ref().map(|told| checks::gone(&world.http, domain, login_domains, told));
            let gone = gone.unwrap_or_default();
            match gone.first() {
                // What was given is for whoever gave it to correct; in a dialogue it is left out, and the plan shows that.
                Some((domain, failure)) if login_domains != world.saved.login_domains && world.dialogue.is_none() => {
                    let from = world.whence_login_domains(login_domains_by_flag);
                    Err(checks::without_gone(failure.clone(), domain, &from, told.as_deref().unwrap_or_default()))
                }
                _ => Ok((management, told, gone)),
            }
        };
        let (management, told, gone) = opened().inspect_err(|failure: &Failure| {
            let is_domain = failure.code == Code::LoginDomainGone;
            let check = if is_domain { id::AUTHORIZE_REDIRECT } else { id::MANAGEMENT_ACCESS };
            let failed = Finding::fail(check, failure.clone());
            world.console.finding(&world.finding_unshadowed(failed));
        })?;
        let may_read = management.may(READ_CUSTOM_DOMAINS);
        let is_there = |named: &&Domain| gone.iter().all(|(gone, _)| gone != *named);
        let there: Vec<Domain> = login_domains.iter().filter(is_there).cloned().collect();
        let named = if there.is_empty() { told.as_deref().unwrap_or_default() } else { &there };
        let domains = checks::about_login_domains(told.as_deref(), named, may_read);
        world.console.finding(&checks::access(&management, &[], told.is_some(), domains.as_deref()));
        for (_, failure) in &gone {
            world.console.warn(&format!("{}: it is left out", failure.message));
        }
        let gone = gone.into_iter().map(|(gone, _)| gone).collect();
        Ok(Session { management, custom_domains: told.unwrap_or_default(), gone })
    })
}

/// The custom domains that the tenant tells; `None` when it does not, which is no failure: most tenants have none.
///
/// # Errors
/// When the Management API cannot be used at all.
pub fn custom_domains(management: &Management, domain: &Domain) -> Result<Option<Vec<Domain>>, Failure> {
    if !management.may(READ_CUSTOM_DOMAINS) {
        return Ok(None);
    }
    match management.custom_domains() {
        Ok(found) => {
            let parsed = found.iter().filter_map(|text| text.parse::<Domain>().ok());
            Ok(Some(parsed.filter(|custom| custom != domain).collect()))
        }
        Err(failure) if no_session(&failure) => Err(failure),
        Err(_) => Ok(None),
    }
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
