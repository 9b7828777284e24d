//! What the hub answers over HTTP: `/ws`, `/health`, `/addresses`, `/files`, and the browser client's files.

mod addresses;
mod files;
mod gate;
mod upgrade;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware;
use axum::routing::get;
use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use crate::assets::Client;
use crate::assets::policy::Policy;
use crate::auth::host::HostPolicy;
use crate::connection::Door;
use crate::interfaces::Addresses;
use crate::server::Phase;

pub(crate) use files::FileDesk;

/// What answering takes.
pub(crate) struct Front {
    pub(crate) door: Arc<Door>,
    /// Where the hub listens, with the real port.
    pub(crate) address: SocketAddr,
    pub(crate) hosts: HostPolicy,
    pub(crate) addresses: Addresses,
    pub(crate) files: FileDesk,
    pub(crate) client: Client,
    /// The client's.
    pub(crate) policy: Policy,
    pub(crate) phase: watch::Receiver<Phase>,
}

/// Every route of the hub, behind the gate. Requests carry the [`crate::server::Arrival`] of
/// their connection as an extension.
pub(crate) fn router(front: Arc<Front>) -> Router {
    let always = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    Router::new()
        .route("/ws", get(upgrade::to_web_socket))
        .route("/health", get(health))
        .route("/addresses", get(addresses::addresses))
        .merge(files::routes(&front))
        .fallback(client)
        // The last layer is the outermost: a request meets them from the bottom up.
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(Arc::clone(&front), gate::check))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(header::REFERRER_POLICY, "no-referrer"))
        .layer(always(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .with_state(front)
}

/// The path alone: what somebody puts into a query is not ours to write down.
fn span(request: &http::Request<Body>) -> tracing::Span {
    tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
}

/// Whether the hub can take messages.
async fn health(State(front): State<Arc<Front>>) -> Response<Body> {
    let (status, word) = if front.door.server.is_alive() {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "stopped")
    };
    let body = serde_json::json!({ "status": word, "version": env!("CARGO_PKG_VERSION") });
    answer(status, "application/json", body.to_string())
}

/// A file of the client, or that there is none.
async fn client(State(front): State<Arc<Front>>, request: Request) -> Response<Body> {
    front
        .client
        .answer(request.uri().path(), request.headers())
        .unwrap_or_else(|| words(StatusCode::NOT_FOUND, "There is nothing at this address. The chat is at /."))
}

/// An answer in words.
fn words(status: StatusCode, sentence: &str) -> Response<Body> {
    answer(status, "text/plain; charset=utf-8", format!("{sentence}\n"))
}

fn answer(status: StatusCode, content_type: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use tokio::sync::Semaphore;
    use tower::Service;

    use super::*;
    use crate::auth::Cookies;
    use crate::backplane::Local;
    use crate::files::{self, Files};
    use crate::message_server::{self, Settings};
    use crate::outbox::Couriers;
    use crate::server::{Arrival, Phase, Progress};

    const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn a_hub_without_its_message_server_is_not_healthy() {
        let log = Arc::new(Local::in_memory(Duration::from_secs(60)).unwrap());
        let lease = Duration::from_secs(30);
        let files = Files::open(None, files::Settings { max_upload: 1, quota: 1, retention: None }).unwrap();
        let (host, files_for_lines) = ("test".to_owned(), files.clone());
        let presence = Duration::ZERO;
        let settings = Settings { host, rate_limit: None, ephemeral: true, lease, presence, files: files_for_lines };
        let server = message_server::start(log, settings).unwrap();
        let (_phase, observed) = watch::channel(Phase::Serving);
        let address = SocketAddr::new(LOCALHOST, 4000);
        let front = Front {
            door: Arc::new(Door {
                server: server.clone(),
                cookies: Cookies::open(),
                couriers: Couriers::start(1),
                pace: true,
                hello_deadline: Duration::MAX,
            }),
            files: FileDesk { files, key: None, stall: Duration::MAX },
            address,
            hosts: HostPolicy::new(address, "test", Vec::new()),
            addresses: Addresses::default(),
            client: Client::embedded(),
            policy: Client::embedded().policy(),
            phase: observed,
        };
        let mut router = router(Arc::new(front));
        let arrival = Arrival {
            peer: address,
            local: LOCALHOST,
            progress: Progress::new(),
            place: Arc::new(Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap()),
            span: tracing::Span::none(),
        };
        let mut healthy = async || {
            let request =
                http::Request::get("/health").header(header::HOST, "localhost:4000").extension(arrival.clone());
            router.call(request.body(Body::empty()).unwrap()).await.unwrap().status()
        };

        assert_eq!(healthy().await, StatusCode::OK);
        server.stop().await;
        assert_eq!(healthy().await, StatusCode::SERVICE_UNAVAILABLE);
    }
}
