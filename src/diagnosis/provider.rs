//! Owns the rows about the app registered at Google or Fitbit, its credentials and tokens. Refuses rows about the
//! person who signs in (`login`) and about Auth0 (`tenant`, `connection`, `application`).

use super::links::*;
use super::sign::{
    GOOGLE_HOSTS, ID_WORDS, NO_ANSWER_ABOUT_IT, NOT_ABOUT_THE_ID, OF_THE_CONNECTION, SECRET_WORDS, but, sign,
};
use super::{Diagnosis, Exit, Sure};

pub(super) static PROVIDER_SHUT_DOWN: Diagnosis = Diagnosis {
    code: "provider_shut_down",
    symptom: "fitbit.com or api.fitbit.com answers `HTTP 410` with whatever body, or Auth0's Fitbit connection fails \
              for everybody.",
    cause: "Google shut down the Fitbit Web API and its OAuth addresses on 2 Nov 2026. Auth0's built-in strategy \
            `fitbit` is documented for that API. | Google: The service answered HTTP 410 (Gone), as a service does that was \
            shut down.",
    cure: "Register an app for the Google Health API, then run `{move}` with its client ID and secret. Everybody has \
           to consent again: tokens and credentials do not carry over. A person's old Fitbit user id comes back as \
           `legacy_user_id` so that accounts can be matched. | Google: Nothing is known here of an end of this API: look for \
           news at https://developers.google.com/health/release-notes and run `{test}` again later",
    exit: Exit::Misconfigured,
    links: &[HEALTH_ABOUT, HEALTH_SETUP, HEALTH_MIGRATION],
    signs: &[
        but(&["410 gone"], GOOGLE_HOSTS),
        but(&["http 410"], GOOGLE_HOSTS),
        sign(&["410", "fitbit"]),
        but(&["permission_denied", "api.fitbit.com"], &["health.googleapis.com"]),
    ],
    sure: Sure::Documented,
};

pub(super) static REDIRECT_URI_MISMATCH: Diagnosis = Diagnosis {
    code: "redirect_uri_mismatch",
    symptom: "Google: `Error 400: redirect_uri_mismatch` | Fitbit: `invalid_request - Invalid redirect_uri parameter \
              value`",
    cause: "The callback URL in the request is not, character for character, one that is registered: a slash, a \
            port, http or https, localhost or 127.0.0.1, the tenant domain or a custom domain. An edit at Google \
            takes 5 minutes to a few hours to act. | Fitbit: The callback URL in the request is not, character for \
            character, one that is registered: a slash, a port, http or https, localhost or 127.0.0.1, the tenant \
            domain or a custom domain.",
    cure: "Enter exactly `{callback}` into the {redirect_list} and save; a direct test needs `{loopback}` there too. \
           Compare scheme, port, path and slash. An edit at Google takes 5 minutes to a few hours to act: \
           {until_then}. | Fitbit: Enter exactly `{callback}` into the {redirect_list} \
           and save; a direct test needs `{loopback}` there too. Compare scheme, port, path and slash.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_URI_RULES, GOOGLE_CLIENTS, FITBIT_ERRORS],
    signs: &[
        sign(&["redirect_uri_mismatch"]),
        sign(&["redirect_uri mismatch"]),
        sign(&["does not match the ones authorized for the oauth client"]),
        sign(&["invalid redirect_uri parameter value"]),
        sign(&["register the redirect uri in the google cloud console"]),
    ],
    sure: Sure::Documented,
};

pub(super) static CLIENT_ID_UNKNOWN: Diagnosis = Diagnosis {
    code: "client_id_unknown",
    symptom: "Google: `Error 401: invalid_client` with `The OAuth client was not found.` | Fitbit: \
              `unauthorized_client - Invalid client_id` or `Client id invalid`",
    cause: "The provider does not know this client ID: a typo, a space or line break glued to it, a deleted client, \
            or a client ID of the other provider.",
    cure: "The client ID in use is `{client_id}` and it has to be one of {clients_page} exactly: copy it again and \
           run `{setup}` with it (asked for in a terminal; else by `--client-id ID` ). One that ends in \
           `.apps.googleusercontent.com` is Google's; six upper-case letters and digits are Fitbit's, which is shut down.",
    exit: Exit::Refused,
    links: &[GOOGLE_CLIENTS, FITBIT_ERRORS],
    signs: &[
        sign(&["oauth client was not found"]),
        sign(&["invalid client_id"]),
        sign(&["client id invalid"]),
        but(&["error 401: invalid_client"], NOT_ABOUT_THE_ID),
        but(&["invalid_client"], SECRET_WORDS),
    ],
    sure: Sure::Documented,
};

