//! Owns small servers that speak just enough HTTP, alone or in front of a service of the sandbox.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::faults::Fault;

/// What a client asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Request line and headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub fn body_text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Where the headers end.
pub fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Reads one request, as far as it comes.
pub fn read(client: &mut impl io::Read) -> io::Result<Asked> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(at) = end_of_head(&bytes) {
            let head = String::from_utf8_lossy(&bytes[..at]).into_owned();
            let mut words = head.split(' ');
            let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap_or_default().to_owned());
            let mut asked = Asked { method, target, head, body: bytes.split_off(at) };
            let length = asked.header("content-length").map_or(0, |length| length.parse().unwrap());
            let came = asked.body.len();
            asked.body.resize(came.max(length), 0);
            client.read_exact(&mut asked.body[came..])?;
            return Ok(asked);
        }
        match client.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => bytes.extend_from_slice(&part[..length]),
        }
    }
}

/// A server; dropping it frees its port, whatever still talks in it.
pub struct Server {
    pub address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Server {
    /// Serves each connection in a thread of its own.
    pub fn on(listener: TcpListener, talk: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let (talk, over) = (Arc::new(talk), Arc::new(AtomicBool::new(false)));
        let (address, is_over) = (listener.local_addr().unwrap(), Arc::clone(&over));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let talk = Arc::clone(&talk);
                thread::spawn(move || talk(client));
            }
        });
        Self { address, over }
    }

    /// `http://ADDRESS:PORT`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// What is to go wrong with a request, if anything.
pub type Plan = Arc<dyn Fn(&Asked) -> Option<Fault> + Send + Sync>;

/// Fronts before services, each with what it guards.
pub fn before(targets: BTreeSet<String>, plan: &Plan) -> Vec<(String, Server)> {
    let bind = |target| (target, TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let doors: Vec<(String, TcpListener)> = targets.into_iter().map(bind).collect();
    let at = |door: &TcpListener| format!("http://{}", door.local_addr().unwrap());
    let fronts: Vec<(String, String)> = doors.iter().map(|(target, door)| (target.clone(), at(door))).collect();
    let open = |(target, door): (String, TcpListener)| {
        let (plan, known, service) = (Arc::clone(plan), fronts.clone(), target.clone());
        let talk = move |mut client: TcpStream| {
            let Ok(asked) = read(&mut client) else { return };
            let fault = plan(&asked);
            let right = if fault.is_none_or(Fault::passes) { pass(&service, &asked, &known) } else { Vec::new() };
            match fault {
                Some(fault) => fault.answer(client, &right),
                // Whoever went away does not want it.
                None => drop(client.write_all(&right)),
            }
        };
        (target, Server::on(door, talk))
    };
    doors.into_iter().map(open).collect()
}

/// What the service answers; its redirects lead to the fronts.
fn pass(target: &str, asked: &Asked, fronts: &[(String, String)]) -> Vec<u8> {
    let authority = target.trim_start_matches("http://");
    let Ok(mut service) = TcpStream::connect(authority) else { return Vec::new() };
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n", asked.method, asked.target);
    for line in asked.head.lines().skip(1).filter(|line| !line.is_empty()) {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        if name != "host" && name != "connection" {
            head.push_str(&format!("{line}\r\n"));
        }
    }
    let whole = [head.as_bytes(), b"\r\n", &asked.body].concat();
    let mut answer = Vec::new();
    let _ = service.write_all(&whole).and_then(|()| service.read_to_end(&mut answer));
    let Some(at) = end_of_head(&answer) else { return answer };
    let mut head = String::from_utf8_lossy(&answer[..at]).into_owned();
    // The services do not say that the connection ends with this; whoever uses it once more would be refused.
    head.insert_str(head.find("\r\n").map_or(0, |line| line + 2), "connection: close\r\n");
    for (target, front) in fronts {
        for end in ['/', '?'] {
            head = head.replace(&format!("ocation: {target}{end}"), &format!("ocation: {front}{end}"));
        }
    }
    [head.as_bytes(), &answer[at..]].concat()
}
