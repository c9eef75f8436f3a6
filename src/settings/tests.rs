//! What the settings file keeps, refuses and writes.

use super::*;

fn settings(text: &str) -> Settings {
    Settings { path: None, document: text.parse().unwrap(), ends_in_crlf: false }
}

const SAMPLE: &str = r#"# mine
default_profile = "default"
favourite = 7

[profiles.default] # the one
provider = "google-health" # alive
domain = "acme.eu.auth0.com"
client_id = "1-a.apps.googleusercontent.com"
port = 18917
colour = "blue"

[profiles.default.endpoints]
"https://acme.eu.auth0.com" = "http://127.0.0.1:4400"

[profiles.other]
provider = "fitbit"
"#;

#[test]
fn a_profile_is_read() {
    let profile = settings(SAMPLE).profile(&ProfileName::default()).unwrap().unwrap();
    assert_eq!(profile.provider, Some(Provider::GoogleHealth));
    assert_eq!(profile.port, Some(18917));
    assert_eq!(profile.endpoints.iter().count(), 1);
}

#[test]
fn comments_and_unknown_keys_survive_a_change() {
    let mut settings = settings(SAMPLE);
    let name = ProfileName::default();
    let mut profile = settings.profile(&name).unwrap().unwrap();
    profile.provider = Some(Provider::Fitbit);
    profile.scopes = vec!["profile".to_owned()];
    settings.put(&name, &profile);
    let text = settings.text();
    for kept in ["# mine", "favourite = 7", "# the one", "# alive", "colour = \"blue\"", "[profiles.other]"] {
        assert!(text.contains(kept), "{kept} in\n{text}");
    }
    assert!(text.contains("provider = \"fitbit\" # alive"), "{text}");
    assert_eq!(settings.profile(&name).unwrap().unwrap(), profile);
}

#[test]
fn lines_end_as_they_did_when_the_file_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, SAMPLE.replace('\n', "\r\n")).unwrap();
    let mut settings = Settings::read(&path).unwrap();
    settings.put(&ProfileName::default(), &settings.profile(&ProfileName::default()).unwrap().unwrap());
    assert!(!settings.write().unwrap(), "nothing changed");
    let mut profile = settings.profile(&ProfileName::default()).unwrap().unwrap();
    profile.scopes = vec!["profile".to_owned()];
    settings.put(&ProfileName::default(), &profile);
    assert!(settings.write().unwrap());
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
    // One of another kind among them changes nothing.
    for (text, crlf) in [(text.replacen("\r\n", "\n", 1), true), (SAMPLE.replacen('\n', "\r\n", 1), false)] {
        fs::write(&path, text).unwrap();
        assert_eq!(Settings::read(&path).unwrap().text().contains("\r\n"), crlf);
    }
}

#[test]
fn what_stands_at_the_head_of_the_file_stays_when_the_profile_below_it_goes() {
    let of_a = "# about a\n[profiles.a]\nport = 18918\n";
    let of_b = "\n# about b\n[profiles.b]\nport = 18919\n";
    let first = format!("# Ours\n# and theirs\n\ndefault_profile = \"a\"\n\n{of_a}{of_b}");
    let second = format!("# Ours\n\n{of_a}");
    for (text, left) in [
        (first.as_str(), format!("# Ours\n# and theirs\n\n{of_b}")),
        (second.as_str(), "# Ours\n\n".to_owned()),
        (of_a, String::new()),
    ] {
        let mut settings = settings(text);
        assert!(settings.take_out(&"a".parse().unwrap()));
        assert_eq!(settings.text(), left, "{text}");
    }
}

#[test]
fn comments_between_profiles_stay_unless_they_stand_right_above_the_one_that_goes() {
    let of_b = "[profiles.b]\nport = 18919\n";
    let block = "# port = 18920\n\n# ---- old ones ----\n# [profiles.old]\n\n";
    let of_a = "# a is for staging\n[profiles.a]\nport = 18918\n";
    let of_c = "\n# about c\n[profiles.c]\nport = 18917\n";
    for (text, left) in [
        (format!("{of_b}{block}{of_a}{of_c}"), format!("{of_b}{block}{of_c}")),
        (format!("{of_b}{block}{of_a}"), format!("{of_b}{block}")),
        (format!("{of_b}{block}{of_a}\n# the end\n"), format!("{of_b}{block}\n# the end\n")),
    ] {
        let mut settings = settings(&text);
        assert!(settings.take_out(&"a".parse().unwrap()));
        assert_eq!(settings.text(), left, "{text}");
    }
}

#[test]
fn putting_the_same_profile_again_changes_nothing() {
    let mut settings = settings(SAMPLE);
    let profile = settings.profile(&ProfileName::default()).unwrap().unwrap();
    settings.put(&ProfileName::default(), &profile);
    assert_eq!(settings.text(), SAMPLE);
}

