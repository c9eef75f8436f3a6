//! Owns the table of everything that can go wrong: code, symptom and the texts that mean it, cause, cure, exit code, links,
//! how sure. Every hint, `explain` and the documents read it. Refuses to print, and to say what happened in one particular
//! run: the caller adds that. The blanks in a cure are filled with the values of the set-up at hand ([`Values`]); where a
//! cause or cure reads otherwise at Fitbit, that wording stands behind ` | Fitbit: `.

mod application;
pub mod auth_error;
mod command;
mod connection;
mod denial;
mod failure;
mod input;
mod links;
mod login;
mod machine;
pub mod numbered;
pub mod own_output;
mod provider;
mod recognise;
mod sign;
mod status;
mod tenant;
mod unreachable;
mod values;

use std::fmt;
use std::str::FromStr;

pub use denial::{is_about_testing, is_denial, is_trouble};
pub use failure::Failure;
pub use recognise::{recognise, recognise_returned};
pub use sign::{NOT_ABOUT_THE_ID, Sign};
pub use values::{Blank, Values, followed_by, led_by};

/// How the program ends; the numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or every check passed; on a diagnosis: a warning.
    Done = 0,
    /// Unexpected failure.
    Unexpected = 1,
    /// Input missing, contradictory or malformed.
    Input = 2,
    /// Something is misconfigured at the provider or the tenant.
    Misconfigured = 3,
    /// Credentials were refused.
    Refused = 4,
    /// The person did not consent.
    NoConsent = 5,
    /// Network, rate limit, service or local trouble, after retries.
    Service = 6,
    /// The secret store is missing, locked or refused.
    Store = 7,
    /// Cancelled with Ctrl-C.
    Cancelled = 130,
}

impl Exit {
    /// The number the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// Stable name, snake_case.
    pub code: &'static str,
    /// What is seen, with the exact text of the provider where there is one.
    pub symptom: &'static str,
    /// Why it happens.
    pub cause: &'static str,
    /// The exact thing to do; its blanks (`{callback}`) are filled by [`Values`].
    pub cure: &'static str,
    /// How the program ends when this is the reason; `Done` marks a warning.
    pub exit: Exit,
    /// Pages of the providers that say more.
    pub links: &'static [&'static str],
    /// What in a text means this, as the providers, Auth0 and other programs word it.
    pub signs: &'static [Sign],
    /// How sure it is that the symptom means this.
    pub sure: Sure,
}

impl Diagnosis {
    /// The page that says more: of the service that the message speaks of where there is one, and never of a provider that is
    /// not this set-up's.
    pub fn link(&self, for_fitbit: bool, message: &str) -> Option<&'static str> {
        let names_provider = message.starts_with("Google") || message.starts_with("Fitbit");
        let may = || self.links.iter().copied().filter(|link| links::fits(link, for_fitbit));
        may().find(|link| links::is_of_auth0(link) != names_provider).or(may().next())
    }

    /// The pages that say more to a set-up of this provider; all of them where it is not known, or where the row is about
    /// the other provider alone.
    pub fn links_for(&self, for_fitbit: Option<bool>) -> Vec<&'static str> {
        let fits = |link: &&str| for_fitbit.is_none_or(|for_fitbit| links::fits(link, for_fitbit));
        let own: Vec<&'static str> = self.links.iter().copied().filter(fits).collect();
        if own.is_empty() { self.links.to_vec() } else { own }
    }
}

/// How sure it is that a symptom means what its row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sure {
    /// This program looks at the thing itself.
    Seen,
    /// The service documents it.
    Documented,
    /// People report it, or a working public program relies on it.
    Reported,
    /// Concluded from other facts, and confirmed by nobody.
    Inferred,
}

impl Sure {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Documented => "documented",
            Self::Reported => "reported",
            Self::Inferred => "inferred",
        }
    }

    /// The same in a few words.
    pub fn says(self) -> &'static str {
        match self {
            Self::Seen => "this program looks at it itself",
            Self::Documented => "documented by the service",
            Self::Reported => "reported by people who met it",
            Self::Inferred => "concluded, confirmed by nobody yet",
        }
    }
}

macro_rules! codes {
    ($($area:ident { $($variant:ident = $row:ident,)* })*) => {
        /// One diagnosis, named so that a caller cannot misspell it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = concat!("Row `", stringify!($row), "` of the table `", stringify!($area), "`.")] $variant,)*)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Code] = &[$($(Code::$variant,)*)*];

            /// What the row is about: `input`, `provider`, `login`, `tenant`, `connection`, `application`, `machine`.
            pub fn area(self) -> &'static str {
                match self { $($(Code::$variant => stringify!($area),)*)* }
            }

            /// The row of the table.
            pub fn diagnosis(self) -> &'static Diagnosis {
                match self { $($(Code::$variant => &$area::$row,)*)* }
            }
        }
    };
}

