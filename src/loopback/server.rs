//! Owns the socket side of the listener: accepting, reading one request head, writing one answer, closing.
//!
//! A client that is slow, silent, huge or broken costs one bounded thread for a bounded time; the oldest one makes room
//! when there are too many. Refuses keep-alive, bodies, other hosts, other paths and other methods.

use super::PATH;
use super::answer::QUERY_LIMIT;
use super::page::{Notice, Page, Status, response};
use super::patience::Patience;
use super::waiting::{Answer, Desk};
use crate::loopback::Callback;
use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Connections served at once; one more shuts the oldest down.
const GUESTS: usize = 64;
/// Threads at once: some of those that were shown out may still have to notice.
const THREADS: usize = GUESTS + 32;
/// The pause in which they do.
const NOTICE: Duration = Duration::from_millis(1);
/// The longest request head that is read (bytes).
const HEAD_LIMIT: usize = 16 * 1024;
/// More headers than any browser sends.
const HEADERS: usize = 100;
/// The whole head must be there within this time.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// An answer must be taken within this time.
const WRITE_TIME: Duration = Duration::from_secs(2);
/// What a refused client still sends is read for this long, so that the refusal reaches it.
const LINGER: Duration = Duration::from_millis(250);
/// And at most this much of it (bytes).
const LINGER_LIMIT: usize = 1024 * 1024;
/// The pause after the system refused to accept, for example when files ran out.
const ERROR_PAUSE: Duration = Duration::from_millis(25);

/// The browser's connection, kept open until it is known what the page must say.
/// Dropped without [`HeldPage::finish`], it tells its reader to go back to the terminal.
#[derive(Debug)]
pub struct HeldPage(Option<Arc<TcpStream>>);

impl HeldPage {
    /// Answers the browser and closes the connection; takes at most two seconds. A browser that is gone is no error.
    pub fn finish(mut self, page: &Page) {
        self.send(&response(Status::Ok, &page.render()));
    }

    fn refuse(mut self) {
        self.send(&response(Status::BadRequest, &Notice::Answered.render()));
    }

    fn send(&mut self, bytes: &[u8]) {
        if let Some(stream) = self.0.take() {
            let _ = write_within(&stream, bytes, WRITE_TIME);
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

impl Drop for HeldPage {
    fn drop(&mut self) {
        self.send(&response(Status::Ok, &Notice::GoBack.render()));
    }
}

/// The connections that are served now, oldest first.
#[derive(Default)]
struct Guests {
    list: Mutex<VecDeque<Arc<TcpStream>>>,
    threads: AtomicUsize,
}

impl Guests {
    fn enter(&self, stream: &Arc<TcpStream>) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        while list.len() >= GUESTS {
            shut(list.pop_front());
        }
        list.push_back(Arc::clone(stream));
    }

    fn leave(&self, stream: &Arc<TcpStream>) {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, stream));
    }

    fn turn_out_oldest(&self) {
        shut(self.list.lock().unwrap_or_else(PoisonError::into_inner).pop_front());
    }

    fn turn_out_all(&self) {
        for stream in self.list.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            shut(Some(stream));
        }
    }
}

