//! `/ws`: from an HTTP request to a WebSocket (RFC 6455, section 4.2).

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use hyper::upgrade::Parts;
use hyper_util::rt::TokioIo;
use shared::wire::SUBPROTOCOL;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tracing::Instrument;

use super::{Front, words};
use crate::connection;
use crate::server::{Arrival, ended};

/// The only version of the WebSocket protocol there is.
const WEB_SOCKET_VERSION: HeaderValue = HeaderValue::from_static("13");

/// Which subprotocol a client and this hub share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subprotocol {
    /// It named ours, perhaps among others.
    Ours,
    /// It named none and gets ours.
    Unnamed,
    /// It named only others.
    Others,
}

/// Opens a WebSocket, and hands it to [`connection::run`].
pub(super) async fn to_web_socket(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    mut request: Request,
) -> Response<Body> {
    let mut response = match create_response_with_body(&request, Body::empty) {
        Ok(response) => response,
        Err(error) => return no_handshake(&error),
    };
    match subprotocol(request.headers()) {
        Subprotocol::Ours => {
            let ours = HeaderValue::from_static(SUBPROTOCOL);
            response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, ours);
        }
        Subprotocol::Unnamed => {}
        Subprotocol::Others => {
            let sentence = format!("This hub speaks the WebSocket subprotocol {SUBPROTOCOL} only.");
            return words(StatusCode::BAD_REQUEST, &sentence);
        }
    }

    let upgrade = hyper::upgrade::on(&mut request);
    let (door, mut phase) = (Arc::clone(&front.door), front.phase.clone());
    let Arrival { peer, place, span, .. } = arrival;
    let socket = async move {
        let served = async {
            match upgrade.await {
                Ok(upgraded) => match upgraded.downcast::<TokioIo<TcpStream>>() {
                    Ok(Parts { io, read_buf, .. }) => connection::run(io.into_inner(), read_buf, peer, door).await,
                    Err(_) => tracing::error!("a WebSocket came over something that is no TCP stream"),
                },
                Err(error) => tracing::debug!(%error, "the connection did not become a WebSocket"),
            }
        };
        tokio::select! {
            () = served => {}
            () = ended(&mut phase) => {}
        }
        drop(place);
    };
    tokio::spawn(socket.instrument(span));
    response
}

/// What to say to a request that opens no WebSocket.
fn no_handshake(error: &Error) -> Response<Body> {
    let Error::Protocol(error) = error else {
        return words(StatusCode::BAD_REQUEST, "This request opens no WebSocket.");
    };
    match error {
        ProtocolError::WrongHttpMethod
        | ProtocolError::MissingConnectionUpgradeHeader
        | ProtocolError::MissingUpgradeWebSocketHeader => {
            // RFC 9110, section 15.5.22 asks for the header, and section 7.8 for its announcement.
            let mut response = words(
                StatusCode::UPGRADE_REQUIRED,
                "This address is for WebSockets, and this request asks for none. The chat is at /.",
            );
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            response
        }
        ProtocolError::MissingSecWebSocketVersionHeader => {
            let mut response =
                words(StatusCode::UPGRADE_REQUIRED, "This hub speaks version 13 of the WebSocket protocol only.");
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, WEB_SOCKET_VERSION);
            response
        }
        error => words(StatusCode::BAD_REQUEST, &format!("This request opens no WebSocket: {error}.")),
    }
}

fn subprotocol(headers: &HeaderMap) -> Subprotocol {
    let named = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    // What is no text is no name of ours either.
    let named = named.flat_map(|value| value.to_str().unwrap_or("?").split(','));
    let mut named = named.map(str::trim).filter(|name| !name.is_empty()).peekable();
    if named.peek().is_none() {
        Subprotocol::Unnamed
    } else if named.any(|name| name == SUBPROTOCOL) {
        Subprotocol::Ours
    } else {
        Subprotocol::Others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_subprotocol_is_found_among_others() {
        for (values, expected) in [
            (&[][..], Subprotocol::Unnamed),
            (&[""], Subprotocol::Unnamed),
            (&["hubbub.v1"], Subprotocol::Ours),
            (&["chat, hubbub.v1 ,x"], Subprotocol::Ours),
            (&["chat", "hubbub.v1"], Subprotocol::Ours),
            (&["hubbub.v2"], Subprotocol::Others),
            (&["HUBBUB.V1"], Subprotocol::Others),
            (&["hubbub.v10, hubbub"], Subprotocol::Others),
        ] {
            let headers =
                values.iter().map(|value| (header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(value))).collect();
            assert_eq!(subprotocol(&headers), expected, "{values:?}");
        }
    }
}
