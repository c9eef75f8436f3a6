//! Owns the live login through Auth0: `/authorize`, callback, code exchange, ID token, `/userinfo`, the old Fitbit user id.

use serde_json::{Map, Value};

use super::after::{TENANTS_WORDS, ThroughTenant, Trail};
use super::{LoggedIn, Login, check_issuer, refused, tell, wait};
use crate::auth0::logs::{of_status, status_in};
use crate::auth0::management::{Management, address};
use crate::console::{IdentityDoc, clean};
use crate::diagnosis::{Code, Failure};
use crate::http::Call;
use crate::ids::Domain;
use crate::loopback::{Callback, Listener};
use crate::oauth::{AuthorizationRequest, Exchange, ExchangeError, IdTokenRules, Proof, Tokens};
use crate::provider::Provider;
use crate::secret::Secret;
use crate::text::said;
use crate::world::World;

/// The application of the tenant that the person logs in with, and who can be asked about it.
pub struct Way<'a> {
    /// The domain that people log in through.
    pub host: &'a Domain,
    /// Client ID of the application.
    pub application: &'a str,
    /// The Management API, when it can be asked.
    pub management: Option<&'a Management<'a>>,
    /// The connection's id; empty when it is not known.
    pub connection_id: &'a str,
    /// Whether others log in with this application too, so that the tenant's log has entries of theirs.
    pub shared: bool,
    /// Whether it may need a secret: it was named by a person, and the tenant's list does not say that it is public.
    pub may_be_confidential: bool,
}

/// Logs a person in through the connection, with the given application of the tenant.
///
/// # Errors
/// What went wrong, named; the browser has been told the same.
pub fn run(world: &World, login: &Login, way: &Way, listener: Listener) -> Result<LoggedIn, Failure> {
    let Way { host, application, management, .. } = *way;
    let proof = Proof::new();
    let redirect_uri = listener.redirect_uri();
    let endpoint = address(host, "/authorize")?;
    let url = AuthorizationRequest {
        endpoint: endpoint.as_str(),
        client_id: application,
        redirect_uri: &redirect_uri,
        scopes: &["openid".to_owned(), "profile".to_owned(), "email".to_owned()],
        extra: &[("nonce", proof.nonce.expose()), ("connection", login.connection)],
    }
    .url(&proof)?;
    let through = ThroughTenant {
        host,
        management,
        connection_id: way.connection_id,
        application,
        redirect_uri: &redirect_uri,
        log_before: way.shared.then(|| begins(management, application)).flatten(),
    };
    let trail = Trail { world, login, through: Some(through), ended_before: Default::default() };
    let (answer, _refusing) = wait(world, listener, &proof, &url, login, &trail)?;
    let round = Round {
        world,
        login,
        host,
        application,
        redirect_uri: &redirect_uri,
        proof: &proof,
        management,
        may_be_confidential: way.may_be_confidential,
    };
    let result = round.finish(&answer.params).map_err(|failure| trail.look(failure, Default::default()));
    tell(world, answer.page, &result, login.connection);
    result
}

/// When this login begins, by the log and the clock of the tenant: entries of earlier ones come late.
fn begins(management: Option<&Management>, application: &str) -> Option<String> {
    let management = management.filter(|management| management.may("read:logs"))?;
    let newest = management.logs(application).ok()?.first().map(|entry| entry.date.clone());
    // Both are written in the same way (RFC 3339, UTC), the clock without the part of a second.
    let now = management.now().map(|now| now.to_string().trim_end_matches('Z').to_owned());
    newest.max(now)
}

struct Round<'a> {
    world: &'a World,
    login: &'a Login<'a>,
    host: &'a Domain,
    application: &'a str,
    redirect_uri: &'a str,
    proof: &'a Proof,
    management: Option<&'a Management<'a>>,
    may_be_confidential: bool,
}

