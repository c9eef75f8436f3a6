//! The matrix: every fault of the sandbox, in every place where it can happen, gives its own code, the exact string to copy and
//! the promised exit code. One table, run with the real program, printed, and kept in `examples/README.md`.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../common/mod.rs"]
mod common;
mod judge;
mod row;
mod rows;
mod run;
mod table;

use std::collections::BTreeSet;

use common::generated;
use fitbit_connect::diagnosis::Code;
use fitbit_connect::provider::Provider;
use fitbit_connect::sandbox::faults::Fault;
use row::{GOOGLE, Row, Way};

/// So many different cases are the least.
const LEAST: usize = 60;

/// Faults with which everything is right, unless there is something else to find.
const HARMLESS: &[Fault] = &[
    // Slower, and paced by the client.
    Fault::FreePlan,
    Fault::CustomDomain,
    // One more page that a person clicks through.
    Fault::UnverifiedApp,
    // Only a login that failed is looked up in the log.
    Fault::LogsLate,
    Fault::NoLogScope,
    // No refresh token is ever used: a test asks for one and lets it go.
    Fault::RefreshTokenDead,
    // Nothing is made or changed where everything is right.
    Fault::EntityLimit,
    Fault::ChangedMeanwhile,
];

const INPUT: &str = "about what was given: tests/inputs.rs, tests/explain.rs";
const MACHINE: &str =
    "about this machine: tests/keychain*.rs, tests/secrets.rs, tests/verify.rs, the rooms of src/http";
const EXPLAINED: &str = "seen elsewhere and pasted: tests/explain.rs";
const PAGE: &str =
    "stands on the provider's page alone: the login times out, and whoever pastes the page is told: tests/explain.rs";

/// Codes that no service causes in a run of `setup` or `test`, each with its reason.
const NOT_IN_THE_MATRIX: &[(Code, &str)] = &[
    (Code::InputMissing, INPUT),
    (Code::InputInvalid, INPUT),
    (Code::InputContradictory, INPUT),
    (Code::SecretOnCommandLine, INPUT),
    (Code::ConfirmationMissing, INPUT),
    (Code::SettingsFileInvalid, INPUT),
    (Code::UnknownCode, INPUT),
    (Code::ClientSecretMissing, INPUT),
    (Code::DesktopClient, INPUT),
    (Code::FileNotReadable, INPUT),
    (Code::GoogleIdAtFitbit, INPUT),
    (Code::FitbitIdAtGoogle, INPUT),
    (Code::RegistrationClosed, EXPLAINED),
    (Code::ErrorHiddenByLibrary, EXPLAINED),
    (Code::BrowserRefusesHttp, EXPLAINED),
    (Code::LoginRequired, "this program never sends prompt=none; explained for applications that do"),
    (Code::WorksOnlyDirectly, EXPLAINED),
    (Code::OrgInternal, PAGE),
    (Code::DisallowedUseragent, PAGE),
    (Code::PersonalApplication, PAGE),
    (Code::NotATestUser, PAGE),
    (Code::AdminPolicyEnforced, PAGE),
    (Code::GoogleUnverifiedApp, PAGE),
    (Code::RefreshTokenRejected, "this program never uses a refresh token; explained for applications that do"),
    (Code::UserNotFound, "the old Fitbit user id is left out then, which is no failure"),
    (Code::NotVerified, "only --strict says it: tests/verify.rs"),
    (Code::TlsFailed, MACHINE),
    (Code::PortInUse, MACHINE),
    (Code::BrowserNotOpened, MACHINE),
    (Code::FileNotWritable, MACHINE),
    (Code::SecretStoreMissing, MACHINE),
    (Code::SecretStoreLocked, MACHINE),
    (Code::SecretStoreRefused, MACHINE),
    (Code::SecretStoreTimedOut, MACHINE),
    (Code::SecretTooLong, MACHINE),
    (Code::SecretFileLoose, MACHINE),
    (Code::SecretNotKept, MACHINE),
    (Code::SecretStoreDismissed, MACHINE),
    (Code::SecretStoreFull, MACHINE),
    (Code::AnotherRun, MACHINE),
    (Code::Cancelled, "a person does it, not a service: tests/verify.rs"),
    (Code::Unexpected, "a fault of this program"),
];

