//! What each text is recognised as, and what is not taken for any of it.

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
        ("Acme has not completed the Google verification process. The app is currently being tested", &[NotATestUser]),
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
        ("This site can’t be reached. 127.0.0.1 refused to connect. ERR_CONNECTION_REFUSED", &[LoopbackUnreachable]),
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
        ("Error 502 (Server Error)!!1", &[ServiceUnavailable]),
        ("This page isn’t working. HTTP ERROR 503", &[ServiceUnavailable]),
        ("504 Gateway Time-out nginx", &[ServiceUnavailable]),
        ("DNS_PROBE_FINISHED_NXDOMAIN", &[NetworkUnreachable]),
        ("getaddrinfo ENOTFOUND acme.eu.auth0.com", &[NetworkUnreachable]),
        ("NET::ERR_CERT_AUTHORITY_INVALID", &[TlsFailed]),
        ("Fehler 400: redirect_uri_mismatch", &[RedirectUriMismatch]),
        ("Die Website ist nicht erreichbar. 127.0.0.1 hat die Verbindung abgelehnt.", &[LoopbackUnreachable]),
        ("127.0.0.1 hat keine Daten gesendet. ERR_EMPTY_RESPONSE", &[LoopbackUnreachable]),
        ("Grant type 'client_credentials' not allowed for the client.", &[ManagementGrantNotAllowed]),
        ("Bad HTTP authentication header format", &[ManagementTokenRejected]),
        (
            "acme.eu.auth0.com could not trade the code of Google Health API for a token: failed to obtain access token (the \
             provider answered 400 invalid_grant)",
            &[CodeRejected],
        ),
        ("Access blocked: This app is not yet configured to make OAuth requests.", &[ProviderRefusedRequest]),
        ("This feature is not enabled for your tenant.", &[PlanFeatureMissing]),
        ("access_not_configured", &[AdminPolicyEnforced]),
        ("127.0.0.1 took too long to respond. ERR_CONNECTION_TIMED_OUT", &[LoopbackUnreachable]),
        ("acme.eu.auth0.com took too long to respond. ERR_CONNECTION_TIMED_OUT", &[NetworkUnreachable]),
        (
            "Safari can’t open the page because Safari can’t establish a secure connection to the server “127.0.0.1”.",
            &[BrowserRefusesHttp],
        ),
        (
            "http://localhost/cb?error=access_denied&error_description=Client%20%22AaBbCc%22%20is%20not%20authorized\
             %20to%20access%20resource%20server%20%22https%3A%2F%2Fapi.acme.com%22.",
            &[UnrecognisedAnswer],
        ),
        ("Safari Can’t Connect to the Server: localhost:18917", &[LoopbackUnreachable]),
        ("127.0.0.1 sent an invalid response. ERR_SSL_PROTOCOL_ERROR", &[BrowserRefusesHttp]),
        ("localhost:18917 SSL_ERROR_RX_RECORD_TOO_LONG", &[BrowserRefusesHttp]),
        ("HTTPS-Only Mode Alert. Secure Site Not Available", &[BrowserRefusesHttp]),
        ("Secure Site Not Available", &[BrowserRefusesHttp]),
        ("GDBus.Error:org.freedesktop.Secret.Error.IsLocked: Cannot get secret", &[SecretStoreLocked]),
        ("errSecInteractionNotAllowed", &[SecretStoreLocked]),
        ("User interaction is not allowed.", &[SecretStoreLocked]),
        ("OSStatus -128 errSecUserCanceled", &[SecretStoreDismissed]),
        (
            "Object does not exist at path \u{201c}/org/freedesktop/secrets/collection/login\u{201d}",
            &[SecretStoreMissing],
        ),
        ("500. That\u{2019}s an error. There was an error. Please try again later.", &[ServiceUnavailable]),
        ("503. That's an error. The service you requested is not available at this time.", &[ServiceUnavailable]),
        ("feacft", &[CodeRejected]),
        ("no support email\nError 401: invalid_client", &[ProviderRefusedRequest]),
        ("Error 401: invalid_client no registered origin", &[ProviderRefusedRequest]),
        ("InternalOAuthError: Failed to obtain access token (status: 410 data: )", &[ProviderShutDown]),
        (r#"Failed to obtain access token (status: 400 data: {"error":"invalid_grant"})"#, &[CodeRejected]),
        (
            r#"{"error":"access_denied","error_description":"Client has not been granted scopes: read:connections"}"#,
            &[MissingScope],
        ),
        (
            r#"{"error":"access_denied","error_description":"Service not enabled within domain: https://a/api/v2/"}"#,
            &[ManagementAudienceUnknown],
        ),
        ("Unable to verify authorization request state.", &[StateMismatch]),
        ("error=access_denied&error_description=failed%20to%20fetch%20user%20profile", &[ProfileScriptFailed]),
        ("failed to fetch user profile (status: 410 data: )", &[ProviderShutDown]),
        ("failed to fetch user profile (status: 503 data: )", &[ServiceUnavailable]),
        (
            r#"{"errors":[{"errorType":"invalid_grant","message":"Redirect_uri mismatch: https://x/cb"}]}"#,
            &[RedirectUriMismatch],
        ),
        ("Error 400: access_not_configured", &[AdminPolicyEnforced]),
        (r#"{"error":{"code":503,"status":"UNAVAILABLE"}}"#, &[ServiceUnavailable]),
        ("Quota exceeded for quota metric 'x' of service 'health.googleapis.com'", &[RateLimited]),
        ("Bad audience: https://a/userinfo", &[ManagementTokenRejected]),
        ("getaddrinfo EAI_AGAIN acme.eu.auth0.com", &[NetworkUnreachable]),
        ("You may have pressed the back button. We couldn’t find your session.", &[StateMismatch]),
        ("What does Error 400: redirect_uri_mismatch mean?", &[RedirectUriMismatch]),
    ] {
        assert_has(text, codes);
    }
}

