//! Owns what a person does at the simulated Google: choose an account, tick scopes, allow or cancel. Refuses to redirect when
//! the account may not use the app.

use super::auth_error::AuthError;
use super::{Code, Flow, Google, Grant, ISSUER, PAGES, scopes};
use crate::sandbox::facts::{GOOGLE_CLIENT_ID, PEOPLE, Person};
use crate::sandbox::faults::Fault;
use crate::sandbox::pages::{Account, Choice, Consent, Warning};
use crate::sandbox::provider::{form, lock, now, random_text, with_query};
use crate::sandbox::web::{Reply, Request, find};

const ALSO: &str = "The app also learns what the sign-in itself carries: an account identifier and, if it asked for them, \
                    your name and e-mail address.";

const UNVERIFIED: Warning = Warning {
    action: "/signin/oauth/warning",
    flow: "",
    title: "Google hasn't verified this app",
    line: "The app is requesting access to sensitive info in your Google Account. Until the developer verifies this app with \
           Google, you shouldn't use it.",
    go_on: "Go to Acme Health Login (unsafe)",
    back: "Back to safety",
};

impl Google {
    /// GET `/v3/signin/identifier`: which account?
    pub(super) fn account_page(&self, request: &Request) -> Reply {
        let id = request.param("dsh").unwrap_or_default();
        if !lock(&self.state).flows.contains_key(id) {
            return start_again();
        }
        if self.setup.has(Fault::DisallowedUseragent) {
            return self.refused_for_good(&AuthError::disallowed_useragent());
        }
        let account = |person: &'static Person| {
            let warning = if person.health_user_id.is_some() { "" } else { " (never used Google Health)" };
            Account { value: person.email, name: person.name, detail: format!("{}{warning}", person.email) }
        };
        let accounts: Vec<Account> = PEOPLE.iter().map(account).collect();
        PAGES.accounts("/v3/signin/identifier", id, &accounts)
    }

    /// POST `/v3/signin/identifier`: on to the consent page, unless the account may not use the app.
    pub(super) fn account_chosen(&self, request: &Request) -> Reply {
        let fields = form(request);
        let id = find(&fields, "flow").unwrap_or_default();
        let account = find(&fields, "account").unwrap_or_default();
        let mut state = lock(&self.state);
        let (Some(flow), Some(at)) =
            (state.flows.get_mut(id), PEOPLE.iter().position(|person| person.email == account))
        else {
            return start_again();
        };
        if self.setup.has(Fault::OrgInternal) {
            return self.refused_for_good(&AuthError::org_internal());
        }
        if self.setup.has(Fault::AdminPolicy) {
            return self.refused_for_good(&AuthError::admin_policy());
        }
        if self.setup.has(Fault::NotATestUser) {
            return AuthError::not_a_test_user().page();
        }
        flow.person = Some(at);
        if self.setup.has(Fault::UnverifiedApp) {
            return PAGES.warning(&Warning { flow: id, ..UNVERIFIED });
        }
        self.consent_page(id, flow, &PEOPLE[at])
    }

    /// POST `/signin/oauth/warning`: the consent page for who goes on, back to the app for who does not.
    pub(super) fn warned(&self, request: &Request) -> Reply {
        let fields = form(request);
        let id = find(&fields, "flow").unwrap_or_default();
        let flow = lock(&self.state).flows.get(id).cloned();
        let Some((person, flow)) = flow.and_then(|flow| Some((flow.person?, flow))) else { return start_again() };
        match find(&fields, "decision") {
            Some("continue") => self.consent_page(id, &flow, &PEOPLE[person]),
            Some("back") => self.refuse(&flow, "access_denied"),
            _ => start_again(),
        }
    }

    fn consent_page(&self, id: &str, flow: &Flow, person: &Person) -> Reply {
        if self.setup.has(Fault::NobodyConsents) {
            return PAGES.nobody();
        }
        let kept = self.ticked(&flow.scopes);
        let choice = |scope: &String| {
            let label = scopes::label(scope)?;
            Some(Choice { scope: scope.clone(), label, ticked: kept.contains(scope) })
        };
        PAGES.consent(&Consent {
            action: "/signin/oauth/consent",
            flow: id,
            account: Account { value: person.email, name: person.name, detail: person.email.to_owned() },
            choices: flow.scopes.iter().filter_map(choice).collect(),
            also: ALSO,
            cancel: "Cancel",
        })
    }

    /// On to the error page, from which nothing leads back to the app.
    fn refused_for_good(&self, error: &AuthError) -> Reply {
        Reply::redirect(self.setup.reachable(&error.address(GOOGLE_CLIENT_ID)))
    }

    /// POST `/signin/oauth/consent`: back to the app.
    pub(super) fn decided(&self, request: &Request) -> Reply {
        let fields = form(request);
        let id = find(&fields, "flow").unwrap_or_default();
        let flow = lock(&self.state).flows.get(id).cloned();
        let Some((flow, person)) = flow.and_then(|flow| Some((flow.person?, flow))).map(|(at, flow)| (flow, at)) else {
            return start_again();
        };
        match find(&fields, "decision") {
            Some("allow") if !self.setup.has(Fault::Denied) => {}
            Some("allow" | "cancel") => return self.refuse(&flow, "access_denied"),
            _ => return start_again(),
        }
        let kept = self.ticked(&flow.scopes);
        let allowed = |scope: &&String| {
            kept.contains(scope)
                && (!scopes::is_health(scope) || fields.iter().any(|(name, value)| name == "scope" && value == *scope))
        };
        self.grant(&flow, person, flow.scopes.iter().filter(allowed).cloned().collect())
    }

    /// What is left of the scopes after the boxes that a fault unticks.
    fn ticked(&self, asked: &[String]) -> Vec<String> {
        let mut kept = asked.to_vec();
        if self.setup.has(Fault::UntickedIdentity) {
            kept.retain(|scope| !scopes::is_health(scope));
        } else if self.setup.has(Fault::UntickedScopes)
            && let Some(optional) = scopes::optional(asked)
        {
            kept.retain(|scope| scope != optional);
        }
        kept
    }

    fn grant(&self, flow: &Flow, person: usize, mut granted: Vec<String>) -> Reply {
        let code = format!("4/0A{}", random_text::<51>());
        let mut state = lock(&self.state);
        let earlier = state.consented.entry(person).or_default();
        // A refresh token comes with the first consent, later only when consent is asked for by name.
        let refreshable = flow.offline && (earlier.is_empty() || flow.prompt.contains("consent"));
        if flow.include_granted {
            granted.extend(earlier.iter().filter(|scope| !flow.scopes.contains(scope)).cloned());
        }
        earlier.extend(granted.iter().cloned());
        // Google keeps neither the order nor the spelling of the request.
        granted.sort_by_key(|scope| (!scopes::is_health(scope), scope.as_str() == scopes::OPENID));
        let scope = granted.join(" ");
        let grant = Grant { person, scopes: granted, offline: flow.offline, nonce: flow.nonce.clone() };
        let (redirect_uri, challenge) = (flow.redirect_uri.clone(), flow.challenge.clone());
        let issued = now();
        state.codes.insert(code.clone(), Code { grant, redirect_uri, challenge, refreshable, issued, used: false });
        let issuer = if self.setup.has(Fault::WrongIssuer) { "https://other.example" } else { ISSUER };
        let rest = [("iss", issuer), ("code", &code), ("scope", &scope), ("authuser", "0"), ("prompt", "consent")];
        self.back(flow, &rest)
    }

    /// Back to the app with an error and without a description, as Google does it.
    pub(super) fn refuse(&self, flow: &Flow, error: &str) -> Reply {
        self.back(flow, &[("error", error)])
    }

    fn back(&self, flow: &Flow, rest: &[(&str, &str)]) -> Reply {
        let mut pairs: Vec<(&str, &str)> = flow.state.iter().map(|state| ("state", state.as_str())).collect();
        pairs.extend(rest);
        Reply::redirect(self.setup.reachable(&with_query(&flow.redirect_uri, &pairs)))
    }
}

fn start_again() -> Reply {
    let line = "Error 400: this page does not belong to a sign-in that is under way.";
    PAGES.message(400, "Something went wrong", &[line, "Go back to the app and start again."])
}
