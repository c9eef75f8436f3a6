//! Owns a place in front of the session bus, where each message that a run sends to its keychain is met.
//!
//! Refuses to understand the messages: it passes bytes on, and counts how often some came.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::kit::Executioner;

/// Stands there until the process ends; its address, as `DBUS_SESSION_BUS_ADDRESS` has it.
pub fn in_front_of(bus: &str, folder: &Path, executioner: &Arc<Executioner>) -> String {
    let executioner = Arc::clone(executioner);
    in_the_way(bus, folder, move |pass| executioner.meets(pass))
}

/// The same, where from a message on nobody answers any more; `at_the_end` is done right before.
pub fn that_dies(bus: &str, folder: &Path, after: usize, at_the_end: impl Fn() + Send + Sync + 'static) -> String {
    let passed = AtomicUsize::new(0);
    in_the_way(bus, folder, move |pass| {
        let nth = passed.fetch_add(1, SeqCst);
        if nth == after {
            at_the_end();
        }
        (nth < after).then(pass)
    })
}

/// The same, where the `nth` message after it begins to count comes late, and so does whatever comes after it.
pub fn that_is_slow(
    bus: &str,
    folder: &Path,
    nth: usize,
    late: Duration,
    counts: impl Fn() -> bool + Send + Sync + 'static,
) -> String {
    let seen = Mutex::new(0);
    in_the_way(bus, folder, move |pass| {
        let mut seen = seen.lock().unwrap();
        if counts() {
            if *seen == nth {
                thread::sleep(late);
            }
            *seen += 1;
        }
        drop(seen);
        Some(pass())
    })
}

type Pass<'a> = &'a mut dyn FnMut() -> io::Result<()>;

fn in_the_way(
    bus: &str,
    folder: &Path,
    meets: impl Fn(Pass) -> Option<io::Result<()>> + Send + Sync + 'static,
) -> String {
    let real = bus.split([':', ',']).find_map(|part| part.strip_prefix("path=")).unwrap();
    let (real, path) = (PathBuf::from(real), folder.join("bus"));
    let listener = UnixListener::bind(&path).unwrap();
    let meets = Arc::new(meets);
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = UnixStream::connect(&real).unwrap();
            let (mut back, mut forth) = (far.try_clone().unwrap(), near.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut back, &mut forth));
            let meets = Arc::clone(&meets);
            thread::spawn(move || pass_on(near, far, &*meets));
        }
    });
    format!("unix:path={}", path.display())
}

fn pass_on(mut near: UnixStream, mut far: UnixStream, meets: &dyn Fn(Pass) -> Option<io::Result<()>>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = near.read(&mut bytes) {
        if !matches!(meets(&mut || far.write_all(&bytes[..length])), Some(Ok(()))) {
            break;
        }
    }
    // The other one of the two threads ends with it.
    let _ = (far.shutdown(std::net::Shutdown::Both), near.shutdown(std::net::Shutdown::Both));
}
