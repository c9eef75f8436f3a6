//! Owns which host a browser's page says that it could not reach: only this machine's own is the listener of a login. Refuses
//! to take an address inside another's query for the host.

/// What could not be reached, as far as a text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// This machine: `127.0.0.1`, `localhost`, `[::1]`.
    Loopback,
    /// Some other host.
    Other,
    /// None is named.
    None,
}

/// The host of a page such as `acme.eu.auth0.com refused to connect`.
pub(super) fn host_in(text: &str) -> Host {
    let between = |c: char| c.is_whitespace() || "\"'`“”„‘’«»<>(),;".contains(c);
    let hosts = text.split(between).filter_map(host);
    hosts.fold(Host::None, |found, host| match (found, host) {
        (Host::Loopback, _) | (_, Host::Loopback) => Host::Loopback,
        _ => host,
    })
}

fn host(word: &str) -> Option<Host> {
    let bare = word.split(['?', '#']).next()?;
    let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
    let name = bare.split('/').next()?;
    let name = if name.starts_with('[') { name } else { name.split(':').next()? };
    let name = name.trim_end_matches(['.', '!']).to_ascii_lowercase();
    if name == "localhost" || name.starts_with("127.") || name.starts_with("[::1]") {
        return Some(Host::Loopback);
    }
    let labels: Vec<&str> = name.split('.').collect();
    let is_name = labels.iter().all(|l| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    let digits = |label: &&str| label.bytes().all(|b| b.is_ascii_digit());
    let last = labels.last()?;
    let is_host = match labels.len() {
        4 if labels.iter().all(digits) => true,
        2.. => last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic()),
        _ => false,
    };
    (is_name && is_host).then_some(Host::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_that_is_named_is_found_and_no_address_in_its_query() {
        for (text, found) in [
            ("127.0.0.1 refused to connect.", Host::Loopback),
            ("Safari can’t open the page “http://127.0.0.1:18917/callback?code=x”", Host::Loopback),
            ("localhost:18917 refused", Host::Loopback),
            ("http://[::1]:18917/callback", Host::Loopback),
            ("acme.eu.auth0.com refused to connect.", Host::Other),
            ("“https://login.acme.com/authorize?redirect_uri=http://127.0.0.1:1/callback”", Host::Other),
            ("192.168.1.5 refused to connect", Host::Other),
            ("Safari Can’t Connect to the Server", Host::None),
            ("Die Website ist nicht erreichbar. ERR_CONNECTION_REFUSED", Host::None),
            ("", Host::None),
        ] {
            assert_eq!(host_in(text), found, "{text}");
        }
    }
}
