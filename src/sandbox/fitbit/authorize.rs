//! Owns the authorize endpoint and what a person does there: sign in, tick scopes, allow or deny. Refuses a bad request on
//! Fitbit's own page, so that the app's callback never hears of it.

use super::{Code, Fitbit, Flow, Grant, PAGES};
use crate::sandbox::facts::{FITBIT_CLIENT_ID, PEOPLE, Person};
use crate::sandbox::faults::Fault;
use crate::sandbox::pages::{Account, Choice, Consent};
use crate::sandbox::provider::{BadChallenge, Challenge, form, lock, now, random_hex, with_query};
use crate::sandbox::web::{Reply, Request, find};

/// Every scope, its short code in the access token, and what it lets an app read.
pub const SCOPES: [(&str, &str, &str); 15] = [
    ("activity", "act", "activity and exercise"),
    ("cardio_fitness", "cf", "cardio fitness score"),
    ("electrocardiogram", "ecg", "electrocardiograms"),
    ("heartrate", "hr", "heart rate"),
    ("irregular_rhythm_notifications", "irn", "irregular rhythm notifications"),
    ("location", "loc", "location"),
    ("nutrition", "nut", "food and water logs"),
    ("oxygen_saturation", "oxy", "oxygen saturation"),
    ("profile", "pro", "profile"),
    ("respiratory_rate", "res", "breathing rate"),
    ("settings", "set", "devices and settings"),
    ("sleep", "sle", "sleep"),
    ("social", "soc", "friends"),
    ("temperature", "tem", "temperature"),
    ("weight", "wei", "weight"),
];

const INTRO: &str = "The app you're trying to connect did not provide valid information to Fitbit. Please report this issue to \
                     them.";
const ALSO: &str = "The app also learns your Fitbit user ID. It never learns your e-mail address.";

const PERSONAL: &str =
    "A \"Personal\" application is only authorized to request access tokens from the owner of the application";

