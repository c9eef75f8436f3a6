//! Owns the rows about one login by one person: browser, consent, callback, tokens, profile. Refuses rows that could be
//! seen without anybody signing in.

use super::links::*;
use super::{Diagnosis, Exit};

pub(super) static ACCESS_DENIED: Diagnosis = Diagnosis {
    code: "access_denied",
    symptom: "The browser came back with `error=access_denied`",
    cause: "The person pressed Cancel or Deny on the consent page.",
    cure: "Log in again (`fitbit-connect test`) and allow the access.",
    exit: Exit::NoConsent,
    links: &[],
};

pub(super) static LOGIN_TIMED_OUT: Diagnosis = Diagnosis {
    code: "login_timed_out",
    symptom: "Nothing came back to the loopback address in time.",
    cause: "The provider or the tenant showed an error page, which never comes back here, or the tab was closed, or \
            the browser runs on another machine.",
    cure: "Look at what the browser shows and paste that text after `fitbit-connect explain` or allow more time with \
           `--timeout 10m`",
    exit: Exit::NoConsent,
    links: &[AUTH0_TEST],
};

pub(super) static LOOPBACK_UNREACHABLE: Diagnosis = Diagnosis {
    code: "loopback_unreachable",
    symptom: "The browser says that it cannot connect to `localhost` or `127.0.0.1` (`ERR_CONNECTION_REFUSED`)",
    cause: "The tool had stopped waiting, or the browser runs on another machine than the tool: SSH, a container, WSL.",
    cure: "Keep the command running, and either forward the port with `ssh -L 18917:127.0.0.1:18917 HOST` or paste \
           the whole address of that page into the terminal.",
    exit: Exit::NoConsent,
    links: &[],
};

pub(super) static NOT_A_TEST_USER: Diagnosis = Diagnosis {
    code: "not_a_test_user",
    symptom: "`Error 403: access_denied` with `has not completed the Google verification process` and \
              `developer-approved testers`",
    cause: "The app's publishing status is Testing, and the account that signed in is not in its list of test users. \
            The browser may have chosen another Google account.",
    cure: "On the Audience page add the account under Test users, or choose the right account, or press Publish app.",
    exit: Exit::NoConsent,
    links: &[GOOGLE_AUDIENCE, HEALTH_SETUP],
};

pub(super) static ACCOUNT_NOT_LINKED: Diagnosis = Diagnosis {
    code: "account_not_linked",
    symptom: "400 `ACCOUNT_NOT_LINKED` with `The account is not linked to Google Health.`",
    cause: "The Google account that signed in has no Google Health or Fitbit profile.",
    cure: "Open the Google Health app with that account, finish its set-up, and log in again; or choose the account \
           that has the data.",
    exit: Exit::NoConsent,
    links: &[HEALTH_TROUBLE],
};

pub(super) static CALLER_NOT_PERMITTED: Diagnosis = Diagnosis {
    code: "caller_not_permitted",
    symptom: "403 `PERMISSION_DENIED` with `The caller does not have permission` although the scopes are right.",
    cause: "The person still has a legacy Fitbit account, or consented with another account than the one that holds \
            the data.",
    cure: "In the app sign out, sign in with Google and finish the account migration; then consent again. If it \
           stays, remove the app's access on the account's connections page and consent once more.",
    exit: Exit::NoConsent,
    links: &[HEALTH_TROUBLE, GOOGLE_CONNECTIONS],
};

pub(super) static IDENTITY_SCOPE_NOT_GRANTED: Diagnosis = Diagnosis {
    code: "identity_scope_not_granted",
    symptom: "403 `ACCESS_TOKEN_SCOPE_INSUFFICIENT` or `MISSING_OAUTH_SCOPE` with `Request had insufficient \
              authentication scopes.` | Fitbit: `insufficient_scope`",
    cause: "Every scope that lets the identity be read was left unticked on the consent page, or none was asked for.",
    cure: "Log in again and tick the boxes. The scope `profile.readonly` is enough to read the identity.",
    exit: Exit::NoConsent,
    links: &[HEALTH_SCOPES, HEALTH_TROUBLE],
};

pub(super) static ADMIN_POLICY_ENFORCED: Diagnosis = Diagnosis {
    code: "admin_policy_enforced",
    symptom: "`Error 400: admin_policy_enforced`",
    cause: "The administrator of the account's Google Workspace blocks the app or one of its scopes.",
    cure: "Sign in with another account, or ask the administrator to allow the client ID.",
    exit: Exit::NoConsent,
    links: &[GOOGLE_WEB_SERVER],
};

