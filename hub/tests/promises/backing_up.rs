//! A backup is everything that the hub keeps, as of one moment, while it runs; and what is restored of it is a hub's.

#[cfg(target_os = "linux")]
mod cut_off;
mod lost;

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::support::{DEADLINE, Errand, HubProcess, Memory, TestHub, Way, eventually};
use hub::{Config, RunningHub};
use node::{Client, Settings, Talk};
use serde_json::Value;
use shared::entry::Entry;
use shared::message::FileRef;
use shared::session::Delivery;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A folder with a place for backups, and one for what is restored.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("backup.tar")
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("restored")
    }

    /// Backs a data directory up; what is said of it.
    async fn backs_up(&self, data: &Path) -> String {
        let done = Errand::run(data, ["backup".as_ref(), self.file().as_os_str()]).await;
        done.done().to_owned()
    }

    /// Restores to the place for it.
    async fn restores(&self) -> String {
        restores(&self.data(), &self.file(), &[]).await
    }

    /// What lies beside the backup.
    fn others(&self) -> Vec<String> {
        names(self.0.path()).into_iter().filter(|name| name != "backup.tar").collect()
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Restores, which must succeed; what is said of it. A program that another test starts at this moment may hold the lock of
/// a hub that has stopped.
async fn restores(data: &Path, file: &Path, flags: &[&str]) -> String {
    eventually("a restore", async || {
        let words = ["restore".as_ref(), file.as_os_str()].into_iter().chain(flags.iter().map(AsRef::as_ref));
        let done = Errand::run(data, words).await;
        (!done.stderr.contains("a hub runs")).then(|| done.done().to_owned())
    })
    .await
}

/// A hub on a data directory and a port of the test's choice.
async fn start(data: &Path, listen: Option<SocketAddr>) -> RunningHub {
    let mut config = Config::for_tests(data);
    config.listen = listen.unwrap_or(config.listen);
    crate::support::start(config).await
}

fn way(hub: &RunningHub) -> Way {
    Way { address: hub.address(), cookie: hub.cookie().unwrap().to_owned() }
}

/// The ids of the entries of a log, by `seq` from 1 on without a gap.
async fn ids(data: &Path) -> Vec<String> {
    let exported = Errand::run(data, ["export"]).await;
    let entries = exported.done().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ids = entries.enumerate().map(|(place, entry)| {
        assert_eq!(entry["seq"], place + 1);
        entry["id"].as_str().unwrap().to_owned()
    });
    ids.collect()
}

#[tokio::test]
async fn what_was_acknowledged_before_it_began_is_in_it_in_order_and_without_a_gap() {
    let hub = TestHub::start_unlimited().await;
    let stop = Arc::new(AtomicBool::new(false));
    let said = Arc::new(AtomicUsize::new(0));
    let mut talks = Vec::new();
    for nick in ["ana", "bob", "cleo"] {
        let node = hub.guest(nick).await;
        let (stop, said) = (Arc::clone(&stop), Arc::clone(&said));
        talks.push(tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let id = format!("{}-{n}", node.nick());
                node.say_as(&id, "lobby", "on and on").await.unwrap();
                acknowledged.push(id);
                said.fetch_add(1, Ordering::Relaxed);
            }
            acknowledged
        }));
    }
    let many = async |count: usize| {
        eventually("talk", async || (said.load(Ordering::Relaxed) >= count).then_some(())).await;
        said.load(Ordering::Relaxed)
    };
    let before = many(200).await;
    let desk = Desk::new();
    let told = desk.backs_up(hub.data()).await;
    let after = many(said.load(Ordering::Relaxed) + 1).await; // they talk on
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeSet::new();
    for talk in talks {
        acknowledged.extend(talk.await.unwrap());
    }
    assert!(told.starts_with("Backed up: ") && told.contains("entries (the last is #"), "{told}");

    desk.restores().await;
    let restored = ids(&desk.data()).await;
    let original = ids(hub.data()).await;
    assert!(restored.len() >= before && restored.len() <= after + 3, "{before} {} {after}", restored.len());
    assert_eq!(restored, original[..restored.len()], "as it was at one moment, in the same order");
    assert!(restored.iter().all(|id| acknowledged.contains(id)), "no line that nobody said");
    assert!(desk.others() == ["restored"], "nothing else is left: {:?}", desk.others());
    hub.stop().await;
}

