//! What `setup` meets: its steps, each with the failure that stops it. What it mends by itself is no row.

use fitbit_connect::sandbox::faults::Fault;

use crate::row::*;

pub const ANEW: &[Row] = &[
    fails(&[Fault::ShutDown], FITBIT, "register", "provider_shut_down", 3, MOVE),
    fails(&[Fault::ProviderDown], BOTH, "register", "service_unavailable", 6, "fitbit-connect test --headless"),
    fails(&[Fault::RedirectMismatch], BOTH, "callback", "redirect_uri_mismatch", 3, "{callback}"),
    fails(&[Fault::UnknownClient], BOTH, "callback", "client_id_unknown", 4, "{client_id}"),
    fails(&[Fault::DeletedClient], GOOGLE, "callback", "client_deleted", 3, "{clients_page}"),
    fails(&[Fault::InvalidScope], GOOGLE, "callback", "invalid_scope", 3, "{scopes_page}"),
    fails(&[Fault::RequestRefused], BOTH, "callback", "provider_refused_request", 3, "{clients_page}"),
    fails(&[Fault::WrongSecret], BOTH, "credentials", "client_secret_rejected", 4, "{client_id}"),
    fails(&[Fault::TenantDown], BOTH, "connection", "service_unavailable", 6, "fitbit-connect test --headless"),
    fails(&[Fault::NotATenant], BOTH, "connection", "tenant_not_found", 3, "{domain}"),
    fails(
        &[Fault::ManagementClientUnknown],
        BOTH,
        "connection",
        "management_credentials_rejected",
        4,
        "AUTH0_CLIENT_SECRET",
    ),
    fails(&[Fault::NoClientGrant], BOTH, "connection", "management_client_not_authorized", 4, "create:connections"),
    fails(&[Fault::TokenRejected], BOTH, "connection", "management_token_rejected", 4, "AUTH0_API_TOKEN"),
    fails(&[Fault::ExpiredToken], BOTH, "connection", "management_token_expired", 4, "AUTH0_API_TOKEN"),
    fails(&[Fault::ReadOnlyToken], BOTH, "connection", "missing_scope", 4, "create:connections"),
    fails(&[Fault::EntityLimit], BOTH, "connection", "entity_limit_reached", 3, "https://manage.auth0.com/"),
    fails(&[Fault::PlanFeature], BOTH, "connection", "plan_feature_missing", 3, "{domain}"),
    fails(&[Fault::NameTaken], BOTH, "connection", "connection_name_taken", 3, "--connection {connection}-2"),
    fails(&[Fault::ChangedMeanwhile], BOTH, "connection", "connection_changed_meanwhile", 3, "fitbit-connect setup"),
    fails(&[], FITBIT, "connection", "connection_scopes_dropped", 3, "temperature").since(Deed::ScopeNotKept),
    fails(&[Fault::FreshChange], BOTH, "applications", "authorize_change_pending", 3, WATCH),
    fails(&[Fault::LoginDomainElsewhere], BOTH, "applications", "login_domain_of_other_tenant", 3, "{domain}"),
    fails(&[Fault::ClientLimit], BOTH, "login", "entity_limit_reached", 3, "--skip-login"),
    fails(&[Fault::Denied], BOTH, "login", "access_denied", 5, TEST),
];

pub const AGAIN: &[Row] = &[
    fails(&[Fault::OptionsHidden], BOTH, "connection", "missing_scope", 4, "read:connections_options"),
    fails(&[Fault::WrongStrategy], BOTH, "connection", "connection_wrong_strategy", 3, "--connection {connection}-2"),
    fails(&[Fault::TwoConnections], FITBIT, "connection", "connection_ambiguous", 2, "--connection fitbit-old"),
    fails(&[Fault::RateLimited], BOTH, "connection", "rate_limited", 6, "1h"),
    fails(&[Fault::ApplicationGone], BOTH, "applications", "application_gone", 3, "--app NAME_OR_ID"),
    fails(&[Fault::WithoutCodeGrant], BOTH, "applications", "application_grant_missing", 3, "{web}"),
    fails(&[Fault::WrongCallbackSent], BOTH, "applications", "authorize_wrong_callback", 3, "{callback}"),
    fails(&[Fault::CodeRefused], BOTH, "login", "code_rejected", 3, TEST),
    fails(&[Fault::StateChanged], BOTH, "login", "state_mismatch", 5, TEST).never_in("6s"),
    fails(&[Fault::NotATestUser], GOOGLE, "login", "login_timed_out", 5, "{audience_page}").never(),
];
