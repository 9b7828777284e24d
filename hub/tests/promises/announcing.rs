//! The hub is found on the LAN by multicast DNS, and says nothing there that would let anybody in.
//!
//! All of it on loopback, and on ports of UDP of its own but where the program itself is started. A machine that sends
//! no multicast through loopback skips these, and prints that it does.
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::Stdio;
use std::time::Duration;

use hub::{Config, RunningHub};
use mdns_sd::{IfKind, MDNS_PORT, Receiver, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo};
use shared::announcement::{Announcement, SERVICE, key};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// Nothing here takes so long unless it fails.
const DEADLINE: Duration = Duration::from_secs(20);

/// How long something announced takes at most to be found where there is multicast.
const HEARD: Duration = Duration::from_secs(5);

/// Somebody on this machine who looks for hubs.
struct Seeker {
    daemon: ServiceDaemon,
    found: Receiver<ServiceEvent>,
}

impl Seeker {
    fn on(port: u16) -> Self {
        Self::of(SERVICE, port)
    }

    fn of(service: &str, port: u16) -> Self {
        let daemon = ServiceDaemon::new_with_port(port).unwrap();
        daemon.disable_interface(IfKind::All).unwrap();
        daemon.enable_interface(IfKind::LoopbackV4).unwrap();
        let found = daemon.browse(service).unwrap();
        Self { daemon, found }
    }

    /// The next hub found whose record is like this.
    async fn finds(&self, wanted: impl Fn(&ResolvedService) -> bool) -> Box<ResolvedService> {
        let found = async {
            loop {
                match self.found.recv_async().await.unwrap() {
                    ServiceEvent::ServiceResolved(service) if wanted(&service) => return service,
                    _ => {}
                }
            }
        };
        timeout(DEADLINE, found).await.expect("it is found")
    }

    /// Waits until this one is gone again.
    async fn loses(&self, fullname: &str) {
        let lost = async {
            loop {
                match self.found.recv_async().await.unwrap() {
                    ServiceEvent::ServiceRemoved(_, name) if name == fullname => return,
                    _ => {}
                }
            }
        };
        timeout(DEADLINE, lost).await.expect("it goes");
    }
}

impl Drop for Seeker {
    fn drop(&mut self) {
        let _ = self.daemon.shutdown();
    }
}

/// A port of UDP that nobody uses.
fn free_port() -> u16 {
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap().local_addr().unwrap().port()
}

/// Whether this machine sends multicast through loopback, found out once and without a hub.
async fn has_multicast() -> bool {
    static HAS: OnceCell<bool> = OnceCell::const_new();
    let has = *HAS.get_or_init(try_multicast).await;
    if !has {
        eprintln!("skipped: this machine sends no multicast through loopback");
    }
    has
}

async fn try_multicast() -> bool {
    let service = "_hubbub-try._tcp.local.";
    let port = free_port();
    let daemon = ServiceDaemon::new_with_port(port).unwrap();
    let info = ServiceInfo::new(service, "one", "one.local.", "127.0.0.1", 1, None).unwrap();
    daemon.register(info).unwrap();
    let seeker = Seeker::of(service, port);
    let heard = async {
        loop {
            if let Ok(ServiceEvent::ServiceResolved(_)) = seeker.found.recv_async().await {
                return;
            }
        }
    };
    let has = timeout(HEARD, heard).await.is_ok();
    let _ = daemon.shutdown();
    has
}

async fn hub(change: impl FnOnce(&mut Config)) -> (RunningHub, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let mut config = Config { announce: true, name: "den.local".to_owned(), ..Config::for_tests(data.path()) };
    change(&mut config);
    (hub::start(config).await.unwrap(), data)
}

fn read(service: &ResolvedService) -> Announcement {
    Announcement::from_txt(|key| service.get_property_val_str(key)).unwrap()
}

