//! The prompt: lines of before, and what Tab makes of one. Pure.

use shared::command::Completion;

/// Lines of before that are kept: more than anyone goes back through.
pub(crate) const MAX_HISTORY: usize = 100;

/// A longer line is not kept, in bytes: it is a program.
const MAX_KEPT: usize = 2_000;

/// What completes to nothing but itself beyond so many is not looked through, in candidates.
const MAX_OFFERED: usize = 100;

/// What one can say, with what its first argument mostly is.
const WORDS: [(&str, Kind); 38] = [
    ("address", Kind::Name),
    ("after", Kind::None),
    ("any", Kind::None),
    ("call", Kind::Name),
    ("cancel", Kind::None),
    ("demonitor", Kind::None),
    ("exit", Kind::Name),
    ("fail", Kind::None),
    ("get", Kind::Key),
    ("hub", Kind::None),
    ("int", Kind::None),
    ("like", Kind::None),
    ("link", Kind::Name),
    ("list", Kind::Key),
    ("monitor", Kind::Name),
    ("node", Kind::None),
    ("nodes", Kind::None),
    ("pid", Kind::None),
    ("ping", Kind::Node),
    ("print", Kind::None),
    ("put", Kind::Key),
    ("receive", Kind::None),
    ("receive_like", Kind::None),
    ("register", Kind::None),
    ("remove", Kind::Key),
    ("reply", Kind::None),
    ("request", Kind::Name),
    ("rpc", Kind::Node),
    ("self", Kind::None),
    ("send", Kind::Name),
    ("spawn", Kind::Node),
    ("supervise", Kind::None),
    ("text", Kind::None),
    ("trap", Kind::None),
    ("try_call", Kind::Name),
    ("unlink", Kind::Name),
    ("watch", Kind::Key),
    ("whereis", Kind::Name),
];

/// What a text in quotes may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Node,
    /// A process, by what it is registered as.
    Name,
    Key,
    Program,
    None,
}

/// What there is to be named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Full names.
    pub(crate) nodes: Vec<String>,
    /// What processes are registered as, here and where one has looked.
    pub(crate) names: Vec<String>,
    pub(crate) programs: Vec<String>,
    pub(crate) keys: Vec<String>,
}

/// What Tab does at `at`, a byte offset within `line`. None where there is nothing to complete, so that Tab may move the
/// focus.
pub(crate) fn complete(line: &str, at: usize, known: &Known) -> Option<Completion> {
    let before = line.get(..at)?;
    let mut replacements = Vec::new();
    let start = match open_quote(before) {
        Some(quote) => {
            let typed = &before[quote + 1..];
            let first = kind_at(&before[..quote]);
            // A process on another node: `pong@@tab-2`.
            let part = typed.rfind("@@").map_or(0, |place| place + 2);
            let closed = line[at..].starts_with('"');
            let end = if closed { "" } else { "\"" };
            let kinds: &[Kind] = if part > 0 {
                &[Kind::Node]
            } else {
                match first {
                    Kind::Node => &[Kind::Node, Kind::Program, Kind::Name, Kind::Key],
                    Kind::Name => &[Kind::Name, Kind::Node, Kind::Program, Kind::Key],
                    Kind::Key => &[Kind::Key, Kind::Node, Kind::Name, Kind::Program],
                    Kind::Program => &[Kind::Program, Kind::Name, Kind::Node, Kind::Key],
                    Kind::None => &[Kind::Node, Kind::Name, Kind::Program, Kind::Key],
                }
            };
            for kind in kinds {
                let names = match kind {
                    Kind::Node => &known.nodes,
                    Kind::Name => &known.names,
                    Kind::Key => &known.keys,
                    Kind::Program | Kind::None => &known.programs,
                };
                for name in names.iter().filter(|name| name.starts_with(&typed[part..])) {
                    // What quotes would end is written by hand.
                    if !name.contains(['"', '\\']) {
                        add(&mut replacements, [&typed[..part], name, end].concat());
                    }
                }
            }
            quote + 1
        }
        None => {
            let start = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(0, |place| {
                // The sign before the word, whole.
                place + before[place..].chars().next().map_or(1, char::len_utf8)
            });
            let typed = &before[start..];
            if typed.is_empty() || before[..start].ends_with('.') {
                return None;
            }
            let open = if line[at..].starts_with('(') { "" } else { "(" };
            let programs = known.programs.iter().map(String::as_str);
            for word in WORDS.iter().map(|(word, _)| *word).chain(programs) {
                if word.starts_with(typed) {
                    add(&mut replacements, [word, open].concat());
                }
            }
            start
        }
    };
    (!replacements.is_empty()).then_some(Completion { start, end: at, replacements })
}

