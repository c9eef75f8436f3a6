//! What a login through Auth0 shows: what comes back, what the tenant's log says, and what is found by comparing secrets.

use fitbit_connect::sandbox::faults::Fault;

use crate::row::*;

/// The provider shows a page that never comes back; what it says is the browser's secret until somebody pastes it.
const fn ends_at_the_provider(faults: &'static [Fault], providers: &'static [Provider], copy: &'static str) -> Row {
    fails(faults, providers, "login.live", "login_timed_out", 5, copy).never()
}

pub const ROWS: &[Row] = &[
    ends_at_the_provider(&[Fault::NotATestUser], GOOGLE, "{audience_page}"),
    ends_at_the_provider(&[Fault::OrgInternal], GOOGLE, "{audience_page}"),
    ends_at_the_provider(&[Fault::AdminPolicy], GOOGLE, EXPLAIN),
    ends_at_the_provider(&[Fault::DisallowedUseragent], GOOGLE, EXPLAIN),
    ends_at_the_provider(&[Fault::PersonalApp], FITBIT, EXPLAIN),
    ends_at_the_provider(&[Fault::NobodyConsents], BOTH, EXPLAIN),
    // Nobody is sent there.
    fails(&[Fault::ProviderGarbage], BOTH, "provider.callback", "unrecognised_answer", 6, "{authorize_url}").unknown(),
    // What cannot be looked at is said.
    fails(&[Fault::CallbackLost, Fault::NoLogScope], BOTH, "login.live", "login_timed_out", 5, "read:logs")
        .never_in("4s"),
    fails(&[Fault::CallbackLost], BOTH, "login.live", "loopback_unreachable", 5, TUNNEL).never_in("4s"),
    fails(&[Fault::CallbackLost, Fault::LogsLate], GOOGLE, "login.live", "loopback_unreachable", 5, TUNNEL)
        .never_in("6s"),
    fails(&[Fault::StateChanged], BOTH, "login.live", "state_mismatch", 5, TEST).never_in("6s"),
    fails(&[Fault::StateChanged, Fault::NoLogScope], BOTH, "login.live", "state_mismatch", 5, TEST).never_in("6s"),
    fails(&[Fault::Denied], BOTH, "login.live", "access_denied", 5, TEST),
    fails(&[Fault::LoginBlocked], BOTH, "login.live", "login_blocked", 5, "an Action of this tenant refused the login"),
    fails(&[Fault::UntickedIdentity], BOTH, "login.live", "identity_scope_not_granted", 5, "{scopes}"),
    fails(&[Fault::NotLinked], GOOGLE, "login.live", "account_not_linked", 5, "https://fitbit.google.com/auth/signup"),
    fails(&[Fault::CallerNotPermitted], GOOGLE, "login.live", "caller_not_permitted", 5, CONNECTED),
    fails(&[Fault::ApiDisabled], GOOGLE, "login.live", "google_health_api_disabled", 3, "{api_page}"),
    fails(&[Fault::ScriptFails], GOOGLE, "login.live", "profile_script_failed", 3, "fitbit-connect setup"),
    fails(&[Fault::AccessTokenRefused], BOTH, "login.live", "access_token_rejected", 4, "{connection}"),
    fails(&[Fault::CodeRefused], BOTH, "login.live", "code_rejected", 3, TEST),
    fails(&[Fault::CodeRefused, Fault::LogsLate], BOTH, "login.live", "code_rejected", 3, TEST),
    // Both secrets are right, and why there is no token stands in the log alone.
    fails(
        &[Fault::CodeRefused, Fault::NoLogScope],
        BOTH,
        "login.live",
        "unrecognised_answer",
        6,
        "https://manage.auth0.com/",
    ),
    fails(&[], BOTH, "login.live", "connection_secret_differs", 4, "{client_id}").since(Deed::SecretReplaced),
    fails(&[], BOTH, "login.live", "connection_inactive", 3, "{connection}").since(Deed::SwitchedOff),
    fails(&[], BOTH, "login.live", "management_request_refused", 1, "Payload validation error")
        .since(Deed::RequestRefused),
    fails(&[Fault::ServerError], BOTH, "login.live", "service_unavailable", 6, "fitbit-connect test --headless"),
    fails(&[Fault::UnknownLoginError], BOTH, "login.live", "unrecognised_answer", 6, "https://manage.auth0.com/"),
    fails(&[Fault::TenantCodeRefused], BOTH, "login.live", "code_rejected", 3, TEST),
    fails(&[Fault::WrongIssuer], BOTH, "login.live", "issuer_mismatch", 3, "{domain}"),
    fails(&[Fault::BadNonce], BOTH, "login.live", "id_token_invalid", 3, TEST),
    fails(&[Fault::BadAudience], BOTH, "login.live", "id_token_invalid", 3, TEST),
    fails(&[Fault::NoIdToken], BOTH, "login.live", "id_token_invalid", 3, "id_token"),
    fails(&[Fault::UserMismatch], BOTH, "login.live", "user_mismatch", 3, TEST),
    fails(&[Fault::PlanFeature], BOTH, "login.live", "plan_feature_missing", 3, "--test-app ID"),
    fails(&[Fault::ClientLimit], BOTH, "login.live", "entity_limit_reached", 3, "--test-app ID"),
    warns(&[Fault::ApplicationStays], BOTH, "login.live", "temporary_application_left", "auth0 apps delete"),
    warns(&[Fault::ReadOnlyToken], BOTH, "management.access", "missing_scope", "create:clients delete:clients"),
    // The page that the app is not verified is only one more click.
    fails(&[Fault::UnverifiedApp, Fault::Denied], GOOGLE, "login.live", "access_denied", 5, TEST),
    fails(
        &[Fault::FreePlan, Fault::LoginBlocked],
        GOOGLE,
        "login.live",
        "login_blocked",
        5,
        "https://manage.auth0.com/",
    ),
];

