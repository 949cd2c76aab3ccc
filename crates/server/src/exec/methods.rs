//! The table: every method, how it shares its connection with others, what handles it.
//!
//! *Claims*: what depends on each other keeps its order. File calls of one connection share; one
//! that changes files waits for what was asked before it and holds back what was asked after it.
//! Calls on a process wait for its start and for nothing else, so a terminate is never behind a
//! write; writes to one process keep their order. Calls on an open file wait for its opening.
//!
//! *Pools*: what may wait long (a poll, a write into a full pipe, HTTP) has places of its own, and
//! control calls need none.

mod files;

use outpost_protocol::exec::{environment, fs, http, process, session};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Lane, Router},
};

pub(super) use self::files::{Block, FileCalls, Held, file_methods};
use super::{
    connection::Call, environment as machine, face, fs as watching, http as web, process as exec,
};

pub(super) fn table() -> Router<Call> {
    let router = Router::new()
        .call::<session::Initialize, _, _>(Lane::alone, face::initialize)
        .call::<fs::WatchMissing, _, _>(
            |lane| lane.claims(|_| files::looks()),
            watching::watch_missing,
        );
    environment_methods(http_methods(file_methods(process_methods(router))))
}

fn process_methods(router: Router<Call>) -> Router<Call> {
    use process::{CloseStdin, Follow, List, Read, Resize, Signal, Start, Terminate, Write};
    router
        .call::<Start, _, _>(
            |lane| lane.claims(|p| starts(&p.process_id)).finishes(),
            exec::start,
        )
        .call::<Read, _, _>(
            |lane| lane.waits().claims(|p| after_start(&p.process_id)),
            exec::read,
        )
        .call::<Write, _, _>(
            |lane| lane.waits().claims(|p| input(&p.process_id)),
            exec::write,
        )
        .call::<CloseStdin, _, _>(
            |lane| lane.waits().claims(|p| input(&p.process_id)),
            exec::close_stdin,
        )
        .call::<Signal, _, _>(
            |lane| lane.control().claims(|p| after_start(&p.process_id)),
            exec::signal,
        )
        .call::<Terminate, _, _>(
            |lane| {
                lane.control()
                    .claims(|p| after_start(&p.process_id))
                    .finishes()
            },
            exec::terminate,
        )
        .call::<Resize, _, _>(
            |lane| lane.control().claims(|p| input(&p.process_id)),
            exec::resize,
        )
        .call::<Follow, _, _>(
            |lane| lane.control().claims(|p| after_start(&p.process_id)),
            exec::follow,
        )
        .call::<List, _, _>(Lane::control, exec::list)
}

fn http_methods(router: Router<Call>) -> Router<Call> {
    router.call::<http::Request, _, _>(Lane::waits, web::request)
}

fn environment_methods(router: Router<Call>) -> Router<Call> {
    use environment::{ConfigRead, Discover, DiscoverRoots, Info, Status};
    router
        .call::<Info, _, _>(Lane::control, machine::describe)
        .call::<Status, _, _>(Lane::control, machine::status)
        .call::<ConfigRead, _, _>(|lane| lane, machine::config_read)
        .call::<DiscoverRoots, _, _>(|lane| lane, machine::discover_roots)
        .call::<Discover, _, _>(|lane| lane, machine::discover)
}

const PROCESS: &str = "process";
const INPUT: &str = "process input";

fn starts(id: &str) -> Vec<Claim> {
    vec![Claim::new(PROCESS, id, Access::Exclusive)]
}

fn after_start(id: &str) -> Vec<Claim> {
    vec![Claim::new(PROCESS, id, Access::After)]
}

fn input(id: &str) -> Vec<Claim> {
    vec![
        Claim::new(PROCESS, id, Access::After),
        Claim::new(INPUT, id, Access::Exclusive),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_method_of_the_reference() {
        let table = table();
        for method in [
            "initialize",
            "process/start",
            "process/read",
            "process/write",
            "process/signal",
            "process/terminate",
            "fs/readFile",
            "fs/writeFile",
            "fs/createDirectory",
            "fs/getMetadata",
            "fs/canonicalize",
            "fs/readDirectory",
            "fs/walk",
            "fs/remove",
            "fs/copy",
            "fs/open",
            "fs/readBlock",
            "fs/writeBlock",
            "fs/close",
            "fs/watchMissing",
            "http/request",
            "environment/info",
            "environment/status",
            "environmentConfig/read",
            "capabilityRoots/discoverV1",
            "capabilities/discoverV2",
        ] {
            assert!(table.knows(method), "{method}");
        }
    }
}
