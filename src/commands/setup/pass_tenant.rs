//! Owns steps 4 and 5 on the way to a plan: into the tenant, the connection as it is, the applications.

use super::draft::{Answer, Draft};
use crate::ask::given::Applications;
use crate::ask::{Question, Stop};
use crate::auth0::management::Login;
use crate::finding::Step;
use crate::ids::{Domain, SecretOf, Store};
use crate::login::temporary;
use crate::provider::Provider;
use crate::secret::Secret;
use crate::steps::access::Purpose;
use crate::steps::tenant::{self, Change};
use crate::steps::{access, manual, sign_in, within};
use crate::vault::Place;

impl Draft<'_> {
    /// Step 4, the way into the tenant.
    pub(super) fn access(&mut self, provider: Provider, domain: &Domain) -> Result<(), Stop> {
        if self.manual || self.session.is_some() {
            return Ok(());
        }
        self.heading(Step::Connection);
        if self.inputs.management.is_none() {
            let permissions = tenant::permissions();
            let purpose = Purpose { what: "does steps 4 and 5", permissions: &permissions, by_hand: true };
            let login = match access::stored_login(self.world, &self.inputs)? {
                Some(login) => access::Access::Stored(login),
                None => {
                    let access = access::ask_login(self.world, &self.inputs, domain, &purpose, self.can_go_back())?;
                    self.answered(Answer::Access);
                    access
                }
            };
            match login {
                access::Access::ByHand => {
                    self.manual = true;
                    return Ok(());
                }
                access::Access::Stored(login) => {
                    self.login_is_new = false;
                    self.inputs.management = Some(login);
                }
                access::Access::New(login) => {
                    self.login_is_new = true;
                    self.inputs.management = Some(login);
                }
            }
        }
        self.sign_in(domain)?;
        // A custom domain that was found now has a callback of its own.
        let verified = self.callbacks_verified.as_ref().map(|(_, urls, _)| urls.clone()).unwrap_or_default();
        if self.callbacks().iter().any(|(url, needed)| *needed && !verified.contains(url)) {
            self.world
                .console
                .say("  The tenant has a custom login domain; its callback URL has to be registered too:");
            self.found_domains.iter().for_each(|found| self.world.console.copyable(&found.callback()));
            self.verify_callbacks(provider, false)?;
        }
        Ok(())
    }

    pub(super) fn sign_in(&mut self, domain: &Domain) -> Result<(), Stop> {
        if self.session.is_some() {
            return Ok(());
        }
        let Some(login) = self.inputs.management.take() else { return Ok(()) };
        let wanted = self.needed();
        let named = (self.inputs.login_domains.as_slice(), !self.args.inputs.login_domain.is_empty());
        let session = sign_in::run(self.world, domain, &login, self.reached, named, &wanted);
        if session.is_err() {
            // Perhaps it is right the next time.
            self.inputs.management = Some(login);
        } else {
            self.login = Some(login);
        }
        let session = session?;
        self.found_domains = session.domains.told.clone().unwrap_or_default();
        self.inputs.login_domains.retain(|named| session.domains.gone.iter().all(|(gone, _)| gone != named));
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
    pub(super) fn connection(&mut self, provider: Provider, domain: &Domain) -> Result<(), Stop> {
        let world = self.world;
        let (Some(session), None) = (&self.session, &self.looked) else { return Ok(()) };
        let management = &session.management;
        let looked = within(world, Step::Connection, || {
            management.require(&tenant::LOOK)?;
            crate::checks::connection::find(management, provider, self.inputs.connection.as_ref())
        });
        // Its name may be another one by now.
        let client_id = self.inputs.client_id.as_deref().filter(|_| matches!(looked, Ok(None)));
        let name = self.inputs.connection.as_ref().map_or(provider.default_connection(), |name| name.as_str());
        let twin = client_id.and_then(|id| crate::checks::connection::twin(management, provider, name, id));
        // The heading stands above what is found out, also when that is a failure.
        self.heading(Step::Connection);
        let now = looked?;
        world.console.say(&match &now {
            Some(now) => format!("  {domain} has the connection {} ({})", now.name, now.id),
            None => format!("  {domain} has no such connection yet"),
        });
        self.twin = twin;
        self.looked = Some(now);
        Ok(())
    }

    /// Step 5, looking and choosing.
    pub(super) fn applications(&mut self) -> Result<(), Stop> {
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
            let expected = self.inputs.applications.listed();
            let listed =
                within(world, Step::Applications, || tenant::list(&session.management, now.as_ref(), expected))?;
            self.listed = Some(listed);
        }
        let Some(listed) = &self.listed else { return Ok(()) };
        if let (None, Some(app), Some(domain)) = (now, &self.app, &self.inputs.domain)
            && let Some(failure) = tenant::other_tenant(
                &self.inputs.applications,
                listed,
                domain,
                &self.place(app.provider, domain).connection,
            )
        {
            return within(world, Step::Applications, || Err(failure)).map_err(Stop::from);
        }
        if asks {
            let before = &self.before.applications;
            let chosen = tenant::ask_applications(world, listed, before, self.can_go_back())?;
            self.inputs.applications = Applications::Named(chosen);
            self.answered(Answer::Applications);
        }
        let (Some(listed), Some(now)) = (&self.listed, &self.looked) else { return Ok(()) };
        let selection = within(world, Step::Applications, || tenant::select(world, &self.inputs.applications, listed))?;
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
        let words = match (selection.applications.len(), selection.to_enable.len()) {
            (1, 1) => "One application, to be enabled".to_owned(),
            (1, _) => "One application, enabled already".to_owned(),
            (all, 0) => format!("{all} applications, enabled already"),
            (all, open) => format!("{all} applications, {open} of them to be enabled"),
        };
        world.console.say(&format!("  {words}"));
        let twin = self.twin.clone();
        self.change = Some(Change { now: now.clone(), twin, differences, selection });
        Ok(())
    }

    pub(super) fn keep(&mut self) -> Result<(), Stop> {
        let nowhere = self.world.vault().place() == Place::Nowhere;
        if nowhere && self.args.save_management && self.keep.is_none() {
            self.keep = Some(false);
            self.world.console.warn("--save-management keeps nothing with --store none");
        }
        let could_be_kept = self.login_is_new && matches!(self.login, Some(Login::Client { .. }));
        if !could_be_kept || self.keep.is_some() || nowhere {
            return Ok(());
        }
        let world = self.world;
        self.keep = Some(match &world.dialogue {
            _ if self.args.save_management || self.replaces_kept_access() => true,
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

    /// Whether the secret of the saved Management API client is kept, and is another one than that which the tenant has just accepted:
    /// a client has one, so that what is kept is of no use to the next run. Or it is kept in a place that is left.
    fn replaces_kept_access(&self) -> bool {
        let Some(Login::Client { id, secret }) = &self.login else { return false };
        let is_saved = self.inputs.same_tenant && self.world.saved.management_client_id.as_ref() == Some(id);
        let moves = self.world.left_store().is_some_and(|left| left != Store::Nothing) || self.world.leaves_keychain();
        let is_of_no_use = |kept: Option<Secret>| kept.map_or(moves, |kept| !kept.same_as(secret));
        is_saved && self.world.kept_secret(SecretOf::Management).is_ok_and(is_of_no_use)
    }

    /// Steps 4 and 5 in the dashboard: what to type there, and the client IDs of the applications.
    pub(super) fn applications_by_hand(&mut self) -> Result<(), Stop> {
        if self.by_hand.is_some() {
            return Ok(());
        }
        self.heading(Step::Connection);
        let (Some(app), Some(domain)) = (&self.app, self.inputs.domain.clone()) else { return Ok(()) };
        let place = self.place(app.provider, &domain);
        if !self.guided {
            manual::guide(self.world, &place.domain, &place.connection, app, self.can_go_back())?;
            self.guided = true;
        }
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
