//! Owns the rows about this machine, the network and the secret store, and the two ends that fit nowhere else. Refuses
//! rows about what a provider or the tenant has configured.

use super::links::*;
use super::sign::{but, sign};
use super::{Diagnosis, Exit, Sure};

pub(super) static NETWORK_UNREACHABLE: Diagnosis = Diagnosis {
    code: "network_unreachable",
    symptom: "No connection to the service could be made.",
    cause: "The name does not resolve, the machine is offline, or a proxy or firewall is in the way.",
    cure: "Check the name and the network; behind a proxy set `HTTPS_PROXY`",
    exit: Exit::Service,
    links: &[],
    signs: &[
        sign(&["dns error"]),
        sign(&["name or service not known"]),
        sign(&["failed to lookup address"]),
        but(&["err_connection_timed_out"], &["127.0.0.1", "localhost"]),
        sign(&["network is unreachable"]),
        sign(&["err_name_not_resolved"]),
        sign(&["dns_probe_finished_nxdomain"]),
        sign(&["could not resolve host"]),
        sign(&["getaddrinfo", "enotfound"]),
        sign(&["err_internet_disconnected"]),
        sign(&["err_proxy_connection_failed"]),
        sign(&["dns_probe_finished_no_internet"]),
        sign(&["eai_again"]),
        but(&["econnrefused"], &["fetchuserprofile: "]),
        but(&["etimedout"], &["fetchuserprofile: "]),
        sign(&["failed to connect to", "connection refused"]),
        sign(&["curl", "failed to connect to"]),
        sign(&["could not connect to server"]),
        sign(&["dial tcp", "no such host"]),
        sign(&["socket hang up"]),
        sign(&["dial tcp", "connection refused"]),
        sign(&["connectionrefusederror"]),
    ],
    sure: Sure::Seen,
};

pub(super) static TLS_FAILED: Diagnosis = Diagnosis {
    code: "tls_failed",
    symptom: "There is no secure connection to the service: its certificate is not accepted, or it offers nothing of TLS \
              1.2 or newer.",
    cause: "A proxy puts its own certificate in between, the clock of this machine is wrong, the name is not the \
            service's, or what answers is too old.",
    cure: "Check the clock; behind a company proxy set `SSL_CERT_FILE` to a file with its authority's certificate. Where \
           the message speaks of TLS 1.2, have it switched on at the proxy or gateway that answers.",
    exit: Exit::Service,
    links: &[],
    signs: &[
        sign(&["unknownissuer"]),
        sign(&["unknown issuer"]),
        sign(&["self-signed certificate"]),
        sign(&["self signed certificate"]),
        sign(&["unable to get local issuer certificate"]),
        sign(&["unable to verify the first certificate"]),
        sign(&["certificate has expired"]),
        sign(&["x509: certificate"]),
        sign(&["certificate verify failed"]),
        sign(&["err_cert_authority_invalid"]),
        sign(&["err_cert_date_invalid"]),
        sign(&["err_cert_common_name_invalid"]),
        sign(&["your connection is not private"]),
        sign(&["sec_error_unknown_issuer"]),
    ],
    sure: Sure::Seen,
};

pub(super) static RATE_LIMITED: Diagnosis = Diagnosis {
    code: "rate_limited",
    symptom: "The service answers 429: `Too Many Requests` or `too_many_requests` or `RATE_LIMIT_EXCEEDED`",
    cause: "More requests were made than the plan or quota allows, perhaps by other tools at the same time.",
    cure: "Wait for the time that the message names, or some minutes where it names none, and run the command again.",
    exit: Exit::Service,
    links: &[AUTH0_RATE_LIMITS, HEALTH_LIMITS],
    signs: &[
        sign(&["too many requests"]),
        sign(&["http 429"]),
        sign(&["too_many_requests"]),
        sign(&["rate_limit_exceeded"]),
        sign(&["resource_exhausted"]),
        sign(&["quota exceeded for quota metric"]),
        sign(&["global limit has been reached"]),
        sign(&["\"type\":\"api_limit\""]),
    ],
    sure: Sure::Documented,
};

