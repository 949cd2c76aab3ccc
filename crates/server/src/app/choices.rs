//! `collaborationMode/list`, `experimentalFeature/*`: what a user may choose between.

use std::collections::BTreeMap;

use outpost_agent::{
    features::{self, FEATURES, Feature},
    paging,
};
use outpost_protocol::{
    RpcError,
    app::choices::{
        CollaborationModeList, CollaborationModeListParams, CollaborationModeListResponse,
        CollaborationModeMask, ExperimentalFeature, ExperimentalFeatureEnablementSet,
        ExperimentalFeatureEnablementSetParams, ExperimentalFeatureEnablementSetResponse,
        ExperimentalFeatureList, ExperimentalFeatureListParams, ExperimentalFeatureListResponse,
        ExperimentalFeatureStage, ModeKind,
    },
};
use outpost_rpc::router::{Reply, Router};

use super::{connection::Call, settings, threads};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// How hard a model thinks while it makes a plan.
const PLANNING: &str = "medium";

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<CollaborationModeList, _, _>(|lane| lane, modes)
        .call::<ExperimentalFeatureList, _, _>(|lane| lane, features)
        .call::<ExperimentalFeatureEnablementSet, _, _>(|lane| lane, enable)
}

/// `collaborationMode/list`.
async fn modes(_: Call, _: CollaborationModeListParams) -> Answer<CollaborationModeListResponse> {
    let mode = |name: &str, mode, effort: Option<&str>| CollaborationModeMask {
        name: name.to_owned(),
        mode: Some(mode),
        model: None,
        reasoning_effort: effort.map(str::to_owned),
    };
    Ok(CollaborationModeListResponse {
        data: vec![
            mode("Plan", ModeKind::Plan, Some(PLANNING)),
            mode("Default", ModeKind::Default, None),
        ],
    }
    .into())
}

/// `experimentalFeature/list`: those that switch something here, as the thread's folder has them.
async fn features(
    call: Call,
    params: ExperimentalFeatureListParams,
) -> Answer<ExperimentalFeatureListResponse> {
    let folder = params
        .thread_id
        .map(|id| threads::folder(&call.server, &id));
    let folder = folder.transpose()?;
    let snapshot = settings::look(&call.server, move |all| {
        all.read(folder.as_ref().map(|folder| folder.as_path()))
    })
    .await?;
    let page = paging::page(
        FEATURES.len(),
        "feature flags",
        params.cursor.as_deref(),
        params.limit,
    );
    let page = page.map_err(|error| RpcError::invalid_request(error.to_string()))?;
    let feature = |feature: &Feature| ExperimentalFeature {
        name: feature.name.to_owned(),
        stage: ExperimentalFeatureStage::Stable,
        display_name: None,
        description: None,
        announcement: None,
        enabled: features::is_on(&snapshot, feature.name),
        default_enabled: feature.usually,
    };
    Ok(ExperimentalFeatureListResponse {
        data: FEATURES[page.range].iter().map(feature).collect(),
        next_cursor: page.next,
    }
    .into())
}

/// `experimentalFeature/enablement/set`: none can be switched but in the configuration, and the
/// answer names those that were.
async fn enable(
    _: Call,
    _: ExperimentalFeatureEnablementSetParams,
) -> Answer<ExperimentalFeatureEnablementSetResponse> {
    Ok(ExperimentalFeatureEnablementSetResponse {
        enablement: BTreeMap::new(),
    }
    .into())
}