/// Every row with each of its providers.
fn cases() -> Vec<(&'static Row, Way, Provider)> {
    let rows = rows::ALL.iter().flat_map(|(way, rows)| rows.iter().map(|row| (row, *way)));
    rows.flat_map(|(row, way)| row.providers.iter().map(move |provider| (row, way, *provider))).collect()
}

#[test]
fn every_fault_in_every_place_gives_its_own_code_and_what_to_copy() {
    let mut cases: Vec<(Row, Way, Provider)> = cases().into_iter().map(|(row, way, p)| (*row, way, p)).collect();
    for (row, way) in rows::repeated() {
        cases.extend(row.providers.iter().map(|provider| (row, way, *provider)));
    }
    let wrong: Vec<String> =
        run::all(&cases, |(row, way, provider)| judge::judge(row, *way, *provider)).into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

#[test]
fn the_matrix_is_the_one_in_the_examples_and_is_large_enough() {
    let table = table::markdown();
    let cases = cases();
    let distinct: BTreeSet<_> = cases.iter().map(|(row, way, _)| (row.what(), *way, row.check, row.code)).collect();
    let with_providers: BTreeSet<_> = cases.iter().map(|(row, way, p)| (row.what(), *way, p.to_string())).collect();
    println!("{table}\n{} distinct cases, {} with the provider", distinct.len(), with_providers.len());
    assert_eq!(with_providers.len(), cases.len(), "a case stands there twice");
    assert!(distinct.len() >= LEAST, "{} distinct cases", distinct.len());
    generated::part("examples/README.md", "matrix", &table);
}

#[test]
fn every_fault_of_the_sandbox_has_a_row() {
    let mut covered: BTreeSet<Fault> = cases().iter().flat_map(|(row, ..)| row.faults.iter().copied()).collect();
    covered.extend(HARMLESS);
    let missing: Vec<&str> = Fault::ALL.iter().filter(|fault| !covered.contains(*fault)).map(|f| f.name()).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_code_that_a_service_can_cause_has_a_row() {
    let seen: BTreeSet<&str> = cases().iter().map(|(row, ..)| row.code).collect();
    let argued: BTreeSet<&str> = NOT_IN_THE_MATRIX.iter().map(|(code, _)| code.name()).collect();
    let both: Vec<_> = seen.intersection(&argued).collect();
    assert!(both.is_empty(), "argued away, and yet there: {both:?}");
    let missing: Vec<&str> = Code::ALL
        .iter()
        .map(|code| code.name())
        .filter(|code| !seen.contains(code) && !argued.contains(code))
        .collect();
    assert_eq!(missing, [""; 0], "these codes have no row");
    let unknown: Vec<&&str> = seen.iter().filter(|code| code.parse::<Code>().is_err()).collect();
    assert!(unknown.is_empty(), "there are no such codes: {unknown:?}");
}

#[test]
fn every_row_promises_the_exit_code_of_its_diagnosis() {
    for (row, way, _) in cases() {
        // What is not understood is no failure, unless it ends the run.
        let ends = row.state == "fail" || row.state == "unknown" && row.exit != 0;
        let promised = if ends { row.code.parse::<Code>().unwrap().diagnosis().exit.code() } else { 0 };
        assert_eq!(i32::from(promised), row.exit, "{} ({way:?})", row.what());
    }
}

#[test]
fn where_nothing_is_wrong_nothing_is_reported() {
    let wrong = run::all(HARMLESS, |fault| {
        let faults: &[Fault] = std::slice::from_ref(fault);
        let ran =
            run::run(&Row { faults, ..row::fails(&[], GOOGLE, "", "", 0, "") }, Way::Login, Provider::GoogleHealth);
        let failed = ran.output.document()["checks"].as_array().unwrap().iter().any(|check| check["state"] == "fail");
        (ran.output.code() != 0 || failed).then(|| format!("{}\n{}", fault.name(), ran.output))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