fn add(replacements: &mut Vec<String>, replacement: String) {
    if replacements.len() < MAX_OFFERED && !replacements.contains(&replacement) {
        replacements.push(replacement);
    }
}

/// Where the text begins that the cursor is in, behind all of `before`.
fn open_quote(before: &str) -> Option<usize> {
    let mut open = None;
    let mut escaped = false;
    for (at, sign) in before.bytes().enumerate() {
        match sign {
            b'\\' if open.is_some() && !escaped => {
                escaped = true;
                continue;
            }
            b'"' if !escaped => open = if open.is_some() { None } else { Some(at) },
            _ => {}
        }
        escaped = false;
    }
    open
}

/// What a text is likely to name that begins behind `before`.
fn kind_at(before: &str) -> Kind {
    let before = before.trim_end();
    let Some(call) = before.rfind('(') else { return Kind::None };
    let word = before[..call].rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default();
    let found = WORDS.iter().find(|(name, _)| *name == word).map_or(Kind::None, |(_, kind)| *kind);
    let arguments = before[call + 1..].matches(',').count();
    match (word, arguments) {
        (_, 0) => found,
        ("spawn" | "rpc", 1) => Kind::Program,
        ("address", 1) => Kind::Node,
        ("get" | "put" | "remove" | "list" | "watch", 1) => Kind::Key,
        _ => Kind::None,
    }
}

/// Lines that were run, the oldest first, and where one is among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    lines: Vec<String>,
    /// While one goes back through them: which is shown, and what stood there before.
    at: Option<(usize, String)>,
}

impl History {
    /// As it was kept: see [`Self::written`].
    pub(crate) fn read(kept: &str) -> Self {
        let lines = kept.split('\u{1e}').filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Self { lines, at: None }
    }

    /// Between lines stands a sign that nobody can type: lines may have several lines.
    pub(crate) fn written(&self) -> String {
        self.lines.join("\u{1e}")
    }

    /// A line was run.
    pub(crate) fn ran(&mut self, line: &str) {
        self.at = None;
        let line = line.trim();
        if line.is_empty() || line.len() > MAX_KEPT || line.contains('\u{1e}') {
            return;
        }
        self.lines.retain(|before| before != line);
        self.lines.push(line.to_owned());
        if self.lines.len() > MAX_HISTORY {
            self.lines.remove(0);
        }
    }

    /// The line before the one that is shown; none at the oldest. `now` is what stands in the prompt.
    pub(crate) fn back(&mut self, now: &str) -> Option<String> {
        let next = match &self.at {
            Some((at, _)) => at.checked_sub(1)?,
            None => self.lines.len().checked_sub(1)?,
        };
        let begun = self.at.take().map_or_else(|| now.to_owned(), |(_, begun)| begun);
        self.at = Some((next, begun));
        self.lines.get(next).cloned()
    }

    /// The line behind it, and at last what one had begun; none where that stands there.
    pub(crate) fn forward(&mut self) -> Option<String> {
        let (at, begun) = self.at.take()?;
        match self.lines.get(at + 1) {
            Some(line) => {
                self.at = Some((at + 1, begun));
                Some(line.clone())
            }
            None => Some(begun),
        }
    }

    /// Something else was typed.
    pub(crate) fn touched(&mut self) {
        self.at = None;
    }
}

