//! What the hub and every node of Hubbub agree on. No I/O, no clock, no randomness;
//! compiles to native code and to wasm.
//!
//! In the order in which data flows:
//!
//! | module | what it holds |
//! |---|---|
//! | [`command`] | what a person types, `/pm bob hi`, as a [`command::Command`] |
//! | [`session`] | one client's side of the protocol: hello, requests, retries |
//! | [`message`] | [`message::ToHub`] and [`message::ToNode`], the message enum |
//! | [`wire`] | version, limits, encode, decode |
//! | [`name`], [`nick`], [`room`], [`node`] | valid names, and when two are one |
//! | [`letters`] | of any script: which are letters, and text without its case |
//! | [`entry`] | what the log holds |
//! | [`store`] | the replicated store: a fold of the log |
//! | [`map_server`] | what a node's `map_server` answers out of its copy |
//! | [`process`] | processes, and what they say to each other across nodes |
//! | [`markup`], [`emoji`] | what a text is made of; emoji and their names |
//! | [`transcript`] | what one node knows, folded from what it received |
//! | [`announcement`] | what a hub says of itself to the LAN, before anyone is connected |

pub mod announcement;
pub mod command;
pub mod emoji;
pub mod entry;
pub mod letters;
pub mod map_server;
pub mod markup;
pub mod message;
pub mod name;
pub mod nick;
pub mod node;
pub mod process;
pub mod room;
pub mod session;
pub mod spelling;
pub mod store;
pub mod transcript;
pub mod wire;
