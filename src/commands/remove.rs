//! `remove`: forgets a profile, settings and secrets, and on request deletes the Auth0 connection.

use crate::ask::{self, Field, Question};
use crate::auth0::management::Management;
use crate::auth0::wire::Connection;
use crate::checks::connection::find;
use crate::checks::id;
use crate::cli;
use crate::console::ConnectionDoc;
use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;
use crate::ids::{SecretOf, Store};
use crate::login::temporary::LeftBehind;
use crate::steps::access::{self, Purpose};
use crate::steps::plan::{Item, Plan};
use crate::text::{excerpt, shell_word};
use crate::world::{InKeychain, World};

/// The inputs that mean something here. A variable of another one is that of a set-up, perhaps of the one that stays.
const FIELDS: [Field; 7] =
    [ask::PROVIDER, ask::DOMAIN, ask::TOKEN, ask::MANAGEMENT_ID, ask::MANAGEMENT_SECRET, ask::CONNECTION, ask::STORE];

/// What goes in the tenant.
struct Doomed<'a> {
    management: Management<'a>,
    connection: Option<Connection>,
    left: LeftBehind,
}

fn no_profile(world: &World) -> Failure {
    let names = world.settings.borrow().profiles();
    let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Failure::new(Code::InputInvalid, format!("there is no profile {} (profiles: {known})", world.profile))
}

/// Runs it.
///
/// # Errors
/// `input_missing` when there is no such profile, `confirmation_missing`, or as the store or the tenant answers.
pub fn run(world: &World, args: &cli::Remove) -> Result<(), Failure> {
    remove(world, args).map_err(|failure| match failure.code {
        // What a set-up could do about it is of no use here.
        Code::SecretStoreMissing => failure.with_hint(format!(
            "Run it where the secrets are, or pass them over with `fitbit-connect remove{}{} --store none` which forgets the settings \
             and says what may be left",
            switches(args),
            world.again
        )),
        _ => failure,
    })
}

/// The switches that were given, to be repeated.
fn switches(args: &cli::Remove) -> String {
    let given = [(args.delete_connection, " --delete-connection"), (args.yes, " --yes")];
    given.into_iter().filter(|(is_given, _)| *is_given).map(|(_, switch)| switch).collect()
}

