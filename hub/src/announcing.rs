//! The hub announced on the LAN by multicast DNS, so that it is found without anybody typing an address. It runs beside
//! the hub, never in its way: where there is no multicast, the hub says so once and goes on.
//!
//! A thread of `mdns-sd` answers, follows interfaces that come and go, and says goodbye at the end.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mdns_sd::{DaemonEvent, IfKind, IfPredicate, Receiver, ServiceDaemon, ServiceInfo};
use rand::Rng;
use rand::distr::Uniform;
use shared::announcement::{Announcement, SERVICE};
use shared::node::{HUB, NodeName};
use shared::wire;
use tokio::time::timeout;

use crate::interfaces::{Interface, LeadsTo};

/// One label of a name, in bytes (RFC 1035, section 2.3.4).
const MAX_LABEL: usize = 63;

/// What tells two hubs of one name apart, in letters: of a thousand hubs two have the same in one network of 618.
const LETTERS: usize = 6;

/// How long it takes at most until the network has been asked whether the name is free and was told of the hub: three
/// questions a quarter of a second apart, a second announcement, and the same again after a clash.
const HEARD: Duration = Duration::from_secs(5);

/// How long a hub that stops waits until its goodbye is on its way; it takes a millisecond.
const GOODBYE: Duration = Duration::from_millis(300);

/// Why the hub is not announced.
#[derive(Debug, thiserror::Error)]
enum Silent {
    #[error("its name cannot be announced")]
    Name,
    #[error(transparent)]
    Mdns(#[from] mdns_sd::Error),
}

/// Answers whoever looks for hubs. Dropping it withdraws the announcement without waiting.
pub(crate) struct Announcer {
    daemon: ServiceDaemon,
    /// The service instance's.
    fullname: String,
}

impl Announcer {
    /// Announces a hub that listens on this address, with `host` as the host part of its node name. None if it cannot be
    /// done, which is logged.
    pub(crate) fn start(address: SocketAddr, host: &str, cookie: bool, port: u16) -> Option<Self> {
        match Self::try_start(address, host, cookie, port) {
            Ok((announcer, events)) => {
                tokio::spawn(say_if_silent(events));
                Some(announcer)
            }
            Err(why) => {
                warn(&why.to_string());
                None
            }
        }
    }

    fn try_start(
        address: SocketAddr,
        host: &str,
        cookie: bool,
        port: u16,
    ) -> Result<(Self, Receiver<DaemonEvent>), Silent> {
        let service = service(address, host, cookie)?;
        let announcer =
            Self { daemon: ServiceDaemon::new_with_port(port)?, fullname: service.get_fullname().to_owned() };
        let daemon = &announcer.daemon;
        let events = daemon.monitor()?;
        daemon.disable_interface(IfKind::All)?;
        let listen = address.ip().to_canonical();
        let chosen = move |it: &if_addrs::Interface| is_announced_on(listen, &Interface::from(it.clone()));
        daemon.enable_interface(IfKind::Predicate(IfPredicate::new(chosen)))?;
        daemon.register(service)?;
        Ok((announcer, events))
    }

    /// Tells the network that the hub goes.
    pub(crate) async fn withdraw(&self) {
        match self.daemon.unregister(&self.fullname) {
            Ok(sent) => {
                let _ = timeout(GOODBYE, sent.recv_async()).await; // sent or not, the hub stops
            }
            Err(error) => tracing::debug!(%error, "the announcement could not be withdrawn"),
        }
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        let _ = self.daemon.shutdown(); // an error says that it has ended by itself
    }
}

/// What is announced.
fn service(address: SocketAddr, host: &str, cookie: bool) -> Result<ServiceInfo, Silent> {
    let name = NodeName::new(HUB, host).map_err(|_| Silent::Name)?;
    let letters = letters();
    let instance = instance(&name, &letters);
    let announcement =
        Announcement { name, version: env!("CARGO_PKG_VERSION").to_owned(), protocol: wire::VERSION, cookie };
    let txt = announcement.to_txt().map_err(|_| Silent::Name)?;
    // A name of our own: whatever else on this machine speaks multicast DNS has the machine's.
    let hostname = format!("hubbub-{letters}.local.");
    let listen = address.ip().to_canonical();
    // Of all of 127.0.0.0/8 only 127.0.0.1 is an address of an interface; any other must be named.
    let named = if is_loopback_v4(listen) { vec![listen] } else { Vec::new() };
    let service = ServiceInfo::new(SERVICE, &instance, &hostname, &named[..], address.port(), &txt[..])?;
    Ok(if named.is_empty() { service.enable_addr_auto() } else { service })
}

/// The label of the service instance: the name, cut where it would not fit, and the letters.
fn instance(name: &NodeName, letters: &str) -> String {
    let name = name.to_string(); // of ASCII, so it can be cut anywhere
    let longest = MAX_LABEL - " ".len() - letters.len();
    format!("{} {letters}", &name[..name.len().min(longest)])
}

fn letters() -> String {
    #[expect(clippy::expect_used, reason = "the range is not empty")]
    let alphabet = Uniform::new_inclusive(b'a', b'z').expect("letters");
    rand::rng().sample_iter(alphabet).take(LETTERS).map(char::from).collect()
}

/// Whether a hub that listens on `listen` is announced on an interface, with the address it has there.
fn is_announced_on(listen: IpAddr, interface: &Interface) -> bool {
    let ip = interface.ip;
    if listen.is_unspecified() {
        // An address that no link can name is of no use to who finds it; containers need none to be found from.
        (ip.is_ipv4() || listen.is_ipv6())
            && !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
            && interface.leads_to() != LeadsTo::Bridge
    } else {
        ip == listen || is_loopback_v4(ip) && is_loopback_v4(listen)
    }
}

fn is_loopback_v4(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.is_loopback())
}

