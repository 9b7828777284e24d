//! Supervisors, against a reference that does the obvious thing in one go.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

use proptest::prelude::*;
use shared::process::limits::{MAX_CHILDREN, MAX_RESTARTS};
use shared::process::supervisor::{Child, Order, Plan, Restart, Strategy, Supervisor};
use shared::process::{Reason, Spawn};

fn plan(strategy: Strategy, restarts: &[Restart], max_restarts: u32) -> Plan {
    let children = restarts.iter().enumerate().map(|(place, restart)| Child {
        id: place.to_string(),
        spawn: Spawn::default(),
        restart: *restart,
        shutdown: 1_000,
    });
    Plan { strategy, max_restarts, within: 5_000, children: children.collect() }
}

/// A supervisor whose children do at once what they are asked to.
struct Run {
    supervisor: Supervisor,
    up: Vec<bool>,
    /// What was done, in order: started (true) or stopped.
    done: Vec<(bool, usize)>,
    ended: Option<Reason>,
    now: u64,
}

impl Run {
    fn new(plan: Plan) -> Self {
        let count = plan.children.len();
        let supervisor = Supervisor::new(plan).unwrap();
        let mut run = Self { supervisor, up: vec![false; count], done: Vec::new(), ended: None, now: 0 };
        run.obey();
        run
    }

    fn obey(&mut self) {
        loop {
            let orders = self.supervisor.orders(self.now);
            if orders.is_empty() {
                return;
            }
            for order in orders {
                match order {
                    Order::Start(child) => {
                        assert!(!self.up[child] && self.ended.is_none());
                        self.up[child] = true;
                        self.done.push((true, child));
                        self.supervisor.started(self.now, child, true);
                    }
                    Order::Stop(child, reason) => {
                        assert!(self.up[child]);
                        self.up[child] = false;
                        self.done.push((false, child));
                        self.supervisor.ended(self.now, child, &reason);
                    }
                    Order::End(reason) => {
                        assert!(self.up.iter().all(|up| !up), "it ends last");
                        self.ended = Some(reason);
                    }
                }
            }
        }
    }

    fn crash(&mut self, child: usize, reason: &Reason) {
        self.up[child] = false;
        self.supervisor.ended(self.now, child, reason);
        self.obey();
    }
}

/// The same rules, written down without any order of things: who is up after each end, and whether it is over.
struct Reference {
    plan: Plan,
    up: Vec<bool>,
    restarts: Vec<u64>,
    over: bool,
}

impl Reference {
    fn crash(&mut self, now: u64, child: usize, reason: &Reason) -> Vec<(bool, usize)> {
        self.up[child] = false;
        let again = match self.plan.children[child].restart {
            Restart::Permanent => true,
            Restart::Transient => !matches!(reason, Reason::Normal | Reason::Shutdown),
            Restart::Temporary => false,
        };
        if !again {
            return Vec::new();
        }
        self.restarts.push(now);
        let recent = self.restarts.iter().filter(|at| now - **at < u64::from(self.plan.within)).count();
        let mut with: Vec<usize> = match self.plan.strategy {
            Strategy::OneForOne => Vec::new(),
            Strategy::OneForAll => (0..self.up.len()).collect(),
            Strategy::RestForOne => (child..self.up.len()).collect(),
        };
        if recent > self.plan.max_restarts as usize {
            self.over = true;
            with = (0..self.up.len()).collect();
        }
        with.retain(|other| self.up[*other]);
        let mut done: Vec<(bool, usize)> = with.iter().rev().map(|other| (false, *other)).collect();
        let mut starts: Vec<usize> =
            with.iter().copied().filter(|other| self.plan.children[*other].restart != Restart::Temporary).collect();
        for other in with {
            self.up[other] = false;
        }
        if self.over {
            return done;
        }
        starts.push(child);
        starts.sort_unstable();
        for start in starts {
            self.up[start] = true;
            done.push((true, start));
        }
        done
    }
}

fn strategy() -> impl proptest::strategy::Strategy<Value = Strategy> {
    prop_oneof![Just(Strategy::OneForOne), Just(Strategy::OneForAll), Just(Strategy::RestForOne)]
}

