//! `environment/*`: from the wire to the registry and back.

use outpost_protocol::{
    RpcError,
    app::{
        Done,
        environment::{
            Add, EnvironmentAddParams, EnvironmentInfoParams, EnvironmentInfoResponse,
            EnvironmentShellInfo, EnvironmentStatusKind, EnvironmentStatusParams,
            EnvironmentStatusResponse, Info, Status,
        },
    },
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Reply, Router},
};

use super::{
    Place,
    errors::{self, Absent},
};
use crate::app::connection::Call;

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// What names are claimed as, so that what is asked after an addition sees it.
const KIND: &str = "environment";

/// The family's routes.
pub(in crate::app) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<Add, _, _>(
            |lane| lane.claims(|p| vec![Claim::new(KIND, &p.environment_id, Access::Exclusive)]),
            add,
        )
        .call::<Info, _, _>(
            |lane| lane.waits().claims(|p| after(&p.environment_id)),
            info,
        )
        .call::<Status, _, _>(|lane| lane.claims(|p| after(&p.environment_id)), status)
}

fn after(id: &str) -> Vec<Claim> {
    vec![Claim::new(KIND, id, Access::After)]
}

/// `environment/add`.
async fn add(call: Call, params: EnvironmentAddParams) -> Answer<Done> {
    call.server.environments.add(params)?;
    Ok(Done {}.into())
}

/// `environment/info`: waits for the connection.
async fn info(call: Call, params: EnvironmentInfoParams) -> Answer<EnvironmentInfoResponse> {
    let id = params.environment_id;
    let place = call.server.environments.choose(Some(&id));
    let remote = match place.map_err(|absent| absent.refusal("environment"))? {
        Place::Local => return Ok(call.server.machine.info.clone().into()),
        Place::Remote(remote) => remote,
    };
    let failed = |words: &str| {
        RpcError::internal(format!(
            "failed to get info for environment `{id}`: {words}"
        ))
    };
    let reached = remote.reach().await;
    let reached = reached.map_err(|unreachable| failed(&unreachable.words))?;
    let info = reached.info;
    let info = info.ok_or_else(|| failed("its exec server is too old to describe itself"))?;
    let shell = EnvironmentShellInfo {
        name: info.shell.name,
        path: info.shell.path,
    };
    let cwd = info.cwd;
    Ok(EnvironmentInfoResponse { shell, cwd }.into())
}

/// `environment/status`: asks nobody.
async fn status(call: Call, params: EnvironmentStatusParams) -> Answer<EnvironmentStatusResponse> {
    let id = &params.environment_id;
    let status = match call.server.environments.choose(Some(id)) {
        Ok(Place::Local) => EnvironmentStatusResponse {
            status: EnvironmentStatusKind::Ready,
            error: None,
        },
        Ok(Place::Remote(remote)) => remote.status(),
        Err(Absent::Unknown(_) | Absent::NothingUsual) => EnvironmentStatusResponse {
            status: EnvironmentStatusKind::Unknown,
            error: Some(errors::unknown(id)),
        },
    };
    Ok(status.into())
}
