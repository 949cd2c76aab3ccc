//! HTTP requests sent from this computer on behalf of a client.
//!
//! [`HttpClient`] owns the connection pools. It is built empty: the first request that needs a
//! pool makes it, and the root certificates are read only for the first one that needs TLS or a
//! proxy, so a server that never sends a request pays nothing.
//!
//! Always true: a body is pulled by its reader ([`Body::next`]), never pushed, so a slow reader
//! stops the sender; bodies arrive as sent (no decompression) and no cookie is kept; at most
//! [`HttpConfig::max_exchanges`] requests are alive at once, and one more is refused, not queued.
//!
//! Dropping the future of [`HttpClient::send`], or the [`Body`], cuts the outgoing connection.

mod body;
mod error;
mod redirect;
mod request;
mod route;
mod variables;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{Response, header::LOCATION};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::{
    body::{BUFFERED_BODY_LIMIT, Body, CHUNK_LIMIT},
    error::HttpError,
    request::{Header, HttpRequest, Redirects},
    route::Proxies,
    variables::HeaderVariables,
};
use self::{
    redirect::{Hop, Step},
    route::Pools,
};

/// How many requests may be alive at once: an order of magnitude above what one agent keeps open,
/// and well below the descriptors a process may have.
pub const MAX_EXCHANGES: usize = 256;

/// What an [`HttpClient`] may do.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// The environment variables whose values a header may carry.
    pub header_variables: HeaderVariables,
    /// Which proxy stands between this computer and the network.
    pub proxies: Proxies,
    /// How many requests may be alive at once; see [`MAX_EXCHANGES`].
    pub max_exchanges: usize,
}

impl Default for HttpConfig {
    /// No header may read the environment, and the proxy variables of this process are obeyed.
    fn default() -> Self {
        Self {
            header_variables: HeaderVariables::default(),
            proxies: Proxies::Environment,
            max_exchanges: MAX_EXCHANGES,
        }
    }
}

/// The head of an answer, and its body still to be read.
#[derive(Debug)]
pub struct HttpResponse {
    /// The status code, of any class: 404 is an answer, not an error.
    pub status: u16,
    /// Lower-case names with their values, repeats kept, in the order received (repeats of one
    /// name stand together). A value that is not UTF-8 is read as Latin-1 instead of being lost.
    pub headers: Vec<(String, String)>,
    /// The body, unread.
    pub body: Body,
}

/// Sends requests. Cheap to share behind an [`Arc`]; needs a Tokio runtime when it sends.
#[derive(Debug)]
pub struct HttpClient {
    header_variables: HeaderVariables,
    exchanges: Arc<Semaphore>,
    max_exchanges: usize,
    pools: Pools,
}

impl HttpClient {
    /// A client that has opened and read nothing yet.
    pub fn new(config: HttpConfig) -> Self {
        Self {
            header_variables: config.header_variables,
            exchanges: Arc::new(Semaphore::new(config.max_exchanges)),
            max_exchanges: config.max_exchanges,
            pools: Pools::new(config.proxies),
        }
    }

    /// Sends `request` and returns once the head of the final answer is here.
    ///
    /// The time-out runs from this call until the end of the body, redirects included.
    ///
    /// # Errors
    ///
    /// [`HttpError::is_invalid`] tells a request that could not be sent as written from an
    /// exchange that failed.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let deadline = request
            .timeout
            .and_then(|timeout| Instant::now().checked_add(timeout));
        let redirects = request.redirects;
        let mut hop = request::prepare(request, &self.header_variables)?;
        let permit = Arc::clone(&self.exchanges)
            .try_acquire_owned()
            .map_err(|_| HttpError::Busy(self.max_exchanges))?;

        let mut sent = 0;
        loop {
            sent += 1;
            let response = self.exchange(&hop, deadline).await?;
            let location = match redirects {
                Redirects::Follow => response.headers().get(LOCATION),
                Redirects::Stop => None,
            };
            match redirect::next(hop, response.status(), location, sent) {
                Step::Answer => return Ok(answer(response, permit)),
                Step::Follow(next) => hop = next,
                Step::Refuse(error) => return Err(error),
            }
        }
    }

    async fn exchange(&self, hop: &Hop, deadline: Option<Instant>) -> Result<Response, HttpError> {
        let client = self.pools.client(&hop.url).await?;
        let mut builder = client
            .request(hop.method.clone(), hop.url.clone())
            .headers(hop.headers.clone());
        if let Some(body) = &hop.body {
            builder = builder.body(body.clone());
        }
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return Err(HttpError::TimedOut);
            }
            builder = builder.timeout(left);
        }
        builder.send().await.map_err(HttpError::Send)
    }
}

fn answer(response: Response, permit: OwnedSemaphorePermit) -> HttpResponse {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect();
    HttpResponse {
        status: response.status().as_u16(),
        headers,
        body: Body::new(response, permit),
    }
}

/// A header value as text: UTF-8 where it is, else each byte as the Latin-1 character it names.
fn text(value: &[u8]) -> String {
    match str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}
