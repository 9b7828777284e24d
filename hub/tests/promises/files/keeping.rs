//! What stays over a restart, and what goes and when.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::stream;
use hub::files::upload::State;
use hub::files::{Facts, Files, Settings};

use crate::files::client::{Hub, eventually, hash_of, noise};

const ANA: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const HOUR: u64 = 60 * 60 * 1000;
const DAY: u64 = 24 * HOUR;
const STALL: Duration = Duration::from_secs(30);

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn files(data: &Path, retention: Option<Duration>) -> Files {
    Files::open(Some(data), Settings { max_upload: 1 << 20, quota: 10 << 20, retention }).unwrap()
}

async fn send(files: &Files, bytes: &'static [u8]) -> Facts {
    let upload = files.begin(bytes.len() as u64, ANA).await.unwrap();
    match pour(files, &upload, bytes).await {
        State::Whole(facts) => facts,
        part @ State::Part(_) => panic!("{part:?}"),
    }
}

async fn pour(files: &Files, upload: &str, bytes: &'static [u8]) -> State {
    let body = stream::iter([Ok::<_, Infallible>(Bytes::from_static(bytes))]);
    files.receive(upload, 0, body, STALL, std::future::pending(), || {}).await.unwrap()
}

#[tokio::test]
async fn files_outlive_a_restart() {
    let hub = Hub::start().await;
    let bytes = noise(5000);
    let file = hub.upload(&bytes).await;
    let hub = hub.restart().await;
    let got = hub.get(&format!("/files/{}/a", hash_of(&bytes))).await;
    assert_eq!((got.status, got.body == bytes), (200, true));
    assert_eq!(hub.upload(&bytes).await, file);
}

#[tokio::test]
async fn an_upload_goes_on_after_a_restart() {
    let hub = Hub::start().await;
    let bytes = noise(5000);
    let upload = hub.begin(bytes.len()).await;
    hub.patch(&upload, 0, &bytes[..3000]).await.json(200);
    let hub = hub.restart().await;
    assert_eq!(hub.offset(&upload).await, 3000);
    let whole = hub.patch(&upload, 3000, &bytes[3000..]).await.json(201);
    assert_eq!(whole["file"]["hash"], hash_of(&bytes));
}

#[tokio::test]
async fn a_hub_that_stops_keeps_what_has_come_of_an_upload_under_way() {
    let hub = Hub::start().await;
    let bytes = noise(500_000);
    let upload = hub.begin(bytes.len()).await;
    let connection = hub.send_part(&upload, 0, bytes.len(), &bytes[..300_000]).await;
    eventually("the first piece is there", async || hub.offset(&upload).await > 0).await;
    let hub = hub.restart().await;
    drop(connection);
    let from = usize::try_from(hub.offset(&upload).await).unwrap();
    assert!((262_144..=300_000).contains(&from), "{from}");
    let whole = hub.patch(&upload, from, &bytes[from..]).await.json(201);
    assert_eq!(whole["file"]["hash"], hash_of(&bytes));
}

#[tokio::test]
async fn bytes_that_were_not_synced_before_a_power_cut_are_asked_for_again() {
    let hub = Hub::start().await;
    let bytes = noise(5000);
    let upload = hub.begin(bytes.len()).await;
    hub.patch(&upload, 0, &bytes[..3000]).await.json(200);
    let id = upload.clone();
    let hub = hub
        .restart_after(move |data| {
            // What a file system may leave: the new length, and zeros instead of the bytes.
            let path = data.join("files/uploads").join(id);
            std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(4500).unwrap();
        })
        .await;
    assert_eq!(hub.offset(&upload).await, 3000);
    let whole = hub.patch(&upload, 3000, &bytes[3000..]).await.json(201);
    assert_eq!(whole["file"]["hash"], hash_of(&bytes));
}

#[tokio::test]
async fn an_ephemeral_hub_keeps_files_while_it_runs_and_leaves_none() {
    let before = temporary();
    let hub = Hub::with(|config| {
        config.ephemeral = true;
        config.data = None;
    })
    .await;
    hub.upload(b"words").await;
    assert_eq!(hub.get(&format!("/files/{}/a", hash_of(b"words"))).await.body, b"words");
    assert!(!hub.folder().exists());
    hub.stop().await;
    // Other tests may have theirs meanwhile; of those that were not there before none is left in the end.
    eventually("the folder is gone", async || {
        temporary().iter().all(|folder| before.contains(folder) || !holds(folder))
    })
    .await;
}

fn temporary() -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(std::env::temp_dir()).unwrap().map(|it| it.unwrap().path());
    folders.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("hubbub-"))).collect()
}

/// Whether the words of the test above lie there.
fn holds(folder: &Path) -> bool {
    let hash = hash_of(b"words");
    folder.join("files").join(&hash[..2]).join(hash).exists()
}

#[tokio::test]
async fn what_nobody_says_within_a_day_goes() {
    let data = tempfile::tempdir().unwrap();
    let files = files(data.path(), None);
    let file = send(&files, b"never said").await;
    files.tidy(now() + 23 * HOUR);
    assert_eq!(files.weight(), 10);
    files.tidy(now() + 25 * HOUR);
    assert!(files.describe(&file.hash.to_string()).is_none());
    assert_eq!(files.weight(), 0);
    let shelf = data.path().join("files").join(&file.hash.to_string()[..2]);
    assert_eq!(std::fs::read_dir(shelf).unwrap().count(), 0, "nothing of it is left");
}

