//! `setup`: the six steps. Look, show the plan, change only what differs, look again, log in once.

use crate::ask;
use crate::ask::given::{Applications, Inputs, missing};
use crate::auth0::connection::Wanted;
use crate::checks::applications::Chosen;
use crate::checks::authorize::{Expected, redirect};
use crate::checks::id;
use crate::cli;
use crate::console::ConnectionDoc;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step, StepReport, StepState};
use crate::ids::Domain;
use crate::login::{self, Login};
use crate::provider::{FormValues, Provider};
use crate::secret::Secret;
use crate::settings::Profile;
use crate::steps::app::{self, App};
use crate::steps::manual;
use crate::steps::plan::{Item, Plan};
use crate::steps::tenant::{self, Change};
use crate::steps::{demand, sign_in, within};
use crate::world::{World, store_failure};

/// Runs it.
///
/// # Errors
/// What went wrong, named; every step before it is reported.
pub fn run(world: &World, args: &cli::Setup) -> Result<(), Failure> {
    let mut inputs = world.inputs(&args.inputs)?;
    refuse_what_contradicts(args, &inputs)?;
    if world.dialogue.is_none() {
        report_missing(world, args, &inputs)?;
    }
    let provider = app::choose_provider(world, &inputs)?;
    let scopes =
        inputs.scopes.clone().unwrap_or_else(|| provider.default_scopes().iter().map(|s| (*s).to_owned()).collect());
    let name = inputs.connection.as_ref().map_or(provider.default_connection(), |name| name.as_str()).to_owned();
    about(world, provider, inputs.domain.as_ref());

    let domain = app::choose_domain(world, &inputs)?;
    about(world, provider, Some(&domain));
    let mut login_domains = inputs.login_domains.clone();
    let early = !args.manual && inputs.management.is_some();
    let (mut management, mut management_is_new) = (None, None);
    if early {
        let session = sign_in::run(world, &domain, &mut inputs, &mut login_domains)?;
        management_is_new = session.to_keep;
        management = Some(session.management);
    }

    // Steps 1 to 3: the app at the provider.
    let loopback = format!("http://127.0.0.1:{}/callback", inputs.port);
    let callbacks = app::callbacks(&domain, &login_domains);
    let urls: Vec<String> = callbacks.iter().map(|(url, _)| url.clone()).collect();
    let form = FormValues { callbacks: &urls, loopback: &loopback, scopes: &scopes };
    app::register(world, provider, &inputs, &form)?;
    app::show_callbacks(world, &callbacks, &loopback);
    let client_id = app::choose_client_id(world, provider, &inputs)?;
    app::verify_callbacks(world, provider, &client_id, &callbacks, &scopes)?;
    world.console.heading(Step::Credentials.number(), Step::Credentials.title());
    let (secret, to_store) = within(world, Step::Credentials, || app::choose_secret(world, provider, &mut inputs))?;
    let mut app = App { provider, client_id, secret, to_store, scopes };
    app::verify_credentials(world, &mut app, &login::host(&domain, &login_domains).callback())?;

    // Steps 4 and 5: what the tenant has, and what differs.
    world.console.heading(Step::Connection.number(), Step::Connection.title());
    if args.manual {
        return without_management(world, args, &inputs, &app, &name, &domain, &login_domains);
    }
    if management.is_none() {
        let before = login_domains.len();
        let session = sign_in::run(world, &domain, &mut inputs, &mut login_domains)?;
        management_is_new = session.to_keep;
        management = Some(session.management);
        if login_domains.len() > before {
            let more: Vec<(String, bool)> = login_domains[before..].iter().map(|d| (d.callback(), true)).collect();
            world.console.say("  The tenant has a custom login domain; its callback URL has to be registered too:");
            more.iter().for_each(|(url, _)| world.console.copyable(url));
            app::verify_callbacks(world, provider, &app.client_id, &more, &app.scopes)?;
        }
    }
    let management = management.ok_or_else(|| Failure::new(Code::Unexpected, "there is no Management API session"))?;
    let wanted =
        Wanted { provider, name: &name, client_id: &app.client_id, secret: Some(&app.secret), scopes: &app.scopes };
    let (now, differences) = tenant::look_at_connection(world, &management, &wanted, inputs.connection.as_ref())?;
    let name = now.as_ref().map_or_else(|| name.clone(), |connection| connection.name.clone());
    let wanted = Wanted { name: &name, ..wanted };
    let (applications, to_enable, all) = tenant::look_at_applications(world, &management, now.as_ref(), &inputs)?;
    let change = Change { now, differences, applications, to_enable, all };
    if !args.skip_login && args.inputs.test_app.is_none() {
        within(world, Step::Login, || management.require(&login::temporary::SCOPES))?;
    }

    // The plan.
    let profile = Profile {
        provider: Some(provider),
        domain: Some(domain.clone()),
        login_domains: login_domains.clone(),
        client_id: Some(app.client_id.clone()),
        connection: wanted.name.parse().ok(),
        applications: change.applications.iter().map(|a| a.client_id.clone()).collect(),
        scopes: app.scopes.clone(),
        port: Some(inputs.port),
        store: Some(world.store),
        management_client_id: management_is_new
            .as_ref()
            .filter(|_| args.save_management)
            .map(|(id, _)| id.clone())
            .or(world.saved.management_client_id.clone()),
        endpoints: world.saved.endpoints.clone(),
    };
    let mut plan = Plan::default();
    plan_locally(world, &mut plan, &app, &profile);
    tenant::plan(&mut plan, &change, &wanted);
    plan.show(&world.console, &format!("tenant {domain}, profile {}", world.profile));
    let connection_doc = |id: Option<String>, dry_run: bool| ConnectionDoc {
        id,
        name: wanted.name.to_owned(),
        strategy: provider.strategy().to_owned(),
        action: Some(change.action(dry_run)),
    };
    if args.dry_run {
        world.console.connection(connection_doc(change.now.as_ref().map(|c| c.id.clone()), true));
        report_planned(world, &change, &app);
        world.console.gap();
        world.console.say("This was a dry run: nothing was written.");
        return Ok(());
    }
    if !args.yes && !plan.is_empty() {
        confirm(world, &format!("Do this in {domain}"))?;
    }

    // Writing: this machine first, so that a run that dies later goes on without being asked again.
    within(world, Step::Credentials, || keep(world, &app, management_is_new, args.save_management))?;
    demand(world, app::stored_finding(world))?;
    let state = if app.to_store { StepState::Changed } else { StepState::Done };
    world.console.step(StepReport::new(Step::Credentials, state, format!("accepted by {}", provider.title())));
    save(world, &profile)?;
    let connection = tenant::apply_connection(world, &management, &wanted, &change)?;
    world.console.connection(connection_doc(Some(connection.id.clone()), false));
    world.console.heading(Step::Applications.number(), Step::Applications.title());
    tenant::apply_applications(world, &management, &connection, &change)?;
    verify_redirects(
        world,
        &change.applications,
        &Expected {
            provider,
            connection: wanted.name,
            client_id: &app.client_id,
            scopes: &app.scopes,
            host: login::host(&domain, &login_domains),
        },
    )?;

    // Step 6.
    world.console.heading(Step::Login.number(), Step::Login.title());
    if args.skip_login {
        world.console.say("  Left out (--skip-login).");
        world.console.step(StepReport::new(Step::Login, StepState::Skipped, "left out (--skip-login)"));
    } else {
        let login = Login {
            provider,
            client_id: &app.client_id,
            scopes: &app.scopes,
            connection: wanted.name,
            provider_callback: login::host(&domain, &login_domains).callback(),
            port: inputs.port,
            timeout: inputs.timeout,
        };
        let host = login::host(&domain, &login_domains);
        let test_app = args.inputs.test_app.as_deref();
        within(world, Step::Login, || {
            login::session::run(
                world,
                &login,
                host,
                &login::session::Through {
                    management: Some(&management),
                    all: &change.all,
                    connection_id: &connection.id,
                    test_app,
                },
            )
        })?;
    }
    summary(world, wanted.name, &domain, &change);
    Ok(())
}

