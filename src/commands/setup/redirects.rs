//! Owns the last look of `setup`: does `/authorize` of the tenant lead to the provider.

use crate::checks::applications::Chosen;
use crate::checks::authorize::{Expected, is_not_understood, redirect, redirect_through};
use crate::checks::id;
use crate::commands::test::ASKED_APPLICATIONS;
use crate::diagnosis::Failure;
use crate::finding::{Finding, State, Step};
use crate::ids::Domain;
use crate::steps::{demand, within};
use crate::world::World;

/// `/authorize` of each application, up to the number that is asked without being told to ask all; and of one of them through each
/// further login domain. What is not understood, where nobody was led to the provider: no one is to be sent there.
///
/// # Errors
/// The first refusal.
pub fn verify(
    world: &World,
    applications: &[Chosen],
    expected: &Expected,
    login_domains: &[Domain],
) -> Result<Option<Failure>, Failure> {
    let (mut is_led, mut stranger) = (false, None);
    for (n, application) in applications.iter().enumerate() {
        let finding = if n < ASKED_APPLICATIONS {
            redirect(&world.http, application, expected)
        } else {
            Finding::left_out(id::AUTHORIZE_REDIRECT, "not asked: only the first 20 applications are")
                .about(&application.client_id, application.name.as_deref())
        };
        let found = within(world, Step::Applications, || demand(world, finding))?;
        is_led |= found.state == State::Pass;
        if is_not_understood(&found) {
            stranger = stranger.or(found.failure);
        }
    }
    if let Some(one) = applications.iter().find(|one| one.callback().is_some()) {
        for further in login_domains.iter().filter(|further| *further != expected.host) {
            let finding = redirect_through(&world.http, one, expected, further);
            within(world, Step::Applications, || demand(world, finding))?;
        }
    }
    Ok(stranger.filter(|_| !is_led))
}
