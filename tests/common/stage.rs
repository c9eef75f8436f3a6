//! Owns a sandbox inside the test process, so that a test can see what the tenant was asked and change what it holds.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::http::{Authorization, Body, Call, Http};
use fitbit_connect::ids::{ProfileName, Store};
use fitbit_connect::provider::Provider;
use fitbit_connect::sandbox::facts::{self, Configured};
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::{Door, Reply, Request, Served};
use fitbit_connect::sandbox::{Options, Sandbox};
use fitbit_connect::secret::Secret;
use fitbit_connect::settings::Settings;
use fitbit_connect::simulated;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::{Environment, free_port};

/// What a test does with a request on its way to the tenant; the second argument lets it through.
pub type Gate = Box<dyn Fn(&Request, &dyn Fn() -> Reply) -> Reply + Send + Sync>;

/// A sandbox and what a client needs to use it.
pub struct Stage {
    sandbox: Sandbox,
    provider: Provider,
    configured: bool,
    port: u16,
    /// Doors in front of services: what they guard, and where they are.
    gates: Vec<(Served, String, String)>,
    /// Whatever else stands before services: what it guards, and where it is.
    fronts: Vec<(String, String)>,
    token: Mutex<Option<String>>,
}

impl Stage {
    /// A tenant on which setup was never run.
    pub fn empty(provider: Provider, faults: &[Fault]) -> Self {
        Self::start(provider, false, faults)
    }

    /// A tenant on which the connection is set up.
    pub fn configured(provider: Provider, faults: &[Fault]) -> Self {
        Self::start(provider, true, faults)
    }

    fn start(provider: Provider, configured: bool, faults: &[Fault]) -> Self {
        let port = free_port();
        let sandbox = Sandbox::start(&Options {
            port: 0,
            direct_port: port,
            configured: configured.then_some(match provider {
                Provider::GoogleHealth => Configured::GoogleHealth,
                Provider::Fitbit => Configured::Fitbit,
            }),
            faults: faults.iter().copied().collect::<BTreeSet<_>>(),
        });
        Self {
            sandbox: sandbox.unwrap(),
            provider,
            configured,
            port,
            gates: Vec::new(),
            fronts: Vec::new(),
            token: Mutex::default(),
        }
    }

    /// Puts a gate in front of the tenant; what the test itself asks does not go through it.
    pub fn behind(self, gate: Gate) -> Self {
        let tenant = self.tenant();
        self.guard(BTreeSet::from([tenant]), gate)
    }

    /// Puts a gate in front of the tenant and both providers.
    pub fn all_behind(self, gate: Gate) -> Self {
        let targets = self.targets();
        self.guard(targets, gate)
    }

    fn guard(mut self, targets: BTreeSet<String>, gate: Gate) -> Self {
        let gate = Arc::new(gate);
        let doors: Vec<(String, Door)> = targets.into_iter().map(|target| (target, Door::open(0).unwrap())).collect();
        let fronts: Vec<(String, String)> =
            doors.iter().map(|(target, door)| (target.clone(), door.origin())).collect();
        for (target, door) in doors {
            let (gate, http, fronts) = (Arc::clone(&gate), Http::new(Endpoints::default()), fronts.clone());
            let (origin, guarded) = (door.origin(), target.clone());
            let pass = move |request: &Request| led_to(forward(&http, &target, request), &fronts);
            let answer = move |request: &Request| gate(request, &|| pass(request));
            self.gates.push((door.serve(Arc::new(answer)).unwrap(), guarded, origin));
        }
        self
    }

    /// Where the services are.
    pub fn targets(&self) -> BTreeSet<String> {
        self.sandbox.endpoints().into_iter().map(|(_, target)| target).collect()
    }

    /// Leads through these, which stand before services.
    pub fn through(mut self, fronts: Vec<(String, String)>) -> Self {
        self.fronts = fronts;
        self
    }

    /// `http://127.0.0.1:PORT` of the tenant.
    pub fn tenant(&self) -> String {
        self.at(facts::DOMAIN)
    }

