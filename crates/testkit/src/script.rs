//! Transcripts that are played against a server.
//!
//! A script is a text file. Each line is one step; blank lines and lines that
//! begin with `#` say nothing. A step may begin with the name of a connection
//! and a blank (`b >> …`); without one it is connection `a`, which is open from
//! the start.
//!
//! | step | meaning |
//! |---|---|
//! | `! face app` | it is for `app-server`; without this for `exec-server` |
//! | `! transport websocket` | play it over a WebSocket; without this over stdio |
//! | `! flags --x 1` | further flags of the server |
//! | `! env NAME=VALUE` | a variable in the environment of the server |
//! | `! ours W07` | only ours is played: an addition, named by its row |
//! | `-- hello` | `initialize` and `initialized`; the session becomes `${session}`; to `app-server` with `experimentalApi` |
//! | `-- resume` | the same with `${session}`, again while it is attached still |
//! | `-- open` | open the connection |
//! | `-- close`, `-- cut` | end it politely, or without a word |
//! | `-- sh COMMAND` | run a command of the harness in `${dir}` |
//! | `>> JSON` | send a message |
//! | `>>raw TEXT`, `>>hex BYTES` | send a text or a binary frame as it is |
//! | `<< JSON` | the answer with this id, or the next such notification |
//! | `<<next JSON` | the very next message, whatever it is |
//! | `<<exact JSON` | as `<<`, and no member more |
//! | `<~ ID JSON` | every event of process ID until it is closed |
//! | `<? ID TEXT` | wait until the output of process ID holds TEXT |
//! | `<x CODE`, `<x drop` | the server ends the connection |
//!
//! A step that differs by intention says so: `<<ours[W07] …` and
//! `<<reference[W07] …` are played against one of the two only, and name the
//! row of `docs/wire.md` that explains the difference. Every step may carry
//! this mark.
//!
//! `${NAME}` stands for a variable: `dir` (an empty folder), `http` (the base
//! address of a fixture server), `session`, and what a hole has kept. Holes are
//! strings in what is expected: `<any>`, `<string>`, `<int>`, `<bool>`,
//! `<uuid>`, `<absent>`, `<glob:a*b>`, each with ` as NAME` to keep the value.
//! `<b64:TEXT>` is the base64 of TEXT on both sides, `<fill:N:TEXT>` is TEXT
//! repeated N times. An object may hold more members than are expected.
//!
//! A `<~` takes the events of one process from notifications and checks that
//! they are numbered from 1 without a hole and end with the close. It expects
//! any of `stdout`, `stderr`, `pty`, `exitCode`, `reason` and `first`, the
//! number of the first event where earlier ones went to another connection. In
//! the app face there are no numbers; the end of a command is its answer, the
//! end of a process its `process/exited`, and what output they hold counts. There a
//! `<~` may also expect the members of `process/exited`.
//!
//! At the end every answer must have been expected, and no process whose close
//! was seen may have said more.

mod events;
mod fixture;
mod line;
mod matching;
mod parse;
mod play;
mod target;

pub use parse::{Script, rows};
pub use play::play;
pub use target::Target;

#[cfg(test)]
mod tests;
