//! Owns the reading of the tenant's log: what an entry says about a login, in the table's words where it can be named.
//!
//! Entries hold names, addresses of people and the whole authorization request: nothing of that is kept.

use serde_json::Value;

use crate::diagnosis::{Code, is_denial, recognise, recognise_returned};
use crate::text::said;

/// As much of an entry as tells why a login ended as it did (auth0/auth0-log-schemas).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, as the tenant writes it.
    pub date: String,
    /// `s`, `f`, `feacft`, ...
    kind: String,
    /// The connection that the login went through, where it says so.
    connection: String,
    /// The tenant's words, safe to print.
    words: String,
    /// The HTTP status that the provider answered.
    status: Option<u64>,
    /// The provider's own error code.
    error: String,
    /// The error that the application was sent, as OAuth names it.
    oauth_error: String,
}

impl Entry {
    /// Reads one entry; what is missing stays empty.
    pub fn read(entry: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let error = &entry["details"]["error"];
        let payload = &error["payload"];
        let mut words: Vec<String> = Vec::new();
        for part in [&entry["description"], &error["message"], &payload["message"]] {
            let part = said(part.as_str().unwrap_or_default());
            let known = |before: &String| before.to_lowercase().contains(&part.to_lowercase());
            if !part.is_empty() && !words.iter().any(known) {
                words.push(part);
            }
        }
        let words = words.join("; ");
        let told = || payload["status"].as_str()?.parse().ok();
        let status = payload["status"].as_u64().or_else(told).or_else(|| status_in(&words));
        Self {
            date: said(&text(&entry["date"])),
            kind: text(&entry["type"]),
            connection: text(&entry["connection"]),
            words,
            status,
            error: text(&payload["code"]),
            oauth_error: text(&error["oauthError"]),
        }
    }

    /// Whether it may be about a login through this connection: not every entry says so.
    pub fn may_be_of(&self, connection: &str) -> bool {
        self.connection.is_empty() || self.connection == connection
    }

    /// Whether somebody was logged in (log event type `s`).
    pub fn is_success(&self) -> bool {
        self.kind == "s"
    }

    /// Whether a login or an exchange failed: `f`, `feacft`, ... (log event type codes).
    pub fn is_failure(&self) -> bool {
        self.kind == "f" || self.kind.starts_with("fe") || self.kind == "api_limit"
    }

    /// What the tenant says, with what the provider answered; safe to print.
    pub fn said(&self) -> String {
        let answered = match (self.status, self.did_not_get_there()) {
            (Some(status), false) if status > 0 => format!(" (the provider answered {status} {})", said(&self.error)),
            _ if !self.error.is_empty() => format!(" ({})", said(&self.error)),
            _ => String::new(),
        };
        format!("{}{}", self.words, answered.replace(" )", ")"))
    }

    /// The diagnosis, when the entry tells more than that something failed.
    pub fn code(&self) -> Option<Code> {
        let by_status = of_status(self.status);
        match (self.answered(), self.kind.as_str()) {
            // Whatever else it says, it is gone.
            _ if by_status == Some(Code::ProviderShutDown) => by_status,
            ("invalid_grant", _) => Some(Code::CodeRejected),
            // The exchange at the tenant itself; without a word more it is the code.
            (_, "feacft") if self.words.is_empty() => Some(Code::CodeRejected),
            ("invalid_client", _) => Some(Code::ClientSecretRejected),
            ("deleted_client", _) => Some(Code::ClientDeleted),
            ("redirect_uri_mismatch", _) => Some(Code::RedirectUriMismatch),
            ("invalid_token" | "expired_token", _) => Some(Code::AccessTokenRejected),
            ("insufficient_scope", _) => Some(Code::IdentityScopeNotGranted),
            (_, "api_limit") => Some(Code::RateLimited),
            _ if by_status.is_some() => by_status,
            // The network of the tenant, not this machine's.
            _ if self.did_not_get_there() => Some(Code::ServiceUnavailable),
            ("login_required" | "consent_required" | "interaction_required", _) => Some(Code::LoginRequired),
            // What Auth0 itself says is known by its words; that the secret is refused it says whatever the reason is.
            _ if self.names_another_reason() => recognise_returned(&self.words)
                .filter(|code| !matches!(code, Code::ClientSecretRejected | Code::ClientIdUnknown)),
            (_, "feacft") => recognise_returned(&self.words),
            _ => match recognise_returned(&self.words) {
                // The person has been at the authorize page, which knows the ID: it is the pair that is refused.
                Some(Code::ClientIdUnknown) => Some(Code::ClientSecretRejected),
                // A token endpoint refuses a client so (RFC 6749, 5.2).
                None if self.status == Some(401) => Some(Code::ClientSecretRejected),
                found => found.or_else(|| self.refused()),
            },
        }
    }

