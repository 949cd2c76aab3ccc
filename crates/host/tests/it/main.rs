//! Integration tests of the host: what it does to a real computer.

mod environment;
mod http;
mod keeper;
mod process_attach;
mod process_end;
mod process_input;
mod process_output;
mod process_support;
mod process_terminal;
