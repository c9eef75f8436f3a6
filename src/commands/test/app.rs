//! Owns the part of `test` that asks the provider: does it answer, does it take the callback and the credentials.

use super::{Kept, Run};
use crate::ask;
use crate::checks::provider::{alive, callback, probe};
use crate::checks::{credentials, id};
use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;
use crate::ids::Store;

impl Run<'_> {
    /// Whether the provider answers.
    pub(super) fn provider_checks(&self, callbacks: &[(String, bool)]) -> bool {
        let mut answers = true;
        for (n, (url, needed)) in callbacks.iter().enumerate() {
            let verdict = probe(&self.world.http, self.provider, &self.client_id, url, &self.scopes);
            if n == 0 {
                answers = self.note(alive(self.provider, &verdict));
            }
            self.note(callback(self.provider, &self.client_id, url, &verdict, *needed));
        }
        answers
    }

    /// Whether a check failed for one of these reasons.
    pub(super) fn has_failed(&self, check: &str, codes: &[Code]) -> bool {
        let fits =
            |seen: &Finding| seen.check == check && seen.is_fail() && seen.code.is_some_and(|c| codes.contains(&c));
        self.seen.borrow().iter().any(fits)
    }

    /// Whether the secret is kept, and whether the provider takes the pair.
    pub(super) fn credentials_checks(&self, secret: &Kept, answers: bool, redirect_uri: &str) {
        self.note(match secret {
            Kept::Given(_) => Finding::left_out(id::CREDENTIALS_STORED, "the client secret is given for this run"),
            Kept::Stored(_) => {
                Finding::pass(id::CREDENTIALS_STORED, format!("the client secret is in {}", self.world.place()))
            }
            Kept::Nothing => {
                let message = match self.world.store() {
                    Store::Nothing => "no client secret is given, and none is kept (--store none)".to_owned(),
                    _ => format!("the client secret is not in {}", self.world.place()),
                };
                let ways = format!("Run `{{setup}}` or give it: {}", ask::CLIENT_SECRET.how_to_give());
                let failure = Failure::new(Code::ClientSecretMissing, message).with_hint(ways);
                Finding::fail(id::CREDENTIALS_STORED, failure)
            }
            Kept::Broken(failure) => Finding::fail(id::CREDENTIALS_STORED, failure.clone()),
        });
        match secret.secret() {
            // The token endpoint would only say the same again.
            Some(_) if self.has_failed(id::PROVIDER_CALLBACK, &[Code::ClientIdUnknown, Code::ClientDeleted]) => {
                self.note(Finding::skip(
                    id::CREDENTIALS_ACCEPTED,
                    "not asked, since the provider does not have the client ID: see provider.callback",
                ));
            }
            Some(secret) if answers => {
                self.note(credentials::accepted(
                    &self.world.http,
                    self.provider,
                    &self.client_id,
                    secret,
                    redirect_uri,
                ));
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
