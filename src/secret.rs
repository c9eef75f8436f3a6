//! Owns the one type that holds a secret. Refuses to print, clone, compare or serialise it.
//!
//! # What is wiped, and what is not
//!
//! Wiped when dropped: every [`Secret`]; the text of a file or pipe, and the line in which a person types, on their way into
//! one; the bodies of requests and answers in [`crate::http`]; the request heads of [`crate::loopback`]; the snapshot of the
//! environment; the text of the file of secrets.
//!
//! Not wiped, because this program cannot reach them: copies inside the HTTP and TLS stack, the OAuth, JSON and TOML
//! libraries, and the operating system's secret store; what the terminal libraries hand over, a paste as a whole for one; the
//! environment itself, pipes and sockets in the kernel, and what it swaps out.
//!
//! While it runs, other users cannot look into the process. Other processes of the same user cannot either on Linux
//! ([`crate::process::close_to_others`]); on macOS and Windows a debugger of the same user can. Root, and whoever rules the
//! terminal or the browser, can everywhere. Core dumps are off on every Unix; on Windows the system's error reporting is not
//! ours to switch off.

use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A secret value (client secret, token, code, verifier), wiped when dropped.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a value; surrounding white space is not touched.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The one way out. Each file that calls it is named in the test `only_the_named_files_expose_a_secret`.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares with another secret in time that depends on the length alone.
    pub fn same_as(&self, other: &Secret) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_a_placeholder() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "Secret(..)");
    }

    #[test]
    fn equal_secrets_are_the_same_and_others_are_not() {
        let secret = Secret::new("abc".into());
        assert!(secret.same_as(&Secret::new("abc".into())));
        assert!(!secret.same_as(&Secret::new("abd".into())));
        assert!(!secret.same_as(&Secret::new("ab".into())));
    }
}