#[tokio::test]
async fn a_hub_that_was_killed_is_backed_up_with_all_that_it_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let ana = hub.guest("ana").await;
    for n in 0..50 {
        ana.say_as(&format!("ana-{n}"), "lobby", "hi").await.unwrap();
    }
    hub.kill().await;
    let desk = Desk::new();
    let told = desk.backs_up(data.path()).await;
    assert!(told.starts_with("Backed up: 50 entries (the last is #50), 0 files, "), "{told}");
    let told = desk.restores().await;
    assert!(told.starts_with("Restored: 50 entries, 0 files, as of 20"), "{told}");
    assert_eq!(ids(&desk.data()).await, (0..50).map(|n| format!("ana-{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn nicks_tokens_sessions_positions_files_and_the_store_are_back() {
    let hub = TestHub::start().await;
    let bob = hub.guest("bob").await;
    let mut ana = hub.tab_of("ana").await;
    ana.joins("den").await;
    bob.joins("den").await;
    let read = bob.says("den", "one").await;
    bob.says("den", "two").await;
    ana.reads_room("den", read).await;
    let picture = b"what bob sends".repeat(1_000);
    let hash = hub.upload(&picture).await;
    let unsaid = hub.upload(b"what nobody says").await;
    let files = vec![FileRef { hash: hash.clone(), name: "a.bin".to_owned() }];
    bob.say_with(Talk::Room("den"), "see", None, files).await.unwrap();
    bob.whispers("ana", "psst").await;
    let (token, cookie) = (ana.token(), hub.cookie());
    let desk = Desk::new();
    let told = desk.backs_up(hub.data()).await;
    assert!(told.contains(" 4 entries ") && told.contains(" 1 files, "), "{told}");
    let memory = ana.cut();
    hub.stop().await;

    let told = desk.restores().await;
    assert!(told.contains("4 entries, 1 files") && told.contains(&*desk.data().to_string_lossy()), "{told}");
    let hub = start(&desk.data(), None).await;
    assert_eq!(hub.cookie(), Some(&*cookie));
    let way = way(&hub);
    let mut ana = Memory { way: way.clone(), ..memory }.resume_after(Some(0)).await;
    assert_eq!((ana.welcome().nick.as_deref(), ana.rooms_resumed()), (Some("ana"), vec!["den".into(), "lobby".into()]));
    ana.synced().await;
    assert_eq!(ana.seqs(), [1, 2, 3, 4], "private messages too");
    let den = ana.joins("den").await;
    assert_eq!((den.read, den.unread), (read, 2));
    assert_eq!(ana.takes("ana", Some(&token)).await.nick, "ana");
    assert!(file(&way, &hash).await.is_some_and(|bytes| bytes == picture), "its bytes are back");
    assert_eq!(file(&way, &unsaid).await, None, "what no line names is not backed up");
    let stranger = node::Options { cookie: Some(cookie), ..node::Options::default() };
    let (stranger, _arrivals) = node::Node::connect(&way.address.to_string(), stranger).await.unwrap();
    assert!(stranger.connect_nick("bob", None).await.is_err(), "a nick is still its owner's");
    hub.stop().await;
}

/// The bytes of a file, as the hub gives them out; none where it has none.
async fn file(way: &Way, hash: &str) -> Option<Vec<u8>> {
    let Way { address, cookie } = way;
    let request = format!(
        "GET /files/{hash}/a.bin HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {cookie}\r\nConnection: close\r\n\r\n"
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    answer.starts_with(b"HTTP/1.1 200 ").then(|| answer[end + 4..].to_vec())
}

#[tokio::test]
async fn a_client_that_was_ahead_of_the_backup_is_told_to_start_over() {
    let data = tempfile::tempdir().unwrap();
    let hub = start(data.path(), None).await;
    let address = hub.address();
    let link = format!("http://{address}/#cookie={}", hub.cookie().unwrap());
    let settings = |nick: &str| Settings { nick: Some(nick.to_owned()), ..Settings::default() };
    let (ana, mut deliveries) = Client::start(&link, settings("ana")).unwrap();
    assert!(ana.online().await);
    let say = async |text| ana.say("lobby", text).await.unwrap().seq;
    assert_eq!(say("in the backup").await, 1);
    let desk = Desk::new();
    desk.backs_up(data.path()).await;
    for (text, seq) in [("later", 2), ("later still", 3)] {
        assert_eq!(say(text).await, seq);
    }
    let before = ana.position().epoch;
    hub.stop().await;
    let told = restores(data.path(), &desk.file(), &["--replace"]).await;
    assert!(told.contains("before-restore-"), "{told}");

    let hub = start(data.path(), Some(address)).await;
    assert!(hub.cookie().is_some_and(|cookie| link.ends_with(cookie)));
    let told = timeout(DEADLINE, async {
        loop {
            if let Delivery::Welcomed { welcome, new_log: true } = deliveries.next().await.unwrap() {
                break welcome;
            }
        }
    });
    let welcome = told.await.expect("it is told that the log is another");
    assert_eq!(welcome.seq, 1);
    assert_ne!(welcome.epoch, before);
    assert_eq!(say("anew").await, 2, "the log goes on where the backup ended");
    let heard = timeout(DEADLINE, async {
        loop {
            if let Delivery::Heard(Entry::Said(said)) = deliveries.next().await.unwrap()
                && said.text == "anew"
            {
                break said.seq;
            }
        }
    });
    assert_eq!(heard.await.expect("it is heard"), 2);
    ana.stop().await;
    hub.stop().await;
}

#[tokio::test]
async fn what_was_taken_back_does_not_come_back_by_a_backup() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let line = ana.says("lobby", "the swordfish is blue").await;
    for n in 0..10 {
        ana.edit(Talk::Room("lobby"), line, &format!("the swordfish is {n}")).await.unwrap();
    }
    let other = ana.says("lobby", "a swordfish, once more").await;
    ana.edit(Talk::Room("lobby"), other, "a herring, once more").await.unwrap();
    ana.delete(Talk::Room("lobby"), line).await.unwrap();
    let desk = Desk::new();
    desk.backs_up(hub.data()).await; // at once, before the hub itself has overwritten it all
    let backup = fs::read(desk.file()).unwrap();
    let holds = |text: &[u8]| backup.windows(text.len()).any(|window| window == text);
    assert!(holds(b"herring") && !holds(b"swordfish"));
    hub.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_its_owners_alone_and_any_tar_can_look_into_it() {
    use std::os::unix::fs::PermissionsExt;

    let hub = TestHub::start().await;
    hub.guest("ana").await.says("lobby", "hi").await;
    let desk = Desk::new();
    desk.backs_up(hub.data()).await;
    assert_eq!(fs::metadata(desk.file()).unwrap().permissions().mode() & 0o777, 0o600);
    let mut archive = tar::Archive::new(fs::File::open(desk.file()).unwrap());
    let names: Vec<String> =
        archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["manifest.json", "log", "cookie", "SHA256SUMS"]);
    desk.restores().await;
    for (name, mode) in [("hubbub.db", 0o600), ("cookie", 0o600), ("files", 0o700), ("", 0o700)] {
        let there = fs::metadata(desk.data().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(there, mode, "{name}");
    }
    hub.stop().await;
}

#[tokio::test]
async fn through_pipes_it_goes_as_well() {
    let hub = TestHub::start().await;
    hub.guest("ana").await.says("lobby", "hi").await;
    let backup = Errand::run(hub.data(), ["backup", "-"]).await;
    assert_eq!(backup.code, Some(0), "{}", backup.stderr);
    assert!(backup.stderr.starts_with("Backed up: 1 entries"), "what is said goes where the backup does not");
    let before = names(hub.data());
    assert!(!before.iter().any(|name| name.starts_with("backup-")), "{before:?}");

    let desk = Desk::new();
    let mut restore = Errand::command(&desk.data(), ["restore", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = restore.stdin.take().unwrap();
    stdin.write_all(&backup.stdout).await.unwrap();
    drop(stdin);
    assert!(timeout(DEADLINE, restore.wait()).await.unwrap().unwrap().success());
    assert_eq!(ids(&desk.data()).await.len(), 1);
    hub.stop().await;
}

/// A backup with some lines and a file, in a folder.
async fn a_backup() -> Desk {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let hash = hub.upload(b"what ana sends").await;
    ana.say_with(Talk::Room("lobby"), "see", None, vec![FileRef { hash, name: "a.bin".to_owned() }]).await.unwrap();
    let desk = Desk::new();
    desk.backs_up(hub.data()).await;
    hub.stop().await;
    desk
}

#[tokio::test]
async fn a_backup_onto_itself_is_refused_by_whatever_name() {
    let hub = TestHub::start().await;
    hub.guest("ana").await.says("lobby", "hi").await;
    let (data, desk) = (hub.data(), Desk::new());
    let log = data.join("hubbub.db");
    let (link, hard, folder) = (desk.0.path().join("link"), desk.0.path().join("hard"), desk.0.path().join("folder"));
    let mut onto = vec![
        data.join("backup.tar"),
        log.clone(),
        data.join("hubbub.db-wal"),
        data.join("cookie"),
        data.join("files/x"),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&log, &link).unwrap();
        std::os::unix::fs::symlink(data, &folder).unwrap();
        fs::hard_link(&log, &hard).unwrap();
        onto.extend([link, hard, folder.join("backup.tar"), folder.join("hubbub.db")]);
    }
    for file in onto {
        let done = Errand::run(data, ["backup".as_ref(), file.as_os_str(), "--overwrite".as_ref()]).await;
        assert!(done.refused().contains("is part of what is backed up"), "{}: {}", file.display(), done.stderr);
    }
    assert_eq!(ids(data).await.len(), 1);
    hub.stop().await;
}

#[tokio::test]
async fn a_file_that_is_there_is_written_over_only_when_asked_for() {
    let hub = TestHub::start().await;
    hub.guest("ana").await.says("lobby", "hi").await;
    let desk = Desk::new();
    fs::write(desk.file(), "the holiday pictures").unwrap();
    let backup = |flags: &[&'static str]| {
        let words: Vec<_> =
            ["backup".into(), desk.file().into_os_string()].into_iter().chain(flags.iter().map(Into::into)).collect();
        let data = hub.data().to_owned();
        async move { Errand::run(&data, words).await }
    };
    assert!(backup(&[]).await.refused().contains("--overwrite"));
    assert_eq!(fs::read(desk.file()).unwrap(), b"the holiday pictures");
    backup(&["--overwrite"]).await.done();
    desk.restores().await;

    let words = |file: &Path| ["backup".into(), file.as_os_str().to_owned(), "--overwrite".into()];
    let folder = Errand::run(hub.data(), words(desk.0.path())).await;
    assert!(folder.refused().contains("is no file"), "{}", folder.stderr);
    let nowhere = Errand::run(hub.data(), words(&desk.0.path().join("no/such/folder.tar"))).await;
    assert!(nowhere.refused().contains("cannot be written"), "{}", nowhere.stderr);
    hub.stop().await;
}

#[tokio::test]
async fn without_a_log_there_is_nothing_to_back_up() {
    let desk = Desk::new();
    let data = desk.data();
    let done = Errand::run(&data, ["backup".as_ref(), desk.file().as_os_str()]).await;
    assert!(done.refused().contains("no log") && done.stderr.contains("--data"), "{}", done.stderr);
    assert!(!data.exists() && !desk.file().exists());
}

/// A log whose pages are not what they should be, and one in which an entry is missing.
#[tokio::test]
async fn of_a_log_that_is_damaged_there_is_no_backup_that_looks_whole() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let ana = hub.guest("ana").await;
    for _ in 0..300 {
        ana.says("lobby", &"on and on ".repeat(20)).await;
    }
    hub.kill().await;
    let desk = Desk::new();
    desk.backs_up(data.path()).await; // and with it the WAL is brought in
    fs::remove_file(desk.file()).unwrap();
    let path = data.path().join("hubbub.db");
    let mut log = fs::read(&path).unwrap();
    let text = log.windows(9).rposition(|window| window == b"on and on").unwrap();
    let page = text / 4096 * 4096;
    log[page..page + 4096].fill(0xa5);
    fs::write(&path, log).unwrap();
    let done = Errand::run(data.path(), ["backup".as_ref(), desk.file().as_os_str()]).await;
    assert!(done.refused().contains("is damaged"), "{}", done.stderr);
    assert_eq!(names(desk.0.path()).len(), 0, "nothing is left");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn where_there_is_no_room_it_is_said() {
    let hub = TestHub::start().await;
    hub.guest("ana").await.says("lobby", "hi").await;
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let done = Errand::command(hub.data(), ["backup", "-"])
        .stdout(full)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output();
    let done = timeout(DEADLINE, done).await.unwrap().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("no room") && said.lines().count() == 1, "{said}");
    assert!(!names(hub.data()).iter().any(|name| name.starts_with("backup-")));
    hub.stop().await;
}

#[tokio::test]
async fn nothing_is_restored_under_a_running_hub() {
    let desk = a_backup().await;
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    ana.says("lobby", "hi").await;
    for flags in [&["restore"][..], &["restore", "--replace"]] {
        let file = desk.file();
        let words = flags.iter().map(AsRef::as_ref).chain([file.as_os_str()]);
        let done = Errand::run(hub.data(), words).await;
        assert!(done.refused().contains("a hub runs") && done.stderr.contains("stop it"), "{}", done.stderr);
    }
    assert_eq!(ana.says("lobby", "as if nothing had been").await, 2);
    assert!(!names(hub.data()).iter().any(|name| name.contains("restor")));
    hub.stop().await;
}

#[tokio::test]
async fn what_is_there_is_moved_aside_only_when_asked_for_and_never_deleted() {
    let desk = a_backup().await;
    let hub = TestHub::start().await;
    hub.guest("bob").await.says("lobby", "what was there before").await;
    let data = hub.stop().await;
    let words = ["restore".into(), desk.file().into_os_string()];
    let done = eventually("the lock", async || {
        Some(Errand::run(data.path(), words.clone()).await).filter(|done| !done.stderr.contains("a hub runs"))
    });
    let refused = done.await;
    assert!(refused.refused().contains("--replace") && refused.stderr.contains("hubbub.db"), "{}", refused.stderr);
    let (before, cookie) = (ids(data.path()).await, fs::read(data.path().join("cookie")).unwrap());

    for _ in 0..2 {
        restores(data.path(), &desk.file(), &["--replace"]).await; // and once more within the second
    }
    assert_ne!(ids(data.path()).await, before);
    let aside: Vec<_> = names(data.path()).into_iter().filter(|name| name.starts_with("before-restore-")).collect();
    assert_eq!(aside.len(), 2, "{aside:?}");
    let first = data.path().join(&aside[0]);
    assert_eq!(ids(&first).await, before, "as it was, to be used once more");
    assert_eq!(fs::read(first.join("cookie")).unwrap(), cookie);
    let hub = start(data.path(), None).await;
    hub.stop().await;
}

/// As with a service that has a user of its own. Only root can give files away, so others have nothing to test here.
#[cfg(unix)]
#[tokio::test]
async fn what_root_restores_is_the_owners_of_the_data_directory() {
    use std::os::unix::fs::MetadataExt;

    const SOMEBODY: u32 = 12_345;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let desk = a_backup().await;
    fs::create_dir(desk.data()).unwrap();
    std::os::unix::fs::chown(desk.data(), Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    desk.restores().await;
    restores(&desk.data(), &desk.file(), &["--replace"]).await;
    let mut folders = vec![desk.data()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let (path, there) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
            assert_eq!((there.uid(), there.gid()), (SOMEBODY, SOMEBODY), "{}", path.display());
            seen += 1;
            folders.extend(there.is_dir().then_some(path));
        }
    }
    assert!(seen > 10, "log, cookie, files, twice");
}

#[tokio::test]
async fn a_backup_that_is_damaged_cut_off_or_somebody_elses_changes_nothing() {
    let desk = a_backup().await;
    let whole = fs::read(desk.file()).unwrap();
    let mut flipped = whole.clone();
    flipped[10_000] ^= 1;
    let mut other = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    header.set_cksum();
    other.append_data(&mut header, "hubbub.db", &b"boo!"[..]).unwrap();
    let other = other.into_inner().unwrap();
    let newer = String::from_utf8_lossy(&whole[..1024]).find("\"hubbub_backup\": 1").unwrap() + 17;
    let mut later = whole.clone();
    later[newer] = b'2';
    let bad = desk.0.path().join("bad.tar");
    for (content, said) in [
        (&whole[..whole.len() / 2], "is not whole"),
        (&whole[..0], "is not a backup"),
        (&flipped, "is damaged"),
        (&other, "is not a backup"),
        (b"#!/bin/sh\nrm -rf ~\n", "is not a backup"),
        (&later, "newer version"),
    ] {
        fs::write(&bad, content).unwrap();
        let done = Errand::run(&desk.data(), ["restore".as_ref(), bad.as_os_str()]).await;
        assert!(done.refused().contains(said), "{said}: {}", done.stderr);
        assert!(!desk.data().exists(), "{said}: not even the directory is left");
    }
    let done = Errand::run(&desk.data(), ["restore", "/no/such/file"]).await;
    assert!(done.refused().contains("/no/such/file"), "{}", done.stderr);

    // Where there is something, it stays as it is, even if it may be replaced.
    desk.restores().await;
    let before = (names(&desk.data()), ids(&desk.data()).await);
    fs::write(&bad, &whole[..whole.len() - 2_000]).unwrap();
    let done = Errand::run(&desk.data(), ["restore".as_ref(), bad.as_os_str(), "--replace".as_ref()]).await;
    assert!(done.refused().contains("is not whole"), "{}", done.stderr);
    assert_eq!((names(&desk.data()), ids(&desk.data()).await), before);
}

#[tokio::test]
async fn names_that_lead_elsewhere_lead_nowhere() {
    let desk = a_backup().await;
    let whole = fs::read(desk.file()).unwrap();
    let outside = desk.0.path().join("outside");
    for name in [outside.to_str().unwrap(), "../outside", "files/../../outside", "files/../cookie"] {
        let mut forged = tar::Builder::new(Vec::new());
        for entry in tar::Archive::new(&*whole).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut header = entry.header().clone();
            if entry.path().unwrap().ends_with("cookie") {
                header.as_mut_bytes()[..100].fill(0);
                header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
                header.set_cksum();
            }
            forged.append(&header, &mut entry).unwrap();
        }
        fs::write(desk.0.path().join("forged"), forged.into_inner().unwrap()).unwrap();
        let done = Errand::run(&desk.data(), ["restore".as_ref(), desk.0.path().join("forged").as_os_str()]).await;
        assert!(done.refused().contains("is damaged"), "{name}: {}", done.stderr);
        assert!(!outside.exists() && !desk.data().exists(), "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn told_to_stop_it_ends_with_130_and_leaves_nothing() {
    let said = restoring_ends_by(rustix::process::Signal::INT, true).await;
    assert!(said.contains("stopped"), "{said}");
}

/// What it would say nobody can be told.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_that_is_closed_ends_it_and_it_leaves_nothing() {
    if !crate::support::ignores_hangup(std::process::id()) {
        restoring_ends_by(rustix::process::Signal::HUP, false).await;
    }
}

/// Ends a restore in the midst of it, which leaves nothing; what it said.
#[cfg(unix)]
async fn restoring_ends_by(signal: rustix::process::Signal, heard: bool) -> String {
    let desk = a_backup().await;
    let whole = fs::read(desk.file()).unwrap();
    let mut restore =
        Errand::command(&desk.data(), ["restore", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = restore.stdin.take().unwrap();
    stdin.write_all(&whole[..3_000]).await.unwrap();
    eventually("it unpacks", async || {
        let there = fs::read_dir(desk.data()).ok()?;
        there.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("restoring-")).then_some(())
    })
    .await;
    let id = rustix::process::Pid::from_raw(restore.id().unwrap().cast_signed()).unwrap();
    let stderr = restore.stderr.take().filter(|_| heard);
    rustix::process::kill_process(id, signal).unwrap();
    // Whatever comes on a pipe ends its wait; it comes slowly, as it may be told a moment later.
    let mut rest = whole[3_000..].iter();
    let status = eventually("it ends", async || {
        let byte = *rest.next()?;
        let _ = stdin.write_all(&[byte]).await;
        restore.try_wait().unwrap()
    });
    assert_eq!(status.await.code(), Some(130));
    let mut said = String::new();
    if let Some(mut stderr) = stderr {
        stderr.read_to_string(&mut said).await.unwrap();
    }
    assert!(!desk.data().exists());
    said
}

#[tokio::test]
async fn what_a_restore_left_that_was_cut_off_goes_with_the_next() {
    let desk = a_backup().await;
    let cut_off = desk.data().join("restoring-x1y2z3");
    fs::create_dir_all(&cut_off).unwrap();
    fs::write(cut_off.join("log"), "what everybody said").unwrap();
    fs::create_dir(desk.data().join("restoring-notes")).unwrap();
    desk.restores().await;
    assert!(!cut_off.exists());
    assert!(desk.data().join("restoring-notes").exists(), "that was none of its folders");
}

#[tokio::test]
async fn what_a_backup_left_that_was_cut_off_is_told_and_left() {
    let hub = TestHub::start().await;
    hub.guest("ana").await.says("lobby", "hi").await;
    let desk = Desk::new();
    let [beside, within] = [desk.0.path().join("backup.tar.part-x1y2z3"), hub.data().join("backup-x1y2z3")];
    for (left, file) in [(&beside, desk.file()), (&within, "-".into())] {
        fs::create_dir(left).unwrap();
        let done = Errand::run(hub.data(), ["backup".as_ref(), file.as_os_str()]).await;
        let said = done.stderr + &*String::from_utf8_lossy(&done.stdout);
        let told = said.lines().filter(|line| line.contains("x1y2z3")).collect::<Vec<_>>();
        let [told] = told[..] else { panic!("{told:?}") };
        assert!(told.starts_with(&*left.to_string_lossy()) && told.contains("delete it"), "{told}");
        assert!(left.exists());
    }
    hub.stop().await;
}

/// Of two files that belong together, one may have been moved when the power fails.
#[tokio::test]
async fn the_log_of_a_hub_that_was_killed_is_moved_aside_in_one_piece() {
    let desk = a_backup().await;
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let ana = hub.guest("ana").await;
    for n in 0..50 {
        ana.say_as(&format!("ana-{n}"), "lobby", "hi").await.unwrap();
    }
    hub.kill().await;
    assert!(fs::metadata(data.path().join("hubbub.db-wal")).unwrap().len() > 0, "the newest of it is beside it");
    restores(data.path(), &desk.file(), &["--replace"]).await;
    let aside = names(data.path()).into_iter().find(|name| name.starts_with("before-restore-")).unwrap();
    let aside = data.path().join(aside);
    assert!(names(&aside).iter().all(|name| !name.starts_with("hubbub.db-")), "{:?}", names(&aside));
    assert_eq!(ids(&aside).await, (0..50).map(|n| format!("ana-{n}")).collect::<Vec<_>>());
}