/// Wakes the thread that reads from it; the socket closes when that thread lets go.
fn shut(stream: Option<Arc<TcpStream>>) {
    if let Some(stream) = stream {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// Accepts until the desk is closed. No error ends it.
pub(super) fn serve(socket: &TcpListener, desk: &Arc<Desk>, patience: &Patience) {
    let guests = Arc::new(Guests::default());
    while !desk.closed_within(Duration::ZERO) {
        if guests.threads.load(Ordering::SeqCst) >= THREADS {
            desk.closed_within(NOTICE);
            continue;
        }
        match socket.accept() {
            Ok((stream, _)) => welcome(stream, desk, &guests),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => patience.wait(socket, desk),
            Err(_) => {
                // Out of files, most likely: the one that has been here longest gives its own back.
                guests.turn_out_oldest();
                desk.closed_within(ERROR_PAUSE);
            }
        }
    }
    guests.turn_out_all();
}

fn welcome(stream: TcpStream, desk: &Arc<Desk>, guests: &Arc<Guests>) {
    // Some systems hand the listener's non-blocking mode on.
    if stream.set_nonblocking(false).is_err() {
        return;
    }
    let stream = Arc::new(stream);
    guests.enter(&stream);
    let (guest, desk, list) = (Arc::clone(&stream), Arc::clone(desk), Arc::clone(guests));
    guests.threads.fetch_add(1, Ordering::SeqCst);
    let spawned = thread::Builder::new().name("loopback-guest".into()).spawn(move || {
        serve_one(&guest, &desk, &list);
        list.leave(&guest);
        list.threads.fetch_sub(1, Ordering::SeqCst);
    });
    if spawned.is_err() {
        guests.threads.fetch_sub(1, Ordering::SeqCst);
        guests.leave(&stream);
        guests.turn_out_oldest();
    }
}

/// What a request deserves.
enum Verdict {
    Right(Callback),
    Not { status: Status, notice: Notice, body: bool },
}

fn serve_one(stream: &Arc<TcpStream>, desk: &Desk, guests: &Guests) {
    let verdict = match read_head(stream) {
        Head::Whole(head) => judge(&head, desk),
        Head::TooLarge => bad(),
        Head::Gone => return,
    };
    match verdict {
        Verdict::Right(params) => {
            // Off the list first: from here on nobody may shut it but the page.
            guests.leave(stream);
            let page = Some(HeldPage(Some(Arc::clone(stream))));
            if let Err(late) = desk.deliver(Answer { params, page })
                && let Some(page) = late.page
            {
                page.refuse();
            }
        }
        Verdict::Not { status, notice, body } => {
            let page = if body { notice.render() } else { String::new() };
            if write_within(stream, &response(status, &page), WRITE_TIME).is_ok() {
                linger(stream);
            }
        }
    }
}

fn bad() -> Verdict {
    Verdict::Not { status: Status::BadRequest, notice: Notice::NotTheAnswer, body: true }
}

/// Host first, then path, method, and at last the query, where `state` comes first.
fn judge(head: &[u8], desk: &Desk) -> Verdict {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let Ok(httparse::Status::Complete(_)) = request.parse(head) else { return bad() };
    let (Some(method), Some(target)) = (request.method, request.path) else { return bad() };
    let mut hosts = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host"));
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return bad() };
    if target.len() > QUERY_LIMIT || !is_our_host(host.value, desk.port) {
        return bad();
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path != PATH {
        return Verdict::Not { status: Status::NotFound, notice: Notice::NotTheAnswer, body: method != "HEAD" };
    }
    if method != "GET" {
        return Verdict::Not { status: Status::NotAllowed, notice: Notice::NotTheAnswer, body: method != "HEAD" };
    }
    if has_body(request.headers) {
        return bad();
    }
    desk.judge(query).map_or_else(|_| bad(), Verdict::Right)
}

/// The literal address and port; browsers leave port 80 out.
fn is_our_host(host: &[u8], port: u16) -> bool {
    let address = Ipv4Addr::LOCALHOST;
    host == format!("{address}:{port}").as_bytes() || (port == 80 && host == address.to_string().as_bytes())
}

/// No browser sends a body with the request it is redirected to.
fn has_body(headers: &[httparse::Header]) -> bool {
    headers.iter().any(|header| {
        header.name.eq_ignore_ascii_case("transfer-encoding")
            || (header.name.eq_ignore_ascii_case("content-length") && header.value != b"0")
    })
}

enum Head {
    Whole(Zeroizing<Vec<u8>>),
    TooLarge,
    Gone,
}

/// Reads up to the first blank line, within the limits of size and time.
fn read_head(mut stream: &TcpStream) -> Head {
    let deadline = Instant::now() + HEAD_TIME;
    let mut head = Zeroizing::new(vec![0; HEAD_LIMIT]);
    let mut length = 0;
    while length < HEAD_LIMIT {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return Head::Gone;
        }
        match stream.read(&mut head[length..]) {
            Ok(0) => return Head::Gone,
            Ok(count) => {
                let unseen = length.saturating_sub(3);
                length += count;
                if has_blank_line(&head[unseen..length]) {
                    head.truncate(length);
                    return Head::Whole(head);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Head::Gone,
        }
    }
    Head::TooLarge
}

fn has_blank_line(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(4).any(|four| four == b"\r\n\r\n")
}

/// Writes all of it or gives up in time, however slowly the other side reads.
fn write_within(mut stream: &TcpStream, mut bytes: &[u8], limit: Duration) -> io::Result<()> {
    let deadline = Instant::now() + limit;
    while !bytes.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(Some(left))?;
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads and forgets what is still under way: closing with unread bytes would reset the connection and lose the answer.
fn linger(mut stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let deadline = Instant::now() + LINGER;
    let (mut sink, mut read) = ([0; 16 * 1024], 0);
    while read < LINGER_LIMIT {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return;
        }
        match stream.read(&mut sink) {
            Ok(count) if count > 0 => read += count,
            _ => return,
        }
    }
}
