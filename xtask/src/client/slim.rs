//! What nobody needs in the files of the client, taken out after Trunk has built them: comments and indentation, exports
//! and glue that nothing calls, and the long names under which the wasm and its script know each other, whose hashes
//! no compression makes smaller. Pure.

use super::page::slim_page;
use super::shell::WORKER;
use super::wasm::{MODULE, Renamed, rename};
use super::{Files, PAGE};

/// What names in a script consist of.
const IDENTIFIER: fn(char) -> bool = |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');

/// The same client in fewer bytes.
///
/// # Errors
/// What of it is not as wasm-bindgen and Trunk write it.
pub(super) fn slim(mut files: Files) -> Result<Files, &'static str> {
    let script_name = only(&files, ".js").ok_or("there is not one script")?;
    let wasm_name = only(&files, ".wasm").ok_or("there is not one wasm file")?;
    let page = files.remove(PAGE).ok_or("there is no page")?;
    let (script, wasm) = (files.remove(&script_name), files.remove(&wasm_name));
    let script = String::from_utf8(script.unwrap_or_default()).map_err(|_| "the script is no text")?;
    let page = String::from_utf8(page).map_err(|_| "the page is no text")?;

    let script = without_comments(&script)?;
    let renamed = rename(&wasm.unwrap_or_default(), |name| words(&script).any(|word| word == name));
    let renamed = renamed.ok_or("the wasm file is none")?;
    let script = with_short_names(&without_what_nobody_calls(&script, &renamed), &renamed);

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
        let slim_of = |script| slim(files(script)).expect("a client");
        let (one, other) = (slim_of("one();"), slim_of("other();"));
        assert_ne!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        assert_eq!(one, slim_of("  one();\n"));
        assert!(super::super::missing(&one).is_empty(), "the page names its files: {one:?}");
        assert_eq!(one.len(), 4);
    }

    #[test]
    fn what_is_no_client_is_refused() {
        assert!(slim(Files::new()).is_err());
        let files = [(PAGE, "page"), ("web.js", "x();"), ("web.wasm", "no wasm")];
        let files = files.map(|(name, content)| (name.to_owned(), content.as_bytes().to_vec()));
        assert_eq!(slim(Files::from(files)).expect_err("no wasm"), "the wasm file is none");
    }
}
