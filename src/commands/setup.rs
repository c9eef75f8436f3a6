//! `setup`: the six steps. Look, show the plan, change only what differs, look again, log in once.

mod by_hand;
mod decide;
mod door;
mod draft;
mod ending;
mod pass;
mod pass_tenant;
mod place;
mod take_back;
mod way_on;

use crate::ask::Stop;
use crate::ask::given::{self};
use crate::auth0::connection::Wanted;
use crate::auth0::wire::Connection;
use crate::checks::authorize::Answers;
use crate::checks::id;
use crate::cli;
use crate::commands::test::ASKED_APPLICATIONS;
use crate::console::ConnectionDoc;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, Step, StepReport, StepState};
use crate::ids::SecretOf;
use crate::login::{self, session, temporary};
use crate::secret::Secret;
use crate::settings::Profile;
use crate::steps::app::App;
use crate::steps::local::{Local, Others};
use crate::steps::plan::{Item, Plan};
use crate::steps::tenant;
use crate::steps::{credentials, redirects, within};
use crate::world::World;
use decide::Decision;
use draft::Draft;
use place::Place;

/// Runs it.
///
/// # Errors
/// What went wrong, named; every step before it is reported.
pub fn run(world: &World, args: &cli::Setup) -> Result<(), Failure> {
    if let Some(person) = &world.dialogue {
        person.begin();
    }
    let mut inputs = world.inputs(&args.inputs)?;
    given::id::refuse_of_the_other(&inputs)?;
    let mut unread = None;
    if inputs.secret.is_none() && inputs.saved_secret_applies {
        match world.taken_along(SecretOf::Provider) {
            Ok(secret) => inputs.secret = secret,
            Err(failure) if world.dialogue.is_some() => world.console.warn(&failure.message),
            Err(failure) => unread = Some(failure),
        }
    }
    let stored = match door::check(world, args, &inputs, unread) {
        Err(failure) => {
            decide::other_store(world, failure, args.yes)?;
            credentials::stored(world)?
        }
        stored => stored?,
    };
    let mut draft = Draft::new(world, args, inputs, stored);
    world.console.way_on(&draft.way_on());
    if world.dialogue.is_some() && !args.yes {
        ending::welcome(&draft);
    }
    loop {
        match draft.pass() {
            Ok(()) => {}
            Err(Stop::Back) => {
                draft.back();
                continue;
            }
            Err(Stop::Failed(failure)) => {
                decide::mend(&mut draft, failure)?;
                continue;
            }
        }
        let prepared = match Prepared::of(&mut draft) {
            Ok(prepared) => prepared,
            Err(failure) => {
                decide::mend(&mut draft, failure)?;
                continue;
            }
        };
        if args.dry_run {
            prepared.report_planned(&draft);
            return Ok(());
        }
        match decide::confirm(&mut draft, prepared.plan.is_empty(), &prepared.question)? {
            Decision::Go => {
                draft.wrote = true;
                let made = prepared.make_true(&draft);
                match made {
                    Ok(made) => {
                        let without_login = args.skip_login.then_some("left out (--skip-login)");
                        return prepared.prove(&draft, &made, without_login);
                    }
                    // What was written by then is found by the next look.
                    Err(failure) => decide::mend(&mut draft, failure)?,
                }
            }
            Decision::GoWithoutLogin => {
                let made = prepared.make_true(&draft)?;
                return prepared.prove(&draft, &made, Some("left out"));
            }
            Decision::Again => {}
        }
    }
}

/// What was made true.
#[derive(Default)]
struct Made {
    /// The connection, unless that is in a person's hands.
    connection: Option<Connection>,
    /// What `/authorize` said then, as far as it was asked.
    answers: Answers,
}

/// A plan, and what it is made of.
struct Prepared {
    plan: Plan,
    question: String,
    place: Place,
    profile: Profile,
    /// The saved Management API client, whose secret goes along to another place.
    carried: Option<(String, Secret)>,
    /// Secrets of other clients that make room.
    others: Others,
}

