//! Owns the part of `test` that asks the provider: does it answer, does it take the callback and the credentials.

use super::{Kept, Run};
use crate::ask;
use crate::ask::given::Inputs;
use crate::auth0::wire::Connection;
use crate::checks::authorize::is_not_understood;
use crate::checks::provider::{alive, callback, probe, unless_domain_is_gone};
use crate::checks::{credentials, id};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, State};
use crate::ids::{SecretOf, Store};

/// How the provider says that it does not have the client ID.
const REFUSED_ID: [Code; 2] = [Code::ClientIdUnknown, Code::ClientDeleted];

impl Run<'_> {
    /// Whether the provider answers. `elsewhere` is the check that says that the domain of the callbacks is not the one that is
    /// meant: then nobody registered them, and that is no failure of its own.
    pub(super) fn provider_checks(
        &self,
        inputs: &Inputs,
        callbacks: &[(String, bool)],
        elsewhere: Option<&'static str>,
    ) -> bool {
        let mut answers = true;
        for (n, (url, needed)) in callbacks.iter().enumerate() {
            let verdict = probe(&self.world.http, self.provider, &self.client_id, url, &self.scopes);
            if n == 0 {
                answers = self.note(alive(self.provider, &verdict));
            }
            let found = callback(self.provider, &self.client_id, url, &verdict, *needed);
            let found = match elsewhere {
                None => unless_domain_is_gone(&self.world.http, found, url, inputs.domain.as_ref()),
                Some(_) => found,
            };
            if found.code.is_some_and(|code| REFUSED_ID.contains(&code)) {
                self.client_id_is_refused(inputs);
            }
            self.note(match elsewhere {
                Some(check) if found.is_fail() && found.code == Some(Code::RedirectUriMismatch) => {
                    let title = self.provider.title();
                    Finding::skip(
                        found.check,
                        format!("{title} does not have {url}, which may follow from {check} below"),
                    )
                }
                _ => found,
            });
        }
        answers
    }

    /// Whether a check failed for one of these reasons.
    pub(super) fn has_failed(&self, check: &str, codes: &[Code]) -> bool {
        let fits =
            |seen: &Finding| seen.check == check && seen.is_fail() && seen.code.is_some_and(|c| codes.contains(&c));
        self.seen.borrow().iter().any(fits)
    }

    /// Whether a check passed.
    pub(super) fn has_passed(&self, check: &str) -> bool {
        self.seen.borrow().iter().any(|seen| seen.check == check && seen.state == State::Pass)
    }

    /// Whether the provider does not have the client ID.
    pub(super) fn is_client_id_refused(&self) -> bool {
        [id::PROVIDER_CALLBACK, id::CREDENTIALS_ACCEPTED].iter().any(|check| self.has_failed(check, &REFUSED_ID))
    }

    /// No cure is to repeat it.
    fn client_id_is_refused(&self, inputs: &Inputs) {
        self.world.client_id_is_refused(&self.client_id);
        self.know(inputs, &self.login_domains.borrow());
    }

    /// Both of the provider's answers are not understood: something else may answer in its place, and a login there would go to
    /// that. The first of them.
    pub(super) fn not_the_provider(&self) -> Option<Failure> {
        let seen = self.seen.borrow();
        let strange = |check: &str| {
            let found = seen.iter().find(|finding| finding.check == check)?;
            found.failure.clone().filter(|_| is_not_understood(found))
        };
        strange(id::CREDENTIALS_ACCEPTED).and_then(|_| strange(id::PROVIDER_CALLBACK))
    }

    /// Whether the secret is kept, and whether the provider takes the pair.
    pub(super) fn credentials_checks(
        &self,
        inputs: &Inputs,
        secret: &Kept,
        answers: bool,
        redirect_uri: &str,
        tenant: Option<&Connection>,
    ) {
        self.note(match secret {
            Kept::Given(_) => Finding::left_out(id::CREDENTIALS_STORED, "the client secret is given for this run"),
            Kept::Stored(_) => {
                Finding::pass(id::CREDENTIALS_STORED, format!("the client secret is in {}", self.world.place()))
            }
            Kept::Nothing => {
                let message = match self.world.store() {
                    Store::Nothing => "no client secret is given, and none is kept (--store none)".to_owned(),
                    // Looked at for the words alone: what is kept for the saved client ID is not sent with this one.
                    _ if !inputs.saved_secret_applies
                        && self.world.saved.client_id.is_some()
                        && matches!(self.world.kept_secret(SecretOf::Provider), Ok(Some(_))) =>
                    {
                        format!(
                            "the client secret of {} is not in {}: what is saved there belongs to another client ID",
                            self.client_id,
                            self.world.place()
                        )
                    }
                    _ if !inputs.saved_secret_applies => format!("the client secret of {} is not given", self.client_id),
                    _ => match self.world.kept_for_another(SecretOf::Provider) {
                        Ok(Some(other)) => format!("{other}, and that of {} is not kept", self.client_id),
                        _ => format!("the client secret is not in {}", self.world.place()),
                    },
                };
                let give = ask::CLIENT_SECRET.how_to_give();
                let mut ways = match self.world.store() {
                    // A set-up would keep it no more than the last one did.
                    Store::Nothing => format!("Give it: {give}"),
                    Store::Keychain | Store::File => format!("Run `{{setup}}` or give it: {give}"),
                };
                if matches!(self.world.used_by_another(SecretOf::Provider), Ok(Some(_))) {
                    ways.push_str(
                        ". Where another settings file has a profile of the same name, set this one up under a name of its own \
                         with `--profile NAME`",
                    );
                }
                let failure = Failure::new(Code::ClientSecretMissing, message).with_hint(ways);
                Finding::fail(id::CREDENTIALS_STORED, failure)
            }
            Kept::Broken(failure) => Finding::fail(id::CREDENTIALS_STORED, failure.clone()),
        });
        self.tenants_secret.take();
        match secret.secret() {
            // The token endpoint would only say the same again.
            Some(_) if self.has_failed(id::PROVIDER_CALLBACK, &REFUSED_ID) => {
                self.note(Finding::skip(
                    id::CREDENTIALS_ACCEPTED,
                    "not asked, since the provider does not have the client ID: see provider.callback",
                ));
            }
            Some(secret) if answers => {
                let (http, id) = (&self.world.http, &self.client_id);
                let (found, tried) =
                    credentials::accepted_or_tenants(http, self.provider, id, secret, redirect_uri, || tenant.cloned());
                self.tenants_secret.set(tried);
                if found.code.is_some_and(|code| REFUSED_ID.contains(&code)) {
                    self.client_id_is_refused(inputs);
                }
                if found.is_fail() && found.code == Some(Code::ClientSecretRejected) {
                    self.world.client_secret_is_refused();
                    self.know(inputs, &self.login_domains.borrow());
                }
                self.note(found);
            }
            Some(_) => {
                self.note(Finding::skip(
                    id::CREDENTIALS_ACCEPTED,
                    "not asked, since the provider does not answer as it should",
                ));
            }
            None => {
                self.note(Finding::skip(id::CREDENTIALS_ACCEPTED, "not asked, since the client secret is not at hand"));
            }
        }
    }
}
