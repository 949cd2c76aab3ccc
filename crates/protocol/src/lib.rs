//! The contract: what is on the wire between Outpost and its clients.
//!
//! The dialect is that of `codex exec-server` 0.169.0 (JSON-RPC shapes without the `jsonrpc`
//! member), with the additions of Outpost, which old clients ignore. This crate is data and its
//! encoding: it knows no socket, no runtime and no operating system, and never will. A method is
//! a type ([`Method`]), so its name, parameters and result are written once.
//!
//! Where the reference's words are part of the contract (texts of refused input), they are made
//! here, because they fall out of decoding: [`envelope`] for messages, [`decode_params`] for
//! parameters, [`Base64Bytes`] and [`PathUri`] for values.

pub mod app;
mod base64;
pub mod envelope;
pub mod exec;
mod jsonrpc;
mod method;
mod params;
mod path_uri;
#[cfg(feature = "schema")]
pub mod schema;
mod strict;

pub use self::{
    base64::Base64Bytes,
    jsonrpc::{RequestId, RpcError, TraceContext, code},
    method::{Method, Notification},
    params::{NoParams, decode_params},
    path_uri::{NotNative, PathUri},
};
