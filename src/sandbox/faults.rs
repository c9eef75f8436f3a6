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
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name).ok_or_else(|| {
            let meant = crate::text::did_you_mean(name, Self::ALL.iter().map(|fault| fault.name()));
            format!("there is no fault named {name}{meant}; `fitbit-connect sandbox --help` lists them")
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
