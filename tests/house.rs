//! The rules of the house that the compiler does not know.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, into)
            } else if path.extension().is_some_and(|e| e == "rs") {
                into.push(path)
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn is_test(name: &str) -> bool {
    name.ends_with("tests.rs") || name.contains("/tests/")
}

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests").next().unwrap()
}

/// Each of these hands a secret to the one place it is for.
const MAY_EXPOSE: &[&str] = &[
    "ask/given.rs",           // checks its form
    "ask/given/door.rs",      // reads it from a file, refuses what cannot be one
    "ask/mod.rs",             // checks its form
    "ask/prompt.rs",          // whether it is the word back
    "auth0/authorize.rs",     // state and nonce of a question, sent to the tenant
    "auth0/connection.rs",    // the client secret, in the body for the tenant
    "auth0/management.rs",    // a token that was given
    "auth0/token.rs",         // the token's claims; the Management API client's secret, sent to the tenant
    "checks/credentials.rs",  // the client secret, sent to the provider
    "http/attempt.rs",        // headers and forms
    "http/sent.rs",           // what an answer must not repeat
    "login/direct.rs",        // nonce, sent to the provider
    "login/through_auth0.rs", // nonce, sent to the tenant
    "login/waiting.rs",       // state, for the listener; a pasted line
    "oauth.rs",               // code, verifier, state, nonce, client secret, sent where they belong
    "oauth/id_token.rs",      // the token's claims, its nonce, the access token's hash
    "sandbox/robot.rs",       // pages with codes in them
    "vault/file.rs",
    "vault/keychain.rs",
    "vault/keychain/one.rs",
    "vault/memory.rs",
    "world.rs", // the Auth0 CLI's settings, of which the tenant's name is read
];

#[test]
fn only_the_named_files_expose_a_secret() {
    let mut found: Vec<String> = sources()
        .into_iter()
        .filter(|(name, text)| !is_test(name) && without_tests(text).contains(".expose()"))
        .map(|(name, _)| name)
        .collect();
    let mut allowed = MAY_EXPOSE.to_vec();
    allowed.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, allowed, "left: the files that expose a secret; right: the list");
}

#[test]
fn every_file_says_what_it_owns_and_none_is_crowded() {
    for (name, text) in sources() {
        assert!(text.starts_with("//!"), "{name} has no header");
        assert!(text.lines().count() <= 400, "{name} is crowded: {} lines", text.lines().count());
    }
}

#[test]
fn the_simulator_uses_no_shape_of_the_client() {
    for (name, text) in
        sources().into_iter().filter(|(name, _)| name.starts_with("sandbox/") && name != "sandbox/robot.rs")
    {
        for room in ["crate::auth0", "crate::provider", "crate::oauth", "crate::http", "crate::settings", "crate::ids"]
        {
            assert!(!text.contains(room), "{name} uses {room}");
        }
    }
}

#[test]
fn what_knows_the_services_neither_prints_nor_asks() {
    for (name, text) in sources() {
        if ["auth0/", "provider/", "diagnosis/", "oauth/"].iter().any(|room| name.starts_with(room))
            || name == "oauth.rs"
        {
            for room in ["crate::console", "crate::ask", "crate::world", "crate::cli"] {
                assert!(!text.contains(room), "{name} uses {room}");
            }
        }
    }
}

#[test]
fn each_crate_with_an_effect_lives_in_one_room() {
    for (package, rooms) in [
        ("textwrap", &["console/wrap.rs"][..]),
        (
            "crossterm",
            &[
                "ask/keys/bytes.rs",
                "ask/keys/events.rs",
                "ask/line.rs",
                "ask/prompt.rs",
                "console/dialogue.rs",
                "console/wrap.rs",
                "console/waiting.rs",
                "main.rs",
            ],
        ),
        ("inquire", &["ask/prompt.rs"]),
        ("rpassword", &["ask/plain.rs"]),
        (
            "reqwest",
            &[
                "http.rs",
                "http/answer.rs",
                "http/attempt.rs",
                "http/client.rs",
                "auth0/management.rs",
                "auth0/token.rs",
                "oauth.rs",
            ],
        ),
        ("hyper_util", &["http/proxy.rs"]),
        ("keyring", &["vault/keychain.rs", "vault/keychain/one.rs", "vault/mod.rs"]),
        ("secret_service", &["vault/keychain.rs"]),
        ("oauth2", &["oauth.rs"]),
        ("tiny_http", &["sandbox/web.rs"]),
        ("httparse", &["loopback/server.rs"]),
        ("open", &["browser.rs"]),
        ("clap_mangen", &["commands/help_files.rs"]),
    ] {
        for (name, text) in sources() {
            let uses = text.contains(&format!("use {package}::")) || text.contains(&format!(" {package}::"));
            assert!(!uses || rooms.contains(&name.as_str()), "{name} uses {package}");
        }
    }
}
