//! Owns the way into the tenant: does it answer, the Management API session, and the custom login domains it knows of.

use super::{demand, tenant, within};
use crate::ask::given::Inputs;
use crate::auth0::management::{Login, Management};
use crate::checks::{id, tenant as checks};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step};
use crate::ids::Domain;
use crate::secret::Secret;
use crate::world::World;

/// A session, and what of its credentials is not kept yet.
pub struct Session<'a> {
    /// The Management API.
    pub management: Management<'a>,
    /// Client ID and secret that were given now.
    pub to_keep: Option<(String, Secret)>,
}

/// Signs in and adds the custom login domains that are ready to the known ones.
///
/// # Errors
/// `tenant_not_found`, `management_*`, or a network failure.
pub fn run<'a>(
    world: &'a World,
    domain: &Domain,
    inputs: &mut Inputs,
    login_domains: &mut Vec<Domain>,
    needed: &[&'static str],
) -> Result<Session<'a>, Failure> {
    within(world, Step::Connection, || {
        world.console.title(&format!("Auth0 tenant {domain}"));
        demand(world, checks::reachable(&world.http, domain))?;
        let (login, new, management) = loop {
            let (login, new) = tenant::choose_login(world, inputs)?;
            match Management::sign_in(&world.http, domain, &login) {
                Ok(management) => break (login, new, management),
                Err(failure) => {
                    world.console.finding(&Finding::fail(id::MANAGEMENT_ACCESS, failure.clone()));
                    let typed_wrong =
                        matches!(failure.code, Code::ManagementCredentialsRejected | Code::ManagementTokenRejected);
                    if world.dialogue.is_none() || !typed_wrong {
                        return Err(failure);
                    }
                }
            }
        };
        // Named from the token, before the first call.
        management.require(needed).inspect_err(|failure| {
            world.console.finding(&Finding::fail(id::MANAGEMENT_ACCESS, failure.clone()));
        })?;
        if login_domains.is_empty() {
            login_domains.extend(custom_domains(&management, domain).inspect_err(|failure| {
                world.console.finding(&Finding::fail(id::MANAGEMENT_ACCESS, failure.clone()));
            })?);
        }
        world.console.finding(&checks::access(&management, &[]));
        let to_keep = match login {
            Login::Client { id, secret } if new => Some((id, secret)),
            _ => None,
        };
        Ok(Session { management, to_keep })
    })
}

/// The tenant's custom domains; none when the tenant does not tell, since most tenants have none.
///
/// # Errors
/// When the Management API cannot be used at all.
pub fn custom_domains(management: &Management, domain: &Domain) -> Result<Vec<Domain>, Failure> {
    if !management.may("read:custom_domains") {
        return Ok(Vec::new());
    }
    match management.custom_domains() {
        Ok(found) => {
            Ok(found.iter().filter_map(|text| text.parse::<Domain>().ok()).filter(|custom| custom != domain).collect())
        }
        Err(failure) if no_session(&failure) => Err(failure),
        Err(_) => Ok(Vec::new()),
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