codes! {
    input {
        InputMissing = INPUT_MISSING,
        InputInvalid = INPUT_INVALID,
        InputContradictory = INPUT_CONTRADICTORY,
        SecretOnCommandLine = SECRET_ON_COMMAND_LINE,
        ConfirmationMissing = CONFIRMATION_MISSING,
        SettingsFileInvalid = SETTINGS_FILE_INVALID,
        UnknownCode = UNKNOWN_CODE,
        ClientSecretMissing = CLIENT_SECRET_MISSING,
        ApplicationNotFound = APPLICATION_NOT_FOUND,
        ConnectionAmbiguous = CONNECTION_AMBIGUOUS,
        DesktopClient = DESKTOP_CLIENT,
        FileNotReadable = FILE_NOT_READABLE,
    }
    provider {
        ProviderShutDown = PROVIDER_SHUT_DOWN,
        RegistrationClosed = REGISTRATION_CLOSED,
        GoogleIdAtFitbit = GOOGLE_ID_AT_FITBIT,
        FitbitIdAtGoogle = FITBIT_ID_AT_GOOGLE,
        RedirectUriMismatch = REDIRECT_URI_MISMATCH,
        ClientIdUnknown = CLIENT_ID_UNKNOWN,
        ClientDeleted = CLIENT_DELETED,
        ClientSecretRejected = CLIENT_SECRET_REJECTED,
        InvalidScope = INVALID_SCOPE,
        GoogleHealthApiDisabled = GOOGLE_HEALTH_API_DISABLED,
        OrgInternal = ORG_INTERNAL,
        DisallowedUseragent = DISALLOWED_USERAGENT,
        PersonalApplication = PERSONAL_APPLICATION,
        ProviderRefusedRequest = PROVIDER_REFUSED_REQUEST,
        RefreshTokenRejected = REFRESH_TOKEN_REJECTED,
        RefreshTokenExpiresIn7Days = REFRESH_TOKEN_EXPIRES_IN_7_DAYS,
        RefreshTokenMissing = REFRESH_TOKEN_MISSING,
        AccessTokenRejected = ACCESS_TOKEN_REJECTED,
        SomeScopesNotGranted = SOME_SCOPES_NOT_GRANTED,
        GoogleUnverifiedApp = GOOGLE_UNVERIFIED_APP,
        ErrorHiddenByLibrary = ERROR_HIDDEN_BY_LIBRARY,
    }
    login {
        AccessDenied = ACCESS_DENIED,
        LoginTimedOut = LOGIN_TIMED_OUT,
        LoopbackUnreachable = LOOPBACK_UNREACHABLE,
        BrowserRefusesHttp = BROWSER_REFUSES_HTTP,
        NotATestUser = NOT_A_TEST_USER,
        AccountNotLinked = ACCOUNT_NOT_LINKED,
        CallerNotPermitted = CALLER_NOT_PERMITTED,
        IdentityScopeNotGranted = IDENTITY_SCOPE_NOT_GRANTED,
        AdminPolicyEnforced = ADMIN_POLICY_ENFORCED,
        StateMismatch = STATE_MISMATCH,
        LoginBlocked = LOGIN_BLOCKED,
        LoginRequired = LOGIN_REQUIRED,
        ProfileScriptFailed = PROFILE_SCRIPT_FAILED,
        CodeRejected = CODE_REJECTED,
        IssuerMismatch = ISSUER_MISMATCH,
        IdTokenInvalid = ID_TOKEN_INVALID,
        UserMismatch = USER_MISMATCH,
        UserNotFound = USER_NOT_FOUND,
        TemporaryApplicationLeft = TEMPORARY_APPLICATION_LEFT,
        TokenNotRevoked = TOKEN_NOT_REVOKED,
        NotVerified = NOT_VERIFIED,
    }
    tenant {
        TenantNotFound = TENANT_NOT_FOUND,
        OtherTenant = OTHER_TENANT,
        LoginDomainOfOtherTenant = LOGIN_DOMAIN_OF_OTHER_TENANT,
        LoginDomainGone = LOGIN_DOMAIN_GONE,
        ManagementCredentialsRejected = MANAGEMENT_CREDENTIALS_REJECTED,
        ManagementClientNotAuthorized = MANAGEMENT_CLIENT_NOT_AUTHORIZED,
        ManagementGrantNotAllowed = MANAGEMENT_GRANT_NOT_ALLOWED,
        ManagementAudienceUnknown = MANAGEMENT_AUDIENCE_UNKNOWN,
        ManagementTokenRejected = MANAGEMENT_TOKEN_REJECTED,
        ManagementTokenExpired = MANAGEMENT_TOKEN_EXPIRED,
        MissingScope = MISSING_SCOPE,
        ConnectionOptionsHidden = CONNECTION_OPTIONS_HIDDEN,
        EntityLimitReached = ENTITY_LIMIT_REACHED,
        PlanFeatureMissing = PLAN_FEATURE_MISSING,
        ManagementRequestRefused = MANAGEMENT_REQUEST_REFUSED,
    }
    connection {
        ConnectionNotFound = CONNECTION_NOT_FOUND,
        ConnectionNameTaken = CONNECTION_NAME_TAKEN,
        ConnectionWrongStrategy = CONNECTION_WRONG_STRATEGY,
        ConnectionInactive = CONNECTION_INACTIVE,
        ConnectionClientIdDiffers = CONNECTION_CLIENT_ID_DIFFERS,
        ConnectionSecretDiffers = CONNECTION_SECRET_DIFFERS,
        ConnectionScopesDiffer = CONNECTION_SCOPES_DIFFER,
        ConnectionSettingsDiffer = CONNECTION_SETTINGS_DIFFER,
        ConnectionNotConfigured = CONNECTION_NOT_CONFIGURED,
        ConnectionUsesDeveloperKeys = CONNECTION_USES_DEVELOPER_KEYS,
        ConnectionChangedMeanwhile = CONNECTION_CHANGED_MEANWHILE,
        ConnectionScopesDropped = CONNECTION_SCOPES_DROPPED,
        TokenVaultOn = TOKEN_VAULT_ON,
    }
    application {
        ApplicationNotEnabled = APPLICATION_NOT_ENABLED,
        ApplicationGone = APPLICATION_GONE,
        ApplicationWithoutCallback = APPLICATION_WITHOUT_CALLBACK,
        ApplicationGrantMissing = APPLICATION_GRANT_MISSING,
        ApplicationUnknownToTenant = APPLICATION_UNKNOWN_TO_TENANT,
        CallbackNotAllowed = CALLBACK_NOT_ALLOWED,
        ApplicationConfidential = APPLICATION_CONFIDENTIAL,
        AuthorizeConnectionNotUsable = AUTHORIZE_CONNECTION_NOT_USABLE,
        AuthorizeChangePending = AUTHORIZE_CHANGE_PENDING,
        AuthorizeWrongProvider = AUTHORIZE_WRONG_PROVIDER,
        AuthorizeWrongClientId = AUTHORIZE_WRONG_CLIENT_ID,
        AuthorizeWrongCallback = AUTHORIZE_WRONG_CALLBACK,
        AuthorizeScopesMissing = AUTHORIZE_SCOPES_MISSING,
        WorksOnlyDirectly = WORKS_ONLY_DIRECTLY,
    }
    machine {
        NetworkUnreachable = NETWORK_UNREACHABLE,
        TlsFailed = TLS_FAILED,
        RateLimited = RATE_LIMITED,
        ServiceUnavailable = SERVICE_UNAVAILABLE,
        UnrecognisedAnswer = UNRECOGNISED_ANSWER,
        TimedOut = TIMED_OUT,
        PortInUse = PORT_IN_USE,
        BrowserNotOpened = BROWSER_NOT_OPENED,
        FileNotWritable = FILE_NOT_WRITABLE,
        AnotherRun = ANOTHER_RUN,
        SecretStoreMissing = SECRET_STORE_MISSING,
        SecretStoreLocked = SECRET_STORE_LOCKED,
        SecretStoreDismissed = SECRET_STORE_DISMISSED,
        SecretStoreRefused = SECRET_STORE_REFUSED,
        SecretStoreFull = SECRET_STORE_FULL,
        SecretStoreTimedOut = SECRET_STORE_TIMED_OUT,
        SecretTooLong = SECRET_TOO_LONG,
        SecretFileLoose = SECRET_FILE_LOOSE,
        SecretNotKept = SECRET_NOT_KEPT,
        Cancelled = CANCELLED,
        Unexpected = UNEXPECTED,
    }
}

impl Code {
    /// The stable name, as in JSON and in `explain`.
    pub fn name(self) -> &'static str {
        self.diagnosis().code
    }

    /// Whether it says that a host gave no answer at all.
    pub fn is_no_answer(self) -> bool {
        matches!(self, Self::NetworkUnreachable | Self::TimedOut | Self::TlsFailed)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Code {
    type Err = String;

    /// Finds a code by its name; upper case, surrounding white space and hyphens are forgiven.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let wanted = name.trim().to_ascii_lowercase().replace('-', "_");
        if let Some(code) = Self::ALL.iter().copied().find(|code| code.name() == wanted) {
            return Ok(code);
        }
        let names = Self::ALL.iter().map(|code| code.name());
        let hint = crate::text::nearest(&wanted, names).map(|near| format!("; did you mean {near}?"));
        Err(format!("there is no code {}{}", crate::text::excerpt(name, 60), hint.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests;
