//! How processes begin, take their steps, and end.

use serde_json::Value;

use super::process::{Born, Far, Inner, Leader, Phase, Process, Rest, Runner};
use super::timing::Timer;
use super::{Effect, RESERVED, Table};
use crate::message::ErrorCode;
use crate::node::is_process;
use crate::process::authority::Owner;
use crate::process::limits::{MAILBOX_PATIENCE, MAX_ACTS};
use crate::process::mailbox::Mail;
use crate::process::pid::Pid;
use crate::process::reason::{Fault, Limit, Reason};
use crate::process::signal::Signal;
use crate::process::step::{Brought, Scene, Spawn, Step, Stepped, Then};

/// Whose a new process is, and whom it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Parentage {
    pub(super) owner: Owner,
    pub(super) parent: Option<Far>,
    pub(super) leader: Option<Leader>,
    pub(super) born: Option<Born>,
}

impl Table {
    pub(super) fn enter(&mut self, process: Process) -> u64 {
        self.last_pid += 1;
        self.processes.insert(self.last_pid, process);
        self.last_pid
    }

    pub(super) fn named(&self, name: &str) -> Option<u64> {
        self.find_name(name).ok().map(|place| self.names[place].1)
    }

    fn find_name(&self, name: &str) -> Result<usize, usize> {
        self.names.binary_search_by(|(other, _)| other.as_str().cmp(name))
    }

    /// The process has that name, which is free.
    pub(super) fn name_process(&mut self, number: u64, name: &str) {
        if let (Err(place), Some(process)) = (self.find_name(name), self.processes.get_mut(&number)) {
            process.name = Some(name.to_owned());
            self.names.insert(place, (name.to_owned(), number));
        }
    }

    /// Whether that name is valid and free.
    pub(super) fn check_name(&self, name: &str) -> Result<(), Fault> {
        if !is_process(name) {
            let words = format!("“{name}” is no name for a process: those have 1 to 64 letters, digits, - or _.");
            return Err(Fault::new(ErrorCode::BadMessage, words));
        }
        if self.named(name).is_some() {
            return Err(Fault::new(
                ErrorCode::Busy,
                format!("There is a process called {name} on {} already.", self.name),
            ));
        }
        Ok(())
    }

    /// The same for a program, which may not have every name.
    pub(super) fn check_program_name(&self, name: &str) -> Result<(), Fault> {
        if RESERVED.contains(&name) {
            return Err(Fault::new(ErrorCode::NotAllowed, format!("No program may be called {name}.")));
        }
        self.check_name(name)
    }

    pub(super) fn check_room(&self) -> Result<(), Fault> {
        if self.processes.len() < self.bounds.processes {
            return Ok(());
        }
        let words = format!("{} has {} processes and takes no more.", self.name, self.bounds.processes);
        Err(Fault::new(ErrorCode::Busy, words))
    }

    /// One more of that owner.
    pub(super) fn check_guest(&self, owner: &Owner) -> Result<(), Fault> {
        if self.is_own(owner) {
            return Ok(());
        }
        let count = self.processes.values().filter(|process| process.owner == *owner).count();
        if count < self.bounds.guests {
            return Ok(());
        }
        let words = format!("{} has {count} processes of yours and takes no more.", self.name);
        Err(Fault::new(ErrorCode::Busy, words))
    }

    /// Begins a program: its first step goes out.
    pub(super) fn begin(&mut self, spawn: Spawn, parentage: Parentage) -> Result<u64, Fault> {
        self.check_room()?;
        self.check_guest(&parentage.owner)?;
        if let Some(name) = &spawn.name {
            self.check_program_name(name)?;
        }
        let mut process = Process::new(Runner::Program, &spawn.program, self.now);
        process.owner = parentage.owner;
        process.parent = parentage.parent;
        process.leader = parentage.leader;
        process.born = parentage.born;
        process.phase = Phase::Out;
        let number = self.enter(process);
        if let Some(name) = &spawn.name {
            self.name_process(number, name);
        }
        let lifetime = self.set(self.bounds.lifetime, Timer::Lifetime(number));
        if let Some(process) = self.processes.get_mut(&number) {
            process.lifetime = Some(lifetime);
        }
        self.step(number, Step::Init(spawn));
        Ok(number)
    }

