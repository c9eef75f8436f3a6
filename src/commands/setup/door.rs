//! Owns what `setup` refuses before it sends anything: what contradicts, and outside a dialogue everything that is missing.

use crate::ask;
use crate::ask::given::{Applications, Inputs, missing};
use crate::cli;
use crate::diagnosis::{Code, Failure};
use crate::ids::SecretOf;
use crate::secret::Secret;
use crate::steps::{access, credentials, manual};
use crate::world::World;

/// Checks the inputs, and returns the client secret that the store holds for this profile.
///
/// # Errors
/// `input_contradictory`, `input_missing`, `confirmation_missing`, or that the secret store cannot be asked.
pub fn check(
    world: &World,
    args: &cli::Setup,
    inputs: &Inputs,
    unread: Option<Failure>,
) -> Result<Option<Secret>, Failure> {
    refuse_what_contradicts(args, inputs)?;
    // A store that does not answer is found out before anybody is asked anything, and read once.
    let stored = match (credentials::stored(world), unread) {
        // There is one in the place that is left, which does not answer.
        (Ok(None), Some(unread)) => Err(unread),
        (stored, _) => stored,
    };
    if world.dialogue.is_none() {
        report_missing(world, args, inputs, &stored)?;
    }
    stored
}

fn refuse_what_contradicts(args: &cli::Setup, inputs: &Inputs) -> Result<(), Failure> {
    let contradiction = |message: &str| Err(Failure::new(Code::InputContradictory, message));
    if args.skip_login && inputs.test_app.is_some() {
        return contradiction("--skip-login leaves out the login that --test-app is for");
    }
    if args.manual && args.save_management {
        return contradiction("--manual uses no Management API, so --save-management has nothing to keep");
    }
    if args.manual && inputs.applications == Applications::All {
        return contradiction("--all-apps needs the Management API; with --manual name the applications by client ID");
    }
    match &inputs.applications {
        Applications::Named(named) if args.manual => manual::refuse_names(named),
        _ => Ok(()),
    }
}

/// Why the secret in the store is not this client's, although the settings look like it.
pub fn say_whose_it_is(world: &World, inputs: &Inputs) {
    if inputs.saved_secret_applies
        && let Ok(Some(other)) = world.kept_for_another(SecretOf::Provider)
    {
        world.console.warn(&format!("{other}, and is not used"));
    }
}

/// Everything that a script would have to give, at once.
fn report_missing(
    world: &World,
    args: &cli::Setup,
    inputs: &Inputs,
    stored: &Result<Option<Secret>, Failure>,
) -> Result<(), Failure> {
    let mut lacking = Vec::new();
    let mut store_broken = stored.as_ref().err().cloned();
    if inputs.provider.is_none() {
        lacking.push(ask::PROVIDER.how_to_give());
    }
    if inputs.client_id.is_none() {
        lacking.push(ask::CLIENT_ID.how_to_give());
    }
    let kept = inputs.saved_secret_applies && !matches!(stored, Ok(None));
    if inputs.secret.is_none() && !kept {
        say_whose_it_is(world, inputs);
        lacking.push(ask::CLIENT_SECRET.how_to_give());
    }
    if inputs.domain.is_none() {
        lacking.push(ask::DOMAIN.how_to_give());
    }
    if !args.manual && inputs.management.is_none() {
        match access::stored_login(world, inputs) {
            Ok(Some(_)) => {}
            Ok(None) => lacking.push(access::how_to_give_login(inputs, true)),
            Err(failure) => {
                store_broken = Some(match store_broken {
                    // Both are named at once.
                    Some(first) => {
                        let both = format!(
                            "{}. The other secret can be given: {}",
                            first.hint().trim_end_matches('.'),
                            ask::MANAGEMENT_SECRET.how_to_give()
                        );
                        first.with_hint(both)
                    }
                    None => failure,
                });
            }
        }
    }
    if inputs.applications == Applications::Unknown {
        lacking.push(ask::APPS.how_to_give());
    }
    let unconfirmed = !args.yes && !args.dry_run;
    match (lacking.is_empty(), store_broken) {
        (true, Some(failure)) => Err(failure),
        (true, None) if unconfirmed => Err(Failure::new(
            Code::ConfirmationMissing,
            "nothing is written without confirmation, and nobody can be asked",
        )),
        (true, None) => Ok(()),
        (false, _) => {
            if unconfirmed {
                lacking.push("confirmation of the plan: --yes".to_owned());
            }
            let failure = missing(&lacking);
            let hint = format!("{} Nobody can be asked: {}.", failure.hint(), world.asks_nobody);
            Err(world.unshadowed(failure.with_hint(hint)))
        }
    }
}
