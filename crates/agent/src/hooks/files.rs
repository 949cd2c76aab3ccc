//! The files hooks stand in.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::{FLAGS_FILE, Owner};
use crate::config::{Configuration, Snapshot, Source};

/// The name of the file beside a configuration.
const BESIDE: &str = "hooks.json";

/// The places of one layer.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) owner: Owner,
    /// `hooks.json`, which need not be there; none for the command line.
    pub(super) beside: Option<PathBuf>,
    /// The configuration, and what it says under `hooks`.
    pub(super) config: PathBuf,
    pub(super) said: Option<Json>,
}

/// The layers that count in `cwd`, from the lowest to the highest.
pub(super) fn of(configuration: &Configuration, snapshot: &Snapshot, cwd: &Path) -> Vec<Files> {
    let places = configuration.places();
    let said = |is_it: &dyn Fn(&Source) -> bool| {
        let counts = snapshot
            .layers
            .iter()
            .filter(|layer| layer.disabled.is_none());
        let mut layers = counts.filter(|layer| is_it(&layer.source));
        layers.find_map(|layer| layer.config.get("hooks").cloned())
    };
    let of_folder = |owner, folder: &Path, said| Files {
        owner,
        beside: Some(folder.join(BESIDE)),
        config: folder.join("config.toml"),
        said,
    };
    let system = said(&|source| matches!(source, Source::System { .. }));
    let user = said(&|source| matches!(source, Source::User { .. }));
    let mut files = vec![
        of_folder(Owner::System, &places.system, system),
        of_folder(Owner::User, &places.home, user),
    ];
    for project in configuration.project_folders(cwd) {
        if project.trusted {
            let is_it = |source: &Source| matches!(source, Source::Project { folder } if *folder == project.hooks);
            files.push(of_folder(Owner::Project, &project.hooks, said(&is_it)));
        }
    }
    files.push(Files {
        owner: Owner::Flags,
        beside: None,
        config: FLAGS_FILE.into(),
        said: said(&|source| matches!(source, Source::Flags)),
    });
    files.push(Files {
        owner: Owner::Managed,
        beside: None,
        config: places.system.join("managed_config.toml"),
        said: said(&|source| matches!(source, Source::Managed { .. })),
    });
    files
}
