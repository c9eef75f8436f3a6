//! Owns the part of `test` that asks the tenant: the Management API, the connection, its applications, `/authorize`.

use std::collections::BTreeSet;

use super::look::Looked;
use super::{ASKED_APPLICATIONS, Run};
use crate::ask::given::{Applications, Inputs};
use crate::auth0::connection::Wanted;
use crate::auth0::management::Management;
use crate::auth0::wire::{Application, Connection};
use crate::checks::applications::{Chosen, WayOn, enabled, not_enabled, resolve, setup_for};
use crate::checks::authorize::{Expected, redirect, redirect_through};
use crate::checks::{connection, id, met, tenant};
use crate::console::ConnectionDoc;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, State};
use crate::ids::Domain;
use crate::login::{self, temporary};
use crate::secret::Secret;
use crate::steps::sign_in::no_session;

/// What the read-only checks use.
const READ: [&str; 3] = ["read:connections", "read:connections_options", "read:clients"];

/// What the tenant's part found out for the login.
pub(super) struct TenantState<'a> {
    pub(super) management: Option<Management<'a>>,
    pub(super) all: Vec<Application>,
    pub(super) connection: Option<Connection>,
    pub(super) name: String,
    pub(super) host: Domain,
}

impl Run<'_> {
    pub(super) fn tenant_checks<'w>(
        &'w self,
        inputs: &Inputs,
        domain: &Domain,
        login_domains: &[Domain],
        secret: Option<&Secret>,
        looked: Looked<'w>,
    ) -> Result<TenantState<'w>, Failure> {
        let Looked { reachable, session, mut name, found, listed } = looked;
        let answers = self.note(reachable);
        let host = login::host(domain, login_domains).clone();
        // The first call shows whether the session is good for anything.
        let session = match &found {
            Err(failure) if no_session(failure) => Err(failure.clone()),
            _ => session,
        };
        let answered = found.as_ref().map_or_else(|failure| failure.code == Code::ConnectionNotFound, |_| true);
        let management = self.management_check(session, answers, answered, inputs);
        let mut usable = answers;
        let mut connection = None;
        if management.is_some() {
            usable &= self.note(connection::exists(&found, &name));
            if let Ok(Some(now)) = found {
                name.clone_from(&now.name);
                let doc = ConnectionDoc {
                    id: Some(now.id.clone()),
                    name: now.name.clone(),
                    strategy: now.strategy.clone(),
                    action: None,
                };
                self.world.console.connection(doc);
                let wanted = Wanted {
                    provider: self.provider,
                    name: &name,
                    client_id: &self.client_id,
                    secret,
                    scopes: &self.scopes,
                    scopes_chosen: self.scopes_chosen,
                };
                self.note(self.settings(&now, &wanted));
                self.note(self.tenants_secret(&now, &wanted));
                usable &= now.is_active();
                connection = Some(now);
            } else {
                self.skip(
                    &[id::CONNECTION_SETTINGS, id::CONNECTION_SECRET],
                    "not compared, since the connection was not read",
                );
            }
        } else {
            let why = "not read: no Management API session";
            self.skip(&[id::CONNECTION_EXISTS, id::CONNECTION_SETTINGS, id::CONNECTION_SECRET], why);
        }
        let expected = Expected {
            provider: self.provider,
            connection: &name,
            client_id: &self.client_id,
            scopes: &self.scopes,
            host: &host,
            domain,
            confirmed: connection.is_some(),
            shows_settings: connection.as_ref().is_some_and(|connection| connection.options.is_some()),
            asks_provider: self.has_passed(id::PROVIDER_CALLBACK).into(),
        };
        let (all, one) =
            self.application_checks(inputs, management.as_ref(), listed, connection.as_ref(), usable, &expected)?;
        if let Some(one) = one.filter(|_| usable) {
            for further in login_domains.iter().filter(|further| **further != host) {
                self.note(redirect_through(&self.world.http, &one, &expected, further));
            }
        }
        for (_, gone) in self.domains.borrow().iter().flat_map(|domains| &domains.gone) {
            self.note(Finding::fail(id::AUTHORIZE_REDIRECT, gone.clone()));
        }
        Ok(TenantState { management, all, connection, name, host })
    }

    pub(super) fn management_check<'w>(
        &self,
        session: Result<Option<Management<'w>>, Failure>,
        answers: bool,
        answered: bool,
        inputs: &Inputs,
    ) -> Option<Management<'w>> {
        match session {
            Ok(Some(management)) => {
                let mut wanted = READ.to_vec();
                if !self.args.headless && inputs.test_app.is_none() {
                    wanted.extend(temporary::SCOPES);
                }
                self.know_what_lacks(&management);
                let domains = self.domains.borrow();
                let about = domains.as_ref().and_then(|domains| domains.about.as_deref());
                self.note(tenant::access(&management, &wanted, answered, about));
                Some(management)
            }
            Ok(None) if answers && self.unread.borrow().is_some() => {
                let unread = self.unread.borrow();
                let why = unread.as_ref().map(|failure| (failure.message.as_str(), failure.code, failure.hint()));
                let (why, code, hint) = why.map_or(("", None, None), |(why, code, hint)| (why, Some(code), Some(hint)));
                let skipped = Finding::skip(id::MANAGEMENT_ACCESS, format!("the saved client is not used: {why}"));
                self.note(Finding { code, hint, ..skipped });
                None
            }
            Ok(None) if answers => {
                let why = match inputs.management_id {
                    Some(_) => "the client secret of the Management API client is not given (AUTH0_CLIENT_SECRET)",
                    None => "no Management API credentials are given",
                };
                self.note(Finding::skip(id::MANAGEMENT_ACCESS, why));
                None
            }
            Ok(None) => {
                self.note(Finding::skip(id::MANAGEMENT_ACCESS, "not asked, since the tenant does not answer"));
                None
            }
            Err(failure) => {
                self.note(Finding::fail(id::MANAGEMENT_ACCESS, failure));
                None
            }
        }
    }

    /// `connection.settings`; a client ID that the provider refused is nothing for a connection to hold.
    fn settings(&self, now: &Connection, wanted: &Wanted) -> Finding {
        let held = now.options.as_ref().and_then(|options| options.get("client_id")).and_then(|id| id.as_str());
        let held = held.filter(|held| self.is_client_id_refused() && !held.is_empty() && *held != wanted.client_id);
        let Some(client_id) = held else { return connection::settings(now, wanted) };
        match connection::settings(now, &Wanted { client_id, ..*wanted }) {
            finding if finding.state == State::Pass => Finding::skip(
                id::CONNECTION_SETTINGS,
                "its client ID is not compared, since the provider does not have the one in use; every other field is as it \
                 should be",
            ),
            finding => finding,
        }
    }

    /// `connection.secret`; a secret that the provider refused is nothing for a connection to hold.
    fn tenants_secret(&self, now: &Connection, wanted: &Wanted) -> Finding {
        let found = connection::secret(now, wanted);
        if found.code != Some(Code::ConnectionSecretDiffers) {
            return found;
        }
        if self.has_passed(id::CREDENTIALS_ACCEPTED) {
            let both = format!(
                "{} accepts both, so that this keeps nobody from logging in. Where somebody put a newer one into the tenant, copy it from the connection's \
                 page at {{connections_page}} and run `{{setup}}` with it; as it is, that command writes the secret at hand of the \
                 client `{{client_id}}` into the connection `{{connection}}`",
                self.provider.title()
            );
            let only = format!(
                "Run `{{setup}}` which writes the secret at hand of the client `{{client_id}}` (which {} accepts) into the \
                 connection `{{connection}}`",
                self.provider.title()
            );
            let hint = if self.tenants_secret.get() == Some(State::Pass) { both } else { only };
            let failure = found.failure.map(|failure| failure.with_hint(hint.clone()));
            return Finding { hint: Some(hint), failure, ..found };
        }
        if !self.has_failed(id::CREDENTIALS_ACCEPTED, &[Code::ClientSecretRejected]) {
            return found;
        }
        let another = "the tenant holds another secret than the refused one";
        let provider = self.provider.title();
        match self.tenants_secret.get() {
            Some(State::Pass) => Finding::pass(id::CONNECTION_SECRET, format!("{another}, and {provider} accepts it")),
            Some(State::Fail) => {
                Finding::skip(id::CONNECTION_SECRET, format!("{another}, and {provider} refuses it too"))
            }
            _ => {
                Finding::skip(id::CONNECTION_SECRET, format!("{another}: it may be the right one, which a login shows"))
            }
        }
    }

    /// The finding, or that it only shows what another check has named: the cause speaks for its consequences.
    fn unless_it_follows(&self, finding: Finding, host: &Domain) -> Finding {
        if finding.code == Some(Code::AuthorizeWrongClientId) && self.is_client_id_refused() {
            return Finding::skip(finding.check, "not compared, since the provider does not have the client ID in use");
        }
        let callback = host.callback();
        let names_host = |seen: &Finding| {
            let is_callback = seen.check == id::PROVIDER_CALLBACK && seen.is_fail();
            is_callback && seen.code.is_some_and(Code::is_no_answer) && seen.detail.contains(&callback)
        };
        if finding.code.is_some_and(Code::is_no_answer) && self.seen.borrow().iter().any(names_host) {
            return Finding::skip(finding.check, format!("{host} does not answer: see provider.callback"));
        }
        let follows = FOLLOWS
            .iter()
            .any(|(seen, causes)| finding.code == Some(*seen) && self.has_failed(id::CONNECTION_SETTINGS, causes));
        if follows { Finding::skip(finding.check, "follows from what connection.settings says above") } else { finding }
    }

    /// `applications.enabled` and `authorize.redirect` for each application; returns every application of the tenant, and one that
    /// can be asked about.
    pub(super) fn application_checks(
        &self,
        inputs: &Inputs,
        management: Option<&Management>,
        listed: Option<Result<Vec<Application>, Failure>>,
        connection: Option<&Connection>,
        usable: bool,
        expected: &Expected,
    ) -> Result<(Vec<Application>, Option<Chosen>), Failure> {
        let (all, known) = match listed.filter(|_| management.is_some()) {
            Some(Ok(all)) => (all, true),
            Some(Err(failure)) => {
                self.note(met(id::APPLICATIONS_ENABLED, failure));
                (Vec::new(), false)
            }
            None => (Vec::new(), false),
        };
        let by_id = |id: &String| Chosen::saved(id, &self.world.saved.callbacks);
        let mut names: Vec<&String> = Vec::new();
        let chosen: Vec<Chosen> = match &inputs.applications {
            choice if known => resolve(choice, &all).map_err(|failure| self.world.unshadowed(failure))?,
            Applications::Named(given) => {
                let ids: Vec<&String>;
                // No client ID has a space.
                (names, ids) = given.iter().partition(|given| given.contains(char::is_whitespace));
                ids.into_iter().map(by_id).collect()
            }
            Applications::Saved(ids) => ids.iter().map(by_id).collect(),
            Applications::All | Applications::Unknown => Vec::new(),
        };
        for name in &names {
            let why = format!(
                "{name} is looked up only with the Management API (read:clients): give its client ID with --app"
            );
            self.skip(&[id::APPLICATIONS_ENABLED, id::AUTHORIZE_REDIRECT], &why);
        }
        if chosen.is_empty() && names.is_empty() {
            let why = match inputs.applications {
                Applications::All => "which applications there are is not known without the Management API",
                _ => "no application is saved or named (--app)",
            };
            self.skip(&[id::APPLICATIONS_ENABLED, id::AUTHORIZE_REDIRECT], why);
            return Ok((all, None));
        }
        let on: Option<Result<BTreeSet<String>, Failure>> = match (management, connection) {
            (Some(management), Some(connection)) => Some(management.enabled_clients(&connection.id)),
            _ => None,
        };
        let way_on = WayOn::of(&chosen, &all);
        let (mut off, mut unread) = (BTreeSet::new(), false);
        let about =
            |finding: Finding, application: &Chosen| finding.about(&application.client_id, application.name.as_deref());
        self.note_each(chosen.iter().map(|application| {
            let finding = match &on {
                Some(Ok(on)) => enabled(application, expected.connection, on, &way_on),
                Some(Err(failure)) if unread => {
                    Finding::skip(id::APPLICATIONS_ENABLED, format!("not read, as above [{}]", failure.code))
                }
                Some(Err(failure)) => {
                    let met = met(id::APPLICATIONS_ENABLED, failure.clone());
                    unread = met.is_fail();
                    met
                }
                None => Finding::skip(id::APPLICATIONS_ENABLED, "not read, since the connection was not read"),
            };
            if finding.is_fail() {
                off.insert(&application.client_id);
            }
            about(finding, application)
        }));
        let limit = if self.args.check_all { usize::MAX } else { ASKED_APPLICATIONS };
        let mut asked: Vec<Finding> = Vec::new();
        for (n, application) in chosen.iter().enumerate() {
            let no_answer = |found: &Finding| found.code.filter(|code| found.is_fail() && code.is_no_answer());
            asked.push(if let Some(code) = asked.iter().find_map(no_answer) {
                // Each of them would cost the whole time limit again.
                Finding::skip(id::AUTHORIZE_REDIRECT, format!("not asked, as above [{code}]"))
            } else if !usable {
                Finding::skip(id::AUTHORIZE_REDIRECT, "not asked: see the check that failed above")
            } else if off.contains(&application.client_id) {
                Finding::skip(id::AUTHORIZE_REDIRECT, "not asked, since applications.enabled failed for it")
            } else if n >= limit {
                Finding::left_out(
                    id::AUTHORIZE_REDIRECT,
                    "not asked: only the first 20 applications are, unless --check-all",
                )
            } else {
                self.unless_it_follows(redirect(&self.world.http, application, expected), expected.host)
            });
        }
        let led: Vec<&Chosen> =
            chosen.iter().zip(&asked).filter(|(_, found)| found.state == State::Pass).map(|(one, _)| one).collect();
        let mut named = BTreeSet::<Code>::new();
        self.note_each(chosen.iter().zip(&asked).map(|(application, found)| {
            let found = beside_others(found.clone(), application, expected, &led);
            about(once(&mut named, found, expected.confirmed), application)
        }));
        let one = chosen.iter().find(|one| !one.gone && one.callback().is_some() && !off.contains(&one.client_id));
        let one = one.cloned();
        Ok((all, one))
    }
}

