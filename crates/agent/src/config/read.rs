//! Reading all layers, and what they come to.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value as Json;
use toml::Table;

use super::{
    Configuration, absolute,
    files::{Content, Loaded},
    json,
    known::{CONFIG, KNOWN, REQUIREMENTS},
    layers::{self, Disabled, Layer, Origin, Source},
    project::{self, Trust},
    warning::Warning,
};

/// The configuration at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// What holds: every known setting, null where nothing holds; paths are absolute.
    pub config: Json,
    /// For each value that some layer sets, by its dotted key, which layer that is. Elements of
    /// lists have their index as key.
    pub origins: BTreeMap<String, Origin>,
    /// The layers, from the highest to the lowest, those too that do not count.
    pub layers: Vec<Layer>,
    /// What is wrong, or means nothing.
    pub warnings: Vec<Warning>,
}

/// A layer while it is worked with.
#[derive(Debug)]
pub(super) struct Stacked {
    pub(super) source: Source,
    /// What it is shown with, and known by.
    shown: Table,
    /// The same with absolute paths: what counts.
    pub(super) resolved: Table,
    pub(super) disabled: Option<Disabled>,
}

impl Stacked {
    /// A layer whose relative paths are below `base`, but shown as they are.
    pub(super) fn of_file(source: Source, shown: Table, base: &Path) -> Self {
        let mut resolved = shown.clone();
        KNOWN.resolve(CONFIG, &mut resolved, base);
        Self {
            source,
            shown,
            resolved,
            disabled: None,
        }
    }

    fn of_resolved(source: Source, table: Table, disabled: Option<Disabled>) -> Self {
        Self {
            source,
            shown: table.clone(),
            resolved: table,
            disabled,
        }
    }

    fn show(&self) -> Layer {
        Layer {
            source: self.source.clone(),
            version: self.version(),
            config: json::from_table(&self.shown),
            disabled: self.disabled.clone(),
        }
    }

    pub(super) fn version(&self) -> String {
        layers::version(&self.shown)
    }

    pub(super) fn origin(&self) -> Origin {
        Origin {
            source: self.source.clone(),
            version: self.version(),
        }
    }
}

impl Configuration {
    /// What holds in the folder `cwd`, which need not exist; without one, no project's
    /// configuration counts. A relative one is relative to this process' own.
    pub fn read(&self, cwd: Option<&Path>) -> Snapshot {
        let mut warnings = Vec::new();
        let stack = self.stack(cwd, &mut warnings);
        let counting: Vec<_> = stack
            .iter()
            .filter(|layer| layer.disabled.is_none())
            .collect();
        let tables: Vec<_> = counting.iter().map(|layer| &layer.resolved).collect();
        let merged = layers::merge(&tables);
        let by_layer: Vec<_> = counting.iter().map(|layer| layer.origin()).collect();
        Snapshot {
            config: KNOWN.complete(CONFIG, &merged.table),
            origins: merged
                .origins
                .into_iter()
                .map(|(key, layer)| (key, by_layer[layer].clone()))
                .collect(),
            layers: stack.iter().rev().map(Stacked::show).collect(),
            warnings,
        }
    }

    /// The layers, from the lowest to the highest. The system's and the user's have their place
    /// even if they say nothing.
    pub(super) fn stack(&self, cwd: Option<&Path>, warnings: &mut Vec<Warning>) -> Vec<Stacked> {
        let [system, user, managed] = self.own_files();
        let loaded = [system, user, managed].map(|(source, base)| {
            let loaded = self.load(&source, warnings);
            Stacked::of_file(source, loaded.table.clone(), base)
        });
        let [system, user, managed] = loaded;
        let requirements = self
            .files
            .load(&self.places.requirements_file(), REQUIREMENTS);
        note(
            &self.places.requirements_file(),
            &requirements,
            None,
            warnings,
        );
        let mut stack = vec![system, user];
        let flags = Stacked::of_resolved(Source::Flags, self.flags.clone(), None);
        if let Some(cwd) = cwd.and_then(|cwd| std::path::absolute(cwd).ok()) {
            let said = [&stack[0], &stack[1], &flags, &managed].map(|layer| &layer.resolved);
            // Every layer has been checked, so what they say of trust can be understood.
            let trust = Trust::from_tables(&said).unwrap_or_default();
            let cwd = absolute(Path::new("/"), &cwd);
            stack.extend(self.project_layers(&cwd, &trust, warnings));
        }
        if !flags.shown.is_empty() {
            Warning::note_unknown(
                &Source::Flags,
                &KNOWN.unknown(CONFIG, &flags.shown),
                warnings,
            );
            stack.push(flags);
        }
        if !managed.shown.is_empty() {
            stack.push(managed);
        }
        stack
    }

