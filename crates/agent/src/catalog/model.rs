//! A model, as a catalog describes it.

use serde::Deserialize;

/// How hard a model thinks of which nothing is said.
const NO_EFFORT: &str = "none";

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

// === impl Model ===

impl Model {
    /// A model of which only the name is known.
    pub(super) fn named(slug: &str) -> Self {
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
