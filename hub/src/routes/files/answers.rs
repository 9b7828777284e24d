//! What is answered about files: JSON, also for what is refused.

use axum::body::Body;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Value, json as object};

use crate::files::Facts;
use crate::files::upload::Refused;
use crate::routes::answer;

/// When who was refused for want of room may try again, in seconds.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("10");

pub(super) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    answer(status, "application/json", value.to_string())
}

/// A refusal: `code` for programs, `message` for people.
pub(super) fn refusal(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    json(status, &object!({ "code": code, "message": message }))
}

/// What is known of a file.
pub(super) fn facts(facts: &Facts) -> Value {
    let mut value = object!({ "hash": facts.hash.to_string(), "size": facts.size, "kind": facts.kind.media_type() });
    if let Some(picture) = facts.picture {
        value["width"] = picture.width.into();
        value["height"] = picture.height.into();
    }
    value
}

/// Why an upload does not begin or go on.
pub(super) fn refused(error: &Refused) -> Response<Body> {
    let (status, code) = match error {
        Refused::TooLarge { .. } | Refused::TooLong { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "file_too_large"),
        Refused::Full => (StatusCode::INSUFFICIENT_STORAGE, "quota_full"),
        Refused::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "disk_full"),
        Refused::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many_uploads"),
        Refused::Unknown => (StatusCode::NOT_FOUND, "no_such_upload"),
        Refused::WrongOffset { .. } => (StatusCode::CONFLICT, "wrong_offset"),
        Refused::Stalled => (StatusCode::REQUEST_TIMEOUT, "stalled"),
        Refused::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Refused::Failed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "unavailable"),
    };
    let mut value = object!({ "code": code, "message": error.to_string() });
    match error {
        Refused::TooLarge { limit } => value["limit"] = (*limit).into(),
        Refused::WrongOffset { offset } => value["offset"] = (*offset).into(),
        _ => {}
    }
    let mut response = json(status, &value);
    if matches!(error, Refused::TooMany | Refused::Stopping) {
        response.headers_mut().insert(header::RETRY_AFTER, TRY_AGAIN);
    }
    response
}

/// No file of this hash.
pub(super) fn no_such_file() -> Response<Body> {
    let words = "This file is not here: it was never uploaded, or is kept no longer.";
    refusal(StatusCode::NOT_FOUND, "no_such_file", words)
}
