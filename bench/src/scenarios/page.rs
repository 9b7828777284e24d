//! What a browser loads the first time; and how the page is to those who use it, where there is a browser.

mod browser;
mod scrolling;
mod speakers;
mod talk;
mod visits;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

use browser::{Browser, Programs};
use speakers::Speakers;

use super::search;
use crate::bench::Bench;
use crate::http;
use crate::hub::Hub;
use crate::report::{Bound, Figure, Unit};

/// What is wanted, in KB.
const WANTED: Bound = Bound::AtMost(200.0);

/// Lines of the room that a visitor comes to: as many as a tab holds.
const LINES: usize = shared::transcript::MAX_LINES;

/// What browsers accept over plain HTTP: there are proxies that brotli confuses.
const PLAIN_HTTP: &str = "gzip, deflate";

/// What they accept where nobody is in between: over HTTPS, and from their own machine.
const LOCALHOST: &str = "gzip, deflate, br, zstd";

/// Endings of the files that a page can refer to.
const ENDINGS: [&str; 12] =
    ["css", "html", "ico", "js", "json", "mjs", "png", "svg", "wasm", "webmanifest", "webp", "woff2"];

/// Endings of those that can refer to others.
const REFERRING: [&str; 4] = ["css", "html", "js", "mjs"];

pub(super) fn run(bench: &Bench) -> Result<Vec<Figure>> {
    let data = bench.data()?;
    let hub = bench.start(data.path())?;
    let files = files(&hub)?;
    ensure!(
        files.iter().any(|path| path.ends_with(".wasm")),
        "this hub was built without the browser client; `cargo xtask bench` builds it whole"
    );
    let mut figures = bytes(&hub, &files)?;
    match Programs::named() {
        Some(programs) => {
            let profile = bench.data()?;
            let browser = Browser::start(&programs, profile.path())?;
            scrolling::watch_memories(&browser)?;
            let mut speakers = Speakers::gather(&hub)?;
            let lines = bench.pick(LINES, LINES / 5);
            speakers.flood(u64::try_from(lines)?).context("filling the lobby")?;
            // What the hub does behind that is not the page's.
            search::index_made(&hub)?;
            let newest = speakers.newest();
            figures.extend(speakers.stay_for(|| {
                let mut figures = visits::measure(bench, &hub, &browser)?;
                figures.extend(scrolling::measure(&browser, lines, newest)?);
                Ok(figures)
            })?);
            figures.extend(talk::measure(bench, &mut speakers, &browser)?);
        }
        None => eprintln!("bench: page: only bytes: no browser was named (HUBBUB_CHROMIUM and HUBBUB_CHROMEDRIVER)"),
    }
    Ok(figures)
}

/// How much is downloaded by a first visit.
fn bytes(hub: &Hub, files: &BTreeSet<String>) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (name, accept) in [("first load over plain HTTP", PLAIN_HTTP), ("first load on localhost", LOCALHOST)] {
        let mut parts = BTreeMap::new();
        for path in files {
            let answer = http::get(hub.address(), &hub.authority(), path, Some(accept))?;
            ensure!(answer.status == 200, "{path} answered {}", answer.status);
            let ending = ending(path).unwrap_or("html");
            *parts.entry(format!("{ending} {}", answer.encoding)).or_insert(0) += answer.bytes;
        }
        let bytes: usize = parts.values().sum();
        let parts: Vec<_> = parts.iter().map(|(part, bytes)| format!("{} {:.1}", part.trim(), kb(*bytes))).collect();
        let note = format!("{} files with their headers: {}", files.len(), parts.join(", "));
        figures.push(Figure::bounded(name, kb(bytes), Unit::KB, WANTED).noting(note).headlined(name));
    }
    Ok(figures)
}

fn kb(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

/// The paths of the page and of everything it refers to, directly or not, as far as the hub has it.
fn files(hub: &Hub) -> Result<BTreeSet<String>> {
    let mut files = BTreeSet::new();
    let mut known = BTreeSet::from(["/".to_owned()]);
    let mut open = vec!["/".to_owned()];
    while let Some(path) = open.pop() {
        // Without Accept-Encoding the files come as they are.
        let answer = http::get(hub.address(), &hub.authority(), &path, None)?;
        if answer.status != 200 {
            continue; // what looks like a path in a script need not be one
        }
        if path == "/" || ending(&path).is_some_and(|ending| REFERRING.contains(&ending)) {
            for reference in references(&path, &String::from_utf8_lossy(&answer.body)) {
                // What only the script names is a chunk, which is fetched when it is first wanted.
                let is_chunk = path != "/" && ending(&reference) == Some("wasm");
                if !is_chunk && known.insert(reference.clone()) {
                    open.push(reference);
                }
            }
        }
        files.insert(path);
    }
    Ok(files)
}

/// Everything in a file that looks like the path of another on the same host. That may be too
/// much, and not too little: what there is not, the hub says.
fn references(of: &str, text: &str) -> BTreeSet<String> {
    let folder = of.rsplit_once('/').map_or("", |(folder, _)| folder);
    let in_paths = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | ':');
    text.split(|c| !in_paths(c))
        .filter(|word| ending(word).is_some() && !word.contains(':') && !word.contains("//") && !word.contains(".."))
        .map(|word| match word.strip_prefix("./").unwrap_or(word) {
            path if path.starts_with('/') => path.to_owned(),
            path => format!("{folder}/{path}"),
        })
        .collect()
}

fn ending(path: &str) -> Option<&str> {
    let (name, ending) = path.rsplit_once('.')?;
    let is_name = !name.is_empty() && !name.ends_with(['/', '.']);
    (is_name && ENDINGS.contains(&ending)).then_some(ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, text: &str) -> Vec<String> {
        references(path, text).into_iter().collect()
    }

    #[test]
    fn a_page_refers_by_attributes_and_in_scripts() {
        let page = r#"<link rel="stylesheet" href="/base-0a.css"><link rel=icon href=icon.svg>
            <link rel="modulepreload" href="/web-1b.js"><script type="module">
            import init from '/web-1b.js'; init({ module_or_path: '/web-1b_bg.wasm' });</script>
            <a href="https://example.org/other.js">about</a>"#;
        assert_eq!(of("/", page), ["/base-0a.css", "/icon.svg", "/web-1b.js", "/web-1b_bg.wasm"]);
    }

    #[test]
    fn paths_are_relative_to_the_file_that_names_them() {
        assert_eq!(of("/style/base.css", "a{background:url(./dot.png)}"), ["/style/dot.png"]);
        assert_eq!(of("/web.js", "import './snippets/x-1/inline0.js'"), ["/snippets/x-1/inline0.js"]);
    }

    #[test]
    fn what_is_no_file_name_is_none() {
        assert!(of("/", "console.log(a.b) ... .js ./.css data:image/svg x.rs").is_empty());
    }
}
