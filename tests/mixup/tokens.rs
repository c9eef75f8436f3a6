//! Owns tokens, and answers with tokens, that are another login's, client's or person's. Refuses callbacks: `main` has them.

use super::*;

/// The ID token of an answer with other claims, and another header where one is given.
fn forge(answer: &mut Value, header: Option<&Value>, signed: bool, change: &dyn Fn(&mut Value)) {
    let token = answer["id_token"].as_str().unwrap().to_owned();
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    change(&mut claims);
    let header = header.map_or_else(|| parts[0].to_owned(), |header| URL_SAFE_NO_PAD.encode(header.to_string()));
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    answer["id_token"] = json!(format!("{header}.{claims}.{}", if signed { parts[2] } else { "" }));
}

type Change = fn(&mut Value);

/// Claims that belong to another login, client or moment.
const CLAIMS: &[(&str, Change, &str)] = &[
    ("another issuer", |claims| claims["iss"] = json!("https://other.example/"), "issuer_mismatch"),
    ("no issuer", |claims| claims["iss"] = json!(null), "issuer_mismatch"),
    ("another client", |claims| claims["aud"] = json!("another-client"), "id_token_invalid"),
    (
        "two clients",
        |claims| {
            claims["aud"] = json!([claims["aud"], "another-client"]);
            claims["azp"] = json!("another-client");
        },
        "id_token_invalid",
    ),
    ("made for another client", |claims| claims["azp"] = json!("another-client"), "id_token_invalid"),
    ("another login", |claims| claims["nonce"] = json!("the nonce of another login"), "id_token_invalid"),
    ("no login", |claims| drop(claims.as_object_mut().unwrap().remove("nonce")), "id_token_invalid"),
    ("an hour ago", |claims| claims["exp"] = json!(now() - 3600), "id_token_invalid"),
    ("two minutes ago", |claims| claims["exp"] = json!(now() - 120), "id_token_invalid"),
    ("no end", |claims| claims["exp"] = json!(null), "id_token_invalid"),
    ("tomorrow", |claims| claims["iat"] = json!(now() + 86_400), "id_token_invalid"),
    ("not before tomorrow", |claims| claims["nbf"] = json!(now() + 86_400), "id_token_invalid"),
    ("nobody", |claims| claims["sub"] = json!(""), "id_token_invalid"),
];

#[test]
fn an_id_token_of_another_login_is_refused() {
    let mut cases = Vec::new();
    for args in [THROUGH, DIRECT] {
        for (name, change, code) in CLAIMS {
            let gate = exchanging(move |answer| forge(answer, None, true, change));
            cases.push(Case { name, provider: GoogleHealth, args, gate, code });
        }
        for (name, header, signed) in [
            ("alg none", json!({ "alg": "none" }), false),
            ("alg none with a signature", json!({ "alg": "none" }), true),
            ("no signature", json!({ "alg": "RS256" }), false),
            ("no algorithm", json!({ "typ": "JWT" }), true),
            ("an extension that is not known", json!({ "alg": "RS256", "crit": ["b64"], "b64": false }), true),
        ] {
            let gate = exchanging(move |answer| forge(answer, Some(&header), signed, &|_| {}));
            cases.push(Case { name, provider: GoogleHealth, args, gate, code: "id_token_invalid" });
        }
    }
    refused(cases);
}

#[test]
fn a_token_answer_for_another_client_or_person_is_refused() {
    fn changed(
        name: &'static str,
        provider: Provider,
        args: &'static [&'static str],
        code: &'static str,
        change: Change,
    ) -> Case {
        Case { name, provider, args, gate: exchanging(change), code }
    }
    let mut cases = Vec::new();
    for args in [THROUGH, DIRECT] {
        cases.extend([
            changed("another type of token", GoogleHealth, args, "unrecognised_answer", |answer| {
                answer["token_type"] = json!("mac");
            }),
            changed("no type of token", GoogleHealth, args, "unrecognised_answer", |answer| {
                answer.as_object_mut().unwrap().remove("token_type");
            }),
            changed("no access token", GoogleHealth, args, "unrecognised_answer", |answer| {
                answer.as_object_mut().unwrap().remove("access_token");
            }),
            changed("no ID token", GoogleHealth, args, "id_token_invalid", |answer| {
                answer.as_object_mut().unwrap().remove("id_token");
            }),
            changed("an ID token that is none", GoogleHealth, args, "id_token_invalid", |answer| {
                answer["id_token"] = json!("a.b.c");
            }),
        ]);
    }
    cases.extend([
        changed("the access token of another login", GoogleHealth, DIRECT, "id_token_invalid", |answer| {
            answer["access_token"] = json!("ya29.another");
        }),
        changed("another person", Fitbit, DIRECT, "user_mismatch", |answer| answer["user_id"] = json!("ZZZZZZ")),
        changed("another type of token at Fitbit", Fitbit, DIRECT, "unrecognised_answer", |answer| {
            answer["token_type"] = json!("N_A");
        }),
    ]);
    let userinfo = |status: u16, body: Value| -> Gate {
        Box::new(move |request, pass| match request.path.as_str() {
            "/userinfo" | "/v1/userinfo" => Reply::json(status, &body),
            _ => pass(),
        })
    };
    for args in [THROUGH, DIRECT] {
        let gate = userinfo(200, json!({ "sub": "somebody else", "name": "Mallory" }));
        cases.push(Case { name: "somebody else", provider: GoogleHealth, args, gate, code: "user_mismatch" });
        let gate = userinfo(401, json!({ "error": "invalid_token" }));
        cases.push(Case { name: "nobody says whose", provider: GoogleHealth, args, gate, code: "unrecognised_answer" });
    }
    let gate: Gate = Box::new(|request, pass| {
        let reply = pass();
        if !request.path.starts_with("/api/v2/users/") {
            return reply;
        }
        with(reply, &json!({ "user_id": "oauth2|google-health|of-somebody-else", "legacy_user_id": "OTHER1" }))
    });
    cases.push(Case {
        name: "somebody else's record",
        provider: GoogleHealth,
        args: THROUGH,
        gate,
        code: "user_mismatch",
    });
    refused(cases);
}
