//! The small values: domains, scopes, paths, addresses, numbers, tokens, pasted text.

use fitbit_connect::ask::FIELDS;
use fitbit_connect::ask::given::{self, Variables, dragged_path};
use fitbit_connect::cli;
use fitbit_connect::diagnosis::{auth_error, recognise};
use fitbit_connect::endpoints::{Endpoints, is_loopback};
use fitbit_connect::ids::{self, ConnectionName, Domain, ProfileName};
use fitbit_connect::jwt;
use fitbit_connect::loopback::Listener;
use fitbit_connect::oauth::IdTokenRules;
use fitbit_connect::provider::{Provider, scopes};
use fitbit_connect::secret::Secret;
use fitbit_connect::settings::Profile;
use fitbit_connect::text::unsafe_to_show;
use proptest::collection::vec;
use url::Url;

use super::mutate::{every, text};

/// A sentence of ours is safe to show and not a page.
#[track_caller]
pub fn is_a_sentence(text: &str) {
    assert!(!text.chars().any(|c| c != '\n' && unsafe_to_show(c)), "{text:?}");
    assert!(text.len() < 5000, "{} bytes", text.len());
}

#[test]
fn a_domain_is_a_host_name_or_nothing() {
    every(text("domain"), |input| match input.parse::<Domain>() {
        Ok(domain) => {
            let name = domain.as_str();
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.'));
            assert_eq!(name.parse::<Domain>().unwrap(), domain);
            let url = Url::parse(&domain.origin()).unwrap();
            assert_eq!((url.host_str(), url.port(), url.path()), (Some(name), None, "/"));
        }
        Err(why) => is_a_sentence(&why),
    });
}

#[test]
fn a_name_is_a_word_or_nothing() {
    every(text("domain"), |input| {
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        assert!(input.parse::<ConnectionName>().map_or(true, |name| word(name.as_str())));
        assert!(input.parse::<ProfileName>().map_or(true, |name| word(name.as_str())));
        for provider in Provider::ALL {
            let _ =
                (provider.check_client_id(&input).map_err(|why| is_a_sentence(&why)), provider.check_secret(&input));
        }
    });
}

#[test]
fn a_list_of_scopes_holds_known_ones_or_is_refused() {
    every(text("scopes"), |input| {
        for provider in Provider::ALL {
            match scopes::parse(provider, &input) {
                Ok(names) => {
                    assert!(names.iter().all(|name| scopes::known(provider).any(|known| known == name)));
                    let wire = scopes::to_wire(provider, &names).join(" ");
                    assert_eq!(scopes::parse(provider, &wire).unwrap(), names);
                }
                Err(why) => is_a_sentence(&why),
            }
            scopes::missing(provider, [input.as_str()], ["openid"]);
        }
    });
}

#[test]
fn a_dragged_path_is_taken_as_it_is() {
    every(text("path"), |input| {
        if let Some(path) = dragged_path(&input) {
            assert!(path.as_os_str().len() <= input.len() + 200, "only the home may be added");
        }
    });
}