fn about(world: &World, provider: Provider, domain: Option<&Domain>) {
    world.console.about(world.profile.as_str(), Some(provider.to_string()), domain.map(Domain::to_string));
}

fn refuse_what_contradicts(args: &cli::Setup, inputs: &Inputs) -> Result<(), Failure> {
    let contradiction = |message: &str| Err(Failure::new(Code::InputContradictory, message));
    if args.skip_login && args.inputs.test_app.is_some() {
        return contradiction("--skip-login leaves out the login that --test-app is for");
    }
    if args.manual && args.save_management {
        return contradiction("--manual uses no Management API, so --save-management has nothing to keep");
    }
    if args.manual && inputs.applications == Applications::All {
        return contradiction("--all-apps needs the Management API; with --manual name the applications by client ID");
    }
    Ok(())
}

/// Everything that a script would have to give, at once.
fn report_missing(world: &World, args: &cli::Setup, inputs: &Inputs) -> Result<(), Failure> {
    let mut lacking = Vec::new();
    if inputs.provider.is_none() {
        lacking.push(ask::PROVIDER.how_to_give());
    }
    if inputs.client_id.is_none() {
        lacking.push(ask::CLIENT_ID.how_to_give());
    }
    let mut store_broken = None;
    if inputs.secret.is_none() {
        let stored = if inputs.saved_secret_applies { app::stored_secret(world, inputs) } else { Ok(None) };
        match stored {
            Ok(Some(_)) => {}
            Ok(None) => lacking.push(ask::CLIENT_SECRET.how_to_give()),
            Err(failure) => store_broken = Some(failure),
        }
    }
    if inputs.domain.is_none() {
        lacking.push(ask::DOMAIN.how_to_give());
    }
    if !args.manual && inputs.management.is_none() {
        match tenant::stored_login(world, inputs) {
            Ok(Some(_)) => {}
            Ok(None) => {
                let client =
                    format!("{} and {}", ask::MANAGEMENT_ID.how_to_give(), ask::MANAGEMENT_SECRET.how_to_give());
                lacking.push(format!("{}; or {client}", ask::TOKEN.how_to_give()));
            }
            Err(failure) => store_broken = Some(failure),
        }
    }
    if inputs.applications == Applications::Unknown {
        lacking.push(ask::APPS.how_to_give());
    }
    if !args.yes && !args.dry_run {
        lacking.push("confirmation of the plan: --yes".to_owned());
    }
    match (lacking.as_slice(), store_broken) {
        ([], None) => Ok(()),
        ([], Some(failure)) => Err(failure),
        ([only], _) if !args.yes && !args.dry_run && only.starts_with("confirmation") => Err(Failure::new(
            Code::ConfirmationMissing,
            "nothing is written to a tenant without confirmation, and nobody can be asked",
        )),
        (all, _) => Err(missing(all)),
    }
}

