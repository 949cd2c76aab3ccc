//! The skills below one folder, with what people are shown of them.
//!
//! What is wrong with one file costs that skill, and is told with its path. Of a `SKILL.md` only
//! the head is read, however long the rest is. A folder of any size, depth or knottedness is looked
//! at up to the bounds of the walk, and what they cut off is told.

mod shown;

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

pub use self::shown::Interface;
use self::shown::beside;
use super::{
    budget::Budget,
    manifest,
    skill::{self, HeadError, Policy, Tool},
    walk::{self, Limits},
};
use crate::environment::text_file;

/// The most of a `SKILL.md` that is read: some hundred times what a head needs.
const HEAD_LIMIT: usize = 64 << 10;

/// The largest manifest that is read.
const MANIFEST_LIMIT: usize = 1 << 20;

/// The most text of one folder's skills that is kept and told.
const TEXT_LIMIT: usize = 8 << 20;

/// How many troubles of one folder are told.
const MAX_ERRORS: usize = 256;

/// The product that this is.
const PRODUCT: &str = "codex";

/// What one folder has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The skills, by path.
    pub skills: Vec<ListedSkill>,
    /// What is wrong, and where.
    pub errors: Vec<(PathBuf, String)>,
}

/// A skill, as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSkill {
    /// Its name, after that of its plugin and a colon if it has one.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The same in short.
    pub short_description: Option<String>,
    /// Its `SKILL.md`, without links.
    pub path: PathBuf,
    /// How it is shown.
    pub interface: Option<Interface>,
    /// The tools it needs.
    pub tools: Option<Vec<Tool>>,
}

/// The skills below `root`; none if there is no such folder. Each folder is told to `enter` before
/// it is read. Blocks on the file system.
pub fn list_skills(root: &Path, enter: &mut dyn FnMut(&Path)) -> Listing {
    let limits = Limits {
        hidden: false,
        ..Limits::default()
    };
    list_within(root, limits, enter)
}

fn list_within(root: &Path, limits: Limits, enter: &mut dyn FnMut(&Path)) -> Listing {
    if !fs::metadata(root).is_ok_and(|metadata| metadata.is_dir()) {
        return Listing::default();
    }
    let found = walk::walk_telling(root, limits, enter);
    let mut listing = InTheMaking {
        listing: Listing::default(),
        text: Budget::new(TEXT_LIMIT),
        namespaces: HashMap::new(),
        known: HashSet::new(),
    };
    for (path, error) in found.errors {
        listing.error(path, format!("failed to read folder: {error}"));
    }
    if found.truncated {
        let Limits {
            folders, entries, ..
        } = limits;
        let words = format!("only the first {folders} folders and {entries} names are looked at");
        listing.error(root.to_owned(), words);
    }
    for path in found.files {
        if path.file_name().is_some_and(|name| name == "SKILL.md") && !listing.add(&path) {
            let words = format!("the skills' descriptions exceed {TEXT_LIMIT} bytes");
            listing.error(root.to_owned(), words);
            break;
        }
    }
    let mut listing = listing.listing;
    listing.skills.sort_by(|a, b| a.path.cmp(&b.path));
    listing.errors.sort();
    listing
}

struct InTheMaking {
    listing: Listing,
    text: Budget,
    /// The names of the plugins that folders are.
    namespaces: HashMap<PathBuf, Option<String>>,
    known: HashSet<PathBuf>,
}

impl InTheMaking {
    /// Adds the skill at `path`; `false` if there is no room for it.
    fn add(&mut self, path: &Path) -> bool {
        // What has vanished meanwhile is no skill, and two names of one file are one.
        let Ok(path) = fs::canonicalize(path) else {
            return true;
        };
        if !self.known.insert(path.clone()) {
            return true;
        }
        match self.describe(&path) {
            Err(error) => self.error(path, error),
            Ok(None) => {}
            Ok(Some(skill)) => {
                if !self.text.take(cost(&skill)) {
                    return false;
                }
                self.listing.skills.push(skill);
            }
        }
        true
    }

    /// What the files say; `None` if it is not for this product.
    fn describe(&mut self, path: &Path) -> Result<Option<ListedSkill>, String> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let start = text_file::read_start(path, HEAD_LIMIT);
        let start = start.map_err(|error| format!("failed to read file: {error}"))?;
        let Some(start) = start else { return Ok(None) };
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let head = skill::read_head(text(&start)?, &name).map_err(|error| match error {
            HeadError::Missing if start.len() == HEAD_LIMIT => {
                format!("no YAML frontmatter in the first {HEAD_LIMIT} bytes")
            }
            other => other.to_string(),
        })?;
        let beside = beside(folder);
        let is_ours =
            |policy: &Policy| policy.products.is_empty() || policy.products.contains(&PRODUCT);
        if !beside.policy.as_ref().is_none_or(is_ours) {
            return Ok(None);
        }
        let name = match self.namespace(folder) {
            Some(namespace) => format!("{namespace}:{}", head.name),
            None => head.name,
        };
        Ok(Some(ListedSkill {
            name,
            description: head.description,
            short_description: head.short_description,
            path: path.to_owned(),
            interface: beside.interface,
            tools: beside.tools,
        }))
    }

    /// The name of the nearest plugin that `folder` belongs to.
    fn namespace(&mut self, folder: &Path) -> Option<String> {
        if let Some(known) = self.namespaces.get(folder) {
            return known.clone();
        }
        let mut candidates = manifest::MANIFESTS.into_iter();
        let own = candidates.find_map(|path| {
            let text = text_file::read(&folder.join(path), MANIFEST_LIMIT).ok()??;
            manifest::name(&manifest::parse(&text)?, folder)
        });
        let name = own.or_else(|| self.namespace(folder.parent()?));
        self.namespaces.insert(folder.to_owned(), name.clone());
        name
    }

    fn error(&mut self, path: PathBuf, error: String) {
        if self.listing.errors.len() < MAX_ERRORS {
            self.listing.errors.push((path, error));
        }
    }
}

/// The text that `start`, the start of a file, is. A head may be followed by anything.
fn text(start: &[u8]) -> Result<&str, String> {
    match std::str::from_utf8(start) {
        Ok(text) => Ok(text),
        Err(error) => {
            let valid = &start[..error.valid_up_to()];
            let valid = std::str::from_utf8(valid).unwrap_or_default();
            let is_cut = error.error_len().is_none() && start.len() == HEAD_LIMIT;
            if is_cut || skill::front_matter(valid).is_some() {
                return Ok(valid);
            }
            Err(format!("failed to read file: {error}"))
        }
    }
}

fn cost(skill: &ListedSkill) -> usize {
    let texts = [&skill.name, &skill.description];
    let optional = [&skill.short_description];
    let tools = skill.tools.iter().flatten().flat_map(|tool| {
        let said = [&tool.description, &tool.transport, &tool.command, &tool.url];
        [tool.kind.len(), tool.value.len()]
            .into_iter()
            .chain(said.into_iter().flatten().map(String::len))
    });
    // What is shown has bounds of its own.
    texts.into_iter().map(String::len).sum::<usize>()
        + optional
            .into_iter()
            .flatten()
            .map(String::len)
            .sum::<usize>()
        + tools.sum::<usize>()
        + skill.path.as_os_str().len()
}

#[cfg(test)]
mod tests;
