//! Which `Host` and `Origin` may be used. Pure.
//!
//! A page anywhere on the web can make its visitor's browser send requests to an address of the
//! visitor's LAN, and by letting its own name resolve to that address (DNS rebinding) it can even
//! read the answers. Both give themselves away: the first in `Origin`, the second in `Host`.
//! So both must name this hub, exactly.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::{StatusCode, Uri};

/// A DNS name, in bytes (RFC 1035, section 2.3.4).
const MAX_NAME: usize = 253;

/// One part of it between dots, in bytes (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// What stands for the host in a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An IPv4 address in the guise of IPv6 is kept as IPv4.
    Ip(IpAddr),
    /// In lower case and without a dot at its end, for `Den.local.` is `den.local`.
    Name(String),
}

/// A host, and the port where one was named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    pub host: Host,
    pub port: Option<u16>,
}

/// A host that `--allow-host` adds to the hub's own: with any port where it names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost(Authority);

/// Why something is no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST or HOST:PORT, as chat.example.org, 192.168.1.5:8080 or [fd00::5], and no scheme or path")]
pub struct NotAHost;

/// The hosts under which one hub may be used.
#[derive(Debug)]
pub struct HostPolicy {
    listen: SocketAddr,
    names: Vec<Host>,
    allowed: Vec<AllowedHost>,
}

/// Why a request goes no further. Displays as a sentence for whoever reads the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("The request must have one Host header that names a host, and its target no other host than that.")]
    HostUnclear,
    #[error(
        "This hub does not answer to the host {0}. If it should, start it with --allow-host {host}.",
        host = .0.host
    )]
    Host(Authority),
    #[error(
        "Pages of {scheme}://{authority} may not use this hub. If they should, start it with --allow-host {}.",
        authority.host
    )]
    Origin { scheme: Scheme, authority: Authority },
    #[error(
        "The page that sent this request names no http or https host as its origin. Only pages of this hub may use it, \
         and those of hosts named with --allow-host."
    )]
    OriginUnclear,
}

impl Refused {
    /// 400 where RFC 9112, section 3.2 asks for it, 403 for what is clear but unwelcome.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::HostUnclear => StatusCode::BAD_REQUEST,
            Self::Host(_) | Self::Origin { .. } | Self::OriginUnclear => StatusCode::FORBIDDEN,
        }
    }
}

impl HostPolicy {
    /// Of the hub called `name` that listens on this address, its port the real one (not 0).
    pub fn new(listen: SocketAddr, name: &str, allowed: Vec<AllowedHost>) -> Self {
        let mut names = Vec::new();
        if let Ok(host) = name.parse() {
            if let Host::Name(name) = &host
                && !name.contains('.')
            {
                // The name under which multicast DNS announces the machine (RFC 6762).
                names.push(Host::Name(format!("{name}.local")));
            }
            names.push(host);
        }
        if listen.ip().is_unspecified() || listen.ip().to_canonical().is_loopback() {
            names.push(Host::Name("localhost".to_owned()));
        }
        Self { listen, names, allowed }
    }

    /// Judges a request that came in at the `local` address of this machine, which has these
    /// `interfaces` (asked for only where nothing else decides). Gives the host it named.
    ///
    /// # Errors
    /// If its `Host`, its target or its `Origin` is unclear, or none that this hub answers to.
    pub fn admit(
        &self,
        target: &Uri,
        headers: &HeaderMap,
        local: IpAddr,
        interfaces: &dyn Fn() -> Vec<IpAddr>,
    ) -> Result<Authority, Refused> {
        let host: Authority = match only(headers, HOST) {
            Ok(Some(value)) => text(value).parse().map_err(|NotAHost| Refused::HostUnclear)?,
            Ok(None) | Err(Several) => return Err(Refused::HostUnclear),
        };
        if !agrees(target, &host) {
            return Err(Refused::HostUnclear);
        }
        if !self.answers_to(&host, Scheme::Http, local, interfaces) {
            return Err(Refused::Host(host));
        }
        match only(headers, ORIGIN) {
            Ok(None) => Ok(host),
            Err(Several) => Err(Refused::OriginUnclear),
            Ok(Some(origin)) => {
                let (scheme, authority) = parse_origin(text(origin)).ok_or(Refused::OriginUnclear)?;
                if self.answers_to(&authority, scheme, local, interfaces) {
                    Ok(host)
                } else {
                    Err(Refused::Origin { scheme, authority })
                }
            }
        }
    }

