//! Lines at a console: statements over variables and functions that are kept from line to line.

use std::mem;
use std::rc::Rc;

use rhai::{AST, Dynamic, Engine, EvalAltResult, Scope};

use crate::program::{Entry, Program};
use crate::tokens::Reader;
use crate::value::is_same;
use crate::wording;

/// What the lines so far have left.
#[derive(Default)]
pub(crate) struct Prompt {
    scope: Rc<Scope<'static>>,
    functions: Option<AST>,
    /// The variables as the last run of a line has them.
    ran: Scope<'static>,
}

/// A line that is running or waits.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) program: Rc<Program>,
    /// The functions that it makes itself.
    functions: Option<Rc<AST>>,
    /// The variables as they were when it began: all its runs begin with them, whatever other lines do meanwhile.
    begun: Rc<Scope<'static>>,
}

impl Prompt {
    /// # Errors
    /// What is wrong with the line.
    pub(crate) fn read(&self, engine: &Engine, reader: &Reader, source: &str) -> Result<Line, String> {
        let (ast, closures) = reader.read(source, || engine.compile_with_scope(&self.scope, source));
        let ast = ast.map_err(|error| wording::of_reading(&error))?;
        let functions = ast.has_functions().then(|| Rc::new(ast.clone_functions_only()));
        let ast = match &self.functions {
            Some(functions) => functions.merge(&ast),
            None => ast,
        };
        let program = Rc::new(Program { ast, closures, entry: Entry::Line });
        Ok(Line { program, functions, begun: Rc::clone(&self.scope) })
    }

    /// Runs a line over the variables that it began with; what it makes of them is kept by [`keep`](Self::keep).
    pub(crate) fn run(&mut self, engine: &Engine, line: &Line) -> Result<Dynamic, Box<EvalAltResult>> {
        self.ran = (*line.begun).clone();
        engine.eval_ast_with_scope(&mut self.ran, &line.program.ast)
    }

    /// The last run was the line's last.
    pub(crate) fn keep(&mut self, line: &Line) {
        // What was hidden by a later variable of the same name is not seen again.
        let ran = mem::take(&mut self.ran).clone_visible();
        let is_alone = Rc::ptr_eq(&self.scope, &line.begun);
        self.scope = Rc::new(if is_alone { ran } else { changed(&self.scope, &line.begun, &ran) });
        if let Some(own) = &line.functions {
            self.functions = Some(self.functions.take().map_or_else(|| (**own).clone(), |known| known.merge(own)));
        }
    }
}

/// The variables as they are `now`, with what a line has changed that had them as they were when it had `begun`: others
/// have come to their end since, and what they left is not undone.
fn changed(now: &Scope<'static>, begun: &Scope<'static>, ran: &Scope<'static>) -> Scope<'static> {
    let mut all = now.clone();
    for (name, is_constant, value) in ran.iter_raw() {
        if begun.get(name).is_some_and(|before| is_same(before, value)) {
            continue;
        }
        match all.get_mut(name) {
            _ if is_constant => drop(all.push_constant_dynamic(name, value.clone())),
            Some(known) => *known = value.clone(),
            None => drop(all.push_dynamic(name, value.clone())),
        }
    }
    all.clone_visible()
}
