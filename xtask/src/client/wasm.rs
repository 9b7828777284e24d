//! The names under which a wasm module and its script know each other (WebAssembly Core Specification, sections
//! 5.5.5 and 5.5.10), replaced by shorter ones. Pure.

use std::collections::BTreeMap;

const MAGIC: &[u8; 8] = b"\0asm\x01\0\0\0";
const CUSTOM: u8 = 0;
const IMPORTS: u8 = 2;
const EXPORTS: u8 = 7;

/// The module that all imports come from, in the short form.
pub(super) const MODULE: &str = "w";

/// A module with short names, and what they stand for.
#[derive(Debug)]
pub(super) struct Renamed {
    pub(super) wasm: Vec<u8>,
    /// The short name of each import and export that is left.
    pub(super) names: BTreeMap<String, String>,
    /// The modules that imports came from.
    pub(super) modules: Vec<String>,
}

/// Gives all imports short names, and the exports that `is_used` as well; drops the other exports, and the custom
/// sections, which browsers pass over. None for what is no wasm.
pub(super) fn rename(wasm: &[u8], is_used: impl Fn(&str) -> bool) -> Option<Renamed> {
    let mut renamed = Renamed { wasm: Vec::new(), names: BTreeMap::new(), modules: Vec::new() };
    renamed.wasm = rewritten(wasm, |id, section| match id {
        IMPORTS => renamed.imports(section),
        EXPORTS => renamed.exports(section, &is_used),
        _ => Some(section.bytes.to_vec()),
    })?;
    Some(renamed)
}

/// Gives the imports of another module the short names that they have where they come from; drops the custom sections.
/// None for what is no wasm.
pub(super) fn follow(wasm: &[u8], names: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    rewritten(wasm, |id, section| {
        if id != IMPORTS {
            return Some(section.bytes.to_vec());
        }
        let count = section.number()?;
        let mut written = Vec::new();
        put_number(&mut written, count);
        for _ in 0..count {
            put_name(&mut written, &section.name()?);
            let name = section.name()?;
            put_name(&mut written, names.get(&name).unwrap_or(&name));
            written.extend(section.kept(Reader::import_kind)?);
        }
        Some(written)
    })
}

