//! Owns the one cure that no row of the table can know: a variable of the environment that wins over what is saved, and is wrong.
//!
//! Refuses to name a variable that a flag wins over, or that says the same as the settings.

use super::World;
use crate::ask::{self, Field};
use crate::cli;
use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;
use crate::ids::{Domain, SecretOf};
use crate::secret::Secret;

/// The variables that decided, by name.
#[derive(Default)]
pub(super) struct Shadows {
    client_id: Option<&'static str>,
    secret: Option<&'static str>,
    token: Option<&'static str>,
    management_secret: Option<&'static str>,
    /// Those of values that are no secrets, and what each wins over.
    plain: Vec<(Of, &'static str, String)>,
}

/// What a variable is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Provider,
    Domain,
    LoginDomain,
    Connection,
    Applications,
    Scopes,
    Store,
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
        let plain = self.plain_shadows(&name, flags);
        *self.shadows.borrow_mut() = Shadows {
            plain,
            client_id: name(&ask::CLIENT_ID, flags.client_id.is_some() || by_json),
            secret: name(&ask::CLIENT_SECRET, flags.client_secret_file.is_some() || by_json),
            management_secret: name(&ask::MANAGEMENT_SECRET, by_secret_file || token.is_some()),
            token,
        };
    }

    /// Variables that say something else than the settings, where those say anything.
    fn plain_shadows(
        &self,
        name: &impl Fn(&Field, bool) -> Option<&'static str>,
        flags: &cli::Inputs,
    ) -> Vec<(Of, &'static str, String)> {
        let saved = &self.saved;
        let domains = saved.login_domains.iter().map(Domain::as_str).collect::<Vec<_>>().join(",");
        let text = |value: Option<String>| value.unwrap_or_default();
        let scopes = match saved.scopes.as_slice() {
            [] => text(saved.provider.map(|provider| provider.default_scopes().join(","))),
            chosen => chosen.join(","),
        };
        let by_app = !flags.app.is_empty() || flags.all_apps;
        [
            (Of::Provider, &ask::PROVIDER, flags.provider.is_some(), text(saved.provider.map(|p| p.to_string()))),
            (Of::Domain, &ask::DOMAIN, flags.domain.is_some(), text(saved.domain.as_ref().map(Domain::to_string))),
            (Of::LoginDomain, &ask::LOGIN_DOMAIN, !flags.login_domain.is_empty(), domains),
            (
                Of::Connection,
                &ask::CONNECTION,
                flags.connection.is_some(),
                text(saved.connection.as_ref().map(|name| name.to_string())),
            ),
            (Of::Applications, &ask::APPS, by_app, saved.applications.join(",")),
            (Of::Scopes, &ask::SCOPES, flags.scopes.is_some(), scopes),
            (Of::Store, &ask::STORE, flags.store.is_some(), text(saved.store.map(|store| store.as_str().to_owned()))),
        ]
        .into_iter()
        .filter_map(|(of, field, by_flag, before)| {
            let name = name(field, by_flag)?;
            let now = self.variables.get(name)?.trim();
            let differs = !before.is_empty() && now != before;
            differs.then(|| (of, name, format!("the saved {} {before}", field.name)))
        })
        .collect()
    }

    /// The variable of a plain value that may be the reason of a failure.
    fn plain_shadow_of(&self, failure: &Failure) -> Option<(&'static str, String)> {
        let about: &[Of] = match failure.code {
            Code::InputMissing => &[Of::Provider],
            Code::ClientSecretMissing => &[Of::Provider, Of::Store],
            Code::TenantNotFound | Code::OtherTenant | Code::ManagementAudienceUnknown => &[Of::Domain],
            Code::ManagementCredentialsRejected => &[Of::Domain],
            Code::ConnectionNotFound => &[Of::Connection, Of::Provider, Of::Domain],
            Code::ConnectionWrongStrategy | Code::AuthorizeConnectionNotUsable => &[Of::Connection, Of::Provider],
            Code::ApplicationNotFound => &[Of::Applications, Of::Domain],
            Code::InvalidScope | Code::ConnectionScopesDiffer | Code::AuthorizeScopesMissing => &[Of::Scopes],
            code if code.is_no_answer() => &[Of::Domain, Of::LoginDomain],
            Code::RedirectUriMismatch => &[Of::LoginDomain, Of::Domain],
            _ => &[],
        };
        let shadows = self.shadows.borrow();
        let (_, name, over) = about.iter().find_map(|of| shadows.plain.iter().find(|(one, ..)| one == of))?;
        // Several hosts are asked: it is about the one that the failure names.
        let is_named = || {
            let values = self.variables.get(name).unwrap_or_default();
            values.split(',').any(|value| failure.message.contains(value.trim().trim_start_matches("https://")))
        };
        (!failure.code.is_no_answer() || is_named()).then(|| (*name, over.clone()))
    }

    /// The failure with the variable in its cure that wins over something else, should that be the reason.
    pub fn unshadowed(&self, failure: Failure) -> Failure {
        let hint = failure.hint();
        let shadow = self.shadow_of(failure.code).or_else(|| self.plain_shadow_of(&failure));
        match shadow.filter(|_| !hint.starts_with(UNSET)) {
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