/// What a failure of one application comes to where others are led to the provider: the tenant is the right one, the connection
/// exists and is on.
fn beside_others(found: Finding, application: &Chosen, expected: &Expected, led: &[&Chosen]) -> Finding {
    let failure = match found.code.filter(|_| found.is_fail() && !led.is_empty()) {
        Some(Code::AuthorizeConnectionNotUsable) if !expected.confirmed => {
            let failure = not_enabled(expected.connection, &application.client_id, &application.label(), None);
            let message = format!("{}: others are led through it ({})", failure.message, found.detail);
            let hint = failure.hint();
            Failure::new(failure.code, message).with_hint(hint)
        }
        Some(Code::ApplicationUnknownToTenant) => {
            let hint = format!(
                "{} knows the others, so that this one was deleted there, or its client ID is another one. Go on with the others: `{}`",
                expected.host,
                setup_for(led)
            );
            match found.failure {
                Some(failure) => failure.with_hint(hint),
                None => return found,
            }
        }
        _ => return found,
    };
    Finding::fail(found.check, failure)
}

/// What is one application's own. All else is the same for every one of them (the login domain, the connection, the service), and
/// fails once.
const OF_ONE: [Code; 4] = [
    Code::CallbackNotAllowed,
    Code::ApplicationGrantMissing,
    Code::ApplicationUnknownToTenant,
    Code::AuthorizeConnectionNotUsable,
];

