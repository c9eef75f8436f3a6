//! Owns the matrix as people read it: one line for each case, in `examples/README.md`.

use fitbit_connect::provider::Provider;

use super::row::{Blanks, Row, Way, filled};
use super::rows;

/// One line of the table.
struct Line {
    what: String,
    provider: String,
    way: Way,
    check: &'static str,
    state: &'static str,
    code: &'static str,
    exit: i32,
    copy: String,
}

/// Every row with its providers: in one line where the same is to be copied.
fn lines() -> Vec<Line> {
    rows::ALL.iter().flat_map(|(way, rows)| rows.iter().flat_map(|row| of(row, *way))).collect()
}

fn of(row: &Row, way: Way) -> Vec<Line> {
    let copy =
        |provider| filled(row.copy, &Blanks { provider, port: "18917".to_owned(), test_app: "CLIENT_ID".to_owned() });
    let line = |provider: String, copy| Line {
        what: row.what(),
        provider,
        way,
        check: row.check,
        state: row.state,
        code: row.code,
        exit: row.exit,
        copy,
    };
    match row.providers {
        [first, second] if copy(*first) == copy(*second) => vec![line("both".to_owned(), copy(*first))],
        providers => providers.iter().map(|p| line(short(*p).to_owned(), copy(*p))).collect(),
    }
}

fn short(provider: Provider) -> &'static str {
    match provider {
        Provider::GoogleHealth => "Google Health",
        Provider::Fitbit => "Fitbit",
    }
}

/// The whole table, as Markdown.
pub fn markdown() -> String {
    let mut table =
        "| what is wrong | provider | looked at with | check or step | code | exit | what to copy or compare |\n\
                     |---|---|---|---|---|---|---|\n"
            .to_owned();
    for Line { what, provider, way, check, state, code, exit, copy } in lines() {
        let way = way.says();
        let state = if state == "fail" { String::new() } else { format!(" ({state})") };
        table.push_str(&format!("| {what} | {provider} | {way} | `{check}`{state} | `{code}` | {exit} | `{copy}` |\n"));
    }
    table
}
