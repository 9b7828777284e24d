//! Hubs found by what they announce: on loopback, and at a port where nobody else is.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use terminal::finding::{Found, find_at};

use crate::place::Place;
use crate::support::WITHIN;

/// A UDP port that was free a moment ago.
fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// So many hubs, and those that were told of meanwhile. Looked for again and again: what is announced while this machine is
/// busy is announced late.
async fn finds(port: u16, many: usize) -> (Vec<Found>, Vec<Found>) {
    let until = Instant::now() + WITHIN;
    loop {
        let mut told = Vec::new();
        let found = find_at(port, Duration::from_secs(2), |found| told.push(found.clone())).await.unwrap();
        if found.hubs.len() == many {
            return (found.hubs, told);
        }
        assert!(Instant::now() < until, "{found:?}");
    }
}

#[tokio::test]
async fn a_hub_is_found_with_what_one_has_to_know_before_joining() {
    let port = free_port();
    let place = Place::with(|config| (config.announce, config.mdns_port) = (true, port)).await;
    let (found, told) = finds(port, 1).await;
    let [found] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(found.address(), place.address());
    assert_eq!((found.name.as_str(), found.protocol, found.wants_cookie), ("hub@test", 1, true));
    assert!(!format!("{found:?}").contains(place.hub.cookie()));
    assert_eq!(told.len(), 1);
}

#[tokio::test]
async fn two_hubs_of_one_name_are_two() {
    let port = free_port();
    let one = Place::with(|config| (config.announce, config.mdns_port) = (true, port)).await;
    let two = Place::with(|config| (config.announce, config.mdns_port) = (true, port)).await;
    let (found, _) = finds(port, 2).await;
    let mut addresses: Vec<String> = found.iter().map(Found::address).collect();
    let mut wanted = [one.address(), two.address()];
    addresses.sort();
    wanted.sort();
    assert_eq!(addresses, wanted);
}

#[tokio::test]
async fn where_there_is_no_hub_none_is_found() {
    let found = find_at(free_port(), Duration::from_millis(300), |_| {}).await;
    assert!(found.is_ok_and(|found| found.hubs.is_empty()));
}
