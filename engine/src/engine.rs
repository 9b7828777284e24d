//! The processes of one thread or Worker, and their steps.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage, BasicMathPackage,
    BasicStringPackage, LanguageCorePackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{CallFnOptions, Dynamic, Scope};
use serde_json::Value;
use shared::process::limits::MAX_MESSAGE;
use shared::process::{Act, Brought, Cost, Limit, Pid, Reason, Scene, Spawn, Step, Stepped, Then};

use crate::address::Address;
use crate::events::told;
use crate::examples::Library;
use crate::limits::{
    MAX_BROUGHT, MAX_DEPTH, MAX_EXPRESSIONS, MAX_EXPRESSIONS_IN_FUNCTION, MAX_FUNCTIONS, MAX_INTERNED, MAX_ITEMS,
    MAX_PROCESSES, MAX_PROMPTS, MAX_STATE, MAX_TEXT, MAX_VARIABLES,
};
use crate::message::{FromEngine, ToEngine};
use crate::program::{Entry, Program, Programs};
use crate::prompt::{Line, Prompt};
use crate::tokens::Reader;
use crate::turn::{End, Log, Meter, Refs, Running, Turn};
use crate::value::{from_json, to_json, weigh};
use crate::wording::of_running;
use crate::words;

/// Runs the steps of many processes, one at a time.
pub struct Engine {
    rhai: rhai::Engine,
    reader: Reader,
    running: Running,
    meter: Rc<Meter>,
    programs: Programs,
    library: Rc<Library>,
    prompt: Prompt,
    /// Processes that begin with a line of the prompt.
    prompts: Vec<Pid>,
    processes: HashMap<Pid, Process>,
}

/// What is held of a process between two steps.
struct Process {
    program: Rc<Program>,
    trusted: bool,
    state: Dynamic,
    refs: Refs,
    next_ref: u64,
    blocked: Option<Box<Blocked>>,
}

/// A step that waits.
struct Blocked {
    run: Run,
    scene: Scene,
    log: Log,
    /// How long the log is as JSON, in bytes.
    brought: usize,
    /// Acts that its runs have done.
    done: usize,
    /// Operations of all its runs.
    operations: u64,
}

/// What is run anew where a step waits.
#[derive(Clone)]
enum Run {
    /// A function of the program, and whether what it gives back is the state or the end.
    Function {
        name: String,
        args: Vec<Dynamic>,
        gives: Gives,
    },
    Line(Line),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gives {
    State,
    Value,
}

impl Engine {
    /// With a clock in microseconds since some moment.
    pub fn new(clock: fn() -> u64) -> Self {
        let mut rhai = rhai::Engine::new_raw();
        for package in [
            LanguageCorePackage::new().as_shared_module(),
            ArithmeticPackage::new().as_shared_module(),
            BasicStringPackage::new().as_shared_module(),
            BasicIteratorPackage::new().as_shared_module(),
            BasicFnPackage::new().as_shared_module(),
            LogicPackage::new().as_shared_module(),
            BasicMathPackage::new().as_shared_module(),
            BasicArrayPackage::new().as_shared_module(),
            BasicMapPackage::new().as_shared_module(),
            MoreStringPackage::new().as_shared_module(),
        ] {
            rhai.register_global_module(package);
        }
        rhai.set_strict_variables(true)
            .set_max_call_levels(MAX_DEPTH)
            .set_max_expr_depths(MAX_EXPRESSIONS, MAX_EXPRESSIONS_IN_FUNCTION)
            .set_max_string_size(MAX_TEXT)
            .set_max_array_size(MAX_ITEMS)
            .set_max_map_size(MAX_ITEMS)
            .set_max_variables(MAX_VARIABLES)
            .set_max_functions(MAX_FUNCTIONS)
            .set_max_strings_interned(MAX_INTERNED)
            // What it runs would be neither read along nor the same in each run.
            .disable_symbol("eval")
            .register_type_with_name_raw("i64", "int")
            .register_type_with_name_raw("f64", "float")
            .register_type_with_name_raw("string", "text");
        let (reader, meter, running) = (Reader::default(), Rc::new(Meter::new(clock)), Running::default());
        reader.attach(&mut rhai);
        words::teach(&mut rhai, &running, &meter);
        let counted = Rc::clone(&meter);
        rhai.on_progress(move |operations| (!counted.goes_on(operations)).then_some(Dynamic::UNIT));
        Self {
            rhai,
            reader,
            running,
            meter,
            programs: Programs::default(),
            library: Rc::default(),
            prompt: Prompt::default(),
            prompts: Vec::new(),
            processes: HashMap::new(),
        }
    }

