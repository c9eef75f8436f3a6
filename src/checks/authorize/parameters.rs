//! Owns the parameters that Google's authorize page has to get beside those of OAuth, as the tenant's request has them.
//!
//! Refuses to say where one comes from: the request shows none of the three places in a connection (the Authorization URL,
//! `authParams`, `upstream_params`), of which the dashboard has a field for the first alone.

use crate::auth0::authorize::Upstream;
use crate::auth0::connection::AUTH0S_OWN;
use crate::diagnosis::{Code, Failure};
use crate::provider::{GOOGLE_AUTH_PARAMS, Provider, is_auth_param};
use crate::text::said;

/// Where a parameter is that the dashboard does not show.
const ELSEWHERE: &str = "it stands in authParams or upstream_params, which the dashboard has no field for: a set-up with Management API \
     credentials (without `--manual` ) puts it right";

/// The authorization URL as it is typed into the dashboard.
pub fn typed_address(provider: Provider) -> String {
    let parameters: Vec<String> = GOOGLE_AUTH_PARAMS.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}?{}", provider.authorize_url(), parameters.join("&"))
}

/// Whether the request has each of them once, as it has to be.
///
/// # Errors
/// `connection_settings_differ`, with what to type; what may be in no field of the dashboard is said to be.
pub(super) fn compare(upstream: &Upstream) -> Result<(), Failure> {
    let values = |name: &str| -> Vec<&str> {
        upstream.query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    };
    let is_right = |name: &str, wanted: &str| matches!(values(name)[..], [only] if is_auth_param(only, wanted));
    let Some((name, wanted)) = GOOGLE_AUTH_PARAMS.into_iter().find(|(name, wanted)| !is_right(name, wanted)) else {
        return Ok(());
    };
    let has = values(name);
    let shown = if has.is_empty() { "not at all".to_owned() } else { said(&has.join(" and ")) };
    let message = format!("the tenant sends {name} {shown}, not once as {wanted}");
    let all = |many: fn(usize) -> bool| GOOGLE_AUTH_PARAMS.iter().all(|(name, _)| many(values(name).len()));
    let (plain, typed) = (Provider::GoogleHealth.authorize_url(), typed_address(Provider::GoogleHealth));
    let what = match has.len() {
        0 if all(|many| many == 0) => format!("enter exactly Authorization URL `{typed}` and save"),
        0 => format!(
            "enter exactly Authorization URL `{typed}` where it has parameters behind a question mark, and exactly \
             `{plain}?{name}={wanted}` where it has none, and save"
        ),
        1 => format!(
            "write `{name}={wanted}` where the Authorization URL has another {name} and save; where it has none, {ELSEWHERE}"
        ),
        // Each comes from the address, and from a connection that has them apart as the Management API writes them.
        _ if all(|many| many == 2) => format!(
            "enter exactly Authorization URL `{plain}` and save; where that is what stands there already, {}",
            ELSEWHERE.replacen("it stands", "one of each stands", 1).replacen("puts it", "puts them", 1)
        ),
        _ => format!(
            "take {name} out of the Authorization URL where it stands there once, leave it there once where it stands there more \
             often, and save; where it does not stand there, {ELSEWHERE}"
        ),
    };
    let hint = format!(
        "In the dashboard, in the connection `{{connection}}` ({{connections_page}} ), {what}. Then look again; `{{setup}}` with Management \
         API credentials does all of it | By hand: In the dashboard, in the connection `{{connection}}` ({{connections_page}} ), {what}. \
         Then run the same command again."
    );
    Err(Failure::new(Code::ConnectionSettingsDiffer, message).with_hint(hint))
}

/// The parameters that stand in the request more than once, which none may (RFC 6749, 3.1).
pub(super) fn repeated(upstream: &Upstream) -> Vec<&str> {
    let mut names: Vec<&str> = upstream.query.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    let mut several: Vec<&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    several.dedup();
    several
}

/// Whether one of those stands there more than once that Auth0 sends itself.
pub(super) fn repeats_one_of_auth0s(upstream: &Upstream) -> bool {
    repeated(upstream).iter().any(|name| AUTH0S_OWN.contains(name))
}

/// The failure of a request in which a parameter stands more than once: that is to be looked at before anything else in it.
pub(super) fn told_of_repeats(failure: Failure, upstream: &Upstream) -> Failure {
    let names = said(&repeated(upstream).join(" "));
    let message = format!("{} (the tenant sends more than one of: {names})", failure.message);
    Failure::new(Code::ConnectionSettingsDiffer, message).with_hint(format!(
        "Leave one of each in the connection `{{connection}}` whose Authorization URL, authParams and upstream_params are put together: \
         {names}. `{{setup}}` with Management API credentials does it for those of OAuth, access_type and prompt. | By hand: Leave one of \
         each in the connection `{{connection}}` ({{connections_page}} ), where the query of its Authorization URL is put together with \
         authParams and upstream_params: {names}. The dashboard has no field for the last two; a set-up with Management API credentials \
         (without `--manual` ) puts them right."
    ))
}