#[test]
fn an_auth_error_is_a_word_and_a_sentence() {
    every(text("auth-error"), |input| {
        for found in [auth_error::decode(&input), auth_error::find(&input)].into_iter().flatten() {
            assert!(!found.code.is_empty() && found.code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
            assert!(found.code.len() + found.sentence.map_or(0, |sentence| sentence.len()) <= 3 * input.len());
        }
    });
}

#[test]
fn whatever_is_pasted_is_explained_or_not() {
    every(text("pasted"), |input| {
        let found = recognise(&input);
        assert!(found.iter().enumerate().all(|(n, code)| !found[..n].contains(code)), "each once");
    });
}

#[test]
fn a_token_that_was_changed_is_for_no_login() {
    let (nonce, access) = (Secret::new("n-of-this-login".to_owned()), Secret::new("a".to_owned()));
    let rules = IdTokenRules { issuer: &|_| true, audience: "c", nonce: &nonce, access: &access };
    every(text("jwt"), |input| {
        if let Some(claims) = jwt::claims(&input) {
            jwt::audiences(&claims);
        }
        let _ = jwt::algorithm(&input);
        is_a_sentence(&rules.check(&Secret::new(input)).unwrap_err().message);
    });
}

#[test]
fn only_an_answer_with_the_right_state_is_taken() {
    const STATE: &str = "Zm9vYmFyLXN0YXRlLTEyMzQ1Ng";
    let expecting = || {
        // Nobody has to connect: the same function judges what is pasted. The corpus has the usual port, which may be busy.
        let listener = Listener::bind(18917).or_else(|_| Listener::bind(0)).unwrap();
        listener.expect(Secret::new(STATE.to_owned()))
    };
    let waiting = std::cell::RefCell::new(Some(expecting()));
    let taken = std::cell::Cell::new(false);
    every(text("callback"), |input| {
        if taken.take() {
            // One answer is all that a wait takes.
            drop(waiting.take());
            waiting.replace(Some(expecting()));
        }
        match waiting.borrow().as_ref().unwrap().paste(&input) {
            Ok(()) => {
                let decoded = percent_encoding::percent_decode_str(&input).decode_utf8_lossy().into_owned();
                assert!(decoded.contains(STATE), "{input}");
                taken.set(true);
            }
            Err(why) => is_a_sentence(&why.to_string()),
        }
    });
}

#[test]
fn an_address_is_rewritten_to_https_or_to_this_machine_alone() {
    every(text("endpoints"), |input| {
        let mut lines = input.lines();
        let (from, to) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let address = lines.next().unwrap_or_default();
        let mut endpoints = Endpoints::default();
        if let Err(why) = endpoints.add(from, to) {
            assert!(why.len() < 500 + 3 * input.len());
            return;
        }
        let (_, target) = endpoints.iter().next().unwrap();
        let target = Url::parse(target).unwrap();
        assert!(target.scheme() == "https" || is_loopback(&target), "{target}");
        let text = endpoints.rewrite_text(address);
        // What is seen at a target counts as the original, and the original as itself.
        assert!(endpoints.same(&text, address) && endpoints.same(address, address), "{address} {text}");
        assert!(endpoints.begins_with(address, &text), "{address} {text}");
        if let Ok(url) = Url::parse(address) {
            let rewritten = endpoints.rewrite(&url);
            let foreign = rewritten.origin() != target.origin();
            assert!(!foreign || rewritten == url, "{url} {rewritten}");
            assert_eq!((rewritten.query(), rewritten.fragment()), (url.query(), url.fragment()));
        }
    });
}

#[test]
fn a_number_is_in_its_range_or_refused() {
    every(text("numbers"), |input| {
        if let Ok(limit) = ids::time_limit(&input) {
            assert!((1..=3600).contains(&limit.as_secs()));
        }
        assert!(ids::port(&input).map_or(true, |port| port >= 1024));
    });
}

#[test]
fn an_environment_is_taken_or_refused_with_sentences() {
    let names: Vec<&str> = FIELDS.iter().flat_map(|field| field.variables).copied().collect();
    let values = ["domain", "scopes", "numbers", "path", "text"].map(text);
    every((vec(values, names.len()), text("domain")), |(values, flag)| {
        let values = values.into_iter().enumerate().map(|(n, mut texts)| std::mem::take(&mut texts[n % 5]));
        let pairs: Vec<(String, String)> = names.iter().map(|name| (*name).to_owned()).zip(values).collect();
        let secrets: Vec<String> = pairs
            .iter()
            .filter(|(name, _)| name.ends_with("SECRET") || name.ends_with("TOKEN"))
            .map(|(_, v)| v.trim().to_owned())
            .collect();
        let flags = cli::Inputs { domain: Some(flag), ..cli::Inputs::default() };
        if let Err(failure) = given::gather(&flags, &Variables::new(pairs.clone()), &Profile::default()) {
            assert!(failure.message.len() < 40_000);
            let others =
                |secret: &String| pairs.iter().filter(|(_, value)| value.contains(secret.as_str())).count() > 1;
            for secret in secrets.iter().filter(|secret| secret.len() > 20 && !others(secret)) {
                assert!(!failure.message.contains(secret.as_str()), "{}", failure.message);
            }
        }
    });
}
