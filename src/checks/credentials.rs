//! Owns the checks of step 3: is the secret kept, and does the token endpoint take the pair (asked with a made-up code, which
//! consumes nothing).

use url::Url;

use super::connection::held_secret;
use super::{id, met, provider as provider_checks};
use crate::auth0::wire::Connection;
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, State};
use crate::http::{Authorization, Body, Call, Http};
use crate::oauth::{self, Proof};
use crate::provider::token_answer::{PairVerdict, judge_pair, made_up_code};
use crate::provider::{ClientAuth, Provider};
use crate::secret::Secret;

/// `credentials.accepted`.
pub fn accepted(http: &Http, provider: Provider, client_id: &str, secret: &Secret, redirect_uri: &str) -> Finding {
    match ask(http, provider, client_id, secret, redirect_uri) {
        Ok(verdict) => finding(provider, client_id, verdict),
        Err(failure) => met(id::CREDENTIALS_ACCEPTED, failure),
    }
}

/// `credentials.accepted`, and what the provider says to another secret that the tenant holds: where that is accepted, logins work,
/// nobody has to make a new one, and still less to write a refused one over it.
pub fn accepted_or_tenants(
    http: &Http,
    provider: Provider,
    client_id: &str,
    secret: &Secret,
    redirect_uri: &str,
    tenant: impl FnOnce() -> Option<Connection>,
) -> (Finding, Option<State>) {
    let found = accepted(http, provider, client_id, secret, redirect_uri);
    let refused = found.failure.clone().filter(|failure| failure.code == Code::ClientSecretRejected);
    if refused.is_none() && found.state != State::Pass {
        return (found, None);
    }
    let held = tenant().and_then(|connection| held_secret(&connection, client_id));
    let Some(held) = held.filter(|held| !held.same_as(secret)) else { return (found, None) };
    let tried = accepted(http, provider, client_id, &held, redirect_uri).state;
    let Some(failure) = refused.filter(|_| tried == State::Pass) else { return (found, Some(tried)) };
    let hint = format!(
        "The connection `{{connection}}` holds another client secret, which {} accepts: copy that one from its page at \
         {{connections_page}} and run `{{setup}}` with it (asked for in a terminal; else by `--client-secret-file PATH` or \
         `FITBIT_CONNECT_CLIENT_SECRET` ).",
        provider.title()
    );
    let failure = failure.with_hint(hint);
    (Finding { hint: Some(failure.hint()), failure: Some(failure), ..found }, Some(tried))
}

fn ask(
    http: &Http,
    provider: Provider,
    client_id: &str,
    secret: &Secret,
    redirect_uri: &str,
) -> Result<PairVerdict, Failure> {
    let text = |value: &str| Secret::new(value.to_owned());
    let mut form = vec![
        ("grant_type", text("authorization_code")),
        ("code", text(&made_up_code(provider, &random_hex()))),
        ("redirect_uri", text(redirect_uri)),
    ];
    let mut authorization = Authorization::None;
    match provider.client_auth() {
        ClientAuth::Basic => authorization = Authorization::Header(oauth::basic(client_id, secret)),
        ClientAuth::Body => {
            form.push(("client_id", text(client_id)));
            form.push(("client_secret", text(secret.expose())));
        }
    }
    let url = Url::parse(provider.token_url())
        .map_err(|error| Failure::new(Code::Unexpected, format!("{}: {error}", provider.token_url())))?;
    // A made-up code consumes nothing, so asking again is harmless.
    let answer = http.send(&Call { authorization, repeatable: true, ..Call::post(url, Body::Form(form)) })?;
    if let Some(trouble) = answer.trouble(provider.title()) {
        return Err(trouble);
    }
    Ok(match (judge_pair(provider, answer.status, &answer.body), answer.page_says()) {
        (PairVerdict::Unknown { said }, Some(page)) => PairVerdict::Unknown { said: format!("{said}: {page}") },
        (verdict, _) => verdict,
    })
}

/// 64 random hexadecimal digits, from the generator that makes states.
fn random_hex() -> String {
    Proof::new()
        .state
        .expose()
        .bytes()
        .chain(Proof::new().state.expose().bytes())
        .map(|b| format!("{b:02x}"))
        .collect::<String>()[..64]
        .to_owned()
}

fn finding(provider: Provider, client_id: &str, verdict: PairVerdict) -> Finding {
    let fail = |failure| Finding::fail(id::CREDENTIALS_ACCEPTED, failure);
    match verdict {
        PairVerdict::Accepted => {
            Finding::pass(id::CREDENTIALS_ACCEPTED, format!("{} accepts the client ID and secret", provider.title()))
        }
        PairVerdict::IdUnknown => fail(Failure::new(
            Code::ClientIdUnknown,
            format!("{} does not know the client ID {client_id}", provider.title()),
        )),
        PairVerdict::SecretRejected => {
            let message = format!("{} refuses the client secret of {client_id}", provider.title());
            let failure = Failure::new(Code::ClientSecretRejected, message);
            fail(match provider {
                Provider::GoogleHealth => failure,
                // Fitbit shows it whenever it is looked for.
                Provider::Fitbit => failure.with_hint(
                    "Copy the client secret of the app `{client_id}` again at {clients_page} and run `{setup}` with it (asked for in a \
                     terminal; else by `--client-secret-file PATH` or `FITBIT_CONNECT_CLIENT_SECRET` ), so that it reaches the secret \
                     store and the connection. | By hand: Copy the client secret of the app `{client_id}` again at {clients_page} and \
                     run `{setup}` with it (asked for in a terminal; else by `--client-secret-file PATH` or \
                     `FITBIT_CONNECT_CLIENT_SECRET` ); enter the same one into the connection `{connection}` in the dashboard.",
                ),
            })
        }
        PairVerdict::PairRefused { said } => {
            let message =
                format!("{} refuses {client_id} together with its secret: invalid_client {said}", provider.title());
            fail(Failure::new(Code::ClientSecretRejected, message.trim_end()))
        }
        PairVerdict::ClientDeleted => fail(Failure::new(
            Code::ClientDeleted,
            format!("the client {client_id} was deleted at {}", provider.title()),
        )),
        PairVerdict::ShutDown => fail(provider_checks::shut_down(provider)),
        PairVerdict::Unknown { said } => Finding::unknown(
            id::CREDENTIALS_ACCEPTED,
            Code::UnrecognisedAnswer,
            format!("{} gave an answer at {} that is not known: {said}", provider.title(), provider.token_url()),
        ),
    }
}
