//! Owns the comparison of the request that a tenant sends to the provider with what it has to be.

use super::{Expected, parameters};
use crate::auth0::authorize::Upstream;
use crate::checks::{id, provider};
use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;
use crate::http::Http;
use crate::ids::Domain;
use crate::provider::authorize_page::Verdict;
use crate::provider::{Provider, scopes};
use crate::text::said;

/// What is shown for a parameter that is not there once.
const NONE_OR_SEVERAL: &str = "none, or several";

/// Whether somebody is sent to an authorization endpoint at all (RFC 6749, 4.1.1), and not just elsewhere.
///
/// # Errors
/// `unrecognised_answer`.
pub fn is_request(upstream: &Upstream, host: &Domain) -> Result<(), Failure> {
    if ["client_id", "redirect_uri", "response_type"].iter().any(|name| upstream.param(name).is_some()) {
        return Ok(());
    }
    let message = format!(
        "{host} answered /authorize with a redirect to {}, which is no authorization request",
        said(&upstream.endpoint)
    );
    Err(Failure::new(Code::UnrecognisedAnswer, message))
}

/// The request that the tenant sends a browser to the provider with, against what it has to be.
///
/// # Errors
/// The first difference.
pub(super) fn compare(http: &Http, upstream: &Upstream, expected: &Expected) -> Result<(), Failure> {
    let endpoints = http.endpoints();
    let provider = expected.provider;
    if !provider.authorize_urls().any(|url| endpoints.same(&upstream.endpoint, url)) {
        let message = format!("/authorize leads to {}, not to {}", said(&upstream.endpoint), provider.authorize_url());
        return Err(Failure::new(Code::AuthorizeWrongProvider, message));
    }
    // Which of two the provider takes nobody can know (RFC 6749, 3.1).
    if parameters::repeats_one_of_auth0s(upstream) {
        let message = format!("/authorize leads to {}", provider.title());
        let failure = Failure::new(Code::ConnectionSettingsDiffer, message);
        return Err(parameters::told_of_repeats(failure, upstream));
    }
    if upstream.param("response_type") != Some("code") {
        let message = "the tenant does not ask for a code (response_type)";
        return Err(Failure::new(Code::AuthorizeWrongProvider, message));
    }
    let client_id = upstream.param("client_id").unwrap_or(NONE_OR_SEVERAL);
    if client_id != expected.client_id {
        let odd = if client_id.trim() == expected.client_id { " with white space" } else { "" };
        let message = format!("the tenant sends the client ID {}{odd}, not {}", said(client_id), expected.client_id);
        return Err(Failure::new(Code::AuthorizeWrongClientId, message));
    }
    let missing = scopes::missing(provider, expected.scopes.iter().map(String::as_str), sent(upstream, provider));
    if !missing.is_empty() {
        let is_joined = upstream.param("scope").is_some_and(|text| text.contains(','));
        let joined = if is_joined { ": it sends names with commas between them, which are one name" } else { "" };
        let message = format!("the tenant does not ask for {}{joined}", missing.join(" "));
        let failure = Failure::new(Code::AuthorizeScopesMissing, message);
        return Err(match is_joined && expected.shows_settings {
            // The connection has them apart: writing them once more would change nothing.
            true => failure.with_hint(
                "In the dashboard enter into the connection `{connection}` exactly Scope `{wire_scopes}` and save ({connections_page} ), \
                 then look again",
            ),
            false => failure,
        });
    }
    // What the Management API says of them is known where it shows them.
    if provider == Provider::GoogleHealth && !expected.shows_settings {
        parameters::compare(upstream)?;
    }
    let wanted = expected.host.callback();
    let callback = upstream.param("redirect_uri").unwrap_or(NONE_OR_SEVERAL);
    if endpoints.same(callback, &wanted) {
        return Ok(());
    }
    let message = format!("the tenant sends the callback URL {}, not {wanted}", said(callback));
    Err(Failure::new(Code::AuthorizeWrongCallback, message))
}

