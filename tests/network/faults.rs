//! Owns the ways in which an answer goes wrong.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::front::end_of_head;

/// Between two bytes of a slow answer.
const DRIP: Duration = Duration::from_millis(100);

/// How an answer goes wrong. Where it is lost and not refused, the service has done what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset before the service hears of it.
    Reset,
    /// The connection is reset instead of an answer.
    ResetAfter,
    /// Nothing comes, and the connection stays.
    Silent,
    /// The head comes, and then nothing.
    SilentBody,
    /// One byte each 100 ms, for ever.
    Drip,
    /// Half of the answer, and the end.
    Truncated,
    /// Bytes that are no HTTP.
    Garbage,
    /// A picture.
    WrongType,
    /// 5 MB.
    Huge,
    /// Headers without end.
    EndlessHead,
    /// Provisional answers without end.
    Provisional,
    /// 429, with these seconds to wait.
    Limited(Option<u64>),
    /// A server error, with these seconds to wait.
    Status(u16, Option<u64>),
}

impl Fault {
    /// Whether the service hears of the request.
    pub fn passes(self) -> bool {
        !matches!(self, Self::Reset | Self::Limited(_) | Self::Status(..))
    }

    /// Answers in this way; `right` is the answer of the service.
    pub fn answer(self, mut client: TcpStream, right: &[u8]) {
        // A client that has had enough is what is wanted.
        let _ = match self {
            Self::Reset | Self::ResetAfter => reset(&client),
            Self::Silent => until_closed(&mut client),
            Self::SilentBody => client
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")
                .and_then(|()| until_closed(&mut client)),
            Self::Drip => drip(&mut client),
            Self::Truncated => client.write_all(&half(right)),
            Self::Garbage => client.write_all(b"\x16\x03\x01\x00\xff\x00 no HTTP \xc3\x28\r\n\r\n\x00\x01"),
            Self::WrongType => client
                .write_all(&whole("content-type: image/png\r\n", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\xff")),
            Self::Huge => client.write_all(&whole("content-type: application/json\r\n", &[b' '; 5 * 1024 * 1024])),
            Self::EndlessHead => client
                .write_all(b"HTTP/1.1 200 OK\r\n")
                .and_then(|()| for_ever(&mut client, format!("x-more: {}\r\n", "x".repeat(1000)).as_bytes())),
            Self::Provisional => for_ever(&mut client, b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"),
            Self::Limited(wait) => client.write_all(status(429, wait).as_bytes()),
            Self::Status(code, wait) => client.write_all(status(code, wait).as_bytes()),
        };
    }
}

/// A successful answer with these headers and this body.
pub fn whole(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn status(code: u16, wait: Option<u64>) -> String {
    let wait = wait.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
    let head = format!("HTTP/1.1 {code} Trouble\r\n{wait}content-type: text/html\r\nconnection: close\r\n");
    format!("{head}content-length: 9\r\n\r\n<p>no</p>")
}

/// What is not sent any more is not sent at all.
fn reset(client: &TcpStream) -> io::Result<()> {
    #[cfg(unix)]
    rustix::net::sockopt::set_socket_linger(client, Some(Duration::ZERO))?;
    client.nodelay().map(drop)
}

fn until_closed(client: &mut TcpStream) -> io::Result<()> {
    client.read_to_end(&mut Vec::new()).map(drop)
}

fn drip(client: &mut TcpStream) -> io::Result<()> {
    client.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n")?;
    loop {
        client.write_all(b" ")?;
        thread::sleep(DRIP);
    }
}

fn for_ever(client: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    loop {
        client.write_all(bytes)?;
        // Quick enough to be too much, and slow enough to leave the machine to other tests.
        thread::sleep(Duration::from_millis(1));
    }
}

/// The answer without the second half of its body; one without a body gets a beginning.
fn half(right: &[u8]) -> Vec<u8> {
    let at = end_of_head(right).unwrap_or(right.len());
    match right.len() - at {
        0 => b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"a".to_vec(),
        body => right[..at + body / 2].to_vec(),
    }
}
