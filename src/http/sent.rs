//! Owns what is secret in a request, and every spelling in which an answer may repeat it.
//!
//! Refuses to leave a body of ours in memory that nobody needs any more.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::form_urlencoded;
use zeroize::{Zeroize as _, Zeroizing};

use super::{Authorization, Body, Call};
use crate::text::{REDACTED, spellings};

/// Shorter than this nothing is a secret, and would be found in any text (bytes).
const SHORTEST: usize = 6;

/// Form members whose value is secret.
fn is_secret(name: &str) -> bool {
    matches!(name, "client_secret" | "code" | "code_verifier" | "token" | "refresh_token" | "client_assertion")
}

impl Call<'_> {
    /// What in it is secret: form values that are not plain words of the protocol, tokens, a connection's client secret.
    pub(super) fn secrets(&self) -> Vec<Zeroizing<String>> {
        let mut secrets = self.never_read_back();
        if let Body::Json(value) = &self.body
            && let Some(secret) = value.pointer("/options/client_secret").and_then(Value::as_str)
        {
            secrets.push(Zeroizing::new(secret.to_owned()));
        }
        secrets.retain(|secret| secret.len() >= SHORTEST);
        secrets
    }

    /// Those of them that no right answer repeats: a connection's secret is read back, to be compared.
    pub(super) fn never_read_back(&self) -> Vec<Zeroizing<String>> {
        let mut secrets = Vec::new();
        let mut keep = |text: Cow<str>| secrets.push(Zeroizing::new(text.into_owned()));
        match &self.authorization {
            Authorization::None => {}
            Authorization::Bearer(token) => keep(token.expose().into()),
            Authorization::Header(header) => {
                let value = header.expose().split_once(' ').map_or(header.expose(), |(_, value)| value);
                keep(value.into());
                let pair = STANDARD.decode(value).ok().map(Zeroizing::new);
                if let Some((_, secret)) =
                    pair.as_deref().and_then(|pair| std::str::from_utf8(pair).ok()?.split_once(':'))
                {
                    // RFC 6749, 2.3.1: both were percent-encoded first.
                    keep(percent_decode_str(secret).decode_utf8_lossy());
                }
            }
        }
        match &self.body {
            Body::Form(pairs) => {
                pairs.iter().filter(|(name, _)| is_secret(name)).for_each(|(_, value)| keep(value.expose().into()));
            }
            Body::Raw(_, bytes) => {
                form_urlencoded::parse(bytes).filter(|(name, _)| is_secret(name)).for_each(|(_, value)| keep(value));
            }
            Body::Json(_) | Body::None => {}
        }
        secrets.retain(|secret| secret.len() >= SHORTEST);
        secrets
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        match self {
            Self::Raw(_, bytes) => bytes.zeroize(),
            Self::Json(value) => wipe(value),
            // Each value of a form wipes itself.
            Self::Form(_) | Self::None => {}
        }
    }
}

/// Wipes every text in a document; it is one of ours, so it is not deep.
fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

/// The body with every spelling of the given secrets replaced; broken bytes of a text become a mark.
pub(super) fn without_secrets(body: Vec<u8>, secrets: &[Zeroizing<String>]) -> Vec<u8> {
    if secrets.is_empty() {
        return body;
    }
    let mut text = String::from_utf8(body).unwrap_or_else(|error| {
        let mut body = error.into_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        body.zeroize();
        text
    });
    for spelling in secrets.iter().flat_map(|secret| spellings(secret)) {
        if text.contains(spelling.as_str()) {
            let clean = text.replace(spelling.as_str(), REDACTED);
            text.zeroize();
            text = clean;
        }
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Call;
    use crate::secret::Secret;
    use url::Url;

    const SECRET: &str = r#"a+b"c~<'&/CANARY"#;

    fn call(body: Body) -> Call<'static> {
        Call::post(Url::parse("https://a.example/").unwrap(), body)
    }

    #[test]
    fn a_refusal_that_repeats_a_secret_is_cleaned_of_every_spelling() {
        let secret = Zeroizing::new(SECRET.to_owned());
        let body: Vec<String> = spellings(SECRET).iter().map(|spelling| spelling.to_string()).collect();
        assert!(body.len() > 7 && body.iter().any(|text| text.contains("%2f")), "{body:?}");
        let left = String::from_utf8(without_secrets(body.join(" ").into_bytes(), &[secret])).unwrap();
        assert_eq!(left.split(' ').filter(|word| *word != REDACTED).count(), 0, "{left}");
        assert_eq!(without_secrets(vec![0xff], &[]), [0xff_u8]);
        let broken = [b"\xff ", SECRET.as_bytes()].concat();
        assert_eq!(without_secrets(broken, &[Zeroizing::new(SECRET.to_owned())]), "\u{fffd} [redacted]".as_bytes());
    }

    #[test]
    fn the_secrets_of_a_request_are_known_wherever_they_stand() {
        let found = |call: &Call| call.secrets().iter().map(|secret| secret.to_string()).collect::<Vec<_>>();
        let raw = b"grant_type=authorization_code&code=the%2Fcode&code_verifier=verifier&client_secret=five5".to_vec();
        assert_eq!(found(&call(Body::Raw("", raw))), ["the/code", "verifier"], "five bytes are no secret");
        let form = vec![("client_secret", Secret::new(SECRET.into())), ("audience", Secret::new("audience".into()))];
        assert_eq!(found(&call(Body::Form(form))), [SECRET]);
        let json = serde_json::json!({ "options": { "client_secret": SECRET } });
        let mut both = call(Body::Json(json));
        both.authorization = Authorization::Header(crate::oauth::basic("id", &Secret::new("s%2Fcret".into())));
        assert_eq!(found(&both)[1..], ["s/cret", SECRET]);
    }

    #[test]
    fn a_document_is_wiped_to_its_leaves() {
        let mut value = serde_json::json!({ "a": ["x", { "b": "y" }], "c": 1 });
        wipe(&mut value);
        assert_eq!(value, serde_json::json!({ "a": ["", { "b": "" }], "c": 1 }));
    }
}
