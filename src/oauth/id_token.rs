//! Owns the judgement of an ID token: whether it is for this login, this client, this moment and this access token.
//!
//! Refuses what is not signed; with which key is not looked at, since a token comes straight from the token endpoint over TLS
//! (OpenID Connect Core 1.0, 3.1.3.7, item 6).

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::diagnosis::{Code, Failure};
use crate::jwt;
use crate::secret::Secret;

/// Clocks may differ by this much (seconds).
const CLOCK_SKEW: f64 = 60.0;
/// No token lives to see it (Unix time).
const YEAR_10000: f64 = 253_402_300_800.0;

/// What an ID token has to say.
pub struct IdTokenRules<'a> {
    /// Every spelling of the issuer that is right.
    pub issuer: &'a dyn Fn(&str) -> bool,
    /// The client it is for.
    pub audience: &'a str,
    /// The nonce of this login.
    pub nonce: &'a Secret,
    /// The access token that came with it.
    pub access: &'a Secret,
}

impl IdTokenRules<'_> {
    /// Checks iss, aud, azp, exp, iat, nonce and at_hash (OpenID Connect Core 1.0, 3.1.3.7 and 3.1.3.8) and nbf (RFC 7519, 4.1.5),
    /// and returns the claims.
    ///
    /// # Errors
    /// `issuer_mismatch` or `id_token_invalid`, naming the claim, never the token.
    pub fn check(&self, token: &Secret) -> Result<Map<String, Value>, Failure> {
        let bad = |what: &str| {
            Failure::new(Code::IdTokenInvalid, format!("the ID token is not for this login: {what}"))
                .with_hint("Run `{test}` again; if it repeats, something between here and the issuer answers with tokens of other logins")
        };
        let late = |what: &str| {
            Failure::new(Code::IdTokenInvalid, format!("the ID token is not valid now: {what}"))
                .with_hint("Set the clock of this machine right, and run `{test}` again")
        };
        let claims = jwt::claims(token.expose()).ok_or_else(|| bad("it is no JSON Web Token"))?;
        let algorithm = jwt::algorithm(token.expose()).ok_or_else(|| bad("it is not signed in a way that is known"))?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        if !(self.issuer)(text("iss")) {
            let message = format!("the ID token names another issuer: {}", crate::text::said(text("iss")));
            return Err(Failure::new(Code::IssuerMismatch, message));
        }
        let audiences = jwt::audiences(&claims);
        // None beside this client is trusted (3.1.3.7, 3).
        if audiences.is_empty() || audiences.iter().any(|audience| audience != self.audience) {
            return Err(bad("its audience is another client"));
        }
        if claims.contains_key("azp") && text("azp") != self.audience {
            return Err(bad("it was made for another client (azp)"));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        // NumericDate may have a fraction (RFC 7519, 2).
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        match time("exp") {
            Some(exp) if exp > YEAR_10000 => return Err(bad("exp is no time")),
            Some(exp) if exp + CLOCK_SKEW > now => {}
            Some(_) => return Err(late("it has expired")),
            None => return Err(bad("exp is missing")),
        }
        if time("iat").is_none() {
            return Err(bad("iat is missing"));
        }
        if ["iat", "nbf"].into_iter().filter_map(time).any(|time| time > now + CLOCK_SKEW) {
            return Err(late("it comes from the future"));
        }
        if !self.nonce.same_as(&Secret::new(text("nonce").to_owned())) {
            return Err(bad("its nonce is another login's"));
        }
        if text("sub").is_empty() {
            return Err(bad("sub is missing"));
        }
        if let Some(named) = claims.get("at_hash")
            && jwt::access_token_hash(algorithm, self.access.expose()).is_some_and(|hash| named.as_str() != Some(&hash))
        {
            return Err(bad("it came with the access token of another login (at_hash)"));
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use serde_json::json;

    fn token(claims: &Value) -> Secret {
        let base64 = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        Secret::new(format!("{}.{}.c2ln", base64(r#"{"alg":"RS256"}"#), base64(&claims.to_string())))
    }

    #[test]
    fn an_id_token_for_another_login_is_refused() {
        let (nonce, access) = (Secret::new("n".into()), Secret::new("access".into()));
        let rules = IdTokenRules { issuer: &|iss| iss == "https://a/", audience: "c", nonce: &nonce, access: &access };
        let mut right =
            json!({ "iss": "https://a/", "aud": "c", "exp": 4_000_000_000_u64, "nonce": "n", "sub": "s", "iat": 1 });
        assert!(rules.check(&token(&right)).is_ok());
        right["at_hash"] = json!(jwt::access_token_hash("RS256", "access"));
        assert!(rules.check(&token(&right)).is_ok());
        for (claim, value, code) in [
            ("iss", json!("https://b/"), Code::IssuerMismatch),
            ("iss", json!("https://a"), Code::IssuerMismatch),
            ("aud", json!("d"), Code::IdTokenInvalid),
            ("aud", json!(["c", "d"]), Code::IdTokenInvalid),
            ("azp", json!("d"), Code::IdTokenInvalid),
            ("exp", json!(1), Code::IdTokenInvalid),
            ("exp", json!(null), Code::IdTokenInvalid),
            ("exp", json!(1e300), Code::IdTokenInvalid),
            ("iat", json!(null), Code::IdTokenInvalid),
            ("iat", json!("1"), Code::IdTokenInvalid),
            ("iat", json!(4_000_000_000_u64), Code::IdTokenInvalid),
            ("nbf", json!(4_000_000_000_u64), Code::IdTokenInvalid),
            ("nonce", json!("m"), Code::IdTokenInvalid),
            ("nonce", json!(null), Code::IdTokenInvalid),
            ("sub", json!(""), Code::IdTokenInvalid),
            ("at_hash", json!(jwt::access_token_hash("RS256", "another")), Code::IdTokenInvalid),
            ("at_hash", json!(null), Code::IdTokenInvalid),
        ] {
            let mut claims = right.clone();
            claims[claim] = value;
            assert_eq!(rules.check(&token(&claims)).unwrap_err().code, code, "{claims}");
        }
        let unsigned = token(&right).expose().replace("eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJub25lIn0");
        for bad in ["nonsense", &unsigned, token(&right).expose().trim_end_matches("c2ln")] {
            assert_eq!(rules.check(&Secret::new(bad.into())).unwrap_err().code, Code::IdTokenInvalid, "{bad}");
        }
    }
}
