//! What nobody needs in the files of the client, taken out after Trunk has built them: comments and indentation, exports
//! and glue that nothing calls, and the long names under which the wasm and its script know each other, whose hashes
//! no compression makes smaller. Pure.

use super::chunks::{LOADER, is_chunk};
use super::page::slim_page;
use super::shell::WORKER;
use super::wasm::{MODULE, Renamed, follow, rename};
use super::{Files, PAGE};

/// A chunk no longer than this, in bytes, is written into the script: a request of its own costs more.
const MOST_IN_SCRIPT: usize = 300;

/// What names in a script consist of.
const IDENTIFIER: fn(char) -> bool = |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');

/// The same client in fewer bytes, with the chunks that only some visits want and the script that loads them.
///
/// # Errors
/// What of it is not as wasm-bindgen, wasm-split-cli and Trunk write it.
pub(super) fn slim(mut files: Files, mut chunks: Files) -> Result<Files, &'static str> {
    let script_name = only(&files, ".js").ok_or("there is not one script")?;
    let wasm_name = only(&files, ".wasm").ok_or("there is not one wasm file")?;
    let page = files.remove(PAGE).ok_or("there is no page")?;
    let (script, wasm) = (files.remove(&script_name), files.remove(&wasm_name));
    let script = String::from_utf8(script.unwrap_or_default()).map_err(|_| "the script is no text")?;
    let page = String::from_utf8(page).map_err(|_| "the page is no text")?;

    let loader = chunks.remove(LOADER).ok_or("there is no script that loads chunks")?;
    let loader = String::from_utf8(loader).map_err(|_| "the script that loads chunks is no text")?;

    let script = without_classes(without_comments(&joined(&script, &loader)?)?);
    let renamed = rename(&wasm.unwrap_or_default(), |name| words(&script).any(|word| word == name));
    let renamed = renamed.ok_or("the wasm file is none")?;
    let mut script = with_short_names(&without_what_nobody_calls(&script, &renamed), &renamed);

    for (name, chunk) in chunks.iter().filter(|(name, _)| is_chunk(name)) {
        let chunk = follow(chunk, &renamed.names).ok_or("a chunk is no wasm")?;
        if chunk.len() <= MOST_IN_SCRIPT {
            script = with_bytes(&script, name, &chunk).ok_or("a small chunk is not loaded as known")?;
            continue;
        }
        let new_name = format!("{}-{:016x}.wasm", name.trim_end_matches(".wasm"), fingerprint(&[&chunk]));
        if !script.contains(name) {
            return Err("nothing loads a chunk");
        }
        script = script.replace(name, &new_name);
        files.insert(new_name, chunk);
    }

    // Named anew by what is in them: they are kept for ever under these names.
    let stem = script_name.strip_suffix(".js").unwrap_or(&script_name);
    let label = stem.rsplit_once('-').map_or(stem, |(label, _)| label);
    let new_stem = format!("{label}-{:016x}", fingerprint(&[script.as_bytes(), &renamed.wasm]));
    let page = slim_page(&page.replace(stem, &new_stem));

    files.insert(PAGE.to_owned(), page.into_bytes());
    files.insert(script_name.replace(stem, &new_stem), script.into_bytes());
    files.insert(wasm_name.replace(stem, &new_stem), renamed.wasm);
    Ok(files)
}

/// The script of the client with the one that loads its chunks in itself: the page would have to wait for another file.
fn joined(script: &str, loader: &str) -> Result<String, &'static str> {
    const IMPORTS: &str = "const import0 = {\n";
    const OWN_EXPORTS: &str = "initSync(undefined, undefined)";

    let (first, loader) = loader.split_once('\n').ok_or("the script that loads chunks is empty")?;
    if !first.starts_with("import { initSync } from ") || !loader.contains(OWN_EXPORTS) {
        return Err("the script that loads chunks does not begin as known");
    }
    let loader = loader.replace(OWN_EXPORTS, "wasm");
    let loads = loader.lines().filter_map(|line| line.strip_prefix("export const ")?.split(' ').next());
    let loads: String = loads.map(|name| format!("{name},\n")).collect();
    let loader = loader.replace("export const ", "const ");

    let is_of_loader = |line: &str| {
        line.contains(LOADER) && (line.starts_with("import * as ") || line.trim_start().starts_with("\"./"))
    };
    let script: String = script.lines().filter(|line| !is_of_loader(line)).map(|line| format!("{line}\n")).collect();
    let (before, after) = script.split_once(IMPORTS).ok_or("the script has no imports for the wasm")?;
    if script.contains(LOADER) || loads.is_empty() {
        return Err("the script does not load chunks as known");
    }
    Ok([before, IMPORTS, &loads, after, &loader].concat())
}

