//! How requests travel: TLS and authorities, proxies, redirects, limits of time, repeats, both families of loopback.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod authority;
#[path = "../common/mod.rs"]
mod common;
mod families;
#[cfg(unix)]
mod interrupted;
mod kit;
#[cfg(unix)]
#[path = "../outside/mod.rs"]
mod outside;
mod proxied;
mod redirected;
mod repeated;
#[cfg(unix)]
#[path = "../terminal_kit/mod.rs"]
mod terminal_kit;
mod tls;
