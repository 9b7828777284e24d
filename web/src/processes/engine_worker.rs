//! The Worker in which programs run, started with the first of them. What it does not do in time, it does no more: then
//! it is ended with all that ran in it, and another takes its place.

use std::cell::RefCell;
use std::collections::VecDeque;

use serde_json::Value;
use shared::process::{Pid, Reason, Scene, Step, Stepped};
use shared::wire;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, MessageEvent, Worker};

use super::host::Host;
use super::own::Program;
use crate::clock;

/// Where the hub has it: one name for all versions, so that the first word of it tells which one it is.
const SCRIPT: &str = "/engine.js";

/// What this page and the Worker must agree on.
const VERSION: u64 = 1;

/// Steps that it is given at one time, and answers before it is given more.
const MAX_BATCH: usize = 16;

/// Nothing is heard for so long of a Worker that has something to do, in milliseconds, twice. It says each step as it is
/// done, which the engine ends after 200: what takes longer is a loop that the engine does not see. Twice, because the
/// page itself may have been asleep.
const PATIENCE: u64 = 1_000;

/// So long the script and its wasm may take to come, in milliseconds: half a megabyte over a bad network.
const PATIENCE_TO_COME: u64 = 60_000;

/// Ends within [`WITHIN`] after which programs are not begun any more until the person says otherwise.
const MAX_ENDS: usize = 3;
const WITHIN: u64 = 60_000;

const ENDED: &str = "the engine was ended";
const TOO_OFTEN: &str = "Programs were ended three times within a minute, and are not begun any more. The next line at \
                         the prompt begins them again.";
const MISSING: &str = "The part of this page that runs programs could not be loaded. Try again when the hub is there.";
const OTHER_VERSION: &str = "The hub has a newer version of this page. Load it again to run programs.";

/// The Worker, and what it has to do.
pub(crate) struct Engine {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    worker: Option<Running>,
    /// Messages for it that are not sent yet, as JSON, and whether that is a step.
    outgoing: VecDeque<(String, bool)>,
    /// The processes that it holds.
    held: Vec<Pid>,
    /// Steps that it was given and has not answered.
    out: usize,
    /// When the last of it was heard, or it was given something to do.
    heard_at: u64,
    /// Nothing was heard in time once.
    is_late: bool,
    ends: Vec<u64>,
    is_off: bool,
}

struct Running {
    worker: Worker,
    ready: bool,
    _heard: Closure<dyn Fn(MessageEvent)>,
    _broke: Closure<dyn Fn(Event)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // What it still says reaches nobody.
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Engine {
    pub(super) fn new() -> Self {
        Self { state: RefCell::default() }
    }

    /// Whether programs run here.
    pub(super) fn runs(&self) -> bool {
        self.state.borrow().worker.is_some()
    }

    /// The person wants programs to be begun again.
    pub(super) fn may_start(&self) {
        let mut state = self.state.borrow_mut();
        if std::mem::take(&mut state.is_off) {
            state.ends.clear();
        }
    }

    /// Runs a step of a process, which is a line of the prompt or not.
    pub(super) fn step(&self, host: &'static Host, pid: Pid, is_line: bool, scene: &Scene, step: &Step) {
        self.start(host);
        let mut state = self.state.borrow_mut();
        if state.worker.is_none() {
            drop(state);
            return host.engine_died(&[pid], if self.state.borrow().is_off { TOO_OFTEN } else { MISSING });
        }
        if is_line {
            state.outgoing.push_back((["{\"type\":\"prompt\",\"pid\":", &wire::encode(&pid), "}"].concat(), false));
        }
        let [scene, step] = [wire::encode(scene), wire::encode(step)];
        let message =
            ["{\"type\":\"step\",\"pid\":", &wire::encode(&pid), ",\"scene\":", &scene, ",\"step\":", &step, "}"];
        state.outgoing.push_back((message.concat(), true));
        if !state.held.contains(&pid) {
            state.held.push(pid);
        }
    }

    /// Lets go of what it holds of a process.
    pub(super) fn forget(&self, pid: Pid) {
        let mut state = self.state.borrow_mut();
        let held = state.held.len();
        state.held.retain(|known| *known != pid);
        if state.worker.is_some() && state.held.len() < held {
            state.outgoing.push_back((["{\"type\":\"forget\",\"pid\":", &wire::encode(&pid), "}"].concat(), false));
        }
    }

    /// One of the person's own programs, or no longer.
    pub(super) fn own(&self, name: &str, source: Option<&str>) {
        let mut state = self.state.borrow_mut();
        if state.worker.is_some() {
            state.outgoing.push_back((own(name, source), false));
        }
    }

    /// Gives it what has gathered, in one message, since each costs; no more than it is done with soon.
    pub(super) fn flush(&self) {
        let state = &mut *self.state.borrow_mut();
        let Some(Running { worker, ready: true, .. }) = &state.worker else { return };
        if state.out > 0 || state.outgoing.is_empty() {
            return;
        }
        let mut batch = Vec::new();
        while let Some((_, is_step)) = state.outgoing.front() {
            if *is_step && state.out == MAX_BATCH {
                break;
            }
            state.out += usize::from(*is_step);
            batch.extend(state.outgoing.pop_front().map(|(message, _)| message));
        }
        (state.heard_at, state.is_late) = (clock::now(), false);
        // A text can always be sent.
        let _ = worker.post_message(&JsValue::from_str(&["[", &batch.join(","), "]"].concat()));
    }

    /// When it has to be looked after, in milliseconds since 1970 UTC.
    pub(super) fn wake_at(&self) -> Option<u64> {
        let state = self.state.borrow();
        if state.worker.as_ref()?.ready {
            (state.out > 0).then_some(state.heard_at + PATIENCE)
        } else {
            Some(state.heard_at + PATIENCE_TO_COME)
        }
    }

    /// Ends it where it takes too long.
    pub(super) fn look_after(&self, host: &'static Host) {
        if self.wake_at().is_none_or(|at| at > clock::now()) {
            return;
        }
        let ready = self.is_ready();
        if ready && !std::mem::replace(&mut self.state.borrow_mut().is_late, true) {
            self.state.borrow_mut().heard_at = clock::now();
            return;
        }
        self.end(host, if ready { ENDED } else { MISSING });
    }

    fn is_ready(&self) -> bool {
        self.state.borrow().worker.as_ref().is_some_and(|worker| worker.ready)
    }

    /// Starts it, if it does not run.
    pub(super) fn start(&self, host: &'static Host) {
        let mut state = self.state.borrow_mut();
        if state.worker.is_some() || state.is_off {
            return;
        }
        // A browser that has none cannot run programs.
        let Ok(worker) = Worker::new(SCRIPT) else { return };
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(words) = event.data().as_string() {
                host.engine.heard(host, &words);
            }
        });
        let broke = Closure::<dyn Fn(Event)>::new(move |_| {
            host.engine.end(host, if host.engine.is_ready() { ENDED } else { MISSING });
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(broke.as_ref().unchecked_ref()));
        state.worker = Some(Running { worker, ready: false, _heard: heard, _broke: broke });
        state.heard_at = clock::now();
        state.outgoing = host.own.with_untracked(|programs| {
            programs.all().iter().map(|known| (own(&known.name, Some(&known.source)), false)).collect()
        });
    }

