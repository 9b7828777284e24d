//! Made-up machines, and what is said of them.

use super::super::Level;
use super::*;
use crate::backplane::Contents;

const NOW: u64 = 1_795_176_000_000;
const DAY: u64 = 24 * 60 * 60 * 1_000;

fn there() -> There {
    There {
        writable: true,
        of_another: false,
        mode: Some(0o700),
        free: Some(500 * LITTLE_ROOM),
        remote: None,
        in_use: true,
        left: Vec::new(),
    }
}

fn contents() -> Contents {
    Contents { epoch: "3p0ch".to_owned(), entries: 57, newest: NOW - DAY, files: vec!["a".to_owned()] }
}

/// A machine on which a hub runs, and everything is as it should be.
fn well() -> Facts {
    Facts {
        kernel: Some("Linux 6.1".to_owned()),
        data: Some(Data { path: "/srv/chat".into(), state: DataState::There(there()) }),
        log: Log::Sound(contents()),
        cookie: Cookie::Kept,
        listen: "0.0.0.0:4000".parse().unwrap(),
        port: Port::Hub { version: env!("CARGO_PKG_VERSION").to_owned(), healthy: true },
        links: vec!["http://192.168.1.20:4000/".to_owned(), "http://localhost:4000/".to_owned()],
        reach: Reach::Network,
        firewalls: Vec::new(),
        mdns: Some(Mdns::Free),
        now: NOW,
        installed: Some(NOW - 30 * DAY),
        synchronised: Some(true),
        open_files: Some(524_288),
        most_connections: 20_000,
        unknown: Vec::new(),
    }
}

fn with_data(there: There) -> Facts {
    Facts { data: Some(Data { path: "/srv/chat".into(), state: DataState::There(there) }), ..well() }
}