pub(super) static SERVICE_UNAVAILABLE: Diagnosis = Diagnosis {
    code: "service_unavailable",
    symptom: "The service answers with a server error (5xx), also after retries; or the tenant says that it could not reach the \
              provider.",
    cause: "The service has trouble of its own, or a gateway or the network in front of it.",
    cure: "Run the command again later; `{test} --headless` shows whether the service answers again.",
    exit: Exit::Service,
    links: &[],
    signs: &[
        sign(&["temporarily_unavailable"]),
        sign(&["error=server_error"]),
        sign(&["\"error\":\"server_error\""]),
        sign(&["502 bad gateway"]),
        sign(&["503 service unavailable"]),
        sign(&["503 service temporarily unavailable"]),
        sign(&["504 gateway timeout"]),
        sign(&["504 gateway time-out"]),
        sign(&["500 internal server error"]),
        sign(&["\"code\":500", "\"status\":\"internal\""]),
        sign(&["http 500"]),
        sign(&["http 502"]),
        sign(&["http 503"]),
        sign(&["http 504"]),
        sign(&["500. that's an error"]),
        sign(&["502. that's an error"]),
        sign(&["503. that's an error"]),
        sign(&["error 500 (server error)"]),
        sign(&["error 502 (server error)"]),
        sign(&["error 503 (server error)"]),
        sign(&["error 504 (server error)"]),
        sign(&["fetchuserprofile: ", "could not be reached"]),
        sign(&["server_error"]),
        sign(&["\"status\":\"unavailable\""]),
    ],
    sure: Sure::Seen,
};

pub(super) static UNRECOGNISED_ANSWER: Diagnosis = Diagnosis {
    code: "unrecognised_answer",
    symptom: "The service answers something that is not in its documentation.",
    cause: "The service changed, or something between it and this machine answers in its place, such as a sign-in \
            page of a network.",
    cure: "Look at what the message repeats; an address that it names can be opened in a browser. If the answer is the \
           service's own, report it: `{test} --report FILE` writes what can be shown to everybody.",
    exit: Exit::Service,
    links: &[],
    signs: &[
        but(&["410", "googleapis.com"], &["fitbit"]),
        but(&["410", "accounts.google.com"], &["fitbit"]),
        but(&["410", "google health api"], &["fitbit"]),
    ],
    sure: Sure::Seen,
};

pub(super) static TIMED_OUT: Diagnosis = Diagnosis {
    code: "timed_out",
    symptom: "The service did not answer in time.",
    cause: "The network or the service is slow, or a firewall drops the packets without a word.",
    cure: "Run the command again; behind a proxy set `HTTPS_PROXY`",
    exit: Exit::Service,
    links: &[],
    signs: &[sign(&["curl", "timed out after"]), sign(&["curl", "operation timed out"])],
    sure: Sure::Seen,
};

pub(super) static PORT_IN_USE: Diagnosis = Diagnosis {
    code: "port_in_use",
    symptom: "The loopback port cannot be opened.",
    cause: "Another program holds it, or the system has reserved it.",
    cure: "End the program that the message names, or choose another port with `--port N` and, for `--direct`, \
           register its callback URL at the provider.",
    exit: Exit::Service,
    links: &[],
    signs: &[sign(&["address already in use"]), sign(&["eaddrinuse"]), sign(&["forbidden by its access permissions"])],
    sure: Sure::Seen,
};

pub(super) static BROWSER_NOT_OPENED: Diagnosis = Diagnosis {
    code: "browser_not_opened",
    symptom: "No browser could be opened.",
    cause: "There is no display or no browser here, or the one named in `BROWSER` failed.",
    cure: "Open the printed address by hand. If that is on another machine, paste the address of the last page into \
           the terminal.",
    exit: Exit::Done,
    links: &[],
    signs: &[sign(&["xdg-open", "not found"]), sign(&["no browser could be opened"])],
    sure: Sure::Seen,
};