    /// All that the entry may mean to somebody who has nothing but it: of a login or an exchange as [`Self::code`] has it.
    pub fn codes(&self) -> Vec<Code> {
        match self.kind.as_str() {
            // A bare word is an Action's, or the provider's for a wrong secret.
            "f" if self.is_bare() && self.code() == Some(Code::LoginBlocked) => {
                vec![Code::ClientSecretRejected, Code::LoginBlocked]
            }
            // The secret of the application, whose exchange it was.
            "feacft" if self.is_bare() && self.code().is_none() => vec![Code::ApplicationConfidential],
            "f" | "feacft" => {
                let unknown = || self.has_another_answer().then_some(Code::UnrecognisedAnswer);
                self.code().or_else(unknown).into_iter().collect()
            }
            // That a Management API client got no token, and why: the words tell more than the type.
            "feccft" => recognise(&self.said()).into_iter().take(1).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the tenant could not reach what its connection names: its words say so, or the error of its system
    /// (`ENOTFOUND`, `UNABLE_TO_VERIFY_LEAF_SIGNATURE`), which no protocol knows.
    pub fn did_not_get_there(&self) -> bool {
        let is_of_the_system = self.error.len() > 3
            && self.error.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        is_of_the_system
            || recognise(&self.words).iter().any(|code| matches!(code, Code::NetworkUnreachable | Code::TlsFailed))
    }

    /// The error that the provider answered, by its name: Auth0 has it in one of two places, and in the second also its own.
    fn answered(&self) -> &str {
        const OF_AUTH0: [&str; 4] = ["access_denied", "unauthorized", "server_error", "temporarily_unavailable"];
        // It may come with words: `invalid_client: Unauthorized`.
        let name = self.oauth_error.split(':').next().unwrap_or_default().trim();
        match self.error.as_str() {
            "" if !OF_AUTH0.contains(&name) => name,
            error => error,
        }
    }

    /// Whether the words say no more than that the provider gave no token.
    pub fn is_bare(&self) -> bool {
        let lower = self.words.to_lowercase();
        lower.split([';', ':']).all(|part| {
            matches!(part.trim().trim_end_matches('.'), "" | "failed to obtain access token" | "unauthorized")
        })
    }

    /// Whether the entry tells what the provider answered, and it is no refused client: an error of another name, or a status that
    /// a token endpoint does not refuse a client with (RFC 6749, 5.2: 400 or 401).
    pub fn names_another_reason(&self) -> bool {
        !matches!(self.answered(), "" | "invalid_client") || self.has_another_answer()
    }

    /// The same by the provider's answer alone: what Auth0 calls an error of its own is told by its words.
    pub fn has_another_answer(&self) -> bool {
        !matches!(self.error.as_str(), "" | "invalid_client")
            || self.status.is_some_and(|status| !matches!(status, 0 | 200 | 400 | 401))
    }

    /// Who refused, in the words of a person, of a tenant or of a service in trouble.
    fn refused(&self) -> Option<Code> {
        let lower = self.words.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        match self.oauth_error.as_str() {
            "access_denied" if is_denial(&lower) => Some(Code::AccessDenied),
            "access_denied" | "unauthorized" => Some(Code::LoginBlocked),
            "temporarily_unavailable" => Some(Code::ServiceUnavailable),
            _ if says(&["server error", "bad gateway", "service unavailable", "temporarily unavailable"]) => {
                Some(Code::ServiceUnavailable)
            }
            _ if !lower.is_empty() && is_denial(&lower) => Some(Code::AccessDenied),
            _ if says(&["blocked", "denied", "not allowed to log in", "unauthorized"]) => Some(Code::LoginBlocked),
            _ => None,
        }
    }
}

/// What the status alone tells that a provider answered to the tenant.
pub fn of_status(status: Option<u64>) -> Option<Code> {
    Some(match status? {
        410 => Code::ProviderShutDown,
        429 => Code::RateLimited,
        500.. => Code::ServiceUnavailable,
        _ => return None,
    })
}

/// The status that a tenant's words name: `failed to fetch user profile (status: 503 data: )`.
pub fn status_in(words: &str) -> Option<u64> {
    let (_, after) = words.split_once("status: ")?;
    after.get(..3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn failed(status: u16, code: &str) -> Entry {
        Entry::read(&json!({
            "date": "2026-11-25T10:00:00.000Z", "type": "f", "description": "failed to obtain access token",
            "user_name": "ada@example.com",
            "details": { "error": { "message": "Failed to obtain access token", "payload": { "status": status, "code": code } } },
        }))
    }

    #[test]
    fn the_status_is_read_from_the_words_where_it_stands_there() {
        let entry = |words: &str| Entry::read(&json!({ "type": "f", "description": words }));
        for (words, code) in [
            ("failed to fetch user profile (status: 410 data: )", Some(Code::ProviderShutDown)),
            ("failed to fetch user profile (status: 503 data: )", Some(Code::ServiceUnavailable)),
            ("Failed to obtain access token (status: 429)", Some(Code::RateLimited)),
        ] {
            assert_eq!(entry(words).code(), code, "{words}");
        }
        assert_eq!(entry("failed (status: 410)").code(), Some(Code::ProviderShutDown));
        assert_eq!(status_in("status: soon"), None);
    }

    #[test]
    fn what_the_provider_answered_to_the_tenant_names_the_reason() {
        for (status, code, named) in [
            (401, "invalid_client", Code::ClientSecretRejected),
            (401, "", Code::ClientSecretRejected),
            (401, "invalid_token", Code::AccessTokenRejected),
            (403, "insufficient_scope", Code::IdentityScopeNotGranted),
            (400, "invalid_grant", Code::CodeRejected),
            (410, "", Code::ProviderShutDown),
            (429, "", Code::RateLimited),
            (503, "", Code::ServiceUnavailable),
        ] {
            let entry = failed(status, code);
            assert!(entry.is_failure() && !entry.is_success());
            assert_eq!(entry.code(), Some(named), "{entry:?}");
            assert!(entry.said().contains(&status.to_string()) && !entry.said().contains("ada@"), "{}", entry.said());
        }
    }

    #[test]
    fn an_answer_that_refuses_no_client_is_not_told_as_a_refused_secret() {
        for (status, code, named) in [
            (404, "", None),
            (403, "", None),
            (407, "", None),
            (403, "org_internal", None),
            (400, "etwas_neues", None),
            (400, "invalid_request", None),
            (0, "ENOTFOUND", Some(Code::ServiceUnavailable)),
            (0, "UNABLE_TO_VERIFY_LEAF_SIGNATURE", Some(Code::ServiceUnavailable)),
            (0, "", Some(Code::ClientSecretRejected)),
        ] {
            let entry = failed(status, code);
            assert_eq!(entry.code(), named, "{entry:?}");
            assert_eq!(entry.names_another_reason(), !matches!((status, code), (0, "")), "{entry:?}");
            assert!(status > 0 || !entry.said().contains("answered 0"), "{}", entry.said());
        }
        let exchange = |words: &str| Entry::read(&json!({ "type": "feacft", "description": words })).code();
        assert_eq!(exchange(""), Some(Code::CodeRejected));
        assert_eq!(exchange("Invalid authorization code"), Some(Code::CodeRejected));
        assert_eq!(exchange("Too many requests"), Some(Code::RateLimited));
        assert_eq!(exchange("Unauthorized"), None);
        assert_eq!(exchange("Unauthorized; The redirect URI is wrong."), None);
    }

    #[test]
    fn who_refused_is_told_by_the_words() {
        let entry = |oauth_error: &str, description: &str| {
            Entry::read(&json!({
                "type": "f", "description": description,
                "details": { "error": { "oauthError": oauth_error, "message": description } },
            }))
        };
        for (oauth_error, description, named) in [
            ("unauthorized", "user is blocked", Code::LoginBlocked),
            ("", "User is blocked", Code::LoginBlocked),
            ("access_denied", "Sorry, only staff may come in", Code::LoginBlocked),
            ("", "Access to this application has been denied by an Action", Code::LoginBlocked),
            ("", "user denied by rule", Code::LoginBlocked),
            ("access_denied", "The user has denied your application access", Code::AccessDenied),
            ("", "The user did not consent", Code::AccessDenied),
            ("temporarily_unavailable", "Try again", Code::ServiceUnavailable),
            ("access_denied", "The user denied the terms", Code::LoginBlocked),
            ("", "Internal Server Error", Code::ServiceUnavailable),
        ] {
            let code = entry(oauth_error, description).code();
            assert_eq!(code, Some(named), "{oauth_error} {description}");
        }
        assert_eq!(entry("server_error", "Something went wrong").code(), None);
        assert_eq!(failed(410, "").code(), Some(Code::ProviderShutDown));
        assert_eq!(failed(401, "deleted_client").code(), Some(Code::ClientDeleted));
    }

    #[test]
    fn what_the_tenant_could_not_reach_is_not_told_as_this_machines_network() {
        for words in [
            "getaddrinfo ENOTFOUND oauth2.googleapi.com",
            "connect ECONNREFUSED 203.0.113.1:443",
            "unable to get local issuer certificate",
        ] {
            let entry =
                Entry::read(&json!({ "type": "f", "description": format!("failed to obtain access token: {words}") }));
            assert_eq!(entry.code(), Some(Code::ServiceUnavailable), "{words}");
            assert!(entry.did_not_get_there());
        }
        assert!(!failed(503, "").did_not_get_there());
    }

    #[test]
    fn an_entry_that_says_nothing_is_nothing() {
        for empty in [json!(null), json!({}), json!({"type": "f"}), json!({"type": 7, "details": []})] {
            assert_eq!(Entry::read(&empty).code(), None);
        }
        let script =
            json!({"type": "f", "details": {"error": {"message": "fetchUserProfile: ACCOUNT_NOT_LINKED: no"}}});
        assert_eq!(Entry::read(&script).code(), Some(Code::AccountNotLinked));
    }

    #[test]
    fn a_token_in_an_entry_is_taken_out() {
        let entry = json!({"type": "f", "description": "Refresh token invalid: 0123456789abcdef0123"});
        assert!(!Entry::read(&entry).said().contains("0123456789"), "{}", Entry::read(&entry).said());
    }
}
