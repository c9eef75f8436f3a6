//! Owns what a cure of `test` may promise: no `setup` that would end before it mends anything, no report that needs a login.

use super::Run;
use crate::auth0::management::Management;
use crate::diagnosis::{Code, followed_by};
use crate::finding::Finding;
use crate::provider::Provider;
use crate::steps::tenant;

impl Run<'_> {
    /// The finding with a cure that can be followed here.
    pub(super) fn with_a_cure_that_works(&self, finding: Finding) -> Finding {
        let (is_fail, code) = (finding.is_fail(), finding.code);
        let works = |hint: String| {
            let hint = if is_fail { self.with_a_setup_that_works(hint, code) } else { hint };
            // A report of a run without a login is made by another one: where a cure is about a login, there has to be one.
            if self.args.headless { hint.replace("{test} --report", "{test} --headless --report") } else { hint }
        };
        let failure = finding.failure.map(|failure| {
            let hint = works(failure.hint());
            failure.with_hint(hint)
        });
        Finding { hint: finding.hint.map(works), failure, ..finding }
    }

    fn with_a_setup_that_works(&self, hint: String, code: Option<Code>) -> String {
        if !hint.contains("{setup}") || code == Some(Code::ProviderShutDown) {
            return hint;
        }
        let is_shut_down = |seen: &Finding| seen.is_fail() && seen.code == Some(Code::ProviderShutDown);
        if self.provider == Provider::Fitbit && self.seen.borrow().iter().any(is_shut_down) {
            return format!(
                "{} answers no set-up any more: what is wrong here is put right by the way over, `{{move}}`",
                self.provider.title()
            );
        }
        let lacks = self.lacks.borrow();
        let is_named = |scope: &&&str| hint.contains(**scope);
        if lacks.is_empty() || code == Some(Code::MissingScope) || lacks.iter().filter(is_named).count() == lacks.len()
        {
            return hint;
        }
        followed_by(&hint, &format!(" (a token that may do that needs {} too)", lacks.join(" ")))
    }

    /// What a `setup` would lack.
    pub(super) fn know_what_lacks(&self, management: &Management) {
        let wanted = [&tenant::LOOK[..], &["update:connections", "update:connections_options"]].concat();
        self.lacks.replace(management.lacks(&wanted));
    }
}
