//! How a connection ends: with a close frame that really arrives.

use std::borrow::Cow;
use std::future::poll_fn;
use std::time::Duration;

use futures_util::SinkExt;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::Socket;
use super::wire::close_frame;
use crate::outbox::Outbox;

/// How long the peer has to take the close frame and to close its side.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum End {
    /// With this code and these words, at most 123 bytes.
    Close(u16, Cow<'static, str>),
    /// The peer has closed, or the line is dead.
    Lost,
}

impl End {
    /// The text of a data frame; none for a frame that carries no data.
    pub(super) fn text_of(message: Message) -> Result<Option<Utf8Bytes>, Self> {
        match message {
            Message::Text(text) => Ok(Some(text)),
            Message::Binary(_) => {
                Err(Self::Close(CloseCode::Unsupported.into(), "binary frames are not spoken here".into()))
            }
            Message::Close(_) => Err(Self::Lost),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
        }
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => Self::Close(CloseCode::Size.into(), "a frame may have 64 KiB".into()),
            Error::Utf8(_) => Self::Close(CloseCode::Invalid.into(), "a text frame must be UTF-8".into()),
            // Its end of the stream came without a word, as when a program or a network breaks off: it has broken no
            // rule, and what it is told could only keep it from coming back.
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost,
            Error::Protocol(error) => Self::Close(CloseCode::Protocol.into(), cut(error.to_string()).into()),
            _ => Self::Lost,
        }
    }
}

/// A close frame carries at most 123 bytes of words (RFC 6455, section 5.5).
fn cut(mut words: String) -> String {
    while words.len() > 123 {
        words.pop();
    }
    words
}

/// Says the last words and waits, within bounds, until the peer has them.
pub(super) async fn part(socket: &mut Socket, outbox: &Outbox, end: End) {
    match end {
        End::Close(code, words) => outbox.finish(Some(close_frame(code, &words))),
        End::Lost => {
            // The answer to the peer's own close, if there was one, still waits to be sent.
            let _ = socket.flush().await;
            outbox.finish(None);
        }
    }
    if !matches!(timeout(PATIENCE, poll_fn(|context| outbox.poll_write(context))).await, Ok(Ok(_))) {
        return;
    }
    // Closing with unread bytes makes the kernel send a reset, which can overtake the close
    // frame. So only our side is closed, and what the peer still sends is read and dropped.
    outbox.hang_up();
    let half = &mut socket.get_mut().half;
    let _ = timeout(PATIENCE, async {
        // On the heap: an array here would be part of every connection's task from its first frame on.
        let mut rest = vec![0; 4096];
        while matches!(half.read(&mut rest).await, Ok(1..)) {}
    })
    .await;
}
