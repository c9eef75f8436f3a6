//! Owns what `setup` knows before it writes: the inputs, which of them a person answered, and what was verified with them.
//!
//! An answer can be taken back; what was verified with it is forgotten with it, and nothing else. Refuses to ask and to send.

use super::Place;
use crate::ask;
use crate::ask::given::{Applications, Inputs};
use crate::auth0::management::Login;
use crate::auth0::wire::Connection;
use crate::checks::applications::Chosen;
use crate::cli;
use crate::diagnosis::{Code, Failure};
use crate::finding::Step;
use crate::ids::{Domain, Store};
use crate::provider::Provider;
use crate::secret::Secret;
use crate::steps::app::App;
use crate::steps::sign_in::Session;
use crate::steps::tenant::{Change, Listed};
use crate::world::World;

/// What a person can answer, and change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The provider.
    Provider,
    /// The tenant's domain.
    Tenant,
    /// Whether there is an app at the provider already.
    Registered,
    /// The client ID.
    ClientId,
    /// The client secret.
    Secret,
    /// How to get at the Management API.
    Access,
    /// The applications.
    Applications,
    /// Whether the Management API client's secret is kept.
    Keep,
    /// The connection's name.
    Connection,
    /// The scopes.
    Scopes,
    /// Where secrets go.
    Store,
}

/// Everything known so far.
pub struct Draft<'a> {
    pub world: &'a World,
    pub args: &'a cli::Setup,
    pub inputs: Inputs,
    /// What a person answered, in order; the last is the one to go back to.
    pub asked: Vec<Answer>,
    /// Whether the tenant was seen to answer.
    pub reached: bool,
    /// Whether this is the guide through the dashboard.
    pub manual: bool,
    /// Whether the app was there before, as the person says.
    pub registered: Option<bool>,
    /// Whether the callback URLs were shown to be entered.
    pub callbacks_shown: bool,
    /// What was verified at the authorize page: client ID, callback URLs, scopes.
    pub callbacks_verified: Option<(String, Vec<String>, Vec<String>)>,
    /// What the store holds.
    pub stored: Option<Secret>,
    /// Whether the store held one at the start.
    pub was_stored: bool,
    /// The app, once its secret is known.
    pub app: Option<App>,
    /// Whether the provider took client ID and secret.
    pub app_verified: bool,
    /// Whether no answer of the authorize page was understood.
    pub page_is_strange: bool,
    /// That the token endpoint's was not understood either: something else may answer in the provider's place.
    pub stranger: Option<Failure>,
    /// The credentials of the session, and whether they are not in the store yet.
    pub login: Option<Login>,
    pub login_is_new: bool,
    /// The session at the tenant.
    pub session: Option<Session<'a>>,
    /// Custom login domains that the tenant named.
    pub found_domains: Vec<Domain>,
    /// Another connection that holds the same client ID, when that one is not there.
    pub twin: Option<String>,
    /// Whether a person chose the connection's name here.
    pub names_connection: bool,
    /// Whether the tenant has just refused the name.
    pub refuses_name: bool,
    /// The connection as it is now, once that was asked.
    pub looked: Option<Option<Connection>>,
    /// The tenant's applications, and those that the connection is enabled for.
    pub listed: Option<Listed>,
    /// Whether the values for the dashboard were shown.
    pub guided: bool,
    /// Whether the provider took the client ID with every callback URL.
    pub callbacks_accepted: bool,
    /// The applications that a person enables in the dashboard.
    pub by_hand: Option<Vec<Chosen>>,
    /// What steps 4 and 5 would do.
    pub change: Option<Change>,
    /// Whether the Management API client's secret is kept.
    pub keep: Option<bool>,
    /// What was answered before it was taken back: the default of the next time.
    pub before: Before<'a>,
    /// An answer that is being changed from the plan: going back leaves it as it was.
    pub changing: Option<Answer>,
    /// Whether anything may have been written.
    pub wrote: bool,
    /// The heading that was printed last.
    pub at: u8,
    /// The number of questions that was said last.
    pub said_left: Option<(usize, usize)>,
}

/// Answers that were taken back.
#[derive(Default)]
pub struct Before<'a> {
    pub provider: Option<Provider>,
    /// Whether that one is gone: the list begins with another one.
    pub provider_is_gone: bool,
    pub domain: Option<Domain>,
    pub client_id: Option<String>,
    pub applications: Vec<String>,
    /// The app with its secret.
    pub app: Option<App>,
    /// Whether that secret is right again when the same client ID is.
    pub app_is_right: bool,
    /// The session.
    pub session: Option<Session<'a>>,
    /// Whether the Management API client's secret is kept.
    pub keep: Option<bool>,
}

impl<'a> Draft<'a> {
    pub fn new(world: &'a World, args: &'a cli::Setup, inputs: Inputs, stored: Option<Secret>) -> Self {
        Self {
            world,
            args,
            manual: args.manual,
            reached: false,
            was_stored: stored.is_some(),
            stored,
            keep: None,
            login: None,
            login_is_new: true,
            looked: None,
            twin: None,
            names_connection: false,
            refuses_name: false,
            by_hand: None,
            guided: false,
            callbacks_accepted: false,
            inputs,
            asked: Vec::new(),
            registered: None,
            callbacks_shown: false,
            callbacks_verified: None,
            app: None,
            app_verified: false,
            page_is_strange: false,
            stranger: None,
            session: None,
            found_domains: Vec::new(),
            listed: None,
            change: None,
            before: Before::default(),
            changing: None,
            wrote: false,
            at: 0,
            said_left: None,
        }
    }

