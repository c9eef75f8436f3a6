//! Owns the part of `test` that asks the tenant: the Management API, the connection, its applications, `/authorize`.

use super::Run;
use super::applications::Asked;
use super::look::Looked;
use crate::ask::given::Inputs;
use crate::auth0::connection::Wanted;
use crate::auth0::management::Management;
use crate::auth0::wire::{Application, Connection};
use crate::checks::authorize::{Answers, Expected, redirect_through};
use crate::checks::{connection, id, tenant};
use crate::console::ConnectionDoc;
use crate::diagnosis::{Code, Failure, followed_by};
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
    /// What the answers of `/authorize` come to.
    pub(super) answers: Answers,
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
                self.note(self.told_of_others(self.settings(&now, &wanted), domain, &name));
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
        let Asked { all, one, answers, failed } =
            self.application_checks(inputs, management.as_ref(), listed, connection.as_ref(), usable, &expected)?;
        if let Some(one) = one.filter(|_| usable) {
            for further in login_domains.iter().filter(|further| **further != host) {
                let found = redirect_through(&self.world.http, &one, &expected, further);
                let same = found.code.filter(|code| found.is_fail() && failed.contains(code));
                self.note(match same.filter(|code| *code != Code::LoginDomainOfOtherTenant) {
                    Some(code) => Finding::skip(found.check, format!("through {further} the same as above [{code}]")),
                    None => self.unless_it_follows(found, further),
                });
            }
        }
        for (_, gone) in self.domains.borrow().iter().flat_map(|domains| &domains.gone) {
            self.note(Finding::fail(id::AUTHORIZE_REDIRECT, gone.clone()));
        }
        Ok(TenantState { management, all, connection, name, host, answers })
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

    /// The finding with the profiles that want the connection otherwise, as it seems: each puts out what the other put right.
    fn told_of_others(&self, found: Finding, domain: &Domain, name: &str) -> Finding {
        let others = self.world.others_with(Some(domain), name);
        let Some(failure) = found.failure.clone().filter(|_| found.is_fail() && !others.is_empty()) else {
            return found;
        };
        let words = format!(
            " (Profile {} of these settings uses this connection too: where the two want it otherwise, each setup undoes the other's, \
             and one of them needs a connection of its own, `--connection NAME` )",
            others.join(", ")
        );
        let hint = followed_by(&failure.hint(), &words);
        Finding::fail(found.check, failure.with_hint(hint))
    }

    /// `connection.secret`; a secret that the provider refused is nothing for a connection to hold.
    fn tenants_secret(&self, now: &Connection, wanted: &Wanted) -> Finding {
        let found = connection::secret(now, wanted);
        if found.code != Some(Code::ConnectionSecretDiffers) {
            return found;
        }
        if self.has_passed(id::CREDENTIALS_ACCEPTED) {
            let both = format!(
                "{} accepts both, so that this keeps nobody from logging in. Where somebody put a newer one into the tenant, copy it \
                 from the connection's page at {{connections_page}} and run `{{setup}}` with it (by `--client-secret-file PATH` or \
                 `FITBIT_CONNECT_CLIENT_SECRET` ); as it is, that command writes the secret at hand of the client `{{client_id}}` into \
                 the connection `{{connection}}`",
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
    pub(super) fn unless_it_follows(&self, finding: Finding, host: &Domain) -> Finding {
        if finding.code == Some(Code::AuthorizeWrongClientId) && self.is_client_id_refused() {
            return Finding::skip(finding.check, "not compared, since the provider does not have the client ID in use");
        }
        let callback = host.callback();
        let no_tenant = |code: Code| code.is_no_answer() || code == Code::LoginDomainOfOtherTenant;
        let names_host = |seen: &Finding| {
            let is_callback = seen.check == id::PROVIDER_CALLBACK && seen.is_fail();
            is_callback && seen.code.is_some_and(no_tenant) && seen.detail.contains(&callback)
        };
        if finding.code.is_some_and(no_tenant) && self.seen.borrow().iter().any(names_host) {
            return Finding::skip(finding.check, format!("{host} does not answer as a tenant: see provider.callback"));
        }
        let follows = FOLLOWS
            .iter()
            .any(|(seen, causes)| finding.code == Some(*seen) && self.has_failed(id::CONNECTION_SETTINGS, causes));
        if follows { Finding::skip(finding.check, "follows from what connection.settings says above") } else { finding }
    }
}

/// What `/authorize` shows of a connection that is not as it should be.
const FOLLOWS: [(Code, &[Code]); 8] = [
    (Code::ConnectionSettingsDiffer, &[Code::ConnectionSettingsDiffer]),
    (Code::InvalidScope, &[Code::ConnectionScopesDiffer, Code::ConnectionSettingsDiffer]),
    (
        Code::AuthorizeWrongClientId,
        &[Code::ConnectionClientIdDiffers, Code::ConnectionUsesDeveloperKeys, Code::ConnectionSettingsDiffer],
    ),
    (Code::AuthorizeScopesMissing, &[Code::ConnectionScopesDiffer, Code::ConnectionSettingsDiffer]),
    (Code::AuthorizeWrongProvider, &[Code::ConnectionSettingsDiffer]),
    (Code::AuthorizeWrongCallback, &[Code::ConnectionSettingsDiffer]),
    (Code::ConnectionNotConfigured, &[Code::ConnectionSettingsDiffer]),
    (Code::AuthorizeConnectionNotUsable, &[Code::ConnectionInactive]),
];