impl Prepared {
    /// Makes the plan and shows it.
    fn of(draft: &mut Draft) -> Result<Self, Failure> {
        let world = draft.world;
        let (Some(app), Some(domain)) = (&draft.app, &draft.inputs.domain) else {
            return Err(Failure::new(Code::Unexpected, "the plan has no app"));
        };
        let place = draft.place(app.provider, domain);
        let applications = match (&draft.change, &draft.by_hand) {
            (Some(change), _) => &change.selection.applications,
            (None, Some(chosen)) => chosen,
            (None, None) => return Err(Failure::new(Code::Unexpected, "the plan has no applications")),
        };
        let mut profile = place.profile(world, app, draft.inputs.port, applications);
        let management = draft.to_keep();
        if let Some((id, _)) = management {
            profile.management_client_id = Some(id.to_owned());
        }
        let carried = match management {
            None => world.carried_management(profile.management_client_id.as_deref()),
            Some(_) => None,
        };
        let mut plan = Plan::default();
        if let (Some(change), Some(session)) = (&draft.change, &draft.session) {
            let login = !draft.args.skip_login && draft.inputs.test_app.is_none();
            if let Some(id) = &draft.inputs.test_app {
                let at = (place.host(), place.connection.as_str());
                let can = session::can_log_in(world, at, id, draft.inputs.port, &change.selection.all);
                within(world, Step::Connection, || can)?;
            }
            match tenant::require_for(&session.management, change, login) {
                // Who only looks at a plan may do that with permissions to look; what the run itself will lack is said.
                Err(lacks) if draft.args.dry_run && lacks.code == Code::MissingScope => {
                    world.console.finding(&Finding::warn(id::MANAGEMENT_ACCESS, lacks));
                }
                required => within(world, Step::Connection, || required)?,
            }
            let others = world.others_with(Some(&place.domain), &place.connection);
            tenant::plan(&mut plan, change, &app.wanted(&place.connection), &place.domain, &others);
            if !draft.args.skip_login && draft.inputs.test_app.is_none() {
                plan.add(Item::Keep("for the test login: a temporary application, removed afterwards".to_owned()));
            } else {
                let left = temporary::LeftBehind::of(&change.selection.all, Some(&session.management))
                    .plan(&session.management);
                left.into_iter().for_each(|what| plan.add(Item::Change(what)));
            }
        } else {
            plan.section(format!("In the tenant {}: yours to change in the dashboard", place.domain));
        }
        let management = management.or(carried.as_ref().map(|(id, secret)| (id.as_str(), secret)));
        let others = within(world, Step::Credentials, || Others::look(world))?;
        Local { app, profile: &profile, management, others: &others }.plan(world, &mut plan);
        plan.show(&world.console, &format!("Plan for tenant {}, profile {}", place.domain, world.profile));
        if !draft.args.dry_run {
            within(world, Step::Connection, || draft.refuse_twin(&place.connection))?;
        }
        let question = match draft.change {
            Some(_) if plan.is_empty() => "Nothing has to be changed. What now?".to_owned(),
            Some(_) => format!("Do this in {}?", place.domain),
            None => "Do this?".to_owned(),
        };
        Ok(Self { plan, question, place, profile, carried, others })
    }

    fn report_planned(&self, draft: &Draft) {
        let (world, Some(app)) = (draft.world, &draft.app) else { return };
        match &draft.change {
            Some(change) => ending::planned(world, change, &app.wanted(&self.place.connection), app),
            None => by_hand::report_planned(world, app, &self.place),
        }
        world.console.gap();
        world.console.say("This was a dry run: nothing was written.");
    }

    /// Writes, and looks again.
    fn make_true(&self, draft: &Draft) -> Result<Made, Failure> {
        let (world, place) = (draft.world, &self.place);
        let Some(app) = &draft.app else { return Ok(Made::default()) };
        let local = self.local(draft, app);
        // Forgetting a profile that was set up before would undo more than this run did.
        let is_first = world.saved.client_id.is_none();
        if is_first && !self.plan.is_empty() && world.sandbox.is_none() && world.dialogue.is_some() {
            let creates = draft.change.as_ref().is_some_and(|change| change.now.is_none());
            let more = if creates { " --delete-connection" } else { "" };
            world.console.undone_by(&format!("fitbit-connect remove{more}{}", world.again));
        }
        world.console.title(if self.plan.is_empty() { "Looked at again" } else { "Made true and looked at again" });
        local.apply(world)?;
        let (Some(change), Some(session)) = (&draft.change, &draft.session) else { return Ok(Made::default()) };
        let management = &session.management;
        let wanted = app.wanted(&place.connection);
        let (connection, action) = tenant::apply_connection(world, management, &wanted, change)?;
        world.console.connection(document(&wanted, Some(connection.id.clone()), action));
        tenant::apply_applications(world, management, &connection, change)?;
        let chosen = &change.selection.applications;
        let expected = place.expected(app, false, draft.callbacks_accepted);
        let first = (chosen.as_slice(), ASKED_APPLICATIONS);
        let step = Step::Applications;
        let answers = redirects::verify(world, step, first, &expected, &place.login_domains, |failure, _| failure)?;
        Ok(Made { connection: Some(connection), answers })
    }