/// The verdict on another callback URL than the one of the login domain, when all else is right.
pub(super) fn of_another_callback(http: &Http, upstream: &Upstream, expected: &Expected, failure: Failure) -> Finding {
    let callback = upstream.param("redirect_uri").unwrap_or(NONE_OR_SEVERAL);
    let sent = said(callback);
    if let Some(domain) = domain_of(callback) {
        let hint = format!("Register {sent} at the provider as well, and run `{{setup}} --login-domain {domain}`");
        return Finding::fail(id::AUTHORIZE_REDIRECT, failure.with_hint(hint));
    }
    let title = expected.provider.title();
    if let Ok(Verdict::Accepted) = provider::ask(http, expected.provider, &upstream.url, callback) {
        let message = format!("{}, and {title} accepts it", failure.message);
        let hint = "Nothing has to change where that address is meant to take the answers; the login shows whether they arrive";
        return Finding::warn(id::AUTHORIZE_REDIRECT, Failure::new(failure.code, message).with_hint(hint));
    }
    let hint = format!("Register what the tenant sends at the provider as well: {sent}");
    Finding::fail(id::AUTHORIZE_REDIRECT, failure.with_hint(hint))
}

/// What the provider says to the tenant's own request, with nobody signed in: it may carry more than what is compared, and in
/// another form.
///
/// # Errors
/// The provider's refusal, and what kept it from answering.
pub(super) fn taken(http: &Http, upstream: &Upstream, expected: &Expected) -> Result<(), Failure> {
    if !expected.asks_provider.take() {
        return Ok(());
    }
    let title = expected.provider.title();
    match provider::ask(http, expected.provider, &upstream.url, &expected.host.callback())? {
        Verdict::Refused { code, said } => {
            let message =
                format!("/authorize leads to {title}, which refuses the request that the tenant sends there: {said}");
            let failure = Failure::new(code, message);
            // The next application is asked about as well: all are refused for the same reason.
            expected.asks_provider.set(true);
            let foreign = foreign_scopes(upstream, expected);
            Err(match code {
                _ if !parameters::repeated(upstream).is_empty() => parameters::told_of_repeats(failure, upstream),
                Code::InvalidScope if !foreign.is_empty() => failure.with_hint(format!(
                    "The connection asks for {foreign} as well, which is no scope of this profile as the provider knows it. \
                     `{{setup}} --scopes {{scopes}}` leaves in it what the profile asks for, and nothing else"
                )),
                _ => failure,
            })
        }
        Verdict::Accepted | Verdict::ShutDown | Verdict::Unknown { .. } => Ok(()),
    }
}

/// The scopes of the tenant's request that are none of this profile's, or stand there as the provider does not know them.
fn foreign_scopes(upstream: &Upstream, expected: &Expected) -> String {
    let own = scopes::normalised(expected.provider, expected.scopes.iter().map(String::as_str));
    let is_own = |name: &&str| {
        let is_known = scopes::short(expected.provider, name).is_ok_and(|plain| own.contains(&plain));
        is_known && scopes::is_on_the_wire(expected.provider, name)
    };
    let sent = sent(upstream, expected.provider);
    said(&sent.filter(|name| !is_own(name)).collect::<Vec<_>>().join(" "))
}

/// The scopes of the tenant's request, which OAuth separates by spaces (RFC 6749, 3.3); what Auth0's own connection does with Fitbit's
/// is its own matter.
fn sent(upstream: &Upstream, provider: Provider) -> impl Iterator<Item = &str> {
    let between = move |c: char| c == ' ' || c == ',' && provider == Provider::Fitbit;
    upstream.param("scope").unwrap_or_default().split(between).filter(|scope| !scope.is_empty())
}

/// The domain whose callback URL this is.
fn domain_of(callback: &str) -> Option<Domain> {
    let domain: Domain = callback.strip_prefix("https://")?.split('/').next()?.parse().ok()?;
    (domain.callback() == callback).then_some(domain)
}
