//! `fs/watch`, `fs/unwatch`, `fs/changed`.
//!
//! A watch is its connection's: its id is, nobody else is told, and it ends with the connection.
//! Nothing is told of a watch before its answer or after that of its end. A client that does not
//! read holds back its own watches only; what changes meanwhile waits in the kernel, and what does
//! not fit there is told as a change of the watched path.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use outpost_host::fs::{ChangeWatch, ChangeWatchError};
use outpost_protocol::{
    RpcError,
    app::{
        AbsolutePath, Done,
        fs::{
            Changed, FsChangedNotification, FsUnwatchParams, FsWatchParams, FsWatchResponse,
            Unwatch, Watch,
        },
    },
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Reply, Router},
};
use parking_lot::Mutex;

use super::{
    connection::{Call, Client},
    environments::{Place, files as there},
    errors, files,
    telling::Telling,
};

/// The watches of one connection, by the client's names for them.
#[derive(Default)]
pub(super) struct Watches {
    /// Locked for a look-up, never across an await.
    open: Mutex<HashMap<String, Telling>>,
}

/// The longest name, in bytes: it is said with every change.
const MAX_ID: usize = 1024;

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<Watch, _, _>(
            |lane| {
                lane.claims(|p| {
                    // What is asked to change after this is told, what was before is not.
                    let mut claims = files::looks();
                    claims.extend(named(&p.watch_id));
                    claims
                })
            },
            watch,
        )
        .call::<Unwatch, _, _>(
            |lane| lane.control().claims(|p| named(&p.watch_id)),
            unwatch,
        )
}

fn named(id: &str) -> Vec<Claim> {
    vec![Claim::new("watch", id, Access::Exclusive)]
}

/// `fs/watch`.
async fn watch(call: Call, params: FsWatchParams) -> Result<Reply<FsWatchResponse>, RpcError> {
    if let Place::Remote(remote) = files::place(&call, &params)? {
        return Err(there::no_watch(&remote));
    }
    let FsWatchParams { watch_id, path, .. } = params;
    let Call { server, client } = call;
    if watch_id.len() > MAX_ID {
        let words = format!("watchId has at most {MAX_ID} bytes");
        return Err(RpcError::invalid_request(words));
    }
    // The call claims the name, so nobody takes it meanwhile.
    if client.watches.open.lock().contains_key(&watch_id) {
        let words = format!("watchId already exists: {watch_id}");
        return Err(RpcError::invalid_request(words));
    }
    let watch = server.watches.watch(path.as_path()).await;
    let watch = watch.map_err(|error| refusal(&error))?;
    Ok(Reply::then(FsWatchResponse { path }, move || {
        let work = tell(Arc::clone(&client), watch_id.clone(), watch);
        let telling = Telling::begin(&client, work);
        client.watches.open.lock().insert(watch_id, telling);
    }))
}

async fn tell(client: Arc<Client>, watch_id: String, mut watch: ChangeWatch) {
    let absolute = |path: &PathBuf| AbsolutePath::new(path);
    loop {
        let changed = watch.next().await;
        let told = FsChangedNotification {
            watch_id: watch_id.clone(),
            changed_paths: changed.iter().filter_map(absolute).collect(),
        };
        client.notify::<Changed>(&told).await;
    }
}

/// `fs/unwatch`: ending what is not there is fine.
async fn unwatch(call: Call, params: FsUnwatchParams) -> Result<Reply<Done>, RpcError> {
    let telling = call.client.watches.open.lock().remove(&params.watch_id);
    if let Some(telling) = telling {
        telling.end().await;
    }
    Ok(Done {}.into())
}

/// A path that is not watched.
fn refusal(error: &ChangeWatchError) -> RpcError {
    match error {
        ChangeWatchError::TooMany(limit) => {
            errors::overloaded(format_args!("the server has {limit} watches"))
        }
        _ => RpcError::internal(format!("failed to watch: {error}")),
    }
}
