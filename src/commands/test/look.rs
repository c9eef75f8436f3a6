//! Owns what `test` reads of the tenant before it reports anything: the session, the connection, the applications.
//!
//! The provider's part comes first in the report, and has to know whether the domain is the one that is meant.

use super::{Known, Run};
use crate::ask::given::Inputs;
use crate::auth0::management::{Login, Management};
use crate::auth0::wire::{Application, Connection};
use crate::checks::applications::{client_ids, other_tenant};
use crate::checks::{connection, id, tenant};
use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;
use crate::ids::Domain;
use crate::steps::access::stored_login;
use crate::steps::login_domains::LoginDomains;
use crate::steps::sign_in::no_session;
use crate::world::Testing;

/// What was read of the tenant before anything is reported.
pub(super) struct Looked<'w> {
    /// `tenant.reachable`.
    pub(super) reachable: Finding,
    /// The Management API, when it was to be asked.
    pub(super) session: Result<Option<Management<'w>>, Failure>,
    /// The connection's name, as it was looked for.
    pub(super) name: String,
    /// The connection; none when nobody could look.
    pub(super) found: Result<Option<Connection>, Failure>,
    /// The applications, when they were asked for.
    pub(super) listed: Option<Result<Vec<Application>, Failure>>,
}

impl Looked<'_> {
    /// The check that says that the domain is not the one that is meant.
    pub(super) fn elsewhere(&self) -> Option<&'static str> {
        match &self.found {
            Err(failure) if failure.code == Code::OtherTenant => Some(id::CONNECTION_EXISTS),
            _ => self.reachable.is_fail().then_some(id::TENANT_REACHABLE),
        }
    }
}

impl Run<'_> {
    pub(super) fn sign_in<'w>(
        &'w self,
        domain: &Domain,
        inputs: &mut Inputs,
        login_domains: &mut Vec<Domain>,
        known: &mut Known<'w>,
    ) -> (Finding, Result<Option<Management<'w>>, Failure>) {
        let reachable = tenant::reachable(&self.world.http, domain);
        if reachable.is_fail() {
            return (reachable, Ok(None));
        }
        let session = match known.session.take() {
            Some(session) => Ok(Some(session)),
            None => match known.login.get_or_insert_with(|| self.management_login(inputs)) {
                Some(login) => Management::sign_in(&self.world.http, domain, login).map(Some),
                None => Ok(None),
            },
        };
        if session.is_err() && self.world.is_kept_access() {
            // A `setup` in another terminal may replace it.
            known.login = None;
        }
        if let Ok(Some(management)) = &session
            && self.domains.borrow().is_none()
        {
            let by_flag = !self.args.inputs.login_domain.is_empty();
            match LoginDomains::look(self.world, management, domain, login_domains, by_flag) {
                Ok(domains) => {
                    login_domains.clone_from(&domains.in_use);
                    self.domains.replace(Some(domains));
                }
                Err(failure) => return (reachable, Err(failure)),
            }
        }
        self.testing.set(Testing { by_hand: matches!(session, Ok(None)), ..self.testing.get() });
        self.know(inputs, login_domains);
        (reachable, session)
    }

    /// How to get at the Management API. A saved client whose secret cannot be read is one that is not at hand: this command can
    /// do without, and says so.
    fn management_login(&self, inputs: &mut Inputs) -> Option<Login> {
        if let Some(login) = inputs.management.take() {
            return Some(login);
        }
        stored_login(self.world, inputs).unwrap_or_else(|failure| {
            self.world.console.warn(&format!("the saved Management API client is not used: {}", failure.message));
            self.unread.replace(Some(failure));
            None
        })
    }

    /// Reads the connection and the applications.
    pub(super) fn look<'w>(
        &self,
        inputs: &Inputs,
        domain: &Domain,
        (reachable, session): (Finding, Result<Option<Management<'w>>, Failure>),
    ) -> Looked<'w> {
        let chosen = inputs.connection.as_ref();
        let name = chosen.map_or(self.provider.default_connection(), |name| name.as_str()).to_owned();
        let Ok(Some(management)) = &session else {
            return Looked { reachable, session, name, found: Ok(None), listed: None };
        };
        let found = management
            .require(&["read:connections"])
            .and_then(|()| connection::find(management, self.provider, chosen));
        if matches!(&found, Err(failure) if no_session(failure)) {
            return Looked { reachable, session, name, found, listed: None };
        }
        let mut known = [inputs.applications.listed(), &self.world.saved.applications].concat();
        known.extend(inputs.test_app.clone());
        let listed = management.applications(&known);
        if let Ok(all) = &listed {
            self.world.applications_are(client_ids(&known, all));
            self.know(inputs, &self.login_domains.borrow());
        }
        let found = match found {
            Ok(None) => Err(self.no_connection(inputs, domain, management, &name, listed.as_deref().ok())),
            found => found,
        };
        Looked { reachable, session, name, found, listed: Some(listed) }
    }

    /// Why the tenant may not have the connection: another one holds the client ID, or it is another tenant than the one that is
    /// meant, which has none of the applications either.
    fn no_connection(
        &self,
        inputs: &Inputs,
        domain: &Domain,
        management: &Management,
        name: &str,
        all: Option<&[Application]>,
    ) -> Failure {
        let applications = &inputs.applications;
        if let Some(other) = all.and_then(|all| other_tenant(applications, all, domain, name)) {
            return other;
        }
        let twin = connection::twin(management, self.provider, name, &self.client_id);
        let is_here = |id: &String| all.is_none_or(|all| all.iter().any(|one| one.client_id == *id));
        let is_the_one = twin.is_some() || self.world.saved.applications.iter().any(is_here);
        let users = twin.as_ref().map(|twin| self.world.others_with(Some(domain), twin)).unwrap_or_default();
        let failure = connection::missing(name, twin, &users);
        let named = all.map(|all| client_ids(applications.listed(), all)).unwrap_or_default();
        let has_none = !named.is_empty() && named.values().all(Option::is_none);
        if is_the_one || !has_none {
            return failure;
        }
        failure.with_hint(format!(
            "The tenant has none of the applications that are named either: compare the domain {domain} with that of your applications. \
             Where it is right, `{{setup}}` creates the connection"
        ))
    }
}
