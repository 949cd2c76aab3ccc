//! Models and who provides them.

use serde::{Deserialize, Serialize};

use crate::method::methods;

methods! {
    /// The models one may choose from.
    List = "model/list": ModelListParams => ModelListResponse;
    /// Who provides models.
    ProviderList = "modelProvider/list": ModelProviderListParams => ModelProviderListResponse;
    /// What the provider in use can do beside models.
    ProviderCapabilitiesRead = "modelProvider/capabilities/read": ModelProviderCapabilitiesReadParams => ModelProviderCapabilitiesReadResponse;
}

/// Which models.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelListParams {
    /// Whose; absent: the provider in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_provider: Option<String>,
    /// Where to go on: the last answer's `nextCursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Those too that are not for choosing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_hidden: Option<bool>,
}

/// Models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelListResponse {
    /// In the order they are to be shown.
    pub data: Vec<Model>,
    /// Where to go on, if there are more.
    pub next_cursor: Option<String>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Names it here.
    pub id: String,
    /// Names it to its provider.
    pub model: String,
    /// The model to use instead.
    pub upgrade: Option<String>,
    /// What to tell of that.
    pub upgrade_info: Option<ModelUpgradeInfo>,
    /// What to tell when it is new.
    pub availability_nux: Option<ModelAvailabilityNux>,
    /// For people.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// What it is for in particular.
    pub model_specialty: Option<String>,
    /// Not for choosing.
    pub hidden: bool,
    /// How hard it can think.
    pub supported_reasoning_efforts: Vec<ReasoningEffortOption>,
    /// How hard it thinks if nothing is said.
    pub default_reasoning_effort: String,
    /// What it understands.
    #[serde(default = "InputModality::usual")]
    pub input_modalities: Vec<InputModality>,
    /// Its tone can be chosen.
    #[serde(default)]
    pub supports_personality: bool,
    /// How it works with others of its kind.
    pub multi_agent_version: Option<MultiAgentVersion>,
    /// An older form of `serviceTiers`.
    #[serde(default)]
    pub additional_speed_tiers: Vec<String>,
    /// How fast it can be had.
    #[serde(default)]
    pub service_tiers: Vec<ModelServiceTier>,
    /// How fast if nothing is said.
    pub default_service_tier: Option<String>,
    /// What else it does for those who are let.
    pub available_access_programs: Option<ModelAccessPrograms>,
    /// The one that is used if nothing is said.
    pub is_default: bool,
}

/// A model to use instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelUpgradeInfo {
    /// Which.
    pub model: String,
    /// For people.
    pub upgrade_copy: Option<String>,
    /// Where to read more.
    pub model_link: Option<String>,
    /// For people, at length.
    pub migration_markdown: Option<String>,
    /// Seconds since 1970: when the old one goes away.
    pub retirement_at: Option<i64>,
}

/// What to tell when a model is new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelAvailabilityNux {
    /// For people.
    pub message: String,
}

/// One way to think.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReasoningEffortOption {
    /// Its name, as in `low`.
    pub reasoning_effort: String,
    /// For people.
    pub description: String,
}

/// What a model understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum InputModality {
    /// Words.
    Text,
    /// Pictures.
    Image,
    /// Sound.
    Audio,
}

impl InputModality {
    /// What a model understands of which nothing else is said.
    fn usual() -> Vec<Self> {
        vec![Self::Text, Self::Image]
    }
}

/// How a model works with others of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum MultiAgentVersion {
    /// Not at all.
    Disabled,
    /// In the first way.
    V1,
    /// In the second way.
    V2,
}

/// How fast a model can be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelServiceTier {
    /// Names it.
    pub id: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
}

/// What a model does for those who are let.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelAccessPrograms {
    /// In matters of security.
    pub cyber: Vec<CyberAccessProgram>,
}

/// Who is let.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum CyberAccessProgram {
    /// Everybody.
    Standard,
    /// Defenders.
    DaybreakBlue,
    /// Attackers on someone's behalf.
    DaybreakRed,
}

/// Nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelProviderListParams {}

/// Who provides models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelProviderListResponse {
    /// All providers that are configured.
    pub data: Vec<ModelProviderSummary>,
    /// The one in use.
    pub default_provider_id: String,
    /// The user may choose another.
    pub can_change_default: bool,
}

/// Somebody who provides models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelProviderSummary {
    /// Names it.
    pub id: String,
    /// For people.
    pub name: String,
    /// `modelProvider/config/write` can change it.
    pub can_edit: bool,
    /// Where it is.
    pub base_url: Option<String>,
    /// What kind it is.
    pub settings: ProviderSettings,
}

/// What kind of provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ProviderSettings {
    /// OpenAI itself.
    Openai {},
    /// Anybody who speaks the same.
    CustomGateway {
        /// How one signs in there.
        auth: GatewayAuth,
    },
    /// Amazon.
    Bedrock {
        /// Which of the user's profiles.
        profile: Option<String>,
        /// Where.
        region: Option<String>,
    },
    /// Google.
    Gcp {
        /// Which project.
        project_id: Option<String>,
        /// Where.
        location: Option<String>,
        /// What proves it.
        credential_file: Option<String>,
    },
}

/// How one signs in at a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "mode",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum GatewayAuth {
    /// Not at all.
    None {},
    /// With a key that is in the environment.
    EnvironmentVariable {
        /// Under which name.
        env_key: String,
    },
    /// In a way that is configured elsewhere.
    ExternallyConfigured {
        /// Where a key is in the environment.
        env_key: Option<String>,
    },
}

/// Nothing to say.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelProviderCapabilitiesReadParams {}

/// What a provider can do beside models.
#[derive(Clone, Debug, PartialEq, Eq, Copy, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ModelProviderCapabilitiesReadResponse {
    /// Make pictures.
    pub image_generation: bool,
    /// Search the web.
    pub web_search: bool,
}