#[tokio::test]
async fn who_looks_finds_the_hub_until_it_stops() {
    if !has_multicast().await {
        return;
    }
    let port = free_port();
    let (hub, _data) = hub(|config| config.mdns_port = port).await;
    let seeker = Seeker::on(port);
    let found = seeker.finds(|_| true).await;

    assert_eq!(found.get_port(), hub.address().port());
    let addresses: Vec<IpAddr> = found.get_addresses().iter().map(mdns_sd::ScopedIp::to_ip_addr).collect();
    assert_eq!(addresses, [IpAddr::from(Ipv4Addr::LOCALHOST)], "it listens nowhere else");
    let said = read(&found);
    assert_eq!(said.name.to_string(), "hub@den.local");
    assert_eq!(said.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(said.protocol, shared::wire::VERSION);
    assert!(said.cookie);

    hub.stop().await;
    seeker.loses(&found.fullname).await;
}

#[tokio::test]
async fn the_cookie_is_not_announced_but_whether_there_is_one() {
    if !has_multicast().await {
        return;
    }
    let port = free_port();
    let (hub, _data) = hub(|config| {
        config.mdns_port = port;
        config.cookie = Some("sesame".to_owned());
    })
    .await;
    let seeker = Seeker::on(port);
    let found = seeker.finds(|_| true).await;
    let keys: BTreeSet<&str> = found.get_properties().iter().map(mdns_sd::TxtProperty::key).collect();
    assert_eq!(keys, BTreeSet::from([key::NAME, key::VERSION, key::PROTOCOL, key::COOKIE]));
    assert!(!format!("{found:?}").contains("sesame"));
    assert_eq!(found.get_property_val_str(key::COOKIE), Some("required"));
    hub.stop().await;

    let (open, _data) = self::hub(|config| {
        config.mdns_port = port;
        config.open = true;
    })
    .await;
    let found = seeker.finds(|service| service.get_port() == open.address().port()).await;
    assert_eq!(found.get_property_val_str(key::COOKIE), Some("none"));
    open.stop().await;
}

#[tokio::test]
async fn two_hubs_of_one_name_are_both_found() {
    if !has_multicast().await {
        return;
    }
    let port = free_port();
    let (one, _data) = hub(|config| config.mdns_port = port).await;
    let (two, _other_data) = hub(|config| config.mdns_port = port).await;
    let seeker = Seeker::on(port);
    let mut ports = BTreeSet::new();
    while ports.len() < 2 {
        let found = seeker.finds(|_| true).await;
        assert_eq!(read(&found).name.to_string(), "hub@den.local");
        ports.insert(found.get_port());
    }
    assert_eq!(ports, BTreeSet::from([one.address().port(), two.address().port()]));
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn a_hub_that_is_told_not_to_is_not_announced() {
    if !has_multicast().await {
        return;
    }
    let port = free_port();
    let seeker = Seeker::on(port);
    let (silent, _data) = hub(|config| {
        config.mdns_port = port;
        config.announce = false;
    })
    .await;
    // It would have been heard before one that started after it.
    let (other, _other_data) = hub(|config| config.mdns_port = port).await;
    let found = seeker.finds(|_| true).await;
    assert_eq!(found.get_port(), other.address().port());
    silent.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn the_program_announces_itself_unless_it_is_told_not_to() {
    if !has_multicast().await {
        return;
    }
    let seeker = Seeker::on(MDNS_PORT);
    // Others on this machine may announce hubs too.
    let name = format!("test-{}.local", std::process::id());
    let silent = format!("silent-{name}");
    // It would have been heard before one that started after it.
    let hubs = [start(&silent, &["--no-announce"]).await, start(&name, &[]).await];
    let test = |service: &ResolvedService| {
        let said = Announcement::from_txt(|key| service.get_property_val_str(key));
        said.is_ok_and(|said| said.name.host().ends_with(&name))
    };
    let found = seeker.finds(test).await;
    assert_eq!(read(&found).name.host(), name);
    for mut hub in hubs {
        hub.kill().await.unwrap();
    }
}

/// Starts the program, and waits until it listens.
async fn start(name: &str, more: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hub"));
    command.env_clear().args(["--listen=127.0.0.1:0", "--ephemeral", "--print-link=json"]).args(more);
    command.arg(format!("--name={name}")).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut hub = command.spawn().unwrap();
    let mut lines = BufReader::new(hub.stdout.take().unwrap()).lines();
    let line = timeout(DEADLINE, lines.next_line()).await.expect("its links").unwrap().unwrap();
    assert!(line.contains(name), "{line}");
    hub
}

#[tokio::test]
async fn a_hub_runs_where_it_cannot_be_announced() {
    let taken = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    // The second name is too long for a record.
    for (name, port) in [("den", port), (&"d".repeat(250), free_port())] {
        let (hub, _data) = hub(|config| {
            config.name = name.to_owned();
            config.mdns_port = port;
        })
        .await;
        TcpStream::connect(hub.address()).await.expect("it listens");
        hub.stop().await;
    }
}