pub(super) static CLIENT_DELETED: Diagnosis = Diagnosis {
    code: "client_deleted",
    symptom: "`Error 401: deleted_client`",
    cause: "The client was deleted, by a person or because it was not used for 6 months.",
    cure: "Restore the client `{client_id}` at {clients_page} within 30 days of its deletion, or create a new one \
           and run `{setup}` with it.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_CLIENTS],
    signs: &[sign(&["deleted_client"]), sign(&["oauth client was deleted"])],
    sure: Sure::Documented,
};

pub(super) static CLIENT_SECRET_REJECTED: Diagnosis = Diagnosis {
    code: "client_secret_rejected",
    symptom: "The token endpoint answers `invalid_client`: Google `Unauthorized` or `The provided client secret is \
              invalid.` | Fitbit `Client secret invalid` or `Invalid authorization header format` | Auth0, after \
              consent: `failed to obtain access token`",
    cause: "The client secret is wrong, replaced, cut or masked: Google shows only the last four characters of a \
            secret after it was made. | Fitbit: The client secret is wrong, replaced or cut.",
    cure: "Add a new secret to the client `{client_id}` at {clients_page} and copy it at once. Run `{setup}` with it (asked \
           for in a terminal; else by `--client-secret-file PATH` or `FITBIT_CONNECT_CLIENT_SECRET` ), so that it reaches the \
           secret store and the connection. | Fitbit: Copy the Client Secret of the app `{client_id}` at {clients_page} again, \
           or reset it there. Run `{setup}` with it (asked for in a terminal; else by `--client-secret-file PATH` or \
           `FITBIT_CONNECT_CLIENT_SECRET` ), so that it reaches the secret store and the connection. | By hand: Copy the client \
           secret of `{client_id}` at {clients_page} again, or make a new one. Run `{setup}` with it (asked for in a terminal; \
           else by `--client-secret-file PATH` or `FITBIT_CONNECT_CLIENT_SECRET` ), so that it reaches the secret store, and \
           enter the same one into the connection `{connection}` in the dashboard.",
    exit: Exit::Refused,
    links: &[GOOGLE_CLIENTS, FITBIT_ERRORS],
    signs: &[
        sign(&["client secret invalid"]),
        sign(&["provided client secret is invalid"]),
        sign(&["client_secret is missing"]),
        sign(&["invalid authorization header format"]),
        but(&["failed to obtain access token"], NO_ANSWER_ABOUT_IT),
        sign(&["invalid_client", "unauthorized"]),
        but(&["invalid_client"], ID_WORDS),
    ],
    sure: Sure::Reported,
};

pub(super) static INVALID_SCOPE: Diagnosis = Diagnosis {
    code: "invalid_scope",
    symptom: "`Error 400: invalid_scope` with `Some requested scopes were invalid.`",
    cause: "A scope is unknown, is one of the names without suffix that were split on 26 May 2026, or is not \
            declared on the Data Access page, where leaving without Save loses the list. | Fitbit: A scope is not \
            one of Fitbit's names.",
    cure: "At {scopes_page} add the scopes `{wire_scopes}` and press Update, then Save. In `--scopes` they are `{scopes}` \
           and others can be given there. | Fitbit: Ask for scopes of Fitbit's alone. This \
           set-up asks for `{scopes}` and others can be given with `--scopes`",
    exit: Exit::Misconfigured,
    links: &[HEALTH_SCOPES, FITBIT_APP_TYPES],
    signs: &[sign(&["invalid_scope"]), sign(&["some requested scopes were invalid"])],
    sure: Sure::Documented,
};

