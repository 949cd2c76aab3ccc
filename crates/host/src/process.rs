//! Processes: start them, know what they print, feed them, end them.
//!
//! [`ProcessHost`] is what all processes of a server share; [`Processes`] are those of one session,
//! by their ids; [`Process`] is one of them. Each has one task (`supervise.rs`) that reads its
//! output into a log with one sequence for output, exit and close, and tells an [`Audience`] in
//! that order, or nobody. Everything else is a call on a handle that changes what the task and the
//! handles share (`state.rs`) and is done when it returns.
//!
//! A process is ended with its whole tree, whatever its members did to get away: that is the
//! keeper's part (`keeper.rs`). Dropping handles ends nothing; dropping the last [`Processes`] of a
//! session ends all of them.

mod alarm;
mod audience;
pub(crate) mod bounds;
mod budget;
pub(crate) mod cgroup;
mod cursor;
mod end;
mod env;
mod exit;
mod handle;
mod host;
mod input;
pub mod keeper;
mod lifecycle;
mod limits;
mod log;
mod output;
pub(crate) mod program;
pub(crate) mod protect;
mod read;
mod registry;
mod resources;
mod session;
pub(crate) mod spawn;
mod spec;
mod start;
mod state;
mod stdin;
pub(crate) mod streams;
mod supervise;
mod terminal;
mod watched;
mod write;

pub use self::{
    audience::{Audience, Chunk, Event, Gone, Stream},
    bounds::{Limit, Unenforceable, Why},
    env::{EnvError, EnvPolicy, Inherit},
    exit::{Exit, ExitReason},
    handle::{Process, ProcessSummary, ResizeError},
    host::ProcessHost,
    limits::{OnFull, ProcessLimits},
    protect::protect,
    read::{Page, ReadRequest},
    resources::ResourceLimits,
    session::{EndCause, Found, Processes},
    spec::{Signal, Spec, Stdio, TerminalSize},
    start::StartError,
    write::{WriteError, WriteOutcome},
};
