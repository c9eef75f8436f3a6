//! Owns steps 4 and 5 without the Management API: what to type in the dashboard, then the same verification through
//! `/authorize`.

use super::app::{self, App};
use super::redirects;
use crate::ask::given::Applications;
use crate::ask::{self, Question, Stop};
use crate::auth0::wire::is_client_id;
use crate::checks::applications::Chosen;
use crate::checks::authorize::{Answers, Expected, typed_address};
use crate::checks::id;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step, StepReport, StepState};
use crate::ids::Domain;
use crate::provider::{FETCH_USER_PROFILE, Provider, scopes};
use crate::world::World;

/// The client IDs of the applications: given, saved, or asked for.
///
/// # Errors
/// `input_invalid` for what is no client ID, since names cannot be looked up here.
pub fn applications(world: &World, choice: &Applications, back: bool) -> Result<Vec<Chosen>, Stop> {
    let ids: Vec<String> = match choice {
        Applications::Named(ids) | Applications::Saved(ids) => ids.clone(),
        Applications::All | Applications::Unknown => {
            let person = world.person(&ask::APPS)?;
            let text = "Client IDs of the applications, separated by commas:";
            let question = Question { text, help: "each is on its application's Settings page", default: None, back };
            let split = |list: &str| -> Vec<String> {
                list.split([',', ' ']).filter(|id| !id.is_empty()).map(str::to_owned).collect()
            };
            let list = person.text(&question, &|text| {
                let ids = split(text);
                let right = !ids.is_empty() && ids.iter().all(|id| is_client_id(id));
                if right { Ok(()) } else { Err(SHAPE.to_owned()) }
            })?;
            split(&list)
        }
    };
    refuse_names(&ids)?;
    Ok(ids.iter().map(|id| Chosen::saved(id, &world.saved.callbacks)).collect())
}

/// Applications are named by their client IDs here.
///
/// # Errors
/// `input_invalid`.
pub fn refuse_names(applications: &[String]) -> Result<(), Failure> {
    let Some(wrong) = applications.iter().find(|id| !is_client_id(id)) else { return Ok(()) };
    Err(Failure::new(Code::InputInvalid, format!("the application {wrong} is not right: {SHAPE}")))
}

const SHAPE: &str = "without the Management API an application is named by its client ID, 32 letters and digits as on its Settings page";

/// What to type in the dashboard. A person copies one value after the other; without one everything is printed.
///
/// # Errors
/// `Back` or `cancelled`.
pub fn guide(world: &World, domain: &Domain, connection: &str, app: &App, back: bool) -> Result<(), Stop> {
    let say = |line: &str| world.console.say(line);
    let page = dashboard(domain);
    say("  In the Auth0 dashboard, Authentication > Social:");
    world.console.copyable(&page);
    match app.provider {
        Provider::Fitbit => say("  Create Connection > Fitbit. If there is one already, open it. Then enter:"),
        Provider::GoogleHealth => {
            say("  Create Connection > Create Custom. If there is one already, open it. Then enter:");
            say(
                "  (into one that `fitbit-connect setup` made, the Authorization URL without what follows the question mark)",
            );
        }
    }
    let fields = fields(app.provider, connection, &app.client_id, &app.scopes);
    for (label, value) in &fields {
        say(&format!("  {label}:"));
        world.console.copyable(value);
    }
    say("  Client Secret: paste the one you copied from the provider (it is not shown here)");
    if app.provider == Provider::Fitbit {
        say(&format!("  Permissions: {}", app.scopes.join(", ")));
    }
    let script = (app.provider == Provider::GoogleHealth).then_some(FETCH_USER_PROFILE);
    if script.is_some() {
        say("  Fetch User Profile Script:");
    }
    match &world.dialogue {
        Some(person) => {
            if script.is_some() {
                say("    ([s] copies it, [p] prints it)");
            }
            let values: Vec<&str> = fields.iter().map(|(_, value)| value.as_str()).collect();
            app::stay(world, &**person, &values, Some(&page), script, "entered, go on", back)
        }
        None => {
            script.into_iter().flat_map(str::lines).for_each(|line| world.console.copyable(line));
            Ok(())
        }
    }
}