fn remove(world: &World, args: &cli::Remove) -> Result<(), Failure> {
    let mut inputs = world.inputs_among(&FIELDS, &args.inputs())?;
    let provider = inputs.provider.map(|provider| provider.to_string());
    world.console.about(world.profile.as_str(), provider, inputs.domain.as_ref().map(ToString::to_string));
    if !world.profile_exists && !args.delete_connection {
        return Err(no_profile(world).with_hint("Name one with --profile NAME"));
    }
    if !args.yes && world.dialogue.is_none() {
        return Err(Failure::new(
            Code::ConfirmationMissing,
            "nothing is removed without confirmation, and nobody can be asked",
        )
        .with_hint("Confirm with --yes"));
    }
    let mut doomed: Option<Doomed> = None;
    if args.delete_connection {
        world.refuse_other_than_saved()?;
        let (Some(provider), Some(domain)) = (inputs.provider, inputs.domain.clone()) else {
            let fields = [ask::PROVIDER, ask::DOMAIN].map(|field| field.how_to_give());
            let missing = ask::given::missing(&fields);
            return Err(match world.profile_exists {
                true => missing,
                false => {
                    let none = no_profile(world).message;
                    missing.with_hint(format!("Name a profile with --profile NAME ({none}), or give these"))
                }
            });
        };
        let login = {
            let purpose = Purpose {
                what: "deletes the connection",
                permissions: "read:connections delete:connections",
                by_hand: false,
            };
            access::login(world, &mut inputs, &domain, &purpose).map_err(|failure| world.unshadowed(failure))?
        };
        let management =
            Management::sign_in(&world.http, &domain, &login).map_err(|failure| world.unshadowed(failure))?;
        management.require(&["read:connections", "delete:connections"])?;
        // Who removes everything wants nothing left of killed runs; a list that cannot be read keeps nobody from it.
        let all = if management.may("read:clients") { management.applications(&[]) } else { Ok(Vec::new()) };
        let left = LeftBehind::of(&all.unwrap_or_default(), Some(&management));
        let connection = find(&management, provider, inputs.connection.as_ref())?;
        doomed = Some(Doomed { management, connection, left });
    }

    let mut plan = Plan::default();
    match doomed.as_ref().map(|doomed| &doomed.connection) {
        Some(Some(connection)) => {
            plan.add(Item::Change(format!(
                "delete the connection {} ({}) in the tenant",
                connection.name, connection.id
            )));
            plan.add(Item::Detail("people who signed up through it can no longer log in".to_owned()));
            let enabled = doomed.as_ref().and_then(|doomed| doomed.management.enabled_clients(&connection.id).ok());
            if let Some(many @ 1..) = enabled.map(|enabled| enabled.len()) {
                let what =
                    if many == 1 { "one application loses".to_owned() } else { format!("{many} applications lose") };
                plan.add(Item::Detail(format!("{what} this login")));
            }
            let others = anothers(world, connection);
            if let Some(others) = others.as_ref().filter(|_| args.yes && args.connection.is_none()) {
                let users = world.others_with(inputs.domain.as_ref(), &connection.name);
                let is_used = match users.as_slice() {
                    [] => String::new(),
                    users => format!(", and the profile {} of these settings uses it", users.join(", ")),
                };
                let message = format!("the connection {} {others}{is_used}", connection.name);
                let alone = match world.profile_exists {
                    true => format!("`fitbit-connect remove{}` forgets the profile alone. ", world.again),
                    false => String::new(),
                };
                // Who deletes another's login is to see the plan first.
                let switches = if users.is_empty() { switches(args) } else { " --delete-connection".to_owned() };
                let hint = format!(
                    "It was left alone. {alone}Where it is to be deleted all the same, name it: `fitbit-connect remove{switches}{} \
                     --connection {}`",
                    world.again,
                    shell_word(&connection.name),
                );
                return Err(Failure::new(Code::ConnectionClientIdDiffers, message).with_hint(hint));
            }
            others.iter().for_each(|others| plan.add(Item::Detail(format!("it {others}"))));
            for profile in world.others_with(inputs.domain.as_ref(), &connection.name) {
                plan.add(Item::Detail(format!("profile {profile} of these settings uses it too")));
            }
        }
        Some(None) => plan.add(Item::Keep("the tenant has no such connection".to_owned())),
        None => plan.add(Item::Keep("the connection in Auth0 stays (--delete-connection deletes it)".to_owned())),
    }
    for what in doomed.iter().flat_map(|doomed| doomed.left.plan(&doomed.management)) {
        plan.add(Item::Change(what));
    }
    if world.profile_exists {
        let named = (world.store() != Store::Nothing).then(|| world.place());
        let behind = world.secrets_behind_link().map(|file| file.display().to_string());
        for place in named.into_iter().chain(world.left_places()).chain(behind) {
            plan.add(Item::Change(format!("forget the secrets of {} in {place}", world.profile)));
        }
        for of in SecretOf::ALL {
            match world.used_by_another(of) {
                Ok(Some(other)) => plan.add(Item::Keep(format!("{other}, which these settings do not name"))),
                // Several entries of one account: each is looked at when it is removed.
                Err(failure) if failure.code != Code::SecretStoreRefused => return Err(failure),
                _ => {}
            }
        }
        plan.add(Item::Change(format!("forget the settings of {}", world.profile)));
    }
    let tenant = inputs.domain.as_ref().map_or_else(String::new, |domain| format!(", tenant {domain}"));
    plan.show(&world.console, &format!("profile {}{tenant}", world.profile));
    if !args.yes
        && let Some(person) = &world.dialogue
        && !person.confirm(&Question { text: "Remove it?", help: "--yes", ..Question::default() }, false)?
    {
        return Err(Failure::new(Code::Cancelled, "not confirmed; nothing was removed"));
    }

    // The tenant first: while the profile is there, a run that dies can be repeated.
    if let Some(Doomed { management, connection: Some(connection), .. }) = &doomed {
        management.connection_named(&connection.id, &connection.name, &connection.strategy)?;
        let how = match management.delete_connection(&connection.id)? {
            true => "is deleted",
            false => "is being deleted: Auth0 goes on with it",
        };
        world.console.say(&format!("The connection {} {how}.", connection.name));
        world.console.connection(ConnectionDoc {
            id: Some(connection.id.clone()),
            name: connection.name.clone(),
            strategy: connection.strategy.clone(),
            action: Some("deleted"),
        });
    }
    if world.profile_exists {
        for of in SecretOf::ALL {
            world.forget_secret(of)?;
        }
        world.forget_in_file(None)?;
        world.forget_behind_link()?;
        if let InKeychain::What(refused) = world.forget_in_keychain(None)? {
            // Whoever leaves the keychain out with the flag knows; else the profile stays, so that the removal can be repeated.
            if args.inputs().store.is_none() {
                let (store, again) = (world.store().as_str(), &world.again);
                return Err(refused.with_hint(format!(
                    "Make the keychain answer and run this again, or leave there what is there: `fitbit-connect remove --store \
                     {store}{again}`"
                )));
            }
            let refused =
                refused.with_hint("Delete them there once it answers: nothing of this program names them any more");
            world.console.finding(&Finding::warn(id::CREDENTIALS_STORED, refused));
        }
        world.name_what_is_in_keychain();
        let mut settings = world.settings.borrow_mut();
        settings.take_out(&world.profile);
        settings.write()?;
    }
    let elsewhere = doomed.as_ref().and_then(|doomed| doomed.left.elsewhere());
    elsewhere.iter().for_each(|elsewhere| world.console.say(elsewhere));
    let left = doomed.and_then(|doomed| doomed.left.clean_up(Some(&doomed.management)));
    if let Some(left) = left {
        world.console.finding(&Finding::warn(id::LOGIN_LIVE, left));
    }
    world.console.member("removed", serde_json::json!(world.profile_exists));
    world.console.say("Removed.");
    Ok(())
}

/// That a connection holds another client ID than the profile, in words: perhaps it is another set-up's.
fn anothers(world: &World, connection: &Connection) -> Option<String> {
    let holds = connection.options.as_ref()?.get("client_id")?.as_str().filter(|id| !id.is_empty())?;
    let ours = world.saved.client_id.as_ref().filter(|ours| *ours != holds)?;
    Some(format!("holds the client ID {}, and not {ours} of profile {}", excerpt(holds, 90), world.profile))
}
