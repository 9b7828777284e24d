//! What of a program's text Rhai's own reading of it has to be told, and what is read along.
//!
//! `spawn` is a word that Rhai keeps for itself, and `call` one that wants a function: both become names of ours as
//! the text is read. And what is spawned elsewhere is sent as text, so it is noted where each function that is written
//! within a `spawn` or `rpc` begins and ends.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use rhai::{Engine, Position, Token};

/// What `call(…)` is called within the engine: no program can write it.
pub(crate) const CALL: &str = "call'";

/// The words whose functions are sent as text.
const SENDING: [&str; 3] = ["spawn", "spawn_link", "rpc"];

/// A function without a name, as it stands in a call of one of [`SENDING`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closure {
    /// Where the name of the word stands: what a call knows of itself.
    pub(crate) at: Position,
    pub(crate) text: String,
    pub(crate) params: usize,
}

/// What is noted while one text is read; none in between, when programs may have texts read themselves (JSON).
#[derive(Clone, Default)]
pub(crate) struct Reader(Rc<RefCell<Option<Marks>>>);

type Marks = Vec<(Mark, Position)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Sending,
    Open,
    Shut,
    Comma,
    /// `|`, about parameters.
    Bar,
    /// `||`, no parameters.
    Bars,
    Dot,
    Other,
}

impl Reader {
    /// Has the engine read as programs of ours are written, and note along.
    pub(crate) fn attach(&self, engine: &mut Engine) {
        let noted = Rc::clone(&self.0);
        // "NOT deprecated, but considered volatile", says Rhai, whose version is therefore pinned.
        #[allow(deprecated)]
        engine.on_parse_token(move |token, at, _| {
            let mut noted = noted.borrow_mut();
            let Some(noted) = noted.as_mut() else { return token };
            let behind_dot = matches!(noted.last(), Some((Mark::Dot, _)));
            let token = renamed(token, behind_dot);
            noted.push((mark(&token, behind_dot), at));
            token
        });
    }

    /// What `read` makes of the text, and the functions within it.
    pub(crate) fn read<T>(&self, source: &str, read: impl FnOnce() -> T) -> (T, Vec<Closure>) {
        *self.0.borrow_mut() = Some(Marks::new());
        let read = read();
        let marks = self.0.borrow_mut().take().unwrap_or_default();
        (read, closures(&marks, source))
    }
}

fn closures(marks: &[(Mark, Position)], source: &str) -> Vec<Closure> {
    let starts: Vec<usize> =
        source.split_inclusive('\n').scan(0, |at, line| Some(mem::replace(at, *at + line.len()))).collect();
    let within = |word: usize| {
        let (from, to, params) = closure(&marks[word + 1..])?;
        let text = source.get(offset(source, &starts, from)?..offset(source, &starts, to)?)?.trim_end();
        Some(Closure { at: marks[word].1, text: text.to_owned(), params })
    };
    (0..marks.len()).filter(|at| marks[*at].0 == Mark::Sending).filter_map(within).collect()
}

fn renamed(token: Token, behind_dot: bool) -> Token {
    match token {
        Token::Reserved(name) if *name == "spawn" => Token::Identifier(name),
        Token::Reserved(name) if *name == "call" && !behind_dot => Token::Identifier(Box::new(CALL.into())),
        token => token,
    }
}

fn mark(token: &Token, behind_dot: bool) -> Mark {
    match token {
        Token::Identifier(name) if !behind_dot && SENDING.contains(&name.as_str()) => Mark::Sending,
        Token::LeftParen | Token::LeftBracket | Token::LeftBrace | Token::MapStart | Token::QuestionBracket => {
            Mark::Open
        }
        Token::RightParen | Token::RightBracket | Token::RightBrace => Mark::Shut,
        Token::Comma => Mark::Comma,
        Token::Pipe => Mark::Bar,
        Token::Or => Mark::Bars,
        Token::Period | Token::Elvis => Mark::Dot,
        _ => Mark::Other,
    }
}

/// The first function among the arguments that `marks` begins with: from where, up to where, and its parameters.
fn closure(marks: &[(Mark, Position)]) -> Option<(Position, Position, usize)> {
    if marks.first()?.0 != Mark::Open {
        return None;
    }
    let mut depth = 1;
    let mut begins = true;
    let mut found = None;
    let mut at = 1;
    while let Some((mark, position)) = marks.get(at) {
        match mark {
            Mark::Open => depth += 1,
            Mark::Shut => depth -= 1,
            Mark::Bars if begins && depth == 1 && found.is_none() => found = Some((*position, 0)),
            Mark::Bar if begins && depth == 1 && found.is_none() => {
                let params = marks[at + 1..].iter().take_while(|(mark, _)| *mark != Mark::Bar);
                let names = params.clone().filter(|(mark, _)| *mark != Mark::Comma).count();
                found = Some((*position, names));
                at += params.count() + 1;
            }
            _ => {}
        }
        if let Some((from, params)) = found
            && (depth == 0 || (depth == 1 && *mark == Mark::Comma))
        {
            return Some((from, *position, params));
        }
        if depth == 0 {
            return None;
        }
        begins = depth == 1 && *mark == Mark::Comma;
        at += 1;
    }
    None
}

/// Bytes from the beginning of the text; Rhai counts lines and characters, from 1.
fn offset(source: &str, starts: &[usize], at: Position) -> Option<usize> {
    let start = *starts.get(at.line()? - 1)?;
    let column = at.position()?.checked_sub(1)?;
    let line = source.get(start..)?;
    Some(start + line.char_indices().nth(column).map_or(line.len(), |(byte, _)| byte))
}
