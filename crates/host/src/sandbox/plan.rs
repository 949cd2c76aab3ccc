//! What a policy means on this computer: which parts of the file tree a sandbox shows, and how.
//!
//! Pure: the same policy, scene and facts give the same plan. Always true: nothing outside the
//! places that a rule lets be written can be written; a rule that denies never widens what another
//! allows; the order of rules does not matter.

use super::{
    policy::Network,
    seal::{Guarded, Seal},
};

use std::path::PathBuf;

/// What a sandbox is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What is at the root before anything is laid over it.
    pub(crate) base: Base,
    /// What is laid over it, in this order: whatever is above another comes before it.
    pub(crate) layers: Vec<Layer>,
    /// Whether the network may be reached.
    pub(crate) network: Network,
    /// Names that do not exist and must not begin to.
    pub(crate) guarded: Vec<Guarded>,
    /// Below these may be read; for the second wall.
    pub(crate) read: Vec<PathBuf>,
    /// Below these may be changed; for the second wall.
    pub(crate) write: Vec<PathBuf>,
}

/// What is at the root before anything is laid over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// Nothing.
    Empty,
    /// The whole tree, to be read.
    ReadOnly,
    /// The whole tree, to be changed.
    Writable,
}

/// One place of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Absolute, without a symbolic link in it.
    pub(crate) path: PathBuf,
    /// How it is seen.
    pub(crate) view: View,
}

/// How a place is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// As it is, to be read.
    ReadOnly,
    /// As it is, to be changed.
    Writable,
    /// As an empty directory that nobody may enter.
    HiddenDirectory,
    /// As a file that nobody may open.
    HiddenFile,
    /// As a symbolic link to this; only where the base is empty.
    Link(PathBuf),
}

// === impl Plan ===

impl Plan {
    /// What the inside is told.
    pub(crate) fn seal(&self) -> Seal {
        Seal {
            namespaces: true,
            network: self.network,
            read: self.read.clone(),
            write: self.write.clone(),
            guarded: self.guarded.clone(),
        }
    }

    /// Whether Landlock and seccomp alone meet it: everything may be read, nothing written, and
    /// the network not be reached.
    pub(crate) fn only_reads(&self) -> bool {
        self.base == Base::ReadOnly
            && self.layers.is_empty()
            && self.write.is_empty()
            && self.network == Network::Restricted
    }
}
