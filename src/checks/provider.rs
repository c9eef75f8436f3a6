//! Owns the checks of steps 1 and 2: does the provider answer, and does its authorize page take this client ID and callback.

use url::Url;

use super::{id, met};
use crate::diagnosis::{Code, Failure};
use crate::finding::Finding;
use crate::http::{Call, Http};
use crate::ids::Domain;
use crate::oauth::{AuthorizationRequest, Proof};
use crate::provider::authorize_page::{Verdict, judge};
use crate::provider::{GOOGLE_AUTH_PARAMS, Provider, scopes};

/// Asks the authorize page once, with nobody signed in, and follows nothing.
///
/// # Errors
/// Network failures, and a service that is out of order or asks for fewer requests.
pub fn probe(
    http: &Http,
    provider: Provider,
    client_id: &str,
    redirect_uri: &str,
    names: &[String],
) -> Result<Verdict, Failure> {
    let url = AuthorizationRequest {
        endpoint: provider.authorize_url(),
        client_id,
        redirect_uri,
        scopes: &scopes::to_wire(provider, names),
        extra: extra(provider),
    }
    .url(&Proof::new())?;
    ask(http, provider, &url, redirect_uri)
}

/// Asks the authorize page with a whole request, with nobody signed in, and follows nothing.
///
/// # Errors
/// As for [`probe`].
pub fn ask(http: &Http, provider: Provider, url: &Url, redirect_uri: &str) -> Result<Verdict, Failure> {
    let answer = http.send(&Call::get(url.clone()))?;
    if let Some(trouble) = answer.trouble(&asked(provider)) {
        return Err(trouble);
    }
    let same_place = |seen: &str, real: &str| http.endpoints().begins_with(seen, real);
    Ok(judge(provider, redirect_uri, answer.status, answer.header("location"), &answer.text(), same_place))
}

/// Asks whether the provider answers at all, when no client ID is known yet.
///
/// # Errors
/// Network failures, and a service that is out of order or asks for fewer requests.
pub fn knock(http: &Http, provider: Provider) -> Result<u16, Failure> {
    let url = Url::parse(provider.authorize_url())
        .map_err(|error| Failure::new(Code::Unexpected, format!("{}: {error}", provider.authorize_url())))?;
    let answer = http.send(&Call::get(url))?;
    answer.trouble(&asked(provider)).map_or(Ok(answer.status), Err)
}

/// The service and where it was asked, so that the address can be opened in a browser.
fn asked(provider: Provider) -> String {
    format!("{} at {}", provider.title(), provider.authorize_url())
}

/// The parameters beyond the usual ones: Google gives a refresh token only with these.
pub fn extra(provider: Provider) -> &'static [(&'static str, &'static str)] {
    match provider {
        Provider::GoogleHealth => &GOOGLE_AUTH_PARAMS,
        Provider::Fitbit => &[],
    }
}

/// `provider.alive`.
pub fn alive(provider: Provider, verdict: &Result<Verdict, Failure>) -> Finding {
    match verdict {
        Ok(Verdict::ShutDown) => Finding::fail(id::PROVIDER_ALIVE, shut_down(provider)),
        Ok(Verdict::Unknown { .. }) => {
            let host = host_of(provider.authorize_url());
            let detail = format!("something answers at {host}, and whether it is {} is not known", provider.title());
            Finding::unknown(id::PROVIDER_ALIVE, Code::UnrecognisedAnswer, detail)
        }
        Ok(_) => Finding::pass(id::PROVIDER_ALIVE, format!("{} answers", host_of(provider.authorize_url()))),
        Err(failure) if provider == Provider::Fitbit && failure.code == Code::NetworkUnreachable => {
            let hint = format!(
                "{}. Since Fitbit's service ended on 2 Nov 2026 its names may be gone: `{{move}}`",
                failure.hint()
            );
            met(id::PROVIDER_ALIVE, failure.clone().with_hint(hint))
        }
        Err(failure) => met(id::PROVIDER_ALIVE, failure.clone()),
    }
}

fn host_of(address: &str) -> &str {
    address.trim_start_matches("https://").split('/').next().unwrap_or(address)
}

