//! Supervisors: which children are started and stopped, when, and when to give up. Knows no table and no clock.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::limits::{MAX_CHILDREN, MAX_RESTARTS};
use super::reason::Reason;
use super::step::Spawn;

/// What a supervisor watches over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub strategy: Strategy,
    /// More restarts than that within `within` milliseconds, and the supervisor itself ends with `restarts`. At most
    /// [`super::limits::MAX_RESTARTS`].
    #[serde(default = "max_restarts")]
    pub max_restarts: u32,
    /// Milliseconds, at least one: else a child that cannot be started would be, for ever.
    #[serde(default = "within")]
    pub within: u32,
    /// At most [`super::limits::MAX_CHILDREN`]; started in this order, stopped in the reverse of it.
    pub children: Vec<Child>,
}

/// Erlang's own defaults are one in five seconds; three leave room for a crash at each of three callers.
fn max_restarts() -> u32 {
    3
}

fn within() -> u32 {
    5_000
}

/// One child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Child {
    /// What reports call it; each of a plan's is another.
    pub id: String,
    pub spawn: Spawn,
    #[serde(default)]
    pub restart: Restart,
    /// Milliseconds that it has to end after it was asked to; then, or at once where it is 0, it is killed.
    #[serde(default = "shutdown")]
    pub shutdown: u32,
}

fn shutdown() -> u32 {
    5_000
}

/// Whom the end of a child takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Nobody.
    OneForOne,
    /// All others.
    OneForAll,
    /// Those that were started after it.
    RestForOne,
}

/// After which ends a child is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// Every one.
    #[default]
    Permanent,
    /// Those that are not `normal` or `shutdown`.
    Transient,
    /// None.
    Temporary,
}

/// What is to be done with a child, by its place in the plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Tell [`Supervisor::started`] how it went.
    Start(usize),
    /// Ask it to end; [`Supervisor::ended`] hears that it has.
    Stop(usize, Reason),
    /// No child is left, and the supervisor ends.
    End(Reason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not there, and nobody means to start it.
    Down,
    /// To be started when its turn comes.
    Due,
    /// Its first step runs.
    Starting,
    Up,
    /// There, and to be stopped when its turn comes.
    Leaving,
    /// Asked to end.
    Stopping,
}

/// A supervisor at work. It does one thing after the other: first whom it stops, the latest first; then whom it starts.
#[derive(Clone, Debug)]
pub struct Supervisor {
    plan: Plan,
    states: Vec<State>,
    /// Which are to be started again once they have stopped.
    again: Vec<bool>,
    /// When children were started anew, oldest first; those of the last `within` milliseconds.
    restarts: VecDeque<u64>,
    /// How often, in all.
    count: u32,
    /// Until when the child that was asked to end has time.
    patience: Option<u64>,
    /// Why it ends, when all have stopped.
    ending: Option<Reason>,
    ended: bool,
}

