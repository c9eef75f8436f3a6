//! Owns the look at a login that did not work: the authorize page, the tenant's log, the secret in the tenant against the one
//! at hand, so that the reason is named and not the symptom.
//!
//! Refuses to guess: what is not found out leaves the failure as it was, and says what was looked at.

mod secret;

use std::cell::Cell;
use std::time::Duration;

use super::{Login, cancelled};
use crate::auth0::authorize::{PageError, Reading, ask};
use crate::auth0::logs::Entry;
use crate::auth0::management::Management;
use crate::checks::connection::why_refused;
use crate::checks::{id, provider};
use crate::diagnosis::{Code, Failure, is_denial};
use crate::finding::{Finding, State};
use crate::ids::Domain;
use crate::loopback::TurnedAway;
use crate::provider::Provider;
use crate::world::World;
use secret::{needs, written_anew};

/// An entry of the log appears seconds after what it tells of (reported); so often it is looked for, and with this pause.
const LOOKS: usize = 5;
const PAUSE: Duration = Duration::from_millis(1500);
/// What to do with words of the tenant that nobody here knows.
pub(super) const TENANTS_WORDS: &str = "The words are the tenant's own. Look at the newest entry of type `f` in the tenant's log \
     ({logs_page} ), and try `fitbit-connect explain \"TEXT\"` with what it says";

/// What a failed login can be asked about.
pub struct Trail<'a> {
    /// The world.
    pub world: &'a World,
    /// The login.
    pub login: &'a Login<'a>,
    /// The way through Auth0; none for a login at the provider itself.
    pub through: Option<ThroughTenant<'a>>,
    /// Whether the tenant's log was read and has nothing of the login: then it never came as far as the listener.
    pub ended_before: Cell<bool>,
}

/// The part of a login that went through Auth0.
pub struct ThroughTenant<'a> {
    /// The domain that people log in through.
    pub host: &'a Domain,
    /// The Management API, when it can be asked.
    pub management: Option<&'a Management<'a>>,
    /// The connection's id; empty when it is not known.
    pub connection_id: &'a str,
    /// Client ID of the application that the login was for.
    pub application: &'a str,
    /// Where the browser was to come back to.
    pub redirect_uri: &'a str,
    /// When the login began, as the tenant's log has its dates, where earlier ones can have left entries.
    pub log_before: Option<String>,
}

