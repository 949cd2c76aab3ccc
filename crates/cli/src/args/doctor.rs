//! The arguments of `outpost doctor`.

use clap::{Args, ValueEnum};

/// What the long help ends with.
const NOTES: &str = "\
Exit status:
  0        every sandbox can be enforced here, and each trial was held
  1        otherwise

What is tried:
  Small commands are started in real sandboxes and try what they may not: to write outside, to make
  a .git, to read what is denied, to change a setting of the kernel, to reach the network, to use
  more than their limits. Nothing is changed but a temporary directory, which is removed again. A
  limit that this machine cannot enforce is shown, and does not count as a failure: a command that
  asks for it is refused.";

/// Show what sandboxes this machine can enforce, and prove it by trying
///
/// What is missing is told with what to do about it.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Doctor {
    /// Print one object of JSON instead
    #[arg(long)]
    pub(crate) json: bool,
    /// What to try; for the commands that this one starts
    #[arg(long, hide = true)]
    pub(crate) attempt: Option<Attempt>,
    /// What to try it on
    #[arg(hide = true, requires = "attempt", default_value = "")]
    pub(crate) subject: String,
}

/// What a command tries that was started for a trial. It exits with 0 when that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attempt {
    /// Read a file.
    Read,
    /// Make a file, or write to one, a little.
    Write,
    /// Write a file of some size.
    Fill,
    /// Make a directory.
    MakeDirectory,
    /// Write a kernel setting back as it is.
    Setting,
    /// Connect to an address.
    Connect,
    /// See a process.
    Signal,
    /// Use memory.
    Memory,
    /// Use processor time.
    Spin,
    /// Open files.
    Open,
    /// Start threads.
    Threads,
}
