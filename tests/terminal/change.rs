//! Changing an answer at the plan: only what hangs on it is asked again, and going back leaves it as it was.

use crate::stage::{
    ACCESS, APPLICATIONS, FITBIT_ID, GOOGLE_ID, KEEP, MANAGEMENT_ID, MANAGEMENT_SECRET, PLAN, PROVIDER,
    REGISTERED_FITBIT, REGISTERED_GOOGLE, SECRET, Stage, TENANT, walk,
};
use crate::terminal_kit::{BACK, Do, Left, Terminal};
use std::collections::BTreeSet;
use std::fs;

const WHICH: &str = "Which one?";
const NAME: &str = "Name of the connection in Auth0:";
const SCOPES: &str = "Which scopes are people asked for?";
const STORE: &str = "Where should the client secret be kept?";

/// Every question there is, so that a test can say which of them were asked.
const QUESTIONS: [&str; 16] = [
    PROVIDER,
    TENANT,
    REGISTERED_GOOGLE,
    REGISTERED_FITBIT,
    GOOGLE_ID,
    FITBIT_ID,
    SECRET,
    ACCESS,
    MANAGEMENT_ID,
    MANAGEMENT_SECRET,
    APPLICATIONS,
    KEEP,
    WHICH,
    NAME,
    SCOPES,
    STORE,
];

struct Planned {
    stage: Stage,
    terminal: Terminal,
}

impl Planned {
    /// A dialogue that stands at the plan.
    fn new() -> Self {
        let stage = Stage::new();
        let route = stage.route("google-health", false);
        let mut terminal = Terminal::open(&stage.setup(&["--skip-login"]), "");
        walk(&mut terminal, &route[..Stage::at(&route, PLAN)]);
        terminal.asked(PLAN);
        Self { stage, terminal }
    }

    /// Chooses what to change, answers these questions, and stands at the plan again: no other question was asked.
    fn change(&mut self, what: &str, then: &[Do]) {
        let before = self.terminal.text().len();
        let nothing = self.stage.home.files();
        self.terminal.does_here(&Do::Choose(PLAN, "Change an answer".into()));
        self.terminal.choose(WHICH, what);
        walk(&mut self.terminal, then);
        self.terminal.asked(PLAN);
        let text = self.terminal.text();
        let said: String = text[before..].split_whitespace().collect();
        let answered = |question: &str| said.contains(&format!(">{}", question.replace(' ', "")));
        let asked = QUESTIONS.iter().filter(|question| answered(question));
        let wanted: BTreeSet<&str> =
            then.iter().filter(|step| !matches!(step, Do::Key(..))).map(Do::question).collect();
        let wanted: BTreeSet<&str> = wanted.into_iter().chain([WHICH]).collect();
        assert_eq!(asked.copied().collect::<BTreeSet<_>>(), wanted, "{what}\n{}", &text[before..]);
        assert_eq!(self.stage.home.files(), nothing, "{what}: something was written before the plan was confirmed");
        assert!(self.stage.sandbox.connections().is_empty(), "{what}");
    }

    /// What the window shows of the plan.
    fn plan(&self) -> String {
        let window = self.terminal.text();
        window[window.rfind("Plan for").unwrap()..].to_owned()
    }

    fn goes_through(mut self) -> (Stage, Left, String) {
        self.terminal.does_here(&Do::Choose(PLAN, "Yes, do this".into()));
        let left = self.terminal.end();
        assert_eq!(left.code, 0, "{}", left.seen);
        left.assert_in_order("a changed plan");
        let settings = fs::read_to_string(&self.stage.settings).unwrap();
        (self.stage, left, settings)
    }
}

fn line(question: &'static str, text: impl Into<String>) -> Do {
    Do::Line(question, text.into())
}

#[test]
fn another_provider_asks_for_its_app_and_keeps_the_tenant() {
    let mut planned = Planned::new();
    let (id, secret) = (planned.stage.of("fitbit", "client_id"), planned.stage.of("fitbit", "client_secret"));
    planned.change(
        "provider",
        &[
            Do::Choose(PROVIDER, "Fitbit Web API".into()),
            Do::Choose(REGISTERED_FITBIT, "Yes".into()),
            Do::Key("entered, go on".into(), "\r"),
            line(FITBIT_ID, id.clone()),
            line(SECRET, secret),
        ],
    );
    assert!(planned.plan().contains("fitbit (fitbit)"), "{}", planned.plan());
    let (stage, _, settings) = planned.goes_through();
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["fitbit".to_owned()]));
    assert!(settings.contains("provider = \"fitbit\"") && settings.contains(&id), "{settings}");
}

#[test]
fn the_tenant_asks_how_to_get_in_and_keeps_the_app() {
    let mut planned = Planned::new();
    let route = planned.stage.route("google-health", false);
    let mut again = vec![line(TENANT, "acme.sandbox.test")];
    again.extend_from_slice(&route[Stage::at(&route, ACCESS)..Stage::at(&route, APPLICATIONS)]);
    // The same tenant has the same applications.
    again.push(line(KEEP, "n"));
    planned.change("tenant", &again);
    let (stage, _, _) = planned.goes_through();
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["google-health".to_owned()]));
}

#[test]
fn the_client_id_changes_alone_and_its_secret_with_another_one() {
    let mut planned = Planned::new();
    // The same again: its secret is right as it is.
    planned.change("client ID", &[line(GOOGLE_ID, "")]);
    let secret = planned.stage.of("google-health", "client_secret");
    planned.change("client secret", &[line(SECRET, secret.clone())]);
    let (stage, left, _) = planned.goes_through();
    assert!(stage.kept().contains(&secret));
    assert!(!left.raw.contains(&secret));
}

