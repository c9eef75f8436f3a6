//! Owns how text that a person pastes (an error page, a log line, an address) is matched to codes, by the stable parts
//! of the providers' messages. Refuses to guess: text without such a part matches nothing.

use super::Code::{self, *};
use super::auth_error;

/// One way to recognise a code: every phrase of `all` is there and none of `none`.
struct Sign {
    code: Code,
    all: &'static [&'static str],
    none: &'static [&'static str],
}

const fn sign(code: Code, all: &'static [&'static str]) -> Sign {
    Sign { code, all, none: &[] }
}

const fn but(code: Code, all: &'static [&'static str], none: &'static [&'static str]) -> Sign {
    Sign { code, all, none }
}

/// What makes a plain `invalid_client` mean the client ID, and what makes it mean the secret.
const ID_WORDS: &[&str] = &["oauth client was not found", "client id invalid", "invalid client_id"];
const SECRET_WORDS: &[&str] = &["client secret", "client_secret", "unauthorized", "invalid authorization header"];
/// What makes an `access_denied` something else than a person who pressed Deny.
const NOT_A_DENIAL: &[&str] =
    &["error 403", "verification process", "approved testers", "client-grant", "service not found", "unauthorized"];
const TOKEN_IS_DEAD: &[&str] = &["expired or revoked", "refresh token", "refresh_token"];

