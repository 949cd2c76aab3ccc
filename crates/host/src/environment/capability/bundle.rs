//! Searching a folder for skills and plugins, and reading the files that describe them.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use super::{
    PluginFiles, Root, RootDiscovery, SkillFiles, TextFile,
    budget::{Budget, json_len},
    manifest::{self, Declared},
    shown,
    walk::{self, Limits},
};
use crate::environment::text_file::{self, ReadError};

/// How many folders one call may search.
pub const MAX_ROOTS: usize = 128;

/// The largest file read; larger ones are not descriptions.
pub(super) const FILE_LIMIT: usize = 1 << 20;

/// The most text returned of one folder.
const ROOT_LIMIT: usize = 16 << 20;

/// The largest answer, counted as JSON: clients accept messages up to 64 MiB, and this leaves
/// room for the parts not counted.
const ANSWER_LIMIT: usize = 48 << 20;

/// What a file costs in an answer beside its text and path.
const FILE_OVERHEAD: usize = 64;

/// How many troubles of one folder are told.
const MAX_WARNINGS: usize = 64;

/// More than [`MAX_ROOTS`] folders were named.
#[derive(Debug, thiserror::Error)]
#[error("capability root discovery accepts at most {MAX_ROOTS} roots")]
pub struct TooManyRoots;

/// Searches each of `roots`. Blocks on the file system.
///
/// # Errors
///
/// Only when too many folders are named: the trouble of one folder stands in its own answer.
pub fn discover_roots(roots: Vec<Root>) -> Result<Vec<RootDiscovery>, TooManyRoots> {
    if roots.len() > MAX_ROOTS {
        return Err(TooManyRoots);
    }
    let mut answer = Budget::new(ANSWER_LIMIT);
    Ok(roots
        .into_iter()
        .map(|root| search(root, &mut answer))
        .collect())
}

/// Searches `root`, taking what is found from `answer`.
pub(super) fn search(root: Root, answer: &mut Budget) -> RootDiscovery {
    let mut discovery = RootDiscovery {
        id: root.id,
        path: root.path,
        plugin: None,
        skills: Vec::new(),
        namespace_manifests: Vec::new(),
        warnings: Vec::new(),
        error: None,
    };
    match fs::metadata(&discovery.path) {
        Ok(metadata) if metadata.is_dir() => {
            let folder = discovery.path.clone();
            Search::new(&folder, answer).run(&mut discovery);
        }
        Ok(_) => {
            let folder = shown(&discovery.path);
            discovery.error = Some(format!("capability root {folder} is not a directory"));
        }
        Err(error) => {
            let folder = shown(&discovery.path);
            discovery.error = Some(format!(
                "failed to inspect capability root {folder}: {error}"
            ));
        }
    }
    discovery
}

struct Search<'a> {
    root: &'a Path,
    budget: Budget,
    answer: &'a mut Budget,
    warnings: Vec<String>,
}

impl<'a> Search<'a> {
    fn new(root: &'a Path, answer: &'a mut Budget) -> Self {
        Self {
            root,
            budget: Budget::new(ROOT_LIMIT),
            answer,
            warnings: Vec::new(),
        }
    }

    fn run(mut self, discovery: &mut RootDiscovery) {
        let files = self.list();
        let own = self.first_manifest(self.root);
        let nearest = match &own {
            Some(own) => Some(own.clone()),
            None => self
                .root
                .ancestors()
                .skip(1)
                .find_map(|folder| self.first_manifest(folder)),
        };
        discovery.namespace_manifests = self.namespaces(nearest, &files);
        discovery.plugin = own.map(|manifest| self.plugin(manifest));
        let mut skills: Vec<_> = files
            .into_iter()
            .filter(|path| path.ends_with("SKILL.md"))
            .collect();
        skills.sort_by_cached_key(|path| shown(path));
        discovery.skills = skills.iter().filter_map(|path| self.skill(path)).collect();
        discovery.warnings = self.warnings;
    }

    fn list(&mut self) -> Vec<PathBuf> {
        let found = walk::walk(self.root, Limits::default());
        for (path, error) in found.errors {
            self.warn(format!(
                "failed to scan capability path {}: {error}",
                shown(&path)
            ));
        }
        if found.truncated {
            let root = shown(self.root);
            self.warn(format!(
                "capability scan reached its traversal limit (root: {root})"
            ));
        }
        found.files
    }

