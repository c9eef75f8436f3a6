//! Owns what stands in the blanks of cures: the values of the set-up at hand, taken from inputs or from a saved profile.
//!
//! Refuses to ask and to send: what is not known yet stays a word in capitals.

mod explained;
mod flags;
mod refused;
mod told;

pub use explained::values_for;
pub(super) use flags::{Flags, again};
pub(super) use refused::Refused;

use super::World;
use crate::ask::given::{Applications, Inputs, Variables};
use crate::ask::{self, Field};
use crate::cli;
use crate::diagnosis::{Blank, Values};
use crate::ids::{ConnectionName, DEFAULT_PORT, Domain, Store};
use crate::provider::{Provider, scopes};
use crate::settings::Profile;
use crate::text::shell_word;

/// As much of a set-up as is known.
#[derive(Default)]
struct Known<'a> {
    provider: Option<Provider>,
    client_id: Option<&'a str>,
    /// The number of the Google Cloud project, where something else than the client ID tells it.
    project: Option<&'a str>,
    domain: Option<&'a Domain>,
    /// Whether a command has to name the domain to mean the same tenant.
    names_domain: bool,
    /// Flags that a command has to repeat to mean the same, since they are not saved: ` --domain acme.eu.auth0.com`.
    given: String,
    /// The flags that hold for every provider: for a port and a place of secrets that are not saved, and for files that are not:
    /// ` --port 4711 --store none --token-file FILE`.
    further: String,
    run: Run<'a>,
    /// What the way over to Google has to repeat beyond the rest: ` --connection google-health`.
    of_move: String,
    login_domains: &'a [Domain],
    connection: Option<&'a str>,
    scopes: &'a [String],
    port: u16,
    again: &'a str,
}

/// What kind of run it is.
#[derive(Clone, Copy, Default)]
struct Run<'a> {
    /// What a set-up has to repeat beyond the rest: ` --app NAME`.
    of_setup: &'a str,
    /// What a test has to repeat beyond the rest: ` --app NAME --direct`.
    of_test: &'a str,
    /// Whether the login is at the provider itself.
    direct: bool,
    /// Whether the connection is entered in the dashboard.
    by_hand: bool,
    /// Whether there is something to test: a `setup` that stops half-way leaves nothing that could become right by waiting.
    is_set_up: bool,
}

/// What kind of test it is.
#[derive(Clone, Copy)]
pub struct Testing {
    /// The flags that are not inputs.
    pub switches: &'static str,
    /// Whether the login is at the provider itself.
    pub direct: bool,
    /// Whether the tenant is changed in the dashboard: there are no credentials for the Management API.
    pub by_hand: bool,
}

impl World {
    /// Tells the console the values of this set-up, as far as they are known by now; `found` are the custom login domains that
    /// the tenant named.
    pub fn know(&self, inputs: &Inputs, found: &[Domain], args: &cli::Setup, manual: bool) {
        let of_setup = flags_for(&inputs.applications) + if manual { " --manual" } else { "" } + &args.repeated();
        let direct = inputs.domain.is_none();
        let of_test = match self.variables.of(&ask::APPS) {
            Some(_) => flags_for(&inputs.applications),
            None => String::new(),
        };
        let run = Run { of_setup: &of_setup, of_test: &of_test, direct, by_hand: manual, ..Run::default() };
        self.tell(inputs, found, run);
    }

    /// Tells the console the values of the saved profile, before any input is read.
    pub fn know_saved(&self) {
        let saved = Profile { scopes: scopes_in_use(&self.variables, &self.saved), ..self.saved.clone() };
        let known = of_profile(&saved, None, &self.again);
        let (further, of_move) = (self.store_not_saved(), connection_of_google(&self.variables));
        self.console.knows(Known { further, of_move, ..known }.values());
    }

    /// The same for a test.
    pub fn know_of_test(&self, inputs: &Inputs, found: &[Domain], test: &Testing) {
        let Testing { switches, direct, by_hand } = *test;
        let flag = if direct { " --direct" } else { "" };
        let of_test = match &inputs.applications {
            Applications::Named(names) => flags_for(&Applications::Named(self.refused.there(names))),
            other => flags_for(other),
        };
        let of_test = format!("{of_test}{switches}{flag}");
        let of_setup = self.applications_to_set_up(&inputs.applications);
        let direct = direct || inputs.domain.is_none();
        let run = Run { of_setup: &of_setup, of_test: &of_test, direct, is_set_up: true, by_hand };
        self.tell(inputs, found, run);
    }

