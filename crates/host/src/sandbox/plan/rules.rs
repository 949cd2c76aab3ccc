//! What the rules of a policy say together, and what is refused about them.

use std::path::Path;

use super::{PlanError, tree::Tree};
use crate::sandbox::{
    facts::{Alias, Facts, Kind, Spot},
    policy::{Access, Place, Rule, Special},
};

/// What every sandbox has of its own in place of the computer's devices.
pub(super) const DEVICES: [&str; 8] = [
    "/dev/full",
    "/dev/null",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/random",
    "/dev/tty",
    "/dev/urandom",
    "/dev/zero",
];

/// The links that every sandbox has beside them, to what a process has open.
const STREAMS: [&str; 4] = ["/dev/fd", "/dev/stderr", "/dev/stdin", "/dev/stdout"];

/// Where the computer's memory for everybody is; it is files like others.
const SHARED_MEMORY: &str = "/dev/shm";

/// One rule at one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim<'a> {
    pub(super) spot: &'a Spot,
    pub(super) access: Access,
    /// Whether it is void where nothing is there.
    skip_missing: bool,
    /// Whether its place was named by a pattern.
    matched: bool,
}

/// What the rules say.
#[derive(Debug)]
pub(super) struct Claims<'a> {
    /// About what exists.
    pub(super) tree: Tree,
    /// All that exist.
    pub(super) present: Vec<Claim<'a>>,
    /// Those that keep something from coming into being, if it could.
    pub(super) absent: Vec<&'a Spot>,
    /// What does not exist and may come into being although its name is protected.
    pub(super) wanted: Vec<&'a Spot>,
}

/// Puts the rules together.
pub(super) fn claims<'a>(rules: &[Rule], facts: &'a Facts) -> Result<Claims<'a>, PlanError> {
    let mut claims = Claims {
        tree: Tree::default(),
        present: Vec::new(),
        absent: Vec::new(),
        wanted: Vec::new(),
    };
    for (rule, spots) in rules.iter().zip(&facts.places) {
        for spot in spots {
            let claim = Claim {
                spot,
                access: access(rule),
                skip_missing: rule.skip_missing,
                matched: matches!(rule.place, Place::Glob(_)),
            };
            if counts(&claim, facts)? {
                claims.add(claim);
            }
        }
    }
    refuse_replaceable(&claims.present, &claims.tree)?;
    Ok(claims)
}

/// The system's folders are for everybody and not written by any command.
fn access(rule: &Rule) -> Access {
    match rule.place {
        Place::Special(Special::Minimal) => rule.access.min(Access::Read),
        Place::Path(_) | Place::Glob(_) | Place::Special(_) => rule.access,
    }
}

/// Whether a rule says something about the computer's files. The devices and the processes that a
/// command sees are its sandbox's own.
fn counts(claim: &Claim<'_>, facts: &Facts) -> Result<bool, PlanError> {
    let path = claim.spot.path.as_path();
    let asked = claim.spot.asked.as_path();
    let is_device = |path: &Path| DEVICES.iter().any(|device| path.starts_with(device));
    let is_stream = STREAMS.iter().any(|stream| asked == Path::new(stream));
    if claim.access == Access::Deny {
        if path == Path::new("/dev") || path.starts_with("/proc") {
            return Err(PlanError::Indispensable(path.to_owned()));
        }
        let is_unseen = path.starts_with("/dev") && !path.starts_with(SHARED_MEMORY);
        return Ok(!is_unseen || is_device(path));
    }
    if is_stream || is_device(path) {
        return Ok(false);
    }
    if path.starts_with(SHARED_MEMORY) {
        return Ok(true);
    }
    let is_own = path.starts_with("/dev") || path.starts_with("/proc");
    let mut kernel = facts.kernel.iter();
    let is_kernel =
        is_own || path.starts_with("/sys") || kernel.any(|mount| path.starts_with(mount));
    let exists = matches!(claim.spot.kind, Kind::Directory | Kind::File);
    if claim.access == Access::Write && is_kernel && exists {
        return Err(PlanError::KernelInterface(path.to_owned()));
    }
    Ok(!is_own)
}

/// Refuses rules that go through a symbolic link which a command could replace, so that the rule
/// would be about another place the next time. Such a link does no harm where it leads to what is
/// held to the same without it.
fn refuse_replaceable(present: &[Claim<'_>], all: &Tree) -> Result<(), PlanError> {
    let mut firm = Tree::default();
    let mut loose = Vec::new();
    for claim in present {
        match replaceable(claim.spot, all) {
            // What matches a pattern is what matches it now.
            Some(link) if !claim.matched => loose.push((claim, link)),
            _ => firm.add_claim(claim),
        }
    }
    for (claim, link) in loose {
        if firm.access(&claim.spot.path) != claim.access {
            return Err(PlanError::LinkInWritable {
                path: claim.spot.asked.clone(),
                link: link.path.clone(),
            });
        }
    }
    Ok(())
}

/// The first link on the way that a command could replace.
pub(super) fn replaceable<'a>(spot: &'a Spot, tree: &Tree) -> Option<&'a Alias> {
    let is_open = |link: &&Alias| tree.access(parent(&link.path)) == Access::Write;
    spot.links.iter().find(is_open)
}

/// What is above a place; the root is above itself.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

// === impl Claims ===

impl<'a> Claims<'a> {
    fn add(&mut self, claim: Claim<'a>) {
        let narrows = claim.access != Access::Write;
        match &claim.spot.kind {
            // A pattern grants what it matches, and not what that leads to.
            _ if claim.matched && claim.access != Access::Deny && is_link(claim.spot) => {}
            Kind::Directory | Kind::File => {
                self.tree.add_claim(&claim);
                self.present.push(claim);
            }
            Kind::Missing { .. } | Kind::Blocked if narrows => {
                if !claim.skip_missing {
                    self.absent.push(claim.spot);
                }
            }
            Kind::Missing { .. } | Kind::Blocked => self.wanted.push(claim.spot),
        }
    }
}

fn is_link(spot: &Spot) -> bool {
    spot.links
        .last()
        .is_some_and(|link| link.path.file_name() == spot.asked.file_name())
}

// === impl Tree ===

impl Tree {
    fn add_claim(&mut self, claim: &Claim<'_>) {
        let is_directory = claim.spot.kind == Kind::Directory;
        self.ask(&claim.spot.path, claim.access, is_directory);
    }
}
