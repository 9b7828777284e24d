//! What a browser needs to install the client and to open it while the hub is away: the files of web/static/, named by
//! what is in them, and the service worker, told which files the client consists of. Pure.

use super::chunks::is_chunk;
use super::engine::is_engine;
use super::slim::fingerprint;
use super::{Files, PAGE};

const MANIFEST: &str = "manifest.webmanifest";

/// Browsers ask for it under this name to learn of a new version, and it may stand nowhere but at the top.
pub(super) const WORKER: &str = "worker.js";

/// What the hub's build script adds to the client.
const ADDED: [&str; 1] = ["emoji.txt"];

/// What the worker has in the places of its version, its files, those that only some visits want, and those that most
/// people never do.
const BLANK_VERSION: &str = "const VERSION = \"\";";
const BLANK_SHELL: &str = "const SHELL = [];";
const BLANK_LATER: &str = "const LATER = [];";
const BLANK_SELDOM: &str = "const SELDOM = [];";

/// The client with these files named and the worker filled in.
///
/// # Errors
/// What of it is not as web/static/ has it.
pub(super) fn complete(mut files: Files) -> Result<Files, &'static str> {
    let worker = files.remove(WORKER).ok_or("there is no worker.js")?;
    let worker = String::from_utf8(worker).map_err(|_| "the worker is no text")?;
    let manifest = files.remove(MANIFEST).ok_or("there is no manifest")?;
    let mut manifest = String::from_utf8(manifest).map_err(|_| "the manifest is no text")?;
    let page = files.remove(PAGE).ok_or("there is no page")?;
    let mut page = String::from_utf8(page).map_err(|_| "the page is no text")?;

    // Trunk has named the icon of the page, and nobody has told the manifest.
    let icon = files.keys().find(|name| name.starts_with("icon-") && name.ends_with(".svg"));
    manifest = renamed(&manifest, "icon.svg", icon.ok_or("there is no icon")?);
    let pictures: Vec<String> = files.keys().filter(|name| name.ends_with(".png")).cloned().collect();
    for picture in pictures {
        let bytes = files.remove(&picture).unwrap_or_default();
        let name = named(&picture, &bytes);
        manifest = renamed(&manifest, &picture, &name);
        page = renamed(&page, &picture, &name);
        files.insert(name, bytes);
    }
    let name = named(MANIFEST, manifest.as_bytes());
    page = renamed(&page, MANIFEST, &name);
    if !page.contains(&name) {
        return Err("the page does not name the manifest");
    }
    files.insert(name, manifest.into_bytes());
    files.insert(PAGE.to_owned(), page.into_bytes());

    let worker = filled(&worker, &files)?;
    files.insert(WORKER.to_owned(), worker.into_bytes());
    Ok(files)
}

/// `icon-192.png` with these bytes: `icon-192-0123456789abcdef.png`.
fn named(name: &str, bytes: &[u8]) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}-{:016x}.{ending}", fingerprint(&[bytes]))
}

/// The text with another name where it names a file at the top.
fn renamed(text: &str, from: &str, to: &str) -> String {
    text.replace(&format!("/{from}\""), &format!("/{to}\""))
}

/// The worker of the client that consists of these files.
fn filled(worker: &str, files: &Files) -> Result<String, &'static str> {
    if [BLANK_VERSION, BLANK_SHELL, BLANK_LATER, BLANK_SELDOM].iter().any(|blank| worker.matches(blank).count() != 1) {
        return Err("the worker has no place for its version and files");
    }
    let parts: Vec<&[u8]> = files.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes]).collect();
    let names = files.keys().map(String::as_str).chain(ADDED);
    let (seldom, others): (Vec<&str>, Vec<&str>) = names.partition(|name| is_engine(name));
    let (later, shell): (Vec<&str>, Vec<&str>) = others.into_iter().partition(|name| is_for_later(name));
    Ok(worker
        .replace(BLANK_VERSION, &format!("const VERSION = \"{:016x}\";", fingerprint(&parts)))
        .replace(BLANK_SHELL, &format!("const SHELL = [\n{}];", paths(&shell)))
        .replace(BLANK_LATER, &format!("const LATER = [\n{}];", paths(&later)))
        .replace(BLANK_SELDOM, &format!("const SELDOM = [\n{}];", paths(&seldom))))
}