    /// The flags for the applications of a `setup` after a test: one that was about some of them must not take the others from the
    /// profile, and what the tenant does not have stands in none, wherever it was named.
    fn applications_to_set_up(&self, choice: &Applications) -> String {
        let saved = &self.saved.applications;
        let named: &[String] = match choice {
            Applications::Named(names) => names,
            Applications::Saved(_) | Applications::Unknown => &[],
            Applications::All => return flags_for(choice),
        };
        let is_right = !self.refused.lacks(saved) && !self.refused.lacks(named);
        let is_saved = self.refused.there(named).iter().all(|name| saved.contains(name));
        // A variable would name others again, or fewer.
        let is_left = self.variables.of(&ask::APPS).is_none();
        if is_right && is_left && (named.is_empty() || is_saved && !saved.is_empty()) {
            return String::new();
        }
        match self.refused.there(&[saved, named].concat()) {
            none if none.is_empty() => " --app NAME_OR_ID".to_owned(),
            there => flags_for(&Applications::Named(there)),
        }
    }

    fn tell(&self, inputs: &Inputs, found: &[Domain], run: Run) {
        let given = !inputs.login_domains.is_empty();
        // Without it a login may have no application, and would be left out.
        let is_there = |id: &&String| !self.refused.lacks(std::slice::from_ref(*id));
        let test_app = inputs.test_app.as_ref().filter(is_there).map(|id| format!(" --test-app {}", shell_word(id)));
        let of_login = test_app.unwrap_or_default() + self.flags.login;
        let (of_setup, of_test) = (&format!("{}{of_login}", run.of_setup), &format!("{}{of_login}", run.of_test));
        // What is refused is not repeated, nor what holds it.
        let client_files = if self.refused.is_client() { "" } else { self.flags.client.as_str() };
        let known = Known {
            provider: inputs.provider,
            client_id: inputs.client_id.as_deref(),
            project: None,
            domain: inputs.domain.as_ref(),
            names_domain: inputs.domain != self.saved.domain,
            given: self.not_saved(inputs) + client_files,
            further: self.port_not_saved(inputs) + &self.store_not_saved() + &self.flags.management,
            run: Run { of_setup, of_test, ..run },
            of_move: connection_of_google(&self.variables),
            login_domains: if given { &inputs.login_domains } else { found },
            connection: inputs.connection.as_ref().map(|name| name.as_str()),
            scopes: inputs.scopes.as_deref().unwrap_or_default(),
            port: inputs.port,
            again: &self.again,
        };
        self.console.knows(known.values());
    }

    /// The flags for what was given now and is not what the profile has.
    fn not_saved(&self, inputs: &Inputs) -> String {
        let saved = &self.saved;
        let mut flags = String::new();
        let mut flag = |name: &str, value: &str| flags.push_str(&format!(" {name} {}", shell_word(value)));
        // What a flag said has to win again over a variable that says something else.
        let wins = |field: &Field, value: &str| self.variable_says_else(field, value);
        let beside = |provider: &Provider| {
            inputs.provider != saved.provider && saved.provider.is_some() || wins(&ask::PROVIDER, provider.name())
        };
        if let Some(provider) = inputs.provider.filter(beside) {
            flag("--provider", provider.name());
        }
        let worth =
            |id: &&String| (Some(*id) != saved.client_id.as_ref() || wins(&ask::CLIENT_ID, id)) && !self.is_refused(id);
        if let Some(id) = inputs.client_id.as_ref().filter(worth) {
            flag("--client-id", id);
        }
        let worth = |domain: &&Domain| Some(*domain) != saved.domain.as_ref() || wins(&ask::DOMAIN, domain.as_str());
        if let Some(domain) = inputs.domain.as_ref().filter(worth) {
            flag("--domain", domain.as_str());
        }
        let domains: Vec<&str> = inputs.login_domains.iter().map(Domain::as_str).collect();
        if inputs.login_domains != saved.login_domains || wins(&ask::LOGIN_DOMAIN, &domains.join(",")) {
            inputs.login_domains.iter().for_each(|domain| flag("--login-domain", domain.as_str()));
        }
        let worth =
            |name: &&ConnectionName| Some(*name) != saved.connection.as_ref() || wins(&ask::CONNECTION, name.as_str());
        if let Some(name) = inputs.connection.as_ref().filter(worth) {
            flag("--connection", name.as_str());
        }
        let worth = |names: &&Vec<String>| **names != saved.scopes || wins(&ask::SCOPES, &names.join(","));
        if let Some(names) = inputs.scopes.as_ref().filter(worth) {
            flag("--scopes", &names.join(","));
        }
        flags
    }

