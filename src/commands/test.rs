//! `test`: every verification, then the live login. Changes nothing that stays.

mod app;
mod applications;
mod cure;
mod live;
mod look;
mod report;
mod tenant;
mod watch;

use std::cell::{Cell, RefCell};

use crate::ask;
use crate::ask::given::{Inputs, id, missing};
use crate::auth0::management::{Login, Management};
use crate::cli;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, State};
use crate::ids::{Domain, SecretOf};
use crate::provider::Provider;
use crate::secret::Secret;
use crate::steps;
use crate::steps::login_domains::LoginDomains;
use crate::world::{Testing, World};
use look::Looked;
use report::Destination;
use tenant::TenantState;
use watch::{Watch, Watched};

/// `/authorize` is asked for this many applications unless all are wanted.
pub const ASKED_APPLICATIONS: usize = 20;

/// Runs it; `--watch` builds its world anew when the settings change.
///
/// # Errors
/// The first failed check, or under `--strict` the first that did not pass.
pub fn run(build: &dyn Fn() -> Result<World, Failure>, args: &cli::Test) -> Result<(), Failure> {
    let mut watch = None;
    while let Passage::Anew = pass(&build()?, args, &mut watch)? {}
    Ok(())
}

/// How a pass ends that nothing ended before.
enum Passage {
    /// All was looked at.
    Whole,
    /// The settings are others by now.
    Anew,
}

fn pass(world: &World, args: &cli::Test, watch: &mut Option<Watch>) -> Result<Passage, Failure> {
    let mut inputs = world.inputs(&args.inputs)?;
    id::refuse_of_the_other(&inputs)?;
    let direct = args.direct || inputs.domain.is_none();
    let testing = Testing {
        switches: switches(args),
        direct,
        by_hand: !direct && inputs.management.is_none() && inputs.management_id.is_none(),
    };
    world.know_of_test(&inputs, &[], &testing);
    if watch.is_none() {
        *watch = Watch::asked(args)?;
    }
    let destination = Destination::asked(args, &world.console)?;
    let secret = find_secret(world, &mut inputs);
    let (Some(provider), Some(client_id)) = (inputs.provider, inputs.client_id.clone()) else {
        return Err(world.unshadowed(report_missing(world, args, &inputs, &secret)));
    };
    if !world.profile_exists {
        if matches!(secret, Kept::Nothing) {
            return Err(world.unshadowed(report_missing(world, args, &inputs, &secret)));
        }
        let profiles = world.settings.borrow().profiles();
        if !profiles.is_empty() {
            let known = profiles.join(", ");
            world.console.warn(&format!(
                "there is no profile {} (profiles: {known}); what is given is all that is used",
                world.profile
            ));
        }
    }
    world.console.about(
        world.profile.as_str(),
        Some(provider.to_string()),
        inputs.domain.as_ref().map(Domain::to_string),
    );
    let scopes =
        inputs.scopes.clone().unwrap_or_else(|| provider.default_scopes().iter().map(|s| (*s).to_owned()).collect());
    let scopes_chosen = inputs.scopes.is_some();
    if destination.is_some() {
        world.http.trace();
    }
    let run = Run {
        world,
        args,
        provider,
        client_id,
        scopes,
        scopes_chosen,
        testing: testing.into(),
        login_domains: inputs.login_domains.clone().into(),
        domains: RefCell::default(),
        lacks: RefCell::default(),
        seen: Default::default(),
        unread: Default::default(),
        tenants_secret: Default::default(),
        is_later: false.into(),
    };
    let result = match run.all(&mut inputs, secret, watch.as_mut()) {
        Ok(Passage::Anew) => return Ok(Passage::Anew),
        Ok(Passage::Whole) => run.verdict(),
        Err(failure) => Err(failure),
    };
    run.reported(destination.as_ref(), &inputs, result).map(|()| Passage::Whole)
}

/// The flags of this test that a cure repeats.
fn switches(args: &cli::Test) -> &'static str {
    match (args.strict, args.check_all) {
        (true, true) => " --strict --check-all",
        (true, false) => " --strict",
        (false, true) => " --check-all",
        (false, false) => "",
    }
}

/// The client secret and where it came from.
enum Kept {
    Given(Secret),
    Stored(Secret),
    Nothing,
    Broken(Failure),
}

impl Kept {
    fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Given(secret) | Self::Stored(secret) => Some(secret),
            Self::Nothing | Self::Broken(_) => None,
        }
    }
}

