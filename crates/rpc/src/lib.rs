//! The JSON-RPC peer: links, connections, transports.

pub mod frame;
pub mod limits;
pub mod link;