#[test]
fn addresses_are_read_with_what_is_encoded_in_them() {
    let auth0 = |query: &str| recognise(&format!("http://127.0.0.1:18917/callback?{query}&state=abc"));
    assert_eq!(auth0("error=access_denied"), [AccessDenied]);
    assert_eq!(auth0("error=unauthorized&error_description=Access%20denied"), [LoginBlocked]);
    assert_eq!(auth0("error=access_denied&error_description=The%20user%20denied%20the%20request"), [AccessDenied]);
    assert_eq!(auth0("error=access_denied&error_description=You+may+not+use+this+app."), [LoginBlocked]);
    assert_eq!(auth0("error=access_denied&error_description=user%20is%20blocked"), [LoginBlocked]);
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
    assert_eq!(recognise("403. That’s an error. Error: access_denied"), [NotATestUser]);
    for (text, codes) in [
        (
            r#"{"error":"unauthorized_client","error_description":"Grant type 'authorization_code' not allowed for the client."}"#,
            &[ApplicationGrantMissing][..],
        ),
        (
            r#"{"error":"unauthorized_client","error_description":"Grant type 'client_credentials' not allowed for the client.","error_uri":"https://auth0.com/docs/clients/client-grant-types"}"#,
            &[ManagementGrantNotAllowed],
        ),
        ("https://auth0.com/docs/clients/client-grant-types", &[]),
        (
            r#"InternalOAuthError: Failed to obtain access token (status: 401 data: {"error":"invalid_client"})"#,
            &[ClientSecretRejected],
        ),
        ("Failed to obtain access token (status: 500)", &[ServiceUnavailable]),
        ("Error 401: invalid_client\nNo application name", &[ProviderRefusedRequest]),
        ("Error 403: \u{1b}[31morg_internal\u{1b}[0m", &[OrgInternal]),
        (
            r#"{"type":"f","description":"Access denied by Action","details":{"error":{"oauthError":"access_denied"}}}"#,
            &[LoginBlocked],
        ),
        (
            "https://app/cb?error=access_denied&error_description=Service%20not%20found%3A%20https%3A%2F%2Fapi.acme.com",
            &[UnrecognisedAnswer],
        ),
        (r#"{"type":"feacft","description":"Unauthorized"}"#, &[]),
        // Auth0's own refresh tokens, another redirect URI, an assertion: no code and no refresh token of a provider's.
        (r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#, &[]),
        (r#"{"error":"invalid_grant","error_description":"PKCE verification failed"}"#, &[]),
        (r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#, &[]),
        (
            r#"{"type":"feacft","description":"The redirect URI is wrong. You sent http://a and we expected http://b"}"#,
            &[],
        ),
        ("invalid_grant: The redirect URI is wrong.", &[]),
        (r#"{"type":"feacft","description":"Invalid authorization code"}"#, &[CodeRejected]),
        (r#"{"error":"invalid_grant","error_description":"Bad Request"}"#, &[CodeRejected]),
        (
            r#"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#,
            &[RefreshTokenRejected, RefreshTokenExpiresIn7Days],
        ),
        (r#"{"error":"invalid_grant"}"#, &[RefreshTokenRejected, CodeRejected]),
        // An API of somebody's own.
        (
            r#"{"error":"access_denied","error_description":"Service not enabled within domain: https://api.example.com"}"#,
            &[UnrecognisedAnswer],
        ),
        (
            r#"{"error":"access_denied","error_description":"Client is not authorized to access \"https://api.example.com\". You might probably want to create a \"client-grant\" associated to this API."}"#,
            &[UnrecognisedAnswer],
        ),
        ("https://app.example.com/callback?error=unsupported_response_type&error_description=no", &[]),
        ("Error 400: invalid_request Missing required parameter: scope", &[AuthorizeScopesMissing]),
        ("Missing required parameter: client_id", &[AuthorizeWrongClientId]),
        (
            "The developer hasn't given you access to this app. It's currently being tested and it hasn't been verified by Google.",
            &[NotATestUser],
        ),
        ("This app isn't verified", &[GoogleUnverifiedApp]),
        ("Error 400: invalid_request Missing required parameter: redirect_uri", &[ProviderRefusedRequest]),
        ("Error: connect ECONNREFUSED 127.0.0.1:18917", &[LoopbackUnreachable]),
        ("Error: connect ECONNREFUSED 10.0.0.7:443", &[NetworkUnreachable]),
        (r#"{"options":{"scripts":{"fetchUserProfile":"function fetchUserProfile(a) { error }"}}}"#, &[]),
        ("Calendar API has not been used in project 987654321 before or it is disabled.", &[]),
        (r#"Fitness API has not been used ... "SERVICE_DISABLED", "service": "fitness.googleapis.com""#, &[]),
    ] {
        assert_eq!(recognise(text), codes, "{text}");
    }
    for text in ["Error 401: disabled_client The OAuth client was disabled.", "This app’s request is invalid"] {
        assert_eq!(recognise(text), [ProviderRefusedRequest], "{text}");
    }
    let refused = r#"{"statusCode":401,"error":"Unauthorized","message":"Invalid token","attributes":{}}"#;
    assert_eq!(recognise(refused), [ManagementTokenRejected]);
    assert_eq!(recognise("unauthorized_client - Invalid client_id"), [ClientIdUnknown]);
    assert_eq!(recognise("Invalid authorization header. Client secret invalid."), [ClientSecretRejected]);
    assert_eq!(recognise(r#"{"error":"invalid_client","error_description":"Unauthorized"}"#), [ClientSecretRejected]);
    assert_eq!(recognise("{\"error\":\"access_denied\"}"), [AccessDenied]);
    let signup = r#"{"error": "access_denied", "error_description": "Public signup is disabled"}"#;
    assert_eq!(recognise(signup), [LoginBlocked]);
    assert_eq!(recognise("access_denied: user is blocked"), [LoginBlocked]);
    assert_eq!(recognise("ERR_EMPTY_RESPONSE acme.example"), []);
    for text in [
        "",
        "hello",
        "Error 404: Not Found",
        "Error 500: backend",
        "410",
        "my_invalid_scopes",
        "everything works",
        "%%%",
        "authError=%FF",
    ] {
        assert_eq!(recognise(text), [], "{text}");
    }
    assert_eq!(
        recognise("The app you're trying to connect did not provide valid information to Fitbit."),
        [ProviderRefusedRequest]
    );
}

#[test]
fn every_sign_is_written_as_text_is_normalised() {
    let signs = Code::ALL.iter().flat_map(|code| code.diagnosis().signs);
    for phrase in signs.flat_map(|sign| sign.all.iter().chain(sign.none)) {
        assert_eq!(normalised(Cow::Borrowed(phrase)).split(' ').next(), phrase.split(' ').next());
        assert!(!phrase.is_empty() && *phrase == phrase.to_lowercase());
    }
}

#[test]
fn the_source_of_a_page_and_a_long_text_are_read_at_both_ends() {
    assert_eq!(recognise("<h1>Error 400:<br><b>redirect_uri_mismatch</b></h1>"), [RedirectUriMismatch]);
    assert_eq!(recognise("Callback&nbsp;URL <i>mismatch</i>."), [CallbackNotAllowed]);
    let filler = "ä ".repeat(1_000_000);
    assert_eq!(recognise(&format!("{filler} Error 403: org_internal")), [OrgInternal]);
    assert_eq!(recognise(&format!("deleted_client {filler}")), [ClientDeleted]);
    assert_eq!(recognise(&filler), []);
}
