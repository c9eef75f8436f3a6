//! Owns the suite every vault must pass, as a value: the same for memory, the file and the real keychain.
//!
//! Refuses to know which one it is given.

use fitbit_connect::secret::Secret;
use fitbit_connect::vault::{Deleted, Vault};

/// Clients as they are noted beside their secrets.
const GOOGLE: &str = "123-abc.apps.googleusercontent.com at google-health";
const FITBIT: &str = "22ABCD at fitbit";

fn text(vault: &dyn Vault, account: &str) -> Option<String> {
    vault.get(account).unwrap().map(|secret| secret.expose().to_owned())
}

/// Panics at the first thing that is not as promised. Leaves the vault as it was.
pub fn behaves_like_a_vault(vault: &dyn Vault) {
    let account = format!("suite-{}/client-secret", std::process::id());
    let other = format!("suite-{}/management-client-secret", std::process::id());
    let (account, other) = (account.as_str(), other.as_str());

    assert_eq!(text(vault, account), None, "empty at first");
    assert!(!vault.holds(account).unwrap());
    assert_eq!(vault.delete(account, GOOGLE).unwrap(), Deleted::Nothing);

    vault.set(account, &Secret::new("first".into()), GOOGLE, &[]).unwrap();
    assert_eq!(text(vault, account).as_deref(), Some("first"));
    assert!(vault.holds(account).unwrap());
    assert_eq!(vault.client(account).unwrap().as_deref(), Some(GOOGLE), "whose it is");
    assert_eq!(text(vault, other), None, "accounts are apart");
    assert_eq!(vault.client(other).unwrap(), None);
    assert!(!vault.holds(other).unwrap());

    vault.set(account, &Secret::new("second".into()), FITBIT, &[GOOGLE.to_owned()]).unwrap();
    assert_eq!(text(vault, account).as_deref(), Some("second"), "the later one counts");
    assert_eq!(vault.client(account).unwrap().as_deref(), Some(FITBIT), "whose the later one is");

    let awkward = "GOCSPX-\"quoted\" \\ 'a' = # [x] \u{00fc}\u{1f600}\ttab ".to_owned() + &"x".repeat(900);
    vault.set(other, &Secret::new(awkward.clone()), GOOGLE, &[]).unwrap();
    assert_eq!(text(vault, other), Some(awkward), "every character comes back");
    assert_eq!(text(vault, account).as_deref(), Some("second"));

    assert_eq!(vault.delete(account, FITBIT).unwrap(), Deleted::Removed);
    assert_eq!(text(vault, account), None);
    assert_eq!(vault.client(account).unwrap(), None);
    assert!(!vault.holds(account).unwrap());
    assert_eq!(vault.delete(account, FITBIT).unwrap(), Deleted::Nothing);
    assert!(vault.holds(other).unwrap(), "the other one stays");
    assert_eq!(vault.delete(other, GOOGLE).unwrap(), Deleted::Removed);
    assert!(!vault.holds(other).unwrap());
}