impl Trail<'_> {
    /// The failure, or what it turns out to be; `turned_away` are the answers that the listener refused.
    pub fn look(&self, failure: Failure, turned_away: TurnedAway) -> Failure {
        let worth = matches!(
            failure.code,
            Code::LoginTimedOut
                | Code::ClientSecretRejected
                | Code::ClientIdUnknown
                | Code::AuthorizeConnectionNotUsable
                | Code::ProfileScriptFailed
                | Code::LoginBlocked
                | Code::ServiceUnavailable
                | Code::UnrecognisedAnswer
                | Code::IdentityScopeNotGranted
        );
        // What a person pressed comes with words of it; without any the tenant may have a reason of its own.
        let is_bare_denial = failure.code == Code::AccessDenied && failure.message.ends_with(": access_denied");
        if !(worth || is_bare_denial) || cancelled(self.world).is_err() {
            return failure;
        }
        let _shown = self.world.console.waiting("looking for the reason");
        match failure.code {
            Code::LoginTimedOut => self.nothing_came(failure, turned_away),
            Code::ClientSecretRejected => self.no_token(failure),
            // After consent it is the pair that was refused: the authorize page knows the ID.
            Code::ClientIdUnknown if self.through.is_some() => {
                self.no_token(Failure::new(Code::ClientSecretRejected, failure.message))
            }
            Code::ClientIdUnknown => failure,
            Code::AuthorizeConnectionNotUsable => match &self.through {
                Some(tenant) => {
                    why_refused(tenant.management, self.login.connection, tenant.application, failure.message)
                }
                None => failure,
            },
            _ => self.compared(self.logged(failure)),
        }
    }

    /// A refusal in words that may be the tenant's, or the provider's for a wrong secret: the secret is compared.
    fn compared(&self, failure: Failure) -> Failure {
        let says_nothing = failure.message.trim_end_matches('.').ends_with(": Unauthorized");
        let Some(tenant) = self.through.as_ref().filter(|_| failure.code == Code::LoginBlocked && says_nothing) else {
            return failure;
        };
        let also = |what: &str| format!("{}; {what}", failure.message);
        match self.same_secret(tenant) {
            Some(false) => {
                let message = also(&format!("the client secret in the tenant is not {}", self.login.secret_is));
                Failure::new(Code::ConnectionSecretDiffers, message)
            }
            Some(true) => {
                let message = also("the tenant holds the same client secret, so that this is not the reason");
                Failure::new(failure.code, message).with_hint(failure.hint())
            }
            None => {
                let message = also(&format!("the secret in the tenant could not be compared{}", needs(tenant)));
                let hint = format!(
                    "It may be the client secret in the tenant too: {}. {}",
                    written_anew(tenant),
                    failure.hint()
                );
                Failure::new(failure.code, message).with_hint(hint)
            }
        }
    }

    /// Nothing arrived at the listener.
    fn nothing_came(&self, failure: Failure, turned_away: TurnedAway) -> Failure {
        let also = |what: &str| format!("{}; {what}", failure.message);
        let TurnedAway { of_another: strangers, unclear } = turned_away;
        if unclear > 0 {
            let what = "of this login at the listener, with both a code and an error, with neither or with something twice, and did not count";
            let hint = "Log in again; if it stays, something between the service and the browser changes the address that the \
                        browser is sent back to";
            return Failure::new(Code::UnrecognisedAnswer, also(&format!("{} {what}", answers(unclear))))
                .with_hint(hint);
        }
        let (mut seen, mut strange) = (Vec::new(), None);
        for finding in self.authorize_page() {
            match (finding.state, finding.failure) {
                (State::Unknown, Some(unknown)) if unknown.code == Code::UnrecognisedAnswer => {
                    seen.push(finding.detail);
                    strange = Some(unknown);
                }
                (State::Fail, Some(refused)) => {
                    return Failure::new(refused.code, also(&refused.message)).with_hint(refused.hint());
                }
                (State::Skip, _) => {}
                _ => seen.push(finding.detail),
            }
        }
        if let Some(tenant) = &self.through {
            match ask(
                &self.world.http,
                tenant.host,
                tenant.application,
                Some(tenant.redirect_uri),
                self.login.connection,
            ) {
                Ok(Reading::Refused { error, description }) => {
                    let said = also(&format!("/authorize answers {error}: {description}"));
                    return why_refused(tenant.management, self.login.connection, tenant.application, said);
                }
                Ok(Reading::Upstream(_)) => seen.push("/authorize leads there".to_owned()),
                // It was there when the login began.
                Ok(Reading::Page { error: Some(PageError::UnknownClient), .. }) => {
                    let message = also(&format!(
                        "the tenant does not know the application {} any more: somebody deleted it while the login waited",
                        tenant.application
                    ));
                    let hint = "Run `{test}` again, while nobody else works on the applications of the tenant";
                    return Failure::new(Code::ApplicationUnknownToTenant, message).with_hint(hint);
                }
                _ => {}
            }
            match self.newest_entry(tenant, 2) {
                // What came and was refused is then this login's, with another state than it was sent.
                Logged::Entry(entry) if entry.is_success() && strangers > 0 => {}
                Logged::Entry(entry) if entry.is_success() => {
                    let message = also(&format!(
                        "the tenant's log says that the login succeeded ({}), and no answer of it arrived at {}",
                        entry.date, tenant.redirect_uri
                    ));
                    return Failure::new(Code::LoopbackUnreachable, message);
                }
                Logged::Entry(entry) if self.code(&entry) == Some(Code::ClientSecretRejected) => {
                    return self.no_token(Failure::new(Code::ClientSecretRejected, failure.message));
                }
                Logged::Entry(entry) => {
                    let message = also(&format!("the tenant's log says: {}", entry.said()));
                    return self.told(&entry, self.code(&entry).unwrap_or(Code::UnrecognisedAnswer), message);
                }
                Logged::Nothing => {
                    self.ended_before.set(true);
                    seen.push(format!(
                        "the tenant's log has no entry of this login so far, as when nobody came back to it from {}",
                        self.login.provider.title()
                    ));
                }
                Logged::NotRead(why) => seen.push(format!("the tenant's log was not read ({why})")),
            }
        }
        if strangers > 0 {
            let message = also(&format!("{} with the state of another login, and did not count", answers(strangers)));
            return Failure::new(Code::StateMismatch, message);
        }
        // A page that nobody knows is in the person's way, and more than a person who did not answer.
        if let Some(unknown) = strange {
            return Failure::new(unknown.code, also(&seen.join("; "))).with_hint(unknown.hint());
        }
        if self.login.provider == Provider::Fitbit {
            seen.push("an app whose type at Fitbit is Personal lets only its owner log in".to_owned());
        }
        Failure::new(failure.code, also(&seen.join("; "))).with_hint(failure.hint())
    }

    /// The tenant refused for a reason of its own: its log has the long form.
    fn logged(&self, failure: Failure) -> Failure {
        let Some(tenant) = &self.through else { return failure };
        // Who pressed Deny is not kept waiting for an entry that says the same.
        let looks = if failure.code == Code::AccessDenied { 2 } else { LOOKS };
        let Logged::Entry(entry) = self.newest_entry(tenant, looks) else { return failure };
        let said = entry.said();
        if entry.is_success() || said.is_empty() || failure.code == Code::AccessDenied && is_denial(&said) {
            return failure;
        }
        let message = if failure.message.contains(&said) {
            failure.message.clone()
        } else {
            format!("{}; the tenant's log says: {said}", failure.message)
        };
        match self.code(&entry).filter(|code| *code != failure.code) {
            // What is known of the secret says more than these words.
            Some(Code::ClientSecretRejected) => self.no_token(Failure::new(Code::ClientSecretRejected, message)),
            Some(code) => self.told(&entry, code, message),
            None => match failure.code {
                Code::AccessDenied => Failure::new(Code::LoginBlocked, message),
                // Further words that say what it was, and are not known, are more than a service in trouble.
                Code::ServiceUnavailable
                    if message != failure.message && !entry.is_bare() && self.code(&entry).is_none() =>
                {
                    Failure::new(Code::UnrecognisedAnswer, message).with_hint(TENANTS_WORDS)
                }
                code => Failure::new(code, message).with_hint(failure.hint()),
            },
        }
    }

    /// Asks the authorize page once more: an edit there, or a fault, may be newer than the check.
    fn authorize_page(&self) -> Vec<Finding> {
        let login = self.login;
        let http = &self.world.http;
        let verdict = provider::probe(http, login.provider, login.client_id, &login.provider_callback, login.scopes);
        let alive = provider::alive(login.provider, &verdict);
        let page = provider::callback(login.provider, login.client_id, &login.provider_callback, &verdict, true);
        // That it answers at all is worth a word only when it does not.
        [alive, page]
            .into_iter()
            .filter(|finding| finding.is_fail() || finding.check == id::PROVIDER_CALLBACK)
            .collect()
    }

    fn code(&self, entry: &Entry) -> Option<Code> {
        entry.code()
    }

    /// What an entry of the log names, with the cure for what the tenant met.
    fn told(&self, entry: &Entry, code: Code, message: String) -> Failure {
        let failure = Failure::new(code, message);
        match entry.did_not_get_there() {
            true => failure.with_hint(
                "It is the tenant that could not reach an address that the connection `{connection}` names. Run `{setup}` which \
                 puts its addresses and its script right where they differ; if nothing differs, try again later",
            ),
            false => failure,
        }
    }

    fn newest_entry(&self, tenant: &ThroughTenant, looks: usize) -> Logged {
        let Some(management) = tenant.management else {
            return Logged::NotRead("that needs the Management API".to_owned());
        };
        if !management.may("read:logs") {
            return Logged::NotRead("that needs read:logs".to_owned());
        }
        for look in 0..looks {
            if look > 0 && self.world.cancel.pause(PAUSE) {
                break;
            }
            match management.logs(tenant.application) {
                Ok(entries) => {
                    let is_new = |entry: &Entry| tenant.log_before.as_ref().is_none_or(|before| entry.date > *before);
                    // An application in use has the logins of others in the log as well.
                    let told = |entry: &Entry| {
                        entry.may_be_of(self.login.connection) && (entry.is_success() || entry.is_failure())
                    };
                    if let Some(entry) = entries.into_iter().find(|entry| is_new(entry) && told(entry)) {
                        return Logged::Entry(entry);
                    }
                }
                Err(failure) => return Logged::NotRead(failure.message),
            }
        }
        Logged::Nothing
    }
}

/// `one answer came`, `2 answers came`.
fn answers(count: usize) -> String {
    if count == 1 { "one answer came".to_owned() } else { format!("{count} answers came") }
}

/// What the tenant's log has about this login.
enum Logged {
    /// The newest entry that tells how it ended.
    Entry(Entry),
    /// None, as far as could be waited.
    Nothing,
    /// It could not be read, and why.
    NotRead(String),
}
