//! What holds in every sandbox beside its rules: what is protected, what is hidden, what is shown.

use std::path::{Path, PathBuf};

use super::{
    PlanError,
    layers::Guards,
    rules::{Claims, loose, parent, replaceable},
    tree::Tree,
};
use crate::sandbox::{
    facts::{Facts, Kind, METADATA, Metadata, MetadataKind, Spot},
    policy::Access,
};

/// What every sandbox has of its own.
const RENEWED: [&str; 2] = ["/dev", "/proc"];

/// Adds to `tree`, which has what the rules say, what else holds. Returns what must not come into
/// being.
pub(super) fn apply(
    tree: &mut Tree,
    claims: &Claims<'_>,
    facts: &Facts,
) -> Result<Guards, PlanError> {
    let mut absent: Vec<&Spot> = claims.absent.clone();
    let mut guards = Guards::default();
    let mut names = Vec::new();
    for metadata in &facts.metadata {
        let is_open = claims.tree.access(&metadata.directory) == Access::Write;
        // In one of them that a rule lets be written there are no others.
        let is_within = METADATA
            .iter()
            .any(|name| metadata.directory.ends_with(name));
        if is_open && !is_within && !is_wanted(metadata, claims) {
            protect(tree, claims, metadata, &mut absent)?;
            if metadata.kind == MetadataKind::Missing {
                names.push(metadata);
            }
        }
    }
    for path in facts.kernel.iter().filter(|path| !is_renewed(path)) {
        if claims.tree.access(path) == Access::Write {
            tree.imply(path, Access::Read, /*is_directory*/ true);
        }
    }
    if claims.tree.access(Path::new("/sys")) == Access::Write {
        tree.imply(Path::new("/sys"), Access::Read, /*is_directory*/ true);
    }
    for path in RENEWED {
        tree.renew(Path::new(path));
    }
    load(tree, claims, facts)?;
    for metadata in names {
        if tree.access(&metadata.directory) == Access::Write {
            guards.add(&metadata.directory, &metadata.name);
        }
    }
    for spot in absent {
        guard(tree, spot, &mut guards)?;
    }
    Ok(guards)
}

/// Whether a path means something else in a sandbox, which has its own there.
fn is_renewed(path: &Path) -> bool {
    RENEWED.iter().any(|renewed| path.starts_with(renewed))
}

/// Whether a rule lets that very name be written.
fn is_wanted(metadata: &Metadata, claims: &Claims<'_>) -> bool {
    let path = metadata.directory.join(&metadata.name);
    let last = |spot: &&&Spot| matches!(spot.kind, Kind::Missing { last: true, .. });
    let mut missing = claims.wanted.iter().filter(last);
    claims.tree.asked(&path) == Some(Access::Write)
        || missing.any(|spot| spot.asked == path || path_of(spot) == path)
}

/// The path of what is missing.
fn path_of(spot: &Spot) -> PathBuf {
    match &spot.kind {
        Kind::Missing { name, .. } => spot.path.join(name),
        Kind::Directory | Kind::File | Kind::Blocked => spot.path.clone(),
    }
}

/// Keeps one name from being changed.
fn protect<'a>(
    tree: &mut Tree,
    claims: &Claims<'_>,
    metadata: &'a Metadata,
    absent: &mut Vec<&'a Spot>,
) -> Result<(), PlanError> {
    let path = metadata.directory.join(&metadata.name);
    match metadata.kind {
        MetadataKind::Missing => {}
        MetadataKind::Link if metadata.nested => {}
        MetadataKind::Link => return Err(PlanError::LinkedMetadata(path)),
        MetadataKind::Directory => tree.imply(&path, Access::Read, /*is_directory*/ true),
        MetadataKind::File => tree.imply(&path, Access::Read, /*is_directory*/ false),
    }
    for spot in &metadata.leads_to {
        let link = replaceable(spot, &claims.tree);
        if let (Some(link), false) = (link, metadata.nested) {
            return Err(loose(spot, link));
        }
        match spot.kind {
            Kind::Directory if claims.tree.access(&spot.path) == Access::Write => {
                tree.imply(&spot.path, Access::Read, /*is_directory*/ true);
            }
            Kind::Missing { .. } if !metadata.nested => absent.push(spot),
            Kind::Directory | Kind::File | Kind::Missing { .. } | Kind::Blocked => {}
        }
    }
    Ok(())
}

/// Shows what our own program is loaded with.
fn load(tree: &mut Tree, claims: &Claims<'_>, facts: &Facts) -> Result<(), PlanError> {
    for spot in &facts.libraries {
        if claims.tree.access(&spot.path) != Access::Deny {
            continue;
        }
        let denied = claims.tree.entry(&spot.path);
        if denied.is_some_and(|(path, _)| path.parent().is_some()) {
            return Err(PlanError::Indispensable(spot.path.clone()));
        }
        tree.imply(&spot.path, Access::Read, /*is_directory*/ false);
    }
    Ok(())
}

/// Keeps what is missing from coming into being, where it could.
fn guard(tree: &Tree, spot: &Spot, guards: &mut Guards) -> Result<(), PlanError> {
    if let Some(link) = replaceable(spot, tree) {
        return Err(loose(spot, link));
    }
    match &spot.kind {
        Kind::Missing { name, .. } if tree.access(&spot.path) == Access::Write => {
            guards.add(&spot.path, name);
            Ok(())
        }
        // It could be moved away, or made to be searched.
        Kind::Blocked if is_open(tree, &spot.path) => Err(PlanError::InTheWay {
            path: spot.asked.clone(),
            obstacle: spot.path.clone(),
        }),
        Kind::Directory | Kind::File | Kind::Missing { .. } | Kind::Blocked => Ok(()),
    }
}

/// Whether what is at `path` could be changed or replaced.
fn is_open(tree: &Tree, path: &Path) -> bool {
    let any = [path, parent(path)];
    any.iter().any(|path| tree.access(path) == Access::Write)
}
