//! A native node of Hubbub as a library: what terminals, bots, benches and tests talk to a hub with.
//!
//! In the order in which data flows:
//!
//! | module | what it holds |
//! |---|---|
//! | [`address`] | where a hub is: an invitation link, a URL or `host:port`, taken apart |
//! | [`client`] | [`Client`], a node that comes back, and [`Deliveries`], what it tells |
//! | [`handler`] | [`Mailbox`], a process written in Rust, and what reaches it |
//! | [`watching`] | [`Monitor`], why something ended; [`Spawned`], a program that runs for this node |
//! | [`store`] | [`Store`], the replicated store as this node has it |
//! | `processes` | what a client's processes share: the table, who waits for what, the engine for programs |
//! | [`node`] | [`Node`], one connection with one method for each request, and [`Arrivals`], what comes by itself |
//! | `connection` | the task behind a [`Node`]: frames out, frames in, answers to those who wait for them |
//! | `socket` | the WebSocket of both |
//! | `bounds` | how much of a list is taken that a hub tells |
//! | [`error`] | how a request can end other than well |
//!
//! # A bot
//!
//! A [`Client`] is for whoever wants to be in the chat, and stay: it comes back by itself, keeps
//! what is said until the hub has it, and hears what it missed.
//!
//! ```
//! use node::{Client, Settings};
//! use shared::{entry::Entry, session::Delivery};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let data = tempfile::tempdir()?;
//! # let hub = hub::start(hub::Config::for_tests(data.path())).await?;
//! # let link = format!("http://{}/#cookie={}", hub.address(), hub.cookie().unwrap_or_default());
//! // let link = "http://192.168.1.5:4000/#cookie=swordfish";
//! let settings = Settings { nick: Some("echo".into()), kind: Some("bot".into()), ..Settings::default() };
//! let (client, mut deliveries) = Client::start(&link, settings)?;
//! # let ana = Settings { nick: Some("ana".into()), ..Settings::default() };
//! # let (ana, _deliveries) = Client::start(&link, ana)?;
//! # assert!(client.online().await && ana.online().await);
//! # drop(ana.say("lobby", "hi"));
//! while let Some(delivery) = deliveries.next().await {
//!     match delivery {
//!         Delivery::Heard(Entry::Said(said)) if said.from != "echo" => {
//!             drop(client.say(&said.room, &said.text)); // it is said, whether we wait for the answer or not
//! #           break;
//!         }
//!         _ => {}
//!     }
//! }
//! let sent = client.private_message("ana", "that is all").await.map_err(|refusal| refusal.message)?;
//! println!("#{} is on the hub's disk", sent.seq);
//! client.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Its nick is the first comer's: to be itself again after it was stopped, a bot keeps [`Client::nick`]'s token.
//!
//! # A server in six lines
//!
//! Every client is a node with processes. A process is called by its name and its node's, wherever that is.
//!
//! ```
//! use node::{Client, Settings};
//! use serde_json::json;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let data = tempfile::tempdir()?;
//! # let hub = hub::start(hub::Config::for_tests(data.path())).await?;
//! # let link = format!("http://{}/#cookie={}", hub.address(), hub.cookie().unwrap_or_default());
//! let (client, _) = Client::start(&link, Settings { node: Some("calc".into()), ..Settings::default() })?;
//! client.serve("factorial", async |received: node::Received| {
//!     let n = received.message.as_u64().ok_or("a whole number, please")?;
//!     Ok(json!((1..=n).product::<u64>()))
//! })?;
//! # assert!(client.online().await);
//! # assert_eq!(client.call(&"factorial@@calc".parse()?, 5).await?, 120);
//! # Ok(())
//! # }
//! ```
//!
//! # A call, and what can go wrong
//!
//! It ends in exactly one way. The address is written `process@@node`; the node is a full name, or what stands before
//! its `@`.
//!
//! ```
//! # use node::{Client, Settings};
//! use shared::message::ErrorCode;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let data = tempfile::tempdir()?;
//! # let hub = hub::start(hub::Config::for_tests(data.path())).await?;
//! # let link = format!("http://{}/#cookie={}", hub.address(), hub.cookie().unwrap_or_default());
//! # let (calc, _) = Client::start(&link, Settings { node: Some("calc".into()), ..Settings::default() })?;
//! # calc.serve("double", async |received: node::Received| Ok((2 * received.message.as_u64().ok_or("what?")?).into()))?;
//! # assert!(calc.online().await);
//! let (client, _) = Client::start(&link, Settings::default())?;
//! assert!(client.online().await); // before that, and without a hub, every other node is `node_down`
//! println!("calc answers within {:?}", client.ping("calc").await?);
//!
//! assert_eq!(client.call(&"double@@calc".parse()?, 21).await?, 42);
//! match client.call(&"nobody@@calc".parse()?, 21).await {
//!     Ok(value) => println!("{value}"),
//!     Err(fault) => match fault.code {
//!         ErrorCode::NoSuchNode | ErrorCode::NoSuchProcess => println!("there is none: {fault}"),
//!         ErrorCode::Exited => println!("it ended before it answered: {:?}", fault.reason),
//!         ErrorCode::NodeDown | ErrorCode::Timeout => println!("it may have been done all the same"),
//!         _ => println!("the process itself says: {fault}"),
//!     },
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Watching another node
//!
//! A [`Monitor`] is a future that is told of the end of a process or a node, once.
//!
//! ```
//! # use node::{Client, Settings};
//! use node::Reason;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let data = tempfile::tempdir()?;
//! # let hub = hub::start(hub::Config::for_tests(data.path())).await?;
//! # let link = format!("http://{}/#cookie={}", hub.address(), hub.cookie().unwrap_or_default());
//! # let (other, _) = Client::start(&link, Settings { node: Some("calc".into()), ..Settings::default() })?;
//! # let (client, _) = Client::start(&link, Settings::default())?;
//! # assert!(other.online().await && client.online().await);
//! let monitor = client.monitor_node("calc")?;
//! # client.ping("calc").await?;
//! # other.stop().await;
//! assert_eq!(monitor.await, Reason::NodeDown);
//! # Ok(())
//! # }
//! ```
//!
//! # The store
//!
//! Keys and values that every node has a copy of. Reading is local; what was put is on the hub's disk.
//!
//! ```
//! # use node::{Client, Settings};
//! use serde_json::json;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let data = tempfile::tempdir()?;
//! # let hub = hub::start(hub::Config::for_tests(data.path())).await?;
//! # let link = format!("http://{}/#cookie={}", hub.address(), hub.cookie().unwrap_or_default());
//! // Only who has a nick may put.
//! let (client, _) = Client::start(&link, Settings { nick: Some("ana".into()), ..Settings::default() })?;
//! let store = client.store();
//! store.ready().await;
//! let mut watch = store.watch("users/");
//!
//! let version = store.put("users/ana", json!({ "tea": true })).await?;
//! assert_eq!(store.get("users/ana").map(|pair| pair.value), Some(json!({ "tea": true })));
//! // A counter: whoever comes second is told `version_conflict`, and looks again.
//! store.put_if("users/ana", json!({ "tea": false }), version).await?;
//! # assert!(store.put_if("users/ana", 1, version).await.is_err());
//!
//! let change = watch.next().await.expect("the client runs");
//! println!("{} is {:?} now", change.key, change.value);
//! # Ok(())
//! # }
//! ```
//!
//! # Programs
//!
//! The hub, and other nodes where they are willing, run programs in Rhai. What they print appears here. A node runs
//! some itself with the feature `programs`: see [`Client::run_programs`].
//!
//! ```
//! # use node::{Client, Settings};
//! use node::Program;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let data = tempfile::tempdir()?;
//! # let mut config = hub::Config::for_tests(data.path());
//! # config.programs = hub::config::Programs::All;
//! # let hub = hub::start(config).await?;
//! # let link = format!("http://{}/#cookie={}", hub.address(), hub.cookie().unwrap_or_default());
//! # let (client, _) = Client::start(&link, Settings::default())?;
//! # assert!(client.online().await);
//! let hello = Program::new("hello", r#"fn main(args) { print(`hello from ${node()}`); args[0] * 2 }"#).with([21]);
//! let mut spawned = client.spawn("hub", hello.clone()).await?;
//! println!("{}", spawned.output.next().await.expect("a line").text); // hello from hub@den.local
//! assert_eq!(client.rpc("hub", hello).await?, 42);
//! # Ok(())
//! # }
//! ```
//!
//! # One connection
//!
//! **One [`Node`] is one connection.** When that ends, every request ends with [`Error::Closed`], whose
//! [`Closed::may_return`] tells whether coming back makes sense.
//!
//! ```
//! use node::{Node, Options};
//! use shared::{entry::Entry, message::ToNode};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let data = tempfile::tempdir()?;
//! # let hub = hub::start(hub::Config::for_tests(data.path())).await?;
//! # let link = format!("http://{}/#cookie={}", hub.address(), hub.cookie().unwrap_or_default());
//! let (node, mut arrivals) = Node::connect(&link, Options::default()).await?;
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

pub mod address;
mod bounds;
pub mod client;
mod connection;
pub mod error;
pub mod handler;
pub mod node;
mod processes;
mod socket;
pub mod store;
pub mod watching;

pub use address::HubAddress;
pub use client::{Answer, Client, Deliveries};
pub use error::{Closed, Error};
pub use handler::{Mailbox, Received, Reply};
pub use node::{Arrivals, Node, Options, Span, Talk};
pub use processes::{Printed, Program, Programs, Rule};
pub use shared::process::{Address, Fault, Reason};
pub use shared::session::Settings;
pub use store::{Store, Watch};
pub use watching::{Monitor, Output, Spawned};
