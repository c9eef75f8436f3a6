//! Owns the authorize endpoint: what a request must carry to be accepted. Refuses a bad one on Google's own error page, so
//! that the app's callback never hears of it.

use std::collections::HashSet;

use super::auth_error::AuthError;
use super::{Flow, Google, scopes};
use crate::sandbox::facts::GOOGLE_CLIENT_ID;
use crate::sandbox::faults::Fault;
use crate::sandbox::provider::{BadChallenge, Challenge, lock, random_text, repeated, with_query};
use crate::sandbox::web::{Reply, Request};

const REDIRECT_REFUSED: &str = "You can't sign in to this app because it doesn't comply with Google's OAuth 2.0 policy.\n\n\
                                If you're the app developer, register the redirect URI in the Google Cloud Console.";

const POLICY: &str = "You can't sign in to this app because it doesn't comply with Google's OAuth 2.0 policy for keeping apps \
                      secure.\n\nYou can let the app developer know that this app doesn't comply with one or more Google \
                      validation rules.";

impl Google {
    /// GET `/o/oauth2/v2/auth`: on to the sign-in page, or to the page that says why not.
    pub(super) fn authorize(&self, request: &Request) -> Reply {
        let flow = match self.check(request) {
            Ok(flow) => flow,
            Err(error) => {
                let address = error.address(request.param("client_id").unwrap_or_default());
                return Reply::redirect(self.setup.reachable(&address));
            }
        };
        if flow.prompt == "none" {
            // Nobody is ever signed in here before a flow starts.
            return self.refuse(&flow, "login_required");
        }
        let id = random_text::<24>();
        lock(&self.state).flows.insert(id.clone(), flow);
        let goes_on = "https://accounts.google.com/signin/oauth/consent?authuser=unknown";
        let mut parameters = vec![("continue", goes_on), ("dsh", id.as_str()), ("flowName", "GeneralOAuthFlow")];
        parameters.extend(request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Reply::redirect(
            self.setup.reachable(&with_query("https://accounts.google.com/v3/signin/identifier", &parameters)),
        )
    }

    fn check(&self, request: &Request) -> Result<Flow, AuthError> {
        if let Some(name) = repeated(&request.query) {
            let sentence = format!("OAuth 2 parameters can only have a single value: {name}");
            return Err(AuthError::invalid_request(sentence));
        }
        self.check_client(required(request, "client_id")?)?;
        let redirect_uri = required(request, "redirect_uri")?;
        if !self.setup.registered_redirects().iter().any(|registered| registered == redirect_uri) {
            return Err(AuthError::new(400, "redirect_uri_mismatch", REDIRECT_REFUSED));
        }
        if self.setup.has(Fault::RequestRefused) {
            return Err(AuthError::invalid_request(POLICY));
        }
        match param(request, "response_type") {
            Some("code") => {}
            Some(other) => {
                let sentence = format!("Invalid response_type: {other}");
                return Err(AuthError::new(400, "unsupported_response_type", sentence));
            }
            None => return Err(AuthError::invalid_request("Required parameter is missing: response_type")),
        }
        Ok(Flow {
            redirect_uri: redirect_uri.to_owned(),
            scopes: self.check_scopes(required(request, "scope")?)?,
            state: param(request, "state").map(str::to_owned),
            nonce: param(request, "nonce").map(str::to_owned),
            challenge: check_challenge(request)?,
            offline: one_of(request, "access_type", &["online", "offline"])? == "offline",
            prompt: check_prompt(param(request, "prompt").unwrap_or_default())?,
            include_granted: one_of(request, "include_granted_scopes", &["false", "true"])? == "true",
            person: None,
        })
    }

    fn check_client(&self, client_id: &str) -> Result<(), AuthError> {
        if client_id != GOOGLE_CLIENT_ID || self.setup.has(Fault::UnknownClient) {
            return Err(AuthError::new(401, "invalid_client", "The OAuth client was not found."));
        }
        if self.setup.has(Fault::DeletedClient) {
            return Err(AuthError::new(401, "deleted_client", "The OAuth client was deleted."));
        }
        Ok(())
    }

    fn check_scopes(&self, asked: &str) -> Result<Vec<String>, AuthError> {
        let undeclared = self.setup.has(Fault::InvalidScope);
        let (mut valid, mut invalid, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
            match scopes::canonical(scope) {
                Some(canonical) if !(undeclared && scopes::is_health(scope)) => {
                    if seen.insert(canonical.clone()) {
                        valid.push(canonical);
                    }
                }
                _ => invalid.push(scope),
            }
        }
        if invalid.is_empty() {
            return Ok(valid);
        }
        let (valid, invalid) = (valid.join(", "), invalid.join(", "));
        let sentence = format!("Some requested scopes were invalid. {{valid=[{valid}], invalid=[{invalid}]}}");
        Err(AuthError::new(400, "invalid_scope", sentence))
    }
}

/// A parameter that is not empty.
fn param<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.param(name).filter(|value| !value.is_empty())
}

fn required<'a>(request: &'a Request, name: &str) -> Result<&'a str, AuthError> {
    let missing = || AuthError::invalid_request(format!("Missing required parameter: {name}"));
    param(request, name).ok_or_else(missing)
}

/// A parameter with a list of values, the first of which is the default.
fn one_of<'a>(request: &'a Request, name: &str, values: &[&'a str]) -> Result<&'a str, AuthError> {
    match param(request, name) {
        None => Ok(values[0]),
        Some(value) if values.contains(&value) => Ok(value),
        Some(value) => {
            let sentence = format!("Invalid parameter value for {name}: '{value}' is not a valid value.");
            Err(AuthError::invalid_request(sentence))
        }
    }
}

fn check_prompt(prompt: &str) -> Result<String, AuthError> {
    let words: Vec<&str> = prompt.split(' ').filter(|word| !word.is_empty()).collect();
    let known = words.iter().all(|word| ["none", "consent", "select_account"].contains(word));
    if !known || (words.len() > 1 && words.contains(&"none")) {
        return Err(AuthError::invalid_request(format!(
            "Invalid parameter value for prompt: Invalid prompt: {prompt}"
        )));
    }
    Ok(words.join(" "))
}

fn check_challenge(request: &Request) -> Result<Option<Challenge>, AuthError> {
    let read = Challenge::read(param(request, "code_challenge"), param(request, "code_challenge_method"));
    read.map_err(|bad| {
        AuthError::invalid_request(match bad {
            BadChallenge::Method => "Invalid parameter value for code_challenge_method.",
            BadChallenge::Length => "Invalid parameter value for code_challenge: it must be 43 to 128 characters long.",
            BadChallenge::Value => "Invalid parameter value for code_challenge.",
        })
    })
}
