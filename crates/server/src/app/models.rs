//! `model/list`, `modelProvider/*`: which models there are, and who provides them.
//!
//! Both are what the configuration says at that moment. A catalog of the user's that cannot be
//! read is as good as none, and whoever asks is told.

use std::{borrow::Cow, path::Path};

use outpost_agent::{
    catalog::{Catalog, Listed, Modality, Model as Known, MultiAgent},
    paging,
    providers::{Auth, Kind, Provider, Providers},
};
use outpost_protocol::{
    RpcError,
    app::{
        config::{ConfigWarningNotification, Warning},
        model::{
            GatewayAuth, InputModality, List, Model, ModelAvailabilityNux, ModelListParams,
            ModelListResponse, ModelProviderCapabilitiesReadParams,
            ModelProviderCapabilitiesReadResponse, ModelProviderListParams,
            ModelProviderListResponse, ModelProviderSummary, ModelServiceTier, ModelUpgradeInfo,
            MultiAgentVersion, ProviderCapabilitiesRead, ProviderList, ProviderSettings,
            ReasoningEffortOption,
        },
    },
    code,
};
use outpost_rpc::router::{Reply, Router};
use serde_json::{Value, json, value::to_raw_value};

use super::{Shared, connection::Call, settings};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// What a client shows of a catalog that cannot be read.
const BROKEN: &str = "Invalid configuration; using defaults.";

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<List, _, _>(|lane| lane, list)
        .call::<ProviderList, _, _>(|lane| lane, list_providers)
        .call::<ProviderCapabilitiesRead, _, _>(|lane| lane, capabilities)
}

/// Who provides models now.
pub(super) async fn providers(server: &Shared) -> Result<Providers, RpcError> {
    settings::look(server, |all| Providers::of(&all.read(None))).await
}

/// The provider that a client names, or the one in use; a refusal if there is none of its name.
pub(super) fn provider(providers: &Providers, asked: Option<&str>) -> Result<Provider, RpcError> {
    let id = asked.unwrap_or(&providers.in_use);
    providers.find(id).ok_or_else(|| not_configured(id))
}

fn not_configured(id: &str) -> RpcError {
    let words = format!(
        "This chat uses model provider \u{201c}{id}\u{201d}, which is no longer configured. \
         Restore this provider\u{2019}s configuration to continue."
    );
    let data = json!({"type": "modelProviderNotConfigured", "modelProvider": id});
    RpcError {
        data: Some(to_raw_value(&data).expect("two texts are JSON")),
        ..RpcError::new(code::INVALID_REQUEST, words)
    }
}

/// The catalog of a configuration, and what is wrong with that of the user's if it is not that.
pub(super) fn catalog(config: &Value) -> (Cow<'static, Catalog>, Option<String>) {
    let shipped = Cow::Borrowed(Catalog::shipped());
    let own = config["model_catalog_json"].as_str();
    match own.map(|path| Catalog::read(Path::new(path))) {
        Some(Ok(own)) => (Cow::Owned(own), None),
        Some(Err(fault)) => (shipped, Some(fault.to_string())),
        None => (shipped, None),
    }
}

/// `model/list`. Every provider is asked for models of one catalog.
async fn list(call: Call, params: ModelListParams) -> Answer<ModelListResponse> {
    let hidden = params.include_hidden.unwrap_or(false);
    let asked = params.model_provider;
    let looked = settings::look(&call.server, move |all| {
        let snapshot = all.read(None);
        if let Some(asked) = asked {
            provider(&Providers::of(&snapshot), Some(&asked))?;
        }
        let text = |key: &str| snapshot.config[key].as_str();
        let (catalog, fault) = catalog(&snapshot.config);
        Ok((catalog.list(text("model"), hidden), fault))
    });
    let (listed, fault) = looked.await??;
    let page = paging::page(
        listed.len(),
        "models",
        params.cursor.as_deref(),
        params.limit,
    );
    let page = page.map_err(|error| RpcError::invalid_request(error.to_string()))?;
    if let Some(fault) = fault {
        tracing::warn!(%fault, "the catalog of models cannot be used");
        let warning = ConfigWarningNotification {
            summary: BROKEN.to_owned(),
            details: Some(fault),
            path: None,
            range: None,
        };
        let client = call.client.number;
        call.server.audience.tell::<Warning>([client], &warning);
    }
    let listed = listed.into_iter().take(page.range.end);
    Ok(ModelListResponse {
        data: listed.skip(page.range.start).map(model).collect(),
        next_cursor: page.next,
    }
    .into())
}

