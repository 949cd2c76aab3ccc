//! Messages out, where this face's differ from the exec server's in their members or their order.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Method, Notification, RequestId, RpcError};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a, P> {
    method: &'a str,
    params: &'a P,
    emitted_at_ms: i64,
}

#[derive(Serialize)]
struct Asked<'a, P> {
    method: &'a str,
    id: &'a RequestId,
    params: &'a P,
}

#[derive(Serialize)]
struct Refusal<'a> {
    error: Error<'a>,
    id: &'a RequestId,
}

#[derive(Serialize)]
struct Error<'a> {
    code: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    message: &'a str,
}

/// The text of a notification; `emitted_at_ms` is in milliseconds since 1970.
pub fn notification<N: Notification>(
    params: &N::Params,
    emitted_at_ms: i64,
) -> serde_json::Result<String> {
    serde_json::to_string(&Told {
        method: N::NAME,
        params,
        emitted_at_ms,
    })
}

/// The text of a request to a client. It has no time.
pub fn request<M: Method>(id: &RequestId, params: &M::Params) -> serde_json::Result<String> {
    serde_json::to_string(&Asked {
        method: M::NAME,
        id,
        params,
    })
}

/// The text of a refusal.
#[must_use]
pub fn failure(id: &RequestId, error: &RpcError) -> String {
    serde_json::to_string(&Refusal {
        error: Error {
            code: error.code,
            data: error.data.as_deref(),
            message: &error.message,
        },
        id,
    })
    .expect("codes and strings are JSON")
}
