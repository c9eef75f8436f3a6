//! Owns the tests of the vaults that need no service: memory and the file.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod vault_suite;

use fitbit_connect::secret::Secret;
use fitbit_connect::vault::{Deleted, File, Memory, Place, Vault, VaultError};
use std::fs;
use std::path::PathBuf;
use vault_suite::behaves_like_a_vault;

const ACCOUNT: &str = "default/client-secret";

fn secret() -> Secret {
    Secret::new("canary-secret".into())
}

/// A path in a folder that does not exist yet.
fn fresh() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config/fitbit-connect/secrets.toml");
    (folder, path)
}

#[test]
fn memory_behaves_like_a_vault() {
    behaves_like_a_vault(&Memory::default());
    assert_eq!(Memory::default().place(), Place::Memory);
}

#[test]
fn the_file_behaves_like_a_vault() {
    let (_folder, path) = fresh();
    let file = File::new(path.clone());
    behaves_like_a_vault(&file);
    assert!(!path.exists(), "with the last secret the file goes too");
    assert_eq!(file.place(), Place::File(path));
}

#[test]
fn looking_makes_no_file_and_another_instance_sees_what_was_set() {
    let (_folder, path) = fresh();
    assert!(!File::new(path.clone()).holds(ACCOUNT).unwrap());
    assert!(!path.parent().unwrap().exists());
    File::new(path.clone()).set(ACCOUNT, &secret(), "id at fitbit", &[]).unwrap();
    assert!(File::new(path.clone()).get(ACCOUNT).unwrap().unwrap().same_as(&secret()));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("[secrets]\n\"default/client-secret\" = \"canary-secret\"\n"), "{text}");
    let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["secrets.toml"], "no temporary file is left");
}

#[test]
fn what_a_person_wrote_into_the_file_stays() {
    let (_folder, path) = fresh();
    let file = File::new(path.clone());
    file.set("a/client-secret", &secret(), "id at fitbit", &[]).unwrap();
    let text = fs::read_to_string(&path).unwrap() + "[extra]\nkey = 1\n";
    let mine = "[secrets]\n# mine\n\"b/client-secret\" = 'other' # note\n";
    fs::write(&path, text.replace("[secrets]\n", mine)).unwrap();
    file.set(ACCOUNT, &secret(), "id at fitbit", &[]).unwrap();
    assert_eq!(file.client("b/client-secret").unwrap(), None);
    assert_eq!(file.delete("a/client-secret", "id at fitbit").unwrap(), Deleted::Removed);
    assert_eq!(file.delete(ACCOUNT, "id at fitbit").unwrap(), Deleted::Removed);
    assert_eq!(file.delete("b/client-secret", "id at fitbit").unwrap(), Deleted::Removed);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("[extra]") && !text.contains("canary"), "{text}");
}

#[test]
fn threads_do_not_lose_each_others_secrets() {
    let (_folder, path) = fresh();
    let file = File::new(path);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = &file;
            scope.spawn(move || file.set(&format!("p{number}/client-secret"), &secret(), "id at fitbit", &[]).unwrap());
        }
    });
    assert!((0..8).all(|number| file.holds(&format!("p{number}/client-secret")).unwrap()));
}

#[test]
fn a_damaged_file_is_refused_without_a_word_of_its_content() {
    let (_folder, path) = fresh();
    let file = File::new(path.clone());
    file.set(ACCOUNT, &secret(), "id at fitbit", &[]).unwrap();
    for content in [
        "[secrets]\n\"default/client-secret\" = \"canary-secret",
        "secrets = \"canary-secret\"",
        "[secrets]\n\"default/client-secret\" = [\"canary-secret\"]",
    ] {
        fs::write(&path, content).unwrap();
        let error = file.get(ACCOUNT).unwrap_err();
        assert!(matches!(&error, VaultError::Malformed { .. }), "{content}");
        assert!(!format!("{error} {error:?}").contains("canary"));
        if !content.contains('[') || content.ends_with("secret") {
            assert!(
                file.set(ACCOUNT, &secret(), "id at fitbit", &[]).is_err(),
                "a file that cannot be read is not written over"
            );
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }
    fs::write(&path, b"\xff\xfe").unwrap();
    assert!(matches!(file.get(ACCOUNT), Err(VaultError::Malformed { .. })));
}

#[cfg(unix)]
mod permissions {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn mode(path: &std::path::Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn the_file_is_private_from_the_start() {
        let (_folder, path) = fresh();
        File::new(path.clone()).set(ACCOUNT, &secret(), "id at fitbit", &[]).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_and_left_alone() {
        let (_folder, path) = fresh();
        let file = File::new(path.clone());
        file.set(ACCOUNT, &secret(), "id at fitbit", &[]).unwrap();
        for loose in [0o640, 0o604, 0o660, 0o610] {
            fs::set_permissions(&path, fs::Permissions::from_mode(loose)).unwrap();
            for result in [
                file.get(ACCOUNT).map(drop),
                file.set(ACCOUNT, &secret(), "id at fitbit", &[]),
                file.delete(ACCOUNT, "id at fitbit").map(drop),
            ] {
                assert!(matches!(result, Err(VaultError::LooseFile { mode, .. }) if mode == loose), "{loose:o}");
            }
            assert_eq!(mode(&path), loose);
        }
    }

    /// Only root can give a file away; for everybody else no such file can be made here.
    #[test]
    fn a_file_of_another_user_is_refused_whatever_its_mode() {
        let (_folder, path) = fresh();
        let file = File::new(path.clone());
        file.set(ACCOUNT, &secret(), "id at fitbit", &[]).unwrap();
        let given = std::os::unix::fs::chown(&path, Some(65_534), None);
        assert_eq!(given.is_ok(), rustix::process::geteuid().is_root(), "{given:?}");
        let is_foreign = matches!(file.get(ACCOUNT), Err(VaultError::ForeignFile { owner: 65_534, .. }));
        assert_eq!(is_foreign, given.is_ok());
    }

    #[test]
    fn a_link_a_folder_or_a_pipe_is_no_file_of_secrets() {
        let (_folder, path) = fresh();
        let (_elsewhere, target) = fresh();
        File::new(target.clone()).set(ACCOUNT, &secret(), "id at fitbit", &[]).unwrap();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = File::new(path.clone());
        symlink(&target, &path).unwrap();
        assert!(matches!(file.get(ACCOUNT), Err(VaultError::NotAFile { .. })));
        assert!(matches!(file.set(ACCOUNT, &secret(), "id at fitbit", &[]), Err(VaultError::NotAFile { .. })));
        assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
        fs::remove_file(&path).unwrap();
        symlink(path.with_file_name("nothing"), &path).unwrap();
        assert!(
            matches!(file.set(ACCOUNT, &secret(), "id at fitbit", &[]), Err(VaultError::NotAFile { .. })),
            "a dangling one too"
        );
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(file.get(ACCOUNT), Err(VaultError::NotAFile { .. })));
        fs::remove_dir(&path).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(matches!(file.get(ACCOUNT), Err(VaultError::NotAFile { .. })), "and nobody waits for a writer");
        }
    }
}
