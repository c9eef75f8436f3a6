//! Owns the blanks in cures, and what stands in them: the values of the set-up at hand, or words in capitals that say what
//! belongs there; and which of two wordings is for its provider. Refuses to hold a secret: none of these values is one.

use std::collections::BTreeMap;

use super::command::without;

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
    ReturnTo, "return_to", "the exact address that the login returns to", "The application's own callback URL.";
    Application, "application", "the application", "The application that is meant.";
    Loopback, "loopback", "http://127.0.0.1:18917/callback", "The callback URL of a direct test.";
    Port, "port", "18917", "The loopback port.";
    ClientId, "client_id", "YOUR_CLIENT_ID", "The client ID at the provider.";
    Project, "project", "whose number begins the client ID", "The number of the Google Cloud project.";
    RedirectList, "redirect_list", "list of redirect URIs of the client at the provider", "Where callback URLs are registered.";
    ClientsPage, "clients_page", "https://console.cloud.google.com/auth/clients", "The page with the client.";
    AudiencePage, "audience_page", "https://console.cloud.google.com/auth/audience", "Google's page with publishing status and test users.";
    ScopesPage, "scopes_page", "https://console.cloud.google.com/auth/scopes", "Google's page with the declared scopes.";
    ApiPage, "api_page", "https://console.developers.google.com/apis/library/health.googleapis.com", "Google's page that enables the API.";
    Scopes, "scopes", "profile.readonly", "The scopes asked for, short names.";
    WireScopes, "wire_scopes", "https://www.googleapis.com/auth/googlehealth.profile.readonly", "The scopes asked for, as they are sent.";
    IdentityScope, "identity_scope", "profile.readonly", "The scope asked for that lets the identity be read.";
    Domain, "domain", "YOUR_TENANT_DOMAIN", "The tenant's own domain.";
    Connection, "connection", "google-health", "The connection's name.";
    MissingScopes, "missing_scopes", "the scopes that the message lists", "The Management API scopes that a token lacks.";
    ConnectionsPage, "connections_page", "https://manage.auth0.com/", "Auth0's page with the social connections.";
    LogsPage, "logs_page", "https://manage.auth0.com/", "Auth0's page with the tenant's log.";
    Setup, "setup", "fitbit-connect setup", "The command that sets this profile up.";
    Test, "test", "fitbit-connect test", "The command that verifies this profile.";
    UntilThen, "until_then", "run the command again then", "What looks again when an edit at the provider acts.";
    Move, "move", "fitbit-connect setup --provider google-health", "The command that moves from Fitbit to Google Health.";
}

/// What separates the wording for everybody from the one for a Fitbit set-up, in causes and cures.
const AT_FITBIT: &str = " | Fitbit: ";
/// What separates these from the one for a set-up of Google's.
const AT_GOOGLE: &str = " | Google: ";

/// What separates the wording for who enters everything by hand; it stands last.
const BY_HAND: &str = " | By hand: ";
/// All of them.
const MARKS: [&str; 3] = [AT_FITBIT, AT_GOOGLE, BY_HAND];

/// The cure with a sentence before it, in each of its wordings.
pub fn led_by(sentence: &str, cure: &str) -> String {
    MARKS.iter().fold(format!("{sentence}{cure}"), |cure, mark| cure.replace(mark, &format!("{mark}{sentence}")))
}

/// The cure with something behind it, in each of its wordings.
pub fn followed_by(cure: &str, words: &str) -> String {
    MARKS.iter().fold(format!("{cure}{words}"), |cure, mark| cure.replace(mark, &format!("{words}{mark}")))
}

/// What is known of a set-up.
#[derive(Clone, Debug, Default)]
pub struct Values {
    blanks: BTreeMap<Blank, String>,
    for_fitbit: Option<bool>,
    by_hand: bool,
}