pub(super) static GOOGLE_HEALTH_API_DISABLED: Diagnosis = Diagnosis {
    code: "google_health_api_disabled",
    symptom: "403 `SERVICE_DISABLED` with `Google Health API has not been used in project N before or it is disabled.`",
    cause: "The Google Health API is not enabled in the Cloud project that owns the client. The onboarding of new \
            projects was paused for some weeks in autumn 2026; whether it still is, Google's set-up page says.",
    cure: "Press Enable for the project {project} at {api_page} and wait some minutes. The number has to be the one \
           that begins the client ID; if it is not, the client belongs to another project.",
    exit: Exit::Misconfigured,
    links: &[HEALTH_API, HEALTH_SETUP],
    signs: &[
        sign(&["google health api has not been used in project"]),
        sign(&["service_disabled", "health.googleapis.com"]),
        but(&["service_disabled"], &["api has not been used in project", "googleapis.com"]),
    ],
    sure: Sure::Documented,
};

pub(super) static ORG_INTERNAL: Diagnosis = Diagnosis {
    code: "org_internal",
    symptom: "`Error 403: org_internal`",
    cause: "The audience of the app is Internal, so that only accounts of its Workspace organisation may use it.",
    cure: "At {audience_page} choose External, or sign in with an account of the organisation.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_AUDIENCE],
    signs: &[sign(&["org_internal"]), sign(&["can only be used within its organization"])],
    sure: Sure::Documented,
};

pub(super) static DISALLOWED_USERAGENT: Diagnosis = Diagnosis {
    code: "disallowed_useragent",
    symptom: "`Error 403: disallowed_useragent` or a Google sign-in that goes in circles.",
    cause: "The sign-in page was opened inside an app's embedded web view, which Google refuses.",
    cure: "Open the address that `{test} --no-browser` prints in the system's own browser.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_WEB_SERVER],
    signs: &[sign(&["disallowed_useragent"]), sign(&["this browser or app may not be secure"])],
    sure: Sure::Documented,
};

pub(super) static PERSONAL_APPLICATION: Diagnosis = Diagnosis {
    code: "personal_application",
    symptom: "Fitbit: `A \"Personal\" application is only authorized to request access tokens from the owner of the \
              application`",
    cause: "The Fitbit app is of type Personal, and somebody other than its owner signed in.",
    cure: "Fitbit is shut down since 2 Nov 2026: register an app for the Google Health API and run `{move}` with its \
           client ID and secret, and with all else that you gave.",
    exit: Exit::Misconfigured,
    links: &[FITBIT_APP_TYPES, HEALTH_SETUP],
    signs: &[sign(&["only authorized to request access tokens from the owner"])],
    sure: Sure::Reported,
};

pub(super) static PROVIDER_REFUSED_REQUEST: Diagnosis = Diagnosis {
    code: "provider_refused_request",
    symptom: "The provider's authorization page shows another error, such as `Error 400: invalid_request` or `Error \
              403: restricted_client` | Fitbit: `did not provide valid information to Fitbit`",
    cause: "The provider refuses the request as it stands: a malformed parameter, a form of redirect URI that it \
            does not allow, or a policy on the client.",
    cure: "Read the sentence that the provider shows; it is repeated in the message. At {clients_page} compare the \
           client's type (Web application) and its redirect URIs with `{callback}` | Fitbit: Read the sentence that the \
           provider shows; it is repeated in the message. At {clients_page} compare the app's type (Server) and its Redirect \
           URL with `{callback}`",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_WEB_SERVER, FITBIT_ERRORS],
    signs: &[
        sign(&["restricted_client"]),
        sign(&["not yet configured to make oauth requests"]),
        but(&["error 400: invalid_request"], OF_THE_CONNECTION),
        sign(&["invalid_request - missing"]),
        sign(&["code_challenge parameter is invalid"]),
        sign(&["unsupported code_challenge_method"]),
        sign(&["error 400: unsupported_response_type"]),
        sign(&["not authorized to request an access token using this method"]),
    ],
    sure: Sure::Documented,
};

