//! `server/diagnostics`, `remoteControl/status/read`, `mock/experimentalMethod`: what the server
//! says of itself.
//!
//! Beside the sums that other servers of this dialect tell too, each connection has gauges of its
//! own: `app.connections.NUMBER.requests.in_flight`, `.requests.queued` and
//! `.outbound.queued_bytes`, for the first [`MAX_SHOWN`] connections.

use std::{fs, process};

use outpost_protocol::{
    NoParams, RpcError,
    app::{
        diagnostics::{
            Mock, MockExperimentalMethodParams, MockExperimentalMethodResponse, Read,
            ServerDiagnosticsGauge, ServerDiagnosticsParams, ServerDiagnosticsProcess,
            ServerDiagnosticsResponse,
        },
        session::{RemoteControlStatus, RemoteControlStatusRead},
    },
};
use outpost_rpc::router::{Reply, Router};

use super::{
    connection::{Call, Client},
    face,
};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// How many connections have gauges of their own.
const MAX_SHOWN: usize = 256;

/// Says how much memory this process has.
const STATUS: &str = "/proc/self/status";

/// What there is to see of a connection.
struct Seen {
    number: u64,
    begun: usize,
    waiting: usize,
    outbound: usize,
}

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<Read, _, _>(|lane| lane.control(), read)
        .call::<RemoteControlStatusRead, _, _>(|lane| lane, remote_control)
        .call::<Mock, _, _>(|lane| lane, mock)
}

/// `server/diagnostics`: answered also while there is no room for other work.
async fn read(call: Call, _: ServerDiagnosticsParams) -> Answer<ServerDiagnosticsResponse> {
    let seen = call.server.audience.look(seen);
    let sum = |of: fn(&Seen) -> usize| seen.iter().map(of).sum::<usize>();
    let mut gauges = vec![
        gauge("app.requests.in_flight".to_owned(), sum(|seen| seen.begun)),
        gauge("app.requests.queued".to_owned(), sum(|seen| seen.waiting)),
        gauge("app.connections".to_owned(), seen.len()),
        gauge(
            "app.outbound.queued_bytes".to_owned(),
            sum(|seen| seen.outbound),
        ),
    ];
    for seen in seen.iter().take(MAX_SHOWN) {
        let own =
            |name: &str, value| gauge(format!("app.connections.{}.{name}", seen.number), value);
        gauges.extend([
            own("requests.in_flight", seen.begun),
            own("requests.queued", seen.waiting),
            own("outbound.queued_bytes", seen.outbound),
        ]);
    }
    Ok(ServerDiagnosticsResponse {
        process: ServerDiagnosticsProcess {
            id: process::id(),
            resident_memory_bytes: resident_memory(),
            physical_footprint_bytes: None,
        },
        gauges,
    }
    .into())
}

fn seen(client: &Client) -> Seen {
    let (begun, waiting) = client.peer.load();
    Seen {
        number: client.number,
        begun,
        waiting,
        outbound: client.peer.outbox().queued(),
    }
}

fn gauge(name: String, value: usize) -> ServerDiagnosticsGauge {
    ServerDiagnosticsGauge {
        name,
        value: value as u64,
    }
}

/// The memory of this process, if the system says.
fn resident_memory() -> Option<u64> {
    let text = fs::read_to_string(STATUS).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes << 10)
}

/// `remoteControl/status/read`: nobody steers this server from elsewhere.
async fn remote_control(call: Call, _: NoParams) -> Answer<RemoteControlStatus> {
    Ok(face::remote_control(&call.server).into())
}

/// `mock/experimentalMethod`.
async fn mock(
    _: Call,
    params: MockExperimentalMethodParams,
) -> Answer<MockExperimentalMethodResponse> {
    Ok(MockExperimentalMethodResponse {
        echoed: params.value,
    }
    .into())
}