/// The first failure of a kind speaks for the others. Where the Management API was not asked, nobody can tell the applications
/// apart that a connection is not to be used for.
fn once(named: &mut BTreeSet<Code>, finding: Finding, confirmed: bool) -> Finding {
    let is_of_all = |code: &Code| !OF_ONE.contains(code) || !confirmed && *code == Code::AuthorizeConnectionNotUsable;
    match finding.code.filter(|code| matches!(finding.state, State::Fail | State::Warn) && is_of_all(code)) {
        Some(code) if !named.insert(code) => Finding::skip(finding.check, format!("the same as above [{code}]")),
        _ => finding,
    }
}

/// What `/authorize` shows of a connection that is not as it should be.
const FOLLOWS: [(Code, &[Code]); 6] = [
    (Code::InvalidScope, &[Code::ConnectionScopesDiffer]),
    (Code::AuthorizeWrongClientId, &[Code::ConnectionClientIdDiffers, Code::ConnectionUsesDeveloperKeys]),
    (Code::AuthorizeScopesMissing, &[Code::ConnectionScopesDiffer]),
    (Code::AuthorizeWrongProvider, &[Code::ConnectionSettingsDiffer]),
    (Code::ConnectionNotConfigured, &[Code::ConnectionSettingsDiffer]),
    (Code::AuthorizeConnectionNotUsable, &[Code::ConnectionInactive]),
];
