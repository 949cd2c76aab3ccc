//! The keeper as a program of its own, for whoever runs the host without the whole command line:
//! tests, and embedders that cannot call [`outpost_host::keeper::dispatch`] in their `main`.

use std::process::ExitCode;

fn main() -> ExitCode {
    outpost_host::keeper::dispatch();
    // Reached only by hand.
    ExitCode::FAILURE
}