impl Supervisor {
    /// Its first [`orders`](Self::orders) start the first child.
    ///
    /// # Errors
    /// In words, if the plan has too many children, or two of one id, or allows too many restarts.
    pub fn new(plan: Plan) -> Result<Self, String> {
        let count = plan.children.len();
        if count > MAX_CHILDREN {
            return Err(format!("A supervisor has at most {MAX_CHILDREN} children; this one would have {count}."));
        }
        if plan.max_restarts > MAX_RESTARTS || plan.within == 0 {
            return Err(format!("A supervisor restarts at most {MAX_RESTARTS} times within at least a millisecond."));
        }
        for (place, child) in plan.children.iter().enumerate() {
            if plan.children[..place].iter().any(|other| other.id == child.id) {
                return Err(format!("Two children are called “{}”.", child.id));
            }
        }
        Ok(Self {
            states: vec![State::Due; count],
            again: vec![false; count],
            plan,
            restarts: VecDeque::new(),
            count: 0,
            patience: None,
            ending: None,
            ended: false,
        })
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How often it started a child anew.
    pub fn restarts(&self) -> u32 {
        self.count
    }

    /// Whether all children that it means to have are there.
    pub fn is_settled(&self) -> bool {
        self.ending.is_none() && self.states.iter().all(|state| matches!(state, State::Up | State::Down))
    }

    /// What is next. To be asked after each of the other calls; empty while it waits for a child.
    pub fn orders(&mut self, now: u64) -> Vec<Order> {
        if self.states.iter().any(|state| matches!(state, State::Stopping)) {
            return Vec::new();
        }
        if let Some(place) = self.states.iter().rposition(|state| *state == State::Leaving) {
            let shutdown = self.plan.children[place].shutdown;
            self.states[place] = State::Stopping;
            let reason = if shutdown == 0 { Reason::Killed } else { Reason::Shutdown };
            self.patience = (shutdown > 0).then(|| now.saturating_add(u64::from(shutdown)));
            return vec![Order::Stop(place, reason)];
        }
        if let Some(reason) = &self.ending {
            let first = !std::mem::replace(&mut self.ended, true);
            return if first { vec![Order::End(reason.clone())] } else { Vec::new() };
        }
        if self.states.contains(&State::Starting) {
            return Vec::new();
        }
        match self.states.iter().position(|state| *state == State::Due) {
            Some(place) => {
                self.states[place] = State::Starting;
                vec![Order::Start(place)]
            }
            None => Vec::new(),
        }
    }

    /// The child's first step is done; `false` if it ended in it.
    pub fn started(&mut self, now: u64, child: usize, up: bool) {
        match self.states.get(child) {
            Some(State::Starting) if up => self.states[child] = State::Up,
            Some(_) if !up => self.ended(now, child, &Reason::Error(String::new())),
            _ => {}
        }
    }

    /// The child is no more.
    pub fn ended(&mut self, now: u64, child: usize, reason: &Reason) {
        let Some(state) = self.states.get_mut(child) else { return };
        match *state {
            State::Stopping | State::Leaving => {
                if *state == State::Stopping {
                    self.patience = None;
                }
                *state = if std::mem::take(&mut self.again[child]) { State::Due } else { State::Down };
            }
            State::Up | State::Starting => {
                *state = State::Down;
                let wanted = match self.plan.children[child].restart {
                    Restart::Permanent => true,
                    Restart::Transient => !reason.is_expected(),
                    Restart::Temporary => false,
                };
                if wanted && self.ending.is_none() {
                    self.restart(now, child);
                }
            }
            State::Down | State::Due => {}
        }
    }

    /// One ended that is to be there.
    fn restart(&mut self, now: u64, child: usize) {
        while self.restarts.front().is_some_and(|at| now.saturating_sub(*at) >= u64::from(self.plan.within)) {
            self.restarts.pop_front();
        }
        if self.restarts.len() >= self.plan.max_restarts as usize {
            return self.stop(&Reason::Restarts);
        }
        self.restarts.push_back(now);
        self.count += 1;
        self.states[child] = State::Due;
        let from = match self.plan.strategy {
            Strategy::OneForOne => return,
            Strategy::OneForAll => 0,
            Strategy::RestForOne => child,
        };
        for place in from..self.states.len() {
            if matches!(self.states[place], State::Up | State::Starting) {
                self.states[place] = State::Leaving;
                self.again[place] = self.plan.children[place].restart != Restart::Temporary;
            }
        }
    }

    /// Children that were asked to end and have not in their time are killed.
    pub fn overdue(&mut self, now: u64) -> Vec<Order> {
        if self.patience.is_none_or(|until| until > now) {
            return Vec::new();
        }
        self.patience = None;
        let late = self.states.iter().position(|state| *state == State::Stopping);
        late.map(|place| Order::Stop(place, Reason::Killed)).into_iter().collect()
    }

    /// Stops all, in the reverse order of their start, and then ends for that reason.
    pub fn stop(&mut self, reason: &Reason) {
        if self.ending.is_some() {
            return;
        }
        self.ending = Some(reason.clone());
        self.again.fill(false);
        for state in &mut self.states {
            match state {
                State::Due => *state = State::Down,
                State::Up | State::Starting => *state = State::Leaving,
                State::Down | State::Leaving | State::Stopping => {}
            }
        }
    }

    /// When [`overdue`](Self::overdue) has something to say.
    pub fn wake_at(&self) -> Option<u64> {
        self.patience
    }
}
