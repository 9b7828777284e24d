//! What the facts mean, and what to do. Pure.

use std::time::Duration;

use super::Finding;
use super::facts::{Cookie, Data, DataState, Facts, Firewall, Log, Mdns, Port, There};
use crate::backplane::Local;
use crate::links::Reach;
use crate::restore::Left;

/// With less room on the disk than this, in bytes, it is time to think of it: some weeks of pictures.
const LITTLE_ROOM: u64 = 1024 * 1024 * 1024;

/// With less than this, in bytes, a log may soon not be written: it grows by 4 MiB before it is tidied up, and a search
/// index beside it as much again.
const NO_ROOM: u64 = 64 * 1024 * 1024;

/// By so much a clock may be behind the log, in milliseconds: another machine's may have been before.
const BEHIND: u64 = 60 * 1_000;

/// Fewer connections than these may not be enough for a large office, in which some have three nodes.
const FEW_CONNECTIONS: u64 = 4_000;

/// Files that a hub has open beside its sockets.
const OTHER_FILES: u64 = 64;

/// The port by which hubs are found, as firewalls are told.
const MDNS: &str = "5353/udp";

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut found = vec![versions(facts)];
    found.extend(data(facts.data.as_ref()));
    found.push(log(&facts.log));
    found.push(cookie(&facts.cookie));
    found.push(port(facts));
    found.extend(reach(facts));
    found.push(mdns(facts.mdns.as_ref()));
    found.extend(clock(facts));
    found.push(open_files(facts));
    found.extend(facts.unknown.iter().map(|name| {
        Finding::warning(format!("{name} is set, and no hub reads it"), "`hub --help` names those that are read")
    }));
    found
}

fn versions(facts: &Facts) -> Finding {
    let kernel = facts.kernel.as_deref().unwrap_or(std::env::consts::OS);
    Finding::ok(format!(
        "hub {}, log format {}, SQLite {}, {kernel}",
        env!("CARGO_PKG_VERSION"),
        Local::FORMAT,
        Local::store_version()
    ))
}

fn data(data: Option<&Data>) -> Vec<Finding> {
    let Some(Data { path, state }) = data else {
        return vec![Finding::warning(
            "everything is kept in memory, and gone when the hub stops",
            "Leave out --ephemeral, or name a place with --data, to keep it",
        )];
    };
    let path = path.display();
    match state {
        DataState::Missing { writable: true, .. } => {
            vec![Finding::ok(format!("the data directory {path} is not there yet: the first start makes it"))]
        }
        DataState::Missing { above, writable: false } => vec![Finding::error(
            format!(
                "the data directory {path} is not there, and cannot be made: {} cannot be written",
                above.display()
            ),
            "Name another with --data, or run the hub as a user who may write there",
        )],
        DataState::NoDirectory => {
            vec![Finding::error(format!("{path} is no directory"), "Name another with --data")]
        }
        DataState::Unreadable(why) => vec![Finding::error(
            format!("the data directory {path} cannot be looked at: {why}"),
            "Run this as the user whom the hub runs as, or name another with --data",
        )],
        DataState::There(there) => directory(&path.to_string(), there),
    }
}

fn directory(path: &str, there: &There) -> Vec<Finding> {
    let mut found = Vec::new();
    if !there.writable {
        found.push(Finding::error(
            format!("the data directory {path} cannot be written"),
            "Run the hub as the user whose directory it is, or name another with --data",
        ));
    } else if there.of_another {
        found.push(Finding::warning(
            format!("the data directory {path} is another user's"),
            "Run the hub, and this, as that user: files that others make there it cannot read",
        ));
    }
    if let Some(mode) = there.mode.filter(|mode| mode & 0o077 != 0) {
        found.push(Finding::warning(
            format!("others may look into the data directory {path} (mode {mode:03o})"),
            format!("`chmod 700 {path}` keeps it to its owner"),
        ));
    }
    if let Some(kind) = there.remote {
        found.push(Finding::warning(
            format!("the data directory {path} is on a disk of another machine ({kind})"),
            "Keep it on a disk of this one: what is acknowledged has to be on the disk, and locks have to hold",
        ));
    }
    match there.free {
        Some(free) if free < NO_ROOM => found.push(Finding::error(
            format!("the disk of {path} is full: {} are free", size(free)),
            "Make room, or lines can no longer be written",
        )),
        Some(free) if free < LITTLE_ROOM => found.push(Finding::warning(
            format!("the disk of {path} is nearly full: {} are free", size(free)),
            "Make room, or let files go in time with --file-retention",
        )),
        _ => {}
    }
    if found.is_empty() {
        let free = there.free.map_or_else(String::new, |free| format!(", {} free", size(free)));
        found.push(Finding::ok(format!("the data directory {path} is there, and its owner's alone{free}")));
    }
    found.extend(there.left.iter().map(left));
    found
}

