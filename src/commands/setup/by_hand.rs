//! Owns `setup --manual`: steps 4 and 5 in the dashboard by a person's hand, verified through `/authorize`.

use super::Place;
use crate::ask::given::Inputs;
use crate::checks::applications::Chosen;
use crate::cli;
use crate::diagnosis::Failure;
use crate::finding::{Step, StepReport, StepState};
use crate::login::{self, session};
use crate::steps::app::App;
use crate::steps::local::Local;
use crate::steps::{manual, within};
use crate::world::World;

/// Keeps what belongs on this machine, then verifies what the person entered.
///
/// # Errors
/// What went wrong, named.
pub fn run(
    world: &World,
    args: &cli::Setup,
    inputs: &Inputs,
    app: &App,
    place: &Place,
    local: &Local,
    applications: &[Chosen],
) -> Result<(), Failure> {
    local.apply(world)?;
    world.console.heading(Step::Applications.number(), Step::Applications.title());
    world.console.say("  On the connection's Applications tab, switch it on for:");
    applications.iter().for_each(|application| world.console.say(&format!("    {}", application.label())));
    manual::verify(world, applications, &place.expected(app))?;

    world.console.heading(Step::Login.number(), Step::Login.title());
    let Some(test_app) = inputs.test_app.as_deref() else {
        let why =
            if args.skip_login { "left out (--skip-login)" } else { "needs an existing application: --test-app ID" };
        world.console.say(&format!("  {why}"));
        world.console.step(StepReport::new(Step::Login, StepState::Skipped, why));
        super::ending::summary(world, app, place, applications, None, local);
        return Ok(());
    };
    let through = session::Through { management: None, all: &[], connection_id: "", test_app: Some(test_app) };
    let login = place.login(app, inputs);
    within(world, Step::Login, || {
        login::again(world, !args.yes, || session::run(world, &login, place.host(), &through))
    })?;
    super::ending::summary(world, app, place, applications, None, local);
    Ok(())
}

/// The end of a dry run.
pub fn report_planned(world: &World, app: &App, place: &Place) {
    world.console.connection(super::by_hand_document(app, place));
    let planned = if app.to_store { StepState::Planned } else { StepState::Done };
    world.console.step(StepReport::new(Step::Credentials, planned, "accepted by the provider"));
    for step in [Step::Connection, Step::Applications, Step::Login] {
        world.console.step(StepReport::new(step, StepState::Skipped, "left out (--dry-run)"));
    }
}
