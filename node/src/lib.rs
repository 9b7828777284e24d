//! A native node of Hubbub as a library: what terminals, bots, benches and tests talk to a hub with.
//!
//! In the order in which data flows:
//!
//! | module | what it holds |
//! |---|---|
//! | [`address`] | where a hub is: an invitation link, a URL or `host:port`, taken apart |
//! | [`node`] | [`Node`], a handle with one method for each request, and [`Arrivals`], what comes by itself |
//! | `connection` | the task that owns the socket: frames out, frames in, answers to those who wait for them |
//! | [`error`] | how a request can end other than well |
//!
//! ```no_run
//! use node::{Node, Options};
//! use shared::{entry::Entry, message::ToNode};
//!
//! # async fn example() -> Result<(), node::Error> {
//! let (node, mut arrivals) = Node::connect("http://192.168.1.5:4000/#cookie=swordfish", Options::default()).await?;
//! println!("I am {}", node.welcome().node);
//!
//! let connected = node.connect_nick("dr00", None).await?;
//! println!("* Users in the room: {} *", connected.users.len());
//! let sent = node.say("lobby", "hello").await?; // on the hub's disk when this returns
//!
//! while let Some(arrived) = arrivals.next().await {
//!     if let ToNode::Entry(Entry::Said(said)) = arrived {
//!         println!("{}: {}", said.from, said.text);
//!         if said.seq == sent.seq {
//!             break;
//!         }
//!     }
//! }
//! node.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! **One node is one connection.** When that ends, every request ends with [`Error::Closed`], whose
//! [`Closed::may_return`] tells whether coming back makes sense. Coming back (whom to be again, what
//! to send again, from which `seq` to read on, how long to wait) is decided by [`shared::session`],
//! without I/O; this crate moves the bytes.

pub mod address;
mod connection;
pub mod error;
pub mod node;

pub use address::HubAddress;
pub use error::{Closed, Error};
pub use node::{Arrivals, Node, Options, Span, Talk};
