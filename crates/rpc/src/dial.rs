//! Dialing: from an address to a link.
//!
//! [`dial`] connects, does the handshake within its time limit, and returns one end of a link and
//! the pump for it, a future that someone must own and drive. Attempts are not repeated here;
//! [`Backoff`](crate::backoff::Backoff) says how long to wait between them.

use std::{fmt, future::Future, path::Path, pin::Pin, sync::Arc, time::Duration};

use http::{HeaderValue, header::AUTHORIZATION};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{client::IntoClientRequest, handshake::client::Request},
};

pub use self::{
    error::{DialError, DialErrorKind},
    target::{Target, TargetError},
};
use crate::{
    limits::Limits,
    link::{Close, Link},
    transport::{PeerInfo, meter::Meter, tcp, websocket},
};

mod error;
mod target;
mod tls;

/// How to dial.
#[derive(Clone, Debug)]
pub struct DialOptions {
    /// Sent as `Authorization: Bearer …`.
    pub token: Option<Token>,
    /// Sent as `x-request-id`, for the logs of whoever passes the upgrade on.
    pub request_id: Option<String>,
    /// For the connection and the whole handshake.
    pub timeout: Duration,
    /// The bounds of the connection.
    pub limits: Limits,
    /// Whom to trust on `wss://`; `None` for the roots of this computer.
    pub tls: Option<Arc<ClientConfig>>,
}

/// A bearer token; `Debug` does not show it.
#[derive(Clone)]
pub struct Token(String);

/// A connection that was opened.
pub struct Dialed {
    /// Our end of the link.
    pub link: Link,
    /// Who is at the other end.
    pub peer: PeerInfo,
    /// Moves the frames; ends with the connection. Nothing moves while nobody drives it.
    pub pump: Pin<Box<dyn Future<Output = Close> + Send>>,
}

/// Connects to a server.
pub async fn dial(target: &Target, options: &DialOptions) -> Result<Dialed, DialError> {
    let attempt = async {
        match target {
            Target::Unix(path) => dial_unix(path, options).await,
            Target::WebSocket(url) => {
                let address = (target::host(url), target::port(url));
                dial_tcp(target, url.as_str(), address, options).await
            }
        }
    };
    let kind = match timeout(options.timeout, attempt).await {
        Ok(Ok(dialed)) => return Ok(dialed),
        Ok(Err(kind)) => kind,
        Err(_) => DialErrorKind::TimedOut(options.timeout),
    };
    Err(DialError::new(target, kind))
}

async fn dial_tcp(
    target: &Target,
    url: &str,
    address: (&str, u16),
    options: &DialOptions,
) -> Result<Dialed, DialErrorKind> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(DialErrorKind::of_connect)?;
    tcp::tune(&stream, &options.limits.timeouts).map_err(DialErrorKind::of_connect)?;
    let peer = PeerInfo::Tcp(stream.peer_addr().map_err(DialErrorKind::of_connect)?);
    let request = request(url, options)?;
    if !target.is_tls() {
        return shake_hands(stream, request, peer, options).await;
    }
    let tls = match &options.tls {
        Some(tls) => Arc::clone(tls),
        None => tls::system_roots().map_err(DialErrorKind::Tls)?,
    };
    let name = ServerName::try_from(address.0.to_owned()).map_err(DialErrorKind::of_name)?;
    let stream = TlsConnector::from(tls)
        .connect(name, stream)
        .await
        .map_err(DialErrorKind::Tls)?;
    shake_hands(stream, request, peer, options).await
}

async fn dial_unix(path: &Path, options: &DialOptions) -> Result<Dialed, DialErrorKind> {
    let stream = UnixStream::connect(path)
        .await
        .map_err(DialErrorKind::of_connect)?;
    let user = stream.peer_cred().map_err(DialErrorKind::of_connect)?;
    let peer = PeerInfo::Unix {
        uid: user.uid(),
        pid: user.pid(),
    };
    let request = request("ws://localhost/", options)?;
    shake_hands(stream, request, peer, options).await
}

async fn shake_hands<S>(
    stream: S,
    request: Request,
    peer: PeerInfo,
    options: &DialOptions,
) -> Result<Dialed, DialErrorKind>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = Some(websocket::client_config(&options.limits.wire));
    let (socket, _) = client_async_with_config(request, Meter::new(stream), config).await?;
    Ok(dialed(websocket::Socket::connected(socket), peer, options))
}

fn dialed<S>(socket: websocket::Socket<S>, peer: PeerInfo, options: &DialOptions) -> Dialed
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = options.limits.clone();
    let (near, link) = Link::pair((limits.inbox_bytes, limits.outbox_bytes));
    let pump = Box::pin(async move { websocket::pump(socket, near, &limits).await });
    Dialed { link, peer, pump }
}

/// The upgrade request: what the standard asks for, the token, and its name.
fn request(url: &str, options: &DialOptions) -> Result<Request, DialErrorKind> {
    let mut request = url.into_client_request()?;
    if let Some(id) = &options.request_id {
        let value = HeaderValue::try_from(id).map_err(|_| DialErrorKind::RequestId)?;
        request.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(Token(token)) = &options.token {
        let mut value =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| DialErrorKind::Token)?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(request)
}

/// Names an upgrade.
const REQUEST_ID: &str = "x-request-id";

/// For the connection and the handshake, unless said otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

// === impl DialOptions ===

impl Default for DialOptions {
    fn default() -> Self {
        Self {
            token: None,
            request_id: None,
            timeout: TIMEOUT,
            limits: Limits::default(),
            tls: None,
        }
    }
}

// === impl Token ===

impl Token {
    /// A token, without the white space around it.
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(token.trim().to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