    /// For words of a test's own.
    #[cfg(test)]
    pub(crate) fn rhai(&mut self) -> &mut rhai::Engine {
        &mut self.rhai
    }

    /// Does what is asked; what there is to say of it.
    pub fn take(&mut self, message: ToEngine) -> Option<FromEngine> {
        match message {
            ToEngine::Own { name, source } => {
                words::teach_name(&mut self.rhai, &self.running, &self.meter, &name);
                Rc::make_mut(&mut self.library).set(name, source.map(Arc::from));
            }
            ToEngine::Prompt { pid } if self.prompts.len() < MAX_PROMPTS => self.prompts.push(pid),
            // Its line is then no program, which it is told.
            ToEngine::Prompt { .. } => {}
            ToEngine::Forget { pid } => self.forget(pid),
            ToEngine::Step { pid, scene, step } => {
                return Some(FromEngine::Stepped { pid, stepped: self.step(pid, scene, step) });
            }
        }
        None
    }

    /// The processes that it holds.
    pub fn pids(&self) -> impl Iterator<Item = Pid> {
        self.processes.keys().copied()
    }

    fn forget(&mut self, pid: Pid) {
        self.processes.remove(&pid);
        self.prompts.retain(|known| *known != pid);
    }

    /// Runs one step of a process.
    pub fn step(&mut self, pid: Pid, scene: Scene, step: Step) -> Stepped {
        self.meter.begin(0);
        let stepped = self.stepped(pid, scene, step);
        let ends = matches!(stepped.then, Then::Return(_) | Then::Exit(_));
        if ends {
            self.forget(pid);
        }
        Stepped { cost: Cost { operations: self.meter.operations(), micros: self.meter.micros() }, ..stepped }
    }

    fn stepped(&mut self, pid: Pid, scene: Scene, step: Step) -> Stepped {
        let begun = match step {
            Step::Init(spawn) => self.begin(pid, scene, &spawn),
            Step::Handle(letter) => {
                let from = Address { to: letter.from, call: letter.call };
                self.handle(pid, scene, Dynamic::from(from), from_json(&letter.message), None)
            }
            Step::Event(event) => match self.processes.get_mut(&pid) {
                Some(process) => {
                    let told = told(&mut process.refs, &scene, event);
                    let from = told.from.map_or(Dynamic::UNIT, Dynamic::from);
                    self.handle(pid, scene, from, told.message, told.then)
                }
                None => Err(unknown()),
            },
            Step::Resume { now, with } => self.resume(pid, now, with),
        };
        begun.unwrap_or_else(|reason| ended(Vec::new(), reason))
    }

    fn begin(&mut self, pid: Pid, scene: Scene, spawn: &Spawn) -> Result<Stepped, Reason> {
        if self.processes.len() >= MAX_PROCESSES {
            return Err(Reason::error("The engine holds as many processes as it may."));
        }
        let is_line = self.prompts.contains(&pid);
        let (program, line) = if is_line {
            let line = self.prompt.read(&self.rhai, &self.reader, &spawn.source).map_err(|why| Reason::error(&why))?;
            (Rc::clone(&line.program), Some(line))
        } else {
            let program = self.programs.read(&self.rhai, &self.reader, &spawn.source);
            (program.map_err(|why| Reason::error(&why))?, None)
        };
        let (name, params, gives) = match program.entry {
            Entry::Main(params) => ("main", params, Gives::Value),
            Entry::Serves(params) => ("init", params, Gives::State),
            Entry::Line => ("", 0, Gives::Value),
        };
        let args = || from_json(&Value::Array(spawn.args.clone()));
        let run = match line {
            Some(line) => Run::Line(line),
            None => Run::Function { name: name.to_owned(), args: (0..params).map(|_| args()).collect(), gives },
        };
        // Whoever else begins it has its text from somewhere: that makes it none of the person's.
        let trusted = is_line || scene.own && self.library.is_own(&spawn.source);
        let process = Process { program, trusted, state: Dynamic::UNIT, refs: Refs::new(), next_ref: 1, blocked: None };
        self.processes.insert(pid, process);
        self.run(pid, Blocked { run, scene, log: Log::new(), brought: 0, done: 0, operations: 0 })
    }

    fn handle(
        &mut self,
        pid: Pid,
        scene: Scene,
        from: Dynamic,
        message: Dynamic,
        then: Option<String>,
    ) -> Result<Stepped, Reason> {
        let process = self.processes.get(&pid).ok_or_else(unknown)?;
        let state = process.state.clone();
        let (name, args) = match then {
            Some(then) => (then, vec![state, message]),
            None => ("handle".to_owned(), vec![state, from, message]),
        };
        let run = Run::Function { name, args, gives: Gives::State };
        self.run(pid, Blocked { run, scene, log: Log::new(), brought: 0, done: 0, operations: 0 })
    }

