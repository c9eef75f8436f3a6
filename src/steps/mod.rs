//! Owns the six steps of `setup`: each looks, and the ones that can change something apply the plan that was confirmed.
//!
//! A later step takes what an earlier one returned, so that their order is held by types.

pub mod access;
pub mod app;
pub mod credentials;
pub mod local;
pub mod login_domains;
pub mod manual;
pub mod plan;
pub mod redirects;
pub mod sign_in;
pub mod tenant;

use crate::diagnosis::Failure;
use crate::finding::{Finding, Step, StepReport};
use crate::world::World;

/// Runs a part of a step; a failure is that step's.
///
/// # Errors
/// The part's own.
pub fn within<T>(world: &World, step: Step, part: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    part()
        .map_err(|failure| world.unshadowed(failure))
        .inspect_err(|failure| world.console.step(StepReport::failed(step, failure)))
}

/// Prints a finding and makes a failed one an error.
///
/// # Errors
/// The finding's failure.
pub fn demand(world: &World, finding: Finding) -> Result<Finding, Failure> {
    let finding = world.finding_unshadowed(finding);
    world.console.finding(&finding);
    match &finding.failure {
        Some(failure) if finding.is_fail() => Err(failure.clone()),
        _ => Ok(finding),
    }
}
