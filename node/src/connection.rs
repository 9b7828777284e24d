//! One WebSocket to a hub: opened, then owned by a task that moves frames and
//! gives each reply to the one who waits for it.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use shared::message::{Hello, Outcome, ToHub, ToNode, Welcome};
use shared::wire;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

use crate::address::HubAddress;
use crate::error::{Closed, Error};

/// Read and write buffer of one connection, in bytes: an ordinary burst of lines in one system
/// call, and little enough that a bench holds thousands of nodes (tungstenite's own is 128 KiB).
const BUFFER: usize = 8 * 1024;

/// The longest message taken from a hub, in bytes: a page of [`wire::MAX_PAGE`] longest texts,
/// each byte of them escaped.
const MAX_INCOMING: usize = 32 * 1024 * 1024;

/// Requests sent and not yet answered. More wait in the queue before them.
const MAX_IN_FLIGHT: usize = 1024;

/// The hub pings every 20 s: with nothing heard for so long, it or the way to it is gone.
const SILENCE: Duration = Duration::from_secs(60);

/// How long an end in good order may take, before the socket is just dropped.
const PARTING: Duration = Duration::from_secs(1);

type Socket = WebSocketStream<TcpStream>;

/// What a [`crate::Node`] asks of its connection.
pub(crate) enum Order {
    Request { message: ToHub, answer: oneshot::Sender<Outcome> },
    Close,
}

/// Opens the socket and says hello.
pub(crate) async fn open(address: &HubAddress, hello: Hello) -> Result<(Socket, Welcome), Error> {
    let unreachable = |source| Error::Unreachable { address: address.to_string(), source };
    let not_a_hub = |reason: String| Error::NotAHub { address: address.to_string(), reason };

    let stream = TcpStream::connect(address.to_string()).await.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    let mut request = address.socket_url().into_client_request().map_err(|error| not_a_hub(error.to_string()))?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(wire::SUBPROTOCOL));
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(MAX_INCOMING))
        .max_frame_size(Some(MAX_INCOMING));
    let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    let (mut socket, _) = opened.map_err(|error| not_a_hub(error.to_string()))?;

    socket
        .send(Message::text(wire::encode(&ToHub::Hello(hello))))
        .await
        .map_err(|error| Error::Closed(broken(&error)))?;
    loop {
        match take(socket.next().await) {
            Taken::Message(ToNode::Welcome(welcome)) => return Ok((socket, welcome)),
            Taken::Message(ToNode::Error(refusal)) => return Err(Error::Refused(refusal)),
            Taken::Message(_) | Taken::Nothing => {}
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
        tokio::select! {
            // All that waits goes out with one flush. Only as much is taken at a time as is sure not to
            // block: what is read meanwhile may be what lets the hub take more.
            order = orders.recv(), if !unflushed && waiting.len() < MAX_IN_FLIGHT => {
                let mut next = Some(order.unwrap_or(Order::Close));
                let mut bytes = 0;
                while let Some(order) = next {
                    let Order::Request { message, answer } = order else {
                        break 'connected Closed { code: CloseCode::Normal.into(), reason: String::new() };
                    };
                    let frame = wire::encode(&message);
                    bytes += frame.len();
                    if let Err(error) = sink.feed(Message::text(frame)).await {
                        break 'connected broken(&error);
                    }
                    waiting.push_back((message.id().unwrap_or_default().to_owned(), answer));
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
                match take(frame) {
                    Taken::Message(ToNode::Reply(reply)) => {
                        // Answers mostly come in the order of the questions: the first is it.
                        if let Some(place) = waiting.iter().position(|(id, _)| *id == reply.id)
                            && let Some((_, answer)) = waiting.remove(place)
                        {
                            _ = answer.send(reply.outcome); // who gave up waiting has said so
                        }
                    }
                    Taken::Message(message) => held = Some(message),
                    Taken::Nothing => {}
                    Taken::End(closed) => break 'connected closed,
                }
            }
            () = sleep_until(heard + SILENCE), if held.is_none() => {
                break 'connected Closed::broken(format!("nothing was heard for {} s", SILENCE.as_secs()));
            }
        }
    };
    // Without a close frame from each side a hub would see us crash. What still comes is nobody's.
    _ = timeout(PARTING, async {
        let farewell = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        _ = sink.send(Message::Close(Some(farewell))).await;
        while let Some(Ok(_)) = stream.next().await {}
    })
    .await;
    closed
}

/// One step of reading.
enum Taken {
    Message(ToNode),
    /// A ping (answered already), or a message of a later version, which is passed over.
    Nothing,
    End(Closed),
}

fn take(frame: Option<Result<Message, SocketError>>) -> Taken {
    match frame {
        Some(Ok(Message::Text(text))) => wire::decode_to_node(&text).map_or(Taken::Nothing, Taken::Message),
        Some(Ok(Message::Close(Some(frame)))) => {
            Taken::End(Closed { code: frame.code.into(), reason: frame.reason.to_string() })
        }
        Some(Ok(Message::Close(None))) => Taken::End(Closed { code: CloseCode::Status.into(), reason: String::new() }),
        Some(Ok(_)) => Taken::Nothing,
        Some(Err(error)) => Taken::End(broken(&error)),
        None => Taken::End(Closed::broken("")),
    }
}

fn broken(error: &SocketError) -> Closed {
    Closed::broken(error.to_string())
}