/// What is read or made once, however often the checks are asked.
struct Known<'w> {
    secret: Kept,
    /// How to get at the Management API, once that was looked for.
    login: Option<Option<Login>>,
    session: Option<Management<'w>>,
}

fn find_secret(world: &World, inputs: &mut Inputs) -> Kept {
    if let Some(secret) = inputs.secret.take() {
        return Kept::Given(secret);
    }
    if !inputs.saved_secret_applies {
        return Kept::Nothing;
    }
    match world.kept_secret(SecretOf::Provider) {
        Ok(Some(secret)) => Kept::Stored(secret),
        Ok(None) => Kept::Nothing,
        Err(failure) => Kept::Broken(failure),
    }
}

fn report_missing(world: &World, args: &cli::Test, inputs: &Inputs, secret: &Kept) -> Failure {
    let mut lacking = Vec::new();
    if inputs.provider.is_none() && inputs.client_id.is_none() {
        lacking.push(ask::PROVIDER.how_to_give());
    }
    if inputs.client_id.is_none() {
        lacking.push(ask::CLIENT_ID.how_to_give());
    }
    if inputs.provider.is_none() && inputs.client_id.is_some() {
        lacking.push(ask::PROVIDER.how_to_give());
    }
    if matches!(secret, Kept::Nothing) {
        lacking.push(ask::CLIENT_SECRET.how_to_give());
    }
    if inputs.domain.is_none() && !args.direct {
        lacking.push(format!("{} (or --direct)", ask::DOMAIN.how_to_give()));
    }
    let failure = missing(&lacking);
    if world.profile_exists {
        failure
    } else {
        let profiles = world.settings.borrow().profiles();
        let there_are = match profiles.is_empty() {
            true => String::new(),
            false => format!(" (profiles: {})", profiles.join(", ")),
        };
        failure.with_hint(format!(
            "Nothing is set up for the profile {}{}{there_are}: {}run `{{setup}}` or give these",
            world.profile,
            world.whence_profile().map(|whence| format!(" (from {whence})")).unwrap_or_default(),
            if profiles.is_empty() { "" } else { "name one of those with `--profile NAME` or " }
        ))
    }
}

struct Run<'a> {
    world: &'a World,
    args: &'a cli::Test,
    provider: Provider,
    client_id: String,
    scopes: Vec<String>,
    scopes_chosen: bool,
    testing: Cell<Testing>,
    /// The custom login domains, those included that the tenant tells.
    login_domains: RefCell<Vec<Domain>>,
    /// What the tenant said of them, once it was asked.
    domains: RefCell<Option<LoginDomains>>,
    /// The permissions that the token lacks, of those with which a `setup` mends a connection.
    lacks: RefCell<Vec<&'static str>>,
    seen: RefCell<Vec<Finding>>,
    /// Why the saved Management API client's secret could not be read.
    unread: RefCell<Option<Failure>>,
    /// What the provider said to the tenant's client secret, when it was asked since the one at hand is refused.
    tenants_secret: Cell<Option<State>>,
    /// Whether the checks were shown before, so that only what changed is.
    is_later: Cell<bool>,
}

