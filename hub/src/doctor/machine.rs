//! What only the operating system tells of itself. Where it does not, nothing is known.

use std::fs::Metadata;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::facts::Firewall;

/// How long a program may take that is asked something.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often it is looked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Files that say of a firewall that it is on, as the systems lay them down that most hubs run on. Without special rights
/// its rules cannot be read.
const SIGNS: [(Firewall, &str); 4] = [
    (Firewall::Firewalld, "/run/firewalld"),
    (Firewall::Nftables, "/etc/systemd/system/sysinit.target.wants/nftables.service"),
    (Firewall::Nftables, "/etc/systemd/system/multi-user.target.wants/nftables.service"),
    (Firewall::Iptables, "/etc/iptables/rules.v4"),
];

/// Where ufw says whether it is on, and how.
const UFW: (&str, &str) = ("/etc/ufw/ufw.conf", "ENABLED=yes");

pub(super) fn firewalls() -> Vec<Firewall> {
    let ufw = std::fs::read_to_string(UFW.0).is_ok_and(|text| text.lines().any(|line| line.trim() == UFW.1));
    let others = SIGNS.iter().filter(|(_, sign)| Path::new(sign).exists()).map(|(firewall, _)| *firewall);
    let mut found: Vec<_> = ufw.then_some(Firewall::Ufw).into_iter().chain(others).collect();
    found.dedup();
    found
}

/// Whether the clock is kept right by others.
pub(super) fn synchronised() -> Option<bool> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    match asked("timedatectl", &["show", "--property=NTPSynchronized", "--value"])?.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// What a program prints, if it is there and well.
fn asked(program: &str, words: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let deadline = Instant::now() + PATIENCE;
    // What it prints is less than a pipe holds.
    while child.try_wait().ok()?.is_none() {
        if Instant::now() > deadline {
            let _ = child.kill(); // it may have ended just now
            let _ = child.wait();
            return None;
        }
        sleep(LOOK_EVERY);
    }
    let output = child.wait_with_output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::MetadataExt;

    use rustix::fs::{Access, access, statvfs};

    use super::*;

    pub(in crate::doctor) fn kernel() -> Option<String> {
        let uname = rustix::system::uname();
        Some(format!("{} {}", uname.sysname().to_string_lossy(), uname.release().to_string_lossy()))
    }

    pub(in crate::doctor) fn is_writable(path: &Path) -> bool {
        access(path, Access::WRITE_OK | Access::EXEC_OK).is_ok()
    }

    pub(in crate::doctor) fn is_of_another(there: &Metadata) -> bool {
        there.uid() != rustix::process::geteuid().as_raw()
    }

    pub(in crate::doctor) fn mode(there: &Metadata) -> Option<u32> {
        Some(there.mode() & 0o777)
    }

    pub(in crate::doctor) fn free(path: &Path) -> Option<u64> {
        let disk = statvfs(path).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }
}

#[cfg(not(unix))]
mod elsewhere {
    use super::*;

    pub(in crate::doctor) fn kernel() -> Option<String> {
        None
    }

    pub(in crate::doctor) fn is_writable(path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|there| !there.permissions().readonly())
    }

    pub(in crate::doctor) fn is_of_another(_: &Metadata) -> bool {
        false
    }

    pub(in crate::doctor) fn mode(_: &Metadata) -> Option<u32> {
        None
    }

    pub(in crate::doctor) fn free(_: &Path) -> Option<u64> {
        None
    }
}

#[cfg(not(unix))]
pub(super) use elsewhere::{free, is_of_another, is_writable, kernel, mode};
#[cfg(unix)]
pub(super) use unix::{free, is_of_another, is_writable, kernel, mode};

/// The kind of file system that a path is on, if it is another machine's disk (statfs(2) lists their numbers).
#[cfg(target_os = "linux")]
pub(super) fn remote(path: &Path) -> Option<&'static str> {
    const KINDS: [(u64, &str); 7] = [
        (0x6969, "NFS"),
        (0xff53_4d42, "CIFS"),
        (0xfe53_4d42, "SMB"),
        (0x517b, "SMB"),
        (0x0102_1997, "9P"),
        (0x5346_414f, "AFS"),
        (0x00c3_6400, "Ceph"),
    ];
    // Some of them have the highest bit, which a signed number would spread.
    let kind = rustix::fs::statfs(path).ok()?.f_type as u64 & 0xffff_ffff;
    KINDS.iter().find(|(of, _)| *of == kind).map(|(_, name)| *name)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn remote(_: &Path) -> Option<&'static str> {
    None
}
