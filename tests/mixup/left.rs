//! Tokens of a direct login that is refused: each is revoked, and one that stays is named.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use fitbit_connect::provider::Provider::{Fitbit, GoogleHealth};
use fitbit_connect::sandbox::faults::Fault;
use fitbit_connect::sandbox::web::Reply;
use serde_json::{Value, json};

use crate::DIRECT;
use crate::common::stage::Stage;

#[test]
fn a_token_that_stays_is_named_however_the_login_went() {
    for (provider, fault, exit) in [
        (GoogleHealth, Fault::UserMismatch, 3),
        (GoogleHealth, Fault::ApiDisabled, 3),
        (Fitbit, Fault::UserMismatch, 3),
    ] {
        let stage = Stage::configured(provider, &[Fault::NotRevoked, fault]);
        let output = stage.environment().run_with_robot(DIRECT).exits(exit);
        let codes: Vec<_> = output.checks("login.live").iter().map(|found| found["code"].clone()).collect();
        assert_eq!(codes, ["token_not_revoked", output.error_code().as_str()], "{output}");
    }
}

#[test]
fn a_token_that_may_have_been_made_behind_another_answer_is_named() {
    for (reply, is_named) in [
        (Reply::empty(204), true),
        (Reply::html(200, "<h1>Welcome to our hotel</h1>"), true),
        (Reply::html(504, "<h1>Gateway Timeout</h1>"), true),
        (Reply::json(500, &json!({ "error": "internal_failure" })), true),
        (Reply::html(403, "<h1>Blocked by your company</h1>"), true),
        (Reply::json(401, &json!({ "message": "Unauthorized" })), true),
        (Reply::json(400, &json!({ "error": "invalid_grant", "error_description": "Bad Request" })), false),
    ] {
        let status = reply.status;
        let stage = Stage::configured(GoogleHealth, &[]).all_behind(Box::new(move |request, pass| {
            let real = pass();
            if request.path == "/token" && real.status == 200 { reply.clone() } else { real }
        }));
        let output = stage.environment().run_with_robot(DIRECT);
        let told = output.document()["checks"].to_string();
        assert_eq!(told.contains("may have been made and did not arrive"), is_named, "{status}: {output}");
    }
}

#[test]
fn a_token_in_an_answer_that_is_not_used_is_revoked() {
    let spoilt: [fn(&mut Value); 3] = [
        |body| drop(body.as_object_mut().unwrap().remove("token_type")),
        |body| body["token_type"] = json!("mac"),
        |body| body["expires_in"] = json!([]),
    ];
    let cut = |body: &[u8]| body[..body.len() - 1].to_vec();
    let with_a_tail = |body: &[u8]| [body, b"<html>proxy error</html>"].concat();
    for kind in 0..spoilt.len() + 2 {
        let revoked = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&revoked);
        let stage = Stage::configured(GoogleHealth, &[]).all_behind(Box::new(move |request, pass| {
            let mut reply = pass();
            if request.path == "/revoke" && reply.status == 200 {
                seen.fetch_add(1, SeqCst);
            }
            if request.path == "/token" && reply.status == 200 {
                reply.body = match spoilt.get(kind) {
                    Some(spoil) => {
                        let mut body = serde_json::from_slice(&reply.body).unwrap();
                        spoil(&mut body);
                        body.to_string().into_bytes()
                    }
                    None if kind == spoilt.len() => cut(&reply.body),
                    None => with_a_tail(&reply.body),
                };
            }
            reply
        }));
        let output = stage.environment().run_with_robot(DIRECT).exits(6);
        assert_eq!(output.error_code(), "unrecognised_answer", "{kind}: {output}");
        assert_eq!(revoked.load(SeqCst), 1, "{kind}: {output}");
        let message = output.document()["error"]["message"].to_string();
        assert!(message.contains("which is not used") && !message.contains("no token"), "{kind}: {message}");
    }
}
