//! Owns the rows, one file for each way to look at a set-up.

mod alone;
mod direct;
mod headless;
mod login;
mod setup;

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
