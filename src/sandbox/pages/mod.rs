//! Owns the HTML a person sees at the simulated providers: templates, escaping, headers. Refuses outside resources, scripts,
//! and any likeness of the real pages.

use super::web::Reply;

const LAYOUT: &str = include_str!("layout.html");
const ACCOUNT: &str = include_str!("account.html");
const CONSENT: &str = include_str!("consent.html");
const MESSAGE: &str = include_str!("message.html");
const WARNING: &str = include_str!("warning.html");
/// The app that asks for access.
pub const APP: &str = "Acme Health Login";
/// No `form-action`: browsers hold it against the redirect to the callback too.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// Values of a template by name; the names are ours, the values may be anybody's.
type Fields<'a> = Vec<(&'a str, &'a str)>;

/// The pages of one simulated provider.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    /// Whose service is simulated.
    pub provider: &'static str,
}

/// One account to choose from.
pub struct Account<'a> {
    /// What the form sends.
    pub value: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// A second line.
    pub detail: String,
}

/// One box to tick.
pub struct Choice {
    /// What the form sends.
    pub scope: String,
    /// What it means.
    pub label: String,
    /// Whether it is ticked when the page opens.
    pub ticked: bool,
}

/// The consent page's contents.
pub struct Consent<'a> {
    /// Where the form goes.
    pub action: &'a str,
    /// The flow that it belongs to.
    pub flow: &'a str,
    /// Who is signed in.
    pub account: Account<'a>,
    /// The boxes.
    pub choices: Vec<Choice>,
    /// A sentence under the boxes.
    pub also: &'a str,
    /// The second button's text.
    pub cancel: &'a str,
}

/// The contents of a page that warns and lets the person go on.
pub struct Warning<'a> {
    /// Where the form goes.
    pub action: &'a str,
    /// The flow that it belongs to.
    pub flow: &'a str,
    /// What the page warns of.
    pub title: &'a str,
    /// Why.
    pub line: &'a str,
    /// The first button's text.
    pub go_on: &'a str,
    /// The second button's text.
    pub back: &'a str,
}

impl Pages {
    /// The page that asks which account to use: form `account`, one button for each.
    pub fn accounts(self, action: &str, flow: &str, accounts: &[Account]) -> Reply {
        let rows = accounts
            .iter()
            .map(|a| vec![("value", a.value), ("name", a.name), ("detail", a.detail.as_str())])
            .collect();
        let fields = vec![("app", APP), ("form", "account"), ("action", action), ("flow", flow)];
        self.page(200, "Choose an account", &render(ACCOUNT, &fields, rows))
    }

