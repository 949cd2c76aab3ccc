//! The layers as raw TOML, cut down to the keys a client asks for: a client that merges and
//! interprets them itself, for a computer it works on.
//!
//! Nothing is merged or interpreted here, and relative paths stay relative. A file that cannot be
//! read or parsed fails the whole call: leaving out a layer could lift a limit somebody relies on.

mod error;
mod filter;

use std::path::{Path, PathBuf};

use toml::Table;

pub use self::error::ConfigError;
use self::filter::Selection;
use super::{
    Places,
    files::{self, ReadError},
    project::{self, Trust},
    requirements,
};

/// How many paths a client may ask for at once; clients ask for one or two.
pub const MAX_PATHS: usize = 1024;

/// How long such a path may be. TOML itself nests less deep.
pub const MAX_SEGMENTS: usize = 128;

/// What a client wants to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigRequest {
    /// The folder whose project's configuration counts. It need not exist.
    pub cwd: PathBuf,
    /// The keys wanted of the configuration, each as its path of segments.
    pub config_paths: Vec<Vec<String>>,
    /// The keys wanted of the requirements.
    pub requirements_paths: Vec<Vec<String>>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The configuration's layers.
    pub config: LayerStack,
    /// The requirements' layers.
    pub requirements: LayerStack,
}

/// Layers in rising precedence; those without a wanted key are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerStack {
    /// The layers.
    pub layers: Vec<Layer>,
    /// How many of them are the system's, after which a client inserts layers of its own.
    pub cloud_insertion_index: usize,
}

/// One file's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// What kind of layer it is and where it stands, for people.
    pub source: String,
    /// The folder its relative paths are relative to.
    pub base_dir: PathBuf,
    /// The wanted keys, as TOML.
    pub toml: String,
}

/// A layer before it is cut down.
struct RawLayer {
    source: String,
    base_dir: PathBuf,
    toml: Table,
}

/// Reads the layers of `places` that count in `request.cwd`. Blocks on the file system.
///
/// # Errors
///
/// [`ConfigError::is_invalid`] tells a request that makes no sense from configuration that cannot
/// be read.
pub fn read(places: &Places, request: &ConfigRequest) -> Result<Config, ConfigError> {
    check(request)?;
    let system_file = places.system_file();
    let user_file = places.user_file();
    let managed_file = places.managed_file();
    let system = load(&system_file)?;
    let user = load(&user_file)?;
    let managed = load(&managed_file)?;

    let trust = Trust::from_tables(&[&system, &user, &managed])
        .map_err(|error| ConfigError::trust(&error))?;
    let mut layers = vec![
        RawLayer {
            source: format!("system ({})", system_file.display()),
            base_dir: places.system.clone(),
            toml: system,
        },
        RawLayer {
            source: format!("user ({})", user_file.display()),
            base_dir: places.home.clone(),
            toml: user,
        },
    ];
    for folder in project::folders(&request.cwd, &trust, &places.home) {
        if folder.disabled.is_none() {
            layers.extend(project_layers(&folder)?);
        }
    }
    let mut requirements = Vec::new();
    let system_requirements = requirements_layer(places)?;
    let has_system_requirements = system_requirements.is_some();
    requirements.extend(system_requirements);
    requirements.extend(managed_requirements(
        &managed_file,
        &places.system,
        &managed,
    )?);
    layers.push(RawLayer {
        source: format!("legacy managed_config.toml ({})", managed_file.display()),
        base_dir: places.system.clone(),
        toml: managed,
    });
    Ok(Config {
        config: stack(layers, 1, &request.config_paths),
        requirements: stack(
            requirements,
            usize::from(has_system_requirements),
            &request.requirements_paths,
        ),
    })
}

