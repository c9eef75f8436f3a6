//! The checklist for command-line programs that listen on loopback (44 lines, from known attacks on others), line by line: which
//! tests hold it, and where this program does otherwise, why. Refuses a test that does not exist.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;

/// Number, the line in short, the tests that hold it (`FILE NAME`), and what is different here.
type Line = (u8, &'static str, &'static [&'static str], &'static str);

const LISTENER: &[Line] = &[
    (
        1,
        "bound before the address is shown",
        &["tests/loopback_attack.rs the_port_is_bound_before_the_address_is_shown"],
        "",
    ),
    (
        2,
        "exactly 127.0.0.1",
        &["tests/loopback.rs the_address_is_the_literal_one_and_only_that_is_bound"],
        "::1 cannot be chosen.",
    ),
    (
        3,
        "the same redirect_uri everywhere",
        &["tests/mixup/main.rs the_redirect_uri_is_the_same_in_both_requests_and_the_literal_address"],
        "",
    ),
    (
        4,
        "no redirect to localhost",
        &["tests/mixup/main.rs the_redirect_uri_is_the_same_in_both_requests_and_the_literal_address"],
        "",
    ),
    (
        5,
        "the probed socket serves",
        &[
            "tests/loopback_attack.rs the_port_cannot_be_taken_over_while_it_is_waited_on",
            "tests/loopback_attack.rs the_port_is_bound_before_the_address_is_shown",
        ],
        "",
    ),
    (
        6,
        "the next port, or exit 6 at once",
        &[
            "tests/loopback.rs a_busy_port_is_said_and_the_next_free_one_is_taken",
            "tests/other_commands.rs a_port_that_is_taken_does_not_stop_a_login_through_auth0",
            "tests/loopback_attack.rs with_every_port_taken_it_ends_at_once_and_says_which",
        ],
        "A login at the provider itself takes no other port: only the one is registered there.",
    ),
    (7, "WSAEACCES is a busy port", &["src/loopback/mod.rs a_port_that_windows_denies_is_a_busy_port"], ""),
    (8, "GET and the exact path alone", &["tests/loopback.rs everything_else_is_refused_and_the_wait_goes_on"], ""),
    (9, "favicon.ico is 404", &["tests/loopback.rs everything_else_is_refused_and_the_wait_goes_on"], ""),
    (
        10,
        "any other Host is 400",
        &[
            "tests/loopback.rs everything_else_is_refused_and_the_wait_goes_on",
            "tests/loopback_attack.rs requests_that_no_browser_sends_are_refused_and_change_nothing",
        ],
        "",
    ),
    (
        11,
        "huge requests cost little",
        &[
            "tests/loopback_hostile.rs huge_and_broken_requests_cost_little_and_change_nothing",
            "tests/loopback_attack.rs everything_at_once_in_one_wait_and_the_right_callback_gets_through",
        ],
        "A head may have 16 KiB, not 64: no browser sends more to a server that sets no cookie.",
    ),
    (
        12,
        "idle connections delay nothing",
        &["tests/loopback_hostile.rs a_thousand_idle_connections_do_not_hold_up_the_right_one"],
        "",
    ),
    (
        13,
        "files run out and come back",
        &["tests/loopback_files.rs running_out_of_files_does_not_end_the_listener"],
        "",
    ),
    (
        14,
        "the deadline holds",
        &[
            "tests/loopback_attack.rs the_deadline_holds_whatever_clients_do",
            "tests/verify.rs a_login_that_never_comes_back_ends_with_the_time_limit_and_is_cleaned_up",
        ],
        "",
    ),
    (15, "the port is free at once", &["tests/loopback.rs the_port_is_free_at_once_after_every_end"], ""),
];

const ANSWERS: &[Line] = &[
    (
        16,
        "state: 128 bits, constant time",
        &[
            "src/oauth.rs state_nonce_and_verifier_are_independent_and_long",
            "src/secret.rs equal_secrets_are_the_same_and_others_are_not",
        ],
        "",
    ),
    (
        17,
        "no or wrong state changes nothing",
        &[
            "tests/mixup/main.rs a_whole_callback_of_another_login_changes_nothing",
            "src/loopback/answer.rs state_is_judged_before_everything_else",
        ],
        "",
    ),
    (18, "a second callback is refused", &["tests/loopback.rs only_the_first_of_many_right_answers_counts"], ""),
    (19, "repeated parameters are refused", &["src/loopback/answer.rs state_is_judged_before_everything_else"], ""),
    (
        20,
        "S256 always",
        &[
            "src/oauth.rs the_authorization_address_carries_s256_and_the_exact_redirect",
            "src/oauth.rs state_nonce_and_verifier_are_independent_and_long",
            "tests/canary.rs the_browser_is_given_what_oauth_puts_there",
        ],
        "",
    ),
    (
        21,
        "iss is the issuer; missing only where not announced",
        &[
            "tests/mixup/main.rs an_answer_of_another_service_is_refused",
            "tests/mixup/main.rs an_issuer_that_is_announced_may_not_be_missing",
        ],
        "A profile's `endpoints` may make another origin count as the same: they are the person's own.",
    ),
    (
        22,
        "iss, aud, exp, nonce of the ID token",
        &[
            "tests/mixup/tokens.rs an_id_token_of_another_login_is_refused",
            "src/oauth/id_token.rs an_id_token_for_another_login_is_refused",
        ],
        "That it is signed is looked at, with which key is not: it comes straight from the token endpoint over TLS (OpenID \
         Connect Core 1.0, 3.1.3.7, item 6).",
    ),
    (23, "a bare code is refused", &["src/loopback/answer.rs other_pastes_are_refused_with_the_reason"], ""),
    (
        24,
        "a paste is judged like a request",
        &[
            "tests/loopback.rs an_answer_can_be_pasted_while_the_port_listens",
            "tests/hostile/values.rs only_an_answer_with_the_right_state_is_taken",
        ],
        "",
    ),
    (
        25,
        "a paste of another address is refused",
        &["src/loopback/answer.rs other_pastes_are_refused_with_the_reason"],
        "",
    ),
];

const PAGE: &[Line] = &[
    (
        26,
        "nothing of the request in a page",
        &[
            "tests/loopback.rs every_answer_is_guarded_and_repeats_nothing_of_the_request",
            "tests/held.rs no_value_of_the_request_is_on_the_final_page",
        ],
        "",
    ),
    (
        27,
        "headers of every answer",
        &["tests/loopback.rs every_answer_is_guarded_and_repeats_nothing_of_the_request"],
        "",
    ),
    (28, "the page loads nothing", &["src/loopback/page.rs every_page_has_one_heading_and_loads_nothing"], ""),
    (
        29,
        "success is said after the checks",
        &[
            "tests/loopback.rs the_right_callback_ends_the_wait_and_its_page_says_what_is_true",
            "tests/loopback.rs a_page_nobody_finishes_sends_people_back_to_the_terminal",
            "tests/chromium.rs a_token_that_is_wrong_is_never_called_a_success_in_the_browser",
        ],
        "",
    ),
    (
        30,
        "the code leaves the address bar",
        &[
            "tests/loopback.rs every_answer_is_guarded_and_repeats_nothing_of_the_request",
            "tests/chromium.rs google_health_through_auth0_in_a_real_browser",
        ],
        "Without scripts it stays; it has been used by then.",
    ),
    (
        31,
        "the opened address is ours",
        &[
            "tests/canary.rs the_browser_is_given_what_oauth_puts_there",
            "src/browser.rs only_https_and_http_to_this_machine_are_opened",
        ],
        "",
    ),
    (
        32,
        "a hostile domain is refused",
        &[
            "src/ids.rs a_domain_that_cannot_be_right_is_refused_with_the_reason",
            "tests/hostile/values.rs a_domain_is_a_host_name_or_nothing",
        ],
        "",
    ),
    (
        33,
        "no redirects, time limits, https",
        &[
            "tests/mixup/main.rs no_secret_follows_a_redirect_or_a_document",
            "src/http.rs plain_http_to_another_machine_is_never_sent",
            "src/http/answer.rs a_body_that_never_ends_is_given_up",
        ],
        "http goes to loopback alone, where a profile's `endpoints` say so; no flag is needed for it.",
    ),
    (
        34,
        "one tenant, one host",
        &["tests/mixup/main.rs no_secret_follows_a_redirect_or_a_document"],
        "A login domain of the tenant is the second host: it is verified against the first one.",
    ),
];

const SECRETS: &[Line] = &[
    (
        35,
        "no secret as a flag, none in ps",
        &[
            "tests/inputs.rs a_secret_on_the_command_line_is_refused_without_repeating_it",
            "tests/secrets.rs no_secret_is_in_the_argument_list_while_it_runs",
        ],
        "",
    ),
    (
        36,
        "the canary test",
        &[
            "tests/canary.rs nothing_is_seen_when_everything_goes_well",
            "tests/canary.rs nothing_is_seen_however_the_secrets_are_given",
            "tests/canary.rs nothing_is_seen_with_any_fault",
            "tests/canary.rs a_service_that_repeats_what_it_was_sent_is_not_repeated",
            "tests/closed.rs a_panic_shows_where_and_no_value",
        ],
        "State and nonce stand in the address that the person opens, which is printed; nowhere else.",
    ),
    (
        37,
        "RUST_LOG=trace shows none",
        &["tests/canary.rs nothing_is_seen_with_any_fault"],
        "It is set in every run of the canary test; the program has no log.",
    ),
    (
        38,
        "masked, wiped, no core dump",
        &[
            "src/secret.rs debug_shows_a_placeholder",
            "src/http/sent.rs a_document_is_wiped_to_its_leaves",
            "tests/closed.rs another_process_of_the_same_user_cannot_look_into_it",
        ],
        "A type of ours in place of `secrecy`: nothing but `expose`, in files that a test names, and a comparison in constant time.",
    ),
    (
        39,
        "0600 from the start, no links",
        &[
            "tests/vault.rs the_file_is_private_from_the_start",
            "tests/vault.rs a_file_that_others_can_read_is_refused_and_left_alone",
            "tests/vault.rs a_link_a_folder_or_a_pipe_is_no_file_of_secrets",
            "tests/secrets.rs what_is_written_is_for_its_owner_alone",
        ],
        "A looser file is refused, not only warned of.",
    ),
    (
        40,
        "the file and the keychain are never mixed",
        &[
            "tests/keychain_setup.rs without_any_keychain_setup_says_so_before_it_writes_anything",
            "tests/secrets.rs store_none_keeps_nothing",
            "tests/secrets.rs the_file_store_warns_that_it_is_plain_text",
        ],
        "The flag is --store file.",
    ),
    (
        41,
        "Ctrl-C at a hidden question",
        &[
            "tests/terminal/leave.rs control_c_at_any_question_leaves_everything_as_it_was",
            "tests/terminal/lines.rs from_the_first_question_on_the_echo_is_off_and_stays_so",
        ],
        "",
    ),
    (
        42,
        "Ctrl-C while the browser is open",
        &[
            "tests/terminal/browser.rs control_c_while_the_browser_is_open_cleans_up",
            "tests/verify.rs ctrl_c_while_waiting_for_the_person_ends_with_130_and_cleans_up",
        ],
        "",
    ),
    (
        43,
        "debug builds use another keychain service",
        &["tests/keychain_setup.rs two_profiles_and_the_removal_of_one"],
        "They do not: nothing is signed or released here, who builds it is who uses it, and profiles keep accounts apart.",
    ),
    (
        44,
        "status and plans read no secret",
        &[
            "tests/other_commands.rs status_says_what_is_configured_and_where_each_secret_lives_without_the_network",
            "tests/other_commands.rs status_needs_nothing_that_answers",
        ],
        "A plan says whether the tenant holds the same secret, so --dry-run compares the two where it may read both.",
    ),
];

#[test]
fn every_line_is_held_by_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lines: Vec<&Line> = [LISTENER, ANSWERS, PAGE, SECRETS].into_iter().flatten().collect();
    let numbers: Vec<u8> = lines.iter().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=44).collect::<Vec<u8>>());
    for (number, what, tests, otherwise) in lines {
        assert!(!what.is_empty() && !tests.is_empty(), "S{number}");
        assert!(otherwise.is_empty() || otherwise.ends_with('.'), "S{number}: a reason is a sentence");
        for test in *tests {
            let (file, name) = test.split_once(' ').unwrap();
            let text = fs::read_to_string(root.join(file)).unwrap_or_else(|why| panic!("S{number}: {file}: {why}"));
            let at = text.find(&format!("fn {name}()")).unwrap_or_else(|| panic!("S{number}: no {name} in {file}"));
            let before = text[..at].trim_end().lines().next_back().unwrap_or_default().trim();
            assert!(before.starts_with("#["), "S{number}: {name} in {file} is no test");
        }
    }
}