/// The fields that take one line each.
fn fields(provider: Provider, connection: &str, client_id: &str, names: &[String]) -> Vec<(&'static str, String)> {
    let mut fields = vec![("Connection Name", connection.to_owned())];
    if provider == Provider::GoogleHealth {
        fields.push(("Authorization URL", typed_address(provider)));
        fields.push(("Token URL", provider.token_url().to_owned()));
        fields.push(("Scope", scopes::to_wire(provider, names).join(" ")));
    }
    fields.push(("Client ID", client_id.to_owned()));
    fields
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

/// Verifies steps 4 and 5 through `/authorize`. A person says when it is done, and mends what is refused.
///
/// # Errors
/// The first refusal, when there is nobody or the person leaves it at that.
pub fn verify(
    world: &World,
    domain: &Domain,
    app: &App,
    applications: &[Chosen],
    expected: &Expected,
    login_domains: &[Domain],
) -> Result<Answers, Failure> {
    let verify = || verify_once(world, app, applications, expected, login_domains);
    let Some(person) = &world.dialogue else { return verify() };
    let ways = ["It is done: verify it", "Show the values again", "Leave it at that"].map(str::to_owned);
    let question = Question { text: "Is it entered in the dashboard?", ..Question::default() };
    let mut refused = None;
    loop {
        match person.choose(&question, &ways, 0)? {
            0 => match verify() {
                Ok(answers) => return Ok(answers),
                Err(failure) => refused = Some(failure),
            },
            1 => match guide(world, domain, expected.connection, app, false) {
                Ok(()) | Err(Stop::Back) => {}
                Err(Stop::Failed(failure)) => return Err(failure),
            },
            _ => return Err(refused.unwrap_or_else(Failure::cancelled)),
        }
    }
}

/// What somebody has to do who has the dashboard and no Management API, with the exact value to enter and what comes `then`; what
/// nothing in the connection mends keeps its own cure.
pub fn by_hand(failure: Failure, application: &Chosen, expected: &Expected, then: &str) -> Failure {
    let (provider, name) = (expected.provider, expected.connection);
    let of_field = |wanted: &str| {
        let fields = fields(provider, name, expected.client_id, expected.scopes);
        let field = fields.into_iter().find(|(label, _)| *label == wanted);
        field.map(|(label, value)| format!("{label} `{value}`"))
    };
    let of_both =
        || of_field("Authorization URL").zip(of_field("Token URL")).map(|(one, two)| format!("{one} and {two}"));
    let enter = match (failure.code, provider) {
        (Code::AuthorizeConnectionNotUsable, _) => {
            return failure.with_hint(format!(
                "In the dashboard look whether the connection is named `{name}` exactly, is switched on, and is switched on for {} \
                 on its Applications tab (a change is reported to take a few minutes to act), then {then}",
                application.label()
            ));
        }
        (Code::ConnectionNotConfigured, Provider::GoogleHealth) => of_both(),
        // One of Auth0's own connections has no such fields, and becomes no other.
        (Code::AuthorizeWrongProvider, Provider::GoogleHealth) => {
            let both = of_both().unwrap_or_default();
            let another = provider.default_connection();
            let another = if name == another { "NAME" } else { another };
            return failure.with_hint(format!(
                "Where the connection `{name}` is not a Custom one, it is another provider's: leave it as it is, make a Custom one, and \
                 name that with `--connection {another}` here. Where it is, enter into it exactly {both} and save, then run the same \
                 command again"
            ));
        }
        (Code::AuthorizeWrongProvider, Provider::Fitbit) => {
            return failure.with_hint(format!(
                "The connection `{name}` is not Auth0's own one for Fitbit, or not any more. Make one in the dashboard, under \
                 Authentication > Social > Create Connection > Fitbit, and name it with `--connection NAME`"
            ));
        }
        (Code::AuthorizeWrongClientId, _) => of_field("Client ID").map(|id| format!("{id} with its Client Secret")),
        (Code::AuthorizeScopesMissing | Code::InvalidScope, Provider::GoogleHealth) => of_field("Scope"),
        (Code::AuthorizeScopesMissing, Provider::Fitbit) => Some(format!("Permissions {}", expected.scopes.join(", "))),
        _ => None,
    };
    let Some(enter) = enter else { return failure };
    let or = match failure.code {
        Code::AuthorizeWrongClientId => {
            ". Where the client ID in the tenant is the right one, give that one instead with `--client-id`"
        }
        _ => "",
    };
    failure.with_hint(format!(
        "In the dashboard enter into the connection `{name}` exactly {enter} and save, then {then}{or}"
    ))
}

fn verify_once(
    world: &World,
    app: &App,
    applications: &[Chosen],
    expected: &Expected,
    login_domains: &[Domain],
) -> Result<Answers, Failure> {
    let then = if world.dialogue.is_some() { "verify it again" } else { "run the same command again" };
    let cure = |failure, application: &Chosen| by_hand(failure, application, expected, then);
    let all = (applications, usize::MAX);
    let answers = redirects::verify(world, Step::Connection, all, expected, login_domains, cure)?;
    let (state, detail) = match answers.open.last() {
        None => {
            let what = match app.provider {
                Provider::Fitbit => "the client secret is",
                Provider::GoogleHealth => "client secret, Token URL and script are",
            };
            (StepState::Done, format!("verified through /authorize; {what} verified by a login alone"))
        }
        Some(open) => (StepState::Skipped, format!("not verified: {}", open.detail)),
    };
    for check in [id::CONNECTION_SETTINGS, id::CONNECTION_SECRET] {
        world.console.finding(&Finding::skip(check, "not compared: no Management API session"));
    }
    world.console.step(StepReport::new(Step::Connection, state, detail.clone()));
    world.console.step(StepReport::new(Step::Applications, state, detail));
    Ok(answers)
}
