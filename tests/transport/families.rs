//! Both families of loopback: a service that listens on one of them alone is found.

use std::io::Write as _;
use std::net::{Ipv6Addr, TcpListener};

use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{Call, Http};
use url::Url;

use crate::kit::{door, request, serve};

/// A port of `[::1]`; none where this machine has no IPv6, which counts as a failure where everything is required.
#[allow(clippy::print_stderr, reason = "a helper of tests")]
fn door_6() -> Option<TcpListener> {
    let bound = TcpListener::bind((Ipv6Addr::LOCALHOST, 0));
    let required = ["CI", "FITBIT_CONNECT_REQUIRE_ALL"].iter().any(|name| std::env::var_os(name).is_some());
    assert!(bound.is_ok() || !required, "no IPv6: {bound:?}");
    if let Err(error) = &bound {
        eprintln!("left out: this machine has no IPv6 ({error})");
    }
    bound.ok()
}

/// Asks for the real address of a tenant whose origin is rewritten to this host and the port of the one listener.
#[track_caller]
fn finds(listener: TcpListener, host: &str) {
    let address = serve(listener, |mut client| {
        request(&mut client).unwrap();
        client.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
    });
    let mut endpoints = Endpoints::default();
    endpoints.add("https://acme.example.auth0.com", &format!("http://{host}:{}", address.port())).unwrap();
    let call = Call::get(Url::parse("https://acme.example.auth0.com/test").unwrap());
    assert_eq!(Http::new(endpoints).send(&call).unwrap().status, 204, "{host} for {address}");
}

#[test]
fn a_service_on_ipv4_alone_is_found_by_address_and_by_name() {
    finds(door(), "127.0.0.1");
    finds(door(), "localhost");
}

#[test]
fn a_service_on_ipv6_alone_is_found_by_address_and_by_name() {
    for host in ["[::1]", "localhost"] {
        if let Some(listener) = door_6() {
            finds(listener, host);
        }
    }
}
