//! Owns the live login at the provider itself: granted scopes against requested ones, the identity, then the token is revoked.

use serde_json::Value;
use url::Url;

use super::after::Trail;
use super::{LoggedIn, Login, check_issuer, refused, tell, wait};
use crate::auth0::management::may_be_done;
use crate::checks::id;
use crate::checks::provider::extra;
use crate::console::{IdentityDoc, clean};
use crate::diagnosis::{Code, Failure, is_about_testing};
use crate::finding::Finding;
use crate::http::{Answer, Call, TO_CLEAN_UP};
use crate::loopback::{Callback, Listener};
use crate::oauth::{self, AuthorizationRequest, Exchange, ExchangeError, IdTokenRules, Proof, Tokens};
use crate::provider::token_answer::{PairVerdict, health_error, judge_pair, refusal_words};
use crate::provider::{Provider, scopes};
use crate::secret::Secret;
use crate::text::said;
use crate::world::World;

/// Google's issuer (OpenID discovery document of accounts.google.com).
const GOOGLE_ISSUER: &str = "https://accounts.google.com";
/// Refresh tokens of an app in Testing live 7 days (developers.google.com/identity/protocols/oauth2#expiration).
const SEVEN_DAYS: u64 = 7 * DAY;
/// Seconds.
const DAY: u64 = 24 * 3600;

/// Logs a person in at the provider.
///
/// # Errors
/// What went wrong, named; the browser has been told the same.
pub fn run(world: &World, login: &Login, secret: &Secret, listener: Listener) -> Result<LoggedIn, Failure> {
    let proof = Proof::new();
    let redirect_uri = listener.redirect_uri();
    let mut parameters = extra(login.provider).to_vec();
    if login.provider == Provider::GoogleHealth {
        parameters.push(("nonce", proof.nonce.expose()));
    }
    let url = AuthorizationRequest {
        endpoint: login.provider.authorize_url(),
        client_id: login.client_id,
        redirect_uri: &redirect_uri,
        scopes: &scopes::to_wire(login.provider, login.scopes),
        extra: &parameters,
    }
    .url(&proof)?;
    let trail = Trail { world, login, through: None, ended_before: Default::default() };
    let (answer, _refusing) = wait(world, listener, &proof, &url, login, &trail)?;
    let round = Round { world, login, secret, redirect_uri: &redirect_uri, proof: &proof };
    let result = round.finish(&answer.params);
    tell(world, answer.page, &result, login.connection);
    result
}

struct Round<'a> {
    world: &'a World,
    login: &'a Login<'a>,
    secret: &'a Secret,
    redirect_uri: &'a str,
    proof: &'a Proof,
}

struct Person {
    subject: String,
    name: Option<String>,
    legacy_user_id: Option<String>,
}

