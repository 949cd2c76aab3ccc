//! What has to be known of this computer's files to make a plan of a policy.
//!
//! [`gather`] looks, [`Facts`] is what it saw: plain data, equal where nothing that matters has
//! changed. It blocks: some microseconds a place, and up to some tens of milliseconds where
//! patterns have to be expanded and nested repositories to be found. [`look_again`] looks at all
//! but these two, which is quick enough for every start.

mod glob;
mod libraries;
mod metadata;
mod mounts;
mod resolve;
#[cfg(test)]
mod tests;

use std::{
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

pub(crate) use self::metadata::METADATA;
use self::{
    metadata::{SEARCHED, Search},
    mounts::Mounts,
    resolve::resolve,
};
use super::{
    plan::PlanError,
    policy::{Access, FileRules, Network, Place, Policy, Rule, Scene, Special},
};

/// What programs need to be loaded and to run, where it exists.
const SYSTEM: [&str; 8] = [
    "/bin",
    "/etc",
    "/lib",
    "/lib64",
    "/sbin",
    "/usr",
    "/nix/store",
    "/run/current-system/sw",
];

/// Where the C library reads which name servers to ask. Often a link to a place outside of
/// [`SYSTEM`].
const NAME_SERVERS: &str = "/etc/resolv.conf";

/// What is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// For each rule of the policy, in the same order, what it is about.
    pub(crate) places: Vec<Places>,
    /// The names that are protected in folders that may be written, and in what is below them.
    pub(crate) metadata: Vec<Metadata>,
    /// Where file systems are mounted that are interfaces of the kernel.
    pub(crate) kernel: Vec<PathBuf>,
    /// What our own program is loaded with.
    pub(crate) libraries: Vec<Spot>,
}

/// What a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// Each place.
    pub(crate) spots: Vec<Spot>,
    /// For a pattern, the folder below which it was expanded. The places are then named from where
    /// that leads.
    pub(crate) base: Option<Spot>,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The path as it was given.
    pub(crate) asked: PathBuf,
    /// Where it leads, without a symbolic link in it; where nothing is there, as far as it leads.
    pub(crate) path: PathBuf,
    /// What is there.
    pub(crate) kind: Kind,
    /// The symbolic links it goes through, in their order.
    pub(crate) links: Vec<Alias>,
}

/// What is at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A directory.
    Directory,
    /// Something else that exists.
    File,
    /// Nothing. [`Spot::path`] is the deepest directory on the way that exists.
    Missing {
        /// The first name on the way that does not exist.
        name: OsString,
        /// Whether nothing was to come below it.
        last: bool,
    },
    /// A file or a directory that may not be searched, [`Spot::path`], is in the way.
    Blocked,
}

/// A symbolic link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// Where it is, itself without a symbolic link on the way.
    pub(crate) path: PathBuf,
    /// What it says.
    pub(crate) target: PathBuf,
}

/// A name that is protected in a folder that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// The folder, without a symbolic link on the way.
    pub(crate) directory: PathBuf,
    /// The name.
    pub(crate) name: OsString,
    /// What is there; a symbolic link is not followed.
    pub(crate) kind: MetadataKind,
    /// Whether it was found below a folder that a rule lets be written, and not in it.
    pub(crate) nested: bool,
    /// The folders that a pointer file leads to: a repository's own, and what it shares.
    pub(crate) leads_to: Vec<Spot>,
}

/// What is at a protected name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetadataKind {
    /// Nothing.
    Missing,
    /// A directory.
    Directory,
    /// A file.
    File,
    /// A symbolic link.
    Link,
}

/// Looks at everything that `policy` is about.
pub(crate) fn gather(policy: &Policy, scene: &Scene) -> Result<Facts, PlanError> {
    look(policy, scene, None)
}

/// Looks at it once more, but expands no pattern and searches for no nested repositories: what
/// `known` has of them is looked at. Where the answer equals `known`, its plan still holds.
pub(crate) fn look_again(
    policy: &Policy,
    scene: &Scene,
    known: &Facts,
) -> Result<Facts, PlanError> {
    look(policy, scene, Some(known))
}

