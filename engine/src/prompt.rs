//! Lines at a console: statements over variables and functions that are kept from line to line.

use std::mem;
use std::rc::Rc;

use rhai::{AST, Dynamic, Engine, EvalAltResult, Scope};

use crate::program::{Entry, Program};
use crate::tokens::Reader;
use crate::wording;

/// What the lines so far have left.
#[derive(Default)]
pub(crate) struct Prompt {
    scope: Scope<'static>,
    functions: Option<AST>,
    /// The variables as the last run of a line has them.
    ran: Scope<'static>,
}

impl Prompt {
    /// # Errors
    /// What is wrong with the line.
    pub(crate) fn read(&self, engine: &Engine, reader: &Reader, source: &str) -> Result<Rc<Program>, String> {
        let (ast, closures) = reader.read(source, || engine.compile_with_scope(&self.scope, source));
        let ast = ast.map_err(|error| wording::of_reading(&error))?;
        let ast = match &self.functions {
            Some(functions) => functions.merge(&ast),
            None => ast,
        };
        Ok(Rc::new(Program { ast, closures, entry: Entry::Line }))
    }

    /// Runs a line over the variables as they are; what it makes of them is kept by [`keep`](Self::keep).
    pub(crate) fn run(&mut self, engine: &Engine, line: &Program) -> Result<Dynamic, Box<EvalAltResult>> {
        self.ran = self.scope.clone();
        engine.eval_ast_with_scope(&mut self.ran, &line.ast)
    }

    /// The last run was the line's last.
    pub(crate) fn keep(&mut self, line: &Program) {
        // What was hidden by a later variable of the same name is not seen again.
        self.scope = mem::take(&mut self.ran).clone_visible();
        if line.ast.has_functions() {
            self.functions = Some(line.ast.clone_functions_only());
        }
    }
}