    /// The same of its custom login domain.
    pub fn login_domain(&self) -> String {
        self.at(facts::CUSTOM_DOMAIN)
    }

    fn at(&self, domain: &str) -> String {
        let domain = format!("https://{domain}");
        self.sandbox.endpoints().into_iter().find(|(origin, _)| *origin == domain).unwrap().1
    }

    /// The provider of its connection.
    pub fn provider(&self) -> Provider {
        self.provider
    }

    /// The loopback port that is registered at the providers.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A settings file of somebody who uses this sandbox, secrets in none of it.
    pub fn settings(&self, store: Store) -> String {
        let mut profile = simulated::profile(&self.sandbox, self.provider, self.configured).unwrap();
        profile.store = Some(store);
        let mut endpoints = Endpoints::default();
        for (origin, target) in profile.endpoints.iter() {
            let front = self.gates.iter().find(|(_, guarded, _)| guarded == target).map(|(_, _, front)| front.as_str());
            let other = self.fronts.iter().find(|(guarded, _)| guarded == target).map(|(_, front)| front.as_str());
            endpoints.add(origin, front.or(other).unwrap_or(target)).unwrap();
        }
        profile.endpoints = endpoints;
        let mut settings = Settings::in_memory();
        settings.put(&ProfileName::default(), &profile);
        settings.text()
    }

    /// An environment with these settings at the usual place, and both secrets in variables.
    pub fn environment(&self) -> Environment {
        let environment = self.environment_without_management();
        environment.with("AUTH0_CLIENT_SECRET", facts::MANAGEMENT_CLIENT_SECRET)
    }

    /// The same without the Management API client's secret.
    pub fn environment_without_management(&self) -> Environment {
        let secret = simulated::client_secret(self.provider);
        let environment = Environment::new().with("FITBIT_CONNECT_CLIENT_SECRET", secret);
        environment.write_settings(&self.settings(Store::Nothing));
        environment
    }

    /// How much the tenant was asked so far.
    pub fn mark(&self) -> usize {
        self.sandbox.tenant_requests().len()
    }

    /// What the tenant was asked since: method, path with query, status.
    pub fn since(&self, mark: usize) -> Vec<(String, String, u16)> {
        self.sandbox.tenant_requests().split_off(mark)
    }

    /// The calls of the Management API since.
    pub fn calls_since(&self, mark: usize) -> Vec<(String, String, u16)> {
        self.since(mark).into_iter().filter(|(_, path, _)| path.starts_with("/api/v2/")).collect()
    }

    /// The calls of the Management API since that are no reads.
    pub fn writes_since(&self, mark: usize) -> Vec<String> {
        let calls = self.calls_since(mark).into_iter().filter(|(method, _, _)| method != "GET");
        calls.map(|(method, path, status)| format!("{method} {path} {status}")).collect()
    }

    /// A token for the Management API.
    pub fn token(&self) -> String {
        let mut token = self.token.lock().unwrap();
        let token = token.get_or_insert_with(|| {
            let body = json!({
                "grant_type": "client_credentials",
                "client_id": facts::MANAGEMENT_CLIENT_ID,
                "client_secret": facts::MANAGEMENT_CLIENT_SECRET,
                "audience": format!("https://{}/api/v2/", facts::DOMAIN),
            });
            let url = Url::parse(&format!("{}/oauth/token", self.tenant())).unwrap();
            let answer = Http::new(Endpoints::default()).send(&Call::post(url, Body::Json(body))).unwrap();
            answer.json().unwrap()["access_token"].as_str().unwrap().to_owned()
        });
        token.clone()
    }

    /// Asks the Management API, by the documented names and nothing of the client's.
    pub fn api(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let token = Secret::new(self.token());
        let url = Url::parse(&format!("{}/api/v2/{path}", self.tenant())).unwrap();
        let call = Call { method, body: body.map_or(Body::None, Body::Json), ..Call::get(url) };
        let answer = Http::new(Endpoints::default()).send(&call.bearer(&token)).unwrap();
        assert!(answer.is_success(), "{path}: {}", answer.text());
        answer.json().unwrap_or_default()
    }

