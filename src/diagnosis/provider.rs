//! Owns the rows about the app registered at Google or Fitbit, its credentials and tokens. Refuses rows about the
//! person who signs in (`login`) and about Auth0 (`tenant`, `connection`, `application`).

use super::links::*;
use super::{Diagnosis, Exit};

pub(super) static PROVIDER_SHUT_DOWN: Diagnosis = Diagnosis {
    code: "provider_shut_down",
    symptom: "fitbit.com or api.fitbit.com answers `HTTP 410`, or dev.fitbit.com shows a notice in place of the form.",
    cause: "Google shut down the Fitbit Web API and its OAuth addresses on 2 Nov 2026. New registrations are \
            reported as refused since May 2026. Auth0's built-in strategy `fitbit` is documented for that API.",
    cure: "Register an app for the Google Health API and run `fitbit-connect setup --provider google-health` with \
           its credentials. Everybody has to consent again: tokens and credentials do not carry over.",
    exit: Exit::Misconfigured,
    links: &[HEALTH_ABOUT, HEALTH_SETUP, HEALTH_MIGRATION],
};

pub(super) static REDIRECT_URI_MISMATCH: Diagnosis = Diagnosis {
    code: "redirect_uri_mismatch",
    symptom: "Google: `Error 400: redirect_uri_mismatch` | Fitbit: `invalid_request - Invalid redirect_uri parameter \
              value`",
    cause: "The callback URL in the request is not, character for character, one that is registered: a slash, a \
            port, http or https, localhost or 127.0.0.1, the tenant domain or a custom domain. An edit at Google \
            takes 5 minutes to a few hours to act.",
    cure: "Copy the callback URL from step 2 into the list of redirect URIs of the client, save, and wait a few \
           minutes. List the Auth0 callback of every login domain, and the loopback URL for a direct test.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_URI_RULES, GOOGLE_CLIENTS, FITBIT_ERRORS],
};

pub(super) static CLIENT_ID_UNKNOWN: Diagnosis = Diagnosis {
    code: "client_id_unknown",
    symptom: "Google: `Error 401: invalid_client` with `The OAuth client was not found.` | Fitbit: \
              `unauthorized_client - Invalid client_id` or `Client id invalid`",
    cause: "The provider does not know this client ID: a typo, a space or line break glued to it, a deleted client, \
            or a client ID of the other provider.",
    cure: "Copy the client ID again. One that ends in `.apps.googleusercontent.com` is Google's; six upper-case \
           letters and digits are Fitbit's, which is shut down.",
    exit: Exit::Refused,
    links: &[GOOGLE_CLIENTS, FITBIT_ERRORS],
};

pub(super) static CLIENT_DELETED: Diagnosis = Diagnosis {
    code: "client_deleted",
    symptom: "`Error 401: deleted_client`",
    cause: "The client was deleted, by a person or because it was not used for 6 months.",
    cure: "Restore it on the Clients page within 30 days of its deletion, or create a new one and run \
           `fitbit-connect setup` with it.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_CLIENTS],
};

pub(super) static CLIENT_SECRET_REJECTED: Diagnosis = Diagnosis {
    code: "client_secret_rejected",
    symptom: "The token endpoint answers `invalid_client`: Google `Unauthorized` or `The provided client secret is \
              invalid.` | Fitbit `Client secret invalid` or `Invalid authorization header format` | Auth0, after \
              consent: `failed to obtain access token`",
    cause: "The client secret is wrong, replaced, cut or masked: Google shows only the last four characters of a \
            secret after it was made.",
    cure: "Add a new secret on the client's page, copy it at once, and give it to `fitbit-connect setup`, so that it \
           reaches the secret store and the connection.",
    exit: Exit::Refused,
    links: &[GOOGLE_CLIENTS, FITBIT_ERRORS],
};

pub(super) static INVALID_SCOPE: Diagnosis = Diagnosis {
    code: "invalid_scope",
    symptom: "`Error 400: invalid_scope` with `Some requested scopes were invalid.`",
    cause: "A scope is unknown, is one of the names without suffix that were split on 26 May 2026, or is not \
            declared on the Data Access page, where leaving without Save loses the list.",
    cure: "On the Data Access page add the scopes, Update, and Save. Use the names that end in `.readonly` or \
           `.writeonly` with `--scopes`",
    exit: Exit::Misconfigured,
    links: &[HEALTH_SCOPES, HEALTH_SETUP],
};

pub(super) static GOOGLE_HEALTH_API_DISABLED: Diagnosis = Diagnosis {
    code: "google_health_api_disabled",
    symptom: "403 `SERVICE_DISABLED` with `Google Health API has not been used in project N before or it is disabled.`",
    cause: "The Google Health API is not enabled in the Cloud project that owns the client. The onboarding of new \
            projects was paused for some weeks in autumn 2026; whether it still is, Google's set-up page says.",
    cure: "Run `gcloud services enable health.googleapis.com` in the project whose number begins the client ID, or \
           press Enable on the API's page, and wait some minutes.",
    exit: Exit::Misconfigured,
    links: &[HEALTH_API, HEALTH_SETUP],
};