fn model(listed: Listed) -> Model {
    let Listed { model, is_default } = listed;
    let default_reasoning_effort = model.default_effort().to_owned();
    let is_listed = model.is_listed();
    let Known {
        slug,
        display_name,
        description,
        supported_reasoning_levels: efforts,
        input_modalities,
        supports_personality,
        model_specialty,
        multi_agent_version,
        upgrade,
        availability_nux,
        additional_speed_tiers,
        service_tiers,
        default_service_tier,
        default_reasoning_level: _,
        visibility: _,
        priority: _,
    } = model;
    let effort = |effort: outpost_agent::catalog::Effort| ReasoningEffortOption {
        reasoning_effort: effort.effort,
        description: effort.description,
    };
    let tier = |tier: outpost_agent::catalog::Tier| ModelServiceTier {
        id: tier.id,
        name: tier.name,
        description: tier.description,
    };
    Model {
        id: slug.clone(),
        model: slug,
        upgrade: upgrade.as_ref().map(|upgrade| upgrade.model.clone()),
        upgrade_info: upgrade.map(|upgrade| ModelUpgradeInfo {
            model: upgrade.model,
            upgrade_copy: upgrade.upgrade_copy,
            model_link: upgrade.model_link,
            migration_markdown: upgrade.migration_markdown,
            retirement_at: upgrade.retirement_at,
        }),
        availability_nux: availability_nux.map(|told| ModelAvailabilityNux {
            message: told.message,
        }),
        display_name,
        description: description.unwrap_or_default(),
        model_specialty,
        hidden: !is_listed,
        supported_reasoning_efforts: efforts.into_iter().map(effort).collect(),
        default_reasoning_effort,
        input_modalities: input_modalities.into_iter().map(modality).collect(),
        supports_personality,
        multi_agent_version: multi_agent_version.map(|version| match version {
            MultiAgent::Disabled => MultiAgentVersion::Disabled,
            MultiAgent::V1 => MultiAgentVersion::V1,
            MultiAgent::V2 => MultiAgentVersion::V2,
        }),
        additional_speed_tiers,
        service_tiers: service_tiers.into_iter().map(tier).collect(),
        default_service_tier,
        available_access_programs: None,
        is_default,
    }
}

fn modality(modality: Modality) -> InputModality {
    match modality {
        Modality::Text => InputModality::Text,
        Modality::Image => InputModality::Image,
        Modality::Audio => InputModality::Audio,
    }
}

/// `modelProvider/list`. None can be edited with `modelProvider/config/write`, which is refused.
async fn list_providers(
    call: Call,
    _: ModelProviderListParams,
) -> Answer<ModelProviderListResponse> {
    let providers = providers(&call.server).await?;
    Ok(ModelProviderListResponse {
        data: providers.all.into_iter().map(summary).collect(),
        default_provider_id: providers.in_use,
        can_change_default: providers.is_users_choice,
    }
    .into())
}

fn summary(provider: Provider) -> ModelProviderSummary {
    let settings = match provider.kind {
        Kind::OpenAi => ProviderSettings::Openai {},
        Kind::Bedrock { profile, region } => ProviderSettings::Bedrock { profile, region },
        Kind::Gateway(auth) => ProviderSettings::CustomGateway {
            auth: match auth {
                Auth::None => GatewayAuth::None {},
                Auth::Variable(env_key) => GatewayAuth::EnvironmentVariable { env_key },
                Auth::Elsewhere(env_key) => GatewayAuth::ExternallyConfigured { env_key },
            },
        },
    };
    ModelProviderSummary {
        id: provider.id,
        name: provider.name,
        can_edit: false,
        base_url: provider.base_url,
        settings,
    }
}

/// `modelProvider/capabilities/read`.
async fn capabilities(
    call: Call,
    _: ModelProviderCapabilitiesReadParams,
) -> Answer<ModelProviderCapabilitiesReadResponse> {
    let providers = providers(&call.server).await?;
    let provider = provider(&providers, None)?;
    Ok(ModelProviderCapabilitiesReadResponse {
        image_generation: !matches!(provider.kind, Kind::Bedrock { .. }),
        web_search: true,
    }
    .into())
}