impl Round<'_> {
    fn finish(&self, callback: &Callback) -> Result<LoggedIn, Failure> {
        let issuer = (self.login.provider == Provider::GoogleHealth).then_some(GOOGLE_ISSUER);
        check_issuer(self.world, callback.iss.as_deref(), issuer).map_err(|failure| {
            failure.with_hint(
                "Run `{test}` again; if it stays, something between the browser and the provider changes its answers",
            )
        })?;
        if let Some(error) = &callback.error {
            let failure = refused(error, callback.error_description.as_deref().unwrap_or_default());
            // No tenant had a part in this: whatever the words are, they are the provider's about the person's choice.
            let is_denial = error == "access_denied" && failure.code == Code::LoginBlocked;
            let words = callback.error_description.as_deref().unwrap_or_default();
            let code = if is_about_testing(words) { Code::NotATestUser } else { Code::AccessDenied };
            return Err(if is_denial { Failure::new(code, failure.message) } else { failure });
        }
        let Some(code) = &callback.code else {
            return Err(Failure::new(Code::UnrecognisedAnswer, "the answer has neither a code nor an error"));
        };
        let tokens = self.exchange(code)?;
        let console = &self.world.console;
        console.has_to_clean_up(Some(Finding::warn(id::LOGIN_LIVE, not_revoked())));
        let mut result = self.examine(&tokens, callback);
        let left = self.revoke(tokens.refresh.as_ref().unwrap_or(&tokens.access));
        console.has_to_clean_up(None);
        match &mut result {
            Ok(done) => done.notes.extend(left),
            Err(_) => self.warn(left),
        }
        result
    }

    fn warn(&self, left: Option<Failure>) {
        left.into_iter().for_each(|left| self.world.console.finding(&Finding::warn(id::LOGIN_LIVE, left)));
    }

    fn examine(&self, tokens: &Tokens, callback: &Callback) -> Result<LoggedIn, Failure> {
        let provider = self.login.provider;
        let mut notes = Vec::new();
        let granted = tokens
            .scopes
            .clone()
            .or_else(|| callback.scope.as_ref().map(|s| s.split_whitespace().map(str::to_owned).collect()));
        if let Some(granted) = granted {
            let missing = scopes::missing(
                provider,
                self.login.scopes.iter().map(String::as_str),
                granted.iter().map(String::as_str),
            );
            if !scopes::identity_readable(provider, granted.iter().map(String::as_str)) {
                let message = format!("the person did not grant {}, so the identity cannot be read", missing.join(" "));
                return Err(Failure::new(Code::IdentityScopeNotGranted, message));
            }
            if !missing.is_empty() {
                let message = format!("the person did not grant {}", missing.join(" "));
                notes.push(Failure::new(Code::SomeScopesNotGranted, message));
            }
        }
        if provider == Provider::GoogleHealth {
            match tokens.refresh_expires_in {
                Some(seconds) if seconds <= SEVEN_DAYS => {
                    let message = format!(
                        "the refresh token expires in {} days: the app's publishing status is Testing",
                        (seconds + DAY / 2) / DAY
                    );
                    notes.push(Failure::new(Code::RefreshTokenExpiresIn7Days, message));
                }
                _ if tokens.refresh.is_none() => {
                    notes.push(
                        Failure::new(
                            Code::RefreshTokenMissing,
                            "no refresh token came back although access_type=offline and prompt=consent were sent",
                        )
                        .with_hint("Remove the app at https://myaccount.google.com/connections and log in again"),
                    );
                }
                _ => {}
            }
        }
        let person = match provider {
            Provider::GoogleHealth => self.google_person(tokens)?,
            Provider::Fitbit => self.fitbit_person(tokens)?,
        };
        // Foreign text, also where a program passes it on.
        let person = Person { name: person.name.as_deref().map(clean), ..person };
        let who = person.name.clone().unwrap_or_else(|| person.subject.clone());
        let legacy = person
            .legacy_user_id
            .as_ref()
            .map_or_else(|| "no old Fitbit user id".to_owned(), |legacy| format!("old Fitbit user id {legacy}"));
        let how = format!("{who} signed in at {}", provider.title());
        let read = format!("{who} is {}, {legacy}", person.subject);
        let identity =
            IdentityDoc { subject: person.subject, name: person.name, legacy_user_id: person.legacy_user_id };
        Ok(LoggedIn { identity, how, who: read, notes })
    }

    fn google_person(&self, tokens: &Tokens) -> Result<Person, Failure> {
        let mut name = None;
        let mut unread = None;
        if let Some(id_token) = &tokens.id_token {
            let endpoints = self.world.http.endpoints();
            let rules = IdTokenRules {
                issuer: &|seen| seen == "accounts.google.com" || endpoints.same(seen, GOOGLE_ISSUER),
                audience: self.login.client_id,
                nonce: &self.proof.nonce,
                access: &tokens.access,
            };
            let claims = rules.check(id_token)?;
            if let Some(url) = self.login.provider.userinfo_url() {
                let answer = self.get(url, &tokens.access)?;
                let profile = answer.json().filter(|_| answer.is_success()).unwrap_or(Value::Null);
                if !profile["sub"].is_string() {
                    // Without it nobody can say whose the access token is; what the identity says comes first.
                    unread = Some(answer.trouble("Google's userinfo").unwrap_or_else(|| {
                        let (status, what) = (answer.status, answer.instead());
                        let message = format!("Google's userinfo answered {status} without a profile: {what}");
                        Failure::new(Code::UnrecognisedAnswer, message)
                    }));
                } else if profile["sub"] != claims["sub"] {
                    return Err(Failure::new(
                        Code::UserMismatch,
                        "Google's userinfo and ID token name different people",
                    ));
                }
                name = profile["name"].as_str().or(profile["email"].as_str()).map(str::to_owned);
            }
        } else if self.login.scopes.iter().any(|scope| scope == "openid") {
            let message = "Google gave no ID token although openid was asked for";
            return Err(Failure::new(Code::IdTokenInvalid, message));
        }
        let answer = self.get(self.login.provider.identity_url(), &tokens.access)?;
        let body = answer.json().unwrap_or(Value::Null);
        match (body["healthUserId"].as_str().filter(|id| answer.is_success() && !id.is_empty()), unread) {
            (Some(id), None) => Ok(Person {
                subject: id.to_owned(),
                name,
                legacy_user_id: body["legacyUserId"].as_str().filter(|id| !id.is_empty()).map(str::to_owned),
            }),
            (Some(_), Some(unread)) => Err(unread),
            (None, _) => Err(self.identity_refused(&answer)),
        }
    }

    fn fitbit_person(&self, tokens: &Tokens) -> Result<Person, Failure> {
        let answer = self.get(self.login.provider.identity_url(), &tokens.access)?;
        let body = answer.json().unwrap_or(Value::Null);
        let user = &body["user"];
        let Some(id) = user["encodedId"].as_str().filter(|id| answer.is_success() && !id.is_empty()) else {
            return Err(self.identity_refused(&answer));
        };
        if tokens.user_id.as_deref().is_some_and(|user_id| user_id != id) {
            return Err(Failure::new(Code::UserMismatch, "the token answer and the profile name different people"));
        }
        let name = user["displayName"].as_str().or(user["fullName"].as_str()).map(str::to_owned);
        Ok(Person { subject: id.to_owned(), name, legacy_user_id: Some(id.to_owned()) })
    }

    fn identity_refused(&self, answer: &Answer) -> Failure {
        let title = self.login.provider.title();
        if answer.status == 410 {
            return crate::checks::provider::shut_down(self.login.provider);
        }
        if let Some(trouble) = answer.trouble(title) {
            return trouble;
        }
        let body = answer.json().unwrap_or(Value::Null);
        let words = body["error"]["message"].as_str().or(body["errors"][0]["message"].as_str());
        let words = words.map_or_else(|| answer.instead(), said);
        let fitbit = body["errors"][0]["errorType"].as_str().unwrap_or_default();
        let code = match fitbit {
            "insufficient_scope" => Some(Code::IdentityScopeNotGranted),
            "expired_token" | "invalid_token" => Some(Code::AccessTokenRejected),
            _ => None,
        };
        if let Some(code) = code.filter(|_| self.login.provider == Provider::Fitbit) {
            let message = format!("{title} does not give the identity ({} {fitbit}): {words}", answer.status);
            return Failure::new(code, message);
        }
        if let Some(error) = health_error(answer.status, &answer.body) {
            let message = format!("{title} does not give the identity ({}): {words}", answer.status);
            return match (error.code, error.detail) {
                (Code::GoogleHealthApiDisabled, Some(number)) => {
                    Failure::new(error.code, message).with_hint(enable_in(&number, self.login.client_id))
                }
                (code, Some(detail)) => Failure::new(code, format!("{message} ({detail} )")),
                (code, None) => Failure::new(code, message),
            };
        }
        Failure::new(
            Code::UnrecognisedAnswer,
            format!("{title} does not give the identity ({}): {words}", answer.status),
        )
    }

    fn exchange(&self, code: &Secret) -> Result<Tokens, Failure> {
        let provider = self.login.provider;
        let exchange = Exchange {
            endpoint: provider.token_url(),
            client_id: self.login.client_id,
            secret: Some((self.secret, provider.client_auth())),
            redirect_uri: self.redirect_uri,
            code,
        };
        exchange.run(&self.world.http, self.proof).map_err(|error| match error {
            ExchangeError::Failed(failure) => {
                self.warn(may_be_done(&failure).then(not_received));
                failure
            }
            ExchangeError::Unusable(answer, failure) => {
                self.revoke_what_is_in(&answer);
                failure
            }
            ExchangeError::Refused(answer) => match self.revoke_what_is_in(&answer) {
                true if answer.is_success() => Failure::new(
                    Code::UnrecognisedAnswer,
                    format!(
                        "{} gave a token in an answer of another form ({}), which is not used: {}",
                        provider.title(),
                        answer.status,
                        answer.instead()
                    ),
                ),
                found => {
                    // Who answered may be a gateway or a portal, in place of a provider that made one.
                    let refusal =
                        answer.json().is_some_and(|body| body["error"].is_string() || body["errors"].is_array());
                    let unclear = answer.is_success() || answer.status >= 500 || !refusal;
                    self.warn((!found && unclear).then(not_received));
                    self.exchange_refused(&answer)
                }
            },
        })
    }

    /// Whether an answer that is not used holds a token; it is revoked then.
    fn revoke_what_is_in(&self, answer: &Answer) -> bool {
        let Some(token) = oauth::token_in(answer) else { return false };
        self.world.http.withhold(token.expose());
        self.warn(self.revoke(&token));
        true
    }

    fn exchange_refused(&self, answer: &Answer) -> Failure {
        let provider = self.login.provider;
        if let Some(trouble) = answer.trouble(provider.title()) {
            return trouble;
        }
        // A success that is no token answer may hold tokens all the same: nothing of it is repeated.
        let words = match refusal_words(&answer.body).filter(|_| !answer.is_success()) {
            Some(words) => format!(": {words}"),
            None => format!(": {}", answer.instead()),
        };
        let message = |what: &str| format!("{} {what} ({}){words}", provider.title(), answer.status);
        match judge_pair(provider, answer.status, &answer.body) {
            PairVerdict::IdUnknown => Failure::new(Code::ClientIdUnknown, message("does not know the client ID")),
            PairVerdict::SecretRejected => {
                Failure::new(Code::ClientSecretRejected, message("refuses the client secret"))
            }
            PairVerdict::PairRefused { .. } => {
                Failure::new(Code::ClientSecretRejected, message("refuses the client ID together with the secret"))
            }
            PairVerdict::ClientDeleted => {
                Failure::new(Code::ClientDeleted, message("says that the client was deleted"))
            }
            PairVerdict::ShutDown => crate::checks::provider::shut_down(provider),
            // Nothing but the redirect URI of this very request can be meant (RFC 6749, 4.1.3).
            PairVerdict::Accepted | PairVerdict::Unknown { .. }
                if ["redirect_uri_mismatch", "redirect_uri mismatch"]
                    .iter()
                    .any(|known| words.to_lowercase().contains(known)) =>
            {
                Failure::new(Code::RedirectUriMismatch, message("did not take the code"))
            }
            PairVerdict::Accepted => Failure::new(Code::CodeRejected, message("did not take the code")),
            PairVerdict::Unknown { .. } => {
                Failure::new(Code::UnrecognisedAnswer, message("gave no token for the code"))
            }
        }
    }

    fn get(&self, url: &str, access: &Secret) -> Result<Answer, Failure> {
        let url = Url::parse(url).map_err(|error| Failure::new(Code::Unexpected, format!("{url}: {error}")))?;
        self.world.http.send(&Call::get(url).bearer(access))
    }

    /// The token was for one look; Google drops every token of the grant with either, Fitbit likewise.
    fn revoke(&self, token: &Secret) -> Option<Failure> {
        let provider = self.login.provider;
        let client = (provider == Provider::Fitbit).then_some((self.login.client_id, self.secret));
        let http = &self.world.http;
        match http.also_after_ctrl_c(TO_CLEAN_UP, || oauth::revoke(http, provider.revoke_url(), token, client)) {
            Ok(true) => None,
            _ => Some(not_revoked()),
        }
    }
}

/// The code went out, and what came of it is not known.
fn not_received() -> Failure {
    let message = "a token of this test may have been made and did not arrive, so that it could not be revoked; it expires by itself";
    Failure::new(Code::TokenNotRevoked, message)
}

fn not_revoked() -> Failure {
    Failure::new(Code::TokenNotRevoked, "the token of this test could not be revoked; it expires by itself")
}

/// Where to enable the API: in the project that Google names, which is the client's own unless something is mixed up.
fn enable_in(project: &str, client_id: &str) -> String {
    let page = "https://console.developers.google.com/apis/api/health.googleapis.com/overview";
    let own = client_id.split('-').next().unwrap_or_default();
    let other = if own == project { "" } else { "; the number that begins the client ID is another one" };
    format!("Press Enable for the project {project} at {page}?project={project} and wait some minutes{other}")
}
