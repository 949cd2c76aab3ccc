//! The answers, as bytes go out.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;

use crate::listen::auth::Denied;

/// What hyper sends.
pub(super) type Answer = Response<Full<Bytes>>;

/// A request is not served.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// The body; none when empty.
    pub(super) text: &'static str,
    pub(super) header: Option<(header::HeaderName, &'static str)>,
}

/// No seat is free.
pub(super) const FULL: Refusal = Refusal {
    status: StatusCode::SERVICE_UNAVAILABLE,
    text: "too many connections",
    header: None,
};

/// All waits of the source are taken.
pub(super) const TOO_MANY: Refusal = Refusal {
    status: StatusCode::TOO_MANY_REQUESTS,
    text: "too many failed attempts from this address",
    header: None,
};

/// A refusal without further headers.
pub(super) fn refuse(status: StatusCode, text: &'static str) -> Refusal {
    Refusal {
        status,
        text,
        header: None,
    }
}

/// A credential was refused.
pub(super) fn unauthorized(denied: Denied) -> Answer {
    text_answer(StatusCode::UNAUTHORIZED, denied.to_string().into())
}

fn text_answer(status: StatusCode, text: Bytes) -> Answer {
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let mut answer = Response::new(Full::new(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, plain);
    answer
}

/// The upgrade.
pub(super) fn switching_protocols(accept: &str) -> Answer {
    let accept = HeaderValue::from_str(accept).expect("base64 is a header value");
    let mut answer = Response::default();
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    answer
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let text = Bytes::from_static(refusal.text.as_bytes());
        let mut answer = match refusal.text {
            "" => Self::default(),
            _ => text_answer(refusal.status, text),
        };
        *answer.status_mut() = refusal.status;
        if let Some((name, value)) = refusal.header {
            answer
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        answer
    }
}