    /// The page that asks for consent: form `consent`, one box for each scope, buttons Allow and a refusal.
    pub fn consent(self, consent: &Consent) -> Reply {
        fn row(choice: &Choice) -> Fields<'_> {
            let checked = if choice.ticked { " checked" } else { "" };
            let short = choice.scope.rsplit('/').next().unwrap_or_default();
            vec![("scope", &choice.scope), ("short", short), ("label", &choice.label), ("checked", checked)]
        }
        let Consent { action, flow, account, also, cancel, .. } = consent;
        let fields = vec![
            ("app", APP),
            ("provider", self.provider),
            ("form", "consent"),
            ("action", action),
            ("flow", flow),
            ("name", account.name),
            ("detail", account.detail.as_str()),
            ("also", also),
            ("cancel", cancel),
        ];
        self.page(200, "Consent", &render(CONSENT, &fields, consent.choices.iter().map(row).collect()))
    }

    /// The page that stands before another one: form `warning`, a button that goes on and one that does not.
    pub fn warning(self, warning: &Warning) -> Reply {
        let fields = vec![
            ("form", "warning"),
            ("action", warning.action),
            ("flow", warning.flow),
            ("title", warning.title),
            ("line", warning.line),
            ("go_on", warning.go_on),
            ("back", warning.back),
        ];
        self.page(200, warning.title, &render(WARNING, &fields, Vec::new()))
    }

    /// The page that stands where consent would be asked for when nobody is there to give it.
    pub fn nobody(self) -> Reply {
        let line = "Consent would be asked for here. Nobody gives it and nobody refuses it, so the app never hears.";
        self.message(200, "This page waits for somebody", &[line])
    }

    /// A page that says something and asks nothing; the first line is the one to quote.
    pub fn message(self, status: u16, title: &str, lines: &[&str]) -> Reply {
        let class = |at| if at == 0 { "alarm" } else { "quiet" };
        let rows = lines.iter().enumerate().map(|(at, line)| vec![("class", class(at)), ("line", *line)]).collect();
        self.page(status, title, &render(MESSAGE, &vec![("title", title)], rows))
    }

    fn page(self, status: u16, title: &str, main: &str) -> Reply {
        let title = escape(&format!("{title} - simulated {}", self.provider));
        let note = format!("Simulated by fitbit-connect sandbox; not {}.", self.provider);
        let html = fill(LAYOUT, |name| match name {
            "title" => title.clone(),
            "note" => escape(&note),
            "main" => main.trim_end().to_owned(),
            _ => String::new(),
        });
        Reply::html(status, html)
            .with("content-security-policy", POLICY)
            .with("referrer-policy", "no-referrer")
            .with("x-content-type-options", "nosniff")
    }
}

/// Fills a template; what stands between `<!-- each -->` and `<!-- end -->` is repeated for every row.
fn render(template: &str, fields: &Fields, rows: Vec<Fields>) -> String {
    let plain = |part: &str, row: &Fields| {
        fill(part, |name| {
            row.iter().chain(fields).find(|(key, _)| *key == name).map_or(String::new(), |(_, value)| escape(value))
        })
    };
    let none = Vec::new();
    match template
        .split_once("<!-- each -->\n")
        .and_then(|(head, rest)| Some((head, rest.split_once("<!-- end -->\n")?)))
    {
        Some((head, (part, tail))) => {
            let middle: String = rows.iter().map(|row| plain(part, row)).collect();
            plain(head, &none) + &middle + &plain(tail, &none)
        }
        None => plain(template, &none),
    }
}

/// Replaces every `{{name}}` once; what is put in is not looked at again.
fn fill(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else { break };
        out.push_str(before);
        out.push_str(&value(name));
        rest = tail;
    }
    out + rest
}

/// Text made safe for an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES: Pages = Pages { provider: "Nobody" };

    #[test]
    fn what_is_reflected_is_escaped_and_never_expanded() {
        let page = PAGES.message(400, "<b>", &["\"><script>alert(1)</script>{{title}}"]);
        let html = String::from_utf8(page.body).unwrap();
        assert!(!html.contains("<b>") && !html.contains("<script>"), "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("{{title}}"), "{html}");
    }

    #[test]
    fn every_page_says_that_it_is_simulated_and_loads_nothing() {
        let page = PAGES.accounts("/x", "f", &[Account { value: "v", name: "n", detail: "d".into() }]);
        let html = String::from_utf8(page.body).unwrap();
        assert!(html.contains("Simulated by fitbit-connect sandbox; not Nobody."), "{html}");
        assert!(!html.contains("src=") && !html.contains("href=") && !html.contains("url("), "{html}");
    }

    #[test]
    fn a_box_is_ticked_only_when_it_should_be() {
        let choice = |ticked| Choice { scope: "s".into(), label: "l".into(), ticked };
        let account = Account { value: "v", name: "n", detail: "d".into() };
        let choices = vec![choice(true), choice(false)];
        let page = PAGES.consent(&Consent { action: "/", flow: "f", account, choices, also: "", cancel: "No" });
        let html = String::from_utf8(page.body).unwrap();
        assert_eq!(html.matches("type=\"checkbox\"").count(), 2);
        assert_eq!(html.matches(" checked>").count(), 1);
    }
}
