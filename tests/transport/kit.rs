//! Owns small servers on loopback: any talk, a proxy that notes what it hears, and a tenant that is reached by its real name.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::facts;

use crate::authority::{Authority, Identity, Versions, tls_server};
use crate::common::Environment;
use crate::common::stage::Stage;

/// Every check of the set-up that needs no person.
pub const TEST: [&str; 3] = ["test", "--headless", "--json"];

/// Serves each connection in a thread of its own, as long as this process lives.
pub fn serve(listener: TcpListener, talk: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let (address, talk) = (listener.local_addr().unwrap(), Arc::new(talk));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let talk = Arc::clone(&talk);
            thread::spawn(move || talk(client));
        }
    });
    address
}

/// A free port of `127.0.0.1`.
pub fn door() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// Reads to the end of the headers; what was read.
pub fn head(client: &mut impl Read) -> io::Result<Vec<u8>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// Reads one request with its body.
pub fn request(client: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut whole = head(client)?;
    let text = String::from_utf8_lossy(&whole).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    whole.extend(body);
    Ok(whole)
}

/// Bytes that were heard, by connection.
#[derive(Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    pub fn note(&self, bytes: &[u8]) {
        self.0.lock().unwrap().extend_from_slice(bytes);
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    pub fn is_empty(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }
}

/// A proxy.
pub struct Proxy {
    pub address: SocketAddr,
    /// What the client said to it, and through it.
    pub heard: Heard,
}

impl Proxy {
    /// Every way leads to one server.
    pub fn leading_to(target: SocketAddr) -> Self {
        Self::start(move |mut client, heard| {
            let mut server = TcpStream::connect(target)?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            let (mut back, mut forth) = (server.try_clone()?, client.try_clone()?);
            thread::spawn(move || {
                let _ = io::copy(&mut back, &mut forth);
                forth.shutdown(Shutdown::Write)
            });
            let mut part = [0; 4096];
            loop {
                match client.read(&mut part)? {
                    0 => return server.shutdown(Shutdown::Write),
                    length => {
                        heard.note(&part[..length]);
                        server.write_all(&part[..length])?;
                    }
                }
            }
        })
    }

    /// Every way is answered with these bytes, and closed.
    pub fn answering(bytes: &'static [u8]) -> Self {
        Self::start(move |mut client, _| client.write_all(bytes))
    }

    /// It hears, and says nothing.
    pub fn silent() -> Self {
        Self::start(|mut client, _| client.read_to_end(&mut Vec::new()).map(drop))
    }

    fn start(talk: impl Fn(TcpStream, &Heard) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let heard = Heard::default();
        let hears = heard.clone();
        let address = serve(door(), move |mut client| {
            let Ok(asked) = head(&mut client) else { return };
            hears.note(&asked);
            // Whoever went away has had enough.
            let _ = talk(client, &hears);
        });
        Self { address, heard }
    }

    /// How a person names it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A tenant that is set up, behind TLS, and asked by its real name through a proxy.
pub struct Company {
    pub stage: Stage,
    pub authority: Authority,
    pub proxy: Proxy,
    /// What came out of the TLS.
    pub heard: Heard,
}

impl Company {
    /// The usual one.
    pub fn new() -> Self {
        Self::with(|authority| authority.issue(facts::DOMAIN), Versions::Both)
    }

    /// One whose tenant shows this certificate and speaks these versions.
    pub fn with(identity: impl FnOnce(&Authority) -> Identity, versions: Versions) -> Self {
        let (stage, authority, heard) =
            (Stage::configured(GoogleHealth, &[]), Authority::new("Acme's own"), Heard::default());
        let tenant: SocketAddr = stage.tenant().trim_start_matches("http://").parse().unwrap();
        let server =
            tls_server(door(), identity(&authority), versions, heard.clone(), move |asked| pass(tenant, asked));
        Self { stage, authority, proxy: Proxy::leading_to(server), heard }
    }

    /// Somebody in it; the proxy is named, the authority is not.
    pub fn environment(&self) -> Environment {
        behind(&self.stage, &self.proxy.url())
    }

    /// The same with the authority.
    pub fn trusting(&self) -> Environment {
        let environment = self.environment();
        let file = environment.file("ca.pem", self.authority.pem());
        environment.with("SSL_CERT_FILE", &file)
    }
}

/// Somebody who uses a stage whose tenant has to be asked by its real name, through this proxy.
pub fn behind(stage: &Stage, proxy: &str) -> Environment {
    let environment = stage.environment().with("HTTPS_PROXY", proxy);
    let settings = stage.settings(Store::Nothing);
    let line = format!("\"https://{}\" = ", facts::DOMAIN);
    let others = settings.lines().filter(|settings_line| !settings_line.starts_with(&line));
    environment.write_settings(&others.map(|line| format!("{line}\n")).collect::<String>());
    environment
}

/// Asks a server on, one request per connection; its whole answer.
pub fn pass(server: SocketAddr, asked: &[u8]) -> Vec<u8> {
    let at = asked.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
    let whole = [&asked[..at], b"connection: close\r\n", &asked[at..]].concat();
    let mut answer = Vec::new();
    let mut server = TcpStream::connect(server).unwrap();
    server.write_all(&whole).and_then(|()| server.read_to_end(&mut answer)).unwrap();
    answer
}
