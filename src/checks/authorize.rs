//! Owns the check that `/authorize` of an application leads to the provider with the right client ID, callback and scopes.

use std::cell::Cell;

use super::applications::{Chosen, is_client_id};
use super::{id, met};
use crate::auth0::authorize::{PageError, Reading, Upstream, ask};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, State};
use crate::http::Http;
use crate::ids::Domain;
use crate::provider::authorize_page::Verdict;
use crate::provider::{GOOGLE_AUTH_PARAMS, Provider, scopes};
use crate::text::said;

/// What is shown for a parameter that is not there once.
const NONE_OR_SEVERAL: &str = "none, or several";

/// What the redirect has to lead to.
pub struct Expected<'a> {
    /// The provider.
    pub provider: Provider,
    /// The connection's name.
    pub connection: &'a str,
    /// The provider's client ID.
    pub client_id: &'a str,
    /// Scopes, short names.
    pub scopes: &'a [String],
    /// The domain people log in through.
    pub host: &'a Domain,
    /// The tenant's own domain.
    pub domain: &'a Domain,
    /// Whether the Management API says that the connection exists, is active, and is enabled for whoever is asked about.
    pub confirmed: bool,
    /// Whether it shows what the connection holds.
    pub shows_settings: bool,
    /// Whether the provider is asked once what it says to the request that the tenant sends there; worth it where it takes the
    /// same request of ours.
    pub asks_provider: Cell<bool>,
}

/// `authorize.redirect` for one application.
pub fn redirect(http: &Http, application: &Chosen, expected: &Expected) -> Finding {
    let found = unless_no_tenant(http, judge(http, application, expected), expected);
    found.about(&application.client_id, application.name.as_deref())
}

/// The same finding, or its cause: a login domain whose answer is not understood may be no tenant's at all, as one that was parked or
/// leads to a web site.
fn unless_no_tenant(http: &Http, found: Finding, expected: &Expected) -> Finding {
    let (host, is_own) = (expected.host, expected.host == expected.domain);
    if is_own || !is_not_understood(&found) || super::tenant::describes_itself(http, host) {
        return found;
    }
    let message = format!("{host} does not answer as an Auth0 tenant: {}", found.detail);
    Finding::fail(id::AUTHORIZE_REDIRECT, Failure::new(Code::LoginDomainOfOtherTenant, message))
}

/// Whether `/authorize` gave an answer that nobody knows, so that no one is to be sent there.
pub fn is_not_understood(found: &Finding) -> bool {
    found.state == State::Unknown && found.code == Some(Code::UnrecognisedAnswer)
}

/// The same through another login domain than the one that people log in at first: whether it is the tenant's shows with one
/// application.
pub fn redirect_through(http: &Http, application: &Chosen, expected: &Expected, host: &Domain) -> Finding {
    let found = redirect(http, application, &Expected { host, asks_provider: false.into(), ..*expected });
    match found.state {
        State::Pass => Finding { detail: format!("through {host} too: {}", found.detail), ..found },
        _ => found,
    }
}

