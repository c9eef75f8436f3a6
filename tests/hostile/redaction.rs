//! Foreign text before a person may see it: no form of a secret survives, and nothing grows.

use fitbit_connect::console::{clean, columns, cut};
use fitbit_connect::text::{excerpt, nearest, plain_text, redact, shell_word, unsafe_to_show};
use proptest::sample::select;

use super::mutate::{every, text};

/// Secrets in every form that the services give out.
const SECRETS: &[&str] = &[
    "ya29.a0AfH6SMBcanary",
    "1//0gcanary-canary",
    "4/0AeanS0bcanary",
    concat!("GOC", "SPX-canary-canary-canary-1234"),
    "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOjF9.Y2FuYXJ5",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef01234567",
    "Canary7bGk2mQxV0pLr9sTz4wYn6uHj1dEf8aCi3oRb5vKt-x_NhZqWyMgPdXeJl",
];

#[test]
fn no_form_of_a_secret_survives_between_other_words() {
    let around = ["", " ", "\"", "=", "(", ": ", "\n", "'", "<p>", "&", "?code=", "--", "{\"token\":\""];
    let inputs = (text("text"), select(SECRETS), select(around.to_vec()), text("text"));
    every(inputs, |(before, secret, mark, after)| {
        // Right behind a letter or a digit it is another word, and right before one.
        let input = format!("{before} {mark}{secret}\" {after}");
        for shown in [redact(&input), excerpt(&input, 500), excerpt(&plain_text(&input), 500)] {
            assert!(!shown.contains(secret), "{secret} in {shown:?}");
        }
    });
}

#[test]
fn what_is_shown_is_short_and_harmless() {
    every(text("text"), |input| {
        for most in [0, 3, 40, 500] {
            let shown = excerpt(&input, most);
            assert!(shown.chars().count() <= most.max(3) && !shown.chars().any(unsafe_to_show), "{shown:?}");
        }
        assert!(redact(&input).len() <= input.len() * 11 + 20);
        assert!(plain_text(&input).len() <= 2 * input.len() + 1);
        assert!(!clean(&input).chars().any(unsafe_to_show));
        assert_eq!(redact(&redact(&input)), redact(&input), "what is redacted stays as it is");
        assert!(columns(cut(&input, 20)) <= 20);
        nearest(&input, ["setup", "test"]);
    });
}

#[test]
fn a_word_of_a_command_is_one_word_of_a_shell() {
    every(text("text"), |input| {
        let word = shell_word(&input);
        // As a shell reads it: outside quotes an escaped quote, inside anything but a quote.
        let mut read = String::new();
        let (mut rest, mut quoted) = (word.chars(), false);
        while let Some(c) = rest.next() {
            match (c, quoted) {
                ('\'', _) => quoted = !quoted,
                ('\\', false) => read.extend(rest.next()),
                (c, true) => read.push(c),
                (c, false) => {
                    assert!(c.is_ascii_alphanumeric() || "-_.,:/".contains(c), "{c:?} in {word}");
                    read.push(c);
                }
            }
        }
        assert!(!quoted && read == input, "{word}");
    });
}
