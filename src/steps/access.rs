//! Owns the way into the tenant: credentials for the Management API, given, kept from before, or asked for.

use super::tenant::{LOOK, WRITE};
use crate::ask::given::Inputs;
use crate::ask::{self, Question, Stop};
use crate::auth0::management::Login;
use crate::diagnosis::Failure;
use crate::ids::Domain;
use crate::login::temporary;
use crate::world::{World, store_failure};

/// How a person lets this program into the tenant.
pub enum Access {
    /// With credentials that are not kept yet.
    New(Login),
    /// With credentials from the store.
    Stored(Login),
    /// Not at all: they enter everything in the dashboard themselves.
    ByHand,
}

/// How to get at the Management API, for a command with one question: given, or saved, or asked for.
///
/// # Errors
/// `secret_store_*`, `cancelled`, `input_missing`.
pub fn login(world: &World, inputs: &mut Inputs, domain: &Domain) -> Result<Login, Failure> {
    if let Some(login) = inputs.management.take() {
        return Ok(login);
    }
    if let Some(login) = stored_login(world, inputs)? {
        return Ok(login);
    }
    match ask_login(world, inputs, domain, false, false)? {
        Access::New(login) | Access::Stored(login) => Ok(login),
        Access::ByHand => Err(ask::given::missing(&[how_to_give_login(inputs)])),
    }
}

/// Asks how to get at the Management API.
///
/// # Errors
/// `Back`, `cancelled`, or `input_missing` when there is nobody to ask.
pub fn ask_login(world: &World, inputs: &Inputs, domain: &Domain, back: bool, by_hand: bool) -> Result<Access, Stop> {
    let Some(person) = &world.dialogue else {
        return Err(ask::given::missing(&[how_to_give_login(inputs)]).into());
    };
    let question = |text, help| Question { text, help, default: None, back };
    let mut id = inputs.management_id.clone();
    // A client ID that was answered already: back from the secret leads to it.
    let mut before: Option<String> = None;
    loop {
        if id.is_none() && before.is_none() {
            explain_access(world, domain);
            let mut ways = vec!["A machine-to-machine application".to_owned(), "A Management API token".to_owned()];
            if by_hand {
                ways.push("Not at all: I enter everything in the dashboard myself".to_owned());
            }
            match person.choose(&question("How may this program use the Management API?", ""), &ways, 0)? {
                0 => {}
                1 => {
                    let help = "it is never stored";
                    match person.secret(&question(ask::TOKEN.question, help), &|text| not_empty(text)) {
                        // Back to the choice, which is the question before.
                        Err(Stop::Back) => continue,
                        token => return Ok(Access::New(Login::Token(token?))),
                    }
                }
                _ => return Ok(Access::ByHand),
            }
        }
        let client_id = match id.take() {
            Some(id) => id,
            None => {
                let default = before.take();
                let question = question(ask::MANAGEMENT_ID.question, ask::MANAGEMENT_ID.flag);
                let question = Question { default: default.as_deref(), ..question };
                match person.text(&question, &|text| client_id_of(text)) {
                    Err(Stop::Back) => continue,
                    id => id?,
                }
            }
        };
        let help = "on the application's Settings page";
        match person.secret(&question(ask::MANAGEMENT_SECRET.question, help), &|text| not_empty(text)) {
            Err(Stop::Back) if inputs.management_id.is_none() => before = Some(client_id),
            secret => return Ok(Access::New(Login::Client { id: client_id, secret: secret? })),
        }
    }
}

/// What to do in the dashboard so that the next question can be answered.
fn explain_access(world: &World, domain: &Domain) {
    let console = &world.console;
    console.say(&format!("  The Management API of {domain} does steps 4 and 5. In the Auth0 dashboard, one of:"));
    console.say(
        "  - Applications > Create Application > Machine to Machine, then authorise it for the Auth0 Management API",
    );
    console.say("  - a token: Applications > APIs > Auth0 Management API > API Explorer");
    console.say("  with these permissions:");
    console.copyable(&[&LOOK[..], &WRITE, &temporary::SCOPES].concat().join(" "));
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) }
}

/// Auth0's client IDs have 32 characters, its secrets 64.
fn client_id_of(text: &str) -> Result<(), String> {
    not_empty(text)?;
    crate::ids::refuse_control(text)?;
    if text.contains("://") || text.contains(char::is_whitespace) {
        return Err("a client ID is letters and digits without spaces".to_owned());
    }
    if text.len() > 48 { Err("it is too long for a client ID; is it the secret".to_owned()) } else { Ok(()) }
}

/// The ways to give it, for a list of what is missing.
pub fn how_to_give_login(inputs: &Inputs) -> String {
    if inputs.management_id.is_some() {
        return ask::MANAGEMENT_SECRET.how_to_give();
    }
    let client = format!("{} and {}", ask::MANAGEMENT_ID.how_to_give(), ask::MANAGEMENT_SECRET.how_to_give());
    format!("{}; or {client}; or none of them with --manual", ask::TOKEN.how_to_give())
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
    let secret = world.vault().get(&world.profile.management_secret_account()).map_err(store_failure)?;
    Ok(secret.map(|secret| Login::Client { id, secret }))
}
