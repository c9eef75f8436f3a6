//! Owns the rows, one file for each way to look at a set-up.

mod alone;
mod direct;
mod headless;
mod login;
mod setup;

use fitbit_connect::sandbox::faults::Fault;

use crate::row::{Row, Way};

/// Every row, by the way it is looked at.
pub const ALL: &[(Way, &[Row])] = &[
    (Way::Headless, headless::ROWS),
    (Way::WithoutManagement, alone::ROWS),
    (Way::Login, login::ROWS),
    (Way::TestApp, login::WITH_A_TEST_APPLICATION),
    (Way::SecretHidden, login::WITHOUT_THE_SECRET),
    (Way::Direct, direct::ROWS),
    (Way::SetupAnew, setup::ANEW),
    (Way::SetupAgain, setup::AGAIN),
];

/// Rows that hold in another way as well, and would only repeat a line of the table.
pub fn repeated() -> Vec<(Row, Way)> {
    // What the checks find is found before a login, which is then not tried.
    let before = headless::ROWS.iter().filter(|row| row.state == "fail" && row.faults != [Fault::TenantSilent]);
    // The login of `setup` is the login of `test`.
    let login = login::ROWS.iter().filter(|row| row.state == "fail" && row.deed.is_none());
    let as_step = login.map(|row| (Row { check: "login", ..*row }, Way::SetupAgain));
    before.map(|row| (*row, Way::Login)).chain(as_step).collect()
}
