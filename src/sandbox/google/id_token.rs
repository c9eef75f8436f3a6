//! Owns the simulated Google's ID tokens: claims, RS256 signature, published key. Refuses claims whose scope was not granted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use super::userinfo::about;
use super::{Grant, ISSUER};
use crate::sandbox::facts::{GOOGLE_CLIENT_ID, Setup};
use crate::sandbox::faults::Fault;
use crate::sandbox::provider::{base64url, jwt_part, now};

/// A public private key: it signs nothing outside the sandbox and protects nothing.
const KEY: &str = include_str!("signing-key.txt");
const KEY_ID: &str = "sandbox-1";

/// The claims for a grant, wrong on purpose where a fault says so.
pub fn claims(grant: &Grant, access_token: &str, setup: &Setup) -> Value {
    let mut claims = about(grant);
    let audience =
        if setup.has(Fault::BadAudience) { "another-client.apps.googleusercontent.com" } else { GOOGLE_CLIENT_ID };
    let hash = digest(&SHA256, access_token.as_bytes());
    claims["iss"] = json!(ISSUER);
    claims["azp"] = json!(audience);
    claims["aud"] = json!(audience);
    claims["at_hash"] = json!(base64url(&hash.as_ref()[..16]));
    claims["iat"] = json!(now());
    claims["exp"] = json!(now() + 3600);
    if setup.has(Fault::BadNonce) {
        claims["nonce"] = json!("a-nonce-nobody-sent");
    } else if let Some(nonce) = &grant.nonce {
        claims["nonce"] = json!(nonce);
    }
    claims
}

/// A signed JWT; none only if the constant key were broken, which a test rules out.
pub fn sign(claims: &Value) -> Option<String> {
    let key = key()?;
    let header = json!({ "alg": "RS256", "kid": KEY_ID, "typ": "JWT" });
    let signed = format!("{}.{}", jwt_part(&header), jwt_part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
    Some(format!("{signed}.{}", base64url(&signature)))
}

/// The JWKS document.
pub fn certs() -> Value {
    let keys: Vec<Value> = key()
        .map(|key| PublicKeyComponents::<Vec<u8>>::from(key.public()))
        .map(|public| {
            let (n, e) = (base64url(&public.n), base64url(&public.e));
            json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID, "n": n, "e": e })
        })
        .into_iter()
        .collect();
    json!({ "keys": keys })
}

fn key() -> Option<RsaKeyPair> {
    let text: String = KEY.lines().filter(|line| !line.starts_with('#')).collect();
    RsaKeyPair::from_der(&STANDARD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_signed_token_verifies_with_the_published_key() {
        let token = sign(&json!({ "sub": "1" })).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(signature).unwrap();
        let public = PublicKeyComponents::<Vec<u8>>::from(key().unwrap().public());
        public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).unwrap();
        let raw = key().unwrap().public().as_ref().to_vec();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, raw).verify(signed.as_bytes(), &signature).unwrap();
        assert_eq!(certs()["keys"][0]["kid"], KEY_ID);
    }
}
