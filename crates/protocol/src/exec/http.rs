//! HTTP requests made by the executor.

use serde::{Deserialize, Serialize};

use crate::{
    Base64Bytes,
    method::{methods, notifications},
};

methods! {
    /// Makes one HTTP request from this machine.
    Request = "http/request": HttpRequestParams => HttpRequestResponse;
}

notifications! {
    /// The next part of a streamed body.
    BodyDelta = "http/request/bodyDelta": BodyDeltaParams;
}

/// What to request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HttpRequestParams {
    /// Any token; its case is kept.
    pub method: String,
    /// http or https.
    pub url: String,
    /// Sent in this order, repeats included.
    #[serde(default)]
    pub headers: Vec<HttpHeader>,
    /// The body.
    #[serde(default)]
    pub body_base64: Option<Base64Bytes>,
    /// For the whole exchange, a streamed body included; absent: unlimited.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// What becomes of redirects.
    #[serde(default)]
    pub redirect_policy: RedirectPolicy,
    /// Names the stream of a streamed body.
    pub request_id: String,
    /// The body comes in notifications instead of in the answer.
    #[serde(default)]
    pub stream_response: bool,
}

/// One header line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HttpHeader {
    /// Lower-case in answers.
    pub name: String,
    /// The value.
    pub value: String,
    /// A variable of the server's environment whose value is appended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_env_var: Option<String>,
}

/// What becomes of redirects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum RedirectPolicy {
    /// They are followed.
    #[default]
    Follow,
    /// The redirect itself is the answer.
    Stop,
}

/// The answer; any HTTP status is a success here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HttpRequestResponse {
    /// The HTTP status.
    pub status: u16,
    /// In order, repeats included.
    pub headers: Vec<HttpHeader>,
    /// The body; empty when it is streamed.
    pub body_base64: Base64Bytes,
}

/// A part of a streamed body.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BodyDeltaParams {
    /// Of which request.
    pub request_id: String,
    /// From 1, without gaps.
    pub seq: u64,
    /// The bytes.
    pub delta_base64: Base64Bytes,
    /// Nothing follows.
    pub done: bool,
    /// Why the body is incomplete.
    pub error: Option<String>,
}
