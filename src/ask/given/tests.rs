//! What is found, what is refused, and that no secret is repeated.

use super::*;

const GOOGLE_ID: &str = "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com";

fn variables(pairs: &[(&str, &str)]) -> Variables {
    Variables::new(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_saved_profile() {
    let saved = Profile { domain: Some("saved.auth0.com".parse().unwrap()), ..Profile::default() };
    let flags = cli::Inputs { domain: Some("https://Flag.auth0.com/".into()), ..cli::Inputs::default() };
    let set = variables(&[("AUTH0_DOMAIN", "variable.auth0.com")]);
    let domain = |flags: &cli::Inputs, set: &Variables| gather(flags, set, &saved).unwrap().domain.unwrap().to_string();
    assert_eq!(domain(&flags, &set), "flag.auth0.com");
    assert_eq!(domain(&cli::Inputs::default(), &set), "variable.auth0.com");
    assert_eq!(domain(&cli::Inputs::default(), &variables(&[("AUTH0_DOMAIN", "")])), "saved.auth0.com");
}

#[test]
fn the_provider_follows_from_the_client_id() {
    for (id, provider) in [(GOOGLE_ID, Provider::GoogleHealth), ("23ABCD", Provider::Fitbit)] {
        let flags = cli::Inputs { client_id: Some(format!(" {id} ")), ..cli::Inputs::default() };
        let inputs = gather(&flags, &Variables::default(), &Profile::default()).unwrap();
        assert_eq!((inputs.provider, inputs.client_id.as_deref()), (Some(provider), Some(id)));
    }
}

#[test]
fn saved_values_of_another_provider_are_not_used() {
    let saved = Profile {
        provider: Some(Provider::Fitbit),
        client_id: Some("23ABCD".into()),
        connection: Some("fitbit".parse().unwrap()),
        scopes: vec!["profile".into()],
        ..Profile::default()
    };
    let flags = cli::Inputs { provider: Some("google-health".into()), ..cli::Inputs::default() };
    let inputs = gather(&flags, &Variables::default(), &saved).unwrap();
    assert_eq!(inputs.client_id, None);
    assert_eq!(inputs.connection, None);
    assert_eq!(inputs.scopes, None);
    assert!(!inputs.saved_secret_applies);
}

#[test]
fn a_value_in_quotes_or_not_filled_in_is_told_for_that() {
    let refused = |name: &str, value: &str| {
        let set =
            variables(&[("FITBIT_CONNECT_PROVIDER", "google-health"), (name, value), ("AUTH0_CLIENT_SECRET", "s")]);
        gather(&cli::Inputs::default(), &set, &Profile::default()).err().expect(value).to_string()
    };
    for (name, value) in [
        ("AUTH0_DOMAIN", "\"acme.eu.auth0.com\""),
        ("FITBIT_CONNECT_CLIENT_ID", &format!("'{GOOGLE_ID}'")),
        ("FITBIT_CONNECT_CONNECTION", "'google-health'"),
        ("AUTH0_CLIENT_ID", "\"abcdefghijklmnopqrstuvwxyz012345\""),
    ] {
        let said = refused(name, value);
        assert!(said.contains("it stands in quotes; give it without them") && said.contains(name), "{said}");
    }
    for (name, value) in [("AUTH0_DOMAIN", "YOUR_DOMAIN"), ("FITBIT_CONNECT_CLIENT_ID", "${CLIENT_ID}")] {
        assert!(refused(name, value).contains("nobody has filled in"), "{value}");
    }
}

#[test]
fn everything_wrong_is_reported_at_once_and_no_secret_is_repeated() {
    let flags = cli::Inputs {
        provider: Some("google-health".into()),
        client_id: Some("23ABCD".into()),
        domain: Some("acme/path".into()),
        port: Some("x".into()),
        connection: Some("a_b".into()),
        ..cli::Inputs::default()
    };
    let set = variables(&[("FITBIT_CONNECT_CLIENT_SECRET", "****abcd")]);
    let failure = gather(&flags, &set, &Profile::default()).err().unwrap();
    assert_eq!(failure.exit() as u8, 2);
    for part in ["client ID", "client secret", "tenant domain", "port", "connection name"] {
        assert!(failure.message.contains(part), "{part} in {}", failure.message);
    }
    assert!(!failure.message.contains("abcd"));
}

#[test]
fn a_secret_pasted_where_another_value_belongs_is_not_repeated() {
    let hex = "0123456789abcdef0123456789abcdef";
    // As it is, in quotes as in Google's JSON, behind its name or a mark, in the middle of a word.
    for secret in [
        "GOCSPX-canarycanarycanarycanary12",
        "\"GOCSPX-canarycanarycanarycanary12\",",
        "'GOCSPX-canarycanarycanarycanary12'",
        "secret=GOCSPX-canarycanarycanarycanary12",
        "secret:GOCSPX-canarycanarycanarycanary12",
        "/GOCSPX-canarycanarycanarycanary12",
        "xGOCSPX-canarycanarycanarycanary12",
        &format!("\"{hex}\""),
        &format!("secret={hex}"),
    ] {
        let given = || Some(secret.to_owned());
        for flags in [
            cli::Inputs { domain: given(), ..cli::Inputs::default() },
            cli::Inputs { client_id: given(), provider: Some("google-health".into()), ..cli::Inputs::default() },
            cli::Inputs { client_id: given(), provider: Some("fitbit".into()), ..cli::Inputs::default() },
            cli::Inputs { provider: given(), ..cli::Inputs::default() },
            cli::Inputs { connection: given(), ..cli::Inputs::default() },
            cli::Inputs { port: given(), ..cli::Inputs::default() },
            cli::Inputs { timeout: given(), ..cli::Inputs::default() },
            cli::Inputs { test_app: given(), ..cli::Inputs::default() },
            cli::Inputs { management_client_id: given(), ..cli::Inputs::default() },
            cli::Inputs { login_domain: vec![secret.to_owned()], ..cli::Inputs::default() },
            cli::Inputs { app: vec![secret.to_owned()], ..cli::Inputs::default() },
            cli::Inputs { token_file: Some(secret.into()), ..cli::Inputs::default() },
        ] {
            let failure = gather(&flags, &Variables::default(), &Profile::default()).err().unwrap();
            let said = failure.message.to_lowercase();
            assert!(!said.contains("canary") && !said.contains(&hex[..12]), "{}", failure.message);
        }
    }
}

#[test]
fn a_secret_on_the_command_line_is_refused_without_repeating_it() {
    for args in [
        &["--client-secret", "canary"][..],
        &["--client-secret=canary"],
        &["--token=canary"],
        &["--management-client-secret"],
    ] {
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let failure = refuse_secrets_on_the_command_line(&args).unwrap_err();
        assert_eq!(failure.code, Code::SecretOnCommandLine);
        assert!(!format!("{} {}", failure.message, failure.hint()).contains("canary"));
    }
    for fine in ["--client-secret-file", "--token-file=-", "--management-client-secret-file"] {
        assert_eq!(refuse_secrets_on_the_command_line(&[OsString::from(fine)]), Ok(()), "{fine}");
    }
}

#[test]
fn googles_client_json_gives_both_and_a_desktop_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.json");
    let flags = cli::Inputs { client_json: Some(path.clone()), ..cli::Inputs::default() };
    let gather = || gather(&flags, &Variables::default(), &Profile::default());
    let secret = format!("GOCSPX-{}", "a".repeat(28));
    std::fs::write(&path, format!(r#"{{"web":{{"client_id":"{GOOGLE_ID}","client_secret":"{secret}"}}}}"#)).unwrap();
    let inputs = gather().unwrap();
    assert_eq!(inputs.client_id.as_deref(), Some(GOOGLE_ID));
    assert_eq!(inputs.secret.unwrap().expose(), secret);
    std::fs::write(&path, format!(r#"{{"installed":{{"client_id":"{GOOGLE_ID}","client_secret":"{secret}"}}}}"#))
        .unwrap();
    assert_eq!(gather().err().unwrap().code, Code::DesktopClient);
    std::fs::write(&path, format!("nonsense {secret}")).unwrap();
    let failure = gather().err().unwrap();
    assert!(!failure.message.contains(&secret));
}

#[test]
fn a_token_wins_over_a_client_from_the_environment_and_two_flags_contradict() {
    let set = variables(&[("AUTH0_API_TOKEN", "t"), ("AUTH0_CLIENT_ID", "i"), ("AUTH0_CLIENT_SECRET", "s")]);
    let inputs = gather(&cli::Inputs::default(), &set, &Profile::default()).unwrap();
    assert!(matches!(inputs.management, Some(Login::Token(_))));
    let flags =
        cli::Inputs { token_file: Some("x".into()), management_client_id: Some("i".into()), ..cli::Inputs::default() };
    let failure = gather(&flags, &Variables::default(), &Profile::default()).err().unwrap();
    assert_eq!(failure.code, Code::InputContradictory);
}

#[test]
fn scopes_are_told_by_where_they_stand_and_saved_ones_only_where_they_are_used() {
    let saved = |scope: &str| Profile {
        provider: Some(Provider::GoogleHealth),
        scopes: vec![scope.to_owned()],
        ..Profile::default()
    };
    let told = |flags: &cli::Inputs, variables: &Variables, saved: &Profile| {
        gather(flags, variables, saved).err().unwrap().to_string()
    };
    let (flags, none) = (cli::Inputs::default(), Variables::default());
    let misspelt = told(&flags, &none, &saved("profile.readonlyy"));
    assert!(misspelt.contains("scopes in the settings: ") && misspelt.contains("profile.readonly?"), "{misspelt}");
    assert!(!misspelt.contains("--scopes"), "{misspelt}");
    let unreadable = told(&flags, &none, &saved("nutrition.readonly"));
    assert!(unreadable.contains("nutrition.readonly (from the settings)"), "{unreadable}");
    let unreadable = told(&flags, &variables(&[("FITBIT_CONNECT_SCOPES", "nutrition.readonly")]), &saved("x"));
    assert!(unreadable.contains("nutrition.readonly (from FITBIT_CONNECT_SCOPES)"), "{unreadable}");
    let flags = cli::Inputs { scopes: Some("profile.readonly".into()), ..flags };
    let inputs = gather(&flags, &none, &saved("profile.readonlyy")).unwrap();
    assert_eq!(inputs.scopes, Some(vec!["profile.readonly".to_owned()]));
}