/// The script with this chunk written into it, instead of a request for it.
fn with_bytes(script: &str, name: &str, chunk: &[u8]) -> Option<String> {
    let lines: Vec<&str> = script.lines().collect();
    let from = lines.iter().position(|line| line.contains(name))?.checked_sub(1)?;
    let (loads, _) = lines[from].split_once(" = makeLoad(")?;
    let length = lines[from..].iter().position(|line| line.starts_with(", ["))?;
    let bytes: Vec<String> = chunk.iter().map(u8::to_string).collect();
    let bytes = bytes.join(",");
    let loads = format!("{loads} = makeLoad(() => imports => WebAssembly.instantiate(Uint8Array.of({bytes}), imports)");
    let lines = [&lines[..from], &[loads.as_str()], &lines[from + length..]].concat();
    Some(lines.join("\n") + "\n")
}

fn only(files: &Files, ending: &str) -> Option<String> {
    let mut found = files.keys().filter(|name| name.ends_with(ending) && *name != WORKER);
    found.next().filter(|_| found.next().is_none()).cloned()
}

/// The words that can be names, in the order they stand.
fn words(script: &str) -> impl Iterator<Item = &str> {
    script.split(|c| !IDENTIFIER(c)).filter(|word| !word.is_empty())
}

/// Without indentation and the comments that fill lines. wasm-bindgen writes no text that goes over several lines.
fn without_comments(script: &str) -> Result<String, &'static str> {
    let mut slim = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        if line.matches('`').count() % 2 == 1 {
            return Err("the script has a text of several lines");
        }
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.is_empty() && !line.starts_with("//") {
            slim.push_str(line);
            slim.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    Ok(slim)
}

/// Without the classes that wasm-bindgen exports for others to use: no script but this one has to do with the wasm.
fn without_classes(mut script: String) -> String {
    loop {
        let lines: Vec<&str> = script.lines().collect();
        let Some((name, from)) = lines.iter().enumerate().find_map(|(at, line)| {
            let name = line.strip_prefix("export class ")?.strip_suffix(" {")?;
            let made = [format!("new {name}"), format!("{name}.__wrap"), format!("create({name}")];
            (!made.iter().any(|made| script.contains(made))).then_some((name, at))
        }) else {
            return script;
        };
        let Some(length) = block_length(&lines[from..]) else { return script };
        let disposes = format!("if (Symbol.dispose) {name}.");
        let registry = format!("const {name}Finalization =");
        let mut in_registry = false;
        let kept = lines.iter().enumerate().filter(|(at, line)| {
            in_registry |= line.starts_with(&registry);
            let dead = in_registry || (from..from + length).contains(at) || line.starts_with(&disposes);
            in_registry &= !line.ends_with(';');
            !dead
        });
        let kept: Vec<&str> = kept.map(|(_, line)| *line).collect();
        script = kept.join("\n") + "\n";
    }
}

/// Without the functions for the wasm that it does not import, and then those that only they called.
fn without_what_nobody_calls(script: &str, renamed: &Renamed) -> String {
    let mut script = script.replace("export { initSync, ", "export { ");
    loop {
        let lines: Vec<&str> = script.lines().collect();
        let Some((from, to)) = (0..lines.len()).find_map(|at| {
            let name = defined(lines[at])?;
            let end = at + block_length(&lines[at..])?;
            let dead = match name {
                Defined::Import(name) => !renamed.names.contains_key(name),
                // What only calls itself is called by nobody.
                Defined::Function(name) => {
                    let others = lines[..at].iter().chain(&lines[end..]);
                    !others.flat_map(|line| words(line)).any(|word| word == name)
                }
            };
            dead.then_some((at, end))
        }) else {
            return script;
        };
        let kept: Vec<&str> = [&lines[..from], &lines[to..]].concat();
        script = kept.join("\n") + "\n";
    }
}

enum Defined<'a> {
    /// `__wbg_body_5f971cbc6950ca4f: function(arg0) {`
    Import(&'a str),
    /// `function isLikeNone(x) {`
    Function(&'a str),
}

fn defined(line: &str) -> Option<Defined<'_>> {
    if let Some((name, _)) = line.split_once(": function(") {
        return name.chars().all(IDENTIFIER).then_some(Defined::Import(name));
    }
    let line = line.strip_prefix("async ").unwrap_or(line);
    let (name, _) = line.strip_prefix("function ")?.split_once('(')?;
    Some(Defined::Function(name))
}

