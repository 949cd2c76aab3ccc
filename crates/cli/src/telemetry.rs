//! Logs: on standard error, as lines of text or of JSON. Standard output is for the protocol.
//!
//! Called once, before a command runs. A standard error that is closed or full is nobody's reason
//! to fail: what cannot be written is dropped without a word.

use std::io::{self, IsTerminal};

use anyhow::Context;
use tracing_subscriber::{EnvFilter, fmt, util::SubscriberInitExt};

use crate::args::{Log, LogFormat};

/// Starts logging as the arguments say.
pub(crate) fn start(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(&log.log)
        .with_context(|| format!("`{}` is no log filter", log.log))?;
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colours)
        // Its way to report a failed write is to write to the same place, and to panic at that.
        .log_internal_errors(false);
    match log.log_format {
        LogFormat::Text => lines.finish().try_init(),
        LogFormat::Json => lines.json().finish().try_init(),
    }
    .context("failed to start logging")
}
