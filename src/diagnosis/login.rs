//! Owns the rows about one login by one person: browser, consent, callback, tokens, profile. Refuses rows that could be
//! seen without anybody signing in.

use super::links::*;
use super::sign::{NO_ANSWER_ABOUT_IT, NO_CODE, NOT_A_DENIAL, SCRIPT_SAYS_WHY, but, sign};
use super::{Diagnosis, Exit, Sure};

pub(super) static ACCESS_DENIED: Diagnosis = Diagnosis {
    code: "access_denied",
    symptom: "The browser came back with `error=access_denied` and no words, or with words such as `The user has denied \
              your application access`",
    cause: "The person pressed Cancel or Deny on the consent page.",
    cure: "Log in again (`{test}`) and allow the access.",
    exit: Exit::NoConsent,
    links: &[],
    signs: &[but(&["access_denied"], NOT_A_DENIAL)],
    sure: Sure::Documented,
};

pub(super) static LOGIN_TIMED_OUT: Diagnosis = Diagnosis {
    code: "login_timed_out",
    symptom: "Nothing came back to the loopback address in time.",
    cause: "The provider or the tenant showed an error page, which never comes back here, or the tab was closed, or \
            the browser runs on another machine. | Fitbit: Fitbit or the tenant showed an error page, which never \
            comes back here: an app of the type Personal, for example, lets only its owner log in. Or the tab was \
            closed, or the browser runs on another machine.",
    cure: "Look at what the browser shows and paste its text: `fitbit-connect explain \"TEXT\"` or allow more time \
           with `--timeout 10m`",
    exit: Exit::NoConsent,
    links: &[AUTH0_TEST, FITBIT_APP_TYPES],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static LOOPBACK_UNREACHABLE: Diagnosis = Diagnosis {
    code: "loopback_unreachable",
    symptom: "The browser says that it cannot connect to `localhost` or `127.0.0.1` (`ERR_CONNECTION_REFUSED`)",
    cause: "The tool had stopped waiting, or the browser runs on another machine than the tool: SSH, a container, WSL.",
    cure: "Run `{test}` and leave it running until the browser has come back. On the machine with the browser run \
           `ssh -L {port}:127.0.0.1:{port} HOST` first, or paste the whole address of that page into the terminal \
           while it waits. Where the address does not begin with `{loopback}` it is one of your own applications that \
           does not answer: start that one.",
    exit: Exit::NoConsent,
    links: &[],
    signs: &[
        sign(&["connect to localhost"]),
        sign(&["connect to 127.0.0.1"]),
        sign(&["err_connection_refused"]),
        sign(&["localhost refused to connect"]),
        sign(&["unable to connect", "127.0.0.1"]),
        sign(&["unable to connect", "localhost"]),
        sign(&["127.0.0.1 refused to connect"]),
        sign(&["can't connect to the server"]),
        sign(&["can't establish a connection to the server"]),
        sign(&["kann keine verbindung zu dem server"]),
        sign(&["kann keine verbindung zum server"]),
        sign(&["ne peut \u{e9}tablir de connexion avec le serveur"]),
        sign(&["hat die verbindung abgelehnt"]),
        sign(&["ist nicht erreichbar", "127.0.0.1"]),
        sign(&["ist nicht erreichbar", "localhost"]),
        sign(&["err_connection_timed_out", "127.0.0.1"]),
        sign(&["err_connection_timed_out", "localhost"]),
        sign(&["err_empty_response", "127.0.0.1"]),
        sign(&["err_empty_response", "localhost"]),
    ],
    sure: Sure::Reported,
};

pub(super) static NOT_A_TEST_USER: Diagnosis = Diagnosis {
    code: "not_a_test_user",
    symptom: "`Error 403: access_denied` with `has not completed the Google verification process` and \
              `developer-approved testers`",
    cause: "The app's publishing status is Testing, and the account that signed in is not in its list of test users \
            (at most 100). The browser may have chosen another Google account. So it works for the developer and \
            fails for others.",
    cure: "At {audience_page} add the account under Test users, or choose the right account in the browser, or press \
           Publish app.",
    exit: Exit::NoConsent,
    links: &[GOOGLE_AUDIENCE, HEALTH_SETUP],
    signs: &[
        sign(&["has not completed the google verification process"]),
        sign(&["developer-approved testers"]),
        sign(&["developer hasn't given you access to this app"]),
        sign(&["error 403: access_denied"]),
        sign(&["works for the developer"]),
        sign(&["403: access_denied"]),
        sign(&["403 : access_denied"]),
        sign(&["403. that's an error", "access_denied"]),
    ],
    sure: Sure::Documented,
};

pub(super) static ACCOUNT_NOT_LINKED: Diagnosis = Diagnosis {
    code: "account_not_linked",
    symptom: "400 `ACCOUNT_NOT_LINKED` with `The account is not linked to Google Health.`",
    cause: "The Google account that signed in has no Google Health or Fitbit profile.",
    cure: "Open the Google Health app with that account and finish its set-up (https://fitbit.google.com/auth/signup \
           ), then log in again; or choose the account that has the data.",
    exit: Exit::NoConsent,
    links: &[HEALTH_TROUBLE],
    signs: &[sign(&["account_not_linked"]), sign(&["not linked to google health"])],
    sure: Sure::Documented,
};

pub(super) static CALLER_NOT_PERMITTED: Diagnosis = Diagnosis {
    code: "caller_not_permitted",
    symptom: "403 `PERMISSION_DENIED` with `The caller does not have permission` although the scopes are right.",
    cause: "The person still has a legacy Fitbit account, or consented with another account than the one that holds \
            the data.",
    cure: "In the Google Health app sign out, sign in with Google and finish the account migration; then consent \
           again. If it stays, remove the app's access at https://myaccount.google.com/connections and consent once \
           more.",
    exit: Exit::NoConsent,
    links: &[HEALTH_TROUBLE, GOOGLE_CONNECTIONS],
    signs: &[sign(&["the caller does not have permission"]), sign(&["ubermint from gaiamint"])],
    sure: Sure::Documented,
};

pub(super) static IDENTITY_SCOPE_NOT_GRANTED: Diagnosis = Diagnosis {
    code: "identity_scope_not_granted",
    symptom: "403 `ACCESS_TOKEN_SCOPE_INSUFFICIENT` or `MISSING_OAUTH_SCOPE` with `Request had insufficient \
              authentication scopes.` | Fitbit: `insufficient_scope`",
    cause: "Every scope that lets the identity be read was left unticked on the consent page, or none was asked for.",
    cure: "Run `{test}` and tick the boxes; this set-up asks for `{scopes}` and `{identity_scope}` is enough to read the identity.",
    exit: Exit::NoConsent,
    links: &[HEALTH_SCOPES, HEALTH_TROUBLE, FITBIT_ERRORS],
    signs: &[
        sign(&["insufficient authentication scopes"]),
        sign(&["access_token_scope_insufficient"]),
        sign(&["missing_oauth_scope"]),
        sign(&["missing_profile_scope"]),
        sign(&["connection failed after authorization"]),
        but(&["insufficient_scope"], &["expected any of", "errorcode"]),
    ],
    sure: Sure::Documented,
};

pub(super) static ADMIN_POLICY_ENFORCED: Diagnosis = Diagnosis {
    code: "admin_policy_enforced",
    symptom: "`Error 400: admin_policy_enforced` or, at a school, `access_not_configured`",
    cause: "The administrator of the account's Google Workspace blocks the app or one of its scopes.",
    cure: "Sign in with another account, or ask the administrator to allow the client ID `{client_id}`",
    exit: Exit::NoConsent,
    links: &[GOOGLE_WEB_SERVER],
    signs: &[sign(&["admin_policy_enforced"]), sign(&["access_not_configured"])],
    sure: Sure::Documented,
};

pub(super) static STATE_MISMATCH: Diagnosis = Diagnosis {
    code: "state_mismatch",
    symptom: "What came back carries another `state` than this run sent, or a page says `Unable to verify authorization \
              request state` or `we couldn't find your session`",
    cause: "It belongs to an older tab or an earlier login, the browser's cookies of that login are gone, or somebody else \
            made it.",
    cure: "Close the old tabs and begin the login anew in one tab: run `{test}` and use the address that it prints then.",
    exit: Exit::NoConsent,
    links: &[],
    signs: &[
        sign(&["state mismatch"]),
        sign(&["mismatching state"]),
        sign(&["mismatching_state"]),
        sign(&["unable to verify authorization request state"]),
        sign(&["couldn't find your session"]),
    ],
    sure: Sure::Seen,
};

pub(super) static LOGIN_BLOCKED: Diagnosis = Diagnosis {
    code: "login_blocked",
    symptom: "The browser came back from Auth0 with `error=unauthorized` or with `error=access_denied` and words of \
              the tenant's.",
    cause: "The tenant refused this login after the person had signed in: an Action, a blocked user, or sign-ups \
            that are switched off. The message has its words; a provider may also word in its own way that the person \
            pressed Deny.",
    cure: "Read the words in the message and find them in the tenant's Actions or in its settings; the newest entry \
           of type `f` in the tenant's log says more ({logs_page} )",
    exit: Exit::NoConsent,
    links: &[AUTH0_LOGS],
    signs: &[
        sign(&["error=unauthorized"]),
        but(&["\"error\":\"unauthorized\""], &["statuscode"]),
        sign(&["user is blocked"]),
        sign(&["signup is disabled"]),
    ],
    sure: Sure::Documented,
};

pub(super) static PROFILE_SCRIPT_FAILED: Diagnosis = Diagnosis {
    code: "profile_script_failed",
    symptom: "The person consented, and Auth0 came back with an error of the connection's `fetchUserProfile` script.",
    cause: "The script could not read the profile: no Google Health account, the API disabled, a scope unticked, or \
            the script was changed. | Fitbit: Auth0's own connection could not read the profile at Fitbit; as a rule the box \
            for it was left open.",
    cure: "Read the sentence in the message; it names the reason. Where `connection.settings` says that the script was \
           changed, `{setup}` puts it back as it should be. | Fitbit: Log in once more and tick all of them. If it stays, the \
           newest entry of type `f` in the tenant's log ({logs_page} ) has what Fitbit answered. | By hand: Read the sentence in \
           the message; it names the reason. Where it is none of Google's, enter the Fetch User Profile Script of step 4 into the \
           connection `{connection}` once more, all of it, and save.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_SOCIAL, AUTH0_LOGS],
    signs: &[
        but(&["fetchuserprofile: "], SCRIPT_SAYS_WHY),
        but(&["failed to fetch user profile"], NO_ANSWER_ABOUT_IT),
        sign(&["at fetchuserprofile ("]),
        sign(&["script execution time-out", "fetchuserprofile"]),
    ],
    sure: Sure::Inferred,
};

pub(super) static CODE_REJECTED: Diagnosis = Diagnosis {
    code: "code_rejected",
    symptom: "The token endpoint answers `invalid_grant`: `Malformed auth code.` `Bad Request` `Invalid code \
              verifier.` | Fitbit: `Authorization code invalid` or `Authorization code expired` | Auth0: `Invalid \
              authorization code`",
    cause: "The code was used twice, waited too long, was cut or decoded wrongly, or belongs to another run.",
    cure: "Run `{test}` and go through the login once, without reloading the last page.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_WEB_SERVER, FITBIT_ERRORS, AUTH0_CODE_FLOW],
    signs: &[
        sign(&["authorization code invalid"]),
        sign(&["authorization code expired"]),
        sign(&["invalid authorization code"]),
        sign(&["malformed auth code"]),
        sign(&["missing code verifier"]),
        sign(&["invalid code verifier"]),
        sign(&["failed to verify code verifier"]),
        sign(&["code_verifier or verifier is not needed"]),
        but(&["invalid_grant"], NO_CODE),
        but(&["feacft"], &["unauthorized"]),
    ],
    sure: Sure::Reported,
};

pub(super) static ISSUER_MISMATCH: Diagnosis = Diagnosis {
    code: "issuer_mismatch",
    symptom: "What came back names another issuer (`iss`) than the service that was asked.",
    cause: "The answer comes from another service or domain than the login went to. An ID token of Auth0 names the \
            domain that the login went through, with a slash at its end.",
    cure: "Compare `--domain` and `--login-domain` with the domains of the tenant `{domain}` and run `{test}` again.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_DOMAINS],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static ID_TOKEN_INVALID: Diagnosis = Diagnosis {
    code: "id_token_invalid",
    symptom: "The ID token does not fit this login: its audience, nonce or time is wrong.",
    cause: "It was made for another application or another run, or the clock of this machine is wrong.",
    cure: "Check the clock of this machine, and run `{test}` again.",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static USER_MISMATCH: Diagnosis = Diagnosis {
    code: "user_mismatch",
    symptom: "The profile names another user (`sub`) than the ID token.",
    cause: "Two answers of one login belong to two people; such a profile must not be used.",
    cure: "Run `{test}` again. If it stays, look at gateways and `endpoints` between this machine and the tenant.",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static TEMPORARY_APPLICATION_LEFT: Diagnosis = Diagnosis {
    code: "temporary_application_left",
    symptom: "The temporary test application could not be removed from the tenant.",
    cause: "The tenant refused or did not answer while the tool was cleaning up.",
    cure: "Run `{test}` again, which uses and then removes it, or delete the application that the message names in \
           the Auth0 dashboard.",
    exit: Exit::Done,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static TOKEN_NOT_REVOKED: Diagnosis = Diagnosis {
    code: "token_not_revoked",
    symptom: "The token of a direct test login could not be revoked.",
    cause: "The provider refused the revocation or did not answer.",
    cure: "Nothing has to be done: the token was never stored and expires by itself. To end the access now, remove the \
           app with the client ID `{client_id}` from the account's connected apps at the provider; Google lists them at \
           https://myaccount.google.com/connections",
    exit: Exit::Done,
    links: &["https://myaccount.google.com/connections"],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static NOT_VERIFIED: Diagnosis = Diagnosis {
    code: "not_verified",
    symptom: "`test --strict` met a check that warned, was skipped, or gave an answer that tells neither way.",
    cause: "Something that the check needs is missing, for example a scope of the Management API token.",
    cure: "Give the check what its line asks for, or leave --strict out.",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static BROWSER_REFUSES_HTTP: Diagnosis = Diagnosis {
    code: "browser_refuses_http",
    symptom: "Safari shows `WebKitErrorDomain` 305, or a browser set to HTTPS only warns before it opens \
              `http://127.0.0.1` or says `ERR_SSL_PROTOCOL_ERROR` or `SSL_ERROR_RX_RECORD_TOO_LONG` of it",
    cause: "The browser does not open plain http, which a loopback address uses: nothing leaves this machine on that \
            way.",
    cure: "Choose to go on to the page, allow http for 127.0.0.1 in the browser's settings, use another browser, or \
           paste the address of that page into the terminal.",
    exit: Exit::NoConsent,
    links: &[],
    signs: &[
        sign(&["webkiterrordomain"]),
        sign(&["https-only", "127.0.0.1"]),
        sign(&["https-only mode"]),
        sign(&["secure site not available"]),
        sign(&["err_ssl_protocol_error", "127.0.0.1"]),
        sign(&["err_ssl_protocol_error", "localhost"]),
        sign(&["can't establish a secure connection to the server", "127.0.0.1"]),
        sign(&["can't establish a secure connection to the server", "localhost"]),
        sign(&["ssl_error_rx_record_too_long", "127.0.0.1"]),
        sign(&["ssl_error_rx_record_too_long", "localhost"]),
    ],
    sure: Sure::Reported,
};

pub(super) static LOGIN_REQUIRED: Diagnosis = Diagnosis {
    code: "login_required",
    symptom: "The browser came back from Auth0 with `error=login_required` or `consent_required` or \
              `interaction_required`",
    cause: "The application asked with `prompt=none` for an answer without a page, and there is no session or no \
            consent yet.",
    cure: "Send the person through a normal login first: your application makes the same request without `prompt=none` and \
           `{test}` never sends that.",
    exit: Exit::NoConsent,
    links: &[AUTH0_TEST],
    signs: &[
        sign(&["login_required"]),
        sign(&["consent_required"]),
        sign(&["interaction_required"]),
        sign(&["\"type\":\"fsa\""]),
    ],
    sure: Sure::Documented,
};

pub(super) static USER_NOT_FOUND: Diagnosis = Diagnosis {
    code: "user_not_found",
    symptom: "The Management API answers 404 `inexistent_user`",
    cause: "The tenant has no user of that id: it was deleted, or the id belongs to another tenant or connection.",
    cure: "Log in once through the connection, which creates the user; compare `--domain` with the tenant you mean.",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[sign(&["inexistent_user"])],
    sure: Sure::Reported,
};
