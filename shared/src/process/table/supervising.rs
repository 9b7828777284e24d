//! Supervisors as processes: the pure [`Supervisor`] says what, and here it is done.

use super::Table;
use super::calling::{Waiter, What};
use super::life::Parentage;
use super::process::{Born, Far, Process, Runner, Supervising};
use super::spawning::check_spawn;
use super::timing::Timer;
use crate::message::ErrorCode;
use crate::process::limits::MAX_WITHIN;
use crate::process::reason::{Fault, Reason};
use crate::process::supervisor::{Order, Plan, Supervisor};
use serde_json::json;

impl Table {
    /// Begins a supervisor for a process or ask. It and whoever it was begun by end together.
    pub(super) fn supervise(&mut self, waiter: Waiter, by: u64, plan: Plan) -> Result<(), Fault> {
        let Some(parent) = self.processes.get(&by) else { return Ok(()) };
        let (owner, leader) = (parent.owner.clone(), parent.leader.clone());
        for child in &plan.children {
            check_spawn(&child.spawn)?;
        }
        let supervisor = Supervisor::new(plan).map_err(|words| Fault::new(ErrorCode::BadMessage, words))?;
        self.check_room()?;
        self.check_guest(&owner)?;
        let from = self.pid(by);
        let call = self.wait_for_call(waiter, None, What::Supervise { by: from }, MAX_WITHIN)?;
        let children = vec![None; supervisor.plan().children.len()];
        let supervising = Supervising { supervisor, children, timer: None };
        let mut process = Process::new(Runner::Supervisor(Box::new(supervising)), "supervisor", self.now);
        process.owner = owner;
        process.leader = leader;
        process.parent = Some(Far { node: None, pid: from });
        process.born = Some(Born::Supervise { call });
        let number = self.enter(process);
        self.obey(number);
        Ok(())
    }

    fn supervising(&mut self, number: u64) -> Option<&mut Supervising> {
        match &mut self.processes.get_mut(&number)?.runner {
            Runner::Supervisor(supervising) => Some(supervising),
            Runner::Node | Runner::Program | Runner::Host { .. } | Runner::Lead(_) => None,
        }
    }

    /// Does what the supervisor says until it waits for a child.
    fn obey(&mut self, number: u64) {
        loop {
            let now = self.now;
            let Some(supervising) = self.supervising(number) else { return };
            let orders = supervising.supervisor.orders(now);
            if orders.is_empty() {
                break;
            }
            for order in orders {
                self.carry_out(number, order);
            }
        }
        let now = self.now;
        let Some(supervising) = self.supervising(number) else { return };
        let settled = supervising.supervisor.is_settled();
        let (timer, wake) = (supervising.timer.take(), supervising.supervisor.wake_at());
        self.unset(timer);
        if let Some(wake) = wake {
            let timer = self.set(wake.saturating_sub(now), Timer::Supervisor(number));
            if let Some(supervising) = self.supervising(number) {
                supervising.timer = Some(timer);
            }
        }
        if settled {
            self.supervisor_is_up(number);
        }
    }

    fn carry_out(&mut self, number: u64, order: Order) {
        let now = self.now;
        let from = self.address(number);
        match order {
            Order::Start(child) => {
                let Some(process) = self.processes.get(&number) else { return };
                let (owner, leader) = (process.owner.clone(), process.leader.clone());
                let Some(supervising) = self.supervising(number) else { return };
                let spawn = supervising.supervisor.plan().children[child].spawn.clone();
                let parent = from.pid().map(|pid| Far { node: None, pid });
                let parentage = Parentage { owner, parent, leader, born: Some(Born::Child) };
                match self.begin(spawn, parentage) {
                    Ok(begun) => {
                        if let Some(process) = self.processes.get_mut(&begun) {
                            process.child_of = Some((number, child));
                        }
                        if let Some(supervising) = self.supervising(number) {
                            supervising.children[child] = Some(begun);
                        }
                    }
                    Err(fault) => {
                        self.print(number, fault.message);
                        if let Some(supervising) = self.supervising(number) {
                            supervising.supervisor.started(now, child, false);
                        }
                    }
                }
            }
            Order::Stop(child, reason) => {
                let there = self.supervising(number).and_then(|supervising| supervising.children[child]);
                match there {
                    Some(there) if reason == Reason::Killed => self.die(there, reason),
                    Some(there) => self.wish_end(there, from, reason),
                    None => {
                        if let Some(supervising) = self.supervising(number) {
                            supervising.supervisor.ended(now, child, &reason);
                        }
                    }
                }
            }
            Order::End(reason) => self.die(number, reason),
        }
    }

    /// All children have started: whoever waits for it is told, and the two are linked.
    fn supervisor_is_up(&mut self, number: u64) {
        let pid = self.pid(number);
        let Some(process) = self.processes.get_mut(&number) else { return };
        let Some(Born::Supervise { call }) = process.born else { return };
        process.born = None;
        if let Some(parent) = process.parent.clone() {
            self.add_link(pid, parent);
        }
        if self.calls.contains_key(&call) {
            self.end_call(call, Ok(json!({ "pid": pid.to_string() })));
        } else {
            self.stop_supervisor(number, &Reason::Shutdown);
        }
    }

    pub(super) fn child_started(&mut self, number: u64, child: usize) {
        let now = self.now;
        if let Some(supervising) = self.supervising(number) {
            supervising.supervisor.started(now, child, true);
            self.obey(number);
        }
    }

    pub(super) fn child_ended(&mut self, number: u64, child: usize, reason: &Reason) {
        let now = self.now;
        if let Some(supervising) = self.supervising(number) {
            supervising.children[child] = None;
            supervising.supervisor.ended(now, child, reason);
            self.obey(number);
        }
    }

    pub(super) fn stop_supervisor(&mut self, number: u64, reason: &Reason) {
        let reason = if *reason == Reason::Normal { &Reason::Shutdown } else { reason };
        if let Some(supervising) = self.supervising(number) {
            supervising.supervisor.stop(reason);
            self.obey(number);
        }
    }

    pub(super) fn supervisor_overdue(&mut self, number: u64) {
        let now = self.now;
        let Some(supervising) = self.supervising(number) else { return };
        supervising.timer = None;
        for order in supervising.supervisor.overdue(now) {
            self.carry_out(number, order);
        }
        self.obey(number);
    }
}
