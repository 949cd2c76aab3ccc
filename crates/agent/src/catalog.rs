//! The models one may choose from.
//!
//! A catalog is data: the one in this program, or a file of the user's in the form that other
//! programs of this dialect read (`{"models": [{"slug": …, …}]}`). Of a model only its name must
//! be said; members that are not known mean nothing.
//!
//! What the user has configured is on the list whether or not a catalog knows it, and is the one
//! that is used if nothing is said.

mod model;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use serde::Deserialize;

pub use self::model::{
    Announcement, Effort, Modality, Model, MultiAgent, Tier, Upgrade, Visibility,
};
use crate::config::files::{self, FILE_LIMIT};

/// How many models a catalog may have: more than anybody chooses from.
pub const MAX_MODELS: usize = 1024;

static SHIPPED: LazyLock<Catalog> = LazyLock::new(|| {
    parse(include_str!("catalog/models.json")).expect("a test reads the catalog in this program")
});

/// Models, in the order they are to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    models: Vec<Model>,
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

#[cfg(test)]
mod tests;
