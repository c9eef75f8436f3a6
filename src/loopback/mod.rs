//! Owns the loopback listener that hears the end of a live login: bind first, then open the browser, then wait.
//!
//! Accepts `GET /callback` with the one right `state`, once, before a deadline. Refuses everything else without ending the
//! wait, and never puts a value from a request into a page. It does not know what a code is good for: the caller exchanges
//! it while the browser's connection is held, and then says with [`HeldPage::finish`] what is true.
//!
//! `answer` judges a query, `server` talks HTTP (`patience` is how it waits), `waiting` is where the two meet the caller,
//! `page` is what people see.

mod answer;
mod machine;
mod page;
mod patience;
mod server;
mod waiting;

pub use answer::{Callback, PasteRefused};
pub use machine::machine;
pub use page::Page;
pub use server::HeldPage;
pub use waiting::{Answer, Canceller, Outcome, Paster, TurnedAway, Waiting};

use crate::secret::Secret;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// The one path that is answered.
const PATH: &str = "/callback";

/// Connections that may wait to be accepted; the system may allow fewer.
#[cfg(unix)]
const QUEUE: i32 = 1024;

/// Why no port could be had.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program listens there, or the system keeps the port for itself (WSAEACCES on Windows).
    #[error("port {port} on 127.0.0.1 is in use")]
    InUse {
        /// The port asked for.
        port: u16,
    },
    /// Every port of the list is in use.
    #[error("none of the ports {tried:?} on 127.0.0.1 is free")]
    NoneFree {
        /// The ports asked for, in order.
        tried: Vec<u16>,
    },
    /// The system refused for another reason.
    #[error("cannot listen on 127.0.0.1, port {port}")]
    Refused {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
}

impl BindError {
    /// Windows says that access is denied (WSAEACCES) where a port is reserved or held exclusively.
    fn from_system(port: u16, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Self::InUse { port },
            _ => Self::Refused { port, source },
        }
    }
}

/// A bound socket on 127.0.0.1 that nobody is served on yet; connections queue until [`Listener::expect`].
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    port: u16,
}

impl Listener {
    /// Binds the literal 127.0.0.1 and this port; 0 takes any free one. The socket bound here is the one that serves.
    pub fn bind(port: u16) -> Result<Self, BindError> {
        let refused = |source: io::Error| BindError::from_system(port, source);
        let socket = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).map_err(refused)?;
        // The accept loop looks for work and for the end in turn, so that ending it never depends on one more connection.
        socket.set_nonblocking(true).map_err(refused)?;
        // A longer queue than usual: when it is full the system makes a browser wait a second before it tries again.
        #[cfg(unix)]
        let _ = rustix::net::listen(&socket, QUEUE);
        let bound = socket.local_addr().map_err(refused)?;
        if bound.ip() != IpAddr::V4(Ipv4Addr::LOCALHOST) {
            return Err(refused(io::Error::other("the system bound another address")));
        }
        Ok(Self { socket, port: bound.port() })
    }

    /// Binds the first free one of several ports; a reason other than "in use" ends the search.
    pub fn bind_first(ports: impl Iterator<Item = u16>) -> Result<Self, BindError> {
        let mut tried = Vec::new();
        for port in ports {
            match Self::bind(port) {
                Err(BindError::InUse { port }) => tried.push(port),
                other => return other,
            }
        }
        Err(BindError::NoneFree { tried })
    }

    /// Keeps the port in hand for as long as the result lives, also when nobody is served on it any more.
    ///
    /// # Errors
    /// The operating system's own.
    pub fn hold(&self) -> io::Result<HeldPort> {
        Ok(HeldPort { port: self.port, _socket: self.socket.try_clone()? })
    }

    /// The port that was bound.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The redirect URI to register and to send, byte for byte.
    pub fn redirect_uri(&self) -> String {
        redirect_uri(self.port)
    }

    /// Starts serving for one expected `state` and returns at once; dropping the result closes the port.
    pub fn expect(self, state: Secret) -> Waiting {
        Waiting::start(self.socket, self.port, state)
    }
}

/// A port that nobody else on this machine can listen on.
#[derive(Debug)]
pub struct HeldPort {
    port: u16,
    _socket: TcpListener,
}

impl HeldPort {
    /// Takes a port; nothing when somebody listens there, or it cannot be had.
    pub fn take(port: u16) -> Option<Self> {
        Some(Self { port, _socket: Listener::bind(port).ok()?.socket })
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Whether a run of this tool is waiting for its callback on a port of this machine: its listener says whose it is to everybody
/// who asks. One that has not begun to wait, or waits no more, is not recognised.
pub fn is_waited_on(port: u16) -> bool {
    const LONGEST: Duration = Duration::from_secs(1);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let ask = || -> io::Result<String> {
        let mut socket = TcpStream::connect_timeout(&address, LONGEST)?;
        socket.set_read_timeout(Some(LONGEST))?;
        socket.write_all(format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut head = [0; 2048];
        let length = socket.read(&mut head)?;
        Ok(String::from_utf8_lossy(&head[..length]).into_owned())
    };
    ask().is_ok_and(|head| head.contains(page::POLICY.as_str()))
}

/// The port of a redirect URI that is one of a listener's.
pub fn port_of(redirect_uri: &str) -> Option<u16> {
    let start = format!("http://{}:", Ipv4Addr::LOCALHOST);
    redirect_uri.strip_prefix(&start)?.strip_suffix(PATH)?.parse().ok()
}

fn redirect_uri(port: u16) -> String {
    format!("http://{}:{port}{PATH}", Ipv4Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_windows_denies_is_a_busy_port() {
        let said = |kind: io::ErrorKind| BindError::from_system(18917, kind.into()).to_string();
        assert_eq!(said(io::ErrorKind::PermissionDenied), said(io::ErrorKind::AddrInUse));
        assert!(said(io::ErrorKind::AddrNotAvailable).starts_with("cannot listen"));
    }
}
