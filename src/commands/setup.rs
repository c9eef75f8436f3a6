//! `setup`: the six steps. Look, show the plan, change only what differs, look again, log in once.

mod by_hand;
mod door;

use crate::ask::given::Inputs;
use crate::auth0::connection::Wanted;
use crate::checks::applications::Chosen;
use crate::checks::authorize::{Expected, redirect};
use crate::checks::id;
use crate::cli;
use crate::console::ConnectionDoc;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step, StepReport, StepState};
use crate::ids::Domain;
use crate::login::{self, Login, session, temporary};
use crate::provider::{FormValues, Provider, scopes};
use crate::secret::Secret;
use crate::settings::Profile;
use crate::steps::app::{self, App};
use crate::steps::local::Local;
use crate::steps::plan::Plan;
use crate::steps::tenant::{self, Change};
use crate::steps::{demand, sign_in, within};
use crate::world::World;

/// Runs it.
///
/// # Errors
/// What went wrong, named; every step before it is reported.
pub fn run(world: &World, args: &cli::Setup) -> Result<(), Failure> {
    let mut inputs = world.inputs(&args.inputs)?;
    let stored = door::check(world, args, &inputs)?;
    let provider = app::choose_provider(world, &inputs)?;
    world.console.about(
        world.profile.as_str(),
        Some(provider.to_string()),
        inputs.domain.as_ref().map(Domain::to_string),
    );
    let domain = app::choose_domain(world, &inputs)?;
    world.console.about(world.profile.as_str(), Some(provider.to_string()), Some(domain.to_string()));
    let mut place = Place {
        connection: inputs.connection.as_ref().map_or(provider.default_connection(), |name| name.as_str()).to_owned(),
        login_domains: inputs.login_domains.clone(),
        domain,
    };
    let needed = needed(args, &inputs);
    // The tenant knows the custom domains whose callback URLs are shown in step 2.
    let mut session = match inputs.management {
        Some(_) if !args.manual => {
            Some(sign_in::run(world, &place.domain, &mut inputs, &mut place.login_domains, &needed)?)
        }
        _ => None,
    };

    let mut app = register(world, provider, &mut inputs, stored, &place)?;
    app::verify_credentials(world, &mut app, &place.host().callback())?;

    world.console.heading(Step::Connection.number(), Step::Connection.title());
    if args.manual {
        return by_hand::run(world, args, &inputs, &app, &place);
    }
    let session = match session.take() {
        Some(session) => session,
        None => sign_in_late(world, args, &mut inputs, &app, &mut place)?,
    };
    let management = &session.management;
    let name = place.connection.clone();
    let wanted = app.wanted(&name);
    let (now, differences) = tenant::look_at_connection(world, management, &wanted, inputs.connection.as_ref())?;
    if let Some(now) = &now {
        place.connection.clone_from(&now.name);
        app.scopes = app.wanted(&name).resulting_scopes(Some(now));
    }
    let wanted = app.wanted(&place.connection);
    world.console.heading(Step::Applications.number(), Step::Applications.title());
    let selection = tenant::look_at_applications(world, management, now.as_ref(), &inputs)?;
    let change = Change { now, differences, selection };
    if !args.dry_run {
        let login = !args.skip_login && inputs.test_app.is_none();
        within(world, Step::Connection, || {
            tenant::require_for(management, &change, login, inputs.test_app.as_deref())
        })?;
    }

    let keep_management = session.to_keep.is_some() && keep_management(world, args)?;
    let mut local = Local {
        app: &app,
        profile: place.profile(world, &app, inputs.port, &change.selection.applications),
        management: None,
    };
    if keep_management && let Some((id, secret)) = session.to_keep {
        local.profile.management_client_id = Some(id.clone());
        local.management = Some((id, secret));
    }
    let mut plan = Plan::default();
    local.plan(world, &mut plan);
    tenant::plan(&mut plan, &change, &wanted);
    plan.show(&world.console, &format!("tenant {}, profile {}", place.domain, world.profile));
    if args.dry_run {
        report_planned(world, &change, &wanted, &app);
        say_dry_run(world);
        return Ok(());
    }
    confirm(world, args, &plan, &format!("Do this in {}", place.domain))?;

    world.console.title("Made true and looked at again");
    local.apply(world)?;
    let connection = tenant::apply_connection(world, management, &wanted, &change)?;
    world.console.connection(document(&change, &wanted, Some(connection.id.clone()), false));
    tenant::apply_applications(world, management, &connection, &change)?;
    verify_redirects(world, &change.selection.applications, &place.expected(&app))?;

    world.console.heading(Step::Login.number(), Step::Login.title());
    if args.skip_login {
        world.console.say("  Left out (--skip-login).");
        world.console.step(StepReport::new(Step::Login, StepState::Skipped, "left out (--skip-login)"));
    } else {
        let through = session::Through {
            management: Some(management),
            all: &change.selection.all,
            connection_id: &connection.id,
            test_app: inputs.test_app.as_deref(),
        };
        within(world, Step::Login, || session::run(world, &place.login(&app, &inputs), place.host(), &through))?;
    }
    summary(world, &place, &change);
    Ok(())
}

