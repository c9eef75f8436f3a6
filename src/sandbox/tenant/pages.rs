//! Owns the tenant's HTML pages and the addresses it redirects to. Refuses to put anything into a page unescaped.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::state::Login;
use crate::sandbox::web::Reply;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A page that says something went wrong; nothing is redirected.
pub(super) fn error(status: u16, title: &str, what: &str) -> Reply {
    page(status, title, &format!("<h1>{}</h1><p>{}</p>", escaped(title), escaped(what)))
}

/// The login page, where nobody can do anything but choose another way.
pub(super) fn login() -> Reply {
    page(200, "Log in", "<h1>Log in to Acme</h1><p>The sandbox has no password login. Name a connection instead.</p>")
}

fn page(status: u16, title: &str, body: &str) -> Reply {
    let title = escaped(title);
    Reply::html(
        status,
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
             <body>{body}<p><small>Simulated Auth0 tenant</small></p></body></html>"
        ),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// An address with parameters added to its query; spaces become `%20`.
pub(super) fn with_query(address: &str, pairs: &[(String, String)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let joint = if address.contains('?') { '&' } else { '?' };
    format!("{address}{joint}{}", query.join("&"))
}

/// A pair for [`with_query`].
pub(super) fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The way back to the application with an error.
pub(super) fn refusal(redirect_uri: &str, state: Option<&str>, error: &str, description: &str) -> Reply {
    let mut pairs = vec![pair("error", error), pair("error_description", description)];
    pairs.extend(state.map(|state| pair("state", state)));
    Reply::redirect(with_query(redirect_uri, &pairs))
}

/// The same for a login that got as far as the provider.
pub(super) fn refuse_login(login: &Login, error: &str, description: &str) -> Reply {
    refusal(&login.redirect_uri, login.state.as_deref(), error, description)
}
