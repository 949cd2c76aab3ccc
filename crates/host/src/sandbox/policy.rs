//! What a caller wants a command or a file call to be held to.
//!
//! Pure data. The meaning of several rules together is in [`super::plan`]: the most specific path
//! decides; of several rules about one path a denial, else the one that lets it be written,
//! whatever their order.

use std::path::PathBuf;

/// What may be touched and reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Which files may be read and written.
    pub files: FileRules,
    /// Whether the network may be reached.
    pub network: Network,
}

/// Which files may be read and written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FileRules {
    /// All that the server itself may.
    Unrestricted,
    /// What these grant and do not take away. Without any, nothing.
    Restricted(Vec<Rule>),
}

/// One rule about one place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// What it is about, and everything below.
    pub place: Place,
    /// What may be done there.
    pub access: Access,
    /// Whether the rule is void when nothing is there. A missing place that may be written is
    /// always void.
    pub skip_missing: bool,
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// An absolute path.
    Path(PathBuf),
    /// Every path that matches this pattern when the sandbox is prepared; a relative pattern is
    /// below the current directory.
    Glob(String),
    /// A place that has a name instead of a path.
    Special(Special),
}

/// A place that has a name instead of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Special {
    /// The root of the file system.
    Root,
    /// What programs need to be loaded and to run: the system's folders of programs, libraries
    /// and settings.
    Minimal,
    /// [`Scene::cwd`].
    CurrentDirectory,
    /// Each of [`Scene::project_roots`], or this path below each.
    ProjectRoots {
        /// Relative.
        below: Option<PathBuf>,
    },
    /// [`Scene::tmpdir`].
    TmpDir,
    /// `/tmp`.
    SlashTmp,
}

/// What may be done at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Access {
    /// Nothing.
    Deny,
    /// Read and execute.
    Read,
    /// Read, execute and change.
    Write,
}

/// Whether the network may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// No.
    Restricted,
    /// Yes.
    Enabled,
}

/// What the places with names mean for one call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scene {
    /// The current directory, absolute.
    pub cwd: PathBuf,
    /// The folders of the project, absolute. Where there are none, the current directory is the
    /// project.
    pub project_roots: Vec<PathBuf>,
    /// The folder for temporary files that the command is told of by `TMPDIR`, if it is.
    pub tmpdir: Option<PathBuf>,
}