static SIGNS: &[Sign] = &[
    sign(ApplicationUnknownToTenant, &["unknown client:"]),
    sign(DesktopClient, &["\"installed\"", "client_id"]),
    sign(ProviderShutDown, &["410 gone"]),
    sign(ProviderShutDown, &["http 410"]),
    sign(ProviderShutDown, &["410", "fitbit"]),
    sign(RedirectUriMismatch, &["redirect_uri_mismatch"]),
    sign(RedirectUriMismatch, &["invalid redirect_uri parameter value"]),
    sign(ClientIdUnknown, &["oauth client was not found"]),
    sign(ClientIdUnknown, &["invalid client_id"]),
    sign(ClientIdUnknown, &["client id invalid"]),
    sign(ClientIdUnknown, &["error 401: invalid_client"]),
    but(ClientIdUnknown, &["invalid_client"], SECRET_WORDS),
    sign(ClientDeleted, &["deleted_client"]),
    sign(ClientSecretRejected, &["client secret invalid"]),
    sign(ClientSecretRejected, &["provided client secret is invalid"]),
    sign(ClientSecretRejected, &["client_secret is missing"]),
    sign(ClientSecretRejected, &["invalid authorization header format"]),
    sign(ClientSecretRejected, &["failed to obtain access token"]),
    sign(ClientSecretRejected, &["invalid_client", "unauthorized"]),
    but(ClientSecretRejected, &["invalid_client"], ID_WORDS),
    sign(InvalidScope, &["invalid_scope"]),
    sign(InvalidScope, &["some requested scopes were invalid"]),
    sign(GoogleHealthApiDisabled, &["service_disabled"]),
    sign(GoogleHealthApiDisabled, &["has not been used in project"]),
    sign(OrgInternal, &["org_internal"]),
    sign(DisallowedUseragent, &["disallowed_useragent"]),
    sign(PersonalApplication, &["only authorized to request access tokens from the owner"]),
    sign(ProviderRefusedRequest, &["restricted_client"]),
    sign(ProviderRefusedRequest, &["error 400: invalid_request"]),
    sign(ProviderRefusedRequest, &["invalid_request - missing"]),
    sign(ProviderRefusedRequest, &["code_challenge parameter is invalid"]),
    sign(ProviderRefusedRequest, &["unsupported code_challenge_method"]),
    sign(ProviderRefusedRequest, &["unsupported_response_type"]),
    sign(ProviderRefusedRequest, &["not authorized to request an access token using this method"]),
    sign(RefreshTokenRejected, &["token has been expired or revoked"]),
    sign(RefreshTokenRejected, &["token expired or revoked"]),
    sign(RefreshTokenRejected, &["refresh token invalid"]),
    sign(RefreshTokenExpiresIn7Days, &["token has been expired or revoked"]),
    sign(RefreshTokenExpiresIn7Days, &["refresh_token_expires_in"]),
    sign(RefreshTokenExpiresIn7Days, &["reauthentication required"]),
    sign(RefreshTokenMissing, &["no refresh_token"]),
    sign(RefreshTokenMissing, &["no refresh token"]),
    sign(AccessTokenRejected, &["invalid authentication credentials"]),
    sign(AccessTokenRejected, &["access token expired"]),
    sign(AccessTokenRejected, &["access token invalid"]),
    sign(GoogleUnverifiedApp, &["google hasn't verified this app"]),
    but(AccessDenied, &["access_denied"], NOT_A_DENIAL),
    sign(LoopbackUnreachable, &["connect to localhost"]),
    sign(LoopbackUnreachable, &["connect to 127.0.0.1"]),
    sign(LoopbackUnreachable, &["err_connection_refused"]),
    sign(NotATestUser, &["has not completed the google verification process"]),
    sign(NotATestUser, &["developer-approved testers"]),
    sign(NotATestUser, &["error 403: access_denied"]),
    sign(AccountNotLinked, &["account_not_linked"]),
    sign(AccountNotLinked, &["not linked to google health"]),
    sign(CallerNotPermitted, &["the caller does not have permission"]),
    sign(CallerNotPermitted, &["ubermint from gaiamint"]),
    sign(IdentityScopeNotGranted, &["insufficient authentication scopes"]),
    sign(IdentityScopeNotGranted, &["access_token_scope_insufficient"]),
    sign(IdentityScopeNotGranted, &["missing_oauth_scope"]),
    sign(IdentityScopeNotGranted, &["missing_profile_scope"]),
    sign(IdentityScopeNotGranted, &["connection failed after authorization"]),
    but(IdentityScopeNotGranted, &["insufficient_scope"], &["expected any of", "errorcode"]),
    sign(AdminPolicyEnforced, &["admin_policy_enforced"]),
    sign(StateMismatch, &["state mismatch"]),
    sign(StateMismatch, &["mismatching state"]),
    sign(LoginBlocked, &["error=unauthorized"]),
    sign(LoginBlocked, &["\"error\":\"unauthorized\""]),
    sign(ProfileScriptFailed, &["fetchuserprofile"]),
    sign(CodeRejected, &["authorization code invalid"]),
    sign(CodeRejected, &["authorization code expired"]),
    sign(CodeRejected, &["invalid authorization code"]),
    sign(CodeRejected, &["malformed auth code"]),
    sign(CodeRejected, &["missing code verifier"]),
    sign(CodeRejected, &["invalid code verifier"]),
    sign(CodeRejected, &["failed to verify code verifier"]),
    sign(CodeRejected, &["code_verifier or verifier is not needed"]),
    but(CodeRejected, &["invalid_grant"], TOKEN_IS_DEAD),
    but(ManagementCredentialsRejected, &["access_denied", "unauthorized"], &["error 403"]),
    sign(ManagementClientNotAuthorized, &["client-grant"]),
    sign(ManagementGrantNotAllowed, &["unauthorized_client", "grant type"]),
    sign(ManagementAudienceUnknown, &["service not found"]),
    sign(ManagementTokenRejected, &["\"invalid token\""]),
    sign(ManagementTokenRejected, &["401", "invalid token"]),
    sign(ManagementTokenRejected, &["missing authentication"]),
    sign(ManagementTokenExpired, &["expired token"]),
    sign(MissingScope, &["insufficient scope, expected any of"]),
    but(MissingScope, &["insufficient_scope"], &["errortype", "does not have permission to access", "fitbit"]),
    sign(EntityLimitReached, &["entity limit"]),
    sign(EntityLimitReached, &["you can only create"]),
    sign(PlanFeatureMissing, &["insufficient_entitlement"]),
    sign(PlanFeatureMissing, &["feature_not_enabled"]),
    sign(ConnectionNotFound, &["inexistent_connection"]),
    sign(ConnectionNameTaken, &["connection_conflict"]),
    sign(ConnectionNameTaken, &["a connection with the same name already exists"]),
    sign(ApplicationGone, &["inexistent_client"]),
    sign(CallbackNotAllowed, &["callback url mismatch"]),
    sign(AuthorizeConnectionNotUsable, &["the connection was not found"]),
    sign(AuthorizeConnectionNotUsable, &["the connection was disabled"]),
    sign(AuthorizeConnectionNotUsable, &["no connections enabled for the client"]),
    sign(AuthorizeConnectionNotUsable, &["the connection is not yet configured"]),
    sign(RateLimited, &["too many requests"]),
    sign(RateLimited, &["too_many_requests"]),
    sign(RateLimited, &["rate_limit_exceeded"]),
    sign(RateLimited, &["resource_exhausted"]),
    sign(RateLimited, &["global limit has been reached"]),
    sign(ServiceUnavailable, &["temporarily_unavailable"]),
];

/// The general wording of a Fitbit page whose particular reason is not in the table.
const ONLY_ALONE: &[(Code, &str)] = &[(ProviderRefusedRequest, "did not provide valid information to fitbit")];

