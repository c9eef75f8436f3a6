//! Owns a door in front of one of the sandbox's services: a test answers what it likes there, or lets it wait, and the rest goes
//! through.

use crate::stage::Stage;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// What the door says to a request line, such as `GET /api/v2/clients?take=100`: an answer with a status, or nothing, and the
/// service answers.
pub type Keeper = dyn Fn(&str) -> Option<(u16, Value)> + Send + Sync;

/// Puts a door in front of what is at this origin, for programs that start from now on.
pub fn door(stage: &Stage, origin: &str, keeper: impl Fn(&str) -> Option<(u16, Value)> + Send + Sync + 'static) {
    let service = stage.sandbox.document["endpoints"][origin].as_str().unwrap();
    let target = service.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let door = format!("http://{}", listener.local_addr().unwrap());
    let settings = fs::read_to_string(&stage.settings).unwrap();
    let line = format!("{origin:?} = ");
    let lines = settings.lines().map(|entry| match entry.strip_prefix(&line) {
        Some(_) => format!("{line}{door:?}\n"),
        None => format!("{entry}\n"),
    });
    fs::write(&stage.settings, lines.collect::<String>()).unwrap();
    let keeper: Arc<Keeper> = Arc::new(keeper);
    thread::spawn(move || {
        for visitor in listener.incoming() {
            let (target, keeper) = (target.clone(), Arc::clone(&keeper));
            thread::spawn(move || serve(visitor.unwrap(), &target, &*keeper));
        }
    });
}

fn serve(mut visitor: TcpStream, target: &str, keeper: &Keeper) -> Option<()> {
    let mut reader = BufReader::new(visitor.try_clone().ok()?);
    let mut head = String::new();
    while reader.read_line(&mut head).ok()? > 2 {}
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let length = header("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (request, headers) = head.split_once("\r\n")?;
    if let Some((status, answer)) = keeper(request.trim_end_matches(" HTTP/1.1")) {
        let answer = answer.to_string();
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nConnection: close\r\n");
        return visitor.write_all(format!("{head}Content-Length: {}\r\n\r\n{answer}", answer.len()).as_bytes()).ok();
    }
    let mut server = TcpStream::connect(target).ok()?;
    let headers: String = headers
        .lines()
        .filter(|line| !line.is_empty() && !line.to_lowercase().starts_with("connection:"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    server.write_all(format!("{request}\r\n{headers}Connection: close\r\n\r\n").as_bytes()).ok()?;
    server.write_all(&body).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    // Whoever is not told that the connection ends here may send the next request into it.
    let status = answer.windows(2).position(|two| two == b"\r\n")?;
    visitor.write_all(&answer[..status]).ok()?;
    visitor.write_all(b"\r\nConnection: close").ok()?;
    visitor.write_all(&answer[status..]).ok()
}
