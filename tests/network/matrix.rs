//! Every request of `setup` and `test`, and everything that can go wrong on its way: no panic, an end in time, an exit code
//! that is true, no secret shown, nothing left without a name, and a next run that mends it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use fitbit_connect::sandbox::facts;

use crate::common::Output;
use crate::faults::Fault;
use crate::front::{Asked, Plan};
use crate::scenario::{Kind, SCENARIOS, Scenario, State};

/// What one call may take at most (the documentation of `Http::send`).
const CALL: Duration = Duration::from_secs(60);
/// What everything else of a run may take, on a machine that is busy with other runs.
const REST: Duration = Duration::from_secs(60);

/// How often a fault strikes: at one request, or at all of its kind from there on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    Always,
}
use Times::{Always, Once};

/// Those that cost no work but the time that the program waits.
const SLOW: &[(Fault, Times)] = &[(Fault::Silent, Once), (Fault::Drip, Once)];
const QUICK: &[(Fault, Times)] = &[
    (Fault::Reset, Always),
    (Fault::ResetAfter, Once),
    (Fault::Limited(None), Always),
    (Fault::Limited(Some(1)), Once),
    (Fault::Limited(Some(3600)), Always),
    (Fault::Status(500, None), Always),
    (Fault::Status(503, None), Always),
    (Fault::Status(503, Some(1)), Once),
    (Fault::Truncated, Always),
    (Fault::Garbage, Always),
    (Fault::WrongType, Always),
    (Fault::Huge, Always),
];

/// Those that end as the slow ones do, whatever was asked for: at every tenth request.
const ENDLESS: &[(Fault, Times)] =
    &[(Fault::SilentBody, Once), (Fault::EndlessHead, Always), (Fault::Provisional, Once)];
const EVERY: usize = 10;

/// So many runs at a time: those that wait, and those that work.
const WAITING: usize = 128;
const WORKING: usize = 10;

/// One request of one run.
struct Place {
    scenario: &'static Scenario,
    kind: Kind,
    /// Which request of its kind.
    nth: usize,
    undisturbed: Arc<State>,
}

/// Every request of every scenario. What another one asks in the same way, and is read by the same lines, is left to that one:
/// `test` does before its login what it does without one, and the tenant does not care which provider it is asked about. What
/// `setup` writes is disturbed for both providers all the same.
fn places() -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for scenario in SCENARIOS {
        let (requests, undisturbed) = scenario.undisturbed();
        let undisturbed = Arc::new(undisturbed);
        let mut seen: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in requests {
            let count = seen.entry(kind.clone()).or_default();
            let nth = std::mem::replace(count, *count + 1);
            let writes = scenario.name == "setup" && !kind.begins("GET");
            let is_left = |place: &Place| {
                scenario.leaves_to.contains(&place.scenario.name) && place.kind == kind && place.nth == nth
            };
            if writes || !places.iter().any(is_left) {
                places.push(Place { scenario, kind, nth, undisturbed: Arc::clone(&undisturbed) });
            }
        }
    }
    places
}

/// What a run says that met a fault, when it says what is true.
const HONEST: &[&str] =
    &["network_unreachable", "timed_out", "rate_limited", "service_unavailable", "unrecognised_answer"];

/// What is true as well: what was not answered to be removed or revoked is not known to be gone.
fn is_true(kind: &Kind) -> &'static str {
    match kind {
        kind if kind.begins("DELETE /api/v2/clients") || kind.begins("POST /api/v2/clients") => {
            "temporary_application_left"
        }
        kind if kind.begins("POST /revoke") || kind.begins("POST /oauth2/revoke") => "token_not_revoked",
        // The answer with the token in it may be the one that was lost.
        kind if kind.begins("POST /token") || kind.begins("POST /oauth2/token") => "token_not_revoked",
        _ => "",
    }
}

/// One run behind a fault.
struct Case<'p> {
    place: &'p Place,
    fault: Fault,
    times: Times,
}

