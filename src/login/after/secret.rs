//! Owns the look at the client secret in the tenant after a login: whether it is the one at hand, whether the provider takes that
//! one, and how the one at hand gets there.

use super::{LOOKS, Logged, ThroughTenant, Trail};
use crate::auth0::connection::holds_secret;
use crate::checks::credentials;
use crate::diagnosis::{Code, Failure};
use crate::finding::State;
use crate::provider::Provider;

impl Trail<'_> {
    /// The person consented, and the tenant got no token for the provider's code.
    pub(super) fn no_token(&self, failure: Failure) -> Failure {
        let Some(tenant) = &self.through else { return failure };
        let also = |what: &str| format!("{}; {what}", failure.message);
        let same = self.same_secret(tenant);
        if same == Some(false) {
            let message = also(&format!("the client secret in the tenant is not {}", self.login.secret_is));
            return Failure::new(Code::ConnectionSecretDiffers, message);
        }
        let mut looked = Vec::new();
        if let Some(secret) = self.login.secret {
            let login = self.login;
            let http = &self.world.http;
            let asked = credentials::accepted(http, login.provider, login.client_id, secret, &login.provider_callback);
            match (asked.state, asked.failure) {
                (State::Fail, Some(refused)) => {
                    return Failure::new(refused.code, also(&refused.message)).with_hint(refused.hint());
                }
                (State::Pass, _) => {
                    looked.push(format!("{} accepts the secret at hand", login.provider.title()));
                }
                _ => {}
            }
        }
        let entry = self.newest_entry(tenant, LOOKS);
        if let Logged::Entry(entry) = &entry {
            if !failure.message.contains(&entry.said()) {
                looked.push(format!("the tenant's log says: {}", entry.said()));
            }
            // Where there is no token yet, no Action has run: a bare word is the provider's.
            let code = self.code(entry).filter(|code| *code != Code::LoginBlocked || !entry.is_bare());
            let says_more = entry.names_another_reason() || !entry.is_bare();
            match code.or_else(|| says_more.then_some(Code::UnrecognisedAnswer)) {
                Some(Code::ClientSecretRejected) | None => {}
                Some(code) => return self.told(entry, code, also(&looked.join("; "))),
            }
        }
        match same {
            // The right secret, and a provider that takes it: it is something else.
            Some(true) if !looked.is_empty() => {
                looked.push("the tenant holds the same secret, so that this is not the reason".to_owned());
                let hint =
                    "Log in again; if it stays, read the newest entry of type `f` in the tenant's log ({logs_page} )";
                Failure::new(Code::UnrecognisedAnswer, also(&looked.join("; "))).with_hint(hint)
            }
            Some(true) => failure,
            _ if tenant.management.is_none() => {
                looked.push(format!("the secret in the tenant was not read{}", needs(tenant)));
                // What else the tenant's request for a token is made of.
                let else_it_is = match self.login.provider {
                    Provider::GoogleHealth => format!("its Token URL has to be `{}`", self.login.provider.token_url()),
                    Provider::Fitbit => {
                        "the connection has to be Auth0's own (Create Connection > Fitbit) and not a Custom one"
                            .to_owned()
                    }
                };
                let hint = format!(
                    "Most likely the tenant holds another secret: {}. Where it stays, {else_it_is}",
                    written_anew(tenant)
                );
                Failure::new(failure.code, also(&looked.join("; "))).with_hint(hint)
            }
            _ => {
                looked.push(format!("the secret in the tenant could not be read{}", needs(tenant)));
                let hint = format!("Most likely the tenant holds another secret: {}", written_anew(tenant));
                Failure::new(failure.code, also(&looked.join("; "))).with_hint(hint)
            }
        }
    }

    pub(super) fn same_secret(&self, tenant: &ThroughTenant) -> Option<bool> {
        let (management, secret) = (tenant.management?, self.login.secret?);
        if tenant.connection_id.is_empty() {
            return None;
        }
        holds_secret(&management.connection(tenant.connection_id).ok()?, secret)
    }
}

/// What a `setup` needs that writes a secret over one that it may not see, as another's options are kept.
const TO_WRITE: [&str; 4] =
    ["read:connections", "read:connections_options", "update:connections", "update:connections_options"];

/// The permission that was in the way, where it was one.
pub(super) fn needs(tenant: &ThroughTenant) -> &'static str {
    match tenant.management {
        Some(management) if !management.may("read:connections_options") => " (read:connections_options)",
        Some(_) => "",
        None => ": that needs the Management API",
    }
}

/// How the secret at hand gets into the connection.
pub(super) fn written_anew(tenant: &ThroughTenant) -> String {
    let by_hand = "in the dashboard enter the one at hand into the connection `{connection}` as its Client Secret and save ({connections_page} )";
    let Some(management) = tenant.management else { return by_hand.to_owned() };
    match management.lacks(&TO_WRITE).as_slice() {
        [] => "run `{setup}` which writes the one at hand into the connection `{connection}`".to_owned(),
        lacks => format!("{by_hand}, or allow the token {} and run `{{setup}}` which writes it", lacks.join(" ")),
    }
}