impl Run<'_> {
    fn all(&self, inputs: &mut Inputs, secret: Kept, watch: Option<&mut Watch>) -> Result<Passage, Failure> {
        let mut known = Known { secret, login: None, session: None };
        let watched = match watch {
            Some(watch) => self.rounds(watch, inputs, &mut known)?,
            None => Watched::Over(self.checks(inputs, &mut known)?.map(Box::new)),
        };
        match watched {
            Watched::Anew => return Ok(Passage::Anew),
            Watched::Over(Some(state)) => self.live_login(inputs, &state, known.secret.secret())?,
            Watched::Over(None) => self.direct_login(inputs, known.secret.secret())?,
        }
        Ok(Passage::Whole)
    }

    /// Everything but the login; what the tenant's part found out, unless the login is a direct one.
    fn checks<'w>(&'w self, inputs: &mut Inputs, known: &mut Known<'w>) -> Result<Option<TenantState<'w>>, Failure> {
        let loopback = format!("http://127.0.0.1:{}/callback", inputs.port);
        let domain = inputs.domain.clone().filter(|_| !self.is_direct());
        let mut login_domains = self.login_domains.borrow().clone();
        // The session comes first, since it knows the custom domains whose callbacks are verified, and whether the domain is the
        // one that is meant; it is reported in its place.
        let session = domain.as_ref().map(|domain| self.sign_in(domain, inputs, &mut login_domains, known));
        self.login_domains.replace(login_domains.clone());
        let looked = match (&domain, session) {
            (Some(domain), Some(session)) => Some(self.look(inputs, domain, session)),
            _ => None,
        };

        let callbacks = match &domain {
            Some(domain) => steps::app::callbacks(domain, &login_domains),
            None => vec![(loopback, true)],
        };
        self.title(self.provider.title());
        let answers = self.provider_checks(inputs, &callbacks, looked.as_ref().and_then(Looked::elsewhere));
        let first_callback = callbacks.first().map(|(url, _)| url.clone()).unwrap_or_default();
        let connection = looked.as_ref().and_then(|looked| looked.found.as_ref().ok()?.as_ref());
        self.credentials_checks(inputs, &known.secret, answers, &first_callback, connection);

        let (Some(domain), Some(looked)) = (domain, looked) else { return Ok(None) };
        self.title(&format!("Auth0 tenant {domain}"));
        self.tenant_checks(inputs, &domain, &login_domains, known.secret.secret(), looked).map(Some)
    }

    /// Whether the login is at the provider itself, and the tenant is not looked at.
    fn is_direct(&self) -> bool {
        self.testing.get().direct
    }

    fn title(&self, title: &str) {
        if !self.is_later.get() {
            self.world.console.title(title);
        }
    }

    /// Cures name what is known by now.
    fn know(&self, inputs: &Inputs, login_domains: &[Domain]) {
        self.world.know_of_test(inputs, login_domains, &self.testing.get());
    }

    fn note(&self, finding: Finding) -> bool {
        let finding = self.world.finding_unshadowed(self.with_a_cure_that_works(finding));
        if !self.is_later.get() {
            self.world.console.finding(&finding);
        }
        let failed = finding.is_fail();
        self.seen.borrow_mut().push(finding);
        !failed
    }

    /// Notes findings about one thing after the other; those that were left out for the same reason share a line.
    fn note_each(&self, findings: impl Iterator<Item = Finding>) {
        let mut alike: Vec<Finding> = Vec::new();
        for finding in findings {
            if alike.first().is_some_and(|first| first.state != finding.state || first.detail != finding.detail) {
                self.world.console.alike(&alike);
                alike.clear();
            }
            if finding.state == State::Skip && !self.is_later.get() {
                self.seen.borrow_mut().push(finding.clone());
                alike.push(finding);
            } else {
                self.note(finding);
            }
        }
        self.world.console.alike(&alike);
    }

    fn any_failed(&self) -> bool {
        self.seen.borrow().iter().any(Finding::is_fail)
    }

    fn skip(&self, checks: &[&'static str], why: &str) {
        for check in checks {
            self.note(Finding::skip(check, why));
        }
    }

    fn keep(&self, findings: Vec<Finding>) {
        self.seen.borrow_mut().extend(findings);
    }

    /// The first failure decides; with `--strict` the first check that did not pass.
    fn judge(&self) -> Result<(), Failure> {
        let seen = self.seen.borrow();
        if let Some(failure) =
            seen.iter().filter(|finding| finding.is_fail()).find_map(|finding| finding.failure.clone())
        {
            return Err(failure);
        }
        let short = seen.iter().find(|finding| match finding.state {
            State::Warn | State::Unknown => true,
            State::Skip => !finding.expected,
            State::Pass | State::Fail => false,
        });
        let Some(finding) = short.filter(|_| self.args.strict) else { return Ok(()) };
        let message = format!("{} is {} (--strict): {}", finding.check, finding.state.word(), finding.detail);
        let failure = Failure::new(Code::NotVerified, message);
        Err(match &finding.hint {
            Some(hint) => failure.with_hint(hint.clone()),
            None => failure,
        })
    }

    /// How it ends, and how much was verified.
    fn verdict(&self) -> Result<(), Failure> {
        self.judge()?;
        let seen = self.seen.borrow();
        self.world.console.gap();
        let count = |state| seen.iter().filter(|finding| finding.state == state).count();
        let passed = count(State::Pass);
        let mut line = format!("{passed} check{} passed", if passed == 1 { "" } else { "s" });
        for (state, word) in [(State::Warn, "with a warning"), (State::Unknown, "unknown"), (State::Skip, "skipped")] {
            if count(state) > 0 {
                line.push_str(&format!(", {} {word}", count(state)));
            }
        }
        self.world.console.say(&format!("{line}."));
        Ok(())
    }
}
