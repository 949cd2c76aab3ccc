//! The harness every crate tests with.
//!
//! Nothing here depends on a crate of ours: the wire is read by code that
//! shares nothing with the code under test. The parts:
//!
//! | module | what it is |
//! |---|---|
//! | [`program`] | a program started by a test, ended with its group |
//! | [`leaks`] | proof that nothing a test started is still alive |
//! | [`flaky`] | a byte stream that splits, delays and cuts by seed |
//! | [`frame`] | WebSocket frames, read and written |
//! | [`proxy`] | a TCP proxy with faults that records what passes |
//! | [`connection`] | a raw client of an exec-server, over stdio or WebSocket |
//! | [`http`] | a small HTTP server for fixtures |
//! | [`mock`] | a model API whose answers are written in the test |
//! | [`wire`] | processes put together again from what was said |
//! | [`script`] | transcripts that are played against a server |
//! | [`terminal`] | a terminal with a program on it, whose screen can be read |
//! | [`walls`] | whether this machine can raise the walls of a sandbox |
//!
//! Everything panics instead of returning errors where a failure means that the
//! test has failed, and every wait has a deadline.

pub mod connection;
pub mod flaky;
pub mod frame;
pub mod http;
pub mod leaks;
pub mod mock;
pub mod program;
pub mod proxy;
pub mod script;
pub mod terminal;
pub mod walls;
pub mod wire;

/// Says that something could not be tried here. Written past the test runner, which keeps what a
/// passing test prints to itself: a skipped test must not look like one that passed.
pub fn skipped(why: impl std::fmt::Display) {
    use std::io::Write as _;
    // There is no third place to complain to.
    let _unsaid = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
