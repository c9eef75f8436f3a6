//! Owns what a tenant says of its custom login domains, against those that a set-up names.

use super::sign_in::no_session;
use crate::auth0::management::Management;
use crate::checks::tenant;
use crate::diagnosis::Failure;
use crate::ids::Domain;
use crate::world::World;

/// The permission to read them, without which most set-ups do.
const READ: &str = "read:custom_domains";

/// What is known of them.
pub struct LoginDomains {
    /// Those to log in through: the named ones that are there, and where none is named those of the tenant.
    pub in_use: Vec<Domain>,
    /// Those of the tenant; none when it did not tell, which is no failure: most tenants have none.
    pub told: Option<Vec<Domain>>,
    /// Those named ones that are not there any more, and what to do about each.
    pub gone: Vec<(Domain, Failure)>,
    /// What there is to say beside that.
    pub about: Option<String>,
}

impl LoginDomains {
    /// Asks the tenant about the named ones; `by_flag` says that a flag named them, where the settings do not.
    ///
    /// # Errors
    /// When the Management API cannot be used at all.
    pub fn look(
        world: &World,
        management: &Management,
        domain: &Domain,
        named: &[Domain],
        by_flag: bool,
    ) -> Result<Self, Failure> {
        let told = custom_domains(management, domain)?;
        let known = told.as_deref().unwrap_or_default();
        // Where nobody told, nothing is known to be gone.
        let gone = if told.is_some() { tenant::gone(&world.http, domain, named, known) } else { Vec::new() };
        let mut in_use: Vec<Domain> =
            named.iter().filter(|named| gone.iter().all(|(gone, _)| gone != *named)).cloned().collect();
        if in_use.is_empty() {
            in_use.extend(known.iter().cloned());
        }
        let about = tenant::about_login_domains(told.as_deref(), &in_use, management.may(READ));
        let from = (named != world.saved.login_domains).then(|| world.whence_login_domains(by_flag));
        let told_where = |(gone, failure): (Domain, Failure)| match &from {
            Some(from) => (gone.clone(), without(failure, &gone, from, known)),
            None => {
                let hint = "Run `{setup}` which takes it out of the settings. If it should be there, look at Branding, Custom Domains \
                            in the Auth0 dashboard of `{domain}`";
                (gone, failure.with_hint(hint))
            }
        };
        let gone = gone.into_iter().map(told_where).collect();
        Ok(Self { in_use, told, gone, about })
    }
}

/// The custom domains that the tenant tells; `None` when it does not, which is no failure: most tenants have none.
///
/// # Errors
/// When the Management API cannot be used at all.
fn custom_domains(management: &Management, domain: &Domain) -> Result<Option<Vec<Domain>>, Failure> {
    if !management.may(READ) {
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

/// The cure for one that does not stand in the settings: where it does, and what there is in its place.
fn without(failure: Failure, gone: &Domain, from: &str, told: &[Domain]) -> Failure {
    let there_is = match told {
        [] => "The tenant has no custom domain that is ready: people log in through its own".to_owned(),
        told => {
            let named: Vec<String> = told.iter().map(|domain| format!("`--login-domain {domain}`")).collect();
            format!("Those of the tenant are looked up without it, or named: {}", named.join(" "))
        }
    };
    failure.with_hint(format!("Leave {gone} out of {from}. {there_is}"))
}
