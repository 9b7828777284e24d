//! `/files`: what people send each other beside lines, taken in pieces and given out again. What is said of it to other
//! clients stands in `docs/protocol.md`.

mod admission;
mod answers;
mod giving;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use futures_util::StreamExt;
use http::header::{self, HeaderName};
use http::{Response, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::Front;
use crate::auth::file_key::FileKey;
use crate::files::Files;
use crate::files::upload::{Refused, State as Upload};
use crate::server::{Arrival, stopping};
use answers::{json, refusal, refused};

/// Where all of this is.
const ROOT: &str = "/files";

/// Which byte of a file the body begins with.
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

/// How long the rest of a body is read that nobody wants: an answer that comes while the client still sends would be
/// lost to it, because the kernel resets a connection with unread bytes.
const DRAIN: Duration = Duration::from_secs(10);

/// How long nothing may come meanwhile. A client that still sends does so at once.
const DRAIN_PAUSE: Duration = Duration::from_secs(1);

/// What giving and taking files needs.
pub(crate) struct FileDesk {
    pub(crate) files: Files,
    /// None where everyone is let in.
    pub(crate) key: Option<FileKey>,
    /// How long an upload may go without a byte.
    pub(crate) stall: Duration,
}

/// Whether this path of a URL is one of ours.
pub(super) fn is_below(path: &str) -> bool {
    path.strip_prefix(ROOT).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The routes, for those with the cookie.
pub(super) fn routes(front: &Arc<Front>) -> Router<Arc<Front>> {
    Router::new()
        .route("/files", post(begin))
        .route("/files/key", post(key))
        .route("/files/uploads/{id}", get(state).patch(receive).delete(give_up))
        .route("/files/{hash}/thumbnail", get(giving::thumbnail))
        .route("/files/{hash}/{name}", get(giving::content))
        .route_layer(middleware::from_fn_with_state(Arc::clone(front), admission::check))
}

/// `POST /files/key`: gives a browser the key that it shows where it can send no header.
async fn key(State(front): State<Arc<Front>>) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    if let Some(key) = &front.files.key {
        response.headers_mut().insert(header::SET_COOKIE, key.set_cookie());
    }
    response
}

/// `POST /files?size=N`: begins an upload.
async fn begin(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response<Body> {
    let Some(size) = announced(request.uri().query().unwrap_or_default()) else {
        let words = "Say how many bytes the file has, as in `POST /files?size=1024`.";
        return refusal(StatusCode::BAD_REQUEST, "bad_request", words);
    };
    match front.files.files.begin(size, arrival.peer.ip()).await {
        Ok(id) => json(StatusCode::CREATED, &serde_json::json!({ "upload": id, "offset": 0 })),
        Err(error) => refused(&error),
    }
}

/// The `size` of a query.
fn announced(query: &str) -> Option<u64> {
    let size = query.split('&').find_map(|part| part.strip_prefix("size="))?;
    if size.bytes().all(|letter| letter.is_ascii_digit()) { size.parse().ok() } else { None }
}

/// `GET /files/uploads/ID`: how far an upload is.
async fn state(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response<Body> {
    match front.files.files.upload(&id) {
        Some(state) => progress(StatusCode::OK, state),
        None => refused(&Refused::Unknown),
    }
}

/// `DELETE /files/uploads/ID`: ends an upload that is not whole.
async fn give_up(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response<Body> {
    if front.files.files.give_up(&id).await {
        json(StatusCode::OK, &serde_json::json!({}))
    } else {
        refused(&Refused::Unknown)
    }
}

/// `PATCH /files/uploads/ID`: the next bytes of an upload.
async fn receive(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    Path(id): Path<String>,
    request: Request,
) -> Response<Body> {
    let Some(offset) = number(&request, &UPLOAD_OFFSET) else {
        let words = "Say which byte the body begins with, in the header `Upload-Offset`.";
        return refusal(StatusCode::BAD_REQUEST, "bad_request", words);
    };
    let length = number(&request, &header::CONTENT_LENGTH).unwrap_or(0);
    // A task of its own: should the connection break, which ends this one, what arrived still finds its way to the disk.
    let received = tokio::spawn(async move {
        let mut body = request.into_body().into_data_stream();
        let received = take(&front, &arrival, &id, offset, length, &mut body).await;
        // Also where the answer was known without it: unread, the kernel's reset would overtake that.
        if !matches!(received, Err(Refused::Stalled | Refused::Stopping)) {
            drain(&mut body, front.files.files.max_upload()).await;
        }
        received
    });
    match received.await {
        Ok(Ok(state @ Upload::Part(_))) => progress(StatusCode::OK, state),
        Ok(Ok(state @ Upload::Whole(_))) => progress(StatusCode::CREATED, state),
        Ok(Err(error)) => refused(&error),
        Err(panic) => refused(&Refused::Failed(std::io::Error::other(panic))),
    }
}

async fn take(
    front: &Front,
    arrival: &Arrival,
    id: &str,
    offset: u64,
    length: u64,
    body: &mut axum::body::BodyDataStream,
) -> Result<Upload, Refused> {
    let files = &front.files.files;
    if let Some(announced) = files.announced(id)
        && offset.saturating_add(length) > announced
    {
        return Err(Refused::TooLong { announced });
    }
    let mut phase = front.phase.clone();
    let (stop, made) = (stopping(&mut phase), || arrival.progress.made());
    let state = files.receive(id, offset, body, front.files.stall, stop, made).await;
    // Looking for a picture may have taken its time.
    made();
    state
}

/// Reads what still comes, for a while, and forgets it.
async fn drain(body: &mut axum::body::BodyDataStream, most: u64) {
    let end = Instant::now() + DRAIN;
    let mut read = 0;
    while let Ok(Some(Ok(bytes))) = timeout_at(end.min(Instant::now() + DRAIN_PAUSE), body.next()).await {
        read += bytes.len() as u64;
        if read > most {
            return;
        }
    }
}

fn number(request: &Request, name: &HeaderName) -> Option<u64> {
    request.headers().get(name)?.to_str().ok()?.trim().parse().ok()
}

/// How far an upload is, as JSON.
fn progress(status: StatusCode, state: Upload) -> Response<Body> {
    match state {
        Upload::Part(offset) => json(status, &serde_json::json!({ "offset": offset })),
        Upload::Whole(facts) => {
            json(status, &serde_json::json!({ "offset": facts.size, "file": answers::facts(&facts) }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_plain_number() {
        assert_eq!(announced("size=1024"), Some(1024));
        assert_eq!(announced("name=x&size=0"), Some(0));
        for query in ["", "size", "size=", "size=-1", "size=+5", "size=1e3", "size=99999999999999999999999"] {
            assert_eq!(announced(query), None, "{query}");
        }
    }

    #[test]
    fn only_what_is_below_files_is_ours() {
        for path in ["/files", "/files/", "/files/key", "/files/a/b"] {
            assert!(is_below(path), "{path}");
        }
        for path in ["/", "/filesystem", "/ws", "/Files", "//files"] {
            assert!(!is_below(path), "{path}");
        }
    }
}
