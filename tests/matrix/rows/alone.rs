//! What `/authorize` alone tells, with no Management API credentials.

use fitbit_connect::sandbox::faults::Fault;

use crate::row::*;

/// The connection is not usable: which of three reasons it is can only be asked of the Management API.
const fn not_usable(faults: &'static [Fault]) -> Row {
    fails(faults, BOTH, "authorize.redirect", "authorize_connection_not_usable", 3, "{connection}")
}

pub const ROWS: &[Row] = &[
    fails(&[Fault::NotATenant], BOTH, "tenant.reachable", "tenant_not_found", 3, "{domain}"),
    warns(
        &[Fault::TenantGarbage],
        BOTH,
        "tenant.reachable",
        "unrecognised_answer",
        "https://{domain}/.well-known/openid-configuration",
    )
    .unknown(),
    not_usable(&[Fault::ConnectionMissing]),
    not_usable(&[Fault::ConnectionInactive]),
    not_usable(&[Fault::ApplicationNotEnabled]),
    not_usable(&[Fault::ConnectionDisabledAnswer]),
    not_usable(&[Fault::WrongStrategy]),
    not_usable(&[Fault::FreshChange]),
    fails(&[Fault::NotConfigured], GOOGLE, "authorize.redirect", "connection_not_configured", 3, "{connection}"),
    fails(
        &[Fault::WrongProviderInTenant],
        GOOGLE,
        "authorize.redirect",
        "authorize_wrong_provider",
        3,
        "{authorize_url}",
    ),
    fails(&[Fault::WrongClientIdInTenant], BOTH, "authorize.redirect", "authorize_wrong_client_id", 3, "{client_id}"),
    fails(&[Fault::DeveloperKeys], BOTH, "authorize.redirect", "authorize_wrong_client_id", 3, "{client_id}"),
    fails(&[Fault::ScopesMissingInTenant], BOTH, "authorize.redirect", "authorize_scopes_missing", 3, "{scopes}"),
    fails(&[Fault::WrongCallbackSent], BOTH, "authorize.redirect", "authorize_wrong_callback", 3, "{callback}"),
    fails(&[Fault::WithoutCodeGrant], BOTH, "authorize.redirect", "application_grant_missing", 3, "{web}"),
    fails(&[Fault::ApplicationGone], BOTH, "authorize.redirect", "application_unknown_to_tenant", 3, "{web}"),
    fails(&[Fault::OtherTenant], BOTH, "authorize.redirect", "application_unknown_to_tenant", 3, "{domain}"),
    warns(&[Fault::NoCallback], BOTH, "authorize.redirect", "application_without_callback", "{web}").unknown(),
];
