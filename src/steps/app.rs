//! Owns steps 1 to 3, the app at the provider: which provider, which callback URLs, which client ID and secret.
//!
//! Nothing is written here: what has to be stored is returned and becomes part of the plan.

use url::Url;

use super::{demand, within};
use crate::ask::given::Inputs;
use crate::ask::{self, Ask};
use crate::auth0::connection::Wanted;
use crate::browser::Opened;
use crate::checks::provider::{alive, callback, knock, probe};
use crate::checks::{credentials, id};
use crate::diagnosis::{Code, Failure};
use crate::finding::{Finding, State, Step, StepReport, StepState};
use crate::ids::Domain;
use crate::provider::authorize_page::Verdict;
use crate::provider::{FieldValue, FormValues, Provider};
use crate::secret::Secret;
use crate::world::{World, store_failure};

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
}

impl App {
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

/// The provider: given, or asked for with what is alive today said next to each.
///
/// # Errors
/// `cancelled`.
pub fn choose_provider(world: &World, inputs: &Inputs) -> Result<Provider, Failure> {
    if let Some(provider) = inputs.provider {
        return Ok(provider);
    }
    let Some(person) = &world.dialogue else { return Err(ask::given::missing(&[ask::PROVIDER.how_to_give()])) };
    let items: Vec<String> =
        Provider::ALL.iter().map(|provider| format!("{} ({})", provider.title(), provider.alive())).collect();
    let chosen = person.choose(ask::PROVIDER.question, &items, 0)?;
    Provider::ALL.get(chosen).copied().ok_or_else(|| ask::given::missing(&[ask::PROVIDER.how_to_give()]))
}

/// The tenant's domain: given, or asked for.
///
/// # Errors
/// `cancelled`.
pub fn choose_domain(world: &World, inputs: &Inputs) -> Result<Domain, Failure> {
    match (&inputs.domain, &world.dialogue) {
        (Some(domain), _) => Ok(domain.clone()),
        (None, Some(person)) => {
            let text = person.text(ask::DOMAIN.question, &|text| text.parse::<Domain>().map(drop))?;
            text.parse().map_err(|why: String| Failure::new(Code::InputInvalid, why))
        }
        (None, None) => Err(ask::given::missing(&[ask::DOMAIN.how_to_give()])),
    }
}

/// Step 1: the form to fill in, and whether the provider answers at all.
///
/// # Errors
/// `provider_shut_down`, or that it does not answer.
pub fn register(world: &World, provider: Provider, inputs: &Inputs, form: &FormValues) -> Result<(), Failure> {
    world.console.heading(Step::Register.number(), Step::Register.title());
    world.console.say(&format!("  {}: {}", provider.title(), provider.state_today()));
    within(world, Step::Register, || {
        if inputs.client_id.is_some() {
            // The probe of step 2 asks the same page, so it is not asked twice.
            return Ok(());
        }
        let status = knock(&world.http, provider)?;
        let verdict = match status {
            410 => Verdict::ShutDown,
            429 | 500.. => Verdict::Unavailable,
            _ => Verdict::Accepted,
        };
        demand(world, alive(provider, &Ok(verdict)))?;
        show_form(world, provider, form);
        offer_console(world, provider)
    })
}

fn show_form(world: &World, provider: Provider, form: &FormValues) {
    for page in provider.console_pages(form) {
        world.console.title(page.title);
        world.console.copyable(page.url);
        if let Some(command) = page.command {
            world.console.say("  or with gcloud:");
            world.console.copyable(command);
        }
        if let Some(trap) = page.trap {
            world.console.say(&format!("  ({trap})"));
        }
        for field in page.fields {
            world.console.say(&format!("  {}:", field.label));
            match field.value {
                FieldValue::Copy(value) => world.console.copyable(&value),
                FieldValue::Choose(label) => world.console.say(&format!("    {label}")),
                FieldValue::Own(words) => world.console.say(&format!("    ({words})")),
            }
        }
    }
    world.console.gap();
}

/// The provider's console, in the browser of whoever wants that.
fn offer_console(world: &World, provider: Provider) -> Result<(), Failure> {
    let Some(person) = &world.dialogue else { return Ok(()) };
    if !person.confirm(&format!("Open {} in the browser", provider.console_url()), true)? {
        return Ok(());
    }
    let url = Url::parse(provider.console_url())
        .map_err(|error| Failure::new(Code::Unexpected, format!("{}: {error}", provider.console_url())))?;
    match world.browser.open(&world.http.endpoints().rewrite(&url)) {
        Ok(Opened::Yes | Opened::ByRobot) => {}
        Ok(Opened::No(why)) => world.console.say(&format!("  It was not opened: {why}.")),
        Err(error) => world.console.warn(&format!("the browser was not opened: {error}")),
    }
    Ok(())
}

/// Step 2: the callback URLs to enter, and once the client ID is known whether the provider accepts them.
///
/// # Errors
/// `cancelled`.
pub fn show_callbacks(
    world: &World,
    callbacks: &[(String, bool)],
    loopback: &str,
    client_id_is_open: bool,
) -> Result<(), Failure> {
    world.console.heading(Step::Callback.number(), Step::Callback.title());
    world.console.say("  For logins through Auth0:");
    for (url, _) in callbacks {
        world.console.copyable(url);
    }
    world.console.say("  For a direct test from this machine (fitbit-connect test --direct):");
    world.console.copyable(loopback);
    let Some(person) = &world.dialogue else { return Ok(()) };
    for (url, _) in callbacks.iter().filter(|_| client_id_is_open) {
        if person.confirm(&format!("Copy {url} to the clipboard"), true)? {
            world.console.to_clipboard(url);
        }
    }
    Ok(())
}

/// The callback URLs of every login domain, and whether logins need each: with a custom domain the tenant's own is a spare.
pub fn callbacks(domain: &Domain, login_domains: &[Domain]) -> Vec<(String, bool)> {
    let mut all: Vec<(String, bool)> = login_domains.iter().map(|login| (login.callback(), true)).collect();
    if !login_domains.contains(domain) {
        all.push((domain.callback(), login_domains.is_empty()));
    }
    all
}

/// Verifies step 1 and 2 without consent: the authorize page is asked for each callback URL.
///
/// # Errors
/// The first refusal.
pub fn verify_callbacks(
    world: &World,
    provider: Provider,
    client_id: &str,
    callbacks: &[(String, bool)],
    scopes: &[String],
) -> Result<(), Failure> {
    let mut unknown = None;
    for (n, (url, needed)) in callbacks.iter().enumerate() {
        let verdict = probe(&world.http, provider, client_id, url, scopes);
        if n == 0 {
            let finding = within(world, Step::Register, || demand(world, alive(provider, &verdict)))?;
            world.console.step(StepReport::new(Step::Register, StepState::Done, finding.detail));
        }
        let finding =
            within(world, Step::Callback, || demand(world, callback(provider, client_id, url, &verdict, *needed)))?;
        if finding.state != State::Pass {
            unknown = Some(finding.detail);
        }
    }
    world.console.step(match unknown {
        None => {
            let urls: Vec<&str> = callbacks.iter().map(|(url, _)| url.as_str()).collect();
            StepReport::new(
                Step::Callback,
                StepState::Done,
                format!("{} accepts {}", provider.title(), urls.join(", ")),
            )
        }
        Some(why) => StepReport::new(Step::Callback, StepState::Skipped, format!("not verified: {why}")),
    });
    Ok(())
}

/// The client ID: given, or asked for.
///
/// # Errors
/// `cancelled`.
pub fn choose_client_id(world: &World, provider: Provider, inputs: &Inputs) -> Result<String, Failure> {
    match (&inputs.client_id, &world.dialogue) {
        (Some(id), _) => Ok(id.clone()),
        (None, Some(person)) => person.text(ask::CLIENT_ID.question, &|text| provider.check_client_id(text)),
        (None, None) => Err(ask::given::missing(&[ask::CLIENT_ID.how_to_give()])),
    }
}

/// The client secret: given, or kept from before, or asked for; and whether it still has to be stored.
///
/// # Errors
/// `cancelled`.
pub fn choose_secret(
    world: &World,
    provider: Provider,
    inputs: &mut Inputs,
    stored: Option<Secret>,
) -> Result<(Secret, bool), Failure> {
    match (inputs.secret.take(), stored) {
        (Some(given), Some(stored)) => {
            let to_store = !given.same_as(&stored);
            Ok((given, to_store))
        }
        (Some(given), None) => Ok((given, true)),
        (None, Some(stored)) if inputs.saved_secret_applies => Ok((stored, false)),
        (None, _) => match &world.dialogue {
            Some(person) => ask_secret(&**person, provider).map(|secret| (secret, true)),
            None => Err(ask::given::missing(&[ask::CLIENT_SECRET.how_to_give()])),
        },
    }
}

/// What the store holds for this profile.
///
/// # Errors
/// `secret_store_*`.
pub fn stored_secret(world: &World) -> Result<Option<Secret>, Failure> {
    world.vault.get(&world.profile.client_secret_account()).map_err(store_failure)
}

fn ask_secret(person: &dyn Ask, provider: Provider) -> Result<Secret, Failure> {
    person.secret(ask::CLIENT_SECRET.question, &|text| provider.check_secret(text))
}

/// Step 3, verified: the token endpoint takes the pair. In a dialogue a refused secret is asked for again.
///
/// # Errors
/// `client_id_unknown`, `client_secret_rejected`, or that the provider does not answer.
pub fn verify_credentials(world: &World, app: &mut App, redirect_uri: &str) -> Result<(), Failure> {
    loop {
        let finding = credentials::accepted(&world.http, app.provider, &app.client_id, &app.secret, redirect_uri);
        let refused = finding.code == Some(Code::ClientSecretRejected);
        match (&world.dialogue, refused) {
            (Some(person), true) => {
                world.console.finding(&finding);
                app.secret = ask_secret(&**person, app.provider)?;
                app.to_store = true;
            }
            _ => return within(world, Step::Credentials, || demand(world, finding).map(drop)),
        }
    }
}

/// `credentials.stored`, once the secret is where it is to be kept.
pub fn stored_finding(world: &World) -> Finding {
    match world.vault.place() {
        crate::vault::Place::Nowhere => Finding::left_out(id::CREDENTIALS_STORED, "nothing is kept (--store none)"),
        _ => Finding::pass(id::CREDENTIALS_STORED, format!("the client secret is in {}", world.place())),
    }
}
