//! Owns a row of the matrix: what is wrong, for which providers, how it is looked at, and what has to be said about it.

pub use fitbit_connect::provider::Provider;
use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::simulated;

/// The way over, with its flag.
pub const MOVE: &str = "fitbit-connect setup --provider google-health";
/// Where an end of the newer API would be announced.
pub const NEWS: &str = "https://developers.google.com/health/release-notes";
/// What waits for a change to act.
pub const WATCH: &str = "fitbit-connect test --headless --watch";
/// The command to try again with.
pub const TEST: &str = "fitbit-connect test";
/// What takes the text of a page.
pub const EXPLAIN: &str = "fitbit-connect explain";
/// The way to the listener from a browser on another machine.
pub const TUNNEL: &str = "ssh -L {port}:127.0.0.1:{port}";
/// Where the API is enabled.
const API_PAGE: &str =
    "https://console.developers.google.com/apis/api/health.googleapis.com/overview?project=123456789012";
/// Where a person takes an app's access back.
pub const CONNECTED: &str = "https://myaccount.google.com/connections";

pub const BOTH: &[Provider] = &[GoogleHealth, Fitbit];
pub const GOOGLE: &[Provider] = &[GoogleHealth];
pub const FITBIT: &[Provider] = &[Fitbit];

/// How a set-up is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// No login, with Management API credentials.
    Headless,
    /// No login, and none of those.
    WithoutManagement,
    /// A login through Auth0, with a temporary application.
    Login,
    /// The same, with an application that exists.
    TestApp,
    /// The same, and the secret in the tenant cannot be read.
    SecretHidden,
    /// A login at the provider itself.
    Direct,
    /// `setup` where nothing was set up.
    SetupAnew,
    /// `setup` where everything was.
    SetupAgain,
}

impl Way {
    /// The column of the table.
    pub fn says(self) -> &'static str {
        match self {
            Self::Headless => "`test --headless`",
            Self::WithoutManagement => "`test --headless` without Management API credentials",
            Self::Login => "`test`",
            Self::TestApp => "`test --test-app`",
            Self::SecretHidden => "`test` with a token that cannot read the secret in the tenant",
            Self::Direct => "`test --direct`",
            Self::SetupAnew => "`setup`, for the first time",
            Self::SetupAgain => "`setup`, once more",
        }
    }

    /// Whether it is `setup`, which may write.
    pub fn sets_up(self) -> bool {
        matches!(self, Self::SetupAnew | Self::SetupAgain)
    }
}

/// What else is wrong, that is no fault of the sandbox: somebody did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The client secret in the connection is replaced when the temporary application is made.
    SecretReplaced,
    /// The connection is switched off at that moment.
    SwitchedOff,
    /// The tenant does not take that request any more.
    RequestRefused,
    /// The application of `--test-app` lacks the loopback callback.
    CallbackNotListed,
    /// It proves itself with a secret.
    Confidential,
    /// The connection is not enabled for it.
    NotEnabledForIt,
    /// It was deleted.
    Deleted,
    /// A scope is asked for that Auth0's built-in connection does not know.
    ScopeNotKept,
}

impl Deed {
    fn what(self) -> &'static str {
        match self {
            Self::SecretReplaced => "somebody replaces the secret in the connection between the check and the login",
            Self::SwitchedOff => "somebody switches the connection off between the check and the login",
            Self::RequestRefused => "the Management API does not take the form of a request any more",
            Self::CallbackNotListed => "the application does not allow the loopback callback",
            Self::Confidential => "the application proves itself with a secret",
            Self::NotEnabledForIt => "the connection is not enabled for the application",
            Self::Deleted => "the application was deleted",
            Self::ScopeNotKept => "a scope is asked for that the built-in connection does not keep",
        }
    }
}

