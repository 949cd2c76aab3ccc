//! What a policy means on this computer: which parts of the file tree a sandbox shows, and how.
//!
//! Pure: the same policy and facts give the same plan. Always true: nothing outside the places
//! that a rule lets be written can be written; a rule that denies never widens what another allows;
//! the order of rules does not matter.
//!
//! **What holds at a path** is what the rule says whose place is the deepest above it. Of several
//! about one place a denial decides, else the one that lets it be written.
//!
//! **What holds beside the rules.** The names in [`METADATA`](super::facts::METADATA) cannot be
//! changed in folders that may be written, nor come into being, unless a rule lets that very name
//! be written. Interfaces of the kernel are not written. What our own program is loaded with
//! is shown.
//!
//! **Against tricks over several commands.** A command could move what is narrowed, or replace a
//! symbolic link through which a rule goes, for the next command to find its rules about other
//! places. So the folders above what is narrowed are mounted upon, which holds them in place, and
//! such links are refused.

mod customs;
mod error;
mod layers;
mod rules;
#[cfg(test)]
mod tests;
mod tree;

use std::path::{Path, PathBuf};

pub use self::error::PlanError;
use self::{
    layers::Layers,
    rules::{Claims, DEVICES},
    tree::Tree,
};
use super::{
    facts::{Facts, Kind, Spot},
    policy::{Access, FileRules, Network, Policy},
    seal::{Guarded, Seal},
};

/// How many layers a sandbox may have: bubblewrap reads the table of mounts once for each, so that
/// their cost grows with their square, and this many cost some tenths of a second.
pub(crate) const MAX_LAYERS: usize = 512;

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
    /// Below these may be changed; for the second wall. Has the devices that every sandbox has.
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
    /// As a symbolic link to this; only where nothing is shown around it.
    Link(PathBuf),
}

/// Makes the plan of `policy`, of which `facts` are known.
pub(crate) fn make(policy: &Policy, facts: &Facts) -> Result<Plan, PlanError> {
    let FileRules::Restricted(rules) = &policy.files else {
        return unrestricted(policy.network);
    };
    let claims = rules::claims(rules, facts)?;
    let mut tree = claims.tree.clone();
    let guarded = customs::apply(&mut tree, &claims, facts)?.finish();
    let base = Base::of(&tree);
    let mut layers = Layers::of(&tree);
    for spot in shown(&claims, facts) {
        for alias in &spot.links {
            layers.link(&tree, alias);
        }
    }
    layers.pin(&tree, &guarded);
    let layers = layers.finish()?;
    Ok(Plan {
        read: readable(base, &layers),
        write: writable(base, &layers),
        base,
        layers,
        network: policy.network,
        guarded,
    })
}

/// Everything may be changed but the kernel.
fn unrestricted(network: Network) -> Result<Plan, PlanError> {
    let mut tree = Tree::default();
    tree.ask(Path::new("/"), Access::Write, /*is_directory*/ true);
    tree.imply(Path::new("/sys"), Access::Read, /*is_directory*/ true);
    let layers = Layers::of(&tree).finish()?;
    Ok(Plan {
        base: Base::Writable,
        read: readable(Base::Writable, &layers),
        write: writable(Base::Writable, &layers),
        layers,
        network,
        guarded: Vec::new(),
    })
}

/// The places that are reached by the names that rules give them.
fn shown<'a>(claims: &Claims<'a>, facts: &'a Facts) -> Vec<&'a Spot> {
    let granted = claims
        .present
        .iter()
        .filter(|claim| claim.access != Access::Deny);
    let spots = granted.map(|claim| claim.spot).chain(&facts.libraries);
    spots.filter(|spot| spot.kind != Kind::Blocked).collect()
}

/// Below which may be read.
fn readable(base: Base, layers: &[Layer]) -> Vec<PathBuf> {
    if base != Base::Empty {
        return vec![PathBuf::from("/")];
    }
    let shown = layers
        .iter()
        .filter(|layer| matches!(layer.view, View::ReadOnly | View::Writable));
    let own = ["/dev", "/proc"].map(PathBuf::from);
    own.into_iter()
        .chain(shown.map(|layer| layer.path.clone()))
        .collect()
}

/// Below which may be changed.
fn writable(base: Base, layers: &[Layer]) -> Vec<PathBuf> {
    if base == Base::Writable {
        return vec![PathBuf::from("/")];
    }
    let mut paths: Vec<PathBuf> = DEVICES.map(PathBuf::from).to_vec();
    for layer in layers.iter().filter(|layer| layer.view == View::Writable) {
        if !paths.iter().any(|above| layer.path.starts_with(above)) {
            paths.push(layer.path.clone());
        }
    }
    paths
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
        self.base == Base::ReadOnly && self.layers.is_empty() && self.network == Network::Restricted
    }
}
