//! TLS: whom the program trusts, what it speaks, and what it says when it does neither.

use std::io::{Read as _, Write as _};

use fitbit_connect::diagnosis::Code;
use fitbit_connect::ids::Store;
use fitbit_connect::provider::Provider::GoogleHealth;
use fitbit_connect::sandbox::facts;

use crate::authority::{Authority, Versions, self_signed, tls_server};
use crate::common::Output;
use crate::common::stage::Stage;
use crate::kit::{Company, Heard, Proxy, TEST, behind, door, serve};

/// The message and the hint of a run that found no secure connection.
#[track_caller]
fn insecure(output: Output) -> String {
    let output = output.exits(6);
    let document = output.document();
    assert_eq!(document["error"]["code"], "tls_failed", "{output}");
    format!("{} {}", document["error"]["message"], document["error"]["hint"])
}

#[test]
fn the_authority_of_a_company_is_trusted_once_ssl_cert_file_names_it() {
    let company = Company::new();
    company.trusting().run(&TEST).exits(0);
    let heard = company.heard.text();
    assert!(heard.contains("POST /oauth/token HTTP/1.1") && heard.contains(facts::MANAGEMENT_CLIENT_SECRET), "{heard}");
}

#[test]
fn without_it_or_with_nothing_in_it_nothing_is_sent_and_the_cure_names_it() {
    let company = Company::new();
    for environment in [company.environment(), company.environment().with("SSL_CERT_FILE", "")] {
        let said = insecure(environment.run(&TEST));
        assert!(said.contains("an authority that this machine does not know"), "{said}");
        assert!(said.contains("SSL_CERT_FILE") && said.contains(&company.proxy.url()), "{said}");
    }
    assert!(company.heard.is_empty(), "{}", company.heard.text());
    assert!(Code::TlsFailed.diagnosis().cure.contains("`SSL_CERT_FILE`"));
}

#[test]
fn a_file_of_authorities_that_is_none_is_named_and_nothing_is_sent() {
    let company = Company::new();
    let environment = company.environment();
    let broken = company.authority.pem().replace("-----END", "-----ENDE");
    for (file, why) in [
        (environment.desk("missing.pem").to_str().unwrap().to_owned(), "No such file"),
        (environment.desk("").to_str().unwrap().to_owned(), "it is no file of certificates"),
        (environment.file("empty.pem", ""), "it holds no certificate"),
        (environment.file("text.pem", "hello"), "it holds no certificate"),
        (environment.file("broken.pem", broken), "it holds no certificate"),
    ] {
        let said = insecure(company.environment().with("SSL_CERT_FILE", &file).run(&TEST));
        assert!(said.contains(&format!("SSL_CERT_FILE is {file}: {why}")), "{said}");
    }
    assert!(company.heard.is_empty() && company.proxy.heard.is_empty());
}

#[test]
fn tls_1_2_is_spoken_and_so_is_1_3() {
    for versions in [Versions::Only12, Versions::Only13] {
        let company = Company::with(|authority| authority.issue(facts::DOMAIN), versions);
        company.trusting().run(&TEST).exits(0);
    }
}

#[test]
fn a_server_of_tls_1_1_is_refused() {
    // A ServerHello of TLS 1.1: version 3.2, a random, no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    let hello = [&[0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    // The alert of a server that knows nothing newer.
    let alert = vec![0x15, 3, 1, 0, 2, 2, 70];
    for answer in [hello, alert] {
        let server = serve(door(), move |mut client| {
            // The head of the record, then the rest.
            let mut head = [0; 5];
            client.read_exact(&mut head).unwrap();
            client.read_exact(&mut vec![0; usize::from(head[3]) << 8 | usize::from(head[4])]).unwrap();
            client.write_all(&answer).unwrap();
            let _ = client.read_to_end(&mut Vec::new());
        });
        let (stage, proxy) = (Stage::configured(GoogleHealth, &[]), Proxy::leading_to(server));
        let said = insecure(behind(&stage, &proxy.url()).run(&TEST));
        assert!(said.contains("nothing of TLS 1.2 or newer"), "{said}");
        assert!(said.contains("Have TLS 1.2 or newer switched on") && !said.contains("clock"), "{said}");
    }
}

#[test]
fn a_certificate_that_is_not_right_is_refused_with_the_reason() {
    for (company, why, cure) in [
        (
            Company::with(|ours| ours.issue("other.example"), Versions::Both),
            "its certificate is for another name",
            "Compare the name",
        ),
        (
            Company::with(|ours| ours.issue_expired(facts::DOMAIN), Versions::Both),
            "its certificate has expired",
            "Check the clock",
        ),
        (
            Company::with(|_| self_signed(facts::DOMAIN), Versions::Both),
            "an authority that this machine does not know",
            "Behind a company proxy set `SSL_CERT_FILE`",
        ),
        (
            Company::with(|_| Authority::new("Acme's own").issue(facts::DOMAIN), Versions::Both),
            "its certificate is not right",
            "Check the clock",
        ),
    ] {
        let said = insecure(company.trusting().run(&TEST));
        assert!(said.contains(why), "not {why}: {said}");
        assert!(said.contains(&format!("\"{cure}")), "not {cure}: {said}");
        assert!(company.heard.is_empty(), "{why}: {}", company.heard.text());
    }
}

#[test]
fn a_gateway_with_tls_on_this_machine_is_asked_directly_and_held_to_the_same() {
    let (stage, authority, heard) =
        (Stage::configured(GoogleHealth, &[]), Authority::new("Acme's own"), Heard::default());
    let tenant = stage.tenant().trim_start_matches("http://").parse().unwrap();
    let identity = authority.issue("localhost");
    let server =
        tls_server(door(), identity, Versions::Both, heard.clone(), move |asked| crate::kit::pass(tenant, asked));
    let proxy = Proxy::silent();
    let environment = behind(&stage, &proxy.url());
    let gateway = format!("https://localhost:{}", server.port());
    environment.write_settings(&stage.settings(Store::Nothing).replace(&stage.tenant(), &gateway));
    let said = insecure(environment.run(&TEST));
    assert!(said.contains("an authority that this machine does not know"), "{said}");
    assert!(heard.is_empty(), "{}", heard.text());
    let file = environment.file("ca.pem", authority.pem());
    environment.with("SSL_CERT_FILE", &file).run(&TEST).exits(0);
    assert!(heard.text().contains("POST /oauth/token"), "{}", heard.text());
    assert!(proxy.heard.is_empty(), "{}", proxy.heard.text());
}
