//! `test`: every verification, then the live login. Changes nothing that stays.

use std::collections::BTreeSet;

use crate::ask;
use crate::ask::given::{Applications, Inputs, missing};
use crate::auth0::connection::Wanted;
use crate::auth0::management::{Login as ManagementLogin, Management};
use crate::auth0::wire::{Application, Connection};
use crate::checks::applications::{Chosen, enabled, resolve};
use crate::checks::authorize::{Expected, redirect};
use crate::checks::provider::{alive, callback, probe};
use crate::checks::{connection, credentials, id, met, tenant};
use crate::cli;
use crate::console::ConnectionDoc;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, State};
use crate::ids::Domain;
use crate::login::{self, Login, bind, direct, session, temporary};
use crate::provider::Provider;
use crate::secret::Secret;
use crate::steps::app;
use crate::steps::sign_in::custom_domains;
use crate::steps::tenant::stored_login;
use crate::world::{World, store_failure};

/// `/authorize` is asked for this many applications unless all are wanted.
pub const ASKED_APPLICATIONS: usize = 20;
/// What the read-only checks use.
const READ: [&str; 3] = ["read:connections", "read:connections_options", "read:clients"];

/// Runs it.
///
/// # Errors
/// The first failed check, or under `--strict` the first that did not pass.
pub fn run(world: &World, args: &cli::Test) -> Result<(), Failure> {
    let mut inputs = world.inputs(&args.inputs)?;
    let direct = args.direct || inputs.domain.is_none();
    let secret = find_secret(world, &mut inputs);
    let (Some(provider), Some(client_id)) = (inputs.provider, inputs.client_id.clone()) else {
        return Err(report_missing(world, args, &inputs, &secret));
    };
    if !world.profile_exists && matches!(secret, Kept::Nothing) {
        return Err(report_missing(world, args, &inputs, &secret));
    }
    world.console.about(
        world.profile.as_str(),
        Some(provider.to_string()),
        inputs.domain.as_ref().map(Domain::to_string),
    );
    let scopes =
        inputs.scopes.clone().unwrap_or_else(|| provider.default_scopes().iter().map(|s| (*s).to_owned()).collect());
    let run = Run { world, args, provider, client_id, scopes, seen: Default::default() };
    run.all(&mut inputs, secret, direct)?;
    run.verdict()
}

/// The client secret and where it came from.
enum Kept {
    Given(Secret),
    Stored(Secret),
    Nothing,
    Broken(Failure),
}

fn find_secret(world: &World, inputs: &mut Inputs) -> Kept {
    if let Some(secret) = inputs.secret.take() {
        // The sandbox keeps its secret in the store like a person's, so that this is verified too.
        let stored = world.sandbox.is_some() && inputs.saved_secret_applies;
        return if stored { Kept::Stored(secret) } else { Kept::Given(secret) };
    }
    if !inputs.saved_secret_applies {
        return Kept::Nothing;
    }
    match world.vault.get(&world.profile.client_secret_account()) {
        Ok(Some(secret)) => Kept::Stored(secret),
        Ok(None) => Kept::Nothing,
        Err(error) => Kept::Broken(store_failure(error)),
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
        failure.with_hint(format!(
            "Nothing is set up for the profile {}: run fitbit-connect setup, or give these",
            world.profile
        ))
    }
}

struct Run<'a> {
    world: &'a World,
    args: &'a cli::Test,
    provider: Provider,
    client_id: String,
    scopes: Vec<String>,
    seen: std::cell::RefCell<Vec<Finding>>,
}

/// What the tenant's part found out for the login.
struct TenantState<'a> {
    management: Option<Management<'a>>,
    all: Vec<Application>,
    connection: Option<Connection>,
    name: String,
    host: Domain,
}

