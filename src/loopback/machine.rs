//! Owns the name of the loopback that this process listens on: two processes that can reach each other's listeners have the
//! same, and others as a rule another.
//!
//! Refuses to tell anybody which machine it is: a digest goes out, and eight letters of it.

use ring::digest;

/// Eight hexadecimal digits; empty where the system does not tell its loopbacks apart, so that all are taken for one.
pub fn machine() -> String {
    let parts = loopback();
    if parts.is_empty() {
        return String::new();
    }
    let hash = digest::digest(&digest::SHA256, parts.join("\n").as_bytes());
    hash.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The machine's name, and on Linux which one it is, also after it was started anew, and which network namespace: a container has
/// one of its own.
#[cfg(unix)]
fn loopback() -> Vec<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let id = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let network = std::fs::read_link("/proc/self/ns/net").unwrap_or_default();
    vec![name, id.trim().to_owned(), network.to_string_lossy().into_owned()]
}

#[cfg(not(unix))]
fn loopback() -> Vec<String> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_each_time_and_names_nobody() {
        let first = machine();
        assert_eq!(first, machine());
        assert_eq!(first.len(), if cfg!(unix) { 8 } else { 0 });
        assert!(first.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
