//! Owns the blanks in cures, and what stands in them: the values of the set-up at hand, or words in capitals that say what
//! belongs there. Refuses to hold a secret: none of these values is one.

use std::collections::BTreeMap;

macro_rules! blanks {
    ($($variant:ident, $name:literal, $unknown:literal, $what:literal;)*) => {
        /// A blank in a cure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Blank {
            $(#[doc = $what] $variant,)*
        }

        impl Blank {
            /// Every blank.
            pub const ALL: &'static [Blank] = &[$(Blank::$variant,)*];

            /// As it stands in a cure, with its braces.
            pub fn written(self) -> &'static str {
                match self { $(Blank::$variant => concat!("{", $name, "}"),)* }
            }

            /// What stands there while the value is not known.
            fn unknown(self) -> &'static str {
                match self { $(Blank::$variant => $unknown,)* }
            }
        }
    };
}

blanks! {
    Callback, "callback", "https://YOUR_TENANT_DOMAIN/login/callback", "The callback URL of the login domain.";
    Loopback, "loopback", "http://127.0.0.1:18917/callback", "The callback URL of a direct test.";
    Port, "port", "18917", "The loopback port.";
    ClientId, "client_id", "YOUR_CLIENT_ID", "The client ID at the provider.";
    Project, "project", "whose number begins the client ID", "The number of the Google Cloud project.";
    RedirectList, "redirect_list", "list of redirect URIs of the client at the provider", "Where callback URLs are registered.";
    ClientsPage, "clients_page", "https://console.cloud.google.com/auth/clients", "The page with the client.";
    AudiencePage, "audience_page", "https://console.cloud.google.com/auth/audience", "Google's page with publishing status and test users.";
    DeclareScopes, "declare_scopes", "At https://console.cloud.google.com/auth/scopes add the scopes, press Update, and Save.", "Where scopes have to be declared.";
    IdentityScope, "identity_scope", "profile.readonly", "The one scope that lets the identity be read.";
    RefreshAgain, "refresh_again", "If it happens a week after each consent, press Publish app at https://console.cloud.google.com/auth/audience first.", "Why a refresh token dies again and again.";
    ApiPage, "api_page", "https://console.developers.google.com/apis/library/health.googleapis.com", "Google's page that enables the API.";
    Scopes, "scopes", "profile.readonly", "The scopes asked for, short names.";
    Domain, "domain", "YOUR_TENANT_DOMAIN", "The tenant's own domain.";
    Connection, "connection", "google-health", "The connection's name.";
    ConnectionsPage, "connections_page", "https://manage.auth0.com/", "Auth0's page with the social connections.";
    LogsPage, "logs_page", "https://manage.auth0.com/", "Auth0's page with the tenant's log.";
    Setup, "setup", "fitbit-connect setup", "The command that sets this profile up.";
    Test, "test", "fitbit-connect test", "The command that verifies this profile.";
    Move, "move", "fitbit-connect setup --provider google-health", "The command that moves from Fitbit to Google Health.";
}

/// What is known of a set-up.
#[derive(Clone, Debug, Default)]
pub struct Values {
    blanks: BTreeMap<Blank, String>,
    /// Whether it is one of Fitbit's; nothing where the provider is not known.
    pub fitbit: Option<bool>,
}

impl Values {
    /// Fills a blank from now on; an empty value leaves it unknown.
    pub fn set(&mut self, blank: Blank, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.blanks.insert(blank, value);
        }
    }

    /// The text with its blanks filled.
    pub fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        Blank::ALL.iter().fold(text.to_owned(), |text, blank| {
            let value = self.blanks.get(blank).map_or(blank.unknown(), String::as_str);
            text.replace(blank.written(), value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Code;
    use super::*;

    #[test]
    fn every_blank_of_every_cure_is_known_and_none_is_left_over() {
        let filled = Values::default();
        for code in Code::ALL {
            let row = code.diagnosis();
            let cure = filled.fill(row.cure);
            assert!(!cure.contains(['{', '}']), "{code}: {cure}");
            for text in [row.symptom, row.cause] {
                assert!(!text.contains('{'), "{code}: only a cure has blanks: {text}");
            }
        }
        for blank in Blank::ALL {
            let used = Code::ALL.iter().any(|code| code.diagnosis().cure.contains(blank.written()));
            assert!(used, "{} is in no cure", blank.written());
        }
    }

    #[test]
    fn a_value_stands_in_every_place_of_its_blank_and_an_empty_one_in_none() {
        let mut values = Values::default();
        values.set(Blank::ClientId, "23ABCD");
        values.set(Blank::Domain, "");
        assert_eq!(values.fill("{client_id} {client_id} {domain} {other}"), "23ABCD 23ABCD YOUR_TENANT_DOMAIN {other}");
    }
}
