//! Owns the reading of `authError`, the parameter with which Google's sign-in page is told why it refuses. Refuses to
//! fail: what cannot be read is `None`.
//!
//! The bytes are a small protobuf: field 1 the code, field 2 the sentence shown, field 4 the HTTP number, field 5 pairs of a
//! name and a value. Known from public detectors and from addresses that people met, not from Google's documentation.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// What Google's sign-in page was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthError {
    /// The OAuth code, for example `redirect_uri_mismatch`.
    pub code: String,
    /// The sentence shown to the person, if any.
    pub sentence: Option<String>,
    /// The HTTP number shown next to the code, if any.
    pub number: Option<u64>,
    /// The redirect URI that was refused, if it is told (field 5: a name and its value).
    pub redirect_uri: Option<String>,
}

/// Reads the value of an `authError` parameter, already percent-decoded; padding, the two alphabets, and an end that was cut
/// off behind the code are forgiven.
pub fn decode(value: &str) -> Option<AuthError> {
    let plain: String = value.trim().chars().map(|c| if c == '+' { '-' } else { c }).collect();
    let plain = plain.replace('/', "_");
    let mut letters = plain.trim_end_matches('=').as_bytes();
    // One letter more than whole bytes need is the beginning of one that was cut off.
    if letters.len() % 4 == 1 {
        letters = letters.split_last()?.1;
    }
    read(&URL_SAFE.decode(letters).ok()?)
}

/// Finds `authError=` in an address or in text around one, and reads it.
pub fn find(text: &str) -> Option<AuthError> {
    let at = text.find("authError=")? + "authError=".len();
    let value: String = text[at..]
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '%' | '=' | '+'))
        .collect();
    decode(&percent_encoding::percent_decode_str(&value).decode_utf8_lossy())
}

fn read(mut bytes: &[u8]) -> Option<AuthError> {
    let mut error = AuthError { code: String::new(), sentence: None, number: None, redirect_uri: None };
    // What was read before the end that is missing stays.
    while field(&mut bytes, &mut error).is_some() {}
    let is_code = !error.code.is_empty() && error.code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_code.then_some(error)
}

/// The next field; none where there is no whole one.
fn field(bytes: &mut &[u8], error: &mut AuthError) -> Option<()> {
    let key = varint(bytes)?;
    match (key >> 3, key & 7) {
        (4, 0) => error.number = Some(varint(bytes)?),
        (_, 0) => _ = varint(bytes)?,
        (field, 2) => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            let text = take(bytes, length)?;
            match field {
                1 => error.code = std::str::from_utf8(text).ok()?.to_owned(),
                2 => error.sentence = Some(String::from_utf8_lossy(text).into_owned()),
                5 => error.redirect_uri = error.redirect_uri.take().or_else(|| redirect_uri(text)),
                _ => {}
            }
        }
        (_, 1) => _ = take(bytes, 8)?,
        (_, 5) => _ = take(bytes, 4)?,
        _ => return None,
    }
    Some(())
}

/// The value of a pair whose name is `redirect_uri`.
fn redirect_uri(mut pair: &[u8]) -> Option<String> {
    let (mut name, mut value) = (&b""[..], &b""[..]);
    while !pair.is_empty() {
        let key = varint(&mut pair)?;
        let length = usize::try_from(varint(&mut pair)?).ok()?;
        let text = take(&mut pair, length)?;
        match (key >> 3, key & 7) {
            (1, 2) => name = text,
            (2, 2) => value = text,
            (_, 2) => {}
            _ => return None,
        }
    }
    (name == b"redirect_uri").then(|| String::from_utf8_lossy(value).into_owned())
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(length)?;
    *bytes = tail;
    Some(head)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *take(bytes, 1)?.first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "Cg5pbnZhbGlkX2NsaWVudBIfVGhlIE9BdXRoIGNsaWVudCB3YXMgbm90IGZvdW5kLiCRAw==";

    fn expected() -> AuthError {
        AuthError {
            code: "invalid_client".into(),
            sentence: Some("The OAuth client was not found.".into()),
            number: Some(401),
            redirect_uri: None,
        }
    }

    #[test]
    fn the_public_sample_is_read_with_and_without_padding() {
        assert_eq!(decode(SAMPLE), Some(expected()));
        assert_eq!(decode(SAMPLE.trim_end_matches('=')), Some(expected()));
    }

    #[test]
    fn of_an_address_that_was_cut_off_the_code_is_read() {
        for length in 24..40 {
            let code = decode(&SAMPLE[..length]).unwrap().code;
            assert_eq!(code, "invalid_client", "{length}");
        }
        assert_eq!(find(&format!("?authError={}…", &SAMPLE[..30])).unwrap().sentence, None);
    }

    #[test]
    fn it_is_found_in_an_address_with_its_padding_encoded() {
        let address = format!(
            "https://accounts.google.com/signin/oauth/error?authError={}&flowName=GeneralOAuthFlow",
            SAMPLE.replace('=', "%3D")
        );
        assert_eq!(find(&address), Some(expected()));
        assert_eq!(find("https://accounts.google.com/signin/oauth/error?flowName=x"), None);
    }

    #[test]
    fn garbage_never_panics_and_is_nothing() {
        for garbage in
            ["", "=", "%%%", "////", "CgA", "Cg5pbnZhbGlk", "______________", "gICAgICAgICAgICA", "äöü", "abcä"]
        {
            assert_eq!(decode(garbage), None, "{garbage}");
        }
        for cut in 0..SAMPLE.len() {
            drop(decode(&SAMPLE[..cut]));
            drop(decode(&SAMPLE[cut..]));
        }
        let mut seed = 7u32;
        for length in 0..64 {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    seed.to_be_bytes()[0]
                })
                .collect();
            drop(read(&bytes));
        }
    }

    #[test]
    fn fields_that_are_not_known_are_passed_over() {
        let bytes = [0x0a, 1, b'x', 0x18, 5, 0x2a, 2, b'h', b'i', 0x31, 1, 2, 3, 4, 5, 6, 7, 8, 0x3d, 1, 2, 3, 4];
        assert_eq!(
            read(&bytes),
            Some(AuthError { code: "x".into(), sentence: None, number: None, redirect_uri: None })
        );
    }
}