    /// Sends a step out.
    fn step(&mut self, number: u64, step: Step) {
        let pid = self.pid(number);
        let seed = self.next();
        let own = self.processes.get(&number).is_some_and(|process| self.is_own(&process.owner));
        let scene = Scene { pid, node: self.name.clone(), now: self.now, seed: spread(number, seed, self.now), own };
        self.effects.push_back(Effect::Step { pid, scene, step });
    }

    /// What a blocked step waited for is here.
    pub(super) fn resume(&mut self, number: u64, with: Brought) {
        let Some(process) = self.processes.get_mut(&number) else { return };
        process.phase = Phase::Out;
        let receiving = process.receiving.take();
        self.unset(receiving);
        let now = self.now;
        self.step(number, Step::Resume { now, with });
    }

    pub(super) fn bring_look(&mut self, pid: Pid, value: Value) {
        if let Some(number) = self.alive(pid)
            && self.processes.get(&number).is_some_and(|process| process.phase == Phase::Looking)
        {
            self.resume(number, Brought::Value(value));
        }
    }

    pub(super) fn step_done(&mut self, pid: Pid, stepped: Stepped) {
        let Some(number) = self.alive(pid) else { return };
        let Some(process) = self.processes.get_mut(&number) else { return };
        match &mut process.runner {
            Runner::Program if process.phase == Phase::Out => process.phase = Phase::Idle,
            Runner::Host { out, .. } => *out = out.saturating_sub(1),
            Runner::Program | Runner::Node | Runner::Supervisor(_) | Runner::Lead(_) => return,
        }
        if stepped.acts.len() > MAX_ACTS {
            return self.die(number, Reason::Limit(Limit::Acts));
        }
        process.todo.extend(stepped.acts);
        if !matches!((&process.then, &stepped.then), (Some(_), Then::Wait)) {
            process.then = Some(Box::new(stepped.then));
        }
        self.advance(number);
    }

    /// Does what is to be done of the last step, as far as there is room, and then takes the next message.
    pub(super) fn advance(&mut self, number: u64) {
        loop {
            let Some(process) = self.processes.get(&number) else { return };
            if process.rests != Rest::No {
                return;
            }
            if !self.has_way(number) {
                return;
            }
            let Some(process) = self.processes.get_mut(&number) else { return };
            if let Some(act) = process.todo.pop_front() {
                self.act(number, act);
            } else if let Some(then) = process.then.take() {
                self.conclude(number, *then);
            } else {
                return self.dispatch(number);
            }
        }
    }

    /// The next message, where it can be taken.
    pub(super) fn dispatch(&mut self, number: u64) {
        loop {
            let Some(process) = self.processes.get_mut(&number) else { return };
            let ready = match &process.runner {
                Runner::Program => {
                    matches!(process.phase, Phase::Idle | Phase::Receiving)
                        && process.todo.is_empty()
                        && process.then.is_none()
                }
                Runner::Host { at_once, out } => out < at_once && process.todo.is_empty() && process.then.is_none(),
                // It takes what comes, and does nothing about it.
                Runner::Supervisor(_) => true,
                Runner::Node | Runner::Lead(_) => false,
            };
            if !ready || process.rests != Rest::No {
                return;
            }
            let Some(mail) = process.mailbox.pop() else { return };
            let receiving = process.phase == Phase::Receiving;
            match &mut process.runner {
                Runner::Program => process.phase = Phase::Out,
                Runner::Host { out, .. } => *out += 1,
                Runner::Supervisor(_) | Runner::Node | Runner::Lead(_) => {}
            }
            let host = matches!(process.runner, Runner::Host { .. });
            let program = matches!(process.runner, Runner::Program);
            self.caught_up(number);
            if receiving {
                let brought = match mail {
                    Mail::Letter(letter) => Brought::Letter(letter),
                    Mail::Event(event) => Brought::Event(event),
                };
                self.resume(number, brought);
                continue;
            }
            let step = match mail {
                Mail::Letter(letter) => Step::Handle(letter),
                Mail::Event(event) => Step::Event(event),
            };
            if host {
                let pid = self.pid(number);
                self.effects.push_back(Effect::Host { pid, step });
            } else if program {
                self.step(number, step);
            }
        }
    }