fn confirm(world: &World, question: &str) -> Result<(), Failure> {
    match &world.dialogue {
        Some(person) => {
            world.console.gap();
            if person.confirm(question, true)? {
                Ok(())
            } else {
                Err(Failure::new(Code::Cancelled, "not confirmed; nothing was written"))
            }
        }
        None => Err(Failure::new(Code::ConfirmationMissing, "nobody confirmed the plan; nothing was written")),
    }
}

/// What changes on this machine.
fn plan_locally(world: &World, plan: &mut Plan, app: &App, profile: &Profile) {
    if app.to_store && world.vault.place() != crate::vault::Place::Nowhere {
        plan.add(Item::Create(format!("keep the client secret in {}", world.place())));
    }
    if let Some(path) = world.settings.borrow().path() {
        let what = format!("profile {} in {}", world.profile, path.display());
        if !world.profile_exists {
            plan.add(Item::Create(format!("write {what}")));
        } else if world.saved != *profile {
            plan.add(Item::Change(format!("change {what}")));
        } else {
            plan.add(Item::Keep(what));
        }
    }
}

fn report_planned(world: &World, change: &Change, app: &App) {
    let planned = |yes: bool| if yes { StepState::Planned } else { StepState::Done };
    let report = |step, yes, detail: &str| world.console.step(StepReport::new(step, planned(yes), detail));
    report(Step::Credentials, app.to_store, "accepted by the provider");
    report(Step::Connection, change.touches_connection(), change.action(true));
    report(Step::Applications, !change.to_enable.is_empty(), &format!("{} to enable", change.to_enable.len()));
    world.console.step(StepReport::new(Step::Login, StepState::Skipped, "left out (--dry-run)"));
}

/// Puts the secrets where they are to be kept.
fn keep(world: &World, app: &App, management: Option<(String, Secret)>, save_management: bool) -> Result<(), Failure> {
    if app.to_store {
        world.vault.set(&world.profile.client_secret_account(), &app.secret).map_err(store_failure)?;
    }
    if let crate::vault::Place::File(path) = world.vault.place()
        && app.to_store
    {
        world.console.warn(&format!("the client secret is kept in plain text in {}", path.display()));
    }
    if let Some((_, secret)) = management.filter(|_| save_management) {
        world.vault.set(&world.profile.management_secret_account(), &secret).map_err(store_failure)?;
    }
    Ok(())
}

