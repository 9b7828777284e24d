//! `hub doctor` finds what is wrong, on machines that have a hub, had one, or never had.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::support::{Errand, HubProcess, TestHub, eventually};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

/// What is said of a data directory and a port, and whether there is nothing wrong.
async fn examined(data: &Path, listen: SocketAddr) -> (String, bool) {
    let done = Errand::run(data, ["doctor", "--listen", &listen.to_string()]).await;
    assert_eq!(done.stderr, "");
    let said = String::from_utf8(done.stdout).unwrap();
    let levels = ["ok      ", "warning ", "error   "];
    assert!(said.lines().all(|line| levels.iter().any(|level| line.starts_with(level))), "{said}");
    let errors = said.lines().any(|line| line.starts_with("error"));
    assert_eq!(done.code, Some(i32::from(errors)), "{said}");
    (said, !errors)
}

/// What is wrong, which must be one thing.
async fn error(data: &Path, listen: SocketAddr) -> String {
    let (said, _) = examined(data, listen).await;
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
    let [error] = errors[..] else { panic!("one error was expected: {said}") };
    error.to_owned()
}

/// Where nobody listens.
async fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn a_hub_that_runs_is_well() {
    let hub = TestHub::start().await;
    hub.guest("ana").await.says("lobby", "hi").await;
    #[cfg(unix)] // as the hub makes it itself
    fs::set_permissions(hub.data(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let (said, well) = examined(hub.data(), hub.address()).await;
    assert!(well, "{said}");
    for sign in [
        "is there, and its owner's alone",
        "log is sound: 1 entries",
        "cookie is kept",
        "runs on 127.0.0.1:",
        "and is well",
        "loopback",
    ] {
        assert!(said.contains(sign), "{sign}: {said}");
    }
    assert!(!said.contains(&hub.cookie()), "the cookie is shown to nobody");
    let (said, _) = examined(hub.data(), free().await).await;
    assert!(said.contains("and is well"), "where it listens it has said itself: {said}");
    hub.stop().await;
}

#[tokio::test]
async fn a_hub_that_is_stopped_is_well_and_stays_as_it_is() {
    let hub = TestHub::start().await;
    hub.guest("ana").await.says("lobby", "hi").await;
    let data = hub.stop().await;
    let names = || {
        let mut names: Vec<_> = fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let (before, listen) = (names(), free().await);
    eventually("the lock, which a program that another test starts may hold", async || {
        let (said, well) = examined(data.path(), listen).await;
        assert!(well, "{said}");
        said.contains("is free for a hub").then_some(())
    })
    .await;
    assert_eq!(names(), before);
}

#[tokio::test]
async fn a_machine_that_never_had_a_hub_is_well_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (said, well) = examined(&folder.path().join("data"), free().await).await;
    assert!(well && said.contains("the first start makes it"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_port_that_another_program_has_is_told_from_a_hubs() {
    let folder = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap();
    let answering = tokio::spawn(async move {
        while let Ok((mut connection, _)) = other.accept().await {
            let _ = connection.write_all(b"220 mail.example.org ESMTP\r\n").await;
        }
    });
    let said = error(folder.path(), address).await;
    assert!(said.contains("taken by another program") && said.contains("--listen"), "{said}");
    answering.abort();

    let hub = TestHub::start().await;
    let said = error(folder.path(), hub.address()).await;
    assert!(said.contains("a hub of another data directory"), "{said}");
    hub.stop().await;
}

#[tokio::test]
async fn a_port_whose_holder_answers_byte_by_byte_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap();
    let trickling = tokio::spawn(async move {
        let (mut connection, _) = other.accept().await.unwrap();
        let mut slowly = tokio::time::interval(Duration::from_millis(100));
        loop {
            slowly.tick().await;
            if connection.write_all(b"H").await.is_err() {
                break;
            }
        }
    });
    let said = error(folder.path(), address).await; // which has a deadline
    assert!(said.contains("taken by another program"), "{said}");
    trickling.abort();
}

#[tokio::test]
async fn a_log_that_is_damaged_is_found_while_no_line_is_lost_yet() {
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    let ana = hub.guest("ana").await;
    for _ in 0..300 {
        ana.says("lobby", &"on and on ".repeat(20)).await;
    }
    hub.kill().await;
    let listen = free().await;
    let (said, well) = examined(data.path(), listen).await; // and the WAL is brought in
    assert!(well && said.contains("300 entries"), "{said}");
    let path = data.path().join("hubbub.db");
    let whole = fs::read(&path).unwrap();
    let mut log = whole.clone();
    let text = log.windows(9).rposition(|window| window == b"on and on").unwrap();
    let page = text / 4096 * 4096;
    log[page..page + 4096].fill(0xa5);
    fs::write(&path, &log).unwrap();
    let said = error(data.path(), listen).await;
    assert!(said.contains("is damaged") && said.contains("hub restore --replace"), "{said}");

    fs::write(&path, "no log at all, however long one looks at it, and it is longer than a head").unwrap();
    let said = error(data.path(), listen).await;
    assert!(said.contains("hubbub.db is damaged") && said.contains("hub restore --replace"), "{said}");

    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let said = error(data.path(), listen).await;
    assert!(said.contains("hubbub.db is damaged") && said.contains("hub restore --replace"), "{said}");
}

#[tokio::test]
async fn what_restores_left_is_told_a_line_each() {
    let data = tempfile::tempdir().unwrap();
    for name in ["restoring-x1y2z3", "before-restore-2026-11-22T08-00-00Z", "restoring-notes"] {
        fs::create_dir(data.path().join(name)).unwrap();
    }
    let (said, well) = examined(data.path(), free().await).await;
    let told = |name| said.lines().filter(|line| line.contains(name)).collect::<Vec<_>>();
    assert!(well && told("restoring-notes").is_empty(), "{said}");
    let [[unpacked], [before]] = [&told("restoring-x1y2z3")[..], &told("before-restore-")[..]] else {
        panic!("{said}")
    };
    assert!(unpacked.starts_with("warning ") && unpacked.contains("delete it"), "{unpacked}");
    assert!(before.starts_with("ok ") && before.contains("with its cookie"), "{before}");
}

/// Root may write everywhere, and is somebody else for this.
#[cfg(unix)]
#[tokio::test]
async fn where_nothing_can_be_written_it_is_said_what_to_do() {
    use std::os::unix::fs::PermissionsExt;

    const SOMEBODY: u32 = 12_345;
    let data = tempfile::tempdir().unwrap();
    let hub = HubProcess::start(data.path()).await;
    hub.guest("ana").await.says("lobby", "hi").await;
    hub.kill().await;
    // Whoever may write brings in what SQLite keeps beside the log, as a hub that stops does.
    assert_eq!(Errand::run(data.path(), ["export"]).await.done().lines().count(), 1);
    let may = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for entry in fs::read_dir(data.path()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        may(&entry.path(), 0o444);
    }
    may(data.path(), 0o555);
    for words in [&["export"][..], &["doctor", "--listen", "127.0.0.1:0"]] {
        let mut errand = Errand::command(data.path(), words);
        if rustix::process::geteuid().is_root() {
            errand.uid(SOMEBODY);
        }
        let done = errand.output().await.unwrap();
        let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
        let told: Vec<_> = said.lines().filter(|line| line.contains("nothing can be written")).collect();
        assert!(done.status.code() == Some(1) && told.len() == 1, "{said}");
        assert!(told[0].contains("copy its directory to where you may write"), "{said}");
    }
    may(data.path(), 0o700);
}

#[cfg(unix)]
#[tokio::test]
async fn whatever_others_may_read_is_found() {
    use std::os::unix::fs::PermissionsExt;

    let hub = TestHub::start().await;
    let address = hub.address();
    let may = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    may(&hub.data().join("cookie"), 0o644);
    let said = error(hub.data(), address).await;
    assert!(said.contains("chmod 600") && said.contains("644"), "{said}");
    assert!(!said.contains(&hub.cookie()));
    may(&hub.data().join("cookie"), 0o600);
    may(hub.data(), 0o755);
    let (said, well) = examined(hub.data(), address).await;
    assert!(well && said.contains("chmod 700"), "{said}");
    hub.stop().await;
}

#[tokio::test]
async fn what_is_set_and_read_by_nobody_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let environment = [("HUBBUB_LISTEN", "127.0.0.1:0"), ("HUBBUB_COKIE", "secret"), ("HUBBUB_CONFIG", "/tmp")];
    let done = Errand::run_in(folder.path(), ["doctor"], &environment).await;
    let said = done.done();
    assert!(said.contains("HUBBUB_COKIE is set") && !said.contains("secret"), "{said}");
    assert!(!said.contains("HUBBUB_CONFIG is") && !said.contains("HUBBUB_LISTEN is"), "{said}");
    assert!(said.contains("port is chosen when the hub starts"), "{said}");
}

#[tokio::test]
async fn every_help_ends_with_what_the_exit_code_means() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&[][..], &["nicks", "free"], &["backup"], &["restore"], &["export"], &["doctor"], &["invite"]] {
        let help = Errand::run(folder.path(), words.iter().chain(&["--help"])).await;
        let codes: Vec<_> = help.done().lines().skip_while(|line| *line != "Exit codes:").skip(1).collect();
        let firsts: Vec<_> = codes.iter().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(firsts, ["0", "1", "2", "130"], "{words:?}: {codes:?}");
    }
    let wrong = Errand::run(folder.path(), ["backup"]).await;
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}
