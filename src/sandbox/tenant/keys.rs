//! Owns the tenant's signing key: what it signs, what it takes back, what it publishes. Refuses tokens that another key
//! signed. The key is a public constant of the sandbox and protects nothing.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use ring::{digest, hmac};
use serde_json::{Value, json};

/// The key's identifier in token headers and in the published set.
const KEY_ID: &str = "sandbox-signing-key";

/// The tenant's key pair.
pub(super) struct Keys {
    pair: RsaKeyPair,
}

impl Keys {
    pub(super) fn new() -> Self {
        let text: String = include_str!("signing_key.txt").lines().filter(|line| !line.starts_with('#')).collect();
        let pair = STANDARD.decode(text).ok().and_then(|der| RsaKeyPair::from_pkcs8(&der).ok());
        let Some(pair) = pair else { unreachable!("the key is a constant, and every test of the tenant loads it") };
        Self { pair }
    }

    /// A compact JWT over `claims`, RS256.
    pub(super) fn sign(&self, claims: &Value) -> String {
        let input = signing_input(&json!({"alg": "RS256", "typ": "JWT", "kid": KEY_ID}), claims);
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature);
        if signed.is_err() {
            unreachable!("the buffer has the length of the modulus");
        }
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a JWT that this key signed; nothing is said about their truth today.
    pub(super) fn open(&self, token: &str) -> Option<Value> {
        let (input, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        public.verify(&RSA_PKCS1_2048_8192_SHA256, input.as_bytes(), &signature).ok()?;
        let (header, claims) = input.split_once('.')?;
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        if header["alg"] != "RS256" {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }

    /// What `/.well-known/jwks.json` answers.
    pub(super) fn jwks(&self) -> Value {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(self.pair.public());
        json!({"keys": [{
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID,
            "n": URL_SAFE_NO_PAD.encode(&public.n), "e": URL_SAFE_NO_PAD.encode(&public.e),
        }]})
    }
}

/// A compact JWT over `claims`, HS256: what an application gets that never asked for RS256.
pub(super) fn sign_with_secret(secret: &str, claims: &Value) -> String {
    let input = signing_input(&json!({"alg": "HS256", "typ": "JWT"}), claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// What `/.well-known/openid-configuration` answers at a domain, with the issuer's domain that it names.
pub(super) fn discovery(issuer: &str, domain: &str) -> Value {
    let at = |path: &str| format!("https://{domain}{path}");
    json!({
        "issuer": format!("https://{issuer}/"),
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/oauth/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "scopes_supported": ["openid", "profile", "email"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["HS256", "RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "claims_supported": ["aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name",
            "nickname", "picture", "sub"],
        "request_parameter_supported": false,
    })
}

/// The PKCE challenge (S256) of a verifier.
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
}

/// `length` random letters and digits.
pub(super) fn random(length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = vec![0; length];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        unreachable!("an operating system without randomness runs no TLS either");
    }
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_token_opens_again_and_a_changed_one_does_not() {
        let keys = Keys::new();
        let token = keys.sign(&json!({"sub": "someone"}));
        assert_eq!(keys.open(&token), Some(json!({"sub": "someone"})));
        let (rest, signature) = token.rsplit_once('.').unwrap();
        let forged = URL_SAFE_NO_PAD.encode(r#"{"sub":"another"}"#);
        let header = rest.split_once('.').unwrap().0;
        assert_eq!(keys.open(&format!("{header}.{forged}.{signature}")), None);
        assert_eq!(keys.open("not a token"), None);
    }

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