    /// The files that belong to no project, with the folders their paths are relative to: the
    /// system's, the user's, and the administrator's old one.
    pub(super) fn own_files(&self) -> [(Source, &Path); 3] {
        let places = &self.places;
        let system = Source::System {
            file: places.system_file(),
        };
        let user = Source::User {
            file: places.user_file(),
        };
        let managed = Source::Managed {
            file: places.managed_file(),
        };
        [
            (system, places.system.as_path()),
            (user, &places.home),
            (managed, &places.system),
        ]
    }

    /// What holds of the file of `source`.
    pub(super) fn load(&self, source: &Source, warnings: &mut Vec<Warning>) -> Arc<Content> {
        let file = source.file();
        let loaded = self.files.load(&file, CONFIG);
        note(&file, &loaded, Some(source), warnings);
        loaded.content
    }

    fn project_layers(
        &self,
        cwd: &Path,
        trust: &Trust,
        warnings: &mut Vec<Warning>,
    ) -> Vec<Stacked> {
        let mut layers = Vec::new();
        for folder in project::folders(cwd, trust, &self.places.home) {
            if !folder.dot_folder.is_dir() {
                continue;
            }
            let counts = folder.disabled.is_none();
            let mut table = self.project_file(&folder.dot_folder, counts, warnings);
            let mut hooks = None;
            if let Some(main) = folder.hooks_from {
                table.remove("hooks");
                hooks = project::only_hooks(self.project_file(&main, counts, warnings))
                    .map(|table| (main, table));
            }
            let layer = |(folder, table), disabled| {
                Stacked::of_resolved(Source::Project { folder }, table, disabled)
            };
            layers.push(layer((folder.dot_folder, table), folder.disabled.clone()));
            layers.extend(hooks.map(|hooks| layer(hooks, folder.disabled)));
        }
        layers
    }

    /// What the file in `dot_folder` says, as far as a project may say it.
    fn project_file(&self, dot_folder: &Path, counts: bool, warnings: &mut Vec<Warning>) -> Table {
        let source = Source::Project {
            folder: dot_folder.to_owned(),
        };
        // What does not count is not worth a warning of its own.
        let mut own = Vec::new();
        let mut table = self.load(&source, &mut own).table.clone();
        let keys = project::strip(&mut table);
        if counts {
            if !keys.is_empty() {
                let file = source.file();
                own.push(Warning::NotForProjects { file, keys });
            }
            warnings.append(&mut own);
        }
        KNOWN.resolve(CONFIG, &mut table, dot_folder);
        table
    }
}

/// Adds what is to be said about a file.
fn note(file: &Path, loaded: &Loaded, source: Option<&Source>, warnings: &mut Vec<Warning>) {
    if let Some((fault, standing)) = &loaded.fault {
        warnings.push(Warning::Broken {
            fault: fault.as_ref().clone(),
            standing: *standing,
        });
    }
    match source {
        Some(source) => Warning::note_unknown(source, &loaded.content.unknown, warnings),
        None if loaded.content.unknown.is_empty() => {}
        None => warnings.push(Warning::UnknownRequirements {
            file: file.to_owned(),
            keys: loaded.content.unknown.clone(),
        }),
    }
}

impl Source {
    /// The file of a layer; none has the empty path.
    pub(super) fn file(&self) -> PathBuf {
        match self {
            Self::System { file } | Self::User { file } | Self::Managed { file } => file.clone(),
            Self::Project { folder } => folder.join("config.toml"),
            Self::Flags => PathBuf::new(),
        }
    }
}
