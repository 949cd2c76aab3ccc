//! `permissionProfile/list`.

use outpost_protocol::{
    RpcError,
    app::choices::{
        PermissionProfileListParams, PermissionProfileListResponse, PermissionProfileSummary,
    },
};
use serde_json::Value;

use super::{Answer, look};
use crate::app::connection::Call;

/// The profiles that need no configuration.
const BUILT_IN: [&str; 3] = [":read-only", ":workspace", ":danger-full-access"];

/// `permissionProfile/list`: those that are built in, then those of the configuration by name.
pub(super) async fn list(
    call: Call,
    params: PermissionProfileListParams,
) -> Answer<PermissionProfileListResponse> {
    let cwd = params.cwd.map(|cwd| call.server.machine.cwd.join(cwd));
    let (snapshot, demanded) = look(&call.server, move |all| {
        (all.read(cwd.as_deref()), all.requirements())
    })
    .await?;
    let demands = demanded.map_or(Value::Null, |demanded| demanded.demands);
    let all = summaries(&snapshot.config["permissions"], &demands);
    Ok(page(all, params.cursor, params.limit)?.into())
}

fn summaries(configured: &Value, demands: &Value) -> Vec<PermissionProfileSummary> {
    let own = configured.as_object().into_iter().flatten();
    let built_in = BUILT_IN.iter().map(|id| ((*id).to_owned(), None));
    let own = own.map(|(id, profile)| {
        let description = profile["description"].as_str();
        (id.clone(), description.map(str::to_owned))
    });
    let allowed = &demands["allowed_permission_profiles"];
    built_in
        .chain(own)
        .map(|(id, description)| PermissionProfileSummary {
            allowed: allowed.is_null() || allowed[&id] == true,
            id,
            description,
        })
        .collect()
}

/// The part of a list that is asked for.
fn page(
    all: Vec<PermissionProfileSummary>,
    cursor: Option<String>,
    limit: Option<u32>,
) -> Result<PermissionProfileListResponse, RpcError> {
    let total = all.len();
    let start = match cursor {
        None => 0,
        Some(cursor) => cursor
            .parse::<usize>()
            .map_err(|_| RpcError::invalid_request(format!("invalid cursor: {cursor}")))?,
    };
    if start > total {
        return Err(RpcError::invalid_request(format!(
            "cursor {start} exceeds total permission profiles {total}"
        )));
    }
    // A page of none would never come to an end.
    let limit = limit.map_or(total, |limit| {
        usize::try_from(limit.max(1)).unwrap_or(total)
    });
    let end = start.saturating_add(limit).min(total);
    Ok(PermissionProfileListResponse {
        data: all.into_iter().skip(start).take(end - start).collect(),
        next_cursor: (end < total).then(|| end.to_string()),
    })
}
