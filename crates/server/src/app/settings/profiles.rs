//! `permissionProfile/list`.

use outpost_protocol::{
    RpcError,
    app::choices::{
        PermissionProfileListParams, PermissionProfileListResponse, PermissionProfileSummary,
    },
};

use super::{
    Answer,
    held::{self, Rulebook},
    look,
};
use crate::app::connection::Call;

/// The profiles that need no configuration.
const BUILT_IN: [&str; 3] = [":read-only", ":workspace", ":danger-full-access"];

/// `permissionProfile/list`: those that are built in, then those of the configuration by name.
pub(super) async fn list(
    call: Call,
    params: PermissionProfileListParams,
) -> Answer<PermissionProfileListResponse> {
    let cwd = call.server.machine.cwd.join(params.cwd.unwrap_or_default());
    let all = look(&call.server, move |all| {
        let said = all.said(&held::SETTINGS, &cwd);
        let (demanded, home) = (all.requirements(), held::home());
        summaries(&Rulebook {
            said: &said,
            demanded: demanded.as_ref(),
            workspace: &cwd,
            home: home.as_deref(),
        })
    });
    Ok(page(all.await?, params.cursor, params.limit)?.into())
}

/// What can be used is allowed.
fn summaries(book: &Rulebook<'_>) -> Vec<PermissionProfileSummary> {
    let built_in = BUILT_IN.iter().map(|id| ((*id).to_owned(), None));
    let own = book.profiles().unwrap_or_default().into_iter();
    let own = own.map(|(id, profile)| {
        let description = profile["description"].as_str().map(str::to_owned);
        (id, description)
    });
    built_in
        .chain(own)
        .map(|(id, description)| PermissionProfileSummary {
            allowed: book.named(&id).is_ok(),
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
