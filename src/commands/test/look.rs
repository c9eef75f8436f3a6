//! Owns what `test` reads of the tenant before it reports anything: the session, the connection, the applications.
//!
//! The provider's part comes first in the report, and has to know whether the domain is the one that is meant.

use super::{Known, Run};
use crate::ask::given::Inputs;
use crate::auth0::management::{Login, Management};
use crate::auth0::wire::{Application, Connection};
use crate::checks::applications::other_tenant;
use crate::checks::{connection, tenant};
use crate::diagnosis::Failure;
use crate::finding::Finding;
use crate::ids::Domain;
use crate::steps::access::stored_login;
use crate::steps::sign_in::{custom_domains, no_session};

/// What was read of the tenant before anything is reported.
pub(super) struct Looked {
    /// The connection's name, as it was looked for.
    pub(super) name: String,
    /// The connection; none when nobody could look.
    pub(super) found: Result<Option<Connection>, Failure>,
    /// The applications, when they were asked for.
    pub(super) listed: Option<Result<Vec<Application>, Failure>>,
}

impl Default for Looked {
    fn default() -> Self {
        Self { name: String::new(), found: Ok(None), listed: None }
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
        let found = match &session {
            Ok(Some(management)) if login_domains.is_empty() && !known.asked_for_domains => {
                let found = custom_domains(management, domain);
                known.asked_for_domains = found.is_ok();
                found
            }
            _ => Ok(Vec::new()),
        };
        match found {
            Ok(found) => {
                login_domains.extend(found);
                self.know(inputs, login_domains);
                (reachable, session)
            }
            Err(failure) => (reachable, Err(failure)),
        }
    }

    /// How to get at the Management API. A saved client whose secret cannot be read is one that is not at hand: this command can
    /// do without, and says so.
    fn management_login(&self, inputs: &mut Inputs) -> Option<Login> {
        if let Some(login) = inputs.management.take() {
            return Some(login);
        }
        stored_login(self.world, inputs).unwrap_or_else(|failure| {
            self.world.console.warn(&format!("the saved Management API client is not used: {}", failure.message));
            None
        })
    }

    /// Reads the connection and the applications.
    pub(super) fn look(
        &self,
        inputs: &Inputs,
        domain: &Domain,
        session: &Result<Option<Management>, Failure>,
    ) -> Looked {
        let chosen = inputs.connection.as_ref();
        let name = chosen.map_or(self.provider.default_connection(), |name| name.as_str()).to_owned();
        let Ok(Some(management)) = session else { return Looked { name, ..Looked::default() } };
        let found = management
            .require(&["read:connections"])
            .and_then(|()| connection::find(management, self.provider, chosen));
        if matches!(&found, Err(failure) if no_session(failure)) {
            return Looked { name, found, listed: None };
        }
        let listed = management.applications();
        let found = match (found, &listed) {
            (Ok(None), Ok(all)) => Err(other_tenant(&inputs.applications, all, domain, &name)
                .unwrap_or_else(|| connection::missing(management, self.provider, &name, &self.client_id))),
            (Ok(None), Err(_)) => Err(connection::missing(management, self.provider, &name, &self.client_id)),
            (found, _) => found,
        };
        Looked { name, found, listed: Some(listed) }
    }
}
