//! A small computer made of a map, and what a plan shows of it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::sandbox::{
    facts::{Alias, Facts, Kind, METADATA, Metadata, MetadataKind, Places, Spot},
    plan::{Base, Plan, PlanError, View, make},
    policy::{Access, FileRules, Network, Place, Policy, Rule, Special},
};

/// What there is.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Directory,
    File,
    Link(&'static str),
}

/// A computer.
#[derive(Clone, Debug)]
pub(super) struct World {
    nodes: BTreeMap<PathBuf, Node>,
    pub(super) network: Network,
    pub(super) facts: Facts,
    /// Where patterns are expanded.
    pub(super) base: Option<Spot>,
}

/// A rule about a path.
pub(super) fn rule(path: &str, access: Access) -> Rule {
    of(Place::Path(path.into()), access)
}

/// A rule about a place with a name.
pub(super) fn special(special: Special, access: Access) -> Rule {
    of(Place::Special(special), access)
}

fn of(place: Place, access: Access) -> Rule {
    Rule {
        place,
        access,
        skip_missing: false,
    }
}

// === impl World ===

impl World {
    /// A computer with a project at `/w`.
    pub(super) fn new() -> Self {
        let mut world = Self::bare();
        for path in [
            "/dev/shm",
            "/etc",
            "/home/u/.ssh",
            "/proc/sys",
            "/sys",
            "/tmp/t",
            "/usr/bin",
            "/usr/lib64",
            "/w/.git",
            "/w/secret/ok",
            "/w/src",
        ] {
            world = world.with(path, Node::Directory);
        }
        world
            .with("/bin", Node::Link("usr/bin"))
            .with("/lib64", Node::Link("usr/lib64"))
            .with("/dev/null", Node::File)
            .with("/w/.env", Node::File)
            .with("/w/src/key", Node::File)
    }

    /// A computer with nothing but a root.
    pub(super) fn bare() -> Self {
        Self {
            nodes: BTreeMap::from([(PathBuf::from("/"), Node::Directory)]),
            network: Network::Restricted,
            facts: Facts::default(),
            base: None,
        }
    }

    /// Adds something, and the folders above it.
    pub(super) fn with(mut self, path: &str, node: Node) -> Self {
        for above in Path::new(path).ancestors().skip(1) {
            self.nodes
                .entry(above.to_owned())
                .or_insert(Node::Directory);
        }
        self.nodes.insert(path.into(), node);
        self
    }

    /// Every path there is.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.nodes.keys().map(PathBuf::as_path)
    }

    /// Where a path leads.
    pub(super) fn spot(&self, asked: &Path) -> Spot {
        let mut ahead: Vec<OsString> = names(asked);
        let (mut path, mut links) = (PathBuf::from("/"), Vec::new());
        let mut kind = Kind::Directory;
        while let Some(name) = ahead.pop() {
            let next = path.join(&name);
            match self.nodes.get(&next) {
                None => {
                    let last = ahead.is_empty();
                    kind = Kind::Missing { name, last };
                    break;
                }
                Some(Node::Link(target)) => {
                    if target.starts_with('/') {
                        path = PathBuf::from("/");
                    }
                    ahead.extend(names(Path::new(target)));
                    let target = PathBuf::from(target);
                    links.push(Alias { path: next, target });
                }
                Some(Node::Directory) => path = next,
                Some(Node::File) => {
                    path = next;
                    kind = if ahead.is_empty() {
                        Kind::File
                    } else {
                        Kind::Blocked
                    };
                    break;
                }
            }
        }
        Spot {
            asked: asked.to_owned(),
            path,
            kind,
            links,
        }
    }

    /// What the rules mean here.
    pub(super) fn plan(&self, rules: &[Rule]) -> Result<Plan, PlanError> {
        let policy = Policy {
            files: FileRules::Restricted(rules.to_vec()),
            network: self.network,
        };
        make(&policy, &self.gather(rules))
    }

    fn gather(&self, rules: &[Rule]) -> Facts {
        let mut facts = self.facts.clone();
        for rule in rules {
            let paths: Vec<PathBuf> = match &rule.place {
                Place::Path(path) => vec![path.clone()],
                Place::Glob(pattern) => pattern.split(' ').map(PathBuf::from).collect(),
                Place::Special(Special::Root) => vec!["/".into()],
                Place::Special(Special::SlashTmp) => vec!["/tmp".into()],
                Place::Special(Special::TmpDir) => vec!["/tmp/t".into()],
                Place::Special(Special::Minimal) => ["/bin", "/etc", "/lib64", "/usr"]
                    .map(PathBuf::from)
                    .to_vec(),
                Place::Special(_) => vec!["/w".into()],
            };
            let spots: Vec<Spot> = paths.iter().map(|path| self.spot(path)).collect();
            for spot in &spots {
                if rule.access == Access::Write && spot.kind == Kind::Directory {
                    facts
                        .metadata
                        .extend(METADATA.map(|name| self.metadata(&spot.path, name)));
                }
            }
            let is_pattern = matches!(rule.place, Place::Glob(_));
            let base = self.base.clone().filter(|_| is_pattern);
            facts.places.push(Places { spots, base });
        }
        facts
    }

    /// A protected name in a folder.
    pub(super) fn metadata(&self, directory: &Path, name: &str) -> Metadata {
        let kind = match self.nodes.get(&directory.join(name)) {
            None => MetadataKind::Missing,
            Some(Node::Directory) => MetadataKind::Directory,
            Some(Node::File) => MetadataKind::File,
            Some(Node::Link(_)) => MetadataKind::Link,
        };
        Metadata {
            directory: directory.to_owned(),
            name: name.into(),
            kind,
            nested: false,
            leads_to: Vec::new(),
        }
    }
}

fn names(path: &Path) -> Vec<OsString> {
    let mut names: Vec<OsString> = path.iter().map(OsString::from).collect();
    names.retain(|name| name != "/");
    names.reverse();
    names
}

/// What may be done at a path inside of a plan's sandbox.
pub(super) fn seen(plan: &Plan, path: impl AsRef<Path>) -> Access {
    let covers = |layer: &&crate::sandbox::plan::Layer| path.as_ref().starts_with(&layer.path);
    let view = plan
        .layers
        .iter()
        .rev()
        .find(covers)
        .map(|layer| &layer.view);
    match (view, plan.base) {
        (Some(View::Writable), _) | (None, Base::Writable) => Access::Write,
        (Some(View::ReadOnly), _) | (None, Base::ReadOnly) => Access::Read,
        (Some(View::HiddenDirectory | View::HiddenFile | View::Link(_)), _)
        | (None, Base::Empty) => Access::Deny,
    }
}

/// The view of the layer at a path.
pub(super) fn layer<'a>(plan: &'a Plan, path: &str) -> Option<&'a View> {
    let here = |layer: &&crate::sandbox::plan::Layer| layer.path == Path::new(path);
    plan.layers.iter().find(here).map(|layer| &layer.view)
}

/// The guarded paths of a plan.
pub(super) fn guarded(plan: &Plan) -> Vec<String> {
    let paths = plan.guarded.iter().flat_map(|guarded| {
        let names = guarded.names.iter();
        names.map(|name| guarded.directory.join(name).display().to_string())
    });
    paths.collect()
}
