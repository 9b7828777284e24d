//! The figures. Starts the real hub as a process of its own, drives it from this one over real
//! sockets, and prints what was measured beside what is wanted, and beside what the machine allows.
//!
//! CPU is read from `/proc`, so this runs on Linux. Driver and hub share the machine: what counts is
//! the hub's CPU for each delivery, and its ratio to the limit's in the same run, not the throughput.
//!
//! In the order in which a figure comes about:
//!
//! | module | what it does |
//! |---|---|
//! | [`options`] | the command line |
//! | [`bench`] | what all scenarios share: the hub's binary, folders, a log to start on |
//! | [`scenarios`] | one file each: what is measured, and what is wanted |
//! | [`hub`] | the hub as a child process |
//! | [`process`] | what a process costs, by `/proc` |
//! | [`http`] | just enough of HTTP to load the page |
//! | [`socket`] | one WebSocket, as cheap as can be |
//! | [`crowd`] | many of them on one thread |
//! | [`guests`] | a crowd that the hub knows by name |
//! | [`heard`] | what a frame from the hub says |
//! | [`room`] | a crowd that talks: every delivery counted and timed |
//! | [`limit`] | the same bytes to the same sockets by a program that does nothing else |
//! | [`audience`] | a room in which several speak by the clock, and some may stop listening |
//! | [`upgrade`] | a WebSocket that is opened without waiting for it |
//! | [`clients`] | many clients as people have them, which come back by themselves |
//! | [`pour`] | many senders who wait for each acknowledgement |
//! | [`statistics`] | medians, percentiles |
//! | [`report`] | figures, verdicts, the table, JSON |

mod audience;
mod bench;
mod clients;
mod crowd;
mod guests;
mod heard;
mod http;
mod hub;
mod limit;
mod options;
mod pour;
mod process;
mod report;
mod room;
mod scenarios;
mod socket;
mod statistics;
mod upgrade;

use std::process::ExitCode;

use clap::Parser;

use options::{Options, Role};

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match options.role {
        Some(Role::Limit { sockets, line }) => limit::run(sockets, line),
        None => scenarios::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
