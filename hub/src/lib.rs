//! The hub: one process on one host of the LAN that holds the log, and to which every node's
//! socket leads.
//!
//! In the order in which data flows:
//!
//! | module | what it does |
//! |---|---|
//! | [`config`] | flags and environment |
//! | [`invite`] | the invitation: links and QR code, at the start and of a hub that runs |
//! | `links`, `interfaces` | which links lead here, the best first |
//! | `announcing` | the hub announced on the LAN by multicast DNS |
//! | [`nicks`] | what whoever runs the hub does to nicks |
//! | [`backup`], [`restore`], [`export`] | everything that a hub keeps, in one file and back; its log in JSON Lines |
//! | [`doctor`] | what may keep a hub from working |
//! | [`server`] | binds, accepts, stops |
//! | [`signals`] | how the operating system asks it to stop |
//! | [`routes`] | `/ws`, `/health`, the browser client's files |
//! | [`assets`] | those files, embedded and compressed |
//! | [`auth`] | cookie, throttle, Host and Origin |
//! | [`connection`] | one socket ⇄ the message server |
//! | [`message_server`] | the task that owns the registry and the rooms |
//! | `node` | the hub as a node: its processes, and the programs that it runs |
//! | [`registry`] | pure: nick → nodes, leases, who hears what |
//! | [`room`] | members, recent entries, fan-out |
//! | [`outbox`] | bounded queue to one node, and who writes it to the socket |
//! | [`files`] | what people send each other beside lines: taken, kept by hash, let go of |
//! | [`backplane`] | the log behind a trait: append, read, tail, claim |

mod announcing;
pub mod assets;
pub mod auth;
pub mod backplane;
pub mod backup;
mod clock;
pub mod config;
pub mod connection;
pub mod doctor;
pub mod export;
pub mod files;
mod interfaces;
pub mod invite;
mod links;
pub mod message_server;
pub mod nicks;
mod node;
pub mod outbox;
mod rate;
pub mod registry;
pub mod restore;
pub mod room;
pub mod routes;
mod secret;
pub mod server;
pub mod signals;
mod source;

pub use config::Config;
pub use server::{RunningHub, StartError, start};
