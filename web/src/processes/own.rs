//! A person's own programs, as this browser keeps them. Pure.

use shared::process::limits::MAX_SOURCE;

/// Programs that are kept: an engine takes no more.
const MAX_PROGRAMS: usize = 50;

/// Where programs are that somebody has published for all.
pub(crate) const PUBLISHED: &str = "programs/";

/// One program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Program {
    /// A word: letters, digits, `_`.
    pub(crate) name: String,
    pub(crate) source: String,
}

/// All of them, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Own {
    programs: Vec<Program>,
}

/// Between a name and its program, and between two of them, stand signs that nobody can type.
const NAME_ENDS: char = '\u{1f}';
const PROGRAM_ENDS: char = '\u{1e}';

impl Own {
    pub(crate) fn read(kept: &str) -> Self {
        let mut own = Self::default();
        for (name, source) in kept.split(PROGRAM_ENDS).filter_map(|program| program.split_once(NAME_ENDS)) {
            // What does not fit was not kept by this.
            let _ = own.put(name, source);
        }
        own
    }

    pub(crate) fn written(&self) -> String {
        let mut written = String::new();
        for program in &self.programs {
            written.push_str(&program.name);
            written.push(NAME_ENDS);
            written.push_str(&program.source);
            written.push(PROGRAM_ENDS);
        }
        written
    }

    pub(crate) fn all(&self) -> &[Program] {
        &self.programs
    }

    /// Keeps a program, in place of one of that name.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn put(&mut self, name: &str, source: &str) -> Result<(), String> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if !(1..=40).contains(&name.len()) || !name.chars().all(plain) || name.starts_with(|c: char| c.is_ascii_digit())
        {
            return Err("A program’s name has 1 to 40 letters, digits or _, and begins with a letter.".to_owned());
        }
        if source.len() > MAX_SOURCE {
            return Err(format!("The program is {} bytes long; at most {MAX_SOURCE} fit.", source.len()));
        }
        let source = source.replace([NAME_ENDS, PROGRAM_ENDS], " ");
        match self.programs.binary_search_by(|program| (*program.name).cmp(name)) {
            Ok(at) => self.programs[at].source = source,
            Err(_) if self.programs.len() >= MAX_PROGRAMS => {
                return Err(format!("At most {MAX_PROGRAMS} programs are kept. Delete one first."));
            }
            Err(at) => self.programs.insert(at, Program { name: name.to_owned(), source }),
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.programs.retain(|program| program.name != name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_kept_as_they_were_written() {
        let mut own = Own::default();
        own.put("tea", "fn main(args) {\n    \"tea\"\n}").expect("it fits");
        own.put("count", "fn main(args) { 1 }").expect("it fits");
        own.put("tea", "fn main(args) { 2 }").expect("in place of the other");
        assert_eq!(own.all().iter().map(|program| &*program.name).collect::<Vec<_>>(), ["count", "tea"]);
        assert_eq!(Own::read(&own.written()), own);
        own.remove("tea");
        assert_eq!(own.all().iter().map(|program| &*program.name).collect::<Vec<_>>(), ["count"]);
        assert_eq!(Own::read("nonsense"), Own::default());
    }

    #[test]
    fn what_is_no_name_or_too_long_is_refused_with_words() {
        let mut own = Own::default();
        for name in ["", "two words", "7up", "käse", &"x".repeat(41)] {
            assert!(own.put(name, "").is_err(), "{name:?}");
        }
        assert!(own.put("long", &"x".repeat(MAX_SOURCE + 1)).is_err());
        for number in 0..MAX_PROGRAMS {
            own.put(&format!("p{number}"), "").expect("it fits");
        }
        assert!(own.put("one_more", "").expect_err("full").contains("Delete one"));
    }
}