/// Whether the page starts without it.
fn is_for_later(name: &str) -> bool {
    is_chunk(name) || ADDED.contains(&name) || name.ends_with(".png") || name.ends_with(".webmanifest")
}

/// Where the hub has these files, a line each.
fn paths(names: &[&str]) -> String {
    let path = |name: &&str| if *name == PAGE { "/".to_owned() } else { format!("/{name}") };
    names.iter().map(path).map(|path| format!("  {path:?},\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r#"<link rel="manifest" href="/manifest.webmanifest">
<link rel="apple-touch-icon" href="/apple-touch-icon.png"><link rel="icon" href="/icon-ab12.svg">"#;

    fn client(touch_icon: &str) -> Files {
        let files = [
            (PAGE, HTML),
            (MANIFEST, r#"[{ "src": "/icon.svg" }, { "src": "/icon-192.png" }]"#),
            (WORKER, "const VERSION = \"\";\nconst SHELL = [];\nconst LATER = [];\nconst SELDOM = [];\nrun();\n"),
            ("engine.js", "engine();"),
            ("engine-56ef_bg.wasm", "engine"),
            ("apple-touch-icon.png", touch_icon),
            ("icon-192.png", "small"),
            ("icon-ab12.svg", "<svg/>"),
            ("web-12ab.js", "start();"),
            ("split_more-34cd.wasm", "more"),
        ];
        files.map(|(name, content)| (name.to_owned(), content.as_bytes().to_vec())).into()
    }

    fn text<'a>(files: &'a Files, begins: &str) -> &'a str {
        let mut found = files.iter().filter(|(name, _)| name.starts_with(begins));
        let (_, bytes) = found.next().expect("such a file");
        std::str::from_utf8(bytes).expect("text")
    }

    #[test]
    fn page_and_manifest_name_files_that_are_there_by_what_is_in_them() {
        let files = complete(client("touch")).expect("a client");
        for names in [text(&files, PAGE), text(&files, "manifest-")] {
            let named: Vec<&str> = names.split(['"']).filter_map(|part| part.strip_prefix('/')).collect();
            assert!(named.len() >= 2, "{names}");
            for name in named {
                assert!(files.contains_key(name), "{name} in {names}");
            }
        }
        assert!(!files.contains_key(MANIFEST) && !files.contains_key("icon-192.png"), "{:?}", files.keys());
    }

    #[test]
    fn the_worker_knows_everything_but_itself_and_keeps_at_once_what_the_page_starts_with() {
        let files = complete(client("touch")).expect("a client");
        let worker = text(&files, WORKER);
        let (shell, later) = worker.split_once("const LATER").expect("the lists");
        let (later, seldom) = later.split_once("const SELDOM").expect("the lists");
        let named = |list: &str| -> Vec<String> {
            let lines = list.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(named(shell), ["/icon-ab12.svg", "/", "/web-12ab.js"]);
        let later = named(later);
        assert_eq!(named(seldom), ["/engine-56ef_bg.wasm", "/engine.js"]);
        assert_eq!(3 + later.len() + 2, files.len() - 1 + ADDED.len());
        assert!(later.iter().any(|path| path == "/split_more-34cd.wasm"), "{later:?}");
        assert!(worker.ends_with("run();\n"));
    }

    #[test]
    fn another_file_makes_another_worker() {
        let worker = |touch_icon| text(&complete(client(touch_icon)).expect("a client"), WORKER).to_owned();
        assert_eq!(worker("one"), worker("one"));
        assert_ne!(worker("one"), worker("two"));
    }

    #[test]
    fn what_is_missing_is_said() {
        for name in [PAGE, MANIFEST, WORKER, "icon-ab12.svg"] {
            let mut files = client("touch");
            files.remove(name);
            assert!(complete(files).is_err(), "{name}");
        }
        for (name, content) in [(WORKER, "const SHELL = [];"), (PAGE, "<html>")] {
            let mut files = client("touch");
            files.insert(name.to_owned(), content.as_bytes().to_vec());
            assert!(complete(files).is_err(), "{name}: {content}");
        }
    }
}
