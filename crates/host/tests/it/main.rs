//! Integration tests of the host: what it does to a real computer.

mod environment;
mod http;
