//! The configuration layers of this computer, as raw TOML cut down to what a client asks for.
//!
//! Layers run from the lowest to the highest precedence: system, user, trusted project folders
//! from the project's root down to the working directory, and the administrator's old
//! `managed_config.toml`. Requirements, which limit what configuration may say, come from the
//! system folder alone. Nothing is merged or interpreted: that is the client's part.
//!
//! A file that cannot be read or parsed fails the whole call: leaving out a layer could lift a
//! limit somebody relies on.

mod error;
mod filter;
mod project;
mod repository;
mod trust;

use std::path::{Path, PathBuf};

use toml::{Table, Value};

pub use self::error::ConfigError;
use self::{filter::Selection, trust::Trust};
use super::{Places, text_file};

/// The largest configuration file read: hundreds of times what people write by hand.
pub const FILE_LIMIT: usize = 1 << 20;

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
    let system_file = places.system.join("config.toml");
    let user_file = places.home.join("config.toml");
    let managed_file = places.system.join("managed_config.toml");
    let system = load(&system_file)?;
    let user = load(&user_file)?;
    let managed = load(&managed_file)?;

    let trust = Trust::from_tables(&[&system, &user, &managed])?;
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
    layers.extend(project::layers(&request.cwd, &trust, &places.home)?);
    let mut requirements = Vec::new();
    let system_requirements = requirements_layer(&places.system)?;
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

/// A file's table, empty if there is no such file.
fn load(path: &Path) -> Result<Table, ConfigError> {
    let Some(text) = read_file(path)? else {
        return Ok(Table::new());
    };
    text.parse()
        .map_err(|error| ConfigError::parse(path, &text, &error))
}

fn read_file(path: &Path) -> Result<Option<String>, ConfigError> {
    text_file::read(path, FILE_LIMIT).map_err(|source| ConfigError::unreadable(path, &source))
}

fn requirements_layer(system: &Path) -> Result<Option<RawLayer>, ConfigError> {
    let path = system.join("requirements.toml");
    let Some(text) = read_file(&path)? else {
        return Ok(None);
    };
    let toml = text
        .parse()
        .map_err(|error| ConfigError::requirements(&path, &error))?;
    Ok(Some(RawLayer {
        source: path.display().to_string(),
        base_dir: system.to_owned(),
        toml,
    }))
}

/// What the old file asks for it also demands: as requirements, its choices are the only ones.
fn managed_requirements(
    path: &Path,
    system: &Path,
    managed: &Table,
) -> Result<Option<RawLayer>, ConfigError> {
    let mut toml = Table::new();
    for (key, allowed, always) in [
        ("approval_policy", "allowed_approval_policies", None),
        ("approvals_reviewer", "allowed_approvals_reviewers", None),
        ("sandbox_mode", "allowed_sandbox_modes", Some("read-only")),
    ] {
        let Some(value) = managed.get(key) else {
            continue;
        };
        let Value::String(chosen) = value else {
            return Err(ConfigError::NotText {
                path: path.display().to_string(),
                key,
            });
        };
        let mut values: Vec<_> = always.into_iter().map(Value::from).collect();
        if always != Some(chosen) {
            values.push(value.clone());
        }
        toml.insert(allowed.to_owned(), Value::Array(values));
    }
    Ok((!toml.is_empty()).then(|| RawLayer {
        source: path.display().to_string(),
        base_dir: system.to_owned(),
        toml,
    }))
}