impl Case<'_> {
    fn name(&self) -> String {
        let Place { scenario, kind, nth, .. } = self.place;
        format!("{} {}: {} ({}): {:?} {:?}", scenario.name, scenario.provider, kind.0, nth + 1, self.fault, self.times)
    }

    /// The exit code; what is wrong with how it went.
    fn run(&self) -> Result<i32, String> {
        let (hits, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (strikes, is_over, count) = (Arc::clone(&hits), Arc::clone(&over), AtomicUsize::new(0));
        let (kind, nth, fault, times) = (self.place.kind.clone(), self.place.nth, self.fault, self.times);
        let plan: Plan = Arc::new(move |asked: &Asked| {
            if is_over.load(Ordering::SeqCst) || Kind::of(asked) != kind {
                return None;
            }
            let at = count.fetch_add(1, Ordering::SeqCst);
            (at == nth || (at > nth && times == Always)).then(|| {
                strikes.fetch_add(1, Ordering::SeqCst);
                fault
            })
        });
        let set = self.place.scenario.open(&plan);
        let began = Instant::now();
        let output = set.run();
        let took = began.elapsed();
        over.store(true, Ordering::SeqCst);
        let struck = u32::try_from(hits.load(Ordering::SeqCst)).unwrap();
        let wrong = |why: String| Err(format!("{}: {why}\n{output}", self.name()));
        if struck == 0 {
            return wrong("was never asked".to_owned());
        }
        if took > CALL * struck + REST {
            return wrong(format!("took {took:?}"));
        }
        let state = set.state();
        if let Some(why) = self.judge(&output, &state) {
            return wrong(why);
        }
        let next = set.run();
        if next.code() != self.place.scenario.exit || set.state() != *self.place.undisturbed {
            let (seen, wanted) = (set.state(), &self.place.undisturbed);
            return wrong(format!("the next run does not mend it\n{seen:?}\ninstead of {wanted:?}\n{next}"));
        }
        Ok(output.code())
    }

    fn judge(&self, output: &Output, state: &State) -> Option<String> {
        let Place { scenario, kind, .. } = self.place;
        let all = format!("{}{}", output.stdout, output.stderr);
        if all.contains("panicked") || all.len() > 20_000 {
            return Some("panics, or says too much".to_owned());
        }
        if ![0, 6, scenario.exit].contains(&output.code()) {
            return Some(format!("exit code {}", output.code()));
        }
        // What was refused unread is asked again when the service wants it.
        if self.fault == Fault::Limited(Some(1)) && (output.code(), state) != (scenario.exit, &self.place.undisturbed) {
            return Some("does not wait and go on".to_owned());
        }
        if self.fault == Fault::Limited(Some(3600)) && output.code() == 6 && !all.contains("asks to wait 1h") {
            return Some("does not say how long to wait".to_owned());
        }
        let document = output.document();
        let mut codes = BTreeSet::new();
        for check in document["checks"].as_array().into_iter().flatten() {
            if let ("fail" | "unknown" | "warn", Some(code)) =
                (check["state"].as_str().unwrap(), check["code"].as_str())
            {
                codes.insert(code.to_owned());
            }
        }
        codes.extend(document["error"]["code"].as_str().map(str::to_owned));
        let is_known = |code: &str| HONEST.contains(&code) || code == is_true(kind) || code == scenario.says;
        if let Some(code) = codes.iter().find(|code| !is_known(code)) {
            return Some(format!("claims {code}"));
        }
        let answered = matches!(self.fault, Fault::Garbage | Fault::EndlessHead | Fault::WrongType | Fault::Huge);
        if answered && codes.contains("network_unreachable") {
            return Some("says that a service which answers cannot be reached".to_owned());
        }
        let secrets = [
            facts::GOOGLE_CLIENT_SECRET,
            facts::FITBIT_CLIENT_SECRET,
            facts::MANAGEMENT_CLIENT_SECRET,
            "ya29.",
            "eyJhbGci",
            "eyJ0eXAi",
            "Bearer ",
            "code_verifier",
        ];
        if let Some(secret) = secrets.iter().find(|secret| all.contains(**secret)) {
            return Some(format!("shows {secret}"));
        }
        if all.contains(|c: char| c.is_control() && c != '\n') {
            return Some("shows control characters".to_owned());
        }
        // Those that were there before are the leftovers of others.
        let unnamed = state.ours.iter().find(|(id, _)| !all.contains(id.as_str()) && !all.contains("may exist"));
        if let Some((id, _)) = unnamed.filter(|_| scenario.name != "setup of what drifted") {
            return Some(format!("leaves {id} without a word"));
        }
        let ended_well = output.code() == 0 && scenario.name.starts_with("setup");
        (ended_well && state.without_ours() != *self.place.undisturbed).then(|| format!("is not done\n{state:?}"))
    }
}

#[test]
fn every_request_may_fail_in_every_way_and_the_next_run_mends_it() {
    allow_many_files();
    let places = places();
    let cases = |faults: &'static [(Fault, Times)], every: usize| -> Vec<Case> {
        let of = |place| faults.iter().map(move |(fault, times)| Case { place, fault: *fault, times: *times });
        places.iter().step_by(every).flat_map(of).collect()
    };
    let (mut slow, quick) = (cases(SLOW, 1), cases(QUICK, 1));
    slow.extend(cases(ENDLESS, EVERY));
    let (ends, wrong) = (Mutex::new(BTreeMap::<i32, usize>::new()), Mutex::new(Vec::new()));
    let work = |cases: &[Case], next: &AtomicUsize| {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
            match case.run() {
                Ok(code) => *ends.lock().unwrap().entry(code).or_default() += 1,
                Err(why) => wrong.lock().unwrap().push(why),
            }
        }
    };
    let (next_slow, next_quick) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        (0..WAITING).for_each(|_| drop(scope.spawn(|| work(&slow, &next_slow))));
        (0..WORKING).for_each(|_| drop(scope.spawn(|| work(&quick, &next_quick))));
    });
    let (ends, wrong, count) = (ends.into_inner().unwrap(), wrong.into_inner().unwrap(), slow.len() + quick.len());
    println!("{count} cases at {} requests, {} of them slow; exit codes {ends:?}", places.len(), slow.len());
    assert!(count >= 300, "{count}");
    let heads: Vec<&str> = wrong.iter().filter_map(|text| text.lines().next()).collect();
    assert!(wrong.is_empty(), "{} of {count}:\n{}\n\n{}", wrong.len(), heads.join("\n"), wrong.join("\n\n"));
}

/// Each run has a sandbox of its own in this process.
fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let now = getrlimit(Resource::Nofile);
        let wanted = now.maximum.map_or(8192, |maximum| maximum.min(8192));
        if now.current.is_some_and(|current| current < wanted) {
            setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: now.maximum }).unwrap();
        }
    }
}
