//! All of it works where there is no HTTPS: on a LAN the hub is not `localhost`, so browsers withhold what they
//! keep for secure pages, and brotli is among it.

use e2e::request::{self, Answer};
use e2e::{Stage, hub, play};

#[test]
fn a_browser_on_another_machine_joins_and_talks() {
    play(async |stage| {
        let bob = stage.guest("bob").await;
        let ana = stage.person("ana").await;
        // Under its name, which no browser counts as secure.
        let link = stage.hub().link().replace("localhost", hub::NAME);
        ana.opens(&link).await;
        let secure: bool = ana.browser.eval("return isSecureContext", Vec::new()).await;
        assert!(!secure, "as on another machine");
        ana.joins_as("ana").await;
        ana.says("hello from over there").await;
        bob.sees("ana", "hello from over there").await;
        bob.says("hello from here").await;
        ana.sees("bob", "hello from here").await;
        ana.browser.reload().await;
        ana.sees("bob", "hello from here").await;

        // It came compressed.
        let (sent, meant): (u64, u64) = ana
            .browser
            .eval(
                "const sum = size => performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry[size], 0);
                return [sum('encodedBodySize'), sum('decodedBodySize')]",
                Vec::new(),
            )
            .await;
        assert!(sent > 0 && sent < meant / 2, "{sent} bytes for {meant}");
    });
}

async fn ask(stage: &Stage, path: &str, accept: &str) -> Answer {
    let host = format!("{}:{}", hub::NAME, stage.hub().address().port());
    request::get(stage.hub().address(), path, &[("Host", &host), ("Accept-Encoding", accept)]).await
}

#[test]
fn the_page_comes_as_the_browser_can_read_it() {
    play(async |stage| {
        let plain = ask(stage, "/", "identity").await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None));
        let page = String::from_utf8(plain.body.clone()).expect("a page is text");
        let files: Vec<&str> = page
            .split(['"', '\''])
            .filter(|part| {
                part.starts_with('/') && [".js", ".wasm", ".css", ".svg"].iter().any(|end| part.ends_with(end))
            })
            .collect();
        assert!(files.iter().any(|file| file.ends_with(".wasm")), "{page}");

        for path in files.into_iter().chain(["/"]) {
            let plain = ask(stage, path, "identity").await;
            let gzip = ask(stage, path, "gzip, deflate").await;
            let brotli = ask(stage, path, "gzip, deflate, br, zstd").await;
            for (answer, encoding) in [(&gzip, "gzip"), (&brotli, "br")] {
                assert_eq!(answer.status, 200, "{path}");
                assert_eq!(answer.header("content-type"), plain.header("content-type"));
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
                assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
                let policy = answer.header("content-security-policy").unwrap_or_default();
                assert!(policy.starts_with("default-src 'none'"), "{policy}");
                // A small file may be smaller as it is.
                if plain.body.len() > 1_000 {
                    assert_eq!(answer.header("content-encoding"), Some(encoding), "{path}");
                    assert!(answer.body.len() < plain.body.len(), "{path}");
                }
            }
            let kept = plain.header("cache-control").unwrap_or_default();
            assert_eq!(kept.contains("immutable"), path != "/", "{path}: {kept}");
            let wanted = if path.ends_with(".wasm") { Some("application/wasm") } else { plain.header("content-type") };
            assert_eq!(plain.header("content-type"), wanted);
        }
    });
}