    fn port_not_saved(&self, inputs: &Inputs) -> String {
        let is_saved = inputs.port == self.saved.port.unwrap_or(DEFAULT_PORT)
            && !self.variable_says_else(&ask::PORT, &inputs.port.to_string());
        if is_saved { String::new() } else { format!(" --port {}", inputs.port) }
    }

    fn store_not_saved(&self) -> String {
        let store = self.store();
        let is_saved = store == self.saved.store.unwrap_or(Store::Keychain)
            && !self.variable_says_else(&ask::STORE, store.as_str());
        if is_saved || self.sandbox.is_some() { String::new() } else { format!(" --store {}", store.as_str()) }
    }

    fn variable_says_else(&self, field: &Field, value: &str) -> bool {
        says_else(&self.variables, field, value)
    }
}

/// Whether a variable of this field is set to another value.
fn says_else(variables: &Variables, field: &Field, value: &str) -> bool {
    variables.of(field).is_some_and(|(said, _)| !said.eq_ignore_ascii_case(value))
}

/// The connection's usual name at Google, where a variable has the one that is left.
fn connection_of_google(variables: &Variables) -> String {
    let usual = Provider::GoogleHealth.default_connection();
    let is_other = says_else(variables, &ask::CONNECTION, usual);
    if is_other { format!(" --connection {usual}") } else { String::new() }
}

/// The scopes of a profile, unless a variable names others of its provider.
fn scopes_in_use(variables: &Variables, profile: &Profile) -> Vec<String> {
    let said = variables.of(&ask::SCOPES).zip(profile.provider);
    let named = said.and_then(|((said, _), provider)| scopes::parse(provider, said).ok());
    named.unwrap_or_else(|| profile.scopes.clone())
}

/// The flags for applications that were named now.
fn flags_for(applications: &Applications) -> String {
    match applications {
        Applications::All => " --all-apps".to_owned(),
        Applications::Named(names) => names.iter().map(|name| format!(" --app {}", shell_word(name))).collect(),
        Applications::Saved(_) | Applications::Unknown => String::new(),
    }
}

fn of_profile<'a>(profile: &'a Profile, project: Option<&'a str>, again: &'a str) -> Known<'a> {
    Known {
        project,
        provider: profile.provider,
        client_id: profile.client_id.as_deref(),
        domain: profile.domain.as_ref(),
        names_domain: false,
        given: String::new(),
        further: String::new(),
        run: Run { is_set_up: true, ..Run::default() },
        of_move: String::new(),
        login_domains: &profile.login_domains,
        connection: profile.connection.as_ref().map(|name| name.as_str()),
        scopes: &profile.scopes,
        port: profile.port.unwrap_or(DEFAULT_PORT),
        again,
    }
}

