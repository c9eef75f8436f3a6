//! Proxies: what goes through them and what does not, what they hear, and what is said of one that does not work.

use std::time::{Duration, Instant};

use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::facts;
use fitbit_connect::sandbox::web::Nowhere;

use crate::common::stage::Stage;
use crate::common::{Environment, Output};
use crate::kit::{Company, Proxy, TEST, behind};

/// Name and password of a proxy, which nobody may see.
const CANARIES: [&str; 4] = ["canaryname", "canarypass", "Y2FuYXJ5", "canary"];

/// The address with name and password in it.
fn guarded(url: &str) -> String {
    url.replace("://", "://canaryname:canarypass@")
}

/// Through this proxy, which does not work: the failure says it all, and not too much.
#[track_caller]
fn fails(proxy: &str, code: &str, words: &[&str]) -> Output {
    let stage = Stage::configured(GoogleHealth, &[]);
    let output = behind(&stage, &guarded(proxy)).run(&TEST).exits(6);
    assert_eq!(output.error_code(), code, "{output}");
    let error = output.document()["error"].to_string();
    for word in [&[proxy, facts::DOMAIN][..], words].concat() {
        assert!(error.contains(word), "not said: {word}\n{output}");
    }
    CANARIES.iter().for_each(|canary| output.hides(canary));
    output
}

#[test]
fn a_proxy_hears_the_name_and_the_port_and_nothing_of_the_content() {
    let company = Company::new();
    let environment = company.trusting().with("HTTPS_PROXY", &guarded(&company.proxy.url()));
    let output = environment.run(&TEST).exits(0);
    CANARIES.iter().for_each(|canary| output.hides(canary));
    let heard = company.proxy.heard.text();
    assert!(heard.starts_with("CONNECT acme.sandbox.test:443 HTTP/1.1\r\n"), "{heard:?}");
    assert!(heard.to_ascii_lowercase().contains("proxy-authorization: basic y2fuyxj5"), "{heard:?}");
    for inside in ["oauth/token", "api/v2", "authorize?", facts::MANAGEMENT_CLIENT_SECRET, "Bearer"] {
        assert!(!heard.contains(inside), "{inside}");
    }
    // Nor does the service hear what is for the proxy.
    let inside = company.heard.text().to_ascii_lowercase();
    assert!(inside.contains("authorization: bearer") && !inside.contains("proxy-authorization"), "{inside}");
}

#[test]
fn all_proxy_and_names_in_lower_case_count_and_https_proxy_wins() {
    let company = Company::new();
    let dead = Nowhere::open().unwrap();
    for name in ["ALL_PROXY", "https_proxy", "all_proxy"] {
        company.trusting().without("HTTPS_PROXY").with(name, &company.proxy.url()).run(&TEST).exits(0);
    }
    company.trusting().with("ALL_PROXY", &dead.origin()).with("HTTP_PROXY", &dead.origin()).run(&TEST).exits(0);
}

#[test]
fn a_host_in_no_proxy_is_asked_directly() {
    let company = Company::new();
    for rule in [facts::DOMAIN, "other.example, .sandbox.test", "*"] {
        let output = company.trusting().with("NO_PROXY", rule).run(&TEST).exits(6);
        assert_eq!(output.error_code(), "network_unreachable", "{output}");
        assert!(!output.document()["error"].to_string().contains(&company.proxy.url()), "{output}");
    }
    assert!(company.proxy.heard.is_empty(), "{}", company.proxy.heard.text());
    company.trusting().with("NO_PROXY", "other.example").run(&TEST).exits(0);
}

#[test]
fn this_machine_is_never_asked_through_a_proxy() {
    let (stage, proxy) = (Stage::configured(GoogleHealth, &[]), Proxy::silent());
    let everywhere = |environment: Environment| {
        let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        names.iter().fold(environment, |environment, name| environment.with(name, &proxy.url()))
    };
    everywhere(stage.environment()).run(&TEST).exits(0);
    everywhere(Environment::new()).run(&["setup", "--sandbox", "--yes", "--json"]).exits(0);
    assert!(proxy.heard.is_empty(), "{}", proxy.heard.text());
}

