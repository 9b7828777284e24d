//! Processes: what runs on a node, and what the processes of one node say to those of another.
//!
//! Between nodes the hub only carries; names, links, monitors, calls and supervisors are of the ends alone, and here.
//! Pure: the clock is passed in, in milliseconds, and what a process does is a step that some engine runs.
//!
//! | module | what it holds |
//! |---|---|
//! | [`pid`] | [`Pid`], [`Target`], [`Address`]: who a process is and where |
//! | [`reason`] | [`Reason`], [`Fault`]: why a process ended, what a call ended with |
//! | [`signal`] | [`Signal`]: what nodes say to each other |
//! | [`limits`] | every bound |
//! | [`step`] | what an engine is asked to run, and what it gives back |
//! | [`table`] | [`Table`]: the processes of one node; events in, effects out |
//! | [`mailbox`], [`window`] | what waits for a process; what may be on its way to a node |
//! | [`supervisor`] | which children to start and stop when |
//! | [`authority`] | who may do what |

pub mod authority;
mod bucket;
pub mod limits;
pub mod mailbox;
pub mod pid;
pub mod reason;
pub mod signal;
pub mod step;
pub mod supervisor;
pub mod table;
pub mod window;

pub use self::pid::{Address, Creation, Pid, Target};
pub use self::reason::{Fault, Limit, Reason};
pub use self::signal::{Origin, Signal};
pub use self::step::{Act, Brought, CallRef, Cost, Event, Letter, Look, Scene, Spawn, Step, Stepped, Then, Want};
pub use self::table::{Ask, Bounds, Effect, Table, Wish};
