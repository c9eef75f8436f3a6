//! Owns what `setup` writes on this machine: the secrets in their store, the profile in the settings file.

mod begun;

use super::plan::{Item, Plan};
use super::{credentials, demand, within};
use crate::checks::id;
use crate::diagnosis::{Code, Failure};
use crate::files;
use crate::finding::{Finding, Step, StepState};
use crate::ids::{SecretOf, Store};
use crate::secret::Secret;
use crate::settings::{Profile, Settings};
use crate::steps::app::App;
use crate::text::shell_word;
use crate::vault::{Place, whose};
use crate::world::{Another, InKeychain, World, store_failure};
use begun::Begun;

/// What will be kept here.
pub struct Local<'a> {
    /// The app, whose secret may have to be stored.
    pub app: &'a App,
    /// The profile as it will stand in the settings.
    pub profile: &'a Profile,
    /// The Management API client to keep, when the person wants that.
    pub management: Option<(&'a str, &'a Secret)>,
    /// What of other settings files is in the places of these.
    pub others: &'a Others,
}

/// The secrets of other clients in the places of a profile's, as they were when the plan was made.
#[derive(Default)]
pub struct Others(Vec<(SecretOf, Another)>);

impl Others {
    /// Looks for them.
    ///
    /// # Errors
    /// `secret_store_*`.
    pub fn look(world: &World) -> Result<Self, Failure> {
        let mut found = Vec::new();
        for of in SecretOf::ALL {
            found.extend(world.used_by_another(of)?.map(|other| (of, other)));
        }
        Ok(Self(found))
    }

    fn of(&self, of: SecretOf) -> Option<&Another> {
        self.0.iter().find(|(which, _)| *which == of).map(|(_, other)| other)
    }
}

