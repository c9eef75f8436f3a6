//! Owns the way from the inputs to a plan: each part asks for what is missing and verifies what is there, and does neither
//! twice. So a pass can be repeated after an answer was taken back: it falls through to the first thing that is open.

use super::draft::{Answer, Draft};
use crate::ask::given::Applications;
use crate::ask::{Question, Stop};
use crate::finding::Step;
use crate::ids::Domain;
use crate::login::temporary;
use crate::provider::{FormValues, Provider, scopes};
use crate::steps::app::{self, App};
use crate::steps::tenant::Change;
use crate::steps::{manual, sign_in, tenant, within};

impl Draft<'_> {
    /// Up to the plan.
    ///
    /// # Errors
    /// `Back`, or what went wrong, named; every step before it is reported.
    pub fn pass(&mut self) -> Result<(), Stop> {
        let provider = self.provider()?;
        let domain = self.tenant(provider)?;
        // The tenant knows the custom domains whose callback URLs are shown in step 2.
        if self.inputs.management.is_some() && !self.manual {
            self.sign_in(&domain)?;
        }
        self.register(provider)?;
        self.callback(provider)?;
        self.credentials(provider)?;
        self.access(provider, &domain)?;
        if self.manual {
            return self.applications_by_hand();
        }
        self.connection(provider, &domain)?;
        self.applications()?;
        self.keep()
    }

    fn can_go_back(&self) -> bool {
        !self.asked.is_empty()
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        self.asked.retain(|asked| *asked != answer);
        self.asked.push(answer);
        self.changing = None;
        self.world.console.way_on(&self.way_on());
    }

    /// The heading of a step, once for each time something happens in it.
    fn heading(&mut self, step: Step) {
        if self.at == step.number() {
            return;
        }
        self.at = step.number();
        self.world.console.heading(step.number(), step.title());
        if self.world.dialogue.is_some() && !self.args.yes {
            let done: Vec<String> = (1..step.number()).map(|n| n.to_string()).collect();
            let left = match self.questions_left() {
                0 => "no question left".to_owned(),
                1 => "one question left".to_owned(),
                n => format!("at most {n} questions left"),
            };
            let done = if done.is_empty() { String::new() } else { format!("done: {}; ", done.join(", ")) };
            self.world.console.progress(&format!("{done}{left}"));
        }
    }

    fn provider(&mut self) -> Result<Provider, Stop> {
        let provider = match self.inputs.provider {
            Some(provider) => provider,
            None => {
                let provider = app::ask_provider(self.world, self.before.provider)?;
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
            app::show_callbacks(world, &callbacks, &self.loopback(), self.registered == Some(true))?;
            self.callbacks_shown = true;
        }
        Ok(())
    }

    /// Asks the authorize page about the client ID and the callback URLs, once for each set of them.
    fn verify_callbacks(&mut self, provider: Provider, show: bool) -> Result<(), Stop> {
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
            app::show_callbacks(world, &callbacks, &self.loopback(), false)?;
        }
        app::verify_callbacks(world, provider, &client_id, &callbacks, &probed)?;
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
            if let Some(app) = &self.app {
                app::verify_credentials(world, app, &redirect_uri)?;
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
        })
    }

    /// Step 4, the way into the tenant.
    fn access(&mut self, provider: Provider, domain: &Domain) -> Result<(), Stop> {
        if self.manual || self.session.is_some() {
            return Ok(());
        }
        self.heading(Step::Connection);
        if self.inputs.management.is_none() {
            let login = match tenant::stored_login(self.world, &self.inputs)? {
                Some(login) => tenant::Access::Stored(login),
                None => {
                    let access = tenant::ask_login(self.world, &self.inputs, domain, self.can_go_back(), true)?;
                    self.answered(Answer::Access);
                    access
                }
            };
            match login {
                tenant::Access::ByHand => {
                    self.manual = true;
                    return Ok(());
                }
                tenant::Access::Stored(login) => {
                    self.login_is_new = false;
                    self.inputs.management = Some(login);
                }
                tenant::Access::New(login) => {
                    self.login_is_new = true;
                    self.inputs.management = Some(login);
                }
            }
        }
        self.sign_in(domain)?;
        // A custom domain that was found now has a callback of its own.
        let verified = self.callbacks_verified.as_ref().map(|(_, urls, _)| urls.clone()).unwrap_or_default();
        if self.callbacks().iter().any(|(url, needed)| *needed && !verified.contains(url)) {
            self.world.console.say("  The tenant has a custom login domain; its callback URL has to be registered too:");
            self.found_domains.iter().for_each(|found| self.world.console.copyable(&found.callback()));
            self.verify_callbacks(provider, false)?;
        }
        Ok(())
    }

    fn sign_in(&mut self, domain: &Domain) -> Result<(), Stop> {
        if self.session.is_some() {
            return Ok(());
        }
        let Some(login) = self.inputs.management.take() else { return Ok(()) };
        let wanted = self.needed();
        let ask_domains = self.inputs.login_domains.is_empty();
        let session = sign_in::run(self.world, domain, login, self.login_is_new, ask_domains, &wanted)?;
        self.found_domains.clone_from(&session.custom_domains);
        self.session = Some(session);
        Ok(())
    }

    /// The permissions that this run needs whatever it finds.
    fn needed(&self) -> Vec<&'static str> {
        let mut scopes = tenant::LOOK.to_vec();
        if !self.args.dry_run && !self.args.skip_login && self.inputs.test_app.is_none() {
            scopes.extend(temporary::SCOPES);
        }
        scopes
    }

    /// Step 4, looking.
    fn connection(&mut self, provider: Provider, domain: &Domain) -> Result<(), Stop> {
        let world = self.world;
        let (Some(session), None) = (&self.session, &self.looked) else { return Ok(()) };
        let management = &session.management;
        let looked = within(world, Step::Connection, || {
            management.require(&tenant::LOOK)?;
            crate::checks::connection::find(management, provider, self.inputs.connection.as_ref())
        });
        // The heading stands above what is found out, also when that is a failure.
        self.heading(Step::Connection);
        let now = looked?;
        world.console.say(&match &now {
            Some(now) => format!("  {domain} has the connection {} ({})", now.name, now.id),
            None => format!("  {domain} has no such connection yet"),
        });
        self.looked = Some(now);
        Ok(())
    }

    /// Step 5, looking and choosing.
    fn applications(&mut self) -> Result<(), Stop> {
        if self.change.is_some() {
            return Ok(());
        }
        let asks = self.inputs.applications == Applications::Unknown && self.world.dialogue.is_some();
        if asks || self.listed.is_none() {
            self.heading(Step::Applications);
        }
        let world = self.world;
        let (Some(session), Some(now)) = (&self.session, &self.looked) else { return Ok(()) };
        if self.listed.is_none() {
            let listed = within(world, Step::Applications, || tenant::list(&session.management, now.as_ref()))?;
            self.listed = Some(listed);
        }
        let Some(listed) = &self.listed else { return Ok(()) };
        if asks {
            let before = &self.before.applications;
            let chosen = tenant::ask_applications(world, listed, before, self.can_go_back())?;
            self.inputs.applications = Applications::Named(chosen);
            self.answered(Answer::Applications);
        }
        let (Some(listed), Some(now)) = (&self.listed, &self.looked) else { return Ok(()) };
        let selection =
            within(world, Step::Applications, || tenant::select(world, &self.inputs.applications, listed))?;
        let Some(app) = &mut self.app else { return Ok(()) };
        app.scopes_chosen = self.inputs.scopes.is_some();
        app.scopes = match &self.inputs.scopes {
            Some(chosen) => chosen.clone(),
            None => app.provider.default_scopes().iter().map(|scope| (*scope).to_owned()).collect(),
        };
        let named = self.inputs.connection.as_ref().map(|name| name.as_str());
        let name = now.as_ref().map(|now| now.name.as_str()).or(named).unwrap_or(app.provider.default_connection());
        app.scopes = app.wanted(name).resulting_scopes(now.as_ref());
        let differences = match now {
            Some(connection) => within(world, Step::Connection, || app.wanted(name).differences(connection))?,
            None => Vec::new(),
        };
        self.change = Some(Change { now: now.clone(), differences, selection });
        Ok(())
    }

    fn keep(&mut self) -> Result<(), Stop> {
        let is_new = self.session.as_ref().is_some_and(|session| session.to_keep.is_some());
        if !is_new || self.keep.is_some() {
            return Ok(());
        }
        let world = self.world;
        self.keep = Some(match &world.dialogue {
            _ if self.args.save_management => true,
            Some(person) if world.sandbox.is_none() && !self.args.yes => {
                let text = format!("Keep the Management API client's secret in {} too?", world.place());
                let help = "so that the next run does not ask for it; --save-management";
                let question = Question { text: &text, help, default: None, back: self.can_go_back() };
                let keep = person.confirm(&question, false)?;
                self.answered(Answer::Keep);
                keep
            }
            _ => false,
        });
        Ok(())
    }

    /// Steps 4 and 5 in the dashboard: what to type there, and the client IDs of the applications.
    fn applications_by_hand(&mut self) -> Result<(), Stop> {
        if self.by_hand.is_some() {
            return Ok(());
        }
        self.heading(Step::Connection);
        let (Some(app), Some(domain)) = (&self.app, self.inputs.domain.clone()) else { return Ok(()) };
        let place = self.place(app.provider, &domain);
        manual::guide(self.world, &place.domain, &place.connection, app, self.can_go_back())?;
        self.heading(Step::Applications);
        let asked = self.inputs.applications == Applications::Unknown;
        let chosen = manual::applications(self.world, &self.inputs.applications, self.can_go_back())?;
        if asked {
            self.inputs.applications = Applications::Named(chosen.iter().map(|one| one.client_id.clone()).collect());
            self.answered(Answer::Applications);
        }
        self.by_hand = Some(chosen);
        Ok(())
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
