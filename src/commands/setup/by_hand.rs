//! Owns `setup --manual`: steps 4 and 5 in the dashboard by a person's hand, verified through `/authorize`.

use super::Place;
use crate::ask::given::Inputs;
use crate::checks::applications::Chosen;
use crate::checks::authorize::Answers;
use crate::diagnosis::Failure;
use crate::finding::{Step, StepReport, StepState};
use crate::steps::app::App;
use crate::steps::manual;
use crate::world::World;

/// Verifies what the person entered.
///
/// # Errors
/// The first refusal that the person did not mend.
pub fn verify(
    world: &World,
    app: &App,
    place: &Place,
    applications: &[Chosen],
    inputs: &Inputs,
) -> Result<Answers, Failure> {
    world.console.title("In the dashboard, by your hand");
    world.console.say("  On the connection's Applications tab, switch it on for:");
    applications.iter().for_each(|application| world.console.say(&format!("    {}", application.label())));
    let for_the_login = inputs.test_app.iter().filter(|id| applications.iter().all(|one| one.client_id != **id));
    for_the_login.for_each(|id| world.console.say(&format!("    {id} (for the test login)")));
    manual::verify(world, &place.domain, app, applications, &place.expected(app, true, true), &place.login_domains)
}

/// The end of a dry run.
pub fn report_planned(world: &World, app: &App, place: &Place) {
    world.console.connection(super::by_hand_document(app, place));
    world.console.step(app.step(world, StepState::Planned));
    for step in [Step::Connection, Step::Applications, Step::Login] {
        world.console.step(StepReport::new(step, StepState::Skipped, "left out (--dry-run)"));
    }
}
