//! `fs/watchMissing`: told once, when a missing path appears.

use outpost_protocol::{
    PathUri, RpcError,
    exec::fs::{
        FsMissingChangedParams, FsWatchMissingParams, FsWatchMissingResponse, MissingChanged,
    },
};
use outpost_rpc::router::Reply;

use super::{connection::Call, errors};

/// Begins a watch. It belongs to the connection and ends with it.
pub(super) async fn begin(
    call: Call,
    params: FsWatchMissingParams,
) -> Result<Reply<FsWatchMissingResponse>, RpcError> {
    let native = |path: PathUri| path.into_native().map_err(|e| errors::foreign_path(&e));
    let missing = params
        .missing
        .into_iter()
        .map(native)
        .collect::<Result<Vec<_>, _>>()?;
    let present = params.present.map(native).transpose()?;
    let Some(appeared) = call.server.watches.watch_missing(missing, present).await else {
        return Ok(FsWatchMissingResponse { watching: false }.into());
    };
    let told = FsMissingChangedParams {
        watch_id: params.watch_id,
    };
    let client = call.client;
    Ok(Reply::then(
        FsWatchMissingResponse { watching: true },
        move || {
            let peer = client.peer.clone();
            client.spawn(async move {
                appeared.await;
                if let Err(closed) = peer.notify::<MissingChanged>(&told).await {
                    tracing::debug!(%closed, "nobody is there to be told of a path");
                }
            });
        },
    ))
}
