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
    fn claims_are_read_and_nonsense_is_none() {
        let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(br#"{"aud":["a","b"],"exp":1}"#));
        assert_eq!(audiences(&claims(&token).unwrap()), ["a", "b"]);
        for nonsense in ["", "a.b", "a.b.c", "a.b.c.d", "....", &format!("x.{}.y", URL_SAFE_NO_PAD.encode(b"[1]"))] {
            assert!(claims(nonsense).is_none(), "{nonsense}");
        }
    }
}