impl Local<'_> {
    /// Whether a Management API client was saved that the profile has no use for any more: its tenant is another one.
    fn forgets_management(&self, world: &World) -> bool {
        let account = world.profile.account(SecretOf::Management);
        let had_one = world.saved.management_client_id.is_some() || !world.saved.moving_clients.is_empty();
        had_one
            && self.profile.management_client_id.is_none()
            && world.vault().place() != Place::Nowhere
            && world.vault().holds(&account).unwrap_or(false)
            && self.others.of(SecretOf::Management).is_none()
    }

    /// That another settings file may lose a secret by this.
    fn replaces_others(&self, of: SecretOf) -> Option<String> {
        let other = self.others.of(of)?;
        // A run that was killed before it wrote the settings leaves the same client's.
        let is_this = self.profile.client_of(of).is_some_and(|client| client == whose(&other.client));
        (!is_this).then(|| {
            format!("replace: {other}, which these settings do not name (with another --profile both are kept)")
        })
    }

    /// Adds it to the plan.
    pub fn plan(&self, world: &World, plan: &mut Plan) {
        plan.section("On this machine".to_owned());
        let plain = if matches!(world.vault().place(), Place::File(_)) { " (plain text, for you alone)" } else { "" };
        if world.vault().place() != Place::Nowhere {
            if self.app.to_store {
                plan.add(if let Some(other) = self.replaces_others(SecretOf::Provider) {
                    Item::Change(other)
                } else if self.app.replaces {
                    Item::Change(format!(
                        "replace the client secret of profile {} in {}{plain}",
                        world.profile,
                        world.place()
                    ))
                } else {
                    Item::Create(format!("keep the client secret in {}{plain}", world.place()))
                });
            }
            if self.management.is_some() {
                let what = format!("the Management API client's secret in {}", world.place());
                let is_kept = world.kept_secret(SecretOf::Management).is_ok_and(|kept| kept.is_some());
                plan.add(match self.replaces_others(SecretOf::Management) {
                    Some(other) => Item::Change(other),
                    None if is_kept => Item::Change(format!("replace {what}")),
                    None => Item::Create(format!("keep {what}")),
                });
            }
        }
        if self.forgets_management(world) {
            plan.add(Item::Change(format!(
                "forget the Management API client's secret in {}: it is not this tenant's",
                world.place()
            )));
        }
        for place in world.left_places() {
            plan.add(Item::Change(format!("forget the secrets of profile {} in {place}", world.profile)));
        }
        let Some(path) = world.settings.borrow().path().map(|path| path.display().to_string()) else { return };
        let what = format!("profile {} in {path}", world.profile);
        if !world.profile_exists || world.saved.client_id.is_none() {
            plan.add(Item::Create(format!("write {what}")));
        } else if world.saved != *self.profile {
            plan.add(Item::Change(format!("change {what}")));
            for (name, before, after) in [
                ("provider", world.saved.provider.map(|p| p.to_string()), self.profile.provider.map(|p| p.to_string())),
                ("domain", text(world.saved.domain.as_ref()), text(self.profile.domain.as_ref())),
                ("client_id", world.saved.client_id.clone(), self.profile.client_id.clone()),
                ("connection", text(world.saved.connection.as_ref()), text(self.profile.connection.as_ref())),
                ("applications", list(&world.saved.applications), list(&self.profile.applications)),
                ("scopes", list(&world.saved.scopes), list(&self.profile.scopes)),
                ("port", text(world.saved.port.as_ref()), text(self.profile.port.as_ref())),
                ("store", world.saved.store.map(store_name), self.profile.store.map(store_name)),
                ("moving_from", world.saved.moving_from.map(store_name), None),
                ("login_domains", domains(&world.saved), domains(self.profile)),
                ("callbacks", callbacks(&world.saved), callbacks(self.profile)),
                (
                    "management_client_id",
                    world.saved.management_client_id.clone(),
                    self.profile.management_client_id.clone(),
                ),
            ] {
                if before != after {
                    plan.differs(name, before.as_deref(), after.as_deref());
                }
            }
        } else {
            plan.add(Item::Keep(what));
        }
    }

    /// Keeps a secret in place of what the plan found there.
    fn keep(&self, world: &World, of: SecretOf, secret: &Secret) -> Result<(), Failure> {
        let client = self.profile.client_of(of).unwrap_or_default();
        let planned = self.others.of(of).map(|other| other.client.clone());
        let former = world.saved.client_of(of).into_iter().chain(world.saved.moving_clients.iter().cloned());
        let replaces: Vec<String> = planned.into_iter().chain(former).collect();
        world.vault().set(&world.profile.account(of), secret, &client, &replaces).map_err(store_failure)
    }

    /// Notes whose a secret is that was kept before, where nobody has noted it.
    fn notes_whose(&self, world: &World, of: SecretOf) -> Result<(), Failure> {
        let vault = world.vault();
        let is_noted = || vault.client(&world.profile.account(of)).map(|noted| noted.is_some()).map_err(store_failure);
        if !vault.takes_notes() || self.profile.client_of(of).is_none() || is_noted()? {
            return Ok(());
        }
        world.kept_secret(of)?.map_or(Ok(()), |secret| self.keep(world, of, &secret))
    }

    /// Looks once more at the client secret that was kept before: minutes may have passed since.
    fn is_still_kept(&self, world: &World) -> Result<(), Failure> {
        let of = SecretOf::Provider;
        if world.vault().place() == Place::Nowhere {
            return Ok(());
        }
        match world.kept_secret(of)? {
            Some(now) if now.same_as(&self.app.secret) => self.notes_whose(world, of),
            Some(_) => {
                let message = format!("the client secret in {} was changed meanwhile", world.place());
                Err(Failure::new(Code::SecretNotKept, message)
                    .with_hint("Run the command again: it begins with what is there now"))
            }
            None => self.keep(world, of, &self.app.secret),
        }
    }

    /// Puts the client secret where it is to be kept.
    fn keep_client_secret(&self, world: &World) -> Result<(), Failure> {
        if !self.app.to_store {
            return self.is_still_kept(world);
        }
        self.keep(world, SecretOf::Provider, &self.app.secret)?;
        if let Place::File(path) = world.vault().place() {
            world.console.warn(&format!("the client secret is kept in plain text in {}", path.display()));
            let folder = files::folder_of(&path);
            if files::is_open_to_all(folder) {
                let folder = shell_word(&folder.display().to_string());
                world.console.warn(&format!("every user can take files out of its folder: `chmod o-w {folder}`"));
            }
        }
        Ok(())
    }

    /// The same for the Management API client's secret, after it.
    fn keep_both(&self, world: &World) -> Result<(), Failure> {
        self.keep_client_secret(world)?;
        match self.management {
            Some((_, secret)) => self.keep(world, SecretOf::Management, secret),
            None => self.notes_whose(world, SecretOf::Management),
        }
    }

    /// What stands in the settings before a secret is kept where they do not lead yet, so that no secret is kept that no settings
    /// name, and none is lost when they cannot be written. Of a change to the keychain that it may have some, since the place of
    /// before has them all; else the whole profile.
    fn beforehand(&self, world: &World) -> Option<Profile> {
        let other = |of: &SecretOf| world.saved.client_of(*of) != self.profile.client_of(*of);
        let whole = || match world.leaves_keychain() {
            true => self.moving(world, self.profile),
            false => Profile { moving_from: None, ..self.moving(world, self.profile) },
        };
        match (world.left_store(), world.store()) {
            _ if world.saved.client_id.is_none() => Some(self.profile.clone()),
            (Some(_), Store::Keychain) => Some(self.moving(world, &world.saved)),
            (Some(_), Store::File) => Some(whole()),
            (None, Store::Keychain | Store::File) if SecretOf::ALL.iter().any(other) => Some(whole()),
            _ => None,
        }
    }

    /// The profile with the note that the keychain may have secrets of it.
    fn moving(&self, world: &World, profile: &Profile) -> Profile {
        let clients = |profile: &Profile| SecretOf::ALL.into_iter().filter_map(|of| profile.client_of(of)).collect();
        let named: Vec<String> = clients(profile);
        let all: [Vec<String>; 3] = [clients(&world.saved), clients(self.profile), world.saved.moving_clients.clone()];
        let mut moving_clients: Vec<String> =
            all.concat().into_iter().filter(|client| !named.contains(client)).collect();
        moving_clients.sort_unstable();
        moving_clients.dedup();
        Profile { moving_from: Some(Store::Keychain), moving_clients, ..profile.clone() }
    }

    /// Writes it. This machine comes before the tenant, so that a run that dies later goes on without asking again.
    ///
    /// # Errors
    /// `secret_store_*`, `file_not_writable`.
    pub fn apply(&self, world: &World) -> Result<(), Failure> {
        within(world, Step::Credentials, || {
            let begun = self.beforehand(world).map(|profile| Begun::write(world, &profile)).transpose()?;
            self.keep_both(world).map_err(|failure| match begun {
                Some(begun) => begun.after(world, failure),
                None => failure,
            })?;
            if self.forgets_management(world) {
                world.forget_secret(SecretOf::Management)?;
            }
            demand(world, credentials::stored_finding(world))?;
            let mut settings = world.settings.borrow_mut();
            // Read again: minutes may have passed, and another run may have written its own profile.
            if let Some(path) = settings.path().map(std::path::Path::to_owned) {
                *settings = Settings::read(&path)?;
            }
            // The old place is emptied when the settings name the new one, and they say so until it is: a run that is killed in
            // between, or cannot write them, has lost nothing.
            let leaves_keychain = world.leaves_keychain();
            let profile = if leaves_keychain { self.moving(world, self.profile) } else { self.profile.clone() };
            settings.put(&world.profile, &profile);
            settings.write()?;
            world.has_saved_the_variables();
            let left = world.forget_in_keychain(Some(self.profile))?;
            world.forget_in_file(Some(self.profile))?;
            // Where something is left the settings go on saying so, and the next setup or removal empties it.
            if matches!(left, InKeychain::WhatHasTo) {
                return Ok(());
            }
            if let InKeychain::What(refused) = left {
                let refused = refused.with_hint(
                    "Once the keychain answers, run `{setup}` again: the settings remember it. Where that keychain is gone for good, \
                     delete the line moving_from in the settings.",
                );
                world.console.finding(&Finding::warn(id::CREDENTIALS_STORED, refused));
                return Ok(());
            }
            settings.put(&world.profile, self.profile);
            settings.write().map(drop)
        })?;
        world.console.step(self.app.step(world, StepState::Changed));
        Ok(())
    }
}

fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

fn store_name(store: Store) -> String {
    store.as_str().to_owned()
}

fn list(values: &[String]) -> Option<String> {
    if values.is_empty() { None } else { Some(values.join(" ")) }
}

fn domains(profile: &Profile) -> Option<String> {
    list(&profile.login_domains.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn callbacks(profile: &Profile) -> Option<String> {
    list(&profile.callbacks.values().cloned().collect::<Vec<_>>())
}
