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
use web::{Door, Handler, Nowhere, Served};

/// How a sandbox starts.
#[derive(Debug, Default)]
pub struct Options {
    /// Port of the tenant, Google and Fitbit on the next two, a custom login domain that leads elsewhere on the one after
    /// them; 0 takes any free ones.
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
    _served: Vec<Served>,
    _nowhere: Nowhere,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.tenant.end();
    }
}

impl Sandbox {
    /// Starts the services.
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
        let has = |fault| options.faults.contains(&fault);
        let (leads_elsewhere, is_gone) = (has(Fault::LoginDomainElsewhere), has(Fault::LoginDomainGone));
        let has_login_domain = leads_elsewhere || is_gone || has(Fault::CustomDomain);
        let login_door = if has_login_domain { Some(open(3)?) } else { None };
        let nowhere = Nowhere::open()?;
        let tenant_origin = if has(Fault::TenantUnreachable) { nowhere.origin() } else { tenant_door.origin() };
        let setup = Arc::new(Setup {
            login_origin: login_door.as_ref().map_or_else(|| tenant_origin.clone(), Door::origin),
            tenant_origin,
            nowhere: nowhere.origin(),
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
        let mut served = vec![
            tenant_door.serve(Arc::new(move |request| answering.handle(request)))?,
            google_door.serve(google)?,
            fitbit_door.serve(fitbit)?,
        ];
        if let Some(door) = login_door {
            let same = Arc::clone(&tenant);
            served.push(door.serve(match (is_gone, leads_elsewhere) {
                (true, _) => Arc::new(tenant::nobodys),
                (_, true) => Arc::new(tenant::another),
                _ => Arc::new(move |request| same.handle_at(facts::CUSTOM_DOMAIN, request)),
            })?);
        }
        Ok(Self { setup, tenant, _served: served, _nowhere: nowhere })
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
        if setup.had_login_domain() {
            origins.push((format!("https://{}", facts::CUSTOM_DOMAIN), &setup.login_origin));
        }
        origins.into_iter().map(|(origin, target)| (origin, target.clone())).collect()
    }

    /// The custom login domain that the tenant does not have any more.
    pub fn former_login_domain(&self) -> Option<&'static str> {
        self.setup.has(Fault::LoginDomainGone).then_some(facts::CUSTOM_DOMAIN)
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    use super::*;

    fn sandbox(faults: &[Fault]) -> Sandbox {
        Sandbox::start(&Options { faults: faults.iter().copied().collect(), ..Options::default() }).unwrap()
    }

    fn connect(sandbox: &Sandbox, domain: &str) -> io::Result<TcpStream> {
        let origin = format!("https://{domain}");
        let (_, target) = sandbox.endpoints().into_iter().find(|(from, _)| *from == origin).unwrap();
        TcpStream::connect(target.strip_prefix("http://").unwrap())
    }

    fn ask(sandbox: &Sandbox, domain: &str, path: &str) -> String {
        let (mut stream, mut answer) = (connect(sandbox, domain).unwrap(), String::new());
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn nobody_listens_at_an_unreachable_tenant_and_the_providers_answer() {
        let sandbox = sandbox(&[Fault::TenantUnreachable]);
        assert_eq!(connect(&sandbox, facts::DOMAIN).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert!(ask(&sandbox, "accounts.google.com", "/o/oauth2/v2/auth").starts_with("HTTP/1.1 302"));
    }

    #[test]
    fn a_silent_tenant_does_not_hold_up_the_end_of_the_sandbox() {
        let sandbox = sandbox(&[Fault::TenantSilent]);
        let mut streams: Vec<TcpStream> = (0..3).map(|_| connect(&sandbox, facts::DOMAIN).unwrap()).collect();
        for stream in &mut streams {
            write!(stream, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
            assert!(stream.read(&mut [0]).is_err(), "it said something");
        }
        let ended = Instant::now();
        drop(sandbox);
        streams[0].set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let _ = streams[0].read(&mut [0]);
        assert!(ended.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_login_domain_is_another_way_to_the_tenant_unless_it_leads_elsewhere() {
        let path = format!("/authorize?client_id={}", facts::APPLICATIONS[0].client_id);
        let both = |fault: Fault| {
            let sandbox = sandbox(&[fault]);
            let known = |domain: &str| !ask(&sandbox, domain, &path).contains("Unknown client");
            (known(facts::DOMAIN), known(facts::CUSTOM_DOMAIN))
        };
        assert_eq!(both(Fault::CustomDomain), (true, true));
        assert_eq!(both(Fault::LoginDomainElsewhere), (true, false));
    }
}
