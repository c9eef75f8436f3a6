//! Owns the way into the tenant: credentials for the Management API, given, kept from before, or asked for.

use crate::ask::given::Inputs;
use crate::ask::{self, Question, Stop};
use crate::auth0::management::Login;
use crate::diagnosis::Failure;
use crate::ids::{Domain, SecretOf};
use crate::world::World;

/// How a person lets this program into the tenant.
pub enum Access {
    /// With credentials that are not kept yet.
    New(Login),
    /// With credentials from the store.
    Stored(Login),
    /// Not at all: they enter everything in the dashboard themselves.
    ByHand,
}

/// What the Management API is needed for.
pub struct Purpose<'a> {
    /// What it does, for example `does steps 4 and 5`.
    pub what: &'a str,
    /// The permissions that this needs, in one line.
    pub permissions: &'a str,
    /// Whether a person could do the same in the dashboard.
    pub by_hand: bool,
}

/// How to get at the Management API, for a command with one question: given, or saved, or asked for.
///
/// # Errors
/// `secret_store_*`, `cancelled`, `input_missing`.
pub fn login(world: &World, inputs: &mut Inputs, domain: &Domain, purpose: &Purpose) -> Result<Login, Failure> {
    if let Some(login) = inputs.management.take() {
        return Ok(login);
    }
    if let Some(login) = stored_login(world, inputs)? {
        return Ok(login);
    }
    match ask_login(world, inputs, domain, purpose, false)? {
        Access::New(login) | Access::Stored(login) => Ok(login),
        Access::ByHand => Err(ask::given::missing(&[how_to_give_login(inputs, false)])),
    }
}

/// Asks how to get at the Management API.
///
/// # Errors
/// `Back`, `cancelled`, or `input_missing` when there is nobody to ask.
pub fn ask_login(
    world: &World,
    inputs: &Inputs,
    domain: &Domain,
    purpose: &Purpose,
    back: bool,
) -> Result<Access, Stop> {
    let Some(person) = &world.dialogue else {
        return Err(ask::given::missing(&[how_to_give_login(inputs, purpose.by_hand)]).into());
    };
    // A function, not a closure: each question borrows something else.
    fn question<'q>(text: &'q str, help: &'q str, default: Option<&'q str>) -> Question<'q> {
        Question { text, help, default, back: true }
    }
    world.uses_kept_access(false);
    if let Some(shadow) = world.shadow_of_access() {
        world.console.warn(&shadow);
    }
    // A client ID that is known, or was answered already: back from the secret leads to it.
    let mut id = inputs.management_id.clone();
    loop {
        if id.is_none() {
            explain(world, domain, purpose);
            let mut ways = vec!["A machine-to-machine application".to_owned(), "A Management API token".to_owned()];
            if purpose.by_hand {
                ways.push("Not at all: I enter everything in the dashboard".to_owned());
            }
            let which = Question { back, ..question("How may this program use the Management API?", "", None) };
            match person.choose(&which, &ways, 0)? {
                0 => {}
                1 => match person.secret(&question(ask::TOKEN.question, "it is never stored", None), &token) {
                    Err(Stop::Back) => continue,
                    token => return Ok(Access::New(Login::Token(token?))),
                },
                _ => return Ok(Access::ByHand),
            }
        }
        let client_id = match (id.take(), inputs.management_id.is_some()) {
            (Some(known), true) => known,
            (before, _) => {
                let help = format!("32 letters and digits, on its Settings page; {}", ask::MANAGEMENT_ID.flag);
                match person.text(&question(ask::MANAGEMENT_ID.question, &help, before.as_deref()), &client_id_of) {
                    Err(Stop::Back) => continue,
                    id => id?,
                }
            }
        };
        let help = format!("of {client_id}, on its Settings page");
        match person.secret(&question(ask::MANAGEMENT_SECRET.question, &help, None), &not_empty) {
            Err(Stop::Back) if inputs.management_id.is_none() => id = Some(client_id),
            secret => return Ok(Access::New(Login::Client { id: client_id, secret: secret? })),
        }
    }
}

/// What to do in the dashboard so that the next question can be answered.
fn explain(world: &World, domain: &Domain, purpose: &Purpose) {
    let console = &world.console;
    console.say(&format!("  The Management API of {domain} {}. In the Auth0 dashboard, one of:", purpose.what));
    console.say(
        "  - Applications > Create Application > Machine to Machine, then authorise it for the Auth0 Management API",
    );
    console.say("  - a token: Applications > APIs > Auth0 Management API > API Explorer");
    console.say("  with these permissions:");
    console.copyable(purpose.permissions);
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) }
}

/// A token of the Management API is a JSON Web Token (auth0.com/docs, Access Tokens).
fn token(text: &str) -> Result<(), String> {
    not_empty(text)?;
    let parts: Vec<&str> = text.split('.').collect();
    let right = text.starts_with("eyJ") && parts.len() == 3 && parts.iter().all(|part| !part.is_empty());
    if right { Ok(()) } else { Err("a Management API token begins with eyJ and has two dots in it".to_owned()) }
}

/// Auth0's client IDs have 32 characters, its secrets 64.
fn client_id_of(text: &str) -> Result<(), String> {
    not_empty(text)?;
    crate::ids::refuse_control(text)?;
    if text.len() > 48 {
        return Err("it is too long for a client ID; it may be the secret".to_owned());
    }
    let word = text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if word { Ok(()) } else { Err("an Auth0 client ID has 32 letters and digits".to_owned()) }
}

/// The ways to give it, for a list of what is missing.
pub fn how_to_give_login(inputs: &Inputs, by_hand: bool) -> String {
    if inputs.management_id.is_some() {
        return ask::MANAGEMENT_SECRET.how_to_give();
    }
    let client = format!("{} and {}", ask::MANAGEMENT_ID.how_to_give(), ask::MANAGEMENT_SECRET.how_to_give());
    let otherwise = if by_hand { "; or none of them with --manual" } else { "" };
    format!("{}; or {client}{otherwise}", ask::TOKEN.how_to_give())
}

/// A saved Management API client, when its secret is in the store.
///
/// # Errors
/// `secret_store_*`.
pub fn stored_login(world: &World, inputs: &Inputs) -> Result<Option<Login>, Failure> {
    let kept = |id: &String| inputs.same_tenant && Some(id) == world.saved.management_client_id.as_ref();
    let Some(id) = inputs.management_id.clone().filter(kept) else {
        return Ok(None);
    };
    if let Some(other) = world.kept_for_another(SecretOf::Management)? {
        world.console.warn(&format!("{other}, and is not used"));
    }
    let secret = match world.kept_secret(SecretOf::Management)? {
        // A person is asked for it instead.
        None if world.dialogue.is_some() => world.kept_so_far(SecretOf::Management),
        None => world.taken_along(SecretOf::Management)?,
        kept => kept,
    };
    world.uses_kept_access(secret.is_some());
    Ok(secret.map(|secret| Login::Client { id, secret }))
}