/// What stands after "Developer information:": a code and a message.
type Refusal = (&'static str, String);

impl Fitbit {
    /// GET `/oauth2/authorize`: on to the sign-in page, or a page that says why not.
    pub(super) fn authorize(&self, request: &Request) -> Reply {
        let flow = match self.check(request) {
            Ok(flow) => flow,
            Err(refusal) => return refused(&refusal),
        };
        if param(request, "prompt") == Some("none") {
            // Nobody is ever signed in here before a flow starts.
            return self.refuse(&flow, "login_required", "The user is not signed in.");
        }
        let id = random_hex::<16>();
        lock(&self.state).flows.insert(id.clone(), flow);
        let page = with_query("https://www.fitbit.com/login", &[("disableThirdPartyLogin", "false"), ("flow", &id)]);
        Reply::redirect(self.setup.reachable(&page))
    }

    fn check(&self, request: &Request) -> Result<Flow, Refusal> {
        let client_id = param(request, "client_id").ok_or_else(|| invalid("Missing parameters: client_id"))?;
        if client_id != FITBIT_CLIENT_ID || self.setup.has(Fault::UnknownClient) {
            return Err(("unauthorized_client", "Invalid client_id".to_owned()));
        }
        let sent_uri = param(request, "redirect_uri");
        let registered = self.setup.registered_redirects();
        let redirect_uri = match (sent_uri, registered.as_slice()) {
            (Some(sent), all) if all.iter().any(|one| one == sent) => sent.to_owned(),
            (Some(_), _) => return Err(invalid("Invalid redirect_uri parameter value")),
            (None, [only]) if param(request, "prompt").is_none() => only.clone(),
            (None, _) => return Err(invalid("Missing redirect_uri parameter value")),
        };
        check_response_type(param(request, "response_type"))?;
        if self.setup.has(Fault::RequestRefused) {
            return Err(response_type_refused());
        }
        let challenge = check_challenge(request)?;
        if let Some(prompt) = param(request, "prompt")
            && !["none", "consent", "login", "login consent"].contains(&prompt)
        {
            return Err(invalid("Invalid prompt parameter value"));
        }
        let scopes = check_scopes(param(request, "scope").ok_or_else(|| invalid("Missing parameters: scope"))?)?;
        let state = param(request, "state").map(str::to_owned);
        Ok(Flow { sent_uri: sent_uri.map(str::to_owned), redirect_uri, scopes, state, challenge, person: None })
    }

    /// GET `/login`: who is it? Only people who have a Fitbit account.
    pub(super) fn login_page(&self, request: &Request) -> Reply {
        let id = request.param("flow").unwrap_or_default();
        if !lock(&self.state).flows.contains_key(id) {
            return start_again();
        }
        let accounts: Vec<Account> = PEOPLE.iter().filter(|person| has_account(person)).map(account).collect();
        PAGES.accounts("/login", id, &accounts)
    }

    /// POST `/login`: the consent page, unless the account may not use the app.
    pub(super) fn signed_in(&self, request: &Request) -> Reply {
        let fields = form(request);
        let id = find(&fields, "flow").unwrap_or_default();
        let chosen = find(&fields, "account").unwrap_or_default();
        let known = |person: &Person| has_account(person) && person.legacy_user_id == chosen;
        let mut state = lock(&self.state);
        let (Some(flow), Some(at)) = (state.flows.get_mut(id), PEOPLE.iter().position(known)) else {
            return start_again();
        };
        if self.setup.has(Fault::PersonalApp) {
            return refused(&("unauthorized_client", PERSONAL.to_owned()));
        }
        flow.person = Some(at);
        if self.setup.has(Fault::NobodyConsents) {
            return PAGES.nobody();
        }
        let kept = self.ticked(&flow.scopes);
        let choice = |(scope, _, words): &(&'static str, &str, &str)| Choice {
            scope: (*scope).to_owned(),
            label: format!("See your {words}"),
            ticked: kept.contains(scope),
        };
        PAGES.consent(&Consent {
            action: "/oauth2/consent",
            flow: id,
            account: account(&PEOPLE[at]),
            choices: SCOPES.iter().filter(|(scope, ..)| flow.scopes.contains(scope)).map(choice).collect(),
            also: ALSO,
            cancel: "Deny",
        })
    }

    /// POST `/oauth2/consent`: back to the app.
    pub(super) fn decided(&self, request: &Request) -> Reply {
        let fields = form(request);
        let id = find(&fields, "flow").unwrap_or_default();
        let flow = lock(&self.state).flows.get(id).cloned();
        let Some((person, flow)) = flow.and_then(|flow| Some((flow.person?, flow))) else {
            return start_again();
        };
        match find(&fields, "decision") {
            Some("allow") if !self.setup.has(Fault::Denied) => {}
            Some("allow" | "cancel") => return self.refuse(&flow, "access_denied", "The user denied the request."),
            _ => return start_again(),
        }
        let mut scopes = self.ticked(&flow.scopes);
        scopes.retain(|scope| fields.iter().any(|(name, value)| name == "scope" && value == scope));
        let code = random_hex::<20>();
        let grant = Grant { person, scopes };
        let (sent_uri, challenge) = (flow.sent_uri.clone(), flow.challenge.clone());
        let entry = Code { grant, sent_uri, challenge, issued: now(), used: false };
        lock(&self.state).codes.insert(code.clone(), entry);
        self.back(&flow, &[("code", &code)])
    }

    /// What is left of the scopes after the boxes that a fault unticks; `profile` is the one that lets the identity be read.
    fn ticked(&self, asked: &[&'static str]) -> Vec<&'static str> {
        let mut kept = asked.to_vec();
        if self.setup.has(Fault::UntickedIdentity) {
            kept.retain(|scope| *scope != "profile");
        } else if self.setup.has(Fault::UntickedScopes)
            && let Some(optional) = kept.iter().rposition(|scope| *scope != "profile")
        {
            kept.remove(optional);
        }
        kept
    }

    fn refuse(&self, flow: &Flow, error: &str, description: &str) -> Reply {
        self.back(flow, &[("error", error), ("error_description", description)])
    }

    /// Back to the app, with the fragment that Fitbit always adds.
    fn back(&self, flow: &Flow, pairs: &[(&str, &str)]) -> Reply {
        let state = flow.state.iter().map(|state| ("state", state.as_str()));
        let pairs: Vec<(&str, &str)> = pairs.iter().copied().chain(state).collect();
        Reply::redirect(self.setup.reachable(&with_query(&flow.redirect_uri, &pairs)) + "#_=_")
    }
}

fn check_response_type(response_type: Option<&str>) -> Result<(), Refusal> {
    let method = "The client is not authorized to request an access token using this method";
    match response_type {
        Some("code") => Ok(()),
        Some("token") => Err(("unauthorized_client", method.to_owned())),
        Some(_) => Err(response_type_refused()),
        None => Err(invalid("Missing response_type parameter value")),
    }
}

fn response_type_refused() -> Refusal {
    ("unsupported_response_type", "Invalid response_type parameter value".to_owned())
}

/// The page that says why not; nothing on it leads back to the app.
fn refused((code, message): &Refusal) -> Reply {
    let information = format!("Developer information: {code} - {message}");
    PAGES.message(400, "Something is wrong with the app", &[&information, INTRO])
}

fn check_challenge(request: &Request) -> Result<Option<Challenge>, Refusal> {
    let read = Challenge::read(param(request, "code_challenge"), param(request, "code_challenge_method"));
    read.map_err(|bad| {
        invalid(match bad {
            BadChallenge::Method => "Unsupported code_challenge_method",
            BadChallenge::Length => "The code_challenge parameter length must be between 43 and 128",
            BadChallenge::Value => "The code_challenge parameter is invalid",
        })
    })
}

fn check_scopes(asked: &str) -> Result<Vec<&'static str>, Refusal> {
    let mut scopes = Vec::new();
    for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
        match SCOPES.iter().find(|(name, ..)| *name == scope) {
            Some((name, ..)) if scopes.contains(name) => {}
            Some((name, ..)) => scopes.push(*name),
            None => return Err(("invalid_scope", format!("Invalid scope: {scope}"))),
        }
    }
    Ok(scopes)
}

fn has_account(person: &Person) -> bool {
    !person.legacy_user_id.is_empty()
}

fn account(person: &'static Person) -> Account<'static> {
    let id = person.legacy_user_id;
    Account { value: id, name: person.name, detail: format!("Fitbit user ID {id}") }
}

/// A parameter that is not empty.
fn param<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.param(name).filter(|value| !value.is_empty())
}

fn invalid(message: &str) -> Refusal {
    ("invalid_request", message.to_owned())
}

fn start_again() -> Reply {
    let line = "Error 400: this page does not belong to a sign-in that is under way.";
    PAGES.message(400, "Something went wrong", &[line, "Go back to the app and start again."])
}
