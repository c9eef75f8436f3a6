//! Owns the calls to the Management API: the scopes its token carries, paging, pacing.
//!
//! Refuses to send a second call before the tenant's plan allows it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::logs::Entry;
pub use super::refusal::{allow, may_be_done};
use super::refusal::{missing_scope, refusal, shape};
use super::token::{client_credentials, look_at};
use super::wire::{self, Application, Connection, CustomDomain, EnabledClient, is_client_id, page, read, read_all};
use crate::diagnosis::{Code, Failure};
use crate::http::{Body, Call, Http, TO_CLEAN_UP, TO_FINISH};
use crate::ids::Domain;
use crate::secret::Secret;

/// At most this many applications in one PATCH (Auth0 OpenAPI, `UpdateEnabledClientConnectionsRequestContent`).
const CLIENTS_A_CALL: usize = 50;

/// A whole list takes no longer: 100 pages and more at the pace of a free plan.
const LONGEST_LIST: Duration = Duration::from_secs(120);
/// A whole list is not larger (bytes): far more than any plan allows entries for.
const LARGEST_LIST: usize = 32 * 1024 * 1024;
/// So many applications are asked for by themselves where a list does not have them.
const LOOKED_UP: usize = 20;

/// How to get at the Management API.
pub enum Login {
    /// A token from elsewhere.
    Token(Secret),
    /// A machine-to-machine application.
    Client {
        /// Its client ID.
        id: String,
        /// Its secret.
        secret: Secret,
    },
}

/// A session at one tenant's Management API.
pub struct Management<'a> {
    http: &'a Http,
    domain: Domain,
    token: Secret,
    scopes: Option<BTreeSet<String>>,
    not_before: Cell<Option<Instant>>,
    now: Cell<Option<Timestamp>>,
    asked_to_wait: Cell<Option<Duration>>,
}

impl<'a> Management<'a> {
    /// Gets a token, or looks at the one given.
    ///
    /// # Errors
    /// `management_*` codes, `tenant_not_found`, or a network failure.
    pub fn sign_in(http: &'a Http, domain: &Domain, login: &Login) -> Result<Self, Failure> {
        let (token, scopes) = match login {
            Login::Token(token) => (Secret::new(token.expose().to_owned()), look_at(token, http, domain)?),
            Login::Client { id, secret } => client_credentials(http, domain, id, secret)?,
        };
        Ok(Self {
            http,
            domain: domain.clone(),
            token,
            scopes,
            not_before: Cell::new(None),
            now: Cell::new(None),
            asked_to_wait: Cell::new(None),
        })
    }

