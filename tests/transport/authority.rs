//! Owns an authority of a company, the certificates that it issues, and a server that shows them.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::kit::{Heard, request, serve};

/// An authority with a key of its own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
pub type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// The versions of TLS that a server speaks.
#[derive(Debug, Clone, Copy)]
pub enum Versions {
    Only12,
    Only13,
    Both,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut about = CertificateParams::default();
        about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        about.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(about, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its certificate, as companies hand it out.
    pub fn pem(&self) -> String {
        let lines = STANDARD.encode(self.0.der());
        format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    }

    /// A certificate for a name.
    pub fn issue(&self, name: &str) -> Identity {
        self.issue_about(CertificateParams::new([name.to_owned()]).unwrap())
    }

    /// A certificate that was good once.
    pub fn issue_expired(&self, name: &str) -> Identity {
        let mut about = CertificateParams::new([name.to_owned()]).unwrap();
        (about.not_before, about.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        self.issue_about(about)
    }

    fn issue_about(&self, about: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = about.signed_by(&key, &self.0).unwrap();
        (certificate.der().clone(), key.into())
    }
}

/// A certificate that nobody vouches for.
pub fn self_signed(name: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().self_signed(&key).unwrap();
    (certificate.der().clone(), key.into())
}

/// Answers each connection's one request over TLS, and notes what was asked.
pub fn tls_server(
    listener: TcpListener,
    (certificate, key): Identity,
    versions: Versions,
    heard: Heard,
    answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
) -> SocketAddr {
    let versions = match versions {
        Versions::Only12 => &[&TLS12][..],
        Versions::Only13 => &[&TLS13],
        Versions::Both => &[&TLS12, &TLS13],
    };
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![certificate], key));
    let config = Arc::new(config.unwrap());
    serve(listener, move |client| {
        let mut client = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), client);
        // Whoever does not like the certificate goes away.
        let Ok(asked) = request(&mut client) else { return };
        heard.note(&asked);
        let _ = client.write_all(&answer(&asked));
        client.conn.send_close_notify();
        let _ = client.flush();
    })
}