/// The codes that pasted text speaks of, in the order of the table; empty when it holds none of the known messages.
pub fn recognise(text: &str) -> Vec<Code> {
    let plain = normalised(text);
    let mut found: Vec<Code> = SIGNS
        .iter()
        .filter(|sign| sign.all.iter().all(|phrase| holds(&plain, phrase)))
        .filter(|sign| !sign.none.iter().any(|phrase| holds(&plain, phrase)))
        .map(|sign| sign.code)
        .collect();
    // Our own names, as in our JSON; `access_denied` is also what providers say for other reasons.
    found.extend(
        Code::ALL
            .iter()
            .filter(|code| **code != AccessDenied && code.name().contains('_') && holds(&plain, code.name())),
    );
    if found.is_empty() {
        found.extend(ONLY_ALONE.iter().filter(|(_, phrase)| holds(&plain, phrase)).map(|(code, _)| *code));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The text, what is percent-encoded in it and what Google's `authError` says, in lower case and without mark-up.
fn normalised(text: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let said = auth_error::find(text).map(|error| {
        let number = error.number.map(|number| format!("Error {number}: ")).unwrap_or_default();
        format!("{number}{} {}", error.code, error.sentence.unwrap_or_default())
    });
    let parts = [text, &decoded, &decoded.replace('+', " "), &said.unwrap_or_default()].join("\n");
    let mut plain = String::with_capacity(parts.len());
    for word in parts.split(|c: char| c.is_whitespace() || c == '\u{a0}').filter(|word| !word.is_empty()) {
        for c in word.chars() {
            match c {
                '`' | '*' => {}
                '’' | '‘' => plain.push('\''),
                '“' | '”' => plain.push('"'),
                '‑' | '–' => plain.push('-'),
                c => plain.extend(c.to_lowercase()),
            }
        }
        plain.push(' ');
    }
    plain.replace("\": \"", "\":\"")
}

/// Whether a phrase stands in the text as whole words.
fn holds(text: &str, phrase: &str) -> bool {
    let part_of_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(phrase).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + phrase.len()..].chars().next();
        let longer_before = part_of_word(before) && part_of_word(phrase.chars().next());
        let longer_after = part_of_word(after) && part_of_word(phrase.chars().next_back());
        !longer_before && !longer_after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_has(text: &str, codes: &[Code]) {
        let found = recognise(text);
        for code in codes {
            assert!(found.contains(code), "{text}: {found:?} lacks {code}");
        }
    }

    #[test]
    fn the_ten_commonest_symptoms_are_recognised_from_their_exact_text() {
        for (text, codes) in [
            ("Error 400: redirect_uri_mismatch", &[RedirectUriMismatch][..]),
            ("invalid_request - Invalid redirect_uri parameter value", &[RedirectUriMismatch]),
            ("unauthorized_client - Invalid client_id", &[ClientIdUnknown]),
            ("Error 401: invalid_client The OAuth client was not found.", &[ClientIdUnknown]),
            (r#"{"error":"invalid_client","error_description":"Unauthorized"}"#, &[ClientSecretRejected]),
            ("invalid_client: The provided client secret is invalid.", &[ClientSecretRejected]),
            ("Invalid authorization header. Client secret invalid.", &[ClientSecretRejected]),
            ("Invalid authorization header. Client id invalid.", &[ClientIdUnknown]),
            ("Invalid authorization header format. The header was not recognized", &[ClientSecretRejected]),
            ("Error 403: access_denied", &[NotATestUser]),
            (
                "Acme has not completed the Google verification process. The app is currently being tested",
                &[NotATestUser],
            ),
            ("can only be accessed by developer-approved testers.", &[NotATestUser]),
            ("invalid_grant Token has been expired or revoked.", &[RefreshTokenRejected, RefreshTokenExpiresIn7Days]),
            ("reauthentication required", &[RefreshTokenExpiresIn7Days]),
            (r#""refresh_token_expires_in": 604799"#, &[RefreshTokenExpiresIn7Days]),
            ("No `refresh_token` in the reply; works for one hour then stops", &[RefreshTokenMissing]),
            ("Request had insufficient authentication scopes.", &[IdentityScopeNotGranted]),
            ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", &[IdentityScopeNotGranted]),
            ("MISSING_OAUTH_SCOPE", &[IdentityScopeNotGranted]),
            ("Error 400: invalid_scope", &[InvalidScope]),
            ("Connection failed after authorization", &[IdentityScopeNotGranted]),
            ("Fitbit insufficient_scope", &[IdentityScopeNotGranted]),
            ("SERVICE_DISABLED", &[GoogleHealthApiDisabled]),
            ("Google Health API has not been used in project 12 before or it is disabled.", &[GoogleHealthApiDisabled]),
            ("ACCOUNT_NOT_LINKED", &[AccountNotLinked]),
            ("The account is not linked to Google Health.", &[AccountNotLinked]),
            ("The caller does not have permission", &[CallerNotPermitted]),
            ("HTTP **410** from fitbit.com / api.fitbit.com", &[ProviderShutDown]),
            ("HTTP/1.1 410 Gone", &[ProviderShutDown]),
        ] {
            assert_has(text, codes);
        }
    }

    #[test]
    fn further_messages_are_recognised() {
        for (text, codes) in [
            ("Refresh token invalid: 0a0a. Visit https://dev.fitbit.com/docs/oauth2", &[RefreshTokenRejected][..]),
            ("Authorization code expired: 0a0a", &[CodeRejected]),
            ("invalid_grant: Malformed auth code.", &[CodeRejected]),
            ("invalid_grant: Bad Request", &[CodeRejected]),
            ("Missing code verifier.", &[CodeRejected]),
            (
                "This site can’t be reached. 127.0.0.1 refused to connect. ERR_CONNECTION_REFUSED",
                &[LoopbackUnreachable],
            ),
            ("Google hasn’t verified this app", &[GoogleUnverifiedApp]),
            ("Error 403: org_internal", &[OrgInternal]),
            ("Error 400: admin_policy_enforced", &[AdminPolicyEnforced]),
            ("Error 403: disallowed_useragent", &[DisallowedUseragent]),
            ("Error 401: deleted_client", &[ClientDeleted]),
            (
                "A \"Personal\" application is only authorized to request access tokens from the owner",
                &[PersonalApplication],
            ),
            ("Too Many Requests", &[RateLimited]),
            ("RATE_LIMIT_EXCEEDED", &[RateLimited]),
            ("Callback URL mismatch.", &[CallbackNotAllowed]),
            (r#"{"error":"access_denied","error_description":"Unauthorized"}"#, &[ManagementCredentialsRejected]),
            ("You need to create a \"client-grant\" associated to this API.", &[ManagementClientNotAuthorized]),
            ("Service not found: https://login.acme.com/api/v2/", &[ManagementAudienceUnknown]),
            ("Insufficient scope, expected any of: create:connections", &[MissingScope]),
            (r#"{"statusCode":401,"error":"Unauthorized","message":"Invalid token"}"#, &[ManagementTokenRejected]),
            (r#"{"statusCode":409,"errorCode":"connection_conflict"}"#, &[ConnectionNameTaken]),
            ("our own connection_inactive", &[ConnectionInactive]),
        ] {
            assert_has(text, codes);
        }
    }

    #[test]
    fn addresses_are_read_with_what_is_encoded_in_them() {
        let auth0 = |query: &str| recognise(&format!("http://127.0.0.1:18917/callback?{query}&state=abc"));
        assert_eq!(auth0("error=access_denied"), [AccessDenied]);
        assert_eq!(auth0("error=unauthorized&error_description=Access%20denied"), [LoginBlocked]);
        assert_eq!(
            auth0("error=invalid_request&error_description=the+connection+was+not+found"),
            [AuthorizeConnectionNotUsable]
        );
        assert_eq!(
            auth0("error=invalid_request&error_description=failed%20to%20obtain%20access%20token"),
            [ClientSecretRejected]
        );
        let google = "https://accounts.google.com/signin/oauth/error?authError=\
                      Cg5pbnZhbGlkX2NsaWVudBIfVGhlIE9BdXRoIGNsaWVudCB3YXMgbm90IGZvdW5kLiCRAw%3D%3D&client_id=x";
        assert_eq!(recognise(google), [ClientIdUnknown]);
    }

    #[test]
    fn what_is_not_meant_is_not_named() {
        assert_eq!(recognise("Error 403: access_denied"), [NotATestUser]);
        assert_eq!(recognise("unauthorized_client - Invalid client_id"), [ClientIdUnknown]);
        assert_eq!(recognise("Invalid authorization header. Client secret invalid."), [ClientSecretRejected]);
        assert_eq!(
            recognise(r#"{"error":"invalid_client","error_description":"Unauthorized"}"#),
            [ClientSecretRejected]
        );
        assert_eq!(recognise("{\"error\":\"access_denied\"}"), [AccessDenied]);
        for text in ["", "hello", "410", "my_invalid_scopes", "everything works", "%%%", "authError=%FF"] {
            assert_eq!(recognise(text), [], "{text}");
        }
        assert_eq!(
            recognise("The app you're trying to connect did not provide valid information to Fitbit."),
            [ProviderRefusedRequest]
        );
    }

    #[test]
    fn every_sign_is_written_as_text_is_normalised() {
        for phrase in SIGNS.iter().flat_map(|sign| sign.all.iter().chain(sign.none)) {
            assert_eq!(normalised(phrase).split(' ').next(), phrase.split(' ').next());
            assert!(!phrase.is_empty() && *phrase == phrase.to_lowercase());
        }
    }
}
