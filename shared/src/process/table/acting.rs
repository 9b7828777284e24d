//! What processes do: the acts of a step one by one, and how it goes on behind them.

use serde_json::{Value, json};

use super::calling::Waiter;
use super::peers::Way;
use super::process::{Born, Leader, Phase, Rest, Runner};
use super::timing::Timer;
use super::watching::By;
use super::{Effect, Table, Wish};
use crate::message::ErrorCode;
use crate::node::NodeName;
use crate::process::limits::{MAX_PRINT, MAX_TIMERS, MAX_WATCHES, check_message};
use crate::process::pid::{Address, Target};
use crate::process::reason::{Fault, Limit, Reason};
use crate::process::signal::Signal;
use crate::process::step::{Act, Brought, CallRef, Event, Look, Then, Want};

impl Table {
    /// Whether the next act, or the want behind the acts, has room where it goes to. Otherwise the process rests until it
    /// has: it sends nothing and takes nothing.
    pub(super) fn has_way(&mut self, number: u64) -> bool {
        let Some(process) = self.processes.get(&number) else { return false };
        let (node, target) = match (process.todo.front(), process.then.as_deref()) {
            (Some(Act::Send { to, .. } | Act::Request { to, .. }), _)
            | (None, Some(Then::Blocked(Want::Call { to, .. }))) => (&to.node, Some(&to.target)),
            (Some(Act::Monitor { of: to, .. } | Act::Link { to } | Act::Unlink { to } | Act::Exit { to, .. }), _) => {
                (&to.node, None)
            }
            (Some(Act::MonitorNode { node, .. }), _)
            | (None, Some(Then::Blocked(Want::Spawn { node, .. } | Want::Rpc { node, .. }))) => (node, None),
            (Some(Act::Print { .. }), _) => match &process.leader {
                Some(Leader::There(leader)) => (&leader.node, None),
                _ => return true,
            },
            _ => return true,
        };
        let far = self.far(node);
        match (far, target) {
            (Some(node), _) => {
                if !self.online || self.has_room(&node) {
                    return true;
                }
                self.rest(number, Rest::Window);
                self.rest_for(&node, number);
                false
            }
            (None, Some(target)) => {
                let crowded = self.resolve(target).filter(|to| *to != number);
                let Some(neighbour) = crowded.and_then(|to| self.processes.get_mut(&to)) else { return true };
                if !neighbour.mailbox.is_over_half() {
                    return true;
                }
                neighbour.resting.push(number);
                self.rest(number, Rest::Mailbox);
                false
            }
            (None, None) => true,
        }
    }

    fn rest(&mut self, number: u64, on: Rest) {
        if let Some(process) = self.processes.get_mut(&number) {
            process.rests = on;
        }
    }