fn judge(http: &Http, application: &Chosen, expected: &Expected) -> Finding {
    let callback = application.callback();
    if callback.is_none() && (application.callbacks.is_some() || application.for_machines) {
        let label = application.label();
        let wildcard = application.callbacks.iter().flatten().any(|one| one.contains('*'));
        let what = match (application.for_machines, wildcard) {
            (true, _) => "is machine to machine and has no callback URL",
            (_, true) => "has only callback URLs with a wildcard",
            _ => "has no callback URL",
        };
        return without_callback(&label, format!("{label} {what}, so /authorize cannot be asked for it"));
    }
    let reading = match ask(http, expected.host, &application.client_id, callback, expected.connection) {
        Ok(reading) => reading,
        Err(failure) => return met(id::AUTHORIZE_REDIRECT, failure),
    };
    let fail = |code, message: String| Finding::fail(id::AUTHORIZE_REDIRECT, Failure::new(code, message));
    match reading {
        Reading::Upstream(upstream) => {
            let compared = is_request(&upstream, expected).and_then(|()| compare(http, &upstream, expected));
            match compared.and_then(|()| taken(http, &upstream, expected)) {
                Ok(()) => {
                    let detail =
                        format!("leads to {} with the right client ID, callback and scopes", expected.provider.title());
                    Finding::pass(id::AUTHORIZE_REDIRECT, detail)
                }
                // No request to a provider at all: a web server's or a portal's redirect.
                Err(failure) if failure.code == Code::UnrecognisedAnswer => {
                    if works_on_own_domain(http, application, expected) {
                        return Finding::fail(id::AUTHORIZE_REDIRECT, of_other_tenant(expected, failure.message));
                    }
                    Finding::unknown(id::AUTHORIZE_REDIRECT, failure.code, failure.message)
                }
                Err(failure) if failure.code == Code::AuthorizeWrongCallback => {
                    of_another_callback(http, &upstream, expected, failure)
                }
                Err(failure) => Finding::fail(id::AUTHORIZE_REDIRECT, failure),
            }
        }
        Reading::Refused { error, description } => {
            let lower = description.to_lowercase();
            if matches!(error.as_str(), "server_error" | "temporarily_unavailable") {
                fail(Code::ServiceUnavailable, format!("{} answered {error}: {description}", expected.host))
            } else if error == "unauthorized_client" && lower.contains("grant type") {
                let message =
                    format!("{} may not use the grant type Authorization Code: {description}", application.label());
                fail(Code::ApplicationGrantMissing, message)
            } else if lower.contains("not yet configured") {
                let message = format!("{} says of {}: {description}", expected.host, expected.connection);
                fail(Code::ConnectionNotConfigured, message)
            } else if lower.contains("connection") {
                let said = format!("{} refuses the connection {}: {description}", expected.host, expected.connection);
                Finding::fail(id::AUTHORIZE_REDIRECT, not_usable(http, application, expected, said))
            } else {
                let detail = format!("{} answered {error}: {description}", expected.host);
                Finding::unknown(id::AUTHORIZE_REDIRECT, Code::UnrecognisedAnswer, detail)
            }
        }
        Reading::LoginPage => {
            let message = format!(
                "{} shows its own login page instead of going to {} through {}",
                expected.host,
                expected.provider.title(),
                expected.connection
            );
            // Not the answer of a change under way: what the page waits for is not known.
            let hint = "Log in with this application in a browser and look at what the page asks for; name the connection with \
                        `--connection NAME` if it is another one";
            let failure = Failure::new(Code::AuthorizeConnectionNotUsable, message);
            Finding::fail(id::AUTHORIZE_REDIRECT, if expected.confirmed { failure.with_hint(hint) } else { failure })
        }
        Reading::Page { status, error, said } => {
            let unknown = |detail| Finding::unknown(id::AUTHORIZE_REDIRECT, Code::UnrecognisedAnswer, detail);
            match error {
                Some(PageError::UnknownClient) => {
                    Finding::fail(id::AUTHORIZE_REDIRECT, unknown_client(http, application, expected, &said))
                }
                None if (300..400).contains(&status) => unknown(format!(
                    "{} answered {status} with an address that is not understood: {said}",
                    expected.host
                )),
                // Asked with the one that the last setup found.
                Some(PageError::CallbackMismatch) if application.from_settings && callback.is_some() => {
                    let exact = callback.unwrap_or_default();
                    let detail = format!(
                        "{} does not allow {exact} for {}, which the last setup found there: {said}",
                        expected.host,
                        application.label()
                    );
                    let hint = format!(
                        "Where it was changed in the dashboard, `{{setup}}` with Management API credentials finds the one of now; else \
                         add exactly this to its Allowed Callback URLs: {exact}"
                    );
                    let unknown = Finding::unknown(id::AUTHORIZE_REDIRECT, Code::CallbackNotAllowed, detail);
                    Finding { hint: Some(hint), ..unknown }
                }
                _ if callback.is_none() && said.to_lowercase().contains("application has no callback url") => {
                    let label = application.label();
                    without_callback(&label, format!("{label} has no callback URL; {} says: {said}", expected.host))
                }
                // Asked with a callback that was guessed or none at all, which the page may be about.
                _ if callback.is_none() || application.from_settings => {
                    let detail = format!(
                        "the callback URLs of {} cannot be read without the Management API, and {} answered {status}: {said}",
                        application.label(),
                        expected.host
                    );
                    let hint = "Give Management API credentials with read:clients, so that the callback URL is known";
                    Finding { hint: Some(hint.to_owned()), ..unknown(detail) }
                }
                Some(PageError::CallbackMismatch) => {
                    let message =
                        format!("{} does not allow the callback URL of {}: {said}", expected.host, application.label());
                    let exact = callback.unwrap_or_default();
                    let hint = format!(
                        "Add exactly this to the Allowed Callback URLs of the application {}, and save: {exact}",
                        application.label()
                    );
                    Finding::fail(
                        id::AUTHORIZE_REDIRECT,
                        Failure::new(Code::CallbackNotAllowed, message).with_hint(hint),
                    )
                }
                None => unknown(format!("{} answered {status}: {said}", expected.host)),
            }
        }
    }
}

