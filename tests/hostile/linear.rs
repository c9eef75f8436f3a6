//! Work grows with the length of an input and not with its square: eight times the length may take up to thirty times as long,
//! where a square would take sixty-four times. Measured in the processor's time of this thread, the best of several.

use std::fs;
use std::time::Duration;

use fitbit_connect::ask::given::{dragged_path, read_client_json};
use fitbit_connect::diagnosis::{auth_error, recognise};
use fitbit_connect::endpoints::Endpoints;
use fitbit_connect::ids::{self, Domain};
use fitbit_connect::jwt;
use fitbit_connect::loopback::Listener;
use fitbit_connect::provider::token_answer::{health_error, judge_pair};
use fitbit_connect::provider::{Provider, authorize_page, scopes};
use fitbit_connect::secret::Secret;
use fitbit_connect::settings::Settings;
use fitbit_connect::text::{excerpt, nearest, plain_text, redact, spellings};

/// Repeated, each is the worst that some parser could be given.
const PARTS: &[&str] = &[
    "a ",
    " ",
    "a",
    "\u{e4}",
    "<",
    "<script",
    "<script>",
    "</",
    "&amp;",
    "&amp",
    "%",
    "%25",
    "+",
    "/",
    "//",
    "a.",
    ".",
    "-",
    "\\",
    "'",
    "\"",
    "\n",
    "=",
    "a=b&",
    "code=a&",
    "state=",
    "error=",
    "authError=",
    "authError=AA",
    "token invalid: ",
    "Error 400",
    "Error 400: ",
    "error",
    ",",
    "openid,",
    "eyJ",
    "-eyJ",
    "1//",
    "[",
    "{",
    "[[",
    "]",
    "{\"a\":",
    "[1,",
    "{\"a\":[",
    "\\u0000",
    "a.b.c=1\n",
    "[a]\n",
    "[[a]]\n",
    "[a.b]\n",
    "a={b=",
    "'''",
    "#\n",
    "x = 1\n",
    "developer information:",
    "://",
    "file://",
    "~/",
    "AA",
    "gggg",
];

/// This many bytes, and eight times as many.
const SHORT: usize = 4 * 1024;

#[cfg(unix)]
fn worked(run: &dyn Fn()) -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let before = now();
    run();
    now() - before
}

#[cfg(not(unix))]
fn worked(run: &dyn Fn()) -> Duration {
    let before = std::time::Instant::now();
    run();
    before.elapsed()
}

/// Whether eight times the length is at most about eight times the work.
fn is_linear(parser: &dyn Fn(&str), part: &str, tail: &str) -> Result<(), String> {
    let text = |length: usize| format!("{}{tail}", part.repeat(length / part.len()));
    let (short, long) = (text(SHORT), text(8 * SHORT));
    let mut seen = Vec::new();
    // Once where that is enough; again and again before anything is said of it.
    for times in [1, 3, 5, 9] {
        let took = |text: &str| (0..times).map(|_| worked(&|| parser(text))).min().unwrap_or_default();
        let (short, long) = (took(&short), took(&long));
        // What is done at once is not measured.
        if long < Duration::from_millis(2) || long < short * 30 {
            return Ok(());
        }
        seen.push((short, long));
    }
    Err(format!("{part:?} and {tail:?}: {seen:?}"))
}

type Parser<'a> = (&'a str, Box<dyn Fn(&str) + 'a>);

#[test]
fn no_parser_needs_more_than_linear_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let waiting = Listener::bind(0).unwrap().expect(Secret::new("state".to_owned()));
    let parsers: Vec<Parser> = vec![
        ("redact", Box::new(|text| drop(redact(text)))),
        ("spellings", Box::new(|text| drop(spellings(text)))),
        ("excerpt", Box::new(|text| drop(excerpt(text, 500)))),
        ("plain_text", Box::new(|text| drop(plain_text(text)))),
        ("nearest", Box::new(|text| _ = nearest(text, ["setup", "test"]))),
        ("recognise", Box::new(|text| drop(recognise(text)))),
        ("authError", Box::new(|text| drop((auth_error::find(text), auth_error::decode(text))))),
        ("domain", Box::new(|text| drop(text.parse::<Domain>()))),
        (
            "scopes",
            Box::new(|text| drop((scopes::parse(Provider::GoogleHealth, text), scopes::parse(Provider::Fitbit, text)))),
        ),
        ("path", Box::new(|text| drop(dragged_path(text)))),
        ("time", Box::new(|text| drop(ids::time_limit(text)))),
        ("jwt", Box::new(|text| drop((jwt::claims(text), jwt::claims(&format!("a.{text}.b")))))),
        ("paste", Box::new(|text| _ = waiting.paste(text))),
        ("endpoints", Box::new(|text| drop(Endpoints::default().add(text, "https://a")))),
        (
            "authorize page",
            Box::new(|text| {
                for provider in Provider::ALL {
                    let _ =
                        authorize_page::judge(provider, "http://127.0.0.1:1/callback", 400, None, text, |_, _| false);
                    let _ =
                        authorize_page::judge(provider, "http://127.0.0.1:1/callback", 302, Some(text), "", |_, _| {
                            false
                        });
                }
            }),
        ),
        (
            "provider's answer",
            Box::new(|text| {
                drop((judge_pair(Provider::Fitbit, 400, text.as_bytes()), health_error(400, text.as_bytes())))
            }),
        ),
        (
            "settings",
            Box::new(|text| {
                if let Ok(settings) = Settings::read(&file("config.toml", text)) {
                    settings.unknown_keys();
                    settings.text();
                }
            }),
        ),
        ("client JSON", Box::new(|text| drop(read_client_json(&file("client.json", text))))),
    ];
    let mut wrong = Vec::new();
    for (name, parser) in &parsers {
        for part in PARTS {
            for tail in ["", "\u{e4}\"}"] {
                wrong.extend(is_linear(parser, part, tail).err().map(|why| format!("{name}: {why}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
