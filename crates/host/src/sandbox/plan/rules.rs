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
    let mut bases = Vec::new();
    for (rule, places) in rules.iter().zip(&facts.places) {
        bases.extend(&places.base);
        for spot in &places.spots {
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
    for base in bases {
        if let Some(link) = replaceable(base, &claims.tree) {
            return Err(loose(base, link));
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

/// Refuses rules that go through a symbolic link which a command could replace: what is narrowed
/// could then be had by another name, and the rule be about another place the next time. A link
/// does no harm where it leads to what may be written without it.
fn refuse_replaceable(present: &[Claim<'_>], all: &Tree) -> Result<(), PlanError> {
    let mut firm = Tree::default();
    let mut aliases = Vec::new();
    for claim in present {
        match replaceable(claim.spot, all) {
            // What matches a pattern is what matches it now.
            Some(link) if !claim.matched => aliases.push((claim, link)),
            _ => firm.add_claim(claim),
        }
    }
    for (claim, link) in aliases {
        let leads_to = firm.access(&claim.spot.path);
        if (claim.access, leads_to) != (Access::Write, Access::Write) {
            return Err(loose(claim.spot, link));
        }
    }
    Ok(())
}

/// What is said of a rule that goes through a link which a command could replace.
pub(super) fn loose(spot: &Spot, link: &Alias) -> PlanError {
    PlanError::LinkInWritable {
        path: spot.asked.clone(),
        link: link.path.clone(),
    }
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
            _ if claim.matched && claim.access != Access::Deny && !claim.spot.links.is_empty() => {}
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

// === impl Tree ===

impl Tree {
    fn add_claim(&mut self, claim: &Claim<'_>) {
        let is_directory = claim.spot.kind == Kind::Directory;
        self.ask(&claim.spot.path, claim.access, is_directory);
    }
}
