//! Owns where a set-up is: its tenant, its login domains, its connection, and what follows from them for checks, login and profile.

use crate::ask::given::Inputs;
use crate::checks::applications::Chosen;
use crate::checks::authorize::Expected;
use crate::ids::{Domain, Store};
use crate::login::{self, Login};
use crate::settings::Profile;
use crate::steps::app::App;
use crate::world::World;

/// Where the connection is, or will be.
pub(super) struct Place {
    pub(super) domain: Domain,
    pub(super) login_domains: Vec<Domain>,
    pub(super) connection: String,
}

impl Place {
    /// The domain people log in through.
    pub(super) fn host(&self) -> &Domain {
        login::host(&self.domain, &self.login_domains)
    }

    /// What `/authorize` has to lead to; `by_hand` when nobody asked the Management API. The provider's own word on the tenant's
    /// request is worth asking for where it takes ours.
    pub(super) fn expected<'a>(&'a self, app: &'a App, by_hand: bool, callbacks_accepted: bool) -> Expected<'a> {
        Expected {
            provider: app.provider,
            connection: &self.connection,
            client_id: &app.client_id,
            scopes: &app.scopes,
            host: self.host(),
            domain: &self.domain,
            confirmed: !by_hand,
            shows_settings: !by_hand,
            asks_provider: callbacks_accepted.into(),
        }
    }

    pub(super) fn login<'a>(
        &'a self,
        world: &World,
        app: &'a App,
        inputs: &Inputs,
        callback_accepted: bool,
    ) -> Login<'a> {
        Login {
            provider: app.provider,
            client_id: &app.client_id,
            scopes: &app.scopes,
            connection: &self.connection,
            provider_callback: self.host().callback(),
            callback_accepted,
            secret: Some(&app.secret),
            secret_is: world.secret_is(!app.to_store || world.store() != Store::Nothing),
            port: inputs.port,
            timeout: inputs.timeout,
        }
    }

    pub(super) fn profile(&self, world: &World, app: &App, port: u16, applications: &[Chosen]) -> Profile {
        let callback = |application: &Chosen| Some((application.client_id.clone(), application.callback()?.to_owned()));
        Profile {
            provider: Some(app.provider),
            domain: Some(self.domain.clone()),
            login_domains: self.login_domains.clone(),
            client_id: Some(app.client_id.clone()),
            connection: self.connection.parse().ok(),
            applications: applications.iter().map(|application| application.client_id.clone()).collect(),
            callbacks: applications.iter().filter_map(callback).collect(),
            // Scopes that nobody chose are not pinned: what is added in the dashboard stays.
            scopes: if app.scopes_chosen { app.scopes.clone() } else { Vec::new() },
            port: Some(port),
            store: Some(world.store()),
            moving_from: None,
            moving_clients: Vec::new(),
            management_client_id: world
                .saved
                .management_client_id
                .clone()
                .filter(|_| world.saved.domain.as_ref() == Some(&self.domain)),
            endpoints: world.saved.endpoints.clone(),
        }
    }
}