    /// Which of these scopes the token lacks; none when the token does not tell.
    pub fn lacks(&self, wanted: &[&'static str]) -> Vec<&'static str> {
        match &self.scopes {
            Some(scopes) => wanted.iter().copied().filter(|scope| !scopes.contains(*scope)).collect(),
            None => Vec::new(),
        }
    }

    /// Whether the token is known to have a scope, or does not tell.
    pub fn may(&self, scope: &'static str) -> bool {
        self.lacks(&[scope]).is_empty()
    }

    /// Refuses to go on when a scope is missing.
    ///
    /// # Errors
    /// `missing_scope`, naming every one that is missing.
    pub fn require(&self, wanted: &[&'static str]) -> Result<(), Failure> {
        let missing = self.lacks(wanted);
        if missing.is_empty() { Ok(()) } else { Err(missing_scope(&missing.join(" "))) }
    }

    /// The custom domains that are ready.
    ///
    /// # Errors
    /// As for every call.
    pub fn custom_domains(&self) -> Result<Vec<String>, Failure> {
        let answer = self.call(Method::GET, "custom-domains", &[], None)?;
        let page = page(&answer, "custom_domains")?;
        let domains: Vec<CustomDomain> = read_all(page.entries)?;
        Ok(domains.into_iter().filter(|d| d.status == "ready").map(|d| d.domain).collect())
    }

    /// The connections with a name (at most one) or of a strategy.
    ///
    /// # Errors
    /// As for every call.
    pub fn connections(&self, key: &'static str, value: &str) -> Result<Vec<Connection>, Failure> {
        let answer = self.call(Method::GET, "connections", &[(key, value)], None)?;
        read_all(page(&answer, "connections")?.entries)
    }

    /// When the last call was answered, by the clock of the tenant, in whole seconds; none where it does not say.
    pub fn now(&self) -> Option<Timestamp> {
        self.now.get()
    }

    /// Waits after a call that may have been carried out although it failed, before it is looked up and asked for once more;
    /// whether it may be asked for then.
    ///
    /// # Errors
    /// `cancelled`.
    pub fn rest_before_again(&self) -> Result<bool, Failure> {
        self.http.rest_before_again(self.asked_to_wait.take())
    }

    /// One connection.
    ///
    /// # Errors
    /// `connection_not_found`, or as for every call.
    pub fn connection(&self, id: &str) -> Result<Connection, Failure> {
        read(self.call(Method::GET, &format!("connections/{}", segment(id)), &[], None)?)
    }

    /// The connection that a list, or an answer, has under an id: what is then changed under that id is that one.
    ///
    /// # Errors
    /// `unrecognised_answer` when the tenant has another one there, `connection_not_found`, or as for every call.
    pub fn connection_named(&self, id: &str, name: &str, strategy: &str) -> Result<Connection, Failure> {
        let now = self.connection(id)?;
        if now.name == name && now.strategy == strategy {
            return Ok(now);
        }
        let message = format!(
            "the tenant names {id} as the connection {name} ({strategy}), and has {} ({}) under that id, which was left alone",
            now.name, now.strategy
        );
        Err(Failure::new(Code::UnrecognisedAnswer, message))
    }

    /// Creates a connection.
    ///
    /// # Errors
    /// `connection_name_taken`, `entity_limit_reached`, or as for every call.
    pub fn create_connection(&self, body: Value) -> Result<Connection, Failure> {
        read(self.call(Method::POST, "connections", &[], Some(body))?)
    }

    /// Changes a connection; `options` is replaced whole.
    ///
    /// # Errors
    /// As for every call.
    pub fn update_connection(&self, id: &str, body: Value) -> Result<(), Failure> {
        self.call(Method::PATCH, &format!("connections/{}", segment(id)), &[], Some(body)).map(drop)
    }

    /// Deletes a connection; whether it is gone already: Auth0 may go on deleting after it has answered (202).
    ///
    /// # Errors
    /// As for every call.
    pub fn delete_connection(&self, id: &str) -> Result<bool, Failure> {
        match self.call(Method::DELETE, &format!("connections/{}", segment(id)), &[], None)? {
            Value::Null => Ok(true),
            body if body.get("deleted_at").is_some() => Ok(false),
            _ => Err(shape("neither nothing nor when it was deleted")),
        }
    }

    /// The applications a connection is enabled for.
    ///
    /// # Errors
    /// As for every call.
    pub fn enabled_clients(&self, id: &str) -> Result<BTreeSet<String>, Failure> {
        let entries = self.pages(&format!("connections/{}/clients", segment(id)), "clients", &[("take", "1000")])?;
        let clients: Vec<EnabledClient> = read_all(entries)?;
        Ok(clients.into_iter().filter(|c| c.status != Some(false)).map(|c| c.client_id).collect())
    }

    /// Enables a connection for applications, 50 a call; the others stay as they are.
    ///
    /// # Errors
    /// As for every call; then some calls may have succeeded, which the next run finds out by looking.
    pub fn enable(&self, id: &str, clients: &[String]) -> Result<(), Failure> {
        for some in clients.chunks(CLIENTS_A_CALL) {
            let body = some.iter().map(|client| json!({ "client_id": client, "status": true })).collect();
            self.call(Method::PATCH, &format!("connections/{}/clients", segment(id)), &[], Some(body))?;
        }
        Ok(())
    }

    /// All applications but the global one, by checkpoint paging, which alone reaches beyond 1,000; of the expected ones (client
    /// IDs) each that the list does not have is asked for by itself.
    ///
    /// # Errors
    /// As for every call.
    pub fn applications(&self, expected: &[String]) -> Result<Vec<Application>, Failure> {
        let mut fields = vec!["client_id", "name", "description", "app_type"];
        if self.may("read:clients") {
            fields.extend(["callbacks", "token_endpoint_auth_method"]);
        }
        let fields = fields.join(",");
        let of_one = [("fields", fields.as_str()), ("include_fields", "true")];
        let query = [&[("take", "100"), ("is_global", "false")], &of_one[..]].concat();
        let mut applications: Vec<Application> = read_all(self.pages("clients", "clients", &query)?)?;
        for id in expected.iter().filter(|id| is_client_id(id)).take(LOOKED_UP) {
            if applications.iter().any(|application| application.client_id == *id) {
                continue;
            }
            let found = self.call(Method::GET, &format!("clients/{}", segment(id)), &of_one, None).and_then(read);
            // Not there, as the list says, or not to be had either way.
            applications.extend(found.ok().filter(|found: &Application| found.client_id == *id));
        }
        // One that never had any is listed without: where they are shown at all, there are none.
        let shows = self.scopes.is_some() && self.may("read:clients");
        let with_callbacks = |mut application: Application| {
            application.callbacks = application.callbacks.or(shows.then(Vec::new));
            application
        };
        Ok(applications.into_iter().filter(|application| !application.global).map(with_callbacks).collect())
    }

    /// Creates an application.
    ///
    /// # Errors
    /// `entity_limit_reached`, or as for every call.
    pub fn create_application(&self, body: Value) -> Result<Application, Failure> {
        self.http.go_on()?;
        // Who does not wait for the answer does not know what to remove.
        read(self.http.also_after_ctrl_c(TO_FINISH, || self.call(Method::POST, "clients", &[], Some(body)))?)
    }

    /// Looks for an application, also to clean up after Ctrl-C.
    ///
    /// # Errors
    /// As for every call.
    pub fn find_application(&self, is_it: impl Fn(&Application) -> bool) -> Result<Option<Application>, Failure> {
        let all = self.http.also_after_ctrl_c(TO_CLEAN_UP, || self.applications(&[]))?;
        Ok(all.into_iter().find(is_it))
    }

    /// Changes an application.
    ///
    /// # Errors
    /// As for every call.
    pub fn update_application(&self, id: &str, body: Value) -> Result<(), Failure> {
        self.call(Method::PATCH, &format!("clients/{}", segment(id)), &[], Some(body)).map(drop)
    }

    /// Deletes an application, also to clean up after Ctrl-C; one that is gone already is no failure.
    ///
    /// # Errors
    /// As for every call.
    pub fn delete_application(&self, id: &str) -> Result<(), Failure> {
        let path = format!("clients/{}", segment(id));
        match self.http.also_after_ctrl_c(TO_CLEAN_UP, || self.call(Method::DELETE, &path, &[], None)) {
            Err(failure) if failure.code == Code::ApplicationGone => Ok(()),
            other => other.map(drop),
        }
    }

    /// A person's profile, without the tokens.
    ///
    /// # Errors
    /// As for every call.
    pub fn user(&self, id: &str) -> Result<Value, Failure> {
        self.call(Method::GET, &format!("users/{}", segment(id)), &[], None)
    }

    /// The newest entries of the tenant's log that are about an application, newest first.
    ///
    /// # Errors
    /// As for every call.
    pub fn logs(&self, client_id: &str) -> Result<Vec<Entry>, Failure> {
        let about = format!("client_id:\"{client_id}\"");
        let query = [("q", about.as_str()), ("sort", "date:-1"), ("page", "0"), ("per_page", "10")];
        let entries = page(&self.call(Method::GET, "logs", &query, None)?, "logs")?.entries;
        // A tenant whose search did not take the question would answer with the logins of others.
        let is_its = |entry: &&Value| entry["client_id"].as_str().is_none_or(|id| id == client_id);
        Ok(entries.iter().filter(is_its).map(Entry::read).collect())
    }

    fn pages(&self, path: &str, member: &str, query: &[(&str, &str)]) -> Result<Vec<Value>, Failure> {
        let mut entries = Vec::new();
        let (mut seen, mut from) = (BTreeSet::new(), None::<String>);
        let (until, mut read) = (Instant::now() + LONGEST_LIST, 0);
        while read <= LARGEST_LIST {
            if Instant::now() > until {
                let message = format!(
                    "{} did not give the whole list of {member} within {} s",
                    self.domain,
                    LONGEST_LIST.as_secs()
                );
                return Err(Failure::new(Code::TimedOut, message));
            }
            let mut query = query.to_vec();
            if let Some(from) = &from {
                query.push(("from", from));
            }
            let page = self.call(Method::GET, path, &query, None)?;
            read += page.to_string().len();
            let page = wire::page(&page, member)?;
            // With a token that is new each time it would go on for ever.
            let is_again = !page.entries.is_empty() && entries.ends_with(&page.entries);
            entries.extend(page.entries);
            match page.next {
                Some(_) if is_again => break,
                None => match page.total {
                    // What stands in the service's place gave one page of its own: what is not in it may be there all the same.
                    Some(total) if total > entries.len() as u64 => {
                        return Err(shape(&format!("{} of {total} {member}, and no way to the rest", entries.len())));
                    }
                    _ => return Ok(entries),
                },
                Some(next) if !seen.insert(next.clone()) => break,
                next => from = next,
            }
        }
        Err(shape("a list that does not end"))
    }

    fn call(&self, method: Method, path: &str, query: &[(&str, &str)], body: Option<Value>) -> Result<Value, Failure> {
        if let Some(when) = self.not_before.take() {
            self.http.rest(when.saturating_duration_since(Instant::now()))?;
        }
        let mut url = address(&self.domain, &format!("/api/v2/{path}"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        // To enable or to remove an application, or to give it the same callbacks, comes to the same the second time.
        let absolute = path.starts_with("clients/") || path.ends_with("/clients");
        let repeatable = method == Method::GET || (method != Method::POST && absolute);
        let call = Call {
            method: method.clone(),
            url,
            authorization: crate::http::Authorization::None,
            body: body.map_or(Body::None, Body::Json),
            repeatable,
        };
        let answer = self.http.send(&call.bearer(&self.token)).map_err(|failure| match failure.code {
            Code::UnrecognisedAnswer => shape(&failure.message),
            _ => failure,
        })?;
        self.now.set(answer.date());
        self.asked_to_wait.set(answer.retry_after());
        if answer.header("x-ratelimit-remaining") == Some("0") {
            // The plan's burst is used up: wait rather than be refused, but never for long on a service's word alone.
            let pause = answer.pause().unwrap_or_default().min(Duration::from_secs(2));
            self.not_before.set(Some(Instant::now() + pause));
        }
        if answer.is_success() {
            return match answer.json() {
                Some(body) => Ok(body),
                None if answer.body.is_empty() => Ok(Value::Null),
                None => Err(shape(&answer.page_says().map_or("no JSON".to_owned(), |said| format!("a page: {said}")))),
            };
        }
        Err(refusal(&answer, method.as_str(), path))
    }
}

/// An address at a tenant.
///
/// # Errors
/// `unexpected`, which a parsed domain rules out.
pub fn address(domain: &Domain, path: &str) -> Result<Url, Failure> {
    Url::parse(&format!("https://{domain}{path}"))
        .map_err(|error| Failure::new(Code::Unexpected, format!("https://{domain}{path} is no address: {error}")))
}

fn segment(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string().replace("%5F", "_").replace("%2D", "-")
}
