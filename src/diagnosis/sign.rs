//! Owns what makes a text mean a diagnosis: phrases of the providers, in lower case, that have to be there and others that
//! must not be. Refuses to search: [`super::recognise`] does.

/// One way to recognise a diagnosis: every phrase of `all` is there and none of `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sign {
    /// Every one of these is in the text.
    pub all: &'static [&'static str],
    /// None of these is.
    pub none: &'static [&'static str],
}

pub(super) const fn sign(all: &'static [&'static str]) -> Sign {
    Sign { all, none: &[] }
}

pub(super) const fn but(all: &'static [&'static str], none: &'static [&'static str]) -> Sign {
    Sign { all, none }
}

/// What makes a plain `invalid_client` mean the client ID, and what makes it mean the secret.
pub(super) const ID_WORDS: &[&str] = &[
    "error 401: invalid_client",
    "oauth client was deleted",
    "oauth client was not found",
    "client id invalid",
    "invalid client_id",
];
pub(super) const SECRET_WORDS: &[&str] = &[
    "oauth client was deleted",
    "client secret",
    "client_secret",
    "unauthorized",
    "invalid authorization header",
    "failed to obtain access token",
    "no application name",
    "no support email",
    "no registered origin",
];
/// What Google says behind `invalid_client` of a client that it knows: its consent screen is not complete, or it is of another
/// type than the request needs (reported).
pub const NOT_ABOUT_THE_ID: &[&str] = &["no application name", "no support email", "no registered origin"];
/// Upstream answers to a tenant that say nothing about the secret.
pub(super) const NO_ANSWER_ABOUT_IT: &[&str] = &[
    "status: 410",
    "status: 429",
    "status: 500",
    "status: 502",
    "status: 503",
    "status: 504",
    "econnrefused",
    "etimedout",
    "invalid_grant",
    "redirect_uri_mismatch",
];
/// What the `fetchUserProfile` script of this program says when it is not the script that is at fault.
pub(super) const SCRIPT_SAYS_WHY: &[&str] = &[
    "refused the access token",
    "could not be reached",
    "answered with http 410",
    "answered with http 429",
    "answered with http 500",
    "answered with http 502",
    "answered with http 503",
    "answered with http 504",
    "account_not_linked",
    "service_disabled",
    "access_token_scope_insufficient",
    "does not have permission",
];
/// What makes an `access_denied` something else than a person who pressed Deny.
pub(super) const NOT_A_DENIAL: &[&str] = &[
    "error 403",
    "403: access_denied",
    "403 : access_denied",
    "that's an error",
    "verification process",
    "approved testers",
    "client-grant",
    "service not found",
    "service not enabled",
    "not been granted scopes",
    "unauthorized",
    "fetchuserprofile: ",
];
/// What Google says of a request that is made of a connection's fields, where one of them is empty or is there twice.
pub(super) const OF_THE_CONNECTION: &[&str] =
    &["can only have a single value", "missing required parameter: scope", "missing required parameter: client_id"];
/// Google's own services, of whose end nothing is known.
pub(super) const GOOGLE_HOSTS: &[&str] = &["googleapis.com", "accounts.google.com", "google health api"];
/// What makes an `invalid_grant` mean something else than the code: a refresh token, or the redirect URI.
pub(super) const NO_CODE: &[&str] =
    &["wrong email or password", "expired or revoked", "refresh token", "refresh_token", "redirect_uri mismatch"];