    /// The preferred manifest of `folder` that can be read.
    fn first_manifest(&mut self, folder: &Path) -> Option<TextFile> {
        manifest::MANIFESTS
            .into_iter()
            .find_map(|path| self.read(folder.join(path)))
    }

    /// One manifest for each plugin folder: `nearest`, then those among `files`.
    fn namespaces(&mut self, nearest: Option<TextFile>, files: &[PathBuf]) -> Vec<TextFile> {
        let mut candidates: Vec<_> = files
            .iter()
            .filter_map(|path| {
                let preference = manifest::preference(path)?;
                Some((shown(manifest::plugin_folder(path)?), preference, path))
            })
            .collect();
        candidates.sort_unstable();
        let mut known: HashSet<_> = nearest
            .iter()
            .filter_map(|nearest| manifest::plugin_folder(&nearest.path).map(shown))
            .collect();
        let mut manifests: Vec<_> = nearest.into_iter().collect();
        for (folder, _, path) in candidates {
            if !known.contains(&folder)
                && let Some(manifest) = self.read(path.clone())
            {
                known.insert(folder);
                manifests.push(manifest);
            }
        }
        manifests
    }

    fn plugin(&mut self, manifest: TextFile) -> PluginFiles {
        let declarations = manifest::parse(&manifest.contents).unwrap_or_default();
        let servers = manifest::declared(&declarations, "mcpServers");
        let mcp_config = match servers {
            Declared::Inline(contents) => Some(TextFile {
                path: manifest.path.clone(),
                contents,
            })
            .filter(|file| self.admit(file)),
            other => self.declared(&other, "mcpServers", ".mcp.json", &manifest.path),
        };
        let apps_config = match manifest::declared(&declarations, "apps") {
            Declared::Inline(_) => None,
            other => self.declared(&other, "apps", ".app.json", &manifest.path),
        };
        PluginFiles {
            manifest,
            mcp_config,
            apps_config,
        }
    }

    /// The file declared, else the usual one; an unusable declaration is as good as none.
    fn declared(
        &mut self,
        declared: &Declared<'_>,
        key: &str,
        usual: &str,
        manifest: &Path,
    ) -> Option<TextFile> {
        let path = match *declared {
            Declared::File(path) => path,
            Declared::Usual | Declared::Inline(_) => Path::new(usual),
            Declared::Unusable(reason) => {
                self.warn(format!("ignoring {key} in {}: {reason}", shown(manifest)));
                Path::new(usual)
            }
        };
        self.read(self.root.join(path))
    }

    fn skill(&mut self, path: &Path) -> Option<SkillFiles> {
        let instructions = self.read(path.to_owned())?;
        let metadata = self.read(path.with_file_name("agents/openai.yaml"));
        Some(SkillFiles {
            instructions,
            metadata,
        })
    }

    fn read(&mut self, path: PathBuf) -> Option<TextFile> {
        let contents = match text_file::read(&path, FILE_LIMIT) {
            Ok(contents) => contents?,
            Err(error) => {
                let path = shown(&path);
                self.warn(match error {
                    ReadError::TooLarge(limit) => {
                        format!("capability file {path} exceeds the {limit}-byte limit")
                    }
                    ReadError::NotText(error) => {
                        format!("capability file {path} is not UTF-8: {error}")
                    }
                    ReadError::Io(error) => {
                        format!("failed to read capability file {path}: {error}")
                    }
                });
                return None;
            }
        };
        let file = TextFile { path, contents };
        self.admit(&file).then_some(file)
    }

    /// Whether there is still room for `file`.
    fn admit(&mut self, file: &TextFile) -> bool {
        let path = json_len(&file.path.to_string_lossy());
        let fits = self.budget.take(file.contents.len())
            && self
                .answer
                .take(json_len(&file.contents) + path + FILE_OVERHEAD);
        if !fits {
            let limit = self.budget.limit();
            self.warn(format!(
                "capability root bundle exceeds the {limit}-byte limit"
            ));
        }
        fits
    }

    fn warn(&mut self, warning: String) {
        if self.warnings.len() < MAX_WARNINGS && self.warnings.last() != Some(&warning) {
            self.warnings.push(warning);
        }
    }
}