/// Where the connection is, or will be.
struct Place {
    domain: Domain,
    login_domains: Vec<Domain>,
    connection: String,
}

impl Place {
    /// The domain people log in through.
    fn host(&self) -> &Domain {
        login::host(&self.domain, &self.login_domains)
    }

    fn expected<'a>(&'a self, app: &'a App) -> Expected<'a> {
        Expected {
            provider: app.provider,
            connection: &self.connection,
            client_id: &app.client_id,
            scopes: &app.scopes,
            host: self.host(),
        }
    }

    fn login<'a>(&'a self, app: &'a App, inputs: &Inputs) -> Login<'a> {
        Login {
            provider: app.provider,
            client_id: &app.client_id,
            scopes: &app.scopes,
            connection: &self.connection,
            provider_callback: self.host().callback(),
            port: inputs.port,
            timeout: inputs.timeout,
        }
    }

    fn profile(&self, world: &World, app: &App, port: u16, applications: &[Chosen]) -> Profile {
        let callback = |application: &Chosen| Some((application.client_id.clone(), application.callback()?.to_owned()));
        Profile {
            provider: Some(app.provider),
            domain: Some(self.domain.clone()),
            login_domains: self.login_domains.clone(),
            client_id: Some(app.client_id.clone()),
            connection: self.connection.parse().ok(),
            applications: applications.iter().map(|application| application.client_id.clone()).collect(),
            callbacks: applications.iter().filter_map(callback).collect(),
            // Scopes that nobody chose are not pinned: what is added in the dashboard stays.
            scopes: if app.scopes_chosen { app.scopes.clone() } else { Vec::new() },
            port: Some(port),
            store: Some(world.store),
            management_client_id: world
                .saved
                .management_client_id
                .clone()
                .filter(|_| world.saved.domain.as_ref() == Some(&self.domain)),
            endpoints: world.saved.endpoints.clone(),
        }
    }
}

/// Steps 1 to 3: the app at the provider, up to its credentials.
fn register(
    world: &World,
    provider: Provider,
    inputs: &mut Inputs,
    stored: Option<Secret>,
    place: &Place,
) -> Result<App, Failure> {
    let names =
        inputs.scopes.clone().unwrap_or_else(|| provider.default_scopes().iter().map(|s| (*s).to_owned()).collect());
    if (world.saved.provider, provider) == (Some(Provider::Fitbit), Provider::GoogleHealth) && inputs.scopes.is_none() {
        suggest_scopes(world);
    }
    let loopback = format!("http://127.0.0.1:{}/callback", inputs.port);
    let callbacks = app::callbacks(&place.domain, &place.login_domains);
    let urls: Vec<String> = callbacks.iter().map(|(url, _)| url.clone()).collect();
    app::register(world, provider, inputs, &FormValues { callbacks: &urls, loopback: &loopback, scopes: &names })?;
    app::show_callbacks(world, &callbacks, &loopback, inputs.client_id.is_none())?;
    let client_id = app::choose_client_id(world, provider, inputs)?;
    app::verify_callbacks(world, provider, &client_id, &callbacks, &names)?;
    world.console.heading(Step::Credentials.number(), Step::Credentials.title());
    let replaces = stored.is_some();
    let (secret, to_store) = within(world, Step::Credentials, || app::choose_secret(world, provider, inputs, stored))?;
    Ok(App { provider, client_id, secret, to_store, replaces, scopes: names, scopes_chosen: inputs.scopes.is_some() })
}

/// What the scopes of the Fitbit profile are called at Google, for whoever moves over.
fn suggest_scopes(world: &World) {
    let moved = scopes::migrate(&world.saved.scopes);
    if moved.scopes.len() > Provider::GoogleHealth.default_scopes().len() {
        world.console.say("The Fitbit scopes of this profile have these successors; to ask for them too, add:");
        world.console.copyable(&format!("--scopes {}", moved.scopes.join(",")));
    }
    if !moved.dropped.is_empty() {
        world.console.say(&format!("Without a successor: {}", moved.dropped.join(", ")));
    }
}

/// The scopes that this run needs whatever it finds.
fn needed(args: &cli::Setup, inputs: &Inputs) -> Vec<&'static str> {
    let mut scopes = tenant::LOOK.to_vec();
    if !args.dry_run && !args.skip_login && inputs.test_app.is_none() {
        scopes.extend(temporary::SCOPES);
    }
    scopes
}

