//! The file methods: one table for the server and for the helpers behind walls.
//!
//! In the server a call that names a policy is passed on to a helper, in a helper every call is
//! done: what differs is said by [`FileCalls`], how calls share a connection is the same.

use outpost_protocol::{
    Method,
    exec::{
        fs::{
            Canonicalize, Close, Copy, CreateDirectory, FsOpenMode, GetMetadata, Open, ReadBlock,
            ReadDirectory, ReadFile, Remove, Walk, WireFsOpenParams, WriteBlock, WriteFile,
        },
        sandbox::SandboxContext,
    },
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::Router,
};

use crate::exec::fs::{self as desk, Answer, Desk};

/// A method whose parameters name the policy it is held to.
pub(in crate::exec) trait Held: Method {
    /// Takes the policy out.
    fn take_sandbox(params: &mut Self::Params) -> Option<SandboxContext>;
}

/// A method on an open file.
pub(in crate::exec) trait Block: Method {
    /// The client's name for the file.
    fn handle(params: &Self::Params) -> &str;
}

/// What does the calls of a table, or has them done.
pub(in crate::exec) trait FileCalls: Clone + Send + 'static {
    /// A call on a path; `here` does it at a desk.
    fn on_path<M, W>(
        self,
        params: M::Params,
        here: fn(Desk, M::Params) -> W,
    ) -> impl Future<Output = Answer<M::Answer>> + Send
    where
        M: Held,
        W: Future<Output = Answer<M::Answer>> + Send;

    /// `fs/open`.
    fn open(
        self,
        params: WireFsOpenParams,
    ) -> impl Future<Output = Answer<<Open as Method>::Answer>> + Send;

    /// A call on an open file; `here` does it at a desk.
    fn on_open_file<M, W>(
        self,
        params: M::Params,
        here: fn(Desk, M::Params) -> W,
    ) -> impl Future<Output = Answer<M::Answer>> + Send
    where
        M: Block,
        W: Future<Output = Answer<M::Answer>> + Send;
}

/// Adds the file methods to a table.
pub(in crate::exec) fn file_methods<C: FileCalls>(router: Router<C>) -> Router<C> {
    on_open_files(changing(looking(router)))
}

fn looking<C: FileCalls>(router: Router<C>) -> Router<C> {
    router
        .call::<ReadFile, _, _>(
            |lane| lane.claims(|_| looks()),
            |on: C, params| on.on_path::<ReadFile, _>(params, desk::read_file),
        )
        .call::<GetMetadata, _, _>(
            |lane| lane.claims(|_| looks()),
            |on: C, params| on.on_path::<GetMetadata, _>(params, desk::get_metadata),
        )
        .call::<Canonicalize, _, _>(
            |lane| lane.claims(|_| looks()),
            |on: C, params| on.on_path::<Canonicalize, _>(params, desk::canonicalize),
        )
        .call::<ReadDirectory, _, _>(
            |lane| lane.claims(|_| looks()),
            |on: C, params| on.on_path::<ReadDirectory, _>(params, desk::read_directory),
        )
        .call::<Walk, _, _>(
            |lane| lane.claims(|_| looks()),
            |on: C, params| on.on_path::<Walk, _>(params, desk::walk),
        )
}

fn changing<C: FileCalls>(router: Router<C>) -> Router<C> {
    router
        .call::<WriteFile, _, _>(
            |lane| lane.claims(|_| changes()).finishes(),
            |on: C, params| on.on_path::<WriteFile, _>(params, desk::write_file),
        )
        .call::<CreateDirectory, _, _>(
            |lane| lane.claims(|_| changes()).finishes(),
            |on: C, params| on.on_path::<CreateDirectory, _>(params, desk::create_directory),
        )
        .call::<Remove, _, _>(
            |lane| lane.claims(|_| changes()).finishes(),
            |on: C, params| on.on_path::<Remove, _>(params, desk::remove),
        )
        .call::<Copy, _, _>(
            |lane| lane.claims(|_| changes()).finishes(),
            |on: C, params| on.on_path::<Copy, _>(params, desk::copy),
        )
}

fn on_open_files<C: FileCalls>(router: Router<C>) -> Router<C> {
    router
        .call::<Open, _, _>(|lane| lane.claims(opens), |on: C, params| on.open(params))
        .call::<ReadBlock, _, _>(
            |lane| lane.claims(|p| block(&p.handle_id, Access::Shared)),
            |on: C, params| on.on_open_file::<ReadBlock, _>(params, desk::read_block),
        )
        .call::<WriteBlock, _, _>(
            |lane| {
                lane.claims(|p| block(&p.handle_id, Access::Exclusive))
                    .finishes()
            },
            |on: C, params| on.on_open_file::<WriteBlock, _>(params, desk::write_block),
        )
        .call::<Close, _, _>(
            |lane| lane.control().claims(|p| handle(&p.handle_id)),
            |on: C, params| on.on_open_file::<Close, _>(params, desk::close),
        )
}

const FILES: &str = "files";
const HANDLE: &str = "open file";

pub(super) fn looks() -> Vec<Claim> {
    vec![Claim::new(FILES, "", Access::Shared)]
}

fn changes() -> Vec<Claim> {
    vec![Claim::new(FILES, "", Access::Exclusive)]
}

fn handle(id: &str) -> Vec<Claim> {
    vec![Claim::new(HANDLE, id, Access::Exclusive)]
}

fn opens(params: &WireFsOpenParams) -> Vec<Claim> {
    let on_files = match params.mode {
        FsOpenMode::Read => Access::Shared,
        FsOpenMode::Replace => Access::Exclusive,
    };
    let mut claims = handle(&params.handle_id);
    claims.push(Claim::new(FILES, "", on_files));
    claims
}

fn block(id: &str, access: Access) -> Vec<Claim> {
    vec![
        Claim::new(HANDLE, id, access),
        Claim::new(FILES, "", access),
    ]
}

/// Says where a method's parameters have their policy, and where the name of an open file.
macro_rules! members {
    ($($name:ident . $member:ident: $trait:ident;)*) => {$(
        members!(@ $trait $name $member);
    )*};
    (@ Held $name:ident $member:ident) => {
        impl Held for $name {
            fn take_sandbox(params: &mut Self::Params) -> Option<SandboxContext> {
                params.$member.take()
            }
        }
    };
    (@ Block $name:ident $member:ident) => {
        impl Block for $name {
            fn handle(params: &Self::Params) -> &str {
                &params.$member
            }
        }
    };
}

members! {
    ReadFile.sandbox: Held;
    WriteFile.sandbox: Held;
    CreateDirectory.sandbox: Held;
    GetMetadata.sandbox: Held;
    Canonicalize.sandbox: Held;
    ReadDirectory.sandbox: Held;
    Walk.sandbox: Held;
    Remove.sandbox: Held;
    Copy.sandbox: Held;
    Open.sandbox: Held;
    ReadBlock.handle_id: Block;
    WriteBlock.handle_id: Block;
    Close.handle_id: Block;
}
