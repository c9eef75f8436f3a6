//! Owns how text that a person pastes (an error page, a log line, an address) is matched to codes, by the stable parts
//! of the providers' messages. Refuses to guess: text without such a part matches nothing.

use std::borrow::Cow;
use std::collections::HashSet;

use super::Code::{self, *};
use super::unreachable::{Host, host_in};
use super::{Sign, auth_error, denial, is_denial, numbered, status};
use crate::text::plain_text;

/// The general wordings of Fitbit's and Google's pages whose particular reason is not in the table.
const ONLY_ALONE: &[&str] = &["did not provide valid information to fitbit", "this app's request is invalid"];

/// The codes that pasted text speaks of, in the order of the table; empty when it holds none of the known messages.
///
/// Of a long text its beginning and its end are looked at.
pub fn recognise(original: &str) -> Vec<Code> {
    let plain = normalised(ends_of(original));
    let text = Searched { plain: &plain, words: words(&plain).collect() };
    let means = |sign: &Sign| {
        sign.all.iter().all(|phrase| text.holds(phrase)) && !sign.none.iter().any(|phrase| text.holds(phrase))
    };
    let mut found: Vec<Code> =
        Code::ALL.iter().copied().filter(|code| code.diagnosis().signs.iter().any(means)).collect();
    for error in ["invalid_grant", "feacft"] {
        unless_of_another_grant(error, original, &mut found);
    }
    // Our own names, as in our JSON; `access_denied` is also what providers say for other reasons.
    found.extend(
        Code::ALL.iter().filter(|code| **code != AccessDenied && code.name().contains('_') && text.holds(code.name())),
    );
    refused_by_whom(original, &text, &mut found);
    // Words of its own say more than that a service is in trouble.
    let words = denial::words_of("server_error", original).filter(|words| !denial::is_trouble(words));
    if words.is_some_and(|words| !recognise(&words).contains(&ServiceUnavailable)) {
        found.retain(|code| *code != ServiceUnavailable);
        found.extend(found.is_empty().then_some(UnrecognisedAnswer));
    }
    // What Google says with an error page of its own is no person's Cancel, and about test users only where it says so.
    let told = auth_error::find(original).filter(|error| error.code == "access_denied");
    if let Some(error) = told {
        found.retain(|code| !matches!(code, AccessDenied | LoginBlocked | NotATestUser));
        let about_testing = denial::is_about_testing(error.sentence.as_deref().unwrap_or_default());
        found.push(if about_testing { NotATestUser } else { ProviderRefusedRequest });
    }
    // What a login brought back: the network of the service that sent it, not this machine's.
    if original.contains("error_description=")
        && found.iter().any(|code| matches!(code, NetworkUnreachable | TlsFailed))
    {
        found.retain(|code| !matches!(code, NetworkUnreachable | TlsFailed | LoginBlocked));
        found.push(ServiceUnavailable);
    }
    // A browser names the host that it could not reach, and only this machine's own is the listener.
    if found.contains(&LoopbackUnreachable) && host_in(original) == Host::Other {
        found.retain(|code| *code != LoopbackUnreachable);
        found.push(NetworkUnreachable);
    }
    // A program names it so as well: Node.js, and what is built on it.
    if found.contains(&NetworkUnreachable) && text.holds("econnrefused") && host_in(original) == Host::Loopback {
        found.retain(|code| *code != NetworkUnreachable);
        found.push(LoopbackUnreachable);
    }
    let refuses = || {
        auth_error::find(original).is_some()
            || numbered::find(original).is_some_and(|line| line.code.contains('_'))
            || ONLY_ALONE.iter().any(|phrase| text.holds(phrase))
    };
    if found.is_empty() && refuses() {
        found.push(ProviderRefusedRequest);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The same for what comes back from a login or stands in a tenant's log. What Google shows on a page of its own, from which
/// nobody is sent back, can there only be talked about.
pub fn recognise_returned(text: &str) -> Option<Code> {
    let stays = [
        RedirectUriMismatch,
        OrgInternal,
        NotATestUser,
        DisallowedUseragent,
        GoogleUnverifiedApp,
        ClientDeleted,
        AdminPolicyEnforced,
    ];
    recognise(text).into_iter().find(|code| !stays.contains(code))
}

/// An `access_denied` with words that are no person's is a refusal of the tenant's, unless another row knows the words; a
/// person's words mean the same without the code.
fn refused_by_whom(original: &str, text: &Searched, found: &mut Vec<Code>) {
    let Some(words) = denial::words_of("access_denied", original) else {
        let says_so = text.holds("user has denied") || text.holds("user denied");
        if found.is_empty() && says_so {
            found.push(if is_denial(original) { AccessDenied } else { LoginBlocked });
        }
        return;
    };
    if is_denial(&words) {
        return;
    }
    if words.eq_ignore_ascii_case("unauthorized") {
        // The tenant's token endpoint says so of a Management API client. What comes back from a login is a refusal of the
        // tenant, or Google's word for the secret.
        let is_page = text.holds("oops!, something went wrong");
        if is_page || text.holds("error=access_denied") {
            found.retain(|code| *code != ManagementCredentialsRejected);
            found.extend([ClientSecretRejected, LoginBlocked]);
        }
        return;
    }
    found.retain(|code| !matches!(code, AccessDenied | ManagementCredentialsRejected));
    if found.is_empty() {
        // At the token endpoint nobody has logged in, and an audience is none that a person is refused for.
        let is_no_persons = NO_PERSONS.iter().any(|phrase| text.holds(phrase));
        found.push(if is_no_persons { UnrecognisedAnswer } else { LoginBlocked });
    }
}

/// Who is refused an API is a program, and no person.
const NO_PERSONS: [&str; 5] =
    ["oauth/token", "service not found", "service not enabled", "resource server", "not authorized to access"];

/// A grant that is refused without a word may be a code or a refresh token; words that nobody here knows say that it is something
/// else: a refresh token of Auth0's own, another redirect URI, an assertion.
fn unless_of_another_grant(error: &str, original: &str, found: &mut Vec<Code>) {
    let Some(words) = denial::words_of(error, original).filter(|words| !words.is_empty()) else { return };
    // Google says no more to a code that is not right (seen).
    let is_bad = words.to_lowercase().contains("bad request");
    let told = if words.len() < original.trim().len() { recognise(&words) } else { Vec::new() };
    found.retain(|code| match code {
        CodeRejected => is_bad || told.contains(code),
        RefreshTokenRejected => told.contains(code),
        _ => true,
    });
}

/// The beginning and the end of a text that is longer than both (bytes).
const END: usize = 64 * 1024;

fn ends_of(text: &str) -> Cow<'_, str> {
    if text.len() <= 2 * END {
        return Cow::Borrowed(text);
    }
    let boundary = |at: usize| (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let (head, tail) = (boundary(END), boundary(text.len() - END));
    Cow::Owned(format!("{}\n{}", &text[..head], &text[tail..]))
}

/// The text, what is percent-encoded in it, what is left of it without mark-up, what Google's `authError` says, the line of
/// Google's error page in English, and each status as `http 503`; in lower case and with plain quotes.
fn normalised(text: Cow<str>) -> String {
    // A log may be coloured.
    let text = Cow::from(anstream::adapter::strip_str(&text).to_string());
    let mut parts = vec![text.to_string()];
    if let Some(error) = auth_error::find(&text) {
        // The number that the page shows next to it, where it is not told: access_denied is its 403.
        let number = error.number.unwrap_or(if error.code == "access_denied" { 403 } else { 400 });
        parts.push(format!("Error {number}: {} {}", error.code, error.sentence.unwrap_or_default()));
    }
    if text.contains('%') {
        let decoded = percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned();
        parts.extend([decoded.replace('+', " "), decoded]);
    } else if text.contains('+') {
        parts.push(text.replace('+', " "));
    }
    if text.contains('<') {
        parts.push(plain_text(&text));
    }
    let line = parts.iter().find_map(|part| numbered::find(part));
    parts.extend(line.map(|line| format!("Error {}: {}", line.number, line.code)));
    let mut plain = String::with_capacity(parts.iter().map(String::len).sum());
    for word in parts.iter().flat_map(|part| part.split_whitespace()) {
        for c in word.chars() {
            match c {
                '`' | '*' => {}
                '’' | '‘' => plain.push('\''),
                '“' | '”' => plain.push('"'),
                '‑' | '–' => plain.push('-'),
                c => plain.extend(c.to_lowercase()),
            }
        }
        plain.push(' ');
    }
    plain.push_str(&status::find(&plain).iter().map(|status| format!("http {status} ")).collect::<String>());
    plain.replace("\": \"", "\":\"")
}

/// A text to look for many phrases in.
struct Searched<'a> {
    plain: &'a str,
    words: HashSet<&'a str>,
}

impl Searched<'_> {
    /// Whether a phrase stands in the text as whole words.
    fn holds(&self, phrase: &str) -> bool {
        // Most phrases have a word that is not in the text at all, which is quickly seen.
        if !words(phrase).all(|word| self.words.contains(word)) {
            return false;
        }
        let in_word = |c: Option<char>| c.is_some_and(is_word);
        self.plain.match_indices(phrase).any(|(at, _)| {
            let before = self.plain[..at].chars().next_back();
            let after = self.plain[at + phrase.len()..].chars().next();
            let longer_before = in_word(before) && in_word(phrase.chars().next());
            let longer_after = in_word(after) && in_word(phrase.chars().next_back());
            !longer_before && !longer_after
        })
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests;
