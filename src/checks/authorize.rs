//! Owns the check that `/authorize` of an application leads to the provider with the right client ID, callback and scopes.

mod compare;
mod parameters;

use std::cell::Cell;

use super::applications::Chosen;
use super::{id, met};
use crate::auth0::authorize::{PageError, Reading, ask};
use crate::auth0::wire::is_client_id;
use crate::diagnosis::{Code, Failure, is_trouble};
use crate::finding::{Finding, State};
use crate::http::Http;
use crate::ids::Domain;
use crate::provider::Provider;
pub use compare::is_request;
use compare::{compare, of_another_callback, taken};
pub use parameters::typed_address;

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

/// What the answers of `/authorize` come to.
#[derive(Default)]
pub struct Answers {
    /// Whether an application was led to the provider through the domain that people log in through.
    pub is_led: bool,
    /// The first answer there that is not understood.
    strange: Option<Failure>,
    /// Those that tell neither way, also of further login domains.
    pub open: Vec<Finding>,
}

impl Answers {
    /// One more, of the domain that people log in through.
    pub fn add(&mut self, found: &Finding) {
        self.is_led |= matches!(found.state, State::Pass | State::Warn);
        if is_not_understood(found) && self.strange.is_none() {
            self.strange.clone_from(&found.failure);
        }
        self.open.extend((found.state == State::Unknown).then(|| found.clone()));
    }

    /// One more, of a further login domain: about that, and not about the application.
    pub fn add_further(&mut self, found: &Finding) {
        let found = Finding { application: None, application_name: None, ..found.clone() };
        self.open.extend((found.state == State::Unknown).then_some(found));
    }

    /// What answers in place of the tenant, as far as it is not understood: no one is to be sent there where nobody was led to the
    /// provider.
    pub fn stranger(&self) -> Option<&Failure> {
        self.strange.as_ref().filter(|_| !self.is_led)
    }
}

/// The application that a further login domain is asked about: one that was led to the provider, or that can be.
pub fn to_ask_further<'a>(chosen: impl IntoIterator<Item = (&'a Chosen, bool)>) -> Option<&'a Chosen> {
    let can_be_asked = |one: &Chosen| !one.gone && !one.for_machines && one.callbacks.is_none();
    let mut chosen: Vec<(&Chosen, bool)> = chosen.into_iter().collect();
    chosen.retain(|(one, is_led)| *is_led || one.callback().is_some() || can_be_asked(one));
    chosen.iter().find(|(_, is_led)| *is_led).or(chosen.first()).map(|(one, _)| *one)
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
            let compared = is_request(&upstream, expected.host).and_then(|()| compare(http, &upstream, expected));
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
            let is_trouble = error == "server_error" && is_trouble(&description);
            if is_trouble || error == "temporarily_unavailable" {
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
                        "{} answered {status}: {said} (the callback URLs of {} cannot be read without the Management API)",
                        expected.host,
                        application.label()
                    );
                    let hint = format!(
                        "Open https://{}/authorize in a browser: where the tenant answers, give Management API credentials with \
                         read:clients, so that the callback URL is known; where something else does, look at what stands before the \
                         tenant",
                        expected.host
                    );
                    Finding { hint: Some(hint), ..unknown(detail) }
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

/// Whether the tenant's own domain leads to the provider as it should, where the login domain does not.
fn works_on_own_domain(http: &Http, application: &Chosen, expected: &Expected) -> bool {
    let own = Expected { host: expected.domain, asks_provider: false.into(), ..*expected };
    expected.host != expected.domain && judge(http, application, &own).state == State::Pass
}

fn of_other_tenant(expected: &Expected, said: String) -> Failure {
    let message = format!("{said}; on {} the same works", expected.domain);
    Failure::new(Code::LoginDomainOfOtherTenant, message)
}
