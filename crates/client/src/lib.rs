//! The Rust client of an exec server: processes, files and HTTP of another machine.
//!
//! ```no_run
//! # use outpost_client::*;
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let there = Environment::connect("ws://127.0.0.1:4711", ConnectOptions::default())?;
//! let mut process = there.processes().start(StartOptions::new(["make", "-j4"])).await?;
//! while let Some(event) = process.next().await {
//!     if let ProcessEvent::Output { bytes, .. } = event? {
//!         println!("{} bytes", bytes.len());
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! # Theory of operation
//!
//! An [`Environment`] is one session with one server. The connection is made when something is
//! first asked. One task owns it, and with it everything that is on the way; the task belongs to
//! the environment and ends with it.
//!
//! *When the connection is lost* it is made again, at once and then about every 100 ms, and the
//! session is taken up where it was. Calls that only look are asked again. A start is done at most
//! once: the session is asked what became of it. A write carries an id by which the server knows
//! it again. What can neither be repeated nor be asked after fails as [`ClientError::Unanswered`].
//! When the session does not come back, everybody who waits is told once, with the reason.
//!
//! *The events of a process* come in order, each once: what was said while nobody listened is
//! read, and put where it belongs by its number. What the server no longer has is an error in its
//! place, and what comes after it still comes.
//!
//! *A slow reader* of one process holds up nobody. Its buffer is bounded; when it is full the
//! server is asked to stop telling of that process, and the rest is read as the reader goes on.
//! With servers that cannot do that (the reference cannot), the connection is not read until there
//! is room: a process of such a server must be read, or its handle dropped. A slow reader of an HTTP
//! body holds up the connection for at most ten seconds and loses the body then.
//!
//! *Older servers* are served too: what Outpost added to the dialect is used where
//! the server announces it, and is [`ClientError::Unsupported`] elsewhere.

mod connector;
mod dial;
mod environment;
mod error;
mod files;
mod http;
mod options;
mod process;
mod program;
mod reorder;
mod secret;
mod session;

pub mod config;

pub use outpost_protocol::exec::{
    environment::{Capabilities, EnvironmentInfo},
    process::{
        EnvPolicy, ExitReason, Inherit, Limits, OutputStream, ProcessSummary, SignalName,
        TerminalSize,
    },
    sandbox,
};

pub use self::{
    connector::{Connector, Transport},
    environment::{ConnectionEvent, Environment, Standing},
    error::{AddressError, ClientError, ConnectError, Gone},
    files::{
        DirectoryEntry, FileReader, FileWriter, Files, Metadata, MissingWatch, Walk, WalkEntry,
        WalkOptions,
    },
    http::{Http, HttpBody, HttpHeader, HttpRequest, HttpResponse, RedirectPolicy},
    options::ConnectOptions,
    process::{
        Exit, Process, ProcessControl, ProcessEvent, ProcessOutput, Processes, StartOptions,
        inherit_all,
    },
    program::Program,
    secret::Secret,
};