    fn resume(&mut self, pid: Pid, now: u64, with: Brought) -> Result<Stepped, Reason> {
        let process = self.processes.get_mut(&pid).ok_or_else(unknown)?;
        let mut blocked = process.blocked.take().ok_or_else(unknown)?;
        // Of texts and numbers, so this cannot fail.
        blocked.brought += serde_json::to_vec(&with).map_or(0, |json| json.len());
        if blocked.brought > MAX_BROUGHT {
            return Err(Reason::Limit(Limit::Size));
        }
        blocked.log.push((now, with));
        self.run(pid, *blocked)
    }

    /// Runs a step, from its beginning.
    fn run(&mut self, pid: Pid, blocked: Blocked) -> Result<Stepped, Reason> {
        let process = self.processes.get_mut(&pid).ok_or_else(unknown)?;
        let Blocked { run, scene, log, brought, done, operations } = blocked;
        let mut turn = Turn::new(scene.clone(), Rc::clone(&process.program), Rc::clone(&self.library)).again(log, done);
        turn.trusted = process.trusted;
        turn.prompts = matches!(run, Run::Line(_));
        turn.receives = matches!(run, Run::Line(_) | Run::Function { gives: Gives::Value, .. });
        turn.refs.clone_from(&process.refs);
        turn.next_ref = process.next_ref;
        self.meter.begin(operations);
        *self.running.borrow_mut() = Some(turn);
        let outcome = match &run {
            Run::Line(line) => self.prompt.run(&self.rhai, line),
            Run::Function { name, args, .. } => {
                let options = CallFnOptions::new().eval_ast(false);
                let (mut scope, ast) = (Scope::new(), &process.program.ast);
                self.rhai.call_fn_with_options::<Dynamic>(options, &mut scope, ast, name, args.clone())
            }
        };
        let Some(mut turn) = self.running.borrow_mut().take() else {
            return Err(Reason::error("The engine lost what it ran."));
        };
        let acts = std::mem::take(&mut turn.acts);
        match (outcome, turn.end.take(), self.meter.over()) {
            // A word that ended the run is obeyed, even where a function of Rhai's own has passed over that.
            (_, Some(End::Exits(reason)), _) => Ok(ended(acts, reason)),
            (_, _, Some(limit)) => Ok(ended(acts, Reason::Limit(limit))),
            (_, Some(End::Wants(want)), _) => {
                let (done, operations) = (turn.acted(), self.meter.operations());
                process.blocked = Some(Box::new(Blocked { run, scene, log: turn.log, brought, done, operations }));
                Ok(Stepped { then: Then::Blocked(*want), ..Stepped::of(acts) })
            }
            (Err(error), None, _) => Ok(ended(acts, of_running(*error))),
            (Ok(value), None, _) => {
                process.refs = turn.refs;
                process.next_ref = turn.next_ref;
                Ok(match run {
                    Run::Function { gives: Gives::State, .. } => keep(process, acts, value),
                    Run::Function { gives: Gives::Value, .. } => returned(acts, &value),
                    Run::Line(line) => {
                        self.prompt.keep(&line);
                        returned(acts, &value)
                    }
                })
            }
        }
    }
}

fn ended(acts: Vec<Act>, reason: Reason) -> Stepped {
    Stepped { then: Then::Exit(reason), ..Stepped::of(acts) }
}

/// A step of a process that this engine does not hold: it was begun by one that broke, or is gone.
fn unknown() -> Reason {
    Reason::error("The engine knows no such process any more.")
}

/// What `main` or a line of the prompt gave back; where that cannot be sent it is shown as a text.
fn returned(acts: Vec<Act>, value: &Dynamic) -> Stepped {
    let value = match to_json(value, MAX_MESSAGE) {
        Ok(value) => value,
        Err(_) if value.is_array() || value.is_map() => {
            return ended(acts, Reason::error("What it returns is too long, or holds what cannot be sent."));
        }
        Err(_) => Value::String(value.to_string()),
    };
    Stepped { then: Then::Return(value), ..Stepped::of(acts) }
}

/// The state goes on to the next step, if it is no larger than states may be.
fn keep(process: &mut Process, acts: Vec<Act>, state: Dynamic) -> Stepped {
    if weigh(&state, MAX_STATE).is_none() {
        return ended(acts, Reason::Limit(Limit::Size));
    }
    process.state = state;
    Stepped::of(acts)
}
