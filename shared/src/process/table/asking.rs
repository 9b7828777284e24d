//! What the app itself asks: the console, a native node's code.

use super::calling::Waiter;
use super::peers::Way;
use super::process::{Lead, Leader, Process, Runner};
use super::timing::Timer;
use super::watching::By;
use super::{Ask, Effect, NODE, Table};
use crate::message::ErrorCode;
use crate::node::NodeName;
use crate::process::authority::Owner;
use crate::process::pid::{Address, Pid};
use crate::process::reason::{Fault, Reason};
use crate::process::step::Spawn;
use serde_json::Value;

/// Pids of leaders have numbers from here on, and are drawn among as many.
const LEADS: u64 = 1 << 52;

impl Table {
    pub(super) fn begin_ask(&mut self, ask: u64, by: Option<Pid>, wish: Ask) {
        let by = match by {
            Some(by) => self.alive(by),
            None => self.named(NODE),
        };
        let Some(by) = by else {
            return self.refuse(ask, Fault::new(ErrorCode::NoSuchProcess, "The process that asks has ended."));
        };
        let from = self.pid(by);
        let waiter = Waiter::Ask(ask);
        let begun = match wish {
            Ask::Ping { node } => self.ping(waiter, &node),
            Ask::Send { to, message } => self.send(by, &to, message, Way::Ask(ask)),
            Ask::Call { to, message, within } => self.call(waiter, by, &to, message, within),
            Ask::Monitor { of } => {
                self.monitor(By::Ask(ask), from, &of.node.clone(), Some(of.target));
                Ok(())
            }
            Ask::MonitorNode { node } => {
                self.monitor(By::Ask(ask), from, &node, None);
                Ok(())
            }
            Ask::Spawn { node, spawn } => self.lead(ask, false, spawn.leader.as_ref()).and_then(|by| {
                let spawn = Spawn { rpc: false, ..spawn };
                self.spawn(waiter, by, Some(ask), &node, &spawn)
            }),
            Ask::Rpc { node, spawn, within } => {
                let by = self.lead(ask, true, spawn.leader.as_ref());
                by.and_then(|by| self.rpc(waiter, by, &node, &spawn, within))
            }
            Ask::Supervise { plan } => self.lead(ask, false, None).and_then(|by| self.supervise(waiter, by, plan)),
            Ask::Exit { to, reason } => {
                self.exit(&Owner::Here, from, &to, reason);
                Ok(())
            }
            Ask::Link { to } => match self.link(by, &to) {
                Ok(()) => {
                    self.ask_ended(ask, Ok(Value::Null));
                    Ok(())
                }
                Err(words) => {
                    let code = if to.pid().is_none() { ErrorCode::BadMessage } else { ErrorCode::Busy };
                    Err(Fault::new(code, words))
                }
            },
            Ask::Unlink { to } => {
                self.unlink(by, &to);
                self.ask_ended(ask, Ok(Value::Null));
                Ok(())
            }
            Ask::Lead => self.lead(ask, false, None).map(|_| ()),
        };
        if let Err(fault) = begun {
            self.refuse(ask, fault);
        }
    }

    fn refuse(&mut self, ask: u64, fault: Fault) {
        self.ask_ended(ask, Err(fault));
    }

    /// A process that is the ask: a leader, and the other end of links.
    fn lead(&mut self, ask: u64, for_answer: bool, leader: Option<&Address>) -> Result<u64, Fault> {
        self.check_room()?;
        let lead = Lead::new(ask, for_answer, self.now);
        let number = self.enter_lead(Process::new(Runner::Lead(lead), NODE, self.now));
        let leader = match leader {
            Some(leader) => self.leader_at(leader.clone()),
            None => Leader::Here(self.pid(number)),
        };
        if let Some(process) = self.processes.get_mut(&number) {
            process.leader = Some(leader);
        }
        self.leads.insert(ask, number);
        Ok(number)
    }

    fn enter_lead(&mut self, process: Process) -> u64 {
        let Some(chance) = self.chance else { return self.enter(process) };
        // None that is counted up to, and none that JavaScript's numbers do not hold.
        let mut number = LEADS | (chance() & (LEADS - 1));
        while self.processes.contains_key(&number) {
            number = LEADS | ((number + 1) & (LEADS - 1));
        }
        self.processes.insert(number, process);
        number
    }

    pub(super) fn ask_ended(&mut self, ask: u64, result: Result<Value, Fault>) {
        let lead = self.leads.get(&ask).copied();
        let done = lead.filter(|number| match self.processes.get(number).map(|process| &process.runner) {
            Some(Runner::Lead(lead)) => lead.for_answer || result.is_err(),
            _ => true,
        });
        if let Some(number) = done {
            self.say_left_out(number);
        }
        self.effects.push_back(Effect::Answered { ask, result });
        if let Some(number) = done {
            self.die(number, Reason::Normal);
        }
    }

    pub(super) fn close_ask(&mut self, ask: u64) {
        let watched: Vec<u64> =
            self.monitors.iter().filter(|(_, watch)| watch.by == By::Ask(ask)).map(|(id, _)| *id).collect();
        for monitor in watched {
            self.demonitor(monitor);
        }
        let lead = self.leads.get(&ask).map(|number| self.pid(*number));
        for call in self.calls.values_mut().filter(|call| call.waiter == Waiter::Ask(ask)) {
            // A process that is on its way here has nobody to be linked with.
            call.waiter = match (lead, &call.what) {
                (
                    Some(lead),
                    super::calling::What::Spawn { link: true, .. } | super::calling::What::Supervise { .. },
                ) => Waiter::Orphaned(lead, Reason::Killed),
                _ => Waiter::Nobody,
            };
        }
        if let Some(lead) = lead {
            // What runs here for that ask alone.
            let own: Vec<u64> = self
                .unanswered
                .iter()
                .filter(|(_, call)| call.node.is_none() && call.from == lead)
                .map(|(id, _)| *id)
                .collect();
            for call in own {
                self.abandon(call, &Reason::Killed);
            }
            self.die(lead.number(), Reason::Killed);
        }
    }

    /// Output, for an ask that leads.
    pub(super) fn show(&mut self, node: Option<&NodeName>, from: Pid, to: Pid, text: String) {
        let from = Address::of(from, self.near(node));
        let now = self.now;
        let lead = self.alive(to).and_then(|number| self.processes.get_mut(&number)).map(|process| &mut process.runner);
        let Some(Runner::Lead(lead)) = lead else {
            self.odd += 1;
            return;
        };
        if lead.shown.take(now, text.len() as u64) {
            let ask = lead.ask;
            self.say_left_out(to.number());
            self.effects.push_back(Effect::Printed { ask, from, text });
            return;
        }
        lead.left_out += 1;
        if lead.timer.is_none() {
            let key = self.set(1000, Timer::Lead(to.number()));
            if let Some(Runner::Lead(lead)) = self.processes.get_mut(&to.number()).map(|process| &mut process.runner) {
                lead.timer = Some(key);
            }
        }
    }

    /// Says how many lines were too many, if any were.
    pub(super) fn say_left_out(&mut self, number: u64) {
        let from = self.address(number);
        let Some(Runner::Lead(lead)) = self.processes.get_mut(&number).map(|process| &mut process.runner) else {
            return;
        };
        let timer = lead.timer.take();
        let left_out = std::mem::take(&mut lead.left_out);
        let ask = lead.ask;
        self.unset(timer);
        if left_out > 0 {
            self.effects.push_back(Effect::Printed { ask, from, text: format!("… {left_out} lines more") });
        }
    }
}
