//! Owns steps 4 and 5 without the Management API: what to type in the dashboard, then the same verification through
//! `/authorize`.

use super::{app, demand, within};
use crate::ask;
use crate::ask::given::Applications;
use crate::checks::applications::Chosen;
use crate::checks::authorize::{Expected, redirect};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, State, Step, StepReport, StepState};
use crate::ids::Domain;
use crate::provider::{FETCH_USER_PROFILE, GOOGLE_AUTH_PARAMS, Provider, scopes};
use crate::world::World;

/// The client IDs of the applications: given, saved, or asked for.
///
/// # Errors
/// `input_invalid` for what is no client ID, since names cannot be looked up here.
pub fn applications(world: &World, choice: &Applications) -> Result<Vec<Chosen>, Failure> {
    let ids = match (choice, &world.dialogue) {
        (Applications::Named(ids) | Applications::Saved(ids), _) => ids.clone(),
        (_, Some(person)) => {
            let question = "Client IDs of the applications, separated by commas";
            let list = person.text(question, &|text| {
                if is_client_id(text.split(',').next().unwrap_or("")) { Ok(()) } else { Err(SHAPE.to_owned()) }
            })?;
            list.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect()
        }
        (_, None) => return Err(ask::given::missing(&[ask::APPS.how_to_give()])),
    };
    match ids.iter().find(|id| !is_client_id(id)) {
        Some(wrong) => Err(Failure::new(Code::InputInvalid, format!("the application {wrong} is not right: {SHAPE}"))),
        None => Ok(ids.iter().map(|id| Chosen::saved(id, &world.saved.callbacks)).collect()),
    }
}

const SHAPE: &str =
    "without the Management API an application is named by its client ID, letters and digits without spaces";

fn is_client_id(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// What to type in the dashboard.
pub fn guide(world: &World, domain: &Domain, connection: &str, app: &app::App) {
    let say = |line: &str| world.console.say(line);
    say("  In the Auth0 dashboard, Authentication > Social:");
    world.console.copyable(&dashboard(domain));
    match app.provider {
        Provider::Fitbit => say("  Create Connection > Fitbit. If there is one already, open it. Then enter:"),
        Provider::GoogleHealth => {
            say("  Create Connection > Create Custom. If there is one already, open it. Then enter:")
        }
    }
    let field = |label: &str, value: &str| {
        say(&format!("  {label}:"));
        world.console.copyable(value);
    };
    field("Connection Name", connection);
    if app.provider == Provider::GoogleHealth {
        let parameters: Vec<String> =
            GOOGLE_AUTH_PARAMS.iter().map(|(name, value)| format!("{name}={value}")).collect();
        field("Authorization URL", &format!("{}?{}", app.provider.authorize_url(), parameters.join("&")));
        field("Token URL", app.provider.token_url());
        field("Scope", &scopes::to_wire(app.provider, &app.scopes).join(" "));
    }
    field("Client ID", &app.client_id);
    say("  Client Secret: paste the one you copied from the provider (it is not shown here)");
    if app.provider == Provider::GoogleHealth {
        say("  Fetch User Profile Script:");
        for line in FETCH_USER_PROFILE.lines() {
            world.console.copyable(line);
        }
    } else {
        say(&format!("  Permissions: {}", app.scopes.join(", ")));
    }
}

/// The dashboard page for social connections. The region is part of a canonical public-cloud domain.
fn dashboard(domain: &Domain) -> String {
    let labels: Vec<&str> = domain.as_str().split('.').collect();
    match labels.as_slice() {
        [tenant, region, "auth0", "com"] => {
            format!("https://manage.auth0.com/dashboard/{region}/{tenant}/connections/social")
        }
        [tenant, "auth0", "com"] => format!("https://manage.auth0.com/dashboard/us/{tenant}/connections/social"),
        _ => "https://manage.auth0.com/".to_owned(),
    }
}

/// Verifies steps 4 and 5 through `/authorize`. In a dialogue a refusal can be mended and asked again.
///
/// # Errors
/// The first refusal.
pub fn verify(world: &World, applications: &[Chosen], expected: &Expected) -> Result<(), Failure> {
    if let Some(person) = &world.dialogue {
        while !person.confirm("Is it done", true)? {}
    }
    let mut unknown = None;
    for application in applications {
        loop {
            let finding = redirect(&world.http, application, expected);
            if let (Some(person), true) = (&world.dialogue, finding.is_fail()) {
                world.console.finding(&finding);
                if person.confirm("Ask again", true)? {
                    continue;
                }
            }
            let finding = match finding.failure.clone().filter(|_| finding.is_fail() && world.dialogue.is_none()) {
                Some(failure) => {
                    let again = "Enter the values above in the dashboard, then run the same command again";
                    let told = Finding::fail(finding.check, failure.with_hint(again));
                    told.about(&application.client_id, application.name.as_deref())
                }
                None => finding,
            };
            let finding = within(world, Step::Connection, || demand(world, finding))?;
            if finding.state != State::Pass {
                unknown = Some(finding.detail);
            }
            break;
        }
    }
    let (state, detail) = match unknown {
        None => {
            (StepState::Done, "verified through /authorize; the client secret is verified by a login alone".to_owned())
        }
        Some(why) => (StepState::Skipped, format!("not verified: {why}")),
    };
    world.console.step(StepReport::new(Step::Connection, state, detail.clone()));
    world.console.step(StepReport::new(Step::Applications, state, detail));
    Ok(())
}
