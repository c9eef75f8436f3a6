//! Owns the way from the inputs to a plan: each part asks for what is missing and verifies what is there, and does neither
//! twice. So a pass can be repeated after an answer was taken back: it falls through to the first thing that is open.

use super::door;
use super::draft::{Answer, Draft};
use crate::ask::Stop;
use crate::diagnosis::Code;
use crate::finding::{Finding, State, Step};
use crate::ids::Domain;
use crate::provider::authorize_page::Verdict;
use crate::provider::{FormValues, Provider, scopes};
use crate::steps::app::{self, App};
use crate::steps::{access, credentials, sign_in, within};

impl Draft<'_> {
    /// Up to the plan.
    ///
    /// # Errors
    /// `Back`, or what went wrong, named; every step before it is reported.
    pub fn pass(&mut self) -> Result<(), Stop> {
        self.know();
        let provider = self.provider()?;
        let domain = self.tenant(provider)?;
        self.know();
        // The tenant knows the custom domains whose callback URLs are shown in step 2, and which of them it does not have any more.
        if self.inputs.management.is_none()
            && self.session.is_none()
            && !self.manual
            && let Ok(Some(login)) = access::stored_login(self.world, &self.inputs)
        {
            self.login_is_new = false;
            self.inputs.management = Some(login);
        }
        if self.inputs.management.is_some() && !self.manual {
            self.sign_in(&domain)?;
        }
        self.know();
        self.register(provider)?;
        self.callback(provider)?;
        self.know();
        self.credentials(provider)?;
        self.access(provider, &domain)?;
        if self.manual {
            // A domain that is no tenant's is not found out by the person who types into its dashboard.
            if !self.reached {
                within(self.world, Step::Connection, || sign_in::reach(self.world, &domain))?;
                self.reached = true;
            }
            return self.applications_by_hand();
        }
        self.connection(provider, &domain)?;
        self.applications()?;
        self.keep()
    }

    /// Cures name what is known by now.
    fn know(&self) {
        self.world.know(&self.inputs, &self.found_domains, self.args, self.manual);
    }

    pub(super) fn can_go_back(&self) -> bool {
        !self.asked.is_empty() || self.changing.is_some()
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        self.asked.retain(|asked| *asked != answer);
        self.asked.push(answer);
        self.changing = None;
        self.know();
        self.world.console.way_on(&self.way_on());
    }

    /// The heading of a step, once for each time something happens in it.
    pub(super) fn heading(&mut self, step: Step) {
        if self.at == step.number() {
            return;
        }
        self.at = step.number();
        self.world.console.heading(step.number(), step.title());
        if self.world.dialogue.is_some() && !self.args.yes {
            let done: Vec<String> = self.verified().iter().map(|step| step.number().to_string()).collect();
            let questions = self.questions_left();
            let now = (questions, self.verified().len());
            if self.said_left.replace(now) == Some(now) {
                return;
            }
            let left = match questions {
                0 => "no question left".to_owned(),
                1 => "one question left".to_owned(),
                n => format!("at most {n} questions left"),
            };
            let done = if done.is_empty() { String::new() } else { format!("ok: {}; ", done.join(", ")) };
            self.world.console.progress(&format!("{done}{left}"));
        }
    }

    fn provider(&mut self) -> Result<Provider, Stop> {
        let provider = match self.inputs.provider {
            Some(provider) => provider,
            None => {
                let before = self.before.provider;
                let first = if self.before.provider_is_gone {
                    Provider::ALL.into_iter().find(|other| Some(*other) != before)
                } else {
                    before
                };
                let provider = app::ask_provider(self.world, first, self.can_go_back())?;
                self.set_provider(provider);
                self.world.stand_in(&mut self.inputs);
                self.answered(Answer::Provider);
                provider
            }
        };
        self.about(provider);
        Ok(provider)
    }

    fn about(&self, provider: Provider) {
        let tenant = self.inputs.domain.as_ref().map(Domain::to_string);
        self.world.console.about(self.world.profile.as_str(), Some(provider.to_string()), tenant);
    }

    fn tenant(&mut self, provider: Provider) -> Result<Domain, Stop> {
        let domain = match self.inputs.domain.clone() {
            Some(domain) => domain,
            None => {
                let domain = app::ask_domain(self.world, self.before.domain.as_ref(), self.can_go_back())?;
                self.set_domain(domain.clone());
                self.answered(Answer::Tenant);
                domain
            }
        };
        self.about(provider);
        // Found out at once: a mistyped domain would be registered at the provider.
        if self.asked.contains(&Answer::Tenant) && !self.reached {
            sign_in::reach(self.world, &domain)?;
            self.reached = true;
        }
        Ok(domain)
    }

    /// Step 1, as far as there is no client ID to verify it with.
    fn register(&mut self, provider: Provider) -> Result<(), Stop> {
        if self.inputs.client_id.is_some() || self.callbacks_shown {
            return Ok(());
        }
        let world = self.world;
        self.heading(Step::Register);
        self.say_state(provider);
        app::knock_at(world, provider)?;
        if world.dialogue.is_some() && self.registered.is_none() {
            self.registered = Some(app::ask_registered(world, provider, self.can_go_back())?);
            self.answered(Answer::Registered);
        }
        if self.registered != Some(true) {
            let names = self.scopes(provider);
            let urls: Vec<String> = self.callbacks().into_iter().map(|(url, _)| url).collect();
            let form = FormValues { callbacks: &urls, loopback: &self.loopback(), scopes: &names };
            app::walk(world, provider, &form)?;
        }
        Ok(())
    }

    fn say_state(&self, provider: Provider) {
        self.world.console.say(&format!("  {}: {}", provider.title(), provider.state_today()));
        if (self.world.saved.provider, provider) == (Some(Provider::Fitbit), Provider::GoogleHealth)
            && self.inputs.scopes.is_none()
        {
            suggest_scopes(self);
        }
    }

    fn loopback(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.inputs.port)
    }

    /// Step 2; with a client ID steps 1 and 2 are verified, and nothing has to be entered.
    fn callback(&mut self, provider: Provider) -> Result<(), Stop> {
        let world = self.world;
        let callbacks = self.callbacks();
        if self.inputs.client_id.is_some() {
            return self.verify_callbacks(provider, true);
        }
        if !self.callbacks_shown {
            self.heading(Step::Callback);
            // Who was led through the pages has entered them.
            app::show_callbacks(world, provider, &callbacks, &self.loopback(), self.registered == Some(true))?;
            self.callbacks_shown = true;
        }
        Ok(())
    }

    /// Asks the authorize page about the client ID and the callback URLs, once for each set of them.
    pub(super) fn verify_callbacks(&mut self, provider: Provider, show: bool) -> Result<(), Stop> {
        let Some(client_id) = self.inputs.client_id.clone() else { return Ok(()) };
        let callbacks = self.callbacks();
        let names = self.scopes(provider);
        let urls = callbacks.iter().map(|(url, _)| url.clone()).collect();
        let now = (client_id.clone(), urls, names.clone());
        if self.callbacks_verified.as_ref() == Some(&now) {
            return Ok(());
        }
        let world = self.world;
        if show {
            self.heading(Step::Register);
            self.say_state(provider);
        }
        let probed = app::probe_callbacks(world, provider, &client_id, &callbacks, &names);
        app::verify_alive(world, provider, &probed)?;
        if show {
            self.heading(Step::Callback);
            app::show_callbacks(world, provider, &callbacks, &self.loopback(), false)?;
        }
        // Before it is said: no cure is to repeat it.
        let refused = |code: Code| matches!(code, Code::ClientIdUnknown | Code::ClientDeleted);
        if probed.iter().any(|one| matches!(one, Ok(Verdict::Refused { code, .. }) if refused(*code))) {
            world.client_id_is_refused(&client_id);
            self.know();
            world.console.way_on(&self.way_on());
        }
        self.page_is_strange = probed.iter().all(|one| matches!(one, Ok(Verdict::Unknown { .. })));
        self.callbacks_accepted =
            app::verify_callbacks(world, provider, &client_id, &callbacks, &probed, self.inputs.domain.as_ref())?;
        self.callbacks_verified = Some(now);
        Ok(())
    }

    /// Step 3.
    fn credentials(&mut self, provider: Provider) -> Result<(), Stop> {
        let world = self.world;
        if self.inputs.client_id.is_none() {
            self.heading(Step::Credentials);
            let before = self.before.client_id.clone();
            let (client_id, secret) = app::ask_client_id(world, provider, before.as_deref(), self.can_go_back())?;
            self.set_client_id(client_id);
            self.inputs.secret = secret.or(self.inputs.secret.take());
            self.answered(Answer::ClientId);
            self.verify_callbacks(provider, false)?;
        }
        if self.app.is_none() {
            self.heading(Step::Credentials);
            let app = self.choose_secret(provider)?;
            self.app = Some(app);
        }
        if !self.app_verified {
            let redirect_uri = self.place_of_login().map(|host| host.callback()).unwrap_or_default();
            // Read only where the secret is refused.
            let tenant = || {
                let management = &self.session.as_ref()?.management;
                crate::checks::connection::find(management, provider, self.inputs.connection.as_ref()).ok()?
            };
            let found = self.app.as_ref().map(|app| credentials::look(world, app, &redirect_uri, tenant));
            if found.as_ref().is_some_and(Finding::is_fail) {
                // Before it is said: no cure is to repeat what is refused.
                self.know();
                world.console.way_on(&self.way_on());
            }
            if let (Some(app), Some(found)) = (&mut self.app, found) {
                let found = credentials::verify(world, found)?;
                app.verdict = (found.detail.clone(), found.state == State::Pass);
                let is_strange = found.state == State::Unknown && self.page_is_strange;
                self.stranger = found.failure.filter(|_| is_strange);
            }
            self.app_verified = true;
        }
        Ok(())
    }

    /// The secret: given, or kept from before, or asked for; and whether it still has to be stored.
    fn choose_secret(&mut self, provider: Provider) -> Result<App, Stop> {
        let applies = self.inputs.saved_secret_applies;
        let same = |app: &mut App| app.provider == provider && Some(&app.client_id) == self.inputs.client_id.as_ref();
        if self.before.app_is_right
            && let Some(app) = self.before.app.take_if(same)
        {
            return Ok(App { scopes: self.scopes(provider), scopes_chosen: self.inputs.scopes.is_some(), ..app });
        }
        let (secret, to_store) = match (self.inputs.secret.take(), self.stored.take_if(|_| applies)) {
            (Some(given), kept) => {
                let same = kept.as_ref().or(self.stored.as_ref()).is_some_and(|kept| given.same_as(kept));
                self.stored = self.stored.take().or(kept);
                (given, !same)
            }
            (None, Some(kept)) => (kept, false),
            (None, None) => {
                door::say_whose_it_is(self.world, &self.inputs);
                let secret = app::ask_secret(self.world, provider, self.can_go_back())?;
                self.answered(Answer::Secret);
                let same = self.stored.as_ref().is_some_and(|kept| secret.same_as(kept));
                (secret, !same)
            }
        };
        Ok(App {
            provider,
            client_id: self.inputs.client_id.clone().unwrap_or_default(),
            secret,
            to_store,
            replaces: self.was_stored,
            scopes: self.scopes(provider),
            scopes_chosen: self.inputs.scopes.is_some(),
            verdict: Default::default(),
        })
    }
}

/// What the scopes of the Fitbit profile are called at Google, for whoever moves over.
fn suggest_scopes(draft: &Draft) {
    let console = &draft.world.console;
    let moved = scopes::migrate(&draft.world.saved.scopes);
    if moved.scopes.len() > Provider::GoogleHealth.default_scopes().len() {
        console.say("  The Fitbit scopes of this profile have these successors; to ask for them too, add:");
        console.copyable(&format!("--scopes {}", moved.scopes.join(",")));
    }
    if !moved.dropped.is_empty() {
        console.say(&format!("  Without a successor: {}", moved.dropped.join(", ")));
    }
}