fn look(policy: &Policy, scene: &Scene, known: Option<&Facts>) -> Result<Facts, PlanError> {
    let mounts = Mounts::read()?;
    let mut facts = Facts {
        kernel: mounts.kernel(),
        libraries: libraries::find()?,
        ..Facts::default()
    };
    let FileRules::Restricted(rules) = &policy.files else {
        return Ok(facts);
    };
    let looker = Looker {
        policy,
        scene,
        mounts: &mounts,
    };
    for (index, rule) in rules.iter().enumerate() {
        let known = known.and_then(|known| known.places.get(index));
        facts.places.push(looker.places(rule, known)?);
    }
    let mut search = Search::new(&mounts, unsearched(scene), SEARCHED);
    for (rule, places) in rules.iter().zip(&facts.places) {
        for spot in &places.spots {
            if rule.access == Access::Write && spot.kind == Kind::Directory {
                search.add_root(&spot.path);
            }
        }
    }
    facts.metadata = search.finish(known.map(|known| known.metadata.as_slice()))?;
    Ok(facts)
}

/// The folders in which no nested repositories are searched for: they belong to everybody, and
/// what is below them is mostly not of this work.
fn unsearched(scene: &Scene) -> Vec<PathBuf> {
    let shared = ["/", "/tmp", "/dev/shm"].into_iter().map(Path::new);
    let found = shared.chain(scene.tmpdir.as_deref());
    found
        .filter_map(|path| resolve(path).ok())
        .map(|spot| spot.path)
        .collect()
}

/// Who looks at the places of rules.
struct Looker<'a> {
    policy: &'a Policy,
    scene: &'a Scene,
    mounts: &'a Mounts,
}

// === impl Places ===

impl Places {
    /// Where the same paths lead now.
    fn look_again(&self) -> Result<Self, PlanError> {
        let again = |spot: &Spot| resolve(&spot.asked);
        Ok(Self {
            spots: self.spots.iter().map(again).collect::<Result<_, _>>()?,
            base: self.base.as_ref().map(again).transpose()?,
        })
    }
}

// === impl Looker ===

impl Looker<'_> {
    /// The places that a rule is about.
    fn places(&self, rule: &Rule, known: Option<&Places>) -> Result<Places, PlanError> {
        let spots = match (&rule.place, known) {
            (Place::Path(path), _) => vec![resolve(path)?],
            (Place::Special(special), _) => self.special(special)?,
            (Place::Glob(_), Some(known)) => return known.look_again(),
            (Place::Glob(pattern), None) => {
                return glob::expand(pattern, &self.scene.cwd, self.mounts);
            }
        };
        Ok(Places { spots, base: None })
    }

    fn special(&self, special: &Special) -> Result<Vec<Spot>, PlanError> {
        match special {
            Special::Root => Ok(vec![resolve(Path::new("/"))?]),
            Special::Minimal => {
                let names = (self.policy.network == Network::Enabled).then_some(NAME_SERVERS);
                let all = SYSTEM.into_iter().chain(names);
                all.map(|path| resolve(Path::new(path))).collect()
            }
            Special::CurrentDirectory => Ok(vec![resolve(&self.scene.cwd)?]),
            Special::ProjectRoots { below } => self.project(below.as_deref()),
            Special::TmpDir => match &self.scene.tmpdir {
                // A folder for temporary files at the root would be everything.
                Some(path) if path.is_absolute() && path.parent().is_some() => {
                    Ok(vec![resolve(path)?])
                }
                Some(_) | None => Ok(Vec::new()),
            },
            Special::SlashTmp => Ok(vec![resolve(Path::new("/tmp"))?]),
        }
    }

    fn project(&self, below: Option<&Path>) -> Result<Vec<Spot>, PlanError> {
        let below = below.unwrap_or(Path::new(""));
        let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !below.components().all(inside) {
            return Err(PlanError::Outside(below.to_owned()));
        }
        let roots = match self.scene.project_roots.as_slice() {
            [] => std::slice::from_ref(&self.scene.cwd),
            roots => roots,
        };
        roots
            .iter()
            .map(|root| resolve(&root.join(below)))
            .collect()
    }
}
