//! Owns the addresses that diagnoses point to: the providers' own pages, each named once, and which of them are for a set-up
//! of Fitbit's. Refuses third-party pages.

/// Whether a page is Auth0's.
pub(super) fn is_of_auth0(link: &str) -> bool {
    link.contains("//auth0.com/")
}

/// Whether a page speaks of this provider, or of both: the way from Fitbit to Google Health is for both.
pub(super) fn fits(link: &str, for_fitbit: bool) -> bool {
    let of_fitbit = link.contains("fitbit");
    match for_fitbit {
        true => {
            let of_move = [HEALTH_ABOUT, HEALTH_SETUP, HEALTH_MIGRATION].contains(&link);
            of_fitbit || of_move || is_of_auth0(link) && link != AUTH0_CUSTOM_SOCIAL
        }
        false => !of_fitbit,
    }
}

pub(super) const HEALTH_ABOUT: &str = "https://developers.google.com/health/about";
pub(super) const HEALTH_SETUP: &str = "https://developers.google.com/health/setup";
pub(super) const HEALTH_SCOPES: &str = "https://developers.google.com/health/scopes";
pub(super) const HEALTH_TROUBLE: &str = "https://developers.google.com/health/troubleshooting";
pub(super) const HEALTH_LIMITS: &str = "https://developers.google.com/health/rate-limits";
pub(super) const HEALTH_MIGRATION: &str = "https://developers.google.com/health/migration";
pub(super) const HEALTH_API: &str = "https://console.developers.google.com/apis/library/health.googleapis.com";
pub(super) const GOOGLE_WEB_SERVER: &str = "https://developers.google.com/identity/protocols/oauth2/web-server";
pub(super) const GOOGLE_URI_RULES: &str =
    "https://developers.google.com/identity/protocols/oauth2/web-server#uri-validation";
pub(super) const GOOGLE_EXPIRATION: &str = "https://developers.google.com/identity/protocols/oauth2#expiration";
pub(super) const GOOGLE_CLIENTS: &str = "https://support.google.com/cloud/answer/15549257";
pub(super) const GOOGLE_AUDIENCE: &str = "https://support.google.com/cloud/answer/15549945";
pub(super) const GOOGLE_VERIFICATION: &str = "https://support.google.com/cloud/answer/13463817";
pub(super) const GOOGLE_CONNECTIONS: &str = "https://myaccount.google.com/connections";
pub(super) const FITBIT_ERRORS: &str =
    "https://dev.fitbit.com/build/reference/web-api/troubleshooting-guide/error-messages";
pub(super) const FITBIT_APP_TYPES: &str =
    "https://dev.fitbit.com/build/reference/web-api/developer-guide/application-design/";
pub(super) const FITBIT_REFRESH: &str = "https://dev.fitbit.com/build/reference/web-api/authorization/refresh-token";
pub(super) const AUTH0_FITBIT: &str = "https://auth0.com/ai/docs/integrations/fitbit";
pub(super) const AUTH0_CODE_FLOW: &str =
    "https://auth0.com/docs/get-started/authentication-and-authorization-flow/authorization-code-flow-with-pkce";
pub(super) const AUTH0_MANAGEMENT_TOKENS: &str =
    "https://auth0.com/docs/secure/tokens/access-tokens/management-api-access-tokens";
pub(super) const AUTH0_CUSTOM_SOCIAL: &str =
    "https://auth0.com/docs/authenticate/identity-providers/social-identity-providers/oauth2";
pub(super) const AUTH0_DEVELOPER_KEYS: &str =
    "https://auth0.com/docs/authenticate/identity-providers/social-identity-providers/devkeys";
pub(super) const AUTH0_CONNECTION_CLIENTS: &str =
    "https://auth0.com/docs/troubleshoot/product-lifecycle/deprecations-and-migrations";
pub(super) const AUTH0_TEST: &str = "https://auth0.com/docs/authenticate/identity-providers/test-connections";
pub(super) const AUTH0_ENTITY_LIMITS: &str =
    "https://auth0.com/docs/troubleshoot/customer-support/operational-policies/entity-limit-policy";
pub(super) const AUTH0_RATE_LIMITS: &str =
    "https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy";
pub(super) const AUTH0_APPLICATION: &str = "https://auth0.com/docs/get-started/applications/application-settings";
pub(super) const AUTH0_ERROR_PAGES: &str =
    "https://auth0.com/docs/authenticate/login/auth0-universal-login/error-pages";
pub(super) const AUTH0_CUSTOM_DOMAINS: &str = "https://auth0.com/docs/customize/custom-domains";
pub(super) const AUTH0_TOKEN_VAULT: &str =
    "https://auth0.com/docs/secure/call-apis-on-users-behalf/token-vault/configure-token-vault";
pub(super) const AUTH0_LOGS: &str = "https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes";