    /// The provider is another one: what belongs to the former one goes.
    pub fn set_provider(&mut self, provider: Provider) {
        if self.before.provider.is_some_and(|before| before != provider) {
            self.inputs.client_id = None;
            self.inputs.secret = None;
            self.inputs.connection = None;
            self.inputs.scopes = None;
            self.before.client_id = None;
        }
        self.inputs.provider = Some(provider);
        self.saved_secret_applies();
    }

    /// The tenant is another one: what belongs to the former one goes.
    pub fn set_domain(&mut self, domain: Domain) {
        if self.before.domain.as_ref().is_some_and(|before| *before != domain) {
            self.inputs.login_domains.clear();
            self.inputs.applications = Applications::Unknown;
            self.inputs.management = None;
            self.inputs.management_id = None;
        }
        self.before.session = None;
        self.inputs.same_tenant = self.world.saved.domain.as_ref() == Some(&domain);
        self.inputs.domain = Some(domain);
    }

    pub fn set_client_id(&mut self, client_id: String) {
        self.inputs.client_id = Some(client_id);
        self.saved_secret_applies();
    }

    pub(super) fn saved_secret_applies(&mut self) {
        let saved = &self.world.saved;
        let same_id = self.inputs.client_id.is_some() && self.inputs.client_id == saved.client_id;
        self.inputs.saved_secret_applies = same_id && self.inputs.provider == saved.provider;
    }

    /// The callback URLs of every login domain, and whether logins need each.
    pub fn callbacks(&self) -> Vec<(String, bool)> {
        match &self.inputs.domain {
            Some(domain) => crate::steps::app::callbacks(domain, &self.login_domains()),
            None => Vec::new(),
        }
    }

    /// The custom login domains: given or saved, else those the tenant named.
    pub fn login_domains(&self) -> Vec<Domain> {
        if self.inputs.login_domains.is_empty() {
            self.found_domains.clone()
        } else {
            self.inputs.login_domains.clone()
        }
    }

    /// The domain people log in through, once the tenant is known.
    pub fn place_of_login(&self) -> Option<Domain> {
        self.login_domains().into_iter().next().or(self.inputs.domain.clone())
    }

    /// The scopes to ask for, short names.
    pub fn scopes(&self, provider: Provider) -> Vec<String> {
        let default = || provider.default_scopes().iter().map(|scope| (*scope).to_owned()).collect();
        self.inputs.scopes.clone().unwrap_or_else(default)
    }

    /// Refuses to make a second connection of the same client ID that nobody asked for: the first one may have been renamed.
    /// A person sees it in the plan; `--yes` alone says nothing of it.
    ///
    /// # Errors
    /// `connection_ambiguous`.
    pub fn refuse_twin(&self, name: &str) -> Result<(), Failure> {
        let given =
            self.args.inputs.connection.is_some() || !self.world.set_variables(ask::CONNECTION.variables).is_empty();
        let Some(twin) = self.twin.as_ref().filter(|_| self.args.yes && !given && !self.names_connection) else {
            return Ok(());
        };
        let message = format!("the tenant has no connection {name}, but {twin} holds the same client ID");
        let hint = format!(
            "Use that one with `--connection {twin}` or, should you want a second one, name it: `--connection {name}`. One that \
             was renamed can be deleted in the dashboard: {{connections_page}}"
        );
        Err(Failure::new(Code::ConnectionAmbiguous, message).with_hint(hint))
    }

    /// Where the connection is, or will be.
    pub fn place(&self, provider: Provider, domain: &Domain) -> Place {
        let found = self.looked.as_ref().and_then(Option::as_ref).map(|now| now.name.clone());
        let named = self.inputs.connection.as_ref().map(|name| name.as_str().to_owned());
        Place {
            connection: found.or(named).unwrap_or_else(|| provider.default_connection().to_owned()),
            login_domains: self.login_domains(),
            domain: domain.clone(),
        }
    }

    /// The Management API client that the store is to keep.
    pub fn to_keep(&self) -> Option<(&str, &Secret)> {
        match &self.login {
            Some(Login::Client { id, secret }) if self.keep == Some(true) => Some((id, secret)),
            _ => None,
        }
    }

    /// The steps that were verified so far.
    pub fn verified(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.callbacks_verified.is_some() {
            steps.extend([Step::Register, Step::Callback]);
        }
        if self.app_verified {
            steps.push(Step::Credentials);
        }
        steps
    }

    /// Whether the Management API client's secret may still be asked about.
    fn may_ask_to_keep(&self) -> bool {
        let could_be_kept = self.login_is_new && !matches!(self.login, Some(Login::Token(_)));
        let asks = !self.args.save_management && !self.args.yes && self.world.sandbox.is_none();
        could_be_kept && asks && self.keep.is_none() && !self.manual && self.world.store() != Store::Nothing
    }

    /// How many questions are left at most, the plan's included.
    pub fn questions_left(&self) -> usize {
        let inputs = &self.inputs;
        // The way into the tenant is one choice and two values.
        let access_open = self.session.is_none() && inputs.management.is_none() && !self.manual;
        let open = [
            inputs.provider.is_none(),
            inputs.domain.is_none(),
            inputs.client_id.is_none() && self.registered.is_none(),
            inputs.client_id.is_none(),
            self.app.is_none() && inputs.secret.is_none() && !(inputs.saved_secret_applies && self.stored.is_some()),
            access_open,
            access_open,
            access_open,
            inputs.applications == Applications::Unknown,
            self.may_ask_to_keep(),
            !self.args.yes && !self.args.dry_run,
            // Whether it is entered in the dashboard.
            self.manual && !self.args.dry_run,
        ];
        open.into_iter().filter(|open| *open).count()
    }
}
