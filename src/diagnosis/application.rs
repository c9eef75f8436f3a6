//! Owns the rows about applications of the tenant and what `/authorize` answers for them. Refuses rows about the
//! connection's own settings.

use super::links::*;
use super::sign::sign;
use super::{Diagnosis, Exit, Sure};

pub(super) static APPLICATION_NOT_ENABLED: Diagnosis = Diagnosis {
    code: "application_not_enabled",
    symptom: "The connection is not enabled for the application.",
    cause: "A new connection is enabled for no application; each one has to be switched on.",
    cure: "Run `{setup}` which enables it for every application of the profile (`{setup} --app NAME_OR_ID` for another one), \
           or switch it on under Applications of the connection `{connection}` at \
           {connections_page}",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_SOCIAL, AUTH0_FITBIT],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static APPLICATION_GONE: Diagnosis = Diagnosis {
    code: "application_gone",
    symptom: "An application saved in this profile no longer exists in the tenant.",
    cause: "It was deleted, or the profile belongs to another tenant.",
    cure: "Run `{setup}` and choose the applications again, with `--app NAME_OR_ID` in a script.",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[sign(&["inexistent_client"])],
    sure: Sure::Seen,
};

pub(super) static APPLICATION_WITHOUT_CALLBACK: Diagnosis = Diagnosis {
    code: "application_without_callback",
    symptom: "The application has no callback URL, so `/authorize` cannot be asked for it.",
    cause: "Allowed Callback URLs is empty in its settings, as for machine-to-machine applications.",
    cure: "Add the address that it receives logins at to the Allowed Callback URLs of {application}, or choose another \
           one with `--app NAME_OR_ID`",
    exit: Exit::Misconfigured,
    links: &[AUTH0_APPLICATION],
    signs: &[sign(&["application has no callback url"])],
    sure: Sure::Seen,
};

pub(super) static APPLICATION_UNKNOWN_TO_TENANT: Diagnosis = Diagnosis {
    code: "application_unknown_to_tenant",
    symptom: "`/authorize` of the tenant shows an error page with `Unknown client: ...`",
    cause: "The client ID belongs to another tenant, or the application was deleted: the temporary one of a test login is \
            removed when its time is over.",
    cure: "Compare the client ID with the application's settings in the Auth0 dashboard, and `{domain}` (`--domain`) \
           with its tenant.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_ERROR_PAGES],
    signs: &[sign(&["unknown client:"])],
    sure: Sure::Seen,
};

pub(super) static CALLBACK_NOT_ALLOWED: Diagnosis = Diagnosis {
    code: "callback_not_allowed",
    symptom: "The tenant shows a page with `Callback URL mismatch`",
    cause: "The address the login should return to is not among the application's Allowed Callback URLs, character \
            for character.",
    cure: "Add {return_to} to the Allowed Callback URLs of {application}, and save; scheme, port, path and trailing \
           slash count.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_APPLICATION, AUTH0_ERROR_PAGES],
    signs: &[sign(&["callback url mismatch"]), sign(&["not in the list of allowed callback urls"])],
    sure: Sure::Documented,
};

pub(super) static APPLICATION_CONFIDENTIAL: Diagnosis = Diagnosis {
    code: "application_confidential",
    symptom: "The application that is named with `--test-app` proves itself with a secret; the tenant's token endpoint answers \
              its code with 401 `access_denied` `Unauthorized`",
    cause: "A login from this machine has no secret of the application: it needs a public client, as native and single-page \
            applications are.",
    cure: "Leave `--test-app` out, so that the run makes an application of its own for the login and removes it, or name a \
           native application. One that is in use keeps its authentication method: without it its own logins may fail. | By hand: Name \
           a native application with `--test-app ID` which has `{loopback}` among its Allowed Callback URLs and is switched on for \
           the connection. One that is in use keeps its authentication method: without it its own logins may fail.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_APPLICATION],
    signs: &[],
    sure: Sure::Documented,
};

