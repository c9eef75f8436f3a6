//! Owns the one cure that no row of the table can know: a variable of the environment that wins over what is saved, and is wrong.
//!
//! Refuses to name a variable that a flag wins over, or that says the same as the settings.

use super::World;
use crate::ask::{self, Field};
use crate::cli;
use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;
use crate::ids::SecretOf;
use crate::secret::Secret;

/// The variables that decided, by name.
#[derive(Default)]
pub(super) struct Shadows {
    client_id: Option<&'static str>,
    secret: Option<&'static str>,
    token: Option<&'static str>,
    management_secret: Option<&'static str>,
}

/// How such a cure begins.
const UNSET: &str = "Unset ";

impl World {
    /// Which variables win over what is saved, with these flags.
    pub(super) fn notice_variables(&self, flags: &cli::Inputs) {
        let name = |field: &Field, by_flag: bool| self.variables.of(field).map(|(_, name)| name).filter(|_| !by_flag);
        let by_json = flags.client_json.is_some();
        let by_client = flags.management_client_id.is_some() || flags.management_client_secret_file.is_some();
        let token = name(&ask::TOKEN, flags.token_file.is_some() || by_client);
        let by_secret_file = flags.management_client_secret_file.is_some();
        *self.shadows.borrow_mut() = Shadows {
            client_id: name(&ask::CLIENT_ID, flags.client_id.is_some() || by_json),
            secret: name(&ask::CLIENT_SECRET, flags.client_secret_file.is_some() || by_json),
            management_secret: name(&ask::MANAGEMENT_SECRET, by_secret_file || token.is_some()),
            token,
        };
    }

    /// The failure with the variable in its cure that wins over something else, should that be the reason.
    pub fn unshadowed(&self, failure: Failure) -> Failure {
        let hint = failure.hint();
        match self.shadow_of(failure.code).filter(|_| !hint.starts_with(UNSET)) {
            Some((variable, over)) => {
                failure.with_hint(format!("{UNSET}`{variable}`, which wins over {over}. Where it is meant: {hint}"))
            }
            None => failure,
        }
    }

    /// A finding with the same in its cure.
    pub fn finding_unshadowed(&self, finding: Finding) -> Finding {
        match finding.failure.clone() {
            Some(failure) if finding.is_fail() => {
                let failure = self.unshadowed(failure);
                Finding { hint: Some(failure.hint()), failure: Some(failure), ..finding }
            }
            _ => finding,
        }
    }

    /// The variable that may be the reason, and what it wins over.
    fn shadow_of(&self, code: Code) -> Option<(&'static str, String)> {
        let shadows = self.shadows.borrow();
        let other_id = || {
            let name = shadows.client_id?;
            let saved = self.saved.client_id.as_ref()?;
            (self.variables.get(name)?.trim() != saved).then(|| (name, format!("the saved client ID {saved}")))
        };
        let other_secret = |name: Option<&'static str>, account: &str, what: &str| {
            let name = name?;
            let given = Secret::new(self.variables.get(name)?.trim().to_owned());
            let kept = self.vault().get(account).ok()??;
            (!kept.same_as(&given)).then(|| (name, format!("the {what} in {}", self.place())))
        };
        match code {
            Code::ClientIdUnknown | Code::ClientDeleted | Code::ClientSecretMissing => other_id(),
            Code::ClientSecretRejected => other_id()
                .or_else(|| other_secret(shadows.secret, &self.profile.account(SecretOf::Provider), "client secret")),
            Code::ManagementTokenExpired | Code::ManagementTokenRejected => {
                let name = shadows.token?;
                let set = |field| self.variables.of(field).map(|(_, name)| name);
                match (set(&ask::MANAGEMENT_ID), set(&ask::MANAGEMENT_SECRET)) {
                    (Some(id), Some(secret)) => Some((name, format!("`{id}` and `{secret}`"))),
                    _ => self.saved.management_client_id.as_ref().map(|id| (name, format!("the saved client {id}"))),
                }
            }
            Code::ManagementCredentialsRejected => other_secret(
                shadows.management_secret,
                &self.profile.account(SecretOf::Management),
                "client secret of the Management API client",
            ),
            _ => None,
        }
    }
}