    /// The connection of this name.
    pub fn connection(&self, name: &str) -> Option<Value> {
        let found = self.api(Method::GET, &format!("connections?name={name}"), None);
        let list = found.as_array().or(found["connections"].as_array());
        list.and_then(|list| list.first()).cloned()
    }

    /// Changes some options of a connection and keeps the others.
    pub fn change_options(&self, name: &str, changes: &Value) {
        let connection = self.connection(name).unwrap();
        let mut options = connection["options"].clone();
        for (key, value) in changes.as_object().unwrap() {
            options[key] = value.clone();
        }
        let id = connection["id"].as_str().unwrap();
        self.api(Method::PATCH, &format!("connections/{id}"), Some(json!({ "options": options })));
    }

    /// Client IDs of the applications that a connection is enabled for.
    pub fn enabled(&self, name: &str) -> BTreeSet<String> {
        let connection = self.connection(name).unwrap();
        let found = self.api(
            Method::GET,
            &format!("connections/{}/clients?take=1000", connection["id"].as_str().unwrap()),
            None,
        );
        let clients = found["clients"].as_array().unwrap().iter();
        clients.map(|client| client["client_id"].as_str().unwrap().to_owned()).collect()
    }

    /// Switches a connection on or off for an application; a new application starts with every connection on.
    pub fn switch(&self, name: &str, client_id: &str, on: bool) {
        let connection = self.connection(name).unwrap();
        let path = format!("connections/{}/clients", connection["id"].as_str().unwrap());
        self.api(Method::PATCH, &path, Some(json!([{ "client_id": client_id, "status": on }])));
    }

    /// Every application of the tenant, by client ID and name.
    pub fn applications(&self) -> Vec<(String, String)> {
        let found = self.api(Method::GET, "clients?take=100&is_global=false", None);
        let clients = found["clients"].as_array().unwrap().iter();
        let text = |client: &Value, member: &str| client[member].as_str().unwrap().to_owned();
        clients.map(|client| (text(client, "client_id"), text(client, "name"))).collect()
    }

    /// Creates an application that logs people in; its client ID.
    pub fn create_application(&self, name: &str) -> String {
        let body = json!({
            "name": name, "app_type": "regular_web", "oidc_conformant": true,
            "grant_types": ["authorization_code"], "callbacks": ["https://app.acme.sandbox.test/callback"],
        });
        let created = self.api(Method::POST, "clients", Some(body));
        created["client_id"].as_str().unwrap().to_owned()
    }
}

/// A reply whose redirect leads to the doors in front of what it names.
fn led_to(mut reply: Reply, fronts: &[(String, String)]) -> Reply {
    for (_, value) in reply.headers.iter_mut().filter(|(name, _)| name == "location") {
        for (target, front) in fronts {
            if let Some(rest) = value.strip_prefix(target.as_str()).filter(|rest| rest.starts_with(['/', '?'])) {
                *value = format!("{front}{rest}");
                break;
            }
        }
    }
    reply
}

fn forward(http: &Http, origin: &str, request: &Request) -> Reply {
    let mut url = Url::parse(origin).unwrap();
    url.set_path(&request.raw_path);
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    let method = Method::from_bytes(request.method.as_bytes()).unwrap();
    let body = match (request.body.is_empty(), request.json()) {
        (true, _) => Body::None,
        (false, Some(document)) => Body::Json(document),
        (false, None) => Body::Raw("application/x-www-form-urlencoded", request.body.clone()),
    };
    let authorization = match request.header("authorization") {
        Some(header) => Authorization::Header(Secret::new(header.to_owned())),
        None => Authorization::None,
    };
    let call = Call { method, body, authorization, repeatable: false, ..Call::get(url) };
    // The test may be over, and its services gone.
    let Ok(answer) = http.send(&call) else { return Reply::empty(502) };
    let mut reply = Reply { body: answer.body.clone(), ..Reply::empty(answer.status) };
    for name in ["content-type", "location", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
        if let Some(value) = answer.header(name) {
            reply = reply.with(name, value);
        }
    }
    reply
}
