//! Owns steps 1 to 3, the app at the provider: which provider, which callback URLs, which client ID and secret.
//!
//! Nothing is written here: what has to be stored is returned and becomes part of the plan.

mod verify;

use url::Url;

use super::{demand, within};
use crate::ask::{self, Ask, Key, Question, Stop, given};
use crate::auth0::connection::Wanted;
use crate::browser::Opened;
use crate::checks::provider::{alive, knock};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Step, StepReport, StepState};
use crate::ids::Domain;
use crate::provider::authorize_page::Verdict;
use crate::provider::{ConsolePage, FieldValue, FormField, FormValues, Provider};
use crate::secret::Secret;
use crate::vault::Place;
use crate::world::World;
pub use verify::{probe_callbacks, verify_alive, verify_callbacks};

/// An app at a provider whose credentials were accepted.
pub struct App {
    /// The provider.
    pub provider: Provider,
    /// Its client ID.
    pub client_id: String,
    /// Its client secret.
    pub secret: Secret,
    /// Whether the secret is not yet where it is to be kept.
    pub to_store: bool,
    /// Whether another one is there now.
    pub replaces: bool,
    /// Scopes, short names.
    pub scopes: Vec<String>,
    /// Whether somebody chose them, now or earlier.
    pub scopes_chosen: bool,
    /// What the provider said of the pair, and whether it took it; nothing before it was asked.
    pub verdict: (String, bool),
}

impl App {
    /// What became of the credentials, or will: `change` where the secret goes to its place, else whether they were right already,
    /// which an answer that is not understood does not say.
    pub fn step(&self, world: &World, change: StepState) -> StepReport {
        let (said, is_accepted) = (&self.verdict.0, self.verdict.1);
        let is_change = self.to_store && world.vault().place() != Place::Nowhere;
        match (is_change, is_accepted) {
            (true, _) => StepReport::new(Step::Credentials, change, said.as_str()),
            (false, true) => StepReport::new(Step::Credentials, StepState::Done, said.as_str()),
            (false, false) => StepReport::new(Step::Credentials, StepState::Skipped, format!("not verified: {said}")),
        }
    }

    /// What a connection of that name has to hold for this app.
    pub fn wanted<'a>(&'a self, name: &'a str) -> Wanted<'a> {
        Wanted {
            provider: self.provider,
            name,
            client_id: &self.client_id,
            secret: Some(&self.secret),
            scopes: &self.scopes,
            scopes_chosen: self.scopes_chosen,
        }
    }
}

/// Asks for the provider, with what is alive today said next to each.
///
/// # Errors
/// `Back`, `cancelled`, or `input_missing` when there is nobody to ask.
pub fn ask_provider(world: &World, before: Option<Provider>, back: bool) -> Result<Provider, Stop> {
    let person = world.person(&ask::PROVIDER)?;
    let items: Vec<String> =
        Provider::ALL.iter().map(|provider| format!("{} ({})", provider.title(), provider.alive())).collect();
    let first = Provider::ALL.iter().position(|provider| Some(*provider) == before).unwrap_or(0);
    let question = Question { text: ask::PROVIDER.question, help: ask::PROVIDER.flag, default: None, back };
    let chosen = person.choose(&question, &items, first)?;
    Ok(Provider::ALL.get(chosen).copied().unwrap_or(Provider::GoogleHealth))
}

/// Asks for the tenant's domain.
///
/// # Errors
/// `Back`, `cancelled`, or `input_missing` when there is nobody to ask.
pub fn ask_domain(world: &World, before: Option<&Domain>, back: bool) -> Result<Domain, Stop> {
    let person = world.person(&ask::DOMAIN)?;
    let (known, whence) = match before {
        Some(domain) => (Some(domain.clone()), ""),
        None => (world.auth0_cli_tenant(), "; the default is the Auth0 CLI's tenant"),
    };
    let default = known.as_ref().map(Domain::as_str);
    let whence = if default.is_some() { whence } else { "" };
    let help =
        format!("for example acme.eu.auth0.com, as on any application's Settings page; {}{whence}", ask::DOMAIN.flag);
    let question = Question { text: ask::DOMAIN.question, help: &help, default, back };
    let text = person.text(&question, &|text| text.parse::<Domain>().map(drop))?;
    text.parse().map_err(|why: String| Failure::new(Code::InputInvalid, why).into())
}

