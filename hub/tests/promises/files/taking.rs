//! Uploads: in one piece and in many, cut off and resumed, over every limit.

use std::time::Duration;

use tokio::time::timeout;

use crate::files::client::{DEADLINE, Hub, eventually, hash_of, noise};

#[tokio::test]
async fn a_file_in_one_piece_is_there_under_its_hash() {
    let hub = Hub::start().await;
    let bytes = noise(300_000);
    let file = hub.upload(&bytes).await;
    assert_eq!(file["hash"], hash_of(&bytes));
    assert_eq!(file["size"], 300_000);
    assert_eq!(file["kind"], "application/octet-stream");
    assert!(file.get("width").is_none());
    let got = hub.get(&format!("/files/{}/notes.bin", hash_of(&bytes))).await;
    assert_eq!(got.status, 200);
    assert!(got.body == bytes);
}

#[tokio::test]
async fn a_file_in_many_pieces_is_the_same_file() {
    let hub = Hub::start().await;
    let bytes = noise(1_000_000);
    let upload = hub.begin(bytes.len()).await;
    let mut offset = 0;
    for length in [0, 1, 70_000, 262_144, 400_000] {
        let answer = hub.patch(&upload, offset, &bytes[offset..offset + length]).await;
        offset += length;
        assert_eq!(answer.json(200)["offset"], offset);
    }
    let whole = hub.patch(&upload, offset, &bytes[offset..]).await.json(201);
    assert_eq!(whole["file"]["hash"], hash_of(&bytes));
    assert_eq!(whole["offset"], 1_000_000);
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let hub = Hub::start().await;
    let file = hub.upload(b"").await;
    assert_eq!(file["hash"], hash_of(b""));
    let got = hub.get(&format!("/files/{}/empty", hash_of(b""))).await;
    assert_eq!((got.status, got.header("content-length")), (200, "0"));
}

#[tokio::test]
async fn a_body_that_is_cut_keeps_what_arrived_and_goes_on_from_there() {
    let hub = Hub::start().await;
    let bytes = noise(700_000);
    let upload = hub.begin(bytes.len()).await;
    drop(hub.send_part(&upload, 0, bytes.len(), &bytes[..500_000]).await);
    // The kernel may drop what it had not yet handed over, and no more.
    let mut seen = 0;
    eventually("what arrived is kept", async || {
        let offset = hub.offset(&upload).await;
        std::mem::replace(&mut seen, offset) == offset && offset > 0
    })
    .await;
    assert!(seen <= 500_000);
    let from = usize::try_from(seen).unwrap();
    let whole = hub.patch(&upload, from, &bytes[from..]).await.json(201);
    assert_eq!(whole["file"]["hash"], hash_of(&bytes));
}

#[tokio::test]
async fn who_comes_back_before_the_hub_has_noticed_the_cut_goes_on_at_once() {
    let hub = Hub::start().await;
    let bytes = noise(700_000);
    let upload = hub.begin(bytes.len()).await;
    // Still open, and silent, as a connection whose other end has lost the network.
    let silent = hub.send_part(&upload, 0, bytes.len(), &bytes[..600_000]).await;
    eventually("the first bytes are there", async || hub.offset(&upload).await > 0).await;

    let refused = hub.patch(&upload, 0, b"").await.refused(409, "wrong_offset");
    let from = usize::try_from(refused["offset"].as_u64().unwrap()).unwrap();
    assert!(from > 0);
    let whole = timeout(DEADLINE, hub.patch(&upload, from, &bytes[from..])).await.expect("it does not wait");
    assert_eq!(whole.json(201)["file"]["hash"], hash_of(&bytes));
    assert_eq!(Hub::rest(silent).await.status, 409, "the older one is told");
}

#[tokio::test]
async fn a_wrong_offset_is_answered_with_the_right_one() {
    let hub = Hub::start().await;
    let bytes = noise(1000);
    let upload = hub.begin(bytes.len()).await;
    hub.patch(&upload, 0, &bytes[..400]).await.json(200);
    for wrong in [0, 399, 401, 999] {
        let refused = hub.patch(&upload, wrong, &bytes[wrong..]).await.refused(409, "wrong_offset");
        assert_eq!(refused["offset"], 400);
    }
    assert_eq!(hub.patch(&upload, 400, &bytes[400..]).await.json(201)["file"]["hash"], hash_of(&bytes));
}

