//! Owns the words of the protocols that a report repeats as they are: values of errors, and names of parameters.
//!
//! Refuses whatever is not on its lists: letters and underscores alone may be somebody's name.

/// Values of `error`, `errorCode`, `errorType`, `reason`, `status` and `token_type`, by where they come from.
const VALUES: &[&str] = &[
    // OAuth 2.0 (RFC 6749, 6750, 7009, 8628, 8707, 9449) and OpenID Connect
    "invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type unsupported_response_type \
     invalid_scope access_denied server_error temporarily_unavailable invalid_token insufficient_scope \
     unsupported_token_type authorization_pending slow_down expired_token invalid_target invalid_dpop_proof \
     use_dpop_nonce interaction_required login_required account_selection_required consent_required \
     invalid_request_uri invalid_request_object request_not_supported request_uri_not_supported \
     registration_not_supported unmet_authentication_requirements invalid_redirect_uri invalid_client_metadata \
     Bearer bearer MAC mac DPoP N_A",
    // Auth0
    "unauthorized unauthorize_client mfa_required too_many_attempts too_many_requests rate_limit_exceeded blocked_user \
     password_leaked requires_verification invalid_connection invalid_body invalid_uri invalid_query_string \
     operation_not_supported inexistent_client inexistent_connection inexistent_user inexistent_resource_server \
     insufficient_entitlement feature_not_enabled too_many_entities connection_conflict auth_id_already_exists \
     Unauthorized Forbidden Conflict Gone NotFound BadRequest \
     TooManyRequests ServiceUnavailable InternalServerError",
    // Google: sign-in
    "redirect_uri_mismatch deleted_client disabled_client restricted_client org_internal admin_policy_enforced \
     disallowed_useragent invalid_account not_found rejected_client unknown_error internal_failure \
     unsupported_challenge_method signin_required",
    // Google: APIs (google.rpc.Code and the reasons of google.rpc.ErrorInfo)
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED \
     UNAUTHENTICATED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE \
     DATA_LOSS SERVICE_DISABLED ACCESS_TOKEN_SCOPE_INSUFFICIENT ACCESS_TOKEN_EXPIRED ACCESS_TOKEN_TYPE_UNSUPPORTED \
     CREDENTIALS_MISSING API_KEY_INVALID API_KEY_SERVICE_BLOCKED BILLING_DISABLED CONSUMER_INVALID \
     CONSUMER_SUSPENDED RATE_LIMIT_EXCEEDED RESOURCE_PERMISSION_DENIED RESOURCE_QUOTA_EXCEEDED \
     IAM_PERMISSION_DENIED ACCOUNT_STATE_INVALID ACCOUNT_NOT_LINKED MISSING_OAUTH_SCOPE USER_NOT_FOUND \
     authError forbidden required notFound badRequest invalid invalidParameter rateLimitExceeded \
     userRateLimitExceeded quotaExceeded insufficientPermissions accessNotConfigured backendError",
    // Fitbit
    "insufficient_permissions oauth request system validation not_authorized missing_token missing_profile_scope \
     invalid_permission",
];

/// Names of parameters of an address, by where they come from.
const PARAMETERS: &[&str] = &[
    // OAuth 2.0 and OpenID Connect
    "response_type response_mode client_id redirect_uri scope state nonce code code_challenge code_challenge_method \
     prompt max_age ui_locales id_token_hint login_hint acr_values display audience resource request request_uri \
     error error_description error_uri iss session_state access_token id_token token_type expires_in",
    // Auth0
    "connection connection_scope organization invitation screen_hint returnTo protocol wctx wreply page per_page take \
     from sort fields include_fields include_totals is_global name strategy q client_state ext_tx client ticket",
    // Google
    "access_type include_granted_scopes enable_granular_consent authuser hd hl gl flowName authError as part dsh ddm \
     theme app_domain continue followup service rart ifkv ifl o2v sacu oparams delegation flowEntry passive \
     osid scc ltmpl TL rapt gsiwebsdk opparams",
    // Fitbit
    "requestCredentials disableThirdPartyLogin targetUrl lcl",
];

/// Whether a value of an error is one that a protocol has.
pub(super) fn is_value(text: &str) -> bool {
    has(VALUES, text)
}

/// Whether a parameter's name is one that a protocol has.
pub(super) fn is_parameter(text: &str) -> bool {
    has(PARAMETERS, text)
}

/// What is said of a value that no protocol has, when it looks like one.
pub(super) fn other(text: &str) -> String {
    format!("(other, {} letters)", text.chars().count())
}

fn has(lists: &[&str], text: &str) -> bool {
    lists.iter().flat_map(|list| list.split_ascii_whitespace()).any(|known| known == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_letters_alone_is_no_word_of_a_protocol_yet() {
        for known in ["invalid_client", "PERMISSION_DENIED", "SERVICE_DISABLED", "inexistent_client", "expired_token"] {
            assert!(is_value(known), "{known}");
        }
        for known in ["state", "client_id", "flowName", "authError", "take"] {
            assert!(is_parameter(known), "{known}");
        }
        for name in ["", "ada_lovelace", "Ada", "invalid_client ", "invalid", "acme_gmbh"] {
            assert!(!is_parameter(name) && (name == "invalid" || !is_value(name)), "{name:?}");
        }
        assert_eq!(other("ada_lovelace"), "(other, 12 letters)");
    }
}