/// Whether there is an app at the provider already.
///
/// # Errors
/// `Back` or `cancelled`.
pub fn ask_registered(world: &World, provider: Provider, back: bool) -> Result<bool, Stop> {
    let person = world.person(&ask::CLIENT_ID)?;
    let items =
        ["No, show me every page and what to type there".to_owned(), "Yes, I have its client ID and secret".to_owned()];
    let text = format!("Is your app registered at {} already?", provider.registrar());
    let question = Question { text: &text, help: "", default: None, back };
    Ok(person.choose(&question, &items, 0)? == 1)
}

/// Step 1: whether the provider answers at all, when no client ID is known yet.
///
/// # Errors
/// `provider_shut_down`, or that it does not answer.
pub fn knock_at(world: &World, provider: Provider) -> Result<(), Failure> {
    within(world, Step::Register, || {
        let verdict = match knock(&world.http, provider)? {
            410 => Verdict::ShutDown,
            _ => Verdict::Accepted,
        };
        demand(world, alive(provider, &Ok(verdict)))?;
        if provider == Provider::Fitbit {
            world.console.say("  It answers all the same, from here and now.");
        }
        Ok(())
    })
}

/// Step 1: every page of the provider's console with the values to type, one after the other; without a person all at once.
///
/// # Errors
/// `Back` from the first page, or `cancelled`.
pub fn walk(world: &World, provider: Provider, form: &FormValues) -> Result<(), Stop> {
    let pages = provider.console_pages(form);
    let mut at = 0;
    while let Some(page) = pages.get(at) {
        show_page(world, page, &format!("Page {} of {}: {}", at + 1, pages.len(), page.title));
        let Some(person) = &world.dialogue else {
            at += 1;
            continue;
        };
        let values: Vec<&str> = page
            .fields
            .iter()
            .filter_map(FormField::to_copy)
            .chain(page.command.filter(|command| !has_placeholder(command)))
            .collect();
        let last = at + 1 == pages.len();
        match stay(
            world,
            &**person,
            &values,
            Some(page.url),
            None,
            if last { "done, go on" } else { "next page" },
            true,
        ) {
            Ok(()) => at += 1,
            Err(Stop::Back) if at > 0 => at -= 1,
            Err(stop) => return Err(stop),
        }
    }
    Ok(())
}

fn show_page(world: &World, page: &ConsolePage, title: &str) {
    world.console.title(title);
    world.console.copyable(page.url);
    for field in &page.fields {
        match &field.value {
            FieldValue::Copy(value) => {
                world.console.say(&format!("  {}:", field.label));
                world.console.copyable(value);
            }
            FieldValue::Choose(value) => world.console.say(&format!("  {}: {value}", field.label)),
            FieldValue::Own(words) => world.console.say(&format!("  {}: ({words})", field.label)),
        }
    }
    if let Some(command) = page.command {
        world.console.say("  The same as a command:");
        world.console.copyable(command);
    }
    if let Some(trap) = page.trap {
        world.console.beware(trap);
    }
}

