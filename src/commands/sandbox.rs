//! `sandbox`: the simulator in the foreground, for the real binary, another tool or a person.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::mpsc;

use serde_json::json;

use crate::cancel::Cancel;
use crate::cli::{self, ConfiguredProvider};
use crate::console::Console;
use crate::diagnosis::{Code, Exit, Failure};
use crate::ids::{DEFAULT_PORT, ProfileName};
use crate::provider::Provider;
use crate::sandbox::facts::{self, Configured};
use crate::sandbox::faults::Fault;
use crate::sandbox::{Options, Sandbox};
use crate::settings::{Profile, Settings};
use crate::simulated;

/// Runs it until Ctrl-C.
///
/// # Errors
/// `input_invalid` for an unknown fault, `port_in_use`, `file_not_writable`.
pub fn run(console: &Console, cancel: &Cancel, args: &cli::Sandbox) -> Result<(), Failure> {
    let faults: BTreeSet<Fault> = args
        .fault
        .iter()
        .flat_map(|list| list.split(','))
        .map(|name| {
            name.trim().parse().map_err(|why: String| {
                Failure::new(Code::InputInvalid, why).with_hint("fitbit-connect sandbox --help lists the faults")
            })
        })
        .collect::<Result<_, _>>()?;
    let options = Options {
        port: args.port.unwrap_or(0),
        direct_port: DEFAULT_PORT,
        configured: args.configured.map(|provider| match provider {
            ConfiguredProvider::Fitbit => Configured::Fitbit,
            ConfiguredProvider::GoogleHealth => Configured::GoogleHealth,
        }),
        faults,
    };
    if let Some(path) = &args.write_config
        && path.exists()
        && !is_ours(path)
    {
        let message = format!("{} exists and is not a settings file of the sandbox; it was left alone", path.display());
        return Err(Failure::new(Code::InputInvalid, message).with_hint("Name another file with --write-config FILE"));
    }
    if let Some(folder) = args.write_config.as_deref().and_then(Path::parent)
        && !folder.as_os_str().is_empty()
        && !folder.is_dir()
    {
        return Err(Failure::new(Code::FileNotWritable, format!("the folder {} does not exist", folder.display()))
            .with_hint("Create it, or name another file with --write-config FILE"));
    }
    let sandbox = Sandbox::start(&options).map_err(|error| {
        Failure::new(Code::PortInUse, format!("the simulator could not start: {error}"))
            .with_hint("Choose another port with --port N, or leave it out: then any three free ones are taken")
    })?;
    let provider = match args.configured {
        Some(ConfiguredProvider::Fitbit) => Provider::Fitbit,
        _ => Provider::GoogleHealth,
    };
    let config = config(&sandbox, provider, args.configured.is_some(), args.write_config.as_deref())?;
    if let Some(path) = &args.write_config {
        crate::files::write_whole(path, config.as_bytes()).map_err(|error| {
            Failure::new(Code::FileNotWritable, format!("{} could not be written: {error}", path.display()))
        })?;
    }
    // From here on Ctrl-C is the way to end it, and no failure.
    let _hold = cancel.hold();
    if cancel.is_asked() {
        return Err(Failure::new(Code::Cancelled, "cancelled"));
    }
    announce(console, &sandbox, args.write_config.as_deref(), &config);

    let (ended, end) = mpsc::channel();
    let _sleeper = cancel.wakes(move || {
        let _ = ended.send(());
    });
    let _ = end.recv();
    console.say("The sandbox has ended.");
    Ok(())
}

const MARK: &str = "# Settings for the fitbit-connect sandbox";

fn is_ours(path: &Path) -> bool {
    path.is_file() && std::fs::read_to_string(path).is_ok_and(|text| text.trim().is_empty() || text.starts_with(MARK))
}

/// A settings file with the tenant, the app and where everything really is. The secrets are not in it: they are printed. Where a
/// `setup` has kept them stays, if it is in the file that is written anew.
fn config(sandbox: &Sandbox, provider: Provider, configured: bool, former: Option<&Path>) -> Result<String, Failure> {
    let mut profile = simulated::profile(sandbox, provider, configured)?;
    let mut settings = Settings::in_memory();
    // A profile of its own: in the keychain it must not meet the secret of somebody's real default profile.
    let name: ProfileName = "sandbox".parse().map_err(|why| Failure::new(Code::Unexpected, why))?;
    let former = former.and_then(|path| Settings::read(path).ok()?.profile(&name).ok()?);
    if let Some(former) = former {
        let Profile { store, moving_from, moving_clients, .. } = former;
        profile = Profile { store, moving_from, moving_clients, ..profile };
    }
    settings.put(&name, &profile);
    Ok(format!("{MARK}\ndefault_profile = \"{name}\"\n\n{}", settings.text()))
}

fn announce(console: &Console, sandbox: &Sandbox, written: Option<&Path>, config: &str) {
    let path = written.map(|path| path.display().to_string());
    console.member("domain", json!(facts::DOMAIN));
    console.member("endpoints", json!(sandbox.endpoints().into_iter().collect::<std::collections::BTreeMap<_, _>>()));
    console.member("settings_file", json!(path));
    console.member("settings", json!(config));
    console.member(
        "credentials",
        json!({
            "google-health": { "client_id": facts::GOOGLE_CLIENT_ID, "client_secret": facts::GOOGLE_CLIENT_SECRET },
            "fitbit": { "client_id": facts::FITBIT_CLIENT_ID, "client_secret": facts::FITBIT_CLIENT_SECRET },
            "management": {
                "client_id": facts::MANAGEMENT_CLIENT_ID,
                "client_secret": facts::MANAGEMENT_CLIENT_SECRET
            },
        }),
    );
    console.member(
        "applications",
        facts::APPLICATIONS.iter().map(|app| json!({ "client_id": app.client_id, "name": app.name })).collect(),
    );
    if console.is_json() {
        console.print_document(Exit::Done, None);
        return;
    }
    console.title("Sandbox");
    for (origin, target) in sandbox.endpoints() {
        console.say(&format!("  {origin:<40} {target}"));
    }
    console.title("Credentials (they open nothing outside the sandbox)");
    let variables = |comment: &str, google: bool| {
        let (id, secret) = if google {
            (facts::GOOGLE_CLIENT_ID, facts::GOOGLE_CLIENT_SECRET)
        } else {
            (facts::FITBIT_CLIENT_ID, facts::FITBIT_CLIENT_SECRET)
        };
        console.copyable(&format!("{comment}export FITBIT_CONNECT_CLIENT_ID={id}"));
        console.copyable(&format!("{comment}export FITBIT_CONNECT_CLIENT_SECRET={secret}"));
    };
    console.copyable("# Management API");
    console.copyable(&format!("export AUTH0_CLIENT_ID={}", facts::MANAGEMENT_CLIENT_ID));
    console.copyable(&format!("export AUTH0_CLIENT_SECRET={}", facts::MANAGEMENT_CLIENT_SECRET));
    console.copyable("# The app at Google");
    variables("", true);
    console.copyable("# Or, instead of it, the app at Fitbit");
    variables("# ", false);
    match &path {
        Some(path) => {
            console.title("In another terminal, with the lines above");
            console.copyable(&format!("fitbit-connect setup --config {path}"));
        }
        None => {
            console.title("Settings (or let --write-config FILE write them)");
            config.lines().for_each(|line| console.copyable(line));
        }
    }
    console.gap();
    console.say("Ready. Ctrl-C ends it.");
}
