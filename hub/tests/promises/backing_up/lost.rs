//! A log that was lost is not taken for one that never was: neither by a backup, which would write over a good one, nor by a
//! hub, which would let everyone's files go.

use super::*;

/// What a hub that was killed left, with a line that names a file, and a backup of it.
async fn talked() -> (TempDir, Desk) {
    let data = tempfile::tempdir().unwrap();
    let hub = start(data.path(), None).await;
    let way = way(&hub);
    let (address, cookie) = (way.address, way.cookie);
    let options = node::Options { cookie: Some(cookie), ..node::Options::default() };
    let (ana, _arrivals) = node::Node::connect(&address.to_string(), options).await.unwrap();
    ana.connect_nick("ana", None).await.unwrap();
    ana.say("lobby", "hi").await.unwrap();
    hub.stop().await;
    // As the hub writes it down of a file that a line names.
    let (hash, shelf) = ("ab".repeat(32), data.path().join("files/ab"));
    fs::create_dir_all(&shelf).unwrap();
    fs::write(shelf.join(&hash), "file").unwrap();
    let record = r#"{"size":4,"kind":"other","uploaded":1795176000000,"asked":0,"said":1795176000000}"#;
    fs::write(shelf.join(format!("{hash}.json")), record).unwrap();
    let desk = Desk::new();
    desk.backs_up(data.path()).await;
    (data, desk)
}

async fn refuses_to_start(data: &Path) -> String {
    let words = ["--listen", "127.0.0.1:0", "--no-announce"];
    let refused = eventually("the lock of the hub that stopped", async || {
        Some(Errand::run(data, words).await).filter(|done| !done.stderr.contains("another hub runs"))
    });
    refused.await.refused().to_owned()
}

#[tokio::test]
async fn a_log_that_was_cut_off_to_nothing_is_not_backed_up_over_a_good_backup() {
    let (data, desk) = talked().await;
    let good = fs::read(desk.file()).unwrap();
    fs::write(data.path().join("hubbub.db"), "").unwrap();
    fs::write(data.path().join("hubbub.db-wal"), "what it said last").unwrap();
    for words in [
        &["backup".as_ref(), desk.file().as_os_str(), "--overwrite".as_ref()][..],
        &["export".as_ref()],
        &["nicks".as_ref(), "free".as_ref(), "ana".as_ref()],
    ] {
        let done = Errand::run(data.path(), words).await;
        assert!(done.refused().contains("hubbub.db is empty"), "{}", done.stderr);
    }
    assert!(fs::read(desk.file()).unwrap() == good);
    let said = refuses_to_start(data.path()).await;
    assert!(
        said.contains("hubbub.db-wal shows that there was one") && said.contains("hub restore --replace"),
        "{said}"
    );
    assert_eq!(fs::read(data.path().join("hubbub.db-wal")).unwrap(), b"what it said last", "nobody takes it away");
}

#[tokio::test]
async fn no_hub_starts_over_where_files_or_an_index_show_that_there_was_a_log() {
    let (data, desk) = talked().await;
    let good = fs::read(desk.file()).unwrap();
    let doctor = async || {
        let done = Errand::run(data.path(), ["doctor", "--listen", "127.0.0.1:0"]).await;
        let said = String::from_utf8(done.stdout).unwrap();
        said.lines().filter(|line| line.starts_with("error")).map(str::to_owned).collect::<Vec<_>>()
    };
    let remove = |name: &str| fs::remove_file(data.path().join(name)).unwrap();
    remove("hubbub.db");
    // Whether the hub had the time to make one or not.
    fs::write(data.path().join("search.db"), "an index").unwrap();
    for (trace, goes) in [("search.db", "search.db"), ("files", "files")] {
        let said = refuses_to_start(data.path()).await;
        assert!(said.contains(&format!("{trace} shows that there was one")), "{said}");
        let [found] = &doctor().await[..] else { panic!("one error is expected") };
        assert!(found.contains("shows that there was one") && found.contains("hub restore --replace"), "{found}");
        assert!(!data.path().join("hubbub.db").exists(), "none is made");
        assert!(data.path().join("files/ab").join("ab".repeat(32)).exists());
        if goes == "search.db" {
            remove(goes);
        }
    }
    // A log that a hub has begun in spite of them.
    let begun = tempfile::tempdir().unwrap();
    HubProcess::start(begun.path()).await.kill().await;
    for name in names(begun.path()).into_iter().filter(|name| name.starts_with("hubbub.db")) {
        fs::copy(begun.path().join(&name), data.path().join(&name)).unwrap();
    }
    assert_eq!(doctor().await.len(), 1);
    let file = desk.file();
    let done = Errand::run(data.path(), ["backup".as_ref(), file.as_os_str(), "--overwrite".as_ref()]).await;
    assert!(done.refused().contains("files shows that there was one"), "{}", done.stderr);
    assert!(fs::read(desk.file()).unwrap() == good);
    assert!(refuses_to_start(data.path()).await.contains("files shows that there was one"));

    restores(data.path(), &desk.file(), &["--replace"]).await;
    HubProcess::start(data.path()).await.kill().await;
}

/// SQLite makes the file before there is anything in it.
#[tokio::test]
async fn a_first_start_that_was_cut_off_is_none() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("hubbub.db"), "").unwrap();
    let done = Errand::run(data.path(), ["doctor", "--listen", "127.0.0.1:0"]).await;
    assert!(done.done().contains("there is no log yet"), "{}", done.done());
    let done = Errand::run(data.path(), ["export"]).await;
    assert!(done.refused().contains("is empty"), "{}", done.stderr);
    let hub = HubProcess::start(data.path()).await;
    hub.guest("ana").await.says("lobby", "hi").await;
    hub.kill().await;
    assert_eq!(ids(data.path()).await.len(), 1);
}

/// As with `ulimit -f`, in blocks of 512 bytes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn where_files_may_not_grow_so_long_it_is_said_and_nothing_is_left() {
    let (data, _) = talked().await;
    let desk = Desk::new();
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", "ulimit -f 128 && exec \"$0\" backup \"$1\" --data \"$2\"", env!("CARGO_BIN_EXE_hub")]);
    let done = timeout(DEADLINE, shell.arg(desk.file()).arg(data.path()).output()).await.unwrap().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("backup.tar") && said.contains("could not be written"), "{said}");
    assert!(!said.contains("hubbub.db") && said.lines().count() == 1, "{said}");
    assert_eq!(names(desk.0.path()).len(), 0, "nothing is left");
}