/// Whether a command has a word in capitals, which the person fills in.
fn has_placeholder(command: &str) -> bool {
    command.split(' ').any(|word| word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
}

/// Waits at something to copy until the person goes on.
///
/// # Errors
/// `Back` or `cancelled`.
pub fn stay(
    world: &World,
    person: &dyn Ask,
    values: &[&str],
    page: Option<&str>,
    script: Option<&str>,
    on: &str,
    back: bool,
) -> Result<(), Stop> {
    let key = |key, does: &str| Key { key, does: does.to_owned() };
    let mut keys = vec![key('\n', on)];
    keys.extend(page.map(|_| key('o', "open the page")));
    match values.len() {
        0 => {}
        1 => keys.push(key('c', "copy")),
        many => keys.push(key('c', &format!("copy, {many} in turn"))),
    }
    if !world.console.has_clipboard() {
        keys.retain(|key| key.key != 'c');
    }
    keys.extend(script.filter(|_| world.console.has_clipboard()).map(|_| key('s', "copy the script")));
    keys.extend(script.map(|_| key('p', "print the script")));
    let mut next = values.iter().cycle();
    loop {
        let pressed = person.key(&keys, back)?;
        match (keys.get(pressed).map(|key| key.key), page, script) {
            (Some('o'), Some(page), _) => open(world, page)?,
            (Some('c'), _, _) => {
                if let Some(value) = next.next() {
                    copy(world, value);
                }
            }
            (Some('s'), _, Some(script)) => {
                world.console.to_clipboard(script);
                world.console.say("  sent to the clipboard of the terminal: the script");
            }
            (Some('p'), _, Some(script)) => script.lines().for_each(|line| world.console.copyable(line)),
            _ => return Ok(()),
        }
    }
}

/// Copies through the terminal, and says what: whether the terminal took it cannot be known.
pub fn copy(world: &World, value: &str) {
    world.console.to_clipboard(value);
    world.console.say(&format!("  sent to the clipboard of the terminal: {value}"));
}

fn open(world: &World, address: &str) -> Result<(), Failure> {
    let url = Url::parse(address).map_err(|error| Failure::new(Code::Unexpected, format!("{address}: {error}")))?;
    match world.open(&world.http.endpoints().rewrite(&url)) {
        Ok(Opened::Yes | Opened::ByRobot) => world.console.say("  It was opened in your browser."),
        Ok(Opened::No(why)) => {
            world.console.say(&format!("  It was not opened: {why}. Open the address above yourself."))
        }
        Err(error) => world.console.warn(&format!("the browser was not opened: {error}")),
    }
    Ok(())
}

/// Step 2: the callback URLs to enter.
///
/// # Errors
/// `Back` or `cancelled`.
pub fn show_callbacks(
    world: &World,
    provider: Provider,
    callbacks: &[(String, bool)],
    loopback: &str,
    to_enter: bool,
) -> Result<(), Stop> {
    world.console.say("  For logins through Auth0:");
    for (url, _) in callbacks {
        world.console.copyable(url);
    }
    world.console.say("  For a direct test from this machine (test --direct):");
    world.console.copyable(loopback);
    let Some(person) = world.dialogue.as_ref().filter(|_| to_enter) else { return Ok(()) };
    world.console.say("  Enter them, one by one and exactly, in the app at:");
    world.console.copyable(provider.apps_url());
    if provider == Provider::GoogleHealth {
        world.console.beware("An edit takes 5 minutes to a few hours to act at Google.");
    }
    let values: Vec<&str> = callbacks.iter().map(|(url, _)| url.as_str()).chain([loopback]).collect();
    stay(world, &**person, &values, Some(provider.apps_url()), None, "entered, go on", true)
}

/// The callback URLs of every login domain, and whether logins need each: with a custom domain the tenant's own is a spare.
pub fn callbacks(domain: &Domain, login_domains: &[Domain]) -> Vec<(String, bool)> {
    let mut all: Vec<(String, bool)> = login_domains.iter().map(|login| (login.callback(), true)).collect();
    if !login_domains.contains(domain) {
        all.push((domain.callback(), login_domains.is_empty()));
    }
    all
}

/// A client ID, and the secret when both came in Google's client JSON.
pub type Identified = (String, Option<Secret>);

/// Asks for the client ID; the path of Google's client JSON, dragged into the terminal, gives ID and secret.
///
/// # Errors
/// `Back`, `cancelled`, or `input_missing` when there is nobody to ask.
pub fn ask_client_id(world: &World, provider: Provider, before: Option<&str>, back: bool) -> Result<Identified, Stop> {
    let person = world.person(&ask::CLIENT_ID)?;
    let takes_file = provider == Provider::GoogleHealth;
    let text = if takes_file { "Client ID, or drag Google's client JSON in here:" } else { ask::CLIENT_ID.question };
    let help = format!("{}, for example {}", ask::CLIENT_ID.flag, provider.client_id_example());
    let question = Question { text, help: &help, default: before, back };
    let read = |answer: &str| match given::dragged_path(answer).filter(|_| takes_file) {
        Some(path) => {
            let way_on = "or type the client ID here, and its secret when that is asked for";
            let read = given::read_client_json(&path).map(|(id, secret)| (id, Some(secret)));
            read.map_err(|failure| format!("{}; {way_on}", failure.message))
        }
        None => provider.check_client_id(answer).map(|()| (answer.to_owned(), None)),
    };
    let answer = person.text(&question, &|answer| read(answer).map(drop))?;
    read(&answer).map_err(|why| Failure::new(Code::InputInvalid, why).into())
}

/// Asks for the client secret.
///
/// # Errors
/// `Back`, `cancelled`, or `input_missing` when there is nobody to ask.
pub fn ask_secret(world: &World, provider: Provider, back: bool) -> Result<Secret, Stop> {
    let person = world.person(&ask::CLIENT_SECRET)?;
    let help = match provider {
        Provider::GoogleHealth => "Google shows it once, when the client or a new secret is made",
        Provider::Fitbit => "on the app's page at dev.fitbit.com/apps",
    };
    let question = Question { text: ask::CLIENT_SECRET.question, help, default: None, back };
    person.secret(&question, &|text| provider.check_secret(text))
}