pub const WITH_A_TEST_APPLICATION: &[Row] = &[
    fails(&[], BOTH, "login.live", "callback_not_allowed", 3, "{loopback}").since(Deed::CallbackNotListed),
    fails(&[], BOTH, "login.live", "application_confidential", 3, "--test-app").since(Deed::Confidential),
    fails(&[], BOTH, "login.live", "application_not_enabled", 3, "{test_app}").since(Deed::NotEnabledForIt),
    fails(&[], BOTH, "login.live", "application_not_found", 2, "{web}").since(Deed::Deleted),
    ends_at_the_provider(&[Fault::NotATestUser], GOOGLE, "{audience_page}"),
    ends_at_the_provider(&[Fault::NobodyConsents], BOTH, EXPLAIN),
    fails(&[Fault::CallbackLost], BOTH, "login.live", "loopback_unreachable", 5, TUNNEL).never_in("4s"),
    fails(&[Fault::StateChanged], BOTH, "login.live", "state_mismatch", 5, TEST).never_in("6s"),
    fails(&[Fault::Denied], BOTH, "login.live", "access_denied", 5, TEST),
    fails(&[Fault::LoginBlocked], BOTH, "login.live", "login_blocked", 5, "https://manage.auth0.com/"),
    fails(&[Fault::CodeRefused], BOTH, "login.live", "code_rejected", 3, TEST),
    fails(&[Fault::AccessTokenRefused], BOTH, "login.live", "access_token_rejected", 4, "{connection}"),
    fails(&[Fault::NotLinked], GOOGLE, "login.live", "account_not_linked", 5, "https://fitbit.google.com/auth/signup"),
    fails(&[Fault::TenantCodeRefused], BOTH, "login.live", "code_rejected", 3, TEST),
    fails(&[Fault::BadAudience], BOTH, "login.live", "id_token_invalid", 3, TEST),
    fails(&[Fault::WrongIssuer], BOTH, "login.live", "issuer_mismatch", 3, "{domain}"),
    fails(&[Fault::ServerError], BOTH, "login.live", "service_unavailable", 6, "--test-app {test_app} --headless"),
];

pub const WITHOUT_THE_SECRET: &[Row] = &[
    // Seen by the provider's answer alone: the secret at hand is right, so the other one cannot be.
    fails(&[Fault::WrongSecretInTenant], BOTH, "login.live", "client_secret_rejected", 4, "fitbit-connect setup"),
    fails(
        &[Fault::WrongSecretInTenant, Fault::NoLogScope],
        BOTH,
        "login.live",
        "client_secret_rejected",
        4,
        "read:connections_options",
    ),
    fails(&[Fault::CodeRefused], BOTH, "login.live", "code_rejected", 3, TEST),
    fails(&[Fault::AccessTokenRefused], BOTH, "login.live", "access_token_rejected", 4, "{connection}"),
    fails(&[Fault::ConnectionInactive], BOTH, "connection.settings", "connection_inactive", 3, "{connection}"),
    fails(&[Fault::WrongClientIdInTenant], BOTH, "authorize.redirect", "authorize_wrong_client_id", 3, "{client_id}"),
    fails(&[Fault::DeveloperKeys], BOTH, "authorize.redirect", "authorize_wrong_client_id", 3, "{client_id}"),
    fails(&[Fault::ScopesMissingInTenant], BOTH, "authorize.redirect", "authorize_scopes_missing", 3, "{scopes}"),
    fails(&[Fault::NotConfigured], GOOGLE, "authorize.redirect", "connection_not_configured", 3, "{connection}"),
    fails(
        &[Fault::WrongProviderInTenant],
        GOOGLE,
        "authorize.redirect",
        "authorize_wrong_provider",
        3,
        "{authorize_url}",
    ),
];
