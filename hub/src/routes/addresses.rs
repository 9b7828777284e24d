//! `/addresses`: the links by which others reach this hub, for a page that was opened on the hub's own machine by an
//! address that leads nobody else here. It makes the invitation of them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use http::header::{self, HeaderMap};
use http::{Response, StatusCode};

use super::{Front, answer, words};
use crate::auth::host::{Authority, Host};
use crate::interfaces::Machine;
use crate::links;
use crate::server::Arrival;

/// One link a line, the best first; nothing where the hub listens on loopback alone. Who asks from elsewhere is not
/// told: what networks this machine is in is nobody's business, and the address they came by leads here.
pub(super) async fn addresses(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    headers: HeaderMap,
) -> Response<Body> {
    let from_here = arrival.peer.ip().to_canonical().is_loopback() && came_straight(&headers);
    if !from_here {
        return words(StatusCode::FORBIDDEN, "Only this machine itself is told its addresses.");
    }
    match Machine::now() {
        Ok(machine) => answer(StatusCode::OK, "text/plain; charset=utf-8", told(front.address, &machine)),
        Err(error) => words(StatusCode::INTERNAL_SERVER_ERROR, &format!("The addresses could not be listed: {error}.")),
    }
}

/// Headers by which a proxy tells that it passes on what somebody else asked. One that tells nothing at all, and asks
/// for `localhost` itself, cannot be told from a browser: `docs/protocol.md` says what to have it send.
const PASSED_ON: [&str; 5] = ["forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip"];

/// Of a family of such headers.
const PASSED_ON_PREFIX: &str = "x-forwarded-";

/// Whether the request is for `localhost` or an address of loopback, and was not passed on by something on this machine
/// that others reach.
fn came_straight(headers: &HeaderMap) -> bool {
    let passed_on = |name: &str| PASSED_ON.contains(&name) || name.starts_with(PASSED_ON_PREFIX);
    if headers.keys().any(|name| passed_on(name.as_str())) {
        return false;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.is_some_and(|Authority { host, .. }| match host {
        Host::Name(name) => name == "localhost",
        Host::Ip(ip) => ip.is_loopback(),
    })
}

fn told(address: SocketAddr, machine: &Machine) -> String {
    let loopback = |ip: IpAddr| ip.to_canonical().is_loopback();
    if loopback(address.ip()) {
        return String::new();
    }
    // Without the cookie, which the page has.
    let links = links::links(address, machine, None);
    links.iter().filter(|link| !link.contains("//localhost")).map(|link| format!("{link}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Machine {
        Machine::made_up(&[("lo", "127.0.0.1"), ("docker0", "172.17.0.1"), ("eth0", "192.168.1.20")])
    }

    #[test]
    fn only_links_that_lead_here_from_elsewhere_are_told_the_best_first() {
        let told = |listen: &str| told(listen.parse().unwrap(), &office());
        assert_eq!(told("0.0.0.0:4000"), "http://192.168.1.20:4000/\nhttp://172.17.0.1:4000/\n");
        assert_eq!(told("192.168.1.20:80"), "http://192.168.1.20/\n");
        assert_eq!(told("127.0.0.1:4000"), "");
        assert_eq!(told("[::1]:4000"), "");
    }

    #[test]
    fn this_machine_has_few_names() {
        let names = |host: &str| came_straight(&[(header::HOST, host.parse().unwrap())].into_iter().collect());
        for host in ["localhost:4000", "127.0.0.1:4000", "[::1]", "LOCALHOST."] {
            assert!(names(host), "{host}");
        }
        for host in ["den.local:4000", "192.168.1.20", "chat.example.org", "localhost.example.org", ""] {
            assert!(!names(host), "{host}");
        }
        assert!(!came_straight(&HeaderMap::new()));
    }

    #[test]
    fn what_a_proxy_passes_on_is_no_request_of_this_machine() {
        let asked = |name: &'static str| {
            let mut headers: HeaderMap = [(header::HOST, "localhost:4000".parse().unwrap())].into_iter().collect();
            headers.insert(name, "10.0.0.7".parse().unwrap());
            came_straight(&headers)
        };
        for header in ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"] {
            assert!(!asked(header), "{header}");
        }
        assert!(asked("accept"));
    }
}