fn left(left: &Left) -> Finding {
    match left {
        Left::Unpacked(path) => Finding::warning(
            format!("{} is of a restore that goes on, or was cut off before it changed anything", path.display()),
            "If none goes on, delete it: it holds what is in a backup",
        ),
        Left::Before(path) => Finding {
            advice: Some("Delete it when nobody can want it back".to_owned()),
            ..Finding::ok(format!("{} is what was there before a restore, with its cookie", path.display()))
        },
    }
}

/// Bytes as people tell them.
fn size(bytes: u64) -> String {
    const MEBI: f64 = 1024.0 * 1024.0;
    let mebi = bytes as f64 / MEBI;
    if mebi < 1024.0 { format!("{mebi:.0} MiB") } else { format!("{:.1} GiB", mebi / 1024.0) }
}

fn log(log: &Log) -> Finding {
    match log {
        Log::None => Finding::ok("there is no log yet"),
        Log::Sound(contents) => Finding::ok(format!(
            "the log is sound: {} entries without a gap (epoch {}), {} files named in it",
            contents.entries,
            contents.epoch,
            contents.files.len()
        )),
        Log::Refused(what) => saying_what_to_do(what),
        Log::Older(what) => Finding::warning(what, "Back it up first, with the version that wrote it"),
        Log::Damaged(what) => Finding::error(
            what,
            "Stop the hub and restore your latest backup with `hub restore --replace`, which deletes nothing; then look at the disk",
        ),
        Log::Unusable(what) => Finding::error(
            what,
            "Run this as the user whom the hub runs as, with the version of hub that wrote it, or name another directory with --data",
        ),
    }
}

/// What is wrong, where that says what to do as well.
fn saying_what_to_do(what: &str) -> Finding {
    Finding { advice: None, ..Finding::error(what, "") }
}

fn cookie(cookie: &Cookie) -> Finding {
    match cookie {
        Cookie::Open => Finding::warning(
            "no cookie is asked for: whoever reaches the port is in, and reads everything",
            "Leave out --open, unless that is what you mean",
        ),
        Cookie::Given => Finding::ok("the cookie is given by --cookie or HUBBUB_COOKIE"),
        Cookie::NotYet => Finding::ok("there is no cookie yet: the first start makes one"),
        Cookie::Kept => Finding::ok("the cookie is kept, and its owner's alone"),
        Cookie::Unusable(what) => saying_what_to_do(what),
    }
}

fn port(facts: &Facts) -> Finding {
    let listen = facts.listen;
    let in_use = match &facts.data {
        Some(Data { state: DataState::There(there), .. }) => there.in_use,
        _ => false,
    };
    let keeps_data = facts.data.is_some();
    match &facts.port {
        Port::Any => Finding::ok("the port is chosen when the hub starts (--listen with port 0)"),
        Port::Free if in_use => Finding::warning(
            format!(
                "the data directory is in use, and nobody listens on {listen}: a hub may be starting, or a restore going on"
            ),
            "Look again in a moment",
        ),
        Port::Free => Finding::ok(format!("{listen} is free for a hub")),
        Port::Hub { healthy: false, .. } => Finding::error(
            format!("the hub on {listen} can take no messages any more"),
            "Start it anew; what it wrote to stderr says why",
        ),
        Port::Hub { .. } if keeps_data && !in_use => Finding::error(
            format!("{listen} is taken by a hub of another data directory"),
            "Say with --data which one, or choose another port with --listen",
        ),
        Port::Hub { version, .. } if version != env!("CARGO_PKG_VERSION") => Finding::warning(
            format!("the hub on {listen} is of version {version}, this one of {}", env!("CARGO_PKG_VERSION")),
            "Start it anew to have the one that is installed",
        ),
        Port::Hub { version, .. } => Finding::ok(format!("a hub ({version}) runs on {listen}, and is well")),
        Port::Taken => Finding::error(
            format!("{listen} is taken by another program"),
            format!(
                "Choose another port with --listen; `ss -ltnp 'sport = :{}'` names the program, to those with the right to know",
                listen.port()
            ),
        ),
        Port::NotAllowed => Finding::error(
            format!("this user may not listen on {listen}"),
            "Choose a port from 1024 on with --listen, or give the program the capability CAP_NET_BIND_SERVICE",
        ),
        Port::NoAddress => Finding::error(
            format!("{listen} is no address of this machine"),
            format!("Give --listen one that it has; 0.0.0.0:{} stands for all", listen.port()),
        ),
        Port::Failed(why) => {
            Finding::error(format!("nobody can listen on {listen}: {why}"), "Choose another address with --listen")
        }
    }
}

