//! Owns the last look of `setup`: does `/authorize` of the tenant lead to the provider.

use super::{demand, within};
use crate::checks::applications::Chosen;
use crate::checks::authorize::{Answers, Expected, redirect, redirect_through, to_ask_further};
use crate::checks::id;
use crate::diagnosis::Failure;
use crate::finding::{Finding, State, Step};
use crate::ids::Domain;
use crate::world::World;

/// Asks for each application, up to `limit` of them; and for one of them through each further login domain. `cure` may change what
/// is to be done about a refusal.
///
/// # Errors
/// The first refusal, as one of `step`.
pub fn verify(
    world: &World,
    step: Step,
    (applications, limit): (&[Chosen], usize),
    expected: &Expected,
    login_domains: &[Domain],
    cure: impl Fn(Failure, &Chosen) -> Failure,
) -> Result<Answers, Failure> {
    let mut answers = Answers::default();
    let told = |finding: Finding, application: &Chosen| {
        let finding = match finding.failure.clone().filter(|_| finding.is_fail()) {
            Some(failure) => Finding::fail(finding.check, cure(failure, application)),
            None => finding,
        };
        let finding = finding.about(&application.client_id, application.name.as_deref());
        within(world, step, || demand(world, finding))
    };
    let mut led = Vec::new();
    for (n, application) in applications.iter().enumerate() {
        let finding = if n < limit {
            redirect(&world.http, application, expected)
        } else {
            Finding::left_out(id::AUTHORIZE_REDIRECT, format!("not asked: only the first {limit} applications are"))
        };
        let found = told(finding, application)?;
        answers.add(&found);
        led.push((application, found.state == State::Pass));
    }
    if let Some(one) = to_ask_further(led) {
        for further in login_domains.iter().filter(|further| *further != expected.host) {
            answers.add_further(&told(redirect_through(&world.http, one, expected, further), one)?);
        }
    }
    Ok(answers)
}
