//! Owns one test that takes a limit of the whole process away and gives it back, and so lives alone in its process.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod wire;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::thread;
use std::time::Duration;
use wire::{listener, raw, soon, state};

#[test]
fn running_out_of_files_does_not_end_the_listener() {
    let listener = listener();
    let port = listener.port();
    // They queue in the system: nobody accepts yet.
    let queued: Vec<_> = (0..20).map(|_| raw(port)).collect();
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(3), maximum: before.maximum }).unwrap();
    assert!(std::fs::File::open("/dev/null").is_err(), "no file can be opened any more");
    let waiting = listener.expect(state());
    thread::sleep(Duration::from_millis(300));
    setrlimit(Resource::Nofile, before).unwrap();
    drop(queued);
    let took = soon(&waiting, port);
    println!("after the files were back, the right callback took {took:?}");
    assert!(took < Duration::from_secs(2));
}
