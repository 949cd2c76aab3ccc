//! The arguments of `outpost fs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Target;

/// What the long help ends with.
const NOTES: &str = "\
Paths:
  A path on the machine that is relative is relative to the working directory of the server, which
  on `local` is that of outpost.

Exit status:
  0 when everything was done, 1 when something was not, 2 on a wrong argument.";

/// What the long help of `put` ends with.
const PUT: &str = "\
What is verified:
  The SHA-256 of what was sent is compared with that of the remote file, read again. --no-verify
  saves the second transfer.

Examples:
  outpost fs put --on build notes.txt /tmp/
  outpost fs put --on build -r src /srv/app
  make report | outpost fs put --on build - /tmp/report.txt";

/// What the long help of `get` ends with.
const GET: &str = "\
What is verified:
  A file appears under its name only when it is complete: it is written beside it, its size is
  compared with that of the remote file and the SHA-256 of what was received with that of what
  was written, then it is renamed. An existing file stays as it was until then.

Examples:
  outpost fs get --on build /var/log/syslog .
  outpost fs get --on build -r /srv/app/target/doc .";

/// Work with files, here or on another machine
#[derive(Debug, Args)]
#[command(after_long_help = NOTES, arg_required_else_help = true)]
pub(crate) struct Fs {
    #[command(subcommand)]
    pub(crate) command: FsCommand,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// What to do with files.
#[derive(Debug, Subcommand)]
pub(crate) enum FsCommand {
    /// List what directories hold, sorted by name
    Ls {
        /// With kind, size and time of the last change
        #[arg(short = 'l', long)]
        long: bool,
        /// Directories or files
        #[arg(default_value = ".", value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Print files on standard output
    Cat {
        /// The files
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Show kind, size and times
    Stat {
        /// Files or directories
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Copy files from here to the machine
    #[command(after_long_help = PUT)]
    Put {
        /// Directories, with everything in them
        #[arg(short = 'r', long)]
        recursive: bool,
        /// Do not read the files again to compare their SHA-256
        #[arg(long)]
        no_verify: bool,
        /// Files or directories here; `-` is standard input
        #[arg(required = true, value_name = "LOCAL")]
        from: Vec<PathBuf>,
        /// Where to on the machine: a directory to put them into, or a name for a single one
        #[arg(value_name = "REMOTE")]
        to: PathBuf,
    },
    /// Copy files from the machine to here
    #[command(after_long_help = GET)]
    Get {
        /// Directories, with everything in them
        #[arg(short = 'r', long)]
        recursive: bool,
        /// Files or directories on the machine
        #[arg(required = true, value_name = "REMOTE")]
        from: Vec<PathBuf>,
        /// Where to here: a directory to put them into, or a name for a single one
        #[arg(value_name = "LOCAL")]
        to: PathBuf,
    },
    /// Copy on the machine itself
    Cp {
        /// Directories, with everything in them
        #[arg(short = 'r', long)]
        recursive: bool,
        /// A file, a link or a directory
        from: PathBuf,
        /// The copy, or a directory to put it into
        to: PathBuf,
    },
    /// Remove files and links, and directories with -r
    Rm {
        /// Directories, with everything in them
        #[arg(short = 'r', long)]
        recursive: bool,
        /// A path that does not exist is fine
        #[arg(short = 'f', long)]
        force: bool,
        /// What to remove
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Make directories
    Mkdir {
        /// Missing parents too; a directory that exists is fine
        #[arg(short = 'p', long)]
        parents: bool,
        /// The directories
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Print every path below a directory, level by level
    ///
    /// Directories end in a slash. Says so on standard error when a limit cut the list short.
    Walk {
        /// How many levels to go down; 0 names only what the directory holds
        #[arg(long, value_name = "N", default_value_t = 64)]
        max_depth: usize,
        /// How many directories to read
        #[arg(long, value_name = "N", default_value_t = 10_000)]
        max_directories: usize,
        /// How many paths to print
        #[arg(long, value_name = "N", default_value_t = 50_000)]
        max_entries: usize,
        /// Go into directories that are reached by links
        #[arg(short = 'L', long)]
        follow: bool,
        /// Do not go into directories whose name starts with a dot
        #[arg(long)]
        no_hidden: bool,
        /// The directory
        #[arg(default_value = ".")]
        path: PathBuf,
    },
}