/// Signs in at step 4, when the credentials were not known before; a custom domain found now has a callback of its own.
fn sign_in_late<'a>(
    world: &'a World,
    args: &cli::Setup,
    inputs: &mut Inputs,
    app: &App,
    place: &mut Place,
) -> Result<sign_in::Session<'a>, Failure> {
    let before = place.login_domains.len();
    let needed = needed(args, inputs);
    let session = sign_in::run(world, &place.domain, inputs, &mut place.login_domains, &needed)?;
    let found: Vec<(String, bool)> =
        place.login_domains[before..].iter().map(|domain| (domain.callback(), true)).collect();
    if !found.is_empty() {
        world.console.say("  The tenant has a custom login domain; its callback URL has to be registered too:");
        found.iter().for_each(|(url, _)| world.console.copyable(url));
        app::verify_callbacks(world, app.provider, &app.client_id, &found, &app.scopes)?;
    }
    Ok(session)
}

fn keep_management(world: &World, args: &cli::Setup) -> Result<bool, Failure> {
    match &world.dialogue {
        _ if args.save_management => Ok(true),
        Some(person) if world.sandbox.is_none() && !args.yes => {
            person.confirm("Keep the Management API client's secret too", false)
        }
        _ => Ok(false),
    }
}

/// Nothing is written before the plan was shown and confirmed.
fn confirm(world: &World, args: &cli::Setup, plan: &Plan, question: &str) -> Result<(), Failure> {
    if args.yes || plan.is_empty() {
        return Ok(());
    }
    world.console.gap();
    match &world.dialogue {
        Some(person) if person.confirm(question, true)? => Ok(()),
        Some(_) => Err(Failure::new(Code::Cancelled, "not confirmed; nothing was written")),
        None => Err(Failure::new(Code::ConfirmationMissing, "nobody confirmed the plan; nothing was written")),
    }
}

/// The connection of `--manual`, about which nothing was asked.
fn by_hand_document(app: &App, place: &Place) -> ConnectionDoc {
    ConnectionDoc {
        id: None,
        name: place.connection.clone(),
        strategy: app.provider.strategy().to_owned(),
        action: None,
    }
}

fn document(change: &Change, wanted: &Wanted, id: Option<String>, dry_run: bool) -> ConnectionDoc {
    ConnectionDoc {
        id,
        name: wanted.name.to_owned(),
        strategy: wanted.provider.strategy().to_owned(),
        action: Some(change.action(dry_run)),
    }
}

fn report_planned(world: &World, change: &Change, wanted: &Wanted, app: &App) {
    world.console.connection(document(change, wanted, change.now.as_ref().map(|now| now.id.clone()), true));
    let report = |step, yes: bool, detail: &str| {
        let state = if yes { StepState::Planned } else { StepState::Done };
        world.console.step(StepReport::new(step, state, detail));
    };
    let to_enable = &change.selection.to_enable;
    report(Step::Credentials, app.to_store, "accepted by the provider");
    report(Step::Connection, change.touches_connection(), change.action(true));
    report(Step::Applications, !to_enable.is_empty(), &format!("{} to enable", to_enable.len()));
    world.console.step(StepReport::new(Step::Login, StepState::Skipped, "left out (--dry-run)"));
}

fn say_dry_run(world: &World) {
    world.console.gap();
    world.console.say("This was a dry run: nothing was written.");
}

/// `/authorize` of each application, up to the number that is asked without being told to ask all.
fn verify_redirects(world: &World, applications: &[Chosen], expected: &Expected) -> Result<(), Failure> {
    for (n, application) in applications.iter().enumerate() {
        let finding = if n < super::test::ASKED_APPLICATIONS {
            redirect(&world.http, application, expected)
        } else {
            Finding::left_out(id::AUTHORIZE_REDIRECT, "not asked: only the first 20 applications are")
                .about(&application.client_id, application.name.as_deref())
        };
        within(world, Step::Applications, || demand(world, finding))?;
    }
    Ok(())
}

fn summary(world: &World, place: &Place, change: &Change) {
    let names: Vec<String> = change.selection.applications.iter().map(Chosen::label).collect();
    world.console.title("Done");
    world.console.say(&format!("  {} is set up in {} for {}", place.connection, place.domain, names.join(", ")));
    let example =
        format!("https://{}/authorize?response_type=code&client_id=...&connection={}", place.host(), place.connection);
    world.console.say(&format!("  Log in with it: {example}"));
    if world.sandbox.is_some() {
        world
            .console
            .say("  This was the simulator and nothing is kept; with a tenant of your own: fitbit-connect setup");
    } else {
        world.console.say(&format!("  Verify it at any time: fitbit-connect test --headless{}", world.again));
    }
}
