//! Why a policy cannot be enforced, and what to do about it.

use std::{io, path::PathBuf};

/// A policy that cannot be enforced on this computer. Nothing has run.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A path that must be absolute is not.
    #[error("path {} of a sandbox rule is not absolute; name the place from the root", .0.display())]
    Relative(PathBuf),
    /// A path below the project's folders that is absolute or leads out of them.
    #[error(
        "path {} of a sandbox rule leads out of the project; name a path below it",
        .0.display()
    )]
    Outside(PathBuf),
    /// A pattern that cannot be expanded.
    #[error("pattern {pattern} of a sandbox rule cannot be expanded: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// Symbolic links that lead to one another.
    #[error("path {} goes through too many symbolic links; name the place they lead to", .0.display())]
    Links(PathBuf),
    /// The place cannot be looked at.
    #[error("cannot look at {}, which the sandbox has to know", path.display())]
    Unreadable {
        /// The place.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A rule lets a kernel interface be written.
    #[error(
        "{} is an interface of the kernel and never writable in a sandbox; leave the rule out or \
         run without a sandbox",
        .0.display()
    )]
    KernelInterface(PathBuf),
    /// A rule denies what no command could be started without.
    #[error("{} cannot be denied, because no command starts without it; leave the rule out", .0.display())]
    Indispensable(PathBuf),
    /// A name that is kept from being changed is a symbolic link, which could be replaced.
    #[error(
        "cannot protect {}, because it is a symbolic link in a folder that may be written; \
         replace it by what it leads to, or let it be written by a rule of its own",
        .0.display()
    )]
    LinkedMetadata(PathBuf),
    /// A rule goes through a symbolic link that the command itself could replace.
    #[error(
        "cannot enforce the rule for {}, because {} is a symbolic link in a folder that may be \
         written; name the place it leads to",
        path.display(),
        link.display()
    )]
    LinkInWritable {
        /// The place of the rule.
        path: PathBuf,
        /// The link.
        link: PathBuf,
    },
    /// A place that is narrowed does not exist, and what is in its way cannot be guarded.
    #[error(
        "cannot enforce the rule for {}, because {} is not a folder that can be searched; correct \
         the rule, or have it skipped where its place is missing",
        path.display(),
        obstacle.display()
    )]
    InTheWay {
        /// The place of the rule.
        path: PathBuf,
        /// What is in its way.
        obstacle: PathBuf,
    },
    /// More of something than a sandbox can be made of.
    #[error("more than {most} {what}; use fewer or broader rules")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
}
