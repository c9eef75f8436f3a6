//! What a login at the provider itself shows. A callback that is lost on the way cannot be told from a person who walked
//! away: nobody keeps a log there that could be read.

use fitbit_connect::sandbox::faults::Fault;

use crate::row::*;

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
    fails(&[Fault::ShutDown], FITBIT, "provider.alive", "provider_shut_down", 3, MOVE),
    fails(&[Fault::ProviderDown], BOTH, "provider.alive", "service_unavailable", 6, "{authorize_url}"),
    fails(&[Fault::ProviderRateLimited], BOTH, "provider.alive", "rate_limited", 6, "1h"),
    fails(&[Fault::RedirectMismatch], BOTH, "provider.callback", "redirect_uri_mismatch", 3, "{loopback}"),
    fails(&[Fault::UnknownClient], BOTH, "provider.callback", "client_id_unknown", 4, "{client_id}"),
    fails(&[Fault::DeletedClient], GOOGLE, "provider.callback", "client_deleted", 3, "{clients_page}"),
    fails(&[Fault::InvalidScope], GOOGLE, "provider.callback", "invalid_scope", 3, "{scopes_page}"),
    fails(&[Fault::WrongSecret], BOTH, "credentials.accepted", "client_secret_rejected", 4, "{client_id}"),
    fails(&[Fault::Denied], BOTH, "login.live", "access_denied", 5, TEST),
    fails(&[Fault::UntickedIdentity], BOTH, "login.live", "identity_scope_not_granted", 5, "{scopes}"),
    warns(&[Fault::UntickedScopes], GOOGLE, "login.live", "some_scopes_not_granted", "sleep.readonly")
        .with_more_scopes(),
    warns(&[Fault::UntickedScopes], FITBIT, "login.live", "some_scopes_not_granted", "sleep").with_more_scopes(),
    fails(&[Fault::NotLinked], GOOGLE, "login.live", "account_not_linked", 5, "https://fitbit.google.com/auth/signup"),
    fails(&[Fault::CallerNotPermitted], GOOGLE, "login.live", "caller_not_permitted", 5, CONNECTED),
    fails(&[Fault::ApiDisabled], GOOGLE, "login.live", "google_health_api_disabled", 3, "{api_page}"),
    warns(&[Fault::Testing], GOOGLE, "login.live", "refresh_token_expires_in_7_days", "{audience_page}"),
    warns(&[Fault::NoRefreshToken], GOOGLE, "login.live", "refresh_token_missing", CONNECTED),
    fails(&[Fault::WrongIssuer], GOOGLE, "login.live", "issuer_mismatch", 3, "https://accounts.google.com"),
    fails(&[Fault::BadNonce], GOOGLE, "login.live", "id_token_invalid", 3, TEST),
    fails(&[Fault::BadAudience], GOOGLE, "login.live", "id_token_invalid", 3, TEST),
    fails(&[Fault::UserMismatch], BOTH, "login.live", "user_mismatch", 3, TEST),
    fails(&[Fault::CodeRefused], BOTH, "login.live", "code_rejected", 3, TEST),
    fails(&[Fault::AccessTokenRefused], BOTH, "login.live", "access_token_rejected", 4, TEST),
    warns(&[Fault::NotRevoked], BOTH, "login.live", "token_not_revoked", "{client_id}"),
];
