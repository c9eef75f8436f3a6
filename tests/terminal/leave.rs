//! Ctrl-C and Escape at every question: the end is the same everywhere, nothing was written, and the last line says how to go on.

use crate::stage::{ACCESS, APPLICATIONS, GOOGLE_ID, KEEP, MEND, PLAN, PROVIDER, SECRET, Stage, TENANT, TOKEN, walk};
use crate::terminal_kit::{CTRL_C, Do, ESCAPE, Left, Terminal};
use rexpect::process::Signal;

/// The command in the last line, alone, so that it can be copied; before it the last words, and what it is for.
pub fn way_on<'a>(left: &'a Left, last_words: &str, place: &str) -> &'a str {
    let lines: Vec<&str> = left.text.trim_end().lines().collect();
    let [.., rest, _, what_for, command] = lines.as_slice() else { panic!("{place}: {}", left.seen) };
    // Where something was written, how to undo it stands between.
    let words = if *rest == "To undo what was written:" { lines[lines.len() - 5] } else { lines[lines.len() - 3] };
    assert_eq!(words, format!("left: {last_words} [cancelled]"), "{place}\n{}", left.seen);
    assert_eq!(*what_for, "Go on from here with:", "{place}\n{}", left.seen);
    assert!(command.starts_with("fitbit-connect setup "), "{place}\n{}", left.seen);
    assert_eq!(left.text.matches("[cancelled]").count(), 1, "said once: {place}\n{}", left.seen);
    command
}

/// What is said everywhere before the plan is confirmed.
const NOTHING_MORE: &str = "cancelled; nothing more is written";

/// The end of a dialogue that was left at that place, after the answers to these questions.
fn assert_left(stage: &Stage, left: &Left, answered: &[Do], place: &str) {
    assert_eq!(left.code, 130, "{place}\n{}", left.seen);
    left.assert_in_order(place);
    let last = way_on(left, NOTHING_MORE, place);
    let (client_id, port) = (stage.of("google-health", "client_id"), format!("--port {}", stage.port));
    for (question, flag) in [
        (PROVIDER, "--provider google-health"),
        (TENANT, "--domain acme.sandbox.test"),
        (GOOGLE_ID, &format!("--client-id {client_id}")),
        (APPLICATIONS, "--app "),
    ] {
        let was_answered = answered.iter().any(|step| step.question() == question);
        assert_eq!(last.contains(flag), was_answered, "{flag} at {place}: {last}");
    }
    // What was given as flags is needed again too.
    for given in [&port, "--store file", "--config ", "mine.toml"] {
        assert!(last.contains(given), "{given} at {place}: {last}");
    }
    for secret in stage.sandbox.secrets() {
        assert!(!left.raw.contains(secret), "a secret is on the screen: {place}\n{}", left.text);
    }
}

fn leaves_everywhere(route: impl Fn(&Stage) -> Vec<Do>, key: &str, part: usize) {
    let stage = Stage::new();
    let before = stage.home.files();
    let route = route(&stage);
    for (at, step) in route.iter().enumerate().filter(|(at, _)| at % 2 == part) {
        let place = format!("{key:?} at {}", step.question());
        let mut terminal = Terminal::open(&stage.setup(&[]), "");
        walk(&mut terminal, &route[..at]);
        terminal.reach(step);
        terminal.press(key);
        assert_left(&stage, &terminal.end(), &route[..at], &place);
        stage.assert_nothing_was_done(&before, &place);
    }
}

#[test]
fn control_c_at_any_question_leaves_everything_as_it_was() {
    leaves_everywhere(|stage| stage.route("google-health", true), CTRL_C, 0);
}

#[test]
fn control_c_at_every_other_question_leaves_everything_as_it_was() {
    leaves_everywhere(|stage| stage.route("google-health", true), CTRL_C, 1);
}

#[test]
fn escape_at_any_question_leaves_everything_as_it_was() {
    leaves_everywhere(|stage| stage.route("google-health", false), ESCAPE, 0);
}

#[test]
fn escape_at_every_other_question_leaves_everything_as_it_was() {
    leaves_everywhere(|stage| stage.route("google-health", false), ESCAPE, 1);
}

