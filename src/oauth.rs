//! Owns the OAuth 2.0 of the live login: authorization address, PKCE, state, nonce, code exchange, ID token, revocation.
//!
//! The oauth2 crate lives here alone; it is given our own HTTP client, so that limits, proxies and origin rewriting hold.
//! Refuses redirects, a code flow without S256 (RFC 7636), and an ID token that is not for this login.

mod id_token;

use std::cell::RefCell;

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, ExtraTokenFields, HttpRequest,
    HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, StandardRevocableToken, StandardTokenResponse,
    TokenResponse as _, TokenUrl,
};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::diagnosis::{Code, Failure};
use crate::http::{Answer, Authorization, Body, Call, Http};
use crate::provider::ClientAuth;
use crate::secret::Secret;

pub use id_token::IdTokenRules;

/// What binds one login together: state (RFC 6749, 10.12), nonce (OpenID Connect Core), PKCE verifier and challenge (RFC 7636).
pub struct Proof {
    /// At least 128 bits from the operating system's generator.
    pub state: Secret,
    /// Independent of the state.
    pub nonce: Secret,
    verifier: Secret,
    challenge: String,
}

impl Proof {
    /// Fresh random values.
    pub fn new() -> Self {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        Self {
            state: Secret::new(CsrfToken::new_random_len(32).into_secret()),
            nonce: Secret::new(CsrfToken::new_random_len(32).into_secret()),
            verifier: Secret::new(verifier.into_secret()),
            challenge: challenge.as_str().to_owned(),
        }
    }

    /// The S256 challenge.
    pub fn challenge(&self) -> &str {
        &self.challenge
    }
}

impl Default for Proof {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything an authorization address says.
pub struct AuthorizationRequest<'a> {
    /// The endpoint.
    pub endpoint: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// Byte for byte as registered.
    pub redirect_uri: &'a str,
    /// Scopes as the endpoint spells them.
    pub scopes: &'a [String],
    /// Further parameters.
    pub extra: &'a [(&'a str, &'a str)],
}

impl AuthorizationRequest<'_> {
    /// The address to open, with state, nonce and S256 challenge.
    ///
    /// # Errors
    /// `unexpected`, when a constant address is none.
    pub fn url(&self, proof: &Proof) -> Result<Url, Failure> {
        let mut url = Url::parse(self.endpoint)
            .map_err(|error| Failure::new(Code::Unexpected, format!("{} is no address: {error}", self.endpoint)))?;
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", self.client_id)
            .append_pair("redirect_uri", self.redirect_uri)
            .append_pair("scope", &self.scopes.join(" "))
            .append_pair("state", proof.state.expose())
            .append_pair("code_challenge", &proof.challenge)
            .append_pair("code_challenge_method", "S256");
        for (name, value) in self.extra {
            query.append_pair(name, value);
        }
        drop(query);
        Ok(url)
    }
}

/// The members of a token answer beyond RFC 6749.
#[derive(Debug, Serialize, Deserialize)]
struct Extra {
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    /// Google, while the app's publishing status is Testing or the person chose limited access (seconds).
    #[serde(default, deserialize_with = "seconds", skip_serializing_if = "Option::is_none")]
    refresh_token_expires_in: Option<u64>,
    /// Fitbit.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

impl ExtraTokenFields for Extra {}

type OurClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<Extra, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// A number, also where it is written as a text; anything else says nothing, and is no reason to throw a token away.
fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?.unwrap_or_default();
    Ok(value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()))
}

/// What the token endpoint gave.
pub struct Tokens {
    /// The access token.
    pub access: Secret,
    /// The refresh token, when one came.
    pub refresh: Option<Secret>,
    /// The ID token, when one came.
    pub id_token: Option<Secret>,
    /// Granted scopes, when the answer says.
    pub scopes: Option<Vec<String>>,
    /// Seconds until the refresh token dies, when the answer says.
    pub refresh_expires_in: Option<u64>,
    /// The provider's user id (Fitbit).
    pub user_id: Option<String>,
}

/// The longest secret or token that a request is made with (bytes): no server takes a header that is longer.
pub const LONGEST_SECRET: usize = 16 * 1024;