/// Whether the line is whole, so that Enter runs it: each bracket and quote that was opened is closed.
pub(crate) fn is_whole(line: &str) -> bool {
    let mut open = 0_i32;
    let (mut text, mut escaped) = (None, false);
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        match (text, sign) {
            (Some(_), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(quote), _) if sign == quote && !escaped => text = None,
            (Some(_), _) => {}
            (None, '"' | '`') => text = Some(sign),
            (None, '/') if signs.peek() == Some(&'/') => while signs.next_if(|sign| *sign != '\n').is_some() {},
            (None, '(' | '[' | '{') => open += 1,
            (None, ')' | ']' | '}') => open -= 1,
            (None, _) => {}
        }
        escaped = false;
    }
    open <= 0 && text.is_none()
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known() -> Known {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Known {
            nodes: texts(&["hub@den", "tab-1@den", "tab-2@den"]),
            names: texts(&["factorial", "pong"]),
            programs: texts(&["ping_pong", "pong", "start"]),
            keys: texts(&["tea", "users/ana", "users/bob"]),
        }
    }

    fn offered(line: &str) -> Vec<String> {
        complete(line, line.len(), &known())
            .map(|found| (0..found.replacements.len()).map(|turn| found.apply(line, turn).0).collect())
            .unwrap_or_default()
    }

    #[test]
    fn words_and_programs_are_completed_with_what_opens_their_arguments() {
        assert_eq!(offered("pi"), ["pid(", "ping(", "ping_pong("]);
        assert_eq!(offered("let x = sta"), ["let x = start("]);
        let found = complete("pin(\"a\")", 3, &known());
        assert_eq!(found.map(|found| found.apply("pin(\"a\")", 0).0), Some("ping(\"a\")".to_owned()));
    }

    #[test]
    fn what_stands_in_quotes_is_what_the_word_before_is_about() {
        assert_eq!(offered("ping(\"t")[..2], ["ping(\"tab-1@den\"", "ping(\"tab-2@den\""]);
        assert_eq!(offered("get(\"us"), ["get(\"users/ana\"", "get(\"users/bob\""]);
        assert_eq!(offered("get(\"t")[0], "get(\"tea\"");
        assert_eq!(offered("spawn(\"tab-2@den\", \"p")[0], "spawn(\"tab-2@den\", \"ping_pong\"");
        assert_eq!(offered("call(\"p")[0], "call(\"pong\"");
        assert_eq!(offered("get(\"tab-2@den\", \"te"), ["get(\"tab-2@den\", \"tea\""]);
    }

    #[test]
    fn behind_two_at_signs_stands_a_node() {
        assert_eq!(offered("call(\"factorial@@ta")[0], "call(\"factorial@@tab-1@den\"");
    }

    #[test]
    fn a_quote_that_is_closed_is_not_closed_again() {
        let line = "ping(\"tab-1\")";
        let found = complete(line, 11, &known()).map(|found| found.apply(line, 0));
        assert_eq!(found, Some(("ping(\"tab-1@den\")".to_owned(), 15)));
    }

    #[test]
    fn where_nothing_is_meant_tab_moves_on() {
        for line in ["", "1 + ", "x.le", "ping(\"no such", "print(\"a\" "] {
            assert_eq!(offered(line), [""; 0], "{line:?}");
        }
    }

    #[test]
    fn one_goes_back_through_the_lines_and_forward_to_what_was_begun() {
        let mut history = History::default();
        history.ran("one");
        history.ran("two\nlines");
        history.ran("one");
        assert_eq!(history.back("begun").as_deref(), Some("one"));
        assert_eq!(history.back("one").as_deref(), Some("two\nlines"));
        assert_eq!(history.back("two\nlines"), None);
        assert_eq!(history.forward().as_deref(), Some("one"));
        assert_eq!(history.forward().as_deref(), Some("begun"));
        assert_eq!(history.forward(), None);
        let mut kept = History::read(&history.written());
        assert_eq!(kept.back("").as_deref(), Some("one"));
        assert_eq!(kept.back("").as_deref(), Some("two\nlines"));
    }

    #[test]
    fn what_is_kept_of_the_lines_is_bounded() {
        let mut history = History::default();
        for number in 0..300 {
            history.ran(&format!("line {number}"));
        }
        history.ran(&"x".repeat(MAX_KEPT + 1));
        assert_eq!((history.lines.len(), &*history.lines[MAX_HISTORY - 1]), (MAX_HISTORY, "line 299"));
    }

    #[test]
    fn a_line_is_whole_when_all_that_was_opened_is_closed() {
        for line in ["", "1 + 1", "spawn(|| { 1 })", "print(\"(\")", "print(`{`)", "1 // (", "\"\\\"\"", "a)"] {
            assert!(is_whole(line), "{line}");
        }
        for line in ["spawn(", "fn f() {", "\"open", "`${1}", "print(\"a\\\")"] {
            assert!(!is_whole(line), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_too_strange(line in "\\PC{0,40}", at in 0..50_usize) {
            if let Some(found) = complete(&line, at, &known()) {
                let (text, cursor) = found.apply(&line, 0);
                prop_assert!(text.is_char_boundary(cursor));
            }
            is_whole(&line);
        }
    }
}
