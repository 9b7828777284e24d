//! Where a hub is: what a person was given, taken apart.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use tokio_tungstenite::tungstenite::http::uri::Authority;

/// Where a hub listens if nobody said otherwise.
const HUB_PORT: u16 = 4000;

/// Where a URL without a port points to.
const HTTP_PORT: u16 = 80;

/// A hub's address and, where it came by an invitation link, the cookie to get in with.
/// Has no `Debug` that would show the cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct HubAddress {
    host: String,
    port: u16,
    cookie: Option<String>,
}

/// Why something is no address of a hub.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("“{0}” is no address of a hub. Give its link, http://192.168.1.5:4000/#cookie=…, or 192.168.1.5:4000.")]
    Malformed(String),
    #[error("The cookie in this link cannot be read. Was it copied whole?")]
    Cookie,
    #[error("A hub speaks http, not {0}. Give its link, http://192.168.1.5:4000/#cookie=…")]
    Scheme(String),
}

impl HubAddress {
    /// The host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What stood in the link's fragment.
    pub fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// Where the socket is opened.
    pub(crate) fn socket_url(&self) -> String {
        format!("ws://{self}/ws")
    }
}

impl FromStr for HubAddress {
    type Err = AddressError;

    /// Reads an invitation link, an `http` or `ws` URL, or `host`, with or without `:port`.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (place, fragment) = text.trim().split_once('#').unwrap_or((text.trim(), ""));
        let (rest, default_port) = match place.split_once("://") {
            None => (place, HUB_PORT),
            Some(("http" | "ws", rest)) => (rest, HTTP_PORT),
            Some((scheme, _)) => return Err(AddressError::Scheme(scheme.to_owned())),
        };
        // Told without the fragment: what is quoted in an error must not hold the cookie.
        let malformed = || AddressError::Malformed(place.to_owned());
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let authority: Authority = authority.parse().map_err(|_| malformed())?;
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(malformed());
        }
        let after_host = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        let port = match after_host.strip_prefix(':') {
            None => default_port,
            Some(port) => port.parse().map_err(|_| malformed())?,
        };
        let cookie = match fragment.split('&').find_map(|pair| pair.strip_prefix("cookie=")) {
            None | Some("") => None,
            Some(escaped) => {
                let cookie = percent_decode_str(escaped).decode_utf8();
                Some(cookie.map_err(|_| AddressError::Cookie)?.into_owned())
            }
        };
        Ok(Self { host: authority.host().to_owned(), port, cookie })
    }
}

impl fmt::Display for HubAddress {
    /// `host:port`, without the cookie.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> HubAddress {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn whatever_a_person_was_given_leads_to_the_hub() {
        for (text, shown, cookie) in [
            ("http://192.168.1.5:4000/#cookie=swordfish", "192.168.1.5:4000", Some("swordfish")),
            ("  http://den.local:4711/#room=x&cookie=s-_1 ", "den.local:4711", Some("s-_1")),
            ("http://den.local/#cookie=a%20b%26c", "den.local:80", Some("a b&c")),
            ("http://den.local/#cookie=", "den.local:80", None),
            ("ws://127.0.0.1:4000/ws", "127.0.0.1:4000", None),
            ("http://[fe80::1]:4000/", "[fe80::1]:4000", None),
            ("192.168.1.5", "192.168.1.5:4000", None),
            ("den:81", "den:81", None),
            ("[::1]", "[::1]:4000", None),
        ] {
            let address = parse(text);
            assert_eq!((address.to_string().as_str(), address.cookie()), (shown, cookie), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_quoting_the_cookie() {
        for text in [
            "",
            "http://",
            "http://ana@den/#cookie=swordfish",
            "https://den/#cookie=swordfish",
            "http://den/#cookie=swordfish%ff",
            "den:99999",
            "den:",
            "a b",
        ] {
            let Err(error) = text.parse::<HubAddress>() else { panic!("{text} was taken for an address") };
            assert!(!error.to_string().contains("swordfish"), "{error}");
        }
    }
}
