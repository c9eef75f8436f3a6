//! Owns the rows about what was given on the command line, in variables and in files. Refuses rows that need a network
//! to happen.

use super::links::*;
use super::sign::sign;
use super::{Diagnosis, Exit, Sure};

pub(super) static INPUT_MISSING: Diagnosis = Diagnosis {
    code: "input_missing",
    symptom: "Values that are needed were not given, and there was nobody to ask.",
    cause: "A flag, a variable and a saved value are all absent, and questions are off: no terminal, `--no-input`, \
            `--json` or `CI` is set.",
    cure: "Give each value by the flag or variable named next to it, or run the command in a terminal.",
    exit: Exit::Input,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static INPUT_INVALID: Diagnosis = Diagnosis {
    code: "input_invalid",
    symptom: "A value that was given cannot be right.",
    cause: "Its form is not the form of such a value: a masked secret, a control character, a domain with a path, an \
            unknown scope.",
    cure: "Give a value of the form that the message tells, by the flag or variable that it names; one that is shown \
           somewhere, copy from where it stands in full.",
    exit: Exit::Input,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static INPUT_CONTRADICTORY: Diagnosis = Diagnosis {
    code: "input_contradictory",
    symptom: "Two values that were given do not fit together.",
    cause: "They belong to different providers, or two flags exclude each other.",
    cure: "Leave one of the two out, or correct the one that is wrong; the message names both.",
    exit: Exit::Input,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static SECRET_ON_COMMAND_LINE: Diagnosis = Diagnosis {
    code: "secret_on_command_line",
    symptom: "A client secret was given as the value of a flag.",
    cause: "Flag values are visible to other processes and stay in the shell's history, so they are refused.",
    cure: "Use `--client-secret-file PATH` (`-` reads standard input) or the variable `FITBIT_CONNECT_CLIENT_SECRET` \
           instead. Consider the value exposed: replace the secret at the provider and clear the history.",
    exit: Exit::Input,
    links: &[GOOGLE_CLIENTS],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static CONFIRMATION_MISSING: Diagnosis = Diagnosis {
    code: "confirmation_missing",
    symptom: "The plan needs a confirmation, and there was nobody to ask.",
    cause: "Nothing is written before the plan is confirmed, and questions are off.",
    cure: "Look at the plan with `--dry-run` and then run the command again with `--yes`",
    exit: Exit::Input,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static SETTINGS_FILE_INVALID: Diagnosis = Diagnosis {
    code: "settings_file_invalid",
    symptom: "The settings file cannot be understood.",
    cause: "It is not valid TOML, or a key has a value of the wrong kind.",
    cure: "Correct the line or the key that the message names, or choose another file with `--config FILE`",
    exit: Exit::Input,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static UNKNOWN_CODE: Diagnosis = Diagnosis {
    code: "unknown_code",
    symptom: "`explain` was asked for something that is not in the table.",
    cause: "The code is misspelt, or the pasted text holds none of the known messages.",
    cure: "Run `fitbit-connect explain` for the list of codes.",
    exit: Exit::Input,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static CLIENT_SECRET_MISSING: Diagnosis = Diagnosis {
    code: "client_secret_missing",
    symptom: "There is no client secret for this profile.",
    cause: "None was given, and none is in the secret store; with `--store none` nothing is ever kept.",
    cure: "Give it with `--client-secret-file PATH` or the variable `FITBIT_CONNECT_CLIENT_SECRET` or run \
           `{setup}` in a terminal. Google shows a secret only when it is made: if it is lost, add a \
           new one on the client's page. | Fitbit: Give it with `--client-secret-file PATH` or the variable \
           `FITBIT_CONNECT_CLIENT_SECRET` or run `{setup}` in a terminal.",
    exit: Exit::Input,
    links: &[GOOGLE_CLIENTS],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static APPLICATION_NOT_FOUND: Diagnosis = Diagnosis {
    code: "application_not_found",
    symptom: "An application that was named does not exist in the tenant.",
    cause: "The name or client ID is misspelt, or belongs to another tenant.",
    cure: "Choose one of the names or client IDs that the message lists, with `--app NAME_OR_ID`",
    exit: Exit::Input,
    links: &[AUTH0_APPLICATION],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static CONNECTION_AMBIGUOUS: Diagnosis = Diagnosis {
    code: "connection_ambiguous",
    symptom: "Several connections of the tenant could be the one that is meant.",
    cause: "More than one connection of this strategy exists, and none was named.",
    cure: "Name one with `--connection NAME`",
    exit: Exit::Input,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static DESKTOP_CLIENT: Diagnosis = Diagnosis {
    code: "desktop_client",
    symptom: "The client JSON has `installed` at its root, so the client is of type Desktop app.",
    cause: "A Desktop client has no list of redirect URIs, so the callback of an Auth0 tenant cannot be registered \
            on it.",
    cure: "In the Google console open Clients, create a client of type Web application with the redirect URIs \
           `{callback}` and `{loopback}` and use its JSON.",
    exit: Exit::Input,
    links: &[GOOGLE_CLIENTS, HEALTH_SETUP],
    signs: &[sign(&["\"installed\"", "client_id"])],
    sure: Sure::Seen,
};

pub(super) static FILE_NOT_READABLE: Diagnosis = Diagnosis {
    code: "file_not_readable",
    symptom: "A file that was named cannot be read.",
    cause: "It does not exist, is a directory, is not text, or belongs to somebody else.",
    cure: "Check the path and the permissions of the file that the message names.",
    exit: Exit::Input,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};