fn check(request: &ConfigRequest) -> Result<(), ConfigError> {
    let mut paths = request
        .config_paths
        .iter()
        .chain(&request.requirements_paths);
    let count = request.config_paths.len() + request.requirements_paths.len();
    if count == 0 {
        return Err(ConfigError::NoPaths);
    }
    if count > MAX_PATHS || paths.clone().any(|path| path.len() > MAX_SEGMENTS) {
        return Err(ConfigError::TooManyPaths);
    }
    if paths.any(Vec::is_empty) {
        return Err(ConfigError::EmptyPath);
    }
    Ok(())
}

/// Cuts `layers`, of which the first `system` are the system's, down to `paths`.
fn stack(layers: Vec<RawLayer>, system: usize, paths: &[Vec<String>]) -> LayerStack {
    let selection = Selection::of(paths);
    let mut kept = LayerStack::default();
    for (index, layer) in layers.into_iter().enumerate() {
        let Some(toml) = selection.apply(&layer.toml) else {
            continue;
        };
        kept.cloud_insertion_index += usize::from(index < system);
        kept.layers.push(Layer {
            source: layer.source,
            base_dir: layer.base_dir,
            toml: toml.to_string(),
        });
    }
    kept
}

/// The layers of one folder of a project, without what a project may not say.
fn project_layers(folder: &project::Folder) -> Result<Vec<RawLayer>, ConfigError> {
    let Some(mut layer) = project_layer(&folder.dot_folder)? else {
        return Ok(Vec::new());
    };
    let Some(main) = &folder.hooks_from else {
        return Ok(vec![layer]);
    };
    layer.toml.remove("hooks");
    let hooks = project_layer(main)?.and_then(|layer| {
        let toml = project::only_hooks(layer.toml)?;
        Some(RawLayer { toml, ..layer })
    });
    Ok(std::iter::once(layer).chain(hooks).collect())
}

fn project_layer(dot_folder: &Path) -> Result<Option<RawLayer>, ConfigError> {
    let path = dot_folder.join("config.toml");
    let Some(text) = read_file(&path)? else {
        return Ok(None);
    };
    let mut toml: Table = text
        .parse()
        .map_err(|error| ConfigError::project(&path, &error))?;
    project::strip(&mut toml);
    Ok(Some(RawLayer {
        source: format!("project ({})", path.display()),
        base_dir: dot_folder.to_owned(),
        toml,
    }))
}

/// A file's table, empty if there is no such file.
fn load(path: &Path) -> Result<Table, ConfigError> {
    let Some(text) = read_file(path)? else {
        return Ok(Table::new());
    };
    files::parse(path, &text).map_err(|fault| ConfigError::Syntax(fault.to_string()))
}

/// The text of a file; none if there is no regular file of that name.
fn read_file(path: &Path) -> Result<Option<String>, ConfigError> {
    match files::read_text(path) {
        Ok(found) => Ok(found.map(|(text, _)| text)),
        Err(ReadError::NotAFile(_)) => Ok(None),
        Err(error) => Err(ConfigError::unreadable(path, &error)),
    }
}

fn requirements_layer(places: &Places) -> Result<Option<RawLayer>, ConfigError> {
    let path = places.requirements_file();
    let Some(text) = read_file(&path)? else {
        return Ok(None);
    };
    let toml = text
        .parse()
        .map_err(|error| ConfigError::requirements(&path, &error))?;
    Ok(Some(RawLayer {
        source: path.display().to_string(),
        base_dir: places.system.clone(),
        toml,
    }))
}

/// What the old file demands.
fn managed_requirements(
    path: &Path,
    system: &Path,
    managed: &Table,
) -> Result<Option<RawLayer>, ConfigError> {
    for (key, _, _) in requirements::FROM_MANAGED {
        if managed.get(key).is_some_and(|value| !value.is_str()) {
            return Err(ConfigError::NotText {
                path: path.display().to_string(),
                key,
            });
        }
    }
    let toml = requirements::managed_demands(managed);
    Ok((!toml.is_empty()).then(|| RawLayer {
        source: path.display().to_string(),
        base_dir: system.to_owned(),
        toml,
    }))
}
