//! Owns the list of faults that the sandbox can be told to have, by name. Refuses to say how each is brought about: the
//! simulated service that has it does.

use std::str::FromStr;

macro_rules! faults {
    ($($variant:ident, $name:literal, $what:literal;)*) => {
        /// One thing that is wrong in the sandbox on purpose.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $(#[doc = $what] $variant,)*
        }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Fault] = &[$(Fault::$variant,)*];

            /// The name used on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name,)* }
            }

            /// What is wrong, in one line.
            pub fn what(self) -> &'static str {
                match self { $(Fault::$variant => $what,)* }
            }
        }
    };
}

faults! {
    ShutDown, "shut-down", "the provider answers 410 to everything";
    ProviderDown, "provider-down", "the provider answers 503 to everything";
    RedirectMismatch, "redirect-mismatch", "the callback URL registered at the provider has an extra slash";
    UnknownClient, "unknown-client", "the provider does not know the client ID";
    DeletedClient, "deleted-client", "the app was deleted at the provider (Google)";
    WrongSecret, "wrong-secret", "the provider has a newer client secret than the one in use";
    InvalidScope, "invalid-scope", "the scopes are not declared on the provider's Data Access page (Google)";
    OrgInternal, "org-internal", "the app's audience is Internal (Google)";
    Denied, "denied", "the person presses Deny";
    NotATestUser, "not-a-test-user", "the person is not on the list of test users, so no redirect ever comes (Google)";
    UntickedScopes, "unticked-scopes", "the person leaves one optional scope unticked";
    UntickedIdentity, "unticked-identity", "the person unticks every scope that lets the identity be read";
    NotLinked, "not-linked", "the Google account has no Google Health profile";
    ApiDisabled, "api-disabled", "the Google Health API is not enabled in the project";
    CallerNotPermitted, "caller-not-permitted", "the person still has an unmigrated Fitbit account (Google)";
    Testing, "testing", "the app's publishing status is Testing: refresh tokens live 7 days (Google)";
    NoRefreshToken, "no-refresh-token", "no refresh token comes back";
    WrongIssuer, "wrong-issuer", "the redirect of the provider or of the tenant names another issuer";
    ManagementClientUnknown, "management-client-unknown", "the Management API client's secret is refused";
    NoClientGrant, "no-client-grant", "the Management API client has no grant for the Management API";
    ReadOnlyToken, "read-only-token", "the Management API token has only the read scopes";
    OptionsHidden, "options-hidden", "the Management API token lacks the two connections_options scopes";
    ExpiredToken, "expired-token", "the Management API says that the token has expired";
    EntityLimit, "entity-limit", "the tenant's plan allows no further connection";
    FreePlan, "free-plan", "the Management API allows two requests a second";
    TenantDown, "tenant-down", "the tenant answers 503 to everything";
    CustomDomain, "custom-domain", "the tenant has a custom login domain";
    ConnectionMissing, "connection-missing", "the connection does not exist";
    ConnectionInactive, "connection-inactive", "the connection is switched off for authentication";
    WrongStrategy, "wrong-strategy", "a connection of that name exists with another strategy";
    WrongClientIdInTenant, "wrong-client-id-in-tenant", "the connection holds another client ID";
    WrongSecretInTenant, "wrong-secret-in-tenant", "the connection holds another client secret";
    DeveloperKeys, "developer-keys", "the connection has empty keys, so Auth0's developer keys are used";
    ScopesMissingInTenant, "scopes-missing-in-tenant", "the connection asks for fewer scopes";
    SettingsDrifted, "settings-drifted", "the connection lacks its authorization parameters";
    ApplicationNotEnabled, "application-not-enabled", "the connection is enabled for no application";
    ApplicationGone, "application-gone", "the first application was deleted";
    NoCallback, "no-callback", "the first application has no callback URL";
    WrongCallbackSent, "wrong-callback-sent", "the tenant sends another callback URL to the provider";
    BadNonce, "bad-nonce", "the ID token carries another nonce";
    BadAudience, "bad-audience", "the ID token is for another client";
    LoginBlocked, "login-blocked", "an Action of the tenant refuses the login";
    ScriptFails, "script-fails", "the fetchUserProfile script of the connection fails";
    RequestRefused, "request-refused", "the provider's authorize page refuses the request, whatever is in it";
    ProviderRateLimited, "provider-rate-limited", "the provider answers 429 to everything, for an hour";
    ProviderGarbage, "provider-garbage", "a hotel's sign-in page answers in place of the provider";
    DisallowedUseragent, "disallowed-useragent", "the provider refuses the browser as an embedded one (Google)";
    AdminPolicy, "admin-policy", "the account's Workspace administrator blocks the app (Google)";
    PersonalApp, "personal-app", "the app is of type Personal and somebody else's (Fitbit)";
    NobodyConsents, "nobody-consents", "nobody answers the consent page, so no redirect ever comes";
    UnverifiedApp, "unverified-app", "the page that the app is not verified comes before the consent page (Google)";
    CodeRefused, "code-refused", "the provider refuses its own authorization codes";
    AccessTokenRefused, "access-token-refused", "the provider refuses its own access tokens";
    RefreshTokenDead, "refresh-token-dead", "the provider refuses its own refresh tokens";
    NotRevoked, "not-revoked", "the provider's revoke endpoint answers 503";
    UserMismatch, "user-mismatch", "userinfo or the profile names another person than the token's answer";
    NotATenant, "not-a-tenant", "a web shop answers at the tenant's domain";
    OtherIssuer, "other-issuer", "the tenant's discovery document names another issuer";
    OtherTenant, "other-tenant", "the tenant has neither the connection nor the applications";
    LoginDomainElsewhere, "login-domain-elsewhere", "the custom login domain leads to another tenant";
    LoginDomainGone, "login-domain-gone", "the custom login domain was removed from the tenant";
    GrantNotAllowed, "grant-not-allowed", "the Management API client may not use the grant client_credentials";
    AudienceUnknown, "audience-unknown", "the tenant does not know the Management API's audience";
    TokenRejected, "token-rejected", "the Management API says that the token is invalid";
    NoLogScope, "no-log-scope", "the Management API token lacks read:logs";
    RateLimited, "rate-limited", "the Management API answers 429 to everything, for an hour";
    TenantGarbage, "tenant-garbage", "a hotel's sign-in page answers in place of the tenant's APIs";
    TenantUnreachable, "tenant-unreachable", "nobody listens at the tenant's address";
    TenantSilent, "tenant-silent", "the tenant takes every connection and never answers";
    PlanFeature, "plan-feature", "the tenant's plan lacks what a change of connections or applications needs";
    ClientLimit, "client-limit", "the tenant's plan allows no further application";
    NameTaken, "name-taken", "the connection's name is taken, although no connection of that name is found";
    ApplicationStays, "application-stays", "an application made since the start cannot be deleted";
    ChangedMeanwhile, "changed-meanwhile", "somebody else changes the connection right after every change";
    TwoConnections, "two-connections", "there are two connections of the built-in strategy (Fitbit)";
    TokenVault, "token-vault", "the connection keeps the provider's tokens in Token Vault";
    WrongProviderInTenant, "wrong-provider-in-tenant", "the connection leads to another provider (Google)";
    NotConfigured, "not-configured", "the connection has neither authorization nor token URL (Google)";
    WithoutCodeGrant, "without-code-grant", "the first application may not use the grant authorization_code";
    ConnectionDisabledAnswer, "connection-disabled-answer", "as application-not-enabled, but /authorize says \"disabled\"";
    FreshChange, "fresh-change", "the connection is enabled, but /authorize does not know of it yet";
    CallbackLost, "callback-lost", "the tenant's last redirect leads to a port where nobody listens";
    StateChanged, "state-changed", "the tenant's last redirect carries another state";
    ServerError, "server-error", "the tenant's last redirect carries error=server_error";
    UnknownLoginError, "unknown-login-error", "the tenant's last redirect carries an error that nobody knows";
    TenantCodeRefused, "tenant-code-refused", "the tenant refuses its own authorization codes";
    NoIdToken, "no-id-token", "the tenant's token answer has no ID token";
    LogsLate, "logs-late", "entries of the tenant log appear two seconds after they happened";
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name).ok_or_else(|| {
            let meant = crate::text::did_you_mean(name, Self::ALL.iter().map(|fault| fault.name()));
            format!(
                "there is no fault named {}{meant}; `fitbit-connect sandbox --help` lists them",
                crate::text::redact(name)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_by_its_name() {
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse::<Fault>(), Ok(*fault));
        }
    }

    #[test]
    fn every_fault_fits_its_line_of_the_help() {
        for fault in Fault::ALL {
            assert!(fault.name().len() <= 26 && fault.what().len() <= 80, "{}", fault.name());
        }
    }
}
