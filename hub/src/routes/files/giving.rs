//! Giving files out, in such a way that no browser takes them for anything but what the hub found them to be.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use bytes::Bytes;
use futures_util::stream;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use tokio::task::spawn_blocking;

use super::answers::{no_such_file, refusal};
use crate::assets::is_known;
use crate::files::hash::FileHash;
use crate::files::range::{self, Asked};
use crate::files::record::Kind;
use crate::files::{name, read_piece};
use crate::routes::Front;
use crate::server::{Arrival, Progress};

/// What is named by its hash never changes. Private: only who has the cookie may have it, and no cache between.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// Whatever a file holds, opened by itself it is a picture or text at most: no script, no form, no origin of ours.
const POLICY: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");

/// `GET /files/HASH/NAME`
pub(super) async fn content(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    path: Result<Path<(String, String)>, PathRejection>,
    asked: HeaderMap,
) -> Response<Body> {
    // A name that is no UTF-8 is none that a line gave.
    let Ok(Path((hash, name))) = path else { return no_such_file() };
    let Some(hash) = FileHash::parse(&hash) else { return no_such_file() };
    let Some(facts) = front.files.files.find(hash) else { return no_such_file() };
    let file = Sent {
        path: front.files.files.path(hash),
        size: facts.size,
        kind: facts.kind,
        tag: format!("\"{hash}\""),
        disposition: name::disposition(facts.picture.is_some(), &name),
    };
    file.answer(&asked, arrival.progress)
}

/// `GET /files/HASH/thumbnail`
pub(super) async fn thumbnail(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    Path(hash): Path<String>,
    asked: HeaderMap,
) -> Response<Body> {
    let Some(hash) = FileHash::parse(&hash) else { return no_such_file() };
    let Some(facts) = front.files.files.find(hash) else { return no_such_file() };
    let Some(picture) = facts.picture else {
        return refusal(StatusCode::NOT_FOUND, "no_such_file", "This file is no picture, and has no thumbnail.");
    };
    let file = Sent {
        path: front.files.files.thumbnail_path(hash),
        size: picture.thumbnail_size,
        kind: picture.thumbnail,
        tag: format!("\"{hash}-thumbnail\""),
        disposition: HeaderValue::from_static("inline"),
    };
    file.answer(&asked, arrival.progress)
}

/// What is sent.
struct Sent {
    path: PathBuf,
    /// In bytes.
    size: u64,
    kind: Kind,
    tag: String,
    disposition: HeaderValue,
}

impl Sent {
    fn answer(self, asked: &HeaderMap, progress: Progress) -> Response<Body> {
        let part = self.part(asked);
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, FOR_EVER);
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Ok(tag) = HeaderValue::try_from(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        if is_known(asked, &self.tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind.media_type()));
        headers.insert(header::CONTENT_DISPOSITION, self.disposition);
        let (status, range, says) = match part {
            Asked::Whole => (StatusCode::OK, 0..self.size, None),
            Asked::Part(part) => {
                let says = format!("bytes {}-{}/{}", part.start, part.end - 1, self.size);
                (StatusCode::PARTIAL_CONTENT, part, Some(says))
            }
            Asked::Nowhere => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0, Some(format!("bytes */{}", self.size))),
        };
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
        if let Some(says) = says.and_then(|says| HeaderValue::try_from(says).ok()) {
            headers.insert(header::CONTENT_RANGE, says);
        }
        *response.status_mut() = status;
        *response.body_mut() = body(self.path, range, progress);
        response
    }

    /// The part that is asked for. Who holds a part of something else gets the whole (RFC 9110, section 13.1.5).
    fn part(&self, asked: &HeaderMap) -> Asked {
        let same = asked.get(header::IF_RANGE).is_none_or(|held| held.as_bytes() == self.tag.as_bytes());
        let range = asked.get(header::RANGE).filter(|_| same).and_then(|range| range.to_str().ok());
        range::asked(range, self.size)
    }
}

/// These bytes of a file, read as they are taken. It is open only while a piece is read: who takes their time holds
/// nothing of the hub's but the connection.
fn body(path: PathBuf, range: std::ops::Range<u64>, progress: Progress) -> Body {
    let path = Arc::new(path);
    Body::from_stream(stream::try_unfold(range, move |range| {
        let (path, progress) = (Arc::clone(&path), progress.clone());
        async move {
            progress.made();
            if range.is_empty() {
                return Ok(None);
            }
            let (at, most) = (range.start, range.end - range.start);
            let read = spawn_blocking(move || read_piece(&path, at, most)).await;
            let piece = read.unwrap_or_else(|panic| Err(io::Error::other(panic)))?;
            if piece.is_empty() {
                // It was taken away meanwhile. The connection ends before its announced length, so that nobody takes
                // what came for the whole.
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            let rest = range.start + piece.len() as u64..range.end;
            Ok(Some((Bytes::from(piece), rest)))
        }
    }))
}
