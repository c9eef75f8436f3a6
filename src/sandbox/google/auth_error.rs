//! Owns the refusals of the authorize endpoint: the `authError` parameter and the page that shows it. Refuses to redirect to
//! the app: a refused request never reaches its callback.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::PAGES;
use crate::sandbox::pages::APP;
use crate::sandbox::provider::with_query;
use crate::sandbox::web::{Reply, Request};

/// Why an authorization request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthError {
    /// `redirect_uri_mismatch`, ...
    pub code: String,
    /// The sentence for the person.
    pub sentence: String,
    /// The HTTP number shown next to the code.
    pub number: u16,
}

impl AuthError {
    pub fn new(number: u16, code: &str, sentence: impl Into<String>) -> Self {
        Self { code: code.to_owned(), sentence: sentence.into(), number }
    }

    /// `Error 400: invalid_request` with its sentence.
    pub fn invalid_request(sentence: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", sentence)
    }

    /// The refusal of an account that is not a test user.
    pub fn not_a_test_user() -> Self {
        let sentence = format!(
            "{APP} has not completed the Google verification process. The app is currently being tested, and can only be \
             accessed by developer-approved testers. If you think you should have access, contact the developer."
        );
        Self::new(403, "access_denied", sentence)
    }

    /// The refusal of an account outside the app's organisation.
    pub fn org_internal() -> Self {
        Self::new(403, "org_internal", "This client is restricted to users within its organization.")
    }

    /// The refusal of a browser that is part of an app.
    pub fn disallowed_useragent() -> Self {
        let sentence = "You can't sign in from this screen because this app doesn't comply with Google's secure browsers \
                        policy. If this app has a website, you can open a web browser and try signing in from there.";
        Self::new(403, "disallowed_useragent", sentence)
    }

    /// The refusal of an account whose administrator blocks the app.
    pub fn admin_policy() -> Self {
        let sentence = "Access to your account data is restricted by policies within your organization. Please contact the \
                        administrator of your organization for more information.";
        Self::new(400, "admin_policy_enforced", sentence)
    }

    /// The address of the page that shows it, at the real host.
    pub fn address(&self, client_id: &str) -> String {
        let error = self.encode();
        let parameters = [("authError", error.as_str()), ("flowName", "GeneralOAuthFlow"), ("client_id", client_id)];
        with_query("https://accounts.google.com/signin/oauth/error", &parameters)
    }

    /// The page itself.
    pub fn page(&self) -> Reply {
        let title = match self.code.as_str() {
            "access_denied" => format!("Access blocked: {APP} has not completed the Google verification process"),
            "org_internal" => format!("Access blocked: {APP} can only be used within its organization"),
            "redirect_uri_mismatch" => "Access blocked: This app's request is invalid".to_owned(),
            _ => "Access blocked: Authorization Error".to_owned(),
        };
        let error = format!("Error {}: {}", self.number, self.code);
        PAGES.message(self.number, &title, &[&error, &self.sentence])
    }

    /// A protobuf message in base64 for URLs: field 1 the code, field 2 the sentence, field 4 the number.
    fn encode(&self) -> String {
        let mut bytes = Vec::new();
        for (tag, text) in [(0x0a, &self.code), (0x12, &self.sentence)] {
            bytes.push(tag);
            put_varint(&mut bytes, text.len());
            bytes.extend(text.as_bytes());
        }
        bytes.push(0x20);
        put_varint(&mut bytes, usize::from(self.number));
        URL_SAFE.encode(bytes)
    }

    fn decode(text: &str) -> Option<Self> {
        let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let bytes = GeneralPurpose::new(&base64::alphabet::URL_SAFE, config).decode(text).ok()?;
        let (mut rest, mut found) = (bytes.as_slice(), Self::new(400, "", ""));
        while let Some(tag) = take_varint(&mut rest) {
            let value = take_varint(&mut rest)?;
            match tag {
                0x0a | 0x12 => {
                    let (text, after) = rest.split_at_checked(value)?;
                    let text = String::from_utf8(text.to_vec()).ok()?;
                    if tag == 0x0a {
                        found.code = text
                    } else {
                        found.sentence = text
                    }
                    rest = after;
                }
                0x20 => found.number = u16::try_from(value).ok()?,
                _ => return None,
            }
        }
        (!found.code.is_empty() && (400..600).contains(&found.number)).then_some(found)
    }
}

/// GET `/signin/oauth/error`.
pub fn page(request: &Request) -> Reply {
    let unreadable = || AuthError::invalid_request("The request is malformed.");
    request.param("authError").and_then(AuthError::decode).unwrap_or_else(unreadable).page()
}

fn put_varint(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<usize> {
    let mut value = 0;
    for shift in (0..28).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= usize::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::provider::testing::{get, text};

    const SAMPLE: &str = "Cg5pbnZhbGlkX2NsaWVudBIfVGhlIE9BdXRoIGNsaWVudCB3YXMgbm90IGZvdW5kLiCRAw==";

    #[test]
    fn the_encoder_gives_what_google_gives() {
        let error = AuthError::new(401, "invalid_client", "The OAuth client was not found.");
        assert_eq!(error.encode(), SAMPLE);
        assert_eq!(AuthError::decode(SAMPLE), Some(error.clone()));
        assert_eq!(AuthError::decode(SAMPLE.trim_end_matches('=')), Some(error));
    }

    #[test]
    fn a_long_sentence_survives() {
        let error = AuthError::new(400, "invalid_scope", "x".repeat(700));
        assert_eq!(AuthError::decode(&error.encode()), Some(error));
    }

    #[test]
    fn the_page_shows_the_code_with_its_number_and_escapes_the_rest() {
        let error = AuthError::new(400, "redirect_uri_mismatch", "<script>");
        let reply = page(&get("/signin/oauth/error", &[("authError", &error.encode())]));
        assert_eq!(reply.status, 400);
        assert!(text(&reply).contains("Access blocked: ") && text(&reply).contains("Error 400: redirect_uri_mismatch"));
        assert!(!text(&reply).contains("<script>"));
    }

    #[test]
    fn an_unreadable_parameter_is_a_bad_request() {
        for value in ["", "%%%", "AAAA", "Cg5pbnZhbGlk"] {
            assert_eq!(page(&get("/signin/oauth/error", &[("authError", value)])).status, 400, "{value}");
        }
    }
}
