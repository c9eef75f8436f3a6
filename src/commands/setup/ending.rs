//! Owns the first and the last word of `setup`: what will happen, and what is true now.

use super::Place;
use super::draft::Draft;
use crate::checks::applications::Chosen;
use crate::finding::Step;
use crate::ids::Store;
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
        console.say(&format!("Profile {} is set up already: what is right is not asked again.", world.profile));
    } else if world.sandbox.is_some() {
        console.say("This is the simulator: accounts and tenant are made up, and nothing is kept.");
    } else {
        console.say(
            "It takes about 20 minutes if there is no app at the provider yet, and 5 if there is one (estimated).",
        );
    }
    console.say("Nothing is written before you have seen the plan. Esc or Ctrl-C leaves at any question.");
    console.gap();
}

/// Says what is true now, what to do next, and how to undo each thing that was made.
pub fn summary(world: &World, app: &App, place: &Place, chosen: &[Chosen], change: Option<&Change>, local: &Local) {
    let console = &world.console;
    let names: Vec<String> = chosen.iter().map(Chosen::label).collect();
    console.title("Done");
    console.say(&format!("  {} is set up in {} for {}", place.connection, place.domain, names.join(", ")));
    console.say(&format!("  Asked for: {}", app.scopes.join(" ")));
    if app.provider == Provider::GoogleHealth {
        console.say("  Which of them a person grants only the provider knows; to see it: fitbit-connect test --direct");
    }

    console.title("Log in with it");
    let first = chosen.first();
    let id = first.map_or("CLIENT_ID", |application| application.client_id.as_str());
    let callback = first.and_then(Chosen::callback).unwrap_or("YOUR_CALLBACK_URL");
    console.copyable(&format!(
        "const url = new URL('https://{}/authorize?response_type=code&scope=openid%20profile');",
        place.host()
    ));
    let [id, connection, callback] =
        [id, &place.connection, callback].map(|text| serde_json::Value::from(text).to_string());
    console.copyable(&format!(
        "Object.entries({{ client_id: {id}, connection: {connection}, redirect_uri: {callback} }})"
    ));
    console.copyable("  .forEach(([k, v]) => url.searchParams.set(k, v)); location.assign(url); // add state and PKCE");

    if world.sandbox.is_some() {
        console.gap();
        console.say("This was the simulator and nothing is kept; with a tenant of your own: fitbit-connect setup");
        return;
    }
    console.title("Verify it at any time, also in CI");
    console.copyable(&format!("fitbit-connect test --headless --strict{}", world.again));
    undo(world, place, change, local);
}

/// One line for each thing that was made.
fn undo(world: &World, place: &Place, change: Option<&Change>, local: &Local) {
    let mut lines = Vec::new();
    if change.is_some_and(|change| change.now.is_none()) {
        let what = format!("the connection {} in {}", place.connection, place.domain);
        lines.push((what, format!("fitbit-connect remove --delete-connection{}", world.again)));
    } else if let Some(change) = change.filter(|change| !change.selection.to_enable.is_empty()) {
        let what = format!("{} enabled for {}", place.connection, change.selection.to_enable.join(", "));
        lines.push((what, format!("dashboard > Authentication > Social > {} > Applications", place.connection)));
    }
    let forget = format!("fitbit-connect remove{}", world.again);
    if local.app.to_store && world.store() != Store::Nothing {
        lines.push((format!("the client secret in {}", world.place()), forget.clone()));
    }
    if local.management.is_some() {
        lines.push((format!("the Management API client's secret in {}", world.place()), forget.clone()));
    }
    if !world.profile_exists
        && let Some(path) = world.settings.borrow().path()
    {
        lines.push((format!("profile {} in {}", world.profile, path.display()), forget));
    }
    if lines.is_empty() {
        return;
    }
    world.console.title("To undo it");
    for (what, how) in lines {
        world.console.say(&format!("  {what}: {how}"));
    }
}