impl Known<'_> {
    fn command(&self, name: &str, flags: &str) -> String {
        format!("fitbit-connect {name}{}{}{}{flags}", self.again, self.given, self.further)
    }

    fn values(&self) -> Values {
        let mut values = Values::default();
        let mut set = |blank, value: String| values.set(blank, value);
        let provider = self.provider;
        set(Blank::Port, self.port.to_string());
        set(Blank::Loopback, format!("http://127.0.0.1:{}/callback", self.port));
        let domains = if self.login_domains.is_empty() { self.domain.as_slice() } else { &[] };
        let callbacks = domains.iter().copied().chain(self.login_domains).map(Domain::callback);
        let callbacks = callbacks.collect::<Vec<_>>().join(" ");
        let loopback = format!("http://127.0.0.1:{}/callback", self.port);
        set(Blank::Callback, if self.run.direct && self.port != 0 { loopback } else { callbacks });
        set(Blank::ClientId, self.client_id.unwrap_or_default().to_owned());
        let project = self.project.or_else(|| self.client_id.and_then(project_number));
        let project = project.filter(|_| provider != Some(Provider::Fitbit));
        match provider {
            Some(Provider::Fitbit) => {
                set(Blank::ClientsPage, provider_page(Provider::Fitbit));
                set(Blank::RedirectList, format!("Redirect URL of the app at {}", provider_page(Provider::Fitbit)));
            }
            Some(Provider::GoogleHealth) => {
                let page = "https://console.cloud.google.com/auth/clients";
                let query = project.map(|project| format!("?project={project}")).unwrap_or_default();
                set(Blank::RedirectList, format!("Authorized redirect URIs of the client at {page}{query}"));
            }
            None => {}
        }
        if let Some(provider) = provider {
            set(Blank::Connection, self.connection.unwrap_or(provider.default_connection()).to_owned());
            let defaults = || provider.default_scopes().iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>();
            let names = if self.scopes.is_empty() { defaults() } else { self.scopes.to_vec() };
            set(Blank::Scopes, names.join(","));
            set(Blank::WireScopes, scopes::to_wire(provider, &names).join(" "));
            let readable = |name: &&String| scopes::identity_readable(provider, std::iter::once(name.as_str()));
            set(Blank::IdentityScope, names.iter().find(readable).cloned().unwrap_or_default());
        }
        if let Some(domain) = self.domain {
            set(Blank::Domain, domain.to_string());
            if let Some(dashboard) = dashboard(domain) {
                set(Blank::ConnectionsPage, format!("{dashboard}/connections/social"));
                set(Blank::LogsPage, format!("{dashboard}/logs"));
            }
        }
        let (setup, test) = (self.command("setup", self.run.of_setup), self.command("test", self.run.of_test));
        let until_then = match self.run.is_set_up {
            true => format!("`{test} --headless --watch` repeats until then"),
            false => format!("run `{setup}` again then"),
        };
        set(Blank::UntilThen, until_then);
        set(Blank::Setup, setup);
        set(Blank::Test, test);
        let mut wanted = String::new();
        if provider == Some(Provider::Fitbit) && !self.scopes.is_empty() {
            let moved = scopes::migrate(self.scopes);
            wanted = format!(" --scopes {}", moved.scopes.join(","));
        }
        let tenant = match self.domain.filter(|_| self.names_domain) {
            Some(domain) => format!(" --domain {domain}"),
            None => String::new(),
        };
        set(
            Blank::Move,
            format!(
                "fitbit-connect setup --provider google-health{}{tenant}{}{wanted}{}{}",
                self.again, self.of_move, self.further, self.run.of_setup
            ),
        );
        if let Some(project) = project {
            set_project(&mut values, project);
        }
        if let Some(provider) = provider {
            values.set_for_fitbit(provider == Provider::Fitbit);
        }
        values.set_by_hand(self.run.by_hand);
        values
    }
}

/// The number of a Google Cloud project, and its pages.
fn set_project(values: &mut Values, project: &str) {
    values.set(Blank::Project, project);
    for (blank, page) in [
        (Blank::ClientsPage, "https://console.cloud.google.com/auth/clients"),
        (Blank::AudiencePage, "https://console.cloud.google.com/auth/audience"),
        (Blank::ScopesPage, "https://console.cloud.google.com/auth/scopes"),
        (Blank::ApiPage, "https://console.developers.google.com/apis/api/health.googleapis.com/overview"),
    ] {
        values.set(blank, format!("{page}?project={project}"));
    }
}

/// The number that begins a client ID of Google's (developers.google.com/health/setup calls it the project number).
fn project_number(client_id: &str) -> Option<&str> {
    let number = client_id.split_once('-')?.0;
    (number.len() >= 6 && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}

fn provider_page(provider: Provider) -> String {
    provider.apps_url().to_owned()
}

/// The tenant's part of Auth0's dashboard; tenants of a private cloud have theirs elsewhere.
fn dashboard(domain: &Domain) -> Option<String> {
    let (tenant, region) = match domain.as_str().strip_suffix(".auth0.com")?.split('.').collect::<Vec<_>>()[..] {
        [tenant] => (tenant, "us"),
        [tenant, region] => (tenant, region),
        _ => return None,
    };
    Some(format!("https://manage.auth0.com/dashboard/{region}/{tenant}"))
}

#[cfg(test)]
mod tests;
