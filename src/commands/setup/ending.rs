//! Owns the first and the last word of `setup`: what will happen, and what is true now.

use super::Place;
use super::draft::Draft;
use crate::auth0::connection::Wanted;
use crate::checks::applications::Chosen;
use crate::finding::{Finding, Step, StepReport, StepState};
use crate::ids::{DEFAULT_PORT, Store};
use crate::login::session;
use crate::provider::Provider;
use crate::steps::app::App;
use crate::steps::local::Local;
use crate::steps::tenant::Change;
use crate::world::World;

/// Says what the six steps are, how long they take, and how to leave.
pub fn welcome(draft: &Draft) {
    let (world, console) = (draft.world, &draft.world.console);
    console.title("Log in with Fitbit on an Auth0 tenant, in six steps");
    for step in Step::ALL {
        console.say(&format!("  {}. {}", step.number(), step.title()));
    }
    if world.saved.client_id.is_some() {
        console.say(&format!("Profile {} has settings already: what is right is not asked again.", world.profile));
    } else if world.sandbox.is_some() {
        console.say("This is the simulator: accounts and tenant are made up, and nothing is kept.");
    } else {
        console.say(
            "It takes about 20 minutes if there is no app at the provider yet, and 5 if there is one (estimated).",
        );
    }
    let leave = if console.is_plain() { "Ctrl-C" } else { "Esc or Ctrl-C" };
    console.say(&format!("Nothing is written before you have seen the plan. {leave} leaves at any question."));
    console.gap();
}

/// How much is proved of what was set up.
#[derive(Clone, Copy)]
pub enum Proof {
    /// By the Management API, or by a login.
    Whole,
    /// By the tenant; what the provider says of it is not understood.
    WithoutProvider,
    /// That `/authorize` leads to the provider; the rest was entered by hand, and nobody logged in.
    WayOnly,
    /// No answer was understood.
    Nothing,
}

/// Says what is true now, what to do next, and how to undo each thing that was made.
pub fn summary(
    world: &World,
    app: &App,
    place: &Place,
    chosen: &[Chosen],
    change: Option<&Change>,
    local: &Local,
    (proof, open): (Proof, &[Finding]),
) {
    let console = &world.console;
    let is_open = |one: &&Chosen| open.iter().any(|open| open.application.as_ref() == Some(&one.client_id));
    let mut proved: Vec<&Chosen> = chosen.iter().filter(|one| !is_open(one)).collect();
    if proved.is_empty() {
        proved.extend(chosen);
    }
    let names: Vec<String> = proved.into_iter().map(Chosen::label).collect();
    let names = names.join(", ");
    match proof {
        Proof::Whole => {
            console.title(if open.is_empty() { "Done" } else { "Done, but not all of it is verified" });
            console.say(&format!("  {} is set up in {} for {names}", place.connection, place.domain));
        }
        Proof::WithoutProvider => {
            console.title("Done, but for the provider's word");
            console.say(&format!("  {} leads to {} for {names}", place.connection, app.provider.title()));
            console.say(
                "  Not verified: whether the provider takes the callback URL, the client ID and the secret; its answers are not \
                 understood",
            );
        }
        Proof::WayOnly => {
            console.title("Done, but for the proof of a login");
            console.say(&format!(
                "  /authorize of {} leads to {} through {} for {names}",
                place.host(),
                app.provider.title(),
                place.connection
            ));
            let entered = match app.provider {
                Provider::Fitbit => "the client secret that you entered is",
                Provider::GoogleHealth => "the client secret, Token URL and script that you entered are",
            };
            console.say(&format!("  Not verified: whether {entered} right; only a login shows it."));
            console.say(&format!(
                "  Log in once, or test it with {}:",
                session::test_app_to_be(local.profile.port.unwrap_or(DEFAULT_PORT))
            ));
            console.copyable(&format!("fitbit-connect test --test-app ID{}", world.again));
        }
        Proof::Nothing => {
            console.title("Not verified");
            let what = format!("{} in {} for {names}", place.connection, place.domain);
            console.say(&format!("  Whether {what} is set up is not known: /authorize does not show it"));
        }
    }
    open.iter().for_each(|open| console.say(&format!("  Not verified: {}", open.detail)));
    // Of a connection that was entered by hand it is known that these are, and not what more is.
    let asked = if change.is_some() { "Asked for" } else { "Asked for at least" };
    console.say(&format!("  {asked}: {}", app.scopes.join(" ")));
    if app.provider == Provider::GoogleHealth && world.sandbox.is_none() {
        console.say("  Which of them a person grants only the provider knows; a direct login shows it:");
        console.copyable(&format!("fitbit-connect test --direct{}", world.again));
    }
    code(world, place, chosen);
    if world.sandbox.is_some() {
        console.gap();
        console.say("This was the simulator and nothing is kept; with a tenant of your own: fitbit-connect setup");
        return;
    }
    match world.store() {
        Store::Nothing => console.title("Verify it at any time, with FITBIT_CONNECT_CLIENT_SECRET set"),
        Store::Keychain | Store::File => console.title("Verify it at any time"),
    }
    if change.is_some() && local.profile.management_client_id.is_some() {
        console.copyable(&format!("fitbit-connect test --headless --strict{}", world.again));
    } else {
        console.copyable(&format!("fitbit-connect test --headless{}", world.again));
    }
    if change.is_some() {
        console.say("In CI, with FITBIT_CONNECT_CLIENT_SECRET, AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET set:");
        console.copyable(&in_ci(app, place, chosen, " --strict"));
    } else {
        console.say("In CI, with FITBIT_CONNECT_CLIENT_SECRET set:");
        console.copyable(&in_ci(app, place, chosen, ""));
    }
    undo(world, place, change, local);
}