#[tokio::test]
async fn what_was_said_stays_also_for_the_next_hub() {
    let data = tempfile::tempdir().unwrap();
    let files_before = files(data.path(), None);
    let hash = send(&files_before, b"said").await.hash.to_string();
    files_before.keep(&hash);
    files_before.close();
    drop(files_before);

    let files = files(data.path(), None);
    files.tidy(now() + 10_000 * DAY);
    assert!(files.describe(&hash).is_some());
}

#[tokio::test]
async fn a_hub_that_starts_is_told_by_its_log_what_was_said() {
    let data = tempfile::tempdir().unwrap();
    let before = files(data.path(), None);
    let hash = send(&before, b"said just before the power cut").await.hash.to_string();
    before.keep(&hash);
    drop(before); // without having written it down

    let files = files(data.path(), None);
    files.keep_since(&hash, now());
    files.tidy(now() + 2 * DAY);
    assert!(files.describe(&hash).is_some());
}

#[tokio::test]
async fn what_was_said_longer_ago_than_the_hub_keeps_files_goes() {
    let data = tempfile::tempdir().unwrap();
    let files = files(data.path(), Some(Duration::from_millis(7 * DAY)));
    let hash = send(&files, b"said once").await.hash.to_string();
    files.keep(&hash);
    files.tidy(now() + 6 * DAY);
    files.keep_since(&hash, now() + 6 * DAY);
    files.keep_since(&hash, now() - DAY);
    files.tidy(now() + 12 * DAY);
    assert_eq!(files.weight(), 9, "said again it begins anew");
    files.tidy(now() + 14 * DAY);
    assert_eq!(files.weight(), 0);
}

#[tokio::test]
async fn when_its_last_line_is_deleted_nobody_gets_the_file_any_more() {
    let data = tempfile::tempdir().unwrap();
    let files = files(data.path(), None);
    let hash = send(&files, b"deleted").await.hash.to_string();
    files.keep(&hash);
    files.forget(&hash);
    assert!(files.describe(&hash).is_none(), "at once");
    files.tidy(now());
    assert_eq!(files.weight(), 7, "a line on its way may still name it");
    files.tidy(now() + 11 * 60 * 1000);
    assert_eq!(files.weight(), 0);
}

#[tokio::test]
async fn said_or_uploaded_again_a_deleted_file_is_back() {
    let data = tempfile::tempdir().unwrap();
    let files = files(data.path(), None);
    let hash = send(&files, b"back").await.hash.to_string();
    files.forget(&hash);
    files.keep(&hash);
    assert!(files.describe(&hash).is_some());
    files.forget(&hash);
    assert_eq!(send(&files, b"back").await.hash.to_string(), hash);
    assert!(files.describe(&hash).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_from_many_at_once_are_one_file_also_while_it_is_let_go_of() {
    let data = tempfile::tempdir().unwrap();
    let files = files(data.path(), None);
    let uploads: Vec<_> = (0..16)
        .map(|number| {
            let files = files.clone();
            tokio::spawn(async move {
                let facts = send(&files, b"all the same").await;
                if number % 2 == 0 {
                    files.forget(&facts.hash.to_string());
                    let swept = files.clone();
                    tokio::task::spawn_blocking(move || swept.tidy(now() + 2 * 60 * 1000)).await.unwrap();
                }
            })
        })
        .collect();
    for upload in uploads {
        upload.await.unwrap();
    }
    let facts = send(&files, b"all the same").await;
    assert_eq!((files.describe(&facts.hash.to_string()), files.weight()), (Some(facts), 12));
    assert_eq!(std::fs::read(lies_at(data.path(), &facts)).unwrap(), b"all the same");
    files.keep(&facts.hash.to_string());
    files.close();
    let again = self::files(data.path(), None);
    assert_eq!((again.describe(&facts.hash.to_string()), again.weight()), (Some(facts), 12));
}

fn lies_at(data: &Path, facts: &Facts) -> std::path::PathBuf {
    let hash = facts.hash.to_string();
    data.join("files").join(&hash[..2]).join(hash)
}

#[tokio::test]
async fn an_upload_that_nobody_goes_on_with_for_a_day_goes() {
    let data = tempfile::tempdir().unwrap();
    let files = files(data.path(), None);
    let upload = files.begin(1000, ANA).await.unwrap();
    assert_eq!(pour(&files, &upload, b"some").await, State::Part(4));
    files.tidy(now() + 23 * HOUR);
    assert_eq!(files.upload(&upload), Some(State::Part(4)));
    files.tidy(now() + 25 * HOUR);
    assert_eq!((files.upload(&upload), files.weight()), (None, 0));
    assert_eq!(std::fs::read_dir(data.path().join("files/uploads")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_a_line_may_tell_of_a_file_is_what_the_hub_found() {
    let data = tempfile::tempdir().unwrap();
    let files = files(data.path(), None);
    let facts = send(&files, b"words").await;
    assert_eq!(files.describe(&hash_of(b"words")), Some(facts));
    let told = facts.named("../a\u{202e}.txt");
    assert_eq!((told.hash, told.name), (hash_of(b"words"), "a.txt".to_owned()));
    assert_eq!((told.size, told.kind.as_str(), told.width), (5, "application/octet-stream", None));
    for nothing in ["", "..", &hash_of(b"others"), &hash_of(b"words").to_uppercase()] {
        assert_eq!(files.describe(nothing), None, "{nothing}");
        files.keep(nothing);
        files.forget(nothing);
    }
}