/// `/authorize` of each application. Right after a change the tenant may need a moment, so a refusal is asked once more.
fn verify_redirects(world: &World, applications: &[Chosen], expected: &Expected) -> Result<(), Failure> {
    for application in applications.iter().take(super::test::ASKED_APPLICATIONS) {
        within(world, Step::Applications, || demand(world, redirect(&world.http, application, expected)))?;
    }
    for application in applications.iter().skip(super::test::ASKED_APPLICATIONS) {
        let finding = Finding::skip(id::AUTHORIZE_REDIRECT, "not asked: only the first 20 applications are");
        world.console.finding(&finding.about(&application.client_id, application.name.as_deref()));
    }
    Ok(())
}

/// Writes the profile to the settings file.
fn save(world: &World, profile: &Profile) -> Result<(), Failure> {
    let mut settings = world.settings.borrow_mut();
    settings.put(&world.profile, profile);
    within(world, Step::Credentials, || settings.write()).map(drop)
}

/// Steps 4 to 6 without the Management API.
fn without_management(
    world: &World,
    args: &cli::Setup,
    inputs: &Inputs,
    app: &App,
    name: &str,
    domain: &Domain,
    login_domains: &[Domain],
) -> Result<(), Failure> {
    manual::guide(world, domain, name, app);
    let applications = within(world, Step::Applications, || manual::applications(world, &inputs.applications))?;
    let profile = Profile {
        provider: Some(app.provider),
        domain: Some(domain.clone()),
        login_domains: login_domains.to_vec(),
        client_id: Some(app.client_id.clone()),
        connection: name.parse().ok(),
        applications: applications.iter().map(|a| a.client_id.clone()).collect(),
        scopes: app.scopes.clone(),
        port: Some(inputs.port),
        store: Some(world.store),
        management_client_id: world.saved.management_client_id.clone(),
        endpoints: world.saved.endpoints.clone(),
    };
    let mut plan = Plan::default();
    plan_locally(world, &mut plan, app, &profile);
    plan.show(&world.console, &format!("profile {} (the tenant {domain} is yours to change)", world.profile));
    if args.dry_run {
        world.console.say("This was a dry run: nothing was written.");
        return Ok(());
    }
    if !args.yes && !plan.is_empty() {
        confirm(world, "Do this")?;
    }
    within(world, Step::Credentials, || keep(world, app, None, false))?;
    demand(world, app::stored_finding(world))?;
    let state = if app.to_store { StepState::Changed } else { StepState::Done };
    world.console.step(StepReport::new(Step::Credentials, state, format!("accepted by {}", app.provider.title())));
    save(world, &profile)?;
    let host = login::host(domain, login_domains);
    manual::verify(
        world,
        &applications,
        &Expected { provider: app.provider, connection: name, client_id: &app.client_id, scopes: &app.scopes, host },
    )?;
    world.console.heading(Step::Login.number(), Step::Login.title());
    let Some(test_app) = args.inputs.test_app.as_deref().filter(|_| !args.skip_login) else {
        let why =
            if args.skip_login { "left out (--skip-login)" } else { "needs an existing application: --test-app ID" };
        world.console.say(&format!("  {why}"));
        world.console.step(StepReport::new(Step::Login, StepState::Skipped, why));
        return Ok(());
    };
    let login = Login {
        provider: app.provider,
        client_id: &app.client_id,
        scopes: &app.scopes,
        connection: name,
        provider_callback: host.callback(),
        port: inputs.port,
        timeout: inputs.timeout,
    };
    within(world, Step::Login, || {
        login::session::run(
            world,
            &login,
            host,
            &login::session::Through { management: None, all: &[], connection_id: "", test_app: Some(test_app) },
        )
    })
    .map(drop)
}

fn summary(world: &World, connection: &str, domain: &Domain, change: &Change) {
    world.console.title("Done");
    let names: Vec<String> = change.applications.iter().map(Chosen::label).collect();
    world.console.say(&format!("  {connection} is set up in {domain} for {}", names.join(", ")));
    world.console.say(&format!("  Log in with it: https://{domain}/authorize?...&connection={connection}"));
    world.console.say("  Verify at any time: fitbit-connect test --headless");
}