/// The module with what `section` makes of each of its sections but the custom ones, which are left out.
fn rewritten(wasm: &[u8], mut section: impl FnMut(u8, &mut Reader<'_>) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let mut reader = Reader { bytes: wasm.strip_prefix(MAGIC)? };
    let mut written = MAGIC.to_vec();
    while !reader.bytes.is_empty() {
        let id = reader.byte()?;
        let length = reader.number()?;
        let mut content = Reader { bytes: reader.take(length)? };
        if id == CUSTOM {
            continue;
        }
        let content = section(id, &mut content)?;
        written.push(id);
        put_number(&mut written, content.len());
        written.extend(content);
    }
    Some(written)
}

impl Renamed {
    fn imports(&mut self, section: &mut Reader<'_>) -> Option<Vec<u8>> {
        let count = section.number()?;
        let mut written = Vec::new();
        put_number(&mut written, count);
        for _ in 0..count {
            let module = section.name()?;
            if !self.modules.contains(&module) {
                self.modules.push(module);
            }
            let name = section.name()?;
            put_name(&mut written, MODULE);
            put_name(&mut written, self.short(name));
            written.extend(section.kept(Reader::import_kind)?);
        }
        Some(written)
    }

    fn exports(&mut self, section: &mut Reader<'_>, is_used: &impl Fn(&str) -> bool) -> Option<Vec<u8>> {
        let mut kept = 0;
        let mut entries = Vec::new();
        for _ in 0..section.number()? {
            let name = section.name()?;
            let index = section.kept(|reader| {
                reader.byte()?;
                reader.number()
            })?;
            if is_used(&name) {
                kept += 1;
                put_name(&mut entries, self.short(name));
                entries.extend(index);
            }
        }
        let mut written = Vec::new();
        put_number(&mut written, kept);
        written.extend(entries);
        Some(written)
    }

    /// `$0`, `$1` … in JavaScript an identifier, and one that nobody writes.
    fn short(&mut self, name: String) -> &str {
        let next = self.names.len();
        self.names.entry(name).or_insert_with(|| format!("${next:x}"))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    /// Unsigned LEB128; nothing here is longer than 32 bits.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn name(&mut self) -> Option<String> {
        let length = self.number()?;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    fn import_kind(&mut self) -> Option<usize> {
        match self.byte()? {
            0 => self.number(),
            1 => {
                self.byte()?;
                self.limits()
            }
            2 => self.limits(),
            3 => self.take(2).map(<[u8]>::len),
            // A tag: its attribute, then its type.
            4 => {
                self.byte()?;
                self.number()
            }
            _ => None,
        }
    }

    fn limits(&mut self) -> Option<usize> {
        let bounded = self.byte()? & 1 == 1;
        let least = self.number()?;
        if bounded { self.number() } else { Some(least) }
    }

    /// The bytes that `read` passes over.
    fn kept(&mut self, read: impl FnOnce(&mut Self) -> Option<usize>) -> Option<&'a [u8]> {
        let all = self.bytes;
        read(self)?;
        all.get(..all.len() - self.bytes.len())
    }
}

fn put_number(bytes: &mut Vec<u8>, mut number: usize) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn put_name(bytes: &mut Vec<u8>, name: &str) {
    put_number(bytes, name.len());
    bytes.extend(name.bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(id: u8, content: &[&[u8]]) -> Vec<u8> {
        let content = content.concat();
        [&[id, content.len() as u8][..], &content].concat()
    }

    #[test]
    fn imports_and_the_exports_in_use_get_short_names_and_the_rest_stays() {
        let types = section(1, &[b"\x01\x60\x00\x00"]);
        let code = section(10, &[b"\x01\x02\x00\x0b"]);
        let wasm = [
            &MAGIC[..],
            &types,
            &section(2, &[b"\x02", b"\x06./a.js\x05log_a\x00\x00", b"\x06./a.js\x03mem\x02\x01\x01\x80\x02"]),
            &section(7, &[b"\x02", b"\x04main\x00\x01", b"\x05start\x00\x02"]),
            &code,
            &section(0, &[b"\x04name", b"anything"]),
        ]
        .concat();
        let renamed = rename(&wasm, |name| name == "start").expect("a module");
        let expected = [
            &MAGIC[..],
            &types,
            &section(2, &[b"\x02", b"\x01w\x02$0\x00\x00", b"\x01w\x02$1\x02\x01\x01\x80\x02"]),
            &section(7, &[b"\x01", b"\x02$2\x00\x02"]),
            &code,
        ]
        .concat();
        assert_eq!(renamed.wasm, expected);
        assert_eq!(renamed.modules, ["./a.js"]);
        let names: Vec<_> = renamed.names.iter().map(|(name, short)| (name.as_str(), short.as_str())).collect();
        assert_eq!(names, [("log_a", "$0"), ("mem", "$1"), ("start", "$2")]);
    }

    #[test]
    fn another_module_follows_the_names_it_shares() {
        let code = section(10, &[b"\x01\x02\x00\x0b"]);
        let before = [
            &MAGIC[..],
            &section(2, &[b"\x02", b"\x01s\x05stack\x03\x7f\x01", b"\x01s\x03own\x00\x00"]),
            &code,
            &section(0, &[b"\x04name", b"anything"]),
        ];
        let after = [&MAGIC[..], &section(2, &[b"\x02", b"\x01s\x02$7\x03\x7f\x01", b"\x01s\x03own\x00\x00"]), &code];
        let names = BTreeMap::from([("stack".to_owned(), "$7".to_owned())]);
        assert_eq!(follow(&before.concat(), &names), Some(after.concat()));
        assert_eq!(follow(b"<!doctype html>", &names), None);
    }

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for number in [0, 1, 127, 128, 300, 65_536, u32::MAX as usize] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            assert_eq!(Reader { bytes: &bytes }.number(), Some(number));
        }
    }

    #[test]
    fn what_is_cut_off_or_no_module_at_all_is_refused() {
        let wasm = [&MAGIC[..], &section(7, &[b"\x01", b"\x04main\x00\x01"])].concat();
        for end in MAGIC.len() + 1..wasm.len() {
            assert!(rename(&wasm[..end], |_| true).is_none(), "cut at {end}");
        }
        assert!(rename(b"<!doctype html>", |_| true).is_none());
    }
}
