//! Files are for those with the cookie, and for no other site's page.

use serde_json::Value;

use crate::files::client::{Answer, Hub, hash_of};

/// One request of each kind.
fn requests(hash: &str, upload: &str) -> Vec<String> {
    vec![
        "POST /files?size=5".to_owned(),
        "POST /files/key".to_owned(),
        format!("GET /files/uploads/{upload}"),
        format!("PATCH /files/uploads/{upload}"),
        format!("DELETE /files/uploads/{upload}"),
        format!("GET /files/{hash}/name.txt"),
        format!("GET /files/{hash}/thumbnail"),
        format!("HEAD /files/{hash}/name.txt"),
    ]
}

async fn hub_with_a_file() -> (Hub, String, String) {
    let hub = Hub::start().await;
    hub.upload(b"words").await;
    let upload = hub.begin(10).await;
    (hub, hash_of(b"words"), upload)
}

fn is_empty_head(answer: &Answer) -> bool {
    answer.body.is_empty() && answer.header("content-type") == "application/json"
}

#[tokio::test]
async fn without_the_cookie_nothing_is_given_and_nothing_taken() {
    let (hub, hash, upload) = hub_with_a_file().await;
    for request in requests(&hash, &upload) {
        let answer = hub.bare(&request, &["Upload-Offset: 0"], b"").await;
        assert_eq!(answer.status, 401, "{request}");
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{request}");
        if request.starts_with("HEAD") {
            assert!(is_empty_head(&answer), "{answer:?}");
        } else {
            answer.refused(401, "cookie_wrong");
        }
    }
    assert_eq!(hub.offset(&upload).await, 0);
}

#[tokio::test]
async fn wrong_cookies_are_counted_together_with_those_of_hello() {
    let (hub, hash, _) = hub_with_a_file().await;
    let request = format!("GET /files/{hash}/name.txt");
    for guess in 0..10 {
        let answer = hub.bare(&request, &[&format!("Authorization: Bearer {guess}")], b"").await;
        answer.refused(401, "cookie_wrong");
    }
    let right = hub.get(&format!("/files/{hash}/name.txt")).await;
    right.refused(429, "too_many_wrong_cookies");
    assert_eq!(right.header("retry-after"), "6");
}

#[tokio::test]
async fn wrong_keys_lock_nobody_out_who_has_the_cookie_or_the_right_key_as_well() {
    let (hub, hash, _) = hub_with_a_file().await;
    let key = kept_by_a_browser(&hub.send("POST /files/key", &[], b"").await);
    let (name, right) = key.rsplit_once("; ").unwrap().1.split_once('=').unwrap();
    let request = format!("GET /files/{hash}/name.txt");
    for stale in 0..20 {
        let both = format!("Cookie: {name}=stale-{stale}; {name}={right}");
        assert_eq!(hub.bare(&request, &[&both], b"").await.body, b"words");
    }
    for guess in 0..10 {
        let wrong = format!("Cookie: {name}={guess}");
        hub.bare(&request, &[&wrong], b"").await.refused(401, "cookie_wrong");
    }
    let right = hub.bare(&request, &[&key], b"").await;
    right.refused(429, "too_many_wrong_cookies");
    assert_eq!(right.header("retry-after"), "12");
    assert_eq!(hub.get(&format!("/files/{hash}/name.txt")).await.body, b"words", "with the cookie itself");
    hub.send("POST /files/key", &[], b"").await;
}

/// What a browser would send back of what it was given.
fn kept_by_a_browser(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    let (pair, attributes) = set.split_once(';').unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/files"] {
        assert!(attributes.contains(attribute), "{set}");
    }
    format!("Cookie: other=1; {pair}")
}

#[tokio::test]
async fn a_browser_gets_a_key_that_opens_files_and_is_not_the_cookie() {
    let (hub, hash, _) = hub_with_a_file().await;
    let answer = hub.send("POST /files/key", &[], b"").await;
    assert_eq!(answer.status, 204);
    let key = kept_by_a_browser(&answer);
    assert!(!key.contains(hub.cookie()));
    assert!(key.contains(&format!("hubbub-{}=", hub.address().port())));

    let request = format!("GET /files/{hash}/name.txt");
    assert_eq!(hub.bare(&request, &[&key], b"").await.body, b"words");
    let value = key.rsplit_once('=').unwrap().1;
    let as_cookie = hub.bare(&request, &[&format!("Authorization: Bearer {value}")], b"").await;
    as_cookie.refused(401, "cookie_wrong");
    hub.bare(&request, &["Cookie: hubbub-1=x"], b"").await.refused(401, "cookie_wrong");
    let wrong = format!("Cookie: hubbub-{}=wrong", hub.address().port());
    hub.bare(&request, &[&wrong], b"").await.refused(401, "cookie_wrong");
}

#[tokio::test]
async fn pages_of_other_sites_can_do_nothing_even_with_the_key() {
    let (hub, hash, upload) = hub_with_a_file().await;
    let key = kept_by_a_browser(&hub.send("POST /files/key", &[], b"").await);
    for origin in ["Origin: http://evil.example", "Origin: null", "Origin: http://localhost:1"] {
        for request in requests(&hash, &upload) {
            let answer = hub.bare(&request, &[&key, origin, "Upload-Offset: 0"], b"").await;
            assert_eq!(answer.status, 403, "{request}");
        }
    }
    assert_eq!(hub.offset(&upload).await, 0);
    let own = hub.bare("POST /files?size=5", &[&key, "Origin: http://HUB"], b"").await;
    own.json(201);
}

#[tokio::test]
async fn an_open_hub_asks_for_nothing() {
    let hub = Hub::with(|config| config.open = true).await;
    let begun: Value = hub.bare("POST /files?size=5", &[], b"").await.json(201);
    let upload = begun["upload"].as_str().unwrap();
    let whole = hub.bare(&format!("PATCH /files/uploads/{upload}"), &["Upload-Offset: 0"], b"words").await;
    whole.json(201);
    let key = hub.bare("POST /files/key", &[], b"").await;
    assert_eq!((key.status, key.header("set-cookie")), (204, ""));
    assert_eq!(hub.bare(&format!("GET /files/{}/a", hash_of(b"words")), &[], b"").await.body, b"words");
}