/// An application that no login comes back to.
fn without_callback(label: &str, detail: String) -> Finding {
    let hint = format!(
        "Add the address that it receives logins at to the Allowed Callback URLs of {label}, or choose another \
         application with `--app NAME_OR_ID`"
    );
    let unknown = Finding::unknown(id::AUTHORIZE_REDIRECT, Code::ApplicationWithoutCallback, detail);
    Finding { hint: Some(hint), ..unknown }
}

/// Why a connection is not taken: what the Management API says of it is known, so what is left is where, and when.
fn not_usable(http: &Http, application: &Chosen, expected: &Expected, said: String) -> Failure {
    if !expected.confirmed {
        return Failure::new(Code::AuthorizeConnectionNotUsable, said);
    }
    if works_on_own_domain(http, application, expected) {
        return of_other_tenant(expected, said);
    }
    let message = format!("{said}; the Management API says that it exists, is active and is enabled");
    Failure::new(Code::AuthorizeChangePending, message)
}

/// An application that the login domain does not know: it may be another tenant's domain.
fn unknown_client(http: &Http, application: &Chosen, expected: &Expected, said: &str) -> Failure {
    let message = format!("{} does not know the application {}: {said}", expected.host, application.client_id);
    if works_on_own_domain(http, application, expected) {
        return of_other_tenant(expected, message);
    }
    let failure = Failure::new(Code::ApplicationUnknownToTenant, message);
    if is_client_id(&application.client_id) {
        return failure;
    }
    failure.with_hint(
        "Give the client ID with `--app`, 32 letters and digits as on the application's Settings page; a name is looked up only \
         with Management API credentials that have read:clients",
    )
}

/// Whether the tenant's own domain takes what the login domain does not; asked where the Management API says that it should.
fn works_on_own_domain(http: &Http, application: &Chosen, expected: &Expected) -> bool {
    let ask = || ask(http, expected.domain, &application.client_id, application.callback(), expected.connection);
    expected.confirmed && expected.host != expected.domain && matches!(ask(), Ok(Reading::Upstream(_)))
}

fn of_other_tenant(expected: &Expected, said: String) -> Failure {
    let message = format!("{said}; on {} the same works", expected.domain);
    Failure::new(Code::LoginDomainOfOtherTenant, message)
}

/// The domain whose callback URL this is.
fn domain_of(callback: &str) -> Option<Domain> {
    let domain: Domain = callback.strip_prefix("https://")?.split('/').next()?.parse().ok()?;
    (domain.callback() == callback).then_some(domain)
}

