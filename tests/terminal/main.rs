//! The program in a real terminal, with a sandbox in a process of its own: the dialogue, and where there is none.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod alone;
mod back;
mod browser;
mod change;
#[cfg(target_os = "linux")]
mod closed;
mod crowd;
mod door;
mod leave;
mod lines;
mod lists;
mod mend;
mod narrow;
#[path = "../outside/mod.rs"]
mod outside;
mod plain;
mod same;
mod stage;
#[path = "../terminal_kit/mod.rs"]
mod terminal_kit;
mod whole;