fn reach(facts: &Facts) -> Vec<Finding> {
    let port = facts.listen.port();
    let everywhere = format!("With --listen 0.0.0.0:{port} others reach it too");
    match &facts.reach {
        Reach::LoopbackOnly => {
            vec![Finding::warning(format!("only this machine reaches {}: it is loopback", facts.listen), everywhere)]
        }
        Reach::LinkLocal => vec![Finding::warning(
            format!("{} is a link-local address, which no link can name", facts.listen),
            everywhere,
        )],
        Reach::NoNetwork => vec![Finding::warning(
            "this machine is in no network at the moment: nobody else reaches a hub here",
            "Plug it in, or join a wireless network; a hub that runs need not be started anew",
        )],
        Reach::Unknown(why) => vec![Finding::warning(
            format!("the addresses of this machine cannot be listed ({why})"),
            "Others need its name or address in their link",
        )],
        Reach::Network => {
            let there = facts.links.first().map_or("", |link| link.trim_end_matches('/'));
            let links = facts.links.join(" ");
            let mut found = vec![Finding {
                advice: Some(format!(
                    "From another machine, try `curl {there}/health`; if nothing answers, it is kept from here"
                )),
                ..Finding::ok(format!("links lead here: {links}"))
            }];
            found.extend(firewalls(&facts.firewalls, port));
            found
        }
    }
}

fn firewalls(firewalls: &[Firewall], port: u16) -> Vec<Finding> {
    if firewalls.is_empty() {
        return vec![Finding::ok("no sign of a firewall on this machine, as far as anyone may look")];
    }
    let finding = |firewall: &Firewall| match firewall {
        Firewall::Ufw => Finding::warning(
            "a firewall is on (ufw)",
            format!("If others do not get in: `ufw allow {port}/tcp`, and to be found `ufw allow {MDNS}`"),
        ),
        Firewall::Firewalld => Finding::warning(
            "a firewall is on (firewalld)",
            format!(
                "If others do not get in: `firewall-cmd --permanent --add-port={port}/tcp --add-service=mdns`, then \
                 `firewall-cmd --reload`"
            ),
        ),
        Firewall::Nftables => Finding::warning(
            "a firewall may be on (nftables)",
            format!(
                "If others do not get in, let {port}/tcp in, and to be found {MDNS}: `nft list ruleset` shows the rules"
            ),
        ),
        Firewall::Iptables => Finding::warning(
            "a firewall may be on (iptables)",
            format!(
                "If others do not get in, let {port}/tcp in, and to be found {MDNS}: `iptables -S` shows the rules"
            ),
        ),
    };
    firewalls.iter().map(finding).collect()
}

fn mdns(mdns: Option<&Mdns>) -> Finding {
    match mdns {
        None => Finding::ok("the hub is not announced on the network (--no-announce)"),
        Some(Mdns::Free) => Finding::ok("the hub can be announced on the network (multicast DNS)"),
        Some(Mdns::Failed(why)) => Finding::warning(
            format!("the hub cannot be announced on the network ({why})"),
            "Whoever has a link gets in all the same",
        ),
    }
}

fn clock(facts: &Facts) -> Vec<Finding> {
    let newest = if let Log::Sound(contents) = &facts.log { contents.newest } else { 0 };
    let set = "Set it: lines get the time of the newest one until then";
    let ago = |then: u64| humantime::format_duration(Duration::from_secs(then.saturating_sub(facts.now) / 1_000));
    let mut found = Vec::new();
    if facts.now.saturating_add(BEHIND) < newest {
        found.push(Finding::warning(format!("the clock is {} behind the newest entry of the log", ago(newest)), set));
    } else if let Some(installed) = facts.installed.filter(|installed| facts.now.saturating_add(BEHIND) < *installed) {
        found.push(Finding::warning(format!("the clock is {} behind this program itself", ago(installed)), set));
    }
    if facts.synchronised == Some(false) {
        found.push(Finding::warning(
            "nothing keeps the clock right",
            "`timedatectl set-ntp true` lets the system do so; a hub needs it only for the times it shows",
        ));
    }
    if found.is_empty() {
        let kept = if facts.synchronised == Some(true) { ", and is kept right" } else { "" };
        found.push(Finding::ok(format!("the clock is plausible{kept}")));
    }
    found
}

fn open_files(facts: &Facts) -> Finding {
    let Some(limit) = facts.open_files else {
        return Finding::ok("how many files a process may have open is not told here");
    };
    let connections = limit.saturating_sub(OTHER_FILES).min(facts.most_connections);
    if connections < FEW_CONNECTIONS {
        Finding::warning(
            format!("a process may have {limit} files open here, which is enough for {connections} connections"),
            format!(
                "For all of {}, set LimitNOFILE= in the unit, or `ulimit -Hn`, to {}",
                facts.most_connections,
                facts.most_connections + OTHER_FILES
            ),
        )
    } else {
        Finding::ok(format!("there may be {connections} connections"))
    }
}

#[cfg(test)]
mod tests;
