//! The models one may choose from.
//!
//! A catalog is data: the one in this program, or a file of the user's in the form that other
//! programs of this dialect read (`{"models": [{"slug": …, …}]}`). Of a model only its name must
//! be said; members that are not known mean nothing.
//!
//! What the user has configured is on the list whether or not a catalog knows it, and is the one
//! that is used if nothing is said.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use serde::Deserialize;

use crate::config::files::{self, FILE_LIMIT};

/// How many models a catalog may have: more than anybody chooses from.
pub const MAX_MODELS: usize = 1024;

/// How hard a model thinks of which nothing is said.
const NO_EFFORT: &str = "none";

static SHIPPED: LazyLock<Catalog> = LazyLock::new(|| {
    parse(include_str!("catalog/models.json")).expect("a test reads the catalog in this program")
});

/// Models, in the order they are to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    models: Vec<Model>,
}

/// One model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Model {
    /// Names it to its provider.
    pub slug: String,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// How hard it thinks if nothing is said.
    #[serde(default)]
    pub default_reasoning_level: Option<String>,
    /// How hard it can think.
    #[serde(default)]
    pub supported_reasoning_levels: Vec<Effort>,
    /// Whether it is for choosing.
    #[serde(default)]
    pub visibility: Visibility,
    /// Its place; the lower, the sooner.
    #[serde(default)]
    pub priority: i64,
    /// What it understands.
    #[serde(default = "Modality::usual")]
    pub input_modalities: Vec<Modality>,
    /// Its tone can be chosen.
    #[serde(default)]
    pub supports_personality: bool,
    /// What it is for in particular.
    #[serde(default)]
    pub model_specialty: Option<String>,
    /// How it works with others of its kind.
    #[serde(default)]
    pub multi_agent_version: Option<MultiAgent>,
    /// The model to use instead.
    #[serde(default)]
    pub upgrade: Option<Upgrade>,
    /// What to tell when it is new.
    #[serde(default)]
    pub availability_nux: Option<Announcement>,
    /// An older form of `service_tiers`.
    #[serde(default)]
    pub additional_speed_tiers: Vec<String>,
    /// How fast it can be had.
    #[serde(default)]
    pub service_tiers: Vec<Tier>,
    /// How fast if nothing is said.
    #[serde(default)]
    pub default_service_tier: Option<String>,
}

/// One way to think.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Effort {
    /// Its name, as in `low`.
    pub effort: String,
    /// For people.
    #[serde(default)]
    pub description: String,
}

/// Whether a model is for choosing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// It is.
    #[default]
    List,
    /// It is not.
    Hide,
    /// It is not, and nobody should know of it.
    None,
}

/// What a model understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Words.
    Text,
    /// Pictures.
    Image,
    /// Sound.
    Audio,
}

/// How a model works with others of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MultiAgent {
    /// Not at all.
    Disabled,
    /// In the first way.
    V1,
    /// In the second way.
    V2,
}

/// A model to use instead.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Upgrade {
    /// Which.
    pub model: String,
    /// For people.
    #[serde(default)]
    pub upgrade_copy: Option<String>,
    /// Where to read more.
    #[serde(default)]
    pub model_link: Option<String>,
    /// For people, at length.
    #[serde(default)]
    pub migration_markdown: Option<String>,
    /// Seconds since 1970: when the old one goes away.
    #[serde(default)]
    pub retirement_at: Option<i64>,
}

/// What to tell when a model is new.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Announcement {
    /// For people.
    pub message: String,
}

/// How fast a model can be had.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tier {
    /// Names it.
    pub id: String,
    /// For people.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: String,
}

/// Why a file is no catalog.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// It cannot be read.
    #[error("failed to read model_catalog_json path `{}`: {words}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        words: String,
    },
    /// It says something else.
    #[error("failed to parse model_catalog_json path `{}` as JSON: {source}", path.display())]
    NotACatalog {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// It has too few or too many models.
    #[error("model_catalog_json path `{}` must contain {must}", path.display())]
    Count {
        /// The file.
        path: PathBuf,
        /// How many it may have.
        must: String,
    },
}

