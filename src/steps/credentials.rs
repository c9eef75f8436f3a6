//! Owns step 3 as `setup` verifies it: the provider takes the pair, and the secret is where it is to be kept.

use super::app::App;
use super::{demand, within};
use crate::auth0::wire::Connection;
use crate::checks::{credentials, id};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step};
use crate::ids::SecretOf;
use crate::secret::Secret;
use crate::vault::Place;
use crate::world::World;

/// What the store holds for this profile.
///
/// # Errors
/// `secret_store_*`.
pub fn stored(world: &World) -> Result<Option<Secret>, Failure> {
    world.kept_secret(SecretOf::Provider)
}

/// Step 3, looked at: whether the token endpoint takes the pair.
pub fn look(world: &World, app: &App, redirect_uri: &str, tenant: impl FnOnce() -> Option<Connection>) -> Finding {
    let (http, id) = (&world.http, &app.client_id);
    let (finding, _) = credentials::accepted_or_tenants(http, app.provider, id, &app.secret, redirect_uri, tenant);
    if finding.is_fail() && finding.code == Some(Code::ClientSecretRejected) {
        world.client_secret_is_refused();
    }
    finding
}

/// Step 3, verified: the token endpoint takes the pair, or its answer is not understood.
///
/// # Errors
/// `client_id_unknown`, `client_secret_rejected`, or that the provider does not answer.
pub fn verify(world: &World, found: Finding) -> Result<Finding, Failure> {
    within(world, Step::Credentials, || demand(world, found))
}

/// `credentials.stored`, once the secret is where it is to be kept.
pub fn stored_finding(world: &World) -> Finding {
    match world.vault().place() {
        Place::Nowhere => Finding::left_out(id::CREDENTIALS_STORED, "nothing is kept (--store none)"),
        _ => Finding::pass(id::CREDENTIALS_STORED, format!("the client secret is in {}", world.place())),
    }
}
