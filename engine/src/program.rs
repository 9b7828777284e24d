//! Programs: read once, run by many processes.

use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use rhai::{AST, Engine, Position};

use crate::limits::{MAX_COMPILED, MAX_TEXTS};
use crate::tokens::{Closure, Reader};
use crate::wording;

/// A program that was read.
pub(crate) struct Program {
    pub(crate) ast: AST,
    pub(crate) closures: Vec<Closure>,
    pub(crate) entry: Entry,
}

/// How a program begins. The numbers are those of parameters, 0 or 1: whoever has no use for arguments names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// `main(args)`, whose value ends it.
    Main(usize),
    /// `init(args)`, then `handle(state, from, message)` for each message.
    Serves(usize),
    /// Statements, for the prompt.
    Line,
}

impl Program {
    /// The function that stands in the call at this place.
    pub(crate) fn closure(&self, at: Position) -> Option<&Closure> {
        self.closures.iter().find(|closure| closure.at == at)
    }
}

/// Programs that were read, by their texts.
#[derive(Default)]
pub(crate) struct Programs {
    /// Those that run or were used lately; some that are gone are still named.
    read: HashMap<Arc<str>, Weak<Program>>,
    /// Bytes of all texts in `read`.
    bytes: usize,
    /// How many may be named before those that are gone are looked for.
    many: usize,
    /// Kept though nothing runs them, those that were used last at the end.
    lately: Vec<Rc<Program>>,
}

impl Programs {
    /// # Errors
    /// What is wrong with the text, with the line; or that there is no room for another.
    pub(crate) fn read(&mut self, engine: &Engine, reader: &Reader, source: &Arc<str>) -> Result<Rc<Program>, String> {
        let known = self.read.get(source).and_then(Weak::upgrade);
        let program = match known {
            Some(program) => program,
            None => {
                self.make_room(source.len())?;
                let program = Rc::new(read(engine, reader, source)?);
                // One that is gone is still named, and counted.
                if self.read.insert(Arc::clone(source), Rc::downgrade(&program)).is_none() {
                    self.bytes += source.len();
                }
                program
            }
        };
        self.lately.retain(|known| !Rc::ptr_eq(known, &program));
        if self.lately.len() >= MAX_COMPILED {
            self.lately.remove(0);
        }
        self.lately.push(Rc::clone(&program));
        Ok(program)
    }

    fn make_room(&mut self, bytes: usize) -> Result<(), String> {
        if self.read.len() >= self.many || self.bytes + bytes > MAX_TEXTS {
            self.read.retain(|_, program| program.strong_count() > 0);
            self.bytes = self.read.keys().map(|source| source.len()).sum();
            self.many = 2 * self.read.len() + MAX_COMPILED;
        }
        if self.bytes + bytes > MAX_TEXTS {
            return Err("There are too many other programs here.".to_owned());
        }
        Ok(())
    }
}

fn read(engine: &Engine, reader: &Reader, source: &Arc<str>) -> Result<Program, String> {
    let (ast, closures) = reader.read(source, || engine.compile(source));
    let ast = ast.map_err(|error| wording::of_reading(&error))?;
    if !ast.statements().is_empty() {
        return Err("A program consists of functions; what stands outside of them would never run.".to_owned());
    }
    let params = |name: &str, most: usize| {
        let mut params =
            ast.iter_functions().filter(|function| function.name == name).map(|function| function.params.len());
        params.find(|params| *params <= most)
    };
    let handles = ast.iter_functions().any(|function| function.name == "handle" && function.params.len() == 3);
    let entry = match (params("main", 1), params("init", 1)) {
        (Some(params), None) if !handles => Entry::Main(params),
        (None, Some(params)) if handles => Entry::Serves(params),
        _ => {
            return Err("A program has either main(args), or init(args) and handle(state, from, message).".to_owned());
        }
    };
    Ok(Program { ast, closures, entry })
}

/// The program that runs a function without a name on its arguments.
pub(crate) fn of_closure(closure: &Closure) -> String {
    let args: Vec<String> = (0..closure.params).map(|at| format!("args[{at}]")).collect();
    format!("fn main(args) {{\n    let run = {};\n    run.call({})\n}}\n", closure.text, args.join(", "))
}
