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
//! | [`bench`] | what all scenarios share: the hub's binary, folders, plots |
//! | [`scenarios`] | one file each: what is measured, and what is wanted |
//! | [`hub`] | the hub as a child process |
//! | [`process`] | what a process costs, by `/proc` |
//! | [`http`] | just enough of HTTP to load the page |
//! | [`sources`] | sockets from many addresses of this machine |
//! | [`socket`] | one WebSocket, as cheap as can be |
//! | [`upgrade`] | a WebSocket that is opened without waiting for it |
//! | [`crowd`] | many of them on one thread |
//! | [`storm`] | a crowd that comes all at once |
//! | [`guests`] | a crowd that the hub knows by name |
//! | [`pairs`] | two and two nodes that send each other signals |
//! | [`line`] | one line, as finished frames |
//! | [`words`] | what people might say |
//! | [`heard`] | what a frame from the hub says |
//! | [`room`] | a crowd that talks: every delivery counted and timed |
//! | [`rooms`] | the same in many rooms at once |
//! | [`rounds`] | rounds of talk, and what they cost |
//! | [`audience`] | a room in which several speak by the clock, and some may stop listening |
//! | [`clients`] | many clients as people have them, which come back by themselves |
//! | [`replay`] | those who were away get exactly what they missed |
//! | [`pour`] | many senders who wait for each acknowledgement |
//! | [`limit`] | the same bytes to the same sockets by a program that does nothing else |
//! | [`rows`] | the same rows by SQLite alone |
//! | [`visitor`] | the client for a terminal, at a pseudo-terminal |
//! | [`statistics`] | medians, percentiles, distributions |
//! | [`report`] | figures, verdicts, tables, JSON |
//! | [`plot`] | charts |

mod audience;
mod bench;
mod clients;
mod crowd;
mod guests;
mod heard;
mod http;
mod hub;
mod limit;
mod line;
mod options;
mod pairs;
mod plot;
mod pour;
mod process;
mod replay;
mod report;
mod room;
mod rooms;
mod rounds;
mod rows;
mod scenarios;
mod socket;
mod sources;
mod statistics;
mod storm;
mod upgrade;
mod visitor;
mod words;

use std::process::ExitCode;

use clap::Parser;

use options::Options;

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match &options.role {
        Some(role) => limit::run(role),
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
