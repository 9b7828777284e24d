//! A native node of Hubbub as a library: what terminals, bots, benches and tests talk to a hub with.
//!
//! In the order in which data flows:
//!
//! | module | what it holds |
//! |---|---|
//! | [`address`] | where a hub is: an invitation link, a URL or `host:port`, taken apart |
//! | [`client`] | [`Client`], a node that comes back, and [`Deliveries`], what it tells |
//! | [`node`] | [`Node`], one connection with one method for each request, and [`Arrivals`], what comes by itself |
//! | `connection` | the task behind a [`Node`]: frames out, frames in, answers to those who wait for them |
//! | `socket` | the WebSocket of both |
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
pub mod client;
mod connection;
pub mod error;
pub mod node;
mod socket;

pub use address::HubAddress;
pub use client::{Answer, Client, Deliveries};
pub use error::{Closed, Error};
pub use node::{Arrivals, Node, Options, Span, Talk};
pub use shared::session::Settings;
