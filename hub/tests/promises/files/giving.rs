//! Downloads: harmless whatever they hold, in parts, and only what is there.

use crate::files::client::{Hub, hash_of, noise};

#[tokio::test]
async fn what_a_browser_could_run_is_saved_and_never_run() {
    let hub = Hub::start().await;
    for (name, content) in [
        ("page.html", &b"<!doctype html><script>alert(document.domain)</script>"[..]),
        ("picture.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"),
        ("script.js", b"alert(1)"),
        ("picture.png", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>"),
        ("feed.xml", b"<?xml version=\"1.0\"?><x/>"),
        ("paper.pdf", b"%PDF-1.7"),
    ] {
        let file = hub.upload(content).await;
        assert_eq!(file["kind"], "application/octet-stream", "{name}");
        let answer = hub.get(&format!("/files/{}/{name}", hash_of(content))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), "application/octet-stream", "{name}");
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename*=UTF-8''{name}"));
        assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'", "{name}");
        assert_eq!(answer.body, content);
        hub.get(&format!("/files/{}/thumbnail", hash_of(content))).await.refused(404, "no_such_file");
    }
}

#[tokio::test]
async fn a_hostile_name_does_nothing() {
    let hub = Hub::start().await;
    hub.upload(b"words").await;
    let hash = hash_of(b"words");
    for (name, saved) in [
        ("..%2F..%2Fcookie", "cookie"),
        ("%2e%2e", "file"),
        ("a%0d%0aSet-Cookie:%20x=1", "aSet-Cookie%3A%20x%3D1"),
        ("a%22%3b%20filename=b.html", "a%3B%20filename%3Db.html"),
        ("photo%E2%80%AEgpj.exe", "photogpj.exe"),
        ("%00", "file"),
        ("caf%C3%A9.txt", "caf%C3%A9.txt"),
    ] {
        let answer = hub.get(&format!("/files/{hash}/{name}")).await;
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.header("content-disposition"), format!("attachment; filename*=UTF-8''{saved}"), "{name}");
        assert_eq!(answer.header("set-cookie"), "", "{name}");
    }
    let long = hub.get(&format!("/files/{hash}/{}.txt", "x".repeat(2000))).await;
    assert!(long.header("content-disposition").len() < 300);
    hub.get(&format!("/files/{hash}/%FF%FE")).await.refused(404, "no_such_file");
}

#[tokio::test]
async fn nothing_but_a_hash_leads_to_a_file() {
    let hub = Hub::start().await;
    hub.upload(b"words").await;
    let hash = hash_of(b"words");
    for path in [
        format!("/files/{}/a", hash_of(b"others")),
        format!("/files/{}/a", hash.to_uppercase()),
        format!("/files/{}/a", &hash[..63]),
        "/files/..%2Fcookie/a".to_owned(),
        "/files/../cookie".to_owned(),
        "/files/%2e%2e/cookie".to_owned(),
        format!("/files/{}/thumbnail", "0".repeat(64)),
    ] {
        hub.get(&path).await.refused(404, "no_such_file");
    }
    for path in
        ["/files", "/files/", &format!("/files/{hash}"), &format!("/files/{hash}/"), "/files/uploads", "/files/key"]
    {
        let answer = hub.get(path).await;
        assert!([404, 405].contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.body.windows(5).any(|it| it == b"words"), "nothing is listed");
    }
}

#[tokio::test]
async fn a_part_of_a_file_is_that_part() {
    let hub = Hub::start().await;
    let bytes = noise(200_000);
    hub.upload(&bytes).await;
    let get = format!("GET /files/{}/a.bin", hash_of(&bytes));
    for (range, from, to) in
        [("0-0", 0, 1), ("100000-", 100_000, 200_000), ("-5", 199_995, 200_000), ("7-70006", 7, 70_007)]
    {
        let answer = hub.send(&get, &[&format!("Range: bytes={range}")], b"").await;
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.header("content-range"), format!("bytes {from}-{}/200000", to - 1));
        assert_eq!(answer.header("content-length"), (to - from).to_string());
        assert!(answer.body == bytes[from..to], "{range}");
    }
    let nowhere = hub.send(&get, &["Range: bytes=200000-"], b"").await;
    assert_eq!((nowhere.status, nowhere.header("content-range")), (416, "bytes */200000"));
    let other = hub.send(&get, &["Range: bytes=0-0", "If-Range: \"other\""], b"").await;
    assert_eq!((other.status, other.body.len()), (200, 200_000));
    let same = hub.send(&get, &["Range: bytes=0-0", &format!("If-Range: \"{}\"", hash_of(&bytes))], b"").await;
    assert_eq!(same.status, 206);
}

#[tokio::test]
async fn what_a_browser_has_it_keeps() {
    let hub = Hub::start().await;
    hub.upload(b"words").await;
    let get = format!("GET /files/{}/a.txt", hash_of(b"words"));
    let answer = hub.send(&get, &[], b"").await;
    assert_eq!(answer.header("etag"), format!("\"{}\"", hash_of(b"words")));
    assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
    let held = hub.send(&get, &[&format!("If-None-Match: {}", answer.header("etag"))], b"").await;
    assert_eq!((held.status, held.body.len()), (304, 0));
}

#[tokio::test]
async fn a_head_request_gets_the_head_alone() {
    let hub = Hub::start().await;
    hub.upload(b"words").await;
    let path = format!("/files/{}/a.txt", hash_of(b"words"));
    let mut get = hub.get(&path).await;
    let mut head = hub.send(&format!("HEAD {path}"), &[], b"").await;
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), "5");
    get.headers.remove("date");
    head.headers.remove("date");
    assert_eq!((head.status, head.headers), (get.status, get.headers));
}

#[tokio::test]
async fn other_methods_are_refused() {
    let hub = Hub::start().await;
    for method in ["PUT", "OPTIONS", "PROPFIND"] {
        let answer = hub.send(&format!("{method} /files"), &[], b"").await;
        assert_eq!(answer.status, 405, "{method}");
    }
    assert_eq!(hub.send("PATCH /files", &[], b"").await.status, 405);
    assert_eq!(hub.send("POST /filesystem", &[], b"").await.status, 405);
}
