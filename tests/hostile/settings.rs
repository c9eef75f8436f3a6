//! Files: the settings, Google's client JSON.

use std::fs;

use fitbit_connect::ask::given::read_client_json;
use fitbit_connect::ids::ProfileName;
use fitbit_connect::settings::Settings;

use super::mutate::{bytes, every};
use super::values::is_a_sentence;

#[test]
fn a_settings_file_is_read_or_refused_and_survives_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    every(bytes("settings"), |input| {
        fs::write(&path, &input).unwrap();
        let mut settings = match Settings::read(&path) {
            Ok(settings) => settings,
            Err(failure) => {
                assert!(!failure.message.contains("canary"), "{}", failure.message);
                return is_a_sentence(&failure.message);
            }
        };
        let _ = settings.default_profile().map_err(|failure| is_a_sentence(&failure.message));
        settings.unknown_keys();
        let names: Vec<ProfileName> = settings.profiles().iter().filter_map(|name| name.parse().ok()).collect();
        for name in names {
            let profile = match settings.profile(&name) {
                Ok(Some(profile)) => profile,
                Ok(None) => continue,
                Err(failure) => {
                    assert!(!failure.message.contains("GOCSPX-canary"), "{}", failure.message);
                    continue;
                }
            };
            settings.put(&name, &profile);
            fs::write(&path, settings.text()).unwrap();
            let again =
                Settings::read(&path).unwrap_or_else(|failure| panic!("{}: {}", failure.message, settings.text()));
            // A profile with nothing in it need not be written.
            assert_eq!(again.profile(&name).unwrap().unwrap_or_default(), profile, "{}", settings.text());
            settings.take_out(&name);
            assert!(settings.profile(&name).unwrap().is_none());
        }
    });
}

#[test]
fn a_client_json_is_read_or_refused_and_its_secret_is_in_no_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.json");
    every(bytes("client-json"), |input| {
        fs::write(&path, &input).unwrap();
        match read_client_json(&path) {
            Ok((id, _)) => assert!(id.ends_with(".apps.googleusercontent.com"), "{id}"),
            Err(failure) => {
                assert!(!failure.message.contains("canary"), "{}", failure.message);
                is_a_sentence(&failure.message);
            }
        }
    });
}
