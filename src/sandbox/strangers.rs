//! Owns the pages of those who answer in place of a simulated service: a hotel's network, a web shop. Refuses to carry a form
//! or any word of an error, so that nothing in them can be taken for the service's own answer.

use super::web::Reply;

const NOTE: &str = "<p><small>Simulated by fitbit-connect sandbox</small></p>";

/// A captive portal: 200 to whatever was asked.
pub fn captive_portal() -> Reply {
    page(
        200,
        "Grand Hotel guest network",
        "<h1>Welcome to the Grand Hotel</h1><p>To use the guest network, please enter your room number on the television.</p>",
    )
}

/// A web shop that has nothing at the address.
pub fn web_shop() -> Reply {
    page(
        404,
        "Wool and Needles",
        "<h1>We looked everywhere</h1><p>This page is not in our shop. Our yarns are on sale.</p>",
    )
}

fn page(status: u16, title: &str, body: &str) -> Reply {
    let head = format!("<meta charset=\"utf-8\"><title>{title}</title>");
    Reply::html(status, format!("<!doctype html><html lang=\"en\"><head>{head}</head><body>{body}{NOTE}</body></html>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_has_no_form_and_no_word_of_an_error() {
        for (reply, status) in [(captive_portal(), 200), (web_shop(), 404)] {
            assert_eq!(reply.status, status);
            let page = String::from_utf8(reply.body).unwrap().to_lowercase();
            for word in ["<form", "error", "invalid", "denied", "unauthorized", "not found", "client"] {
                assert!(!page.contains(word), "{word}");
            }
        }
    }
}
