//! Messages out. Each function makes one text with one allocation where the size is known.

use serde::Serialize;

use crate::{Method, Notification, RequestId, RpcError};

#[derive(Serialize)]
struct Request<'a, P> {
    id: &'a RequestId,
    method: &'a str,
    params: &'a P,
}

#[derive(Serialize)]
struct Told<'a, P> {
    method: &'a str,
    params: &'a P,
}

#[derive(Serialize)]
struct Answer<'a, R> {
    id: &'a RequestId,
    result: &'a R,
}

#[derive(Serialize)]
struct Refusal<'a> {
    error: &'a RpcError,
    id: &'a RequestId,
}

/// The text of a request.
pub fn request<M: Method>(id: &RequestId, params: &M::Params) -> serde_json::Result<String> {
    serde_json::to_string(&Request {
        id,
        method: M::NAME,
        params,
    })
}

/// The text of a notification.
pub fn notification<N: Notification>(params: &N::Params) -> serde_json::Result<String> {
    serde_json::to_string(&Told {
        method: N::NAME,
        params,
    })
}

/// The text of an answer.
pub fn response<R: Serialize>(id: &RequestId, result: &R) -> serde_json::Result<String> {
    serde_json::to_string(&Answer { id, result })
}

/// The beginning of an answer, up to where the result stands; the caller appends the result and
/// `}`. For answers that are written by hand or in pieces.
#[must_use]
pub fn response_head(id: &RequestId) -> String {
    let id = serde_json::to_string(id).expect("numbers and strings are JSON");
    format!("{{\"id\":{id},\"result\":")
}

/// The text of a refusal; the reference writes `error` first.
#[must_use]
pub fn failure(id: &RequestId, error: &RpcError) -> String {
    serde_json::to_string(&Refusal { error, id }).expect("codes and strings are JSON")
}
