//! Owns the small robot that takes the person's place outside a dialogue: it follows redirects, submits the first form of each
//! page with what is ticked and the first button, and ends at an address outside the sandbox: the listener's.
//!
//! Refuses to be a browser: no scripts, no cookies, no pages but the sandbox's own.

use std::thread;

use url::Url;

use crate::browser::{Browser, OpenError, Opened};
use crate::endpoints::Endpoints;
use crate::http::{Answer, Body, Call, Http};
use crate::secret::Secret;

/// A login takes about eight requests; more than this is a circle.
const MOST_REQUESTS: usize = 30;

/// Walks through the sandbox's pages in a thread of its own.
pub struct Robot {
    endpoints: Endpoints,
}

impl Robot {
    /// A robot that knows where the simulated services are.
    pub fn new(endpoints: Endpoints) -> Self {
        Self { endpoints }
    }

    /// Walks until nothing leads on, and returns the page that a person would be looking at; none when the way ends elsewhere.
    pub fn last_page(&self, url: &Url) -> Option<String> {
        walk(&Http::confined(self.endpoints.clone()), url.clone())
    }
}

impl Browser for Robot {
    fn open(&self, url: &Url, _private: &[String]) -> Result<Opened, OpenError> {
        let (http, url) = (Http::confined(self.endpoints.clone()), url.clone());
        let walk = move || {
            // What goes wrong on the way is seen by whoever waits for the callback.
            drop(walk(&http, url));
        };
        thread::Builder::new()
            .name("robot".into())
            .spawn(walk)
            .map(|_| Opened::ByRobot)
            .map_err(|source| OpenError::Start { program: "robot".to_owned(), source })
    }
}

fn walk(http: &Http, start: Url) -> Option<String> {
    let mut url = start;
    let mut answer = http.send(&Call { repeatable: false, ..Call::get(url.clone()) }).ok()?;
    for _ in 0..MOST_REQUESTS {
        let next = match answer.header("location").filter(|_| (300..400).contains(&answer.status)) {
            Some(location) => {
                url = url.join(location).ok()?;
                Call { repeatable: false, ..Call::get(url.clone()) }
            }
            None => {
                let Some(form) = first_form(&answer) else { return Some(answer.text()) };
                url = url.join(&form.action).ok()?;
                Call::post(url.clone(), Body::Raw("application/x-www-form-urlencoded", form.body.into_bytes()))
            }
        };
        answer = http.send(&next).ok()?;
    }
    None
}

struct Form {
    action: String,
    body: String,
}

/// Reads the first `<form>` of a page: hidden fields, ticked boxes, the first button.
fn first_form(answer: &Answer) -> Option<Form> {
    let page = Secret::new(answer.text());
    let start = page.expose().find("<form")?;
    let whole = &page.expose()[start..];
    let form = &whole[..whole.find("</form>").unwrap_or(whole.len())];
    let action = attribute(&form[..form.find('>')?], "action")?;
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    let mut pressed = false;
    for tag in form.split('<').skip(2).filter_map(|part| part.split('>').next()) {
        let (Some(name), Some(value)) = (attribute(tag, "name"), attribute(tag, "value")) else { continue };
        let is = |kind: &str| attribute(tag, "type").as_deref() == Some(kind);
        let wanted = if tag.starts_with("button") {
            !std::mem::replace(&mut pressed, true)
        } else {
            tag.starts_with("input")
                && (is("hidden") || (is("checkbox") && tag.split_whitespace().any(|w| w == "checked")))
        };
        if wanted {
            body.append_pair(&name, &value);
        }
    }
    Some(Form { action, body: body.finish() })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = &tag[start..];
    let value = &value[..value.find('"')?];
    Some(
        value
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}
