//! The page is small: what a first visit downloads is the same for everyone, on whatever network.

use e2e::{Stage, hub, play};

/// The page, its script, its wasm, its styles and the headers of each, in bytes; compressed by brotli, as
/// browsers take it on `localhost` and over HTTPS.
const FIRST_LOAD: u64 = 150_000;

/// The same compressed by gzip, which is all that browsers take over plain HTTP.
const FIRST_LOAD_PLAIN: u64 = 185_000;

#[test]
fn a_first_visit_downloads_little() {
    play(async |stage| {
        let link = stage.hub().link().to_owned();
        let brotli = downloaded(stage, "ana", &link).await;
        assert!((10_000..=FIRST_LOAD).contains(&brotli), "{brotli} bytes; {FIRST_LOAD} were promised");

        let link = link.replace("localhost", hub::NAME);
        let gzip = downloaded(stage, "bob", &link).await;
        assert!((10_000..=FIRST_LOAD_PLAIN).contains(&gzip), "{gzip} bytes; {FIRST_LOAD_PLAIN} are allowed");
        println!("first load: {brotli} bytes with brotli, {gzip} with gzip");
    });
}

/// What a new browser downloads until one can join, by its own count.
async fn downloaded(stage: &mut Stage, name: &str, link: &str) -> u64 {
    let visitor = stage.person(name).await;
    visitor.opens(link).await;
    visitor.browser.the(e2e::Role::Button, "Join").await;
    let count = "return ['navigation', 'resource']
        .flatMap(kind => performance.getEntriesByType(kind))
        .reduce((sum, entry) => sum + entry.transferSize, 0)";
    visitor.browser.eval(count, Vec::new()).await
}