impl Values {
    /// Fills a blank from now on; an empty value leaves it unknown.
    pub fn set(&mut self, blank: Blank, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.blanks.insert(blank, value);
        }
    }

    /// What fills a blank, where it is known.
    pub fn value(&self, blank: Blank) -> Option<&str> {
        self.blanks.get(&blank).map(String::as_str)
    }

    /// Says whether the set-up is one of Fitbit's.
    pub fn set_for_fitbit(&mut self, yes: bool) {
        self.for_fitbit = Some(yes);
    }

    /// Says whether the connection is entered in the dashboard, where no command reaches it.
    pub fn set_by_hand(&mut self, yes: bool) {
        self.by_hand = yes;
    }

    /// Whether the set-up is one of Fitbit's, where its provider is known.
    pub fn for_fitbit(&self) -> Option<bool> {
        self.for_fitbit
    }

    /// The text in the wording for this provider, with its blanks filled.
    pub fn fill(&self, text: &str) -> String {
        // What follows a mark is for those it is for, and what stands before it for all others.
        let worded = |text: &str, mark: &str, is_meant: bool| match text.split_once(mark) {
            Some((_, meant)) if is_meant => meant.to_owned(),
            Some((others, _)) => others.to_owned(),
            None => text.to_owned(),
        };
        let text = worded(text, BY_HAND, self.by_hand);
        let text = worded(&text, AT_GOOGLE, self.for_fitbit == Some(false));
        let text = worded(&text, AT_FITBIT, self.for_fitbit == Some(true));
        if !text.contains('{') {
            return text;
        }
        Blank::ALL.iter().fold(text, |text, blank| {
            let value = self.blanks.get(blank).map_or(blank.unknown(), String::as_str);
            match blank {
                Blank::Setup | Blank::Test => with_command(&text, blank.written(), value),
                _ => text.replace(blank.written(), value),
            }
        })
    }
}

/// The text with a command in its blanks; what stands behind one up to the backtick is added to it.
fn with_command(text: &str, blank: &str, command: &str) -> String {
    let mut parts = text.split(blank);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, behind| text + &without(command, behind.split('`').next().unwrap_or_default()) + behind)
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
    fn what_a_cure_adds_to_a_command_stands_there_once() {
        let mut values = Values::default();
        values.set(Blank::Setup, "fitbit-connect setup --connection a --store none");
        values.set(Blank::Connection, "a");
        assert_eq!(
            values.fill("Run `{setup}` or `{setup} --connection {connection}-2` or `{setup} --all-apps`"),
            "Run `fitbit-connect setup --connection a --store none` or `fitbit-connect setup --store none --connection a-2` or \
             `fitbit-connect setup --connection a --store none --all-apps`"
        );
    }

    #[test]
    fn a_cure_with_two_wordings_has_the_one_of_the_provider() {
        let text = "Open {clients_page} | Fitbit: Look at {clients_page} there.";
        let mut values = Values::default();
        assert_eq!(values.fill(text), "Open https://console.cloud.google.com/auth/clients");
        values.set(Blank::ClientsPage, "https://dev.fitbit.com/apps");
        values.set_for_fitbit(true);
        assert_eq!(values.fill(text), "Look at https://dev.fitbit.com/apps there.");
        values.set_for_fitbit(false);
        assert_eq!(values.fill(text), "Open https://dev.fitbit.com/apps");
    }

    #[test]
    fn who_enters_everything_by_hand_is_told_where() {
        let text = "Run it | Fitbit: Look | By hand: Enter it";
        let mut values = Values::default();
        assert_eq!(values.fill(text), "Run it");
        values.set_for_fitbit(true);
        assert_eq!(values.fill(text), "Look");
        values.set_by_hand(true);
        assert_eq!(values.fill(text), "Enter it");
    }

    #[test]
    fn what_is_said_before_and_behind_a_cure_is_said_in_each_wording() {
        let cure = followed_by(&led_by("First. ", "Run it | Fitbit: Look | By hand: Enter it"), " (twice)");
        let mut values = Values::default();
        assert_eq!(values.fill(&cure), "First. Run it (twice)");
        values.set_for_fitbit(true);
        assert_eq!(values.fill(&cure), "First. Look (twice)");
        values.set_by_hand(true);
        assert_eq!(values.fill(&cure), "First. Enter it (twice)");
    }

    #[test]
    fn what_is_said_to_google_alone_is_said_to_nobody_else() {
        let text = "Move | Fitbit: Go | Google: Wait";
        let mut values = Values::default();
        assert_eq!(values.fill(text), "Move");
        values.set_for_fitbit(true);
        assert_eq!(values.fill(text), "Go");
        values.set_for_fitbit(false);
        assert_eq!((values.fill(text), values.fill("Move | Google: Wait")), ("Wait".to_owned(), "Wait".to_owned()));
    }

    #[test]
    fn a_value_stands_in_every_place_of_its_blank_and_an_empty_one_in_none() {
        let mut values = Values::default();
        values.set(Blank::ClientId, "23ABCD");
        values.set(Blank::Domain, "");
        assert_eq!(values.fill("{client_id} {client_id} {domain} {other}"), "23ABCD 23ABCD YOUR_TENANT_DOMAIN {other}");
    }
}
