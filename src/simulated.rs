//! Owns what a client has to be told to use the sandbox: a profile, the credentials, the people's stand-in.
//!
//! The sandbox itself knows nothing of the client's types; this is the only file that knows both.

use crate::auth0::management::Login;
use crate::diagnosis::{Code, Failure};
use crate::endpoints::Endpoints;
use crate::provider::Provider;
use crate::sandbox::{Sandbox, facts};
use crate::secret::Secret;
use crate::settings::Profile;

/// The client ID of the app that is registered at a provider.
pub fn client_id(provider: Provider) -> &'static str {
    match provider {
        Provider::GoogleHealth => facts::GOOGLE_CLIENT_ID,
        Provider::Fitbit => facts::FITBIT_CLIENT_ID,
    }
}

/// Its secret.
pub fn client_secret(provider: Provider) -> &'static str {
    match provider {
        Provider::GoogleHealth => facts::GOOGLE_CLIENT_SECRET,
        Provider::Fitbit => facts::FITBIT_CLIENT_SECRET,
    }
}

/// The Management API client.
pub fn management() -> Login {
    Login::Client {
        id: facts::MANAGEMENT_CLIENT_ID.to_owned(),
        secret: Secret::new(facts::MANAGEMENT_CLIENT_SECRET.to_owned()),
    }
}

/// The origins to rewrite.
///
/// # Errors
/// `unexpected`, which the sandbox's own addresses rule out.
pub fn endpoints(sandbox: &Sandbox) -> Result<Endpoints, Failure> {
    let mut endpoints = Endpoints::default();
    for (origin, target) in sandbox.endpoints() {
        endpoints.add(&origin, &target).map_err(|why| Failure::new(Code::Unexpected, why))?;
    }
    Ok(endpoints)
}

/// The settings of somebody who uses the sandbox; with the applications when the connection is set up already.
///
/// # Errors
/// `unexpected`, which the sandbox's own facts rule out.
pub fn profile(sandbox: &Sandbox, provider: Provider, configured: bool) -> Result<Profile, Failure> {
    let domain = facts::DOMAIN.parse().map_err(|why| Failure::new(Code::Unexpected, why))?;
    let applications = facts::APPLICATIONS.iter().filter(|application| application.callback.is_some());
    Ok(Profile {
        provider: Some(provider),
        domain: Some(domain),
        login_domains: sandbox.former_login_domain().into_iter().filter_map(|former| former.parse().ok()).collect(),
        client_id: Some(client_id(provider).to_owned()),
        applications: if configured { applications.map(|a| a.client_id.to_owned()).collect() } else { Vec::new() },
        port: Some(sandbox.direct_port()),
        management_client_id: Some(facts::MANAGEMENT_CLIENT_ID.to_owned()),
        endpoints: endpoints(sandbox)?,
        ..Profile::default()
    })
}
