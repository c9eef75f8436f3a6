//! Owns what the simulated providers share: random values, PKCE, Basic credentials, redirects, the log of requests.
//! Refuses to know any provider's rules or wording.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::Value;

use super::web::{Reply, Request};

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How long an authorization code lives at both providers (seconds).
pub const CODE_TTL: i64 = 600;

/// Method, path without query, and status of every request that was answered, in order.
pub type Log = Vec<(String, String, u16)>;

/// Random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A system without randomness gives guessable values, which guard nothing here.
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes
}

/// Random text of `A-Z a-z 0-9 - _`, four characters for every three bytes.
pub fn random_text<const N: usize>() -> String {
    base64url(&random::<N>())
}

/// Random lower-case hex, two characters for every byte.
pub fn random_hex<const N: usize>() -> String {
    random::<N>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Base64 for URLs, without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Seconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Locks, also after a panic elsewhere: a simulator's state has no invariant that a panic can break.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The body's form fields; none when the body is not declared as a form.
pub fn form(request: &Request) -> Vec<(String, String)> {
    match request.header("content-type") {
        Some(kind) if kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") => request.form(),
        _ => Vec::new(),
    }
}

/// The first name that occurs twice.
pub fn repeated(pairs: &[(String, String)]) -> Option<&str> {
    pairs
        .iter()
        .enumerate()
        .find(|(at, (name, _))| pairs[..*at].iter().any(|(other, _)| other == name))
        .map(|(_, (name, _))| name.as_str())
}

/// Client ID and secret of an `Authorization: Basic` header.
pub fn basic(request: &Request) -> Option<(String, String)> {
    let (scheme, encoded) = request.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    Some((decode(id), decode(secret)))
}

/// `address` with parameters added to its query.
pub fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    let mut out = address.to_owned();
    for (name, value) in pairs {
        out.push(if out.contains('?') { '&' } else { '?' });
        out.extend([name, "="]);
        out.extend(utf8_percent_encode(value, RESERVED));
    }
    out
}

/// A reply with a body of any kind.
pub fn raw(status: u16, content_type: &str, body: &str) -> Reply {
    Reply { body: body.as_bytes().to_vec(), ..Reply::empty(status).with("content-type", content_type) }
}

/// One part of a JWT.
pub fn jwt_part(value: &Value) -> String {
    base64url(value.to_string().as_bytes())
}

/// A PKCE challenge as it came with the authorization request.
#[derive(Debug, Clone)]
pub enum Challenge {
    /// The verifier itself.
    Plain(String),
    /// The verifier's SHA-256, in base64 for URLs.
    S256(String),
}

