//! Owns what stands in the blanks of cures: the values of the set-up at hand, taken from inputs or from a saved profile.
//!
//! Refuses to ask and to send: what is not known yet stays a word in capitals.

use super::{World, again, profile_name, settings_path};
use crate::ask::given::{Inputs, Variables};
use crate::cli;
use crate::diagnosis::{Blank, Values};
use crate::ids::{DEFAULT_PORT, Domain};
use crate::provider::{Provider, scopes};
use crate::settings::Settings;

/// As much of a set-up as is known.
#[derive(Default)]
struct Known<'a> {
    provider: Option<Provider>,
    client_id: Option<&'a str>,
    domain: Option<&'a Domain>,
    /// Whether a command has to name the domain to mean the same tenant.
    names_domain: bool,
    login_domains: &'a [Domain],
    connection: Option<&'a str>,
    scopes: &'a [String],
    port: u16,
    again: &'a str,
}

impl World {
    /// Tells the console the values of this set-up, as far as they are known by now; `found` are the custom login domains that
    /// the tenant named.
    pub fn know(&self, inputs: &Inputs, found: &[Domain]) {
        let given = !inputs.login_domains.is_empty();
        let known = Known {
            provider: inputs.provider,
            client_id: inputs.client_id.as_deref(),
            domain: inputs.domain.as_ref(),
            names_domain: inputs.domain != self.saved.domain,
            login_domains: if given { &inputs.login_domains } else { found },
            connection: inputs.connection.as_ref().map(|name| name.as_str()),
            scopes: inputs.scopes.as_deref().unwrap_or_default(),
            port: inputs.port,
            again: &self.again,
        };
        self.console.knows(known.values());
    }
}

/// The values of the saved profile, for `explain`, which works without any: settings that cannot be read are passed over.
pub fn saved_values(variables: &Variables, global: &cli::Global) -> Values {
    let read = || {
        let settings = Settings::read(&settings_path(global, variables)?)?;
        let name = profile_name(global, variables, &settings)?;
        settings.profile(&name)
    };
    let Ok(Some(profile)) = read() else { return Values::default() };
    Known {
        provider: profile.provider,
        client_id: profile.client_id.as_deref(),
        domain: profile.domain.as_ref(),
        names_domain: false,
        login_domains: &profile.login_domains,
        connection: profile.connection.as_ref().map(|name| name.as_str()),
        scopes: &profile.scopes,
        port: profile.port.unwrap_or(DEFAULT_PORT),
        again: &again(global),
    }
    .values()
}

impl Known<'_> {
    fn values(&self) -> Values {
        let mut values = Values::default();
        let mut set = |blank, value: String| values.set(blank, value);
        let provider = self.provider;
        set(Blank::Port, self.port.to_string());
        set(Blank::Loopback, format!("http://127.0.0.1:{}/callback", self.port));
        let domains = if self.login_domains.is_empty() { self.domain.as_slice() } else { &[] };
        let callbacks = domains.iter().copied().chain(self.login_domains).map(Domain::callback);
        set(Blank::Callback, callbacks.collect::<Vec<_>>().join(" "));
        set(Blank::ClientId, self.client_id.unwrap_or_default().to_owned());
        let project = self.client_id.and_then(project_number).filter(|_| provider != Some(Provider::Fitbit));
        if let Some(project) = project {
            set(Blank::Project, project.to_owned());
            for (blank, page) in [
                (Blank::ClientsPage, "https://console.cloud.google.com/auth/clients"),
                (Blank::AudiencePage, "https://console.cloud.google.com/auth/audience"),
                (Blank::ScopesPage, "https://console.cloud.google.com/auth/scopes"),
                (Blank::ApiPage, "https://console.developers.google.com/apis/api/health.googleapis.com/overview"),
            ] {
                set(blank, format!("{page}?project={project}"));
            }
        }
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
        }
        let mut named = self.again.to_owned();
        if let Some(domain) = self.domain {
            set(Blank::Domain, domain.to_string());
            if let Some(dashboard) = dashboard(domain) {
                set(Blank::ConnectionsPage, format!("{dashboard}/connections/social"));
                set(Blank::LogsPage, format!("{dashboard}/logs"));
            }
            if self.names_domain {
                named.push_str(&format!(" --domain {domain}"));
            }
        }
        set(Blank::Setup, format!("fitbit-connect setup{named}"));
        set(Blank::Test, format!("fitbit-connect test{named}"));
        let mut wanted = String::new();
        if provider == Some(Provider::Fitbit) && !self.scopes.is_empty() {
            let moved = scopes::migrate(self.scopes);
            wanted = format!(" --scopes {}", moved.scopes.join(","));
        }
        set(Blank::Move, format!("fitbit-connect setup --provider google-health{named}{wanted}"));
        values
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
mod tests {
    use super::*;

    fn fill(known: &Known, text: &str) -> String {
        known.values().fill(text)
    }

    #[test]
    fn a_google_set_up_fills_its_own_pages_and_commands() {
        let domain: Domain = "acme.eu.auth0.com".parse().unwrap();
        let known = Known {
            provider: Some(Provider::GoogleHealth),
            client_id: Some("123456789012-abc.apps.googleusercontent.com"),
            domain: Some(&domain),
            port: 4711,
            again: " --profile work",
            ..Known::default()
        };
        assert_eq!(fill(&known, "{callback}"), "https://acme.eu.auth0.com/login/callback");
        assert_eq!(fill(&known, "{loopback}"), "http://127.0.0.1:4711/callback");
        assert_eq!(
            fill(&known, "{audience_page}"),
            "https://console.cloud.google.com/auth/audience?project=123456789012"
        );
        assert_eq!(fill(&known, "{logs_page}"), "https://manage.auth0.com/dashboard/eu/acme/logs");
        assert_eq!(fill(&known, "{setup}"), "fitbit-connect setup --profile work");
        assert_eq!(fill(&known, "{scopes}"), "openid,email,profile,profile.readonly");
    }

    #[test]
    fn the_way_over_to_google_health_carries_the_scopes_that_there_are_and_the_tenant_that_was_given() {
        let domain: Domain = "acme.auth0.com".parse().unwrap();
        let scopes = ["sleep".to_owned(), "heartrate".to_owned(), "social".to_owned()];
        let known = Known {
            provider: Some(Provider::Fitbit),
            client_id: Some("23ABCD"),
            domain: Some(&domain),
            names_domain: true,
            scopes: &scopes,
            ..Known::default()
        };
        assert_eq!(
            fill(&known, "{move}"),
            "fitbit-connect setup --provider google-health --domain acme.auth0.com --scopes \
             openid,email,profile,profile.readonly,sleep.readonly,health_metrics_and_measurements.readonly"
        );
        assert_eq!(fill(&known, "{project}"), "whose number begins the client ID");
        assert_eq!(fill(&known, "{redirect_list}"), "Redirect URL of the app at https://dev.fitbit.com/apps");
        assert_eq!(fill(&known, "{connections_page}"), "https://manage.auth0.com/dashboard/us/acme/connections/social");
    }

    #[test]
    fn of_login_domains_each_has_its_callback() {
        let domains: Vec<Domain> = ["login.acme.com", "id.acme.com"].iter().map(|d| d.parse().unwrap()).collect();
        let known = Known { login_domains: &domains, ..Known::default() };
        assert_eq!(
            fill(&known, "{callback}"),
            "https://login.acme.com/login/callback https://id.acme.com/login/callback"
        );
    }
}
