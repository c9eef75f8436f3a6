//! Owns what is remembered of the requests of one run, for a report that may become public: when, how long, where in general
//! terms, and the shape of what came back.
//!
//! Refuses to keep a body, a header that is not named here, or more than a bounded number of either.

mod place;
mod protocol;
mod shape;
pub mod words;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::{Call, MAX_ANSWER};
use crate::diagnosis::Code;
use crate::endpoints::Endpoints;
pub use place::Hosts;
use place::{Place, Target};
pub use words::Private;

/// The first requests that are kept, and the last ones: with a run that repeats itself, both ends tell most.
const FIRST: usize = 100;
const LAST: usize = 400;
/// All shapes together (bytes).
const SHAPES: usize = 80 * 1024;
/// Private words that answers told (entries): enough for a tenant with many applications.
const NAMES: usize = 2000;

/// The requests of one run.
pub struct Trace {
    began: Instant,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    first: Vec<Entry>,
    last: VecDeque<Entry>,
    count: usize,
    shapes: Vec<String>,
    shape_bytes: usize,
    names: BTreeSet<String>,
    applications: Vec<String>,
}

struct Entry {
    number: usize,
    at: Duration,
    took: Duration,
    method: String,
    place: Place,
    again: bool,
    came: Came,
}

enum Came {
    Answer {
        status: u16,
        kind: String,
        size: usize,
        /// Which of the shapes; none when there was no room for one more.
        shape: Option<usize>,
        target: Option<Target>,
        pause: Option<u64>,
    },
    Nothing(Code),
}

impl Trace {
    /// Nothing so far.
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), kept: Mutex::default() }
    }

    /// Keeps one attempt; `again` when it repeats the one before.
    pub(super) fn record(
        &self,
        call: &Call,
        result: Result<&Answer, Code>,
        began: Instant,
        again: bool,
        endpoints: &Endpoints,
    ) {
        let took = began.elapsed();
        let mut kept = self.lock();
        let came = match result {
            Ok(answer) => {
                let mut shape = shape::of(answer);
                if call.secrets().iter().any(|secret| shape.text.contains(secret.as_str())) {
                    shape.text = "withheld: it repeats what was sent".to_owned();
                }
                for name in shape.names {
                    if kept.names.len() < NAMES {
                        kept.names.insert(name);
                    }
                }
                let location = answer.header("location").filter(|_| (300..400).contains(&answer.status));
                Came::Answer {
                    status: answer.status,
                    kind: shape::kind(answer.header("content-type")),
                    size: answer.body.len(),
                    shape: kept.shape(shape.text),
                    target: location
                        .map(|location| Target::read(location, &call.url, endpoints, &mut kept.applications)),
                    pause: answer.header("retry-after").and_then(|value| value.trim().parse().ok()),
                }
            }
            Err(code) => Came::Nothing(code),
        };
        let place = Place::of(&call.url, &mut kept.applications);
        kept.count += 1;
        let entry = Entry {
            number: kept.count,
            at: began.saturating_duration_since(self.began),
            took,
            method: call.method.as_str().to_owned(),
            place,
            again,
            came,
        };
        kept.push(entry);
    }

    /// What an application is called in the report: `APP-1`, `APP-2`, in the order of their appearance.
    pub fn application(&self, client_id: &str) -> String {
        place::alias(client_id, &mut self.lock().applications)
    }

    /// What answers told of people, applications and tenants: never to be shown.
    pub fn names(&self) -> BTreeSet<String> {
        self.lock().names.clone()
    }

    /// Every request that is kept, one or two lines each.
    pub fn lines(&self, hosts: &Hosts, private: &Private) -> Vec<String> {
        let kept = self.lock();
        let mut lines = Vec::new();
        // In which request a shape was shown.
        let mut shown: Vec<Option<usize>> = vec![None; kept.shapes.len()];
        for entry in kept.first.iter().chain(&kept.last) {
            if kept.last.front().is_some_and(|first| first.number == entry.number) && entry.number > FIRST + 1 {
                lines.push(format!("      ({} requests between are not kept)", entry.number - FIRST - 1));
            }
            entry.write(&kept, hosts, private, &mut shown, &mut lines);
        }
        lines
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn shape(&mut self, text: String) -> Option<usize> {
        if let Some(known) = self.shapes.iter().position(|shape| *shape == text) {
            return Some(known);
        }
        (self.shape_bytes + text.len() <= SHAPES).then(|| {
            self.shape_bytes += text.len();
            self.shapes.push(text);
            self.shapes.len() - 1
        })
    }

    fn push(&mut self, entry: Entry) {
        if self.first.len() < FIRST {
            self.first.push(entry);
            return;
        }
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(entry);
    }
}

