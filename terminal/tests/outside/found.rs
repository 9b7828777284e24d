//! Hubs are found on the network by what they announce of themselves, and what is announced is only shown: anyone may
//! announce anything.
//!
//! A machine that sends no multicast through loopback skips these, and prints that it does.

use std::process::Output;
use std::time::{Duration, Instant};

use hub::{Config, RunningHub};
use mdns_sd::{IfKind, ServiceDaemon, ServiceEvent, ServiceInfo};
use node::{Client, Settings};
use serde_json::Value;
use shared::announcement::SERVICE;
use shared::transcript::Place;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::grammar::{PIPE, assert_tame};
use crate::place::{Home, words};
use crate::support::WITHIN;
use pty::USUAL;

/// How long something announced takes at most to be found where there is multicast.
const HEARD: Duration = Duration::from_secs(15);

/// All of these use the one port of multicast DNS: one at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// Somebody on this machine who announces, and looks for what is announced.
struct Announcer(ServiceDaemon);

impl Announcer {
    fn new() -> Self {
        let daemon = ServiceDaemon::new().unwrap();
        daemon.disable_interface(IfKind::All).unwrap();
        daemon.enable_interface(IfKind::LoopbackV4).unwrap();
        Self(daemon)
    }

    /// Announces a hub of that label with these pairs, and waits until others can hear of it. Whether they can.
    async fn announce(&self, service: &str, label: &str, port: u16, pairs: &[(&str, &str)]) -> bool {
        let Ok(info) = ServiceInfo::new(service, label, "evil-host.local.", "127.0.0.1", port, pairs) else {
            return false;
        };
        let seeker = Self::new();
        let found = seeker.0.browse(service).unwrap();
        self.0.register(info).unwrap();
        let heard = async {
            loop {
                match found.recv_async().await {
                    Ok(ServiceEvent::ServiceResolved(service)) if service.get_port() == port => return,
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        };
        timeout(HEARD, heard).await.is_ok()
    }
}

impl Drop for Announcer {
    fn drop(&mut self) {
        let _ = self.0.shutdown();
    }
}

async fn has_multicast() -> bool {
    let has = Announcer::new().announce("_hubbub-try._tcp.local.", "one", 1, &[]).await;
    if !has {
        eprintln!("skipped: this machine sends no multicast through loopback");
    }
    has
}

/// A hub of that name which announces itself, on loopback alone.
async fn hub(name: &str) -> (RunningHub, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let config = Config { announce: true, name: name.to_owned(), ..Config::for_tests(data.path()) };
    (hub::start(config).await.unwrap(), data)
}

/// Runs the program until it has found all that has this in it, or there is no patience left: where the machine is busy,
/// what is announced is heard later than the program looks.
fn finds(home: &Home, arguments: &[&str], input: &[u8], parts: &[&str]) -> Output {
    let deadline = Instant::now() + WITHIN;
    loop {
        let output = home.runs(arguments, input);
        let said = words(&output);
        if parts.iter().all(|part| said.contains(part)) || Instant::now() > deadline {
            return output;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_of_one_name_are_both_listed_and_neither_is_taken_for_the_other() {
    let _turn = TURN.lock().await;
    if !has_multicast().await {
        return;
    }
    let (one, _data) = hub("twins.local").await;
    let (other, _data) = hub("twins.local").await;
    let home = Home::new();
    let ports = [&one, &other].map(|hub| hub.address().port().to_string());
    let both = ports.each_ref().map(String::as_str);
    let listed = finds(&home, &["hubs"], b"", &both);
    assert_eq!(listed.status.code(), Some(0), "{}", words(&listed));
    let json = finds(&home, &["hubs", "--json"], b"", &both);
    let lines = String::from_utf8(json.stdout).unwrap();
    for (hub, port) in [&one, &other].into_iter().zip(both) {
        assert!(words(&listed).contains(port), "{}", words(&listed));
        let line = lines.lines().find(|line| line.contains(port)).unwrap_or_else(|| panic!("{port} in {lines}"));
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line.to_string().contains("hub@twins.local"), "{line}");
        let cookie = hub.cookie().unwrap();
        assert!(!lines.contains(cookie) && !words(&listed).contains(cookie), "the cookie is never announced");
    }

    // Nobody is there to choose: it says so, and connects to neither.
    let chat = finds(&home, &["--plain", "-n", "ana"], b"hello\n", &both);
    assert_eq!(chat.status.code(), Some(3), "{}", words(&chat));
    let said = words(&chat);
    assert!(both.iter().all(|port| said.contains(port)), "what there is to choose from: {said}");

    // Who knows one by its address does not take the other for it: the cookie goes to that address alone.
    let link = format!("http://{}/#cookie={}", one.address(), one.cookie().unwrap());
    let known = home.runs(&["say", "-s", &link, "-n", "ana", "hi"], b"");
    assert_eq!(known.status.code(), Some(0), "{}", words(&known));
    let host = other.address().to_string();
    let stranger = home.runs(&["say", "-s", &host, "hi"], b"");
    assert!([Some(4), Some(5)].contains(&stranger.status.code()), "{}", words(&stranger));
    one.stop().await;
    let gone = home.runs(&["say", "hi"], b"");
    assert!(!gone.status.success(), "nothing is said to the other one instead: {}", words(&gone));
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_the_hub_of_last_time_is_told_to_no_other() {
    let _turn = TURN.lock().await;
    if !has_multicast().await {
        return;
    }
    let (known, _data) = hub("den.local").await;
    let home = Home::new();
    let (there, link) =
        (known.address().to_string(), format!("http://{}/#cookie={}", known.address(), known.cookie().unwrap()));
    let said = home.runs(&["say", "-s", &link, "-n", "ana", "hi"], b"");
    assert_eq!(said.status.code(), Some(0), "{}", words(&said));
    known.stop().await;

    // Whoever is there lets everybody in.
    let data = tempfile::tempdir().unwrap();
    let open = Config { announce: true, open: true, name: "den.local".to_owned(), ..Config::for_tests(data.path()) };
    let stranger = hub::start(open).await.unwrap();
    for arguments in [&["say", "psst"][..], &["put", "a", "1"], &["--plain"]] {
        let gone = home.runs(arguments, b"psst\n");
        assert_eq!(gone.status.code(), Some(3), "{}", words(&gone));
        assert!(words(&gone).contains(&there) && words(&gone).contains("-s"), "{}", words(&gone));
    }
    // A person is told, and asked.
    let deadline = Instant::now() + WITHIN;
    let ana = loop {
        let ana = home.terminal(USUAL, &["--plain"]);
        ana.sees(&format!("The hub of last time, {there}, does not answer."));
        match ana.wait("a question", |screen| screen.contents().contains("Which one?").then_some(())) {
            Ok(_) => break ana,
            // It ends where it has found nobody, as on a busy machine it may.
            Err(instead) => assert!(Instant::now() < deadline, "{instead}"),
        }
    };
    ana.enters("");
    assert_eq!(ana.ends(), 3);

    let settings = Settings { nick: Some("bob".to_owned()), ..Settings::default() };
    let (bob, _deliveries) = Client::start(&stranger.address().to_string(), settings).unwrap();
    assert!(bob.online().await);
    let page = bob.history(&Place::Room("lobby".to_owned()), None, None, 200).await.unwrap();
    assert_eq!(page.entries, [], "nothing was said there");
    stranger.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_anyone_on_the_network_announces_is_only_shown() {
    let _turn = TURN.lock().await;
    if !has_multicast().await {
        return;
    }
    let announcer = Announcer::new();
    let names = ["hub@\x1b]0;owned\x07", "hub@evil\u{202e}", "\x1b[2J", "hub@den\nhub@bank", "hub@\u{9b}31m"];
    for (number, name) in names.into_iter().enumerate() {
        let pairs = [("name", name), ("version", "0.1.0"), ("protocol", "1"), ("cookie", "none")];
        announcer.announce(SERVICE, &format!("evil {number} \x1b[31m"), 4_100 + number as u16, &pairs).await;
    }
    for (number, version) in ["0.1\x1b[31m", "\u{202e}", "0.1\n9"].into_iter().enumerate() {
        let pairs = [("name", "hub@evil"), ("version", version), ("protocol", "\x1b[2J"), ("cookie", "\x07")];
        announcer.announce(SERVICE, &format!("odd {number} \u{202e}"), 4_200 + number as u16, &pairs).await;
    }
    let pairs = [("name", "hub@harmless"), ("version", "0.1.0"), ("protocol", "1"), ("cookie", "none")];
    assert!(announcer.announce(SERVICE, "\x1b]0;owned\x07\u{9b}31m", 4_300, &pairs).await);
    for arguments in [&["hubs"][..], &["hubs", "--json"]] {
        let output = finds(&Home::new(), arguments, b"", &["hub@harmless"]);
        assert_tame(&output.stdout, PIPE);
        assert_tame(&output.stderr, PIPE);
        assert!(words(&output).contains("hub@harmless"), "that one is found: {}", words(&output));
    }
}
