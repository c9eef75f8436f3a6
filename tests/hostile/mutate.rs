//! Owns how an input is made hostile, and how long that goes on.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// Cases of each test in a run that is told nothing.
const CASES: u32 = 400;
/// An input does not grow beyond this (bytes): what is long is looked at elsewhere.
const LONGEST: usize = 20_000;

/// What has a meaning to some parser, or none to any.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\r\n",
    b"\n\n",
    b"\x1b[2J",
    "\u{202e}".as_bytes(),
    "\u{feff}".as_bytes(),
    "\u{e4}\u{1f600}\u{301}".as_bytes(),
    b"\xff\xfe",
    b"%",
    b"%2",
    b"%00",
    b"%ff",
    b"%2525",
    b"&amp;",
    b"&",
    b"=",
    b"?",
    b"#",
    b"+",
    b"//",
    b"/../",
    b"://",
    b"@",
    b":0",
    b"\"",
    b"'''",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"[[",
    b"]",
    b"}",
    b",",
    b".",
    b"null",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"0x",
    b"<",
    b"<script>",
    b"</",
    b"-->",
    b"error=",
    b"authError=",
    b"state=",
    b"code=",
    b"GOCSPX-",
    b"eyJ",
    b"ya29.",
    b"Error 400: ",
    b"developer information: ",
    b"localhost",
    b"xn--",
    b";$(id)`",
];

/// One thing that is done to an input; places are parts of its length.
#[derive(Debug, Clone)]
enum Change {
    Flip(u16, u8),
    Insert(u16, &'static [u8]),
    Cut(u16, u16),
    Repeat(u16, u8, u8),
    End(u16),
    Other(u16, Vec<u8>),
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn changed(mut input: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    let at = |input: &[u8], place: u16| usize::from(place) * (input.len() + 1) / (usize::from(u16::MAX) + 1);
    for change in changes {
        match change {
            Change::Flip(place, with) => {
                let at = at(&input, *place);
                input.get_mut(at).into_iter().for_each(|byte| *byte ^= with);
            }
            Change::Insert(place, token) => {
                let at = at(&input, *place);
                input.splice(at..at, token.iter().copied());
            }
            Change::Cut(from, to) => {
                let (from, to) = (at(&input, *from), at(&input, *to));
                input.drain(from.min(to)..from.max(to));
            }
            Change::Repeat(place, length, times) => {
                let from = at(&input, *place);
                let part = input[from..input.len().min(from + usize::from(*length))].to_vec();
                input.splice(from..from, part.repeat(usize::from(*times)));
            }
            Change::End(place) => {
                let at = at(&input, *place);
                input.truncate(at);
            }
            Change::Other(place, other) => {
                let at = at(&input, *place);
                input.splice(at.., other.iter().copied());
            }
        }
        input.truncate(LONGEST);
    }
    input
}

/// Bytes for a parser: from its corpus and changed, or any.
pub fn bytes(name: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let seeds = corpus(name);
    let change = prop_oneof![
        (any::<u16>(), 1..=u8::MAX).prop_map(|(at, with)| Change::Flip(at, with)),
        (any::<u16>(), select(TOKENS)).prop_map(|(at, token)| Change::Insert(at, token)),
        (any::<u16>(), any::<u16>()).prop_map(|(from, to)| Change::Cut(from, to)),
        (any::<u16>(), 1..20u8, 1..50u8).prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        any::<u16>().prop_map(Change::End),
        (any::<u16>(), select(seeds.clone())).prop_map(|(at, other)| Change::Other(at, other)),
    ];
    prop_oneof![
        8 => (select(seeds), vec(change, 0..8)).prop_map(|(seed, changes)| changed(seed, &changes)),
        1 => vec(any::<u8>(), 0..200),
        1 => any::<String>().prop_map(String::into_bytes),
        1 => vec(select(TOKENS), 0..30).prop_map(|tokens| tokens.concat()),
        1 => Just(Vec::new()),
    ]
}

/// The same as text, broken bytes replaced.
pub fn text(name: &str) -> impl Strategy<Value = String> + use<> {
    bytes(name).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Runs `check` on many inputs; the smallest that it panics on is shown.
pub fn every<T: std::fmt::Debug>(inputs: impl Strategy<Value = T>, check: impl Fn(T)) {
    let seconds = std::env::var("FITBIT_CONNECT_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (began, limit) = (Instant::now(), Duration::from_secs(seconds));
    // The variable wins over the number given here.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { CASES };
    let mut count = 0u64;
    for seed in 1.. {
        let config = Config { cases, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
        let result = TestRunner::new(config).run(&inputs, |input| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(input)))
                .map_err(|_| TestCaseError::fail("it panicked, see above"))
        });
        count += u64::from(cases);
        if let Err(error) = result {
            let mut text = String::new();
            write!(text, "{error}").unwrap();
            panic!("after {count} cases, seed {seed}: {}", text.chars().take(4000).collect::<String>());
        }
        if began.elapsed() >= limit {
            break;
        }
    }
    if seconds > 0 {
        println!("{count} cases in {:?}", began.elapsed());
    }
}