pub(super) static ORG_INTERNAL: Diagnosis = Diagnosis {
    code: "org_internal",
    symptom: "`Error 403: org_internal`",
    cause: "The audience of the app is Internal, so that only accounts of its Workspace organisation may use it.",
    cure: "On the Audience page choose External, or sign in with an account of the organisation.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_AUDIENCE],
};

pub(super) static DISALLOWED_USERAGENT: Diagnosis = Diagnosis {
    code: "disallowed_useragent",
    symptom: "`Error 403: disallowed_useragent` or a Google sign-in that goes in circles.",
    cause: "The sign-in page was opened inside an app's embedded web view, which Google refuses.",
    cure: "Open the address in the system's own browser.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_WEB_SERVER],
};

pub(super) static PERSONAL_APPLICATION: Diagnosis = Diagnosis {
    code: "personal_application",
    symptom: "Fitbit: `A \"Personal\" application is only authorized to request access tokens from the owner of the \
              application`",
    cause: "The Fitbit app is of type Personal, and somebody other than its owner signed in.",
    cure: "Fitbit is shut down; register an app for the Google Health API and run `fitbit-connect setup --provider \
           google-health`",
    exit: Exit::Misconfigured,
    links: &[FITBIT_APP_TYPES, HEALTH_SETUP],
};

pub(super) static PROVIDER_REFUSED_REQUEST: Diagnosis = Diagnosis {
    code: "provider_refused_request",
    symptom: "The provider's authorization page shows another error, such as `Error 400: invalid_request` or `Error \
              403: restricted_client` | Fitbit: `did not provide valid information to Fitbit`",
    cause: "The provider refuses the request as it stands: a malformed parameter, a form of redirect URI that it \
            does not allow, or a policy on the client.",
    cure: "Read the sentence that the provider shows; it is repeated in the message. Compare the client's type, its \
           redirect URIs and its scopes with steps 1 and 2.",
    exit: Exit::Misconfigured,
    links: &[GOOGLE_WEB_SERVER, FITBIT_ERRORS],
};

pub(super) static REFRESH_TOKEN_REJECTED: Diagnosis = Diagnosis {
    code: "refresh_token_rejected",
    symptom: "`invalid_grant` with `Token has been expired or revoked.` | Fitbit: `Refresh token invalid`",
    cause: "The refresh token is dead: 7 days old while the app is in Testing, revoked by the person, unused for 6 \
            months, or one of more than 100 for the same account. A Fitbit refresh token could be used only once.",
    cure: "Let the person consent again. If it happens a week after each consent, publish the app first.",
    exit: Exit::Refused,
    links: &[GOOGLE_EXPIRATION, GOOGLE_AUDIENCE],
};

pub(super) static REFRESH_TOKEN_EXPIRES_IN_7_DAYS: Diagnosis = Diagnosis {
    code: "refresh_token_expires_in_7_days",
    symptom: "The token reply holds `refresh_token_expires_in` of about 604800, or everybody has to log in anew a \
              week after consent: `Token has been expired or revoked.`",
    cause: "The app is External with the publishing status Testing; then refresh tokens live 7 days.",
    cure: "On the Audience page press Publish app, then consent again: tokens that were issued while Testing keep \
           their end.",
    exit: Exit::Done,
    links: &[GOOGLE_EXPIRATION, GOOGLE_AUDIENCE],
};

pub(super) static REFRESH_TOKEN_MISSING: Diagnosis = Diagnosis {
    code: "refresh_token_missing",
    symptom: "There is no `refresh_token` in the reply: access works for one hour and then stops.",
    cause: "The request lacked `access_type=offline` or this was a repeated consent without `prompt=consent`",
    cure: "Run `fitbit-connect setup` which puts both into the connection, and log in again; or remove the app's \
           access on the account's connections page first.",
    exit: Exit::Done,
    links: &[GOOGLE_WEB_SERVER, GOOGLE_CONNECTIONS],
};

pub(super) static ACCESS_TOKEN_REJECTED: Diagnosis = Diagnosis {
    code: "access_token_rejected",
    symptom: "401 `UNAUTHENTICATED` with `Request had invalid authentication credentials.` | Fitbit: `Access token \
              expired` or `Access token invalid`",
    cause: "The access token is expired, revoked, or was issued by another provider.",
    cure: "Log in again. If it happens right after a login, compare the provider of the connection with the API that \
           is asked.",
    exit: Exit::Refused,
    links: &[HEALTH_TROUBLE],
};

pub(super) static SOME_SCOPES_NOT_GRANTED: Diagnosis = Diagnosis {
    code: "some_scopes_not_granted",
    symptom: "The login worked, but fewer scopes came back than were asked for.",
    cause: "On the consent page each scope has its own box, and some were left unticked.",
    cure: "Log in again and tick every box that the app needs, or ask for fewer scopes with `--scopes`",
    exit: Exit::Done,
    links: &[HEALTH_SCOPES],
};

pub(super) static GOOGLE_UNVERIFIED_APP: Diagnosis = Diagnosis {
    code: "google_unverified_app",
    symptom: "The page says `Google hasn't verified this app`",
    cause: "This is no error: it is what an app that has not been through Google's verification shows, for at most \
            100 users.",
    cure: "Choose Advanced, then continue to the app. Apply for verification when more than 100 people will use it.",
    exit: Exit::Done,
    links: &[GOOGLE_VERIFICATION, HEALTH_SETUP],
};
