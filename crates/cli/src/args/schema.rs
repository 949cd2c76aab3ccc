//! The arguments of `outpost schema`.

use std::path::PathBuf;

use clap::Args;

/// What the long help ends with.
const NOTES: &str = "\
What it writes:
  app.client.json   What clients of `outpost app-server` say: requests and their parameters.
  app.server.json   What the server says: answers, by their methods, and notifications.
  exec.client.json and exec.server.json are the same for `outpost exec-server`.
  With --typescript, also a file with the same name and the end .ts for each.

  A file that is there already is replaced; others in the folder stay.

Examples:
  Make types for a client in TypeScript:
      outpost schema --out src/protocol --typescript";

/// Write the schemas of both protocols into a folder
///
/// JSON Schema (draft 7) of everything that is said on the wire and has a type.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub(crate) struct Schema {
    /// The folder; it is made if there is none
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Write TypeScript as well
    #[arg(long)]
    pub(crate) typescript: bool,
}
