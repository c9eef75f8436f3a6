//! The simulator: an Auth0 tenant, Google and Fitbit on loopback, as strict as the real services, with pages a person can
//! click.
//!
//! It reads and writes JSON by the documented names on its own and uses no shape of the client, so that a misspelt field
//! fails a test instead of agreeing with itself.

pub mod facts;
pub mod faults;
pub mod fitbit;
pub mod google;
mod pages;
mod provider;
pub mod robot;
mod strangers;
pub mod tenant;
pub mod web;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use facts::{Configured, Setup};
use faults::Fault;
use web::{Door, Handler, Served};

/// How a sandbox starts.
#[derive(Debug, Default)]
pub struct Options {
    /// Port of the tenant, Google and Fitbit on the next two; 0 takes any free ones.
    pub port: u16,
    /// Loopback port registered at the providers for a direct login.
    pub direct_port: u16,
    /// The connection that exists from the start.
    pub configured: Option<Configured>,
    /// Faults that are switched on.
    pub faults: BTreeSet<Fault>,
}

/// A running sandbox; dropping it frees its ports.
pub struct Sandbox {
    setup: Arc<Setup>,
    tenant: Arc<tenant::Tenant>,
    _served: [Served; 3],
}

impl Sandbox {
    /// Starts the three services.
    ///
    /// # Errors
    /// When a port is in use.
    pub fn start(options: &Options) -> io::Result<Self> {
        let port = |n: u16| match options.port {
            0 => Ok(0),
            first => first.checked_add(n).ok_or_else(|| io::Error::other("the ports after it do not exist")),
        };
        let open = |n: u16| {
            let port = port(n)?;
            Door::open(port).map_err(|error| io::Error::new(error.kind(), format!("port {port}: {error}")))
        };
        let (tenant_door, google_door, fitbit_door) = (open(0)?, open(1)?, open(2)?);
        let setup = Arc::new(Setup {
            tenant_origin: tenant_door.origin(),
            google_origin: google_door.origin(),
            fitbit_origin: fitbit_door.origin(),
            direct_port: options.direct_port,
            configured: options.configured,
            faults: options.faults.clone(),
        });
        let google = Arc::new(google::Google::new(Arc::clone(&setup)));
        let fitbit = Arc::new(fitbit::Fitbit::new(Arc::clone(&setup)));
        let google: Handler = Arc::new(move |request| google.handle(request));
        let fitbit: Handler = Arc::new(move |request| fitbit.handle(request));
        let tenant = Arc::new(tenant::Tenant::new(Arc::clone(&setup), Arc::clone(&google), Arc::clone(&fitbit)));
        let answering = Arc::clone(&tenant);
        let served = [
            tenant_door.serve(Arc::new(move |request| answering.handle(request)))?,
            google_door.serve(google)?,
            fitbit_door.serve(fitbit)?,
        ];
        Ok(Self { setup, tenant, _served: served })
    }

    /// Every simulated origin with its address on this machine.
    pub fn endpoints(&self) -> Vec<(String, String)> {
        let setup = &self.setup;
        let mut origins = vec![
            (format!("https://{}", facts::DOMAIN), &setup.tenant_origin),
            ("https://accounts.google.com".to_owned(), &setup.google_origin),
            ("https://oauth2.googleapis.com".to_owned(), &setup.google_origin),
            ("https://openidconnect.googleapis.com".to_owned(), &setup.google_origin),
            ("https://health.googleapis.com".to_owned(), &setup.google_origin),
            ("https://www.fitbit.com".to_owned(), &setup.fitbit_origin),
            ("https://api.fitbit.com".to_owned(), &setup.fitbit_origin),
        ];
        if setup.has(Fault::CustomDomain) {
            origins.push((format!("https://{}", facts::CUSTOM_DOMAIN), &setup.tenant_origin));
        }
        origins.into_iter().map(|(origin, target)| (origin, target.clone())).collect()
    }

    /// The loopback port registered at the providers.
    pub fn direct_port(&self) -> u16 {
        self.setup.direct_port
    }

    /// What the tenant was asked so far: method, path with query, status.
    pub fn tenant_requests(&self) -> Vec<(String, String, u16)> {
        self.tenant.requests()
    }
}