impl Round<'_> {
    fn finish(&self, callback: &Callback) -> Result<LoggedIn, Failure> {
        check_issuer(self.world, callback.iss.as_deref(), Some(&self.host.issuer()))?;
        if let Some(error) = &callback.error {
            return Err(self.name_refusal(error, callback.error_description.as_deref().unwrap_or_default()));
        }
        let Some(code) = &callback.code else {
            return Err(Failure::new(Code::UnrecognisedAnswer, "the answer has neither a code nor an error"));
        };
        let tokens = self.exchange(code)?;
        let id_token = tokens.id_token.as_ref().ok_or_else(|| {
            let message = format!("{} gave no ID token although openid was asked for", self.host);
            Failure::new(Code::IdTokenInvalid, message).with_hint(
                "Run `{test}` again; if it stays, something between this machine and the tenant leaves `id_token` out of the \
                 token answer",
            )
        })?;
        let endpoints = self.world.http.endpoints();
        let issuer = self.host.issuer();
        let claims = IdTokenRules {
            issuer: &|seen| endpoints.same(seen, &issuer),
            audience: self.application,
            nonce: &self.proof.nonce,
            access: &tokens.access,
        }
        .check(id_token)?;
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let profile = self.userinfo(&tokens.access)?;
        if profile.get("sub").and_then(Value::as_str) != Some(&subject) {
            return Err(Failure::new(Code::UserMismatch, "/userinfo and the ID token name different people"));
        }
        self.logged_in(subject, &claims, &profile)
    }

    fn logged_in(
        &self,
        subject: String,
        claims: &Map<String, Value>,
        profile: &Map<String, Value>,
    ) -> Result<LoggedIn, Failure> {
        let name = ["name", "nickname", "email"].iter().find_map(|key| {
            [profile, claims]
                .iter()
                .find_map(|map| map.get(*key).and_then(Value::as_str).filter(|name| !name.is_empty()))
        });
        // Foreign text, also where a program passes it on.
        let name = name.map(clean);
        let name = name.as_deref();
        let (legacy_user_id, note) = self.legacy_user_id(&subject)?;
        let who = name.unwrap_or(&subject);
        let mut read = format!("{who} is {subject}");
        match (&legacy_user_id, note) {
            (Some(legacy), _) => read.push_str(&format!(", old Fitbit user id {legacy}")),
            (None, Some(note)) => read.push_str(&format!("; {note}")),
            (None, None) => {}
        }
        let how = format!("{who} signed in through {}; ID token and profile agree", self.login.connection);
        let identity = IdentityDoc { name: name.map(str::to_owned), subject, legacy_user_id };
        Ok(LoggedIn { identity, how, who: read, notes: Vec::new() })
    }

    /// For `fitbit` it is part of the user id; for `google-health` the profile script put it into the user's profile.
    fn legacy_user_id(&self, subject: &str) -> Result<(Option<String>, Option<&'static str>), Failure> {
        if self.login.provider == Provider::Fitbit {
            return Ok((subject.strip_prefix("fitbit|").map(str::to_owned), None));
        }
        let unread = (None, Some("the old Fitbit user id was not read (it needs read:users)"));
        let Some(management) = self.management.filter(|management| management.may("read:users")) else {
            return Ok(unread);
        };
        let user = match management.user(subject) {
            Ok(user) => user,
            Err(failure) if failure.code == Code::MissingScope => return Ok(unread),
            Err(_) => {
                return Ok((
                    None,
                    Some("the old Fitbit user id was not read: the tenant did not give the user's record"),
                ));
            }
        };
        if user.get("user_id").and_then(Value::as_str).is_some_and(|id| id != subject) {
            let message = "the user record of the Management API and the ID token name different people";
            return Err(Failure::new(Code::UserMismatch, message));
        }
        Ok(match user.get("legacy_user_id").and_then(Value::as_str).filter(|id| !id.is_empty()) {
            Some(legacy) => (Some(legacy.to_owned()), None),
            None => (None, Some("no old Fitbit user id is in the profile")),
        })
    }

    fn exchange(&self, code: &Secret) -> Result<Tokens, Failure> {
        let endpoint = address(self.host, "/oauth/token")?;
        let exchange = Exchange {
            endpoint: endpoint.as_str(),
            client_id: self.application,
            secret: None,
            redirect_uri: self.redirect_uri,
            code,
        };
        exchange.run(&self.world.http, self.proof).map_err(|error| match error {
            ExchangeError::Failed(failure) | ExchangeError::Unusable(_, failure) => failure,
            ExchangeError::Refused(answer) => {
                let body = answer.json().unwrap_or(Value::Null);
                let error = body["error"].as_str().unwrap_or_default();
                let said = said(body["error_description"].as_str().unwrap_or(error));
                let what = if said.is_empty() { answer.instead() } else { said.clone() };
                let message = match answer.is_success() {
                    true => format!("{} gave no token answer for the code ({}): {what}", self.host, answer.status),
                    false => format!("{} did not take the code ({}): {what}", self.host, answer.status),
                };
                if let Some(trouble) = answer.trouble(self.host.as_str()) {
                    return trouble;
                }
                let code = match (answer.status, error) {
                    (_, "invalid_grant") => Code::CodeRejected,
                    // The words for a client that needs a secret (observed); others are an Action's or a firewall's.
                    (401, "access_denied") if said == "Unauthorized" && self.may_be_confidential => {
                        Code::ApplicationConfidential
                    }
                    (403, "unauthorized_client") if said.contains("'authorization_code'") => {
                        Code::ApplicationGrantMissing
                    }
                    _ => Code::UnrecognisedAnswer,
                };
                Failure::new(code, message)
            }
        })
    }

    fn userinfo(&self, access: &Secret) -> Result<Map<String, Value>, Failure> {
        let answer = self.world.http.send(&Call::get(address(self.host, "/userinfo")?).bearer(access))?;
        match answer.json() {
            Some(Value::Object(profile)) if answer.is_success() && profile.contains_key("sub") => Ok(profile),
            _ => Err(answer.trouble(self.host.as_str()).unwrap_or_else(|| {
                let (status, what) = (answer.status, answer.instead());
                let message = format!("{}/userinfo answered {status} without a profile: {what}", self.host);
                Failure::new(Code::UnrecognisedAnswer, message)
            })),
        }
    }

    /// After consent only the tenant talks to the provider: its words are all there is.
    fn name_refusal(&self, error: &str, description: &str) -> Failure {
        let lower = description.to_lowercase();
        let provider = self.login.provider;
        let of_provider = lower.contains("failed to obtain access token") || lower.contains("user profile");
        if let Some(code) = of_status(status_in(&lower)).filter(|_| of_provider) {
            let message = format!("{} was refused by {}: {}", self.host, provider.title(), said(description));
            return Failure::new(code, message);
        }
        if lower.contains("failed to obtain access token") {
            let message = format!(
                "{} could not trade the code of {} for a token: {}",
                self.host,
                self.login.provider.title(),
                said(description)
            );
            return Failure::new(Code::ClientSecretRejected, message).with_hint(
                "As a rule the client secret in the connection `{connection}` is wrong or was replaced at the provider: run \
                 `{setup}` with the secret that the provider shows today",
            );
        }
        if lower.contains("user profile") {
            let message = format!("{} could not read the profile: {}", self.host, said(description));
            return match provider {
                Provider::GoogleHealth => Failure::new(Code::ProfileScriptFailed, message),
                // The built-in connection has no script: a box that was left open, or a service that did not answer.
                Provider::Fitbit => Failure::new(Code::UnrecognisedAnswer, message).with_hint(
                    "As a rule the box for the profile was left open: log in once more and tick all of them. If it stays, the \
                     newest entry of type `f` in the tenant's log ({logs_page} ) has what Fitbit answered",
                ),
            };
        }
        let failure = refused(error, description);
        match failure.code {
            Code::UnrecognisedAnswer => failure.with_hint(TENANTS_WORDS),
            _ => failure,
        }
    }
}
