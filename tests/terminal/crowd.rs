//! Owns a door in front of the sandbox's tenant behind which there are as many applications as a test likes: creating them one
//! by one would take a minute of the Management API's rate limit.

use crate::stage::Stage;
use serde_json::json;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

/// The client ID of one of them, as long as Auth0's are.
fn client_id(n: usize) -> String {
    format!("CrowdedClientOfTheTenant{n:08}")
}

/// Puts a door in front of the tenant; from now on it has these applications, and no others.
pub fn crowd(stage: &Stage, names: Vec<String>) {
    let tenant = stage.sandbox.document["endpoints"]["https://acme.sandbox.test"].as_str().unwrap();
    let target = tenant.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let door = format!("http://{}", listener.local_addr().unwrap());
    let settings = fs::read_to_string(&stage.settings).unwrap().replace(tenant, &door);
    fs::write(&stage.settings, settings).unwrap();
    thread::spawn(move || {
        for visitor in listener.incoming() {
            let (target, names) = (target.clone(), names.clone());
            thread::spawn(move || serve(visitor.unwrap(), &target, &names));
        }
    });
}

fn serve(visitor: TcpStream, target: &str, names: &[String]) -> Option<()> {
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
    let mut visitor = visitor;
    let path = head.split(' ').nth(1)?;
    if let Some(query) = path.strip_prefix("/api/v2/clients?").filter(|_| head.starts_with("GET ")) {
        let from = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "from");
        let from: usize = from.map_or(0, |(_, from)| from.parse().unwrap());
        let page = names.iter().enumerate().skip(from).take(100);
        let clients: Vec<_> = page
            .map(|(n, name)| {
                json!({"name": name, "client_id": client_id(n), "app_type": "regular_web",
                       "callbacks": ["https://one.example/callback"]})
            })
            .collect();
        let mut answer = json!({"clients": clients});
        if from + 100 < names.len() {
            answer["next"] = json!((from + 100).to_string());
        }
        let answer = answer.to_string();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
        return visitor.write_all(format!("{head} {}\r\n\r\n{answer}", answer.len()).as_bytes()).ok();
    }
    let mut server = TcpStream::connect(target).ok()?;
    let (request, headers) = head.split_once("\r\n")?;
    let headers: String = headers
        .lines()
        .filter(|line| !line.is_empty() && !line.to_lowercase().starts_with("connection:"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    server.write_all(format!("{request}\r\n{headers}Connection: close\r\n\r\n").as_bytes()).ok()?;
    server.write_all(&body).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    visitor.write_all(&answer).ok()
}
