//! The HTTP before the WebSocket: what a request is answered, and the upgrade.
//!
//! The decision is pure; the loop around it is hyper's, one request per connection. Checks in
//! their order: `Origin`, `Host`, path, method, upgrade headers, authorization, a free seat. The
//! health paths need no authorization and say nothing but "200".

use std::{
    borrow::Cow, convert::Infallible, future::poll_fn, net::IpAddr, sync::Arc, time::SystemTime,
};

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version, header, request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use self::answer::{Answer, FULL, Refusal, TOO_MANY, refuse, switching_protocols, unauthorized};
use super::{
    auth::{Auth, Denied, Sentence, Throttle},
    host,
};

mod answer;

/// Which paths a listener serves.
#[derive(Clone, Debug)]
pub struct Routes {
    /// Paths that answer 200 to `GET` and `HEAD`.
    pub health: Cow<'static, [&'static str]>,
    /// Whether every other path upgrades, or `/` alone.
    pub any_path: bool,
}

/// What decides about requests of one listener.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) routes: Routes,
    pub(super) auth: Auth,
    /// Whether web pages might reach the listener: requests with an `Origin` are refused.
    pub(super) refuse_origin: bool,
    /// Whether only `localhost` and literal addresses are served.
    pub(super) local_only: bool,
    /// One for each open connection.
    pub(super) seats: Arc<Semaphore>,
    pub(super) throttle: Mutex<Throttle>,
}

/// What a request is answered.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Upgrade { accept: String },
    Healthy,
    Denied(Denied),
    Refused(Refusal),
}

/// A connection that asked for its upgrade and got it.
#[derive(Debug)]
pub(super) struct Upgraded<S> {
    pub(super) stream: S,
    /// What arrived behind the request.
    pub(super) already_read: Vec<u8>,
    pub(super) seat: OwnedSemaphorePermit,
}

/// How a connection left HTTP.
#[derive(Debug)]
pub(super) enum Outcome<S> {
    Upgraded(Upgraded<S>),
    /// It got some other answer, or none.
    Answered(S),
}

/// The largest request head, far above any real one (a bearer token may have some KiB). More
/// headers than a hundred are refused as well, by hyper's own bound.
const HEAD_BYTES: usize = 128 << 10;

/// Serves one request. The caller bounds the time.
pub(super) async fn shake_hands<S>(stream: S, source: Option<IpAddr>, gate: &Gate) -> Outcome<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let taken = Mutex::new(None);
    let service = service_fn(|request: Request<Incoming>| {
        // Boxed, because taking the stream back wants a future that can be moved.
        Box::pin(async {
            let (answer, seat) = gate.answer(&request.into_parts().0, source).await;
            *taken.lock() = seat;
            Ok::<_, Infallible>(answer)
        })
    });
    let mut http = http1::Builder::new();
    http.max_buf_size(HEAD_BYTES).header_read_timeout(None);
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    // An error here has been answered as far as it can be.
    poll_fn(|cx| connection.poll_without_shutdown(cx))
        .await
        .ok();
    let parts = connection.into_parts();
    let stream = parts.io.into_inner();
    let seat = taken.lock().take();
    match seat {
        Some(seat) => {
            let already_read = parts.read_buf.into();
            Outcome::Upgraded(Upgraded {
                stream,
                already_read,
                seat,
            })
        }
        None => Outcome::Answered(stream),
    }
}

// === impl Routes ===

impl Default for Routes {
    /// `/readyz` and `/healthz`, and an upgrade at `/` alone.
    fn default() -> Self {
        Self {
            health: Cow::Borrowed(&["/readyz", "/healthz"]),
            any_path: false,
        }
    }
}

// === impl Gate ===

impl Gate {
    /// The answer to a request, and a seat where the answer is an upgrade.
    async fn answer(
        &self,
        request: &request::Parts,
        source: Option<IpAddr>,
    ) -> (Answer, Option<OwnedSemaphorePermit>) {
        let mut answer = match self.decide(request, SystemTime::now()) {
            Verdict::Upgrade { accept } => match Arc::clone(&self.seats).try_acquire_owned() {
                Ok(seat) => return (switching_protocols(&accept), Some(seat)),
                Err(_) => FULL.into(),
            },
            Verdict::Healthy => Answer::default(),
            Verdict::Refused(refusal) => refusal.into(),
            Verdict::Denied(denied) => self.deny(denied, source).await,
        };
        answer
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        (answer, None)
    }