    fn heard(&self, host: &'static Host, words: &str) {
        let Ok(Value::Array(said)) = serde_json::from_str(words) else { return };
        {
            let state = &mut *self.state.borrow_mut();
            (state.heard_at, state.is_late) = (clock::now(), false);
        }
        for said in said {
            let pid = |said: &Value| said.get("pid").and_then(Value::as_str).and_then(|pid| pid.parse::<Pid>().ok());
            match said.get("type").and_then(Value::as_str).unwrap_or_default() {
                "ready" if said.get("version").and_then(Value::as_u64) == Some(VERSION) => {
                    if let Some(worker) = &mut self.state.borrow_mut().worker {
                        worker.ready = true;
                    }
                    let examples =
                        said.get("examples").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                    let text =
                        |example: &Value, name: &str| example.get(name).and_then(Value::as_str).map(str::to_owned);
                    let read =
                        |example| Some(Program { name: text(example, "name")?, source: text(example, "source")? });
                    host.examples.change(examples.iter().filter_map(read).collect());
                }
                "ready" => return self.end(host, OTHER_VERSION),
                "stepped" => {
                    let Some(pid) = pid(&said) else { continue };
                    let out = self.state.borrow().out;
                    self.state.borrow_mut().out = out.saturating_sub(1);
                    let stepped = said.get("stepped").cloned().unwrap_or_default();
                    match serde_json::from_value::<Stepped>(stepped) {
                        Ok(stepped) => host.stepped(pid, stepped),
                        Err(_) => host.engine_died(&[pid], OTHER_VERSION),
                    }
                }
                "crashed" => {
                    let pids = said.get("pids").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                    let pids: Vec<Pid> = pids.iter().filter_map(|pid| pid.as_str()?.parse().ok()).collect();
                    self.state.borrow_mut().held.retain(|held| !pids.contains(held));
                    host.engine_died(&pids, ENDED);
                }
                _ => {}
            }
        }
        host.look_on();
    }

    /// Ends the Worker, and all that ran in it.
    fn end(&self, host: &'static Host, why: &str) {
        let held = {
            let mut state = self.state.borrow_mut();
            let now = clock::now();
            state.ends.retain(|at| at + WITHIN > now);
            // One that never came has run nothing: the next program looks for it again.
            if why == ENDED {
                state.ends.push(now);
                state.is_off = state.ends.len() >= MAX_ENDS;
            }
            state.worker = None;
            state.outgoing.clear();
            (state.out, state.is_late) = (0, false);
            std::mem::take(&mut state.held)
        };
        if self.state.borrow().is_off {
            host.trouble.set(Some(TOO_OFTEN.to_owned()));
        } else if why != ENDED {
            host.trouble.set(Some(why.to_owned()));
        }
        host.engine_died(&held, why);
    }
}

fn own(name: &str, source: Option<&str>) -> String {
    ["{\"type\":\"own\",\"name\":", &wire::encode(&name), ",\"source\":", &wire::encode(&source), "}"].concat()
}

impl Host {
    fn stepped(&'static self, pid: Pid, stepped: Stepped) {
        self.core.borrow_mut().table.stepped(clock::now(), pid, stepped);
    }

    /// What has gathered is done.
    pub(super) fn look_on(&'static self) {
        self.table(|_, _| ());
    }

    fn engine_died(&'static self, pids: &[Pid], why: &str) {
        let reason = Reason::error(why);
        self.table(|table, now| table.crashed(now, pids, &reason));
    }

    /// Keeps a program of the person's own, or with no source lets go of it.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(crate) fn keep_program(&'static self, name: &str, source: Option<&str>) -> Result<(), String> {
        let kept = self.own.quietly(|own| match source {
            Some(source) => own.put(name, source),
            None => {
                own.remove(name);
                Ok(())
            }
        });
        kept?;
        self.engine.own(name, source);
        self.engine.flush();
        self.own.notify();
        let written = self.own.with_untracked(super::own::Own::written);
        if crate::storage::keep_programs(&written) {
            Ok(())
        } else {
            Err("This browser keeps nothing: the program is gone when you close this tab.".to_owned())
        }
    }
}