#[test]
fn a_wrong_value_is_named_with_its_key() {
    for (line, key) in [
        ("port = \"x\"", "port"),
        ("port = 99999", "port"),
        ("provider = \"garmin\"", "provider"),
        ("domain = \"a/b\"", "domain"),
        ("scopes = \"a\"", "scopes"),
        ("store = \"cloud\"", "store"),
        ("client_secret = \"abc\"", "client_secret"),
    ] {
        let settings = settings(&format!("[profiles.default]\n{line}\n"));
        let failure = settings.profile(&ProfileName::default()).unwrap_err();
        assert_eq!(failure.code, Code::SettingsFileInvalid);
        assert!(failure.message.contains(&format!("profiles.default.{key}")), "{}", failure.message);
        assert!(!failure.message.contains("abc"));
    }
}

#[test]
fn a_target_must_be_https_or_loopback() {
    for target in ["http://example.com", "ftp://127.0.0.1", "http://127.0.0.1:1/path", "nonsense", "http://localhost:1"]
    {
        let settings = settings(&format!("[profiles.default.endpoints]\n\"https://a.example\" = \"{target}\"\n"));
        let said = settings.profile(&ProfileName::default());
        assert_eq!(said.is_err(), target != "http://localhost:1", "{target}");
    }
}

#[test]
fn the_password_of_a_gateway_is_not_repeated() {
    for line in [
        "\"https://a.example\" = \"https://gw:hunter2-Pa55word@gateway.example\"",
        "\"https://a.example\" = \"gw:hunter2-Pa55word@gateway.example\"",
        "\"https://gw:hunter2-Pa55word@gateway.example\" = \"https://a.example\"",
        "\"https://a.example\" = \"GOCSPX-hunter2-Pa55wordhunter2-Pa\"",
    ] {
        let settings = settings(&format!("[profiles.default.endpoints]\n{line}\n"));
        let failure = settings.profile(&ProfileName::default()).unwrap_err();
        assert!(failure.message.contains("profiles.default.endpoints"), "{}", failure.message);
        assert!(!failure.message.contains("Pa55word"), "{}", failure.message);
    }
}

#[test]
fn the_file_is_written_whole_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/config.toml");
    let mut settings = Settings::read(&path).unwrap();
    settings.put(&ProfileName::default(), &Profile { port: Some(20000), ..Profile::default() });
    assert!(settings.write().unwrap());
    assert!(!settings.write().unwrap(), "the same text is not written again");
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn an_equal_value_stays_as_it_was_written() {
    let text = "[profiles.default]\nprovider = 'fitbit'\napplications = [ # all\n  \"a\", # first\n  \"b\",\n]\nport = 18_917\n";
    let mut settings = settings(text);
    let profile = settings.profile(&ProfileName::default()).unwrap().unwrap();
    settings.put(&ProfileName::default(), &profile);
    assert_eq!(settings.text(), text);
}

#[test]
fn a_key_that_means_nothing_is_named_with_the_one_that_was_meant() {
    let unknown = settings("[profiles.default]\nscope = [\"profile\"]\n").unknown_keys();
    assert_eq!(unknown, [("profiles.default.scope".to_owned(), Some("scopes"))]);
    let unknown = settings(SAMPLE).unknown_keys();
    assert_eq!(unknown, [("favourite".to_owned(), None), ("profiles.default.colour".to_owned(), None)]);
}

#[test]
fn an_empty_value_and_a_reference_that_nobody_filled_in_are_refused_by_their_key() {
    for (line, key) in [
        ("client_id = \"\"", "client_id"),
        ("client_id = \" \"", "client_id"),
        ("client_id = \"${GOOGLE_CLIENT_ID}\"", "client_id"),
        ("applications = [\"\"]", "applications"),
        ("management_client_id = \"$(ID)\"", "management_client_id"),
    ] {
        let settings = settings(&format!("[profiles.default]\n{line}\n"));
        let failure = settings.profile(&ProfileName::default()).unwrap_err();
        assert_eq!(failure.code, Code::SettingsFileInvalid, "{line}");
        assert!(failure.message.contains(&format!("profiles.default.{key}")), "{}", failure.message);
    }
}

#[test]
fn line_ends_of_both_kinds_are_read_and_what_is_written_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    // In an inline table, a text that begins with the line end of Windows.
    std::fs::write(&path, "profiles = { default = { client_id = \"\"\"\r\n23ABCD\"\"\", port = 18917 } }\n").unwrap();
    let mut settings = Settings::read(&path).unwrap();
    let name = ProfileName::default();
    let profile = settings.profile(&name).unwrap().unwrap();
    settings.put(&name, &profile);
    settings.write().unwrap();
    assert_eq!(Settings::read(&path).unwrap().profile(&name).unwrap(), Some(profile));
}
