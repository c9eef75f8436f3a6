//! Owns the one mistake with a client ID that has a name of its own: it is the other provider's.

use super::Inputs;
use crate::diagnosis::{Code, Failure};
use crate::provider::Provider;

/// The code of a client ID that is the other provider's.
pub(super) fn of_the_other(provider: Option<Provider>, id: &str) -> Option<Code> {
    match (provider?, Provider::of_client_id(id)?) {
        (Provider::Fitbit, Provider::GoogleHealth) => Some(Code::GoogleIdAtFitbit),
        (Provider::GoogleHealth, Provider::Fitbit) => Some(Code::FitbitIdAtGoogle),
        _ => None,
    }
}

/// Refuses such an ID that is saved: the settings were edited by hand.
///
/// # Errors
/// `fitbit_id_at_google`, `google_id_at_fitbit`.
pub fn refuse_of_the_other(inputs: &Inputs) -> Result<(), Failure> {
    let (Some(provider), Some(id)) = (inputs.provider, &inputs.client_id) else { return Ok(()) };
    let Some(code) = of_the_other(Some(provider), id) else { return Ok(()) };
    let message = format!(
        "\"{id}\" (client_id in the settings) is no client ID of {}, which is the provider there",
        provider.title()
    );
    Err(Failure::new(code, message))
}