pub(super) static REFRESH_TOKEN_REJECTED: Diagnosis = Diagnosis {
    code: "refresh_token_rejected",
    symptom: "`invalid_grant` with `Token has been expired or revoked.` | Fitbit: `Refresh token invalid`",
    cause: "The refresh token is dead: 7 days old while the app is in Testing, revoked by the person, unused for 6 \
            months, or one of more than 100 for the same account. | Fitbit: The refresh token was used before, as by \
            two programs at once or after an answer that was lost, or the person revoked it. Each is good for one \
            use.",
    cure: "Let the person consent again. If it happens a week after each consent, press Publish app at \
           {audience_page} first. | Fitbit: Let the person consent again. A refresh token of \
           Fitbit's can be used only once: let one program alone refresh, and have it \
           keep the new refresh token of each answer before it uses the access token.",
    exit: Exit::Refused,
    links: &[GOOGLE_EXPIRATION, GOOGLE_AUDIENCE, FITBIT_REFRESH],
    signs: &[
        sign(&["token has been expired or revoked"]),
        sign(&["token expired or revoked"]),
        sign(&["refresh token invalid"]),
        but(
            &["invalid_grant"],
            &[
                "the code of",
                "failed to obtain access token",
                "auth code",
                "authorization code",
                "code verifier",
                "code_verifier",
                "bad request",
                "redirect_uri",
                "wrong email or password",
            ],
        ),
    ],
    sure: Sure::Documented,
};

pub(super) static REFRESH_TOKEN_EXPIRES_IN_7_DAYS: Diagnosis = Diagnosis {
    code: "refresh_token_expires_in_7_days",
    symptom: "The token reply holds `refresh_token_expires_in` of about 604800, or everybody has to log in anew a \
              week after consent: `Token has been expired or revoked.`",
    cause: "The app is External with the publishing status Testing; then refresh tokens live 7 days.",
    cure: "At {audience_page} press Publish app, then let everybody consent again: tokens that were issued while \
           Testing keep their end.",
    exit: Exit::Done,
    links: &[GOOGLE_EXPIRATION, GOOGLE_AUDIENCE],
    signs: &[
        sign(&["token has been expired or revoked"]),
        sign(&["refresh_token_expires_in"]),
        sign(&["reauthentication required"]),
    ],
    sure: Sure::Documented,
};

pub(super) static REFRESH_TOKEN_MISSING: Diagnosis = Diagnosis {
    code: "refresh_token_missing",
    symptom: "There is no `refresh_token` in the reply: access works for one hour and then stops.",
    cause: "The request lacked `access_type=offline` or this was a repeated consent without `prompt=consent`",
    cure: "Run `{setup}` which puts both into the connection, and log in again; or remove the app's access at \
           https://myaccount.google.com/connections first.",
    exit: Exit::Done,
    links: &[GOOGLE_WEB_SERVER, GOOGLE_CONNECTIONS],
    signs: &[sign(&["no refresh_token"]), sign(&["no refresh token"])],
    sure: Sure::Documented,
};

pub(super) static ACCESS_TOKEN_REJECTED: Diagnosis = Diagnosis {
    code: "access_token_rejected",
    symptom: "401 `UNAUTHENTICATED` with `Request had invalid authentication credentials.` | Fitbit: `Access token \
              expired` or `Access token invalid`",
    cause: "The access token is expired, revoked, or was issued by another provider.",
    cure: "Run `{test}` and log in again. If it happens right after a login, compare the provider that the login went to \
           (through Auth0 that of the connection `{connection}` ) with the API that is asked.",
    exit: Exit::Refused,
    links: &[HEALTH_TROUBLE, FITBIT_ERRORS],
    signs: &[
        sign(&["invalid authentication credentials"]),
        sign(&["missing required authentication credential"]),
        sign(&["access token expired"]),
        sign(&["access token invalid"]),
        but(&["invalid_token"], &["expired token", "json web token"]),
        sign(&["refused the access token"]),
    ],
    sure: Sure::Documented,
};

pub(super) static SOME_SCOPES_NOT_GRANTED: Diagnosis = Diagnosis {
    code: "some_scopes_not_granted",
    symptom: "The login worked, but fewer scopes came back than were asked for.",
    cause: "On the consent page each scope has its own box, and some were left unticked.",
    cure: "Log in again and tick every box that the app needs, or ask for fewer scopes with `--scopes` than \
           `{scopes}`",
    exit: Exit::Done,
    links: &[HEALTH_SCOPES, FITBIT_APP_TYPES],
    signs: &[],
    sure: Sure::Documented,
};

