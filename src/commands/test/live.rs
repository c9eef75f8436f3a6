//! Owns the end of `test`: the live login, through Auth0 or at the provider itself, or the reason why it is left out.

use super::Run;
use super::tenant::TenantState;
use crate::ask::given::Inputs;
use crate::checks::id;
use crate::diagnosis::Failure;
use crate::finding::Finding;
use crate::ids::Domain;
use crate::login::{Login, bind, direct, session, temporary, what_is_shown};
use crate::secret::Secret;

impl Run<'_> {
    /// Whether there is a reason to. Then nothing removes what a killed run left, and that is said.
    pub(super) fn leave_login_out(&self, state: Option<&TenantState>) -> bool {
        type Out = fn(&'static str, String) -> Finding;
        let (out, why): (Out, &str) = if self.args.headless {
            (Finding::left_out, "left out (--headless)")
        } else if self.any_failed() {
            (Finding::skip, "not tried: mend what failed above first")
        } else {
            return false;
        };
        let all = state.map_or(&[][..], |state| &state.all);
        let found = temporary::LeftBehind::of(all, state.and_then(|state| state.management.as_ref()));
        self.note(match (found.warning(), found.elsewhere()) {
            (Some(left), _) => Finding::warn(id::LOGIN_LIVE, left),
            (None, Some(elsewhere)) => out(id::LOGIN_LIVE, format!("{why}; {elsewhere}")),
            (None, None) => out(id::LOGIN_LIVE, why.to_owned()),
        });
        self.note(out(id::IDENTITY_READ, why.to_owned()));
        true
    }

    /// Refuses to send a person to whatever answers in the provider's place, or in the tenant's.
    fn refuse_strangers(&self, at: Option<(&Domain, &Failure)>) -> Result<(), Failure> {
        let (failure, place) = match (self.not_the_provider(), at) {
            (Some(failure), _) => (failure, "in the provider's place".to_owned()),
            (None, Some((host, failure))) => (failure.clone(), format!("at /authorize of {host}")),
            (None, None) => return Ok(()),
        };
        self.skip(&[id::LOGIN_LIVE, id::IDENTITY_READ], &format!("not tried: what answers {place} is not understood"));
        Err(failure)
    }

    pub(super) fn login<'l>(
        &'l self,
        inputs: &Inputs,
        connection: &'l str,
        provider_callback: String,
        secret: Option<&'l Secret>,
    ) -> Login<'l> {
        Login {
            provider: self.provider,
            client_id: &self.client_id,
            scopes: &self.scopes,
            connection,
            provider_callback,
            callback_accepted: self.has_passed(id::PROVIDER_CALLBACK),
            secret,
            secret_is: self.world.secret_is(self.has_passed(id::CREDENTIALS_STORED)),
            port: inputs.port,
            timeout: inputs.timeout,
        }
    }

    pub(super) fn direct_login(&self, inputs: &Inputs, secret: Option<&Secret>) -> Result<(), Failure> {
        if self.leave_login_out(None) {
            return Ok(());
        }
        self.refuse_strangers(None)?;
        let Some(secret) = secret else {
            self.skip(&[id::LOGIN_LIVE, id::IDENTITY_READ], "not tried: the client secret is not at hand");
            return Ok(());
        };
        self.world.console.title("Live login");
        let listener = match bind(inputs.port) {
            Ok(listener) => listener,
            Err(failure) => return session::report(self.world, Err(failure)).map(drop),
        };
        let connection = format!("none, directly at {}", self.provider.title());
        let login = self.login(inputs, &connection, listener.redirect_uri(), Some(secret));
        // A token may have to be revoked: Ctrl-C asks the wait to end instead of ending the process.
        let hold = self.world.cancel.hold();
        let result = direct::run(self.world, &login, secret, listener);
        let told = session::report_unless_cancelled(self.world, result);
        drop(hold);
        self.keep(told.map_err(|failure| what_is_shown(self.world, &login, failure))?);
        session::out_after_it(self.world)
    }

    pub(super) fn live_login(
        &self,
        inputs: &Inputs,
        state: &TenantState,
        secret: Option<&Secret>,
    ) -> Result<(), Failure> {
        if self.leave_login_out(Some(state)) {
            return Ok(());
        }
        // Without the Management API it may be for want of the callback URL that it is not understood: then the login asks itself.
        let stranger = state.answers.stranger().filter(|_| state.management.is_some());
        self.refuse_strangers(stranger.map(|failure| (&state.host, failure)))?;
        let test_app = inputs.test_app.as_deref();
        let connection_id = state.connection.as_ref().map(|connection| connection.id.as_str());
        let why = match (&state.management, connection_id) {
            _ if test_app.is_some() => None,
            (Some(management), Some(_)) => {
                let missing = management.lacks(&temporary::SCOPES);
                (!missing.is_empty())
                    .then(|| format!("not tried: the token lacks {} for a temporary application", missing.join(" ")))
            }
            _ => Some(format!(
                "not tried: a temporary application needs the Management API; or use --test-app ID, {}",
                session::test_app_to_be(inputs.port)
            )),
        };
        if let Some(why) = why {
            self.skip(&[id::LOGIN_LIVE, id::IDENTITY_READ], &why);
            return Ok(());
        }
        self.world.console.title("Live login");
        let login = self.login(inputs, &state.name, state.host.callback(), secret);
        let findings = session::run(
            self.world,
            &login,
            &state.host,
            &session::Through {
                management: state.management.as_ref(),
                all: &state.all,
                connection_id: connection_id.unwrap_or_default(),
                test_app,
                leads_others: state.answers.is_led,
            },
        );
        self.keep(findings.map_err(|failure| what_is_shown(self.world, &login, failure))?);
        session::out_after_it(self.world)
    }
}