    fn answers_to(
        &self,
        authority: &Authority,
        scheme: Scheme,
        local: IpAddr,
        interfaces: &dyn Fn() -> Vec<IpAddr>,
    ) -> bool {
        let port = authority.port.unwrap_or(scheme.default_port());
        if self.allowed.iter().any(|AllowedHost(it)| it.host == authority.host && it.port.is_none_or(|it| it == port)) {
            return true;
        }
        if port != self.listen.port() {
            return false;
        }
        match &authority.host {
            Host::Ip(ip) if *ip == local.to_canonical() => true,
            Host::Ip(ip) if self.listen.ip().is_unspecified() && interfaces().contains(ip) => true,
            host => self.names.contains(host),
        }
    }
}

/// What an origin may start with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Http,
    /// Where something in front of the hub speaks TLS.
    Https,
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// A header that may stand once stands there more often.
struct Several;

fn only(headers: &HeaderMap, name: HeaderName) -> Result<Option<&HeaderValue>, Several> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Several),
    }
}

/// Bytes that are no text become a text that is no host.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

/// Whether the request's target names no other host than its `Host` header. Where it does
/// (`GET http://other/ws`), RFC 9112, section 3.2.2 would have the header ignored.
fn agrees(target: &Uri, host: &Authority) -> bool {
    let Some(named) = target.authority() else {
        return true;
    };
    let scheme = if target.scheme_str() == Some("https") { Scheme::Https } else { Scheme::Http };
    named.as_str().parse().is_ok_and(|named: Authority| {
        let port = |authority: &Authority| authority.port.unwrap_or(scheme.default_port());
        named.host == host.host && port(&named) == port(host)
    })
}

/// An origin as browsers write it (RFC 6454, section 6.2): scheme, host, port, and nothing after.
fn parse_origin(origin: &str) -> Option<(Scheme, Authority)> {
    let (scheme, authority) = origin.split_once("://")?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => return None,
    };
    Some((scheme, authority.parse().ok()?))
}

impl FromStr for Host {
    type Err = NotAHost;