pub(super) static FILE_NOT_WRITABLE: Diagnosis = Diagnosis {
    code: "file_not_writable",
    symptom: "A file could not be written.",
    cause: "The directory is missing or belongs to somebody else, the disk is full, or the file system is read-only.",
    cure: "Check the path that the message names, or choose another settings file with `--config FILE`",
    exit: Exit::Service,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static ANOTHER_RUN: Diagnosis = Diagnosis {
    code: "another_run",
    symptom: "Another `setup` or `remove` is at work on the same settings file.",
    cause: "It was started in another window or by another job and has not ended; it may be waiting for an answer or for \
            a login.",
    cure: "Wait until it has ended, or end the process that the message names, and run the command again. What a killed \
           run left is put right then.",
    exit: Exit::Service,
    links: &[],
    signs: &[sign(&["another run of fitbit-connect"])],
    sure: Sure::Seen,
};

pub(super) static SECRET_STORE_MISSING: Diagnosis = Diagnosis {
    code: "secret_store_missing",
    symptom: "There is no secret store on this machine.",
    cause: "No keychain service runs here, as on servers, in containers and on WSL.",
    cure: "Keep nothing with `--store none` and give the secret by `FITBIT_CONNECT_CLIENT_SECRET` or keep it in a \
           file of mode 0600 with `--store file`",
    exit: Exit::Store,
    links: &[],
    signs: &[
        sign(&["org.freedesktop.secrets"]),
        sign(&["does not exist at path", "/org/freedesktop/secrets"]),
        sign(&["nodefaultstore"]),
        sign(&["nostorageaccess", "dbus_session_bus_address"]),
        sign(&["cannot autolaunch d-bus"]),
    ],
    sure: Sure::Reported,
};

pub(super) static SECRET_STORE_LOCKED: Diagnosis = Diagnosis {
    code: "secret_store_locked",
    symptom: "The secret store is locked.",
    cause: "The keychain was not unlocked in this session, as after a login over SSH.",
    cure: "Unlock the keychain and run the command again, or choose `--store none` or `--store file`",
    exit: Exit::Store,
    links: &[],
    signs: &[
        but(&["nostorageaccess"], &["dbus_session_bus_address"]),
        sign(&["cannot create an item in a locked collection"]),
        sign(&["freedesktop.secret.error.islocked"]),
        sign(&["errsecinteractionnotallowed"]),
        sign(&["user interaction is not allowed"]),
    ],
    sure: Sure::Seen,
};

pub(super) static SECRET_STORE_DISMISSED: Diagnosis = Diagnosis {
    code: "secret_store_dismissed",
    symptom: "The dialogue of the secret store was closed without an answer.",
    cause: "The keychain asked for its password or for permission, and was told to cancel.",
    cure: "Run the command again and answer the dialogue of the keychain. If none appeared, unlock the keychain first, or \
           choose `--store none` or `--store file`",
    exit: Exit::Store,
    links: &[],
    signs: &[sign(&["prompt dismissed"]), sign(&["errsecusercanceled"])],
    sure: Sure::Seen,
};

pub(super) static SECRET_STORE_REFUSED: Diagnosis = Diagnosis {
    code: "secret_store_refused",
    symptom: "The secret store refused to read or write.",
    cause: "Its rules do not allow the access, or it has trouble of its own; the message repeats what it said.",
    cure: "Put right what the message names and run the command again, or choose `--store none` or `--store file`",
    exit: Exit::Store,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static SECRET_STORE_FULL: Diagnosis = Diagnosis {
    code: "secret_store_full",
    symptom: "The secret store cannot write one more entry.",
    cause: "The disk is full, a quota is used up, or the store allows no more entries. GNOME Keyring says `An error \
            occurred on the device` for all that keeps it from writing its file.",
    cure: "Make room on the disk that holds the home directory, or delete entries of the store that nobody needs, and run \
           the command again.",
    exit: Exit::Store,
    links: &[],
    signs: &[sign(&["an error occurred on the device"])],
    sure: Sure::Seen,
};

pub(super) static SECRET_STORE_TIMED_OUT: Diagnosis = Diagnosis {
    code: "secret_store_timed_out",
    symptom: "The secret store did not answer in time.",
    cause: "It waits for a dialogue that nobody sees, or its service hangs.",
    cure: "Look for its dialogue on the desktop, unlock the keychain and run the command again, or choose `--store \
           none` or `--store file`",
    exit: Exit::Store,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static SECRET_TOO_LONG: Diagnosis = Diagnosis {
    code: "secret_too_long",
    symptom: "The secret is longer than the secret store can hold.",
    cause: "Windows Credential Manager holds 2560 bytes, two for each character; a client secret is far shorter, so \
            that something else may have been pasted.",
    cure: "Check the value that was given; if it is right, choose `--store file`",
    exit: Exit::Store,
    links: &[],
    signs: &[sign(&["stub received bad data"])],
    sure: Sure::Seen,
};

pub(super) static SECRET_FILE_LOOSE: Diagnosis = Diagnosis {
    code: "secret_file_loose",
    symptom: "The file with the secrets can be read by other users, or belongs to one.",
    cause: "Its permissions were widened or its owner changed, for example by copying it as another user.",
    cure: "Run `chmod 600` on the file that the message names, and replace the secret at the provider if others may \
           have read it.",
    exit: Exit::Store,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static SECRET_NOT_KEPT: Diagnosis = Diagnosis {
    code: "secret_not_kept",
    symptom: "The secret store gives back something else than what was put in.",
    cause: "It drops or changes entries, or another program writes the same one.",
    cure: "Run the command again; if it stays, choose `--store none` or `--store file`",
    exit: Exit::Store,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static CANCELLED: Diagnosis = Diagnosis {
    code: "cancelled",
    symptom: "The command was cancelled.",
    cause: "Ctrl-C was pressed, or the process was told to end.",
    cure: "Run the command again when it suits: it looks first and does only what is left.",
    exit: Exit::Cancelled,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};

pub(super) static UNEXPECTED: Diagnosis = Diagnosis {
    code: "unexpected",
    symptom: "Something failed that should not be able to fail.",
    cause: "This is a fault in the program.",
    cure: "Report it with the command and the message; neither holds a secret.",
    exit: Exit::Unexpected,
    links: &[],
    signs: &[],
    sure: Sure::Seen,
};