#[tokio::test]
async fn who_did_not_hear_that_the_file_is_whole_is_told_again() {
    let hub = Hub::start().await;
    let upload = hub.begin(5).await;
    let first = hub.patch(&upload, 0, b"bytes").await.json(201);
    assert_eq!(hub.patch(&upload, 5, b"").await.json(201), first);
    assert_eq!(hub.patch(&upload, 0, b"bytes").await.json(201), first);
    assert_eq!(hub.get(&format!("/files/uploads/{upload}")).await.json(200), first);
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_before_its_first_byte() {
    let hub = Hub::with(|config| config.max_upload = 1 << 20).await;
    let refused = hub.send("POST /files?size=1048577", &[], b"").await.refused(413, "file_too_large");
    assert_eq!(refused["limit"], 1_048_576);
    assert!(refused["message"].as_str().unwrap().contains("1 MiB"), "{refused}");
    hub.begin(1 << 20).await;
}

#[tokio::test]
async fn more_bytes_than_announced_are_refused_and_change_nothing() {
    let hub = Hub::start().await;
    let upload = hub.begin(1000).await;
    hub.patch(&upload, 0, &noise(1001)).await.refused(413, "file_too_large");
    assert_eq!(hub.offset(&upload).await, 0);

    // Without a length there is no telling before they come.
    let chunk = format!("400\r\n{}\r\n0\r\n\r\n", "x".repeat(0x400));
    let mut connection = tokio::net::TcpStream::connect(hub.address()).await.unwrap();
    let head = format!(
        "PATCH /files/uploads/{upload} HTTP/1.1\r\nHost: {}\r\n{}\r\nUpload-Offset: 0\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{chunk}",
        hub.address(),
        hub.bearer()
    );
    tokio::io::AsyncWriteExt::write_all(&mut connection, head.as_bytes()).await.unwrap();
    Hub::rest(connection).await.refused(413, "file_too_large");
    assert_eq!(hub.offset(&upload).await, 0);
    let bytes = noise(1000);
    assert_eq!(hub.patch(&upload, 0, &bytes).await.json(201)["file"]["hash"], hash_of(&bytes));
}

#[tokio::test]
async fn what_is_announced_counts_for_the_quota_until_it_is_ended() {
    let hub = Hub::with(|config| config.file_quota = 1000).await;
    let upload = hub.begin(600).await;
    hub.send("POST /files?size=401", &[], b"").await.refused(507, "quota_full");
    assert_eq!(hub.send(&format!("DELETE /files/uploads/{upload}"), &[], b"").await.status, 200);
    hub.upload(&noise(600)).await;
    hub.send("POST /files?size=401", &[], b"").await.refused(507, "quota_full");
    hub.begin(400).await;
    // The bytes of what is there already take no room of their own, but until they came nobody knows.
    hub.send("POST /files?size=600", &[], b"").await.refused(507, "quota_full");
}

#[tokio::test]
async fn an_upload_that_was_ended_is_gone() {
    let hub = Hub::start().await;
    let upload = hub.begin(1000).await;
    hub.patch(&upload, 0, &noise(100)).await.json(200);
    assert_eq!(hub.send(&format!("DELETE /files/uploads/{upload}"), &[], b"").await.status, 200);
    hub.patch(&upload, 100, &noise(900)).await.refused(404, "no_such_upload");
    hub.get(&format!("/files/uploads/{upload}")).await.refused(404, "no_such_upload");
    hub.send(&format!("DELETE /files/uploads/{upload}"), &[], b"").await.refused(404, "no_such_upload");
    let left: Vec<_> = std::fs::read_dir(hub.folder().join("uploads")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn one_address_has_no_more_uploads_under_way_than_it_can_use() {
    let hub = Hub::start().await;
    let mut last = String::new();
    for _ in 0..64 {
        last = hub.begin(1).await;
    }
    let refused = hub.send("POST /files?size=1", &[], b"").await;
    refused.refused(429, "too_many_uploads");
    assert!(!refused.header("retry-after").is_empty());
    hub.patch(&last, 0, b"x").await.json(201);
    hub.begin(1).await;
}

#[tokio::test]
async fn a_request_that_says_too_little_is_told_what_is_missing() {
    let hub = Hub::start().await;
    for request in ["POST /files", "POST /files?size=", "POST /files?size=-1", "POST /files?size=much"] {
        let refused = hub.send(request, &[], b"").await.refused(400, "bad_request");
        assert!(refused["message"].as_str().unwrap().contains("size"), "{refused}");
    }
    let upload = hub.begin(5).await;
    for headers in [&[][..], &["Upload-Offset: x"], &["Upload-Offset: -1"]] {
        let refused = hub.send(&format!("PATCH /files/uploads/{upload}"), headers, b"bytes").await;
        let refused = refused.refused(400, "bad_request");
        assert!(refused["message"].as_str().unwrap().contains("Upload-Offset"), "{refused}");
    }
    hub.get("/files/uploads/..%2F..%2Fcookie").await.refused(404, "no_such_upload");
    hub.patch("nobodys", 0, b"").await.refused(404, "no_such_upload");
}

#[tokio::test]
async fn an_upload_without_a_byte_for_too_long_is_cut_and_can_be_resumed() {
    let hub = Hub::with(|config| config.limits.stall = Duration::from_millis(200)).await;
    let bytes = noise(1000);
    let upload = hub.begin(bytes.len()).await;
    let silent = hub.send_part(&upload, 0, bytes.len(), &bytes[..600]).await;
    // The hub reads on for a while so that its answer is not lost; this client sends no more.
    eventually("the first bytes are kept", async || hub.offset(&upload).await == 600).await;
    drop(silent);
    assert_eq!(hub.patch(&upload, 600, &bytes[600..]).await.json(201)["file"]["hash"], hash_of(&bytes));
}

#[tokio::test]
async fn a_slow_upload_that_gets_on_outlives_the_deadlines_of_http() {
    const HTTP: Duration = Duration::from_millis(400);
    let hub = Hub::with(|config| config.limits.http = HTTP).await;
    let bytes = noise(16);
    let upload = hub.begin(bytes.len()).await;
    let mut slow = hub.send_part(&upload, 0, bytes.len(), &bytes[..1]).await;
    // A byte each eighth of the time that a connection may last: twice that time in all, and more.
    let mut pause = tokio::time::interval(HTTP / 4);
    for byte in &bytes[1..] {
        pause.tick().await;
        tokio::io::AsyncWriteExt::write_all(&mut slow, &[*byte]).await.expect("the hub reads on");
    }
    assert_eq!(Hub::rest(slow).await.json(201)["file"]["hash"], hash_of(&bytes));
}

/// `/dev/full` takes the place of the upload's file: the kernel itself says that there is no room.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_said_leaves_nothing_half_and_the_hub_goes_on() {
    let hub = Hub::start().await;
    let upload = hub.begin(1000).await;
    let path = hub.folder().join("uploads").join(&upload);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();

    hub.patch(&upload, 0, &noise(1000)).await.refused(507, "disk_full");
    hub.get(&format!("/files/uploads/{upload}")).await.refused(404, "no_such_upload");
    let left: Vec<_> = std::fs::read_dir(hub.folder().join("uploads")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let bytes = noise(1000);
    assert_eq!(hub.upload(&bytes).await["hash"], hash_of(&bytes), "with room again all is well");
}

#[tokio::test]
async fn the_same_bytes_twice_are_stored_once() {
    let hub = Hub::start().await;
    let bytes = noise(5000);
    assert_eq!(hub.upload(&bytes).await, hub.upload(&bytes).await);
    let shelf = hub.folder().join(&hash_of(&bytes)[..2]);
    let expected = [hash_of(&bytes), format!("{}.json", hash_of(&bytes))];
    // When it was last uploaded is written down behind the answer, under a third name until that is whole.
    eventually("the file and its record alone are there", async || {
        let there = std::fs::read_dir(&shelf).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut there: Vec<_> = there.collect();
        there.sort();
        there == expected
    })
    .await;
}