#[test]
fn the_management_api_is_asked_about_alone() {
    let mut planned = Planned::new();
    let route = planned.stage.route("google-health", false);
    // Whether its secret is kept hangs on it.
    let mut way_in = route[Stage::at(&route, ACCESS)..Stage::at(&route, APPLICATIONS)].to_vec();
    way_in.push(line(KEEP, "y"));
    planned.change("Management API", &way_in);
    let (stage, _, settings) = planned.goes_through();
    assert!(stage.kept().contains(&stage.of("management", "client_secret")), "as the person said the second time");
    assert!(settings.contains("management_client_id"), "{settings}");
}

#[test]
fn the_name_of_the_connection_is_changed_where_it_stands() {
    let mut planned = Planned::new();
    planned.change("connection", &[line(NAME, "health-of-acme")]);
    assert!(planned.plan().contains("create the connection health-of-acme"), "{}", planned.plan());
    let (stage, _, settings) = planned.goes_through();
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["health-of-acme".to_owned()]));
    assert!(settings.contains("connection = \"health-of-acme\""), "{settings}");
}

#[test]
fn a_name_that_auth0_does_not_take_is_asked_for_again() {
    let mut planned = Planned::new();
    planned.terminal.does_here(&Do::Choose(PLAN, "Change an answer".into()));
    planned.terminal.choose(WHICH, "connection");
    planned.terminal.refused(NAME, "no spaces please", "");
    planned.terminal.back_from(&line(NAME, ""));
    planned.terminal.asked(PLAN);
    assert!(planned.plan().contains("create the connection google-health"), "{}", planned.plan());
    planned.goes_through();
}

#[test]
fn scopes_are_ticked_in_a_list() {
    let mut planned = Planned::new();
    planned.change("scopes", &[Do::Tick(SCOPES, vec!["sleep.readonly".into()])]);
    assert!(planned.plan().contains("sleep.readonly"), "{}", planned.plan());
    let (_, _, settings) = planned.goes_through();
    assert!(settings.contains("sleep.readonly") && settings.contains("profile.readonly"), "{settings}");
}

#[test]
fn scopes_that_let_nobody_be_known_are_refused_with_the_reason() {
    let mut planned = Planned::new();
    planned.terminal.does_here(&Do::Choose(PLAN, "Change an answer".into()));
    planned.terminal.choose(WHICH, "scopes");
    planned.terminal.asked(SCOPES);
    // The left arrow takes every tick away.
    planned.terminal.press("\u{1b}[D");
    planned.terminal.does_here(&Do::Tick(SCOPES, vec!["sleep.writeonly".into()]));
    planned.terminal.sees("not accepted: none of them lets the identity be read");
    planned.terminal.asked(PLAN);
    assert!(planned.plan().contains("profile.readonly"), "{}", planned.plan());
    planned.goes_through();
}

#[test]
fn other_applications_are_chosen_from_the_list_with_the_ticks_of_before() {
    let mut planned = Planned::new();
    planned.change("applications", &[Do::Tick(APPLICATIONS, vec!["Acme Mobile".into()])]);
    let plan = planned.plan();
    assert!(plan.contains("enable it for Acme Web") && plan.contains("enable it for Acme Mobile"), "{plan}");
    let (stage, _, settings) = planned.goes_through();
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["google-health".to_owned()]));
    assert!(settings.contains("SandboxWeb") && settings.contains("SandboxMobile"), "{settings}");
}

#[test]
fn the_place_of_the_secret_is_changed_and_nothing_else() {
    let mut planned = Planned::new();
    planned.change("secrets", &[Do::Choose(STORE, "nowhere".into())]);
    let (stage, _, settings) = planned.goes_through();
    assert!(!stage.home.path("mine.secrets.toml").exists(), "it was kept");
    assert!(settings.contains("store = \"none\""), "{settings}");
}

#[test]
fn back_inside_a_change_leaves_it_as_it_was() {
    let mut planned = Planned::new();
    let first = planned.plan();
    for (what, question) in [
        ("provider", Do::Choose(PROVIDER, String::new())),
        ("tenant", line(TENANT, "")),
        ("client ID", line(GOOGLE_ID, "")),
        ("client secret", line(SECRET, "")),
        ("connection", line(NAME, "")),
        ("scopes", Do::Tick(SCOPES, Vec::new())),
        ("Management API", Do::Choose(ACCESS, String::new())),
        ("applications", Do::Tick(APPLICATIONS, Vec::new())),
        ("secrets", Do::Choose(STORE, String::new())),
    ] {
        planned.terminal.does_here(&Do::Choose(PLAN, "Change an answer".into()));
        planned.terminal.choose(WHICH, what);
        planned.terminal.back_from(&question);
        planned.terminal.asked(PLAN);
        let plan = planned.plan();
        assert_eq!(plan[..plan.find("? ").unwrap()], first[..first.find("? ").unwrap()], "back from {what}");
    }
    planned.terminal.does_here(&Do::Choose(PLAN, "Change an answer".into()));
    planned.terminal.choose(WHICH, BACK);
    planned.terminal.asked(PLAN);
    let (stage, _, _) = planned.goes_through();
    assert_eq!(stage.sandbox.connections(), BTreeSet::from(["google-health".to_owned()]));
    assert!(stage.kept().contains(&stage.of("google-health", "client_secret")));
}