pub(super) static STATE_MISMATCH: Diagnosis = Diagnosis {
    code: "state_mismatch",
    symptom: "What came back carries another `state` than this run sent.",
    cause: "It belongs to an older tab or an earlier run, or somebody else made it.",
    cure: "Close the old tabs, run the command again, and use the newest address.",
    exit: Exit::NoConsent,
    links: &[],
};

pub(super) static LOGIN_BLOCKED: Diagnosis = Diagnosis {
    code: "login_blocked",
    symptom: "The browser came back from Auth0 with `error=unauthorized` or the text of an Action.",
    cause: "An Action of the tenant refused this login.",
    cure: "Read the text in the message, find it in the tenant's Actions, and look at the newest entry of type `f` \
           in the tenant's log.",
    exit: Exit::NoConsent,
    links: &[AUTH0_LOGS],
};

pub(super) static PROFILE_SCRIPT_FAILED: Diagnosis = Diagnosis {
    code: "profile_script_failed",
    symptom: "The person consented, and Auth0 came back with an error of the connection's `fetchUserProfile` script.",
    cause: "The script could not read the profile: no Google Health account, the API disabled, a scope unticked, or \
            the script was changed.",
    cure: "Read the sentence in the message; it names the reason. Run `fitbit-connect setup` to put the script back \
           as it should be.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_SOCIAL, AUTH0_LOGS],
};

pub(super) static CODE_REJECTED: Diagnosis = Diagnosis {
    code: "code_rejected",
    symptom: "The token endpoint answers `invalid_grant`: `Malformed auth code.` `Bad Request` `Invalid code \
              verifier.` | Fitbit: `Authorization code invalid` or `Authorization code expired` | Auth0: `Invalid \
              authorization code`",
    cause: "The code was used twice, waited too long, was cut or decoded wrongly, or belongs to another run.",
    cure: "Run the command again and go through the login once, without reloading the last page.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_WEB_SERVER],
};

pub(super) static ISSUER_MISMATCH: Diagnosis = Diagnosis {
    code: "issuer_mismatch",
    symptom: "What came back names another issuer (`iss`) than the service that was asked.",
    cause: "The answer comes from another service or domain than the login went to. An ID token of Auth0 names the \
            domain that the login went through, with a slash at its end.",
    cure: "Compare `--domain` and `--login-domain` with the domains of the tenant, and run the command again.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_DOMAINS],
};

pub(super) static ID_TOKEN_INVALID: Diagnosis = Diagnosis {
    code: "id_token_invalid",
    symptom: "The ID token does not fit this login: its audience, nonce or time is wrong.",
    cause: "It was made for another application or another run, or the clock of this machine is wrong.",
    cure: "Check the clock of this machine, and run the command again.",
    exit: Exit::Misconfigured,
    links: &[],
};

pub(super) static USER_MISMATCH: Diagnosis = Diagnosis {
    code: "user_mismatch",
    symptom: "The profile names another user (`sub`) than the ID token.",
    cause: "Two answers of one login belong to two people; such a profile must not be used.",
    cure: "Run the command again. If it stays, look at gateways and `endpoints` between this machine and the tenant.",
    exit: Exit::Misconfigured,
    links: &[],
};

pub(super) static TEMPORARY_APPLICATION_LEFT: Diagnosis = Diagnosis {
    code: "temporary_application_left",
    symptom: "The temporary test application could not be removed from the tenant.",
    cause: "The tenant refused or did not answer while the tool was cleaning up.",
    cure: "Run `fitbit-connect test` again, which uses and then removes it, or delete the application that the \
           message names in the Auth0 dashboard.",
    exit: Exit::Done,
    links: &[],
};

pub(super) static TOKEN_NOT_REVOKED: Diagnosis = Diagnosis {
    code: "token_not_revoked",
    symptom: "The token of a direct test login could not be revoked.",
    cause: "The provider refused the revocation or did not answer.",
    cure: "Nothing has to be done: the token was never stored and expires by itself. To end the access now, remove the app \
           from the account's connected apps at the provider.",
    exit: Exit::Done,
    links: &["https://myaccount.google.com/connections"],
};

pub(super) static NOT_VERIFIED: Diagnosis = Diagnosis {
    code: "not_verified",
    symptom: "`test --strict` met a check that warned, was skipped, or gave an answer that tells neither way.",
    cause: "Something that the check needs is missing, for example a scope of the Management API token.",
    cure: "Give the check what its line asks for, or leave --strict out.",
    exit: Exit::Misconfigured,
    links: &[],
};
