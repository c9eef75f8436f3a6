//! Owns what exists in the sandbox before anybody does anything: names, identifiers, passwords, people.
//!
//! Nothing here opens anything outside the sandbox; `.test` is a reserved name (RFC 6761).

use std::collections::BTreeSet;

use super::faults::Fault;

/// The simulated tenant's canonical domain.
pub const DOMAIN: &str = "acme.sandbox.test";
/// A custom login domain of the tenant; it exists only with [`Fault::CustomDomain`] or [`Fault::LoginDomainElsewhere`].
pub const CUSTOM_DOMAIN: &str = "login.acme.sandbox.test";
/// Machine-to-machine application that may call the Management API.
pub const MANAGEMENT_CLIENT_ID: &str = "SandboxManagement000000000000000";
/// Its secret.
pub const MANAGEMENT_CLIENT_SECRET: &str =
    concat!("sandbox-management-", "secret-worth-nothing-000000000000000000000000000000");
/// The app registered at Google.
pub const GOOGLE_CLIENT_ID: &str = "123456789012-sandbox0sandbox0sandbox0sandbox0.apps.googleusercontent.com";
/// Its secret.
pub const GOOGLE_CLIENT_SECRET: &str = concat!("GOC", "SPX-sandbox-secret-worth-nothing");
/// The app registered at Fitbit.
pub const FITBIT_CLIENT_ID: &str = "23SBOX";
/// Its secret.
pub const FITBIT_CLIENT_SECRET: &str = concat!("5a4db0", "5a4db05a4db05a4db05a4db05a");

/// An application of the tenant that exists from the start.
#[derive(Debug, Clone, Copy)]
pub struct Application {
    /// Its client ID.
    pub client_id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Auth0's `app_type`.
    pub app_type: &'static str,
    /// Its one callback URL; none for a machine-to-machine application.
    pub callback: Option<&'static str>,
}

/// The tenant's applications: two that log people in, and the one that calls the Management API.
pub const APPLICATIONS: [Application; 3] = [
    Application {
        client_id: "SandboxWeb0000000000000000000000",
        name: "Acme Web",
        app_type: "regular_web",
        callback: Some("https://app.acme.sandbox.test/callback"),
    },
    Application {
        client_id: "SandboxMobile0000000000000000000",
        name: "Acme Mobile",
        app_type: "native",
        callback: Some("com.acme.mobile://acme.sandbox.test/callback"),
    },
    Application {
        client_id: MANAGEMENT_CLIENT_ID,
        name: "Management (machine to machine)",
        app_type: "non_interactive",
        callback: None,
    },
];

/// A person with an account at the simulated providers.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// Display name.
    pub name: &'static str,
    /// Given name.
    pub given_name: &'static str,
    /// Mail address of the Google account.
    pub email: &'static str,
    /// Google's `sub`.
    pub google_sub: &'static str,
    /// `healthUserId` of the Health identity; none when the account is not linked to Google Health.
    pub health_user_id: Option<&'static str>,
    /// The old Fitbit user id (`legacyUserId`, `encodedId`).
    pub legacy_user_id: &'static str,
}

/// The people; the robot signs in as the first.
pub const PEOPLE: [Person; 2] = [
    Person {
        name: "Ada Example",
        given_name: "Ada",
        email: "ada@example.com",
        google_sub: "108000000000000000001",
        health_user_id: Some("1234567890123456789"),
        legacy_user_id: "A1B2C3",
    },
    Person {
        name: "Ben Example",
        given_name: "Ben",
        email: "ben@example.com",
        google_sub: "108000000000000000002",
        health_user_id: None,
        legacy_user_id: "",
    },
];

/// Which connection, if any, the tenant holds when the sandbox starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Configured {
    /// A custom social connection `google-health`, strategy `oauth2`.
    GoogleHealth,
    /// The built-in connection `fitbit`.
    Fitbit,
}

/// Everything a simulated service is told when it starts.
#[derive(Debug, Clone)]
pub struct Setup {
    /// `http://127.0.0.1:PORT` of the tenant.
    pub tenant_origin: String,
    /// `http://127.0.0.1:PORT` of the custom login domain: the tenant's own unless it leads elsewhere.
    pub login_origin: String,
    /// `http://127.0.0.1:PORT` where nobody listens.
    pub nowhere: String,
    /// `http://127.0.0.1:PORT` of all Google hosts.
    pub google_origin: String,
    /// `http://127.0.0.1:PORT` of both Fitbit hosts.
    pub fitbit_origin: String,
    /// Port of the loopback callback registered at both providers for a direct login.
    pub direct_port: u16,
    /// The connection that exists from the start.
    pub configured: Option<Configured>,
    /// Faults that are switched on.
    pub faults: BTreeSet<Fault>,
}

impl Setup {
    /// Whether a fault is switched on.
    pub fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// Whether the tenant has a custom login domain, wherever it leads.
    pub fn has_login_domain(&self) -> bool {
        self.has(Fault::CustomDomain) || self.has(Fault::LoginDomainElsewhere)
    }

    /// Whether there is such a domain, or was: its name still leads to a place, and it is still registered at the providers.
    pub fn had_login_domain(&self) -> bool {
        self.has_login_domain() || self.has(Fault::LoginDomainGone)
    }

    /// The redirect URIs registered at both providers' apps.
    pub fn registered_redirects(&self) -> Vec<String> {
        if self.has(Fault::RedirectMismatch) {
            return vec![format!("https://{DOMAIN}/login/callback/")];
        }
        let mut uris = vec![format!("https://{DOMAIN}/login/callback")];
        if self.had_login_domain() {
            uris.push(format!("https://{CUSTOM_DOMAIN}/login/callback"));
        }
        uris.push(format!("http://127.0.0.1:{}/callback", self.direct_port));
        uris
    }

    /// Where a browser in the sandbox really goes for an address of the real services: the origin is rewritten when it is
    /// one of the simulated ones.
    pub fn reachable(&self, address: &str) -> String {
        let table = [
            (format!("https://{DOMAIN}"), &self.tenant_origin),
            (format!("https://{CUSTOM_DOMAIN}"), &self.login_origin),
            ("https://accounts.google.com".to_owned(), &self.google_origin),
            ("https://oauth2.googleapis.com".to_owned(), &self.google_origin),
            ("https://openidconnect.googleapis.com".to_owned(), &self.google_origin),
            ("https://health.googleapis.com".to_owned(), &self.google_origin),
            ("https://www.fitbit.com".to_owned(), &self.fitbit_origin),
            ("https://api.fitbit.com".to_owned(), &self.fitbit_origin),
        ];
        for (origin, target) in &table {
            if let Some(rest) = address.strip_prefix(origin.as_str())
                && (rest.is_empty() || rest.starts_with(['/', '?']))
            {
                return format!("{target}{rest}");
            }
        }
        address.to_owned()
    }
}
