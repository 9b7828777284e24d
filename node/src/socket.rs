//! A WebSocket to a hub: opened, read frame by frame, left in good order.

use std::time::Duration;

use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use shared::wire;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as SocketError, Message, Utf8Bytes};

use crate::address::HubAddress;
use crate::error::{Closed, Error};

/// Read and write buffer of one connection, in bytes: an ordinary burst of lines in one system
/// call, and little enough that a bench holds thousands of nodes (tungstenite's own is 128 KiB).
pub(crate) const BUFFER: usize = 8 * 1024;

/// The longest message taken from a hub, in bytes: a page of [`wire::MAX_PAGE`] longest texts,
/// each byte of them escaped.
const MAX_INCOMING: usize = 32 * 1024 * 1024;

/// What waits to be written at most, in bytes: all that is given to a socket at a time ([`BUFFER`], and one frame of the
/// longest), several times over. Pongs wait here as well where a hub does not read; those that find no room are left
/// out, but for the latest.
const MAX_UNSENT: usize = 4 * wire::MAX_FRAME;

/// How long an end in good order may take, before the socket is just dropped.
const PARTING: Duration = Duration::from_secs(1);

pub(crate) type Socket = WebSocketStream<TcpStream>;

/// Opens a socket that speaks our protocol.
///
/// # Errors
/// [`Error::Unreachable`], [`Error::NotAHub`] and [`Error::Version`].
pub(crate) async fn open(address: &HubAddress) -> Result<Socket, Error> {
    let unreachable = |source| Error::Unreachable { address: address.to_string(), source };
    let not_a_hub = |reason: String| Error::NotAHub { address: address.to_string(), reason };

    let stream = TcpStream::connect(address.to_string()).await.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    let mut request = address.socket_url().into_client_request().map_err(|error| not_a_hub(error.to_string()))?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(wire::SUBPROTOCOL));
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(MAX_UNSENT)
        .max_message_size(Some(MAX_INCOMING))
        .max_frame_size(Some(MAX_INCOMING));
    let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    let (socket, _) = opened.map_err(|error| match another_version(&error) {
        Some(words) => Error::Version { address: address.to_string(), words },
        None => not_a_hub(error.to_string()),
    })?;
    Ok(socket)
}

/// What a hub says that speaks none of the subprotocols asked for, if that is why it opens no WebSocket.
fn another_version(error: &SocketError) -> Option<String> {
    let SocketError::Http(response) = error else { return None };
    let words = std::str::from_utf8(response.body().as_deref()?).ok()?.trim();
    (response.status() == StatusCode::BAD_REQUEST && words.contains(" speaks the WebSocket subprotocol "))
        .then(|| words.to_owned())
}

/// Whether nothing waits to be written, after an attempt to write it; never waits. A frame is to be given to the socket
/// only then: behind pongs that the hub does not take there may be no room for it. An error is not told here: the socket
/// says it again when it is flushed.
pub(crate) fn has_room(mut sink: impl Sink<Message, Error = SocketError> + Unpin) -> bool {
    matches!(sink.flush().now_or_never(), Some(Ok(())))
}

/// Ends a socket in good order: without a close frame from each side a hub would see us crash.
/// What still comes is nobody's.
pub(crate) async fn part(
    mut sink: impl Sink<Message, Error = SocketError> + Unpin,
    mut stream: impl Stream<Item = Result<Message, SocketError>> + Unpin,
) {
    _ = timeout(PARTING, async {
        let farewell = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        _ = sink.send(Message::Close(Some(farewell))).await;
        while let Some(Ok(_)) = stream.next().await {}
    })
    .await;
}

/// One step of reading.
pub(crate) enum Taken {
    Frame(Utf8Bytes),
    /// A ping (answered already), or a frame that is none of this protocol's.
    Nothing,
    End(Closed),
}

impl Taken {
    pub(crate) fn of(frame: Option<Result<Message, SocketError>>) -> Self {
        match frame {
            Some(Ok(Message::Text(text))) => Self::Frame(text),
            Some(Ok(Message::Close(Some(frame)))) => {
                Self::End(Closed { code: frame.code.into(), reason: frame.reason.to_string() })
            }
            Some(Ok(Message::Close(None))) => {
                Self::End(Closed { code: CloseCode::Status.into(), reason: String::new() })
            }
            Some(Ok(_)) => Self::Nothing,
            Some(Err(error)) => Self::End(broken(&error)),
            None => Self::End(Closed::broken("")),
        }
    }
}

/// How a connection ended whose socket failed.
pub(crate) fn broken(error: &SocketError) -> Closed {
    Closed::broken(error.to_string())
}