/// Whether a request can carry an access token: visible letters and no space (RFC 6750, 2.1, and RFC 6749, A.12).
pub fn can_be_sent(token: &str) -> bool {
    (1..=LONGEST_SECRET).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// One code exchange (RFC 6749, 4.1.3).
pub struct Exchange<'a> {
    /// The token endpoint.
    pub endpoint: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// Its secret and how it is sent; none for a public client.
    pub secret: Option<(&'a Secret, ClientAuth)>,
    /// The same as in the authorization request.
    pub redirect_uri: &'a str,
    /// The code from the callback.
    pub code: &'a Secret,
}

/// Why an exchange gave no tokens.
pub enum ExchangeError {
    /// The endpoint answered, but not with tokens; the caller knows its error shape.
    Refused(Box<Answer>),
    /// It answered with tokens that must not be used, or cannot be.
    Unusable(Box<Answer>, Failure),
    /// It could not be asked.
    Failed(Failure),
}

impl Exchange<'_> {
    /// Trades the code for tokens.
    ///
    /// # Errors
    /// The endpoint's refusal as it came, or a network failure.
    pub fn run(&self, http: &Http, proof: &Proof) -> Result<Tokens, ExchangeError> {
        let unexpected = |error: url::ParseError| {
            ExchangeError::Failed(Failure::new(Code::Unexpected, format!("no address: {error}")))
        };
        let mut client = OurClient::new(ClientId::new(self.client_id.to_owned()));
        if let Some((secret, auth)) = &self.secret {
            client =
                client.set_client_secret(ClientSecret::new(secret.expose().to_owned())).set_auth_type(match auth {
                    ClientAuth::Basic => AuthType::BasicAuth,
                    ClientAuth::Body => AuthType::RequestBody,
                });
        }
        let client = client
            .set_auth_uri(AuthUrl::new(self.endpoint.to_owned()).map_err(unexpected)?)
            .set_token_uri(TokenUrl::new(self.endpoint.to_owned()).map_err(unexpected)?)
            .set_redirect_uri(RedirectUrl::new(self.redirect_uri.to_owned()).map_err(unexpected)?);
        // The crate reports an error as a text that may hold the body; the answer itself is kept here instead.
        let seen: RefCell<Option<Result<Answer, Failure>>> = RefCell::new(None);
        let send = |request: HttpRequest| adapter(http, request, &seen);
        let response = client
            .exchange_code(AuthorizationCode::new(self.code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(proof.verifier.expose().to_owned()))
            .request(&send);
        match (response, seen.into_inner()) {
            // RFC 6749, 7.1: a token of a type that is not known must not be used.
            (Ok(tokens), Some(Ok(answer))) if *tokens.token_type() != BasicTokenType::Bearer => {
                Err(unusable(answer, "the token endpoint gave a token of another type than Bearer, which is not used"))
            }
            (Ok(tokens), Some(Ok(answer))) if !can_be_sent(tokens.access_token().secret()) => {
                Err(unusable(answer, "the token endpoint gave an access token that no request can carry"))
            }
            (Ok(tokens), _) => {
                let (refresh, id_token) = (tokens.refresh_token(), tokens.extra_fields().id_token.as_ref());
                http.withhold(tokens.access_token().secret());
                refresh.into_iter().for_each(|token| http.withhold(token.secret()));
                id_token.into_iter().for_each(|token| http.withhold(token));
                Ok(Tokens {
                    access: Secret::new(tokens.access_token().secret().clone()),
                    refresh: tokens.refresh_token().map(|token| Secret::new(token.secret().clone())),
                    id_token: tokens.extra_fields().id_token.clone().map(Secret::new),
                    scopes: tokens.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
                    refresh_expires_in: tokens.extra_fields().refresh_token_expires_in,
                    user_id: tokens.extra_fields().user_id.clone(),
                })
            }
            (Err(_), Some(Ok(answer))) => Err(ExchangeError::Refused(Box::new(answer))),
            (Err(_), Some(Err(failure))) => Err(ExchangeError::Failed(failure)),
            (Err(_), None) => {
                Err(ExchangeError::Failed(Failure::new(Code::Unexpected, "the code could not be exchanged")))
            }
        }
    }
}

fn unusable(answer: Answer, why: &str) -> ExchangeError {
    ExchangeError::Unusable(Box::new(answer), Failure::new(Code::UnrecognisedAnswer, why))
}

/// A token that stands in an answer which is not understood, so that it can be revoked at least: the refresh token before the
/// access token, since the whole grant goes with it.
pub fn token_in(answer: &Answer) -> Option<Secret> {
    let (body, text) = (answer.json().unwrap_or_default(), String::from_utf8_lossy(&answer.body));
    // Cut, with a page behind it, or a form, it is no JSON: what stands behind the name is enough.
    let behind = |name: &str| {
        let rest = text.split_once(name)?.1;
        match rest.strip_prefix('=') {
            Some(value) => value.split(['&', ' ', '\r', '\n', '"', '<']).next(),
            None => {
                let value = rest.strip_prefix('"')?.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
                value.split_once('"').map(|(token, _)| token)
            }
        }
    };
    let named = |name: &&str| body[*name].as_str().or_else(|| behind(name)).filter(|token| can_be_sent(token));
    ["refresh_token", "access_token"].iter().find_map(named).map(|token| Secret::new(token.to_owned()))
}

/// Never shown: it only tells the oauth2 crate that there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
struct NoAnswer;

fn adapter(
    http: &Http,
    request: HttpRequest,
    seen: &RefCell<Option<Result<Answer, Failure>>>,
) -> Result<HttpResponse, NoAnswer> {
    let url = Url::parse(&request.uri().to_string()).map_err(|_| NoAnswer)?;
    let authorization = match request.headers().get("authorization").and_then(|value| value.to_str().ok()) {
        Some(header) => Authorization::Header(Secret::new(header.to_owned())),
        None => Authorization::None,
    };
    let body = Body::Raw("application/x-www-form-urlencoded", request.body().clone());
    let result = http.send(&Call { method: Method::POST, url, authorization, body, repeatable: false });
    let response = match &result {
        // The crate reads a document and not what stands behind it.
        Ok(answer) if answer.json().is_none() => Err(NoAnswer),
        Ok(answer) => {
            let mut response = HttpResponse::new(answer.body.clone());
            if let Ok(status) = oauth2::http::StatusCode::from_u16(answer.status) {
                *response.status_mut() = status;
            }
            Ok(response)
        }
        Err(_) => Err(NoAnswer),
    };
    *seen.borrow_mut() = Some(result);
    response
}

/// Revokes a token (RFC 7009).
///
/// # Errors
/// A network failure; whether the token was known is not told.
pub fn revoke(http: &Http, endpoint: &str, token: &Secret, client: Option<(&str, &Secret)>) -> Result<bool, Failure> {
    let url = Url::parse(endpoint).map_err(|error| Failure::new(Code::Unexpected, format!("{endpoint}: {error}")))?;
    let form = Body::Form(vec![("token", Secret::new(token.expose().to_owned()))]);
    // Whoever revokes a token twice has revoked it.
    let mut call = Call { repeatable: true, ..Call::post(url, form) };
    if let Some((id, secret)) = client {
        call.authorization = Authorization::Header(basic(id, secret));
    }
    let answer = http.send(&call)?;
    // A page is not the provider's answer, and an error is none that is done (RFC 7009, 2.2).
    let is_error = answer.json().is_some_and(|body| body.get("error").is_some());
    Ok(answer.is_success() && answer.page_says().is_none() && !is_error)
}

/// The value of an `Authorization: Basic` header (RFC 7617).
pub fn basic(id: &str, secret: &Secret) -> Secret {
    use base64::Engine as _;
    let pair = Secret::new(format!("{id}:{}", secret.expose()));
    Secret::new(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair.expose())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_nonce_and_verifier_are_independent_and_long() {
        let (a, b) = (Proof::new(), Proof::new());
        assert!(!a.state.same_as(&b.state) && !a.state.same_as(&a.nonce) && !a.nonce.same_as(&b.nonce));
        assert!(a.state.expose().len() >= 22, "128 bits in base64url");
        assert!((43..=128).contains(&a.verifier.expose().len()));
        assert!(!a.verifier.same_as(&a.state));
    }

    #[test]
    fn the_authorization_address_carries_s256_and_the_exact_redirect() {
        let proof = Proof::new();
        let url = AuthorizationRequest {
            endpoint: "https://acme.eu.auth0.com/authorize",
            client_id: "c",
            redirect_uri: "http://127.0.0.1:18917/callback",
            scopes: &["openid".to_owned(), "profile".to_owned()],
            extra: &[("connection", "fitbit")],
        }
        .url(&proof)
        .unwrap();
        let query: Vec<_> = url.query_pairs().into_owned().collect();
        for (name, value) in [
            ("redirect_uri", "http://127.0.0.1:18917/callback"),
            ("scope", "openid profile"),
            ("code_challenge_method", "S256"),
            ("connection", "fitbit"),
            ("state", proof.state.expose()),
        ] {
            assert!(query.contains(&(name.to_owned(), value.to_owned())), "{name}");
        }
        assert!(!url.as_str().contains(proof.verifier.expose()));
    }
}
