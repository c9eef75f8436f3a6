//! Owns the checks of the tenant itself: does it answer, and does the Management API let us in.

use serde_json::Value;

use super::{id, met};
use crate::auth0::management::{Management, address, allow};
use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;
use crate::http::{Answer, Call, Http};
use crate::ids::Domain;
use crate::text::said;

/// `tenant.reachable`: the discovery document of the domain names the domain as issuer.
pub fn reachable(http: &Http, domain: &Domain) -> Finding {
    let answer = match discovery(http, domain) {
        Ok(answer) => answer,
        Err(failure) => return met(id::TENANT_REACHABLE, failure),
    };
    if let Some(trouble) = answer.trouble(domain.as_str()) {
        return Finding::fail(id::TENANT_REACHABLE, trouble);
    }
    let issuer = answer.json().and_then(|body| body.get("issuer").and_then(Value::as_str).map(str::to_owned));
    match (answer.status, issuer) {
        (200, Some(issuer)) if http.endpoints().same(&issuer, &domain.issuer()) => {
            Finding::pass(id::TENANT_REACHABLE, format!("{domain} answers as an Auth0 tenant"))
        }
        (200, Some(issuer)) => {
            let message = format!("{domain} names another issuer: {}", said(&issuer));
            let failure = Failure::new(Code::TenantNotFound, message);
            let named = issuer.parse::<Domain>().ok().filter(|named| named != domain);
            Finding::fail(
                id::TENANT_REACHABLE,
                match named {
                    Some(named) => failure.with_hint(format!(
                        "If {named} is your tenant, give it with `--domain {named}`; else the right domain stands in the \
                         settings of an application in the Auth0 dashboard."
                    )),
                    None => failure,
                },
            )
        }
        (404, _) => {
            let message = format!("{domain} is no Auth0 tenant: it does not describe itself (404)");
            Finding::fail(id::TENANT_REACHABLE, Failure::new(Code::TenantNotFound, message))
        }
        (status, _) => Finding::unknown(
            id::TENANT_REACHABLE,
            Code::UnrecognisedAnswer,
            format!(
                "{domain} answered {status} where an Auth0 tenant describes itself: \
                 https://{domain}/.well-known/openid-configuration{}",
                answer.page_says().map(|said| format!(" (the page says: {said})")).unwrap_or_default()
            ),
        ),
    }
}

/// What there is to say of the tenant's custom login domains: those beside the ones that this set-up names, or that nobody could
/// look. A tenant may have several, of which an application uses some.
pub fn about_login_domains(told: Option<&[Domain]>, named: &[Domain], may_read: bool) -> Option<String> {
    match told {
        Some(told) => {
            let beside = told.iter().filter(|domain| !named.contains(domain)).map(Domain::as_str).collect::<Vec<_>>();
            let which = beside.join(", ");
            (!named.is_empty() && !beside.is_empty()).then(|| {
                format!("not looked at: the tenant's login domain {which}, which --login-domain adds to those of this set-up")
            })
        }
        None if !named.is_empty() => None,
        None if may_read => Some("whether the tenant has a custom login domain could not be read".to_owned()),
        None => Some("whether the tenant has a custom login domain was not looked at (read:custom_domains)".to_owned()),
    }
}

/// Whether a domain answers as an Auth0 tenant, whichever it is.
pub fn describes_itself(http: &Http, domain: &Domain) -> bool {
    let answer = discovery(http, domain);
    answer.is_ok_and(|answer| answer.json().is_some_and(|body| body.get("issuer").is_some()))
}

/// The answer of the address where a tenant describes itself (OpenID Connect Discovery 1.0, 4).
fn discovery(http: &Http, domain: &Domain) -> Result<Answer, Failure> {
    http.send(&Call::get(address(domain, "/.well-known/openid-configuration")?))
}

/// The login domains of a set-up that the tenant does not list, and that do not describe themselves as a tenant's either: each with
/// what that means. One that is not listed and answers is left to the checks of what it does.
pub fn gone(http: &Http, domain: &Domain, named: &[Domain], told: &[Domain]) -> Vec<(Domain, Failure)> {
    let is_listed = |named: &Domain| named == domain || told.contains(named);
    let gone = named.iter().filter(|named| !is_listed(named) && !describes_itself(http, named));
    gone.map(|gone| {
        let message =
            format!("{domain} does not list {gone} among its custom domains, and {gone} does not answer as a tenant");
        (gone.clone(), Failure::new(Code::LoginDomainGone, message))
    })
    .collect()
}

/// `management.access` for a session that came about; `answered` when a call has been answered as it should, with what there is
/// to say of the login domains.
pub fn access(management: &Management, wanted: &[&'static str], answered: bool, domains: Option<&str>) -> Finding {
    let missing = management.lacks(wanted);
    if missing.is_empty() {
        let said =
            if answered { "the Management API accepts the credentials" } else { "signed in to the Management API" };
        let domains = domains.map(|domains| format!("; {domains}")).unwrap_or_default();
        Finding::pass(id::MANAGEMENT_ACCESS, format!("{said}{domains}"))
    } else {
        let failure = Failure::new(Code::MissingScope, format!("the Management API token lacks {}", missing.join(" ")))
            .with_hint(allow(&missing.join(" ")));
        Finding::warn(id::MANAGEMENT_ACCESS, failure)
    }
}
