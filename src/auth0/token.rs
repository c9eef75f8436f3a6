//! Owns how a Management API token is had: made with a client's credentials, or looked at when it was given.
//!
//! Refuses a token that is for another tenant, or over.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::management::address;
use super::wire::TokenAnswer;
use crate::diagnosis::{Code, Failure};
use crate::http::{Body, Call, Http};
use crate::ids::Domain;
use crate::jwt;
use crate::secret::Secret;
use crate::text::said;

pub(super) fn look_at(token: &Secret, http: &Http, domain: &Domain) -> Result<Option<BTreeSet<String>>, Failure> {
    // An opaque token tells nothing: the first call will.
    let Some(claims) = jwt::claims(token.expose()) else { return Ok(None) };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if claims.get("exp").and_then(Value::as_u64).is_some_and(|exp| exp <= now) {
        return Err(Failure::new(Code::ManagementTokenExpired, "the Management API token has expired"));
    }
    let wanted = format!("https://{domain}/api/v2/");
    let audiences = jwt::audiences(&claims);
    if let Some(elsewhere) = audiences.first()
        && !audiences.iter().any(|audience| http.endpoints().same(audience, &wanted))
    {
        let message = format!("the Management API token is for {}, not for {wanted}", said(elsewhere));
        return Err(Failure::new(Code::ManagementTokenRejected, message));
    }
    Ok(claims.get("scope").and_then(Value::as_str).map(split_scopes))
}

fn split_scopes(scopes: &str) -> BTreeSet<String> {
    scopes.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn client_credentials(
    http: &Http,
    domain: &Domain,
    id: &str,
    secret: &Secret,
) -> Result<(Secret, Option<BTreeSet<String>>), Failure> {
    let form = vec![
        ("grant_type", Secret::new("client_credentials".to_owned())),
        ("client_id", Secret::new(id.to_owned())),
        ("client_secret", Secret::new(secret.expose().to_owned())),
        ("audience", Secret::new(format!("https://{domain}/api/v2/"))),
    ];
    // One token more does no harm, so this may be repeated.
    let call = Call { repeatable: true, ..Call::post(address(domain, "/oauth/token")?, Body::Form(form)) };
    let answer = http.send(&call)?;
    if answer.is_success() {
        let token: TokenAnswer = serde_json::from_slice(&answer.body).map_err(|_| {
            let page = answer.page_says().map(|said| format!(", but with a page: {said}")).unwrap_or_default();
            let message = format!("https://{domain}/oauth/token gave no token ({}){page}", answer.status);
            Failure::new(Code::UnrecognisedAnswer, message)
        })?;
        let claimed = jwt::claims(&token.access_token)
            .and_then(|claims| claims.get("scope").and_then(Value::as_str).map(split_scopes));
        let scopes = token.scope.as_deref().map(split_scopes).or(claimed);
        return Ok((Secret::new(token.access_token), scopes));
    }
    if let Some(trouble) = answer.trouble(domain.as_str()) {
        return Err(trouble);
    }
    let body = answer.json().unwrap_or(Value::Null);
    let error = body["error"].as_str().unwrap_or_default();
    let description = body["error_description"].as_str().unwrap_or_default();
    let lower = description.to_lowercase();
    let says = |words: &str| lower.contains(words);
    let code = match (answer.status, error) {
        // Not the tenant's own words: a gateway, a portal, a proxy.
        (_, "") if answer.status != 404 => Code::UnrecognisedAnswer,
        (403, "unauthorized_client") => Code::ManagementGrantNotAllowed,
        (403, _) if says("service not found") || says("service not enabled") => Code::ManagementAudienceUnknown,
        (403, _) if says("client-grant") || says("not authorized to access") => Code::ManagementClientNotAuthorized,
        (403, _) if says("has not been granted scopes") => Code::MissingScope,
        (401, _) => Code::ManagementCredentialsRejected,
        (404, _) if !is_tenant(http, domain) => Code::TenantNotFound,
        _ => Code::UnrecognisedAnswer,
    };
    let words = match answer.points_to() {
        Some(place) => format!("a redirect to {place} which is not followed"),
        None if description.is_empty() => answer.says(),
        None => said(description),
    };
    let message = match code {
        Code::ManagementCredentialsRejected => format!("{domain} refused the Management API client {id} or its secret"),
        Code::ManagementClientNotAuthorized => {
            format!("the client {id} may not use the Management API of {domain}: {words}")
        }
        Code::ManagementGrantNotAllowed => {
            format!("the client {id} may not use the grant type Client Credentials at {domain}: {words}")
        }
        Code::TenantNotFound => format!("{domain} is no Auth0 tenant: /oauth/token does not exist there (404)"),
        _ => format!("{domain} answered {} to /oauth/token: {} {words}", answer.status, said(error)),
    };
    let failure = Failure::new(code, message);
    Err(match code {
        Code::ManagementClientNotAuthorized => failure.with_hint(format!(
            "In the Auth0 dashboard, authorize the application for the Auth0 Management API with these permissions: {NEEDED}"
        )),
        _ => failure,
    })
}

/// Whether the domain answers as a tenant elsewhere: then something else stands in the way of the token endpoint.
fn is_tenant(http: &Http, domain: &Domain) -> bool {
    let document = address(domain, "/.well-known/openid-configuration").and_then(|url| http.send(&Call::get(url)));
    document.is_ok_and(|answer| answer.is_success() && answer.json().is_some_and(|body| body["issuer"].is_string()))
}

/// Everything that `setup` and `test` use (README, "What you need").
const NEEDED: &str = "read:connections read:connections_options create:connections update:connections \
                      update:connections_options read:clients create:clients delete:clients read:custom_domains read:users read:logs";