impl Run<'_> {
    fn all(&self, inputs: &mut Inputs, secret: Kept, direct: bool) -> Result<(), Failure> {
        let loopback = format!("http://127.0.0.1:{}/callback", inputs.port);
        let domain = inputs.domain.clone().filter(|_| !direct);
        let mut login_domains = inputs.login_domains.clone();
        // The session comes first, since it knows the custom domains whose callbacks are verified; it is reported in its place.
        let session = domain.as_ref().map(|domain| self.sign_in(domain, inputs, &mut login_domains));

        let callbacks = match &domain {
            Some(domain) => app::callbacks(domain, &login_domains),
            None => vec![(loopback, true)],
        };
        self.world.console.title(self.provider.title());
        let answers = self.provider_checks(&callbacks);
        let first_callback = callbacks.first().map(|(url, _)| url.clone()).unwrap_or_default();
        let secret = self.credentials_checks(secret, answers, &first_callback);

        let Some(domain) = domain else { return self.direct_login(inputs, secret.as_ref()) };
        self.world.console.title(&format!("Auth0 tenant {domain}"));
        let (reachable, management) = session.unwrap_or((Finding::skip(id::TENANT_REACHABLE, "not asked"), Ok(None)));
        let state = self.tenant_checks(inputs, &domain, &login_domains, secret.as_ref(), reachable, management)?;
        self.live_login(inputs, &state)
    }

    fn note(&self, finding: Finding) -> bool {
        self.world.console.finding(&finding);
        let failed = finding.is_fail();
        self.seen.borrow_mut().push(finding);
        !failed
    }

    fn any_failed(&self) -> bool {
        self.seen.borrow().iter().any(Finding::is_fail)
    }

    /// Whether the provider answers.
    fn provider_checks(&self, callbacks: &[(String, bool)]) -> bool {
        let mut answers = true;
        for (n, (url, needed)) in callbacks.iter().enumerate() {
            let verdict = probe(&self.world.http, self.provider, &self.client_id, url, &self.scopes);
            if n == 0 {
                answers = self.note(alive(self.provider, &verdict));
            }
            self.note(callback(self.provider, &self.client_id, url, &verdict, *needed));
        }
        answers
    }

    fn credentials_checks(&self, secret: Kept, answers: bool, redirect_uri: &str) -> Option<Secret> {
        let (finding, secret) = match secret {
            Kept::Given(secret) => {
                (Finding::left_out(id::CREDENTIALS_STORED, "the client secret is given for this run"), Some(secret))
            }
            Kept::Stored(secret) => (
                Finding::pass(id::CREDENTIALS_STORED, format!("the client secret is in {}", self.world.place())),
                Some(secret),
            ),
            Kept::Nothing => {
                let message = format!("the client secret is not in {}", self.world.place());
                let ways = format!("Run fitbit-connect setup, or give it: {}", ask::CLIENT_SECRET.how_to_give());
                (
                    Finding::fail(
                        id::CREDENTIALS_STORED,
                        Failure::new(Code::ClientSecretMissing, message).with_hint(ways),
                    ),
                    None,
                )
            }
            Kept::Broken(failure) => (Finding::fail(id::CREDENTIALS_STORED, failure), None),
        };
        self.note(finding);
        match &secret {
            Some(secret) if answers => {
                self.note(credentials::accepted(
                    &self.world.http,
                    self.provider,
                    &self.client_id,
                    secret,
                    redirect_uri,
                ));
            }
            Some(_) => {
                self.note(Finding::skip(
                    id::CREDENTIALS_ACCEPTED,
                    "not asked, since the provider does not answer as it should",
                ));
            }
            None => {
                self.note(Finding::skip(id::CREDENTIALS_ACCEPTED, "not asked, since the client secret is not at hand"));
            }
        }
        secret
    }

    fn sign_in<'w>(
        &'w self,
        domain: &Domain,
        inputs: &mut Inputs,
        login_domains: &mut Vec<Domain>,
    ) -> (Finding, Result<Option<Management<'w>>, Failure>) {
        let reachable = tenant::reachable(&self.world.http, domain);
        if reachable.is_fail() {
            return (reachable, Ok(None));
        }
        let login: Result<Option<ManagementLogin>, Failure> = match inputs.management.take() {
            Some(login) => Ok(Some(login)),
            None => stored_login(self.world, inputs),
        };
        let session = match login {
            Ok(Some(login)) => Management::sign_in(&self.world.http, domain, &login).map(Some),
            Ok(None) => Ok(None),
            Err(failure) => Err(failure),
        };
        if let Ok(Some(management)) = &session
            && login_domains.is_empty()
        {
            login_domains.extend(custom_domains(management, domain));
        }
        (reachable, session)
    }

    fn tenant_checks<'w>(
        &'w self,
        inputs: &Inputs,
        domain: &Domain,
        login_domains: &[Domain],
        secret: Option<&Secret>,
        reachable: Finding,
        session: Result<Option<Management<'w>>, Failure>,
    ) -> Result<TenantState<'w>, Failure> {
        let answers = self.note(reachable);
        let management = self.management_check(session, answers);
        let chosen = inputs.connection.as_ref();
        let mut name = chosen.map_or(self.provider.default_connection(), |name| name.as_str()).to_owned();
        let host = login::host(domain, login_domains).clone();

        let found = match management.as_ref() {
            Some(management) => management
                .require(&["read:connections"])
                .and_then(|()| connection::find(management, self.provider, chosen)),
            None => Ok(None),
        };
        let mut usable = answers;
        let mut connection = None;
        if management.is_some() {
            usable &= self.note(connection::exists(&found, &name));
            if let Ok(Some(now)) = found {
                name.clone_from(&now.name);
                let doc = ConnectionDoc {
                    id: Some(now.id.clone()),
                    name: now.name.clone(),
                    strategy: now.strategy.clone(),
                    action: None,
                };
                self.world.console.connection(doc);
                let wanted = Wanted {
                    provider: self.provider,
                    name: &name,
                    client_id: &self.client_id,
                    secret,
                    scopes: &self.scopes,
                };
                self.note(connection::settings(&now, &wanted));
                self.note(connection::secret(&now, &wanted));
                usable &= now.is_active();
                connection = Some(now);
            } else {
                self.skip(
                    &[id::CONNECTION_SETTINGS, id::CONNECTION_SECRET],
                    "not compared, since the connection was not read",
                );
            }
        } else {
            let why = "not read: no Management API session";
            self.skip(&[id::CONNECTION_EXISTS, id::CONNECTION_SETTINGS, id::CONNECTION_SECRET], why);
        }
        let all = self.application_checks(
            inputs,
            management.as_ref(),
            connection.as_ref(),
            usable,
            &Expected {
                provider: self.provider,
                connection: &name,
                client_id: &self.client_id,
                scopes: &self.scopes,
                host: &host,
            },
        )?;
        Ok(TenantState { management, all, connection, name, host })
    }

    fn skip(&self, checks: &[&'static str], why: &str) {
        for check in checks {
            self.note(Finding::skip(check, why));
        }
    }

    fn management_check<'w>(
        &self,
        session: Result<Option<Management<'w>>, Failure>,
        answers: bool,
    ) -> Option<Management<'w>> {
        match session {
            Ok(Some(management)) => {
                let mut wanted = READ.to_vec();
                if !self.args.headless && self.args.inputs.test_app.is_none() {
                    wanted.extend(temporary::SCOPES);
                }
                self.note(tenant::access(&management, &wanted));
                Some(management)
            }
            Ok(None) if answers => {
                self.note(Finding::skip(id::MANAGEMENT_ACCESS, "no Management API credentials are given"));
                None
            }
            Ok(None) => {
                self.note(Finding::skip(id::MANAGEMENT_ACCESS, "not asked, since the tenant does not answer"));
                None
            }
            Err(failure) => {
                self.note(Finding::fail(id::MANAGEMENT_ACCESS, failure));
                None
            }
        }
    }

    /// `applications.enabled` and `authorize.redirect` for each application; returns every application of the tenant.
    fn application_checks(
        &self,
        inputs: &Inputs,
        management: Option<&Management>,
        connection: Option<&Connection>,
        usable: bool,
        expected: &Expected,
    ) -> Result<Vec<Application>, Failure> {
        let listed = management.map(|management| {
            management.applications().inspect_err(|failure| {
                self.note(met(id::APPLICATIONS_ENABLED, failure.clone()));
            })
        });
        let (all, known) = match listed {
            Some(Ok(all)) => (all, true),
            _ => (Vec::new(), false),
        };
        let chosen: Vec<Chosen> = match &inputs.applications {
            choice if known => resolve(choice, &all)?,
            Applications::Named(ids) | Applications::Saved(ids) => ids.iter().map(|id| Chosen::by_id(id)).collect(),
            Applications::All | Applications::Unknown => Vec::new(),
        };
        if chosen.is_empty() {
            let why = "no application is saved or named (--app)";
            self.skip(&[id::APPLICATIONS_ENABLED, id::AUTHORIZE_REDIRECT], why);
            return Ok(all);
        }
        let on: Option<Result<BTreeSet<String>, Failure>> = match (management, connection) {
            (Some(management), Some(connection)) => Some(management.enabled_clients(&connection.id)),
            _ => None,
        };
        let mut off = BTreeSet::new();
        for application in &chosen {
            let finding = match &on {
                Some(Ok(on)) => enabled(application, expected.connection, on),
                Some(Err(failure)) => met(id::APPLICATIONS_ENABLED, failure.clone()),
                None => Finding::skip(id::APPLICATIONS_ENABLED, "not read, since the connection was not read"),
            };
            if finding.is_fail() {
                off.insert(&application.client_id);
            }
            self.note(finding.about(&application.client_id, application.name.as_deref()));
        }
        let limit = if self.args.check_all { usize::MAX } else { ASKED_APPLICATIONS };
        for (n, application) in chosen.iter().enumerate() {
            let finding = if !usable {
                Finding::skip(id::AUTHORIZE_REDIRECT, "not asked: see the check that failed above")
            } else if off.contains(&application.client_id) {
                Finding::skip(id::AUTHORIZE_REDIRECT, "not asked, since the connection is not enabled for it")
            } else if n >= limit {
                Finding::left_out(
                    id::AUTHORIZE_REDIRECT,
                    "not asked: only the first 20 applications are, unless --check-all",
                )
            } else {
                redirect(&self.world.http, application, expected)
            };
            self.note(finding.about(&application.client_id, application.name.as_deref()));
        }
        Ok(all)
    }

    fn leave_login_out(&self) -> bool {
        if self.args.headless {
            for check in [id::LOGIN_LIVE, id::IDENTITY_READ] {
                self.note(Finding::left_out(check, "left out (--headless)"));
            }
        } else if self.any_failed() {
            self.skip(&[id::LOGIN_LIVE, id::IDENTITY_READ], "not tried: mend what failed above first");
        } else {
            return false;
        }
        true
    }

    fn login<'l>(&'l self, inputs: &Inputs, connection: &'l str, provider_callback: String) -> Login<'l> {
        Login {
            provider: self.provider,
            client_id: &self.client_id,
            scopes: &self.scopes,
            connection,
            provider_callback,
            port: inputs.port,
            timeout: inputs.timeout,
        }
    }

    fn direct_login(&self, inputs: &Inputs, secret: Option<&Secret>) -> Result<(), Failure> {
        if self.leave_login_out() {
            return Ok(());
        }
        let Some(secret) = secret else {
            self.skip(&[id::LOGIN_LIVE, id::IDENTITY_READ], "not tried: the client secret is not at hand");
            return Ok(());
        };
        self.world.console.title("Live login");
        let listener = bind(inputs.port)?;
        let login = self.login(inputs, self.provider.title(), listener.redirect_uri());
        let result = {
            // A token may have to be revoked: Ctrl-C asks the wait to end instead of ending the process.
            let _hold = self.world.cancel.hold();
            direct::run(self.world, &login, secret, listener)
        };
        self.keep(session::report(self.world, result)?);
        Ok(())
    }

    fn live_login(&self, inputs: &Inputs, state: &TenantState) -> Result<(), Failure> {
        if self.leave_login_out() {
            return Ok(());
        }
        let test_app = self.args.inputs.test_app.as_deref();
        let connection_id = state.connection.as_ref().map(|connection| connection.id.as_str());
        let why = match (&state.management, connection_id) {
            _ if test_app.is_some() => None,
            (Some(management), Some(_)) => {
                let missing = management.lacks(&temporary::SCOPES);
                (!missing.is_empty())
                    .then(|| format!("not tried: the token lacks {} for a temporary application", missing.join(" ")))
            }
            _ => Some("not tried: a temporary application needs the Management API; or use --test-app ID".to_owned()),
        };
        if let Some(why) = why {
            self.skip(&[id::LOGIN_LIVE, id::IDENTITY_READ], &why);
            return Ok(());
        }
        self.world.console.title("Live login");
        let login = self.login(inputs, &state.name, state.host.callback());
        let findings = session::run(
            self.world,
            &login,
            &state.host,
            &session::Through {
                management: state.management.as_ref(),
                all: &state.all,
                connection_id: connection_id.unwrap_or_default(),
                test_app,
            },
        )?;
        self.keep(findings);
        Ok(())
    }

    fn keep(&self, findings: Vec<Finding>) {
        self.seen.borrow_mut().extend(findings);
    }

    /// The first failure decides; with `--strict` the first check that did not pass.
    fn verdict(&self) -> Result<(), Failure> {
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
        match short.filter(|_| self.args.strict) {
            Some(finding) => {
                let message = format!("{} is {} (--strict): {}", finding.check, finding.state.word(), finding.detail);
                let failure = Failure::new(Code::NotVerified, message);
                Err(match &finding.hint {
                    Some(hint) => failure.with_hint(hint.clone()),
                    None => failure,
                })
            }
            None => {
                self.world.console.gap();
                let passed = seen.iter().filter(|finding| finding.state == State::Pass).count();
                let rest = seen.len() - passed;
                let tail = if rest == 0 { String::new() } else { format!(", {rest} warned, unknown or skipped") };
                self.world.console.say(&format!("{passed} checks passed{tail}."));
                Ok(())
            }
        }
    }
}
