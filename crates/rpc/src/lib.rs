//! The JSON-RPC peer: links, connections, transports.
