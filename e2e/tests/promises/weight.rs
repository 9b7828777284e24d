//! The page is small, and nothing of it is loaded twice: what a first visit downloads is the same for everyone, on
//! whatever network.

use e2e::{Person, Role, Stage, hub, play};
use serde::Deserialize;

/// The page, its script, its wasm, its styles and the headers of each until one is in the talk of a new hub, in bytes;
/// compressed by brotli, as browsers take it on `localhost` and over HTTPS.
const FIRST_LOAD: u64 = 200_000;

/// The same compressed by gzip, which is all that browsers take over plain HTTP.
const FIRST_LOAD_PLAIN: u64 = 230_000;

/// The engine, which runs programs: its script, its wasm and their headers, in bytes, compressed by brotli. Whoever never
/// runs one never downloads it.
const ENGINE: u64 = 400_000;

/// What the engine takes to download.
const ENGINE_LOADED: &str = "
    return (async () => {
        const script = await fetch('/engine.js').then(answer => answer.text());
        const [wasm] = script.match(/\\/engine-[0-9a-f]+_bg[.]wasm/);
        await fetch(wasm).then(answer => answer.arrayBuffer());
        const entries = performance.getEntriesByType('resource');
        const size = path => entries.find(entry => new URL(entry.name).pathname === path).transferSize;
        return size('/engine.js') + size(wasm);
    })();";

/// Runs a program in the engine: what it returned, or what went wrong.
const ENGINE_RUNS: &str = r#"
    const scene = { pid: 'aaaa.1', node: 'tab@den', now: 0, seed: 0 };
    const step = { step: 'init', with: { program: 'sum', source: 'fn main(args) { args[0] + 1 }', args: [41] } };
    return new Promise(done => {
        const worker = new Worker('/engine.js');
        // Before it has started: it waits.
        worker.postMessage(JSON.stringify([{ type: 'step', pid: scene.pid, scene, step }]));
        worker.onerror = event => done(event.message);
        worker.onmessage = event => {
            const [said] = JSON.parse(event.data);
            if (said.type !== 'stepped') return;
            worker.terminate();
            done(JSON.stringify(said.stepped.then));
        };
    });"#;

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

#[test]
fn the_engine_is_no_part_of_a_visit_and_small_and_runs_where_the_policy_holds() {
    play(async |stage| {
        let link = stage.hub().link().to_owned();
        for (name, link) in [("ana", link.clone()), ("bob", link.replace("localhost", hub::NAME))] {
            let visitor = visitor(stage, name, &link).await;
            let files = loaded(&visitor).await;
            assert!(files.iter().all(|file| !file.path.starts_with("/engine")), "{files:?}");
            let then: String = visitor.browser.eval(ENGINE_RUNS, Vec::new()).await;
            assert_eq!(then, r#"{"then":"return","with":42}"#);
        }
        let visitor = visitor(stage, "carla", &link).await;
        let bytes: u64 = visitor.browser.eval(ENGINE_LOADED, Vec::new()).await;
        assert!((100_000..=ENGINE).contains(&bytes), "{bytes} bytes; {ENGINE} were promised");
        println!("the engine: {bytes} bytes with brotli");
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