/// Questions that only some dialogues have.
#[test]
fn the_rare_questions_are_left_the_same_way() {
    let stage = Stage::new();
    let before = stage.home.files();
    let short = stage.route("google-health", false);
    let access = Stage::at(&short, ACCESS);
    let plan = Stage::at(&short, PLAN);
    let to = |end: usize, more: &[Do]| [&short[..end], more].concat();
    let by_hand = to(access, &[Do::Choose(ACCESS, "Not at all".into())]);
    let ids = "Client IDs of the applications, separated by commas:";
    let change = to(plan, &[Do::Choose(PLAN, "Change an answer".into())]);
    let changed = |line: &str| [change.clone(), vec![Do::Choose("Which one?", line.into())]].concat();
    let line = |question| Do::Line(question, String::new());
    let list = |question| Do::Choose(question, String::new());
    let cases: Vec<(Vec<Do>, Do)> = vec![
        (to(access, &[Do::Choose(ACCESS, "A Management API token".into())]), line(TOKEN)),
        (by_hand.clone(), Do::Key("entered, go on".into(), "")),
        ([by_hand, vec![Do::Key("entered, go on".into(), "\r")]].concat(), line(ids)),
        (change.clone(), list("Which one?")),
        (changed("connection"), line("Name of the connection in Auth0:")),
        (changed("scopes"), list("Which scopes are people asked for?")),
        (changed("secrets"), list("Where should the client secret be kept?")),
        (to(access - 1, &[Do::Line(SECRET, "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ut".into())]), list(MEND)),
    ];
    for (way, place) in &cases {
        for key in [CTRL_C, ESCAPE] {
            let what = format!("{key:?} at {}", place.question());
            let mut terminal = Terminal::open(&stage.setup(&[]), "");
            walk(&mut terminal, way);
            terminal.reach(place);
            terminal.press(key);
            assert_left(&stage, &terminal.end(), way, &what);
            stage.assert_nothing_was_done(&before, &what);
        }
    }
}

#[test]
fn leaving_at_the_plan_writes_nothing() {
    let stage = Stage::new();
    let before = stage.home.files();
    let mut terminal = Terminal::open(&stage.planned(&[]), "");
    terminal.answer(KEEP, "n");
    terminal.choose(PLAN, "Leave, and write nothing");
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.seen);
    left.assert_in_order("the plan");
    way_on(&left, "nothing was written", "the plan");
    stage.assert_nothing_was_done(&before, "the plan");
}

#[test]
fn control_c_is_the_same_however_the_threads_run() {
    // A question sees the key, and so does the handler of the signal: whoever is first, the person sees one ending. So the
    // key also comes before the question is there.
    let stage = Stage::new();
    for n in 0..12 {
        let mut terminal = Terminal::open(&stage.setup(&[]), "");
        if n % 2 == 0 {
            terminal.expect("Which provider do people log in with");
        } else {
            terminal.expect("six steps");
        }
        terminal.press(CTRL_C);
        let left = terminal.end();
        assert_eq!(left.code, 130, "{}", left.seen);
        left.assert_in_order("the first question");
        way_on(&left, NOTHING_MORE, "the first question");
    }
}

#[test]
fn a_secret_left_empty_three_times_leaves_like_control_c() {
    let stage = Stage::new();
    let before = stage.home.files();
    let id = stage.of("google-health", "client_id");
    let mut terminal = Terminal::open(
        &stage.setup(&["--provider", "google-health", "--domain", "acme.sandbox.test", "--client-id", &id]),
        "",
    );
    // Asked for again, and not for ever.
    terminal.refused(SECRET, "", "it is empty");
    terminal.refused(SECRET, "", "it is empty");
    terminal.asked(SECRET);
    terminal.press("\r");
    let left = terminal.end();
    assert_eq!(left.code, 130, "{}", left.seen);
    left.assert_in_order("an empty secret");
    way_on(&left, NOTHING_MORE, "an empty secret");
    stage.assert_nothing_was_done(&before, "an empty secret");
}

#[test]
fn what_is_typed_at_a_question_that_is_left_goes_nowhere() {
    let stage = Stage::new();
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    let route = stage.route("google-health", false);
    walk(&mut terminal, &route[..Stage::at(&route, SECRET)]);
    terminal.asked(SECRET);
    // Half a secret, and then the person thinks better of it.
    terminal.press(&stage.of("google-health", "client_secret")[..20]);
    terminal.press(CTRL_C);
    let left = terminal.end();
    assert_eq!(left.code, 130);
    left.assert_in_order("half a secret");
    assert!(!left.raw.contains("GOCSPX"), "{:?}", left.raw);
    // The next question that is left does not keep what was corrected.
    let mut terminal = Terminal::open(&stage.setup(&[]), "");
    walk(&mut terminal, &route[..1]);
    terminal.refused(TENANT, "acme.sandbox.test/path", "");
    terminal.answer(TENANT, "acme.sandbox.test");
    terminal.reach(&route[2]);
    terminal.press(ESCAPE);
    let left = terminal.end();
    assert!(way_on(&left, NOTHING_MORE, "a corrected answer").contains("--domain acme.sandbox.test "), "{}", left.text);
}

#[test]
fn a_terminal_that_goes_away_at_a_question_ends_the_program() {
    let stage = Stage::new();
    let before = stage.home.files();
    for (signal, code) in [(Signal::SIGHUP, 130), (Signal::SIGTERM, 130)] {
        let mut terminal = Terminal::open(&stage.setup(&[]), "");
        terminal.does(&stage.route("google-health", false)[0]);
        terminal.asked(TENANT);
        terminal.signal(signal);
        let left = terminal.end();
        assert_eq!(left.code, code, "{signal}\n{}", left.seen);
        left.assert_in_order(signal.as_str());
        stage.assert_nothing_was_done(&before, signal.as_str());
    }
}