/// What is wrong with a challenge.
#[derive(Debug, PartialEq, Eq)]
pub enum BadChallenge {
    /// A method that is neither `plain` nor `S256`.
    Method,
    /// Not 43 to 128 characters.
    Length,
    /// A method without a challenge, or characters that cannot be in one.
    Value,
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`, whose default is `plain`.
    pub fn read(value: Option<&str>, method: Option<&str>) -> Result<Option<Self>, BadChallenge> {
        let Some(value) = value else {
            return if method.is_some() { Err(BadChallenge::Value) } else { Ok(None) };
        };
        if !(43..=128).contains(&value.len()) {
            return Err(BadChallenge::Length);
        }
        if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
            return Err(BadChallenge::Value);
        }
        match method.unwrap_or("plain") {
            "plain" => Ok(Some(Self::Plain(value.to_owned()))),
            "S256" if value.len() == 43 => Ok(Some(Self::S256(value.to_owned()))),
            "S256" => Err(BadChallenge::Value),
            _ => Err(BadChallenge::Method),
        }
    }

    /// Whether the verifier is the one that this challenge was made from.
    pub fn matches(&self, verifier: &str) -> bool {
        match self {
            Self::Plain(value) => value == verifier,
            Self::S256(value) => *value == base64url(digest(&SHA256, verifier.as_bytes()).as_ref()),
        }
    }
}

/// What the tests of both providers send and read.
#[cfg(test)]
pub mod testing {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::super::facts::Setup;
    use super::super::faults::Fault;
    use super::*;

    /// A verifier of 43 characters.
    pub const VERIFIER: &str = "verifier-verifier-verifier-verifier-verifier";
    /// The loopback callback that [`setup`] registers.
    pub const CALLBACK: &str = "http://127.0.0.1:18917/callback";

    /// A setup with some faults.
    pub fn setup(faults: &[Fault]) -> Arc<Setup> {
        Arc::new(Setup {
            tenant_origin: "http://127.0.0.1:4400".into(),
            login_origin: "http://127.0.0.1:4400".into(),
            nowhere: "http://127.0.0.1:4409".into(),
            google_origin: "http://127.0.0.1:4401".into(),
            fitbit_origin: "http://127.0.0.1:4402".into(),
            direct_port: 18917,
            configured: None,
            faults: faults.iter().copied().collect::<BTreeSet<_>>(),
        })
    }

    /// A GET of a path with query parameters.
    pub fn get(path: &str, query: &[(&str, &str)]) -> Request {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request { method: "GET".into(), path: path.into(), raw_path: path.into(), query, ..Request::default() }
    }

    /// A GET of an address as a browser would send it.
    pub fn follow(location: &str) -> Request {
        let url = url::Url::parse(location).unwrap();
        let query = url.query_pairs().into_owned().collect();
        Request { query, ..get(url.path(), &[]) }
    }

    /// A POST of a form.
    pub fn post(path: &str, fields: &[(&str, &str)]) -> Request {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = get(path, &[]);
        request.method = "POST".into();
        request.body = body.into_bytes();
        with_header(request, "content-type", "application/x-www-form-urlencoded")
    }

    /// Adds a header.
    pub fn with_header(mut request: Request, name: &str, value: &str) -> Request {
        request.headers.push((name.to_owned(), value.to_owned()));
        request
    }

    /// Adds Basic credentials.
    pub fn with_basic(request: Request, id: &str, secret: &str) -> Request {
        with_header(request, "authorization", &format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
    }

    /// The verifier's S256 challenge.
    pub fn challenge() -> String {
        base64url(digest(&SHA256, VERIFIER.as_bytes()).as_ref())
    }

    /// The body as text.
    pub fn text(reply: &Reply) -> String {
        String::from_utf8(reply.body.clone()).unwrap()
    }

    /// The body as JSON.
    pub fn json(reply: &Reply) -> Value {
        serde_json::from_slice(&reply.body).unwrap()
    }

    /// Where a 302 points.
    pub fn location(reply: &Reply) -> String {
        assert_eq!(reply.status, 302, "{}", text(reply));
        super::super::web::find(&reply.headers, "location").unwrap().to_owned()
    }

    /// One query parameter of an address.
    pub fn param(address: &str, name: &str) -> Option<String> {
        let url = url::Url::parse(address).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Submits a page's first form as a robot would: hidden fields, ticked boxes, first button.
    pub fn submit_first(page: &Reply) -> Request {
        submit(page, "")
    }

    /// Submits a page's first form with the button of this value, or with the first one if it is empty.
    pub fn submit(page: &Reply, button: &str) -> Request {
        let html = text(page);
        assert_eq!(page.status, 200, "{html}");
        let start = html.find("<form").unwrap();
        let form = &html[start..start + html[start..].find("</form>").unwrap()];
        let (mut fields, mut pressed) = (Vec::new(), false);
        for tag in form.split('<') {
            let attribute = |name: &str| {
                let rest = tag.split_once(&format!(" {name}=\""))?.1;
                Some(rest.split_once('"')?.0.replace("&amp;", "&"))
            };
            let take = match tag.split([' ', '>']).next() {
                Some("input") if attribute("type").as_deref() == Some("hidden") => true,
                Some("input") => tag.split('>').next().unwrap().ends_with(" checked"),
                Some("button") if !pressed && (button.is_empty() || attribute("value").as_deref() == Some(button)) => {
                    pressed = true;
                    true
                }
                _ => false,
            };
            if take {
                fields.push((attribute("name").unwrap(), attribute("value").unwrap()));
            }
        }
        let action = form.split_once(" action=\"").unwrap().1.split_once('"').unwrap().0;
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        post(action, &fields)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{VERIFIER, challenge, with_basic};
    use super::*;

    #[test]
    fn a_challenge_matches_its_own_verifier_only() {
        let s256 = Challenge::read(Some(&challenge()), Some("S256")).unwrap().unwrap();
        assert!(s256.matches(VERIFIER));
        assert!(!s256.matches("another"));
        assert!(Challenge::read(Some(VERIFIER), None).unwrap().unwrap().matches(VERIFIER));
    }

    #[test]
    fn a_bad_challenge_is_told_apart() {
        assert_eq!(Challenge::read(Some("short"), None).unwrap_err(), BadChallenge::Length);
        assert_eq!(Challenge::read(Some(&challenge()), Some("s256")).unwrap_err(), BadChallenge::Method);
        assert_eq!(Challenge::read(None, Some("S256")).unwrap_err(), BadChallenge::Value);
        assert!(Challenge::read(None, None).unwrap().is_none());
    }

    #[test]
    fn parameters_are_added_to_a_query_that_is_there_already() {
        assert_eq!(with_query("https://a.test/b?c=d", &[("e", "f/g h")]), "https://a.test/b?c=d&e=f%2Fg%20h");
    }

    #[test]
    fn basic_credentials_are_read_and_nothing_else() {
        let request = with_basic(Request::default(), "id", "a:b");
        assert_eq!(basic(&request), Some(("id".into(), "a:b".into())));
        assert_eq!(basic(&Request::default()), None);
    }
}
