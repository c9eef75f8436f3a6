//! Owns the rows about the Auth0 tenant and the right to call its Management API. Refuses rows about one connection or
//! one application.

use super::links::*;
use super::sign::{but, sign};
use super::{Diagnosis, Exit, Sure};

pub(super) static TENANT_NOT_FOUND: Diagnosis = Diagnosis {
    code: "tenant_not_found",
    symptom: "The domain does not answer like an Auth0 tenant.",
    cause: "The domain is misspelt, its region is missing, or it is not the tenant's own domain.",
    cure: "The domain in use is `{domain}` and the right one stands in the settings of an application in the Auth0 \
           dashboard, for example `dev-1a2b3c4d.eu.auth0.com` (give it with `--domain` )",
    exit: Exit::Misconfigured,
    links: &[AUTH0_APPLICATION],
    signs: &[],
    sure: Sure::Inferred,
};

pub(super) static MANAGEMENT_CREDENTIALS_REJECTED: Diagnosis = Diagnosis {
    code: "management_credentials_rejected",
    symptom: "The tenant's token endpoint answers 401 `access_denied` with `Unauthorized`",
    cause: "The client ID or the secret of the application that calls the Management API is wrong, or belongs to \
            another tenant.",
    cure: "Copy both again from the settings of a Machine to Machine application of this tenant (in a script: \
           `AUTH0_CLIENT_ID` and `AUTH0_CLIENT_SECRET`)",
    exit: Exit::Refused,
    links: &[AUTH0_MANAGEMENT_TOKENS],
    signs: &[but(&["access_denied", "unauthorized"], &["error 403"]), sign(&["\"type\":\"feccft\""])],
    sure: Sure::Reported,
};

pub(super) static MANAGEMENT_CLIENT_NOT_AUTHORIZED: Diagnosis = Diagnosis {
    code: "management_client_not_authorized",
    symptom: "The tenant's token endpoint answers 403 `access_denied` and speaks of a `client-grant`",
    cause: "The application has no grant for the Management API.",
    cure: "In the Auth0 dashboard open APIs, Auth0 Management API, Machine to Machine Applications; authorize the \
           application and tick the scopes that the message lists.",
    exit: Exit::Refused,
    links: &[AUTH0_MANAGEMENT_TOKENS],
    signs: &[
        // It names the API, where it does, and need not be this one.
        but(&["client-grant", "associated to this api"], &["not authorized to access"]),
        sign(&["not authorized to access", "/api/v2/"]),
    ],
    sure: Sure::Reported,
};

pub(super) static MANAGEMENT_GRANT_NOT_ALLOWED: Diagnosis = Diagnosis {
    code: "management_grant_not_allowed",
    symptom: "The tenant's token endpoint answers 403 `unauthorized_client`: the grant type is not allowed for the \
              client.",
    cause: "The grant type Client Credentials is switched off for the application.",
    cure: "In the advanced settings of the application that the message names tick the grant type Client Credentials, \
           or use a Machine to Machine application.",
    exit: Exit::Refused,
    links: &[AUTH0_APPLICATION],
    signs: &[
        but(&["unauthorized_client", "grant type"], &["'authorization_code'", "'refresh_token'"]),
        sign(&["grant type 'client_credentials' not allowed"]),
    ],
    sure: Sure::Reported,
};

pub(super) static MANAGEMENT_AUDIENCE_UNKNOWN: Diagnosis = Diagnosis {
    code: "management_audience_unknown",
    symptom: "The tenant's token endpoint answers 403 `access_denied` with `Service not found`",
    cause: "The Management API is known only by the tenant's own domain; most often a custom domain was given.",
    cure: "Give the tenant's own domain with `--domain` and the custom one with `--login-domain`",
    exit: Exit::Refused,
    links: &[AUTH0_CUSTOM_DOMAINS, AUTH0_MANAGEMENT_TOKENS],
    signs: &[
        sign(&["service not found", "/api/v2"]),
        sign(&["service not enabled within domain", "/api/v2"]),
        sign(&["inexistent_resource_server"]),
    ],
    sure: Sure::Reported,
};

pub(super) static MANAGEMENT_TOKEN_REJECTED: Diagnosis = Diagnosis {
    code: "management_token_rejected",
    symptom: "The Management API answers 401 `Invalid token` or `Missing authentication`",
    cause: "The token is not a Management API token of this tenant, or was cut when it was copied.",
    cure: "Make a new token for this tenant (in a script: `--token-file` or `AUTH0_API_TOKEN`), or give the \
           credentials of a Machine to Machine application instead. Where those are in use, the tenant refuses what it has \
           just made: compare `{domain}` with the tenant of that application, and run the command again.",
    exit: Exit::Refused,
    links: &[AUTH0_MANAGEMENT_TOKENS],
    signs: &[
        sign(&["\"invalid token\""]),
        sign(&["401", "invalid token"]),
        sign(&["missing authentication"]),
        sign(&["bad audience"]),
        sign(&["invalid signature received for json web token"]),
        sign(&["bad http authentication header format"]),
    ],
    sure: Sure::Reported,
};

pub(super) static MANAGEMENT_TOKEN_EXPIRED: Diagnosis = Diagnosis {
    code: "management_token_expired",
    symptom: "The Management API answers 401 and says that the token has expired.",
    cause: "Management API tokens live 24 hours unless the tenant says otherwise.",
    cure: "Make a new token (in a script: `--token-file` or `AUTH0_API_TOKEN`), or give the credentials of a \
           Machine to Machine application, with which the tool makes its own. Where those are in use, the tenant's API \
           gave it a lifetime that is too short: look at the settings of the Auth0 Management API.",
    exit: Exit::Refused,
    links: &[AUTH0_MANAGEMENT_TOKENS],
    signs: &[sign(&["expired token"]), sign(&["\"statuscode\":401", "jwt expired"])],
    sure: Sure::Documented,
};