/// One case, for each of its providers.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub faults: &'static [Fault],
    pub deed: Option<Deed>,
    pub providers: &'static [Provider],
    /// The check, or the step of `setup`.
    pub check: &'static str,
    pub state: &'static str,
    pub code: &'static str,
    pub exit: i32,
    /// What a person has to copy or compare, with blanks: see [`filled`].
    pub copy: &'static str,
    /// The time limit of the login.
    pub timeout: &'static str,
    /// A scope more than the default ones, so that one can be left unticked.
    pub more_scopes: bool,
}

/// A check, or a step, that fails.
pub const fn fails(
    faults: &'static [Fault],
    providers: &'static [Provider],
    check: &'static str,
    code: &'static str,
    exit: i32,
    copy: &'static str,
) -> Row {
    let (deed, more_scopes) = (None, false);
    Row { faults, deed, providers, check, state: "fail", code, exit, copy, timeout: "60s", more_scopes }
}

/// A check that only warns.
pub const fn warns(
    faults: &'static [Fault],
    providers: &'static [Provider],
    check: &'static str,
    code: &'static str,
    copy: &'static str,
) -> Row {
    Row { state: "warn", ..fails(faults, providers, check, code, 0, copy) }
}

impl Row {
    /// It is not known whether it is right.
    pub const fn unknown(self) -> Self {
        Self { state: "unknown", ..self }
    }

    /// It is left out.
    pub const fn skipped(self) -> Self {
        Self { state: "skip", ..self }
    }

    /// The browser never comes back.
    pub const fn never(self) -> Self {
        Self { timeout: "1s", ..self }
    }

    /// The browser never comes back, and what it does before takes longer than a second when many rows run.
    pub const fn never_in(self, timeout: &'static str) -> Self {
        Self { timeout, ..self }
    }

    /// Asks for one scope more than the default ones.
    pub const fn with_more_scopes(self) -> Self {
        Self { more_scopes: true, ..self }
    }

    /// Somebody did something.
    pub const fn since(self, deed: Deed) -> Self {
        Self { deed: Some(deed), ..self }
    }

    /// What is wrong, in the words of the sandbox's list.
    pub fn what(&self) -> String {
        let words: Vec<&str> = self.faults.iter().map(|fault| fault.what()).chain(self.deed.map(Deed::what)).collect();
        words.join("; and ")
    }
}

/// The values of one run that a person has to copy.
pub struct Blanks {
    pub provider: Provider,
    pub port: String,
    pub test_app: String,
}

/// A text with the values of a run in its blanks.
pub fn filled(text: &str, blanks: &Blanks) -> String {
    let id = simulated::client_id(blanks.provider);
    let fitbit = blanks.provider == Fitbit;
    let page = |name: &str| format!("https://console.cloud.google.com/auth/{name}?project=123456789012");
    let clients = if fitbit { "https://dev.fitbit.com/apps".to_owned() } else { page("clients") };
    let values = [
        ("{callback}", format!("https://{}/login/callback", facts::DOMAIN)),
        ("{login_callback}", format!("https://{}/login/callback", facts::CUSTOM_DOMAIN)),
        ("{loopback}", format!("http://127.0.0.1:{}/callback", blanks.port)),
        ("{port}", blanks.port.clone()),
        ("{client_id}", id.to_owned()),
        ("{clients_page}", clients),
        ("{audience_page}", page("audience")),
        ("{scopes_page}", page("scopes")),
        ("{api_page}", API_PAGE.to_owned()),
        ("{authorize_url}", blanks.provider.authorize_url().to_owned()),
        ("{scopes}", if fitbit { "profile" } else { "openid,email,profile,profile.readonly" }.to_owned()),
        ("{connection}", blanks.provider.default_connection().to_owned()),
        ("{domain}", facts::DOMAIN.to_owned()),
        ("{web}", facts::APPLICATIONS[0].client_id.to_owned()),
        ("{management}", facts::MANAGEMENT_CLIENT_ID.to_owned()),
        ("{test_app}", blanks.test_app.clone()),
    ];
    values.iter().fold(text.to_owned(), |text, (blank, value)| text.replace(blank, value))
}
