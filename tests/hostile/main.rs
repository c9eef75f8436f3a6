//! Input from outside is hostile: each parser is given what its corpus (`tests/corpus/NAME`) becomes when it is torn, repeated
//! and mixed, and anything else. None may panic, show what it must not, or need more than linear work.
//!
//! The cases are the same in every run. `PROPTEST_CASES` says how many there are, `FITBIT_CONNECT_FUZZ_SECONDS` for how long each
//! test goes on with others.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod answers;
mod linear;
mod listener;
mod mutate;
mod redaction;
mod settings;
mod values;
