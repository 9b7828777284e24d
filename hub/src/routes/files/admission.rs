//! Files are for those with the cookie: as a bearer token (RFC 6750), or by the key that is made of it.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use super::answers::refusal;
use crate::auth::Verdict;
use crate::routes::Front;
use crate::server::Arrival;

/// When an address that offered too many wrong cookies may try again, in seconds; see
/// [`crate::auth::throttle::ONE_BACK_EVERY`].
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("6");

/// The same for keys; see [`crate::auth::throttle::KEY_BACK_EVERY`].
const TRY_A_KEY_AGAIN: HeaderValue = HeaderValue::from_static("12");

/// Lets a request through that shows the cookie or the key.
pub(super) async fn check(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let (verdict, try_again) = verdict(&front, &arrival, request.headers());
    match verdict {
        Verdict::Right => next.run(request).await,
        Verdict::Wrong => {
            let words = "Files need the cookie, as `Authorization: Bearer`, or the key from `/files/key`. \
                         Yours is missing or wrong.";
            let mut response = refusal(StatusCode::UNAUTHORIZED, "cookie_wrong", words);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        Verdict::TooMany => {
            let words = "Too many wrong cookies came from your address. Wait a moment.";
            let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "too_many_wrong_cookies", words);
            response.headers_mut().insert(header::RETRY_AFTER, try_again);
            response
        }
    }
}

/// With when one who is told to wait may try again.
fn verdict(front: &Front, arrival: &Arrival, headers: &HeaderMap) -> (Verdict, HeaderValue) {
    let (cookies, from, now) = (&front.door.cookies, arrival.peer.ip(), Instant::now());
    let mut shown = front.files.key.iter().flat_map(|key| key.shown(headers)).peekable();
    match bearer(headers) {
        None if shown.peek().is_some() => (cookies.check_keys(shown, from, now), TRY_A_KEY_AGAIN),
        offered => (cookies.check(offered.as_deref(), from, now), TRY_AGAIN),
    }
}

/// The token of an `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?;
    // A cookie that somebody chose may have letters beyond ASCII; clients send their UTF-8.
    let (scheme, token) = std::str::from_utf8(value.as_bytes()).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}
