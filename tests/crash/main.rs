//! Nothing lost: a `setup` that is killed anywhere and run again ends as if nothing had happened, and two at once do no harm.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod at_once;
#[cfg(target_os = "linux")]
mod bus;
#[path = "../common/mod.rs"]
mod common;
mod half_written;
mod keychain;
mod killed;
mod kit;
mod lock;
#[path = "../outside/mod.rs"]
mod outside;