    pub(super) fn act(&mut self, number: u64, act: Act) {
        let Some(process) = self.processes.get(&number) else { return };
        let owner = process.owner.clone();
        let from = self.pid(number);
        let done = match act {
            Act::Send { to, message } => self.send(number, &to, message, Way::Owed).map_err(|fault| fault.message),
            Act::Request { r#ref, to, message, within } => {
                if let Err(fault) = self.call(Waiter::Request(number, r#ref), number, &to, message, within) {
                    self.tell(number, Event::Answer { r#ref, result: Err(fault) });
                }
                Ok(())
            }
            Act::Reply { call, result } => {
                let result = result.map_err(|words| Fault::new(ErrorCode::BadMessage, Reason::words(&words)));
                if !self.reply(Some(number), call, result) {
                    self.print(number, "An answer was passed over: nobody waits for it any more.".to_owned());
                }
                Ok(())
            }
            Act::Register { name } => self.register(number, &name).map_err(|fault| fault.message),
            Act::Monitor { r#ref, of } => self.watch(number, r#ref, &of.node.clone(), Some(of.target)),
            Act::MonitorNode { r#ref, node } => self.watch(number, r#ref, &node, None),
            Act::Demonitor { r#ref } => {
                let monitors = self.processes.get(&number).map(|process| process.monitors.clone()).unwrap_or_default();
                for (_, wire) in monitors.into_iter().filter(|(own, _)| *own == r#ref) {
                    self.demonitor(wire);
                }
                Ok(())
            }
            Act::Link { to } => match self.link(number, &to) {
                Ok(()) => Ok(()),
                Err(words) => return self.die(number, Reason::error(words)),
            },
            Act::Unlink { to } => {
                self.unlink(number, &to);
                Ok(())
            }
            Act::Exit { to, reason } => {
                self.exit(&owner, from, &to, reason);
                Ok(())
            }
            Act::Trap { on } => {
                if let Some(process) = self.processes.get_mut(&number) {
                    process.trap = on;
                }
                Ok(())
            }
            Act::Print { text } => return self.act_print(number, text),
            Act::After { r#ref, ms, message } => self.after(number, r#ref, ms, message),
            Act::Cancel { r#ref } => {
                if let Some(process) = self.processes.get_mut(&number)
                    && let Some(place) = process.timers.iter().position(|(own, _)| *own == r#ref)
                {
                    let (_, key) = process.timers.swap_remove(place);
                    self.unset(Some(key));
                }
                Ok(())
            }
            Act::Watch { prefix } => match self.processes.get_mut(&number) {
                Some(process) if process.watches.contains(&prefix) => Ok(()),
                Some(process) if process.watches.len() >= MAX_WATCHES => {
                    Err(format!("A process watches at most {MAX_WATCHES} prefixes."))
                }
                Some(process) => {
                    process.watches.push(prefix);
                    Ok(())
                }
                None => Ok(()),
            },
        };
        if let Err(words) = done {
            self.die(number, Reason::error(&words));
        }
    }

    /// A message, and no answer.
    pub(super) fn send(&mut self, number: u64, to: &Address, message: Value, way: Way) -> Result<(), Fault> {
        let Some(process) = self.processes.get(&number) else { return Ok(()) };
        check_message(&message)?;
        let owner = process.owner.clone();
        let node = self.far(&to.node);
        if self.is_message_server(node.as_ref(), &to.target) {
            self.request(Waiter::Nobody, number, message, crate::process::limits::MAX_WITHIN)?;
            self.sent(way);
            return Ok(());
        }
        if let (Way::Ask(_), None) = (way, &node)
            && let Some(neighbour) = self.resolve(&to.target).and_then(|to| self.processes.get(&to))
            && neighbour.mailbox.is_over_half()
        {
            // The app cannot rest as a process does.
            let words = format!("{} has not taken what it was sent: wait for it.", to.target);
            return Err(Fault::new(ErrorCode::Busy, words));
        }
        let from = self.pid(number);
        let guest = !self.is_own(&owner);
        let send = Signal::Send { from, to: to.target.clone(), message, guest };
        self.route(&owner, node.as_ref(), send, way);
        Ok(())
    }

    fn register(&mut self, number: u64, name: &str) -> Result<(), Fault> {
        match self.processes.get(&number).and_then(|process| process.name.as_deref()) {
            Some(own) if own == name => return Ok(()),
            Some(own) => {
                return Err(Fault::new(ErrorCode::Busy, format!("The process is called {own} already.")));
            }
            None => {}
        }
        self.check_program_name(name)?;
        self.name_process(number, name);
        Ok(())
    }

    fn watch(&mut self, number: u64, own: u64, node: &NodeName, of: Option<Target>) -> Result<(), String> {
        if !self.may_monitor(number) {
            return Err("The process watches as much as it may.".to_owned());
        }
        let from = self.pid(number);
        self.monitor(By::Process(number, own), from, node, of);
        Ok(())
    }

    fn after(&mut self, number: u64, own: u64, ms: u64, message: Value) -> Result<(), String> {
        check_message(&message).map_err(|fault| fault.message)?;
        if self.processes.get(&number).is_some_and(|process| process.timers.len() >= MAX_TIMERS) {
            return Err(format!("A process has at most {MAX_TIMERS} timers."));
        }
        let key = self.set(ms, Timer::After { process: number, own, message });
        if let Some(process) = self.processes.get_mut(&number) {
            process.timers.push((own, key));
        }
        Ok(())
    }

    fn act_print(&mut self, number: u64, mut text: String) {
        text.truncate(text.floor_char_boundary(MAX_PRINT));
        let now = self.now;
        let Some(process) = self.processes.get_mut(&number) else { return };
        let within = process.printed.take(now, text.len() as u64) && process.lines.take(now, 1);
        if within || !matches!(process.runner, Runner::Program) {
            self.print(number, text);
        } else {
            self.die(number, Reason::Limit(Limit::Output));
        }
    }

    /// How it goes on behind the acts of a step.
    pub(super) fn conclude(&mut self, number: u64, then: Then) {
        match then {
            Then::Wait => self.is_born(number),
            Then::Return(value) => {
                let born = self.processes.get_mut(&number).and_then(|process| process.born.take());
                if let Some(Born::Rpc { call }) = born {
                    self.reply(None, CallRef(call), Ok(json!({ "value": value })));
                } else if let Some(process) = self.processes.get_mut(&number) {
                    process.born = born;
                    self.is_born(number);
                }
                self.die(number, Reason::Normal);
            }
            Then::Exit(reason) => self.die(number, reason),
            Then::Blocked(want) => {
                self.is_born(number);
                self.want(number, want);
            }
        }
    }

    fn want(&mut self, number: u64, want: Want) {
        let Some(process) = self.processes.get_mut(&number) else { return };
        if !matches!(process.runner, Runner::Program) {
            return self.die(number, Reason::error("Only a program's step can wait."));
        }
        process.phase = Phase::Blocked;
        let waiter = Waiter::Blocked(number);
        let begun = match want {
            Want::Call { to, message, within } => self.call(waiter, number, &to, message, within),
            Want::Ping { node } => self.ping(waiter, &node),
            Want::Spawn { node, spawn } => self.spawn(waiter, number, None, &node, &spawn),
            Want::Rpc { node, spawn } => self.rpc(waiter, number, &node, &spawn, crate::process::limits::MAX_WITHIN),
            Want::Supervise { plan } => self.supervise(waiter, number, plan),
            Want::Put { key, value, version } => self.put(waiter, number, Wish { key, value: Some(value), version }),
            Want::Remove { key, version } => self.put(waiter, number, Wish { key, value: None, version }),
            Want::Receive { until } => return self.receive(number, until),
            Want::Look(Look::Whereis { name }) => {
                let address = self.named(&name).map(|number| Value::from(self.address(number).to_string()));
                return self.resume(number, Brought::Value(address.unwrap_or_default()));
            }
            Want::Look(look) => {
                process.phase = Phase::Looking;
                let pid = self.pid(number);
                self.effects.push_back(Effect::Look { pid, look });
                return;
            }
        };
        if let Err(fault) = begun {
            self.resume(number, Brought::Fault(fault));
        }
    }

    fn receive(&mut self, number: u64, until: Option<u64>) {
        let now = self.now;
        let key = until.map(|until| self.set(until.saturating_sub(now), Timer::Receive(number)));
        if let Some(process) = self.processes.get_mut(&number) {
            process.phase = Phase::Receiving;
            process.receiving = key;
        }
    }
}