/// All that is not well about it, which must be of this level throughout.
#[track_caller]
fn complaints(facts: &Facts, level: Level) -> String {
    let complaints: Vec<Finding> = judge(facts).into_iter().filter(|finding| finding.level != Level::Ok).collect();
    assert!(!complaints.is_empty() && complaints.iter().all(|finding| finding.level == level), "{complaints:#?}");
    complaints.iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn of_a_machine_that_is_well_nothing_else_is_said() {
    let found = judge(&well());
    assert!(found.iter().all(|finding| finding.level == Level::Ok), "{found:#?}");
    let text: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(text.iter().all(|line| line.starts_with("ok       ") && !line.contains('\n')), "{text:#?}");
    let text = text.join("\n");
    for word in
        ["57 entries", "3p0ch", "SQLite 3.", "Linux 6.1", "curl http://192.168.1.20:4000/health", "500.0 GiB free"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn a_machine_without_a_hub_or_any_data_is_well_too() {
    let state = DataState::Missing { above: "/srv".into(), writable: true };
    let facts = Facts {
        data: Some(Data { path: "/srv/chat".into(), state }),
        log: Log::None,
        cookie: Cookie::NotYet,
        port: Port::Free,
        kernel: None,
        synchronised: None,
        open_files: None,
        mdns: None,
        ..well()
    };
    assert!(judge(&facts).iter().all(|finding| finding.level == Level::Ok));
}

#[test]
fn a_data_directory_that_cannot_be_used_is_an_error() {
    let states = [
        (DataState::Missing { above: "/srv".into(), writable: false }, "/srv cannot be written"),
        (DataState::NoDirectory, "is no directory"),
        (DataState::Unreadable("permission denied".to_owned()), "permission denied"),
        (DataState::There(There { writable: false, ..there() }), "cannot be written"),
        (DataState::There(There { free: Some(NO_ROOM - 1), ..there() }), "is full"),
    ];
    for (state, said) in states {
        let facts = Facts { data: Some(Data { path: "/srv/chat".into(), state }), port: Port::Any, ..well() };
        let text = complaints(&facts, Level::Error);
        assert!(text.contains(said) && text.contains("/srv/chat"), "{text}");
    }
}

#[test]
fn what_may_be_meant_is_a_warning() {
    for (facts, said) in [
        (with_data(There { of_another: true, ..there() }), "another user's"),
        (with_data(There { mode: Some(0o755), ..there() }), "chmod 700 /srv/chat"),
        (with_data(There { free: Some(LITTLE_ROOM - 1), ..there() }), "1024 MiB are free"),
        (with_data(There { remote: Some("NFS"), ..there() }), "(NFS)"),
        (with_data(There { left: vec![Left::Unpacked("/srv/chat/restoring-x".into())], ..there() }), "/restoring-x is"),
        (Facts { data: None, ..well() }, "in memory"),
        (Facts { cookie: Cookie::Open, ..well() }, "--open"),
        (Facts { log: Log::Older("it is older".to_owned()), ..well() }, "it is older"),
        (Facts { reach: Reach::LoopbackOnly, ..well() }, "--listen 0.0.0.0:4000"),
        (Facts { reach: Reach::NoNetwork, ..well() }, "in no network"),
        (Facts { reach: Reach::LinkLocal, ..well() }, "link-local"),
        (Facts { reach: Reach::Unknown("no netlink".to_owned()), ..well() }, "no netlink"),
        (Facts { mdns: Some(Mdns::Failed("no".to_owned())), ..well() }, "announced"),
        (Facts { synchronised: Some(false), ..well() }, "timedatectl"),
        (Facts { open_files: Some(1_024), ..well() }, "960 connections"),
        (Facts { unknown: vec!["HUBBUB_LISEN".to_owned()], ..well() }, "HUBBUB_LISEN"),
    ] {
        let text = complaints(&facts, Level::Warning);
        assert!(text.contains(said) && text.lines().count() == 1, "{said}: {text}");
    }
}

#[test]
fn what_does_not_work_is_an_error() {
    let kept = Cookie::Unusable("the cookie file may be read by others; `chmod 600` changes that".to_owned());
    for (facts, said) in [
        (Facts { log: Log::Damaged("the log is damaged".to_owned()), ..well() }, "hub restore --replace"),
        (Facts { log: Log::Unusable("it is newer".to_owned()), ..well() }, "it is newer"),
        (Facts { log: Log::Refused("run it once more".to_owned()), ..well() }, "run it once more"),
        (Facts { cookie: kept, ..well() }, "chmod 600"),
        (Facts { port: Port::Taken, ..well() }, "sport = :4000"),
        (Facts { port: Port::NotAllowed, ..well() }, "CAP_NET_BIND_SERVICE"),
        (Facts { port: Port::NoAddress, ..well() }, "0.0.0.0:4000"),
        (Facts { port: Port::Failed("boo".to_owned()), ..well() }, "boo"),
        (Facts { port: Port::Hub { version: "1".to_owned(), healthy: false }, ..well() }, "Start it anew"),
    ] {
        let text = complaints(&facts, Level::Error);
        assert!(text.contains(said) && text.lines().count() == 1, "{said}: {text}");
    }
}

#[test]
fn whose_hub_has_the_port_follows_from_the_data_directory() {
    let stopped = There { in_use: false, ..there() };
    let text = complaints(&with_data(stopped), Level::Error);
    assert!(text.contains("another data directory") && text.contains("--data"), "{text}");
    let elsewhere = Facts { port: Port::Free, ..well() };
    assert!(complaints(&elsewhere, Level::Warning).contains("nobody listens on 0.0.0.0:4000"));
    let other = Port::Hub { version: "0.0.9".to_owned(), healthy: true };
    assert!(complaints(&Facts { port: other, ..well() }, Level::Warning).contains("0.0.9"));
}

#[test]
fn each_firewall_is_told_in_its_own_words() {
    for (firewall, said) in [
        (Firewall::Ufw, "ufw allow 4000/tcp"),
        (Firewall::Firewalld, "--add-port=4000/tcp"),
        (Firewall::Nftables, "nft list ruleset"),
        (Firewall::Iptables, "iptables -S"),
    ] {
        let facts = Facts { firewalls: vec![firewall], ..well() };
        assert!(complaints(&facts, Level::Warning).contains(said));
        let alone = Facts { reach: Reach::LoopbackOnly, ..facts };
        assert!(
            !complaints(&alone, Level::Warning).contains(said),
            "where nobody gets in by choice, it keeps nobody out"
        );
    }
}

#[test]
fn a_clock_that_is_behind_is_noticed() {
    let log = Log::Sound(Contents { newest: NOW + DAY, ..contents() });
    let text = complaints(&Facts { log, ..well() }, Level::Warning);
    assert!(text.contains("1day behind the newest entry"), "{text}");
    let text = complaints(&Facts { installed: Some(NOW + 2 * DAY), ..well() }, Level::Warning);
    assert!(text.contains("2days behind this program"), "{text}");
    let log = Log::Sound(Contents { newest: NOW + 30_000, ..contents() });
    assert!(judge(&Facts { log, ..well() }).iter().all(|finding| finding.level == Level::Ok));
}

#[test]
fn nothing_that_was_found_can_break_the_line_or_the_terminal() {
    let facts =
        Facts { data: Some(Data { path: "/srv/a\nb\x1b[31m".into(), state: DataState::NoDirectory }), ..well() };
    assert!(judge(&facts).iter().all(|finding| !finding.to_string().contains(char::is_control)));
}