/// How many lines it takes until all brackets are closed again. None where they stand in texts, which cannot be told
/// apart here.
fn block_length(lines: &[&str]) -> Option<usize> {
    let mut open = 0_i32;
    for (at, line) in lines.iter().enumerate() {
        let count = |bracket| line.matches(bracket).count() as i32;
        if line.contains(['"', '\'', '`', '/']) && count('{') != count('}') {
            return None;
        }
        open += count('{') - count('}');
        if open == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn with_short_names(script: &str, renamed: &Renamed) -> String {
    let mut short = String::with_capacity(script.len());
    let mut rest = script;
    while !rest.is_empty() {
        let word = rest.find(|c| !IDENTIFIER(c)).unwrap_or(rest.len());
        let other = rest[word..].find(IDENTIFIER).unwrap_or(rest.len() - word);
        let name = &rest[..word];
        short.push_str(renamed.names.get(name).map_or(name, String::as_str));
        short.push_str(&rest[word..word + other]);
        rest = &rest[word + other..];
    }
    for module in &renamed.modules {
        short = short.replace(&format!("\"{module}\""), &format!("\"{MODULE}\""));
    }
    short
}

/// FNV-1a of 64 bits: other bytes have another name.
pub(super) fn fingerprint(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().copied().flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// As wasm-bindgen writes it, with one import of three that the wasm wants, and a function that only another
    /// import calls.
    const SCRIPT: &str = r#"function __wbg_get_imports() {
    const import0 = {
        __proto__: null,
        __wbg_body_5f97: function(arg0) {
            const ret = arg0.body;
            return isLikeNone(ret) ? 0 : addToTable(ret);
        },
        __wbg_debug_f249: function(arg0, arg1) {
            const ret = debugString(arg1);
        },
        __wbg_append_dbf7: function() { return handleError(function (arg0) {
            arg0.append();
        }, arguments); },
    };
    return {
        __proto__: null,
        "./web_bg.js": import0,
    };
}

/**
 * @returns {number}
 */
function addToTable(obj) {
    // Kept from the collector.
    return wasm.__externref_table_alloc(obj);
}

function isLikeNone(x) {
    return x === undefined || x === null;
}

function debugString(val) {
    if (val) {
        return debugString(null);
    }
}

function handleError(f, args) {
    return f.apply(this, args);
}

async function __wbg_init(path) {
    return fetch(path, __wbg_get_imports());
}

export { initSync, __wbg_init as default };
"#;

    /// What of the script has to do with chunks.
    const LOADED: &str = r#"import * as import1 from "./__wasm_split.js"
function __wbg_get_imports() {
const import0 = {
"./__wasm_split.js": import1,
};
}
let wasm;
"#;

    const LOADER_SCRIPT: &str = r#"import { initSync } from "./web.js";
const { memory } = initSync(undefined, undefined);
export const __wasm_split_load_more = load("./split_more.wasm");
"#;

    /// Too long to stand in the script: with a text of 400 letters.
    fn chunk() -> Vec<u8> {
        [b"\0asm\x01\0\0\0\x0b\x90\x03".as_slice(), &[b'a'; 400]].concat()
    }

    fn chunks() -> Files {
        Files::from([(LOADER.to_owned(), LOADER_SCRIPT.as_bytes().to_vec()), ("split_more.wasm".to_owned(), chunk())])
    }

    const SLIM: &str = r#"function __wbg_get_imports() {
const import0 = {
__proto__: null,
$0: function(arg0) {
const ret = arg0.body;
return isLikeNone(ret) ? 0 : addToTable(ret);
},
};
return {
__proto__: null,
"w": import0,
};
}
function addToTable(obj) {
return wasm.$1(obj);
}
function isLikeNone(x) {
return x === undefined || x === null;
}
async function __wbg_init(path) {
return fetch(path, __wbg_get_imports());
}
export { __wbg_init as default };
"#;

    fn renamed() -> Renamed {
        let names = [("__wbg_body_5f97", "$0"), ("__externref_table_alloc", "$1")];
        let names = names.map(|(name, short)| (name.to_owned(), short.to_owned()));
        Renamed { wasm: Vec::new(), names: BTreeMap::from(names), modules: vec!["./web_bg.js".to_owned()] }
    }

    #[test]
    fn the_script_loses_what_nobody_calls_and_the_long_names() {
        let script = without_comments(SCRIPT).expect("a script of ours");
        assert_eq!(with_short_names(&without_what_nobody_calls(&script, &renamed()), &renamed()), SLIM);
    }

    #[test]
    fn a_class_that_nobody_makes_one_of_goes_with_what_belongs_to_it() {
        let script = "\
            export class Sink {\nfree() {\nSinkFinalization.unregister(this);\n}\n}\n\
            if (Symbol.dispose) Sink.prototype[Symbol.dispose] = Sink.prototype.free;\n\
            export class Kept {\nfree() {\n}\n}\n\
            const one = () => new Kept();\n\
            const SinkFinalization = (typeof FinalizationRegistry === 'undefined')\n\
            ? { unregister: () => {} }\n: new FinalizationRegistry(ptr => wasm.free(ptr, 1));\n\
            start();\n";
        assert_eq!(
            without_classes(script.to_owned()),
            "export class Kept {\nfree() {\n}\n}\nconst one = () => new Kept();\nstart();\n"
        );
    }

    #[test]
    fn a_text_of_several_lines_is_not_cut() {
        assert!(without_comments("const words = `one\n    two`;").is_err());
    }

    #[test]
    fn the_files_are_named_by_what_is_in_them() {
        let files = |script: &str| {
            Files::from([
                (PAGE.to_owned(), b"<script>import '/web-0a1b.js'; '/web-0a1b_bg.wasm'</script>".to_vec()),
                ("web-0a1b.js".to_owned(), script.as_bytes().to_vec()),
                ("web-0a1b_bg.wasm".to_owned(), b"\0asm\x01\0\0\0".to_vec()),
                ("icon-2c.svg".to_owned(), b"<svg/>".to_vec()),
            ])
        };
        let script_of = |words: &str| format!("{words}\n{LOADED}");
        let slim_of = |words: &str| slim(files(&script_of(words)), chunks()).expect("a client");
        let (one, other) = (slim_of("one();"), slim_of("other();"));
        assert_ne!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        assert_eq!(one, slim_of("  one();\n"));
        assert!(super::super::missing(&one).is_empty(), "the page names its files: {one:?}");
        assert_eq!(one.len(), 5);
        let chunk = one.keys().find(|name| name.starts_with("split_more-")).expect("a chunk");
        let script = one.iter().find(|(name, _)| name.ends_with(".js")).expect("a script").1;
        assert!(String::from_utf8_lossy(script).contains(&format!("\"./{chunk}\"")), "{one:?}");
    }

    #[test]
    fn the_script_and_the_one_that_loads_chunks_are_one() {
        let joined = joined(LOADED, LOADER_SCRIPT).expect("as they are written");
        assert_eq!(
            joined,
            "function __wbg_get_imports() {\nconst import0 = {\n__wasm_split_load_more,\n};\n}\nlet wasm;\n\
             const { memory } = wasm;\nconst __wasm_split_load_more = load(\"./split_more.wasm\");\n"
        );
    }

    #[test]
    fn a_small_chunk_stands_in_the_script() {
        let script = "one();\nconst __chunk_3 = makeLoad(() => {\nconst src = fetch(new URL(\"./chunk_3.wasm\"));\n\
                      return src;\n}\n, []);\nconst more = makeLoad(() => {}, [__chunk_3]);\n";
        assert_eq!(
            with_bytes(script, "chunk_3.wasm", &[0, 97, 115]).expect("as it is written"),
            "one();\nconst __chunk_3 = makeLoad(() => imports => \
             WebAssembly.instantiate(Uint8Array.of(0,97,115), imports)\n, []);\n\
             const more = makeLoad(() => {}, [__chunk_3]);\n"
        );
        assert_eq!(with_bytes("one();\n", "chunk_3.wasm", &[]), None);
    }

    #[test]
    fn a_chunk_that_nothing_loads_is_refused() {
        let mut chunks = chunks();
        chunks.insert("chunk_3.wasm".to_owned(), chunk());
        let files = [(PAGE, "page"), ("web.js", LOADED), ("web.wasm", "\0asm\x01\0\0\0")];
        let files = files.map(|(name, content)| (name.to_owned(), content.as_bytes().to_vec()));
        assert_eq!(slim(Files::from(files), chunks).expect_err("nothing loads it"), "nothing loads a chunk");
    }

    #[test]
    fn what_is_no_client_is_refused() {
        assert!(slim(Files::new(), chunks()).is_err());
        let files = [(PAGE, "page"), ("web.js", LOADED), ("web.wasm", "no wasm")];
        let files = files.map(|(name, content)| (name.to_owned(), content.as_bytes().to_vec()));
        assert_eq!(slim(Files::from(files), chunks()).expect_err("no wasm"), "the wasm file is none");
    }
}
