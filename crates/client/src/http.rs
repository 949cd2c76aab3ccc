//! HTTP requests made by the server's machine.

mod body;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
pub use outpost_protocol::exec::http::{HttpHeader, RedirectPolicy};
use outpost_protocol::exec::http::{HttpRequestParams, Request};

pub(crate) use self::body::BodyInbox;
pub use self::body::HttpBody;
use crate::{ClientError, session::Core};

/// HTTP from the server's machine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http {
    pub(crate) core: Arc<Core>,
}

/// What to request. The [`Default`] is a GET that follows redirects, without a time limit.
#[derive(Clone)]
pub struct HttpRequest {
    /// `GET` and the like; its case is kept.
    pub method: String,
    /// http or https.
    pub url: String,
    /// Sent in this order, repeats included.
    pub headers: Vec<HttpHeader>,
    /// The body.
    pub body: Option<Bytes>,
    /// For the whole exchange, the answer's body included.
    pub timeout: Option<Duration>,
    /// What becomes of redirects.
    pub redirects: RedirectPolicy,
}

/// The head of an answer, and its body as it comes.
#[derive(Debug)]
pub struct HttpResponse {
    /// The HTTP status; any status is an answer.
    pub status: u16,
    /// In order, repeats included, names in lower case.
    pub headers: Vec<HttpHeader>,
    /// The body.
    pub body: HttpBody,
}

// === impl Http ===

impl Http {
    /// Makes a request; done when the head of the answer is there. A request whose answer was lost
    /// with the connection is not repeated: [`ClientError::Unanswered`].
    pub async fn request(&self, request: HttpRequest) -> Result<HttpResponse, ClientError> {
        // The connection first: a body belongs to the connection it was asked on.
        self.core.live().await?;
        let body = HttpBody::new(Arc::clone(&self.core.shared));
        let params = HttpRequestParams {
            method: request.method,
            url: request.url,
            headers: request.headers,
            body_base64: request.body.map(Into::into),
            timeout_ms: request
                .timeout
                .map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
            redirect_policy: request.redirects,
            request_id: body.id().to_owned(),
            stream_response: true,
        };
        let head = self.core.once::<Request>(&params).await?;
        Ok(HttpResponse {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// A GET.
    pub async fn get(&self, url: impl Into<String>) -> Result<HttpResponse, ClientError> {
        self.request(HttpRequest {
            url: url.into(),
            ..HttpRequest::default()
        })
        .await
    }
}

// === impl HttpRequest ===

impl Default for HttpRequest {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            url: String::new(),
            headers: Vec::new(),
            body: None,
            timeout: None,
            redirects: RedirectPolicy::Follow,
        }
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and queries carry credentials.
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