/// What the provider says to the tenant's own request, with nobody signed in: it may carry more than what is compared, and in
/// another form.
fn taken(http: &Http, upstream: &Upstream, expected: &Expected) -> Result<(), Failure> {
    if !expected.asks_provider.take() {
        return Ok(());
    }
    let provider = expected.provider;
    match super::provider::ask(http, provider, &upstream.url, &expected.host.callback())? {
        Verdict::Refused { code, said } => {
            let message = format!(
                "/authorize leads to {}, which refuses the request that the tenant sends there: {said}",
                provider.title()
            );
            let failure = Failure::new(code, message);
            // The next application is asked about as well: all are refused for the same reason.
            expected.asks_provider.set(true);
            let foreign = foreign_scopes(upstream, expected);
            Err(match code {
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
    let sent = upstream.param("scope").unwrap_or_default().split([' ', ',']).filter(|name| !name.is_empty());
    said(&sent.filter(|name| !is_own(name)).collect::<Vec<_>>().join(" "))
}

/// Whether somebody is sent to an authorization endpoint at all (RFC 6749, 4.1.1), and not just elsewhere.
fn is_request(upstream: &Upstream, expected: &Expected) -> Result<(), Failure> {
    if ["client_id", "redirect_uri", "response_type"].iter().any(|name| upstream.param(name).is_some()) {
        return Ok(());
    }
    let message = format!(
        "{} answered /authorize with a redirect to {}, which is no authorization request",
        expected.host,
        said(&upstream.endpoint)
    );
    Err(Failure::new(Code::UnrecognisedAnswer, message))
}

fn compare(http: &Http, upstream: &Upstream, expected: &Expected) -> Result<(), Failure> {
    let endpoints = http.endpoints();
    let provider = expected.provider;
    if !provider.authorize_urls().any(|url| endpoints.same(&upstream.endpoint, url)) {
        let message = format!("/authorize leads to {}, not to {}", said(&upstream.endpoint), provider.authorize_url());
        return Err(Failure::new(Code::AuthorizeWrongProvider, message));
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
    let sent = upstream.param("scope").unwrap_or_default().split([' ', ',']).filter(|scope| !scope.is_empty());
    let missing = scopes::missing(provider, expected.scopes.iter().map(String::as_str), sent);
    if !missing.is_empty() {
        let message = format!("the tenant does not ask for {}", missing.join(" "));
        return Err(Failure::new(Code::AuthorizeScopesMissing, message));
    }
    // What the Management API says of them is known where it shows them.
    if provider == Provider::GoogleHealth && !expected.shows_settings {
        for (name, wanted) in GOOGLE_AUTH_PARAMS {
            let values: Vec<&str> =
                upstream.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
            if values != [wanted] {
                let has = if values.is_empty() { "not at all".to_owned() } else { said(&values.join(" and ")) };
                let message = format!("the tenant sends {name} {has}, not once as {wanted}");
                // Twice it comes from a connection that has the parameters apart, as the Management API writes them.
                let address =
                    if values.len() > 1 { provider.authorize_url().to_owned() } else { typed_address(provider) };
                let hint = format!(
                    "In the dashboard enter into the connection `{{connection}}` exactly Authorization URL `{address}` and save, then \
                     look again; with Management API credentials `{{setup}}` does it | By hand: In the dashboard enter into the \
                     connection `{{connection}}` exactly Authorization URL `{address}` and save, then run `{{setup}}` again"
                );
                return Err(Failure::new(Code::ConnectionSettingsDiffer, message).with_hint(hint));
            }
        }
    }
    let wanted = expected.host.callback();
    let callback = upstream.param("redirect_uri").unwrap_or(NONE_OR_SEVERAL);
    if endpoints.same(callback, &wanted) {
        return Ok(());
    }
    let message = format!("the tenant sends the callback URL {}, not {wanted}", said(callback));
    Err(Failure::new(Code::AuthorizeWrongCallback, message))
}

/// The authorization URL as it is typed into the dashboard, which has no field for further parameters.
pub fn typed_address(provider: Provider) -> String {
    let parameters: Vec<String> = GOOGLE_AUTH_PARAMS.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}?{}", provider.authorize_url(), parameters.join("&"))
}

/// The verdict on another callback URL than the one of the login domain, when all else is right.
fn of_another_callback(http: &Http, upstream: &Upstream, expected: &Expected, failure: Failure) -> Finding {
    let callback = upstream.param("redirect_uri").unwrap_or(NONE_OR_SEVERAL);
    let sent = said(callback);
    if let Some(domain) = domain_of(callback) {
        let hint = format!("Register {sent} at the provider as well, and run `{{setup}} --login-domain {domain}`");
        return Finding::fail(id::AUTHORIZE_REDIRECT, failure.with_hint(hint));
    }
    let title = expected.provider.title();
    if let Ok(Verdict::Accepted) = super::provider::ask(http, expected.provider, &upstream.url, callback) {
        let message = format!("{}, and {title} accepts it", failure.message);
        let hint = "Nothing has to change where that address is meant to take the answers; the login shows whether they arrive";
        return Finding::warn(id::AUTHORIZE_REDIRECT, Failure::new(failure.code, message).with_hint(hint));
    }
    let hint = format!("Register what the tenant sends at the provider as well: {sent}");
    Finding::fail(id::AUTHORIZE_REDIRECT, failure.with_hint(hint))
}
