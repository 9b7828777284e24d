//! Before every route: whom the request is for, who sent it, and by which method.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use http::header::{self, HeaderValue};
use http::{Method, Response, StatusCode};

use super::{Front, files, words};
use crate::server::Arrival;

/// Lets a request through that names this hub as its host, comes from a page of this hub or from
/// no page at all, and only wants to read, or to send a file. Puts the content security policy on every answer.
pub(super) async fn check(
    State(front): State<Arc<Front>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let admitted = front.hosts.admit(request.uri(), request.headers(), arrival.local, &|| front.addresses.get());
    let (host, mut response) = match admitted {
        Err(refused) => {
            tracing::debug!(%refused, "request refused");
            (None, words(refused.status(), &refused.to_string()))
        }
        Ok(host) if may(request.method(), request.uri().path()) => (Some(host), next.run(request).await),
        Ok(host) => (Some(host), not_allowed()),
    };
    // A file that somebody sent has a stricter one.
    let policy = response.headers_mut().entry(header::CONTENT_SECURITY_POLICY);
    policy.or_insert_with(|| front.policy.header(host.as_ref()));
    response
}

/// Whether anything can be done by this method at this path. Only files are sent to the hub over HTTP.
fn may(method: &Method, path: &str) -> bool {
    [Method::GET, Method::HEAD].contains(method)
        || [Method::POST, Method::PATCH, Method::DELETE].contains(method) && files::is_below(path)
}

fn not_allowed() -> Response<Body> {
    let mut response = words(StatusCode::METHOD_NOT_ALLOWED, "This hub answers GET and HEAD only.");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