#[test]
fn a_proxy_that_wants_a_password_is_asked_once_and_says_where_it_goes() {
    let proxy = Proxy::answering(
        b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\r\n",
    );
    let words = ["network_unreachable", "(407)", "HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT"];
    fails(&proxy.url(), "network_unreachable", &words);
    // A wrong password that is tried again and again locks people out.
    assert_eq!(proxy.heard.text().matches("CONNECT acme.sandbox.test:443").count(), 1, "{}", proxy.heard.text());
}

#[test]
fn a_proxy_that_refuses_says_what_has_to_be_allowed() {
    for answer in [
        &b"HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\ncanary"[..],
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"canary \xff\x00 no HTTP\r\n\r\n",
    ] {
        let proxy = Proxy::answering(answer);
        let words = ["does not open the way", "Have acme.sandbox.test:443 allowed there", "HTTPS_PROXY", "NO_PROXY"];
        fails(&proxy.url(), "network_unreachable", &words);
        assert_eq!(proxy.heard.text().matches("CONNECT acme.sandbox.test:443").count(), 4, "it may pass");
    }
}

#[test]
fn a_proxy_that_hangs_up_or_is_not_there_is_named() {
    let closes = Proxy::answering(b"");
    fails(&closes.url(), "network_unreachable", &["through the proxy", "HTTPS_PROXY", "NO_PROXY"]);
    assert_eq!(closes.heard.text().matches("CONNECT acme.sandbox.test:443").count(), 4, "it may pass");
    let dead = Nowhere::open().unwrap();
    fails(&dead.origin(), "network_unreachable", &["through the proxy", "refused", "HTTPS_PROXY"]);
}

#[test]
fn a_socks_proxy_is_refused_and_not_passed_by() {
    let proxy = Proxy::silent();
    let url = proxy.url().replace("http://", "socks5://");
    fails(&url, "network_unreachable", &["SOCKS", "HTTPS_PROXY=http://HOST:PORT"]);
    assert!(proxy.heard.is_empty());
}

#[test]
fn an_address_that_the_client_cannot_read_is_refused_and_not_passed_by() {
    let company = Company::new();
    let host = company.proxy.url().replace("http://", "");
    for name in ["HTTPS_PROXY", "ALL_PROXY"] {
        for wrong in [format!("ftp://{host}"), format!("http://canaryname:canary pass@{host}"), "http://".to_owned()] {
            let output = company.trusting().without("HTTPS_PROXY").with(name, &wrong).run(&TEST).exits(2);
            assert_eq!(output.error_code(), "input_invalid", "{output}");
            CANARIES.iter().for_each(|canary| output.hides(canary));
            assert!(output.says(name).stdout.contains(name));
        }
    }
    assert!(company.proxy.heard.is_empty());
    // An @ that is not written as %40 ends the password too early, and what is left of it shows nowhere.
    let output = company.trusting().with("HTTPS_PROXY", &format!("http://name:x@canarypass@{host}")).run(&TEST);
    CANARIES.iter().for_each(|canary| output.hides(canary));
    company.trusting().with("HTTPS_PROXY", &host).run(&TEST).exits(0);
}

#[test]
fn a_proxy_that_says_nothing_is_given_up_in_time() {
    let proxy = Proxy::silent();
    let began = Instant::now();
    fails(&proxy.url(), "timed_out", &["within 10 s", "through the proxy", "HTTPS_PROXY"]);
    let took = began.elapsed();
    assert!((Duration::from_secs(10)..Duration::from_secs(20)).contains(&took), "{took:?}");
    assert_eq!(proxy.heard.text().matches("CONNECT acme.sandbox.test:443").count(), 1, "too long once is enough");
}