/// The failure for HTTP 410, which means that a service was shut down; of Google's no such thing is known, and that is said.
pub fn shut_down(provider: Provider) -> Failure {
    let title = provider.title();
    let message = match provider {
        Provider::Fitbit => format!("{title} answered HTTP 410: it was shut down on 2 Nov 2026"),
        Provider::GoogleHealth => format!("{title} answered HTTP 410 (Gone), as a service does that was shut down"),
    };
    Failure::new(Code::ProviderShutDown, message)
}

/// The same verdict, or its cause: a callback URL of a domain that does not answer is none to be registered, nor is one of a domain
/// where somebody else does. `tenant` is the tenant's own.
pub fn unless_domain_is_gone(http: &Http, finding: Finding, redirect_uri: &str, tenant: Option<&Domain>) -> Finding {
    let domain = redirect_uri.strip_prefix("https://").and_then(|rest| rest.split('/').next()?.parse::<Domain>().ok());
    let Some(domain) = domain.filter(|_| finding.is_fail() && finding.code == Some(Code::RedirectUriMismatch)) else {
        return finding;
    };
    let no_tenant = |code, instead: &str| {
        let message = format!("{}; {instead}", finding.detail);
        Finding::fail(id::PROVIDER_CALLBACK, Failure::new(code, message))
    };
    let reachable = super::tenant::reachable(http, &domain);
    match reachable.failure {
        Some(gone) if gone.code.is_no_answer() => {
            let message = format!("{}, and the domain of that URL does not answer: {}", finding.detail, gone.message);
            let hint = format!(
                "Compare {domain} with Branding, Custom Domains in the Auth0 dashboard, and its CNAME record with what that page \
                 asks for. It comes from `--login-domain` (or `--domain`), from a variable, from the settings, or from the tenant's \
                 own list"
            );
            Finding::fail(id::PROVIDER_CALLBACK, Failure::new(gone.code, message).with_hint(hint))
        }
        // A login domain is one of the tenant's, which describes itself there as well.
        Some(_) if tenant.is_some_and(|own| *own != domain) && !super::tenant::describes_itself(http, &domain) => {
            no_tenant(Code::LoginDomainOfOtherTenant, &reachable.detail)
        }
        Some(wrong) if wrong.code == Code::TenantNotFound && tenant == Some(&domain) => {
            no_tenant(wrong.code, &wrong.message)
        }
        _ => finding,
    }
}

/// `provider.callback` for one redirect URI; one that no login needs today is a warning at most.
pub fn callback(
    provider: Provider,
    client_id: &str,
    redirect_uri: &str,
    verdict: &Result<Verdict, Failure>,
    needed: bool,
) -> Finding {
    match verdict {
        Ok(Verdict::Accepted) => Finding::pass(
            id::PROVIDER_CALLBACK,
            format!("{} accepts the client ID with {redirect_uri}", provider.title()),
        ),
        Ok(Verdict::Refused { code, said }) => {
            let message = match code {
                Code::RedirectUriMismatch => {
                    format!("{} does not accept the callback URL {redirect_uri}: {said}", provider.title())
                }
                Code::ClientIdUnknown => {
                    format!("{} does not know the client ID {client_id}: {said}", provider.title())
                }
                _ => format!("{} refuses the request with {redirect_uri}: {said}", provider.title()),
            };
            let mut failure = Failure::new(*code, message);
            if *code == Code::RedirectUriMismatch {
                let slow = match provider {
                    Provider::GoogleHealth => " (an edit takes 5 minutes to a few hours to act: {until_then})",
                    Provider::Fitbit => "",
                };
                let hint = format!("Enter exactly this into the {{redirect_list}} and save{slow}: {redirect_uri}");
                failure = failure.with_hint(hint);
            }
            if *code == Code::RedirectUriMismatch && !needed {
                return Finding::warn(id::PROVIDER_CALLBACK, failure);
            }
            Finding::fail(id::PROVIDER_CALLBACK, failure)
        }
        Ok(Verdict::Unknown { said }) => Finding::unknown(
            id::PROVIDER_CALLBACK,
            Code::UnrecognisedAnswer,
            format!("{} gave an answer at {} that is not known: {said}", provider.title(), provider.authorize_url()),
        ),
        Ok(Verdict::ShutDown) | Err(_) => {
            Finding::skip(id::PROVIDER_CALLBACK, "not asked, since the provider does not answer as it should")
        }
    }
}