    fn decide(&self, request: &request::Parts, now: SystemTime) -> Verdict {
        let headers = &request.headers;
        if self.refuse_origin && headers.contains_key(header::ORIGIN) {
            return Verdict::Refused(refuse(StatusCode::FORBIDDEN, ""));
        }
        if self.local_only && !host::is_local(&request.uri, headers) {
            let text = "this address serves requests to localhost or an IP address only";
            return Verdict::Refused(refuse(StatusCode::FORBIDDEN, text));
        }
        let path = request.uri.path();
        if self.routes.health.contains(&path) {
            return match request.method {
                Method::GET | Method::HEAD => Verdict::Healthy,
                _ => Verdict::Refused(Refusal {
                    status: StatusCode::METHOD_NOT_ALLOWED,
                    text: "",
                    header: Some((header::ALLOW, "GET,HEAD")),
                }),
            };
        }
        if !self.routes.any_path && path != "/" {
            return Verdict::Refused(refuse(StatusCode::NOT_FOUND, ""));
        }
        match upgrade(request) {
            Err(refusal) => Verdict::Refused(refusal),
            Ok(key) => match self.auth.check(headers, now) {
                Err(denied) => Verdict::Denied(denied),
                Ok(()) => Verdict::Upgrade {
                    accept: derive_accept_key(key.as_bytes()),
                },
            },
        }
    }

    /// Refuses a credential after the wait its source has earned.
    async fn deny(&self, denied: Denied, source: Option<IpAddr>) -> Answer {
        let Some(source) = source else {
            return unauthorized(denied);
        };
        let sentence = self.throttle.lock().failed(source, Instant::now());
        match sentence {
            Sentence::TooMany => TOO_MANY.into(),
            Sentence::Wait(wait) => {
                let _served = Served { gate: self, source };
                tokio::time::sleep(wait).await;
                unauthorized(denied)
            }
        }
    }
}

/// Gives a place among the waiting answers back, also when the connection goes away meanwhile.
struct Served<'a> {
    gate: &'a Gate,
    source: IpAddr,
}

impl Drop for Served<'_> {
    fn drop(&mut self) {
        self.gate.throttle.lock().served(self.source);
    }
}

/// The key of a correct upgrade request, or what is wrong with it.
fn upgrade(request: &request::Parts) -> Result<&HeaderValue, Refusal> {
    let bad = |text| Refusal {
        status: StatusCode::BAD_REQUEST,
        text,
        header: None,
    };
    if request.method != Method::GET {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        return Err(Refusal {
            status,
            text: "Request method must be `GET`",
            header: None,
        });
    }
    if !lists(&request.headers, &header::CONNECTION, "upgrade") {
        return Err(bad("Connection header did not include 'upgrade'"));
    }
    if !lists(&request.headers, &header::UPGRADE, "websocket") {
        return Err(bad("`Upgrade` header did not include 'websocket'"));
    }
    let version = request.headers.get(header::SEC_WEBSOCKET_VERSION);
    if version.is_none_or(|version| version != "13") {
        return Err(Refusal {
            status: StatusCode::UPGRADE_REQUIRED,
            text: "`Sec-WebSocket-Version` header did not include '13'",
            header: Some((header::SEC_WEBSOCKET_VERSION, "13")),
        });
    }
    let key = request.headers.get(header::SEC_WEBSOCKET_KEY);
    let key = key.ok_or_else(|| bad("`Sec-WebSocket-Key` header missing"))?;
    if request.version != Version::HTTP_11 {
        let text = "WebSocket request couldn't be upgraded since no upgrade state was present";
        return Err(refuse(StatusCode::UPGRADE_REQUIRED, text));
    }
    Ok(key)
}

/// Whether a header's comma-separated words include this one, in any case.
fn lists(headers: &HeaderMap, name: &header::HeaderName, word: &str) -> bool {
    let lines = headers
        .get_all(name)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut words = lines.flat_map(|line| line.split(','));
    words.any(|listed| listed.trim().eq_ignore_ascii_case(word))
}
