//! Owns the sandbox's small HTTP server: a request in, a reply out. Refuses to know what any path means.
//!
//! Each simulated service is a `Fn(&Request) -> Reply` bound to a loopback port of its own.

use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Bodies larger than this are cut: no real call of the simulated services comes near it (bytes).
const MAX_BODY: u64 = 1024 * 1024;

/// One request as a simulated service sees it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The decoded path, without the query.
    pub path: String,
    /// The raw path, still percent-encoded, without the query.
    pub raw_path: String,
    /// The decoded query, in order, repeats kept.
    pub query: Vec<(String, String)>,
    /// Header names in lower case, values as sent.
    pub headers: Vec<(String, String)>,
    /// The body, at most 1 MiB of it.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The token of an `Authorization: Bearer` header.
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The body read as `application/x-www-form-urlencoded`.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// The body read as JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// The first value under `name` in a list of pairs.
pub fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// What a simulated service answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A JSON answer.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::empty(status).with("content-type", "application/json; charset=utf-8").body(value.to_string())
    }

    /// An HTML page.
    pub fn html(status: u16, page: impl Into<String>) -> Self {
        Self::empty(status)
            .with("content-type", "text/html; charset=utf-8")
            .with("cache-control", "no-store")
            .body(page.into())
    }

    /// A 302 to `location`.
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::empty(302).with("location", &location.into())
    }

    /// Adds a header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn body(mut self, body: String) -> Self {
        self.body = body.into_bytes();
        self
    }
}

/// What a service is: a function from request to reply.
pub type Handler = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// A bound port that is not served yet, so that every address is known before the first service starts.
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

impl Door {
    /// Binds `127.0.0.1:port`; port 0 takes any free one.
    ///
    /// # Errors
    /// The operating system's own, for example when the port is in use.
    pub fn open(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        // The server writes head and body apart; without this each larger answer waits 40 ms for an acknowledgement. Accepted
        // sockets inherit it where that is the system's way.
        #[cfg(unix)]
        rustix::net::sockopt::set_tcp_nodelay(&listener, true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves requests until the returned value is dropped.
    ///
    /// # Errors
    /// When the server cannot start on the bound socket.
    pub fn serve(self, handler: Handler) -> io::Result<Served> {
        let server = Arc::new(tiny_http::Server::from_listener(self.listener, None).map_err(io::Error::other)?);
        // Two workers: a simulated service may be called while it answers (the tenant calls the provider, a page its picture).
        for _ in 0..2 {
            let (server, handler) = (Arc::clone(&server), Arc::clone(&handler));
            thread::Builder::new().name("sandbox".into()).spawn(move || {
                for request in server.incoming_requests() {
                    answer(request, &handler);
                }
            })?;
        }
        Ok(Served { server })
    }
}

/// A running service; dropping it frees the port.
pub struct Served {
    server: Arc<tiny_http::Server>,
}

impl Drop for Served {
    fn drop(&mut self) {
        // Each worker takes one wake-up.
        self.server.unblock();
        self.server.unblock();
    }
}

/// A port of this machine where nobody listens; until it is dropped nobody else can be given it.
pub struct Nowhere {
    address: SocketAddr,
    /// The near end of this connection holds the port: whoever else connects to it is refused.
    _held: (TcpStream, TcpStream),
}

impl Nowhere {
    /// Finds one.
    ///
    /// # Errors
    /// The operating system's own.
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let near = TcpStream::connect(listener.local_addr()?)?;
        let (far, _) = listener.accept()?;
        Ok(Self { address: near.local_addr()?, _held: (near, far) })
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn answer(mut raw: tiny_http::Request, handler: &Handler) {
    let reply = handler(&read(&mut raw));
    let mut response = tiny_http::Response::from_data(reply.body).with_status_code(reply.status);
    for (name, value) in &reply.headers {
        if let Ok(header) = tiny_http::Header::from_bytes(name.as_bytes(), value.as_bytes()) {
            response.add_header(header);
        }
    }
    // A client that went away is its own business.
    let _ = raw.respond(response);
}

fn read(raw: &mut tiny_http::Request) -> Request {
    let target = raw.url().to_owned();
    let (raw_path, query) = target.split_once('?').unwrap_or((&target, ""));
    let headers = raw
        .headers()
        .iter()
        .map(|header| (header.field.as_str().as_str().to_ascii_lowercase(), header.value.as_str().to_owned()))
        .collect();
    let mut body = Vec::new();
    // A body that breaks off is answered as the part that arrived.
    let _ = raw.as_reader().take(MAX_BODY).read_to_end(&mut body);
    Request {
        method: raw.method().as_str().to_owned(),
        path: percent_encoding::percent_decode_str(raw_path).decode_utf8_lossy().into_owned(),
        raw_path: raw_path.to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers,
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nowhere_refuses_every_connection_while_it_is_held() {
        let nowhere = Nowhere::open().unwrap();
        assert_eq!(nowhere.origin(), format!("http://{}", nowhere.address));
        for _ in 0..3 {
            let refused = TcpStream::connect(nowhere.address).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        }
    }
}
