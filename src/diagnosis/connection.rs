//! Owns the rows about the Auth0 connection and how it differs from what it should be. Refuses rows about applications.

use super::links::*;
use super::sign::sign;
use super::{Diagnosis, Exit, Sure};

pub(super) static CONNECTION_NOT_FOUND: Diagnosis = Diagnosis {
    code: "connection_not_found",
    symptom: "The tenant has no connection of this name.",
    cause: "It was never created, was deleted, or has another name.",
    cure: "Run `{setup}` to create it, or name the existing one with `--connection NAME`",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_SOCIAL, AUTH0_FITBIT],
    signs: &[sign(&["inexistent_connection"])],
    sure: Sure::Seen,
};

pub(super) static CONNECTION_NAME_TAKEN: Diagnosis = Diagnosis {
    code: "connection_name_taken",
    symptom: "The Management API answers 409 `connection_conflict` with `A connection with the same name already \
              exists`",
    cause: "Somebody else created it in the meantime, or one of that name is still being deleted.",
    cure: "Wait a minute and run `{setup}` again, or choose another name: `{setup} --connection {connection}-2`",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[sign(&["connection_conflict"]), sign(&["a connection with the same name already exists"])],
    sure: Sure::Reported,
};

pub(super) static CONNECTION_WRONG_STRATEGY: Diagnosis = Diagnosis {
    code: "connection_wrong_strategy",
    symptom: "A connection of this name exists, but of another kind.",
    cause: "The strategy of a connection cannot be changed after it was created.",
    cure: "Choose another name: `{setup} --connection {connection}-2` or remove the old connection `{connection}` at \
           {connections_page} first.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_SOCIAL, AUTH0_FITBIT],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static CONNECTION_INACTIVE: Diagnosis = Diagnosis {
    code: "connection_inactive",
    symptom: "The connection is switched off for authentication.",
    cause: "Its `authentication.active` is false: the purpose Authentication is off, often because only Connected \
            Accounts was chosen.",
    cure: "Run `{setup}` or switch the purpose Authentication of `{connection}` on at {connections_page}",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_SOCIAL, AUTH0_FITBIT],
    signs: &[],
    sure: Sure::Documented,
};

pub(super) static CONNECTION_CLIENT_ID_DIFFERS: Diagnosis = Diagnosis {
    code: "connection_client_id_differs",
    symptom: "The connection holds another client ID than this profile.",
    cause: "It was set up with another app at the provider, or changed in the dashboard.",
    cure: "Run `{setup}` to write the client ID `{client_id}` and its secret into the connection `{connection}` or, where \
           the one in the tenant is right, give that command its client ID and secret.",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static CONNECTION_SECRET_DIFFERS: Diagnosis = Diagnosis {
    code: "connection_secret_differs",
    symptom: "The connection holds another client secret than this profile.",
    cause: "The secret was replaced at the provider, and only one of the two places was told.",
    cure: "Run `{setup}` with the newest secret of the client `{client_id}` (by `--client-secret-file PATH` or \
           `FITBIT_CONNECT_CLIENT_SECRET` ), which writes it into the connection `{connection}` and the secret store.",
    exit: Exit::Refused,
    links: &[GOOGLE_CLIENTS],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static CONNECTION_SCOPES_DIFFER: Diagnosis = Diagnosis {
    code: "connection_scopes_differ",
    symptom: "The connection does not hold the scopes that this profile asks for.",
    cause: "The list was changed, or the tenant dropped names that it does not know.",
    cure: "Run `{setup}` to write the scopes `{scopes}` or save other ones with `--scopes`",
    exit: Exit::Misconfigured,
    links: &[HEALTH_SCOPES, FITBIT_APP_TYPES],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static CONNECTION_SETTINGS_DIFFER: Diagnosis = Diagnosis {
    code: "connection_settings_differ",
    symptom: "Addresses, authorization parameters or the profile script of the connection are not as they should be.",
    cause: "They were changed in the dashboard or by another tool, or an older version wrote them.",
    cure: "Run `{setup}` which shows each difference in its plan and puts it right.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_SOCIAL, AUTH0_FITBIT],
    signs: &[sign(&["can only have a single value"])],
    sure: Sure::Seen,
};

pub(super) static CONNECTION_USES_DEVELOPER_KEYS: Diagnosis = Diagnosis {
    code: "connection_uses_developer_keys",
    symptom: "The client ID and the client secret of the connection are empty.",
    cause: "Then Auth0 uses its own shared developer keys, which are not an app of yours at the provider.",
    cure: "Run `{setup}` which writes the client ID `{client_id}` and its secret into the connection; without an app \
           of your own register one first (step 1).",
    exit: Exit::Misconfigured,
    links: &[AUTH0_DEVELOPER_KEYS],
    signs: &[],
    sure: Sure::Documented,
};

pub(super) static CONNECTION_CHANGED_MEANWHILE: Diagnosis = Diagnosis {
    code: "connection_changed_meanwhile",
    symptom: "What the tenant shows after the write is not what was written.",
    cause: "Somebody or some tool changed the connection at the same moment, or the tenant dropped part of it.",
    cure: "Look for other tools that manage the tenant, such as Terraform or the Deploy CLI, and run `{setup}` \
           again.",
    exit: Exit::Misconfigured,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static CONNECTION_SCOPES_DROPPED: Diagnosis = Diagnosis {
    code: "connection_scopes_dropped",
    symptom: "A scope was written into the connection, and the tenant does not show it.",
    cause: "A built-in connection keeps only the scopes that Auth0 knows for it and drops the others without a word.",
    cure: "Leave the scope out with `--scopes`, or ask for it at the login with Auth0's parameter `connection_scope`",
    exit: Exit::Misconfigured,
    links: &["https://auth0.com/docs/authenticate/identity-providers/adding-scopes-for-an-external-idp"],
    signs: &[],
    sure: Sure::Reported,
};

pub(super) static TOKEN_VAULT_ON: Diagnosis = Diagnosis {
    code: "token_vault_on",
    symptom: "The purpose Connected Accounts for Token Vault is on for the connection.",
    cause: "Auth0 then keeps the provider's tokens in Token Vault, where the user's profile does not show them.",
    cure: "Leave it on if the applications fetch tokens from Token Vault; otherwise switch the purpose Connected \
           Accounts of `{connection}` off at {connections_page}",
    exit: Exit::Done,
    links: &[AUTH0_TOKEN_VAULT],
    signs: &[],
    sure: Sure::Documented,
};

pub(super) static CONNECTION_NOT_CONFIGURED: Diagnosis = Diagnosis {
    code: "connection_not_configured",
    symptom: "`/authorize` answers `invalid_request` with `the connection is not yet configured`",
    cause: "The connection lacks what every login needs, such as its addresses or its credentials.",
    cure: "Run `{setup}` which shows what is missing in its plan and writes it.",
    exit: Exit::Misconfigured,
    links: &[AUTH0_CUSTOM_SOCIAL, AUTH0_FITBIT],
    signs: &[sign(&["the connection is not yet configured"])],
    sure: Sure::Reported,
};