pub(super) static AUTHORIZE_CONNECTION_NOT_USABLE: Diagnosis = Diagnosis {
    code: "authorize_connection_not_usable",
    symptom: "`/authorize` answers `invalid_request` with `the connection was not found` or `the connection was \
              disabled` or `no connections enabled for the client`",
    cause: "The connection's name is wrong, it is switched off, or it is not enabled for this application. A change \
            is reported to take a few minutes to act.",
    cure: "Run `{test}` with Management API credentials (`AUTH0_CLIENT_ID` and `AUTH0_CLIENT_SECRET`), which tells \
           whether the connection `{connection}` does not exist, is switched off, or is not enabled for this application, \
           or `{setup}` to put it right.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_TEST],
    signs: &[
        sign(&["the connection was not found"]),
        sign(&["the connection was disabled"]),
        sign(&["no connections enabled for the client"]),
        sign(&["the connection is not yet configured"]),
    ],
    sure: Sure::Reported,
};

pub(super) static AUTHORIZE_WRONG_PROVIDER: Diagnosis = Diagnosis {
    code: "authorize_wrong_provider",
    symptom: "`/authorize` sends the browser to another provider than this profile's.",
    cause: "The connection of this name belongs to another provider, or its authorization URL was changed.",
    cure: "Run `{setup}` or name the right connection with `--connection NAME`",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static AUTHORIZE_WRONG_CLIENT_ID: Diagnosis = Diagnosis {
    code: "authorize_wrong_client_id",
    symptom: "`/authorize` sends another client ID to the provider than this profile's.",
    cause: "The connection holds another client ID, or uses Auth0's developer keys.",
    cure: "Run `{setup}` to write the client ID `{client_id}` and its secret into the connection `{connection}` or, where \
           the one in the tenant is right, give that command its client ID and secret.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_DEVELOPER_KEYS],
    signs: &[sign(&["missing required parameter: client_id"])],
    sure: Sure::Seen,
};

pub(super) static AUTHORIZE_WRONG_CALLBACK: Diagnosis = Diagnosis {
    code: "authorize_wrong_callback",
    symptom: "`/authorize` sends another callback URL to the provider than expected.",
    cause: "The login went through another domain than the one that is registered: a custom domain, or a gateway.",
    cure: "Register the callback URL that the message shows at the provider as well, and name its domain with \
           `--login-domain HOST`",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_DOMAINS],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static AUTHORIZE_SCOPES_MISSING: Diagnosis = Diagnosis {
    code: "authorize_scopes_missing",
    symptom: "`/authorize` asks the provider for fewer scopes than this profile. Google, where it asks for none: `Missing \
              required parameter: scope`",
    cause: "The connection holds a shorter list of scopes, or the tenant dropped names that it does not know.",
    cure: "Run `{setup}` to write the scopes `{scopes}` into the connection `{connection}`",
    exit: Exit::Misconfigured,
    links: &[HEALTH_SCOPES, FITBIT_APP_TYPES],
    signs: &[sign(&["missing required parameter: scope"])],
    sure: Sure::Seen,
};

pub(super) static APPLICATION_GRANT_MISSING: Diagnosis = Diagnosis {
    code: "application_grant_missing",
    symptom: "`/authorize` answers `unauthorized_client` with `Grant type 'authorization_code' not allowed for the \
              client.`",
    cause: "The grant type Authorization Code is switched off in the application's advanced settings, so that nobody \
            can log in with it.",
    cure: "In the Auth0 dashboard open the application, Advanced Settings, Grant Types, tick Authorization Code, and \
           save.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_APPLICATION],
    signs: &[sign(&["grant type 'authorization_code' not allowed"])],
    sure: Sure::Reported,
};

pub(super) static AUTHORIZE_CHANGE_PENDING: Diagnosis = Diagnosis {
    code: "authorize_change_pending",
    symptom: "`/authorize` refuses the connection, although the Management API says that it exists, is active and is \
              enabled for the application.",
    cause: "A change is reported to take up to some minutes until `/authorize` follows it.",
    cure: "Wait, and look again: `{test} --headless --watch` repeats until it holds.",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[],
    sure: Sure::Reported,
};

pub(super) static WORKS_ONLY_DIRECTLY: Diagnosis = Diagnosis {
    code: "works_only_directly",
    symptom: "A login at the provider itself works (`test --direct`), and the same login through Auth0 does not.",
    cause: "The loopback URL is registered at the provider and Auth0's callback is not, the secret was not renewed \
            in Auth0, or the connection is not enabled for the application.",
    cure: "Run `{test} --headless` with Management API credentials: it looks at each of the three. Auth0's callback \
           is `{callback}`",
    exit: Exit::Misconfigured,
    links: &[AUTH0_TEST],
    signs: &[sign(&["fails in auth0"]), sign(&["works in the tool"])],
    sure: Sure::Reported,
};