pub(super) static GOOGLE_UNVERIFIED_APP: Diagnosis = Diagnosis {
    code: "google_unverified_app",
    symptom: "The page says `Google hasn't verified this app`",
    cause: "This is no error: it is what an app that has not been through Google's verification shows, for at most \
            100 users.",
    cure: "Press Continue or, where the page has it in its place, choose Advanced and go on to the app. Apply for \
           verification when more than 100 people will use it.",
    exit: Exit::Done,
    links: &[GOOGLE_VERIFICATION, HEALTH_SETUP],
    signs: &[
        sign(&["google hasn't verified this app"]),
        // The heading of before.
        sign(&["this app isn't verified"]),
    ],
    sure: Sure::Documented,
};

pub(super) static REGISTRATION_CLOSED: Diagnosis = Diagnosis {
    code: "registration_closed",
    symptom: "https://dev.fitbit.com/apps/new shows a notice about Google Health in place of the form.",
    cause: "Fitbit takes no new apps: reported since early May 2026, before the shut-down on 2 Nov 2026. At Google \
            new projects were reported as not taken in October 2026; whether that has ended stands on Google's \
            set-up page.",
    cure: "Register at Google instead: https://developers.google.com/health/setup lists the steps, and `{move}` \
           walks through them.",
    exit: Exit::Misconfigured,
    links: &[HEALTH_SETUP, HEALTH_ABOUT, HEALTH_MIGRATION],
    signs: &[
        sign(&["dev.fitbit.com/apps/new"]),
        sign(&["no longer accepting new", "fitbit"]),
        sign(&["registrations are closed"]),
        sign(&["not onboarding new projects"]),
    ],
    sure: Sure::Reported,
};

pub(super) static GOOGLE_ID_AT_FITBIT: Diagnosis = Diagnosis {
    code: "google_id_at_fitbit",
    symptom: "A client ID that ends in `.apps.googleusercontent.com` was used at Fitbit, which answers \
              `unauthorized_client - Invalid client_id`",
    cause: "The credentials of the one provider do not work at the other, and this client ID is Google's. Fitbit was \
            shut down on 2 Nov 2026.",
    cure: "This client ID is the right one for Google: give `--provider google-health` and keep all else that you gave, as \
           in `{move}` which goes over to Google. In an application of your own replace Fitbit's addresses by Google's.",
    exit: Exit::Input,
    links: &[HEALTH_MIGRATION, FITBIT_ERRORS],
    signs: &[
        sign(&["fitbit.com/oauth2", "apps.googleusercontent.com"]),
        sign(&["invalid client_id", "apps.googleusercontent.com"]),
    ],
    sure: Sure::Reported,
};

pub(super) static FITBIT_ID_AT_GOOGLE: Diagnosis = Diagnosis {
    code: "fitbit_id_at_google",
    symptom: "A client ID of six upper-case letters and digits was used at Google, which answers `Error 401: \
              invalid_client`",
    cause: "Six letters and digits are a Fitbit client ID. Fitbit's credentials do not work at Google, and Fitbit \
            was shut down on 2 Nov 2026.",
    cure: "Create a client of type Web application at https://console.cloud.google.com/auth/clients and give its client ID and \
           secret in place of this one, with `--provider google-health` and all else that you gave, as in `{move}`",
    exit: Exit::Input,
    links: &[HEALTH_SETUP, HEALTH_MIGRATION],
    signs: &[],
    sure: Sure::Reported,
};

pub(super) static ERROR_HIDDEN_BY_LIBRARY: Diagnosis = Diagnosis {
    code: "error_hidden_by_library",
    symptom: "An OAuth library says `Missing access token parameter` or that the token reply has no `access_token`",
    cause: "Fitbit answers errors as a list (`errors`), which libraries made for OAuth's `error` do not read, so \
            that the reason is lost.",
    cure: "Look at the raw body of the token reply and paste it after `fitbit-connect explain` so that its reason is \
           named; since 2 Nov 2026 it is HTTP 410.",
    exit: Exit::Misconfigured,
    links: &[FITBIT_ERRORS],
    signs: &[sign(&["missing access token parameter"]), sign(&["missing_token"])],
    sure: Sure::Reported,
};
