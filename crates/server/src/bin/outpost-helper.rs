//! The keeper and the helpers as a program of its own, for whoever runs a server without the whole
//! command line: tests, and embedders that cannot call [`outpost_server::dispatch`] in their
//! `main`.

use std::process::ExitCode;

fn main() -> ExitCode {
    outpost_server::dispatch();
    // Reached only by hand.
    ExitCode::FAILURE
}