impl Entry {
    fn write(
        &self,
        kept: &Kept,
        hosts: &Hosts,
        private: &Private,
        shown: &mut [Option<usize>],
        lines: &mut Vec<String>,
    ) {
        let again = if self.again { "again " } else { "" };
        let head = format!(
            "{:>4}  +{} ms  {again}{} {}  ",
            self.number,
            self.at.as_millis(),
            self.method,
            self.place.text(hosts, private)
        );
        let took = self.took.as_millis();
        let (status, kind, size, shape, target, pause) = match &self.came {
            Came::Answer { status, kind, size, shape, target, pause } => (status, kind, size, shape, target, pause),
            Came::Nothing(code) => {
                let why = match code {
                    Code::UnrecognisedAnswer => format!("more than {} MiB came", MAX_ANSWER / (1024 * 1024)),
                    Code::InputInvalid => "nothing was sent".to_owned(),
                    Code::Cancelled => "not waited for".to_owned(),
                    _ => "no answer".to_owned(),
                };
                lines.push(format!("{head}{why} [{}] after {took} ms", code.name()));
                return;
            }
        };
        let pause = pause.map(|seconds| format!(", retry-after {seconds}")).unwrap_or_default();
        lines.push(format!("{head}{status} {}, {size} bytes, {took} ms{pause}", private.clear(kind)));
        if let Some(target) = target {
            lines.push(format!("        leads to {}", target.text(hosts, private)));
        }
        if *size == 0 {
            return;
        }
        lines.push(match shape.map(|n| (n, shown[n])) {
            None => "        (no room for one more shape)".to_owned(),
            Some((_, Some(before))) => format!("        as in request {before}"),
            Some((n, None)) => {
                shown[n] = Some(self.number);
                format!("        {}", private.clear(&kept.shapes[n]))
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn fill(trace: &Trace, count: usize, path: impl Fn(usize) -> String) {
        for n in 0..count {
            let call = Call::get(Url::parse(&format!("https://acme.example{}", path(n))).unwrap());
            trace.record(&call, Err(Code::TimedOut), Instant::now(), false, &Endpoints::default());
        }
    }

    #[test]
    fn of_many_requests_both_ends_are_kept_and_the_gap_is_said() {
        let trace = Trace::new();
        fill(&trace, 1000, |_| "/authorize".to_owned());
        let lines = trace.lines(&Hosts::default(), &Private::default());
        assert_eq!(lines.len(), FIRST + LAST + 1);
        assert!(lines[FIRST].contains("(500 requests between are not kept)"), "{}", lines[FIRST]);
        assert!(lines[0].trim_start().starts_with("1 ") && lines[FIRST + LAST].trim_start().starts_with("1000 "));
        assert!(lines[0].contains("GET OTHER-HOST/authorize  no answer [timed_out]"), "{}", lines[0]);
    }

    #[test]
    fn without_a_gap_none_is_said() {
        let trace = Trace::new();
        fill(&trace, FIRST + LAST, |_| "/authorize".to_owned());
        assert_eq!(trace.lines(&Hosts::default(), &Private::default()).len(), FIRST + LAST);
    }

    #[test]
    fn an_application_keeps_its_number() {
        let trace = Trace::new();
        fill(&trace, 4, |n| format!("/api/v2/clients/id{}", n % 2));
        assert_eq!((trace.application("id1"), trace.application("id0")), ("APP-2".to_owned(), "APP-1".to_owned()));
        assert_eq!(trace.application("another"), "APP-3");
    }

    #[test]
    fn shapes_are_bounded_together() {
        let mut kept = Kept::default();
        let long = |n: usize| format!("{n}{}", "x".repeat(1000));
        assert_eq!(kept.shape(long(0)), kept.shape(long(0)));
        let found = (0..200).filter_map(|n| kept.shape(long(n))).count();
        assert!((60..100).contains(&found), "{found}");
    }
}