/// Three lines that send a browser there, for the first application that has a web page to come back to.
fn code(world: &World, place: &Place, chosen: &[Chosen]) {
    let console = &world.console;
    let web = |application: &&Chosen| application.callback().is_some_and(|callback| callback.starts_with("http"));
    let any = |application: &&Chosen| application.callback().is_some();
    let first = chosen.iter().find(web).or(chosen.iter().find(any)).or(chosen.first());
    let id = first.map_or("YOUR_CLIENT_ID", |application| application.client_id.as_str());
    let callback = first.and_then(Chosen::callback).unwrap_or("YOUR_CALLBACK_URL");
    let [id, connection, callback] =
        [id, &place.connection, callback].map(|text| serde_json::Value::from(text).to_string());
    console.title("Log in with it, from a web page (add state and PKCE, or leave both to an SDK)");
    if first.and_then(Chosen::callback).is_none() {
        console.say("  In place of YOUR_CALLBACK_URL: an Allowed Callback URL of the application");
    }
    console.copyable(&format!("const url = new URL('https://{}/authorize?response_type=code');", place.host()));
    console.copyable(&format!(
        "Object.entries({{ client_id: {id}, connection: {connection}, redirect_uri: {callback}, scope: 'openid profile' }})"
    ));
    console.copyable("  .forEach(([name, value]) => url.searchParams.set(name, value)); location.assign(url);");
}

/// The check as a command that needs no settings file and no keychain.
fn in_ci(app: &App, place: &Place, chosen: &[Chosen], strict: &str) -> String {
    let mut command = format!(
        "fitbit-connect test --headless{strict} --store none --provider {} --client-id {} --domain {} --connection {}",
        app.provider, app.client_id, place.domain, place.connection
    );
    place.login_domains.iter().for_each(|domain| command.push_str(&format!(" --login-domain {domain}")));
    if app.scopes_chosen {
        command.push_str(&format!(" --scopes {}", app.scopes.join(",")));
    }
    chosen.iter().for_each(|application| command.push_str(&format!(" --app {}", application.client_id)));
    command
}

/// One line for each thing that was made.
fn undo(world: &World, place: &Place, change: Option<&Change>, local: &Local) {
    if world.sandbox.is_some() {
        return;
    }
    let mut lines = Vec::new();
    let mut alone = "";
    if change.is_some_and(|change| change.now.is_none()) {
        let (name, domain, profile) = (&place.connection, &place.domain, &world.profile);
        let what = format!("the connection {name} in {domain}, with profile {profile} (needs delete:connections)");
        alone = " alone";
        lines.push((what, format!("fitbit-connect remove --delete-connection{}", world.again)));
    } else if let Some(change) = change.filter(|change| !change.selection.to_enable.is_empty()) {
        let what = format!("{} enabled for {}", place.connection, change.selection.to_enable.join(", "));
        lines.push((what, format!("dashboard > Authentication > Social > {} > Applications", place.connection)));
    }
    let path = world.settings.borrow().path().map(|path| path.display().to_string());
    let secret = (local.app.to_store || local.management.is_some()) && world.store() != Store::Nothing;
    // Forgetting a profile that was set up before would undo more than this run did.
    if let Some(path) = path.filter(|_| world.saved.client_id.is_none()) {
        let secrets = if secret { format!(", and its secrets in {}", world.place()) } else { String::new() };
        let what = format!("profile {} in {path}{secrets}{alone}", world.profile);
        lines.push((what, format!("fitbit-connect remove{}", world.again)));
    }
    if lines.is_empty() {
        return;
    }
    world.console.title("To undo it");
    for (what, how) in lines {
        world.console.say(&format!("  {what}:"));
        world.console.copyable(&how);
    }
}

/// The end of a dry run.
pub fn planned(world: &World, change: &Change, wanted: &Wanted, app: &App) {
    world.console.connection(super::document(
        wanted,
        change.now.as_ref().map(|now| now.id.clone()),
        change.action(true),
    ));
    let report = |step, yes: bool, detail: &str| {
        let state = if yes { StepState::Planned } else { StepState::Done };
        world.console.step(StepReport::new(step, state, detail));
    };
    let to_enable = &change.selection.to_enable;
    world.console.step(app.step(world, StepState::Planned));
    report(Step::Connection, change.touches_connection(), change.action(true));
    report(Step::Applications, !to_enable.is_empty(), &format!("{} to enable", to_enable.len()));
    world.console.step(StepReport::new(Step::Login, StepState::Skipped, "left out (--dry-run)"));
}