#[derive(Deserialize)]
struct File {
    models: Vec<Model>,
}

/// A model on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The model.
    pub model: Model,
    /// It is the one that is used if nothing is said.
    pub is_default: bool,
}

// === impl Catalog ===

impl Catalog {
    /// The one in this program.
    #[must_use]
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// The one in a file. Blocks on the file system; reads a regular file of at most
    /// [`FILE_LIMIT`] bytes.
    ///
    /// # Errors
    ///
    /// There is no such file, or it is no catalog.
    pub fn read(path: &Path) -> Result<Self, CatalogError> {
        let unreadable = |words: String| CatalogError::Unreadable {
            path: path.to_owned(),
            words,
        };
        let text = files::read_text(path).map_err(|error| unreadable(error.to_string()))?;
        let (text, _) = text.ok_or_else(|| unreadable("no such file".to_owned()))?;
        debug_assert!(text.len() <= FILE_LIMIT, "files are read up to a bound");
        let catalog = parse(&text).map_err(|source| CatalogError::NotACatalog {
            path: path.to_owned(),
            source,
        })?;
        let must = match catalog.models.len() {
            0 => "at least one model".to_owned(),
            1..=MAX_MODELS => return Ok(catalog),
            _ => format!("at most {MAX_MODELS} models"),
        };
        let path = path.to_owned();
        Err(CatalogError::Count { path, must })
    }

    /// The list for somebody who has configured `configured`, with those that are not for choosing
    /// if they are asked for. Exactly one model that is for choosing is the default, if there is
    /// one.
    #[must_use]
    pub fn list(&self, configured: Option<&str>, hidden: bool) -> Vec<Listed> {
        let known = |slug: &str| self.models.iter().any(|model| model.slug == slug);
        let unknown = configured.filter(|slug| !known(slug)).map(Model::named);
        let models: Vec<_> = unknown.iter().chain(&self.models).collect();
        let default = models
            .iter()
            .find(|model| configured == Some(&model.slug))
            .or_else(|| models.iter().find(|model| model.is_listed()))
            .map(|model| model.slug.clone());
        let is_default = |model: &Model| default.as_deref() == Some(&model.slug);
        models
            .into_iter()
            .filter(|model| hidden || model.is_listed() || is_default(model))
            .map(|model| Listed {
                model: model.clone(),
                is_default: is_default(model),
            })
            .collect()
    }
}

/// Reads a catalog: by priority, and as written where that is the same; of several models of one
/// name the first.
fn parse(text: &str) -> serde_json::Result<Catalog> {
    let File { mut models } = serde_json::from_str(text)?;
    models.sort_by_key(|model| model.priority);
    let mut known = HashSet::new();
    models.retain(|model| known.insert(model.slug.clone()));
    for model in &mut models {
        if model.display_name.is_empty() {
            model.display_name.clone_from(&model.slug);
        }
    }
    Ok(Catalog { models })
}

// === impl Model ===

impl Model {
    /// A model of which only the name is known.
    fn named(slug: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            display_name: slug.to_owned(),
            description: None,
            default_reasoning_level: None,
            supported_reasoning_levels: Vec::new(),
            visibility: Visibility::List,
            priority: 0,
            input_modalities: Modality::usual(),
            supports_personality: false,
            model_specialty: None,
            multi_agent_version: None,
            upgrade: None,
            availability_nux: None,
            additional_speed_tiers: Vec::new(),
            service_tiers: Vec::new(),
            default_service_tier: None,
        }
    }

    /// Whether it is for choosing.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.visibility == Visibility::List
    }

    /// How hard it thinks if nothing is said.
    #[must_use]
    pub fn default_effort(&self) -> &str {
        self.default_reasoning_level.as_deref().unwrap_or(NO_EFFORT)
    }
}

impl Modality {
    fn usual() -> Vec<Self> {
        vec![Self::Text, Self::Image]
    }
}

#[cfg(test)]
mod tests;