fn restart() -> impl proptest::strategy::Strategy<Value = Restart> {
    prop_oneof![3 => Just(Restart::Permanent), 1 => Just(Restart::Transient), 1 => Just(Restart::Temporary)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_is_stopped_and_started_is_as_the_strategy_says(
        strategy in strategy(),
        restarts in proptest::collection::vec(restart(), 1..6),
        max_restarts in 0..5_u32,
        crashes in proptest::collection::vec((0..6_usize, 0..3_usize, 0..4_000_u64), 0..30),
    ) {
        let plan = plan(strategy, &restarts, max_restarts);
        let mut run = Run::new(plan.clone());
        let mut reference = Reference { up: vec![true; plan.children.len()], plan, restarts: Vec::new(), over: false };
        prop_assert_eq!(&run.done, &(0..restarts.len()).map(|child| (true, child)).collect::<Vec<_>>());
        for (child, reason, later) in crashes {
            let child = child % restarts.len();
            run.now += later;
            if !run.up[child] || reference.over {
                continue;
            }
            let reason = [Reason::Normal, Reason::error("crash"), Reason::Killed][reason].clone();
            run.done.clear();
            run.crash(child, &reason);
            let expected = reference.crash(run.now, child, &reason);
            prop_assert_eq!(&run.done, &expected);
            prop_assert_eq!(&run.up, &reference.up);
            prop_assert_eq!(run.ended.clone(), reference.over.then_some(Reason::Restarts));
        }
        // What is left is stopped in the reverse order of its start.
        run.done.clear();
        run.supervisor.stop(&Reason::Shutdown);
        run.obey();
        prop_assert!(run.done.is_sorted_by(|one, next| !one.0 && !next.0 && one.1 > next.1), "{:?}", run.done);
        prop_assert!(run.ended.is_some() && run.up.iter().all(|up| !up));
    }
}

#[test]
fn a_storm_ends_with_restarts_and_one_that_is_slow_enough_never() {
    let mut run = Run::new(plan(Strategy::OneForOne, &[Restart::Permanent; 2], 3));
    for _ in 0..100 {
        run.now += 1_700; // three within five seconds
        run.crash(0, &Reason::error("crash"));
        assert_eq!(run.ended, None);
    }
    assert_eq!(run.supervisor.restarts(), 100);
    run.now += 10;
    run.crash(1, &Reason::error("crash"));
    assert_eq!(run.ended, Some(Reason::Restarts));
}

#[test]
fn children_start_one_after_the_other_each_when_the_one_before_is_up() {
    let mut supervisor = Supervisor::new(plan(Strategy::OneForOne, &[Restart::Permanent; 3], 3)).unwrap();
    for child in 0..3 {
        assert_eq!(supervisor.orders(0), [Order::Start(child)]);
        assert_eq!(supervisor.orders(0), []);
        assert!(!supervisor.is_settled());
        supervisor.started(0, child, true);
    }
    assert!(supervisor.orders(0).is_empty() && supervisor.is_settled());
}

#[test]
fn a_child_that_ends_in_its_first_step_counts_as_a_restart() {
    let mut supervisor = Supervisor::new(plan(Strategy::OneForOne, &[Restart::Permanent], 2)).unwrap();
    for _ in 0..3 {
        assert_eq!(supervisor.orders(0), [Order::Start(0)]);
        supervisor.started(0, 0, false);
    }
    assert_eq!(supervisor.orders(0), [Order::End(Reason::Restarts)]);
    assert_eq!(supervisor.orders(0), [], "once");
}

#[test]
fn a_child_that_does_not_stop_in_its_time_is_killed_and_one_without_time_at_once() {
    let mut with = plan(Strategy::OneForOne, &[Restart::Permanent; 2], 3);
    with.children[0].shutdown = 0;
    let mut supervisor = Supervisor::new(with).unwrap();
    for child in 0..2 {
        supervisor.orders(0);
        supervisor.started(0, child, true);
    }
    supervisor.stop(&Reason::Shutdown);
    assert_eq!(supervisor.orders(10), [Order::Stop(1, Reason::Shutdown)]);
    assert_eq!(supervisor.wake_at(), Some(1_010));
    assert_eq!(supervisor.overdue(1_009), []);
    assert_eq!(supervisor.overdue(1_010), [Order::Stop(1, Reason::Killed)]);
    assert_eq!(supervisor.orders(1_010), [], "the next when this one is gone");
    supervisor.ended(1_010, 1, &Reason::Killed);
    assert_eq!(supervisor.orders(1_010), [Order::Stop(0, Reason::Killed)]);
    supervisor.ended(1_010, 0, &Reason::Killed);
    assert_eq!(supervisor.orders(1_010), [Order::End(Reason::Shutdown)]);
}

#[test]
fn a_child_that_crashes_while_others_are_stopped_for_it_is_started_once() {
    let mut supervisor = Supervisor::new(plan(Strategy::OneForAll, &[Restart::Permanent; 3], 3)).unwrap();
    for child in 0..3 {
        supervisor.orders(0);
        supervisor.started(0, child, true);
    }
    let crash = Reason::error("crash");
    supervisor.ended(0, 0, &crash);
    assert_eq!(supervisor.orders(0), [Order::Stop(2, Reason::Shutdown)]);
    // Neither the one that is asked nor the one that is to be asked does it as it should.
    supervisor.ended(0, 1, &crash);
    supervisor.ended(0, 2, &crash);
    for child in 0..3 {
        assert_eq!(supervisor.orders(0), [Order::Start(child)]);
        supervisor.started(0, child, true);
    }
    assert_eq!((supervisor.orders(0), supervisor.restarts()), (Vec::new(), 1));
}

#[test]
fn a_plan_has_so_many_children_and_each_an_id_of_its_own() {
    let many = plan(Strategy::OneForOne, &[Restart::Permanent; MAX_CHILDREN + 1], 3);
    assert!(Supervisor::new(many).unwrap_err().contains("50"));
    let mut twice = plan(Strategy::OneForOne, &[Restart::Permanent; 2], 3);
    twice.children[1].id = "0".to_owned();
    assert!(Supervisor::new(twice).unwrap_err().contains("“0”"));
    assert!(Supervisor::new(plan(Strategy::OneForOne, &[], 3)).is_ok_and(|it| it.is_settled()));
}

#[test]
fn a_plan_is_read_as_programs_write_it() {
    let written = r#"{"strategy":"rest_for_one","children":[{"id":"a","spawn":{"program":"factorial","source":"fn init(args) {}"}}]}"#;
    let plan: Plan = serde_json::from_str(written).unwrap();
    assert_eq!((plan.max_restarts, plan.within, plan.children[0].restart), (3, 5_000, Restart::Permanent));
    assert_eq!(plan.children[0].shutdown, 5_000);
}

#[test]
fn a_plan_whose_restarts_nothing_bounds_is_refused() {
    let allows = |max_restarts: u32, within: u32| {
        let plan = Plan { within, ..plan(Strategy::OneForOne, &[Restart::Permanent], max_restarts) };
        Supervisor::new(plan).is_ok()
    };
    assert!(allows(MAX_RESTARTS, 1));
    assert!(!allows(MAX_RESTARTS + 1, 5_000));
    assert!(!allows(1, 0), "a child that cannot be started would be, for ever");
}