pub(super) static MISSING_SCOPE: Diagnosis = Diagnosis {
    code: "missing_scope",
    symptom: "The Management API answers 403 `insufficient_scope` with `Insufficient scope, expected any of: ...`",
    cause: "The Management API token lacks a scope that this step needs.",
    cure: "Add {missing_scopes} to the application's grant for the Management API, then make a new \
           token: an old one keeps its scopes.",
    exit: Exit::Refused,
    links: &[AUTH0_MANAGEMENT_TOKENS],
    signs: &[
        sign(&["insufficient scope, expected"]),
        sign(&["client has not been granted scopes"]),
        but(&["insufficient_scope"], &["errortype", "does not have permission to access", "fitbit"]),
    ],
    sure: Sure::Documented,
};

pub(super) static CONNECTION_OPTIONS_HIDDEN: Diagnosis = Diagnosis {
    code: "connection_options_hidden",
    symptom: "The Management API shows the connection without its `options`",
    cause: "The token lacks `read:connections_options` and a change replaces all options at once, so that changing \
            what cannot be read would wipe it.",
    cure: "Add the scopes `read:connections_options` and `update:connections_options` to the grant, and make a new \
           token.",
    exit: Exit::Refused,
    links: &[AUTH0_MANAGEMENT_TOKENS],
    signs: &[],
    sure: Sure::Documented,
};

pub(super) static ENTITY_LIMIT_REACHED: Diagnosis = Diagnosis {
    code: "entity_limit_reached",
    symptom: "The Management API answers 403: the entity limit of the tenant is reached.",
    cause: "The plan of the tenant allows no further connection or application; the free plan allows two social \
            connections.",
    cure: "Delete a connection or application that nobody uses ({connections_page} lists the connections), or change \
           the plan, and run `{setup}` again.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_ENTITY_LIMITS],
    signs: &[sign(&["entity limit"]), sign(&["limit of entities"]), sign(&["you can only create"])],
    sure: Sure::Documented,
};

pub(super) static PLAN_FEATURE_MISSING: Diagnosis = Diagnosis {
    code: "plan_feature_missing",
    symptom: "The Management API answers `insufficient_entitlement` or `feature_not_enabled`",
    cause: "The plan of the tenant does not include what the request uses.",
    cure: "Read which feature the message names; leave the option away that uses it, or change the plan of the tenant \
           `{domain}`",
    exit: Exit::Misconfigured,
    links: &[AUTH0_ENTITY_LIMITS],
    signs: &[
        sign(&["insufficient_entitlement"]),
        sign(&["feature_not_enabled"]),
        sign(&["feature is not enabled for your tenant"]),
    ],
    sure: Sure::Reported,
};

pub(super) static OTHER_TENANT: Diagnosis = Diagnosis {
    code: "other_tenant",
    symptom: "The tenant has neither the connection nor any of the applications that this profile was set up with.",
    cause: "The profile belongs to another tenant than the one that is asked, or everything was deleted there.",
    cure: "Compare `{domain}` with the tenant you mean and give the right one with `--domain` or set this tenant up \
           as well: `{setup} --all-apps` or `{setup} --app NAME_OR_ID`",
    exit: Exit::Misconfigured,
    links: &[AUTH0_APPLICATION],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static LOGIN_DOMAIN_OF_OTHER_TENANT: Diagnosis = Diagnosis {
    code: "login_domain_of_other_tenant",
    symptom: "The login domain does not know what the tenant's own domain knows: the same application and connection \
              work there.",
    cause: "The custom login domain leads to another tenant, or is not set up for this one.",
    cure: "Look at Branding, Custom Domains in the Auth0 dashboard of `{domain}` and name the right one with \
           `--login-domain DOMAIN` or log in through the tenant's own: `--login-domain {domain}` (a set-up with that flag \
           keeps it)",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_DOMAINS],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static LOGIN_DOMAIN_GONE: Diagnosis = Diagnosis {
    code: "login_domain_gone",
    symptom: "The tenant does not list the login domain among its custom domains, and nothing that answers there is a tenant.",
    cause: "The custom domain was removed from the tenant, or is not ready.",
    cure: "Where it stands in the settings, run `{setup}` which takes it out; where it is given (`--login-domain` or \
           `FITBIT_CONNECT_LOGIN_DOMAIN` ) leave it out. If it should be there, look at Branding, Custom Domains in the Auth0 \
           dashboard of `{domain}`",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_DOMAINS],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static MANAGEMENT_REQUEST_REFUSED: Diagnosis = Diagnosis {
    code: "management_request_refused",
    symptom: "The Management API answers 400 with `invalid_body` or `invalid_uri` or `invalid_query_string` or \
              `operation_not_supported`",
    cause: "The request does not fit what the tenant takes today, for example `Additional properties not allowed: \
            enabled_clients` since July 2026: the program that sent it and the tenant are of different age.",
    cure: "Update the program that sent the request. If it was this one, report it with the message; it holds no \
           secret.",
    exit: Exit::Unexpected,
    links: &[AUTH0_CONNECTION_CLIENTS],
    signs: &[
        sign(&["invalid_body"]),
        sign(&["payload validation error"]),
        sign(&["invalid_uri"]),
        sign(&["invalid_query_string"]),
        sign(&["operation_not_supported"]),
        sign(&["additional properties not allowed"]),
    ],
    sure: Sure::Reported,
};