/// Waits for the announcement, and says so if it does not go out. What comes later is not waited for: the interfaces of
/// a laptop come and go.
async fn say_if_silent(events: Receiver<DaemonEvent>) {
    let announced = async {
        loop {
            match events.recv_async().await {
                Ok(DaemonEvent::Announce(..)) => return Ok(()),
                Ok(DaemonEvent::Error(error)) => return Err(error.to_string()),
                Ok(_) => {}
                // The hub has stopped, or mdns-sd could not begin.
                Err(_) => return Ok(()),
            }
        }
    };
    match timeout(HEARD, announced).await {
        Ok(Ok(())) => tracing::debug!("announced by multicast DNS"),
        Ok(Err(why)) => warn(&why),
        Err(_) => warn("nothing could be sent by multicast: its UDP port is taken, or there is no network"),
    }
}

fn warn(why: &str) {
    tracing::warn!(
        "the hub cannot be announced on the network at the moment ({why}); its links lead to it, but nobody finds it \
         without one (--no-announce does not try)"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::Machine;

    fn announced(listen: &str) -> Vec<String> {
        let machine = Machine::made_up(&[
            ("lo", "127.0.0.1"),
            ("lo", "::1"),
            ("eth0", "192.168.1.20"),
            ("eth0", "fd00::20"),
            ("eth0", "fe80::1"),
            ("usb0", "169.254.7.7"),
            ("docker0", "172.17.0.1"),
            ("br-12ab", "fd00:17::1"),
        ]);
        let listen: IpAddr = listen.parse().unwrap();
        let chosen = machine.interfaces.iter().filter(|interface| is_announced_on(listen, interface));
        chosen.map(|interface| interface.ip.to_string()).collect()
    }

    #[test]
    fn a_hub_is_announced_where_it_listens() {
        assert_eq!(announced("0.0.0.0"), ["127.0.0.1", "192.168.1.20", "169.254.7.7"]);
        assert_eq!(announced("::"), ["127.0.0.1", "::1", "192.168.1.20", "fd00::20", "169.254.7.7"]);
        assert_eq!(announced("192.168.1.20"), ["192.168.1.20"]);
        assert_eq!(announced("fd00::20"), ["fd00::20"]);
        assert_eq!(announced("172.17.0.1"), ["172.17.0.1"], "it was asked for");
        assert_eq!(announced("10.0.0.1"), Vec::<String>::new());
    }

    #[test]
    fn a_hub_on_loopback_is_announced_on_loopback() {
        assert_eq!(announced("127.0.0.1"), ["127.0.0.1"]);
        assert_eq!(announced("127.0.0.5"), ["127.0.0.1"]);
        assert_eq!(announced("::1"), ["::1"]);
        let addresses = |listen: &str| {
            let service = service(listen.parse().unwrap(), "den", true).unwrap();
            (service.is_addr_auto(), service.get_addresses().iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(addresses("127.0.0.5:4000"), (false, vec!["127.0.0.5".to_owned()]));
        assert_eq!(addresses("0.0.0.0:4000"), (true, Vec::new()));
    }

    #[test]
    fn every_name_has_a_label_that_fits_and_is_its_own() {
        for host in ["den", "den.local", &"d".repeat(240)] {
            let name = NodeName::new(HUB, host).unwrap();
            let label = instance(&name, &letters());
            assert!(label.len() <= MAX_LABEL, "{label}");
            assert!(label.starts_with(&name.to_string()[..20.min(name.to_string().len())]), "{label}");
            assert_ne!(label, instance(&name, &letters()));
        }
    }

    #[test]
    fn the_name_stands_whole_in_the_record() {
        let host = "a.name.of-many-parts".repeat(4);
        let service = service("0.0.0.0:4000".parse().unwrap(), &host, false).unwrap();
        let read = Announcement::from_txt(|key| service.get_property_val_str(key)).unwrap();
        assert_eq!(read.name.host(), host);
        assert!(!read.cookie);
    }

    #[test]
    fn a_name_that_cannot_be_announced_is_said() {
        for host in ["", "in the den", &"d".repeat(250)] {
            assert!(matches!(service("0.0.0.0:4000".parse().unwrap(), host, true), Err(Silent::Name)), "{host}");
        }
    }
}
