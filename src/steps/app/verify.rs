//! Owns the looks of steps 1 and 2: the provider answers, and takes the client ID with each callback URL.

use crate::checks::provider::{alive, callback, probe, unless_domain_is_gone};
use crate::diagnosis::{Code, Failure};
use crate::finding::{State, Step, StepReport, StepState};
use crate::ids::Domain;
use crate::provider::Provider;
use crate::provider::authorize_page::Verdict;
use crate::steps::{demand, within};
use crate::world::World;

/// Asks the authorize page for each callback URL, without consent.
pub fn probe_callbacks(
    world: &World,
    provider: Provider,
    client_id: &str,
    callbacks: &[(String, bool)],
    scopes: &[String],
) -> Vec<Probed> {
    callbacks.iter().map(|(url, _)| probe(&world.http, provider, client_id, url, scopes)).collect()
}

/// What the authorize page said to one callback URL.
pub type Probed = Result<Verdict, Failure>;

/// Verifies step 1: the provider answers.
///
/// # Errors
/// `provider_shut_down`, or that it does not answer.
pub fn verify_alive(world: &World, provider: Provider, probed: &[Probed]) -> Result<(), Failure> {
    let Some(first) = probed.first() else { return Ok(()) };
    let finding = within(world, Step::Register, || demand(world, alive(provider, first)))?;
    let (state, detail) = match finding.state {
        State::Unknown => (StepState::Skipped, format!("not verified: {}", finding.detail)),
        _ => (StepState::Done, finding.detail),
    };
    world.console.step(StepReport::new(Step::Register, state, detail));
    Ok(())
}

/// Verifies step 2: the provider takes the client ID with each callback URL of the `tenant` and its login domains. Whether it said so of all of
/// them.
///
/// # Errors
/// The first refusal.
pub fn verify_callbacks(
    world: &World,
    provider: Provider,
    client_id: &str,
    callbacks: &[(String, bool)],
    probed: &[Probed],
    tenant: Option<&Domain>,
) -> Result<bool, Failure> {
    let mut unknown = None;
    within(world, Step::Callback, || {
        let mut refused = Vec::new();
        for ((url, needed), verdict) in callbacks.iter().zip(probed) {
            let finding = callback(provider, client_id, url, verdict, *needed);
            match demand(world, unless_domain_is_gone(&world.http, finding, url, tenant)) {
                Ok(finding) if finding.state == State::Pass => {}
                Ok(finding) => unknown = Some(finding.detail),
                // All are named at once: an edit may take hours to act.
                Err(failure) if failure.code == Code::RedirectUriMismatch => refused.push((url.as_str(), failure)),
                Err(failure) => return Err(failure),
            }
        }
        match <[_; 1]>::try_from(refused) {
            Ok([(_, only)]) => Err(only),
            Err(refused) if refused.is_empty() => Ok(()),
            Err(refused) => {
                let urls: Vec<&str> = refused.iter().map(|(url, _)| *url).collect();
                let message = format!("{} does not accept the callback URLs {}", provider.title(), urls.join(" "));
                Err(Failure::new(Code::RedirectUriMismatch, message))
            }
        }
    })?;
    let accepted = unknown.is_none();
    world.console.step(match unknown {
        None => {
            let urls: Vec<&str> = callbacks.iter().map(|(url, _)| url.as_str()).collect();
            let detail = format!("{} accepts {}", provider.title(), urls.join(", "));
            StepReport::new(Step::Callback, StepState::Done, detail)
        }
        Some(why) => StepReport::new(Step::Callback, StepState::Skipped, format!("not verified: {why}")),
    });
    Ok(accepted)
}
