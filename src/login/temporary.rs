//! Owns the tool's temporary application: created for one live login, removed afterwards whatever happened.
//!
//! Refuses to leave it behind silently: what could not be removed is named.

use serde_json::json;

use crate::auth0::management::Management;
use crate::auth0::wire::Application;
use crate::checks::applications::{TEMPORARY_NAME, is_ours};
use crate::diagnosis::{Code, Failure};

/// What the Management API token needs for it.
pub const SCOPES: [&str; 3] = ["create:clients", "delete:clients", "update:connections"];

/// The application, as long as it exists.
pub struct Temporary {
    /// Its client ID.
    pub client_id: String,
    /// Whether it was there before this login.
    pub taken_over: bool,
}

impl Temporary {
    /// Creates it, or takes over what a killed run left, with exactly one callback; then enables the connection for it.
    ///
    /// # Errors
    /// As the Management API answers; what was created by then has been removed again where that was possible.
    pub fn create(
        management: &Management,
        known: &[Application],
        redirect_uri: &str,
        connection_id: &str,
    ) -> Result<Self, Failure> {
        let leftover = known.iter().find(|application| is_ours(application));
        let taken_over = match leftover {
            Some(leftover) => {
                match management.update_application(&leftover.client_id, json!({ "callbacks": [redirect_uri] })) {
                    Ok(()) => Some(leftover.client_id.clone()),
                    Err(failure) if failure.code == Code::ApplicationGone => None,
                    Err(failure) if failure.code == Code::MissingScope => {
                        // It cannot be changed, but it can be replaced.
                        management.delete_application(&leftover.client_id)?;
                        None
                    }
                    Err(failure) => return Err(failure),
                }
            }
            None => None,
        };
        let is_leftover = taken_over.is_some();
        let client_id = match taken_over {
            Some(client_id) => client_id,
            None => management.create_application(body(redirect_uri)).map_err(name_the_way_out)?.client_id,
        };
        let temporary = Self { client_id, taken_over: is_leftover };
        if let Err(failure) = management.enable(connection_id, std::slice::from_ref(&temporary.client_id)) {
            return Err(match temporary.remove(management) {
                None => failure,
                Some(left) => Failure::new(failure.code, format!("{}; {}", failure.message, left.message)),
            });
        }
        Ok(temporary)
    }

    /// Removes it; a warning that names it when that failed.
    pub fn remove(self, management: &Management) -> Option<Failure> {
        let failure = management.delete_application(&self.client_id).err()?;
        let message = format!(
            "the temporary application {TEMPORARY_NAME} ({}) could not be removed: {}",
            self.client_id, failure.message
        );
        let hint = format!("The next run takes it over and removes it, or: auth0 apps delete {}", self.client_id);
        Some(Failure::new(Code::TemporaryApplicationLeft, message).with_hint(hint))
    }
}

/// Where no further application can be made there is still a way to log in.
fn name_the_way_out(failure: Failure) -> Failure {
    if !matches!(failure.code, Code::EntityLimitReached | Code::PlanFeatureMissing) {
        return failure;
    }
    failure.with_hint(
        "Log in with an existing application: --test-app ID, or leave the login out: --skip-login (test: --headless)",
    )
}

/// A public native client with PKCE and one exact callback; it asks for nothing but a code.
fn body(redirect_uri: &str) -> serde_json::Value {
    json!({
        "name": TEMPORARY_NAME,
        "description": "Created by fitbit-connect for one test login and removed afterwards",
        "app_type": "native",
        "token_endpoint_auth_method": "none",
        "oidc_conformant": true,
        "grant_types": ["authorization_code"],
        "callbacks": [redirect_uri],
        "jwt_configuration": { "alg": "RS256" },
        "skip_non_verifiable_callback_uri_confirmation_prompt": true,
    })
}
