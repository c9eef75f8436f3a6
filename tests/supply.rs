//! What comes into the program: licences, sources, crates that must not be there, two versions of one crate, unsafe code. The
//! same as `.ci/deny.toml`, with nothing but cargo and no network; advisories alone are not known here.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each lets a program under MIT be given on.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
];

/// Crates that must not come in by any way.
const BANNED: &[&str] = &["openssl-sys", "openssl", "native-tls", "aws-lc-sys", "aws-lc-rs", "webbrowser"];

/// Crates that are there in two versions, and who keeps the older one.
#[cfg(target_os = "linux")]
const TWICE: &[(&str, &str)] = &[
    ("base64", "oauth2 and reqwest; hyper-util has the next one"),
    ("block-buffer", "sha2 of oauth2"),
    ("cpufeatures", "sha2 of oauth2"),
    ("crypto-common", "sha2 of oauth2"),
    ("digest", "sha2 of oauth2"),
    ("getrandom", "rand of oauth2"),
    ("rand_core", "rand of oauth2; the rand of proptest, which only tests have, switches the next one on"),
    ("sha2", "oauth2"),
    ("syn", "at build time only; zbus's macros have the next one"),
    ("thiserror", "oauth2"),
    ("thiserror-impl", "oauth2"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// What cargo knows of every crate that this machine builds, without asking anybody.
fn metadata() -> Value {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let rustc = String::from_utf8(rustc).unwrap();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let output = Command::new(cargo())
        .args(["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", host])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// The ids of the crates that go into the program: everything but what only tests need.
fn shipped(metadata: &Value) -> BTreeSet<String> {
    let nodes: BTreeMap<&str, &Value> =
        metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| (text(node, "id"), node)).collect();
    let mut found = BTreeSet::new();
    let mut open = vec![metadata["resolve"]["root"].as_str().unwrap()];
    while let Some(id) = open.pop() {
        if !found.insert(id.to_owned()) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            if kinds.iter().any(|kind| kind["kind"] != "dev") {
                open.push(text(dependency, "pkg"));
            }
        }
    }
    found
}

/// Whether one of the choices that a licence expression gives is made of allowed licences. Parentheses stand around a choice
/// in all that is here, so what is inside is judged first.
fn is_allowed(expression: &str) -> bool {
    let mut expression = expression.replace('/', " OR ");
    while let Some(close) = expression.find(')') {
        let open = expression[..close].rfind('(').unwrap();
        let inside = if is_allowed(&expression[open + 1..close]) { "MIT" } else { "refused" };
        expression.replace_range(open..=close, inside);
    }
    expression.split(" OR ").any(|choice| choice.split(" AND ").all(|part| LICENCES.contains(&part.trim())))
}

#[test]
fn a_licence_expression_is_read_as_it_is_meant() {
    for (expression, allowed) in [
        ("MIT OR GPL-3.0", true),
        ("Unlicense/MIT", true),
        ("Apache-2.0 AND ISC", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND Unicode-3.0", true),
        ("(LGPL-2.1 OR GPL-3.0) AND MIT", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression), allowed, "{expression}");
    }
}

#[test]
fn every_crate_has_an_allowed_licence_and_comes_from_the_one_registry() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    for package in packages {
        let name = format!("{} {}", text(package, "name"), text(package, "version"));
        let own = text(package, "name") == env!("CARGO_PKG_NAME");
        assert!(is_allowed(text(package, "license")), "{name}: {}", package["license"]);
        let source = text(package, "source");
        assert!(own || source == "registry+https://github.com/rust-lang/crates.io-index", "{name} from {source:?}");
        assert!(!BANNED.contains(&text(package, "name")), "{name} must not be there");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_crate_is_there_twice_without_a_reason() {
    let metadata = metadata();
    let shipped = shipped(&metadata);
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap().iter().filter(|p| shipped.contains(text(p, "id"))) {
        versions.entry(text(package, "name")).or_default().insert(text(package, "version"));
    }
    let twice: Vec<&str> = versions.iter().filter(|(_, all)| all.len() > 1).map(|(name, _)| *name).collect();
    let known: Vec<&str> = TWICE.iter().map(|(name, _)| *name).collect();
    assert_eq!(twice, known, "left: what is there twice; right: the list with the reasons");
    assert!(versions.values().all(|all| all.len() < 3));
}

#[test]
fn both_lists_of_licences_and_bans_say_the_same() {
    let deny: toml_edit::DocumentMut = fs::read_to_string(root().join(".ci/deny.toml")).unwrap().parse().unwrap();
    let licences: Vec<&str> = deny["licenses"]["allow"].as_array().unwrap().iter().filter_map(|v| v.as_str()).collect();
    assert_eq!(licences, LICENCES);
    for ban in deny["bans"]["deny"].as_array().unwrap() {
        let ban = ban.as_inline_table().unwrap();
        let name = ban["crate"].as_str().unwrap();
        assert!(ban["reason"].is_str() && (name.contains('@') || BANNED.contains(&name)), "{name}");
    }
}

#[test]
fn what_is_built_is_locked_and_has_no_unsafe_code_of_ours() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert!(
        lock.contains("checksum = ") && !fs::read_to_string(root().join(".gitignore")).unwrap().contains("Cargo.lock")
    );
    let manifest: toml_edit::DocumentMut = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    assert_eq!(
        manifest["lints"]["rust"]["unsafe_code"].as_str(),
        Some("forbid"),
        "it cannot be allowed again anywhere"
    );
    // Nothing runs at build time that is ours, and no crate is taken from a branch or from this disk.
    assert!(!root().join("build.rs").exists());
    for table in ["dependencies", "dev-dependencies"] {
        let all = manifest.get(table).and_then(|item| item.as_table_like());
        for (name, of) in all.into_iter().flat_map(|all| all.iter()) {
            let given = |key: &str| of.as_table_like().is_some_and(|of| of.contains_key(key));
            assert!(!["git", "path", "registry"].iter().any(|key| given(key)), "{name}");
        }
    }
}

#[test]
fn no_server_and_no_needless_feature_of_a_crate_is_built() {
    let metadata = metadata();
    let features = |of: &str| -> Option<BTreeSet<String>> {
        let id = metadata["packages"].as_array().unwrap().iter().find(|package| text(package, "name") == of);
        let id = text(id?, "id");
        let node = metadata["resolve"]["nodes"].as_array().unwrap().iter().find(|node| text(node, "id") == id).unwrap();
        Some(node["features"].as_array().unwrap().iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
    };
    for (name, unwanted) in [
        ("hyper", &["server", "ffi"][..]),
        ("reqwest", &["native-tls", "default-tls", "cookies", "gzip", "brotli", "multipart", "charset", "http2"]),
        ("oauth2", &["reqwest", "reqwest-blocking", "curl", "ureq"]),
        ("rustls", &["aws_lc_rs", "logging"]),
        ("inquire", &["editor", "date", "console", "termion"]),
        ("tokio", &["full", "process", "fs", "signal"]),
    ] {
        let built = features(name).unwrap_or_else(|| panic!("{name} is not there"));
        for feature in unwanted {
            assert!(!built.contains(*feature), "{name} is built with {feature}: {built:?}");
        }
    }
}