    fn local<'a>(&'a self, draft: &'a Draft, app: &'a App) -> Local<'a> {
        let carried = || self.carried.as_ref().map(|(id, secret)| (id.as_str(), secret));
        let management = draft.to_keep().or_else(carried);
        Local { app, profile: &self.profile, management, others: &self.others }
    }

    /// Logs in unless there is a reason not to, and says what is true now.
    fn prove(&self, draft: &Draft, made: &Made, without_login: Option<&str>) -> Result<(), Failure> {
        let (world, place, inputs) = (draft.world, &self.place, &draft.inputs);
        let Some(app) = &draft.app else { return Ok(()) };
        let connection = made.connection.as_ref();
        let by_hand = match &draft.change {
            // It asks how to go on itself.
            None => Some(by_hand::verify(world, app, place, draft.by_hand.as_deref().unwrap_or_default(), inputs)?),
            Some(_) => None,
        };
        let answers = by_hand.as_ref().unwrap_or(&made.answers);
        world.console.heading(Step::Login.number(), Step::Login.title());
        let test_app = inputs.test_app.as_deref();
        let through = session::Through {
            management: draft.session.as_ref().map(|session| &session.management).filter(|_| connection.is_some()),
            all: draft.change.as_ref().map_or(&[], |change| &change.selection.all),
            connection_id: connection.map_or("", |connection| &connection.id),
            test_app,
            leads_others: answers.is_led,
        };
        let to_be = session::test_app_to_be(inputs.port);
        let needs_app = (connection.is_none() && test_app.is_none())
            .then(|| format!("needs an existing application: --test-app ID, {to_be}"));
        let why = without_login.or(needs_app.as_deref());
        if let Some(why) = why {
            world.console.say(&format!("  {why}"));
            world.console.step(StepReport::new(Step::Login, StepState::Skipped, why));
            // No login of this run takes over what a killed one left.
            let found = temporary::LeftBehind::of(through.all, through.management);
            found.elsewhere().iter().for_each(|elsewhere| world.console.say(&format!("  {elsewhere}")));
            if let Some(left) = found.clean_up(through.management) {
                world.console.finding(&Finding::warn(id::LOGIN_LIVE, left));
            }
        } else if let Some(stranger) = draft.stranger.as_ref().or(made.answers.stranger()) {
            let message = format!("everything else is set up, but no login is started there: {}", stranger.message);
            let failure = Failure::new(stranger.code, message).with_hint(stranger.hint());
            return within(world, Step::Login, || Err(failure));
        } else {
            let login = place.login(world, app, inputs, draft.callbacks_accepted);
            within(world, Step::Login, || {
                login::again(world, &login, !draft.args.yes, || session::run(world, &login, place.host(), &through))
            })
            .inspect_err(|failure| {
                // Who cancels is told at the very end.
                if failure.code != Code::Cancelled && world.dialogue.is_some() {
                    world.console.go_on();
                }
            })
            .map_err(|failure| match failure.code {
                Code::Cancelled => Failure::new(failure.code, "the login was cancelled; everything else is set up"),
                _ => failure,
            })?;
            session::out_after_it(world)?;
        }
        let chosen = match &draft.change {
            Some(change) => &change.selection.applications,
            None => draft.by_hand.as_deref().unwrap_or_default(),
        };
        // Without the Management API they are all there is.
        let shows_nothing = answers.stranger().is_some() || (by_hand.is_some() && !answers.is_led);
        let proof = match why.is_some() {
            _ if shows_nothing => ending::Proof::Nothing,
            true if draft.page_is_strange || !app.verdict.1 => ending::Proof::WithoutProvider,
            true if by_hand.is_some() => ending::Proof::WayOnly,
            _ => ending::Proof::Whole,
        };
        let proved = (proof, answers.open.as_slice());
        ending::summary(world, app, place, chosen, draft.change.as_ref(), &self.local(draft, app), proved);
        Ok(())
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

fn document(wanted: &Wanted, id: Option<String>, action: &'static str) -> ConnectionDoc {
    ConnectionDoc {
        id,
        name: wanted.name.to_owned(),
        strategy: wanted.provider.strategy().to_owned(),
        action: Some(action),
    }
}
