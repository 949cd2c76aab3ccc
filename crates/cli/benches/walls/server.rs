//! A server that is measured.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use outpost_testkit::program::{Lines, Program, command};
use serde_json::{Value, json};

use crate::{client::Client, table::Side};

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that runs as long as this lives.
pub(crate) struct Server {
    name: &'static str,
    folder: PathBuf,
    address: SocketAddr,
    _program: Program,
}

/// What a side is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Nothing.
    Free,
    /// Reading everything and writing in its folder.
    Walled,
    /// Reading programs and its folder, and writing there. The reference looks at a file itself
    /// where everything may be read, and only here by a helper.
    Hidden,
}

/// The policy of a client that may write in `folder` and read there and in `read`, as the real one
/// sends it.
pub(crate) fn policy(folder: &Path, read: &str) -> Value {
    let special = |kind: &str, access: &str| json!({ "path": { "type": "special", "value": { "kind": kind } }, "access": access });
    let mut entries = vec![
        special(read, "read"),
        special("project_roots", "write"),
        special("slash_tmp", "write"),
        special("tmpdir", "write"),
    ];
    for name in [".git", ".agents", ".codex", ".aws"] {
        let mut entry = special("project_roots", "read");
        entry["path"]["value"]["subpath"] = json!(name);
        entry["missing_path_behavior"] = json!("skip");
        entries.push(entry);
    }
    let folder = format!("file://{}", folder.display());
    json!({
        "permissions": { "type": "managed", "network": "restricted",
            "file_system": { "type": "restricted", "entries": entries } },
        "cwd": folder, "workspaceRoots": [folder],
        "windowsSandboxLevel": "disabled", "useLegacyLandlock": false,
    })
}

// === impl Server ===

impl Server {
    /// Starts a server that is asked to let `folder` be written.
    pub(crate) fn start(name: &'static str, program: &Path, folder: &Path) -> Self {
        let home = folder.join(name);
        fs::create_dir_all(&home).expect("a folder for the server");
        let mut command = command(program);
        command
            .args(["exec-server", "--listen", "ws://127.0.0.1:0"])
            .env("PATH", env::var_os("PATH").expect("a search path"))
            .env("HOME", &home)
            .env("CODEX_HOME", &home)
            .env("OUTPOST_HOME", &home)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut program = Program::start(&mut command);
        let lines = Lines::of(program.take_stdout().expect("stdout is a pipe"));
        let line = lines
            .line(PATIENCE)
            .expect("the server says where it listens");
        let address = line.strip_prefix("ws://").and_then(|it| it.parse().ok());
        Self {
            name,
            folder: folder.into(),
            address: address.unwrap_or_else(|| panic!("no address: {line}")),
            _program: program,
        }
    }

    pub(crate) fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Runs `true`.
    pub(crate) fn runs(&self, held: Held) -> Side {
        let (address, sandbox) = (self.address, self.sandbox(held));
        Side::new(self.side("true", held), move || {
            let (mut client, sandbox) = (Client::connect(address), sandbox.clone());
            Box::new(move || client.run(&["true"], &sandbox))
        })
    }

    /// Looks at a file.
    pub(crate) fn looks(&self, held: Held) -> Side {
        let path = format!("file://{}", self.folder.display());
        let params = json!({ "path": path, "sandbox": self.sandbox(held) });
        let address = self.address;
        Side::new(self.side("look", held), move || {
            let (mut client, params) = (Client::connect(address), params.clone());
            Box::new(move || client.ask("fs/getMetadata", &params))
        })
    }

    fn sandbox(&self, held: Held) -> Value {
        match held {
            Held::Free => Value::Null,
            Held::Walled => policy(&self.folder, "root"),
            Held::Hidden => policy(&self.folder, "minimal"),
        }
    }

    fn side(&self, what: &str, held: Held) -> String {
        let held = match held {
            Held::Free => "",
            Held::Walled => ", walled",
            Held::Hidden => ", hidden",
        };
        format!("{what}{held}, {}", self.name)
    }
}
