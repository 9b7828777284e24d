//! The page is small, and nothing of it is loaded twice: what a first visit downloads is the same for everyone, on
//! whatever network.

use e2e::{Person, Role, Stage, hub, play};
use serde::Deserialize;

/// The page, its script, its wasm, its styles and the headers of each until one is in the talk of a new hub, in bytes;
/// compressed by brotli, as browsers take it on `localhost` and over HTTPS.
const FIRST_LOAD: u64 = 200_000;

/// The same compressed by gzip, which is all that browsers take over plain HTTP.
const FIRST_LOAD_PLAIN: u64 = 230_000;

/// What the browser has loaded for the page, by its own count (Resource Timing).
const LOADED: &str = "
    return ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind)).map(entry => ({
        path: new URL(entry.name).pathname,
        bytes: entry.transferSize,
        asked: entry.requestStart,
        came: entry.responseEnd,
    }));";

/// How the hub serves the wasm. A kept answer is as good as a new one.
const WASM: &str = "
    const wasm = performance.getEntriesByType('resource').find(entry => entry.name.endsWith('.wasm'));
    return fetch(wasm.name, { cache: 'force-cache' }).then(({ headers }) =>
        [headers.get('content-type'), headers.get('content-encoding')]);";

#[derive(Debug, Deserialize)]
struct Loaded {
    path: String,
    /// With its headers; 0 where it was kept from an earlier visit.
    bytes: u64,
    /// Milliseconds since the visit began.
    asked: f64,
    came: f64,
}

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

#[test]
fn a_first_visit_loads_everything_once_and_side_by_side() {
    play(async |stage| {
        let link = stage.hub().link().to_owned();
        let ana = visitor(stage, "ana", &link).await;
        let files = loaded(&ana).await;
        // What was kept may be looked at again: the icon is, when the cookie is taken out of the address.
        let mut paths: Vec<&str> = files.iter().filter(|file| file.bytes > 0).map(|file| file.path.as_str()).collect();
        paths.sort_unstable();
        assert!(paths.windows(2).all(|two| two[0] != two[1]), "something was loaded twice: {paths:?}");

        let ending = |end: &str| files.iter().find(|file| file.path.ends_with(end)).expect("a file of the page");
        let (script, wasm) = (ending(".js"), ending(".wasm"));
        assert!(wasm.asked < script.came, "the wasm waits for the script: {files:?}");

        // Only so is it compiled while it still comes, compressed or not.
        let served: (String, String) = ana.browser.eval(WASM, Vec::new()).await;
        assert_eq!(served, ("application/wasm".to_owned(), "br".to_owned()));
    });
}

#[test]
fn a_second_visit_loads_nothing_but_the_page() {
    play(async |stage| {
        let link = stage.hub().link().to_owned();
        let ana = visitor(stage, "ana", &link).await;
        ana.browser.goto("about:blank").await;
        ana.opens(&stage.hub().page()).await;
        ana.browser.the(Role::Button, "Join").await;
        let anew: Vec<Loaded> = loaded(&ana).await.into_iter().filter(|file| file.bytes > 0).collect();
        assert!(anew.iter().all(|file| file.path == "/"), "loaded again: {anew:?}");
        // The page is asked for, and has not changed.
        let bytes: u64 = anew.iter().map(|file| file.bytes).sum();
        assert!(bytes < 1_000, "{bytes} bytes for a page that is known");
    });
}

/// What a new browser downloads until one is in a talk in which nothing was said yet.
async fn downloaded(stage: &mut Stage, name: &str, link: &str) -> u64 {
    let visitor = visitor(stage, name, link).await;
    visitor.joins_as(name).await;
    visitor.browser.the(Role::Textbox, "Invitation link").await;
    loaded(&visitor).await.iter().map(|file| file.bytes).sum()
}

/// Someone who came by the link for the first time, and could join now.
async fn visitor(stage: &mut Stage, name: &str, link: &str) -> Person {
    let visitor = stage.person(name).await;
    visitor.opens(link).await;
    visitor.browser.the(Role::Button, "Join").await;
    visitor
}

async fn loaded(person: &Person) -> Vec<Loaded> {
    person.browser.eval(LOADED, Vec::new()).await
}
