//! One WebSocket to a hub: opened, then owned by a task that moves frames and
//! gives each reply to the one who waits for it.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use shared::message::{Hello, Outcome, ToHub, ToNode, Welcome};
use shared::wire;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::address::HubAddress;
use crate::bounds;
use crate::error::{Closed, Error};
use crate::socket::{self, BUFFER, Socket, Taken, broken};

/// Requests sent and not yet answered. More wait in the queue before them.
const MAX_IN_FLIGHT: usize = 1024;

/// The hub pings every 20 s: with nothing heard for so long, it or the way to it is gone.
const SILENCE: Duration = Duration::from_secs(60);

/// What a [`crate::Node`] asks of its connection.
pub(crate) enum Order {
    Request {
        message: ToHub,
        answer: oneshot::Sender<Outcome>,
    },
    /// A frame that is not answered.
    Tell(String),
    Close,
}

/// Opens the socket and says hello.
pub(crate) async fn open(address: &HubAddress, hello: Hello) -> Result<(Socket, Welcome), Error> {
    let mut socket = socket::open(address).await?;
    socket
        .send(Message::text(wire::encode(&ToHub::Hello(hello))))
        .await
        .map_err(|error| Error::Closed(broken(&error)))?;
    loop {
        match Taken::of(socket.next().await) {
            Taken::Frame(frame) => match bounds::read(&frame) {
                Ok(ToNode::Welcome(welcome)) => return Ok((socket, welcome)),
                Ok(ToNode::Error(refusal)) => return Err(Error::Refused(refusal)),
                _ => {}
            },
            Taken::Nothing => {}
            Taken::End(closed) => return Err(Error::Closed(closed)),
        }
    }
}

/// Moves frames until the connection ends; returns how it did. Ends in good order when
/// told to, or when the last [`crate::Node`] that could tell it so is gone.
///
/// While `arrivals` is full nothing is read: the hub then sees a slow node, and loses nothing for it.
pub(crate) async fn run(socket: Socket, mut orders: mpsc::Receiver<Order>, arrivals: mpsc::Sender<ToNode>) -> Closed {
    let (mut sink, mut stream) = socket.split();
    let mut waiting: VecDeque<(String, oneshot::Sender<Outcome>)> = VecDeque::new();
    let mut held: Option<ToNode> = None;
    let mut unflushed = false;
    let mut heard = Instant::now();

    let closed = 'connected: loop {
        if waiting.len() >= MAX_IN_FLIGHT {
            waiting.retain(|(_, answer)| !answer.is_closed()); // who waited for them gave up
        }
        unflushed = unflushed || !socket::has_room(&mut sink);
        tokio::select! {
            // All that waits goes out with one flush. Only as much is taken at a time as is sure not to
            // block: what is read meanwhile may be what lets the hub take more.
            order = orders.recv(), if !unflushed && waiting.len() < MAX_IN_FLIGHT => {
                let mut next = Some(order.unwrap_or(Order::Close));
                let mut bytes = 0;
                while let Some(order) = next {
                    let (frame, asked) = match order {
                        Order::Request { message, answer } => (wire::encode(&message), Some((message, answer))),
                        Order::Tell(frame) => (frame, None),
                        Order::Close => {
                            break 'connected Closed { code: CloseCode::Normal.into(), reason: String::new() };
                        }
                    };
                    bytes += frame.len();
                    if let Err(error) = sink.feed(Message::text(frame)).await {
                        break 'connected broken(&error);
                    }
                    if let Some((message, answer)) = asked {
                        waiting.push_back((message.id().unwrap_or_default().to_owned(), answer));
                    }
                    next = if bytes < BUFFER && waiting.len() < MAX_IN_FLIGHT { orders.try_recv().ok() } else { None };
                }
                unflushed = true;
            }
            flushed = sink.flush(), if unflushed => match flushed {
                Ok(()) => unflushed = false,
                Err(error) => break 'connected broken(&error),
            },
            permit = arrivals.reserve(), if held.is_some() => {
                if let (Ok(permit), Some(message)) = (permit, held.take()) {
                    permit.send(message);
                }
                heard = Instant::now();
            }
            frame = stream.next(), if held.is_none() => {
                heard = Instant::now();
                match Taken::of(frame) {
                    Taken::Frame(frame) => match bounds::read(&frame) {
                        Ok(ToNode::Reply(reply)) => {
                            // Answers mostly come in the order of the questions: the first is it.
                            if let Some(place) = waiting.iter().position(|(id, _)| *id == reply.id)
                                && let Some((_, answer)) = waiting.remove(place)
                            {
                                _ = answer.send(reply.outcome); // who gave up waiting has said so
                            }
                        }
                        Ok(message) => held = Some(message),
                        Err(_) => {} // a message of a later version
                    },
                    Taken::Nothing => {}
                    Taken::End(closed) => break 'connected closed,
                }
            }
            () = sleep_until(heard + SILENCE), if held.is_none() => {
                break 'connected Closed::broken(format!("nothing was heard for {} s", SILENCE.as_secs()));
            }
        }
    };
    socket::part(sink, stream).await;
    closed
}
