//! What goes wrong between this program and the services: slow, silent, broken, huge and refused answers, proxies,
//! authorities of a company, Ctrl-C in the middle.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod front;
mod matrix;
mod scenario;
