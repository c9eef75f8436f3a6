//! Owns the reading of a JSON Web Token's claims. Refuses to vouch for them: a signature is not checked here, so a caller may
//! only trust claims that came straight from the token endpoint over TLS (OpenID Connect Core 1.0, 3.1.3.7, item 6).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// The claims of a compact JWT; `None` when the text is none.
pub fn claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        Value::Object(claims) => Some(claims),
        _ => None,
    }
}

/// The signature algorithms of JSON Web Tokens (RFC 7518, 3.1; RFC 8037), `none` not among them.
const ALGORITHMS: [&str; 13] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "EdDSA",
];

/// How a compact JWT says that it is signed; `None` when it is not, or in no way that is known: an extension that has to be
/// understood (`crit`, RFC 7515, 4.1.11) is none that is.
pub fn algorithm(token: &str) -> Option<&'static str> {
    let (header, rest) = token.split_once('.')?;
    let (_, signature) = rest.split_once('.').filter(|(_, signature)| !signature.is_empty())?;
    URL_SAFE_NO_PAD.decode(signature).ok()?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    let named = header.get("alg").filter(|_| header.get("crit").is_none())?.as_str()?;
    ALGORITHMS.into_iter().find(|known| *known == named)
}

/// What `at_hash` has to be for an access token (OpenID Connect Core 1.0, 3.1.3.6): the left half of its hash. `None` for an
/// algorithm whose hash is not settled there.
pub fn access_token_hash(algorithm: &str, access: &str) -> Option<String> {
    let hash = match algorithm.get(2..)? {
        "256" => &ring::digest::SHA256,
        "384" => &ring::digest::SHA384,
        "512" => &ring::digest::SHA512,
        _ => return None,
    };
    let digest = ring::digest::digest(hash, access.as_bytes());
    let (left, _) = digest.as_ref().split_at(digest.as_ref().len() / 2);
    Some(URL_SAFE_NO_PAD.encode(left))
}

/// The audiences that the `aud` claim names, as one text or a list.
pub fn audiences(claims: &Map<String, Value>) -> Vec<String> {
    match claims.get("aud") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsigned_token_has_no_algorithm() {
        let token = |header: &str, signature: &str| format!("{}.e30.{signature}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(algorithm(&token(r#"{"alg":"RS256"}"#, "c2ln")), Some("RS256"));
        for (header, signature) in [
            (r#"{"alg":"RS256"}"#, ""),
            (r#"{"alg":"RS256"}"#, "!"),
            (r#"{"alg":"none"}"#, "c2ln"),
            (r#"{"alg":"None"}"#, "c2ln"),
            (r#"{"alg":"rs256"}"#, "c2ln"),
            (r#"{"alg":["RS256"]}"#, "c2ln"),
            (r#"{"alg":"RS256","crit":["b64"],"b64":false}"#, "c2ln"),
            ("{}", "c2ln"),
            ("nonsense", "c2ln"),
        ] {
            assert_eq!(algorithm(&token(header, signature)), None, "{header} {signature}");
        }
        for nonsense in ["", ".", "..", "a.b", "\u{e4}.\u{e4}.\u{e4}"] {
            assert_eq!(algorithm(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_hash_of_an_access_token_is_the_one_of_the_specification() {
        // OpenID Connect Core 1.0, A.3 and A.4.
        assert_eq!(
            access_token_hash("RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").as_deref(),
            Some("77QmUPtjPfzWtF2AnpK9RQ")
        );
        assert_eq!(access_token_hash("RS512", "x").map(|hash| hash.len()), Some(43));
        assert_eq!((access_token_hash("EdDSA", "x"), access_token_hash("", "x")), (None, None));
    }

    #[test]
    fn claims_are_read_and_nonsense_is_none() {
        let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(br#"{"aud":["a","b"],"exp":1}"#));
        assert_eq!(audiences(&claims(&token).unwrap()), ["a", "b"]);
        for nonsense in ["", "a.b", "a.b.c", "a.b.c.d", "....", &format!("x.{}.y", URL_SAFE_NO_PAD.encode(b"[1]"))] {
            assert!(claims(nonsense).is_none(), "{nonsense}");
        }
    }
}