    /// A mailbox is more than half full: it has so long to become less so.
    pub(super) fn wait_for(&mut self, number: u64) {
        if self.processes.get(&number).is_some_and(|process| process.patience.is_none()) {
            let key = self.set(MAILBOX_PATIENCE, Timer::Patience(number));
            if let Some(process) = self.processes.get_mut(&number) {
                process.patience = Some(key);
            }
        }
    }

    /// Gives the windows back that were held, once the mailbox is half empty.
    fn caught_up(&mut self, number: u64) {
        let Some(process) = self.processes.get_mut(&number) else { return };
        if process.mailbox.is_over_half() {
            return;
        }
        let patience = process.patience.take();
        let held = process.mailbox.release();
        let resting = std::mem::take(&mut process.resting);
        self.unset(patience);
        for (node, count, bytes) in held {
            self.give_back(&node, count, bytes);
        }
        self.wake(resting);
    }

    /// The process ends. It is gone first, and then its ties are told: so a circle of links ends each once.
    pub(super) fn die(&mut self, number: u64, reason: Reason) {
        let Some(mut process) = self.processes.remove(&number) else { return };
        let pid = self.pid(number);
        if let Some(name) = &process.name
            && let Ok(place) = self.find_name(name)
        {
            self.names.remove(place);
        }
        let timers = process.timers.iter().map(|(_, key)| *key);
        let own = [process.lifetime, process.patience, process.receiving].into_iter().flatten();
        for key in timers.chain(own) {
            self.timers.remove(&key);
        }
        match &mut process.runner {
            Runner::Program | Runner::Host { .. } => self.effects.push_back(Effect::Forget { pid }),
            Runner::Supervisor(supervising) => {
                self.restarts += u64::from(supervising.supervisor.restarts());
                let timer = supervising.timer;
                self.unset(timer);
                // Whatever ended it, none of its children goes on without it.
                for child in supervising.children.iter().flatten() {
                    self.die(*child, Reason::Killed);
                }
            }
            Runner::Lead(lead) => {
                let (ask, timer) = (lead.ask, lead.timer);
                self.leads.remove(&ask);
                self.unset(timer);
            }
            Runner::Node => {}
        }
        for (node, count, bytes) in process.mailbox.release() {
            self.give_back(&node, count, bytes);
        }
        self.wake(std::mem::take(&mut process.resting));
        if let Some(Born::Supervise { call }) = process.born {
            self.end_call(call, Err(Fault::exited(reason.clone())));
        }
        self.end_calls(pid, process.calls, process.unanswered, &reason);
        self.end_watching(number, process.watchers, process.monitors, &reason);
        for link in process.links {
            let exit = Signal::Exit { from: pid, to: link.pid, reason: reason.clone(), guest: false };
            self.owed(link.node.as_ref(), exit);
        }
        if let Some((supervisor, child)) = process.child_of {
            self.inner.push_back(Inner::ChildEnded { supervisor, child, reason });
        }
    }
}

/// A number that looks like chance, another for each step (SplitMix64's last part).
fn spread(number: u64, step: u64, now: u64) -> u64 {
    let z = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ step.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ now;
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