    fn from_str(host: &str) -> Result<Self, NotAHost> {
        if let Some(rest) = host.strip_prefix('[') {
            let ip: Ipv6Addr = rest.strip_suffix(']').and_then(|ip| ip.parse().ok()).ok_or(NotAHost)?;
            return Ok(Self::Ip(IpAddr::V6(ip).to_canonical()));
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        if let Ok(ip) = host.parse::<Ipv4Addr>() {
            return Ok(Self::Ip(ip.into()));
        }
        let is_label = |label: &str| {
            (1..=MAX_LABEL).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if host.len() <= MAX_NAME && host.split('.').all(is_label) {
            Ok(Self::Name(host.to_ascii_lowercase()))
        } else {
            Err(NotAHost)
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl FromStr for Authority {
    type Err = NotAHost;

    fn from_str(authority: &str) -> Result<Self, NotAHost> {
        // The colon before a port is the one after the brackets of an IPv6 address.
        let after_brackets = authority.rfind(']').unwrap_or(0);
        let Some(colon) = authority[after_brackets..].find(':') else {
            return Ok(Self { host: authority.parse()?, port: None });
        };
        let (host, port) = authority.split_at(after_brackets + colon);
        let port = &port[1..];
        // `u16::from_str` would take a plus sign.
        if !port.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAHost);
        }
        Ok(Self { host: host.parse()?, port: Some(port.parse().map_err(|_| NotAHost)?) })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl FromStr for AllowedHost {
    type Err = NotAHost;

    fn from_str(host: &str) -> Result<Self, NotAHost> {
        // An IPv6 address on its own, without brackets, can mean nothing else.
        if let Ok(ip) = host.parse::<Ipv6Addr>() {
            return Ok(Self(Authority { host: Host::Ip(IpAddr::V6(ip).to_canonical()), port: None }));
        }
        host.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LAN: &str = "192.168.1.20";

    /// Asks a hub `den` on port 4000 of a machine with two interfaces beside loopback.
    struct Asked {
        listen: &'static str,
        name: &'static str,
        allowed: &'static [&'static str],
        local: &'static str,
    }

    const EVERYWHERE: Asked = Asked { listen: "0.0.0.0:4000", name: "den", allowed: &[], local: LAN };

    impl Asked {
        fn policy(&self) -> HostPolicy {
            let allowed = self.allowed.iter().map(|host| host.parse().unwrap()).collect();
            HostPolicy::new(self.listen.parse().unwrap(), self.name, allowed)
        }

        fn about(&self, target: &str, headers: &[(HeaderName, &str)]) -> Result<Authority, Refused> {
            let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
            self.policy().admit(&target.parse().unwrap(), &headers, self.local.parse().unwrap(), &|| {
                ["127.0.0.1", "::1", LAN, "10.8.0.3", "fd00::20"].map(|ip| ip.parse().unwrap()).into()
            })
        }

        fn host(&self, host: &str) -> Result<Authority, Refused> {
            self.about("/ws", &[(HOST, host)])
        }

        fn origin(&self, origin: &str) -> Result<Authority, Refused> {
            self.about("/ws", &[(HOST, "192.168.1.20:4000"), (ORIGIN, origin)])
        }
    }

    fn authority(text: &str) -> Authority {
        text.parse().unwrap()
    }

    #[test]
    fn every_address_and_name_of_the_machine_is_a_host() {
        for host in [
            "192.168.1.20:4000",
            "10.8.0.3:4000",
            "127.0.0.1:4000",
            "[::1]:4000",
            "[FD00:0::20]:4000",
            "[::ffff:192.168.1.20]:4000",
            "[::ffff:c0a8:114]:4000",
            "localhost:4000",
            "LocalHost.:4000",
            "den:4000",
            "Den.Local:4000",
            "den.local.:4000",
            "192.168.1.20.:4000",
        ] {
            assert_eq!(EVERYWHERE.host(host), Ok(authority(host)), "{host}");
        }
    }

    #[test]
    fn any_other_host_is_refused_by_name() {
        for host in [
            "evil.example:4000",
            "evil.example",
            "192.168.1.21:4000",
            "192.168.1.20:4001",
            "192.168.1.20",
            "192.168.1.20:80",
            "localhost",
            "den",
            "den.evil.example:4000",
            "localhost.evil.example:4000",
            "xlocalhost:4000",
            "0.0.0.0:4000",
            "[::]:4000",
            "3232235796:4000",
            "0xc0a80114:4000",
        ] {
            assert_eq!(EVERYWHERE.host(host), Err(Refused::Host(authority(host))), "{host}");
        }
    }

    #[test]
    fn what_is_no_host_is_a_bad_request() {
        for host in [
            "",
            ":4000",
            ".",
            "a..b",
            "den:",
            "den:+80",
            "den:4000:4000",
            "den:65536",
            "den:4000/",
            "den:4000,evil.example",
            "ana@den:4000",
            "http://den:4000",
            "::1:4000",
            "[::1",
            "[::1]x:4000",
            "[fe80::1%25eth0]:4000",
            "дом:4000",
            "den :4000",
        ] {
            assert_eq!(EVERYWHERE.host(host), Err(Refused::HostUnclear), "{host}");
        }
        assert_eq!(EVERYWHERE.about("/", &[]), Err(Refused::HostUnclear), "no header at all");
    }

    #[test]
    fn two_host_headers_are_a_bad_request_in_either_order() {
        for (first, second) in [("den:4000", "evil.example"), ("evil.example", "den:4000"), ("den:4000", "den:4000")] {
            let asked = EVERYWHERE.about("/", &[(HOST, first), (HOST, second)]);
            assert_eq!(asked, Err(Refused::HostUnclear), "{first} {second}");
        }
    }

    #[test]
    fn an_absolute_target_may_not_name_another_host_than_the_header() {
        let good = [("http://den:4000/ws", "den:4000"), ("http://DEN.:4000/ws", "den:4000")];
        for (target, host) in good {
            assert_eq!(EVERYWHERE.about(target, &[(HOST, host)]), Ok(authority(host)), "{target}");
        }
        let bad = [
            ("http://evil.example/ws", "den:4000"),
            ("http://den:4000/ws", "localhost:4000"),
            ("http://den/ws", "den:4000"),
            ("http://evil@den:4000/ws", "den:4000"),
            ("https://den/ws", "den:80"),
        ];
        for (target, host) in bad {
            assert_eq!(EVERYWHERE.about(target, &[(HOST, host)]), Err(Refused::HostUnclear), "{target}");
        }
        let evil = EVERYWHERE.about("http://evil.example/ws", &[(HOST, "evil.example")]);
        assert_eq!(evil, Err(Refused::Host(authority("evil.example"))));
    }

    #[test]
    fn a_hub_on_one_address_answers_to_that_and_its_name() {
        let asked = Asked { listen: "192.168.1.20:4000", ..EVERYWHERE };
        for host in ["192.168.1.20:4000", "den:4000", "den.local:4000"] {
            assert!(asked.host(host).is_ok(), "{host}");
        }
        for host in ["localhost:4000", "127.0.0.1:4000", "10.8.0.3:4000"] {
            assert!(asked.host(host).is_err(), "{host}");
        }
    }

    #[test]
    fn a_hub_on_loopback_answers_to_localhost() {
        let asked = Asked { listen: "127.0.0.1:4000", local: "127.0.0.1", ..EVERYWHERE };
        for host in ["localhost:4000", "127.0.0.1:4000"] {
            assert!(asked.host(host).is_ok(), "{host}");
        }
        assert!(asked.host("192.168.1.20:4000").is_err());
    }

    #[test]
    fn without_a_port_port_80_is_meant() {
        let asked = Asked { listen: "0.0.0.0:80", ..EVERYWHERE };
        for host in ["den", "den:80", LAN, "[::1]"] {
            assert!(asked.host(host).is_ok(), "{host}");
        }
        assert!(asked.about("/", &[(HOST, "den"), (ORIGIN, "http://den")]).is_ok());
        assert!(asked.about("/", &[(HOST, "den"), (ORIGIN, "https://den")]).is_err(), "that is port 443");
    }

    #[test]
    fn a_name_with_dots_and_an_address_as_name_are_taken_as_they_are() {
        let dotted = Asked { name: "chat.example.org", ..EVERYWHERE };
        assert!(dotted.host("chat.example.org:4000").is_ok());
        assert!(dotted.host("chat:4000").is_err());
        assert!(dotted.host("chat.example.org.local:4000").is_err());

        let address = Asked { name: "203.0.113.7", ..EVERYWHERE };
        assert!(address.host("203.0.113.7:4000").is_ok());
        assert!(address.host("203.0.113.7.local:4000").is_err());
    }

    #[test]
    fn an_allowed_host_counts_with_its_port_or_with_any() {
        let asked =
            Asked { allowed: &["chat.example.org", "10.1.1.1:8080", "fd00::5", "[fd00::6]:8080"], ..EVERYWHERE };
        for host in ["chat.example.org", "Chat.Example.Org.:9", "10.1.1.1:8080", "[fd00::5]:1", "[fd00::6]:8080"] {
            assert!(asked.host(host).is_ok(), "{host}");
        }
        for host in ["www.chat.example.org", "10.1.1.1", "10.1.1.1:4000", "[fd00::6]:4000"] {
            assert!(asked.host(host).is_err(), "{host}");
        }
        assert!(asked.origin("https://chat.example.org").is_ok());
    }

    #[test]
    fn pages_of_the_hub_itself_may_use_it() {
        for origin in
            ["http://192.168.1.20:4000", "http://localhost:4000", "http://den.local:4000", "http://[::1]:4000"]
        {
            assert!(EVERYWHERE.origin(origin).is_ok(), "{origin}");
        }
    }

    #[test]
    fn pages_of_anywhere_else_may_not() {
        for (scheme, host) in [
            (Scheme::Http, "evil.example"),
            (Scheme::Http, "evil.example:4000"),
            (Scheme::Http, "192.168.1.20"),
            (Scheme::Http, "192.168.1.20:4001"),
            (Scheme::Https, "192.168.1.20"),
            (Scheme::Http, "localhost:3000"),
        ] {
            let refused = Refused::Origin { scheme, authority: authority(host) };
            assert_eq!(EVERYWHERE.origin(&format!("{scheme}://{host}")), Err(refused), "{host}");
        }
    }

    #[test]
    fn an_origin_that_is_none_is_refused() {
        for origin in [
            "null",
            "",
            "file://",
            "http://",
            "192.168.1.20:4000",
            "ftp://192.168.1.20:4000",
            "chrome-extension://192.168.1.20:4000",
            "http://192.168.1.20:4000/",
            "http://192.168.1.20:4000 http://evil.example",
            "http://evil.example@192.168.1.20:4000",
            "http://192.168.1.20:4000#",
        ] {
            assert_eq!(EVERYWHERE.origin(origin), Err(Refused::OriginUnclear), "{origin}");
        }
        let twice = [(HOST, "den:4000"), (ORIGIN, "http://den:4000"), (ORIGIN, "http://den:4000")];
        assert_eq!(EVERYWHERE.about("/", &twice), Err(Refused::OriginUnclear));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        for refused in [
            EVERYWHERE.host("chat.example.org").unwrap_err(),
            EVERYWHERE.origin("https://chat.example.org").unwrap_err(),
            EVERYWHERE.origin("null").unwrap_err(),
        ] {
            assert_eq!(refused.status(), StatusCode::FORBIDDEN);
            assert!(refused.to_string().contains("--allow-host"), "{refused}");
        }
        assert_eq!(EVERYWHERE.host("").unwrap_err().status(), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn what_cannot_be_allowed_is_said() {
        for host in ["", "http://den", "den/", "*", "*.example.org", "den:", "den:x", "[fd00::5", "a b"] {
            assert_eq!(host.parse::<AllowedHost>(), Err(NotAHost), "{host}");
        }
    }

    proptest! {
        /// What was understood is written so that it is understood the same again.
        #[test]
        fn authorities_survive_being_written(text in "\\PC{0,40}|[a-zA-Z0-9.:\\[\\]_-]{0,40}") {
            if let Ok(authority) = text.parse::<Authority>() {
                prop_assert_eq!(authority.to_string().parse(), Ok(authority));
            }
        }

        /// Whatever name someone points at the hub, it is not one of the hub's.
        #[test]
        fn no_foreign_name_gets_in(name in "[a-z0-9-]{1,20}\\.(com|org|example|localhost)", port in any::<u16>()) {
            let rebound = format!("{name}:{port}");
            prop_assert!(EVERYWHERE.host(&rebound).is_err());
        }
    }
}
