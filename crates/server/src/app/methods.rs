//! The table: every method that is served, how it shares its connection with others, what handles
//! it.
//!
//! What is said to one command keeps its order: calls that steer it wait for its start, and writes
//! for each other; a kill is never behind a write. A command is answered when it has ended, and
//! until then it neither claims anything nor takes a place among what works.

use outpost_protocol::app::{command, process, session};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Dialect, Lane, Router},
};

use super::{
    account, choices, commands, connection::Call, diagnostics, environments, extensions, face,
    files, hooks, models, processes, search, settings, skills, threads, watches,
};

pub(super) fn table() -> Router<Call> {
    let router = Router::speaking(Dialect::App)
        .call::<session::Initialize, _, _>(Lane::alone, face::initialize);
    let router = search::methods(watches::methods(files::methods(router)));
    let router = environments::methods(settings::methods(router));
    let router = threads::methods(router);
    let router = skills::methods(hooks::methods(models::methods(account::methods(router))));
    let router = diagnostics::methods(extensions::methods(choices::methods(router)));
    process_methods(command_methods(router))
}

fn command_methods(router: Router<Call>) -> Router<Call> {
    use command::{Exec, Resize, Terminate, Write};
    router
        .call::<Exec, _, _>(
            |lane| {
                lane.claims(|p| {
                    p.process_id
                        .iter()
                        .flat_map(|id| starts(COMMAND, id))
                        .collect()
                })
            },
            commands::exec,
        )
        .call::<Write, _, _>(
            |lane| lane.waits().claims(|p| input(COMMAND, &p.process_id)),
            commands::write,
        )
        .call::<Resize, _, _>(
            |lane| lane.control().claims(|p| input(COMMAND, &p.process_id)),
            commands::resize,
        )
        .call::<Terminate, _, _>(
            |lane| {
                lane.control()
                    .claims(|p| after_start(COMMAND, &p.process_id))
            },
            commands::terminate,
        )
}

fn process_methods(router: Router<Call>) -> Router<Call> {
    use process::{Kill, ResizePty, Spawn, WriteStdin};
    router
        .call::<Spawn, _, _>(
            |lane| lane.claims(|p| starts(PROCESS, &p.process_handle)),
            processes::spawn,
        )
        .call::<WriteStdin, _, _>(
            |lane| lane.waits().claims(|p| input(PROCESS, &p.process_handle)),
            processes::write_stdin,
        )
        .call::<ResizePty, _, _>(
            |lane| lane.control().claims(|p| input(PROCESS, &p.process_handle)),
            processes::resize_pty,
        )
        .call::<Kill, _, _>(
            |lane| {
                lane.control()
                    .claims(|p| after_start(PROCESS, &p.process_handle))
            },
            processes::kill,
        )
}

/// What a family's names are claimed as: the name, and the input of what it names.
type Kinds = (&'static str, &'static str);

const COMMAND: Kinds = ("command", "command input");
const PROCESS: Kinds = ("process", "process input");

fn starts(kinds: Kinds, id: &str) -> Vec<Claim> {
    vec![Claim::new(kinds.0, id, Access::Exclusive)]
}

fn after_start(kinds: Kinds, id: &str) -> Vec<Claim> {
    vec![Claim::new(kinds.0, id, Access::After)]
}

fn input(kinds: Kinds, id: &str) -> Vec<Claim> {
    vec![
        Claim::new(kinds.0, id, Access::After),
        Claim::new(kinds.1, id, Access::Exclusive),
    ]
}

#[cfg(test)]
mod tests;
